/* Inside the sandbox: is a word one of those that a vendor knows, and what text stands in an object of JSON. Both borrow what they are given.
 * Any thread. */
#ifndef SANDBOX_LOOKUP_H
#define SANDBOX_LOOKUP_H

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

/* `list` ends with NULL. */
static inline bool list_has(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

/* The object's own; NULL: there is none, or it is no text. */
static inline const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

#endif
