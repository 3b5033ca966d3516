/* What the journal and its shipping tell the log: each change once, however often the disk or the conductor is tried. */
#include "journal_world.h"

#include "logkit.h"
#include "voice/shipping/ship.h"

static struct logkit l;

static int setup(void **state)
{
	(void)state;
	logkit_begin(&l, LOG_LEVEL_INFO);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	logkit_end(&l);
	return 0;
}

static void start(struct world *w, uint64_t seed, unsigned int calls)
{
	unsigned int i;

	world_begin(w, seed);
	assert_int_equal(world_open(w), ERR_NONE);
	for (i = 0; i < calls; i++)
		assert_int_equal(world_attach(w, i), ERR_NONE);
}

static void close_calls(struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_CALLS; i++)
		journal_call_close(&w->calls[i].journal, w->now_us);
}

/* One call alone, for so long. */
static void run_one(struct world *w, unsigned int steps)
{
	unsigned int i;

	for (i = 0; i < steps; i++) {
		w->now_us += STEP_US;
		(void)!world_append(w, 0, JOURNAL_INPUTS, 60);
		(void)!world_append(w, 0, JOURNAL_AUDIO_CALLER, 160);
		if (i % 3 == 0)
			(void)!world_commit(w);
	}
}

static void run_all(struct world *w, unsigned int steps)
{
	unsigned int i;

	for (i = 0; i < steps; i++)
		world_step(w);
}

static void a_journal_that_is_well_says_that_it_is_open(void **state)
{
	struct world w;
	(void)state;

	start(&w, 1, WORLD_CALLS);
	run_all(&w, 300);
	close_calls(&w);
	assert_int_equal(journal_close(&w.j, w.now_us), ERR_NONE);
	assert_int_equal(logkit_read(&l), 1);
	logkit_expect(logkit_line(&l, "the journal is open"), "doing", "opening the journal");
	world_end(&w);
}

static void F08_a_stopped_journal_is_one_alert_and_one_recovery(void **state)
{
	struct world w;
	char id[33];
	json_t *line;
	(void)state;

	start(&w, 2, 1);
	run_one(&w, 20);
	disk_virtual_read_only(w.v, true);
	run_one(&w, 1000); /* twenty seconds, a try a second */
	assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
	id128_print(&w.calls[0].id, id);
	assert_int_equal(logkit_count(&l, "level", "error", &line), 1);
	logkit_expect(line, "health", "stopped");
	logkit_expect(line, "error", err_name(ERR_DENIED));
	logkit_expect(line, "call", id);
	logkit_expect(line, "doing", "writing a batch");
	assert_int_equal(logkit_count(&l, "message", "the journal is well again", NULL), 0);
	disk_virtual_read_only(w.v, false);
	run_one(&w, 200);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	line = logkit_line(&l, "the journal is well again");
	logkit_expect(line, "level", "info");
	logkit_expect(line, "was", "stopped");
	logkit_expect(line, "call", id);
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 1);
	close_calls(&w);
	world_end(&w);
}

static void a_second_time_is_told_again(void **state)
{
	struct world w;
	unsigned int i;
	(void)state;

	start(&w, 3, 1);
	for (i = 1; i <= 3; i++) {
		disk_virtual_read_only(w.v, true);
		run_one(&w, 200);
		disk_virtual_read_only(w.v, false);
		run_one(&w, 200);
		assert_int_equal(logkit_count(&l, "level", "error", NULL), i);
		assert_int_equal(logkit_count(&l, "message", "the journal is well again", NULL), i);
	}
	close_calls(&w);
	world_end(&w);
}

