/* Whether what was said is denied: one rule for every option, value and concept, in English ("not on Friday") and Hindi ("shukravar ko nahi"). Pure, any thread. */
#ifndef PROVIDERS_REHEARSED_POLARITY_H
#define PROVIDERS_REHEARSED_POLARITY_H

#include "providers/rehearsed/words.h"

/* A "not" governs the span: before it in English, where only small words stand between ("I don't want to pause", "anything but stop"), behind it in
 * Hindi, up to the end of its clause ("padosi ko mat dena"). A "not" inside the span is its own. */
bool span_is_denied(const struct words *w, struct span s);

bool span_is_denied_behind(const struct words *w, struct span s); /* the Hindi half of it */

#endif
