/* Beeps: found at every level, place and frequency that machines have, through G.711 and in noise; and none at all in recorded speech, on the
 * keypad, in chords and in what a line sounds like while it rings. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "audio/dtmf.h"
#include "audio/g711.h"
#include "audio/resample.h"
#include "audio/tone.h"
#include "audio/wav.h"

#define SOUNDS "/usr/share/asterisk/sounds/en_US_f_Allison"

enum { EVENTS_MAX = 64, SOUND_SAMPLES = 5 * TONE_RATE_HZ };

struct heard {
	struct tone_event events[EVENTS_MAX];
	size_t count;
	uint64_t fed; /* samples pushed when the last one was told, the piece that showed it included */
	uint64_t at;
};

static int16_t sound[SOUND_SAMPLES];

static void on_tone(void *arg, const struct tone_event *event)
{
	struct heard *h = arg;

	assert_true(h->count < EVENTS_MAX);
	assert_true(event->end_sample > event->start_sample && event->parts);
	h->at = h->fed;
	h->events[h->count++] = *event;
}

/* As it comes over a line: in frames of 20 ms, in G.711. */
static void hear(struct heard *h, const int16_t *samples, size_t count)
{
	struct tone_detector d;
	uint8_t ulaw[160];
	int16_t frame[160];
	size_t i, n;

	*h = (struct heard){ .count = 0 };
	tone_detector_init(&d, on_tone, h);
	for (i = 0; i < count; i += n) {
		n = count - i < 160 ? count - i : 160;
		g711_encode(G711_ULAW, ulaw, samples + i, n);
		g711_decode(G711_ULAW, frame, ulaw, n);
		h->fed += n;
		tone_detector_push(&d, frame, n);
	}
	tone_detector_finish(&d);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static double peak_of(double dbm0)
{
	return 32124 * pow(10, (dbm0 - 3.17) / 20);
}

static void silence(void)
{
	memset(sound, 0, sizeof(sound));
}

static void add(size_t at, size_t samples, double hz, double dbm0)
{
	double peak = peak_of(dbm0);
	size_t i;

	assert_true(at + samples <= SOUND_SAMPLES);
	for (i = 0; i < samples; i++)
		sound[at + i] = (int16_t)lrint(fmax(fmin(sound[at + i] + peak * sin(2 * M_PI * hz * (double)i / TONE_RATE_HZ + 0.3), 32767), -32768));
}

static void add_noise(double dbm0)
{
	uint32_t seed = 9;
	double power = 32124.0 * 32124 / 2 * pow(10, (dbm0 - 3.17) / 10), most = sqrt(3 * power);
	size_t i;

	for (i = 0; i < SOUND_SAMPLES; i++)
		sound[i] = (int16_t)lrint(fmax(fmin(sound[i] + most * ((double)next_random(&seed) / (1 << 23) - 1), 32767), -32768));
}

static void one_is_heard(const struct heard *h, size_t at, size_t samples, double hz)
{
	const struct tone_event *e = &h->events[0];

	if (h->count != 1 || fabs(e->hz - hz) > hz * 0.01 + 2)
		fail_msg("%zu tones, the first %u Hz; one of %.0f Hz at %zu was sent", h->count, e->hz, hz, at);
	assert_in_range(e->start_sample + 200 - at, 0, 400);
	assert_in_range(e->end_sample + 200 - (at + samples), 0, 400);
	assert_in_range(h->at, at + samples - 160, at + samples + 3 * TONE_BLOCK_SAMPLES + 160); /* told within 70 ms */
}

/* ---- what is found ---- */

static void P22_every_level_and_frequency(void **state)
{
	static const double levels[] = { -30, -24, -18, -12, -6, -3 }, tones[] = { 350, 425, 440, 480, 620, 700, 852, 1000, 1209, 1400, 1633, 2000, 2100 };
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		for (j = 0; j < sizeof(tones) / sizeof(tones[0]); j++) {
			struct heard h;

			silence();
			add(3000, 3200, tones[j], levels[i]);
			hear(&h, sound, SOUND_SAMPLES);
			one_is_heard(&h, 3000, 3200, tones[j]);
			assert_in_range((unsigned int)(h.events[0].level_dbm0 - (int)levels[i] + 1), 0, 2);
			assert_int_equal(h.events[0].parts, 1);
		}
}

static void P22_short_and_long_wherever_the_blocks_begin(void **state)
{
	static const size_t lengths[] = { 960, 1200, 8000, 23900 };
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (at = 2000; at < 2000 + TONE_BLOCK_SAMPLES; at += i < 2 ? 1 : 37) {
			struct heard h;

			silence();
			add(at, lengths[i], 1000, -12);
			hear(&h, sound, SOUND_SAMPLES);
			one_is_heard(&h, at, lengths[i], 1000);
		}
}

static void P22_in_noise(void **state)
{
	struct heard h;

	(void)state;
	silence();
	add(8000, 4000, 1400, -15);
	add_noise(-32);
	hear(&h, sound, SOUND_SAMPLES);
	one_is_heard(&h, 8000, 4000, 1400);
	silence();
	add(8000, 4000, 1400, -15);
	add_noise(-22); /* not so much louder than the rest as is asked for */
	hear(&h, sound, SOUND_SAMPLES);
	assert_int_equal(h.count, 0);
}

static void P22_right_behind_loud_speech_and_before_silence(void **state)
{
	struct heard h;

	(void)state;
	silence();
	add_noise(-12);
	memset(sound + 16000, 0, sizeof(sound) - 16000 * sizeof(*sound));
	add(16000, 2400, 440, -10);
	hear(&h, sound, SOUND_SAMPLES);
	one_is_heard(&h, 16000, 2400, 440);
}

/* What goes over into one another is one, told behind its end. */
static void a_chime_is_one_tone(void **state)
{
	struct heard h;

	(void)state;
	silence();
	add(4000, 1600, 880, -12);
	add(5600, 1600, 660, -12);
	hear(&h, sound, SOUND_SAMPLES);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.events[0].parts, 2);
	assert_in_range(h.events[0].hz, 655, 665);
	assert_in_range(h.events[0].start_sample, 3900, 4100);
	assert_in_range(h.events[0].end_sample, 7100, 7300);
	assert_false(h.events[0].is_network);
}

