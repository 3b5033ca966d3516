/* Whether somebody wants no more calls, whatever his words: a refusal ("do not", "stop", "take … off", "mat karo") that governs calling him or holding
 * his number. It is a legal matter, and so it goes before everything else that the words may answer.
 *
 * English and Hindi, in Latin letters and Devanagari. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_OPT_OUTS_H
#define PROVIDERS_REHEARSED_OPT_OUTS_H

#include "providers/rehearsed/words.h"

enum opt_out {
	OPT_OUT_NONE = 0, /* nothing of the kind is said */
	OPT_OUT_LIMITED,  /* what only sounds like it: not at that time, not that number, "you never called me" */
	OPT_OUT_DOUBT,    /* it may be one: ask */
	OPT_OUT_MEANT
};

enum opt_out opt_out_heard(const struct words *w);

/* Takes the limited wishes out of the words ("keep it, and don't call me so early"): their "not" answers nothing. Nothing may be left. */
void opt_out_drop_limited(struct words *w);

#endif
