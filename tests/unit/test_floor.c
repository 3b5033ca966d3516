/* Who speaks: the caller's bursts of voice against the agent's words. Every edge of the diagram in floor.c, at its exact time. */
#include "callkit.h"

static const char ten[] = "one two three four five six seven eight nine ten";

/* ------------------------------------------------------------------ what is voice */

static void voice_begins_at_one_level_and_ends_below_another(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	chunks(k, 320, 32767);
	expect_nothing(k);
	chunks(k, 32, 32768);
	chunks(k, 32, 22938);
	expect_nothing(k);
	chunks(k, 32, 22938);
	expect(k, "416 ~hold t0 i1 n96000", "416 hold");
}

static void below_the_lower_level_it_is_silence(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	chunks(k, 64, 32768);
	chunks(k, 64, 22937);
	chunks(k, 32, 22938); /* not loud enough to begin again */
	expect_nothing(k);
	chunks(k, 32, 32768);
	expect(k, "192 ~hold t0 i1 n96000", "192 hold");
}

static void a_chunk_that_came_before_is_not_heard_twice(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	on_air(k, ten);
	voice(k, 64);
	for (i = 0; i < 5; i++) {
		struct call_input in = { .type = IN_VOICE, .number = LOUD, .position = k->sample - VOICE_CHUNK_SAMPLES };

		kit_step(k, &in);
	}
	expect_nothing(k);
	k->sample -= VOICE_CHUNK_SAMPLES - 1; /* one sample of it is new */
	voice(k, 32);
	expect(k, "96 ~hold t0 i1 n96000", "96 hold");
}

/* ------------------------------------------------------------------ hold */

static void the_agent_holds_at_the_third_chunk(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 64);
	expect_nothing(k);
	voice(k, 32);
	expect(k, "96 ~hold t0 i1 n96000", "96 hold");
	voice(k, 32);
	expect_nothing(k);
}

static void the_hold_follows_its_setting(void **state)
{
	struct kit *k = *state;

	k->settings.barge_hold_ms = 160;
	begin(k);
	on_air(k, ten);
	voice(k, 128);
	expect_nothing(k);
	voice(k, 32);
	expect(k, "160 ~hold t0 i1 n160000", "160 hold");
}

/* A broken voice counts as well: more than one chunk of it in a fifth of a second. */
static void pieces_of_voice_hold_after_a_fifth_of_a_second(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 32);
	pass(k, 136);
	voice(k, 32);
	expect(k, "200 ~hold t0 i1 n64000", "200 hold");
}

static void pieces_of_voice_do_not_hold_sooner(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 32);
	pass(k, 135);
	voice(k, 32);
	expect_nothing(k);
}

static void the_calls_first_chunk_begins_no_earlier_than_the_call(void **state)
{
	struct kit *k = *state;
	struct call_input first = { .type = IN_VOICE, .number = LOUD }, second = { .type = IN_VOICE, .number = LOUD, .position = VOICE_CHUNK_SAMPLES };

	kit_open(k);
	pass(k, 1);
	simple(k, IN_START);
	on_air(k, ten);
	kit_until(k, 10000);
	kit_step(k, &first);
	kit_until(k, 180000);
	kit_step(k, &second);
	expect_nothing(k);
}

static void a_pause_within_the_gap_belongs_to_the_burst(void **state)
{
	struct kit *k = *state;

	k->settings.vad_gap_ms = 256;
	begin(k);
	on_air(k, ten);
	voice(k, 32);
	quiet_for(k, 256);
	voice(k, 32);
	expect(k, "320 ~hold t0 i1 n64000", "320 hold");
}

static void a_longer_pause_begins_another_burst(void **state)
{
	struct kit *k = *state;

	k->settings.vad_gap_ms = 255;
	begin(k);
	on_air(k, ten);
	voice(k, 32);
	quiet_for(k, 256);
	voice(k, 64);
	expect_nothing(k);
	voice(k, 32);
	expect(k, "384 ~hold t0 i1 n96000", "384 hold");
}

static void nobody_speaks_nobody_holds(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	expect_nothing(k);
	assert_int_equal(k->wake_us, 1801000000); /* there is nothing to wait for but the call's longest time */
	voice(k, 640);
	expect_nothing(k);
}

static void what_is_not_yet_audible_is_not_held_by_the_voice(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 320);
	expect_nothing(k);
}

static void a_disclosure_is_never_held(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, ten);
	k->brief.greeting_whole = true;
	begin(k);
	audio_all(k, 1);
	sent(k, 1);
	zero(k);
	voice(k, 1600);
	final(k, "please stop I want to go on");
	expect_nothing(k);
	quiet_for(k, 1600);
	expect_nothing(k);
	played(k, 1, 3200);
	expect(k, "3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"", "3200 unspeak u1");
}

