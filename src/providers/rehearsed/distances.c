/* "In three weeks", as the choice among "within a month", "within six months" and "later than that": said roughly, so a month is thirty
 * days and a year is twelve of them. */
#include <stdlib.h>
#include <string.h>

#include "base/wording.h"
#include "providers/rehearsed/understand.h"

enum { MONTH_DAYS = 30, YEAR_DAYS = 12 * MONTH_DAYS };

static int32_t unit_at(const struct words *w, size_t at)
{
	static const struct {
		const char *word;
		int32_t days;
	} units[] = { { "day", 1 }, { "week", 7 }, { "fortnight", 14 }, { "month", MONTH_DAYS }, { "quarter", 3 * MONTH_DAYS }, { "year", YEAR_DAYS } };
	size_t i;

	for (i = 0; at < w->count && i < sizeof(units) / sizeof(units[0]); i++)
		if (words_stem_same(w->at[at].text, units[i].word))
			return units[i].days;
	return 0;
}

/* How many, in halves: "a", "three", "a couple of", "half a", "two and a half". */
static size_t halves_at(const struct words *w, size_t at, int32_t *halves)
{
	static const struct {
		const char *words;
		int32_t halves;
	} plain[] = { { "half a", 1 }, { "half", 1 }, { "a couple of", 4 }, { "couple of", 4 }, { "a couple", 4 }, { "a few", 6 }, { "few", 6 }, { "another", 2 }, { "a", 2 }, { "an", 2 } };
	size_t i, n, half = 0;
	int32_t count;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (words_at(w, at, plain[i].words, &n)) {
			*halves = plain[i].halves;
			return n;
		}
	n = number_small(w, at, &count);
	*halves = 2 * count;
	if (n && words_at(w, at + n, "and a half", &half))
		++*halves;
	return n + half;
}

/* The shortest and the longest that was said, in days. */
struct distances {
	int32_t low, high;
	int32_t bound; /* the longest that an option names */
	bool none;     /* nothing was said */
};

static void put(struct distances *d, int32_t low, int32_t high)
{
	d->low = d->none || low < d->low ? low : d->low;
	d->high = d->none || high > d->high ? high : d->high;
	d->none = false;
}

/* "Within a year" may be tomorrow, and "no more than six months" too. */
static bool is_upper(const struct words *w, size_t from)
{
	static const char *const unders[] = { "within", "under", "before", NULL };

	if (from < 2 || !word_is(w, from - 1, "than"))
		return from && word_in(w, from - 1, unders);
	return word_is(w, from - 2, "less") || (from > 2 && word_negates(w, from - 3));
}

/* "Not before half a year", "more than six months", "a year or more" have no end. */
static bool is_open(const struct words *w, size_t from, size_t to)
{
	static const char *const links[] = { "before", "in", "for", "within", "until", "the", "next", "about", "another", NULL };
	static const char *const overs[] = { "than", "over", "least", NULL }, *const mores[] = { "more", "longer", NULL };
	size_t i = from;

	while (i && word_in(w, i - 1, links))
		i--;
	if (i && i < from && word_negates(w, i - 1) && !w->at[i].before)
		return true;
	if (from && word_in(w, from - 1, overs))
		return !is_upper(w, from);
	return (word_is(w, to, "or") || word_is(w, to, "and")) && word_in(w, to + 1, mores);
}

static size_t distance_at(struct distances *d, const struct words *w, size_t at)
{
	static const char *const links[] = { "or", "to", NULL }, *const behinds[] = { "ago", "old", NULL };
	int32_t halves, other = 0, unit, low, high;
	bool past;
	size_t n = halves_at(w, at, &halves), m = 0, end;

	if (n && word_in(w, at + n, links))
		m = halves_at(w, at + n + 1, &other); /* "two or three weeks" */
	end = m ? at + n + 1 + m : at + n;
	unit = n ? unit_at(w, end) : 0;
	past = word_in(w, end + 1, behinds) || (at && !word_is(w, at, "another") && word_is(w, at - 1, "for") && !(at > 1 && word_negates(w, at - 2))); /* "we have looked for a year" */
	if (!unit || past)
		return 0;
	end++;
	if (!m && word_is(w, end, "or") && (m = halves_at(w, end + 1, &other)) > 0 && !unit_at(w, end + 1 + m))
		end += 1 + m; /* "a month or two" */
	low = halves * unit / 2;
	high = m ? other * unit / 2 : low;
	if (is_open(w, at, end))
		put(d, low + 1, INT32_MAX);
	else if (is_upper(w, at) && high > d->bound)
		put(d, 1, high);
	else
		put(d, low, high);
	return end - at;
}

/* "Within the month", "by the end of the month": the rest of it, at most. */
static bool is_this_one(const struct words *w, size_t at)
{
	static const char *const shown[] = { "the", "this", NULL };
	size_t n;

	if (at < 2 || !word_in(w, at - 1, shown) || unit_at(w, at) >= YEAR_DAYS)
		return false;
	return word_is(w, at - 2, "within") || (at > 2 && words_at(w, at - 3, "end of", &n));
}

