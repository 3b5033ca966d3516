/* Requests for chat completions: the rules that messages must keep, whatever a call's blocks are; what the head says, and leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "openaibody.h"
#include "providers/llm_blocks.h"

/* The messages behind the prompt's are these. */
static void messages_are(enum ask_kind kind, const char *wanted)
{
	json_t *json = make(kind, blocks.count), *messages = json_object_get(json, "messages");
	char *text;

	assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 0), "role")), "system");
	json_array_remove(messages, 0);
	text = json_dumps(messages, JSON_COMPACT);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(json);
}

#define U(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define A(text) "{\"role\":\"assistant\",\"content\":\"" text "\"}"
#define USE_OF(id, args) "{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"" args "\"}}"
#define USE(id) USE_OF(id, "{}")
#define USES(text, uses) "{\"role\":\"assistant\",\"content\":\"" text "\",\"tool_calls\":[" uses "]}"
#define RESULT(id, text) "{\"role\":\"tool\",\"tool_call_id\":\"" id "\",\"content\":\"" text "\"}"

/* ---- tools ---- */

static void a_use_without_a_result_gets_one(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	use(1, 0);
	messages_are(ASK_PLAIN, "[" U("Hello") "," USES("", USE("call_1_0")) "," RESULT("call_1_0", "The tool failed: there is no result") "]");
}

static void words_and_uses_are_one_message(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	block_add(&blocks, BLOCK_AGENT, "One moment, I am");
	use(1, 0);
	use(1, 1);
	result(1, 1, TOOL_OK, "eleven");
	result(1, 0, TOOL_OK, "ten");
	block_add(&blocks, BLOCK_CALLER, "Well?");
	messages_are(ASK_PLAIN, "[" U("Hello") "," USES("One moment, I am", USE("call_1_0") "," USE("call_1_1")) "," RESULT("call_1_0", "ten") ","
		RESULT("call_1_1", "eleven") "," U("Well?") "]");
}

static void results_stand_behind_their_uses_wherever_they_were(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	result(9, 9, TOOL_OK, "of nothing");
	use(1, 0);
	block_add(&blocks, BLOCK_CALLER, "Well?");
	result(1, 0, TOOL_OK, "<event>ten</event>");
	use(1, 0); /* told before */
	use(2, 0);
	result(2, 0, TOOL_OK, "two");
	messages_are(ASK_PLAIN, "[" U("Hello") "," USES("", USE("call_1_0")) "," RESULT("call_1_0", "&lt;event>ten&lt;/event>") "," U("Well?") ","
		USES("", USE("call_2_0")) "," RESULT("call_2_0", "two") "]");
}

static void a_result_says_what_became_of_it(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	use(1, 0);
	use(1, 1);
	use(1, 2);
	result(1, 0, TOOL_OK, "");
	result(1, 1, TOOL_ERROR, "closed");
	result(1, 2, TOOL_UNKNOWN, "");
	messages_are(ASK_PLAIN, "[" U("Hello") "," USES("", USE("call_1_0") "," USE("call_1_1") "," USE("call_1_2")) "," RESULT("call_1_0", "") ","
		RESULT("call_1_1", "The tool failed: closed") "," RESULT("call_1_2", "The outcome is not known: it may or may not have been done. ") "]");
}

static void what_a_model_made_up_can_be_sent_back(void **state)
{
	static const char *const args[] = { "", "7", "{\"a\":", "{\"b\": 1,  \"a\": \"x\"}" };
	static const char *const sent[] = { "{}", "{\"text\":\"7\"}", "{\"text\":\"{\\\"a\\\":\"}", "{\"b\": 1,  \"a\": \"x\"}" };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		json_t *json, *call;

		blocks_again();
		block_add_tool(&blocks, BLOCK_TOOL_USE, 1, 0, 0, "two words/", args[i]);
		json = make(ASK_PLAIN, blocks.count);
		call = json_object_get(json_array_get(json_object_get(json_array_get(json_object_get(json, "messages"), 2), "tool_calls"), 0), "function");
		assert_string_equal(json_string_value(json_object_get(call, "arguments")), sent[i]);
		assert_string_equal(json_string_value(json_object_get(call, "name")), "two_words_");
		json_decref(json);
	}
}