/* ------------------------------------------------------------------ resume */

static void test_P06_a_cough_resumes_from_the_held_word(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 1024);
	played(k, 1, 1000);
	voice(k, 96);
	expect(k, "1120 ~hold t0 i1 n96000", "1120 hold");
	voice(k, 224);
	quiet_for(k, 480);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "1844 ~resume t0 i1 n0 p7680", "1844 play u1.3 from 7680");
	expect_nothing(k);
	assert_int_equal(k->ask_count, 0);
}

/* Nothing was heard of it yet: it begins anew. */
static void test_P06_a_cough_at_the_first_word_resumes_from_the_start(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	quiet_for(k, 512);
	expect(k, "96 ~hold t0 i1 n96000", "96 hold", "596 ~resume t0 i1 n0", "596 play u1.3 from 0");
}

static void test_P06_nods_resume_without_a_question_to_the_model(void **state)
{
	static const char *const nods[] = { "mhm", "Okay.", "uh huh", "haan ji" };
	struct kit *k = *state;
	size_t i;

	begin(k);
	on_air(k, ten);
	for (i = 0; i < 4; i++) {
		voice(k, 256);
		partial(k, nods[i]);
		quiet_for(k, 128);
		final(k, nods[i]);
		quiet_for(k, 384);
		assert_true(has(k, "~resume"));
		assert_true(has(k, "~nod"));
		assert_false(has(k, "~yield") || has(k, "ask "));
		sent(k, 1);
		drop(k);
	}
	quiet_for(k, 960);
	expect_nothing(k);
}

static void the_resume_follows_the_last_voice(void **state)
{
	struct kit *k = *state;

	k->settings.barge_resume_ms = 300;
	begin(k);
	on_air(k, ten);
	voice(k, 96);
	quiet_for(k, 192);
	voice(k, 32);
	drop(k);
	quiet_for(k, 288);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "620 ~resume t0 i1 n0", "620 play u1.3 from 0");
}

/* The line stalls while the caller speaks: nobody knows that it became silent. */
static void a_stall_in_the_middle_of_voice_does_not_resume(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	drop(k);
	pass(k, 900);
	expect_nothing(k);
	quiet_for(k, 64);
	expect_nothing(k);
	quiet_for(k, 64);
	expect(k, "1096 ~resume t0 i1 n0", "1096 play u1.3 from 0");
}

static void without_media_nothing_resumes(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	drop(k);
	simple(k, IN_MEDIA_LOST);
	pass(k, 3000);
	expect_nothing(k);
}

static void each_pause_of_the_agent_can_be_held_and_resumed(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	quiet_for(k, 512);
	sent(k, 1);
	quiet_for(k, 640);
	played(k, 1, 640);
	drop(k);
	voice(k, 96);
	expect(k, "1344 ~hold t0 i1 n96000", "1344 hold");
	quiet_for(k, 512);
	expect(k, "1844 ~resume t0 i1 n0 p5120", "1844 play u1.4 from 5120");
}

/* ------------------------------------------------------------------ yield */

static void test_P06_a_second_of_voice_yields_without_words(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 992);
	drop(k);
	voice(k, 32);
	expect(k, "1024 ~yield t0 i2 n0", "1024 ~heard t0 i1 n1", "1024 unspeak u1");
}

static void a_second_of_voice_is_counted_in_one_burst(void **state)
{
	struct kit *k = *state;

	k->settings.barge_yield_ms = 320;
	begin(k);
	on_air(k, ten);
	voice(k, 288);
	quiet_for(k, 256);
	drop(k);
	voice(k, 288);
	expect_nothing(k);
	voice(k, 32);
	assert_true(has(k, "~yield t0 i2"));
}

static void test_P06_a_stop_word_yields_at_once(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 640);
	played(k, 1, 640);
	voice(k, 64);
	partial(k, "stop");
	expect(k, "704 ~yield t0 i1 n0", "704 hold", "704 ~heard t0 i1 n1 \"one two\"", "704 unspeak u1");
}

static void a_stop_word_beats_the_nods_around_it(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.nods.text[0], "wait");
	begin(k);
	on_air(k, ten);
	voice(k, 64);
	partial(k, "wait");
	assert_true(has(k, "~yield t0 i1"));
}

static void one_word_is_not_enough_two_are(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 128);
	drop(k);
	partial(k, "actually");
	expect_nothing(k);
	partial(k, "actually I");
	expect(k, "128 ~yield t0 i0 n0", "128 ~heard t0 i1 n1", "128 unspeak u1");
}

