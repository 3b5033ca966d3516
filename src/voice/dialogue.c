/* Generations: what the model is asked, when, and what becomes of its answer.
 *
 *   ┌──────┐   a   ┌───────┐   b   ┌──────┐   c   ┌──────┐   d   ┌──────┐
 *   │ NONE │ ────► │ ASKED │ ────► │ TEXT │ ────► │ DONE │ ────► │ NONE │      released: it answers a turn that has ended
 *   └──────┘       └───────┘       └──────┘       └──────┘       └──────┘
 *      ▲           │ ▲ │ │ c        │ │           ▲ │ │
 *      │           │ │ │ └──────────┼─┼───────────┘ │ │
 *      │           │ └─┴───── e ────┴─┼──── e ──────┘ │
 *      └──── f ────┴───────── f ──────┴──── f ────────┘
 *                    ▲ h             ▲ h            ▲ h
 *   ┌──────┐   g   ┌───────┐   b   ┌──────┐   c   ┌──────┐
 *   │ NONE │ ────► │ ASKED │ ────► │ TEXT │ ────► │ DONE │                     ahead: the end of the turn is only likely
 *   └──────┘       └───────┘       └──────┘       └──────┘
 *      ▲               │               │              │
 *      └────── i ──────┴────── i ──────┴────── i ─────┘
 *
 *   a  an answer is needed, no tool to wait for       dialogue_advance: ask
 *   b  its first text                                 dialogue_model: model_text
 *   c  its end · more than anyone would listen to ·   dialogue_model: model_done · model_text ·
 *      it broke off, and the next attempt waits       gen_failed (TIMER_SECOND then takes e)
 *   d  all of its text is queued                      dialogue_advance: gen_finish: tools_commit (tools.c) or dialogue_clear
 *   e  it failed · is empty · is slow, stalls, takes  dialogue_model: gen_failed · gen_finish: gen_failed · dialogue_timer ·
 *      too long · its worker died: next attempt       dialogue_attached: ask_again; all: attempt_next: ask
 *   f  no attempt is left: an apology · a new turn ·  attempt_next: give_up · dialogue_turn · dialogue_yield · dialogue_end ·
 *      the floor is taken, a key · the end · its      dialogue_key · ask_again; all: gen_cancel
 *      worker died and tools are asked for again
 *   g  the end of the turn is likely                  endpoint_timer (TIMER_AHEAD): dialogue_ahead: ask
 *   h  the turn ends with the same words              dialogue_turn: release
 *   i  other words, a key · the floor is taken · end  dialogue_words_changed, dialogue_turn, dialogue_key · dialogue_yield · dialogue_end ·
 *      it fails · is slow · its worker died           gen_failed · dialogue_timer · dialogue_attached; all: dialogue_discard
 *
 * An answer that was asked for ahead makes no sound and dispatches nothing; it is released when the turn ends with the same
 * words. A slow one gets a filler and a second attempt, one that broke off is asked to go on, and when no attempt is left the
 * agent apologises. Tools are tools.c's, the history is history.c's.
 */
#include "voice/call_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	AHEAD_TRIES = 2, AHEAD_MEMORY = 10, AHEAD_JUDGED = 5, RETRY_WAIT_MS = 400, FILLER_SOON_MS = 500, STALL_SOON_US = 300000, SILENT_LATE_US = 500000,
	FILLER_FIRST_US = 600000, /* however slow the voice is: a quick answer needs none */
	BREAKS_MAX = 3
};

/* ------------------------------------------------------------------ generations */

void dialogue_clear(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	g->state = GEN_NONE;
	g->ahead = false;
	g->spoke = false;
	g->goes_on = false;
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
	dialogue_clear(call);
}

/* When the first filler of a turn has to be asked for at the latest: a filler is made by the voice, too, and is heard so much later. 0: no matter when. */
static uint64_t filler_latest_us(const struct call *call)
{
	const struct call_settings *s = &call->settings;
	uint64_t turn_us = call->at[AT_TURN], latest_us = s->llm_silent_ms ? turn_us + (uint64_t)s->llm_silent_ms * 1000 : 0;
	uint64_t budget_us = num_max(num_over((uint64_t)s->turn_budget_ms * 1000, call->speech.voice_us), FILLER_FIRST_US);

	if (!s->turn_budget_ms)
		return latest_us;
	return latest_us ? num_min(latest_us, turn_us + budget_us) : turn_us + budget_us;
}

