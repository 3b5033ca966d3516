/* Generations: what the model is asked, when, and what becomes of its answer.
 *
 *   ┌──────┐   a   ┌───────┐   b   ┌──────┐   c   ┌──────┐   d   ┌──────┐
 *   │ NONE │ ────► │ ASKED │ ────► │ TEXT │ ────► │ DONE │ ────► │ NONE │      released: it answers a turn that has ended
 *   └──────┘       └───────┘       └──────┘       └──────┘       └──────┘
 *      ▲           │ ▲ │ │ c        │ │           ▲ │ │
 *      │           │ │ │ └──────────┼─┼───────────┘ │ │
 *      │           │ └─┴───── e ────┴─┼──── e ──────┘ │
 *      └──── f ────┴───────── f ──────┴──── f ────────┘
 *                    ▲ h             ▲ h            ▲ h         what was asked ahead (ahead.c) is released
 *
 *   a  an answer is needed, no tool to wait for       dialogue_advance: dialogue_ask
 *   b  its first text                                 dialogue_model: model_text
 *   c  its end · more than anyone would listen to ·   dialogue_model: model_done · model_text ·
 *      it broke off, and the next attempt waits       gen_failed (TIMER_SECOND then takes e)
 *   d  all of its text is queued                      dialogue_advance: gen_finish: tools_commit (tools_commit.c) or dialogue_clear
 *   e  it failed · is empty · is slow, stalls, takes  dialogue_model: gen_failed · gen_finish: gen_failed · dialogue_timer ·
 *      too long · its worker died: next attempt       dialogue_attached: ask_again; all: attempt_next: dialogue_ask
 *   f  no attempt is left: an apology · a new turn ·  attempt_next: give_up · dialogue_turn · dialogue_yield · dialogue_end ·
 *      the floor is taken, a key · the end · its      dialogue_key · ask_again · stale_advance (stale.c); all: dialogue_cancel
 *      worker died and tools are asked for again ·
 *      a result contradicts it
 *   h  the turn ends with the same words              dialogue_turn: dialogue_release (ahead.c)
 *
 * A slow answer gets a filler and a second attempt, one that broke off is asked to go on, and when no attempt is left the
 * agent apologises. When that is due, dialogue_clocks.c says; what is asked before the turn is over is ahead.c's. Tools are
 * tools.c's, the history is history.c's.
 */
#include "voice/call_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_WAIT_MS = 400 };

/* ------------------------------------------------------------------ generations */

