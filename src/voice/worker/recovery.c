/* The loop and the pool's thread share nothing but the stop flag: the thread has `job`, the loop the rest, and what the thread made only when it
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

struct recovery_job {
	struct call_records from;
	char journals[DISK_PATH_MAX], master_path[DISK_PATH_MAX];
	uint32_t epoch;
	const void *snapshot; /* the reading's, which nobody changes while the thread runs */
	size_t snapshot_len;
	atomic_bool stop;
	/* made */
	enum err err;
	struct buf out;
	struct tail_found found;
	char outcome[RECORD_OUTCOME_MAX];
};

struct recovery {
	struct recovery **slot; /* NULL: nobody waits for it any more */
	recovery_h *handler;
	void *arg;
	struct clock *clock;
	struct clock_timer due;
	uint64_t began_us;
	struct conductor_reading reading;
	uv_work_t work;
	struct recovery_job job;
};

/* ------------------------------------------------------------------ the pool's thread */

static enum err on_record(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)payload_err;
	tail_record(arg, &item->record.header, payload, len);
	return ERR_NONE;
}

static void job_run(uv_work_t *work)
{
	struct recovery_job *job = &((struct recovery *)work->data)->job;
	struct tail tail;

	tail_init(&tail, job->epoch, job->snapshot, job->snapshot_len);
	job->err = call_records_read(&job->from, on_record, &tail);
	if (!job->err || (job->err != ERR_CLOSED && tail.state.len))
		job->err = tail_make(&tail, &job->out, &job->found);
	snprintf(job->outcome, sizeof(job->outcome), "%s", tail.outcome);
	tail_fini(&tail);
}

/* ------------------------------------------------------------------ the loop's */

static void recovery_free(struct recovery *r)
{
	conductor_reading_fini(&r->reading);
	buf_fini(&r->job.out);
	free(r);
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

/* A thread that has not begun yet never does. */
static void give_up(struct recovery *r)
{
	atomic_store(&r->job.stop, true);
	(void)uv_cancel((uv_req_t *)&r->work);
}

static void result_log(const struct recovery *r)
{
	const struct recovery_job *job = &r->job;
	char call[33];
	const struct log log = { .plane = "voice", .call = call, .doing = "taking the call over" };

	id128_print(&r->reading.attached.call, call);
	if (!job->err)
		log_info(&log, "the journal of the worker before knows more than its last snapshot", LOG_UINT("steps", job->found.steps),
			LOG_UINT("ms", job->found.missing_us / 1000));
	else if (job->err != ERR_NOTFOUND)
		log_warn(&log, "what the worker before knew cannot be read from its journal: the call goes on from its snapshot", LOG_ERR(job->err));
}

static void job_done(uv_work_t *work, int status)
{
	struct recovery *r = work->data;
	struct conductor_attached *a = &r->reading.attached;

	if (status)
		r->job.err = ERR_UNAVAILABLE;
	if (r->slot) {
		result_log(r);
		if (!r->job.err) {
			a->snapshot = r->job.out.data;
			a->snapshot_len = r->job.out.len;
			memcpy(a->outcome, r->job.outcome, sizeof(a->outcome));
		}
		tell(r);
	}
	recovery_free(r);
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

static enum err job_init(struct recovery_job *job, const struct recovery_settings *s, const struct conductor_attached *a)
{
	const char *master_path = s->master_path ? s->master_path : "";

	buf_init(&job->out, TAIL_STATE_MAX);
	if (strlen(s->journals) >= sizeof(job->journals) || strlen(master_path) >= sizeof(job->master_path))
		return ERR_LIMIT;
	memcpy(job->journals, s->journals, strlen(s->journals) + 1);
	memcpy(job->master_path, master_path, strlen(master_path) + 1);
	job->epoch = a->epoch;
	job->snapshot = a->snapshot;
	job->snapshot_len = a->snapshot_len;
	job->from = (struct call_records){ .disk = s->disk, .journals = job->journals, .master_path = *master_path ? job->master_path : NULL, .call = a->call,
		.began_wall_us = wanted_from_us(a), .is_end = true, .stop = &job->stop };
	return ERR_NONE;
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
	r->work.data = r;
	err = reading_copy(&r->reading, attached);
	if (!err)
		err = job_init(&r->job, settings, &r->reading.attached);
	if (!err && uv_queue_work(settings->loop, &r->work, job_run, job_done))
		err = ERR_UNAVAILABLE;
	if (err) {
		recovery_free(r);
		return err;
	}
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
