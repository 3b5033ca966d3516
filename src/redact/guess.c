#include "redact/guess.h"

#include <string.h>

#include "redact/checksum.h"
#include "redact/named.h"
#include "redact/phone.h"

static bool card_length(const char *d, size_t n)
{
	unsigned int two = (unsigned int)(d[0] - '0') * 10 + (unsigned int)(d[1] - '0');

	switch (d[0]) {
	case '2':
		return n == 16 && two >= 22 && two <= 27;
	case '3':
		return two == 34 || two == 37 ? n == 15 : two == 30 || two == 36 || two == 38 || two == 39 ? n >= 14 && n <= 16 : two == 35 && n == 16;
	case '4':
		return n == 13 || n == 16 || n == 19;
	case '5':
	case '6':
		return n == 16 || (n == 19 && two >= 60);
	case '8':
		return n == 16 && (two == 81 || two == 82);
	default:
		return false;
	}
}

static bool all_one_digit(const char *d, size_t n)
{
	return n > 1 && !memcmp(d, d + 1, n - 1);
}

static bool is_card(const char *d, size_t n)
{
	return n >= 13 && card_length(d, n) && checksum_luhn(d, n) && !all_one_digit(d, n);
}

static bool is_aadhaar(const char *d, size_t n)
{
	size_t i, same = 0;

	if (n != 12 || d[0] < '2' || !checksum_verhoeff(d, n))
		return false;
	for (i = 0; i < 6; i++)
		same += d[i] == d[11 - i];
	return same < 6;
}

bool guess_set(struct guess *g, enum redact_type type, const char *prefix, const char *d, size_t n)
{
	size_t before = strlen(prefix);

	g->type = type;
	memcpy(g->value, prefix, before);
	memcpy(g->value + before, d, n);
	g->len = before + n;
	return true;
}

/* Ten digits of the North American plan that are written, named or waited for as a phone number. */
static bool is_american(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last)
{
	const struct item *it = &r->items[first];
	size_t shape = n - 10;

	if (d[shape] < '2' || d[shape + 3] < '2')
		return false;
	if (r->about == WORD_ABOUT_PHONE || r->about == WORD_ABOUT_NUMBER || r->zeros)
		return true;
	if (last - first == 2 + shape && it[shape].written && it[shape].count == 3 && it[shape + 1].count == 3 && it[shape + 2].count == 4)
		return true;
	return r->about == WORD_OTHER && scan_phone_wanted(s);
}

static bool is_bracketed(const struct scan *s, const struct item *it)
{
	return it->written && it->count == 3 && it->first > 0 && s->tokens[it->first - 1].mark == '(' && s->tokens[it->first].glued;
}

/* How these items, which are the n digits, were written (phone.h). */
static void groups_read(const struct scan *s, const struct run *r, size_t first, size_t last, size_t n, char groups[PHONE_GROUPS_BYTES])
{
	size_t len = 0, sum = 0, i;

	if (is_bracketed(s, &r->items[first]))
		groups[len++] = '(';
	for (i = first; i <= last && len + 1 < PHONE_GROUPS_BYTES && r->items[i].written && r->items[i].count < 10; i++) {
		groups[len++] = (char)('0' + r->items[i].count);
		sum += r->items[i].count;
	}
	groups[i > last && sum == n ? len : 0] = 0;
}

/* Of a number without a country: with the one that phone.h gives it, or as it was said. */
static bool guess_national(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	char groups[PHONE_GROUPS_BYTES];
	struct phone p;

	groups_read(s, r, first, last, n, groups);
	p = phone_judge(s->context ? s->context->language : NULL, d, n, groups);
	return guess_set(g, REDACT_PHONE, p.code, d + p.skip, n - p.skip);
}

bool guess_callers(const struct scan *s)
{
	return s->context && s->context->caller;
}

