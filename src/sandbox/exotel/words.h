/* The messages of Exotel's media socket, from Exotel's side: what it says, and what it makes of what it is told. Pure, any thread.
 * Facts: the shared protocol notes on Exotel, section 2; what they leave open is in struct words. */
#ifndef SANDBOX_EXOTEL_WORDS_H
#define SANDBOX_EXOTEL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	WORDS_PARAMETERS_MAX = 3,     /* key=value in our address, sample-rate beside them, */
	WORDS_PARAMETER_BYTES = 256,  /* … in all */
	WORDS_CHUNK_MIN_BYTES = 3200, /* of what we send: less is heard as distortion, */
	WORDS_CHUNK_STEP_BYTES = 320, /* … what is no multiple as a gap, */
	WORDS_CHUNK_MAX_BYTES = 100000 /* … and more ends the socket */
};

enum words_keys { WORDS_SNAKE, WORDS_CAMEL, WORDS_BOTH /* in a start both; elsewhere stream_sid */ };

/* How a socket speaks, and where it stands. */
struct words {
	int keys;                     /* enum words_keys */
	bool has_numbers;             /* counters are numbers, not texts */
	bool is_ulaw, has_no_parameters;
	uint32_t rate_hz;
	const char *stream, *call, *account, *from, *to;
	const char *query;            /* of our address, as it stands there; NULL: none */
	uint64_t sequence;            /* of the last message */
};

/* Each appends one whole message. */
void words_connected(struct buf *b);
void words_start(struct words *w, struct buf *b);
void words_media(struct words *w, struct buf *b, uint64_t chunk, uint64_t at_ms, const uint8_t *sound, size_t len);
void words_mark(struct words *w, struct buf *b, const char *name);
void words_stop(struct words *w, struct buf *b);

/* The rate that an address asks for: 8000, 16000 or 24000; `usual` when it names none, 0 when another. */
uint32_t words_rate(const char *url, uint32_t usual);

/* Whether an address' own parameters fit: WORDS_PARAMETERS_MAX and WORDS_PARAMETER_BYTES, sample-rate not counted. */
bool words_address_fits(const char *url);

enum heard_kind { HEARD_NOTHING, HEARD_MEDIA, HEARD_MARK, HEARD_CLEAR };

struct heard {
	enum heard_kind kind;
	size_t bytes;      /* MEDIA: of sound */
	bool has_more;     /* … with chunk, timestamp or a number beside the payload */
	bool has_all;      /* … with all three */
	bool is_camel;     /* streamSid, and no stream_sid beside it */
	char mark[64];     /* MARK */
};

/* One message of ours. HEARD_NOTHING: an event that it does not know, or one of another stream, which is passed over. ERR_FORMAT: no JSON object with an event,
 * a payload that is no base64, a mark without a name; ERR_LIMIT: a chunk over WORDS_CHUNK_MAX_BYTES. */
enum err words_hear(struct heard *h, const void *data, size_t len, const char *stream) MUST_USE;

#endif
