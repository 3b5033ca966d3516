/* A session: one call's core bound to its adapters. Policy is the core's (call.h); here is only carrying out.
 *
 *   carrier, VAD, adapters ──► one call_input ──► call_step ──► outputs, in their order ──► adapters, mouth, journal
 *                                                     └─► what adapters say meanwhile waits and is stepped afterwards
 *
 * One thread: the loop that owns it; no call of any function below from another. What happens to a call (a mark, a digit, …)
 * may also be told from inside an adapter's function: it waits, as an adapter's own events do, until the step is over.
 * Time, wake-ups and adapters come through struct session_io, so that the worker and the simulator run this same code.
 * The session owns its core, its audio (the last 8 s of the caller's, what the agent has still to say) and every adapter
 * operation it started. It does not own the journal call, the socket or the vendors; they outlive it.
 * Once a call is up, nothing is allocated per event but the voice's audio, a second at a time, and what a request to the model has new.
 * A tool that changes something is not asked for when the journal does not take its record: the core is told that it was not done.
 * The model sees personal data masked and says it by placeholder (redact/redact.h); the core, the journal, tools and the caller have
 * the true values. The map between the two is the session's and part of its snapshot.
 *
 * A socket can die without closing. From the media's begin on, one from which no audio, gap or level came for SESSION_DEAF_US is
 * taken for lost: the core is told so, and nothing is sent. (Who is woken late looks a second time, once what was waiting could
 * be read.) It ends the call (END_LOST) after call.attach_ms more; the socket is then told of the end. Audio that comes before
 * that brings the call back, as another socket would. Only who owns the socket knows whether that audio is late or what lay
 * before it never came: session_caller_gap first, if it did not.
 */
#ifndef VOICE_SESSION_H
#define VOICE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/llm.h"
#include "providers/media.h"
#include "providers/stt.h"
#include "providers/tools.h"
#include "providers/tts.h"
#include "voice/call.h"

struct tone_event;   /* audio/tone.h */
struct journal_call; /* voice/journal/journal.h */
struct record_event; /* voice/journal/steps.h */
struct session;

enum call_direction { CALL_INBOUND = 0, CALL_OUTBOUND };

enum {
	SESSION_CALLER_RING_MS = 8192, /* a new recogniser stream can be given this much of the past */
	SESSION_LINGER_MS = 10000,     /* after the end, so long for the answers of tools that run */
	SESSION_DEAF_US = 2000000,     /* a socket that is silent for so long is dead */
	SESSION_QUEUE_BYTES = 1 << 20  /* what adapters may say while one step is carried out */
};

/* Everything a session is given. Copied at open. All function pointers are needed, except where "may be NULL" stands. */
struct session_io {
	void *arg; /* for the functions here */
	uint64_t (*now_us)(void *arg); /* any monotonic clock, never falling */
	/* Call session_woken at that time of the same clock (at once when it has passed); replaces the wake-up before; UINT64_MAX:
	 * none is needed. */
	void (*wake)(void *arg, uint64_t at_us);
	/* Push to the conductor. Borrowed. Give it to session_attach to go on from there. May be NULL. */
	void (*snapshot)(void *arg, const void *data, size_t len);
	/* The call has ended, and everything that is to be journalled is. Once, the last callback, only from inside session_woken;
	 * session_close is legal in it. Not called for a session that is closed before its call ended. */
	void (*ended)(void *arg, enum end_reason reason);
	/* After each step, before its outputs are carried out: for the simulator's checks and its trace. May be NULL. */
	void (*stepped)(void *arg, const struct call_input *in, const struct call_outputs *outputs);

	/* What the timeline is told, as it is journalled. Borrowed. May be NULL. */
	void (*event)(void *arg, const struct record_event *event);

	/* For an echo guard (audio/echo.h). The agent's sound went out, and sounds from the caller's sample `at` on where the carrier is next door;
	 * it was cleared, and nothing of it sounds behind `at`. Both may be NULL, and must not call the session. */
	void (*sounds)(void *arg, uint64_t at, const uint8_t *ulaw, size_t samples);
	void (*silenced)(void *arg, uint64_t at);

