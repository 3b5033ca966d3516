/* A call whose worker died on this host: what that one's journal knows behind the conductor's snapshot, looked for before the call goes on.
 *
 *   attach of a later epoch ─► a thread reads the journals of this host (call_records.h) and steps the tail (session/tail.h)
 *                                └─ within RECOVERY_MS: the newest state is the snapshot      └─ else, or nothing found: the conductor's stays it
 *
 * The loop never waits: the reading is a job of a pool of its own, told to stop when its time is up or nobody wants it any more; it touches nothing
 * of the worker's, so that it may end later. It never fails: what cannot be read is as if it were not there. Loop thread.
 */
#ifndef VOICE_RECOVERY_H
#define VOICE_RECOVERY_H

#include <uv.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/jobs.h"
#include "base/log.h"
#include "voice/worker/conductor.h"

struct recovery;

enum { RECOVERY_MS = 150 };

/* A pool for it: "recovery". Closed by jobs_close once nobody waits for an answer. What jobs_open says. */
enum err recovery_pool_open(struct jobs **jp, uv_loop_t *loop) MUST_USE;

/* Borrowed for the start, but `pool` and `disk`, which outlive what they are asked for. */
struct recovery_settings {
	struct jobs *pool;
	struct clock *clock;
	const struct disk *disk;
	const char *journals;    /* the folder that holds the journals of all workers of this host */
	const char *master_path; /* as in keyring.h; NULL: each folder's own */
};

/* Once, within RECOVERY_MS, never from inside start: the same call with the newest snapshot, what was heard before it, and began_us_ago as it is by then. Borrowed. */
typedef void recovery_h(void *arg, const struct conductor_attached *attached);

/* `attached` is copied. STYLE's start and cancel. ERR_NOMEM, ERR_LIMIT: a path that is too long; ERR_BUSY: too many wait. */
enum err recovery_start(struct recovery **rp, const struct recovery_settings *settings, const struct conductor_attached *attached, recovery_h *handler,
	void *arg) MUST_USE;
void recovery_cancel(struct recovery **rp); /* NULL-safe; the thread's memory goes in one of the loop's next turns, or with the pool */

#endif
