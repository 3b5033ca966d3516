/* A WebSocket's life: its socket, its time, what it sends, how it ends. The states are drawn in websocket_parts.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/num.h"
#include "base/websocket_parts.h"

enum { READS_A_TURN = 16, TICK_MIN_MS = 10, TICK_MAX_MS = 500 };

static void websocket_run(struct websocket *w);
static void websocket_watch(struct websocket *w);

uint64_t websocket_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* RFC 6455 section 4.2.2: what proves that the key was read. */
void websocket_accept_text(const char *key, char *out)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA_DIGEST_LENGTH];
	char joined[24 + sizeof(guid)];

	assert(strlen(key) == 24);
	memcpy(joined, key, 24);
	memcpy(joined + 24, guid, sizeof(guid));
	SHA1((const unsigned char *)joined, 24 + sizeof(guid) - 1, digest);
	EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
}

/* ---- the end ---- */

static void websocket_release(struct websocket *w)
{
	void (*released)(void *) = w->start.released;
	void *arg = w->start.released_arg;

	if (w->handles)
		return;
	websocket_connect_free(w);
	websocket_tls_free(w->tls);
	wslay_frame_context_free(w->frames);
	outbox_fini(&w->out);
	buf_fini(&w->message);
	free(w->early);
	free(w);
	if (released)
		released(arg);
}

void websocket_unhold(struct websocket *w)
{
	assert(w->handles);
	w->handles--;
	if (w->state == WS_DONE)
		websocket_release(w);
}

void websocket_handle_closed(uv_handle_t *handle)
{
	websocket_unhold(handle->data);
}

