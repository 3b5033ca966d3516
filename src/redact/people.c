/* Names of people: only what somebody says is one ("my name is …", "mera naam … hai", "I am Rakesh Kumar", "मैं … बोल रहा हूँ"), or that answers the
 * question for one. Knows no list of names; a name that is said without such words stays. Not in the agent's own words.
 */
#include "redact/scan.h"

#include <ctype.h>
#include <string.h>

#include "redact/cue.h"
#include "redact/words.h"

enum { NAME_WORDS = 3 };

/* A word that a name may be made of. */
static bool is_name(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (i >= s->count || t->kind != TOKEN_WORD || t->word != WORD_OTHER || (i > 0 && t->glued && t[-1].mark == '\'') || (t->cue != CUE_NONE &&
		t->cue != CUE_LETTER))
		return false;
	return !scan_is_word(s, i, "india") && !(i + 1 < s->count && t[1].glued && (t[1].mark == '@' || t[1].kind == TOKEN_DIGITS));
}

static bool is_capital(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return isupper((unsigned char)s->text[t->start]) && (t->end - t->start == 1 || islower((unsigned char)s->text[t->start + 1]));
}

static bool is_hyphen(const struct scan *s, size_t i)
{
	return i + 1 < s->count && (s->tokens[i].mark == '-' || s->tokens[i].mark == '\'') && s->tokens[i].glued && s->tokens[i + 1].glued;
}

/* The words of a name from token i on; *next is behind them. A name with capitals ends where they do. */
static size_t name_read(const struct scan *s, size_t i, size_t *next)
{
	bool capital = is_name(s, i) && is_capital(s, i);
	size_t words = 0;

	while (words < NAME_WORDS && is_name(s, i) && (!capital || is_capital(s, i))) {
		words++;
		i++;
		if (is_hyphen(s, i) && s->tokens[i + 1].kind == TOKEN_WORD)
			i += 2;
		else if (i + 1 < s->count && s->tokens[i].mark == '.' && s->tokens[i].glued && s->tokens[i - 1].end - s->tokens[i - 1].start == 1)
			i++; /* an initial */
	}
	*next = i;
	return words;
}

/* "is", "hai", a colon: between "my name" and the name. */
static size_t skip_says(const struct scan *s, size_t i)
{
	static const char *const says[] = { "is", "hai", "s", "है", "h", "would", "be", NULL };

	while (i < s->count && (scan_word_among(s, i, says) || (s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark && strchr(":'-,", s->tokens[i].mark))))
		i++;
	return i;
}

/* "My name", "full name", or the first word of the text; not "company name". */
static bool is_own(const struct scan *s, size_t i)
{
	static const char *const owners[] = { "my", "mera", "mere", "full", "the", "first", "last", "good", "his", "her", "मेरा", "पूरा", "pura", "poora",
		"customer",
		"caller", "patient", "holder", "wife", "husband", NULL };

	return i == 0 || scan_word_among(s, i - 1, owners) || s->tokens[i - 1].kind != TOKEN_WORD || scan_turns(s, i);
}

/* What stands behind a name that somebody calls under. */
static bool is_calling(const struct scan *s, size_t i)
{
	static const char *const words[] = { "speaking", "here", "calling", "bol", "बोल", NULL };

	return scan_word_among(s, i, words);
}

static bool ends_name(const struct scan *s, size_t i)
{
	static const char *const words[] = { "from", "and", "with", NULL };

	return i >= s->count || s->tokens[i].kind == TOKEN_MARK || is_calling(s, i) || scan_word_among(s, i, words) || scan_turns(s, i);
}

/* Behind "naam …": a verb, "and", or nothing. */
static bool ends_said(const struct scan *s, size_t i)
{
	return ends_name(s, i) || s->tokens[i].word == WORD_FILLER;
}

/* Where the name may begin when token i introduces the speaker ("I am", "this is", "main"), or i. */
static size_t introduced(const struct scan *s, size_t i)
{
	static const char *const alone[] = { "myself", "main", "मैं", NULL };

	if (scan_is_word(s, i, "i") && i + 2 < s->count && s->tokens[i + 1].mark == '\'' && scan_is_word(s, i + 2, "m"))
		return i + 3;
	if ((scan_is_word(s, i, "i") && scan_is_word(s, i + 1, "am")) || (scan_is_word(s, i, "this") && scan_is_word(s, i + 1, "is")))
		return i + 2;
	return scan_word_among(s, i, alone) ? i + 1 : i;
}

