/* The WebSocket, both sides on one loop: messages, ceilings, back-pressure, half-dead peers, every way to end; nothing stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/http_server.h"
#include "base/websocket_parts.h"
#include "deadline.h"
#include "memorykit.h"

struct side {
	struct websocket *w;
	unsigned int opened, messages, drained, closed;
	enum websocket_kind kind;
	uint8_t *data;
	size_t len;
	struct websocket_end end;
	char reason[128];
	void (*on_message)(struct side *s);
	void (*on_opened)(struct side *s);
};

struct world {
	uv_loop_t loop;
	uv_timer_t guard;
	struct http_server *server;
	struct side here, there; /* the client, the server's WebSocket */
	struct websocket_settings here_settings, there_settings;
	bool server_closed;
};

static void side_opened(struct websocket *w, void *arg)
{
	struct side *s = arg;

	(void)w;
	s->opened++;
	if (s->on_opened)
		s->on_opened(s);
}

static void side_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct side *s = arg;

	(void)w;
	s->messages++;
	s->kind = kind;
	free(s->data);
	s->data = malloc(len + 1);
	assert_non_null(s->data);
	memcpy(s->data, data, len);
	s->len = len;
	if (s->on_message)
		s->on_message(s);
}

static void side_drained(struct websocket *w, void *arg)
{
	(void)w;
	((struct side *)arg)->drained++;
}

static void side_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct side *s = arg;

	assert_ptr_equal(w, s->w);
	s->closed++;
	s->end = *end;
	snprintf(s->reason, sizeof(s->reason), "%s", end->reason);
	s->w = NULL;
}

static const struct websocket_handlers handlers = { side_opened, side_message, side_drained, side_closed };

static void on_socket(struct http_request *r, void *arg)
{
	struct world *t = arg;

	assert_int_equal(http_upgrade(r, NULL, &t->there_settings, &handlers, &t->there, &t->there.w), ERR_NONE);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/socket", on_socket, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static void too_long(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

/* Turns the loop until `*count` is at least `wanted`. */
static void until(struct world *t, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&t->guard, too_long, 10000, 0);
	while (*count < wanted)
		uv_run(&t->loop, UV_RUN_ONCE);
	uv_timer_stop(&t->guard);
}

static int world_begin(void **state)
{
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	struct world *t = calloc(1, sizeof(*t));

	if (!t || uv_loop_init(&t->loop) || http_server_open(&t->server, &t->loop, &settings, &detail) ||
		http_server_mount(t->server, routes, t))
		return -1;
	uv_timer_init(&t->loop, &t->guard);
	*state = t;
	return deadline_start(state);
}

static void server_closed(void *arg)
{
	((struct world *)arg)->server_closed = true;
}

static int world_end(void **state)
{
	struct world *t = *state;

	websocket_free(&t->here.w);
	websocket_free(&t->there.w);
	uv_close((uv_handle_t *)&t->guard, NULL);
	if (t->server)
		http_server_close(&t->server, server_closed, t);
	uv_run(&t->loop, UV_RUN_DEFAULT);
	assert_true(t->server_closed);
	assert_int_equal(uv_loop_close(&t->loop), 0);
	free(t->here.data);
	free(t->there.data);
	free(t);
	return deadline_stop(state);
}

static void connect_start(struct world *t)
{
	char url[64];
	struct websocket_target target = { .url = url };
	struct err_detail detail;

	snprintf(url, sizeof(url), "ws://127.0.0.1:%u/socket?x=1", http_server_port(t->server));
	assert_int_equal(websocket_connect(&t->here.w, &t->loop, &target, &t->here_settings, &handlers, &t->here, &detail), ERR_NONE);
	assert_int_equal(t->here.opened, 0); /* never from inside */
}

static void connected(struct world *t)
{
	connect_start(t);
	until(t, &t->here.opened, 1);
	assert_non_null(t->there.w);
}

