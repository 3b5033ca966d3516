/* A copy of the call with other settings goes through the recorded inputs that still fit. See trial.h.
 *
 *   recorded inputs ──► fits? ──► copy ──► outputs ──► side (what happened) · acts (what was ordered) · mouth (play, hold)
 *                         ▲                               │                      │
 *                         └── acts on both sides alike ◄──┴── mouth differs: ────┴─► stop, or go on to the floor's decision
 *
 * Owns nothing: the copy and the room for it are trial.c's. Refuses to invent what nobody said: there it stops.
 */
#include "voice/trial_copy.h"

#include <string.h>

#include "base/json.h"

enum {
	SAME_MOMENT_US = 20000,  /* timers of a real machine are late by less */
	STALL_US = 100000,       /* a chunk comes every 32 ms */
	STALL_MAX_US = 1000000,  /* behind this the audio is over */
	REACTION_US = 200000     /* nobody answers to what was sent less than this ago */
};

/* ------------------------------------------------------------------ what was ordered */

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return (h ^ len) * 1099511628211u;
}

enum { HASH_START = 0x2325 };

static struct trial_act act_of(const struct call_output *out, uint64_t at_us)
{
	struct trial_act act = { .class = ACT_OTHER, .at_us = at_us };
	uint64_t text = hash(hash(HASH_START, out->name, out->name_len), out->text, out->text_len);

	switch (out->type) {
	case OUT_ASK: act = (struct trial_act){ ACT_ASK, out->gen, 0, out->position, at_us }; break;
	case OUT_SPEAK: act = (struct trial_act){ ACT_SPEAK, out->utterance, out->take, text, at_us }; break;
	case OUT_PLAY: act = (struct trial_act){ ACT_PLAY, out->utterance, out->take, out->position, at_us }; break;
	case OUT_TOOL: act = (struct trial_act){ ACT_TOOL, out->turn, out->index, text, at_us }; break;
	case OUT_LISTEN: act = (struct trial_act){ ACT_LISTEN, out->stream, 0, out->position, at_us }; break;
	case OUT_RETRIEVE: act = (struct trial_act){ ACT_RETRIEVE, out->number, 0, text, at_us }; break;
	case OUT_HOLD: act.class = ACT_HOLD; break;
	default: break;
	}
	return act;
}

bool trial_near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= SAME_MOMENT_US;
}

static bool act_same(const struct trial_act *a, const struct trial_act *b)
{
	return a->class == b->class && a->a == b->a && a->b == b->b && a->hash == b->hash && trial_near(a->at_us, b->at_us);
}

static const struct trial_act *act_find(const struct trial_acts *acts, enum trial_act_class class, uint64_t a, uint64_t b)
{
	size_t i;

	for (i = acts->count; i > 0; i--)
		if (acts->items[i - 1].class == class && acts->items[i - 1].a == a && acts->items[i - 1].b == b)
			return &acts->items[i - 1];
	return NULL;
}

/* ------------------------------------------------------------------ one side */

/* Cuts at a character. */
static void words_keep(struct trial_side *side, const char *text, size_t len)
{
	size_t n = 0;

	side->words_hash = hash(HASH_START, text, len);
	while (n < len) {
		size_t c = utf8_length((const uint8_t *)text + n, len - n);

		c = c ? c : 1;
		if (n + c >= TRIAL_WORDS_MAX)
			break;
		n += c;
	}
	memcpy(side->words, text, n);
	side->words[n] = '\0';
}

static void floor_keep(struct trial_side *side, enum note note, uint64_t at_us)
{
	side->holds += note == NOTE_HOLD;
	side->resumes += note == NOTE_RESUME;
	side->yields += note == NOTE_YIELD;
	if (side->floor_count < TRIAL_FLOOR_MAX)
		side->floor[side->floor_count++] = (struct trial_floor){ note, at_us };
}

static void end_keep(struct trial_side *side, const struct call_output *out, uint64_t at_us)
{
	side->ended = true;
	side->end_us = at_us;
	side->why = out->index < TURN_WHYS ? (enum turn_why)out->index : TURN_SILENCE;
	side->silence_us = out->number;
	words_keep(side, out->text, out->text_len);
	side->parts[PART_END_OF_TURN] = out->number;
	side->part_count = PART_TRANSCRIPT + 1; /* words that end a turn are there */
}

