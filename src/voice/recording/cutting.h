/* One call's recording: its sound, its picture, and the hash of both.
 *
 * Records come from the journals of all workers of the host (call_records.h). Blocks for long: for a thread of its own. Nothing is written but the files
 * it was asked for, each whole or not at all; the sound gets its name last: when it is there, so is the picture.
 */
#ifndef VOICE_CUTTING_H
#define VOICE_CUTTING_H

#include <stdint.h>

#include "base/err.h"
#include "voice/journal/call_records.h"
#include "voice/recording/recorder.h"

enum { CUTTING_HASH_MAX = 65 };

struct cutting {
	struct call_records from;
	const char *tracks;   /* the sound's path (audio/tracks.h), */
	const char *waveform; /* and the picture's (waveform.h); their folder is there */
};

struct cutting_file {
	uint64_t bytes;
	char hash[CUTTING_HASH_MAX]; /* SHA-256, hex */
};

struct cut {
	struct recorder_summary summary;
	struct cutting_file tracks, waveform;
};

/* ERR_NOTFOUND: no record of the call, or it was not recorded; ERR_DENIED: erased; ERR_CLOSED; what disk, journal and recorder say. */
enum err cutting_make(const struct cutting *c, struct cut *cut) MUST_USE;

/* Length and hash of files that are there already. */
enum err cutting_measure(const struct cutting *c, struct cut *cut) MUST_USE;

#endif
