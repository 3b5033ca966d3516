/* Carriers' webhooks: route, claim, secret, signature; only then is there a tenant and anything done. Those of our own calls out name the
 * call in their URL (?call=ID): its house entry stands in for the route. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"
#include "data/routes.h"

static const struct log log_here = { .plane = "conductor", .doing = "answering a carrier's webhook" };

enum { VISITS_MAX = 1000000 };

#define SORRY "We are sorry, nobody can take your call right now. Please try again later."

/* ---- answers ---- */

static void answer(struct ask *a, struct buf *b)
{
	if (b->err)
		ask_failed(a, b->err);
	else {
		http_reply_as(a->request, 200, a->carrier->answer_type, b->data, b->len);
		ask_over(a);
	}
	buf_fini(b);
}

static void answer_hang_up(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->hang_up(&b);
	answer(a, &b);
}

static void answer_sorry(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->apologise(&b, "en-US", SORRY);
	answer(a, &b);
}

static void answer_nothing(struct ask *a)
{
	struct buf b;

	buf_init(&b, 65536);
	a->carrier->acknowledge(&b);
	answer(a, &b);
}

/* The URL is signed, and its number is good for one offer: whoever sends it once more has overheard it, or did not get the answer. A number that was
 * asked by and not used stays, also when the call could not be read. */
static void after_url(const struct ask *a, unsigned int attempt, char out[CALL_URL_MAX])
{
	uint32_t visit = a->visit > a->record.visits ? a->visit : a->record.visits + 1;
	int len = snprintf(out, CALL_URL_MAX, "%s/webhooks/%s/after?%s%s%svisit=%" PRIu32, a->calls->settings.options.server_url, a->carrier->kind,
		a->is_named ? "call=" : "", a->is_named ? a->id : "", a->is_named ? "&" : "", visit);

	if (attempt)
		snprintf(out + len, CALL_URL_MAX - (size_t)len, "&attempt=%u", attempt);
}

static void answer_offer(struct ask *a)
{
	char after[CALL_URL_MAX];
	struct carrier_offer offer = { .media_url = a->media_url, .token = a->token, .after_url = after, .pause_s = a->is_after && a->record.offers > 1 };
	struct buf b;

	buf_init(&b, 65536);
	after_url(a, 0, after);
	a->carrier->connect(&b, &offer);
	answer(a, &b);
}

static void answer_retry(struct ask *a)
{
	char after[CALL_URL_MAX];
	struct buf b;

	buf_init(&b, 65536);
	after_url(a, a->attempt, after);
	a->carrier->retry(&b, after, 1);
	answer(a, &b);
}

/* Not now, and somebody is on the line: the carrier asks again in a second, and says how often it did. */
static void answer_failed(struct ask *a)
{
	if (++a->attempt <= CALLS_OFFERS_MAX)
		answer_retry(a);
	else
		answer_sorry(a);
}

static void forbid(struct ask *a)
{
	ask_error(a, 403, "forbidden", "The signature is missing or wrong.", NULL);
}

/* ---- the offer ---- */

static void end_sorry(struct ask *a, const char *reason)
{
	call_record_end(&a->record, reason, calls_now_ms(a->calls));
	a->then = answer_sorry;
	ask_store(a);
}

static void offer(struct ask *a);

/* Nobody has room. Who has been heard already waits a little; so does who rings while we hardly know who is there. */
static void no_worker(struct ask *a)
{
	if (!a->is_after && a->record.state == CALL_WAITING) {
		if (ask_wait(a, offer))
			return;
		sight_note(a->calls, a->id, a->record.epoch); /* the sweeper leaves it alone for as long as it may come again */
		end_sorry(a, "no_worker");
		return;
	}
	a->record.offers++;
	sight_note(a->calls, a->id, a->record.epoch);
	a->then = answer_retry;
	ask_store(a);
}

static void offer(struct ask *a)
{
	a->token[0] = 0;
	if (a->is_after && a->record.offers >= CALLS_OFFERS_MAX)
		end_sorry(a, a->record.state == CALL_WAITING ? "unanswered" : "lost");
	else if (!ask_offer(a, a->carrier->media_path, answer_offer))
		no_worker(a);
}

/* ---- the call ---- */

static void make(struct ask *a)
{
	struct err_detail detail = { .message = "" };
	struct call_book *held;
	enum err err = book_current(a->calls, a->rulebook, &held, &detail);
	bool is_new = !a->began_ms;

	if (!err) {
		rulebook_free(a->book);
		a->book = rulebook_share(held->book);
		err = call_make(a, NULL, NULL, a->calls->settings.options.samples, &detail);
	}
	if (err) {
		log_warn(&log_here, "the rule-book does not serve this call", LOG_ERR(err), LOG_TEXT("rulebook", a->rulebook), LOG_TEXT("why", detail.message));
		answer_sorry(a);
		return;
	}
	if (is_new)
		a->began_ms = calls_now_ms(a->calls);
	a->record.began_ms = a->began_ms;
	a->record.is_outbound = a->call.is_outbound;
	snprintf(a->record.kind, sizeof(a->record.kind), "%s", a->carrier->kind);
	memcpy(a->record.account, a->call.account, sizeof(a->record.account));
	memcpy(a->record.carrier_call, a->call.call, sizeof(a->record.carrier_call));
	a->then = offer;
	call_begin(a, !is_new);
}

/* The carrier asks again though we have apologised: it did not get that, and somebody is still on the line. Later than a carrier waits for an
 * answer it has been heard, and the call is over. */
static bool comes_again(const struct ask *a)
{
	return calls_now_ms(a->calls) - a->record.ended_ms < CALLS_AGAIN_MS;
}

