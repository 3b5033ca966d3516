/* The HTTP server from inside: what its callers are promised. What clients get wrong is in tests/system/test_http_wrong.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/http_server.h"
#include "deadline.h"

struct world {
	uv_loop_t loop;
	struct http_server *server;
	struct http_request *held;
	unsigned int handled, authorised, gone, freed, stream_gone, drained;
	struct http_stream *stream;
	bool lets_in, later, watches, closed;
	char seen[64];
};

static const struct http_header *no_headers;

/* ---- handlers ---- */

static void context_freed(void *context)
{
	((struct world *)context)->freed++;
}

static bool authorise(struct http_request *r, void *arg)
{
	struct world *t = arg;

	t->authorised++;
	http_set_context(r, t, context_freed);
	if (t->later)
		t->held = r;
	else if (!t->lets_in)
		http_reply_error(r, 403, "forbidden", "No.", NULL, NULL);
	return t->lets_in && !t->later;
}

static void on_request(struct http_request *r, void *arg)
{
	struct world *t = arg;
	size_t len;
	const void *body = http_body(r, &len);

	t->handled++;
	http_reply_as(r, 200, "text/plain", body, len);
}

static void went(struct http_request *r, void *arg)
{
	struct world *t = arg;

	assert_ptr_equal(r, t->held);
	t->held = NULL;
	t->gone++;
}

static void on_hold(struct http_request *r, void *arg)
{
	struct world *t = arg;

	t->handled++;
	t->held = r;
	if (t->watches)
		http_on_gone(r, went, t);
}

static void stream_gone(struct http_stream *s, void *arg)
{
	struct world *t = arg;

	assert_ptr_equal(s, t->stream);
	t->stream = NULL;
	t->stream_gone++;
}

static void stream_drained(struct http_stream *s, void *arg)
{
	(void)s;
	((struct world *)arg)->drained++;
}

static const struct http_stream_handlers stream_handlers = { stream_drained, stream_gone };

static void on_stream(struct http_request *r, void *arg)
{
	struct world *t = arg;

	t->stream = http_stream_open(r, 200, no_headers, &stream_handlers, t);
}

static void on_which(struct http_request *r, void *arg)
{
	struct world *t = arg;

	snprintf(t->seen, sizeof(t->seen), "%s|%s", http_param(r, "a") ? http_param(r, "a") : "-", http_param(r, "*") ? http_param(r, "*") : "-");
	http_reply(r, 204, no_headers, NULL, 0);
}

static void on_headers(struct http_request *r, void *arg)
{
	struct world *t = arg;
	const char *name, *value;
	size_t len, at = 0;

	for (unsigned int i = 0; http_header_at(r, i, &name, &len, &value); i++)
		at += (size_t)snprintf(t->seen + at, sizeof(t->seen) - at, "%.*s=%s|", (int)len, name, value);
	http_reply(r, 204, no_headers, NULL, 0);
}

static void on_bad_header(struct http_request *r, void *arg)
{
	static const struct http_header headers[] = { { "Location", "/a\r\nSet-Cookie: b" }, { NULL, NULL } };

	(void)arg;
	http_reply(r, 302, headers, NULL, 0);
}

