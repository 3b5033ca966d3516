/* A recogniser's stream that is opened while the phone rings: one at a time, new before a vendor would close it, and the session's first. */
#include "lineupkit.h"
#include "voice/lineup/lineup_ahead.h"

static struct lineup_ahead ahead;

static void ring(struct world *w)
{
	begin(w, &fake_stt);
	lineup_ahead_open(&ahead, w->clock, &lineup_stt, &w->lineup, "en-US");
}

static struct stt_stream **answer(struct world *w, const char *language)
{
	static struct stt_stream *s;

	assert_int_equal(lineup_ahead_stt.start(&ahead, &s, language, &listens, w), ERR_NONE);
	return &s;
}

static void hang_up(struct world *w, struct stt_stream **s)
{
	lineup_ahead_stt.cancel(s);
	assert_null(*s);
	lineup_ahead_close(&ahead);
	end(w);
}

static void test_the_first_start_has_it(void **state)
{
	struct stt_stream **s, *held;
	struct world w;

	(void)state;
	ring(&w);
	held = w.vendors[0].stream;
	assert_non_null(held);
	assert_int_equal(w.accounts[0].held, 1);
	passes(&w, S);
	s = answer(&w, "en-US");
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.accounts[0].held, 1);
	lineup_ahead_stt.push(*s, NULL, 160);
	lineup_ahead_stt.finalize(*s);
	lineup_ahead_stt.asked(*s, "when?", 5);
	held->events->transcript(held->arg, TRANSCRIPT_FINAL, "yes", 3, 0, 160);
	assert_int_equal(w.vendors[0].pushes, 160);
	assert_int_equal(w.vendors[0].finals, 1);
	assert_int_equal(w.vendors[0].asked, 5);
	assert_int_equal(w.words, 3);
	passes(&w, 3ULL * AHEAD_RENEW_US);
	assert_int_equal(w.vendors[0].starts, 1); /* nobody waits for a call any more */
	hang_up(&w, s);
}

/* The session replaces it: from then on every start is a new stream. */
static void test_the_next_one_is_another(void **state)
{
	struct stt_stream **s;
	struct world w;

	(void)state;
	ring(&w);
	s = answer(&w, "en-US");
	stream_dies(&w.vendors[0], ERR_CLOSED);
	assert_null(*s);
	assert_int_equal(w.ended, 1);
	s = answer(&w, "en-US");
	assert_int_equal(w.vendors[0].starts, 2);
	hang_up(&w, s);
}

/* However long it rings, no vendor sees a stream that is silent for too long, and none counts as failed. */
static void test_it_rings_for_long(void **state)
{
	struct stt_stream **s;
	struct world w;

	(void)state;
	ring(&w);
	passes(&w, 10ULL * AHEAD_RENEW_US);
	assert_in_range(w.vendors[0].starts, 9, 11);
	assert_in_range(w.vendors[0].starts - w.vendors[0].cancels, 0, 1);
	assert_int_equal(w.vendors[1].starts, 0);
	assert_int_equal(w.health[0].failures, 0);
	s = answer(&w, "en-US");
	hang_up(&w, s);
}

/* Vendors that are away, an account that is full: the call begins as it would have. */
static void test_it_fails_meanwhile(void **state)
{
	struct stt_stream **s;
	struct world w;

	(void)state;
	ring(&w);
	stream_dies(&w.vendors[0], ERR_CLOSED);
	assert_int_equal(w.ended, 0);
	assert_null(ahead.held);
	for (unsigned int i = 0; i < MEMBERS; i++)
		w.vendors[i].refuses = ERR_UNAVAILABLE;
	passes(&w, 2ULL * AHEAD_RENEW_US);
	assert_null(ahead.held);
	for (unsigned int i = 0; i < MEMBERS; i++)
		w.vendors[i].refuses = ERR_NONE;
	s = answer(&w, "en-US");
	hang_up(&w, s);
}

static void test_another_language(void **state)
{
	struct stt_stream **s;
	struct world w;

	(void)state;
	ring(&w);
	s = answer(&w, "hi-IN");
	assert_int_equal(w.vendors[0].cancels, 1);
	assert_null(ahead.held);
	hang_up(&w, s);
}

static void test_nobody_answers(void **state)
{
	struct world w;

	(void)state;
	ring(&w);
	lineup_ahead_close(&ahead);
	assert_int_equal(w.vendors[0].cancels, 1);
	passes(&w, 2ULL * AHEAD_RENEW_US);
	assert_int_equal(w.vendors[0].starts, 1);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_start_has_it),
		cmocka_unit_test(test_the_next_one_is_another),
		cmocka_unit_test(test_it_rings_for_long),
		cmocka_unit_test(test_it_fails_meanwhile),
		cmocka_unit_test(test_another_language),
		cmocka_unit_test(test_nobody_answers),
	};

	deadline_set(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
