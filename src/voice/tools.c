/* The tools an agent's answer asked for.
 *
 *   ┌───────────┐   a   ┌─────────┐   c   ┌──────────┐
 *   │ asked for │ ────► │ RUNNING │ ────► │ DETACHED │
 *   └───────────┘       │         │ ◄──── │          │
 *         │             └─────────┘   e   └──────────┘
 *         │ b             │ d └─┘ e         │ d
 *         │               ▼                 │
 *         │             ┌─────────┐         │
 *         └───────────► │ settled │ ◄───────┘
 *                       └─────────┘
 *
 *   a  the message is complete and released             tools_commit: tool_take: tool_run
 *   a' … of one that takes the caller away: waits, RUNNING,  tools_move: tool_send
 *      until nobody is heard any more
 *   a" … of one that takes a secret number by keypad:   tool_run: take_begin (take.c); tools_taken: tool_send
 *      waits, RUNNING, until it is keyed in
 *   b  unknown · too many at once · a change that was   tools_commit: tool_take: tool_refuse · tool_run: tool_refuse ·
 *      asked for before · the tool that ends the call   tool_repeat · result_fill, and end_take: quiet_end (quiet.c)
 *   b" the tool that changes the language              tools_commit: tool_take: tool_speak: language_switch (language.c), result_fill
 *   b' … while a change is open, or a result is there   tools_commit: end_take: result_fill; the call goes on: with the result the
 *      that no request has had: it ends nothing yet     model is asked once more (dialogue_advance), and may end it then
 *   c  it takes longer than detach_ms: the agent goes   dialogue_timer (TIMER_TOOL): tools_due
 *      on without it
 *   d  its result · its deadline                        tools_result: tool_settle · tools_due: tool_overdue: tool_settle
 *   e  another worker asks again, under the same key    dialogue_attached: tools_attached: tool_send
 *
 * Use and result enter the history together; until it is settled the result reads "still running". A deadline settles a tool as
 * failed, or as unknown if it changes something. One that the agent has gone on without is told as an event, at the
 * end: behind whatever comes of a request that did not have it (history_end). So is a change that was settled as unknown, and a read that was settled
 * as failed by its deadline, when its result comes after all: once, with the next request that is made for another reason (tool_late). What changes
 * something is never dispatched twice with the same arguments in a turn, nor ever again while its outcome is open. Nothing the caller says cancels
 * what was dispatched.
 */
#include "voice/call_state.h"

#include <string.h>

#include "base/json_scan.h"

enum { WAIT_AGAIN_US = 4000000, WAIT_AGAIN_OLD_US = 5000000, TAKEN_MS = 10000 };

bool tools_running(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state == TOOL_RUNNING)
			return true;
	return false;
}

/* It waits for the caller's keys. */
static bool is_taking(const struct tool *t)
{
	return t->state && t->waits && !t->moves;
}

/* One that the caller waits for, and not it for him. */
static bool tools_work(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state == TOOL_RUNNING && !is_taking(&call->dialogue.tools[i]))
			return true;
	return false;
}

static struct tool *tool_find(struct call *call, uint32_t turn, uint32_t index)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &call->dialogue.tools[i];

		if (t->state && t->turn == turn && t->index == index)
			return t;
	}
	return NULL;
}

static bool text_same(const struct call *call, struct text a, struct text b)
{
	return a.len == b.len && !memcmp(call_text(call, a), call_text(call, b), a.len);
}

static struct item *result_of(struct call *call, uint32_t use)
{
	struct dialogue *d = &call->dialogue;
	uint32_t r;

	for (r = use + 1; r < d->item_count; r++)
		if (d->items[r].turn == d->items[use].turn && d->items[r].index == d->items[use].index && d->items[r].type == BLOCK_TOOL_RESULT)
			return &d->items[r];
	return NULL;
}

static struct item *use_find(struct call *call, uint32_t turn, uint32_t index)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = d->item_count; i > 0; i--) {
		struct item *use = &d->items[i - 1];

		if (use->type == BLOCK_TOOL_USE && use->turn == turn && use->index == index)
			return use;
	}
	return NULL;
}

/* The result of the same change: with an outcome that nobody knows, or did when it was told (who reads "unknown" may ask again for what was done),
 * or not yet; else of the first that was asked for in this turn, or that ended behind the model's back. NULL when it is new. */
