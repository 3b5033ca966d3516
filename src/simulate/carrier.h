/* The simulated carrier: its media socket, and the ear at the other end of it.
 *
 * What we send arrives later, is queued and played in real time; marks come back when the audio before them was played, or
 * at once when a clear removed it. The carrier keeps its own record, which nobody but the judge reads: which samples of
 * which sound the ear heard and when, when the call was connected and when it ended (the CDR).
 *
 * Frames carry no name, but the simulated voice's bytes tell what they are (sound.h). What the outputs ordered to be played
 * (carrier_play_ordered) is kept beside it, for the judge to compare.
 * What befalls its socket stands in carrier_faults.c. One thread, virtual time; the playing itself needs no events.
 */
#ifndef SIMULATE_CARRIER_H
#define SIMULATE_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/media.h"
#include "simulate/world.h"

struct scene;

enum { CARRIER_RUNS = 256, CARRIER_MARKS = 256, CARRIER_ORDERS = 64 };

/* Audio that follows without a break, in time and in its utterance. */
struct run {
	uint64_t from_us, to_us; /* when it is played */
	uint32_t sound;          /* talker's number of what was said */
	uint32_t position;       /* its first sample there */
	uint32_t samples;
	uint32_t told;           /* of these, samples that the ear's record has */
};

struct carrier_mark {
	struct mark mark;
	uint64_t due_us; /* played, or cleared */
};

/* "Play utterance u from there": what the session still has to send, in order. */
struct play_order {
	uint32_t utterance, take, sound, position;
};

/* Nothing comes from the carrier, and its socket stays open. */
enum deafness {
	DEAF_NOT = 0,
	DEAF_LINE,   /* what the caller says is gone; marks come as ever */
	DEAF_SOCKET, /* what comes from the caller and the carrier waits, and comes at once */
	DEAF_DEAD    /* for good, and what is sent is heard by nobody: the carrier's record ends */
};

struct carrier {
	struct scene *scene;
	struct dice dice;
	uint64_t latency_us;      /* from us to the ear; and from the ear to us for marks and signals */
	struct run runs[CARRIER_RUNS]; /* a ring */
	uint32_t run_first, run_end;
	struct carrier_mark marks[CARRIER_MARKS]; /* a ring */
	uint32_t mark_first, mark_end;
	struct play_order orders[CARRIER_ORDERS];
	uint32_t order_count;
	struct mark last;         /* what the frame before was */
	uint32_t last_sound;
	bool has_last;
	uint64_t played_to_us;    /* the queue is empty from then on */
	uint64_t marks_late_until_us;
	uint64_t wire_ahead_to_us; /* were the wire instant: when what was sent would be played */
	struct event mark_due, ear, loss, back, hear;
	bool up;                  /* the media socket stands */
	bool sounding;            /* the caller was told that the agent speaks */
	bool connected;
	uint64_t connected_us, ended_us; /* the CDR */
	bool ended;
	enum deafness deaf;
	uint64_t deaf_us, deaf_until_us;
	uint64_t lost_us;         /* the media socket was lost then; 0: it was not */
};

void carrier_init(struct carrier *c, struct scene *scene);
extern const struct media simulated_media; /* its socket is a struct carrier */

void carrier_answer(struct carrier *c); /* the call is connected, the media socket opens */
void carrier_stop(struct carrier *c);

/* The outputs say: this will be sent; this will not. `sound` is what the utterance sounds like now. */
void carrier_play_ordered(struct carrier *c, uint32_t utterance, uint32_t take, uint32_t sound, uint32_t position);
void carrier_play_dropped(struct carrier *c, uint32_t utterance); /* UINT32_MAX: everything */

bool carrier_audible(struct carrier *c, uint64_t at_us); /* the ear hears the agent */
void carrier_settle(struct carrier *c, uint64_t to_us);  /* writes the ear's record up to then */
void carrier_media_drop(struct carrier *c);              /* the socket dies: what is queued is gone */
void carrier_media_up(struct carrier *c);
void carrier_caller_hangs_up(struct carrier *c);

/* For carrier_faults.c alone. */
void carrier_faults_init(struct carrier *c);
void carrier_faults_start(struct carrier *c); /* from now on, once a second, something may befall the socket */
void carrier_faults_stop(struct carrier *c);
void carrier_heard(struct carrier *c);        /* an end to deafness, unless it is for good */
void carrier_marks_arm(struct carrier *c);
void carrier_dies(struct carrier *c, uint64_t at_us); /* its record ends then; what is queued and all that comes is heard by nobody */

#endif
