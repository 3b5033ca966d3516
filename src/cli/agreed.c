#include "cli/agreed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/wording.h"
#include "cli/book.h"
#include "conductor/dial.h"

/* The machine's clock says which times of today are over, also where `--var today` makes it another day. */
static const char *due_judge(const struct rulebook *book, const char *day_text, const char *time_text, int32_t today)
{
	int32_t day, minute;

	if (!day_parse(day_text, strlen(day_text), &day) || !minute_parse(time_text, strlen(time_text), &minute))
		return "The day is to be written as 2026-01-31 and the time as 15:30.";
	if (day > today + (int32_t)rulebook_callback_days(book))
		return "That is too far ahead. Offer a sooner day.";
	if (day < today || (day == today && book_moment(book_today(), minute) <= (int64_t)time(NULL)))
		return "That time is over. Ask for a later one.";
	return NULL;
}

static const char *call_back(struct agreed *a, const struct rulebook *book, const json_t *arguments, int32_t today)
{
	const char *number = json_string_value(json_object_get(arguments, "number"));
	const char *day = json_string_value(json_object_get(arguments, "day")), *time_text = json_string_value(json_object_get(arguments, "time")), *why;
	struct err_detail detail = { .message = "" };
	char to[ROUTE_NUMBER_MAX] = "";

	if (number && dial_number(number, to, &detail))
		return "That is no phone number with its country. Ask for it again.";
	why = due_judge(book, day, time_text, today);
	if (why)
		return why;
	memcpy(a->number, to, sizeof(to));
	snprintf(a->day, sizeof(a->day), "%s", day);
	snprintf(a->time, sizeof(a->time), "%s", time_text);
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
	if (!strcmp(tool->name, RULEBOOK_KEYS_TOOL))
		return NULL; /* the call itself has played them */
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
