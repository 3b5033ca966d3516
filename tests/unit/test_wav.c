/* WAV: every kind the world sends, every size that lies, and what we write read back byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "audio/wav.h"
#include "base/buf.h"

enum { PCM = 1, FLOATING = 3, ALAW = 6, ULAW = 7, EXTENSIBLE = 0xfffe };

static void put16(struct buf *b, unsigned int v)
{
	buf_byte(b, (uint8_t)v);
	buf_byte(b, (uint8_t)(v >> 8));
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v & 0xffff);
	put16(b, v >> 16);
}

static void put_chunk(struct buf *b, const char *id, uint32_t size)
{
	buf_text(b, id);
	put32(b, size);
}

static void put_fmt(struct buf *b, unsigned int tag, unsigned int channels, uint32_t rate_hz, unsigned int bits)
{
	static const uint8_t guid_rest[14] = { 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71 };
	int is_extensible = tag >= EXTENSIBLE;

	put_chunk(b, "fmt ", is_extensible ? 40 : 16);
	put16(b, is_extensible ? EXTENSIBLE : tag);
	put16(b, channels);
	put32(b, rate_hz);
	put32(b, rate_hz * channels * bits / 8);
	put16(b, channels * bits / 8);
	put16(b, bits);
	if (!is_extensible)
		return;
	put16(b, 22);
	put16(b, bits);
	put32(b, 3);
	put16(b, tag >> 16);
	buf_append(b, guid_rest, sizeof(guid_rest));
}

/* A file with one data chunk; sizes as they should be. For WAVE_FORMAT_EXTENSIBLE put the true tag in the upper half. */
static void put_wav(struct buf *b, unsigned int tag, unsigned int channels, unsigned int bits, const void *data, size_t len)
{
	buf_init(b, 1 << 24);
	put_chunk(b, "RIFF", (uint32_t)(4 + 24 + 8 + len));
	buf_text(b, "WAVE");
	put_fmt(b, tag, channels, 8000, bits);
	put_chunk(b, "data", (uint32_t)len);
	buf_append(b, data, len);
	assert_int_equal(b->err, ERR_NONE);
}

static void expect(struct buf *b, const int16_t *want, size_t frames, unsigned int channels)
{
	struct err_detail detail = { 0 };
	struct wav w;

	if (wav_parse(b->data, b->len, &w, &detail))
		fail_msg("%s", detail.message);
	assert_int_equal(w.frames, frames);
	assert_int_equal(w.channels, channels);
	assert_int_equal(w.rate_hz, 8000);
	if (frames)
		assert_memory_equal(w.samples, want, frames * channels * sizeof(*want));
	else
		assert_null(w.samples);
	wav_fini(&w);
	assert_null(w.samples);
	wav_fini(&w);
	buf_fini(b);
}

static void refused(struct buf *b, enum err want)
{
	struct err_detail detail = { 0 };
	struct wav w;

	assert_int_equal(wav_parse(b->data, b->len, &w, &detail), want);
	assert_null(w.samples);
	assert_int_equal(w.frames | w.channels | w.rate_hz, 0);
	assert_int_not_equal(detail.message[0], 0);
	assert_int_equal(wav_parse(b->data, b->len, &w, NULL), want);
	buf_fini(b);
}

static void pcm_of_every_width(void **state)
{
	static const uint8_t eight[] = { 0, 128, 255, 129 };
	static const int16_t from_eight[] = { -32768, 0, 32512, 256 };
	static const uint8_t sixteen[] = { 0, 128, 255, 127, 1, 0, 0xff, 0xff };
	static const int16_t from_sixteen[] = { -32768, 32767, 1, -1 };
	static const uint8_t wide[] = { 0, 0, 0x80, 0xff, 0xff, 0x7f, 0x80, 1, 0, 0x7f, 1, 0, 0x80, 0xfe, 0xff };
	static const int16_t from_wide[] = { -32768, 32767, 2, 1, -1 };
	static const uint8_t widest[] = { 0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0x7f, 0, 0x80, 1, 0, 0xff, 0x7f, 1, 0 };
	static const int16_t from_widest[] = { -32768, 32767, 2, 1 };
	struct buf b;

	(void)state;
	put_wav(&b, PCM, 1, 8, eight, sizeof(eight));
	expect(&b, from_eight, 4, 1);
	put_wav(&b, PCM, 1, 16, sixteen, sizeof(sixteen));
	expect(&b, from_sixteen, 4, 1);
	put_wav(&b, PCM, 1, 24, wide, sizeof(wide));
	expect(&b, from_wide, 5, 1);
	put_wav(&b, PCM, 1, 32, widest, sizeof(widest));
	expect(&b, from_widest, 4, 1);
	put_wav(&b, PCM, 2, 16, sixteen, sizeof(sixteen));
	expect(&b, from_sixteen, 2, 2);
}

