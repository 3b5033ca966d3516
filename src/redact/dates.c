/* Dates of birth, and until which a card is valid: only where such a thing is talked of. A day, a month and a year, written or said: "14/08/1991",
 * "fourteenth of August nineteen ninety one", "chaudah august unnis sau ikyaanve". Other dates stay.
 *
 * Two numbers before a year are a day and a month; a month and a day in North America's languages, or where they can be nothing else.
 */
#include "redact/dates.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "redact/cue.h"

enum { ATOMS = 5, GAP_TOKENS = 2, MONTHS = 12, DAYS = 31, YEAR_LEAST = 1900, YEAR_MOST = 2029, PIVOT = 30, EXPIRY_LEAST = 2000, EXPIRY_MOST = 2060 };

/* One number or the name of a month. */
struct atom {
	size_t first, last;
	unsigned int value, digits; /* digits: as it is written, or would be */
	bool month;
	bool written;
	bool ordinal; /* "nineteenth": a day, and no part of a year */
};

static bool word_number(const struct scan *s, size_t i, unsigned int *value, size_t *next)
{
	const struct token *t = &s->tokens[i];

	if (i >= s->count || t->kind != TOKEN_WORD)
		return false;
	*next = i + 1;
	if (t->cue == CUE_ORDINAL) {
		*value = t->cue_value;
		return true;
	}
	if (t->word != WORD_DIGIT && t->word != WORD_PAIR && t->word != WORD_TENS && (t->word != WORD_MAYBE || scan_is_word(s, i, "to") || scan_is_word(s, i,
		"for")))
		return false;
	*value = t->value;
	if (t->word != WORD_TENS || i + 1 >= s->count)
		return true;
	if (t[1].mark == '-' && i + 2 < s->count)
		t++;
	if (t[1].kind == TOKEN_WORD && (t[1].word == WORD_DIGIT || (t[1].cue == CUE_ORDINAL && t[1].cue_value < 10))) {
		*value += t[1].word == WORD_DIGIT ? t[1].value : t[1].cue_value;
		*next = (size_t)(t - s->tokens) + 2;
	}
	return true;
}

/* What stands behind a hundred or a thousand: "and one", "ikyaanve". */
static void add_behind(const struct scan *s, struct atom *a, size_t next, bool hundreds)
{
	unsigned int more;
	size_t i = next + scan_is_word(s, next, "and"), end;

	if (!word_number(s, i, &more, &end))
		return;
	if (hundreds && end < s->count && s->tokens[end].cue == CUE_HUNDRED) {
		a->value += more * 100;
		a->last = end;
		add_behind(s, a, end + 1, false);
	} else if (more < 100) {
		a->value += more;
		a->last = end - 1;
	}
}

/* "unnis sau ikyaanve", "two thousand one", "fourteen". */
static bool atom_said(const struct scan *s, size_t i, struct atom *a)
{
	size_t next;

	if (!word_number(s, i, &a->value, &next))
		return false;
	a->first = i;
	a->last = next - 1;
	a->digits = a->value < 10 ? 1 : 2;
	a->ordinal = s->tokens[a->last].cue == CUE_ORDINAL;
	if (next >= s->count || (s->tokens[next].cue != CUE_HUNDRED && s->tokens[next].cue != CUE_THOUSAND))
		return true;
	a->value *= s->tokens[next].cue == CUE_HUNDRED ? 100 : 1000;
	a->digits = 4;
	a->last = next;
	add_behind(s, a, next + 1, s->tokens[next].cue == CUE_THOUSAND);
	return true;
}

static bool atom_read(const struct scan *s, size_t i, struct atom *a)
{
	static const char *const tails[] = { "st", "nd", "rd", "th", NULL };
	const struct token *t = &s->tokens[i];
	char digits[4];
	size_t n, k;

	*a = (struct atom){ .first = i, .last = i };
	if (t->cue == CUE_MONTH && t->kind == TOKEN_WORD) {
		a->month = true;
		a->value = t->cue_value;
		return true;
	}
	if (t->kind != TOKEN_DIGITS)
		return t->kind == TOKEN_WORD && atom_said(s, i, a);
	n = token_digits(t, s->text, digits, sizeof(digits));
	if (n > sizeof(digits))
		return false;
	for (k = 0; k < n; k++)
		a->value = a->value * 10 + (unsigned int)(digits[k] - '0');
	a->digits = (unsigned int)n;
	a->written = true;
	for (k = 0; tails[k]; k++)
		if (i + 1 < s->count && t[1].glued && scan_is_word(s, i + 1, tails[k])) {
			a->last = i + 1;
			a->ordinal = true;
		}
	return true;
}

