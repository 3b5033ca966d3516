/* The stream of chat completions, pure: what is told, wherever its bytes are cut; what is not, whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "openaikit.h"
#include "providers/openai/openai_stream.h"

struct heard {
	struct openai_stream *stream;
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
		openai_stream_stop(h->stream);
}

static struct openai_stream s;
static struct heard heard;

/* Reads it in pieces of `step` bytes, then its end. */
static enum openai_state hear(const char *text, size_t len, size_t step)
{
	size_t at, n;

	heard.stream = &s;
	heard.len = heard.count = 0;
	heard.words[0] = '\0';
	openai_stream_reset(&s, &heard);
	for (at = 0; at < len; at += n) {
		n = step < len - at ? step : len - at;
		(void)openai_stream_read(&s, text + at, n);
	}
	return openai_stream_end(&s);
}

static enum openai_state hear_text(const char *text)
{
	return hear(text, strlen(text), strlen(text) + 1);
}

static void is_broken(const char *text, enum failure why)
{
	assert_int_equal(hear_text(text), OPENAI_BROKEN);
	assert_int_equal(s.why, why);
	assert_int_equal(s.tool_count, 0);
}

static const char *args(size_t i)
{
	return (const char *)s.tools[i].args.data;
}

static int begin(void **state)
{
	memset(&heard, 0, sizeof(heard));
	openai_stream_init(&s, said, &heard);
	return deadline_start(state);
}

static int end(void **state)
{
	openai_stream_fini(&s);
	return deadline_stop(state);
}

/* ---- what is told ---- */

static const char answer[] = START ": keepalive\n\n" SAYS("One \\\"moment\\\", ") SAYS("नमस्ते \\ud83d\\ude00.")
	TOOL(0, "a", "book") ARGS(0, "{\\\"day\\\":\\\"mon") ARGS(0, "day\\\",\\\"x\\\":\\\"\\\\ud83d\\\\ude00\\\"}") TOOL(1, "b", "fee") ENDS("tool_calls");

static void answer_is_told(void)
{
	assert_string_equal(heard.words, "One \"moment\", नमस्ते 😀.");
	assert_int_equal(s.tool_count, 2);
	assert_string_equal(s.tools[0].name, "book");
	assert_string_equal(args(0), "{\"day\":\"monday\",\"x\":\"\\ud83d\\ude00\"}");
	assert_int_equal(s.tools[0].args.len, strlen(args(0)));
	assert_string_equal(s.tools[1].name, "fee");
	assert_string_equal(args(1), "{}");
	assert_int_equal(s.usage.output, 38);
	assert_int_equal(s.usage.cached, 64);
	assert_int_equal(s.usage.input, 26);
}

static void an_answer_is_the_same_wherever_it_is_cut(void **state)
{
	size_t step;

	(void)state;
	for (step = 1; step < sizeof(answer); step++) {
		assert_int_equal(hear(answer, sizeof(answer) - 1, step), OPENAI_COMPLETE);
		answer_is_told();
	}
}

static void every_two_pieces_tell_the_same(void **state)
{
	size_t cut;

	(void)state;
	for (cut = 0; cut < sizeof(answer); cut++) {
		heard.len = heard.count = 0;
		openai_stream_reset(&s, &heard);
		(void)openai_stream_read(&s, answer, cut);
		assert_int_equal(openai_stream_read(&s, answer + cut, sizeof(answer) - 1 - cut), OPENAI_COMPLETE);
		answer_is_told();
	}
}

static void the_message_is_over_at_done(void **state)
{
	const char *last = strstr(answer, DONE);

	(void)state;
	openai_stream_reset(&s, &heard);
	assert_int_equal(openai_stream_read(&s, answer, (size_t)(last - answer)), OPENAI_FINISHED);
	assert_int_equal(openai_stream_read(&s, last, strlen(last) - 1), OPENAI_FINISHED); /* all but the last line feed */
	assert_int_equal(openai_stream_read(&s, "\n", 1), OPENAI_COMPLETE);
	assert_int_equal(openai_stream_read(&s, answer, sizeof(answer) - 1), OPENAI_COMPLETE); /* passed over */
}

