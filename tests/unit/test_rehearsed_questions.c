/* What a caller asks of his own: the book's answers, what is not known, answers with a question beside them; and what is said over the closing. */
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

#define ASK(name, text, expect, rest) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[\"" text "\"],\"expect\":{" expect "},\"tries\":3,\"unclear\":\"lost\"," rest "},"
#define OPENING "Hello, this is Acme. Am I speaking with Chris Day?"
#define PLAN "Can you pay it in full, or a part of it?"
#define DAY "On which day will you pay?"
#define CONFIRM "So you will pay on Friday, 27 November. Is that right?"
#define BYE "I have noted it for Friday, 27 November. Goodbye."
#define FEE "There is no fee."
#define UNKNOWN "I am sorry, I do not know that, but you can ask for a person."

static const char flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"" OPENING "\",\"step\":\"who\",\"asked\":true},\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":["
	ASK("who", "Am I speaking with Chris Day?", "\"kind\":\"yes_no\"", "\"next\":[{\"go\":\"due\"}]")
	"{\"name\":\"due\",\"kind\":\"tool\",\"tool\":\"find\",\"changes\":false,\"arguments\":{},\"fields\":[{\"name\":\"sum\",\"kind\":\"amount\",\"currency\":\"USD\",\"optional\":false}],"
	"\"failed\":\"lost\",\"next\":[{\"go\":\"plan\"}]},"
	ASK("plan", PLAN, "\"kind\":\"choice\",\"options\":[{\"value\":\"full\",\"words\":[\"in full\",\"i will pay\"]},{\"value\":\"part\",\"words\":[\"a part\",\"half\"]},"
		"{\"value\":\"paid\",\"words\":[\"already paid\",\"i have paid\"]}]",
		"\"next\":[{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"plan\"},{\"text\":\"paid\"}]},\"go\":\"thanks\"},{\"go\":\"day\"}]")
	ASK("day", DAY, "\"kind\":\"date\",\"from_days\":0,\"to_days\":14",
		"\"confirm\":[\"So you will pay on \",{\"ref\":\"day\",\"kind\":\"date\"},\". Is that right?\"],\"next\":[{\"go\":\"save\"}]")
	"{\"name\":\"save\",\"kind\":\"tool\",\"tool\":\"save\",\"changes\":true,\"arguments\":{},\"fields\":[],\"failed\":\"lost\",\"next\":[{\"go\":\"bye\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"I have noted it for \",{\"ref\":\"day\",\"kind\":\"date\"},\". Goodbye.\"],\"outcome\":\"done\"},"
	"{\"name\":\"thanks\",\"kind\":\"goodbye\",\"text\":[\"Thank you. Goodbye.\"],\"outcome\":\"paid\"},"
	"{\"name\":\"person\",\"kind\":\"goodbye\",\"text\":[\"A colleague will call.\"],\"outcome\":\"human\"},"
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"I am lost. Goodbye.\"],\"outcome\":\"lost\"}],"
	"\"anytime\":[{\"name\":\"human\",\"words\":[\"talk to a person\"],\"go\":\"person\"}],"
	"\"questions\":["
	"{\"name\":\"sum\",\"words\":[\"how much\",\"the amount\"],\"text\":[\"It is \",{\"ref\":\"due.sum\",\"kind\":\"amount\",\"currency\":\"USD\"},\".\"]},"
	"{\"name\":\"fee\",\"words\":[\"a fee\",\"any charge\"],\"text\":[\"" FEE "\"]},"
	"{\"name\":\"parts\",\"words\":[\"pay half\",\"in parts\"],\"text\":[\"A part is fine.\"]}]}";

enum { BLOCKS_MAX = 40 };

struct talk {
	struct rehearsed *engine;
	struct request_block blocks[BLOCKS_MAX];
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
	t->blocks[t->count++] = (struct request_block){ .type = type, .turn = 1, .text = text, .text_len = strlen(text) };
}

static void tool(struct talk *t, const char *name, const char *result)
{
	add(t, BLOCK_TOOL_USE, "{}");
	t->blocks[t->count - 1].name = name;
	t->blocks[t->count - 1].name_len = strlen(name);
	add(t, BLOCK_TOOL_RESULT, result);
	t->blocks[t->count - 1].status = TOOL_OK;
}

static const char *says(struct talk *t)
{
	struct masked_request request;

	masker_free(&t->masker);
	request = maskkit_blocks(&t->masker, t->blocks, t->count);
	rehearsed_reply_fini(&t->reply);
	rehearsed_reply_init(&t->reply);
	assert_int_equal(rehearsed_plan(t->engine, request.blocks, request.count, &t->reply), ERR_NONE);
	return buf_str(&t->reply.text);
}

/* What is said to these words, which are forgotten again. */
static void hears(struct talk *t, const char *words, const char *reply)
{
	add(t, BLOCK_CALLER, words);
	if (strcmp(says(t), reply) != 0)
		fail_msg("\"%s\": \"%s\", not \"%s\"", words, buf_str(&t->reply.text), reply);
	t->count--;
}

static void to_plan(struct talk *t)
{
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	tool(t, "find", "{\"sum\":450}");
	add(t, BLOCK_AGENT, PLAN);
}

static void to_day(struct talk *t)
{
	to_plan(t);
	add(t, BLOCK_CALLER, "in full");
	add(t, BLOCK_AGENT, DAY);
}

static void to_confirm(struct talk *t)
{
	to_day(t);
	add(t, BLOCK_CALLER, "on Friday");
	add(t, BLOCK_AGENT, CONFIRM);
}

/* `heard` of the closing. */
static void to_bye(struct talk *t, const char *heard)
{
	to_confirm(t);
	add(t, BLOCK_CALLER, "yes");
	tool(t, "save", "{}");
	add(t, BLOCK_AGENT, heard);
	tool(t, "end_call", "{}");
}

static void test_the_book_answers_and_the_question_comes_again(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	hears(t, "how much was it again?", "It is 450 dollars. " PLAN);
	hears(t, "yes but how much was it", "It is 450 dollars. " PLAN);
	hears(t, "um wait, is there a fee?", FEE " " PLAN);
	hears(t, "tell me the amount please", "It is 450 dollars. " PLAN);
	hears(t, "how much is it and, also, is there a fee?", "It is 450 dollars. " FEE " " PLAN);
	assert_int_equal(t->reply.heard, REHEARD_ASIDE);
	t->blocks[t->count - 1].text_len = strlen("Can you pay"); /* asked over the question */
	hears(t, "how much was it?", "It is 450 dollars. " PLAN);
}

static void test_what_is_not_known_is_said_so(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	hears(t, "will this affect my credit?", UNKNOWN " " PLAN);
	hears(t, "should I pay today?", UNKNOWN " " PLAN);
	hears(t, "I see, and what if I pay late", UNKNOWN " " PLAN);
	hears(t, "don't you have that in your system?", UNKNOWN " " PLAN);
	hears(t, "the moon is green", "Sorry, I did not understand that. " PLAN);
	hears(t, "I don't know how much I have", "Sorry, I did not understand that. " PLAN);
}

static void test_nothing_is_told_before_it_is_known_who_hears_it(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, OPENING);
	hears(t, "how much is it?", "First I need to know who I am speaking with. Am I speaking with Chris Day?");
	hears(t, "ok but is there a fee?", "First I need to know who I am speaking with. Am I speaking with Chris Day?");
	hears(t, "yes, but how much is it?", "I cannot tell you that yet.");
	assert_string_equal(t->reply.tool, "find");
	hears(t, "I lost my job, what can I do", "First I need to know who I am speaking with. Am I speaking with Chris Day?");
}

