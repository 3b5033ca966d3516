/* What the agent says, from text to what was heard: making, sending, marks, clears, deadlines, voices that die, latency parts. */
#include <limits.h>

#include "callkit.h"

#include "voice/call_state.h"

static const char ten[] = "one two three four five six seven eight nine ten";

/* The words of the last cut, as history has them, seen through the next question to the model. */
static void asked_after_a_stop(struct kit *k)
{
	partial(k, "stop");
	final(k, "stop it now");
	quiet_for(k, 640);
}

/* ------------------------------------------------------------------ heard */

static void test_P04_history_holds_the_words_that_were_played(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_for(k, 1600);
	played(k, 1, 960);
	asked_after_a_stop(k);
	expect(k,
		"1600 ~yield t0 i1 n0",
		"1600 hold",
		"1600 ~heard t0 i1 n1 \"one two three\"",
		"1600 unspeak u1",
		"2200 ~turn t1 i0 n600000 \"stop it now\"",
		"2200 snapshot",
		"2200 ask g1 t1 try 1");
	expect_request(k, "agent: one two three", "caller: stop it now");
}

static void test_P04_a_word_counts_from_its_last_sample(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	carrier(k, IN_PLAYED, 1, 2, 960 * 8 - 1);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two\"", "0 unspeak u1");
}

static void test_P04_at_every_frame_it_is_the_words_played_and_never_more(void **state)
{
	struct kit *k = *state;
	unsigned int ms, words;
	char want[200];

	k->alone = true;
	begin(k);
	for (ms = 20; ms <= 3180; ms += 20) {
		uint32_t u = on_air(k, ten);

		quiet_for(k, 32);
		played(k, u, ms);
		drop(k);
		partial(k, "stop");
		partial(k, "");
		words = ms / WORD_MS;
		snprintf(want, sizeof(want), "~heard t0 i%u n1%s", u, words ? " \"" : "\n");
		assert_true(has(k, want));
		snprintf(want, sizeof(want), "%.*s\"\n", words ? (int)(strstr(ten, (const char *[]){ "", " two", " three", " four", " five", " six", " seven",
			" eight", " nine", " ten" }[words % 10]) - ten) : 0, ten);
		assert_true(!words || has(k, want));
	}
}

static void test_P04_estimates_count_later(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	on_air(k, ten);
	carrier(k, IN_PLAYED, 1, 2, 1160 * 8 - 1);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two\"", "0 unspeak u1");
}

static void test_P04_estimates_count_at_their_margin(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	on_air(k, ten);
	played(k, 1, 1160);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two three\"", "0 unspeak u1");
}

/* The margin reaches behind the end: what is played to its end is heard. */
static void test_P04_estimates_at_the_end_need_no_margin(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	on_air(k, ten);
	voice(k, 96);
	played(k, 1, 3199);
	expect(k, "96 ~hold t0 i1 n96000", "96 hold");
	quiet_for(k, 512);
	expect(k, "596 ~resume t0 i1 n0", "596 play u1.3 from 0");
}

static void test_P04_without_its_guard_all_of_it_stands_there(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P04;
	begin(k);
	on_air(k, ten);
	asked_after_a_stop(k);
	expect_request(k, "agent: one two three four five six seven eight nine ten", "caller: stop it now");
}

static void what_was_played_to_its_end_is_heard_whole(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, "Is that right? ");
	quiet_for(k, 960);
	played(k, 1, 959);
	expect_nothing(k);
	played(k, 1, 960);
	expect(k, "960 ~heard t0 i1 n0 \"Is that right? \"", "960 unspeak u1");
}

static void marks_beyond_the_audio_count_as_its_end(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	zero(k);
	quiet_for(k, 320);
	played(k, 1, 5000);
	expect_nothing(k);
	partial(k, "stop");
	expect(k, "320 ~yield t0 i1 n0", "320 hold", "320 ~heard t0 i1 n1 \"one two three\"", "320 unspeak u1");
}

static void a_mark_behind_an_earlier_one_takes_nothing_back(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	played(k, 1, 960);
	played(k, 1, 640);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two three\"", "0 unspeak u1");
}

static void marks_of_other_takes_and_utterances_do_not_count(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	carrier(k, IN_PLAYED, 1, 1, 960 * 8);
	carrier(k, IN_PLAYED, 1, 3, 960 * 8);
	carrier(k, IN_PLAYED, 2, 2, 960 * 8);
	carrier(k, IN_PLAYED, 0, 0, 960 * 8);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

static void a_mark_before_anything_was_sent_does_not_count(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio_all(k, 1);
	zero(k);
	played(k, 1, 960);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

/* After a resume a mark at the place it began from says nothing. */
static void a_mark_where_the_take_began_says_nothing(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	played(k, 1, 960);
	voice(k, 96);
	quiet_for(k, 512);
	sent(k, 1);
	drop(k);
	played(k, 1, 960);
	carrier(k, IN_PLAYED, 1, 3, 960 * 8 + 1);
	voice(k, 96);
	quiet_for(k, 512);
	expect(k, "704 ~hold t0 i1 n96000", "704 hold", "1204 ~resume t0 i1 n0 p7680", "1204 play u1.4 from 7680");
}

/* ------------------------------------------------------------------ marks after a clear */

/* Sent at 0; the way from a frame's sending to its mark is 50 ms. */
static void on_air_with_lag(struct kit *k)
{
	begin(k);
	on_air(k, ten);
	quiet_until(k, 370);
	played(k, 1, 320);
	drop(k);
}

static void hold_at(struct kit *k, unsigned int ms)
{
	quiet_until(k, ms - 96);
	voice(k, 96);
	assert_true(has(k, " hold\n"));
	drop(k);
}

static void stop_tells(struct kit *k, const char *words)
{
	char want[200];

	drop(k);
	partial(k, "stop");
	snprintf(want, sizeof(want), "~heard t0 i%u n1%s%s%s\n", k->last, *words ? " \"" : "", words, *words ? "\"" : "");
	if (!has(k, want))
		fail_msg("%s", buf_str(&k->log));
}

static void a_mark_that_comes_too_soon_after_a_clear_was_not_played(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	hold_at(k, 600);
	kit_until(k, k->zero_us + 689999);
	played(k, 1, 640);
	stop_tells(k, "one");
}

static void a_mark_that_comes_in_its_time_was(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	hold_at(k, 600);
	pass(k, 90);
	played(k, 1, 640);
	stop_tells(k, "one two");
}

static void without_any_mark_before_a_clear_none_counts_after_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	pass(k, 4000);
	played(k, 1, 3200);
	quiet_for(k, 32);
	stop_tells(k, "");
}

/* The last mark came late: later ones are judged from it. */
static void marks_are_judged_from_the_last_one(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 740);
	played(k, 1, 640); /* 100 ms late, the way was 50 */
	hold_at(k, 900);
	quiet_until(k, 1059);
	played(k, 1, 960);
	stop_tells(k, "one two");
}

static void marks_in_time_after_the_last_one_hold(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 740);
	played(k, 1, 640);
	hold_at(k, 900);
	quiet_until(k, 1060);
	played(k, 1, 960);
	stop_tells(k, "one two three");
}

/* Sending had run dry and began again: later marks are judged from there. */
static void marks_are_judged_from_where_sending_began_again(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 700);
	carrier(k, IN_SENT, 1, 2, 640 * 8);
	hold_at(k, 900);
	quiet_until(k, 1069);
	played(k, 1, 960);
	stop_tells(k, "one");
}

static void and_hold_from_there(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 700);
	carrier(k, IN_SENT, 1, 2, 640 * 8);
	hold_at(k, 900);
	quiet_until(k, 1070);
	played(k, 1, 960);
	stop_tells(k, "one two three");
}

/* The shortest way counts, and a mark sooner than its audio could take makes it zero. */
static void the_shortest_way_seen_is_kept(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	on_air_with_lag(k);
	quiet_until(k, 3260);
	played(k, 1, 3200); /* 60: longer, and no first mark */
	u = on_air(k, ten);
	quiet_until(k, 350);
	played(k, u, 320);  /* 30 */
	quiet_until(k, 3230);
	played(k, u, 3200);
	u = on_air(k, ten);
	voice(k, 96);
	quiet_until(k, 349);
	played(k, u, 320);
	partial(k, "stop");
	assert_true(has(k, "~heard t0 i3 n1\n"));
	quiet_for(k, 32);
	u = on_air(k, ten);
	voice(k, 96);
	quiet_until(k, 350);
	played(k, u, 320);
	partial(k, "please stop");
	assert_true(has(k, "~heard t0 i4 n1 \"one\"\n"));
}

/* The voice ran dry at 640, and what was sent before is only now told to be played. */
static void dry_and_played(struct kit *k, unsigned int ms)
{
	uint32_t u;

	on_air_with_lag(k); /* 50 */
	quiet_until(k, 3260);
	played(k, 1, 3200);
	u = on_air(k, ten);
	quiet_until(k, 640);
	carrier(k, IN_SENT, u, 2, 640 * 8);
	quiet_until(k, 650);
	played(k, u, ms);
	quiet_until(k, 3260);
	played(k, u, 3200);
	u = on_air(k, ten);
	voice(k, 96);
	quiet_until(k, 340);
	played(k, u, 320); /* cleared: it comes 30 too soon */
	stop_tells(k, "");
}

static void test_P04_a_mark_of_what_was_sent_before_the_voice_ran_dry_teaches_no_way(void **state)
{
	dry_and_played(*state, 600);
}

static void nor_does_one_of_its_last_sample(void **state)
{
	dry_and_played(*state, 640);
}

