/* Days as they are said. Every reading is a day near today; the question's range chooses which fifth, which "kal", which Friday. */
#include "providers/rehearsed/understand.h"

#include <stdlib.h>
#include <string.h>

#include "base/wording.h"
#include "redact/redact.h"
#include "redact/token.h"

enum { YEAR_DAYS = 366 };

struct dates {
	const struct expect *e;
	const struct words *w;
	struct found found;
	bool past; /* the question is about what has been */
};

static bool within(const struct dates *d, int64_t day)
{
	const struct expect *e = d->e;

	return (!e->has_low || day >= e->today + e->low) && (!e->has_high || day <= e->today + e->high);
}

static void put(struct dates *d, int64_t day, size_t from, size_t len, bool loose)
{
	found_put(&d->found, day, from, from + len, loose);
}

/* ---- days of the calendar ---- */

static void civil(int32_t day, int32_t *year, int32_t *month, int32_t *dom)
{
	char text[11];

	day_print(day, text);
	*year = atoi(text);
	*month = atoi(text + 5);
	*dom = atoi(text + 8);
}

static bool day_of(int32_t year, int32_t month, int32_t dom, int32_t *day)
{
	char text[11];
	int32_t months = year * 12 + month - 1;

	if (dom < 1 || dom > 31 || months < 0)
		return false;
	text[0] = (char)('0' + months / 12 / 1000 % 10);
	text[1] = (char)('0' + months / 12 / 100 % 10);
	text[2] = (char)('0' + months / 12 / 10 % 10);
	text[3] = (char)('0' + months / 12 % 10);
	text[4] = text[7] = '-';
	text[5] = (char)('0' + (months % 12 + 1) / 10);
	text[6] = (char)('0' + (months % 12 + 1) % 10);
	text[8] = (char)('0' + dom / 10);
	text[9] = (char)('0' + dom % 10);
	text[10] = 0;
	return day_parse(text, 10, day);
}

/* Of days a step of months apart, the one that the question means: inside its range the next to come (or the last that was), else the
 * nearest one. */
static bool nearest(const struct dates *d, int32_t month, int32_t dom, int32_t step, int32_t *best)
{
	int32_t year, now, unused, i, day, today = d->e->today;
	bool found = false;

	civil(today, &year, &now, &unused);
	if (!month)
		month = now;
	for (i = -2; i <= 2; i++) {
		bool better;

		if (!day_of(year, month + i * step, dom, &day))
			continue;
		better = !found || (within(d, day) && !within(d, *best)) || (within(d, day) == within(d, *best) && abs(day - today) < abs(*best - today));
		if (within(d, day) == (found && within(d, *best)) && found && (d->past ? day > today : day < today))
			better = false;
		if (better)
			*best = day;
		found = true;
	}
	return found;
}

/* "December 12th 2027": the year that is said counts. How many words, or 0; *day is moved there. */
static size_t year_behind(const struct words *w, size_t at, int32_t month, int32_t dom, int32_t *day)
{
	size_t n = word_in(w, at, LIST("of", "in"));
	int32_t year;

	return year_written_at(w, at + n, &year) && year > 1900 && day_of(year, month, dom, day) ? n + 1 : 0;
}

/* A day of a named month whose last word is at `to` - 1: of the year that is said behind it (*used: its words), else the one that the question means.
 * One that may be of several years is none. */
static bool of_month(struct dates *d, int32_t month, int32_t dom, size_t to, int32_t *day, size_t *used)
{
	bool needs = year_needed(d->e), near = d->e->has_low && d->e->has_high && !needs, fine;
	int32_t year;

	*used = near ? year_behind(d->w, to, month, dom, day) : year_at(d->e, d->w, to, &year);
	if (*used)
		fine = near || day_of(year, month, dom, day);
	else
		fine = !needs && nearest(d, month, dom, 12, day);
	d->found.vague = d->found.vague || (!fine && needs);
	return fine;
}

/* ---- words ---- */

struct named {
	const char *words[8];
};

static int name_at(const struct words *w, size_t at, const struct named *list, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (word_in(w, at, list[i].words))
			return i;
	return -1;
}

