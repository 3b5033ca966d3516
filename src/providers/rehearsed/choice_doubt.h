/* What stands around an option that was named: what says nothing and is taken out before ("go ahead with the cheaper one"), and what leaves the option in
 * doubt ("I can fix it myself", "I used to rent it"). Pure, any thread.
 */
#ifndef PROVIDERS_REHEARSED_CHOICE_DOUBT_H
#define PROVIDERS_REHEARSED_CHOICE_DOUBT_H

#include "providers/rehearsed/understand.h"

void choice_trim(const struct expect *e, struct words *w); /* leaves what names the option */

/* It was understood to be `a`, and yet is none: somebody else does it, it is past, it is denied. `question` may be NULL. */
bool choice_is_in_doubt(const struct expect *e, const struct words *w, const struct words *question, const struct answer *a);

/* The option is only meant, and that by nothing but a day or a week: "can I bring it in next week?" is no "remind me later". */
bool choice_is_mere_day(const struct expect *e, const struct words *w, const struct answer *a);

/* Somebody else does what the question offers to do: "my brother will fix it". */
bool is_done_by_other(const struct words *w, const struct words *question);

#endif
