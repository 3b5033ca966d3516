/* Named pools of threads for what blocks: databases, files, journals of the dead, hashing. Answers come back on the loop's thread.
 *
 * A job is embedded in an operation's own struct. jobs_start queues it and fills the owner's slot; a thread of the pool runs it;
 * then, on the loop's thread, the slot is emptied, the answer is given once, and the job is released. job_cancel silences: nothing
 * arrives afterwards, though what was asked for may still be done. A job that is not done after the pool's time limit is answered
 * with ERR_TIMEOUT, and its late result is thrown away.
 * Everything here is called on the loop's thread, but for `run`. A pool with one thread and batch > 1 gives `run` all that waits,
 * up to that many: group commit.
 */
#ifndef BASE_JOBS_H
#define BASE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"

struct job;
struct jobs;

/* On the loop's thread, the slot already empty. */
typedef void job_answer_h(struct job *job, enum err err);
/* Frees the struct that the job is in; on the loop's thread, when no thread looks at it any more. */
typedef void job_release_h(struct job *job);
/* On a thread of the pool: does the jobs from `first` on by `next`, setting `err` of each. */
typedef void jobs_run_h(void *arg, struct job *first);

struct job {
	struct job *next; /* for `run`: the next of its batch */
	enum err err;     /* set by `run` */

	/* Set before jobs_start. */
	job_answer_h *answer;
	job_release_h *release;

	/* Of the pool. */
	struct job **slot;
	struct job *older, *newer;
	uint64_t deadline_ms;
};

struct jobs_options {
	const char *name;         /* of the threads; at most 15 bytes */
	unsigned int threads;     /* 1 to 8 */
	unsigned int batch_max;   /* jobs for one `run`; 0: one */
	unsigned int waiting_max; /* jobs not answered yet; more are refused (ERR_BUSY); 0: 4096 */
	unsigned int timeout_ms;  /* 0: 10 s */
	jobs_run_h *run;
	void *arg;
};

enum err jobs_open(struct jobs **jp, uv_loop_t *loop, const struct jobs_options *options) MUST_USE;

/* Waits until all that was accepted is done, gives no answer any more, ends the threads. Its handles close in the loop's next
 * turns; until then the loop must not be closed. NULL-safe. */
void jobs_close(struct jobs **jp);

/* On an error the job is released, the slot is NULL and no answer ever comes. `slot` may be NULL: nobody will cancel. */
enum err jobs_start(struct jobs *j, struct job **slot, struct job *job) MUST_USE;

/* NULL-safe: *slot may be empty. */
void job_cancel(struct job **slot);

/* How many were started and are not released. */
unsigned int jobs_count(const struct jobs *j);

#endif
