/* A person's reading of one call: what is stored from the beginning on, then what comes, until the call's end.
 *
 *   finding ──► waiting (the call's documents) ──► reading ──► live ──► settling ──► over (the end was sent, the reader has gone)
 *                                                    ▲  │                  └─ a tool is not over, on which hangs what the call came to
 *                                                    │  └─ the reader takes no more: held, until half of it is taken
 *                                                    └──── there is more
 *
 * Lines go out in the order of their documents, which is the order in which they came to be durable: within an epoch that is their own order, and a
 * late one of an epoch that is over comes behind. So the last line a reader got says what it has, whatever came when: `after` names it, and reading
 * goes on behind it in the document that has it. Owned by its call's list; everything ends with the http_stream. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/roles.h"
#include "conductor/timeline_state.h"

enum { WRITE_BYTES = 64 << 10, ENDED_LATER_MS = 30000, AWAY_LATER_MS = 3000 };

static const char idle_line[] = "{\"type\":\"idle\"}\n";

struct timeline_stream {
	struct timeline *timeline;
	struct timeline_call *call;
	struct timeline_stream *previous, *next; /* of its call */
	struct timeline_wait wait;
	struct http_stream *http;
	struct job *job;
	struct line_mask *mask;   /* NULL: the reader may see all */
	bool has_after;           /* lines up to this one are passed over */
	struct line_place after;
	uint64_t document;        /* the next to be read */
	struct buf held;          /* lines on their way */
	bool is_held;             /* the reader takes no more now */
	bool is_settling;         /* all was sent, and what the call came to is waited for */
	bool is_settled;          /* that was told too */
	uint64_t sent_ms, looked_ms;
};

/* ------------------------------------------------------------------ over */

static void stream_free(struct timeline_stream *s)
{
	timeline_wait_stop(&s->wait);
	job_cancel(&s->job);
	if (s->previous)
		s->previous->next = s->next;
	else
		s->call->streams = s->next;
	if (s->next)
		s->next->previous = s->previous;
	s->call->used_ms = timeline_now_ms(s->timeline);
	s->timeline->stream_count--;
	line_mask_free(&s->mask);
	buf_fini(&s->held);
	free(s);
}

static void on_gone(struct http_stream *http, void *arg)
{
	(void)http;
	stream_free(arg);
}

/* What is missing shows: the reader comes back behind its last line. */
static void stream_cut(struct timeline_stream *s)
{
	http_stream_cut(s->http);
	stream_free(s);
}

static void stream_end(struct timeline_stream *s)
{
	http_stream_end(s->http);
	stream_free(s);
}

/* ------------------------------------------------------------------ lines */

/* False: over, or it must wait. */
static bool held_write(struct timeline_stream *s)
{
	enum err err = s->held.err;

	if (!err && s->held.len)
		err = http_stream_write(s->http, s->held.data, s->held.len);
	s->is_held = err == ERR_LIMIT && !s->held.err;
	if (err == ERR_CLOSED || s->is_held)
		return false;
	if (err) {
		stream_cut(s);
		return false;
	}
	if (s->held.len)
		s->sent_ms = timeline_now_ms(s->timeline);
	buf_reset(&s->held);
	return true;
}

static bool is_passed(const struct timeline_stream *s, const struct line_place *p)
{
	return p->epoch == s->after.epoch &&
		(p->sequence < s->after.sequence || (p->sequence == s->after.sequence && p->part <= s->after.part));
}

/* Where the lines begin that the reader does not have: behind the last one of this document that it has. The whole length: it may have all. */
static size_t pass_over(struct timeline_stream *s, const struct line_document *d)
{
	size_t at = 0, len, from = 0;
	const char *line;
	struct line_place p;

	if (!s->has_after)
		return 0;
	if (!line_heads_have(&d->heads, &s->after))
		return d->len;
	while (line_next(d->lines, d->len, &at, &line, &len))
		if (line_place_find(line, len, &p) && is_passed(s, &p))
			from = at < d->len ? at : d->len;
	s->has_after = false;
	return from;
}

static void line_add(struct timeline_stream *s, const char *line, size_t len, bool is_shown)
{
	size_t before = s->held.len;

	if (s->mask)
		line_mask_put(s->mask, line, len, &s->held);
	else if (is_shown)
		buf_append(&s->held, line, len);
	if (!is_shown)
		s->held.len = before; /* the mask had to see it */
	else
		buf_byte(&s->held, '\n');
}

static void document_add(struct timeline_stream *s, const struct line_document *d)
{
	size_t from = pass_over(s, d), at = 0, len;
	const char *line;

	while (line_next(d->lines, d->len, &at, &line, &len))
		if (len)
			line_add(s, line, len, (size_t)(line - d->lines) >= from);
}

/* ------------------------------------------------------------------ an end that nobody wrote */

/* A line that no worker wrote begins. */
static void line_open(struct timeline_stream *s, const struct call_record *r, const char *type)
{
	struct buf *b = &s->held;

	json_open(b, '{');
	json_pair_string(b, "call", s->call->id);
	json_pair_u64(b, "epoch", r->epoch);
	json_pair_u64(b, "sequence", 0);
	json_pair_u64(b, "part", 0);
	json_pair_u64(b, "at_ms", r->clock_ms && r->ended_ms > r->clock_ms ? r->ended_ms - r->clock_ms : 0);
	json_pair_string(b, "type", type);
}

