/* Nobody speaks, the keypad, the call's time, lost media, orders, and the end. */
#include "callkit.h"

static const char ten[] = "one two three four five six seven eight nine ten";

static void opened(struct kit *k)
{
	k->settings.quiet_after_ms = 6000;
	begin(k);
}

/* ------------------------------------------------------------------ the beginning */

static void test_P24_the_greeting_is_made_while_it_rings_and_played_at_the_answer(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, "Hello there.");
	kit_open(k);
	pass(k, 1);
	simple(k, IN_PREPARE);
	expect(k, "1 listen s1 from 0", "1 speak u1.1 \"Hello there.\"");
	pass(k, 500);
	audio_all(k, 1);
	simple(k, IN_PREPARE);
	expect_nothing(k);
	pass(k, 500);
	simple(k, IN_START);
	expect(k, "1001 play u1.2 from 0");
	simple(k, IN_START);
	expect_nothing(k);
}

/* Its voice failed while the phone rang: whoever answers is greeted all the same. */
static void test_N9_a_greeting_that_failed_in_the_ring_is_tried_again(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.tts_attempts = 2;
	strcpy(k->brief.greeting, "Hello there.");
	kit_open(k);
	pass(k, 1);
	simple(k, IN_PREPARE);
	for (i = 0; i < 2; i++)
		voice_dies(k, 1);
	assert_true(has(k, "~failed t0 i1 n1"));
	drop(k);
	pass(k, 999);
	simple(k, IN_START);
	expect(k, "1000 speak u2.1 \"Hello there.\"");
	audio_all(k, 2);
	expect(k, "1000 play u2.2 from 0");
	simple(k, IN_START);
	expect_nothing(k);
}

static void without_a_ring_it_begins_at_the_answer(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, "Hello there.");
	kit_open(k);
	pass(k, 1);
	simple(k, IN_START);
	expect(k, "1 listen s1 from 0", "1 speak u1.1 \"Hello there.\"");
	simple(k, IN_PREPARE); /* too late: it goes on */
	audio_all(k, 1);
	expect(k, "1 play u1.2 from 0");
}

/* ------------------------------------------------------------------ silence */

/* A worker that was away for a while: both are due, one of them speaks. */
static void noise_and_silence_at_once_are_answered_once(void **state)
{
	struct kit *k = *state;

	k->settings.turn_noise_ms = 10000;
	opened(k);
	voice(k, 320);
	quiet_for(k, 320);
	zero(k);
	k->now_us += 20000000;
	simple(k, IN_TIMER);
	expect(k, "20000 ~retry t0 i2 n1", "20000 listen s2 from 0", "20000 ~noise t0 i0 n320000", "20000 speak u1.1 \"Sorry, I did not catch that.\"");
}

static void nobody_speaks_it_asks_twice_and_says_goodbye(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_until(k, 5999);
	expect_nothing(k);
	quiet_until(k, 6000);
	expect(k, "6000 ~quiet t0 i0 n1", "6000 speak u1.1 \"Are you still there?\"");
	spoken(k, 1);
	zero(k);
	quiet_until(k, 5999);
	expect_nothing(k);
	quiet_until(k, 6000);
	expect(k, "6000 ~quiet t0 i0 n2", "6000 speak u2.1 \"I can't hear you. Can you hear me?\"");
	spoken(k, 2);
	zero(k);
	quiet_until(k, 6000);
	expect(k, "6000 ~ending t0 i2 n0", "6000 speak u3.1 \"I will let you go now. Goodbye.\"");
	assert_false(call_ended(k->call));
	spoken(k, 3);
	assert_true(has(k, "~ended t0 i2"));
	assert_true(has(k, "hangup quiet"));
	assert_true(call_ended(k->call));
	assert_int_equal(call_end_reason(k->call), END_QUIET);
}

/* Asked whether he can hear, he says so when the goodbye has begun. */
static void any_word_over_that_goodbye_keeps_the_call(void **state)
{
	static const char *const words[] = { "yes", "hello", "mm-hm", "okay" };
	struct kit *k = *state;
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		opened(k);
		quiet_for(k, 6016);
		spoken(k, 1);
		quiet_for(k, 6016);
		spoken(k, 2);
		quiet_for(k, 6016);
		audio_all(k, 3);
		sent(k, 3);
		quiet_for(k, 320);
		voice(k, 64);
		final(k, words[i]);
		quiet_for(k, 896);
		played(k, 3, length_ms(k, 3));
		quiet_for(k, 1216);
		if (i == 3) {
			assert_true(call_ended(k->call)); /* as good as a farewell */
			return;
		}
		assert_false(call_ended(k->call));
		assert_int_equal(call_turn(k->call), 1);
		kit_teardown(state);
		kit_setup(state);
		k = *state;
	}
}

static void a_turn_makes_the_prompts_count_anew(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_for(k, 6016);
	spoken(k, 1);
	quiet_for(k, 6016);
	spoken(k, 2);
	turn(k, "I am here now");
	text(k, "Good. ");
	done(k);
	spoken(k, 3);
	zero(k);
	quiet_until(k, 6000);
	expect(k, "6000 ~quiet t1 i0 n1", "6000 speak u4.1 \"Are you still there?\"");
}

static void without_prompts_goodbye_comes_at_once(void **state)
{
	struct kit *k = *state;

	k->settings.quiet_prompts = 0;
	opened(k);
	quiet_for(k, 6016);
	assert_true(has(k, "6000 ~ending t0 i2"));
}

static void before_the_answer_nobody_is_quiet(void **state)
{
	struct kit *k = *state;

	k->settings.quiet_after_ms = 6000;
	kit_open(k);
	pass(k, 1);
	simple(k, IN_PREPARE);
	drop(k);
	pass(k, 20000);
	expect_nothing(k);
}

