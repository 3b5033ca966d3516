/* A program for the tests from outside: the HTTP server with routes that echo, an echoing WebSocket, and the client's side of it.
 *
 *   http_peer [NAME=VALUE…]        serves on port 0, prints "port N", ends with the end of its standard input: closes everything
 *                                  and prints "closed", when the loop has nothing left
 *   http_peer client URL [CA]      echoes what a WebSocket server sends, until it closes; prints how it ended
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/http_server.h"
#include "base/json.h"

static uv_loop_t loop;
static struct http_server *server;
static unsigned int requests, waiting, gone, streams_gone, sockets;
static struct websocket_settings socket_settings;

/* ---- an echoing WebSocket ---- */

static void echo_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	if (websocket_push(w, kind, data, len) == ERR_LIMIT)
		websocket_close(w, WEBSOCKET_POLICY, "you do not read");
}

static void echo_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	(void)w;
	(void)end;
	(void)arg;
	sockets--;
}

static const struct websocket_handlers echo_handlers = { .message = echo_message, .closed = echo_closed };

static void on_socket(struct http_request *r, void *arg)
{
	const char *protocol = http_header(r, "Sec-WebSocket-Protocol");
	struct websocket *w;

	(void)arg;
	if (!http_upgrade(r, protocol && !strcmp(protocol, "echo") ? "echo" : NULL, &socket_settings, &echo_handlers, NULL, &w))
		sockets++;
}

/* Pushes until it is told to stop, and goes on when there is room. */
static void flood_more(struct websocket *w, void *arg)
{
	static const uint8_t data[4096];

	(void)arg;
	while (!websocket_push(w, WEBSOCKET_BINARY, data, sizeof(data))) {
	}
}

static const struct websocket_handlers flood_handlers = { .message = echo_message, .drained = flood_more, .closed = echo_closed };

static void on_socket_flood(struct http_request *r, void *arg)
{
	struct websocket *w;

	(void)arg;
	if (http_upgrade(r, NULL, &socket_settings, &flood_handlers, NULL, &w))
		return;
	sockets++;
	flood_more(w, NULL);
}

/* ---- requests ---- */

static void on_echo(struct http_request *r, void *arg)
{
	size_t len;
	const void *body = http_body(r, &len);

	(void)arg;
	requests++;
	http_reply_as(r, 200, "application/octet-stream", body, len);
}

/* Everything that was understood, as JSON. */
static void on_show(struct http_request *r, void *arg)
{
	const struct http_pairs *query = http_query_all(r);
	uint8_t memory[16384];
	struct buf b;

	(void)arg;
	requests++;
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_string(&b, "method", http_method_name(http_method(r)));
	json_pair_string(&b, "target", http_target(r));
	json_pair_string(&b, "path", http_path(r));
	json_pair_string(&b, "id", http_param(r, "id"));
	json_pair_string(&b, "rest", http_param(r, "*"));
	json_pair_string(&b, "header", http_header(r, "x-test"));
	json_pair_string(&b, "remote", http_remote(r));
	json_put_key(&b, "query");
	json_open(&b, '{');
	for (size_t i = 0; i < query->count; i++)
		json_pair_string(&b, query->items[i].name, query->items[i].value);
	json_close(&b, '}');
	json_close(&b, '}');
	http_reply_json(r, 200, &b);
}

static void on_form(struct http_request *r, void *arg)
{
	struct http_pairs form;
	enum err err = http_form(r, &form);
	const char *name = http_pairs_find(&form, "name");

	(void)arg;
	if (err)
		http_reply_error(r, 400, "bad_form", err_name(err), "body", "send name=value");
	else
		http_reply_as(r, 200, "text/plain; charset=utf-8", name ? name : "", name ? strlen(name) : 0);
	http_pairs_free(&form);
}