static void messages_go_both_ways(void **state)
{
	struct world *t = *state;
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 4095, 4096, 4097, 65535, 65536, 300000 };
	uint8_t *data = calloc(1, 300000);

	connected(t);
	for (size_t i = 0; i < 300000; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizes[i]), ERR_NONE);
		until(t, &t->there.messages, i + 1);
		assert_int_equal(t->there.len, sizes[i]);
		assert_int_equal(t->there.kind, WEBSOCKET_BINARY);
		assert_memory_equal(t->there.data, data, sizes[i]);
		assert_int_equal(websocket_push(t->there.w, WEBSOCKET_BINARY, data, sizes[i]), ERR_NONE);
		until(t, &t->here.messages, i + 1);
		assert_int_equal(t->here.len, sizes[i]);
		assert_memory_equal(t->here.data, data, sizes[i]);
	}
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "नमस्ते", 18), ERR_NONE);
	until(t, &t->there.messages, 12);
	assert_int_equal(t->there.kind, WEBSOCKET_TEXT);
	free(data);
}

static void pushed_at_once(struct side *s)
{
	assert_int_equal(websocket_push(s->w, WEBSOCKET_TEXT, "first", 5), ERR_NONE);
}

static void a_client_pushes_when_it_is_open_and_not_before(void **state)
{
	struct world *t = *state;

	connect_start(t);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "x", 1), ERR_CLOSED);
	t->here.on_opened = pushed_at_once;
	until(t, &t->there.messages, 1);
	assert_memory_equal(t->there.data, "first", 5);
}

static void closing_says_code_and_reason_to_both(void **state)
{
	struct world *t = *state;

	connected(t);
	websocket_close(t->here.w, 4001, "enough");
	assert_int_equal(t->here.closed, 0);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "x", 1), ERR_CLOSED);
	websocket_close(t->here.w, 4002, "again");
	until(t, &t->there.closed, 1);
	assert_int_equal(t->there.end.err, ERR_NONE);
	assert_int_equal(t->there.end.code, 4001);
	assert_string_equal(t->there.reason, "enough");
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_NONE);
	assert_int_equal(t->here.end.code, 4001);
}

static void what_was_pushed_before_a_close_arrives(void **state)
{
	struct world *t = *state;

	connected(t);
	for (int i = 0; i < 50; i++)
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, t, 1000), ERR_NONE);
	websocket_close(t->here.w, WEBSOCKET_NORMAL, NULL);
	until(t, &t->there.closed, 1);
	assert_int_equal(t->there.messages, 50);
	assert_int_equal(t->there.end.code, WEBSOCKET_NORMAL);
}

static void a_long_reason_is_cut_between_characters(void **state)
{
	struct world *t = *state;
	char reason[200] = "";

	connected(t);
	for (int i = 0; i < 50; i++)
		strcat(reason, "न"); /* three bytes each */
	websocket_close(t->here.w, WEBSOCKET_NORMAL, reason);
	until(t, &t->there.closed, 1);
	assert_int_equal(t->there.end.err, ERR_NONE);
	assert_int_equal(strlen(t->there.reason), 123);
}

static void closed_inside_a_message(struct side *s)
{
	websocket_close(s->w, WEBSOCKET_POLICY, "no");
}

static void freed_inside_a_message(struct side *s)
{
	websocket_free(&s->w);
	assert_null(s->w);
}

static void no_message_after_close(void **state)
{
	struct world *t = *state;

	connected(t);
	t->there.on_message = closed_inside_a_message;
	for (int i = 0; i < 3; i++)
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "x", 1), ERR_NONE);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.code, WEBSOCKET_POLICY);
	until(t, &t->there.closed, 1);
	assert_int_equal(t->there.messages, 1);
}

static void free_inside_a_handler_is_silent(void **state)
{
	struct world *t = *state;

	connected(t);
	t->there.on_message = freed_inside_a_message;
	for (int i = 0; i < 3; i++)
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "x", 1), ERR_NONE);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_CLOSED);
	assert_int_equal(t->here.end.code, WEBSOCKET_ABNORMAL);
	assert_int_equal(t->there.messages, 1);
	assert_int_equal(t->there.closed, 0);
}

static void freeing_nothing_is_nothing(void **state)
{
	struct world *t = *state;
	struct websocket *none = NULL;

	websocket_free(&none);
	connect_start(t); /* freed by world_end while it connects */
}

static void a_message_over_the_ceiling_is_1009(void **state)
{
	struct world *t = *state;
	static const uint8_t data[1001];

	t->there_settings.message_max_bytes = 1000;
	connected(t);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, 1000), ERR_NONE);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, 1001), ERR_NONE);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.code, WEBSOCKET_TOO_BIG);
	assert_int_equal(t->there.messages, 1);
	assert_int_equal(t->there.end.err, ERR_LIMIT);
}

