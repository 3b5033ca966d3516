/* The state of a shipping that is open. For ship*.c alone: ship.c has the batches and the step, ship_read.c what is read and in which
 * order, ship_cursor.c the cursor and what is deleted behind it. One thread, or the owner's lock.
 */
#ifndef VOICE_SHIP_STATE_H
#define VOICE_SHIP_STATE_H

#include "base/log.h"
#include "voice/journal/journal_read.h"
#include "voice/shipping/ship.h"

enum { BATCHES_MAX = 16 };

struct out_batch {
	uint64_t id;
	uint8_t *data;
	size_t len, cap;
	unsigned int records;
	uint64_t order; /* the file of its first record */
	uint64_t sent_us;
	bool acked;
	struct journal_position end; /* behind its last record */
};

struct ship {
	struct disk disk;
	char dir[DISK_PATH_MAX];
	const struct ship_sink *sink;
	void *sink_arg;
	struct ship_options options;

	bool limited;
	struct journal_position limit;
	bool is_short;       /* the journal wants room */
	uint64_t keep_order; /* files from this order on stay */
	struct journal_position cursor, saved;
	uint64_t saved_us;
	bool cursor_failed;
	bool has_room_file;  /* a file became the cursor, and lies there still */

	struct journal_files files; /* as listed last */
	bool stale;                 /* list again */
	uint64_t listed_us;
	bool scanning;
	struct journal_scan scan;
	struct journal_position read; /* the next record */

	struct out_batch out[BATCHES_MAX]; /* a ring, oldest at first */
	size_t first, count;
	uint64_t next_id;
	uint64_t backoff_us; /* 0: all is well */
	uint64_t wait_until_us;
	struct ship_counts counts;

	struct log log;
	bool sink_told, disk_told, damage_told; /* the log heard of it, and not yet that it is over */
};

/* ------------------------------------------------------------------ ship.c */

void ship_disk_failed(struct ship *s, const char *message, enum err err);
void ship_reading_failed(struct ship *s, enum err err);
void ship_tell_well(struct ship *s, bool *told, const char *message); /* `told`: one of the struct's */

/* ------------------------------------------------------------------ ship_read.c */

bool ship_is_kind(const struct journal_file *f);                          /* a file of this journal that is shipped */
bool ship_is_closed(const struct ship *s, const struct journal_file *f); /* nothing is written to it any more */
void ship_list(struct ship *s, uint64_t now_us);                          /* looks what files there are */
void ship_scan_stop(struct ship *s);
void ship_scan_grow(struct ship *s);                                      /* there may be more in the file that is being read */

/* The next record that is to be shipped; ERR_NOTFOUND: nothing now. */
enum err ship_next_record(struct ship *s, struct journal_record *r) MUST_USE;

/* ------------------------------------------------------------------ ship_cursor.c */

void ship_cursor_load(struct ship *s);                   /* once, when it is opened */
void ship_cursor_save(struct ship *s, uint64_t now_us);  /* errors are counted and told */
void ship_delete(struct ship *s, uint64_t wall_us);      /* what is shipped and no longer kept */

#endif
