/* Times of day as they are said. Which half of the day is meant, the words say ("in the afternoon") or the question's range; where neither does, it is
 * asked, and the next words may say only that. */
#include "providers/rehearsed/understand.h"

#include <stdlib.h>
#include <string.h>

#include "redact/token.h"

enum { NOON = 12 * 60, SMALL_HOURS = 5 * 60, DAY_BEGINS = 7 * 60 };

enum half { HALF_ANY = 0, HALF_MORNING, HALF_LATER, HALF_NIGHT };

struct times {
	const struct expect *e;
	const struct words *w;
	struct found found;
	enum half half; /* said anywhere */
	bool outside;   /* a time was said that does not fit */
	uint32_t open;  /* which of `found` may be in either half: as bits; there they stand in the first */
};

static bool within(const struct expect *e, int64_t minute)
{
	return (!e->has_low || minute >= e->low) && (!e->has_high || minute <= e->high);
}

static enum half half_at(const struct words *w, size_t at)
{
	static const char *const morning[] = { "am", "morning", "subah", "savere", "सुबह", "सवेरे", NULL };
	static const char *const later[] = { "pm", "afternoon", "evening", "dopahar", "shaam", "sham", "दोपहर", "शाम", NULL };
	static const char *const night[] = { "night", "tonight", "raat", "रात", NULL };

	if (words_any_at(w, at, LIST("before noon", "before lunch", "before midday")))
		return HALF_MORNING;
	return word_in(w, at, morning) ? HALF_MORNING : word_in(w, at, later) ? HALF_LATER : word_in(w, at, night) ? HALF_NIGHT : HALF_ANY;
}

/* The one half that is named anywhere; *several: two are. */
static enum half half_of(const struct words *w, bool *several)
{
	enum half half = HALF_ANY, one;
	size_t i;

	*several = false;
	for (i = 0; i < w->count; i++) {
		one = half_at(w, i);
		*several = *several || (one && half && one != half);
		half = one ? one : half;
	}
	return half;
}

/* "Two at night" is before the morning, "nine at night" before midnight. */
static int32_t in_half(enum half half, int32_t early)
{
	return half == HALF_LATER || (half == HALF_NIGHT && early >= SMALL_HOURS) ? early + NOON : early;
}

/* A time on the twelve hours; after noon or not is decided here. */
static void put(struct times *t, int32_t hour, int32_t minute, size_t from, size_t to)
{
	int32_t early = hour % 12 * 60 + minute, late = early + NOON;

	if (hour > 12 || (hour == 0 && minute >= 0 && t->w->at[from].kind == WORD_NUMBER)) {
		found_put(&t->found, hour * 60 + minute, from, to, false);
	} else if (t->half) {
		found_put(&t->found, in_half(t->half, early), from, to, false);
	} else if (within(t->e, early) && within(t->e, late)) {
		t->open |= t->found.count < FOUND_MAX ? UINT32_C(1) << t->found.count : 0;
		found_put(&t->found, early, from, to, false);
	} else if (within(t->e, early) || within(t->e, late)) {
		found_put(&t->found, within(t->e, early) ? early : late, from, to, false);
	} else {
		t->outside = true;
	}
}

/* "The morning one", "this one": it counts nothing. */
static bool is_pronoun(const struct words *w, size_t at)
{
	static const char *const leads[] = { "the", "this", "that", "which", "any", "either", "each", NULL };

	return at && word_is(w, at, "one") && (word_in(w, at - 1, leads) || (at > 1 && word_in(w, at - 2, leads) && !w->at[at - 1].before));
}

static size_t hour_at(const struct words *w, size_t at, int32_t *hour)
{
	size_t n = is_pronoun(w, at) ? 0 : number_small(w, at, hour);

	return n && *hour >= 0 && *hour <= 24 && (w->at[at].kind == WORD_NUMBER || *hour > 0) ? n : 0;
}

static size_t put_noon(struct times *t, size_t at)
{
	static const char *const noon[] = { "noon", "midday", NULL }, *const midnight[] = { "midnight", NULL };

	if (word_in(t->w, at, noon))
		found_put(&t->found, NOON, at, at + 1, false);
	else if (word_in(t->w, at, midnight))
		found_put(&t->found, 0, at, at + 1, false);
	else
		return 0;
	return 1;
}

