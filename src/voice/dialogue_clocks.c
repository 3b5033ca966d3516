/* The clocks of an answer: when a filler is due, the second attempt, when a model that has begun counts as stalled, and when there is so little
 * time left that a short answer is asked for.
 *
 *   ASKED ──dialogue_ask (dialogue.c) · dialogue_release (ahead.c): dialogue_clocks──► TIMER_FILLER and TIMER_SECOND run
 *   TEXT ──its first: model_text (dialogue.c)──► TIMER_SECOND runs once more, to the first clause
 *        ──model_text, model_tool (dialogue.c) · all is said: dialogue_silence; all: dialogue_stall──► TIMER_STALL runs
 *
 * What they bring about is dialogue_timer's (dialogue.c: edge e, a filler); dialogue_clear, and text or a tool that came, stop
 * them. How long the caller has waited counts from the end of his turn, or from his last sound, and by what he has heard since.
 */
#include "voice/call_state.h"

enum {
	FILLER_SOON_MS = 500, STALL_SOON_US = 300000, SILENT_LATE_US = 500000,
	FILLER_FIRST_US = 600000, /* however slow the voice is: a quick answer needs none */
	DEAD_AIR_US = 2600000,    /* nobody is heard for so long, whatever the turn waited for: with a voice that is slower than lately it is less than three seconds */
	FILLER_LEAST_US = 200000  /* however long the caller was silent before his turn was over: one that is about to come needs none */
};

/* llm.silent_ms count from the turn's end; but behind digits and the like the caller has been silent for long by then, and what is said must be heard before
 * the silence is dead air. By older rules no matter how long it is. */
static uint64_t silent_latest_us(const struct call *call)
{
	uint64_t silent_us = (uint64_t)call->settings.llm_silent_ms * 1000, turn_us = call->at[AT_TURN];
	uint64_t sure_us = num_max(turn_us, call->at[AT_TRANSCRIPT]) + FILLER_LEAST_US;
	uint64_t dead_us = call->dialogue.still_us + num_max(num_over(DEAD_AIR_US, call->speech.voice_us), silent_us);

	if (!silent_us)
		return 0;
	return call->settings.call_rules < 4 ? turn_us + silent_us : num_min(turn_us + silent_us, num_max(dead_us, sure_us));
}

/* When the first filler of a turn has to be asked for at the latest: a filler is made by the voice, too, and is heard so much later. 0: no matter when. */
static uint64_t filler_latest_us(const struct call *call)
{
	const struct call_settings *s = &call->settings;
	uint64_t turn_us = call->at[AT_TURN], latest_us = silent_latest_us(call);
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
void dialogue_clocks(struct call *call, enum ask_kind kind)
{
	const struct call_settings *s = &call->settings;
	uint64_t latest_us = filler_latest_us(call), mute_us = dialogue_silent_us(call), due_us = call->timers[TIMER_FILLER];
	int64_t filler = kind == ASK_CONTINUE ? (int64_t)num_min((uint64_t)s->llm_filler_ms, FILLER_SOON_MS) : s->llm_filler_ms;

	if (call->dialogue.gen.spoke || !guarded(call, GUARD_P12))
		return;
	timer_in(call, TIMER_FILLER, filler);
	if (call->at[AT_TURN] && !call->at[AT_SENT] && call->now_us < latest_us) /* the caller has heard nothing since */
		timer_set(call, TIMER_FILLER, num_min(call->timers[TIMER_FILLER], latest_us));
	else if (call->now_us >= mute_us && call->now_us < mute_us + SILENT_LATE_US) /* a tool's filler was due just now, and is one no more */
		timer_set(call, TIMER_FILLER, call->now_us);
	if (due_us) /* since an answer that was given up (stale.c) */
		timer_set(call, TIMER_FILLER, num_min(call->timers[TIMER_FILLER], due_us));
	timer_in(call, TIMER_SECOND, s->llm_second_ms);
}

/* ------------------------------------------------------------------ a short answer */

/* The caller has waited for so long. While he keys a secret number in, nobody lets him wait. */
static uint64_t waited_us(const struct call *call, const struct call_output *ask)
{
	if (ask->kind == ASK_AHEAD || !call->at[AT_TURN])
		return 0;
	return num_over(call->now_us, num_max(call->at[AT_TURN], call->take.since_us));
}

/* What the caller said last; the end of all: nothing yet. */
static uint32_t caller_item(const struct dialogue *d)
{
	uint32_t i = d->item_count;

	while (i > 0 && d->items[i - 1].type != BLOCK_CALLER)
		i--;
	return i ? i - 1 : d->item_count;
}

static bool looked_up(const struct dialogue *d, uint32_t from)
{
	uint32_t i;

	for (i = from; i < d->item_count; i++)
		if (d->items[i].type == BLOCK_TOOL_RESULT)
			return true;
	return false;
}

/* Of a turn that has had no word but fillers. Who is asked to go on, or speaks to a machine, needs no few words. */
static enum short_why short_why(const struct call *call, const struct call_output *ask, uint64_t sound_us)
{
	const struct dialogue *d = &call->dialogue;
	uint64_t budget_us = (uint64_t)call->settings.turn_budget_ms * 1000;
	uint32_t item = caller_item(d);

	if (ask->kind == ASK_CONTINUE || sound_us <= budget_us || answerer_machine(call) || item == d->item_count || history_spoken(call, item))
		return SHORT_NONE;
	if (d->words_us + call->speech.voice_us > budget_us)
		return SHORT_SLOW;
	if (ask->number > 1)
		return SHORT_ATTEMPT;
	return looked_up(d, item) ? SHORT_TOOL : SHORT_LATE;
}

/* What model and voice lately took is what they will take. What is asked ahead of the turn's end has its whole budget. */
void dialogue_hurry(struct call *call, struct call_output *ask)
{
	uint64_t sound_us = waited_us(call, ask) + call->dialogue.words_us + call->speech.voice_us;

	if (call->settings.call_rules < 4 || !call->settings.turn_budget_ms)
		return;
	call->dialogue.gen.asked_us = call->now_us;
	ask->index = short_why(call, ask, sound_us);
	if (ask->index)
		call_note(call, NOTE_SHORT, ask->index, sound_us);
}

void dialogue_begun(struct call *call)
{
	struct dialogue *d = &call->dialogue;

	if (d->gen.asked_us)
		d->words_us = num_max(num_over(call->now_us, d->gen.asked_us), d->words_us - d->words_us / 4);
}

/* ------------------------------------------------------------------ a stall */

/* The model has begun and stops: nothing to say is left, and for llm_stall_ms no text has come. */
void dialogue_stall(struct call *call, uint64_t soonest_us)
{
	struct gen *g = &call->dialogue.gen;
	uint64_t due = g->text_us + (uint64_t)call->settings.llm_stall_ms * 1000;

	if ((!g->spoke && !g->tool_count) || g->state == GEN_DONE || !guarded(call, GUARD_P12))
		return;
	timer_set(call, TIMER_STALL, num_max(due, soonest_us));
}

void dialogue_silence(struct call *call)
{
	dialogue_stall(call, call->now_us + STALL_SOON_US);
}
