/* A copy of the call with other settings goes through the recorded inputs that still fit. See trial.h.
 *
 *   recorded inputs ──► fits? ──► copy ──► outputs ──► side (what happened) · acts (what was ordered) · mouth (play, hold)
 *                         ▲                               │                      │
 *                         └── acts on both sides alike ◄──┴── mouth differs: ────┴─► stop, or go on to the floor's decision
 *
 * Owns nothing: the copy and the room for it are trial.c's. Refuses to invent what nobody said: there it stops.
 */
#include "voice/replay/trial_copy.h"

#include <string.h>

enum {
	STALL_US = 100000,       /* a chunk comes every 32 ms */
	STALL_MAX_US = 1000000,  /* behind this the audio is over */
	REACTION_US = 200000     /* nobody answers to what was sent less than this ago */
};

static void mouth_take(struct trial_mouths *m, const struct call_output *out, uint64_t at_us)
{
	struct trial_act act = trial_act_of(out, at_us);

	if ((act.class == ACT_PLAY || act.class == ACT_HOLD) && m->count < TRIAL_MOUTHS_MAX)
		m->items[m->count++] = act;
}

static void stop(struct trial_copy *v, enum trial_outcome outcome, uint64_t at_us)
{
	if (!v->running)
		return;
	v->running = false;
	v->turn->outcome = outcome;
	v->turn->stop_us = at_us;
}

void trial_copy_unknown(struct trial_copy *v, enum trial_unknown unknown, uint64_t at_us)
{
	if (v->running)
		v->turn->unknown = unknown;
	stop(v, TRIAL_UNKNOWN, at_us);
}

static bool ordered_alike(struct trial_copy *v, const struct trial_act *to)
{
	const struct trial_act *recorded = trial_act_find(&v->recorded, to->class, to->a, to->b);
	const struct trial_act *own = trial_act_find(&v->own, to->class, to->a, to->b);

	if (!recorded)
		return true; /* from before this turn: the state has it */
	if (recorded->link == LINK_MOVED || !own || own->link == LINK_MOVED)
		return false;
	return trial_act_same(recorded, own);
}

/* A final follows the request for it. One that came unasked on one side and asked on the other may have come at another time. */
static bool finalized_alike(const struct trial_copy *v)
{
	if (!v->recorded_finalize_us || !v->own_finalize_us)
		return v->recorded_finalize_us == v->own_finalize_us;
	return trial_near(v->recorded_finalize_us, v->own_finalize_us);
}

/* A result of "nobody knows what came of it" may be its time limit's. */
static bool limited_alike(struct trial_copy *v, const struct trial_act *to)
{
	const struct trial_act *recorded = trial_act_find(&v->recorded, to->class, to->a, to->b);
	const struct trial_act *own = trial_act_find(&v->own, to->class, to->a, to->b);

	return !recorded || !own || recorded->limit_ms == own->limit_ms;
}

/* Could this recorded input have come to the copy, too? */
static bool fits(struct trial_copy *v, const struct call_input *in)
{
	struct trial_act to = trial_reply_to(in);

	if (in->type == IN_TIMER)
		return v->wake_us && v->wake_us <= in->at_us;
	if (to.class == ACT_PLAY && v->mouth_differs)
		return false;
	return to.class == ACT_OTHER || ordered_alike(v, &to);
}

/* What the copy did by itself once its floor is another one. */
static void floor_decided(struct trial_copy *v, enum note note)
{
	if (!v->mouth_differs)
		return;
	if (note == NOTE_HOLD)
		v->hold_missing = false; /* only later */
	else if (note == NOTE_RESUME)
		trial_copy_unknown(v, UNKNOWN_HOLD, v->now_us);
	else if (note == NOTE_YIELD)
		v->hold_missing = false; /* the agent is silent on both sides, sooner or later */
}

static void output_take(struct trial_copy *v, const struct call_output *out)
{
	struct trial_side ignored = { .ended = false };
	size_t before = v->own.count;

	trial_side_take(v->answering ? &ignored : v->side, &v->own, &v->own_text, out, v->now_us);
	if (v->own.count > before)
		trial_answer_order(v, &v->own.items[before]);
	trial_missing_take(v, out);
	trial_marks_add(v->marks, out, v->now_us);
	if (out->type == OUT_WAKE)
		v->wake_us = out->number;
	if (out->type == OUT_FINALIZE)
		v->own_finalize_us = v->now_us;
	if (v->answering) {
		trial_answer_output(v, out);
		return;
	}
	mouth_take(&v->own_mouth, out, v->now_us);
	if (out->type == OUT_NOTE && out->kind == NOTE_ENDED)
		stop(v, TRIAL_CALL_ENDED, v->now_us);
	else if (out->type == OUT_NOTE)
		floor_decided(v, (enum note)out->kind);
}

