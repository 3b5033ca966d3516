/* What is not heard yet of an answer that a tool's result contradicts: it was asked for while that tool had no result, and may say so.
 *
 *   tools_result (tools.c): stale_result ──► utterances and generation are marked ──stale_advance──► given up, and the model is asked again
 *                                │                                                  ├── held, no line: it waits for that
 *                                │                                                  ├── in the middle of a sentence: behind it
 *                                │                                                  └── a tool was asked for behind it · the call ends: it stays
 *                                └── asked ahead: thrown away, as for other words (dialogue_discard)
 *
 * Of what was heard nothing is taken back, and a sentence that is being heard is said to its end. Once in a turn of the caller's: a result behind that
 * is told behind the answer under way, as by older rules each was. What the answer had dispatched is not undone, so such an answer stays. Before
 * call.rules 4 nothing is marked.
 */
#include "voice/utterance.h"

static unsigned int marked_first(struct call *call)
{
	unsigned int i = 0;

	while (i < call->speech.count && !queue_at(call, i)->stale)
		i++;
	return i;
}

static void marks_clear(struct call *call)
{
	unsigned int i;

	for (i = 0; i < call->speech.count; i++)
		queue_at(call, i)->stale = false;
	call->dialogue.gen.stale = false;
}

/* The agent's words right before that place; NULL: something else stands there. */
static const struct item *said_before(const struct call *call, uint32_t at)
{
	const struct item *items = call->dialogue.items;

	while (at && items[at - 1].type == BLOCK_AGENT && (!items[at - 1].text.len || items[at - 1].flags & ITEM_FILLER))
		at--;
	return at && items[at - 1].type == BLOCK_AGENT ? &items[at - 1] : NULL;
}

/* A word of it was heard, or may have been. Of what went out behind another one, any sound: it could not be taken back without breaking that one off. */
static bool is_begun(const struct call *call, const struct utterance *u, bool is_head)
{
	uint32_t word = u->word_count ? u->words[0].end_samples : 0;

	if (utterance_heard_words(call, u))
		return true;
	return u->sent && !u->cleared && (!is_head || call->now_us >= utterance_sent_us(u, word));
}

/* From this place on what is marked stands behind the sentence that is being heard. `*over`: all of that one is in the queue. */
static unsigned int sentence_behind(struct call *call, unsigned int first, const struct item *before, bool *over)
{
	const struct utterance *u;
	unsigned int i;

	*over = true;
	if (before)
		words_sentence(call_text(call, before->text), before->text.len, over);
	for (i = first; (u = queue_at(call, i)); i++) {
		if (!u->stale)
			continue;
		if (*over && !is_begun(call, u, i == 0))
			break;
		words_sentence(call_text(call, u->text), u->text.len, over);
	}
	return i;
}

/* What was said to go with a tool that was asked for stays with it: marked is what stands behind the last one. */
static void acted_unmark(struct call *call)
{
	const struct dialogue *d = &call->dialogue;
	uint32_t use = d->item_count;
	struct utterance *u;
	unsigned int i;

	while (use && d->items[use - 1].type != BLOCK_TOOL_USE)
		use--;
	for (i = 0; (u = queue_at(call, i)); i++)
		u->stale = u->stale && u->item >= use;
}

/* What is marked from that place on. What was sent of it is cleared at the carrier, and what was cleared along with it plays again. */
static uint64_t drop(struct call *call, unsigned int from)
{
	struct utterance *u;
	uint64_t bytes = 0;
	bool sent = false;
	unsigned int i;

	for (i = from; (u = queue_at(call, i)); i++)
		sent = sent || (u->stale && u->sent && !u->cleared);
	if (sent) {
		call_put(call, OUT_HOLD);
		utterance_clear_marks(call);
	}
	while (i-- > from) {
		u = queue_at(call, i);
		bytes += u->stale ? u->text.len : 0;
		if (u->stale)
			queue_cut(call, u);
	}
	for (i = 0; sent && (u = queue_at(call, i)); i++)
		if (u->state == UTTERANCE_PLAYS)
			utterance_play(call, u, utterance_heard_samples(call, u));
	return bytes;
}

/* More of it may come, or stands there and is no utterance yet. */
static bool is_written(const struct dialogue *d)
{
	return d->gen.stale && (d->gen.state != GEN_DONE || d->retry_wait || d->gen.cut < d->gen.answer.len);
}

/* `whole`: nothing of it was heard, and the results that it would have told are owed as before. */
static void give_up(struct call *call, unsigned int from, bool whole)
{
	struct dialogue *d = &call->dialogue;
	const struct utterance *first = queue_at(call, from);
	uint32_t gen = first ? first->gen : d->gen.id;
	uint64_t filler_us = call->timers[TIMER_FILLER], bytes = 0;
	bool written = is_written(d) || (whole && d->gen.stale);

	if (!first && !written)
		return; /* its last sentence is being heard */
	if (written) {
		bytes = d->gen.answer.len - d->gen.cut;
		if (whole)
			dialogue_unseen(call);
		dialogue_cancel(call);
		if (filler_us)
			timer_set(call, TIMER_FILLER, filler_us); /* the caller waits since then */
	}
	bytes += drop(call, from);
	call_note(call, NOTE_DISCARD, whole ? gen : 0, bytes);
	if (whole)
		measure_given_up(call);
	d->stale_turn = d->turn + 1;
	d->need_answer = true;
	d->go_on = false;
}

bool stale_waits(struct call *call)
{
	return call->speech.held && marked_first(call) < call->speech.count;
}

void stale_advance(struct call *call)
{
	const struct gen *g = &call->dialogue.gen;
	unsigned int first = marked_first(call), from;
	const struct utterance *u;
	const struct item *before;
	bool over, whole;

	if ((first == call->speech.count && !g->stale) || call->speech.held || call->quiet.lost)
		return;
	acted_unmark(call);
	first = marked_first(call);
	u = queue_at(call, first);
	before = said_before(call, u ? u->item : history_end(call));
	from = sentence_behind(call, first, before, &over);
	whole = from == first && !before;
	if (call->quiet.ending || (g->stale && g->tool_count && !whole)) {
		marks_clear(call);
		return;
	}
	if (!over && is_written(&call->dialogue))
		return; /* the sentence is not */
	give_up(call, from, whole);
	marks_clear(call);
}

bool stale_result(struct call *call, uint32_t result)
{
	struct dialogue *d = &call->dialogue;
	bool first = d->stale_turn != d->turn + 1, any = call->quiet.broken && d->again.len;
	struct utterance *u;
	unsigned int i;

	if (call->settings.call_rules < 4 || call->quiet.ending || call->quiet.ended)
		return false;
	if (d->gen.ahead) {
		dialogue_discard(call);
		return false;
	}
	for (i = 0; (u = queue_at(call, i)); i++) {
		if (u->kind != SAY_ANSWER || u->item < result)
			continue;
		u->stale = first;
		any = true;
	}
	d->gen.stale = first && d->gen.state != GEN_NONE;
	any = any || d->gen.state != GEN_NONE;
	stale_advance(call);
	return any;
}
