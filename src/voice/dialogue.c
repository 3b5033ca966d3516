/* History, generations and tools.
 *
 *            dialogue_ahead (the end is likely)      dialogue_turn (the words are the same)
 *   NONE ───────────────────────────► ASKED, ahead ─────────────────────────────► ASKED, released
 *    │ ▲ ▲    other words, or voice goes on with them (dialogue_discard)│             │  text
 *    │ │ └───────────────────────────────────────────────────────────────┘             ▼
 *    │ │ failed, slow (retry): next attempt, or an apology                           TEXT
 *    │ └──────────────────────────────────────────────────────────────── DONE ◄───────┘ done
 *    │  dialogue_advance: an answer is needed, no tool to wait for        │ released: tools are dispatched (tools_commit)
 *    └────────────────────────────────────────────────────────────────────┘
 *
 * Tools: RUNNING ─result─► in the history; ─detach_ms─► DETACHED (the request says "still running", the result follows as an
 * event); ─deadline─► failed, or unknown if it changes something. Nothing is dispatched before its message is complete and
 * released; nothing the caller says cancels what was dispatched; every use has exactly one result in every request, because
 * both enter the history together and the result is filled in.
 */
#include "voice/call_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_TRIES = 2, AHEAD_MEMORY = 10, AHEAD_JUDGED = 5, RETRY_WAIT_MS = 400, WAIT_AGAIN_US = 5000000 };

/* ------------------------------------------------------------------ history */

static void history_forget(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t drop = ITEMS_MAX - ITEMS_KEPT, i;

	while (drop < d->item_count && d->items[drop].type != BLOCK_CALLER)
		drop++; /* whole turns only: never a result without its use */
	for (i = 0; i < TOOLS_MAX; i++)
		if (d->tools[i].state && d->tools[i].item < drop)
			drop = 0; /* one that runs is older: keep all a little longer */
	memmove(d->items, d->items + drop, (d->item_count - drop) * sizeof(*d->items));
	d->item_count -= drop;
	for (i = 0; i < TOOLS_MAX; i++)
		d->tools[i].item -= d->tools[i].state ? drop : 0;
	d->gen.base_items = d->gen.base_items > drop ? d->gen.base_items - drop : 0;
	speech_items_forgotten(call, drop);
}

static bool history_room(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct item *items;
	uint32_t cap;

	if (d->item_count >= ITEMS_MAX)
		history_forget(call);
	if (d->item_count < d->item_cap)
		return true;
	cap = d->item_cap ? d->item_cap * 2 : 64;
	items = realloc(d->items, cap * sizeof(*items));
	if (!items) {
		call->err = ERR_NOMEM;
		return false;
	}
	d->items = items;
	d->item_cap = cap;
	return true;
}

uint32_t dialogue_insert(struct call *call, uint32_t at, const struct item *item)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (!history_room(call))
		return 0;
	assert(at <= d->item_count);
	memmove(d->items + at + 1, d->items + at, (d->item_count - at) * sizeof(*d->items));
	d->items[at] = *item;
	d->item_count++;
	for (i = 0; i < TOOLS_MAX; i++)
		d->tools[i].item += d->tools[i].state && d->tools[i].item >= at ? 1 : 0;
	speech_item_moved(call, at);
	return at;
}

static uint32_t history_add(struct call *call, enum block_type type, struct text text)
{
	struct item item = { .type = (uint8_t)type, .turn = call->dialogue.turn, .text = text };

	return dialogue_insert(call, call->dialogue.item_count, &item);
}

uint32_t dialogue_agent_item(struct call *call, struct text text, bool filler)
{
	uint32_t at = history_add(call, BLOCK_AGENT, text);

	if (!call->err && filler)
		call->dialogue.items[at].flags = ITEM_FILLER;
	return at;
}

/* ------------------------------------------------------------------ requests */

