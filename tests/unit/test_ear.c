/* The ear: the levels of several lines at once are those of each line alone, in order, whatever is pushed in what pieces. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "voice/worker/ear.h"

#define BOOK "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"

enum { LINES = 5, SAMPLES = 56320, CHUNKS = SAMPLES / EAR_CHUNK_SAMPLES };

struct listener {
	uint16_t levels[2 * CHUNKS + 200];
	uint64_t first;
	size_t count;
};

struct world {
	uv_loop_t loop;
	struct silero_model *model;
	struct ear *ear;
	uint8_t sound[SAMPLES];
	uint16_t expected[CHUNKS];
	unsigned int rests, works;
};

static void level_h(void *arg, uint64_t position, uint16_t level)
{
	struct listener *l = arg;

	assert_int_equal(position, l->first + l->count * EAR_CHUNK_SAMPLES);
	assert_true(l->count < sizeof(l->levels) / sizeof(l->levels[0]));
	l->levels[l->count++] = level;
}

static void rests_h(void *arg, bool rests)
{
	struct world *w = arg;

	(void)(rests ? w->rests++ : w->works++);
}

static void expect(struct world *w)
{
	struct silero alone;
	int16_t chunk[EAR_CHUNK_SAMPLES];
	size_t i;

	silero_init(&alone, 8000, true);
	for (i = 0; i < CHUNKS; i++) {
		g711_decode(G711_ULAW, chunk, w->sound + i * EAR_CHUNK_SAMPLES, EAR_CHUNK_SAMPLES);
		w->expected[i] = silero_level(silero_step(w->model, &alone, chunk));
	}
}

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct wav wav;
	char path[600];
	size_t i;

	snprintf(path, sizeof(path), "%s/silero_vad.onnx", getenv("CALLFUNNEL_MODELS"));
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(silero_model_open(&w->model, path, SILERO_BEST, NULL), ERR_NONE);
	assert_int_equal(ear_open(&w->ear, &w->loop, w->model, rests_h, w), ERR_NONE);
	assert_int_equal(wav_read(BOOK, &wav, NULL), ERR_NONE);
	assert_true(wav.frames >= 2 * SAMPLES);
	for (i = 0; i < SAMPLES; i++)
		w->sound[i] = g711_ulaw_encode(wav.samples[2 * i]);
	wav_fini(&wav);
	expect(w);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	ear_close(&w->ear);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	silero_model_close(&w->model);
	free(w);
	return 0;
}

static void until(struct world *w, const struct listener *l, size_t count)
{
	while (l->count < count)
		uv_run(&w->loop, UV_RUN_ONCE);
}

static void test_lines_together_are_lines_alone(void **state)
{
	static struct listener listeners[LINES];
	struct world *w = *state;
	struct ear_line *lines[LINES];
	size_t i, n, at[LINES] = { 0 };
	unsigned int pieces[LINES] = { 160, 256, 1, 4000, 333 };
	bool more = true;

	for (i = 0; i < LINES; i++) {
		listeners[i] = (struct listener){ .first = i * 1000 };
		assert_int_equal(ear_line_open(w->ear, &lines[i], i * 1000, level_h, &listeners[i]), ERR_NONE);
	}
	while (more) {
		for (more = false, i = 0; i < LINES; i++) {
			n = pieces[i] < SAMPLES - at[i] ? pieces[i] : SAMPLES - at[i];
			ear_line_push(lines[i], w->sound + at[i], n);
			at[i] += n;
			more |= at[i] < SAMPLES;
		}
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	for (i = 0; i < LINES; i++) {
		until(w, &listeners[i], CHUNKS);
		assert_int_equal(listeners[i].count, CHUNKS);
		assert_memory_equal(listeners[i].levels, w->expected, sizeof(w->expected));
		ear_line_close(&lines[i]);
	}
	assert_int_equal(ear_unheard(w->ear), 0);
	assert_int_equal(w->works, w->rests); /* each time it rested again */
	assert_true(w->works >= 1);
}

static void test_a_closed_line_is_silent(void **state)
{
	static struct listener closed, open;
	struct world *w = *state;
	struct ear_line *a, *b;

	assert_int_equal(ear_line_open(w->ear, &a, 0, level_h, &closed), ERR_NONE);
	assert_int_equal(ear_line_open(w->ear, &b, 0, level_h, &open), ERR_NONE);
	ear_line_push(a, w->sound, SAMPLES);
	ear_line_push(b, w->sound, SAMPLES);
	ear_line_close(&a);
	until(w, &open, CHUNKS);
	assert_int_equal(closed.count, 0);
	ear_line_close(&b);
	ear_line_close(&b); /* empty */
}