/* Later ones are judged from it, all the same. */
static void held_behind_such_a_mark(struct kit *k)
{
	begin(k);
	on_air(k, ten);
	quiet_until(k, 640);
	carrier(k, IN_SENT, 1, 2, 640 * 8);
	quiet_until(k, 650);
	played(k, 1, 320);
	hold_at(k, 900);
}

static void marks_are_judged_from_one_that_teaches_no_way(void **state)
{
	struct kit *k = *state;

	held_behind_such_a_mark(k);
	quiet_until(k, 969);
	played(k, 1, 640);
	stop_tells(k, "one");
}

static void and_hold_in_time_after_it(void **state)
{
	struct kit *k = *state;

	held_behind_such_a_mark(k);
	quiet_until(k, 970);
	played(k, 1, 640);
	stop_tells(k, "one two");
}

/* Only an utterance's first mark teaches the way: later ones may be bunched. */
static void later_marks_teach_no_way(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	on_air_with_lag(k);
	quiet_until(k, 660);
	played(k, 1, 640); /* 20 */
	quiet_until(k, 3260);
	played(k, 1, 3200);
	u = on_air(k, ten);
	voice(k, 96);
	quiet_until(k, 349);
	played(k, u, 320);
	stop_tells(k, "");
}

/* Nor does a mark of one that is queued behind another. */
static void marks_behind_another_teach_no_way(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	on_air_with_lag(k);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	quiet_until(k, 3000);
	sent(k, 2);
	played(k, 2, 320);
	played(k, 1, 3200);
	quiet_until(k, 3300);
	u = on_air(k, ten);
	voice(k, 96);
	quiet_until(k, 340);
	played(k, u, 320);
	stop_tells(k, "");
}

static void a_mark_at_once_means_there_is_no_way(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = on_air(k, ten);
	quiet_until(k, 100);
	played(k, u, 320); /* sooner than it could be: an early carrier */
	hold_at(k, 300);
	quiet_until(k, 639);
	played(k, u, 640); /* 320 ms after the mark before: not before 420, and not before it was sent 640 ms ago */
	stop_tells(k, "one");
}

static void no_way_is_no_time(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	u = on_air(k, ten);
	quiet_until(k, 100);
	played(k, u, 320);
	hold_at(k, 300);
	quiet_until(k, 640);
	played(k, u, 640);
	stop_tells(k, "one two");
}

/* Two utterances at the carrier: the second one's marks wait for the first one's end. */
static void two_on_air(struct kit *k)
{
	on_air_with_lag(k);
	played(k, 1, 320);
	order(k, ORDER_SAY, ten);
	audio_all(k, 2);
	quiet_until(k, 2900);
	sent(k, 2);
	drop(k);
}

static void what_is_queued_behind_waits_for_the_end_before(void **state)
{
	struct kit *k = *state;

	two_on_air(k);
	hold_at(k, 3100);
	kit_until(k, k->zero_us + 3569000); /* the first one ends at 3250, one word of the second at 3570 */
	played(k, 2, 320);
	stop_tells(k, "");
}

static void and_may_be_in_time_for_that(void **state)
{
	struct kit *k = *state;

	two_on_air(k);
	hold_at(k, 3100);
	kit_until(k, k->zero_us + 3570000);
	played(k, 2, 320);
	stop_tells(k, "one");
}

/* The first one's end was told late: what is behind it began then. */
static void a_late_end_before_it_counts(void **state)
{
	struct kit *k = *state;

	two_on_air(k);
	hold_at(k, 3100);
	kit_until(k, k->zero_us + 3400000);
	played(k, 1, 3200);
	pass(k, 319);
	played(k, 2, 320);
	stop_tells(k, "");
}

static void and_counts_from_then_on(void **state)
{
	struct kit *k = *state;

	two_on_air(k);
	hold_at(k, 3100);
	kit_until(k, k->zero_us + 3250000);
	played(k, 1, 3200);
	pass(k, 320);
	played(k, 2, 320);
	stop_tells(k, "one");
}

static void a_second_clear_does_not_move_what_was_learnt(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	hold_at(k, 600);
	pass(k, 90);
	partial(k, "stop");
	assert_true(has(k, "~heard t0 i1 n1 \"one\""));
	drop(k);
	played(k, 1, 640);
	expect(k, "690 ~heard t0 i1 n1 \"one two\"");
}

/* ------------------------------------------------------------------ marks after a yield */

static void a_mark_on_its_way_at_the_yield_still_counts(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 640);
	partial(k, "stop");
	assert_true(has(k, "~heard t0 i1 n1 \"one\"\n"));
	drop(k);
	quiet_until(k, 689);
	played(k, 1, 640);
	expect_nothing(k);
	quiet_until(k, 690);
	played(k, 1, 640);
	expect(k, "690 ~heard t0 i1 n1 \"one two\"");
	pass(k, 60);
	played(k, 1, 700); /* in time, and no word more */
	expect_nothing(k);
	final(k, "stop it now");
	quiet_for(k, 640);
	expect_request(k, "agent: one two", "caller: stop it now");
}

static void the_last_mark_on_its_way_makes_it_whole(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 3240);
	on_air(k, "Is that right? ");
	quiet_until(k, 640);
	played(k, 2, 640);
	quiet_until(k, 960);
	drop(k);
	digit(k, '1');
	quiet_until(k, 1010);
	drop(k);
	played(k, 2, 960);
	expect(k, "1010 ~heard t0 i2 n1 \"Is that right? \"");
}

static void after_a_second_it_is_forgotten(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	partial(k, "stop");
	partial(k, "");
	drop(k);
	pass(k, 999);
	simple(k, IN_TIMER);
	played(k, 1, 640);
	assert_true(has(k, "\"one two\""));
	drop(k);
	pass(k, 1);
	simple(k, IN_TIMER);
	played(k, 1, 960);
	expect_nothing(k);
}

static void what_was_never_sent_is_forgotten_at_once(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	order(k, ORDER_SAY, ten);
	audio_all(k, 2);
	quiet_until(k, 3000);
	drop(k);
	partial(k, "stop");
	partial(k, "");
	expect(k, "3000 ~yield t0 i1 n0", "3000 hold", "3000 ~heard t0 i1 n1 \"one\"", "3000 unspeak u1", "3000 ~heard t0 i2 n1", "3000 unspeak u2");
	sent(k, 2);
	pass(k, 800);
	played(k, 2, 320);
	expect_nothing(k);
}

/* A history that forgets its beginning keeps what a mark on its way may still change. */
static void a_cut_utterance_is_not_forgotten_before_its_marks(void **state)
{
	struct kit *k = *state;
	int i, j;

	k->alone = true;
	on_air_with_lag(k);
	quiet_until(k, 640);
	digit(k, '#');
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 20; j++)
			order(k, ORDER_SAY, "tea");
		digit(k, '#');
		digit(k, '1');
		digit(k, '#');
	}
	pass(k, 50);
	drop(k);
	carrier(k, IN_PLAYED, 1, 2, 640 * 8);
	assert_true(has(k, "~heard t0 i1 n1 \"one two\""));
	digit(k, '1');
	digit(k, '#');
	assert_non_null(strstr(buf_str(&k->request), "agent: one two\ncaller: [keypad] 1\n"));
}

/* Every place is taken: the one that was cut first makes room. */
static void the_oldest_cut_makes_room(void **state)
{
	struct kit *k = *state;
	int i;

	on_air_with_lag(k);
	order(k, ORDER_SAY, ten);
	audio_all(k, 2);
	pass(k, 3000);
	played(k, 1, 3200); /* its place is free */
	sent(k, 2);
	pass(k, 400);
	played(k, 2, 320);
	partial(k, "stop"); /* 2 is cut */
	partial(k, "");
	order(k, ORDER_SAY, ten);
	audio_all(k, 3);
	sent(k, 3);
	pass(k, 400);
	played(k, 3, 320);
	partial(k, "stop"); /* 3 is cut, in the place of 1 */
	partial(k, "");
	for (i = 0; i < 23; i++)
		order(k, ORDER_SAY, "tea");
	drop(k);
	pass(k, 400);
	drop(k);
	carrier(k, IN_PLAYED, 2, 2, 640 * 8);
	expect_nothing(k);
	carrier(k, IN_PLAYED, 3, 2, 640 * 8);
	assert_true(has(k, "~heard t0 i3 n1 \"one two\""));
}

/* ------------------------------------------------------------------ making and its ceilings */

static void three_utterances_are_made_at_once(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	for (i = 0; i < 5; i++)
		order(k, ORDER_SAY, "tea");
	expect(k, "0 speak u1.1 \"tea\"", "0 speak u2.1 \"tea\"", "0 speak u3.1 \"tea\"");
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	played(k, 1, 320);
	expect(k, "0 ~heard t0 i1 n0 \"tea\"", "0 unspeak u1", "0 speak u4.1 \"tea\"");
}

static void how_many_is_a_setting(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.tts_ahead = 1;
	begin(k);
	for (i = 0; i < 5; i++)
		order(k, ORDER_SAY, "tea");
	assert_int_equal(times(k, "speak"), 2);
}

static void the_next_one_is_queued_when_all_of_this_one_is_there(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	drop(k);
	audio(k, 1, 320);
	expect(k, "0 play u1.2 from 0");
	audio_all(k, 1);
	expect(k, "0 play u2.2 from 0");
}

static void at_most_twenty_three_are_queued(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	for (i = 0; i < 25; i++)
		order(k, ORDER_SAY, "tea");
	voice(k, 64);
	final(k, "stop it");
	assert_int_equal(times(k, "~heard"), 23);
	assert_true(has(k, "~heard t0 i23"));
}

