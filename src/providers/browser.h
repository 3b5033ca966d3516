/* The browser softphone's media socket: JSON text frames and binary PCM16 both ways. Facts: shared notes on the browser, section 2.
 *
 *   hello ─► started ─► (the owner: browser_media_ready) ─► sound, digits, marks ─► bye: stopped
 *
 * One struct a socket, owned by whoever owns the WebSocket: gives its messages to browser_media_message and sends what `push` is handed.
 * Sound is any rate the page's audio runs at, resampled from and to the telephone's 8000 Hz with a state for each direction; init makes
 * those, nothing is allocated a frame. A binary frame is u8 type = 1, u8 flags, u16 gen, u32 seq (little-endian), then PCM16LE, one channel.
 * `gen` counts our clears: the page drops older sound and tells by `played` how much of this one's was heard, which is what brings marks
 * back. A step in `seq` is sound that the page dropped: a gap. Refuses (broken): what is not JSON with a type, sound before hello, a
 * second hello, other sound than hello said, a seq that does not rise, a digit that is none. Sound before ready is dropped; types that it
 * does not know it passes over.
 */
#ifndef PROVIDERS_BROWSER_H
#define PROVIDERS_BROWSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/media.h"
#include "providers/media_socket.h"

enum {
	BROWSER_MESSAGE_MAX_BYTES = 64 * 1024,
	BROWSER_HEAD_BYTES = 8,
	BROWSER_MIN_HZ = 8000,
	BROWSER_MAX_HZ = 48000,
	BROWSER_FRAME_MAX_MS = 200,  /* of sound in one frame; hello's frame_ms is 5 to this */
	BROWSER_GAP_MAX_MS = 60000,  /* a larger step starts anew */
	BROWSER_SEND_SAMPLES = 160,  /* at 8000 Hz, in one frame: 20 ms */
	BROWSER_MARKS = 64           /* on their way; beyond it the oldest comes back early */
};

struct browser_mark {
	struct mark mark;
	uint64_t at_samples; /* of this gen, at the page's rate */
};

struct browser_media {
	struct media_pipe pipe;
	bool has_hello, is_ready, is_over, has_seq;
	uint32_t in_hz, out_hz;
	struct resampler *in, *out;
	uint32_t in_seq;       /* of the last frame that came */
	uint32_t frame_ms;
	uint16_t gen;
	uint32_t out_seq;
	uint64_t sent_samples, played_samples; /* of this gen, at out_hz */
	struct browser_mark marks[BROWSER_MARKS];
	unsigned int first, count;
};

void browser_media_init(struct browser_media *m, const struct media_pipe *pipe);
void browser_media_fini(struct browser_media *m);

/* One message from the socket. Handlers run inside; after `stopped` or `broken` messages are passed over. */
void browser_media_message(struct browser_media *m, bool is_text, const void *data, size_t len);

/* Tells the page its call and the rates; from now on sound goes both ways. Without effect before hello. `call`: letters and digits. */
void browser_media_ready(struct browser_media *m, const char *call);

extern const struct media browser_media; /* the socket is the struct browser_media */
extern const struct media_adapter browser_adapter;

#endif
