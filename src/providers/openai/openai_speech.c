/* See openai_speech.h. Utterances lie in the struct: a slot that is NULL makes one free. Where several events come in a row the struct is
 * held, because each may close everything. */
#include "providers/openai/openai_speech.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/http_client.h"
#include "base/json.h"
#include "providers/judged.h"
#include "providers/openai/openai_sound.h"

enum {
	URL_MAX_BYTES = 500,
	TAG_MAX_BYTES = 36,
	REQUEST_MAX_BYTES = 6 * OPENAI_SPEECH_TEXT_BYTES + 1024, /* a control character is six bytes in JSON */
	RATE_MIN_HZ = 8000,
	RATE_MAX_HZ = 48000,
	SPEED_MIN = 25,
	SPEED_MAX = 400,
	WORDS_MAX = OPENAI_SPEECH_TEXT_BYTES / 2 + 1
};

struct tts_utterance {
	struct openai_speech *s;
	struct tts_utterance **slot; /* NULL: free */
	struct tts_events events;
	void *arg;
	uint32_t number;
	struct http_exchange *exchange;
	bool is_sound;               /* what comes is what was asked for */
	size_t samples;
	struct buf text;
	struct openai_sound sound;
};

struct openai_speech {
	struct openai_speech_options options;
	struct http_client *client;
	uint32_t number;
	bool is_held, is_closed;
	struct buf request, ulaw;
	char url[URL_MAX_BYTES + 32];
	struct tts_utterance utterances[OPENAI_UTTERANCES];
};

static void speech_free(struct openai_speech *s)
{
	for (struct tts_utterance *u = s->utterances; u < s->utterances + OPENAI_UTTERANCES; u++) {
		buf_fini(&u->text);
		openai_sound_fini(&u->sound);
	}
	buf_fini(&s->request);
	buf_fini(&s->ulaw);
	free(s);
}

/* ------------------------------------------------------------------ an utterance */