static void test_an_answer_beside_a_question_counts(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	hears(t, "in full, is there a fee?", FEE " " DAY);
	hears(t, "can I pay half?", DAY);
	add(t, BLOCK_CALLER, "in full");
	add(t, BLOCK_AGENT, DAY);
	hears(t, "can I pay half?", "A part is fine. " DAY);
	hears(t, "on Friday, and is there any charge?", FEE " " CONFIRM);
	hears(t, "can I pay on Friday?", CONFIRM);
}

/* Something is written down behind it: who asks first is asked again. */
static void test_nobody_is_bound_by_a_yes_with_a_question(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	hears(t, "I have already paid", "Thank you. Goodbye.");
	hears(t, "I have already paid, is there a fee?", FEE " " PLAN);
	t->count = 0;
	to_confirm(t);
	hears(t, "yes, but is there a fee?", FEE " " CONFIRM);
	assert_null(t->reply.tool);
	hears(t, "yes", "");
	assert_string_equal(t->reply.tool, "save");
}

/* "I do not know that" is said, and the answer counts all the same. */
static void test_a_question_of_no_books_behind_an_answer(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	hears(t, "in full, does that stop the letters?", UNKNOWN " " DAY);
	hears(t, "in full and when will I get a letter", UNKNOWN " " DAY);
	hears(t, "in full, is that okay?", DAY);
	t->count = 0;
	to_day(t);
	hears(t, "on Friday, will I get a letter?", UNKNOWN " " CONFIRM);
	hears(t, "on Friday will that help with my rating", UNKNOWN " " CONFIRM);
	hears(t, "on Friday, when the salary comes", CONFIRM);
	hears(t, "on Friday, do it then", CONFIRM);
	t->count = 0;
	to_confirm(t);
	hears(t, "yes, will I get a letter?", UNKNOWN " " CONFIRM);
	t->count = 0;
	add(t, BLOCK_AGENT, OPENING);
	hears(t, "yes, who is this?", "Hello, this is Acme.");
	assert_string_equal(t->reply.tool, "find");
}