static void nothing_is_said_with_no_words(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "");
	expect_nothing(k);
}

/* Everything there is up to that utterance, each with its audio as soon as it is asked for. */
static void spoken_until(struct kit *k, uint32_t first, uint32_t last)
{
	uint32_t made = first;

	for (; first <= last && first <= k->last; first++) {
		for (; made <= k->last; made++)
			audio_all(k, made);
		sent(k, first);
		quiet_for(k, length_ms(k, first));
		played(k, first, length_ms(k, first));
	}
}

/* An answer of more sentences than there is room for goes on as there is. */
static void a_long_answer_waits_for_room(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	turn(k, "tell me a story");
	for (i = 0; i < 30; i++)
		text(k, "So it goes. ");
	spoken_until(k, 1, 2);
	for (i = 0; i < 7; i++)
		text(k, "So it went. ");
	done(k);
	spoken_until(k, 3, 37);
	assert_false(has(k, "failed") || has(k, "retry"));
	turn(k, "thank you so much");
	assert_int_equal(kit_count(&k->request, "So it goes."), 30);
	assert_int_equal(kit_count(&k->request, "So it went."), 7);
}

/* While the model still writes, places that become free are taken. */
static void an_answer_goes_on_as_there_is_room(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	turn(k, "tell me a story");
	for (i = 0; i < 26; i++)
		text(k, "So it goes. ");
	spoken_until(k, 1, 26);
	assert_int_equal(times(k, "~heard"), 26);
	assert_false(has(k, "failed") || has(k, "retry"));
}

/* ------------------------------------------------------------------ voices that fail */

static void test_P05_a_voice_that_dies_before_its_first_sound_is_asked_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	pass(k, 100);
	voice_dies(k, 1);
	expect(k, "100 ~retry t0 i1 n2", "100 unspeak u1", "100 speak u1.2 \"one two three four five six seven eight nine ten\"");
	audio_all(k, 1);
	expect(k, "100 play u1.3 from 0");
}

static void test_P05_in_the_middle_only_the_unheard_is_spoken_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 1000);
	sent(k, 1);
	zero(k);
	quiet_for(k, 320);
	voice_dies(k, 1);
	expect(k, "320 trim u1 at 7680", "320 ~retry t0 i1 n2", "320 speak u2.1 \"four five six seven eight nine ten\"");
	audio_all(k, 2);
	expect(k, "320 play u2.2 from 0");
	quiet_until(k, 960);
	played(k, 1, 960);
	expect(k, "960 ~heard t0 i1 n0 \"one two three\"", "960 unspeak u1");
	sent(k, 2);
	quiet_for(k, 2240);
	played(k, 2, 2240);
	expect(k, "3200 ~heard t0 i2 n0 \"four five six seven eight nine ten\"", "3200 unspeak u2");
	turn(k, "thank you so much");
	expect_request(k, "agent: one two three", "agent: four five six seven eight nine ten", "caller: thank you so much");
}

/* However much is queued, there is room for the rest of it. */
static void test_P05_in_a_full_queue_the_unheard_is_spoken_again(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	for (i = 0; i < 25; i++)
		order(k, ORDER_SAY, ten);
	audio(k, 1, 1000);
	sent(k, 1);
	zero(k);
	quiet_for(k, 320);
	voice_dies(k, 1);
	expect(k, "320 trim u1 at 7680", "320 ~retry t0 i1 n2", "320 speak u24.1 \"four five six seven eight nine ten\"");
	quiet_for(k, 32); /* and a call with a queue as full as this can be saved and loaded */
	audio(k, 24, 1000);
	sent(k, 24);
	drop(k);
	voice_dies(k, 24); /* there is no room any more: it waits for its turn */
	expect_nothing(k);
	played(k, 1, 960);
	drop(k);
	quiet_for(k, 2048);
	assert_true(has(k, "trim u24 at 7680"));
	assert_true(has(k, " \"seven eight nine ten\""));
}

static void test_P05_in_a_full_queue_a_new_worker_says_the_rest(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	for (i = 0; i < 25; i++)
		order(k, ORDER_SAY, ten);
	audio(k, 1, 2000);
	sent(k, 1);
	quiet_for(k, 1024);
	voice_dies(k, 1);
	played(k, 1, 700);
	drop(k);
	zero(k);
	simple(k, IN_ATTACHED);
	assert_true(has(k, "~heard t0 i1 n0 \"one two\""));
	assert_true(has(k, "speak u1.3 \"three four five six\""));
	assert_true(has(k, "speak u24.2 \"seven eight nine ten\""));
	drop(k);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, length_ms(k, 1));
	played(k, 1, length_ms(k, 1));
	assert_true(has(k, "~heard t0 i1 n0 \"three four five six\""));
}

/* The voice of what is next dies: its rest is made while there is still something to say. */
static void test_P05_the_rest_of_what_is_next_is_made_at_once(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, ten);
	audio(k, 2, 1000);
	sent(k, 2);
	drop(k);
	voice_dies(k, 2);
	expect(k, "0 trim u2 at 7680", "0 ~retry t0 i1 n2", "0 speak u3.1 \"four five six seven eight nine ten\"");
}

/* There are so many milliseconds of it, and the voice has told of the words up to there. */
static void told(struct kit *k, uint32_t utterance, unsigned int ms, unsigned int words_ms)
{
	struct call_input in = { .type = IN_SPEECH, .utterance = utterance, .take = k->said[utterance].synth, .position = ms * 8, .exact = true };

	kit_words(k->said[utterance].text, words_ms, &in);
	kit_step(k, &in);
}

/* A last word of one letter is a word, unlike a full stop. */
static void a_short_last_word_is_spoken_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "so can I");
	audio(k, 1, 700);
	sent(k, 1);
	told(k, 1, 700, 960);
	zero(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 5120", "0 ~retry t0 i1 n2", "0 speak u2.1 \"I\"");
}

/* A late step: no audio came, and nothing was sent of what there is. It is made anew, and not played before it is there. */
static void of_two_clocks_that_are_due_the_first_decides(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 320);
	zero(k);
	k->now_us += 2000000;
	simple(k, IN_TIMER);
	expect(k, "2000 ~retry t0 i1 n2", "2000 unspeak u1", "2000 speak u1.3 \"one two three four five six seven eight nine ten\"");
}

/* What is dropped takes its clocks along: a phrase of the same step gets its own. */
static void what_is_dropped_is_not_waited_for(void **state)
{
	struct kit *k = *state;

	k->settings.turn_heard = false; /* nobody hears these 1.5 s */
	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	order(k, ORDER_SAY, ten);
	final(k, "and some milk please");
	zero(k);
	k->now_us += 1500000;
	simple(k, IN_TIMER);
	expect(k,
		"1500 ~turn t2 i0 n1500000 \"and some milk please\"",
		"1500 ~heard t1 i1 n1",
		"1500 unspeak u1",
		"1500 speak u2.1 \"I am looking that up for you.\"");
}

/* Its news, its end and its failure were on their way when it was cut. */
static void what_was_cut_is_not_spoken_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	pass(k, 400);
	partial(k, "stop");
	drop(k);
	audio(k, 1, 1280);
	expect_nothing(k);
	voice_dies(k, 1);
	expect_nothing(k);
	audio_all(k, 1);
	expect_nothing(k);
}

/* As many words as a voice may tell of at once, and each of them counts. */
static void sixty_four_words_are_heard_one_by_one(void **state)
{
	struct kit *k = *state;
	char words[64 * 2 + 1];
	int i;

	for (i = 0; i < 64; i++)
		memcpy(words + 2 * i, i % 2 ? "b " : "a ", 3);
	words[127] = 0;
	begin(k);
	order(k, ORDER_SAY, words);
	audio(k, 1, 64 * WORD_MS);
	sent(k, 1);
	pass(k, 64 * WORD_MS);
	played(k, 1, 64 * WORD_MS);
	drop(k);
	partial(k, "stop");
	assert_true(has(k, words));
}

/* Nor is it over a second time when its end is told and all there was of it was played. */
static void what_was_cut_does_not_end_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	pass(k, 960);
	played(k, 1, 960);
	partial(k, "stop");
	drop(k);
	speech(k, 1, 960, SPEECH_DONE);
	expect_nothing(k);
}

/* The same words with better times. */
static void exact_times_replace_estimates(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	k->estimates = true;
	audio(k, 1, 1280);
	k->estimates = false;
	audio(k, 1, 1280);
	sent(k, 1);
	pass(k, 960);
	played(k, 1, 960);
	drop(k);
	partial(k, "stop");
	assert_true(has(k, "~heard t0 i1 n1 \"one two three\""));
}

/* All there is of it so far was played: the end of its last word is still an estimate. */
static void test_P04_estimates_keep_their_margin_where_the_audio_runs_dry(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	pass(k, 960);
	played(k, 1, 960);
	drop(k);
	partial(k, "stop");
	assert_true(has(k, "~heard t0 i1 n1 \"one two\""));
}

/* A voice that tells of words where there is no text any more leaves no rest. */
static void no_rest_is_no_utterance(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .position = 960 * 8, .word_count = 2, .exact = true };

	begin(k);
	order(k, ORDER_SAY, "one two");
	in.take = k->said[1].synth;
	in.words[0] = (struct speech_word){ 640 * 8, 500 };
	in.words[1] = (struct speech_word){ 1280 * 8, 500 };
	kit_step(k, &in);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 5120");
}