/* When the agent is to say something, whatever he waits for: he has said nothing to the turn yet, no filler either. UINT64_MAX: he has. */
uint64_t dialogue_silent_us(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint64_t latest_us = filler_latest_us(call);
	uint32_t i = d->item_count;

	if (call->settings.call_rules < 4 || !latest_us || !call->at[AT_TURN])
		return UINT64_MAX;
	while (i-- > 0 && d->items[i].type != BLOCK_CALLER)
		if (d->items[i].type == BLOCK_AGENT && d->items[i].text.len)
			return UINT64_MAX;
	return latest_us;
}

/* How long the caller has been waiting counts from the end of the turn, whenever the model was asked; in the middle of an
 * answer there has been silence already. */
static void gen_clocks(struct call *call, enum ask_kind kind)
{
	const struct call_settings *s = &call->settings;
	uint64_t latest_us = filler_latest_us(call), mute_us = dialogue_silent_us(call);
	int64_t filler = kind == ASK_CONTINUE ? (int64_t)num_min((uint64_t)s->llm_filler_ms, FILLER_SOON_MS) : s->llm_filler_ms;

	if (call->dialogue.gen.spoke || !guarded(call, GUARD_P12))
		return;
	timer_in(call, TIMER_FILLER, filler);
	if (call->at[AT_TURN] && !call->at[AT_SENT] && call->now_us < latest_us) /* the caller has heard nothing since */
		timer_set(call, TIMER_FILLER, num_min(call->timers[TIMER_FILLER], latest_us));
	else if (call->now_us >= mute_us && call->now_us < mute_us + SILENT_LATE_US) /* a tool's filler was due just now, and is one no more */
		timer_set(call, TIMER_FILLER, call->now_us);
	timer_in(call, TIMER_SECOND, s->llm_second_ms);
}

static void results_turn(struct dialogue *d, enum item_flag from, unsigned int to)
{
	uint32_t i;

	for (i = 0; i < d->item_count; i++)
		if (d->items[i].flags & from)
			d->items[i].flags = (uint8_t)((d->items[i].flags & ~from) | to);
}

/* The next request has them all. */
static void results_seen(struct call *call)
{
	results_turn(&call->dialogue, ITEM_UNSEEN, call->settings.call_rules >= 4 ? ITEM_ASKED : 0);
}

/* Nothing came of the request that had them: they are owed as before. */
static void results_unseen(struct dialogue *d)
{
	results_turn(d, ITEM_ASKED, ITEM_UNSEEN);
}

static void ask(struct call *call, enum ask_kind kind, uint32_t attempt)
{
	struct dialogue *d = &call->dialogue;
	uint32_t count = kind == ASK_CONTINUE ? history_end(call) : d->item_count; /* who goes on has no other words than those he goes on from */
	struct call_output *out;

	d->gen.state = GEN_ASKED;
	d->gen.id = ++d->gens;
	d->gen.turn = d->turn;
	d->gen.attempt = attempt;
	d->gen.ahead = kind == ASK_AHEAD;
	d->gen.goes_on = kind == ASK_CONTINUE;
	if (kind != ASK_AHEAD) {
		call->quiet.broken = false; /* what comes now goes on from what was heard */
		d->gen.base_items = d->item_count;
		d->need_answer = count < d->item_count;
		d->go_on = false;
	}
	if (kind == ASK_PLAIN && attempt == 1)
		call_put(call, OUT_SNAPSHOT);
	out = call_put(call, OUT_ASK);
	out->gen = d->gen.id;
	out->turn = d->turn;
	out->kind = kind;
	out->number = attempt;
	if (count == d->item_count)
		results_seen(call);
	out->block_count = history_request(call, count);
	out->position = history_digest(call->blocks + call->block_count - out->block_count, out->block_count);
	timer_in(call, TIMER_TOTAL, call->settings.llm_total_ms);
	if (kind != ASK_AHEAD)
		gen_clocks(call, kind);
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

	d->ahead_bits = ((d->ahead_bits << 1) | hit) & ((1u << AHEAD_MEMORY) - 1);
	d->ahead_count = num_min32(d->ahead_count + 1, AHEAD_MEMORY);
}

