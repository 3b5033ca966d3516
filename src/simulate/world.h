/* The simulator's world: a clock that only events move, a queue of events, and dice that fall the same way every time.
 *
 * Events are embedded in whoever waits for them: nothing is allocated to wait. Two events of one instant happen in the
 * order in which they were asked for. Every actor throws its own dice, seeded by (seed, call, actor), so that one more
 * throw of the caller does not change what the recogniser does. A world is reset between calls, never reallocated.
 * One thread; no wall clock, no other randomness.
 */
#ifndef SIMULATE_WORLD_H
#define SIMULATE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MS_US 1000ULL
#define S_US 1000000ULL

enum { WORLD_EVENTS_MAX = 1024 };

typedef void (*event_h)(void *arg);

struct event {
	event_h handler;
	void *arg;
	uint32_t place; /* in the queue, from 1; 0: not waiting */
};

struct world_slot {
	uint64_t at_us;
	uint64_t order;
	struct event *event;
};

struct world {
	uint64_t now_us; /* since the world began; the call's own clock begins where it is opened */
	uint64_t order;
	uint64_t events; /* that happened, ever */
	uint32_t count;
	bool hole; /* the first is happening: its place is free, for whoever waits next */
	struct world_slot queue[WORLD_EVENTS_MAX + 1]; /* a heap, from 1 */
};

void world_reset(struct world *w);

/* Sets when `e` happens, in place of what was set before; a time that has passed is now. */
void world_at(struct world *w, struct event *e, uint64_t at_us);
void world_after(struct world *w, struct event *e, uint64_t delay_us);
void world_forget(struct world *w, struct event *e); /* legal when it does not wait */
static inline bool event_waits(const struct event *e)
{
	return e->place != 0;
}

/* Lets the next event happen; false when there is none. */
bool world_next(struct world *w);

/* Dice. */
struct dice {
	uint64_t s[4];
};

enum actor { ACTOR_PLAN = 1, ACTOR_CALLER, ACTOR_LINE, ACTOR_RECOGNISER, ACTOR_MODEL, ACTOR_VOICE, ACTOR_CARRIER, ACTOR_CONDUCTOR, ACTOR_DISK,
	ACTOR_DEATH, ACTOR_CHECK, ACTOR_SAVE, ACTOR_KNOWLEDGE, ACTOR_QUICK, ACTOR_PARTING, ACTOR_MORE };

void dice_init(struct dice *d, uint64_t seed, uint64_t call, enum actor actor);
uint64_t dice_next(struct dice *d);
uint32_t dice_below(struct dice *d, uint32_t n);                    /* 0 … n-1; n > 0 */
uint64_t dice_range(struct dice *d, uint64_t low, uint64_t high);  /* both included */
bool dice_chance(struct dice *d, uint32_t percent);
uint64_t dice_ms(struct dice *d, uint32_t low_ms, uint32_t high_ms); /* in µs */

#endif
