/* The life of an exchange: look-up, attempts, deadlines, its end. The phases are drawn in http_client_parts.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/http_client_parts.h"
#include "base/num.h"

enum { PAUSE_US = 100000, PAUSE_MAX_US = 2000000 };

static void on_step(uv_timer_t *timer);

/* ---- the end ---- */

static void exchange_free(struct http_exchange *x)
{
	ask_free(&x->ask);
	buf_fini(&x->fields);
	buf_fini(&x->body);
	free(x);
}

static void on_closed(uv_handle_t *handle)
{
	struct http_exchange *x = handle->data;
	struct http_client *c = x->client;

	exchange_free(x);
	http_client_unhold(c);
}

static void unlink_exchange(struct http_exchange *x)
{
	*(x->prev ? &x->prev->next : &x->client->exchanges) = x->next;
	if (x->next)
		x->next->prev = x->prev;
	x->client->exchange_count--;
}

void exchange_silence(struct http_exchange *x)
{
	if (x->slot)
		*x->slot = NULL;
	x->slot = NULL;
	x->handlers = NULL;
	x->phase = EXCHANGE_OVER;
}

void exchange_release(struct http_exchange *x)
{
	attempt_end(x);
	unlink_exchange(x);
	uv_close((uv_handle_t *)&x->timer, on_closed);
}

void http_exchange_cancel(struct http_exchange **xp)
{
	struct http_exchange *x = *xp;

	if (!x)
		return;
	assert(x->slot == xp);
	exchange_silence(x);
	if (x->client->in_curl)
		x->client->sweeps = true;
	else
		exchange_release(x);
}

/* The answer's memory stays until the loop's next turn. */
static void tell(struct http_exchange *x, enum err err)
{
	const struct http_exchange_handlers *handlers = x->handlers;

	attempt_end(x);
	x->answer.err = err;
	x->answer.total_us = http_client_now_us() - x->started_us;
	x->answer.is_open_ended = x->answer.len && !x->answer.is_http2 && !http_answer_header(&x->answer, "Content-Length") &&
		!http_answer_header(&x->answer, "Transfer-Encoding");
	if (!handlers->piece && !err)
		x->answer.body = (const uint8_t *)buf_str(&x->body);
	exchange_silence(x);
	unlink_exchange(x);
	uv_close((uv_handle_t *)&x->timer, on_closed);
	handlers->done(&x->answer, x->arg);
}

static bool may_retry(const struct http_exchange *x, enum err err, uint64_t now_us)
{
	bool passing = err == ERR_UNAVAILABLE || err == ERR_CLOSED || err == ERR_TIMEOUT || err == ERR_IO;
	bool in_time = x->ask.total_us == HTTP_NO_LIMIT || now_us + PAUSE_MAX_US / 10 < x->started_us + x->ask.total_us;

	return passing && in_time && x->answer.attempts <= x->ask.retries_max && !x->answer.first_us && (!x->answer.was_sent || x->ask.is_repeatable);
}

static void over(struct http_exchange *x, enum err err)
{
	uint64_t now_us = http_client_now_us();
	uint64_t pause_us = num_min((uint64_t)PAUSE_US << num_min(x->answer.attempts - 1, 8), PAUSE_MAX_US);

	if (!may_retry(x, err, now_us)) {
		tell(x, err);
		return;
	}
	attempt_end(x);
	x->phase = EXCHANGE_PAUSE;
	x->attempt_us = now_us + pause_us / 2 + randombytes_uniform((uint32_t)pause_us);
	exchange_kick(x);
}

void exchange_ended(struct http_exchange *x, CURLcode code)
{
	over(x, attempt_judge(x, code, &x->answer.detail));
}

static void fail(struct http_exchange *x, enum err err, const char *message, const char *hint)
{
	struct err_detail *detail = &x->answer.detail;

	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%.*s", (int)sizeof(detail->where) - 1, x->ask.where);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	over(x, err);
}

/* ---- deadlines ---- */

static uint64_t plus(uint64_t from_us, uint64_t us)
{
	return us > UINT64_MAX - from_us ? UINT64_MAX : from_us + us;
}

static uint64_t phase_deadline_us(const struct http_exchange *x)
{
	if (x->phase == EXCHANGE_PAUSE)
		return x->attempt_us;
	if (!x->is_connected)
		return plus(x->attempt_us, x->ask.connect_us);
	return x->is_paused || x->is_held ? UINT64_MAX : plus(x->moved_us, x->ask.idle_us);
}

static void arm(struct http_exchange *x)
{
	uint64_t at_us = num_min(phase_deadline_us(x), plus(x->started_us, x->ask.total_us));
	uint64_t left_us = num_over(at_us, http_client_now_us());

	uv_update_time(x->timer.loop);
	if (at_us == UINT64_MAX)
		uv_timer_stop(&x->timer);
	else
		uv_timer_start(&x->timer, on_step, left_us / 1000 + 1, 0);
}

void exchange_kick(struct http_exchange *x)
{
	uv_timer_start(&x->timer, on_step, 0, 0);
}

