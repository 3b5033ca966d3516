/* OpenAI-compatible servers behind llm.h: requests to the byte, and what becomes of every way of answering them, over real HTTP on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>

#include "openaiserver.h"
#include "llmvectors.h"
#include "providers/openai/openai_reply.h"

/* ---- requests, to the byte ---- */

static const char *vector_text(const json_t *v, const char *key)
{
	return json_string_value(json_object_get(v, key));
}

static void vector_ask(const json_t *v)
{
	char *tools = json_object_get(v, "tools") ? json_dumps(json_object_get(v, "tools"), 0) : NULL;
	const struct openai_options options = { .model = vector_text(v, "model"), .max_tokens = (uint32_t)json_integer_value(json_object_get(v, "max_tokens")),
		.limit_name = json_is_true(json_object_get(v, "completion_tokens")) ? OPENAI_MAX_COMPLETION_TOKENS : OPENAI_MAX_TOKENS,
		.temperature = vector_text(v, "temperature"), .without_usage = json_is_true(json_object_get(v, "without_usage")),
		.system_role = vector_text(v, "system_role"), .tool_choice = vector_text(v, "tool_choice"),
		.parallel = (enum openai_parallel)json_integer_value(json_object_get(v, "parallel")), .fixed = vector_text(v, "fixed"),
		.tenant = vector_text(v, "tenant"), .facts = vector_text(v, "facts"), .tools = tools, .is_strict = json_is_true(json_object_get(v, "strict")) };

	kit_vendor(&kit, options);
	free(tools);
	l = (struct listener){ .victim = &l };
	assert_int_equal(openai_llm.start(kit.vendor, &l.answer, vector_kind(vector_text(v, "kind")), 1, blocks.at, blocks.count, &events, &l), ERR_NONE);
	kit_until(&kit, &l.ends, 1);
}

static void vector_check(const char *path)
{
	json_t *v = json_load_file(path, 0, NULL);
	char *wanted;

	assert_non_null(v);
	blocks_fini(&blocks);
	blocks_init(&blocks);
	vector_blocks(&blocks, json_object_get(v, "blocks"));
	wanted = json_dumps(json_object_get(v, "body"), JSON_COMPACT | JSON_REAL_PRECISION(4));
	vector_ask(v);
	if (strcmp(kit.body, wanted) != 0)
		fprintf(stderr, "%s:\n%s\n", path, kit.body);
	assert_string_equal(kit.body, wanted);
	free(wanted);
	json_decref(v);
}

static void requests_are_those_of_the_vectors(void **state)
{
	char folder[400], path[800];
	struct dirent *entry;
	unsigned int count = 0;
	DIR *dir;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/vectors/openai", getenv("CALLFUNNEL_TESTS"));
	kit_says(&kit, 200, plain, KIT_ENDS);
	dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		vector_check(path);
		count++;
	}
	closedir(dir);
	assert_int_equal(count, 5);
}

static void a_request_says_who_asks_and_how(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_string_equal(kit.path, "/v1/chat/completions");
	assert_string_equal(kit.authorization, "Bearer " KIT_KEY);
	assert_string_equal(kit.type, "application/json");
	assert_null(strstr(kit.body, KIT_KEY));
}

static void a_server_without_keys_is_sent_none(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	kit_vendor(&kit, (struct openai_options){ .key = "" });
	ask();
	assert_string_equal(kit.authorization, "-");
	assert_string_equal(told(&l), "Good morning.done 38");
}

/* ---- answers ---- */

static void words_come_and_then_the_end(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_string_equal(l.told, "Good |morning.|done 38|");
	assert_int_equal(openai_last(kit.vendor)->status, 200);
}

static void tools_come_behind_the_words_whole(void **state)
{
	(void)state;
	kit_says(&kit, 200, two_tools, KIT_ENDS);
	ask();
	assert_string_equal(l.told, "One moment.|tool 0:get_slots{\"day\":\"monday\"}|tool 1:get_fee{}|done 38|");
}

static void pieces_of_any_length_say_the_same(void **state)
{
	size_t step;

	(void)state;
	for (step = 1; step < 60; step += 7) {
		kit_says(&kit, 200, two_tools, KIT_ENDS);
		kit.reply.step = step;
		ask();
		assert_string_equal(l.told, "One moment.|tool 0:get_slots{\"day\":\"monday\"}|tool 1:get_fee{}|done 38|");
	}
}

/* The message is over, its connection is not: nobody waits for that. The place is taken again when it is needed. */
static void the_end_of_the_message_is_the_end(void **state)
{
	unsigned int i;

	(void)state;
	kit_says(&kit, 200, plain, KIT_HOLDS);
	for (i = 0; i < OPENAI_STREAMS + 2; i++) {
		ask();
		assert_string_equal(told(&l), "Good morning.done 38");
	}
}

