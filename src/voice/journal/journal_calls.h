/* What a reader has seen of each call: a table that tells repeated records from new ones. Private to journal_read.c.
 *
 * Each (call, epoch) keeps the spans of sequences that were seen, normally one, and those that GAP records answer for.
 * Everything has a ceiling; behind it records are no longer judged. One thread.
 */
#ifndef VOICE_JOURNAL_CALLS_H
#define VOICE_JOURNAL_CALLS_H

#include "voice/journal/journal_read.h"

struct journal_calls {
	struct journal_call_info *items; /* in the order they were met */
	size_t count, cap;
	uint32_t *slots; /* index + 1 of a call; open addressing */
	size_t slot_count;
	size_t last; /* + 1; most records follow one of the same call */
};

/* The place of the record's call, made when it is new; NULL behind the ceiling. Borrowed until the next call. */
struct journal_call_info *journal_calls_find(struct journal_calls *t, const struct journal_header *h);
void journal_calls_fini(struct journal_calls *t);

/* Adds one sequence; true when it was there. `lossy`: see struct journal_span. */
bool journal_span_add(struct journal_call_info *c, uint64_t sequence, bool lossy);

/* A GAP record answers for its sequences. */
void journal_span_explain(struct journal_call_info *c, const struct journal_gap *gap);

#endif
