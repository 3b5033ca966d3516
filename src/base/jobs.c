/* Pools of threads behind a loop. See jobs.h.
 *
 * The loop's thread owns the list of living jobs, their slots and answers; `waiting` and `done` are passed under the lock. Jobs of
 * a pool have the same time limit, so that the oldest living one is the next to run out.
 */
#include "base/jobs.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 8, WAITING_MAX_DEFAULT = 4096, TIMEOUT_MS_DEFAULT = 10000 };

struct queue {
	struct job *first, **last;
};

struct jobs {
	struct jobs_options options;
	uv_async_t wake;
	uv_timer_t timer;
	unsigned int open_handles;
	pthread_t threads[THREADS_MAX];
	unsigned int thread_count;

	/* Of the loop's thread. */
	struct job *oldest, *newest;
	unsigned int count;

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct queue waiting, done;
	bool stop;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_push(struct queue *q, struct job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

/* Takes up to `max` jobs, ended by NULL. */
static struct job *queue_take(struct queue *q, unsigned int max)
{
	struct job *first = q->first;
	struct job **at = &q->first;

	while (*at && max--)
		at = &(*at)->next;
	q->first = *at;
	*at = NULL;
	if (!q->first)
		q->last = &q->first;
	return first;
}

/* ---- the pool's threads ---- */

static struct job *next_batch(struct jobs *j)
{
	struct job *batch;

	pthread_mutex_lock(&j->lock);
	while (!j->waiting.first && !j->stop)
		pthread_cond_wait(&j->more, &j->lock);
	batch = queue_take(&j->waiting, j->options.batch_max);
	pthread_mutex_unlock(&j->lock);
	return batch;
}

static void hand_back(struct jobs *j, struct job *batch)
{
	pthread_mutex_lock(&j->lock);
	while (batch) {
		struct job *next = batch->next;

		queue_push(&j->done, batch);
		batch = next;
	}
	pthread_mutex_unlock(&j->lock);
	uv_async_send(&j->wake);
}

static void *thread_run(void *arg)
{
	struct jobs *j = arg;
	struct job *batch;

	while ((batch = next_batch(j))) {
		j->options.run(j->options.arg, batch);
		hand_back(j, batch);
	}
	return NULL;
}

/* ---- the loop's thread ---- */

static void silence(struct job *job)
{
	if (job->slot)
		*job->slot = NULL;
	job->slot = NULL;
	job->answer = NULL;
}

static void answer(struct job *job, enum err err)
{
	job_answer_h *handler = job->answer;

	silence(job);
	if (handler)
		handler(job, err);
}

static void unlink_job(struct jobs *j, struct job *job)
{
	if (job->older)
		job->older->newer = job->newer;
	else
		j->oldest = job->newer;
	if (job->newer)
		job->newer->older = job->older;
	else
		j->newest = job->older;
	j->count--;
}

static void finish(struct jobs *j, struct job *job)
{
	unlink_job(j, job);
	job->next = NULL;
	answer(job, job->err);
	job->release(job);
}

/* One at a time: a handler may start, cancel or close. */
static struct job *next_done(struct jobs *j)
{
	struct job *job;

	pthread_mutex_lock(&j->lock);
	job = queue_take(&j->done, 1);
	pthread_mutex_unlock(&j->lock);
	return job;
}

static void on_wake(uv_async_t *handle)
{
	struct jobs *j = handle->data;
	struct job *job;

	while (!uv_is_closing((uv_handle_t *)handle) && (job = next_done(j)))
		finish(j, job);
}

static void on_timer(uv_timer_t *handle);

static void timer_arm(struct jobs *j, uint64_t now_ms)
{
	uint64_t until = j->oldest ? j->oldest->deadline_ms : 0;

	if (j->oldest)
		uv_timer_start(&j->timer, on_timer, until > now_ms ? until - now_ms : 1, 0);
}

/* A handler may do anything to the list: begin again behind each. */
static struct job *next_late(struct jobs *j, uint64_t now_ms)
{
	struct job *job;

	for (job = j->oldest; job && job->deadline_ms <= now_ms; job = job->newer)
		if (job->answer)
			return job;
	return NULL;
}

static struct job *oldest_in_time(struct jobs *j, uint64_t now_ms)
{
	struct job *job = j->oldest;

	while (job && job->deadline_ms <= now_ms)
		job = job->newer;
	return job;
}

static void on_timer(uv_timer_t *handle)
{
	struct jobs *j = handle->data;
	uint64_t now_ms = uv_now(handle->loop);
	struct job *job;

	while (!uv_is_closing((uv_handle_t *)handle) && (job = next_late(j, now_ms)))
		answer(job, ERR_TIMEOUT);
	if (uv_is_closing((uv_handle_t *)handle))
		return;
	job = oldest_in_time(j, now_ms);
	if (job)
		uv_timer_start(&j->timer, on_timer, job->deadline_ms - now_ms, 0);
}

enum err jobs_start(struct jobs *j, struct job **slot, struct job *job)
{
	if (slot)
		*slot = NULL;
	if (j->count >= j->options.waiting_max) {
		job->release(job);
		return ERR_BUSY;
	}
	assert(job->answer && job->release);
	uv_update_time(j->timer.loop);
	job->slot = slot;
	job->err = ERR_NONE;
	job->deadline_ms = uv_now(j->timer.loop) + j->options.timeout_ms;
	job->newer = NULL;
	job->older = j->newest;
	*(j->newest ? &j->newest->newer : &j->oldest) = job;
	j->newest = job;
	j->count++;
	if (slot)
		*slot = job;
	if (!uv_is_active((uv_handle_t *)&j->timer))
		timer_arm(j, uv_now(j->timer.loop));
	pthread_mutex_lock(&j->lock);
	queue_push(&j->waiting, job);
	pthread_cond_signal(&j->more);
	pthread_mutex_unlock(&j->lock);
	return ERR_NONE;
}

void job_cancel(struct job **slot)
{
	if (slot && *slot) {
		assert((*slot)->slot == slot);
		silence(*slot);
	}
}

unsigned int jobs_count(const struct jobs *j)
{
	return j->count;
}

/* ---- opening and closing ---- */

static void end_threads(struct jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_broadcast(&j->more);
	pthread_mutex_unlock(&j->lock);
	for (unsigned int i = 0; i < j->thread_count; i++)
		pthread_join(j->threads[i], NULL);
}

static void on_closed(uv_handle_t *handle)
{
	struct jobs *j = handle->data;

	if (--j->open_handles)
		return;
	pthread_cond_destroy(&j->more);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

void jobs_close(struct jobs **jp)
{
	struct jobs *j = *jp;
	struct job *job;

	if (!j)
		return;
	*jp = NULL;
	for (job = j->oldest; job; job = job->newer)
		silence(job);
	end_threads(j);
	while ((job = next_done(j)))
		finish(j, job);
	assert(!j->count);
	uv_close((uv_handle_t *)&j->wake, on_closed);
	uv_close((uv_handle_t *)&j->timer, on_closed);
}

static enum err start_threads(struct jobs *j)
{
	sigset_t all, before;
	enum err err = ERR_NONE;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (!err && j->thread_count < j->options.threads) {
		if (pthread_create(&j->threads[j->thread_count], NULL, thread_run, j))
			err = ERR_UNAVAILABLE;
		else
			pthread_setname_np(j->threads[j->thread_count++], j->options.name);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

enum err jobs_open(struct jobs **jp, uv_loop_t *loop, const struct jobs_options *options)
{
	struct jobs *j = calloc(1, sizeof(*j));
	enum err err;

	*jp = NULL;
	if (!j)
		return ERR_NOMEM;
	assert(options->threads >= 1 && options->threads <= THREADS_MAX && (options->threads == 1 || options->batch_max <= 1));
	j->options = *options;
	j->options.batch_max = options->batch_max ? options->batch_max : 1;
	j->options.waiting_max = options->waiting_max ? options->waiting_max : WAITING_MAX_DEFAULT;
	j->options.timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS_DEFAULT;
	if (uv_async_init(loop, &j->wake, on_wake)) {
		free(j);
		return ERR_UNAVAILABLE;
	}
	uv_timer_init(loop, &j->timer);
	j->wake.data = j->timer.data = j;
	j->open_handles = 2;
	queue_init(&j->waiting);
	queue_init(&j->done);
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->more, NULL);
	err = start_threads(j);
	if (err)
		jobs_close(&j);
	*jp = j;
	return err;
}
