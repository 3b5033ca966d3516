/* The recording format over libFLAC: the writer (first half) and the reader (second half). libFLAC codes the sound; where bytes go, the
 * comment block and every check of what a file claims are here. The encoder's callbacks write at w->at of PATH.part;
 * it comes back once, at the end, to fill STREAMINFO in. The comment block is then written by us, over the encoder's first
 * one and its padding, which stand between STREAMINFO and the sound.
 */
#include "audio/tracks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <FLAC/metadata.h>
#include <FLAC/stream_decoder.h>
#include <FLAC/stream_encoder.h>

#include "audio/wav.h"

enum {
	CHANNELS = 2,
	BITS = 16,
	PIECE_SAMPLES = 1024,
	COMPRESSION = 3, /* 0 to 8; speech gains less than 1 % above it and pays twice the time */
	BLOCK_HEADER_BYTES = 4,
	STREAMINFO_END = 4 + BLOCK_HEADER_BYTES + FLAC__STREAM_METADATA_STREAMINFO_LENGTH, /* "fLaC" stands in front */
	BLOCK_COMMENT = 4,
	BLOCK_PADDING = 1,
	BLOCK_LAST = 0x80,
	GAP_TEXT_BYTES = 64 + TRACKS_WHY_BYTES,
	COMMENTS_MAX_BYTES = 12 << 20, /* TRACKS_MAX_GAPS of the longest; a FLAC block holds 16 MB */
	MOVE_BYTES = 64 * 1024
};

static const char version_key[] = "CALLFUNNEL_TRACKS=";
static const char gap_key[] = "GAP=";
static const char *const side_names[TRACKS_SIDES] = { "caller", "agent" };

/* ---- gaps ---- */

struct gaps {
	struct tracks_gap *items;
	size_t count, cap;
};

static enum err gaps_add(struct gaps *g, const struct tracks_gap *gap)
{
	if (g->count == TRACKS_MAX_GAPS)
		return ERR_LIMIT;
	if (g->count == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 16;
		struct tracks_gap *items = realloc(g->items, cap * sizeof(*items));

		if (!items)
			return ERR_NOMEM;
		g->items = items;
		g->cap = cap;
	}
	g->items[g->count++] = *gap;
	return ERR_NONE;
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || (unsigned char)c == 0x7f;
}

/* A reason as it may stand in a file: one line, cut at a whole UTF-8 character. */
static void why_copy(char out[TRACKS_WHY_BYTES], const char *why)
{
	size_t len = strnlen(why, TRACKS_WHY_BYTES);
	size_t i;

	if (len == TRACKS_WHY_BYTES) {
		len--;
		while (len && ((unsigned char)why[len] & 0xc0) == 0x80)
			len--;
	}
	for (i = 0; i < len; i++)
		out[i] = is_control(why[i]) ? ' ' : why[i];
	out[len] = 0;
}

static bool parse_side(const char **at, enum tracks_side *side)
{
	int i;

	for (i = 0; i < TRACKS_SIDES; i++) {
		size_t len = strlen(side_names[i]);

		if (strncmp(*at, side_names[i], len) || (*at)[len] != ':')
			continue;
		*at += len + 1;
		*side = (enum tracks_side)i;
		return true;
	}
	return false;
}

/* Digits up to a colon; at most TRACKS_MAX_SAMPLES. */
static bool parse_count(const char **at, uint64_t *value)
{
	const char *first = *at;

	for (*value = 0; **at >= '0' && **at <= '9'; (*at)++) {
		*value = *value * 10 + (uint64_t)(**at - '0');
		if (*value > TRACKS_MAX_SAMPLES)
			return false;
	}
	return *at > first && *(*at)++ == ':';
}

/* What stands behind "GAP=", as a C string. */
static bool gap_parse(const char *at, uint64_t total_samples, struct tracks_gap *gap)
{
	*gap = (struct tracks_gap){ 0 };
	if (!parse_side(&at, &gap->side) || !parse_count(&at, &gap->start_sample) || !parse_count(&at, &gap->samples))
		return false;
	if (!gap->samples || gap->start_sample > total_samples || gap->samples > total_samples - gap->start_sample)
		return false;
	why_copy(gap->why, at);
	return !strcmp(gap->why, at); /* neither too long nor with control characters */
}

