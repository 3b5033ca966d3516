/* Dates and days of the week: "2026-11-22", "22/11/2026" (the day first, or the month, as the language has it), "Nov 22, 2026", "22nd November",
 * "Mon-Fri". What no calendar has stays as it is. */
#include "voice/spoken/parts.h"

#include <string.h>

enum { MONTHS = 12, DAYS = 7, SHORT_LETTERS = 3, CENTURY = 2000 };

struct date {
	unsigned int day, month, year; /* 0: not said */
};

static const char *const months[2][MONTHS] = {
	{ "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" },
	{ "जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर" },
};

static const char *const days[2][DAYS] = {
	{ "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" },
	{ "सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार" },
};

static bool date_is(const struct date *d)
{
	static const unsigned int longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return d->month >= 1 && d->month <= MONTHS && d->day >= 1 && d->day <= longest[d->month - 1];
}

static void date_put(struct buf *b, const struct tongue *t, const struct date *d, bool day_first)
{
	const char *month = months[t->hindi][d->month - 1];

	if (d->day && day_first)
		ordinal_put(b, t, d->day);
	word_put(b, month);
	if (d->day && !day_first)
		ordinal_put(b, t, d->day);
	if (!d->year)
		return;
	if (d->day && !t->hindi)
		buf_byte(b, ',');
	year_put(b, t, d->year);
}

/* ---- of numbers ---- */

/* Three numbers with one and the same mark between: their lengths in digits; the bytes they take, or 0. */
static size_t triple_read(const struct reading *r, size_t n[3])
{
	size_t at = r->at, i;
	char mark = 0;

	for (i = 0; i < 3; i++) {
		n[i] = digits_at(r, at);
		at += n[i];
		if (!n[i] || n[i] > 4 || (i == 1 && byte_at(r, at) != mark))
			return 0;
		mark = byte_at(r, at);
		at += i < 2;
		if (i < 2 && mark != '/' && mark != '-' && mark != '.')
			return 0;
	}
	at -= r->at;
	return wordy_at(r, r->at + at) || (mark && byte_at(r, r->at + at) == r->text[r->at + n[0]] && is_digit(byte_at(r, r->at + at + 1))) ? 0 : at;
}

static size_t numeric_read(const struct reading *r, struct buf *words)
{
	size_t n[3], taken = triple_read(r, n);
	char mark = byte_at(r, r->at + n[0]);
	struct date d, other;

	if (!taken)
		return 0;
	d = (struct date){ small_at(r, r->at, n[0]), small_at(r, r->at + n[0] + 1, n[1]), small_at(r, r->at + n[0] + n[1] + 2, n[2]) };
	if (n[0] == 4 && n[1] <= 2 && n[2] <= 2)
		d = (struct date){ d.year, d.month, d.day };
	else if (n[0] > 2 || n[1] > 2 || (n[2] != 4 && !(n[2] == 2 && mark == '/')))
		return 0;
	else if (!r->tongue->day_first)
		d = (struct date){ d.month, d.day, d.year };
	other = (struct date){ d.month, d.day, d.year };
	if (n[0] != 4 && n[2] == 2)
		d.year = other.year = d.year + CENTURY;
	if (!date_is(&d) && n[0] != 4)
		d = other;
	if (!date_is(&d) || d.year < 1000)
		return 0;
	date_put(words, r->tongue, &d, r->tongue->day_first);
	return taken;
}

/* ---- with a month's name ---- */

static bool is_short(const struct reading *r, size_t at, size_t n)
{
	static const char *const others[] = { "Sept", "Tues", "Thur", "Thurs", NULL };

	return n == SHORT_LETTERS || word_among(r, at, n, others);
}

/* A name of the list, whole or its first letters with a dot or without, capitalised: its index and bytes; 0: none. */
static size_t name_read(const struct reading *r, size_t at, const char *const *names, size_t count, size_t *index)
{
	size_t i, n;

	for (i = 0; i < count && is_upper(byte_at(r, at)); i++) {
		const char *name = names[i];
		size_t len = strlen(name);

		if (r->text[at] != name[0])
			continue;
		for (n = 0; n < len && is_letter(byte_at(r, at + n)) && (byte_at(r, at + n) | 0x20) == (name[n] | 0x20); n++)
			;
		*index = i;
		if (wordy_at(r, at + n) || (n < len && !is_short(r, at, n)))
			continue;
		return n + (n < len && byte_at(r, at + n) == '.' && !sentence_ends(r, at + n));
	}
	return 0;
}

/* "22" or "22nd", nothing of a longer number; its bytes. */
static size_t day_read(const struct reading *r, size_t at, unsigned int *day)
{
	size_t n = digits_at(r, at), end = at + n;

	if (!n || n > 2)
		return 0;
	*day = small_at(r, at, n);
	if (word_at(r, end, "st") || word_at(r, end, "nd") || word_at(r, end, "rd") || word_at(r, end, "th"))
		n += 2;
	else if ((byte_at(r, end) == '.' || byte_at(r, end) == ',' || byte_at(r, end) == ':' || byte_at(r, end) == '/') && is_digit(byte_at(r, end + 1)))
		return 0;
	return wordy_at(r, at + n) || byte_at(r, at + n) == '%' ? 0 : n;
}

