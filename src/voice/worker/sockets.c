#include "voice/worker/sockets_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

enum { CALLS_DEFAULT = 100, ORDER_BYTES_MAX = 4096, ORDER_TEXT_MAX = 1000 };

static const uint32_t turn_bounds_ms[] = { 200, 300, 400, 500, 600, 800, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 6000, 10000, 0 };

/* ------------------------------------------------------------------ life */

static void socket_link(struct sockets *s, struct media_socket *m)
{
	m->next = s->first;
	if (m->next)
		m->next->previous = m;
	s->first = m;
	s->count++;
}

/* When nothing of it is left. */
static void socket_free(struct media_socket *m)
{
	if (m->previous)
		m->previous->next = m->next;
	else
		m->owner->first = m->next;
	if (m->next)
		m->next->previous = m->previous;
	m->owner->count--;
	clock_timer_stop(&m->timer);
	clock_timer_stop(&m->move);
	conductor_attach_cancel(&m->attach);
	recovery_cancel(&m->recovery);
	m->adapter->close(&m->socket);
	socket_early_fini(&m->early);
	sodium_memzero(m->token, sizeof(m->token));
	free(m);
}

void socket_shut(struct media_socket *m, uint16_t code, const char *reason)
{
	m->state = SOCKET_OVER;
	conductor_attach_cancel(&m->attach);
	recovery_cancel(&m->recovery);
	if (m->ws)
		websocket_close(m->ws, code, reason);
}

/* The WebSocket is gone. A call that has ended may still wait for its tools' answers; its end frees the rest. */
static void socket_gone(struct media_socket *m)
{
	m->state = SOCKET_OVER;
	clock_timer_stop(&m->timer);
	if (m->call && session_ended(worker_call_session(m->call)))
		return;
	socket_leave(m);
	socket_free(m);
}

void socket_drop(struct media_socket *m)
{
	websocket_free(&m->ws);
	socket_gone(m);
}

/* ------------------------------------------------------------------ signs of life */

static void watch_due(void *arg)
{
	struct media_socket *m = arg;
	uint64_t silent_us = (uint64_t)m->adapter->silent_ms * 1000;

	if (m->is_stuck || (m->state == SOCKET_LIVE && clock_now_us(m->owner->settings.clock) - m->heard_us >= silent_us)) {
		log_warn(&m->log, m->is_stuck ? "the carrier does not take our sound: its socket is given up" : "nothing comes from the carrier: its socket is given up");
		socket_drop(m);
	} else if (m->state == SOCKET_WAITS) {
		socket_shut(m, WEBSOCKET_POLICY, "no start");
	} else if (m->state == SOCKET_LIVE) {
		socket_watch(m, m->heard_us + silent_us);
	} else if (m->state == SOCKET_OVER) {
		socket_shut(m, WEBSOCKET_NORMAL, NULL);
	}
}

void socket_watch(struct media_socket *m, uint64_t at_us)
{
	clock_timer_set(&m->timer, m->owner->settings.clock, at_us, watch_due, m);
}

void socket_heard(struct media_socket *m)
{
	m->heard_us = clock_now_us(m->owner->settings.clock);
	if (m->state == SOCKET_LIVE && m->adapter->silent_ms && !m->timer.is_set)
		socket_watch(m, m->heard_us + (uint64_t)m->adapter->silent_ms * 1000);
}

/* ------------------------------------------------------------------ what the adapter sends */

/* May run inside the session, which must not be closed there: a socket that is stuck is dropped in the loop's next turn. */
static void pushed(struct media_socket *m, enum websocket_kind kind, const void *data, size_t len)
{
	enum err err = m->ws ? websocket_push(m->ws, kind, data, len) : ERR_NONE;

	if ((err == ERR_LIMIT || err == ERR_NOMEM) && !m->is_stuck) {
		m->is_stuck = true;
		socket_watch(m, clock_now_us(m->owner->settings.clock));
	}
}

static void push_text(void *arg, const char *text, size_t len)
{
	pushed(arg, WEBSOCKET_TEXT, text, len);
}

static void push_bytes(void *arg, const uint8_t *data, size_t len)
{
	pushed(arg, WEBSOCKET_BINARY, data, len);
}

static void pipe_close(void *arg)
{
	socket_ends(arg);
}

