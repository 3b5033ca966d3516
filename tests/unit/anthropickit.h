/* What goes to Anthropic and what comes from there, as tests write it down: blocks as a model gets them, events of a stream. */
#ifndef ANTHROPICKIT_H
#define ANTHROPICKIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "providers/llm.h"
#include "redact/redact.h"

enum { KIT_BLOCKS = 256 };

/* ---- events of a stream ---- */

#define EVENT(json) "data: " json "\n\n"
#define BLOCK(i, block) EVENT("{\"type\":\"content_block_start\",\"index\":" #i ",\"content_block\":{" block "}}")
#define DELTA(i, delta) EVENT("{\"type\":\"content_block_delta\",\"index\":" #i ",\"delta\":{" delta "}}")
#define START EVENT("{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":41," \
	"\"cache_creation_input_tokens\":30,\"cache_read_input_tokens\":2310,\"output_tokens\":1}}}")
#define TEXT(i) BLOCK(i, "\"type\":\"text\",\"text\":\"\"")
#define SAYS(i, text) DELTA(i, "\"type\":\"text_delta\",\"text\":\"" text "\"")
#define TOOL(i, name) BLOCK(i, "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"" name "\",\"input\":{}")
#define ARGS(i, json) DELTA(i, "\"type\":\"input_json_delta\",\"partial_json\":\"" json "\"")
#define STOP(i) EVENT("{\"type\":\"content_block_stop\",\"index\":" #i "}")
#define ENDS(why) EVENT("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" why "\"},\"usage\":{\"output_tokens\":38}}") \
	EVENT("{\"type\":\"message_stop\"}")

/* ---- blocks ---- */

struct blocks {
	struct redact_map *map;
	struct llm_block at[KIT_BLOCKS];
	size_t count;
};

static inline void blocks_init(struct blocks *b)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(redact_map_new(&b->map), ERR_NONE);
}

static inline void blocks_fini(struct blocks *b)
{
	size_t i;

	for (i = 0; i < b->count; i++)
		redacted_free((struct redacted **)(uintptr_t)&b->at[i].text);
	redact_map_free(&b->map);
	b->count = 0;
}

static inline struct llm_block *block_add(struct blocks *b, enum block_type type, const char *text)
{
	struct llm_block *at = &b->at[b->count++];
	struct redacted *r;

	assert_true(b->count <= KIT_BLOCKS);
	assert_int_equal(redact_data(b->map, text, strlen(text), "en-US", &r), ERR_NONE);
	*at = (struct llm_block){ .type = type, .text = r };
	return at;
}

static inline void block_add_tool(struct blocks *b, enum block_type type, uint32_t turn, uint32_t index, uint32_t status, const char *name, const char *text)
{
	struct llm_block *at = block_add(b, type, text);

	at->turn = turn;
	at->index = index;
	at->status = status;
	at->name = name;
	at->name_len = name ? strlen(name) : 0;
}

#endif
