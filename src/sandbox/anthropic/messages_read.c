#include "sandbox/anthropic/messages_read.h"

#include <stdlib.h>
#include <string.h>

#include "sandbox/lookup.h"

static void use_read(struct conversation *c, const json_t *block)
{
	char *input = json_dumps(json_object_get(block, "input"), JSON_COMPACT);

	if (input)
		conversation_use(c, text_of(block, "id"), text_of(block, "name"), input, strlen(input));
	free(input);
}

/* A result is a text, or a list of texts: the first counts. */
static void result_read(struct conversation *c, const json_t *block)
{
	const json_t *content = json_object_get(block, "content");
	const char *text = json_is_array(content) ? text_of(json_array_get(content, 0), "text") : json_string_value(content);

	conversation_result(c, text_of(block, "tool_use_id"), text ? text : "", json_is_true(json_object_get(block, "is_error")));
}

static void text_read(struct conversation *c, const char *role, const char *text)
{
	if (!strcmp(role, "assistant"))
		conversation_agent(c, text);
	else
		conversation_user(c, text, strlen(text));
}

static void block_read(struct conversation *c, const char *role, const json_t *block)
{
	const char *type = text_of(block, "type"), *text = text_of(block, "text");

	if (!strcmp(type, "tool_use"))
		use_read(c, block);
	else if (!strcmp(type, "tool_result"))
		result_read(c, block);
	else if (text)
		text_read(c, role, text);
}

enum err messages_read(struct conversation *c, const json_t *messages)
{
	const json_t *message, *block;
	size_t i, k;

	conversation_init(c);
	json_array_foreach((json_t *)(uintptr_t)messages, i, message) {
		const char *role = text_of(message, "role");
		const json_t *content = json_object_get(message, "content");

		if (json_is_string(content))
			text_read(c, role, json_string_value(content));
		json_array_foreach((json_t *)(uintptr_t)content, k, block)
			block_read(c, role, block);
	}
	return c->err;
}