static void released(struct trial_side *side, const struct trial_acts *acts, uint64_t gen, const struct trial_text *text)
{
	const struct trial_act *act = act_find(acts, ACT_ASK, gen, 0);

	side->asked = true;
	side->ahead = true;
	side->request = act ? act->hash : 0;
	if (text->at_us && text->gen == gen) {
		side->token_us = text->at_us;
		side->part_count = PART_FIRST_TOKEN + 1;
	}
}

void trial_side_take(struct trial_side *side, struct trial_acts *acts, const struct trial_text *text, const struct call_output *out, uint64_t at_us)
{
	struct trial_act act = act_of(out, at_us);

	if (act.class != ACT_OTHER && act.class != ACT_HOLD && acts->count < TRIAL_ACTS_MAX)
		acts->items[acts->count++] = act;
	if (out->type == OUT_NOTE && out->kind == NOTE_TURN)
		end_keep(side, out, at_us);
	else if (out->type == OUT_NOTE && out->kind == NOTE_RELEASE && side->ended)
		released(side, acts, out->index, text);
	else if (out->type == OUT_NOTE && (out->kind == NOTE_HOLD || out->kind == NOTE_RESUME || out->kind == NOTE_YIELD))
		floor_keep(side, (enum note)out->kind, at_us);
	else if (out->type == OUT_ASK && side->ended) {
		side->asked = true;
		side->request = out->position;
	}
}

void trial_text_note(struct trial_text *text, const struct call_input *in)
{
	if (in->type == IN_MODEL_TEXT && in->gen != text->gen)
		*text = (struct trial_text){ in->gen, in->at_us };
}

/* ------------------------------------------------------------------ the copy */

static void mouth_take(struct trial_mouths *m, const struct call_output *out, uint64_t at_us)
{
	struct trial_act act = act_of(out, at_us);

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

static void stop_unknown(struct trial_copy *v, enum trial_unknown unknown, uint64_t at_us)
{
	if (v->running)
		v->turn->unknown = unknown;
	stop(v, TRIAL_UNKNOWN, at_us);
}

static bool ordered_alike(const struct trial_copy *v, enum trial_act_class class, uint64_t a, uint64_t b)
{
	const struct trial_act *recorded = act_find(&v->recorded, class, a, b);
	const struct trial_act *own = act_find(&v->own, class, a, b);

	if (!recorded)
		return true; /* from before this turn: the state has it */
	return own && act_same(recorded, own);
}

/* Could this recorded input have come to the copy too? */
static bool fits(const struct trial_copy *v, const struct call_input *in)
{
	switch (in->type) {
	case IN_TIMER: return v->wake_us && v->wake_us <= in->at_us;
	case IN_MODEL_TEXT:
	case IN_MODEL_TOOL:
	case IN_MODEL_DONE:
	case IN_MODEL_FAILED: return ordered_alike(v, ACT_ASK, in->gen, 0);
	case IN_SPEECH:
	case IN_SPEECH_FAILED: return ordered_alike(v, ACT_SPEAK, in->utterance, in->take);
	case IN_SENT:
	case IN_PLAYED: return !v->mouth_differs && ordered_alike(v, ACT_PLAY, in->utterance, in->take);
	case IN_TOOL_RESULT: return ordered_alike(v, ACT_TOOL, in->turn, in->index);
	case IN_TRANSCRIPT:
	case IN_STT_DOWN: return ordered_alike(v, ACT_LISTEN, in->stream, 0);
	case IN_KNOWLEDGE: return ordered_alike(v, ACT_RETRIEVE, in->number, 0);
	default: return true;
	}
}

/* What the copy did by itself once its floor is another one. */
static void floor_decided(struct trial_copy *v, enum note note)
{
	if (!v->mouth_differs)
		return;
	if (note == NOTE_HOLD)
		v->hold_missing = false; /* only later */
	else if (note == NOTE_RESUME)
		stop_unknown(v, UNKNOWN_HOLD, v->now_us);
	else if (note == NOTE_YIELD)
		v->hold_missing = false; /* the agent is silent on both sides, sooner or later */
}

static void output_take(struct trial_copy *v, const struct call_output *out)
{
	trial_side_take(v->side, &v->own, &v->own_text, out, v->now_us);
	mouth_take(&v->own_mouth, out, v->now_us);
	if (out->type == OUT_WAKE)
		v->wake_us = out->number;
	else if (out->type == OUT_NOTE && out->kind == NOTE_ENDED)
		stop(v, TRIAL_CALL_ENDED, v->now_us);
	else if (out->type == OUT_NOTE)
		floor_decided(v, (enum note)out->kind);
}

static enum err step(struct trial_copy *v, const struct call_input *in)
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
	if (v->side->ended)
		stop(v, TRIAL_ENDED, v->now_us);
	return ERR_NONE;
}