/* A snapshot may know of a clock for words that nobody says. */
static void a_clock_of_nothing_does_nothing(void **state)
{
	struct kit *k = *state;

	begin(k);
	k->call->timers[TIMER_VOICE] = k->call->wake_us = k->now_us + 100000;
	k->twin->timers[TIMER_VOICE] = k->twin->wake_us = k->now_us + 100000;
	k->now_us += 100000;
	simple(k, IN_TIMER);
	expect_nothing(k);
}

/* Marks of the second may come before those of the first: the first one's clocks do not start anew. */
static void the_end_of_a_later_one_does_not_put_off_the_first(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "one two");
	order(k, ORDER_SAY, "three");
	audio_all(k, 1);
	audio_all(k, 2);
	zero(k);
	pass(k, 200);
	sent(k, 2);
	played(k, 2, 320);
	expect(k, "200 ~heard t0 i2 n0 \"three\"", "200 unspeak u2");
	pass(k, 200);
	expect(k, "300 ~retry t0 i3 n2", "300 play u1.3 from 0");
}

static void test_P05_in_a_long_answer_the_unheard_is_spoken_again(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	turn(k, "tell me all about tea");
	for (i = 0; i < 30; i++)
		text(k, "One two three four five six. ");
	audio(k, 1, 1000);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	assert_true(has(k, "speak u23.1 \"four five six.\""));
	played(k, 1, 960);
	assert_true(has(k, "~heard t1 i1 n0 \"One two three\""));
}

/* An answer leaves room for a phrase as well, and both for what dies. */
static void a_phrase_finds_room_behind_a_long_answer(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	turn(k, "tell me all about tea");
	for (i = 0; i < 24; i++)
		text(k, "So it goes. ");
	order(k, ORDER_SAY, "tea");
	order(k, ORDER_SAY, "milk");
	spoken_until(k, 1, 25);
	assert_true(has(k, "speak u23.1 \"tea\""));
	assert_true(has(k, "speak u25.1 \"So it goes.\""));
	assert_false(has(k, "milk"));
}

static void test_P05_without_its_guard_the_rest_is_lost(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P05;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 7680");
	pass(k, 960);
	played(k, 1, 960);
	assert_true(has(k, "~heard t0 i1 n0"));
}

static void test_P05_without_its_guard_a_new_worker_says_no_rest(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P05;
	begin(k);
	on_air(k, ten);
	quiet_for(k, 1024);
	played(k, 1, 1000);
	drop(k);
	simple(k, IN_ATTACHED);
	assert_true(has(k, "~heard t0 i1 n0 \"one two three\""));
	assert_false(has(k, " speak u"));
}

/* Less than a word is there: with its guard all of it would be made anew. */
static void test_P05_without_its_guard_nothing_that_plays_is_made_again(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P05;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 160);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 1280");
}

static void test_P05_its_guard_is_about_what_plays(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P05;
	begin(k);
	order(k, ORDER_SAY, ten);
	drop(k);
	voice_dies(k, 1);
	assert_true(has(k, "~retry"));
}

/* It was to be played, but nothing is on the wire yet: all of it is made anew. */
static void a_voice_that_dies_before_sending_is_asked_for_all_of_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 ~retry t0 i1 n2", "0 unspeak u1", "0 speak u1.3 \"one two three four five six seven eight nine ten\"");
}

static void a_voice_that_dies_before_its_first_word_as_well(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 319);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 ~retry t0 i1 n2", "0 hold", "0 unspeak u1", "0 speak u1.3 \"one two three four five six seven eight nine ten\"");
}

static void a_voice_that_dies_while_it_waits_is_silent_about_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	audio(k, 2, 960);
	drop(k);
	voice_dies(k, 2);
	expect(k, "0 ~retry t0 i1 n2", "0 unspeak u2", "0 speak u2.2 \"one two three four five six seven eight nine ten\"");
}

static void a_voice_that_dies_at_its_end_is_done(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 3200);
	sent(k, 1);
	zero(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 25600");
	pass(k, 3200);
	played(k, 1, 3200);
	expect(k, "3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"", "3200 unspeak u1");
}

/* One character behind the last word is its full stop; two are a word that is missing. */
static void a_full_stop_behind_the_last_word_is_no_word(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 1, .position = 5120, .exact = true, .word_count = 2 };

	in.words[0] = (struct speech_word){ 2560, 3 };
	in.words[1] = (struct speech_word){ 5120, 7 };
	begin(k);
	order(k, ORDER_SAY, "one two .");
	kit_step(k, &in);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 5120");
}

static void two_characters_are(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 1, .position = 5120, .exact = true, .word_count = 2 };

	in.words[0] = (struct speech_word){ 2560, 3 };
	in.words[1] = (struct speech_word){ 5120, 7 };
	begin(k);
	order(k, ORDER_SAY, "one two I.");
	kit_step(k, &in);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 5120", "0 ~retry t0 i1 n2", "0 speak u2.1 \"I.\"");
}

/* More words are known than there is audio for. */
static void a_word_without_its_audio_is_spoken_again(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 1, .position = 5119, .exact = true, .word_count = 2 };

	in.words[0] = (struct speech_word){ 2560, 3 };
	in.words[1] = (struct speech_word){ 5120, 7 };
	begin(k);
	order(k, ORDER_SAY, "one two");
	kit_step(k, &in);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 2560", "0 ~retry t0 i1 n2", "0 speak u2.1 \"two\"");
}

static void a_voice_gets_three_attempts(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	order(k, ORDER_SAY, "tea");
	voice_dies(k, 1);
	voice_dies(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 ~failed t0 i1 n1", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

static void attempts_count_across_a_split(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	voice_dies(k, 1);
	audio(k, 2, 960);
	pass(k, 960);
	played(k, 1, 960);
	sent(k, 2);
	voice_dies(k, 2);
	zero(k);
	voice_dies(k, 3);
	expect_nothing(k);
}

static void an_answer_that_cannot_be_spoken_counts_as_none(void **state)
{
	struct kit *k = *state;

	k->settings.tts_attempts = 1;
	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	done(k);
	voice_dies(k, 1);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	zero(k);
	voice_dies(k, 2);
	expect(k,
		"0 ~failed t2 i1 n2",
		"0 ~heard t2 i2 n1",
		"0 unspeak u2",
		"0 ~ending t2 i6 n0",
		"0 cancel g2",
		"0 ~ended t2 i6 n0",
		"0 hangup failed");
}

static void another_phrase_that_cannot_be_spoken_does_not(void **state)
{
	struct kit *k = *state;
	uint32_t i;

	k->settings.tts_attempts = 1;
	begin(k);
	for (i = 1; i < 4; i++) {
		order(k, ORDER_SAY, "tea");
		voice_dies(k, i);
	}
	assert_int_equal(times(k, "~failed t0 i1"), 3);
	assert_false(has(k, "hangup"));
}

static const char disclosure[] = "one two three four five six seven eight";

static void discloses(struct kit *k)
{
	strcpy(k->brief.greeting, disclosure);
	k->brief.greeting_whole = true;
	k->settings.tts_attempts = 1;
	kit_open(k);
	simple(k, IN_PREPARE);
	simple(k, IN_START);
	zero(k);
}

/* Words, a stop word and a key over it: it is not even held, and what was said is answered behind it. */
static void a_disclosure_that_is_interrupted_is_said_to_its_end(void **state)
{
	static const char *const over[] = { "stop", "what do you want from me", "I want to talk to somebody now" };
	struct kit *k = *state;
	unsigned int i;

	discloses(k);
	audio_all(k, 1);
	sent(k, 1);
	for (i = 0; i < 3; i++) {
		voice(k, 640);
		final(k, over[i]);
		digit(k, '1');
		quiet_for(k, 96);
	}
	assert_false(has(k, "hold"));
	assert_false(has(k, "~yield"));
	assert_false(has(k, "ask g"));
	played(k, 1, 8 * WORD_MS);
	quiet_for(k, 4800);
	assert_true(has(k, "ask g1"));
	assert_true(!strncmp(buf_str(&k->request), "agent: one two three four five six seven eight\n", 47));
}

/* No voice could say its rest: that is said again before anything else, and a call in which it cannot be said ends. */
static void a_disclosure_that_no_voice_could_say_is_owed(void **state)
{
	struct kit *k = *state;

	discloses(k);
	voice_dies(k, 1);
	assert_int_equal(times(k, "speak u1"), 2);
	audio(k, 1, 960);
	sent(k, 1);
	pass(k, 960);
	played(k, 1, 960);
	drop(k);
	voice_dies(k, 1); /* its rest is an utterance of its own, as often as any */
	assert_true(has(k, "speak u2.1 \"four five six seven eight\""));
	voice_dies(k, 2);
	assert_true(has(k, "hangup failed"));
	assert_false(has(k, "ask g"));
}

static void by_the_rules_of_before_it_was_left_out(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	discloses(k);
	voice_dies(k, 1);
	assert_int_equal(times(k, "speak u1"), 1);
	assert_false(has(k, "hangup"));
}

/* The agent has pressed 1 2 #: tones are made of them, nothing is asked of anybody, and their first frame is out. */
static void presses(struct kit *k)
{
	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "send_digits", .changes = true, .keys = true };
	begin(k);
	turn(k, "for sales press one");
	use(k, "send_digits", "{\"digits\":\"12#\"}");
	zero(k);
	done(k);
	assert_true(has(k, "speak u1.1 \"12#\""));
	assert_false(has(k, " tool 1.0"));
	audio_all(k, 1);
	sent(k, 1);
}

/* A menu that goes on talking does not keep them from being sent; the model is asked when they were heard. */
static void keys_are_sent_over_whoever_talks(void **state)
{
	struct kit *k = *state;
	size_t asked;

	presses(k);
	asked = k->ask_count;
	voice(k, 320);
	assert_false(has(k, "hold"));
	assert_int_equal(k->ask_count, asked);
	played(k, 1, WORD_MS);
	quiet_for(k, 960);
	assert_int_equal(k->ask_count, asked + 1);
	expect_request(k, "caller: for sales press one", "use 1.0 send_digits: {\"digits\":\"12#\"}", "result 1.0: sent");
}

/* Whoever counts them must not get some twice. */
static void keys_are_not_sent_again_by_another_worker(void **state)
{
	struct kit *k = *state;

	presses(k);
	drop(k);
	simple(k, IN_ATTACHED);
	assert_false(has(k, " speak u"));
	assert_false(has(k, " tool 1.0"));
	expect_request(k, "caller: for sales press one", "use 1.0 send_digits: {\"digits\":\"12#\"}",
		"result 1.0 unknown: interrupted: some of the keys may have been heard, or none");
}

/* The agent says that he hands the call over, and asks for it in the same answer. */
static void announces(struct kit *k)
{
	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "transfer", .changes = true, .moves = true, .timeout_ms = 30000 };
	begin(k);
	turn(k, "a person please");
	text(k, "I will put you through now.");
	use(k, "transfer", "{\"target\":\"desk\"}");
	zero(k);
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	assert_false(has(k, " tool 1.0"));
	assert_false(call_moves(k->call));
}

