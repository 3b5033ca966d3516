/* All records of one call, out of the journals of all workers of a host that had it: each once, in order of epoch and sequence.
 *
 * Reads every folder of journals that can hold some. Files that were closed before the call began are passed over, unless something is then missing
 * (and whoever reads wants all of it).
 * The own folder's records are opened by the live keyring, the others' by a look at theirs. Blocks for long; any thread, one reading at a
 * time. Writes nothing.
 */
#ifndef VOICE_CALL_RECORDS_H
#define VOICE_CALL_RECORDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "voice/journal/journal_read.h"

enum { CALL_RECORDS_FOLDERS_MAX = 1024 };

struct call_records {
	const struct disk *disk;
	const char *dir;         /* a journal, opened by `keyring` (NULL: by its own file); NULL: none */
	struct keyring *keyring;
	const char *journals;    /* the folder that holds all journals: DATA/journal; NULL: only `dir` */
	const char *master_path; /* of keyrings that are looked at; NULL: each folder's own */
	struct id128 call;
	uint64_t began_wall_us;  /* files closed well before are passed over; 0: all are read */
	bool is_end;             /* only what was written since then is wanted: older files are not read for what is missing */
	const atomic_bool *stop; /* true: give up (ERR_CLOSED); may be NULL */
};

/* As journal_read_call. ERR_NOTFOUND: no record of it; ERR_LIMIT: too many, or too many folders; ERR_CLOSED; the handler's error. */
enum err call_records_read(const struct call_records *from, journal_item_h *handler, void *arg) MUST_USE;

/* Whether a folder holds journals in folders of their own (a server's DATA/journal), and is none itself. */
bool call_records_are_many(const struct disk *d, const char *path);

/* At a path that somebody named: one journal or exported call (journal_read_call), or a folder of journals, each opened by its own keyring; faults are
 * then not told. options->call must be set. */
enum err call_records_at(const struct disk *d, const char *path, const struct journal_reader_options *options, journal_item_h *handler, void *arg,
	struct err_detail *detail) MUST_USE;

#endif