static void name_report(struct scan *s, size_t first, size_t next)
{
	char value[REDACT_VALUE_BYTES + 1];
	size_t len;

	if (s->tokens[next - 1].kind == TOKEN_MARK)
		next--;
	len = words_join(s, first, next - 1, value, sizeof(value));
	scan_report(s, REDACT_PERSON, first, next - 1, value, len, s->partial && next == s->count);
}

/* Where the name begins behind "Mr.", or i. */
static size_t titled(const struct scan *s, size_t i)
{
	static const char *const titles[] = { "mr", "mrs", "ms", "shri", "smt", NULL };
	size_t from = i + 1 + (i + 1 < s->count && s->tokens[i + 1].mark == '.');

	return scan_word_among(s, i, titles) && is_name(s, from) && is_capital(s, from) ? from : i;
}

/* The token behind the name that token i announces, or i. */
static size_t name_try(struct scan *s, size_t i)
{
	size_t from = introduced(s, i), title = titled(s, i), words, next;

	if (s->tokens[i].cue == CUE_NAME && is_own(s, i)) {
		from = skip_says(s, i + 1);
		words = name_read(s, from, &next);
		if (words && !scan_is_word(s, i, "name") && !is_capital(s, from) && !ends_said(s, next))
			words = 0;
	} else if (title > i) {
		from = title;
		words = name_read(s, from, &next);
	} else if (from > i) {
		words = name_read(s, from, &next);
		if (words && !is_calling(s, next) && (words < 2 || !is_capital(s, from) || !ends_name(s, next)))
			words = 0;
	} else {
		return i;
	}
	if (!words)
		return i;
	name_report(s, from, next);
	return next;
}

/* What may stand before a name that answers: "yes, it's". */
static bool leads_in(const struct scan *s, size_t i)
{
	static const char *const words[] = { "it", "this", "that", "yes", "yeah", "sure", "okay", "hi", "hello", "my", "name", "the", "is", "am", "i", "main",
		"mera", "naam",
		"mai", "haan", "myself", "of", "course", "s", "m", "मैं", "मेरा", "नाम", NULL };

	return s->tokens[i].kind == TOKEN_MARK || s->tokens[i].word == WORD_FILLER || scan_word_among(s, i, words);
}

/* What may stand behind it. */
static bool leads_out(const struct scan *s, size_t i)
{
	static const char *const words[] = { "raha", "rahi", "please", "hoon", "hun", "hai", "sir", "रहा", "रही", "हूँ", "हूं", NULL };

	return s->tokens[i].kind == TOKEN_MARK || s->tokens[i].word == WORD_FILLER || is_calling(s, i) || scan_word_among(s, i, words);
}

/* The answer to "your name?": nothing but one, with small words around it; or two words with capitals, before whatever comes then. */
static void answer_try(struct scan *s)
{
	size_t i = 0, from, next, words;
	bool self = false; /* "I'm …" may be anything: a name only with a capital */

	while (i < s->count && s->tokens[i].start < s->skip)
		i++;
	for (; i < s->count && s->tokens[i].kind != TOKEN_TAKEN && leads_in(s, i); i++)
		self = self || scan_is_word(s, i, "i");
	from = i;
	words = from < s->count ? name_read(s, from, &next) : 0;
	if (!words || (self && !is_capital(s, from)))
		return;
	for (i = next; i < s->count; i++)
		if (!leads_out(s, i) && (words < 2 || !is_capital(s, from)))
			return;
	name_report(s, from, next);
}

static bool person_asked(struct scan *s)
{
	return cue_asked(s) == CUE_NAME;
}

/* Worth a closer look: "name", "this", "I". */
static bool announces(const struct token *t)
{
	return t->kind == TOKEN_WORD && (t->cue == CUE_NAME || t->cue == CUE_INTRO || t->word == WORD_CORRECTION);
}

void people_find(struct scan *s)
{
	size_t i, next, count = s->found->count;

	if (s->context && s->context->ours)
		return;
	for (i = 0; i < s->count; i = next) {
		next = announces(&s->tokens[i]) ? name_try(s, i) : i;
		next = next > i ? next : i + 1;
	}
	if (s->found->count == count && person_asked(s))
		answer_try(s);
}
