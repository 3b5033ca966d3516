/* G.711 against the standard's own tables, written out here a second time and searched instead of computed, and against digests
 * of another implementation's output (CPython 3.11 audioop: lin2alaw, alaw2lin, ulaw2lin). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/g711.h"

/* One positive half, as tables 1a and 2a print it: decision values x(n) and what is put out y(n) for code n, magnitude only. */
struct half {
	int decision[129];
	int value[128];
};

/* Segments of 16 steps (µ-law's first is 15 and a half). Steps of the first A-law segment are as wide as the second's. */
static void made_half(struct half *h, enum g711_law law)
{
	int n, step = 2, edge = 0;

	h->decision[0] = 0;
	for (n = 0; n < 128; n++) {
		if (n && n % 16 == 0 && !(law == G711_ALAW && n == 16))
			step *= 2;
		edge += law == G711_ULAW && n == 0 ? 1 : step;
		h->decision[n + 1] = edge;
		h->value[n] = (h->decision[n] + edge) / 2;
	}
	if (law == G711_ULAW)
		h->value[0] = 0;
}

static void tables_are_the_printed_ones(void **state)
{
	struct half h;

	(void)state;
	made_half(&h, G711_ULAW);
	assert_int_equal(h.decision[16], 31);
	assert_int_equal(h.decision[32], 95);
	assert_int_equal(h.decision[112], 4063);
	assert_int_equal(h.decision[128], 8159);
	assert_int_equal(h.value[127], 8031);
	assert_int_equal(h.value[1], 2);
	made_half(&h, G711_ALAW);
	assert_int_equal(h.decision[16], 32);
	assert_int_equal(h.decision[112], 2048);
	assert_int_equal(h.decision[128], 4096);
	assert_int_equal(h.value[127], 4032);
	assert_int_equal(h.value[0], 1);
}

/* The code on the wire of magnitude code n. */
static uint8_t wire(enum g711_law law, int n, int negative)
{
	if (law == G711_ULAW)
		return (uint8_t)(negative ? 0x7f - n : 0xff - n);
	return (uint8_t)((negative ? n : 0x80 | n) ^ 0x55);
}

static uint8_t encode_one(enum g711_law law, int16_t sample)
{
	return law == G711_ULAW ? g711_ulaw_encode(sample) : g711_alaw_encode(sample);
}

static int16_t decode_one(enum g711_law law, uint8_t code)
{
	return law == G711_ULAW ? g711_ulaw_decode(code) : g711_alaw_decode(code);
}

static void every_code_decodes_as_printed(void **state)
{
	int law, n;

	(void)state;
	for (law = G711_ULAW; law <= G711_ALAW; law++) {
		int scale = law == G711_ULAW ? 4 : 8;
		struct half h;

		made_half(&h, (enum g711_law)law);
		for (n = 0; n < 128; n++) {
			assert_int_equal(decode_one((enum g711_law)law, wire((enum g711_law)law, n, 0)), h.value[n] * scale);
			assert_int_equal(decode_one((enum g711_law)law, wire((enum g711_law)law, n, 1)), -h.value[n] * scale);
		}
	}
}

/* Every one of the 65,536 inputs: the interval it lies in is searched in the printed table. */
static void every_sample_encodes_as_printed(void **state)
{
	int law, sample;

	(void)state;
	for (law = G711_ULAW; law <= G711_ALAW; law++) {
		int scale = law == G711_ULAW ? 4 : 8;
		struct half h;

		made_half(&h, (enum g711_law)law);
		for (sample = INT16_MIN; sample <= INT16_MAX; sample++) {
			int magnitude = (sample < 0 ? -sample - 1 : sample) / scale;
			int n = 0;

			while (n < 127 && magnitude >= h.decision[n + 1])
				n++;
			if (encode_one((enum g711_law)law, (int16_t)sample) != wire((enum g711_law)law, n, sample < 0))
				fail_msg("law %d, sample %d", law, sample);
		}
	}
}

