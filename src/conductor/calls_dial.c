/* POST /v1/calls: a call out. The attempt is stored as a call that waits before the carrier is asked (dialer.c); whoever asked is told its id at
 * once, and follows it there. With an Idempotency-Key the same request is the same call, whenever it comes. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/roles.h"
#include "conductor/calls_state.h"

enum { KEY_MAX = 200, ANSWER_MS = 30000 /* from picking up to the socket */ };

static void reply(struct ask *a)
{
	struct buf b;

	buf_init(&b, 1024);
	json_open(&b, '{');
	json_pair_string(&b, "call", a->id);
	json_pair_string(&b, "state", dial_state_name(a->record.dial.state));
	json_close(&b, '}');
	ask_json(a, 202, &b);
}

static void stored(struct ask *a)
{
	const struct dial_way way = { .flow = a->flow, .media_url = a->media_url, .token = a->token };

	dialer_place(a->calls, a->tenant, a->id, a->began_ms, &way);
	reply(a);
}

/* ---- the same request again ---- */

static const char *to_of(const struct ask *a)
{
	return json_string_value(json_object_get(a->body, "to"));
}

static bool is_same(const struct ask *a)
{
	const char *book = json_string_value(json_object_get(a->body, "rulebook"));
	struct err_detail detail;
	char to[ROUTE_NUMBER_MAX];

	return !dial_number(to_of(a), to, &detail) && !strcmp(to, a->record.dial.to) && !strcmp(book, a->record.rulebook);
}

static void make(struct ask *a);

/* Somebody has made it; or its maker died between entry and document, and nobody has asked the carrier. */
static void judge_made(struct ask *a)
{
	if (a->revision == DOCUMENT_NONE)
		make(a);
	else if (is_same(a))
		reply(a);
	else
		ask_error(a, 422, "key_used", "This Idempotency-Key was used for another call.", "Each call has a key of its own.");
}

static void id_of_key(struct ask *a, const char *key)
{
	uint8_t tenant[TENANT_ID_BYTES], hash[16];
	crypto_generichash_state state;

	tenant_id(a->tenant, tenant);
	crypto_generichash_init(&state, (const uint8_t *)"callfunnel dial", 15, sizeof(hash));
	crypto_generichash_update(&state, tenant, sizeof(tenant));
	crypto_generichash_update(&state, (const uint8_t *)key, strlen(key));
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(a->id, sizeof(a->id), hash, sizeof(hash));
}

/* ---- making it ---- */

static void refuse(struct ask *a, enum err err, const struct err_detail *detail)
{
	if (err == ERR_NOMEM || err == ERR_IO)
		ask_failed(a, err);
	else if (detail->message[0])
		ask_error(a, 422, "unfit", detail->message, detail->hint);
	else
		ask_error(a, 422, "unfit", err == ERR_LIMIT ? "The variables are too large." : "There is no such rule-book or language.", NULL);
}

/* The carrier is given a worker's address at once, with a token that lives until somebody has answered; else it asks for it then. */
static void store(struct ask *a)
{
	if (!a->line->carrier->flow || a->flow[0]) {
		a->then = stored;
		ask_store(a);
		return;
	}
	a->token_ms = DIAL_PLACE_MS + DIAL_ASK_MS + (uint64_t)a->line->ring_s * 1000 + ANSWER_MS;
	if (!ask_offer(a, a->line->carrier->media_path, stored))
		ask_error(a, 503, "no_worker", "No worker can take a call now.", "Try again in a moment.");
}

static void begin(struct ask *a)
{
	bool is_known = a->began_ms;

	if (!worker_any(a->calls)) {
		if (!ask_wait(a, begin))
			ask_error(a, 503, "no_worker", "No worker can take a call now.", "Try again in a moment.");
		return;
	}
	if (!dialer_has_room(a->calls)) {
		ask_error(a, 503, "busy", "Too many calls are being placed.", "Try again in a moment.");
		return;
	}
	a->record.dial.asked_ms = calls_now_ms(a->calls);
	if (!a->line->carrier->flow) /* what else it is told dies with us (struct dial_way) */
		a->record.dial.place_by_ms = a->record.dial.asked_ms + (a->request ? DIAL_PLACE_MS : DIAL_BACK_MS);
	if (!is_known)
		a->began_ms = a->record.dial.asked_ms;
	a->record.began_ms = a->began_ms;
	a->judge = judge_made;
	a->then = store;
	call_begin(a, is_known);
}

