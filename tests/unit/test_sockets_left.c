/* A call whose line broke while its worker lives goes on exactly from there; what a new socket brings before its call is there is not lost. */
#include "socketkit.h"

#include "voice/session/session_state.h"
#include "voice/worker/sockets_state.h"

static void phone_key(char key)
{
	char text[200];
	int len = snprintf(text, sizeof(text), "{\"event\":\"dtmf\",\"sequenceNumber\":\"4\",\"streamSid\":\"" STREAM "\",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":\"%c\"}}", key);

	phone_push(text, (size_t)len);
}

/* An entry on the keypad is a turn. */
static void phone_entry(void)
{
	phone_key('4');
	phone_key('#');
}

static uint32_t turn_here(void)
{
	struct media_socket *m = sockets_find(k->sockets, k->c.name);

	return m ? call_turn(session_call(worker_call_session(m->call))) : 0;
}

static void wait_turn(uint32_t turn)
{
	uv_timer_start(&k->w.deadline, world_late, 30000, 0);
	while (turn_here() != turn)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
}

static void cut(void)
{
	phone_cut();
	kit_wait_calls(0);
}

/* The conductor has nothing, and the worker looks into no journal: all of it comes from memory. */
static void a_broken_line_loses_nothing(void **state)
{
	(void)state;
	k->c.put_status = 503;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	phone_entry();
	wait_turn(1);
	cut();
	assert_int_equal(k->sockets->left_count, 1);
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(turn_here(), 1);
	assert_int_equal(k->c.epoch, 2);
	assert_int_equal(k->c.resumed, 0);
	assert_int_equal(k->sockets->left_count, 0);
	assert_int_equal(k->sockets->left_bytes, 0);
	kit_wait(&k->phone.media, 20);
}

/* The old socket looks alive still. */
static void the_older_socket_gives_its_state_away(void **state)
{
	(void)state;
	k->c.put_status = 503;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	phone_entry();
	wait_turn(1);
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(turn_here(), 1);
	kit_wait(&k->phone.closed, 1);
	sockets_close(&k->sockets);
}

/* The conductor's time of day makes no difference here, and elsewhere a call is never younger than its state. */
static void a_clock_that_was_set_back(void **state)
{
	struct record_snapshot r;
	uint64_t began_us;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	began_us = sockets_find(k->sockets, k->c.name)->began_us;
	cut();
	k->c.is_set_back = true;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(sockets_find(k->sockets, k->c.name)->began_us, began_us);
	k->c.snapshots = 0;
	cut();
	kit_wait(&k->c.snapshots, 1);
	assert_int_equal(record_snapshot_decode(&r, k->c.snapshot, k->c.snapshot_len), ERR_NONE);
	k->c.epoch++;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 3);
	assert_true(clock_now_us(k->clock) - sockets_find(k->sockets, k->c.name)->began_us >= r.at_us);
	assert_true(r.at_us > 100000);
}

/* What the outcome was by then is told at the end. */
static void the_outcome_goes_with_it(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	strcpy(sockets_find(k->sockets, k->c.name)->outcome, "confirmed");
	cut();
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	phone_hangup();
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.outcome, "confirmed");
}

/* On another host there is neither this memory nor this journal: the snapshot has it. */
static void elsewhere_the_outcome_comes_with_the_snapshot(void **state)
{
	struct session *session;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	session = worker_call_session(sockets_find(k->sockets, k->c.name)->call);
	strcpy(session->named, "confirmed");
	k->c.snapshots = 0;
	cut();
	kit_wait(&k->c.snapshots, 1);
	k->c.epoch++; /* somebody else had it since */
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	phone_hangup();
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.outcome, "confirmed");
}

/* Words of which no final had come: the next recogniser hears them again, at once. */
static void what_was_being_said_is_heard_again(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	k->phone.speaks = true;
	kit_wait(&k->phone.clears, 1);
	cut();
	k->ears.says = "yes it is";
	k->ears.after_samples = 800;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_null(k->ears.says);
}

/* Another worker may have been further. */
static void what_others_had_since_is_not_taken_from_memory(void **state)
{
	(void)state;
	k->c.put_status = 503;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	phone_entry();
	wait_turn(1);
	cut();
	k->c.epoch++;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(k->c.epoch, 3);
	assert_int_equal(turn_here(), 0);
	assert_int_equal(k->sockets->left_count, 0);
}

static void nobody_comes_back(void **state)
{
	struct clock_timer *due;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	cut();
	assert_int_equal(k->sockets->left_count, 1);
	due = &k->sockets->left->due;
	assert_true(due->is_set && due->at_us - clock_now_us(k->clock) > (SOCKETS_LEFT_MS - 1000) * 1000);
	clock_timer_set(due, k->clock, clock_now_us(k->clock), due->handler, due->arg); /* that time has passed */
	uv_timer_start(&k->w.deadline, world_late, 20000, 0);
	while (k->sockets->left_count)
		uv_run(&k->w.loop, UV_RUN_ONCE);
	uv_timer_stop(&k->w.deadline);
	assert_int_equal(k->sockets->left_bytes, 0);
}

