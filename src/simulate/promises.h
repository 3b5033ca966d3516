/* The judge: an independent check of what we promise, in every step of every simulated call.
 *
 * It looks at inputs and outputs of the steps, at what the carrier's ear truly heard, at the conductor's ledger and at what
 * is in the journal and the sink; never inside the core. For each promise it counts how often it was put to the test
 * (exercised) and how often it did not hold (broken). How each is measured, and what exempts it, stands at its check in
 * promises.c and in docs/simulation.md. One thread; asks nobody anything, changes nothing.
 */
#ifndef SIMULATE_PROMISES_H
#define SIMULATE_PROMISES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "providers/llm.h"
#include "providers/media.h"
#include "providers/tools.h"
#include "voice/call.h"

struct scene;
struct script_step;
struct play_order;
struct ledger_entry;

enum promise { P01 = 0, P02, P03, P04, P05, P06, P08, P09, P10, P12, P13, P14, P15, P24, N3, N4, N5, N6, PII, REPLAY, SAVED, PROMISES };

struct promise_fact {
	const char *name; /* "P01" */
	const char *text;
};

extern const struct promise_fact promise_facts[PROMISES];
int promise_find(const char *name);

enum { JUDGE_FAILURES = 3 * PROMISES, JUDGE_FAILURES_EACH = 3, JUDGE_WHAT = 200, ENDPOINT_BINS = 1000, ANSWER_BINS = 4000,
	JUDGE_GENS = 512, JUDGE_TOOLS = 128, JUDGE_FINALS = 64, JUDGE_FINAL_TEXT = 512,
	JUDGE_DEATHS = 16, JUDGE_UTTERANCES = 2048, JUDGE_FACTS = 1024, JUDGE_WORKERS = 8, JUDGE_GAPS = 256, JUDGE_EARS = 2048, JUDGE_DROPS = 16, JUDGE_TURN_TEXT = 8192,
	JUDGE_REPEATS = 16, JUDGE_RESULTS = 256, JUDGE_REPEAT_NAME = 64, JUDGE_GEN_TEXT = 4096 };

struct failure_report {
	enum promise promise;
	uint64_t seed, call, step, at_us;
	char what[JUDGE_WHAT];
};

/* What a run adds up. */
struct verdict {
	uint64_t exercised[PROMISES], broken[PROMISES];
	uint64_t endpoints[ENDPOINT_BINS]; /* yes/no answers by their silence in ms */
	uint64_t endpoint_count;
	uint64_t answers[ANSWER_BINS];     /* turns that a whole answer ended, from its last voice to the first frame for the carrier, in ms */
	uint64_t answer_count;
	uint32_t yes_no_ms;                /* what their median may be with this run's settings; 0: no call yet */
	uint64_t early_spelled, spelled;   /* P09 */
	struct failure_report early, slow; /* P09: the first answer cut off, the first end over the promised median; step 0: none */
	struct failure_report failures[JUDGE_FAILURES];
	uint32_t failure_count;
};

enum gen_is { GEN_IS_ASKED = 1, GEN_IS_OVER = 2, GEN_IS_AHEAD = 4, GEN_IS_RELEASED = 8, GEN_IS_DISCARDED = 16, GEN_IS_COMPLETE = 32 };

struct judged_tool { /* a tool that the model asked for, as the core was told */
	uint32_t gen;
	uint32_t hash;
};

struct judged_repeat { /* a change that the model asked for again, and the core did not do again */
	uint32_t turn, index;
	uint64_t at_us;
	char name[JUDGE_REPEAT_NAME];
	uint32_t name_len;
};

struct judged_result { /* what the conductor gave, by the ledger's place */
	bool is_told;      /* to the worker, in time, and the caller has to hear it */
	bool is_alone;     /* nothing of before was left to be said when it was asked about */
	bool is_shown;     /* a request has had it, */
	bool is_overdue;   /* or that its deadline is over */
	uint32_t from;     /* so many words had the ear had */
	uint32_t asked;    /* a sound from this one on, from 1, may be of an answer that knows it; 0: none yet */
	uint32_t tellings; /* how often the ear had it whole, as far as the outputs could know */
	uint32_t begin, end; /* where in the ear's words it was told last: from 1, and the last one's place */
	uint64_t heard_us;
};

struct judged_death { /* a voice that died */
	uint32_t sound;
	uint64_t at_us;
	bool early, settled, has_rest;
	uint32_t rest;    /* the sound that said the rest */
	uint32_t missing; /* words that a rest which was ordered does not have */
};