/* From one worry to the next, each once; room again is the end of all of them. */
static void F06_F07_a_full_disk_is_told_as_far_as_it_goes(void **state)
{
	struct world w;
	json_t *line;
	(void)state;

	start(&w, 4, WORLD_CALLS);
	run_one(&w, 20);
	run_all(&w, 50);
	disk_virtual_limit(w.v, 1);
	run_all(&w, 1500); /* the reserve holds for a while */
	assert_int_equal(journal_health(w.j), JOURNAL_STOPPED);
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 2);
	assert_int_equal(logkit_count(&l, "health", "audio_ring", &line), 1);
	logkit_expect(line, "level", "error");
	logkit_expect(line, "call", NULL); /* it is about three of them */
	logkit_expect(line, "error", err_name(ERR_FULL));
	logkit_expect(line, "message", "the disk is full: events go to the reserve, audio to the ring");
	assert_int_equal(logkit_count(&l, "health", "stopped", &line), 1);
	logkit_expect(line, "error", err_name(ERR_FULL));
	logkit_expect(line, "doing", "writing a batch to a full disk");
	assert_int_equal(logkit_count(&l, "message", "the journal is well again", NULL), 0);
	disk_virtual_limit(w.v, 0);
	w.now_us += w.options.probe_us;
	run_all(&w, 300);
	assert_int_equal(journal_health(w.j), JOURNAL_OK);
	logkit_expect(logkit_line(&l, "the journal is well again"), "was", "stopped");
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 2);
	assert_null(strstr(l.text, "a file of the journal failed")); /* none did: they had no room */
	close_calls(&w);
	world_end(&w);
}

static void F07_what_was_refused_is_told_with_its_call(void **state)
{
	struct world w;
	char id[33];
	json_t *line;
	(void)state;

	start(&w, 5, 1);
	run_one(&w, 20);
	disk_virtual_read_only(w.v, true);
	run_one(&w, 300);
	assert_int_equal(logkit_count(&l, "message", "not all of the call is in the journal", NULL), 0); /* not marked yet */
	disk_virtual_read_only(w.v, false);
	run_one(&w, 300);
	id128_print(&w.calls[0].id, id);
	line = logkit_line(&l, "not all of the call is in the journal");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "call", id);
	logkit_expect(line, "why", journal_gap_why_name(JOURNAL_GAP_STOPPED));
	assert_true(logkit_number(line, "records") > 100);
	close_calls(&w);
	world_end(&w);
}

/* A disk so slow that memory is full refuses by the dozen. */
static void gaps_of_a_slow_disk_are_told_now_and_then(void **state)
{
	struct world w;
	uint64_t began;
	size_t told;
	unsigned int i;
	(void)state;

	world_begin(&w, 6);
	w.options.buffer_bytes = 4096;
	w.options.event_buffer_bytes = 4096;
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(world_attach(&w, 0), ERR_NONE);
	began = w.now_us;
	for (i = 0; i < 1200; i++) {
		w.now_us += STEP_US;
		(void)!world_append(&w, 0, JOURNAL_AUDIO_CALLER, 400);
		if (i % 25 == 0)
			(void)!world_commit(&w);
	}
	assert_true(journal_counts(w.j).gaps > 15);
	told = logkit_count(&l, "message", "not all of the call is in the journal", NULL);
	assert_in_range(told, 2, 1 + (w.now_us - began) / 10000000);
	logkit_none(&l, "error");
	close_calls(&w);
	world_end(&w);
}

static void F08_one_failed_sync_is_one_warning(void **state)
{
	struct world w;
	json_t *line;
	(void)state;

	start(&w, 7, 1);
	run_one(&w, 20);
	disk_virtual_fail_sync(w.v, 1);
	run_one(&w, 200);
	line = logkit_line(&l, "a file of the journal failed: its end is written again to another one");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "error", err_name(ERR_IO));
	assert_true(logkit_number(line, "durable_bytes") > 0);
	logkit_none(&l, "error");
	assert_int_equal(logkit_count(&l, "level", "warn", NULL), 1);
	close_calls(&w);
	world_end(&w);
}