static void transfer_line(struct timeline_stream *s, const struct call_record *r)
{
	line_open(s, r, "transfer");
	transfer_members(&s->held, &r->transfer);
	json_close(&s->held, '}');
	buf_byte(&s->held, '\n');
}

static void end_put(struct timeline_stream *s, const struct call_record *r)
{
	struct buf *b = &s->held;

	line_open(s, r, "end");
	json_pair_string(b, "reason", r->reason);
	json_pair_u64(b, "connected_ms", r->connected_ms);
	json_pair_u64(b, "turns", r->turns);
	json_pair_string(b, "outcome", r->outcome);
	json_pair_bool(b, "unwritten", true);
	json_close(b, '}');
	buf_byte(b, '\n');
}

static void stream_go(struct timeline_stream *s);

static void on_record(void *arg, enum err err, const struct document *d)
{
	struct timeline_stream *s = arg;
	struct call_record r;
	bool is_over;

	if (err || s->call->heads.has_end || s->document < s->call->documents) {
		stream_go(s); /* nobody else wakes it for what came meanwhile */
		return;
	}
	call_record_init(&r);
	is_over = !call_record_decode(&r, d->value, d->len) && r.state == CALL_ENDED && !r.is_settling &&
		s->timeline->settings.now_ms(s->timeline->settings.arg) > r.ended_ms + (transfer_had_it(&r) ? AWAY_LATER_MS : ENDED_LATER_MS);
	if (is_over && transfer_had_it(&r))
		transfer_line(s, &r);
	if (is_over)
		end_put(s, &r);
	call_record_fini(&r);
	if (is_over && held_write(s))
		stream_end(s);
}

static bool is_busy(const struct timeline_stream *s)
{
	return s->job || s->is_held || s->wait.call;
}

/* Asks for the call's own record. */
static enum err record_get(struct timeline_stream *s, documents_got_h *got)
{
	char key[DOCUMENT_KEY_MAX];

	call_key(s->call->began_ms, s->call->id, key);
	return documents_get(s->timeline->settings.documents, &s->job, s->call->tenant, key, got, s);
}

/* The worker died and nobody took the call over: its last line is not going to come. */
static void end_look_up(struct timeline_stream *s)
{
	if (is_busy(s))
		return;
	s->looked_ms = timeline_now_ms(s->timeline);
	if (record_get(s, on_record))
		s->looked_ms = 0; /* looks again with what comes next */
}

/* ------------------------------------------------------------------ what a call came to, when that is known behind its end */

static void settled_put(struct timeline_stream *s, const struct call_record *r)
{
	line_open(s, r, "settled");
	json_pair_string(&s->held, "outcome", r->outcome);
	json_pair_string(&s->held, "result", r->result);
	json_close(&s->held, '}');
	buf_byte(&s->held, '\n');
}

static void on_settling(void *arg, enum err err, const struct document *d)
{
	struct timeline_stream *s = arg;
	struct call_record r;

	if (s->document < s->call->documents) {
		stream_go(s); /* nobody else wakes it for what came meanwhile */
		return;
	}
	call_record_init(&r);
	if (!err)
		err = call_record_decode(&r, d->value, d->len);
	if (!err && r.state == CALL_ENDED && r.is_settling) {
		s->is_settling = true; /* the next tick looks again */
	} else if (!err && s->is_settling) {
		settled_put(s, &r);
		s->is_settled = true;
	}
	call_record_fini(&r);
	if (err && s->is_settling)
		stream_cut(s);
	else if ((!s->is_settling || s->is_settled) && held_write(s))
		stream_end(s);
}

static void settle_look_up(struct timeline_stream *s)
{
	if (!is_busy(s) && record_get(s, on_settling))
		stream_cut(s);
}

/* ------------------------------------------------------------------ reading */

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct timeline_stream *s = arg;
	struct line_document d;

	for (size_t i = 0; !err && i < page->count; i++) {
		err = line_document_decode(&d, page->items[i].value, page->items[i].len);
		if (err)
			break;
		document_add(s, &d);
		s->document++;
		if (s->held.len < WRITE_BYTES)
			continue;
		if (!held_write(s))
			return; /* the rest of the page is read again */
	}
	if (err)
		log_warn(&s->timeline->log, "a timeline cannot be read: its reader is cut off", LOG_ERR(err));
	if (err || !page->count)
		stream_cut(s);
	else
		stream_go(s);
}

static enum err read_on(struct timeline_stream *s)
{
	char prefix[DOCUMENT_KEY_MAX], after[DOCUMENT_KEY_MAX] = "";
	struct documents_range range = { .prefix = prefix, .after = after, .limit = TIMELINE_PAGE };

	snprintf(prefix, sizeof(prefix), "timeline/%s/", s->call->id);
	if (s->document)
		timeline_document_key(s->call->id, s->document - 1, after);
	return documents_list(s->timeline->settings.documents, &s->job, s->call->tenant, &range, on_page, s);
}