static void silence(struct tts_utterance *u)
{
	if (u->slot)
		usage_tell_text(u->events.used, u->arg, "openai", u->s->options.model, (const char *)u->text.data, u->text.len);
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

/* ------------------------------------------------------------------ what comes */

/* Sound without a head has no type of its own that all servers agree on; these are surely something else. */
static bool type_is_other(const char *type)
{
	static const char *const others[] = { "text/", "application/json", "audio/mp", "audio/wav", "audio/x-wav", "audio/wave", "audio/flac",
		"audio/ogg", "audio/opus", "audio/aac" };
	size_t i;

	for (i = 0; type && i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncasecmp(type, others[i], strlen(others[i])))
			return true;
	return false;
}

static void on_head(const struct http_answer *a, void *arg)
{
	struct tts_utterance *u = arg;

	u->is_sound = a->status == 200 && !type_is_other(http_answer_header(a, "Content-Type"));
}

/* The last thing that is done for a piece: whoever hears it may close everything. */
static void sound_say(struct tts_utterance *u)
{
	struct buf *ulaw = &u->s->ulaw;

	u->samples += ulaw->len;
	if (ulaw->err)
		finish(u, ulaw->err);
	else if (ulaw->len)
		u->events.audio(u->arg, ulaw->data, ulaw->len);
}

static void on_piece(const uint8_t *data, size_t len, void *arg)
{
	struct tts_utterance *u = arg;

	if (!u->is_sound)
		return;
	buf_reset(&u->s->ulaw);
	openai_sound_push(&u->sound, data, len, &u->s->ulaw);
	sound_say(u);
}

static enum err status_err(unsigned int status)
{
	switch (status) {
	case 400:
	case 422: return ERR_USAGE;
	case 401:
	case 403: return ERR_DENIED;
	case 402: return ERR_LIMIT;
	case 404: return ERR_NOTFOUND;
	case 429:
	case 503: return ERR_BUSY;
	default: return ERR_UNAVAILABLE;
	}
}

static enum err answer_err(const struct tts_utterance *u, const struct http_answer *a)
{
	if (a->status && a->status != 200)
		return status_err(a->status);
	if (a->err)
		return a->err;
	if (!u->is_sound)
		return ERR_FORMAT;
	return a->is_open_ended ? ERR_TRUNCATED : ERR_NONE; /* nobody knows whether it is whole */
}

/* Is it still this utterance, and does anybody listen? */
static bool is_heard(const struct tts_utterance *u, uint32_t number)
{
	return !u->s->is_closed && u->slot && u->number == number;
}

static void words_say(struct tts_utterance *u)
{
	struct speech_word words[WORDS_MAX];
	size_t count = u->samples ? openai_words((const char *)u->text.data, u->text.len, u->samples, words, WORDS_MAX) : 0;

	if (count)
		u->events.words(u->arg, words, count, false);
}

/* What the resampler holds back, the words, the end. */
static void rest_say(struct tts_utterance *u)
{
	uint32_t number = u->number;
	enum err err;

	buf_reset(&u->s->ulaw);
	err = openai_sound_end(&u->sound, &u->s->ulaw);
	sound_say(u);
	if (is_heard(u, number) && !err)
		words_say(u);
	if (is_heard(u, number))
		finish(u, err);
}

static void on_done(const struct http_answer *a, void *arg)
{
	struct tts_utterance *u = arg;
	struct openai_speech *s = u->s;
	enum err err = answer_err(u, a);

	if (err) {
		finish(u, err);
		return;
	}
	s->is_held = true;
	rest_say(u);
	s->is_held = false;
	if (s->is_closed)
		speech_free(s);
}

static const struct http_exchange_handlers handlers = { .head = on_head, .piece = on_piece, .done = on_done };

/* ------------------------------------------------------------------ what is asked */

/* The voice for a language; the longest tag that fits counts. NULL: there is none. */
static const char *voice_find(const struct openai_speech_options *o, const char *language)
{
	const char *voice = o->voice;
	size_t best = 0;

	for (const struct openai_voice *v = o->voices; v && v->tag; v++) {
		size_t len = strlen(v->tag);

		if (len > best && !strncasecmp(language, v->tag, len) && (!language[len] || language[len] == '-')) {
			voice = v->voice;
			best = len;
		}
	}
	return voice;
}

bool openai_speech_speaks(const struct openai_speech *s, const char *language)
{
	return voice_find(&s->options, language);
}

static enum err speech_judge(const char *voice, const char *text, size_t len)
{
	if (!len || memchr(text, 0, len) || !utf8_is_valid(text, len))
		return ERR_USAGE;
	if (len > OPENAI_SPEECH_TEXT_BYTES)
		return ERR_LIMIT;
	return voice ? ERR_NONE : ERR_NOTFOUND;
}

static void request_put(struct buf *b, const struct openai_speech_options *o, const char *voice, const char *text, size_t len)
{
	buf_reset(b);
	json_open(b, '{');
	json_pair_string(b, "model", o->model);
	json_pair_string(b, "voice", voice);
	json_put_key(b, "input");
	json_put_text(b, text, len);
	json_pair_string(b, "response_format", "pcm");
	if (o->speed_percent) {
		json_put_key(b, "speed");
		json_put_real(b, o->speed_percent / 100.0, 2);
	}
	json_close(b, '}');
}

static enum err exchange_start(struct tts_utterance *u)
{
	struct openai_speech *s = u->s;
	const struct openai_speech_options *o = &s->options;
	char key[OPENAI_SPEECH_KEY_MAX + 32];
	const char *headers[] = { "Content-Type: application/json", o->key && *o->key ? key : NULL, NULL };
	const struct http_ask ask = { .method = HTTP_POST, .url = s->url, .headers = headers, .body = s->request.data, .len = s->request.len,
		.body_max_bytes = (size_t)OPENAI_SPEECH_SAMPLES / 8000 * o->rate_hz * 2, .connect_us = (uint64_t)o->connect_ms * 1000,
		.idle_us = (uint64_t)o->silent_ms * 1000, .total_us = (uint64_t)o->deadline_ms * 1000 };
	struct err_detail detail;
	enum err err;

	snprintf(key, sizeof(key), "Authorization: Bearer %s", o->key ? o->key : "");
	err = http_exchange_start(&u->exchange, s->client, &ask, &handlers, u, &detail);
	sodium_memzero(key, sizeof(key));
	return err;
}

static enum err utterance_fill(struct tts_utterance *u, const char *voice, const char *text, size_t len)
{
	struct openai_speech *s = u->s;

	u->number = ++s->number;
	u->is_sound = false;
	u->samples = 0;
	openai_sound_reset(&u->sound);
	buf_reset(&u->text);
	buf_append(&u->text, text, len);
	request_put(&s->request, &s->options, voice, text, len);
	return u->text.err ? u->text.err : s->request.err;
}

/* ------------------------------------------------------------------ tts.h */

static struct tts_utterance *utterance_free(struct openai_speech *s)
{
	for (struct tts_utterance *u = s->utterances; u < s->utterances + OPENAI_UTTERANCES; u++)
		if (!u->slot)
			return u;
	return NULL;
}

static enum err voice_start(void *vendor, struct tts_utterance **up, const char *language, const char *text, size_t len,
	const struct tts_events *events, void *arg)
{
	struct openai_speech *s = vendor;
	struct tts_utterance *u = utterance_free(s);
	const char *voice = voice_find(&s->options, language);
	enum err err = speech_judge(voice, text, len);

	*up = NULL;
	if (!err && !u)
		err = ERR_BUSY;
	if (!err)
		err = utterance_fill(u, voice, text, len);
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

/* The connection of what is cancelled is closed, which is how the server learns of it. */
static void voice_cancel(struct tts_utterance **up)
{
	if (up && *up)
		silence(*up);
}

const struct tts openai_tts = { .name = "openai", .start = voice_start, .cancel = voice_cancel };

/* ------------------------------------------------------------------ opening and closing */

static enum err refuse(struct err_detail *detail, const char *message, const char *hint)
{
	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "the voice: %s", message);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return ERR_USAGE;
}

static enum err voices_judge(const struct openai_speech_options *o, struct err_detail *detail)
{
	if (o->voice && !judged_is_word(o->voice, OPENAI_SPEECH_NAME_MAX))
		return refuse(detail, "it has no name", "as the server calls it: af_heart");
	if (!o->voice && !(o->voices && o->voices->tag))
		return refuse(detail, "there is none", "as the server calls it: af_heart");
	for (const struct openai_voice *v = o->voices; v && v->tag; v++)
		if (!judged_is_word(v->tag, TAG_MAX_BYTES) || !judged_is_word(v->voice, OPENAI_SPEECH_NAME_MAX))
			return refuse(detail, "a language's has no name", "write en: af_heart");
	return ERR_NONE;
}

static enum err options_take(struct openai_speech *s, const struct openai_speech_options *given, struct err_detail *detail)
{
	struct openai_speech_options *o = &s->options;

	*o = *given;
	o->base_url = given->base_url ? given->base_url : OPENAI_SPEECH_DEFAULT_URL;
	o->rate_hz = given->rate_hz ? given->rate_hz : OPENAI_SPEECH_RATE_HZ;
	o->connect_ms = given->connect_ms ? given->connect_ms : 3000;
	o->silent_ms = given->silent_ms ? given->silent_ms : 5000;
	o->deadline_ms = given->deadline_ms ? given->deadline_ms : 60000;
	if (strlen(o->base_url) > URL_MAX_BYTES || !http_is_url(o->base_url) || strpbrk(o->base_url, "?#{"))
		return refuse(detail, "the address of its server is none", "write " HTTP_URL_FITTING);
	if (o->key && *o->key && !judged_is_word(o->key, OPENAI_SPEECH_KEY_MAX))
		return refuse(detail, "the key of its server is none", "one line of printable ASCII, without blanks");
	if (!judged_is_word(o->model, OPENAI_SPEECH_NAME_MAX))
		return refuse(detail, "its model has no name", "as the server calls it: kokoro");
	if (o->rate_hz < RATE_MIN_HZ || o->rate_hz > RATE_MAX_HZ)
		return refuse(detail, "this rate of its sound is none", "8000 to 48000");
	if (o->speed_percent && (o->speed_percent < SPEED_MIN || o->speed_percent > SPEED_MAX))
		return refuse(detail, "its speed is out of range", "25 to 400 percent");
	snprintf(s->url, sizeof(s->url), "%.*s/v1/audio/speech", (int)strlen(o->base_url) - (o->base_url[strlen(o->base_url) - 1] == '/'), o->base_url);
	return voices_judge(o, detail);
}

void openai_speech_close(struct openai_speech **sp)
{
	struct openai_speech *s = *sp;

	if (!s)
		return;
	*sp = NULL;
	for (struct tts_utterance *u = s->utterances; u < s->utterances + OPENAI_UTTERANCES; u++)
		silence(u);
	http_client_close(&s->client);
	s->is_closed = true;
	if (!s->is_held)
		speech_free(s);
}

enum err openai_speech_open(struct openai_speech **sp, uv_loop_t *loop, const struct openai_speech_options *options, struct err_detail *detail)
{
	const struct http_client_settings settings = { .ca_file = options->ca_file, .exchanges_max = OPENAI_UTTERANCES };
	struct openai_speech *s = calloc(1, sizeof(*s));
	enum err err = s ? options_take(s, options, detail) : ERR_NOMEM;

	*sp = NULL;
	if (!s)
		return err;
	buf_init(&s->request, REQUEST_MAX_BYTES);
	buf_init(&s->ulaw, OPENAI_SPEECH_SAMPLES);
	for (struct tts_utterance *u = s->utterances; u < s->utterances + OPENAI_UTTERANCES; u++) {
		u->s = s;
		buf_init(&u->text, OPENAI_SPEECH_TEXT_BYTES);
		if (!err)
			err = openai_sound_init(&u->sound, s->options.rate_hz);
	}
	if (!err)
		err = http_client_open(&s->client, loop, &settings, detail);
	if (err)
		speech_free(s);
	else
		*sp = s;
	return err;
}
