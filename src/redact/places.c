/* Postal addresses: a house's number, a street by its kind of word (road, nagar, गली), what stands behind it, the postal code. A street alone is none,
 * and neither is the agent's own. Where an address is talked of or was asked for, a street by its name is one, and a flat or a sector does for a
 * street.
 */
#include "redact/scan.h"

#include <ctype.h>
#include <string.h>

#include "redact/cue.h"
#include "redact/words.h"

enum { PLACE_TOKENS = 28, STREET_TOKENS = 8, HOUSE_DIGITS = 4, ZIP_DIGITS = 5, PIN_DIGITS = 6, STREET_WORDS = 3 };

bool scan_word_among(const struct scan *s, size_t i, const char *const *words)
{
	for (; *words; words++)
		if (scan_is_word(s, i, *words))
			return true;
	return false;
}

size_t words_join(const struct scan *s, size_t first, size_t last, char *out, size_t room)
{
	size_t i, len = 0;

	for (i = first; i <= last; i++) {
		size_t n = s->tokens[i].end - s->tokens[i].start;

		if (i > first && !s->tokens[i].glued && len < room)
			out[len++] = ' ';
		n = n < room - len ? n : room - len;
		memcpy(out + len, s->text + s->tokens[i].start, n);
		len += n;
	}
	return len;
}

static bool is_number_word(const struct token *t)
{
	return t->kind == TOKEN_WORD && (t->word == WORD_DIGIT || t->word == WORD_TENS || t->word == WORD_PAIR);
}

static size_t written_digits(const struct scan *s, size_t i)
{
	return s->tokens[i].kind == TOKEN_DIGITS ? token_digits(&s->tokens[i], s->text, NULL, 0) : 0;
}

/* What an address may go on over. */
static bool is_body(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (t->kind == TOKEN_DIGITS)
		return written_digits(s, i) <= PIN_DIGITS;
	if (t->kind == TOKEN_MARK)
		return t->mark && strchr(",/-#", t->mark) != NULL;
	if (t->kind != TOKEN_WORD)
		return false;
	if (t->cue == CUE_CODE || t->cue == CUE_POSTCODE)
		return true;
	if (t->word != WORD_OTHER && !is_number_word(t))
		return false;
	return t->cue == CUE_NONE || (t->cue >= CUE_STREET && t->cue != CUE_STOP && t->cue != CUE_MONTH);
}

static bool is_capital(const struct scan *s, size_t i)
{
	return isupper((unsigned char)s->text[s->tokens[i].start]);
}

static bool is_number(const struct scan *s, size_t i)
{
	return i < s->count && (s->tokens[i].kind == TOKEN_DIGITS || is_number_word(&s->tokens[i]) || s->tokens[i].cue == CUE_CODE);
}

/* "Sector 21", "4th cross", "flat no 3": beside a number. */
static bool is_area(const struct scan *s, size_t i)
{
	return s->tokens[i].kind == TOKEN_WORD && s->tokens[i].cue == CUE_AREA && (is_number(s, i + 1) || (i > 0 && (is_number(s, i - 1) ||
		s->tokens[i - 1].cue == CUE_ORDINAL)));
}

/* Where the address that begins with token i ends, or 0. `named`: an address is talked of. */
static size_t place_end(const struct scan *s, size_t i, bool named)
{
	size_t k, last = 0, words = 0, digits;
	bool street = false;

	for (k = i; k < s->count && k < i + PLACE_TOKENS && is_body(s, k) && !(k > i && scan_turns(s, k)); k++) {
		const struct token *t = &s->tokens[k];

		digits = written_digits(s, k);
		words += t->kind == TOKEN_WORD;
		if (!street && !named && k > i + STREET_TOKENS)
			break;
		if ((t->kind == TOKEN_WORD && (t->cue == CUE_STREET || (named && k > i && is_area(s, k)))) || (named && digits == PIN_DIGITS && words > 1))
			street = true;
		else if (!street || t->kind == TOKEN_MARK)
			continue;
		else if (!named && !digits && !is_capital(s, k))
			continue;
		last = k;
		if (digits >= ZIP_DIGITS)
			break;
	}
	return street ? last : 0;
}

