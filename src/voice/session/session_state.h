/* The state of a session, for its own files only: session.c, session_attach.c, session_caller.c, session_journal.c,
 * session_log.c, session_model.c, session_speech.c, session_take.c, session_usage.c. Each part changes what stands under its name; the step is
 * session.c's alone.
 */
#ifndef VOICE_SESSION_STATE_H
#define VOICE_SESSION_STATE_H

#include "base/buf.h"
#include "base/log.h"
#include "redact/redact.h"
#include "voice/session/ledger.h"
#include "voice/session/masker.h"
#include "voice/session/mouth.h"
#include "voice/session/pauses.h"
#include "voice/session/session.h"
#include "voice/journal/steps.h"
#include "voice/spoken/spoken.h"
#include "voice/take.h"

enum {
	GROUP_SAMPLES = 1600, /* of the caller's audio in one record */
	ASKS_MAX = 8,
	VOICES_MAX = MOUTH_UTTERANCES,
	RUNS_MAX = 32,
	TOKENS_KEPT = 8,
	TAIL_BYTES = 64,
	TAKEN_MAX = TOOL_SECRETS_MAX
};

enum session_life { LIVE = 0, LINGER, FINISHED, TOLD };

struct listening {
	struct session *s;
	struct stt_stream *op;
	uint32_t stream;
	struct given given; /* of the caller's sound */
};

struct asking {
	struct session *s;
	struct llm_answer *op;
	uint32_t gen;
	bool spoke;                    /* something came */
	struct redact_speaker speaker; /* its words so far: what is held back of them */
	struct buf said;               /* a piece of them with values in the place of placeholders */
};

struct voicing {
	struct session *s;
	struct tts_utterance *op;
	uint32_t utterance, take;
	struct buf text;       /* what is to be said, as it is written */
	struct spoken spoken;  /* … and as it is said */
	uint16_t meant;        /* how much of the text the words told so far are */
};

/* The end of an utterance's text: what the next one may go on from. */
struct said_tail {
	uint32_t utterance;
	char text[TAIL_BYTES];
	size_t len;
};

struct running {
	struct session *s;
	struct tool_run *op;
	uint32_t turn, index;
};

/* A secret number that was keyed in; value "": none. */
struct taken {
	char name[REDACT_NAME_BYTES];
	char value[TAKE_DIGITS_MAX + 2];
	bool is_once; /* the first tool that has it is the last */
};

/* In no snapshot and no journal. */
struct session_take {
	bool open;
	uint64_t deaf_to; /* the caller's position: before it the last key's tone may sound */
	char keys[TAKE_DIGITS_MAX];
	size_t key_count;
	struct taken taken[TAKEN_MAX];
	unsigned int taken_at;
};

struct session {
	struct session_io io;
	struct call *call;
	uint64_t zero_us; /* of the call's clock, in io's */
	enum session_life state;
	enum end_reason reason;
	enum session_guard sabotage;
	bool busy;
	enum input_type stepped; /* whose outputs are being carried out, or were last */
	bool parked;      /* busy on behalf of its owner, until it is unparked or closed */
	struct {
		struct call_outputs outputs;
		size_t at;
		uint64_t at_us;
	} carrying;       /* the step's outputs, as far as they are carried out: what is parked keeps the rest */
	bool connected;   /* there is a media socket, and it is not deaf */
	bool deaf;        /* there is one from which nothing came for SESSION_DEAF_US: as good as lost, until it is heard again */
	uint64_t heard_us; /* when the caller's audio came last; when its socket did, before any */
	uint64_t look_us;  /* the watch of the socket was late: it looks again then; 0: it was not */
	uint64_t mark_us; /* when a mark came last: a line that brings no sound may still stand */
	uint64_t lost_us; /* since when there is no media any more; 0: it was not lost */
	bool media;       /* media has begun, */
	uint64_t media_us; /* at this time */
	uint64_t end_us;   /* when the core ended it */
	uint64_t told_end_us; /* when it was over by the carrier's record, which we learnt later; 0: it told us at once */
	uint64_t wake_us;  /* the core's timer; 0: none */
	uint64_t armed_us; /* what io was asked for; UINT64_MAX: nothing */
	char language[16];
	struct call_input in; /* the one that is being made or stepped; only its head is cleared */
	struct buf queue;
	struct mouth *mouth;
	struct listening listening;
	struct buf said; /* the end of what the agent said, for the recogniser */
	struct asking asks[ASKS_MAX];
	struct masker *masker; /* what the model is shown, and the map of the call's values */
	struct voicing voices[VOICES_MAX];
	struct said_tail tails[2]; /* of the two latest utterances, the older first */
	struct running runs[RUNS_MAX];
	struct session_take take;

