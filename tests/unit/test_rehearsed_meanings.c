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

static const char a_table[] = "[{\"value\":\"book\",\"words\":[\"book a table\",\"a table\",\"make a reservation\",\"reserve\"]},"
	"{\"value\":\"change\",\"words\":[\"change a booking\",\"change my booking\",\"move my booking\",\"cancel my booking\"]},"
	"{\"value\":\"other\",\"words\":[\"something else\",\"a question\"]}]";
static const char a_parcel[] = "[{\"value\":\"again\",\"words\":[\"bring it again\"]},{\"value\":\"depot\",\"words\":[\"collect it\",\"pick it up\"]},"
	"{\"value\":\"back\",\"words\":[\"send it back\",\"i don't want it\"]}]";
static const char a_delivery[] = "[{\"value\":\"came\",\"words\":[\"was delivered\",\"delivered it\"]},{\"value\":\"lost\",\"words\":[\"nothing came\"]}]";
static const char an_appointment[] = "[{\"value\":\"keep\",\"words\":[\"keep it\",\"yes\",\"i'll be there\",\"still on\"]},"
	"{\"value\":\"move\",\"words\":[\"move\",\"move it\",\"another day\",\"reschedule\",\"next week\"]},"
	"{\"value\":\"cancel\",\"words\":[\"cancel\",\"cancel it\",\"i don't need it\",\"i won't come\"]}]";

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
		{ "don't scrap it just postpone it", "other" }, { "don't change it just drop it", "off" }, { "I never wanted this visit scrap it", "off" },
		{ "I do want to come, just not on that day", "other" }, { "it's early so keep it", "stay" }, { "don't you dare drop it", "stay" },
		{ "scrap that please", "off" }, { "we won't be coming", "off" }, { "I don't need it any more", "off" }, { "no cancel it", "off" },
	};

	(void)state;
	all_are(a_visit, "", cases, sizeof(cases) / sizeof(cases[0]));
}

/* The book's own words stand against what a day or time alone would mean. */
static void test_own_words(void **state)
{
	static const struct said tables[] = { { "book a table another day", "book" }, { "can I get a table tonight", "book" },
		{ "do you have a table for tomorrow", "book" }, { "can I reserve for tonight", "" }, { "I'd like to book a table for next week", "book" },
		{ "change my booking to tomorrow", "change" }, { "can I move it to tomorrow", "change" }, { "a table is not what I want, change my booking", "change" } };
	static const struct said visits[] = { { "keep it another day", "other" }, { "cancel it tomorrow", "off" } };

	(void)state;
	all_are(a_table, "", tables, sizeof(tables) / sizeof(tables[0]));
	all_are(a_visit, "", visits, sizeof(visits) / sizeof(visits[0]));
}

/* Who does not want one thing has not chosen another. */
static void test_refused_option(void **state)
{
	static const struct said parcels[] = { { "I don't want to collect it", "" }, { "I don't want to come and collect it", "" }, { "I don't want it", "back" },
		{ "I really don't want it any more", "back" }, { "I don't even want it", "back" }, { "I'll collect it", "depot" },
		{ "I don't want to collect it, bring it again", "again" } };

	(void)state;
	all_are(a_parcel, "", parcels, sizeof(parcels) / sizeof(parcels[0]));
}

/* A few plain phrases are enough: a single word of them is understood, and who refuses it has chosen nothing else. */
static void test_few_phrases(void **state)
{
	static const char a_shop[] = "[{\"value\":\"collect\",\"words\":[\"collect it\",\"i will pick it up\"]},"
		"{\"value\":\"deliver\",\"words\":[\"deliver it\",\"bring it to me\"]},{\"value\":\"dispute\",\"words\":[\"i never ordered this\",\"this is wrong\"]},"
		"{\"value\":\"pay\",\"words\":[\"i will pay\"]}]";
	static const struct said cases[] = {
		{ "deliver", "deliver" }, { "please deliver", "deliver" }, { "can you deliver", "deliver" }, { "delivery please", "deliver" }, { "have it delivered", "deliver" },
		{ "could you deliver it please", "deliver" }, { "collect", "collect" }, { "collection please", "collect" }, { "I would like delivery", "deliver" },
		{ "don't deliver it", "" }, { "no need to deliver", "" }, { "I don't want it delivered", "" }, { "please do not deliver", "" }, { "no delivery", "" }, { "stop the delivery", "" },
		{ "not deliver, collect", "collect" }, { "not collect, deliver", "deliver" }, { "deliver or collect", "" }, { "did you deliver", "" },
		{ "it was never delivered", "dispute" }, { "I never received it", "dispute" }, { "I didn't order this", "dispute" },
	};

	(void)state;
	all_are(a_shop, "Shall we deliver it, or will you collect it?", cases, sizeof(cases) / sizeof(cases[0]));
}

