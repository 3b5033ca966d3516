/* One turn at a time: the recorded call walks ahead to where a turn starts; from there a copy with other settings goes its own
 * way (trial_copy.c), as does one with the recorded settings, to know how late timers were. See trial.h.
 *
 * Owns the recorded call, its state at the turn's beginning, and the room for one copy. One thread. */
#include "voice/replay/trial_copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/wire.h"
#include "voice/replay/replay.h"

enum { STATE_BYTES_MAX = 64 << 20 };

struct trial {
	const struct tape *tape;
	const struct tape_part *part;
	struct call *call;         /* as it was */
	uint64_t wake_us;
	struct buf state;
	trial_change_h *change;
	trial_turn_h *handler;
	void *arg;
	struct trial_copy variant;    /* large: one for all turns */
	struct trial_acts acts;       /* of the recording: this turn's, and those of its answer */
	struct trial_replies replies;
	size_t horizon;               /* they are those of the steps before this one */
	struct trial_turn turn, plain;
	struct trial_marks marks, plain_marks; /* of the two copies */
	bool answered;                /* the answer to the turn before was tried until it was heard */
	struct call_input input;
};

/* From the state where the turn began, with these settings. */
static enum err trial_variant(struct trial *t, const struct call_settings *settings, struct trial_turn *turn, struct trial_marks *marks)
{
	struct trial_copy *v = &t->variant;
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
	v->recorded = t->acts;
	v->replies = &t->replies;
	v->horizon = t->horizon;
	v->answers = true;
	v->marks = marks;
	marks->count = 0;
	err = call_load(&v->call, t->state.data, t->state.len);
	if (err)
		return err;
	call_set_settings(v->call, settings);
	err = trial_copy_run(v);
	call_free(v->call);
	return err;
}

/* One recorded step, for the recorded side. */
static enum err recorded_side_step(struct trial *t, size_t i, struct trial_side *side, struct trial_text *text)
{
	const struct tape_step *s = &t->tape->steps[i];
	struct tape_cursor c;
	struct call_output out;
	const uint8_t *data;
	size_t len;
	enum err err = tape_input_decode(t->tape, s, &t->input);

	if (err)
		return err;
	trial_text_note(text, &t->input);
	trial_replies_add(&t->replies, &t->acts, &t->input, i);
	tape_cursor_init(&c, t->tape, s);
	while (!err && tape_cursor_next(&c, &data, &len)) {
		err = output_decode(&out, data, len);
		if (err)
			return err;
		trial_side_take(side, &t->acts, text, &out, t->input.at_us);
		if (out.type == OUT_NOTE && out.kind == NOTE_LATENCY && out.turn == t->turn.turn && t->turn.recorded.ended)
			trial_side_latency(&t->turn.recorded, &out); /* once the answer was heard */
	}
	return ERR_NONE;
}

/* Behind the turn's end, up to the next one's: what was ordered for the answer, and its latency. */
static enum err recorded_answer(struct trial *t, struct trial_text *text)
{
	size_t end = t->part->first + t->part->count;
	struct trial_side next = { .ended = false };
	enum err err = ERR_NONE;

	for (; !err && t->horizon < end && !next.ended; t->horizon++)
		err = recorded_side_step(t, t->horizon, &next, text);
	return err;
}

/* Walks the recording to the turn's end, or the part's. */
static enum err recorded_side(struct trial *t, size_t first)
{
	size_t end = t->part->first + t->part->count, i;
	struct trial_text text = { 0, 0 };
	enum err err = ERR_NONE;

	t->acts.count = t->replies.count = 0;
	t->turn = (struct trial_turn){ .turn = call_turn(t->call) + 1, .epoch = t->part->epoch, .first = first, .last = first };
	for (i = first; !err && i < end && !t->turn.recorded.ended; i++) {
		err = recorded_side_step(t, i, &t->turn.recorded, &text);
		if (i == first)
			t->turn.from_us = t->input.at_us;
		t->turn.last = i;
	}
	t->horizon = i;
	return err ? err : recorded_answer(t, &text);
}

/* How late the recorded timer was: with timers made anew the same came so much sooner. */
static uint64_t late(uint64_t recorded_us, uint64_t plain_us)
{
	return plain_us <= recorded_us && trial_near(plain_us, recorded_us) ? recorded_us - plain_us : 0;
}

static void rest_judge(struct trial_turn *turn, const struct trial_turn *plain)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	turn->heard_other = turn->heard_other && turn->outcome == TRIAL_CALL_ENDED;
	if (plain->with.over && r->over)
		turn->late_us = late(r->over_us, plain->with.over_us);
	if (r->over && w->over)
		turn->moved_us = (int64_t)(w->over_us - (r->over_us - turn->late_us));
}