static void networks_are_told_apart(void **state)
{
	static const double tones[][3] = { { 950, 1400, 1800 }, { 913.8, 1370.6, 1776.7 }, { 985.2, 1428.5, 1776.7 } };
	struct heard h;
	size_t i, j;

	(void)state;
	for (i = 0; i < 3; i++) {
		silence();
		for (j = 0; j < 3; j++)
			add(4000 + j * 2650, 2640, tones[i][j], -15);
		hear(&h, sound, SOUND_SAMPLES);
		assert_int_equal(h.count, 1);
		assert_true(h.events[0].is_network);
	}
}

static void cuts_do_not_matter(void **state)
{
	struct heard whole, h;
	struct tone_detector d;
	uint32_t seed = 4;
	size_t at = 0, n;

	(void)state;
	silence();
	add(3333, 4000, 1000, -12);
	whole = h = (struct heard){ .count = 0 };
	tone_detector_init(&d, on_tone, &whole);
	tone_detector_push(&d, sound, SOUND_SAMPLES);
	tone_detector_finish(&d);
	tone_detector_init(&d, on_tone, &h);
	for (; at < SOUND_SAMPLES; at += n) {
		n = next_random(&seed) % 300;
		n = n < SOUND_SAMPLES - at ? n : SOUND_SAMPLES - at;
		tone_detector_push(&d, sound + at, n);
	}
	tone_detector_finish(&d);
	assert_int_equal(whole.count, 1);
	assert_int_equal(h.count, 1);
	assert_memory_equal(&h.events, &whole.events, sizeof(h.events));
}

static void finish_ends_and_restarts(void **state)
{
	struct tone_detector d;
	struct heard h = { .count = 0 };

	(void)state;
	silence();
	add(0, 4000, 1000, -12);
	tone_detector_init(&d, on_tone, &h);
	tone_detector_push(&d, sound, 3000);
	assert_int_equal(h.count, 0);
	tone_detector_finish(&d);
	assert_int_equal(h.count, 1);
	tone_detector_push(&d, sound, 8000);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.events[1].start_sample, h.events[0].start_sample);
}

/* ---- what is none ---- */

static void nothing_is_heard(const char *what)
{
	struct heard h;

	hear(&h, sound, SOUND_SAMPLES);
	if (h.count)
		fail_msg("%s: a tone of %u Hz, samples %llu to %llu", what, h.events[0].hz, (unsigned long long)h.events[0].start_sample,
			(unsigned long long)h.events[0].end_sample);
}

static void too_short_too_long_too_quiet(void **state)
{
	(void)state;
	silence();
	add(4000, 700, 1000, -12);
	nothing_is_heard("80 ms");
	silence();
	add(4000, 24500, 1000, -12);
	nothing_is_heard("more than 3 s");
	silence();
	add(4000, 4000, 1000, -42);
	nothing_is_heard("-42 dBm0");
	silence();
	add(4000, 4000, 300, -12);
	add(12000, 4000, 2300, -12);
	nothing_is_heard("300 and 2300 Hz");
}

