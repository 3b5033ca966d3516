/* The reading half of the recording format. libFLAC decodes; every claim of the file is checked here before it is believed, and the
 * first failure stays, with its words. One block (at most 65,535 samples a side) is held between pulls. Refuses to reach the
 * end of a recording whose length or digest does not hold.
 */
#include "audio/tracks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <FLAC/stream_decoder.h>

#include "audio/tracks_parts.h"

struct tracks_reader {
	struct disk_file *file; /* or, when NULL: */
	const uint8_t *bytes;
	uint64_t len;
	uint64_t at;
	FLAC__StreamDecoder *decoder;
	struct tracks_info info;
	struct gaps gaps;
	int16_t *block[TRACKS_SIDES]; /* what was decoded and not yet pulled */
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
	if (s->channels != TRACKS_SIDES || s->bits_per_sample != TRACKS_BITS)
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
	if (strcmp(text, ours) != 0)
		refuse(r, ERR_VERSION, "read it with the release that made it", "a recording of version %.20s, known is %s",
			text, ours);
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

static bool has_key(const FLAC__StreamMetadata_VorbisComment_Entry *entry, const char *key)
{
	size_t len = strlen(key);

	return entry->length >= len && !memcmp(entry->entry, key, len);
}

/* Comments of others are let be. */
static void take_comment(struct tracks_reader *r, const FLAC__StreamMetadata_VorbisComment_Entry *entry)
{
	char text[TRACKS_GAP_BYTES];
	size_t len = entry->length;
	bool is_gap = has_key(entry, TRACKS_GAP_KEY);

	if (!is_gap && !has_key(entry, TRACKS_VERSION_KEY))
		return;
	if (len >= sizeof(text) || memchr(entry->entry, 0, len)) {
		refuse(r, ERR_CORRUPT, damaged_hint, "a comment that is too long or broken");
		return;
	}
	memcpy(text, entry->entry, len);
	text[len] = 0;
	if (is_gap)
		take_gap(r, text + strlen(TRACKS_GAP_KEY));
	else
		take_version(r, text + strlen(TRACKS_VERSION_KEY));
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
	return h->channels == TRACKS_SIDES && h->bits_per_sample == TRACKS_BITS && h->sample_rate == r->info.rate_hz &&
		h->blocksize > 0 && h->blocksize <= FLAC__MAX_BLOCK_SIZE && r->block_at == r->block_len;
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
	for (c = 0; c < TRACKS_SIDES; c++)
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
	uint8_t magic[4] = { 0 };
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
