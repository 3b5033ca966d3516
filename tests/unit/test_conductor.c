/* The worker's client of the conductor, against a real HTTP server that checks tokens: tools behind their snapshot, every way an answer can be. */
#include "socketkit.h"

static unsigned int fences, tolds, attached_calls;
static enum err attached_err;
static uint32_t attached_epoch;

static void on_fence(void *arg)
{
	struct conductor_call **cp = arg;

	fences++;
	conductor_call_close(cp);
}

static void on_told(void *arg, bool taken)
{
	(void)arg;
	(void)taken;
	tolds++;
}

static const struct conductor_call_handlers handlers = { .fenced = on_fence, .told = on_told };
static struct conductor_call *desk;
static struct tool_run *run;

static int begin(void **state)
{
	fences = tolds = attached_calls = 0;
	return kit_begin(state);
}

static void desk_open(void)
{
	k->c.epoch = 1;
	assert_int_equal(conductor_call_open(&desk, k->conductor, &k->c.call, 1, &handlers, &desk), ERR_NONE);
}

static void on_result(void *arg, enum tool_status status, const char *text, size_t len)
{
	(void)arg;
	assert_null(run);
	k->tool_status = status;
	snprintf(k->tool_text, sizeof(k->tool_text), "%.*s", (int)len, text);
	k->tools_done++;
}

static void tool(bool changes)
{
	static const struct tool_events events = { .result = on_result };
	const struct tool_request request = { .turn = 3, .index = 1, .name = "book_slot!", .name_len = 9, .args = "{\"day\":\"monday\"}", .args_len = 16,
		.changes = changes, .timeout_ms = 1000 };

	assert_int_equal(conductor_tools.start(desk, &run, &request, &events, k), ERR_NONE);
	assert_int_equal(k->tools_done, 0);
}

static void test_a_tool(void **state)
{
	(void)state;
	desk_open();
	tool(false);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_OK);
	assert_string_equal(k->tool_text, "{\"free\":true}");
	assert_string_equal(k->c.args, "book_slot {\"day\":\"monday\"}");
	conductor_call_close(&desk);
}

/* What it changes must find the call's state at the conductor, should this worker die over it. */
static void test_a_change_waits_for_its_snapshot(void **state)
{
	(void)state;
	desk_open();
	k->c.holds_puts = true;
	conductor_call_snapshot(desk, "first", 5);
	tool(true);
	kit_wait(&k->c.snapshots, 1);
	kit_wait(&k->c.reports, k->c.reports + 1); /* time for a request that should not come */
	assert_int_equal(k->c.tools, 0);
	http_reply(k->c.held_put, 204, NULL, NULL, 0);
	k->c.held_put = NULL;
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->c.tools, 1);
	conductor_call_close(&desk);
}

static void test_the_newest_snapshot_alone(void **state)
{
	(void)state;
	desk_open();
	k->c.holds_puts = true;
	conductor_call_snapshot(desk, "first", 5);
	kit_wait(&k->c.snapshots, 1);
	conductor_call_snapshot(desk, "second", 6);
	conductor_call_snapshot(desk, "third", 5);
	k->c.holds_puts = false;
	conductor_call_close(&desk); /* what waits is sent all the same */
	http_reply(k->c.held_put, 204, NULL, NULL, 0);
	k->c.held_put = NULL;
	kit_wait(&k->c.snapshots, 2);
	assert_int_equal(k->c.snapshot_len, 5);
	assert_memory_equal(k->c.snapshot, "third", 5);
}

/* Too large is too large: it is not sent again, what waits for it goes on, and the next one is tried. Who cannot store it now is asked again. */
static void test_a_snapshot_that_is_too_large(void **state)
{
	(void)state;
	desk_open();
	k->c.put_status = 413;
	conductor_call_snapshot(desk, "first", 5);
	tool(true);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_OK);
	assert_int_equal(k->c.puts_seen, 1);
	kit_wait(&k->c.reports, k->c.reports + 2); /* far longer than a retry waits */
	assert_int_equal(k->c.puts_seen, 1);
	conductor_call_snapshot(desk, "second", 6);
	kit_wait(&k->c.puts_seen, 2);
	k->c.put_status = 503;
	conductor_call_snapshot(desk, "third", 5);
	kit_wait(&k->c.puts_seen, 4);
	k->c.put_status = 0;
	kit_wait(&k->c.snapshots, 1);
	assert_memory_equal(k->c.snapshot, "third", 5);
	assert_int_equal(fences, 0);
	conductor_call_close(&desk);
}

