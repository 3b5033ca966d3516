/* A second model or voice beside a first one that is late: when, who, whose words go on, and what the slower one cost. */
#include "lineupkit.h"

#include "voice/lineup/lineup_hedge.h"

#define MS 1000ULL

static struct llm_answer *ask_with(struct world *w, uint32_t attempt, const struct llm_block *blocks, size_t count)
{
	static struct llm_answer *a;

	assert_int_equal(lineup_llm.start(&w->lineup, &a, ASK_PLAIN, attempt, blocks, count, &asks, w), ERR_NONE);
	return a;
}

static void says(struct vendor *v, const char *text)
{
	v->answer->events->text(v->answer->arg, text, strlen(text));
}

static void begin_hedging(struct world *w, const void *table, int64_t hedge_ms)
{
	begin(w, table);
	w->lineup.hedge_ms = hedge_ms;
	for (unsigned int i = 0; i < MEMBERS; i++)
		w->vendors[i].tells = true;
}

/* ---- when ---- */

static void the_pace_of_nineteen_in_twenty_decides(void **state)
{
	struct world w;
	const struct lineup_member *m = w.lineup.members;
	struct lineup_pace *p = &w.health[0].answers;

	(void)state;
	begin_hedging(&w, &fake_llm, -1);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), HEDGE_UNKNOWN_MS * MS);
	for (unsigned int i = 0; i < HEDGE_KNOWN - 1; i++)
		lineup_paced(p, 100 * MS);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), HEDGE_UNKNOWN_MS * MS);
	for (unsigned int i = 0; i < LINEUP_PACE_MAX; i++)
		lineup_paced(p, 100 * MS);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), HEDGE_LEAST_MS * MS);
	lineup_paced(p, 9000 * MS); /* one of 32 is the tail, two are not */
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), HEDGE_LEAST_MS * MS);
	lineup_paced(p, 700 * MS);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 700 * MS);
	for (unsigned int i = 0; i < LINEUP_PACE_MAX; i++)
		lineup_paced(p, 90000 * MS);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), HEDGE_MOST_MS * MS);
	w.lineup.hedge_ms = 450;
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 450 * MS);
	end(&w);
}

static void there_is_none_where_nobody_can_be_asked(void **state)
{
	struct world w;
	const struct lineup_member *m = w.lineup.members;
	struct lineup_pace *p = &w.health[0].answers;

	(void)state;
	begin_hedging(&w, &fake_llm, 0);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 0);
	w.lineup.hedge_ms = 500;
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 500 * MS);
	w.lineup.members[1].is_far = w.lineup.members[2].is_far = false; /* of this machine: always faster */
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 0);
	w.lineup.members[1].is_far = w.lineup.members[2].is_far = true;
	w.lineup.members[0].is_far = false;
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 0);
	w.lineup.members[0].is_far = true;
	lineup_failed(&w.lineup, &w.lineup.members[1], ERR_DENIED);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 500 * MS);
	lineup_failed(&w.lineup, &w.lineup.members[2], ERR_DENIED);
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 0);
	w.lineup.count = 1;
	assert_int_equal(lineup_hedge_us(&w.lineup, m, p), 0);
	end(&w);
}

/* ---- models ---- */

static void a_late_model_gets_a_second_one_with_the_same_request(void **state)
{
	struct world w;
	struct redact_map *map;
	struct redacted *text;
	struct llm_block block = { .type = BLOCK_CALLER, .name = "t", .name_len = 1 };

	(void)state;
	begin_hedging(&w, &fake_llm, 400);
	assert_int_equal(redact_map_new(&map), ERR_NONE);
	assert_int_equal(redact_text(map, "When do you open?", 17, NULL, &text), ERR_NONE);
	block.text = text;
	(void)ask_with(&w, 1, &block, 1);
	redacted_free(&text); /* what was passed in was borrowed for the start */
	redact_map_free(&map);
	passes(&w, 390 * MS);
	assert_int_equal(w.vendors[1].starts, 0);
	passes(&w, 20 * MS);
	assert_int_equal(w.vendors[1].starts, 1);
	assert_string_equal(w.vendors[1].heard, "When do you open?");
	assert_int_equal(w.accounts[0].held + w.accounts[1].held, 2);
	says(&w.vendors[1], "At nine.");
	assert_int_equal(w.vendors[0].cancels, 1); /* before its words went on */
	assert_int_equal(w.accounts[0].held, 0);
	assert_int_equal(w.lost, 1);
	assert_int_equal(w.words, 8);
	assert_int_equal(w.health[0].failures, 0); /* slow is not broken */
	answer_ends(&w.vendors[1]);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.failed, 0);
	end(&w);
}

