/* Cartesia's side of the socket, for the tests of its voice. Include cmocka's headers first. */
#ifndef CARTESIASOCKET_H
#define CARTESIASOCKET_H

#include "cartesiakit.h"

static inline void opened(struct kit *k)
{
	struct err_detail detail;

	assert_int_equal(cartesia_open(&k->c, &k->loop, &k->options, &detail), ERR_NONE);
	k->tts = &cartesia_tts;
	k->vendor = k->c;
}

/* An utterance whose request has come to the server; its context. */
static inline const char *spoken(struct kit *k, unsigned int ear, const char *text)
{
	unsigned int n = k->asked;

	kit_start(k, ear, text);
	do
		kit_until(k, &k->asked, ++n);
	while (!json_object_get(k->requests[n - 1], "transcript")); /* a cancel of before may come first */
	return asked_text(k, n - 1, "context_id");
}

/* The server says it as it stands, %s is the context. */
static inline void say(struct kit *k, const char *context, const char *format)
{
	const char *at = strstr(format, "%s");
	char text[4000];

	snprintf(text, sizeof(text), "%.*s%s%s", at ? (int)(at - format) : (int)strlen(format), format, at ? context : "", at ? at + 2 : "");
	assert_int_equal(websocket_push(k->there, WEBSOCKET_TEXT, text, strlen(text)), ERR_NONE);
}

static inline void chunk(struct kit *k, const char *context, size_t samples, uint8_t code)
{
	size_t room = samples * 4 / 3 + 200;
	uint8_t *ulaw = malloc(samples + 1);
	char *text = malloc(room), *base64 = malloc(room);

	assert_true(ulaw && text && base64);
	memset(ulaw, code, samples);
	sodium_bin2base64(base64, room, ulaw, samples, sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, room, "{\"type\":\"chunk\",\"context_id\":\"%s\",\"data\":\"%s\",\"done\":false,\"status_code\":206}", context, base64);
	assert_int_equal(websocket_push(k->there, WEBSOCKET_TEXT, text, strlen(text)), ERR_NONE);
	free(ulaw);
	free(text);
	free(base64);
}

static const char times[] = "{\"type\":\"timestamps\",\"context_id\":\"%s\",\"done\":false,\"word_timestamps\":"
			    "{\"words\":[\"Good\",\"morning.\"],\"start\":[0.0,0.01],\"end\":[0.01,0.02]}}";
static const char done[] = "{\"type\":\"done\",\"context_id\":\"%s\",\"done\":true,\"status_code\":206}";
static const char failed[] = "{\"type\":\"error\",\"context_id\":\"%s\",\"done\":true,\"status_code\":500}";

#endif
