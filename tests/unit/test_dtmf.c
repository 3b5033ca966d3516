/* Digits: all sixteen, quick, quiet, twisted, off-key, noisy, through both laws of G.711; and none at all in recorded speech. */
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/dtmf.h"
#include "audio/g711.h"
#include "audio/resample.h"
#include "audio/wav.h"

static const char all_digits[] = "0123456789ABCD*#";

struct heard {
	char digits[256];
	struct dtmf_event begins[256];
	struct dtmf_event ends[256];
	size_t count;
	size_t end_count;
};

static void on_event(void *arg, const struct dtmf_event *event)
{
	struct heard *h = arg;

	assert_true(h->count < 255);
	if (event->is_end) {
		assert_int_equal(h->end_count + 1, h->count); /* begin and end alternate */
		assert_int_equal(event->digit, h->digits[h->end_count]);
		h->ends[h->end_count++] = *event;
		return;
	}
	assert_int_equal(h->end_count, h->count);
	h->begins[h->count] = *event;
	h->digits[h->count++] = event->digit;
	h->digits[h->count] = 0;
}

static void hear(struct heard *h, const int16_t *samples, size_t count)
{
	struct dtmf_detector *d;

	*h = (struct heard){ 0 };
	assert_int_equal(dtmf_detector_new(&d, on_event, h), ERR_NONE);
	dtmf_detector_push(d, samples, count);
	dtmf_detector_finish(d);
	assert_int_equal(h->count, h->end_count);
	dtmf_detector_free(&d);
	dtmf_detector_free(&d);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* A digit by the formula of Q.23, at `at`, onto what is there. Levels are peaks; `detune` a factor of both tones. */
static void add_digit(int16_t *out, size_t at, size_t samples, char digit, double low_peak, double high_peak, double detune)
{
	static const char keys[] = "123A456B789C*0#D";
	static const double low_hz[] = { 697, 770, 852, 941 }, high_hz[] = { 1209, 1336, 1477, 1633 };
	size_t key = (size_t)(strchr(keys, digit) - keys);
	double low = 2 * M_PI * low_hz[key / 4] * detune / DTMF_RATE_HZ;
	double high = 2 * M_PI * high_hz[key % 4] * detune / DTMF_RATE_HZ;
	size_t i;

	for (i = 0; i < samples; i++)
		out[at + i] = (int16_t)(out[at + i] +
			lrint(low_peak * sin(low * (double)i) + high_peak * sin(high * (double)i + 0.7)));
}

enum { SOUND_SAMPLES = 16 * 640 + 4000 };

/* Sixteen digits of `on` samples with `off` between, `lead` samples of quiet before. */
static size_t sixteen(int16_t *out, size_t lead, size_t on, size_t off, double low_peak, double high_peak, double detune)
{
	size_t i;

	assert_true(lead + 16 * (on + off) + 500 <= SOUND_SAMPLES);
	memset(out, 0, SOUND_SAMPLES * sizeof(*out));
	for (i = 0; i < 16; i++)
		add_digit(out, lead + i * (on + off), on, all_digits[i], low_peak, high_peak, detune);
	return lead + 16 * (on + off) + 500;
}

static int16_t sound[SOUND_SAMPLES];

static void all_sixteen_are_heard(void **state)
{
	struct heard h;

	(void)state;
	hear(&h, sound, sixteen(sound, 300, 400, 240, 4000, 4000, 1));
	assert_string_equal(h.digits, all_digits);
}

/* 40 ms on, 40 ms off, wherever the blocks happen to begin. */
static void quick_ones_at_every_offset(void **state)
{
	size_t lead;

	(void)state;
	for (lead = 0; lead < DTMF_BLOCK_SAMPLES; lead++) {
		struct heard h;

		hear(&h, sound, sixteen(sound, lead, 320, 320, 4000, 4000, 1));
		if (strcmp(h.digits, all_digits))
			fail_msg("lead %zu: heard %s", lead, h.digits);
	}
}

static void places_are_told(void **state)
{
	struct heard h;
	size_t i;

	(void)state;
	hear(&h, sound, sixteen(sound, 777, 400, 240, 4000, 4000, 1));
	assert_int_equal(h.count, 16);
	for (i = 0; i < 16; i++) {
		int64_t begun = 777 + (int64_t)i * 640;
		int64_t late = (int64_t)h.begins[i].start_sample - begun;
		int64_t longer = (int64_t)h.ends[i].samples - 400;

		assert_in_range((uint64_t)(late + DTMF_BLOCK_SAMPLES), 0, 2 * DTMF_BLOCK_SAMPLES);
		assert_in_range((uint64_t)(longer + 2 * DTMF_BLOCK_SAMPLES), 0, 4 * DTMF_BLOCK_SAMPLES);
		assert_in_range(h.begins[i].at_sample, (uint64_t)begun + 2 * DTMF_BLOCK_SAMPLES - 40, (uint64_t)begun + 310);
		assert_true(h.ends[i].at_sample > h.begins[i].at_sample);
		assert_in_range((uint64_t)(h.begins[i].level_dbm0 + 40), 20, 40);
	}
}

static void cuts_do_not_matter(void **state)
{
	uint32_t seed = 4;
	struct heard whole;
	size_t count = sixteen(sound, 55, 330, 320, 3000, 3000, 1);
	int round;

	(void)state;
	hear(&whole, sound, count);
	assert_string_equal(whole.digits, all_digits);
	for (round = 0; round < 20; round++) {
		struct heard h = { 0 };
		struct dtmf_detector *d;
		size_t at = 0;

		assert_int_equal(dtmf_detector_new(&d, on_event, &h), ERR_NONE);
		while (at < count) {
			size_t n = next_random(&seed) % 300;

			n = n > count - at ? count - at : n;
			dtmf_detector_push(d, sound + at, n);
			at += n;
		}
		dtmf_detector_finish(d);
		dtmf_detector_free(&d);
		assert_memory_equal(&h, &whole, sizeof(h));
	}
}

/* Quick tones, wherever the blocks begin: nothing but the sixteen in their order, and of them at least the `certain` ones. */
static void heard_at_every_offset(const char *certain, double twist_db, double detune)
{
	size_t lead;

	for (lead = 0; lead < DTMF_BLOCK_SAMPLES; lead++) {
		const char *sent = all_digits, *at;
		struct heard h;

		hear(&h, sound, sixteen(sound, lead, 320, 320, 4000, 4000 * pow(10, twist_db / 20), detune));
		for (at = h.digits; *at && sent; at++)
			sent = strchr(sent, *at) ? strchr(sent, *at) + 1 : NULL;
		for (at = certain; *at && sent; at++)
			sent = strchr(h.digits, *at) ? sent : NULL;
		if (!sent)
			fail_msg("twist %.1f dB, %.1f %% off key, lead %zu: heard %s", twist_db, (detune - 1) * 100, lead, h.digits);
	}
}

/* As audio/dtmf.h says: always to the first limit, some digits up to Q.24's, and none of another name. */
static void limits_hold_at_every_offset(void **state)
{
	(void)state;
	heard_at_every_offset(all_digits, 0, 1.012);
	heard_at_every_offset(all_digits, 0, 0.988);
	heard_at_every_offset("012458", 0, 1.015);
	heard_at_every_offset("012458", 0, 0.985);
	heard_at_every_offset(all_digits, -6, 1);
	heard_at_every_offset(all_digits, 4, 1);
	heard_at_every_offset("123456789ABCD*#", -8, 1);
}

static void too_far_off_key_is_nothing_at_any_offset(void **state)
{
	static const double detunes[] = { 1.021, 0.979, 1.025, 0.975, 1.035, 0.965 };
	size_t i, lead;

	(void)state;
	for (i = 0; i < sizeof(detunes) / sizeof(detunes[0]); i++)
		for (lead = 0; lead < DTMF_BLOCK_SAMPLES; lead++) {
			struct heard h;

			hear(&h, sound, sixteen(sound, lead, 320, 320, 4000, 4000, detunes[i]));
			if (h.count)
				fail_msg("%.1f %% off key, lead %zu: heard %s", (detunes[i] - 1) * 100, lead, h.digits);
		}
}

/* Long lines carry the high tone worse; phones send it louder to make up for that. A shout on one tone is no key. */
static void twist_is_borne(void **state)
{
	static const double twists_db[] = { -8, -6, -3, 3, 4 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(twists_db) / sizeof(twists_db[0]); i++) {
		struct heard h;

		hear(&h, sound, sixteen(sound, 10, 400, 400, 4000, 4000 * pow(10, twists_db[i] / 20), 1));
		if (strcmp(h.digits, all_digits))
			fail_msg("twist %.1f dB: heard %s", twists_db[i], h.digits);
		hear(&h, sound, sixteen(sound, 10, 400, 400, 4000, 4000 * (twists_db[i] < 0 ? 0.2 : 3), 1));
		assert_int_equal(h.count, 0);
	}
}

static void off_key_within_limits(void **state)
{
	struct heard h;

	(void)state;
	hear(&h, sound, sixteen(sound, 0, 400, 400, 4000, 4000, 1.01));
	assert_string_equal(h.digits, all_digits);
	hear(&h, sound, sixteen(sound, 0, 400, 400, 4000, 4000, 0.99));
	assert_string_equal(h.digits, all_digits);
	hear(&h, sound, sixteen(sound, 0, 400, 400, 4000, 4000, 1.035));
	assert_int_equal(h.count, 0);
	hear(&h, sound, sixteen(sound, 0, 400, 400, 4000, 4000, 0.965));
	assert_int_equal(h.count, 0);
}

static void offset_does_not_deafen(void **state)
{
	struct heard h;
	size_t count = sixteen(sound, 0, 400, 400, 3000, 3000, 1);
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		sound[i] = (int16_t)(sound[i] + 6000);
	hear(&h, sound, count);
	assert_true(h.count >= 15); /* the first may fall into the time the offset is learnt in */
	assert_string_equal(h.digits + h.count - 15, all_digits + 1);
}

static void quiet_and_noisy(void **state)
{
	struct heard h;
	uint32_t seed = 12;
	size_t count = sixteen(sound, 0, 400, 400, 400, 400, 1); /* each tone -32 dBm0 or so */
	size_t i;

	(void)state;
	for (i = 0; i < count; i++)
		sound[i] = (int16_t)(sound[i] + (int)(next_random(&seed) % 121) - 60); /* about 20 dB below */
	hear(&h, sound, count);
	assert_string_equal(h.digits, all_digits);
}

static void too_short_is_nothing(void **state)
{
	struct heard h;

	(void)state;
	hear(&h, sound, sixteen(sound, 31, 120, 400, 4000, 4000, 1)); /* 15 ms: a click, not a key */
	assert_int_equal(h.count, 0);
}

/* One key pressed long, and one single tone: a digit and nothing. */
static void one_press_one_digit(void **state)
{
	struct heard h;

	(void)state;
	memset(sound, 0, sizeof(sound));
	add_digit(sound, 1000, 8000, '7', 4000, 4000, 1);
	hear(&h, sound, SOUND_SAMPLES);
	assert_string_equal(h.digits, "7");
	assert_in_range(h.ends[0].samples, 7700, 8300);
	memset(sound, 0, sizeof(sound));
	add_digit(sound, 1000, 8000, '7', 8000, 0, 1);
	hear(&h, sound, SOUND_SAMPLES);
	assert_int_equal(h.count, 0);
}

/* A digit that still sounds when the sound ends is ended by finish, and the next sound starts at 0. */
static void finish_ends_and_restarts(void **state)
{
	struct heard h = { 0 };
	struct dtmf_detector *d;

	(void)state;
	memset(sound, 0, sizeof(sound));
	add_digit(sound, 0, 800, '5', 4000, 4000, 1);
	assert_int_equal(dtmf_detector_new(&d, on_event, &h), ERR_NONE);
	dtmf_detector_push(d, sound, 800);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.end_count, 0);
	dtmf_detector_finish(d);
	assert_int_equal(h.end_count, 1);
	assert_int_equal(h.ends[0].at_sample, 800);
	dtmf_detector_push(d, sound, 800);
	assert_int_equal(h.count, 2);
	assert_int_equal(h.begins[1].at_sample, h.begins[0].at_sample);
	dtmf_detector_free(&d);
}

