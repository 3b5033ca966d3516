/* Each kind of answer by itself: what it means, and what is no answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/wording.h"
#include "providers/rehearsed/human.h"
#include "providers/rehearsed/opt_outs.h"
#include "providers/rehearsed/understand.h"

enum { NOT = -1, RANGE = -2, HALF = 10000 /* and the minute in the first half */ };

static int32_t day(const char *text)
{
	int32_t out;

	assert_true(day_parse(text, 10, &out));
	return out;
}

/* The value; NOT, RANGE or HALF. Whole units of an amount, minutes, days. */
static int64_t means(const struct expect *e, const char *said)
{
	struct words w;
	struct answer a;
	enum understood u;

	words_read(&w, said, strlen(said));
	u = understand(e, &w, NULL, said, strlen(said), &a);
	if (u == UNDERSTOOD_HALF)
		return HALF + a.number;
	return u == UNDERSTOOD_VALUE ? a.number : u == UNDERSTOOD_RANGE ? RANGE : NOT;
}

static void test_yes_no(void **state)
{
	const struct expect e = { .kind = EXPECT_YES_NO };

	(void)state;
	assert_int_equal(means(&e, "yes"), 1);
	assert_int_equal(means(&e, "No."), 0);
	assert_int_equal(means(&e, "that is not right"), 0);
	assert_int_equal(means(&e, "no problem"), 1);
	assert_int_equal(means(&e, "I'm not sure"), NOT);
	assert_int_equal(means(&e, "yes, no, yes"), NOT);
	assert_int_equal(means(&e, "hmm is there a fee if I do"), NOT);
	assert_int_equal(means(&e, "could you tell me if it is okay"), NOT);
	assert_int_equal(means(&e, "would I have picked up if I wasn't"), NOT);
	assert_int_equal(means(&e, "yes if it's not too late"), 1);
	assert_int_equal(means(&e, "we just haven't had time"), NOT);
	assert_int_equal(means(&e, "I am in a meeting"), NOT);
	assert_int_equal(means(&e, "हाँ जी"), 1);
	assert_int_equal(means(&e, "nahi"), 0);
	assert_int_equal(means(&e, ""), NOT);
}

/* Nothing was asked that is known: only what stands beside the yes tells. */
static void test_plain_yes_of_no_question(void **state)
{
	static const struct {
		const char *said;
		bool plain;
	} cases[] = { { "yes", true }, { "yes please, that is fine", true }, { "yes, but on Monday", false }, { "yes, my leg is broken", false } };
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&w, cases[i].said, strlen(cases[i].said));
		assert_int_equal(yes_is_plain(&w, NULL, false), cases[i].plain);
	}
}

/* What a yes or a no is worth behind which something is changed. */
static void test_certain(void **state)
{
	static const char asked[] = "Shall I cancel the appointment?", interest[] = "Are you still interested?";
	static const struct {
		const char *question, *said;
		int64_t number;
		bool certain;
	} cases[] = {
		{ asked, "yes please, cancel it", 1, true }, { asked, "we found another doctor, so yes", 1, true }, { asked, "yes, can you send me a text", 1, true },
		{ asked, "ok then what", 1, false }, { asked, "yes, let me think", 1, false }, { asked, "yes, my dog died", 1, false },
		{ asked, "yes, or maybe Monday", 1, false }, { interest, "no thank you", 0, true }, { interest, "no, we bought a house last month", 0, true },
		{ interest, "no longer in that one but in others", 0, false }, { interest, "no, wait", 0, false }, { interest, "no, but thank you", 0, true },
	};
	const struct expect e = { .kind = EXPECT_YES_NO };
	struct words w, question;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer a = { .number = cases[i].number };

		words_read(&question, cases[i].question, strlen(cases[i].question));
		words_read(&w, cases[i].said, strlen(cases[i].said));
		assert_int_equal(answer_is_certain(&e, &w, &question, &a), cases[i].certain);
	}
}

static void test_names(void **state)
{
	const struct expect e = { .kind = EXPECT_YES_NO };
	struct words w, question;
	struct answer a;

	(void)state;
	words_read(&question, "Am I speaking with Alex Morgan?", 31);
	words_read(&w, "Alex here", 9);
	assert_int_equal(understand(&e, &w, &question, "", 0, &a), UNDERSTOOD_VALUE);
	assert_int_equal(a.number, 1);
	words_read(&w, "this is Sarah", 13);
	assert_int_equal(understand(&e, &w, &question, "", 0, &a), UNDERSTOOD_NOT);
}

/* The option's value, or "". */
static const char *soon(const char *said)
{
	json_error_t error;
	json_t *options = json_loads("[{\"value\": \"month\", \"words\": [\"within a month\", \"in a hurry\"]},"
		"{\"value\": \"half_year\", \"words\": [\"within six months\"]}, {\"value\": \"later\", \"words\": [\"later than that\", \"no hurry\"]}]",
		0, &error);
	const struct expect e = { .kind = EXPECT_CHOICE, .options = options, .has_today = true, .today = day("2026-11-21") };
	static char out[16];
	struct words w;
	struct answer a;

	assert_non_null(options);
	words_read(&w, said, strlen(said));
	*out = 0;
	if (understand(&e, &w, NULL, said, strlen(said), &a) == UNDERSTOOD_VALUE)
		snprintf(out, sizeof(out), "%.*s", (int)a.len, a.text);
	json_decref(options);
	return out;
}

