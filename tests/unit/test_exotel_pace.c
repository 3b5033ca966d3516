/* The mouth speaking to Exotel in virtual time: how far ahead Exotel ever is, that it never runs dry, and what becomes of a slow voice. */
#include "exotelkit.h"

#include "voice/session/mouth.h"

enum { MS = 1000, FRAME = 160, CHUNKS_MAX = 400 };

static const uint64_t BEGAN_US = 1000000;

struct chunk {
	uint64_t at_us, us; /* when it came, how long it is */
	size_t bytes;
};

struct line {
	struct mouth *mouth;
	uint64_t now_us, end_us; /* Exotel will have played all by then */
	uint64_t ahead_us, dry_us; /* at most; in all, once it had begun */
	unsigned int rate_hz;
	struct chunk chunks[CHUNKS_MAX];
	size_t count, clears;
	char last_mark[40];
	uint64_t mark_end_us;      /* … what was queued when it came */
	unsigned int wakes;
};

static void on_sent(void *arg, uint32_t utterance, uint32_t take, uint32_t position)
{
	(void)arg;
	(void)utterance;
	(void)take;
	(void)position;
}

static void exotel_hears(struct world *w, const char *text)
{
	struct line *l = w->arg;
	uint8_t bytes[10000];
	size_t len = payload_of(text, bytes, sizeof(bytes));
	const char *mark = strstr(text, "\"mark\":{\"name\":\"");

	w->pushes = 0;
	if (mark) {
		snprintf(l->last_mark, sizeof(l->last_mark), "%.*s", (int)strcspn(mark + 16, "\""), mark + 16);
		l->mark_end_us = l->end_us;
	}
	if (strstr(text, "\"clear\"")) {
		l->clears++;
		l->end_us = l->now_us;
	}
	if (!len)
		return;
	assert_true(l->count < CHUNKS_MAX);
	if (l->count && l->end_us < l->now_us)
		l->dry_us += l->now_us - l->end_us;
	l->chunks[l->count] = (struct chunk){ .at_us = l->now_us, .us = (uint64_t)len * 500000 / l->rate_hz, .bytes = len };
	l->end_us = (l->end_us > l->now_us ? l->end_us : l->now_us) + l->chunks[l->count++].us;
	if (l->end_us - l->now_us > l->ahead_us)
		l->ahead_us = l->end_us - l->now_us;
}

static void line_begin(struct line *l, unsigned int rate_hz)
{
	static const struct mouth_events events = { .sent = on_sent };
	struct world *w = world_new((struct exotel_options){ .keys = EXOTEL_KEYS_AUTO });

	*l = (struct line){ .now_us = BEGAN_US, .rate_hz = rate_hz };
	world_start(w, rate_hz, "raw/slin", false);
	w->pushed_h = exotel_hears;
	w->arg = l;
	assert_int_equal(mouth_new(&l->mouth, &events, l), ERR_NONE);
	mouth_media(l->mouth, &exotel_media, &w->media);
}

static void line_end(struct line *l)
{
	mouth_free(&l->mouth);
}

/* The counter of pushes is reset inside, so that a long call fits. */
static void run_until(struct line *l, uint64_t at_us)
{
	for (;;) {
		uint64_t next = mouth_next_us(l->mouth, l->now_us);

		if (next > at_us)
			break;
		assert_true(++l->wakes < 5000);
		l->now_us = next > l->now_us ? next : l->now_us;
		mouth_pump(l->mouth, l->now_us);
		the_world.pushes = 0;
	}
	l->now_us = at_us;
}

static void speak(struct line *l, uint32_t utterance, uint32_t samples)
{
	static uint8_t bytes[16000];

	memset(bytes, 0x33, sizeof(bytes));
	for (uint32_t n; samples; samples -= n) {
		n = samples < sizeof(bytes) ? samples : (uint32_t)sizeof(bytes);
		assert_int_equal(mouth_audio(l->mouth, utterance, 1, bytes, n), ERR_NONE);
	}
}

static uint64_t sound_us(const struct line *l)
{
	uint64_t us = 0;

	for (size_t i = 0; i < l->count; i++)
		us += l->chunks[i].us;
	return us;
}

static void test_P08_never_more_than_400_ms_ahead_and_never_dry(void **state)
{
	static const unsigned int rates[] = { 8000, 16000, 24000 };
	struct line l;

	(void)state;
	for (size_t r = 0; r < 3; r++) {
		size_t chunk = rates[r] == 24000 ? 4800 : 3200;

		line_begin(&l, rates[r]);
		assert_int_equal(mouth_speak(l.mouth, 1, 1), ERR_NONE);
		speak(&l, 1, 83 * FRAME); /* no whole number of chunks */
		speak(&l, 1, 90); /* nor of frames */
		mouth_done(l.mouth, 1, 1);
		mouth_play(l.mouth, 1, 1, 0);
		run_until(&l, BEGAN_US + 5000 * MS);
		assert_int_equal(sound_us(&l), 84 * 20 * MS);
		assert_in_range(l.ahead_us, 200 * MS, 400 * MS);
		assert_int_equal(l.dry_us, 0);
		assert_in_range(l.chunks[0].at_us, BEGAN_US, BEGAN_US + 40 * MS);
		for (size_t i = 0; i + 1 < l.count; i++)
			assert_int_equal(l.chunks[i].bytes, chunk);
		assert_int_equal(l.chunks[l.count - 1].bytes % 320, 0);
		assert_string_equal(l.last_mark, "u1.1:13370");
		assert_int_equal(l.mark_end_us, l.end_us); /* behind the last sound */
		assert_true(l.wakes < 60);
		for (size_t i = 1; i < l.count; i++) /* so long before the one before it is over: what a network may take, once a lead is built up */
			assert_true(l.chunks[0].at_us + i * l.chunks[0].us >= l.chunks[i].at_us + (i > 3 ? 120U : 40U) * MS);
		line_end(&l);
	}
}

