/* speexdsp's resampler behind our contract. We add the count of what went in and came out (for the exact length at the end),
 * input of more than 32 bits' worth of samples, and the plain copy for equal rates.
 */
#include "audio/resample.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_resampler.h>

enum { QUALITY = 3, PIECE_SAMPLES = 1 << 20, SILENCE_SAMPLES = 256 };

struct resampler {
	SpeexResamplerState *speex; /* NULL: equal rates */
	uint32_t from_hz;
	uint32_t to_hz;
	uint64_t taken; /* samples in since new, reset or drain */
	uint64_t given; /* samples out since then */
};

static void rewind_speex(struct resampler *r)
{
	r->taken = 0;
	r->given = 0;
	if (!r->speex)
		return;
	speex_resampler_reset_mem(r->speex);
	speex_resampler_skip_zeros(r->speex);
}

enum err resampler_new(struct resampler **rp, uint32_t from_hz, uint32_t to_hz)
{
	struct resampler *r;
	int failed = 0;

	*rp = NULL;
	if (from_hz < RESAMPLE_MIN_HZ || from_hz > RESAMPLE_MAX_HZ || to_hz < RESAMPLE_MIN_HZ || to_hz > RESAMPLE_MAX_HZ)
		return ERR_USAGE;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ERR_NOMEM;
	r->from_hz = from_hz;
	r->to_hz = to_hz;
	if (from_hz != to_hz)
		r->speex = speex_resampler_init(1, from_hz, to_hz, QUALITY, &failed);
	if (failed || (from_hz != to_hz && !r->speex)) {
		resampler_free(&r);
		return ERR_NOMEM;
	}
	rewind_speex(r);
	*rp = r;
	return ERR_NONE;
}

void resampler_free(struct resampler **rp)
{
	struct resampler *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	if (r->speex)
		speex_resampler_destroy(r->speex);
	free(r);
}

/* Samples of the output that begin before input sample `taken`. */
static uint64_t scaled(const struct resampler *r, uint64_t taken)
{
	return taken / r->from_hz * r->to_hz + (taken % r->from_hz * r->to_hz + r->from_hz - 1) / r->from_hz;
}

size_t resampler_room(const struct resampler *r, size_t count)
{
	return (size_t)scaled(r, count) + 1;
}

size_t resampler_drain_room(const struct resampler *r)
{
	return resampler_delay_samples(r) + 2 + r->to_hz / r->from_hz;
}

/* One piece through the filter; `room` may end it early, which only a drain lets happen. */
static size_t run(struct resampler *r, const int16_t *in, size_t count, int16_t *out, size_t room)
{
	spx_uint32_t took = (spx_uint32_t)count;
	spx_uint32_t gave = (spx_uint32_t)room;
	int failed = speex_resampler_process_int(r->speex, 0, in, &took, out, &gave);

	assert(!failed && gave <= room);
	(void)failed;
	r->given += gave;
	return gave;
}

size_t resampler_push(struct resampler *r, const int16_t *in, size_t count, int16_t *out)
{
	size_t given = 0;

	r->taken += count;
	if (!r->speex) {
		if (count)
			memcpy(out, in, count * sizeof(*in));
		return count;
	}
	while (count) {
		size_t piece = count < PIECE_SAMPLES ? count : PIECE_SAMPLES;
		size_t room = resampler_room(r, piece);

		given += run(r, in, piece, out + given, room < UINT32_MAX ? room : UINT32_MAX);
		in += piece;
		count -= piece;
	}
	return given;
}

size_t resampler_drain(struct resampler *r, int16_t *out)
{
	static const int16_t silence[SILENCE_SAMPLES];
	uint64_t total = scaled(r, r->taken);
	size_t given = 0;

	assert(!r->speex || total - r->given <= resampler_drain_room(r));
	while (r->speex && r->given < total)
		given += run(r, silence, SILENCE_SAMPLES, out + given, (size_t)(total - r->given));
	rewind_speex(r);
	return given;
}

void resampler_reset(struct resampler *r)
{
	rewind_speex(r);
}

size_t resampler_delay_samples(const struct resampler *r)
{
	return r->speex ? (size_t)speex_resampler_get_output_latency(r->speex) : 0;
}
