/* Anthropic behind llm.h: its requests to the byte, and what becomes of every way of answering them, over real HTTP on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>

#include "anthropicserver.h"
#include "llmvectors.h"
#include "providers/anthropic/anthropic_reply.h"

/* ---- requests, to the byte ---- */

static void vector_ask(const json_t *v, const char *version)
{
	char *tools = json_object_get(v, "tools") ? json_dumps(json_object_get(v, "tools"), 0) : NULL;
	const struct anthropic_options options = { .api_version = version, .model = json_string_value(json_object_get(v, "model")),
		.max_tokens = (uint32_t)json_integer_value(json_object_get(v, "max_tokens")), .effort = json_string_value(json_object_get(v, "effort")),
		.fixed = json_string_value(json_object_get(v, "fixed")), .tenant = json_string_value(json_object_get(v, "tenant")),
		.facts = json_string_value(json_object_get(v, "facts")), .tools = tools, .is_strict = json_is_true(json_object_get(v, "strict")) };

	kit_vendor(&kit, options);
	free(tools);
	l = (struct listener){ .victim = &l };
	assert_int_equal(anthropic_llm.start(kit.vendor, &l.answer, vector_kind(json_string_value(json_object_get(v, "kind"))), 1, blocks.at, blocks.count,
		&events, &l), ERR_NONE);
	kit_until(&kit, &l.ends, 1);
}

static void vector_check(const char *path)
{
	json_t *v = json_load_file(path, 0, NULL), *version;
	char *wanted;
	size_t i;

	assert_non_null(v);
	blocks_fini(&blocks);
	blocks_init(&blocks);
	vector_blocks(&blocks, json_object_get(v, "blocks"));
	wanted = json_dumps(json_object_get(v, "body"), JSON_COMPACT);
	assert_true(json_array_size(json_object_get(v, "api_versions")));
	json_array_foreach(json_object_get(v, "api_versions"), i, version) {
		vector_ask(v, json_string_value(version));
		if (strcmp(kit.body, wanted) != 0)
			fprintf(stderr, "%s:\n%s\n", path, kit.body);
		assert_string_equal(kit.body, wanted);
		assert_string_equal(kit.version, json_string_value(version));
	}
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
	snprintf(folder, sizeof(folder), "%s/vectors/anthropic", getenv("CALLFUNNEL_TESTS"));
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
	assert_int_equal(count, 10);
}

static void a_request_says_who_asks_and_how(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_string_equal(kit.path, "/v1/messages");
	assert_string_equal(kit.key, KIT_KEY);
	assert_string_equal(kit.bearer, "no"); /* never both */
	assert_string_equal(kit.version, "2026-10-21");
	assert_string_equal(kit.type, "application/json");
	assert_null(strstr(kit.body, KIT_KEY));
}

/* ---- answers ---- */

static void words_come_and_then_the_end(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_string_equal(l.told, "Good |morning.|done 38|");
	assert_int_equal(anthropic_last(kit.vendor)->status, 200);
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
	for (i = 0; i < ANTHROPIC_STREAMS + 2; i++) {
		ask();
		assert_string_equal(told(&l), "Good morning.done 38");
	}
}

