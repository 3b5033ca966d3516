/* Cuts a text into tokens and folds words to the spelling that the table knows.
 *
 * Folding: small letters; ee is i, oo is u, w is v, a letter twice is once (speech recognisers spell Hindi as they please);
 * in Devanagari the dot below goes and chandrabindu is anusvara.
 */
#include "redact/token.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "redact/cues.h"
#include "redact/numerals.h"

enum { FOLD_BYTES = 32 };

enum char_kind { CHAR_SPACE, CHAR_LETTER, CHAR_DIGIT, CHAR_MARK };

static enum char_kind ascii_kind(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return CHAR_DIGIT;
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return CHAR_LETTER;
	return c <= ' ' || c == 0x7f ? CHAR_SPACE : CHAR_MARK;
}

static uint32_t code_point(const uint8_t *at, size_t n)
{
	uint32_t c = n == 2 ? at[0] & 0x1fu : n == 3 ? at[0] & 0x0fu : at[0] & 0x07u;
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | (at[i] & 0x3fu);
	return c;
}

/* Of a character beyond ASCII; *mark is what it stands for when it is a mark. */
static enum char_kind wide_kind(uint32_t c, char *mark)
{
	if (c >= 0x966 && c <= 0x96f)
		return CHAR_DIGIT;
	if (c >= 0xff01 && c <= 0xff5e) { /* full-width: ASCII a second time */
		enum char_kind kind = ascii_kind((uint8_t)(c - 0xfee0));

		*mark = kind == CHAR_MARK ? (char)(c - 0xfee0) : 0;
		return kind;
	}
	if (c >= 0x2010 && c <= 0x2015) {
		*mark = '-';
		return CHAR_MARK;
	}
	if (c == 0x2018 || c == 0x2019) {
		*mark = '\'';
		return CHAR_MARK;
	}
	if (c == 0x964) { /* danda ends a sentence */
		*mark = '.';
		return CHAR_MARK;
	}
	if (c == 0xa0 || (c >= 0x2000 && c <= 0x200f) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x2060 || c == 0x3000 || c == 0xfeff)
		return CHAR_SPACE;
	return c < 0xc0 || (c >= 0x2016 && c <= 0x206f) || (c >= 0x20a0 && c <= 0x20bf) ? CHAR_MARK : CHAR_LETTER;
}

/* One character: its length in bytes, its kind. */
static size_t char_read(const uint8_t *at, size_t len, enum char_kind *kind, char *mark)
{
	size_t n = utf8_length(at, len);

	*mark = 0;
	if (n == 1) {
		*kind = ascii_kind(*at);
		*mark = (char)*at;
	} else {
		*kind = n ? wide_kind(code_point(at, n), mark) : CHAR_SPACE;
	}
	return n ? n : 1;
}

/* Of the character at `at`, which is a digit; *n is its length. */
static char digit_read(const uint8_t *at, size_t *n)
{
	uint32_t c;

	*n = *at < 0x80 ? 1 : 3;
	if (*n == 1)
		return (char)*at;
	c = code_point(at, *n);
	return (char)('0' + (c >= 0xff10 ? c - 0xff10 : c - 0x966));
}

size_t token_digits(const struct token *t, const char *text, char *out, size_t room)
{
	size_t i = t->start, count = 0, n;

	while (i < t->end) {
		char digit = digit_read((const uint8_t *)text + i, &n);

		if (count < room)
			out[count] = digit;
		count++;
		i += n;
	}
	return count;
}

size_t token_digits_most(const struct token *t)
{
	if (t->kind == TOKEN_DIGITS)
		return t->end - t->start;
	if (t->kind != TOKEN_WORD)
		return 0;
	switch ((enum word_class)t->word) {
	case WORD_DIGIT:
	case WORD_MAYBE:
		return 1;
	case WORD_TENS:
	case WORD_PAIR:
		return 2;
	case WORD_TIMES:
		return t->value;
	default:
		return 0;
	}
}

/* Drops or changes one Devanagari character; how many bytes of `out` were written. */
static size_t fold_devanagari(const uint8_t *at, uint8_t *out)
{
	static const uint8_t plain[8] = { 0x95, 0x96, 0x97, 0x9c, 0xa1, 0xa2, 0xab, 0xaf }; /* U+0958 to U+095f without their dot */
	uint32_t c = code_point(at, 3);

	if (c == 0x93c)
		return 0;
	memcpy(out, at, 3);
	if (c == 0x901) {
		out[2] = 0x82;
	} else if (c >= 0x958 && c <= 0x95f) {
		out[1] = 0xa4;
		out[2] = plain[c - 0x958];
	}
	return 3;
}

static uint8_t fold_letter(uint8_t c, uint8_t next)
{
	c |= 0x20;
	next |= 0x20;
	if (c == 'e' && next == 'e')
		return 'i';
	if (c == 'o' && next == 'o')
		return 'u';
	return c == 'w' ? 'v' : c;
}