	/* the caller's audio */
	uint64_t position;
	uint64_t ring_from;    /* what is older is gone */
	uint8_t *ring;         /* NULL: nobody recorded it so far */
	struct pauses pauses;  /* what of it nobody hears again */
	struct span disowned;  /* the last sound that turned out to be ours: words of it are nobody's */

	/* the journal */
	struct steps_writer steps;
	struct buf record, core, map;
	uint8_t group[GROUP_SAMPLES];
	size_t group_samples;
	uint64_t gap_owed;     /* samples missing before the group */
	enum record_gap_why gap_why;
	unsigned int groups;
	bool agent_lost;
	struct buf outcome;    /* arguments of the end tool that the model asked for last */
	char named[RECORD_OUTCOME_MAX]; /* the outcome that the agent has named, under whichever epoch; "": none */

	/* the log */
	struct log log;
	char log_call[48];
	uint32_t trouble[RETRY_WHATS]; /* failures since it went well */
	bool snapshot_told;            /* that none could be taken, and not yet that one was */

	struct session_usage usage, metered;
	struct ledger ledger;
	struct buf used;               /* its record */
	uint64_t stt_samples;
	struct {
		uint32_t gen, tokens;
	} tokens[TOKENS_KEPT];
	unsigned int tokens_at;
};

/* ------------------------------------------------------------------ session.c: the step */

uint64_t session_now(const struct session *s); /* in the call's clock */

/* The session's one input, its head cleared and its time set: fill it, then feed it. */
struct call_input *session_input(struct session *s, enum input_type type);
void session_input_text(struct call_input *in, const char *text, size_t len); /* as much of it as an input can hold */
size_t session_text_cut(const char *text, size_t len, size_t max); /* at most `max` bytes, no character cut in two */

/* Takes s->in: steps it, or lets it wait while another step is carried out. */
void session_feed(struct session *s);

/* An input without anything in it: fed, and settled. */
void session_tell(struct session *s, enum input_type type);

/* Steps what adapters said while a step was carried out, in the order in which they said it; as far as the session is not parked by that. */
void session_drain(struct session *s);

/* The last thing every way in does: ends what is to end, asks for the next wake-up. */
void session_settle(struct session *s);

void session_end(struct session *s, enum end_reason reason); /* hangs up, unless that was done */
void session_adapters_cancel(struct session *s);             /* all but running tools */
uint64_t session_over_us(const struct session *s);           /* when the call ended; now, while it goes on */
uint64_t session_connected_us(const struct session *s);

/* ------------------------------------------------------------------ session_attach.c */

/* OUT_SNAPSHOT. The state after this step, which is complete: its timer may stand further on in the list. */
void session_snapshot(struct session *s, const struct call_outputs *outputs, uint64_t at_us);

uint64_t session_deaf_us(const struct session *s); /* when the socket is deaf unless it is heard before; UINT64_MAX: it is not watched */
void session_deaf_check(struct session *s, uint64_t now_us);
void session_heard(struct session *s, uint64_t now_us); /* audio comes from the socket: before anything else is done with it */

/* ------------------------------------------------------------------ session_caller.c */

void session_listen(struct session *s, const struct call_output *out);   /* OUT_LISTEN */
const char *session_language(const struct session *s, const struct call_output *out, char language[BRIEF_LANGUAGE_MAX]); /* that it is of */
void session_finalize(struct session *s, const struct call_output *out); /* OUT_FINALIZE */
void session_asked(struct session *s, uint32_t utterance);               /* that is going to be heard */
void session_said_load(struct session *s); /* from the core: what the worker before told its recogniser */
void session_listen_stop(struct session *s);
void session_position_move(struct session *s, uint64_t samples);
void session_past_put(struct session *s, const uint8_t *ulaw, size_t samples); /* what came up to the position */
void session_past_skip(struct session *s, uint64_t samples);                   /* nothing came: the position moves on */

/* ------------------------------------------------------------------ session_log.c */