static void how_many_words_yield_is_a_setting(void **state)
{
	struct kit *k = *state;

	k->settings.barge_words = 3;
	begin(k);
	on_air(k, ten);
	voice(k, 64);
	partial(k, "actually I");
	expect_nothing(k);
	final(k, "actually I want");
	assert_true(has(k, "~yield t0 i0"));
}

static void words_of_finals_add_up(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 64);
	final(k, "actually");
	expect_nothing(k);
	final(k, "no");
	assert_true(has(k, "~yield t0 i0"));
}

/* Without a sound of the caller's, over an agent that is not audible yet, words are a matter of the turn's end. */
static void words_over_a_silent_agent_wait_for_the_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	final(k, "I want some tea");
	expect_nothing(k);
	quiet_until(k, 640);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 ~heard t0 i1 n1", "600 unspeak u1", "600 snapshot", "600 ask g1 t1 try 1");
}

static void words_in_a_burst_yield_over_an_agent_not_yet_audible(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 64);
	final(k, "I want some tea");
	expect(k, "64 ~yield t0 i0 n0", "64 ~heard t0 i1 n1", "64 unspeak u1");
}

static void too_few_words_are_answered_when_the_agent_is_done(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 64);
	final(k, "actually");
	quiet_for(k, 3136);
	expect_nothing(k);
	played(k, 1, 3200);
	quiet_for(k, 32);
	expect(k,
		"3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"",
		"3200 unspeak u1",
		"3200 ~turn t1 i7 n3136000 \"actually\"",
		"3200 snapshot",
		"3200 ask g1 t1 try 1");
}

static void by_the_rules_of_before_their_turn_ended_by_silence(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 0;
	begin(k);
	on_air(k, ten);
	voice(k, 64);
	final(k, "actually");
	quiet_for(k, 3136);
	expect_nothing(k);
	played(k, 1, 3200);
	quiet_for(k, 32);
	expect(k,
		"3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"",
		"3200 unspeak u1",
		"3200 ~turn t1 i0 n3136000 \"actually\"",
		"3200 snapshot",
		"3200 ask g1 t1 try 1");
}

/* ------------------------------------------------------------------ near the end */

static void close_to_the_agents_end_one_word_is_an_answer(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 2528);
	played(k, 1, 2500);
	voice(k, 32);
	partial(k, "tea");
	expect(k, "2560 ~yield t0 i0 n0", "2560 hold", "2560 ~heard t0 i1 n1 \"one two three four five six seven\"", "2560 unspeak u1");
}

static void before_that_it_is_not(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 2528);
	played(k, 1, 2499);
	voice(k, 32);
	partial(k, "tea");
	expect_nothing(k);
}

static void close_to_the_end_a_nod_is_an_answer(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 2528);
	played(k, 1, 2500);
	voice(k, 64);
	final(k, "yeah");
	expect_nothing(k);
	quiet_for(k, 608);
	played(k, 1, 3200);
	quiet_for(k, 64);
	expect(k,
		"3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"",
		"3200 unspeak u1",
		"3200 ~turn t1 i7 n608000 \"yeah\"",
		"3200 snapshot",
		"3200 ask g1 t1 try 1");
}

/* The caller began while much was left to say: the nod was for that. */
static void a_nod_that_began_earlier_stays_a_nod(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 2464);
	played(k, 1, 2464);
	voice(k, 64);
	played(k, 1, 2528);
	final(k, "yeah");
	expect(k, "2528 ~nod t0 i0 n0 \"yeah\"");
}

static void the_tail_is_a_setting(void **state)
{
	struct kit *k = *state;

	k->settings.barge_tail_ms = 0;
	begin(k);
	on_air(k, ten);
	quiet_for(k, 3168);
	played(k, 1, 3199);
	voice(k, 32);
	partial(k, "tea");
	expect_nothing(k);
}

/* ------------------------------------------------------------------ the caller speaks first */

static void the_agent_does_not_begin_while_the_caller_speaks(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 96);
	audio_all(k, 1);
	expect_nothing(k);
	quiet_for(k, 480);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "596 ~resume t0 i1 n0", "596 play u1.2 from 0");
}

/* Nobody knows that the burst is over; a line that stays deaf still ends the call. */
static void a_line_that_goes_deaf_in_a_burst_holds_the_agent_once(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 96);
	quiet_for(k, 32);
	audio_all(k, 1);
	expect_nothing(k);
	pass(k, 467);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "596 ~resume t0 i1 n0", "596 play u1.2 from 0");
	sent(k, 1);
	pass(k, 1404);
	simple(k, IN_MEDIA_LOST);
	expect_nothing(k);
	pass(k, (unsigned int)k->settings.call_attach_ms);
	assert_true(call_ended(k->call));
}

