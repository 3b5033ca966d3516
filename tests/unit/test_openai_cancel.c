/* OpenAI-compatible servers behind llm.h: cancelling in every handler, answers side by side, what is counted, what is refused at the opening. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "openaiserver.h"

/* ---- cancelling ---- */

static void cancelled_in(unsigned int on, const char *body, const char *wanted)
{
	kit_says(&kit, 200, body, KIT_ENDS);
	l = (struct listener){ .victim = &l, .cancels_on = on };
	begin_answer(&l);
	kit_for(&kit, 60);
	assert_string_equal(l.told, wanted);
	assert_null(l.answer);
}

static void nothing_comes_after_a_cancel_in_any_handler(void **state)
{
	(void)state;
	cancelled_in(ON_TEXT, two_tools, "One moment.|");
	cancelled_in(ON_TEXT, plain, "Good |");
	cancelled_in(ON_TOOL, two_tools, "One moment.|tool 0:get_slots{\"day\":\"monday\"}|");
	cancelled_in(ON_DONE, plain, "Good |morning.|done 38|"); /* of an empty slot */
	cancelled_in(ON_FAILED, START ENDS("content_filter"), "failed refused|");
}

static void a_cancel_breaks_the_exchange_off(void **state)
{
	(void)state;
	kit_says(&kit, 200, START SAYS("Good "), KIT_HOLDS);
	begin_answer(&l);
	kit_until(&kit, &l.texts, 1);
	openai_llm.cancel(&l.answer);
	assert_null(l.answer);
	openai_llm.cancel(&l.answer);
	kit_until(&kit, &kit.gone, 1);
	assert_string_equal(l.told, "Good |");
	assert_int_equal(openai_last(kit.vendor)->usage.output, 0); /* nobody has said how many */
	assert_true(l.uses == 1 && l.used.is_estimated);
	assert_int_equal(l.used.units[USAGE_OUTPUT_TOKENS], 2); /* five bytes */
}

static void a_cancel_before_anything_came(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	begin_answer(&l);
	openai_llm.cancel(&l.answer);
	kit_for(&kit, 60);
	assert_string_equal(l.told, "");
}

/* One that is being told gives its place to nobody. */
static void another_may_begin_in_every_handler(void **state)
{
	static const unsigned int all[] = { ON_TEXT, ON_TOOL, ON_DONE };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		kit_says(&kit, 200, two_tools, KIT_ENDS);
		l = (struct listener){ .victim = &l, .cancels_on = all[i], .asks_on = all[i] };
		other = (struct listener){ .victim = &other };
		begin_answer(&l);
		kit_until(&kit, &other.ends, 1);
		assert_string_equal(other.told, "One moment.|tool 0:get_slots{\"day\":\"monday\"}|tool 1:get_fee{}|done 38|");
		assert_null(l.answer);
	}
}

static void one_may_cancel_the_other(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_HOLDS);
	other = (struct listener){ .victim = &l, .cancels_on = ON_TEXT };
	begin_answer(&other);
	kit_until(&kit, &kit.requests, 1);
	kit_says(&kit, 200, START, KIT_HOLDS);
	begin_answer(&l);
	kit_until(&kit, &other.ends, 1);
	assert_null(l.answer);
	assert_string_equal(l.told, "");
}

static void places_are_counted(void **state)
{
	struct listener many[OPENAI_STREAMS];
	size_t i;

	(void)state;
	memset(many, 0, sizeof(many));
	kit_says(&kit, 200, START SAYS("Good "), KIT_HOLDS);
	for (i = 0; i < OPENAI_STREAMS; i++)
		begin_answer(&many[i]);
	assert_int_equal(openai_llm.start(kit.vendor, &l.answer, ASK_PLAIN, 1, blocks.at, blocks.count, &events, &l), ERR_BUSY);
	assert_null(l.answer);
	openai_llm.cancel(&many[3].answer);
	begin_answer(&l);
	kit_until(&kit, &l.texts, 1);
	openai_close(&kit.vendor); /* cancels them all */
	for (i = 0; i < OPENAI_STREAMS; i++)
		assert_null(many[i].answer);
	assert_null(l.answer);
}

