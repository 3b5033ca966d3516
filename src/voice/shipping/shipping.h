/* What a worker's journal tells the conductor: lines of the timeline as they become durable, recordings once their calls have ended.
 *
 * One a worker, on a thread and loop of its own, so that neither a slow disk nor a conductor that is away touches a call. It drives
 * ship.h over this worker's journal, from the saved cursor on (what an earlier life left behind comes first), makes lines of what people may
 * care about (timeline.h) and posts them; the cursor moves when the conductor has them durable. Batches without lines never leave the machine.
 * A call that ended here is cut from the journals of all workers of this host that had it (cutting.h, another thread), put into `spool`, sent up in
 * pieces and deleted there. What is still to be sent up is kept in DIR/recordings.todo, on the disk before the end is acknowledged: a crash in
 * between repeats it. A call of an earlier life, or one that fell silent, is asked about first: whoever has its last epoch sends its recording.
 *
 * Everything here is for the loop thread, but shipping_counts. Refuses nothing for ever but what the conductor refuses.
 */
#ifndef VOICE_SHIPPING_H
#define VOICE_SHIPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "voice/journal/journal.h"

struct jws_policy;
struct service_key;
struct shipping;

/* Texts are copied; the rest is borrowed and outlives it. */
struct shipping_settings {
	const struct disk *disk;
	struct journal *journal;         /* its keyring opens records (any thread), its durable position is where to begin */
	const char *dir;                 /* the journal's folder: DATA/journal/w1 */
	const char *journals;            /* the folder of all workers' journals of this host: DATA/journal; NULL: only `dir` */
	const char *master_path;         /* of the siblings' keyrings, as journal_options.master_path; NULL: each folder's own */
	const char *spool;               /* recordings on their way: DATA/spool/w1; made, with one parent, when it is not there */
	const char *worker;              /* its name */
	const char *url;                 /* the conductor's: "http://127.0.0.1:8080", no slash behind */
	const char *ca_file;             /* NULL: the system's */
	struct service_key *key;         /* "voice"; used, and read again, on shipping's thread: open one for it alone */
	const struct jws_policy *policy; /* its audience is the conductor's */
	uint64_t keep_us;                /* shipped files stay this long for `show` and `replay`; those of calls not sent up yet stay anyway. 0: 1 h */
	uint64_t rest_us;                /* an earlier life's call that did not end is asked about after this: its carrier may come back. 0: 20 s */
};

/* Starts the thread. ERR_LIMIT: a text that is too long; ERR_USAGE: a worker's name with other than letters, digits, - and _; ERR_NOMEM, and what the disk says of the spool. */
enum err shipping_open(struct shipping **sp, const struct shipping_settings *settings, struct err_detail *detail) MUST_USE;

/* From worker_options.durable: after each commit. Never waits. */
void shipping_durable(struct shipping *s, struct journal_position durable);

/* Waits until all that is durable is shipped and all recordings are sent up, at most `wait_us` (0: not at all; what is left comes with the
 * next life), then ends the thread. Before the journal is closed. NULL-safe. */
void shipping_close(struct shipping **sp, uint64_t wait_us);

struct shipping_counts {
	uint64_t records, lines;      /* acknowledged */
	uint64_t refused;             /* lines the conductor has no use for */
	uint64_t failures;            /* requests that were not answered well, or could not be made */
	uint64_t recordings;          /* sent up */
	uint64_t recordings_waiting;
	bool all_shipped;             /* everything durable is acknowledged */
};

struct shipping_counts shipping_counts(struct shipping *s); /* any thread */

#endif