	const struct media *media; /* NULL while the phone rings: see session_set_media */
	void *socket;
	const struct stt *stt;
	void *stt_vendor;
	const struct llm *llm;
	void *llm_vendor;
	const char *facts;            /* masker_facts: copied; NULL: the model is told none */
	const struct tts *tts;
	void *tts_vendor;
	const struct tools *tools;
	void *conductor;

	struct journal_call *journal; /* NULL: nothing is written */
	bool record_audio;            /* both tracks go to the journal */
	enum call_direction direction;
	uint64_t wall_us;             /* UNIX time when the call's clock began */
	const char *log_call;         /* what log lines call it; NULL: by the journal call's id */
	/* When the first sample that comes was said, in now_us's time: opening takes a while, and what the carrier sent meanwhile still lies in its
	 * socket. For session_start and session_attach. 0: now. */
	uint64_t caller_us;
	/* For session_attach: the carrier's own record says that the call ended then, in now_us's time, when nobody had it. The
	 * attach is followed by IN_HANGUP; the call and its connected time end where the carrier says. 0: it goes on. */
	uint64_t carrier_ended_us;
	/* For session_attach on the host that had the call before: its session_caller_past, so that the recogniser hears again what it had not
	 * understood. Borrowed for the attach. NULL: nothing is left of it. */
	const uint8_t *past;
	size_t past_samples;
	const char *outcome; /* … that the agent had named by then: for the ATTACH record. Borrowed. NULL, "": none */
};

/* A new call. Writes its START record. `call_started_us` is the zero of the call's clock in io->now_us's time. Both
 * `settings` and `brief` are copied. ERR_NOMEM, or what the journal says; then *sp is NULL. */
enum err session_open(struct session **sp, const struct session_io *io, const struct call_settings *settings, const struct brief *brief,
	uint64_t call_started_us) MUST_USE;

/* A call that another worker had: loads what io.snapshot was given last, steps IN_ATTACHED. `call_started_us` is the zero of
 * the call's clock in this worker's time (it may be "negative": differences count modulo 2^64). The caller's audio goes on at
 * the position that belongs to now, or to io.caller_us; what lies between is a marked gap. Besides: ERR_FORMAT, ERR_TRUNCATED, ERR_VERSION, ERR_LIMIT for
 * bytes that are no snapshot. */
enum err session_attach(struct session **sp, const struct session_io *io, const void *snapshot, size_t len, uint64_t call_started_us) MUST_USE;

/* What session_attach takes for a call whose worker died before a snapshot of it was known: a call to which nothing has
 * happened but that its media began at `media_us` of its clock. It awaits session_start behind the attach: the greeting is said (again).
 * ERR_NOMEM, ERR_LIMIT. */
enum err session_first_snapshot(struct buf *out, const struct call_settings *settings, const struct brief *brief, uint64_t media_us) MUST_USE;

/* Silences every adapter operation and frees it. No callback after. What is journalled of a call that has not ended is
 * flushed; it has no END record: the call goes on elsewhere. NULL-safe; *sp becomes NULL. Not from inside an adapter's function. */
void session_close(struct session **sp);

/* A worker that dies writes nothing more. The same as close, but nothing is flushed to the journal: for the simulator. */
void session_drop(struct session **sp);

void session_prepare(struct session *s); /* the phone rings: IN_PREPARE */

/* The socket is there: before session_start, for a session that was opened without one. */
void session_set_media(struct session *s, const struct media *media, void *socket);
void session_start(struct session *s);   /* the media stream began: IN_START; the caller's position 0 is now, or io.caller_us */

/* The call never learnt that its media began, though its clocks may know: it greets nobody and asks nothing until session_start. So is a new one, and one that was taken over
 * from a worker that died before the step of its IN_START was durable. False once it has ended. */
bool session_awaits_start(const struct session *s);

/* The caller's audio, in order: µ-law at 8000 Hz, or NULL for samples that nobody recorded (the simulator). Any count. */
void session_caller_audio(struct session *s, const uint8_t *ulaw, size_t samples);

/* The same, of sound that is nothing but our own come back: recorded as it is, silence for the recogniser. Never NULL. */
void session_caller_echo(struct session *s, const uint8_t *ulaw, size_t samples);