/* ---- counting, opening ---- */

static void tokens_are_counted_by_kind_and_added_up(void **state)
{
	const struct openai_last *last = openai_last(kit.vendor);

	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	ask();
	assert_int_equal(last->usage.input, 26);
	assert_int_equal(last->usage.cached, 64);
	assert_int_equal(last->usage.output, 38);
	assert_int_equal(last->total.cached, 128);
	assert_int_equal(last->total.output, 76);
}

static void one_client_may_carry_many_calls(void **state)
{
	const struct http_client_settings settings = { .ca_file = NULL };
	struct http_client *client;
	struct err_detail detail;

	(void)state;
	assert_int_equal(http_client_open(&client, &kit.loop, &settings, &detail), ERR_NONE);
	kit_vendor(&kit, (struct openai_options){ .client = client });
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	kit_vendor(&kit, (struct openai_options){ .client = client });
	ask();
	assert_string_equal(told(&l), "Good morning.done 38");
	assert_int_equal(http_server_connections(kit.server), 1); /* the same one */
	openai_close(&kit.vendor);
	http_client_close(&client);
}

static void is_refused(struct openai_options options, enum err wanted, const char *says)
{
	struct openai *vendor = kit.vendor;
	struct err_detail detail = { .message = "" };

	options.model = options.model ? options.model : "m";
	assert_int_equal(openai_open(&vendor, &kit.loop, &options, &detail), wanted);
	assert_null(vendor);
	if (!strstr(detail.message, says))
		fail_msg("%s", detail.message);
}

static void options_that_are_off_are_refused(void **state)
{
	static char long_key[OPENAI_KEY_MAX_BYTES + 2];

	(void)state;
	memset(long_key, 'k', sizeof(long_key) - 1);
	is_refused((struct openai_options){ .key = "two\r\nlines" }, ERR_USAGE, "key");
	is_refused((struct openai_options){ .key = long_key }, ERR_USAGE, "key");
	is_refused((struct openai_options){ .base_url = "ftp://here" }, ERR_USAGE, "address");
	is_refused((struct openai_options){ .model = "" }, ERR_USAGE, "model");
	is_refused((struct openai_options){ .model = "two words" }, ERR_USAGE, "model");
	is_refused((struct openai_options){ .temperature = "2.5" }, ERR_USAGE, "temperature");
	is_refused((struct openai_options){ .temperature = "0.3,\"n\":2" }, ERR_USAGE, "temperature");
	is_refused((struct openai_options){ .temperature = "1." }, ERR_USAGE, "temperature");
	is_refused((struct openai_options){ .system_role = "user" }, ERR_USAGE, "role");
	is_refused((struct openai_options){ .tool_choice = "any" }, ERR_USAGE, "choice");
	is_refused((struct openai_options){ .max_tokens = OPENAI_TOKENS_MAX + 1 }, ERR_USAGE, "tokens");
	is_refused((struct openai_options){ .tools = "{" }, ERR_FORMAT, "list");
	is_refused((struct openai_options){ .tools = "[{\"name\":\"two words\",\"input_schema\":{}}]" }, ERR_FORMAT, "name");
	is_refused((struct openai_options){ .tools = "[{\"name\":\"a\"}]" }, ERR_FORMAT, "schema");
	is_refused((struct openai_options){ .tools = "[{\"name\":\"a\",\"input_schema\":{}},{\"name\":\"a\",\"input_schema\":{}}]" }, ERR_FORMAT, "two");
	is_refused((struct openai_options){ .ca_file = "/nowhere/ca.pem" }, ERR_UNAVAILABLE, "");
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(nothing_comes_after_a_cancel_in_any_handler),
		UNIT(a_cancel_breaks_the_exchange_off),
		UNIT(a_cancel_before_anything_came),
		UNIT(another_may_begin_in_every_handler),
		UNIT(one_may_cancel_the_other),
		UNIT(places_are_counted),
		UNIT(tokens_are_counted_by_kind_and_added_up),
		UNIT(one_client_may_carry_many_calls),
		UNIT(options_that_are_off_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