/* What has not begun cannot be interrupted: it waits, however long the caller speaks. */
static void a_long_burst_does_not_make_it_yield(void **state)
{
	struct kit *k = *state;

	k->settings.stt_stall_ms = 20000;
	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 96);
	audio_all(k, 1);
	voice(k, 1600);
	expect_nothing(k);
	quiet_for(k, 480);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "2196 ~resume t0 i1 n0", "2196 play u1.2 from 0");
}

static void two_chunks_of_voice_do_not_keep_it_from_beginning(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 64);
	audio_all(k, 1);
	expect(k, "64 play u1.2 from 0");
}

static void neither_does_a_click_of_some_time_ago(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 32);
	quiet_for(k, 192);
	audio_all(k, 1);
	expect(k, "224 play u1.2 from 0");
}

static void nor_voice_that_is_over(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	voice(k, 320);
	quiet_for(k, 256);
	audio_all(k, 1);
	expect(k, "576 play u1.2 from 0");
}

/* ------------------------------------------------------------------ ready behind the agent's words */

/* Two chunks of voice over the agent do not hold him. A fifth of a second later they count, and then the next is ready. */
static void ready_behind_a_cough(struct kit *k, unsigned int ms)
{
	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea and milk");
	quiet_for(k, ms);
	played(k, 1, ms);
	voice(k, 64);
	quiet_for(k, 160);
	drop(k);
	audio_all(k, 2);
}

static void test_P04_what_is_ready_in_a_cough_says_nothing_again(void **state)
{
	struct kit *k = *state;

	ready_behind_a_cough(k, 640);
	expect_nothing(k);
	quiet_until(k, 3200);
	expect(k, "960 play u2.2 from 0"); /* the burst is over */
	played(k, 1, 3200);
	drop(k);
	sent(k, 2);
	quiet_for(k, 640);
	played(k, 2, 640);
	caller_says(k, "stop it now");
	quiet_for(k, 640);
	expect_request(k, "agent: one two three four five six seven eight nine ten", "agent: tea and", "caller: stop it now");
}

static void by_the_rules_of_before_it_was_said_again(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 2;
	ready_behind_a_cough(k, 640);
	quiet_until(k, 1220);
	expect(k, "1204 ~resume t0 i1 n0 p5120", "1204 play u1.3 from 5120", "1204 play u2.2 from 0");
}

static void voice_that_goes_on_holds_and_clears(void **state)
{
	struct kit *k = *state;

	ready_behind_a_cough(k, 640);
	voice(k, 32);
	expect(k, "896 ~hold t0 i1 n96000", "896 hold");
	quiet_for(k, 512);
	expect(k, "1396 ~resume t0 i1 n0 p5120", "1396 play u1.3 from 5120", "1396 play u2.2 from 0");
}

/* Once the agent's words are over it is like any that is ready while the caller speaks. */
static void what_is_next_then_is_held_from_the_start(void **state)
{
	struct kit *k = *state;

	ready_behind_a_cough(k, 2976);
	expect_nothing(k);
	played(k, 1, 3200);
	expect(k, "3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"", "3200 unspeak u1");
	quiet_for(k, 352);
	expect(k, "3540 ~resume t0 i2 n0", "3540 play u2.2 from 0");
}

static void what_is_ready_behind_a_disclosure_does_not_hold_it(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, ten);
	k->brief.greeting_whole = true;
	begin(k);
	audio_all(k, 1);
	sent(k, 1);
	order(k, ORDER_SAY, "tea and milk");
	zero(k);
	voice(k, 320);
	partial(k, "hello");
	audio_all(k, 2);
	expect_nothing(k);
	quiet_until(k, 3200);
	expect(k, "480 finalize s1", "576 play u2.2 from 0");
}

static void a_disclosure_begins_over_the_caller(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, ten);
	k->brief.greeting_whole = true;
	begin(k);
	voice(k, 320);
	drop(k);
	audio_all(k, 1);
	expect(k, "320 play u1.3 from 0");
}

/* ------------------------------------------------------------------ guards */

static void test_P06_P08_the_guards_are_what_keeps_the_promises(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P06;
	begin(k);
	on_air(k, ten);
	voice(k, 96);
	assert_true(has(k, "~yield t0 i2"));
}

static void test_P06_without_its_guard_nods_yield(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P06;
	begin(k);
	on_air(k, ten);
	final(k, "uh huh");
	assert_true(has(k, "~yield t0 i0"));
	assert_false(has(k, "~nod"));
}

static void test_P08_without_its_guard_nothing_is_cleared(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P08;
	begin(k);
	on_air(k, ten);
	voice(k, 96);
	assert_true(has(k, "~hold"));
	assert_false(has(k, " hold"));
	drop(k);
	quiet_for(k, 512);
	sent(k, 1);
	final(k, "I want tea");
	assert_true(has(k, "~yield"));
	assert_false(has(k, " hold"));
}

