#include "base/wording.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MICROS = 1000000, DECIMALS = 6, MINUTES_A_DAY = 24 * 60 };

bool language_is(const char *tag, const char *language)
{
	size_t len = strlen(language);

	return !strncasecmp(tag, language, len) && (!tag[len] || tag[len] == '-' || tag[len] == '_');
}

/* Days from the civil calendar: years begin in March, so that the leap day is the last of its year. */
static int32_t days_from(int32_t y, int32_t m, int32_t d)
{
	int32_t shifted = y - (m <= 2);
	int32_t era = shifted / 400, of_era = shifted % 400;
	int32_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from(int32_t day, int32_t *y, int32_t *m, int32_t *d)
{
	int32_t shifted = day + 719468;
	int32_t era = shifted / 146097, left = shifted % 146097;
	int32_t of_era = (left - left / 1460 + left / 36524 - left / 146096) / 365;
	int32_t of_year = left - (365 * of_era + of_era / 4 - of_era / 100);
	int32_t month = (5 * of_year + 2) / 153;

	*d = of_year - (153 * month + 2) / 5 + 1;
	*m = month + (month < 10 ? 3 : -9);
	*y = of_era + era * 400 + (*m <= 2);
}

static bool number_at(const char *text, size_t len, int32_t *out)
{
	size_t i;

	for (*out = 0, i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		*out = *out * 10 + (text[i] - '0');
	}
	return true;
}

bool day_parse(const char *text, size_t len, int32_t *day)
{
	int32_t y, m, d, back_y, back_m, back_d;

	if (len != 10 || text[4] != '-' || text[7] != '-' || !number_at(text, 4, &y) || !number_at(text + 5, 2, &m) ||
		!number_at(text + 8, 2, &d) || y < 1900 || y > 2199 || m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	*day = days_from(y, m, d);
	civil_from(*day, &back_y, &back_m, &back_d);
	return back_d == d; /* the 31st of June would have become the 1st of July */
}

void day_print(int32_t day, char out[11])
{
	int32_t y, m, d;

	civil_from(day, &y, &m, &d);
	snprintf(out, 11, "%04u-%02u-%02u", (unsigned int)y % 10000, (unsigned int)m % 100, (unsigned int)d % 100);
}

unsigned int day_of_week(int32_t day)
{
	return (unsigned int)(((day % 7) + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
}

bool minute_parse(const char *text, size_t len, int32_t *minute)
{
	int32_t h, m;

	if (len != 5 || text[2] != ':' || !number_at(text, 2, &h) || !number_at(text + 3, 2, &m) || h > 23 || m > 59)
		return false;
	*minute = h * 60 + m;
	return true;
}

void minute_print(int32_t minute, char out[6])
{
	assert(minute >= 0 && minute < MINUTES_A_DAY);
	snprintf(out, 6, "%02u:%02u", (unsigned int)minute / 60 % 24, (unsigned int)minute % 60);
}

bool micros_parse(const char *text, size_t len, int64_t *micros)
{
	bool negative = len && *text == '-', point = false;
	size_t i = negative, decimals = 0;
	int64_t sum = 0;

	if (i == len || !isdigit((unsigned char)text[i]) || !isdigit((unsigned char)text[len - 1]))
		return false;
	for (; i < len; i++) {
		if (text[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)text[i]) || (decimals += point) > DECIMALS || __builtin_mul_overflow(sum, (int64_t)10, &sum) ||
			__builtin_add_overflow(sum, (int64_t)(text[i] - '0'), &sum))
			return false;
	}
	for (; decimals < DECIMALS; decimals++)
		if (__builtin_mul_overflow(sum, (int64_t)10, &sum))
			return false;
	*micros = negative ? -sum : sum;
	return true;
}

void micros_print(struct buf *b, int64_t micros)
{
	uint64_t size = micros < 0 ? 0 - (uint64_t)micros : (uint64_t)micros;
	unsigned int rest = (unsigned int)(size % MICROS);
	char decimals[DECIMALS + 1];
	int last = DECIMALS;

	buf_printf(b, "%s%" PRIu64, micros < 0 ? "-" : "", size / MICROS);
	if (!rest)
		return;
	snprintf(decimals, sizeof(decimals), "%06u", rest);
	while (decimals[last - 1] == '0')
		last--;
	buf_printf(b, ".%.*s", last, decimals);
}

struct currency {
	const char *code, *one, *many, *hindi;
};

static const struct currency currencies[] = {
	{ "INR", "rupee", "rupees", "रुपये" },
	{ "USD", "dollar", "dollars", "डॉलर" },
	{ "EUR", "euro", "euros", "यूरो" },
	{ "GBP", "pound", "pounds", "पाउंड" },
};

void wording_amount(struct buf *b, int64_t micros, const char *currency, const char *language)
{
	const struct currency *c;
	const char *word = currency;
	size_t i;

	for (i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++) {
		c = &currencies[i];
		if (strcmp(c->code, currency) != 0)
			continue;
		if (language_is(language, "en"))
			word = micros == MICROS ? c->one : c->many;
		else if (language_is(language, "hi"))
			word = c->hindi;
	}
	micros_print(b, micros);
	buf_printf(b, " %s", word);
}

static const char *month_word(int32_t month, bool hindi)
{
	static const char *const months[2][12] = {
		{ "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" },
		{ "जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर" },
	};

	return months[hindi][month - 1];
}

/* A language that has no words of its own for a day gets the plain form. */
static bool date_plain(struct buf *b, int32_t day, const char *language)
{
	char plain[11];

	if (language_is(language, "hi") || language_is(language, "en"))
		return false;
	day_print(day, plain);
	buf_text(b, plain);
	return true;
}

void wording_date(struct buf *b, int32_t day, const char *language)
{
	static const char *const days[2][7] = {
		{ "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
		{ "रविवार", "सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार" },
	};
	bool hindi = language_is(language, "hi");
	int32_t y, m, d;

	if (date_plain(b, day, language))
		return;
	civil_from(day, &y, &m, &d);
	buf_printf(b, "%s, %d %s", days[hindi][day_of_week(day)], (int)d, month_word(m, hindi));
}

void wording_date_year(struct buf *b, int32_t day, const char *language)
{
	int32_t y, m, d;

	if (date_plain(b, day, language))
		return;
	civil_from(day, &y, &m, &d);
	buf_printf(b, "%d %s %d", (int)d, month_word(m, language_is(language, "hi")), (int)y);
}

static const char *hindi_part(int32_t hour)
{
	if (hour < 4 || hour >= 20)
		return "रात";
	return hour < 12 ? "सुबह" : hour < 16 ? "दोपहर" : "शाम";
}

void wording_time(struct buf *b, int32_t minute, const char *language)
{
	int32_t hour = minute / 60, rest = minute % 60, twelve = hour % 12 ? hour % 12 : 12;
	char plain[6];

	if (language_is(language, "en")) {
		buf_printf(b, "%d", (int)twelve);
		if (rest)
			buf_printf(b, ":%02d", (int)rest);
		buf_text(b, hour < 12 ? " AM" : " PM");
	} else if (language_is(language, "hi")) {
		buf_printf(b, "%s %d %s", hindi_part(hour), (int)twelve, rest ? "बजकर" : "बजे");
		if (rest)
			buf_printf(b, " %d मिनट", (int)rest);
	} else {
		minute_print(minute, plain);
		buf_text(b, plain);
	}
}

void wording_digits(struct buf *b, const char *digits, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_printf(b, "%s%c", i ? " " : "", digits[i]);
}