static void done_may_be_missing_behind_the_finish(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START SAYS("Hello") FINISH("stop")), OPENAI_COMPLETE);
	assert_int_equal(hear_text(START TOOL(0, "a", "fee") FINISH("tool_calls")), OPENAI_COMPLETE);
	assert_int_equal(s.tool_count, 1);
	is_broken(START SAYS("Hello"), FAILED_DIED);
	is_broken(START SAYS("Hello") DONE, FAILED_GARBAGE); /* over, and nobody says why */
}

static void lines_may_end_in_cr_lf_and_lack_the_space(void **state)
{
	(void)state;
	assert_int_equal(hear_text(": hello\r\n\r\nid: 7\r\nevent: x\r\ndata:{\"choices\":[{\"delta\":\r\ndata: {\"content\":\"two lines\"}}]}\r\n\r\n"
		"data:{\"choices\":[{\"finish_reason\":\"stop\"}]}\r\n\r\ndata:[DONE]\r\n\r\n"), OPENAI_COMPLETE);
	assert_string_equal(heard.words, "two lines");
}

static void what_we_do_not_know_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(hear_text(EVENT("{\"choices\":[],\"prompt_filter_results\":[{\"content\":\"x\"}]}") START
		CHUNK("\"content\":null,\"reasoning_content\":\"secret\",\"reasoning\":\"secret\",\"obfuscation\":\"x\","
			"\"deep\":{\"content\":[[\"x\"]]}", "null")
		EVENT("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"said\"},\"logprobs\":{\"content\":[{\"content\":\"x\"}]}},"
			"{\"index\":1,\"delta\":{\"content\":\"another\"},\"finish_reason\":\"length\"}],\"timings\":{\"prompt_n\":3}}")
		EVENT("{\"\":[{\"delta\":{\"content\":\"x\"}}],\"choices\":{\"\":{\"delta\":{\"content\":\"x\"}}}}") ENDS("stop")), OPENAI_COMPLETE);
	assert_string_equal(heard.words, "said");
}

static void thoughts_are_nobodys_to_hear(void **state)
{
	static const char text[] = START SAYS("<thi") SAYS("nk>\\nHe wants <b> < /think>") SAYS("</thin") SAYS("k>") SAYS("Yes, 3 <")
		SAYS(" 4 <t") SAYS("hin ok") SAYS("<think>more</think>. <th") ENDS("stop");
	size_t step;

	(void)state;
	for (step = 1; step < sizeof(text); step += 3) {
		assert_int_equal(hear(text, sizeof(text) - 1, step), OPENAI_COMPLETE);
		assert_string_equal(heard.words, "Yes, 3 < 4 <thin ok. <th");
	}
	assert_int_equal(hear_text(START SAYS("<think>for ever") ENDS("length")), OPENAI_COMPLETE);
	assert_int_equal(heard.count, 0);
}

/* ---- tools of all kinds of servers ---- */

static void two_tools(const char *text, const char *first, const char *second)
{
	assert_int_equal(hear_text(text), OPENAI_COMPLETE);
	assert_int_equal(s.tool_count, 2);
	assert_string_equal(args(0), first);
	assert_string_equal(args(1), second);
}

static void servers_number_their_tools_in_many_ways(void **state)
{
	(void)state;
	two_tools(START TOOL(0, "a", "book") TOOL(1, "b", "fee") ARGS(1, "{\\\"b\\\":") ARGS(0, "{\\\"a\\\":1}") ARGS(1, "2}") ENDS("tool_calls"),
		"{\"a\":1}", "{\"b\":2}"); /* mixed */
	two_tools(START CHUNK("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"book\",\"arguments\":\"{\\\"a\\\":1}\"}},"
		"{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"book\",\"arguments\":\"{}\"}}]", "\"tool_calls\"") DONE, "{\"a\":1}",
		"{}"); /* whole, at once */
	two_tools(START WHOLE("\"index\":0,", "a", "book", "{\\\"a\\\":1}") WHOLE("\"index\":0,", "b", "book", "{\\\"b\\\":2}") ENDS("stop"),
		"{\"a\":1}", "{\"b\":2}"); /* all of them 0 */
	two_tools(START WHOLE("", "a", "book", "{\\\"a\\\":1}") WHOLE("", "b", "fee", "{}") ENDS("stop"), "{\"a\":1}", "{}"); /* none */
	two_tools(START WHOLE("", "a", "book", "") PIECE("\"function\":{\"arguments\":\"{\\\"a\\\":\"}") PIECE("\"function\":{\"arguments\":\"1}\"}")
		WHOLE("", "b", "fee", "") ENDS("tool_calls"), "{\"a\":1}", "{}"); /* none, in pieces */
	two_tools(START WHOLE("", "a", "fee", "") WHOLE("", "b", "book", "") PIECE("\"function\":{\"arguments\":\"{\\\"b\\\":2}\"}") ENDS("tool_calls"), "{}",
		"{\"b\":2}");
}

