/* Recognisers and voices of a call in several languages: each start goes to those of its language, and to the first where that has nobody. */
#include "lineupkit.h"
#include "voice/lineup/lineup_tongues.h"

enum { FIRST, SECOND };

/* The second language has members 1 alone; `stt` and `tts` say whether anybody hears and says it. */
static void several(struct world *w, struct lineup_tongues *t, bool stt, bool tts)
{
	begin(w, &fake_stt);
	*t = (struct lineup_tongues){ .count = 2 };
	t->at[FIRST] = (struct lineup_tongue){ .language = "en-IN", .stt = &fake_stt, .stt_vendor = &w->vendors[0], .tts = &fake_tts, .tts_vendor = &w->vendors[0] };
	t->at[SECOND] = (struct lineup_tongue){ .language = "hi-IN", .stt = stt ? &simple_stt : NULL, .stt_vendor = &w->vendors[1], .tts = tts ? &fake_tts : NULL,
		.tts_vendor = &w->vendors[1] };
}

static void test_each_language_has_its_own(void **state)
{
	struct stt_stream *s, *second;
	struct lineup_tongues t;
	struct world w;

	(void)state;
	several(&w, &t, true, true);
	assert_int_equal(lineup_tongues_stt.start(&t, &s, "en-IN", &listens, &w), ERR_NONE);
	assert_int_equal(lineup_tongues_stt.start(&t, &second, "HI-in", &listens, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1);
	assert_int_equal(w.vendors[1].starts, 1);
	lineup_tongues_stt.push(second, NULL, 160);
	lineup_tongues_stt.finalize(second);
	lineup_tongues_stt.asked(second, "kab?", 4); /* makes nothing of it */
	lineup_tongues_stt.asked(s, "when?", 5);
	assert_int_equal(w.vendors[1].pushes, 160);
	assert_int_equal(w.vendors[1].finals, 1);
	assert_int_equal(w.vendors[0].asked, 5);
	w.vendors[1].stream->events->transcript(w.vendors[1].stream->arg, TRANSCRIPT_FINAL, "haan", 4, 0, 160);
	assert_int_equal(w.words, 4);
	lineup_tongues_stt.cancel(&s);
	assert_null(s);
	stream_dies(&w.vendors[1], ERR_CLOSED);
	assert_null(second);
	assert_int_equal(w.ended, 1);
	lineup_tongues_stt.cancel(&second);
	end(&w);
}

static void test_a_language_without_a_recogniser_has_the_first_ones(void **state)
{
	struct lineup_tongues t;
	struct stt_stream *s;
	struct world w;

	(void)state;
	several(&w, &t, false, true);
	assert_true(lineup_tongues_stt.hears(&t, "en-IN"));
	assert_false(lineup_tongues_stt.hears(&t, "hi-IN"));
	assert_false(lineup_tongues_stt.hears(&t, "ta-IN"));
	assert_int_equal(lineup_tongues_stt.start(&t, &s, "hi-IN", &listens, &w), ERR_NONE);
	assert_int_equal(w.vendors[0].starts, 1);
	lineup_tongues_stt.cancel(&s);
	w.vendors[0].refuses = ERR_BUSY;
	assert_int_equal(lineup_tongues_stt.start(&t, &s, "en-IN", &listens, &w), ERR_BUSY);
	assert_null(s);
	end(&w);
}

static void test_voices(void **state)
{
	struct tts_utterance *u, *second;
	struct lineup_tongues t;
	struct world w;

	(void)state;
	several(&w, &t, true, true);
	assert_int_equal(lineup_tongues_tts.start(&t, &u, "en-IN", "hello", 5, &speaks, &w), ERR_NONE);
	assert_int_equal(lineup_tongues_tts.start(&t, &second, "hi-IN", "namaste", 7, &speaks, &w), ERR_NONE);
	assert_string_equal(w.vendors[0].heard, "en-IN hello");
	assert_string_equal(w.vendors[1].heard, "hi-IN namaste");
	w.vendors[1].utterance->events->audio(w.vendors[1].utterance->arg, NULL, 160);
	assert_int_equal(w.audio, 160);
	lineup_tongues_tts.cancel(&second);
	assert_null(second);
	assert_int_equal(w.vendors[1].cancels, 1);
	lineup_tongues_tts.cancel(&u);
	lineup_tongues_tts.cancel(&u);
	t.at[SECOND].tts = NULL;
	assert_int_equal(lineup_tongues_tts.start(&t, &u, "hi-IN", "namaste", 7, &speaks, &w), ERR_NONE);
	assert_string_equal(w.vendors[0].heard, "en-IN namaste"); /* in the first one's language: its voice knows no other */
	lineup_tongues_tts.cancel(&u);
	w.vendors[0].refuses = ERR_BUSY;
	assert_int_equal(lineup_tongues_tts.start(&t, &u, "en-IN", "hello", 5, &speaks, &w), ERR_BUSY);
	assert_null(u);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_language_has_its_own),
		cmocka_unit_test(test_a_language_without_a_recogniser_has_the_first_ones),
		cmocka_unit_test(test_voices),
	};

	deadline_set(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