/* Whoever is taken away hears no more: not before the last word was heard. */
static void a_transfer_is_asked_for_behind_the_announcement(void **state)
{
	struct kit *k = *state;

	announces(k);
	quiet_for(k, 320);
	assert_false(has(k, " tool 1.0"));
	played(k, 1, length_ms(k, 1));
	assert_true(has(k, " snapshot"));
	assert_true(has(k, " tool 1.0"));
	assert_true(call_moves(k->call));
	drop(k);
	result(k, 1, 0, TOOL_ERROR, "nobody answered");
	assert_false(call_moves(k->call));
}

static void another_worker_asks_for_a_transfer_again(void **state)
{
	struct kit *k = *state;

	announces(k);
	played(k, 1, length_ms(k, 1));
	drop(k);
	simple(k, IN_MEDIA_LOST);
	simple(k, IN_ATTACHED);
	assert_true(has(k, " tool 1.0"));
	assert_true(call_moves(k->call));
}

static void what_are_no_keys_is_not_sent(void **state)
{
	static const char *const args[] = { "{}", "{\"digits\":\"\"}", "{\"digits\":\"1a\"}", "{\"digits\":7}", "[\"digits\"]", "{\"digits\":\"1\"", "",
		"{\"digits\":\"123456789012345678901234567890123\"}" };
	struct kit *k = *state;
	unsigned int i;

	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "send_digits", .changes = true, .keys = true };
	begin(k);
	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		turn(k, "for sales press one");
		use(k, "send_digits", args[i]);
		done(k);
		assert_non_null(strstr(buf_str(&k->request), "nothing was sent"));
	}
	assert_false(has(k, " speak u"));
}

static void a_voice_that_gives_up_in_the_middle_is_cleared(void **state)
{
	struct kit *k = *state;

	k->settings.tts_attempts = 1;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 319);
	sent(k, 1);
	drop(k);
	voice_dies(k, 1);
	expect(k, "0 ~failed t0 i1 n1", "0 hold", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

static void while_held_there_is_nothing_to_clear(void **state)
{
	struct kit *k = *state;

	k->settings.tts_attempts = 1;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 319);
	sent(k, 1);
	voice(k, 96);
	zero(k);
	voice_dies(k, 1);
	expect(k, "0 ~failed t0 i1 n1", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

/* The one behind stays held with the caller's voice. */
static void when_the_held_one_is_given_up_the_next_is_held(void **state)
{
	struct kit *k = *state;

	k->settings.tts_attempts = 1;
	begin(k);
	order(k, ORDER_SAY, ten);
	order(k, ORDER_SAY, "tea");
	audio(k, 1, 319);
	audio_all(k, 2);
	sent(k, 1);
	voice(k, 96);
	quiet_for(k, 288); /* the burst is over */
	voice_dies(k, 1);
	drop(k);
	quiet_for(k, 192);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "596 ~resume t0 i2 n0", "596 play u2.2 from 0");
}

/* All words there is audio for were heard when it died. */
static void what_was_heard_before_the_voice_died_is_over(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	zero(k);
	pass(k, 700);
	played(k, 1, 700);
	pass(k, 260);
	played(k, 1, 960);
	expect_nothing(k);
	voice_dies(k, 1);
	expect(k,
		"960 trim u1 at 7680",
		"960 ~retry t0 i1 n2",
		"960 ~heard t0 i1 n0 \"one two three\"",
		"960 unspeak u1",
		"960 speak u2.1 \"four five six seven eight nine ten\"");
}

/* The same, and only its end was missing. */
static void what_was_heard_to_its_last_word_is_over_when_the_voice_dies(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "tea");
	audio(k, 1, 320);
	sent(k, 1);
	zero(k);
	pass(k, 320);
	played(k, 1, 320);
	expect_nothing(k);
	voice_dies(k, 1);
	expect(k, "320 trim u1 at 2560", "320 ~heard t0 i1 n0 \"tea\"", "320 unspeak u1");
}

/* A clear for one that failed clears those before it as well: they play again from where they were heard. */
static void what_is_cleared_along_plays_again(void **state)
{
	struct kit *k = *state;

	k->settings.tts_attempts = 3;
	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, ten);
	audio(k, 2, 319);
	sent(k, 2);
	quiet_for(k, 704);
	played(k, 1, 700);
	zero(k);
	voice_dies(k, 2);
	expect(k,
		"0 ~retry t0 i1 n2",
		"0 hold",
		"0 play u1.3 from 5120",
		"0 unspeak u2",
		"0 speak u2.3 \"one two three four five six seven eight nine ten\"");
}

static void a_late_order_to_send_moves_no_cut_utterance(void **state)
{
	struct kit *k = *state;

	on_air_with_lag(k);
	quiet_until(k, 640);
	partial(k, "stop");
	partial(k, "");
	drop(k);
	quiet_until(k, 690);
	carrier(k, IN_SENT, 1, 2, 0);
	played(k, 1, 640);
	expect(k, "690 ~heard t0 i1 n1 \"one two\"");
}

static void estimates_are_trusted_less_the_longer_it_goes_on(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	on_air(k, ten);
	carrier(k, IN_PLAYED, 1, 2, 2520 * 8 - 1); /* the seventh word ends at 2240, an eighth of that later it is sure */
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two three four five six\"", "0 unspeak u1");
}

static void and_just_then(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	on_air(k, ten);
	played(k, 1, 2520);
	partial(k, "stop");
	expect(k, "0 ~yield t0 i1 n0", "0 hold", "0 ~heard t0 i1 n1 \"one two three four five six seven\"", "0 unspeak u1");
}

/* A voice that estimates and dies: what is surely there is kept, the rest is said again. */
static void a_split_at_an_estimate_keeps_the_sure_words(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 1200);
	sent(k, 1);
	zero(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 9280", "0 ~retry t0 i1 n2", "0 speak u2.1 \"four five six seven eight nine ten\"");
}

static void a_voice_that_forgets_its_end_is_believed_more(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	order(k, ORDER_SAY, "one two three");
	audio(k, 1, 960);
	sent(k, 1);
	zero(k);
	quiet_until(k, 1760);
	expect(k, "1760 trim u1 at 7680");
}

static void than_one_that_dies(void **state)
{
	struct kit *k = *state;

	k->estimates = true;
	begin(k);
	order(k, ORDER_SAY, "one two three");
	audio(k, 1, 960);
	sent(k, 1);
	zero(k);
	voice_dies(k, 1);
	expect(k, "0 trim u1 at 6720", "0 ~retry t0 i1 n2", "0 speak u2.1 \"three\"");
}

static void news_of_other_takes_are_not_listened_to(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 2, .position = 5120, .kind = SPEECH_DONE };
	struct call_input other = { .type = IN_SPEECH, .utterance = 2, .take = 1, .position = 5120, .kind = SPEECH_DONE };
	struct call_input death = { .type = IN_SPEECH_FAILED, .utterance = 1, .take = 2 };

	begin(k);
	order(k, ORDER_SAY, ten);
	drop(k);
	kit_step(k, &in);
	kit_step(k, &other);
	kit_step(k, &death);
	expect_nothing(k);
}

static void after_its_end_a_voice_says_nothing_more(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	audio(k, 1, 9600);
	voice_dies(k, 1);
	expect_nothing(k);
	pass(k, 3200);
	played(k, 1, 3200);
	assert_true(has(k, "~heard t0 i1 n0"));
}

static void a_cut_utterance_takes_no_news(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	partial(k, "stop");
	drop(k);
	audio_all(k, 1);
	voice_dies(k, 1);
	sent(k, 1);
	expect_nothing(k);
}

static void audio_that_shrinks_is_not_believed(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 1920);
	sent(k, 1);
	audio(k, 1, 640);
	pass(k, 1000);
	played(k, 1, 1920);
	drop(k);
	partial(k, "stop");
	expect(k, "1000 ~yield t0 i1 n0", "1000 hold", "1000 ~heard t0 i1 n1 \"one two three four five six\"", "1000 unspeak u1");
}

static void more_samples_than_can_be_are_not_believed(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 1, .position = (1ull << 32) + 100 };
	struct call_input at = { .type = IN_SENT, .utterance = 1, .take = 2, .position = 1ull << 32 };

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	kit_step(k, &in);
	expect_nothing(k);
	in.position = UINT32_MAX;
	kit_step(k, &in);
	expect(k, "0 play u1.2 from 0");
	kit_step(k, &at);
	quiet_until(k, 300);
	assert_true(has(k, "300 ~retry t0 i3 n2"));
}

