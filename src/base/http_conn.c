/* One connection of the HTTP server: reads, steps through the phases drawn in http_parts.h, sends, waits, closes. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/http_parts.h"
#include "base/num.h"

static void conn_advance(struct http_conn *c);

uint64_t conn_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- the end ---- */

/* Requests bring tokens. */
static void in_free(struct http_conn *c)
{
	if (c->in)
		sodium_memzero(c->in, CONN_IN_BYTES);
	free(c->in);
	c->in = NULL;
}

static void conn_release(struct http_conn *c)
{
	if (c->handles || c->phase != CONN_CLOSED || c->request.is_live)
		return;
	request_end(&c->request);
	in_free(c);
	outbox_fini(&c->out);
	server_forget(c);
}

static void handle_closed(uv_handle_t *handle)
{
	struct http_conn *c = handle->data;

	c->handles--;
	conn_release(c);
}

static void conn_close_handles(struct http_conn *c)
{
	uv_close((uv_handle_t *)&c->poll, handle_closed);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
}

void conn_close(struct http_conn *c)
{
	if (c->phase == CONN_CLOSED)
		return;
	c->phase = CONN_CLOSED;
	if (c->fd < 0)
		return;
	conn_close_handles(c);
	close(c->fd);
	c->fd = -1;
}

void conn_give_away(struct http_conn *c)
{
	conn_close_handles(c);
	c->fd = -1;
	c->phase = CONN_UPGRADED;
	in_free(c);
	outbox_fini(&c->out);
}

void conn_unhold(struct http_conn *c)
{
	conn_release(c);
}

/* The request's own handler, when it has one, is told; otherwise somebody will still reply, and it is thrown away then. */
static void request_lose(struct http_request *r)
{
	void (*gone)(struct http_request *, void *) = r->gone;

	if (!r->is_live || !gone)
		return;
	r->gone = NULL;
	gone(r, r->gone_arg);
	r->is_live = false;
}

void conn_lose(struct http_conn *c)
{
	enum conn_phase phase = c->phase;

	conn_close(c);
	if (phase == CONN_STREAM)
		c->stream.handlers->gone(&c->stream, c->stream.arg);
	else
		request_lose(&c->request);
}

static void conn_wait(struct http_conn *c, uint64_t us);

void conn_end(struct http_conn *c)
{
	switch (c->phase) {
	case CONN_UPGRADED:
		websocket_close(c->websocket, WEBSOCKET_GOING_AWAY, "the server is closing");
		break;
	case CONN_BUSY:
		if (!c->request.gone)
			break;
		conn_lose(c);
		break;
	case CONN_SENDING:
		conn_wait(c, c->server->settings.linger_us);
		break;
	case CONN_CLOSED: break;
	default: conn_lose(c); break;
	}
}

/* ---- waiting ---- */

static int conn_events(const struct http_conn *c)
{
	bool reads = !c->has_ended && (c->phase == CONN_LINGER || c->in_len < CONN_IN_BYTES);
	bool writes = c->out.len || c->after_len || c->kick || c->is_broken || (c->phase == CONN_STREAM && c->stream.refused);

	return (reads ? UV_READABLE : 0) | (writes ? UV_WRITABLE : 0);
}

static void conn_watch(struct http_conn *c);

static void on_time(uv_timer_t *timer)
{
	struct http_conn *c = timer->data;

	if (c->phase != CONN_HEAD && c->phase != CONN_BODY) {
		conn_lose(c);
		return;
	}
	conn_refuse(c, (struct http_refusal){ 408, "request_timeout", "The request did not arrive in time." });
	conn_advance(c);
}

static void conn_wait(struct http_conn *c, uint64_t us)
{
	uv_timer_start(&c->timer, on_time, us / 1000, 0);
}

/* ---- sending ---- */

