/* A recorded call in memory: every step's input and outputs as they were journalled, and the states that it can be
 * entered at. Replay (replay.h) and the trial of other settings (trial.h) run over it.
 *
 *   START ─steps─► … ─steps─► (lost steps) … SNAPSHOT ─steps─► …        one epoch: one worker
 *   ATTACH ─steps─► …                                                   the next worker, from the snapshot it was given
 *
 * A *part* is a run of steps without a hole, together with the state before its first step. Steps behind a hole and before
 * the next state are *skipped*: nobody can say what they should have done.
 *
 * The tape owns copies of everything. One thread. It judges order and holes; it reads neither inputs (but levels) nor outputs. Bytes
 * of the outside (a journal's payloads) never crash it: what cannot be read is a hole.
 */
#ifndef VOICE_TAPE_H
#define VOICE_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/brief.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/settings.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/steps.h"

enum {
	TAPE_BYTES_MAX = 512 << 20,
	TAPE_STEPS_MAX = 16 << 20,
	TAPE_PLACES_MAX = 1 << 16 /* states and holes */
};

struct tape_step {
	bool is_level;            /* then it has no bytes */
	struct steps_level level;
	size_t at;                /* in tape.bytes: input, then outputs, each of those behind its length (a varint) */
	uint32_t input_len, len;
	uint32_t outputs;         /* how many */
	uint64_t file_offset; /* of the record that holds it, or 0 */
};

enum tape_entry {
	TAPE_START,    /* settings and brief */
	TAPE_ATTACH,   /* a worker took the call over, from a snapshot */
	TAPE_SNAPSHOT  /* behind a hole, from a snapshot */
};

struct tape_part {
	enum tape_entry entry;
	uint32_t epoch;
	size_t first, count;     /* steps */
	size_t state, state_len; /* the snapshot in tape.bytes; not for TAPE_START */
	uint64_t wake_us;        /* the timer that the core had asked for then; 0: none */
};

enum tape_hole_why {
	TAPE_HOLE_MISSING, /* records are not there */
	TAPE_HOLE_REFUSED, /* the journal says that it could not take them */
	TAPE_HOLE_DAMAGED, /* bytes that are no steps, or no state */
	TAPE_HOLE_SEALED   /* the record is there, its payload cannot be opened */
};

struct tape_hole {
	enum tape_hole_why why;
	uint32_t epoch;
	size_t step;             /* in front of this one */
	uint64_t first_sequence, last_sequence;
	uint64_t file_offset;    /* DAMAGED, SEALED: of the record */
	size_t skipped;          /* steps behind it that no state leads to */
};

struct tape {
	bool started;            /* START was there and could be read */
	bool ended;              /* so was END */
	struct call_settings settings;
	struct brief brief;
	struct buf bytes;
	struct tape_step *steps;
	size_t step_count, step_cap;
	struct tape_part *parts; /* after tape_finish, as are the next two */
	size_t part_count;
	struct tape_hole *holes;
	size_t hole_count;
	size_t skipped;
	enum err err;            /* sticky: ERR_NOMEM, ERR_LIMIT */
	struct tape_place *places; /* from here on: while it is filled */
	size_t place_count, place_cap;
	struct journal_gap *gaps;
	size_t gap_count, gap_cap;
	uint32_t epoch;
	uint64_t sequence;
	struct step step; /* the one that is being read */
};

void tape_init(struct tape *t);
void tape_fini(struct tape *t);
void tape_reset(struct tape *t); /* for another call, in the same memory */

/* Filling, in order. The first two are what tests and the reader of START use; an input's outputs follow it. */
void tape_start(struct tape *t, const struct call_settings *settings, const struct brief *brief);
void tape_input(struct tape *t, const void *input, size_t len);
void tape_level(struct tape *t, const struct steps_level *level);
void tape_output(struct tape *t, const void *output, size_t len);
void tape_state(struct tape *t, enum tape_entry entry, const void *snapshot, size_t len, uint64_t wake_us);
void tape_hole(struct tape *t, enum tape_hole_why why, uint64_t first_sequence, uint64_t last_sequence, uint64_t file_offset);

/* One record of the call, by rising epoch and sequence; `payload` is NULL when `payload_err` says why it cannot be opened.
 * Sees holes in the sequence by itself; kinds that replay does not need are skipped. */
void tape_record(struct tape *t, const struct journal_header *h, const uint8_t *payload, size_t len, enum err payload_err,
	uint64_t file_offset);

/* Nothing more comes: makes parts and holes. ERR_FORMAT: there is neither a START nor a state to begin at; or the sticky error. */
enum err tape_finish(struct tape *t) MUST_USE;

/* What is wrong with the bytes of a recording, apart from its holes. */
struct tape_damage {
	size_t count;
	const char *what;     /* of the first: "torn", "corrupt", "foreign" */
	uint64_t offset;      /* where the damaged record begins */
	char file[64];
};

/* Reads an exported call file (one call, clear payloads), of any name. A record whose checksum does not hold is damage, but
 * its payload is used all the same, so that a changed input can be told from the output that it changes; `unchecked` does
 * not even look. ERR_FORMAT: no exported call file; ERR_NOTFOUND, ERR_IO, ERR_VERSION, ERR_TRUNCATED, ERR_CORRUPT (its head). */
enum err tape_read_file(struct tape *t, const struct disk *d, const char *path, bool unchecked, struct tape_damage *damage,
	struct err_detail *detail) MUST_USE;

/* Reads one call out of a journal's folder; `key_path` as in keyring.h, may be NULL. The errors of keyring.h and journal_read.h. */
enum err tape_read_journal(struct tape *t, const struct disk *d, const char *dir, const char *key_path, const struct id128 *call,
	struct tape_damage *damage, struct err_detail *detail) MUST_USE;

/* The step's input, its texts borrowed from the tape; the errors of input_decode. */
enum err tape_input_decode(const struct tape *t, const struct tape_step *step, struct call_input *in) MUST_USE;

/* A step's outputs as bytes, one after the other. */
struct tape_cursor {
	const uint8_t *at, *end;
};

void tape_cursor_init(struct tape_cursor *c, const struct tape *t, const struct tape_step *step);

/* The next; false behind the last. Borrowed from the tape. */
bool tape_cursor_next(struct tape_cursor *c, const uint8_t **data, size_t *len);

const char *tape_hole_why_name(enum tape_hole_why why);

#endif