static void block_from(const struct call *call, const struct item *item, struct request_block *b)
{
	*b = (struct request_block){ .type = (enum block_type)item->type, .turn = item->turn, .index = item->index, .status = item->status };
	b->name = call_text(call, item->name);
	b->name_len = item->name.len;
	b->text = call_text(call, item->text);
	b->text_len = item->text.len;
	if (item->flags & ITEM_PENDING) {
		b->text = "still running, the result will follow";
		b->text_len = strlen(b->text);
	}
}

static bool left_out(const struct call *call, uint32_t i)
{
	const struct item *item = &call->dialogue.items[i];

	if (item->type == BLOCK_TOOL_RESULT && !guarded(call, GUARD_P02))
		return item->turn + 1 < call->dialogue.turn;
	if (item->type == BLOCK_AGENT && !guarded(call, GUARD_P14))
		return item->turn == call->dialogue.turn;
	return item->type == BLOCK_AGENT && !item->text.len;
}

/* Appends the request's blocks to the step's; returns how many. */
static size_t request_make(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t count = d->item_count, i;
	size_t first = call->block_count;

	while (count && d->items[count - 1].type == BLOCK_AGENT && (d->items[count - 1].flags & ITEM_FILLER))
		count--; /* a filler is no answer to go on from */
	if (first + count > call->block_cap) {
		size_t cap = first + count + 64;
		struct request_block *blocks = realloc(call->blocks, cap * sizeof(*blocks));

		if (!blocks) {
			call->err = ERR_NOMEM;
			return 0;
		}
		call->blocks = blocks;
		call->block_cap = cap;
	}
	for (i = 0; i < count; i++)
		if (!left_out(call, i))
			block_from(call, &d->items[i], &call->blocks[call->block_count++]);
	return call->block_count - first;
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return (h ^ len) * 1099511628211u;
}

static uint64_t request_digest(const struct request_block *blocks, size_t count)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (i = 0; i < count; i++) {
		uint32_t numbers[4] = { (uint32_t)blocks[i].type, blocks[i].turn, blocks[i].index, blocks[i].status };
		unsigned int j;

		for (j = 0; j < 4; j++)
			h = (h ^ numbers[j]) * 1099511628211u;
		h = mix(h, blocks[i].name, blocks[i].name_len);
		h = mix(h, blocks[i].text, blocks[i].text_len);
	}
	return h;
}

/* ------------------------------------------------------------------ generations */

static void gen_clear(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	g->state = GEN_NONE;
	g->ahead = false;
	g->spoke = false;
	g->cut = 0;
	g->tool_count = 0;
	buf_reset(&g->answer);
	buf_reset(&g->asked);
	call->dialogue.retry_wait = false;
	timer_stop(call, TIMER_FILLER);
	timer_stop(call, TIMER_SECOND);
	timer_stop(call, TIMER_STALL);
	timer_stop(call, TIMER_TOTAL);
}

static void gen_cancel(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_ASKED || g->state == GEN_TEXT)
		call_put(call, OUT_CANCEL)->gen = g->id;
	gen_clear(call);
}

/* How long the caller has been waiting counts from the end of the turn, whenever the model was asked. */
static void gen_clocks(struct call *call)
{
	if (call->dialogue.gen.spoke || !guarded(call, GUARD_P12))
		return;
	timer_in(call, TIMER_FILLER, call->settings.llm_filler_ms);
	timer_in(call, TIMER_SECOND, call->settings.llm_second_ms);
}