/* ------------------------------------------------------------------ what the carrier says */

static void on_started(void *arg, const struct media_start *start)
{
	struct media_socket *m = arg;

	if (m->state != SOCKET_WAITS)
		return;
	m->started_us = clock_now_us(m->owner->settings.clock);
	clock_timer_stop(&m->timer);
	socket_attach(m, start);
}

static struct session *live(struct media_socket *m)
{
	return m->state == SOCKET_LIVE && m->call ? worker_call_session(m->call) : NULL;
}

static void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct media_socket *m = arg;

	if (live(m))
		worker_call_audio(m->call, ulaw, samples);
	else
		socket_early_audio(&m->early, ulaw, samples);
}

static void on_gap(void *arg, uint64_t samples)
{
	struct media_socket *m = arg;

	if (live(m))
		worker_call_gap(m->call, samples);
	else
		socket_early_gap(&m->early, samples);
}

static void on_mark(void *arg, const struct mark *mark)
{
	struct session *session = live(arg);

	if (session)
		session_played(session, mark);
}

static void on_digit(void *arg, char digit)
{
	struct media_socket *m = arg;
	struct session *session = live(m); /* what waited may end the call: it is there still */

	if (!session) {
		socket_early_key(&m->early, digit);
		return;
	}
	socket_stay(m);
	session_digit(session, digit);
}

static void on_stopped(void *arg)
{
	struct media_socket *m = arg;
	struct session *session = live(m);

	if (session && call_moves(session_call(session))) {
		socket_leave(m); /* the carrier has taken the caller away, as it was told to; if he hung up, the conductor will hear of it */
		socket_shut(m, WEBSOCKET_NORMAL, NULL);
	} else if (session) {
		socket_stay(m);
		session_hangup(session);
	} else if (m->state != SOCKET_OVER) {
		socket_shut(m, WEBSOCKET_NORMAL, NULL);
	}
}

static void on_broken(void *arg, const struct err_detail *detail)
{
	struct media_socket *m = arg;

	log_warn(&m->log, "the media socket broke its protocol", LOG_TEXT("what", detail->message));
	if (m->call && !session_ended(worker_call_session(m->call)))
		socket_leave(m);
	socket_shut(m, m->state == SOCKET_WAITS ? WEBSOCKET_POLICY : WEBSOCKET_PROTOCOL, "not understood");
}

static const struct media_events events = { .started = on_started, .audio = on_audio, .gap = on_gap, .mark = on_mark, .digit = on_digit,
	.stopped = on_stopped, .broken = on_broken };

/* ------------------------------------------------------------------ the WebSocket */

static void ws_message(struct websocket *ws, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct media_socket *m = arg;

	(void)ws;
	if (m->state == SOCKET_OVER)
		return;
	m->adapter->message(m->socket, kind == WEBSOCKET_TEXT, data, len);
	socket_heard(m);
}

static void ws_closed(struct websocket *ws, const struct websocket_end *end, void *arg)
{
	struct media_socket *m = arg;

	(void)ws;
	(void)end;
	m->ws = NULL;
	socket_gone(m);
}

static const struct websocket_handlers ws_handlers = { .message = ws_message, .closed = ws_closed };

/* ------------------------------------------------------------------ upgrades */

static const struct media_adapter *adapter_of(const struct sockets *s, const char *path)
{
	const struct media_adapter *const *at;

	for (at = s->settings.adapters; *at; at++)
		if (!strcmp((*at)->path, path))
			return *at;
	return NULL;
}