static void test_nobody_knows_whether_it_was_done(void **state)
{
	(void)state;
	desk_open();
	k->c.is_away = true;
	tool(true);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_UNKNOWN);
	k->tools_done = 0;
	tool(false);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_ERROR); /* to be asked for again */
	k->tools_done = 0;
	k->c.is_away = false;
	k->c.epoch = 2; /* somebody else's now: it was not done for us */
	tool(true);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_ERROR);
	assert_int_equal(fences, 1);
	assert_null(desk);
}

/* The conductor could not write it down, so it asked nobody: that is a refusal, also of what changes something. */
static void test_what_was_not_dispatched_was_not_done(void **state)
{
	(void)state;
	desk_open();
	k->c.is_away = true;
	k->c.away_code = "not_dispatched";
	tool(true);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_ERROR);
	assert_int_equal(k->c.tools, 1); /* asked for once */
	k->tools_done = 0;
	k->c.away_code = "unavailable";
	tool(true);
	kit_wait(&k->tools_done, 1);
	assert_int_equal(k->tool_status, TOOL_UNKNOWN);
	conductor_call_close(&desk);
}

static void test_a_cancelled_tool_says_nothing(void **state)
{
	(void)state;
	desk_open();
	k->c.holds_puts = true;
	conductor_call_snapshot(desk, "first", 5);
	tool(true); /* waits */
	conductor_tools.cancel(&run);
	tool(false); /* on its way */
	conductor_tools.cancel(&run);
	assert_null(run);
	kit_wait(&k->c.snapshots, 1);
	http_reply(k->c.held_put, 204, NULL, NULL, 0);
	k->c.held_put = NULL;
	kit_wait(&k->c.reports, k->c.reports + 1);
	assert_int_equal(k->tools_done, 0);
	conductor_call_close(&desk);
}

static void test_the_end_until_it_is_taken(void **state)
{
	json_t *known = json_pack("{s:s}", "plan", "keep");
	const struct conductor_end end = { .reason = END_AGENT, .outcome = "confirmed", .known = known, .connected_ms = 61000, .turns = 4 };

	(void)state;
	desk_open();
	k->c.failing = 2;
	conductor_call_ended(desk, &end);
	kit_wait(&tolds, 1);
	conductor_call_close(&desk);
	kit_wait(&k->c.ended, 1);
	assert_int_equal(k->c.failing, 0);
	assert_string_equal(k->c.reason, "agent");
	assert_string_equal(k->c.outcome, "confirmed");
	assert_int_equal(k->c.connected_ms, 61000);
	assert_string_equal(json_string_value(json_object_get(k->c.known, "plan")), "keep");
	json_decref(known);
}

/* Rather without what was known than not at all. */
static void test_an_end_that_is_too_long(void **state)
{
	static char words[80 << 10];
	json_t *known;
	struct conductor_end end = { .reason = END_CALLER, .outcome = "", .connected_ms = 1000 };

	(void)state;
	memset(words, 'a', sizeof(words) - 1);
	known = json_pack("{s:s}", "plan", words);
	end.known = known;
	desk_open();
	conductor_call_ended(desk, &end);
	conductor_call_close(&desk);
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.reason, "caller");
	assert_null(k->c.known);
	json_decref(known);
}

/* ------------------------------------------------------------------ attach */

static void on_attached_h(void *arg, enum err err, const struct conductor_attached *a)
{
	(void)arg;
	assert_true(!err == !!a);
	attached_err = err;
	attached_epoch = a ? a->epoch : 0;
	attached_calls++;
}

static enum err attach(const char *token)
{
	static const struct conductor_carrier carrier = { "twilio", "AC1", "CA1", "MZ1" };
	struct conductor_attach *a;

	assert_int_equal(conductor_attach_start(&a, k->conductor, token, &carrier, on_attached_h, NULL), ERR_NONE);
	kit_wait(&attached_calls, attached_calls + 1);
	assert_null(a);
	return attached_err;
}