enum err trial_copy_step(struct trial_copy *v, const struct call_input *in)
{
	struct call_outputs outputs;
	enum err err;
	size_t i;

	if (in->at_us > v->now_us)
		v->now_us = in->at_us;
	trial_text_note(&v->own_text, in);
	err = call_step(v->call, in, &outputs);
	if (err)
		return err;
	for (i = 0; i < outputs.count; i++)
		output_take(v, &outputs.items[i]);
	if (v->side->ended && !v->answering)
		stop(v, TRIAL_ENDED, v->now_us);
	return ERR_NONE;
}

/* The words that an order to play is about, as far as they were ordered here. */
static const struct trial_act *words_of(const struct trial_acts *acts, const struct trial_act *play)
{
	size_t i;

	for (i = acts->count; i > 0; i--)
		if (acts->items[i - 1].class == ACT_SPEAK && acts->items[i - 1].a == play->a)
			return &acts->items[i - 1];
	return NULL;
}

/* Both play at the same moment: other words? */
static bool other_words(const struct trial_copy *v, const struct trial_act *recorded, const struct trial_act *own)
{
	const struct trial_act *r, *w;

	if (!recorded || !own || recorded->class != ACT_PLAY || !trial_act_same(recorded, own))
		return false;
	r = words_of(&v->recorded, recorded);
	w = words_of(&v->own, own);
	return r && w && r->hash != w->hash;
}

/* What the copy would have played or held, beside what was. */
static void mouth_compare(struct trial_copy *v)
{
	const struct trial_act *recorded, *own;

	while (v->matched < v->recorded_mouth.count && v->matched < v->own_mouth.count &&
	       trial_act_same(&v->recorded_mouth.items[v->matched], &v->own_mouth.items[v->matched]) &&
	       !other_words(v, &v->recorded_mouth.items[v->matched], &v->own_mouth.items[v->matched]))
		v->matched++;
	recorded = v->matched < v->recorded_mouth.count ? &v->recorded_mouth.items[v->matched] : NULL;
	own = v->matched < v->own_mouth.count ? &v->own_mouth.items[v->matched] : NULL;
	if (recorded && !own && v->now_us <= recorded->at_us + TRIAL_MOMENT_US)
		return;
	if (own && !recorded && v->now_us <= own->at_us + TRIAL_MOMENT_US)
		return;
	if (!recorded && !own)
		return;
	if (other_words(v, recorded, own)) {
		trial_copy_unknown(v, UNKNOWN_ORDER, own->at_us);
		return;
	}
	if ((own && own->class == ACT_PLAY) || (!own && recorded->class == ACT_PLAY)) {
		trial_copy_unknown(v, UNKNOWN_PLAY, own ? own->at_us : recorded->at_us);
		return;
	}
	v->mouth_differs = true;
	v->turn->heard_other = true;
	v->hold_missing = !own;
	v->turn->stop_us = own ? own->at_us : recorded->at_us;
}

/* Behind the horizon acts are kept as they pass; those before it are there already. */
static void recorded_take(struct trial_copy *v, uint64_t at_us)
{
	struct trial_side ignored = { .ended = false };
	struct trial_acts *acts = v->at < v->horizon ? NULL : &v->recorded;
	struct call_output out;
	struct tape_cursor c;
	const uint8_t *data;
	size_t len;

	tape_cursor_init(&c, v->tape, &v->tape->steps[v->at]);
	while (tape_cursor_next(&c, &data, &len)) {
		if (output_decode(&out, data, len))
			continue;
		trial_side_take(&ignored, acts, &v->recorded_text, &out, at_us);
		if (out.type == OUT_FINALIZE)
			v->recorded_finalize_us = at_us;
		v->past = v->past || ignored.ended; /* what follows is the answer */
		if (v->past)
			continue;
		mouth_take(&v->recorded_mouth, &out, at_us);
		if (v->mouth_differs && out.type == OUT_NOTE && (out.kind == NOTE_RESUME || out.kind == NOTE_YIELD))
			v->recorded_decided = true;
	}
}

static bool answer_heard(const struct trial_copy *v, uint64_t at_us)
{
	return v->answer_us && at_us >= v->answer_us + REACTION_US;
}