/* The caller began while the agent was still thinking: nothing was said over anything, and at the end of a short answer a nod
 * is an answer. */
static void a_burst_before_the_answer_is_not_over_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	voice(k, 64);
	text(k, "With milk?");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	zero(k);
	final(k, "okay");
	assert_false(has(k, "~nod"));
	quiet_for(k, 640);
	played(k, 1, 640);
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2"));
}

/* It began over the agent's words and was understood when they were over: still a nod. */
static void a_nod_over_the_agent_may_come_late(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 64);
	quiet_for(k, 3136);
	played(k, 1, 3200);
	drop(k);
	final(k, "mhm");
	expect(k, "3200 ~nod t0 i0 n0 \"mhm\"");
}

/* ------------------------------------------------------------------ before the question */

/* An answer of two utterances: the first tells, the second asks. The first is on the air. Returns it. */
static uint32_t tells_and(struct kit *k, const char *question)
{
	uint32_t u;

	turn(k, "hello there you");
	text(k, "You have two seats booked here. ");
	text(k, question);
	done(k);
	u = k->last - 1;
	audio_all(k, u);
	sent(k, u);
	audio_all(k, u + 1);
	zero(k);
	return u;
}

static uint32_t tells_and_asks(struct kit *k)
{
	return tells_and(k, "Which one do you want?");
}

static void question_is_heard(struct kit *k, uint32_t u)
{
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, length_ms(k, u + 1));
	played(k, u + 1, length_ms(k, u + 1));
}

static void a_word_before_the_question_is_no_answer(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, "yes");
	quiet_for(k, 1856);
	drop(k);
	question_is_heard(k, u);
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2 i8 n0 \"yes\""));
	assert_int_equal(times(k, "ask g"), 0);
	turn(k, "the red one");
	assert_int_equal(times(k, "ask g2 t3"), 1);
	assert_string_equal(buf_str(&k->request), "caller: hello there you\nagent: You have two seats booked here.\ncaller: yes\n"
						  "agent: Which one do you want?\ncaller: the red one");
}

/* Two words over the agent, and nothing of his own is said to the first: it stands before the question, the second answers it. */
static void of_two_words_the_one_long_before_the_question_is_no_answer(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, "no");
	quiet_for(k, 2048);
	drop(k);
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 480);
	voice(k, 64);
	transcript_from(k, TRANSCRIPT_FINAL, "hello", k->sample - 512);
	quiet_for(k, length_ms(k, u + 1) - 544);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 1216);
	assert_true(has(k, "~turn t2 i8 n0 \"no\""));
	assert_true(has(k, "\"hello\""));
	assert_int_equal(times(k, "\"no hello\""), 0);
	assert_string_equal(buf_str(&k->request), "caller: hello there you\nagent: You have two seats booked here.\ncaller: no\n"
						  "agent: Which one do you want?\ncaller: hello");
}

/* Several of them, with pauses; the last one is said into the question, and more comes behind it. */
static void of_several_words_those_before_the_question_are_none(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	turn(k, "hello there you");
	text(k, "You have two seats booked on the train of tomorrow morning at a quarter past nine from the old station by the lake. ");
	text(k, "Which one do you want?");
	done(k);
	u = k->last - 1;
	audio_all(k, u);
	sent(k, u);
	audio_all(k, u + 1);
	zero(k);
	voice(k, 64);
	final(k, "hello");
	quiet_for(k, 2048);
	voice(k, 64);
	transcript_from(k, TRANSCRIPT_FINAL, "no", k->sample - 512);
	quiet_for(k, 2048);
	drop(k);
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 480);
	voice(k, 64);
	transcript_from(k, TRANSCRIPT_FINAL, "well", k->sample - 512);
	quiet_for(k, length_ms(k, u + 1) - 544);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 1216);
	assert_true(has(k, "~turn t2 i8 n0 \"hello no\""));
	assert_true(has(k, "\"well\""));
}

static void by_the_rules_of_before_it_was_one(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	k->settings.call_rules = 3;
	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, "yes");
	quiet_for(k, 1856);
	question_is_heard(k, u);
	quiet_for(k, 64);
	assert_true(has(k, "~turn t2 i7"));
	assert_int_equal(times(k, "ask g2 t2"), 1);
}

static void a_word_into_the_question_answers_it(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	quiet_for(k, length_ms(k, u));
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 128);
	voice(k, 64);
	final(k, "red");
	quiet_for(k, length_ms(k, u + 1) - 192);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 64);
	assert_true(has(k, "~turn t2 i7"));
	assert_int_equal(times(k, "ask g2 t2"), 1);
}