static void floats(void **state)
{
	static const float in[] = { 0.0f, 0.5f, -0.5f, 1.0f, -1.0f, 7.0f, -7.0f, 1.0f / 32768, 0.0f / 1.0f };
	static const int16_t want[] = { 0, 16384, -16384, 32767, -32768, 32767, -32768, 1, 0 };
	static const uint8_t odd[3][4] = { { 0, 0, 0xc0, 0x7f }, { 0, 0, 0x80, 0x7f }, { 0, 0, 0x80, 0xff } }; /* NaN, +inf, -inf */
	struct buf b;

	(void)state;
	put_wav(&b, FLOATING, 1, 32, (const uint8_t *)in, sizeof(in));
	expect(&b, want, 9, 1);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct err_detail detail = { 0 };
		struct wav w;

		put_wav(&b, FLOATING, 2, 32, (const uint8_t *)in, 8 * sizeof(float));
		memcpy(b.data + 44 + 5 * sizeof(float), odd[i], sizeof(odd[i]));
		assert_int_equal(wav_parse(b.data, b.len, &w, &detail), ERR_FORMAT);
		assert_string_equal(detail.message, "sample 2 of channel 1 is no finite number");
		assert_string_equal(detail.where, "byte 64");
		refused(&b, ERR_FORMAT);
	}
}

static void both_laws(void **state)
{
	uint8_t codes[256];
	int16_t want[256];
	struct buf b;
	int i;

	(void)state;
	for (i = 0; i < 256; i++)
		codes[i] = (uint8_t)i;
	g711_decode(G711_ULAW, want, codes, 256);
	put_wav(&b, ULAW, 1, 8, codes, 256);
	expect(&b, want, 256, 1);
	g711_decode(G711_ALAW, want, codes, 256);
	put_wav(&b, ALAW, 2, 8, codes, 256);
	expect(&b, want, 128, 2);
}

static void extensible(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 2, 0 };
	static const int16_t want[] = { 1, 2 };
	struct buf b;

	(void)state;
	put_wav(&b, EXTENSIBLE | PCM << 16, 1, 16, bytes, sizeof(bytes));
	expect(&b, want, 2, 1);
	put_wav(&b, EXTENSIBLE | 0x55u << 16, 1, 16, bytes, sizeof(bytes)); /* MP3 inside */
	refused(&b, ERR_FORMAT);
	put_wav(&b, EXTENSIBLE | PCM << 16, 1, 16, bytes, sizeof(bytes));
	b.data[12 + 8 + 30] ^= 1; /* not the GUID of wave formats */
	refused(&b, ERR_FORMAT);
	put_wav(&b, EXTENSIBLE | PCM << 16, 1, 16, bytes, sizeof(bytes));
	b.data[12 + 4] = 18; /* too short to hold one; what follows is no chunk, but that is not reached */
	refused(&b, ERR_FORMAT);
}

/* Chunks nobody knows, of odd and even and no size, before and behind the samples. */
static void strange_chunks(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 2, 0 };
	static const int16_t want[] = { 1, 2 };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	put_chunk(&b, "RIFF", 4);
	buf_text(&b, "WAVE");
	put_chunk(&b, "odd ", 3);
	buf_append(&b, "data", 4); /* three bytes and their pad */
	put_chunk(&b, "none", 0);
	put_fmt(&b, PCM, 1, 8000, 16);
	put_chunk(&b, "LIST", 6);
	buf_append(&b, "datada", 6);
	put_chunk(&b, "data", 4);
	buf_append(&b, bytes, 4);
	put_chunk(&b, "LIST", 4);
	buf_append(&b, "INFO", 4);
	expect(&b, want, 2, 1);
}

