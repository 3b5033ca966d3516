/* Which question a value is for: of several that are read back, of one that was answered before, of two that fit; and the number, the "no" and the day that
 * are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "maskkit.h"
#include "providers/rehearsed/rehearsed.h"

#define ASK(name, text, expect, rest) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[\"" text "\"],\"expect\":{" expect "},\"tries\":4,\"unclear\":\"lost\"," rest "},"
#define NEXT(to) "\"next\":[{\"go\":\"" to "\"}]"
#define OPTION(value, words) "{\"value\":\"" value "\",\"words\":[" words "]}"
#define OPENING "Hello, this is Acme. Would you like to book it in, or shall we remind you later?"
#define WORK "Shall it be the full service, an oil change, or the service with new tyres?"
#define PLAN "Twelve months, twenty-four months, or leave?"
#define SUM "How much would you pay?"
#define PEOPLE "For how many people?"
#define DAY "On which day?"
#define HOUR "At what time?"
#define WISHES "Are there any allergies or wishes?"
#define WISH "What are they?"
#define PHONE "And your telephone number?"
#define SURE "Just to be sure: "
#define SORRY "Sorry, I did not understand that. "

static const char flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"" OPENING "\",\"step\":\"want\",\"asked\":true},\"visits_max\":4,\"end_tool\":\"end_call\",\"steps\":["
	ASK("want", "Would you like to book it in, or shall we remind you later?", "\"kind\":\"choice\",\"options\":["
		OPTION("book", "\"book it in\",\"book it\",\"yes\"") "," OPTION("later", "\"remind me later\",\"later\",\"not yet\"") "]", NEXT("work"))
	ASK("work", WORK, "\"kind\":\"choice\",\"options\":[" OPTION("full", "\"full service\",\"everything\"") "," OPTION("oil", "\"oil change\",\"only oil\"") ","
		OPTION("tyres", "\"with tyres\",\"new tyres\",\"service with tyres\"") "]", NEXT("plan"))
	ASK("plan", PLAN, "\"kind\":\"choice\",\"options\":[" OPTION("y1", "\"twelve months\",\"the short one\"") "," OPTION("y2", "\"twenty-four months\",\"the long one\"") ","
		OPTION("leave", "\"leave\",\"switch\",\"another supplier\"") "]", NEXT("sum"))
	ASK("sum", SUM, "\"kind\":\"amount\",\"currency\":\"USD\",\"min_micros\":10000000,\"max_micros\":5000000000", NEXT("people"))
	ASK("people", PEOPLE, "\"kind\":\"choice\",\"options\":[" OPTION("two", "\"two\",\"two people\",\"the two of us\"") "," OPTION("three", "\"three\",\"three people\"") ","
		OPTION("four", "\"four\",\"four people\"") "," OPTION("more", "\"more than four\",\"seven\",\"eight\",\"nine\"") "]", NEXT("day"))
	ASK("day", DAY, "\"kind\":\"date\",\"from_days\":1,\"to_days\":30", NEXT("hour"))
	ASK("hour", HOUR, "\"kind\":\"time\",\"from\":\"12:00\",\"to\":\"22:00\"",
		"\"confirm\":[\"So \",{\"ref\":\"sum\",\"kind\":\"amount\",\"currency\":\"USD\"},\" on \",{\"ref\":\"day\",\"kind\":\"date\"},\" at \",{\"ref\":\"hour\",\"kind\":\"time\"},"
		"\". Is that right?\"]," NEXT("wishes"))
	ASK("wishes", WISHES, "\"kind\":\"yes_no\"", "\"next\":[{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"wishes\"},{\"text\":\"yes\"}]},\"go\":\"wish\"},{\"go\":\"phone\"}]")
	ASK("wish", WISH, "\"kind\":\"free\"", NEXT("phone"))
	ASK("phone", PHONE, "\"kind\":\"digits\",\"min\":7,\"max\":15", "\"confirm\":[{\"ref\":\"phone\",\"kind\":\"digits\"},\". Is that right?\"]," NEXT("look"))
	"{\"name\":\"look\",\"kind\":\"tool\",\"text\":[\"One moment.\"],\"tool\":\"look\",\"changes\":false,\"arguments\":{},\"fields\":[],\"failed\":\"lost\"," NEXT("move") "},"
	"{\"name\":\"move\",\"kind\":\"ask\",\"text\":[{\"ref\":\"day\",\"kind\":\"date\"},\" at \",{\"ref\":\"hour\",\"kind\":\"time\"},\" is free. Shall I take it?\"],"
	"\"expect\":{\"kind\":\"yes_no\"},\"tries\":4,\"unclear\":\"lost\",\"next\":[{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"move\"},{\"text\":\"yes\"}]},\"go\":\"bye\"},{\"go\":\"day\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"Goodbye.\"],\"outcome\":\"done\"},"
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"I am lost. Goodbye.\"],\"outcome\":\"lost\"}],\"anytime\":[]}";

enum { BLOCKS_MAX = 40 };

struct talk {
	struct rehearsed *engine;
	struct request_block blocks[BLOCKS_MAX];
	char said[BLOCKS_MAX][256]; /* the agent's words, as the history holds them */
	size_t count;
	struct masker *masker;
	struct rehearsed_reply reply;
};

