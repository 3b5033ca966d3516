/* A call at the conductor: its newest snapshot, its tools, its end. A closed one stays until what it has to tell was taken. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "voice/worker/conductor_state.h"

enum { ENDED_BYTES_MAX = 64 << 10, TOOL_BYTES_MAX = 256 << 10, RESULT_BYTES_MAX = 1 << 20, TOOL_DEFAULT_MS = 10000 };

struct conductor_call {
	struct conductor *conductor;
	struct conductor_call *previous, *next;
	char name[33];
	uint32_t epoch;
	struct conductor_call_handlers handlers;
	void *arg;
	bool is_fenced, is_closed, leaves;
	struct clock_timer retry;
	unsigned int tries; /* since it was closed */

	struct http_exchange *put;
	struct buf snapshot;               /* the newest */
	uint64_t made, sending, settled;   /* snapshots, counted: made last, on its way, answered or failed */
	bool has_snapshot;                 /* … that is not on its way yet */
	bool is_too_large;                 /* the last one was, and that was told */
	size_t sending_bytes;

	struct tool_run *waiting;          /* for a snapshot to settle */

	struct http_exchange *ended;
	struct buf ended_text;             /* empty: nothing to tell */
};

struct tool_run {
	struct conductor_call *call;
	struct tool_run **slot;
	struct tool_run *next; /* of those that wait */
	struct http_exchange *exchange;
	struct tool_events events;
	void *arg;
	uint64_t behind; /* this snapshot */
	bool changes;
	uint32_t timeout_ms;
	struct buf text;
};

static void desk_look(struct conductor_call *c);

/* ------------------------------------------------------------------ life */

static void desk_unlink(struct conductor_call *c)
{
	if (c->previous)
		c->previous->next = c->next;
	else
		c->conductor->calls = c->next;
	if (c->next)
		c->next->previous = c->previous;
}

static void desk_free(struct conductor_call *c)
{
	desk_unlink(c);
	c->conductor->closed_calls -= c->is_closed;
	clock_timer_stop(&c->retry);
	http_exchange_cancel(&c->put);
	http_exchange_cancel(&c->ended);
	buf_fini(&c->snapshot);
	buf_fini(&c->ended_text);
	free(c);
}

void conductor_calls_write(const struct conductor *c, struct buf *b)
{
	json_put_key(b, "here");
	json_open(b, '{');
	for (const struct conductor_call *one = c->calls; one; one = one->next)
		if (!one->is_closed && !one->is_fenced)
			json_pair_u64(b, one->name, one->epoch);
	json_close(b, '}');
}

void conductor_calls_drop(struct conductor *c)
{
	while (c->calls)
		desk_free(c->calls);
}

enum err conductor_call_open(struct conductor_call **cp, struct conductor *conductor, const struct id128 *call, uint32_t epoch,
	const struct conductor_call_handlers *handlers, void *arg)
{
	struct conductor_call *c = calloc(1, sizeof(*c));

	*cp = c;
	if (!c)
		return ERR_NOMEM;
	c->conductor = conductor;
	id128_print(call, c->name);
	buf_init(&c->ended_text, ENDED_BYTES_MAX);
	c->epoch = epoch;
	c->handlers = *handlers;
	c->arg = arg;
	buf_init(&c->snapshot, CONDUCTOR_SNAPSHOT_MAX_BYTES);
	c->next = conductor->calls;
	if (c->next)
		c->next->previous = c;
	conductor->calls = c;
	return ERR_NONE;
}

/* Another worker has the call: nothing of ours is of use any more. */
static void fence(struct conductor_call *c)
{
	bool told = c->is_fenced || c->is_closed;

	c->is_fenced = true;
	c->has_snapshot = false;
	if (told)
		desk_look(c);
	else
		c->handlers.fenced(c->arg); /* may close this call; the last */
}

static void retry_due(void *arg)
{
	desk_look(arg);
}

static void retry_later(struct conductor_call *c)
{
	c->tries += c->is_closed;
	clock_timer_set(&c->retry, c->conductor->clock, clock_now_us(c->conductor->clock) + CONDUCTOR_RETRY_MS * 1000, retry_due, c);
}

/* ------------------------------------------------------------------ snapshots */

