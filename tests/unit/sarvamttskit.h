/* A Sarvam that speaks, on loopback, in this process, and ears for utterances. Include cmocka's headers first.
 *
 * Every socket it was asked for is a line of its own: what came on it stands in the kit; what it answers is the test's word. Events of an utterance are
 * noted as words; an ear may be told to do something in one of its events, once. */
#ifndef SARVAMTTSKIT_H
#define SARVAMTTSKIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/http_server.h"
#include "deadline.h"
#include "providers/sarvam/sarvam_tts.h"

enum { KIT_EARS = 4, KIT_LINES = 24, KIT_ASKED = 16, KIT_WORDS = 64 };

#define KIT_KEY "sk_0123456789abcdef"

struct kit;

enum kit_event { ON_NOTHING = 0, ON_AUDIO, ON_WORDS, ON_DONE, ON_FAILED };
enum kit_act { ACT_CANCEL, ACT_CANCEL_OTHER, ACT_CLOSE, ACT_AGAIN };

struct ear {
	struct kit *k;
	struct tts_utterance *op;
	char events[2000]; /* a word each: audio4 words2 inexact1 done failed=busy */
	unsigned int count;
	uint8_t sound[20000];
	size_t samples;
	struct speech_word words[KIT_WORDS];
	size_t word_count;
	enum kit_event on;
	enum kit_act act;
};

/* A socket, as the server has it. */
struct line {
	struct kit *k;
	struct websocket *w; /* NULL: it is closed */
	unsigned int asked, pings;
	json_t *got[KIT_ASKED]; /* all but pings */
};

struct kit {
	uv_loop_t loop;
	uv_timer_t guard;
	struct http_server *server;
	bool server_closed;
	char url[64];
	struct sarvam_tts_options options;
	struct sarvam_voice *v;
	struct ear ears[KIT_EARS];
	unsigned int refuse;    /* upgrades, with this status, */
	const char *refuse_path; /* of this path alone; NULL: of all */
	struct websocket_settings settings;
	struct line lines[KIT_LINES];
	unsigned int upgrades, refused, closes, asked, pings;
	char target[300];
};

/* ---- ears ---- */

static const struct tts_events kit_events;

static inline enum err kit_start_as(struct kit *k, unsigned int ear, const char *language, const char *text)
{
	return sarvam_tts.start(k->v, &k->ears[ear].op, language, text, strlen(text), &kit_events, &k->ears[ear]);
}

static inline void kit_start(struct kit *k, unsigned int ear, const char *text)
{
	assert_int_equal(kit_start_as(k, ear, "hi-IN", text), ERR_NONE);
	assert_non_null(k->ears[ear].op);
}

static inline void ear_act(struct ear *e, enum kit_event event)
{
	struct kit *k = e->k;

	if (e->on != event)
		return;
	e->on = ON_NOTHING;
	switch (e->act) {
	case ACT_CANCEL: sarvam_tts.cancel(&e->op); return;
	case ACT_CANCEL_OTHER: sarvam_tts.cancel(&k->ears[e == k->ears].op); return;
	case ACT_CLOSE: sarvam_tts_close(&k->v); return;
	case ACT_AGAIN:
		sarvam_tts.cancel(&e->op);
		kit_start(k, (unsigned int)(e - k->ears), "again");
		return;
	}
}

static inline void ear_note(struct ear *e, const char *what, const char *more)
{
	size_t len = strlen(e->events);

	snprintf(e->events + len, sizeof(e->events) - len, "%s%s ", what, more);
	e->count++;
}

static inline void ear_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct ear *e = arg;
	char more[24];

	assert_true(samples > 0);
	if (e->samples + samples <= sizeof(e->sound))
		memcpy(e->sound + e->samples, ulaw, samples);
	e->samples += samples;
	snprintf(more, sizeof(more), "%zu", samples);
	ear_note(e, "audio", more);
	ear_act(e, ON_AUDIO);
}

