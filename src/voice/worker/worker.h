/* A worker: one event loop, one media thread, one journal, and the sessions of its calls. No state is shared with another worker.
 *
 *   carrier's socket ──audio──► worker_call_audio ──► session ──► adapters
 *                    (echo guard) ──────┴──► ear (media thread) ──levels──► session
 *   session ──records──► journal ──(its own thread)──► disk
 *
 * A call is opened with what it is pinned to and with the adapters that serve it; from then on whoever owns the carrier's socket
 * tells the session (session.h) what comes, but audio goes through worker_call_audio, so that session and ear have the same.
 * Loop thread. Time is the clock's. A call that ends on its own tells its owner once, after its last record was appended, and is closed.
 */
#ifndef VOICE_WORKER_H
#define VOICE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/metrics.h"
#include "voice/journal/journal.h"
#include "voice/session/session.h"

struct worker;
struct worker_call;

struct worker_options {
	struct clock *clock;
	const struct disk *disk;
	const char *journal_dir;
	const char *model_file;            /* vad.model_file; "": looked for */
	bool echo_guard;                   /* calls have one (audio/echo.h) */
	struct journal_options journal;    /* wall_offset_us is set by the worker */
	void (*durable)(void *arg, struct journal_position position); /* after each commit (for shipping_durable); may be NULL */
	void *durable_arg;
};

/* Opens journal and ear and starts their threads. What silero_model_find, silero_model_open and journal_open say. */
enum err worker_start(struct worker **wp, uv_loop_t *loop, const struct worker_options *options, struct err_detail *detail) MUST_USE;

/* Closes the calls that are left (they go on elsewhere) and makes durable what was appended. Blocks for the disk. The error says that
 * something was not made durable. NULL-safe. */
enum err worker_stop(struct worker **wp);

struct worker_call_options {
	struct id128 tenant, call;
	uint32_t epoch;                       /* fencing number: from 1 on, higher for each attach */
	const struct call_settings *settings; /* copied */
	const struct brief *brief;            /* copied */
	/* A snapshot: the call had another worker before; settings and brief are in it. */
	const void *snapshot;
	size_t snapshot_len;
	const uint8_t *past;                  /* as in session.h; NULL: none */
	size_t past_samples;
	const char *outcome;                  /* the same */
	uint64_t started_us;                  /* zero of the call's clock, in the clock's time */
	uint64_t caller_us;                   /* when the first sample of the caller's that comes was said; 0: now */
	enum call_direction direction;
	bool record_audio;
	bool levels_from_owner;               /* nobody speaks aloud (a typed call): the owner tells the levels, the ear gets nothing */

	const struct media *media; /* NULL while the phone rings */
	void *socket;
	const struct stt *stt;
	void *stt_vendor;
	const struct llm *llm;
	void *llm_vendor;
	const char *facts; /* as in session_io: copied */
	const struct tts *tts;
	void *tts_vendor;
	const struct tools *tools;
	void *conductor;

	void *arg;
	void (*snapshot_made)(void *arg, const void *data, size_t len); /* may be NULL */
	void (*event)(void *arg, const struct record_event *event); /* of the timeline, borrowed; may be NULL */
	/* Once, the last; the call is closed behind it and `c` is gone. `usage` is borrowed. Not for a call closed from outside. */
	void (*ended)(void *arg, enum end_reason reason, const struct session_usage *usage);
};

/* What journal_call_open, session_open and session_attach say. */
enum err worker_call_open(struct worker *w, struct worker_call **cp, const struct worker_call_options *options) MUST_USE;
void worker_call_close(struct worker_call **cp); /* no callback after. NULL-safe */

struct session *worker_call_session(struct worker_call *c);

/* The caller's audio, in order, µ-law at 8000 Hz; and so many samples that never came. */
void worker_call_audio(struct worker_call *c, const uint8_t *ulaw, size_t samples);
void worker_call_gap(struct worker_call *c, uint64_t samples);

struct journal *worker_journal(struct worker *w); /* to look at */

/* How late the sessions' wake-ups came: what a frame of sound waited for the loop. */
const struct histogram *worker_lateness(const struct worker *w);
size_t worker_calls(const struct worker *w);

#endif