/* ---- whose number, which account ---- */

static void on_flow(void *arg, enum err err, struct secret secret)
{
	struct ask *a = arg;
	bool fits = !err && secret.len < sizeof(a->flow) && route_account_ok(secret.value);

	if (fits)
		snprintf(a->flow, sizeof(a->flow), "%s", secret.value);
	secret_release(&secret);
	if (!err && !fits)
		ask_error(a, 422, "no_flow", "The carrier has no flow of such a name.", "Letters, digits, - and _: callfunnel secret set TENANT exotel.app_id.");
	else if (err && err != ERR_NOTFOUND)
		ask_failed(a, err);
	else
		begin(a);
}

static void find_flow(struct ask *a)
{
	const char *name = a->line->carrier->flow;
	enum err err;

	a->flow[0] = 0;
	if (!name) {
		begin(a);
		return;
	}
	err = secrets_get(a->calls->settings.secrets, &a->job, a->tenant, name, on_flow, a);
	if (err)
		ask_failed(a, err);
}

static void no_account(struct ask *a)
{
	char hint[160];

	snprintf(hint, sizeof(hint), "Name it in the number's route (--account), or as the secret %s.", a->line->carrier->account);
	ask_error(a, 422, "no_account", "The carrier's account is not known.", hint);
}

static void on_account(void *arg, enum err err, struct secret secret)
{
	struct ask *a = arg;

	if (!err && (secret.len >= sizeof(a->record.account) || !route_account_ok(secret.value)))
		err = ERR_NOTFOUND;
	if (!err)
		snprintf(a->record.account, sizeof(a->record.account), "%s", secret.value);
	secret_release(&secret);
	if (err == ERR_NOTFOUND)
		no_account(a);
	else if (err)
		ask_failed(a, err);
	else
		find_flow(a);
}

static void find_account(struct ask *a)
{
	enum err err;

	if (a->record.account[0]) {
		find_flow(a);
		return;
	}
	err = secrets_get(a->calls->settings.secrets, &a->job, a->tenant, a->line->carrier->account, on_account, a);
	if (err)
		ask_failed(a, err);
}

/* By the route's carrier. */
static void find_line(struct ask *a, const char *kind)
{
	a->line = line_find(a->calls, kind);
	if (!a->line) {
		ask_error(a, 422, "no_carrier", "No calls go out by the carrier of that number's route.", "callfunnel route add --carrier names one that is set up.");
		return;
	}
	a->carrier = a->line->carrier;
	snprintf(a->record.kind, sizeof(a->record.kind), "%s", a->carrier->kind);
	find_account(a);
}

/* The number that was asked for, or, of those that are the tenant's, rather the rule-book's own. */
static bool is_better(const struct ask *a, const struct route *r, bool has_one)
{
	return !strcmp(r->tenant, tenant_name(a->tenant)) && (!has_one || !strcmp(r->rulebook, a->record.rulebook));
}

static void on_routes(void *arg, enum err err, const struct documents_page *page)
{
	struct ask *a = arg;
	struct call_dial *d = &a->record.dial;
	char carrier[ROUTE_CARRIER_MAX] = "";
	struct route r;

	for (size_t i = 0; !err && i < page->count; i++) {
		err = route_decode(&r, &page->items[i]);
		if (err || !is_better(a, &r, a->rulebook[0]))
			continue;
		snprintf(a->rulebook, sizeof(a->rulebook), "%s", r.rulebook);
		snprintf(d->from, sizeof(d->from), "%s", r.number);
		snprintf(a->record.account, sizeof(a->record.account), "%s", r.account);
		memcpy(carrier, r.carrier, sizeof(carrier));
		if (!strcmp(r.rulebook, a->record.rulebook))
			break;
	}
	if (err)
		ask_failed(a, err);
	else if (!a->rulebook[0])
		ask_error(a, 422, "no_number", "That is no number of yours to call from.", "A number is a tenant's by its route: callfunnel route add.");
	else if (!strcmp(d->from, d->to))
		ask_error(a, 422, "bad_number", "A number cannot call itself.", NULL);
	else
		find_line(a, carrier);
}

