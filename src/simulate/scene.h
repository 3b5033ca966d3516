/* One simulated call: the real session, journal, recorder and shipping, with everybody else played.
 *
 * The scene owns the world, all actors, the disk and the worker (journal and session), lets a worker die and another attach,
 * keeps the sink's copy of what was shipped, and asks the judge. It is made once and reset for each call: nothing is
 * allocated per event. Deterministic: the same options, seed and number give the same bytes. One thread.
 *
 *     caller ─► line ─► session ─► carrier ─► the caller's ear
 *                         ⇅ recogniser, model, talker, conductor           each step, frame, mark, effect ─► judge
 *                         └─► journal ─► disk ─► ship ─► sink
 */
#ifndef SIMULATE_SCENE_H
#define SIMULATE_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/brief.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/settings.h"
#include "simulate/caller.h"
#include "simulate/carrier.h"
#include "simulate/conductor.h"
#include "simulate/fault.h"
#include "simulate/model.h"
#include "simulate/promises.h"
#include "simulate/recogniser.h"
#include "simulate/script.h"
#include "simulate/talker.h"
#include "simulate/world.h"
#include "voice/journal/journal.h"
#include "voice/session/session.h"
#include "voice/shipping/ship.h"

#define WALL_US 1700000000000000ULL /* UNIX time when the world begins */

enum { SINK_RECORDS = 32768, SINK_BYTES_MAX = 64 << 20, SINK_BATCHES = 16 };

struct sink_record {
	struct journal_header header;
	size_t at, len; /* clear payload, in sink.bytes */
	enum err err;   /* why it could not be opened */
};

struct sink_batch {
	bool used;
	struct ship_batch batch; /* its bytes are the ship's, until it is acked or cancelled */
	struct scene *scene;
	struct event ack;
};

/* The conductor's copy: every record once, by epoch and sequence. */
struct sink {
	struct sink_record *records;
	uint32_t count;
	struct buf bytes;
	struct sink_batch batches[SINK_BATCHES];
	uint64_t down_until_us;
	uint64_t repeats;
	uint32_t epoch;      /* of the newest record, */
	uint64_t highest;    /* and its sequence */
	bool overflow;
	struct id128 key_id; /* the last key asked for: unwrapping it for every record would cost more than all else */
	uint8_t key[JOURNAL_KEY_BYTES];
};

typedef void scene_trace_h(void *arg, uint64_t step, const struct call_input *in, const struct call_outputs *out);

/* Vendors that always take the same time, so that what we add to it can be told. */
struct fixed_times {
	bool is_set;
	uint64_t stt_us;  /* a phrase's final behind its last sample; a partial comes in half of it */
	uint64_t llm_us;  /* to the model's first word, */
	uint64_t word_us; /* and to each further one; its first piece is a clause of FIXED_CLAUSE_WORDS */
	uint64_t tts_us;  /* to the voice's first sound */
};

enum { FIXED_CLAUSE_WORDS = 10 };

struct scene_options {
	uint64_t seed;
	fault_set faults;
	const struct script *script; /* NULL: one of the built-in ones, drawn */
	struct call_settings settings;
	struct fixed_times fixed;
	bool save_load;
	int sabotage;                /* enum promise, or -1 */
	const struct disk *disk;     /* NULL: a virtual one for each call */
	const char *dir;             /* with disk: the journal's folder */
	struct disk_inject *inject;  /* counts dispatches; NULL: nobody does */
	int ledger;                  /* file descriptor; -1: none */
	const char *keep;            /* folder for exported calls, or NULL */
	struct err_detail *detail;   /* why the journal could not be opened; NULL: nobody asks */
	scene_trace_h *trace;
	void *trace_arg;
};

/* What one call adds up to. */
struct scene_totals {
	uint64_t calls, steps, virtual_us, turns, interruptions, nods, coughs, silences, keys, tools, changes, faults, deaths, hangups, holds,
		model_asks, short_asks, sounds, records, events, saved, knowledge,
		deleted, provoked; /* files that made room on a full disk; faults for a guard that is off */
};

struct scene {
	struct scene_options options;
	struct world world;
	uint64_t seed, call;
	char log_call[48]; /* "seed/call": what log lines call it */
	const struct script *script;
	struct call_settings settings;
	struct brief brief;
	struct fault_plan plan;
	struct caller caller;
	struct carrier carrier;
	struct talker talker;
	struct recogniser recogniser;
	struct model model;
	struct conductor conductor;
	struct judge judge;
	struct sink sink;
	struct dice disk_dice, death_dice, save_dice, plan_dice;
	bool audio;       /* the caller's audio is recorded in this call */
	/* the worker */
	struct session *session;
	struct journal *journal;
	struct journal_call *journal_call;
	struct ship *ship;
	struct disk_virtual *virtual_disk;
	uint64_t disk_limit; /* bytes that it has room for, when it is small; 0: enough */
	struct disk disk;
	const char *dir;
	struct journal_batch *batch; /* being written */
	bool batch_written;          /* and its sync is on its way */
	uint32_t epoch;
	uint32_t first_epoch;        /* of this process: what one before it left of the call in a real folder is not judged */
	struct id128 tenant_id, call_id;
	bool closing;      /* the session is being closed by its owner */
	bool finished;     /* the call has ended; ended_us */
	bool over;         /* nothing is left to do */
	bool ship_stale;   /* more is durable than shipping has looked at */
	bool swapped;      /* a saved and loaded core took over, at least once */
	bool failed;      /* our own doing: the ledger or the injected disk */
	bool disk_gone;   /* to the end of the process it would not take what waited, or give it to shipping: the END, the last meters, and more */
	uint64_t opened_us, started_us, ended_us, owner_lost_us, finished_us, disk_full_until_us, sync_us, told_durable;
	uint64_t known_us; /* the state that the last attach began with was made then */
	struct session_usage usage;
	uint32_t deaths, turns, swaps, holds;
	uint64_t steps;
	struct event start, hang, woken, commit, tick, ship_tick, attach, reap, death, drained;
	struct buf scratch;
	struct tape *tape; /* for the judge who replays the call; its memory is used again */
	struct scene_totals totals;
};

/* Makes an empty scene; reused for every call of a run. */
enum err scene_new(struct scene **sp, const struct scene_options *options) MUST_USE;
void scene_free(struct scene *s); /* NULL is fine */

/* One whole call. What it was worth is added to the verdict and to s->totals. An error is ours or the disk's: no verdict. */
enum err scene_run(struct scene *s, uint64_t call, struct verdict *verdict) MUST_USE;

/* ---- for the actors ---- */

/* That promise's guard is off, and this call, one in three, does its best to put it to the test. */
bool scene_provokes(const struct scene *s, int promise);

void scene_caller_chunk(struct scene *s, const uint8_t *ulaw, size_t samples, uint64_t position, uint16_t level);
void scene_caller_gap(struct scene *s, uint64_t samples); /* the line says that these never came */
uint64_t scene_audio_end(const struct scene *s); /* the caller's samples that have reached the worker */
void scene_digit(struct scene *s, char digit);
void scene_knowledge(struct scene *s, uint64_t query, const char *text, size_t len);
void scene_mark(struct scene *s, const struct mark *mark);
void scene_carrier_ended(struct scene *s);
void scene_caller_gone(struct scene *s, uint64_t latency_us);
void scene_media_lost(struct scene *s);
void scene_media_back(struct scene *s);
bool scene_worker_up(const struct scene *s);
void scene_fact_effect(struct scene *s, const struct ledger_entry *e);
void scene_dispatch(struct scene *s); /* a tool that changes something reaches the conductor */

#endif