static void without_tools_nothing_is_said_of_them(void **state)
{
	json_t *json;

	(void)state;
	head_open((struct openai_prompt){ .tools = "[]", .tool_choice = "auto", .parallel_tools = "false" });
	block_add(&blocks, BLOCK_CALLER, "Hello");
	use(1, 0);
	result(1, 0, TOOL_OK, "ten");
	messages_are(ASK_PLAIN, "[" U("Hello") "]");
	json = make(ASK_PLAIN, 1);
	assert_null(json_object_get(json, "tool_choice"));
	assert_null(json_object_get(json, "parallel_tool_calls"));
	json_decref(json);
}

/* ---- who speaks ---- */

static void only_what_was_cut_ends_in_a_dash(void **state)
{
	static const struct {
		const char *said, *sent;
	} cases[] = { { "It costs", "It costs \xe2\x80\x94" }, { "It costs.", "It costs." }, { "Really?", "Really?" }, { "कल आइए।", "कल आइए।" },
		{ "He said \"no\"", "He said \\\"no\\\"" } };
	char wanted[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		blocks_again();
		block_add(&blocks, BLOCK_CALLER, "Hello");
		block_add(&blocks, BLOCK_AGENT, cases[i].said);
		block_add(&blocks, BLOCK_CALLER, "Wait");
		snprintf(wanted, sizeof(wanted), "[" U("Hello") "," A("%s") "," U("Wait") "]", cases[i].sent);
		messages_are(ASK_PLAIN, wanted);
	}
}

static void neighbours_are_one_message(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_AGENT, "One.");
	block_add(&blocks, BLOCK_AGENT, "Two.");
	block_add(&blocks, BLOCK_EVENT, "three</event>");
	block_add(&blocks, BLOCK_CALLER, " ");
	block_add(&blocks, BLOCK_CALLER, "four <event>");
	block_add(&blocks, BLOCK_EVENT, "five");
	messages_are(ASK_PLAIN, "[" U("<event>The call has begun.</event>") "," A("One. Two.") ","
		U("<event>three&lt;/event></event>\\nfour &lt;event>\\n<event>five</event>") "]");
}

static void the_last_word_is_the_users(void **state)
{
	(void)state;
	messages_are(ASK_PLAIN, "[" U("<event>The call has begun.</event>") "]");
	block_add(&blocks, BLOCK_CALLER, "Hello");
	block_add(&blocks, BLOCK_AGENT, "One moment");
	messages_are(ASK_PLAIN, "[" U("Hello") "," A("One moment") "," U("<event>The caller has said nothing since.</event>") "]");
	messages_are(ASK_CONTINUE, "[" U("Hello") "," A("One moment") ","
		U("<event>Your words broke off there. Go on exactly behind them and repeat nothing.</event>") "]");
	block_add(&blocks, BLOCK_EVENT, "ten");
	messages_are(ASK_PLAIN, "[" U("Hello") "," A("One moment") "," U("<event>ten</event>") "]");
	messages_are(ASK_SHORT, "[" U("Hello") "," A("One moment") "," U("<event>ten</event>\\n<event>" LLM_NOTE_SHORT "</event>") "]");
}

/* ---- the head ---- */

static void the_head_says_what_it_is_told_to(void **state)
{
	static const char wanted[] = "{\"model\":\"qwen3\",\"max_completion_tokens\":220,\"stream\":true,\"tools\":[{\"type\":\"function\",\"function\":"
		"{\"name\":\"look\",\"description\":\"Looks\",\"parameters\":{\"type\":\"object\",\"properties\":{\"maximum\":{\"type\":\"string\"}}},"
		"\"strict\":true}}],\"messages\":[";

	(void)state;
	head_open((struct openai_prompt){ .tools = tools, .limit_name = "max_completion_tokens", .is_strict = true });
	json_decref(make(ASK_PLAIN, 0));
	assert_memory_equal(body.data, wanted, sizeof(wanted) - 1);
}

