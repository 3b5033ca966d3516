/* The client's way to an open WebSocket: name look-up, connection (each address in turn), TLS, handshake (RFC 6455 section 4.1). */
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "base/http_head.h"
#include "base/num.h"
#include "base/websocket_parts.h"

enum { HOST_MAX = 256, PORT_MAX = 6, ATTEMPT_US = 3000000, REQUEST_MAX = HTTP_HEAD_MAX };

enum connect_phase { CONNECT_LOOKUP, CONNECT_TCP, CONNECT_BETWEEN, CONNECT_TLS, CONNECT_HANDSHAKE };

struct websocket_connecting {
	uv_getaddrinfo_t lookup;
	struct addrinfo *list, *next;
	enum connect_phase phase;
	uint64_t attempt_us; /* until this address has had its time */
	char host[HOST_MAX], port[PORT_MAX];
	char accept[WEBSOCKET_ACCEPT_TEXT];
	char *subprotocol;
	struct buf request;
	struct buf reply;
	size_t seen;
};

/* ---- the target ---- */

struct url {
	bool is_secure;
	const char *host, *port, *path;
	size_t host_len, port_len;
};

static enum err url_parse(const char *text, struct url *u)
{
	const char *at;

	*u = (struct url){ .is_secure = !strncasecmp(text, "wss://", 6) };
	if (!u->is_secure && strncasecmp(text, "ws://", 5) != 0)
		return ERR_USAGE;
	for (at = text; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || *at == '#')
			return ERR_USAGE;
	u->host = text + (u->is_secure ? 6 : 5);
	u->path = u->host + strcspn(u->host, "/?");
	if (memchr(u->host, '@', (size_t)(u->path - u->host)))
		return ERR_USAGE;
	at = u->host[0] == '[' ? memchr(u->host, ']', (size_t)(u->path - u->host)) : u->host;
	if (!at)
		return ERR_USAGE;
	at = memchr(at, ':', (size_t)(u->path - at));
	u->host_len = (size_t)((at ? at : u->path) - u->host);
	u->port = at ? at + 1 : u->is_secure ? "443" : "80";
	u->port_len = at ? (size_t)(u->path - u->port) : strlen(u->port);
	if (!u->host_len || u->host_len >= HOST_MAX || !u->port_len || u->port_len >= PORT_MAX || strspn(u->port, "0123456789") < u->port_len)
		return ERR_USAGE;
	return ERR_NONE;
}

static void request_headers(struct buf *b, const struct websocket_target *t)
{
	for (const char *const *h = t->headers; h && *h; h++) {
		const char *colon = strchr(*h, ':');

		if (!colon || !http_is_token(*h, (size_t)(colon - *h)) || !http_is_value(*h, strlen(*h)))
			b->err = ERR_USAGE;
		buf_printf(b, "%s\r\n", *h);
	}
	if (t->subprotocol) {
		if (!http_is_token(t->subprotocol, strlen(t->subprotocol)))
			b->err = ERR_USAGE;
		buf_printf(b, "Sec-WebSocket-Protocol: %s\r\n", t->subprotocol);
	}
}

