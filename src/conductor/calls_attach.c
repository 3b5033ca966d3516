/* Attaching: a worker shows the media token of a carrier's call, takes the next epoch, and gets all that the call needs. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "conductor/calls_state.h"

enum { ANSWER_MAX_BYTES = 8 << 20 }; /* the largest snapshot in base64, a flow, a brief */

static void forbid(struct ask *a)
{
	ask_error(a, 403, "forbidden", "The media token is unknown, used, expired or of another call.", NULL);
}

static void put_base64(struct buf *b, const struct buf *bytes)
{
	size_t size = sodium_base64_encoded_len(bytes->len, sodium_base64_VARIANT_ORIGINAL);
	char *text = malloc(size);

	if (!text) {
		b->err = ERR_NOMEM;
		return;
	}
	sodium_bin2base64(text, size, bytes->data ? bytes->data : (const uint8_t *)"", bytes->len, sodium_base64_VARIANT_ORIGINAL);
	json_put_string(b, text);
	free(text);
}

static json_t *variables_of(const struct ask *a)
{
	return json_loadb((const char *)a->record.variables.data, a->record.variables.len, JSON_REJECT_DUPLICATES, NULL);
}

static void put_flow(struct ask *a, struct buf *b)
{
	json_t *variables = variables_of(a);
	struct buf flow;
	enum err err;

	buf_init(&flow, RULEBOOK_JSON_MAX);
	json_put_key(b, "flow");
	err = rulebook_flow_json(a->book, a->record.language, variables, &flow, NULL);
	if (err)
		b->err = err;
	else
		buf_append(b, flow.data, flow.len);
	buf_fini(&flow);
	json_decref(variables);
}

/* What a model is told: for workers that have one to tell. */
static void put_prompt(struct ask *a, struct buf *b)
{
	json_t *variables = variables_of(a);
	struct buf fixed, facts;
	enum err err;

	buf_init(&fixed, RULEBOOK_JSON_MAX);
	buf_init(&facts, RULEBOOK_JSON_MAX);
	json_put_key(b, "prompt");
	json_open(b, '{');
	err = rulebook_prompt(a->book, a->record.language, variables, &fixed, &facts, NULL);
	json_pair_string(b, "fixed", buf_str(&fixed));
	json_pair_string(b, "facts", buf_str(&facts));
	json_put_key(b, "tools");
	rulebook_tools_json(a->book, b);
	json_close(b, '}');
	if (err)
		b->err = err;
	buf_fini(&fixed);
	buf_fini(&facts);
	json_decref(variables);
}

static void put_voice(struct ask *a, const char *language, struct buf *b)
{
	const char *terms[RULEBOOK_KEYTERMS_MAX];
	size_t count = rulebook_keyterms(a->book, language, terms), i;
	struct rulebook_voice voice;

	rulebook_voice(a->book, language, &voice);
	json_put_key(b, "voice");
	json_open(b, '{');
	json_pair_string(b, "name", voice.voice);
	json_pair_u64(b, "speed_percent", voice.speed_percent);
	json_pair_string(b, "recogniser", voice.recogniser);
	json_put_key(b, "keyterms");
	json_open(b, '[');
	for (i = 0; i < count; i++)
		json_put_string(b, terms[i]);
	json_close(b, ']');
	json_close(b, '}');
}