/* Ever new calls break: the oldest go. */
static void no_more_are_kept_than_fit(void **state)
{
	unsigned int i;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	for (i = 0; i < SOCKETS_LEFT_MAX + 3; i++) {
		struct media_socket *m = sockets_find(k->sockets, k->c.name);

		m->epoch = i + 1;
		left_keep(m);
		session_unpark(worker_call_session(m->call));
	}
	assert_int_equal(k->sockets->left_count, SOCKETS_LEFT_MAX);
	assert_int_equal(k->sockets->left->epoch, SOCKETS_LEFT_MAX + 3);
	sockets_find(k->sockets, k->c.name)->epoch = 1;
}

/* A worker before died between its media and what the call made of it: its journal knows of the media, and nobody was greeted. */
static void a_call_that_was_never_begun_is_begun(void **state)
{
	struct buf state_then;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	buf_init(&state_then, 1 << 20);
	{
		const struct call *call = session_call(worker_call_session(sockets_find(k->sockets, k->c.name)->call));

		assert_int_equal(session_first_snapshot(&state_then, call_get_settings(call), call_get_brief(call), 0), ERR_NONE);
	}
	cut();
	kit_wait(&k->c.snapshots, 1);
	k->c.epoch++; /* somebody else had it since */
	k->c.snapshot = realloc(k->c.snapshot, state_then.len);
	memcpy(k->c.snapshot, state_then.data, state_then.len);
	k->c.snapshot_len = state_then.len;
	buf_fini(&state_then);
	k->phone.media = 0;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	kit_wait(&k->phone.media, 3);
	assert_int_equal(k->c.resumed, 1);
}

/* ------------------------------------------------------------------ before the call is there */

static void keys_before_the_call_is_there_count(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	cut();
	phone_call(kit_token_new());
	phone_entry();
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(turn_here(), 1);
}

static void of_a_first_socket_they_do_too(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	phone_entry();
	kit_wait(&k->agent_opens, 1);
	assert_int_equal(turn_here(), 1);
}

/* From the conductor's snapshot: nothing of the past is here, so that what is heard at once came before. */
static void sound_before_the_call_is_there_is_heard(void **state)
{
	unsigned int i;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	cut();
	kit_wait(&k->c.snapshots, 1);
	k->c.epoch++;
	k->ears.says = "yes it is";
	k->ears.after_samples = 1600;
	phone_call(kit_token_new());
	k->phone.speaks = true;
	for (i = 0; i < 20; i++)
		phone_frame();
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(k->c.resumed, 1);
	assert_null(k->ears.says);
}

static void too_much_is_lost_and_counted(void **state)
{
	static uint8_t sound[SOCKETS_EARLY_SAMPLES + 1];
	struct socket_early e;
	size_t i;

	(void)state;
	socket_early_init(&e);
	socket_early_audio(&e, sound, 160);
	socket_early_gap(&e, 40);
	assert_int_equal(e.lost_samples, 200);
	socket_early_audio(&e, sound, SOCKETS_EARLY_SAMPLES);
	assert_int_equal(e.sound.len, SOCKETS_EARLY_SAMPLES);
	socket_early_audio(&e, sound, 1); /* the newest is kept */
	assert_int_equal(e.lost_samples, 200 + SOCKETS_EARLY_SAMPLES);
	assert_int_equal(e.sound.len, 1);
	socket_early_audio(&e, sound, sizeof(sound));
	assert_int_equal(e.lost_samples, 201 + SOCKETS_EARLY_SAMPLES + sizeof(sound));
	assert_int_equal(e.sound.len, 0);
	for (i = 0; i < SOCKETS_EARLY_KEYS + 5; i++)
		socket_early_key(&e, '1');
	assert_int_equal(e.key_count, SOCKETS_EARLY_KEYS);
	socket_early_fini(&e);
}

#define KIT(f) cmocka_unit_test_setup_teardown(f, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT(a_broken_line_loses_nothing),
		KIT(the_older_socket_gives_its_state_away),
		KIT(a_clock_that_was_set_back),
		KIT(the_outcome_goes_with_it),
		KIT(elsewhere_the_outcome_comes_with_the_snapshot),
		KIT(what_was_being_said_is_heard_again),
		KIT(what_others_had_since_is_not_taken_from_memory),
		KIT(nobody_comes_back),
		KIT(no_more_are_kept_than_fit),
		KIT(a_call_that_was_never_begun_is_begun),
		KIT(keys_before_the_call_is_there_count),
		KIT(of_a_first_socket_they_do_too),
		KIT(sound_before_the_call_is_there_is_heard),
		cmocka_unit_test(too_much_is_lost_and_counted),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
