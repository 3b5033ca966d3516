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

#endif