static void the_keypad_is_no_beep(void **state)
{
	static const struct dtmf_shape shapes[] = { { .on_ms = 400, .off_ms = 100, .level_dbm0 = -10 }, { .on_ms = 200, .off_ms = 60, .level_dbm0 = -6, .twist_db = 6 },
		{ .on_ms = 200, .off_ms = 60, .level_dbm0 = -6, .twist_db = -8 } };
	static const char *const keys[] = { "12345678", "90ABCD*#" };
	struct dtmf_sender *s;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (j = 0; j < 2; j++) {
			silence();
			assert_int_equal(dtmf_sender_new(&s, &shapes[i]), ERR_NONE);
			assert_int_equal(dtmf_sender_push(s, keys[j]), ERR_NONE);
			assert_true(dtmf_sender_pop(s, sound, SOUND_SAMPLES) > 16000);
			dtmf_sender_free(&s);
			nothing_is_heard(keys[j]);
		}
}

/* Chords of three notes, each with its overtones, four a second; and a melody of such notes alone. */
static void music_is_no_beep(void **state)
{
	static const double chords[][3] = { { 261.6, 329.6, 392 }, { 220, 261.6, 329.6 }, { 349.2, 440, 523.3 }, { 392, 493.9, 587.3 } };
	size_t i, note, over;

	(void)state;
	silence();
	for (i = 0; i < 16; i++)
		for (note = 0; note < 3; note++)
			for (over = 1; over <= 4; over++)
				add(i * 2000, 2000, chords[i % 4][note] * (double)over, -18 - 6 * (double)over);
	nothing_is_heard("chords");
	silence();
	for (i = 0; i < 16; i++)
		for (over = 1; over <= 4; over++)
			add(i * 2000, 2000, chords[i % 4][i % 3] * (double)over, -12 - 5 * (double)over);
	nothing_is_heard("a melody with overtones");
}

static void a_ringing_line_is_no_beep(void **state)
{
	size_t i;

	(void)state;
	silence();
	add(0, 16000, 440, -15);
	add(0, 16000, 480, -15);
	nothing_is_heard("North America's ringing");
	silence();
	for (i = 0; i < 8000; i++) {
		double t = (double)i / TONE_RATE_HZ;

		sound[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 400 * t) * sin(2 * M_PI * 25 * t));
	}
	nothing_is_heard("India's ringing");
	silence();
	add_noise(-20);
	nothing_is_heard("noise");
}

static bool is_tones(const char *name)
{
	static const char *const tones[] = { "beep", "2tone", "confbridge-leave", "confbridge-join" };
	size_t i;

	for (i = 0; i < sizeof(tones) / sizeof(tones[0]); i++)
		if (strstr(name, tones[i]))
			return true;
	return false;
}

/* 0 when it is none of ours. */
static size_t recording(const char *path, struct heard *h)
{
	struct wav w;
	size_t frames;

	if (wav_read(path, &w, NULL))
		return 0;
	assert_int_equal(w.rate_hz, TONE_RATE_HZ);
	assert_int_equal(w.channels, 1);
	hear(h, w.samples, w.frames);
	frames = w.frames;
	wav_fini(&w);
	return frames;
}

static size_t folder_has_none(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t frames = 0;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[1024];
		struct stat st;
		struct heard h = { .count = 0 };

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || is_tones(entry->d_name) || stat(path, &st))
			continue;
		frames += S_ISDIR(st.st_mode) ? folder_has_none(path) : recording(path, &h);
		if (h.count)
			fail_msg("%s: a tone of %u Hz at %.2f s", path, h.events[0].hz, (double)h.events[0].start_sample / TONE_RATE_HZ);
	}
	if (dir)
		closedir(dir);
	return frames;
}

static void P22_no_beep_in_recorded_speech(void **state)
{
	size_t frames = folder_has_none(SOUNDS);

	(void)state;
	if (!frames)
		skip();
	assert_true(frames > 20 * 60 * TONE_RATE_HZ);
}

static void P22_the_recorded_beep(void **state)
{
	struct heard h;

	(void)state;
	if (!recording(SOUNDS "/beep.wav", &h))
		skip();
	assert_int_equal(h.count, 1);
	assert_in_range(h.events[0].hz, 690, 710);
	assert_in_range(h.events[0].end_sample - h.events[0].start_sample, 380 * 8, 420 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P22_every_level_and_frequency),
		cmocka_unit_test(P22_short_and_long_wherever_the_blocks_begin),
		cmocka_unit_test(P22_in_noise),
		cmocka_unit_test(P22_right_behind_loud_speech_and_before_silence),
		cmocka_unit_test(a_chime_is_one_tone),
		cmocka_unit_test(networks_are_told_apart),
		cmocka_unit_test(cuts_do_not_matter),
		cmocka_unit_test(finish_ends_and_restarts),
		cmocka_unit_test(too_short_too_long_too_quiet),
		cmocka_unit_test(the_keypad_is_no_beep),
		cmocka_unit_test(music_is_no_beep),
		cmocka_unit_test(a_ringing_line_is_no_beep),
		cmocka_unit_test(P22_no_beep_in_recorded_speech),
		cmocka_unit_test(P22_the_recorded_beep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