void dialogue_clear(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	g->state = GEN_NONE;
	g->ahead = false;
	g->spoke = false;
	g->goes_on = false;
	g->stale = false;
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

void dialogue_cancel(struct call *call)
{
	struct gen *g = &call->dialogue.gen;

	if (g->state == GEN_ASKED || g->state == GEN_TEXT)
		call_put(call, OUT_CANCEL)->gen = g->id;
	dialogue_clear(call);
}

static void results_turn(struct dialogue *d, enum item_flag from, unsigned int to)
{
	uint32_t i;

	for (i = 0; i < d->item_count; i++)
		if (d->items[i].flags & from)
			d->items[i].flags = (uint8_t)((d->items[i].flags & ~from) | to);
}

/* The next request has them all, and with the first `count` items the news, too. */
static void results_seen(struct call *call, uint32_t count)
{
	struct dialogue *d = &call->dialogue;

	results_turn(d, ITEM_UNSEEN, call->settings.call_rules >= 4 ? ITEM_ASKED : 0);
	if (count == d->item_count)
		results_turn(d, ITEM_NEWS, 0);
}

/* Nothing came of the request that had them: they are owed as before. */
void dialogue_unseen(struct call *call)
{
	results_turn(&call->dialogue, ITEM_ASKED, ITEM_UNSEEN);
}

void dialogue_ask(struct call *call, enum ask_kind kind, uint32_t attempt)
{
	struct dialogue *d = &call->dialogue;
	uint32_t count = kind == ASK_CONTINUE ? history_end(call) : d->item_count; /* who goes on has no other words than those he goes on from */
	bool rest = history_owes(call, count);
	struct call_output *out;

	d->gen.state = GEN_ASKED;
	d->gen.id = ++d->gens;
	d->gen.turn = d->turn;
	d->gen.attempt = attempt;
	d->gen.ahead = kind == ASK_AHEAD;
	d->gen.goes_on = kind == ASK_CONTINUE;
	if (kind != ASK_AHEAD) {
		again_forget(call);
		call->quiet.broken = false; /* what comes now goes on from what was heard */
		d->gen.base_items = d->item_count;
		d->need_answer = rest;
		d->go_on = false;
	}
	if (kind == ASK_PLAIN && attempt == 1)
		call_put(call, OUT_SNAPSHOT);
	out = call_put(call, OUT_ASK);
	out->gen = d->gen.id;
	out->turn = d->turn;
	out->kind = kind;
	out->number = attempt;
	if (!rest)
		results_seen(call, count);
	out->block_count = history_request(call, count);
	out->position = history_digest(call->blocks + call->block_count - out->block_count, out->block_count);
	timer_in(call, TIMER_TOTAL, call->settings.llm_total_ms);
	if (kind != ASK_AHEAD)
		dialogue_clocks(call, kind);
	dialogue_hurry(call, out);
}

/* ------------------------------------------------------------------ a turn */

void dialogue_turn(struct call *call, struct text words)
{
	struct dialogue *d = &call->dialogue;

	take_stop(call, "{\"error\":\"spoke\",\"message\":\"The caller said something before he pressed the keys.\"}");
	if (d->gen.ahead) {
		if (words_same(call_text(call, words), words.len, (const char *)d->gen.asked.data, d->gen.asked.len)) {
			dialogue_release(call);
			return;
		}
		dialogue_discard(call);
	}
	if (!speech_idle(call) && !speech_whole(call)) /* a disclosure is said to its end */
		speech_drop(call); /* not yet audible: the caller went on before the answer began */
	dialogue_cancel(call);
	dialogue_inform(call);
	history_add(call, BLOCK_CALLER, words);
	d->need_answer = true;
	d->go_on = false;
	tools_turn(call);
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
	dialogue_cancel(call);
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

/* Last words are not broken off without end: behind the last time the call ends for good. */
void dialogue_unbreak(struct call *call)
{
	struct quiet *q = &call->quiet;
	bool broken = q->broken && !call->dialogue.need_answer, goes_on = broken && q->breaks < BREAKS_MAX;
	bool ends = broken && !goes_on && again_ends(call);

	call->dialogue.go_on = goes_on;
	q->breaks = (uint8_t)(q->breaks + q->broken);
	q->broken = false;
	if (ends)
		quiet_end_after_all(call, true, true);
	else if (!goes_on || !again_say(call))
		call->dialogue.need_answer |= goes_on;
}

/* The floor was taken: what was being said or thought is over; what was dispatched is not. */
void dialogue_yield(struct call *call)
{
	struct dialogue *d = &call->dialogue;
	uint32_t i;

	if (d->gen.ahead)
		dialogue_discard(call);
	dialogue_cancel(call);
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

/* He is in the middle of something: what a machine says is no reason to wait. */
static bool caller_talks(const struct call *call)
{
	return (endpoint_words(call) || floor_caller(call)) && !answerer_machine(call);
}

/* "Yes … no, wait": nothing is changed while he says more, and what he says takes the answer back as another turn. */
static bool caller_first(const struct call *call)
{
	return call->settings.call_rules >= 4 && !call->quiet.ending && !call->quiet.lost && caller_talks(call) && tools_change(call);
}

void dialogue_advance(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	stale_advance(call);
	if (d->gen.state == GEN_DONE && !d->gen.ahead && !d->retry_wait) {
		speech_cut(call, true);
		if (!caller_first(call))
			gen_finish(call);
	}
	tools_move(call);
	tools_filler(call);
	if (!d->need_answer || d->gen.state != GEN_NONE || tools_running(call) || call->quiet.ending || call->quiet.lost)
		return;
	if (caller_talks(call))
		return; /* it belongs into the same request */
	if (call->quiet.key_count && call->settings.call_rules >= 4)
		return; /* so does an entry */
	if (stale_waits(call))
		return; /* that request is made without what is given up then */
	dialogue_ask(call, d->go_on ? ASK_CONTINUE : ASK_PLAIN, 1);
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
		dialogue_unseen(call);
	dialogue_cancel(call);
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
	dialogue_cancel(call);
	call_note(call, NOTE_RETRY, RETRY_MODEL, attempt);
	dialogue_ask(call, goes_on ? ASK_CONTINUE : ASK_PLAIN, attempt);
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
	call->quiet.parted &= !d->gen.spoke;
	results_turn(d, ITEM_ASKED, 0);
	if (d->gen.tool_count)
		tools_commit(call);
	else
		dialogue_clear(call);
}

/* ------------------------------------------------------------------ what the model says */

static void model_text(struct call *call, const struct call_input *in)
{
	struct gen *g = &call->dialogue.gen;
	bool begins = g->state == GEN_ASKED && call->settings.call_rules >= 4;

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
	} else if (begins && call->timers[TIMER_SECOND]) {
		timer_in(call, TIMER_SECOND, call->settings.llm_second_ms); /* for its first clause as long again: it writes, and the next attempt would be no quicker */
	}
	dialogue_stall(call, call->now_us);
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
	dialogue_stall(call, call->now_us);
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
		if (d->gen.state == GEN_NONE)
			return; /* what it counted for was given up, and the caller speaks */
		if (speech_idle(call) && !floor_caller(call) && !answerer_machine(call))
			speech_phrase(call, SAY_FILLER, &call->brief.fillers, &d->filler_turn);
		timer_in(call, TIMER_FILLER, 2 * call->settings.llm_filler_ms);
	} else if (d->gen.ahead) {
		dialogue_discard(call); /* TIMER_STALL, TIMER_TOTAL: too slow to be of use */
	} else if (timer != TIMER_STALL || speech_idle(call)) {
		attempt_next(call); /* a stall with something left to say is looked at when that is said (dialogue_silence) */
	}
}

/* ------------------------------------------------------------------ attach, end */

/* The stream died with the worker: the same attempt again. */
static void ask_again(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (tools_open(call) && !d->gen.spoke && !d->gen.goes_on) {
		dialogue_cancel(call); /* the results that are asked for again belong into the next request */
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
	dialogue_cancel(call);
	call->dialogue.need_answer = false;
}
