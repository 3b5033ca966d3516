/* A yes/no question and what is wished beside it: the thing that is to be ended ("I want it" to "Shall I cancel the order?"), or the call that was
 * offered ("please call me"). Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_WISHES_H
#define PROVIDERS_REHEARSED_WISHES_H

#include "providers/rehearsed/words.h"

bool wish_would_end(const struct words *question); /* it offers to cancel something, or to stop */
bool wish_is_against_end(const struct words *w, const struct words *question); /* the thing is wanted, and the question would end it */
bool wish_is_offered_call(const struct words *w, const struct words *question); /* nothing but a wish for the call that the question offers */

#endif
