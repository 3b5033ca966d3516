/* Rate conversion: what comes out is the same sound, at the same place, however it was cut. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/resample.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifndef SANITIZED
/* Counts every allocation of the process: push and drain must make none. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocations++;
	return __libc_realloc(p, size);
}
#endif

struct pair {
	uint32_t from_hz, to_hz;
};

static const struct pair pairs[] = {
	{ 8000, 16000 }, { 8000, 24000 }, { 8000, 48000 }, { 16000, 8000 }, { 24000, 8000 }, { 48000, 8000 },
	{ 24000, 16000 }, { 44100, 8000 }, { 22050, 8000 }, { 8000, 44100 },
};
enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static int16_t *made_sine(double hz, uint32_t rate_hz, size_t count, double amplitude)
{
	int16_t *out = malloc(count * sizeof(*out) + 1);
	size_t i;

	assert_non_null(out);
	for (i = 0; i < count; i++)
		out[i] = (int16_t)lrint(amplitude * sin(2 * M_PI * hz * (double)i / rate_hz));
	return out;
}

static int16_t *made_noise(size_t count, uint32_t seed)
{
	int16_t *out = malloc(count * sizeof(*out) + 1);
	size_t i;

	assert_non_null(out);
	for (i = 0; i < count; i++)
		out[i] = (int16_t)next_random(&seed);
	return out;
}

/* All of `in` in one push and a drain; the caller frees. */
static int16_t *one_shot(const struct pair *p, const int16_t *in, size_t count, size_t *got)
{
	struct resampler *r;
	int16_t *out;

	assert_int_equal(resampler_new(&r, p->from_hz, p->to_hz), ERR_NONE);
	out = malloc((resampler_room(r, count) + resampler_drain_room(r)) * sizeof(*out));
	assert_non_null(out);
	*got = resampler_push(r, in, count, out);
	*got += resampler_drain(r, out + *got);
	resampler_free(&r);
	return out;
}

static void length_is_exact(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 7, 159, 160, 1000, 44101 };
	size_t i, k;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
			int16_t *in = made_noise(counts[k], 5);
			size_t got;
			int16_t *out = one_shot(&pairs[i], in, counts[k], &got);
			uint64_t want = ((uint64_t)counts[k] * pairs[i].to_hz + pairs[i].from_hz - 1) / pairs[i].from_hz;

			assert_int_equal(got, want);
			free(in);
			free(out);
		}
	}
}

/* A tone that both rates can carry must come out as the formula of that same tone: right amplitude, right phase (so: no shift in
 * time), and little else. */
static void sine_stays_sine(void **state)
{
	static const double tones_hz[] = { 200, 440, 1000, 2000, 3000 };
	size_t i, t, k;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		for (t = 0; t < sizeof(tones_hz) / sizeof(tones_hz[0]); t++) {
			size_t count = pairs[i].from_hz;
			int16_t *in = made_sine(tones_hz[t], pairs[i].from_hz, count, 16000);
			double signal = 0, noise = 0, snr_db;
			size_t got;
			int16_t *out = one_shot(&pairs[i], in, count, &got);

			for (k = got / 10; k < got - got / 10; k++) {
				double want = 16000 * sin(2 * M_PI * tones_hz[t] * (double)k / pairs[i].to_hz);

				signal += want * want;
				noise += (out[k] - want) * (out[k] - want);
			}
			snr_db = 10 * log10(signal / noise);
			if (snr_db < (tones_hz[t] < 2500 ? 50 : 30))
				fail_msg("%u to %u Hz, %.0f Hz: %.1f dB", pairs[i].from_hz, pairs[i].to_hz, tones_hz[t], snr_db);
			free(in);
			free(out);
		}
	}
}

/* What the lower rate cannot carry must be gone, not folded back. */
static void no_alias(void **state)
{
	struct pair p = { 48000, 8000 };
	int16_t *in = made_sine(6000, p.from_hz, 48000, 16000);
	size_t got, k;
	int16_t *out = one_shot(&p, in, 48000, &got);
	double energy = 0;

	(void)state;
	for (k = 200; k < got - 200; k++)
		energy += (double)out[k] * out[k];
	assert_true(sqrt(energy / (double)(got - 400)) < 16000 / sqrt(2) / 300); /* 50 dB down */
	free(in);
	free(out);
}

/* Random cuts, some of a single sample or none, give the bits of one push. */
static void cuts_do_not_matter(void **state)
{
	uint32_t seed = 77;
	size_t i, count = 20011;

	(void)state;
	for (i = 0; i < PAIRS * 4; i++) {
		const struct pair *p = &pairs[i % PAIRS];
		int16_t *in = made_noise(count, (uint32_t)i);
		size_t want_count, got = 0, at = 0;
		int16_t *want = one_shot(p, in, count, &want_count);
		struct resampler *r;
		int16_t *out = malloc((want_count + 100) * sizeof(*out));

		assert_non_null(out);
		assert_int_equal(resampler_new(&r, p->from_hz, p->to_hz), ERR_NONE);
		while (at < count) {
			size_t piece = next_random(&seed) % (next_random(&seed) % 4 ? 400 : 3);
			size_t given;

			if (piece > count - at)
				piece = count - at;
			given = resampler_push(r, in + at, piece, out + got);
			assert_true(given <= resampler_room(r, piece));
			got += given;
			at += piece;
		}
		got += resampler_drain(r, out + got);
		assert_int_equal(got, want_count);
		assert_memory_equal(out, want, got * sizeof(*out));
		resampler_free(&r);
		free(in);
		free(out);
		free(want);
	}
}

