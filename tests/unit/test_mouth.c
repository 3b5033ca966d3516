/* The mouth against a carrier that writes down what it is given: pace, marks, clears, what is sent of which take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voice/session/mouth.h"

enum { WIRE_MAX = 20000, FRAME_US = 20000 };

enum wire_kind { FRAME, MARK, CLEAR };

struct wire_item {
	enum wire_kind kind;
	uint64_t at_us;
	struct mark mark;
	uint8_t first, last; /* bytes of the frame */
	bool counted;        /* no bytes */
};

struct kit {
	struct mouth *mouth;
	uint64_t now_us;
	size_t count;
	struct wire_item wire[WIRE_MAX];
	uint64_t lead_us, lead_max_us; /* what the carrier has queued, were it next door */
	uint64_t played_us;
	unsigned int sent, wakes;
	uint32_t sent_utterance, sent_take, sent_position;
	uint64_t told_samples, told_padding;
};

static struct kit kit;

static struct wire_item *put(enum wire_kind kind)
{
	assert_true(kit.count < WIRE_MAX);
	kit.wire[kit.count] = (struct wire_item){ .kind = kind, .at_us = kit.now_us };
	return &kit.wire[kit.count++];
}

static void media_send(void *socket, const uint8_t *ulaw, size_t samples)
{
	struct wire_item *item = put(FRAME);

	assert_ptr_equal(socket, &kit);
	assert_int_equal(samples, MOUTH_FRAME_SAMPLES);
	item->counted = !ulaw;
	item->first = ulaw ? ulaw[0] : 0;
	item->last = ulaw ? ulaw[samples - 1] : 0;
	kit.played_us = (kit.played_us > kit.now_us ? kit.played_us : kit.now_us) + FRAME_US;
	if (kit.played_us - kit.now_us > kit.lead_max_us)
		kit.lead_max_us = kit.played_us - kit.now_us;
}

static void media_mark(void *socket, const struct mark *mark)
{
	(void)socket;
	put(MARK)->mark = *mark;
}

static void media_clear(void *socket)
{
	(void)socket;
	put(CLEAR);
	kit.played_us = kit.now_us;
}

static void media_end(void *socket)
{
	(void)socket;
}

static const struct media media = { .name = "test", .send = media_send, .mark = media_mark, .clear = media_clear, .end = media_end };

static void sent_h(void *arg, uint32_t utterance, uint32_t take, uint32_t position)
{
	(void)arg;
	kit.sent++;
	kit.sent_utterance = utterance;
	kit.sent_take = take;
	kit.sent_position = position;
}

static void frames_h(void *arg, const struct mouth_frames *f)
{
	(void)arg;
	kit.told_samples += f->samples;
	kit.told_padding += f->padding;
}

static const struct mouth_events events = { .sent = sent_h, .frames = frames_h };

static int setup(void **state)
{
	(void)state;
	memset(&kit, 0, sizeof(kit));
	kit.now_us = 1000000;
	assert_int_equal(mouth_new(&kit.mouth, &events, &kit), ERR_NONE);
	mouth_media(kit.mouth, &media, &kit);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mouth_free(&kit.mouth);
	return 0;
}

/* Lets time pass as a loop would: wakes exactly when the mouth asks. */
static void run_until(uint64_t at_us)
{
	for (;;) {
		uint64_t next = mouth_next_us(kit.mouth, kit.now_us);

		if (next > at_us)
			break;
		assert_true(++kit.wakes < 100000);
		kit.now_us = next > kit.now_us ? next : kit.now_us;
		mouth_pump(kit.mouth, kit.now_us);
		if (mouth_next_us(kit.mouth, kit.now_us) <= kit.now_us)
			assert_true(kit.count > 0);
	}
	kit.now_us = at_us;
}

static size_t frames(void)
{
	size_t i, n = 0;

	for (i = 0; i < kit.count; i++)
		n += kit.wire[i].kind == FRAME;
	return n;
}