void session_log_init(struct session *s); /* from s->io */
void session_log_opened(const struct session *s);
void session_log_attached(const struct session *s, const char *message, uint64_t missed_samples);
void session_log_ended(const struct session *s);
void session_log_failed(struct session *s, enum retry_what what, enum err why); /* told the first time of a row */
void session_log_model_failed(struct session *s, enum failure why);
void session_log_withheld(const struct session *s, size_t texts);
void session_log_well(struct session *s, enum retry_what what);
void session_log_tool(const struct session *s, uint32_t turn, uint32_t index, enum tool_status status, const char *text, size_t len); /* not TOOL_OK */
void session_log_note(struct session *s, const struct call_output *out);

/* What it did went well: nothing but a comparison, unless it failed before. */
static inline void session_well(struct session *s, enum retry_what what)
{
	if (s->trouble[what])
		session_log_well(s, what);
}

/* ------------------------------------------------------------------ session_model.c */

void session_ask(struct session *s, const struct call_output *out); /* OUT_ASK */
void session_asks_cancel(struct session *s, uint32_t gen, bool all);
void session_wasted(struct session *s, const struct call_output *out); /* NOTE_DISCARD */
void session_run_tool(struct session *s, const struct call_output *out, uint64_t at_us); /* OUT_TOOL */
bool session_tools_run(const struct session *s);
void session_tools_cancel(struct session *s);
void session_tool_answer(struct session *s, const struct call_output *out, enum tool_status status, const char *text, size_t len); /* OUT_TOOL's, from here */

/* ------------------------------------------------------------------ session_speech.c */

extern const struct mouth_events session_mouth_events;
void session_speak(struct session *s, const struct call_output *out); /* OUT_SPEAK */
void session_hold(struct session *s);                                 /* OUT_HOLD */
void session_voices_cancel(struct session *s, uint32_t utterance, bool all);
void session_pump(struct session *s); /* sends what may go; tells the core at once of audio that the mouth is waiting for */

/* ------------------------------------------------------------------ session_take.c: secret numbers by keypad */

void session_key_hide(struct session *s);  /* s->in, before anybody else sees it */
void session_take_look(struct session *s); /* behind each step, and behind a load */
bool session_take_mutes(const struct session *s); /* the caller's sound is nobody's */
void session_take(struct session *s, const struct call_output *out); /* OUT_TOOL of the tool that takes them: its result */
size_t session_take_lend(const struct session *s, const char *args, size_t len, struct tool_secret secrets[TAKEN_MAX]); /* those the arguments name */
void session_take_used(struct session *s, const struct tool_secret *secrets, size_t count); /* a tool has had them */
void session_take_fini(struct session *s);

/* ------------------------------------------------------------------ session_usage.c: what providers tell of themselves */

void session_usage_init(struct session *s);
usage_h session_answer_used;    /* arg is a struct asking */
usage_h session_voice_used;     /* a struct voicing */
usage_h session_stream_used;    /* a struct listening */
void session_usage_note(struct session *s, const struct call_output *out); /* OUT_NOTE: what became of it */

/* ------------------------------------------------------------------ session_journal.c; nothing happens without a journal */

bool session_records_audio(const struct session *s);
void session_write_start(struct session *s, const struct call_settings *settings, const struct brief *brief);
void session_write_attach(struct session *s, const void *snapshot, size_t len);
void session_write_step(struct session *s, const struct call_outputs *outputs); /* s->in and what it led to */
void session_write_steps(struct session *s);                                    /* those that wait */
bool session_write_event(struct session *s, const struct record_event *event); /* false: the journal does not take it */
void session_write_note(struct session *s, const struct call_output *out, uint64_t at_us);
void session_write_snapshot(struct session *s); /* s->record */
void session_write_meters(struct session *s);
bool session_write_usage(struct session *s, const struct record_usage *record); /* false: the journal does not take it */
void session_write_caller(struct session *s, const uint8_t *ulaw, size_t samples); /* moves the caller's position on */
void session_write_gap(struct session *s, uint64_t samples, enum record_gap_why why); /* before the position moves on */
void session_write_agent(void *arg, const struct mouth_frames *f); /* the mouth's; arg is the session */
void session_write_played(struct session *s, enum played_what what, const struct mark *mark);
void session_write_waiting(struct session *s); /* all that waits for company */
void session_write_end(struct session *s);     /* that, the connected time, and END */

#endif
