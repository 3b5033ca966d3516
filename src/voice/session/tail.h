/* What a dead worker's journal knows of a call behind the snapshot that the conductor has: its newest state, made again.
 *
 *   START, ATTACH, SNAPSHOT ─► a state to begin at; INPUTS behind it are stepped again ─► the state when the worker died
 *
 * The core is pure: from a recorded state the recorded inputs lead to the very state that was lost, less what was not durable yet (200 ms at
 * most). Nothing that follows from the steps is carried out, as all of it was before; but what the model was shown is masked again, so that the map
 * of the call's values grows as it did. A snapshot is made before the request that its own step makes: so the last but one is where it begins, if
 * it is there. A core that gives other outputs than were recorded (another release, damage) is not that call: nothing is made.
 *
 * Records come from outside and by rising epoch and sequence. Where one is missing or cannot be opened the tail ends, until a later record has
 * a whole state again. Before the conductor's snapshot was met nothing is known to be later than it: then nothing is made, either.
 * Owns copies of what it needs, at most twice TAIL_STATE_MAX and TAIL_STEPS_MAX bytes, and the caller's last sound. No I/O; any thread, one at a time.
 */
#ifndef VOICE_TAIL_H
#define VOICE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/steps.h"
#include "voice/session/session.h"

enum { TAIL_STATE_MAX = (8 << 20) + 4096, TAIL_STEPS_MAX = 4 << 20, TAIL_PAST_SAMPLES = SESSION_CALLER_RING_MS * 8 };

struct tail {
	uint32_t epoch_end;          /* records of this epoch and later ones are not looked at */
	const void *snapshot;        /* borrowed: what the conductor has; NULL: none, then the call's START stands for it */
	size_t snapshot_len;
	bool is_known;               /* that one was met */
	bool is_whole;               /* there is a state, and nothing is missing behind it */
	uint32_t epoch;              /* of the last record, and its sequence */
	uint64_t sequence;
	struct buf state;            /* a struct record_snapshot (steps.h): the newest but one, when the steps lead from there to the newest */
	struct buf next;             /* the newest, if that is another one, */
	size_t next_at;              /* which stands here among the steps */
	struct buf steps;            /* payloads of INPUTS behind `state`, each behind its length (a varint) */
	bool media, records_audio;
	uint64_t media_us;
	char outcome[RECORD_OUTCOME_MAX]; /* that the agent named last; "": none */
	uint64_t caller_position;    /* behind the last of the caller's samples that the journal has; has_caller false: it has none */
	bool has_caller;
	struct buf past;             /* the samples before that, silence where one is missing; a little more than TAIL_PAST_SAMPLES */
};

/* What was made. */
struct tail_found {
	uint64_t steps;      /* behind the state that it began at */
	uint64_t at_us;      /* of the last one, in the call's clock */
	uint64_t missing_us; /* the conductor's snapshot is so much older; since the call began when it has none */
};

void tail_init(struct tail *t, uint32_t epoch_end, const void *snapshot, size_t len);
void tail_fini(struct tail *t);

/* One record of the call; `payload` is NULL when it cannot be opened. Never refuses. */
void tail_record(struct tail *t, const struct journal_header *h, const uint8_t *payload, size_t len);

/* Appends what session_attach takes: the bytes that the session would have pushed behind its last step that is known. An error says that there is
 * nothing better than the conductor's snapshot: ERR_NOTFOUND, it was not met, or the media had not begun; ERR_CORRUPT, the core does otherwise than
 * was recorded; those of call_load and call_step. Steps that cannot be read end it, as if none had followed: where IN_START's are among them, what was
 * made awaits session_start though its media is there. */
enum err tail_make(const struct tail *t, struct buf *out, struct tail_found *found) MUST_USE;

/* session_io.past for what was made: at most TAIL_PAST_SAMPLES, the tail's. NULL: nothing was recorded. */
const uint8_t *tail_past(const struct tail *t, size_t *samples);

#endif
