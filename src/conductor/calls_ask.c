/* A request under way: finding its call, storing it, answering. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/provider_names.h"
#include "base/roles.h"
#include "conductor/calls_state.h"

static const struct log log_here = { .plane = "conductor", .doing = "answering for a call" };

struct ask *ask_begin(struct calls *c, struct http_request *r)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a && r)
		http_reply_error(r, 503, "unavailable", "No memory.", NULL, NULL);
	if (!a)
		return NULL;
	a->calls = c;
	a->request = r;
	a->next = c->asks;
	if (a->next)
		a->next->previous = a;
	c->asks = a;
	call_record_init(&a->record);
	buf_init(&a->snapshot, DOCUMENT_MAX_BYTES);
	buf_init_private(&a->keys, PROVIDER_KEYS_JSON_MAX);
	return a;
}

void ask_over(struct ask *a)
{
	if (a->previous)
		a->previous->next = a->next;
	else
		a->calls->asks = a->next;
	if (a->next)
		a->next->previous = a->previous;
	worker_unpick(a->calls, a->picked);
	call_record_fini(&a->record);
	buf_fini(&a->snapshot);
	buf_fini(&a->keys);
	json_decref(a->body);
	rulebook_free(a->book);
	tenant_claim_free(&a->claim);
	tenant_drop(&a->tenant);
	http_pairs_free(&a->form);
	free(a);
}

void ask_error(struct ask *a, unsigned int status, const char *code, const char *message, const char *hint)
{
	if (!a->request) {
		call_back_over(a, status);
		return;
	}
	http_reply_error(a->request, status, code, message, NULL, hint && *hint ? hint : NULL);
	ask_over(a);
}

void ask_failed(struct ask *a, enum err err)
{
	ask_step *failed = a->failed;

	log_warn(&log_here, "it cannot be done now", LOG_ERR(err));
	a->failed = NULL;
	if (failed)
		failed(a);
	else
		ask_error(a, 503, "unavailable", "The calls cannot be reached now.", "Try again in a moment.");
}

void ask_json(struct ask *a, unsigned int status, struct buf *json)
{
	if (a->request)
		http_reply_json(a->request, status, json);
	buf_fini(json);
	if (a->request)
		ask_over(a);
	else
		call_back_over(a, status);
}

void ask_done(struct ask *a)
{
	http_reply(a->request, 204, NULL, NULL, 0);
	ask_over(a);
}

/* ---- who asks, for what ---- */

void ask_call_id(struct ask *a)
{
	const char *id = http_param(a->request, "call");

	snprintf(a->id, sizeof(a->id), "%s", call_id_ok(id) ? id : "");
}

bool ask_person(struct ask *a, unsigned int roles)
{
	const struct jws_token *token = a->calls->settings.token(a->request);
	enum err err;

	if (!token || !(roles_of(jws_token_claims(token)) & roles)) {
		ask_error(a, 403, "forbidden", "Your role does not allow this.", NULL);
		return false;
	}
	err = tenant_from_token(&a->tenant, token, NULL, NULL);
	if (err == ERR_DENIED)
		ask_error(a, 403, "forbidden", "The token names no tenant.", NULL);
	else if (err)
		ask_failed(a, err);
	return !err;
}

bool ask_worker(struct ask *a)
{
	const struct jws_token *token = a->calls->settings.token(a->request);
	const struct jws_claims *claims = token ? jws_token_claims(token) : NULL;

	if (claims && roles_of(claims) & ROLE_SERVICE && !strcmp(claims->service, "voice"))
		return true;
	ask_error(a, 403, "forbidden", "This is for voice workers alone.", NULL);
	return false;
}

bool ask_body(struct ask *a)
{
	size_t len;
	const void *body = http_body(a->request, &len);

	a->body = len ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(a->body))
		return true;
	ask_error(a, 400, "bad_request", "The body is no JSON object.", NULL);
	return false;
}

/* ---- finding ---- */

static void on_loaded(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;

	a->revision = d ? d->revision : DOCUMENT_NONE;
	if (!err)
		err = call_record_decode(&a->record, d->value, d->len);
	if (err == ERR_NOTFOUND)
		a->began_ms = a->carrier ? a->began_ms : 0; /* a webhook died between index and document: it is made again */
	else if (err) {
		ask_failed(a, err);
		return;
	}
	a->judge(a);
}