static const struct mark *last_mark(void)
{
	size_t i = kit.count;

	while (i-- > 0)
		if (kit.wire[i].kind == MARK)
			return &kit.wire[i].mark;
	return NULL;
}

/* `samples` of sound whose byte n is n / 160 of the utterance, so that a frame shows where it comes from. */
static void sound(uint32_t utterance, uint32_t take, uint32_t from, uint32_t samples)
{
	uint8_t bytes[16000];
	uint32_t i;

	assert_true(samples <= sizeof(bytes));
	for (i = 0; i < samples; i++)
		bytes[i] = (uint8_t)((from + i) / MOUTH_FRAME_SAMPLES);
	assert_int_equal(mouth_audio(kit.mouth, utterance, take, bytes, samples), ERR_NONE);
}

static void P08_never_more_than_400_ms_ahead(void **state)
{
	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	sound(1, 1, 16000, 16000);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	assert_int_equal(frames(), MOUTH_BURST); /* at once, but not all */
	run_until(kit.now_us + 5000000);
	assert_int_equal(frames(), 200);
	assert_true(kit.lead_max_us <= MOUTH_LEAD_US);
	assert_true(kit.lead_max_us >= MOUTH_LEAD_US - 2 * FRAME_US); /* it does build up a lead */
	assert_true(kit.wakes < 80); /* 200 frames in few wake-ups */
	assert_int_equal(kit.told_samples, 32000);
	assert_int_equal(kit.told_padding, 0);
}

static void no_frame_is_late(void **state)
{
	uint64_t end = 0, i;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	run_until(kit.now_us + 3000000);
	for (i = 0; i < kit.count; i++) {
		if (kit.wire[i].kind != FRAME)
			continue;
		assert_true(!end || kit.wire[i].at_us <= end); /* the carrier never ran dry */
		end = (end ? end : kit.wire[i].at_us) + FRAME_US;
	}
}

static void P08_hold_clears_next_and_nothing_follows(void **state)
{
	size_t before;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	run_until(kit.now_us + 500000);
	before = kit.count;
	mouth_hold(kit.mouth, kit.now_us);
	assert_int_equal(kit.count, before + 1);
	assert_int_equal(kit.wire[before].kind, CLEAR);
	assert_true(mouth_next_us(kit.mouth, kit.now_us) == UINT64_MAX);
	run_until(kit.now_us + 1000000);
	mouth_pump(kit.mouth, kit.now_us);
	assert_int_equal(kit.count, before + 1);
	mouth_play(kit.mouth, 1, 3, 8000); /* the audio is kept: on from its 8000th sample, at once */
	mouth_pump(kit.mouth, kit.now_us);
	assert_int_equal(kit.wire[before + 1].kind, FRAME);
	assert_int_equal(kit.wire[before + 1].first, 8000 / 160);
	assert_int_equal(kit.sent, 2);
	assert_int_equal(kit.sent_take, 3);
	assert_int_equal(kit.sent_position, 8000);
}

static void sabotage_breaks_P08(void **state)
{
	size_t before;

	(void)state;
	mouth_sabotage(kit.mouth);
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	run_until(kit.now_us + 400000);
	assert_true(kit.lead_max_us > 400000);
	before = kit.count;
	mouth_hold(kit.mouth, kit.now_us);
	assert_int_equal(kit.count, before);
}

static void a_mark_behind_every_word_and_at_the_end(void **state)
{
	static const struct speech_word words[] = { { 700, 3 }, { 1500, 7 }, { 1550, 9 }, { 2450, 14 } };
	static const uint32_t expected[] = { 800, 1600, 2500 }; /* behind the frame that the word ends in; the last is the end */
	size_t i, n = 0;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	mouth_words(kit.mouth, 1, 1, words, 4, true);
	sound(1, 1, 0, 2500);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 7, 0);
	run_until(kit.now_us + 1000000);
	for (i = 0; i < kit.count; i++) {
		if (kit.wire[i].kind != MARK)
			continue;
		assert_true(n < 3);
		assert_int_equal(kit.wire[i].mark.samples, expected[n++]);
		assert_int_equal(kit.wire[i].mark.take, 7);
	}
	assert_int_equal(n, 3);
	assert_int_equal(frames(), 16);
	assert_int_equal(kit.wire[kit.count - 2].last, 0xff); /* the last frame is filled with silence, */
	assert_int_equal(kit.told_padding, 16 * 160 - 2500);  /* which is not counted */
	assert_int_equal(kit.told_samples, 2500);
}

