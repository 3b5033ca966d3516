#include "sandbox/openai/chat_read.h"

#include <string.h>

#include "sandbox/lookup.h"

static const char event_open[] = "<event>", event_close[] = "</event>", mistake[] = "The tool failed: ";

/* Up to the line's end, but an event's up to its closing tag. */
static size_t line_len(const char *text)
{
	const char *close = strncmp(text, event_open, sizeof(event_open) - 1) ? NULL : strstr(text, event_close);

	return close ? (size_t)(close - text) + sizeof(event_close) - 1 : strcspn(text, "\n");
}

static void user_read(struct conversation *c, const char *text)
{
	for (size_t len; *text; text += len) {
		len = *text == '\n' ? 1 : line_len(text);
		if (*text != '\n')
			conversation_user(c, text, len);
	}
}

static void uses_read(struct conversation *c, const json_t *message)
{
	const json_t *call;
	size_t i;

	json_array_foreach(json_object_get(message, "tool_calls"), i, call) {
		const json_t *function = json_object_get(call, "function");
		const char *args = text_of(function, "arguments");

		conversation_use(c, text_of(call, "id"), text_of(function, "name"), args, strlen(args));
	}
}

static void text_read(struct conversation *c, const json_t *message, const char *role, const char *text)
{
	size_t len = sizeof(mistake) - 1;
	bool is_error = !strncmp(text, mistake, len);

	if (!strcmp(role, "user"))
		user_read(c, text);
	else if (!strcmp(role, "assistant") && *text)
		conversation_agent(c, text);
	else if (!strcmp(role, "tool"))
		conversation_result(c, text_of(message, "tool_call_id"), is_error ? text + len : text, is_error);
}

enum err chat_read(struct conversation *c, const json_t *messages)
{
	const json_t *message, *part;
	size_t i, k;

	conversation_init(c);
	json_array_foreach((json_t *)(uintptr_t)messages, i, message) {
		const char *role = text_of(message, "role");
		const json_t *content = json_object_get(message, "content");

		if (json_is_string(content))
			text_read(c, message, role, json_string_value(content));
		json_array_foreach((json_t *)(uintptr_t)content, k, part)
			if (!k || strcmp(role, "tool") != 0) /* of a result the first counts */
				text_read(c, message, role, text_of(part, "text"));
		uses_read(c, message);
	}
	return c->err;
}
