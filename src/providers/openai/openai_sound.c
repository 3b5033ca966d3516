#include "providers/openai/openai_sound.h"

#include <assert.h>

#include "audio/g711.h"
#include "audio/resample.h"

enum {
	IN_SAMPLES = 480,
	OUT_SAMPLES = 1024 /* of so many at 8 kHz, the lowest rate that is taken; and of a drain */
};

enum err openai_sound_init(struct openai_sound *s, uint32_t rate_hz)
{
	*s = (struct openai_sound){ .has_half = false };
	return resampler_new(&s->resampler, rate_hz, G711_RATE_HZ);
}

void openai_sound_fini(struct openai_sound *s)
{
	resampler_free(&s->resampler);
}

void openai_sound_reset(struct openai_sound *s)
{
	resampler_reset(s->resampler);
	s->has_half = false;
}

static void samples_put(const int16_t *samples, size_t count, struct buf *out)
{
	uint8_t *room = count ? buf_reserve(out, count) : NULL;

	if (!room)
		return;
	g711_encode(G711_ULAW, room, samples, count);
	out->len += count;
}

void openai_sound_push(struct openai_sound *s, const uint8_t *data, size_t len, struct buf *out)
{
	int16_t in[IN_SAMPLES], ready[OUT_SAMPLES];
	size_t i = 0, count;

	assert(resampler_room(s->resampler, IN_SAMPLES) <= OUT_SAMPLES);
	while (i < len) {
		for (count = 0; i < len && count < IN_SAMPLES; i++) {
			if (s->has_half)
				in[count++] = (int16_t)(s->half | data[i] << 8);
			s->half = data[i];
			s->has_half = !s->has_half;
		}
		samples_put(ready, resampler_push(s->resampler, in, count, ready), out);
	}
}

enum err openai_sound_end(struct openai_sound *s, struct buf *out)
{
	int16_t ready[OUT_SAMPLES];

	assert(resampler_drain_room(s->resampler) <= OUT_SAMPLES);
	samples_put(ready, resampler_drain(s->resampler, ready), out);
	return s->has_half ? ERR_TRUNCATED : ERR_NONE;
}

/* ------------------------------------------------------------------ words */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One for each character of a word: the bytes that begin one. */
static size_t weight_of(const char *text, size_t from, size_t to)
{
	size_t weight = 0;

	for (; from < to; from++)
		weight += !is_blank(text[from]) && ((uint8_t)text[from] & 0xc0) != 0x80;
	return weight;
}

size_t openai_words(const char *text, size_t len, size_t samples, struct speech_word *out, size_t room)
{
	size_t all = weight_of(text, 0, len), spoken = 0, at = 0, count = 0, from;

	while (count < room) {
		while (at < len && is_blank(text[at]))
			at++;
		if (at == len)
			break;
		for (from = at; at < len && !is_blank(text[at]);)
			at++;
		spoken += weight_of(text, from, at);
		out[count++] = (struct speech_word){ .end_samples = (uint32_t)(all ? samples * spoken / all : samples), .text_end = (uint16_t)at };
	}
	return count;
}
