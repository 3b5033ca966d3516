/* A call's blocks as a model gets them, one list of them a test: written by hand, and drawn at random. */
#ifndef LLMKIT_H
#define LLMKIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "providers/llm.h"
#include "redact/redact.h"

enum { KIT_BLOCKS = 256 };

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
	assert_int_equal(redact_data(b->map, text, strlen(text), &(const struct redact_context){ .language = "en-US" }, &r), ERR_NONE);
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