static void on_too_large(struct http_request *r, void *arg)
{
	static char body[5000];

	(void)arg;
	http_reply_as(r, 200, "text/plain", body, sizeof(body));
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/open", on_request, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/shut", on_request, 0, 0 },
	{ HTTP_GET, "/hold", on_hold, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/stream", on_stream, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/headers", on_headers, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/bad-header", on_bad_header, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/too-large", on_too_large, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/x/known", on_which, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/x/:a", on_which, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/x/:a/y/*", on_which, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* ---- the world ---- */

static struct http_settings settings_of(struct world *t)
{
	return (struct http_settings){ .listen = "127.0.0.1:0", .authorise = authorise, .authorise_arg = t, .linger_us = 100000,
		.reply_max_bytes = 4000, .stream_max_bytes = 40000 };
}

static int world_begin(void **state)
{
	struct world *t = calloc(1, sizeof(*t));
	struct err_detail detail;
	struct http_settings settings;

	if (!t || uv_loop_init(&t->loop))
		return -1;
	settings = settings_of(t);
	if (http_server_open(&t->server, &t->loop, &settings, &detail) || http_server_mount(t->server, routes, t))
		return -1;
	*state = t;
	return deadline_start(state);
}

static void closed(void *arg)
{
	((struct world *)arg)->closed = true;
}

static int world_end(void **state)
{
	struct world *t = *state;

	if (t->server)
		http_server_close(&t->server, closed, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_true(t->closed);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	free(t);
	return deadline_stop(state);
}

static int client_open(unsigned int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void guard_due(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

/* One turn of the loop, which a clock ends if nothing else does. */
static void turn(struct world *t)
{
	uv_timer_t guard;

	uv_timer_init(&t->loop, &guard);
	uv_timer_start(&guard, guard_due, 10000, 0);
	uv_run(&t->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&t->loop, UV_RUN_NOWAIT);
}

static void until(struct world *t, const unsigned int *count, unsigned int wanted)
{
	while (*count < wanted)
		turn(t);
}

/* All that the server says until it closes, or until `text` has come. */
static const char *hear(struct world *t, int fd, const char *text)
{
	static char heard[200000];
	size_t len = 0;

	heard[0] = '\0';
	for (;;) {
		ssize_t got = recv(fd, heard + len, sizeof(heard) - 1 - len, MSG_DONTWAIT);

		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		len += got > 0 ? (size_t)got : 0;
		heard[len] = '\0';
		if (text && memmem(heard, len, text, strlen(text)))
			break;
		if (got < 0)
			turn(t);
	}
	return heard;
}

static const char *ask(struct world *t, const char *text)
{
	int fd = client_open(http_server_port(t->server));
	const char *heard;

	say(fd, text);
	heard = hear(t, fd, NULL);
	close(fd);
	return heard;
}

#define LAST "Host: a\r\nConnection: close\r\n\r\n"

static void hold(struct world *t, int *fd)
{
	*fd = client_open(http_server_port(t->server));
	say(*fd, "GET /hold HTTP/1.1\r\n" LAST);
	until(t, &t->handled, 1);
	assert_non_null(t->held);
}

/* ---- tests ---- */

static void who_may_is_asked_before_the_handler(void **state)
{
	struct world *t = *state;

	assert_non_null(strstr(ask(t, "GET /shut HTTP/1.1\r\n" LAST), "HTTP/1.1 403 "));
	assert_int_equal(t->handled, 0);
	t->lets_in = true;
	assert_non_null(strstr(ask(t, "GET /shut HTTP/1.1\r\n" LAST), "HTTP/1.1 200 "));
	assert_int_equal(t->handled, 1);
	assert_int_equal(t->authorised, 2);
	assert_int_equal(t->freed, 2);
	ask(t, "POST /open HTTP/1.1\r\nContent-Length: 0\r\n" LAST);
	assert_int_equal(t->authorised, 2);
	assert_int_equal(t->handled, 2);
}

static void who_may_can_be_found_out_later(void **state)
{
	struct world *t = *state;
	int fd = client_open(http_server_port(t->server));

	t->later = true;
	say(fd, "GET /shut HTTP/1.1\r\n" LAST);
	until(t, &t->authorised, 1);
	assert_int_equal(t->handled, 0);
	http_proceed(t->held);
	assert_int_equal(t->handled, 0); /* never from inside */
	until(t, &t->handled, 1);
	assert_non_null(strstr(hear(t, fd, NULL), "HTTP/1.1 200 "));
	close(fd);
}

static void without_an_authoriser_nothing_is_let_in(void **state)
{
	struct world *t = *state;
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;

	http_server_close(&t->server, NULL, NULL);
	assert_int_equal(http_server_open(&t->server, &t->loop, &settings, &detail), ERR_NONE);
	assert_int_equal(http_server_mount(t->server, routes, t), ERR_NONE);
	assert_non_null(strstr(ask(t, "GET /shut HTTP/1.1\r\n" LAST), "HTTP/1.1 401 "));
	assert_int_equal(t->handled, 0);
}

static void the_first_route_that_fits(void **state)
{
	struct world *t = *state;

	assert_non_null(strstr(ask(t, "GET /x/known HTTP/1.1\r\n" LAST), "HTTP/1.1 204 "));
	assert_string_equal(t->seen, "-|-");
	ask(t, "GET /x/%6bnown?q HTTP/1.1\r\n" LAST); /* the same path, written another way */
	assert_string_equal(t->seen, "-|-");
	ask(t, "GET /x/b%20c HTTP/1.1\r\n" LAST);
	assert_string_equal(t->seen, "b c|-");
	ask(t, "GET /x/b/y/c/d%2Fe HTTP/1.1\r\n" LAST);
	assert_string_equal(t->seen, "b|c/d/e");
	assert_non_null(strstr(ask(t, "GET /x/b/y HTTP/1.1\r\n" LAST), "HTTP/1.1 404 "));
	assert_non_null(strstr(ask(t, "GET /x/b/ HTTP/1.1\r\n" LAST), "HTTP/1.1 404 "));
	assert_non_null(strstr(ask(t, "DELETE /x/b HTTP/1.1\r\n" LAST), "\r\nAllow: GET\r\n"));
}

static void a_header_cannot_be_smuggled_in(void **state)
{
	struct world *t = *state;
	const char *heard = ask(t, "GET /bad-header HTTP/1.1\r\n" LAST);

	assert_non_null(strstr(heard, "HTTP/1.1 500 "));
	assert_null(strstr(heard, "Set-Cookie"));
}

static void a_reply_over_the_ceiling_is_an_error(void **state)
{
	struct world *t = *state;

	assert_non_null(strstr(ask(t, "GET /too-large HTTP/1.1\r\n" LAST), "HTTP/1.1 500 "));
}

static void a_reply_may_come_late(void **state)
{
	struct world *t = *state;
	int fd;

	hold(t, &fd);
	for (int i = 0; i < 3; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	http_reply_as(t->held, 202, "text/plain", "late", 4);
	assert_non_null(strstr(hear(t, fd, NULL), "\r\n\r\nlate"));
	close(fd);
}

static void who_went_is_told_once_and_owes_nothing(void **state)
{
	struct world *t = *state;
	int fd;

	t->watches = true;
	hold(t, &fd);
	close(fd);
	until(t, &t->gone, 1);
	http_server_close(&t->server, closed, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_int_equal(t->gone, 1);
}

/* Without a `gone` handler the request stays its holder's, whatever becomes of the socket. */
static void a_reply_to_nobody_is_thrown_away(void **state)
{
	struct world *t = *state;
	struct linger at_once = { .l_onoff = 1 };
	int fd;

	hold(t, &fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	for (int i = 0; i < 10; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	http_reply_as(t->held, 200, "text/plain", "x", 1);
	while (http_server_connections(t->server))
		turn(t);
}

static void closing_waits_for_who_holds_a_request(void **state)
{
	struct world *t = *state;
	int fd;

	hold(t, &fd);
	http_server_close(&t->server, closed, t);
	for (int i = 0; i < 10; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_false(t->closed);
	http_reply_as(t->held, 200, "text/plain", "still", 5);
	assert_non_null(strstr(hear(t, fd, NULL), "\r\n\r\nstill"));
	close(fd);
}

static void draining_takes_no_more_and_ends_what_is_there(void **state)
{
	struct world *t = *state;
	unsigned int port = http_server_port(t->server);
	int idle = client_open(port), held = client_open(port), fd;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	say(held, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	until(t, &t->handled, 1);
	http_server_drain(t->server);
	assert_string_equal(hear(t, idle, NULL), "");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), -1);
	http_reply_as(t->held, 200, "text/plain", "last", 4);
	assert_non_null(strstr(hear(t, held, NULL), "\r\nConnection: close\r\n"));
	close(fd);
	close(idle);
	close(held);
}

static void a_stream_has_a_ceiling_and_says_when_there_is_room(void **state)
{
	struct world *t = *state;
	static const char data[1000];
	int fd = client_open(http_server_port(t->server));
	size_t waiting;
	enum err err;

	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!t->stream)
		turn(t);
	while (!(err = http_stream_write(t->stream, data, sizeof(data))))
		assert_true(http_stream_waiting(t->stream) <= 40000);
	assert_int_equal(err, ERR_LIMIT);
	waiting = http_stream_waiting(t->stream);
	assert_true(waiting > 39000 - 100);
	assert_int_equal(http_stream_write(t->stream, data, sizeof(data)), ERR_LIMIT);
	assert_int_equal(http_stream_waiting(t->stream), waiting); /* whole or not at all */
	for (int i = 0; i < 5; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	while (!t->drained) {
		static char waste[100000];

		(void)!recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
		uv_run(&t->loop, UV_RUN_NOWAIT);
	}
	assert_true(http_stream_waiting(t->stream) <= 20000);
	assert_int_equal(http_stream_write(t->stream, "the end", 7), ERR_NONE);
	http_stream_end(t->stream);
	assert_non_null(hear(t, fd, "7\r\nthe end\r\n0\r\n\r\n"));
	close(fd);
}

static void a_stream_whose_reader_went_is_told(void **state)
{
	struct world *t = *state;
	int fd = client_open(http_server_port(t->server));

	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!t->stream)
		turn(t);
	close(fd);
	until(t, &t->stream_gone, 1);
}

static void headers_in_their_order(void **state)
{
	struct world *t = *state;
	int fd = client_open(http_server_port(t->server));

	say(fd, "GET /headers HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\nx-one: 2\r\nEmpty:\r\n\r\n");
	hear(t, fd, "204");
	assert_string_equal(t->seen, "Host=a|X-One=1|x-one=2|Empty=|");
	close(fd);
}

static void a_stream_can_break(void **state)
{
	struct world *t = *state;
	int fd = client_open(http_server_port(t->server));
	ssize_t got;
	char byte;

	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!t->stream)
		turn(t);
	http_stream_reset(t->stream);
	while ((got = recv(fd, &byte, 1, MSG_DONTWAIT)) > 0 || (got < 0 && errno == EAGAIN))
		uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_true(got < 0 && errno == ECONNRESET);
	assert_int_equal(t->stream_gone, 0);
	close(fd);
}

static void a_listening_socket_can_be_handed_over(void **state)
{
	struct world *t = *state;
	unsigned int port = http_server_port(t->server);
	struct http_settings settings = settings_of(t);
	struct err_detail detail;

	settings.has_fd = true;
	settings.fd = dup(http_server_fd(t->server));
	http_server_close(&t->server, NULL, NULL);
	uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(http_server_open(&t->server, &t->loop, &settings, &detail), ERR_NONE);
	assert_int_equal(http_server_mount(t->server, routes, t), ERR_NONE);
	assert_int_equal(http_server_port(t->server), port);
	assert_non_null(strstr(ask(t, "GET /x/known HTTP/1.1\r\n" LAST), "HTTP/1.1 204 "));
}

static void addresses(void **state)
{
	struct world *t = *state;
	static const char *const wrong[] = { "", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "a.example:80", "[::1:80", ":80", "unix:" };
	struct http_settings settings = settings_of(t);
	struct http_server *s;
	char taken[32];
	struct err_detail detail = { .message = "" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		settings.listen = wrong[i];
		assert_int_equal(http_server_open(&s, &t->loop, &settings, &detail), ERR_USAGE);
		assert_null(s);
		assert_string_equal(detail.where, wrong[i]);
	}
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", http_server_port(t->server));
	settings.listen = taken;
	assert_int_equal(http_server_open(&s, &t->loop, &settings, &detail), ERR_BUSY);
	assert_non_null(strstr(detail.hint, "another"));
	settings.listen = "localhost:0";
	assert_int_equal(http_server_open(&s, &t->loop, &settings, &detail), ERR_NONE);
	http_server_close(&s, NULL, NULL);
}

/* ---- the pure parts ---- */

static struct http_refusal head_of(const char *text, struct http_head *h)
{
	assert_int_equal(http_head_end((const uint8_t *)text, strlen(text), 0), strlen(text));
	return http_request_parse((const uint8_t *)text, strlen(text), h);
}

static void a_head_is_read(void **state)
{
	static const char text[] = "POST /a?b HTTP/1.1\r\nhost: x:1\r\nX-Y: \t v w \t\r\nCONTENT-LENGTH: 0012\r\nConnection: foo , Upgrade\r\n"
		"connection: CLOSE\r\nExpect: 100-Continue\r\nEmpty:\r\n\r\n";
	struct http_head h;
	const struct http_field *f;

	(void)state;
	assert_int_equal(head_of(text, &h).status, 0);
	assert_int_equal(h.method, HTTP_POST);
	assert_int_equal(h.target_len, 4);
	assert_memory_equal(text + h.target, "/a?b", 4);
	assert_int_equal(h.length, 12);
	assert_true(h.has_length && h.wants_close && h.wants_upgrade && h.wants_continue && !h.is_chunked && !h.is_old);
	f = http_field_find(&h, (const uint8_t *)text, "x-y", 0);
	assert_non_null(f);
	assert_int_equal(f->value_len, 3);
	assert_memory_equal(text + f->value, "v w", 3);
	f = http_field_find(&h, (const uint8_t *)text, "empty", 0);
	assert_int_equal(f->value_len, 0);
	assert_int_equal(h.field_count, 7);
}

static void a_head_ends_where_it_ends(void **state)
{
	static const uint8_t text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
	size_t whole = sizeof(text) - 1 - 4;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++)
		for (size_t seen = 0; seen <= len && seen < whole; seen++)
			assert_int_equal(http_head_end(text, len, seen), len < whole ? 0 : whole);
}

static enum err chunks_of(const char *text, size_t part, struct buf *body, size_t *left)
{
	struct http_chunks c = { .left = 0 };
	size_t len = strlen(text), at = 0, used;
	enum err err = ERR_NONE;

	while (at < len && c.state != CHUNKS_DONE && !err) {
		err = http_chunks_step(&c, (const uint8_t *)text + at, len - at < part ? len - at : part, &used, body);
		at += used;
	}
	*left = c.state == CHUNKS_DONE ? len - at : 999;
	return err;
}

static void chunks_are_read_however_they_come(void **state)
{
	static const char text[] = "5;a=\"b\"\r\nhello\r\n00A \r\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
	static const char good[] = "5;a=\"b\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
	struct buf body;
	size_t left;

	(void)state;
	buf_init(&body, 15);
	for (size_t part = 1; part < sizeof(good); part++) {
		buf_reset(&body);
		assert_int_equal(chunks_of(good, part, &body, &left), ERR_NONE);
		assert_int_equal(left, 4);
		assert_int_equal(body.len, 15);
		assert_memory_equal(body.data, "hello0123456789", 15);
	}
	buf_reset(&body);
	assert_int_equal(chunks_of(text, 100, &body, &left), ERR_FORMAT);
	buf_reset(&body);
	assert_int_equal(chunks_of("10\r\n", 100, &body, &left), ERR_LIMIT);
	buf_reset(&body);
	assert_int_equal(chunks_of("f\r\n123456789012345\r\n1\r\n", 100, &body, &left), ERR_LIMIT);
	buf_reset(&body);
	assert_int_equal(chunks_of("0\r\n X: folded\r\n\r\n", 100, &body, &left), ERR_FORMAT);
	buf_fini(&body);
}

static void endless_extensions_and_trailers_have_a_ceiling(void **state)
{
	static char text[20000];
	struct buf body;
	size_t left;

	(void)state;
	buf_init(&body, 100);
	strcpy(text, "5;");
	memset(text + 2, 'x', 10000);
	strcpy(text + 10002, "\r\nhello\r\n0\r\n\r\n");
	assert_int_equal(chunks_of(text, 100000, &body, &left), ERR_LIMIT);
	buf_reset(&body);
	strcpy(text, "0\r\n");
	for (int i = 0; i < 2000; i++)
		strcat(text + 3, "a: b\r\n");
	assert_int_equal(chunks_of(text, 100000, &body, &left), ERR_LIMIT);
	buf_fini(&body);
}

static void pairs_are_decoded(void **state)
{
	struct http_pairs p;

	(void)state;
	assert_int_equal(http_pairs_parse(&p, "a=1&b&=c&&d=%41%e0+%2b&a=2", 26), ERR_NONE);
	assert_int_equal(p.count, 5);
	assert_string_equal(http_pairs_find(&p, "a"), "1");
	assert_string_equal(http_pairs_find(&p, "b"), "");
	assert_string_equal(http_pairs_find(&p, ""), "c");
	assert_string_equal(http_pairs_find(&p, "d"), "A\xe0 +");
	assert_null(http_pairs_find(&p, "e"));
	assert_string_equal(p.items[4].value, "2");
	http_pairs_free(&p);
	assert_int_equal(http_pairs_parse(&p, "a=%4", 4), ERR_FORMAT);
	assert_int_equal(http_pairs_parse(&p, "%00", 3), ERR_FORMAT);
	assert_null(p.memory);
	assert_int_equal(http_pairs_parse(&p, "", 0), ERR_NONE);
	assert_int_equal(p.count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_may_is_asked_before_the_handler),
		CASE(who_may_can_be_found_out_later),
		CASE(without_an_authoriser_nothing_is_let_in),
		CASE(the_first_route_that_fits),
		CASE(a_header_cannot_be_smuggled_in),
		CASE(a_reply_over_the_ceiling_is_an_error),
		CASE(a_reply_may_come_late),
		CASE(who_went_is_told_once_and_owes_nothing),
		CASE(a_reply_to_nobody_is_thrown_away),
		CASE(closing_waits_for_who_holds_a_request),
		CASE(draining_takes_no_more_and_ends_what_is_there),
		CASE(a_stream_has_a_ceiling_and_says_when_there_is_room),
		CASE(a_stream_whose_reader_went_is_told),
		CASE(a_stream_can_break),
		CASE(headers_in_their_order),
		CASE(a_listening_socket_can_be_handed_over),
		CASE(addresses),
		cmocka_unit_test(a_head_is_read),
		cmocka_unit_test(a_head_ends_where_it_ends),
		cmocka_unit_test(chunks_are_read_however_they_come),
		cmocka_unit_test(endless_extensions_and_trailers_have_a_ceiling),
		cmocka_unit_test(pairs_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