/* Books of other trades: words that tell options apart in the shipped books only say nothing in them, and a book's own phrase goes before them. */
static void test_other_trades(void **state)
{
	static const char a_redelivery[] = "[{\"value\":\"redeliver\",\"words\":[\"bring it again\",\"deliver again\",\"home\"]},"
		"{\"value\":\"depot\",\"words\":[\"depot\",\"pick it up\",\"collect it\"]}]";
	static const char a_neighbour[] = "[{\"value\":\"neighbour\",\"words\":[\"neighbour\",\"next door\"]},{\"value\":\"home\",\"words\":[\"home\",\"at the door\"]},"
		"{\"value\":\"keep\",\"words\":[\"keep it\",\"collect it\"]}]";
	static const char a_meal[] = "[{\"value\":\"in\",\"words\":[\"eat in\",\"table\"]},{\"value\":\"away\",\"words\":[\"take away\",\"pick it up\"]},"
		"{\"value\":\"delivery\",\"words\":[\"bring it\",\"at home\"]}]";
	static const char a_means[] = "[{\"value\":\"card\",\"words\":[\"card\",\"by card\"]},{\"value\":\"cash\",\"words\":[\"cash\"]},"
		"{\"value\":\"transfer\",\"words\":[\"transfer\",\"by bank\"]}]";
	static const char a_counter[] = "[{\"value\":\"deposit\",\"words\":[\"deposit\"]},{\"value\":\"withdraw\",\"words\":[\"withdraw\",\"take money out\"]}]";
	static const char a_day[] = "[{\"value\":\"today\",\"words\":[\"today\"]},{\"value\":\"later\",\"words\":[\"another day\"]}]";
	static const char a_fault[] = "[{\"value\":\"heating\",\"words\":[\"heating\"]},{\"value\":\"meter\",\"words\":[\"the meter\",\"wrong reading\"]}]";
	static const char a_contract[] = "[{\"value\":\"start\",\"words\":[\"start\"]},{\"value\":\"end\",\"words\":[\"end it\",\"cancel\"]}]";
	static const char a_visit_type[] = "[{\"value\":\"clinic\",\"words\":[\"clinic\",\"come in\"]},{\"value\":\"video\",\"words\":[\"video\"]}]";
	static const char a_yes[] = "[{\"value\":\"pays\",\"words\":[\"yes\",\"i will pay\"]},{\"value\":\"not\",\"words\":[\"no\"]}]";
	static const char a_yes_home[] = "[{\"value\":\"again\",\"words\":[\"yes\",\"home\"]},{\"value\":\"depot\",\"words\":[\"no\",\"pick it up\"]}]";
	static const struct {
		const char *options;
		struct said said;
	} cases[] = {
		{ a_yes, { "I'll settle it", "pays" } }, { a_yes_home, { "I'll get it myself", "" } },
		{ a_redelivery, { "I'll pick it up myself", "depot" } }, { a_redelivery, { "I'll collect it myself", "depot" } }, { a_redelivery, { "I'll get it myself", "" } },
		{ a_redelivery, { "I'd rather fetch it myself", "" } }, { a_redelivery, { "my wife will collect it", "depot" } }, { a_redelivery, { "myself", "" } },
		{ a_redelivery, { "bring it home", "redeliver" } }, { a_redelivery, { "I live far from the depot", "" } },
		{ a_neighbour, { "leave it next door", "neighbour" } }, { a_neighbour, { "my partner will collect it", "keep" } }, { a_neighbour, { "my family lives next door", "neighbour" } },
		{ a_meal, { "I'll pick it up myself", "away" } }, { a_meal, { "a table for my family", "in" } },
		{ a_means, { "I'll pay in cash", "cash" } }, { a_means, { "I'll pay by card", "card" } }, { a_means, { "I'll pay with a cheque", "" } },
		{ a_counter, { "I'd like to cancel", "" } }, { a_counter, { "I want to pay a bill", "" } }, { a_counter, { "I want to deposit a cheque", "deposit" } },
		{ a_day, { "tomorrow please", "" } }, { a_day, { "today", "today" } }, { a_fault, { "the heating is broken", "heating" } }, { a_fault, { "it's broken", "" } },
		{ a_contract, { "I'm listening", "" } }, { a_contract, { "I'd like to start", "start" } }, { a_visit_type, { "I'd rather attend by video", "video" } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		all_are(cases[i].options, "", &cases[i].said, 1);
}

/* What a clause means counts less than the book's own phrase in it, and as much as one in another clause. */
static void test_own_words_in_clause(void **state)
{
	static const char options[] = "[{\"value\":\"again\",\"words\":[\"bring it again\"]},{\"value\":\"depot\",\"words\":[\"pick it up\"]},"
		"{\"value\":\"back\",\"words\":[\"cancel it\"]},{\"value\":\"wait\",\"words\":[\"keep it\",\"another day\"]}]";
	static const struct said cases[] = { { "I was going to pick it up but scrap it", "" }, { "I'll pick it up, just hold it until Friday", "" },
		{ "I'll move along to pick it up", "depot" }, { "I can't pick it up", "" }, { "keep it", "wait" } };

	(void)state;
	all_are(options, "", cases, sizeof(cases) / sizeof(cases[0]));
}

/* What others did, what is wondered at, and what somebody else might do: no wish. */
static void test_reports(void **state)
{
	static const char question[] = "You have an appointment with Doctor Lee on Thursday at three. Would you like to keep it, move it, or cancel it?";
	static const struct said cases[] = { { "did the doctor cancel it", "" }, { "you cancelled it last week", "" }, { "you already moved it", "" },
		{ "I was told it was cancelled", "" }, { "I don't see why I'd cancel", "" }, { "isn't it on Thursday", "" }, { "can my son come instead", "" },
		{ "I'd like it cancelled", "cancel" }, { "can it be moved", "move" }, { "can my appointment be moved", "move" }, { "cancel it then", "cancel" },
		{ "no I want to reschedule", "move" }, { "you can cancel it", "cancel" }, { "it was cancelled before, keep it this time", "keep" } };

	static const struct said deliveries[] = { { "it was already delivered", "came" }, { "they delivered it yesterday", "came" } };

	(void)state;
	all_are(a_delivery, "", deliveries, sizeof(deliveries) / sizeof(deliveries[0]));
	all_are(an_appointment, question, cases, sizeof(cases) / sizeof(cases[0]));
}

/* What speaks of the matter and decides nothing must not be guessed. */
static void test_open(void **state)
{
	static const struct said visits[] = { { "I can't make it", "" }, { "I have to ask my wife", "" }, { "what happens if I cancel", "" }, { "cancel it or move it", "" },
		{ "do I have to pay if I cancel", "" }, { "banana", "" },
		{ "what exactly would you do", "" }, { "did you cancel it", "" }, { "cancel it, no, I couldn't, so I'd keep it", "stay" }, { "I'd have to see how I feel", "" } };
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

enum { NEITHER = -1 };

struct answered {
	const char *words;
	int64_t means; /* NEITHER: asked again */
};

static void all_answer(const char *question, const struct answered *cases, size_t count)
{
	const struct expect e = { .kind = EXPECT_YES_NO };
	struct words w, asked;
	struct answer a;
	size_t i;

	words_read(&asked, question, strlen(question));
	for (i = 0; i < count; i++) {
		bool known;

		words_read(&w, cases[i].words, strlen(cases[i].words));
		known = understand(&e, &w, &asked, cases[i].words, strlen(cases[i].words), &a) == UNDERSTOOD_VALUE;
		if ((known ? a.number : NEITHER) != cases[i].means)
			fail_msg("%s \"%s\" is %d, not %d", question, cases[i].words, known ? (int)a.number : NEITHER, (int)cases[i].means);
	}
}

/* What is a yes depends on what was asked. */
static void test_sides(void **state)
{
	static const struct answered stops[] = { { "I don't need it any more", 1 }, { "I'm not going to be there", 1 }, { "keep it please", 0 }, { "okay, keep it", NEITHER },
		{ "yes, keep it", NEITHER }, { "no, cancel it", NEITHER }, { "what happens if I do", NEITHER }, { "I don't really know", NEITHER }, { "I'm afraid so", 1 } };
	static const struct answered offers[] = { { "I've got plans at that time", 0 }, { "I'll be out of town then", 0 }, { "I'm free then", 1 }, { "I can make that work", 1 },
		{ "it's not ideal, but okay", 1 }, { "it's not ideal", 0 }, { "is there anything later", NEITHER }, { "hang on, I can't hear you", NEITHER },
		{ "that doesn't suit me", 0 }, { "I can't do that", 0 }, { "I don't think so", 0 }, { "I couldn't tell you", NEITHER }, { "I can't decide", NEITHER },
		{ "not until I have spoken with my sister", NEITHER }, { "you never told me", NEITHER }, { "no, I can't decide", 0 }, { "my wife isn't but I am", NEITHER },
		{ "would that be with the same doctor or a different one", NEITHER }, { "how soon do I have to", NEITHER }, { "I'd have to check with work first", NEITHER } };
	static const struct answered parts[] = { { "I'll send you something on Monday, once I am back home", 1 }, { "there's nothing to give", 0 }, { "I already paid", NEITHER } };

	(void)state;
	all_answer("Shall I call off the delivery?", stops, sizeof(stops) / sizeof(stops[0]));
	all_answer("That time is gone. The next one is on Monday at ten. Would you like that?", offers, sizeof(offers) / sizeof(offers[0]));
	all_answer("Could you pay some of it?", parts, sizeof(parts) / sizeof(parts[0]));
}

/* Where a person is asked for, others speak of him. */
static void test_somebody_else(void **state)
{
	static const struct answered cases[] = { { "he's at work", 0 }, { "he's sleeping right now", 0 }, { "you just missed her", 0 }, { "I don't know any Kim", 0 },
		{ "Kim moved out last year", 0 }, { "Kim is out", 0 }, { "this is Kim's brother", 0 }, { "this is her sister", 0 }, { "I'm the babysitter", 0 },
		{ "this is he", 1 }, { "this is her", 1 }, { "you got him", 1 }, { "Kim here", 1 }, { "I'm the one", 1 }, { "yes, that's me, did she send you", 1 },
		{ "Kim is right here, hold on", NEITHER }, { "she is coming", NEITHER } };

	(void)state;
	all_answer("Am I speaking with Kim?", cases, sizeof(cases) / sizeof(cases[0]));
}

/* What a book is about that the vocabulary knows nothing of. */
static void test_other_matters(void **state)
{
	static const struct said cases[] = { { "mushrooms please", "funghi" }, { "the one with tomatoes", "margherita" }, { "I'd like to cancel", "" }, { "I already paid", "" },
		{ "with some old tomatoes", "margherita" }, { "she went out with some old tomatoes and a basket to sell them", "" } };

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
		cmocka_unit_test(test_a_visit), cmocka_unit_test(test_open), cmocka_unit_test(test_few_phrases), cmocka_unit_test(test_own_words), cmocka_unit_test(test_other_trades),
		cmocka_unit_test(test_own_words_in_clause),
		cmocka_unit_test(test_refused_option),
		cmocka_unit_test(test_reports), cmocka_unit_test(test_a_debt), cmocka_unit_test(test_the_day), cmocka_unit_test(test_sides),
		cmocka_unit_test(test_somebody_else),
		cmocka_unit_test(test_other_matters), cmocka_unit_test(test_what_is_left), cmocka_unit_test(test_any_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
