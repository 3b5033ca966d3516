/* RIFF/WAVE in. The parser walks the chunks once over bytes in memory: every length is checked against what is
 * really there before anything is read, and nothing in a file decides how much is allocated except the bytes it holds.
 * The RIFF header's own size is believed in one point only: 0 or all ones mean "streamed", and then a data size of 0 does too. A data size
 * of 0 with bytes behind it that are no chunks means the same, whatever the header says: somebody wrote to a pipe and could not come back.
 */
#include "audio/wav.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audio/g711.h"

enum {
	TAG_PCM = 1,
	TAG_FLOAT = 3,
	TAG_ALAW = 6,
	TAG_ULAW = 7,
	TAG_EXTENSIBLE = 0xfffe,
	RIFF_BYTES = 12,
	CHUNK_BYTES = 8,
	FMT_BYTES = 16,
	FMT_EXTENSIBLE_BYTES = 40,
	STREAMED_SIZE = 0x7fff0000 /* tools that write to a pipe put this, or somewhat more */
};

/* What a chunk walk has found so far. */
struct parse {
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *start;
	const uint8_t *data; /* the samples; NULL until found */
	size_t data_bytes;
	bool is_streamed;
	struct err_detail *detail;
};

PRINTF_LIKE(4, 5)
static enum err refuse(struct err_detail *d, enum err err, const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return err;
	*d = (struct err_detail){ 0 };
	va_start(ap, fmt);
	vsnprintf(d->message, sizeof(d->message), fmt, ap);
	va_end(ap);
	snprintf(d->hint, sizeof(d->hint), "%s", hint ? hint : "");
	return err;
}

static enum err refuse_at(struct parse *p, enum err err, const char *message)
{
	refuse(p->detail, err, "a WAV file with 1 or 2 channels of PCM, float, mu-law or A-law is expected", "%s", message);
	if (p->detail)
		snprintf(p->detail->where, sizeof(p->detail->where), "byte %zu", (size_t)(p->at - p->start));
	return err;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static bool is_id(const uint8_t *p, const char *id)
{
	return !memcmp(p, id, 4);
}

/* --- reading --- */

/* The tag of an extensible header: the first half of a GUID whose rest is fixed. 0 for anything else. */
static unsigned int extensible_tag(const uint8_t *fmt)
{
	static const uint8_t rest[14] = { 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71 };

	return memcmp(fmt + 26, rest, sizeof(rest)) ? 0 : le16(fmt + 24);
}

static bool format_known(unsigned int tag, unsigned int bits)
{
	switch (tag) {
	case TAG_PCM: return bits == 8 || bits == 16 || bits == 24 || bits == 32;
	case TAG_FLOAT: return bits == 32;
	case TAG_ALAW:
	case TAG_ULAW: return bits == 8;
	default: return false;
	}
}

static enum err parse_fmt(struct parse *p, const uint8_t *fmt, size_t len, struct wav *w)
{
	if (len < FMT_BYTES)
		return refuse_at(p, ERR_FORMAT, "the format chunk is too short");
	w->format_tag = le16(fmt);
	w->channels = le16(fmt + 2);
	w->rate_hz = le32(fmt + 4);
	w->bits = le16(fmt + 14);
	if (w->format_tag == TAG_EXTENSIBLE) {
		if (len < FMT_EXTENSIBLE_BYTES)
			return refuse_at(p, ERR_FORMAT, "the extensible format chunk is too short");
		w->format_tag = extensible_tag(fmt);
	}
	if (!format_known(w->format_tag, w->bits))
		return refuse_at(p, ERR_FORMAT, "samples of a kind that is not read here");
	if (!w->channels || w->channels > WAV_MAX_CHANNELS)
		return refuse_at(p, ERR_FORMAT, "neither one channel nor two");
	if (w->rate_hz < WAV_MIN_RATE_HZ || w->rate_hz > WAV_MAX_RATE_HZ)
		return refuse_at(p, ERR_FORMAT, "a sample rate outside 1,000 to 384,000 Hz");
	if (le16(fmt + 12) != w->channels * w->bits / 8)
		return refuse_at(p, ERR_FORMAT, "the block size does not fit channels and bits");
	return ERR_NONE;
}

/* Whether nothing but whole chunks lies from `at` on; *more_data: one of them holds samples. */
static bool are_chunks(const uint8_t *at, const uint8_t *end, bool *more_data)
{
	*more_data = false;
	while (end - at >= CHUNK_BYTES) {
		uint32_t size = le32(at + 4);
		bool is_data = is_id(at, "data");

		for (int i = 0; i < 4; i++)
			if (at[i] < ' ' || at[i] > '~')
				return false;
		at += CHUNK_BYTES;
		*more_data |= is_data && size;
		if (size > (size_t)(end - at))
			return is_data;
		at += size;
		at += size & 1 && at < end;
	}
	return at == end;
}

static void take_data(struct parse *p, uint32_t claimed, struct wav *w)
{
	size_t left = (size_t)(p->end - p->at);
	bool rest_is_sound = claimed >= STREAMED_SIZE || (claimed == 0 && (p->is_streamed || !are_chunks(p->at, p->end, &w->has_more_data)));

	p->data = p->at;
	p->data_bytes = rest_is_sound || claimed > left ? left : claimed;
	w->is_cut = !rest_is_sound && claimed > left;
	w->has_more_data = false;
	if (!rest_is_sound && claimed < left)
		(void)are_chunks(p->at + claimed + (claimed & 1), p->end, &w->has_more_data);
}

/* One chunk; p->at stands behind it afterwards. */
static enum err parse_chunk(struct parse *p, struct wav *w)
{
	const uint8_t *head = p->at;
	uint32_t size = le32(head + 4);
	enum err err = ERR_NONE;

