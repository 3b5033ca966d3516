/* What a message of the model's asks for: each tool that it uses is run, refused, answered from before, or ends the call (edges a and b of tools.c).
 *
 * Each use enters the history with its result, which is filled at once or waits there for tool_settle. The keys that a tool presses are judged here,
 * the secret number that one takes in take.c; the result of a tool that is refused says why.
 */
#include "voice/tools.h"

#include <string.h>

#include "base/json_scan.h"

/* The result of the same change: with an outcome that nobody knows, or did when it was told (who reads "unknown" may ask again for what was done),
 * or not yet; else of the first that was asked for in this turn, or that ended behind the model's back. NULL when it is new. */
static struct item *tool_done_before(struct call *call, const struct gen_tool *request)
{
	struct dialogue *d = &call->dialogue;
	struct item *found = NULL;
	uint32_t i;

	for (i = d->item_count; i > 0; i--) {
		struct item *use = &d->items[i - 1], *result;

		if (!(use->flags & ITEM_CHANGES) || !tool_use_same(call, use, request->name, request->args))
			continue;
		result = tool_result_of(call, i - 1);
		if (!result)
			continue;
		if ((result->status == TOOL_UNKNOWN && !(result->flags & ITEM_UNDONE)) || (result->flags & ITEM_PENDING))
			return result;
		if (use->turn >= d->turn - d->asides || (result->flags & (ITEM_UNSEEN | ITEM_NEWS)))
			found = result;
		if (found && call->settings.call_rules < 4)
			return found;
	}
	return found;
}

/* The keys among the arguments, at most `size`; 0: there are none, or something else. */
static size_t keys_find(const struct call *call, struct text args, char *keys, size_t size)
{
	struct json_scan scan;
	struct json_item item;
	size_t len = 0, i;

	json_scan_init(&scan, call_text(call, args), args.len);
	while (json_scan_next(&scan, &item) != JSON_SCAN_END)
		if (item.kind == JSON_SCAN_STRING && item.depth == 1 && json_item_is(&item, "digits") && json_scan_text(&item, keys, size, &len))
			return 0;
	for (i = 0; i < len; i++)
		if (!memchr("0123456789*#ABCD", keys[i], 16))
			return 0;
	return scan.err ? 0 : len;
}

/* Why they are not being sent; NULL: they are. */
static const char *keys_send(struct call *call, struct text args)
{
	char keys[BRIEF_KEYS_MAX];
	size_t len = keys_find(call, args, keys, sizeof(keys)), i;

	if (!len)
		return "digits are 1 to 32 of 0 to 9, * and #; nothing was sent";
	for (i = 0; i < TOOLS_MAX; i++)
		if (tool_is_keys(call, &call->dialogue.tools[i]))
			return "other keys are being sent; these were not";
	return speech_keys(call, keys, len) ? NULL : "too much is being said; nothing was sent";
}

static struct tool *tool_slot(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (!call->dialogue.tools[i].state)
			return &call->dialogue.tools[i];
	return NULL;
}

/* Use and result enter the history together; returns the result's place. */
static uint32_t tool_history(struct call *call, const struct gen_tool *request, uint32_t use_at, bool changes)
{
	struct dialogue *d = &call->dialogue;
	uint32_t index = d->tool_index++;
	struct item use = { .type = BLOCK_TOOL_USE, .turn = d->turn, .index = index, .name = request->name, .text = request->args };
	struct item result = { .type = BLOCK_TOOL_RESULT, .flags = ITEM_PENDING, .turn = d->turn, .index = index };

	use.flags = changes ? ITEM_CHANGES : 0;
	history_insert(call, use_at, &use);
	return history_insert(call, history_end(call), &result);
}

static void tool_refuse(struct call *call, uint32_t item, const char *why)
{
	tool_result_fill(call, item, TOOL_ERROR, call_keep_str(call, why));
	call->dialogue.need_answer = true;
}

static void tool_run(struct call *call, const struct brief_tool *known, const struct gen_tool *request, uint32_t item)
{
	struct tool *t = tool_slot(call);
	int64_t timeout = known->takes ? call->settings.take_total_ms + TAKEN_MS : known->timeout_ms ? known->timeout_ms : call->settings.tool_timeout_ms;
	const char *why = !t ? "too many tools at once, ask again later" : known->keys ? keys_send(call, request->args) : NULL;

	if (!why && known->takes)
		why = take_begin(call, request->args);

	if (why) {
		tool_refuse(call, item, why);
		return;
	}
	*t = (struct tool){ .state = TOOL_RUNNING, .changes = known->changes, .item = item, .timeout_ms = (uint32_t)timeout };
	t->turn = call->dialogue.items[item].turn;
	t->index = call->dialogue.items[item].index;
	t->name = request->name;
	t->args = request->args;
	t->detach_us = call->now_us + (uint64_t)call->settings.tool_detach_ms * 1000;
	t->deadline_us = call->now_us + (uint64_t)timeout * 1000;
	t->moves = known->moves;
	t->waits = known->moves || known->takes;
	if (t->waits)
		t->detach_us = t->deadline_us; /* the agent is saying what is to be said meanwhile */
	else if (!tool_is_keys(call, t))
		tool_send(call, t);
}