/* What the detector learnt of one sound (its offset) is forgotten before the next. */
static void finish_forgets(void **state)
{
	static int16_t offset[8000];
	struct heard fresh, h = { 0 };
	struct dtmf_detector *d;
	size_t i, count = sixteen(sound, 0, 400, 300, 300, 300, 1);

	(void)state;
	hear(&fresh, sound, count);
	assert_string_equal(fresh.digits, all_digits);
	for (i = 0; i < 8000; i++)
		offset[i] = 20000;
	assert_int_equal(dtmf_detector_new(&d, on_event, &h), ERR_NONE);
	dtmf_detector_push(d, offset, 8000);
	dtmf_detector_finish(d);
	assert_int_equal(h.count, 0);
	dtmf_detector_push(d, sound, count);
	dtmf_detector_finish(d);
	dtmf_detector_free(&d);
	assert_memory_equal(&h, &fresh, sizeof(h));
}

/* The energy of a sender's first tone, with that of its two frequencies told apart by correlation. */
static void tone_levels(const struct dtmf_shape *shape, double *low, double *high)
{
	static int16_t out[800];
	const double hz[2] = { 770, 1336 };
	double power[2];
	struct dtmf_sender *s;
	size_t i, f;

	assert_int_equal(dtmf_sender_new(&s, shape), ERR_NONE);
	assert_int_equal(dtmf_sender_push(s, "5"), ERR_NONE);
	assert_int_equal(dtmf_sender_pop(s, out, 800), 800);
	for (f = 0; f < 2; f++) {
		double re = 0, im = 0;

		for (i = 0; i < 800; i++) {
			re += out[i] * cos(2 * M_PI * hz[f] * (double)i / DTMF_RATE_HZ);
			im += out[i] * sin(2 * M_PI * hz[f] * (double)i / DTMF_RATE_HZ);
		}
		power[f] = 10 * log10(re * re + im * im);
	}
	*low = power[0];
	*high = power[1];
	dtmf_sender_free(&s);
}

