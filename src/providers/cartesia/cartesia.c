/* Cartesia over one WebSocket a call. See cartesia.h.
 *
 * All on the loop's thread. Utterances lie in the struct: a slot that is NULL makes one free, and an event may free any of them, or close
 * everything; the memory stays until the timer's handle is closed, in a later turn. Sockets are numbered: an utterance belongs to the one
 * that has its request, or will have it.
 *
 *   no socket ──socket_open──► opening ──socket_opened: requests that wait──► open ──socket_lost──► no socket
 *                                 └────────────────────socket_lost────────────────────────────────────▲
 */
#include "providers/cartesia/cartesia.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/num.h"
#include "base/websocket.h"
#include "providers/cartesia/cartesia_read.h"
#include "providers/cartesia/cartesia_words.h"

enum { PINGS = 3 /* within the time without a sign of life */, TICK_MS = 1000, NAME_BYTES = 8, MUTE_MS = 400 };

struct tts_utterance {
	struct cartesia *c;
	struct tts_utterance **slot; /* NULL: free */
	struct tts_events events;
	void *arg;
	uint32_t number;  /* counted up: the order of start */
	uint32_t socket;
	bool is_sent;
	uint64_t began_ms, deadline_ms;
	size_t samples;
	char context[CARTESIA_CONTEXT_MAX];
	char language[CARTESIA_LANGUAGE_MAX];
	struct buf text;
	struct cartesia_words words;
};

struct cartesia {
	uv_loop_t *loop;
	uv_timer_t timer;
	struct cartesia_options options;
	char name[2 * NAME_BYTES + 1]; /* begins every context's name, so that they differ from everybody's */
	struct websocket *w;
	uint32_t socket;
	uint64_t heard_ms; /* when its last message came */
	bool is_open, is_closing;
	uint32_t number;
	struct buf request;
	struct cartesia_event event;
	struct tts_utterance utterances[CARTESIA_UTTERANCES];
};

/* ---- utterances ---- */

static void silence(struct tts_utterance *u)
{
	if (u->slot && u->is_sent)
		usage_tell_text(u->events.used, u->arg, "cartesia", u->c->options.model, (const char *)u->text.data, u->text.len);
	if (u->slot)
		*u->slot = NULL;
	u->slot = NULL;
}

static void finish(struct tts_utterance *u, enum err err)
{
	struct tts_events events = u->events;
	void *arg = u->arg;

	silence(u);
	if (err)
		events.failed(arg, err);
	else
		events.done(arg);
}

/* Cartesia need not go on with it; what still comes finds no utterance. A cancel that cannot be sent is not worth a word. */
static void hush(struct tts_utterance *u)
{
	struct cartesia *c = u->c;
	enum err err = ERR_NONE;

	if (!u->is_sent || !c->is_open || u->socket != c->socket)
		return;
	buf_reset(&c->request);
	cartesia_request_cancel(&c->request, u->context);
	if (!c->request.err)
		err = websocket_push(c->w, WEBSOCKET_TEXT, c->request.data, c->request.len);
	(void)err;
}

/* A socket that is gone and has not said so yet: the request waits for the next one. */
static enum err utterance_send(struct tts_utterance *u)
{
	struct cartesia *c = u->c;
	enum err err;

	buf_reset(&c->request);
	cartesia_request_socket(&c->request, &c->options, u->context, u->language, (const char *)u->text.data, u->text.len);
	if (c->request.err)
		return c->request.err;
	err = websocket_push(c->w, WEBSOCKET_TEXT, c->request.data, c->request.len);
	u->is_sent = !err;
	if (err != ERR_CLOSED)
		return err == ERR_LIMIT ? ERR_BUSY : err;
	u->socket = c->socket + 1;
	return ERR_NONE;
}

/* The first by start of those that wait for the socket in force. */
static struct tts_utterance *next_waiting(struct cartesia *c)
{
	struct tts_utterance *first = NULL;

	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		if (u->slot && !u->is_sent && u->socket == c->socket && (!first || u->number < first->number))
			first = u;
	return first;
}

static struct tts_utterance *utterance_find(struct cartesia *c, const char *context)
{
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		if (u->slot && !strcmp(u->context, context))
			return u;
	return NULL;
}

/* ---- the socket ---- */

static const struct websocket_handlers handlers;

static enum err socket_open(struct cartesia *c)
{
	const struct cartesia_options *o = &c->options;
	const uint64_t silent_us = (uint64_t)o->silent_ms * 1000;
	const struct websocket_settings settings = { .message_max_bytes = CARTESIA_MESSAGE_MAX_BYTES, .send_age_us = silent_us,
		.ping_us = silent_us / PINGS, .alive_us = silent_us };
	struct websocket_target target = { .ca_file = o->ca_file, .connect_us = (uint64_t)o->connect_ms * 1000 };
	struct cartesia_headers headers;
	struct err_detail detail;
	char url[CARTESIA_URL_MAX + 32];
	enum err err;

