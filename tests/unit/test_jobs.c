/* Pools behind a loop: one answer, time limits, silence after cancel, ceilings, groups. */
#include "datakit.h"

#include <pthread.h>

#include "base/jobs.h"

struct thing {
	struct job job;
	unsigned int *answers, *released;
	enum err *err;
	unsigned int group; /* how many were done with it */
	unsigned int *largest;
};

/* Jobs wait at the gate until the test opens it. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool open;
	unsigned int inside;
};

static void gate_init(struct gate *g)
{
	*g = (struct gate){ .open = false };
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->change, NULL);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->change);
	pthread_mutex_unlock(&g->lock);
}

static void gate_await(struct gate *g, unsigned int inside)
{
	pthread_mutex_lock(&g->lock);
	while (g->inside < inside)
		pthread_cond_wait(&g->change, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void run(void *arg, struct job *first)
{
	struct gate *g = arg;
	unsigned int group = 0;

	pthread_mutex_lock(&g->lock);
	g->inside++;
	pthread_cond_broadcast(&g->change);
	while (!g->open)
		pthread_cond_wait(&g->change, &g->lock);
	pthread_mutex_unlock(&g->lock);
	for (struct job *j = first; j; j = j->next)
		group++;
	for (struct job *j = first; j; j = j->next) {
		j->err = ERR_EXISTS;
		((struct thing *)j)->group = group;
	}
}

static void on_answer(struct job *job, enum err err)
{
	struct thing *t = (struct thing *)job;

	(*t->answers)++;
	*t->err = err;
	if (!err || err == ERR_EXISTS) /* after a time-out the thread has it still */
		*t->largest = t->group > *t->largest ? t->group : *t->largest;
}

static void on_release(struct job *job)
{
	struct thing *t = (struct thing *)job;

	(*t->released)++;
	free(t);
}

struct count {
	unsigned int answers, released, largest;
	enum err err;
};

static enum err start(struct jobs *j, struct job **slot, struct count *c)
{
	struct thing *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->job.answer = on_answer;
	t->job.release = on_release;
	t->answers = &c->answers;
	t->released = &c->released;
	t->largest = &c->largest;
	t->err = &c->err;
	return jobs_start(j, slot, &t->job);
}

static void a_late_job_times_out_once(void **state)
{
	struct jobs_options o = { .name = "late", .threads = 1, .timeout_ms = 20, .run = run };
	struct count c = { .answers = 0 }, second = { .answers = 0 };
	struct job *slot, *other;
	struct jobs *j;
	struct world w;
	struct gate g;

	(void)state;
	world_begin(&w);
	gate_init(&g);
	o.arg = &g;
	assert_int_equal(jobs_open(&j, &w.loop, &o), ERR_NONE);
	assert_int_equal(start(j, &slot, &c), ERR_NONE);
	assert_int_equal(start(j, &other, &second), ERR_NONE);
	world_wait(&w, &c.answers, 1);
	assert_int_equal(c.err, ERR_TIMEOUT);
	assert_null(slot);
	if (!second.answers)
		world_wait(&w, &second.answers, 1);
	assert_int_equal(second.err, ERR_TIMEOUT);
	assert_int_equal(c.released + second.released, 0); /* a thread has one still */
	gate_open(&g);
	world_wait(&w, &c.released, 1);
	if (!second.released)
		world_wait(&w, &second.released, 1);
	assert_int_equal(c.answers, 1);
	assert_int_equal(second.answers, 1);
	assert_int_equal(jobs_count(j), 0);
	jobs_close(&j);
	world_end(&w);
}

static void cancel_and_close_are_silent(void **state)
{
	struct jobs_options o = { .name = "silent", .threads = 2, .run = run };
	struct count c = { .answers = 0 };
	struct job *slots[5];
	struct jobs *j;
	struct world w;
	struct gate g;

	(void)state;
	world_begin(&w);
	gate_init(&g);
	o.arg = &g;
	assert_int_equal(jobs_open(&j, &w.loop, &o), ERR_NONE);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(start(j, &slots[i], &c), ERR_NONE);
	gate_await(&g, 2); /* two threads, two at work */
	job_cancel(&slots[0]);
	job_cancel(&slots[4]);
	assert_null(slots[0]);
	gate_open(&g);
	while (c.released < 5)
		uv_run(&w.loop, UV_RUN_ONCE);
	assert_int_equal(c.answers, 3);
	assert_int_equal(c.err, ERR_EXISTS);
	c = (struct count){ .answers = 0 };
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(start(j, &slots[i], &c), ERR_NONE);
	jobs_close(&j);
	assert_int_equal(c.answers, 0);
	assert_int_equal(c.released, 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_null(slots[i]);
	world_end(&w);
}

static void what_waits_is_done_in_groups_up_to_a_ceiling(void **state)
{
	struct jobs_options o = { .name = "groups", .threads = 1, .batch_max = 10, .waiting_max = 31, .run = run };
	struct count c = { .answers = 0 };
	struct job *slot;
	struct jobs *j;
	struct world w;
	struct gate g;

	(void)state;
	world_begin(&w);
	gate_init(&g);
	o.arg = &g;
	assert_int_equal(jobs_open(&j, &w.loop, &o), ERR_NONE);
	assert_int_equal(start(j, NULL, &c), ERR_NONE);
	gate_await(&g, 1);
	for (unsigned int i = 0; i < 30; i++)
		assert_int_equal(start(j, NULL, &c), ERR_NONE);
	assert_int_equal(start(j, &slot, &c), ERR_BUSY);
	assert_null(slot);
	assert_int_equal(c.released, 1); /* the refused one */
	gate_open(&g);
	while (c.answers < 31)
		uv_run(&w.loop, UV_RUN_ONCE);
	assert_int_equal(c.largest, 10);
	assert_int_equal(g.inside, 4); /* one, and three tens */
	jobs_close(&j);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_job_times_out_once),
		cmocka_unit_test(cancel_and_close_are_silent),
		cmocka_unit_test(what_waits_is_done_in_groups_up_to_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
