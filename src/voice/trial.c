/* One turn at a time: the recorded call walks ahead to where a turn starts; from there a copy with other settings goes
 * through the recorded inputs that still fit. See trial.h.
 *
 *   recorded inputs ──► fits? ──► copy ──► outputs ──► side (what happened) · acts (what was ordered) · mouth (play, hold)
 *                         ▲                               │                      │
 *                         └── acts on both sides alike ◄──┴── mouth differs: ────┴─► stop, or go on to the floor's decision
 */
#include "voice/trial.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/wire.h"
#include "voice/replay.h"

enum {
	ACTS_MAX = 1024,
	MOUTHS_MAX = 256,
	STATE_BYTES_MAX = 64 << 20,
	SAME_MOMENT_US = 20000,  /* timers of a real machine are late by less */
	STALL_US = 100000,       /* a chunk comes every 32 ms */
	STALL_MAX_US = 1000000,  /* behind this the audio is over */
	REACTION_US = 200000     /* nobody answers to what was sent less than this ago */
};

/* ------------------------------------------------------------------ what was ordered */

enum act_class { ACT_OTHER = 0, ACT_ASK, ACT_SPEAK, ACT_PLAY, ACT_TOOL, ACT_LISTEN, ACT_RETRIEVE, ACT_HOLD };

struct act {
	enum act_class class;
	uint64_t a, b;  /* its key */
	uint64_t hash;  /* its contents */
	uint64_t at_us;
};

struct acts {
	struct act items[ACTS_MAX];
	size_t count; /* what is over the ceiling is not kept: inputs that belong to it count as fitting */
};

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u; /* FNV-1a */
	return (h ^ len) * 1099511628211u;
}

enum { HASH_START = 0x2325 };

static struct act act_of(const struct call_output *out, uint64_t at_us)
{
	struct act act = { .class = ACT_OTHER, .at_us = at_us };
	uint64_t text = hash(hash(HASH_START, out->name, out->name_len), out->text, out->text_len);

	switch (out->type) {
	case OUT_ASK: act = (struct act){ ACT_ASK, out->gen, 0, out->position, at_us }; break;
	case OUT_SPEAK: act = (struct act){ ACT_SPEAK, out->utterance, out->take, text, at_us }; break;
	case OUT_PLAY: act = (struct act){ ACT_PLAY, out->utterance, out->take, out->position, at_us }; break;
	case OUT_TOOL: act = (struct act){ ACT_TOOL, out->turn, out->index, text, at_us }; break;
	case OUT_LISTEN: act = (struct act){ ACT_LISTEN, out->stream, 0, out->position, at_us }; break;
	case OUT_RETRIEVE: act = (struct act){ ACT_RETRIEVE, out->number, 0, text, at_us }; break;
	case OUT_HOLD: act.class = ACT_HOLD; break;
	default: break;
	}
	return act;
}

static bool near(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= SAME_MOMENT_US;
}

static bool act_same(const struct act *a, const struct act *b)
{
	return a->class == b->class && a->a == b->a && a->b == b->b && a->hash == b->hash && near(a->at_us, b->at_us);
}

static const struct act *act_find(const struct acts *acts, enum act_class class, uint64_t a, uint64_t b)
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

/* The generation whose first text came last. */
struct first_text {
	uint64_t gen;
	uint64_t at_us;
};

static void released(struct trial_side *side, const struct acts *acts, uint64_t gen, const struct first_text *text)
{
	const struct act *act = act_find(acts, ACT_ASK, gen, 0);

	side->asked = true;
	side->ahead = true;
	side->request = act ? act->hash : 0;
	if (text->at_us && text->gen == gen) {
		side->token_us = text->at_us;
		side->part_count = PART_FIRST_TOKEN + 1;
	}
}

