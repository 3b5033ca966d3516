/* What the payloads of a call's journal records mean: its steps, its two tracks, its timeline, its meters.
 *
 * The journal carries payloads and does not look inside (journal.h); the session writes them, and replay, recorder and show
 * read them. All are wire structs (base/wire.h): a reader skips fields it does not know. Times are `at_us` in the call's own
 * clock, positions samples at 8000 Hz. Encoders append to the buffer; decoded bytes and texts are borrowed. Decoders refuse
 * with ERR_FORMAT or ERR_TRUNCATED. Pure, any thread.
 *
 *   kind          payload                      when
 *   START         struct record_start          first
 *   ATTACH        struct record_start          first of a later epoch; with the snapshot it went on from
 *   INPUTS        steps, see below             at most 100 ms or 4 KB late; before a tool that changes
 *                                              something is dispatched
 *   SNAPSHOT      struct record_snapshot       OUT_SNAPSHOT; behind the INPUTS of its step
 *   AUDIO_CALLER  struct record_caller         every 200 ms of sound
 *   AUDIO_AGENT   struct record_agent          as it is given to the carrier
 *   PLAYED        struct record_played         media began, a mark came back, a clear went out
 *   EVENT         struct record_event          the timeline
 *   METER         struct record_meter          usage with each SNAPSHOT and at the end; connected time once, at the end
 *                 struct record_usage          (usage_record.h; meter METER_USAGE) what one provider was used for, when it is known
 *   END           struct record_end            last
 */
#ifndef VOICE_STEPS_H
#define VOICE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/brief.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/settings.h"
#include "base/wire.h"
#include "voice/call.h"
#include "voice/journal/journal_format.h"

/* ---- steps ----
 *
 * Field 1 is an input, behind it a field 2 for each of its outputs, in order; then comes the next step. Nine steps of ten are a
 * level (IN_VOICE) that nothing follows from: a run of those is one field 3, three numbers each, all differences (zigzag varints
 * but for the level): position, less the one before and 256; time, less the one before and what the positions took; level. The
 * first of a record differs from a level at time 0, position 0. A field 3 holds at most 127 bytes. */

enum {
	RECORD_STEPS = JOURNAL_INPUTS,
	STEPS_FLUSH_BYTES = 4096,
	STEPS_FLUSH_US = 100000 /* with the journal's commit: durable within 200 ms */
};

struct steps_level {
	uint64_t at_us, position, number; /* an IN_VOICE's */
};

struct steps_writer {
	struct buf bytes; /* whole at any time */
	uint64_t due_us;  /* when what is in it should be written; UINT64_MAX: nothing is */
	uint32_t count;
	size_t run;       /* where the contents of the last field 3 begin, while levels may be added to it; else 0 */
	struct steps_level level; /* that the next one is a difference to */
};

void steps_writer_init(struct steps_writer *w);
void steps_writer_fini(struct steps_writer *w);

/* Appends one step; the error sticks in w->bytes. */
void steps_put(struct steps_writer *w, const struct call_input *in, const struct call_outputs *outputs);

/* There is something, and it is old or large enough to be written. */
bool steps_due(const struct steps_writer *w, uint64_t now_us);
void steps_clear(struct steps_writer *w);

struct step_bytes {
	const uint8_t *data;
	size_t len;
};

/* One step: a level, or the input as input_encode() writes it and its outputs; bytes are the record's, borrowed. */
struct step {
	bool is_level;
	struct steps_level level;
	struct step_bytes input; /* not a level's */
	struct step_bytes outputs[OUTPUT_MAX];
	size_t count;
};

struct steps_reader {
	struct wire_reader wire;
	struct wire_reader run;  /* the rest of a field 3 */
	struct wire_field ahead; /* the next step's input, or levels */
	bool has_ahead;
	struct steps_level level; /* the last one read */
};

void steps_reader_init(struct steps_reader *r, const void *data, size_t len);

/* ERR_NOTFOUND at the end; ERR_FORMAT, ERR_TRUNCATED, ERR_LIMIT (too many outputs) for bytes that are no steps. */
enum err steps_next(struct steps_reader *r, struct step *step) MUST_USE;

/* Its input, whichever of the two it is; the errors of input_decode. */
enum err step_input(const struct step *step, struct call_input *in) MUST_USE;

/* ---- the call ---- */

struct record_start {
	uint64_t at_us;       /* START: 0 */
	uint64_t wall_us;     /* UNIX time at at_us */
	uint32_t direction;   /* enum call_direction */
	const uint8_t *settings, *brief; /* START: as call_settings_encode and brief_encode wrote them */
	size_t settings_len, brief_len;
	const uint8_t *snapshot;         /* ATTACH: a struct record_snapshot */
	size_t snapshot_len;
	bool records_audio;
	const char *outcome;             /* ATTACH: that the agent had named under an earlier epoch; none in old records */
	size_t outcome_len;
};

void record_start_encode(const struct record_start *r, struct buf *b);
enum err record_start_decode(struct record_start *r, const void *data, size_t len) MUST_USE;

