/* E-mail and UPI addresses: from each "@" or spoken "at", the domain to the right, then the local part to the left.
 *
 * A written address is what is glued to its "@"; a spoken one is words joined by "dot", "underscore", "dash", "plus", and
 * letters and digits said one by one. Never takes a plain word without a connector for a part of it, nor what an apostrophe has
 * left of a verb ("it's").
 */
#include "redact/scan.h"

#include <string.h>

#include "redact/latin.h"

enum { LOCAL_BYTES = 64, DOMAIN_BYTES = 90, SPOKEN_DIGITS = 5 };

struct words {
	char at[LOCAL_BYTES + DOMAIN_BYTES + 2];
	size_t len;
	size_t max;
	bool written; /* letters stay what they are; those that were said are spelled in Latin ones */
};

static void put_char(struct words *w, char c)
{
	if (w->len < w->max)
		w->at[w->len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void put_token(struct words *w, const struct scan *s, size_t i)
{
	char digits[LOCAL_BYTES];
	size_t n, k;

	if (s->tokens[i].kind == TOKEN_DIGITS) {
		n = token_digits(&s->tokens[i], s->text, digits, sizeof(digits));
		for (k = 0; k < n && k < sizeof(digits); k++)
			put_char(w, digits[k]);
		return;
	}
	if (!w->written && (uint8_t)s->text[s->tokens[i].start] & 0x80) {
		n = latin_spell(s->text + s->tokens[i].start, s->tokens[i].end - s->tokens[i].start, digits, sizeof(digits));
		for (k = 0; k < n; k++)
			put_char(w, digits[k]);
		return;
	}
	for (k = s->tokens[i].start; k < s->tokens[i].end; k++)
		put_char(w, s->text[k]);
}

/* A word in Devanagari that is no word about numbers, nor a small one of the sentence. */
static bool is_hindi(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return (uint8_t)s->text[t->start] == 0xe0 && t->cue != CUE_STOP && t->cue != CUE_INTRO && (t->word == WORD_OTHER || t->word == WORD_DIGIT ||
		t->word == WORD_MAYBE);
}

static bool is_element(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return i < s->count && (t->kind == TOKEN_DIGITS || (t->kind == TOKEN_WORD && ((uint8_t)s->text[t->start] < 0x80 || is_hindi(s, i))));
}

static bool is_letter(const struct scan *s, size_t i)
{
	return s->tokens[i].kind == TOKEN_WORD && s->tokens[i].end - s->tokens[i].start == 1;
}

static char connector(const struct token *t)
{
	if (t->kind != TOKEN_WORD)
		return 0;
	return t->word == WORD_DOT ? '.' : t->word == WORD_UNDERSCORE ? '_' : t->word == WORD_DASH ? '-' : t->word == WORD_PLUS ? '+' : 0;
}

static bool one_of(const struct scan *s, size_t i, const char *const *list)
{
	for (; *list; list++)
		if (scan_is_word(s, i, *list))
			return true;
	return false;
}

static bool is_top_level(const struct scan *s, size_t i)
{
	static const char *const known[] = { "com", "org", "net", "in", "co", "io", "edu", "gov", "info", "me", "uk", "us", "ai", "dev", "biz", "app",
		"example", "test", "nic", "ac", "de", "fr", "au", "ca", "sg", "ae", NULL };

	return one_of(s, i, known) || one_of(s, i, (const char *const[]){ "कॉम", "काम", "इन", "को", "नेट", "ओआरजी", "ऑर्ग", NULL });
}

/* "एट द रेट" */
static size_t at_hindi(const struct scan *s, size_t i)
{
	static const char *const at[] = { "एट", "ऐट", "अट", "ऐट्", NULL }, *const the[] = { "द", "दि", "दी", "थे", "the", NULL };
	size_t n = one_of(s, i, at) ? 1 : 0;

	if (n && one_of(s, i + n, the))
		n++;
	return n && (scan_is_word(s, i + n, "रेट") || scan_is_word(s, i + n, "रेट्")) ? n + 1 : 0;
}

/* How many tokens say "at" here: @, at, at the rate, at the rate of. */
static size_t at_length(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t n = 1;

	if (t->kind == TOKEN_MARK && t->mark == '@')
		return 1;
	if (t->kind == TOKEN_WORD && (uint8_t)s->text[t->start] == 0xe0)
		return at_hindi(s, i);
	if (t->kind != TOKEN_WORD || t->word != WORD_AT)
		return 0;
	if (scan_is_word(s, i + n, "the") && scan_is_word(s, i + n + 1, "rate"))
		n += 2;
	else if (scan_is_word(s, i + n, "rate"))
		n++;
	return n > 1 && scan_is_word(s, i + n, "of") ? n + 1 : n;
}

/* One label from token i; the first token behind it, or i when there is none. */
static size_t label_read(const struct scan *s, size_t i, struct words *w)
{
	if (i >= s->count || !is_element(s, i) || connector(&s->tokens[i]))
		return i;
	put_token(w, s, i++);
	while (i < s->count) {
		bool dash = s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark == '-';

		if (dash && s->tokens[i].glued && i + 1 < s->count && s->tokens[i + 1].glued && is_element(s, i + 1)) {
			put_char(w, '-');
			i++;
		} else if (!is_element(s, i) || !(s->tokens[i].glued || (is_letter(s, i - 1) && !connector(&s->tokens[i])))) {
			break;
		}
		put_token(w, s, i++);
	}
	return i;
}

/* The token behind a written or spoken dot at i, or i. */
static size_t dot_read(const struct scan *s, size_t i, bool *spoken)
{
	if (i >= s->count)
		return i;
	*spoken = s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_DOT;
	if (*spoken)
		return i + 1;
	if (i + 1 == s->count)
		return i;
	return s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark == '.' && s->tokens[i].glued && s->tokens[i + 1].glued ? i + 1 : i;
}

/* A domain from i: the first token behind it, or 0 when there is none. `w` ends with its last good label. Words that end with a "dot" are
 * an address whose end is still to come. */
static size_t domain_read(const struct scan *s, size_t i, struct words *w)
{
	size_t next = label_read(s, i, w), good = 0, good_len = 0, label;
	bool spoken;

	while (next > i && w->len < w->max) {
		label = dot_read(s, next, &spoken);
		if (label == next)
			break;
		put_char(w, '.');
		i = label;
		if (spoken && label == s->count) {
			good = label;
			good_len = w->len;
			break;
		}
		next = label_read(s, label, w);
		if (next > label && s->tokens[label].kind == TOKEN_WORD &&
			(spoken ? is_top_level(s, label) : s->tokens[label].end - s->tokens[label].start >= 2)) {
			good = next;
			good_len = w->len;
		}
	}
	w->len = good_len;
	return good;
}

/* A bank's handle from i (okaxis, "ok axis"): the first token behind it, or 0. */
static size_t handle_read(const struct scan *s, size_t i, struct words *w)
{
	static const char *const handles[] = { "paytm", "okaxis", "oksbi", "okicici", "okhdfcbank", "ybl", "ibl", "axl", "upi", "apl", "yapl", "ptyes",
		"ptaxis", "pthdfc", "ptsbi", "waaxis", "wasbi", "waicici", "wahdfcbank", "freecharge", "jupiteraxis", NULL };
	static const char *const banks[] = { "axis", "sbi", "icici", "hdfcbank", "hdfc", NULL };

	if (one_of(s, i, handles)) {
		put_token(w, s, i);
		return i + 1;
	}
	if (!scan_is_word(s, i, "ok") || !one_of(s, i + 1, banks))
		return 0;
	put_token(w, s, i);
	put_token(w, s, i + 1);
	if (scan_is_word(s, i + 1, "hdfc"))
		put_char(w, 'b'), put_char(w, 'a'), put_char(w, 'n'), put_char(w, 'k');
	return i + 2;
}

/* The first token of a written local part that ends before `at`, or `at`. */
static size_t written_start(const struct scan *s, size_t at)
{
	size_t i = at;

	while (i > 0 && s->tokens[i].glued && s->tokens[at].start - s->tokens[i - 1].start <= LOCAL_BYTES) {
		const struct token *t = &s->tokens[i - 1];

		if (t->kind != TOKEN_WORD && t->kind != TOKEN_DIGITS && !(t->kind == TOKEN_MARK && t->mark && strchr("._-+%'&=!#$*/?^`{|}~", t->mark)))
			break;
		i--;
	}
	while (i < at && s->tokens[i].kind == TOKEN_MARK)
		i++;
	return i;
}

static bool is_digit_word(const struct token *t)
{
	return t->kind == TOKEN_DIGITS || (t->kind == TOKEN_WORD && t->word >= WORD_DIGIT && t->word <= WORD_TIMES && t->word != WORD_MAYBE);
}

/* A digit by itself, or a word that is one between two others ("teen do ek"). */
static bool is_said_digit(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (t->kind == TOKEN_WORD && t->word == WORD_MAYBE)
		return i > 0 && i + 1 < s->count && is_digit_word(t - 1) && is_digit_word(t + 1);
	return is_digit_word(t);
}

/* May the name before a letter or a digit belong to it ("doe one two")? */
static bool is_name(const struct scan *s, size_t i)
{
	static const char *const others[] = { "to", "id", "email", "mail", "my", "me", "it", "its", "so", "thats", "im", "address", "the",
		"on", "or", "karo", "pe", "par", "ka", "ki", NULL };

	return s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_OTHER && is_element(s, i) && !one_of(s, i, others);
}

/* What is left of a verb behind an apostrophe: "it's john". Not the second half of a name: "o'brien". */
static bool is_tail(const struct scan *s, size_t i)
{
	static const char *const tails[] = { "s", "m", "re", "ve", "ll", "d", "t", NULL };

	return i > 1 && s->tokens[i].glued && s->tokens[i - 1].mark == '\'' && s->tokens[i - 1].glued && one_of(s, i, tails);
}

/* A word or a number that a spoken local part may be made of. */
static bool is_part(const struct scan *s, size_t i)
{
	return is_element(s, i) && !connector(&s->tokens[i]) && !is_tail(s, i);
}

/* "Let's meet at", "I work at", "find me at": somewhere, and no mailbox. Only the plain "at", and one word that nothing ties to those before. */
static bool is_talk(const struct scan *s, size_t at)
{
	static const char *const never[] = { "meet", "meets", "met", "meeting", "look", "looks", "looked", "looking", "see", "seen", "am", "is", "are", "was",
		"were", "be", "been", "being", "arrive", "arrives", "arrived", "arriving", "live", "lives", "stay", "stays", "staying", "bought", "buy", "buying",
		"ordered", "ordering", "shopping", "works", "worked", "working", "find", "found", "saw", "read", "check", "here", "there", "it", "them", "him",
		NULL };
	static const char *const maybe[] = { "work", "shop", "order", "book", "me", "us", "you", NULL };
	static const char *const before[] = { "i", "we", "you", "they", "who", "can", "could", "should", "would", "must", "reach", "find", "mail", "email", "write",
		"contact", "message", "text", "call", "see", "meet", "visit", "join", NULL };
	size_t word = at - 1, prior = word - 1;

	if (s->tokens[at].kind != TOKEN_WORD || at_length(s, at) > 1 || s->tokens[word].glued)
		return false;
	if (!word)
		return one_of(s, word, never);
	if (connector(&s->tokens[prior]) || (is_part(s, prior) && (is_letter(s, prior) || is_said_digit(s, prior)) && !scan_is_word(s, prior, "i")))
		return false;
	return one_of(s, word, never) || (one_of(s, word, maybe) && one_of(s, prior, before));
}

/* The first token of a spoken local part that ends before `at`, or `at`. */
static size_t spoken_start(const struct scan *s, size_t at)
{
	size_t i = at, digits = 0;

	if (!at || !is_part(s, at - 1) || is_talk(s, at))
		return at;
	i--;
	while (i > 0 && s->tokens[at].start - s->tokens[i - 1].start <= 3 * LOCAL_BYTES) {
		bool small = is_said_digit(s, i) || is_letter(s, i), glued = s->tokens[i].glued;
		const struct token *t = &s->tokens[i - 1];

		digits += is_said_digit(s, i);
		if (i > 1 && is_part(s, i - 2) && (connector(t) || (glued && t->glued && t->kind == TOKEN_MARK && t->mark && strchr("._-+'", t->mark))))
			i -= 2;
		else if (scan_turns(s, i)) /* the words of another turn, unless they end with a connector */
			break;
		else if (is_part(s, i - 1) && (glued || is_said_digit(s, i - 1) || is_letter(s, i - 1) ||
			(small && digits <= SPOKEN_DIGITS && is_name(s, i - 1))))
			i--;
		else
			break;
	}
	return i;
}

static void put_number(struct words *w, unsigned int value)
{
	if (value >= 10)
		put_char(w, (char)('0' + value / 10));
	put_char(w, (char)('0' + value % 10));
}

/* Writes one word of a spoken local part; how many tokens it took. */
static size_t put_spoken(struct words *w, const struct scan *s, size_t i, size_t end)
{
	const struct token *t = &s->tokens[i];
	const struct token *next = i + 1 < end ? t + 1 : NULL;
	bool digit_next = next && next->kind == TOKEN_WORD && next->word == WORD_DIGIT;
	unsigned int k;

	if (connector(t)) {
		put_char(w, connector(t));
	} else if (t->kind == TOKEN_MARK) {
		if (t->mark != '\'') /* nobody says it: "o'brien" is obrien */
			put_char(w, t->mark);
	} else if (t->kind == TOKEN_DIGITS || is_letter(s, i) || !is_said_digit(s, i)) {
		put_token(w, s, i);
	} else if (t->word == WORD_TIMES && digit_next) {
		for (k = 0; k < t->value; k++)
			put_number(w, next->value);
		return 2;
	} else if (t->word == WORD_TENS && digit_next && next->value) {
		put_number(w, t->value + 0u + next->value);
		return 2;
	} else if (t->word == WORD_TIMES) {
		put_token(w, s, i);
	} else {
		put_number(w, t->value);
	}
	return 1;
}

static void local_put(struct words *w, const struct scan *s, size_t first, size_t at, bool written)
{
	size_t i = first;

	while (i < at)
		if (!written) {
			i += put_spoken(w, s, i, at);
		} else if (s->tokens[i].kind == TOKEN_MARK) {
			put_char(w, s->tokens[i++].mark);
		} else {
			put_token(w, s, i++);
		}
}

/* "At example dot com", and nothing else in the turn: the beginning of an address was not heard. */
static bool is_alone(const struct scan *s, size_t at, size_t last)
{
	return (!at || scan_turns(s, at)) && (last == s->count || scan_turns(s, last));
}

/* Reports the address around the "at" at token `at`, if it is one. */
static void address_read(struct scan *s, size_t at, size_t right)
{
	struct words domain = { .max = DOMAIN_BYTES }, whole = { .max = LOCAL_BYTES };
	bool written = s->tokens[at].kind == TOKEN_MARK && s->tokens[at].glued;
	size_t first = written ? written_start(s, at) : spoken_start(s, at), last;
	enum redact_type type = REDACT_EMAIL;

	domain.written = whole.written = written;
	last = domain_read(s, right, &domain);
	if (first == at && (written || !last || !is_alone(s, at, last)))
		return;
	if (!last) {
		type = REDACT_UPI;
		last = handle_read(s, right, &domain);
	}
	if (!last)
		return;
	local_put(&whole, s, first, at, written);
	whole.max = sizeof(whole.at);
	put_char(&whole, '@');
	memcpy(whole.at + whole.len, domain.at, domain.len);
	whole.len += domain.len;
	scan_report(s, type, first, last - 1, whole.at, whole.len, false);
}

bool address_at(const struct scan *s, size_t i)
{
	struct words w = { .max = DOMAIN_BYTES };
	size_t n = at_length(s, i);

	return n && i + n < s->count && (handle_read(s, i + n, &w) || domain_read(s, i + n, &w));
}

/* The mark that closes what this one opens, or 0. */
static char mark_closing(char mark)
{
	static const char opens[] = "([{<,-", closes[] = ")]}>,-";
	const char *at = mark ? strchr(opens, mark) : NULL;

	return at ? closes[at - opens] : 0;
}

/* `word` and the mark behind it; `before` stands before them. */
static bool is_wrapped(const struct token *before, const struct token *word)
{
	const struct token *behind = word + 1;

	if (word->kind != TOKEN_WORD || (word->word != WORD_AT && word->word != WORD_DOT && word->word != WORD_DASH && word->word != WORD_UNDERSCORE))
		return false;
	if (before->kind != TOKEN_MARK || behind->kind != TOKEN_MARK || !behind->mark || mark_closing(before->mark) != behind->mark)
		return false;
	return behind->mark != '-' || (word->glued && behind->glued);
}

void addresses_unwrap(struct scan *s)
{
	size_t i, count = 0;

	for (i = 0; i < s->count; i++) {
		struct token *t = &s->tokens[i];

		s->tokens[count++] = *t;
		if (count < 2 || i + 1 == s->count || !is_wrapped(&s->tokens[count - 2], t))
			continue;
		count--;
		s->tokens[count - 1] = *t;
		s->tokens[count - 1].glued = false;
		if (++i + 1 < s->count)
			s->tokens[i + 1].glued = false;
	}
	s->count = count;
}

void addresses_find(struct scan *s)
{
	size_t i, n;

	for (i = 1; i + 1 < s->count; i++) /* a written one is never a part of a spoken one */
		if (s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark == '@')
			address_read(s, i, i + 1);
	for (i = 0; i + 1 < s->count; i++) {
		n = at_length(s, i);
		if (n)
			address_read(s, i, i + n);
	}
}
