/* The streams of Sarvam's recogniser: how one starts, its socket, how it ends. See sarvam_stt.h and sarvam_stt_state.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "providers/sarvam/sarvam_stt_state.h"

enum { SEND_MAX_BYTES = 128 * 1024, PING_PARTS = 4 };

/* ------------------------------------------------------------------ the end */

/* Out of the list and the owner's slot, in silence but for what was sent. */
static void stream_free(struct stt_stream *s)
{
	struct stt_stream **at = &s->v->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	sarvam_sound_count(s, true);
	*s->slot = NULL;
	clock_timer_stop(&s->timer);
	websocket_free(&s->ws);
	buf_fini(&s->waiting);
	buf_fini(&s->message);
	free(s);
}

/* A warning the first time; a vendor that is away ends one stream after the other. */
static void end_log(const struct stt_stream *s, enum err why)
{
	log_at(&s->v->options.log, s->v->has_told ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "the recogniser's stream has ended", LOG_ERR(why),
		LOG_TEXT("code", s->code), LOG_TEXT("request", s->request), LOG_UINT("pushed_ms", s->pushed / 8), LOG_UINT("sent_ms", s->sent / 8));
	s->v->has_told = true;
}

void sarvam_stream_end(struct stt_stream *s, enum err why)
{
	struct stt_events events = s->events;
	void *arg = s->arg;

	end_log(s, why);
	stream_free(s);
	events.ended(arg, why);
}

static void on_failed(void *arg)
{
	struct stt_stream *s = arg;

	sarvam_stream_end(s, s->failed);
}

void sarvam_stream_fail(struct stt_stream *s, enum err why)
{
	struct clock *clock = s->v->options.clock;

	s->failed = why;
	s->is_open = false;
	websocket_free(&s->ws);
	clock_timer_set(&s->timer, clock, clock_now_us(clock), on_failed, s);
}

/* ------------------------------------------------------------------ the socket */

static void on_opened(struct websocket *w, void *arg)
{
	(void)w;
	sarvam_sound_opened(arg);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	(void)w;
	if (kind == WEBSOCKET_TEXT)
		sarvam_hear_message(arg, data, len);
	else
		sarvam_stream_end(arg, ERR_FORMAT);
}

static void on_drained(struct websocket *w, void *arg)
{
	struct stt_stream *s = arg;

	(void)w;
	s->is_refused = false;
	sarvam_sound_step(s);
}

/* For the log a number alone: the reason's prose may say anything. */
static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct stt_stream *s = arg;

	(void)w;
	s->ws = NULL;
	if (end->http_status)
		snprintf(s->code, sizeof(s->code), "HTTP %u", end->http_status);
	else if (!end->err)
		snprintf(s->code, sizeof(s->code), "close %u", end->code);
	sarvam_stream_end(s, sarvam_hear_end(end));
}

static const struct websocket_handlers handlers = { .opened = on_opened, .message = on_message, .drained = on_drained, .closed = on_closed };

/* ------------------------------------------------------------------ the start */

/* Behind it the key is nowhere of ours but where it was borrowed from. */
static enum err socket_open(struct stt_stream *s, const char *url)
{
	const struct sarvam_stt_options *o = &s->v->options;
	char key[SARVAM_HEADER_MAX];
	const char *const headers[] = { key, NULL };
	const struct websocket_target target = { .url = url, .headers = headers, .ca_file = o->ca_file, .connect_us = (uint64_t)o->connect_ms * 1000 };
	const struct websocket_settings settings = { .message_max_bytes = SARVAM_STT_MESSAGE_MAX_BYTES, .send_max_bytes = SEND_MAX_BYTES,
		.send_age_us = SARVAM_SEND_AGE_MS * 1000, .alive_us = (uint64_t)o->alive_ms * 1000, .ping_us = (uint64_t)o->alive_ms * 1000 / PING_PARTS };
	struct err_detail detail = { .message = "" };
	enum err err;