static void tools_release(struct conductor_call *c);

/* The same bytes again would get the same answer; the next snapshot may get another. */
static bool is_final(unsigned int status)
{
	return status == 400 || status == 404 || status == 409 || status == 413;
}

static void put_tell(struct conductor_call *c, unsigned int status)
{
	struct log log = c->conductor->log;

	log.call = c->name;
	if (status == 413 && !c->is_too_large)
		log_error(&log, "the conductor has no room for a snapshot this large: a worker's death would put the call back", LOG_UINT("bytes", c->sending_bytes));
	c->is_too_large = status == 413;
}

static void put_done(const struct http_answer *answer, void *arg)
{
	struct conductor_call *c = arg;
	bool kept = !answer->err && (answer->status == 204 || answer->status == 200); /* 200: but nobody else has room */
	bool later = !kept && (answer->err || !is_final(answer->status));

	conductor_refused(c->conductor, answer->status);
	if (!later)
		put_tell(c, answer->status);
	c->settled = later ? c->made : c->sending;
	if (later) {
		c->has_snapshot = true;
		retry_later(c);
	}
	tools_release(c);
	if (kept && c->sending == c->made && !c->is_closed && c->handlers.kept)
		c->handlers.kept(c->arg, answer->status == 204);
	if (answer->status == 409)
		fence(c);
	else if (!later)
		desk_look(c);
}

static const struct http_exchange_handlers put_handlers = { .done = put_done };

static void put_start(struct conductor_call *c)
{
	const struct http_ask ask = { .method = HTTP_PUT, .body = c->snapshot.data, .len = c->snapshot.len, .total_us = CONDUCTOR_PUT_MS * 1000 };
	char path[CONDUCTOR_PATH_MAX];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/snapshot?epoch=%" PRIu32 "%s", c->name, c->epoch, c->leaves ? "&leaves=1" : "");
	if (conductor_ask(c->conductor, &c->put, &ask, path, "application/octet-stream", &put_handlers, c)) {
		c->settled = c->made;
		retry_later(c);
		return;
	}
	c->has_snapshot = false;
	c->sending = c->made;
	c->sending_bytes = c->snapshot.len;
}

void conductor_call_snapshot(struct conductor_call *c, const void *data, size_t len)
{
	if (c->is_fenced)
		return;
	buf_reset(&c->snapshot);
	buf_append(&c->snapshot, data, len);
	c->made++;
	if (c->snapshot.err) { /* never sent: nothing waits for it */
		c->settled = c->made;
		return;
	}
	c->has_snapshot = true;
	if (!c->retry.is_set)
		desk_look(c);
}

void conductor_call_leaves(struct conductor_call *c, bool leaves)
{
	c->leaves = leaves;
}

/* ------------------------------------------------------------------ the end */

static void ended_done(const struct http_answer *answer, void *arg)
{
	struct conductor_call *c = arg;
	bool later = answer->err || answer->status >= 500 || answer->status == 401 || answer->status == 429;

	conductor_refused(c->conductor, answer->status);
	if (!c->is_closed)
		c->handlers.told(c->arg, !later);
	if (later) {
		retry_later(c);
		return;
	}
	buf_reset(&c->ended_text);
	desk_look(c);
}

static const struct http_exchange_handlers ended_handlers = { .done = ended_done };

static void ended_start(struct conductor_call *c)
{
	const struct http_ask ask = { .method = HTTP_POST, .body = c->ended_text.data, .len = c->ended_text.len, .total_us = CONDUCTOR_ENDED_MS * 1000 };
	char path[CONDUCTOR_PATH_MAX];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/ended", c->name);
	if (!conductor_ask(c->conductor, &c->ended, &ask, path, NULL, &ended_handlers, c))
		return;
	retry_later(c);
}

static void known_put(struct buf *b, const json_t *known)
{
	char *text = known ? json_dumps(known, JSON_COMPACT) : NULL;

	if (!text)
		return;
	json_put_key(b, "known");
	buf_text(b, text);
	free(text);
}

static enum err end_put(struct conductor_call *c, const struct conductor_end *end, const json_t *known)
{
	struct buf *b = &c->ended_text;

