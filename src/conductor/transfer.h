/* A call that is handed over to a person: one transfer, how far it has come, and what may be done next. Pure: no clock, no store.
 *
 *   cold   asked ──► ringing ──► joined ──► done
 *            │          └──► busy · no_answer · failed ──► back with the agent
 *   warm   asked ──► held ──► ringing ──► briefed ──► joined ──► done
 *            │         └──────────┴──────────┴──► busy · no_answer · failed · refused ──► back
 *            └─ the carrier would not ──► failed; the caller has never left the agent
 *   the caller hangs up before `joined` ──► gone; the human's leg is told to end
 *
 * Cold: the carrier itself rings the human while it has the caller (<Dial>). Warm: the caller waits in a room, and the human's leg is a call of our
 * own, asked for once, by whoever wrote `held`. From `ringing` (cold) or `held` on the caller is away from the agent, and no worker has the call: it is
 * live, and not lost. News only ever moves it on; what is late, repeated or out of order says nothing any more, and an end stays. `transfer_next`
 * says what is to be done by whoever finds the transfer, also behind a death; each wait has its end there.
 */
#ifndef CONDUCTOR_TRANSFER_H
#define CONDUCTOR_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/wire.h"
#include "conductor/rulebook.h"
#include "data/routes.h"
#include "providers/carrier.h"

struct call_record;

enum transfer_state {
	TRANSFER_NONE,
	TRANSFER_ASKED, TRANSFER_HELD, TRANSFER_RINGING, TRANSFER_BRIEFED, TRANSFER_JOINED, /* under way */
	TRANSFER_DONE, TRANSFER_BUSY, TRANSFER_NO_ANSWER, TRANSFER_FAILED, TRANSFER_REFUSED, TRANSFER_GONE, /* ends */
	TRANSFER_STATES
};

enum {
	TRANSFER_NAME_MAX = 48,
	TRANSFER_ASK_MS = 20000,   /* for the carrier to take the caller away from the agent */
	TRANSFER_AGAIN_MS = 5000,  /* before that nobody asks it once more: a caller who is sent twice loses what the first way gave him */
	TRANSFER_LATE_MS = 60000,  /* beyond the time it rings: the human's words, his key, and callbacks that are late */
	TRANSFER_BACK_MS = 60000   /* for the caller to be fetched back to the agent */
};

struct call_transfer {
	uint64_t key;                       /* of the request that asked for it */
	enum transfer_state state;
	char target[TRANSFER_NAME_MAX], outcome[TRANSFER_NAME_MAX];
	char to[RULEBOOK_TARGET_TO_MAX];
	char from[ROUTE_NUMBER_MAX];        /* "": the carrier's own choice */
	bool is_warm, wants_key;
	uint32_t ring_s;
	char briefing[RULEBOOK_SAY_MAX];
	uint32_t epoch;                     /* that the call had: whoever attaches later has the caller back */
	uint64_t asked_ms, away_ms, joined_ms, over_ms; /* since 1970; 0: not yet. away: the caller left the agent */
	char leg[CARRIER_ID_MAX];           /* the human's, once it is known */
	bool leg_over;                      /* it has ended */
	uint64_t leg_s;                     /* for how long it was there */
	uint64_t fetch_ms;                  /* the carrier was asked last to fetch him; since 1970 */
	bool is_back;                       /* the caller was given a stream to the agent again */
	unsigned int code;                  /* of the carrier's refusal */
};

const char *transfer_state_name(enum transfer_state state);
bool transfer_is_open(const struct call_record *r); /* it is under way, or the caller has not been fetched back yet */
bool transfer_is_away(const struct call_record *r); /* … and no worker has the call */
bool transfer_is_over(const struct call_record *r); /* it has ended, whether or not the caller is back */

/* Why nobody was reached, for the agent. NULL: it is not over, or somebody was. */
const char *transfer_result(const struct call_record *r);

/* ---- what was heard: true when it is news, which is then to be stored ---- */

bool transfer_left(struct call_record *r, uint64_t now_ms) MUST_USE;  /* the carrier asks what to do with a caller who was taken away */
bool transfer_leg(struct call_record *r, const struct carrier_leg *leg, uint32_t seconds, uint64_t now_ms) MUST_USE; /* the human's */
bool transfer_key(struct call_record *r, char key, uint64_t now_ms) MUST_USE;     /* 0: none was pressed */
bool transfer_fail(struct call_record *r, unsigned int code, uint64_t now_ms) MUST_USE; /* the carrier would not */
/* The caller's way has ended: `state` is the human's leg, as the carrier tells it with that; `is_there`: the caller is on the line still. */
bool transfer_closed(struct call_record *r, enum leg_state state, uint32_t seconds, bool is_there, uint64_t now_ms) MUST_USE;
bool transfer_gone(struct call_record *r, uint64_t now_ms) MUST_USE;   /* the caller's leg has ended: so has the call */
bool transfer_fetch(struct call_record *r, uint64_t now_ms) MUST_USE;  /* the carrier is about to be asked to; false: not now */
bool transfer_late(struct call_record *r, uint64_t now_ms) MUST_USE;   /* it waits for longer than it may */

/* ---- what is next ---- */

enum transfer_step { TRANSFER_REST, TRANSFER_TAKE, TRANSFER_PLACE, TRANSFER_LOOK, TRANSFER_FETCH, TRANSFER_HANG_UP };

/* TAKE: the caller is taken from the agent; PLACE: the human is called; LOOK: is the caller there still; FETCH: the caller is brought back; HANG_UP: the
 * human's leg is told to end. `is_new`: the asker wrote it a moment ago and nobody else has done what follows. */
bool transfer_has_leg(const struct call_record *r); /* the human's, of our own, that has not ended */
enum transfer_step transfer_next(const struct call_record *r, bool is_new, uint64_t now_ms);

void transfer_encode(const struct call_transfer *t, uint32_t field, struct buf *out);
bool transfer_decode(struct call_transfer *t, const struct wire_field *f);

/* Of a call that has ended: it did on the way to a person, or with one, and no worker had it. */
bool transfer_had_it(const struct call_record *r);

void transfer_members(struct buf *b, const struct call_transfer *t); /* what a line of the timeline says of it */

/* The member of the call's JSON, when there was one; without a number. */
void transfer_put(struct buf *b, const struct call_transfer *t);

#endif
