/* Jobs as child processes over shared memory; the parent merges. */
#include "simulate/run.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum { CRASHES_MAX = 1000 };

struct job {
	pid_t pid;
	bool running, done;
	struct run_result r; /* next: the call it runs, or will */
};

static double clock_seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What one call gives back the next one takes: the kernel need not clear the same pages ten thousand times. */
static void memory_keep(void)
{
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

/* The log's clock: the world's. */
static uint64_t wall_us(void *arg)
{
	return WALL_US + ((struct scene *)arg)->world.now_us;
}

static void one_call(struct scene *s, uint64_t call, struct run_result *r, struct verdict *scratch)
{
	enum err err;

	memset(scratch, 0, sizeof(*scratch));
	err = scene_run(s, call, scratch);
	if (err && !r->errors++) {
		r->err = err;
		r->err_call = call;
	}
	verdict_add(&r->verdict, scratch);
}

/* The child: its calls from r->next on. */
static void job_run(const struct scene_options *options, struct run_result *r, uint64_t end, unsigned int step)
{
	struct verdict *scratch = malloc(sizeof(*scratch));
	struct scene_totals before = r->totals;
	struct scene *s;

	memory_keep();
	if (!scratch || scene_new(&s, options))
		_exit(3);
	log_set_clock(wall_us, s);
	s->totals = before;
	while (r->next < end) {
		one_call(s, r->next, r, scratch);
		r->totals = s->totals;
		r->next += step;
	}
	_exit(0);
}

static bool job_start(struct job *j, const struct scene_options *options, uint64_t end, unsigned int step)
{
	pid_t parent = getpid(), pid = fork(); /* the child must not write what the parent keeps here */

	if (!pid && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)) /* nobody would read what it finds */
		_exit(3);
	if (!pid)
		job_run(options, &j->r, end, step);
	j->pid = pid;
	j->running = pid > 0;
	return j->running;
}

static void job_ended(struct job *j, int status, unsigned int step)
{
	struct run_result *r = &j->r;

	j->running = false;
	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		j->done = true;
		return;
	}
	if (r->crash_count < RUN_CRASHES)
		r->crashes[r->crash_count] = (struct run_crash){ r->next, WIFSIGNALED(status) ? WTERMSIG(status) : 0 };
	r->crash_count++;
	r->next += step;
	if (r->crash_count >= CRASHES_MAX)
		j->done = true;
}

/* ---- merging ---- */

static int failure_order(const void *a, const void *b)
{
	const struct failure_report *x = a, *y = b;

	if (x->call != y->call)
		return x->call < y->call ? -1 : 1;
	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	return (int)x->promise - (int)y->promise;
}

static int crash_order(const void *a, const void *b)
{
	const struct run_crash *x = a, *y = b;

	return x->call < y->call ? -1 : x->call > y->call;
}

static void totals_merge(struct scene_totals *to, const struct scene_totals *from)
{
	const uint64_t *f = (const uint64_t *)(const void *)from;
	uint64_t *t = (uint64_t *)(void *)to;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += f[i];
}

/* All failures of all jobs, sorted, and the first of them kept. */
static enum err merge(struct run_result *result, const struct job *jobs, unsigned int count)
{
	struct failure_report *all = calloc((size_t)count * JUDGE_FAILURES, sizeof(*all));
	struct run_crash *crashes = calloc((size_t)count * RUN_CRASHES, sizeof(*crashes));
	size_t failures = 0, crashed = 0;
	unsigned int i, k;

	for (i = 0; i < count && all && crashes; i++) {
		const struct run_result *r = &jobs[i].r;
		struct verdict v = r->verdict;

		for (k = 0; k < v.failure_count; k++)
			all[failures++] = v.failures[k];
		v.failure_count = 0;
		verdict_add(&result->verdict, &v);
		totals_merge(&result->totals, &r->totals);
		for (k = 0; k < r->crash_count && k < RUN_CRASHES; k++)
			crashes[crashed++] = r->crashes[k];
		result->crash_count += r->crash_count;
		if (r->errors && (!result->errors || r->err_call < result->err_call)) {
			result->err = r->err;
			result->err_call = r->err_call;
		}
		result->errors += r->errors;
	}
	if (all && crashes) {
		qsort(all, failures, sizeof(*all), failure_order);
		qsort(crashes, crashed, sizeof(*crashes), crash_order);
		for (k = 0; k < failures; k++)
			verdict_keep(&result->verdict, &all[k]);
		for (k = 0; k < crashed && k < RUN_CRASHES; k++)
			result->crashes[k] = crashes[k];
	}
	free(crashes);
	free(all);
	return all && crashes ? ERR_NONE : ERR_NOMEM;
}

