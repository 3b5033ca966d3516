/* The year of a day that may lie far from today: "1991", "nineteen ninety one", "twenty oh five", "two thousand and one", "unnis sau ikyaanve",
 * and "88" where the question reaches that far. */
#include "providers/rehearsed/understand.h"

#include <stdlib.h>
#include <string.h>

#define MICROS INT64_C(1000000)

enum { YEAR_DAYS = 366, YEAR_LEAST = 1900, YEAR_MOST = 2199, CENTURY = 100, DAYS_OF_FOUR_YEARS = 1461 };

bool year_needed(const struct expect *e)
{
	return (e->has_low && e->low < -YEAR_DAYS) || (e->has_high && e->high > YEAR_DAYS);
}

/* With a scale: "two thousand five", "nineteen hundred and five". */
static size_t scaled_at(const struct words *w, size_t at, int32_t *year)
{
	int64_t micros;
	size_t n = number_at(w, at, &micros);

	*year = n > 1 && micros % MICROS == 0 && micros / MICROS <= YEAR_MOST ? (int32_t)(micros / MICROS) : 0;
	return *year >= YEAR_LEAST ? n : 0;
}

/* What is said behind a century: "ninety one", "oh five". */
static size_t behind_century(const struct words *w, size_t at, int32_t *rest)
{
	size_t zero = word_in(w, at, LIST("oh", "o", "zero")), n;

	if (at < w->count && w->at[at].kind == WORD_NUMBER)
		return 0;
	n = number_small(w, at + zero, rest);
	return n && (*rest > 9) != (zero != 0) ? zero + n : 0;
}

/* "Nineteen ninety one", "twenty twelve". */
static size_t paired_at(const struct words *w, size_t at, int32_t *year)
{
	int32_t century = 0, rest;
	size_t n;

	if (at >= w->count || w->at[at].kind != WORD_LETTERS || number_small(w, at, &century) != 1 || (century != 19 && century != 20))
		return 0;
	n = behind_century(w, at + 1, &rest);
	*year = century * CENTURY + (n ? rest : 0);
	return n ? 1 + n : 0;
}

size_t year_written_at(const struct words *w, size_t at, int32_t *year)
{
	if (at >= w->count || w->at[at].kind != WORD_NUMBER || strlen(w->at[at].text) != 4)
		return 0;
	*year = (int32_t)strtol(w->at[at].text, NULL, 10);
	return *year >= YEAR_LEAST && *year <= YEAR_MOST ? 1 : 0;
}

/* Of the two centuries the one that the question accepts, and with both the later: "88" of a birth is 1988. An hour is no year. */
static size_t short_at(const struct expect *e, const struct words *w, size_t at, int32_t *year)
{
	int32_t rest;
	size_t n = e->has_low && e->low < -YEAR_DAYS ? number_small(w, at, &rest) : 0;
	int64_t last = 1970 + 4 * (e->today + (e->has_high ? e->high : 0)) / DAYS_OF_FOUR_YEARS;

	if (!n || word_in(w, at + n, LIST("am", "pm", "o", "baje", "बजे")))
		return 0;
	if (rest < 10 && (w->at[at].kind != WORD_NUMBER || strlen(w->at[at].text) != 2))
		return 0;
	*year = 2000 + rest > last ? YEAR_LEAST + rest : 2000 + rest;
	return n;
}

/* A century, and what belongs to it: no short form. */
static size_t whole_at(const struct words *w, size_t at, int32_t *year)
{
	size_t n = year_written_at(w, at, year);

	n = n ? n : paired_at(w, at, year);
	return n ? n : scaled_at(w, at, year);
}

bool year_stands_for_day(const struct expect *e, const struct words *w, size_t at, size_t day_words)
{
	int64_t last = 1970 + 4 * (e->today + (e->has_high ? e->high : 0)) / DAYS_OF_FOUR_YEARS;
	int32_t year, behind;

	return year_needed(e) && whole_at(w, at, &year) && (!e->has_high || year <= last) && !whole_at(w, at + day_words, &behind);
}

size_t year_at(const struct expect *e, const struct words *w, size_t at, int32_t *year)
{
	size_t lead = word_in(w, at, LIST("of", "in", "the", "year", "sal", "saal", "साल", "सन"));
	size_t n;

	lead += lead && word_in(w, at + 1, LIST("the", "year"));
	lead += lead == 2 && word_is(w, at + 2, "year");
	n = whole_at(w, at + lead, year);
	n = n ? n : short_at(e, w, at + lead, year);
	return n ? lead + n : 0;
}