static bool origin_allowed(const struct sockets *s, const char *origin)
{
	size_t len = origin ? strlen(origin) : 0;
	const char *at = s->origins;

	while (len && *at) {
		size_t word = strcspn(at, " ");

		if (word == len && !memcmp(at, origin, len))
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

/* Where it may come later, none is fine. */
static bool token_fits(const struct http_request *r, const struct media_adapter *adapter)
{
	const char *token = adapter->token_query ? http_query(r, adapter->token_query) : NULL;

	return token ? *token && strlen(token) < SOCKETS_TOKEN_MAX : !adapter->is_browser;
}

/* F06, F07: what cannot be written down to its end is not begun. */
static bool journal_is_unwell(const struct sockets *s)
{
	return journal_health(worker_journal(s->settings.worker)) != JOURNAL_OK;
}

/* Why there can be no socket: replied to. */
static bool refused(struct sockets *s, struct http_request *r, const struct media_adapter *adapter)
{
	if (s->is_draining || s->count >= s->settings.calls_max)
		http_reply_error(r, 503, "busy", "this worker takes no new call now", NULL, NULL);
	else if (journal_is_unwell(s))
		http_reply_error(r, 503, "no_journal", "this worker cannot keep its journal now", NULL, "make room on its disk");
	else if (adapter->is_browser && !origin_allowed(s, http_header(r, "Origin")))
		http_reply_error(r, 403, "denied", "pages of this origin may not talk here", "Origin", "server.public_url");
	else if (!token_fits(r, adapter))
		http_reply_error(r, 403, "denied", "a session's token is needed", adapter->token_query, NULL);
	else
		return false;
	return true;
}

static enum err socket_new(struct media_socket **mp, struct sockets *s, const struct media_adapter *adapter, const char *token)
{
	struct media_socket *m = calloc(1, sizeof(*m));
	const struct media_pipe pipe = { .events = &events, .push = push_text, .push_bytes = push_bytes, .close = pipe_close, .arg = m,
		.settings = adapter->settings };
	enum err err = m ? adapter->open(&m->socket, &pipe) : ERR_NOMEM;

	*mp = err ? NULL : m;
	if (err) {
		free(m);
		return err;
	}
	m->owner = s;
	m->adapter = adapter;
	socket_early_init(&m->early);
	m->log = (struct log){ .plane = "voice", .doing = "talking to a carrier's media socket" };
	snprintf(m->token, sizeof(m->token), "%s", token ? token : "");
	socket_link(s, m);
	socket_watch(m, clock_now_us(s->settings.clock) + SOCKETS_START_MS * 1000);
	return ERR_NONE;
}

static void on_upgrade(struct http_request *r, void *arg)
{
	struct sockets *s = arg;
	const struct media_adapter *adapter = adapter_of(s, http_path(r));
	struct websocket_settings settings = { .send_max_bytes = SOCKETS_SEND_BYTES_MAX, .send_age_us = SOCKETS_SEND_AGE_MS * 1000 };
	struct media_socket *m;

	if (refused(s, r, adapter)) {
		s->counts.refused++;
		return;
	}
	if (socket_new(&m, s, adapter, adapter->token_query ? http_query(r, adapter->token_query) : NULL)) {
		http_reply_error(r, 503, "busy", "no memory", NULL, NULL);
		return;
	}
	settings.message_max_bytes = adapter->message_max_bytes;
	if (!adapter->silent_ms) {
		settings.ping_us = SOCKETS_PING_MS * 1000;
		settings.alive_us = SOCKETS_ALIVE_MS * 1000;
	}
	if (http_upgrade(r, NULL, &settings, &ws_handlers, m, &m->ws))
		socket_free(m);
}

/* ------------------------------------------------------------------ orders */

static bool order_read(const json_t *o, enum order *order, const char **text)
{
	static const char *const names[] = { [ORDER_END] = "end", [ORDER_SAY] = "say", [ORDER_ANSWERED] = "answered" };
	const char *name = json_string_value(json_object_get(o, "order"));
	size_t i;

	*text = json_string_value(json_object_get(o, "text"));
	*text = *text ? *text : "";
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name && !strcmp(name, names[i])) {
			*order = (enum order)i;
			return (*order == ORDER_END || **text) && strlen(*text) <= ORDER_TEXT_MAX;
		}
	return false;
}

static void on_order(struct http_request *r, void *arg)
{
	struct media_socket *m = sockets_find(arg, http_param(r, "call"));
	size_t len;
	const void *body = http_body(r, &len);
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	enum order order;
	const char *text;

	if (!order_read(o, &order, &text)) {
		http_reply_error(r, 400, "format", "an order is \"end\", or \"say\" or \"answered\" with a text", "order", NULL);
	} else if (!m || !live(m)) {
		http_reply_error(r, 404, "not_found", "this call is not here", NULL, NULL);
	} else {
		socket_stay(m);
		session_order(live(m), order, text, strlen(text));
		http_reply(r, 204, NULL, NULL, 0);
	}
	json_decref(o);
}

/* ------------------------------------------------------------------ is it well? */

/* It talks; or it has ended, and the conductor is about to be told. */
static bool is_well(const struct media_socket *m)
{
	if (m->state == SOCKET_LIVE)
		return clock_now_us(m->owner->settings.clock) - m->heard_us < SOCKETS_DOUBT_MS * 1000;
	return m->desk && !m->is_told;
}

static struct media_socket *socket_of(struct sockets *s, const char *call, json_int_t epoch)
{
	struct media_socket *m;

	for (m = s->first; m; m = m->next)
		if (m->epoch && (json_int_t)m->epoch == epoch && !strcmp(m->name, call))
			return m;
	return NULL;
}

/* The carrier asks what comes after this socket, says the conductor: true of one that is gone, or will be in a moment because nothing came from it
 * for a while. What is answered holds: a call that is said to be gone is left. */
static void on_question(struct http_request *r, void *arg)
{
	size_t len;
	const void *body = http_body(r, &len);
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	struct media_socket *m = socket_of(arg, http_param(r, "call"), json_integer_value(json_object_get(o, "epoch")));

	if (m && m->ws && is_well(m)) {
		http_reply(r, 204, NULL, NULL, 0);
	} else {
		http_reply_error(r, 404, "not_found", "this socket is not here", NULL, NULL);
		if (m && m->state == SOCKET_LIVE)
			socket_drop(m);
	}
	json_decref(o);
}

/* ------------------------------------------------------------------ open, close */

enum err sockets_open(struct sockets **sp, const struct sockets_settings *settings, struct http_server *server)
{
	struct sockets *s = calloc(1, sizeof(*s));
	size_t n = 0;
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	s->settings = *settings;
	histogram_init(&s->counts.turns, turn_bounds_ms);
	s->settings.calls_max = settings->calls_max ? settings->calls_max : CALLS_DEFAULT;
	snprintf(s->origins, sizeof(s->origins), "%s", settings->origins ? settings->origins : "");
	while (n < SOCKETS_ADAPTERS_MAX && settings->adapters[n]) {
		s->routes[n] = (struct http_route){ HTTP_GET, settings->adapters[n]->path, on_upgrade, ROUTE_OPEN | ROUTE_UPGRADE, 0 };
		n++;
	}
	s->routes[n] = (struct http_route){ HTTP_POST, "/internal/v1/calls/:call/orders", on_order, 0, ORDER_BYTES_MAX };
	s->routes[n + 1] = (struct http_route){ HTTP_POST, "/internal/v1/calls/:call/socket", on_question, 0, ORDER_BYTES_MAX };
	s->routes[n + 2] = (struct http_route){ HTTP_POST, "/internal/v1/calls/:call/prepare", ahead_on_order, 0, ORDER_BYTES_MAX };
	err = settings->adapters[n] ? ERR_LIMIT : http_server_mount(server, s->routes, s);
	if (!err && settings->journals)
		err = recovery_pool_open(&s->pool, settings->loop);
	if (err)
		free(s);
	else
		*sp = s;
	return err;
}

void sockets_close(struct sockets **sp)
{
	struct sockets *s = *sp;
	struct media_socket *m, *next;

	*sp = NULL;
	if (!s)
		return;
	for (m = s->first; m; m = next) {
		next = m->next;
		websocket_free(&m->ws);
		socket_leave(m);
		socket_free(m);
	}
	left_drop_all(s);
	ahead_drop_all(s);
	jobs_close(&s->pool);
	free(s);
}

const struct sockets_counts *sockets_counts(const struct sockets *s)
{
	return &s->counts;
}

size_t sockets_open_count(const struct sockets *s)
{
	return s->count;
}

void sockets_drain(struct sockets *s)
{
	struct media_socket *m;

	s->is_draining = true;
	ahead_drop_all(s);
	s->drain_us = clock_now_us(s->settings.clock);
	for (m = s->first; m; m = m->next)
		socket_move_watch(m);
}

void sockets_facts(const struct sockets *s, struct conductor_facts *facts)
{
	*facts = (struct conductor_facts){ .calls = s->count, .calls_max = s->settings.calls_max, .draining = s->is_draining,
		.unwell = journal_is_unwell(s) };
}