static void ask(struct call *call, enum ask_kind kind, uint32_t attempt)
{
	struct dialogue *d = &call->dialogue;
	struct call_output *out;

	d->gen.state = GEN_ASKED;
	d->gen.id = ++d->gens;
	d->gen.turn = d->turn;
	d->gen.attempt = attempt;
	d->gen.ahead = kind == ASK_AHEAD;
	if (kind != ASK_AHEAD) {
		d->gen.base_items = d->item_count;
		d->need_answer = false;
	}
	if (kind == ASK_PLAIN && attempt == 1)
		call_put(call, OUT_SNAPSHOT);
	out = call_put(call, OUT_ASK);
	out->gen = d->gen.id;
	out->turn = d->turn;
	out->kind = kind;
	out->number = attempt;
	out->block_count = request_make(call);
	out->position = request_digest(call->blocks + call->block_count - out->block_count, out->block_count);
	timer_in(call, TIMER_TOTAL, call->settings.llm_total_ms);
	if (kind != ASK_AHEAD)
		gen_clocks(call);
}

static void knowledge_use(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->knowledge.len)
		return;
	history_add(call, BLOCK_EVENT, d->knowledge);
	d->knowledge = (struct text){ 0, 0 };
}

/* ------------------------------------------------------------------ asking ahead */

static bool ahead_worth(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t hits = (uint32_t)__builtin_popcount(d->ahead_bits);

	return d->ahead_count < AHEAD_JUDGED || hits * 100 >= (uint32_t)call->settings.turn_preempt_floor * d->ahead_count;
}

static void ahead_learn(struct call *call, bool hit)
{
	struct dialogue *d = &call->dialogue;

	d->ahead_bits = ((d->ahead_bits << 1) | (hit ? 1u : 0u)) & ((1u << AHEAD_MEMORY) - 1);
	if (d->ahead_count < AHEAD_MEMORY)
		d->ahead_count++;
}

static void turn_words(const struct call *call, struct buf *b)
{
	const struct listen *l = &call->listen;

	buf_reset(b);
	buf_append(b, l->said.data, l->said.len);
	if (l->said.len && l->partial.len)
		buf_text(b, " ");
	buf_append(b, l->partial.data, l->partial.len);
}

void dialogue_ahead(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen *g = &d->gen;

	if (g->state != GEN_NONE || dialogue_tools_running(call) || d->need_answer || !speech_idle(call) || call->quiet.ending)
		return;
	if (d->ahead_tries >= AHEAD_TRIES || !ahead_worth(call))
		return;
	d->ahead_tries++;
	gen_clear(call);
	turn_words(call, &g->asked);
	g->base_items = d->item_count;
	knowledge_use(call);
	history_add(call, BLOCK_CALLER, call_keep(call, g->asked.data, g->asked.len));
	measure_ahead(call);
	ask(call, ASK_AHEAD, 1);
}

void dialogue_discard(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen *g = &d->gen;
	uint64_t wasted = g->answer.len;
	uint32_t id = g->id;

	assert(g->ahead);
	if (d->item_count > g->base_items && d->items[g->base_items].type == BLOCK_EVENT)
		d->knowledge = d->items[g->base_items].text; /* for the next request */
	speech_drop_gen(call, id);
	d->item_count = g->base_items;
	call_note(call, NOTE_DISCARD, id, wasted);
	gen_cancel(call);
	ahead_learn(call, false);
}

void dialogue_words_changed(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.state == GEN_NONE || !d->gen.ahead)
		return;
	turn_words(call, &call->scratch);
	if (!words_same((const char *)call->scratch.data, call->scratch.len, (const char *)d->gen.asked.data, d->gen.asked.len))
		dialogue_discard(call);
}

static void gen_finish(struct call *call);

static void release(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i = d->gen.base_items;

	call_note(call, NOTE_RELEASE, d->gen.id, 0);
	ahead_learn(call, true);
	while (i < d->item_count && d->items[i].type != BLOCK_CALLER)
		i++;
	for (; i < d->item_count; i++)
		d->items[i].turn = d->turn;
	d->gen.ahead = false;
	d->gen.turn = d->turn;
	d->need_answer = false;
	speech_released(call, d->gen.id);
	call_put(call, OUT_SNAPSHOT);
	if (d->gen.state == GEN_DONE)
		gen_finish(call);
	else
		gen_clocks(call);
}

