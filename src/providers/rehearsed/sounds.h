/* Words across scripts, by their consonants: "रवि" and "Ravi" are both "rv". Rough, so that it says "may be the same"; the caller says how much is enough. Pure. */
#ifndef PROVIDERS_REHEARSED_SOUNDS_H
#define PROVIDERS_REHEARSED_SOUNDS_H

#include <stdbool.h>
#include <stddef.h>

/* One is written in Devanagari and the other in Latin letters, and they have the same consonants, at least so many. */
bool sounds_same(const char *a, const char *b, size_t least);

#endif
