/* G.711 by table. The four tables are made at compile time from the standard's segments: a code is a sign, three bits of
 * segment and four bits of step; the magnitude of step m of segment s is (2m + 33) * 2^s - 33 in µ-law (14-bit values) and
 * 2m + 1 for s = 0, (2m + 33) * 2^(s-1) otherwise, in A-law (13-bit values). Encoding finds the segment by the highest set bit:
 * eight comparisons less than a search, and no 64 KB table to keep in the cache beside everything else a call needs.
 */
#include "audio/g711.h"

#include <assert.h>

#define ULAW_MAGNITUDE(code) ((((((code) & 15) * 2 + 33) << ((code) >> 4 & 7)) - 33) * 4)
#define ULAW_VALUE(wire) \
	((int16_t)(((wire) ^ 0xff) & 0x80 ? -ULAW_MAGNITUDE((wire) ^ 0xff) : ULAW_MAGNITUDE((wire) ^ 0xff)))

#define ALAW_SEGMENT(code) ((code) >> 4 & 7)
#define ALAW_MAGNITUDE(code) \
	((ALAW_SEGMENT(code) ? (((code) & 15) * 2 + 33) << ((ALAW_SEGMENT(code) + 7) & 7) : ((code) & 15) * 2 + 1) * 8)
#define ALAW_VALUE(wire) \
	((int16_t)(((wire) ^ 0x55) & 0x80 ? ALAW_MAGNITUDE((wire) ^ 0x55) : -ALAW_MAGNITUDE((wire) ^ 0x55)))

#define ROW4(m, n) m(n), m((n) + 1), m((n) + 2), m((n) + 3)
#define ROW16(m, n) ROW4(m, n), ROW4(m, (n) + 4), ROW4(m, (n) + 8), ROW4(m, (n) + 12)
#define ROW64(m, n) ROW16(m, n), ROW16(m, (n) + 16), ROW16(m, (n) + 32), ROW16(m, (n) + 48)
#define ROW256(m) ROW64(m, 0), ROW64(m, 64), ROW64(m, 128), ROW64(m, 192)

static const int16_t ulaw_values[256] = { ROW256(ULAW_VALUE) };
static const int16_t alaw_values[256] = { ROW256(ALAW_VALUE) };

int16_t g711_ulaw_decode(uint8_t code)
{
	return ulaw_values[code];
}

int16_t g711_alaw_decode(uint8_t code)
{
	return alaw_values[code];
}

/* The magnitude as the standard's tables count it: a negative sample is mirrored at -1/2, not at 0. */
static unsigned int mirrored(int16_t sample)
{
	return (unsigned int)(sample < 0 ? ~sample : sample);
}

static unsigned int highest_bit(unsigned int value)
{
	return 31u - (unsigned int)__builtin_clz(value);
}

uint8_t g711_ulaw_encode(int16_t sample)
{
	unsigned int value = (mirrored(sample) >> 2) + 33;
	unsigned int segment, code;

	if (value > 0x1fff)
		value = 0x1fff;
	segment = highest_bit(value) - 5;
	code = segment << 4 | (value >> (segment + 1) & 15);
	return (uint8_t)(~code & (sample < 0 ? 0x7f : 0xff));
}

uint8_t g711_alaw_encode(int16_t sample)
{
	unsigned int value = mirrored(sample) >> 4; /* 11 bits: the 12th of the standard's magnitude never decides */
	unsigned int segment = value < 16 ? 0 : highest_bit(value) - 3;
	unsigned int code = segment << 4 | (value >> (segment ? segment - 1 : 0) & 15);

	return (uint8_t)((code | (sample < 0 ? 0 : 0x80)) ^ 0x55);
}

void g711_encode(enum g711_law law, uint8_t *out, const int16_t *in, size_t count)
{
	size_t i;

	assert(law == G711_ULAW || law == G711_ALAW);
	if (law == G711_ULAW)
		for (i = 0; i < count; i++)
			out[i] = g711_ulaw_encode(in[i]);
	else
		for (i = 0; i < count; i++)
			out[i] = g711_alaw_encode(in[i]);
}

void g711_decode(enum g711_law law, int16_t *out, const uint8_t *in, size_t count)
{
	const int16_t *values = law == G711_ULAW ? ulaw_values : alaw_values;
	size_t i;

	assert(law == G711_ULAW || law == G711_ALAW);
#pragma GCC unroll 8
	for (i = 0; i < count; i++)
		out[i] = values[in[i]];
}

uint8_t g711_silence(enum g711_law law)
{
	return law == G711_ULAW ? G711_ULAW_SILENCE : G711_ALAW_SILENCE;
}