static void turn_judge(struct trial_turn *turn, const struct trial_turn *plain)
{
	const struct trial_side *r = &turn->recorded, *w = &turn->with;

	turn->rest = !r->ended && !w->ended;
	if (turn->rest) {
		turn->heard_answer = false;
		rest_judge(turn, plain);
		return;
	}
	if (plain->outcome == TRIAL_ENDED && r->ended)
		turn->late_us = late(r->end_us, plain->with.end_us);
	turn->heard_answer = turn->heard_answer && turn->outcome == TRIAL_ENDED;
	turn->heard_other = turn->heard_other && turn->outcome == TRIAL_ENDED;
	if (!r->ended || !w->ended)
		return;
	turn->moved_us = (int64_t)(w->end_us - (r->end_us - turn->late_us));
	turn->other_words = r->words_hash != w->words_hash;
	turn->same_request = trial_same_request(turn);
}

/* The recorded call itself goes on behind the turn. */
static enum err walk(struct trial *t)
{
	struct call_outputs outputs;
	size_t i, j;
	enum err err = ERR_NONE;

	for (i = t->turn.first; !err && i <= t->turn.last; i++) {
		err = tape_input_decode(t->tape, &t->tape->steps[i], &t->input);
		if (!err)
			err = call_step(t->call, &t->input, &outputs);
		for (j = 0; !err && j < outputs.count; j++)
			if (outputs.items[j].type == OUT_WAKE)
				t->wake_us = outputs.items[j].number;
	}
	return err;
}

/* What both copies did, and how far they came. */
static void same_judge(struct trial *t)
{
	struct trial_turn *turn = &t->turn;
	const struct trial_turn *plain = &t->plain;

	turn->same = trial_marks_same(&t->plain_marks, &t->marks, &turn->first_recorded, &turn->first_with) && turn->outcome == plain->outcome &&
		turn->stop_us == plain->stop_us && turn->latency == plain->latency;
}

/* Another part of the recording follows this one. */
static void cut_find(struct trial *t)
{
	const struct tape_part *next = t->part + 1;

	t->turn.cut = t->turn.rest && next < t->tape->parts + t->tape->part_count;
	if (t->turn.cut)
		t->turn.cut_by = next->entry;
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
	err = trial_variant(t, &settings, &t->plain, &t->plain_marks);
	t->change(t->arg, &settings);
	trial_begun_find(&t->turn, t->call, &settings, t->answered);
	if (!err)
		err = trial_variant(t, &settings, &t->turn, &t->marks);
	if (err)
		return err;
	turn_judge(&t->turn, &t->plain);
	same_judge(t);
	cut_find(t);
	t->handler(t->arg, &t->turn);
	t->answered = t->turn.with.part_count == LATENCY_PARTS;
	return walk(t);
}

/* Nobody woke the call between its snapshot and the worker that took it over. */
static uint64_t first_wake(struct trial *t)
{
	if (!t->part->wake_us || !t->part->count)
		return t->part->wake_us;
	if (tape_input_decode(t->tape, &t->tape->steps[t->part->first], &t->input) || t->input.at_us < t->part->wake_us)
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
	t->answered = false;
	while (!err && at < end) {
		err = trial_turn_run(t, at);
		at = t->turn.last + 1;
	}
	call_free(t->call);
	return err;
}

enum err trial_run(const struct tape *tape, trial_change_h *change, trial_turn_h *handler, void *arg)
{
	struct trial *t = calloc(1, sizeof(*t));
	enum err err = ERR_NONE;
	size_t i;

	if (!t)
		return ERR_NOMEM;
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
	case UNKNOWN_FINAL: return "the recogniser would have been asked for its last words at another time";
	case UNKNOWN_TOOL: return "the tool would have had another time limit, and it was over in the recording";
	case UNKNOWN_ORDER: return "the agent would have said or done something else";
	case UNKNOWN_AUDIO: return "the agent's voice would have gone on at another time";
	}
	return "";
}

const char *trial_latency_text(enum trial_latency latency)
{
	switch (latency) {
	case LATENCY_KNOWN: return "";
	case LATENCY_UNHEARD: return "in the recording nobody heard this answer";
	case LATENCY_REQUEST: return "the model would have been asked something else";
	case LATENCY_CALLER: return "the caller spoke before the answer would have been heard";
	case LATENCY_OTHERWISE: return "the agent would have done something else first";
	case LATENCY_OPEN: return "the recording ends before the answer would have been heard";
	}
	return "";
}
