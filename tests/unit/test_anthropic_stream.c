/* The stream of Anthropic's answers, pure: what is told, wherever its bytes are cut; what is not, whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "anthropickit.h"
#include "providers/anthropic/anthropic_stream.h"

struct heard {
	struct anthropic_stream *stream;
	char words[4096];
	size_t len;
	unsigned int count, stop_at; /* stops the stream inside the nth text */
};

static void said(void *arg, const char *text, size_t len)
{
	struct heard *h = arg;

	assert_true(len && h->len + len < sizeof(h->words));
	memcpy(h->words + h->len, text, len);
	h->len += len;
	h->words[h->len] = '\0';
	if (++h->count == h->stop_at)
		anthropic_stream_stop(h->stream);
}

static struct anthropic_stream s;
static struct heard heard;

/* Reads it in pieces of `step` bytes, then its end. */
static enum anthropic_state hear(const char *text, size_t len, size_t step)
{
	size_t at, n;

	heard.stream = &s;
	heard.len = heard.count = 0;
	heard.words[0] = '\0';
	anthropic_stream_reset(&s, &heard);
	for (at = 0; at < len; at += n) {
		n = step < len - at ? step : len - at;
		(void)anthropic_stream_read(&s, text + at, n);
	}
	return anthropic_stream_end(&s);
}

static enum anthropic_state hear_text(const char *text)
{
	return hear(text, strlen(text), strlen(text) + 1);
}

static void is_broken(const char *text, enum failure why)
{
	assert_int_equal(hear_text(text), STREAM_BROKEN);
	assert_int_equal(s.why, why);
	assert_int_equal(s.tool_count, 0);
}

static const char *args(size_t i)
{
	return (const char *)s.args.data + s.tools[i].from;
}

static int begin(void **state)
{
	memset(&heard, 0, sizeof(heard));
	anthropic_stream_init(&s, said, &heard);
	return deadline_start(state);
}

static int end(void **state)
{
	anthropic_stream_fini(&s);
	return deadline_stop(state);
}

/* ---- what is told ---- */

static const char answer[] = START TEXT(0) EVENT("{\"type\": \"ping\"}") SAYS(0, "One \\\"moment\\\", ")
	SAYS(0, "नमस्ते \\ud83d\\ude00.") STOP(0)
	TOOL(1, "book") ARGS(1, "") ARGS(1, "{\\\"day\\\":\\\"mon") ARGS(1, "day\\\",\\\"x\\\":\\\"\\\\ud83d") ARGS(1, "\\\\ude00\\\"}")
	STOP(1) TOOL(2, "fee") STOP(2) ENDS("tool_use");

static void an_answer_is_the_same_wherever_it_is_cut(void **state)
{
	size_t step;

	(void)state;
	for (step = 1; step < sizeof(answer); step++) {
		assert_int_equal(hear(answer, sizeof(answer) - 1, step), STREAM_COMPLETE);
		assert_string_equal(heard.words, "One \"moment\", नमस्ते 😀.");
		assert_int_equal(s.tool_count, 2);
		assert_string_equal(s.tools[0].name, "book");
		assert_string_equal(args(0), "{\"day\":\"monday\",\"x\":\"\\ud83d\\ude00\"}");
		assert_int_equal(s.tools[0].len, strlen(args(0)));
		assert_string_equal(s.tools[1].name, "fee");
		assert_string_equal(args(1), "{}");
		assert_int_equal(s.usage.output, 38);
	}
}

static void every_two_pieces_tell_the_same(void **state)
{
	size_t cut;

	(void)state;
	for (cut = 0; cut < sizeof(answer); cut++) {
		heard.len = heard.count = 0;
		anthropic_stream_reset(&s, &heard);
		(void)anthropic_stream_read(&s, answer, cut);
		assert_int_equal(anthropic_stream_read(&s, answer + cut, sizeof(answer) - 1 - cut), STREAM_COMPLETE);
		assert_string_equal(heard.words, "One \"moment\", नमस्ते 😀.");
		assert_int_equal(s.tool_count, 2);
	}
}

static void tools_are_there_only_when_the_message_is_over(void **state)
{
	const char *last = strstr(answer, "data: {\"type\":\"message_stop\"}");

	(void)state;
	anthropic_stream_reset(&s, &heard);
	assert_int_equal(anthropic_stream_read(&s, answer, (size_t)(last - answer)), STREAM_MESSAGE);
	assert_int_equal(anthropic_stream_read(&s, last, strlen(last) - 1), STREAM_MESSAGE); /* all but the last line feed */
	assert_int_equal(anthropic_stream_read(&s, "\n", 1), STREAM_COMPLETE);
	assert_int_equal(anthropic_stream_read(&s, answer, sizeof(answer) - 1), STREAM_COMPLETE); /* passed over */
}