static void the_first_wins_when_it_speaks_first(void **state)
{
	struct world w;

	(void)state;
	begin_hedging(&w, &fake_llm, 400);
	(void)ask_with(&w, 1, NULL, 0);
	says(&w.vendors[0], "Yes");
	passes(&w, S);
	assert_int_equal(w.vendors[1].starts, 0); /* in time */
	answer_ends(&w.vendors[0]);
	(void)ask_with(&w, 1, NULL, 0);
	passes(&w, 500 * MS);
	assert_int_equal(w.vendors[1].starts, 1);
	says(&w.vendors[0], "Yes");
	assert_int_equal(w.vendors[1].cancels, 1);
	assert_int_equal(w.lost, 1);
	assert_int_equal(w.health[0].answers.count, 2);
	assert_int_equal(w.health[1].answers.count, 1); /* with the time that it had */
	answer_ends(&w.vendors[0]);
	assert_int_equal(w.done, 2);
	end(&w);
}

/* Both are about to say the same: only one of them is heard of. */
static void P14_a_tool_comes_from_the_winner_alone(void **state)
{
	struct world w;
	struct llm_answer *a;

	(void)state;
	begin_hedging(&w, &fake_llm, 400);
	(void)ask_with(&w, 1, NULL, 0);
	passes(&w, 500 * MS);
	a = w.vendors[1].answer;
	a->events->tool(a->arg, 0, "book", 4, "{}", 2);
	assert_int_equal(w.tools, 1);
	assert_null(w.vendors[0].answer); /* it cannot say anything any more */
	a->events->tool(a->arg, 1, "mail", 4, "{}", 2);
	assert_int_equal(w.tools, 2);
	answer_ends(&w.vendors[1]);
	end(&w);
}

static void when_one_of_two_fails_the_other_goes_on(void **state)
{
	struct world w;

	(void)state;
	for (unsigned int first = 0; first < 2; first++) {
		begin_hedging(&w, &fake_llm, 400);
		(void)ask_with(&w, 1, NULL, 0);
		passes(&w, 500 * MS);
		answer_fails(&w.vendors[first], FAILED_BUSY);
		assert_int_equal(w.failed, 0);
		assert_int_equal(w.health[first].failures, 1);
		says(&w.vendors[!first], "Yes");
		answer_ends(&w.vendors[!first]);
		assert_int_equal(w.done, 1);
		assert_int_equal(w.lost, 0);
		end(&w);
	}
	begin_hedging(&w, &fake_llm, 400);
	(void)ask_with(&w, 1, NULL, 0);
	passes(&w, 500 * MS);
	answer_ends(&w.vendors[1]); /* without a word: none */
	assert_int_equal(w.done, 0);
	answer_fails(&w.vendors[0], FAILED_DIED);
	assert_int_equal(w.failed, 1);
	end(&w);
}

static void a_cancel_silences_both_and_the_timer(void **state)
{
	struct world w;
	struct llm_answer *a;

	(void)state;
	begin_hedging(&w, &fake_llm, 400);
	a = ask_with(&w, 1, NULL, 0);
	lineup_llm.cancel(&a);
	passes(&w, S);
	assert_int_equal(w.vendors[1].starts, 0);
	a = ask_with(&w, 1, NULL, 0);
	passes(&w, 500 * MS);
	lineup_llm.cancel(&a);
	assert_int_equal(w.vendors[0].cancels, 2);
	assert_int_equal(w.vendors[1].cancels, 1);
	assert_int_equal(w.lost, 1); /* the second; of the first only the call knows */
	assert_int_equal(w.health[0].failures + w.health[1].failures, 0);
	end(&w);
}

/* As the core does it: it cancels what stalls, and asks again in the same step. */
static void P12_who_is_cancelled_and_asked_for_again_has_stalled(void **state)
{
	struct world w;
	struct llm_answer *a;

	(void)state;
	begin_hedging(&w, &fake_llm, 0);
	a = ask_with(&w, 1, NULL, 0);
	passes(&w, 1500 * MS);
	lineup_llm.cancel(&a);
	a = ask_with(&w, 2, NULL, 0);
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.vendors[1].starts, 1);
	assert_int_equal(w.health[0].failures, 1);
	lineup_llm.cancel(&a);
	a = ask_with(&w, 1, NULL, 0); /* the caller went on: nobody stalled */
	assert_int_equal(w.health[1].failures, 0);
	lineup_llm.cancel(&a);
	w.lineup.count = 1; /* nobody else: the same one again */
	a = ask_with(&w, 2, NULL, 0);
	assert_int_equal(w.vendors[0].starts, 3);
	lineup_llm.cancel(&a);
	end(&w);
}

static void a_second_one_that_cannot_be_had_changes_nothing(void **state)
{
	struct world w;

	(void)state;
	begin_hedging(&w, &fake_llm, 400);
	w.vendors[1].refuses = ERR_BUSY;
	w.accounts[2].limit = 1;
	w.accounts[2].held = 1; /* another call's */
	(void)ask_with(&w, 1, NULL, 0);
	passes(&w, 500 * MS);
	assert_int_equal(w.vendors[1].starts, 1);
	assert_int_equal(w.vendors[2].starts, 0);
	w.accounts[2].held = 0;
	says(&w.vendors[0], "Yes");
	answer_ends(&w.vendors[0]);
	assert_int_equal(w.done, 1);
	end(&w);
}