/* A number that a house may have: "14", "14B", "#14", "flat 302", "fourteen". */
static bool is_house(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t digits = written_digits(s, i);

	if (t->glued && i > 0 && s->tokens[i - 1].mark != '#' && s->tokens[i - 1].mark != ',')
		return false;
	return (digits > 0 && digits <= HOUSE_DIGITS) || is_number_word(t) || (is_area(s, i) && is_number(s, i + 1));
}

/* Without a word about addresses, the name behind the house's number begins with a capital. */
static bool is_written(const struct scan *s, size_t i)
{
	while (i + 1 < s->count && s->tokens[i].kind != TOKEN_WORD)
		i++;
	return s->tokens[i].kind == TOKEN_WORD && is_capital(s, i);
}

/* A street by its name alone, which ends with token i ("MG Road"): where its name begins, or i. */
static size_t street_name(struct scan *s, size_t i)
{
	static const char *const no[] = { "the", "a", "main", "ring", "this", "that", "next", "same", "service", "side", "which", "what", "any", "every", "busy",
		"wrong", "whole", NULL };
	size_t first = i;

	if (s->tokens[i].kind != TOKEN_WORD || s->tokens[i].cue != CUE_STREET)
		return i;
	for (; first && i - first < STREET_WORDS && !scan_turns(s, first) && !scan_word_among(s, first - 1, no); first--) {
		const struct token *t = &s->tokens[first - 1];

		if (t->kind != TOKEN_WORD || t->word != WORD_OTHER || (t->cue != CUE_NONE && t->cue != CUE_LETTER))
			break;
	}
	while (first < i && !is_capital(s, first) && cue_asked(s) != CUE_ADDRESS)
		first++;
	return first;
}

static void place_report(struct scan *s, size_t first, size_t last)
{
	char value[REDACT_VALUE_BYTES + 1];
	size_t len = words_join(s, first, last, value, sizeof(value));

	scan_report(s, REDACT_ADDRESS, first, last, value, len, s->partial && last + 1 == s->count);
}

/* "E-mail address", "IP address": nothing postal. */
static bool postal_talk(struct scan *s)
{
	static const char *const others[] = { "email", "mail", "ip", "web", "e", "ईमेल", NULL };
	size_t i;

	if (cue_asked(s) == CUE_ADDRESS || cue_asked(s) == CUE_POSTCODE)
		return true;
	for (i = 0; i < s->count; i++)
		if (s->tokens[i].kind == TOKEN_WORD && s->tokens[i].cue == CUE_ADDRESS && !(i > 0 && scan_word_among(s, i - 1, others)))
			return true;
	return false;
}

/* Where an address is talked of: one without a house's number. */
static void streets_find(struct scan *s)
{
	size_t i, first, last;

	for (i = 1; i < s->count; i++) {
		first = street_name(s, i);
		if (first == i)
			continue;
		last = place_end(s, first, true);
		last = last > i ? last : i;
		place_report(s, first, last);
		i = last;
	}
}

void places_find(struct scan *s)
{
	bool named, found = cue_seen(s, CUE_STREET) || cue_seen(s, CUE_AREA);
	size_t i, last;

	if ((s->context && s->context->ours) || !(found || cue_seen(s, CUE_ADDRESS) || cue_asked(s) == CUE_ADDRESS))
		return;
	named = postal_talk(s);
	for (i = 0; i < s->count; i++) {
		if (s->tokens[i].kind == TOKEN_TAKEN || s->tokens[i].kind == TOKEN_MARK || !is_house(s, i))
			continue;
		last = place_end(s, i, named);
		if (last <= i || (!named && !is_written(s, i)))
			continue;
		place_report(s, i, last);
		i = last;
	}
	if (named)
		streets_find(s);
}
