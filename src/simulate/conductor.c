/* The ledger and the runs. A key that was dispatched before gets the first one's result (and, with other arguments, is told
 * so); nothing runs twice here, so what runs twice was asked for under two keys. In one call of five it knows something. */
#include "simulate/conductor.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "simulate/scene.h"

static struct ledger_entry *ledger_find(struct conductor *c, uint32_t turn, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < c->ledger_count; i++)
		if (c->ledger[i].turn == turn && c->ledger[i].index == index)
			return &c->ledger[i];
	return NULL;
}

bool conductor_tool_runs(const struct conductor *c)
{
	return c->running > 0;
}

bool conductor_outlasts(const struct conductor *c, uint32_t turn, uint32_t index)
{
	uint64_t timeout_us = (uint64_t)c->scene->settings.tool_timeout_ms * MS_US;
	uint32_t i;

	for (i = 0; i < c->ledger_count; i++) {
		const struct ledger_entry *e = &c->ledger[i];

		if (e->turn == turn && e->index == index)
			return !e->settled && c->scene->world.queue[e->done.place].at_us > e->asked_us + timeout_us;
	}
	return false;
}

static void run_free(struct tool_run *r)
{
	r->used = false;
	r->entry->conductor->running--;
}

/* ---- telling ---- */

static void run_tell(struct tool_run *r)
{
	const struct ledger_entry *e = r->entry;
	const struct tool_events *events = r->events;
	char text[LEDGER_TEXT + 64];
	void *arg = r->arg;
	int len = 0;

	world_forget(&e->conductor->scene->world, &r->tell);
	run_free(r);
	if (r->slot)
		*r->slot = NULL;
	judge_tool_told(&e->conductor->scene->judge, e, r->foreign);
	if (r->foreign)
		len = snprintf(text, sizeof(text), "not done again; what was asked for before gave: %.*s", (int)e->text_len, e->text);
	events->result(arg, e->status, r->foreign ? text : e->text, r->foreign ? (size_t)len : e->text_len);
}

static void on_tell(void *arg)
{
	run_tell(arg);
}

static void on_done(void *arg)
{
	struct ledger_entry *e = arg;
	struct conductor *c = e->conductor;
	uint32_t i;

	e->settled = true;
	e->settled_us = c->scene->world.now_us;
	if (e->changes && e->status != TOOL_ERROR) {
		e->effects++;
		scene_fact_effect(c->scene, e);
	}
	caller_tool_returned(&c->scene->caller);
	for (i = 0; i < RUNS_MAX; i++)
		if (c->runs[i].used && c->runs[i].entry == e)
			run_tell(&c->runs[i]);
}

/* ---- executing ---- */

#define SLOWEST_US (20 * S_US)

/* One of three ends when the next answer no longer waits for it and the model is at what is said meanwhile; past its deadline nobody would miss it. */
static uint64_t slow_us(struct conductor *c)
{
	uint64_t us = dice_ms(&c->dice, 3000, scene_provokes(c->scene, P03) ? 8000 : 20000);

	if (dice_below(&c->dice, 3) == 0)
		us = num_min((uint64_t)c->scene->settings.tool_detach_ms * MS_US, SLOWEST_US) + dice_ms(&c->dice, 100, 2500);
	return us;
}

static uint64_t tool_us(struct conductor *c, const struct script_tool *tool)
{
	uint64_t us = dice_below(&c->dice, 12) == 0 ? 0 : dice_ms(&c->dice, tool->slow_ms / 2, tool->slow_ms * 2);

	if (fault_strikes(&c->scene->plan, FAULT_TOOL_SLOW, c->scene->world.now_us))
		us = slow_us(c);
	return us;
}

static void entry_outcome(struct conductor *c, struct ledger_entry *e, const struct script_tool *tool)
{
	uint64_t now = c->scene->world.now_us;
	const char *text = tool->result;

	if (fault_strikes(&c->scene->plan, FAULT_TOOL_ERROR, now)) {
		e->status = TOOL_ERROR;
		text = "the service is not available";
	} else if (fault_strikes(&c->scene->plan, FAULT_TOOL_UNKNOWN, now) && e->changes) {
		e->status = TOOL_UNKNOWN;
		text = "no answer from the service";
	}
	e->text_len = (uint32_t)snprintf(e->text, sizeof(e->text), "%s", text);
}

static uint32_t kept(char *to, size_t size, const char *from, size_t len)
{
	size_t n = len < size ? len : size;

	memcpy(to, from, n);
	return (uint32_t)n;
}

static struct ledger_entry *entry_new(struct conductor *c, const struct tool_request *q)
{
	struct ledger_entry *e = &c->ledger[c->ledger_count++];

