/* Cuts the two tracks of a call from its journal: what the caller said where it was said, what the agent said where it was
 * played.
 *
 * Streaming: records go in as they were made, blocks of both tracks come out some 20 s later; about 3 MB, however long the
 * call. It trusts no record: bytes that make no sense are lost sound, and lost sound is a gap, never silence unmarked.
 * One thread; blocking only where the reader or the handlers block. How the agent's sound is placed stands in recorder.c.
 */
#ifndef VOICE_RECORDER_H
#define VOICE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/tracks.h"
#include "base/disk.h"
#include "base/err.h"
#include "voice/journal/journal_read.h"

enum { RECORDER_MAX_HOURS = 24 };

struct recorder;

/* The next samples of both tracks, 16 bits at 8000 Hz; borrowed. An error stops it and is returned. */
typedef enum err recorder_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples);

/* A stretch of a track that is not what was said. They come in no order, some before their block, some at the end. */
typedef enum err recorder_gap_h(void *arg, const struct tracks_gap *gap);

struct recorder_summary {
	uint64_t samples;      /* of each track */
	uint64_t gap_samples[TRACKS_SIDES];
	unsigned int gaps;
	unsigned int epochs;   /* workers that had the call */
	bool ended;            /* there was an END record: the length is the call's */
};

enum err recorder_new(struct recorder **rp, recorder_h *block, recorder_gap_h *gap, void *arg) MUST_USE;

/* One record, in order of epoch and sequence; all kinds, most are passed over. `time_us`: the header's. NULL payload: it cannot be
 * opened. The handlers' error, or ERR_LIMIT over RECORDER_MAX_HOURS. */
enum err recorder_push(struct recorder *r, uint8_t kind, uint32_t epoch, uint64_t time_us, const void *payload, size_t len) MUST_USE;

/* The rest; frees it. ERR_NOTFOUND: this call was not recorded (and no block came). `summary` may be NULL. */
enum err recorder_finish(struct recorder **rp, struct recorder_summary *summary) MUST_USE;
void recorder_cancel(struct recorder **rp); /* NULL-safe */

/* The whole of it: reads the call (options->call) from a journal's folder or an exported file, and tells the log how it went.
 * Besides: what journal_read_call says. */
enum err recorder_cut(const struct disk *d, const char *path, const struct journal_reader_options *options, recorder_h *block,
	recorder_gap_h *gap, void *arg, struct recorder_summary *summary, struct err_detail *detail) MUST_USE;

/* … and into a recording (audio/tracks.h) at `to`. */
enum err recorder_to_tracks(const struct disk *d, const char *path, const struct journal_reader_options *options, const char *to,
	struct recorder_summary *summary, struct err_detail *detail) MUST_USE;

#endif
