/* A block's strongest frequency is looked for by Goertzel's filter at every half of a block's own step, then between these by a parabola; a sine of
 * just that frequency is taken out by least squares, and what is left is the rest. All of it in doubles, for one block at a time. */
#include "audio/tone.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { BLOCKS_MIN = 5, MISSES_MAX = 2, STEP_PARTS = 2 /* of TONE_RATE_HZ / TONE_BLOCK_SAMPLES */, NETWORK_PARTS = 3 };

static const double step_hz = (double)TONE_RATE_HZ / TONE_BLOCK_SAMPLES / STEP_PARTS;

/* A tone keeps its frequency and its level that well, also through a mobile's codec; voices do not. */
static const double hz_share = 0.012, hz_least = 6, level_share = 2.0; /* 3 dB */

static const double range_spare_hz = 3; /* a tone at the range's edge is found */

static const double full_power = 32124.0 * 32124.0 / 2; /* of the loudest sine in G.711 µ-law, */
static const double full_dbm0 = 3.17;                   /* which has this level (ITU-T G.711) */

struct block {
	bool is_tone;
	double hz, power, whole; /* whole: of all the sound */
};

static double level_dbm0(double power)
{
	return power > 0 ? 10 * log10(power / full_power) + full_dbm0 : -99;
}

static double goertzel(const double *x, double hz)
{
	double c = 2 * cos(2 * M_PI * hz / TONE_RATE_HZ), s1 = 0, s2 = 0;
	size_t i;

	for (i = 0; i < TONE_BLOCK_SAMPLES; i++) {
		double s = x[i] + c * s1 - s2;

		s2 = s1;
		s1 = s;
	}
	return s1 * s1 + s2 * s2 - c * s1 * s2;
}

/* The strongest frequency, as far as a step beyond the range: what lies there is none of ours. */
static double peak_hz(const double *x)
{
	enum { STEPS = (TONE_MAX_HZ - TONE_MIN_HZ) * TONE_BLOCK_SAMPLES * STEP_PARTS / TONE_RATE_HZ + 5 };
	double first = TONE_MIN_HZ - 2 * step_hz, m[STEPS], bend;
	size_t i, best = 1;

	for (i = 0; i < STEPS; i++)
		m[i] = sqrt(fmax(goertzel(x, first + (double)i * step_hz), 0));
	for (i = 1; i + 1 < STEPS; i++)
		if (m[i] > m[best])
			best = i;
	bend = m[best - 1] - 2 * m[best] + m[best + 1];
	return first + step_hz * ((double)best + (bend < 0 ? 0.5 * (m[best - 1] - m[best + 1]) / bend : 0));
}

/* The power of the sine of this frequency that is nearest to the block. */
static double sine_power(const double *x, double hz)
{
	double w = 2 * M_PI * hz / TONE_RATE_HZ, a = 0, b = 0, cc = 0, ss = 0, cs = 0;
	size_t i;

	for (i = 0; i < TONE_BLOCK_SAMPLES; i++) {
		double c = cos(w * (double)i), s = sin(w * (double)i);

		a += x[i] * c;
		b += x[i] * s;
		cc += c * c;
		ss += s * s;
		cs += c * s;
	}
	return (a * a * ss - 2 * a * b * cs + b * b * cc) / (cc * ss - cs * cs) / TONE_BLOCK_SAMPLES;
}

static struct block block_look(const int16_t *samples)
{
	double x[TONE_BLOCK_SAMPLES], mean = 0;
	struct block b = { .is_tone = false };
	size_t i;

	for (i = 0; i < TONE_BLOCK_SAMPLES; i++)
		mean += samples[i];
	mean /= TONE_BLOCK_SAMPLES;
	for (i = 0; i < TONE_BLOCK_SAMPLES; i++) {
		x[i] = samples[i] - mean;
		b.whole += x[i] * x[i] / TONE_BLOCK_SAMPLES;
	}
	if (level_dbm0(b.whole) < TONE_LEVEL_MIN_DBM0)
		return b;
	b.hz = peak_hz(x);
	if (b.hz < TONE_MIN_HZ - range_spare_hz || b.hz > TONE_MAX_HZ + range_spare_hz)
		return b;
	b.power = sine_power(x, b.hz);
	b.is_tone = b.power >= (b.whole - b.power) * pow(10, TONE_OVER_REST_DB / 10.0);
	return b;
}