/* ---- the parent ---- */

static uint64_t jobs_progress(const struct job *jobs, unsigned int count, uint64_t first)
{
	uint64_t done = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		done += (jobs[i].r.next - first - i) / count;
	return done;
}

/* Waits for each job's end without taking other children's; true while one runs. */
static bool jobs_wait(struct job *jobs, unsigned int count, const struct scene_options *options, uint64_t end)
{
	bool any = false;
	unsigned int i;
	int status;

	for (i = 0; i < count; i++) {
		struct job *j = &jobs[i];

		if (j->running && waitpid(j->pid, &status, WNOHANG) == j->pid)
			job_ended(j, status, count);
		if (!j->running && !j->done && !job_start(j, options, end, count))
			j->done = true;
		any = any || j->running;
	}
	return any;
}

static double children_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6 + (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
}

static void verdict_end(struct verdict *v, const struct scene_options *options)
{
	verdict_close(v);
	if (options->sabotage >= 0)
		verdict_lead(v, (enum promise)options->sabotage);
}

enum err run_calls(const struct scene_options *options, uint64_t first, uint64_t calls, unsigned int jobs, run_progress_h *progress, void *arg,
	struct run_result *result)
{
	unsigned int count = jobs < 1 ? 1 : jobs > RUN_JOBS_MAX ? RUN_JOBS_MAX : jobs, i;
	size_t size = count * sizeof(struct job);
	double began = clock_seconds(CLOCK_MONOTONIC), cpu = children_seconds();
	struct timespec nap = { 0, 20000000 };
	struct job *all = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum err err;

	memset(result, 0, sizeof(*result));
	if (all == MAP_FAILED)
		return ERR_NOMEM;
	for (i = 0; i < count; i++)
		all[i].r.next = first + i;
	while (jobs_wait(all, count, options, first + calls)) {
		if (progress)
			progress(arg, jobs_progress(all, count, first), calls);
		nanosleep(&nap, NULL);
	}
	err = merge(result, all, count);
	for (i = 0; i < count; i++)
		if (!err && all[i].r.next < first + calls && all[i].r.crash_count < CRASHES_MAX)
			err = ERR_UNAVAILABLE;
	munmap(all, size);
	verdict_end(&result->verdict, options);
	result->seconds = clock_seconds(CLOCK_MONOTONIC) - began;
	result->cpu_seconds = children_seconds() - cpu;
	return err;
}

enum err run_here(const struct scene_options *options, uint64_t first, uint64_t calls, struct run_result *result)
{
	struct verdict *scratch = malloc(sizeof(*scratch));
	double began = clock_seconds(CLOCK_MONOTONIC), cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct scene *s;

	memset(result, 0, sizeof(*result));
	if (!scratch || scene_new(&s, options)) {
		free(scratch);
		return ERR_NOMEM;
	}
	log_set_clock(wall_us, s);
	for (result->next = first; result->next < first + calls; result->next++)
		one_call(s, result->next, result, scratch);
	result->totals = s->totals;
	log_set_clock(NULL, NULL);
	scene_free(s);
	free(scratch);
	verdict_end(&result->verdict, options);
	result->seconds = clock_seconds(CLOCK_MONOTONIC) - began;
	result->cpu_seconds = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return ERR_NONE;
}

/* ---- judging a run ---- */

const char *run_missed(const struct run_result *r)
{
	const struct scene_totals *t = &r->totals;
	uint64_t n = t->calls;

	if (t->virtual_us < n * 60 * S_US)
		return "a call lasts less than 60 virtual seconds on average";
	if (t->turns < n * 6)
		return "a call has fewer than 6 turns on average";
	if (t->tools < n)
		return "a call has less than one tool on average";
	if (t->steps < t->virtual_us / 32000)
		return "there are fewer steps than chunks of 32 ms";
	if (t->interruptions * 3 < n)
		return "fewer than one call in three has an interruption";
	if (t->nods * 4 < n)
		return "fewer than one call in four has a backchannel";
	return NULL;
}

bool run_kept(const struct run_result *r)
{
	unsigned int i;

	for (i = 0; i < PROMISES; i++)
		if (r->verdict.broken[i])
			return false;
	return !r->crash_count && !r->errors;
}
