/* What tests of recognisers by the network share: a vendor that is a real server on a loopback port, a stream to it, and a clock
 * that stands still until a test skips time. Everything on one loop. Included by a vendor's own kit, which says before it what KIT_ADAPTER, KIT_OPTIONS,
 * KIT_OPEN, KIT_CLOSE, KIT_KEY and KIT_WAITING_MAX_SAMPLES are, and behind it how its server reads (vendor_message) and a test begins (kit_begin).
 */
#ifndef HEARKIT_H
#define HEARKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/http_server.h"
#include "deadline.h"
#include "providers/stt.h"

enum { KIT_TEXTS = 256, KIT_FRAMES = 4096, KIT_SOUND = 1 << 20, KIT_LINES = 64 };

struct kit_frame {
	uint64_t at_us;
	size_t len, total;
	unsigned int texts; /* that came before it */
};

/* The vendor. */
struct kit_vendor {
	struct http_server *server;
	struct websocket *ws;
	struct websocket_settings settings;
	unsigned int status;  /* 0: it upgrades */
	bool is_mute;         /* it takes the request and says nothing */
	unsigned int asked, closed;
	char target[8000], key[200];
	char texts[KIT_TEXTS][80];
	unsigned int text_count;
	struct kit_frame frames[KIT_FRAMES];
	unsigned int frame_count;
	uint8_t sound[KIT_SOUND];
	size_t len;
};

struct kit {
	uv_loop_t loop;
	uv_timer_t guard;
	struct clock *clock;
	struct clock_timer skip;
	bool skipped;
	struct kit_vendor v;
	KIT_ADAPTER *d;
	KIT_OPTIONS options;
	char url[64];
	const struct stt *stt;
	struct stt_stream *s;
	char lines[KIT_LINES][256]; /* "partial 0-1600 hello" */
	unsigned int told, ended;
	enum err why;
	bool inside;                /* a call of the adapter: no handler may run */
	void (*on_told)(struct kit *k);
	void (*on_ended)(struct kit *k);
	bool server_closed;
};

/* ------------------------------------------------------------------ the vendor */

static inline void vendor_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct kit *k = arg;

	(void)w;
	(void)end;
	k->v.ws = NULL;
	k->v.closed++;
}

/* A text that is no sound. */
static inline void vendor_text(struct kit *k, const uint8_t *data, size_t len)
{
	struct kit_vendor *v = &k->v;

	assert_true(v->text_count < KIT_TEXTS);
	snprintf(v->texts[v->text_count++], sizeof(v->texts[0]), "%.*s", (int)len, (const char *)data);
}

/* A frame of sound: `len` bytes more, that lie behind the others already. */
static inline void vendor_frame(struct kit *k, size_t len)
{
	struct kit_vendor *v = &k->v;

	v->len += len;
	v->frames[v->frame_count++] = (struct kit_frame){ clock_now_us(k->clock), len, v->len, v->text_count };
}

static inline void vendor_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg); /* the vendor's own */

static const struct websocket_handlers vendor_handlers = { .message = vendor_message, .closed = vendor_closed };

static inline void vendor_left(struct http_request *r, void *arg)
{
	(void)r;
	((struct kit *)arg)->v.closed++;
}

/* A request for a stream, with this as its key. False: it is to be refused with the status. */
static inline bool vendor_asked(struct kit *k, struct http_request *r, const char *key)
{
	struct kit_vendor *v = &k->v;

	v->asked++;
	snprintf(v->target, sizeof(v->target), "%s", http_target(r));
	snprintf(v->key, sizeof(v->key), "%s", key ? key : "");
	if (v->is_mute)
		http_on_gone(r, vendor_left, k);
	else if (!v->status)
		assert_int_equal(http_upgrade(r, NULL, &v->settings, &vendor_handlers, k, &v->ws), ERR_NONE);
	return v->is_mute || !v->status;
}

static inline void vendor_says(struct kit *k, const char *text)
{
	assert_non_null(k->v.ws);
	assert_int_equal(websocket_push(k->v.ws, WEBSOCKET_TEXT, text, strlen(text)), ERR_NONE);
}

/* ------------------------------------------------------------------ time */

static inline void kit_late(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static inline void kit_wait(struct kit *k, const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&k->guard, kit_late, 10000, 0);
	while (*count < wanted)
		uv_run(&k->loop, UV_RUN_ONCE);
	uv_timer_stop(&k->guard);
}

/* Until the vendor has so many bytes of sound. */
static inline void kit_wait_sound(struct kit *k, size_t bytes)
{
	uv_timer_start(&k->guard, kit_late, 10000, 0);
	while (k->v.len < bytes)
		uv_run(&k->loop, UV_RUN_ONCE);
	uv_timer_stop(&k->guard);
}

static inline void kit_skipped(void *arg)
{
	((struct kit *)arg)->skipped = true;
}

