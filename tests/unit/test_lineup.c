/* Which provider is asked: in order, past those that fail, back to them later, and for all calls of a worker alike. */
#include "lineupkit.h"

/* ---- recognisers ---- */

static void test_the_first_is_asked_and_what_it_says_goes_on(void **state)
{
	struct world w;
	struct stt_stream *s = NULL;

	(void)state;
	begin(&w, &fake_stt);
	assert_int_equal(lineup_stt.start(&w.lineup, &s, "en-US", &listens, &w), ERR_NONE);
	lineup_stt.push(s, NULL, 160);
	lineup_stt.finalize(s);
	lineup_stt.asked(s, "when?", 5);
	w.vendors[0].stream->events->transcript(w.vendors[0].stream->arg, TRANSCRIPT_FINAL, "yes", 3, 0, 160);
	assert_int_equal(w.vendors[0].pushes, 160);
	assert_int_equal(w.vendors[0].finals, 1);
	assert_int_equal(w.vendors[0].asked, 5);
	assert_int_equal(w.words, 3);
	assert_int_equal(w.vendors[1].starts, 0);
	lineup_stt.cancel(&s);
	assert_null(s);
	assert_int_equal(w.vendors[0].cancels, 1);
	lineup_stt.cancel(&s);
	end(&w);
}

static void test_a_table_that_makes_nothing_of_questions(void **state)
{
	struct world w;
	struct stt_stream *s = NULL;

	(void)state;
	begin(&w, &simple_stt);
	assert_int_equal(lineup_stt.start(&w.lineup, &s, "en-US", &listens, &w), ERR_NONE);
	lineup_stt.asked(s, "when?", 5);
	lineup_stt.cancel(&s);
	end(&w);
}

static void refusal_is_kept(enum err why)
{
	struct world w;
	struct stt_stream *s;

	begin(&w, &fake_stt);
	w.vendors[0].refuses = why;
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[1].starts, 1);
	stream_dies(&w.vendors[1], ERR_CLOSED);
	assert_int_equal(w.ended, 1);
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1); /* a bad key stays one */
	assert_int_equal(w.vendors[1].starts, 2);
	lineup_stt.cancel(&s);
	end(&w);
}

static void test_who_refuses_is_passed_over_in_the_same_start(void **state)
{
	(void)state;
	refusal_is_kept(ERR_DENIED);
	refusal_is_kept(ERR_USAGE);
	refusal_is_kept(ERR_NOTFOUND);
}

static void test_all_fail_with_the_last_ones_error(void **state)
{
	struct world w;

	(void)state;
	begin(&w, &fake_stt);
	w.vendors[0].refuses = ERR_DENIED;
	w.vendors[1].refuses = ERR_BUSY;
	w.vendors[2].refuses = ERR_UNAVAILABLE;
	(void)begin_listening(&w, &w.lineup, ERR_UNAVAILABLE);
	assert_int_equal(w.vendors[0].starts + w.vendors[1].starts + w.vendors[2].starts, 3);
	w.lineup.count = 0;
	(void)begin_listening(&w, &w.lineup, ERR_UNAVAILABLE);
	end(&w);
}

static void test_F10_two_deaths_running_and_the_next_one_listens(void **state)
{
	struct world w;
	struct stt_stream *s = NULL;

	(void)state;
	begin(&w, &fake_stt);
	(void)begin_listening(&w, &w.lineup, ERR_NONE);
	stream_dies(&w.vendors[0], ERR_CLOSED);
	(void)begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 2); /* a socket may die once: the same again */
	stream_dies(&w.vendors[0], ERR_CLOSED);
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[1].starts, 1);
	passes(&w, LINEUP_REST_US);
	stream_dies(&w.vendors[1], ERR_CLOSED);
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 3); /* the first is the first again */
	w.vendors[0].stream->events->transcript(w.vendors[0].stream->arg, TRANSCRIPT_PARTIAL, "a", 1, 0, 80);
	stream_dies(&w.vendors[0], ERR_CLOSED);
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 4); /* it had worked meanwhile */
	lineup_stt.cancel(&s);
	end(&w);
}