static void lines_may_end_in_cr_lf_and_have_names_and_comments(void **state)
{
	(void)state;
	assert_int_equal(hear_text(": hello\r\n\r\nid: 7\r\nevent: message_start\r\ndata:{\"type\":\"message_start\"}\r\n\r\n" TEXT(0)
		"data: {\"type\":\"content_block_delta\",\"index\":0,\r\ndata: \"delta\":{\"type\":\"text_delta\",\"text\":\"two lines\"}}\r\n\r\n" STOP(0)
		ENDS("end_turn")), STREAM_COMPLETE);
	assert_string_equal(heard.words, "two lines");
}

static void thoughts_and_what_we_do_not_know_are_passed_over(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START BLOCK(0, "\"type\":\"thinking\",\"thinking\":\"\"")
		DELTA(0, "\"type\":\"thinking_delta\",\"thinking\":\"secret\"")
		DELTA(0, "\"type\":\"signature_delta\",\"signature\":\"x\"") STOP(0)
		EVENT("{\"type\":\"weather\",\"delta\":{\"type\":\"text_delta\",\"text\":\"rain\"}}") TEXT(1)
		DELTA(1, "\"type\":\"citations_delta\",\"citation\":{\"text\":\"page\"}") SAYS(1, "said") STOP(1)
		ENDS("end_turn")), STREAM_COMPLETE);
	assert_string_equal(heard.words, "said");
}

static void counts_are_totals_and_the_last_one_holds(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START EVENT("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null},"
		"\"usage\":{\"output_tokens\":20,\"input_tokens\":null}}") ENDS("end_turn")), STREAM_COMPLETE);
	assert_int_equal(s.usage.output, 38);
	assert_int_equal(s.usage.input, 41);
	assert_int_equal(s.usage.cache_read, 2310);
	assert_int_equal(s.usage.cache_write_5m, 30); /* nobody says for how long */
	assert_int_equal(hear_text(EVENT("{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1,\"cache_creation_input_tokens\":30,"
		"\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,\"ephemeral_1h_input_tokens\":20}}}}") ENDS("end_turn")), STREAM_COMPLETE);
	assert_int_equal(s.usage.cache_write_5m, 10);
	assert_int_equal(s.usage.cache_write_1h, 20);
	assert_int_equal(hear_text(EVENT("{\"type\":\"message_start\",\"message\":{\"usage\":{\"cache_creation\":{\"ephemeral_5m_input_tokens\":7}}}}")
		ENDS("end_turn")), STREAM_COMPLETE);
	assert_int_equal(s.usage.cache_write_5m, 7); /* without their sum */
}

static void a_count_that_is_none_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START EVENT("{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":-4,\"input_tokens\":12345678901234567890,"
		"\"cache_read_input_tokens\":\"9\"}}") EVENT("{\"type\":\"message_stop\"}")), STREAM_COMPLETE);
	assert_int_equal(s.usage.output, 1);
	assert_int_equal(s.usage.input, 41);
	assert_int_equal(s.usage.cache_read, 2310);
}

static void an_empty_answer_is_complete(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START ENDS("end_turn")), STREAM_COMPLETE);
	assert_int_equal(heard.count, 0);
}

/* ---- what is not ---- */

static void what_max_tokens_cuts_is_words_but_no_tool(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START TEXT(0) SAYS(0, "and then") STOP(0) ENDS("max_tokens")), STREAM_COMPLETE);
	assert_string_equal(heard.words, "and then");
	is_broken(START TOOL(0, "book") ARGS(0, "{\\\"day\\\":\\\"mon") STOP(0) ENDS("max_tokens"), FAILED_GARBAGE);
	is_broken(START TOOL(0, "book") ARGS(0, "{\\\"day\\\":\\\"mon\\\"}") STOP(0) ENDS("max_tokens"), FAILED_GARBAGE); /* whole, but one of how many? */
	is_broken(START TOOL(0, "book") ARGS(0, "{}") STOP(0) ENDS("a_new_reason"), FAILED_GARBAGE);
	is_broken(START TEXT(0) STOP(0) ENDS("tool_use"), FAILED_GARBAGE); /* for none */
}