/* ---- over calls drawn at random ---- */

/* Every call of a message is answered by the messages right behind it, in order; the first behind them. */
static size_t results_check(const json_t *messages, size_t at)
{
	const json_t *calls = json_object_get(json_array_get(messages, at), "tool_calls"), *call;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)calls, i, call) {
		const json_t *one = json_array_get(messages, at + 1 + i);

		assert_string_equal(json_string_value(json_object_get(one, "role")), "tool");
		assert_string_equal(json_string_value(json_object_get(one, "tool_call_id")), json_string_value(json_object_get(call, "id")));
	}
	return at + 1 + i;
}

static void messages_check(json_t *json)
{
	const json_t *messages = json_object_get(json, "messages");
	const char *last = "system";
	size_t at = 1;

	while (at < json_array_size(messages)) {
		const json_t *message = json_array_get(messages, at);
		const char *role = json_string_value(json_object_get(message, "role")), *text = json_string_value(json_object_get(message, "content"));
		bool has_calls = json_object_get(message, "tool_calls") != NULL;

		assert_true(!strcmp(role, "user") ? strcmp(last, "user") != 0 : !strcmp(role, "assistant") && strcmp(last, "system") != 0);
		assert_true(!strcmp(role, "user") || strcmp(last, "assistant") != 0);
		assert_true(has_calls || strspn(text, " \t\r\n") < strlen(text));
		last = has_calls ? "tool" : role;
		at = results_check(messages, at);
	}
	assert_true(at > 1 && strcmp(last, "assistant") != 0);
	json_decref(json);
}

static void every_request_keeps_the_rules(void **state)
{
	static const enum ask_kind kinds[] = { ASK_CONTINUE, ASK_PLAIN, ASK_SHORT };
	uint32_t seed;
	size_t count;

	(void)state;
	for (seed = 1; seed <= 40; seed++) {
		draw_blocks(seed);
		for (count = 0; count <= blocks.count; count++)
			messages_check(make(kinds[seed % 3], count));
	}
}

/* Up to the end of the last message that more blocks cannot go on with. */
static void what_was_sent_stays_as_it_was(void **state)
{
	struct buf before;
	uint32_t seed;
	size_t count, stable;

	(void)state;
	buf_init(&before, OPENAI_BODY_MAX_BYTES);
	for (seed = 1; seed <= 20; seed++) {
		draw_blocks(seed);
		for (stable = 0, count = 1; count <= blocks.count; count++) {
			if (blocks.at[count - 1].type != BLOCK_CALLER || llm_block_is_blank(&blocks.at[count - 1]))
				continue;
			json_decref(make(ASK_PLAIN, count));
			assert_true(body.len > stable && !memcmp(body.data, before.data ? before.data : body.data, stable));
			stable = body.len - strlen("\"}]}");
			buf_reset(&before);
			buf_append(&before, body.data, body.len);
		}
	}
	buf_fini(&before);
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, body_begin, body_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_use_without_a_result_gets_one),
		UNIT(words_and_uses_are_one_message),
		UNIT(results_stand_behind_their_uses_wherever_they_were),
		UNIT(a_result_says_what_became_of_it),
		UNIT(what_a_model_made_up_can_be_sent_back),
		UNIT(without_tools_nothing_is_said_of_them),
		UNIT(only_what_was_cut_ends_in_a_dash),
		UNIT(neighbours_are_one_message),
		UNIT(the_last_word_is_the_users),
		UNIT(the_head_says_what_it_is_told_to),
		UNIT(every_request_keeps_the_rules),
		UNIT(what_was_sent_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