static enum err conn_flush_after(struct http_conn *c)
{
	while (!c->out.len && c->after_len) {
		ssize_t sent = send(c->fd, c->after, c->after_len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ERR_NONE : ERR_CLOSED;
		c->after += sent;
		c->after_len -= (size_t)sent;
	}
	return ERR_NONE;
}

/* Sends what it can; the time that the other side has to take something begins anew with every byte. */
static void conn_flush(struct http_conn *c)
{
	size_t before = c->out.len + c->after_len, left;
	enum err err = before ? outbox_flush(&c->out, c->fd) : ERR_NONE;

	if (!err)
		err = conn_flush_after(c);
	left = c->out.len + c->after_len;
	if (err)
		c->is_broken = true;
	if (c->phase != CONN_SENDING && c->phase != CONN_STREAM)
		return;
	if (!left && !(c->phase == CONN_STREAM && c->stream.refused))
		uv_timer_stop(&c->timer);
	else if (left < before || !uv_is_active((uv_handle_t *)&c->timer))
		conn_wait(c, c->server->settings.send_us);
}

void conn_send(struct http_conn *c)
{
	if (c->steps)
		return;
	conn_flush(c);
	c->kick = true;
	conn_watch(c);
}

/* ---- the phases: each says whether there is more to do at once ---- */

static void conn_drop(struct http_conn *c, size_t from, size_t len)
{
	memmove(c->in + from, c->in + from + len, c->in_len - from - len);
	c->in_len -= len;
}

/* Empty lines before a request are let pass (RFC 9112 section 2.2). */
static bool step_idle(struct http_conn *c)
{
	size_t skip = 0;

	while (skip + 1 < c->in_len && c->in[skip] == '\r' && c->in[skip + 1] == '\n')
		skip += 2;
	conn_drop(c, 0, skip);
	if (!c->in_len && (c->has_ended || c->server->is_draining)) {
		conn_close(c);
		return false;
	}
	if (!c->in_len || (c->in_len == 1 && c->in[0] == '\r' && !c->has_ended))
		return false;
	c->phase = CONN_HEAD;
	c->in_seen = 0;
	conn_wait(c, c->server->settings.request_us);
	return true;
}

void conn_refuse(struct http_conn *c, struct http_refusal why)
{
	c->is_last = true;
	c->after_len = 0;
	c->phase = CONN_SENDING;
	if (reply_error_put(c, why.status, why.code, why.message, NULL, NULL))
		c->is_broken = true;
	conn_wait(c, c->server->settings.send_us);
}

/* What the head alone tells about the body. */
static struct http_refusal body_check(const struct http_conn *c)
{
	const struct http_head *h = &c->request.head;
	bool needs_none = c->request.route && (c->request.route->flags & ROUTE_NO_BODY);
	bool must = h->method == HTTP_POST || h->method == HTTP_PUT || h->method == HTTP_PATCH;

	if (must && !needs_none && !h->has_length && !h->is_chunked)
		return (struct http_refusal){ 411, "length_required", "There is neither Content-Length nor Transfer-Encoding." };
	if (h->length > c->request.body.max)
		return (struct http_refusal){ 413, "body_too_large", "The body is larger than this path takes." };
	return (struct http_refusal){ .status = 0 };
}

static struct http_refusal head_take(struct http_conn *c, size_t len)
{
	struct http_refusal why = http_request_parse(c->in, len, &c->request.head);

	if (!why.status)
		why = request_prepare(c);
	if (!why.status)
		why = body_check(c);
	return why;
}

/* A first byte that begins no method, or a line without end: known before the head is whole. */
static struct http_refusal head_wait(const struct http_conn *c)
{
	const uint8_t *line = memchr(c->in, '\n', c->in_len);

