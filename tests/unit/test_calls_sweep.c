/* The sweeper, in virtual time: what nobody has any more comes to its end, within the time that is promised, also after a restart. */
#include "callskit.h"

static char call[CALL_ID_MAX];

static void live_call(void)
{
	worker_has_none("w1");
	kit_live("w1", call);
}

/* ------------------------------------------------------------------ live calls */

/* As long as its worker has it, for hours; then it is lost, and not before the carrier's time to come back is over. */
static void test_P20_a_dead_workers_call_is_lost(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	assert_int_equal(snapshot(&g, call, "1", "so far"), 204);
	for (unsigned int i = 0; i < 60; i++) {
		clock_pass(2000);
		worker_has("w1", call, 1);
		kit_sweep();
	}
	assert_string_equal(call_state(call), "live ");
	clock_pass(CALLS_REATTACH_MS);
	kit_sweep();
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(documents_of(k->s.w.a, "snapshot/"), 1);
	clock_pass(1);
	kit_sweep();
	assert_int_equal(call_get(&g, call), 200);
	assert_string_equal(got_text(&g, "state"), "ended");
	assert_string_equal(got_text(&g, "reason"), "lost");
	assert_string_equal(call_outcome(call), "gone failure");
	assert_int_equal(got_number(&g, "connected_ms"), 120000); /* as long as it was surely there */
	assert_int_equal((uint64_t)got_number(&g, "ended_ms"), k->now_ms);
	assert_int_equal(documents_of(k->s.w.a, "snapshot/"), 0);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200); /* too late */
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_int_equal(snapshot(&g, call, "1", "x"), 409);
	assert_int_equal(ended(&g, call, 1, "caller", "done"), 204); /* it lived after all, and says how it was */
	assert_string_equal(call_state(call), "ended caller");
	got_drop(&g);
}

/* The worker lives and has let go of the call: its socket died, and the carrier never came back. */
static void test_P20_a_call_that_its_worker_has_left(void **state)
{
	(void)state;
	live_call();
	for (unsigned int i = 0; i < 8; i++) {
		clock_pass(2000);
		worker_has_none("w1");
		kit_sweep();
	}
	assert_string_equal(call_state(call), "ended lost");
}

/* The carrier has just asked and is on its way: it is not cut off. */
static void test_a_call_that_is_coming_back(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	clock_pass(CALLS_REATTACH_MS - 1000);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	clock_pass(3000);
	kit_sweep();
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	clock_pass(CALLS_REATTACH_MS);
	kit_sweep();
	assert_string_equal(call_state(call), "live ");
	clock_pass(1);
	kit_sweep();
	assert_string_equal(call_state(call), "ended lost");
	got_drop(&g);
}

/* Also while there is no worker that could take it. */
static void test_a_call_that_waits_for_a_worker(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	for (unsigned int i = 0; i < 3; i++) {
		clock_pass(CALLS_REATTACH_MS);
		assert_int_equal(hook(&g, &after), 200);
		assert_string_equal(offer_token(&g), "");
		kit_sweep();
	}
	assert_string_equal(call_state(call), "live ");
	got_drop(&g);
}

/* An old worker that thinks it has the call keeps nobody's call alive. */
static void test_an_older_epoch_says_nothing(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	assert_int_equal(hook(&g, &after), 200);
	worker_has_none("w2");
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	for (unsigned int i = 0; i < 8; i++) {
		clock_pass(2000);
		worker_has("w1", call, 1);
		kit_sweep();
	}
	assert_string_equal(call_state(call), "ended lost");
	got_drop(&g);
}

/* What a worker asks is a sign of life; a worker that does not list its calls is believed as long as it is heard of. */
static void test_signs_of_life(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	for (unsigned int i = 0; i < 5; i++) {
		clock_pass(CALLS_REATTACH_MS - 1);
		assert_int_equal(snapshot(&g, call, "1", "x"), 204);
		kit_sweep();
	}
	for (unsigned int i = 0; i < 20; i++) {
		clock_pass(2000);
		worker_says("w1", 1, 10, NULL);
		kit_sweep();
	}
	assert_string_equal(call_state(call), "live ");
	clock_pass(CALLS_HEARD_MS + 1); /* since it was last heard of; from here on nothing counts for it */
	kit_sweep();
	clock_pass(CALLS_REATTACH_MS);
	kit_sweep();
	assert_string_equal(call_state(call), "ended lost");
	got_drop(&g);
}

/* ------------------------------------------------------------------ calls that wait */

static void test_a_call_that_nobody_takes(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\"}"), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	clock_pass(CALLS_TOKEN_MS - 1);
	kit_sweep();
	assert_string_equal(call_state(call), "waiting ");
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 1);
	clock_pass(1);
	kit_sweep();
	assert_string_equal(call_state(call), "ended unanswered");
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 0);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	got_drop(&g);
}