static int weekday_at(const struct words *w, size_t at)
{
	static const struct named days[7] = {
		{ { "sunday", "sundays", "ravivar", "itvar", "रविवार", "इतवार", NULL } },
		{ { "monday", "somvar", "somwar", "सोमवार", NULL } },
		{ { "tuesday", "tues", "mangalvar", "mangalwar", "मंगलवार", "मंगल", NULL } },
		{ { "wednesday", "budhvar", "budhwar", "बुधवार", "बुध", NULL } },
		{ { "thursday", "thurs", "guruvar", "guruwar", "गुरुवार", "बृहस्पतिवार", "वीरवार", NULL } },
		{ { "friday", "shukravar", "shukrawar", "शुक्रवार", "जुम्मे", "जुम्मा", NULL } },
		{ { "saturday", "shanivar", "shaniwar", "शनिवार", "शनि", NULL } },
	};

	return name_at(w, at, days, 7);
}

static int month_at(const struct words *w, size_t at)
{
	static const struct named months[12] = {
		{ { "january", "jan", "जनवरी", NULL } }, { { "february", "feb", "फरवरी", NULL } }, { { "march", "मार्च", NULL } },
		{ { "april", "apr", "अप्रैल", NULL } }, { { "may", "मई", NULL } }, { { "june", "jun", "जून", NULL } }, { { "july", "jul", "जुलाई", NULL } },
		{ { "august", "aug", "अगस्त", NULL } }, { { "september", "sep", "sept", "सितंबर", NULL } }, { { "october", "oct", "अक्टूबर", "अक्तूबर", NULL } },
		{ { "november", "nov", "नवंबर", "नवम्बर", NULL } }, { { "december", "dec", "दिसंबर", "दिसम्बर", NULL } },
	};

	return name_at(w, at, months, 12) + 1;
}

/* "first" to "thirtieth"; the number, or 0. */
static int32_t ordinal_word(const char *word)
{
	static const char *const list[] = { "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
		"twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth" };
	int32_t i;

	for (i = 1; i <= 20; i++)
		if (!strcmp(word, list[i]))
			return i;
	if (!strcmp(word, "thirtieth"))
		return 30;
	return !strcmp(word, "पहली") || !strcmp(word, "pehli") ? 1 : 0;
}

/* A day of the month; *sure: it can be nothing else ("fifth", "5th", "5 tarikh"). */
static size_t dom_at(const struct words *w, size_t at, int32_t *dom, bool *sure)
{
	static const char *const ends[] = { "st", "nd", "rd", "th", "tarikh", "tareekh", "तारीख", "को", NULL };
	size_t n;

	*sure = false;
	if (at >= w->count)
		return 0;
	*dom = ordinal_word(w->at[at].text);
	if (*dom) {
		n = 1 + (size_t)word_in(w, at + 1, ends);
		*sure = *dom > 2 || n == 2;
		return n;
	}
	if (w->at[at].number == WORD_TENS && at + 1 < w->count && ordinal_word(w->at[at + 1].text) && ordinal_word(w->at[at + 1].text) < 10) {
		*dom = w->at[at].value + ordinal_word(w->at[at + 1].text);
		*sure = true;
		return *dom <= 31 ? 2 : 0;
	}
	n = number_small(w, at, dom);
	if (!n || *dom < 1 || *dom > 31)
		return 0;
	*sure = word_in(w, at + n, ends);
	return n + *sure;
}

/* ---- relative days ---- */

struct near_day {
	const char *phrase;
	int offset;
};

/* "Friday week" is the Friday of the week after the coming one, "tomorrow week" a week behind tomorrow. */
static bool week_on(const struct words *w, size_t at)
{
	return word_is(w, at, "week") && !w->at[at].before && !word_in(w, at + 1, LIST("after", "before", "end", "days"));
}

static size_t put_near(struct dates *d, size_t at)
{
	static const struct near_day days[] = {
		{ "day before yesterday", -2 }, { "the day before yesterday", -2 }, { "yesterday", -1 }, { "last night", -1 }, { "last evening", -1 }, { "day after tomorrow", 2 },
		{ "the day after tomorrow", 2 }, { "tomorrow", 1 }, { "today", 0 }, { "tonight", 0 }, { "this morning", 0 }, { "this afternoon", 0 },
		{ "this evening", 0 }, { "just now", 0 }, { "right now", 0 }, { "right away", 0 }, { "straight away", 0 }, { "immediately", 0 }, { "aaj", 0 }, { "आज", 0 },
	};
	static const char *const kal[] = { "kal", "कल", NULL }, *const parson[] = { "parson", "parso", "परसों", NULL };
	size_t i, n, week;

	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (words_at(d->w, at, days[i].phrase, &n)) {
			week = word_in(d->w, at + n - 1, LIST("today", "tomorrow")) && week_on(d->w, at + n);
			put(d, d->e->today + days[i].offset + 7 * (int32_t)week, at, n + week, false);
			return n + week;
		}
	if (!word_in(d->w, at, kal) && !word_in(d->w, at, parson))
		return 0;
	i = word_in(d->w, at, kal) ? 1 : 2;
	put(d, d->e->today + (d->past ? -(int64_t)i : (int64_t)i), at, 1, false);
	return 1;
}