/* As the turn would have them if it ended now. */
static void turn_words(const struct call *call, struct buf *b)
{
	const struct listen *l = &call->listen;
	const struct quiet *q = &call->quiet;

	buf_reset(b);
	buf_append(b, l->said.data, l->said.len);
	if (q->key_count && call->settings.call_rules >= 4)
		endpoint_keys_put(b, q->keys, q->key_count);
	if (b->len && l->partial.len)
		buf_text(b, " ");
	buf_append(b, l->partial.data, l->partial.len);
}

void dialogue_ahead(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	struct gen *g = &d->gen;

	if (g->state != GEN_NONE || tools_running(call) || d->need_answer || !speech_idle(call))
		return;
	if (d->ahead_tries >= AHEAD_TRIES || !ahead_worth(call))
		return;
	d->ahead_tries++;
	dialogue_clear(call);
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
	speech_drop_gen(call, id);
	if (d->items[g->base_items].type == BLOCK_EVENT) {
		d->knowledge = d->items[g->base_items].text; /* for the next request */
		history_remove(call, g->base_items);
	}
	assert(d->items[g->base_items].type == BLOCK_CALLER);
	history_remove(call, g->base_items);
	call_note(call, NOTE_DISCARD, id, wasted);
	results_unseen(d);
	gen_cancel(call);
	ahead_learn(call, false);
}

void dialogue_words_changed(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->gen.ahead)
		return;
	turn_words(call, &call->scratch);
	if (!words_same((const char *)call->scratch.data, call->scratch.len, (const char *)d->gen.asked.data, d->gen.asked.len))
		dialogue_discard(call);
}

static void release(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i = d->gen.base_items;

	call_note(call, NOTE_RELEASE, d->gen.id, 0);
	ahead_learn(call, true);
	i += d->items[i].type == BLOCK_EVENT; /* knowledge that came with the question */
	for (; i < d->item_count; i++)
		d->items[i].turn = d->turn;
	d->gen.ahead = false;
	d->gen.turn = d->turn;
	if (call->settings.call_rules < 4)
		d->need_answer = false; /* else it stays: a result that came meanwhile is not in this request, and is told next */
	speech_released(call, d->gen.id);
	call_put(call, OUT_SNAPSHOT);
	gen_clocks(call, ASK_PLAIN); /* of an answer that is there already dialogue_advance stops them */
}

/* ------------------------------------------------------------------ a turn */

void dialogue_turn(struct call *call, struct text words)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.ahead) {
		if (words_same(call_text(call, words), words.len, (const char *)d->gen.asked.data, d->gen.asked.len)) {
			release(call);
			return;
		}
		dialogue_discard(call);
	}
	if (!speech_idle(call) && !speech_whole(call)) /* a disclosure is said to its end */
		speech_drop(call); /* not yet audible: the caller went on before the answer began */
	gen_cancel(call);
	knowledge_use(call);
	history_add(call, BLOCK_CALLER, words);
	d->need_answer = true;
	d->go_on = false;
}

/* A key. While an answer is made of which nothing is heard yet, it belongs to what was said before it: whoever says yes and presses 1 means both, and
 * wants one answer. So that one is given up at once, not in the middle of its words when the entry is over; until then nothing is asked. */
void dialogue_key(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (call->settings.call_rules < 4)
		return; /* it goes on, and is cut when the entry is over */
	if (d->gen.ahead)
		dialogue_discard(call);
	if (!speech_idle(call))
		return;
	gen_cancel(call);
	d->need_answer = false;
}

/* The agent's last words that ask; behind all that was said: none do. */
static uint32_t question_item(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t i = d->item_count;

	while (i-- > 0 && d->items[i].type != BLOCK_CALLER) {
		const struct item *item = &d->items[i];

		if (item->type == BLOCK_AGENT && words_question(call_text(call, item->text), item->text.len) < item->text.len)
			return i;
	}
	return history_end(call);
}

void dialogue_aside(struct call *call, struct text words, bool answer)
{
	struct dialogue *d = &call->dialogue;
	struct item item = { .type = BLOCK_CALLER, .turn = d->turn, .text = words };

	if (d->gen.ahead)
		dialogue_discard(call);
	history_insert(call, question_item(call), &item);
	d->need_answer |= answer;
}