static void arguments_that_are_none_are_not_told(void **state)
{
	static const char *const bad[] = { "{\\\"day\\\":", "[]", "7", "{} {}", "{\\\"x\\\":\\\"\\\\ud83d\\\"}", "{\\\"x\\\":01}",
		"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "{\\\"a\\\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}" };
	char text[2000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), START TOOL(0, "a") STOP(0) TOOL(1, "book") ARGS(1, "%s") STOP(1) ENDS("tool_use"), bad[i]);
		is_broken(text, FAILED_GARBAGE);
	}
}

static void a_refusal_is_one_with_words_before_it_or_not(void **state)
{
	(void)state;
	is_broken(START ENDS("refusal"), FAILED_REFUSED);
	is_broken(START TEXT(0) SAYS(0, "Well, ") STOP(0) ENDS("refusal"), FAILED_REFUSED);
	assert_string_equal(heard.words, "Well, ");
	assert_int_equal(s.usage.output, 38); /* it costs all the same */
}

/* Behind each event of the answer in its turn. */
static void an_error_may_come_anywhere(void **state)
{
	static const char error[] = EVENT("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}");
	const char *at = answer;
	char text[2 * sizeof(answer) + sizeof(error)];
	unsigned int places = 0;

	(void)state;
	while (*at) {
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - answer), answer, error, at);
		is_broken(text, FAILED_BUSY);
		assert_string_equal(s.error_type, "overloaded_error");
		at = strstr(at, "\n\n") + 2;
		places++;
	}
	assert_int_equal(places, 16);
}

static void errors_mean_what_their_names_say(void **state)
{
	(void)state;
	is_broken(EVENT("{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\"}}"), FAILED_BUSY);
	is_broken(EVENT("{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\"}}"), FAILED_REFUSED);
	is_broken(EVENT("{\"type\":\"error\",\"error\":{\"type\":\"api_error\"}}"), FAILED_DIED);
	is_broken(EVENT("{\"type\":\"error\",\"error\":{\"type\":\"something_new\"}}"), FAILED_DIED);
	is_broken(EVENT("{\"type\":\"error\"}"), FAILED_DIED);
}

static void an_end_too_early_is_a_death(void **state)
{
	size_t len;

	(void)state;
	for (len = strlen(START); len < sizeof(answer) - 1; len++) {
		assert_int_equal(hear(answer, len, len), STREAM_BROKEN);
		assert_int_equal(s.why, FAILED_DIED);
		assert_int_equal(s.tool_count, 0);
	}
	is_broken("", FAILED_DIED);
	is_broken("<html>\n", FAILED_GARBAGE);
}

static void what_breaks_its_own_order_is_garbage(void **state)
{
	static const char *const bad[] = {
		TEXT(0),                                         /* before the message */
		START START,
		START TEXT(1),                                   /* the first is 0 */
		START TEXT(0) TEXT(1),                           /* one at a time */
		START TEXT(0) STOP(0) TEXT(0),
		START SAYS(0, "x"),                              /* no block */
		START TEXT(0) SAYS(1, "x"),                      /* another one's */
		START TEXT(0) STOP(1),
		START STOP(0),
		START TEXT(0) ARGS(0, "{}"),                     /* of another kind */
		START TOOL(0, "book") SAYS(0, "x"),
		START TEXT(0) ENDS("end_turn"),                  /* still open */
		START TEXT(0) EVENT("{\"type\":\"message_stop\"}"),
		EVENT("{\"type\":\"message_stop\"}"),
		START TOOL(0, ""),
		START BLOCK(0, "\"type\":\"tool_use\",\"id\":\"t\""),
		START TEXT(0) DELTA(0, "\"type\":\"text_delta\""),
		START TEXT(0) SAYS(0, "\\ud83d"),                /* half a character */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_broken(bad[i], FAILED_GARBAGE);
}

static void what_is_no_json_is_garbage(void **state)
{
	(void)state;
	is_broken("data:\n\n", FAILED_GARBAGE);
	is_broken(EVENT("{"), FAILED_GARBAGE);
	is_broken(EVENT("[]"), FAILED_GARBAGE);
	is_broken(EVENT("hello"), FAILED_GARBAGE);
	is_broken(EVENT("{\"type\":\"ping\xff\"}"), FAILED_GARBAGE);
	is_broken(START TEXT(0) SAYS(0, "\xed\xa0\xbd"), FAILED_GARBAGE);
	is_broken(EVENT("{\"type\":\"ping\",\"x\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}"), FAILED_GARBAGE);
}

/* ---- ceilings ---- */

static void long_is_broken(const char *before, const char *pattern, size_t times, const char *after)
{
	size_t len = strlen(before) + strlen(pattern) * times + strlen(after), i, step;
	char *text = malloc(len + 1);

	assert_non_null(text);
	strcpy(text, before);
	for (i = 0; i < times; i++)
		memcpy(text + strlen(before) + i * strlen(pattern), pattern, strlen(pattern));
	strcpy(text + strlen(before) + times * strlen(pattern), after);
	for (step = 1000; step <= len + 1000; step += len) {
		heard.len = 0;
		assert_int_equal(hear(text, len, step), STREAM_BROKEN);
		assert_int_equal(s.why, FAILED_GARBAGE);
	}
	free(text);
}

static void nothing_grows_without_an_end(void **state)
{
	(void)state;
	long_is_broken(START, "x", ANTHROPIC_EVENT_MAX_BYTES + 1, "\n\n" ENDS("end_turn"));                 /* a line */
	long_is_broken("", ": x", ANTHROPIC_EVENT_MAX_BYTES, "");                                           /* without an end */
	long_is_broken(START, "data: 1234567890\n", ANTHROPIC_EVENT_MAX_BYTES / 10, "\n" ENDS("end_turn")); /* data of many lines */
	long_is_broken(START TOOL(0, "book"), ARGS(0, "          "), ANTHROPIC_TOOL_MAX_BYTES / 10 + 1, ARGS(0, "{}") STOP(0) ENDS("tool_use"));
	long_is_broken(START EVENT("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"name\":\""), "x", 200, "\"}}\n\n");
}

static void tools_have_a_ceiling(void **state)
{
	char text[8000] = START;
	size_t i;

	(void)state;
	for (i = 0; i <= ANTHROPIC_TOOLS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), EVENT("{\"type\":\"content_block_start\",\"index\":%zu,\"content_block\":"
			"{\"type\":\"tool_use\",\"name\":\"t\"}}") EVENT("{\"type\":\"content_block_stop\",\"index\":%zu}"), i, i);
	is_broken(text, FAILED_GARBAGE);
}