/* Each new token is a minute more. */
static void test_a_call_that_is_offered_again(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char path[100];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	clock_pass(CALLS_TOKEN_MS - 1);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	clock_pass(CALLS_TOKEN_MS - 1);
	kit_sweep();
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	snprintf(path, sizeof(path), "%s", got_text(&g, "call"));
	assert_string_equal(call_state(path), "live ");
	got_drop(&g);
}

/* ------------------------------------------------------------------ tokens */

/* A token that was used goes with its attach, the others when they have expired. */
static void test_tokens_go(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < 3; i++) {
		sights_purge(k->calls, 0); /* else it is told the same token again */
		assert_int_equal(hook(&g, &hook_voice), 200);
	}
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 3);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	kit_until(documents_of(tenant_house(), "media-token/") == 2); /* deleted beside the answer */
	clock_pass(CALLS_TOKEN_MS - 1);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 2);
	clock_pass(1);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ ended calls, half-made calls */

/* The end is the worker's word; the sweeper takes away what nobody needs any more. */
static void test_what_an_ended_call_leaves(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	live_call();
	assert_int_equal(snapshot(&g, call, "1", "x"), 204);
	assert_int_equal(ended(&g, call, 1, "caller", ""), 204);
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_int_equal(documents_of(k->s.w.a, "snapshot/"), 0);
	assert_int_equal(documents_of(tenant_house(), "call/"), 1); /* it is found still */
	assert_string_equal(call_state(call), "ended caller");
	got_drop(&g);
}

/* The conductor died after the index and before the call: the webhook makes it whole, or the sweeper takes the rest away. */
static void test_a_call_that_was_never_made(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	k->gate.answers = true;
	k->gate.refuse_puts = ERR_IO;
	k->gate.spares = 3;
	assert_int_equal(hook(&g, &hook_voice), 503);
	k->gate.refuse_puts = ERR_NONE;
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	assert_int_equal(documents_of(k->s.w.a, "call/"), 0);
	clock_pass(CALLS_TOKEN_MS);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 1); /* somebody may be at it still */
	clock_pass(1);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_int_equal(documents_of(tenant_house(), "call/"), 0);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	got_drop(&g);
}

/* ------------------------------------------------------------------ restarts, failures, races, numbers */

/* What was known of workers is gone with the conductor: it counts anew, and the promise holds from there. */
static void test_N6_after_a_restart(void **state)
{
	struct got g = { .done = 0 };
	char waiting[CALL_ID_MAX];

	(void)state;
	live_call();
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\"}"), 200);
	snprintf(waiting, sizeof(waiting), "%s", got_text(&g, "call"));
	clock_pass(600000); /* the conductor was away for long; the workers' calls went on */
	kit_restart();
	kit_sweep();
	assert_string_equal(call_state(call), "live ");
	assert_string_equal(call_state(waiting), "ended unanswered");
	worker_has("w1", call, 1);
	for (unsigned int i = 0; i < 20; i++) {
		clock_pass(2000);
		worker_has("w1", call, 1);
		kit_sweep();
	}
	assert_string_equal(call_state(call), "live ");
	kit_restart(); /* and now the worker is dead as well */
	for (unsigned int i = 0; i < 9; i++) {
		kit_sweep();
		clock_pass(2000);
	}
	assert_string_equal(call_state(call), "ended lost");
	got_drop(&g);
}

/* The store is away: nothing is forgotten, the next sweep does it. */
static void test_a_store_that_fails(void **state)
{
	(void)state;
	live_call();
	clock_pass(CALLS_REATTACH_MS + 1);
	for (unsigned int answers = 0; answers < 2; answers++) {
		k->gate.answers = answers;
		k->gate.refuse_puts = ERR_FULL;
		kit_sweep();
		k->gate.refuse_puts = ERR_NONE;
		k->gate.refuse_gets = ERR_BUSY;
		calls_sweep(k->calls);
		kit_until(!calls_sweeping(k->calls));
		k->gate.refuse_gets = ERR_NONE;
	}
	assert_string_equal(call_state(call), "live ");
	kit_sweep();
	assert_string_equal(call_state(call), "ended lost");
}

/* One that is live, as it lies in the store. */
static void open_call(const char *id, unsigned int *stored)
{
	struct call_record r;
	struct buf b, index;
	char key[DOCUMENT_KEY_MAX];

	buf_init(&b, CALL_RECORD_MAX_BYTES);
	buf_init(&index, 1000);
	call_record_init(&r);
	memcpy(r.id, id, CALL_ID_MAX);
	r.state = CALL_LIVE;
	r.epoch = 1;
	r.began_ms = r.clock_ms = k->now_ms;
	snprintf(r.worker, sizeof(r.worker), "w9");
	assert_int_equal(call_record_encode(&r, &b), ERR_NONE);
	assert_int_equal(call_index_encode(k->s.w.a, r.id, r.began_ms, &index), ERR_NONE);
	call_key(r.began_ms, r.id, key);
	kit_put_start(k->s.w.a, key, b.data, b.len, stored);
	call_open_key(r.id, key);
	kit_put_start(tenant_house(), key, index.data, index.len, stored);
	call_index_key(r.id, key);
	kit_put_start(tenant_house(), key, index.data, index.len, stored);
	call_record_fini(&r);
	buf_fini(&index);
	buf_fini(&b);
}

