#include "voice/session/ledger.h"

#include <string.h>

/* ------------------------------------------------------------------ putting */

static bool owed_is_same(const struct record_usage *a, const struct record_usage *b)
{
	return a->what == b->what && a->is_wasted == b->is_wasted && a->is_estimated == b->is_estimated && !strcmp(a->vendor, b->vendor) &&
		!strcmp(a->model, b->model) && !strcmp(a->member, b->member);
}

static void units_add(struct record_usage *to, const struct record_usage *r)
{
	unsigned int i;

	for (i = 0; i < USAGE_UNITS; i++)
		to->units[i] += r->units[i];
}

/* With little room left the counts of one provider are more than whose they were; the rest of the room is for others. */
static void owe(struct ledger *l, const struct record_usage *r)
{
	unsigned int i;

	for (i = 0; l->owed_count >= LEDGER_OWED / 4 && i < l->owed_count; i++) {
		if (!owed_is_same(&l->owed[i], r))
			continue;
		units_add(&l->owed[i], r);
		return;
	}
	if (l->owed_count < LEDGER_OWED)
		l->owed[l->owed_count++] = *r;
	else
		l->lost++;
}

static void owed_put(struct ledger *l)
{
	unsigned int put = 0;

	while (put < l->owed_count && l->put(l->arg, &l->owed[put]))
		put++;
	l->owed_count -= put;
	memmove(l->owed, l->owed + put, l->owed_count * sizeof(l->owed[0]));
}

static void put(struct ledger *l, const struct record_usage *r)
{
	owed_put(l);
	if (l->owed_count || !l->put(l->arg, r))
		owe(l, r);
}

static void put_wasted(struct ledger *l, const struct record_usage *r)
{
	struct record_usage wasted = *r;

	wasted.is_wasted = true;
	put(l, &wasted);
}

/* ------------------------------------------------------------------ answers, streams */

static bool was_discarded(const struct ledger *l, uint32_t gen)
{
	unsigned int i;

	for (i = 0; i < LEDGER_ANSWERS; i++)
		if (gen && l->discarded[i] == gen)
			return true;
	return false;
}

void ledger_answer(struct ledger *l, const struct record_usage *record, bool spoke)
{
	put(l, record);
	if (!spoke || was_discarded(l, record->index)) {
		put_wasted(l, record);
		return;
	}
	l->answers[l->answer_at] = *record;
	l->answer_at = (l->answer_at + 1) % LEDGER_ANSWERS;
}

void ledger_discard(struct ledger *l, uint32_t gen)
{
	unsigned int i;

	for (i = 0; i < LEDGER_ANSWERS; i++) {
		struct record_usage *r = &l->answers[i];

		if (!r->what || r->index != gen)
			continue;
		put_wasted(l, r);
		r->what = 0;
	}
	l->discarded[l->discarded_at] = gen;
	l->discarded_at = (l->discarded_at + 1) % LEDGER_ANSWERS;
}

void ledger_lost(struct ledger *l, const struct record_usage *record)
{
	put(l, record);
	put_wasted(l, record);
}

void ledger_stream(struct ledger *l, const struct record_usage *record)
{
	put(l, record);
}

/* ------------------------------------------------------------------ utterances */

static void entry_settle(struct ledger *l, struct ledger_entry *e)
{
	uint64_t unheard = e->heard_bytes < e->text_bytes ? e->text_bytes - e->heard_bytes : 0;
	struct record_usage *r = &e->record;
	unsigned int i;

	for (i = 0; unheard && i < USAGE_UNITS; i++)
		r->units[i] = r->units[i] * unheard / e->text_bytes;
	r->is_estimated |= e->heard_bytes != 0;
	if (unheard && r->what)
		put_wasted(l, r);
	*e = (struct ledger_entry){ .is_open = false };
}

static struct ledger_entry *entry_find(struct ledger *l, uint32_t utterance)
{
	struct ledger_entry *e;

	for (e = l->utterances; e < l->utterances + LEDGER_UTTERANCES; e++)
		if (e->is_open && e->utterance == utterance)
			return e;
	return NULL;
}

/* A free place, or that of the oldest. */
static struct ledger_entry *entry_place(struct ledger *l)
{
	struct ledger_entry *e = l->utterances, *oldest = e;

	for (; e < l->utterances + LEDGER_UTTERANCES; e++) {
		if (!e->is_open)
			return e;
		if (e->utterance < oldest->utterance)
			oldest = e;
	}
	entry_settle(l, oldest);
	return oldest;
}

void ledger_said(struct ledger *l, uint32_t utterance, uint32_t text_bytes)
{
	struct ledger_entry *before = entry_find(l, utterance);

	if (before)
		entry_settle(l, before);
	*entry_place(l) = (struct ledger_entry){ .is_open = true, .utterance = utterance, .text_bytes = text_bytes };
}

void ledger_utterance(struct ledger *l, const struct record_usage *record)
{
	struct ledger_entry *e = entry_find(l, record->index);

	put(l, record);
	if (e)
		e->record = *record;
}

void ledger_heard(struct ledger *l, uint32_t utterance, uint32_t bytes)
{
	struct ledger_entry *e = entry_find(l, utterance);

	if (e)
		e->heard_bytes = bytes;
}

void ledger_settle(struct ledger *l, bool all)
{
	struct ledger_entry *e;

	for (e = l->utterances; e < l->utterances + LEDGER_UTTERANCES; e++)
		if (e->is_open && (all || !l->lives(l->arg, e->utterance)))
			entry_settle(l, e);
	owed_put(l);
}