	if (!http_is_token((const char *)c->in, 1))
		return (struct http_refusal){ 400, "bad_request", "This is not HTTP." };
	if (line && (line == c->in || line[-1] != '\r'))
		return (struct http_refusal){ 400, "bad_request", "Lines end in a carriage return and a line feed." };
	if (c->in_len < HTTP_HEAD_MAX)
		return (struct http_refusal){ .status = 0 };
	if (!line)
		return (struct http_refusal){ 414, "target_too_long", "The target of the request is too long." };
	return (struct http_refusal){ 431, "headers_too_large", "The headers are larger than 16 KB." };
}

static void body_begin(struct http_conn *c)
{
	struct http_head *h = &c->request.head;

	c->phase = CONN_BODY;
	if (h->wants_continue && (h->length || h->is_chunked) && c->in_len == h->len &&
		outbox_put(&c->out, "HTTP/1.1 100 Continue\r\n\r\n", 25, conn_now_us()))
		c->is_broken = true;
}

static bool step_head(struct http_conn *c)
{
	size_t len = http_head_end(c->in, c->in_len, c->in_seen);
	struct http_refusal why;

	if (len > HTTP_HEAD_MAX)
		len = 0;
	why = len ? head_take(c, len) : head_wait(c);
	c->in_seen = c->in_len;
	if (why.status) {
		conn_refuse(c, why);
		return true;
	}
	if (len) {
		body_begin(c);
		return true;
	}
	if (c->has_ended)
		conn_close(c);
	return false;
}

/* As much of the body as has come; ERR_NONE and *whole when it is there. */
static enum err body_take(struct http_conn *c, bool *whole)
{
	struct http_request *r = &c->request;
	size_t at = r->head.len, used = c->in_len - at;
	enum err err;

