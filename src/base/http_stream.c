/* Replies in pieces: chunks on HTTP/1.1, up to the connection's end on HTTP/1.0. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/http_parts.h"

enum { CHUNK_EXTRA = 32 }; /* its size and line ends, and the last chunk */

static struct http_conn *stream_conn(const struct http_stream *s)
{
	return s->conn;
}

struct http_stream *http_stream_open(struct http_request *r, unsigned int status, const struct http_header *headers,
	const struct http_stream_handlers *handlers, void *arg)
{
	struct http_conn *c = request_conn(r);
	bool old = r->head.is_old;

	assert(r->is_live && handlers->gone && (c->phase == CONN_BUSY || c->phase == CONN_CLOSED));
	r->gone = NULL;
	c->stream = (struct http_stream){ .conn = c, .handlers = handlers, .arg = arg, .is_chunked = !old, .has_no_body = r->head.method == HTTP_HEAD };
	r->is_live = false;
	if (c->phase == CONN_CLOSED) {
		conn_unhold(c);
		return NULL;
	}
	c->phase = CONN_STREAM;
	c->is_last |= old;
	if (reply_head(c, status, headers, old ? "" : "Transfer-Encoding: chunked\r\n"))
		c->is_broken = true;
	conn_send(c);
	return &c->stream;
}

static enum err chunk_put(struct http_conn *c, const void *data, size_t len)
{
	char size[24];
	int digits = snprintf(size, sizeof(size), "%zx\r\n", len);
	uint8_t *at = outbox_room(&c->out, (size_t)digits + len + 2);

	if (!at)
		return ERR_NOMEM;
	memcpy(at, size, (size_t)digits);
	memcpy(at + digits, data, len);
	at[(size_t)digits + len] = '\r';
	at[(size_t)digits + len + 1] = '\n';
	outbox_commit(&c->out, (size_t)digits + len + 2, conn_now_us());
	return ERR_NONE;
}

enum err http_stream_write(struct http_stream *s, const void *data, size_t len)
{
	struct http_conn *c = stream_conn(s);
	size_t max = c->server->settings.stream_max_bytes;
	enum err err;

	assert(c->phase == CONN_STREAM);
	if (c->is_broken)
		return ERR_CLOSED;
	if (s->has_no_body || !len)
		return ERR_NONE;
	if (len + CHUNK_EXTRA > max || c->out.len > max - len - CHUNK_EXTRA) {
		s->refused = true;
		conn_send(c);
		return ERR_LIMIT;
	}
	err = s->is_chunked ? chunk_put(c, data, len) : outbox_put(&c->out, data, len, conn_now_us());
	if (!err)
		conn_send(c);
	return err;
}

size_t http_stream_waiting(const struct http_stream *s)
{
	return stream_conn(s)->out.len;
}

void http_stream_end(struct http_stream *s)
{
	struct http_conn *c = stream_conn(s);

	assert(c->phase == CONN_STREAM);
	c->phase = CONN_SENDING;
	if (s->is_chunked && !s->has_no_body && outbox_put(&c->out, "0\r\n\r\n", 5, conn_now_us()))
		c->is_broken = true;
	conn_send(c);
}

void http_stream_cut(struct http_stream *s)
{
	struct http_conn *c = stream_conn(s);
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert(c->phase == CONN_STREAM);
	(void)!outbox_flush(&c->out, c->fd);
	if (!s->is_chunked)
		(void)!setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	conn_close(c);
}

void http_stream_reset(struct http_stream *s)
{
	struct http_conn *c = stream_conn(s);
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	assert(c->phase == CONN_STREAM);
	(void)!setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	conn_close(c);
}