static void bad_text_is_1007(void **state)
{
	struct world *t = *state;

	connected(t);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "\xc0\xaf", 2), ERR_NONE);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.code, WEBSOCKET_BAD_TEXT);
	assert_int_equal(t->there.end.err, ERR_FORMAT);
}

/* The reader pauses; the writer is refused at its ceiling, and told when there is room again. */
static void back_pressure(void **state)
{
	struct world *t = *state;
	static const uint8_t data[10000];
	unsigned int pushed = 0;

	t->here_settings.send_max_bytes = 100000;
	t->here_settings.send_age_us = 60000000;
	connected(t);
	websocket_pause(t->there.w, true);
	while (!websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizeof(data))) {
		pushed++;
		assert_true(websocket_waiting(t->here.w) <= 100000);
		uv_run(&t->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizeof(data)), ERR_LIMIT);
	for (int i = 0; i < 20; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(t->here.drained, 0);
	assert_int_equal(t->there.messages, 0);
	assert_true(websocket_age_us(t->here.w) > 0);
	websocket_pause(t->there.w, false);
	until(t, &t->here.drained, 1);
	assert_true(websocket_waiting(t->here.w) <= 50000);
	until(t, &t->there.messages, pushed);
	assert_int_equal(websocket_push(t->here.w, WEBSOCKET_TEXT, "after", 5), ERR_NONE);
	until(t, &t->there.messages, pushed + 1);
}

/* Nobody reads, no error comes: the age of the oldest byte tells (P11, F14). */
static void a_half_dead_peer_is_found_by_age(void **state)
{
	struct world *t = *state;
	static const uint8_t data[10000];

	t->here_settings = (struct websocket_settings){ .send_age_us = 300000, .send_max_bytes = 1000000 };
	connected(t);
	websocket_pause(t->there.w, true);
	while (!websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizeof(data)))
		uv_run(&t->loop, UV_RUN_NOWAIT);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_TIMEOUT);
}

static void due(uv_timer_t *timer)
{
	uv_close((uv_handle_t *)timer, NULL);
}

static void a_peer_that_answers_pings_is_alive(void **state)
{
	struct world *t = *state;
	uv_timer_t timer;

	t->here_settings = (struct websocket_settings){ .ping_us = 40000, .alive_us = 200000 };
	connected(t);
	uv_timer_init(&t->loop, &timer);
	uv_timer_start(&timer, due, 600, 0);
	while (!uv_is_closing((uv_handle_t *)&timer))
		uv_run(&t->loop, UV_RUN_ONCE);
	uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(t->here.closed, 0);
	websocket_pause(t->there.w, true);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_TIMEOUT);
}

static void a_close_that_is_not_answered_ends_all_the_same(void **state)
{
	struct world *t = *state;

	t->here_settings.close_us = 100000;
	connected(t);
	websocket_pause(t->there.w, true);
	websocket_close(t->here.w, WEBSOCKET_NORMAL, NULL);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_TIMEOUT);
	assert_int_equal(t->here.end.code, WEBSOCKET_NORMAL);
}

static void a_server_that_closes_says_1001(void **state)
{
	struct world *t = *state;

	connected(t);
	http_server_close(&t->server, server_closed, t);
	assert_null(t->server);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.code, WEBSOCKET_GOING_AWAY);
	until(t, &t->there.closed, 1);
}

static void a_socket_can_break(void **state)
{
	struct world *t = *state;

	connected(t);
	websocket_reset(&t->there.w);
	assert_null(t->there.w);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_CLOSED);
	assert_int_equal(t->here.end.code, WEBSOCKET_ABNORMAL);
	assert_int_equal(t->there.closed, 0);
}

static void a_close_without_a_code(void **state)
{
	struct world *t = *state;

	connected(t);
	websocket_close(t->there.w, WEBSOCKET_NO_CODE, "not said");
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_NONE);
	assert_int_equal(t->here.end.code, WEBSOCKET_NO_CODE);
	assert_string_equal(t->here.reason, "");
	until(t, &t->there.closed, 1);
}