static void wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static int setup(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));
	struct err_detail detail = { .message = "" };

	if (rehearsed_new(&t->engine, flow, strlen(flow), wake, NULL, &detail) != ERR_NONE)
		fail_msg("%s", detail.message);
	rehearsed_reply_init(&t->reply);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct talk *t = *state;

	rehearsed_reply_fini(&t->reply);
	rehearsed_free(&t->engine);
	masker_free(&t->masker);
	free(t);
	return 0;
}

static void add(struct talk *t, enum block_type type, const char *text)
{
	assert_true(t->count < BLOCKS_MAX);
	snprintf(t->said[t->count], sizeof(t->said[0]), "%s", text);
	t->blocks[t->count] = (struct request_block){ .type = type, .turn = 1, .text = t->said[t->count], .text_len = strlen(t->said[t->count]) };
	t->count++;
}

static const char *replies(struct talk *t)
{
	struct masked_request request;

	masker_free(&t->masker);
	request = maskkit_blocks(&t->masker, t->blocks, t->count);
	rehearsed_reply_fini(&t->reply);
	rehearsed_reply_init(&t->reply);
	assert_int_equal(rehearsed_plan(t->engine, request.blocks, request.count, &t->reply), ERR_NONE);
	return buf_str(&t->reply.text);
}

/* These words, and what the agent says to them, which is heard whole. */
static const char *talk(struct talk *t, const char *words)
{
	add(t, BLOCK_CALLER, words);
	add(t, BLOCK_AGENT, replies(t));
	return t->said[t->count - 1];
}

/* All of it from the beginning, "|" between what is said one after another. */
static const char *talk_all(struct talk *t, const char *lines)
{
	char copy[512], *line, *at = NULL;
	const char *reply = NULL;

	snprintf(copy, sizeof(copy), "%s", lines);
	t->count = 0;
	add(t, BLOCK_AGENT, OPENING);
	for (line = strtok_r(copy, "|", &at); line; line = strtok_r(NULL, "|", &at))
		reply = talk(t, line);
	return reply;
}

struct held {
	const char *words, *reply;
};

/* What is said to each of the words, behind the lines. */
static void hold(struct talk *t, const char *lines, const struct held *cases, size_t count)
{
	const char *reply;
	size_t i;

	for (i = 0; i < count; i++) {
		(void)talk_all(t, lines);
		reply = talk(t, cases[i].words);
		if (strcmp(reply, cases[i].reply) != 0)
			fail_msg("\"%s\": \"%s\", not \"%s\"", cases[i].words, reply, cases[i].reply);
	}
}

#define HOLD(t, lines, cases) hold(t, lines, cases, sizeof(cases) / sizeof(cases[0]))
#define TO_WORK "book it"
#define TO_PLAN TO_WORK "|oil change"
#define TO_PEOPLE TO_PLAN "|the short one|two hundred dollars"
#define TO_HOUR TO_PEOPLE "|two|Friday"
#define TO_CONFIRM TO_HOUR "|three"
#define TO_WISHES TO_CONFIRM "|yes"
#define TO_PHONE TO_WISHES "|no"
#define READ_BACK(sum, day, hour) "So " sum " dollars on " day " at " hour ". Is that right?"

static void test_a_no_corrects_what_it_names(void **state)
{
	static const struct held cases[] = {
		{ "no, Thursday", READ_BACK("200", "Thursday, 26 November", "3 PM") },
		{ "not Friday but Tuesday", READ_BACK("200", "Tuesday, 24 November", "3 PM") },
		{ "no, I meant Thursday", READ_BACK("200", "Thursday, 26 November", "3 PM") },
		{ "no, on Monday at two", READ_BACK("200", "Monday, 30 November", "2 PM") },
		{ "no, one thousand dollars", READ_BACK("1000", "Friday, 27 November", "3 PM") },
		{ "no, a thousand dollars on Monday at two", READ_BACK("1000", "Monday, 30 November", "2 PM") },
		{ "no, a hundred or two hundred dollars", HOUR }, /* one of them, and which? */
		{ "no, at four", READ_BACK("200", "Friday, 27 November", "4 PM") },
		{ "yes, but on Thursday", READ_BACK("200", "Thursday, 26 November", "3 PM") },
		{ "Thursday at three", READ_BACK("200", "Thursday, 26 November", "3 PM") },
		{ "no, I'm busy on Thursday", HOUR }, /* wishes no Thursday */
		{ "no", HOUR },
		{ "yes", WISHES },
	};
	struct talk *t = *state;

	HOLD(t, TO_CONFIRM, cases);
	assert_string_equal(talk_all(t, TO_CONFIRM "|no, Thursday|yes"), WISHES);
}

