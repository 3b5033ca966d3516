/* A recorded call with other settings, turn by turn: what would have changed, as far as anyone can know.
 *
 * Each turn starts from the recorded state (what the call was right after the turn before had ended), then gets the other
 * settings and the recorded inputs, with timers made anew: the core's own OUT_WAKE decides when time passes. An input is
 * given only while it still fits: a model's text fits when the same request was made at the same moment, a mark when the
 * same audio was ordered to play at the same moment. What the caller said and did always fits, until the caller would have heard
 * something else. There the turn's trial ends, and the result says so: answers that nobody gave are not invented.
 *
 * Behind the turn's end the trial goes on until the answer is heard, for the latency parts. There an order of the call that is in
 * the recording too (the same request, the same words to speak) gets the recorded replies, as much sooner or later as
 * the order itself came: how long a model, a voice or a tool takes does not depend on when it is asked. An order that the recording
 * does not have ends it: nobody knows what the reply would have been.
 *
 * What follows the last turn is a piece of its own: the last answer, the goodbye, the call's end. So is what another worker's takeover or
 * a gap cuts off. It is tried in the same way, from the recorded state behind the last turn on.
 *
 * Whatever the two sides do not list is compared as well: `same` says that the piece has the same outputs at the same times as it has with the
 * recorded settings, tried in the same way.
 *
 * The tape must replay (voice/replay/replay.h says REPLAY_SAME). Reads it, changes nothing; any thread.
 */
#ifndef VOICE_TRIAL_H
#define VOICE_TRIAL_H

#include "voice/call.h"
#include "voice/replay/tape.h"

enum { TRIAL_FLOOR_MAX = 16, TRIAL_WORDS_MAX = 160, TRIAL_BEGUN_MAX = 8 };

struct trial_floor { /* the agent held, went on, or gave the floor */
	enum note note;  /* NOTE_HOLD, NOTE_RESUME, NOTE_YIELD */
	uint64_t at_us;
};

struct trial_mark { /* an output */
	uint64_t at_us;
	uint64_t hash;           /* of its contents; what it is stands beside them */
	enum output_type type;   /* 0: there is none */
	uint32_t kind;
};

/* One turn of the caller, or what follows the last, as it was or as it would have been. */
struct trial_side {
	bool ended;           /* the turn's end came: the next five say how */
	uint64_t end_us;
	enum turn_why why;
	uint64_t silence_us;
	char words[TRIAL_WORDS_MAX]; /* cut to fit */
	uint64_t words_hash;  /* of all of them */
	bool asked;           /* a model was asked then, or had been asked ahead */
	bool ahead;           /* … it had, and that answer is used */
	uint64_t request;     /* digest of what it was asked */
	uint64_t request_otherwise; /* `with`: of the same, had it been asked ahead, or not */
	uint64_t token_us;    /* the answer's first text, if it came before the end; 0: it did not */
	struct trial_floor floor[TRIAL_FLOOR_MAX];
	size_t floor_count;
	uint32_t holds, resumes, yields;
	bool ending;          /* the goodbye began */
	uint64_t ending_us;
	enum end_reason ending_why;
	bool over;            /* the call ended */
	uint64_t over_us;
	enum end_reason over_why;
	uint64_t parts[LATENCY_PARTS];
	unsigned int part_count; /* so many are known */
	uint64_t total_us;       /* their sum, when all are */
};

enum trial_outcome {
	TRIAL_ENDED,      /* the turn would have ended: `with` says when */
	TRIAL_WENT_ON,    /* the caller went on before it would have: the turn would have stayed open */
	TRIAL_CALL_ENDED, /* the call was over before it would have */
	TRIAL_OPEN,       /* the recording ends before it would have */
	TRIAL_UNKNOWN     /* from stop_us on nobody knows: unknown says why */
};

enum trial_unknown {
	UNKNOWN_HOLD,     /* the agent would have held */
	UNKNOWN_NO_HOLD,  /* the agent would not have held */
	UNKNOWN_PLAY,     /* the agent would have spoken at another time, or said something else */
	UNKNOWN_REACTION, /* the caller spoke to an answer that would not have been given yet */
	UNKNOWN_RECOGNISER, /* the recogniser would have been opened at another time */
	UNKNOWN_FINAL,     /* the recogniser would have been asked for its last words at another time */
	UNKNOWN_TOOL,      /* the tool would have had another time limit, and was not done by the recorded one */
	UNKNOWN_ORDER,     /* model, voice or tool would have been asked for something else, and nobody knows what came of it */
	UNKNOWN_AUDIO      /* what the agent was saying would have gone on at another time */
};

enum trial_latency { /* ENDED: are all parts of `with` known? */
	LATENCY_KNOWN = 0,
	LATENCY_UNHEARD,   /* in the recording nobody heard the answer */
	LATENCY_REQUEST,   /* the model would have been asked something else */
	LATENCY_CALLER,    /* the caller spoke before the answer would have been heard */
	LATENCY_OTHERWISE, /* the agent would have done something else before that */
	LATENCY_OPEN       /* the recording ends before that */
};

struct trial_turn {
	uint32_t turn;        /* of the recording, from 1; its last may have no end */
	bool rest;            /* no turn ends here on either side: what follows turn - 1, up to the call's end or what cuts it off */
	bool cut;             /* … and another part of the recording follows */
	enum tape_entry cut_by; /* … by what that begins with: TAPE_ATTACH, TAPE_SNAPSHOT */
	uint32_t epoch;
	size_t first, last;   /* steps */
	uint64_t from_us;     /* when its trial begins */
	struct trial_side recorded, with;
	uint64_t late_us;     /* the recorded end came so much after its timer was due */
	enum trial_outcome outcome;
	int64_t moved_us;     /* ENDED, or the call's end in a rest, on both sides: it came so much later (recorded lateness left out) */
	uint64_t stop_us;     /* all but ENDED: when */
	enum trial_unknown unknown;
	bool other_words;     /* ENDED on both sides, with other words */
	bool same_request;    /* the model would have been asked the very same */
	enum trial_latency latency;
	bool heard_other;     /* before it ended the caller would have heard something else: it holds only if that changed nothing */
	bool stalled;         /* the caller's audio stood still around the end: silence is not counted then */
	bool heard_answer;    /* in the recording the caller heard the answer before that */
	bool same;            /* nothing differs, in what is listed here or not, as far as it was tried */
	struct trial_mark first_recorded, first_with; /* else: the first output that does, as with the recorded settings and now */
	const char *begun[TRIAL_BEGUN_MAX]; /* settings that differ, of times that ran already: they ran on as recorded */
	size_t begun_count;
};

typedef void trial_turn_h(void *arg, const struct trial_turn *turn); /* borrowed */

/* `change` edits the settings that the recording has. ERR_NOMEM, or an error of a state that does not load. */
typedef void trial_change_h(void *arg, struct call_settings *settings);
enum err trial_run(const struct tape *tape, trial_change_h *change, trial_turn_h *handler, void *arg) MUST_USE;

const char *trial_outcome_name(enum trial_outcome outcome); /* "ended", "caller_went_on", … */
const char *trial_unknown_text(enum trial_unknown unknown); /* a phrase for people */
const char *trial_latency_text(enum trial_latency latency); /* why not all parts are known; "" when they are */

#endif