/* What came since that position was our own sound, too, as it turned out only now: words of it that are still to come are none, and a recogniser that is
 * opened later gets silence for it. */
void session_caller_disown(struct session *s, uint64_t from);

/* So many samples never came (the carrier's own time stamps say so). The position moves on; the recogniser gets µ-law silence
 * (as bytes, never NULL), the journal a gap. */
void session_caller_gap(struct session *s, uint64_t samples);

/* The position of the next sample: what session_voice's positions refer to. */
uint64_t session_caller_position(const struct session *s);

/* The last of the caller's sound, up to that position; returns how much there is. */
size_t session_caller_past(const struct session *s, uint8_t ulaw[SESSION_CALLER_RING_MS * 8]);

/* One VAD chunk of VOICE_CHUNK_SAMPLES from `position`, level 0..65535. In order; the owner runs the VAD. */
void session_voice(struct session *s, uint64_t position, uint16_t level);

void session_tone(struct session *s, const struct tone_event *tone); /* … and its single tones, of calls that we placed */

void session_played(struct session *s, const struct mark *mark); /* a mark came back, whether played or cleared */
void session_digit(struct session *s, char digit);
void session_hangup(struct session *s);     /* the caller or the carrier ended the call */
void session_media_lost(struct session *s); /* the socket closed, the call has not ended; nothing is sent until media is back */

/* Another socket took over on this same worker: IN_ATTACHED, as session_attach does. */
void session_media_back(struct session *s, const struct media *media, void *socket);

/* Leaving a call to another worker at a moment that its owner chooses. Parked, whatever comes waits instead of being stepped, and io.snapshot has
 * been given the state as it is: by this function, or just before, when it is called from inside io.snapshot. session_close then leaves the call
 * exactly there, nothing done twice; unparked, it goes on as if nothing had been. False: it has ended, is parked, or cannot be saved. */
bool session_park(struct session *s);
void session_unpark(struct session *s); /* not from inside io.snapshot; one that is not parked is fine */

/* A good moment for it: nobody is heard speaking, nothing is asked of a tool. */
bool session_still(const struct session *s);

void session_order(struct session *s, enum order order, const char *text, size_t len);
void session_knowledge(struct session *s, uint64_t query, const char *text, size_t len);

/* The wake-up. One that comes too early changes nothing and is asked for again. */
void session_woken(struct session *s);

bool session_ended(const struct session *s); /* the core has ended; io.ended may still be to come */

/* What was used so far, for metering and tests. */
struct session_usage {
	uint64_t connected_ms;   /* media start to end (or to now), in call time */
	uint64_t stt_ms;         /* audio given to recogniser streams */
	uint64_t tts_characters; /* text given to voices, in bytes */
	uint64_t model_tokens;
	uint64_t model_requests;
	uint64_t tool_calls;
	uint64_t wasted_tokens;  /* written of answers asked for ahead and thrown away; read and written by a second model that was slower */
	uint64_t wasted_characters;
	uint64_t steps;
	uint64_t audio_lost_samples; /* the journal would not take them; marked as gaps */
};
void session_usage(const struct session *s, struct session_usage *usage);

/* For the simulator. The core, to look at or to sabotage; borrowed. Swapping gives the session a core that was saved and
 * loaded (the old one is freed). Sabotage switches one guard of the shell off, so that the promise must break. */
struct call *session_call(struct session *s);
void session_swap_call(struct session *s, struct call *call_take);

/* How much of the caller's sound up to that position the recogniser in force was given, which is without the silences of its past; *base: from where on. */
uint64_t session_given(const struct session *s, uint64_t position, uint64_t *base);

enum session_guard {
	SESSION_GUARD_NONE = 0,
	SESSION_GUARD_P08, /* the mouth keeps its lead; OUT_HOLD clears */
	SESSION_GUARD_N3,  /* connected time is metered */
	SESSION_GUARD_N4,  /* gaps are marked */
	SESSION_GUARD_N5,  /* steps and events reach the journal */
	SESSION_GUARD_N6,  /* a deaf socket is found out */
	SESSION_GUARD_PII  /* the model sees personal data masked */
};
void session_sabotage(struct session *s, enum session_guard guard);

#endif
