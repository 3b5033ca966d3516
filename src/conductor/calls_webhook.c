/* Carriers' webhooks: route, claim, secret, signature; only then is there a tenant and anything done (calls_webhook_judge.c). Those of our own
 * calls out name the call in their URL (?call=ID): its house entry stands in for the route. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"
#include "data/routes.h"

static const struct log log_here = { .plane = "conductor", .doing = "answering a carrier's webhook" };

enum { VISITS_MAX = 1000000 };

static void forbid(struct ask *a)
{
	ask_error(a, 403, "forbidden", "The signature is missing or wrong.", NULL);
}

/* ---- the signature ---- */

struct check {
	const struct ask *ask;
	const struct secret *secret;
};

static bool check_signature(void *arg)
{
	const struct check *c = arg;

	return c->ask->carrier->is_signed(&c->ask->webhook, c->secret->value, c->secret->len);
}

/* Who can sign may be believed. What is over needs no answer; how far a call of ours has come is always heard. */
static void verified(struct ask *a)
{
	a->failed = a->is_onward ? webhook_nothing : a->is_after ? webhook_failed : NULL;
	if (a->is_transfer) {
		a->failed = webhook_failed;
		a->judge = webhook_judge_transfer;
	} else if (a->is_named) {
		a->judge = a->is_status ? webhook_judge_status : webhook_judge_named;
	} else if (a->call.is_over) {
		webhook_nothing(a);
		return;
	} else {
		call_id_of_carrier(a->tenant, a->carrier->kind, &a->call, a->id);
		a->judge = webhook_judge;
	}
	ask_find(a);
}

static void on_secret(void *arg, enum err err, struct secret secret)
{
	struct ask *a = arg;
	struct check check = { .ask = a, .secret = &secret };

	if (!err)
		err = tenant_from_webhook(&a->tenant, a->claim, check_signature, &check);
	secret_release(&secret);
	if (err == ERR_DENIED || err == ERR_NOTFOUND) {
		forbid(a);
	} else if (err) {
		ask_failed(a, err);
	} else {
		verified(a);
	}
}

static void get_secret(struct ask *a, enum err err, const char *tenant)
{
	const char *secret = a->carrier->secret(&a->webhook);

	if (!err && !secret)
		err = ERR_NOTFOUND;
	if (!err)
		err = tenant_claim_from_route(&a->claim, tenant);
	if (!err)
		err = secrets_get_claimed(a->calls->settings.secrets, &a->job, a->claim, secret, on_secret, a);
	if (err == ERR_NOTFOUND)
		forbid(a);
	else if (err)
		ask_failed(a, err);
}

static void on_routes(void *arg, enum err err, const struct documents_page *page)
{
	struct ask *a = arg;
	struct route route = { .number = "" };

	if (!err)
		err = route_pick(&route, page, a->call.account);
	memcpy(a->rulebook, route.rulebook, sizeof(a->rulebook));
	get_secret(a, err, route.tenant);
}

/* The tenant of the entry is no more than a claim before the signature was checked. */
static void on_named(void *arg, enum err err, const struct document *d)
{
	struct ask *a = arg;
	struct call_index index = { .tenant = NULL };

	if (!err)
		err = call_index_decode(&index, d->value, d->len);
	get_secret(a, err, err ? "" : tenant_name(index.tenant));
	tenant_drop(&index.tenant);
}

static void find_named(struct ask *a)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	if (!call_id_ok(a->id) || !a->carrier->hear || a->carrier->hear(&a->webhook, &a->leg)) {
		forbid(a);
		return;
	}
	if (!a->is_status && !a->is_transfer && a->leg.state < LEG_ANSWERED)
		a->leg.state = LEG_ANSWERED; /* before that nobody asks how to go on */
	call_index_key(a->id, key);
	err = documents_get(a->calls->settings.documents, &a->job, tenant_house(), key, on_named, a);
	if (err)
		ask_failed(a, err);
}

static void find_route(struct ask *a)
{
	char number[ROUTE_NUMBER_MAX], prefix[DOCUMENT_KEY_MAX];
	struct documents_range range = { .prefix = prefix, .after = "", .limit = DOCUMENTS_PAGE_MAX };
	enum err err;

	if (a->carrier->read(&a->webhook, &a->call) || route_number(a->call.number, number)) {
		forbid(a);
		return;
	}
	route_prefix(number, prefix);
	err = documents_list(a->calls->settings.documents, &a->job, tenant_house(), &range, on_routes, a);
	if (err)
		ask_failed(a, err);
}