/* "half past two", "quarter to ten", "ten past three", "half two". */
static size_t put_past(struct times *t, size_t at)
{
	const struct words *w = t->w;
	size_t a = word_is(w, at, "a"), n = 0, m;
	int32_t minutes = 0, hour;
	bool to;

	if (word_is(w, at + a, "half") || word_is(w, at + a, "quarter")) {
		minutes = word_is(w, at + a, "half") ? 30 : 15;
		n = a + 1;
	} else {
		n = number_small(w, at, &minutes);
	}
	if (!n)
		return 0;
	n += word_is(w, at + n, "minutes");
	to = word_is(w, at + n, "to");
	if (to && minutes != 15 && minutes != 10 && minutes != 20 && minutes != 5)
		return 0;
	if (!to && !word_is(w, at + n, "past") && !(minutes == 30 && word_is(w, at, "half")))
		return 0;
	n += to || word_is(w, at + n, "past");
	m = hour_at(w, at + n, &hour);
	if (!m || minutes > 59 || hour > 12)
		return 0;
	hour -= to;
	put(t, hour ? hour : 12, to ? 60 - minutes : minutes, at, at + n + m);
	return n + m;
}

/* "saadhe teen baje", "dedh baje" */
static size_t put_hindi(struct times *t, size_t at)
{
	static const char *const half[] = { "saadhe", "sadhe", "साढे", NULL }, *const quarter[] = { "sava", "sawa", "सवा", NULL };
	static const char *const less[] = { "paune", "पौने", NULL }, *const one[] = { "dedh", "डेढ", NULL }, *const two[] = { "dhai", "ढाई", NULL };
	const struct words *w = t->w;
	int32_t hour;
	size_t n;

	if (word_in(w, at, one) || word_in(w, at, two)) {
		put(t, word_in(w, at, one) ? 1 : 2, 30, at, at + 1);
		return 1;
	}
	if (!word_in(w, at, half) && !word_in(w, at, quarter) && !word_in(w, at, less))
		return 0;
	n = hour_at(w, at + 1, &hour);
	if (!n)
		return 0;
	if (word_in(w, at, less))
		put(t, hour > 1 ? hour - 1 : 12, 45, at, at + 1 + n);
	else
		put(t, hour, word_in(w, at, half) ? 30 : 15, at, at + 1 + n);
	return 1 + n;
}

/* Minutes behind an hour: ":30", "thirty", "forty five", "oh five". Of a word that may stand for a number ("for", "to") nothing is taken, and where there
 * are none *minutes stays as it was. */
static size_t minutes_at(const struct words *w, size_t at, int32_t *minutes)
{
	static const char *const ohs[] = { "oh", "o", "zero", NULL };
	size_t oh = word_in(w, at, ohs), n;
	bool is_alone, fits;
	int32_t said;

	if (at >= w->count || w->at[at].before == ',')
		return 0;
	n = number_small(w, at + oh, &said);
	if (!n || said < 0 || said > 59)
		return 0;
	is_alone = w->at[at].before != '-' && w->at[at].before != '/';
	fits = oh ? said < 10 : w->at[at].before == ':' || (said > 9 && is_alone);
	if (!fits)
		return 0;
	*minutes = said;
	return oh + n;
}

/* "Three 75": what stands right behind the hour is more minutes than an hour has, so that the whole is no time. */
static bool is_overrun(const struct words *w, size_t at)
{
	int32_t said;

	return at < w->count && !w->at[at].before && number_small(w, at, &said) && said > 59;
}

/* "10.30" is one number word. */
static size_t put_point(struct times *t, size_t at)
{
	const char *text = t->w->at[at].text, *point = strchr(text, '.');
	int32_t hour = atoi(text), minutes;

	if (t->w->at[at].kind != WORD_NUMBER || !point || strlen(point) != 3)
		return 0;
	minutes = atoi(point + 1);
	if (hour > 23 || minutes > 59)
		return 0;
	put(t, hour, minutes, at, at + 1);
	return 1;
}