static void request_make(struct websocket_connecting *k, const struct url *u, const struct websocket_target *t)
{
	uint8_t nonce[16];
	char key[25];

	randombytes_buf(nonce, sizeof(nonce));
	EVP_EncodeBlock((unsigned char *)key, nonce, sizeof(nonce));
	websocket_accept_text(key, k->accept);
	buf_printf(&k->request, "GET %s%s HTTP/1.1\r\nHost: %.*s\r\n", *u->path == '/' ? "" : "/", u->path,
		(int)(u->path - u->host), u->host);
	buf_printf(&k->request, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n", key);
	request_headers(&k->request, t);
	buf_text(&k->request, "\r\n");
}

static void host_copy(struct websocket_connecting *k, const struct url *u)
{
	bool brackets = u->host[0] == '[';

	memcpy(k->host, u->host + brackets, u->host_len - 2 * (size_t)brackets);
	memcpy(k->port, u->port, u->port_len);
}

static enum err connecting_new(struct websocket_connecting **kp, const struct url *u, const struct websocket_target *t)
{
	struct websocket_connecting *k = calloc(1, sizeof(*k));

	*kp = k;
	if (!k)
		return ERR_NOMEM;
	buf_init_private(&k->request, REQUEST_MAX); /* a key may be among its headers */
	buf_init(&k->reply, HTTP_HEAD_MAX);
	host_copy(k, u);
	request_make(k, u, t);
	if (t->subprotocol && !(k->subprotocol = strdup(t->subprotocol)))
		return ERR_NOMEM;
	return k->request.err;
}

void websocket_connect_free(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;

	if (!k)
		return;
	if (k->list)
		uv_freeaddrinfo(k->list);
	buf_fini(&k->request);
	buf_fini(&k->reply);
	free(k->subprotocol);
	free(k);
	w->connecting = NULL;
}

/* ---- the end, and from address to address ---- */

static void connect_failed(struct websocket *w, enum err err, unsigned int status, const char *why)
{
	websocket_done(w);
	websocket_tell(w, err, WEBSOCKET_ABNORMAL, status, why);
}

static void address_closed(uv_handle_t *handle)
{
	struct websocket *w = handle->data;

	if (w->state == WS_CONNECTING) {
		w->connecting->phase = CONNECT_TCP;
		websocket_later(w);
	}
	websocket_unhold(w);
}

/* This address will not do; the next is tried when its handle is closed. */
static void address_drop(struct websocket *w)
{
	uv_close((uv_handle_t *)&w->poll, address_closed);
	w->has_poll = false;
	close(w->fd);
	w->fd = -1;
	w->connecting->phase = CONNECT_BETWEEN;
}

static bool address_open(struct websocket *w, const struct addrinfo *a)
{
	w->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return false;
	outbox_socket(w->fd);
	if ((connect(w->fd, a->ai_addr, a->ai_addrlen) && errno != EINPROGRESS) || uv_poll_init(w->start.loop, &w->poll, w->fd)) {
		close(w->fd);
		w->fd = -1;
		return false;
	}
	w->poll.data = w;
	w->has_poll = true;
	w->events = 0;
	w->handles++;
	return true;
}

static void address_next(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;

	while (k->next) {
		struct addrinfo *a = k->next;

		k->next = a->ai_next;
		if (address_open(w, a)) {
			k->attempt_us = websocket_now_us() + ATTEMPT_US;
			return;
		}
	}
	connect_failed(w, ERR_UNAVAILABLE, 0, "no address takes the connection");
}

/* ---- step by step ---- */

static void on_lookup(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct websocket *w = request->data;
	struct websocket_connecting *k = w->connecting;

	k->list = list;
	k->next = list;
	if (w->state == WS_CONNECTING && (status || !list))
		connect_failed(w, ERR_UNAVAILABLE, 0, "the name was not found");
	else if (w->state == WS_CONNECTING) {
		k->phase = CONNECT_TCP;
		websocket_later(w);
	}
	websocket_unhold(w);
}

static void handshake_begin(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;
	enum err err = w->tls ? websocket_tls_send(w, k->request.data, k->request.len)
		: outbox_put(&w->out, k->request.data, k->request.len, websocket_now_us());

	k->phase = CONNECT_HANDSHAKE;
	if (err)
		connect_failed(w, err, 0, "the request could not be sent");
}

static void step_tcp(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;
	int number = 0;
	socklen_t len = sizeof(number);
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof(peer);

	if (w->fd < 0) {
		address_next(w);
		return;
	}
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &number, &len) || number || websocket_now_us() > k->attempt_us) {
		address_drop(w);
		return;
	}
	if (getpeername(w->fd, (struct sockaddr *)&peer, &peer_len))
		return; /* on its way */
	k->phase = CONNECT_TLS;
}

static void step_tls(struct websocket *w)
{
	const char *why = NULL;
	bool done = !w->tls;
	enum err err = w->tls ? websocket_tls_handshake(w, &done, &why) : ERR_NONE;

	if (err)
		connect_failed(w, err, 0, why);
	else if (done)
		handshake_begin(w);
	else if (w->has_ended || w->is_broken)
		connect_failed(w, ERR_CLOSED, 0, "the socket closed in the TLS handshake");
}

static bool reply_fits(const struct http_head *h, const uint8_t *data, const struct websocket_connecting *k)
{
	const struct http_field *accept = http_field_find(h, data, "Sec-WebSocket-Accept", 0);
	const struct http_field *protocol = http_field_find(h, data, "Sec-WebSocket-Protocol", 0);
	size_t wanted = strlen(k->accept);

	if (!h->wants_upgrade || !http_field_has(h, data, "Upgrade", "websocket"))
		return false;
	if (http_field_find(h, data, "Sec-WebSocket-Extensions", 0))
		return false;
	if (!accept || accept->value_len != wanted || memcmp(data + accept->value, k->accept, wanted) != 0)
		return false;
	if (!k->subprotocol)
		return !protocol;
	return protocol && protocol->value_len == strlen(k->subprotocol) && !memcmp(data + protocol->value, k->subprotocol, protocol->value_len);
}

