/* Opening, closing, and the calls that somebody writes or looks at: see timeline_state.h. */
#include "conductor/timeline.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/roles.h"
#include "conductor/timeline_state.h"

/* ------------------------------------------------------------------ who asks */

bool timeline_is_worker(struct timeline *t, struct http_request *r)
{
	const struct jws_token *token = t->settings.token(r);
	const struct jws_claims *claims = token ? jws_token_claims(token) : NULL;

	if (claims && roles_of(claims) & ROLE_SERVICE && !strcmp(claims->service, "voice"))
		return true;
	http_reply_error(r, 403, "forbidden", "This is for voice workers alone.", NULL, NULL);
	return false;
}

void timeline_unavailable(struct timeline *t, struct http_request *r, enum err err)
{
	log_warn(&t->log, "it cannot be done now", LOG_ERR(err));
	http_reply_error(r, 503, "unavailable", "The timeline cannot be reached now.", NULL, "Try again in a moment.");
}

bool timeline_is_person(struct timeline *t, struct http_request *r, unsigned int roles, struct tenant **tp)
{
	const struct jws_token *token = t->settings.token(r);
	enum err err;

	*tp = NULL;
	if (!token || !(roles_of(jws_token_claims(token)) & roles)) {
		http_reply_error(r, 403, "forbidden", "Your role does not allow this.", NULL,
			roles == ROLE_REVEAL ? "What was truly said is for the role `reveal`." : NULL);
		return false;
	}
	err = tenant_from_token(tp, token, NULL, NULL);
	if (err == ERR_DENIED)
		http_reply_error(r, 403, "forbidden", "The token names no tenant.", NULL, NULL);
	else if (err)
		timeline_unavailable(t, r, err);
	return !err;
}

/* ------------------------------------------------------------------ the table */

static struct timeline_call **bucket_of(struct timeline *t, const char *id)
{
	uint32_t h = 2166136261u;

	while (*id)
		h = (h ^ (unsigned char)*id++) * 16777619u;
	return &t->buckets[h % TIMELINE_BUCKETS];
}

static bool is_idle(const struct timeline_call *c)
{
	return !c->first && !c->streams && !c->waits && !c->job && !c->is_telling;
}

static void call_free(struct timeline_call *c)
{
	struct timeline_call **at = bucket_of(c->timeline, c->id);

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->timeline->call_count--;
	job_cancel(&c->job);
	tenant_drop(&c->tenant);
	free(c);
}

/* Room for one more: the idle one that was used longest ago goes. */
static bool room_make(struct timeline *t)
{
	struct timeline_call *oldest = NULL;

	if (t->call_count < TIMELINE_CALLS_MAX)
		return true;
	for (size_t i = 0; i < TIMELINE_BUCKETS; i++)
		for (struct timeline_call *c = t->buckets[i]; c; c = c->next)
			if (is_idle(c) && (!oldest || c->used_ms < oldest->used_ms))
				oldest = c;
	if (oldest)
		call_free(oldest);
	return oldest;
}

struct timeline_call *timeline_call_get(struct timeline *t, const char *id)
{
	struct timeline_call **bucket = bucket_of(t, id), *c = *bucket;

	while (c && strcmp(c->id, id) != 0)
		c = c->next;
	if (!c && room_make(t))
		c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	if (!c->timeline) {
		c->timeline = t;
		snprintf(c->id, sizeof(c->id), "%s", id);
		c->next = *bucket;
		*bucket = c;
		t->call_count++;
	}
	c->used_ms = timeline_now_ms(t);
	return c;
}

/* ------------------------------------------------------------------ finding */

void timeline_document_key(const char *id, uint64_t number, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "timeline/%s/%010" PRIu64, id, number);
}

static void find_begin(struct timeline_call *c);

/* Whoever is told may stop others that wait, let them wait anew, or doubt the call. */
static void tell_waiting(struct timeline_call *c, enum err err)
{
	enum timeline_call_state state = err ? CALL_UNKNOWN : CALL_READY;

	c->state = state;
	c->is_telling = true;
	while (c->waits && c->state == state) {
		struct timeline_wait *w = c->waits;

		c->waits = w->next;
		w->call = NULL;
		w->ready(w, err);
	}
	c->is_telling = false;
	if (c->waits && c->state == CALL_UNKNOWN)
		find_begin(c);
}

static void seek_next(struct timeline_call *c);

static void on_sought(void *arg, enum err err, const struct document *d)
{
	struct timeline_call *c = arg;
	struct line_document document;

	if (!err)
		err = line_document_decode(&document, d->value, d->len);
	if (err == ERR_NOTFOUND) {
		c->high = c->asked;
	} else if (err) {
		tell_waiting(c, err);
		return;
	} else {
		c->low = c->asked + 1;
		c->heads = document.heads;
	}
	seek_next(c);
}

/* Documents are numbered without holes: doubling until one is missing, then halving. */
static void seek_next(struct timeline_call *c)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (c->low == c->high) {
		c->documents = c->low;
		tell_waiting(c, ERR_NONE);
		return;
	}
	c->asked = c->high == UINT64_MAX ? 2 * c->low : c->low + (c->high - c->low) / 2;
	timeline_document_key(c->id, c->asked, key);
	err = documents_get(c->timeline->settings.documents, &c->job, c->tenant, key, on_sought, c);
	if (err)
		tell_waiting(c, err);
}