static size_t put_hour(struct times *t, size_t at)
{
	static const char *const words[] = { "oclock", "baje", "बजे", "sharp", NULL };
	const struct words *w = t->w;
	int32_t hour, minutes = 0;
	size_t n = hour_at(w, at, &hour), m;

	if (!n || strchr(w->at[at].text, '.'))
		return 0;
	if (number_of_other(w, at + n) || (n == 1 && word_in(w, at + 1, LIST("more", "of")) && number_of_other(w, at + 2)))
		return n;
	if (n == 2 && hour > 12) /* "twenty two": an hour of nobody's day when spoken */
		return 0;
	m = word_in(w, at + n, words) ? 0 : minutes_at(w, at + n, &minutes);
	if (!m && number_of_thing(w, at + n) && !word_in(w, at + n, words))
		return n;
	t->found.vague = t->found.vague || (!m && is_overrun(w, at + n));
	n += m;
	n += word_in(w, at + n, words);
	if (hour == 24)
		return n;
	put(t, hour, minutes, at, at + n);
	return n;
}

/* "After nine" is no time; "nine, before I go to work" is one. */
static bool vague(const struct words *w, const struct found *f)
{
	static const char *const list[] = { "or", "between", "until", "till", "ya", "या", "baad", "pehle", "बाद", "पहले", NULL };
	static const char *const bounds[] = { "after", "before", NULL }, *const persons[] = { "i", "we", "my", NULL };
	size_t i;

	for (i = 0; i < w->count; i++)
		if (word_in(w, i, bounds) && !(word_in(w, i + 1, persons) && f->count && i >= f->at[f->count - 1].to))
			return true;
	return words_have(w, list);
}

static bool is_open(const struct times *t, int64_t minute)
{
	size_t i;

	for (i = 0; i < t->found.count; i++)
		if (t->found.at[i].value == minute && (t->open >> i & 1))
			return true;
	return false;
}

static enum understood read_time(const struct expect *e, const struct words *w, struct answer *out)
{
	static size_t (*const readers[])(struct times *, size_t) = { put_noon, put_past, put_hindi, put_point, put_hour };
	struct times t = { .e = e, .w = w };
	size_t i, n, r;

	t.half = half_of(w, &t.found.vague);
	for (i = 0; i < w->count; i += n ? n : 1)
		for (r = 0, n = 0; r < sizeof(readers) / sizeof(readers[0]) && !n; r++)
			n = readers[r](&t, i);
	if (vague(w, &t.found) || t.found.vague)
		return UNDERSTOOD_NOT;
	if (!found_choose(w, &t.found, &out->number, &out->used))
		return t.outside ? UNDERSTOOD_RANGE : UNDERSTOOD_NOT;
	if (is_open(&t, out->number))
		return UNDERSTOOD_HALF;
	return within(e, out->number) ? UNDERSTOOD_VALUE : UNDERSTOOD_RANGE;
}

enum understood understand_time(const struct expect *e, const struct words *w, struct answer *out)
{
	return understand_conclusion(read_time, e, w, out);
}

const struct word *time_part(const struct words *w)
{
	const struct word *part = NULL;
	bool several;
	size_t i;

	if (!half_of(w, &several) || several)
		return NULL;
	for (i = 0; i < w->count; i++) {
		if (word_negates(w, i) && (i || word_is(w, i, "not")))
			return NULL;
		part = half_at(w, i) && !word_is(w, i, "before") ? &w->at[i] : part;
	}
	return part;
}

int64_t time_plausible(int64_t early)
{
	return early < DAY_BEGINS ? early + NOON : early;
}

bool understand_half(const struct words *w, int64_t early, struct answer *out)
{
	bool several;
	enum half half = half_of(w, &several);
	size_t i;

	for (i = 0; i < w->count; i++)
		if (word_negates(w, i) && (i || word_is(w, i, "not")))
			return false; /* "not in the morning"; a "no" that comes first is to the question */
	if (!half || several)
		return false;
	*out = (struct answer){ .number = in_half(half, (int32_t)early), .used = w->count };
	return true;
}