static bool is_gap(const struct scan *s, size_t i)
{
	static const char *const words[] = { "of", "the", "ka", "ki", "slash", "dash", "की", "का", NULL };
	const struct token *t = &s->tokens[i];
	size_t k;

	if (t->kind == TOKEN_MARK)
		return t->mark && strchr("/-.,", t->mark);
	for (k = 0; words[k]; k++)
		if (scan_is_word(s, i, words[k]))
			return true;
	return t->kind == TOKEN_WORD && (t->word == WORD_DASH || t->word == WORD_DOT);
}

/* The numbers and the month from token i on. */
static size_t atoms_read(const struct scan *s, size_t i, struct atom atoms[ATOMS])
{
	size_t count = 0, gap = 0;

	while (i < s->count && count < ATOMS && gap <= GAP_TOKENS)
		if (s->tokens[i].kind != TOKEN_TAKEN && atom_read(s, i, &atoms[count])) {
			i = atoms[count++].last + 1;
			gap = 0;
		} else if (count && is_gap(s, i)) {
			i++;
			gap++;
		} else {
			break;
		}
	return count;
}

/* The year that atom k is or begins: "1991", "91", "nineteen ninety one". *used: how many atoms. */
static bool year_read(const struct atom *atoms, size_t count, size_t k, unsigned int pivot, unsigned int *year, size_t *used)
{
	*used = 1;
	if (k >= count || atoms[k].month)
		return false;
	*year = atoms[k].value;
	if (atoms[k].digits == 4)
		return true;
	if ((*year == 19 || *year == 20) && !atoms[k].written && k + 1 < count && !atoms[k + 1].month && atoms[k + 1].digits == 2 && !atoms[k + 1].written) {
		*year = *year * 100 + atoms[k + 1].value;
		*used = 2;
		return true;
	}
	if (*year == 20 && !atoms[k].written && k + 2 < count && !atoms[k + 1].month && !atoms[k + 1].value && atoms[k + 2].digits == 1) {
		*year = 2000 + atoms[k + 2].value; /* "twenty oh five" */
		*used = 3;
		return true;
	}
	if (atoms[k].digits != 2)
		return false;
	*year += *year < pivot ? 2000 : 1900;
	return true;
}

static bool date_fits(const struct date *d)
{
	return d->day >= 1 && d->day <= DAYS && d->month >= 1 && d->month <= MONTHS && d->year >= YEAR_LEAST && d->year <= YEAR_MOST;
}

bool date_order(const struct scan *s, unsigned int first, unsigned int second, unsigned int year, struct date *d)
{
	const char *language = s->context && s->context->language ? s->context->language : "";
	size_t n = strlen(language);
	bool american = n > 2 && (!strcasecmp(language + n - 3, "-us") || !strcasecmp(language + n - 3, "-ca"));

	*d = (struct date){ .day = first, .month = second, .year = year };
	if ((american && first <= MONTHS) || second > MONTHS)
		*d = (struct date){ .day = second, .month = first, .year = year };
	return date_fits(d);
}

/* "October nineteen seventy five" is a month and a year, and says no day; in "October nineteen nineteen seventy five" a whole year follows. */
static bool is_month_of_year(const struct atom *atoms, size_t count, size_t year_used)
{
	unsigned int year;
	size_t used;

	if (!atoms[0].month || atoms[1].ordinal || atoms[2].ordinal || year_used > 1 || atoms[2].digits == 4)
		return false;
	return year_read(atoms, count, 1, PIVOT, &year, &used) && used > 1 && year <= YEAR_MOST;
}

