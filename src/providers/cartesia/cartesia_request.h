/* What is sent to Cartesia: where to, with which headers, and the requests' JSON. Facts: shared notes, cartesia.md, sections 1 and 3.
 *
 * Pure but for the options, which are borrowed. Everything goes into the caller's memory; errors of a buffer stick in it.
 */
#ifndef PROVIDERS_CARTESIA_CARTESIA_REQUEST_H
#define PROVIDERS_CARTESIA_CARTESIA_REQUEST_H

#include "base/buf.h"
#include "providers/cartesia/cartesia.h"

enum {
	CARTESIA_REQUEST_MAX_BYTES = CARTESIA_MAX_TEXT_BYTES * 6 + 4096, /* a control character is six bytes in JSON, `&` five */
	CARTESIA_CONTEXT_MAX = 40,
	CARTESIA_LANGUAGE_MAX = 36, /* RFC 5646: 35 letters are enough for a tag */
};

/* Fills in the defaults. ERR_USAGE: what cannot be, detail says which. */
enum err cartesia_options_take(struct cartesia_options *own, const struct cartesia_options *given, struct err_detail *detail) MUST_USE;

/* What start may be given: ERR_USAGE, ERR_LIMIT, ERR_NOTFOUND as cartesia.h says. */
enum err cartesia_speech_judge(const char *language, const char *text, size_t len) MUST_USE;

/* "wss://host/tts/websocket", "https://host/tts/bytes". */
void cartesia_url(const struct cartesia_options *o, bool is_socket, char out[CARTESIA_URL_MAX + 32]);

/* Key and version as headers. Holds the key: clear it once it was used. */
struct cartesia_headers {
	char key[CARTESIA_KEY_MAX + 32], version[CARTESIA_NAME_MAX + 32];
	const char *list[4]; /* NULL-ended; points into the struct */
};
void cartesia_headers_make(struct cartesia_headers *h, const struct cartesia_options *o, bool is_socket);
void cartesia_headers_clear(struct cartesia_headers *h);

/* Each appends one JSON object. */
void cartesia_request_socket(struct buf *b, const struct cartesia_options *o, const char *context, const char *language, const char *text, size_t len);
void cartesia_request_bytes(struct buf *b, const struct cartesia_options *o, const char *language, const char *text, size_t len);
void cartesia_request_cancel(struct buf *b, const char *context);

#endif
