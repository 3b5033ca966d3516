/* A call's journal records as lines for people: the words, who speaks, tools, latencies, decisions with their reasons (docs/timeline.md).
 *
 * One line is one event, a JSON object with a line feed behind it:
 *     {"call","tenant_id","epoch","sequence","part","at_ms","type",…}
 * call, epoch and sequence are the record's, part counts within it: the four are the line's name for ever. Times are the call's own clock in
 * ms. Records that mean nothing to people make no line, and so do payloads that cannot be read. Lines of a record depend on it and, for `floor` and
 * the end's outcome, on what came before under the same epoch: a struct call_lines each, records in order.
 * Pure; any thread. Trusts no record. Words stand in lines as they were said: whoever shows them masks them.
 */
#ifndef VOICE_TIMELINE_H
#define VOICE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/steps.h"

enum { CALL_LINES_ENDS = 8 };

enum line_floor { FLOOR_UNKNOWN = 0, FLOOR_NOBODY, FLOOR_AGENT, FLOOR_CALLER, FLOOR_BOTH };

/* One call under one epoch. Plain data. */
struct call_lines {
	/* what is a voice: of its settings, from START or ATTACH */
	uint64_t vad_on, vad_off, gap_us, hold_us;
	/* the caller's burst of voice */
	bool voiced, burst;
	uint64_t burst_us, voice_us, last_voice_us;
	/* the agent */
	bool agent;
	uint32_t playing; /* utterance */
	struct {
		uint32_t utterance;
		uint64_t samples; /* how long it is, once that is known */
	} ends[CALL_LINES_ENDS];
	unsigned int next_end;
	enum line_floor floor; /* as told last */
	uint32_t partial;      /* checksum of the words told last */
	uint32_t turn;         /* the caller's last */
	uint64_t clock_us;     /* worker's monotonic time at the call's time 0 */
	bool has_media;
	uint64_t media_us;     /* position 0 of both tracks */
	char outcome[RECORD_OUTCOME_MAX];
};

void call_lines_init(struct call_lines *l);

/* Appends the record's lines; the number of them. NULL payload: it cannot be opened. An error sticks in `out`. */
unsigned int call_lines_put(struct call_lines *l, const struct journal_header *h, const void *payload, size_t len, struct buf *out);

/* Whether records of this kind can make a line or change what lines say: the others need not be opened. */
bool call_lines_wants(uint8_t kind);

#endif
