/* A copy of a recorded call with other settings, for one turn: private to trial.c, which walks the recording, and trial_copy.c, which
 * lets the copy go. Everything is owned by trial.c; one thread. */
#ifndef VOICE_TRIAL_COPY_H
#define VOICE_TRIAL_COPY_H

#include "voice/trial.h"

enum { TRIAL_ACTS_MAX = 1024, TRIAL_MOUTHS_MAX = 256 };

/* What was ordered. */
enum trial_act_class { ACT_OTHER = 0, ACT_ASK, ACT_SPEAK, ACT_PLAY, ACT_TOOL, ACT_LISTEN, ACT_RETRIEVE, ACT_HOLD };

struct trial_act {
	enum trial_act_class class;
	uint64_t a, b;  /* its key */
	uint64_t hash;  /* its contents */
	uint64_t at_us;
};

struct trial_acts {
	struct trial_act items[TRIAL_ACTS_MAX];
	size_t count; /* what is over the ceiling is not kept: inputs that belong to it count as fitting */
};

/* The generation whose first text came last. */
struct trial_text {
	uint64_t gen;
	uint64_t at_us;
};

/* What was played or held, in order. */
struct trial_mouths {
	struct trial_act items[TRIAL_MOUTHS_MAX];
	size_t count;
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
	struct call_input input;
};

/* Keeps what an output says: on the side what happened, in the acts what was ordered. */
void trial_side_take(struct trial_side *side, struct trial_acts *acts, const struct trial_text *text, const struct call_output *out, uint64_t at_us);
void trial_text_note(struct trial_text *text, const struct call_input *in);

/* At the same moment, as far as timers of a real machine can tell. */
bool trial_near(uint64_t a, uint64_t b);

/* Goes through the recorded inputs until the copy's turn ends, or nobody can know any more; fills v->turn. What trial.c sets
 * before: tape, turn, side, call, at, end, now_us, wake_us, vad_on. The error of a step that the core refuses. */
enum err trial_copy_run(struct trial_copy *v) MUST_USE;

#endif
