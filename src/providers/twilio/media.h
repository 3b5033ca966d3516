/* Twilio's media socket: JSON text frames both ways, µ-law at 8000 Hz in base64. Facts: shared notes, section 1 (Media Streams).
 *
 * One struct a socket, embedded in its owner, who owns the WebSocket: gives its messages to twilio_media_message and sends what
 * `push` is handed. No memory of its own, nothing is allocated a frame. Refuses (broken): binary frames, what is no JSON, messages
 * before `start`, another stream's, other sound than µ-law/8000/1. What it does not know it passes over, as Twilio's users must.
 * Twilio's time stamps tell of lost sound: a step forward of more than TWILIO_JITTER_MS is a gap, up to TWILIO_GAP_MAX_MS.
 */
#ifndef PROVIDERS_TWILIO_MEDIA_H
#define PROVIDERS_TWILIO_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/media.h"

enum {
	TWILIO_MESSAGE_MAX_BYTES = 64 * 1024,
	TWILIO_JITTER_MS = 40,
	TWILIO_GAP_MAX_MS = 60000, /* a larger step is taken for a clock that was set, and starts anew */
	TWILIO_SEND_SAMPLES = 1600 /* in one message */
};

struct twilio_media {
	const struct media_events *events;
	void (*push)(void *arg, const char *text, size_t len); /* a text frame; borrowed */
	void (*close)(void *arg);                              /* we hang up: Twilio goes on with the TwiML behind <Connect> */
	void *arg;
	bool has_started, is_over;
	char stream[MEDIA_ID_MAX];
	bool has_time;
	uint64_t due_ms;      /* the time stamp that the next frame should have */
	uint64_t due_part;    /* … and eighths of a millisecond */
};

void twilio_media_init(struct twilio_media *m, const struct media_events *events, void (*push)(void *arg, const char *text, size_t len),
	void (*close)(void *arg), void *arg);

/* One message from the socket. Handlers run inside; after `stopped` or `broken` messages are passed over. */
void twilio_media_message(struct twilio_media *m, bool is_text, const void *data, size_t len);

extern const struct media twilio_media; /* the socket is the struct twilio_media */

#endif
