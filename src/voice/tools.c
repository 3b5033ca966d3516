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
 *      asked for before · the tool that ends the call   tool_repeat · tool_result_fill, and end_take: quiet_end (quiet.c)
 *   b" the tool that changes the language              tools_commit: tool_take: tool_speak: language_switch (language.c), tool_result_fill
 *   b' … while one is open, or a result is there that   tools_commit: end_take; the call goes on: with the result the model is asked once
 *      no request has had: it ends nothing yet          more (dialogue_advance), and may end it then
 *   c  it takes longer than detach_ms: the agent goes   dialogue_timer (TIMER_TOOL): tools_due
 *      on without it
 *   d  its result · its deadline                        tools_result: tool_settle · tools_due: tool_overdue: tool_settle
 *   e  another worker asks again, under the same key ·  dialogue_attached: tools_attached: tool_send · tools_commit: end_take: tools_wait
 *      it holds the end up (b')
 *
 * Use and result enter the history together; until it is settled the result reads "still running". A deadline settles a tool as
 * failed, or as unknown if it changes something. One that the agent has gone on without is told as an event, at the
 * end: behind whatever comes of a request that did not have it (history_end). So is a change that was settled as unknown, and a read that was settled
 * as failed by its deadline, when its result comes after all: once, with the next request that is made for another reason (tool_late), and in the place
 * of the failure when no request has had that. A result that comes into an answer that was asked for without it has what is not heard of that given up
 * (stale.c), and is told next. What changes
 * something is never dispatched twice with the same arguments in a turn, nor ever again while its outcome is open. Nothing the caller says cancels
 * what was dispatched.
 *
 * Here: what is sent, what came of it, whenever that is known, and e. What a message asks for (tools_commit and below) is tools_commit.c's, what is due
 * (tools_due and below), fillers too, tools_clocks.c's.
 */
#include "voice/tools.h"

#include <string.h>

bool tools_running(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state == TOOL_RUNNING)
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

bool tool_use_same(const struct call *call, const struct item *use, struct text name, struct text args)
{
	return text_same(call, use->name, name) && text_same(call, use->text, args);
}

struct item *tool_result_of(struct call *call, uint32_t use)
{
	struct dialogue *d = &call->dialogue;
	uint32_t r;

	for (r = use + 1; r < d->item_count; r++)
		if (d->items[r].turn == d->items[use].turn && d->items[r].index == d->items[use].index && d->items[r].type == BLOCK_TOOL_RESULT)
			return &d->items[r];
	return NULL;
}

struct item *tool_use_find(struct call *call, uint32_t turn, uint32_t index)
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

const struct brief_tool *tool_known(const struct call *call, struct text name)
{
	int known = brief_tool_find(&call->brief, call_text(call, name), name.len);

	return known >= 0 ? &call->brief.tools[known] : NULL;
}

bool tool_is_keys(const struct call *call, const struct tool *t)
{
	const struct brief_tool *known = t->state ? tool_known(call, t->name) : NULL;

	return known && known->keys;
}

void tool_send(struct call *call, const struct tool *t)
{
	const struct brief_tool *known = tool_known(call, t->name);
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
	if (known && known->takes) {
		out->gen = call->take.entries;
		out->position = call->take.count;
	}
}

void tool_result_fill(struct call *call, uint32_t item, enum tool_status status, struct text text)
{
	struct item *result = &call->dialogue.items[item];

	result->flags &= (uint8_t)~ITEM_PENDING;
	result->status = (uint8_t)status;
	result->text = text;
}

/* Between the tool's name and what it gave stands what a result in its place says by its status. */
static struct text event_text(struct call *call, struct text name, enum tool_status status, bool late, const char *text, size_t len)
{
	static const char *const heads[] = { ": ", EVENT_FAILED, EVENT_UNKNOWN };
	static const char *const lates[] = { ", which was not known in time: ", ", which was not known in time and failed: " };
	const char *head = late ? lates[status == TOOL_ERROR] : heads[call->settings.call_rules >= 4 ? status : TOOL_OK];
	struct buf *b = &call->scratch;

	buf_reset(b);
	buf_text(b, EVENT_RESULT);
	buf_append(b, call_text(call, name), name.len);
	buf_text(b, head);
	buf_append(b, text, len);
	return call_keep(call, b->data, b->len);
}

static void event_add(struct call *call, const struct tool *t, unsigned int flags, struct text text)
{
	struct item event = { .type = BLOCK_EVENT, .flags = (uint8_t)flags, .turn = call->dialogue.turn, .text = text };

	if (call->settings.call_rules >= 4) {
		event.turn = t->turn;
		event.index = t->index;
	}
	history_insert(call, call->dialogue.item_count, &event);
}

void tool_settle(struct call *call, struct tool *t, enum tool_status status, const char *text, size_t len)
{
	struct dialogue *d = &call->dialogue;
	bool late = t->state == TOOL_DETACHED || (call->settings.call_rules >= 4 && history_spoken(call, t->item));
	struct text name = t->name;

	if (late)
		event_add(call, t, call->settings.call_rules >= 4 ? ITEM_UNSEEN : 0, event_text(call, name, status, false, text, len));
	tool_result_fill(call, t->item, status, late ? call_keep_str(call, ITEM_LATER) : call_keep(call, text, len));
	if (call->settings.call_rules >= 4) {
		d->items[t->item].flags |= ITEM_UNSEEN;
		d->go_on = false; /* what the agent was saying when he was interrupted is no more all that he has to say */
	}
	call_note_text(call, NOTE_TOOL, t->index, status, name);
	call->outputs[call->output_count - 1].turn = t->turn;
	if (tool_is_taking(t))
		take_close(call);
	t->state = TOOL_FREE;
	d->need_answer = true;
	tools_timer(call);
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

/* The event that has that result, and that no request has had; NULL: it stands in its place. */
static struct item *event_unseen(struct call *call, const struct item *result)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = d->item_count; i > 0; i--) {
		struct item *event = &d->items[i - 1];

		if (event->type == BLOCK_EVENT && event->flags & ITEM_UNSEEN && event->turn == result->turn && event->index == result->index)
			return event;
	}
	return NULL;
}