void ask_load(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	call_key(a->began_ms, a->id, key);
	err = documents_get(a->calls->settings.documents, &a->job, a->tenant, key, on_loaded, a);
	if (err)
		ask_failed(a, err);
}

static void on_index(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;
	struct call_index index = { .tenant = NULL };

	if (!err)
		err = call_index_decode(&index, d->value, d->len);
	if (!err && a->tenant && !tenant_same(a->tenant, index.tenant)) {
		tenant_drop(&index.tenant);
		err = ERR_NOTFOUND;
	}
	if (err == ERR_NOTFOUND) {
		a->began_ms = 0;
		a->judge(a);
	} else if (err) {
		ask_failed(a, err);
	} else {
		tenant_drop(&a->tenant);
		a->tenant = index.tenant;
		a->began_ms = index.began_ms;
		ask_load(a);
	}
}

void ask_find(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (!call_id_ok(a->id)) {
		a->began_ms = 0;
		a->judge(a);
		return;
	}
	call_index_key(a->id, key);
	err = documents_get(a->calls->settings.documents, &a->job, tenant_house(), key, on_index, a);
	if (err)
		ask_failed(a, err);
}

/* ---- storing ---- */

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++a->tries < CALL_TRIES_MAX) {
		ask_load(a);
		return;
	}
	if (err) {
		ask_failed(a, err);
		return;
	}
	a->revision = revision;
	a->then(a);
}

void ask_store(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = a->revision };
	struct buf b;
	enum err err;

	buf_init(&b, CALL_RECORD_MAX_BYTES);
	call_key(a->began_ms, a->id, key);
	err = call_record_encode(&a->record, &b);
	put.value = b.data;
	put.len = b.len;
	if (!err)
		err = documents_put(a->calls->settings.documents, &a->job, a->tenant, &put, on_stored, a);
	buf_fini(&b);
	if (err)
		ask_failed(a, err);
}

/* ---- the pinned rule-book ---- */

static void on_book(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;
	struct rulebook *book;

	if (!err)
		err = book_learn(a->calls, d->value, d->len, a->record.hash, &book);
	if (err && !(a->without_book && book_is_gone(err))) {
		ask_failed(a, err);
		return;
	}
	a->book = err ? NULL : rulebook_share(book);
	a->then(a);
}

void ask_book(struct ask *a)
{
	struct rulebook *held = book_held(a->calls, a->record.hash);
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	rulebook_free(a->book);
	a->book = held ? rulebook_share(held) : NULL;
	if (held) {
		a->then(a);
		return;
	}
	book_key(a->record.hash, key);
	err = documents_get(a->calls->settings.documents, &a->job, a->tenant, key, on_book, a);
	if (err)
		ask_failed(a, err);
}

/* ---- tokens ---- */

static void on_token(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if (err)
		ask_failed(a, err);
	else
		a->then(a);
}

void ask_token(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = DOCUMENT_NONE };
	uint64_t life_ms = a->token_ms ? a->token_ms : CALLS_TOKEN_MS;
	struct buf b;
	enum err err;

	buf_init(&b, 512);
	call_token_make(&a->record, calls_now_ms(a->calls), life_ms, a->token, a->hash);
	call_token_key(a->hash, key);
	err = call_token_encode(a->tenant, a->id, a->began_ms, calls_now_ms(a->calls) + life_ms, &b);
	put.value = b.data;
	put.len = b.len;
	if (!err)
		err = documents_put(a->calls->settings.documents, &a->job, tenant_house(), &put, on_token, a);
	buf_fini(&b);
	if (err)
		ask_failed(a, err);
}

static void offer_stored(struct ask *a)
{
	a->picked[0] = 0; /* it stays counted */
	sight_offer(a->calls, a->id, a->token);
	if (a->record.state == CALL_WAITING)
		prepare_tell(a->calls, a->tenant, &a->record, a->token_ms ? a->token_ms : CALLS_TOKEN_MS);
	a->offered(a);
}

