/* Cuts a model's stream of text into pieces that can be spoken: the first at the first clause, later ones at sentences.
 *
 * Pure. Never inside a number ("3.5", "1,000"), an address, an abbreviation ("Dr.") or a word.
 */
#ifndef VOICE_PIECES_H
#define VOICE_PIECES_H

#include <stdbool.h>
#include <stddef.h>

struct piece {
	size_t from, len; /* the words, without the spaces around them; len 0: nothing speakable in it */
	size_t taken;     /* bytes used up; 0: more text is needed */
};

/* `text` is what has not been cut yet. `first`: this will be the answer's first piece. `flush`: no more text will come.
 * `whole`: take everything that is left as one piece. */
struct piece pieces_next(const char *text, size_t len, bool first, bool flush, bool whole);

#endif
