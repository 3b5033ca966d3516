/* A recording: both sides of a call, lossless, in one file, with its gaps marked.
 *
 * The file is plain FLAC (RFC 9639), two channels of 16 bits: left the caller, right the agent, sample for sample on one clock that
 * starts at 0; any player plays it. Its VORBIS_COMMENT block says
 *     CALLFUNNEL_TRACKS=1                      the version of these rules
 *     GAP=caller:48000:1600:the socket was gone
 * one GAP for each stretch of a side that is not what was said, but silence put in its place: side (caller, agent), first sample,
 * samples (at least 1), why (to the end; no control characters). STREAMINFO holds the number of samples and their MD5.
 *
 * Both are known at the end only. So: the writer streams into PATH.part, with room for some gaps kept free at the front
 * (TRACKS_RESERVE_BYTES of padding); close puts the gaps there, moving the sound when they need more, syncs, and only then
 * gives the file its name. A PATH that is there is whole; PATH.part is one that was cut off and is worth nothing.
 * Files are owner's alone (0600) and not sealed. Writer and reader: one thread at a time, blocking on the disk: never on a
 * media thread. Memory: about 300 KB each, whatever the call's length, plus the gaps.
 */
#ifndef AUDIO_TRACKS_H
#define AUDIO_TRACKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"

enum tracks_side { TRACKS_CALLER, TRACKS_AGENT, TRACKS_SIDES };

enum {
	TRACKS_VERSION = 1,
	TRACKS_MIN_HZ = 1000,
	TRACKS_MAX_HZ = 192000,
	TRACKS_MAX_GAPS = 65536,
	TRACKS_WHY_BYTES = 64, /* NUL included; longer reasons are cut, control characters become spaces */
	TRACKS_RESERVE_BYTES = 4096
};

/* 2^36 - 1, the most FLAC can say: 99 days at 8 kHz. */
#define TRACKS_MAX_SAMPLES ((UINT64_C(1) << 36) - 1)

struct tracks_gap {
	enum tracks_side side;
	uint64_t start_sample;
	uint64_t samples;
	char why[TRACKS_WHY_BYTES];
};

/* ---- writing ---- */

struct tracks_writer;

/* `disk` is borrowed until close. ERR_USAGE: a rate outside the above; ERR_LIMIT: the path is too long; what the disk says; on an
 * error *wp is NULL. An older PATH.part is written over. */
enum err tracks_writer_open(struct tracks_writer **wp, const struct disk *disk, const char *path, uint32_t rate_hz) MUST_USE;

/* The next `samples` of both sides; NULL is silence. The first error sticks: every later push and the close report it. */
enum err tracks_writer_push(struct tracks_writer *w, const int16_t *caller, const int16_t *agent, size_t samples) MUST_USE;

/* Marks a gap, in any order; it puts in no silence, push does. One that goes straight on where the last one ended, same side and
 * reason, makes that longer. What lies beyond the end at close is cut off there. ERR_LIMIT: too many (it sticks). */
enum err tracks_writer_gap(struct tracks_writer *w, enum tracks_side side, uint64_t start_sample, uint64_t samples,
	const char *why) MUST_USE;

uint64_t tracks_writer_samples(const struct tracks_writer *w); /* pushed so far, a side */

/* Finishes, syncs and names the file. On an error nothing has that name that had not before, and PATH.part is removed. *wp is
 * NULL afterwards in any case. */
enum err tracks_writer_close(struct tracks_writer **wp) MUST_USE;

/* Gives up and removes PATH.part. NULL-safe. */
void tracks_writer_cancel(struct tracks_writer **wp);

/* ---- reading ---- */

struct tracks_info {
	uint32_t rate_hz;
	uint64_t samples;              /* a side */
	const struct tracks_gap *gaps; /* in the file's order; the reader's, until it is closed */
	size_t gap_count;
};

struct tracks_reader;

/* Opens and reads what stands at the front. ERR_FORMAT: no FLAC, or not one of ours; ERR_VERSION; ERR_TRUNCATED: was never closed;
 * ERR_LIMIT; what the disk says. `detail` may be NULL, here and below. `disk` is borrowed until close. */
enum err tracks_reader_open(struct tracks_reader **rp, const struct disk *disk, const char *path, struct err_detail *detail)
	MUST_USE;

/* The same over bytes in memory, borrowed until close. */
enum err tracks_reader_open_bytes(struct tracks_reader **rp, const void *data, size_t len, struct err_detail *detail) MUST_USE;

const struct tracks_info *tracks_reader_info(const struct tracks_reader *r);

/* Up to `max` further samples of both sides; either may be NULL. *got is 0 only at the end, and the end is only reached when the number
 * of samples and the MD5 hold: ERR_TRUNCATED, ERR_CORRUPT otherwise (and again, if asked again). */
enum err tracks_reader_pull(struct tracks_reader *r, int16_t *caller, int16_t *agent, size_t max, size_t *got,
	struct err_detail *detail) MUST_USE;

void tracks_reader_close(struct tracks_reader **rp); /* NULL-safe */

/* ---- as WAV ---- */

/* Writes the recording `from` as a stereo WAV `to`, with a label at each gap ("gap, caller, 0.200 s: the socket was gone"). Written as
 * `to`.part, then renamed. ERR_LIMIT when it is longer than a WAV can be (2 GB: 18 hours at 8 kHz). */
enum err tracks_to_wav(const struct disk *disk, const char *from, const char *to, struct err_detail *detail) MUST_USE;

/* Reads a whole recording and keeps nothing: is it sound? */
enum err tracks_check_bytes(const void *data, size_t len, struct err_detail *detail) MUST_USE;

#endif