	cartesia_url(o, true, url);
	cartesia_headers_make(&headers, o, true);
	target.url = url;
	target.headers = headers.list;
	err = websocket_connect(&c->w, c->loop, &target, &settings, &handlers, c, &detail);
	cartesia_headers_clear(&headers);
	return err;
}

/* All of the socket in force fail; whoever starts in the meantime belongs to the next one. */
static void utterances_fail(struct cartesia *c, enum err err)
{
	uint32_t lost = c->socket++;

	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		if (u->slot && u->socket == lost)
			finish(u, err);
}

static void socket_lost(struct cartesia *c, enum err why)
{
	enum err err = ERR_NONE;

	websocket_free(&c->w);
	c->is_open = false;
	utterances_fail(c, why);
	if (!c->w && !c->is_closing && next_waiting(c))
		err = socket_open(c);
	if (err)
		utterances_fail(c, err);
}

static void socket_opened(struct websocket *w, void *arg)
{
	struct cartesia *c = arg;
	struct tts_utterance *u;

	(void)w;
	c->is_open = true;
	while (c->is_open && (u = next_waiting(c))) {
		enum err err = utterance_send(u);

		if (err)
			finish(u, err);
	}
}

static void socket_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct cartesia *c = arg;
	enum err err = end->err ? end->err : cartesia_close_err(end->code);

	(void)w;
	if (end->http_status && end->http_status != 101)
		err = cartesia_status_err(end->http_status);
	c->w = NULL;
	socket_lost(c, err);
}

/* ---- what comes ---- */

static void audio_take(struct tts_utterance *u, const struct buf *audio)
{
	u->samples += audio->len;
	if (u->samples > CARTESIA_MAX_SAMPLES) {
		hush(u);
		finish(u, ERR_LIMIT);
	} else if (audio->len) {
		u->events.audio(u->arg, audio->data, audio->len);
	}
}

/* This and the next are functions of their own, because release builds clear what lies on the stack, and most messages are chunks. */
static __attribute__((noinline)) void words_take(struct tts_utterance *u, const struct cartesia_event *e)
{
	struct speech_word words[2 * CARTESIA_WORDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < e->word_count; i++) {
		const struct cartesia_word *word = &e->words[i];

		count += cartesia_words_put(&u->words, (const char *)e->text.data + word->at, word->len, word->start_samples, word->end_samples, words + count);
	}
	if (count)
		u->events.words(u->arg, words, count, u->words.is_exact);
}

static __attribute__((noinline)) void done_take(struct tts_utterance *u)
{
	struct speech_word words[CARTESIA_PIECES_MAX];
	uint32_t number = u->number;
	size_t count = u->samples ? cartesia_words_rest(&u->words, (uint32_t)u->samples, words, CARTESIA_PIECES_MAX) : 0;

	if (count)
		u->events.words(u->arg, words, count, u->words.is_exact);
	if (u->slot && u->number == number)
		finish(u, ERR_NONE);
}

static void event_take(struct tts_utterance *u, const struct cartesia_event *e)
{
	switch (e->kind) {
	case CARTESIA_OTHER: return;
	case CARTESIA_CHUNK: audio_take(u, &e->audio); return;
	case CARTESIA_TIMESTAMPS: words_take(u, e); return;
	case CARTESIA_DONE: done_take(u); return;
	case CARTESIA_ERROR:
		if (!e->is_done)
			hush(u);
		finish(u, e->err);
		return;
	}
}

static void socket_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct cartesia *c = arg;
	struct cartesia_event *e = &c->event;
	struct tts_utterance *u;
	enum err err = kind == WEBSOCKET_TEXT ? cartesia_read(e, data, len) : ERR_FORMAT;

	(void)w;
	c->heard_ms = uv_now(c->loop);
	if (!err && e->kind == CARTESIA_ERROR && !e->has_context)
		err = e->err;
	if (err) {
		socket_lost(c, err);
		return;
	}
	u = utterance_find(c, e->context);
	if (u)
		event_take(u, e);
}

static const struct websocket_handlers handlers = { .opened = socket_opened, .message = socket_message, .closed = socket_closed };

/* ---- time ---- */

static void on_timer(uv_timer_t *timer)
{
	struct cartesia *c = timer->data;
	uint64_t now_ms = uv_now(c->loop);
	bool has_any = false;

	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++) {
		if (u->slot && u->deadline_ms <= now_ms) {
			hush(u);
			finish(u, ERR_TIMEOUT);
		}
	}
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		has_any |= u->slot != NULL;
	if (!has_any && !c->is_closing)
		uv_timer_stop(timer);
}