static void names_and_ids_may_come_again(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START WHOLE("\"index\":0,", "a", "book", "{\\\"a\\\":") WHOLE("\"index\":0,", "a", "book", "1}")
		ENDS("tool_calls")), OPENAI_COMPLETE);
	assert_int_equal(s.tool_count, 1);
	assert_string_equal(args(0), "{\"a\":1}");
	assert_int_equal(hear_text(START WHOLE("\"index\":0,", "a", "book", "") WHOLE("\"index\":0,", "b", "book", "{\\\"a\\\":") /* a new id with each */
		WHOLE("\"index\":0,", "c", "book", "1}") WHOLE("\"index\":0,", "d", "book", "") ENDS("tool_calls")), OPENAI_COMPLETE);
	assert_int_equal(s.tool_count, 1);
	assert_string_equal(args(0), "{\"a\":1}");
	assert_int_equal(hear_text(START PIECE("\"index\":7,\"function\":{\"name\":\"book\",\"arguments\":null}") ENDS("stop")), OPENAI_COMPLETE); /* no id */
	assert_int_equal(s.tool_count, 1);
	assert_string_equal(args(0), "{}");
}

static void what_was_cut_is_words_but_no_tool(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START SAYS("and then") ENDS("length")), OPENAI_COMPLETE);
	assert_string_equal(heard.words, "and then");
	is_broken(START TOOL(0, "a", "book") ARGS(0, "{\\\"day\\\":\\\"mon") ENDS("length"), FAILED_GARBAGE);
	is_broken(START TOOL(0, "a", "book") ARGS(0, "{}") ENDS("length"), FAILED_GARBAGE); /* whole, but one of how many? */
	is_broken(START TOOL(0, "a", "book") ARGS(0, "{}") ENDS("a_new_reason"), FAILED_GARBAGE);
	is_broken(START SAYS("x") ENDS("tool_calls"), FAILED_GARBAGE); /* for none */
	assert_int_equal(hear_text(START SAYS("x") ENDS("a_new_reason")), OPENAI_COMPLETE);
}

static void arguments_that_are_none_are_not_told(void **state)
{
	static const char *const bad[] = { "{\\\"day\\\":", "[]", "7", "{} {}", "{\\\"x\\\":\\\"\\\\ud83d\\\"}", " ", "null",
		"{\\\"a\\\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}" };
	char text[3000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), START TOOL(0, "a", "a") TOOL(1, "b", "book") ARGS(1, "%s") ENDS("tool_calls"), bad[i]);
		is_broken(text, FAILED_GARBAGE);
	}
	is_broken(START PIECE("\"index\":0,\"function\":{\"name\":\"book\",\"arguments\":{\"day\":1}}") ENDS("tool_calls"), FAILED_GARBAGE); /* no text */
}

/* ---- what fails ---- */

static void a_model_that_declines_is_a_refusal(void **state)
{
	(void)state;
	is_broken(START SAYS("Well, ") ENDS("content_filter"), FAILED_REFUSED);
	assert_string_equal(heard.words, "Well, ");
	is_broken(START CHUNK("\"refusal\":\"I cannot\"", "null") ENDS("stop"), FAILED_REFUSED);
	assert_int_equal(heard.count, 0);
	assert_int_equal(hear_text(START CHUNK("\"content\":\"\",\"refusal\":null", "null") ENDS("stop")), OPENAI_COMPLETE);
}

