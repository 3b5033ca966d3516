/* Cartesia by one HTTP request an utterance. See cartesia.h.
 *
 * All on the loop's thread. Utterances lie in the struct: a slot that is NULL makes one free. Where two events come in a row the struct is
 * held, because the first may close everything.
 */
#include "providers/cartesia/cartesia.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_client.h"
#include "providers/cartesia/cartesia_read.h"
#include "providers/cartesia/cartesia_words.h"

enum { REFUSAL_MAX_BYTES = 4096 };

struct tts_utterance {
	struct cartesia_bytes *c;
	struct tts_utterance **slot; /* NULL: free */
	struct tts_events events;
	void *arg;
	uint32_t number;
	struct http_exchange *exchange;
	bool is_sound;      /* what comes is what was asked for */
	size_t samples;
	struct buf text;
	struct buf refusal; /* what came instead */
};

struct cartesia_bytes {
	struct cartesia_options options;
	struct http_client *client;
	uint32_t number;
	bool is_held, is_closed;
	struct buf request;
	struct tts_utterance utterances[CARTESIA_UTTERANCES];
};

static void bytes_free(struct cartesia_bytes *c)
{
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++) {
		buf_fini(&u->text);
		buf_fini(&u->refusal);
	}
	buf_fini(&c->request);
	free(c);
}

/* ---- an utterance ---- */

static void silence(struct tts_utterance *u)
{
	if (u->slot)
		*u->slot = NULL;
	u->slot = NULL;
	http_exchange_cancel(&u->exchange);
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

/* ---- what comes ---- */

/* A page or an object with status 200 is no sound, whoever sends it. */
static void on_head(const struct http_answer *a, void *arg)
{
	struct tts_utterance *u = arg;
	const char *type = http_answer_header(a, "Content-Type");

	u->is_sound = a->status == 200 && (!type || (strncasecmp(type, "text/", 5) && strncasecmp(type, "application/json", 16)));
}

static void on_piece(const uint8_t *data, size_t len, void *arg)
{
	struct tts_utterance *u = arg;

	if (!u->is_sound) {
		buf_append(&u->refusal, data, len); /* what is too long is judged by its status alone */
		return;
	}
	u->samples += len;
	if (len)
		u->events.audio(u->arg, data, len);
}

static enum err answer_err(const struct tts_utterance *u, const struct http_answer *a)
{
	if (a->err)
		return a->err;
	if (a->status != 200)
		return cartesia_refusal_err(a->status, u->refusal.data ? u->refusal.data : (const uint8_t *)"", u->refusal.len);
	if (!u->is_sound)
		return ERR_FORMAT;
	return a->is_open_ended ? ERR_TRUNCATED : ERR_NONE; /* nobody knows whether it is whole */
}

static void words_say(struct tts_utterance *u)
{
	struct speech_word pieces[CARTESIA_PIECES_MAX];
	struct cartesia_words words;
	size_t count;

	cartesia_words_init(&words, (const char *)u->text.data, u->text.len);
	count = u->samples ? cartesia_words_rest(&words, (uint32_t)u->samples, pieces, CARTESIA_PIECES_MAX) : 0;
	if (count)
		u->events.words(u->arg, pieces, count, false);
}

static void on_done(const struct http_answer *a, void *arg)
{
	struct tts_utterance *u = arg;
	struct cartesia_bytes *c = u->c;
	uint32_t number = u->number;
	enum err err = answer_err(u, a);

	if (err) {
		finish(u, err);
		return;
	}
	c->is_held = true;
	words_say(u);
	c->is_held = false;
	if (c->is_closed)
		bytes_free(c);
	else if (u->slot && u->number == number)
		finish(u, ERR_NONE);
}

static const struct http_exchange_handlers handlers = { .head = on_head, .piece = on_piece, .done = on_done };

/* ---- tts.h ---- */

static struct tts_utterance *utterance_free(struct cartesia_bytes *c)
{
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		if (!u->slot)
			return u;
	return NULL;
}

static enum err exchange_start(struct tts_utterance *u)
{
	struct cartesia_bytes *c = u->c;
	const struct cartesia_options *o = &c->options;
	struct http_ask ask = { .method = HTTP_POST, .body = c->request.data, .len = c->request.len, .body_max_bytes = CARTESIA_MAX_SAMPLES,
		.connect_us = (uint64_t)o->connect_ms * 1000, .idle_us = (uint64_t)o->silent_ms * 1000, .total_us = (uint64_t)o->deadline_ms * 1000 };
	struct cartesia_headers headers;
	struct err_detail detail;
	char url[CARTESIA_URL_MAX + 32];
	enum err err;

	cartesia_url(o, false, url);
	cartesia_headers_make(&headers, o, false);
	ask.url = url;
	ask.headers = headers.list;
	err = http_exchange_start(&u->exchange, c->client, &ask, &handlers, u, &detail);
	cartesia_headers_clear(&headers);
	return err;
}

static enum err utterance_fill(struct tts_utterance *u, const char *language, const char *text, size_t len)
{
	struct cartesia_bytes *c = u->c;

	u->number = ++c->number;
	u->is_sound = false;
	u->samples = 0;
	buf_reset(&u->refusal);
	buf_reset(&u->text);
	buf_append(&u->text, text, len);
	buf_reset(&c->request);
	cartesia_request_bytes(&c->request, &c->options, language, text, len);
	return u->text.err ? u->text.err : c->request.err;
}

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct cartesia_bytes *c = vendor;
	struct tts_utterance *u = utterance_free(c);
	enum err err = cartesia_speech_judge(language, text, len);

	*up = NULL;
	if (!err && !u)
		err = ERR_BUSY;
	if (!err)
		err = utterance_fill(u, language, text, len);
	if (!err)
		err = exchange_start(u);
	if (err)
		return err;
	u->slot = up;
	u->events = *events;
	u->arg = arg;
	*up = u;
	return ERR_NONE;
}

/* The connection of what is cancelled is closed, which is how Cartesia learns of it. */
static void voice_cancel(struct tts_utterance **up)
{
	if (up && *up)
		silence(*up);
}

const struct tts cartesia_bytes_tts = { .name = "cartesia-bytes", .start = voice_start, .cancel = voice_cancel };

/* ---- opening and closing ---- */

void cartesia_bytes_close(struct cartesia_bytes **cp)
{
	struct cartesia_bytes *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++)
		silence(u);
	http_client_close(&c->client);
	c->is_closed = true;
	if (!c->is_held)
		bytes_free(c);
}

enum err cartesia_bytes_open(struct cartesia_bytes **cp, uv_loop_t *loop, const struct cartesia_options *options, struct err_detail *detail)
{
	struct cartesia_bytes *c = calloc(1, sizeof(*c));
	const struct http_client_settings settings = { .ca_file = options->ca_file, .exchanges_max = CARTESIA_UTTERANCES };
	enum err err = c ? cartesia_options_take(&c->options, options, detail) : ERR_NOMEM;

	*cp = NULL;
	if (!err)
		err = http_client_open(&c->client, loop, &settings, detail);
	if (err) {
		free(c);
		return err;
	}
	buf_init(&c->request, CARTESIA_REQUEST_MAX_BYTES);
	for (struct tts_utterance *u = c->utterances; u < c->utterances + CARTESIA_UTTERANCES; u++) {
		u->c = c;
		buf_init(&u->text, CARTESIA_MAX_TEXT_BYTES);
		buf_init(&u->refusal, REFUSAL_MAX_BYTES);
	}
	*cp = c;
	return ERR_NONE;
}