	p->at += CHUNK_BYTES;
	if (is_id(head, "data")) {
		if (!w->channels)
			return refuse_at(p, ERR_FORMAT, "samples before their format");
		take_data(p, size, w);
		return ERR_NONE;
	}
	if (size > (size_t)(p->end - p->at))
		return refuse_at(p, ERR_TRUNCATED, "the file ends inside a chunk, before its samples");
	if (is_id(head, "fmt "))
		err = parse_fmt(p, p->at, size, w);
	p->at += size;
	if (size & 1 && p->at < p->end)
		p->at++;
	return err;
}

static enum err find_data(struct parse *p, struct wav *w)
{
	uint32_t riff_size;
	enum err err = ERR_NONE;

	if (p->end - p->at < RIFF_BYTES)
		return refuse_at(p, ERR_TRUNCATED, "too short to be a WAV file");
	if (!is_id(p->at, "RIFF") || !is_id(p->at + 8, "WAVE"))
		return refuse_at(p, ERR_FORMAT, "not a WAV file");
	riff_size = le32(p->at + 4);
	p->is_streamed = riff_size == 0 || riff_size >= STREAMED_SIZE;
	p->at += RIFF_BYTES;
	while (!err && !p->data) {
		if (p->end - p->at < CHUNK_BYTES)
			return refuse_at(p, ERR_TRUNCATED, "the file ends before its samples");
		err = parse_chunk(p, w);
	}
	return err;
}

static float float_at(const uint8_t *p)
{
	uint32_t bits = le32(p);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static int16_t from_float(const uint8_t *p)
{
	float value = float_at(p);

	if (value >= 32767.0f / 32768.0f)
		return INT16_MAX;
	return value <= -1.0f ? INT16_MIN : (int16_t)lrintf(value * 32768.0f);
}

/* The upper 16 of a sample's bits, rounded. */
static int16_t from_wide(int64_t value, unsigned int extra_bits)
{
	value = (value + ((int64_t)1 << (extra_bits - 1))) >> extra_bits;
	return value > INT16_MAX ? INT16_MAX : (int16_t)value;
}

static int16_t sample_at(const uint8_t *p, const struct wav *w)
{
	switch (w->format_tag) {
	case TAG_ULAW: return g711_ulaw_decode(*p);
	case TAG_ALAW: return g711_alaw_decode(*p);
	case TAG_FLOAT: return from_float(p);
	default: break;
	}
	switch (w->bits) {
	case 8: return (int16_t)((*p - 128) * 256);
	case 16: return (int16_t)le16(p);
	case 24: return from_wide((int32_t)((uint32_t)p[0] << 8 | (uint32_t)le16(p + 1) << 16) >> 8, 8);
	default: return from_wide((int32_t)le32(p), 16);
	}
}

/* What is no number is no sound: whatever made it went wrong, and nobody would hear where. */
static enum err floats_check(struct parse *p, const struct wav *w, size_t count)
{
	for (size_t i = 0; w->format_tag == TAG_FLOAT && i < count; i++) {
		if (isfinite(float_at(p->data + i * sizeof(float))))
			continue;
		refuse(p->detail, ERR_FORMAT, "make the file again: every sample of a float WAV is a number", "sample %zu of channel %zu is no finite number", i / w->channels,
			i % w->channels);
		if (p->detail)
			snprintf(p->detail->where, sizeof(p->detail->where), "byte %zu", (size_t)(p->data - p->start) + i * sizeof(float));
		return ERR_FORMAT;
	}
	return ERR_NONE;
}

static enum err convert(struct parse *p, struct wav *w)
{
	size_t sample_bytes = w->bits / 8;
	size_t count, i;

	w->frames = p->data_bytes / (sample_bytes * w->channels);
	count = w->frames * w->channels;
	if (count > WAV_MAX_BYTES / sizeof(int16_t))
		return refuse(p->detail, ERR_LIMIT, "cut it into shorter files", "more than %d MB of samples", WAV_MAX_BYTES >> 20);
	if (!count)
		return ERR_NONE;
	if (floats_check(p, w, count))
		return ERR_FORMAT;
	w->samples = malloc(count * sizeof(int16_t));
	if (!w->samples)
		return refuse(p->detail, ERR_NOMEM, NULL, "no memory for %zu samples", count);
	for (i = 0; i < count; i++)
		w->samples[i] = sample_at(p->data + i * sample_bytes, w);
	return ERR_NONE;
}

enum err wav_parse(const void *data, size_t len, struct wav *w, struct err_detail *detail)
{
	static const uint8_t nothing[1];
	struct parse p = { .at = len ? data : nothing, .detail = detail };
	enum err err;

	p.start = p.at;
	p.end = p.at + len;
	*w = (struct wav){ 0 };
	if (len > WAV_MAX_BYTES)
		return refuse(detail, ERR_LIMIT, "cut it into shorter files", "a file of more than %d MB", WAV_MAX_BYTES >> 20);
	err = find_data(&p, w);
	if (!err)
		err = convert(&p, w);
	if (err)
		*w = (struct wav){ 0 };
	return err;
}

static enum err read_all(int fd, struct buf *out)
{
	enum { PIECE = 1 << 18 };

	for (;;) {
		uint8_t *room = buf_reserve(out, PIECE);
		ssize_t n;

		if (!room)
			return out->err;
		n = read(fd, room, PIECE);
		if (n > 0)
			out->len += (size_t)n;
		else if (n == 0)
			return ERR_NONE;
		else if (errno != EINTR)
			return err_from_errno(errno);
	}
}

enum err wav_name_file(struct err_detail *detail, const char *path, enum err err)
{
	struct buf where;

	if (!detail || !err)
		return err;
	buf_init(&where, sizeof(detail->where) - 1);
	buf_text(&where, path);
	if (detail->where[0])
		buf_printf(&where, ", %s", detail->where);
	if (!where.err) {
		memcpy(detail->where, where.data, where.len);
		detail->where[where.len] = 0;
	}
	buf_fini(&where);
	return err;
}

enum err wav_read(const char *path, struct wav *w, struct err_detail *detail)
{
	struct buf bytes;
	enum err err;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*w = (struct wav){ 0 };
	if (fd < 0) {
		err = err_from_errno(errno);
		return wav_name_file(detail, path, refuse(detail, err, NULL, "cannot open: %s", strerror(errno)));
	}
	buf_init(&bytes, (size_t)WAV_MAX_BYTES + (1 << 18));
	err = read_all(fd, &bytes);
	if (err == ERR_LIMIT)
		refuse(detail, err, "cut it into shorter files", "a file of more than %d MB", WAV_MAX_BYTES >> 20);
	else if (err)
		refuse(detail, err, NULL, "cannot read: %s", err_name(err));
	else
		err = wav_parse(bytes.data, bytes.len, w, detail);
	close(fd);
	buf_fini(&bytes);
	return wav_name_file(detail, path, err);
}

void wav_fini(struct wav *w)
{
	free(w->samples);
	*w = (struct wav){ 0 };
}
