/* A call out as far as the carrier goes: one attempt, its leg, and what may be done next. Pure: no clock, no store.
 *
 *   asked ──► queued ──► ringing ──► answered ──► completed
 *     │          └──────────┴───────────┴──────► busy · no_answer · failed · canceled
 *     └─ surely never placed ────────────────► failed · canceled
 *
 * The attempt is written before the carrier is asked, as `asked`, with the time until which it may be asked for (place_by_ms). Who asks takes that
 * away first, by compare-and-set, so it is asked for once: by whoever wrote it, or, when its conductor died in between, by the sweeper of the next.
 * Whoever finds it taken looks for its leg and never asks again. News only ever moves it on (dial_hear): what is late, repeated or out of order says nothing
 * any more, and an end stays. A leg that is not the attempt's own is foreign, also one that turns up after the attempt was given up.
 */
#ifndef CONDUCTOR_DIAL_H
#define CONDUCTOR_DIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"
#include "data/routes.h"
#include "providers/carrier.h"

struct call_record;

enum {
	DIAL_WHY_MAX = 24,
	DIAL_PLACE_MS = 45000,     /* the carrier is asked again for no longer when it has too much to do */
	DIAL_BACK_MS = 3600000,    /* a call-back whose conductor died is placed so late, and no later */
	DIAL_ASK_MS = 15000,       /* one request takes no longer */
	DIAL_SKEW_MS = 30000,      /* the carrier's clock may be off by so much */
	DIAL_LOOK_MS = 5000,       /* before that nobody looks for a leg that is not known */
	DIAL_UNKNOWN_MS = 120000,  /* a leg that the carrier does not know by then is none */
	DIAL_GIVE_UP_MS = 18000000 /* five hours: no call is longer; then the attempt ends, whatever the carrier says */
};

struct call_dial {
	char to[ROUTE_NUMBER_MAX], from[ROUTE_NUMBER_MAX]; /* `to` is "": the call is no call out of ours */
	enum leg_state state;
	uint64_t asked_ms;                  /* it was written, or is asked for now; since 1970 */
	uint64_t place_by_ms;               /* nobody has asked the carrier, and may until then; 0: somebody may have */
	char answered_by[CARRIER_WORD_MAX]; /* the carrier's word: "human", "machine_start"; "": it did not say */
	unsigned int code;                  /* of the carrier's refusal, or SIP's */
	char why[DIAL_WHY_MAX];             /* when we ended it: "refused", "busy_carrier", "unreachable", "no_key", "not_placed", "unknown", "order" */
};

/* "+14155550123" out of what people write. ERR_FORMAT with a detail that names no number. */
enum err dial_number(const char *text, char out[ROUTE_NUMBER_MAX], struct err_detail *detail) MUST_USE;

const char *dial_state_name(enum leg_state state);
bool dial_is_ours(const struct call_record *r);  /* a call out */
bool dial_is_open(const struct call_record *r);  /* … whose leg may still be there */

enum dial_news { DIAL_NOTHING, DIAL_NEWS, DIAL_FOREIGN };

/* Takes in what was said of a leg under this attempt's name. An end ends a call that nobody has begun to talk in. */
enum dial_news dial_hear(struct call_record *r, const struct carrier_leg *leg, uint64_t now_ms) MUST_USE;
/* It ends by our own word, as LEG_FAILED or LEG_CANCELED. Nothing when it has ended. */
void dial_end(struct call_record *r, enum leg_state state, const char *why, unsigned int code, uint64_t now_ms);

enum dial_step { DIAL_REST, DIAL_PLACE, DIAL_DROP, DIAL_LATE, DIAL_LOOK, DIAL_FIND, DIAL_GIVE_UP };

/* What is to be done; `is_new`: the asker wrote it a moment ago, or has taken it, and the carrier has not been asked. DIAL_LATE: it never was, and it
 * is too late for that. */
enum dial_step dial_next(const struct call_record *r, bool is_new, uint64_t now_ms);

/* Whether this leg can be the attempt's, of which nothing but its numbers is known. */
bool dial_fits(const struct call_record *r, const struct carrier_leg *leg);
/* … and whether a look that found none says that there is none, or that nobody will know. `ring_s`: it may ring for so long without being listed. */
bool dial_is_absent(const struct call_record *r, unsigned int ring_s, uint64_t now_ms);

void dial_encode(const struct call_dial *d, uint32_t field, struct buf *out);
bool dial_decode(struct call_dial *d, const struct wire_field *f);

/* The members of the call's JSON; without `reveals` all but the last four digits of the number are hidden. */
void dial_put(struct buf *b, const struct call_dial *d, bool reveals);

#endif
