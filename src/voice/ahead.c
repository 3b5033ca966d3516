/* Asking ahead: the model is asked while the end of the turn is only likely, with the words and what was looked up for them.
 *
 *   ┌──────┐   g   ┌───────┐   b   ┌──────┐   c   ┌──────┐
 *   │ NONE │ ────► │ ASKED │ ────► │ TEXT │ ────► │ DONE │      from each of the three h leads to the same state, released (dialogue.c)
 *   └──────┘       └───────┘       └──────┘       └──────┘
 *      ▲               │               │              │
 *      └────── i ──────┴────── i ──────┴────── i ─────┘
 *
 *   b, c  as in dialogue.c
 *   g     the end of the turn is likely                  endpoint_timer (TIMER_AHEAD): dialogue_ahead: dialogue_ask
 *   h     the turn ends with the same words              dialogue_turn: dialogue_release
 *   i     other words, a key · the floor is taken · end  dialogue_words_changed, dialogue_turn, dialogue_key · dialogue_yield · dialogue_end ·
 *         it fails · is slow · its worker died           gen_failed · dialogue_timer · dialogue_attached; all: dialogue_discard
 *
 * Such an answer makes no sound and dispatches nothing; it is released when the turn ends with the same words. Whether it is
 * worth the asking is learnt from the last ten. The states are those of dialogue.c.
 */
#include "voice/call_state.h"

#include <assert.h>

enum { AHEAD_TRIES = 2, AHEAD_MEMORY = 10, AHEAD_JUDGED = 5 };

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
	dialogue_inform(call);
	history_add(call, BLOCK_CALLER, call_keep(call, g->asked.data, g->asked.len));
	measure_ahead(call);
	dialogue_ask(call, ASK_AHEAD, 1);
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
	dialogue_unseen(call);
	dialogue_cancel(call);
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

void dialogue_release(struct call *call)
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
	dialogue_clocks(call, ASK_PLAIN); /* of an answer that is there already dialogue_advance stops them */
}

/* ------------------------------------------------------------------ what was looked up */

void dialogue_inform(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (!d->knowledge.len)
		return;
	history_add(call, BLOCK_EVENT, d->knowledge);
	d->knowledge = (struct text){ 0, 0 };
}

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