/* How the caller is waited for goes by what he has heard. */
static void a_question_that_was_not_begun_asks_for_nothing(void **state)
{
	struct kit *k = *state;

	begin(k);
	tells_and(k, "What is your e-mail address?");
	voice(k, 320);
	partial(k, "how long will it take");
	assert_true(has(k, "~yield"));
	drop(k);
	final(k, "how long will it take");
	quiet_for(k, 672);
	assert_int_equal(times(k, "~turn t2"), 1);
}

static void one_that_was_heard_in_part_does(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and(k, "What is your e-mail address?");
	quiet_for(k, length_ms(k, u));
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 1600);
	played(k, u + 1, 1600);
	voice(k, 320);
	partial(k, "omar at example");
	drop(k);
	final(k, "omar at example");
	quiet_for(k, 672);
	assert_int_equal(times(k, "~turn t2"), 0);
	quiet_for(k, 1280);
	assert_int_equal(times(k, "~turn t2"), 1);
}

/* The final's own position says when the word was over: a cough behind it is none. */
static void a_cough_into_the_question_makes_it_none(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, "yes");
	quiet_for(k, 1856);
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 320);
	voice(k, 64);
	quiet_for(k, length_ms(k, u + 1) - 384);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2 i8"));
	assert_int_equal(times(k, "ask g"), 0);
}

/* A voice that is slower than its words runs dry in the middle of the question, which began all the same when it first sounded. */
static void a_word_into_a_question_that_runs_dry_answers_it(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	quiet_for(k, length_ms(k, u));
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 320);
	voice(k, 64);
	final(k, "red");
	quiet_for(k, 640);
	carrier(k, IN_SENT, u + 1, 2, 320 * 8);
	quiet_for(k, length_ms(k, u + 1) - 320);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 64);
	assert_true(has(k, "~turn t2 i7"));
	assert_int_equal(times(k, "ask g2 t2"), 1);
}

/* … and one whose final has no words says nothing of where the word was. */
static void a_cough_that_has_a_final_makes_it_none_too(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, "yes");
	quiet_for(k, 1856);
	sent(k, u + 1);
	played(k, u, length_ms(k, u));
	quiet_for(k, 320);
	voice(k, 64);
	final(k, "");
	quiet_for(k, length_ms(k, u + 1) - 384);
	played(k, u + 1, length_ms(k, u + 1));
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2 i8"));
	assert_int_equal(times(k, "ask g"), 0);
}

/* The word is in its place, and nobody has said anything since the question. */
static void word_and_question(struct kit *k, const char *word)
{
	uint32_t u;

	k->settings.quiet_after_ms = k->settings.quiet_after_ms > 6000 ? 6000 : k->settings.quiet_after_ms;
	begin(k);
	u = tells_and_asks(k);
	voice(k, 64);
	final(k, word);
	quiet_for(k, 1856);
	question_is_heard(k, u);
	quiet_for(k, 32);
	drop(k);
}

static void behind_a_word_before_the_question_he_goes_on(void **state)
{
	struct kit *k = *state;

	word_and_question(k, "cancel");
	quiet_for(k, 2336);
	assert_int_equal(times(k, "ask g"), 0);
	quiet_for(k, 32); /* twice turn.noise_ms behind the question */
	assert_int_equal(times(k, "ask g2 t2 try 1"), 1);
	assert_int_equal(times(k, "continue"), 0);
	assert_int_equal(times(k, "~quiet"), 0);
	assert_string_equal(buf_str(&k->request), "caller: hello there you\nagent: You have two seats booked here.\ncaller: cancel\n"
						  "agent: Which one do you want?");
}

/* Who then says nothing again, is asked as always. */
static void he_goes_on_once_a_question(void **state)
{
	struct kit *k = *state;

	word_and_question(k, "cancel");
	quiet_for(k, 2368);
	assert_int_equal(times(k, "ask g2"), 1);
	text(k, "Which of the two?");
	done(k);
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 5952);
	assert_int_equal(times(k, "ask g") + times(k, "~quiet"), 0);
	quiet_for(k, 64);
	assert_int_equal(times(k, "~quiet"), 1);
}

static void who_answers_the_question_is_not_asked_again(void **state)
{
	struct kit *k = *state;

	word_and_question(k, "cancel");
	quiet_for(k, 1600);
	voice(k, 320);
	quiet_for(k, 160);
	final(k, "the red one");
	quiet_for(k, 640);
	assert_int_equal(times(k, "ask g2 t3"), 1);
	text(k, "That one is yours.");
	done(k);
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 3200);
	assert_int_equal(times(k, "ask g"), 0);
}