/* No request has had it: what is known takes the place of what was not, and stands beside it for nobody to choose. */
static void known_replace(struct call *call, struct text name, struct item *result, const struct call_input *in)
{
	struct item *event = event_unseen(call, result);
	enum tool_status status = (enum tool_status)in->kind;

	result->status = (uint8_t)status;
	result->flags &= (uint8_t)~ITEM_UNDONE;
	if (event)
		event->text = event_text(call, name, status, false, in->text, in->text_len);
	else
		result->text = call_keep(call, in->text, in->text_len);
}

/* The event that tells how it ended, whether a request has had it or not; the result itself: none does. */
static uint32_t told_at(const struct call *call, const struct item *use, const struct item *result)
{
	const struct dialogue *d = &call->dialogue;
	size_t lead = strlen(EVENT_RESULT);
	uint32_t at = (uint32_t)(result - d->items), i;

	for (i = d->item_count - 1; i > at; i--) {
		const struct item *event = &d->items[i];
		const char *text = call_text(call, event->text);

		if (event->type == BLOCK_EVENT && event->turn == result->turn && event->index == result->index && event->text.len > lead + use->name.len &&
			!memcmp(text, EVENT_RESULT, lead) && !memcmp(text + lead, call_text(call, use->name), use->name.len))
			return i;
	}
	return at;
}

/* What would have told that it is not known was given up before a word of it was heard: what is known stands behind that, as a result that came late
 * does. */
static void known_put_off(struct call *call, const struct item *use, struct item *result, const struct call_input *in)
{
	const struct tool told = { .turn = in->turn, .index = in->index };
	struct text name = use->name;
	uint32_t at = told_at(call, use, result);

	if (call->dialogue.items[at].type == BLOCK_EVENT)
		history_remove(call, at);
	result->status = (uint8_t)in->kind;
	result->flags = (uint8_t)((result->flags & ~ITEM_UNDONE) | ITEM_UNSEEN);
	result->text = call_keep_str(call, ITEM_LATER);
	event_add(call, &told, ITEM_UNSEEN, event_text(call, name, (enum tool_status)in->kind, false, in->text, in->text_len));
}