/* What the copy would have played or held, beside what was. */
static void mouth_compare(struct trial_copy *v)
{
	const struct trial_act *recorded, *own;

	while (v->matched < v->recorded_mouth.count && v->matched < v->own_mouth.count &&
	       act_same(&v->recorded_mouth.items[v->matched], &v->own_mouth.items[v->matched]))
		v->matched++;
	recorded = v->matched < v->recorded_mouth.count ? &v->recorded_mouth.items[v->matched] : NULL;
	own = v->matched < v->own_mouth.count ? &v->own_mouth.items[v->matched] : NULL;
	if (recorded && !own && v->now_us <= recorded->at_us + SAME_MOMENT_US)
		return;
	if (own && !recorded && v->now_us <= own->at_us + SAME_MOMENT_US)
		return;
	if (!recorded && !own)
		return;
	if ((own && own->class == ACT_PLAY) || (!own && recorded->class == ACT_PLAY)) {
		stop_unknown(v, UNKNOWN_PLAY, own ? own->at_us : recorded->at_us);
		return;
	}
	v->mouth_differs = true;
	v->turn->heard_other = true;
	v->hold_missing = !own;
	v->turn->stop_us = own ? own->at_us : recorded->at_us;
}

/* The recorded outputs of the step that is taken now. */
static void recorded_take(struct trial_copy *v, struct tape_cursor *c, uint64_t at_us)
{
	struct trial_side ignored = { .ended = false };
	struct call_output out;
	const uint8_t *data;
	size_t len;

	while (tape_cursor_next(c, &data, &len)) {
		if (output_decode(&out, data, len))
			continue;
		trial_side_take(&ignored, &v->recorded, &v->recorded_text, &out, at_us);
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
		stop_unknown(v, UNKNOWN_REACTION, in->at_us);
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

static enum err recorded_step(struct trial_copy *v, struct tape_cursor *c)
{
	bool fit = fits(v, &v->input);
	enum err err = ERR_NONE;

	if (!fit && (v->input.type == IN_TRANSCRIPT || v->input.type == IN_STT_DOWN))
		stop_unknown(v, UNKNOWN_RECOGNISER, v->input.at_us);
	if (v->input.type == IN_VOICE)
		chunk_take(v, v->input.at_us);
	recorded_take(v, c, v->input.at_us);
	if (v->past)
		past_take(v, &v->input);
	if (fit && v->running)
		err = step(v, &v->input);
	v->at++;
	return err;
}

static enum err variant_next(struct trial_copy *v)
{
	const uint8_t *data;
	struct tape_cursor c;
	size_t len;
	enum err err;

	if (v->at < v->end) {
		tape_cursor_init(&c, v->tape, &v->tape->steps[v->at]);
		(void)tape_cursor_next(&c, &data, &len);
		err = input_decode(&v->input, data, len);
		if (err)
			return err;
		if (!v->wake_us || v->input.at_us <= v->wake_us)
			return recorded_step(v, &c);
	}
	if (!v->wake_us || v->at == v->end) {
		stop(v, TRIAL_OPEN, v->now_us);
		return ERR_NONE;
	}
	v->input = (struct call_input){ .type = IN_TIMER, .at_us = v->wake_us };
	v->wake_us = 0;
	return step(v, &v->input);
}

static void decide(struct trial_copy *v)
{
	if (!v->running)
		return;
	if (!v->mouth_differs)
		mouth_compare(v);
	else if (v->hold_missing && v->recorded_decided)
		stop_unknown(v, UNKNOWN_NO_HOLD, v->turn->stop_us);
}

enum err trial_copy_run(struct trial_copy *v)
{
	enum err err = ERR_NONE;

	v->running = true;
	while (!err && v->running) {
		err = variant_next(v);
		decide(v);
	}
	v->turn->heard_answer = answer_heard(v, v->now_us);
	v->turn->stalled = v->turn->stalled || (v->chunk_us && v->now_us > v->chunk_us + STALL_US && v->now_us < v->chunk_us + STALL_MAX_US);
	return err;
}
