/* The two sockets of Sarvam's voice: the one that speaks and the one that stands by. See sarvam_tts.h and sarvam_tts_state.h. */
#include <string.h>

#include <sodium.h>

#include "providers/sarvam/sarvam_tts_state.h"

enum { PINGS = 3 /* within the time without a byte */ };

static const struct websocket_handlers handlers;

static struct voice_socket *current_of(struct sarvam_voice *v)
{
	return &v->sockets[v->current];
}

static struct voice_socket *other_of(struct sarvam_voice *v)
{
	return &v->sockets[!v->current];
}

static void socket_drop(struct voice_socket *s)
{
	websocket_free(&s->ws);
	s->is_open = false;
}

/* The other takes over when it is there. */
static void take_over(struct sarvam_voice *v)
{
	if (!current_of(v)->ws && other_of(v)->ws)
		v->current = !v->current;
}

/* ------------------------------------------------------------------ opening */

/* Behind it the key is nowhere of ours but where it was borrowed from. */
static enum err socket_connect(struct voice_socket *s, const char *url)
{
	const struct sarvam_tts_options *o = &s->v->options;
	const uint64_t alive_us = (uint64_t)o->alive_ms * 1000;
	const struct websocket_settings settings = { .message_max_bytes = SARVAM_TTS_MESSAGE_MAX_BYTES, .send_age_us = SARVAM_SEND_AGE_MS * 1000,
		.ping_us = alive_us / PINGS, .alive_us = alive_us };
	char key[SARVAM_HEADER_MAX];
	const char *const headers[] = { key, NULL };
	const struct websocket_target target = { .url = url, .headers = headers, .ca_file = o->ca_file, .connect_us = (uint64_t)o->connect_ms * 1000 };
	struct err_detail detail;
	enum err err;

	sarvam_header_make(key, o->key, o->key_len);
	err = websocket_connect(&s->ws, s->v->loop, &target, &settings, &handlers, s, &detail);
	sodium_memzero(key, sizeof(key));
	return err;
}

static enum err socket_open(struct voice_socket *s)
{
	char memory[SARVAM_TTS_URL_MAX_BYTES];
	struct buf url;

	buf_over(&url, memory, sizeof(memory));
	sarvam_tts_url_put(&url, &s->v->options, sarvam_tts_path(&s->v->options, s->v->is_other_path));
	buf_byte(&url, '\0');
	s->is_open = false;
	s->finals = 0;
	return url.err ? url.err : socket_connect(s, memory);
}

enum err sarvam_socket_need(struct sarvam_voice *v)
{
	take_over(v);
	return current_of(v)->ws ? ERR_NONE : socket_open(current_of(v));
}

/* The spare once the first is open: what is wrong with the account shows on one handshake. What becomes of them is told to whoever starts. */
void sarvam_sockets_open(struct sarvam_voice *v)
{
	if (!v->wants_sockets || (current_of(v)->ws && !current_of(v)->is_open))
		return;
	if (sarvam_socket_need(v))
		v->wants_sockets = false;
	if (!v->wants_sockets || !current_of(v)->is_open)
		return;
	v->wants_sockets = false;
	if (!other_of(v)->ws && !v->options.has_no_spare)
		(void)!socket_open(other_of(v)); /* whoever starts next tries again */
}

/* ------------------------------------------------------------------ what is sent */

static enum err request_send(struct voice_socket *s)
{
	struct buf *b = &s->v->request;
	enum err err = b->err ? b->err : websocket_push(s->ws, WEBSOCKET_TEXT, b->data, b->len);

	s->sent_ms = uv_now(s->v->loop);
	return err == ERR_LIMIT ? ERR_BUSY : err;
}

/* Config is always the first on a socket. */
static enum err config_send(struct voice_socket *s, const struct sarvam_manner *m)
{
	struct sarvam_voice *v = s->v;

	buf_reset(&v->request);
	sarvam_config_put(&v->request, &v->options, v->field, m);
	s->manner = *m;
	return request_send(s);
}

