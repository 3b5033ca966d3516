/* A copy of a recorded call with other settings, for one turn: private to trial.c, which walks the recording, trial_copy.c, which lets
 * the copy go to the turn's end, trial_answer.c, which lets it go on until the answer is heard, and trial_acts.c, what was ordered.
 * Everything is owned by trial.c; one thread. */
#ifndef VOICE_TRIAL_COPY_H
#define VOICE_TRIAL_COPY_H

#include "voice/replay/trial.h"

enum {
	TRIAL_ACTS_MAX = 1024,
	TRIAL_MOUTHS_MAX = 256,
	TRIAL_REPLIES_MAX = 4096,
	TRIAL_MARKS_MAX = 2048,
	TRIAL_MISSING_MAX = 32,
	TRIAL_MOMENT_US = 20000 /* the same moment: timers of a real machine are late by less */
};

/* What was ordered. */
enum trial_act_class { ACT_OTHER = 0, ACT_ASK, ACT_SPEAK, ACT_PLAY, ACT_TOOL, ACT_LISTEN, ACT_RETRIEVE, ACT_HOLD };

/* How an order of the copy stands to the recording's. */
enum trial_link {
	LINK_NONE = 0, /* the recording has none like it; on the recorded side: no order of the copy is like this one */
	LINK_PLACE,    /* the same at the same moment: its replies come where they stand */
	LINK_MOVED     /* the same at another moment: its replies come as much sooner or later */
};

struct trial_act {
	enum trial_act_class class;
	uint64_t a, b;   /* its key */
	uint64_t hash;   /* its contents */
	uint64_t other_hash; /* ASK of the copy: had the same been asked ahead, or not; else as hash */
	uint64_t at_us;
	uint32_t attempt; /* ASK */
	bool ahead;       /* ASK: of the turn's end */
	uint64_t limit_ms; /* TOOL */
	enum trial_link link;
	size_t other;    /* linked: the index of the one on the other side */
};

struct trial_acts {
	struct trial_act items[TRIAL_ACTS_MAX];
	size_t count; /* what is over the ceiling is not kept: inputs that belong to it count as fitting */
};

/* A recorded input that answers an order of the same turn. */
struct trial_reply {
	size_t order; /* in the recorded acts */
	size_t step;
	uint64_t at_us;
};

struct trial_replies {
	struct trial_reply items[TRIAL_REPLIES_MAX];
	size_t count; /* what is over the ceiling is not kept, and does not come */
};

/* The generation whose first text came last. */
struct trial_text {
	uint64_t gen; /* 0: none yet */
	uint64_t at_us;
};

/* What was played or held, in order. */
struct trial_mouths {
	struct trial_act items[TRIAL_MOUTHS_MAX];
	size_t count;
};

/* All that a copy did, in order, but for when it wanted to be woken and what it wanted kept. */
struct trial_marks {
	struct trial_mark items[TRIAL_MARKS_MAX];
	size_t count; /* what is over the ceiling is not kept, and not compared */
};

struct trial_copy {
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
	struct trial_mouths recorded_mouth, own_mouth;
	struct trial_acts recorded, own;
	struct trial_text recorded_text, own_text;
	uint64_t recorded_finalize_us, own_finalize_us; /* the last words were asked for, and no final has come since; 0: they were not */
	struct trial_marks *marks;
	struct trial_act missing[TRIAL_MISSING_MAX]; /* own orders that the recording does not have, and so no reply; what is over the ceiling is not kept */
	size_t missing_count;
	struct call_input input;
	/* the answer */
	bool answers;              /* goes on behind the turn's end */
	bool answering;            /* … and is there */
	bool moved;                /* what the caller hears comes at another time than in the recording */
	unsigned int moved_orders;
	size_t horizon;            /* recorded acts and replies are those of the steps before this one */
	uint64_t asked_us;         /* when the last request that the copy made was made in the recording */
	uint64_t deadline_us;
	const struct trial_replies *replies;
	bool given[TRIAL_REPLIES_MAX];
};

/* ---- trial_acts.c */

bool trial_near(uint64_t a, uint64_t b);
bool trial_act_same(const struct trial_act *a, const struct trial_act *b);
struct trial_act trial_act_of(const struct call_output *out, uint64_t at_us);
struct trial_act *trial_act_find(struct trial_acts *acts, enum trial_act_class class, uint64_t a, uint64_t b); /* the last one; or NULL */

/* The order that this input replies to, by its class and key; ACT_OTHER: it replies to none. */
struct trial_act trial_reply_to(const struct call_input *in);
void trial_replies_add(struct trial_replies *replies, struct trial_acts *acts, const struct call_input *in, size_t step);

/* Keeps what an output says: on the side what happened, in the acts (NULL: nowhere) what was ordered. */
void trial_side_take(struct trial_side *side, struct trial_acts *acts, const struct trial_text *text, const struct call_output *out, uint64_t at_us);
void trial_side_latency(struct trial_side *side, const struct call_output *out); /* NOTE_LATENCY */
bool trial_same_request(const struct trial_turn *turn); /* the same words, ahead of the turn's end or not */
void trial_text_note(struct trial_text *text, const struct call_input *in);

void trial_marks_add(struct trial_marks *marks, const struct call_output *out, uint64_t at_us);

/* Whether they are alike, to the microsecond; else the first that is not, on both sides: type 0 where one side has no more. */
bool trial_marks_same(const struct trial_marks *a, const struct trial_marks *b, struct trial_mark *first_a, struct trial_mark *first_b);

/* ---- trial_begun.c */

/* Which times that one of the settings decides run in this call already, whose settings are those recorded: turn->begun. `answered`: the
 * answer to the turn before was tried until it was heard, and with it the model's first times. */
void trial_begun_find(struct trial_turn *turn, const struct call *call, const struct call_settings *now, bool answered);

/* ---- trial_copy.c */

/* Goes through the recorded inputs until the copy's turn ends (with `answers`: until its answer is heard), or nobody can know
 * any more; fills v->turn. What trial.c sets before: tape, turn, side, call, at, end, now_us, wake_us, vad_on, answers,
 * recorded, horizon, replies, marks. The error of a step that the core refuses. */
enum err trial_copy_run(struct trial_copy *v) MUST_USE;

enum err trial_copy_step(struct trial_copy *v, const struct call_input *in) MUST_USE;
void trial_copy_unknown(struct trial_copy *v, enum trial_unknown unknown, uint64_t at_us); /* the trial ends there */

/* ---- trial_answer.c: what follows from an order that was made at another time */

/* The copy has just ordered this, its last own act: finds the recorded one. */
void trial_answer_order(struct trial_copy *v, struct trial_act *own);

/* Orders without a reply, up to the turn's end: what takes one back, and whether one stands so long that it would have been heard. */
void trial_missing_take(struct trial_copy *v, const struct call_output *out);
void trial_missing_decide(struct trial_copy *v);

/* When the next reply is due that comes at another time than it was recorded (UINT64_MAX: there is none), and gives it. */
uint64_t trial_answer_due(const struct trial_copy *v, size_t *which);
enum err trial_answer_give(struct trial_copy *v, size_t which) MUST_USE;

/* Behind the turn's end, until the parts of its latency are known or cannot be: */
void trial_answer_begin(struct trial_copy *v);
void trial_answer_stop(struct trial_copy *v, enum trial_latency why);
void trial_answer_output(struct trial_copy *v, const struct call_output *out);
void trial_answer_recorded(struct trial_copy *v, const struct call_input *in, bool fits); /* in front of its step */
void trial_answer_decide(struct trial_copy *v); /* behind each step */

#endif