	sarvam_header_make(key, o->key, o->key_len);
	err = websocket_connect(&s->ws, s->v->loop, &target, &settings, &handlers, s, &detail);
	sodium_memzero(key, sizeof(key));
	if (err)
		log_warn(&o->log, "no stream can be opened", LOG_ERR(err), LOG_TEXT("why", detail.message), LOG_TEXT("where", detail.where));
	return err;
}

static enum err socket_start(struct stt_stream *s, const char *language)
{
	char name[SARVAM_LANGUAGE_MAX];
	struct buf url;
	enum err err = sarvam_language_name(name, s->v->options.languages, language, "or");

	if (err)
		return err;
	buf_init(&url, SARVAM_STT_URL_MAX_BYTES);
	buf_append(&url, s->v->url.data, s->v->url.len);
	sarvam_query_put(&url, "language_code", name);
	err = url.err;
	if (!err) {
		const char *text = buf_str(&url);

		err = url.err ? url.err : socket_open(s, text);
	}
	buf_fini(&url);
	return err;
}

static enum err stream_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct sarvam_stt_vendor *v = vendor;
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	s->v = v;
	s->slot = sp;
	s->events = *events;
	s->arg = arg;
	buf_init(&s->waiting, SARVAM_WAITING_MAX_SAMPLES);
	buf_init(&s->message, SARVAM_STT_AUDIO_MAX_BYTES);
	err = socket_start(s, language);
	if (err) {
		free(s);
		return err;
	}
	s->next = v->first;
	v->first = s;
	*sp = s;
	return ERR_NONE;
}

/* Nobody waits for what the vendor has to say to it: it lets it count no more sound. */
static void stream_cancel(struct stt_stream **sp)
{
	static const char end[] = "{\"event\":\"end\"}";
	struct stt_stream *s = sp ? *sp : NULL;

	if (!s)
		return;
	if (s->is_open)
		(void)!websocket_push(s->ws, WEBSOCKET_TEXT, end, sizeof(end) - 1);
	stream_free(s);
}

const struct stt sarvam_stt = {
	.name = "sarvam",
	.start = stream_start,
	.push = sarvam_sound_push,
	.finalize = sarvam_sound_finalize,
	.cancel = stream_cancel,
};

/* ------------------------------------------------------------------ opening and closing */

/* Of the options' pointers those are dropped that nobody promised to keep. */
static enum err options_take(struct sarvam_stt_vendor *v, const struct sarvam_stt_options *options)
{
	struct sarvam_stt_options *o = &v->options;

	*o = *options;
	snprintf(v->model, sizeof(v->model), "%.*s", USAGE_NAME_MAX - 1, o->model);
	o->url = o->model = o->stream_type = o->mode = o->prompt = NULL;
	o->keyterms = NULL;
	o->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
	buf_init(&v->url, SARVAM_STT_URL_MAX_BYTES);
	sarvam_stt_options_url(&v->url, options);
	return options->ca_file && !o->ca_file ? ERR_NOMEM : v->url.err;
}

enum err sarvam_stt_open(struct sarvam_stt_vendor **vp, uv_loop_t *loop, const struct sarvam_stt_options *options, struct err_detail *detail)
{
	struct sarvam_stt_vendor *v;
	enum err err;

	*vp = NULL;
	err = sarvam_stt_options_check(options, detail);
	if (err)
		return err;
	v = calloc(1, sizeof(*v));
	if (!v)
		return ERR_NOMEM;
	v->loop = loop;
	*vp = v;
	err = options_take(v, options);
	if (err == ERR_LIMIT)
		err = sarvam_refuse(detail, ERR_LIMIT, "Sarvam's recogniser", "keyterms", "its options make too long an address");
	if (err)
		sarvam_stt_close(vp);
	return err;
}

void sarvam_stt_close(struct sarvam_stt_vendor **vp)
{
	struct sarvam_stt_vendor *v = *vp;

	*vp = NULL;
	if (!v)
		return;
	while (v->first)
		stream_cancel(v->first->slot);
	buf_fini(&v->url);
	free((char *)(uintptr_t)v->options.ca_file);
	free(v);
}