static void reply_judge(struct websocket *w, size_t head_len)
{
	struct websocket_connecting *k = w->connecting;
	struct http_head h;
	struct http_refusal why = http_response_parse(k->reply.data, head_len, &h);

	if (why.status)
		connect_failed(w, ERR_FORMAT, 0, "the reply is not HTTP");
	else if (h.status != 101)
		connect_failed(w, ERR_DENIED, h.status, "the server does not upgrade");
	else if (!reply_fits(&h, k->reply.data, k))
		connect_failed(w, ERR_FORMAT, 101, "the server's handshake is not right");
	else if (websocket_early(w, k->reply.data + head_len, k->reply.len - head_len))
		connect_failed(w, ERR_NOMEM, 0, "no memory");
	else {
		websocket_connect_free(w);
		websocket_begin(w);
	}
}

static void step_handshake(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;
	size_t room = HTTP_HEAD_MAX - k->reply.len, end;
	uint8_t *at = buf_reserve(&k->reply, room);
	ssize_t got;

	if (!at) {
		connect_failed(w, ERR_NOMEM, 0, "no memory");
		return;
	}
	got = room ? websocket_receive(w, at, room) : 0;
	k->reply.len += (size_t)got;
	end = http_head_end(k->reply.data, k->reply.len, k->seen);
	k->seen = k->reply.len;
	if (end)
		reply_judge(w, end);
	else if (!room)
		connect_failed(w, ERR_LIMIT, 0, "the reply has no end");
	else if (w->has_ended || w->is_broken)
		connect_failed(w, ERR_CLOSED, 0, "the socket closed before the handshake");
}

void websocket_connect_step(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;

	w->reads = 4;
	if (w->close_code)
		connect_failed(w, ERR_CLOSED, 0, "closed before it was open");
	else if (websocket_now_us() >= w->deadline_us)
		connect_failed(w, ERR_TIMEOUT, 0, "the connection took too long");
	if (w->state == WS_CONNECTING && k->phase == CONNECT_TCP)
		step_tcp(w);
	if (w->state == WS_CONNECTING && k->phase == CONNECT_TLS)
		step_tls(w);
	if (w->state == WS_CONNECTING && k->phase == CONNECT_HANDSHAKE)
		step_handshake(w);
}

bool websocket_connect_events(const struct websocket *w, int *events)
{
	switch (w->connecting->phase) {
	case CONNECT_TCP: *events = UV_WRITABLE; break;
	case CONNECT_TLS:
	case CONNECT_HANDSHAKE: *events = UV_READABLE | (w->out.len ? UV_WRITABLE : 0); break;
	case CONNECT_LOOKUP:
	case CONNECT_BETWEEN: *events = 0; break;
	}
	return true;
}

/* ---- the start ---- */

static enum err lookup_start(struct websocket *w)
{
	struct websocket_connecting *k = w->connecting;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

	k->lookup.data = w;
	if (uv_getaddrinfo(w->start.loop, &k->lookup, on_lookup, k->host, k->port, &hints))
		return ERR_UNAVAILABLE;
	w->handles++;
	return ERR_NONE;
}

static enum err connect_start(struct websocket *w, const struct websocket_target *t, struct err_detail *detail)
{
	struct url u;
	enum err err = url_parse(t->url, &u);

	if (!err)
		err = connecting_new(&w->connecting, &u, t);
	if (err == ERR_USAGE || err == ERR_LIMIT) {
		snprintf(detail->message, sizeof(detail->message), "this is no WebSocket's address, or its headers are not headers");
		snprintf(detail->hint, sizeof(detail->hint), "write wss://host/path, and headers as \"Name: value\"");
		err = ERR_USAGE;
	}
	if (!err && u.is_secure)
		err = websocket_tls_new(&w->tls, w->connecting->host, t->ca_file, detail);
	return err ? err : lookup_start(w);
}

enum err websocket_connect(struct websocket **wp, uv_loop_t *loop, const struct websocket_target *target,
	const struct websocket_settings *settings, const struct websocket_handlers *handlers, void *arg, struct err_detail *detail)
{
	struct websocket_start start = { .loop = loop, .settings = settings, .handlers = handlers, .arg = arg, .is_client = true };
	enum err err = websocket_new(wp, &start, NULL, NULL, 0);

	if (err)
		return err;
	(*wp)->deadline_us = websocket_now_us() + (target->connect_us ? target->connect_us : 10000000);
	err = connect_start(*wp, target, detail);
	if (err)
		websocket_free(wp);
	else
		websocket_later(*wp);
	return err;
}
