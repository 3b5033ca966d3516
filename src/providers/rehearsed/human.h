/* Whether somebody wants to speak with a human being, whatever his words: "connect me to an officer", "put me through to the front desk", "I'd rather
 * speak to an actual person".
 *
 * English. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_HUMAN_H
#define PROVIDERS_REHEARSED_HUMAN_H

#include "providers/rehearsed/words.h"

bool human_wanted(const struct words *w);

#endif