static void test_F09_one_that_is_replaced_at_once_had_stalled(void **state)
{
	struct world w;
	struct stt_stream *s;
	unsigned int i;

	(void)state;
	begin(&w, &fake_stt);
	for (i = 0; i < 2; i++) {
		s = begin_listening(&w, &w.lineup, ERR_NONE);
		lineup_stt.cancel(&s);
	}
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 2);
	assert_int_equal(w.vendors[1].starts, 1);
	lineup_stt.cancel(&s);
	passes(&w, S);
	for (i = 0; i < 4; i++) { /* a while after it was cancelled is no stall */
		s = begin_listening(&w, &w.lineup, ERR_NONE);
		lineup_stt.cancel(&s);
		passes(&w, S);
	}
	assert_int_equal(w.vendors[1].starts, 5);
	end(&w);
}

/* ---- all calls of a worker ---- */

static void test_what_fails_for_all_rests_for_all_and_one_tries_again(void **state)
{
	struct world w;
	struct lineup calls[LINEUP_HEALTH_FAILURES + 2];
	struct stt_stream *first, *second = NULL;
	unsigned int i;

	(void)state;
	begin(&w, &fake_stt);
	for (i = 0; i < LINEUP_HEALTH_FAILURES; i++) {
		calls[i] = other_call(&w);
		(void)begin_listening(&w, &calls[i], ERR_NONE);
		assert_int_equal(w.vendors[0].starts, i + 1);
		stream_dies(&w.vendors[0], ERR_CLOSED);
	}
	calls[i] = other_call(&w);
	first = begin_listening(&w, &calls[i], ERR_NONE);
	assert_int_equal(w.vendors[1].starts, 1);
	lineup_stt.cancel(&first);
	passes(&w, LINEUP_REST_US);
	calls[0] = other_call(&w);
	calls[1] = other_call(&w);
	assert_int_equal(lineup_stt.start(&calls[0], &first, "en-US", &listens, &w), ERR_NONE);
	assert_int_equal(lineup_stt.start(&calls[1], &second, "en-US", &listens, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, LINEUP_HEALTH_FAILURES + 1); /* one of them tries */
	assert_int_equal(w.vendors[1].starts, 2);
	w.vendors[0].stream->events->transcript(w.vendors[0].stream->arg, TRANSCRIPT_PARTIAL, "a", 1, 0, 80);
	lineup_stt.cancel(&first);
	lineup_stt.cancel(&second);
	calls[2] = other_call(&w);
	first = begin_listening(&w, &calls[2], ERR_NONE);
	assert_int_equal(w.vendors[0].starts, LINEUP_HEALTH_FAILURES + 2);
	lineup_stt.cancel(&first);
	end(&w);
}

static void test_when_nobody_is_well_the_soonest_is_asked_all_the_same(void **state)
{
	struct world w;
	struct stt_stream *s;
	unsigned int i;

	(void)state;
	begin(&w, &fake_stt);
	for (i = 0; i < 2 * MEMBERS; i++) {
		(void)begin_listening(&w, &w.lineup, ERR_NONE);
		stream_dies(&w.vendors[i / 2], ERR_CLOSED);
		passes(&w, 1000);
	}
	s = begin_listening(&w, &w.lineup, ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 3);
	lineup_stt.cancel(&s);
	end(&w);
}

/* ---- models ---- */

static void test_P12_a_second_attempt_goes_to_another_model(void **state)
{
	struct world w;
	struct llm_answer *first = NULL, *second = NULL, *third = NULL;

	(void)state;
	begin(&w, &fake_llm);
	w.lineup.count = 2;
	assert_int_equal(lineup_llm.start(&w.lineup, &first, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(lineup_llm.start(&w.lineup, &second, ASK_PLAIN, 2, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.vendors[1].starts, 1);
	w.vendors[1].answer->events->text(w.vendors[1].answer->arg, "Yes.", 4);
	lineup_llm.cancel(&first);
	assert_int_equal(w.health[0].failures, 1); /* it stalled */
	answer_ends(&w.vendors[1]);
	assert_null(second);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.health[1].failures, 0);
	w.lineup.count = 1; /* nobody else: the same one again */
	assert_int_equal(lineup_llm.start(&w.lineup, &first, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(lineup_llm.start(&w.lineup, &third, ASK_PLAIN, 2, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 3);
	lineup_llm.cancel(&first);
	lineup_llm.cancel(&third);
	lineup_llm.cancel(&third);
	end(&w);
}

static void test_one_that_is_cut_short_has_not_failed(void **state)
{
	struct world w;
	struct llm_answer *a = NULL, *b = NULL;

	(void)state;
	begin(&w, &fake_llm);
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	lineup_llm.cancel(&a); /* the caller went on */
	assert_int_equal(w.health[0].failures, 0);
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	w.vendors[0].answer->events->tool(w.vendors[0].answer->arg, 0, "t", 1, "{}", 2);
	assert_int_equal(lineup_llm.start(&w.lineup, &b, ASK_PLAIN, 2, NULL, 0, &asks, &w), ERR_NONE);
	lineup_llm.cancel(&a); /* it had spoken */
	assert_int_equal(w.health[0].failures, 0);
	assert_int_equal(w.tools, 1);
	answer_fails(&w.vendors[1], FAILED_BUSY);
	assert_null(b);
	assert_int_equal(w.failed, 1);
	assert_int_equal(w.health[1].failures, 1);
	end(&w);
}

static void test_a_model_that_refuses_is_not_asked_again(void **state)
{
	struct world w;
	struct llm_answer *a = NULL;

	(void)state;
	begin(&w, &fake_llm);
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	answer_fails(&w.vendors[0], FAILED_REFUSED);
	w.vendors[1].refuses = ERR_BUSY;
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.vendors[2].starts, 1);
	lineup_llm.cancel(&a);
	w.lineup.count = 0;
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_UNAVAILABLE);
	end(&w);
}

/* ---- voices ---- */

static void test_P05_a_voice_that_dies_twice_is_followed_by_the_next(void **state)
{
	struct world w;
	struct tts_utterance *u = NULL, *taken;
	unsigned int i;

	(void)state;
	begin(&w, &fake_tts);
	for (i = 0; i < 2; i++) {
		assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
		taken = utterance_taken(&w.vendors[0]);
		taken->events->failed(taken->arg, ERR_CLOSED);
		free(taken);
		assert_null(u);
	}
	assert_int_equal(w.failed, 2);
	assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
	assert_int_equal(w.vendors[1].starts, 1);
	taken = utterance_taken(&w.vendors[1]);
	taken->events->audio(taken->arg, NULL, 800);
	taken->events->words(taken->arg, NULL, 1, true);
	taken->events->done(taken->arg);
	free(taken);
	assert_null(u);
	assert_int_equal(w.audio, 800);
	assert_int_equal(w.done, 1);
	w.vendors[1].refuses = ERR_LIMIT;
	assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
	assert_int_equal(w.vendors[2].starts, 1);
	lineup_tts.cancel(&u);
	lineup_tts.cancel(&u);
	assert_int_equal(w.vendors[2].cancels, 1);
	w.vendors[0].refuses = w.vendors[2].refuses = ERR_LIMIT;
	assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_LIMIT);
	end(&w);
}

/* Sound alone is no proof: of a voice that always breaks off in the middle the caller would never hear a sentence. Nor is an end without any. */
static void test_P05_a_voice_that_always_breaks_off_is_followed_by_the_next(void **state)
{
	struct world w;
	struct tts_utterance *u = NULL, *taken;

	(void)state;
	for (unsigned int is_empty = 0; is_empty < 2; is_empty++) {
		begin(&w, &fake_tts);
		for (unsigned int i = 0; i < 2; i++) {
			assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
			taken = utterance_taken(&w.vendors[0]);
			if (is_empty) {
				taken->events->done(taken->arg);
			} else {
				taken->events->audio(taken->arg, NULL, 800);
				taken->events->failed(taken->arg, ERR_TRUNCATED);
			}
			free(taken);
		}
		assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
		assert_int_equal(w.vendors[1].starts, 1);
		lineup_tts.cancel(&u);
		end(&w);
	}
}

/* Who is interrupted has worked, when there was sound. */
static void test_a_voice_that_is_interrupted_has_worked(void **state)
{
	struct world w;
	struct tts_utterance *u = NULL, *taken;

	(void)state;
	begin(&w, &fake_tts);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "Hello.", 6, &speaks, &w), ERR_NONE);
		assert_int_equal(w.vendors[0].starts, i + 1);
		if (i % 2) {
			w.vendors[0].utterance->events->audio(w.vendors[0].utterance->arg, NULL, 800);
			lineup_tts.cancel(&u);
			continue;
		}
		taken = utterance_taken(&w.vendors[0]);
		taken->events->failed(taken->arg, ERR_CLOSED);
		free(taken);
	}
	end(&w);
}

