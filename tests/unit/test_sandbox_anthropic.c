/* The sandbox's Anthropic without its server: what is refused, what the cache counts, what a conversation is as a call's blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "deadline.h"
#include "providers/llm_blocks.h"
#include "redact/redact.h"
#include "sandbox/anthropic/messages_read.h"
#include "sandbox/anthropic/prompt_cache.h"

enum { MINUTE_US = 60000000, TEXT_BYTES = 4000 };

#define HELLO "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
#define HAIKU "\"model\":\"claude-haiku-5-5\",\"max_tokens\":9"

static json_t *parsed(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

/* ---- rules ---- */

static unsigned int judged(const char *text, enum api_version version, struct message_refusal *refusal)
{
	json_t *body = parsed(text);
	bool fine = message_judge(body, version, false, refusal);

	json_decref(body);
	assert_int_equal(fine, refusal->status == 0);
	return refusal->status;
}

static void test_what_is_taken(void **state)
{
	static const char *const fine[] = {
		"{" HAIKU "," HELLO "}",
		"{" HAIKU ",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"b\"}]}",
		"{" HAIKU ",\"thinking\":{\"type\":\"disabled\"},\"output_config\":{\"effort\":\"high\"}," HELLO "}",
		"{\"model\":\"claude-haiku-4-5-20251001\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}",
		"{\"model\":\"claude-sonnet-5-5\",\"max_tokens\":0,\"thinking\":{\"type\":\"between_tools\"}," HELLO "}",
	};
	struct message_refusal refusal;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (judged(fine[i], API_2026_10_21, &refusal))
			fail_msg("%s: %s", fine[i], refusal.message);
	assert_int_equal(judged("{\"model\":\"claude-haiku-4-5\",\"max_tokens\":9,\"temperature\":0.3," HELLO "}", API_2023_06_01, &refusal), 0);
	assert_int_equal(judged("{" HAIKU ",\"temperature\":1.0," HELLO "}", API_2023_06_01, &refusal), 0);
}

static void test_what_is_refused(void **state)
{
	static const char *const bad[] = {
		"[]", "{}", "{" HAIKU "}", "{" HAIKU ",\"messages\":[]}", "{" HAIKU ",\"messages\":[5]}", "{" HAIKU ",\"messages\":[{\"role\":\"user\"}]}",
		"{" HAIKU ",\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}", "{" HAIKU ",\"messages\":[{\"role\":\"user\",\"content\":[5]}]}",
		"{" HAIKU ",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"x\"}]}],\"tools\":[]}",
		"{" HAIKU ",\"temperature\":1.0," HELLO "}", "{" HAIKU ",\"top_p\":1," HELLO "}", "{" HAIKU ",\"spicy\":1," HELLO "}",
		"{" HAIKU ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}," HELLO "}",
		"{" HAIKU ",\"thinking\":{\"type\":\"disabled\"},\"output_config\":{\"effort\":\"xhigh\"}," HELLO "}",
		"{" HAIKU ",\"messages\":[{\"role\":\"system\",\"content\":\"b\"}]}",
		"{" HAIKU ",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]}",
		"{" HAIKU ",\"tools\":5," HELLO "}", "{" HAIKU ",\"tools\":[5]," HELLO "}", "{" HAIKU ",\"tool_choice\":{\"type\":\"some\"}," HELLO "}",
		"{\"model\":\"claude-haiku-5-5\",\"max_tokens\":0,\"stream\":true," HELLO "}", "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":-1," HELLO "}",
		"{" HAIKU ",\"cache_control\":{\"type\":\"forever\"}," HELLO "}",
	};
	struct message_refusal refusal;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (judged(bad[i], API_2026_10_21, &refusal) != 400 || strcmp(refusal.type, "invalid_request_error") != 0)
			fail_msg("%s was %u", bad[i], refusal.status);
	assert_int_equal(judged("{\"model\":\"claude-haiku-5-5-x\",\"max_tokens\":9," HELLO "}", API_2026_10_21, &refusal), 404);
	assert_int_equal(judged("{" HAIKU ",\"temperature\":0.3," HELLO "}", API_2023_06_01, &refusal), 400);
}

