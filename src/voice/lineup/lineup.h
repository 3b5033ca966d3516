/* The providers of one role in a call, in their order: who is asked, and who instead when one fails. Policy above all vendors, once.
 *
 * Each table here is a recogniser, a model, a voice that starts another one: of its members the first that is well. What a member says goes on as
 * it is. One that fails twice running in this call stands back behind the others for REST_US; one that refuses (a bad key, no such model, a
 * language that it does not speak) does at once. A member's health is shared by all calls of a worker that use the same account: after
 * HEALTH_FAILURES failures running, nobody asks it for REST_US, then one call tries, and the others follow when that goes well. When nobody is
 * well, the one that rests the shortest is asked all the same: silence is worse. A start that fails at once is followed by the next member's inside
 * the same start; what fails later is the call core's to ask for again, and goes to whoever is first then. A model's second attempt beside a first
 * one that stalls goes to another member where there is one; the first has failed when it is cancelled without a word. A recogniser that is cancelled and
 * replaced in the same moment had stalled: it has failed as well.
 *
 * Loop thread. Members, tables, vendors and health are borrowed and outlive the call; a lineup is its owner's, zeroed is empty.
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

enum {
	LINEUP_MAX = 4,
	LINEUP_STRIKES = 2,         /* running, in one call */
	LINEUP_HEALTH_FAILURES = 5, /* running, in all calls */
	LINEUP_REST_US = 10000000
};

/* Of one account at one vendor. Zeroed is well. */
struct lineup_health {
	uint32_t failures;    /* running */
	uint64_t until_us;    /* rests; 0: does not */
};

struct lineup_member {
	const char *name;     /* for the log */
	const void *table;    /* struct stt, llm or tts, as the lineup's owner knows */
	void *vendor;
	struct lineup_health *health;
	uint32_t strikes;     /* running, in this call */
	uint64_t struck_us;
};

struct lineup {
	const struct clock *clock;
	const char *call;     /* what log lines call it */
	struct lineup_member members[LINEUP_MAX];
	size_t count;
	struct lineup_member *left; /* whose recogniser was cancelled last, */
	uint64_t left_us;           /* and when */
	struct llm_answer *answers; /* under way */
};

/* ERR_LIMIT: LINEUP_MAX are there. `name` stays borrowed. */
enum err lineup_add(struct lineup *l, const char *name, const void *table, void *vendor, struct lineup_health *health) MUST_USE;

/* The vendor of these is a struct lineup with at least one member of that role. A start fails when every member's did: with the last one's error. */
extern const struct stt lineup_stt;
extern const struct llm lineup_llm;
extern const struct tts lineup_tts;

/* ---- for the three roles ---- */

/* Who is to be asked now, of those whose bit in `tried` is not set; NULL: nobody is left. */
struct lineup_member *lineup_next(struct lineup *l, uint32_t tried);
uint32_t lineup_bit(const struct lineup *l, const struct lineup_member *m);

void lineup_worked(struct lineup_member *m);
void lineup_failed(struct lineup *l, struct lineup_member *m, enum err why); /* ERR_DENIED, ERR_USAGE, ERR_NOTFOUND: it refuses */

#endif