static void voice_starts_the_clock_anew(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_for(k, 5952);
	voice(k, 32);
	quiet_for(k, 256);
	zero(k);
	quiet_until(k, 5999);
	expect_nothing(k);
	quiet_until(k, 6000);
	assert_true(has(k, "6000 ~quiet"));
}

static void in_the_middle_of_a_burst_nobody_is_quiet(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_for(k, 5952);
	voice(k, 32);
	expect_nothing(k);
	quiet_for(k, 224);
	expect_nothing(k);
}

static void words_are_no_quiet(void **state)
{
	struct kit *k = *state;

	k->settings.turn_silence_ms = 5000;
	opened(k);
	quiet_for(k, 3008);
	final(k, "I want some tea");
	quiet_for(k, 3200);
	expect_nothing(k);
}

static void a_thinking_agent_is_no_quiet(void **state)
{
	struct kit *k = *state;

	k->settings.llm_filler_ms = k->settings.llm_second_ms = 20000;
	k->settings.llm_silent_ms = 0;
	k->settings.turn_budget_ms = 0;
	opened(k);
	turn(k, "I want some tea");
	drop(k);
	quiet_for(k, 9600);
	expect_nothing(k);
}

static void a_running_tool_is_no_quiet(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 20000;
	k->settings.tool_detach_ms = 20000;
	opened(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	drop(k);
	quiet_for(k, 9600);
	expect_nothing(k);
}

static void keys_are_no_quiet(void **state)
{
	struct kit *k = *state;

	k->settings.key_gap_ms = 9000;
	opened(k);
	digit(k, '1');
	quiet_for(k, 8000);
	expect_nothing(k);
}

static void lost_media_is_no_quiet(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_MEDIA_LOST);
	pass(k, 14000);
	expect_nothing(k);
	simple(k, IN_ATTACHED);
	zero(k);
	quiet_for(k, 320);
	pass(k, 5679);
	expect_nothing(k);
	pass(k, 1);
	assert_true(has(k, "6000 ~quiet"));
}

/* ------------------------------------------------------------------ the end */

static void an_order_ends_the_call_with_a_goodbye(void **state)
{
	struct kit *k = *state;

	opened(k);
	order(k, ORDER_END, "");
	expect(k, "0 ~ending t0 i4 n0", "0 speak u1.1 \"I will let you go now. Goodbye.\"");
	order(k, ORDER_END, "");
	expect_nothing(k);
	audio_all(k, 1);
	sent(k, 1);
	voice(k, 320);
	final(k, "wait please stop now");
	digit(k, '1');
	assert_false(has(k, "hold") || has(k, "yield"));
	drop(k);
	quiet_for(k, 1920);
	zero(k);
	played(k, 1, length_ms(k, 1));
	expect(k, "0 ~heard t0 i1 n0 \"I will let you go now. Goodbye.\"", "0 unspeak u1", "0 ~ended t0 i4 n0", "0 hangup order");
	assert_int_equal(call_end_reason(k->call), END_ORDER);
}

static void without_a_goodbye_it_hangs_up_at_once(void **state)
{
	struct kit *k = *state;

	k->brief.goodbye.count = 0;
	opened(k);
	order(k, ORDER_END, "");
	expect(k, "0 ~ending t0 i4 n0", "0 ~ended t0 i4 n0", "0 hangup order");
}

static void goodbye_takes_ten_seconds_at_most(void **state)
{
	struct kit *k = *state;

	k->settings.tts_first_ms = 20000;
	opened(k);
	order(k, ORDER_END, "");
	zero(k);
	pass(k, 9999);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "10000 ~heard t0 i1 n1", "10000 unspeak u1", "10000 ~ended t0 i4 n0", "10000 hangup order");
}

#define TEN "one two three four five six seven eight nine ten "

/* The agent's last words take 16 s, their sound is all there, and some of it went out: the end was ordered just now. */
static void last_words(struct kit *k)
{
	k->brief.goodbye.count = 0;
	opened(k);
	on_air(k, TEN TEN TEN TEN TEN);
	order(k, ORDER_END, "");
	zero(k);
}

/* A mark after each second. */
static void played_for(struct kit *k, uint32_t utterance, unsigned int ms)
{
	unsigned int at;

	for (at = 1000; at <= ms; at += 1000) {
		pass(k, 1000);
		played(k, utterance, at);
	}
}

static void test_P05_last_words_are_heard_to_their_end(void **state)
{
	struct kit *k = *state;

	last_words(k);
	played_for(k, 1, 15000);
	assert_false(has(k, "hangup"));
	pass(k, 1000);
	played(k, 1, 16000);
	assert_true(has(k, "16000 hangup order"));
}

static void a_carrier_that_stands_still_in_them_has_ten_seconds(void **state)
{
	struct kit *k = *state;
	int i;

	last_words(k);
	played_for(k, 1, 5000);
	for (i = 0; i < 9; i++) {
		pass(k, 1000);
		played(k, 1, 5000); /* again and again, that proves nothing */
	}
	assert_false(has(k, "hangup"));
	pass(k, 1000);
	assert_true(has(k, "15000 hangup order"));
}

static void sixty_seconds_are_the_most(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	last_words(k);
	for (u = 1; u <= 3; u++) {
		order(k, ORDER_SAY, TEN TEN TEN TEN TEN);
		audio_all(k, u + 1);
		played_for(k, u, 16000);
		sent(k, u + 1);
	}
	assert_false(has(k, "hangup"));
	played_for(k, 4, 11000);
	assert_false(has(k, "hangup"));
	pass(k, 1000);
	assert_true(has(k, "60000 hangup order"));
}

