/* Shipping: carries the journal's durable records to a sink (the conductor), at least once, in order, and forgets nothing.
 *
 * Driven by its owner: ship_step reads, sends and saves (it blocks on the disk: not on the media loop), ship_acked says
 * what became of a batch. Both run on one thread, or under the owner's lock. All time is given, so that it runs in virtual
 * time. A batch holds raw records, header and sealed payload; the sink drops what it has by (call, epoch, sequence) and so
 * sees everything exactly once.
 *
 *     step ─► send ─► acked(0) ─► cursor moves, saved (temporary name, sync, rename, sync of the folder)
 *              └───► acked(error), no answer in time, refused ─► back to the cursor, wait twice as long, send again
 *
 * The log hears once when the sink or the disk begins to fail and once when it is well again, not with every try.
 *
 * Ring files are shipped once they are closed, that is when a later file exists. Files that are wholly shipped, closed
 * and old enough are deleted; while the journal is short of room (ship_short) young ones, too; and on a disk without room for the
 * cursor the oldest that is wholly acknowledged becomes the cursor until it is saved. Whoever reads shipped files still says so (ship_keep): those stay whatever happens.
 * Refuses to read past what the journal called durable (ship_limit).
 */
#ifndef VOICE_SHIP_H
#define VOICE_SHIP_H

#include "voice/journal/journal.h"

struct ship;

/* Borrowed until it is acked or cancelled. */
struct ship_batch {
	uint64_t id; /* never twice in one life of the ship */
	const uint8_t *data;
	size_t len;
	unsigned int records;
	uint64_t order; /* of the file that its first record lies in: for ship_keep */
};

struct ship_sink {
	const char *name;
	/* Takes the batch; an error means it did not, and nothing follows. Otherwise exactly one ship_acked, later, never from
	 * inside, or a cancel. */
	enum err (*send)(void *arg, struct ship *s, const struct ship_batch *batch);
	/* Forget it: no ship_acked may follow. The batch's bytes are gone when this returns. */
	void (*cancel)(void *arg, uint64_t batch_id);
};

struct ship_options {
	size_t batch_bytes;       /* a batch ends at or before this (one record may be larger) */
	unsigned int batches_max; /* out at once, at most 16 */
	uint64_t ack_timeout_us;
	uint64_t backoff_min_us, backoff_max_us;
	uint64_t cursor_us;       /* the cursor is saved at most this often … */
	uint64_t keep_us;         /* shipped files are deleted this long after they were closed, while there is room */
	uint64_t idle_us;         /* … and looked for this often, like new files of a journal that nobody announces */
	bool keep_all;            /* delete nothing */
	const char *log_call;     /* what log lines call the one call that is shipped (the simulator's); NULL: they name none */
};

void ship_options_defaults(struct ship_options *o);

/* Opens at the saved cursor, or at the beginning. A cursor that does not hold, or is behind every file that is
 * there, counts as none: the sink sorts it out.
 * `sink` and what `arg` points at must outlive the ship. Without a ship_limit the whole folder counts as durable (the
 * journal of a dead worker). */
enum err ship_open(struct ship **sp, const struct disk *disk, const char *dir, const struct ship_sink *sink, void *arg,
	const struct ship_options *options, struct err_detail *detail) MUST_USE;

/* Cancels what is out, saves the cursor, frees. NULL-safe. */
void ship_close(struct ship **sp);

/* Nothing behind this is read; from journal_durable_position. */
void ship_limit(struct ship *s, struct journal_position durable);

/* The journal is short of room: journal_health() is not JOURNAL_OK. Until it is again, what is shipped goes at once, whatever
 * keep_us says. */
void ship_short(struct ship *s, bool is_short);

/* Files from this order on stay, shipped or not, full disk or not: somebody reads them still, as a recording does that is to be
 * cut from them. UINT64_MAX, as it is at first: none. */
void ship_keep(struct ship *s, uint64_t order);

/* Does what can be done now; *next_us is when to come again at the latest (earlier after ship_limit or ship_acked). Errors
 * of the disk are counted and tried again: ERR_NOMEM alone comes back. */
enum err ship_step(struct ship *s, uint64_t now_us, uint64_t wall_us, uint64_t *next_us) MUST_USE;

/* The sink's answer: 0, it has them safe; anything else, it has not. Unknown ids are answers that came too late. */
void ship_acked(struct ship *s, uint64_t batch_id, enum err err, uint64_t now_us);

struct ship_counts {
	uint64_t sent_records, acked_records, acked_bytes;
	uint64_t failures, timeouts;   /* of the sink */
	uint64_t disk_errors;
	uint64_t damaged_bytes;        /* stepped over */
	uint64_t deleted_files;
	bool all_shipped;              /* everything durable is acked */
	struct journal_position saved; /* the cursor on disk */
};

struct ship_counts ship_counts(const struct ship *s);

/* How far a folder was shipped, as its cursor says: every record before is at the sink. ERR_NOTFOUND: nothing was;
 * ERR_CORRUPT: the cursor does not hold; ERR_IO. */
enum err ship_cursor_read(const struct disk *disk, const char *dir, struct journal_position *shipped) MUST_USE;

#endif