/* Behind each event of the answer in its turn. */
static void an_error_may_come_anywhere(void **state)
{
	static const char error[] = EVENT("{\"error\":{\"message\":\"Slow down\",\"type\":\"tokens\",\"code\":\"rate_limit_exceeded\"}}");
	const char *at = answer, *last = strstr(answer, DONE);
	char text[2 * sizeof(answer) + sizeof(error)];
	unsigned int places = 0;

	(void)state;
	while (at <= last) {
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - answer), answer, error, at);
		is_broken(text, FAILED_BUSY);
		assert_string_equal(s.error_name, "rate_limit_exceeded");
		at = strstr(at, "\n\n") + 2;
		places++;
	}
	assert_int_equal(places, 11);
}

static void errors_mean_what_their_names_and_numbers_say(void **state)
{
	(void)state;
	is_broken(EVENT("{\"error\":{\"type\":\"insufficient_quota\",\"code\":\"insufficient_quota\"}}"), FAILED_REFUSED);
	is_broken(EVENT("{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":\"unavailable_error\"}}"), FAILED_BUSY);
	is_broken(EVENT("{\"error\":{\"code\":400,\"type\":\"exceed_context_size_error\"}}"), FAILED_REFUSED);
	is_broken(EVENT("{\"error\":{\"type\":\"server_error\",\"code\":null}}"), FAILED_DIED);
	assert_string_equal(s.error_name, "server_error");
	is_broken(EVENT("{\"object\":\"error\",\"message\":\"No\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}"), FAILED_REFUSED);
	assert_string_equal(s.error_name, "BadRequestError");
	is_broken(EVENT("{\"error\":{\"type\":\"something_new\",\"code\":429}}"), FAILED_BUSY);
	is_broken(EVENT("{\"error\":{\"type\":\"something_new\"}}"), FAILED_DIED);
	is_broken(EVENT("{\"error\":\"unexpected EOF\"}"), FAILED_DIED);
	assert_string_equal(s.error_name, "");
	assert_int_equal(hear_text(START EVENT("{\"error\":null,\"choices\":[]}") ENDS("stop")), OPENAI_COMPLETE); /* none */
}

static void counts_are_the_last_ones_told(void **state)
{
	(void)state;
	assert_int_equal(hear_text(START EVENT("{\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}")
		EVENT("{\"choices\":[],\"usage\":null}") FINISH("stop")), OPENAI_COMPLETE);
	assert_int_equal(s.usage.input, 7);
	assert_int_equal(s.usage.cached, 0);
	assert_int_equal(s.usage.output, 1);
	assert_int_equal(hear_text(START EVENT("{\"usage\":{\"prompt_tokens\":-7,\"completion_tokens\":\"9\"}}") FINISH("stop")), OPENAI_COMPLETE);
	assert_int_equal(s.usage.input, 0);
	assert_int_equal(s.usage.output, 0);
	assert_int_equal(hear_text(START EVENT("{\"usage\":{\"prompt_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":9}}}")
		FINISH("stop")), OPENAI_COMPLETE);
	assert_int_equal(s.usage.input, 0); /* more cached than there were */
}

static void an_end_too_early_is_a_death(void **state)
{
	size_t len, finished = (size_t)(strstr(answer, "\"finish_reason\":\"tool_calls\"") - answer) + strlen("\"finish_reason\":\"tool_calls\"}]}\n\n");

	(void)state;
	for (len = strlen(START); len < sizeof(answer) - 1; len++) {
		assert_int_equal(hear(answer, len, len), len < finished ? OPENAI_BROKEN : OPENAI_COMPLETE);
		assert_int_equal(s.tool_count, len < finished ? 0 : 2);
		if (len < finished)
			assert_int_equal(s.why, FAILED_DIED);
	}
	is_broken("", FAILED_DIED);
	is_broken("<html>\n", FAILED_GARBAGE);
	is_broken("{\"choices\":[{\"message\":{\"content\":\"not streamed\"}}]}", FAILED_GARBAGE);
}