void websocket_done(struct websocket *w)
{
	if (w->state == WS_DONE)
		return;
	w->state = WS_DONE;
	if (w->has_poll)
		uv_close((uv_handle_t *)&w->poll, websocket_handle_closed);
	if (w->has_timer)
		uv_close((uv_handle_t *)&w->timer, websocket_handle_closed);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

void websocket_tell(struct websocket *w, enum err err, uint16_t code, unsigned int status, const char *reason)
{
	struct websocket_end end = { err, code, status, reason };
	const struct websocket_handlers *handlers = w->start.handlers;

	w->start.handlers = NULL;
	if (handlers && handlers->closed)
		handlers->closed(w, &end, w->start.arg);
}

/* Nothing more is said or heard; what was said still goes out. */
void websocket_linger(struct websocket *w)
{
	w->state = WS_LINGER;
	w->deadline_us = websocket_now_us() + w->settings.close_us;
}

/* The socket is of no use any more. */
static void websocket_lose(struct websocket *w, enum err err, const char *reason)
{
	websocket_done(w);
	websocket_tell(w, err, WEBSOCKET_ABNORMAL, 0, reason);
}

static enum err close_frame(struct websocket *w, uint16_t code, const char *reason)
{
	uint8_t payload[CONTROL_MAX] = { (uint8_t)(code >> 8), (uint8_t)code };
	size_t len = reason ? strnlen(reason, WEBSOCKET_REASON_MAX + 1) : 0;

	if (len > WEBSOCKET_REASON_MAX)
		for (len = WEBSOCKET_REASON_MAX; len && ((uint8_t)reason[len] & 0xc0) == 0x80;)
			len--;
	if (len)
		memcpy(payload + 2, reason, len);
	return websocket_frame(w, WSLAY_CONNECTION_CLOSE, payload, code == WEBSOCKET_NO_CODE ? 0 : len + 2);
}

void websocket_fail(struct websocket *w, enum err err, uint16_t code, const char *reason)
{
	if (w->state == WS_OPEN && close_frame(w, code, reason))
		w->is_broken = true;
	websocket_linger(w);
	websocket_tell(w, err, code, 0, reason);
}

/* ---- sending ---- */

/* The frame's bytes, into `out`, or by way of TLS. */
enum err websocket_frame(struct websocket *w, uint8_t opcode, const void *data, size_t len)
{
	struct wslay_frame_iocb f = { .fin = 1, .opcode = opcode, .mask = w->start.is_client, .payload_length = len, .data = data, .data_length = len };
	size_t tls_room = w->tls ? 256 + len / 64 : 0;

	if (len + FRAME_HEAD_MAX + tls_room > w->out.max - num_min(w->out.len, w->out.max))
		return ERR_LIMIT;
	if (!outbox_room(&w->out, len + FRAME_HEAD_MAX + tls_room))
		return ERR_NOMEM;
	do {
		ssize_t sent = wslay_frame_send(w->frames, &f);

		if (sent < 0)
			return ERR_NOMEM;
		f.data += sent;
		f.data_length -= (size_t)sent;
	} while (f.data_length);
	if (w->tls) {
		struct buf *plain = websocket_tls_plain(w->tls);
		enum err err = websocket_tls_send(w, plain->data, plain->len);

		buf_reset(plain);
		return err;
	}
	return ERR_NONE;
}

static void websocket_flush(struct websocket *w)
{
	if (!w->is_broken && w->fd >= 0 && w->out.len && outbox_flush(&w->out, w->fd))
		w->is_broken = true;
}

/* After something was put: sent at once, unless many things are being done in this turn. What failed is told in a later one. */
static void websocket_sent(struct websocket *w)
{
	if (w->steps)
		return;
	websocket_flush(w);
	websocket_watch(w);
}

enum err websocket_push(struct websocket *w, enum websocket_kind kind, const void *data, size_t len)
{
	enum err err;

	assert(kind == WEBSOCKET_TEXT || kind == WEBSOCKET_BINARY);
	if (w->state != WS_OPEN || w->is_broken)
		return ERR_CLOSED;
	if (len > w->settings.send_max_bytes || w->out.len + len + FRAME_HEAD_MAX > w->settings.send_max_bytes) {
		w->refused = true;
		websocket_sent(w);
		return ERR_LIMIT;
	}
	err = websocket_frame(w, kind == WEBSOCKET_TEXT ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, data, len);
	if (err == ERR_NOMEM)
		w->is_broken = true; /* half a frame may stand there */
	websocket_sent(w);
	return err;
}

void websocket_close(struct websocket *w, uint16_t code, const char *reason)
{
	if (w->state != WS_OPEN && w->state != WS_CONNECTING)
		return;
	w->close_code = code;
	w->deadline_us = websocket_now_us() + (w->state == WS_OPEN ? w->settings.close_us : 0);
	if (w->state == WS_OPEN && close_frame(w, code, reason))
		w->is_broken = true;
	if (w->state == WS_OPEN)
		w->state = WS_CLOSING;
	websocket_later(w);
}

size_t websocket_waiting(const struct websocket *w)
{
	return w->out.len;
}

uint64_t websocket_age_us(struct websocket *w)
{
	return w->fd < 0 ? 0 : outbox_age_us(&w->out, w->fd, websocket_now_us());
}

void websocket_pause(struct websocket *w, bool paused)
{
	if (w->paused == paused)
		return;
	w->paused = paused;
	websocket_later(w);
}

void websocket_free(struct websocket **wp)
{
	struct websocket *w = *wp;

	*wp = NULL;
	if (!w || !w->start.handlers) /* told already: it goes by itself */
		return;
	w->start.handlers = NULL;
	websocket_done(w);
}

void websocket_reset(struct websocket **wp)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (*wp && (*wp)->fd >= 0)
		(void)!setsockopt((*wp)->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	websocket_free(wp);
}

/* ---- time ---- */

static void time_open(struct websocket *w, uint64_t now)
{
	const struct websocket_settings *s = &w->settings;

	if (outbox_age_us(&w->out, w->fd, now) > s->send_age_us)
		websocket_lose(w, ERR_TIMEOUT, "the peer does not take what is sent");
	else if (s->alive_us && num_over(now, w->heard_us) > s->alive_us)
		websocket_lose(w, ERR_TIMEOUT, "the peer gives no sign of life");
	else if (s->ping_us && num_over(now, num_max(w->heard_us, w->pinged_us)) >= s->ping_us) {
		w->pinged_us = now;
		if (websocket_frame(w, WSLAY_PING, "", 0))
			w->is_broken = true;
	}
}

static void websocket_time(struct websocket *w)
{
	uint64_t now = websocket_now_us();

	if (w->paused)
		w->heard_us = now;
	if (w->state == WS_OPEN)
		time_open(w, now);
	else if (w->state == WS_CLOSING && now >= w->deadline_us) {
		websocket_done(w);
		websocket_tell(w, ERR_TIMEOUT, w->close_code, 0, "the peer did not close");
	} else if (w->state == WS_LINGER && now >= w->deadline_us)
		websocket_done(w);
}

/* Often enough to find what is over by a quarter. */
static uint64_t tick_ms(const struct websocket_settings *s)
{
	uint64_t us = num_min(s->send_age_us, s->close_us);

	if (s->ping_us)
		us = num_min(us, s->ping_us);
	if (s->alive_us)
		us = num_min(us, s->alive_us);
	return num_max(TICK_MIN_MS, num_min(TICK_MAX_MS, us / 4000));
}

/* ---- one turn ---- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct websocket *w = poll->data;

	(void)events;
	if (status < 0) { /* the poll has stopped itself; what was received before the error may still be read */
		w->events = 0;
		w->has_ended |= w->state == WS_LINGER;
		w->is_broken |= w->paused;
	}
	websocket_run(w);
}