static void sender_keeps_levels(void **state)
{
	static const struct dtmf_shape loud = { .on_ms = 100, .off_ms = 10, .level_dbm0 = -8 };
	static const struct dtmf_shape soft = { .on_ms = 100, .off_ms = 10, .level_dbm0 = -20, .twist_db = 3 };
	double low[2], high[2];

	(void)state;
	tone_levels(&loud, &low[0], &high[0]);
	tone_levels(&soft, &low[1], &high[1]);
	assert_true(fabs(low[0] - low[1] - 12) < 0.5);
	assert_true(fabs(high[0] - low[0]) < 0.5);
	assert_true(fabs(high[1] - low[1] - 3) < 0.5);
}

static void sender_is_heard(void **state)
{
	static const struct dtmf_shape shapes[] = {
		{ .on_ms = 100, .off_ms = 80, .level_dbm0 = -10 },
		{ .on_ms = 40, .off_ms = 40, .level_dbm0 = -15 },
		{ .on_ms = 60, .off_ms = 60, .level_dbm0 = -8, .twist_db = 2 },
		{ .on_ms = 60, .off_ms = 60, .level_dbm0 = -8, .twist_db = -5 },
	};
	static int16_t out[40000];
	size_t i, law;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct dtmf_sender *s;
		struct heard h;
		size_t count = 0, n;

		assert_int_equal(dtmf_sender_new(&s, &shapes[i]), ERR_NONE);
		assert_int_equal(dtmf_sender_push(s, all_digits), ERR_NONE);
		while ((n = dtmf_sender_pop(s, out + count, 160)))
			count += n;
		assert_int_equal(count, 16 * (shapes[i].on_ms + shapes[i].off_ms) * 8);
		hear(&h, out, count);
		assert_string_equal(h.digits, all_digits);
		for (law = G711_ULAW; law <= G711_ALAW; law++) {
			static uint8_t codes[40000];

			g711_encode((enum g711_law)law, codes, out, count);
			g711_decode((enum g711_law)law, out, codes, count);
			hear(&h, out, count);
			assert_string_equal(h.digits, all_digits);
		}
		dtmf_sender_free(&s);
		dtmf_sender_free(&s);
	}
}