	buf_reset(b);
	json_open(b, '{');
	json_pair_u64(b, "epoch", c->epoch);
	json_pair_string(b, "reason", conductor_end_name(end->reason));
	json_pair_string(b, "outcome", end->outcome[0] ? end->outcome : NULL);
	known_put(b, known);
	json_pair_u64(b, "connected_ms", end->connected_ms);
	json_pair_u64(b, "turns", end->turns);
	json_close(b, '}');
	return b->err;
}

void conductor_call_ended(struct conductor_call *c, const struct conductor_end *end)
{
	if (end_put(c, end, end->known) == ERR_LIMIT)
		(void)end_put(c, end, NULL);
	if (c->ended_text.err)
		buf_reset(&c->ended_text);
	c->has_snapshot = false; /* nobody goes on from it */
	if (!c->retry.is_set)
		desk_look(c);
}

/* ------------------------------------------------------------------ what is to be sent next */

/* Sends what waits; frees a closed call that has nothing to tell any more. */
static void desk_look(struct conductor_call *c)
{
	if (c->is_closed && c->tries >= CONDUCTOR_LEFT_TRIES)
		c->has_snapshot = false;
	if (c->is_closed && c->tries >= CONDUCTOR_ENDED_TRIES)
		buf_reset(&c->ended_text);
	if (c->has_snapshot && !c->put && !c->is_fenced)
		put_start(c);
	if (c->ended_text.len && !c->ended)
		ended_start(c);
	if (c->is_closed && !c->has_snapshot && !c->put && !c->ended_text.len)
		desk_free(c);
}

void conductor_call_close(struct conductor_call **cp)
{
	struct conductor_call *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	c->is_closed = true;
	if (c->conductor->closed_calls++ >= CONDUCTOR_ENDED_MAX) {
		log_error(&c->conductor->log, "too many ended calls wait to be told: one is given up; the journal has it");
		desk_free(c);
		return;
	}
	if (!c->retry.is_set)
		desk_look(c);
}

/* ------------------------------------------------------------------ tools */

static enum tool_status status_read(const char *name)
{
	return !name ? TOOL_UNKNOWN : !strcmp(name, "ok") ? TOOL_OK : !strcmp(name, "error") ? TOOL_ERROR : TOOL_UNKNOWN;
}

static void run_free(struct tool_run *r)
{
	*r->slot = NULL;
	buf_fini(&r->text);
	free(r);
}

/* The run is gone behind it. */
static void run_tell(struct tool_run *r, enum tool_status status, const char *text, size_t len)
{
	struct tool_events events = r->events;
	void *arg = r->arg;

	run_free(r);
	events.result(arg, status, text, len);
}

/* What is not known of a tool that changes nothing did not happen. */
static void run_tell_failed(struct tool_run *r, bool may_have_run)
{
	bool unknown = may_have_run && r->changes;
	const char *text = unknown ? "nobody knows whether this was done" : "this could not be done: the service does not answer";

	run_tell(r, unknown ? TOOL_UNKNOWN : TOOL_ERROR, text, strlen(text));
}

static void run_tell_answer(struct tool_run *r, const struct http_answer *answer)
{
	json_t *o = json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *text = json_object_get(o, "text");
	const char *status = json_string_value(json_object_get(o, "status"));

	if (status && json_is_string(text))
		run_tell(r, status_read(status), json_string_value(text), json_string_length(text));
	else
		run_tell_failed(r, true);
	json_decref(o);
}

/* It could not be written down, so it was not asked for: what a 503 says of this one request. An earlier one whose answer was lost may yet be served. */
static bool was_not_dispatched(const struct http_answer *answer)
{
	json_t *o = !answer->err && answer->status == 503 && answer->attempts == 1 ?
		json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *code = json_string_value(json_object_get(json_object_get(o, "error"), "code"));
	bool was_not = code && !strcmp(code, "not_dispatched");

	json_decref(o);
	return was_not;
}

static void run_done(const struct http_answer *answer, void *arg)
{
	struct tool_run *r = arg;
	struct conductor_call *c = r->call;
	bool is_refused = (!answer->err && answer->status >= 400 && answer->status < 500) || was_not_dispatched(answer);
	bool is_fenced = !answer->err && answer->status == 409;

	conductor_refused(c->conductor, answer->status);
	if (!answer->err && answer->status == 200)
		run_tell_answer(r, answer);
	else
		run_tell_failed(r, !is_refused && (answer->was_sent || !answer->err));
	if (is_fenced)
		fence(c);
}