/* A year behind a date: ", 2026", " 2026" or "-2026"; its bytes. */
static size_t year_read(const struct reading *r, size_t at, unsigned int *year)
{
	size_t before = byte_at(r, at) == ',', n;

	before += byte_at(r, at + before) == ' ' || (!before && byte_at(r, at) == '-');
	n = before ? digits_at(r, at + before) : 0;
	*year = n == 4 ? small_at(r, at + before, n) : 0;
	return *year >= 1000 && *year < 2200 && !wordy_at(r, at + before + n) ? before + n : 0;
}

/* "Nov 22-25": the second day. */
static size_t day_range_read(const struct reading *r, size_t at, struct buf *words)
{
	size_t dash = dash_at(r, at), n = dash ? digits_at(r, at + dash) : 0;
	unsigned int day;

	n = n ? day_read(r, at + dash, &day) : 0;
	if (!n || !day || day > 31)
		return 0;
	term_put(words, r->tongue, TERM_TO);
	ordinal_put(words, r->tongue, day);
	return dash + n;
}

static size_t month_first_read(const struct reading *r, struct buf *words)
{
	size_t index, month = name_read(r, r->at, months[0], MONTHS, &index), at = r->at + month, n, year;
	struct date d;

	if (!month || byte_at(r, at) != ' ')
		return 0;
	d = (struct date){ .month = (unsigned int)index + 1 };
	n = year_read(r, at, &d.year);
	if (n) {
		date_put(words, r->tongue, &d, false);
		return month + n;
	}
	n = day_read(r, at + 1, &d.day);
	if (!n || !date_is(&d))
		return 0;
	at += 1 + n;
	n = day_range_read(r, at, words);
	if (n) {
		buf_reset(words);
		date_put(words, r->tongue, &d, r->tongue->hindi);
		(void)day_range_read(r, at, words);
		return at + n - r->at;
	}
	year = year_read(r, at, &d.year);
	d.year = year ? d.year : 0;
	date_put(words, r->tongue, &d, r->tongue->hindi);
	return at + year - r->at;
}

static size_t day_first_read(const struct reading *r, struct buf *words)
{
	struct date d = { 0 };
	size_t n = day_read(r, r->at, &d.day), at = r->at + n, index, month, year;

	if (!n || (byte_at(r, at) != ' ' && byte_at(r, at) != '-'))
		return 0;
	month = name_read(r, at + 1, months[0], MONTHS, &index);
	d.month = (unsigned int)index + 1;
	if (!month || !date_is(&d))
		return 0;
	at += 1 + month;
	year = year_read(r, at, &d.year);
	d.year = year ? d.year : 0;
	date_put(words, r->tongue, &d, true);
	return at + year - r->at;
}

size_t date_read(const struct reading *r, struct buf *words)
{
	size_t taken;

	if (wordy_before(r, r->at))
		return 0;
	if (!is_digit(byte_at(r, r->at)))
		return is_upper(byte_at(r, r->at)) ? month_first_read(r, words) : 0;
	taken = numeric_read(r, words);
	return taken ? taken : day_first_read(r, words);
}

/* ---- days of the week ---- */

/* "Sat" and "Sun" are also words: they are days before a dash, a number, a month behind a comma, and behind a dash. */
static bool is_day(const struct reading *r, size_t end, size_t index)
{
	char next = byte_at(r, end);

	if (next == ',')
		return index < DAYS - 2 || (byte_at(r, end + 1) == ' ' && (is_digit(byte_at(r, end + 2)) || is_upper(byte_at(r, end + 2))));
	if (index < DAYS - 2 || next == '-' || text_at(r, end, "–") || (r->at && r->text[r->at - 1] == '-'))
		return true;
	return next == ' ' && is_digit(byte_at(r, end + 1));
}

size_t weekday_read(const struct reading *r, struct buf *words)
{
	size_t index = 0, n, dash, second, other;

	n = wordy_before(r, r->at) ? 0 : name_read(r, r->at, days[0], DAYS, &index);
	if (!n || n == strlen(days[0][index]) || !is_day(r, r->at + n, index))
		return 0;
	dash = dash_at(r, r->at + n);
	other = dash ? name_read(r, r->at + n + dash, days[0], DAYS, &second) : 0;
	if (dash && !other)
		return 0;
	word_put(words, days[r->tongue->hindi][index]);
	if (!other)
		return n;
	term_put(words, r->tongue, TERM_TO);
	word_put(words, days[r->tongue->hindi][second]);
	return n + dash + other;
}