static void closing_before_it_is_open(void **state)
{
	struct world *t = *state;

	connect_start(t);
	websocket_close(t->here.w, WEBSOCKET_NORMAL, NULL);
	assert_int_equal(t->here.closed, 0);
	until(t, &t->here.closed, 1);
	assert_int_equal(t->here.end.err, ERR_CLOSED);
	assert_int_equal(t->here.opened, 0);
}

/* The queue's memory stands after the first frames: no frame of a call allocates. */
static void warm_frames_allocate_nothing(void **state)
{
	struct world *t = *state;
	static const uint8_t data[640];
	const uint8_t *queue;
	size_t cap;

	connected(t);
	for (unsigned int i = 1; i <= 10; i++) {
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizeof(data)), ERR_NONE);
		until(t, &t->there.messages, i);
	}
	queue = t->here.w->out.data;
	cap = t->here.w->out.cap;
	for (unsigned int i = 11; i <= 200; i++) {
		assert_int_equal(websocket_push(t->here.w, WEBSOCKET_BINARY, data, sizeof(data)), ERR_NONE);
		until(t, &t->there.messages, i);
		assert_ptr_equal(t->here.w->out.data, queue);
		assert_int_equal(t->here.w->out.cap, cap);
	}
	assert_null(t->there.w->message.data); /* delivered from where they were received */
}

static void addresses_that_are_none(void **state)
{
	struct world *t = *state;
	static const char *const urls[] = { "", "http://a/", "ws:/a", "ws://", "ws://:80/", "ws://a:/", "ws://a:x/", "ws://a:123456/", "ws://a /",
		"ws://u@a/", "ws://[::1", "ws://a/#f", "ws://a/\n" };
	static const char *const header[] = { "X: a\r\nY: b", NULL };
	struct websocket_target target = { .url = "ws://127.0.0.1/", .headers = header };
	struct err_detail detail;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct websocket_target bad = { .url = urls[i] };

		assert_int_equal(websocket_connect(&t->here.w, &t->loop, &bad, NULL, &handlers, &t->here, &detail), ERR_USAGE);
		assert_null(t->here.w);
	}
	assert_int_equal(websocket_connect(&t->here.w, &t->loop, &target, NULL, &handlers, &t->here, &detail), ERR_USAGE);
	target = (struct websocket_target){ .url = "wss://127.0.0.1/", .ca_file = "/nowhere.pem" };
	assert_int_equal(websocket_connect(&t->here.w, &t->loop, &target, NULL, &handlers, &t->here, &detail), ERR_UNAVAILABLE);
	uv_run(&t->loop, UV_RUN_NOWAIT);
	assert_int_equal(t->here.closed, 0);
}

/* For handles that close in later turns. */
static void turns(struct world *t)
{
	for (int i = 0; i < 20; i++)
		uv_run(&t->loop, UV_RUN_NOWAIT);
}