	e->turn = q->turn;
	e->index = q->index;
	e->changes = q->changes;
	e->name_len = kept(e->name, sizeof(e->name), q->name, q->name_len);
	e->args_len = kept(e->args, sizeof(e->args), q->args, q->args_len);
	e->status = TOOL_OK;
	e->effects = e->dispatched = 0;
	e->settled = false;
	e->asked_us = c->scene->world.now_us;
	e->settled_us = 0;
	e->conductor = c;
	e->done = (struct event){ on_done, e, 0 };
	return e;
}

static bool same_request(const struct ledger_entry *e, const struct tool_request *q)
{
	return e->name_len == q->name_len && e->args_len == q->args_len && !memcmp(e->name, q->name, q->name_len) &&
	       !memcmp(e->args, q->args, q->args_len);
}

static struct tool_run *run_place(struct conductor *c)
{
	uint32_t i;

	for (i = 0; i < RUNS_MAX; i++)
		if (!c->runs[i].used)
			return &c->runs[i];
	return NULL;
}

static enum err tools_start(void *conductor, struct tool_run **rp, const struct tool_request *q, const struct tool_events *events, void *arg)
{
	struct conductor *c = conductor;
	struct world *w = &c->scene->world;
	const struct script_tool *tool = script_tool_find(c->scene->script, q->name, q->name_len);
	struct ledger_entry *e = ledger_find(c, q->turn, q->index);
	struct tool_run *r = run_place(c);

	*rp = NULL;
	judge_tool_dispatched(&c->scene->judge, q);
	if (!tool || !r || (!e && c->ledger_count == LEDGER_MAX) || q->name_len > LEDGER_NAME || q->args_len > LEDGER_ARGS)
		return ERR_LIMIT;
	if (fault_strikes(&c->scene->plan, FAULT_TOOL_REFUSED, w->now_us))
		return ERR_UNAVAILABLE;
	if (q->changes)
		scene_dispatch(c->scene);
	if (!e) {
		uint64_t us = tool_us(c, tool);

		e = entry_new(c, q);
		entry_outcome(c, e, tool);
		world_after(w, &e->done, us);
		caller_tool_runs(&c->scene->caller);
	}
	e->dispatched++;
	*r = (struct tool_run){ .used = true, .foreign = !same_request(e, q), .entry = e, .events = events, .arg = arg, .slot = rp };
	r->tell = (struct event){ on_tell, r, 0 };
	c->running++;
	if (e->settled)
		world_after(w, &r->tell, dice_ms(&c->dice, 5, 40));
	*rp = r;
	return ERR_NONE;
}

static void tools_cancel(struct tool_run **rp)
{
	struct tool_run *r = *rp;
	struct conductor *c;

	if (!r)
		return;
	c = r->entry->conductor;
	if (!c->scene->closing) {
		judge_tool_cancelled(&c->scene->judge, r->entry);
	}
	world_forget(&c->scene->world, &r->tell);
	run_free(r);
	*rp = NULL;
}

/* ---- knowledge ---- */

static const char *const facts[] = { "the car park lies behind the house", "on Fridays the desk closes at three",
	"the bus from the old bridge stops at the door", "a second visit in the same month is free", "the entrance on the west side has no steps",
	"letters take two days" };

/* Bytes of every kind, none of them a message. */
static void garbage_put(struct dice *d, struct buf *b)
{
	uint32_t len = dice_below(d, 4) ? 200 + dice_below(d, 400) : 0;
	uint8_t byte;

	while (len--) {
		byte = (uint8_t)dice_below(d, 256);
		buf_append(b, &byte, 1);
	}
}

static void knowledge_put(struct conductor *c, const struct known_answer *k)
{
	const char *fact = facts[k->fact];

	buf_reset(&c->known_text);
	if (k->kind == KNOWN_GARBAGE)
		garbage_put(&c->known_dice, &c->known_text);
	else if (k->kind != KNOWN_NOTHING)
		buf_append(&c->known_text, fact, strlen(fact));
	while (k->kind == KNOWN_LONG && c->known_text.len <= INPUT_TEXT_MAX)
		buf_printf(&c->known_text, ", and %s", fact);
}

/* To who asked, if he is still there. */
static void on_known(void *arg)
{
	struct known_answer *k = arg;
	struct conductor *c = k->conductor;

	k->used = false;
	if (k->epoch != c->scene->epoch || !scene_worker_up(c->scene))
		return;
	knowledge_put(c, k);
	scene_knowledge(c->scene, k->query, (const char *)c->known_text.data, c->known_text.len);
}

