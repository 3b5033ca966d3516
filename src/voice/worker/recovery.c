/* The loop and the pool's thread share nothing but the stop flag: the thread has `search`, the loop the rest, and what the thread made only when it
 * is over. */
#include "voice/worker/recovery.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/num.h"
#include "voice/journal/call_records.h"
#include "voice/journal/steps.h"
#include "voice/session/tail.h"
#include "voice/worker/provider_keys.h"

enum { POOL_THREADS = 4, POOL_WAITING = 1024 };

struct recovery_search {
	struct call_records from;
	char journals[DISK_PATH_MAX], master_path[DISK_PATH_MAX];
	uint32_t epoch;
	const void *snapshot; /* the reading's, which nobody changes while the thread runs */
	size_t snapshot_len;
	atomic_bool stop;
	/* made */
	enum err err;
	struct buf out, past;
	struct tail_found found;
	char outcome[RECORD_OUTCOME_MAX];
};

struct recovery {
	struct job job;         /* first: the pool has its address */
	struct job *started;
	struct recovery **slot; /* NULL: nobody waits for it any more */
	recovery_h *handler;
	void *arg;
	struct clock *clock;
	struct clock_timer due;
	uint64_t began_us;
	struct conductor_reading reading;
	struct recovery_search search;
};

/* ------------------------------------------------------------------ the pool's thread */

static enum err on_record(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)payload_err;
	tail_record(arg, &item->record.header, payload, len);
	return ERR_NONE;
}

static void search_run(struct recovery_search *s)
{
	const uint8_t *past;
	size_t samples;
	struct tail tail;

	tail_init(&tail, s->epoch, s->snapshot, s->snapshot_len);
	s->err = call_records_read(&s->from, on_record, &tail);
	if (!s->err || (s->err != ERR_CLOSED && tail.state.len))
		s->err = tail_make(&tail, &s->out, &s->found);
	past = tail_past(&tail, &samples);
	buf_append(&s->past, past, past ? samples : 0);
	snprintf(s->outcome, sizeof(s->outcome), "%s", tail.outcome);
	tail_fini(&tail);
}

static void pool_run(void *arg, struct job *first)
{
	(void)arg;
	for (struct job *job = first; job; job = job->next)
		search_run(&((struct recovery *)job)->search);
}

/* ------------------------------------------------------------------ the loop's */

static void recovery_free(struct recovery *r)
{
	conductor_reading_fini(&r->reading);
	buf_fini(&r->search.out);
	buf_fini(&r->search.past);
	free(r);
}

static void job_release(struct job *job)
{
	recovery_free((struct recovery *)job);
}

/* Nobody waits for it from now on. */
static void leave(struct recovery *r)
{
	clock_timer_stop(&r->due);
	clock_release(r->clock);
	*r->slot = NULL;
	r->slot = NULL;
}

/* Whatever it found. */
static void tell(struct recovery *r)
{
	struct conductor_attached *a = &r->reading.attached;

	a->began_us_ago += clock_now_us(r->clock) - r->began_us;
	leave(r);
	r->handler(r->arg, a);
}

/* A search that has not begun yet ends at once. */
static void give_up(struct recovery *r)
{
	atomic_store(&r->search.stop, true);
	job_cancel(&r->started);
}

static void result_log(const struct recovery *r)
{
	const struct recovery_search *s = &r->search;
	char call[33];
	const struct log log = { .plane = "voice", .call = call, .doing = "taking the call over" };

	id128_print(&r->reading.attached.call, call);
	if (!s->err)
		log_info(&log, "the journal of the worker before knows more than its last snapshot", LOG_UINT("steps", s->found.steps),
			LOG_UINT("ms", s->found.missing_us / 1000));
	else if (s->err != ERR_NOTFOUND)
		log_warn(&log, "what the worker before knew cannot be read from its journal: the call goes on from its snapshot", LOG_ERR(s->err));
}

static void too_late(void *arg)
{
	struct recovery *r = arg;
	char call[33];
	const struct log log = { .plane = "voice", .call = call, .doing = "taking the call over" };

	id128_print(&r->reading.attached.call, call);
	log_warn(&log, "the journal of the worker before takes too long to read: the call goes on from its snapshot", LOG_UINT("ms", RECOVERY_MS));
	give_up(r);
	tell(r);
}

/* What the agent named counts even where no state was found: no snapshot has it. */
static void job_answer(struct job *job, enum err err)
{
	struct recovery *r = (struct recovery *)job;
	struct recovery_search *s = &r->search;
	struct conductor_attached *a = &r->reading.attached;

	if (err) {
		too_late(r); /* the pool's own limit; the thread is still at it */
		return;
	}
	result_log(r);
	if (!s->err) {
		a->snapshot = s->out.data;
		a->snapshot_len = s->out.len;
		a->is_newest = true;
		a->past = s->past.len ? s->past.data : NULL;
		a->past_samples = s->past.len;
	}
	memcpy(a->outcome, s->outcome, sizeof(a->outcome));
	tell(r);
}