static int unit_days(const struct words *w, size_t at)
{
	static const char *const days[] = { "day", "days", "din", "दिन", "दिनों", NULL };
	static const char *const weeks[] = { "week", "weeks", "hafte", "hafta", "hafton", "हफ्ते", "हफ्ता", "हफ्तों", NULL };
	static const char *const fortnight[] = { "fortnight", NULL };

	return word_in(w, at, days) ? 1 : word_in(w, at, weeks) ? 7 : word_in(w, at, fortnight) ? 14 : 0;
}

static const char *const befores[] = { "in", "after", "give", "me", "within", NULL };
static const char *const afters[] = { "from", "baad", "बाद", "में", "mein", "later", NULL };
static const char *const abouts[] = { "exactly", "about", "just", "like", "maybe", "roughly", NULL };
static const char *const agos[] = { "ago", "back", "before", "pehle", "pahle", "पहले", NULL };

/* The next day of that name, in the question's sense of next: the last one where it asks for what has been. */
static int32_t weekday_next(const struct dates *d, int week)
{
	int32_t today = d->e->today, day = today - (int32_t)((day_of_week(today) + 6) % 7) + (week + 6) % 7;

	if (d->past)
		return day >= today ? day - 7 : day;
	return day <= today ? day + 7 : day;
}

/* "A week on Thursday", "two weeks from Friday", "a week tomorrow": `end` stands behind the weeks. */
static size_t put_weeks_on(struct dates *d, size_t at, size_t end, int32_t days)
{
	size_t from = word_is(d->w, end, "from");
	int week = word_in(d->w, end, LIST("on", "from")) ? weekday_at(d->w, end + 1) : -1;

	if (!d->past && word_is(d->w, end + from, "tomorrow") && !d->w->at[end].before) {
		put(d, d->e->today + 1 + days, at, end + 1 + from - at, false);
		return end + 1 + from - at;
	}
	if (week < 0 || d->past)
		return 0;
	put(d, weekday_next(d, week) + days, at, end + 2 - at, false);
	return end + 2 - at;
}

/* "in three days", "two weeks ago", "a week from today". */
static size_t put_distance(struct dates *d, size_t at)
{
	const struct words *w = d->w;
	static const char *const ones[] = { "a", "an", "one", NULL }, *const starts[] = { "today", "now", NULL };
	int32_t count = 1;
	size_t n = word_in(w, at, ones) ? 1 : number_small(w, at, &count), end, on;
	int unit = n ? unit_days(w, at + n) : 0, less;
	size_t lead = at - (at && word_in(w, at - 1, abouts)); /* "in exactly a week" */
	bool ahead = lead && word_in(w, lead - 1, befores), back;

	if (!unit)
		return 0;
	if (at && !w->at[at].before && number_small(w, at - 1, &less) == 1 && less == count - 1)
		d->found.vague = true; /* "two three days", "ek do din mein" */
	end = at + n + 1;
	on = unit % 7 ? 0 : put_weeks_on(d, at, end, count * unit);
	if (on)
		return on;
	back = word_in(w, end, agos);
	ahead = !back && (ahead || word_in(w, end, afters));
	if (!back && !ahead)
		return 0;
	if (word_in(w, end, LIST("from", "later")) && !word_in(w, end + 1, starts))
		d->found.vague = true; /* from another day: "two days later" than what? */
	if (back || word_in(w, end, afters))
		end++;
	if (word_in(w, end, starts))
		end++;
	put(d, d->e->today + (back ? -count : count) * unit, at, end - at, false);
	return end - at;
}

/* "The last day of November". */
static size_t put_end_of(struct dates *d, size_t at)
{
	static const char *const phrases[] = { "last day of", "end of", NULL };
	int32_t day, year, month, dom;
	size_t i, n;

	for (i = 0; phrases[i]; i++) {
		int named = words_at(d->w, at, phrases[i], &n) ? month_at(d->w, at + n) : 0;

		if (!named || !nearest(d, named, 28, 12, &day))
			continue;
		civil(day, &year, &month, &dom);
		if (day_of(year, month + 1, 1, &day))
			put(d, day - 1, at, n + 1, false);
		return n + 1;
	}
	return 0;
}

