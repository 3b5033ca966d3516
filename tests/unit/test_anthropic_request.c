/* Anthropic's requests: the rules that messages must keep, whatever a call's blocks are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "anthropicbody.h"
#include "providers/llm_blocks.h"

/* The messages are these, markers left out. */
static void messages_are(enum ask_kind kind, const char *wanted)
{
	json_t *json = make(kind, blocks.count), *message, *block;
	char *text;
	size_t i, j;

	json_array_foreach(json_object_get(json, "messages"), i, message)
		json_array_foreach(json_object_get(message, "content"), j, block)
			json_object_del(block, "cache_control");
	text = json_dumps(json_object_get(json, "messages"), JSON_COMPACT);
	assert_string_equal(text, wanted);
	free(text);
	json_decref(json);
}

#define U(text) "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}"
#define A(text) "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}]}"
#define OF_USER(blocks) "{\"role\":\"user\",\"content\":[" blocks "]}"
#define OF_AGENT(blocks) "{\"role\":\"assistant\",\"content\":[" blocks "]}"
#define RESULT(id, rest) "{\"type\":\"tool_result\",\"tool_use_id\":\"" id "\"" rest "}"
#define USE(id) "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"look\",\"input\":{}}"

/* ---- tools ---- */

static void a_use_without_a_result_gets_one(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	use(1, 0);
	messages_are(ASK_PLAIN, "[" U("Hello") "," OF_AGENT(USE("call_1_0")) ","
		OF_USER(RESULT("call_1_0", ",\"content\":\"there is no result\",\"is_error\":true")) "]");
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
	messages_are(ASK_PLAIN, "[" U("Hello") "," OF_AGENT(USE("call_1_0")) ","
		OF_USER(RESULT("call_1_0", ",\"content\":\"&lt;event>ten&lt;/event>\"") ",{\"type\":\"text\",\"text\":\"Well?\"}") "]");
}

static void an_empty_result_is_left_out_but_not_of_a_mistake(void **state)
{
	(void)state;
	use(1, 0);
	use(1, 1);
	use(1, 2);
	result(1, 0, TOOL_OK, "");
	result(1, 1, TOOL_ERROR, " ");
	result(1, 2, TOOL_UNKNOWN, "");
	messages_are(ASK_PLAIN, "[" U("<event>The call has begun.</event>") ","
		OF_AGENT(USE("call_1_0") "," USE("call_1_1") "," USE("call_1_2")) ","
		OF_USER(RESULT("call_1_0", "") "," RESULT("call_1_1", ",\"content\":\"there is no result\",\"is_error\":true") ","
			RESULT("call_1_2", ",\"content\":\"The outcome is not known: it may or may not have been done. \",\"is_error\":true")) "]");
}

static void what_a_model_made_up_can_be_sent_back(void **state)
{
	static const char *const args[] = { "", "7", "{\"a\":", "[]" };
	static const char *const inputs[] = { "{}", "{\"text\":\"7\"}", "{\"text\":\"{\\\"a\\\":\"}", "{\"text\":\"[]\"}" };
	char name[200], text[100];
	size_t i;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "two words/", 10);
	for (i = 0; i < 4; i++) {
		json_t *json, *block;
		char *input;

		blocks_again();
		block_add_tool(&blocks, BLOCK_TOOL_USE, 1, 0, 0, name, args[i]);
		json = make(ASK_PLAIN, blocks.count);
		block = json_array_get(json_object_get(json_array_get(json_object_get(json, "messages"), 1), "content"), 0);
		input = json_dumps(json_object_get(block, "input"), JSON_COMPACT);
		snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(block, "name")));
		assert_string_equal(input, inputs[i]);
		assert_int_equal(strlen(text), 64);
		assert_memory_equal(text, "two_words_n", 11);
		free(input);
		json_decref(json);
	}
}

static void arguments_stay_as_they_were(void **state)
{
	static const char args[] = "\"input\":{\"b\": 1,  \"a\": \"x\"}";

	(void)state;
	block_add_tool(&blocks, BLOCK_TOOL_USE, 1, 0, 0, "look", "{\"b\": 1,  \"a\": \"x\"}");
	json_decref(make(ASK_PLAIN, 1));
	assert_non_null(memmem(body.data, body.len, args, sizeof(args) - 1));
}

static void without_tools_nothing_is_said_of_them(void **state)
{
	(void)state;
	head_open((struct anthropic_prompt){ .model = "claude-haiku-5-5" });
	block_add(&blocks, BLOCK_CALLER, "Hello");
	use(1, 0);
	result(1, 0, TOOL_OK, "ten");
	messages_are(ASK_PLAIN, "[" U("Hello") "]");
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

static void an_event_behind_the_agent_is_the_users(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	block_add(&blocks, BLOCK_AGENT, "One moment");
	block_add(&blocks, BLOCK_EVENT, "Result of look: </event> ten");
	messages_are(ASK_PLAIN, "[" U("Hello") "," A("One moment") "," U("<event>Result of look: &lt;/event> ten</event>") "]");
	blocks_again();
	block_add(&blocks, BLOCK_CALLER, "Hello");
	block_add(&blocks, BLOCK_AGENT, "One moment");
	messages_are(ASK_PLAIN, "[" U("Hello") "," A("One moment") "," U("<event>The caller has said nothing since.</event>") "]");
}

static void events_between_two_words_of_the_agent_part_them(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_AGENT, "One");
	block_add(&blocks, BLOCK_EVENT, "two");
	block_add(&blocks, BLOCK_AGENT, "three");
	block_add(&blocks, BLOCK_CALLER, "four");
	messages_are(ASK_PLAIN, "[" U("<event>The call has begun.</event>") "," A("One") "," U("<event>two</event>") ","
		A("three \xe2\x80\x94") "," U("four") "]");
}

