/* What sounds like an answer and is none: the "no" before words that show that nothing was refused ("no sorry, I didn't hear you"), and questions about
 * what one has to do ("should I confirm?").
 *
 * English, and the Hindi "no". Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_NO_ANSWER_H
#define PROVIDERS_REHEARSED_NO_ANSWER_H

#include "providers/rehearsed/words.h"

void no_answer_drop_no(struct words *w, const struct words *question); /* takes such a "no" out; what is left is an aside, a question, or says who speaks */
void no_answer_drop_duties(struct words *w); /* takes such questions out; at a question for a yes or an option, and at a reading back */
bool no_is_against_itself(const struct words *w); /* it begins with a "no", and behind it stands a plain wish to go on: "no, still interested" */

/* "No peanuts please" to "Are there any wishes?": the "no" is part of what is told. `question` may be NULL. */
bool no_is_of_thing(const struct words *w, const struct words *question);

#endif