static void seek_begin(struct timeline_call *c)
{
	c->state = CALL_SEEKING;
	c->heads = (struct line_heads){ .count = 0 };
	c->low = 0;
	c->high = UINT64_MAX;
	seek_next(c);
}

static void on_index(void *arg, enum err err, const struct document *d)
{
	struct timeline_call *c = arg;
	struct call_index index = { .tenant = NULL };

	if (!err)
		err = call_index_decode(&index, d->value, d->len);
	if (err) {
		tell_waiting(c, err);
		return;
	}
	c->tenant = index.tenant;
	c->began_ms = index.began_ms;
	tenant_id_text(c->tenant, c->tenant_id);
	seek_begin(c);
}

static void find_begin(struct timeline_call *c)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (c->tenant) {
		seek_begin(c);
		return;
	}
	c->state = CALL_FINDING;
	call_index_key(c->id, key);
	err = documents_get(c->timeline->settings.documents, &c->job, tenant_house(), key, on_index, c);
	if (err)
		tell_waiting(c, err);
}

void timeline_call_wait(struct timeline_call *c, struct timeline_wait *w)
{
	struct timeline_wait **at = &c->waits;

	assert(!w->call);
	while (*at)
		at = &(*at)->next;
	*at = w;
	w->next = NULL;
	w->call = c;
	if (c->is_telling)
		return; /* its turn comes */
	if (c->state == CALL_READY)
		tell_waiting(c, ERR_NONE);
	else if (c->state == CALL_UNKNOWN)
		find_begin(c);
}

void timeline_wait_stop(struct timeline_wait *w)
{
	struct timeline_wait **at = w->call ? &w->call->waits : NULL;

	if (!at)
		return;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->call = NULL;
}

void timeline_call_doubt(struct timeline_call *c)
{
	if (c->state == CALL_READY)
		c->state = CALL_UNKNOWN;
}

/* ------------------------------------------------------------------ ticks */

static void on_tick(uv_timer_t *timer)
{
	struct timeline *t = timer->data;
	uint64_t now = timeline_now_ms(t);

	for (size_t i = 0; i < TIMELINE_BUCKETS; i++) {
		struct timeline_call *c = t->buckets[i], *next;

		for (; c; c = next) {
			next = c->next;
			if (c->streams)
				timeline_streams_tick(c);
			else if (is_idle(c) && now - c->used_ms > TIMELINE_KEPT_MS)
				call_free(c);
		}
	}
}

/* ------------------------------------------------------------------ open, close */

static const struct http_route routes[] = {
	{ HTTP_POST, "/internal/v1/journal", timeline_on_post, 0, TIMELINE_POST_MAX_BYTES },
	{ HTTP_PUT, "/internal/v1/calls/:call/recording", timeline_on_piece, 0, TIMELINE_PIECE_MAX_BYTES },
	{ HTTP_GET, "/internal/v1/calls/:call/recording", timeline_on_wanted, 0, 0 },
	{ HTTP_GET, "/v1/calls/:call/events", timeline_on_events, 0, 0 },
	{ HTTP_GET, "/v1/calls/:call/recording", timeline_on_recording, 0, 0 },
	{ HTTP_GET, "/v1/calls/:call/waveform", timeline_on_waveform, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static uint64_t wall_ms(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum err timeline_open(struct timeline **tp, const struct timeline_settings *settings, struct err_detail *detail)
{
	struct timeline *t = calloc(1, sizeof(*t));
	enum err err;
	uint64_t tick_ms;

	*tp = NULL;
	if (!t)
		return ERR_NOMEM;
	t->settings = *settings;
	if (!t->settings.idle_ms)
		t->settings.idle_ms = TIMELINE_IDLE_MS;
	if (!t->settings.now_ms)
		t->settings.now_ms = wall_ms;
	t->log = (struct log){ .plane = "conductor", .doing = "keeping the timeline" };
	err = strlen(settings->spool) < sizeof(t->spool) - 128 ? ERR_NONE : ERR_LIMIT;
	snprintf(t->spool, sizeof(t->spool), "%s", settings->spool);
	t->settings.spool = t->spool;
	if (!err)
		err = timeline_uploads_open(t);
	if (err) {
		if (detail)
			*detail = (struct err_detail){ .message = "the folder for recordings on their way cannot be used" };
		free(t);
		return err;
	}
	uv_timer_init(settings->loop, &t->tick);
	t->tick.data = t;
	uv_unref((uv_handle_t *)&t->tick);
	tick_ms = (t->settings.idle_ms + 2) / 3 < TIMELINE_LOOK_MS ? (t->settings.idle_ms + 2) / 3 : TIMELINE_LOOK_MS;
	uv_timer_start(&t->tick, on_tick, tick_ms, tick_ms);
	*tp = t;
	return ERR_NONE;
}

enum err timeline_mount(struct timeline *t, struct http_server *server)
{
	return http_server_mount(server, routes, t);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void timeline_close(struct timeline **tp)
{
	struct timeline *t = *tp;

	*tp = NULL;
	if (!t)
		return;
	timeline_posts_close(t);
	while (t->seeks)
		timeline_seek_error(t->seeks, 503, "unavailable", "The conductor is closing.");
	timeline_outs_close(t);
	timeline_uploads_close(t);
	for (size_t i = 0; i < TIMELINE_BUCKETS; i++)
		while (t->buckets[i]) {
			timeline_streams_close(t->buckets[i]);
			call_free(t->buckets[i]);
		}
	uv_close((uv_handle_t *)&t->tick, on_closed);
}