/* The delay told is the delay there is: after n samples in, at least what lies `delay` behind has come out. */
static void delay_is_told(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		struct resampler *r;
		int16_t *in = made_noise(4000, 3);
		int16_t *out;
		size_t got, all;

		assert_int_equal(resampler_new(&r, pairs[i].from_hz, pairs[i].to_hz), ERR_NONE);
		out = malloc(resampler_room(r, 4000) * sizeof(*out));
		assert_non_null(out);
		got = resampler_push(r, in, 4000, out);
		all = (size_t)((4000ull * pairs[i].to_hz + pairs[i].from_hz - 1) / pairs[i].from_hz);
		assert_in_range(all - got, resampler_delay_samples(r) - 1 - pairs[i].to_hz / pairs[i].from_hz,
			resampler_delay_samples(r) + 1 + pairs[i].to_hz / pairs[i].from_hz);
		assert_true((double)resampler_delay_samples(r) / pairs[i].to_hz <= 0.0035);
		resampler_free(&r);
		free(in);
		free(out);
	}
}

static void reset_and_drain_make_new(void **state)
{
	struct resampler *r;
	int16_t *in = made_noise(1000, 9);
	int16_t first[2200], again[2200];
	size_t a, b;

	(void)state;
	assert_int_equal(resampler_new(&r, 8000, 16000), ERR_NONE);
	a = resampler_push(r, in, 1000, first);
	a += resampler_drain(r, first + a);
	b = resampler_push(r, in, 1000, again);
	b += resampler_drain(r, again + b);
	assert_int_equal(a, b);
	assert_memory_equal(first, again, a * sizeof(*first));
	b = resampler_push(r, in + 100, 500, again);
	assert_true(b > 0);
	resampler_reset(r);
	b = resampler_push(r, in, 1000, again);
	b += resampler_drain(r, again + b);
	assert_int_equal(a, b);
	assert_memory_equal(first, again, a * sizeof(*first));
	resampler_free(&r);
	resampler_free(&r);
	free(in);
}

static void equal_rates_copy(void **state)
{
	struct resampler *r;
	int16_t in[5] = { 1, -2, INT16_MAX, INT16_MIN, 5 }, out[5] = { 0 };

	(void)state;
	assert_int_equal(resampler_new(&r, 8000, 8000), ERR_NONE);
	assert_int_equal(resampler_delay_samples(r), 0);
	assert_int_equal(resampler_push(r, in, 5, out), 5);
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(resampler_drain(r, out), 0);
	resampler_free(&r);
}

/* Full-scale noise overshoots in the filter; it must clip, not wrap. */
static void overload_saturates(void **state)
{
	struct pair p = { 8000, 48000 };
	int16_t in[800];
	size_t got, k;
	int16_t *out;
	bool reached = false;

	(void)state;
	for (k = 0; k < 800; k++)
		in[k] = k / 8 % 2 ? INT16_MIN : INT16_MAX;
	out = one_shot(&p, in, 800, &got);
	for (k = 12; k + 12 < 800 * 6; k++) {
		size_t phase = k % 96;

		if (phase >= 8 && phase < 40)
			assert_true(out[k] > 20000);
		if (phase >= 56 && phase < 88)
			assert_true(out[k] < -20000);
		reached = reached || out[k] == INT16_MAX;
	}
	assert_true(reached);
	free(out);
}

static void bad_rates_are_refused(void **state)
{
	struct resampler *r = (struct resampler *)1;

	(void)state;
	assert_int_equal(resampler_new(&r, 0, 8000), ERR_USAGE);
	assert_null(r);
	assert_int_equal(resampler_new(&r, 8000, 999), ERR_USAGE);
	assert_int_equal(resampler_new(&r, 384001, 8000), ERR_USAGE);
}

static void push_allocates_nothing(void **state)
{
	(void)state;
#ifdef SANITIZED
	skip(); /* the sanitizer owns malloc; the plain build counts */
#else
	struct resampler *r;
	int16_t in[480] = { 100, 200 }, out[3000];
	unsigned long before;
	size_t i, k;

	for (i = 0; i < PAIRS; i++) {
		assert_int_equal(resampler_new(&r, pairs[i].from_hz, pairs[i].to_hz), ERR_NONE);
		before = allocations;
		assert_true(before > 0);
		for (k = 0; k < 200; k++)
			resampler_push(r, in, 1 + k * 2, out);
		resampler_drain(r, out);
		resampler_reset(r);
		assert_int_equal(allocations, before);
		resampler_free(&r);
	}
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_exact),
		cmocka_unit_test(sine_stays_sine),
		cmocka_unit_test(no_alias),
		cmocka_unit_test(cuts_do_not_matter),
		cmocka_unit_test(delay_is_told),
		cmocka_unit_test(reset_and_drain_make_new),
		cmocka_unit_test(equal_rates_copy),
		cmocka_unit_test(overload_saturates),
		cmocka_unit_test(bad_rates_are_refused),
		cmocka_unit_test(push_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
