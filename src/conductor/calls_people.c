/* The people's side: a call from the browser, the list, one call, ending one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/roles.h"
#include "conductor/calls_state.h"

enum { LIST_MAX = 50, LIST_DEFAULT = 20 };

/* Who may run a command where the house is sees the one that replays a call: `replay`, or NULL. */
static void put_call(struct buf *b, const struct call_record *r, const char *replay, bool reveals)
{
	char words[CALLS_REPLAY_MAX + CALL_ID_MAX + 1];

	json_open(b, '{');
	json_pair_string(b, "call", r->id);
	json_pair_string(b, "state", call_state_name(r->state));
	json_pair_string(b, "direction", r->is_outbound ? "outbound" : "inbound");
	json_pair_string(b, "kind", r->kind);
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
	json_pair_u64(b, "tools", r->tools);
	json_pair_string(b, "reason", r->reason);
	json_pair_string(b, "outcome", r->outcome);
	json_pair_string(b, "result", r->result);
	json_pair_bool(b, "settling", r->state == CALL_ENDED && r->is_settling);
	dial_put(b, &r->dial, reveals);
	transfer_put(b, &r->transfer);
	if (replay && snprintf(words, sizeof(words), "%s %s", replay, r->id) < (int)sizeof(words))
		json_pair_string(b, "replay", words);
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

static void no_worker(struct ask *a)
{
	ask_error(a, 503, "no_worker", "No worker can take a call now.", "Try again in a moment.");
}

static void offer_browser(struct ask *a)
{
	if (!ask_offer(a, "/media/browser", reply_browser) && !ask_wait(a, offer_browser))
		no_worker(a);
}

/* Nobody else makes a call of a random id. */
static void never(struct ask *a)
{
	ask_failed(a, ERR_EXISTS);
}

/* Nothing is begun for a call that nobody can take. */
static void place_browser(struct ask *a)
{
	if (!worker_any(a->calls)) {
		if (!ask_wait(a, place_browser))
			no_worker(a);
		return;
	}
	a->record.began_ms = a->began_ms = calls_now_ms(a->calls);
	snprintf(a->record.kind, sizeof(a->record.kind), "browser");
	a->judge = never;
	a->then = offer_browser;
	call_begin(a, false);
}

static void refuse_browser(struct ask *a, enum err err, const struct err_detail *detail)
{
	if (err == ERR_NOMEM || err == ERR_IO)
		ask_failed(a, err);
	else if (detail->message[0])
		ask_error(a, 422, "unfit", detail->message, detail->hint);
	else
		ask_error(a, 422, "unfit", err == ERR_LIMIT ? "The variables are too large." : "There is no such rule-book or language.", NULL);
}

/* Null is as good as missing. False: it has ended. */
static bool browser_read(struct ask *a, const char **name, const char **language, const json_t **variables)
{
	const json_t *book = json_object_get(a->body, "rulebook"), *spoken = json_object_get(a->body, "language");
	size_t known = (size_t)((book != NULL) + (spoken != NULL) + (json_object_get(a->body, "variables") != NULL));

	*variables = json_object_get(a->body, "variables");
	*variables = json_is_null(*variables) ? NULL : *variables;
	*name = json_string_value(book);
	*language = json_string_value(spoken);
	if (known == json_object_size(a->body) && *name && (!spoken || json_is_null(spoken) || *language) && (!*variables || json_is_object(*variables)))
		return true;
	ask_error(a, 400, "bad_request", "rulebook and language are texts, variables an object, and there is nothing else.", NULL);
	return false;
}

static void on_browser(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	struct err_detail detail = { .message = "" };
	struct call_book *held = NULL;
	const char *name, *language;
	const json_t *variables;
	enum err err;

	if (!a || !ask_person(a, ROLE_OPERATOR) || !ask_body(a) || !browser_read(a, &name, &language, &variables))
		return;
	err = book_current(a->calls, name, &held, &detail);
	if (!err) {
		call_id_random(a->id);
		a->book = rulebook_share(held->book);
		err = call_make(a, language, variables, !variables, &detail);
	}
	if (err)
		refuse_browser(a, err, &detail);
	else
		place_browser(a);
}

/* The page's socket is gone and the call has not ended: another way to it. */
static void judge_again(struct ask *a)
{
	if (!a->began_ms || strcmp(a->record.kind, "browser") != 0)
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
	else if (a->record.state == CALL_ENDED)
		ask_error(a, 409, "ended", "The call has ended.", NULL);
	else
		offer_browser(a);
}

static void on_browser_again(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_person(a, ROLE_OPERATOR))
		return;
	ask_call_id(a);
	a->judge = judge_again;
	ask_find(a);
}

/* ---- seeing ---- */

