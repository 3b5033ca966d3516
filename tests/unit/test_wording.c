/* Amounts, dates, times and digits: read, written, and said in a language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/wording.h"

static void a_tag_is_of_its_language(void **state)
{
	static const char *const english[] = { "en", "EN", "en-IN", "en_US", "En-Latn-US" }, *const others[] = { "", "e", "enm", "eng", "hi", "hi-en", "-en" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(english) / sizeof(english[0]); i++)
		assert_true(language_is(english[i], "en"));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(language_is(others[i], "en"));
	assert_true(language_is("hi-Latn", "hi"));
	assert_true(language_is("fil-PH", "fil"));
	assert_false(language_is("fi-FI", "fil"));
}

/* Every day of three hundred years, against the C library's calendar. */
static void days_are_those_of_the_calendar(void **state)
{
	int32_t day, first, last, back;
	char text[11], want[11];

	(void)state;
	assert_true(day_parse("1900-01-01", 10, &first));
	assert_true(day_parse("2199-12-31", 10, &last));
	assert_int_equal(last - first, 109572);
	for (day = first; day <= last; day++) {
		time_t at = (time_t)day * 86400;
		struct tm tm;

		gmtime_r(&at, &tm);
		strftime(want, sizeof(want), "%Y-%m-%d", &tm);
		day_print(day, text);
		assert_string_equal(text, want);
		assert_true(day_parse(text, 10, &back));
		assert_int_equal(back, day);
		assert_int_equal(day_of_week(day), tm.tm_wday);
	}
}

static void days_that_no_calendar_has_are_refused(void **state)
{
	static const char *const wrong[] = { "", "2026-02-29", "2026-04-31", "2100-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "1899-12-31",
		"2200-01-01", "2026/01/01", "2026-1-1", "26-01-01", "2026-01-01x", "2026-01- 1", "+026-01-01" };
	int32_t day;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(day_parse(wrong[i], strlen(wrong[i]), &day));
	assert_true(day_parse("2028-02-29", 10, &day));
}

static void times_are_read_and_written(void **state)
{
	static const char *const wrong[] = { "24:00", "12:60", "1:30", "12.30", "12:3", "ab:cd", "12:300" };
	int32_t minute, back;
	char text[6];
	size_t i;

	(void)state;
	for (minute = 0; minute < 1440; minute++) {
		minute_print(minute, text);
		assert_true(minute_parse(text, 5, &back));
		assert_int_equal(back, minute);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(minute_parse(wrong[i], strlen(wrong[i]), &minute));
}

static void numbers_have_six_decimals_at_most(void **state)
{
	static const struct {
		const char *text;
		int64_t micros;
		const char *back;
	} good[] = { { "0", 0, "0" }, { "1500", 1500000000, "1500" }, { "1500.50", 1500500000, "1500.5" }, { "-2.000001", -2000001, "-2.000001" },
		{ "007", 7000000, "7" }, { "9223372036854.775807", INT64_MAX, "9223372036854.775807" } };
	static const char *const bad[] = { "", "-", ".5", "5.", "1.2.3", "1.0000001", "1e3", "9223372036854.775808", "99999999999999999999", "1 000", "+1", "-.5" };
	struct buf b;
	int64_t micros;
	size_t i;

	(void)state;
	buf_init(&b, 100);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(micros_parse(good[i].text, strlen(good[i].text), &micros));
		assert_true(micros == good[i].micros);
		buf_reset(&b);
		micros_print(&b, micros);
		assert_string_equal(buf_str(&b), good[i].back);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(micros_parse(bad[i], strlen(bad[i]), &micros));
	buf_reset(&b);
	micros_print(&b, INT64_MIN);
	assert_string_equal(buf_str(&b), "-9223372036854.775808");
	buf_fini(&b);
}

static int32_t day_of(const char *text)
{
	int32_t day;

	assert_true(day_parse(text, strlen(text), &day));
	return day;
}

static void said(struct buf *b, const char *want)
{
	assert_string_equal(buf_str(b), want);
	buf_reset(b);
}

static void values_are_said_in_their_language(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 200);
	wording_amount(&b, 1500500000, "INR", "en-IN");
	said(&b, "1500.5 rupees");
	wording_amount(&b, 1000000, "USD", "en");
	said(&b, "1 dollar");
	wording_amount(&b, 2000000, "INR", "hi-IN");
	said(&b, "2 रुपये");
	wording_amount(&b, 2000000, "EUR", "de-DE");
	said(&b, "2 EUR");
	wording_amount(&b, 2000000, "XYZ", "en-US");
	said(&b, "2 XYZ");
	wording_date(&b, 20780, "en-US");
	said(&b, "Monday, 23 November");
	wording_date(&b, 20780, "hi-IN");
	said(&b, "सोमवार, 23 नवंबर");
	wording_date(&b, 20780, "eng"); /* no part of a tag */
	said(&b, "2026-11-23");
	wording_date_year(&b, day_of("1991-08-14"), "en-US");
	said(&b, "14 August 1991");
	wording_date_year(&b, day_of("1903-01-01"), "hi-IN");
	said(&b, "1 जनवरी 1903");
	wording_date_year(&b, day_of("1991-08-14"), "de-DE");
	said(&b, "1991-08-14");
	wording_time(&b, 0, "en");
	said(&b, "12 AM");
	wording_time(&b, 12 * 60 + 5, "en");
	said(&b, "12:05 PM");
	wording_time(&b, 17 * 60, "hi-IN");
	said(&b, "शाम 5 बजे");
	wording_time(&b, 9 * 60 + 30, "hi-IN");
	said(&b, "सुबह 9 बजकर 30 मिनट");
	wording_time(&b, 14 * 60 + 30, "fr");
	said(&b, "14:30");
	wording_digits(&b, "4021", 4);
	said(&b, "4 0 2 1");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_of_its_language),
		cmocka_unit_test(days_are_those_of_the_calendar),
		cmocka_unit_test(days_that_no_calendar_has_are_refused),
		cmocka_unit_test(times_are_read_and_written),
		cmocka_unit_test(numbers_have_six_decimals_at_most),
		cmocka_unit_test(values_are_said_in_their_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