static size_t put_month_end(struct dates *d, size_t at)
{
	static const char *const phrases[] = { "end of the month", "end of this month", "end of month", "month end", "last day of the month",
		"last day of this month", "mahine ke end", "mahine ke aakhir", "महीने के आखिर", "महीने के अंत", NULL };
	int32_t year, month, dom, day;
	size_t i, n;

	for (i = 0; phrases[i]; i++) {
		if (!words_at(d->w, at, phrases[i], &n))
			continue;
		civil(d->e->today, &year, &month, &dom);
		month += at && word_in(d->w, at - 1, LIST("next", "agle", "अगले"));
		if (day_of(year, month + 1, 1, &day))
			put(d, day - 1, at, n, false);
		return n;
	}
	return put_end_of(d, at);
}

/* ---- days with a name ---- */

static size_t put_holiday(struct dates *d, size_t at)
{
	static const struct {
		const char *phrase;
		int32_t month, dom;
	} days[] = { { "christmas eve", 12, 24 }, { "christmas day", 12, 25 }, { "christmas", 12, 25 }, { "new year is eve", 12, 31 }, { "new years eve", 12, 31 },
		{ "new year is day", 1, 1 }, { "new years day", 1, 1 } };
	int32_t day;
	size_t i, n;

	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (words_at(d->w, at, days[i].phrase, &n) && nearest(d, days[i].month, days[i].dom, 12, &day)) {
			put(d, day, at, n, false);
			return n;
		}
	return 0;
}

/* ---- weekdays ---- */

static bool week_follows(const struct words *w, size_t at, size_t *n)
{
	return words_at(w, at, "next week", n) || words_at(w, at, "of next week", n);
}

/* "Next week on Friday". */
static bool week_leads(const struct words *w, size_t at)
{
	at -= at && word_is(w, at - 1, "on");
	return at > 1 && word_is(w, at - 1, "week") && word_is(w, at - 2, "next") && !w->at[at].before;
}

static size_t put_weekday(struct dates *d, size_t at)
{
	static const char *const nexts[] = { "next", "agle", "अगले", NULL }, *const lasts[] = { "last", "pichle", "previous", "पिछले", NULL };
	const struct words *w = d->w;
	int32_t today = d->e->today, monday = today - (int32_t)((day_of_week(today) + 6) % 7), day;
	int week = weekday_at(w, at);
	size_t n = 0, from = at;

	if (week < 0)
		return 0;
	day = monday + (week + 6) % 7;
	if (week_follows(w, at + 1, &n) || week_leads(w, at)) {
		day += 7;
	} else if (at && word_in(w, at - 1, nexts)) {
		day += 7;
		from--;
	} else if ((at && word_in(w, at - 1, lasts)) || d->past) {
		day = day >= today ? day - 7 : day;
	} else {
		n = week_on(w, at + 1);
		day = weekday_next(d, week) + 7 * (int32_t)n;
	}
	put(d, day, from, at + 1 + n - from, !n);
	return 1 + n;
}

/* ---- days of months ---- */

static size_t put_written(struct dates *d, size_t at)
{
	const struct words *w = d->w;
	int32_t a, b, day, best;
	size_t year;

	if (at + 1 >= w->count || w->at[at].kind != WORD_NUMBER || w->at[at + 1].kind != WORD_NUMBER)
		return 0;
	if (w->at[at + 1].before == '-' && at + 2 < w->count && strlen(w->at[at].text) == 4 && w->at[at + 2].before == '-') {
		if (!day_of(atoi(w->at[at].text), atoi(w->at[at + 1].text), atoi(w->at[at + 2].text), &day))
			return 0;
		put(d, day, at, 3, false);
		return 3;
	}
	if (w->at[at + 1].before != '/' && !(w->at[at + 1].before == '-' && at + 2 < w->count && w->at[at + 2].before == '-'))
		return 0;
	a = atoi(w->at[at].text);
	b = atoi(w->at[at + 1].text);
	if ((d->e->month_first && a <= 12) || b > 12) {
		int32_t swap = a;

		a = b;
		b = swap;
	}
	if (b < 1 || b > 12 || !of_month(d, b, a, at + 2, &best, &year))
		return 0;
	put(d, best, at, 2 + year, false);
	return 2 + year;
}

