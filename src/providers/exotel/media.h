/* Exotel's media socket: JSON text frames both ways, PCM of 16 bits (little-endian, one channel) in base64. Facts: shared notes on Exotel, section 2.
 *
 *   µ-law, 20 ms ─► send ─► held ─► a chunk is full, or flush ─► media message, then the marks that lie in it
 *                             └─ clear: dropped, with its marks
 *
 * One struct a socket, embedded in its owner, who owns the WebSocket: gives its messages to exotel_media_message and sends what the pipe's
 * `push` is handed. Sound is at 8000, 16000 or 24000 Hz as the start says, or µ-law when it says that; the caller's comes out in pieces of
 * about 20 ms. A start makes two resamplers, nothing is allocated a frame. Marks go out behind the chunk they lie in, so that none comes
 * back before its sound was played; they may come late by a chunk. Lost sound is a gap where chunk number and time stamp both leap.
 * Refuses (broken): binary frames, what is no JSON, messages before the start, another stream's, a second start, other rates.
 */
#ifndef PROVIDERS_EXOTEL_MEDIA_H
#define PROVIDERS_EXOTEL_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/exotel/options.h"
#include "providers/media.h"
#include "providers/media_socket.h"

enum {
	EXOTEL_MESSAGE_MAX_BYTES = 64 * 1024, /* a second at 24000 Hz */
	EXOTEL_GAP_MAX_MS = 60000,            /* a larger step is taken for counters that began anew */
	EXOTEL_HELD_MAX_BYTES = 24000 / 1000 * 2 * EXOTEL_CHUNK_MAX_MS + 2048, /* a chunk, and what a frame puts behind it */
	EXOTEL_MARKS = 64                     /* held back; what is held goes out when there is one more */
};

struct exotel_mark {
	struct mark mark;
	uint64_t at_bytes; /* of what was given */
};

struct exotel_media {
	struct media_pipe pipe;
	struct exotel_options options;
	bool has_started, is_over;
	bool is_camel;        /* what we send: streamSid */
	bool is_ulaw;         /* both ways */
	char stream[MEDIA_ID_MAX];
	uint32_t rate_hz;
	struct resampler *in, *out;

	bool has_low;         /* the caller's: half a sample that waits for its other half */
	uint8_t low;
	bool has_time;        /* of the last chunk that came: */
	uint64_t chunk, at_ms, chunk_samples;

	uint8_t held[EXOTEL_HELD_MAX_BYTES];
	size_t held_bytes, chunk_bytes, sample_bytes; /* the last: of a sample at 8000 Hz as it is sent */
	uint64_t given_bytes, sent_bytes; /* since nothing was held last; the resampler may still have some of the first */
	struct exotel_mark marks[EXOTEL_MARKS];
	unsigned int mark_count;
	uint64_t messages, chunks, chunks_bytes; /* that we sent, from the start on */
};

/* `options` is copied. */
void exotel_media_init(struct exotel_media *m, const struct media_pipe *pipe, const struct exotel_options *options);
void exotel_media_fini(struct exotel_media *m);

/* One message from the socket. Handlers run inside; after `stopped` or `broken` messages are passed over. */
void exotel_media_message(struct exotel_media *m, bool is_text, const void *data, size_t len);

extern const struct media exotel_media; /* the socket is the struct exotel_media */

#endif