static void test_distances(void **state)
{
	(void)state;
	assert_string_equal(soon("in four weeks"), "month");
	assert_string_equal(soon("in a few days"), "month");
	assert_string_equal(soon("next week already"), "month");
	assert_string_equal(soon("less than a month"), "month");
	assert_string_equal(soon("maybe in two months"), "half_year");
	assert_string_equal(soon("two and a half months"), "half_year");
	assert_string_equal(soon("six to eight weeks"), "half_year");
	assert_string_equal(soon("not this month, but before half a year"), "half_year");
	assert_string_equal(soon("no more than six months"), "half_year");
	assert_string_equal(soon("a year and a half"), "later");
	assert_string_equal(soon("more than six months"), "later");
	assert_string_equal(soon("not before half a year"), "later");
	assert_string_equal(soon("a year or more"), "later");
	assert_string_equal(soon("in no hurry"), "later");
	assert_string_equal(soon("in a hurry"), "month");
	assert_string_equal(soon("for another year"), "later");
	assert_string_equal(soon("by March"), "half_year");
	assert_string_equal(soon("in the first quarter of next year"), "half_year");
	assert_string_equal(soon("in November"), "month");
	assert_string_equal(soon("March next year"), "half_year");
	assert_string_equal(soon("in January 2029"), "later");
	assert_string_equal(soon("we have looked since January"), "");
	assert_string_equal(soon("I may know more then"), "");
	assert_string_equal(soon("early December"), ""); /* a month lies within it */
	assert_string_equal(soon("a month or two"), ""); /* one option for each */
	assert_string_equal(soon("one or two months"), "");
	assert_string_equal(soon("more than a month"), "");
	assert_string_equal(soon("within a year"), "");
	assert_string_equal(soon("two months ago"), "");
	assert_string_equal(soon("we have looked for two months"), "");
}

static void test_half_a_yes(void **state)
{
	const struct expect e = { .kind = EXPECT_YES_NO };
	const char *text = "Are you still interested?";
	struct words w, question;
	struct answer a;
	size_t i;
	static const struct {
		const char *said;
		int64_t means;
	} cases[] = { { "yes but not before noon", NOT }, { "yes, I'll get him", NOT }, { "we still want it", 1 }, { "we already have one", 0 },
		{ "are you still there", NOT }, { "I'm still thinking", NOT }, { "I could not be more interested", 1 }, { "I'm done with that", 0 },
		{ "I suppose I could", 1 }, { "I could not", 0 } };

	(void)state;
	words_read(&question, text, strlen(text));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&w, cases[i].said, strlen(cases[i].said));
		if (understand(&e, &w, &question, cases[i].said, strlen(cases[i].said), &a) == UNDERSTOOD_VALUE)
			assert_int_equal(a.number, cases[i].means);
		else
			assert_int_equal(cases[i].means, NOT);
	}
}

static const char *digits_of(const char *said, int64_t least, int64_t most)
{
	static struct answer a;
	const struct expect e = { .kind = EXPECT_DIGITS, .has_low = true, .has_high = true, .low = least, .high = most };
	struct words w;

	words_read(&w, said, strlen(said));
	return understand(&e, &w, NULL, said, strlen(said), &a) == UNDERSTOOD_VALUE ? a.digits : "";
}

static const char *digits(const char *said)
{
	return digits_of(said, 4, 4);
}

/* What the redaction holds back is a number of a length that nobody sees here; what kind it is says which lengths it cannot have. */
static void test_placeholders(void **state)
{
	struct expect phone = { .kind = EXPECT_DIGITS, .has_low = true, .has_high = true, .low = 7, .high = 15 };
	const struct expect any = { .kind = EXPECT_DIGITS }, words = { .kind = EXPECT_FREE };
	struct words w;
	struct answer a;

	(void)state;
	words_read(&w, "it is [PHONE_12], thanks", 24);
	assert_int_equal(understand(&phone, &w, NULL, "", 0, &a), UNDERSTOOD_VALUE);
	assert_string_equal(a.digits, "[PHONE_12]");
	assert_int_equal(means(&phone, "[CARD_1]") == NOT || means(&phone, "[CARD_1]") == RANGE, 0);
	assert_string_equal(digits("[PHONE_1]"), ""); /* four were asked for */
	phone.high = 9;
	assert_int_equal(means(&phone, "[CARD_1]"), RANGE);
	assert_int_equal(means(&phone, "[AADHAAR_1]"), RANGE);
	assert_int_equal(means(&any, "[EMAIL_1]"), NOT); /* no number */
	assert_int_equal(means(&any, "[PHONE]"), NOT);   /* nobody could give it back */
	words_read(&w, "[PHONE_1], no sorry, [PHONE_2]", 30);
	assert_int_equal(understand(&any, &w, NULL, "", 0, &a), UNDERSTOOD_VALUE);
	assert_string_equal(a.digits, "[PHONE_2]");
	assert_int_equal(means(&any, "[PHONE_1] and [PHONE_2]"), NOT);
	assert_int_not_equal(means(&words, "[EMAIL_1]"), NOT);
	assert_int_equal(means(&words, "yes"), NOT);
}

static void test_digits(void **state)
{
	(void)state;
	assert_string_equal(digits("four oh two one"), "4021");
	assert_string_equal(digits("double seven eight nine"), "7789");
	assert_string_equal(digits("4022, sorry, 4021"), "4021");
	assert_string_equal(digits("चार शून्य दो एक"), "4021");
	assert_string_equal(digits("४०२१"), "4021");
	assert_string_equal(digits("the last four digits are 40 21"), "4021");
	assert_string_equal(digits("[NUMBER_1]"), "[NUMBER_1]"); /* what the redaction holds back */
	assert_string_equal(digits("[NUMBER_1] or [NUMBER_2]"), "");
	assert_string_equal(digits("four oh two"), "");
	assert_string_equal(digits("1234567890123456789012345678901234567890123456789012345678901234567890"), "");
}

