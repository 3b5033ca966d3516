/* Is the caller in the middle of spelling? Told by his own words alone, whatever he was asked.
 *
 * A pure function over UTF-8 text, in English letters; case and most marks do not count. Anything that is not spelled is false.
 */
#ifndef VOICE_SPELLING_H
#define VOICE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* At the end of the text stand two letters or more ("it's A, L", "A-L-E-X", "a. l."), with digits among them or not, a doubled one ("double L"), one with
 * its example ("N as in November", "M for Mumbai"), or the middle of an address ("alex dot", "dot mor at example"). "A" and "I" are words, and letters only
 * beside others; "O K", "p.m.", "U.S." and what has an article before it ("the O T P") are none, and a question is none. */
bool spelling_open(const char *text, size_t len);

#endif
