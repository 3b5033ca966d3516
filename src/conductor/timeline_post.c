/* A worker's lines: judged, put together by call, stored one document a batch and call, answered when all are durable.
 *
 * A line that is none, is of a call nobody knows or of another tenant's is refused and counted; the rest of its request is taken all the same: one bad
 * line must not hold up a journal. What a store refuses fails the request as a whole; it comes again, and what was stored is dropped then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "conductor/timeline_state.h"

enum { APPEND_CALLS_MAX = 4096, LINES_MAX = 1 << 16 };

/* The lines of one call in one request. */
struct timeline_append {
	struct timeline_post *post;
	struct timeline_append *next;   /* of its post */
	struct timeline_append *behind; /* in its call's queue */
	struct timeline_wait wait;
	struct timeline_call *call;     /* whose queue it is in */
	char id[CALL_ID_MAX];
	struct line *lines;
	size_t count, cap, at;
	struct job *job;
	struct line_heads heads;        /* with what is being stored */
	size_t storing;                 /* up to this line */
	unsigned int tries;
	bool is_over;
};

struct timeline_post {
	struct timeline *timeline;
	struct timeline_post *previous, *next;
	struct http_request *request;
	struct timeline_append *appends;
	size_t append_count, line_count, open;
	uint64_t taken, refused;
	enum err err;
};

/* ------------------------------------------------------------------ the request */

static void append_free(struct timeline_append *a)
{
	free(a->lines);
	free(a);
}

static void post_free(struct timeline_post *p)
{
	struct timeline *t = p->timeline;

	if (p->previous)
		p->previous->next = p->next;
	else
		t->posts = p->next;
	if (p->next)
		p->next->previous = p->previous;
	while (p->appends) {
		struct timeline_append *a = p->appends;

		p->appends = a->next;
		append_free(a);
	}
	free(p);
}

static void refusals_tell(struct timeline *t, uint64_t refused)
{
	if (refused && !t->refusal_told)
		log_error(&t->log, "lines of a worker are refused: they are none, or of no call of ours", LOG_UINT("lines", refused));
	t->refusal_told = refused;
}

static void post_answer(struct timeline_post *p)
{
	uint8_t memory[128];
	struct buf b;

	if (p->err) {
		timeline_unavailable(p->timeline, p->request, p->err);
		post_free(p);
		return;
	}
	refusals_tell(p->timeline, p->refused);
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_u64(&b, "records", p->taken);
	json_pair_u64(&b, "refused", p->refused);
	json_close(&b, '}');
	http_reply_json(p->request, 200, &b);
	post_free(p);
}

static void append_over(struct timeline_append *a, enum err err)
{
	struct timeline_post *p = a->post;

	a->is_over = true;
	if (err && !p->err)
		p->err = err;
	if (!--p->open)
		post_answer(p);
}

/* ------------------------------------------------------------------ storing */

/* Leaves its call's queue; the next one goes on. */
static void append_leave(struct timeline_append *a, enum err err)
{
	struct timeline_call *c = a->call;

	c->first = a->behind;
	if (!c->first)
		c->last = NULL;
	a->call = NULL;
	append_over(a, err);
	timeline_append_go(c);
}

/* The lines from `at` on that are new, as many as fit a document. False: none is. */
static bool document_fill(struct timeline_append *a, struct buf *lines)
{
	bool some = false;
	size_t i = a->at;

	a->heads = a->call->heads;
	for (; i < a->count && lines->len < TIMELINE_DOCUMENT_BYTES; i++) {
		if (line_heads_have(&a->heads, &a->lines[i].place))
			continue;
		line_heads_add(&a->heads, &a->lines[i]);
		line_put(&a->lines[i], lines);
		some = true;
	}
	a->storing = i;
	return some;
}

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct timeline_append *a = arg;
	struct timeline_call *c = a->call;

	(void)revision;
	if (err == ERR_EXISTS && ++a->tries < TIMELINE_TRIES) { /* another life of ours wrote it, or a write that had timed out */
		timeline_call_doubt(c);
		timeline_append_go(c);
	} else if (err) {
		timeline_call_doubt(c);
		append_leave(a, err);
	} else {
		c->documents++;
		c->heads = a->heads;
		a->at = a->storing;
		timeline_streams_wake(c);
		timeline_append_go(c);
	}
}

static enum err store(struct timeline_append *a, const struct buf *lines)
{
	struct timeline_call *c = a->call;
	const struct line_document d = { .heads = a->heads, .lines = (const char *)lines->data, .len = lines->len };
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = DOCUMENT_NONE };
	struct buf b;
	enum err err;

	buf_init(&b, DOCUMENT_MAX_BYTES);
	line_document_encode(&d, &b);
	timeline_document_key(c->id, c->documents, key);
	put.value = b.data;
	put.len = b.len;
	err = lines->err ? lines->err : b.err;
	if (!err)
		err = documents_put(c->timeline->settings.documents, &a->job, c->tenant, &put, on_stored, a);
	buf_fini(&b);
	return err;
}

static void append_step(struct timeline_append *a)
{
	struct buf lines;
	enum err err = ERR_NONE;
	bool some;

	buf_init(&lines, TIMELINE_DOCUMENT_BYTES + TIMELINE_LINE_MAX_BYTES + 1);
	some = document_fill(a, &lines);
	if (some)
		err = store(a, &lines);
	buf_fini(&lines);
	if (!some || err)
		append_leave(a, err);
}