static void the_end_of_nothing_is_a_failure(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	drop(k);
	speech(k, 1, 0, SPEECH_DONE);
	expect(k, "0 ~retry t0 i1 n2", "0 unspeak u1", "0 speak u1.2 \"one two three four five six seven eight nine ten\"");
}

static void test_P04_of_nothing_nothing_was_heard(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	speech(k, 1, 0, SPEECH_DONE);
	speech(k, 1, 0, SPEECH_DONE);
	drop(k);
	speech(k, 1, 0, SPEECH_DONE);
	expect(k, "0 ~failed t0 i1 n1", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

/* All that there was had been played when its end was told. */
static void an_end_told_late_is_the_end(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "tea");
	audio(k, 1, 320);
	sent(k, 1);
	zero(k);
	pass(k, 320);
	played(k, 1, 320);
	expect_nothing(k);
	audio_all(k, 1);
	expect(k, "320 ~heard t0 i1 n0 \"tea\"", "320 unspeak u1");
}

/* ------------------------------------------------------------------ deadlines */

static void test_P13_no_first_audio_is_a_failure(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	quiet_until(k, 999);
	expect_nothing(k);
	quiet_until(k, 1000);
	expect(k, "1000 ~retry t0 i1 n2", "1000 unspeak u1", "1000 speak u1.2 \"one two three four five six seven eight nine ten\"");
	quiet_until(k, 1999);
	expect_nothing(k);
	quiet_until(k, 3000);
	expect(k,
		"2000 ~retry t0 i1 n3",
		"2000 unspeak u1",
		"2000 speak u1.3 \"one two three four five six seven eight nine ten\"",
		"3000 ~failed t0 i1 n1",
		"3000 ~heard t0 i1 n1",
		"3000 unspeak u1");
}

static void test_P13_without_its_guard_it_waits_for_ever(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P13;
	begin(k);
	order(k, ORDER_SAY, ten);
	drop(k);
	quiet_for(k, 9600);
	expect_nothing(k);
}

static void test_P13_audio_that_stops_is_a_failure_once_it_is_played(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 1280);
	sent(k, 1);
	zero(k);
	quiet_until(k, 2079);
	expect_nothing(k);
	quiet_until(k, 2080);
	expect(k, "2080 trim u1 at 10240", "2080 ~retry t0 i1 n2", "2080 speak u2.1 \"five six seven eight nine ten\"");
}

/* Some voices tell the times of all words before their sound. */
static void words_before_their_sound(struct kit *k, unsigned int ms)
{
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = k->said[1].synth, .position = ms * 8, .exact = !k->estimates };

	kit_words(k->said[1].text, UINT_MAX, &in);
	kit_step(k, &in);
}

static void test_P05_words_whose_sound_never_came_are_said_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	words_before_their_sound(k, 1280);
	sent(k, 1);
	zero(k);
	quiet_until(k, 2079);
	expect_nothing(k);
	quiet_until(k, 2080);
	expect(k, "2080 trim u1 at 10240", "2080 ~retry t0 i1 n2", "2080 speak u2.1 \"five six seven eight nine ten\"");
}

/* Its own times may be a little beyond its sound: it has only forgotten to tell its end. */
static void a_voice_that_forgets_its_end_is_believed(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	words_before_their_sound(k, 3100);
	sent(k, 1);
	zero(k);
	quiet_until(k, 3900);
	assert_true(has(k, "trim u1 at 24800"));
	assert_false(has(k, "speak"));
}

static void before_rule_4_words_count_without_their_sound(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	begin(k);
	order(k, ORDER_SAY, ten);
	words_before_their_sound(k, 1280);
	sent(k, 1);
	zero(k);
	quiet_until(k, 2080);
	expect(k, "2080 trim u1 at 10240");
}

static void audio_that_stops_after_it_ran_dry_has_its_gap(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 320);
	sent(k, 1);
	zero(k);
	quiet_until(k, 600);
	audio(k, 1, 640);
	carrier(k, IN_SENT, 1, 2, 320 * 8);
	quiet_until(k, 1719);
	expect_nothing(k);
	quiet_until(k, 1720);
	assert_true(has(k, "1720 ~retry t0 i1 n2"));
}

/* News without any more audio puts nothing off. */
static void test_P13_a_voice_that_repeats_itself_has_stopped(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 960);
	sent(k, 1);
	zero(k);
	quiet_for(k, 1504);
	played(k, 1, 960);
	audio(k, 1, 960);
	drop(k);
	quiet_until(k, 1759);
	expect_nothing(k);
	quiet_until(k, 1760);
	assert_true(has(k, "1760 ~retry t0 i1 n2"));
}

static void audio_that_stops_before_it_is_sent_has_its_gap(void **state)
{
	struct kit *k = *state;

	k->settings.play_start_ms = 5000;
	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	pass(k, 500);
	audio(k, 1, 320);
	drop(k);
	quiet_until(k, 1299);
	expect_nothing(k);
	quiet_until(k, 1300);
	expect(k, "1300 ~retry t0 i1 n2", "1300 unspeak u1", "1300 speak u1.3 \"one two three four five six seven eight nine ten\"");
}

static void sending_that_is_behind_its_audio_is_dry_at_once(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio(k, 1, 320);
	zero(k);
	pass(k, 100);
	carrier(k, IN_SENT, 1, 2, 400 * 8); /* beyond what there is */
	quiet_until(k, 899);
	expect_nothing(k);
	quiet_until(k, 900);
	assert_true(has(k, "900 ~retry t0 i1 n2"));
}

static void test_P13_nothing_on_the_wire_is_ordered_again_and_given_up(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	audio_all(k, 1);
	expect(k, "0 play u1.2 from 0");
	quiet_until(k, 299);
	expect_nothing(k);
	quiet_until(k, 300);
	expect(k, "300 ~retry t0 i3 n2", "300 play u1.3 from 0");
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~failed t0 i3 n1", "600 ~heard t0 i1 n1", "600 unspeak u1");
}

/* It was ordered again; that the first order's frame went out after all says nothing of the second's. */
static void test_P13_a_frame_of_an_earlier_order_does_not_count(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	zero(k);
	audio_all(k, 1);
	quiet_until(k, 300);
	drop(k);
	carrier(k, IN_SENT, 1, 2, 0);
	quiet_until(k, 600);
	expect(k, "600 ~failed t0 i3 n1", "600 ~heard t0 i1 n1", "600 unspeak u1");
}

static void once_sent_the_tries_count_anew(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	audio_all(k, 1);
	pass(k, 300);
	sent(k, 1);
	voice(k, 96);
	quiet_for(k, 512);
	assert_true(has(k, "~resume"));
	zero(k);
	pass(k, 300);
	assert_true(has(k, "~retry t0 i3 n2"));
}

static void test_P13_a_mark_that_never_comes_is_not_waited_for(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	played(k, 1, 960);
	drop(k);
	quiet_until(k, 5199);
	expect_nothing(k);
	quiet_until(k, 5200);
	expect(k, "5200 ~heard t0 i1 n1 \"one two three\"", "5200 unspeak u1", "5200 ~retry t0 i3 n2", "5200 play u2.3 from 0");
}

static void a_mark_is_waited_for_from_where_sending_began_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	quiet_until(k, 1000);
	carrier(k, IN_SENT, 1, 2, 640 * 8);
	quiet_until(k, 5559);
	expect_nothing(k);
	quiet_until(k, 5560);
	expect(k, "5560 ~heard t0 i1 n1", "5560 unspeak u1");
}

static void while_held_no_mark_is_waited_for(void **state)
{
	struct kit *k = *state;

	k->settings.barge_resume_ms = 5000;
	k->settings.barge_yield_ms = 10000;
	k->settings.play_mark_ms = 200;
	begin(k);
	on_air(k, "tea");
	voice(k, 96);
	drop(k);
	quiet_for(k, 1600);
	expect_nothing(k);
}

/* The next one had its order long before it was its turn: its time to begin counts from there. */
static void the_next_one_begins_when_the_one_before_is_played(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	quiet_until(k, 3200);
	drop(k);
	played(k, 1, 3200);
	drop(k);
	quiet_until(k, 3499);
	expect_nothing(k);
	quiet_until(k, 3500);
	expect(k, "3500 ~retry t0 i3 n2", "3500 play u2.3 from 0");
}

static void without_media_no_deadline_counts(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	simple(k, IN_MEDIA_LOST);
	drop(k);
	pass(k, 14000);
	expect_nothing(k);
}

static void without_media_nothing_is_played(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, ten);
	simple(k, IN_MEDIA_LOST);
	drop(k);
	audio_all(k, 1);
	expect_nothing(k);
}

static void the_next_one_is_looked_at_when_it_is_its_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea");
	drop(k);
	quiet_for(k, 3200);
	expect_nothing(k); /* no audio of it for three seconds */
	played(k, 1, 3200);
	expect(k, "3200 ~heard t0 i1 n0 \"one two three four five six seven eight nine ten\"", "3200 unspeak u1");
	quiet_for(k, 32);
	expect(k, "3200 ~retry t0 i1 n2", "3200 unspeak u2", "3200 speak u2.2 \"tea\"");
}

static void nothing_is_played_before_the_answer(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, "Hello");
	kit_open(k);
	simple(k, IN_PREPARE);
	audio_all(k, 1);
	assert_false(has(k, "play"));
	pass(k, 5000);
	drop(k);
	simple(k, IN_START);
	expect(k, "5000 play u1.2 from 0");
}

