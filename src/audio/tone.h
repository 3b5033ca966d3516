/* Single tones: the beep of an answering machine, found in sound. 8 kHz only, one channel.
 *
 * The detector looks at blocks of 128 samples (16 ms). A block is a tone when one frequency of 350 to 2100 Hz is at least TONE_OVER_REST_DB louder
 * than all the rest of it together; blocks that agree in frequency and level are one tone. It is told when it is over, two blocks behind its end at
 * the latest, with all that went directly over into one another as one (a chime; the three of a network's announcement). A tone of 120 ms at
 * -33 dBm0 or more is always found, one below 100 ms or above 3 s never. The keypad's pairs, voices and chords are none: each has a second
 * frequency, or does not keep its own. A flute that holds a note is one.
 * Positions are samples since new; how the sound is cut does not matter, and edges are good to half a block where it is quiet around the tone.
 * One thread at a time; no allocation but the owner's: fit for the media path. Source of the network's tones: ITU-T E.180, Telcordia GR-1162 (SIT).
 */
#ifndef AUDIO_TONE_H
#define AUDIO_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TONE_RATE_HZ = 8000,
	TONE_BLOCK_SAMPLES = 128,
	TONE_MIN_HZ = 350,
	TONE_MAX_HZ = 2100,
	TONE_MIN_MS = 100,
	TONE_MAX_MS = 3000,
	TONE_OVER_REST_DB = 12,
	TONE_LEVEL_MIN_DBM0 = -36
};

/* A tone that is over. */
struct tone_event {
	uint64_t start_sample;
	uint64_t end_sample;
	uint32_t hz;         /* of its last part */
	uint32_t parts;      /* so many went over into one another */
	bool is_network;     /* the three rising ones before "the number you have dialled" */
	int level_dbm0;      /* of its last part */
};

/* Runs inside push or finish; it must not push to the same detector. */
typedef void tone_event_h(void *arg, const struct tone_event *event);

/* One frequency for as long as it lasts. */
struct tone_part {
	unsigned int blocks;
	double hz, power;    /* means */
	double start, end;   /* in samples */
};

/* To be embedded in its owner; nothing of it is to be looked at. */
struct tone_detector {
	tone_event_h *handler;
	void *arg;
	uint64_t at;         /* samples looked at */
	int16_t block[TONE_BLOCK_SAMPLES];
	size_t filled;
	double before;       /* power of the block before */
	unsigned int misses; /* blocks since that were none of it */
	struct tone_part now, whole; /* whole: of parts that are over */
	uint32_t parts, rises;
};

void tone_detector_init(struct tone_detector *d, tone_event_h *handler, void *arg);
void tone_detector_push(struct tone_detector *d, const int16_t *samples, size_t count);

/* The sound is over: ends a tone that still lasts, then starts afresh at position 0. */
void tone_detector_finish(struct tone_detector *d);

#endif
