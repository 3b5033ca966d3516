/* Words of a text that come a second time right behind themselves, also over "um" and "sorry": a recogniser that died brings its last words again,
 * and people begin anew. What such a text holds is looked for once more without them. Inside this room only.
 */
#ifndef REDACT_REPEAT_H
#define REDACT_REPEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redact/scan.h"

enum { REPEAT_WORDS = 160, REPEATS_MOST = 12 };

/* Bytes of the text: what was said ends at `cut`, its second time is from `again` to `end`. */
struct repeat {
	uint32_t start, cut, again, end;
	bool single; /* one word: */
	bool item;   /* a digit or a letter, which come twice in values too */
};

struct repeat_word {
	uint32_t hash, start, end;
	uint32_t token;
	bool like; /* of a number, a code or an address, not only of talk */
	bool digit;
	bool part; /* so, or what a letter stands for ("F for fan"), or a word between two such ("sorry") */
};

struct repeats {
	struct repeat_word words[REPEAT_WORDS]; /* all of the text; marks are none */
	struct repeat at[REPEATS_MOST];         /* long ones first */
	size_t word_count, count;
};

/* Before anything of the text is taken. A text of more than REPEAT_WORDS words is not looked at. */
void repeats_find(const struct scan *s, struct repeats *all);

/* Some of a value beside such a place may be in clear. */
bool repeats_left(const struct repeats *all, const struct redact_found *found);

/* Masks what is said of a value beside a place that was said twice, when something there was found: without a value, as nobody can tell which it is.
 * Rather too much of it than a part in clear. `told`: a word or the question says what it is, so it is one where nothing was found, too. False: there
 * is no room for it. */
bool repeats_cover(const struct repeats *all, const char *text, bool told, struct redact_found *found) MUST_USE;

/* How many of them may be tried: the longer the text, the fewer. */
size_t repeats_tries(const struct repeats *all);

/* Whether a value may reach over this one that `found` has not whole. */
bool repeat_open(const struct repeats *all, const struct repeat *r, const struct redact_found *found);

/* `without`: what the text holds without the second time. The value that reaches over it takes the place of those in `found` that it covers, if
 * some of it was in clear; true then. Of one word, where both ways give a value of this type, it is masked without one. */
bool repeat_merge(const struct repeats *all, const struct repeat *r, const struct redact_found *without, struct redact_found *found);

#endif