/* ------------------------------------------------------------------ left to say */

/* One word yields when at most 700 ms are left, as far as known; text counts a second for fourteen characters. */
static void left_is(struct kit *k, const char *say, unsigned int made, bool yields)
{
	begin(k);
	order(k, ORDER_SAY, say);
	audio(k, 1, made);
	sent(k, 1);
	drop(k);
	partial(k, "tea");
	assert_int_equal(has(k, "~yield"), yields);
}

static void nine_characters_are_near_the_end(void **state)
{
	left_is(*state, "one two t", 100, true);
}

static void ten_are_not(void **state)
{
	left_is(*state, "one two th", 100, false);
}

static void audio_counts_where_it_is_longer_than_the_guess(void **state)
{
	left_is(*state, "one", 701, false);
}

static void audio_is_near_its_end_as_well(void **state)
{
	left_is(*state, "one", 700, true);
}

static void everything_queued_is_left(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, "one");
	order(k, ORDER_SAY, "two");
	audio_all(k, 2);
	order(k, ORDER_SAY, "three");
	drop(k);
	partial(k, "tea");
	expect_nothing(k);
}

static void more_of_an_answer_is_left_while_the_model_writes(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	partial(k, "tea");
	expect_nothing(k);
	done(k);
	partial(k, "biscuits");
	assert_true(has(k, "~yield"));
}

static void more_is_left_while_another_attempt_goes_on(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	failed(k);
	assert_true(has(k, "continue"));
	drop(k);
	partial(k, "tea");
	expect_nothing(k);
}

static void what_was_resumed_counts_from_its_place(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	played(k, 1, 2560);
	voice(k, 96);
	quiet_for(k, 512);
	sent(k, 1);
	quiet_for(k, 256);
	drop(k);
	partial(k, "tea"); /* 640 ms are left */
	assert_true(has(k, "~yield"));
}

/* ------------------------------------------------------------------ another worker takes over */

static void what_was_not_heard_is_made_anew(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	order(k, ORDER_SAY, "tea");
	audio_all(k, 2);
	quiet_for(k, 1024);
	played(k, 1, 1000);
	zero(k);
	simple(k, IN_MEDIA_LOST);
	expect_nothing(k);
	simple(k, IN_ATTACHED);
	expect(k,
		"0 listen s2 from 0",
		"0 trim u1 at 7680",
		"0 ~retry t0 i1 n2",
		"0 ~heard t0 i1 n0 \"one two three\"",
		"0 unspeak u1",
		"0 unspeak u2",
		"0 speak u3.1 \"four five six seven eight nine ten\"",
		"0 speak u2.3 \"tea\"");
	audio_all(k, 3);
	sent(k, 3);
	asked_after_a_stop(k);
	expect_request(k, "agent: one two three", "caller: stop it now");
}

static void what_was_heard_whole_is_over(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_SPEECH, .utterance = 1, .take = 1, .position = 2560, .exact = true, .word_count = 1 };

	in.words[0] = (struct speech_word){ 2560, 3 };
	begin(k);
	order(k, ORDER_SAY, "one ");
	kit_step(k, &in);
	sent(k, 1);
	pass(k, 320);
	played(k, 1, 320);
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 0", "0 ~heard t0 i1 n0 \"one \"", "0 unspeak u1");
}

static void what_was_held_begins_anew(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	voice(k, 96);
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 0", "0 unspeak u1", "0 speak u1.3 \"one two three four five six seven eight nine ten\"");
	quiet_for(k, 640);
	expect_nothing(k);
	audio_all(k, 1);
	expect(k, "640 play u1.4 from 0");
}

/* ------------------------------------------------------------------ latency */

static void the_parts_of_a_turn_sum_to_its_total(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	quiet_for(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 256);
	zero(k);
	quiet_until(k, 124);
	text(k, "Sure");
	quiet_until(k, 144);
	text(k, ". ");
	quiet_until(k, 174);
	audio_all(k, 1);
	quiet_until(k, 214);
	sent(k, 1);
	drop(k);
	quiet_until(k, 524);
	played(k, 1, 0);
	expect_nothing(k);
	played(k, 1, 160);
	expect(k, "524 ~latency t1 i0 n1100000 parts 600 0 100 20 30 40 310");
	played(k, 1, 320);
	assert_false(has(k, "~latency"));
}

static void what_was_ready_before_the_turns_end_adds_nothing(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	caller_says(k, "I want some tea");
	zero(k);
	quiet_until(k, 200);
	text(k, "Sure. ");
	quiet_until(k, 300);
	audio_all(k, 1);
	quiet_until(k, 600);
	drop(k);
	pass(k, 20);
	sent(k, 1);
	pass(k, 300);
	played(k, 1, 160);
	expect(k, "920 ~latency t1 i0 n920000 parts 600 0 0 0 0 20 300");
}

static void a_late_transcript_is_a_part(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 1300);
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	pass(k, 100);
	drop(k);
	played(k, 1, 100);
	expect(k, "1400 ~latency t1 i0 n1400000 parts 600 700 0 0 0 0 100");
}

/* In a call of before it is told as a long silence. */
static void a_late_transcript_once_was_no_part(void **state)
{
	struct kit *k = *state;

	k->settings.turn_late_apart = false;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 1300);
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	pass(k, 100);
	drop(k);
	played(k, 1, 100);
	expect(k, "1400 ~latency t1 i0 n1400000 parts 1300 0 0 0 0 0 100");
}

/* The final that comes late is what was waited for, to the moment. */
static void a_transcript_that_comes_late_is_a_part(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 900);
	final(k, "I want some tea");
	pass(k, 1);
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	pass(k, 99);
	drop(k);
	played(k, 1, 100);
	assert_true(has(k, "parts 600 300 "));
}

static void a_turn_that_replaces_another_is_measured_by_its_own_answer(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	final(k, "or rather coffee");
	quiet_for(k, 672);
	text(k, "Sure. ");
	quiet_for(k, 32);
	audio_all(k, 2);
	quiet_for(k, 32);
	sent(k, 2);
	quiet_for(k, 320);
	drop(k);
	played(k, 2, 320);
	expect(k, "2016 ~latency t2 i0 n1056000 parts 600 0 72 0 32 32 320", "2016 ~heard t2 i2 n0 \"Sure.\"", "2016 unspeak u2");
}

static void a_filler_is_no_part_of_the_answer(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	quiet_for(k, 1216);
	spoken(k, 1);
	text(k, "Sure. ");
	done(k);
	quiet_for(k, 64);
	audio_all(k, 2);
	quiet_for(k, 32);
	sent(k, 2);
	quiet_for(k, 320);
	drop(k);
	played(k, 2, 320);
	expect(k, "3552 ~latency t1 i0 n3232000 parts 600 0 2216 0 64 32 320", "3552 ~heard t1 i2 n0 \"Sure.\"", "3552 unspeak u2");
}

static void each_turn_is_measured_once(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	begin(k);
	for (i = 1; i < 4; i++) {
		turn(k, "I want some tea");
		text(k, "Sure. One two three. ");
		done(k);
		zero(k);
		spoken(k, 2 * i - 1);
		assert_int_equal(times(k, "~latency"), 1);
		spoken(k, 2 * i);
		assert_int_equal(times(k, "~latency"), 1);
	}
}

static void other_words_than_answers_are_not_measured(void **state)
{
	struct kit *k = *state;

	begin(k);
	spoken(k, on_air(k, "one two"));
	assert_false(has(k, "~latency"));
	turn(k, "I want some tea");
	spoken(k, (order(k, ORDER_SAY, "one two"), k->last));
	assert_false(has(k, "~latency"));
	text(k, "Sure. ");
	done(k);
	zero(k);
	spoken(k, k->last);
	assert_int_equal(times(k, "~latency"), 1);
}

