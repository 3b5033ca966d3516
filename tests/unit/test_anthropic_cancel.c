/* Anthropic behind llm.h: cancelling in every handler, answers side by side, what is counted, what is refused at the opening. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "anthropicserver.h"

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
	cancelled_in(ON_FAILED, START ENDS("refusal"), "failed refused|");
}

static void a_cancel_breaks_the_exchange_off(void **state)
{
	(void)state;
	kit_says(&kit, 200, START TEXT(0) SAYS(0, "Good "), KIT_HOLDS);
	begin_answer(&l);
	kit_until(&kit, &l.texts, 1);
	anthropic_llm.cancel(&l.answer);
	assert_null(l.answer);
	anthropic_llm.cancel(&l.answer);
	kit_until(&kit, &kit.gone, 1);
	assert_string_equal(l.told, "Good |");
	assert_int_equal(anthropic_last(kit.vendor)->total.input, 41); /* it is paid for */
	assert_int_equal(l.uses, 1);
	assert_true(l.used.is_estimated);
	assert_int_equal(l.used.units[USAGE_INPUT_TOKENS], 41);
	assert_int_equal(l.used.units[USAGE_OUTPUT_TOKENS], 2); /* five bytes */
}

static void a_cancel_before_anything_came(void **state)
{
	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	begin_answer(&l);
	anthropic_llm.cancel(&l.answer);
	kit_for(&kit, 60);
	assert_string_equal(l.told, "");
	assert_true(l.uses == 1 && l.used.is_estimated);
	assert_int_equal(l.used.units[USAGE_REQUESTS], 1);
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
	kit_says(&kit, 200, START TEXT(0), KIT_HOLDS);
	begin_answer(&l);
	kit_until(&kit, &other.ends, 1);
	assert_null(l.answer);
	assert_string_equal(l.told, "");
}

static void places_are_counted(void **state)
{
	struct listener many[ANTHROPIC_STREAMS];
	size_t i;

	(void)state;
	memset(many, 0, sizeof(many));
	kit_says(&kit, 200, START TEXT(0) SAYS(0, "Good "), KIT_HOLDS);
	for (i = 0; i < ANTHROPIC_STREAMS; i++)
		begin_answer(&many[i]);
	assert_int_equal(anthropic_llm.start(kit.vendor, &l.answer, ASK_PLAIN, 1, blocks.at, blocks.count, &events, &l), ERR_BUSY);
	assert_null(l.answer);
	anthropic_llm.cancel(&many[3].answer);
	begin_answer(&l);
	kit_until(&kit, &l.texts, 1);
	anthropic_close(&kit.vendor); /* cancels them all */
	for (i = 0; i < ANTHROPIC_STREAMS; i++)
		assert_null(many[i].answer);
	assert_null(l.answer);
}

/* ---- counting, opening ---- */

static void tokens_are_counted_by_kind_and_added_up(void **state)
{
	const struct anthropic_last *last = anthropic_last(kit.vendor);

	(void)state;
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	ask();
	assert_int_equal(last->usage.input, 41);
	assert_int_equal(last->usage.cache_write_5m, 30);
	assert_int_equal(last->usage.cache_read, 2310);
	assert_int_equal(last->usage.output, 38);
	assert_int_equal(last->total.cache_read, 4620);
	assert_int_equal(last->total.output, 76);
	assert_string_equal(l.used.vendor, "anthropic");
	assert_string_equal(l.used.model, ANTHROPIC_DEFAULT_MODEL);
	assert_false(l.used.is_estimated);
	assert_int_equal(l.used.units[USAGE_INPUT_TOKENS], 41);
	assert_int_equal(l.used.units[USAGE_CACHE_WRITE_5M_TOKENS], 30);
	assert_int_equal(l.used.units[USAGE_CACHE_READ_TOKENS], 2310);
	assert_int_equal(l.used.units[USAGE_OUTPUT_TOKENS], 38);
}

static void a_refusal_took_no_tokens(void **state)
{
	(void)state;
	kit_says(&kit, 429, "{}", KIT_ENDS);
	ask();
	assert_false(l.used.is_estimated);
	assert_int_equal(l.used.units[USAGE_REQUESTS], 1);
	assert_int_equal(l.used.units[USAGE_INPUT_TOKENS] + l.used.units[USAGE_OUTPUT_TOKENS], 0);
}

static void one_client_may_carry_many_calls(void **state)
{
	const struct http_client_settings settings = { .ca_file = NULL };
	struct http_client *client;
	struct err_detail detail;

	(void)state;
	assert_int_equal(http_client_open(&client, &kit.loop, &settings, &detail), ERR_NONE);
	kit_vendor(&kit, (struct anthropic_options){ .client = client });
	kit_says(&kit, 200, plain, KIT_ENDS);
	ask();
	kit_vendor(&kit, (struct anthropic_options){ .client = client });
	ask();
	assert_string_equal(told(&l), "Good morning.done 38");
	assert_int_equal(http_server_connections(kit.server), 1); /* the same one */
	anthropic_close(&kit.vendor);
	http_client_close(&client);
}

static void is_refused(struct anthropic_options options, enum err wanted, const char *says)
{
	struct anthropic *vendor = kit.vendor;
	struct err_detail detail = { .message = "" };

	options.key = options.key ? options.key : KIT_KEY;
	assert_int_equal(anthropic_open(&vendor, &kit.loop, &options, &detail), wanted);
	assert_null(vendor);
	if (!strstr(detail.message, says))
		fail_msg("%s", detail.message);
}

static void options_that_are_off_are_refused(void **state)
{
	(void)state;
	is_refused((struct anthropic_options){ .key = "two\r\nlines" }, ERR_USAGE, "key");
	is_refused((struct anthropic_options){ .key = "" }, ERR_USAGE, "key");
	is_refused((struct anthropic_options){ .base_url = "ftp://here" }, ERR_USAGE, "address");
	is_refused((struct anthropic_options){ .api_version = "2024-01-01" }, ERR_USAGE, "version");
	is_refused((struct anthropic_options){ .effort = "hard" }, ERR_USAGE, "effort");
	is_refused((struct anthropic_options){ .max_tokens = 200000 }, ERR_USAGE, "tokens");
	is_refused((struct anthropic_options){ .tools = "{" }, ERR_FORMAT, "list");
	is_refused((struct anthropic_options){ .tools = "[{\"name\":\"two words\",\"input_schema\":{}}]" }, ERR_FORMAT, "name");
	is_refused((struct anthropic_options){ .tools = "[{\"name\":\"a\"}]" }, ERR_FORMAT, "schema");
	is_refused((struct anthropic_options){ .tools = "[{\"name\":\"a\",\"input_schema\":{}},{\"name\":\"a\",\"input_schema\":{}}]" }, ERR_FORMAT, "two");
	is_refused((struct anthropic_options){ .ca_file = "/nowhere/ca.pem" }, ERR_UNAVAILABLE, "");
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
		UNIT(a_refusal_took_no_tokens),
		UNIT(one_client_may_carry_many_calls),
		UNIT(options_that_are_off_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
