/* The HTTP client: what its callers are promised, against our own server and against one that does everything wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/http_client_parts.h"
#include "base/http_server.h"
#include "deadline.h"

/* ---- the world: a server of ours, a wrong one, a client ---- */

enum raw_end { RAW_HOLD, RAW_SHUT, RAW_CLOSE, RAW_RESET };

/* Answers each request with the same bytes, `drip` of them at a time, then does `end`. */
struct raw {
	uv_tcp_t listener;
	unsigned int port, accepted, requests, open, closed;
	const char *reply;
	size_t len, drip;
	enum raw_end end, first_end; /* of the first connection, when has_first */
	bool has_first, at_once;     /* at_once: before anything was read */
	char seen[4096];
	size_t seen_len;
};

struct raw_conn {
	uv_tcp_t tcp;
	uv_timer_t timer;
	struct raw *raw;
	size_t sent;
	unsigned int number;
	bool is_answering;
	unsigned int handles;
};

struct world {
	uv_loop_t loop;
	struct http_server *server;
	struct raw raw;
	struct http_client *client;
	struct http_exchange *x, *other;
	uv_timer_t guard;
	char url[200], hold_url[100];
	/* what the server saw */
	unsigned int handled;
	struct http_request *held;
	unsigned int gone;
	struct http_stream *stream;
	unsigned int drained;
	/* what the client was told */
	unsigned int heads, pieces, dones;
	bool is_collecting;
	struct http_answer answer;
	char body[5000], header[100];
	size_t body_len;
	/* what a handler is to do */
	enum act { ACT_NONE, ACT_CANCEL, ACT_CANCEL_OTHER, ACT_CLOSE, ACT_PAUSE, ACT_AGAIN } on_head, on_piece, on_done;
	bool server_closed;
};

static struct world *w;

static void act(enum act what);

static void on_head(const struct http_answer *a, void *arg)
{
	assert_ptr_equal(arg, w);
	assert_int_equal(a->err, ERR_NONE);
	w->heads++;
	w->answer.status = a->status;
	act(w->on_head);
}

static void on_piece(const uint8_t *data, size_t len, void *arg)
{
	assert_ptr_equal(arg, w);
	w->pieces++;
	if (w->body_len + len < sizeof(w->body))
		memcpy(w->body + w->body_len, data, len);
	w->body_len += len;
	act(w->on_piece);
}

static void on_done(const struct http_answer *a, void *arg)
{
	assert_ptr_equal(arg, w);
	assert_null(w->x); /* emptied before */
	w->dones++;
	w->answer = *a;
	if (a->body) {
		assert_int_equal(a->body[a->len], 0);
		snprintf(w->body, sizeof(w->body), "%s", (const char *)a->body);
		w->body_len = a->len;
	}
	snprintf(w->header, sizeof(w->header), "%s", http_answer_header(a, "x-test") ? http_answer_header(a, "x-test") : "-");
	act(w->on_done);
}

static const struct http_exchange_handlers whole = { on_head, NULL, on_done };
static const struct http_exchange_handlers pieces = { on_head, on_piece, on_done };

static void on_other_done(const struct http_answer *a, void *arg)
{
	(void)a;
	(void)arg;
	fail_msg("a cancelled exchange was told");
}

static const struct http_exchange_handlers never = { NULL, NULL, on_other_done };

static void act(enum act what)
{
	const struct http_ask again = { .method = HTTP_GET, .url = w->url };
	struct err_detail detail;

	switch (what) {
	case ACT_NONE: return;
	case ACT_CANCEL: http_exchange_cancel(&w->x); return;
	case ACT_CANCEL_OTHER: http_exchange_cancel(&w->other); return;
	case ACT_CLOSE: http_client_close(&w->client); return;
	case ACT_PAUSE: http_exchange_pause(w->x, true); return;
	case ACT_AGAIN:
		w->on_done = ACT_NONE;
		assert_int_equal(http_exchange_start(&w->x, w->client, &again, &whole, w, &detail), ERR_NONE);
		return;
	}
}

/* ---- our server ---- */

static void on_echo(struct http_request *r, void *arg)
{
	static char text[3000];
	size_t len;
	const void *body = http_body(r, &len);
	const struct http_header headers[] = { { "X-Test", "a b" }, { "Content-Type", "text/plain" }, { NULL, NULL } };

	(void)arg;
	w->handled++;
	snprintf(text, sizeof(text), "%s %s type=%s expect=%s agent=%s x=%s encoding=%s body=%.*s", http_method_name(http_method(r)), http_target(r),
		http_header(r, "Content-Type") ? http_header(r, "Content-Type") : "-", http_header(r, "Expect") ? "yes" : "no",
		http_header(r, "User-Agent") ? http_header(r, "User-Agent") : "-", http_header(r, "X-Mine") ? http_header(r, "X-Mine") : "-",
		http_header(r, "Accept-Encoding") ? "yes" : "no", (int)len, (const char *)body);
	http_reply(r, 200, headers, text, strlen(text));
}

static void on_moved(struct http_request *r, void *arg)
{
	const struct http_header headers[] = { { "Location", "/echo" }, { NULL, NULL } };

	(void)arg;
	w->handled++;
	http_reply(r, 302, headers, "elsewhere", 9);
}

static void held_gone(struct http_request *r, void *arg)
{
	(void)r;
	(void)arg;
	w->held = NULL;
	w->gone++;
}

