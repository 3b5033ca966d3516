/* What a call-back may be asked for with, judged alike for a call of the conductor's and one from the terminal. What is returned is why not, for the
 * agent, static; NULL: it is fine. Pure; any thread.
 */
#ifndef CONDUCTOR_CALL_BACK_H
#define CONDUCTOR_CALL_BACK_H

#include <stdint.h>

#include <jansson.h>

#include "conductor/rulebook.h"
#include "data/routes.h"

#define CALL_BACK_OVER "That time is over. Ask for a later one." /* the caller of call_back_when judges that, by his clock */

const char *call_back_number(const char *number, char to[ROUTE_NUMBER_MAX]);

/* Its "day" and "time", which fit the tool's schema; at most so far ahead of `today` as the book says. */
const char *call_back_when(const struct rulebook *book, const json_t *arguments, int32_t today, int32_t *day, int32_t *minute);

#endif
