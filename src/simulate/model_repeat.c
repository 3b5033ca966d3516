/* A model that asks again for what it has asked for: for the tool whose result it has just got (llm-repeat), or, turns later, for a change of which
 * nobody knows what it did (llm-again). Each once, and of each tool only what was asked for once. */
#include <string.h>

#include "redact/redact.h"
#include "simulate/model.h"
#include "simulate/scene.h"

/* The event that tells of it says so. */
static bool event_unknown(const struct llm_block *use, const struct llm_block *blocks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (blocks[i].type == BLOCK_EVENT && blocks[i].turn == use->turn && blocks[i].index == use->index &&
			memmem(redacted_text(blocks[i].text), redacted_len(blocks[i].text), EVENT_UNKNOWN, sizeof(EVENT_UNKNOWN) - 1))
			return true;
	return false;
}

/* Nobody knows what became of that use, or will before its deadline. (When it ends while the model writes, it may be done again: that is
 * a new turn's wish then, as far as one can tell.) */
static bool use_open(const struct model *m, const struct llm_block *use, const struct llm_block *blocks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (blocks[i].type == BLOCK_TOOL_RESULT && blocks[i].turn == use->turn && blocks[i].index == use->index)
			return blocks[i].status == TOOL_UNKNOWN || event_unknown(use, blocks, count) || conductor_outlasts(&m->scene->conductor, use->turn, use->index);
	return false;
}

/* It was asked for once. */
static bool use_only(const struct llm_block *use, const struct llm_block *blocks, size_t count)
{
	size_t uses = 0, i;

	for (i = 0; i < count; i++)
		uses += blocks[i].type == BLOCK_TOOL_USE && blocks[i].name_len == use->name_len && !memcmp(blocks[i].name, use->name, use->name_len);
	return uses == 1;
}

/* What may be asked for again in a later turn: the last change of which nobody knows what it did. NULL: nothing. */
static const struct llm_block *open_find(const struct model *m, const struct llm_block *blocks, size_t count)
{
	const struct script_tool *tool;
	size_t i = count;

	while (i > 0 && blocks[i - 1].type != BLOCK_CALLER)
		i--;
	for (; i > 0; i--) {
		const struct llm_block *use = &blocks[i - 1];

		if (use->type != BLOCK_TOOL_USE)
			continue;
		tool = script_tool_find(m->scene->script, use->name, use->name_len);
		if (tool && tool->changes && use_open(m, use, blocks, count))
			return use;
	}
	return NULL;
}

/* The tool whose result it has just got. */
static const struct llm_block *use_last(const struct llm_block *blocks, size_t count)
{
	while (count > 0 && blocks[count - 1].type != BLOCK_TOOL_USE)
		count--;
	return count ? &blocks[count - 1] : NULL;
}

void model_repeat(struct llm_answer *a, const struct llm_block *blocks, size_t count)
{
	struct model *m = a->model;
	bool just = count && blocks[count - 1].type == BLOCK_TOOL_RESULT;
	enum fault fault = just ? FAULT_LLM_REPEAT : FAULT_LLM_AGAIN;
	const struct llm_block *use = NULL;
	const struct script_tool *tool;

	if (m->scene->plan.armed & FAULT_BIT(fault))
		use = just ? use_last(blocks, count) : open_find(m, blocks, count);
	tool = use ? script_tool_find(m->scene->script, use->name, use->name_len) : NULL;
	if (!tool || !use_only(use, blocks, count) || redacted_len(use->text) >= MODEL_ARGS ||
		!fault_strikes(&m->scene->plan, fault, m->scene->world.now_us))
		return;
	a->reply.len = 0;
	a->reply.tool_count = 1;
	a->reply.tools[0].name = tool->name;
	memcpy(a->reply.tools[0].args, redacted_text(use->text), redacted_len(use->text) + 1);
}