/* ---- writing ---- */

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
	fine = FLAC__stream_encoder_set_compression_level(e, COMPRESSION) && FLAC__stream_encoder_set_do_mid_side_stereo(e, false) &&
		FLAC__stream_encoder_set_loose_mid_side_stereo(e, false) && FLAC__stream_encoder_set_channels(e, CHANNELS) &&
		FLAC__stream_encoder_set_bits_per_sample(e, BITS) && FLAC__stream_encoder_set_sample_rate(e, rate_hz) &&
		FLAC__stream_encoder_set_streamable_subset(e, false) && FLAC__stream_encoder_set_metadata(e, w->blocks, 2);
	assert(fine);
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

static bool put_part_path(char out[DISK_PATH_MAX], const char *path)
{
	return snprintf(out, DISK_PATH_MAX, "%s.part", path) < DISK_PATH_MAX;
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
	if (!put_part_path(w->part, path)) {
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
	FLAC__int32 left[PIECE_SAMPLES], right[PIECE_SAMPLES];
	const FLAC__int32 *both[CHANNELS] = { left, right };
	size_t done, n;

	if (!w->err && samples > TRACKS_MAX_SAMPLES - w->samples)
		w->err = ERR_LIMIT;
	for (done = 0; !w->err && done < samples; done += n) {
		n = samples - done < PIECE_SAMPLES ? samples - done : PIECE_SAMPLES;
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
	why_copy(gap.why, why);
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
	char text[GAP_TEXT_BYTES];

	snprintf(text, sizeof(text), "%s%s:%" PRIu64 ":%" PRIu64 ":%s", gap_key, side_names[gap->side], gap->start_sample, gap->samples,
		gap->why);
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
	char version[sizeof(version_key) + 12];
	size_t i, body;

	put_block_header(b, BLOCK_COMMENT, 0);
	put_comment(b, "callfunnel " CALLFUNNEL_VERSION);
	put_le32(b, w->gaps.count + 1);
	snprintf(version, sizeof(version), "%s%d", version_key, TRACKS_VERSION);
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

/* "/a/b.flac" gives "/a", "b.flac" gives ".". */
static void folder_of(char out[DISK_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	memcpy(out, slash ? path : ".", len);
	if (!len)
		out[len++] = '/';
	out[len] = 0;
}

static enum err name_file(const struct disk *disk, const char *part, const char *path)
{
	char folder[DISK_PATH_MAX];
	enum err err = disk_rename(disk, part, path);

	if (err)
		return err;
	folder_of(folder, path);
	return disk_sync_folder(disk, folder);
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
		w->err = name_file(w->disk, w->part, w->path);
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

/* ---- reading ---- */

struct tracks_reader {
	struct disk_file *file; /* or, when NULL: */
	const uint8_t *bytes;
	uint64_t len;
	uint64_t at;
	FLAC__StreamDecoder *decoder;
	struct tracks_info info;
	struct gaps gaps;
	int16_t *block[CHANNELS]; /* what was decoded and not yet pulled */
	size_t block_len, block_at;
	uint64_t given;   /* samples decoded */
	bool has_info;    /* STREAMINFO was there and can be ours */
	bool has_version; /* the comments were there and are ours */
	bool is_done;     /* the end was reached and everything held */
	enum err err;     /* sticky */
	struct err_detail detail;
};

/* The first failure stays, with its words. */
PRINTF_LIKE(4, 5)
static void refuse(struct tracks_reader *r, enum err err, const char *hint, const char *fmt, ...)
{
	va_list ap;

	if (r->err)
		return;
	r->err = err;
	va_start(ap, fmt);
	vsnprintf(r->detail.message, sizeof(r->detail.message), fmt, ap);
	va_end(ap);
	snprintf(r->detail.where, sizeof(r->detail.where), "byte %" PRIu64 ", sample %" PRIu64, r->at, r->given);
	snprintf(r->detail.hint, sizeof(r->detail.hint), "%s", hint);
}

static const char damaged_hint[] = "the recording is damaged: cut it again from the journal";
static const char foreign_hint[] = "a recording made by callfunnel is expected";

static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder *decoder, FLAC__byte *out, size_t *len, void *arg)
{
	struct tracks_reader *r = arg;
	size_t got = 0;
	enum err err = ERR_NONE;

	(void)decoder;
	if (r->file) {
		err = disk_read(r->file, r->at, out, *len, &got);
	} else {
		got = r->len - r->at < *len ? (size_t)(r->len - r->at) : *len;
		memcpy(out, r->bytes + r->at, got);
	}
	*len = got;
	if (err) {
		refuse(r, err, "check the disk", "cannot be read: %s", err_name(err));
		return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
	}
	r->at += got;
	return got ? FLAC__STREAM_DECODER_READ_STATUS_CONTINUE : FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM;
}

static void take_streaminfo(struct tracks_reader *r, const FLAC__StreamMetadata_StreamInfo *s)
{
	static const FLAC__byte no_md5[sizeof(s->md5sum)];

	if (r->has_info) {
		refuse(r, ERR_CORRUPT, damaged_hint, "two STREAMINFO blocks");
		return;
	}
	r->has_info = true;
	r->info.rate_hz = s->sample_rate;
	r->info.samples = s->total_samples;
	if (s->channels != CHANNELS || s->bits_per_sample != BITS)
		refuse(r, ERR_FORMAT, foreign_hint, "%u channels of %u bits, not two of 16", s->channels, s->bits_per_sample);
	else if (s->sample_rate < TRACKS_MIN_HZ || s->sample_rate > TRACKS_MAX_HZ)
		refuse(r, ERR_FORMAT, foreign_hint, "a sample rate of %u Hz", s->sample_rate);
	else if (!memcmp(s->md5sum, no_md5, sizeof(no_md5)))
		refuse(r, ERR_TRUNCATED, damaged_hint, "a recording that was never closed");
}

static void take_version(struct tracks_reader *r, const char *text)
{
	char ours[12];

	snprintf(ours, sizeof(ours), "%d", TRACKS_VERSION);
	if (strcmp(text, ours))
		refuse(r, ERR_VERSION, "read it with the release that made it", "a recording of version %.20s, known is %s", text, ours);
	r->has_version = true;
}

static void take_gap(struct tracks_reader *r, const char *text)
{
	struct tracks_gap gap;

	if (!gap_parse(text, r->info.samples, &gap)) {
		refuse(r, ERR_CORRUPT, damaged_hint, "gap %zu is not one", r->gaps.count + 1);
		return;
	}
	switch (gaps_add(&r->gaps, &gap)) {
	case ERR_NONE: break;
	case ERR_LIMIT: refuse(r, ERR_LIMIT, foreign_hint, "more than %d gaps", TRACKS_MAX_GAPS); break;
	default: refuse(r, ERR_NOMEM, "", "no memory"); break;
	}
}

/* Comments of others are let be. */
static void take_comment(struct tracks_reader *r, const FLAC__StreamMetadata_VorbisComment_Entry *entry)
{
	char text[GAP_TEXT_BYTES];
	size_t len = entry->length;
	bool is_ours = len >= sizeof(gap_key) - 1 && (!memcmp(entry->entry, gap_key, sizeof(gap_key) - 1) ||
		(len >= sizeof(version_key) - 1 && !memcmp(entry->entry, version_key, sizeof(version_key) - 1)));

	if (!is_ours)
		return;
	if (len >= sizeof(text) || memchr(entry->entry, 0, len)) {
		refuse(r, ERR_CORRUPT, damaged_hint, "a comment that is too long or broken");
		return;
	}
	memcpy(text, entry->entry, len);
	text[len] = 0;
	if (text[0] == gap_key[0])
		take_gap(r, text + sizeof(gap_key) - 1);
	else
		take_version(r, text + sizeof(version_key) - 1);
}

static void on_metadata(const FLAC__StreamDecoder *decoder, const FLAC__StreamMetadata *block, void *arg)
{
	struct tracks_reader *r = arg;
	uint32_t i;

	(void)decoder;
	if (block->type == FLAC__METADATA_TYPE_STREAMINFO)
		take_streaminfo(r, &block->data.stream_info);
	if (block->type != FLAC__METADATA_TYPE_VORBIS_COMMENT)
		return;
	for (i = 0; !r->err && i < block->data.vorbis_comment.num_comments; i++)
		take_comment(r, &block->data.vorbis_comment.comments[i]);
}

static bool frame_fits(const struct tracks_reader *r, const FLAC__FrameHeader *h)
{
	return h->channels == CHANNELS && h->bits_per_sample == BITS && h->sample_rate == r->info.rate_hz && h->blocksize > 0 &&
		h->blocksize <= FLAC__MAX_BLOCK_SIZE && r->block_at == r->block_len;
}

static FLAC__StreamDecoderWriteStatus on_frame(const FLAC__StreamDecoder *decoder, const FLAC__Frame *frame,
	const FLAC__int32 *const samples[], void *arg)
{
	struct tracks_reader *r = arg;
	size_t len = frame->header.blocksize;
	size_t i, c;

	(void)decoder;
	if (!frame_fits(r, &frame->header))
		refuse(r, ERR_CORRUPT, damaged_hint, "a piece of sound of another shape");
	else if (len > r->info.samples - r->given)
		refuse(r, ERR_CORRUPT, damaged_hint, "more sound than the file's front says");
	if (r->err)
		return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
	for (c = 0; c < CHANNELS; c++)
		for (i = 0; i < len; i++)
			r->block[c][i] = (int16_t)samples[c][i];
	r->block_at = 0;
	r->block_len = len;
	r->given += len;
	return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void on_error(const FLAC__StreamDecoder *decoder, FLAC__StreamDecoderErrorStatus status, void *arg)
{
	(void)decoder;
	refuse(arg, ERR_CORRUPT, damaged_hint, "damaged sound (%s)", FLAC__StreamDecoderErrorStatusString[status]);
}

void tracks_reader_close(struct tracks_reader **rp)
{
	struct tracks_reader *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	if (r->decoder)
		FLAC__stream_decoder_delete(r->decoder);
	disk_close(&r->file);
	free(r->block[0]);
	free(r->block[1]);
	free(r->gaps.items);
	free(r);
}

static enum err start_decoder(struct tracks_reader *r)
{
	r->block[0] = malloc(FLAC__MAX_BLOCK_SIZE * sizeof(int16_t));
	r->block[1] = malloc(FLAC__MAX_BLOCK_SIZE * sizeof(int16_t));
	r->decoder = FLAC__stream_decoder_new();
	if (!r->block[0] || !r->block[1] || !r->decoder)
		return ERR_NOMEM;
	FLAC__stream_decoder_set_md5_checking(r->decoder, true);
	FLAC__stream_decoder_set_metadata_respond(r->decoder, FLAC__METADATA_TYPE_VORBIS_COMMENT);
	if (FLAC__stream_decoder_init_stream(r->decoder, on_read, NULL, NULL, NULL, NULL, on_frame, on_metadata, on_error, r) !=
		FLAC__STREAM_DECODER_INIT_STATUS_OK)
		return ERR_NOMEM;
	return ERR_NONE;
}

/* libFLAC would search any stream for something like FLAC; a recording has it at the very front. */
static bool has_magic(struct tracks_reader *r)
{
	uint8_t magic[4];
	size_t got = 4;

	if (r->file) {
		enum err err = disk_read(r->file, 0, magic, sizeof(magic), &got);

		if (err)
			refuse(r, err, "check the disk", "cannot be read: %s", err_name(err));
	} else if (r->len >= 4) {
		memcpy(magic, r->bytes, 4);
	} else {
		got = 0;
	}
	return !r->err && got == 4 && !memcmp(magic, "fLaC", 4);
}

static enum err read_front(struct tracks_reader *r)
{
	if (!has_magic(r)) {
		refuse(r, ERR_FORMAT, foreign_hint, "not a FLAC file");
		return r->err;
	}
	if (start_decoder(r)) {
		refuse(r, ERR_NOMEM, "", "no memory");
		return r->err;
	}
	while (!r->err && FLAC__stream_decoder_get_state(r->decoder) <= FLAC__STREAM_DECODER_READ_METADATA)
		if (!FLAC__stream_decoder_process_single(r->decoder))
			refuse(r, ERR_TRUNCATED, damaged_hint, "the file ends before its sound");
	if (!r->err && !r->has_info)
		refuse(r, ERR_FORMAT, foreign_hint, "no STREAMINFO");
	if (!r->err && !r->has_version)
		refuse(r, ERR_FORMAT, foreign_hint, "FLAC, but no recording of two sides");
	r->info.gaps = r->gaps.items;
	r->info.gap_count = r->gaps.count;
	return r->err;
}

static enum err tell(const struct tracks_reader *r, struct err_detail *detail)
{
	if (detail && r->err)
		*detail = r->detail;
	return r->err;
}

/* Takes `r`, whose source is set. */
static enum err open_take(struct tracks_reader **rp, struct tracks_reader *r, struct err_detail *detail)
{
	enum err err;

	read_front(r);
	err = tell(r, detail);
	if (err)
		tracks_reader_close(&r);
	*rp = r;
	return err;
}

enum err tracks_reader_open(struct tracks_reader **rp, const struct disk *disk, const char *path, struct err_detail *detail)
{
	struct tracks_reader *r = calloc(1, sizeof(*r));
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	err = disk_open(disk, &r->file, path, DISK_READ);
	if (err) {
		refuse(r, err, "", "cannot be opened: %s", err_name(err));
		if (strlen(path) < sizeof(r->detail.where))
			memcpy(r->detail.where, path, strlen(path) + 1);
	}
	return open_take(rp, r, detail);
}

enum err tracks_reader_open_bytes(struct tracks_reader **rp, const void *data, size_t len, struct err_detail *detail)
{
	struct tracks_reader *r = calloc(1, sizeof(*r));

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	r->bytes = data;
	r->len = len;
	return open_take(rp, r, detail);
}

const struct tracks_info *tracks_reader_info(const struct tracks_reader *r)
{
	return &r->info;
}

/* The stream has ended: do number and digest hold? */
static void judge_end(struct tracks_reader *r)
{
	bool digest_holds;

	if (r->given < r->info.samples) {
		refuse(r, ERR_TRUNCATED, damaged_hint, "%" PRIu64 " samples of %" PRIu64, r->given, r->info.samples);
		return;
	}
	digest_holds = FLAC__stream_decoder_finish(r->decoder);
	if (!digest_holds)
		refuse(r, ERR_CORRUPT, damaged_hint, "the MD5 of the sound does not hold");
	r->is_done = !r->err;
}

/* Decodes until there is something to pull, the end, or an error. */
static void fill_block(struct tracks_reader *r)
{
	while (!r->err && !r->is_done && r->block_at == r->block_len) {
		bool fine = FLAC__stream_decoder_process_single(r->decoder);

		if (!fine)
			refuse(r, ERR_CORRUPT, damaged_hint, "damaged sound");
		else if (FLAC__stream_decoder_get_state(r->decoder) == FLAC__STREAM_DECODER_END_OF_STREAM &&
			r->block_at == r->block_len)
			judge_end(r);
	}
}

enum err tracks_reader_pull(struct tracks_reader *r, int16_t *caller, int16_t *agent, size_t max, size_t *got,
	struct err_detail *detail)
{
	size_t n;

	*got = 0;
	assert(max > 0);
	fill_block(r);
	if (r->err)
		return tell(r, detail);
	n = r->block_len - r->block_at < max ? r->block_len - r->block_at : max;
	if (caller && n)
		memcpy(caller, r->block[TRACKS_CALLER] + r->block_at, n * sizeof(*caller));
	if (agent && n)
		memcpy(agent, r->block[TRACKS_AGENT] + r->block_at, n * sizeof(*agent));
	r->block_at += n;
	*got = n;
	return ERR_NONE;
}

enum err tracks_check_bytes(const void *data, size_t len, struct err_detail *detail)
{
	struct tracks_reader *r;
	size_t got = 1;
	enum err err = tracks_reader_open_bytes(&r, data, len, detail);

	while (!err && got)
		err = tracks_reader_pull(r, NULL, NULL, SIZE_MAX, &got, detail);
	tracks_reader_close(&r);
	return err;
}

/* ---- as WAV ---- */

enum { LABEL_BYTES = 64 + TRACKS_WHY_BYTES };

static int by_start(const void *a, const void *b)
{
	const struct wav_label *x = a, *y = b;

	return (x->at_frame > y->at_frame) - (x->at_frame < y->at_frame);
}

/* The label chunks of all gaps. A start beyond 32 bits cannot happen: the header for that many samples was refused. */
static enum err encode_gaps(const struct tracks_info *info, struct buf *out)
{
	struct wav_label *labels = calloc(info->gap_count + 1, sizeof(*labels));
	char (*texts)[LABEL_BYTES] = calloc(info->gap_count + 1, sizeof(*texts));
	enum err err = labels && texts ? ERR_NONE : ERR_NOMEM;
	size_t i;

	for (i = 0; !err && i < info->gap_count; i++) {
		const struct tracks_gap *gap = &info->gaps[i];

		snprintf(texts[i], sizeof(texts[i]), "gap, %s, %.3f s: %s", side_names[gap->side], (double)gap->samples / info->rate_hz,
			gap->why);
		labels[i] = (struct wav_label){ .at_frame = (uint32_t)gap->start_sample, .text = texts[i] };
	}
	if (!err) {
		qsort(labels, info->gap_count, sizeof(*labels), by_start);
		err = wav_encode_labels(out, labels, info->gap_count);
	}
	free(labels);
	free(texts);
	return err;
}

static enum err append(struct disk_file *f, uint64_t *at, const struct buf *b)
{
	enum err err = b->err;

	if (!err && b->len)
		err = disk_write(f, *at, b->data, b->len);
	*at += b->len;
	return err;
}

static enum err copy_sound(struct tracks_reader *r, struct disk_file *f, uint64_t *at, struct err_detail *detail)
{
	int16_t sides[CHANNELS][PIECE_SAMPLES], both[CHANNELS * PIECE_SAMPLES];
	size_t got = 1, i;
	struct buf b;
	enum err err = ERR_NONE;

	buf_init(&b, sizeof(both));
	while (!err && got) {
		err = tracks_reader_pull(r, sides[TRACKS_CALLER], sides[TRACKS_AGENT], PIECE_SAMPLES, &got, detail);
		for (i = 0; i < got; i++) {
			both[2 * i] = sides[TRACKS_CALLER][i];
			both[2 * i + 1] = sides[TRACKS_AGENT][i];
		}
		buf_reset(&b);
		wav_encode_samples(&b, both, CHANNELS * got);
		if (!err)
			err = append(f, at, &b);
	}
	buf_fini(&b);
	return err;
}

static enum err write_wav(struct tracks_reader *r, struct disk_file *f, struct err_detail *detail)
{
	const struct tracks_info *info = tracks_reader_info(r);
	struct buf head, tail;
	uint64_t at = 0;
	enum err err;

	buf_init(&head, WAV_HEADER_BYTES);
	buf_init(&tail, WAV_MAX_BYTES);
	err = info->samples > UINT32_MAX ? ERR_LIMIT : encode_gaps(info, &tail);
	if (!err)
		err = wav_encode_header(&head, info->samples, CHANNELS, info->rate_hz, tail.len);
	if (!err)
		err = append(f, &at, &head);
	if (!err)
		err = copy_sound(r, f, &at, detail);
	if (!err)
		err = append(f, &at, &tail);
	if (!err)
		err = disk_sync(f);
	buf_fini(&head);
	buf_fini(&tail);
	return err;
}

static enum err write_part(const struct disk *disk, struct tracks_reader *r, const char *part, struct err_detail *detail)
{
	struct disk_file *f;
	enum err err = disk_open(disk, &f, part, DISK_WRITE | DISK_CREATE);

	if (err)
		return err;
	err = disk_truncate(f, 0);
	if (!err)
		err = write_wav(r, f, detail);
	disk_close(&f);
	return err;
}

enum err tracks_to_wav(const struct disk *disk, const char *from, const char *to, struct err_detail *detail)
{
	struct err_detail words = { 0 };
	char part[DISK_PATH_MAX];
	struct tracks_reader *r = NULL;
	enum err ignored, err;

	if (!put_part_path(part, to))
		return ERR_LIMIT;
	err = tracks_reader_open(&r, disk, from, &words);
	if (!err) {
		err = write_part(disk, r, part, &words);
		if (!err)
			err = name_file(disk, part, to);
		if (err) {
			ignored = disk_unlink(disk, part);
			(void)ignored;
		}
	}
	tracks_reader_close(&r);
	if (err && !words.message[0])
		snprintf(words.message, sizeof(words.message), "cannot write the WAV file: %s", err_name(err));
	if (err && detail)
		*detail = words;
	return err;
}