/* One short sound of the caller's over the agent's words: what must come of it. */
struct watch {
	bool used, nod, stop, held, cleared, asked, resumed;
	uint32_t said;
	uint32_t utterance, sound;
	uint32_t position;    /* heard of it when the clear reached the carrier */
	uint64_t from_us;     /* its first voiced chunk reached us */
	uint64_t to_us;       /* its last so far */
	uint64_t held_us, words_us;
};

struct noise_watch { /* a sound without words in a silence */
	bool used, over;
	uint32_t said;
	uint64_t from_us, to_us;
};

struct answer_watch {
	bool used, spelled, yes_no, void_, early, begun;
	uint32_t said;
	uint64_t from_us, to_us;
};

struct pending_final {
	uint64_t at_us, from;
	uint64_t to;      /* its last word was said up to this sample, as he who said it knows; 0: not known */
	uint64_t owed_us; /* since then it could have been shown */
	bool waits;       /* it came while the agent answered, who has not ended since */
	bool in_part;     /* a partial: its final never came, and later words did */
	uint32_t len;
	char text[JUDGE_FINAL_TEXT];
};

/* The first word of a sentence of the agent's. */
struct judged_sentence {
	bool used;
	uint32_t sound, word;
};

/* Something that the sink must have: a final with words, a change dispatched, its result. */
struct kept_fact {
	uint32_t kind; /* enum event_kind */
	uint32_t epoch, turn, index, hash;
	uint64_t at_us;
};

/* A worker's death: what may be missing of the time before it. */
struct kept_death {
	uint64_t at_us, position;
	uint64_t samples; /* of the caller's audio that came since the line was there last: what can have gone with the worker */
	bool disk_fault;
};

/* What the carrier's ear had in one piece. */
struct judged_ear {
	uint64_t at_us;
	uint32_t sound, position, samples;
};

struct judged_utterance {
	uint32_t id;
	uint32_t sound;          /* of the last synthesis */
	uint16_t noted;          /* words, by the last note */
	uint16_t words;          /* of its text */
	bool settled, cut, phrase, playing, unspoken;
	bool wait, wait_rest;    /* one of the brief's fillers for tools; the end of one, perhaps */
	bool unheard;            /* says that the caller was not understood, or is said again behind that */
	bool begun;              /* its first frame has gone out */
	bool whole;              /* a text that may not be interrupted */
	bool old;                /* settled before a worker died: its number may be another's now, unless that is spoken too */
	uint64_t settled_us;
	uint64_t asked_us;       /* the answer that it is of was asked for then; 0: nothing was yet */
	uint64_t known_us;       /* what was known then is all that it can tell of */
	uint64_t mended_us;      /* noted as heard whole, after all, then; 0: not, or from the first */
	uint64_t cleared_us;     /* it was held then, and has not been played since; 0: no */
	uint64_t holds_us[4];    /* the last times it was held */
	uint32_t hold_count;
};

