/* What a call came to that nobody finished, when that hangs on a tool: done, refused, not over yet, never answered, or the conductor died in between. */
#include "callskit.h"

/* The tool does as its address says: "hold" waits, "200" is well, "409" is refused. */
static const char settle_book[] =
	"rulebook: 1\n"
	"id: shop\n"
	"version: \"2\"\n"
	"title: Shop\n"
	"company: Acme\n"
	"agent: {name: Maya, persona: Brief.}\n"
	"languages: {en-US: {voice: slt}}\n"
	"goal: None.\n"
	"flow:\n"
	"  - ask: you\n"
	"    text: Yes?\n"
	"    expect: free\n"
	"    unclear: bye\n"
	"  - tool: keep\n"
	"    call: write\n"
	"    arguments: {id: \"{you}\", why: x}\n"
	"    failed: hurry\n"
	"    next: kept_end\n"
	"  - tool: hurry\n"
	"    call: impatient\n"
	"    failed: bye\n"
	"    next: kept_end\n"
	"  - goodbye: kept_end\n"
	"    text: Kept.\n"
	"    outcome: kept\n"
	"  - goodbye: bye\n"
	"    text: Goodbye.\n"
	"    outcome: nothing\n"
	"outcomes:\n"
	"  kept: {about: It is written down., result: success}\n"
	"  told: {about: It was said., result: neutral}\n"
	"  nothing: {about: Nothing., result: failure}\n"
	"unfinished: [{when: done keep or done hurry, outcome: kept}, {when: known you, outcome: told}, {outcome: nothing}]\n"
	"tools:\n"
	"  write: {about: a, method: POST, url: \"service:odd/{id}\", changes: true, timeout_ms: 20000,"
	" arguments: {type: object, properties: {id: {type: string}, why: {type: string}}, required: [id, why]}, result: {reference: text}}\n"
	"  impatient: {about: a, method: POST, url: \"service:odd/hold\", changes: true, timeout_ms: 300,"
	" arguments: {type: object, properties: {id: {type: string}, why: {type: string}}}, result: {reference: text}}\n"
	"  look: {about: a, method: GET, url: \"service:odd/look/{id}\", timeout_ms: 20000,"
	" arguments: {type: object, properties: {id: {type: string}, why: {type: string}}, required: [id]}, result: {reference: text}}\n";

static char call[CALL_ID_MAX];

static int begin(void **state)
{
	int status = kit_begin(state);

	kit_book_write("shop", settle_book);
	worker_has_none("w1");
	kit_live("w1", call);
	return status;
}

/* The worker's word on the end; the agent named no outcome. */
static unsigned int ended_knowing(struct got *g, const char *known)
{
	char path[200], body[300];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", call);
	snprintf(body, sizeof(body), "{\"epoch\":1,\"reason\":\"caller\",\"outcome\":null,\"known\":%s,\"connected_ms\":61000,\"turns\":7}", known);
	return ask_as_worker(g, HTTP_POST, path, body);
}

#define KNOWN "{\"you\":\"keep it\"}"

/* The first of `tool` that is under way, until its service has it. */
static void held_start(struct got *g, const char *name, const char *id)
{
	unsigned int before = k->s.held_count;

	tool_start_as(g, call, 1, 1, name, id);
	kit_until(k->s.held_count == before + 1);
}

static void is_closed(const char *outcome)
{
	assert_string_equal(call_state(call), "ended caller");
	assert_string_equal(call_outcome(call), outcome);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_string_equal(call_outcome(call), outcome);
}

static void test_by_what_was_done(void **state)
{
	static const struct { const char *tool, *id, *outcome; } cases[] = {
		{ "write", "200", "kept success" },
		{ "write", "409", "told neutral" },   /* refused */
		{ "write", "garbage", "told neutral" }, /* not known */
		{ "look", "200", "told neutral" },    /* another tool */
		{ "nonesuch", "200", "told neutral" },
	};
	struct got g = { .done = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (i) {
			kit_end(state);
			begin(state);
		}
		assert_int_equal(tool(&g, call, 1, 1, cases[i].tool, cases[i].id), 200);
		assert_int_equal(ended_knowing(&g, KNOWN), 204);
		is_closed(cases[i].outcome);
	}
	got_drop(&g);
}