/* What comes back is at most half a step away (and, above the last value, clipped). */
static void error_is_within_half_a_step(void **state)
{
	int law, sample;

	(void)state;
	for (law = G711_ULAW; law <= G711_ALAW; law++) {
		int scale = law == G711_ULAW ? 4 : 8;

		for (sample = INT16_MIN; sample <= INT16_MAX; sample++) {
			int16_t back = decode_one((enum g711_law)law, encode_one((enum g711_law)law, (int16_t)sample));
			int magnitude = abs(sample);
			int biased = law == G711_ULAW ? magnitude + 132 : magnitude;
			int step = law == G711_ULAW ? 8 : 16;

			while (biased >= step * 32)
				step *= 2;
			if (law == G711_ULAW && magnitude > 8159 * scale)
				step = 2 * (magnitude - 8031 * scale);
			if (abs(back - sample) > step / 2 + scale)
				fail_msg("law %d: %d came back as %d (step %d)", law, sample, back, step);
		}
	}
}

static void every_code_round_trips(void **state)
{
	int code;

	(void)state;
	for (code = 0; code < 256; code++) {
		assert_int_equal(g711_alaw_encode(g711_alaw_decode((uint8_t)code)), code);
		if (code != 0x7f) /* minus zero */
			assert_int_equal(g711_ulaw_encode(g711_ulaw_decode((uint8_t)code)), code);
	}
	assert_int_equal(g711_ulaw_encode(g711_ulaw_decode(0x7f)), 0xff);
}

static uint64_t fnv1a(const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (len--)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash;
}

static int16_t ramp[65536];
static uint8_t codes[65536];

static void same_as_another_implementation(void **state)
{
	uint8_t bytes[512];
	int16_t values[256];
	int i, law;
	static const uint64_t decoded[] = { UINT64_C(0xb91e65d68481a1a8), UINT64_C(0x693a40ca62a3d2a5) };

	(void)state;
	for (i = 0; i < 65536; i++)
		ramp[i] = (int16_t)(i - 32768);
	g711_encode(G711_ALAW, codes, ramp, 65536);
	assert_int_equal(fnv1a(codes, 65536), UINT64_C(0xf030666eb780cf25));
	for (i = 0; i < 256; i++)
		codes[i] = (uint8_t)i;
	for (law = G711_ULAW; law <= G711_ALAW; law++) {
		g711_decode((enum g711_law)law, values, codes, 256);
		for (i = 0; i < 256; i++) {
			bytes[2 * i] = (uint8_t)values[i];
			bytes[2 * i + 1] = (uint8_t)((uint16_t)values[i] >> 8);
		}
		assert_int_equal(fnv1a(bytes, 512), decoded[law]);
	}
}

static void bulk_is_one_by_one(void **state)
{
	int law, i;

	(void)state;
	for (i = 0; i < 65536; i++)
		ramp[i] = (int16_t)(i * 40503);
	for (law = G711_ULAW; law <= G711_ALAW; law++) {
		int16_t back[300];

		memset(codes, 1, sizeof(codes));
		g711_encode((enum g711_law)law, codes, ramp, 65535);
		for (i = 0; i < 65535; i++)
			assert_int_equal(codes[i], encode_one((enum g711_law)law, ramp[i]));
		assert_int_equal(codes[65535], 1); /* not one too many */
		back[299] = 77;
		g711_decode((enum g711_law)law, back, codes, 299);
		for (i = 0; i < 299; i++)
			assert_int_equal(back[i], decode_one((enum g711_law)law, codes[i]));
		assert_int_equal(back[299], 77);
	}
}

static void silence_is_the_code_of_zero(void **state)
{
	(void)state;
	assert_int_equal(g711_silence(G711_ULAW), g711_ulaw_encode(0));
	assert_int_equal(g711_silence(G711_ALAW), g711_alaw_encode(0));
	assert_int_equal(g711_ulaw_decode(g711_silence(G711_ULAW)), 0);
	assert_int_equal(g711_alaw_decode(g711_silence(G711_ALAW)), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_the_printed_ones),
		cmocka_unit_test(every_code_decodes_as_printed),
		cmocka_unit_test(every_sample_encodes_as_printed),
		cmocka_unit_test(error_is_within_half_a_step),
		cmocka_unit_test(every_code_round_trips),
		cmocka_unit_test(same_as_another_implementation),
		cmocka_unit_test(bulk_is_one_by_one),
		cmocka_unit_test(silence_is_the_code_of_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
