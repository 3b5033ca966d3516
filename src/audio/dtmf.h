/* DTMF: the digits of the keypad, found in sound and made as sound. 8 kHz only, one channel.
 *
 * The detector (spandsp's) looks at blocks of 102 samples (12.75 ms) and believes a digit after two equal ones: a tone of 40 ms
 * is always found, about 20 ms after it began at the earliest. Positions are counted in samples since new or reset and are
 * those of block edges, so how the sound is cut does not matter; a digit's start is good to one block.
 * Borne, wherever the blocks fall: tones and pauses of 40 ms, 1.2 % off key, the low tone 6 dB louder or the high tone 4 dB, 20 dB of
 * noise below, G.711; refused: 2.1 % off key and more, clicks. Q.24's networks want 1.5 % and 8 dB, too: then 1, 2, 4, 5, 8 and 0 (of tones
 * off key), or all but 0 (of a low tone that loud), are always heard. More is not to be had of spandsp: docs/audio.md.
 * The sixteen digits are 0-9 A-D * #. One thread at a time; new allocates (any thread), push and pop never do: fit for the media
 * path. Owned by whoever called new. Source: ITU-T Q.23, Q.24.
 */
#ifndef AUDIO_DTMF_H
#define AUDIO_DTMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	DTMF_RATE_HZ = 8000,
	DTMF_BLOCK_SAMPLES = 102,
	DTMF_QUEUE_MAX = 128,    /* digits a sender holds */
	DTMF_ON_MS = 100,        /* usual shape of a digit that we send */
	DTMF_OFF_MS = 80,
	DTMF_LEVEL_DBM0 = -10
};

/* What the detector says about one digit, twice: when it is sure of it, and when it is over. */
struct dtmf_event {
	char digit;
	bool is_end;
	uint64_t at_sample;    /* where in the stream this was decided: all before it has been looked at */
	uint64_t start_sample; /* about where the digit began: at most one block late */
	uint32_t samples;      /* is_end: about how long it was; else how much of it was heard so far */
	int level_dbm0;        /* of the whole sound, when it was found */
};

/* Runs inside push or finish; it must not push to the same detector. */
typedef void dtmf_event_h(void *arg, const struct dtmf_event *event);

struct dtmf_detector;

/* ERR_NOMEM; on an error *dp is NULL. */
enum err dtmf_detector_new(struct dtmf_detector **dp, dtmf_event_h *handler, void *arg) MUST_USE;
void dtmf_detector_free(struct dtmf_detector **dp); /* NULL-safe, silent */

void dtmf_detector_push(struct dtmf_detector *d, const int16_t *samples, size_t count);

/* The sound is over: ends a digit that still lasts, then starts afresh at position 0. */
void dtmf_detector_finish(struct dtmf_detector *d);

/* Is this one of the sixteen? Lower-case letters are not. */
bool dtmf_is_digit(char c);

/* How a sender's digits sound. */
struct dtmf_shape {
	int on_ms;
	int off_ms;
	int level_dbm0; /* of each of the two tones */
	int twist_db;   /* how much louder the high tone is */
};

struct dtmf_sender;

/* NULL: the usual shape. ERR_USAGE: times outside 1 to 10,000 ms, level outside -60 to 0, twist outside -20 to 20. */
enum err dtmf_sender_new(struct dtmf_sender **sp, const struct dtmf_shape *shape) MUST_USE;
void dtmf_sender_free(struct dtmf_sender **sp); /* NULL-safe */

/* Queues all of these digits or none: ERR_FORMAT when one is no digit, ERR_LIMIT when they do not fit. */
enum err dtmf_sender_push(struct dtmf_sender *s, const char *digits) MUST_USE;

/* Writes the next up to `max` samples of sound; fewer (in the end 0) when the digits and the last pause are over. */
size_t dtmf_sender_pop(struct dtmf_sender *s, int16_t *out, size_t max);

#endif
