/* The invariants of a call: what must hold between any two steps. A sentence names the first that does not. */
#include "voice/call_state.h"

static const char *check_speech(const struct call *call)
{
	const struct speech *s = &call->speech;
	bool waits = false;
	unsigned int i;

	if (s->held && !s->count)
		return "an agent with nothing to say is not held";
	for (i = 0; i < s->count; i++) {
		const struct utterance *u = &s->slots[s->order[i]];

		if (u->state == UTTERANCE_FREE || u->state == UTTERANCE_CUT)
			return "what is over is not in the queue";
		if (u->item >= call->dialogue.item_count || call->dialogue.items[u->item].type != BLOCK_AGENT)
			return "an utterance stands in the history";
		if (u->state == UTTERANCE_PLAYS && waits)
			return "nothing plays behind what does not play yet";
		if (u->played > u->samples || u->from > u->samples)
			return "only audio that is there can be played";
		waits = waits || u->state != UTTERANCE_PLAYS;
	}
	return NULL;
}

static const char *check_tools(const struct call *call)
{
	unsigned int i, taking = 0;

#pragma GCC unroll 8 /* most find none, step after step */
	for (i = 0; i < TOOLS_MAX; i++) {
		const struct tool *t = &call->dialogue.tools[i];

		if (!t->state)
			continue;
		taking += t->waits && !t->moves;
		if (t->item >= call->dialogue.item_count || call->dialogue.items[t->item].type != BLOCK_TOOL_RESULT)
			return "a running tool has its result's place in the history";
		if (!call->quiet.ended && !call->timers[TIMER_TOOL])
			return "a running tool has a deadline";
	}
	if (taking != call->take.open)
		return "a secret number is taken for one tool";
	if (call->take.open && (call->take.count >= call->take.most || (!call->quiet.ended && !call->timers[TIMER_KEYS])))
		return "a secret number is not waited for without end";
	return NULL;
}

static const char *check_waits(const struct call *call)
{
	const struct gen *g = &call->dialogue.gen;
	const struct quiet *q = &call->quiet;

	if (q->ended)
		return NULL;
	if ((g->state == GEN_ASKED || g->state == GEN_TEXT) && !call->timers[TIMER_TOTAL])
		return "an answer has a deadline";
	if (g->ahead && g->base_items >= call->dialogue.item_count)
		return "an answer asked ahead has its question in the history";
	if (call->speech.held && !q->lost && !call->timers[TIMER_RESUME])
		return "a held agent resumes or yields";
	if (q->ending && !call->timers[TIMER_END])
		return "an ending call has a deadline";
	if (q->lost && !call->timers[TIMER_MEDIA])
		return "a call without media has a deadline";
	if (answerer_busy(call) && call->answerer.state != ANSWERER_LEAVING && !q->lost && !call->timers[TIMER_ANSWERER])
		return "who answered is not waited for without end";
	if (q->prepared && !call->timers[TIMER_MAX] && !(q->ending && q->final))
		return "a call has a longest time";
	return NULL;
}

const char *call_check(const struct call *call)
{
	const char *broken = check_speech(call);

	if (!broken)
		broken = check_tools(call);
	return broken ? broken : check_waits(call);
}