/* The date that begins with token i; *last is its last token. */
static bool date_read(const struct scan *s, size_t i, struct date *d, size_t *last)
{
	struct atom atoms[ATOMS];
	size_t count = atoms_read(s, i, atoms), used;
	unsigned int year;

	if (count < 3)
		return false;
	if (atoms[0].digits == 4 && !atoms[0].month && !atoms[1].month && !atoms[2].month) {
		*d = (struct date){ .year = atoms[0].value, .month = atoms[1].value, .day = atoms[2].value };
		*last = atoms[2].last;
		return date_fits(d);
	}
	if (!year_read(atoms, count, 2, PIVOT, &year, &used) || is_month_of_year(atoms, count, used))
		return false;
	*last = atoms[1 + used].last;
	if (atoms[0].month != atoms[1].month) {
		*d = (struct date){ .day = atoms[atoms[0].month].value, .month = atoms[atoms[1].month].value, .year = year };
		return date_fits(d);
	}
	return !atoms[0].month && date_order(s, atoms[0].value, atoms[1].value, year, d);
}

/* "08/29", "august twenty nine", "zero eight twenty nine". */
static bool expiry_read(const struct scan *s, size_t i, struct date *d, size_t *last)
{
	struct atom atoms[ATOMS];
	size_t count = atoms_read(s, i, atoms), k = 0, used;

	if (count > 2 && !atoms[0].month && !atoms[0].value && atoms[0].digits == 1 && atoms[1].digits == 1)
		k = 1; /* "zero eight" */
	if (count < k + 2 || !year_read(atoms, count, k + 1, 100, &d->year, &used) || (count > k + 1 + used && !atoms[k].month))
		return false;
	d->month = atoms[k].value;
	*last = atoms[k + used].last;
	return d->month >= 1 && d->month <= MONTHS && d->year >= EXPIRY_LEAST && d->year <= EXPIRY_MOST;
}

bool card_talked_of(struct scan *s)
{
	size_t i;

	if (cue_seen(s, CUE_CVV) || cue_seen(s, CUE_CARD) || scan_asked(s) == WORD_ABOUT_CARD || cue_asked(s) == CUE_EXPIRY)
		return true;
	for (i = 0; i < s->found->count; i++)
		if (s->found->entities[i].type == REDACT_CARD)
			return true;
	for (i = 0; i < s->count; i++)
		if (s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_ABOUT_CARD)
			return true;
	return false;
}

static void birth_report(struct scan *s, size_t first, size_t last, const struct date *d)
{
	char value[DATE_BYTES];
	int n = snprintf(value, sizeof(value), "%04u-%02u-%02u", d->year % 10000, d->month % 100, d->day % 100);

	scan_report(s, REDACT_DOB, first, last, value, (size_t)n, s->partial && last + 1 == s->count);
}

static void expiry_report(struct scan *s, size_t first, size_t last, const struct date *d)
{
	char value[DATE_BYTES];
	int n = snprintf(value, sizeof(value), "%02u/%02u", d->month % 100, d->year % 100);

	scan_report(s, REDACT_CARD_EXPIRY, first, last, value, (size_t)n, s->partial && last + 1 == s->count);
}

/* A date from token i to `last` that began in an earlier turn, while this text has a whole one there: "October 1975", and "the ninth of October 1975". */
static bool is_said_anew(const struct scan *s, size_t i, size_t last)
{
	struct date own;
	size_t at, end;

	if (s->tokens[i].start >= s->skip || s->tokens[last].start < s->skip)
		return false;
	for (at = i + 1; at <= last; at++)
		if (s->tokens[at].start >= s->skip && (s->tokens[at].kind == TOKEN_DIGITS || s->tokens[at].kind == TOKEN_WORD) && date_read(s, at, &own, &end))
			return true;
	return false;
}

void dates_find(struct scan *s)
{
	enum cue asked = cue_asked(s), cue;
	bool births = asked == CUE_BIRTH || cue_seen(s, CUE_BIRTH);
	bool ends = asked == CUE_EXPIRY || cue_seen(s, CUE_EXPIRY) || cue_seen(s, CUE_VALID);
	struct date d;
	size_t i, last;

	if (!births && !ends)
		return;
	for (i = 0; i < s->count; i++) {
		if (s->tokens[i].kind != TOKEN_DIGITS && s->tokens[i].kind != TOKEN_WORD)
			continue;
		if (births && date_read(s, i, &d, &last) && !is_said_anew(s, i, last) && cue_about(s, i, last + 1) == CUE_BIRTH) {
			birth_report(s, i, last, &d);
			i = last;
		} else if (ends && expiry_read(s, i, &d, &last)) {
			cue = cue_about(s, i, last + 1);
			if (cue != CUE_EXPIRY || !card_talked_of(s))
				continue;
			expiry_report(s, i, last, &d);
			i = last;
		}
	}
}