static void a_mark_every_200_ms_without_words(void **state)
{
	size_t i;
	uint32_t last = 0, most = 0;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 1, 0);
	run_until(kit.now_us + 3000000);
	for (i = 0; i < kit.count; i++) {
		if (kit.wire[i].kind != MARK)
			continue;
		most = kit.wire[i].mark.samples - last > most ? kit.wire[i].mark.samples - last : most;
		last = kit.wire[i].mark.samples;
	}
	assert_int_equal(last, 16000);
	assert_int_equal(most, MOUTH_MARK_SAMPLES);
}

static void utterances_follow_one_another_without_a_pause(void **state)
{
	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	assert_int_equal(mouth_speak(kit.mouth, 2, 1), ERR_NONE);
	sound(1, 1, 0, 1600);
	mouth_done(kit.mouth, 1, 1);
	sound(2, 1, 0, 1600);
	mouth_done(kit.mouth, 2, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_play(kit.mouth, 2, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	run_until(kit.now_us + 400000);
	assert_int_equal(frames(), 20);
	assert_int_equal(kit.sent, 2);
	assert_int_equal(kit.sent_utterance, 2);
	assert_true(kit.played_us == 1000000 + 20 * FRAME_US); /* as if it were one */
}

static void waits_when_it_is_dry_and_sends_what_there_is(void **state)
{
	uint32_t utterance, take;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	mouth_play(kit.mouth, 1, 2, 0);
	assert_true(mouth_is_dry(kit.mouth, &utterance, &take));
	assert_int_equal(take, 1);
	sound(1, 1, 0, 400); /* two and a half frames */
	mouth_pump(kit.mouth, kit.now_us);
	assert_int_equal(frames(), 2);
	assert_true(mouth_is_dry(kit.mouth, &utterance, &take));
	run_until(kit.now_us + 39999);
	assert_int_equal(frames(), 2); /* more may come while the carrier still plays, */
	run_until(kit.now_us + 2);
	assert_int_equal(frames(), 3); /* then the rest goes as it is, */
	assert_int_equal(last_mark()->samples, 400); /* with a mark: a word may end there */
	run_until(kit.now_us + 1000000);
	assert_int_equal(frames(), 3);
	assert_int_equal(kit.sent, 2); /* the rest went when the carrier had nothing left */
	assert_int_equal(kit.sent_position, 320);
	sound(1, 1, 400, 1600);
	mouth_done(kit.mouth, 1, 1);
	mouth_pump(kit.mouth, kit.now_us);
	run_until(kit.now_us + 1000000);
	assert_int_equal(kit.told_samples, 2000);
	assert_int_equal(last_mark()->samples, 2000);
	assert_int_equal(kit.sent_take, 2);
	assert_int_equal(kit.sent_position, 400); /* it began again there */
	assert_false(mouth_is_dry(kit.mouth, &utterance, &take));
}

static void the_end_is_marked_though_it_is_told_late(void **state)
{
	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 480);
	mouth_play(kit.mouth, 1, 2, 0);
	run_until(kit.now_us + 500000);
	mouth_done(kit.mouth, 1, 1);
	run_until(kit.now_us + 500000);
	assert_int_equal(frames(), 3);
	assert_int_equal(last_mark()->samples, 480);
	assert_true(mouth_next_us(kit.mouth, kit.now_us) == UINT64_MAX);
}

static void news_come_with_the_first_audio_then_every_200_ms(void **state)
{
	static const struct speech_word word = { 100, 2 };
	struct mouth_news news;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 5), ERR_NONE);
	assert_false(mouth_news(kit.mouth, 1, 5, false, &news));
	sound(1, 5, 0, 100);
	assert_true(mouth_news(kit.mouth, 1, 5, false, &news));
	assert_int_equal(news.samples, 100);
	assert_false(mouth_news(kit.mouth, 1, 5, true, &news));
	sound(1, 5, 100, 1599);
	assert_false(mouth_news(kit.mouth, 1, 5, false, &news));
	sound(1, 5, 1699, 1);
	assert_true(mouth_news(kit.mouth, 1, 5, false, &news));
	assert_int_equal(news.samples, 1700);
	mouth_words(kit.mouth, 1, 5, &word, 1, true);
	assert_true(mouth_news(kit.mouth, 1, 5, false, &news));
	assert_int_equal(news.count, 1);
	assert_true(news.exact);
	assert_false(news.done);
	sound(1, 5, 1700, 10);
	assert_true(mouth_news(kit.mouth, 1, 5, true, &news));
	mouth_done(kit.mouth, 1, 5);
	assert_true(mouth_news(kit.mouth, 1, 5, false, &news));
	assert_true(news.done);
	assert_int_equal(news.samples, 1710);
	assert_false(mouth_news(kit.mouth, 1, 5, true, &news));
	assert_int_equal(mouth_speak(kit.mouth, 2, 1), ERR_NONE);
	sound(2, 1, 0, 100);
	assert_false(mouth_news(kit.mouth, 2, 2, true, &news)); /* another take's, */
	assert_false(mouth_news(kit.mouth, 3, 1, true, &news)); /* and nobody's */
	assert_false(mouth_peek(kit.mouth, 2, 2, &news));
	assert_false(mouth_peek(kit.mouth, 3, 1, &news));
	assert_true(mouth_peek(kit.mouth, 2, 1, &news));
	assert_int_equal(news.samples, 100);
}