/* ------------------------------------------------------------------ a turn */

void dialogue_turn(struct call *call, struct text words)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.state != GEN_NONE && d->gen.ahead) {
		if (words_same(call_text(call, words), words.len, (const char *)d->gen.asked.data, d->gen.asked.len)) {
			release(call);
			return;
		}
		dialogue_discard(call);
	}
	if (!speech_idle(call))
		speech_drop(call); /* not yet audible: the caller went on before the answer began */
	gen_cancel(call);
	knowledge_use(call);
	history_add(call, BLOCK_CALLER, words);
	d->need_answer = true;
}

/* The floor was taken: what was being said or thought is over; what was dispatched is not. */
void dialogue_yield(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (d->gen.state != GEN_NONE && d->gen.ahead)
		dialogue_discard(call);
	gen_cancel(call);
	d->need_answer = false;
	for (i = 0; i < TOOLS_MAX && !guarded(call, GUARD_P03); i++)
		d->tools[i].state = d->tools[i].changes ? d->tools[i].state : TOOL_FREE;
	for (i = d->item_count; i > 0 && !guarded(call, GUARD_P01); i--)
		if (d->items[i - 1].type == BLOCK_TOOL_USE || d->items[i - 1].type == BLOCK_TOOL_RESULT)
			d->items[i - 1] = (struct item){ .type = BLOCK_AGENT };
}

bool dialogue_tools_running(const struct call *call)
{
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (call->dialogue.tools[i].state == TOOL_RUNNING)
			return true;
	return false;
}

bool dialogue_idle(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;

	return d->gen.state == GEN_NONE && !d->need_answer && !dialogue_tools_running(call);
}

bool dialogue_answering(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;

	return d->need_answer || dialogue_tools_running(call) || (d->gen.state != GEN_NONE && !d->gen.ahead);
}

void dialogue_advance(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->need_answer || d->gen.state != GEN_NONE || dialogue_tools_running(call) || call->quiet.ending || call->quiet.lost)
		return;
	if (endpoint_words(call) || floor_caller(call))
		return; /* the caller is in the middle of something: it belongs into the same request */
	ask(call, ASK_PLAIN, 1);
}

/* ------------------------------------------------------------------ attempts */

static void give_up(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	gen_cancel(call);
	call_note(call, NOTE_FAILED, RETRY_MODEL, ++d->failures);
	d->need_answer = false;
	if (d->failures >= (uint32_t)call->settings.call_failures)
		quiet_end(call, END_FAILED, false, true);
	else
		speech_phrase(call, SAY_PROMPT, &call->brief.apology, &call->quiet.apology_turn);
}

static void attempt_next(struct call *call)
{
	struct gen *g = &call->dialogue.gen;
	uint32_t attempt = g->attempt + 1;
	bool spoke = g->spoke, filler = timer_runs(call, TIMER_FILLER);
	uint64_t filler_us = call->timers[TIMER_FILLER];

	if (attempt > (uint32_t)call->settings.llm_attempts) {
		give_up(call);
		return;
	}
	gen_cancel(call);
	call_note(call, NOTE_RETRY, RETRY_MODEL, attempt);
	ask(call, spoke ? ASK_CONTINUE : ASK_PLAIN, attempt);
	if (filler)
		timer_set(call, TIMER_FILLER, filler_us);
	else
		timer_stop(call, TIMER_FILLER); /* one was spoken already */
}

/* The answer broke off. The second attempt starts at once, later ones after a breath. */
static void gen_failed(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.ahead) {
		dialogue_discard(call);
		return;
	}
	d->gen.state = GEN_DONE; /* there is nothing to cancel any more */
	d->gen.tool_count = 0;
	if (d->gen.attempt < 2 || d->gen.attempt >= (uint32_t)call->settings.llm_attempts) {
		attempt_next(call);
		return;
	}
	d->retry_wait = true;
	timer_in(call, TIMER_SECOND, RETRY_WAIT_MS);
}

