#include "cli/agreed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "cli/book.h"
#include "conductor/call_back.h"

/* The machine's clock says which times of today are over, also where `--var today` makes it another day. */
static const char *due_judge(const struct rulebook *book, const json_t *arguments, int32_t today)
{
	int32_t day, minute;
	const char *why = call_back_when(book, arguments, today, &day, &minute);

	if (!why && (day < today || (day == today && book_moment(book_today(), minute) <= (int64_t)time(NULL))))
		why = CALL_BACK_OVER;
	return why;
}

static const char *call_back(struct agreed *a, const struct rulebook *book, const json_t *arguments, int32_t today)
{
	const char *number = json_string_value(json_object_get(arguments, "number"));
	char to[ROUTE_NUMBER_MAX] = "";
	const char *why = number ? call_back_number(number, to) : NULL;

	if (!why)
		why = due_judge(book, arguments, today);
	if (why)
		return why;
	memcpy(a->number, to, sizeof(to));
	snprintf(a->day, sizeof(a->day), "%s", json_string_value(json_object_get(arguments, "day")));
	snprintf(a->time, sizeof(a->time), "%s", json_string_value(json_object_get(arguments, "time")));
	return NULL;
}

const char *agreed_do(struct agreed *a, const struct rulebook *book, const struct rulebook_tool *tool, const json_t *arguments, int32_t today)
{
	if (rulebook_tool_check(book, tool->name, arguments, NULL))
		return NULL;
	if (!strcmp(tool->name, RULEBOOK_CALLBACK_TOOL))
		return call_back(a, book, arguments, today);
	if (!strcmp(tool->name, RULEBOOK_OUTCOME_TOOL)) {
		snprintf(a->outcome, sizeof(a->outcome), "%s", json_string_value(json_object_get(arguments, "outcome")));
		return NULL;
	}
	if (!strcmp(tool->name, RULEBOOK_KEYS_TOOL) || !strcmp(tool->name, RULEBOOK_LANGUAGE_TOOL))
		return NULL; /* the call itself has done it */
	return "This is a call from the terminal, with no carrier behind it that could do that. Nothing was done.";
}

void agreed_text(const struct agreed *a, struct buf *out)
{
	if (*a->day)
		buf_printf(out, "call-back due %s %s, %s (nobody is called from the terminal)\n", a->day, a->time, *a->number ? a->number : "the number that was called");
}

void agreed_json(const struct agreed *a, struct buf *out)
{
	json_put_key(out, "callback");
	if (!*a->day) {
		json_put_null(out);
		return;
	}
	json_open(out, '{');
	json_pair_string(out, "day", a->day);
	json_pair_string(out, "time", a->time);
	json_pair_string(out, "number", *a->number ? a->number : NULL);
	json_close(out, '}');
}
