/* The blocking half of the journal: puts batches into files, and decides what to do when the disk refuses.
 *
 * Private to journal*.c. One thread at a time; it shares nothing with the loop but the batch it was handed. Files are only
 * ever appended to (the ring apart), and a file whose write or sync failed is never written again.
 */
#ifndef VOICE_JOURNAL_WRITE_H
#define VOICE_JOURNAL_WRITE_H

#include <stdatomic.h>

#include "base/log.h"
#include "voice/journal/journal.h"
#include "voice/journal/journal_recover.h"

/* What became of a batch's audio. */
enum batch_audio { BATCH_AUDIO_KEPT, BATCH_AUDIO_RING, BATCH_AUDIO_LOST };

/* One call's part of a batch; for the loop thread. */
struct batch_entry {
	struct journal_call *call;
	uint64_t last_sequence;
	struct journal_gap audio; /* what to owe if the audio does not stay */
};

/* Filled by the loop, then handed over whole. */
struct journal_batch {
	struct journal_batch *next;
	uint32_t id;
	uint8_t *data;
	size_t len, cap;
	struct batch_entry *entries;
	size_t entry_count, entry_cap;
	uint64_t taken_us;
	enum batch_audio audio;          /* set by the writer, as are these */
	struct journal_position durable;
	uint8_t *split[2];               /* events, audio: only made when the disk is full */
	size_t split_len[2];
};

/* A preallocated file that waits for its use. */
struct spare_file {
	struct disk_file *file;
	char name[48];
};

struct journal_writer {
	struct disk disk;
	char dir[DISK_PATH_MAX];
	struct journal_options options;
	struct keyring *keyring;
	struct id128 id;
	uint64_t next_order;
	struct journal_position previous; /* the last file that is durable, and how much of it is */
	uint64_t previous_size;           /* how long that one is, once it is left; 0: not known */

	struct disk_file *file; /* where events go; NULL: begin one */
	char name[48];
	uint64_t order;
	uint64_t size;          /* durable bytes */
	uint32_t last_batch;    /* … end with this one */

	bool split;             /* the disk is full: `file` is the reserve (or NULL: lost too) */
	bool after_full;        /* the next segment says so */
	struct spare_file reserve;
	struct spare_file ring;
	bool ring_used;
	uint64_t ring_order;
	uint64_t ring_at;
	uint64_t probed_us;
	uint64_t keys_failed_us;

	uint64_t replaces_order; /* a lost file whose end the next one repeats; 0: none */
	uint64_t replaces_offset;

	struct log log;             /* `call`: of the batch that is written, when it is of one call alone */
	char log_id[33];
	enum journal_health told;   /* the worst that the log heard of since all was well */
	bool lost_told, keys_told;  /* of this run of failures */

	_Atomic int health;
	_Atomic uint64_t lost_files;
	_Atomic uint64_t keys_owed; /* an erasure that is not on the disk yet */
};

/* Goes on behind what an earlier life left. Makes or adopts the spares; having no room for them is no error. */
void writer_open(struct journal_writer *w, const struct journal_left *left, uint64_t now_us);

/* See journal_batch_write. */
enum err writer_write(struct journal_writer *w, struct journal_batch *b, uint64_t now_us) MUST_USE;

/* It is short of room, and has not asked for some for probe_us: writing an empty batch asks. For who writes. */
bool writer_probe_due(const struct journal_writer *w, uint64_t now_us);

/* `properly`: marks the end of the file. */
void writer_close(struct journal_writer *w, bool properly, uint64_t now_us);

#endif
