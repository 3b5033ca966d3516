/* The simulated recogniser (an STT vendor). It knows what the caller's sounds are, and understands a word when all of its
 * samples were pushed to the stream, be it live or from the past. One thread, virtual time.
 */
#ifndef SIMULATE_RECOGNISER_H
#define SIMULATE_RECOGNISER_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/stt.h"
#include "simulate/world.h"

struct scene;

enum { RECOGNISER_STREAMS = 8, RECOGNISER_TEXT = 2048 };

struct stt_stream {
	struct recogniser *recogniser;
	bool used, silent;          /* half open: says nothing any more */
	uint64_t pushed;            /* samples, all in all */
	uint64_t counted;           /* of them, told as used */
	uint64_t base;              /* the caller's sample that the first one was */
	uint64_t to;                /* the caller's samples up to here were pushed */
	uint32_t next;              /* the caller's next sound to be understood */
	uint64_t segment_from, segment_to;
	uint32_t len;
	char text[RECOGNISER_TEXT]; /* words since the last final */
	bool phrase_over;           /* their phrase has ended: the final is on its way */
	bool turn_over;
	uint64_t final_us;          /* when; 0: it is not due */
	uint64_t partial_us;        /* the next partial is due; 0: there is none */
	uint64_t word_us;           /* when the last word was understood */
	const struct stt_events *events;
	void *arg;
	struct stt_stream **slot;
	struct event event;
};

struct recogniser {
	struct scene *scene;
	struct dice dice;
	struct stt_stream streams[RECOGNISER_STREAMS];
};

extern const struct stt simulated_stt; /* its vendor is a struct recogniser */

void recogniser_init(struct recogniser *r, struct scene *scene);

#endif
