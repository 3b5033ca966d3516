/* Reading a journal as it lies on disk: whole, torn, read-only, or being written meanwhile.
 *
 * Three levels. A *scan* walks one file and judges its bytes. A *reader* walks a folder (or one exported file) in order,
 * gives each (call, epoch, sequence) once, keeps a summary of every call, and opens payloads. journal_read_call gives one
 * call's records in the order they were made. All block; each object belongs to one thread. Nothing is ever written here
 * but by journal_export.
 *
 * Damage is told apart by batches: a batch is only written behind one that was synced. So what is broken in the last batch
 * of a file is a *tear* (a crash; it had not been called durable, unless the file was closed properly), and what is broken
 * before a later batch is *corruption*. So is what is broken or cut off within the bytes that a later file's header calls
 * durable. Either way reading goes on at the next record that holds. Bytes behind the proper end of a file, or behind the length that it
 * had when it was left for good, are corruption as well, whatever they look like: they were never ours and are not read.
 */
#ifndef VOICE_JOURNAL_READ_H
#define VOICE_JOURNAL_READ_H

#include "voice/journal/journal.h"

/* ---- files ---- */

struct journal_file {
	char name[64];
	struct journal_file_header header; /* role and order are guessed from the name when it is damaged */
	uint64_t bytes;
	uint64_t end; /* behind the last record that a reader has found in it so far; 0: none */
	uint64_t durable_bytes; /* so much of it had been durable, as the header of a later file says; 0: not known */
	uint64_t whole_bytes; /* so long it was when it was left for good, as that header says; 0: not known */
	enum err err; /* of its header: 0, ERR_TRUNCATED, ERR_CORRUPT, ERR_VERSION, ERR_FORMAT, or why it cannot be read */
};

struct journal_files {
	struct journal_file *items; /* by order; unused spares first */
	size_t count;
	uint64_t highest;           /* number in any name or header */
};

enum { JOURNAL_FILES_MAX = 65536 };

/* Every *.cfj of the folder. Free with journal_files_free, also after an error. */
enum err journal_files_list(struct journal_files *f, const struct disk *d, const char *dir) MUST_USE;
void journal_files_free(struct journal_files *f);

/* ---- one file ---- */

enum journal_fault_kind {
	JOURNAL_FAULT_TORN,    /* never was durable */
	JOURNAL_FAULT_CORRUPT, /* was durable, is damaged */
	JOURNAL_FAULT_FOREIGN  /* of another version, or no journal file */
};

struct journal_fault {
	enum journal_fault_kind kind;
	const char *file; /* borrowed */
	uint64_t offset, bytes;
};

const char *journal_fault_name(enum journal_fault_kind kind);

typedef void journal_fault_h(void *arg, const struct journal_fault *fault);

struct journal_scan {
	struct disk_file *file;
	struct journal_file info;
	uint64_t at;  /* offset of the next record */
	uint64_t end; /* nothing at or behind it is read */
	uint8_t *window;
	size_t window_cap, window_len;
	uint64_t window_at;
	bool after_tear; /* the last record given follows a tear in its batch (which is the file's last) */
	bool after_mark; /* the last record given was the file's proper end */
	bool looked;     /* is there a later batch than looked_batch? looked_later */
	uint32_t looked_batch;
	bool looked_later;
	journal_fault_h *fault;
	void *fault_arg;
};

/* Begins at `from` (0: behind the header). `limit`: read no further than this offset; 0: to the end. fault may be NULL. */
enum err journal_scan_open(struct journal_scan *s, const struct disk *d, const char *dir, const struct journal_file *file,
	uint64_t from, uint64_t limit, journal_fault_h *fault, void *fault_arg) MUST_USE;

/* The next record and its offset, borrowed until the next call; ERR_NOTFOUND at the end. MARK records are given too. */
enum err journal_scan_next(struct journal_scan *s, struct journal_record *r, uint64_t *offset) MUST_USE;

/* Lets a scan that came to the end go on: a file that grows. */
enum err journal_scan_extend(struct journal_scan *s, uint64_t limit) MUST_USE;

void journal_scan_close(struct journal_scan *s);

/* ---- a folder ---- */

struct journal_reader;

