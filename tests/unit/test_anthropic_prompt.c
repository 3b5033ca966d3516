/* What every request of a call to Anthropic begins with, what of it the vendor can keep, and the models as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "anthropicbody.h"
#include "base/num.h"

/* ---- the cache ---- */

static void unmark(struct buf *b)
{
	const char *at;

	while ((at = memmem(b->data, b->len, ANTHROPIC_MARKER, strlen(ANTHROPIC_MARKER))))
		buf_cut(b, (size_t)(at - (const char *)b->data), strlen(ANTHROPIC_MARKER));
}

/* Up to the end of the caller's last words, where a request that ends with them has its marker. */
static size_t stable_bytes(const char *text, size_t len)
{
	const char *end = text + len, *tail = memmem(text, len, "]},{\"role\":\"system\"", 18), *next = tail;

	while (next) {
		tail = next;
		next = memmem(tail + 1, (size_t)(end - tail - 1), "]},{\"role\":\"system\"", 18);
	}
	return tail && !memmem(tail, (size_t)(end - tail), "\"assistant\"", 11) ? (size_t)(tail - text) : len - strlen("]}]}");
}

static void what_was_sent_stays_as_it_was(void **state)
{
	static const char *const models[] = { "claude-haiku-5-5", "claude-haiku-4-5" };
	struct buf before;
	uint32_t seed, m;
	size_t count, stable;

	(void)state;
	buf_init(&before, ANTHROPIC_BODY_MAX_BYTES);
	for (m = 0; m < 2; m++) {
		head_open((struct anthropic_prompt){ .model = models[m], .tools = tools });
		for (seed = 1; seed <= 20; seed++) {
			draw_blocks(seed);
			stable = 0;
			for (count = 1; count <= blocks.count; count++) {
				const struct llm_block *b = &blocks.at[count - 1];
				const char *text = redacted_text(b->text);

				if (b->type != BLOCK_CALLER || strspn(text, " ") == strlen(text))
					continue;
				json_decref(make(ASK_PLAIN, count));
				unmark(&body);
				assert_true(body.len >= stable && !memcmp(body.data, before.data ? before.data : body.data, stable));
				stable = stable_bytes((const char *)body.data, body.len);
				buf_reset(&before);
				buf_append(&before, body.data, body.len);
			}
		}
	}
	buf_fini(&before);
}

/* Numbers of the content blocks that have a marker, from 1; returns how many blocks there are. */
static size_t markers_find(size_t count, size_t at[4], size_t *marked)
{
	json_t *json = make(ASK_PLAIN, count), *message, *block;
	size_t i, j, n = 0;

	*marked = 0;
	json_array_foreach(json_object_get(json, "messages"), i, message)
		json_array_foreach(json_object_get(message, "content"), j, block) {
			n++;
			if (json_object_get(block, "cache_control") && *marked < 4)
				at[(*marked)++] = n;
		}
	json_decref(json);
	return n;
}

/* Between two questions up to four messages with three tools each: from one marker at least, one of the request before is in sight. */
static void a_marker_is_never_out_of_sight(void **state)
{
	static const uint32_t uses[] = { 0, 1, 2, 0, 4, 1, 0, 3, 4, 2 };
	size_t at[4] = { 0 }, last[4] = { 0 }, marked, before = 0, i, j, k;
	bool seen;

	(void)state;
	head_open((struct anthropic_prompt){ .model = "claude-haiku-5-5", .tools = tools });
	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		block_add(&blocks, BLOCK_CALLER, "A question of ordinary length, as people ask them on the phone every day, and a little more. "
			"It takes a prompt of some hundreds of tokens until the vendor keeps anything at all, so this caller says a lot. "
			"He goes on and on about the weather, his garden, and a bus that came too late, and only then says what he wants.");
		for (j = 0; j < uses[i]; j++) {
			for (k = 0; k < 3; k++)
				use((uint32_t)(i * 10 + j), (uint32_t)k);
			for (k = 0; k < 3; k++)
				result((uint32_t)(i * 10 + j), (uint32_t)k, TOOL_OK, "ten");
		}
		(void)markers_find(blocks.count, at, &marked);
		if (before) {
			assert_true(marked);
			for (seen = false, j = 0; j < marked; j++)
				for (k = 0; k < before; k++)
					seen |= at[j] >= last[k] && at[j] - last[k] < 20;
			assert_true(seen);
		}
		before = marked;
		memcpy(last, at, sizeof(last));
		block_add(&blocks, BLOCK_AGENT, "Fine.");
	}
	assert_int_equal(before, 2);
}

static void markers_stand_where_they_pay(void **state)
{
	static char words[9000];
	json_t *json, *parts;

	(void)state;
	memset(words, 'w', sizeof(words) - 1);
	block_add(&blocks, BLOCK_CALLER, "Hello");
	head_open((struct anthropic_prompt){ .model = "claude-haiku-5-5", .fixed = words, .tenant = "tenant", .facts = "facts" });
	json = make(ASK_PLAIN, 1);
	parts = json_object_get(json, "system");
	assert_string_equal(json_string_value(json_object_get(json_object_get(json_array_get(parts, 0), "cache_control"), "ttl")), "1h");
	assert_non_null(json_object_get(json_array_get(parts, 1), "cache_control"));
	assert_null(json_object_get(json_object_get(json_array_get(parts, 1), "cache_control"), "ttl"));
	assert_null(json_object_get(json_array_get(parts, 2), "cache_control"));
	json_decref(json);
	words[5000] = '\0'; /* too short for the older one */
	head_open((struct anthropic_prompt){ .model = "claude-haiku-4-5", .fixed = words, .tenant = "tenant" });
	json_decref(make(ASK_PLAIN, 1));
	assert_null(memmem(body.data, body.len, "cache_control", 13));
}