/* It has ended. Who asks again after nobody took it is told again, unless somebody can take it now. */
static void answer_ended(struct ask *a)
{
	if (a->is_after || strcmp(a->record.reason, "no_worker") != 0) {
		answer_hang_up(a);
	} else if (comes_again(a) && worker_any(a->calls)) {
		call_record_reopen(&a->record);
		a->then = offer;
		call_reopen(a);
	} else if (!comes_again(a) || !ask_wait(a, ask_load)) {
		answer_sorry(a);
	}
}

/* A carrier asks how to answer before anybody has the call: who asks it of one that is talked in says again what he has overheard. */
static bool is_replay(const struct ask *a)
{
	return !a->is_after && a->record.state == CALL_LIVE;
}

/* The carrier asks what is next when the media socket is gone. While it is well, this was overheard and is said again, or the line broke so
 * that only the carrier knows: no stream takes the call from whoever has it, and who asks may ask again. */
static void answer_alive(struct ask *a)
{
	log_warn(&log_here, "a call that is talked in is asked for: it is given no second stream", LOG_TEXT("id", a->id));
	answer_failed(a);
}

/* An offer was made by this URL. A carrier that did not get the answer goes on by the URL of this one; nobody else can sign that. */
static bool is_used(const struct ask *a)
{
	return a->is_after && a->visit && a->visit <= a->record.visits;
}

static void judge_known(struct ask *a)
{
	if (a->record.state == CALL_ENDED) {
		answer_ended(a);
	} else if (is_replay(a)) {
		log_warn(&log_here, "a webhook came once more for a call that is answered: it is given no stream", LOG_TEXT("id", a->id));
		answer_hang_up(a);
	} else if (is_used(a)) {
		log_warn(&log_here, "a webhook came once more: it is given no stream, and told to come back", LOG_TEXT("id", a->id));
		answer_retry(a);
	} else if (a->record.state == CALL_LIVE && a->gone_epoch != a->record.epoch) {
		ask_socket(a, answer_alive);
	} else {
		a->record.visits = a->visit ? a->visit : a->record.visits; /* stored with the offer */
		offer(a);
	}
}

static void judge(struct ask *a)
{
	if (a->revision != DOCUMENT_NONE && a->began_ms)
		judge_known(a);
	else if (a->is_after)
		answer_hang_up(a); /* nobody knows it */
	else
		make(a);
}

/* ---- a call of ours: the URL names it ---- */

static void foreign(struct ask *a)
{
	log_warn(&log_here, "a leg that is not this attempt's: it is given no stream", LOG_TEXT("id", a->id));
	answer_hang_up(a);
}

static enum dial_news hear(struct ask *a)
{
	if (a->revision == DOCUMENT_NONE || !a->began_ms || !dial_is_ours(&a->record))
		return DIAL_FOREIGN;
	return dial_hear(&a->record, &a->leg, calls_now_ms(a->calls));
}

/* It was answered, or its socket is gone. What was heard is stored with the offer. */
static void judge_named(struct ask *a)
{
	enum dial_news news = hear(a);

	if (news == DIAL_FOREIGN) {
		foreign(a);
	} else if (news == DIAL_NEWS && a->record.state != CALL_WAITING) {
		a->then = judge_known;
		ask_store(a);
	} else {
		judge_known(a);
	}
}

static void judge_status(struct ask *a)
{
	enum dial_news news = hear(a);

	if (news == DIAL_NEWS) {
		a->then = answer_nothing;
		ask_store(a);
		return;
	}
	if (news == DIAL_FOREIGN)
		log_warn(&log_here, "a webhook tells of a leg that is not this attempt's", LOG_TEXT("id", a->id));
	answer_nothing(a);
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
	a->failed = a->is_after ? answer_failed : NULL;
	if (a->is_named) {
		a->judge = a->is_status ? judge_status : judge_named;
	} else if (a->call.is_over) {
		answer_nothing(a);
		return;
	} else {
		call_id_of_carrier(a->tenant, a->carrier->kind, &a->call, a->id);
		a->judge = judge;
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

	if (!call_id_ok(a->id) || !a->carrier->rest || a->carrier->rest->hear(&a->webhook, &a->leg)) {
		forbid(a);
		return;
	}
	if (!a->is_status && a->leg.state < LEG_ANSWERED)
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

enum hook { HOOK_VOICE, HOOK_AFTER, HOOK_STATUS };

static void begin(struct calls *c, struct http_request *r, enum hook hook)
{
	const struct carrier *carrier = c->settings.carrier;
	const char *attempt = http_query(r, "attempt"), *named = http_query(r, "call"), *visit = http_query(r, "visit");
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
	a->is_named = named || a->is_status;
	snprintf(a->id, sizeof(a->id), "%s", named ? named : "");
	a->attempt = attempt ? (unsigned int)strtoul(attempt, NULL, 10) % 100 : 0;
	a->visit = visit ? (uint32_t)(strtoul(visit, NULL, 10) % VISITS_MAX) : 0;
	a->webhook.url = a->url;
	a->webhook.signature = http_header(r, carrier->signature_header);
	a->webhook.signature_settings = carrier->settings_header ? http_header(r, carrier->settings_header) : NULL;
	a->webhook.body = http_body(r, &a->webhook.body_len);
	snprintf(a->url, sizeof(a->url), "%s%s", c->settings.options.server_url, http_target(r));
	if (!a->webhook.signature || http_form(r, &a->form)) {
		forbid(a);
		return;
	}
	a->webhook.form = &a->form;
	if (a->is_named)
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

const struct http_route calls_webhook_routes[] = {
	{ HTTP_POST, "/webhooks/twilio/voice", on_voice, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/twilio/after", on_after, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/webhooks/twilio/status", on_status, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};