static struct item *tool_done_before(struct call *call, const struct gen_tool *request)
{
	struct dialogue *d = &call->dialogue;
	struct item *found = NULL;
	uint32_t i;

	for (i = d->item_count; i > 0; i--) {
		struct item *use = &d->items[i - 1], *result;

		if (!(use->flags & ITEM_CHANGES) || !text_same(call, use->name, request->name) || !text_same(call, use->text, request->args))
			continue;
		result = result_of(call, i - 1);
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

static void tool_timer(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	bool late = call->settings.call_rules >= 4 && d->filler_us <= call->now_us; /* tools_filler looks at it in each step */
	bool any = tools_work(call) && !late;
	uint64_t next = any ? d->filler_us : UINT64_MAX;
	unsigned int i;

	if (call->quiet.ended)
		return;
	for (i = 0; i < TOOLS_MAX; i++) {
		const struct tool *t = &d->tools[i];
		uint64_t due = t->state == TOOL_RUNNING ? num_min(t->detach_us, t->deadline_us) : t->deadline_us;

		if (t->state)
			next = num_min(next, due);
		any = any || t->state;
	}
	if (any)
		timer_set(call, TIMER_TOOL, next);
	else
		timer_stop(call, TIMER_TOOL);
}

static bool is_take(const struct call *call, const struct tool *t)
{
	int known = brief_tool_find(&call->brief, call_text(call, t->name), t->name.len);

	return known >= 0 && call->brief.tools[known].takes;
}

static void tool_send(struct call *call, const struct tool *t)
{
	struct call_output *out;

	if (t->changes)
		call_put(call, OUT_SNAPSHOT);
	out = call_put(call, OUT_TOOL);
	out->turn = t->turn;
	out->index = t->index;
	out->kind = t->changes;
	out->number = t->timeout_ms;
	out->name = call_text(call, t->name);
	out->name_len = t->name.len;
	out->text = call_text(call, t->args);
	out->text_len = t->args.len;
	if (is_take(call, t)) {
		out->gen = call->take.entries;
		out->position = call->take.count;
	}
}

/* It is done when an utterance is over. */
static bool is_keys(const struct call *call, const struct tool *t)
{
	int known = t->state ? brief_tool_find(&call->brief, call_text(call, t->name), t->name.len) : -1;

	return known >= 0 && call->brief.tools[known].keys;
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
		if (is_keys(call, &call->dialogue.tools[i]))
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

static void result_fill(struct call *call, uint32_t item, enum tool_status status, struct text text)
{
	struct item *result = &call->dialogue.items[item];

	result->flags &= (uint8_t)~ITEM_PENDING;
	result->status = (uint8_t)status;
	result->text = text;
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
	result_fill(call, item, TOOL_ERROR, call_keep_str(call, why));
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
	else if (!is_keys(call, t))
		tool_send(call, t);
}

/* The call goes on in another language, from here on. */
static void tool_speak(struct call *call, struct text args, uint32_t item)
{
	enum tool_status status;
	struct text told = language_switch(call, args, &status);

	result_fill(call, item, status, told);
	call->dialogue.need_answer = true;
}

static void tool_repeat(struct call *call, const struct item *before, uint32_t item, struct text name)
{
	struct item done = *before;

	call_note_text(call, NOTE_TOOL_REPEAT, call->dialogue.items[item].index, 0, name);
	if (done.flags & ITEM_PENDING)
		result_fill(call, item, TOOL_OK, call_keep_str(call, "already under way, the result will follow"));
	else if (done.flags & ITEM_LATE)
		result_fill(call, item, TOOL_OK, call_keep_str(call, "asked for before; its result has come meanwhile, not done again"));
	else if (done.status == TOOL_UNKNOWN)
		result_fill(call, item, TOOL_UNKNOWN, call_keep_str(call, "asked for before, the outcome is not known; not done again"));
	else if (done.flags & ITEM_UNSEEN)
		result_fill(call, item, (enum tool_status)done.status, call_keep_str(call, "asked for before; its result has come meanwhile, not done again"));
	else
		result_fill(call, item, (enum tool_status)done.status, done.text);
	call->dialogue.need_answer = true;
}

static void tool_take(struct call *call, const struct gen_tool *request, uint32_t use_at, bool spoke)
{
	int known = brief_tool_find(&call->brief, call_text(call, request->name), request->name.len);
	const struct brief_tool *tool = known >= 0 ? &call->brief.tools[known] : NULL;
	bool changes = tool && tool->changes;
	struct item *before = changes ? tool_done_before(call, request) : NULL;
	struct item done = before ? *before : (struct item){ 0 };
	uint32_t item = tool_history(call, request, use_at, changes);

	if (call->err)
		return;
	if (!tool || (tool->speaks && call->settings.call_rules < 4))
		tool_refuse(call, item, "there is no such tool");
	else if (tool->ends)
		result_fill(call, item, TOOL_OK, call_keep_str(call, "the call ends when this is said"));
	else if (tool->speaks)
		tool_speak(call, request->args, item);
	else if (before)
		tool_repeat(call, &done, item, request->name);
	else
		tool_run(call, tool, request, item);
	if (tool && tool->ends && call->settings.call_rules < 4)
		quiet_end(call, END_AGENT, false, !spoke);
}

static bool change_open(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state && call->dialogue.tools[i].changes)
			return true;
	return false;
}

/* A result that no request has had, and that would be lost with the call: of a change; what was found; of anything while nothing of the goodbye is on
 * its way. A filler that is being said is none of it. */
static bool result_untold(struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	bool begun = speech_answer_begun(call);
	uint32_t i;

	for (i = 0; i < d->item_count && guarded(call, GUARD_P03); i++) {
		const struct item *item = &d->items[i], *use;

		if (item->type != BLOCK_TOOL_RESULT || !(item->flags & (ITEM_UNSEEN | ITEM_NEWS)))
			continue;
		use = use_find(call, item->turn, item->index);
		if (!begun || !use || (use->flags & ITEM_CHANGES) || item->status == TOOL_OK || (item->flags & ITEM_LATE))
			return true;
	}
	return false;
}

/* The agent's last words, unless the caller would never hear what came of what he asked for. Each result holds the end up once: while it is open, which
 * its deadline ends, and for the one request that has it. Meanwhile nothing is left to say. */
static void end_take(struct call *call, uint32_t use, bool spoke)
{
	bool untold = result_untold(call);
	struct item *result = result_of(call, use);

	if (!result || (!untold && !change_open(call))) {
		quiet_end(call, END_AGENT, false, !spoke && !call->quiet.parted);
		return;
	}
	call->quiet.parted |= spoke;
	result->text = call_keep_str(call, "not yet, the result will follow: tell it, then end the call");
	call->dialogue.need_answer = untold;
}

static bool tool_ends(const struct call *call, const struct gen_tool *request)
{
	int known = brief_tool_find(&call->brief, call_text(call, request->name), request->name.len);

	return known >= 0 && call->brief.tools[known].ends;
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
	d->filler_us = call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
	if (call->settings.tool_filler_ms < call->settings.llm_silent_ms) /* who sets a later one wants it later */
		d->filler_us = num_min(d->filler_us, dialogue_silent_us(call));
	tool_timer(call);
}

/* `head`: what stands between the tool's name and what it gave. */
static void event_add(struct call *call, struct text name, const char *head, unsigned int flags, const char *text, size_t len)
{
	struct item event = { .type = BLOCK_EVENT, .flags = (uint8_t)flags, .turn = call->dialogue.turn };
	struct buf *b = &call->scratch;

	buf_reset(b);
	buf_text(b, "Result of ");
	buf_append(b, call_text(call, name), name.len);
	buf_text(b, head);
	buf_append(b, text, len);
	event.text = call_keep(call, b->data, b->len);
	history_insert(call, call->dialogue.item_count, &event);
}

static void tool_settle(struct call *call, struct tool *t, enum tool_status status, const char *text, size_t len)
{
	struct dialogue *d = &call->dialogue;
	bool late = t->state == TOOL_DETACHED || (call->settings.call_rules >= 4 && history_spoken(call, t->item));
	struct text name = t->name;

	if (late)
		event_add(call, name, ": ", call->settings.call_rules >= 4 ? ITEM_UNSEEN : 0, text, len);
	result_fill(call, t->item, status, late ? call_keep_str(call, "still running, the result will follow") : call_keep(call, text, len));
	if (call->settings.call_rules >= 4) {
		d->items[t->item].flags |= ITEM_UNSEEN;
		d->go_on = false; /* what the agent was saying when he was interrupted is no more all that he has to say */
	}
	call_note_text(call, NOTE_TOOL, t->index, status, name);
	call->outputs[call->output_count - 1].turn = t->turn;
	if (is_taking(t))
		take_close(call);
	t->state = TOOL_FREE;
	d->need_answer = true;
	tool_timer(call);
	speech_drop_waits(call, false);
}

/* It was told as unknown, and now something is; or as not there in time, and now it is found. */
static bool known_late(const struct item *use, const struct item *result, uint64_t status)
{
	if (result->flags & ITEM_LATE)
		return false;
	if (use->flags & ITEM_CHANGES)
		return result->status == TOOL_UNKNOWN && status < TOOL_UNKNOWN;
	return (result->flags & ITEM_UNDONE) && status == TOOL_OK;
}

/* Of that read. Of that change, whatever was answered to who asked for it again meanwhile. */
static void known_mark(struct call *call, const struct item *change, bool undone)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (!(change->flags & ITEM_CHANGES))
		result_of(call, (uint32_t)(change - d->items))->flags |= ITEM_LATE | ITEM_NEWS;
	for (i = 0; i < d->item_count && (change->flags & ITEM_CHANGES); i++) {
		const struct item *use = &d->items[i];
		struct item *result;

		if (!(use->flags & ITEM_CHANGES) || !text_same(call, use->name, change->name) || !text_same(call, use->text, change->text))
			continue;
		result = result_of(call, i);
		if (result && result->status == TOOL_UNKNOWN)
			result->flags |= (uint8_t)(ITEM_LATE | ITEM_NEWS | (undone ? ITEM_UNDONE : 0));
	}
}

static bool ends_by_agent(const struct quiet *q)
{
	return q->ending && !q->ended && !q->final && q->reason == END_AGENT;
}

/* His last words were said without it: not his last, then. */
static void end_back(struct call *call)
{
	quiet_unend(call);
	call->quiet.parted = true;
	call->dialogue.need_answer = true;
}

/* A change that was told as unknown, or a read as not there in time: what it came to stands behind all that was said since, and in words by which nobody
 * takes it for the result of the same tool's next use. The caller was told that somebody looks into it, or that it did not work, so no request is made
 * for it alone, unless the agent is saying his last words. */
static void tool_late(struct call *call, const struct call_input *in)
{
	const struct item *use = use_find(call, in->turn, in->index);
	const struct item *result = use ? result_of(call, (uint32_t)(use - call->dialogue.items)) : NULL;

	call_note(call, NOTE_TOOL_LATE, in->index, in->kind);
	call->outputs[call->output_count - 1].turn = in->turn;
	if (call->settings.call_rules < 4 || !result || !known_late(use, result, in->kind))
		return;
	known_mark(call, use, in->kind == TOOL_ERROR);
	event_add(call, use->name, ", which was not known in time: ", ITEM_NEWS, in->text, in->text_len);
	if (ends_by_agent(&call->quiet))
		end_back(call);
}

void tools_result(struct call *call, const struct call_input *in)
{
	struct tool *t = tool_find(call, in->turn, in->index);
	bool found = in->kind == TOOL_OK && call->settings.call_rules >= 4 && ends_by_agent(&call->quiet) && !answerer_machine(call);

	if (!t) {
		tool_late(call, in);
		return;
	}
	if (found)
		end_back(call); /* a read, for nobody ends a call over an open change */
	tool_settle(call, t, in->kind <= TOOL_UNKNOWN ? (enum tool_status)in->kind : TOOL_ERROR, in->text, in->text_len);
}

void tools_keys_over(struct call *call, bool heard)
{
	const char *text = heard ? "sent" : "interrupted: some of the keys may have been heard, or none";
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (is_keys(call, &call->dialogue.tools[i]))
			tool_settle(call, &call->dialogue.tools[i], heard ? TOOL_OK : TOOL_UNKNOWN, text, strlen(text));
}

static struct tool *tool_taking(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (is_taking(&call->dialogue.tools[i]))
			return &call->dialogue.tools[i];
	return NULL;
}

void tools_taken(struct call *call)
{
	struct tool *t = tool_taking(call);

	if (!t)
		return;
	take_close(call);
	t->waits = false;
	t->detach_us = t->deadline_us = call->now_us + TAKEN_MS * 1000; /* it is judged on the spot */
	call->dialogue.filler_us = call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
	tool_send(call, t);
	tool_timer(call);
}

void tools_untaken(struct call *call, const char *text)
{
	struct tool *t = tool_taking(call);

	if (t)
		tool_settle(call, t, TOOL_ERROR, text, strlen(text));
}

static void tool_overdue(struct call *call, struct tool *t)
{
	bool changes = t->changes && !t->waits;
	const char *text = changes ? "no answer in time: it may or may not have been done; do not try again" : "no answer in time";

	if (!t->changes && call->settings.call_rules >= 4)
		call->dialogue.items[t->item].flags |= ITEM_UNDONE;
	tool_settle(call, t, changes ? TOOL_UNKNOWN : TOOL_ERROR, text, strlen(text));
}

static void filler_say(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	d->filler_us = call->now_us + (call->settings.call_rules >= 4 ? WAIT_AGAIN_US : WAIT_AGAIN_OLD_US);
	if (tools_work(call) && speech_idle(call) && !floor_caller(call))
		speech_phrase(call, SAY_FILLER, &call->brief.waits, &d->wait_turn);
}

static bool is_quiet(struct call *call)
{
	return speech_idle(call) && !floor_caller(call) && !endpoint_words(call) && !call->quiet.ending && !call->quiet.lost && !call->quiet.ended;
}

/* Whoever is moved hears no more of the agent: so all is said, and the caller has said what he has begun. Nothing that he says takes it back. */
void tools_move(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &d->tools[i];

		if (!t->state || !t->waits || !t->moves || !is_quiet(call))
			continue;
		t->waits = false;
		t->detach_us = t->deadline_us = call->now_us + (uint64_t)t->timeout_ms * 1000; /* behind it there is nothing to say */
		d->filler_us = call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
		tool_send(call, t);
		tool_timer(call);
	}
}