/* True: it is over, or begins anew. */
static bool is_late(struct http_exchange *x, uint64_t now_us)
{
	if (now_us >= plus(x->started_us, x->ask.total_us))
		fail(x, ERR_TIMEOUT, "the answer took too long", "try again; look at the server");
	else if (x->phase == EXCHANGE_PAUSE || now_us < phase_deadline_us(x))
		return false;
	else if (!x->is_connected)
		fail(x, ERR_TIMEOUT, "the connection took too long", "is the server up, and may it be reached from here?");
	else
		fail(x, ERR_TIMEOUT, "the connection has gone quiet", "try again; look at the server");
	return true;
}

/* ---- step by step ---- */

static void attempt_reset(struct http_exchange *x)
{
	x->answer.attempts++;
	x->answer.detail = (struct err_detail){ .message = "" };
	x->answer.status = 0;
	x->answer.len = 0;
	x->is_connected = x->was_refused = x->has_head = x->is_held = false;
	x->own_err = ERR_NONE;
	x->sent_bytes = x->got_bytes = 0;
	x->field_lines = 0;
	buf_reset(&x->fields);
	buf_reset(&x->body);
	x->phase = EXCHANGE_LOOKUP;
}

static void step_lookup(struct http_exchange *x)
{
	struct http_client *c = x->client;
	const char *host = c->proxy ? c->proxy_host : x->ask.host, *addresses = NULL, *why = NULL;
	enum name_state state = name_is_address(host) ? NAME_FOUND : names_find(c, host, x->attempt_us, &addresses, &why);

	if (state == NAME_FAILED)
		fail(x, ERR_UNAVAILABLE, why, "check the host's name, and the name server");
	if (state != NAME_FOUND)
		return;
	x->phase = EXCHANGE_RUNNING;
	if (attempt_begin(x, addresses))
		fail(x, ERR_NOMEM, "no memory for the request", "");
}

static void step_resume(struct http_exchange *x)
{
	struct http_client *c = x->client;

	x->is_held = false;
	x->moved_us = http_client_now_us();
	http_client_enter(c);
	curl_easy_pause(x->easy, CURLPAUSE_CONT);
	http_client_leave(c);
}

static void step(struct http_exchange *x, uint64_t now_us)
{
	if (x->phase == EXCHANGE_PAUSE && now_us >= x->attempt_us)
		attempt_reset(x);
	if (x->phase == EXCHANGE_LOOKUP)
		step_lookup(x);
	else if (x->phase == EXCHANGE_RUNNING && x->is_held && !x->is_paused)
		step_resume(x);
}

/* An exchange that is over has its timer closed, and its memory until a later turn. */
static void on_step(uv_timer_t *timer)
{
	struct http_exchange *x = timer->data;
	struct http_client *c = x->client;
	uint64_t now_us = http_client_now_us();

	if (is_late(x, now_us))
		return;
	step(x, now_us);
	if (!uv_is_closing((uv_handle_t *)timer))
		arm(x);
	http_client_drain(c);
}

void http_exchange_pause(struct http_exchange *x, bool paused)
{
	if (x->is_paused == paused)
		return;
	x->is_paused = paused;
	x->moved_us = http_client_now_us();
	exchange_kick(x);
}

/* ---- the start ---- */

static void link_exchange(struct http_client *c, struct http_exchange *x)
{
	x->client = c;
	x->next = c->exchanges;
	if (x->next)
		x->next->prev = x;
	c->exchanges = x;
	c->exchange_count++;
	c->handles++;
	uv_timer_init(c->loop, &x->timer);
	x->timer.data = x;
}

static enum err exchange_new(struct http_exchange **xp, const struct http_ask *ask, struct err_detail *detail)
{
	struct http_exchange *x = calloc(1, sizeof(*x));
	enum err err;

	*xp = NULL;
	if (!x)
		return ERR_NOMEM;
	err = ask_copy(&x->ask, ask, detail);
	if (err) {
		exchange_free(x);
		return err;
	}
	x->head_max_bytes = ask->head_max_bytes ? ask->head_max_bytes : HTTP_HEAD_MAX;
	buf_init_private(&x->fields, x->head_max_bytes);
	buf_init_private(&x->body, x->ask.body_max_bytes + 1);
	*xp = x;
	return ERR_NONE;
}

enum err http_exchange_start(struct http_exchange **xp, struct http_client *c, const struct http_ask *ask, const struct http_exchange_handlers *handlers,
	void *arg, struct err_detail *detail)
{
	struct http_exchange *x;
	enum err err;

	assert(!c->is_closing && handlers->done);
	*xp = NULL;
	*detail = (struct err_detail){ .message = "" };
	if (c->exchange_count >= c->settings.exchanges_max) {
		snprintf(detail->message, sizeof(detail->message), "too many requests are under way");
		return ERR_BUSY;
	}
	err = exchange_new(&x, ask, detail);
	if (err)
		return err;
	link_exchange(c, x);
	x->slot = xp;
	x->handlers = handlers;
	x->arg = arg;
	x->answer.fields = &x->fields;
	x->started_us = x->attempt_us = http_client_now_us();
	exchange_kick(x);
	*xp = x;
	return ERR_NONE;
}

/* ---- the answer's headers ---- */

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
	const char *at = (const char *)answer->fields->data;
	const char *end = at + answer->fields->len;

	while (at < end) {
		const char *value = at + strlen(at) + 1;

		if (!strcasecmp(at, name))
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}
