/* Deepgram's streams: how one starts, its socket, how it ends. See deepgram.h and deepgram_state.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/num.h"
#include "providers/deepgram/deepgram_state.h"

enum { SEND_MAX_BYTES = 64 * 1024, PING_PARTS = 4, REASON_MAX = 16 };

/* ------------------------------------------------------------------ the end */

/* Out of the list and the owner's slot, in silence but for what was sent. */
static void stream_free(struct stt_stream *s)
{
	struct stt_stream **at = &s->d->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	sound_count(s, true);
	*s->slot = NULL;
	clock_timer_stop(&s->timer);
	websocket_free(&s->ws);
	buf_fini(&s->waiting);
	free(s);
}

/* A warning the first time; a vendor that is away ends one stream after the other. */
static void end_log(const struct stt_stream *s, enum err why)
{
	log_at(&s->d->options.log, s->d->has_told ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "the recogniser's stream has ended", LOG_ERR(why),
		LOG_TEXT("code", s->code), LOG_TEXT("request", s->request), LOG_UINT("pushed_ms", s->pushed / 8), LOG_UINT("sent_ms", s->sent / 8));
	s->d->has_told = true;
}

void stream_end(struct stt_stream *s, enum err why)
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

	stream_end(s, s->failed);
}

void stream_fail(struct stt_stream *s, enum err why)
{
	struct clock *clock = s->d->options.clock;

	s->failed = why;
	s->is_open = false;
	websocket_free(&s->ws);
	clock_timer_set(&s->timer, clock, clock_now_us(clock), on_failed, s);
}

/* ------------------------------------------------------------------ the socket */

static void on_opened(struct websocket *w, void *arg)
{
	(void)w;
	sound_opened(arg);
}

static void on_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	(void)w;
	if (kind == WEBSOCKET_TEXT)
		hear_message(arg, data, len);
	else
		stream_end(arg, ERR_FORMAT);
}

static void on_drained(struct websocket *w, void *arg)
{
	struct stt_stream *s = arg;

	(void)w;
	s->is_refused = false;
	sound_step(s);
}

/* What the vendor's reason begins with ("NET-0001"), for the log; its prose may say anything. */
static void reason_keep(struct stt_stream *s, const char *reason)
{
	size_t len = strspn(reason, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	if (len && !s->code[0])
		snprintf(s->code, sizeof(s->code), "%.*s", (int)num_min(len, REASON_MAX), reason);
}

static void on_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct stt_stream *s = arg;

	(void)w;
	s->ws = NULL;
	if (end->http_status)
		snprintf(s->code, sizeof(s->code), "HTTP %u", end->http_status);
	else if (!end->err)
		reason_keep(s, end->reason);
	stream_end(s, hear_end(end));
}

static const struct websocket_handlers handlers = { .opened = on_opened, .message = on_message, .drained = on_drained, .closed = on_closed };

/* ------------------------------------------------------------------ the start */

/* Behind it the key is nowhere of ours but where it was borrowed from. */
static enum err socket_open(struct stt_stream *s, const char *url)
{
	const struct deepgram_options *o = &s->d->options;
	char authorisation[DEEPGRAM_KEY_MAX + 32];
	const char *const headers[] = { authorisation, NULL };
	struct websocket_target target = { .url = url, .headers = headers, .ca_file = o->ca_file, .connect_us = (uint64_t)o->connect_ms * 1000 };
	struct websocket_settings settings = { .message_max_bytes = DEEPGRAM_MESSAGE_MAX_BYTES, .send_max_bytes = SEND_MAX_BYTES,
		.send_age_us = DEEPGRAM_SEND_AGE_MS * 1000, .alive_us = (uint64_t)o->alive_ms * 1000, .ping_us = (uint64_t)o->alive_ms * 1000 / PING_PARTS };
	struct err_detail detail = { .message = "" };
	enum err err;

	snprintf(authorisation, sizeof(authorisation), "Authorization: %s %.*s", o->is_token ? "Bearer" : "Token", (int)o->key_len, (const char *)o->key);
	err = websocket_connect(&s->ws, s->d->loop, &target, &settings, &handlers, s, &detail);
	sodium_memzero(authorisation, sizeof(authorisation));
	if (err)
		log_warn(&o->log, "no stream can be opened", LOG_ERR(err), LOG_TEXT("why", detail.message), LOG_TEXT("where", detail.where));
	return err;
}

