/* A session's ledger: what its providers were used for, written down once each, and what of it turns out to have been for nothing.
 *
 * What is told is put at once; what the journal refuses waits here and is put with what comes next, added up by provider when it gets too much.
 * Answers are remembered until they can no longer be thrown away, utterances until the core has forgotten them: only then is it sure how much
 * of one was heard. Of an utterance that was cut so much was wasted as its unheard text is of the whole.
 *
 *   answer     told ─► put ─ thrown away, before or behind that ─► put as wasted
 *                       └─ ended without a word ──────────────────► put as wasted at once
 *   utterance  said ─► told ─► put ─ over, or said again: heard in part or not at all ─► that part put as wasted
 *   stream     told ─► put
 *   lost       told ─► put ─► put as wasted at once
 *
 * It decides nothing and starts nothing, so it may be told from inside an adapter's cancel. The session's thread. Owns no memory but its own.
 */
#ifndef VOICE_LEDGER_H
#define VOICE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voice/journal/usage_record.h"

enum { LEDGER_ANSWERS = 8, LEDGER_UTTERANCES = 24, LEDGER_OWED = 32 };

/* A text that a voice was given. */
struct ledger_entry {
	bool is_open;
	uint32_t utterance;
	uint32_t text_bytes, heard_bytes; /* as it is written */
	struct record_usage record;       /* what 0: nothing was told yet */
};

struct ledger {
	/* False: it is refused for now. The record is borrowed. */
	bool (*put)(void *arg, const struct record_usage *record);
	/* Whether more of this utterance may still be heard. */
	bool (*lives)(void *arg, uint32_t utterance);
	void *arg;
	struct record_usage answers[LEDGER_ANSWERS]; /* the latest; what 0: free */
	unsigned int answer_at;
	uint32_t discarded[LEDGER_ANSWERS];          /* gens that were thrown away; 0: none */
	unsigned int discarded_at;
	struct ledger_entry utterances[LEDGER_UTTERANCES];
	struct record_usage owed[LEDGER_OWED];
	unsigned int owed_count;
	uint64_t lost;                               /* records that found no room; never in a journal that takes any */
};

/* Zeroed but for `put`, `lives` and `arg` it is empty. Each `record` comes filled but for is_wasted. */
void ledger_answer(struct ledger *l, const struct record_usage *record, bool spoke);
void ledger_utterance(struct ledger *l, const struct record_usage *record); /* behind its ledger_said */
void ledger_lost(struct ledger *l, const struct record_usage *record); /* of one that was slower than another beside it: wasted at once */
void ledger_stream(struct ledger *l, const struct record_usage *record);

void ledger_discard(struct ledger *l, uint32_t gen); /* that answer is thrown away */
void ledger_said(struct ledger *l, uint32_t utterance, uint32_t text_bytes); /* a voice is given it, maybe for another time */
void ledger_heard(struct ledger *l, uint32_t utterance, uint32_t bytes);     /* so much of its text, all in all */

/* Utterances that are over are settled; all of them, when the call has ended. What is owed is put. */
void ledger_settle(struct ledger *l, bool all);

#endif