/* "the 5th of next month" */
static size_t month_relative(const struct words *w, size_t at, int *offset)
{
	static const char *const of[] = { "of", "the", NULL };
	size_t n = 0;

	while (word_in(w, at + n, of))
		n++;
	if (!word_is(w, at + n + 1, "month"))
		return 0;
	*offset = word_is(w, at + n, "next") ? 1 : word_is(w, at + n, "last") ? -1 : 0;
	return *offset || word_is(w, at + n, "this") ? n + 2 : 0;
}

/* "last month on the 20th" */
static size_t month_before(const struct words *w, size_t at, int *offset)
{
	size_t from = at;

	while (from && !w->at[from].before && word_in(w, from - 1, LIST("on", "the")))
		from--;
	if (from < 2 || w->at[from].before || !word_is(w, from - 1, "month"))
		return 0;
	*offset = word_is(w, from - 2, "next") ? 1 : word_is(w, from - 2, "last") ? -1 : 0;
	return *offset || word_is(w, from - 2, "this") ? 1 : 0;
}

static bool the_before(const struct words *w, size_t at)
{
	static const char *const list[] = { "the", "on", NULL };

	return at && word_in(w, at - 1, list);
}

static size_t put_dom(struct dates *d, size_t at)
{
	const struct words *w = d->w;
	int32_t dom, day, year, month, unused;
	bool sure;
	size_t n = dom_at(w, at, &dom, &sure), more, said;
	int named, offset;

	if (!n)
		return 0;
	more = n + word_is(w, at + n, "of");
	named = month_at(w, at + more);
	if (named) {
		if (of_month(d, named, dom, at + more + 1, &day, &said))
			put(d, day, at, more + 1 + said, false);
		else
			d->found.vague = true; /* the 31st of June */
		return more + 1 + said;
	}
	more = month_relative(w, at + n, &offset);
	civil(d->e->today, &year, &month, &unused);
	if ((more || month_before(w, at, &offset)) && day_of(year, month + offset, dom, &day)) {
		more = more ? n + more : n;
		put(d, day, at, more, false);
		return more;
	}
	if (weekday_at(w, at + n) >= 0 && dom < 6 && ordinal_word(w->at[at].text)) {
		d->found.vague = true; /* the first Monday of something */
		return n + 1;
	}
	if (!sure && ordinal_word(w->at[at].text))
		sure = the_before(w, at);
	if (!sure || unit_days(w, at + n) || year_needed(d->e) || !nearest(d, 0, dom, 1, &day))
		return 0;
	put(d, day, at, n, false);
	return n;
}

static size_t put_month_first(struct dates *d, size_t at)
{
	int named = month_at(d->w, at);
	int32_t dom, day;
	bool sure;
	size_t the = word_is(d->w, at + 1, "the"), n = named ? dom_at(d->w, at + 1 + the, &dom, &sure) : 0, said;

	if (n && !sure && !ordinal_word(d->w->at[at + 1 + the].text) && year_stands_for_day(d->e, d->w, at + 1, n)) {
		d->found.vague = true;
		return 1 + the + n;
	}
	if (!n || !of_month(d, named, dom, at + 1 + the + n, &day, &said))
		return 0;
	put(d, day, at, 1 + the + n + said, false);
	return 1 + the + n + said;
}

/* What is like a date and is none: a day that was said with it is not believed. */
static bool vague(const struct words *w)
{
	static const char *const list[] = { "any day", "anytime", "weekend", "before", "or", "ya", "या", "between", "few days", "some days", "maybe friday maybe",
		"what day", "which day", NULL };

	return words_have(w, list);
}

static bool vague_after(const struct words *w, const struct found *f)
{
	static const char *const list[] = { "after", "before", "until", "till", "baad", NULL };
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->at[i].from && word_in(w, f->at[i].from - 1, list) && (f->at[i].loose || word_is(w, f->at[i].from, "christmas")))
			return true;
	return false;
}

/* "The Monday after Thanksgiving", "two days after the wedding": from a day that is not known. "Tuesday after lunch", "Friday before I leave" are known. */
static bool hangs_on(const struct words *w, size_t to)
{
	static const char *const known[] = { "lunch", "noon", "midday", "work", "breakfast", "dinner", "school", "office", "hours", "i", "we", "my", "our", "that", "or", "then",
		"you", "about", "around", "closing", NULL };
	int32_t hour;

	if (!word_in(w, to, LIST("after", "before", "following", "past")) || w->at[to].before)
		return false;
	to += 1 + word_in(w, to + 1, LIST("the", "a"));
	return to < w->count && !w->at[to].before && !word_in(w, to, known) && !number_small(w, to, &hour) && w->at[to].kind == WORD_LETTERS;
}

