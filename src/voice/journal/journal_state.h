/* The state of a journal that is open. Private to journal.c (the loop's half), journal_open.c and journal_commit.c (the thread).
 *
 * The batch being filled is passed by one atomic pointer: an append takes it out (never finding it gone, because a taker
 * only ever swaps it for an empty one), fills it and puts it back; a taker that finds it out tries again. So the loop waits
 * for nobody. The lists of free and written batches are under a lock that no append touches.
 */
#ifndef VOICE_JOURNAL_STATE_H
#define VOICE_JOURNAL_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "voice/journal/journal.h"
#include "voice/journal/journal_write.h"

enum {
	BATCHES = 4, /* filling, out, and two written ones the loop has not seen yet */
	OWED_PAYLOAD = 128
};

/* What journal_append_owed keeps until there is room. */
struct owed_record {
	uint8_t kind;
	size_t len;
	uint8_t payload[OWED_PAYLOAD];
};

struct journal_call {
	struct journal_call *next, **link; /* j->calls */
	struct journal *journal;
	struct id128 tenant, call, key_id;
	uint8_t *key; /* in j->keys */
	uint32_t epoch;
	uint64_t sequence, durable;
	uint32_t batch;      /* the last one it wrote into … */
	size_t entry;        /* … and where there */
	unsigned int refs;   /* batches that name it */
	bool closed;
	struct journal_gap gaps[2]; /* owed: what was refused, what the disk did not keep; why 0: none */
	uint64_t gap_since_us;      /* the older one */
	uint64_t told_us;           /* when the log heard of one; 0: never */
	struct owed_record *owed;   /* JOURNAL_OWED_MAX places; NULL: never needed */
	size_t owed_count;
	void *owner;
};

struct journal {
	struct journal_options options;
	struct keyring *keyring;
	struct disk_file *lock_file;
	struct journal_writer writer;

	struct journal_call *calls; /* also closed ones that are still owed something */
	size_t call_count, open_count;
	uint8_t (*keys)[JOURNAL_KEY_BYTES]; /* locked memory */
	size_t *free_keys;
	size_t free_key_count;
	struct journal_counts counts;
	struct journal_position durable;
	journal_durable_h *handler;
	void *handler_arg;

	_Atomic(struct journal_batch *) active;
	_Atomic bool waiting;         /* something was appended since the last take */
	_Atomic bool erase_requested;
	pthread_mutex_t lock;         /* guards what follows */
	struct journal_batch batches[BATCHES];
	struct journal_batch *free;
	struct journal_batch *out;
	uint32_t next_id;
};

/* Empties it; keeps a usual amount of memory. */
void journal_batch_clear(struct journal_batch *b);

#endif