static void on_hold(struct http_request *r, void *arg)
{
	(void)arg;
	w->handled++;
	w->held = r;
	http_on_gone(r, held_gone, w);
}

static void on_large(struct http_request *r, void *arg)
{
	static char body[200000];

	(void)arg;
	memset(body, 'x', sizeof(body));
	w->handled++;
	http_reply_as(r, 200, "text/plain", body, sizeof(body));
}

static void stream_gone(struct http_stream *s, void *arg)
{
	(void)s;
	(void)arg;
	w->stream = NULL;
	w->gone++;
}

static void stream_drained(struct http_stream *s, void *arg)
{
	(void)s;
	(void)arg;
	w->drained++;
}

static const struct http_stream_handlers stream_handlers = { stream_drained, stream_gone };

static void on_stream(struct http_request *r, void *arg)
{
	(void)arg;
	w->handled++;
	w->stream = http_stream_open(r, 200, NULL, &stream_handlers, w);
	assert_int_equal(http_stream_write(w->stream, "one ", 4), ERR_NONE);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/echo", on_echo, ROUTE_OPEN, 0 },     { HTTP_POST, "/echo", on_echo, ROUTE_OPEN, 4 << 20 },
	{ HTTP_PUT, "/echo", on_echo, ROUTE_OPEN, 0 },     { HTTP_PATCH, "/echo", on_echo, ROUTE_OPEN, 0 },
	{ HTTP_DELETE, "/echo", on_echo, ROUTE_OPEN, 0 },  { HTTP_GET, "/moved", on_moved, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/hold", on_hold, ROUTE_OPEN, 0 },     { HTTP_POST, "/hold", on_hold, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/stream", on_stream, ROUTE_OPEN, 0 }, { HTTP_GET, "/large", on_large, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* ---- the wrong server ---- */

static void raw_conn_closed(uv_handle_t *handle)
{
	struct raw_conn *k = handle->data;

	if (--k->handles)
		return;
	k->raw->open--;
	k->raw->closed++;
	free(k);
}

static void raw_conn_end(struct raw_conn *k)
{
	if (uv_is_closing((uv_handle_t *)&k->tcp))
		return;
	uv_close((uv_handle_t *)&k->timer, raw_conn_closed);
	uv_close((uv_handle_t *)&k->tcp, raw_conn_closed);
}

static void raw_finish(struct raw_conn *k)
{
	struct linger hard = { 1, 0 };
	enum raw_end end = k->raw->has_first && !k->number ? k->raw->first_end : k->raw->end;
	int fd;

	k->is_answering = false;
	assert_int_equal(uv_fileno((uv_handle_t *)&k->tcp, &fd), 0);
	if (end == RAW_RESET)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (end == RAW_SHUT)
		shutdown(fd, SHUT_WR);
	if (end == RAW_CLOSE || end == RAW_RESET)
		raw_conn_end(k);
}

static void raw_send(uv_timer_t *timer)
{
	struct raw_conn *k = timer->data;
	struct raw *r = k->raw;
	bool first = r->has_first && !k->number;
	size_t left = first ? 0 : r->len - k->sent, len = r->drip && r->drip < left ? r->drip : left;
	uv_buf_t b = uv_buf_init((char *)(uintptr_t)r->reply + k->sent, (unsigned int)len);

	if (len && uv_try_write((uv_stream_t *)&k->tcp, &b, 1) != (int)len) {
		raw_conn_end(k);
		return;
	}
	k->sent += len;
	if (len < left)
		uv_timer_start(timer, raw_send, 5, 0);
	else
		raw_finish(k);
}

static void raw_alloc(uv_handle_t *handle, size_t size, uv_buf_t *b)
{
	static char memory[65536];

	(void)handle;
	(void)size;
	*b = uv_buf_init(memory, sizeof(memory));
}

static void raw_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *b)
{
	struct raw_conn *k = stream->data;
	struct raw *r = k->raw;

	if (got < 0) {
		raw_conn_end(k);
		return;
	}
	for (ssize_t i = 0; i < got && r->seen_len < sizeof(r->seen) - 1; i++)
		r->seen[r->seen_len++] = b->base[i];
	if (k->is_answering || !memmem(b->base, (size_t)got, "\r\n\r\n", 4))
		return;
	r->requests++;
	k->sent = 0;
	k->is_answering = true;
	uv_timer_start(&k->timer, raw_send, 0, 0);
}

static void raw_accept(uv_stream_t *listener, int status)
{
	struct raw *r = listener->data;
	struct raw_conn *k = calloc(1, sizeof(*k));

	assert_int_equal(status, 0);
	assert_non_null(k);
	k->raw = r;
	k->number = r->accepted++;
	k->handles = 2;
	r->open++;
	uv_tcp_init(&w->loop, &k->tcp);
	uv_timer_init(&w->loop, &k->timer);
	k->tcp.data = k->timer.data = k;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&k->tcp), 0);
	assert_int_equal(uv_read_start((uv_stream_t *)&k->tcp, raw_alloc, raw_read), 0);
	if (r->at_once)
		raw_finish(k);
}

static void raw_open(struct raw *r)
{
	struct sockaddr_in a;
	int len = sizeof(a);

	uv_ip4_addr("127.0.0.1", 0, &a);
	uv_tcp_init(&w->loop, &r->listener);
	r->listener.data = r;
	assert_int_equal(uv_tcp_bind(&r->listener, (struct sockaddr *)&a, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&r->listener, 100, raw_accept), 0);
	assert_int_equal(uv_tcp_getsockname(&r->listener, (struct sockaddr *)&a, &len), 0);
	r->port = ntohs(a.sin_port);
}