/* Nor is [DONE] there: the message is whole all the same. */
static void a_finish_is_enough_however_it_ends(void **state)
{
	static const enum kit_end ends[] = { KIT_ENDS, KIT_CUTS };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		kit_says(&kit, 200, START SAYS("Good ") TOOL(0, "a", "fee") FINISH("tool_calls"), ends[i]);
		ask();
		assert_string_equal(l.told, "Good |tool 0:fee{}|done 0|");
	}
}

static void an_empty_answer_is_an_answer(void **state)
{
	(void)state;
	kit_says(&kit, 200, START ENDS("stop"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "done 38|");
}

static void a_tool_that_was_cut_is_not_run(void **state)
{
	(void)state;
	kit_says(&kit, 200, START TOOL(0, "a", "book") ARGS(0, "{\\\"day\\\":\\\"mo") ENDS("length"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "failed garbage|");
}

static void a_refusal_comes_behind_its_words(void **state)
{
	(void)state;
	kit_says(&kit, 200, START SAYS("Well, ") ENDS("content_filter"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "Well, |failed refused|");
}

/* ---- failures ---- */

static void a_status_says_why(void **state)
{
	static const struct {
		unsigned int status;
		const char *body, *name, *told;
	} cases[] = {
#define ERROR(type, code) "{\"error\":{\"message\":\"No\",\"type\":\"" type "\",\"param\":null,\"code\":" code "}}"
		{ 400, ERROR("invalid_request_error", "\"context_length_exceeded\""), "context_length_exceeded", "failed refused|" },
		{ 401, ERROR("invalid_request_error", "\"invalid_api_key\""), "invalid_api_key", "failed refused|" },
		{ 404, ERROR("not_found_error", "404"), "not_found_error", "failed refused|" },
		{ 408, ERROR("timeout", "null"), "timeout", "failed died|" },
		{ 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"no\"}]}", "", "failed refused|" },
		{ 429, ERROR("requests", "\"rate_limit_exceeded\""), "rate_limit_exceeded", "failed busy|" },
		{ 429, ERROR("insufficient_quota", "\"insufficient_quota\""), "insufficient_quota", "failed refused|" },
		{ 500, ERROR("server_error", "null"), "server_error", "failed died|" },
		{ 502, "<html>bad gateway</html>", "", "failed died|" },
		{ 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}", "unavailable_error", "failed busy|" },
		{ 400, "{\"object\":\"error\",\"message\":\"no\",\"type\":\"BadRequestError\",\"code\":400}", "BadRequestError", "failed refused|" },
		{ 302, "moved", "", "failed garbage|" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_says(&kit, cases[i].status, cases[i].body, KIT_ENDS);
		ask();
		assert_string_equal(l.told, cases[i].told);
		assert_int_equal(openai_last(kit.vendor)->status, cases[i].status);
		assert_string_equal(openai_last(kit.vendor)->error_name, cases[i].name);
	}
	assert_int_equal(kit.requests, sizeof(cases) / sizeof(cases[0])); /* asked once each */
}

static void an_error_whose_body_is_none_goes_by_its_status(void **state)
{
	(void)state;
	kit_says(&kit, 529, "<html>no</html>", KIT_CUTS);
	ask();
	assert_string_equal(l.told, "failed busy|");
	assert_string_equal(openai_last(kit.vendor)->error_name, "");
}

static void what_the_head_says_is_kept(void **state)
{
	static const struct http_header headers[] = { { "x-request-id", "req_7" }, { "retry-after", "12" }, { "x-ratelimit-limit-requests", "1000" },
		{ "x-ratelimit-remaining-requests", "3" }, { "x-ratelimit-reset-requests", "6m0.25s" }, { "x-ratelimit-limit-tokens", "lots" },
		{ NULL, NULL } };
	const struct openai_last *last = openai_last(kit.vendor);

	(void)state;
	kit_says(&kit, 429, "{\"error\":{\"type\":\"requests\"}}", KIT_ENDS);
	kit.reply.headers = headers;
	ask();
	assert_string_equal(l.told, "failed busy|");
	assert_string_equal(last->request_id, "req_7");
	assert_true(last->has_retry_after);
	assert_int_equal(last->retry_after_ms, 12000);
	assert_true(last->requests.is_known);
	assert_int_equal(last->requests.limit, 1000);
	assert_int_equal(last->requests.remaining, 3);
	assert_int_equal(last->requests.reset_ms, 360250);
	assert_false(last->tokens.is_known);
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_false(last->has_retry_after); /* of this answer */
	assert_int_equal(last->requests.remaining, 3); /* not told anew */
}

static void times_of_limits_are_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = { { "1s", 1000 }, { "6m0s", 360000 }, { "1h2m3.5s", 3723500 }, { "20ms", 20 }, { "7.66s", 7660 }, { "1.0005s", 1000 }, { "", 0 },
		{ "soon", 0 }, { "5", 0 }, { "1s!", 0 }, { "9999999999s", 0 }, { ".5s", 0 }, { "1.", 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[200];
		int len = snprintf(text, sizeof(text), "x-ratelimit-limit-tokens%c9%cx-ratelimit-remaining-tokens%c8%cx-ratelimit-reset-tokens%c%s",
			0, 0, 0, 0, 0, cases[i].text);
		const struct buf fields = { .data = (uint8_t *)text, .len = (size_t)len + 1 };
		const struct http_answer answer = { .status = 200, .fields = &fields };
		struct openai_last last = { .status = 0 };

		openai_reply_head(&last, &answer);
		assert_true(last.tokens.is_known);
		assert_int_equal(last.tokens.reset_ms, cases[i].ms);
	}
}

static void an_error_in_the_stream_fails_what_began_well(void **state)
{
	(void)state;
	kit_says(&kit, 200, START SAYS("Good ") EVENT("{\"error\":{\"type\":\"overloaded_error\"}}") SAYS("x"), KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "Good |failed busy|");
	assert_string_equal(openai_last(kit.vendor)->error_name, "overloaded_error");
	kit_until(&kit, &kit.gone, 1); /* the exchange was broken off */
}

static void an_end_in_the_middle_is_a_death(void **state)
{
	static const enum kit_end ends[] = { KIT_ENDS, KIT_CUTS };
	const size_t finish = (size_t)(strstr(two_tools, "\"finish_reason\":\"tool_calls\"") - two_tools);
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (len = strlen(START); len < finish; len += 97) {
			kit_says(&kit, 200, two_tools, ends[i]);
			kit.reply.len = len;
			ask();
			assert_int_equal(l.tools, 0);
			assert_non_null(strstr(l.told, "failed died|"));
		}
	}
}

static void silence_and_nobody_there_are_deaths(void **state)
{
	(void)state;
	kit_vendor(&kit, (struct openai_options){ .idle_us = 150000 });
	kit_says(&kit, 200, START SAYS("Good "), KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "Good |failed died|");
	kit_vendor(&kit, (struct openai_options){ .total_us = 150000 });
	ask();
	assert_string_equal(l.told, "Good |failed died|");
	snprintf(kit.url, sizeof(kit.url), "http://127.0.0.1:1");
	kit_vendor(&kit, (struct openai_options){ .key = NULL });
	ask();
	assert_string_equal(l.told, "failed died|");
	assert_int_equal(openai_last(kit.vendor)->status, 0);
}

static void what_is_no_stream_is_garbage(void **state)
{
	static char line[100000];

	(void)state;
	kit_says(&kit, 200, "{\"choices\":[{\"message\":{\"content\":\"not streamed\"}}]}", KIT_ENDS);
	ask();
	assert_string_equal(l.told, "failed garbage|");
	memset(line, 'x', sizeof(line) - 1);
	kit_says(&kit, 200, line, KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "failed garbage|");
	kit_until(&kit, &kit.gone, 1);
	kit_says(&kit, 200, EVENT("{\"type\":\"\xff\"}"), KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "failed garbage|");
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(requests_are_those_of_the_vectors),
		UNIT(a_request_says_who_asks_and_how),
		UNIT(a_server_without_keys_is_sent_none),
		UNIT(words_come_and_then_the_end),
		UNIT(tools_come_behind_the_words_whole),
		UNIT(pieces_of_any_length_say_the_same),
		UNIT(the_end_of_the_message_is_the_end),
		UNIT(a_finish_is_enough_however_it_ends),
		UNIT(an_empty_answer_is_an_answer),
		UNIT(a_tool_that_was_cut_is_not_run),
		UNIT(a_refusal_comes_behind_its_words),
		UNIT(a_status_says_why),
		UNIT(an_error_whose_body_is_none_goes_by_its_status),
		UNIT(what_the_head_says_is_kept),
		UNIT(times_of_limits_are_durations),
		UNIT(an_error_in_the_stream_fails_what_began_well),
		UNIT(an_end_in_the_middle_is_a_death),
		UNIT(silence_and_nobody_there_are_deaths),
		UNIT(what_is_no_stream_is_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
