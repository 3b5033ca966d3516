/* What is denied, in both languages' order; words across scripts; values of another kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/wording.h"
#include "providers/rehearsed/polarity.h"
#include "providers/rehearsed/sounds.h"
#include "providers/rehearsed/understand.h"

static void test_denied(void **state)
{
	static const struct {
		const char *said, *span;
		bool is_denied;
	} cases[] = {
		{ "I don't want to pause", "pause", true },       { "anything but stop", "stop", true },
		{ "I'd hate to cancel", "cancel", true },         { "instead of Friday", "friday", true },
		{ "no, cancel it", "cancel", false },             { "I don't know, cancel it", "cancel", false },
		{ "not Monday, Friday", "friday", false },        { "keep it", "keep", false },
		{ "padosi ko mat dena", "padosi", true },         { "पड़ोसी को नहीं देना है", "पडोसी", true },
		{ "शुक्रवार को नहीं", "शुक्रवार", true },               { "wapas na bhejo", "wapas", true },
		{ "kal to mushkil hai", "kal", true },            { "padosi ko de do na", "padosi", false },
		{ "pura nahi aadha", "aadha", false },            { "pura nahi aadha", "pura", true },
		{ "kal nahi to parso", "kal", false },            { "kal, koi baat nahi", "kal", false },
		{ "wapas bhejo lekin aaj nahi", "wapas", false }, { "kal koi baat nahi", "kal", false },
	};
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&w, cases[i].said, strlen(cases[i].said));
		if (span_is_denied(&w, words_find(&w, 0, cases[i].span)) != cases[i].is_denied)
			fail_msg("%s: %s", cases[i].said, cases[i].span);
	}
}

static void test_any_words_are_taken(void **state)
{
	struct words w;
	size_t from, len;

	(void)state;
	words_read(&w, "not to the a not", 16);
	for (from = 0; from <= w.count; from++)
		for (len = 0; from + len <= w.count; len++)
			(void)span_is_denied(&w, (struct span){ from, len });
	words_read(&w, "", 0);
	assert_false(span_is_denied(&w, (struct span){ 0, 0 }));
}

static void test_sounds(void **state)
{
	(void)state;
	assert_true(sounds_same("padosi", "पडोसी", 3));
	assert_true(sounds_same("वापस", "wapas", 3));
	assert_false(sounds_same("padosi", "वापस", 3));
	assert_false(sounds_same("padosi", "padosi", 3)); /* one script: compared elsewhere */
	assert_false(sounds_same("do", "दो", 3));
	assert_false(sounds_same("", "", 0));
	assert_false(sounds_same("\xe0", "p", 0));
}

static bool has_value(enum expect_kind kind, int64_t low, int64_t high, const char *said, struct answer *a)
{
	struct expect e = { .kind = kind, .has_low = true, .has_high = true, .low = low, .high = high, .has_today = true };
	struct words w;

	assert_true(day_parse("2026-11-22", 10, &e.today));
	words_read(&w, said, strlen(said));
	return understand(&e, &w, NULL, said, strlen(said), a) == UNDERSTOOD_VALUE;
}

/* Money, people and hours are no time of day. */
static void test_other_kinds(void **state)
{
	static const char *const no_times[] = { "five hundred rupees", "पाँच सौ रुपये", "2 thousand", "16 people", "in two hours", "twenty dollars", NULL };
	static const char *const no_digits[] = { "at two in the afternoon", "not 4021", "5033 was my old card", "it was 4021 on the old card, now it's 5033", NULL };
	struct answer a;
	size_t i;

	(void)state;
	for (i = 0; no_times[i]; i++)
		assert_false(has_value(EXPECT_TIME, 8 * 60, 21 * 60, no_times[i], &a));
	for (i = 0; no_digits[i]; i++)
		assert_false(has_value(EXPECT_DIGITS, i ? 4 : 1, i ? 4 : 1, no_digits[i], &a));
	assert_true(has_value(EXPECT_TIME, 8 * 60, 21 * 60, "at two", &a));
	assert_int_equal(a.number, 14 * 60);
}

static void test_years_and_distances(void **state)
{
	struct answer a;
	int32_t wanted;

	(void)state;
	assert_true(day_parse("2027-10-12", 10, &wanted));
	assert_true(has_value(EXPECT_DATE, 0, 366, "October 12th 2027", &a));
	assert_int_equal(a.number, wanted);
	assert_false(has_value(EXPECT_DATE, 0, 366, "December 12th 2027", &a)); /* beyond the range: not this year's */
	assert_false(has_value(EXPECT_DATE, 0, 366, "the 12th of December 2027", &a));
	assert_true(has_value(EXPECT_DATE, 0, 366, "the 12th of October 2027", &a));
	assert_int_equal(a.number, wanted);
	assert_false(has_value(EXPECT_DATE, 0, 60, "two days later", &a)); /* than what? */
	assert_false(has_value(EXPECT_DATE, 0, 60, "somwar ko nahi de sakta", &a));
	assert_true(has_value(EXPECT_DATE, 0, 60, "in two days", &a));
}

/* "Ten" is not half past. */
static void test_minutes(void **state)
{
	static const char asked[] = "It is at 10:30 AM. Would you like to keep it?";
	struct words w, question;

	(void)state;
	words_read(&question, asked, sizeof(asked) - 1);
	words_read(&w, "yes at ten thirty", 17);
	assert_true(yes_is_certain(&w, &question));
	words_read(&w, "yes at ten", 10);
	assert_false(yes_is_certain(&w, &question));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_any_words_are_taken),
		cmocka_unit_test(test_sounds),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_years_and_distances),
		cmocka_unit_test(test_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
