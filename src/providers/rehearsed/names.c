/* Somebody's name out of what was said when it was asked for: "my name is John O'Neill" is "John O'Neill", "O N E I L L" is a name that was spelled.
 * Works on the text as it was said, for a name keeps its capitals and its marks; names are not known here, only what is around them and what is none. */
#include "providers/rehearsed/understand.h"

#include <ctype.h>
#include <string.h>

enum { PARTS_MAX = 40, NAME_PARTS = 6, SPELLED_PARTS = 32, SPELLED_LEAST = 3, PART_BYTES = 48, CARRIER_PARTS = 4 };

/* A word of the text without the marks around it. */
struct part {
	const char *from;
	size_t len;
	char mark;              /* what stands behind it: ',' '.' '?' '!', or 0 */
	char small[PART_BYTES]; /* to compare; a longer one is cut */
};

struct parts {
	size_t count;
	struct part at[PARTS_MAX];
};

static const char *const titles[] = { "mr", "mrs", "ms", "miss", "dr", "doctor", "st", "jr", "sr", "shri", "smt", "श्री", "श्रीमती", "डॉ", NULL };

/* They end a name: "John Smith here", "Ravi Kumar bol raha hoon". */
static const char *const ends[] = { "and", "but", "here", "speaking", "calling", "from", "with", "hai", "hain", "hoon", "hun", "hu", "है", "हैं",
	"हूँ", "हूं", "bol", "बोल", "please", "thanks", "thank", "spelled", "spelt", "that", "that's", "sir", "madam", "ma'am", "actually", "i",
	"i'm", "i'll", "i've", "it", "it's", "is", "was", "so", "or", "if", "because", "ji", "जी", NULL };

static const char *const fillers[] = { "yes", "yeah", "yep", "sure", "hi", "hello", "hey", "um", "uh", "er", "well", "oh", "ok", "okay", "so", "of",
	"course", "good", "morning", "afternoon", "evening", "it", "haan", "ji", "namaste", "हाँ", "हां", "जी", "नमस्ते", NULL };

/* No name, whatever stands beside it: "I'm busy", "this is she", "none of your business", "I'd rather not say". */
static const char *const nones[] = { "no", "not", "don't", "do", "does", "did", "can't", "cannot", "won't", "wouldn't", "would", "will", "never",
	"none", "nothing", "nobody", "nahi", "nahin", "नहीं", "why", "what", "who", "whom", "which", "when", "where", "how", "can", "could", "should",
	"you", "your", "yours", "me", "him", "her", "he", "she", "they", "we", "us", "my", "mine", "our", "the", "a", "an", "this", "these", "there",
	"are", "am", "be", "been", "have", "has", "had", "to", "at", "in", "on", "about", "for", "by", "just", "only", "too", "very", "already",
	"rather", "tell", "say", "said", "give", "want", "need", "know", "think", "name", "naam", "नाम", "secret", "private", "confidential",
	"personal", "important", "business", "busy", "driving", "working", "fine", "good", "great", "right", "correct", "wrong", "true", "okay", "ok",
	"yes", "yeah", "yep", "sure", "perfect", "exactly", "absolutely", "certainly", "definitely", "sorry", "pardon", "hello", "later", "now",
	"today", "tomorrow", "late", "again", "repeat", "wait", "stop", "hold", "moment", "second", "minute", "interested", "tired", "home",
	"ridiculous", "complicated", "hm", "hmm", "huh", "um", "uh", "er", "haan", "kya", "kyun", "kyon", "kaun", "क्या", "क्यों", "कौन", "हाँ",
	"हां", "ठीक", "theek", "thik", "skip", "pass", "whatever", "anyone", "somebody", "someone", "bye", "goodbye", "robot", "human", "person",
	"agent", NULL };

static bool is_in(const struct parts *p, size_t at, const char *const *list)
{
	for (; at < p->count && *list; list++)
		if (!strcmp(p->at[at].small, *list))
			return true;
	return false;
}

/* ---- reading ---- */

/* Small letters, one apostrophe. */
static void small_write(struct part *part)
{
	size_t i, n = 0;

	for (i = 0; i < part->len && n + 1 < PART_BYTES; i++) {
		bool curly = i + 2 < part->len && !memcmp(part->from + i, "\xe2\x80\x99", 3);

		part->small[n++] = curly ? '\'' : (char)tolower((unsigned char)part->from[i]);
		i += curly ? 2 : 0;
	}
	part->small[n] = 0;
}

static bool is_edge(char c)
{
	return strchr(",.;:!?\"()-", c) != NULL;
}

