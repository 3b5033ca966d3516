/* Where the words that a voice has spoken end in the text that it was given.
 *
 * A voice splits a text as it likes, writes numbers out, leaves punctuation away and changes case. So letters are compared, not words:
 * blanks, punctuation, signs and case do not count. A word is looked for where the one before it ended. What is not there is a spelling of its
 * own ("twenty five" for 25): it is remembered until a later word is found, at most one piece of text further for each such word and one
 * more; then the pieces between have ended where the last such word did. That is exact too. Not exact is a piece of text for which no
 * word came; from there on nothing is.
 * Pure: positions are bytes and samples at 8000 Hz, word ends never go backwards. The text stays borrowed.
 */
#ifndef PROVIDERS_CARTESIA_CARTESIA_WORDS_H
#define PROVIDERS_CARTESIA_CARTESIA_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/cartesia/cartesia.h"

enum { CARTESIA_PIECES_MAX = CARTESIA_MAX_TEXT_BYTES / 2 + 1 };

struct cartesia_words {
	const char *text;
	size_t len, at;            /* at: behind the last word that was found, what clings to it (a comma) included */
	uint32_t end_samples;      /* of that word */
	unsigned int unfound;      /* words since then */
	uint32_t unfound_samples;  /* where the last of them ended */
	bool is_exact;
};

/* At most 65,535 bytes. */
void cartesia_words_init(struct cartesia_words *w, const char *text, size_t len);

/* The next word, as it was spoken. What is known by it, up to two words, goes to `out`; how many that are. */
size_t cartesia_words_put(struct cartesia_words *w, const char *word, size_t len, uint32_t start_samples, uint32_t end_samples, struct speech_word out[2]);

/* No more words will come, and there are `samples` of sound: what is left of the text shares what is left of the sound, by letters; one
 * piece whose words came in another spelling ends where they do. At most `room` words go to `out`; how many that are. */
size_t cartesia_words_rest(struct cartesia_words *w, uint32_t samples, struct speech_word *out, size_t room);

#endif