struct judge {
	struct scene *scene;
	struct verdict *verdict;
	uint64_t steps;
	uint32_t tested[PROMISES]; /* exercised in this step, and not broken since */
	uint64_t tested_step;
	uint32_t turn, attached_turn;
	uint32_t open_count; /* utterances ordered and not settled, unless open_stale */
	bool open_stale;
	/* clocks, in the world's time; 0: not yet */
	uint64_t started_us, prepared_us, turn_us, frame_us, voice_us, output_us, attached_us, lost_us, told_us, key_us, text_us, speak_us, asked_us, asked_before_us, caller_chunk_us, clear_said;
	uint32_t sent[JUDGE_TOOLS], sent_count; /* what was dispatched last, by name and arguments, */
	uint64_t again_us; /* and when the same was once more: both may be told in the same words; 0: never */
	uint64_t stalled_us; /* the first of the caller's sound came behind a pause of the line's; 0: never */
	uint64_t answer_us, answer_before_us; /* the last request for an answer, not for the rest of one, and the one before it */
	uint64_t longest_silence_us; /* in which a turn may still go on: the settings say it */
	uint64_t open_turn_us; /* since then the caller has not paused for long enough to end a turn, and no turn has ended */
	uint64_t time_up_us; /* the agent began to say goodbye because the call's time was up */
	bool parting; /* the agent ends the call by its tool, and nothing of the caller's has come since */
	uint64_t parted_us; /* … and since then all is said, and nothing is at work; 0: it is not */
	bool lets_go;       /* he ends it because nobody was heard, and nothing of the caller's has come since; */
	bool relented;      /* once in this call he took that back, or another worker may have */
	uint32_t noises;    /* so many voices he did not catch since the caller's last turn */
	uint32_t unended;   /* so many turns have taken an end back */
	uint64_t heard_sample, turn_sample; /* of the caller's, how far the ear is, and where it was at the last turn's end */
	uint64_t step_us;
	bool first_frame, listened, spoke, ended, ending, held, base_known, words_wait;
	/* P08 */
	bool clear_due, floor_note;
	/* P05, of this step */
	bool cut_reason, floor_left, hung_up; /* floor_left: without the call's end; hung_up: the agent did, of its own accord */
	uint32_t cut_utterance;    /* noted as cut */
	uint32_t short_utterance;  /* noted as heard, with fewer words than its text */
	uint32_t unsaid_utterance; /* over, and never ordered */
	uint64_t ending_us;        /* the agent last began to say goodbye */
	/* P12, P13 */
	bool air_open, air_fault, starving_said, stuck_said, quiet_said, quiet;
	uint32_t answered; /* a bit for each of the script's questions */
	uint64_t tool_us; /* since when a tool runs; 0: none does */
	uint64_t air_us, starving_us, stuck_us, owed_us, quiet_us;
	uint64_t mute_us, mute_due_us; /* a turn ended, and until then the agent is heard; 0: nobody waits for him */
	uint64_t filler_us;          /* a filler is due then, while a tool runs; 0: none is */
	uint64_t filler_said_us;     /* the last of those for tools was ordered */
	uint8_t fillers_said[2];     /* the last of the brief's fillers, and of those for tools, from 1 */
	bool result_owed, result_over; /* P02: a result is in the dialogue, and nothing was asked since; it came into the caller's voice */
	uint64_t result_us;          /* since then nobody speaks, and nothing is at work */
	uint32_t result_ahead;       /* what was asked ahead behind it; 0: nothing */
	uint32_t result_gen;         /* P01: the answer to a result that is in the dialogue; 0: none is owed, or nothing was asked yet */
	uint64_t resumed_us;         /* the agent last went on behind a hold */
	/* generations */
	uint8_t gens[JUDGE_GENS];
	uint32_t active_gen, last_gen;
	char gen_text[JUDGE_GEN_TEXT]; /* of the last one, with what it goes on from when it is another attempt */
	uint32_t gen_text_len;
	struct judged_tool tools[JUDGE_TOOLS];
	uint32_t tool_count;
	uint64_t tool_asked_us;  /* the model last asked for one */
	uint32_t given_up_turn;  /* in this turn, plus one, an answer was given up that nobody had asked ahead; 0: in none */
	uint8_t tool_flags[256];         /* by the ledger's place */
	uint64_t tool_told_us[256];
	struct judged_repeat repeats[JUDGE_REPEATS];
	uint32_t repeat_count;
	struct judged_result results[JUDGE_RESULTS];
	uint32_t listened_words; /* of the ear's */
	uint64_t unheard_us;     /* the agent last said then that he had not understood a voice */
	uint32_t unheard_sound;  /* the first sound ordered when the agent last said that he had not understood a voice */
	uint64_t untold_us;      /* since then nobody speaks, and nothing is at work */
	uint64_t known_query;    /* the last words that knowledge was asked for, */
	uint32_t known_count;    /* and how often some came in time */
	struct judged_death deaths[JUDGE_DEATHS];
	uint32_t death_count;
	struct watch watch;
	bool nod_alone; /* the caller's last sound was a nod or a cough over the agent's words: no turn may come of it, however much later */
	uint64_t silence_us;     /* the caller's last sound began then, into silence, and nothing has come of the agent's since; 0: it did not */
	uint64_t silence_sample; /* where that was */
	uint64_t final_from;     /* the last final's words begin there */
	struct noise_watch noise;
	struct answer_watch answer;
	struct judged_sentence question; /* the last that the ear had to its end, */
	uint32_t question_sound;         /* in this sound; */
	bool aside_alone;                /* no more than a word came before it, and nothing was asked or said since; */
	struct judged_sentence sentence; /* and one that the last sound left in the middle */
	struct pending_final finals[JUDGE_FINALS];
	uint32_t final_count;
	struct pending_final partial;    /* the last one: no final has it yet, and no turn; its `to` is the stream's; len 0: none */
	uint64_t shown_from;             /* a turn or a nod has words of the partials that begin there; 1 more; 0: none has */
	bool listening;                  /* this worker has opened a recogniser's stream, */
	uint32_t stream;                 /* this one last */
	uint64_t final_sample;           /* the caller's samples before it are covered by finals */
	uint64_t owed_sample;            /* no words before it are waited for any more */
	uint64_t listened_us;            /* that stream was opened then, */
	uint64_t owed_to_it;             /* and has a word to hear whose first sample is the one before this; 0: none, or it was given that */
	uint32_t turn_why;               /* enum turn_why of the last turn */
	char turn_text[JUDGE_TURN_TEXT]; /* of the last turn */
	uint32_t turn_len;
	struct judged_utterance utterances[JUDGE_UTTERANCES];
	uint32_t utterance_count;
	struct kept_fact facts[JUDGE_FACTS];
	uint32_t fact_count;
	struct kept_death workers[JUDGE_WORKERS];
	uint32_t worker_count;
	uint64_t durable[JUDGE_WORKERS]; /* by epoch, from this process's first: the last record that the journal called durable */
	struct judged_ear ears[JUDGE_EARS]; /* in calls with audio */
	uint32_t ear_count, drop_count;
	uint64_t drops_us[JUDGE_DROPS]; /* a media socket was gone */
	uint64_t mark_us;               /* the first mark came; 0: none has */
	uint64_t deaf_us;               /* the line is deaf since then; 0: it is not */
	uint64_t heard_due_us;          /* it is heard again: until then the call must go on; 0: nothing is due */
	uint64_t waits_from_us, waits_to_us; /* marks waited in a socket from which nothing came */
	uint64_t dead_us;               /* it died then, for good; 0: it did not */
	bool deaf_told;                 /* the core knows, or should, and that was said */
	uint64_t discarded_bytes;
	uint32_t last_said, sound_seen;
};