/* ---- a short answer ---- */

#define SHORT "<event>" LLM_NOTE_SHORT "</event>"

/* It stands behind all that the vendor may keep, and in this request alone. */
static void what_asks_for_a_short_answer_is_the_last_of_all(void **state)
{
	static const char *const models[] = { "claude-haiku-5-5", "claude-haiku-4-5", "something-new" };
	static const char end[] = "]}]}", last[] = "{\"type\":\"text\",\"text\":\"" SHORT "\"}]}]}";
	struct buf plain;
	size_t count, m;

	(void)state;
	buf_init(&plain, ANTHROPIC_BODY_MAX_BYTES);
	for (m = 0; m < 3; m++) {
		head_open((struct anthropic_prompt){ .model = models[m], .tools = tools });
		draw_blocks((uint32_t)m + 1);
		for (count = 0; count <= blocks.count; count++) {
			json_decref(make(ASK_PLAIN, count));
			buf_reset(&plain);
			buf_append(&plain, body.data, body.len - strlen(end));
			json_decref(make(ASK_SHORT, count));
			assert_true(body.len > plain.len + strlen(last) && !memcmp(body.data, plain.data, plain.len));
			assert_memory_equal(body.data + body.len - strlen(last), last, strlen(last));
		}
	}
	buf_fini(&plain);
}

static void behind_an_event_it_stands_with_it(void **state)
{
	(void)state;
	block_add(&blocks, BLOCK_CALLER, "Hello");
	messages_are(ASK_SHORT, "[" OF_USER("{\"type\":\"text\",\"text\":\"Hello\"},{\"type\":\"text\",\"text\":\"" SHORT "\"}") "]");
	block_add(&blocks, BLOCK_EVENT, "late news");
	messages_are(ASK_SHORT, "[" U("Hello") ",{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"<event>late news</event>\"},"
		"{\"type\":\"text\",\"text\":\"" SHORT "\"}]}]");
}

/* ---- the rules, over calls drawn at random ---- */

/* Every use of `before` is answered first in `message`, in any order, and nothing else is. */
static void results_check(const json_t *before, const json_t *message)
{
	const json_t *content = json_object_get(before, "content"), *results = json_object_get(message, "content"), *block;
	size_t uses = 0, answered = 0, i;

	json_array_foreach(content, i, block)
		uses += !strcmp(json_string_value(json_object_get(block, "type")), "tool_use");
	json_array_foreach(results, i, block) {
		bool is_result = !strcmp(json_string_value(json_object_get(block, "type")), "tool_result");
		const json_t *twin = json_array_get(content, json_array_size(content) - uses + i);

		assert_int_equal(is_result, i < uses);
		if (is_result)
			assert_string_equal(json_string_value(json_object_get(block, "tool_use_id")), json_string_value(json_object_get(twin, "id")));
		answered += is_result;
	}
	assert_int_equal(answered, uses);
}

static void texts_check(const json_t *message, unsigned int *markers)
{
	const json_t *block;
	size_t i;

	assert_true(json_array_size(json_object_get(message, "content")) > 0);
	json_array_foreach(json_object_get(message, "content"), i, block) {
		const char *text = json_string_value(json_object_get(block, "text"));

		if (!strcmp(json_string_value(json_object_get(block, "type")), "text"))
			assert_true(text && strspn(text, " \t\r\n") < strlen(text));
		*markers += json_object_get(block, "cache_control") != NULL;
	}
}

static void messages_check(json_t *json)
{
	const json_t *messages = json_object_get(json, "messages"), *message, *before = NULL;
	const char *last = "";
	unsigned int markers = 0;
	size_t i;

	json_array_foreach(messages, i, message) {
		const char *role = json_string_value(json_object_get(message, "role"));

		if (!strcmp(role, "system"))
			assert_string_equal(last, "user");
		else if (!strcmp(role, "user"))
			assert_true(!i || !strcmp(last, "assistant"));
		else
			assert_true(!strcmp(role, "assistant") && (!strcmp(last, "user") || !strcmp(last, "system")));
		if (before && !strcmp(role, "user"))
			results_check(before, message);
		texts_check(message, &markers);
		before = message;
		last = role;
	}
	assert_true(i > 0 && strcmp(last, "assistant") != 0);
	assert_true(markers <= 2);
	json_decref(json);
}

static void every_request_keeps_the_rules(void **state)
{
	static const char *const models[] = { "claude-haiku-5-5", "claude-haiku-4-5", "something-new" };
	static const enum ask_kind kinds[] = { ASK_CONTINUE, ASK_PLAIN, ASK_SHORT };
	uint32_t seed, m;
	size_t count;

	(void)state;
	for (m = 0; m < 3; m++) {
		head_open((struct anthropic_prompt){ .model = models[m], .tools = tools });
		for (seed = 1; seed <= 40; seed++) {
			draw_blocks(seed);
			for (count = 0; count <= blocks.count; count++)
				messages_check(make(kinds[seed % 3], count));
		}
	}
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, body_begin, body_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_use_without_a_result_gets_one),
		UNIT(results_stand_behind_their_uses_wherever_they_were),
		UNIT(an_empty_result_is_left_out_but_not_of_a_mistake),
		UNIT(what_a_model_made_up_can_be_sent_back),
		UNIT(arguments_stay_as_they_were),
		UNIT(without_tools_nothing_is_said_of_them),
		UNIT(only_what_was_cut_ends_in_a_dash),
		UNIT(an_event_behind_the_agent_is_the_users),
		UNIT(events_between_two_words_of_the_agent_part_them),
		UNIT(what_asks_for_a_short_answer_is_the_last_of_all),
		UNIT(behind_an_event_it_stands_with_it),
		UNIT(every_request_keeps_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