static void time_start(struct cartesia *c, struct tts_utterance *u)
{
	uint64_t tick_ms = num_min(TICK_MS, c->options.deadline_ms);

	uv_update_time(c->loop);
	u->began_ms = uv_now(c->loop);
	u->deadline_ms = u->began_ms + c->options.deadline_ms;
	if (!uv_is_active((uv_handle_t *)&c->timer))
		uv_timer_start(&c->timer, on_timer, tick_ms, tick_ms);
}

/* ---- tts.h ---- */

static struct tts_utterance *utterance_free(struct cartesia *c)
{
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		if (!u->slot)
			return u;
	return NULL;
}

static enum err utterance_fill(struct tts_utterance *u, const char *language, const char *text, size_t len)
{
	struct cartesia *c = u->c;

	u->number = ++c->number;
	u->socket = c->socket;
	u->is_sent = false;
	u->samples = 0;
	snprintf(u->context, sizeof(u->context), "%s-%u", c->name, u->number);
	snprintf(u->language, sizeof(u->language), "%s", language);
	buf_reset(&u->text);
	buf_append(&u->text, text, len);
	if (!u->text.err)
		cartesia_words_init(&u->words, (const char *)u->text.data, len);
	return u->text.err;
}

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct cartesia *c = vendor;
	struct tts_utterance *u = utterance_free(c);
	enum err err = cartesia_speech_judge(language, text, len);

	*up = NULL;
	if (!err && !u)
		err = ERR_BUSY;
	if (!err)
		err = utterance_fill(u, language, text, len);
	if (!err && !c->w)
		err = socket_open(c);
	if (!err && c->is_open)
		err = utterance_send(u);
	if (err)
		return err;
	u->slot = up;
	u->events = *events;
	u->arg = arg;
	time_start(c, u);
	*up = u;
	return ERR_NONE;
}

/* Nothing came since it was asked for: who asks again must not do so on this socket (P13). */
static bool is_mute(const struct tts_utterance *u)
{
	const struct cartesia *c = u->c;

	return u->is_sent && c->is_open && u->socket == c->socket && c->heard_ms <= u->began_ms && uv_now(c->loop) >= u->began_ms + MUTE_MS;
}

/* Others that it has said nothing of are asked for again by the next one. An error there they meet by their deadlines. */
static void socket_leave(struct cartesia *c)
{
	enum err err = ERR_NONE;

	websocket_free(&c->w);
	c->is_open = false;
	c->socket++;
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++) {
		if (u->slot && u->socket == c->socket - 1 && !u->samples) {
			u->socket = c->socket;
			u->is_sent = false;
		}
	}
	if (next_waiting(c))
		err = socket_open(c);
	(void)err;
}

static void voice_cancel(struct tts_utterance **up)
{
	struct tts_utterance *u = up ? *up : NULL;

	if (!u)
		return;
	silence(u);
	if (is_mute(u))
		socket_leave(u->c);
	else
		hush(u);
}

const struct tts cartesia_tts = { .name = "cartesia", .start = voice_start, .cancel = voice_cancel };

/* ---- opening and closing ---- */

enum err cartesia_prepare(struct cartesia *c)
{
	return c->w ? ERR_NONE : socket_open(c);
}

static void on_closed(uv_handle_t *handle)
{
	struct cartesia *c = handle->data;

	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		buf_fini(&u->text);
	cartesia_event_fini(&c->event);
	buf_fini(&c->request);
	free(c);
}

void cartesia_close(struct cartesia **cp)
{
	struct cartesia *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	c->is_closing = true;
	c->is_open = false;
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		silence(u);
	websocket_free(&c->w);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

enum err cartesia_open(struct cartesia **cp, uv_loop_t *loop, const struct cartesia_options *options, struct err_detail *detail)
{
	struct cartesia_options own;
	struct cartesia *c;
	uint8_t random[NAME_BYTES];
	enum err err = cartesia_options_take(&own, options, detail);

	*cp = NULL;
	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_NOMEM;
	c->loop = loop;
	c->options = own;
	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(c->name, sizeof(c->name), random, sizeof(random));
	uv_timer_init(loop, &c->timer);
	c->timer.data = c;
	buf_init(&c->request, CARTESIA_REQUEST_MAX_BYTES);
	cartesia_event_init(&c->event);
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++) {
		u->c = c;
		buf_init(&u->text, CARTESIA_MAX_TEXT_BYTES);
	}
	*cp = c;
	return ERR_NONE;
}