/* A worker attaches while the sweeper is about to end the call: the worker wins. */
static void test_an_attach_meanwhile(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	static const char other[] = "ffffffffffffffffffffffffffffffff";
	char token[KIT_TOKEN_MAX];
	unsigned int stored = 0;

	(void)state;
	live_call();
	open_call(other, &stored);
	world_wait(&k->s.w, &stored, 3);
	kit_sweep(); /* a first look at the other one */
	clock_pass(1000);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	clock_pass(CALLS_REATTACH_MS + 1);
	k->gate.hold = "call/";
	calls_sweep(k->calls);
	kit_until(k->gate.is_held);
	assert_int_equal(attach(&g, "w1", token), 200);
	gate_release(&k->gate);
	kit_until(!calls_sweeping(k->calls));
	assert_string_equal(call_state(call), "live ");
	assert_string_equal(call_state(other), "ended lost"); /* and the sweep goes on */
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	got_drop(&g);
}

/* Closing in the middle of a sweep. */
static void test_closing_while_it_sweeps(void **state)
{
	(void)state;
	live_call();
	clock_pass(CALLS_REATTACH_MS + 1);
	calls_sweep(k->calls);
	assert_true(calls_sweeping(k->calls));
	kit_restart();
	kit_sweep();
	assert_string_equal(call_state(call), "live ");
}

/* It begins by itself. */
static void test_the_sweeper_wakes_up(void **state)
{
	(void)state;
	live_call();
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_calls_close();
	k->sweep_ms = 1;
	kit_calls_open();
	kit_until(k->calls->sights.count == 1); /* a first look, from which it counts */
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_until(documents_of(tenant_house(), "open/") == 0);
	assert_string_equal(call_state(call), "ended lost");
}

/* What lies damaged in the store stops nothing else. */
static void test_a_damaged_entry(void **state)
{
	(void)state;
	live_call();
	kit_put(tenant_house(), "open/00000000000000000000000000000000", "\x01", 1);
	kit_put(tenant_house(), "media-token/00", "\xff\xff", 2);
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	assert_string_equal(call_state(call), "ended lost");
}

/* N6 at full load: 600 calls whose workers died at once, behind 600 that live, are all ended within 60 seconds, and no sweep does more
 * than its page. */
static void test_N6_more_than_a_page(void **state)
{
	enum { MANY = 600 };
	static char ids[2 * MANY][CALL_ID_MAX];
	uint64_t began = k->now_ms;
	unsigned int stored = 0, sweeps = 0;
	size_t before = MANY, left;

	(void)state;
	for (unsigned int i = 0; i < 2 * MANY; i++) {
		snprintf(ids[i], CALL_ID_MAX, "%c%031u", i < MANY ? '0' : 'f', i);
		open_call(ids[i], &stored);
	}
	world_wait(&k->s.w, &stored, 6 * MANY);
	do {
		for (unsigned int i = 0; i < MANY; i++)
			assert_true(sight_note(k->calls, ids[i], 1));
		kit_sweep();
		sweeps++;
		clock_pass(CALLS_SWEEP_MS);
		left = 0;
		for (unsigned int hundred = MANY / 100; hundred < 2 * MANY / 100; hundred++) {
			char prefix[50];

			snprintf(prefix, sizeof(prefix), "open/f%027u%02u", 0, hundred);
			left += documents_of(tenant_house(), prefix);
		}
		assert_true(before - left <= CALLS_SWEEP_PAGE);
		before = left;
	} while (left && sweeps < 100);
	assert_true(k->now_ms - began <= 60000);
	assert_string_equal(call_state(ids[0]), "live ");
	assert_string_equal(call_state(ids[MANY - 1]), "live ");
	assert_string_equal(call_state(ids[MANY]), "ended lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_P20_a_dead_workers_call_is_lost, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_P20_a_call_that_its_worker_has_left, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_is_coming_back, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_waits_for_a_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_older_epoch_says_nothing, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_signs_of_life, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_nobody_takes, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_is_offered_again, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_tokens_go, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_an_ended_call_leaves, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_was_never_made, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_N6_after_a_restart, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_store_that_fails, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_attach_meanwhile, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_closing_while_it_sweeps, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_sweeper_wakes_up, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_damaged_entry, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_N6_more_than_a_page, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
