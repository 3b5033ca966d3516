/* The calls of tests/vectors: blocks and the kind of a request, from their JSON. */
#ifndef LLMVECTORS_H
#define LLMVECTORS_H

#include "llmkit.h"

#include <jansson.h>

static inline void vector_blocks(struct blocks *to, const json_t *list)
{
	static const char *const types[] = { "", "caller", "agent", "use", "result", "event" };
	static const char *const statuses[] = { "ok", "error", "unknown" };
	const json_t *one;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, one) {
		const char *type = json_string_value(json_object_get(one, "type")), *status = json_string_value(json_object_get(one, "status"));
		unsigned int kind = BLOCK_CALLER, outcome = TOOL_OK;

		while (kind < BLOCK_EVENT && strcmp(types[kind], type) != 0)
			kind++;
		while (status && outcome < TOOL_UNKNOWN && strcmp(statuses[outcome], status) != 0)
			outcome++;
		block_add_tool(to, (enum block_type)kind, (uint32_t)json_integer_value(json_object_get(one, "turn")),
			(uint32_t)json_integer_value(json_object_get(one, "index")), outcome, json_string_value(json_object_get(one, "name")),
			json_string_value(json_object_get(one, "text")));
	}
}

static inline enum ask_kind vector_kind(const char *name)
{
	return name && !strcmp(name, "continue") ? ASK_CONTINUE : name && !strcmp(name, "ahead") ? ASK_AHEAD : ASK_PLAIN;
}

#endif
