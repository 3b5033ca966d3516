#include "conductor/call_back.h"

#include <string.h>

#include "base/wording.h"
#include "conductor/dial.h"

const char *call_back_number(const char *number, char to[ROUTE_NUMBER_MAX])
{
	struct err_detail detail = { .message = "" };

	return dial_number(number, to, &detail) ? "That is no phone number with its country. Ask for it again." : NULL;
}

const char *call_back_when(const struct rulebook *book, const json_t *arguments, int32_t today, int32_t *day, int32_t *minute)
{
	const char *day_text = json_string_value(json_object_get(arguments, "day")), *time_text = json_string_value(json_object_get(arguments, "time"));

	if (!day_parse(day_text, strlen(day_text), day) || !minute_parse(time_text, strlen(time_text), minute))
		return "The day is to be written as 2026-01-31 and the time as 15:30.";
	if (*day > today + (int32_t)rulebook_callback_days(book))
		return "That is too far ahead. Offer a sooner day.";
	return NULL;
}