static void by_the_rules_of_before_they_had_ten(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	last_words(k);
	played_for(k, 1, 10000);
	assert_true(has(k, "10000 hangup order"));
}

static void the_calls_time_ends_it(void **state)
{
	struct kit *k = *state;

	k->settings.call_max_ms = 20000;
	k->settings.quiet_after_ms = 60000;
	begin(k); /* it rang at 1000 ms, and was answered a second later */
	pass(k, 18999);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "19000 ~ending t0 i3 n0", "19000 speak u1.1 \"I will let you go now. Goodbye.\"");
	spoken(k, 1);
	assert_true(has(k, "hangup max_duration"));
}

static void the_calls_time_counts_while_the_agent_says_goodbye(void **state)
{
	struct kit *k = *state;

	k->settings.call_max_ms = 20000;
	k->settings.tts_first_ms = 20000;
	begin(k);
	turn(k, "I want some tea");
	use(k, "hang_up", "{}");
	done(k);
	pass(k, 9000);
	turn(k, "no wait a moment");
	drop(k);
	pass(k, 20000);
	assert_true(has(k, "~ending t2 i3"));
}

static void a_goodbye_that_is_already_queued_is_said_once(void **state)
{
	struct kit *k = *state;

	k->settings.call_max_ms = 4000;
	k->settings.call_end_ms = 10000;
	k->settings.tts_first_ms = 20000;
	begin(k);
	turn(k, "I want some tea");
	use(k, "hang_up", "{}");
	done(k);
	drop(k);
	pass(k, 3000);
	expect(k, "3000 ~ending t1 i3 n0");
}

static void a_goodbye_the_caller_may_interrupt(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_for(k, 6016);
	spoken(k, 1);
	quiet_for(k, 6016);
	spoken(k, 2);
	quiet_for(k, 6016);
	audio_all(k, 3);
	sent(k, 3);
	drop(k);
	voice(k, 64);
	final(k, "I am still here");
	quiet_for(k, 640);
	assert_true(has(k, "~yield"));
	assert_true(has(k, "~turn t1"));
	assert_false(call_ended(k->call));
	text(k, "Good. ");
	done(k);
	spoken(k, 4);
	quiet_for(k, 3200);
	assert_false(call_ended(k->call));
}

/* The agent hangs up with its last words, and the caller says this over them. */
static void over_goodbye(struct kit *k, const char *words)
{
	uint32_t first = k->last + 1;

	text(k, "It is confirmed. Goodbye and take care.");
	use(k, "hang_up", "{}");
	done(k);
	assert_int_equal(k->last, first + 1);
	audio_all(k, k->last);
	spoken(k, first);
	sent(k, k->last);
	quiet_for(k, 320);
	voice(k, 64);
	final(k, words);
	drop(k);
	quiet_for(k, 896);
	assert_false(has(k, "~yield"));
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, 640);
}

static void goodbye_begins(struct kit *k)
{
	tool_add(k, "hang_up", false, true, 10000);
	begin(k);
	turn(k, "Yes, that is right");
}

/* Too few words to interrupt it: they are a turn, and the call goes on, when it was said. */
static void one_word_over_goodbye_is_answered(void **state)
{
	struct kit *k = *state;

	goodbye_begins(k);
	over_goodbye(k, "no");
	assert_true(has(k, "~turn t2"));
	assert_true(has(k, "ask g2 t2"));
	assert_false(call_ended(k->call));
	assert_true(call_turn(k->call) == 2);
}

static void a_farewell_over_goodbye_is_not(void **state)
{
	struct kit *k = *state;

	goodbye_begins(k);
	over_goodbye(k, "Bye!");
	assert_true(call_ended(k->call));
	assert_int_equal(call_end_reason(k->call), END_AGENT);
}

/* As many words as would cut anything else. */
static void thanks_do_not_cut_goodbye(void **state)
{
	static const char *const thanks[] = { "okay thank you so much bye bye", "alright then thanks", "theek hai dhanyavaad" };
	struct kit *k = *state;
	size_t i;

	for (i = 0; i < sizeof(thanks) / sizeof(thanks[0]); i++) {
		kit_teardown(state);
		kit_setup(state);
		k = *state;
		goodbye_begins(k);
		over_goodbye(k, thanks[i]);
		assert_true(call_ended(k->call));
		assert_int_equal(call_end_reason(k->call), END_AGENT);
	}
}

static void more_than_thanks_cuts_goodbye(void **state)
{
	struct kit *k = *state;

	goodbye_begins(k);
	text(k, "It is confirmed. Goodbye and take care.");
	use(k, "hang_up", "{}");
	done(k);
	audio_all(k, k->last);
	spoken(k, k->last - 1);
	sent(k, k->last);
	quiet_for(k, 320);
	voice(k, 64);
	final(k, "okay thanks but I cannot come on Friday");
	assert_true(has(k, "~yield"));
	quiet_for(k, 896);
	assert_true(has(k, "ask g2 t2"));
	assert_false(call_ended(k->call));
}

static void twice_and_no_more(void **state)
{
	struct kit *k = *state;
	int i;

	goodbye_begins(k);
	for (i = 0; i < 2; i++) {
		over_goodbye(k, "no");
		assert_false(call_ended(k->call));
	}
	over_goodbye(k, "no");
	assert_true(call_ended(k->call));
}

/* The caller speaks into the end of the goodbye, and the recogniser has said nothing to it when it is over. */
static void voice_at_goodbyes_end(struct kit *k)
{
	goodbye_begins(k);
	text(k, "It is confirmed. ");
	use(k, "hang_up", "{}");
	done(k);
	audio_all(k, k->last);
	sent(k, k->last);
	quiet_for(k, 896);
	voice(k, 64);
	played(k, k->last, length_ms(k, k->last));
	zero(k);
}

