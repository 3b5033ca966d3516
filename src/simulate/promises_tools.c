/* Checks of tools: P01, P02's pairs, P03. Reads the conductor's ledger, the requests as the model got them, and when the caller spoke. */
#include <string.h>

#include "simulate/promises_parts.h"
#include "simulate/scene.h"

enum { SPOKE_DURING = 1, SPOKE_AFTER = 2, SHOWN = 4, COUNTED_DURING = 8, COUNTED_AFTER = 16 };

static uint32_t entry_place(const struct judge *j, const struct ledger_entry *e)
{
	return (uint32_t)(e - j->scene->conductor.ledger);
}

/* ---- P01, P02, P03: tools and what the model is shown of them -------------------------------------------------------
 *
 * P01: after a result was told to the worker, every request to the model holds the pair of that tool's use and result, and
 *      the result's own words (in the result, or in an event when the conversation had gone on). Exercised by a caller whose
 *      voice begins within 500 ms after the result, by the next request. Exempt: the words, when the result came after the tool's own deadline.
 *      And: no change takes effect twice under one name and arguments.
 * P02: in every request each use has exactly one result, behind it, and no result stands alone. Exercised by each request
 *      with a use. And: a turn that ended while a tool ran is answered, or filled, within eight seconds. Exempt: faults of
 *      the model or the voice within five seconds, and the caller going on.
 * P03: nobody stops listening to a tool that runs while the call is on; its result is in the next request, as P01 says.
 *      Exercised by a caller who speaks, or whose words are understood, while a tool runs, by the next request that has its result. */

static bool holds_text(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	size_t i;

	for (i = 0; i < count; i++)
		if ((blocks[i].type == BLOCK_EVENT || blocks[i].type == BLOCK_TOOL_RESULT) && blocks[i].text_len >= e->text_len &&
			memmem(blocks[i].text, blocks[i].text_len, e->text, e->text_len))
			return true;
	return false;
}

static bool holds_pair(const struct request_block *blocks, size_t count, const struct ledger_entry *e)
{
	bool use = false, result = false;
	size_t i;

	for (i = 0; i < count; i++) {
		if (blocks[i].turn != e->turn || blocks[i].index != e->index)
			continue;
		use = use || blocks[i].type == BLOCK_TOOL_USE;
		result = result || blocks[i].type == BLOCK_TOOL_RESULT;
	}
	return use && result;
}

static void result_shown(struct judge *j, uint32_t i, const struct request_block *blocks, size_t count)
{
	const struct ledger_entry *e = &j->scene->conductor.ledger[i];
	bool late = j->tool_told_us[i] > e->asked_us + (uint64_t)j->scene->settings.tool_timeout_ms * MS_US - 50 * MS_US;
	bool whole = holds_pair(blocks, count, e) && (late || holds_text(blocks, count, e));
	uint8_t *flags = &j->tool_flags[i];

	if (*flags & SPOKE_AFTER && !(*flags & COUNTED_AFTER))
		judge_exercise(j, P01);
	if (*flags & SPOKE_DURING && !(*flags & COUNTED_DURING))
		judge_exercise(j, P03);
	*flags |= (uint8_t)((*flags & SPOKE_AFTER ? COUNTED_AFTER : 0) | (*flags & SPOKE_DURING ? COUNTED_DURING : 0));
	if (whole || (*flags & SHOWN))
		return;
	*flags |= SHOWN; /* say it once */
	if (*flags & SPOKE_DURING)
		judge_fail(j, P03, "the result of %.*s, which ran while the caller spoke, is not in the next request", (int)e->name_len, e->name);
	if (!(*flags & SPOKE_DURING) || !holds_pair(blocks, count, e))
		judge_fail(j, P01, "the result of %.*s (turn %u) is not in the next request", (int)e->name_len, e->name, e->turn);
}

void judge_tools_paired(struct judge *j, const struct llm_block *blocks, size_t count)
{
	size_t i, k;
	bool any = false;

	for (i = 0; i < count; i++) {
		uint32_t results = 0, before = 0;

		if (blocks[i].type != BLOCK_TOOL_USE && blocks[i].type != BLOCK_TOOL_RESULT)
			continue;
		any = true;
		for (k = 0; k < count; k++) {
			bool same = k != i && blocks[k].turn == blocks[i].turn && blocks[k].index == blocks[i].index;

			results += same && k > i && blocks[k].type == BLOCK_TOOL_RESULT;
			before += same && k < i && blocks[k].type == BLOCK_TOOL_USE;
		}
		if (blocks[i].type == BLOCK_TOOL_USE ? results != 1 : before != 1)
			judge_fail(j, P02, "a request has %u results for the use of turn %u, index %u", results, blocks[i].turn, blocks[i].index);
	}
	if (any)
		judge_exercise(j, P02);
}

void judge_tools_shown(struct judge *j, const struct request_block *blocks, size_t count)
{
	uint32_t i;

	for (i = 0; i < j->scene->conductor.ledger_count && i < 256; i++)
		if (j->tool_told_us[i])
			result_shown(j, i, blocks, count);
}

void judge_tool_told(struct judge *j, const struct ledger_entry *e)
{
	uint32_t i = entry_place(j, e);

	if (i < 256)
		j->tool_told_us[i] = judge_now(j);
	j->told_us = judge_now(j);
}

void judge_tool_cancelled(struct judge *j, const struct ledger_entry *e)
{
	if (!j->ended && !e->settled)
		judge_fail(j, P03, "nobody listens to %.*s any more while it runs", (int)e->name_len, e->name);
}

void judge_tools_words(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i;

	for (i = 0; i < c->ledger_count && i < 256; i++)
		if (!c->ledger[i].settled)
			j->tool_flags[i] |= SPOKE_DURING;
}

void judge_tools_spoken_over(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint64_t now = judge_now(j);
	uint32_t i;

	judge_tools_words(j);
	for (i = 0; i < c->ledger_count && i < 256; i++)
		if (j->tool_told_us[i] && now - j->tool_told_us[i] <= 500 * MS_US)
			j->tool_flags[i] |= SPOKE_AFTER;
}

void judge_effects_end(struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	for (i = 0; i < c->ledger_count; i++) {
		const struct ledger_entry *a = &c->ledger[i];
		uint32_t effects = a->effects;

		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (b->name_len == a->name_len && b->args_len == a->args_len && !memcmp(a->name, b->name, a->name_len) &&
				!memcmp(a->args, b->args, a->args_len))
				effects += b->effects;
		}
		if (a->changes && effects > 1)
			judge_fail(j, P01, "%.*s took effect %u times", (int)a->name_len, a->name, effects);
	}
}

bool judge_asked_twice(const struct judge *j)
{
	const struct conductor *c = &j->scene->conductor;
	uint32_t i, k;

	for (i = 0; i < c->ledger_count && i < 256; i++) {
		const struct ledger_entry *a = &c->ledger[i];

		if (!j->tool_told_us[i] || judge_now(j) > j->tool_told_us[i] + 30 * S_US)
			continue;
		for (k = 0; k < i; k++) {
			const struct ledger_entry *b = &c->ledger[k];

			if (b->name_len == a->name_len && b->args_len == a->args_len && !memcmp(a->name, b->name, a->name_len) &&
				!memcmp(a->args, b->args, a->args_len))
				return true;
		}
	}
	return false;
}