static enum err word_send(struct voice_socket *s, const char *type)
{
	buf_reset(&s->v->request);
	buf_printf(&s->v->request, "{\"type\":\"%s\"}", type);
	return request_send(s);
}

enum err sarvam_socket_speak(struct sarvam_voice *v, const struct tts_utterance *u)
{
	struct voice_socket *s = current_of(v);
	enum err err = sarvam_manner_same(&s->manner, &u->manner) ? ERR_NONE : config_send(s, &u->manner);

	if (!err) {
		buf_reset(&v->request);
		sarvam_text_put(&v->request, (const char *)u->text.data, u->text.len);
		err = request_send(s);
	}
	return err ? err : word_send(s, "flush");
}

void sarvam_sockets_ping(struct sarvam_voice *v, uint64_t now_ms)
{
	for (struct voice_socket *s = v->sockets; s < v->sockets + SARVAM_SOCKETS; s++)
		if (s->is_open && now_ms >= s->sent_ms + v->options.ping_ms)
			(void)!word_send(s, "ping"); /* a socket that is gone says so itself */
}

/* ------------------------------------------------------------------ going */

void sarvam_sockets_drop(struct sarvam_voice *v)
{
	for (struct voice_socket *s = v->sockets; s < v->sockets + SARVAM_SOCKETS; s++)
		socket_drop(s);
}

void sarvam_socket_swap(struct sarvam_voice *v)
{
	socket_drop(current_of(v));
	take_over(v);
	v->wants_sockets = true;
	sarvam_voice_later(v);
}

/* Nobody is told of the spare. One that is lost is not opened again by itself: a vendor that closes each at once would be asked without end. */
void sarvam_socket_lose(struct voice_socket *s, enum err why)
{
	struct sarvam_voice *v = s->v;
	bool was_open = s->is_open, was_current = s == current_of(v);

	socket_drop(s);
	v->wants_sockets = false;
	if (!was_current)
		return;
	take_over(v);
	sarvam_voice_lost(v, why, was_open);
}

/* ------------------------------------------------------------------ handlers */

static void on_opened(struct websocket *w, void *arg)
{
	struct voice_socket *s = arg;
	enum err err;

	(void)w;
	err = config_send(s, &s->v->manner);
	s->v->has_opened = true;
	s->is_open = !err; /* else who waits for it fails, instead of asking for the next one without end */
	if (err)
		sarvam_socket_lose(s, err);
	else if (s == current_of(s->v))
		sarvam_voice_opened(s->v);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct voice_socket *s = arg;
	struct sarvam_tts_event *e = &s->v->event;
	enum err err = kind == WEBSOCKET_TEXT ? sarvam_tts_read(e, data, len) : ERR_FORMAT;

	(void)w;
	if (err)
		sarvam_socket_lose(s, err);
	else
		sarvam_voice_heard(s->v, s, e);
}

/* A refusal that another path may change: not the key, not what is left to pay with, not too many. */
static bool is_of_path(unsigned int status)
{
	return status >= 400 && status < 500 && status != 401 && status != 402 && status != 403 && status != 408 && status != 429;
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct voice_socket *s = arg;
	struct sarvam_voice *v = s->v;
	enum err err = end->err ? end->err : sarvam_tts_close_err(end->code);

	(void)w;
	s->ws = NULL;
	if (end->http_status && end->http_status != 101)
		err = sarvam_status_err(end->http_status);
	if (is_of_path(end->http_status) && !v->has_opened && sarvam_tts_path(&v->options, true)) {
		v->is_other_path = !v->is_other_path; /* refused both: back to the first */
		if (!v->has_tried_path)
			err = socket_open(s);
		v->has_tried_path = true;
		if (s->ws)
			return;
	}
	sarvam_socket_lose(s, err);
}

static const struct websocket_handlers handlers = { .opened = on_opened, .message = on_message, .closed = on_closed };