/* A long gap: silence for as long as it counts, then on at the place that belongs to now. */
static void test_a_gap_keeps_the_places(void **state)
{
	struct world *w = *state;
	struct ear_line *l;
	static struct listener listener;

	assert_int_equal(ear_line_open(w->ear, &l, 0, level_h, &listener), ERR_NONE);
	ear_line_push(l, w->sound, 100);
	ear_line_skip(l, 28);
	ear_line_push(l, w->sound, 128); /* a whole chunk, with a hole of silence in it */
	until(w, &listener, 1);
	ear_line_skip(l, 80 * EAR_CHUNK_SAMPLES);
	until(w, &listener, 81);
	assert_true(listener.levels[80] < 10000);
	ear_line_close(&l);
}

static void far_h(void *arg, uint64_t position, uint16_t level)
{
	(void)level;
	*(uint64_t *)arg = position;
}

static void test_a_very_long_gap_is_jumped_over(void **state)
{
	struct world *w = *state;
	uint64_t last = 0;
	struct ear_line *l;

	assert_int_equal(ear_line_open(w->ear, &l, 0, far_h, &last), ERR_NONE);
	ear_line_push(l, w->sound, 77);
	ear_line_skip(l, 8000 * 3600);
	ear_line_push(l, w->sound, EAR_CHUNK_SAMPLES);
	while (last != 77 + 8000 * 3600)
		uv_run(&w->loop, UV_RUN_ONCE);
	ear_line_close(&l);
}

struct tones {
	struct tone_event last;
	size_t count, levels;
	uint64_t level_at;
};

static void tones_level_h(void *arg, uint64_t position, uint16_t level)
{
	struct tones *t = arg;

	(void)level;
	t->levels++;
	t->level_at = position;
}

static void tones_h(void *arg, const struct tone_event *tone)
{
	struct tones *t = arg;

	assert_true(t->level_at + EAR_CHUNK_SAMPLES >= tone->end_sample); /* behind the level of its chunk */
	t->last = *tone;
	t->count++;
}

/* P22: a beep's place is the line's, behind a gap too; a line that did not ask hears none. */
static void test_P22_tones_have_their_places(void **state)
{
	struct world *w = *state;
	struct tones asked = { .count = 0 }, other = { .count = 0 };
	struct ear_line *a, *b;
	uint8_t beep[8000];
	size_t i;

	memset(beep, G711_ULAW_SILENCE, sizeof(beep));
	for (i = 2000; i < 5200; i++)
		beep[i] = g711_ulaw_encode((int16_t)(8000 * sin(2 * M_PI * 1000 * (double)i / 8000)));
	assert_int_equal(ear_line_open(w->ear, &a, 500, tones_level_h, &asked), ERR_NONE);
	assert_int_equal(ear_line_open(w->ear, &b, 500, tones_level_h, &other), ERR_NONE);
	ear_line_tones(a, tones_h);
	for (i = 0; i < 2; i++) {
		ear_line_push(a, beep, sizeof(beep));
		ear_line_push(b, beep, sizeof(beep));
		while (asked.count < i + 1 || other.levels < asked.levels)
			uv_run(&w->loop, UV_RUN_ONCE);
		assert_in_range(asked.last.end_sample + 100, 500 + 5200 + i * 808000, 500 + 5200 + 200 + i * 808000);
		ear_line_skip(a, 800000);
		ear_line_skip(b, 800000);
	}
	assert_int_equal(asked.count, 2);
	assert_int_equal(other.count, 0);
	ear_line_close(&a);
	ear_line_close(&b);
}

static void test_too_much_is_not_heard_and_counted(void **state)
{
	static struct listener many[40];
	struct world *w = *state;
	struct ear_line *lines[40];
	size_t i, told = 0;

	for (i = 0; i < 40; i++) {
		assert_int_equal(ear_line_open(w->ear, &lines[i], 0, level_h, &many[i]), ERR_NONE);
		ear_line_push(lines[i], w->sound, SAMPLES); /* 40 × 234 chunks at once */
	}
	while (told < (size_t)40 * CHUNKS - ear_unheard(w->ear)) {
		uv_run(&w->loop, UV_RUN_ONCE);
		for (told = 0, i = 0; i < 40; i++)
			told += many[i].count;
	}
	assert_true(ear_unheard(w->ear) > 0);
	for (i = 0; i < 40; i++)
		ear_line_close(&lines[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines_together_are_lines_alone, begin, end),
		cmocka_unit_test_setup_teardown(test_a_closed_line_is_silent, begin, end),
		cmocka_unit_test_setup_teardown(test_a_gap_keeps_the_places, begin, end),
		cmocka_unit_test_setup_teardown(test_a_very_long_gap_is_jumped_over, begin, end),
		cmocka_unit_test_setup_teardown(test_P22_tones_have_their_places, begin, end),
		cmocka_unit_test_setup_teardown(test_too_much_is_not_heard_and_counted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