static void raw_says(const char *reply, enum raw_end end)
{
	w->raw.reply = reply;
	w->raw.len = strlen(reply);
	w->raw.end = end;
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u/", w->raw.port);
}

/* ---- the beginning and the end ---- */

static void client_begin(const struct http_client_settings *settings)
{
	struct err_detail detail;

	assert_int_equal(http_client_open(&w->client, &w->loop, settings, &detail), ERR_NONE);
}

static int world_begin(void **state)
{
	const struct http_settings settings = { .listen = "127.0.0.1:0", .linger_us = 100000, .stream_max_bytes = 300000 };
	const struct http_client_settings plain = { .ca_file = NULL };
	struct err_detail detail;

	w = calloc(1, sizeof(*w));
	if (!w || uv_loop_init(&w->loop) || http_server_open(&w->server, &w->loop, &settings, &detail) || http_server_mount(w->server, routes, w))
		return -1;
	uv_timer_init(&w->loop, &w->guard);
	raw_open(&w->raw);
	client_begin(&plain);
	*state = w;
	return deadline_start(state);
}

static void server_closed(void *arg)
{
	((struct world *)arg)->server_closed = true;
}

static void end_conns(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (handle->type == UV_TCP && handle != (uv_handle_t *)&w->raw.listener)
		raw_conn_end(handle->data);
}

static int world_end(void **state)
{
	http_exchange_cancel(&w->x);
	http_exchange_cancel(&w->other);
	http_client_close(&w->client);
	uv_walk(&w->loop, end_conns, NULL);
	uv_close((uv_handle_t *)&w->raw.listener, NULL);
	uv_close((uv_handle_t *)&w->guard, NULL);
	http_server_close(&w->server, server_closed, w);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_true(w->server_closed);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	free(w);
	return deadline_stop(state);
}

static void guard_due(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static void run_until(const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&w->guard, guard_due, 20000, 0);
	while (*count < wanted)
		uv_run(&w->loop, UV_RUN_ONCE);
	uv_timer_stop(&w->guard);
	assert_int_equal(*count, wanted);
}

static void turn_done(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Turns the loop for so long: to see that something does not happen. */
static void run_for(uint64_t ms)
{
	bool done = false;

	w->guard.data = &done;
	uv_timer_start(&w->guard, turn_done, ms, 0);
	while (!done)
		uv_run(&w->loop, UV_RUN_ONCE);
}

static const char *at(const char *path)
{
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u%s", http_server_port(w->server), path);
	return w->url;
}

static const char *hold_url(void)
{
	snprintf(w->hold_url, sizeof(w->hold_url), "http://127.0.0.1:%u/hold", http_server_port(w->server));
	return w->hold_url;
}

static void start(const struct http_ask *ask, const struct http_exchange_handlers *handlers)
{
	struct err_detail detail;
	unsigned int before = w->dones;

	w->body_len = 0;
	assert_int_equal(http_exchange_start(&w->x, w->client, ask, handlers, w, &detail), ERR_NONE);
	assert_non_null(w->x);
	assert_int_equal(w->dones, before); /* never from inside */
}

static void ask_whole(const struct http_ask *ask)
{
	start(ask, &whole);
	run_until(&w->dones, w->dones + 1);
}

static void get(const char *url)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = url };

	ask_whole(&ask);
}

/* ---- what it does ---- */

static void requests_arrive_as_they_were_written(void **state)
{
	static const char *const headers[] = { "X-Mine: two words", "Content-Type: application/json", NULL };
	struct http_ask ask = { .method = HTTP_POST, .url = at("/echo?q=1"), .headers = headers, .body = "{}", .len = 2 };

	(void)state;
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_NONE);
	assert_int_equal(w->answer.status, 200);
	assert_string_equal(w->body, "POST /echo?q=1 type=application/json expect=no agent=callfunnel/" CALLFUNNEL_VERSION " x=two words encoding=no body={}");
	assert_string_equal(w->header, "a b");
	assert_int_equal(w->heads, 1);
	assert_true(w->answer.connected_us && w->answer.first_us >= w->answer.connected_us && w->answer.total_us >= w->answer.first_us);
	assert_int_equal(w->answer.attempts, 1);
}

static void every_method_says_itself(void **state)
{
	static const enum http_method methods[] = { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const struct http_ask ask = { .method = methods[i], .url = at("/echo") };
		char wanted[20];

		ask_whole(&ask);
		assert_int_equal(w->answer.err, ERR_NONE);
		snprintf(wanted, sizeof(wanted), "%s /echo type=- ", http_method_name(methods[i]));
		assert_memory_equal(w->body, wanted, strlen(wanted));
	}
}

static void head_has_no_body(void **state)
{
	const struct http_ask ask = { .method = HTTP_HEAD, .url = at("/large"), .body_max_bytes = 10 };

	(void)state;
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_NONE);
	assert_int_equal(w->answer.status, 200);
	assert_int_equal(w->answer.len, 0);
}

static void a_large_body_is_sent_whole(void **state)
{
	size_t len = 3 << 20;
	char *body = malloc(len);
	const struct http_ask ask = { .method = HTTP_POST, .url = at("/echo"), .body = body, .len = len };

	(void)state;
	memset(body, 'y', len);
	start(&ask, &whole);
	memset(body, 'z', len); /* ours again */
	free(body);
	run_until(&w->dones, 1);
	assert_int_equal(w->answer.status, 200);
	assert_non_null(strstr(w->body, "body=yyyyyyyy"));
	assert_non_null(strstr(w->body, "expect=no"));
}

