/* What tests of Sarvam's recogniser share: a vendor that is a real server on a loopback port, a stream to it, and a clock
 * that stands still until a test skips time. Everything on one loop. */
#ifndef SARVAMSTTKIT_H
#define SARVAMSTTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/http_server.h"
#include "deadline.h"
#include "providers/sarvam/sarvam_stt.h"

enum { KIT_TEXTS = 64, KIT_FRAMES = 2048, KIT_SOUND = 1 << 20, KIT_LINES = 64, KIT_FRAME_MAX = 1600 };

#define KIT_KEY "sk_0123456789abcdef"
#define KIT_PARTIAL(index, text) "{\"event\":\"transcript.partial\",\"utterance_idx\":" index ",\"text\":\"" text "\"}"
#define KIT_FINAL(index, text) "{\"event\":\"transcript.final\",\"utterance_idx\":" index ",\"text\":\"" text "\"}"
#define KIT_TIMED(index, from, to, text) "{\"event\":\"transcript.final\",\"utterance_idx\":" index ",\"text\":\"" text "\",\"start_s\":" from \
	",\"end_s\":" to "}"
#define KIT_PING "{\"event\":\"ping\"}"
#define KIT_FLUSH "{\"event\":\"flush\"}"

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
	char texts[KIT_TEXTS][80]; /* that are no sound */
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
	struct sarvam_stt_vendor *d;
	struct sarvam_stt_options options;
	char url[64];
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

static inline void vendor_sound(struct kit *k, const char *base64, size_t len)
{
	struct kit_vendor *v = &k->v;
	size_t got = 0;

	assert_true(v->frame_count < KIT_FRAMES && sizeof(v->sound) - v->len >= KIT_FRAME_MAX);
	assert_int_equal(sodium_base642bin(v->sound + v->len, KIT_FRAME_MAX, base64, len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	assert_true(got);
	v->len += got;
	v->frames[v->frame_count++] = (struct kit_frame){ clock_now_us(k->clock), got, v->len, v->text_count };
}

static inline void vendor_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	static const char head[] = "{\"event\":\"audio_input\",\"audio\":\"", tail[] = "\"}";
	struct kit *k = arg;

	(void)w;
	assert_int_equal(kind, WEBSOCKET_TEXT);
	if (len > sizeof(head) + 2 && !memcmp(data, head, sizeof(head) - 1)) {
		assert_memory_equal(data + len - 2, tail, 2);
		vendor_sound(k, (const char *)data + sizeof(head) - 1, len - sizeof(head) - 1);
		return;
	}
	assert_true(k->v.text_count < KIT_TEXTS);
	snprintf(k->v.texts[k->v.text_count++], sizeof(k->v.texts[0]), "%.*s", (int)len, (const char *)data);
}

static inline void vendor_closed(struct websocket *w, const struct websocket_end *end, void *arg)
{
	struct kit *k = arg;

	(void)w;
	(void)end;
	k->v.ws = NULL;
	k->v.closed++;
}

static const struct websocket_handlers vendor_handlers = { .message = vendor_message, .closed = vendor_closed };

static inline void vendor_left(struct http_request *r, void *arg)
{
	(void)r;
	((struct kit *)arg)->v.closed++;
}

static inline void on_listen(struct http_request *r, void *arg)
{
	struct kit *k = arg;
	struct kit_vendor *v = &k->v;
	const char *key = http_header(r, "Api-Subscription-Key");

	v->asked++;
	snprintf(v->target, sizeof(v->target), "%s", http_target(r));
	snprintf(v->key, sizeof(v->key), "%s", key ? key : "");
	if (v->is_mute)
		http_on_gone(r, vendor_left, k);
	else if (v->status)
		http_reply_error(r, v->status, "no", "no", NULL, NULL);
	else
		assert_int_equal(http_upgrade(r, NULL, &v->settings, &vendor_handlers, k, &v->ws), ERR_NONE);
}

static const struct http_route kit_routes[] = {
	{ HTTP_GET, "/speech-to-text-realtime/ws", on_listen, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

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
	static uint8_t sound[SARVAM_WAITING_MAX_SAMPLES + 800];
	static uint8_t next;

	assert_true(samples <= sizeof(sound));
	for (size_t i = 0; i < samples; i++)
		sound[i] = (uint8_t)(next++ & 0x7f);
	k->inside = true;
	sarvam_stt.push(k->s, sound, samples);
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
	sarvam_stt.finalize(k->s);
	k->inside = false;
}

static inline void kit_start(struct kit *k, const char *language)
{
	struct err_detail detail = { .message = "" };

	if (!k->d)
		assert_int_equal(sarvam_stt_open(&k->d, &k->loop, &k->options, &detail), ERR_NONE);
	k->inside = true;
	assert_int_equal(sarvam_stt.start(k->d, &k->s, language, &kit_events, k), ERR_NONE);
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

static inline int kit_begin(void **state)
{
	struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;
	struct kit *k = calloc(1, sizeof(*k));

	if (!k || uv_loop_init(&k->loop) || http_server_open(&k->v.server, &k->loop, &settings, &detail) || http_server_mount(k->v.server, kit_routes, k) ||
		clock_open(&k->clock, &k->loop, true))
		return -1;
	clock_stop(k->clock);
	uv_timer_init(&k->loop, &k->guard);
	snprintf(k->url, sizeof(k->url), "ws://127.0.0.1:%u", http_server_port(k->v.server));
	sarvam_stt_options_init(&k->options);
	k->options.clock = k->clock;
	k->options.url = k->url;
	k->options.key = KIT_KEY;
	k->options.key_len = strlen(KIT_KEY);
	*state = k;
	return deadline_set(20);
}

static inline void kit_server_closed(void *arg)
{
	((struct kit *)arg)->server_closed = true;
}

static inline int kit_end(void **state)
{
	struct kit *k = *state;

	if (k->s)
		sarvam_stt.cancel(&k->s);
	assert_null(k->s);
	sarvam_stt_close(&k->d);
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