static void test_a_lineup_has_a_ceiling(void **state)
{
	struct lineup l = { .count = 0 };
	struct lineup_health health = { .failures = 0 };
	const struct lineup_member m = { .name = "fake", .table = &fake_tts, .health = &health };
	unsigned int i;

	(void)state;
	for (i = 0; i < LINEUP_MAX; i++)
		assert_int_equal(lineup_add(&l, &m), ERR_NONE);
	assert_int_equal(lineup_add(&l, &m), ERR_LIMIT);
}

static void what_was_used_goes_on_with_the_members_name(void **state)
{
	const struct usage used = { .vendor = "v", .model = "m", .units = { [USAGE_REQUESTS] = 3 } };
	struct tts_utterance *u;
	struct stt_stream *s;
	struct llm_answer *a;
	struct world w;

	(void)state;
	begin(&w, &fake_llm);
	assert_int_equal(lineup_llm.start(&w.lineup, &a, ASK_PLAIN, 1, NULL, 0, &asks, &w), ERR_NONE);
	w.vendors[0].answer->events->used(w.vendors[0].answer->arg, &used);
	lineup_llm.cancel(&a);
	end(&w);
	assert_int_equal(w.uses, 3);
	begin(&w, &fake_stt);
	assert_int_equal(lineup_stt.start(&w.lineup, &s, "en-US", &listens, &w), ERR_NONE);
	w.vendors[0].stream->events->used(w.vendors[0].stream->arg, &used);
	lineup_stt.cancel(&s);
	end(&w);
	assert_int_equal(w.uses, 3);
	begin(&w, &fake_tts);
	assert_int_equal(lineup_tts.start(&w.lineup, &u, "en-US", "x", 1, &speaks, &w), ERR_NONE);
	w.vendors[0].utterance->events->used(w.vendors[0].utterance->arg, &used);
	lineup_tts.cancel(&u);
	end(&w);
	assert_int_equal(w.uses, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_is_asked_and_what_it_says_goes_on),
		cmocka_unit_test(test_a_table_that_makes_nothing_of_questions),
		cmocka_unit_test(test_who_refuses_is_passed_over_in_the_same_start),
		cmocka_unit_test(test_all_fail_with_the_last_ones_error),
		cmocka_unit_test(test_F10_two_deaths_running_and_the_next_one_listens),
		cmocka_unit_test(test_F09_one_that_is_replaced_at_once_had_stalled),
		cmocka_unit_test(test_what_fails_for_all_rests_for_all_and_one_tries_again),
		cmocka_unit_test(test_when_nobody_is_well_the_soonest_is_asked_all_the_same),
		cmocka_unit_test(test_P12_a_second_attempt_goes_to_another_model),
		cmocka_unit_test(test_one_that_is_cut_short_has_not_failed),
		cmocka_unit_test(test_a_model_that_refuses_is_not_asked_again),
		cmocka_unit_test(test_P05_a_voice_that_dies_twice_is_followed_by_the_next),
		cmocka_unit_test(test_P05_a_voice_that_always_breaks_off_is_followed_by_the_next),
		cmocka_unit_test(test_a_voice_that_is_interrupted_has_worked),
		cmocka_unit_test(test_a_lineup_has_a_ceiling),
		cmocka_unit_test(what_was_used_goes_on_with_the_members_name),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
