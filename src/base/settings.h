/* The settings a call is pinned to: every number of turn-taking, speech, tools and quiet.
 *
 * Config gives the defaults, the rule-book overrides, the call's brief pins: from the first input on they do not change,
 * and they are journalled with the call, so that a replay needs nothing but the journal. A new rule of behaviour comes
 * with a setting whose value for calls recorded before it is the old behaviour; that is how old calls go on replaying.
 */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/options.h"
#include "base/wire.h"

struct call_settings {
	/* the ear: 16-bit levels, 65535 is certainty */
	int64_t vad_on;            /* voice begins at this level */
	int64_t vad_off;           /* and ends below this one */
	int64_t vad_gap_ms;        /* pauses this short belong to one burst of voice */
	/* the end of the caller's turn */
	int64_t turn_silence_ms;   /* when nothing says how finished the words are */
	int64_t turn_complete_ms;  /* the words are a whole answer */
	int64_t turn_open_ms;      /* the words want more to follow ("and my number is") */
	int64_t turn_spelled_ms;   /* digits, an address or letters were asked for */
	int64_t turn_endpoint_ms;  /* the recogniser itself called the end */
	int64_t turn_finalize_ms;  /* silence after which the recogniser is asked to finish */
	int64_t turn_final_wait_ms; /* how long past the end of turn a missing final is waited for */
	int64_t turn_noise_ms;     /* voice without words: silence until "I did not catch that" */
	bool turn_preempt;         /* ask the model at a likely end */
	int64_t turn_preempt_ms;   /* silence that makes an end likely */
	int64_t turn_preempt_floor; /* percent of hits below which it is switched off */
	/* interruptions */
	int64_t barge_hold_ms;     /* voice over the agent until it holds */
	int64_t barge_yield_ms;    /* voice over the agent until it yields without words */
	int64_t barge_resume_ms;   /* silence after which a held agent goes on */
	int64_t barge_words;       /* so many words yield */
	int64_t barge_tail_ms;     /* this close to its end, "yes" is an answer and no backchannel */
	/* the model */
	int64_t llm_filler_ms;     /* no speakable text: say a filler */
	int64_t llm_second_ms;     /* no speakable text: start the next attempt */
	int64_t llm_stall_ms;      /* no text after the first, and nothing left to say */
	int64_t llm_total_ms;      /* one answer, all in all */
	int64_t llm_attempts;      /* attempts an answer */
	/* the voice */
	int64_t tts_first_ms;      /* until the first audio */
	int64_t tts_gap_ms;        /* between audio and more audio */
	int64_t tts_attempts;      /* attempts an utterance */
	int64_t tts_ahead;         /* utterances synthesised ahead of the one that plays */
	int64_t tts_margin_ms;     /* estimated word times count as heard only this much later */
	int64_t play_start_ms;     /* from "play" to the first frame on the wire */
	int64_t play_mark_ms;      /* how late a mark may come before the audio counts as lost */
	/* the recogniser */
	int64_t stt_stall_ms;      /* voice without any transcript until a new stream is opened */
	int64_t stt_retry_ms;      /* between attempts to open one, doubled each time up to 2 s */
	/* tools */
	int64_t tool_filler_ms;    /* a tool that takes longer gets a filler */
	int64_t tool_detach_ms;    /* and after this the conversation goes on without it */
	int64_t tool_timeout_ms;   /* for tools that do not say */
	/* quiet */
	int64_t quiet_after_ms;    /* nobody speaks: ask again */
	int64_t quiet_prompts;     /* so many times, then goodbye */
	int64_t key_gap_ms;        /* between digits of one entry */
	/* the whole call */
	int64_t call_max_ms;       /* then goodbye */
	int64_t call_end_ms;       /* behind a goodbye, from the last of its sound to the hang-up, at most */
	int64_t call_attach_ms;    /* without media, at most */
	int64_t call_failures;     /* turns in a row without an answer, then goodbye */
	bool turn_heard;           /* only silence that could be heard ends a turn; off in calls recorded before there was this */
	bool turn_late_apart;      /* waiting for a late final counts as transcript, not as end of turn; off in calls recorded before */
	int64_t llm_silent_ms;     /* end of turn to the first filler, over all requests and tools in between; 0: each request counts anew */
	int64_t call_rules;        /* what the core did differently before is done so in calls recorded before (voice/call.h) */
	/* who answered a call that we placed */
	bool amd_detect;           /* listen for it; off in calls recorded before there was this */
	bool amd_leave;            /* a machine gets the rule-book's message, else the call ends */
	int64_t amd_human_ms;      /* silence behind a short opening: a person */
	int64_t amd_greeting_ms;   /* an opening without such a silence that is longer: a machine */
	int64_t amd_silence_ms;    /* nobody says anything: the agent begins */
	int64_t amd_beep_ms;       /* a shorter tone is no beep */
	int64_t amd_quiet_ms;      /* a machine that is quiet for so long, and has not beeped, records */
	int64_t amd_wait_ms;       /* a machine that is not done by then is left; so is who asked for our name and brings nobody */
	int64_t amd_window_ms;     /* from the answer on, so long may a machine show that sounded like a person */
	int64_t turn_budget_ms;    /* end of turn to the first sound, the voice's own time included; 0 in calls recorded before there was this */
	/* a secret number that is keyed in; their defaults in calls recorded before, which had none */
	int64_t take_key_ms;       /* no key for so long: it is over */
	int64_t take_total_ms;     /* from the request on, at most */
	int64_t take_voice_ms;     /* voice instead of keys: it is given up */
	int64_t take_gap_ms;       /* so long without a key behind another one: it is over */
	int64_t take_remind_ms;    /* no first key for so long: it is asked for once more */
	int64_t take_word_ms;      /* voice instead of keys, and a second of silence: words */
};

extern const struct option call_options[]; /* bound to struct call_settings */

/* Which of them contradict each other. What is new is judged (config, --set, rule-books), never what a call was recorded with. */
extern const struct option_order call_orders[];

void call_settings_init(struct call_settings *s); /* the defaults; no two of them contradict each other */

/* Canonical: field numbers are the order in the table, zigzag values. What is absent reads as the default it had when the
 * format was frozen (`call_settings_init`), then as what the table calls the old behaviour. */
void call_settings_encode(const struct call_settings *s, struct buf *b);
/* Ranges are those that stood in the table when a call can have been recorded; some are narrower today. */
enum err call_settings_decode(struct call_settings *s, const void *data, size_t len) MUST_USE;

#endif