/* So much time goes by: all timers in it fire in their order, and sockets are looked at between them. It stands still while nobody skips. */
static inline void kit_skip(struct kit *k, uint64_t us)
{
	k->skipped = false;
	clock_timer_set(&k->skip, k->clock, clock_now_us(k->clock) + us, kit_skipped, k);
	while (!k->skipped) {
		clock_go(k->clock);
		uv_run(&k->loop, UV_RUN_ONCE);
		clock_stop(k->clock);
	}
	for (int i = 0; i < 6; i++) /* what was sent last is read */
		uv_run(&k->loop, UV_RUN_NOWAIT);
}

/* ------------------------------------------------------------------ the stream */

static inline void kit_transcript(void *arg, enum transcript_kind kind, const char *text, size_t len, uint64_t from, uint64_t to)
{
	static const char *const names[] = { "partial", "final", "end" };
	struct kit *k = arg;

	assert_false(k->inside);
	assert_true(from <= to);
	assert_true(k->told < KIT_LINES);
	snprintf(k->lines[k->told++], sizeof(k->lines[0]), "%s %llu-%llu%s%.*s", names[kind], (unsigned long long)from, (unsigned long long)to, len ? " " : "",
		(int)len, text);
	if (k->on_told)
		k->on_told(k);
}

static inline void kit_ended(void *arg, enum err why)
{
	struct kit *k = arg;

	assert_false(k->inside);
	assert_null(k->s);
	k->ended++;
	k->why = why;
	if (k->on_ended)
		k->on_ended(k);
}

static const struct stt_events kit_events = { .transcript = kit_transcript, .ended = kit_ended };

static inline void kit_push(struct kit *k, size_t samples)
{
	static uint8_t sound[KIT_WAITING_MAX_SAMPLES + 800];
	static uint8_t next;

	assert_true(samples <= sizeof(sound));
	for (size_t i = 0; i < samples; i++)
		sound[i] = (uint8_t)(next++ & 0x7f);
	k->inside = true;
	k->stt->push(k->s, sound, samples);
	k->inside = false;
}

/* As a carrier does: 20 ms every 20 ms. */
static inline void kit_talk(struct kit *k, size_t samples)
{
	for (; samples; samples -= samples < 160 ? samples : 160) {
		kit_push(k, samples < 160 ? samples : 160);
		kit_skip(k, 20000);
	}
}

static inline void kit_finalize(struct kit *k)
{
	k->inside = true;
	k->stt->finalize(k->s);
	k->inside = false;
}

/* What every adapter's options are told. */
static inline void kit_options(struct kit *k)
{
	k->options.clock = k->clock;
	k->options.url = k->url;
	k->options.key = KIT_KEY;
	k->options.key_len = strlen(KIT_KEY);
}

static inline void kit_start(struct kit *k, const char *language)
{
	struct err_detail detail = { .message = "" };

	if (!k->d)
		assert_int_equal(KIT_OPEN(&k->d, &k->loop, &k->options, &detail), ERR_NONE);
	k->inside = true;
	assert_int_equal(k->stt->start(k->d, &k->s, language, &kit_events, k), ERR_NONE);
	k->inside = false;
	assert_non_null(k->s);
}

/* … and the vendor has its socket. */
static inline void kit_open(struct kit *k, const char *language)
{
	unsigned int asked = k->v.asked;

	kit_start(k, language);
	kit_wait(k, &k->v.asked, asked + 1);
	for (int i = 0; i < 20; i++)
		uv_run(&k->loop, UV_RUN_NOWAIT);
}

/* The house of a test; the vendor's own kit_begin fills the options. NULL: something is missing. */
static inline struct kit *kit_new(const struct http_route *routes)
{
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	struct kit *k = calloc(1, sizeof(*k));

	if (!k || uv_loop_init(&k->loop) || http_server_open(&k->v.server, &k->loop, &settings, &detail) || http_server_mount(k->v.server, routes, k) ||
		clock_open(&k->clock, &k->loop, true))
		return NULL;
	clock_stop(k->clock);
	uv_timer_init(&k->loop, &k->guard);
	snprintf(k->url, sizeof(k->url), "ws://127.0.0.1:%u", http_server_port(k->v.server));
	return k;
}

static inline void kit_server_closed(void *arg)
{
	((struct kit *)arg)->server_closed = true;
}

static inline int kit_end(void **state)
{
	struct kit *k = *state;

	if (k->s)
		k->stt->cancel(&k->s);
	assert_null(k->s);
	KIT_CLOSE(&k->d);
	clock_timer_stop(&k->skip);
	clock_close(&k->clock);
	websocket_free(&k->v.ws);
	uv_close((uv_handle_t *)&k->guard, NULL);
	http_server_close(&k->v.server, kit_server_closed, k);
	uv_run(&k->loop, UV_RUN_DEFAULT);
	assert_true(k->server_closed);
	assert_int_equal(uv_loop_close(&k->loop), 0);
	free(k);
	return deadline_set(0);
}

#endif
