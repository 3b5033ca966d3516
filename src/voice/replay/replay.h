/* A recorded call again: its inputs through a fresh core, every output compared byte for byte.
 *
 * Each part of the tape (voice/replay/tape.h) starts from its own recorded state: a new call, or call_load of the snapshot that a
 * worker attached with or that stands behind a hole. The first output that differs ends the comparison: what comes after it
 * is another call. Reads the tape, changes nothing, keeps nothing; any thread.
 */
#ifndef VOICE_REPLAY_H
#define VOICE_REPLAY_H

#include "voice/call.h"
#include "voice/replay/tape.h"

enum replay_verdict {
	REPLAY_SAME,
	REPLAY_DIFFERS,    /* an output is another one, is missing, or is one too many */
	REPLAY_BAD_INPUT,  /* the recorded input is none that a step may see */
	REPLAY_BAD_STATE   /* the part's snapshot does not load */
};

struct replay_result {
	enum replay_verdict verdict;
	uint64_t steps, outputs;  /* compared, and the same */
	/* all but SAME */
	size_t part;
	size_t step;              /* in the tape */
	uint64_t at_us;           /* of the step's input */
	size_t first;             /* the first output that differs */
	struct buf got;           /* what the core gave, each behind its length (struct tape_cursor reads it) */
	enum err err;             /* BAD_INPUT, BAD_STATE: why */
};

void replay_result_init(struct replay_result *r);
void replay_result_fini(struct replay_result *r);

/* ERR_NOMEM only; the rest is a verdict. `result` must be init. */
enum err replay_compare(const struct tape *tape, struct replay_result *result) MUST_USE;

/* The call as it is before the part's first step. Errors as in call.h. */
enum err replay_enter(struct call **callp, const struct tape *tape, const struct tape_part *part) MUST_USE;

#endif