/* ------------------------------------------------------------------ blocks into tones */

static bool belongs(const struct tone_part *p, const struct block *b)
{
	return fabs(b->hz - p->hz) <= fmax(hz_least, p->hz * hz_share) && b->power < p->power * level_share && b->power * level_share > p->power;
}

/* The share of a block that a tone fills, by its power: the block is at its edge. */
static double edge_samples(double power, double of)
{
	return TONE_BLOCK_SAMPLES * fmin(power / of, 1);
}

static void part_begin(struct tone_detector *d, const struct block *b)
{
	double from = (double)(d->at - TONE_BLOCK_SAMPLES);

	d->now = (struct tone_part){ .blocks = 1, .hz = b->hz, .power = b->power, .start = from, .end = (double)d->at };
	if (!d->parts)
		d->now.start = fmax(from - edge_samples(d->before, b->power), 0);
	d->misses = 0;
}

static void part_add(struct tone_part *p, const struct block *b, uint64_t end)
{
	p->blocks++;
	p->hz += (b->hz - p->hz) / p->blocks;
	p->power += (b->power - p->power) / p->blocks;
	p->end = (double)end;
}

static void whole_tell(struct tone_detector *d)
{
	double ms = (d->whole.end - d->whole.start) * 1000 / TONE_RATE_HZ;
	struct tone_event e = { .start_sample = (uint64_t)d->whole.start, .end_sample = (uint64_t)d->whole.end, .hz = (uint32_t)lrint(d->whole.hz),
		.parts = d->parts, .is_network = d->parts == NETWORK_PARTS && d->rises == NETWORK_PARTS,
		.level_dbm0 = (int)lrint(level_dbm0(d->whole.power)) };

	if (d->parts && ms >= TONE_MIN_MS && ms <= TONE_MAX_MS)
		d->handler(d->arg, &e);
	d->parts = d->rises = 0;
}

/* The three of ITU-T E.180: 950, 1400, 1800 Hz; North America moves each a little. */
static bool is_network_part(uint32_t part, double hz)
{
	static const double parts_hz[NETWORK_PARTS] = { 950, 1400, 1800 };

	return part < NETWORK_PARTS && fabs(hz - parts_hz[part]) <= 50;
}

/* What was too short to be a tone leaves that before it as it was. */
static void part_end(struct tone_detector *d)
{
	const struct tone_part *p = &d->now;

	if (p->blocks >= BLOCKS_MIN) {
		double start = d->parts ? d->whole.start : p->start;

		d->rises += is_network_part(d->parts, p->hz);
		d->parts++;
		d->whole = *p;
		d->whole.start = start;
	}
	d->now.blocks = 0;
}

static void block_take(struct tone_detector *d, const struct block *b)
{
	struct tone_part *p = &d->now;

	if (p->blocks && b->is_tone && belongs(p, b)) {
		d->misses = 0;
		part_add(p, b, d->at);
	} else if (p->blocks && b->is_tone && (p->blocks >= BLOCKS_MIN || d->parts || d->misses)) {
		part_end(d);
		part_begin(d, b);
	} else if (b->is_tone) {
		part_begin(d, b);
	} else if (p->blocks || d->parts) {
		if (!d->misses++ && p->blocks)
			p->end += edge_samples(b->whole, p->power);
		if (d->misses < MISSES_MAX)
			return;
		part_end(d);
		whole_tell(d);
	}
}

void tone_detector_push(struct tone_detector *d, const int16_t *samples, size_t count)
{
	while (count) {
		size_t n = TONE_BLOCK_SAMPLES - d->filled;
		struct block b;

		n = n < count ? n : count;
		memcpy(d->block + d->filled, samples, n * sizeof(*samples));
		d->filled += n;
		samples += n;
		count -= n;
		if (d->filled < TONE_BLOCK_SAMPLES)
			return;
		d->filled = 0;
		d->at += TONE_BLOCK_SAMPLES;
		b = block_look(d->block);
		block_take(d, &b);
		d->before = b.whole;
	}
}

void tone_detector_init(struct tone_detector *d, tone_event_h *handler, void *arg)
{
	assert(handler);
	*d = (struct tone_detector){ .handler = handler, .arg = arg };
}

void tone_detector_finish(struct tone_detector *d)
{
	part_end(d);
	whole_tell(d);
	tone_detector_init(d, d->handler, d->arg);
}