/* Whichever call it is done in, it is done in that one alone; and in a tenant's own. */
static void test_of_this_call_alone(void **state)
{
	struct hook other = hook_voice;
	struct got g = { .done = 0 };
	char first[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	memcpy(first, call, sizeof(first));
	assert_int_equal(tool(&g, first, 1, 1, "write", "200"), 200);
	other.sid = OTHER_SID;
	assert_int_equal(hook(&g, &other), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach_of(&g, "w1", token, "twilio", ACCOUNT, OTHER_SID), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_string_not_equal(first, call);
	assert_int_equal(ended_knowing(&g, KNOWN), 204);
	assert_string_equal(call_outcome(call), "told neutral");
	memcpy(call, first, sizeof(call));
	assert_int_equal(ended_knowing(&g, "{}"), 204);
	assert_string_equal(call_outcome(call), "kept success");
	got_drop(&g);
}

/* What the agent named stands, whatever is under way. */
static void test_a_named_outcome_waits_for_nothing(void **state)
{
	struct got slow = { .done = 0 }, g = { .done = 0 };

	(void)state;
	held_start(&slow, "write", "hold");
	assert_int_equal(ended(&g, call, 1, "caller", "nothing"), 204);
	is_closed("nothing failure");
	shop_release(&k->s);
	kit_wait(&slow);
	kit_sweep();
	assert_string_equal(call_outcome(call), "nothing failure");
	got_drop(&slow);
	got_drop(&g);
}

/* It has ended, and what it came to is not said before that is known. */
static void test_a_tool_that_is_under_way(void **state)
{
	struct got slow = { .done = 0 }, g = { .done = 0 };

	(void)state;
	held_start(&slow, "write", "hold");
	assert_int_equal(ended_knowing(&g, KNOWN), 204);
	assert_string_equal(call_state(call), "ended caller");
	assert_string_equal(call_outcome(call), " ");
	kit_sweep();
	assert_string_equal(call_outcome(call), " ");
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	assert_int_equal(ended_knowing(&g, KNOWN), 204); /* said again */
	assert_string_equal(call_outcome(call), " ");
	shop_release(&k->s);
	kit_wait(&slow);
	worker_has("w1", call, 1); /* it has not let go of it yet */
	kit_sweep();
	is_closed("kept success");
	assert_int_equal(ended_knowing(&g, KNOWN), 204); /* and again */
	is_closed("kept success");
	got_drop(&slow);
	got_drop(&g);
}

/* Nobody answers: its time limit ends it, and what is not known was not done. What the agent knew is not forgotten meanwhile. */
static void test_a_tool_that_is_never_answered(void **state)
{
	struct got slow = { .done = 0 }, g = { .done = 0 };

	(void)state;
	held_start(&slow, "impatient", "x");
	assert_int_equal(ended_knowing(&g, KNOWN), 204);
	assert_string_equal(call_outcome(call), " ");
	kit_wait(&slow);
	assert_string_equal(got_text(&slow, "status"), "unknown");
	kit_sweep();
	is_closed("told neutral");
	got_drop(&slow);
	got_drop(&g);
}

/* The conductor dies while the tool is out: nobody will ever know. */
static void test_a_conductor_that_dies_in_between(void **state)
{
	struct got slow = { .done = 0 }, g = { .done = 0 };

	(void)state;
	held_start(&slow, "write", "hold");
	assert_int_equal(ended_knowing(&g, KNOWN), 204);
	assert_string_equal(call_outcome(call), " ");
	kit_calls_close();
	kit_wait(&slow);
	toolbox_close(&k->s.box);
	shop_open_box(&k->s, 1);
	k->mono_ms += 7;
	kit_calls_open();
	assert_string_equal(call_outcome(call), " ");
	kit_sweep();
	is_closed("told neutral");
	got_drop(&slow);
	got_drop(&g);
}

/* The tool is let in while the end is on its way to the store: the end is judged again. */
static void test_a_tool_let_in_meanwhile(void **state)
{
	struct got slow = { .done = 0 }, end = { .done = 0 };
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	static const char body[] = "{\"epoch\":1,\"reason\":\"caller\",\"known\":" KNOWN ",\"connected_ms\":61000,\"turns\":7}";
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", call);
	k->gate.hold = "call/";
	kit_start(&end, HTTP_POST, path, headers, body, sizeof(body) - 1);
	kit_until(k->gate.is_held);
	held_start(&slow, "write", "hold");
	gate_release(&k->gate);
	kit_wait(&end);
	assert_int_equal(end.status, 204);
	assert_string_equal(call_outcome(call), " ");
	shop_release(&k->s);
	kit_wait(&slow);
	kit_sweep();
	is_closed("kept success");
	got_drop(&slow);
	got_drop(&end);
}

/* A worker that died after the tool: what was done counts, though nobody says what was known. */
static void test_a_lost_call(void **state)
{
	struct got slow = { .done = 0 };

	(void)state;
	held_start(&slow, "write", "hold");
	kit_sweep();
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	assert_string_equal(call_state(call), "live "); /* its tool is still out */
	shop_release(&k->s);
	kit_wait(&slow);
	kit_sweep();
	assert_string_equal(call_state(call), "ended lost");
	assert_string_equal(call_outcome(call), "kept success");
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	got_drop(&slow);
}

/* The store is away when the ledger is to be read: the worker says it again, the sweeper looks again. */
static void test_a_store_that_fails(void **state)
{
	struct got slow = { .done = 0 }, g = { .done = 0 };

	(void)state;
	held_start(&slow, "write", "hold");
	assert_int_equal(ended_knowing(&g, KNOWN), 204);
	shop_release(&k->s);
	kit_wait(&slow);
	k->gate.refuse_puts = ERR_FULL;
	kit_sweep();
	k->gate.refuse_puts = ERR_NONE;
	assert_string_equal(call_outcome(call), " ");
	kit_sweep();
	is_closed("kept success");
	got_drop(&slow);
	got_drop(&g);
}

/* Closing while the ledger is read. */
static void test_closing_in_between(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	assert_int_equal(tool(&g, call, 1, 1, "write", "200"), 200);
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	clock_pass(CALLS_REATTACH_MS + 1);
	calls_sweep(k->calls);
	kit_restart();
	kit_sweep();
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	assert_string_equal(call_outcome(call), "kept success");
	got_drop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_what_was_done, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_of_this_call_alone, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_named_outcome_waits_for_nothing, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_tool_that_is_under_way, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_tool_that_is_never_answered, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_conductor_that_dies_in_between, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_tool_let_in_meanwhile, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_lost_call, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_store_that_fails, begin, kit_end),
		cmocka_unit_test_setup_teardown(test_closing_in_between, begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