static void any_status_is_an_answer_and_nothing_is_followed(void **state)
{
	(void)state;
	get(at("/nowhere"));
	assert_int_equal(w->answer.err, ERR_NONE);
	assert_int_equal(w->answer.status, 404);
	get(at("/moved"));
	assert_int_equal(w->answer.status, 302);
	assert_string_equal(w->body, "elsewhere");
	assert_int_equal(w->handled, 1);
}

static void connections_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		get(at("/echo"));
	assert_int_equal(http_server_connections(w->server), 1);
}

static void names_are_looked_up_beside_the_loop(void **state)
{
	(void)state;
	snprintf(w->url, sizeof(w->url), "http://localhost:%u/echo", http_server_port(w->server));
	get(w->url);
	assert_int_equal(w->answer.status, 200);
	get(w->url);
	assert_int_equal(w->answer.status, 200);
	get("http://no-such-host.invalid/");
	assert_int_equal(w->answer.err, ERR_UNAVAILABLE);
	assert_false(w->answer.was_sent);
	assert_string_equal(w->answer.detail.where, "http://no-such-host.invalid:80");
	assert_true(w->answer.detail.message[0] && w->answer.detail.hint[0]);
}

/* As if that name had been found so long ago. */
static void remember(const char *host, uint64_t ago_s)
{
	struct client_name *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	n->client = w->client;
	snprintf(n->host, sizeof(n->host), "%s", host);
	snprintf(n->addresses, sizeof(n->addresses), "127.0.0.1");
	n->found_us = http_client_now_us() - ago_s * 1000000;
	assert_null(w->client->names[0]);
	w->client->names[0] = n;
}

/* The name server says no, or nothing: what it said before is used, for a day. */
static void F30_a_dead_name_server_stops_no_known_host(void **state)
{
	static const struct {
		uint64_t ago_s;
		enum err err;
	} rows[] = { { 30, ERR_NONE }, { 300, ERR_NONE }, { 7200, ERR_NONE }, { 86000, ERR_NONE }, { 86500, ERR_UNAVAILABLE } };
	const struct http_client_settings plain = { .ca_file = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		remember("known-host.invalid", rows[i].ago_s);
		snprintf(w->url, sizeof(w->url), "http://Known-Host.invalid:%u/echo", http_server_port(w->server));
		get(w->url);
		assert_int_equal(w->answer.err, rows[i].err);
		assert_int_equal(w->client->names[0]->is_asked || w->client->names[0]->failed_us, rows[i].ago_s > 60); /* asked anew */
		http_client_close(&w->client);
		client_begin(&plain);
	}
}

static void wrong_asks_start_nothing(void **state)
{
	static const char *const urls[] = { "", "ftp://h/", "file:///etc/passwd", "http://", "http://a:b@h/", "http://u@h/", "http://h/#f", "http://h /", "h/path",
		"http://h:0/", "http://h:99999/", "http://h:x/", "http://h\\@g/", "http://[::1%25lo]/", "http://[zz]/", "http://h./", "http://h\xc3\xa4/", "http://h\r\n/",
		"https:/h/" };
	static const char *const wrong[] = { "no colon", "Na me: x", "X: a\r\nY: b", "Host: other", "content-length: 5", "Transfer-Encoding: chunked", ": x",
		"Connection: close" };
	struct err_detail detail;
	struct http_ask ask = { .method = HTTP_GET };

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		ask.url = urls[i];
		if (http_exchange_start(&w->x, w->client, &ask, &never, w, &detail) != ERR_USAGE)
			fail_msg("%s was taken", urls[i]);
		assert_null(w->x);
		assert_true(detail.message[0] && detail.hint[0]);
	}
	ask.url = at("/echo");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const headers[] = { wrong[i], NULL };

		ask.headers = headers;
		if (http_exchange_start(&w->x, w->client, &ask, &never, w, &detail) != ERR_USAGE)
			fail_msg("%s was taken", wrong[i]);
	}
	ask.headers = NULL;
	ask.len = HTTP_ASK_BODY_MAX + 1;
	ask.body = "";
	assert_int_equal(http_exchange_start(&w->x, w->client, &ask, &never, w, &detail), ERR_LIMIT);
	assert_int_equal(http_client_exchanges(w->client), 0);
	run_for(20);
}

static void exchanges_have_a_ceiling(void **state)
{
	const struct http_client_settings two = { .exchanges_max = 2 };
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/hold") };
	struct http_exchange *third;
	struct err_detail detail;

	(void)state;
	http_client_close(&w->client);
	client_begin(&two);
	start(&ask, &whole);
	assert_int_equal(http_exchange_start(&w->other, w->client, &ask, &never, w, &detail), ERR_NONE);
	assert_int_equal(http_exchange_start(&third, w->client, &ask, &never, w, &detail), ERR_BUSY);
	assert_null(third);
	http_exchange_cancel(&w->other);
	assert_int_equal(http_exchange_start(&w->other, w->client, &ask, &never, w, &detail), ERR_NONE);
}