/* ---- tools, ceilings ---- */

static void strict_schemas_say_nothing_of_sizes(void **state)
{
	json_t *json;
	char *text;

	(void)state;
	head_open((struct anthropic_prompt){ .model = "claude-haiku-5-5", .tools = tools, .is_strict = true });
	json = make(ASK_PLAIN, 0);
	text = json_dumps(json_object_get(json, "tools"), JSON_COMPACT);
	assert_string_equal(text, "[{\"name\":\"look\",\"description\":\"Looks\",\"input_schema\":{\"type\":\"object\","
		"\"properties\":{\"maximum\":{\"type\":\"string\"},\"list\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}}},\"strict\":true}]");
	free(text);
	json_decref(json);
}

static void what_is_too_long_is_refused(void **state)
{
	static char words[60000];
	struct llm_block *many = calloc(ANTHROPIC_BLOCKS_MAX + 1, sizeof(*many));
	struct err_detail detail;
	struct anthropic_head long_head;
	char *prompt = malloc(ANTHROPIC_PROMPT_MAX_BYTES + 1);
	size_t i;

	(void)state;
	assert_true(many && prompt);
	memset(words, 'w', sizeof(words) - 1);
	block_add(&blocks, BLOCK_CALLER, words);
	for (i = 0; i <= ANTHROPIC_BLOCKS_MAX; i++)
		many[i] = blocks.at[0];
	assert_int_equal(anthropic_request_make(&head, ASK_PLAIN, many, ANTHROPIC_BLOCKS_MAX + 1, &body), ERR_LIMIT);
	assert_int_equal(anthropic_request_make(&head, ASK_PLAIN, many, 200, &body), ERR_LIMIT); /* 12 MB */
	assert_int_equal(anthropic_request_make(&head, ASK_PLAIN, many, 2, &body), ERR_NONE);    /* and it can go on */
	memset(prompt, 'p', ANTHROPIC_PROMPT_MAX_BYTES);
	prompt[ANTHROPIC_PROMPT_MAX_BYTES] = '\0';
	assert_int_equal(anthropic_head_make(&long_head, &(struct anthropic_prompt){ .model = "m", .fixed = prompt }, &detail), ERR_LIMIT);
	buf_fini(&long_head.text);
	free(prompt);
	free(many);
}

/* ---- models ---- */

static void head_says(const char *model, const char *effort, const char *wanted)
{
	char text[300];

	head_open((struct anthropic_prompt){ .model = model, .effort = effort });
	snprintf(text, sizeof(text), "{\"model\":\"%s\",\"max_tokens\":300,\"stream\":true%s,\"system\":", model, wanted);
	assert_memory_equal(head.text.data, text, num_min(strlen(text), head.text.len));
}

static void each_model_is_told_to_think_least_in_its_own_way(void **state)
{
	(void)state;
	head_says("claude-haiku-5-5", "low", ",\"thinking\":{\"type\":\"disabled\"},\"output_config\":{\"effort\":\"low\"}");
	head_says("claude-haiku-5-5", NULL, ",\"thinking\":{\"type\":\"disabled\"}");
	head_says("claude-haiku-5-5", "xhigh", ",\"output_config\":{\"effort\":\"xhigh\"}");
	head_says("claude-haiku-4-5", "low", "");
	head_says("claude-haiku-4-5-20251001", NULL, "");
	head_says("claude-sonnet-5-5", "medium", ",\"thinking\":{\"type\":\"between_tools\"},\"output_config\":{\"effort\":\"medium\"}");
	head_says("claude-opus-5-5", "high", ",\"output_config\":{\"effort\":\"high\"}");
	head_says("something-new", "high", "");
}

static void no_request_says_what_is_refused(void **state)
{
	static const char *const models[] = { "claude-haiku-5-5", "claude-haiku-4-5", "claude-sonnet-5-5", "claude-opus-5-5", "something-new" };
	static const char *const words[] = { "temperature", "top_p", "top_k", "tool_choice" };
	size_t i, j;

	(void)state;
	for (i = 0; i < 5; i++) {
		head_open((struct anthropic_prompt){ .model = models[i], .tools = tools, .effort = "low" });
		for (j = 0; j < 4; j++)
			assert_null(memmem(head.text.data, head.text.len, words[j], strlen(words[j])));
	}
}

static void models_are_found_by_their_ids(void **state)
{
	(void)state;
	assert_string_equal(anthropic_model_find("claude-haiku-4-5-20251001")->id, "claude-haiku-4-5");
	assert_string_equal(anthropic_model_find(ANTHROPIC_DEFAULT_MODEL)->id, "claude-haiku-5-5");
	assert_null(anthropic_model_find("claude-haiku-5-55")->id);
	assert_null(anthropic_model_find("claude-haiku-5-5-latest")->id);
	assert_null(anthropic_model_find("claude-haiku-5")->id);
	assert_null(anthropic_model_find("")->id);
	assert_false(anthropic_model_find("x")->takes_system_messages);
	assert_int_equal(anthropic_version_find("2023-06-01"), ANTHROPIC_2023_06_01);
	assert_int_equal(anthropic_version_find("2025"), 0);
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, body_begin, body_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(what_was_sent_stays_as_it_was),
		UNIT(a_marker_is_never_out_of_sight),
		UNIT(markers_stand_where_they_pay),
		UNIT(strict_schemas_say_nothing_of_sizes),
		UNIT(what_is_too_long_is_refused),
		UNIT(each_model_is_told_to_think_least_in_its_own_way),
		UNIT(no_request_says_what_is_refused),
		UNIT(models_are_found_by_their_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
