/* What is written anew before an answer is judged: numbers and spans as the options have them, and what stands beside a yes or a no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers/rehearsed/agreement.h"
#include "providers/rehearsed/option_numbers.h"

static void written(const struct words *w, char *out, size_t size)
{
	size_t i, n = 0;

	*out = 0;
	for (i = 0; i < w->count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", w->at[i].text);
}

static void test_numbers_as_listed(void **state)
{
	static const char *const cases[][2] = {
		{ "2 bedrooms", "two bedrooms" }, { "two bedrooms", "two bedrooms" }, { "a 2 bedroom please", "a two bedroom please" }, { "4 bedrooms", "4 bedrooms" },
		{ "1 year", "twelve months" }, { "a whole year", "twelve months" }, { "6 months", "half a year" }, { "a year and a half", "a year and a half" },
		{ "two years ago", "two years ago" }, { "twenty one", "21 days" }, { "2", "two bedrooms" }, { "not 2 but", "not two but" },
	};
	json_t *options = json_loads("[{\"value\":\"a\",\"words\":[\"two bedrooms\"]},{\"value\":\"b\",\"words\":[\"twelve months\",\"another one\"]},"
		"{\"value\":\"c\",\"words\":[\"half a year\"]},{\"value\":\"d\",\"words\":[\"21 days\"]}]", 0, NULL);
	char got[512];
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&w, cases[i][0], strlen(cases[i][0]));
		options_in_numbers(options, &w);
		written(&w, got, sizeof(got));
		assert_string_equal(got, cases[i][1]);
	}
	json_decref(options);
}

/* More words than there may be would come of it: what has no room stays as it is. */
static void test_no_word_too_many(void **state)
{
	json_t *options = json_loads("[{\"value\":\"a\",\"words\":[\"one thousand two hundred and twenty one\"]}]", 0, NULL);
	enum { NUMBERS = 40, BYTES = 5 };
	char text[BYTES * NUMBERS + 1];
	struct words w;
	size_t i;

	(void)state;
	for (i = 0; i < NUMBERS; i++)
		memcpy(text + BYTES * i, "1221 ", BYTES);
	words_read(&w, text, BYTES * NUMBERS);
	assert_int_equal(w.count, NUMBERS);
	options_in_numbers(options, &w);
	assert_true(w.count > NUMBERS && w.count <= WORDS_MAX);
	json_decref(options);
}

static void test_what_stands_beside(void **state)
{
	static const char safe[] = "First of all, is everybody safe?", reported[] = "Have you reported it?", plan[] = "Do you want to keep it or cancel it?";
	static const char *const cases[][3] = {
		{ safe, "yes everyone is fine", "yes" }, { safe, "yes, but my wife is hurt", "yes but my wife is hurt" }, { safe, "nobody is hurt", "" },
		{ safe, "no injuries", "" },
		{ safe, "no, all safe", "" }, { safe, "nobody is safe", "nobody is safe" }, { safe, "nobody", "nobody" }, { safe, "no", "no" },
		{ safe, "no thank you", "no thank you" },
		{ safe, "we weren't home", "" }, { safe, "yeah we are all okay thank god", "yeah" }, { safe, "everyone is safe", "yes" },
		{ safe, "everyone but me", "everyone but me" }, { reported, "yes, I filed a report", "yes" }, { reported, "yes, not yet", "yes not yet" },
		{ reported, "I don't have it on me", "" },
		{ "Do you have your card?", "I don't have it on me", "i do not have it on me" }, { "Is anybody hurt?", "nobody is hurt", "nobody is hurt" },
		{ plan, "yes, keep it", "yes keep it" }, { "What is your name?", "nobody is hurt", "nobody is hurt" },
	};
	char got[512];
	struct words w, question;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_read(&question, cases[i][0], strlen(cases[i][0]));
		words_read(&w, cases[i][1], strlen(cases[i][1]));
		agreement_trim(&w, &question);
		written(&w, got, sizeof(got));
		assert_string_equal(got, cases[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_as_listed),
		cmocka_unit_test(test_no_word_too_many),
		cmocka_unit_test(test_what_stands_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
