/* A carrier's media socket as voice sees it: frames out, marks and clears. Loop thread of the session.
 *
 * Frames are 20 ms (160 samples) of µ-law at 8000 Hz; the carrier queues them and plays them one behind the other. A mark
 * comes back when the audio sent before it has been played, or at once when a clear removed that audio. What arrives from
 * the carrier reaches the session by session_media_* (session.h).
 */
#ifndef PROVIDERS_MEDIA_H
#define PROVIDERS_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct mark {
	uint32_t utterance, take;
	uint32_t samples; /* of the utterance, sent before this mark */
};

struct media {
	const char *name;
	void (*send)(void *socket, const uint8_t *ulaw, size_t samples);
	void (*mark)(void *socket, const struct mark *mark);
	void (*clear)(void *socket);
	void (*end)(void *socket); /* hang up; the socket will close */
};

#endif