	if (r->head.is_chunked) {
		err = http_chunks_step(&r->chunks, c->in + at, c->in_len - at, &used, &r->body);
		*whole = r->chunks.state == CHUNKS_DONE;
	} else {
		used = (size_t)num_min(used, r->head.length - r->body.len);
		buf_append(&r->body, c->in + at, used);
		err = r->body.err;
		*whole = r->body.len == r->head.length;
	}
	conn_drop(c, at, used);
	return err;
}

static bool step_body(struct http_conn *c)
{
	bool whole = false;
	enum err err = body_take(c, &whole);

	if (err == ERR_LIMIT)
		conn_refuse(c, (struct http_refusal){ 413, "body_too_large", "The body is larger than this path takes." });
	else if (err == ERR_NOMEM)
		conn_refuse(c, (struct http_refusal){ 503, "no_memory", "There is no memory for the body." });
	else if (err)
		conn_refuse(c, (struct http_refusal){ 400, "bad_request", "The body is not in the chunked coding." });
	if (err)
		return true;
	if (!whole && c->has_ended)
		conn_close(c);
	if (!whole)
		return false;
	c->phase = CONN_BUSY;
	c->request.is_live = true;
	uv_timer_stop(&c->timer);
	request_dispatch(c);
	return true;
}

static bool step_busy(struct http_conn *c)
{
	if (c->request.proceeds) {
		c->request.proceeds = false;
		c->request.route->handler(&c->request, c->request.route_arg);
		return true;
	}
	if (c->has_ended && c->request.gone)
		conn_lose(c);
	return false;
}

/* A refused client may still be sending; closing at once would destroy what it was told. */
static void linger(struct http_conn *c)
{
	request_end(&c->request);
	c->phase = CONN_LINGER;
	c->in_len = 0;
	shutdown(c->fd, SHUT_WR);
	conn_wait(c, c->server->settings.linger_us);
}

static bool step_sending(struct http_conn *c)
{
	conn_flush(c);
	if (c->is_broken || c->out.len || c->after_len)
		return false;
	if (c->is_last || c->has_ended || c->server->is_draining) {
		linger(c);
		return true;
	}
	conn_drop(c, 0, c->request.head.len);
	request_end(&c->request);
	c->phase = CONN_IDLE;
	conn_wait(c, c->server->settings.idle_us);
	return true;
}

static bool step_stream(struct http_conn *c)
{
	conn_flush(c);
	if (c->is_broken || c->has_ended) {
		conn_lose(c);
		return false;
	}
	if (!c->stream.refused || c->out.len > c->server->settings.stream_max_bytes / 2)
		return false;
	c->stream.refused = false;
	if (c->stream.handlers->drained)
		c->stream.handlers->drained(&c->stream, c->stream.arg);
	return c->phase != CONN_STREAM;
}

static bool step_linger(struct http_conn *c)
{
	c->lingered += c->in_len;
	c->in_len = 0;
	if (c->has_ended || c->lingered > LINGER_MAX_BYTES)
		conn_close(c);
	return false;
}

static bool conn_step(struct http_conn *c)
{
	switch (c->phase) {
	case CONN_IDLE: return step_idle(c);
	case CONN_HEAD: return step_head(c);
	case CONN_BODY: return step_body(c);
	case CONN_BUSY: return step_busy(c);
	case CONN_SENDING: return step_sending(c);
	case CONN_STREAM: return step_stream(c);
	case CONN_LINGER: return step_linger(c);
	case CONN_UPGRADED:
	case CONN_CLOSED: break;
	}
	return false;
}

static void conn_advance(struct http_conn *c)
{
	c->steps = true;
	while (!c->is_broken && conn_step(c)) {
	}
	c->steps = false;
	if (c->phase == CONN_CLOSED || c->phase == CONN_UPGRADED)
		return;
	conn_flush(c);
	if (c->is_broken)
		conn_lose(c);
	else
		conn_watch(c);
}

/* ---- the socket ---- */

static void conn_read(struct http_conn *c)
{
	size_t room = CONN_IN_BYTES - c->in_len;
	ssize_t got;

	if (!room || c->has_ended)
		return;
	got = recv(c->fd, c->in + c->in_len, room, MSG_DONTWAIT);
	if (got > 0)
		c->in_len += (size_t)got;
	else if (got == 0)
		c->has_ended = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		c->is_broken = true;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct http_conn *c = poll->data;

	c->kick = false;
	if (status < 0)
		c->is_broken = true;
	else if (events & UV_READABLE)
		conn_read(c);
	conn_advance(c);
}

static void conn_watch(struct http_conn *c)
{
	int events = conn_events(c);

	if (c->fd < 0 || events == c->events)
		return;
	c->events = events;
	uv_poll_start(&c->poll, events, on_poll);
}

static enum err conn_handles(struct http_conn *c)
{
	uv_timer_init(c->server->loop, &c->timer);
	c->timer.data = c;
	if (uv_poll_init(c->server->loop, &c->poll, c->fd)) {
		c->handles = 1;
		c->phase = CONN_CLOSED;
		uv_close((uv_handle_t *)&c->timer, handle_closed);
		return ERR_IO;
	}
	c->poll.data = c;
	c->handles = 2;
	return ERR_NONE;
}

static void conn_link(struct http_server *s, struct http_conn *c)
{
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->conn_count++;
}

enum err conn_new(struct http_server *s, int fd, const char *remote)
{
	struct http_conn *c = calloc(1, sizeof(*c));
	uint8_t *in = c ? malloc(CONN_IN_BYTES) : NULL;
	enum err err;

	if (!in) {
		free(c);
		close(fd);
		return ERR_NOMEM;
	}
	c->server = s;
	c->request.conn = c;
	c->fd = fd;
	c->in = in;
	outbox_init(&c->out, num_max(s->settings.reply_max_bytes, s->settings.stream_max_bytes) + 2 * REPLY_HEAD_MAX);
	memcpy(c->remote, remote, strnlen(remote, sizeof(c->remote) - 1));
	conn_link(s, c);
	err = conn_handles(c);
	if (err) {
		close(fd);
		c->fd = -1;
		return err;
	}
	conn_wait(c, s->settings.request_us);
	conn_watch(c);
	return ERR_NONE;
}