/* The RIFF size is never needed; the data size may say too much, or, when streamed, anything. */
static void sizes_that_lie(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 2, 0, 3 };
	static const struct {
		uint32_t riff, data;
		size_t frames;
		bool is_cut;
	} cases[] = {
		{ 40, 4, 2, false }, { 5, 4, 2, false }, { 0x10000000, 4, 2, false }, { 0, 2, 1, false },
		{ 0, 0, 2, false }, { UINT32_MAX, UINT32_MAX, 2, false }, { UINT32_MAX, 0, 2, false },
		{ 0x7ffff024, 0x7ffff000, 2, false }, { 36, UINT32_MAX, 2, false }, { 36, 0, 2, false },
		{ 40, 6, 2, true }, { 40, 0x10000000, 2, true }, { 40, 5, 2, false }, { 40, 1, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		struct wav w;

		put_wav(&b, PCM, 1, 16, bytes, sizeof(bytes));
		memcpy(b.data + 4, &cases[i].riff, 4);
		memcpy(b.data + 40, &cases[i].data, 4);
		assert_int_equal(wav_parse(b.data, b.len, &w, NULL), ERR_NONE);
		if (w.frames != cases[i].frames || w.is_cut != cases[i].is_cut)
			fail_msg("case %zu: %zu frames", i, w.frames);
		wav_fini(&w);
		buf_fini(&b);
	}
}

/* Nothing said of the samples, and something behind them: chunks are chunks, anything else is sound. */
static void a_data_size_of_nothing(void **state)
{
	static const struct {
		const char *rest;
		size_t len, frames;
		bool has_more_data;
	} cases[] = {
		{ "", 0, 0, false }, { "\1\0\2\0", 4, 2, false }, { "LIST\4\0\0\0INFO", 12, 0, false }, { "LIST\5\0\0\0INFO", 12, 6, false },
		{ "LIST\4\0\0\0INFOx", 13, 6, false }, { "data\2\0\0\0\1\0", 10, 0, true }, { "\0\0\0\0\0\0\0\0", 8, 4, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;
		struct wav w;

		put_wav(&b, PCM, 1, 16, (const uint8_t *)"", 0);
		buf_append(&b, cases[i].rest, cases[i].len);
		assert_int_equal(wav_parse(b.data, b.len, &w, NULL), ERR_NONE);
		if (w.frames != cases[i].frames || w.has_more_data != cases[i].has_more_data || w.is_cut)
			fail_msg("case %zu: %zu frames", i, w.frames);
		wav_fini(&w);
		buf_fini(&b);
	}
}

static void a_second_data_chunk_is_told(void **state)
{
	struct buf b;
	struct wav w;

	(void)state;
	put_wav(&b, PCM, 1, 16, (const uint8_t *)"\1\0\2\0", 4);
	put_chunk(&b, "LIST", 4);
	buf_append(&b, "INFO", 4);
	assert_int_equal(wav_parse(b.data, b.len, &w, NULL), ERR_NONE);
	assert_false(w.has_more_data);
	wav_fini(&w);
	put_chunk(&b, "data", 100); /* and it is cut itself */
	buf_append(&b, "\3\0", 2);
	assert_int_equal(wav_parse(b.data, b.len, &w, NULL), ERR_NONE);
	assert_true(w.has_more_data);
	assert_int_equal(w.frames, 2);
	wav_fini(&w);
	buf_fini(&b);
}

static void every_cut_is_survived(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 2, 0 };
	struct buf b;
	size_t len;

	(void)state;
	put_wav(&b, EXTENSIBLE | PCM << 16, 1, 16, bytes, sizeof(bytes));
	for (len = 0; len < b.len; len++) {
		uint8_t *copy = malloc(len + 1); /* its own block, so that a sanitizer sees one byte too many */
		struct err_detail detail;
		struct wav w;
		enum err err;

		assert_non_null(copy);
		memcpy(copy, b.data, len);
		err = wav_parse(copy, len, &w, &detail);
		assert_int_equal(err, len < b.len - 4 ? ERR_TRUNCATED : ERR_NONE);
		if (!err)
			assert_true(w.is_cut);
		wav_fini(&w);
		free(copy);
	}
	buf_fini(&b);
}

