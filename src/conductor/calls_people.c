/* The people's side: a call from the browser, the list, one call, ending one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/roles.h"
#include "conductor/calls_state.h"

enum { LIST_MAX = 50, LIST_DEFAULT = 20 };

static void put_call(struct buf *b, const struct call_record *r)
{
	json_open(b, '{');
	json_pair_string(b, "call", r->id);
	json_pair_string(b, "state", call_state_name(r->state));
	json_pair_string(b, "direction", r->is_outbound ? "outbound" : "inbound");
	json_pair_string(b, "carrier", r->kind);
	json_pair_string(b, "rulebook", r->rulebook);
	json_pair_string(b, "version", r->version);
	json_pair_string(b, "hash", r->hash);
	json_pair_string(b, "language", r->language);
	json_pair_u64(b, "epoch", r->epoch);
	json_pair_string(b, "worker", r->worker);
	json_pair_u64(b, "began_ms", r->began_ms);
	json_pair_u64(b, "ended_ms", r->ended_ms);
	json_pair_u64(b, "connected_ms", r->connected_ms);
	json_pair_u64(b, "turns", r->turns);
	json_pair_string(b, "reason", r->reason);
	json_pair_string(b, "outcome", r->outcome);
	json_close(b, '}');
}

/* ---- from the browser ---- */

static void reply_browser(struct ask *a)
{
	struct buf b;

	buf_init(&b, 4096);
	json_open(&b, '{');
	json_pair_string(&b, "call", a->id);
	json_pair_string(&b, "url", a->media_url);
	json_pair_string(&b, "token", a->token);
	json_close(&b, '}');
	ask_json(a, 200, &b);
}

static void store_browser(struct ask *a)
{
	a->then = reply_browser;
	ask_store(a);
}

static void token_browser(struct ask *a)
{
	a->then = store_browser;
	ask_token(a);
}

/* Nobody else makes a call of a random id. */
static void never(struct ask *a)
{
	ask_failed(a, ERR_EXISTS);
}

static void place_browser(struct ask *a)
{
	struct call_worker *w = worker_pick(a->calls, "");

	if (!w) {
		ask_error(a, 503, "no_worker", "No worker can take a call now.", "Try again in a moment.");
	} else if (worker_media_url(a->calls, w, "/media/browser", a->media_url)) {
		ask_failed(a, ERR_LIMIT);
	} else {
		a->record.began_ms = a->began_ms = calls_now_ms(a->calls);
		snprintf(a->record.kind, sizeof(a->record.kind), "browser");
		a->judge = never;
		a->then = token_browser;
		call_begin(a);
	}
}

static void on_browser(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	struct err_detail detail = { .message = "" };
	struct call_book *held = NULL;
	const char *name;
	const json_t *variables;
	enum err err;

	if (!a || !ask_person(a, ROLE_OPERATOR) || !ask_body(a))
		return;
	name = json_string_value(json_object_get(a->body, "rulebook"));
	variables = json_object_get(a->body, "variables");
	err = name ? book_current(a->calls, name, &held, &detail) : ERR_NOTFOUND;
	if (!err) {
		call_id_random(a->id);
		a->book = rulebook_share(held->book);
		err = call_make(a, json_string_value(json_object_get(a->body, "language")), json_is_object(variables) ? variables : NULL, !variables, &detail);
	}
	if (!err)
		place_browser(a);
	else if (err == ERR_NOMEM || err == ERR_IO)
		ask_failed(a, err);
	else
		ask_error(a, 422, "unfit", detail.message[0] ? detail.message : "There is no such rule-book or language.", detail.hint);
}

/* ---- seeing ---- */

static void judge_one(struct ask *a)
{
	struct buf b;

	if (!a->began_ms) {
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
		return;
	}
	buf_init(&b, 16384);
	put_call(&b, &a->record);
	ask_json(a, 200, &b);
}