enum hook { HOOK_VOICE, HOOK_AFTER, HOOK_STATUS, HOOK_TRANSFER };

/* By the path's second part. */
static const struct carrier *carrier_of(const struct calls *c, const char *path)
{
	static const char before[] = "/webhooks/";
	const char *kind = path + sizeof(before) - 1;

	for (const struct carrier *const *at = c->settings.carriers; at && *at; at++)
		if (!strncmp(kind, (*at)->kind, strlen((*at)->kind)) && kind[strlen((*at)->kind)] == '/')
			return *at;
	return NULL;
}

/* The request's bytes. False: they are none of this carrier's. */
static bool webhook_take(struct ask *a)
{
	struct carrier_webhook *w = &a->webhook;
	const struct http_request *r = a->request;
	const struct carrier *carrier = a->carrier;

	w->url = a->url;
	w->signature = http_header(r, carrier->signature_header);
	w->signature_settings = carrier->settings_header ? http_header(r, carrier->settings_header) : NULL;
	w->query = http_query_all(r);
	w->body = http_body(r, &w->body_len);
	snprintf(a->url, sizeof(a->url), "%s%s", a->calls->settings.options.server_url, http_target(r));
	if (carrier->is_resolver && http_method(r) != HTTP_POST)
		w->form = w->query;
	else if (!http_form(r, &a->form))
		w->form = &a->form;
	return carrier->is_resolver || (w->signature && w->form);
}

/* The call of ours that the address names, or what the carrier was given to say again. */
static const char *named_by(const struct carrier *carrier, const struct http_request *r)
{
	const char *id = http_query(r, "call");

	return id || !carrier || !carrier->named ? id : carrier->named(http_query_all(r));
}

static void begin(struct calls *c, struct http_request *r, enum hook hook)
{
	const struct carrier *carrier = carrier_of(c, http_path(r));
	const char *attempt = http_query(r, "attempt"), *named = named_by(carrier, r), *visit = http_query(r, "visit"), *step = http_query(r, "step");
	struct ask *a = ask_begin(c, r);

	if (!a)
		return;
	if (!carrier || !*c->settings.options.server_url) {
		log_warn(&log_here, "server.public_url is not set", LOG_TEXT("path", http_path(r)));
		ask_error(a, 503, "unavailable", "No carrier is set up here.", NULL);
		return;
	}
	a->carrier = carrier;
	a->is_after = hook == HOOK_AFTER;
	a->is_status = hook == HOOK_STATUS;
	a->is_repeat = hook == HOOK_VOICE;
	a->is_onward = a->is_after && carrier->is_resolver;
	a->is_transfer = hook == HOOK_TRANSFER;
	a->is_named = named || a->is_status || a->is_transfer;
	snprintf(a->step, sizeof(a->step), "%s", step ? step : "");
	snprintf(a->id, sizeof(a->id), "%s", named ? named : "");
	a->attempt = attempt ? (unsigned int)strtoul(attempt, NULL, 10) % 100 : 0;
	a->visit = visit ? (uint32_t)(strtoul(visit, NULL, 10) % VISITS_MAX) : 0;
	if (!webhook_take(a))
		forbid(a);
	else if (a->is_named)
		find_named(a);
	else
		find_route(a);
}

static void on_voice(struct http_request *r, void *arg)
{
	begin(arg, r, HOOK_VOICE);
}

static void on_after(struct http_request *r, void *arg)
{
	begin(arg, r, HOOK_AFTER);
}

/* How far a leg has come, or who answered it. */
static void on_status(struct http_request *r, void *arg)
{
	begin(arg, r, HOOK_STATUS);
}

/* A call that is handed over to a person. */
static void on_transfer(struct http_request *r, void *arg)
{
	begin(arg, r, HOOK_TRANSFER);
}

const struct http_route calls_webhook_routes[] = {
	{ HTTP_POST, "/webhooks/twilio/voice", on_voice, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/twilio/after", on_after, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/twilio/status", on_status, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/twilio/transfer", on_transfer, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/webhooks/exotel/voice", on_voice, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/webhooks/exotel/after", on_after, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/exotel/status", on_status, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};
