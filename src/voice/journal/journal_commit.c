/* The journal's own thread: takes what waits, writes it, and wakes the loop. See journal.h.
 *
 * Owns the batches it has written until the loop collects them. Waits for nothing but time, the disk and its stop. */
#include "voice/journal/journal_state.h"

#include <stdlib.h>
#include <time.h>

struct journal_committer {
	struct journal *journal;
	journal_wake_h *wake;
	void *wake_arg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stopped;
	bool stop;
	struct journal_batch *done; /* newest first */
};

static uint64_t clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* Waits; true when it is time to stop. */
static bool committer_pause(struct journal_committer *m, uint64_t pause_us)
{
	uint64_t until = clock_us(CLOCK_MONOTONIC) + pause_us;
	struct timespec ts = { .tv_sec = (time_t)(until / 1000000u), .tv_nsec = (long)(until % 1000000u) * 1000 };
	bool stop;

	pthread_mutex_lock(&m->lock);
	while (!m->stop && !pthread_cond_timedwait(&m->stopped, &m->lock, &ts))
		continue;
	stop = m->stop;
	pthread_mutex_unlock(&m->lock);
	return stop;
}

static void committer_hand_over(struct journal_committer *m, struct journal_batch *b)
{
	struct journal *j = m->journal;

	pthread_mutex_lock(&j->lock);
	j->out = NULL;
	b->next = m->done;
	m->done = b;
	pthread_mutex_unlock(&j->lock);
}

static void *committer_run(void *arg)
{
	struct journal_committer *m = arg;
	struct journal *j = m->journal;
	struct journal_batch *b = j->out; /* one that could not be written by an earlier committer */
	enum journal_health health = journal_health(j);
	enum err err = ERR_NONE;

	while (!committer_pause(m, err ? j->options.retry_us : j->options.commit_us)) {
		if (!b)
			b = journal_batch_take(j, clock_us(CLOCK_MONOTONIC));
		err = b ? journal_batch_write(j, b, clock_us(CLOCK_MONOTONIC)) : ERR_NONE;
		if (b && !err) {
			committer_hand_over(m, b);
			b = NULL;
			m->wake(m->wake_arg);
		} else if (journal_health(j) != health) {
			m->wake(m->wake_arg);
		}
		health = journal_health(j);
	}
	return NULL;
}

enum err journal_committer_start(struct journal_committer **mp, struct journal *j, journal_wake_h *wake, void *arg)
{
	struct journal_committer *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	*mp = NULL;
	if (!m)
		return ERR_NOMEM;
	m->journal = j;
	m->wake = wake;
	m->wake_arg = arg;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->stopped, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&m->thread, NULL, committer_run, m)) {
		pthread_cond_destroy(&m->stopped);
		pthread_mutex_destroy(&m->lock);
		free(m);
		return ERR_UNAVAILABLE;
	}
	*mp = m;
	return ERR_NONE;
}

/* The written batches, oldest first. */
static struct journal_batch *committer_collect(struct journal_committer *m)
{
	struct journal_batch *b, *next, *oldest = NULL;

	pthread_mutex_lock(&m->journal->lock);
	b = m->done;
	m->done = NULL;
	pthread_mutex_unlock(&m->journal->lock);
	for (; b; b = next) {
		next = b->next;
		b->next = oldest;
		oldest = b;
	}
	return oldest;
}

unsigned int journal_committer_poll(struct journal_committer *m, uint64_t now_us)
{
	struct journal_batch *b = committer_collect(m);
	unsigned int count = 0;

	while (b) {
		struct journal_batch *next = b->next;

		journal_batch_done(m->journal, b, now_us);
		b = next;
		count++;
	}
	return count;
}

void journal_committer_stop(struct journal_committer **mp, uint64_t now_us)
{
	struct journal_committer *m = *mp;

	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->stop = true;
	pthread_cond_signal(&m->stopped);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	journal_committer_poll(m, now_us);
	pthread_cond_destroy(&m->stopped);
	pthread_mutex_destroy(&m->lock);
	free(m);
	*mp = NULL;
}