/* A key in a header: once the socket is open, and behind a refusal, it is nowhere any more. Longer than what fits into one step of the buffer. */
static void nothing_is_left_of_a_header(void **state)
{
	struct world *t = *state;
	char *needle = memory_plant(), *line = sodium_malloc(100), url[64];
	const char *headers[] = { line, "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL };
	struct websocket_target target = { .url = url, .headers = headers };
	struct err_detail detail;

	memcpy(line, "X-Key: ", 7);
	memcpy(line + 7, needle, MEMORY_NEEDLE + 1);
	snprintf(url, sizeof(url), "ws://127.0.0.1:%u/socket", http_server_port(t->server));
	assert_int_equal(websocket_connect(&t->here.w, &t->loop, &target, NULL, &handlers, &t->here, &detail), ERR_NONE);
	assert_int_equal(memory_holds(needle), 1); /* waits to be sent */
	until(t, &t->here.opened, 1);
	turns(t);
	assert_int_equal(memory_holds(needle), 0);
	websocket_free(&t->here.w);
	snprintf(url, sizeof(url), "ws://127.0.0.1:1/socket");
	assert_int_equal(websocket_connect(&t->here.w, &t->loop, &target, NULL, &handlers, &t->here, &detail), ERR_NONE);
	until(t, &t->here.closed, 1);
	turns(t);
	assert_int_equal(memory_holds(needle), 0);
	sodium_free(line);
	sodium_free(needle);
}

static void the_rfcs_own_key(void **state)
{
	char text[WEBSOCKET_ACCEPT_TEXT];

	(void)state;
	websocket_accept_text("dGhlIHNhbXBsZSBub25jZQ==", text);
	assert_string_equal(text, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* Against the plain reading of the table, for every text of up to three bytes that begins with any byte. */
static bool is_text(const uint8_t *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c = s[i], least;
		size_t more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c & 0xf8) == 0xf0 ? 3 : 9;

		if (more == 9 || i + more >= len)
			return false;
		c &= more ? 0x3fu >> more : 0x7f;
		least = more == 0 ? 0 : more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
		for (size_t k = 1; k <= more; k++) {
			if ((s[i + k] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[i + k] & 0x3f);
		}
		if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
		i += more + 1;
	}
	return true;
}

static bool checked(const uint8_t *s, size_t len, size_t cut)
{
	struct text_check t = { .left = 0 };

	return text_check_step(&t, s, cut) && text_check_step(&t, s + cut, len - cut) && text_check_is_whole(&t);
}

static void texts_are_judged_rightly(void **state)
{
	uint8_t s[13] = "abcdefghi"; /* long enough for the fast path */

	(void)state;
	for (uint32_t v = 0; v < 0x1000000; v += v % 0x100 > 0x90 && v % 0x100 < 0xfe ? 13 : 1) {
		uint8_t tail[4] = { (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v, 0x80 };

		if ((tail[1] & 0x0f) > 1 && (tail[1] & 0x0f) < 0x0f)
			continue;
		assert_int_equal(checked(tail, 3, v % 4), is_text(tail, 3));
		assert_int_equal(checked(tail, 4, v % 5), is_text(tail, 4));
	}
	assert_true(checked(s, 9, 0));
	s[8] = 0xff;
	assert_false(checked(s, 9, 0));
}

static void the_outbox_knows_the_age_of_its_oldest_byte(void **state)
{
	struct http_outbox o;
	uint8_t data[1000] = { 0 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	outbox_init(&o, 3000);
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 0);
	assert_int_equal(outbox_put(&o, data, 1000, 1000000), ERR_NONE);
	assert_int_equal(outbox_put(&o, data, 1000, 1050000), ERR_NONE); /* within a tenth: as old as the first */
	assert_int_equal(outbox_put(&o, data, 1000, 2000000), ERR_NONE);
	assert_int_equal(outbox_put(&o, data, 1, 2000000), ERR_LIMIT);
	assert_int_equal(o.len, 3000);
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 4000000);
	o.head += 1000;
	o.len -= 1000;
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 4000000);
	o.head += 1000;
	o.len -= 1000;
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 3000000);
	assert_int_equal(outbox_flush(&o, pair[0]), ERR_NONE);
	assert_int_equal(o.len, 0);
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 3000000); /* nobody has read it */
	assert_int_equal(read(pair[1], data, sizeof(data)), 1000);
	assert_int_equal(outbox_age_us(&o, pair[0], 5000000), 0);
	close(pair[1]);
	assert_int_equal(outbox_put(&o, data, 1, 6000000), ERR_NONE);
	assert_int_equal(outbox_flush(&o, pair[0]), ERR_CLOSED);
	outbox_fini(&o);
	close(pair[0]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(messages_go_both_ways),
		CASE(a_client_pushes_when_it_is_open_and_not_before),
		CASE(closing_says_code_and_reason_to_both),
		CASE(what_was_pushed_before_a_close_arrives),
		CASE(a_long_reason_is_cut_between_characters),
		CASE(no_message_after_close),
		CASE(free_inside_a_handler_is_silent),
		CASE(freeing_nothing_is_nothing),
		CASE(a_message_over_the_ceiling_is_1009),
		CASE(bad_text_is_1007),
		CASE(back_pressure),
		CASE(a_half_dead_peer_is_found_by_age),
		CASE(a_socket_can_break),
		CASE(a_close_without_a_code),
		CASE(a_peer_that_answers_pings_is_alive),
		CASE(a_close_that_is_not_answered_ends_all_the_same),
		CASE(a_server_that_closes_says_1001),
		CASE(closing_before_it_is_open),
		CASE(warm_frames_allocate_nothing),
		CASE(addresses_that_are_none),
		CASE(nothing_is_left_of_a_header),
		cmocka_unit_test(the_rfcs_own_key),
		cmocka_unit_test(texts_are_judged_rightly),
		cmocka_unit_test(the_outbox_knows_the_age_of_its_oldest_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
