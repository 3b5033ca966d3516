/* The rehearsed engine with a caller who was to key a number in, and spoke: he is asked whether he can, twice at most. */
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

#define OPENING "Are you Alex?"
#define WANTED "Please key in your card number."
#define CAN "I cannot hear you while you key in a number. Can you key it in now?"
#define SPOKE "{\"error\":\"spoke\",\"heard\":false,\"message\":\"The caller spoke.\"}"
#define TAKEN "{\"taken\":true,\"value\":\"[CARD_K1]\"}"
#define FLOW(language, unclear)                                                                                                                        \
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"" language "\",\"today\":\"2026-11-23\","                         \
	"\"opening\":{\"text\":\"" OPENING "\",\"step\":\"me\",\"asked\":true},\"visits_max\":2,\"end_tool\":\"end_call\"," unclear "\"steps\":["      \
	"{\"name\":\"me\",\"kind\":\"ask\",\"text\":[\"" OPENING "\"],\"expect\":{\"kind\":\"yes_no\"},\"unclear\":\"lost\",\"next\":[{\"go\":\"card\"}]}," \
	"{\"name\":\"card\",\"kind\":\"tool\",\"text\":[\"" WANTED "\"],\"tool\":\"take_keys\",\"changes\":false,\"arguments\":{\"what\":\"card\"},"   \
	"\"fields\":[{\"name\":\"taken\",\"kind\":\"truth\",\"optional\":false},{\"name\":\"value\",\"kind\":\"text\",\"optional\":false}],"           \
	"\"failed\":\"broken\",\"next\":[{\"go\":\"bye\"}]},"                                                                                          \
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"Thank you, goodbye.\"],\"outcome\":\"done\"},"                                             \
	"{\"name\":\"broken\",\"kind\":\"goodbye\",\"text\":[\"That did not work. Goodbye.\"],\"outcome\":\"failed\"},"                                \
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"I am lost. Goodbye.\"],\"outcome\":\"lost\"}],\"anytime\":[]}"

enum { BLOCKS_MAX = 32 };

static struct rehearsed *engine;
static struct masker *masker;
static struct request_block blocks[BLOCKS_MAX];
static size_t count;
static uint32_t uses;
static struct rehearsed_reply reply;

static void no_wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static void opens(const char *flow)
{
	struct err_detail detail = { .message = "" };

	rehearsed_free(&engine);
	count = uses = 0;
	assert_int_equal(rehearsed_new(&engine, flow, strlen(flow), no_wake, NULL, &detail), ERR_NONE);
}

static int setup(void **state)
{
	(void)state;
	rehearsed_reply_init(&reply);
	opens(FLOW("en-US", "\"unclear\":\"lost\","));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rehearsed_reply_fini(&reply);
	rehearsed_free(&engine);
	masker_free(&masker);
	return 0;
}

static void add(enum block_type type, const char *text)
{
	assert_true(count < BLOCKS_MAX);
	blocks[count++] = (struct request_block){ .type = type, .turn = 1, .index = uses, .text = text, .text_len = strlen(text) };
}

static void expect_says(const char *text)
{
	struct masked_request request;

	masker_free(&masker);
	request = maskkit_blocks(&masker, blocks, count);
	rehearsed_reply_fini(&reply);
	rehearsed_reply_init(&reply);
	assert_int_equal(rehearsed_plan(engine, request.blocks, request.count, &reply), ERR_NONE);
	assert_string_equal(buf_str(&reply.text), text);
}

/* The agent asks for the keys, and this comes of it. */
static void takes(const char *result)
{
	expect_says(WANTED);
	assert_string_equal(reply.tool, "take_keys");
	add(BLOCK_AGENT, WANTED);
	add(BLOCK_TOOL_USE, "{\"what\":\"card\"}");
	blocks[count - 1].name = "take_keys";
	blocks[count - 1].name_len = 9;
	add(BLOCK_TOOL_RESULT, result);
	blocks[count - 1].status = strcmp(result, TAKEN) == 0 ? TOOL_OK : TOOL_ERROR;
	uses++;
}

static void says(const char *agent, const char *caller)
{
	expect_says(agent);
	add(BLOCK_AGENT, agent);
	add(BLOCK_CALLER, caller);
}

static void a_yes_asks_for_the_number_again(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "yes, I can");
	takes(TAKEN);
	expect_says("Thank you, goodbye.");
}

static void who_presses_at_once_is_asked_for_it_again(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "[keypad] xxxxxxxxxxxxxxxx");
	takes(TAKEN);
	expect_says("Thank you, goodbye.");
}

static void a_no_goes_where_nobody_is_understood(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "no");
	expect_says("I am lost. Goodbye.");
	assert_string_equal(reply.tool, "end_call");
}

static void words_that_say_neither_do_so_the_second_time(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "the weather is nice");
	says("Sorry, I did not understand that. Can you key it in now?", "the moon is round");
	expect_says("I am lost. Goodbye.");
}

static void an_aside_is_none_of_them(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "hold on");
	says("Of course, take your time.", "yes");
	takes(TAKEN);
	expect_says("Thank you, goodbye.");
}

static void the_third_time_he_is_not_asked(void **state)
{
	(void)state;
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "yes");
	takes(SPOKE);
	says(CAN, "yes");
	takes(SPOKE);
	expect_says("I am lost. Goodbye.");
}

static void without_a_step_for_that_it_has_failed(void **state)
{
	(void)state;
	opens(FLOW("en-US", ""));
	says(OPENING, "yes");
	takes(SPOKE);
	says(CAN, "no");
	expect_says("That did not work. Goodbye.");
}

/* Keys that were too few or none, words that were heard, and languages that the engine has no words of its own in. */
static void whatever_else_comes_of_it_has_failed(void **state)
{
	static const char *const results[] = { "{\"error\":\"too_few\",\"message\":\"m\"}", "{\"error\":\"spoke\",\"message\":\"m\"}", "no answer in time", "{\"heard\":" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		opens(FLOW("en-US", "\"unclear\":\"lost\","));
		says(OPENING, "yes");
		takes(results[i]);
		expect_says("That did not work. Goodbye.");
	}
	opens(FLOW("fr-FR", "\"unclear\":\"lost\","));
	says(OPENING, "yes");
	takes(SPOKE);
	expect_says("That did not work. Goodbye.");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(a_yes_asks_for_the_number_again),
		CASE(who_presses_at_once_is_asked_for_it_again),
		CASE(a_no_goes_where_nobody_is_understood),
		CASE(words_that_say_neither_do_so_the_second_time),
		CASE(an_aside_is_none_of_them),
		CASE(the_third_time_he_is_not_asked),
		CASE(without_a_step_for_that_it_has_failed),
		CASE(whatever_else_comes_of_it_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
