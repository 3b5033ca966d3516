/* What tests of Sarvam's recogniser share: hearkit.h, with Sarvam as the vendor. */
#ifndef SARVAMSTTKIT_H
#define SARVAMSTTKIT_H

#include <sodium.h>

#include "providers/sarvam/sarvam_stt.h"

#define KIT_ADAPTER struct sarvam_stt_vendor
#define KIT_OPTIONS struct sarvam_stt_options
#define KIT_OPEN sarvam_stt_open
#define KIT_CLOSE sarvam_stt_close
#define KIT_WAITING_MAX_SAMPLES SARVAM_WAITING_MAX_SAMPLES
#define KIT_KEY "sk_0123456789abcdef"

#include "hearkit.h"

enum { KIT_FRAME_MAX = 1600 };

#define KIT_PARTIAL(index, text) "{\"event\":\"transcript.partial\",\"utterance_idx\":" index ",\"text\":\"" text "\"}"
#define KIT_FINAL(index, text) "{\"event\":\"transcript.final\",\"utterance_idx\":" index ",\"text\":\"" text "\"}"
#define KIT_TIMED(index, from, to, text) "{\"event\":\"transcript.final\",\"utterance_idx\":" index ",\"text\":\"" text "\",\"start_s\":" from \
	",\"end_s\":" to "}"
#define KIT_PING "{\"event\":\"ping\"}"
#define KIT_FLUSH "{\"event\":\"flush\"}"

static inline void vendor_sound(struct kit *k, const char *base64, size_t len)
{
	struct kit_vendor *v = &k->v;
	size_t got = 0;

	assert_true(v->frame_count < KIT_FRAMES && sizeof(v->sound) - v->len >= KIT_FRAME_MAX);
	assert_int_equal(sodium_base642bin(v->sound + v->len, KIT_FRAME_MAX, base64, len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	assert_true(got);
	vendor_frame(k, got);
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
	vendor_text(k, data, len);
}

static inline void on_listen(struct http_request *r, void *arg)
{
	struct kit *k = arg;

	if (!vendor_asked(k, r, http_header(r, "Api-Subscription-Key")))
		http_reply_error(r, k->v.status, "no", "no", NULL, NULL);
}

static const struct http_route kit_routes[] = {
	{ HTTP_GET, "/speech-to-text-realtime/ws", on_listen, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static inline int kit_begin(void **state)
{
	struct kit *k = kit_new(kit_routes);

	if (!k)
		return -1;
	k->stt = &sarvam_stt;
	sarvam_stt_options_init(&k->options);
	kit_options(k);
	*state = k;
	return deadline_set(20);
}

#endif