static void voice_at_goodbyes_end_is_not_hung_up_on(void **state)
{
	struct kit *k = *state;

	voice_at_goodbyes_end(k);
	voice(k, 320);
	assert_false(call_ended(k->call));
	quiet_for(k, 448);
	final(k, "no");
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2"));
	assert_false(call_ended(k->call));
}

static void it_is_when_nobody_has_put_it_into_words(void **state)
{
	struct kit *k = *state;

	voice_at_goodbyes_end(k);
	voice(k, 320);
	zero(k);
	quiet_until(k, 699);
	assert_false(call_ended(k->call));
	quiet_until(k, 700);
	assert_true(has(k, "700 hangup agent"));
}

static void a_farewell_in_it_ends_the_call(void **state)
{
	struct kit *k = *state;

	voice_at_goodbyes_end(k);
	voice(k, 320);
	quiet_for(k, 320);
	final(k, "goodbye");
	assert_true(call_ended(k->call));
}

/* A television, say. */
static void voice_without_end_and_words_is_hung_up_on(void **state)
{
	struct kit *k = *state;

	voice_at_goodbyes_end(k);
	k->alone = true;
	voice(k, 9600);
	assert_false(call_ended(k->call));
	voice(k, 640);
	assert_true(call_ended(k->call));
}

static void by_older_rules_the_goodbyes_end_is_the_calls(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	voice_at_goodbyes_end(k);
	assert_true(call_ended(k->call));
}

/* An order is final. */
static void one_word_after_goodbye_is_too_late(void **state)
{
	struct kit *k = *state;

	opened(k);
	order(k, ORDER_END, "");
	audio_all(k, 1);
	sent(k, 1);
	final(k, "but");
	quiet_for(k, 2240);
	played(k, 1, length_ms(k, 1));
	assert_true(call_ended(k->call));
}

static void the_caller_hangs_up(void **state)
{
	struct kit *k = *state;

	opened(k);
	on_air(k, ten);
	played(k, 1, 960);
	simple(k, IN_HANGUP);
	expect(k, "0 hold", "0 ~heard t0 i1 n1 \"one two three\"", "0 unspeak u1", "0 ~ended t0 i0 n0", "0 hangup caller");
	assert_int_equal(call_end_reason(k->call), END_CALLER);
	simple(k, IN_HANGUP);
	on_air(k, ten);
	voice(k, 320);
	turn(k, "hello hello hello");
	digit(k, '1');
	simple(k, IN_START);
	expect_nothing(k);
	assert_int_equal(k->wake_us, 0);
}

static void an_answer_in_flight_is_cancelled_at_the_end(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "I want some tea");
	zero(k);
	simple(k, IN_HANGUP);
	expect(k, "0 cancel g1", "0 ~ended t1 i0 n0", "0 hangup caller");
}

static void results_after_the_end_are_told_to_the_timeline(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	use(k, "lookup", "{}");
	done(k);
	simple(k, IN_HANGUP);
	zero(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	expect(k, "0 ~tool t1 i0 n0 \"book\"");
	assert_int_equal(k->wake_us, 0);
	result(k, 1, 0, TOOL_OK, "number 7");
	expect(k, "0 ~tool_late t1 i0 n0");
}

/* ------------------------------------------------------------------ media lost */

static void lost_media_end_the_call_after_fifteen_seconds(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_MEDIA_LOST);
	zero(k);
	pass(k, 7000);
	simple(k, IN_MEDIA_LOST);
	pass(k, 7999);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "15000 ~ended t0 i5 n0", "15000 hangup lost");
	assert_int_equal(call_end_reason(k->call), END_LOST);
}

static void attached_in_time_it_goes_on(void **state)
{
	struct kit *k = *state;

	opened(k);
	caller_says(k, "I want some tea");
	voice(k, 320);
	simple(k, IN_MEDIA_LOST);
	pass(k, 14999);
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s3 from 2560");
	quiet_for(k, 608);
	assert_true(has(k, "ask g1 t1 try 1"));
	pass(k, 5000);
	assert_false(call_ended(k->call));
}

/* A carrier whose socket comes back each time and never has a sound: the time is that of the first loss. */
static void a_line_that_is_back_without_a_sound_is_lost_all_the_same(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_MEDIA_LOST);
	zero(k);
	for (int i = 0; i < 4; i++) {
		pass(k, 1500);
		simple(k, IN_ATTACHED);
		pass(k, 2000);
		simple(k, IN_MEDIA_LOST);
	}
	pass(k, 900);
	simple(k, IN_ATTACHED);
	pass(k, 99);
	assert_false(call_ended(k->call));
	pass(k, 1);
	assert_true(has(k, "15000 hangup lost"));
	assert_int_equal(call_end_reason(k->call), END_LOST);
}

/* Who comes in the last moment has one for his first sound, once. */
static void a_line_that_is_back_late_may_be_heard(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_MEDIA_LOST);
	zero(k);
	pass(k, 14900);
	simple(k, IN_ATTACHED);
	pass(k, 1000);
	simple(k, IN_MEDIA_LOST);
	pass(k, 500);
	simple(k, IN_ATTACHED);
	pass(k, 499);
	assert_false(call_ended(k->call));
	pass(k, 1);
	assert_true(has(k, "16900 hangup lost"));
}

/* Sound, be it silence, and everything is as it was: the next loss has its own time. */
static void a_line_that_was_heard_has_all_its_time_again(void **state)
{
	struct kit *k = *state;

	opened(k);
	for (int i = 0; i < 3; i++) {
		simple(k, IN_MEDIA_LOST);
		pass(k, 14000);
		simple(k, IN_ATTACHED);
		quiet_for(k, 320);
	}
	pass(k, 5000);
	assert_false(call_ended(k->call));
}