/* Behind a look-up nothing that was told is asked again. */
static void test_a_no_to_what_a_question_tells(void **state)
{
	struct talk *t = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		(void)talk_all(t, TO_PHONE "|5550101234|yes");
		assert_string_equal(t->said[t->count - 1], "One moment.");
		add(t, BLOCK_TOOL_USE, "{}");
		t->blocks[t->count - 1].name = "look";
		t->blocks[t->count - 1].name_len = 4;
		add(t, BLOCK_TOOL_RESULT, "{}");
		t->blocks[t->count - 1].status = TOOL_OK;
		add(t, BLOCK_AGENT, replies(t));
		assert_string_equal(t->said[t->count - 1], "Friday, 27 November at 3 PM is free. Shall I take it?");
		assert_string_equal(talk(t, i ? "no, Thursday" : "no"), i ? "All right, Thursday, 26 November. " WISHES : DAY);
	}
}

static void test_a_bare_number_corrects_nothing_before(void **state)
{
	static const struct held cases[] = {
		{ "any time after seven", SORRY HOUR }, { "between seven and eight", SORRY HOUR }, { "not before eight", SORRY HOUR },
		{ "seven or eight", SORRY HOUR }, { "we are four people now", "All right, four. " HOUR }, { "actually we're four", "All right, four. " HOUR },
		{ "at seven, for four people", READ_BACK("200", "Friday, 27 November", "7 PM") },
	};
	static const struct held at_phone[] = {
		{ "nine hundred ninety nine", SORRY PHONE }, { "actually we're four", "All right, four. " PHONE }, { "four people", "All right, four. " PHONE },
		{ "there are eight of us", "All right, eight. " PHONE }
	};
	static const struct held at_reading_back[] = { { "actually we're four", "All right, four. [PHONE_1]. Is that right?" } };
	struct talk *t = *state;

	HOLD(t, TO_HOUR, cases);
	HOLD(t, TO_PHONE, at_phone);
	HOLD(t, TO_PHONE "|5550101234", at_reading_back);
}

static void test_two_counts_are_none(void **state)
{
	static const struct held cases[] = {
		{ "2 adults and 2 kids", SURE PEOPLE }, { "me and three friends", SURE PEOPLE }, { "two couples", SURE PEOPLE }, { "four and a baby", SURE PEOPLE },
		{ "two", DAY }, { "the 2 people one", DAY }, { "four adults", DAY }, { "two please", DAY }, { "just the two of us", DAY }, { "two, no three", DAY },
	};
	struct talk *t = *state;

	HOLD(t, TO_PEOPLE, cases);
}

static void test_two_options_are_none(void **state)
{
	static const struct held cases[] = {
		{ "I'll take the full service with new tyres", SURE WORK }, { "full service", PLAN }, { "service with tyres", PLAN }, { "full service, no, oil change", PLAN },
	};
	static const struct held plans[] = {
		{ "no, twenty four", SUM }, { "the twenty-four", SUM }, { "twelve months, and fifty dollars", PEOPLE }, { "leave me on the same plan", SURE PLAN },
		{ "switch me to e-mail", SURE PLAN }, { "I want to leave", SUM }, { "I'd like another supplier", SUM },
	};
	struct talk *t = *state;

	HOLD(t, TO_WORK, cases);
	HOLD(t, TO_PLAN, plans);
}

static void test_a_day_is_not_later(void **state)
{
	static const char unknown[] = "I am sorry, I do not know that. " "Would you like to book it in, or shall we remind you later?";
	static const struct held cases[] = {
		{ "can I bring it in next week?", unknown }, { "do you have a slot next week?", unknown }, { "book it in please", WORK }, { "I want to book it", WORK },
		{ "later", WORK }, { "remind me next month", WORK }, { "another time", WORK },
	};
	struct talk *t = *state;

	HOLD(t, "", cases);
}

static void test_a_no_that_tells_something(void **state)
{
	static const struct held cases[] = {
		{ "no peanuts please", SURE WISHES }, { "no gluten", SURE WISHES }, { "no dairy for my wife", SURE WISHES }, { "no", PHONE }, { "no thanks", PHONE },
		{ "no allergies", PHONE }, { "no special requests", PHONE }, { "none", PHONE }, { "none that I know of", PHONE }, { "none of your business", SORRY WISHES },
		{ "no, I'll wait there", PHONE }, { "no I can wait", PHONE }, { "I'll wait", SORRY WISHES }, { "wait", "Of course, take your time." },
	};
	struct talk *t = *state;

	HOLD(t, TO_WISHES, cases);
	assert_string_equal(talk_all(t, TO_WISHES "|yes, a nut allergy"), SURE WISHES);
	assert_string_equal(talk(t, "yes, a nut allergy"), WISH);
	assert_string_equal(talk_all(t, TO_WISHES "|yes, but only if it is free|yes, but only if it is free"), SORRY WISHES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_no_corrects_what_it_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_no_to_what_a_question_tells, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_bare_number_corrects_nothing_before, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_counts_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_options_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_day_is_not_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_no_that_tells_something, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
