/* Cartesia's messages, read: bytes in, one event out. Facts: shared notes, cartesia.md, section 1 (server messages) and 2 (errors).
 *
 * Pure: no loop, no clock, no state but the event, whose memory is kept from message to message. What comes is outside bytes.
 */
#ifndef PROVIDERS_CARTESIA_CARTESIA_READ_H
#define PROVIDERS_CARTESIA_CARTESIA_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/cartesia/cartesia_request.h"

enum {
	CARTESIA_MESSAGE_MAX_BYTES = 1 << 20,
	CARTESIA_WORDS_MAX = 256,  /* of one message; what is more is passed over */
};

enum cartesia_kind {
	CARTESIA_OTHER = 0,  /* flush_done, phoneme_timestamps, what is not known: passed over */
	CARTESIA_CHUNK,
	CARTESIA_TIMESTAMPS,
	CARTESIA_DONE,
	CARTESIA_ERROR
};

/* A word as it was spoken; its letters are `len` bytes at `at` of the event's text, UTF-8. Samples from the context's start. */
struct cartesia_word {
	uint32_t start_samples, end_samples; /* at most CARTESIA_MAX_SAMPLES */
	size_t at, len;
};

struct cartesia_event {
	enum cartesia_kind kind;
	bool has_context;                   /* without one an error is of the whole connection */
	char context[CARTESIA_CONTEXT_MAX]; /* empty when it is too long to be one of ours */
	bool is_done;                       /* ERROR: the context is over */
	enum err err;                       /* ERROR: what it comes to, as `failed` says (cartesia.h) */
	struct buf audio;                   /* CHUNK: µ-law */
	struct buf text;                    /* TIMESTAMPS: the letters of all words */
	struct cartesia_word words[CARTESIA_WORDS_MAX];
	size_t word_count;
};

void cartesia_event_init(struct cartesia_event *e);
void cartesia_event_fini(struct cartesia_event *e);

/* ERR_FORMAT, ERR_TRUNCATED: no JSON object with a type, or a chunk that is no base64; ERR_LIMIT: over CARTESIA_MESSAGE_MAX_BYTES, or nested too
 * deep; ERR_NOMEM. */
enum err cartesia_read(struct cartesia_event *e, const void *data, size_t len) MUST_USE;

/* What an HTTP status stands for, of a handshake or an answer that is not 200. */
enum err cartesia_status_err(uint64_t status);

/* The same with the answer's body, which may say more. */
enum err cartesia_refusal_err(uint64_t status, const void *body, size_t len);

/* What a socket's close code stands for. */
enum err cartesia_close_err(unsigned int code);

#endif