static void side_take(struct trial_side *side, struct acts *acts, const struct first_text *text, const struct call_output *out, uint64_t at_us)
{
	struct act act = act_of(out, at_us);

	if (act.class != ACT_OTHER && act.class != ACT_HOLD && acts->count < ACTS_MAX)
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

static void text_note(struct first_text *text, const struct call_input *in)
{
	if (in->type == IN_MODEL_TEXT && in->gen != text->gen)
		*text = (struct first_text){ in->gen, in->at_us };
}

/* ------------------------------------------------------------------ the copy */

struct mouths {
	struct act items[MOUTHS_MAX];
	size_t count;
};

static void mouth_take(struct mouths *m, const struct call_output *out, uint64_t at_us)
{
	struct act act = act_of(out, at_us);

	if ((act.class == ACT_PLAY || act.class == ACT_HOLD) && m->count < MOUTHS_MAX)
		m->items[m->count++] = act;
}

struct variant {
	const struct tape *tape;
	struct trial_turn *turn;
	struct trial_side *side;
	struct call *call;
	size_t at, end;            /* next recorded step, and the part's end */
	uint64_t now_us, wake_us;
	uint64_t chunk_us;         /* the last chunk of the caller's audio came */
	uint64_t vad_on;
	bool running;
	bool past;                 /* the recorded turn is over */
	uint64_t answer_us;        /* in the recording the first frame of its answer goes out; 0: not yet */
	bool mouth_differs;        /* from here on the caller would have heard something else */
	bool hold_missing;         /* … because the agent would not have held */
	bool recorded_decided;     /* in the recording the floor was given or taken back */
	size_t matched;            /* of both mouths */
	struct mouths recorded_mouth, own_mouth;
	struct acts recorded, own;
	struct first_text recorded_text, own_text;
	struct call_input input;
};

static void stop(struct variant *v, enum trial_outcome outcome, uint64_t at_us)
{
	if (!v->running)
		return;
	v->running = false;
	v->turn->outcome = outcome;
	v->turn->stop_us = at_us;
}

static void stop_unknown(struct variant *v, enum trial_unknown unknown, uint64_t at_us)
{
	if (v->running)
		v->turn->unknown = unknown;
	stop(v, TRIAL_UNKNOWN, at_us);
}

static bool ordered_alike(const struct variant *v, enum act_class class, uint64_t a, uint64_t b)
{
	const struct act *recorded = act_find(&v->recorded, class, a, b);
	const struct act *own = act_find(&v->own, class, a, b);

	if (!recorded)
		return true; /* from before this turn: the state has it */
	return own && act_same(recorded, own);
}

/* Could this recorded input have come to the copy too? */
static bool fits(const struct variant *v, const struct call_input *in)
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
static void floor_decided(struct variant *v, enum note note)
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

static void output_take(struct variant *v, const struct call_output *out)
{
	side_take(v->side, &v->own, &v->own_text, out, v->now_us);
	mouth_take(&v->own_mouth, out, v->now_us);
	if (out->type == OUT_WAKE)
		v->wake_us = out->number;
	else if (out->type == OUT_NOTE && out->kind == NOTE_ENDED)
		stop(v, TRIAL_CALL_ENDED, v->now_us);
	else if (out->type == OUT_NOTE)
		floor_decided(v, (enum note)out->kind);
}

static enum err step(struct variant *v, const struct call_input *in)
{
	struct call_outputs outputs;
	enum err err;
	size_t i;

	if (in->at_us > v->now_us)
		v->now_us = in->at_us;
	text_note(&v->own_text, in);
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
static void mouth_compare(struct variant *v)
{
	const struct act *recorded, *own;

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
static void recorded_take(struct variant *v, struct tape_cursor *c, uint64_t at_us)
{
	struct trial_side ignored = { .ended = false };
	struct call_output out;
	const uint8_t *data;
	size_t len;

	while (tape_cursor_next(c, &data, &len)) {
		if (output_decode(&out, data, len))
			continue;
		side_take(&ignored, &v->recorded, &v->recorded_text, &out, at_us);
		v->past = v->past || ignored.ended; /* what follows is the answer */
		if (v->past)
			continue;
		mouth_take(&v->recorded_mouth, &out, at_us);
		if (v->mouth_differs && out.type == OUT_NOTE && (out.kind == NOTE_RESUME || out.kind == NOTE_YIELD))
			v->recorded_decided = true;
	}
}

static bool answer_heard(const struct variant *v, uint64_t at_us)
{
	return v->answer_us && at_us >= v->answer_us + REACTION_US;
}

/* Behind the recorded end: does the caller go on, and to what? */
static void past_take(struct variant *v, const struct call_input *in)
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
static void chunk_take(struct variant *v, uint64_t at_us)
{
	if (v->chunk_us && at_us > v->chunk_us + STALL_US && at_us + STALL_US >= v->turn->recorded.end_us)
		v->turn->stalled = true;
	v->chunk_us = at_us;
}

static enum err recorded_step(struct variant *v, struct tape_cursor *c)
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

static enum err variant_next(struct variant *v)
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

static void decide(struct variant *v)
{
	if (!v->running)
		return;
	if (!v->mouth_differs)
		mouth_compare(v);
	else if (v->hold_missing && v->recorded_decided)
		stop_unknown(v, UNKNOWN_NO_HOLD, v->turn->stop_us);
}

static enum err variant_run(struct variant *v)
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

/* ------------------------------------------------------------------ the recorded call */

struct trial {
	const struct tape *tape;
	const struct tape_part *part;
	struct call *call;         /* as it was */
	uint64_t wake_us;
	struct buf state;
	trial_change_h *change;
	trial_turn_h *handler;
	void *arg;
	struct variant variant;    /* large: one for all turns */
	struct acts acts;
	struct trial_turn turn, plain;
	struct call_input input;
};

/* From the state where the turn began, with these settings. */
static enum err trial_variant(struct trial *t, const struct call_settings *settings, struct trial_turn *turn)
{
	struct variant *v = &t->variant;
	enum err err;

	memset(v, 0, sizeof(*v));
	v->tape = t->tape;
	v->turn = turn;
	v->side = &turn->with;
	v->at = turn->first;
	v->end = t->part->first + t->part->count;
	v->now_us = turn->from_us;
	v->wake_us = t->wake_us;
	v->vad_on = (uint64_t)settings->vad_on;
	err = call_load(&v->call, t->state.data, t->state.len);
	if (err)
		return err;
	call_set_settings(v->call, settings);
	err = variant_run(v);
	call_free(v->call);
	return err;
}

static void latency_take(struct trial_side *side, const struct call_output *out)
{
	struct wire_reader r;
	unsigned int i;

	wire_reader_init(&r, out->text, out->text_len);
	for (i = 0; i < LATENCY_PARTS; i++)
		side->parts[i] = wire_varint(&r);
	side->part_count = LATENCY_PARTS;
}

/* Outputs of one recorded step for the recorded side. */
static enum err recorded_side_step(struct trial *t, size_t i, struct first_text *text)
{
	const struct tape_step *s = &t->tape->steps[i];
	struct tape_cursor c;
	struct call_output out;
	const uint8_t *data;
	size_t len;
	enum err err;

	tape_cursor_init(&c, t->tape, s);
	(void)tape_cursor_next(&c, &data, &len);
	err = input_decode(&t->input, data, len);
	text_note(text, &t->input);
	while (!err && tape_cursor_next(&c, &data, &len)) {
		err = output_decode(&out, data, len);
		if (!err)
			side_take(&t->turn.recorded, &t->acts, text, &out, t->input.at_us);
	}
	return err;
}

/* The latency of this turn was noted once its answer was heard. */
static void recorded_latency(struct trial *t, size_t from)
{
	size_t end = t->part->first + t->part->count, i;
	struct tape_cursor c;
	struct call_output out;
	const uint8_t *data;
	size_t len;

	for (i = from; i < end; i++) {
		tape_cursor_init(&c, t->tape, &t->tape->steps[i]);
		(void)tape_cursor_next(&c, &data, &len);
		while (tape_cursor_next(&c, &data, &len)) {
			if (output_decode(&out, data, len) || out.type != OUT_NOTE)
				continue;
			if (out.kind == NOTE_TURN)
				return;
			if (out.kind == NOTE_LATENCY && out.turn == t->turn.turn) {
				latency_take(&t->turn.recorded, &out);
				return;
			}
		}
	}
}

/* Walks the recording to the turn's end, or the part's. */
static enum err recorded_side(struct trial *t, size_t first)
{
	size_t end = t->part->first + t->part->count, i;
	struct first_text text = { 0, 0 };
	enum err err = ERR_NONE;

	t->acts.count = 0;
	t->turn = (struct trial_turn){ .turn = call_turn(t->call) + 1, .epoch = t->part->epoch, .first = first, .last = first };
	for (i = first; !err && i < end && !t->turn.recorded.ended; i++) {
		err = recorded_side_step(t, i, &text);
		if (i == first)
			t->turn.from_us = t->input.at_us;
		t->turn.last = i;
	}
	if (!err && t->turn.recorded.ended)
		recorded_latency(t, i);
	return err;
}

static void turn_judge(struct trial_turn *turn, const struct trial_turn *plain)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	if (plain->outcome == TRIAL_ENDED && r->ended && plain->with.end_us <= r->end_us && near(plain->with.end_us, r->end_us))
		turn->late_us = r->end_us - plain->with.end_us;
	turn->heard_answer = turn->heard_answer && turn->outcome == TRIAL_ENDED;
	turn->heard_other = turn->heard_other && turn->outcome == TRIAL_ENDED;
	if (!r->ended || !w->ended)
		return;
	turn->moved_us = (int64_t)(w->end_us - (r->end_us - turn->late_us));
	turn->other_words = r->words_hash != w->words_hash;
	turn->same_request = r->asked && w->asked && r->request == w->request;
}

/* The recorded call itself goes on behind the turn. */
static enum err walk(struct trial *t)
{
	struct call_outputs outputs;
	struct tape_cursor c;
	const uint8_t *data;
	size_t len, i, j;
	enum err err = ERR_NONE;

	for (i = t->turn.first; !err && i <= t->turn.last; i++) {
		tape_cursor_init(&c, t->tape, &t->tape->steps[i]);
		(void)tape_cursor_next(&c, &data, &len);
		err = input_decode(&t->input, data, len);
		if (!err)
			err = call_step(t->call, &t->input, &outputs);
		for (j = 0; !err && j < outputs.count; j++)
			if (outputs.items[j].type == OUT_WAKE)
				t->wake_us = outputs.items[j].number;
	}
	return err;
}

static enum err trial_turn_run(struct trial *t, size_t first)
{
	struct call_settings settings = *call_get_settings(t->call);
	enum err err = recorded_side(t, first);

	if (err)
		return err;
	buf_reset(&t->state);
	call_save(t->call, &t->state);
	if (t->state.err)
		return t->state.err;
	t->plain = t->turn;
	err = trial_variant(t, &settings, &t->plain);
	t->change(t->arg, &settings);
	if (!err)
		err = trial_variant(t, &settings, &t->turn);
	if (err)
		return err;
	turn_judge(&t->turn, &t->plain);
	if (t->turn.recorded.ended || t->turn.with.ended)
		t->handler(t->arg, &t->turn);
	return walk(t);
}

/* Nobody woke the call between its snapshot and the worker that took it over. */
static uint64_t first_wake(struct trial *t)
{
	struct tape_cursor c;
	const uint8_t *data;
	size_t len;

	if (!t->part->wake_us || !t->part->count)
		return t->part->wake_us;
	tape_cursor_init(&c, t->tape, &t->tape->steps[t->part->first]);
	(void)tape_cursor_next(&c, &data, &len);
	if (input_decode(&t->input, data, len) || t->input.at_us < t->part->wake_us)
		return t->part->wake_us;
	return t->input.at_us;
}

static enum err trial_part(struct trial *t)
{
	size_t at = t->part->first, end = t->part->first + t->part->count;
	enum err err = replay_enter(&t->call, t->tape, t->part);

	if (err)
		return err;
	t->wake_us = first_wake(t);
	while (!err && at < end) {
		err = trial_turn_run(t, at);
		at = t->turn.last + 1;
	}
	call_free(t->call);
	return err;
}

enum err trial_run(const struct tape *tape, trial_change_h *change, trial_turn_h *handler, void *arg)
{
	static const struct trial empty;
	struct trial *t = malloc(sizeof(*t));
	enum err err = ERR_NONE;
	size_t i;

	if (!t)
		return ERR_NOMEM;
	*t = empty;
	t->tape = tape;
	t->change = change;
	t->handler = handler;
	t->arg = arg;
	buf_init(&t->state, STATE_BYTES_MAX);
	for (i = 0; !err && i < tape->part_count; i++) {
		t->part = &tape->parts[i];
		err = trial_part(t);
	}
	buf_fini(&t->state);
	free(t);
	return err;
}

const char *trial_outcome_name(enum trial_outcome outcome)
{
	switch (outcome) {
	case TRIAL_ENDED: return "ended";
	case TRIAL_WENT_ON: return "caller_went_on";
	case TRIAL_CALL_ENDED: return "call_ended";
	case TRIAL_OPEN: return "recording_ends";
	case TRIAL_UNKNOWN: return "unknown";
	}
	return "unknown";
}

const char *trial_unknown_text(enum trial_unknown unknown)
{
	switch (unknown) {
	case UNKNOWN_HOLD: return "the agent would have held and gone on later than it did";
	case UNKNOWN_NO_HOLD: return "the agent would not have held, and would have been further in its words";
	case UNKNOWN_PLAY: return "the agent would have spoken at another time";
	case UNKNOWN_REACTION: return "the caller spoke to an answer that would not have been given yet";
	case UNKNOWN_RECOGNISER: return "the recogniser would have been opened at another time";
	}
	return "";
}