static void on_one(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	snprintf(a->id, sizeof(a->id), "%s", http_param(r, "call"));
	a->judge = judge_one;
	ask_find(a);
}

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct ask *a = arg;
	struct buf b;

	buf_init(&b, 1 << 20);
	json_open(&b, '{');
	json_put_key(&b, "calls");
	json_open(&b, '[');
	for (size_t i = 0; !err && i < page->count; i++) {
		err = call_record_decode(&a->record, page->items[i].value, page->items[i].len);
		if (!err)
			put_call(&b, &a->record);
	}
	json_close(&b, ']');
	json_put_key(&b, "before"); /* of the next page */
	json_put_string(&b, !err && page->more && page->count ? page->items[page->count - 1].key + strlen("call/") : NULL);
	json_close(&b, '}');
	if (!err) {
		ask_json(a, 200, &b);
		return;
	}
	buf_fini(&b);
	ask_failed(a, err);
}

static void on_list(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	const char *before = http_query(r, "before"), *limit = http_query(r, "limit");
	unsigned long wanted = limit ? strtoul(limit, NULL, 10) : LIST_DEFAULT;
	char after[DOCUMENT_KEY_MAX] = "";
	struct documents_range range = { .prefix = "call/", .after = after, .limit = wanted && wanted < LIST_MAX ? wanted : LIST_MAX };
	enum err err;

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	if (before)
		snprintf(after, sizeof(after), "call/%.100s", before);
	err = before && strspn(before, "0123456789abcdef-") != strlen(before)
		? ERR_USAGE
		: documents_list(a->calls->settings.documents, &a->job, a->tenant, &range, on_page, a);
	if (err == ERR_USAGE)
		ask_error(a, 400, "bad_request", "`before` is not from a list.", NULL);
	else if (err)
		ask_failed(a, err);
}

/* ---- ending ---- */

static void on_ordered(const struct http_answer *answer, void *arg)
{
	struct ask *a = arg;

	if (answer->err || (answer->status != 204 && answer->status != 404))
		ask_error(a, 502, "worker", "The call's worker does not answer.", "Try again in a moment.");
	else if (answer->status == 404)
		ask_error(a, 409, "moving", "The call is between two workers.", "Try again in a moment.");
	else
		ask_done(a);
}

static void order_end(struct ask *a, const struct call_worker *w)
{
	static const struct http_exchange_handlers handlers = { .done = on_ordered };
	const struct calls_settings *s = &a->calls->settings;
	static const char body[] = "{\"order\":\"end\"}";
	const char *headers[3] = { NULL, "Content-Type: application/json", NULL };
	char url[CALL_URL_MAX];
	struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .body = body, .len = sizeof(body) - 1, .total_us = 5000000 };
	struct buf bearer;
	enum err err;

	snprintf(url, sizeof(url), "%s/internal/v1/calls/%s/orders", w->url, a->id);
	buf_init(&bearer, JWS_MAX_BYTES + 64);
	buf_text(&bearer, "Authorization: Bearer ");
	err = s->assertion(s->arg, a->tenant, &bearer);
	headers[0] = buf_str(&bearer);
	if (!err)
		err = http_exchange_start(&a->exchange, s->client, &ask, &handlers, a, NULL);
	buf_fini(&bearer);
	if (err)
		ask_failed(a, err);
}

static void judge_end(struct ask *a)
{
	const struct call_worker *w = a->began_ms ? worker_find(a->calls, a->record.worker) : NULL;

	if (!a->began_ms) {
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
	} else if (a->record.state == CALL_ENDED) {
		ask_done(a);
	} else if (a->record.state == CALL_LIVE && w) {
		order_end(a, w);
	} else {
		a->record.state = CALL_ENDED;
		a->record.ended_ms = calls_now_ms(a->calls);
		snprintf(a->record.reason, sizeof(a->record.reason), "order");
		a->then = ask_done;
		ask_store(a);
	}
}

static void on_end(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_person(a, ROLE_OPERATOR))
		return;
	snprintf(a->id, sizeof(a->id), "%s", http_param(r, "call"));
	a->judge = judge_end;
	ask_find(a);
}

const struct http_route calls_people_routes[] = {
	{ HTTP_POST, "/v1/calls/browser", on_browser, 0, 0 },
	{ HTTP_GET, "/v1/calls", on_list, 0, 0 },
	{ HTTP_GET, "/v1/calls/:call", on_one, 0, 0 },
	{ HTTP_POST, "/v1/calls/:call/end", on_end, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};