/* ---- voices ---- */

static struct tts_utterance *speak(struct world *w)
{
	static struct tts_utterance *u;

	assert_int_equal(lineup_tts.start(&w->lineup, &u, "hi-IN", "Hello.", 6, &speaks, w), ERR_NONE);
	return u;
}

static void sounds(struct vendor *v)
{
	v->utterance->events->audio(v->utterance->arg, NULL, 800);
}

static void ends_speaking(struct vendor *v)
{
	struct tts_utterance *taken = utterance_taken(v);

	taken->events->done(taken->arg);
	free(taken);
}

static void a_late_voice_gets_a_second_one_before_the_first_sound_alone(void **state)
{
	struct world w;

	(void)state;
	begin_hedging(&w, &fake_tts, 300);
	(void)speak(&w);
	passes(&w, 310 * MS);
	assert_string_equal(w.vendors[1].heard, "hi-IN Hello.");
	sounds(&w.vendors[1]);
	assert_int_equal(w.vendors[0].cancels, 1);
	sounds(&w.vendors[1]);
	assert_int_equal(w.audio, 1600);
	ends_speaking(&w.vendors[1]);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.health[0].failures, 0);
	(void)speak(&w);
	sounds(&w.vendors[0]);
	passes(&w, S); /* it stands still, but it has begun: what was heard is not said twice */
	assert_int_equal(w.vendors[1].starts, 1);
	ends_speaking(&w.vendors[0]);
	end(&w);
}

static void P05_a_voice_that_stalls_is_followed_by_the_next(void **state)
{
	struct world w;
	struct tts_utterance *u;

	(void)state;
	begin_hedging(&w, &fake_tts, 0);
	u = speak(&w);
	passes(&w, 800 * MS);
	lineup_tts.cancel(&u);
	u = speak(&w);
	assert_int_equal(w.vendors[1].starts, 1);
	assert_int_equal(w.health[0].failures, 1);
	lineup_tts.cancel(&u);
	passes(&w, S); /* the caller interrupted; this is another time */
	u = speak(&w);
	assert_int_equal(w.health[1].failures, 0);
	lineup_tts.cancel(&u);
	w.lineup.count = 1;
	u = speak(&w);
	lineup_tts.cancel(&u);
	end(&w);
}

/* What it had said is played; the rest is what it was to say next. */
static void P05_the_rest_of_what_a_voice_stood_still_in_is_the_nexts(void **state)
{
	struct world w;
	struct tts_utterance *u;

	(void)state;
	begin_hedging(&w, &fake_tts, 0);
	for (unsigned int is_rest = 0; is_rest < 2; is_rest++) {
		const char *next = is_rest ? "Nothing else?" : "Something new.";

		assert_int_equal(lineup_tts.start(&w.lineup, &u, "hi-IN", "It is done. Nothing else?", 25, &speaks, &w), ERR_NONE);
		sounds(&w.vendors[0]);
		lineup_tts.cancel(&u);
		assert_int_equal(lineup_tts.start(&w.lineup, &u, "hi-IN", next, strlen(next), &speaks, &w), ERR_NONE);
		assert_int_equal(w.vendors[1].starts, is_rest);
		lineup_tts.cancel(&u);
		passes(&w, S);
	}
	end(&w);
}

static void a_voice_that_fails_beside_another_is_not_told(void **state)
{
	struct world w;
	struct tts_utterance *taken;

	(void)state;
	begin_hedging(&w, &fake_tts, 300);
	(void)speak(&w);
	passes(&w, 310 * MS);
	taken = utterance_taken(&w.vendors[0]);
	taken->events->failed(taken->arg, ERR_CLOSED);
	free(taken);
	assert_int_equal(w.failed, 0);
	taken = utterance_taken(&w.vendors[1]);
	taken->events->failed(taken->arg, ERR_CLOSED);
	free(taken);
	assert_int_equal(w.failed, 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pace_of_nineteen_in_twenty_decides),
		cmocka_unit_test(there_is_none_where_nobody_can_be_asked),
		cmocka_unit_test(a_late_model_gets_a_second_one_with_the_same_request),
		cmocka_unit_test(the_first_wins_when_it_speaks_first),
		cmocka_unit_test(P14_a_tool_comes_from_the_winner_alone),
		cmocka_unit_test(when_one_of_two_fails_the_other_goes_on),
		cmocka_unit_test(a_cancel_silences_both_and_the_timer),
		cmocka_unit_test(P12_who_is_cancelled_and_asked_for_again_has_stalled),
		cmocka_unit_test(a_second_one_that_cannot_be_had_changes_nothing),
		cmocka_unit_test(a_late_voice_gets_a_second_one_before_the_first_sound_alone),
		cmocka_unit_test(P05_a_voice_that_stalls_is_followed_by_the_next),
		cmocka_unit_test(P05_the_rest_of_what_a_voice_stood_still_in_is_the_nexts),
		cmocka_unit_test(a_voice_that_fails_beside_another_is_not_told),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