static void find_from(struct ask *a)
{
	const char *from = json_string_value(json_object_get(a->body, "from"));
	char number[ROUTE_NUMBER_MAX] = "", prefix[DOCUMENT_KEY_MAX] = "route/";
	struct documents_range range = { .prefix = prefix, .after = "", .limit = DOCUMENTS_PAGE_MAX };
	enum err err;

	if (from && (route_number(from, number) || !route_number_whole(number))) {
		ask_error(a, 422, "bad_number", "`from` is no phone number with its country.", "Write it so: +15550100");
		return;
	}
	if (from)
		route_prefix(number, prefix);
	a->rulebook[0] = 0;
	err = documents_list(a->calls->settings.documents, &a->job, tenant_house(), &range, on_routes, a);
	if (err)
		ask_failed(a, err);
}

/* ---- the request ---- */

static const json_t *variables_of(const struct ask *a)
{
	const json_t *v = json_object_get(a->body, "variables");

	return json_is_null(v) ? NULL : v;
}

static bool is_text_or_none(const json_t *v)
{
	return !v || json_is_null(v) || json_is_string(v);
}

static bool is_whole(const struct ask *a)
{
	const json_t *variables = variables_of(a);

	return to_of(a) && json_is_string(json_object_get(a->body, "rulebook")) && is_text_or_none(json_object_get(a->body, "from")) &&
		is_text_or_none(json_object_get(a->body, "language")) && (!variables || json_is_object(variables));
}

static void make(struct ask *a)
{
	const struct calls_settings *s = &a->calls->settings;
	struct err_detail detail = { .message = "" };
	struct call_book *held = NULL;
	enum err err = book_current(a->calls, json_string_value(json_object_get(a->body, "rulebook")), &held, &detail);

	a->record.is_outbound = true;
	if (!err) {
		rulebook_free(a->book);
		a->book = rulebook_share(held->book);
		err = call_make(a, json_string_value(json_object_get(a->body, "language")), variables_of(a), !variables_of(a) && s->options.samples, &detail);
	}
	if (err) {
		refuse(a, err, &detail);
		return;
	}
	if (dial_number(to_of(a), a->record.dial.to, &detail))
		ask_error(a, 422, "bad_number", detail.message, detail.hint);
	else
		find_from(a);
}

static void judge_new(struct ask *a)
{
	if (a->began_ms)
		judge_made(a);
	else
		make(a);
}

void dial_judge_begin(struct ask *a)
{
	a->carrier = line_find(a->calls, "")->carrier; /* until the route says which: whoever died between entry and document is made again */
	a->judge = judge_new;
	ask_find(a);
}

/* False: it has ended. */
static bool take_key(struct ask *a)
{
	const char *key = http_header(a->request, "Idempotency-Key");

	if (!key) {
		call_id_random(a->id);
		return true;
	}
	if (!*key || strlen(key) > KEY_MAX) {
		ask_error(a, 400, "bad_request", "Idempotency-Key has 1 to 200 bytes.", NULL);
		return false;
	}
	id_of_key(a, key);
	return true;
}

void calls_on_dial(struct http_request *r, void *arg)
{
	struct calls *c = arg;
	struct ask *a = ask_begin(c, r);

	if (!a || !ask_person(a, ROLE_OPERATOR) || !ask_body(a) || !take_key(a))
		return;
	if (!is_whole(a))
		ask_error(a, 400, "bad_request", "to and rulebook are texts, from and language too, variables an object.", NULL);
	else if (!line_find(c, "") || !*c->settings.options.server_url)
		ask_error(a, 503, "unavailable", "No carrier is set up here.", NULL);
	else
		dial_judge_begin(a);
}