/* Another value in the question, or another way: nothing is taken for the one before it. */
static void test_a_question_with_an_answer_of_its_own(void **state)
{
	struct talk *t = *state;

	to_plan(t);
	add(t, BLOCK_CALLER, "in full, or could I do half?");
	says(t);
	assert_int_not_equal(t->reply.heard, REHEARD_VALUE);
	t->count = 0;
	to_day(t);
	add(t, BLOCK_CALLER, "on Friday, or can I do Thursday?");
	says(t);
	assert_int_not_equal(t->reply.heard, REHEARD_VALUE);
}

/* "You said …, right?": yes or no by what is known, and the question again. */
static void test_what_a_caller_reads_back(void **state)
{
	struct talk *t = *state;

	to_day(t);
	hears(t, "you said four hundred and fifty, right?", "Yes, 450 dollars. " DAY);
	hears(t, "did you say 450", "Yes, 450 dollars. " DAY);
	hears(t, "it was five hundred dollars, wasn't it?", "No, 450 dollars. " DAY);
	assert_int_equal(t->reply.heard, REHEARD_ASIDE);
	hears(t, "it's Friday, right?", CONFIRM);
	hears(t, "you said on Friday, right?", CONFIRM); /* no day is known */
	hears(t, "I said 450, right?", "Sorry, I did not understand that. " DAY);
	t->count = 0;
	add(t, BLOCK_AGENT, OPENING);
	hears(t, "you said 450, right?", "Just to be sure: Am I speaking with Chris Day?");
}

static void test_another_option_further_on(void **state)
{
	struct talk *t = *state;

	to_day(t);
	hears(t, "I have already paid last week", "Thank you. Goodbye.");
	assert_string_equal(t->reply.outcome, "paid");
	hears(t, "have I already paid?", UNKNOWN " " DAY);
}

static void test_questions_come_to_an_end(void **state)
{
	struct talk *t = *state;
	char said[16][128];
	size_t i;

	to_plan(t);
	for (i = 0; i < 16 && (!t->reply.outcome || strcmp(t->reply.outcome, "lost")); i++) {
		add(t, BLOCK_CALLER, "will this affect my credit?");
		snprintf(said[i], sizeof(said[i]), "%s", says(t));
		add(t, BLOCK_AGENT, said[i]);
	}
	assert_in_range(i, 7, 10);
}

/* Thanks and farewells, over the closing or behind it, never bring it a second time. */
static void test_polite_words_over_the_closing(void **state)
{
	static const char *const polite[] = { "okay thanks", "thank you bye", "okay", "alright then", "theek hai dhanyavaad", "no thank you, that's all", "great, have a nice day",
		"yes", "hello?", "tenth noon" };
	static const char *const heard[] = { BYE, "I have noted it for" };
	struct talk *t = *state;
	size_t i, j;

	for (i = 0; i < sizeof(heard) / sizeof(heard[0]); i++) {
		t->count = 0;
		to_bye(t, heard[i]);
		for (j = 0; j < sizeof(polite) / sizeof(polite[0]); j++) {
			hears(t, polite[j], "Goodbye.");
			assert_string_equal(t->reply.outcome, "done");
		}
	}
	add(t, BLOCK_CALLER, "okay thanks");
	add(t, BLOCK_AGENT, "Goodbye.");
	hears(t, "bye bye", "Goodbye.");
}

static void test_more_than_thanks_over_the_closing(void **state)
{
	struct talk *t = *state;

	to_bye(t, "I have noted it for Friday,");
	hears(t, "okay and is there a fee?", FEE " Goodbye.");
	hears(t, "will I get a letter?", "I am sorry, I do not know that. Goodbye.");
	hears(t, "no wait, I can't on Friday", "I cannot change that any more, but you can ask for a person. Goodbye.");
	hears(t, "make it Thursday", "I cannot change that any more, but you can ask for a person. Goodbye.");
	hears(t, "my wife says Thursday is better", "I cannot change that any more, but you can ask for a person. Goodbye.");
	hears(t, "sorry, say that again", BYE);
	hears(t, "talk to a person please", "A colleague will call.");
	t->count = 0;
	to_confirm(t);
	add(t, BLOCK_CALLER, "yes");
	tool(t, "save", "{}");
	hears(t, "okay thanks", BYE); /* nothing of it was heard yet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_book_answers_and_the_question_comes_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_known_is_said_so, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_told_before_it_is_known_who_hears_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_answer_beside_a_question_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_is_bound_by_a_yes_with_a_question, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_question_of_no_books_behind_an_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_question_with_an_answer_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_a_caller_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_option_further_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_questions_come_to_an_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_polite_words_over_the_closing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_than_thanks_over_the_closing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