/* Every file that is tried fails, three at each try. */
static void F08_a_disk_that_fails_for_good_is_one_warning_and_one_alert(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, 14);
	world_inject(&w, "fsync:60+=EIO");
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(world_attach(&w, 0), ERR_NONE);
	run_one(&w, 1500);
	assert_true(journal_counts(w.j).lost_files > 20);
	logkit_line(&l, "a file of the journal failed: its end is written again to another one");
	logkit_expect(logkit_line(&l, "the journal has stopped: nothing that happens now is kept"), "error", err_name(ERR_IO));
	assert_int_equal(logkit_read(&l), 3);
	close_calls(&w);
	world_end(&w);
}

static void F06_no_room_for_a_reserve_is_told_when_it_opens(void **state)
{
	struct world w;
	json_t *line;
	(void)state;

	world_begin(&w, 8);
	disk_virtual_limit(w.v, 8192);
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(journal_health(w.j), JOURNAL_SHORT);
	assert_int_equal(logkit_count(&l, "level", "error", &line), 1);
	logkit_expect(line, "health", "short");
	logkit_expect(line, "error", err_name(ERR_FULL));
	logkit_expect(line, "doing", "opening the journal");
	disk_virtual_limit(w.v, 0);
	assert_int_equal(world_attach(&w, 0), ERR_NONE);
	w.now_us += w.options.probe_us;
	run_one(&w, 20);
	logkit_expect(logkit_line(&l, "the journal is well again"), "was", "short");
	close_calls(&w);
	world_end(&w);
}

static void a_journal_that_does_not_open_says_why(void **state)
{
	struct world w;
	(void)state;

	world_begin(&w, 9);
	disk_virtual_read_only(w.v, true);
	assert_int_equal(world_open(&w), ERR_DENIED);
	logkit_expect(logkit_line(&l, "the journal cannot be opened"), "error", err_name(ERR_DENIED));
	world_end(&w);
}

static void lines_of_one_call_are_called_as_its_owner_says(void **state)
{
	struct world w;
	json_t *line;
	(void)state;

	world_begin(&w, 10);
	w.options.log_call = "1/7";
	assert_int_equal(world_open(&w), ERR_NONE);
	assert_int_equal(world_attach(&w, 0), ERR_NONE);
	disk_virtual_read_only(w.v, true);
	run_one(&w, 100);
	disk_virtual_read_only(w.v, false);
	run_one(&w, 200);
	assert_int_equal(logkit_count(&l, "call", "1/7", &line), logkit_read(&l));
	assert_true(logkit_read(&l) >= 4);
	close_calls(&w);
	world_end(&w);
}

static void erased_keys_are_told_and_owed_ones_too(void **state)
{
	struct world w;
	struct id128 id;
	char name[33];
	unsigned int i;
	(void)state;

	start(&w, 11, WORLD_CALLS);
	run_all(&w, 30);
	close_calls(&w);
	id = w.calls[1].id;
	id128_print(&id, name);
	disk_virtual_read_only(w.v, true);
	assert_int_equal(journal_erase_call(w.j, &w.calls[1].tenant, &id), ERR_NONE);
	logkit_expect(logkit_line(&l, "the keys of a call are destroyed in memory"), "call", name);
	for (i = 0; i < 20; i++) {
		w.now_us += 1000000;
		(void)!world_commit(&w);
	}
	logkit_expect(logkit_line(&l, "what was erased is not off the disk yet"), "level", "error");
	disk_virtual_read_only(w.v, false);
	for (i = 0; i < 10; i++) {
		w.now_us += 1000000;
		(void)!world_commit(&w);
	}
	logkit_expect(logkit_line(&l, "what was erased is off the disk as well"), "doing", "writing the keys");
	world_end(&w);
}

/* ---- shipping ---- */

struct conductor {
	bool away, failing;
	uint64_t last;
};

static enum err conductor_send(void *arg, struct ship *s, const struct ship_batch *b)
{
	struct conductor *c = arg;

	(void)s;
	c->last = b->id;
	return c->away ? ERR_UNAVAILABLE : ERR_NONE;
}

static void conductor_cancel(void *arg, uint64_t id)
{
	(void)arg;
	(void)id;
}

