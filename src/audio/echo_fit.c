/* The normal equations are exact sums over the window (the covariance method): the first row is summed, the others follow from it sample by sample.
 * Four floats at a time, by the compilers' own vectors: left to themselves they keep the sums in memory, and a fit costs three times as much. */
#include "audio/echo_fit.h"

#include <math.h>
#include <string.h>

enum { LANES = 16, VOICED_PART = 64, PEAK_MAX = 1023 /* 256 products of it fit 32 bits */ };

static const float ridge = 1e-3f, voiced_power = 8 * 8, alike_least = 0.2f;

typedef float four __attribute__((vector_size(16)));

static inline four get(const float *x)
{
	four v;

	memcpy(&v, x, sizeof(v));
	return v;
}

static inline void put(float *x, four v)
{
	memcpy(x, &v, sizeof(v));
}

/* out[k] = sum over n of a[n] * b[n + k]. */
static void correlate(const float *a, const float *b, size_t count, float out[ECHO_TAPS])
{
	size_t k, n;

	for (k = 0; k < ECHO_TAPS; k += LANES) {
		four s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 };

		for (n = 0; n < count; n++) {
			const float *x = b + n + k;

			s0 += a[n] * get(x);
			s1 += a[n] * get(x + 4);
			s2 += a[n] * get(x + 8);
			s3 += a[n] * get(x + 12);
		}
		put(out + k, s0);
		put(out + k + 4, s1);
		put(out + k + 8, s2);
		put(out + k + 12, s3);
	}
}

static void matrix_fill(const float *x, size_t count, float r[ECHO_TAPS][ECHO_TAPS])
{
	size_t a, b;

	correlate(x, x, count, r[0]);
	for (a = 1; a < ECHO_TAPS; a++)
		for (b = a; b < ECHO_TAPS; b++)
			r[a][b] = r[a - 1][b - 1] - x[a - 1] * x[b - 1] + x[count + a - 1] * x[count + b - 1];
}

/* Upper triangle: r = u' u, in its place; what lies below is spoiled. False: it has none. */
static bool matrix_root(float r[ECHO_TAPS][ECHO_TAPS])
{
	size_t a, b, k;

	for (k = 0; k < ECHO_TAPS; k++) {
		float scale;

		if (!(r[k][k] > 0))
			return false;
		scale = 1 / sqrtf(r[k][k]);
		for (b = k; b < ECHO_TAPS; b++)
			r[k][b] *= scale;
		for (a = k + 1; a < ECHO_TAPS; a++)
			for (b = a & ~(size_t)3; b < ECHO_TAPS; b += 4)
				put(&r[a][b], get(&r[a][b]) - r[k][a] * get(&r[k][b]));
	}
	return true;
}

static void solve(float u[ECHO_TAPS][ECHO_TAPS], float *x)
{
	size_t a, b, k;

	for (k = 0; k < ECHO_TAPS; k++) {
		x[k] /= u[k][k];
		for (b = k + 1; b < ECHO_TAPS; b++)
			x[b] -= u[k][b] * x[k];
	}
	for (a = ECHO_TAPS; a-- > 0;) {
		for (b = a + 1; b < ECHO_TAPS; b++)
			x[a] -= u[a][b] * x[b];
		x[a] /= u[a][a];
	}
}

float echo_rest(const struct echo_look *look, const float filter[ECHO_TAPS])
{
	const float *sent = look->sent + ECHO_WINDOW - ECHO_LOOK;
	float sum = 0;
	size_t n, k;

	for (n = 0; n < ECHO_LOOK; n += 4) {
		four rest = get(look->heard + ECHO_WINDOW - ECHO_LOOK + n);

		for (k = 0; k < ECHO_TAPS; k++)
			rest -= filter[k] * get(sent + n + k);
		rest *= rest;
		sum += rest[0] + rest[1] + rest[2] + rest[3];
	}
	return sum / ECHO_LOOK;
}

static float energy_count(struct echo_look *look)
{
	float whole = 0;
	size_t n, i;

	look->voiced = 0;
	for (n = look->first; n < ECHO_WINDOW; n += VOICED_PART) {
		float part = 0;

		for (i = 0; i < VOICED_PART; i++)
			part += look->heard[n + i] * look->heard[n + i];
		whole += part;
		look->voiced += part > voiced_power * VOICED_PART ? VOICED_PART : 0;
	}
	return whole;
}

bool echo_fit(struct echo_look *look, float filter[ECHO_TAPS])
{
	float r[ECHO_TAPS][ECHO_TAPS], whole = energy_count(look), explained = 0;
	float p[ECHO_TAPS];
	size_t k, count = ECHO_WINDOW - look->first;

	matrix_fill(look->sent + look->first, count, r);
	for (k = 0; k < ECHO_TAPS; k++)
		r[k][k] += ridge * r[0][0] + 1;
	correlate(look->heard + look->first, look->sent + look->first, count, p);
	memcpy(filter, p, sizeof(p));
	if (!(whole > 0) || !matrix_root(r))
		return false;
	solve(r, filter);
	for (k = 0; k < ECHO_TAPS; k++)
		explained += filter[k] * p[k];
	look->left = fmaxf(1 - (explained + look->noise * (float)count) / whole, 0);
	return true;
}

/* ------------------------------------------------------------------ the delay */

/* The difference of neighbours makes the peak of two voices' likeness sharp; small numbers keep sums in 32 bits. */
static void sharpen(int16_t *x, size_t count)
{
	int32_t peak = 1, scaled;
	size_t i;

	for (i = count - 1; i > 0; i--) {
		int32_t d = (x[i] - x[i - 1] * 3 / 4) / 2;

		x[i] = (int16_t)d;
		peak = d > peak ? d : -d > peak ? -d : peak;
	}
	x[0] = 0;
	if (peak <= PEAK_MAX)
		return;
	scaled = (PEAK_MAX << 14) / peak;
	for (i = 0; i < count; i++)
		x[i] = (int16_t)(x[i] * scaled / (1 << 14));
}

static int32_t dot(const int16_t *restrict a, const int16_t *restrict b)
{
	int32_t sum = 0;
	size_t i;

#pragma GCC unroll 8
	for (i = 0; i < ECHO_SEARCH; i++)
		sum += (int32_t)a[i] * b[i];
	return sum;
}

bool echo_find(struct echo_search *search, int *lag)
{
	float own, energy, best = 0;
	size_t i, place = 0;

	sharpen(search->heard, ECHO_SEARCH);
	sharpen(search->sent, ECHO_SEARCH + ECHO_LAGS - 1);
	own = (float)dot(search->heard, search->heard);
	energy = (float)dot(search->sent, search->sent);
	for (i = 0; i < ECHO_LAGS; i++) {
		const int16_t *x = search->sent + i;
		float c = (float)dot(search->heard, x), alike = c * c / (energy + own / 64 + 1);

		if (alike > best) {
			best = alike;
			place = i;
		}
		if (i + 1 < ECHO_LAGS)
			energy += (float)(x[ECHO_SEARCH] * x[ECHO_SEARCH]) - (float)(x[0] * x[0]);
	}
	*lag = (int)(ECHO_LAGS - 1 - place);
	return best > alike_least * (own + 1);
}