/* A voice that gives 40 ms every 60 ms: no chunk ever fills in time, and nothing is held back for longer than it is of use. */
static void test_a_slow_voice_is_heard_as_it_comes(void **state)
{
	struct line l;

	(void)state;
	line_begin(&l, 8000);
	assert_int_equal(mouth_speak(l.mouth, 1, 1), ERR_NONE);
	mouth_play(l.mouth, 1, 1, 0);
	for (unsigned int i = 0; i < 50; i++) {
		speak(&l, 1, 2 * FRAME);
		mouth_pump(l.mouth, l.now_us);
		run_until(&l, BEGAN_US + (i + 1) * 60 * MS);
	}
	mouth_done(l.mouth, 1, 1);
	run_until(&l, l.now_us + 1000 * MS);
	assert_int_equal(sound_us(&l), 50 * 40 * MS);
	assert_in_range(l.chunks[0].at_us, BEGAN_US, BEGAN_US + 40 * MS);
	for (size_t i = 0; i < l.count; i++)
		assert_int_equal(l.chunks[i].bytes % 320, 0);
	assert_true(l.end_us <= BEGAN_US + 49 * 60 * MS + 140 * MS); /* hardly behind the voice itself */
	line_end(&l);
}

/* A voice that begins slowly and then is quick: the first chunk is small, the others whole. */
static void test_a_first_piece_alone_waits_no_longer_than_40_ms(void **state)
{
	struct line l;

	(void)state;
	line_begin(&l, 8000);
	assert_int_equal(mouth_speak(l.mouth, 1, 1), ERR_NONE);
	mouth_play(l.mouth, 1, 1, 0);
	speak(&l, 1, 5 * FRAME);
	mouth_pump(l.mouth, l.now_us);
	run_until(&l, BEGAN_US + 60 * MS);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.chunks[0].bytes, 1600);
	assert_int_equal(l.chunks[0].at_us, BEGAN_US + 40 * MS);
	speak(&l, 1, 40 * FRAME);
	mouth_pump(l.mouth, l.now_us);
	run_until(&l, BEGAN_US + 500 * MS);
	assert_int_equal(l.chunks[1].bytes, 3200);
	assert_int_equal(l.dry_us, 0);
	line_end(&l);
}

static void test_a_hold_clears_what_is_held_and_the_rest_goes_on(void **state)
{
	struct line l;

	(void)state;
	line_begin(&l, 8000);
	assert_int_equal(mouth_speak(l.mouth, 1, 1), ERR_NONE);
	speak(&l, 1, 8000);
	mouth_done(l.mouth, 1, 1);
	mouth_play(l.mouth, 1, 1, 0);
	run_until(&l, BEGAN_US + 310 * MS);
	mouth_hold(l.mouth, l.now_us);
	assert_int_equal(l.clears, 1);
	assert_int_equal(l.end_us, l.now_us);
	assert_int_equal(exotel_media.held(&the_world.media), 0);
	l.count = 0;
	run_until(&l, l.now_us + 1000 * MS);
	assert_int_equal(l.count, 0);
	mouth_play(l.mouth, 1, 2, 2480);
	run_until(&l, l.now_us + 2000 * MS);
	assert_int_equal(sound_us(&l), 700 * MS); /* 690, and the last frame's padding */
	assert_string_equal(l.last_mark, "u1.2:8000");
	line_end(&l);
}

/* What was given of an utterance that is forgotten then is not held back for ever. */
static void test_forgotten_sound_is_not_kept(void **state)
{
	struct line l;

	(void)state;
	line_begin(&l, 8000);
	assert_int_equal(mouth_speak(l.mouth, 1, 1), ERR_NONE);
	mouth_play(l.mouth, 1, 1, 0);
	speak(&l, 1, 3 * FRAME);
	mouth_pump(l.mouth, l.now_us);
	assert_int_equal(l.count, 0);
	mouth_forget(l.mouth, 1);
	run_until(&l, l.now_us + 100 * MS);
	assert_int_equal(l.count, 1);
	assert_int_equal(exotel_media.held(&the_world.media), 0);
	line_end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_P08_never_more_than_400_ms_ahead_and_never_dry, world_drop),
		cmocka_unit_test_teardown(test_a_slow_voice_is_heard_as_it_comes, world_drop),
		cmocka_unit_test_teardown(test_a_first_piece_alone_waits_no_longer_than_40_ms, world_drop),
		cmocka_unit_test_teardown(test_a_hold_clears_what_is_held_and_the_rest_goes_on, world_drop),
		cmocka_unit_test_teardown(test_forgotten_sound_is_not_kept, world_drop),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