static void words_that_go_backwards_are_straightened(void **state)
{
	struct speech_word words[MOUTH_WORDS + 10];
	struct mouth_news news;
	unsigned int i;

	(void)state;
	for (i = 0; i < MOUTH_WORDS + 10; i++)
		words[i] = (struct speech_word){ 100 * (i + 1), (uint16_t)(i + 1) };
	words[3] = (struct speech_word){ 50, 2 };
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	mouth_words(kit.mouth, 1, 1, words, MOUTH_WORDS + 10, false);
	assert_true(mouth_news(kit.mouth, 1, 1, false, &news));
	assert_int_equal(news.count, MOUTH_WORDS);
	assert_int_equal(news.words[3].end_samples, 300);
	assert_int_equal(news.words[3].text_end, 3);
	assert_int_equal(news.words[MOUTH_WORDS - 1].end_samples, 100 * (MOUTH_WORDS + 10)); /* the last word is the rest */
}

static void P05_a_broken_voice_is_cut_behind_its_last_whole_word(void **state)
{
	static const struct speech_word words[] = { { 1000, 4 }, { 2000, 9 }, { 3000, 12 } };

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	mouth_words(kit.mouth, 1, 1, words, 3, true);
	sound(1, 1, 0, 2600);
	mouth_trim(kit.mouth, 1, 2000);
	mouth_play(kit.mouth, 1, 2, 0);
	run_until(kit.now_us + 1000000);
	assert_int_equal(kit.told_samples, 2000);
	assert_int_equal(last_mark()->samples, 2000);
}

