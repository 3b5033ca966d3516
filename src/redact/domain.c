#include "redact/domain.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "redact/latin.h"
#include "redact/words.h"

enum { AGAIN_TOKENS = 12 };

void spell_char(struct words *w, char c)
{
	if (w->len < w->max)
		w->at[w->len++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

void spell_token(struct words *w, const struct scan *s, size_t i)
{
	char digits[LOCAL_BYTES];
	size_t n, k;

	if (s->tokens[i].kind == TOKEN_DIGITS) {
		n = token_digits(&s->tokens[i], s->text, digits, sizeof(digits));
		for (k = 0; k < n && k < sizeof(digits); k++)
			spell_char(w, digits[k]);
		return;
	}
	if (!w->written && (uint8_t)s->text[s->tokens[i].start] & 0x80) {
		n = latin_spell(s->text + s->tokens[i].start, s->tokens[i].end - s->tokens[i].start, digits, sizeof(digits));
		for (k = 0; k < n; k++)
			spell_char(w, digits[k]);
		return;
	}
	for (k = s->tokens[i].start; k < s->tokens[i].end; k++)
		spell_char(w, s->text[k]);
}

/* A word in Devanagari that is no word about numbers, nor a small one of the sentence. */
static bool is_hindi(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return (uint8_t)s->text[t->start] == 0xe0 && t->cue != CUE_STOP && t->cue != CUE_INTRO && (t->word == WORD_OTHER || t->word == WORD_DIGIT ||
		t->word == WORD_MAYBE);
}

bool domain_element(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return i < s->count && (t->kind == TOKEN_DIGITS || (t->kind == TOKEN_WORD && ((uint8_t)s->text[t->start] < 0x80 || is_hindi(s, i))));
}

bool domain_letter(const struct scan *s, size_t i)
{
	return s->tokens[i].kind == TOKEN_WORD && s->tokens[i].end - s->tokens[i].start == 1;
}

char domain_connector(const struct token *t)
{
	if (t->kind != TOKEN_WORD)
		return 0;
	return t->word == WORD_DOT ? '.' : t->word == WORD_UNDERSCORE ? '_' : t->word == WORD_DASH ? '-' : t->word == WORD_PLUS ? '+' : 0;
}

static bool is_top_level(const struct scan *s, size_t i)
{
	static const char *const known[] = { "com", "org", "net", "in", "co", "io", "edu", "gov", "info", "me", "uk", "us", "ai", "dev", "biz", "app",
		"example", "test", "nic", "ac", "de", "fr", "au", "ca", "sg", "ae", NULL };

	return scan_word_among(s, i, known) || scan_word_among(s, i, (const char *const[]){ "कॉम", "काम", "इन", "को", "नेट", "ओआरजी", "ऑर्ग", NULL });
}

/* "एट द रेट" */
static size_t at_hindi(const struct scan *s, size_t i)
{
	static const char *const at[] = { "एट", "ऐट", "अट", "ऐट्", NULL }, *const the[] = { "द", "दि", "दी", "थे", "the", NULL };
	size_t n = scan_word_among(s, i, at) ? 1 : 0;

	if (n && scan_word_among(s, i + n, the))
		n++;
	return n && (scan_is_word(s, i + n, "रेट") || scan_is_word(s, i + n, "रेट्")) ? n + 1 : 0;
}

/* How many tokens say "at" here: @, at, at the rate, at the rate of. */
size_t at_length(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t n = 1;

	if (t->kind == TOKEN_MARK && t->mark == '@')
		return 1;
	if (t->kind == TOKEN_WORD && (uint8_t)s->text[t->start] == 0xe0)
		return at_hindi(s, i);
	if (t->kind != TOKEN_WORD || t->word != WORD_AT)
		return 0;
	if (scan_is_word(s, i + n, "the") && scan_is_word(s, i + n + 1, "the"))
		n++;
	if (scan_is_word(s, i + n, "the") && scan_is_word(s, i + n + 1, "rate"))
		n += 2;
	else if (scan_is_word(s, i + n, "rate"))
		n++;
	if (!scan_is_word(s, i + n - 1, "rate"))
		return 1;
	while (scan_is_word(s, i + n, "rate") || (scan_is_word(s, i + n, "the") && scan_is_word(s, i + n + 1, "rate")))
		n++;
	return scan_is_word(s, i + n, "of") ? n + 1 : n;
}

/* One label from token i; the first token behind it, or i when there is none. */
static size_t label_read(const struct scan *s, size_t i, struct words *w)
{
	if (i >= s->count || !domain_element(s, i) || domain_connector(&s->tokens[i]))
		return i;
	spell_token(w, s, i++);
	while (i < s->count) {
		bool dash = s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark == '-';

		if (dash && s->tokens[i].glued && i + 1 < s->count && s->tokens[i + 1].glued && domain_element(s, i + 1)) {
			spell_char(w, '-');
			i++;
		} else if (!domain_element(s, i) || !(s->tokens[i].glued || (domain_letter(s, i - 1) && !domain_connector(&s->tokens[i])))) {
			break;
		}
		spell_token(w, s, i++);
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

static bool is_same(const struct scan *s, size_t a, size_t b)
{
	const struct token *x = &s->tokens[a], *y = &s->tokens[b];

	return x->kind != TOKEN_TAKEN && x->kind == y->kind && x->end - x->start == y->end - y->start &&
		!strncasecmp(s->text + x->start, s->text + y->start, x->end - x->start);
}

size_t tokens_same(const struct scan *s, size_t a, size_t b, size_t most)
{
	size_t n = 0;

	while (n < most && b + n < s->count && is_same(s, a + n, b + n))
		n++;
	return n;
}

size_t tokens_again(const struct scan *s, size_t first, size_t end, size_t i)
{
	size_t n;

	for (n = num_min(end - first, AGAIN_TOKENS); n > 1; n--)
		if (tokens_same(s, end - n, i, n) == n)
			return n;
	return 0;
}

bool token_hesitates(const struct token *t)
{
	return t->kind == TOKEN_WORD && (t->word == WORD_FILLER || t->word == WORD_CORRECTION);
}

/* Behind a spoken dot: over "um" and what was said a second time, to the next label. */
static size_t label_start(const struct scan *s, size_t from, size_t i)
{
	size_t end = i;

	while (i < s->count && token_hesitates(&s->tokens[i]) && !is_top_level(s, i))
		i++;
	return i + tokens_again(s, from, end, i);
}

/* Behind an "at the rate of" its last words may come again with what follows. */
static size_t rate_start(const struct scan *s, size_t i)
{
	while (i > 0 && scan_word_among(s, i - 1, (const char *const[]){ "the", "rate", "of", NULL }))
		i--;
	return i;
}

size_t domain_read(const struct scan *s, size_t i, struct words *w)
{
	size_t from = rate_start(s, i), next = label_read(s, i, w), good = 0, good_len = 0, label, again;
	bool spoken;

	while (next > i && w->len < w->max) {
		again = tokens_again(s, from, next, next); /* "dot com dot com", "the rate gmail rate gmail" */
		good += good == next ? again : 0;
		next += again;
		label = dot_read(s, next, &spoken);
		if (label == next)
			break;
		spell_char(w, '.');
		i = spoken ? label_start(s, from, label) : label;
		if (spoken && (i == s->count || at_length(s, i))) {
			good = label;
			good_len = w->len;
			break;
		}
		next = label_read(s, i, w);
		if (next > i && s->tokens[i].kind == TOKEN_WORD && (spoken ? is_top_level(s, i) : s->tokens[i].end - s->tokens[i].start >= 2)) {
			good = next;
			good_len = w->len;
		}
	}
	w->len = good_len;
	return good;
}

/* A bank's handle from i (okaxis, "ok axis"): the first token behind it, or 0. */
size_t handle_read(const struct scan *s, size_t i, struct words *w)
{
	static const char *const handles[] = { "paytm", "okaxis", "oksbi", "okicici", "okhdfcbank", "ybl", "ibl", "axl", "upi", "apl", "yapl", "ptyes",
		"ptaxis", "pthdfc", "ptsbi", "waaxis", "wasbi", "waicici", "wahdfcbank", "freecharge", "jupiteraxis", NULL };
	static const char *const banks[] = { "axis", "sbi", "icici", "hdfcbank", "hdfc", NULL };

	if (scan_word_among(s, i, handles)) {
		spell_token(w, s, i);
		return i + 1;
	}
	while (scan_is_word(s, i, "ok") && scan_is_word(s, i + 1, "ok"))
		i++;
	if (!scan_is_word(s, i, "ok") || !scan_word_among(s, i + 1, banks))
		return 0;
	spell_token(w, s, i);
	spell_token(w, s, i + 1);
	if (scan_is_word(s, i + 1, "hdfc"))
		spell_char(w, 'b'), spell_char(w, 'a'), spell_char(w, 'n'), spell_char(w, 'k');
	return i + 2;
}