static void judge_one(struct ask *a)
{
	unsigned int roles = roles_of(jws_token_claims(a->calls->settings.token(a->request)));
	struct buf b;

	if (!a->began_ms) {
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
		return;
	}
	buf_init(&b, 16384);
	put_call(&b, &a->record, roles & ROLE_OPERATOR ? a->calls->settings.replay : NULL, roles & ROLE_REVEAL);
	ask_json(a, 200, &b);
}

static void on_one(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	ask_call_id(a);
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
			put_call(&b, &a->record, NULL, false);
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

/* As the `before` of a page before. */
static bool before_ok(const char *before)
{
	return strlen(before) == 16 + 1 + CALL_ID_MAX - 1 && strspn(before, "0123456789abcdef") == 16 && before[16] == '-' && call_id_ok(before + 17);
}

static size_t limit_of(const char *text)
{
	unsigned long wanted = text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 9 ? strtoul(text, NULL, 10) : 0;

	return !text ? LIST_DEFAULT : wanted > LIST_MAX ? LIST_MAX : wanted;
}

/* A filter that nobody carries out would seem to have found what is listed; of one that is given twice nobody knows which was meant. */
static bool list_knows_all(const struct http_request *r)
{
	const struct http_pairs *query = http_query_all(r);
	size_t befores = 0, limits = 0;

	for (size_t i = 0; i < query->count; i++) {
		befores += !strcmp(query->items[i].name, "before");
		limits += !strcmp(query->items[i].name, "limit");
	}
	return befores <= 1 && limits <= 1 && befores + limits == query->count;
}

static void on_list(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);
	const char *before = http_query(r, "before");
	char after[DOCUMENT_KEY_MAX] = "";
	struct documents_range range = { .prefix = "call/", .after = after, .limit = limit_of(http_query(r, "limit")) };
	enum err err;

	if (!a || !ask_person(a, ROLE_VIEWER))
		return;
	if ((before && !before_ok(before)) || !range.limit) {
		ask_error(a, 400, "bad_request", "`before` is from a list, `limit` a number from 1 on; more than 50 gives 50.", NULL);
		return;
	}
	if (!list_knows_all(r)) {
		ask_error(a, 400, "bad_request", "The list takes `before` and `limit`, each once, and nothing else: it has no filters.", NULL);
		return;
	}
	if (before)
		snprintf(after, sizeof(after), "call/%s", before);
	err = documents_list(a->calls->settings.documents, &a->job, a->tenant, &range, on_page, a);
	if (err)
		ask_failed(a, err);
}

/* ---- ending ---- */

static void ended_here(struct ask *a)
{
	if (dial_is_open(&a->record))
		dialer_look(a->calls, a->tenant, a->id, a->began_ms); /* it may still ring */
	ask_done(a);
}

/* In the document: whoever comes for it is told. */
static void end_here(struct ask *a)
{
	call_record_end(&a->record, "order", calls_now_ms(a->calls));
	a->then = ended_here;
	ask_store(a);
}

/* 404: it is between two workers. Over the document that named this one: if another has attached meanwhile, that one is asked. */
static void on_ordered(const struct http_answer *answer, void *arg)
{
	struct ask *a = arg;

	if (!answer->err && answer->status == 404)
		end_here(a);
	else if (answer->err || answer->status != 204)
		ask_error(a, 502, "worker", "The call's worker does not answer.", "Try again in a moment.");
	else
		ask_done(a);
}

static void order_end(struct ask *a, const struct call_worker *w)
{
	static const struct http_exchange_handlers handlers = { .done = on_ordered };
	static const struct worker_question q = { .what = "orders", .body = "{\"order\":\"end\"}", .total_us = 5000000, .handlers = &handlers };

	ask_of_worker(a, w, &q);
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
		end_here(a);
	}
}

static void on_end(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_person(a, ROLE_OPERATOR))
		return;
	ask_call_id(a);
	a->judge = judge_end;
	ask_find(a);
}

const struct http_route calls_people_routes[] = {
	{ HTTP_POST, "/v1/calls", calls_on_dial, 0, 0 },
	{ HTTP_POST, "/v1/calls/browser", on_browser, 0, 0 },
	{ HTTP_GET, "/v1/calls", on_list, 0, 0 },
	{ HTTP_GET, "/v1/calls/:call", on_one, 0, 0 },
	{ HTTP_POST, "/v1/calls/:call/browser", on_browser_again, ROUTE_NO_BODY, 0 },
	{ HTTP_POST, "/v1/calls/:call/end", on_end, ROUTE_NO_BODY, 0 },
	{ HTTP_GET, "/v1/rulebooks", calls_on_rulebooks, 0, 0 },
	{ HTTP_POST, "/v1/rulebooks/check", calls_on_rulebook_check, 0, RULEBOOK_MAX_BYTES },
	{ HTTP_GET, "/v1/rulebooks/:name", calls_on_rulebook, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};