static void by_older_rules_it_comes_back_for_ever(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	opened(k);
	for (int i = 0; i < 10; i++) {
		simple(k, IN_MEDIA_LOST);
		pass(k, 3000);
		simple(k, IN_ATTACHED);
		pass(k, 2000);
	}
	assert_false(call_ended(k->call));
}

/* The old worker is gone, its timers with it: what it waited for is asked for anew, not found late. */
static void what_was_due_meanwhile_is_judged_after_the_attach(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	opened(k);
	turn(k, "I want some tea");
	order(k, ORDER_SAY, "tea");
	digit(k, '4');
	k->now_us += 9000000; /* nobody fired a timer */
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 ~keys t1 i0 n1", "0 ~turn t2 i6 n0 \"[keypad] 4\"", "0 snapshot", "0 ask g2 t2 try 1");
}

/* What was typed while the model was asked is a turn before that is asked for anew: nothing is asked and cancelled at once. */
static void an_overdue_entry_comes_before_what_it_makes_moot(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "I want some tea");
	digit(k, '4');
	k->now_us += 9000000;
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 ~keys t1 i0 n1", "0 ~turn t2 i6 n0 \"[keypad] 4\"", "0 snapshot",
		"0 ask g2 t2 try 1");
	expect_request(k, "caller: I want some tea", "caller: [keypad] 4");
}

static void by_older_rules_it_cancels_then(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	opened(k);
	turn(k, "I want some tea");
	digit(k, '4');
	k->now_us += 9000000;
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 ~keys t1 i0 n1", "0 ~turn t2 i6 n0 \"[keypad] 4\"", "0 cancel g1", "0 snapshot",
		"0 ask g2 t2 try 1");
}

/* The same for words that waited, and for an answer whose next attempt was due. */
static void an_overdue_turn_comes_before_what_it_makes_moot(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "I want some tea");
	final(k, "and a piece of cake");
	failed(k);
	k->now_us += 9000000;
	zero(k);
	simple(k, IN_ATTACHED);
	assert_int_equal(times(k, " ask "), 1);
	assert_int_equal(times(k, " cancel "), 1);
	assert_true(has(k, "0 cancel g2"));
	assert_true(has(k, "0 ~turn t2"));
	expect_request(k, "caller: I want some tea", "caller: and a piece of cake");
}

/* To the microsecond. (In a call of before: now the silence that nobody heard is waited for again.) */
static void a_turn_that_is_due_at_the_takeover_does_so_too(void **state)
{
	struct kit *k = *state;

	k->settings.turn_heard = false;
	opened(k);
	turn(k, "I want some tea");
	final(k, "and a piece of cake");
	quiet_for(k, 576);
	k->now_us += 24000;
	zero(k);
	simple(k, IN_ATTACHED);
	assert_true(has(k, "0 ~turn t2"));
	assert_int_equal(times(k, " ask "), 1);
}

/* The model was in the middle of its answer, or was to be asked once more. */
static void an_overdue_turn_makes_any_answer_in_work_moot(void **state)
{
	int waits;

	for (waits = 0; waits < 2; waits++) {
		struct kit *k = *state;

		opened(k);
		turn(k, "I want some tea");
		final(k, "and a piece of cake");
		if (waits) {
			failed(k);
			failed(k);
		} else {
			text(k, "Sure");
		}
		k->now_us += 9000000;
		zero(k);
		simple(k, IN_ATTACHED);
		assert_true(has(k, "0 ~turn t2"));
		assert_int_equal(times(k, " ask "), 1);
		kit_teardown(state);
		kit_setup(state);
	}
}

static void time_that_is_up_comes_before_what_it_makes_moot(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "I want some tea");
	k->now_us += (uint64_t)k->settings.call_max_ms * 1000;
	zero(k);
	simple(k, IN_ATTACHED);
	assert_int_equal(times(k, " ask "), 0);
	assert_int_equal(times(k, " cancel "), 1);
	assert_true(has(k, "0 ~ending"));
}

/* With nothing asked there is nothing moot: what was being said is looked at first. */
static void time_that_is_up_waits_for_the_new_worker(void **state)
{
	struct kit *k = *state;

	opened(k);
	on_air(k, "one two three four");
	quiet_for(k, 640);
	played(k, 1, 640);
	k->now_us += (uint64_t)k->settings.call_max_ms * 1000;
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k,
		"0 listen s2 from 0",
		"0 trim u1 at 5120",
		"0 ~retry t0 i1 n2",
		"0 ~heard t0 i1 n0 \"one two\"",
		"0 unspeak u1",
		"0 ~ending t0 i3 n0",
		"0 speak u2.1 \"three four\"",
		"0 speak u3.1 \"I will let you go now. Goodbye.\"");
}

static void nobody_takes_over_what_has_ended(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_HANGUP);
	drop(k);
	simple(k, IN_ATTACHED);
	expect_nothing(k);
}

/* The goodbye's voice fails as well: that is no second end. */
static void a_goodbye_that_fails_ends_nothing_more(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.call_failures = k->settings.llm_attempts = 1;
	opened(k);
	turn(k, "I want some tea");
	failed(k);
	assert_true(has(k, "~ending"));
	for (i = 0; i < 2; i++)
		voice_dies(k, k->last);
	zero(k);
	voice_dies(k, k->last);
	assert_true(has(k, "0 hangup failed"));
	assert_false(has(k, "~ending"));
}