static void what_does_not_fit_into_the_connections_waits(void **state)
{
	enum { MANY = 20 };
	const struct http_client_settings two = { .connections_max = 2 };
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/echo") };
	const struct http_exchange_handlers count = { NULL, NULL, on_done };
	struct http_exchange *x[MANY];
	struct err_detail detail;

	(void)state;
	http_client_close(&w->client);
	client_begin(&two);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(http_exchange_start(&x[i], w->client, &ask, &count, w, &detail), ERR_NONE);
	run_until(&w->dones, MANY);
	assert_int_equal(w->handled, MANY);
	assert_true(http_server_connections(w->server) <= 2);
	for (int i = 0; i < MANY; i++)
		assert_null(x[i]);
}

/* ---- answers in pieces ---- */

static void pieces_come_as_they_are_sent(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream"), .total_us = HTTP_NO_LIMIT };

	(void)state;
	start(&ask, &pieces);
	run_until(&w->pieces, 1);
	assert_int_equal(w->heads, 1);
	assert_memory_equal(w->body, "one ", 4);
	assert_int_equal(http_stream_write(w->stream, "two", 3), ERR_NONE);
	run_until(&w->pieces, 2);
	assert_int_equal(w->dones, 0);
	http_stream_end(w->stream);
	run_until(&w->dones, 1);
	assert_int_equal(w->answer.err, ERR_NONE);
	assert_null(w->answer.body);
	assert_int_equal(w->answer.len, 7);
	assert_memory_equal(w->body, "one two", 7);
}

static void a_stream_that_is_cut_is_told(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream"), .retries_max = 3 };

	(void)state;
	start(&ask, &pieces);
	run_until(&w->pieces, 1);
	http_stream_cut(w->stream);
	run_until(&w->dones, 1);
	assert_int_equal(w->answer.err, ERR_TRUNCATED);
	assert_int_equal(w->answer.status, 200);
	assert_int_equal(w->answer.attempts, 1); /* something had come */
}

/* Writes until the server's ceiling is reached: the client takes nothing. */
static size_t fill(void)
{
	static char block[20000];
	size_t total = 0, seen = 0;

	while (seen < 40) {
		if (!http_stream_write(w->stream, block, sizeof(block))) {
			total += sizeof(block);
			seen = 0;
		} else {
			seen++;
		}
		uv_run(&w->loop, UV_RUN_NOWAIT);
		assert_true(total < 64 << 20);
	}
	return total;
}

static void a_paused_client_is_felt_by_the_server(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream"), .idle_us = 150000, .body_max_bytes = 100 << 20 };
	unsigned int before;
	size_t total;

	(void)state;
	w->on_piece = ACT_PAUSE;
	start(&ask, &pieces);
	run_until(&w->pieces, 1);
	w->on_piece = ACT_NONE;
	total = 4 + fill();
	before = w->pieces;
	assert_int_equal(before, 1);
	run_for(400); /* idle time does not count */
	assert_int_equal(w->pieces, before);
	assert_int_equal(w->dones, 0);
	http_exchange_pause(w->x, false);
	assert_int_equal(w->pieces, before); /* never from inside */
	run_until(&w->drained, 1);
	http_stream_end(w->stream);
	run_until(&w->dones, 1);
	assert_int_equal(w->answer.err, ERR_NONE);
	assert_int_equal(w->answer.len, total);
}

/* ---- cancelling and closing, everywhere ---- */

static void cancel_silences_at_any_time(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/hold") };

	(void)state;
	start(&ask, &never);
	http_exchange_cancel(&w->x); /* before anything */
	assert_null(w->x);
	http_exchange_cancel(&w->x); /* NULL-safe */
	run_for(20);
	assert_int_equal(w->handled, 0);
	start(&ask, &never);
	run_until(&w->handled, 1);
	http_exchange_cancel(&w->x); /* while the answer is waited for */
	run_until(&w->gone, 1);      /* the server sees it */
	assert_int_equal(http_client_exchanges(w->client), 0);
}

/* One turn of the loop begins the look-up; its answer could be told in the next one at the earliest. */
static void cancel_in_a_look_up(void **state)
{
	const struct http_ask one = { .method = HTTP_GET, .url = "http://one-host.invalid/" }, two = { .method = HTTP_GET, .url = "http://two-hosts.invalid/" };

	(void)state;
	start(&one, &never);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_non_null(w->client->names[0]);
	http_exchange_cancel(&w->x);
	start(&two, &never);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_non_null(w->client->names[1]);
	http_client_close(&w->client); /* with the look-up under way */
	assert_null(w->x);
}

static void cancel_inside_handlers(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream") };

	(void)state;
	w->on_head = ACT_CANCEL;
	start(&ask, &pieces);
	run_until(&w->gone, 1);
	assert_int_equal(w->heads, 1);
	assert_int_equal(w->pieces, 0);
	w->on_head = ACT_NONE;
	w->on_piece = ACT_CANCEL;
	start(&ask, &pieces);
	run_until(&w->gone, 2);
	assert_int_equal(w->pieces, 1);
	assert_int_equal(w->dones, 0);
	w->on_piece = ACT_NONE;
	get(at("/echo"));
	assert_int_equal(w->answer.status, 200);
}

