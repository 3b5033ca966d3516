/* From a request to a WebSocket: RFC 6455 section 4.2. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/http_parts.h"
#include "base/websocket_parts.h"

static void on_released(void *arg)
{
	struct http_conn *c = arg;

	c->websocket = NULL;
	c->phase = CONN_CLOSED;
	conn_unhold(c);
}

/* 16 bytes in base64: 22 characters and "==". */
static bool is_key(const char *key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strlen(key) == 24 && strspn(key, digits) == 22 && !strcmp(key + 22, "==");
}

static bool asks_websocket(const struct http_request *r)
{
	const uint8_t *data = request_conn(r)->in;

	return r->head.method == HTTP_GET && !r->head.is_old && r->head.wants_upgrade &&
		http_field_has(&r->head, data, "Upgrade", "websocket");
}

static void reply_426(struct http_request *r)
{
	static const struct http_header headers[] = {
		{ "Upgrade", "websocket" }, { "Sec-WebSocket-Version", "13" },
		{ "Content-Type", "application/json" }, { NULL, NULL },
	};
	static const char body[] =
		"{\"error\":{\"code\":\"upgrade_required\",\"message\":\"This path is for WebSockets of version 13.\",\"where\":null,\"hint\":null}}";

	request_conn(r)->is_last = true;
	http_reply(r, 426, headers, body, sizeof(body) - 1);
}

bool request_is_upgrade(struct http_request *r)
{
	const char *version = http_header(r, "Sec-WebSocket-Version");
	const char *key = http_header(r, "Sec-WebSocket-Key");

	if (!asks_websocket(r) || !version || strcmp(version, "13") != 0) {
		reply_426(r);
		return false;
	}
	if (!key || !is_key(key) || r->body.len || r->head.length || r->head.is_chunked) {
		http_reply_error(r, 400, "bad_request", "The WebSocket handshake is not right.", "Sec-WebSocket-Key", NULL);
		return false;
	}
	return true;
}

static void answer_make(struct buf *b, const struct http_request *r, const char *subprotocol)
{
	char accept[WEBSOCKET_ACCEPT_TEXT];

	websocket_accept_text(http_header(r, "Sec-WebSocket-Key"), accept);
	buf_printf(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n", accept);
	if (subprotocol)
		buf_printf(b, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
	buf_text(b, "\r\n");
}

enum err http_upgrade(struct http_request *r, const char *subprotocol, const struct websocket_settings *settings,
	const struct websocket_handlers *handlers, void *arg, struct websocket **wp)
{
	struct http_conn *c = request_conn(r);
	struct websocket_start start = { .loop = c->server->loop, .settings = settings, .handlers = handlers, .arg = arg,
		.released = on_released, .released_arg = c };
	char memory[512];
	struct buf answer;
	enum err err;
	int fd;

	*wp = NULL;
	assert(r->is_live);
	if (c->phase == CONN_CLOSED) {
		http_reply_error(r, 503, "gone", "The client is gone.", NULL, NULL);
		return ERR_USAGE;
	}
	if (!request_is_upgrade(r))
		return ERR_USAGE;
	buf_over(&answer, memory, sizeof(memory));
	answer_make(&answer, r, subprotocol);
	assert(!answer.err && !c->out.len);
	err = websocket_new(wp, &start, &answer, c->in + r->head.len, c->in_len - r->head.len);
	if (err) {
		http_reply_error(r, 503, "no_memory", "There is no memory for a WebSocket.", NULL, NULL);
		return ERR_NOMEM;
	}
	c->server->replies[101]++;
	c->websocket = *wp;
	r->is_live = false;
	r->gone = NULL;
	fd = c->fd;
	request_end(r);
	conn_give_away(c);
	websocket_attach(*wp, fd);
	return ERR_NONE;
}