/* The folded spelling, or 0 when it is longer than any word of the table. */
static size_t word_fold(const uint8_t *word, size_t len, uint8_t *out)
{
	size_t i = 0, n = 0;

	while (i < len && n + 4 <= FOLD_BYTES) {
		if (word[i] < 0x80) {
			uint8_t next = i + 1 < len ? word[i + 1] : 0, c = fold_letter(word[i], next);

			i += ((word[i] | 0x20) == 'e' || (word[i] | 0x20) == 'o') && (next | 0x20) == (word[i] | 0x20) ? 2 : 1;
			if (!n || out[n - 1] != c)
				out[n++] = c;
		} else if (len - i >= 3 && word[i] == 0xe0) {
			n += fold_devanagari(word + i, out + n);
			i += 3;
		} else {
			return 0;
		}
	}
	return i < len ? 0 : n;
}

/* A word as the tables have it; false when it is in none of them. *letter: where its part of a table is (numerals_from). */
static bool word_folded(const char *word, size_t len, char folded[FOLD_BYTES + 1], size_t *letter)
{
	size_t n = word_fold((const uint8_t *)word, len, (uint8_t *)folded);

	if (!n || (!(*folded & 0x80) && !islower((unsigned char)*folded)))
		return false;
	folded[n] = 0;
	*letter = *folded & 0x80 ? NUMERALS_LETTERS - 1 : (size_t)(*folded - 'a');
	return true;
}

static enum word_class numeral_of(const char *folded, size_t letter, uint8_t *value)
{
	size_t low = numerals_from[letter], high = numerals_from[letter + 1];

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(folded, numerals[middle].word);

		if (!order) {
			*value = numerals[middle].value;
			return (enum word_class)numerals[middle].word_class;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return WORD_OTHER;
}

static enum cue cue_of(const char *folded, size_t letter, uint8_t *value)
{
	size_t low = cue_words_from[letter], high = cue_words_from[letter + 1];

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(folded, cue_words[middle].word);

		if (!order) {
			*value = cue_words[middle].value;
			return (enum cue)cue_words[middle].cue;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CUE_NONE;
}

enum word_class word_find(const char *word, size_t len, uint8_t *value)
{
	char folded[FOLD_BYTES + 1];
	size_t letter;

	*value = 0;
	return word_folded(word, len, folded, &letter) ? numeral_of(folded, letter, value) : WORD_OTHER;
}

uint8_t cue_find(const char *word, size_t len, uint8_t *value)
{
	char folded[FOLD_BYTES + 1];
	size_t letter;

	*value = 0;
	return word_folded(word, len, folded, &letter) ? (uint8_t)cue_of(folded, letter, value) : CUE_NONE;
}

static void token_classify(struct token *t, const char *text)
{
	static const uint8_t kinds[] = { [CHAR_LETTER] = TOKEN_WORD, [CHAR_DIGIT] = TOKEN_DIGITS, [CHAR_MARK] = TOKEN_MARK };
	char folded[FOLD_BYTES + 1];
	size_t letter;

	t->kind = kinds[t->kind];
	if (t->kind != TOKEN_WORD || !word_folded(text + t->start, t->end - t->start, folded, &letter))
		return;
	t->word = (uint8_t)numeral_of(folded, letter, &t->value);
	t->cue = (uint8_t)cue_of(folded, letter, &t->cue_value);
}

size_t tokens_read(struct token *tokens, const char *text, size_t len)
{
	const uint8_t *bytes = (const uint8_t *)text;
	struct token *t = NULL;
	size_t count = 0, i = 0, n;
	enum char_kind kind;
	char mark;

	for (; i < len; i += n) {
		n = char_read(bytes + i, len - i, &kind, &mark);
		if (t && t->end == i && t->kind == kind && kind != CHAR_MARK && kind != CHAR_SPACE) {
			t->end = (uint32_t)(i + n);
			continue;
		}
		if (kind == CHAR_SPACE)
			continue;
		tokens[count] = (struct token){ .start = (uint32_t)i, .end = (uint32_t)(i + n), .kind = (uint8_t)kind, .mark = mark,
			.glued = t && t->end == i };
		t = &tokens[count++];
	}
	for (i = 0; i < count; i++)
		token_classify(&tokens[i], text);
	return count;
}

bool token_about(const struct token *tokens, size_t count, size_t i)
{
	enum { NEAR = 3 };
	const struct token *t = &tokens[i], *next = t + 1, *end = tokens + num_min(count, i + 1 + NEAR);

	if (t->word < WORD_ABOUT_PHONE || t->word == WORD_ABOUT_NUMBER)
		return false;
	if (t->word != WORD_ABOUT_ELSE || !t->value)
		return true;
	while (next < end && (next->kind == TOKEN_MARK || next->word == WORD_FILLER))
		next++;
	return next < end && (next->kind == TOKEN_DIGITS || (next->word >= WORD_DIGIT && next->word <= WORD_PAIR) || next->word == WORD_TIMES || next->word >= WORD_ABOUT_NUMBER);
}
