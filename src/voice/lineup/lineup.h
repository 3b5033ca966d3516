/* The providers of one role in a call, in their order: who is asked, and who instead when one fails. Policy above all vendors, once.
 *
 * Each table here is a recogniser, a model, a voice that starts another one: of its members the first that is well. What a member says goes on as
 * it is. One that fails twice running in this call stands back behind the others for REST_US; one that refuses (a bad key, no such model, a
 * language that it does not speak) does at once. A member's health is shared by all calls of a worker that use the same account: after
 * HEALTH_FAILURES failures running, nobody asks it for REST_US, then one call tries, and the others follow when that goes well. When nobody is
 * well, the one that rests the shortest is asked all the same: silence is worse. A start that fails at once is followed by the next member's inside
 * the same start; what fails later is the call core's to ask for again, and goes to whoever is first then. What the core cancels and asks for again
 * in the same moment had stalled: it has failed, and another member is asked where there is one.
 *
 * A model or voice that is late to begin gets a second one beside it (lineup_hedge.h): whoever says something first has won, the other is cancelled
 * before a word of either went on. The core knows nothing of it: one start, one answer, and the journal has what came, so a replay is the same.
 *
 * Whoever is started has a lease of his account (lease.h) for as long as he is at work; an account that is full is passed over like one that rests.
 *
 * Loop thread. Members, tables, vendors, health and accounts are borrowed and outlive the call; a lineup is its owner's, zeroed is empty.
 */
#ifndef VOICE_LINEUP_H
#define VOICE_LINEUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "providers/llm.h"
#include "providers/stt.h"
#include "providers/tts.h"
#include "voice/lineup/lease.h"

enum {
	LINEUP_MAX = 4,
	LINEUP_STRIKES = 2,         /* running, in one call */
	LINEUP_HEALTH_FAILURES = 5, /* running, in all calls */
	LINEUP_REST_US = 10000000,
	LINEUP_AGAIN_US = 100000,   /* from a cancel to the next start: the same thing is asked for again */
	LINEUP_PACE_MAX = 32,
	LINEUP_LEFT_MAX = 512
};

/* How long the latest of an account's models or voices took to begin. Zeroed knows nothing. */
struct lineup_pace {
	uint16_t ms[LINEUP_PACE_MAX];
	uint32_t count; /* ever */
};

/* Of one account at one vendor. Zeroed is well. */
struct lineup_health {
	uint32_t failures;    /* running */
	uint64_t until_us;    /* rests; 0: does not */
	struct lineup_pace answers, voices;
};

/* Of all calls of a worker, in one role. */
struct lineup_hedge_counts {
	uint64_t begun, won; /* a second one beside the first; it was faster */
};

struct lineup_member {
	const char *name;     /* for the log */
	const void *table;    /* struct stt, llm or tts, as the lineup's owner knows */
	void *vendor;
	struct lineup_health *health;
	struct lease_account *account; /* NULL: of this machine, without a limit and not counted */
	bool is_far;          /* at a vendor: only such a one is asked beside another. One of this machine would always be faster */
	uint32_t strikes;     /* running, in this call */
	uint64_t struck_us;
};

struct lineup {
	struct clock *clock;
	const char *call;     /* what log lines call it */
	struct lineup_member members[LINEUP_MAX];
	size_t count;
	int64_t hedge_ms;           /* a second one is begun so late; 0: never, below: by the account's own pace */
	struct lineup_hedge_counts *hedges; /* NULL: nobody counts */
	uint32_t left;              /* bits of those who were cancelled last, */
	uint64_t left_us;           /* when, */
	char left_text[LINEUP_LEFT_MAX]; /* and the end of what a voice was to say */
	size_t left_len;
	bool left_begun;            /* some of it was heard: only less than all of it is its rest */
	struct llm_answer *answers; /* under way */
};

/* Copied, without its strikes. ERR_LIMIT: LINEUP_MAX are there. What it names stays borrowed. */
enum err lineup_add(struct lineup *l, const struct lineup_member *member) MUST_USE;

/* The vendor of these is a struct lineup with at least one member of that role. A start fails when every member's did: with the last one's error. */
extern const struct stt lineup_stt;
extern const struct llm lineup_llm;
extern const struct tts lineup_tts;

/* ---- for the three roles ---- */

/* Who is to be asked now, of those whose bit in `tried` is not set; NULL: nobody is left. */
struct lineup_member *lineup_next(struct lineup *l, uint32_t tried);
uint32_t lineup_bit(const struct lineup *l, const struct lineup_member *m);
bool lineup_rests(const struct lineup *l, const struct lineup_member *m);

/* Starts the first whose bit in `tried` is not set and who can be: with a lease, given back where it fails. *mp is set before `open` is called, and
 * NULL in the end if nobody was started. Else the last one's error, ERR_BUSY: his account is full, ERR_UNAVAILABLE: nobody was left. */
typedef enum err lineup_open_h(void *arg, const struct lineup_member *m);
enum err lineup_start(struct lineup *l, uint32_t tried, struct lineup_member **mp, struct lease *lease, lineup_open_h *open, void *arg) MUST_USE;

void lineup_worked(struct lineup_member *m);
void lineup_failed(struct lineup *l, struct lineup_member *m, enum err why); /* ERR_DENIED, ERR_USAGE, ERR_NOTFOUND: it refuses */

/* Those with these bits were cancelled; `text`: the end of what a voice was to say, LINEUP_LEFT_MAX bytes of it are kept; else NULL. `begun`: there was
 * sound. */
void lineup_left(struct lineup *l, uint32_t bits, const char *text, size_t len, bool begun);

/* The same is asked for again, of a voice its rest: those who were left for it a moment ago have failed. Their bits. */
uint32_t lineup_stalled(struct lineup *l, const char *text, size_t len, uint64_t within_us);

#endif