/* They came while the floor was taken. Behind what is said next they would read as answered. */
void dialogue_owed(struct call *call)
{
	if (!history_unseen(call))
		return;
	call->dialogue.need_answer = true;
	dialogue_advance(call);
}

void dialogue_unbreak(struct call *call)
{
	struct quiet *q = &call->quiet;

	call->dialogue.go_on = q->broken && q->breaks < BREAKS_MAX && !call->dialogue.need_answer;
	call->dialogue.need_answer |= call->dialogue.go_on;
	q->breaks = (uint8_t)(q->breaks + q->broken);
	q->broken = false;
}

/* The floor was taken: what was being said or thought is over; what was dispatched is not. */
void dialogue_yield(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (d->gen.ahead)
		dialogue_discard(call);
	gen_cancel(call);
	d->need_answer = false;
	for (i = d->item_count; i > 0 && !guarded(call, GUARD_P01) && !tools_open(call); i--)
		if (d->items[i - 1].type == BLOCK_TOOL_USE || d->items[i - 1].type == BLOCK_TOOL_RESULT)
			d->items[i - 1] = (struct item){ .type = BLOCK_AGENT };
}

bool dialogue_idle(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;

	return d->gen.state == GEN_NONE && !d->need_answer && !tools_running(call);
}

bool dialogue_asked(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;

	return !d->gen.ahead && (d->gen.state == GEN_ASKED || d->gen.state == GEN_TEXT || d->retry_wait);
}

bool dialogue_answering(const struct call *call)
{
	const struct dialogue *d = &call->dialogue;

	return d->need_answer || tools_running(call) || (d->gen.state != GEN_NONE && !d->gen.ahead);
}

static void gen_finish(struct call *call);

void dialogue_advance(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.state == GEN_DONE && !d->gen.ahead && !d->retry_wait) {
		speech_cut(call, true);
		gen_finish(call);
	}
	tools_move(call);
	tools_filler(call);
	if (!d->need_answer || d->gen.state != GEN_NONE || tools_running(call) || call->quiet.ending || call->quiet.lost)
		return;
	if ((endpoint_words(call) || floor_caller(call)) && !answerer_machine(call))
		return; /* the caller is in the middle of something: it belongs into the same request */
	if (call->quiet.key_count && call->settings.call_rules >= 4)
		return; /* so does an entry */
	ask(call, d->go_on ? ASK_CONTINUE : ASK_PLAIN, 1);
}

/* ------------------------------------------------------------------ attempts */

/* The caller is asked to say it again: as an answer to what the agent asked before. */
static void expect_again(struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t i = d->item_count;
	bool spoke = false;

	while (i-- > 0) {
		const struct item *item = &d->items[i];
		const char *words = call_text(call, item->text);

		if (item->type == BLOCK_CALLER && spoke)
			return; /* what was asked before that was answered */
		if (item->type != BLOCK_AGENT || (item->flags & ITEM_FILLER) || words_all_in(&call->brief.apology, words, item->text.len))
			continue;
		call->listen.expect = endpoint_asked(call, item->text);
		if (call->settings.call_rules < 2 || call->listen.expect.kind != EXPECT_ANY)
			return;
		spoke = true;
	}
}

/* The results that its request had are told when nobody speaks behind the apology (quiet_due): once more the model is asked. Not those of an answer
 * that was begun: they may have been told. */
static void give_up(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->gen.spoke && !d->gen.goes_on)
		results_unseen(d);
	gen_cancel(call);
	call_note(call, NOTE_FAILED, RETRY_MODEL, ++d->failures);
	d->need_answer = false;
	if (answerer_machine(call)) {
		quiet_end(call, END_MACHINE, true, false); /* nobody there wants to hear that something went wrong */
		return;
	}
	if (d->failures >= (uint32_t)call->settings.call_failures) {
		quiet_end(call, END_FAILED, false, true);
		return;
	}
	expect_again(call);
	speech_phrase(call, SAY_PROMPT, &call->brief.apology, &call->quiet.apology_turn);
}