/* The words of this turn came before the turn before was over: speech ended when they came. */
static void without_voice_the_words_are_the_end_of_speech(void **state)
{
	struct kit *k = *state;

	begin(k);
	final(k, "I want some tea");
	quiet_until(k, 640);
	text(k, "Sure. ");
	audio_all(k, 1);
	sent(k, 1);
	pass(k, 100);
	drop(k);
	played(k, 1, 100);
	expect(k, "740 ~latency t1 i0 n740000 parts 600 0 40 0 0 0 100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_P04_history_holds_the_words_that_were_played),
		KIT_TEST(test_P04_a_word_counts_from_its_last_sample),
		KIT_TEST(test_P04_at_every_frame_it_is_the_words_played_and_never_more),
		KIT_TEST(test_P04_estimates_count_later),
		KIT_TEST(test_P04_estimates_count_at_their_margin),
		KIT_TEST(test_P04_estimates_at_the_end_need_no_margin),
		KIT_TEST(test_P04_without_its_guard_all_of_it_stands_there),
		KIT_TEST(what_was_played_to_its_end_is_heard_whole),
		KIT_TEST(marks_beyond_the_audio_count_as_its_end),
		KIT_TEST(a_mark_behind_an_earlier_one_takes_nothing_back),
		KIT_TEST(marks_of_other_takes_and_utterances_do_not_count),
		KIT_TEST(a_mark_before_anything_was_sent_does_not_count),
		KIT_TEST(a_mark_where_the_take_began_says_nothing),
		KIT_TEST(a_mark_that_comes_too_soon_after_a_clear_was_not_played),
		KIT_TEST(a_mark_that_comes_in_its_time_was),
		KIT_TEST(without_any_mark_before_a_clear_none_counts_after_it),
		KIT_TEST(marks_are_judged_from_the_last_one),
		KIT_TEST(marks_in_time_after_the_last_one_hold),
		KIT_TEST(marks_are_judged_from_where_sending_began_again),
		KIT_TEST(and_hold_from_there),
		KIT_TEST(the_shortest_way_seen_is_kept),
		KIT_TEST(test_P04_a_mark_of_what_was_sent_before_the_voice_ran_dry_teaches_no_way),
		KIT_TEST(nor_does_one_of_its_last_sample),
		KIT_TEST(marks_are_judged_from_one_that_teaches_no_way),
		KIT_TEST(and_hold_in_time_after_it),
		KIT_TEST(later_marks_teach_no_way),
		KIT_TEST(marks_behind_another_teach_no_way),
		KIT_TEST(a_mark_at_once_means_there_is_no_way),
		KIT_TEST(no_way_is_no_time),
		KIT_TEST(what_is_queued_behind_waits_for_the_end_before),
		KIT_TEST(and_may_be_in_time_for_that),
		KIT_TEST(a_late_end_before_it_counts),
		KIT_TEST(and_counts_from_then_on),
		KIT_TEST(a_second_clear_does_not_move_what_was_learnt),
		KIT_TEST(a_mark_on_its_way_at_the_yield_still_counts),
		KIT_TEST(the_last_mark_on_its_way_makes_it_whole),
		KIT_TEST(after_a_second_it_is_forgotten),
		KIT_TEST(what_was_never_sent_is_forgotten_at_once),
		KIT_TEST(a_cut_utterance_is_not_forgotten_before_its_marks),
		KIT_TEST(the_oldest_cut_makes_room),
		KIT_TEST(three_utterances_are_made_at_once),
		KIT_TEST(how_many_is_a_setting),
		KIT_TEST(the_next_one_is_queued_when_all_of_this_one_is_there),
		KIT_TEST(at_most_twenty_three_are_queued),
		KIT_TEST(nothing_is_said_with_no_words),
		KIT_TEST(a_long_answer_waits_for_room),
		KIT_TEST(an_answer_goes_on_as_there_is_room),
		KIT_TEST(test_P05_a_voice_that_dies_before_its_first_sound_is_asked_again),
		KIT_TEST(test_P05_in_the_middle_only_the_unheard_is_spoken_again),
		KIT_TEST(test_P05_in_a_full_queue_the_unheard_is_spoken_again),
		KIT_TEST(test_P05_in_a_full_queue_a_new_worker_says_the_rest),
		KIT_TEST(test_P05_in_a_long_answer_the_unheard_is_spoken_again),
		KIT_TEST(a_short_last_word_is_spoken_again),
		KIT_TEST(of_two_clocks_that_are_due_the_first_decides),
		KIT_TEST(what_is_dropped_is_not_waited_for),
		KIT_TEST(what_was_cut_is_not_spoken_again),
		KIT_TEST(a_clock_of_nothing_does_nothing),
		KIT_TEST(sixty_four_words_are_heard_one_by_one),
		KIT_TEST(what_was_cut_does_not_end_again),
		KIT_TEST(exact_times_replace_estimates),
		KIT_TEST(test_P04_estimates_keep_their_margin_where_the_audio_runs_dry),
		KIT_TEST(no_rest_is_no_utterance),
		KIT_TEST(the_end_of_a_later_one_does_not_put_off_the_first),
		KIT_TEST(a_phrase_finds_room_behind_a_long_answer),
		KIT_TEST(test_P05_the_rest_of_what_is_next_is_made_at_once),
		KIT_TEST(test_P05_without_its_guard_the_rest_is_lost),
		KIT_TEST(test_P05_without_its_guard_a_new_worker_says_no_rest),
		KIT_TEST(test_P05_without_its_guard_nothing_that_plays_is_made_again),
		KIT_TEST(test_P05_its_guard_is_about_what_plays),
		KIT_TEST(a_voice_that_dies_before_sending_is_asked_for_all_of_it),
		KIT_TEST(a_voice_that_dies_before_its_first_word_as_well),
		KIT_TEST(a_voice_that_dies_while_it_waits_is_silent_about_it),
		KIT_TEST(a_voice_that_dies_at_its_end_is_done),
		KIT_TEST(a_full_stop_behind_the_last_word_is_no_word),
		KIT_TEST(two_characters_are),
		KIT_TEST(a_word_without_its_audio_is_spoken_again),
		KIT_TEST(a_voice_gets_three_attempts),
		KIT_TEST(attempts_count_across_a_split),
		KIT_TEST(an_answer_that_cannot_be_spoken_counts_as_none),
		KIT_TEST(another_phrase_that_cannot_be_spoken_does_not),
		KIT_TEST(a_voice_that_gives_up_in_the_middle_is_cleared),
		KIT_TEST(keys_are_sent_over_whoever_talks),
		KIT_TEST(keys_are_not_sent_again_by_another_worker),
		KIT_TEST(a_transfer_is_asked_for_behind_the_announcement),
		KIT_TEST(another_worker_asks_for_a_transfer_again),
		KIT_TEST(what_are_no_keys_is_not_sent),
		KIT_TEST(a_disclosure_that_is_interrupted_is_said_to_its_end),
		KIT_TEST(a_disclosure_that_no_voice_could_say_is_owed),
		KIT_TEST(by_the_rules_of_before_it_was_left_out),
		KIT_TEST(while_held_there_is_nothing_to_clear),
		KIT_TEST(when_the_held_one_is_given_up_the_next_is_held),
		KIT_TEST(what_was_heard_before_the_voice_died_is_over),
		KIT_TEST(what_was_heard_to_its_last_word_is_over_when_the_voice_dies),
		KIT_TEST(what_is_cleared_along_plays_again),
		KIT_TEST(a_late_order_to_send_moves_no_cut_utterance),
		KIT_TEST(estimates_are_trusted_less_the_longer_it_goes_on),
		KIT_TEST(and_just_then),
		KIT_TEST(a_split_at_an_estimate_keeps_the_sure_words),
		KIT_TEST(a_voice_that_forgets_its_end_is_believed_more),
		KIT_TEST(than_one_that_dies),
		KIT_TEST(news_of_other_takes_are_not_listened_to),
		KIT_TEST(after_its_end_a_voice_says_nothing_more),
		KIT_TEST(a_cut_utterance_takes_no_news),
		KIT_TEST(audio_that_shrinks_is_not_believed),
		KIT_TEST(more_samples_than_can_be_are_not_believed),
		KIT_TEST(the_end_of_nothing_is_a_failure),
		KIT_TEST(test_P04_of_nothing_nothing_was_heard),
		KIT_TEST(an_end_told_late_is_the_end),
		KIT_TEST(test_P13_no_first_audio_is_a_failure),
		KIT_TEST(test_P13_without_its_guard_it_waits_for_ever),
		KIT_TEST(test_P13_audio_that_stops_is_a_failure_once_it_is_played),
		KIT_TEST(test_P05_words_whose_sound_never_came_are_said_again),
		KIT_TEST(a_voice_that_forgets_its_end_is_believed),
		KIT_TEST(before_rule_4_words_count_without_their_sound),
		KIT_TEST(audio_that_stops_after_it_ran_dry_has_its_gap),
		KIT_TEST(test_P13_a_voice_that_repeats_itself_has_stopped),
		KIT_TEST(audio_that_stops_before_it_is_sent_has_its_gap),
		KIT_TEST(sending_that_is_behind_its_audio_is_dry_at_once),
		KIT_TEST(test_P13_nothing_on_the_wire_is_ordered_again_and_given_up),
		KIT_TEST(test_P13_a_frame_of_an_earlier_order_does_not_count),
		KIT_TEST(once_sent_the_tries_count_anew),
		KIT_TEST(test_P13_a_mark_that_never_comes_is_not_waited_for),
		KIT_TEST(a_mark_is_waited_for_from_where_sending_began_again),
		KIT_TEST(while_held_no_mark_is_waited_for),
		KIT_TEST(the_next_one_begins_when_the_one_before_is_played),
		KIT_TEST(without_media_no_deadline_counts),
		KIT_TEST(without_media_nothing_is_played),
		KIT_TEST(the_next_one_is_looked_at_when_it_is_its_turn),
		KIT_TEST(nothing_is_played_before_the_answer),
		KIT_TEST(nine_characters_are_near_the_end),
		KIT_TEST(ten_are_not),
		KIT_TEST(audio_counts_where_it_is_longer_than_the_guess),
		KIT_TEST(audio_is_near_its_end_as_well),
		KIT_TEST(everything_queued_is_left),
		KIT_TEST(more_of_an_answer_is_left_while_the_model_writes),
		KIT_TEST(more_is_left_while_another_attempt_goes_on),
		KIT_TEST(what_was_resumed_counts_from_its_place),
		KIT_TEST(what_was_not_heard_is_made_anew),
		KIT_TEST(what_was_heard_whole_is_over),
		KIT_TEST(what_was_held_begins_anew),
		KIT_TEST(the_parts_of_a_turn_sum_to_its_total),
		KIT_TEST(what_was_ready_before_the_turns_end_adds_nothing),
		KIT_TEST(a_late_transcript_is_a_part),
		KIT_TEST(a_late_transcript_once_was_no_part),
		KIT_TEST(a_transcript_that_comes_late_is_a_part),
		KIT_TEST(a_turn_that_replaces_another_is_measured_by_its_own_answer),
		KIT_TEST(a_filler_is_no_part_of_the_answer),
		KIT_TEST(each_turn_is_measured_once),
		KIT_TEST(other_words_than_answers_are_not_measured),
		KIT_TEST(without_voice_the_words_are_the_end_of_speech),
	};

	return cmocka_run_group_tests_name("speech", tests, NULL, NULL);
}