static void what_is_no_stream_of_ours_is_garbage(void **state)
{
	static const char *const bad[] = {
		"data:\n\n", EVENT("{"), EVENT("[]"), EVENT("hello"), EVENT("{\"choices\":\"\xff\"}"),
		EVENT("{\"a\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}"),
		DONE,
		START SAYS("\\ud83d"),                                   /* half a character */
		START CHUNK("\"content\":7", "null"),
		START CHUNK("\"content\":[{\"type\":\"text\"}]", "null"),
		START FINISH("stop") SAYS("x"),                          /* over */
		START FINISH("stop") TOOL(0, "a", "book"),
		START PIECE("\"index\":0,\"function\":{\"arguments\":\"{}\"}"), /* no name */
		START TOOL(0, "a", ""),
		START TOOL(0, "a", "book") ARGS(1, "{}"),                /* another one's, which has not begun */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_broken(bad[i], FAILED_GARBAGE);
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
		assert_int_equal(hear(text, len, step), OPENAI_BROKEN);
		assert_int_equal(s.why, FAILED_GARBAGE);
	}
	free(text);
}

static void nothing_grows_without_an_end(void **state)
{
	(void)state;
	long_is_broken(START, "x", OPENAI_EVENT_MAX_BYTES + 1, "\n\n" ENDS("stop"));                 /* a line */
	long_is_broken("", ": x", OPENAI_EVENT_MAX_BYTES, "");                                       /* without an end */
	long_is_broken(START, "data: 1234567890\n", OPENAI_EVENT_MAX_BYTES / 10, "\n" ENDS("stop")); /* data of many lines */
	long_is_broken(START TOOL(0, "a", "book"), ARGS(0, "          "), OPENAI_TOOL_MAX_BYTES / 10 + 1, ARGS(0, "{}") ENDS("tool_calls"));
	long_is_broken(START "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"", "x", 200, "\"}}]}}]}\n\n");
	long_is_broken(START "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{}", ",{}", OPENAI_PIECES_MAX, "]}}]}\n\n");
	long_is_broken(START SAYS("<think>"), SAYS("0123456789"), OPENAI_TEXT_MAX_BYTES / 10 + 1, ENDS("stop")); /* thoughts count */
}

static void tools_have_a_ceiling(void **state)
{
	char text[8000] = START;
	size_t i;

	(void)state;
	for (i = 0; i <= OPENAI_TOOLS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), EVENT("{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":%zu,"
			"\"function\":{\"name\":\"t\"}}]}}]}"), i);
	is_broken(text, FAILED_GARBAGE);
}

static void a_stream_that_is_stopped_says_nothing_more(void **state)
{
	(void)state;
	heard.stop_at = 1;
	assert_int_equal(hear_text(answer), OPENAI_STOPPED);
	assert_string_equal(heard.words, "One \"moment\", ");
	assert_int_equal(s.tool_count, 0);
	assert_int_equal(hear_text(START CHUNK("\"content\":\"x\",\"tool_calls\":[{\"function\":{\"name\":\"a\"}}]", "\"tool_calls\"") DONE), OPENAI_STOPPED);
	assert_int_equal(s.tool_count, 0); /* of the same chunk */
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(an_answer_is_the_same_wherever_it_is_cut),
		UNIT(every_two_pieces_tell_the_same),
		UNIT(the_message_is_over_at_done),
		UNIT(done_may_be_missing_behind_the_finish),
		UNIT(lines_may_end_in_cr_lf_and_lack_the_space),
		UNIT(what_we_do_not_know_is_passed_over),
		UNIT(thoughts_are_nobodys_to_hear),
		UNIT(servers_number_their_tools_in_many_ways),
		UNIT(names_and_ids_may_come_again),
		UNIT(what_was_cut_is_words_but_no_tool),
		UNIT(arguments_that_are_none_are_not_told),
		UNIT(a_model_that_declines_is_a_refusal),
		UNIT(an_error_may_come_anywhere),
		UNIT(errors_mean_what_their_names_and_numbers_say),
		UNIT(counts_are_the_last_ones_told),
		UNIT(an_end_too_early_is_a_death),
		UNIT(what_is_no_stream_of_ours_is_garbage),
		UNIT(nothing_grows_without_an_end),
		UNIT(tools_have_a_ceiling),
		UNIT(a_stream_that_is_stopped_says_nothing_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