/* The time to take it over is up when the order comes: the call ends once, and for that reason. */
static void an_order_of_the_last_moment_ends_nothing_more(void **state)
{
	struct kit *k = *state;

	opened(k);
	simple(k, IN_MEDIA_LOST);
	pass(k, 14999);
	drop(k);
	k->now_us += 1000;
	order(k, ORDER_END, "");
	expect(k, "15000 ~ended t0 i5 n0", "15000 hangup lost");
}

/* When a call may be moved to another worker without anybody noticing. */
static void a_call_is_still_when_nobody_speaks_and_nothing_waits(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	kit_open(k);
	pass(k, 1000);
	simple(k, IN_PREPARE);
	assert_false(call_still(k->call)); /* it rings */
	pass(k, 1000);
	simple(k, IN_START);
	quiet_for(k, 320);
	assert_true(call_still(k->call));
	voice(k, 32);
	assert_false(call_still(k->call)); /* voice, though it may be a click */
	quiet_for(k, 32);
	assert_true(call_still(k->call));
	voice(k, 320);
	assert_false(call_still(k->call));
	quiet_for(k, 32);
	assert_false(call_still(k->call)); /* a pause in it */
	quiet_for(k, 320);
	assert_true(call_still(k->call));
	final(k, "I want some tea");
	assert_false(call_still(k->call)); /* words that no turn has taken */
	quiet_for(k, 640);
	assert_true(has(k, "~turn t1"));
	assert_true(call_still(k->call)); /* the model thinks */
	digit(k, '4');
	assert_false(call_still(k->call));
	digit(k, '#');
	assert_true(call_still(k->call));
	u = on_air(k, "Let me see.");
	assert_false(call_still(k->call));
	played(k, u, 20000);
	quiet_for(k, 320);
	assert_true(call_still(k->call));
	simple(k, IN_MEDIA_LOST);
	assert_false(call_still(k->call));
	simple(k, IN_ATTACHED);
	quiet_for(k, 320);
	assert_true(call_still(k->call));
	order(k, ORDER_END, "");
	assert_false(call_still(k->call)); /* it says goodbye */
	simple(k, IN_HANGUP);
	assert_false(call_still(k->call));
	drop(k);
}

static void a_call_that_was_hung_up_is_not_still(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 320);
	assert_true(call_still(k->call));
	simple(k, IN_HANGUP);
	assert_false(call_still(k->call));
}

/* The caller's burst ended with the line. */
static void the_burst_ends_with_the_line(void **state)
{
	struct kit *k = *state;

	opened(k);
	voice(k, 320);
	simple(k, IN_MEDIA_LOST);
	simple(k, IN_ATTACHED);
	order(k, ORDER_SAY, "tea");
	drop(k);
	audio_all(k, 1);
	expect(k, "320 play u1.2 from 0");
}

static void a_burst_that_came_before_an_attach_ends_as_well(void **state)
{
	struct kit *k = *state;

	opened(k);
	voice(k, 320);
	simple(k, IN_ATTACHED);
	order(k, ORDER_SAY, "tea");
	drop(k);
	audio_all(k, 1);
	expect(k, "320 play u1.2 from 0");
}

/* ------------------------------------------------------------------ the keypad */

static void an_entry_ends_at_the_hash(void **state)
{
	struct kit *k = *state;

	opened(k);
	digit(k, '1');
	digit(k, '*');
	digit(k, 'D');
	expect_nothing(k);
	digit(k, '#');
	expect(k, "0 ~keys t0 i0 n3", "0 ~turn t1 i6 n0 \"[keypad] 1*D\"", "0 snapshot", "0 ask g1 t1 try 1");
	expect_request(k, "caller: [keypad] 1*D");
}

static void an_entry_ends_after_a_pause(void **state)
{
	struct kit *k = *state;

	opened(k);
	digit(k, '4');
	quiet_until(k, 2000);
	digit(k, '2');
	zero(k);
	quiet_until(k, 2499);
	expect_nothing(k);
	quiet_until(k, 2500);
	expect(k, "2500 ~keys t0 i0 n2", "2500 ~turn t1 i6 n0 \"[keypad] 42\"", "2500 snapshot", "2500 ask g1 t1 try 1");
}

static void an_entry_holds_thirty_two_digits(void **state)
{
	struct kit *k = *state;
	int i;

	opened(k);
	for (i = 0; i < 31; i++)
		digit(k, '7');
	expect_nothing(k);
	digit(k, '8');
	expect(k, "0 ~keys t0 i0 n32", "0 ~turn t1 i6 n0 \"[keypad] 77777777777777777777777777777778\"", "0 snapshot", "0 ask g1 t1 try 1");
	digit(k, '#');
	quiet_until(k, 2600);
	assert_int_equal(times(k, "~keys"), 0);
}

static void a_hash_alone_is_no_entry(void **state)
{
	struct kit *k = *state;

	opened(k);
	digit(k, '#');
	expect_nothing(k);
	quiet_for(k, 3008);
	expect_nothing(k);
}

static void what_is_no_key_is_no_digit(void **state)
{
	struct kit *k = *state;
	struct call_input more = { .type = IN_DIGIT, .number = 256 + '1' };

	opened(k);
	digit(k, 0);
	digit(k, 'E');
	digit(k, '/');
	digit(k, ':');
	digit(k, 'a');
	kit_step(k, &more);
	quiet_for(k, 3008);
	expect_nothing(k);
}

static void a_key_yields(void **state)
{
	struct kit *k = *state;

	opened(k);
	on_air(k, ten);
	quiet_for(k, 992);
	played(k, 1, 960);
	digit(k, '1');
	expect(k, "992 ~yield t0 i3 n0", "992 hold", "992 ~heard t0 i1 n1 \"one two three\"", "992 unspeak u1");
	digit(k, '2');
	digit(k, '#');
	expect(k, "992 ~keys t0 i0 n2", "992 ~turn t1 i6 n0 \"[keypad] 12\"", "992 snapshot", "992 ask g1 t1 try 1");
	expect_request(k, "agent: one two three", "caller: [keypad] 12");
}