/* ---- the cache ---- */

struct cached {
	struct prompt_cache *cache;
	uint64_t now_us;
	char fixed[TEXT_BYTES + 1];
};

static int cache_begin(void **state)
{
	struct cached *c = calloc(1, sizeof(*c));

	assert_int_equal(prompt_cache_new(&c->cache), ERR_NONE);
	memset(c->fixed, 'w', TEXT_BYTES);
	c->now_us = 1;
	*state = c;
	return 0;
}

static int cache_end(void **state)
{
	struct cached *c = *state;

	prompt_cache_free(&c->cache);
	free(c);
	return 0;
}

/* One request: a persona with that marker, then `blocks` user texts, the last with a marker when `marks`. */
static struct prompt_usage use(struct cached *c, const char *marker, unsigned int blocks, bool marks, const char *more)
{
	struct prompt_usage usage;
	struct buf b;
	json_t *body;

	buf_init(&b, 1 << 20);
	buf_printf(&b, "{" HAIKU "%s,\"system\":[{\"type\":\"text\",\"text\":\"%s\"%s}],\"messages\":[{\"role\":\"user\",\"content\":[", more, c->fixed, marker);
	for (unsigned int i = 0; i < blocks; i++)
		buf_printf(&b, "%s{\"type\":\"text\",\"text\":\"words %u\"%s}", i ? "," : "", i,
			marks && i + 1 == blocks ? ",\"cache_control\":{\"type\":\"ephemeral\"}" : "");
	buf_text(&b, "]}]}");
	body = parsed(buf_str(&b));
	assert_int_equal(prompt_cache_use(c->cache, message_model_find("claude-haiku-5-5"), body, c->now_us, &usage), ERR_NONE);
	json_decref(body);
	buf_fini(&b);
	return usage;
}

#define SHORT ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define LONG ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"

static void test_written_then_read(void **state)
{
	struct cached *c = *state;
	struct prompt_usage first = use(c, LONG, 3, true, ""), again = use(c, LONG, 3, true, "");

	assert_in_range(first.write_1h, 1250, 1400);
	assert_in_range(first.write_5m, 1, 100);
	assert_int_equal(first.read, 0);
	assert_int_equal(first.input, 0);
	assert_int_equal(again.read, first.write_1h + first.write_5m);
	assert_int_equal(again.write_1h + again.write_5m + again.input, 0);
}

static void test_what_is_new_is_written(void **state)
{
	struct cached *c = *state;
	struct prompt_usage first = use(c, LONG, 3, true, ""), longer = use(c, LONG, 6, true, ""), unmarked = use(c, LONG, 9, false, "");

	assert_int_equal(longer.read, first.write_1h + first.write_5m);
	assert_in_range(longer.write_5m, 1, 100);
	assert_int_equal(unmarked.read, first.write_1h);
	assert_in_range(unmarked.input, 1, 200);
}

/* The vendor looks back 20 blocks from a marker; what lies further back is not found by it. */
static void test_looks_back_twenty(void **state)
{
	struct cached *c = *state;
	struct prompt_usage near, far;

	use(c, "", 2, true, "");
	near = use(c, "", 2 + CACHE_LOOK_BACK - 1, true, "");
	assert_true(near.read > 0);
	far = use(c, "", 2 + 2 * CACHE_LOOK_BACK, true, "");
	assert_int_equal(far.read, 0);
	assert_true(far.write_5m > 1250);
}

static void test_five_minutes_and_an_hour(void **state)
{
	struct cached *c = *state;

	use(c, SHORT, 1, false, "");
	c->now_us += 4ULL * MINUTE_US;
	assert_true(use(c, SHORT, 1, false, "").read > 0); /* and lives anew */
	c->now_us += 4ULL * MINUTE_US;
	assert_true(use(c, SHORT, 1, false, "").read > 0);
	c->now_us += 6ULL * MINUTE_US;
	assert_int_equal(use(c, SHORT, 1, false, "").read, 0);
	use(c, LONG, 1, false, "");
	c->now_us += 59ULL * MINUTE_US;
	assert_true(use(c, LONG, 1, false, "").read > 0);
	c->now_us += 61ULL * MINUTE_US;
	assert_int_equal(use(c, LONG, 1, false, "").read, 0);
}

