/* What tests of the Deepgram recogniser share: hearkit.h, with Deepgram as the vendor. */
#ifndef DEEPGRAMKIT_H
#define DEEPGRAMKIT_H

#include "providers/deepgram/deepgram.h"

#define KIT_ADAPTER struct deepgram
#define KIT_OPTIONS struct deepgram_options
#define KIT_OPEN deepgram_open
#define KIT_CLOSE deepgram_close
#define KIT_WAITING_MAX_SAMPLES DEEPGRAM_WAITING_MAX_SAMPLES
#define KIT_KEY "0123456789abcdef0123456789abcdef01234567"

#include "hearkit.h"

#define KIT_RESULTS(final, speech, start, duration, text) "{\"type\":\"Results\",\"start\":" start ",\"duration\":" duration ",\"is_final\":" final \
	",\"speech_final\":" speech ",\"channel\":{\"alternatives\":[{\"transcript\":\"" text "\"}]}}"
#define KIT_TURN(event, start, end, text) "{\"type\":\"TurnInfo\",\"event\":\"" event "\",\"audio_window_start\":" start ",\"audio_window_end\":" end \
	",\"transcript\":\"" text "\",\"turn_index\":0,\"sequence_id\":3}"

static inline void vendor_message(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg)
{
	struct kit *k = arg;
	struct kit_vendor *v = &k->v;

	(void)w;
	assert_true(len); /* an empty frame would end the stream */
	if (kind == WEBSOCKET_TEXT) {
		vendor_text(k, data, len);
		return;
	}
	assert_true(v->frame_count < KIT_FRAMES && len <= sizeof(v->sound) - v->len);
	memcpy(v->sound + v->len, data, len);
	vendor_frame(k, len);
}

static inline void on_listen(struct http_request *r, void *arg)
{
	static const struct http_header headers[] = { { "dg-error", "Project has too many streams." }, { "dg-request-id", "7f00" }, { NULL, NULL } };
	struct kit *k = arg;

	if (!vendor_asked(k, r, http_header(r, "Authorization")))
		http_reply(r, k->v.status, headers, "{\"err_code\":\"NO\",\"err_msg\":\"no\"}", 32);
}

static const struct http_route kit_routes[] = {
	{ HTTP_GET, "/v1/listen", on_listen, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/v2/listen", on_listen, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static inline void kit_model(struct kit *k, const char *model)
{
	deepgram_options_init(&k->options, model);
	kit_options(k);
	k->stt = strncmp(model, "flux", 4) ? &deepgram_stt : &deepgram_flux_stt;
}

/* A stream of Flux with 0.8 s of sound. */
static inline void kit_flux(struct kit *k)
{
	kit_model(k, "flux-general-multi");
	kit_open(k, "en-IN");
	kit_talk(k, 6400);
}

static inline int kit_begin(void **state)
{
	struct kit *k = kit_new(kit_routes);

	if (!k)
		return -1;
	kit_model(k, "nova-3");
	*state = k;
	return deadline_set(20);
}

#endif