static void on_stats(struct http_request *r, void *arg)
{
	uint8_t memory[1024];
	struct buf b;

	(void)arg;
	buf_over(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_pair_u64(&b, "requests", requests);
	json_pair_u64(&b, "waiting", waiting);
	json_pair_u64(&b, "gone", gone);
	json_pair_u64(&b, "streams_gone", streams_gone);
	json_pair_u64(&b, "sockets", sockets);
	json_pair_u64(&b, "connections", http_server_connections(http_request_server(r)));
	json_close(&b, '}');
	http_reply_json(r, 200, &b);
}

struct later {
	uv_timer_t timer;
	struct http_request *request;
};

static void later_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void later_due(uv_timer_t *timer)
{
	struct later *l = timer->data;

	requests++;
	waiting--;
	http_reply_as(l->request, 200, "text/plain", "later", 5);
	uv_close((uv_handle_t *)timer, later_closed);
}

/* Replies from a later turn; asked with ?gone=1 it wants to know when the client goes. */
static void later_gone(struct http_request *r, void *arg)
{
	struct later *l = arg;

	(void)r;
	gone++;
	waiting--;
	uv_close((uv_handle_t *)&l->timer, later_closed);
}

static void on_later(struct http_request *r, void *arg)
{
	const char *ms = http_query(r, "ms");
	struct later *l = malloc(sizeof(*l));

	(void)arg;
	if (!l)
		abort();
	l->request = r;
	waiting++;
	uv_timer_init(&loop, &l->timer);
	l->timer.data = l;
	uv_timer_start(&l->timer, later_due, ms ? strtoull(ms, NULL, 10) : 0, 0);
	if (http_query(r, "gone"))
		http_on_gone(r, later_gone, l);
}

/* ---- streams ---- */

static void stream_gone(struct http_stream *s, void *arg)
{
	(void)s;
	(void)arg;
	streams_gone++;
}

static void stream_more(struct http_stream *s, void *arg)
{
	static const uint8_t data[8192];

	(void)arg;
	while (!http_stream_write(s, data, sizeof(data))) {
	}
}

static const struct http_stream_handlers stream_handlers = { .drained = stream_more, .gone = stream_gone };
static const struct http_header event_headers[] = { { "Content-Type", "text/event-stream" }, { NULL, NULL } };

static void on_events(struct http_request *r, void *arg)
{
	struct http_stream *s = http_stream_open(r, 200, event_headers, &stream_handlers, NULL);

	(void)arg;
	for (int i = 1; s && i <= 3; i++) {
		char event[32];
		int len = snprintf(event, sizeof(event), "data: %d\n\n", i);

		if (http_stream_write(s, event, (size_t)len))
			return;
	}
	if (s && http_method(r) != HTTP_METHOD_NONE)
		http_stream_end(s);
}

static void on_flood(struct http_request *r, void *arg)
{
	struct http_stream *s = http_stream_open(r, 200, event_headers, &stream_handlers, NULL);

	(void)arg;
	if (s)
		stream_more(s, NULL);
}

static void on_cut(struct http_request *r, void *arg)
{
	struct http_stream *s = http_stream_open(r, 200, event_headers, &stream_handlers, NULL);

	(void)arg;
	if (s && !http_stream_write(s, "part", 4))
		http_stream_cut(s);
}

static uint8_t big[4 << 20];

static void on_big(struct http_request *r, void *arg)
{
	(void)arg;
	http_reply_as(r, 200, "application/octet-stream", big, sizeof(big));
}

static bool authorise(struct http_request *r, void *arg)
{
	const char *token = http_header(r, "Authorization");

	(void)arg;
	if (token && !strcmp(token, "Bearer yes"))
		return true;
	http_reply_error(r, 403, "forbidden", "Not with this token.", NULL, "say yes");
	return false;
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/echo", on_echo, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/echo", on_echo, ROUTE_OPEN, 1 << 20 },
	{ HTTP_POST, "/small", on_echo, ROUTE_OPEN, 16 },
	{ HTTP_POST, "/needs-none", on_echo, ROUTE_OPEN | ROUTE_NO_BODY, 16 },
	{ HTTP_GET, "/show", on_show, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/show/:id", on_show, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/show/:id/files/*", on_show, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/form", on_form, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/later", on_later, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/events", on_events, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/flood", on_flood, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/cut", on_cut, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/big", on_big, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/stats", on_stats, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/private", on_show, 0, 0 },
	{ HTTP_GET, "/", on_socket, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/socket", on_socket, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/socket-flood", on_socket_flood, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static const struct http_file files[] = {
	{ "/app.js", "let a = 1;\n", 11, "text/javascript", "\"abc\"" },
	{ .path = NULL },
};

/* ---- serving ---- */

static void server_closed(void *arg)
{
	(void)arg;
	server = NULL;
}

static void on_input(uv_poll_t *poll, int status, int events)
{
	char waste[256];

	(void)status;
	(void)events;
	if (read(0, waste, sizeof(waste)) > 0)
		return;
	uv_close((uv_handle_t *)poll, NULL);
	http_server_close(&server, server_closed, NULL);
}

static uint64_t number_of(int argc, char **argv, const char *name, uint64_t otherwise)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, len) && argv[i][len] == '=')
			return strtoull(argv[i] + len + 1, NULL, 10);
	return otherwise;
}

