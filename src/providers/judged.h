/* What adapters say of the options they were given: is a text one word, which one counts, and why one is refused. Pure; texts are borrowed. */
#ifndef PROVIDERS_JUDGED_H
#define PROVIDERS_JUDGED_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* One line of printable ASCII without blanks, 1 to `max` bytes: a key, a model's name. NULL is none. */
static inline bool judged_is_word(const char *text, size_t max)
{
	size_t i;

	for (i = 0; text && text[i] && i <= max; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return text && i && i <= max;
}

static inline const char *judged_or(const char *text, const char *other)
{
	return text && *text ? text : other;
}

/* ERR_USAGE, with the whole detail. `where` and `hint` have no secret in them. */
static inline enum err judged_wrong(struct err_detail *detail, const char *message, const char *where, const char *hint)
{
	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return ERR_USAGE;
}

#endif
