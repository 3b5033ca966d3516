/* WAV files, whole, in memory.
 *
 * Reads what the world calls .wav: PCM of 8 to 32 bits, 32-bit float, µ-law and A-law, one or two channels, plain or
 * WAVE_FORMAT_EXTENSIBLE, with unknown and odd-sized chunks, and with the sizes of a file that was streamed (0xFFFFFFFF or about
 * 2^31, or 0 with bytes behind it that are no chunks: the data goes on to the end). Everything becomes 16-bit samples. Writes PCM16, with labelled places
 * (`cue ` and `LIST adtl`) when asked. A data chunk that claims more than the file holds gives what is there and sets
 * `is_cut`; a second one is not read and sets `has_more_data`; a file without a usable format is refused, and so are floats that are no
 * finite numbers. For command line, tests and tools: it allocates; not for live calls.
 * No state of its own, any thread. Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF), RFC 2361.
 */
#ifndef AUDIO_WAV_H
#define AUDIO_WAV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	WAV_MAX_BYTES = 512 * 1024 * 1024, /* of a file, and of its samples once they are 16-bit */
	WAV_MAX_CHANNELS = 2,
	WAV_MIN_RATE_HZ = 1000,
	WAV_MAX_RATE_HZ = 384000,
	WAV_MAX_LABELS = 65536,
	WAV_MAX_LABEL_BYTES = 255 /* longer texts are cut, at a whole UTF-8 character */
};

/* wav_parse and wav_read fill it, wav_fini frees it. All zero is empty and may be given to wav_fini. */
struct wav {
	int16_t *samples;         /* interleaved, frames * channels; NULL when frames is 0 */
	size_t frames;            /* samples a channel */
	unsigned int channels;    /* 1 or 2 */
	uint32_t rate_hz;
	unsigned int bits;        /* of a sample as it lay in the file: 8, 16, 24, 32 */
	unsigned int format_tag;  /* what it was: 1 PCM, 3 float, 6 A-law, 7 µ-law */
	bool is_cut;              /* the data chunk claimed more bytes than there were */
	bool has_more_data;       /* there is another data chunk, which was not read */
};

/* A place with a text, for writing. */
struct wav_label {
	uint32_t at_frame;
	const char *text; /* UTF-8, borrowed for the call */
};

/* Parses `len` bytes. On an error *w is empty and `detail` (may be NULL) says what is wrong and where. ERR_FORMAT: not a WAV
 * or a kind we do not read; ERR_TRUNCATED: ends before its samples begin; ERR_LIMIT: over WAV_MAX_BYTES; ERR_NOMEM. */
enum err wav_parse(const void *data, size_t len, struct wav *w, struct err_detail *detail) MUST_USE;

/* The same from a file; besides: ERR_NOTFOUND, ERR_DENIED, ERR_IO. A pipe or device works too, up to the ceiling. */
enum err wav_read(const char *path, struct wav *w, struct err_detail *detail) MUST_USE;

/* Puts the file's name before the place in it, as far as there is room. Returns `err`; without one, or a detail, nothing is done. */
enum err wav_name_file(struct err_detail *detail, const char *path, enum err err);

void wav_fini(struct wav *w);

/* One channel of it (from 0), at another rate if need be, in memory of the caller's own (free). ERR_LIMIT: over WAV_MAX_BYTES then; ERR_USAGE:
 * no such rate (resample.h); ERR_NOMEM. On an error *samples is NULL. */
enum err wav_channel(const struct wav *w, unsigned int channel, uint32_t rate_hz, int16_t **samples, size_t *count) MUST_USE;

/* Appends a whole PCM16 file to `out`, whose ceiling counts (its error is returned). Labels may be NULL when there are none; they
 * should rise in at_frame. ERR_LIMIT: too many labels, or more than a WAV's 32-bit sizes can say. */
enum err wav_encode(struct buf *out, const int16_t *samples, size_t frames, unsigned int channels, uint32_t rate_hz,
	const struct wav_label *labels, size_t label_count) MUST_USE;

/* The same to a file: written beside it first, then renamed over `path` (or what it is a symlink to), so that a failure leaves the old
 * file alone. ERR_USAGE: what stands there is no regular file (base/target.h). */
enum err wav_write(const char *path, const int16_t *samples, size_t frames, unsigned int channels, uint32_t rate_hz,
	const struct wav_label *labels, size_t label_count, struct err_detail *detail) MUST_USE;

/* Parts for a writer that streams (tracks.c): the header for `frames` to come, and what stands behind the samples. */
enum { WAV_HEADER_BYTES = 44 };

enum err wav_encode_header(struct buf *out, uint64_t frames, unsigned int channels, uint32_t rate_hz, size_t tail_bytes) MUST_USE;
void wav_encode_samples(struct buf *out, const int16_t *samples, size_t count);
enum err wav_encode_labels(struct buf *out, const struct wav_label *labels, size_t label_count) MUST_USE;

#endif
