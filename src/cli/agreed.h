/* What was agreed on in a call from the terminal by the tools that `serve` carries out itself (a book's `may`): the outcome that was noted, and the
 * call-back that would be placed. Judged as `serve` judges it; nobody is called. What needs a carrier is refused. Main thread.
 */
#ifndef CLI_AGREED_H
#define CLI_AGREED_H

#include <jansson.h>

#include "base/brief.h"
#include "base/buf.h"
#include "conductor/rulebook.h"
#include "data/routes.h"

struct agreed {
	char outcome[BRIEF_NAME_MAX + 1]; /* the last that was noted, or "" */
	char day[11], time[6];            /* of the call-back that was agreed on last, or "" */
	char number[ROUTE_NUMBER_MAX];    /* its number, where one was named: else it is the one that was called */
};

/* Does what the built-in tool does; `today` is the call's day. Why it cannot be, for the agent; NULL: it is done, or the arguments do not fit the tool's
 * schema, which is for the toolbox to say. The text is static. */
const char *agreed_do(struct agreed *a, const struct rulebook *book, const struct rulebook_tool *tool, const json_t *arguments, int32_t today);

void agreed_text(const struct agreed *a, struct buf *out); /* "call-back due …", a line; nothing without one */
void agreed_json(const struct agreed *a, struct buf *out); /* the member "callback" of an open object: {"day", "time", "number"}, or null */

#endif
