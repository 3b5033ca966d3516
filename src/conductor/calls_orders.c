/* What workers are asked of a call that they have: to do something, and whether its media socket is well. */
#include <stdio.h>
#include <string.h>

#include "conductor/calls_state.h"

enum { SOCKET_BODY_MAX = 40, ANSWERED_BODY_MAX = 100 };

enum err worker_ask(const struct calls *c, const struct tenant *t, const char *id, const struct call_worker *w, const struct worker_question *q,
	struct http_exchange **xp, void *arg)
{
	const struct calls_settings *s = &c->settings;
	const char *headers[3] = { NULL, "Content-Type: application/json", NULL };
	char url[CALL_URL_MAX];
	const struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .body = q->body, .len = strlen(q->body), .total_us = q->total_us,
		.retries_max = q->is_repeatable, .is_repeatable = q->is_repeatable };
	struct err_detail detail;
	struct buf bearer;
	enum err err;

	snprintf(url, sizeof(url), "%s/internal/v1/calls/%s/%s", w->url, id, q->what);
	buf_init(&bearer, JWS_MAX_BYTES + 64);
	buf_text(&bearer, "Authorization: Bearer ");
	err = s->assertion(s->arg, t, &bearer);
	headers[0] = buf_str(&bearer);
	if (!err)
		err = http_exchange_start(xp, s->client, &ask, q->handlers, arg, &detail);
	buf_fini(&bearer);
	return err;
}

void ask_of_worker(struct ask *a, const struct call_worker *w, const struct worker_question *q)
{
	enum err err = worker_ask(a->calls, a->tenant, a->id, w, q, &a->exchange, a);

	if (err)
		ask_failed(a, err);
}

/* Whoever takes the call from a worker that does not answer is told when it attaches. */
static void on_answered(const struct http_answer *answer, void *arg)
{
	struct ask *a = arg;

	(void)answer;
	a->alive(a);
}

void ask_answered(struct ask *a, ask_step *then)
{
	static const struct http_exchange_handlers handlers = { .done = on_answered };
	const struct call_worker *w = a->record.state == CALL_LIVE ? worker_find(a->calls, a->record.worker) : NULL;
	char body[ANSWERED_BODY_MAX];
	const struct worker_question q = { .what = "orders", .body = body, .total_us = CALLS_SOCKET_MS * 1000, .handlers = &handlers };

	a->alive = then;
	snprintf(body, sizeof(body), "{\"order\":\"answered\",\"text\":\"%s\"}", a->record.dial.answered_by); /* letters and _ (carrier.h) */
	if (w)
		ask_of_worker(a, w, &q);
	else
		then(a);
}

/* Who does not answer has no socket: a dead worker must not keep its calls from going on. */
static void on_socket(const struct http_answer *answer, void *arg)
{
	struct ask *a = arg;

	if (!answer->err && answer->status == 204) {
		a->alive(a);
		return;
	}
	a->gone_epoch = a->record.epoch;
	a->judge(a);
}

void ask_socket(struct ask *a, ask_step *alive)
{
	static const struct http_exchange_handlers handlers = { .done = on_socket };
	const struct call_worker *w = worker_find(a->calls, a->record.worker);
	char body[SOCKET_BODY_MAX];
	const struct worker_question q = { .what = "socket", .body = body, .total_us = CALLS_SOCKET_MS * 1000, .is_repeatable = true, .handlers = &handlers };

	a->alive = alive;
	snprintf(body, sizeof(body), "{\"epoch\":%u}", a->record.epoch);
	if (w) {
		ask_of_worker(a, w, &q);
	} else if (calls_is_new(a->calls)) {
		alive(a); /* it may not have said yet that it is there */
	} else {
		a->gone_epoch = a->record.epoch;
		a->judge(a);
	}
}