struct journal_reader_options {
	struct keyring *keyring;  /* to open payloads; NULL: only clear ones open */
	const struct id128 *call; /* only this call; NULL: all */
	journal_fault_h *fault;   /* NULL: faults are only counted */
	void *fault_arg;
};

struct journal_item {
	struct journal_record record; /* borrowed until the next call */
	const char *file;
	uint64_t offset;
};

/* Sequences [from, to]; lossy: beside it some may be missing for a known reason (a tear, a full disk). */
struct journal_span {
	uint64_t from, to;
	bool lossy_from, lossy_to;
};

/* What was seen of one call under one epoch. */
struct journal_call_info {
	struct id128 tenant, call;
	uint32_t epoch;
	bool started, ended, attached;
	uint64_t records, bytes, gaps, repeats;
	uint64_t duplicates;            /* the same sequence twice where nothing was written again */
	uint64_t first_us, last_us;     /* monotonic */
	uint64_t first_wall_us, last_wall_us;
	struct journal_span *spans;     /* sequences seen, rising */
	size_t span_count, span_cap;
	struct journal_span *explained; /* by GAP records */
	size_t explained_count, explained_cap;
	bool overflow;                  /* more holes than are kept: its sequences cannot be judged */
};

struct journal_reader_counts {
	uint64_t records, bytes;
	uint64_t torn, torn_bytes, corrupt, corrupt_bytes, foreign;
	uint64_t missing_files; /* the chain of files has a hole */
	bool beginning_gone;    /* the first files are not here: shipped and deleted, as a rule */
	struct journal_position gone; /* then the last of them, and how much of it was durable, as far as the first one here says */
};

/* `path`: a journal's folder, or one *.cfj file. ERR_NOTFOUND, ERR_DENIED, ERR_NOMEM, ERR_LIMIT. */
enum err journal_reader_open(struct journal_reader **rp, const struct disk *d, const char *path,
	const struct journal_reader_options *options, struct err_detail *detail) MUST_USE;
void journal_reader_close(struct journal_reader **rp); /* NULL-safe */

/* The next record; ERR_NOTFOUND at the end; ERR_IO and ERR_NOMEM when it cannot go on. */
enum err journal_reader_next(struct journal_reader *r, struct journal_item *item) MUST_USE;

/* The clear payload, borrowed until the next call. ERR_DENIED: erased; ERR_NOTFOUND: no key here; ERR_CORRUPT: the seal does
 * not hold. */
enum err journal_reader_payload(struct journal_reader *r, const struct journal_item *item, const uint8_t **payload,
	size_t *len) MUST_USE;

const struct journal_files *journal_reader_files(const struct journal_reader *r);
const char *journal_reader_file(const struct journal_reader *r); /* the name of the one that is read now; "" before the first */
struct journal_reader_counts journal_reader_counts(const struct journal_reader *r);

/* The calls seen so far, in the order they were met; NULL behind the last. */
const struct journal_call_info *journal_reader_call(const struct journal_reader *r, size_t index);

/* How many sequences are missing without a known reason. `beginning_gone`: those before the first one seen do not count. */
uint64_t journal_call_missing(const struct journal_call_info *c, bool beginning_gone);

/* ---- one call ---- */

enum { JOURNAL_CALL_RECORDS_MAX = 4 << 20 };

/* `payload` is clear, or NULL when `payload_err` says why not. Return an error to stop. */
typedef enum err journal_item_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len,
	enum err payload_err);

/* Each record of the call once, by epoch and sequence, wherever it lies. options->call must be set. ERR_NOTFOUND: no record
 * of it; ERR_LIMIT: more than JOURNAL_CALL_RECORDS_MAX; the handler's error. */
enum err journal_read_call(const struct disk *d, const char *path, const struct journal_reader_options *options,
	journal_item_h *handler, void *arg, struct err_detail *detail) MUST_USE;

/* Writes `folder`/`name` (must end in .cfj): the call's records with clear payloads. Refuses (ERR_DENIED, ERR_NOTFOUND,
 * ERR_CORRUPT) when a payload cannot be opened. At most 512 MB. */
enum err journal_export(const struct disk *d, const char *path, const struct journal_reader_options *options,
	const char *folder, const char *name, struct err_detail *detail) MUST_USE;

#endif