/* Behind the recorded end: does the caller go on, and to what? */
static void past_take(struct trial_copy *v, const struct call_input *in)
{
	if (in->type == IN_SENT && !v->answer_us)
		v->answer_us = in->at_us;
	if (in->type != IN_VOICE || in->number < v->vad_on)
		return;
	if (answer_heard(v, in->at_us))
		trial_copy_unknown(v, UNKNOWN_REACTION, in->at_us);
	else
		stop(v, TRIAL_WENT_ON, in->at_us);
}

/* The line stood still, so nobody has heard the silence, around one of the two ends. */
static void chunk_take(struct trial_copy *v, uint64_t at_us)
{
	if (v->chunk_us && at_us > v->chunk_us + STALL_US && at_us + STALL_US >= v->turn->recorded.end_us)
		v->turn->stalled = true;
	v->chunk_us = at_us;
}

/* Replies of which nobody knows when they would have come. */
static void replies_judge(struct trial_copy *v, const struct call_input *in, bool fit)
{
	struct trial_act to = trial_reply_to(in);

	if (!fit && (in->type == IN_TRANSCRIPT || in->type == IN_STT_DOWN))
		trial_copy_unknown(v, UNKNOWN_RECOGNISER, in->at_us);
	else if (in->type == IN_TRANSCRIPT && in->kind != TRANSCRIPT_PARTIAL && !finalized_alike(v))
		trial_copy_unknown(v, UNKNOWN_FINAL, in->at_us);
	else if (in->type == IN_TOOL_RESULT && in->kind == TOOL_UNKNOWN && !limited_alike(v, &to))
		trial_copy_unknown(v, UNKNOWN_TOOL, in->at_us);
}

static enum err recorded_step(struct trial_copy *v)
{
	bool fit = fits(v, &v->input);
	enum err err = ERR_NONE;

	if (v->answering)
		trial_answer_recorded(v, &v->input, fit);
	else
		replies_judge(v, &v->input, fit);
	if (v->input.type == IN_TRANSCRIPT && v->input.kind != TRANSCRIPT_PARTIAL)
		v->recorded_finalize_us = v->own_finalize_us = 0;
	recorded_take(v, v->input.at_us);
	v->at++;
	if (!v->answering) {
		if (v->input.type == IN_VOICE)
			chunk_take(v, v->input.at_us);
		if (v->past)
			past_take(v, &v->input);
	}
	if (fit && v->running)
		err = trial_copy_step(v, &v->input);
	return err;
}

static enum err timer_step(struct trial_copy *v)
{
	if (!v->wake_us || v->at == v->end) {
		if (v->answering)
			trial_answer_stop(v, LATENCY_OPEN);
		else
			stop(v, TRIAL_OPEN, v->now_us);
		return ERR_NONE;
	}
	v->input = (struct call_input){ .type = IN_TIMER, .at_us = v->wake_us };
	v->wake_us = 0;
	return trial_copy_step(v, &v->input);
}

/* The earliest of: the next recorded input, a reply that comes at another time than it was recorded, a timer. */
static enum err variant_next(struct trial_copy *v)
{
	size_t which = 0;
	uint64_t due = trial_answer_due(v, &which);
	enum err err;

	if (v->at < v->end) {
		err = tape_input_decode(v->tape, &v->tape->steps[v->at], &v->input);
		if (err)
			return err;
		if (v->input.at_us <= due && (!v->wake_us || v->input.at_us <= v->wake_us))
			return recorded_step(v);
	}
	if (due != UINT64_MAX && (!v->wake_us || due <= v->wake_us))
		return trial_answer_give(v, which);
	return timer_step(v);
}

static void decide(struct trial_copy *v)
{
	if (!v->running)
		return;
	if (!v->answering)
		trial_missing_decide(v);
	if (v->answering)
		trial_answer_decide(v);
	else if (!v->mouth_differs)
		mouth_compare(v);
	else if (v->hold_missing && v->recorded_decided)
		trial_copy_unknown(v, UNKNOWN_NO_HOLD, v->turn->stop_us);
}

static enum err run(struct trial_copy *v)
{
	enum err err = ERR_NONE;

	while (!err && v->running) {
		err = variant_next(v);
		decide(v);
	}
	return err;
}

enum err trial_copy_run(struct trial_copy *v)
{
	enum err err;

	v->running = true;
	err = run(v);
	v->turn->heard_answer = answer_heard(v, v->now_us);
	v->turn->stalled = v->turn->stalled || (v->chunk_us && v->now_us > v->chunk_us + STALL_US && v->now_us < v->chunk_us + STALL_MAX_US);
	if (err || !v->answers || v->turn->outcome != TRIAL_ENDED)
		return err;
	trial_answer_begin(v);
	return run(v);
}
