/* Words of the options' phrases: which option has them. `options` is a flow's [{"value", "words": []}]; an option is its place there, -1 for none. Pure, any thread. */
#ifndef PROVIDERS_REHEARSED_OPTIONS_H
#define PROVIDERS_REHEARSED_OPTIONS_H

#include <jansson.h>

#include "providers/rehearsed/words.h"

bool option_word_is_common(const struct words *w, size_t at); /* it tells no option from another: "it", "want", "day" */

/* The only option whose phrases have the word, and a short one without a "not" among them: in others a word stands by the way. */
int option_of_own_word(const json_t *options, const char *word);
int option_of_root(const json_t *options, const char *root); /* the same with other endings: "delivery" is "deliver it" */
int option_of_phrase(const json_t *options, const struct words *w); /* the words are one of its phrases, whole; -1 when they are of several */
bool option_has_word(const json_t *options, const char *word); /* some phrase of some option has it */
bool option_is_named(const json_t *options, const struct words *w); /* a phrase of one of them stands in the words, loosely; a number alone names none */
int option_of_word(const json_t *options, const char *const *words); /* the first that lists one of these alone: "yes" */

/* "Padosi" becomes "पडोसी" where the book has that: words of the options' phrases, said in the other script; numbers, too (option_numbers.h). */
void options_in_script(const json_t *options, struct words *w);

#endif