/* "March next year", "January of 2028": the year, or 0. */
static int32_t year_behind(const struct words *w, size_t at, int32_t this_year)
{
	size_t len;

	at += word_is(w, at, "of");
	if (words_at(w, at, "next year", &len))
		return this_year + 1;
	return at < w->count && w->at[at].kind == WORD_NUMBER && strlen(w->at[at].text) == 4 ? atoi(w->at[at].text) : 0;
}

/* Months, seasons and quarters, as the first and last month of them. */
static size_t season_at(const struct words *w, size_t at, int32_t *first, int32_t *last)
{
	static const struct {
		const char *words;
		int32_t first, last;
	} seasons[] = { { "first quarter of next year", 1, 3 }, { "second quarter of next year", 4, 6 }, { "first quarter", 1, 3 }, { "beginning of next year", 1, 2 },
		{ "start of next year", 1, 2 }, { "early next year", 1, 2 }, { "new year", 1, 1 }, { "easter", 4, 4 } };
	static const char *const leads[] = { "in", "by", "before", "around", "until", "till", "of", "early", "mid", "late", "next", "say", "about", "after", NULL };
	size_t i, n;

	for (i = 0; i < sizeof(seasons) / sizeof(seasons[0]); i++)
		if (words_at(w, at, seasons[i].words, &n)) {
			*first = seasons[i].first;
			*last = seasons[i].last;
			return n;
		}
	*first = *last = date_month_at(w, at);
	n = *first && (*first != 3 || !word_is(w, at + 1, "on")) && at && word_in(w, at - 1, leads);
	n = n || (*first && (!at || year_behind(w, at + 1, 1)));
	return n || (*first && !word_is(w, at, "may") && !word_is(w, at, "march")) ? 1 : 0;
}

/* How far it is from today to the first day and the last; what the month of today has left counts as now. */
static size_t calendar_at(struct distances *d, const struct expect *e, const struct words *w, size_t at)
{
	static const char *const passed[] = { "since", "last", "from", NULL };
	int32_t first, last, month, year, low, high;
	char today[11];
	size_t n = e->has_today ? season_at(w, at, &first, &last) : 0;

	if (!n || words_find(w, at, "after next").len || (at && word_in(w, at - 1, passed)) || (at && w->at[at - 1].kind == WORD_NUMBER))
		return 0;
	day_print(e->today, today);
	month = atoi(today + 5);
	year = year_behind(w, at + n, atoi(today));
	low = (year ? (year - atoi(today)) * 12 + first - month : (first - month + 12) % 12) * MONTH_DAYS - atoi(today + 8) + 1;
	high = low + (last - first + 1) * MONTH_DAYS - 1;
	low = low > 0 ? low : 1;
	if (at && word_is(w, at - 1, "before"))
		high = low;
	put(d, low, high);
	return n;
}

static void distances_find(struct distances *d, const struct expect *e, const struct words *w)
{
	size_t at, n;

	for (at = 0; at < w->count; at += n) {
		n = distance_at(d, w, at);
		if (!n && e)
			n = calendar_at(d, e, w, at);
		if (!n && word_is(w, at, "next") && (word_is(w, at + 1, "week") || word_is(w, at + 1, "quarter"))) {
			put(d, unit_at(w, at + 1), unit_at(w, at + 1));
			n = 2;
		}
		if (!n && unit_at(w, at) && is_this_one(w, at))
			put(d, unit_at(w, at), unit_at(w, at));
		n += !n;
	}
}

/* How long an option lasts: the longest "within …" among its phrases; INT32_MAX for "later than …"; 0 for no distance. */
static int32_t option_reach(const json_t *option)
{
	const json_t *list = json_object_get(option, "words");
	int32_t reach = 0;
	struct words w;
	size_t i, n;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);
		struct distances d = { .bound = INT32_MAX, .none = true };

		words_read(&w, json_string_value(text), json_string_length(text));
		if (words_at(&w, 0, "later than", &n))
			return INT32_MAX;
		if (word_is(&w, 0, "within"))
			distances_find(&d, NULL, &w);
		if (!d.none && d.high > reach)
			reach = d.high;
	}
	return reach;
}

static int option_for(const json_t *options, int32_t days)
{
	int32_t reach, best = INT32_MAX;
	int found = -1;
	size_t i;

	for (i = 0; i < json_array_size(options); i++) {
		reach = option_reach(json_array_get(options, i));
		if (reach >= days && (found < 0 || reach < best)) {
			found = (int)i;
			best = reach;
		}
	}
	return found;
}

bool distances_asked(const json_t *options)
{
	size_t i;

	for (i = 0; i < json_array_size(options); i++) {
		int32_t reach = option_reach(json_array_get(options, i));

		if (reach && reach != INT32_MAX)
			return true;
	}
	return false;
}

enum understood understand_distance(const struct expect *e, const struct words *w, int *option)
{
	const json_t *options = e->options;
	struct distances d = { .none = true };
	int32_t reach;
	size_t i;

	for (i = 0; i < json_array_size(options); i++) {
		reach = option_reach(json_array_get(options, i));
		if (reach != INT32_MAX && reach > d.bound)
			d.bound = reach;
	}
	*option = -1;
	if (d.bound)
		distances_find(&d, e, w);
	if (d.none)
		return UNDERSTOOD_NOT;
	*option = option_for(options, d.low);
	if (option_for(options, d.high) != *option)
		*option = -1;
	return UNDERSTOOD_VALUE;
}