/* Of that read. Of that change, whatever was answered to who asked for it again meanwhile. */
static void known_mark(struct call *call, const struct item *change, bool undone)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (!(change->flags & ITEM_CHANGES))
		tool_result_of(call, (uint32_t)(change - d->items))->flags |= ITEM_LATE | ITEM_NEWS;
	for (i = 0; i < d->item_count && (change->flags & ITEM_CHANGES); i++) {
		const struct item *use = &d->items[i];
		struct item *result;

		if (!(use->flags & ITEM_CHANGES) || !tool_use_same(call, use, change->name, change->text))
			continue;
		result = tool_result_of(call, i);
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

/* No words of the agent's stand behind the news that it is not known, and none are on their way. */
static bool is_unheard(const struct call *call, const struct item *use, const struct item *result)
{
	return call->dialogue.gen.state == GEN_NONE && !history_spoken(call, told_at(call, use, result));
}

/* `stale`: something is said, or was to be, that does not know it, so it is told next. */
static void late_tell(struct call *call, const struct item *use, struct item *result, const struct call_input *in, bool stale)
{
	const struct tool told = { .turn = in->turn, .index = in->index };
	bool changes = use->flags & ITEM_CHANGES, unseen = result->flags & ITEM_UNSEEN, given_up = stale && is_unheard(call, use, result);
	unsigned int flags = stale ? ITEM_NEWS | ITEM_UNSEEN : ITEM_NEWS;
	uint32_t at = (uint32_t)(use - call->dialogue.items);
	struct text name = use->name;

	if (given_up)
		known_put_off(call, use, result, in);
	else if (unseen)
		known_replace(call, name, result, in);
	if (changes || !(given_up || unseen))
		known_mark(call, &call->dialogue.items[at], in->kind == TOOL_ERROR);
	if (!given_up && !unseen)
		event_add(call, &told, flags, event_text(call, name, (enum tool_status)in->kind, true, in->text, in->text_len));
}

/* A change that was told as unknown, or a read as not there in time: what it came to stands behind all that was said since, and in words by which nobody
 * takes it for the result of the same tool's next use. The caller was told that somebody looks into it, or that it did not work, so no request is made
 * for it alone, unless the agent is saying his last words, or anything that he was asked for without it. */
static void tool_late(struct call *call, const struct call_input *in)
{
	const struct item *use = tool_use_find(call, in->turn, in->index);
	struct item *result = use ? tool_result_of(call, (uint32_t)(use - call->dialogue.items)) : NULL;
	bool ends = ends_by_agent(&call->quiet), stale;

	call_note(call, NOTE_TOOL_LATE, in->index, in->kind);
	call->outputs[call->output_count - 1].turn = in->turn;
	if (call->settings.call_rules < 4 || !result || !known_late(use, result, in->kind))
		return;
	stale = stale_result(call, (uint32_t)(result - call->dialogue.items));
	call->dialogue.need_answer |= stale;
	late_tell(call, use, result, in, stale || ends); /* the end is taken back for it: it is owed, whatever cuts the agent meanwhile */
	if (ends)
		end_back(call);
	else if (again_ends(call) && call->dialogue.again_end == END_AGENT)
		call->dialogue.need_answer = true; /* they were cut, and without it they are not said again */
}

void tools_result(struct call *call, const struct call_input *in)
{
	struct tool *t = tool_find(call, in->turn, in->index);

	if (!t) {
		tool_late(call, in);
		return;
	}
	stale_result(call, t->item);
	tool_settle(call, t, in->kind <= TOOL_UNKNOWN ? (enum tool_status)in->kind : TOOL_ERROR, in->text, in->text_len);
}

void tools_keys_over(struct call *call, bool heard)
{
	const char *text = heard ? "sent" : "interrupted: some of the keys may have been heard, or none";
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (tool_is_keys(call, &call->dialogue.tools[i]))
			tool_settle(call, &call->dialogue.tools[i], heard ? TOOL_OK : TOOL_UNKNOWN, text, strlen(text));
}

static struct tool *tool_taking(struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (tool_is_taking(&call->dialogue.tools[i]))
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
	t->detach_us = t->deadline_us = call->now_us + TAKEN_MS * 1000;
	tools_filler_start(call);
	tool_send(call, t);
	tools_timer(call);
}

void tools_untaken(struct call *call, const char *text)
{
	struct tool *t = tool_taking(call);

	if (t)
		tool_settle(call, t, TOOL_ERROR, text, strlen(text));
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
		tools_filler_start(call);
		tool_send(call, t);
		tools_timer(call);
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
		if (!tool_is_keys(call, t) && !t->waits)
			tool_send(call, t);
	}
	tools_timer(call);
}