static const struct ship_sink sink = { .name = "test", .send = conductor_send, .cancel = conductor_cancel };

/* Thirty seconds: appends, ships, answers what is out. */
static void ship_run(struct world *w, struct ship *ship, struct conductor *c)
{
	unsigned int i;
	uint64_t next;

	for (i = 0; i < 300; i++) {
		w->now_us += 80000;
		run_one(w, 1);
		(void)!world_commit(w);
		ship_limit(ship, journal_durable_position(w->j));
		assert_int_equal(ship_step(ship, w->now_us, w->now_us, &next), ERR_NONE);
		if (c->last && !c->away)
			ship_acked(ship, c->last, c->failing ? ERR_DENIED : ERR_NONE, w->now_us);
		c->last = 0;
	}
}

static void a_conductor_that_is_away_is_told_once(void **state)
{
	struct ship_options options;
	struct conductor c = { 0 };
	struct world w;
	struct ship *ship;
	json_t *line;
	(void)state;

	start(&w, 12, 1);
	ship_options_defaults(&options);
	options.backoff_max_us = 1000000;
	options.batches_max = 1;
	assert_int_equal(ship_open(&ship, &w.d, DIR, &sink, &c, &options, NULL), ERR_NONE);
	ship_run(&w, ship, &c);
	assert_int_equal(logkit_read(&l), 1); /* the journal is open */
	c.away = true;
	ship_run(&w, ship, &c);
	assert_true(ship_counts(ship).failures > 10);
	line = logkit_line(&l, "the conductor cannot be sent to: the journal waits");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "doing", "shipping the journal");
	logkit_expect(line, "error", err_name(ERR_UNAVAILABLE));
	c.away = false;
	ship_run(&w, ship, &c);
	assert_true(logkit_number(logkit_line(&l, "the conductor takes the journal again"), "failures") > 10);
	c.failing = true;
	ship_run(&w, ship, &c);
	logkit_expect(logkit_line(&l, "the conductor does not take what is sent: the journal waits"), "error", err_name(ERR_DENIED));
	ship_close(&ship);
	close_calls(&w);
	world_end(&w);
}

static void a_disk_that_fails_shipping_is_told_once(void **state)
{
	struct conductor c = { 0 };
	struct world w;
	struct ship *ship;
	(void)state;

	start(&w, 13, 1);
	assert_int_equal(ship_open(&ship, &w.d, DIR, &sink, &c, NULL, NULL), ERR_NONE);
	ship_run(&w, ship, &c);
	disk_virtual_limit(w.v, 1);
	ship_run(&w, ship, &c);
	assert_true(ship_counts(ship).disk_errors > 5);
	logkit_expect(logkit_line(&l, "how far the journal was shipped cannot be saved"), "doing", "saving the cursor");
	disk_virtual_limit(w.v, 0);
	ship_run(&w, ship, &c);
	logkit_line(&l, "the disk is well again: shipping goes on");
	ship_close(&ship);
	close_calls(&w);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_journal_that_is_well_says_that_it_is_open, setup, teardown),
		cmocka_unit_test_setup_teardown(F08_a_stopped_journal_is_one_alert_and_one_recovery, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_time_is_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(F06_F07_a_full_disk_is_told_as_far_as_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(F07_what_was_refused_is_told_with_its_call, setup, teardown),
		cmocka_unit_test_setup_teardown(gaps_of_a_slow_disk_are_told_now_and_then, setup, teardown),
		cmocka_unit_test_setup_teardown(F08_one_failed_sync_is_one_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(F08_a_disk_that_fails_for_good_is_one_warning_and_one_alert, setup, teardown),
		cmocka_unit_test_setup_teardown(F06_no_room_for_a_reserve_is_told_when_it_opens, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_that_does_not_open_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_of_one_call_are_called_as_its_owner_says, setup, teardown),
		cmocka_unit_test_setup_teardown(erased_keys_are_told_and_owed_ones_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_conductor_that_is_away_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_fails_shipping_is_told_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
