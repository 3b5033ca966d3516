/* Devanagari words by Latin letters, as an address needs them. Inside this room only. */
#ifndef REDACT_LATIN_H
#define REDACT_LATIN_H

#include <stddef.h>

/* At most `room` bytes of a to z are written; how many. What a mail's name sounds like is a guess; words of well-known hosts are right. */
size_t latin_spell(const char *word, size_t len, char *out, size_t room);

#endif
