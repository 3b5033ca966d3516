/* The writing half of the recording format. libFLAC codes the sound; where bytes go is decided here. Its callbacks write at w->at
 * of PATH.part; it comes back once, at the end, to fill STREAMINFO in. The comment block is then written by us, over the
 * encoder's first one and its padding, which stand between STREAMINFO and the sound. Refuses to give a file its name before all
 * of it is on the disk.
 */
#include "audio/tracks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <FLAC/metadata.h>
#include <FLAC/stream_encoder.h>

#include "audio/tracks_parts.h"

enum {
	COMPRESSION = 5, /* 0 to 8; on phone speech 8 gains 1 % more and takes twice the time */
	BLOCK_HEADER_BYTES = 4,
	STREAMINFO_END = 4 + BLOCK_HEADER_BYTES + FLAC__STREAM_METADATA_STREAMINFO_LENGTH, /* "fLaC" stands in front */
	BLOCK_COMMENT = 4,
	BLOCK_PADDING = 1,
	BLOCK_LAST = 0x80,
	COMMENTS_MAX_BYTES = 12 << 20, /* TRACKS_MAX_GAPS of the longest; a FLAC block holds 16 MB */
	MOVE_BYTES = 64 * 1024
};

struct tracks_writer {
	const struct disk *disk;
	struct disk_file *file;
	char path[DISK_PATH_MAX];
	char part[DISK_PATH_MAX];
	FLAC__StreamEncoder *encoder;
	FLAC__StreamMetadata *blocks[2]; /* comments, padding: the encoder borrows them */
	uint64_t at;                     /* where the encoder writes next */
	uint64_t end;                    /* bytes in the file */
	uint64_t sound_at;               /* where the sound begins */
	uint64_t samples;
	struct gaps gaps;
	enum err err; /* sticky */
};

