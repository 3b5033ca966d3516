/* Finals that come late, or never: whose words were taken from a partial already, so that none is lost and none counts twice.
 *
 * Words are owed a final (listen.owed) when a turn ended with them, or when the recogniser went on behind them (late_keep). What it says of them
 * begins before their end. Of words of a turn that is over it can change nothing: those that it has alike are known, what stands behind them is new.
 * Words that were kept in the turn it replaces where they stand.
 */
#include "voice/call_state.h"

#include <string.h>

enum { SAME_START_SAMPLES = CALL_RATE_HZ / 10 /* a partial and its final begin at the same place, more or less */ };

void late_append(struct buf *b, const char *text, size_t len)
{
	if (b->len && len)
		buf_text(b, " ");
	buf_append(b, text, len);
	b->err = ERR_NONE; /* over the ceiling: what is there is enough for an answer */
}

/* ------------------------------------------------------------------ what is owed */

static size_t owed_at(const struct listen *l, unsigned int i)
{
	size_t at = 0;

	while (i > 0)
		at += l->owed[--i].len;
	return at;
}

static const char *owed_text(const struct listen *l, unsigned int i)
{
	return l->used.len ? (const char *)l->used.data + owed_at(l, i) : "";
}

static void owed_remove(struct listen *l, unsigned int i)
{
	buf_cut(&l->used, owed_at(l, i), l->owed[i].len);
	l->owed_count--;
	memmove(l->owed + i, l->owed + i + 1, (l->owed_count - i) * sizeof(l->owed[0]));
}

/* The first `n` bytes have their final. */
static void owed_cut(struct listen *l, unsigned int i, size_t n, uint64_t from_sample)
{
	struct owed *o = &l->owed[i];

	buf_cut(&l->used, owed_at(l, i), n);
	o->len -= (uint32_t)n;
	o->said_at += o->said_at == OWED_TOLD ? 0 : (uint32_t)n;
	o->from_sample = num_max(o->from_sample, from_sample);
}

/* The partial is, from now on. */
static void owed_add(struct listen *l, uint64_t to_sample, uint32_t said_at)
{
	if (l->owed_count == OWED_MAX || (l->owed_count && l->used.len + l->partial.len > SAID_MAX))
		owed_remove(l, 0);
	buf_append(&l->used, l->partial.data, l->partial.len);
	if (l->used.err) { /* not known, then: taken for new when it comes */
		l->used.err = ERR_NONE;
		return;
	}
	l->owed[l->owed_count++] = (struct owed){ l->partial_from, to_sample, (uint32_t)l->partial.len, said_at };
}

/* The first one that such a final may be of; owed_count: none. */
static unsigned int owed_find(const struct listen *l, uint64_t position, bool told)
{
	unsigned int i = 0;

	while (i < l->owed_count && ((l->owed[i].said_at == OWED_TOLD) != told || position >= l->owed[i].to_sample))
		i++;
	return i;
}

bool late_fine(const struct call *call)
{
	const struct listen *l = &call->listen;
	size_t said = 0, used = 0;
	unsigned int i = 0;

	for (i = 0; i < GAPS_MAX; i++)
		if (l->gaps[i].at > l->said.len || (i && l->gaps[i].at && l->gaps[i].at <= l->gaps[i - 1].at))
			return false;
	i = 0;
	for (; i < l->owed_count && l->owed[i].said_at == OWED_TOLD; i++)
		used += l->owed[i].len;
	for (; i < l->owed_count; i++) {
		if (l->owed[i].said_at < said) /* OWED_TOLD is beyond all that was said */
			return false;
		said = (size_t)l->owed[i].said_at + l->owed[i].len;
		used += l->owed[i].len;
		if (said > l->said.len)
			return false;
	}
	return !l->owed_count || used == l->used.len;
}

/* ------------------------------------------------------------------ pauses */

uint32_t late_gap_last(const struct listen *l)
{
	uint32_t i, at = 0;

	for (i = 0; i < GAPS_MAX && l->gaps[i].at; i++)
		at = l->gaps[i].at;
	return at;
}

/* The bytes from there to there are so many others now: pauses in between are gone. */
static void gaps_move(struct listen *l, uint32_t from, uint32_t to, uint32_t len)
{
	struct gap kept[GAPS_MAX] = { { 0 } };
	unsigned int i, n = 0;

	for (i = 0; i < GAPS_MAX && l->gaps[i].at; i++) {
		if (l->gaps[i].at > from && l->gaps[i].at <= to)
			continue;
		kept[n] = l->gaps[i];
		kept[n++].at += l->gaps[i].at > to ? len - (to - from) : 0;
	}
	memcpy(l->gaps, kept, sizeof(kept));
}

/* As long as spelling may pause: what stands behind it is not the same answer, should a question have come in between. */
void late_gap(struct call *call, uint64_t from_sample)
{
	struct listen *l = &call->listen;
	struct gap *g = l->gaps;

	if (call->settings.call_rules < 4 || !l->said.len || from_sample < l->said_sample + (uint64_t)call->settings.turn_spelled_ms * CALL_RATE_HZ / 1000)
		return;
	while (g < l->gaps + GAPS_MAX - 1 && g->at)
		g++;
	if (g->at)
		memmove(l->gaps, l->gaps + 1, sizeof(l->gaps) - sizeof(l->gaps[0]));
	*g = (struct gap){ (uint32_t)l->said.len, l->said_sample };
}

/* ------------------------------------------------------------------ words become owed */

/* Words that begin behind the end of a partial are none that take its place: its final did not come, and it is taken as said. Where a position is not
 * known it is 0. */