static void parts_read(struct parts *p, const char *text, size_t len)
{
	size_t i = 0, end, last;

	for (p->count = 0; p->count < PARTS_MAX; i = end) {
		struct part *part = &p->at[p->count];

		while (i < len && (isspace((unsigned char)text[i]) || is_edge(text[i])))
			i++;
		for (end = i; end < len && !isspace((unsigned char)text[end]); end++)
			;
		if (i == len)
			return;
		for (last = end; last > i && is_edge(text[last - 1]); last--)
			;
		*part = (struct part){ .from = text + i, .len = last - i, .mark = last < end ? text[last] : 0 };
		small_write(part);
		p->count++;
	}
}

/* ---- what stands around it ---- */

static size_t carrier_at(const struct parts *p, size_t at)
{
	static const char *const carriers[][CARRIER_PARTS] = { { "my", "name", "is" }, { "my", "name's" }, { "the", "name", "is" }, { "the", "name's" },
		{ "name", "is" }, { "name's" },
		{ "you", "can", "call", "me" }, { "call", "me" }, { "this", "is" }, { "i", "am" }, { "spelled" }, { "spelt" }, { "i'm" }, { "im" },
		{ "it", "is" }, { "it's" }, { "its" }, { "that's" },
		{ "mera", "naam", "hai" }, { "mera", "naam" }, { "mera", "nam" }, { "naam", "hai" }, { "naam" }, { "main" }, { "मेरा", "नाम", "है" },
		{ "मेरा", "नाम" }, { "नाम", "है" }, { "नाम" }, { "मैं" } };
	size_t i, n;

	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		for (n = 0; n < CARRIER_PARTS && carriers[i][n] && at + n < p->count && !strcmp(p->at[at + n].small, carriers[i][n]); n++)
			;
		if (n && (n == CARRIER_PARTS || !carriers[i][n]))
			return n;
	}
	return 0;
}

/* Where the name begins: behind the first carrier phrase, else behind what is said before any answer. A "no" counts before another name only:
 * "no, Sean". */
static size_t name_begin(const struct parts *p)
{
	size_t i, n;

	for (i = 0; i < p->count; i++)
		if ((n = carrier_at(p, i)) && i + n < p->count)
			return i + n + carrier_at(p, i + n); /* "yes, this is, my name is" */
	i = is_in(p, 0, LIST("no", "nope", "nahi", "नहीं")) && p->at[0].mark == ',' ? 1 : 0;
	while (is_in(p, i, fillers))
		i++;
	return i;
}

/* ---- the name itself ---- */

static bool is_letter(const struct part *part)
{
	return part->len == 1 && isalpha((unsigned char)*part->from);
}

static bool is_spelling(const struct parts *p, size_t at)
{
	bool doubled = is_in(p, at, LIST("double"));

	return at + doubled < p->count && is_letter(&p->at[at + doubled]);
}

/* "O N E I L L", "O N E I double L": how many parts. */
static size_t spelled_at(const struct parts *p, size_t at)
{
	size_t n = 0;

	while (n < SPELLED_PARTS && is_spelling(p, at + n))
		n++;
	return n >= SPELLED_LEAST ? n : 0;
}

/* Letters of any script, and the marks that are inside names; or what the redaction made of it, which is not digits. */
static bool may_be_name(const struct part *part, const struct words *w)
{
	size_t i;

	for (i = 0; *part->from == '[' && i < w->count; i++)
		if (w->at[i].kind == WORD_HELD && !w->at[i].most && strlen(w->at[i].text) == part->len && !memcmp(w->at[i].text, part->from, part->len))
			return !strncmp(part->from, "[NUMBER", 7) || !strncmp(part->from, "[PERSON", 7);
	for (i = 0; i < part->len; i++)
		if (!isalpha((unsigned char)part->from[i]) && !(part->from[i] & 0x80) && !strchr("'-.", part->from[i]))
			return false;
	return part->len > 0;
}

/* How many parts from `at` on are a name; 0: it is none. */
static size_t name_length(const struct parts *p, size_t at, const struct words *w)
{
	size_t n = spelled_at(p, at);

	if (n)
		return n;
	for (n = 0; at + n < p->count; n++) {
		if (is_in(p, at + n, ends) || (n && spelled_at(p, at + n)))
			break;
		if (is_in(p, at + n, nones) || !may_be_name(&p->at[at + n], w) || n == NAME_PARTS)
			return 0;
		if (p->at[at + n].mark && p->at[at + n].mark != '-' && !is_in(p, at + n, titles))
			return n + 1;
	}
	return n;
}

enum understood understand_name(const struct words *w, const char *text, size_t len, struct answer *out)
{
	struct parts p;
	size_t from, n;

	parts_read(&p, text, len);
	from = name_begin(&p);
	n = name_length(&p, from, w);
	if (!n || (p.count && p.at[p.count - 1].mark == '?'))
		return UNDERSTOOD_NOT;
	out->text = p.at[from].from;
	out->len = (size_t)(p.at[from + n - 1].from - out->text) + p.at[from + n - 1].len;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

bool name_is_told(const struct words *w)
{
	return words_have(w, LIST("name is", "my name", "it is", "i am", "this is", "call me", "naam", "नाम"));
}