static void cancel_another_inside_handlers(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream") }, hold = { .method = HTTP_GET, .url = hold_url() };
	struct err_detail detail;

	(void)state;
	for (int i = 0; i < 3; i++) {
		unsigned int gone = w->gone, handled = w->handled;

		assert_int_equal(http_exchange_start(&w->other, w->client, &hold, &never, w, &detail), ERR_NONE);
		run_until(&w->handled, handled + 1);
		w->on_head = i == 0 ? ACT_CANCEL_OTHER : ACT_NONE;
		w->on_piece = i == 1 ? ACT_CANCEL_OTHER : ACT_NONE;
		w->on_done = i == 2 ? ACT_CANCEL_OTHER : ACT_NONE;
		start(&ask, &pieces);
		run_until(&w->handled, handled + 2);
		http_stream_end(w->stream);
		run_until(&w->dones, (unsigned int)i + 1);
		run_until(&w->gone, gone + 1);
		assert_null(w->other);
	}
}

static void close_inside_handlers(void **state)
{
	const struct http_client_settings plain = { .ca_file = NULL };
	const struct http_ask ask = { .method = HTTP_GET, .url = at("/stream") }, hold = { .method = HTTP_GET, .url = hold_url() };
	struct err_detail detail;

	(void)state;
	for (int i = 0; i < 3; i++) {
		unsigned int gone = w->gone, handled = w->handled;

		assert_int_equal(http_exchange_start(&w->other, w->client, &hold, &never, w, &detail), ERR_NONE);
		run_until(&w->handled, handled + 1);
		w->on_head = i == 0 ? ACT_CLOSE : ACT_NONE;
		w->on_piece = i == 1 ? ACT_CLOSE : ACT_NONE;
		w->on_done = i == 2 ? ACT_CLOSE : ACT_NONE;
		start(&ask, &pieces);
		run_until(&w->handled, handled + 2);
		if (i == 2)
			http_stream_end(w->stream);
		run_until(&w->gone, gone + (i == 2 ? 1 : 2));
		assert_null(w->client);
		assert_null(w->other);
		assert_null(w->x);
		client_begin(&plain);
	}
	assert_int_equal(w->dones, 1);
}

static void a_handler_may_ask_again(void **state)
{
	(void)state;
	w->on_done = ACT_AGAIN;
	at("/echo");
	start(&(struct http_ask){ .method = HTTP_GET, .url = w->url }, &whole);
	run_until(&w->dones, 2);
	assert_int_equal(w->answer.status, 200);
}

/* ---- a server that does it wrong ---- */

static void expect(const char *reply, enum raw_end end, enum err err)
{
	unsigned int requests = w->raw.requests;
	const struct http_ask ask = { .method = HTTP_GET, .url = w->url, .idle_us = 200000, .head_max_bytes = 2000, .body_max_bytes = 1000 };

	raw_says(reply, end);
	ask_whole(&ask);
	if (w->answer.err != err)
		fail_msg("%.40s: %s (%s), not %s", reply, err_name(w->answer.err), w->answer.detail.message, err_name(err));
	assert_int_equal(w->raw.requests, requests + 1);
	assert_true(w->answer.was_sent);
	assert_true(!err || (w->answer.detail.message[0] && w->answer.detail.where[0]));
	assert_true(err != ERR_TIMEOUT || (w->answer.total_us >= ask.idle_us && w->answer.total_us < 5000000));
}

static void wrong_answers_are_named(void **state)
{
	(void)state;
	expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", RAW_HOLD, ERR_NONE);
	assert_false(w->answer.is_open_ended);
	expect("HTTP/1.1 200 OK\r\n\r\nuntil the end", RAW_CLOSE, ERR_NONE);
	assert_true(w->answer.is_open_ended);
	expect("HTTP/1.1 200 OK\r\n\r\nhalf closed", RAW_SHUT, ERR_NONE);
	expect("HTTP/1.1 103 Early Hints\r\nX-Test: early\r\n\r\nHTTP/1.1 204 No Content\r\nX-Test: late\r\n\r\n", RAW_HOLD, ERR_NONE);
	assert_string_equal(w->header, "late");
	expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Test: behind\r\n\r\n", RAW_HOLD, ERR_NONE);
	assert_string_equal(w->body, "ok");
	assert_string_equal(w->header, "-"); /* a trailer is no header */
	expect("", RAW_CLOSE, ERR_CLOSED);
	expect("", RAW_SHUT, ERR_CLOSED);
	expect("", RAW_RESET, ERR_CLOSED);
	expect("", RAW_HOLD, ERR_TIMEOUT);
	expect("HTTP/1.1 200 OK\r\nContent-Le", RAW_HOLD, ERR_TIMEOUT);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", RAW_CLOSE, ERR_TRUNCATED);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", RAW_SHUT, ERR_TRUNCATED);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", RAW_HOLD, ERR_TIMEOUT);
	expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", RAW_CLOSE, ERR_TRUNCATED);
	expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", RAW_CLOSE, ERR_TRUNCATED);
	expect("garbage garbage garbage\r\n\r\n", RAW_CLOSE, ERR_FORMAT);
	expect("SSH-2.0-OpenSSH_9.2\r\n", RAW_HOLD, ERR_FORMAT);
	expect("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", RAW_HOLD, ERR_FORMAT);
	expect("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", RAW_HOLD, ERR_LIMIT);
}