static void store_offer(struct ask *a)
{
	a->then = offer_stored;
	ask_store(a);
}

/* Once picked it stays, when the record has to be judged again; a webhook that is only repeated goes where the first one went. */
static const struct call_worker *pick(struct ask *a)
{
	const struct call_worker *w = a->is_repeat && a->record.offered[0] ? worker_find(a->calls, a->record.offered) : NULL;

	if (w) {
		worker_unpick(a->calls, a->picked);
		a->picked[0] = 0;
		return w;
	}
	w = a->picked[0] ? worker_find(a->calls, a->picked) : NULL;
	if (w)
		return w;
	w = worker_pick(a->calls, &a->record);
	if (w)
		memcpy(a->picked, w->name, sizeof(w->name));
	return w;
}

/* Asked the same before the carrier came: told the same, the token as well, while half of its time is left. */
static bool is_told_again(struct ask *a, const struct call_worker *w)
{
	const struct sighting *seen = a->is_repeat && !strcmp(a->record.offered, w->name) ? sight_find(a->calls, a->id) : NULL;

	if (!seen || !call_token_hash(seen->token, a->hash) || !call_token_holds(&a->record, calls_now_ms(a->calls) + CALLS_TOKEN_MS / 2, a->hash))
		return false;
	memcpy(a->token, seen->token, sizeof(a->token));
	return true;
}

bool ask_offer(struct ask *a, const char *path, ask_step *then)
{
	const struct call_worker *w = pick(a);

	if (!w)
		return false;
	if (worker_media_url(a->calls, w, path, a->media_url)) {
		ask_failed(a, ERR_LIMIT);
		return true;
	}
	if (is_told_again(a, w)) {
		then(a);
		return true;
	}
	a->record.offers += !(a->is_repeat && a->record.offered[0]);
	memcpy(a->record.offered, w->name, sizeof(w->name));
	if (a->record.state == CALL_WAITING)
		memcpy(a->record.prepares, w->name, sizeof(w->name));
	sight_note(a->calls, a->id, a->record.epoch); /* whoever asked is coming */
	a->offered = then;
	a->then = store_offer;
	ask_token(a);
	return true;
}

/* ---- snapshots ---- */

void snapshot_key(const char *id, char out[DOCUMENT_KEY_MAX])
{
	snprintf(out, DOCUMENT_KEY_MAX, "snapshot/%s", id);
}

enum err snapshot_put(struct ask *a, uint32_t epoch, const void *data, size_t len, documents_stored_h *h)
{
	const uint8_t head[SNAPSHOT_HEAD_BYTES] = { (uint8_t)epoch, (uint8_t)(epoch >> 8), (uint8_t)(epoch >> 16), (uint8_t)(epoch >> 24) };
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = a->snapshot_revision };
	struct buf b;
	enum err err;

	buf_init(&b, DOCUMENT_MAX_BYTES);
	buf_append(&b, head, sizeof(head));
	buf_append(&b, data, len);
	snapshot_key(a->id, key);
	put.value = b.data;
	put.len = b.len;
	err = b.err ? b.err : documents_put(a->calls->settings.documents, &a->job, a->tenant, &put, h, a);
	buf_fini(&b);
	return err;
}

static uint32_t head_read(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void on_snapshot(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;

	buf_reset(&a->snapshot);
	a->snapshot_revision = d ? d->revision : DOCUMENT_NONE;
	a->snapshot_epoch = 0;
	if (!err && d->len < SNAPSHOT_HEAD_BYTES)
		err = ERR_CORRUPT;
	if (!err) {
		a->snapshot_epoch = head_read(d->value);
		buf_append(&a->snapshot, d->value + SNAPSHOT_HEAD_BYTES, d->len - SNAPSHOT_HEAD_BYTES);
		err = a->snapshot.err;
	}
	if (err && err != ERR_NOTFOUND)
		ask_failed(a, err);
	else
		a->then(a);
}

void ask_snapshot(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	snapshot_key(a->id, key);
	err = documents_get(a->calls->settings.documents, &a->job, a->tenant, key, on_snapshot, a);
	if (err)
		ask_failed(a, err);
}
