/* What the writer, the reader and the WAV export of recordings share; nobody else includes it. Contracts of the format: tracks.h. */
#ifndef AUDIO_TRACKS_PARTS_H
#define AUDIO_TRACKS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audio/tracks.h"

enum {
	TRACKS_BITS = 16,
	TRACKS_PIECE_SAMPLES = 1024,             /* what goes through the stack at a time */
	TRACKS_GAP_BYTES = 64 + TRACKS_WHY_BYTES /* one GAP comment as text */
};

/* Keys of comments, and the sides as they are written. */
#define TRACKS_VERSION_KEY "CALLFUNNEL_TRACKS="
#define TRACKS_GAP_KEY "GAP="

extern const char *const tracks_side_names[TRACKS_SIDES];

/* A list of gaps; all zero is empty; its owner frees `items`. */
struct gaps {
	struct tracks_gap *items;
	size_t count, cap;
};

/* ERR_LIMIT beyond TRACKS_MAX_GAPS, ERR_NOMEM. */
enum err gaps_add(struct gaps *g, const struct tracks_gap *gap) MUST_USE;

/* A reason as it may stand in a file: one line, cut at a whole UTF-8 character. */
void gap_why_copy(char out[TRACKS_WHY_BYTES], const char *why);

/* Reads what stands behind "GAP="; false when it is no gap of a recording of so many samples. */
bool gap_parse(const char *at, uint64_t total_samples, struct tracks_gap *gap);

/* PATH.part; false when that is too long. */
bool tracks_part_path(char out[DISK_PATH_MAX], const char *path);

/* Gives a finished and synced file its name, for good. */
enum err tracks_name_file(const struct disk *disk, const char *part, const char *path) MUST_USE;

#endif