static void ceilings_of_answers(void **state)
{
	static char reply[150000];
	size_t len;

	(void)state;
	len = (size_t)snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\nX-Test: ");
	memset(reply + len, 'h', 140000);
	w->raw.drip = 20000;
	expect(reply, RAW_HOLD, ERR_LIMIT); /* one long line, without an end */
	w->raw.drip = 0;
	memset(reply + len, 'h', 1990);
	memcpy(reply + len + 1990, "\r\n\r\n", 5);
	expect(reply, RAW_HOLD, ERR_LIMIT); /* with one */
	memset(reply, 0, sizeof(reply));
	len = (size_t)snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\n");
	while (len < 30000)
		len += (size_t)snprintf(reply + len, sizeof(reply) - len, "A: b\r\n");
	expect(reply, RAW_HOLD, ERR_LIMIT); /* many */
	memset(reply, 0, sizeof(reply));
	len = (size_t)snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	memset(reply + len, 'b', 1000);
	expect(reply, RAW_CLOSE, ERR_NONE);
	assert_int_equal(w->answer.len, 1000);
	reply[len + 1000] = 'b';
	expect(reply, RAW_CLOSE, ERR_LIMIT); /* one byte more */
	memset(reply, 0, sizeof(reply));
	len = (size_t)snprintf(reply, sizeof(reply), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
	while (len < 30000)
		len += (size_t)snprintf(reply + len, sizeof(reply) - len, "A: b\r\n");
	expect(reply, RAW_HOLD, ERR_LIMIT); /* trailers */
}

static void a_slow_answer_has_its_time_in_all(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = w->url, .idle_us = 15000000, .total_us = 300000 };

	(void)state;
	w->raw.drip = 1;
	raw_says("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", RAW_HOLD);
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_TIMEOUT);
	assert_true(w->answer.total_us >= 300000 && w->answer.total_us < 8000000);
}

static void bytes_one_by_one_are_an_answer(void **state)
{
	(void)state;
	w->raw.drip = 1;
	expect("HTTP/1.1 200 OK\r\nX-Test: drip\r\nContent-Length: 3\r\n\r\nabc", RAW_HOLD, ERR_NONE);
	assert_string_equal(w->header, "drip");
	assert_string_equal(w->body, "abc");
}

/* Nobody accepts: the backlog of a listening socket is full, so the connection neither comes nor fails. */
static void a_connection_has_its_time(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fds[8], listener = socket(AF_INET, SOCK_STREAM, 0);
	struct http_ask ask = { .method = HTTP_POST, .connect_us = 300000, .retries_max = 1 };

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&a, sizeof(a));
	}
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%u/", ntohs(a.sin_port));
	ask.url = w->url;
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_TIMEOUT);
	assert_false(w->answer.was_sent);
	assert_int_equal(w->answer.connected_us, 0);
	assert_int_equal(w->answer.attempts, 2);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(listener);
}

/* ---- again, or not ---- */

static void only_what_harms_nobody_is_sent_again(void **state)
{
	static const struct {
		enum http_method method;
		unsigned int retries;
		bool is_repeatable;
		unsigned int requests;
	} rows[] = {
		{ HTTP_GET, 0, false, 1 },  { HTTP_GET, 2, false, 2 },   { HTTP_PUT, 1, false, 2 }, { HTTP_POST, 2, false, 1 },
		{ HTTP_POST, 2, true, 2 }, { HTTP_PATCH, 2, false, 1 },
	};

	(void)state;
	raw_says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", RAW_CLOSE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct http_ask ask = { .method = rows[i].method, .url = w->url, .retries_max = rows[i].retries, .is_repeatable = rows[i].is_repeatable };

		w->raw.has_first = true; /* the first connection ends without an answer */
		w->raw.first_end = RAW_CLOSE;
		w->raw.accepted = w->raw.requests = 0;
		ask_whole(&ask);
		assert_int_equal(w->raw.requests, rows[i].requests);
		assert_int_equal(w->answer.attempts, rows[i].requests);
		assert_int_equal(w->answer.err, rows[i].requests == 2 ? ERR_NONE : ERR_CLOSED);
		assert_true(w->answer.was_sent);
	}
}

static void nothing_is_asked_again_once_an_answer_began(void **state)
{
	const struct http_ask ask = { .method = HTTP_GET, .url = w->url, .retries_max = 2, .idle_us = 100000 };

	(void)state;
	raw_says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", RAW_HOLD);
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_TIMEOUT);
	assert_int_equal(w->answer.attempts, 1);
	assert_int_equal(w->heads, 1);
}

static void what_was_not_sent_may_go_again(void **state)
{
	const struct http_ask ask = { .method = HTTP_POST, .url = "http://127.0.0.1:1/", .retries_max = 2 };

	(void)state;
	ask_whole(&ask);
	assert_int_equal(w->answer.err, ERR_UNAVAILABLE);
	assert_int_equal(w->answer.attempts, 3);
	assert_false(w->answer.was_sent);
	assert_true(w->answer.total_us >= 150000);
}

/* libcurl by itself would send a request again when a kept connection dies under it: here the server gets it, then cuts. */
static void a_change_on_a_dying_connection_goes_out_once(void **state)
{
	const struct http_ask post = { .method = HTTP_POST, .url = w->url }, with_body = { .method = HTTP_POST, .url = w->url, .body = "x", .len = 1 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		unsigned int before;

		raw_says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", RAW_HOLD);
		get(w->url);
		assert_int_equal(w->answer.err, ERR_NONE);
		before = w->raw.accepted;
		raw_says("", RAW_CLOSE);
		w->raw.requests = 0;
		ask_whole(i ? &with_body : &post);
		assert_int_equal(w->answer.err, ERR_CLOSED);
		assert_int_equal(w->raw.requests, 1);
		assert_true(w->raw.accepted <= before + 1); /* it may have connected anew, but nothing was said there */
		assert_true(w->answer.was_sent);
		run_for(20);
		assert_int_equal(w->raw.requests, 1);
	}
}