static void knowledge_later(struct conductor *c, uint64_t query, uint32_t fact, enum known_kind kind, uint64_t delay_us)
{
	uint32_t i;

	for (i = 0; i < KNOWN_MAX && c->known[i].used; i++)
		;
	if (i == KNOWN_MAX)
		return; /* it has too much to do: never */
	c->known[i] = (struct known_answer){ .used = true, .kind = kind, .query = query, .fact = fact, .epoch = c->scene->epoch, .conductor = c };
	c->known[i].tell = (struct event){ on_known, &c->known[i], 0 };
	world_after(&c->scene->world, &c->known[i].tell, delay_us);
}

/* What becomes of a query: a fault's doing, else luck. In a script of one's own there is no bad luck. */
static uint64_t known_us(struct conductor *c, uint32_t luck)
{
	bool late = fault_strikes(&c->scene->plan, FAULT_KNOWLEDGE_LATE, c->scene->world.now_us);

	if (luck && !late)
		return dice_ms(&c->known_dice, 30, 600);
	return dice_ms(&c->known_dice, 1500, 9000);
}

static enum known_kind known_kind(struct conductor *c)
{
	struct fault_plan *plan = &c->scene->plan;
	uint64_t now = c->scene->world.now_us;
	enum known_kind kind = KNOWN_FACT;

	if (fault_strikes(plan, FAULT_KNOWLEDGE_GARBAGE, now))
		kind = KNOWN_GARBAGE;
	if (fault_strikes(plan, FAULT_KNOWLEDGE_LONG, now))
		kind = KNOWN_LONG;
	if (fault_strikes(plan, FAULT_KNOWLEDGE_EMPTY, now))
		kind = KNOWN_NOTHING;
	return kind;
}

/* Mostly before the turn has ended; one time in ten late, one in ten never. */
static void tools_retrieve(void *conductor, uint64_t query, const char *text, size_t len)
{
	struct conductor *c = conductor;
	struct fault_plan *plan = &c->scene->plan;
	uint64_t now = c->scene->world.now_us;
	uint32_t luck = c->scene->script->own ? 9 : dice_below(&c->known_dice, 10), fact = (uint32_t)len;
	uint64_t delay_us = known_us(c, luck);
	enum known_kind kind = known_kind(c);

	while (len--)
		fact += (uint8_t)text[len];
	fact %= sizeof(facts) / sizeof(facts[0]);
	if (fault_strikes(plan, FAULT_KNOWLEDGE_FAILED, now) || (luck == 1 && kind == KNOWN_FACT))
		return;
	knowledge_later(c, query, fact, kind, delay_us);
	if (fault_strikes(plan, FAULT_KNOWLEDGE_TWICE, now))
		knowledge_later(c, query, fact, KNOWN_FACT, delay_us + dice_ms(&c->known_dice, 0, 900));
}

const struct tools simulated_tools = { .name = "simulated", .start = tools_start, .cancel = tools_cancel, .retrieve = tools_retrieve };

/* ---- snapshots ---- */

void conductor_snapshot(struct conductor *c, const void *data, size_t len)
{
	buf_reset(&c->snapshot);
	buf_append(&c->snapshot, data, len);
	c->snapshot_us = c->scene->world.now_us;
	c->snapshots++;
}

void conductor_ended(struct conductor *c, uint64_t connected_ms)
{
	c->ends++;
	c->connected_ms = connected_ms;
}

void conductor_new(struct conductor *c)
{
	buf_init(&c->snapshot, 16 << 20);
	buf_init(&c->known_text, 64 << 10);
}

void conductor_free(struct conductor *c)
{
	buf_fini(&c->snapshot);
	buf_fini(&c->known_text);
}

void conductor_init(struct conductor *c, struct scene *scene)
{
	uint32_t i;

	c->scene = scene;
	dice_init(&c->dice, scene->seed, scene->call, ACTOR_CONDUCTOR);
	c->ledger_count = c->dispatches = c->snapshots = c->ends = c->running = 0;
	c->snapshot_us = c->connected_ms = 0;
	buf_reset(&c->snapshot);
	for (i = 0; i < RUNS_MAX; i++)
		c->runs[i].used = false;
	for (i = 0; i < KNOWN_MAX; i++)
		c->known[i].used = false;
	dice_init(&c->known_dice, scene->seed, scene->call, ACTOR_KNOWLEDGE);
	scene->brief.knowledge = scene->script->own ? (scene->plan.armed & FAULTS_KNOWLEDGE) != 0 : dice_below(&c->known_dice, 5) == 4;
}

void conductor_stop(struct conductor *c)
{
	uint32_t i;

	for (i = 0; i < c->ledger_count; i++)
		world_forget(&c->scene->world, &c->ledger[i].done);
	for (i = 0; i < KNOWN_MAX; i++)
		if (c->known[i].used)
			world_forget(&c->scene->world, &c->known[i].tell);
}