/* Who closes his entry after it was taken must not cut off the answer to it. */
static void a_hash_behind_an_entry_takes_no_floor(void **state)
{
	struct kit *k = *state;

	opened(k);
	on_air(k, ten);
	quiet_for(k, 992);
	played(k, 1, 960);
	digit(k, '#');
	expect_nothing(k);
}

static void before_rules_4_it_took_the_floor(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	opened(k);
	on_air(k, ten);
	quiet_for(k, 992);
	played(k, 1, 960);
	digit(k, '#');
	expect(k, "992 ~yield t0 i3 n0", "992 hold", "992 ~heard t0 i1 n1 \"one two three\"", "992 unspeak u1");
}

/* Nothing of the answer is heard yet: both are answered at once, and one answer is all that is said. */
static void a_key_behind_a_turn_is_answered_with_it(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "yes that one");
	text(k, "Fine");
	zero(k);
	digit(k, '1');
	expect(k, "0 cancel g1");
	quiet_until(k, 2499);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "2500 ~keys t1 i0 n1", "2500 ~turn t2 i6 n0 \"[keypad] 1\"", "2500 snapshot", "2500 ask g2 t2 try 1");
	expect_request(k, "caller: yes that one", "caller: [keypad] 1");
}

/* It is ready to be said when no other key can come any more. */
static void an_entry_is_asked_about_ahead(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	opened(k);
	turn(k, "yes that one");
	zero(k);
	digit(k, '1');
	quiet_until(k, 500);
	digit(k, '2');
	drop(k);
	quiet_until(k, 1749);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "1750 ask g2 t1 try 1 ahead");
	expect_request(k, "caller: yes that one", "caller: [keypad] 12");
	text(k, "Twelve. ");
	audio_all(k, 1);
	drop(k);
	quiet_until(k, 3000);
	expect(k, "3000 ~keys t1 i0 n2", "3000 ~turn t2 i6 n0 \"[keypad] 12\"", "3000 ~release t2 i2 n0", "3000 snapshot", "3000 play u1.2 from 0");
}

static void another_key_throws_that_away(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	opened(k);
	digit(k, '1');
	quiet_until(k, 1500);
	expect(k, "1250 ask g1 t0 try 1 ahead");
	digit(k, '*');
	expect(k, "1500 ~discard t0 i1 n0", "1500 cancel g1");
	digit(k, '#');
	expect_request(k, "caller: [keypad] 1*");
}

/* A result that comes into an entry waits for it: whoever presses keys is spoken over as little as whoever speaks. */
static void a_result_waits_for_the_entry(void **state)
{
	struct kit *k = *state;

	opened(k);
	turn(k, "book it for me");
	use(k, "lookup", "{}");
	done(k);
	digit(k, '1');
	drop(k);
	result(k, 1, 0, TOOL_OK, "free");
	expect(k, "960 ~tool t1 i0 n0 \"lookup\"");
	digit(k, '#');
	expect_request(k, "caller: book it for me", "use 1.0 lookup: {}", "result 1.0: free", "caller: [keypad] 1");
}

static void words_do_not_end_the_turn_of_an_entry(void **state)
{
	struct kit *k = *state;

	opened(k);
	caller_says(k, "yes that one");
	digit(k, '1');
	zero(k);
	quiet_until(k, 2500);
	expect(k, "2500 ~keys t0 i0 n1", "2500 ~turn t1 i6 n2500000 \"yes that one [keypad] 1\"", "2500 snapshot", "2500 ask g1 t1 try 1");
}

static void words_before_a_key_are_of_the_same_turn(void **state)
{
	struct kit *k = *state;

	opened(k);
	final(k, "my pin is");
	digit(k, '1');
	digit(k, '#');
	assert_true(has(k, "\"my pin is [keypad] 1\""));
}

static void a_disclosure_is_said_whatever_is_pressed(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, ten);
	k->brief.greeting_whole = true;
	opened(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	digit(k, '1');
	expect_nothing(k);
	digit(k, '#');
	assert_true(has(k, "~turn t1 i6"));
	assert_false(has(k, "hold") || has(k, "unspeak"));
	quiet_for(k, 3200);
	drop(k);
	played(k, 1, 3200);
	assert_true(has(k, "~heard t0 i1 n0"));
}

static void an_entry_does_not_take_the_end_back(void **state)
{
	struct kit *k = *state;

	opened(k);
	order(k, ORDER_END, "");
	audio_all(k, 1);
	sent(k, 1);
	digit(k, '1');
	digit(k, '#');
	quiet_for(k, 2240);
	played(k, 1, length_ms(k, 1));
	quiet_for(k, 32);
	assert_true(call_ended(k->call));
	assert_int_equal(call_end_reason(k->call), END_ORDER);
}

/* ------------------------------------------------------------------ orders */

static void an_unknown_order_does_nothing(void **state)
{
	struct kit *k = *state;

	opened(k);
	order(k, 2, "tea");
	expect_nothing(k);
}

