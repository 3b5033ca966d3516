/* A run: many calls, in processes of their own, added up the same way whatever their number.
 *
 * Call k belongs to job k % jobs; each job runs its calls in rising order, and the first failures of all by call and step
 * are kept. A call that kills its process (an assert of ours) is a failure like any other: the job goes on behind it.
 * The caller's thread waits; nothing of the calls' state is shared but what each has added up.
 */
#ifndef SIMULATE_RUN_H
#define SIMULATE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "simulate/promises.h"
#include "simulate/scene.h"

enum { RUN_JOBS_MAX = 64, RUN_CRASHES = 8 };

struct run_crash {
	uint64_t call;
	int signal;
};

struct run_result {
	struct verdict verdict; /* of a sabotaged promise the failures come first: others may follow from it */
	struct scene_totals totals;
	struct run_crash crashes[RUN_CRASHES]; /* the first ones */
	uint64_t crash_count;
	uint64_t next;       /* the call after the last one run */
	uint64_t errors;
	enum err err;        /* of the first call that could not be run at all */
	uint64_t err_call;
	double seconds;      /* of wall time; cpu: of all jobs together */
	double cpu_seconds;
};

typedef void run_progress_h(void *arg, uint64_t done, uint64_t calls);

/* Calls first … first + calls - 1. ERR_NOMEM, ERR_UNAVAILABLE (no process could be made). */
enum err run_calls(const struct scene_options *options, uint64_t first, uint64_t calls, unsigned int jobs, run_progress_h *progress, void *arg,
	struct run_result *result) MUST_USE;

/* The same for one process and no protection: for traces, and for runs that are to die. */
enum err run_here(const struct scene_options *options, uint64_t first, uint64_t calls, struct run_result *result) MUST_USE;

/* What a run of a thousand calls and more must have had in it, or its promises were not put to the test. NULL: it had; else
 * what was missing. */
const char *run_missed(const struct run_result *r);

/* Nothing broke, nothing died, every call could be run. */
bool run_kept(const struct run_result *r);

#endif