static enum err socket_start(struct stt_stream *s, const char *language)
{
	struct deepgram *d = s->d;
	struct buf url;
	enum err err;

	buf_init(&url, URL_MAX_BYTES);
	buf_append(&url, d->url.data, d->url.len);
	err = language_put(&url, d, language);
	if (!err) {
		const char *text = buf_str(&url);

		err = url.err ? url.err : socket_open(s, text);
	}
	buf_fini(&url);
	return err;
}

static enum err stream_start(struct deepgram *d, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct stt_stream *s = calloc(1, sizeof(*s));
	enum err err;

	if (!s)
		return ERR_NOMEM;
	s->d = d;
	s->slot = sp;
	s->events = *events;
	s->arg = arg;
	buf_init(&s->waiting, DEEPGRAM_WAITING_MAX_SAMPLES);
	err = socket_start(s, language);
	if (err) {
		free(s);
		return err;
	}
	s->next = d->first;
	d->first = s;
	*sp = s;
	return ERR_NONE;
}

static enum err nova_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct deepgram *d = vendor;

	*sp = NULL;
	return d->is_flux ? ERR_USAGE : stream_start(d, sp, language, events, arg);
}

static enum err flux_start(void *vendor, struct stt_stream **sp, const char *language, const struct stt_events *events, void *arg)
{
	struct deepgram *d = vendor;

	*sp = NULL;
	return d->is_flux ? stream_start(d, sp, language, events, arg) : ERR_USAGE;
}

/* Nobody waits for what the vendor has to say to CloseStream: it lets it count no more sound. */
static void stream_cancel(struct stt_stream **sp)
{
	static const char close_stream[] = "{\"type\":\"CloseStream\"}";
	struct stt_stream *s = sp ? *sp : NULL;

	if (!s)
		return;
	if (s->is_open)
		(void)!websocket_push(s->ws, WEBSOCKET_TEXT, close_stream, sizeof(close_stream) - 1);
	stream_free(s);
}

const struct stt deepgram_stt = {
	.name = "deepgram",
	.start = nova_start,
	.push = sound_push,
	.finalize = sound_finalize,
	.cancel = stream_cancel,
};

const struct stt deepgram_flux_stt = {
	.name = "deepgram-flux",
	.start = flux_start,
	.push = sound_push,
	.finalize = sound_finalize,
	.cancel = stream_cancel,
};

/* ------------------------------------------------------------------ opening and closing */

/* Of the options' pointers those are dropped that nobody promised to keep. */
static enum err options_take(struct deepgram *d, const struct deepgram_options *options)
{
	struct deepgram_options *o = &d->options;

	*o = *options;
	snprintf(d->model, sizeof(d->model), "%.*s", USAGE_NAME_MAX - 1, o->model);
	o->url = o->model = o->tag = NULL;
	o->keyterms = o->hints = NULL;
	o->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
	d->has_hints = options->hints != NULL;
	d->is_flux = options_is_flux(options);
	d->is_one_language = d->is_flux && !strcmp(options->model, "flux-general-en");
	buf_init(&d->url, URL_MAX_BYTES);
	options_url(&d->url, options);
	return options->ca_file && !o->ca_file ? ERR_NOMEM : d->url.err;
}

enum err deepgram_open(struct deepgram **dp, uv_loop_t *loop, const struct deepgram_options *options, struct err_detail *detail)
{
	struct deepgram *d;
	enum err err;

	*dp = NULL;
	err = options_check(options, detail);
	if (err)
		return err;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ERR_NOMEM;
	d->loop = loop;
	*dp = d;
	err = options_take(d, options);
	if (err == ERR_LIMIT)
		snprintf(detail->message, sizeof(detail->message), "Deepgram's recogniser cannot be set up: its options make too long an address");
	if (err)
		deepgram_close(dp);
	return err;
}

void deepgram_close(struct deepgram **dp)
{
	struct deepgram *d = *dp;

	*dp = NULL;
	if (!d)
		return;
	while (d->first)
		stream_cancel(d->first->slot);
	buf_fini(&d->url);
	free((char *)(uintptr_t)d->options.ca_file);
	free(d);
}