static bool any_hangs(const struct words *w, const struct found *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (hangs_on(w, f->at[i].to) || (f->at[i].from > 1 && word_in(w, f->at[i].from - 1, LIST("after", "before")) && unit_days(w, f->at[i].from - 2)))
			return true;
	return false;
}

static enum understood read_date(const struct expect *e, const struct words *w, struct answer *out)
{
	static size_t (*const readers[])(struct dates *, size_t) = { put_written, put_near, put_holiday, put_distance, put_month_end, put_weekday, put_month_first,
		put_dom };
	struct dates d = { .e = e, .w = w, .past = e->has_high && e->high <= 0 };
	size_t i, n, r;

	if (!e->has_today)
		return UNDERSTOOD_NOT;
	for (i = 0; i < w->count; i += n ? n : 1)
		for (r = 0, n = 0; r < sizeof(readers) / sizeof(readers[0]) && !n; r++)
			n = readers[r](&d, i);
	if (d.found.vague || vague_after(w, &d.found) || any_hangs(w, &d.found) || !found_choose(w, &d.found, &out->number, &out->used))
		return UNDERSTOOD_NOT;
	if (vague(w) && !words_correct(w, 0, d.found.at[d.found.count - 1].from) && d.found.count > 1)
		return UNDERSTOOD_NOT;
	return within(&d, out->number) ? UNDERSTOOD_VALUE : UNDERSTOOD_RANGE;
}

/* "I already did this morning" names no day to come. */
static bool tells_of_done(const struct expect *e, const struct words *w)
{
	static const char *const done[] = { "already did", "already paid", "already done", "already sent", "already made", "already transferred",
		"i did", "i have done", "i paid", "have paid", "just paid", "just did", "i sent", "have sent", "i transferred", "have transferred",
		"was paid", "been paid", "is paid", "did it", "did that", "did this", "de diya", "de diye", "de chuka", "de chuki", "kar diya",
		"kar chuka", "kar chuki", "ho gaya", "ho gayi", "ho chuka", "bhar diya", "दे दिया", "दे दिए", "दे चुका", "दे चुकी", "कर दिया",
		"कर चुका", "कर चुकी", "हो गया", "हो गई", "हो चुका", "भर दिया", NULL };
	static const char *const ahead[] = { "will", "i did say", "i did tell", "get paid", "once", "when", "after", NULL };

	return e->has_low && e->low >= 0 && words_have(w, done) && !words_have(w, ahead);
}

/* A day that the redaction holds back; two of them are none, unless the second corrects the first. */
static enum understood held_day(const struct words *w, struct answer *out)
{
	size_t i, held = w->count;

	for (i = 0; i < w->count; i++) {
		if (w->at[i].kind != WORD_HELD || w->at[i].day == REDACTED_NO_DAY)
			continue;
		if (held < w->count && strcmp(w->at[held].text, w->at[i].text) != 0 && !words_correct(w, held + 1, i))
			return UNDERSTOOD_NOT;
		held = i;
	}
	if (held == w->count || strlen(w->at[held].text) >= sizeof(out->digits))
		return UNDERSTOOD_NOT;
	if (w->at[held].day == REDACTED_DAY_OUTSIDE)
		return UNDERSTOOD_RANGE;
	memcpy(out->digits, w->at[held].text, strlen(w->at[held].text) + 1);
	out->used = held + 1;
	return UNDERSTOOD_VALUE;
}

enum understood understand_date(const struct expect *e, const struct words *w, struct answer *out)
{
	enum understood u = held_day(w, out);

	if (u != UNDERSTOOD_NOT)
		return u;
	return tells_of_done(e, w) ? UNDERSTOOD_NOT : understand_conclusion(read_date, e, w, out);
}

bool date_names_day(const struct words *w, size_t at)
{
	static const char *const near[] = { "today", "tomorrow", "tonight", "yesterday", "weekend", "week", "month", "kal", "aaj", "parso", "hafte",
		"mahine", "कल", "आज", "परसों", "हफ्ते", "महीने", NULL };

	return weekday_at(w, at) >= 0 || (month_at(w, at) && !word_is(w, at, "may")) || word_in(w, at, near);
}

int32_t date_month_at(const struct words *w, size_t at)
{
	return month_at(w, at);
}