static void swallow(void *arg, const char *text, size_t len)
{
	(void)text;
	*(size_t *)arg += len;
}

static void words_have_a_ceiling(void **state)
{
	static char event[9000] = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"";
	static const char head[] = START TEXT(0);
	struct anthropic_stream long_one;
	size_t told = 0, len = strlen(event), i;

	(void)state;
	memset(event + len, 'x', 8192);
	strcpy(event + len + 8192, "\"}}\n\n");
	anthropic_stream_init(&long_one, swallow, &told);
	(void)anthropic_stream_read(&long_one, head, sizeof(head) - 1);
	for (i = 0; i < ANTHROPIC_TEXT_MAX_BYTES / 8192; i++)
		assert_int_equal(anthropic_stream_read(&long_one, event, strlen(event)), STREAM_BLOCK);
	assert_int_equal(anthropic_stream_read(&long_one, event, strlen(event)), STREAM_BROKEN);
	assert_int_equal(told, ANTHROPIC_TEXT_MAX_BYTES);
	anthropic_stream_fini(&long_one);
}

static void a_stream_that_is_stopped_says_nothing_more(void **state)
{
	(void)state;
	heard.stop_at = 1;
	assert_int_equal(hear_text(answer), STREAM_STOPPED);
	assert_string_equal(heard.words, "One \"moment\", ");
	assert_int_equal(s.tool_count, 0);
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(an_answer_is_the_same_wherever_it_is_cut),
		UNIT(every_two_pieces_tell_the_same),
		UNIT(tools_are_there_only_when_the_message_is_over),
		UNIT(lines_may_end_in_cr_lf_and_have_names_and_comments),
		UNIT(thoughts_and_what_we_do_not_know_are_passed_over),
		UNIT(counts_are_totals_and_the_last_one_holds),
		UNIT(a_count_that_is_none_changes_nothing),
		UNIT(an_empty_answer_is_complete),
		UNIT(what_max_tokens_cuts_is_words_but_no_tool),
		UNIT(arguments_that_are_none_are_not_told),
		UNIT(a_refusal_is_one_with_words_before_it_or_not),
		UNIT(an_error_may_come_anywhere),
		UNIT(errors_mean_what_their_names_say),
		UNIT(an_end_too_early_is_a_death),
		UNIT(what_breaks_its_own_order_is_garbage),
		UNIT(what_is_no_json_is_garbage),
		UNIT(nothing_grows_without_an_end),
		UNIT(tools_have_a_ceiling),
		UNIT(words_have_a_ceiling),
		UNIT(a_stream_that_is_stopped_says_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