static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder *encoder, const FLAC__byte *bytes, size_t len,
	uint32_t samples, uint32_t frame, void *arg)
{
	struct tracks_writer *w = arg;

	(void)encoder;
	(void)samples;
	(void)frame;
	if (!w->err)
		w->err = disk_write(w->file, w->at, bytes, len);
	if (w->err)
		return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
	w->at += len;
	if (w->at > w->end)
		w->end = w->at;
	return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder *encoder, FLAC__uint64 offset, void *arg)
{
	struct tracks_writer *w = arg;

	(void)encoder;
	w->at = offset;
	return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder *encoder, FLAC__uint64 *offset, void *arg)
{
	const struct tracks_writer *w = arg;

	(void)encoder;
	*offset = w->at;
	return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

static enum err make_blocks(struct tracks_writer *w)
{
	w->blocks[0] = FLAC__metadata_object_new(FLAC__METADATA_TYPE_VORBIS_COMMENT);
	w->blocks[1] = FLAC__metadata_object_new(FLAC__METADATA_TYPE_PADDING);
	if (!w->blocks[0] || !w->blocks[1])
		return ERR_NOMEM;
	w->blocks[1]->length = TRACKS_RESERVE_BYTES;
	return ERR_NONE;
}

static enum err start_encoder(struct tracks_writer *w, uint32_t rate_hz)
{
	FLAC__StreamEncoder *e = FLAC__stream_encoder_new();
	bool fine;

	w->encoder = e;
	if (!e || make_blocks(w))
		return ERR_NOMEM;
	/* the level first: it sets mid-side too, which two strangers' voices gain nothing from */
	fine = FLAC__stream_encoder_set_compression_level(e, COMPRESSION) &&
		FLAC__stream_encoder_set_do_mid_side_stereo(e, false) &&
		FLAC__stream_encoder_set_loose_mid_side_stereo(e, false) &&
		FLAC__stream_encoder_set_channels(e, TRACKS_SIDES) &&
		FLAC__stream_encoder_set_bits_per_sample(e, TRACKS_BITS) &&
		FLAC__stream_encoder_set_sample_rate(e, rate_hz) &&
		FLAC__stream_encoder_set_streamable_subset(e, false) &&
		FLAC__stream_encoder_set_metadata(e, w->blocks, 2);
	assert(fine);
	(void)fine;
	if (FLAC__stream_encoder_init_stream(e, on_write, on_seek, on_tell, NULL, w) != FLAC__STREAM_ENCODER_INIT_STATUS_OK)
		return w->err ? w->err : ERR_NOMEM;
	w->sound_at = w->end;
	return w->err;
}

static void writer_free(struct tracks_writer *w)
{
	if (w->encoder)
		FLAC__stream_encoder_delete(w->encoder);
	if (w->blocks[0])
		FLAC__metadata_object_delete(w->blocks[0]);
	if (w->blocks[1])
		FLAC__metadata_object_delete(w->blocks[1]);
	disk_close(&w->file);
	free(w->gaps.items);
	free(w);
}

void tracks_writer_cancel(struct tracks_writer **wp)
{
	struct tracks_writer *w = *wp;
	enum err ignored;

	*wp = NULL;
	if (!w)
		return;
	if (w->file) {
		disk_close(&w->file);
		ignored = disk_unlink(w->disk, w->part);
		(void)ignored; /* nothing better can be done about it */
	}
	writer_free(w);
}

enum err tracks_writer_open(struct tracks_writer **wp, const struct disk *disk, const char *path, uint32_t rate_hz)
{
	struct tracks_writer *w;
	enum err err;

	*wp = NULL;
	if (rate_hz < TRACKS_MIN_HZ || rate_hz > TRACKS_MAX_HZ)
		return ERR_USAGE;
	w = calloc(1, sizeof(*w));
	if (!w)
		return ERR_NOMEM;
	w->disk = disk;
	if (!tracks_part_path(w->part, path)) {
		free(w);
		return ERR_LIMIT;
	}
	memcpy(w->path, path, strlen(path) + 1);
	err = disk_open(disk, &w->file, w->part, DISK_WRITE | DISK_CREATE);
	if (!err)
		err = disk_truncate(w->file, 0);
	if (!err)
		err = start_encoder(w, rate_hz);
	if (err)
		tracks_writer_cancel(&w);
	*wp = w;
	return err;
}

static void widen(FLAC__int32 *out, const int16_t *in, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		out[i] = in ? in[i] : 0;
}

enum err tracks_writer_push(struct tracks_writer *w, const int16_t *caller, const int16_t *agent, size_t samples)
{
	FLAC__int32 left[TRACKS_PIECE_SAMPLES], right[TRACKS_PIECE_SAMPLES];
	const FLAC__int32 *both[TRACKS_SIDES] = { left, right };
	size_t done, n;

	if (!w->err && samples > TRACKS_MAX_SAMPLES - w->samples)
		w->err = ERR_LIMIT;
	for (done = 0; !w->err && done < samples; done += n) {
		n = samples - done < TRACKS_PIECE_SAMPLES ? samples - done : TRACKS_PIECE_SAMPLES;
		widen(left, caller ? caller + done : NULL, n);
		widen(right, agent ? agent + done : NULL, n);
		if (!FLAC__stream_encoder_process(w->encoder, both, (uint32_t)n) && !w->err)
			w->err = ERR_NOMEM;
		w->samples += n;
	}
	return w->err;
}

enum err tracks_writer_gap(struct tracks_writer *w, enum tracks_side side, uint64_t start_sample, uint64_t samples,
	const char *why)
{
	struct tracks_gap gap = { .side = side, .start_sample = start_sample, .samples = samples };
	struct tracks_gap *last = w->gaps.count ? &w->gaps.items[w->gaps.count - 1] : NULL;

	assert((unsigned int)side < TRACKS_SIDES);
	assert(start_sample <= TRACKS_MAX_SAMPLES && samples <= TRACKS_MAX_SAMPLES);
	if (w->err || !samples)
		return w->err;
	gap_why_copy(gap.why, why);
	if (last && last->side == side && last->start_sample + last->samples == start_sample && !strcmp(last->why, gap.why))
		last->samples += samples;
	else
		w->err = gaps_add(&w->gaps, &gap);
	return w->err;
}

uint64_t tracks_writer_samples(const struct tracks_writer *w)
{
	return w->samples;
}

static void put_le32(struct buf *b, size_t value)
{
	uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	buf_append(b, bytes, sizeof(bytes));
}

static void put_comment(struct buf *b, const char *text)
{
	put_le32(b, strlen(text));
	buf_text(b, text);
}

static void put_gap(struct buf *b, const struct tracks_gap *gap)
{
	char text[TRACKS_GAP_BYTES];

	snprintf(text, sizeof(text), TRACKS_GAP_KEY "%s:%" PRIu64 ":%" PRIu64 ":%s", tracks_side_names[gap->side],
		gap->start_sample, gap->samples, gap->why);
	put_comment(b, text);
}

/* Cuts off what lies beyond the end. */
static void clip_gaps(struct tracks_writer *w)
{
	size_t i, kept = 0;

	for (i = 0; i < w->gaps.count; i++) {
		struct tracks_gap *gap = &w->gaps.items[i];

		if (gap->start_sample >= w->samples)
			continue;
		if (gap->samples > w->samples - gap->start_sample)
			gap->samples = w->samples - gap->start_sample;
		w->gaps.items[kept++] = *gap;
	}
	w->gaps.count = kept;
}

static void put_block_header(struct buf *b, unsigned int type, size_t len)
{
	uint8_t bytes[BLOCK_HEADER_BYTES] = { (uint8_t)type, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	buf_append(b, bytes, sizeof(bytes));
}

/* The comment block with its header. */
static enum err put_comments(struct tracks_writer *w, struct buf *b)
{
	char version[sizeof(TRACKS_VERSION_KEY) + 12];
	size_t i, body;

	put_block_header(b, BLOCK_COMMENT, 0);
	put_comment(b, "callfunnel " CALLFUNNEL_VERSION);
	put_le32(b, w->gaps.count + 1);
	snprintf(version, sizeof(version), TRACKS_VERSION_KEY "%d", TRACKS_VERSION);
	put_comment(b, version);
	for (i = 0; i < w->gaps.count; i++)
		put_gap(b, &w->gaps.items[i]);
	if (b->err)
		return b->err;
	body = b->len - BLOCK_HEADER_BYTES;
	b->data[1] = (uint8_t)(body >> 16);
	b->data[2] = (uint8_t)(body >> 8);
	b->data[3] = (uint8_t)body;
	return ERR_NONE;
}

/* Fills with one padding block up to where the sound begins. */
static enum err put_padding(struct buf *b, size_t room)
{
	static const uint8_t zeros[256];
	size_t left = room - b->len - BLOCK_HEADER_BYTES;

	put_block_header(b, BLOCK_PADDING | BLOCK_LAST, left);
	while (left) {
		size_t n = left < sizeof(zeros) ? left : sizeof(zeros);

		buf_append(b, zeros, n);
		left -= n;
	}
	return b->err;
}

static enum err read_exactly(struct disk_file *f, uint64_t offset, void *data, size_t len)
{
	size_t got;
	enum err err = disk_read(f, offset, data, len, &got);

	return !err && got < len ? ERR_IO : err;
}

/* Moves the sound `by` bytes towards the end, from its end on, so that nothing is written over before it was moved. */
static enum err move_sound(struct tracks_writer *w, uint64_t by)
{
	uint8_t *bytes = malloc(MOVE_BYTES);
	uint64_t left = w->end - w->sound_at;
	enum err err = bytes ? ERR_NONE : ERR_NOMEM;

	while (!err && left) {
		size_t n = left < MOVE_BYTES ? (size_t)left : MOVE_BYTES;

		left -= n;
		err = read_exactly(w->file, w->sound_at + left, bytes, n);
		if (!err)
			err = disk_write(w->file, w->sound_at + left + by, bytes, n);
	}
	free(bytes);
	w->sound_at += by;
	w->end += by;
	return err;
}

static enum err write_comments(struct tracks_writer *w)
{
	size_t room = (size_t)(w->sound_at - STREAMINFO_END);
	struct buf b;
	enum err err;

	buf_init(&b, COMMENTS_MAX_BYTES);
	clip_gaps(w);
	err = put_comments(w, &b);
	if (!err && b.len + BLOCK_HEADER_BYTES > room) {
		err = move_sound(w, b.len + BLOCK_HEADER_BYTES - room);
		room = b.len + BLOCK_HEADER_BYTES;
	}
	if (!err)
		err = put_padding(&b, room);
	if (!err)
		err = disk_write(w->file, STREAMINFO_END, b.data, b.len);
	buf_fini(&b);
	return err;
}

static enum err finish(struct tracks_writer *w)
{
	if (!w->err && !FLAC__stream_encoder_finish(w->encoder) && !w->err)
		w->err = ERR_NOMEM;
	if (!w->err)
		w->err = write_comments(w);
	if (!w->err)
		w->err = disk_sync(w->file);
	if (!w->err)
		w->err = tracks_name_file(w->disk, w->part, w->path);
	return w->err;
}

enum err tracks_writer_close(struct tracks_writer **wp)
{
	struct tracks_writer *w = *wp;
	enum err err = finish(w);

	if (err) {
		tracks_writer_cancel(wp);
		return err;
	}
	*wp = NULL;
	writer_free(w);
	return ERR_NONE;
}