/* Two numbers in one answer are two readings, and are not put together. */
static void test_digits_together(void **state)
{
	static const char *const unclear[] = { "is it twelve or thirteen", "I have two accounts, four two one is the other", "between forty and twenty",
		"forty or twenty one", "I am 40 years old, 21", "six or seven", "four on Friday at eight", "12 or 14", "8 or 9", "1st floor, number 12",
		"one two, not one three", "not 12", "quarter to eight", "half past eight", "minus one", "4.5", "two and three", "two adults and three kids",
		"12/14", "four hundred or five hundred", "between two hundred and three hundred", "four two, it is one three" };
	static const struct {
		const char *said, *digits;
	} clear[] = { { "four zero, uh, two one", "4021" }, { "it's four zero two one", "4021" }, { "the last four are four zero two one", "4021" },
		{ "they are four, zero, two and one", "4021" }, { "four then zero then two then one", "4021" }, { "4021, that's four zero two one", "4021" },
		{ "40-21", "4021" }, { "four zero, 2, one", "4021" }, { "one second, it's twelve thirteen", "1213" }, { "12, no, 14", "14" },
		{ "not 12, sorry, 14", "14" }, { "four zero two one, that is the correct one", "4021" },
		{ "twelve", "12" }, { "five hundred, sorry, six hundred", "600" }, { "one hundred and twelve", "112" }, { "a table for four", "4" } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(unclear) / sizeof(unclear[0]); i++)
		if (*digits_of(unclear[i], 1, 6))
			fail_msg("\"%s\" is %s, not asked again", unclear[i], digits_of(unclear[i], 1, 6));
	for (i = 0; i < sizeof(clear) / sizeof(clear[0]); i++)
		if (strcmp(digits_of(clear[i].said, 1, 6), clear[i].digits))
			fail_msg("\"%s\" is \"%s\", not %s", clear[i].said, digits_of(clear[i].said, 1, 6), clear[i].digits);
	assert_string_equal(digits("I have two accounts but this one ends in two two five eight"), "");
	assert_string_equal(digits("this one ends in two two five eight"), "2258");
}