/* Thinking makes messages new, and nothing before them; a tool makes all new. */
static void test_what_invalidates(void **state)
{
	struct cached *c = *state;
	struct prompt_usage first = use(c, LONG, 3, true, "");
	struct prompt_usage thinks = use(c, LONG, 3, true, ",\"thinking\":{\"type\":\"adaptive\"}");
	struct prompt_usage tool = use(c, LONG, 3, true, ",\"tools\":[{\"name\":\"x\",\"input_schema\":{}}]");

	assert_int_equal(thinks.read, first.write_1h);
	assert_int_equal(thinks.write_5m, first.write_5m);
	assert_int_equal(tool.read, 0);
}

static void test_too_short(void **state)
{
	struct cached *c = *state;
	struct prompt_usage u;

	c->fixed[1200] = 0; /* some 400 tokens */
	u = use(c, LONG, 3, true, "");
	assert_int_equal(u.write_1h + u.write_5m + u.read, 0);
	assert_in_range(u.input, 390, 500);
}

/* ---- conversations ---- */

static void expect_block(const struct conversation *c, size_t at, enum block_type type, const char *text)
{
	assert_true(at < c->count);
	assert_int_equal(c->blocks[at].type, type);
	assert_string_equal(redacted_text(c->blocks[at].text), text);
}

static void test_conversation(void **state)
{
	json_t *messages = parsed("[{\"role\":\"user\",\"content\":\"<event>The call has begun.</event>\"},"
		"{\"role\":\"assistant\",\"content\":\"Hello, is this \xe2\x80\x94\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"it is 4155550142 &lt;ok>\"},{\"type\":\"text\",\"text\":\"<event>late news</event>\"}]},"
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"One moment.\"},{\"type\":\"tool_use\",\"id\":\"t9\",\"name\":\"look\",\"input\":{\"a\":1}}]},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t9\",\"content\":\"{}\",\"is_error\":true},"
		"{\"type\":\"text\",\"text\":\"<event>" LLM_NOTE_SHORT "</event>\"},"
		"{\"type\":\"text\",\"text\":\"<event>Your words broke off there. Go on.</event>\"}]}]");
	struct conversation c;

	(void)state;
	assert_int_equal(messages_read(&c, messages), ERR_NONE);
	assert_int_equal(c.count, 6);
	expect_block(&c, 0, BLOCK_AGENT, "Hello, is this");
	expect_block(&c, 1, BLOCK_CALLER, "it is 4155550142 <ok>");
	expect_block(&c, 2, BLOCK_EVENT, "late news");
	expect_block(&c, 3, BLOCK_AGENT, "One moment.");
	expect_block(&c, 4, BLOCK_TOOL_USE, "{\"a\":1}");
	expect_block(&c, 5, BLOCK_TOOL_RESULT, "{}");
	assert_int_equal(c.blocks[4].turn, c.blocks[5].turn);
	assert_int_equal(c.blocks[5].status, TOOL_ERROR);
	assert_int_equal(c.kind, ASK_CONTINUE);
	conversation_fini(&c);
	json_decref(messages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_taken),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test_setup_teardown(test_written_then_read, cache_begin, cache_end),
		cmocka_unit_test_setup_teardown(test_what_is_new_is_written, cache_begin, cache_end),
		cmocka_unit_test_setup_teardown(test_looks_back_twenty, cache_begin, cache_end),
		cmocka_unit_test_setup_teardown(test_five_minutes_and_an_hour, cache_begin, cache_end),
		cmocka_unit_test_setup_teardown(test_what_invalidates, cache_begin, cache_end),
		cmocka_unit_test_setup_teardown(test_too_short, cache_begin, cache_end),
		cmocka_unit_test(test_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