/* ------------------------------------------------------------------ tools */

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

/* The result of the same change, asked for earlier in this turn or with an outcome nobody knows; NULL when it is new. */
static struct item *tool_done_before(struct call *call, const struct gen_tool *request)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	for (i = d->item_count; i > 1; i--) {
		struct item *use = &d->items[i - 1], *result;
		uint32_t r;

		if (use->type != BLOCK_TOOL_USE || !(use->flags & ITEM_CHANGES) || !text_same(call, use->name, request->name) ||
			!text_same(call, use->text, request->args))
			continue;
		for (r = i; r < d->item_count && (d->items[r].turn != use->turn || d->items[r].index != use->index ||
					d->items[r].type != BLOCK_TOOL_RESULT); r++)
			;
		if (r == d->item_count)
			continue;
		result = &d->items[r];
		if (use->turn == d->turn || result->status == TOOL_UNKNOWN || (result->flags & ITEM_PENDING))
			return result;
	}
	return NULL;
}

static void tool_timer(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint64_t next = dialogue_tools_running(call) ? d->filler_us : 0;
	unsigned int i;

	for (i = 0; i < TOOLS_MAX; i++) {
		const struct tool *t = &d->tools[i];
		uint64_t due = t->state == TOOL_RUNNING && t->detach_us < t->deadline_us ? t->detach_us : t->deadline_us;

		if (t->state && (!next || due < next))
			next = due;
	}
	if (next)
		timer_set(call, TIMER_TOOL, next);
	else
		timer_stop(call, TIMER_TOOL);
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
	dialogue_insert(call, use_at, &use);
	return dialogue_insert(call, d->item_count, &result);
}

static void tool_refuse(struct call *call, uint32_t item, const char *why)
{
	result_fill(call, item, TOOL_ERROR, call_keep_str(call, why));
	call->dialogue.need_answer = true;
}

static void tool_run(struct call *call, const struct brief_tool *known, const struct gen_tool *request, uint32_t item)
{
	struct tool *t = tool_slot(call);
	int64_t timeout = known->timeout_ms ? known->timeout_ms : call->settings.tool_timeout_ms;

	if (!t) {
		tool_refuse(call, item, "too many tools at once, ask again later");
		return;
	}
	*t = (struct tool){ .state = TOOL_RUNNING, .changes = known->changes, .item = item, .timeout_ms = (uint32_t)timeout };
	t->turn = call->dialogue.items[item].turn;
	t->index = call->dialogue.items[item].index;
	t->name = request->name;
	t->args = request->args;
	t->detach_us = call->now_us + (uint64_t)call->settings.tool_detach_ms * 1000;
	t->deadline_us = call->now_us + (uint64_t)timeout * 1000;
	tool_send(call, t);
}

static void tool_repeat(struct call *call, const struct item *before, uint32_t item, struct text name)
{
	struct item done = *before;

	call_note_text(call, NOTE_TOOL_REPEAT, call->dialogue.items[item].index, 0, name);
	if (done.flags & ITEM_PENDING)
		result_fill(call, item, TOOL_OK, call_keep_str(call, "already under way, the result will follow"));
	else if (done.status == TOOL_UNKNOWN)
		result_fill(call, item, TOOL_UNKNOWN, call_keep_str(call, "asked for before, the outcome is not known; not done again"));
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
	if (!tool)
		tool_refuse(call, item, "there is no such tool");
	else if (tool->ends)
		result_fill(call, item, TOOL_OK, call_keep_str(call, "the call ends when this is said"));
	else if (before)
		tool_repeat(call, &done, item, request->name);
	else
		tool_run(call, tool, request, item);
	if (tool && tool->ends)
		quiet_end(call, END_AGENT, false, !spoke);
}