/* How many of the digits stand before a country code that was said without a plus: none, or the two of "00". SIZE_MAX: there is no code. */
static size_t country_at(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last)
{
	enum { LONG = 10 };
	bool named = r->about == WORD_ABOUT_PHONE, likely = named || guess_callers(s) || first < last;

	if (n == 11 && d[0] == '1')
		return is_american(s, r, d, n, first, last) ? 0 : SIZE_MAX;
	if (phone_has_country(d, n) && (likely || (d[0] == '9' && d[1] == '1')))
		return 0;
	if (n < 2 + PHONE_LEAST || n > 2 + PHONE_MOST || d[0] != '0' || d[1] != '0' || d[2] == '0')
		return SIZE_MAX;
	return phone_has_country(d + 2, n - 2) || named || (likely && n >= 2 + LONG) ? 2 : SIZE_MAX;
}

static bool guess_phone(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	const char *language = s->context ? s->context->language : NULL;
	bool named = r->about == WORD_ABOUT_PHONE, fits = n >= PHONE_LEAST && n <= PHONE_MOST;
	enum plus plus = (enum plus)r->items[first].plus;
	size_t skip;

	if (plus == PLUS_COUNTRY)
		return fits && guess_set(g, REDACT_PHONE, "+", d, n);
	if (r->about == WORD_ABOUT_ELSE)
		return false;
	if (n == 10 && ((d[0] >= '6' && !is_bracketed(s, &r->items[first]) && !all_one_digit(d, n)) || is_american(s, r, d, n, first, last)))
		return guess_national(s, r, d, n, first, last, g);
	if (n == 11 && d[0] == '0' && (d[1] >= '6' || (named && d[1] > '0')))
		return guess_national(s, r, d, n, first, last, g);
	if (d[0] == '0' && phone_at_home(language, d, n))
		return guess_national(s, r, d, n, first, last, g);
	skip = country_at(s, r, d, n, first, last);
	if (skip < n)
		return guess_set(g, REDACT_PHONE, "+", d + skip, n - skip);
	return plus == PLUS_BETWEEN && fits && guess_set(g, REDACT_PHONE, "+", d, n);
}

/* "123-45-6789", written so. */
static bool is_written_ssn(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last)
{
	const struct item *it = &r->items[first];

	if (n != 9 || last - first != 2 || !it->written || it->count != 3 || it[1].count != 2 || it[2].count != 4 || !ssn_fits(d))
		return false;
	return it[1].first == it->last + 2 && s->tokens[it->last + 1].mark == '-' && it[2].first == it[1].last + 2 && s->tokens[it[1].last + 1].mark == '-';
}

bool guess_digits(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	struct named named;
	bool country = n <= PHONE_MOST && (r->items[first].plus == PLUS_COUNTRY || (r->about == WORD_ABOUT_PHONE && phone_has_country(d, n)));

	g->type = 0;
	if (r->cue && named_judge(s, r, d, n, &named))
		return guess_set(g, named.type, "", named.value, strlen(named.value));
	if (n < PHONE_LEAST || n > ID_DIGITS || r->version)
		return false;
	if (r->about != WORD_ABOUT_ELSE && is_written_ssn(s, r, d, n, first, last))
		return guess_set(g, REDACT_SSN, "", d, n);
	if (!country && is_card(d, n)) /* one number in ten has the checksum by chance */
		return guess_set(g, REDACT_CARD, "", d, n);
	if (!country && r->about != WORD_ABOUT_ELSE && is_aadhaar(d, n))
		return guess_set(g, REDACT_AADHAAR, "", d, n);
	return guess_phone(s, r, d, n, first, last, g);
}

size_t run_span(const struct run *r, size_t first, size_t last)
{
	return r->items[last].digit + r->items[last].count - r->items[first].digit;
}

/* A plus begins a number; it stands in none. */
static bool plus_inside(const struct run *r, size_t first, size_t last)
{
	while (r->plus && first++ < last)
		if (r->items[first].plus)
			return true;
	return false;
}

/* Items of two turns: only all of them together are one number. */
bool run_over_turns(const struct scan *s, const struct run *r, size_t a, size_t b)
{
	return s->tokens[r->items[a].first].start < s->skip && s->tokens[r->items[b].last].end > s->skip;
}

bool guess_span(const struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g)
{
	g->type = 0;
	return !plus_inside(r, first, last) && guess_digits(s, r, r->digits + r->items[first].digit, run_span(r, first, last), first, last, g);
}
