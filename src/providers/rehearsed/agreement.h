/* What is said beside the yes or no to a question that is answered with one, and what sounds like a "no" and answers nothing: "nobody is hurt" to "Is everybody
 * safe?", "I don't have it on me" to "Have you reported it?". English. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_AGREEMENT_H
#define PROVIDERS_REHEARSED_AGREEMENT_H

#include "providers/rehearsed/words.h"

/* A yes keeps nothing of what only says it again ("yes, everybody is fine"), and that alone becomes one; of what answers nothing no word is left. Other words, and words to questions of
 * another kind, stay as they are. */
void agreement_trim(struct words *w, const struct words *question);

#endif
