/* The processes of a house: one conductor (with control), some voice workers. Starts them, watches them, starts again what died.
 *
 *   start ─► listens for it ─► spawned ─► says its ready line ─► lives ─► dies ─► waits (0 s at first, longer when it dies at once again) ─► start
 *      └─► found alive: adopted ──────────────────────────────────┘
 *
 * Children have sessions of their own and outlive their supervisor; the next one finds them by their run files (run_file.h), watches them by
 * pidfd, and starts only what is missing. The listening sockets are opened here and handed to the children, so that whoever connects while one
 * is being started again waits a moment and is not refused. A child that ends by itself before everything was ready once is told by `failed`.
 * It holds no store, no key and no token. One loop's thread.
 */
#ifndef CLI_SUPERVISOR_H
#define CLI_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include <uv.h>

#include "base/err.h"

struct supervisor;

struct supervisor_settings {
	uv_loop_t *loop;
	const char *data;          /* the data folder */
	const char *program;       /* what children run */
	const char *const *common; /* for every child: --config and --set of this process; NULL-ended */
	const char *listen;        /* of the conductor */
	const char *voice_listen;
	unsigned int workers;
	unsigned int drain_s;      /* what a worker may take to stop */
	void (*ready)(void *arg);  /* once: everything answers */
	void (*failed)(void *arg, const char *name, int status, const char *line); /* `line`: the error as JSON, or "" */
	void (*gone)(void *arg);   /* after supervisor_stop: nothing runs any more */
	void (*link)(void *arg, const char *link); /* of the sign-in: a conductor was started; a good while after `ready` it was started again */
	void *arg;
};

/* All is borrowed but what is copied; handlers run from the loop. ERR_NOMEM; ERR_LIMIT: too many workers. */
enum err supervisor_open(struct supervisor **sp, const struct supervisor_settings *settings) MUST_USE;

/* Adopts and starts. ERR_BUSY, ERR_USAGE, ERR_DENIED: the conductor's address; nothing was started then. */
enum err supervisor_start(struct supervisor *s, struct err_detail *detail) MUST_USE;

/* Workers first, then the conductor. Told again: workers leave their calls at once. A third time: they are killed. */
void supervisor_stop(struct supervisor *s);

/* Watches no more; children that live go on. Its handles close in the loop's next turns. NULL-safe. */
void supervisor_close(struct supervisor **sp);

struct supervisor_child {
	const char *name, *url; /* "" until it is ready */
	pid_t pid;              /* 0: it does not run */
	bool is_adopted;
	unsigned int starts;    /* in this supervisor's life */
};

size_t supervisor_count(const struct supervisor *s);
struct supervisor_child supervisor_at(const struct supervisor *s, size_t index); /* 0 is the conductor */
bool supervisor_moved(const struct supervisor *s); /* the conductor listens elsewhere than asked: workers of before know it there */

#endif
