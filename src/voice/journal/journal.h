/* The journal of one worker: an append-only log of segments that holds what its calls did, heard and said.
 *
 * A record has a clear header and a payload sealed with its call's own key (journal_format.h); what a payload means is not
 * the journal's business. The work is cut in phases, so that a thread drives it in production and the simulator in virtual
 * time:
 *
 *     journal_append        loop thread   seals into the batch being filled; memory only, no lock, no wait
 *     journal_batch_take    any one       the batch filled so far, or NULL; one is out at a time
 *     journal_batch_write   any one       blocks: keys, records, sync; on an error again later, same batch
 *     journal_batch_done    loop thread   publishes what is durable now, owes gaps, frees the batch
 *
 * journal_committer_start makes a thread that takes and writes; the loop then calls journal_committer_poll. Everything
 * not marked otherwise is for the loop thread. Nothing is durable before journal_batch_done said so.
 *
 * States (journal_health), worst first in what they still promise; docs/journal.md tells each fault's story:
 *
 *     OK ──(disk full)──► AUDIO_RING ──(ring fails)──► EVENTS_ONLY ──(reserve full)──► STOPPED
 *      ▲ └─(no room for a reserve)► SHORT              any write that cannot be made durable ──┘
 *      └──────────────── room again: new reserve, new ring, new segment ◄──────────────────────┘
 *
 * The log hears of each change for the worse once, not again with every try, and once when all is well again; a line about
 * one call alone names it.
 *
 * Refuses: an epoch that this folder has seen, a second writer in a folder, to call anything durable that was not synced.
 */
#ifndef VOICE_JOURNAL_H
#define VOICE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/keyring.h"

struct journal;
struct journal_call;
struct journal_batch;

enum journal_health {
	JOURNAL_OK,
	JOURNAL_SHORT,       /* all is written, but there is no reserve for a full disk: admit nothing new */
	JOURNAL_AUDIO_RING,  /* disk full: events go to the reserve, audio to a ring */
	JOURNAL_EVENTS_ONLY, /* disk full: audio is refused or given up */
	JOURNAL_STOPPED      /* nothing can be made durable now: appends are refused */
};

const char *journal_health_name(enum journal_health health);

struct journal_options {
	uint64_t segment_bytes;    /* a segment is closed when it reaches this */
	uint64_t reserve_bytes;    /* kept allocated for events on a full disk */
	uint64_t ring_bytes;       /* kept allocated for audio on a full disk */
	size_t buffer_bytes;       /* waiting for the disk: beyond it audio is refused */
	size_t event_buffer_bytes; /* on top of that, for events alone */
	size_t calls_max;          /* open at once */
	uint64_t commit_us;        /* the committer syncs at most this long after an append, plus the sync itself */
	uint64_t retry_us;         /* … and tries again this long after a write failed */
	uint64_t probe_us;         /* how often a full disk is asked for room again */
	uint64_t wall_offset_us;   /* time since 1970 = now_us + this */
	const char *master_path;   /* NULL: DIR/master.key */
	const char *log_call;      /* what log lines call the one call that is written here (the simulator's); NULL: by its id */
	keyring_random_h *random;  /* NULL: the system's */
	void *random_arg;
};

void journal_options_defaults(struct journal_options *o);

/* What was found when the folder was opened. Damage never stops the opening. */
struct journal_recovery {
	uint64_t files, records, bytes;
	uint64_t torn, torn_bytes;       /* ends that a crash cut; nothing that was durable */
	uint64_t corrupt, corrupt_bytes; /* damage in what had been durable */
	uint64_t foreign;                /* files of an unknown version or that are no journal's */
	size_t keyring_damaged_bytes;
};

/* Opens `dir` (made when missing, not its parents) for one writer. ERR_BUSY: another process writes there; ERR_DENIED: the
 * folder is read-only; ERR_FULL: no room even for the keyring; and the keyring's errors. `recovery` and `detail` may be
 * NULL. `disk` is copied; what it points at must outlive the journal. */
enum err journal_open(struct journal **jp, const struct disk *disk, const char *dir, const struct journal_options *options,
	uint64_t now_us, struct journal_recovery *recovery, struct err_detail *detail) MUST_USE;

/* Writes what is left (no committer may run), closes the segment properly, frees; all calls must be closed. The error says
 * that something was not made durable. NULL-safe. */
enum err journal_close(struct journal **jp, uint64_t now_us);

/* Frees without writing anything, as if the process had died; calls and batches go with it. NULL-safe. */
void journal_abandon(struct journal **jp);

/* A call attaches with its epoch: makes its key. ERR_EXISTS: this epoch or a later one was here before; ERR_DENIED: erased;
 * ERR_LIMIT: too many. The call is yours until journal_call_close. */
enum err journal_call_open(struct journal *j, struct journal_call **cp, const struct id128 *tenant, const struct id128 *call,
	uint32_t epoch, uint64_t now_us) MUST_USE;

