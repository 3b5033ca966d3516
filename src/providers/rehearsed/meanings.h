/* What people mean, whatever their words: a small vocabulary of general concepts ("pay", "another", "not"), and rules that say which of them
 * together in one clause mean what. An option means what its own phrases mean, so that a rule-book names a few and is understood in many.
 *
 * English, with the Hindi words that are mixed into it. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_MEANINGS_H
#define PROVIDERS_REHEARSED_MEANINGS_H

#include <jansson.h>

#include "providers/rehearsed/words.h"

enum { MEANINGS_OPTIONS_MAX = 32 };

/* Sets of enum meaning: what is said outright, and what is only a reason or a hint, which counts when nothing else does. */
struct meanings {
	uint64_t plain, hinted;
	bool asks;         /* a clause is a question of the caller's own */
	bool depends;      /* a clause is an "if" */
	bool mere_time;    /* all that is meant is another time, and that only from words for a day or time: "a table for tomorrow" */
	size_t denied_to;  /* the words up to here say what cannot be: "Thursday is bad" names no day that is wanted */
};

/* `question` is what was asked, for the day in it; may be NULL. */
void meanings_read(struct meanings *m, const struct words *w, const struct words *question);

/* What each option's phrases and its value mean; options beyond the ceiling mean nothing. */
void meanings_of_options(const json_t *options, uint64_t of[MEANINGS_OPTIONS_MAX]);

enum { MEANT_NOTHING = -1, MEANT_SEVERAL = -2, MEANT_OPEN = -3 /* the question is spoken of and left open */ };

/* The one option that is meant, or one of the above. */
int meanings_choose(const uint64_t of[MEANINGS_OPTIONS_MAX], const struct meanings *m);

/* An option with these meanings is a no to the whole matter: no interest, never asked. */
bool meanings_refuses(uint64_t of);

/* An option with these meanings promises to pay all, which some later time takes back: "I'll pay, but next month". */
bool meanings_promise(uint64_t of);

/* To a yes/no question: 1 what is meant says yes ("I don't need it" where it is to be cancelled), -1 no, 0 neither. *outright: no mere hint; set unless 0. */
int meanings_side(const struct words *w, const struct words *question, bool *outright);

bool meanings_know(const struct words *w, size_t at); /* a word of the vocabulary, or of a phrase there that stands for nothing ("full of") */
bool meanings_says_nothing(const struct words *w, size_t at); /* a phrase begins there that stands for nothing: "half a year" */
bool meanings_wish(const struct words *w, size_t at); /* one of what people want, have, do or like: what is refused when a "not" stands before it */

/* How many words say there what the question asks for ("scrap it" where it is to be cancelled, "a little" where a part is wanted), or 0. */
size_t meanings_asked_at(const struct words *w, size_t at, const struct words *question);

/* It asks whether there is interest, or for some part: a yes binds to little, and how much comes later. */
bool meanings_binds_little(const struct words *question);

/* How many words there belong to what their clause means: "there" in "I'll be there", and not "Friday" behind it. 0: they are left over. */
size_t meanings_explained_at(const struct words *w, size_t at, const struct words *question);

struct span meanings_clause(const struct words *w, size_t at); /* the clause that holds the word */

/* A "not" stands before the word in its clause, or the clause is an "if". */
bool meanings_doubted(const struct words *w, size_t at);

#endif