void late_keep(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;

	if (call->settings.call_rules < 4 || !l->partial.len || !l->partial_sample || in->position <= l->partial_sample)
		return;
	late_gap(call, l->partial_from);
	if (l->said.len + 1 + l->partial.len <= SAID_MAX)
		owed_add(l, l->partial_sample, (uint32_t)(l->said.len + (l->said.len > 0)));
	late_append(&l->said, (const char *)l->partial.data, l->partial.len);
	l->said_sample = num_max(l->said_sample, l->partial_sample);
	l->final_sample = num_max(l->final_sample, l->partial_sample);
	l->final_us = call->now_us;
	l->voice_sample = l->final_sample;
	l->waiting = call->ear.burst;
	l->finalizing = false;
	buf_reset(&l->partial);
}

void late_cut(struct call *call, uint32_t n)
{
	struct listen *l = &call->listen;
	unsigned int i;

	for (i = 0; i < l->owed_count; i++)
		if (l->owed[i].said_at != OWED_TOLD)
			l->owed[i].said_at = l->owed[i].said_at < n ? OWED_TOLD : l->owed[i].said_at - n;
	buf_cut(&l->said, 0, n);
	gaps_move(l, 0, n, 0);
}

bool late_used(struct call *call)
{
	struct listen *l = &call->listen;
	unsigned int i;

	if (call->settings.call_rules < 4) {
		buf_reset(&l->used);
		buf_append(&l->used, l->partial.data, l->partial.len);
		return l->partial.len > 0;
	}
	while (l->owed_count && l->owed[0].said_at == OWED_TOLD)
		owed_remove(l, 0); /* of the turn before this one: it does not come any more */
	for (i = 0; i < l->owed_count; i++)
		l->owed[i].said_at = OWED_TOLD;
	if (l->partial.len)
		owed_add(l, call->ear.end_sample, OWED_TOLD);
	return l->partial.len > 0;
}

/* ------------------------------------------------------------------ their finals */

void late_wipe(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;

	if (call->settings.call_rules >= 4 && l->partial_from && in->position2 <= l->partial_from)
		return;
	buf_reset(&l->partial);
}

/* All of it or nothing. */
static size_t whole_owed(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;
	size_t old = 0;

	if (in->position < l->turn_sample && l->used.len)
		old = words_behind((const char *)l->used.data, l->used.len, in->text, in->text_len);
	buf_reset(&l->used);
	return old < in->text_len ? 0 : old;
}

/* One with other words is taken as new. */
size_t late_owed(struct call *call, const struct call_input *in)
{
	struct listen *l = &call->listen;
	unsigned int i = owed_find(l, in->position, true);
	size_t old = 0, n = 1;

	if (call->settings.call_rules < 4)
		return whole_owed(call, in);
	while (n && i < l->owed_count && l->owed[i].said_at == OWED_TOLD && old < in->text_len) {
		n = words_behind(owed_text(l, i), l->owed[i].len, in->text + old, in->text_len - old);
		old += n;
		if (n || !old)
			owed_remove(l, i);
	}
	return old;
}

/* How many of the words kept from the `first` on begin this final one behind the other, each to its end; `*old`: and so many of its bytes are these. */
static unsigned int kept_alike(const struct listen *l, unsigned int first, const char *text, size_t len, size_t *old)
{
	unsigned int i;
	size_t n = 1;

	for (i = first, *old = 0; i < l->owed_count && *old < len; i++, *old += n) {
		n = words_behind(owed_text(l, i), l->owed[i].len, text + *old, len - *old);
		if (!n)
			break;
	}
	return i - first;
}

/* The words kept from the `first` to the `last` one, and what stands between them, are these. */
static void kept_replace(struct call *call, unsigned int first, unsigned int last, const char *text, size_t len)
{
	struct listen *l = &call->listen;
	struct buf *b = &call->scratch;
	uint32_t from = l->owed[first].said_at, to = l->owed[last].said_at + l->owed[last].len;

	gaps_move(l, from, to, (uint32_t)len);

	buf_reset(b);
	buf_append(b, l->said.data + to, l->said.len - to);
	l->said.len = from;
	buf_append(&l->said, text, len);
	buf_append(&l->said, b->data, b->len);
	l->said.err = ERR_NONE; /* over the ceiling: as in late_append */
	for (; last + 1 > first; last--)
		owed_remove(l, last);
	for (; first < l->owed_count; first++)
		l->owed[first].said_at += (uint32_t)len - (to - from);
}

enum late_final late_kept(struct call *call, const struct call_input *in, const char *text, size_t len)
{
	struct listen *l = &call->listen;
	unsigned int first = owed_find(l, in->position, false), last, alike;
	struct owed *o = &l->owed[first];
	size_t old, n;

	if (call->settings.call_rules < 4 || first == l->owed_count)
		return LATE_NEW;
	alike = kept_alike(l, first, text, len, &old);
	n = alike ? 0 : words_behind(text, len, owed_text(l, first), o->len);
	if (n && in->position2 < o->to_sample) { /* the rest has a final of its own */
		owed_cut(l, first, n, in->position2);
		return LATE_KNOWN;
	}
	if (!alike && (!o->from_sample || !in->position || in->position > o->from_sample + SAME_START_SAMPLES))
		return LATE_NEW;
	if (old == len) {
		while (alike--)
			owed_remove(l, first);
		return LATE_KNOWN;
	}
	last = first + (alike ? alike - 1 : 0);
	while (last + 1 < l->owed_count && l->owed[last + 1].to_sample <= in->position2)
		last++;
	if (l->said.len + len > SAID_MAX)
		return LATE_NEW;
	kept_replace(call, first, last, text, len);
	return LATE_REPLACED;
}