static void sender_refuses(void **state)
{
	static const struct dtmf_shape bad[] = {
		{ .on_ms = 0, .off_ms = 50 }, { .on_ms = 50, .off_ms = 10001 }, { .on_ms = 50, .off_ms = 50, .level_dbm0 = 1 },
		{ .on_ms = 50, .off_ms = 50, .twist_db = 21 },
	};
	struct dtmf_sender *s = NULL;
	char many[DTMF_QUEUE_MAX + 2];
	int16_t out[160];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(dtmf_sender_new(&s, &bad[i]), ERR_USAGE);
		assert_null(s);
	}
	assert_int_equal(dtmf_sender_new(&s, NULL), ERR_NONE);
	assert_int_equal(dtmf_sender_push(s, "12x"), ERR_FORMAT);
	assert_int_equal(dtmf_sender_pop(s, out, 160), 0); /* none of it was taken */
	memset(many, '1', sizeof(many));
	many[DTMF_QUEUE_MAX + 1] = 0;
	assert_int_equal(dtmf_sender_push(s, many), ERR_LIMIT);
	assert_int_equal(dtmf_sender_push(s, many + 1), ERR_NONE);
	assert_int_equal(dtmf_sender_push(s, "1"), ERR_LIMIT);
	assert_int_equal(dtmf_sender_pop(s, out, 160), 160);
	assert_int_equal(dtmf_sender_push(s, "1"), ERR_NONE);
	dtmf_sender_free(&s);
}

