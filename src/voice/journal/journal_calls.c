/* The table of calls that were seen, and their spans of sequences: see journal_calls.h. */
#include "voice/journal/journal_calls.h"

#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 1 << 20, SPANS_MAX = 4096 };

static size_t slot_of(const struct journal_calls *t, const struct id128 *call, uint32_t epoch)
{
	uint64_t h = (get_le64(call->bytes) ^ get_le64(call->bytes + 8) * 0x9e3779b97f4a7c15u) + epoch * 0xbf58476d1ce4e5b9u;

	return (size_t)(h ^ h >> 31) & (t->slot_count - 1);
}

static void slot_put(struct journal_calls *t, size_t index)
{
	size_t at = slot_of(t, &t->items[index].call, t->items[index].epoch);

	while (t->slots[at])
		at = (at + 1) & (t->slot_count - 1);
	t->slots[at] = (uint32_t)index + 1;
}

static enum err calls_grow(struct journal_calls *t)
{
	size_t cap = t->cap ? t->cap * 2 : 32;
	struct journal_call_info *calls;
	uint32_t *slots;
	size_t i;

	if (cap > CALLS_MAX)
		return ERR_LIMIT;
	calls = realloc(t->items, cap * sizeof(*calls));
	if (!calls)
		return ERR_NOMEM;
	t->items = calls;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!slots)
		return ERR_NOMEM;
	free(t->slots);
	t->slots = slots;
	t->slot_count = cap * 2;
	t->cap = cap;
	for (i = 0; i < t->count; i++)
		slot_put(t, i);
	return ERR_NONE;
}

static bool is_call(const struct journal_call_info *c, const struct journal_header *h)
{
	return c->epoch == h->epoch && id128_equal(&c->call, &h->call) && id128_equal(&c->tenant, &h->tenant);
}

struct journal_call_info *journal_calls_find(struct journal_calls *t, const struct journal_header *h)
{
	size_t at;

	if (t->last && is_call(&t->items[t->last - 1], h))
		return &t->items[t->last - 1];
	if (t->slot_count) {
		for (at = slot_of(t, &h->call, h->epoch); t->slots[at]; at = (at + 1) & (t->slot_count - 1)) {
			t->last = t->slots[at];
			if (is_call(&t->items[t->last - 1], h))
				return &t->items[t->last - 1];
		}
	}
	t->last = 0;
	if (t->count == t->cap && calls_grow(t))
		return NULL;
	t->items[t->count] = (struct journal_call_info){ .tenant = h->tenant,
		.call = h->call,
		.epoch = h->epoch,
		.first_us = h->time_us,
		.first_wall_us = h->wall_us };
	slot_put(t, t->count);
	t->last = ++t->count;
	return &t->items[t->count - 1];
}

void journal_calls_fini(struct journal_calls *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		free(t->items[i].spans);
		free(t->items[i].explained);
	}
	free(t->items);
	free(t->slots);
	*t = (struct journal_calls){ .items = NULL };
}

/* ---- spans ---- */

static bool span_room(struct journal_span **spans, size_t count, size_t *cap)
{
	size_t more = *cap ? *cap * 2 : 2;
	struct journal_span *grown;

	if (count < *cap)
		return true;
	grown = more > SPANS_MAX ? NULL : realloc(*spans, more * sizeof(*grown));
	if (!grown)
		return false;
	*spans = grown;
	*cap = more;
	return true;
}

static void span_merge(struct journal_call_info *c, size_t i)
{
	if (i + 1 >= c->span_count || c->spans[i].to + 1 != c->spans[i + 1].from)
		return;
	c->spans[i].to = c->spans[i + 1].to;
	c->spans[i].lossy_to = c->spans[i + 1].lossy_to;
	c->span_count--;
	memmove(&c->spans[i + 1], &c->spans[i + 2], (c->span_count - i - 1) * sizeof(*c->spans));
}

bool journal_span_add(struct journal_call_info *c, uint64_t sequence, bool lossy)
{
	size_t i = c->span_count;

	while (i && c->spans[i - 1].from > sequence)
		i--;
	if (i && sequence <= c->spans[i - 1].to)
		return true;
	if (i && c->spans[i - 1].to + 1 == sequence) {
		c->spans[i - 1].to = sequence;
		c->spans[i - 1].lossy_to = lossy;
		span_merge(c, i - 1);
		return false;
	}
	if (i < c->span_count && c->spans[i].from == sequence + 1) {
		c->spans[i].from = sequence;
		c->spans[i].lossy_from = lossy;
		return false;
	}
	if (!span_room(&c->spans, c->span_count, &c->span_cap)) {
		c->overflow = true;
		return false;
	}
	memmove(&c->spans[i + 1], &c->spans[i], (c->span_count - i) * sizeof(*c->spans));
	c->spans[i] = (struct journal_span){ .from = sequence, .to = sequence, .lossy_from = lossy, .lossy_to = lossy };
	c->span_count++;
	return false;
}

void journal_span_explain(struct journal_call_info *c, const struct journal_gap *gap)
{
	if (!gap->first_sequence || gap->last_sequence < gap->first_sequence)
		return;
	if (!span_room(&c->explained, c->explained_count, &c->explained_cap)) {
		c->overflow = true;
		return;
	}
	c->explained[c->explained_count++] =
		(struct journal_span){ .from = gap->first_sequence, .to = gap->last_sequence };
}

/* How many of [from, to] no GAP record answers for. */
static uint64_t unexplained(const struct journal_call_info *c, uint64_t from, uint64_t to)
{
	uint64_t missing = 0;

	while (from <= to) {
		uint64_t next = to + 1;
		uint64_t past = from;
		size_t i;

		for (i = 0; i < c->explained_count; i++) {
			const struct journal_span *e = &c->explained[i];

			if (e->from <= from && e->to >= past)
				past = e->to + 1;
			else if (e->from > from && e->from < next)
				next = e->from;
		}
		if (past == from)
			missing += next - from, past = next;
		if (past <= from)
			break;
		from = past;
	}
	return missing;
}

uint64_t journal_call_missing(const struct journal_call_info *c, bool beginning_gone)
{
	uint64_t missing = 0;
	size_t i;

	if (!c->span_count || c->overflow)
		return 0;
	if (!beginning_gone && c->spans[0].from > 1 && !c->spans[0].lossy_from)
		missing += unexplained(c, 1, c->spans[0].from - 1);
	for (i = 1; i < c->span_count; i++)
		if (!c->spans[i - 1].lossy_to && !c->spans[i].lossy_from)
			missing += unexplained(c, c->spans[i - 1].to + 1, c->spans[i].from - 1);
	return missing;
}
