/* RIFF/WAVE out. See wav.h. */
#include "audio/wav.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/target.h"

enum { TAG_PCM = 1, CHUNK_BYTES = 8, FMT_BYTES = 16, CUE_POINT_BYTES = 24 };

static void put16(struct buf *b, uint32_t value)
{
	uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };

	buf_append(b, bytes, sizeof(bytes));
}

static void put32(struct buf *b, uint32_t value)
{
	put16(b, value);
	put16(b, value >> 16);
}

static void put_chunk(struct buf *b, const char *id, uint32_t size)
{
	buf_append(b, id, 4);
	put32(b, size);
}

enum err wav_encode_header(struct buf *out, uint64_t frames, unsigned int channels, uint32_t rate_hz, size_t tail_bytes)
{
	uint32_t frame_bytes = channels * 2;

	assert(channels >= 1 && channels <= WAV_MAX_CHANNELS && rate_hz <= WAV_MAX_RATE_HZ);
	if (tail_bytes > UINT32_MAX / 2 || frames > (UINT32_MAX / 2) / frame_bytes)
		return ERR_LIMIT;
	put_chunk(out, "RIFF", (uint32_t)(WAV_HEADER_BYTES - CHUNK_BYTES + frames * frame_bytes + tail_bytes));
	buf_append(out, "WAVE", 4);
	put_chunk(out, "fmt ", FMT_BYTES);
	put16(out, TAG_PCM);
	put16(out, channels);
	put32(out, rate_hz);
	put32(out, rate_hz * frame_bytes);
	put16(out, frame_bytes);
	put16(out, 16);
	put_chunk(out, "data", (uint32_t)(frames * frame_bytes));
	return out->err;
}

void wav_encode_samples(struct buf *out, const int16_t *samples, size_t count)
{
	uint8_t *at = count ? buf_reserve(out, count * 2) : NULL;
	size_t i;

	if (!at)
		return;
	for (i = 0; i < count; i++) {
		at[2 * i] = (uint8_t)samples[i];
		at[2 * i + 1] = (uint8_t)((uint16_t)samples[i] >> 8);
	}
	out->len += count * 2;
}

/* How much of a label is written: whole UTF-8 characters only. */
static size_t label_bytes(const char *text)
{
	size_t len = strlen(text);

	if (len <= WAV_MAX_LABEL_BYTES)
		return len;
	len = WAV_MAX_LABEL_BYTES;
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void put_label(struct buf *out, uint32_t id, const char *text)
{
	size_t len = label_bytes(text);

	put_chunk(out, "labl", (uint32_t)(4 + len + 1));
	put32(out, id);
	buf_append(out, text, len);
	buf_byte(out, 0);
	if ((4 + len + 1) & 1)
		buf_byte(out, 0);
}

enum err wav_encode_labels(struct buf *out, const struct wav_label *labels, size_t label_count)
{
	size_t list_bytes = 4;
	size_t i;

	if (label_count > WAV_MAX_LABELS)
		return ERR_LIMIT;
	if (!label_count)
		return out->err;
	put_chunk(out, "cue ", (uint32_t)(4 + label_count * CUE_POINT_BYTES));
	put32(out, (uint32_t)label_count);
	for (i = 0; i < label_count; i++) {
		put32(out, (uint32_t)i + 1);
		put32(out, labels[i].at_frame);
		put_chunk(out, "data", 0); /* the chunk it lies in, and that chunk's start */
		put32(out, 0);
		put32(out, labels[i].at_frame);
		list_bytes += CHUNK_BYTES + ((4 + label_bytes(labels[i].text) + 1 + 1) & ~(size_t)1);
	}
	put_chunk(out, "LIST", (uint32_t)list_bytes);
	buf_append(out, "adtl", 4);
	for (i = 0; i < label_count; i++)
		put_label(out, (uint32_t)i + 1, labels[i].text);
	return out->err;
}

enum err wav_encode(struct buf *out, const int16_t *samples, size_t frames, unsigned int channels, uint32_t rate_hz,
	const struct wav_label *labels, size_t label_count)
{
	struct buf tail;
	enum err err;

	buf_init(&tail, WAV_MAX_BYTES);
	err = wav_encode_labels(&tail, labels, label_count);
	if (!err)
		err = wav_encode_header(out, frames, channels, rate_hz, tail.len);
	if (!err) {
		wav_encode_samples(out, samples, frames * channels);
		buf_append(out, tail.data, tail.len);
		err = out->err;
	}
	buf_fini(&tail);
	return err;
}

enum err wav_write(const char *path, const int16_t *samples, size_t frames, unsigned int channels, uint32_t rate_hz,
	const struct wav_label *labels, size_t label_count, struct err_detail *detail)
{
	char target[DISK_PATH_MAX];
	struct buf bytes;
	enum err err = target_find(target, path, detail);

	if (err)
		return err;
	buf_init(&bytes, UINT32_MAX);
	err = wav_encode(&bytes, samples, frames, channels, rate_hz, labels, label_count);
	if (!err)
		err = target_replace(target, bytes.data, bytes.len);
	buf_fini(&bytes);
	if (err && detail) {
		*detail = (struct err_detail){ .message = "" };
		snprintf(detail->message, sizeof(detail->message), "cannot write: %s", err_name(err));
	}
	return wav_name_file(detail, path, err);
}
