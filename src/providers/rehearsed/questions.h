/* What a caller asks of his own: which of his words are a question, and which of the rule-book's answers belongs to it.
 *
 * `questions` is a flow's [{"name", "words": [], "text"}]; a question is its place there. English, and Hindi by its question words. Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_QUESTIONS_H
#define PROVIDERS_REHEARSED_QUESTIONS_H

#include <jansson.h>

#include "providers/rehearsed/words.h"

enum { QUESTIONS_AT_ONCE = 3 };

struct questions_asked {
	size_t count;
	int at[QUESTIONS_AT_ONCE]; /* as they were asked, each once */
	bool wishes;               /* one is in the shape of a wish, "can I pay half": it may be an answer as well */
	struct words rest;         /* what was said beside them */
};

/* Those that the book has an answer to; false: there are none. */
bool questions_find(const json_t *questions, const struct words *w, struct questions_asked *out);

/* A sentence, or what stands between two marks, is a question, whatever it asks. */
bool question_is_asked(const struct words *w);
bool question_is_request(const struct words *w); /* the words ask what may be done: "can my wife pay" */
bool question_is_alone(const struct words *w);   /* they ask, and tell nothing: "do I have to go to court?"; a "why", or what was not, tells */

/* "Two thousand, does that stop the reminders?": what stands before a question, and the question, whatever it asks. False: nothing stands before it, there
 * is none, or it asks for no more than leave ("is that okay"). */
bool question_parts(const struct words *w, struct words *before, struct words *asked);

/* "You said forty five hundred, right?": what was said before is to be said again. */
enum read_back {
	READ_BACK_NOT = 0,
	READ_BACK_MAYBE, /* "it's this Friday, right?": unless it is an answer */
	READ_BACK_YOURS, /* "you said", "was it" */
	READ_BACK_MINE   /* "I said", "we agreed" */
};

enum read_back question_reads_back(const struct words *w, bool is_marked); /* is_marked: a question mark ends the words */

#endif