/* The languages that the call may go on in. */
static void put_others(struct ask *a, struct buf *b)
{
	size_t i, count = rulebook_language_count(a->book);

	json_put_key(b, "others");
	json_open(b, '[');
	for (i = 0; i < count; i++) {
		if (!strcmp(rulebook_language_at(a->book, i), a->record.language))
			continue;
		json_open(b, '{');
		json_pair_string(b, "language", rulebook_language_at(a->book, i));
		put_voice(a, rulebook_language_at(a->book, i), b);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void put_pinned(struct ask *a, struct buf *b)
{
	json_put_key(b, "brief");
	put_base64(b, &a->record.brief);
	json_put_key(b, "settings");
	put_base64(b, &a->record.settings);
	put_flow(a, b);
	if (json_is_true(json_object_get(a->body, "prompt")))
		put_prompt(a, b);
	json_pair_string(b, "language", a->record.language);
	put_voice(a, a->record.language, b);
	put_others(a, b);
	json_pair_bool(b, "records_audio", true);
}

void attach_reply(struct ask *a)
{
	char tenant[2 * TENANT_ID_BYTES + 1];
	uint64_t now = calls_now_ms(a->calls);
	struct buf b;

	buf_init(&b, ANSWER_MAX_BYTES);
	tenant_id_text(a->tenant, tenant);
	json_open(&b, '{');
	json_pair_string(&b, "call", a->id);
	json_pair_string(&b, "tenant", tenant_name(a->tenant));
	json_pair_string(&b, "tenant_id", tenant);
	json_pair_u64(&b, "epoch", a->record.epoch);
	json_pair_string(&b, "direction", a->record.is_outbound ? "outbound" : "inbound");
	if (a->record.dial.answered_by[0])
		json_pair_string(&b, "answered_by", a->record.dial.answered_by);
	put_pinned(a, &b);
	json_pair_u64(&b, "began_ms_ago", now > a->record.clock_ms ? now - a->record.clock_ms : 0);
	json_put_key(&b, "snapshot");
	if (a->snapshot.len)
		put_base64(&b, &a->snapshot);
	else
		json_put_null(&b);
	json_close(&b, '}');
	ask_json(a, 200, &b);
}

/* ---- the fence: the snapshot is written again under the new epoch, so that a put of the old one's, which was judged before this
 * attach, finds another revision than the one it looked at ---- */

static void on_fenced(void *arg, enum err err, uint64_t revision)
{
	struct ask *a = arg;

	(void)revision;
	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++a->tries < CALL_TRIES_MAX) {
		ask_snapshot(a); /* the old worker was quicker: its newer one is the one to go on from */
	} else if (err) {
		ask_failed(a, err);
	} else {
		a->then = attach_reply;
		ask_book(a);
	}
}

static void on_snapshot(struct ask *a)
{
	enum err err;

	if (a->snapshot_epoch > a->record.epoch) {
		ask_error(a, 409, "stale", "A later epoch has the call.", NULL);
	} else if (a->record.epoch == 1) {
		a->then = attach_reply;
		ask_book(a);
	} else {
		err = snapshot_put(a, a->record.epoch, a->snapshot.data, a->snapshot.len, on_fenced);
		if (err)
			ask_failed(a, err);
	}
}

static void on_erased(void *arg, enum err err, uint64_t revision)
{
	(void)arg;
	(void)err;
	(void)revision; /* the call's document says what holds */
}

static void on_attached(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];

	call_token_key(a->hash, key);
	if (documents_delete(a->calls->settings.documents, NULL, tenant_house(), key, DOCUMENT_ANY, on_erased, NULL))
		on_erased(NULL, ERR_NONE, 0);
	sight_note(a->calls, a->id, a->record.epoch);
	a->tries = 0;
	a->then = on_snapshot;
	ask_snapshot(a);
}

static bool same(const json_t *carrier, const char *name, const char *known)
{
	const char *said = json_string_value(json_object_get(carrier, name));

	return !*known || (said && !strcmp(said, known));
}

static void judge(struct ask *a)
{
	struct call_record *r = &a->record;
	const json_t *carrier = json_object_get(a->body, "carrier");

	if (!a->began_ms || !same(carrier, "kind", r->kind) || !same(carrier, "account", r->account) || !same(carrier, "call", r->carrier_call)) {
		forbid(a);
	} else if (r->state == CALL_ENDED) {
		ask_error(a, 409, "ended", "The call has ended.", NULL);
	} else if (!call_token_holds(r, calls_now_ms(a->calls), a->hash)) {
		forbid(a);
	} else {
		r->epoch++;
		r->state = CALL_LIVE;
		r->offers = 0;
		r->offered[0] = 0;
		r->prepares[0] = 0;
		if (!r->clock_ms)
			r->clock_ms = calls_now_ms(a->calls);
		memset(r->tokens, 0, sizeof(r->tokens));
		snprintf(r->worker, sizeof(r->worker), "%s", json_string_value(json_object_get(a->body, "worker")));
		a->then = on_attached;
		ask_store(a);
	}
}

static void on_token(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;
	struct call_index index;

	if (!err)
		err = call_index_decode(&index, d->value, d->len);
	if (err == ERR_NOTFOUND) {
		forbid(a);
	} else if (err) {
		ask_failed(a, err);
	} else {
		a->tenant = index.tenant;
		a->began_ms = index.began_ms;
		memcpy(a->id, index.id, sizeof(a->id));
		a->judge = judge;
		ask_load(a);
	}
}

void calls_on_attach(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	const char *token, *worker;
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (!a || !ask_worker(a) || !ask_body(a))
		return;
	token = json_string_value(json_object_get(a->body, "token"));
	worker = json_string_value(json_object_get(a->body, "worker"));
	if (!token || !worker || !worker_name_ok(worker) || !json_is_object(json_object_get(a->body, "carrier"))) {
		ask_error(a, 400, "bad_request", "worker, token and carrier are needed.", NULL);
	} else if (!call_token_hash(token, a->hash)) {
		forbid(a);
	} else {
		call_token_key(a->hash, key);
		err = documents_get(a->calls->settings.documents, &a->job, tenant_house(), key, on_token, a);
		if (err)
			ask_failed(a, err);
	}
}