/* An "oh" is a zero as often as it is said; one that a mark parts from the digits is none, unless the count needs it. */
static void test_digits_with_oh(void **state)
{
	static const struct {
		const char *said, *digits;
		int64_t least, most;
	} cases[] = { { "oh seven", "07", 1, 4 }, { "oh oh seven", "007", 1, 4 }, { "double oh seven", "007", 1, 4 }, { "oh oh oh seven", "0007", 1, 4 }, { "oh oh 7", "007", 1, 4 },
		{ "seven oh oh", "700", 1, 4 }, { "four oh oh two", "4002", 4, 4 }, { "oh oh two one", "0021", 4, 4 }, { "oh four oh two", "0402", 4, 4 },
		{ "oh oh double two", "0022", 4, 4 }, { "do do saat", "227", 1, 4 }, { "oh, two one", "21", 1, 4 }, { "oh two one", "021", 1, 4 }, { "oh, two, one", "021", 1, 4 },
		{ "oh, two one three four", "2134", 4, 4 }, { "oh, two one three", "0213", 4, 4 }, { "oh, oh two one three", "0213", 4, 4 }, { "oh, oh, two one", "0021", 1, 4 },
		{ "oh dear, seven", "7", 1, 4 }, { "oh it's oh two one three", "0213", 4, 4 }, { "oh oh two one three", "", 4, 4 }, { "minus oh oh seven", "", 1, 4 }, { "oh oh", "", 1, 4 },
		{ "oh", "", 1, 4 }, { "oh, 7 or 8", "", 1, 4 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(digits_of(cases[i].said, cases[i].least, cases[i].most), cases[i].digits))
			fail_msg("\"%s\" is \"%s\", not \"%s\"", cases[i].said, digits_of(cases[i].said, cases[i].least, cases[i].most), cases[i].digits);
}

static void test_amounts(void **state)
{
	const struct expect e = { .kind = EXPECT_AMOUNT, .currency = "INR", .has_low = true, .low = 500 * INT64_C(1000000) };

	(void)state;
	assert_int_equal(means(&e, "two thousand five hundred") / 1000000, 2500);
	assert_int_equal(means(&e, "350k") / 1000000, 350000);
	assert_int_equal(means(&e, "2,00,000 rupees") / 1000000, 200000);
	assert_int_equal(means(&e, "one point two million") / 1000000, 1200000);
	assert_int_equal(means(&e, "dedh hazaar") / 1000000, 1500);
	assert_int_equal(means(&e, "ढाई हज़ार") / 1000000, 2500);
	assert_int_equal(means(&e, "two thousand, no, three thousand") / 1000000, 3000);
	assert_int_equal(means(&e, "two or three thousand"), NOT);
	assert_int_equal(means(&e, "a million and a half") / 1000000, 1500000);
	assert_int_equal(means(&e, "two and a half thousand") / 1000000, 2500);
	assert_int_equal(means(&e, "how much do they start at, two thousand"), NOT);
	assert_int_equal(means(&e, "I have to ask the bank, two thousand is my limit there"), NOT);
	assert_int_equal(means(&e, "one hundred"), RANGE);
	assert_int_equal(means(&e, "one second"), NOT);
	assert_int_equal(means(&e, "99999999999999999999 crore"), NOT); /* no overflow */
	assert_int_equal(means(&e, "9000000000000 crore crore crore"), NOT);
}

/* Rupees and paise, dollars and cents: one amount. */
static void test_amounts_with_coins(void **state)
{
	static const struct {
		const char *said;
		int64_t coins;
	} said[] = {
		{ "five thousand five hundred rupees and fifty paise", 550050 }, { "five dollars and fifty cents", 550 }, { "one dollar and five cents", 105 },
		{ "5,500 rupees 50 paise please", 550050 }, { "five dollars, twenty five cents", 525 }, { "5 and 50 cents", 550 }, { "fifty cents", 50 },
		{ "paanch hazaar rupaye aur pachaas paise", 500050 }, { "दो सौ रुपये पचास पैसे", 20050 }, { "five dollars", 500 }, { "five dollars fifty", 550 },
		{ "five hundred and fifty paise", NOT }, { "five dollars and fifty cents, no, six dollars", 600 }, { "five dollars or fifty cents", NOT },
		{ "five dollars and fifty", NOT }, { "five dollars and two hundred cents", NOT }, { "9000000000000 rupees and fifty paise", 900000000000050 },
		{ "9223372036854 rupees and ninety paise", NOT }, { "9223372036854 rupees ninety", NOT }, { "eighty five dollars and fifty cents", 8550 },
		{ "eighty five pounds fifty", 8550 }, { "eighty five pounds twenty five please", 8525 }, { "85 euros 50", 8550 }, { "eighty five pounds and fifty", NOT },
		{ "eighty five pounds five", NOT }, { "eighty five pounds, fifty", NOT }, { "eighty five pounds or fifty", NOT }, { "fifty dollars twenty people", NOT },
		{ "eighty five pounds fifty, no, sixty", NOT }, { "eighty five pounds fifty, no, sixty pounds", 6000 },
	};
	const struct expect e = { .kind = EXPECT_AMOUNT, .currency = "USD" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		int64_t value = means(&e, said[i].said);

		if (value != (said[i].coins == NOT ? NOT : said[i].coins * 10000))
			fail_msg("\"%s\": %lld", said[i].said, (long long)value);
	}
}

/* "Eighty five fifty" is 85.50 or 8550, by the range alone. */
static void test_amounts_in_pairs(void **state)
{
	static const struct {
		const char *currency, *said;
		int64_t low, high, coins; /* whole units */
	} cases[] = { { "GBP", "eighty five fifty", 1, 500, 8550 }, { "GBP", "85 50", 1, 500, 8550 }, { "GBP", "eighty five fifty", 1000, 9000, 855000 },
		{ "GBP", "nineteen ninety nine please", 1, 500, 1999 }, { "GBP", "eighty five fifty", 1, 9000, NOT }, { "GBP", "eighty five fifty", 1, 50, NOT },
		{ "GBP", "eighty five, fifty", 1, 500, NOT }, { "GBP", "eighty five five", 1, 500, NOT }, { "GBP", "fifty fifty", 1, 500, NOT },
		{ "GBP", "at ten fifty", 1, 500, NOT }, { "JPY", "eighty five fifty", 1, 500, NOT }, { "JPY", "eighty five euros fifty", 1, 500, NOT } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct expect e = { .kind = EXPECT_AMOUNT, .currency = cases[i].currency, .has_low = true, .low = cases[i].low * INT64_C(1000000), .has_high = true,
			.high = cases[i].high * INT64_C(1000000) };
		int64_t value = means(&e, cases[i].said);

		if (value != (cases[i].coins == NOT ? NOT : cases[i].coins * 10000))
			fail_msg("\"%s\" in %s: %lld", cases[i].said, cases[i].currency, (long long)value);
	}
}

/* Less than nothing is no amount, and not its opposite. */
static void test_amounts_below_zero(void **state)
{
	static const char *const refused[] = { "minus fifty", "negative fifty", "-50", "it is -50", "-$50", "\u2212" "50", "minus 50 dollars", "fifty, minus ten", "माइनस पचास", NULL };
	const struct expect e = { .kind = EXPECT_AMOUNT, .currency = "USD" };
	const char *const *said;

	(void)state;
	for (said = refused; *said; said++)
		if (means(&e, *said) != NOT)
			fail_msg("\"%s\" is %lld", *said, (long long)means(&e, *said));
	assert_int_equal(means(&e, "twenty-five dollars") / 1000000, 25);
	assert_int_equal(means(&e, "five - no, six") / 1000000, 6);
	assert_int_equal(means(&e, "$50") / 1000000, 50);
}

static void test_dates(void **state)
{
	struct expect e = { .kind = EXPECT_DATE, .has_today = true, .today = day("2026-11-23"), .has_low = true, .low = 0, .has_high = true, .high = 30 };

	(void)state;
	assert_int_equal(means(&e, "the day after tomorrow"), day("2026-11-25"));
	assert_int_equal(means(&e, "Monday's no good for me but Tuesday I can make it"), day("2026-11-24"));
	assert_int_equal(means(&e, "Tuesday works but Wednesday is not possible"), day("2026-11-24"));
	assert_int_equal(means(&e, "not Tuesday but Wednesday"), day("2026-11-25"));
	assert_int_equal(means(&e, "not this Monday but the Monday after"), NOT);
	assert_int_equal(means(&e, "Friday would not be a problem"), day("2026-11-27"));
	assert_int_equal(means(&e, "Friday will not work"), NOT);
	assert_int_equal(means(&e, "any day but Friday"), NOT);
	assert_int_equal(means(&e, "this Friday"), day("2026-11-27"));
	assert_int_equal(means(&e, "next Friday"), day("2026-12-04"));
	assert_int_equal(means(&e, "Friday week"), day("2026-12-04"));
	assert_int_equal(means(&e, "a week on Friday"), day("2026-12-04"));
	assert_int_equal(means(&e, "two weeks from Friday"), day("2026-12-11"));
	assert_int_equal(means(&e, "Friday, no wait"), NOT);
	assert_int_equal(means(&e, "Monday"), day("2026-11-30"));
	assert_int_equal(means(&e, "the fifth"), day("2026-12-05"));
	assert_int_equal(means(&e, "Friday the 4th of December"), day("2026-12-04"));
	assert_int_equal(means(&e, "December 12th 2026"), day("2026-12-12"));
	assert_int_equal(means(&e, "December 12th 1900"), day("2026-12-12")); /* no year that anybody means */
	assert_int_equal(means(&e, "in two weeks"), day("2026-12-07"));
	assert_int_equal(means(&e, "2026-12-01"), day("2026-12-01"));
	assert_int_equal(means(&e, "1/12"), day("2026-12-01"));
	assert_int_equal(means(&e, "परसों"), day("2026-11-25"));
	assert_int_equal(means(&e, "end of the month"), day("2026-11-30"));
	assert_int_equal(means(&e, "not Thursday, Friday"), day("2026-11-27"));
	assert_int_equal(means(&e, "in exactly a week"), day("2026-11-30"));
	assert_int_equal(means(&e, "the last day of November"), day("2026-11-30"));
	assert_int_equal(means(&e, "on Christmas eve"), RANGE);
	assert_int_equal(means(&e, "I'm away until Friday, so Sunday"), day("2026-11-29"));
	assert_int_equal(means(&e, "so not Friday"), NOT);
	assert_int_equal(means(&e, "Monday or Tuesday"), NOT);
	assert_int_equal(means(&e, "next week"), NOT);
	assert_int_equal(means(&e, "after Friday"), NOT);
	assert_int_equal(means(&e, "what day is today?"), NOT);
	assert_int_equal(means(&e, "the 25th of March"), RANGE);
	assert_int_equal(means(&e, "the 31st of June"), NOT);

	/* from a day that is not known, or another's */
	assert_int_equal(means(&e, "the Monday after Thanksgiving"), NOT);
	assert_int_equal(means(&e, "two weeks after Friday"), NOT);
	assert_int_equal(means(&e, "Friday after lunch"), day("2026-11-27"));
	assert_int_equal(means(&e, "Friday before I leave"), day("2026-11-27"));
	assert_int_equal(means(&e, "I'd have to see my shift plan, it comes out on Sunday"), NOT);
	assert_int_equal(means(&e, "I'd have to see my shift plan, but let's say Sunday"), day("2026-11-29"));
	assert_int_equal(means(&e, "let me see, Sunday"), day("2026-11-29"));
	assert_int_equal(means(&e, "next month on the fifth"), day("2026-12-05"));
	assert_int_equal(means(&e, "tomorrow week"), day("2026-12-01"));
	assert_int_equal(means(&e, "today week"), day("2026-11-30"));
	assert_int_equal(means(&e, "a week tomorrow"), day("2026-12-01"));
	assert_int_equal(means(&e, "two weeks from tomorrow"), day("2026-12-08"));
	assert_int_equal(means(&e, "tomorrow"), day("2026-11-24"));
	e.month_first = true;
	assert_int_equal(means(&e, "12/1"), day("2026-12-01"));
	e.low = -60;
	e.high = 0;
	assert_int_equal(means(&e, "kal"), day("2026-11-22"));
	assert_int_equal(means(&e, "Friday"), day("2026-11-20"));
	assert_int_equal(means(&e, "the fifth"), day("2026-11-05"));
	assert_int_equal(means(&e, "three days ago"), day("2026-11-20"));
	assert_int_equal(means(&e, "last month on the twentieth"), day("2026-10-20"));
	e.has_today = false;
	assert_int_equal(means(&e, "tomorrow"), NOT);
}

static void test_times(void **state)
{
	struct expect e = { .kind = EXPECT_TIME, .has_low = true, .low = 9 * 60, .has_high = true, .high = 17 * 60 };

	(void)state;
	assert_int_equal(means(&e, "three"), 15 * 60);
	assert_int_equal(means(&e, "half past ten"), 10 * 60 + 30);
	assert_int_equal(means(&e, "a quarter to ten"), 9 * 60 + 45);
	assert_int_equal(means(&e, "10.30"), 10 * 60 + 30);
	assert_int_equal(means(&e, "2:05 p.m."), 14 * 60 + 5);
	assert_int_equal(means(&e, "saadhe teen baje"), 15 * 60 + 30);
	assert_int_equal(means(&e, "सुबह दस बजे"), 10 * 60);
	assert_int_equal(means(&e, "noon"), 12 * 60);
	assert_int_equal(means(&e, "three, no, four"), 16 * 60);
	assert_int_equal(means(&e, "three or four"), NOT);
	assert_int_equal(means(&e, "ten in the morning after I drop the kids"), 10 * 60);
	assert_int_equal(means(&e, "after I drop the kids at ten"), NOT);
	assert_int_equal(means(&e, "ten won't work, eleven"), 11 * 60);
	assert_int_equal(means(&e, "after three"), NOT);
	assert_int_equal(means(&e, "in the morning"), NOT);
	assert_int_equal(means(&e, "one moment"), NOT);
	assert_int_equal(means(&e, "eight in the evening"), RANGE);
	e.high = 22 * 60;
	assert_int_equal(means(&e, "nine"), HALF + 9 * 60); /* which of the two? */
	assert_int_equal(means(&e, "nine in the evening"), 21 * 60);
}

/* Minutes are only what is said as minutes: words that merely sound like numbers are none, and nor is what an hour has not. */
static void test_minutes(void **state)
{
	struct expect e = { .kind = EXPECT_TIME, .has_low = true, .low = 9 * 60, .has_high = true, .high = 18 * 60 };

	(void)state;
	assert_int_equal(means(&e, "three then"), 15 * 60);
	assert_int_equal(means(&e, "three for me"), 15 * 60);
	assert_int_equal(means(&e, "eleven too"), 11 * 60);
	assert_int_equal(means(&e, "at two for a cleaning"), 14 * 60);
	assert_int_equal(means(&e, "six then"), 18 * 60);
	assert_int_equal(means(&e, "ten to"), 10 * 60);
	assert_int_equal(means(&e, "three 75"), NOT);
	assert_int_equal(means(&e, "nine 80"), NOT);
	assert_int_equal(means(&e, "nine ninety"), NOT);
	assert_int_equal(means(&e, "three oh five"), 15 * 60 + 5);
	assert_int_equal(means(&e, "three oh fifteen"), 15 * 60);
	assert_int_equal(means(&e, "three fifteen then"), 15 * 60 + 15);
	assert_int_equal(means(&e, "3:05"), 15 * 60 + 5);
	assert_int_equal(means(&e, "16:59"), 16 * 60 + 59);
}

/* Without bounds a time on twelve hours is half a time, until the words say which half. */
static void test_halves(void **state)
{
	struct expect e = { .kind = EXPECT_TIME };
	struct answer a;
	struct words w;

	(void)state;
	assert_int_equal(means(&e, "five o'clock"), HALF + 5 * 60);
	assert_int_equal(means(&e, "ten thirty"), HALF + 10 * 60 + 30);
	assert_int_equal(means(&e, "about three"), HALF + 3 * 60);
	assert_int_equal(means(&e, "nau baje"), HALF + 9 * 60);
	assert_int_equal(means(&e, "three or four"), NOT);
	assert_int_equal(means(&e, "nine tonight"), 21 * 60);
	assert_int_equal(means(&e, "nine in the morning"), 9 * 60);
	assert_int_equal(means(&e, "two at night"), 2 * 60);
	assert_int_equal(means(&e, "raat ke nau baje"), 21 * 60);
	assert_int_equal(means(&e, "17:30"), 17 * 60 + 30);
	assert_int_equal(means(&e, "in the morning"), NOT);
	words_read(&w, "in the morning, please", 22);
	assert_true(understand_half(&w, 9 * 60, &a) && a.number == 9 * 60);
	words_read(&w, "no, evening", 11);
	assert_true(understand_half(&w, 9 * 60, &a) && a.number == 21 * 60);
	words_read(&w, "not in the morning", 18);
	assert_true(!understand_half(&w, 9 * 60, &a) || a.number != 9 * 60);
	words_read(&w, "morning or evening", 18);
	assert_false(understand_half(&w, 9 * 60, &a));
	assert_int_equal(time_plausible(9 * 60), 9 * 60);
	assert_int_equal(time_plausible(3 * 60), 15 * 60);
	assert_int_equal(time_plausible(0), 12 * 60);
}

static const char *chosen(const char *said)
{
	static struct answer a;
	json_t *options = json_loads("[{\"value\":\"keep\",\"words\":[\"keep it\",\"yes\",\"i will come\"]},{\"value\":\"move\",\"words\":[\"move it\",\"another day\",\"reschedule\"]},"
		"{\"value\":\"cancel\",\"words\":[\"cancel\",\"i will not come\"]}]", 0, NULL);
	const struct expect e = { .kind = EXPECT_CHOICE, .options = options };
	const char *out = "";
	struct words w;

	words_read(&w, said, strlen(said));
	if (understand(&e, &w, NULL, said, strlen(said), &a) == UNDERSTOOD_VALUE)
		out = !strcmp(a.text, "keep") ? "keep" : !strcmp(a.text, "move") ? "move" : "cancel";
	json_decref(options);
	return out;
}

static void test_choices(void **state)
{
	(void)state;
	assert_string_equal(chosen("I'd like to keep it please"), "keep");
	assert_string_equal(chosen("yeah sure"), "keep");
	assert_string_equal(chosen("rescheduling would be good"), "move");
	assert_string_equal(chosen("keep it, no, cancel"), "cancel");
	assert_string_equal(chosen("I won't come"), "cancel");
	assert_string_equal(chosen("don't cancel"), "");
	assert_string_equal(chosen("keep it or cancel"), "");
	assert_string_equal(chosen("banana"), "");
}

static void test_free_words(void **state)
{
	static const char said[] = "I was charged twice";
	const struct expect e = { .kind = EXPECT_FREE };
	struct words w;
	struct answer a;

	(void)state;
	words_read(&w, said, strlen(said));
	assert_int_equal(understand(&e, &w, NULL, said, strlen(said), &a), UNDERSTOOD_VALUE);
	assert_ptr_equal(a.text, said);
	assert_int_equal(a.len, strlen(said));
	assert_int_equal(means(&e, "um hello"), NOT);
	assert_int_equal(means(&e, "can you repeat that"), NOT);
}

static bool answers(const char *question, const char *said)
{
	const struct expect e = { .kind = EXPECT_FREE };
	struct words w, asked;
	struct answer a;

	words_read(&w, said, strlen(said));
	words_read(&asked, question, strlen(question));
	return understand(&e, &w, &asked, said, strlen(said), &a) == UNDERSTOOD_VALUE;
}

/* One word that is more than a nod or a greeting is an answer. */
static void test_one_free_word(void **state)
{
	static const char name[] = "What name is it under?", seat[] = "Where would you like to sit?";
	static const char *const names[] = { "Smith", "John.", "Singh", "O'Brien", "Müller", "李雷", "शर्मा", "it's Rossi", "yes, Smith", "Smith please", "oh, Smith", NULL };
	static const char *const seats[] = { "outside", "yes outside please", "outside please", "by the window", NULL };
	static const char *const neither[] = { "yes", "yes please", "no", "no thanks", "no thank you", "oh yes please", "yes of course", "yes that's right", "no I don't", "yeah sure",
		"okay then", "uh huh", "mm-hmm", "hello?", "hello there", "good morning", "what?", "sorry?", "pardon", "huh", "thank you", "excuse me", "are you there", "which name", "why",
		"hang on", "[BLANK_AUDIO]", "(inaudible)", "uh nothing", "हाँ", "जी हाँ", "नमस्ते", "k", "", NULL };
	const char *const *said;

	(void)state;
	for (said = names; *said; said++)
		if (!answers(name, *said))
			fail_msg("\"%s\" is a name", *said);
	for (said = seats; *said; said++)
		if (!answers(seat, *said))
			fail_msg("\"%s\" is a seat", *said);
	for (said = neither; *said; said++)
		if (answers(name, *said) || answers(seat, *said))
			fail_msg("\"%s\" is no answer", *said);
	assert_false(answers(name, "yes outside please"));
	assert_false(answers(name, "I don't know"));
	assert_true(answers("What went wrong?", "I don't know"));
}

static void test_reading(void **state)
{
	static const char said[] = "Don't, can't; I'll ₹1,200.50 at 3 p.m. [CARD_1]";
	static const char *const wanted[] = { "do", "not", "can", "not", "i", "will", "1200.50", "at", "3", "pm", "[CARD_1]" };
	struct words w;
	size_t i;

	(void)state;
	words_read(&w, said, strlen(said));
	assert_int_equal(w.count, sizeof(wanted) / sizeof(wanted[0]));
	for (i = 0; i < w.count; i++)
		assert_string_equal(w.at[i].text, wanted[i]);
	words_read(&w, "ज़रूर हाँ", strlen("ज़रूर हाँ"));
	assert_string_equal(w.at[0].text, "जरूर");
	assert_string_equal(w.at[1].text, "हां");
}

static enum opt_out opt_out(const char *said)
{
	struct words w;

	words_read(&w, said, strlen(said));
	return opt_out_heard(&w);
}

static void test_opt_outs(void **state)
{
	(void)state;
	assert_int_equal(opt_out("I don't want you people to ever call me again"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("no, wrong number, and do not call this number"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("take this number out of your database"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("mujhe dobara call mat karna"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("मेरा नंबर हटाइए"), OPT_OUT_MEANT);

	/* a time, another object, somebody else who does it, a call that is wanted */
	assert_int_equal(opt_out("don't call me before ten"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("do not call my office"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("you never called me"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("I don't want to call"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("why don't you call me"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("don't remove my number"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("अभी कॉल मत करो"), OPT_OUT_LIMITED);

	assert_int_equal(opt_out("never call me at work again"), OPT_OUT_DOUBT);
	assert_int_equal(opt_out("don't call me, I will call you"), OPT_OUT_DOUBT);
	assert_int_equal(opt_out("take me off the list"), OPT_OUT_DOUBT);
	assert_int_equal(opt_out("don't call me Bob, it's Robert"), OPT_OUT_DOUBT);
	assert_int_equal(opt_out("don't call me Ravi Kumar sir just Ravi is fine"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("don't call me again it's annoying"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("don't call me ever just stop"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("don't call me on the work line"), OPT_OUT_LIMITED);
	assert_int_equal(opt_out("don't call me on this work line"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("do not call my landline"), OPT_OUT_MEANT);
	assert_int_equal(opt_out("this is harassment"), OPT_OUT_DOUBT);

	assert_int_equal(opt_out("stop, I can't hear you, call me later"), OPT_OUT_NONE);
	assert_int_equal(opt_out("remove the late fee"), OPT_OUT_NONE);
	assert_int_equal(opt_out("five hundred, no more"), OPT_OUT_NONE);
	assert_int_equal(opt_out("phone mat rakhna"), OPT_OUT_NONE);
	assert_int_equal(opt_out(""), OPT_OUT_NONE);
}

/* What is left of the words when the limited wishes are out of them. */
static void left(const char *said, const char *wanted)
{
	struct words w, rest;
	size_t i;

	words_read(&w, said, strlen(said));
	words_read(&rest, wanted, strlen(wanted));
	opt_out_drop_limited(&w);
	assert_int_equal(w.count, rest.count);
	for (i = 0; i < w.count; i++)
		assert_string_equal(w.at[i].text, rest.at[i].text);
}

static void test_limited_wishes(void **state)
{
	(void)state;
	left("don't call me before ten", "");
	left("just don't call me before ten in the morning please", "");
	left("please don't ring me when I am at work", "");
	left("don't call between nine and eleven", "");
	left("keep it and next time don't call me so early", "keep it");
	left("yes, this is Alex, but don't call me on the work line, call my cell", "yes this is alex call my cell");
	left("he is out so don't call now call in the evening", "he is out call in the evening");
	left("Ravi speaking don't call me Ravi Kumar sir just Ravi is fine", "ravi speaking just ravi is fine");
	left("don't call me at work but don't ring before six either, cancel it", "cancel it");

	left("haan bol raha hoon, subah ko phone mat karna", "haan bol raha hoon");
	left("रात को कॉल मत करो", "");

	left("you never called me", "you never called me");
	left("can't you call me later", "can't you call me later");
	left("do not call me", "do not call me");
	left("don't change it", "don't change it");
	left("", "");
}

static bool wants_human(const char *said)
{
	struct words w;

	words_read(&w, said, strlen(said));
	return human_wanted(&w);
}

/* A phrase that asks for a person, where the words only name one. */
static void test_human_only_named(void **state)
{
	static const struct {
		const char *said, *phrase;
		bool only_named;
	} cases[] = {
		{ "I don't want to speak to a person", "speak to a person", true }, { "is this a human", "a human", true }, { "a human? no thanks", "a human", true },
		{ "insaan se baat nahi karni", "insaan se baat", true }, { "I already had to speak to someone", "speak to someone", true },
		{ "a human please", "a human", false }, { "I want a human not a machine", "a human", false }, { "this is not working please get me a human", "a human", false },
		{ "insaan se baat karao", "insaan se baat", false },
	};
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&w, cases[i].said, strlen(cases[i].said));
		assert_int_equal(human_only_named(&w, words_find(&w, 0, cases[i].phrase)), cases[i].only_named);
	}
}

static void test_human(void **state)
{
	(void)state;
	assert_true(wants_human("I'd rather speak to an actual person"));
	assert_true(wants_human("connect me to a real officer please"));
	assert_true(wants_human("put me through to the receptionist"));
	assert_true(wants_human("can you transfer the call to your supervisor"));
	assert_true(wants_human("I do not want to talk to a machine"));
	assert_true(wants_human("is there a real person there"));
	assert_true(wants_human("I want a human"));

	assert_false(wants_human("I have to talk to somebody at work first"));
	assert_false(wants_human("I have to talk to my manager"));
	assert_false(wants_human("I don't want to talk to anybody"));
	assert_false(wants_human("you have to speak to someone else"));
	assert_false(wants_human("I gave the money to your agent"));
	assert_false(wants_human("give the slot to somebody who needs it"));
	assert_false(wants_human("put me down for Friday"));
	assert_false(wants_human("I already have an agent"));
	assert_false(wants_human(""));
}

/* Days of long ago want their year; two digits of one count only there. */
static void test_years(void **state)
{
	struct expect born = { .kind = EXPECT_DATE, .has_today = true, .today = day("2026-11-23"), .has_low = true, .low = -45000, .has_high = true, .high = 0 };
	struct expect soon = born, any = born, later = born;
	size_t i;
	static const struct {
		const char *said, *day;
	} years[] = {
		{ "the fourteenth of August nineteen ninety one", "1991-08-14" }, { "the 3rd of May 88", "1988-05-03" }, { "14 August 1991", "1991-08-14" },
		{ "August the fourteenth, 1991", "1991-08-14" }, { "I was born on the 1st of January 2003", "2003-01-01" }, { "March 7th twenty oh five", "2005-03-07" },
		{ "the ninth of May two thousand and one", "2001-05-09" }, { "the second of June twenty twelve", "2012-06-02" }, { "14/08/1991", "1991-08-14" },
		{ "1991-08-14", "1991-08-14" }, { "14-08-1991", "1991-08-14" }, { "14 अगस्त 1991", "1991-08-14" },
		{ "fifth of June nineteen hundred and five", "1905-06-05" },
		{ "3rd of May in the year 1988", "1988-05-03" }, { "chaudah जून unnis sau ikyaanve", "1991-06-14" }, { "the third of May eighty eight", "1988-05-03" },
	};

	(void)state;
	for (i = 0; i < sizeof(years) / sizeof(years[0]); i++)
		if (means(&born, years[i].said) != day(years[i].day))
			fail_msg("%s is %lld", years[i].said, (long long)means(&born, years[i].said));
	assert_int_equal(means(&born, "the fourteenth of August"), NOT); /* of which year */
	assert_int_equal(means(&born, "on the fourteenth"), NOT);
	assert_int_equal(means(&born, "the 31st of June 1991"), NOT);
	assert_int_equal(means(&born, "the 14th of August 2031"), RANGE);
	assert_int_equal(means(&born, "yesterday"), day("2026-11-22"));
	soon.low = 0;
	soon.high = 30;
	assert_int_equal(means(&soon, "the fifth of December"), day("2026-12-05"));
	assert_int_equal(means(&soon, "the 5th of December 10 am"), day("2026-12-05"));
	any.has_low = any.has_high = false;
	assert_int_equal(means(&any, "the 3rd of May 1988"), day("1988-05-03"));
	assert_int_equal(means(&any, "the 5th of December 10"), day("2026-12-05"));
	later.low = 0;
	later.high = 4000;
	assert_int_equal(means(&later, "the first of March twenty thirty"), day("2030-03-01"));
}

/* The name that was taken, or "". */
static const char *named(const char *said)
{
	static char name[128];
	const struct expect e = { .kind = EXPECT_NAME };
	struct words w;
	struct answer a;

	words_read(&w, said, strlen(said));
	if (understand(&e, &w, NULL, said, strlen(said), &a) != UNDERSTOOD_VALUE)
		return "";
	snprintf(name, sizeof(name), "%.*s", (int)a.len, a.text);
	return name;
}

static void test_somebodys_name(void **state)
{
	static const struct {
		const char *said, *name;
	} names[] = {
		{ "My name is John O'Neill", "John O'Neill" }, { "my name is John O’Neill.", "John O’Neill" }, { "john o'neill", "john o'neill" },
		{ "This is Sarah Smith speaking", "Sarah Smith" },
		{ "It's Anne-Marie.", "Anne-Marie" }, { "I'm Ravi", "Ravi" }, { "Yes, sure, it's Ravi Kumar here", "Ravi Kumar" },
		{ "O N E I L L", "O N E I L L" },
		{ "My name is John O'Neill, that's O N E I L L", "John O'Neill" }, { "It's spelled O N E I double L", "O N E I double L" }, { "mera naam Ravi Kumar hai", "Ravi Kumar" },
		{ "मेरा नाम रवि कुमार है", "रवि कुमार" }, { "नाम है रवि", "रवि" }, { "मैं रवि बोल रहा हूँ", "रवि" },
		{ "Uh, Mr. John Smith, please", "Mr. John Smith" }, { "No, Sean", "Sean" },
		{ "hi, my name is Zoë and I am calling about the flat", "Zoë" }, { "the name is Li", "Li" }, { "[PERSON_1]", "[PERSON_1]" },
		{ "my name's Ana, thanks", "Ana" },
	};
	static const char *const nones[] = { "no", "No, thanks", "I'd rather not say", "I'm not telling you that", "why do you need my name?",
		"who is this?", "What is your name?", "I'm busy", "this is she", "yes",
		"Yes that's right", "it's none of your business", "", "hello", "hello?", "my name is", "John?", "my number is 5550100", "[PHONE_1]",
		"nahi bataunga", "क्यों", "I am calling about the flat",
		"hold on a moment", "one two three four five six seven eight", "what", "I don't have one", "is it Sean?" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(named(names[i].said), names[i].name);
	for (i = 0; i < sizeof(nones) / sizeof(nones[0]); i++)
		if (*named(nones[i]))
			fail_msg("\"%s\" is %s", nones[i], named(nones[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_years), cmocka_unit_test(test_somebodys_name),
		cmocka_unit_test(test_yes_no), cmocka_unit_test(test_half_a_yes), cmocka_unit_test(test_distances), cmocka_unit_test(test_plain_yes_of_no_question),
		cmocka_unit_test(test_certain),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_digits), cmocka_unit_test(test_digits_together),
		cmocka_unit_test(test_placeholders), cmocka_unit_test(test_amounts), cmocka_unit_test(test_digits_with_oh),
		cmocka_unit_test(test_amounts_with_coins),
		cmocka_unit_test(test_amounts_in_pairs),
		cmocka_unit_test(test_amounts_below_zero),
		cmocka_unit_test(test_dates), cmocka_unit_test(test_times), cmocka_unit_test(test_minutes), cmocka_unit_test(test_halves),
		cmocka_unit_test(test_choices), cmocka_unit_test(test_free_words),
		cmocka_unit_test(test_one_free_word),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_opt_outs), cmocka_unit_test(test_limited_wishes), cmocka_unit_test(test_human),
		cmocka_unit_test(test_human_only_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