static inline void ear_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct ear *e = arg;
	char more[24];

	assert_false(exact);
	assert_true(count > 0 && e->word_count + count <= KIT_WORDS);
	memcpy(e->words + e->word_count, words, count * sizeof(words[0]));
	e->word_count += count;
	snprintf(more, sizeof(more), "%zu", count);
	ear_note(e, "words", more);
	ear_act(e, ON_WORDS);
}

static inline void ear_done(void *arg)
{
	struct ear *e = arg;

	assert_null(e->op); /* emptied before */
	ear_note(e, "done", "");
	ear_act(e, ON_DONE);
}

static inline void ear_failed(void *arg, enum err why)
{
	struct ear *e = arg;

	assert_null(e->op);
	assert_int_not_equal(why, ERR_NONE);
	ear_note(e, "failed=", err_name(why));
	ear_act(e, ON_FAILED);
}

static const struct tts_events kit_events = { .audio = ear_audio, .words = ear_words, .done = ear_done, .failed = ear_failed };

/* ---- the loop ---- */

static inline void kit_too_long(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

/* Turns the loop until `*count` is at least `wanted`. */
static inline void kit_until(struct kit *k, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&k->guard, kit_too_long, 8000, 0);
	while (*count < wanted)
		uv_run(&k->loop, UV_RUN_ONCE);
	uv_timer_stop(&k->guard);
}

/* What is under way arrives. */
static inline void kit_settle(struct kit *k)
{
	for (int i = 0; i < 40; i++)
		uv_run(&k->loop, UV_RUN_NOWAIT);
}

static inline void kit_heard(struct kit *k, unsigned int ear, unsigned int events)
{
	kit_until(k, &k->ears[ear].count, events);
}

static inline void kit_expect(const struct kit *k, unsigned int ear, const char *events)
{
	assert_string_equal(k->ears[ear].events, events);
}

/* ---- the server ---- */

static inline const char *type_of(json_t *message)
{
	const char *type = json_string_value(json_object_get(message, "type"));

	assert_non_null(type);
	return type;
}

static inline void there_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct line *l = arg;
	json_t *message = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);

	(void)w;
	assert_int_equal(kind, WEBSOCKET_TEXT);
	assert_non_null(message);
	if (!l->asked)
		assert_string_equal(type_of(message), "config"); /* always the first */
	if (!strcmp(type_of(message), "ping")) {
		l->pings++;
		l->k->pings++;
		json_decref(message);
		return;
	}
	assert_true(l->asked < KIT_ASKED);
	l->got[l->asked++] = message;
	l->k->asked++;
}

static inline void there_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct line *l = arg;

	(void)w;
	(void)end;
	l->w = NULL;
	l->k->closes++;
}

static const struct websocket_handlers there_handlers = { .message = there_message, .closed = there_closed };

static inline void on_upgrade(struct http_request *r, void *arg)
{
	struct kit *k = arg;
	struct line *l = &k->lines[k->upgrades];

	assert_string_equal(http_header(r, "Api-Subscription-Key"), KIT_KEY);
	snprintf(k->target, sizeof(k->target), "%s", http_target(r));
	if (k->refuse && (!k->refuse_path || !strncmp(k->target, k->refuse_path, strlen(k->refuse_path)))) {
		k->refused++;
		http_reply_error(r, k->refuse, "no", "no", NULL, NULL);
		return;
	}
	assert_true(k->upgrades < KIT_LINES);
	l->k = k;
	k->upgrades++;
	assert_int_equal(http_upgrade(r, NULL, &k->settings, &there_handlers, l, &l->w), ERR_NONE);
}

static const struct http_route kit_routes[] = {
	{ HTTP_GET, "/text-to-speech/ws", on_upgrade, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_GET, "/text-to-speech/ws/v2", on_upgrade, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* A field of `data` of the nth message of a line; "": it is not there. */
static inline const char *data_text(const struct kit *k, unsigned int line, unsigned int n, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(k->lines[line].got[n], "data"), key));

	return text ? text : "";
}

