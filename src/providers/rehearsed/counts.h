/* How many there are: "we are four", "six people now"; and a number that is not the one that was asked for, since more is counted beside it: "two adults and two
 * kids", "two couples". English. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_COUNTS_H
#define PROVIDERS_REHEARSED_COUNTS_H

#include <jansson.h>

#include "providers/rehearsed/words.h"

bool count_is_asked(const struct words *question); /* "For how many people?" */

/* The number of what the question counts, where the words name that or say "we are four", and where it stands; len 0: they do not, or count more than one thing. */
struct span count_said(const struct words *w, const struct words *question, struct words *number);

/* The words count more than one thing, or another one than the options and the question do. `question` may be NULL. */
bool count_is_mixed(const json_t *options, const struct words *w, const struct words *question);

#endif