static void attempt_next(struct call *call)
{
	struct gen *g = &call->dialogue.gen;
	uint32_t attempt = g->attempt + 1;
	uint64_t filler_us = call->timers[TIMER_FILLER];
	bool goes_on = g->spoke || g->goes_on;

	if (attempt > (uint32_t)call->settings.llm_attempts) {
		give_up(call);
		return;
	}
	gen_cancel(call);
	call_note(call, NOTE_RETRY, RETRY_MODEL, attempt);
	ask(call, goes_on ? ASK_CONTINUE : ASK_PLAIN, attempt);
	if (filler_us)
		timer_set(call, TIMER_FILLER, filler_us); /* the caller has waited since the first attempt */
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

static void gen_finish(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.cut < d->gen.answer.len)
		return; /* there is no room for all of its text yet: dialogue_advance comes back */
	if (!d->gen.spoke && !d->gen.tool_count) {
		gen_failed(call); /* an empty answer is none */
		return;
	}
	d->failures = 0;
	results_turn(d, ITEM_ASKED, 0);
	if (d->gen.tool_count)
		tools_commit(call);
	else
		dialogue_clear(call);
}

/* ------------------------------------------------------------------ what the model says */

/* The model has begun and stops: nothing to say is left, and for llm_stall_ms no text has come. */
static void stall_clock(struct call *call, uint64_t soonest_us)
{
	struct gen *g = &call->dialogue.gen;
	uint64_t due = g->text_us + (uint64_t)call->settings.llm_stall_ms * 1000;

	if ((!g->spoke && !g->tool_count) || g->state == GEN_DONE || !guarded(call, GUARD_P12))
		return;
	timer_set(call, TIMER_STALL, num_max(due, soonest_us));
}

void dialogue_silence(struct call *call)
{
	stall_clock(call, call->now_us + STALL_SOON_US);
}

static void model_text(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state != GEN_ASKED && g->state != GEN_TEXT)
		return;
	g->state = GEN_TEXT;
	g->text_us = call->now_us;
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
	}
	stall_clock(call, call->now_us);
}

static void model_tool(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_DONE || g->tool_count == GEN_TOOLS_MAX)
		return;
	measure_at(call, AT_TOKEN);
	g->text_us = call->now_us;
	g->tools[g->tool_count].name = call_keep(call, in->name, in->name_len);
	g->tools[g->tool_count++].args = call_keep(call, in->text, in->text_len);
	timer_stop(call, TIMER_FILLER);
	timer_stop(call, TIMER_SECOND);
	stall_clock(call, call->now_us);
	if (!guarded(call, GUARD_P15) && g->ahead)
		tools_commit(call);
}

/* What follows from it is dialogue_advance's. */
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
		tools_due(call);
		return;
	}
	if (timer == TIMER_FILLER) {
		if (speech_idle(call) && !floor_caller(call) && !answerer_machine(call))
			speech_phrase(call, SAY_FILLER, &call->brief.fillers, &d->filler_turn);
		timer_in(call, TIMER_FILLER, 2 * call->settings.llm_filler_ms);
	} else if (d->gen.ahead) {
		dialogue_discard(call); /* TIMER_STALL, TIMER_TOTAL: too slow to be of use */
	} else if (timer != TIMER_STALL || speech_idle(call)) {
		attempt_next(call); /* a stall with something left to say is looked at when that is said (dialogue_silence) */
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

/* The stream died with the worker: the same attempt again. */
static void ask_again(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (tools_open(call) && !d->gen.spoke && !d->gen.goes_on) {
		gen_cancel(call); /* the results that are asked for again belong into the next request */
		d->need_answer = true;
		return;
	}
	d->gen.attempt--;
	attempt_next(call);
}

/* What was in flight with the old worker is asked for again: the model anew, tools under their old keys. */
void dialogue_attached(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.ahead)
		dialogue_discard(call);
	else if (d->retry_wait)
		attempt_next(call);
	else if (d->gen.state == GEN_ASKED || d->gen.state == GEN_TEXT)
		ask_again(call);
	tools_attached(call);
}

void dialogue_end(struct call *call)
{
	if (call->dialogue.gen.ahead)
		dialogue_discard(call);
	gen_cancel(call);
	call->dialogue.need_answer = false;
}