static void on_tick(uv_timer_t *timer)
{
	struct websocket *w = timer->data;

	websocket_time(w);
	if (w->state != WS_DONE)
		websocket_run(w);
}

/* Bytes from the peer, decrypted; the handshake's leftovers first. */
ssize_t websocket_receive(struct websocket *w, uint8_t *data, size_t len)
{
	ssize_t got;

	if (w->early_len) {
		got = (ssize_t)num_min(len, w->early_len);
		memcpy(data, w->early + w->early_at, (size_t)got);
		w->early_at += (size_t)got;
		w->early_len -= (size_t)got;
		return got;
	}
	if (w->tls)
		return websocket_tls_receive(w, data, len);
	if (!w->reads || w->has_ended || w->is_broken)
		return 0;
	w->reads--;
	got = recv(w->fd, data, len, MSG_DONTWAIT);
	if (got > 0)
		w->heard_us = websocket_now_us();
	else if (got == 0)
		w->has_ended = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		w->is_broken = true;
	return got > 0 ? got : 0;
}

/* Lingering: what still arrives is thrown away; when our part is sent, our side is shut. */
static void linger_run(struct websocket *w)
{
	uint8_t waste[4096];
	ssize_t got = 1;

	websocket_flush(w);
	if (!w->is_broken && !w->out.len && !w->is_shut) {
		if (w->tls)
			websocket_tls_end(w);
		websocket_flush(w);
		shutdown(w->fd, SHUT_WR);
		w->is_shut = true;
	}
	for (int i = 0; i < READS_A_TURN && got > 0; i++)
		got = recv(w->fd, waste, sizeof(waste), MSG_DONTWAIT);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) || w->is_broken || w->has_ended)
		websocket_done(w);
}

static void open_run(struct websocket *w)
{
	w->reads = READS_A_TURN;
	websocket_input(w);
	if (w->state != WS_OPEN && w->state != WS_CLOSING)
		return;
	if (w->early_at && !w->early_len) {
		free(w->early);
		w->early = NULL;
		w->early_at = 0;
	}
	websocket_flush(w);
	if (w->is_broken || w->has_ended)
		websocket_lose(w, ERR_CLOSED, "the socket closed");
	else if (w->refused && w->out.len <= w->settings.send_max_bytes / 2) {
		w->refused = false;
		if (w->state == WS_OPEN && w->start.handlers->drained)
			w->start.handlers->drained(w, w->start.arg);
	}
}