/* ---- where it may go ---- */

static bool only_port(const struct sockaddr *address, void *arg)
{
	return ntohs(((const struct sockaddr_in *)address)->sin_port) == *(unsigned int *)arg;
}

static void addresses_are_judged(void **state)
{
	unsigned int port = http_server_port(w->server);
	const struct http_client_settings settings = { .allows = only_port, .allows_arg = &port };
	const struct http_client_settings public = { .allows = http_address_is_public };

	(void)state;
	http_client_close(&w->client);
	client_begin(&settings);
	get(at("/echo"));
	assert_int_equal(w->answer.status, 200);
	raw_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RAW_HOLD);
	get(w->url);
	assert_int_equal(w->answer.err, ERR_DENIED);
	assert_int_equal(w->raw.accepted, 0);
	http_client_close(&w->client);
	client_begin(&public);
	for (unsigned int i = 0; i < 4; i++) {
		static const char *const hosts[] = { "127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]" };

		snprintf(w->url, sizeof(w->url), "http://%s:%u/echo", hosts[i], port);
		get(w->url);
		assert_int_equal(w->answer.err, ERR_DENIED);
	}
	assert_int_equal(w->handled, 1);
}

static void public_addresses(void **state)
{
	static const char *const yes[] = { "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "223.255.255.254",
		"2606:4700::1111", "2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808" };
	static const char *const no[] = { "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.9", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
		"fd12::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "3fff::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
		"64:ff9b:1::1", "::127.0.0.1" };
	const struct sockaddr nothing = { .sa_family = AF_UNIX };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]) + sizeof(no) / sizeof(no[0]); i++) {
		bool wanted = i < sizeof(yes) / sizeof(yes[0]);
		const char *text = wanted ? yes[i] : no[i - sizeof(yes) / sizeof(yes[0])];
		struct sockaddr_in6 six;
		struct sockaddr_in four;
		const struct sockaddr *a = strchr(text, ':') ? (struct sockaddr *)&six : (struct sockaddr *)&four;

		assert_int_equal(strchr(text, ':') ? uv_ip6_addr(text, 80, &six) : uv_ip4_addr(text, 80, &four), 0);
		if (http_address_is_public(a, NULL) != wanted)
			fail_msg("%s", text);
	}
	assert_false(http_address_is_public(&nothing, NULL));
}

static void the_environments_proxy_is_not_asked(void **state)
{
	char proxy[64];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", w->raw.port);
	setenv("http_proxy", proxy, 1);
	setenv("ALL_PROXY", proxy, 1);
	get(at("/echo"));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(w->answer.status, 200);
	assert_int_equal(w->raw.accepted, 0);
}

static void a_proxy_that_was_set_is_asked(void **state)
{
	char proxy[64];
	struct http_client_settings settings = { .proxy = proxy };
	struct err_detail detail;
	struct http_client *none;

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://localhost:%u", w->raw.port);
	http_client_close(&w->client);
	client_begin(&settings);
	raw_says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", RAW_HOLD);
	get("http://a-host.invalid/path");
	assert_int_equal(w->answer.status, 200);
	assert_memory_equal(w->raw.seen, "GET http://a-host.invalid/path HTTP/1.1\r\n", 41);
	settings.allows = http_address_is_public;
	assert_int_equal(http_client_open(&none, &w->loop, &settings, &detail), ERR_USAGE);
	assert_null(none);
	settings = (struct http_client_settings){ .proxy = "socks5://h:1" };
	assert_int_equal(http_client_open(&none, &w->loop, &settings, &detail), ERR_USAGE);
	settings = (struct http_client_settings){ .ca_file = "/no/such/file.pem" };
	assert_int_equal(http_client_open(&none, &w->loop, &settings, &detail), ERR_UNAVAILABLE);
	assert_string_equal(detail.where, "/no/such/file.pem");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_arrive_as_they_were_written),
		TEST(every_method_says_itself),
		TEST(head_has_no_body),
		TEST(a_large_body_is_sent_whole),
		TEST(any_status_is_an_answer_and_nothing_is_followed),
		TEST(connections_are_kept),
		TEST(names_are_looked_up_beside_the_loop),
		TEST(F30_a_dead_name_server_stops_no_known_host),
		TEST(wrong_asks_start_nothing),
		TEST(exchanges_have_a_ceiling),
		TEST(what_does_not_fit_into_the_connections_waits),
		TEST(pieces_come_as_they_are_sent),
		TEST(a_stream_that_is_cut_is_told),
		TEST(a_paused_client_is_felt_by_the_server),
		TEST(cancel_silences_at_any_time),
		TEST(cancel_in_a_look_up),
		TEST(cancel_inside_handlers),
		TEST(cancel_another_inside_handlers),
		TEST(close_inside_handlers),
		TEST(a_handler_may_ask_again),
		TEST(wrong_answers_are_named),
		TEST(ceilings_of_answers),
		TEST(a_slow_answer_has_its_time_in_all),
		TEST(bytes_one_by_one_are_an_answer),
		TEST(a_connection_has_its_time),
		TEST(only_what_harms_nobody_is_sent_again),
		TEST(nothing_is_asked_again_once_an_answer_began),
		TEST(what_was_not_sent_may_go_again),
		TEST(a_change_on_a_dying_connection_goes_out_once),
		TEST(addresses_are_judged),
		TEST(public_addresses),
		TEST(the_environments_proxy_is_not_asked),
		TEST(a_proxy_that_was_set_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
