/* A call whose worker died on this host: what that one's journal knows behind the conductor's snapshot, looked for before the call goes on.
 *
 *   attach of a later epoch ─► a thread reads the journals of this host (call_records.h) and steps the tail (session/tail.h)
 *                                └─ within RECOVERY_MS: the newest state is the snapshot      └─ else, or nothing found: the conductor's stays it
 *
 * The loop never waits: the reading is a work item of its pool, told to stop when its time is up or nobody wants it any more; it touches nothing of
 * the worker's, so that it may end later. It never fails: what cannot be read is as if it were not there. Loop thread.
 */
#ifndef VOICE_RECOVERY_H
#define VOICE_RECOVERY_H

#include <uv.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/log.h"
#include "voice/worker/conductor.h"

struct recovery;

enum { RECOVERY_MS = 150 };

/* Borrowed for the start, but `disk`, which outlives the loop. */
struct recovery_settings {
	uv_loop_t *loop;
	struct clock *clock;
	const struct disk *disk;
	const char *journals;    /* the folder that holds the journals of all workers of this host */
	const char *master_path; /* as in keyring.h; NULL: each folder's own */
};

/* Once, within RECOVERY_MS, never from inside start: the same call with the newest snapshot, and began_us_ago as it is by then. Borrowed. */
typedef void recovery_h(void *arg, const struct conductor_attached *attached);

/* `attached` is copied. STYLE's start and cancel. ERR_NOMEM, ERR_LIMIT: a path that is too long; ERR_UNAVAILABLE: no thread. */
enum err recovery_start(struct recovery **rp, const struct recovery_settings *settings, const struct conductor_attached *attached, recovery_h *handler,
	void *arg) MUST_USE;
void recovery_cancel(struct recovery **rp); /* NULL-safe; the thread's memory goes in one of the loop's next turns */

#endif