/* All uses of one message stand together, all results behind them. */
static void tools_commit(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen_tool tools[GEN_TOOLS_MAX];
	uint32_t count = d->gen.tool_count, first = d->item_count, i;
	bool spoke = d->gen.spoke;

	memcpy(tools, d->gen.tools, sizeof(tools));
	gen_clear(call);
	for (i = 0; i < count; i++)
		tool_take(call, &tools[i], first + i, spoke);
	d->filler_us = call->now_us + (uint64_t)call->settings.tool_filler_ms * 1000;
	tool_timer(call);
}

static void gen_finish(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->gen.spoke && !d->gen.tool_count) {
		gen_failed(call); /* an empty answer is none */
		return;
	}
	d->failures = 0;
	if (d->gen.tool_count)
		tools_commit(call);
	else
		gen_clear(call);
}

static void event_add(struct call *call, const struct tool *t, const char *text, size_t len)
{
	struct buf *b = &call->scratch;

	buf_reset(b);
	buf_text(b, "Result of ");
	buf_append(b, call_text(call, t->name), t->name.len);
	buf_text(b, ": ");
	buf_append(b, text, len);
	history_add(call, BLOCK_EVENT, call_keep(call, b->data, b->len));
}

static void tool_settle(struct call *call, struct tool *t, enum tool_status status, const char *text, size_t len)
{
	struct dialogue *d = &call->dialogue;
	struct text name = t->name;

	if (t->state == TOOL_DETACHED)
		event_add(call, t, text, len);
	result_fill(call, t->item, status, t->state == TOOL_DETACHED ? call_keep_str(call, "still running, the result will follow") :
		call_keep(call, text, len));
	call_note_text(call, NOTE_TOOL, t->index, status, name);
	call->outputs[call->output_count - 1].turn = t->turn;
	t->state = TOOL_FREE;
	d->need_answer = true;
	tool_timer(call);
}

void dialogue_tool_result(struct call *call, const struct call_input *in)
{
	struct tool *t = tool_find(call, in->turn, in->index);

	if (!t) {
		call_note(call, NOTE_TOOL_LATE, in->index, in->kind);
		call->outputs[call->output_count - 1].turn = in->turn;
		return;
	}
	tool_settle(call, t, in->kind <= TOOL_UNKNOWN ? (enum tool_status)in->kind : TOOL_ERROR, in->text, in->text_len);
}

static void tool_overdue(struct call *call, struct tool *t)
{
	const char *text = t->changes ? "no answer in time: it may or may not have been done; do not try again" : "no answer in time";

	tool_settle(call, t, t->changes ? TOOL_UNKNOWN : TOOL_ERROR, text, strlen(text));
}

static void tool_due(struct call *call)
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
	if (d->filler_us && d->filler_us <= call->now_us) {
		d->filler_us = call->now_us + WAIT_AGAIN_US;
		if (dialogue_tools_running(call) && speech_idle(call) && !floor_caller(call))
			speech_phrase(call, SAY_FILLER, &call->brief.waits, &d->wait_turn);
	}
	tool_timer(call);
}

/* ------------------------------------------------------------------ what the model says */

static void model_text(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state != GEN_ASKED && g->state != GEN_TEXT)
		return;
	g->state = GEN_TEXT;
	buf_append(&g->answer, in->text, in->text_len);
	if (g->answer.err) { /* longer than anyone would listen to: it ends here */
		g->answer.err = ERR_NONE;
		call_put(call, OUT_CANCEL)->gen = g->id;
		g->state = GEN_DONE;
	}
	measure_at(call, AT_TOKEN);
	speech_cut(call, g->state == GEN_DONE);
	if (g->spoke) {
		timer_stop(call, TIMER_FILLER);
		timer_stop(call, TIMER_SECOND);
		timer_in(call, TIMER_STALL, call->settings.llm_stall_ms);
	}
	if (g->state == GEN_DONE && !g->ahead)
		gen_finish(call);
}

