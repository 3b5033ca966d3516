/* The clock, the queue of events (a binary heap) and the dice (xoshiro256**, seeded through splitmix64;
 * Blackman and Vigna, https://prng.di.unimi.it). Owns nothing; refuses more than WORLD_EVENTS_MAX waiting events. */
#include "simulate/world.h"

#include <assert.h>

static bool slot_before(const struct world_slot *a, const struct world_slot *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void slot_put(struct world *w, uint32_t place, struct world_slot slot)
{
	w->queue[place] = slot;
	slot.event->place = place;
}

static void heap_up(struct world *w, uint32_t place, struct world_slot slot)
{
	while (place > 1 && slot_before(&slot, &w->queue[place / 2])) {
		slot_put(w, place, w->queue[place / 2]);
		place /= 2;
	}
	slot_put(w, place, slot);
}

static void heap_down(struct world *w, uint32_t place, struct world_slot slot)
{
	for (;;) {
		uint32_t child = place * 2;

		if (child > w->count)
			break;
		if (child < w->count && slot_before(&w->queue[child + 1], &w->queue[child]))
			child++;
		if (!slot_before(&w->queue[child], &slot))
			break;
		slot_put(w, place, w->queue[child]);
		place = child;
	}
	slot_put(w, place, slot);
}

static void heap_settle(struct world *w, uint32_t place, struct world_slot slot)
{
	if (place > 1 && slot_before(&slot, &w->queue[place / 2]))
		heap_up(w, place, slot);
	else
		heap_down(w, place, slot);
}

void world_reset(struct world *w)
{
	uint32_t i;

	for (i = 1; i <= w->count; i++)
		w->queue[i].event->place = 0;
	w->now_us = 0;
	w->order = 0;
	w->count = 0;
	w->hole = false;
}

void world_at(struct world *w, struct event *e, uint64_t at_us)
{
	struct world_slot slot = { .at_us = at_us < w->now_us ? w->now_us : at_us, .order = w->order++, .event = e };

	if (e->place) {
		heap_settle(w, e->place, slot);
		return;
	}
	if (w->hole) {
		w->hole = false;
		heap_down(w, 1, slot);
		return;
	}
	assert(w->count < WORLD_EVENTS_MAX);
	w->count++;
	heap_up(w, w->count, slot);
}

void world_after(struct world *w, struct event *e, uint64_t delay_us)
{
	world_at(w, e, w->now_us + delay_us);
}

void world_forget(struct world *w, struct event *e)
{
	uint32_t place = e->place;
	struct world_slot last;

	if (!place)
		return;
	e->place = 0;
	last = w->queue[w->count--];
	if (last.event != e)
		heap_settle(w, place, last);
}

/* What happens mostly waits again at once: until it is over its slot stays where it is, before all others, and free. */
bool world_next(struct world *w)
{
	struct event *e;

	if (!w->count)
		return false;
	e = w->queue[1].event;
	e->place = 0;
	w->hole = true;
	w->now_us = w->queue[1].at_us;
	w->events++;
	e->handler(e->arg);
	if (w->hole && --w->count)
		heap_down(w, 1, w->queue[w->count + 1]);
	w->hole = false;
	return true;
}

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void dice_init(struct dice *d, uint64_t seed, uint64_t call, enum actor actor)
{
	uint64_t state = seed;
	unsigned int i;

	state = splitmix(&state) ^ call;
	state = splitmix(&state) ^ (uint64_t)actor;
	for (i = 0; i < 4; i++)
		d->s[i] = splitmix(&state);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t dice_next(struct dice *d)
{
	uint64_t *s = d->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint32_t dice_below(struct dice *d, uint32_t n)
{
	return (uint32_t)(((dice_next(d) >> 32) * n) >> 32);
}

uint64_t dice_range(struct dice *d, uint64_t low, uint64_t high)
{
	return low + dice_next(d) % (high - low + 1);
}

bool dice_chance(struct dice *d, uint32_t percent)
{
	return dice_below(d, 100) < percent;
}

uint64_t dice_ms(struct dice *d, uint32_t low_ms, uint32_t high_ms)
{
	return dice_range(d, low_ms * MS_US, high_ms * MS_US);
}