/* Does what can be done now. The stream may be gone behind it. */
static void stream_go(struct timeline_stream *s)
{
	if (s->job || s->is_held || s->wait.call || !held_write(s))
		return;
	if (s->document < s->call->documents) {
		if (read_on(s))
			stream_cut(s);
	} else if (s->is_settled) {
		stream_end(s);
	} else if (s->call->heads.has_end && !s->call->first) {
		settle_look_up(s);
	} else if (!s->looked_ms) {
		end_look_up(s);
	}
}

static void on_drained(struct http_stream *http, void *arg)
{
	struct timeline_stream *s = arg;

	(void)http;
	s->is_held = false;
	stream_go(s);
}

static void on_ready(struct timeline_wait *w, enum err err)
{
	struct timeline_stream *s = (struct timeline_stream *)((char *)w - offsetof(struct timeline_stream, wait));

	if (err)
		stream_cut(s);
	else
		stream_go(s);
}

void timeline_streams_wake(struct timeline_call *c)
{
	struct timeline_stream *s, *next;

	for (s = c->streams; s; s = next) {
		next = s->next;
		stream_go(s);
	}
}

/* The stream may be gone behind it. */
static void stream_tick(struct timeline_stream *s, uint64_t now)
{
	bool is_idle = !s->is_held && now - s->sent_ms >= s->timeline->settings.idle_ms;

	if (is_idle && !http_stream_write(s->http, idle_line, sizeof(idle_line) - 1))
		s->sent_ms = now;
	else
		is_idle = false;
	if (s->is_settling)
		stream_go(s);
	else if (is_idle && !s->call->heads.has_end)
		end_look_up(s);
}

void timeline_streams_tick(struct timeline_call *c)
{
	struct timeline_stream *s, *next;

	for (s = c->streams; s; s = next) {
		next = s->next;
		stream_tick(s, timeline_now_ms(c->timeline));
	}
}

void timeline_streams_close(struct timeline_call *c)
{
	while (c->streams)
		stream_cut(c->streams);
}

/* ------------------------------------------------------------------ the request */

static const struct http_stream_handlers handlers = { .drained = on_drained, .gone = on_gone };

static const struct http_header headers[] = {
	{ "Content-Type", "application/x-ndjson" },
	{ "Cache-Control", "no-store" },
	{ "X-Accel-Buffering", "no" },
	{ NULL, NULL },
};

struct stream_ask {
	bool has_after, reveals;
	struct line_place after;
};

static void stream_attach(struct timeline_stream *s, struct timeline_call *c)
{
	s->call = c;
	s->next = c->streams;
	if (s->next)
		s->next->previous = s;
	c->streams = s;
	c->timeline->stream_count++;
	s->sent_ms = timeline_now_ms(c->timeline);
	s->wait.ready = on_ready;
}

static struct timeline_stream *stream_new(struct timeline *t, const struct stream_ask *ask)
{
	struct timeline_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->timeline = t;
	s->has_after = ask->has_after;
	s->after = ask->after;
	buf_init(&s->held, 4 * WRITE_BYTES + 2 * (TIMELINE_DOCUMENT_BYTES + TIMELINE_LINE_MAX_BYTES));
	if (!ask->reveals && line_mask_new(&s->mask)) {
		free(s);
		return NULL;
	}
	return s;
}

/* The call is the asker's. */
static void on_found(struct timeline_seek *k)
{
	struct timeline *t = k->timeline;
	struct timeline_call *c = t->stream_count < TIMELINE_STREAMS_MAX ? timeline_call_get(t, k->id) : NULL;
	struct timeline_stream *s = c ? stream_new(t, k->arg) : NULL;
	struct http_request *r = k->request;

	if (!s) {
		timeline_seek_failed(k, ERR_BUSY);
		return;
	}
	timeline_seek_free(k);
	stream_attach(s, c);
	s->http = http_stream_open(r, 200, headers, &handlers, s);
	if (!s->http)
		stream_free(s);
	else
		timeline_call_wait(c, &s->wait);
}

void timeline_on_events(struct http_request *r, void *arg)
{
	const char *after = http_query(r, "after");
	const struct jws_token *token;
	struct stream_ask *ask;
	struct timeline_seek *k;
	struct tenant *tenant;

	if (!timeline_is_person(arg, r, ROLE_VIEWER, &tenant))
		return;
	k = timeline_seek_begin(arg, r, tenant);
	ask = k ? calloc(1, sizeof(*ask)) : NULL;
	if (!k)
		return;
	if (!ask) {
		timeline_seek_failed(k, ERR_NOMEM);
		return;
	}
	k->arg = ask;
	k->free_arg = free;
	k->found = on_found;
	token = k->timeline->settings.token(r);
	ask->reveals = roles_of(jws_token_claims(token)) & ROLE_REVEAL;
	ask->has_after = after && *after;
	if (ask->has_after && !line_place_read(&ask->after, after))
		timeline_seek_error(k, 400, "bad_request", "`after` is the place of a line: EPOCH.SEQUENCE.PART.");
	else
		timeline_seek_start(k);
}
