/* How a run asks the carrier: the tenant's secrets, one after the other, then one request. They are let go as soon as it was sent, and stand in
 * private buffers meanwhile. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "conductor/dialer_state.h"

enum { LINE_MAX_BYTES = 16384, URL_MAX_BYTES = 4096, FORM_MAX_BYTES = 16384, BODY_MAX_BYTES = 1 << 20, LIMIT_ROOM_S = 30 };

static const struct carrier_rest *rest(const struct dial_run *r)
{
	return r->line->carrier->rest;
}

void run_forget(struct dial_run *r)
{
	for (size_t i = 0; i < DIAL_SECRETS; i++)
		secret_release(&r->secrets[i]);
	memset(r->secrets, 0, sizeof(r->secrets));
}

/* ---- the request ---- */

static void hook_url(const struct dial_run *r, const char *name, char out[CALL_URL_MAX])
{
	snprintf(out, CALL_URL_MAX, "%s/webhooks/%s/%s?call=%s", r->calls->settings.options.server_url, r->line->carrier->kind, name, r->id);
}

/* As long as a call may last by its own settings, and what rings before; the carrier ends it when we do not. */
static unsigned int limit_s(const struct dial_run *r)
{
	struct call_settings settings;

	call_settings_init(&settings);
	if (call_settings_decode(&settings, r->record.settings.data, r->record.settings.len))
		return 0;
	return (unsigned int)((settings.call_max_ms + settings.call_end_ms) / 1000) + r->line->ring_s + LIMIT_ROOM_S;
}

static void place_make(struct dial_run *r, struct carrier_request *q)
{
	const struct calls_line *line = r->line;
	const struct call_record *c = &r->record;
	char voice[CALL_URL_MAX], status[CALL_URL_MAX];
	const struct carrier_place place = { .to = c->dial.to, .from = c->dial.from, .voice_url = voice, .status_url = status,
		.machine_url = line->detects_machines ? status : NULL, .hook_key = r->secrets[DIAL_SECRET_HOOK].value, .name = r->id,
		.flow = r->flow[0] ? r->flow : NULL, .media_url = r->media_url, .token = r->token, .rate_hz = r->calls->settings.media_hz, .ring_s = line->ring_s,
		.limit_s = limit_s(r), .settings = line->settings };

	hook_url(r, "voice", voice);
	hook_url(r, "status", status);
	rest(r)->place(q, line->url, c->account, &place);
}

static void request_make(struct dial_run *r, struct carrier_request *q)
{
	const char *url = r->line->url;
	const struct call_record *c = &r->record;

	if (r->is_transfer)
		run_transfer_request(r, q);
	else if (r->step == DIAL_PLACE)
		place_make(r, q);
	else if (r->step == DIAL_FIND)
		rest(r)->find(q, url, c->account, c->dial.to, c->dial.from);
	else if (r->ends)
		rest(r)->end(q, url, c->account, c->carrier_call);
	else
		rest(r)->look(q, url, c->account, c->carrier_call);
}

static void authorise(const struct dial_run *r, struct buf *line)
{
	const struct secret *key = &r->secrets[DIAL_SECRET_KEY], *user = &r->secrets[DIAL_SECRET_USER];

	rest(r)->authorise(line, user->len ? user->value : r->record.account, key->value, key->len);
}

static enum err request_send(struct dial_run *r)
{
	static const struct http_exchange_handlers handlers = { .done = run_answered };
	const char *headers[] = { NULL, "Accept: application/json", "Content-Type: application/x-www-form-urlencoded", NULL };
	struct http_ask asked = { .headers = headers, .body_max_bytes = BODY_MAX_BYTES, .total_us = (uint64_t)DIAL_ASK_MS * 1000 };
	struct carrier_request q = { .method = HTTP_GET };
	struct err_detail detail;
	struct buf line;
	enum err err;

	buf_init(&q.url, URL_MAX_BYTES);
	buf_init_private(&q.form, FORM_MAX_BYTES);
	buf_init_private(&line, LINE_MAX_BYTES);
	request_make(r, &q);
	authorise(r, &line);
	asked.method = q.method;
	asked.url = buf_str(&q.url);
	asked.body = q.form.len ? q.form.data : NULL;
	asked.len = q.form.len;
	headers[0] = buf_str(&line);
	if (q.method == HTTP_GET)
		headers[2] = NULL;
	err = q.url.err ? q.url.err : q.form.err ? q.form.err : line.err;
	if (!err)
		err = http_exchange_start(&r->exchange, r->line->client, &asked, &handlers, r, &detail);
	buf_fini(&q.url);
	buf_fini(&q.form);
	buf_fini(&line);
	return err;
}

/* ---- the secrets ---- */

/* Nothing was sent: of an attempt that is to be placed it is known how it ended. */
static void not_sent(struct dial_run *r, enum err err)
{
	run_forget(r);
	if (r->is_transfer)
		run_transfer_unanswered(r, false);
	else if (r->step == DIAL_PLACE)
		run_fail(r, LEG_FAILED, err == ERR_NOTFOUND ? "no_key" : "unavailable", 0);
	else
		run_give_up(r, err);
}

static void send_now(struct dial_run *r)
{
	enum err err = request_send(r);

	run_forget(r);
	if (err)
		not_sent(r, err);
}

/* The tenant's secret of that use; NULL: none is wanted. */
static const char *secret_name(const struct dial_run *r, enum dial_secret which)
{
	const struct carrier *c = r->line->carrier;

	switch (which) {
	case DIAL_SECRET_KEY: return c->key;
	case DIAL_SECRET_USER: return c->user;
	case DIAL_SECRET_HOOK: return !r->is_transfer && r->step == DIAL_PLACE ? c->hook_key : NULL;
	default: return NULL;
	}
}

static void secrets_next(struct dial_run *r);

static void on_secret(void *arg, enum err err, struct secret secret)
{
	struct dial_run *r = arg;

	if (err) {
		secret_release(&secret);
		not_sent(r, err);
		return;
	}
	r->secrets[r->secret_at++] = secret;
	secrets_next(r);
}

static void secrets_next(struct dial_run *r)
{
	enum err err;

	while (r->secret_at < DIAL_SECRETS && !secret_name(r, r->secret_at))
		r->secret_at++;
	if (r->secret_at == DIAL_SECRETS) {
		send_now(r);
		return;
	}
	err = secrets_get(r->calls->settings.secrets, &r->job, r->tenant, secret_name(r, r->secret_at), on_secret, r);
	if (err)
		not_sent(r, err);
}

void run_ask(struct dial_run *r)
{
	r->secret_at = DIAL_SECRET_KEY;
	if (r->line)
		secrets_next(r);
	else
		not_sent(r, ERR_UNAVAILABLE); /* the carrier is set up no more */
}