bool call_moves(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state && call->dialogue.tools[i].moves && !call->dialogue.tools[i].waits)
			return true;
	return false;
}

/* One that is due waits until the agent has said what he has to say, and the caller's turn, if he has begun one, is over. */
void tools_filler(struct call *call)
{
	bool due = call->settings.call_rules >= 4 && call->dialogue.filler_us <= call->now_us;

	if (!due || !tools_work(call) || !speech_idle(call) || floor_caller(call) || endpoint_words(call) || call->quiet.ending ||
		answerer_machine(call))
		return;
	filler_say(call);
	tool_timer(call);
}

/* What he said may have cut the filler before, and to these words none was said. */
void tools_turn(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (call->settings.call_rules < 4 || !tools_running(call))
		return;
	if (call->settings.tool_filler_ms < call->settings.llm_silent_ms)
		d->filler_us = num_min(d->filler_us, dialogue_silent_us(call));
	tool_timer(call);
}

void tools_due(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &d->tools[i];

		if (t->state && t->deadline_us <= call->now_us) {
			tool_overdue(call, t);
		} else if (t->state == TOOL_RUNNING && t->detach_us <= call->now_us) {
			t->state = TOOL_DETACHED;
			d->need_answer = true;
		}
	}
	if (d->filler_us <= call->now_us && call->settings.call_rules < 4)
		filler_say(call);
	tool_timer(call);
}

void tools_spare(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX && !guarded(call, GUARD_P03); i++)
		if (!call->dialogue.tools[i].changes)
			call->dialogue.tools[i].state = TOOL_FREE;
}

bool tools_open(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state)
			return true;
	return false;
}

/* Another worker asks again, under the old keys. What was done meanwhile is answered at once: it is waited for a moment. */
void tools_attached(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		struct tool *t = &call->dialogue.tools[i];

		if (!t->state)
			continue;
		t->state = TOOL_RUNNING;
		t->deadline_us = call->now_us + (uint64_t)t->timeout_ms * 1000;
		t->detach_us = t->moves || t->waits ? t->deadline_us : call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
		if (!is_keys(call, t) && !t->waits)
			tool_send(call, t);
	}
	tool_timer(call);
}