/* The call is known: its tenant judges the lines. */
static void on_ready(struct timeline_wait *w, enum err err)
{
	struct timeline_append *a = (struct timeline_append *)((char *)w - offsetof(struct timeline_append, wait));

	if (err) {
		append_leave(a, err);
		return;
	}
	append_step(a);
}

void timeline_append_go(struct timeline_call *c)
{
	struct timeline_append *a = c->first;

	c->used_ms = timeline_now_ms(c->timeline);
	if (!a || a->wait.call || a->job)
		return;
	timeline_call_wait(c, &a->wait);
}

/* ------------------------------------------------------------------ judging */

/* Lines of another tenant than the call's go; so do those of a call that nobody knows. */
static void tenants_judge(struct timeline_append *a, const struct timeline_call *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->count; i++)
		if (c && !strcmp(a->lines[i].tenant_id, c->tenant_id))
			a->lines[kept++] = a->lines[i];
	a->post->refused += a->count - kept;
	a->post->taken += kept;
	a->count = kept;
}

static void on_known(struct timeline_wait *w, enum err err)
{
	struct timeline_append *a = (struct timeline_append *)((char *)w - offsetof(struct timeline_append, wait));
	struct timeline_call *c = a->call;

	a->call = NULL;
	if (!err || err == ERR_NOTFOUND)
		tenants_judge(a, err ? NULL : c);
	if (err || !a->count) {
		append_over(a, err == ERR_NOTFOUND ? ERR_NONE : err);
		return;
	}
	a->wait.ready = on_ready;
	a->call = c;
	if (c->last)
		c->last->behind = a;
	else
		c->first = a;
	c->last = a;
	timeline_append_go(c);
}

static struct timeline_append *append_for(struct timeline_post *p, const char *id)
{
	struct timeline_append *a = p->appends;

	while (a && strcmp(a->id, id) != 0)
		a = a->next;
	if (a || p->append_count == APPEND_CALLS_MAX)
		return a;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	snprintf(a->id, sizeof(a->id), "%s", id);
	a->post = p;
	a->next = p->appends;
	p->appends = a;
	p->append_count++;
	return a;
}

static enum err line_keep(struct timeline_post *p, const struct line *l)
{
	struct timeline_append *a = append_for(p, l->call);

	if (!a || p->line_count++ == LINES_MAX)
		return ERR_LIMIT;
	if (a->count == a->cap) {
		size_t cap = a->cap ? a->cap * 2 : 8;
		struct line *lines = realloc(a->lines, cap * sizeof(*lines));

		if (!lines)
			return ERR_NOMEM;
		a->lines = lines;
		a->cap = cap;
	}
	a->lines[a->count++] = *l;
	return ERR_NONE;
}

static enum err lines_read(struct timeline_post *p)
{
	size_t len, at = 0, line_len;
	const char *body = http_body(p->request, &len), *text;
	struct line l;
	enum err err = ERR_NONE;

	while (!err && line_next(body, len, &at, &text, &line_len)) {
		if (!line_len)
			continue;
		if (line_read(&l, text, line_len))
			p->refused++;
		else
			err = line_keep(p, &l);
	}
	return err;
}

static void posts_begin(struct timeline_post *p)
{
	struct timeline_append *a, *next;

	p->open = p->append_count + 1; /* one for this loop: an append may be over at once */
	for (a = p->appends; a; a = next) {
		struct timeline_call *c = timeline_call_get(p->timeline, a->id);

		next = a->next;
		if (!c) {
			append_over(a, ERR_BUSY);
			continue;
		}
		a->call = c;
		a->wait.ready = on_known;
		timeline_call_wait(c, &a->wait);
	}
	if (!--p->open)
		post_answer(p);
}

static bool worker_named(struct http_request *r)
{
	const char *worker = http_query(r, "worker");

	return worker && *worker && strlen(worker) < CALL_WORD_MAX;
}

void timeline_on_post(struct http_request *r, void *arg)
{
	struct timeline *t = arg;
	struct timeline_post *p;
	enum err err;

	if (!timeline_is_worker(t, r))
		return;
	if (!worker_named(r)) {
		http_reply_error(r, 400, "bad_request", "worker is needed.", NULL, NULL);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		timeline_unavailable(t, r, ERR_NOMEM);
		return;
	}
	p->timeline = t;
	p->request = r;
	p->next = t->posts;
	if (p->next)
		p->next->previous = p;
	t->posts = p;
	err = lines_read(p);
	if (err == ERR_LIMIT) {
		http_reply_error(r, 413, "too_large", "Too many lines or calls in one request.", NULL, NULL);
		post_free(p);
	} else if (err) {
		p->err = err;
		post_answer(p);
	} else {
		posts_begin(p);
	}
}

void timeline_posts_close(struct timeline *t)
{
	while (t->posts) {
		struct timeline_post *p = t->posts;

		for (struct timeline_append *a = p->appends; a; a = a->next) {
			timeline_wait_stop(&a->wait);
			job_cancel(&a->job);
			if (a->call)
				a->call->first = a->call->last = NULL;
		}
		p->err = ERR_CLOSED;
		post_answer(p);
	}
}