static const struct http_exchange_handlers run_handlers = { .done = run_done };

static enum err run_ask(struct tool_run *r)
{
	const uint64_t time_us = ((uint64_t)r->timeout_ms + CONDUCTOR_TOOL_MARGIN_MS) * 1000;
	/* The ledger knows the key again, so asking again is safe. */
	const struct http_ask ask = { .method = HTTP_POST, .body = r->text.data, .len = r->text.len, .body_max_bytes = RESULT_BYTES_MAX,
		.total_us = time_us, .idle_us = time_us, .retries_max = 2, .is_repeatable = true };
	char path[CONDUCTOR_PATH_MAX];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/tools", r->call->name);
	return conductor_ask(r->call->conductor, &r->exchange, &ask, path, NULL, &run_handlers, r);
}

static void keyed_write(struct buf *b, const struct tool_request *request)
{
	size_t i;

	json_put_key(b, "keyed");
	json_open(b, '{');
	for (i = 0; i < request->secret_count; i++)
		json_pair_string(b, request->secrets[i].name, request->secrets[i].value);
	json_close(b, '}');
}

static void run_write(struct tool_run *r, const struct tool_request *request)
{
	json_open(&r->text, '{');
	json_pair_u64(&r->text, "epoch", r->call->epoch);
	json_pair_u64(&r->text, "turn", request->turn);
	json_pair_u64(&r->text, "index", request->index);
	json_put_key(&r->text, "tool");
	json_put_text(&r->text, request->name, request->name_len);
	json_put_key(&r->text, "arguments");
	json_put_text(&r->text, request->args, request->args_len);
	json_pair_u64(&r->text, "timeout_ms", r->timeout_ms);
	if (request->secret_count)
		keyed_write(&r->text, request);
	json_close(&r->text, '}');
}

/* In the order in which they came. */
static void run_wait(struct tool_run *r)
{
	struct tool_run **at = &r->call->waiting;

	while (*at)
		at = &(*at)->next;
	*at = r;
}

static void tools_release(struct conductor_call *c)
{
	struct tool_run *r;

	while ((r = c->waiting) && r->behind <= c->settled) {
		c->waiting = r->next;
		r->next = NULL;
		r->behind = 0;
		if (run_ask(r))
			run_tell_failed(r, false);
	}
}

static enum err tool_start(void *conductor, struct tool_run **rp, const struct tool_request *request, const struct tool_events *events, void *arg)
{
	struct conductor_call *c = conductor;
	struct tool_run *r = calloc(1, sizeof(*r));
	enum err err;

	*rp = NULL;
	if (!r)
		return ERR_NOMEM;
	*r = (struct tool_run){ .call = c, .slot = rp, .events = *events, .arg = arg, .changes = request->changes,
		.timeout_ms = request->timeout_ms ? request->timeout_ms : TOOL_DEFAULT_MS };
	buf_init_private(&r->text, TOOL_BYTES_MAX); /* a secret number may be in it */
	run_write(r, request);
	err = r->text.err;
	*rp = r;
	if (!err && request->changes && c->settled < c->made) {
		r->behind = c->made;
		run_wait(r);
	} else if (!err) {
		err = run_ask(r);
	}
	if (err)
		run_free(r);
	return err;
}

static void tool_cancel(struct tool_run **rp)
{
	struct tool_run *r = *rp, **at;

	*rp = NULL;
	if (!r)
		return;
	for (at = &r->call->waiting; r->behind && *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
	http_exchange_cancel(&r->exchange);
	buf_fini(&r->text);
	free(r);
}

/* docs/planes.md has no request for knowledge yet: the model answers from what it was told. */
static void tool_retrieve(void *conductor, uint64_t query, const char *text, size_t len)
{
	(void)conductor;
	(void)query;
	(void)text;
	(void)len;
}

const struct tools conductor_tools = { .name = "conductor", .start = tool_start, .cancel = tool_cancel, .retrieve = tool_retrieve };