/* The call goes on in another language, from here on. */
static void tool_speak(struct call *call, struct text args, uint32_t item)
{
	enum tool_status status;
	struct text told = language_switch(call, args, &status);

	tool_result_fill(call, item, status, told);
	call->dialogue.need_answer = true;
}

static void tool_repeat(struct call *call, const struct item *before, uint32_t item, struct text name)
{
	struct item done = *before;

	call_note_text(call, NOTE_TOOL_REPEAT, call->dialogue.items[item].index, 0, name);
	if (done.flags & ITEM_PENDING)
		tool_result_fill(call, item, TOOL_OK, call_keep_str(call, "already under way, the result will follow"));
	else if (done.flags & ITEM_LATE)
		tool_result_fill(call, item, TOOL_OK, call_keep_str(call, "asked for before; its result has come meanwhile, not done again"));
	else if (done.status == TOOL_UNKNOWN)
		tool_result_fill(call, item, TOOL_UNKNOWN, call_keep_str(call, "asked for before, the outcome is not known; not done again"));
	else if (done.flags & ITEM_UNSEEN || (call->settings.call_rules >= 4 && history_put_off(call, &done)))
		tool_result_fill(call, item, (enum tool_status)done.status, call_keep_str(call, "asked for before; its result has come meanwhile, not done again"));
	else
		tool_result_fill(call, item, (enum tool_status)done.status, done.text);
	call->dialogue.need_answer = true;
}

static void tool_take(struct call *call, const struct gen_tool *request, uint32_t use_at, bool spoke)
{
	const struct brief_tool *tool = tool_known(call, request->name);
	bool changes = tool && tool->changes;
	struct item *before = changes ? tool_done_before(call, request) : NULL;
	struct item done = before ? *before : (struct item){ 0 };
	uint32_t item = tool_history(call, request, use_at, changes);

	if (call->err)
		return;
	if (!tool || (tool->speaks && call->settings.call_rules < 4))
		tool_refuse(call, item, "there is no such tool");
	else if (tool->ends)
		tool_result_fill(call, item, TOOL_OK, call_keep_str(call, "the call ends when this is said"));
	else if (tool->speaks)
		tool_speak(call, request->args, item);
	else if (before)
		tool_repeat(call, &done, item, request->name);
	else
		tool_run(call, tool, request, item);
	if (tool && tool->ends && call->settings.call_rules < 4)
		quiet_end(call, END_AGENT, false, !spoke);
}

/* One that the end waits for: of a machine nobody waits for what was read. */
static bool tool_holds(const struct call *call, const struct tool *t)
{
	return t->state && (t->changes || !answerer_machine(call));
}

static bool any_holds(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (tool_holds(call, &call->dialogue.tools[i]))
			return true;
	return false;
}

/* The agent has said all that he can say without them: he waits with the caller, who hears fillers, and is not asked again before they are there, unless
 * the caller takes another turn (tools_turn). */
static void tools_wait(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &call->dialogue.tools[i];

		if (!tool_holds(call, t) || t->waits)
			continue;
		t->state = TOOL_RUNNING;
		t->detach_us = t->deadline_us;
	}
}

/* A result that no request has had, and that would be lost with the call. */
static bool result_untold(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = 0; i < d->item_count && guarded(call, GUARD_P03); i++)
		if (d->items[i].type == BLOCK_TOOL_RESULT && d->items[i].flags & (ITEM_UNSEEN | ITEM_NEWS))
			return true;
	return false;
}

/* The agent's last words, unless the caller would never hear what came of what he asked for. Each result holds the end up once: while it is open, which
 * its deadline ends, and for the one request that has it. */
static void end_take(struct call *call, uint32_t use, bool spoke)
{
	bool untold = result_untold(call);
	struct item *result = tool_result_of(call, use);

	if (!result || (!untold && !any_holds(call))) {
		quiet_end(call, END_AGENT, false, !spoke && !call->quiet.parted);
		return;
	}
	call->quiet.parted |= spoke;
	result->text = call_keep_str(call, call->quiet.parted ? "not yet, the result will follow: tell it, then end the call, without the same goodbye again"
							      : "not yet, the result will follow: tell it, then end the call");
	tools_wait(call);
	call->dialogue.need_answer = untold;
}

static bool tool_ends(const struct call *call, const struct gen_tool *request)
{
	const struct brief_tool *tool = tool_known(call, request->name);

	return tool && tool->ends;
}

bool tools_change(const struct call *call)
{
	const struct gen *g = &call->dialogue.gen;
	const struct brief_tool *tool;
	uint32_t i;

	for (i = 0; i < g->tool_count; i++) {
		tool = tool_known(call, g->tools[i].name);
		if (tool && tool->changes)
			return true;
	}
	return false;
}

/* All uses of one message stand together, all results behind them. */
void tools_commit(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen_tool tools[GEN_TOOLS_MAX];
	uint32_t count = d->gen.tool_count, first = history_end(call), i;
	bool spoke = d->gen.spoke;

	memcpy(tools, d->gen.tools, sizeof(tools));
	dialogue_clear(call);
	for (i = 0; i < count; i++)
		tool_take(call, &tools[i], first + i, spoke);
	for (i = 0; i < count && call->settings.call_rules >= 4 && !call->err; i++)
		if (tool_ends(call, &tools[i]))
			end_take(call, first + i, spoke);
	tools_filler_start(call);
	tools_filler_hurry(call);
	tools_timer(call);
}