static const char *text_of(int argc, char **argv, const char *name, const char *otherwise)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
	return otherwise;
}

static int serve(int argc, char **argv)
{
	struct err_detail detail = { .message = "" };
	struct http_settings settings = {
		.listen = text_of(argc, argv, "listen", "127.0.0.1:0"),
		.authorise = authorise,
		.request_us = number_of(argc, argv, "request_ms", 0) * 1000,
		.idle_us = number_of(argc, argv, "idle_ms", 0) * 1000,
		.send_us = number_of(argc, argv, "send_ms", 0) * 1000,
		.linger_us = number_of(argc, argv, "linger_ms", 0) * 1000,
		.connections_max = (unsigned int)number_of(argc, argv, "connections", 0),
		.stream_max_bytes = number_of(argc, argv, "stream_max", 0),
		.per_address_max = (unsigned int)number_of(argc, argv, "per_address", 0),
	};
	uv_poll_t input;

	socket_settings = (struct websocket_settings){
		.message_max_bytes = number_of(argc, argv, "message_max", 0),
		.send_max_bytes = number_of(argc, argv, "send_max", 0),
		.send_age_us = number_of(argc, argv, "send_age_ms", 0) * 1000,
		.ping_us = number_of(argc, argv, "ping_ms", 0) * 1000,
		.alive_us = number_of(argc, argv, "alive_ms", 0) * 1000,
		.close_us = number_of(argc, argv, "close_ms", 0) * 1000,
	};
	if (http_server_open(&server, &loop, &settings, &detail)) {
		printf("error %s: %s; %s\n", detail.where, detail.message, detail.hint);
		return 1;
	}
	if (http_server_mount(server, routes, NULL) || http_server_files(server, files))
		return 1;
	printf("port %u\n", http_server_port(server));
	fflush(stdout);
	uv_poll_init(&loop, &input, 0);
	uv_poll_start(&input, UV_READABLE, on_input);
	uv_run(&loop, UV_RUN_DEFAULT);
	printf("%s\n", uv_loop_close(&loop) ? "busy" : "closed");
	return 0;
}

/* ---- the client ---- */

static void client_opened(struct websocket *w, void *arg)
{
	(void)w;
	(void)arg;
	printf("opened\n");
}

static void client_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	if (arg && kind == WEBSOCKET_TEXT)
		printf("text %.*s\n", (int)len, (const char *)data);
	else
		echo_message(w, kind, data, len, NULL);
}

static void client_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	(void)w;
	(void)arg;
	printf("end %s %u %u %s\n", err_name(end->err), end->code, end->http_status, end->reason);
}

static int client(const char *url, const char *ca_file, bool prints)
{
	static const struct websocket_handlers handlers = { .opened = client_opened, .message = client_message, .closed = client_closed };
	struct websocket_settings settings = { .message_max_bytes = 64 << 20, .send_max_bytes = 64 << 20, .send_age_us = 60000000 };
	struct websocket_target target = { .url = url, .ca_file = ca_file && *ca_file ? ca_file : NULL };
	struct err_detail detail = { .message = "" };
	struct websocket *w;
	enum err err = websocket_connect(&w, &loop, &target, &settings, &handlers, prints ? &loop : NULL, &detail);

	if (err)
		printf("error %s: %s\n", err_name(err), detail.message);
	uv_run(&loop, UV_RUN_DEFAULT);
	printf("%s\n", uv_loop_close(&loop) ? "busy" : "closed");
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	uv_loop_init(&loop);
	if (argc > 2 && !strcmp(argv[1], "client"))
		return client(argv[2], argc > 3 ? argv[3] : NULL, argc > 4);
	return serve(argc, argv);
}