static void behind_what_was_said_meanwhile_it_is_quiet_as_always(void **state)
{
	struct kit *k = *state;

	word_and_question(k, "cancel");
	voice(k, 320);
	quiet_for(k, 1216);
	assert_int_equal(times(k, "~noise"), 1);
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 5888);
	assert_int_equal(times(k, "ask g"), 0);
}

static void the_shorter_silence_counts(void **state)
{
	struct kit *k = *state;

	k->settings.quiet_after_ms = 1000;
	word_and_question(k, "cancel");
	quiet_for(k, 1024);
	assert_int_equal(times(k, "ask g2 t2"), 1);
}

static void behind_a_nod_nobody_goes_on(void **state)
{
	struct kit *k = *state;

	word_and_question(k, "mhm");
	quiet_for(k, 5952);
	assert_int_equal(times(k, "ask g"), 0);
	quiet_for(k, 64);
	assert_int_equal(times(k, "~quiet"), 1);
}

static void behind_a_noise_that_took_the_floor_the_agent_goes_on(void **state)
{
	struct kit *k = *state;

	begin(k);
	tells_and_asks(k);
	voice(k, 1120);
	assert_true(has(k, "~yield t1 i2"));
	quiet_for(k, 2016);
	assert_int_equal(times(k, "~noise"), 1);
	assert_int_equal(times(k, "\"You have two seats booked here.\""), 1); /* once more: test_again.c */
	assert_int_equal(times(k, "ask g2"), 0);
}

/* The hold that the word itself makes does not move the question's beginning. */
static void a_word_early_in_a_long_question_answers_it(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	turn(k, "hello there you");
	text(k, "Shall I cancel the table for two on Wednesday for you now?");
	done(k);
	u = k->last;
	audio_all(k, u);
	sent(k, u);
	zero(k);
	quiet_for(k, 512);
	played(k, u, 320);
	voice(k, 256);
	final(k, "no");
	quiet_for(k, 800);
	assert_int_equal(times(k, "~resume"), 1);
	sent(k, u);
	quiet_for(k, length_ms(k, u) - 320);
	played(k, u, length_ms(k, u));
	quiet_for(k, 64);
	assert_true(has(k, "~turn t2 i7"));
	assert_int_equal(times(k, "ask g2 t2"), 1);
}

static void behind_words_that_are_taken_back_the_agent_goes_on_too(void **state)
{
	struct kit *k = *state;

	begin(k);
	tells_and_asks(k);
	voice(k, 320);
	partial(k, "so what now");
	assert_true(has(k, "~yield t1 i0"));
	final(k, "");
	quiet_for(k, 2016);
	assert_int_equal(times(k, "~noise"), 1);
	assert_int_equal(times(k, "\"You have two seats booked here.\""), 1); /* once more: test_again.c */
	assert_int_equal(times(k, "ask g2"), 0);
}