static void model_tool(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_DONE || g->tool_count == GEN_TOOLS_MAX)
		return;
	measure_at(call, AT_TOKEN);
	g->tools[g->tool_count].name = call_keep(call, in->name, in->name_len);
	g->tools[g->tool_count++].args = call_keep(call, in->text, in->text_len);
	timer_stop(call, TIMER_FILLER);
	timer_stop(call, TIMER_SECOND);
	timer_in(call, TIMER_STALL, call->settings.llm_stall_ms);
	if (!guarded(call, GUARD_P15) && g->ahead)
		tools_commit(call);
}

static void model_done(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_DONE)
		return;
	g->state = GEN_DONE;
	speech_cut(call, true);
	timer_stop(call, TIMER_FILLER);
	timer_stop(call, TIMER_SECOND);
	timer_stop(call, TIMER_STALL);
	timer_stop(call, TIMER_TOTAL);
	if (!g->ahead)
		gen_finish(call);
}

void dialogue_model(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_NONE || in->gen != g->id)
		return;
	if (in->type == IN_MODEL_TEXT)
		model_text(call, in);
	else if (in->type == IN_MODEL_TOOL)
		model_tool(call, in);
	else if (in->type == IN_MODEL_DONE)
		model_done(call);
	else if (g->state != GEN_DONE)
		gen_failed(call);
}

void dialogue_timer(struct call *call, enum timer timer)
{
	struct dialogue *d = &call->dialogue;

	if (timer == TIMER_TOOL) {
		tool_due(call);
		return;
	}
	if (d->gen.state == GEN_NONE)
		return;
	if (timer == TIMER_FILLER) {
		if (speech_idle(call) && !floor_caller(call))
			speech_phrase(call, SAY_FILLER, &call->brief.fillers, &d->filler_turn);
	} else if (d->gen.ahead) {
		dialogue_discard(call); /* TIMER_STALL, TIMER_TOTAL: too slow to be of use */
	} else if (timer == TIMER_STALL && !speech_idle(call)) {
		timer_in(call, TIMER_STALL, call->settings.llm_stall_ms); /* there is still something to say */
	} else {
		attempt_next(call);
	}
}

/* ------------------------------------------------------------------ knowledge, attach, end */

void dialogue_retrieve(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct call_output *out;
	struct text query;

	turn_words(call, &call->scratch);
	if (words_count((const char *)call->scratch.data, call->scratch.len) < 3 ||
		words_same((const char *)call->scratch.data, call->scratch.len, (const char *)d->query.data, d->query.len))
		return;
	if (call->listen.partial.len)
		return; /* wait for words that will not change */
	buf_reset(&d->query);
	buf_append(&d->query, call->scratch.data, call->scratch.len);
	query = call_keep(call, d->query.data, d->query.len);
	out = call_put(call, OUT_RETRIEVE);
	out->number = ++d->queries;
	out->text = call_text(call, query);
	out->text_len = query.len;
}

void dialogue_knowledge(struct call *call, const struct call_input *in)
{
	if (in->number != call->dialogue.queries || !in->text_len)
		return;
	call->dialogue.knowledge = call_keep(call, in->text, in->text_len);
}

/* What was in flight with the old worker is asked for again: the model anew, tools under their old keys. */
void dialogue_attached(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	unsigned int i;

	if (d->gen.state != GEN_NONE && d->gen.ahead) {
		dialogue_discard(call);
	} else if (d->gen.state == GEN_ASKED || d->gen.state == GEN_TEXT) {
		d->gen.state = GEN_DONE; /* its stream died with the worker */
		attempt_next(call);
	}
	for (i = 0; i < TOOLS_MAX; i++)
		if (d->tools[i].state)
			tool_send(call, &d->tools[i]);
}

void dialogue_end(struct call *call)
{
	if (call->dialogue.gen.state != GEN_NONE && call->dialogue.gen.ahead)
		dialogue_discard(call);
	gen_cancel(call);
	call->dialogue.need_answer = false;
}