static void an_empty_answer_is_an_answer(void **state)
{
	(void)state;
	kit_says(&kit, 200, START ENDS("end_turn"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "done 38|");
}

static void a_tool_that_was_cut_is_not_run(void **state)
{
	(void)state;
	kit_says(&kit, 200, START TOOL(0, "book") ARGS(0, "{\\\"day\\\":\\\"mo") STOP(0) ENDS("max_tokens"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "failed garbage|");
}

static void a_refusal_comes_behind_its_words(void **state)
{
	(void)state;
	kit_says(&kit, 200, START TEXT(0) SAYS(0, "Well, ") STOP(0) ENDS("refusal"), KIT_ENDS);
	ask();
	assert_string_equal(l.told, "Well, |failed refused|");
}

/* ---- failures ---- */

static void a_status_says_why(void **state)
{
	static const struct {
		unsigned int status;
		const char *type, *told;
	} cases[] = {
		{ 400, "invalid_request_error", "failed refused|" }, { 401, "authentication_error", "failed refused|" },
		{ 402, "billing_error", "failed refused|" },         { 403, "permission_error", "failed refused|" },
		{ 404, "not_found_error", "failed refused|" },       { 409, "conflict_error", "failed died|" },
		{ 413, "request_too_large", "failed refused|" },     { 429, "rate_limit_error", "failed busy|" },
		{ 500, "api_error", "failed died|" },                { 503, "overloaded_error", "failed busy|" },
		{ 504, "timeout_error", "failed died|" },            { 529, "overloaded_error", "failed busy|" },
		{ 302, "moved", "failed garbage|" },
	};
	char body[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"No\"},\"request_id\":\"r\"}", cases[i].type);
		kit_says(&kit, cases[i].status, body, KIT_ENDS);
		ask();
		assert_string_equal(l.told, cases[i].told);
		assert_int_equal(anthropic_last(kit.vendor)->status, cases[i].status);
		assert_string_equal(anthropic_last(kit.vendor)->error_type, cases[i].type);
	}
	assert_int_equal(kit.requests, sizeof(cases) / sizeof(cases[0])); /* asked once each */
}

static void an_error_whose_body_is_none_goes_by_its_status(void **state)
{
	(void)state;
	kit_says(&kit, 529, "<html>no</html>", KIT_CUTS);
	ask();
	assert_string_equal(l.told, "failed busy|");
	assert_string_equal(anthropic_last(kit.vendor)->error_type, "");
}

static void what_the_head_says_is_kept(void **state)
{
	static const struct http_header headers[] = { { "request-id", "req_7" }, { "retry-after", "12" }, { "anthropic-ratelimit-requests-limit", "1000" },
		{ "anthropic-ratelimit-requests-remaining", "3" }, { "anthropic-ratelimit-requests-reset", "2026-11-21T10:00:30Z" },
		{ "anthropic-ratelimit-output-tokens-limit", "80000" }, { "anthropic-ratelimit-output-tokens-remaining", "0" },
		{ "anthropic-ratelimit-output-tokens-reset", "soon" }, { "anthropic-ratelimit-input-tokens-limit", "lots" }, { NULL, NULL } };
	const struct anthropic_last *last = anthropic_last(kit.vendor);

	(void)state;
	kit_says(&kit, 429, "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}", KIT_ENDS);
	kit.reply.headers = headers;
	ask();
	assert_string_equal(l.told, "failed busy|");
	assert_string_equal(last->request_id, "req_7");
	assert_true(last->has_retry_after);
	assert_int_equal(last->retry_after_ms, 12000);
	assert_true(last->requests.is_known);
	assert_int_equal(last->requests.limit, 1000);
	assert_int_equal(last->requests.remaining, 3);
	assert_int_equal(last->requests.reset_s, 1795255230);
	assert_true(last->output_tokens.is_known);
	assert_int_equal(last->output_tokens.reset_s, 0);
	assert_false(last->input_tokens.is_known);
	assert_false(last->tokens.is_known);
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	assert_false(last->has_retry_after); /* of this answer */
	assert_int_equal(last->requests.remaining, 3); /* not told anew */
}

static void waits_are_told_in_three_ways(void **state)
{
	static const struct {
		const char *fields; /* names and values, as an answer keeps them */
		size_t len;
		bool has;
		uint64_t ms;
	} cases[] = {
#define FIELDS(text) text, sizeof(text)
		{ FIELDS("retry-after-ms\000250\0retry-after\00012"), true, 250 },
		{ FIELDS("retry-after\00012"), true, 12000 },
		{ FIELDS("date\0Sat, 21 Nov 2026 10:00:00 GMT\0retry-after\0Sat, 21 Nov 2026 10:01:30 GMT"), true, 90000 },
		{ FIELDS("date\0Sat, 21 Nov 2026 10:00:00 GMT\0retry-after\0Sat, 21 Nov 2026 09:00:00 GMT"), true, 0 }, /* past */
		{ FIELDS("retry-after\0Sat, 21 Nov 2026 10:01:30 GMT"), false, 0 },
		{ FIELDS("retry-after\000-3"), false, 0 },
		{ FIELDS("retry-after\00099999999999999999999"), false, 0 },
		{ FIELDS("request-id\0r"), false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct buf fields = { .data = (uint8_t *)(uintptr_t)cases[i].fields, .len = cases[i].len };
		const struct http_answer answer = { .status = 429, .fields = &fields };
		struct anthropic_last last = { .status = 0 };

		anthropic_reply_head(&last, &answer);
		assert_int_equal(last.has_retry_after, cases[i].has);
		assert_int_equal(last.retry_after_ms, cases[i].ms);
	}
}

static void an_error_in_the_stream_fails_what_began_well(void **state)
{
	(void)state;
	kit_says(&kit, 200, START TEXT(0) SAYS(0, "Good ") EVENT("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}") SAYS(0, "x"), KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "Good |failed busy|");
	assert_string_equal(anthropic_last(kit.vendor)->error_type, "overloaded_error");
	kit_until(&kit, &kit.gone, 1); /* the exchange was broken off */
}

static void an_end_in_the_middle_is_a_death(void **state)
{
	static const enum kit_end ends[] = { KIT_ENDS, KIT_CUTS };
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (len = strlen(START); len < sizeof(two_tools) - 1; len += 97) {
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
	kit_vendor(&kit, (struct anthropic_options){ .idle_us = 150000 });
	kit_says(&kit, 200, START TEXT(0) SAYS(0, "Good "), KIT_HOLDS);
	ask();
	assert_string_equal(l.told, "Good |failed died|");
	kit_vendor(&kit, (struct anthropic_options){ .total_us = 150000 });
	ask();
	assert_string_equal(l.told, "Good |failed died|");
	snprintf(kit.url, sizeof(kit.url), "http://127.0.0.1:1");
	kit_vendor(&kit, (struct anthropic_options){ .model = NULL });
	ask();
	assert_string_equal(l.told, "failed died|");
	assert_int_equal(anthropic_last(kit.vendor)->status, 0);
}

static void what_is_no_stream_is_garbage(void **state)
{
	static char line[100000];

	(void)state;
	kit_says(&kit, 200, "<html>sign in</html>", KIT_ENDS);
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
		UNIT(words_come_and_then_the_end),
		UNIT(tools_come_behind_the_words_whole),
		UNIT(pieces_of_any_length_say_the_same),
		UNIT(the_end_of_the_message_is_the_end),
		UNIT(an_empty_answer_is_an_answer),
		UNIT(a_tool_that_was_cut_is_not_run),
		UNIT(a_refusal_comes_behind_its_words),
		UNIT(a_status_says_why),
		UNIT(an_error_whose_body_is_none_goes_by_its_status),
		UNIT(what_the_head_says_is_kept),
		UNIT(waits_are_told_in_three_ways),
		UNIT(an_error_in_the_stream_fails_what_began_well),
		UNIT(an_end_in_the_middle_is_a_death),
		UNIT(silence_and_nobody_there_are_deaths),
		UNIT(what_is_no_stream_is_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