static void websocket_run(struct websocket *w)
{
	w->steps = true;
	w->kick = false;
	if (w->state == WS_CONNECTING)
		websocket_connect_step(w);
	if (w->state == WS_OPEN || w->state == WS_CLOSING)
		open_run(w);
	if (w->state == WS_LINGER)
		linger_run(w);
	w->steps = false;
	if (w->state == WS_DONE)
		return;
	websocket_flush(w);
	websocket_watch(w);
}

static int websocket_events(const struct websocket *w)
{
	int events = 0;
	bool writes = w->out.len || w->is_broken || (w->refused && w->out.len <= w->settings.send_max_bytes / 2);

	if (w->state == WS_CONNECTING && websocket_connect_events(w, &events))
		return events;
	if (w->state != WS_OPEN || !w->paused)
		events |= w->has_ended ? 0 : UV_READABLE;
	return events | (writes || w->kick ? UV_WRITABLE : 0);
}

static void websocket_watch(struct websocket *w)
{
	int events = websocket_events(w);

	if (!w->has_poll || events == w->events)
		return;
	w->events = events;
	uv_poll_start(&w->poll, events, on_poll);
}

void websocket_later(struct websocket *w)
{
	if (w->state == WS_DONE)
		return;
	w->kick = true;
	if (w->has_poll && w->state != WS_CONNECTING)
		websocket_watch(w);
	else
		uv_timer_start(&w->timer, on_tick, 0, tick_ms(&w->settings));
}

/* ---- the beginning ---- */

static void settings_fill(struct websocket_settings *s)
{
	if (!s->message_max_bytes)
		s->message_max_bytes = 1 << 20;
	if (!s->send_max_bytes)
		s->send_max_bytes = 1 << 20;
	if (!s->send_age_us)
		s->send_age_us = 10000000;
	if (!s->close_us)
		s->close_us = 2000000;
}

enum err websocket_early(struct websocket *w, const void *data, size_t len)
{
	if (!len)
		return ERR_NONE;
	w->early = malloc(len);
	if (!w->early)
		return ERR_NOMEM;
	memcpy(w->early, data, len);
	w->early_len = len;
	return ERR_NONE;
}

enum err websocket_new(struct websocket **wp, const struct websocket_start *start, const struct buf *first, const void *early, size_t early_len)
{
	struct websocket *w = calloc(1, sizeof(*w));
	enum err err;

	*wp = NULL;
	assert(start->handlers->message);
	if (!w)
		return ERR_NOMEM;
	w->start = *start;
	if (start->settings)
		w->settings = *start->settings;
	settings_fill(&w->settings);
	w->start.settings = &w->settings;
	w->fd = -1;
	w->state = start->is_client ? WS_CONNECTING : WS_OPEN;
	outbox_init(&w->out, w->settings.send_max_bytes + CONTROL_ROOM);
	buf_init(&w->message, w->settings.message_max_bytes);
	err = websocket_frames_new(w);
	if (!err)
		err = websocket_early(w, early, early_len);
	if (!err && first)
		err = outbox_put(&w->out, first->data, first->len, websocket_now_us());
	if (err) {
		w->start.released = NULL;
		websocket_release(w);
		return err;
	}
	uv_timer_init(start->loop, &w->timer);
	w->timer.data = w;
	w->has_timer = true;
	w->handles = 1;
	*wp = w;
	return ERR_NONE;
}

void websocket_attach(struct websocket *w, int fd)
{
	w->fd = fd;
	w->heard_us = websocket_now_us();
	if (uv_poll_init(w->start.loop, &w->poll, fd)) {
		w->is_broken = true; /* the first turn tells it */
	} else {
		w->poll.data = w;
		w->has_poll = true;
		w->handles++;
		w->events = 0;
	}
	uv_timer_start(&w->timer, on_tick, 0, tick_ms(&w->settings));
}

void websocket_begin(struct websocket *w)
{
	w->state = WS_OPEN;
	w->heard_us = websocket_now_us();
	if (w->start.handlers->opened)
		w->start.handlers->opened(w, w->start.arg);
}