/* What session_attach takes. */
struct record_snapshot {
	uint64_t at_us;
	bool media;               /* media has begun, */
	uint64_t media_us;        /* at this time: the caller's position 0 */
	uint64_t caller_position;
	uint64_t wake_us;         /* the core's timer; 0: none */
	const uint8_t *core;      /* call_save's bytes */
	size_t core_len;
	const char *language;     /* the brief's */
	size_t language_len;
	const uint8_t *map;       /* the values that the model has not seen, as redact_map_encode wrote them; none in old snapshots */
	size_t map_len;
	const char *outcome;      /* that the agent has named by then; none in old snapshots */
	size_t outcome_len;
};

void record_snapshot_encode(const struct record_snapshot *r, struct buf *b);
enum err record_snapshot_decode(struct record_snapshot *r, const void *data, size_t len) MUST_USE;

struct record_end {
	uint64_t at_us;
	uint32_t reason;       /* enum end_reason */
	uint64_t media_us;     /* the caller's position 0; media false: no media ever */
	bool media;
	uint64_t connected_us; /* media_us to at_us */
	uint32_t turns;
	uint64_t steps;        /* of this session */
};

void record_end_encode(const struct record_end *r, struct buf *b);
enum err record_end_decode(struct record_end *r, const void *data, size_t len) MUST_USE;

/* ---- the tracks ---- */

struct record_caller {
	uint64_t at_us;       /* when its last sample came */
	uint64_t position;    /* of the first sample of `ulaw` */
	uint64_t gap_samples; /* so many before `position` are missing */
	uint32_t gap_why;     /* enum record_gap_why */
	const uint8_t *ulaw;
	size_t samples;
};

enum record_gap_why { GAP_CARRIER = 0, GAP_JOURNAL, GAP_WORKER, GAP_KEYS /* a secret number was keyed in: not recorded on purpose */ };

void record_caller_encode(const struct record_caller *r, struct buf *b);
enum err record_caller_decode(struct record_caller *r, const void *data, size_t len) MUST_USE;

struct record_agent {
	uint64_t at_us;     /* when it was given to the carrier */
	uint32_t utterance, take;
	uint64_t start_us;  /* when a carrier next door begins to play it: at_us, or when all before it is over; 0: not said (old journals) */
	uint32_t position;  /* in the utterance, of the first sample */
	uint32_t padding;   /* samples of silence sent behind it, to fill the frame */
	bool lost;          /* audio of this take before it did not reach the journal */
	const uint8_t *ulaw;
	size_t samples;
};

void record_agent_encode(const struct record_agent *r, struct buf *b);
enum err record_agent_decode(struct record_agent *r, const void *data, size_t len) MUST_USE;

enum played_what {
	PLAYED_MARK = 0,  /* utterance, take, samples: those before are played */
	PLAYED_CLEARED,   /* the carrier was told to drop what it had queued */
	PLAYED_STARTED    /* media began: position 0 of both tracks */
};

struct record_played {
	uint64_t at_us;
	uint32_t what; /* enum played_what */
	uint32_t utterance, take, samples;
};

void record_played_encode(const struct record_played *r, struct buf *b);
enum err record_played_decode(struct record_played *r, const void *data, size_t len) MUST_USE;

/* ---- the timeline ---- */

enum event_kind {
	EVENT_NOTE = 1,    /* code = enum note; index, number, position, text as that note says */
	EVENT_FINAL,       /* the recogniser's final words: text; number, position = samples from, to */
	EVENT_TOOL,        /* a tool was dispatched: turn, index, name, text = arguments; code 1: it changes something */
	EVENT_TOOL_RESULT, /* turn, index, code = enum tool_status, text */
	EVENT_OUTCOME,     /* the agent ended the call with its end tool: name, text = arguments; an outcome of "": it did not, after all */
	EVENT_UNHEARD      /* no recogniser of the call's serves the language that it goes on in: text = its tag */
};

struct record_event {
	uint32_t kind;
	uint32_t code;
	uint64_t at_us;
	uint32_t turn, index;
	uint64_t number, position;
	const char *name, *text;
	size_t name_len, text_len;
};

void record_event_encode(const struct record_event *r, struct buf *b);
enum err record_event_decode(struct record_event *r, const void *data, size_t len) MUST_USE;

enum { RECORD_OUTCOME_MAX = 64 }; /* of an outcome's name, its NUL included */

/* The outcome that the arguments of the agent's end tool name; "": what it named is none any more. False, and `out` is as it was: it is no such event, or names none that fits. */
bool record_event_outcome(const struct record_event *e, char *out, size_t size);

/* The same of an ATTACH's, or a snapshot's: its `outcome` and `outcome_len`. */
bool record_outcome(const char *outcome, size_t len, char *out, size_t size);

enum meter {
	METER_CONNECTED_MS = 1, /* once a call, at its end */
	METER_STT_MS,           /* these and below: what came since the record before; their sum is the call's */
	METER_TTS_CHARACTERS,
	METER_MODEL_TOKENS,
	METER_MODEL_REQUESTS,
	METER_TOOL_CALLS,
	METER_WASTED_TOKENS,
	METER_WASTED_CHARACTERS,
	METERS,
	METER_USAGE = 64 /* a struct record_usage; it belongs to no sum of these */
};

const char *meter_name(enum meter meter); /* "connected_ms" */

struct record_meter {
	uint64_t at_us;
	uint32_t meter;
	uint64_t amount;
};

void record_meter_encode(const struct record_meter *r, struct buf *b);
enum err record_meter_decode(struct record_meter *r, const void *data, size_t len) MUST_USE;

#endif