static void prompts_apologies_and_fillers_stand_in_the_history(void **state)
{
	struct kit *k = *state;

	opened(k);
	quiet_for(k, 6016);
	spoken(k, 1);
	turn(k, "I am here now");
	expect_request(k, "agent: Are you still there?", "caller: I am here now");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_P24_the_greeting_is_made_while_it_rings_and_played_at_the_answer),
		KIT_TEST(test_N9_a_greeting_that_failed_in_the_ring_is_tried_again),
		KIT_TEST(without_a_ring_it_begins_at_the_answer),
		KIT_TEST(noise_and_silence_at_once_are_answered_once),
		KIT_TEST(nobody_speaks_it_asks_twice_and_says_goodbye),
		KIT_TEST(any_word_over_that_goodbye_keeps_the_call),
		KIT_TEST(a_turn_makes_the_prompts_count_anew),
		KIT_TEST(without_prompts_goodbye_comes_at_once),
		KIT_TEST(before_the_answer_nobody_is_quiet),
		KIT_TEST(voice_starts_the_clock_anew),
		KIT_TEST(in_the_middle_of_a_burst_nobody_is_quiet),
		KIT_TEST(words_are_no_quiet),
		KIT_TEST(a_thinking_agent_is_no_quiet),
		KIT_TEST(a_running_tool_is_no_quiet),
		KIT_TEST(keys_are_no_quiet),
		KIT_TEST(lost_media_is_no_quiet),
		KIT_TEST(an_order_ends_the_call_with_a_goodbye),
		KIT_TEST(without_a_goodbye_it_hangs_up_at_once),
		KIT_TEST(goodbye_takes_ten_seconds_at_most),
		KIT_TEST(test_P05_last_words_are_heard_to_their_end),
		KIT_TEST(a_carrier_that_stands_still_in_them_has_ten_seconds),
		KIT_TEST(sixty_seconds_are_the_most),
		KIT_TEST(by_the_rules_of_before_they_had_ten),
		KIT_TEST(the_calls_time_ends_it),
		KIT_TEST(the_calls_time_counts_while_the_agent_says_goodbye),
		KIT_TEST(a_goodbye_that_is_already_queued_is_said_once),
		KIT_TEST(a_goodbye_the_caller_may_interrupt),
		KIT_TEST(one_word_over_goodbye_is_answered),
		KIT_TEST(a_farewell_over_goodbye_is_not),
		KIT_TEST(thanks_do_not_cut_goodbye),
		KIT_TEST(more_than_thanks_cuts_goodbye),
		KIT_TEST(twice_and_no_more),
		KIT_TEST(voice_at_goodbyes_end_is_not_hung_up_on),
		KIT_TEST(it_is_when_nobody_has_put_it_into_words),
		KIT_TEST(a_farewell_in_it_ends_the_call),
		KIT_TEST(voice_without_end_and_words_is_hung_up_on),
		KIT_TEST(by_older_rules_the_goodbyes_end_is_the_calls),
		KIT_TEST(one_word_after_goodbye_is_too_late),
		KIT_TEST(the_caller_hangs_up),
		KIT_TEST(an_answer_in_flight_is_cancelled_at_the_end),
		KIT_TEST(results_after_the_end_are_told_to_the_timeline),
		KIT_TEST(lost_media_end_the_call_after_fifteen_seconds),
		KIT_TEST(attached_in_time_it_goes_on),
		KIT_TEST(a_line_that_is_back_without_a_sound_is_lost_all_the_same),
		KIT_TEST(a_line_that_is_back_late_may_be_heard),
		KIT_TEST(a_line_that_was_heard_has_all_its_time_again),
		KIT_TEST(by_older_rules_it_comes_back_for_ever),
		KIT_TEST(what_was_due_meanwhile_is_judged_after_the_attach),
		KIT_TEST(an_overdue_entry_comes_before_what_it_makes_moot),
		KIT_TEST(by_older_rules_it_cancels_then),
		KIT_TEST(an_overdue_turn_comes_before_what_it_makes_moot),
		KIT_TEST(a_turn_that_is_due_at_the_takeover_does_so_too),
		KIT_TEST(an_overdue_turn_makes_any_answer_in_work_moot),
		KIT_TEST(time_that_is_up_comes_before_what_it_makes_moot),
		KIT_TEST(time_that_is_up_waits_for_the_new_worker),
		KIT_TEST(nobody_takes_over_what_has_ended),
		KIT_TEST(a_goodbye_that_fails_ends_nothing_more),
		KIT_TEST(an_order_of_the_last_moment_ends_nothing_more),
		KIT_TEST(a_call_is_still_when_nobody_speaks_and_nothing_waits),
		KIT_TEST(a_call_that_was_hung_up_is_not_still),
		KIT_TEST(the_burst_ends_with_the_line),
		KIT_TEST(a_burst_that_came_before_an_attach_ends_as_well),
		KIT_TEST(an_entry_ends_at_the_hash),
		KIT_TEST(an_entry_ends_after_a_pause),
		KIT_TEST(an_entry_holds_thirty_two_digits),
		KIT_TEST(a_hash_alone_is_no_entry),
		KIT_TEST(what_is_no_key_is_no_digit),
		KIT_TEST(a_key_yields),
		KIT_TEST(a_hash_behind_an_entry_takes_no_floor),
		KIT_TEST(before_rules_4_it_took_the_floor),
		KIT_TEST(a_key_behind_a_turn_is_answered_with_it),
		KIT_TEST(an_entry_is_asked_about_ahead),
		KIT_TEST(another_key_throws_that_away),
		KIT_TEST(a_result_waits_for_the_entry),
		KIT_TEST(words_do_not_end_the_turn_of_an_entry),
		KIT_TEST(words_before_a_key_are_of_the_same_turn),
		KIT_TEST(a_disclosure_is_said_whatever_is_pressed),
		KIT_TEST(an_entry_does_not_take_the_end_back),
		KIT_TEST(an_unknown_order_does_nothing),
		KIT_TEST(prompts_apologies_and_fillers_stand_in_the_history),
	};

	return cmocka_run_group_tests_name("quiet", tests, NULL, NULL);
}
