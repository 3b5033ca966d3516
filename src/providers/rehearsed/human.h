/* Whether somebody wants to speak with a human being, whatever his words: "connect me to an officer", "put me through to the front desk", "I'd rather
 * speak to an actual person".
 *
 * English. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_HUMAN_H
#define PROVIDERS_REHEARSED_HUMAN_H

#include "providers/rehearsed/words.h"

bool human_wanted(const struct words *w);

/* A phrase of a rule-book that asks for one, in English or Hindi: its way out takes every such wish. */
bool human_named(const struct words *w);

/* A phrase that asks for one stands there and asks for none: it is refused, asked about, or another one's errand ("a human? no thanks", "is this a human"). */
bool human_only_named(const struct words *w, struct span phrase);

#endif