/* What is owed (gaps, records) is appended, now or when there is room; what was appended still becomes durable. NULL-safe. */
void journal_call_close(struct journal_call **cp, uint64_t now_us);

/* Seals one record into the batch. ERR_LIMIT: too much waits for the disk (audio first), or a payload over
 * JOURNAL_PAYLOAD_MAX_BYTES; ERR_FULL: EVENTS_ONLY and this is audio, or STOPPED. What is refused is counted and owed a GAP
 * record, which the journal appends itself. */
enum err journal_append(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us) MUST_USE;

/* For the few records that say how a call ended: as journal_append, but what is refused is no gap. It is kept in memory and appended
 * when there is room, also when the call is closed by then; lost only with the process. ERR_LIMIT: more than JOURNAL_OWED_MAX wait,
 * or a long payload. */
enum { JOURNAL_OWED_MAX = 80 };
enum err journal_append_owed(struct journal_call *c, uint8_t kind, const void *payload, size_t len, uint64_t now_us) MUST_USE;

/* As given to journal_call_open. */
const struct id128 *journal_call_id(const struct journal_call *c);

/* Sequence of the call's last record; 0: none. */
uint64_t journal_call_last(const struct journal_call *c);

/* Every record up to this sequence is durable: synced, or audio that a GAP record answers for. */
uint64_t journal_call_durable(const struct journal_call *c);

/* Called by journal_batch_done for each call that got further; may append. NULL: none. */
typedef void journal_durable_h(void *arg, struct journal_call *c, uint64_t sequence);
void journal_durable_handler(struct journal *j, journal_durable_h *handler, void *arg);

/* The handler's owner may keep one pointer at the call. */
void journal_call_set_owner(struct journal_call *c, void *owner);
void *journal_call_owner(const struct journal_call *c);

/* ---- phases ---- */

/* The batch filled so far, to be written; NULL when nothing waits or one is out already. An empty one when a full disk is to be asked for
 * room again. Safe beside appends. */
struct journal_batch *journal_batch_take(struct journal *j, uint64_t now_us);

/* ERR_NONE: hand it to journal_batch_done. Otherwise nothing of it counts as durable and it must be written again later
 * (`now_us` then lets it see how long the disk has been full). */
enum err journal_batch_write(struct journal *j, struct journal_batch *b, uint64_t now_us) MUST_USE;

void journal_batch_done(struct journal *j, struct journal_batch *b, uint64_t now_us);

/* ---- the thread ---- */

struct journal_committer;

/* Called on the committer's thread when a batch is ready for journal_committer_poll (wake the loop here), and when the
 * health changed. Must not call the journal. */
typedef void journal_wake_h(void *arg);

/* Starts a thread that makes appends durable: takes what waits at most commit_us after its append, whatever the loop does.
 * The thread reads the machine's own clock. */
enum err journal_committer_start(struct journal_committer **mp, struct journal *j, journal_wake_h *wake, void *arg) MUST_USE;

/* Loop thread, when woken (or now and then): publishes what was written. Returns the number of batches. */
unsigned int journal_committer_poll(struct journal_committer *m, uint64_t now_us);

/* Lets the batch that is out be finished, joins the thread, publishes. What waits still is left to journal_close. NULL-safe. */
void journal_committer_stop(struct journal_committer **mp, uint64_t now_us);

/* ---- looking at it ---- */

enum journal_health journal_health(const struct journal *j); /* any thread */

/* Up to where the files may be read as durable: a file's order and an offset in it. Before the first batch that is all an
 * earlier life left behind (offset UINT64_MAX). */
struct journal_position {
	uint64_t order;
	uint64_t offset;
};

struct journal_position journal_durable_position(const struct journal *j);

struct journal_counts {
	uint64_t records, bytes, batches;
	uint64_t refused_audio, refused_events; /* appends that failed for want of room */
	uint64_t gaps;                          /* GAP records appended */
	uint64_t gaps_unmarked;                 /* gaps for which not even a GAP record found room (so far) */
	uint64_t lost_files;                    /* files left behind after a failed write or sync */
	uint64_t waiting_bytes;                 /* not yet durable */
	size_t calls;
	size_t closing; /* calls that are closed, of which something is not durable, or waits for room */
};

struct journal_counts journal_counts(const struct journal *j);

/* The journal's keyring, for opening records. Flushing it is the journal's business. */
struct keyring *journal_keyring(struct journal *j);

/* Destroys the keys of a call or a tenant: at once in memory, on the disk with the next batch, which is made even when it
 * is otherwise empty; keyring_counts().dirty says false when it is done. A call that is open should be closed first: what
 * it appends can never be opened again. */
enum err journal_erase_call(struct journal *j, const struct id128 *tenant, const struct id128 *call) MUST_USE;
enum err journal_erase_tenant(struct journal *j, const struct id128 *tenant) MUST_USE;

#endif