/* A change that the model asks for again is the same one, whatever was said before the question. */
static void a_word_before_the_question_lets_nothing_be_done_twice(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	tool_add(k, "book", true, false, 5000);
	begin(k);
	turn(k, "book me a table");
	text(k, "I am booking the table for you now. ");
	text(k, "Which name shall I put?");
	use(k, "book", "{}");
	done(k);
	assert_int_equal(times(k, "tool 1.0 book changes"), 1);
	u = k->last - 1;
	audio_all(k, u);
	sent(k, u);
	audio_all(k, u + 1);
	drop(k);
	voice(k, 64);
	final(k, "smith");
	quiet_for(k, length_ms(k, u) - 64);
	question_is_heard(k, u);
	quiet_for(k, 64);
	assert_true(has(k, "~turn t2 i8"));
	result(k, 1, 0, TOOL_OK, "booked");
	use(k, "book", "{}");
	done(k);
	assert_int_equal(times(k, "~tool_repeat"), 1);
	assert_int_equal(times(k, "book changes"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(voice_begins_at_one_level_and_ends_below_another),
		KIT_TEST(below_the_lower_level_it_is_silence),
		KIT_TEST(a_chunk_that_came_before_is_not_heard_twice),
		KIT_TEST(the_agent_holds_at_the_third_chunk),
		KIT_TEST(the_hold_follows_its_setting),
		KIT_TEST(pieces_of_voice_hold_after_a_fifth_of_a_second),
		KIT_TEST(pieces_of_voice_do_not_hold_sooner),
		KIT_TEST(the_calls_first_chunk_begins_no_earlier_than_the_call),
		KIT_TEST(a_pause_within_the_gap_belongs_to_the_burst),
		KIT_TEST(a_longer_pause_begins_another_burst),
		KIT_TEST(nobody_speaks_nobody_holds),
		KIT_TEST(what_is_not_yet_audible_is_not_held_by_the_voice),
		KIT_TEST(a_disclosure_is_never_held),
		KIT_TEST(test_P06_a_cough_resumes_from_the_held_word),
		KIT_TEST(test_P06_a_cough_at_the_first_word_resumes_from_the_start),
		KIT_TEST(test_P06_nods_resume_without_a_question_to_the_model),
		KIT_TEST(the_resume_follows_the_last_voice),
		KIT_TEST(a_stall_in_the_middle_of_voice_does_not_resume),
		KIT_TEST(without_media_nothing_resumes),
		KIT_TEST(each_pause_of_the_agent_can_be_held_and_resumed),
		KIT_TEST(test_P06_a_second_of_voice_yields_without_words),
		KIT_TEST(a_second_of_voice_is_counted_in_one_burst),
		KIT_TEST(test_P06_a_stop_word_yields_at_once),
		KIT_TEST(a_stop_word_beats_the_nods_around_it),
		KIT_TEST(one_word_is_not_enough_two_are),
		KIT_TEST(how_many_words_yield_is_a_setting),
		KIT_TEST(words_of_finals_add_up),
		KIT_TEST(words_over_a_silent_agent_wait_for_the_turn),
		KIT_TEST(words_in_a_burst_yield_over_an_agent_not_yet_audible),
		KIT_TEST(too_few_words_are_answered_when_the_agent_is_done),
		KIT_TEST(a_question_that_was_not_begun_asks_for_nothing),
		KIT_TEST(one_that_was_heard_in_part_does),
		KIT_TEST(a_word_before_the_question_is_no_answer),
		KIT_TEST(of_two_words_the_one_long_before_the_question_is_no_answer),
		KIT_TEST(of_several_words_those_before_the_question_are_none),
		KIT_TEST(by_the_rules_of_before_it_was_one),
		KIT_TEST(a_word_into_the_question_answers_it),
		KIT_TEST(a_cough_into_the_question_makes_it_none),
		KIT_TEST(behind_a_noise_that_took_the_floor_the_agent_goes_on),
		KIT_TEST(a_word_early_in_a_long_question_answers_it),
		KIT_TEST(behind_words_that_are_taken_back_the_agent_goes_on_too),
		KIT_TEST(a_word_into_a_question_that_runs_dry_answers_it),
		KIT_TEST(a_cough_that_has_a_final_makes_it_none_too),
		KIT_TEST(behind_a_word_before_the_question_he_goes_on),
		KIT_TEST(he_goes_on_once_a_question),
		KIT_TEST(who_answers_the_question_is_not_asked_again),
		KIT_TEST(behind_what_was_said_meanwhile_it_is_quiet_as_always),
		KIT_TEST(the_shorter_silence_counts),
		KIT_TEST(behind_a_nod_nobody_goes_on),
		KIT_TEST(a_word_before_the_question_lets_nothing_be_done_twice),
		KIT_TEST(by_the_rules_of_before_their_turn_ended_by_silence),
		KIT_TEST(close_to_the_agents_end_one_word_is_an_answer),
		KIT_TEST(before_that_it_is_not),
		KIT_TEST(close_to_the_end_a_nod_is_an_answer),
		KIT_TEST(a_nod_that_began_earlier_stays_a_nod),
		KIT_TEST(the_tail_is_a_setting),
		KIT_TEST(the_agent_does_not_begin_while_the_caller_speaks),
		KIT_TEST(a_line_that_goes_deaf_in_a_burst_holds_the_agent_once),
		KIT_TEST(a_long_burst_does_not_make_it_yield),
		KIT_TEST(two_chunks_of_voice_do_not_keep_it_from_beginning),
		KIT_TEST(neither_does_a_click_of_some_time_ago),
		KIT_TEST(nor_voice_that_is_over),
		KIT_TEST(test_P04_what_is_ready_in_a_cough_says_nothing_again), KIT_TEST(by_the_rules_of_before_it_was_said_again),
		KIT_TEST(voice_that_goes_on_holds_and_clears), KIT_TEST(what_is_next_then_is_held_from_the_start),
		KIT_TEST(what_is_ready_behind_a_disclosure_does_not_hold_it), KIT_TEST(a_disclosure_begins_over_the_caller),
		KIT_TEST(test_P06_P08_the_guards_are_what_keeps_the_promises),
		KIT_TEST(test_P06_without_its_guard_nods_yield),
		KIT_TEST(test_P08_without_its_guard_nothing_is_cleared),
		KIT_TEST(a_burst_before_the_answer_is_not_over_it),
		KIT_TEST(a_nod_over_the_agent_may_come_late),
	};

	return cmocka_run_group_tests_name("floor", tests, NULL, NULL);
}