static void test_answers_that_are_none(void **state)
{
	static const char *const answers[] = { "", "x", "[]", "{}", "null", "{\"call\":5}", "{\"call\":\"zz\",\"tenant_id\":\"zz\"}",
		"{\"call\":\"00000000000000000000000000000001\",\"tenant_id\":\"00000000000000000000000000000001\",\"tenant\":\"a\",\"epoch\":0}",
		"{\"call\":\"00000000000000000000000000000001\",\"tenant_id\":\"00000000000000000000000000000001\",\"tenant\":\"a\",\"epoch\":1,\"brief\":\"*\"}",
		"{\"call\":\"00000000000000000000000000000001\",\"tenant_id\":\"00000000000000000000000000000001\",\"tenant\":\"a\",\"epoch\":1,\"brief\":\"AAAA\"}",
		"{\"call\":\"0\",\"call\":\"1\"}" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		enum err err;

		k->c.answer = answers[i];
		err = attach("t");
		assert_true(err && err != ERR_DENIED && err != ERR_CLOSED);
	}
	k->c.answer = NULL;
	assert_int_equal(attach("t"), ERR_DENIED);
	assert_int_equal(attach(kit_token_new()), ERR_NONE);
	assert_int_equal(attached_epoch, 1);
	k->c.has_ended = true;
	assert_int_equal(attach(kit_token_new()), ERR_CLOSED);
}

/* A whole answer, cut anywhere or with a byte changed, never crashes and never half fits. */
static void test_a_damaged_answer(void **state)
{
	static struct conductor_reading r;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 4 << 20);
	attach_write(&b, 1);
	assert_int_equal(conductor_attached_read(&r, b.data, b.len), ERR_NONE);
	assert_int_equal(r.attached.direction, CALL_INBOUND);
	assert_string_equal(r.attached.own.language, "en-US");
	assert_int_equal(r.attached.began_us_ago, 100000);
	assert_null(r.attached.snapshot);
	assert_true(r.attached.flow_len > 100 && r.attached.brief.greeting[0]);
	assert_string_equal(r.attached.prompt.fixed, "# Who you are");
	assert_string_equal(r.attached.prompt.facts, "# This call");
	assert_string_equal(r.attached.prompt.tools, "[{\"name\":\"end_call\"}]");
	assert_string_equal(r.attached.own.keyterms[0], "Acme");
	assert_string_equal(r.attached.own.keyterms[1], "Asha");
	assert_string_equal(r.attached.own.keyterms[2], "");
	assert_int_equal(r.attached.other_count, 1);
	assert_string_equal(r.attached.others[0].language, "hi-IN");
	assert_int_equal(r.attached.others[0].speed_percent, 90);
	assert_string_equal(r.attached.others[0].keyterms[0], "एक्मे");
	conductor_reading_fini(&r);
	for (i = 0; i < b.len; i += 1 + b.len / 60)
		assert_int_not_equal(conductor_attached_read(&r, b.data, i), ERR_NONE);
	for (i = 0; i < b.len; i += 1 + b.len / 100) {
		b.data[i] ^= 0x15;
		if (!conductor_attached_read(&r, b.data, b.len))
			conductor_reading_fini(&r);
		b.data[i] ^= 0x15;
	}
	buf_fini(&b);
}

/* A report that is not taken is made again soon: a conductor that was started again must not wait for who lives. */
static void test_a_report_until_it_is_taken(void **state)
{
	uint64_t before;

	(void)state;
	k->c.hears_nobody = true;
	kit_wait(&k->c.unheard, 1);
	before = kit_now();
	kit_wait(&k->c.unheard, 6);
	assert_true(kit_now() - before >= 5 * CONDUCTOR_AGAIN_MS * 1000);
	assert_true(kit_now() - before < 5 * CONDUCTOR_REPORT_MS * 1000 / 2);
	assert_false(conductor_answers(k->conductor));
	k->c.hears_nobody = false;
	k->c.reports = 0;
	before = kit_now();
	kit_wait(&k->c.reports, 1);
	assert_true(kit_now() - before < CONDUCTOR_REPORT_MS * 1000 / 2);
	kit_wait(&k->c.reports, 2); /* from then on as before */
	assert_true(conductor_answers(k->conductor));
	assert_true(kit_now() - before >= CONDUCTOR_REPORT_MS * 1000);
}

static void test_every_request_is_signed(void **state)
{
	(void)state;
	kit_wait(&k->c.reports, 2); /* the second by its timer */
	assert_int_equal(attach(kit_token_new()), ERR_NONE);
	assert_int_equal(k->c.unauthorised, 0);
	assert_true(conductor_reports(k->conductor) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_tool, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_change_waits_for_its_snapshot, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_newest_snapshot_alone, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_snapshot_that_is_too_large, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_nobody_knows_whether_it_was_done, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_was_not_dispatched_was_not_done, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_cancelled_tool_says_nothing, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_end_until_it_is_taken, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_end_that_is_too_long, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_answers_that_are_none, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_damaged_answer, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_report_until_it_is_taken, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_every_request_is_signed, begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