/* ------------------------------------------------------------------ start, cancel */

static enum err prompt_copy(struct conductor_reading *r, const struct conductor_prompt *p)
{
	r->attached.prompt = (struct conductor_prompt){ .fixed = NULL };
	if (!p->fixed)
		return ERR_NONE;
	r->fixed = strdup(p->fixed);
	r->facts = strdup(p->facts);
	r->tools = strdup(p->tools);
	r->attached.prompt = (struct conductor_prompt){ .fixed = r->fixed, .facts = r->facts, .tools = r->tools };
	return r->fixed && r->facts && r->tools ? ERR_NONE : ERR_NOMEM;
}

static enum err reading_copy(struct conductor_reading *r, const struct conductor_attached *a)
{
	r->attached = *a;
	r->attached.snapshot = NULL;
	r->attached.keys = provider_keys_share(a->keys);
	r->attached.flow = r->flow = malloc(a->flow_len + 1);
	if (!r->flow)
		return ERR_NOMEM;
	memcpy(r->flow, a->flow, a->flow_len);
	r->flow[a->flow_len] = '\0';
	if (prompt_copy(r, &a->prompt))
		return ERR_NOMEM;
	if (!a->snapshot)
		return ERR_NONE;
	r->attached.snapshot = r->snapshot = malloc(a->snapshot_len + 1);
	if (!r->snapshot)
		return ERR_NOMEM;
	memcpy(r->snapshot, a->snapshot, a->snapshot_len);
	return ERR_NONE;
}

static uint64_t wall_us(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

/* Files that were closed before the snapshot was made hold nothing that is behind it. */
static uint64_t wanted_from_us(const struct conductor_attached *a)
{
	struct record_snapshot r;
	uint64_t at_us = a->snapshot && !record_snapshot_decode(&r, a->snapshot, a->snapshot_len) ? r.at_us : 0;

	return wall_us() - num_over(a->began_us_ago, at_us);
}

static enum err search_init(struct recovery_search *search, const struct recovery_settings *s, const struct conductor_attached *a)
{
	const char *master_path = s->master_path ? s->master_path : "";

	buf_init(&search->out, TAIL_STATE_MAX);
	buf_init(&search->past, TAIL_PAST_SAMPLES);
	if (strlen(s->journals) >= sizeof(search->journals) || strlen(master_path) >= sizeof(search->master_path))
		return ERR_LIMIT;
	memcpy(search->journals, s->journals, strlen(s->journals) + 1);
	memcpy(search->master_path, master_path, strlen(master_path) + 1);
	search->epoch = a->epoch;
	search->snapshot = a->snapshot;
	search->snapshot_len = a->snapshot_len;
	search->from = (struct call_records){ .disk = s->disk, .journals = search->journals, .master_path = *master_path ? search->master_path : NULL, .call = a->call,
		.began_wall_us = wanted_from_us(a), .is_end = true, .stop = &search->stop };
	return ERR_NONE;
}

enum err recovery_pool_open(struct jobs **jp, uv_loop_t *loop)
{
	const struct jobs_options options = { .name = "recovery", .threads = POOL_THREADS, .waiting_max = POOL_WAITING, .run = pool_run };

	return jobs_open(jp, loop, &options);
}

enum err recovery_start(struct recovery **rp, const struct recovery_settings *settings, const struct conductor_attached *attached, recovery_h *handler,
	void *arg)
{
	struct recovery *r = calloc(1, sizeof(*r));
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	r->slot = rp;
	r->handler = handler;
	r->arg = arg;
	r->clock = settings->clock;
	r->began_us = clock_now_us(r->clock);
	r->job.answer = job_answer;
	r->job.release = job_release;
	err = reading_copy(&r->reading, attached);
	if (!err)
		err = search_init(&r->search, settings, &r->reading.attached);
	if (err) {
		recovery_free(r);
		return err;
	}
	err = jobs_start(settings->pool, &r->started, &r->job);
	if (err)
		return err;
	clock_hold(r->clock);
	clock_timer_set(&r->due, r->clock, r->began_us + RECOVERY_MS * 1000, too_late, r);
	*rp = r;
	return ERR_NONE;
}

void recovery_cancel(struct recovery **rp)
{
	struct recovery *r = *rp;

	if (!r)
		return;
	leave(r);
	give_up(r);
}
