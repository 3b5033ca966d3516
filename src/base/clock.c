/* Timers in a list in order of their time, one uv timer for the first of them. A worker's calls have one each, so the list is as
 * long as there are calls; a timer is nearly always set near the end of the list or near its beginning, and both ends are tried.
 *
 * A skipping clock runs an idle handle while timers are set and nobody holds it: each turn of the loop polls for what has come in
 * real time first (idle handles make that poll return at once), then jumps to one timer and fires it.
 */
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>

struct clock {
	uv_timer_t timer;
	uv_idle_t idle;
	bool skips;
	uint64_t skipped_us;
	uint64_t stopped_us; /* since when time stands still; 0: it goes */
	unsigned int holds, handles;
	struct clock_timer *first, *last;
};

uint64_t clock_now_us(const struct clock *c)
{
	return c->stopped_us ? c->stopped_us : uv_hrtime() / 1000 + c->skipped_us;
}

uint64_t clock_skipped_us(const struct clock *c)
{
	return c->skipped_us;
}

bool clock_skips(const struct clock *c)
{
	return c->skips;
}

/* ------------------------------------------------------------------ the list */

static void take_out(struct clock_timer *t)
{
	struct clock *c = t->clock;

	if (t->previous)
		t->previous->next = t->next;
	else
		c->first = t->next;
	if (t->next)
		t->next->previous = t->previous;
	else
		c->last = t->previous;
	t->previous = t->next = NULL;
	t->is_set = false;
}

/* Behind the last one that is not later: timers of one time fire in the order in which they were set. */
static void put_in(struct clock *c, struct clock_timer *t)
{
	struct clock_timer *after = c->last;

	while (after && after->at_us > t->at_us)
		after = after->previous;
	t->clock = c;
	t->is_set = true;
	t->previous = after;
	t->next = after ? after->next : c->first;
	if (t->next)
		t->next->previous = t;
	else
		c->last = t;
	if (after)
		after->next = t;
	else
		c->first = t;
}

static void fire(struct clock_timer *t)
{
	take_out(t);
	t->handler(t->arg);
}

/* ------------------------------------------------------------------ waiting */

static void arm(struct clock *c);

/* As many as were due when the turn began: what is set meanwhile for a time that has passed waits for the next turn. */
static void timer_due(uv_timer_t *handle)
{
	struct clock *c = handle->data;
	uint64_t now = clock_now_us(c);
	struct clock_timer *t;
	unsigned int due = 0;

	for (t = c->first; t && t->at_us <= now; t = t->next)
		due++;
	while (due-- && c->first && c->first->at_us <= now)
		fire(c->first);
	arm(c);
}

static void idle_turn(uv_idle_t *handle)
{
	struct clock *c = handle->data;
	uint64_t now = clock_now_us(c);
	struct clock_timer *t = c->first;

	assert(!c->holds);
	if (t && t->at_us > now)
		c->skipped_us += t->at_us - now;
	if (t)
		fire(t);
	arm(c);
}

/* At least a millisecond: libuv fires a timer of none, set by a timer's handler, in the same turn, and again, and again. */
static uint64_t wait_ms(const struct clock *c, uint64_t now)
{
	return c->first->at_us > now ? (c->first->at_us - now + 999) / 1000 : 1;
}

static void arm(struct clock *c)
{
	uint64_t now = clock_now_us(c);

	if (c->stopped_us) {
		(void)uv_timer_stop(&c->timer);
		(void)uv_idle_stop(&c->idle);
		return;
	}
	if (c->skips && !c->holds) {
		(void)uv_timer_stop(&c->timer);
		(void)(c->first ? uv_idle_start(&c->idle, idle_turn) : uv_idle_stop(&c->idle));
		return;
	}
	(void)uv_idle_stop(&c->idle);
	if (!c->first) {
		(void)uv_timer_stop(&c->timer);
		return;
	}
	uv_update_time(c->timer.loop);
	(void)uv_timer_start(&c->timer, timer_due, wait_ms(c, now), 0);
}

void clock_timer_set(struct clock_timer *t, struct clock *c, uint64_t at_us, clock_timer_h *handler, void *arg)
{
	if (t->is_set)
		take_out(t);
	t->handler = handler;
	t->arg = arg;
	t->at_us = at_us;
	put_in(c, t);
	if (c->first == t)
		arm(c);
}

void clock_timer_stop(struct clock_timer *t)
{
	bool was_first = t->is_set && !t->previous;

	if (!t->is_set)
		return;
	take_out(t);
	if (was_first)
		arm(t->clock);
}

void clock_hold(struct clock *c)
{
	if (c->skips && !c->holds++)
		arm(c);
}

void clock_release(struct clock *c)
{
	if (!c->skips)
		return;
	assert(c->holds);
	if (!--c->holds)
		arm(c);
}

void clock_stop(struct clock *c)
{
	if (!c->skips || c->stopped_us)
		return;
	c->stopped_us = clock_now_us(c);
	arm(c);
}

/* Modulo 2^64: what was skipped becomes less by the time that stood still. */
void clock_go(struct clock *c)
{
	if (!c->stopped_us)
		return;
	c->skipped_us = c->stopped_us - uv_hrtime() / 1000;
	c->stopped_us = 0;
	arm(c);
}

/* ------------------------------------------------------------------ open, close */

enum err clock_open(struct clock **cp, uv_loop_t *loop, bool skips)
{
	struct clock *c = calloc(1, sizeof(*c));

	*cp = c;
	if (!c)
		return ERR_NOMEM;
	(void)uv_timer_init(loop, &c->timer);
	(void)uv_idle_init(loop, &c->idle);
	c->timer.data = c->idle.data = c;
	c->skips = skips;
	c->handles = 2;
	return ERR_NONE;
}

static void handle_closed(uv_handle_t *handle)
{
	struct clock *c = handle->data;

	if (!--c->handles)
		free(c);
}

void clock_close(struct clock **cp)
{
	struct clock *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	assert(!c->first && !c->holds);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
	uv_close((uv_handle_t *)&c->idle, handle_closed);
}