static void bad_formats(void **state)
{
	static const uint8_t bytes[] = { 1, 0, 2, 0 };
	struct buf b;

	(void)state;
	put_wav(&b, PCM, 3, 16, bytes, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 0, 16, bytes, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 12, bytes, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, FLOATING, 1, 64, bytes, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, 2, 1, 4, bytes, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	b.data[32] = 4; /* block size */
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	memset(b.data + 24, 0, 4); /* rate */
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	memset(b.data + 24, 0xff, 4);
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	b.data[3] = 'X'; /* RIFX: the other byte order */
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	b.data[12] = 'F'; /* no format at all */
	refused(&b, ERR_FORMAT);
	put_wav(&b, PCM, 1, 16, bytes, 4);
	b.data[16] = 14; /* format chunk too short */
	refused(&b, ERR_FORMAT);
}

static void ceiling_holds(void **state)
{
	struct wav w;
	struct buf b;
	size_t len = (size_t)WAV_MAX_BYTES + 1;
	uint8_t *big = calloc(1, len); /* untouched pages cost nothing */
	struct err_detail detail = { 0 };

	(void)state;
	assert_non_null(big);
	assert_int_equal(wav_parse(big, len, &w, &detail), ERR_LIMIT);
	assert_non_null(strstr(detail.message, "512 MB"));
	put_wav(&b, PCM, 1, 8, "", 0);
	memcpy(big, b.data, b.len);
	memset(big + 40, 0xff, 4); /* 8-bit samples of nearly the whole file would be twice as large in memory */
	assert_int_equal(wav_parse(big, len - 1, &w, &detail), ERR_LIMIT);
	assert_int_equal(w.frames, 0);
	buf_fini(&b);
	free(big);
}

static void what_is_written_is_exact(void **state)
{
	static const int16_t samples[] = { 1, -2, 300, -32768 };
	static const uint8_t want[] = { 'R', 'I', 'F', 'F', 44, 0, 0, 0, 'W', 'A', 'V', 'E', 'f', 'm', 't', ' ', 16, 0, 0, 0, 1, 0, 2, 0,
		0x80, 0x3e, 0, 0, 0, 0xfa, 0, 0, 4, 0, 16, 0, 'd', 'a', 't', 'a', 8, 0, 0, 0, 1, 0, 0xfe, 0xff, 0x2c, 1, 0, 0x80 };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(wav_encode(&b, samples, 2, 2, 16000, NULL, 0), ERR_NONE);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	buf_fini(&b);
}

static void labels_are_exact(void **state)
{
	static const int16_t samples[] = { 1, 2, 3 };
	static const struct wav_label labels[] = { { 1, "odd" }, { 2, "even" } };
	static const uint8_t want[] = {
		'c', 'u', 'e', ' ', 52, 0, 0, 0, 2, 0, 0, 0,
		1, 0, 0, 0, 1, 0, 0, 0, 'd', 'a', 't', 'a', 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
		2, 0, 0, 0, 2, 0, 0, 0, 'd', 'a', 't', 'a', 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
		'L', 'I', 'S', 'T', 38, 0, 0, 0, 'a', 'd', 't', 'l',
		'l', 'a', 'b', 'l', 8, 0, 0, 0, 1, 0, 0, 0, 'o', 'd', 'd', 0,
		'l', 'a', 'b', 'l', 9, 0, 0, 0, 2, 0, 0, 0, 'e', 'v', 'e', 'n', 0, 0,
	};
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(wav_encode(&b, samples, 3, 1, 8000, labels, 2), ERR_NONE);
	assert_int_equal(b.len, 44 + 6 + sizeof(want));
	assert_memory_equal(b.data + 50, want, sizeof(want));
	assert_int_equal(b.data[4] | b.data[5] << 8, b.len - 8); /* the RIFF size covers all of it */
	expect(&b, samples, 3, 1);
}

/* "ä" 200 times is 400 bytes: cut at 254, not in the middle of one. */
static void long_labels_are_cut_whole(void **state)
{
	char text[401] = "";
	struct wav_label label = { 0, text };
	struct buf b;
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		memcpy(text + 2 * i, "ä", 2);
	buf_init(&b, 1000);
	assert_int_equal(wav_encode_labels(&b, &label, 1), ERR_NONE);
	assert_int_equal(b.len, 36 + 12 + 12 + 254 + 2);
	assert_memory_equal(b.data + b.len - 4, "\xc3\xa4\0\0", 4);
	assert_int_equal(wav_encode_labels(&b, &label, WAV_MAX_LABELS + 1), ERR_LIMIT);
	buf_fini(&b);
}

static void too_much_for_a_header(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(wav_encode_header(&b, 0x40000000, 2, 8000, 0), ERR_LIMIT);
	assert_int_equal(b.len, 0);
	assert_int_equal(wav_encode_header(&b, 0x10000000, 2, 8000, 10), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(wav_encode(&b, (const int16_t[60]){ 0 }, 60, 1, 8000, NULL, 0), ERR_LIMIT); /* the buffer's ceiling */
	buf_fini(&b);
}

static void one_channel_at_another_rate(void **state)
{
	int16_t stereo[320], *out;
	struct wav w = { .samples = stereo, .frames = 160, .channels = 2, .rate_hz = 16000, .bits = 16, .format_tag = 1 };
	size_t count, i;

	(void)state;
	for (i = 0; i < 160; i++) {
		stereo[2 * i] = (int16_t)(10 * i);
		stereo[2 * i + 1] = -5000;
	}
	assert_int_equal(wav_channel(&w, 0, 16000, &out, &count), ERR_NONE);
	assert_int_equal(count, 160);
	for (i = 0; i < count; i++)
		assert_int_equal(out[i], 10 * i);
	free(out);
	assert_int_equal(wav_channel(&w, 1, 8000, &out, &count), ERR_NONE);
	assert_int_equal(count, 80);
	for (i = 20; i < 60; i++)
		assert_in_range(-out[i], 4950, 5050);
	free(out);
	assert_int_equal(wav_channel(&w, 0, 1, &out, &count), ERR_USAGE);
	assert_null(out);
}

static void files(void **state)
{
	static const int16_t samples[] = { 5, -6, 7 };
	char folder[] = P_tmpdir "/callfunnel-wav-XXXXXX";
	char path[128], gone[128];
	struct err_detail detail = { 0 };
	struct wav w;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.wav", folder);
	snprintf(gone, sizeof(gone), "%s/no/a.wav", folder);
	assert_int_equal(wav_read(path, &w, &detail), ERR_NOTFOUND);
	assert_non_null(strstr(detail.where, "a.wav"));
	assert_int_equal(wav_write(gone, samples, 3, 1, 8000, NULL, 0, &detail), ERR_NOTFOUND);
	assert_int_equal(wav_write(path, samples, 3, 1, 8000, NULL, 0, &detail), ERR_NONE);
	assert_int_equal(wav_write(path, samples, 2, 1, 24000, NULL, 0, &detail), ERR_NONE); /* over the old one */
	assert_int_equal(wav_read(path, &w, &detail), ERR_NONE);
	assert_int_equal(w.frames, 2);
	assert_int_equal(w.rate_hz, 24000);
	assert_memory_equal(w.samples, samples, 4);
	wav_fini(&w);
	assert_int_equal(wav_read(folder, &w, &detail), ERR_IO);
	assert_int_equal(truncate(path, 20), 0);
	assert_int_equal(wav_read(path, &w, &detail), ERR_TRUNCATED);
	assert_non_null(strstr(detail.where, "a.wav, byte 20"));
	unlink(path);
	assert_int_equal(rmdir(folder), 0); /* nothing else was left in it */
}

/* A disk that takes no more: the old file stays, the half one goes. */
static void failed_write_leaves_the_old_file(void **state)
{
	static const int16_t samples[3000] = { 5, -6, 7 };
	char folder[] = P_tmpdir "/callfunnel-wav-XXXXXX";
	char path[128];
	struct rlimit was, small;
	struct err_detail detail = { 0 };
	struct wav w;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.wav", folder);
	assert_int_equal(wav_write(path, samples, 3, 1, 8000, NULL, 0, &detail), ERR_NONE);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){ .rlim_cur = 1000, .rlim_max = was.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(wav_write(path, samples, 3000, 1, 8000, NULL, 0, &detail), ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_non_null(strstr(detail.where, "a.wav"));
	assert_int_equal(wav_read(path, &w, &detail), ERR_NONE);
	assert_int_equal(w.frames, 3);
	wav_fini(&w);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcm_of_every_width),
		cmocka_unit_test(floats),
		cmocka_unit_test(both_laws),
		cmocka_unit_test(extensible),
		cmocka_unit_test(strange_chunks),
		cmocka_unit_test(sizes_that_lie),
		cmocka_unit_test(a_data_size_of_nothing),
		cmocka_unit_test(a_second_data_chunk_is_told),
		cmocka_unit_test(every_cut_is_survived),
		cmocka_unit_test(bad_formats),
		cmocka_unit_test(ceiling_holds),
		cmocka_unit_test(what_is_written_is_exact),
		cmocka_unit_test(labels_are_exact),
		cmocka_unit_test(long_labels_are_cut_whole),
		cmocka_unit_test(too_much_for_a_header),
		cmocka_unit_test(one_channel_at_another_rate),
		cmocka_unit_test(files),
		cmocka_unit_test(failed_write_leaves_the_old_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