void judge_init(struct judge *j, struct scene *scene, struct verdict *verdict);
void judge_fail(struct judge *j, enum promise promise, const char *fmt, ...) PRINTF_LIKE(3, 4);
void judge_exercise(struct judge *j, enum promise promise);

/* What the judge is told. */
void judge_step(struct judge *j, const struct call_input *in, const struct call_outputs *out);
void judge_chunk(struct judge *j, uint64_t from, uint64_t to); /* these samples of the caller's just reached us */
void judge_cough(struct judge *j, uint32_t sound);
void judge_answer(struct judge *j, const struct script_step *step, uint32_t said);
void judge_mark(struct judge *j, const struct mark *mark, const struct mark *last);
void judge_frame(struct judge *j, const struct play_order *order, uint32_t sound, uint32_t position, uint64_t ahead_us);
void judge_clear(struct judge *j);
void judge_ear(struct judge *j, uint32_t sound, uint32_t from, uint32_t to, uint64_t at_us); /* it hears [from, to) from at_us on */
void judge_sentence(struct judge *j, uint32_t sound);
void judge_order_heard(struct judge *j, uint32_t sound); /* the ear has its last word, if not the last of its samples */
void judge_voice_died(struct judge *j, uint32_t sound);
void judge_stt_pushed(struct judge *j, uint64_t base);
void judge_model_asked(struct judge *j, const struct llm_block *blocks, size_t count); /* what the vendor got */
void judge_tool_dispatched(struct judge *j, const struct tool_request *q);
void judge_tool_told(struct judge *j, const struct ledger_entry *e, bool foreign); /* … of other arguments under the same key */
void judge_tool_cancelled(struct judge *j, const struct ledger_entry *e);
void judge_media_dropped(struct judge *j);
void judge_line_deaf(struct judge *j, bool marks_wait, bool dead);
void judge_line_heard(struct judge *j);
void judge_line_gone(struct judge *j); /* its socket or its worker is: nobody waits for it any more */
void judge_durable(struct judge *j, uint32_t epoch, uint64_t sequence); /* the journal said so */
void judge_worker_died(struct judge *j);
void judge_attached(struct judge *j);

/* The caller's turn that what is ordered now answers: the next one, when it was asked ahead. */
uint32_t judge_turn_answered(const struct judge *j);

/* The call is over, everything is shipped: what must be true at the end. */
void judge_end(struct judge *j);

/* Keeps a failure, while there are fewer than JUDGE_FAILURES_EACH of its promise. */
void verdict_keep(struct verdict *v, const struct failure_report *f);

/* That promise's failures come first, the others behind them; each in the order they had. */
void verdict_lead(struct verdict *v, enum promise promise);

/* Adds `from` to `to`. */
void verdict_add(struct verdict *to, const struct verdict *from);

/* What only a whole run can tell (P09's share and median). */
void verdict_close(struct verdict *v);
uint32_t verdict_median(const struct verdict *v);
uint32_t verdict_answer(const struct verdict *v, uint32_t percent); /* so many of these are no longer than it; 0: there are none */ /* ms, of the yes and no answers */

#endif
