/* Words of a text by themselves, for the readers of names and places. Inside this room only. */
#ifndef REDACT_WORDS_H
#define REDACT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/scan.h"

/* Token i is one of these; ASCII letters in any size. NULL-ended. False behind the end. */
bool scan_word_among(const struct scan *s, size_t i, const char *const *words);

/* Tokens first to last as they were said, with one blank where there was white space; at most `room` bytes. The length. */
size_t words_join(const struct scan *s, size_t first, size_t last, char *out, size_t room);

#endif