/* The types of what came on a line: "config text flush ". */
static inline void kit_got(const struct kit *k, unsigned int line, const char *types)
{
	char all[400] = "";

	for (unsigned int i = 0; i < k->lines[line].asked; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s ", type_of(k->lines[line].got[i]));
	assert_string_equal(all, types);
}

static inline void say(struct kit *k, unsigned int line, const char *text)
{
	assert_non_null(k->lines[line].w);
	assert_int_equal(websocket_push(k->lines[line].w, WEBSOCKET_TEXT, text, strlen(text)), ERR_NONE);
}

static inline void say_bytes(struct kit *k, unsigned int line, const char *type, const uint8_t *bytes, size_t len)
{
	size_t room = len * 4 / 3 + 200;
	char *text = malloc(room), *base64 = malloc(room);

	assert_true(text && base64);
	sodium_bin2base64(base64, room, bytes, len, sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, room, "{\"type\":\"audio\",\"data\":{\"content_type\":\"%s\",\"audio\":\"%s\",\"request_id\":\"r\"}}", type, base64);
	say(k, line, text);
	free(text);
	free(base64);
}

static inline void chunk(struct kit *k, unsigned int line, size_t samples, uint8_t code)
{
	uint8_t *ulaw = malloc(samples + 1);

	assert_non_null(ulaw);
	memset(ulaw, code, samples);
	say_bytes(k, line, "audio/mulaw", ulaw, samples);
	free(ulaw);
}

static const char final[] = "{\"type\":\"event\",\"data\":{\"event_type\":\"final\",\"timestamp\":\"2026-11-21T01:00:00Z\"}}";

/* ---- begin and end ---- */

static inline void opened(struct kit *k)
{
	struct err_detail detail = { .message = "" };

	if (sarvam_tts_open(&k->v, &k->loop, &k->options, &detail))
		fail_msg("%s (%s)", detail.message, detail.where);
}

/* An utterance on a warm pair of sockets: text and flush have come on the line. */
static inline void spoken(struct kit *k, unsigned int ear, unsigned int line, const char *text)
{
	unsigned int asked = k->lines[line].asked;

	kit_start(k, ear, text);
	kit_until(k, &k->lines[line].asked, asked + 2 + !asked);
	kit_settle(k);
}

static inline int kit_begin(void **state)
{
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	struct kit *k = calloc(1, sizeof(*k));

	if (!k || uv_loop_init(&k->loop) || http_server_open(&k->server, &k->loop, &settings, &detail) || http_server_mount(k->server, kit_routes, k))
		return -1;
	uv_timer_init(&k->loop, &k->guard);
	snprintf(k->url, sizeof(k->url), "ws://127.0.0.1:%u", http_server_port(k->server));
	k->options = (struct sarvam_tts_options){ .url = k->url, .key = KIT_KEY, .key_len = strlen(KIT_KEY) };
	for (unsigned int i = 0; i < KIT_EARS; i++)
		k->ears[i].k = k;
	*state = k;
	return deadline_start(state);
}

static inline void kit_server_closed(void *arg)
{
	((struct kit *)arg)->server_closed = true;
}

/* Nothing is left open, on either side. */
static inline int kit_end(void **state)
{
	struct kit *k = *state;

	sarvam_tts_close(&k->v);
	for (struct line *l = k->lines; l < k->lines + KIT_LINES; l++) {
		websocket_free(&l->w);
		for (unsigned int i = 0; i < l->asked; i++)
			json_decref(l->got[i]);
	}
	uv_close((uv_handle_t *)&k->guard, NULL);
	http_server_close(&k->server, kit_server_closed, k);
	uv_run(&k->loop, UV_RUN_DEFAULT);
	assert_true(k->server_closed);
	assert_int_equal(uv_loop_close(&k->loop), 0);
	free(k);
	return deadline_stop(state);
}

#endif
