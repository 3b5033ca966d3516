/* The time of a loop: the machine's, or the machine's with its waits left out.
 *
 * Whoever waits for a time sets a clock_timer and reads clock_now_us; nobody reads the system's clock beside it. A clock that skips
 * jumps to its next timer whenever nothing is under way, so that a call of a minute is over in a second and still every
 * wait in it has its full length. What is under way in real time (a thread that speaks, a request that was sent) holds the clock: while
 * anybody holds it, time goes on as the machine's does. Time never falls. A loop's thread; timers are embedded in their owners.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"

struct clock;
struct clock_timer;

typedef void clock_timer_h(void *arg);

/* Zeroed is unset. */
struct clock_timer {
	struct clock *clock;
	clock_timer_h *handler;
	void *arg;
	uint64_t at_us;
	bool is_set;
	struct clock_timer *previous, *next;
};

enum err clock_open(struct clock **cp, uv_loop_t *loop, bool skips) MUST_USE;

/* No timer may be set any more, nobody may hold it. Its handles close in the loop's next turns. NULL-safe. */
void clock_close(struct clock **cp);

uint64_t clock_now_us(const struct clock *c); /* since the machine began, and what was skipped */
uint64_t clock_skipped_us(const struct clock *c);
bool clock_skips(const struct clock *c);

/* Once, at that time or, when it has passed, in the loop's next turn; never from inside this call. Set again replaces. */
void clock_timer_set(struct clock_timer *t, struct clock *c, uint64_t at_us, clock_timer_h *handler, void *arg);
void clock_timer_stop(struct clock_timer *t); /* an unset one is fine */

/* Something is under way that no timer of this clock ends. Counted. On a clock that does not skip they do nothing. */
void clock_hold(struct clock *c);
void clock_release(struct clock *c);

/* Time stands still, for a clock that skips: a person at the keyboard thinks. Not counted. */
void clock_stop(struct clock *c);
void clock_go(struct clock *c);

#endif
