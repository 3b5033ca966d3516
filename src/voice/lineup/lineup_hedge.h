/* A second one beside a first one that is late to begin: when, and who.
 *
 * A vendor's answers have a long tail: one in twenty takes several times as long as the others, and asked once more it would have been there. When a
 * model has said nothing by hedge_ms, or a voice has made no sound, the next member that is well and far is given the same; tools come from the
 * one that won alone, and whoever is slower is counted as lost.
 *
 * Below 0, by its own pace: at the time within which nineteen of twenty of the account's latest LINEUP_PACE_MAX began, from HEDGE_LEAST_MS to
 * HEDGE_MOST_MS; HEDGE_UNKNOWN_MS while fewer than HEDGE_KNOWN are known. One that lost counts with the time it had, so an account that gets slow as a
 * whole is given more time and not twice the load. Where there is one member, or none of the others is far, there is nobody to ask.
 */
#ifndef VOICE_LINEUP_HEDGE_H
#define VOICE_LINEUP_HEDGE_H

#include "voice/lineup/lineup.h"

enum {
	HEDGE_KNOWN = 16,
	HEDGE_UNKNOWN_MS = 1000,
	HEDGE_LEAST_MS = 300, /* of those that began sooner twice as many are not worth it */
	HEDGE_MOST_MS = 1400  /* behind it the core's own second attempt begins (llm.second_ms) */
};

void lineup_paced(struct lineup_pace *p, uint64_t us);

/* From the start of `m`, whose pace is `p`; 0: no second one is to be begun. */
uint64_t lineup_hedge_us(const struct lineup *l, const struct lineup_member *m, const struct lineup_pace *p);

/* Bits of those who are not to be asked beside `m`, itself included. */
uint32_t lineup_hedge_unfit(const struct lineup *l, const struct lineup_member *m);

void lineup_hedge_begun(struct lineup *l, const struct lineup_member *first, const struct lineup_member *second); /* for the log and the counts */
void lineup_hedge_won(struct lineup *l);                                                                          /* by the second */

#endif