static void ceilings_hold(void **state)
{
	static uint8_t second[8000];
	unsigned int i;

	(void)state;
	for (i = 0; i < MOUTH_UTTERANCES; i++)
		assert_int_equal(mouth_speak(kit.mouth, i + 1, 1), ERR_NONE);
	assert_int_equal(mouth_speak(kit.mouth, 100, 1), ERR_LIMIT);
	assert_int_equal(mouth_speak(kit.mouth, 5, 2), ERR_NONE); /* anew is no more */
	for (i = 0; i < MOUTH_SECONDS; i++)
		assert_int_equal(mouth_audio(kit.mouth, 5, 2, second, sizeof(second)), ERR_NONE);
	assert_int_equal(mouth_audio(kit.mouth, 5, 2, second, 1), ERR_LIMIT);
	assert_int_equal(mouth_audio(kit.mouth, 99, 2, second, 1), ERR_NONE); /* unknown: nothing */
	mouth_forget(kit.mouth, 5);
	assert_int_equal(mouth_speak(kit.mouth, 100, 1), ERR_NONE);
}

static void counted_sound_is_paced_like_any(void **state)
{
	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	assert_int_equal(mouth_audio(kit.mouth, 1, 1, NULL, 80000), ERR_NONE);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	run_until(kit.now_us + 11000000);
	assert_int_equal(frames(), 500);
	assert_true(kit.wire[0].counted);
	assert_true(kit.lead_max_us <= MOUTH_LEAD_US);
	assert_int_equal(last_mark()->samples, 80000);
}

static void forgetting_and_speaking_anew_take_it_out_of_the_queue(void **state)
{
	size_t before;

	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 16000);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	before = kit.count;
	assert_int_equal(mouth_speak(kit.mouth, 1, 3), ERR_NONE);
	sound(1, 1, 0, 1600); /* the old take's voice still talks */
	run_until(kit.now_us + 500000);
	assert_int_equal(kit.count, before);
	mouth_play(kit.mouth, 1, 4, 0);
	run_until(kit.now_us + 500000);
	assert_int_equal(kit.count, before); /* of the new one there is nothing yet */
	mouth_forget(kit.mouth, 1);
	assert_true(mouth_next_us(kit.mouth, kit.now_us) == UINT64_MAX);
}

static void playing_again_replaces_the_older_take(void **state)
{
	(void)state;
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 3200);
	mouth_done(kit.mouth, 1, 1);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_play(kit.mouth, 1, 3, 1600);
	run_until(kit.now_us + 1000000);
	assert_int_equal(frames(), 10);
	assert_int_equal(kit.sent, 1);
	assert_int_equal(kit.sent_take, 3);
}

static void without_media_nothing_goes_out(void **state)
{
	(void)state;
	mouth_media(kit.mouth, NULL, NULL);
	assert_int_equal(mouth_speak(kit.mouth, 1, 1), ERR_NONE);
	sound(1, 1, 0, 3200);
	mouth_play(kit.mouth, 1, 2, 0);
	mouth_pump(kit.mouth, kit.now_us);
	mouth_hold(kit.mouth, kit.now_us);
	assert_int_equal(kit.count, 0);
	assert_true(mouth_next_us(kit.mouth, kit.now_us) == UINT64_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(P08_never_more_than_400_ms_ahead),
		CASE(no_frame_is_late),
		CASE(P08_hold_clears_next_and_nothing_follows),
		CASE(sabotage_breaks_P08),
		CASE(a_mark_behind_every_word_and_at_the_end),
		CASE(a_mark_every_200_ms_without_words),
		CASE(utterances_follow_one_another_without_a_pause),
		CASE(waits_when_it_is_dry_and_sends_what_there_is),
		CASE(the_end_is_marked_though_it_is_told_late),
		CASE(news_come_with_the_first_audio_then_every_200_ms),
		CASE(words_that_go_backwards_are_straightened),
		CASE(P05_a_broken_voice_is_cut_behind_its_last_whole_word),
		CASE(ceilings_hold),
		CASE(counted_sound_is_paced_like_any),
		CASE(forgetting_and_speaking_anew_take_it_out_of_the_queue),
		CASE(playing_again_replaces_the_older_take),
		CASE(without_media_nothing_goes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
