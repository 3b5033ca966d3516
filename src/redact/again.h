/* Digits or letters of a run that come a second time: a recogniser that died brings its last words again, and people begin anew. Inside this
 * room only.
 */
#ifndef REDACT_AGAIN_H
#define REDACT_AGAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/run.h"

/* Items at to at + count - 1 say once more what stands right before them. */
struct again {
	size_t at, count;
	size_t tries; /* what was looked at; it ends at a ceiling */
};

/* The next one behind *a, which begins as { 0 }; of `least` digits at least. Long ones come first. */
bool again_next(const struct run *r, size_t least, struct again *a);

/* The run without them: their tokens belong to the item before. */
void again_drop(const struct run *r, const struct again *a, struct run *without);

#endif