struct talk {
	size_t files;
	size_t samples;
	size_t false_digits;
};

static void talk_off_file(struct talk *t, const char *path)
{
	struct wav w;
	struct heard h;
	struct resampler *r;
	int16_t *at_8k;
	size_t count;

	if (wav_read(path, &w, NULL))
		return;
	if (w.channels == 1 && w.frames) {
		assert_int_equal(resampler_new(&r, w.rate_hz, DTMF_RATE_HZ), ERR_NONE);
		at_8k = malloc((resampler_room(r, w.frames) + resampler_drain_room(r)) * sizeof(*at_8k));
		assert_non_null(at_8k);
		count = resampler_push(r, w.samples, w.frames, at_8k);
		count += resampler_drain(r, at_8k + count);
		hear(&h, at_8k, count);
		if (h.count)
			print_message("%s: \"%s\" at %llu\n", path, h.digits, (unsigned long long)h.begins[0].start_sample);
		t->files++;
		t->samples += count;
		t->false_digits += h.count;
		resampler_free(&r);
		free(at_8k);
	}
	wav_fini(&w);
}

static void talk_off_folder(struct talk *t, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[1024];

	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		/* the few that are tones, not talk */
		if (len < 5 || strcmp(entry->d_name + len - 4, ".wav") || strstr(entry->d_name, "tone"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		talk_off_file(t, path);
	}
	if (dir)
		closedir(dir);
}

/* Recorded people saying numbers, names and prompts, and reading a book: no digit may be found. */
static void speech_is_no_digit(void **state)
{
	struct talk t = { 0 };

	(void)state;
	talk_off_folder(&t, "/usr/share/asterisk/sounds/en_US_f_Allison");
	talk_off_folder(&t, "/usr/share/asterisk/sounds/en_US_f_Allison/digits");
	talk_off_folder(&t, "/usr/share/asterisk/sounds/en_US_f_Allison/letters");
	talk_off_folder(&t, "/usr/share/asterisk/sounds/en_US_f_Allison/phonetic");
	talk_off_folder(&t, "/usr/share/pocketsphinx/test/data/librivox");
	talk_off_folder(&t, "/usr/share/pocketsphinx/test/data/cards");
	if (!t.files)
		skip(); /* asterisk-core-sounds-en-wav and pocketsphinx-testdata are not installed */
	print_message("%zu files, %zu s of speech, %zu false digits\n", t.files, t.samples / 8000, t.false_digits);
	assert_int_equal(t.false_digits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sixteen_are_heard),
		cmocka_unit_test(quick_ones_at_every_offset),
		cmocka_unit_test(places_are_told),
		cmocka_unit_test(cuts_do_not_matter),
		cmocka_unit_test(twist_is_borne),
		cmocka_unit_test(off_key_within_limits),
		cmocka_unit_test(limits_hold_at_every_offset),
		cmocka_unit_test(too_far_off_key_is_nothing_at_any_offset),
		cmocka_unit_test(offset_does_not_deafen),
		cmocka_unit_test(quiet_and_noisy),
		cmocka_unit_test(too_short_is_nothing),
		cmocka_unit_test(one_press_one_digit),
		cmocka_unit_test(finish_ends_and_restarts),
		cmocka_unit_test(finish_forgets),
		cmocka_unit_test(sender_keeps_levels),
		cmocka_unit_test(sender_is_heard),
		cmocka_unit_test(sender_refuses),
		cmocka_unit_test(speech_is_no_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
