/* What people mean, for rule-books that name a phrase or two for each option: order of words, denial, tense, reasons, and what leaves a question
 * open. The shipped books' questions are in test_rehearsed_paraphrases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "providers/rehearsed/understand.h"

static const char a_visit[] = "[{\"value\":\"stay\",\"words\":[\"keep it\"]},{\"value\":\"other\",\"words\":[\"another day\"]},{\"value\":\"off\",\"words\":[\"cancel it\"]}]";
static const char a_debt[] = "[{\"value\":\"all\",\"words\":[\"in full\"]},{\"value\":\"some\",\"words\":[\"a part\"]},{\"value\":\"gone\",\"words\":[\"already paid\"]},"
	"{\"value\":\"wrong\",\"words\":[\"i do not owe this\"]},{\"value\":\"none\",\"words\":[\"i cannot pay\"]}]";
static const char a_pizza[] = "[{\"value\":\"margherita\",\"words\":[\"with tomatoes\"]},{\"value\":\"funghi\",\"words\":[\"with mushrooms\"]}]";

struct said {
	const char *words, *option; /* "": asked again */
};

static const char *option_for(const char *json, const char *question, const char *said)
{
	static char out[32];
	struct expect e = { .kind = EXPECT_CHOICE };
	json_t *options = json_loads(json, 0, NULL);
	struct words w, asked;
	struct answer a;

	e.options = options;
	meanings_of_options(options, e.meanings);
	words_read(&w, said, strlen(said));
	words_read(&asked, question, strlen(question));
	*out = 0;
	if (understand(&e, &w, &asked, said, strlen(said), &a) == UNDERSTOOD_VALUE)
		snprintf(out, sizeof(out), "%.*s", (int)a.len, a.text);
	json_decref(options);
	return out;
}

static void all_are(const char *json, const char *question, const struct said *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const char *got = option_for(json, question, cases[i].words);

		if (strcmp(got, cases[i].option))
			fail_msg("\"%s\" is \"%s\", not \"%s\"", cases[i].words, got, cases[i].option);
	}
}

static void test_a_visit(void **state)
{
	static const struct said cases[] = {
		{ "I'll be there", "stay" }, { "no need to change anything", "stay" }, { "please don't cancel", "stay" },
		{ "kindly postpone", "other" }, { "is there a later slot", "other" }, { "I can't make it then, can we find a new date", "other" },
		{ "scrap that please", "off" }, { "we won't be coming", "off" }, { "I don't need it any more", "off" }, { "no cancel it", "off" },
	};

	(void)state;
	all_are(a_visit, "", cases, sizeof(cases) / sizeof(cases[0]));
}

/* What speaks of the matter and decides nothing must not be guessed. */
static void test_open(void **state)
{
	static const struct said visits[] = { { "I can't make it", "" }, { "I have to ask my wife", "" }, { "what happens if I cancel", "" }, { "cancel it or move it", "" },
		{ "do I have to pay if I cancel", "" }, { "banana", "" } };
	static const struct said debts[] = { { "I haven't paid yet", "" }, { "can I pay later", "" }, { "I'm not sure if it was paid", "" } };

	(void)state;
	all_are(a_visit, "", visits, sizeof(visits) / sizeof(visits[0]));
	all_are(a_debt, "", debts, sizeof(debts) / sizeof(debts[0]));
}

/* Tense and denial tell them apart; the words are much the same. */
static void test_a_debt(void **state)
{
	static const struct said cases[] = {
		{ "I will do the payment", "all" }, { "I have done the payment", "gone" }, { "I won't do any payment", "none" },
		{ "I'll clear it", "all" }, { "it was cleared last week", "gone" }, { "the whole amount I will give", "all" },
		{ "not the whole amount", "some" }, { "half I can do", "some" }, { "I don't have that much, but I can pay something", "some" },
		{ "I lost my job", "none" }, { "I lost my job but a little I can send", "some" }, { "not even a part", "none" },
		{ "I never ordered that", "wrong" }, { "there must be some mistake", "wrong" },
	};

	(void)state;
	all_are(a_debt, "", cases, sizeof(cases) / sizeof(cases[0]));
}

/* The day that the question named is the one that is kept; another is another. */
static void test_the_day(void **state)
{
	static const char question[] = "You have an appointment on Thursday, 26 November. Keep it, move it or cancel it?";
	static const struct said cases[] = { { "Thursday is perfect", "stay" }, { "Friday would be perfect", "other" }, { "let's do Monday", "other" },
		{ "I can come on Friday", "other" }, { "Friday is perfect", "" }, { "let's stick with Friday", "" } };

	(void)state;
	all_are(a_visit, question, cases, sizeof(cases) / sizeof(cases[0]));
}

/* What a book is about that the vocabulary knows nothing of. */
static void test_other_matters(void **state)
{
	static const struct said cases[] = { { "mushrooms please", "funghi" }, { "the one with tomatoes", "margherita" }, { "I'd like to cancel", "" }, { "I already paid", "" } };

	(void)state;
	all_are(a_pizza, "", cases, sizeof(cases) / sizeof(cases[0]));
}

/* "Thursday is bad" is behind the words that may still answer the next question. */
static void test_what_is_left(void **state)
{
	static const char said[] = "Thursday is bad, another day, Friday";
	struct expect e = { .kind = EXPECT_CHOICE };
	json_t *options = json_loads(a_visit, 0, NULL);
	struct answer a;
	struct words w;

	(void)state;
	e.options = options;
	meanings_of_options(options, e.meanings);
	words_read(&w, said, strlen(said));
	assert_int_equal(understand(&e, &w, NULL, said, strlen(said), &a), UNDERSTOOD_VALUE);
	assert_in_range(a.used, 3, w.count - 1);
	json_decref(options);
}

/* Any words at all: the longest answer, and nothing. */
static void test_any_words(void **state)
{
	struct meanings m;
	struct words w;
	char text[2048];
	size_t i;

	(void)state;
	for (i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "no ", 4);
	words_read(&w, text, strlen(text));
	assert_int_equal(w.count, WORDS_MAX);
	meanings_read(&m, &w, &w);
	assert_true(!m.plain && !m.hinted);
	words_read(&w, "", 0);
	meanings_read(&m, &w, NULL);
	assert_true(!m.plain && !m.hinted && !m.denied_to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_visit), cmocka_unit_test(test_open), cmocka_unit_test(test_a_debt), cmocka_unit_test(test_the_day),
		cmocka_unit_test(test_other_matters), cmocka_unit_test(test_what_is_left), cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
