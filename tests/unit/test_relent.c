/* The goodbye to a caller who was not heard, and a voice without words over it or behind it: once a call it is taken back. */
#include "callkit.h"

/* Nobody answers, and the agent is about to say goodbye. */
static void asked_in_vain(struct kit *k)
{
	spoken(k, k->last);
	quiet_for(k, 6016);
	assert_true(has(k, "~ending t0 i2"));
	assert_true(has(k, "\"Goodbye now then.\""));
	audio_all(k, k->last);
	zero(k);
}

static void goodbye(struct kit *k)
{
	k->settings.quiet_after_ms = 6000;
	k->settings.quiet_prompts = 1;
	snprintf(k->brief.goodbye.text[0], sizeof(k->brief.goodbye.text[0]), "Goodbye now then.");
	begin(k);
	quiet_for(k, 6016);
	assert_true(has(k, "~quiet t0 i0 n1"));
	asked_in_vain(k);
}

/* A voice in the middle of the last utterance, long enough to take the floor. */
static void voice_over(struct kit *k)
{
	sent(k, k->last);
	quiet_for(k, 416);
	played(k, k->last, 416);
	voice(k, 1120);
	assert_true(has(k, "~yield"));
	drop(k);
}

/* A short one, which is not over when the goodbye is. */
static void voice_behind(struct kit *k)
{
	sent(k, k->last);
	quiet_for(k, 832);
	voice(k, 64);
	played(k, k->last, length_ms(k, k->last));
	voice(k, 320);
	assert_false(call_ended(k->call));
	zero(k);
}

/* Nothing is said of an end, and the next silence is the first one again. */
static void asks_anew(struct kit *k, const char *not_understood)
{
	assert_true(has(k, not_understood));
	assert_false(has(k, "~ending"));
	assert_false(has(k, "Goodbye"));
	drop(k);
	spoken(k, k->last);
	assert_false(call_ended(k->call));
	quiet_for(k, 6016);
	assert_true(has(k, "~quiet t0 i0 n1"));
	assert_false(has(k, "ask"));
}

static void a_voice_over_it_takes_it_back(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	quiet_for(k, 1216);
	asks_anew(k, "\"Sorry, I did not catch that.\"");
}

static void so_does_one_behind_it(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_behind(k);
	quiet_until(k, 1199);
	expect_nothing(k);
	quiet_until(k, 1200);
	asks_anew(k, "1200 speak u3.1 \"Sorry, I did not catch that.\"");
}

/* Whichever of the two times is the shorter one. */
static void and_when_noise_is_answered_sooner(void **state)
{
	struct kit *k = *state;

	k->settings.turn_noise_ms = 300;
	goodbye(k);
	voice_behind(k);
	quiet_until(k, 300);
	asks_anew(k, "300 speak u3.1 \"Sorry, I did not catch that.\"");
}

/* What he says then is answered as anything else. */
static void words_behind_that_are_a_turn(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	quiet_for(k, 1216);
	spoken(k, k->last);
	turn(k, "I am here");
	assert_true(has(k, "ask g1 t1 try 1"));
}

/* Words that are there in time need nobody to say that he did not catch them. */
static void words_in_time_are_one_too(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_behind(k);
	quiet_for(k, 448);
	final(k, "yes");
	quiet_for(k, 1216);
	assert_true(has(k, "~turn t1"));
	assert_false(has(k, "catch"));
}

static void a_second_time_it_is_said_again_and_ends_the_call(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	quiet_for(k, 1216);
	asks_anew(k, "\"Sorry, I did not catch that.\"");
	asked_in_vain(k);
	voice_over(k);
	quiet_for(k, 1216);
	assert_true(has(k, "~ending t0 i2"));
	assert_true(has(k, "\"Goodbye now then.\""));
	audio_all(k, k->last - 1);
	audio_all(k, k->last);
	spoken(k, k->last - 1);
	spoken(k, k->last);
	assert_true(has(k, "hangup quiet"));
}

static void a_second_one_behind_it_too(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_behind(k);
	quiet_for(k, 1216);
	asks_anew(k, "\"Sorry, I did not catch that.\"");
	asked_in_vain(k);
	voice_behind(k);
	quiet_until(k, 700);
	assert_true(has(k, "700 hangup quiet"));
}

/* The caller's words in between change nothing of that: it is once a call. */
static void nor_a_turn_later(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_behind(k);
	quiet_for(k, 1216);
	spoken(k, k->last);
	turn(k, "I am here");
	text(k, "Good.");
	done(k);
	spoken(k, k->last);
	quiet_for(k, 6016);
	spoken(k, k->last);
	quiet_for(k, 6016);
	assert_true(has(k, "~ending t1 i2"));
	audio_all(k, k->last);
	voice_behind(k);
	quiet_until(k, 700);
	assert_true(has(k, "700 hangup quiet"));
}

/* A mark that comes late says that it was heard to its end. */
static void one_that_was_heard_whole_is_taken_back_too(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	played(k, k->last, length_ms(k, k->last));
	drop(k);
	quiet_for(k, 1216);
	asks_anew(k, "\"Sorry, I did not catch that.\"");
}

/* Nobody says that he did not catch it where something else is said: the next silence is the first one all the same. */
static void an_order_that_is_said_meanwhile_ends_nothing(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	order(k, ORDER_SAY, "The line is bad.");
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 2528);
	assert_true(has(k, "~quiet t0 i0 n1"));
	assert_false(has(k, "~ending"));
}

static void a_cough_only_holds_it(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	sent(k, k->last);
	quiet_for(k, 320);
	played(k, k->last, 320);
	voice(k, 320);
	quiet_for(k, 640);
	assert_true(has(k, "~resume"));
	sent(k, k->last);
	quiet_for(k, 960);
	played(k, k->last, length_ms(k, k->last));
	assert_true(has(k, "hangup quiet"));
}

/* A television, say. */
static void one_without_end_has_ten_seconds(void **state)
{
	struct kit *k = *state;

	goodbye(k);
	voice_over(k);
	voice(k, 8000);
	assert_false(call_ended(k->call));
	voice(k, 2016);
	assert_true(has(k, "hangup quiet"));
}

static void by_older_rules_the_call_ends(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	goodbye(k);
	sent(k, k->last);
	quiet_for(k, 832);
	voice(k, 64);
	played(k, k->last, length_ms(k, k->last));
	assert_true(has(k, "hangup quiet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_voice_over_it_takes_it_back),
		KIT_TEST(so_does_one_behind_it),
		KIT_TEST(and_when_noise_is_answered_sooner),
		KIT_TEST(words_behind_that_are_a_turn),
		KIT_TEST(words_in_time_are_one_too),
		KIT_TEST(a_second_time_it_is_said_again_and_ends_the_call),
		KIT_TEST(a_second_one_behind_it_too),
		KIT_TEST(nor_a_turn_later),
		KIT_TEST(one_that_was_heard_whole_is_taken_back_too),
		KIT_TEST(an_order_that_is_said_meanwhile_ends_nothing),
		KIT_TEST(a_cough_only_holds_it),
		KIT_TEST(one_without_end_has_ten_seconds),
		KIT_TEST(by_older_rules_the_call_ends),
	};

	return cmocka_run_group_tests_name("relent", tests, NULL, NULL);
}
