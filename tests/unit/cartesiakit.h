/* A Cartesia on loopback, in this process, and ears for utterances. Include cmocka's headers first.
 *
 * Whatever it is asked stands in the kit; what it answers is the test's word. Events of an utterance are noted as words; an ear may be told
 * to do something in one of its events, once.
 */
#ifndef CARTESIAKIT_H
#define CARTESIAKIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/http_server.h"
#include "deadline.h"
#include "providers/cartesia/cartesia.h"

enum { KIT_EARS = 4, KIT_ASKED = 40, KIT_WORDS = 64 };

struct kit;

enum kit_event { ON_NOTHING = 0, ON_AUDIO, ON_WORDS, ON_DONE, ON_FAILED };
enum kit_act { ACT_CANCEL, ACT_CANCEL_OTHER, ACT_CLOSE, ACT_AGAIN };

struct ear {
	struct kit *k;
	struct tts_utterance *op;
	char events[2000]; /* a word each: audio4 words2 inexact1 done failed=busy */
	unsigned int count;
	uint8_t sound[100000];
	size_t samples;
	struct speech_word words[KIT_WORDS];
	size_t word_count;
	enum kit_event on;
	enum kit_act act;
};

struct kit {
	uv_loop_t loop;
	uv_timer_t guard;
	struct http_server *server;
	bool server_closed;
	char url[64];
	struct cartesia_options options;
	const struct tts *tts;
	void *vendor;
	struct cartesia *c;
	struct cartesia_bytes *bytes;
	struct ear ears[KIT_EARS];
	/* the server */
	unsigned int refuse;                /* upgrades, with this status */
	struct websocket_settings settings;
	struct websocket *there;            /* the last one, or NULL */
	unsigned int upgrades, closes, asked, posts;
	json_t *requests[KIT_ASKED];
	struct http_request *post;          /* to be answered */
	unsigned int gone;
	char body[20000];
};

/* ---- ears ---- */

static const struct tts_events kit_events;

static inline enum err kit_start_as(struct kit *k, unsigned int ear, const char *language, const char *text)
{
	return k->tts->start(k->vendor, &k->ears[ear].op, language, text, strlen(text), &kit_events, &k->ears[ear]);
}

static inline void kit_start(struct kit *k, unsigned int ear, const char *text)
{
	assert_int_equal(kit_start_as(k, ear, "en-IN", text), ERR_NONE);
	assert_non_null(k->ears[ear].op);
}

static inline void kit_close(struct kit *k)
{
	cartesia_close(&k->c);
	cartesia_bytes_close(&k->bytes);
	k->vendor = NULL;
}

static inline void ear_act(struct ear *e, enum kit_event event)
{
	struct kit *k = e->k;

	if (e->on != event)
		return;
	e->on = ON_NOTHING;
	switch (e->act) {
	case ACT_CANCEL: k->tts->cancel(&e->op); return;
	case ACT_CANCEL_OTHER: k->tts->cancel(&k->ears[e == k->ears].op); return;
	case ACT_CLOSE: kit_close(k); return;
	case ACT_AGAIN:
		k->tts->cancel(&e->op);
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

	assert_true(count > 0 && e->word_count + count <= KIT_WORDS);
	memcpy(e->words + e->word_count, words, count * sizeof(words[0]));
	e->word_count += count;
	snprintf(more, sizeof(more), "%zu", count);
	ear_note(e, exact ? "words" : "inexact", more);
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

/* Until so many events came to an ear. */
static inline void kit_heard(struct kit *k, unsigned int ear, unsigned int events)
{
	kit_until(k, &k->ears[ear].count, events);
}

static inline void kit_expect(const struct kit *k, unsigned int ear, const char *events)
{
	assert_string_equal(k->ears[ear].events, events);
}

/* ---- the server ---- */

static inline void there_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct kit *k = arg;

	(void)w;
	assert_int_equal(kind, WEBSOCKET_TEXT);
	assert_true(k->asked < KIT_ASKED);
	k->requests[k->asked] = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(k->requests[k->asked]);
	k->asked++;
}

static inline void there_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct kit *k = arg;

	(void)end;
	k->closes++;
	if (k->there == w)
		k->there = NULL;
}

static const struct websocket_handlers there_handlers = { .message = there_message, .closed = there_closed };

static inline void expect_headers(struct kit *k, struct http_request *r)
{
	assert_string_equal(http_header(r, "Authorization"), "Bearer sk_car_test");
	assert_string_equal(http_header(r, "Cartesia-Version"), k->options.api_version ? k->options.api_version : "2026-03-01");
}

static inline void on_upgrade(struct http_request *r, void *arg)
{
	struct kit *k = arg;

	expect_headers(k, r);
	k->upgrades++;
	if (k->refuse)
		http_reply_error(r, k->refuse, "no", "no", NULL, NULL);
	else
		assert_int_equal(http_upgrade(r, NULL, &k->settings, &there_handlers, k, &k->there), ERR_NONE);
}

static inline void post_gone(struct http_request *r, void *arg)
{
	struct kit *k = arg;

	(void)r;
	k->post = NULL;
	k->gone++;
}

static inline void on_post(struct http_request *r, void *arg)
{
	struct kit *k = arg;
	size_t len;
	const void *body = http_body(r, &len);

	expect_headers(k, r);
	assert_string_equal(http_header(r, "Content-Type"), "application/json");
	snprintf(k->body, sizeof(k->body), "%.*s", (int)len, (const char *)body);
	k->posts++;
	k->post = r;
	http_on_gone(r, post_gone, k);
}

static const struct http_route kit_routes[] = {
	{ HTTP_GET, "/tts/websocket", on_upgrade, ROUTE_OPEN | ROUTE_UPGRADE, 0 },
	{ HTTP_POST, "/tts/bytes", on_post, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* A field of the nth request. */
static inline const char *asked_text(const struct kit *k, unsigned int n, const char *key)
{
	const char *text = json_string_value(json_object_get(k->requests[n], key));

	assert_non_null(text);
	return text;
}

static inline bool asked_cancel(const struct kit *k, unsigned int n, const char *context)
{
	return json_object_size(k->requests[n]) == 2 && json_is_true(json_object_get(k->requests[n], "cancel")) &&
		!strcmp(asked_text(k, n, "context_id"), context);
}

/* ---- begin and end ---- */

static inline int kit_begin(void **state)
{
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	struct kit *k = calloc(1, sizeof(*k));

	if (!k || uv_loop_init(&k->loop) || http_server_open(&k->server, &k->loop, &settings, &detail) || http_server_mount(k->server, kit_routes, k))
		return -1;
	uv_timer_init(&k->loop, &k->guard);
	snprintf(k->url, sizeof(k->url), "http://127.0.0.1:%u", http_server_port(k->server));
	k->options = (struct cartesia_options){ .base_url = k->url, .key = "sk_car_test", .voice = "v-1" };
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

	kit_close(k);
	if (k->post)
		http_reply_error(k->post, 503, "no", "no", NULL, NULL);
	websocket_free(&k->there);
	uv_close((uv_handle_t *)&k->guard, NULL);
	http_server_close(&k->server, kit_server_closed, k);
	uv_run(&k->loop, UV_RUN_DEFAULT);
	assert_true(k->server_closed);
	assert_int_equal(uv_loop_close(&k->loop), 0);
	for (unsigned int i = 0; i < k->asked; i++)
		json_decref(k->requests[i]);
	free(k);
	return deadline_stop(state);
}

#endif
