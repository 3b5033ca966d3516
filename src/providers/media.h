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
	/* For a carrier that takes its sound in chunks; both or neither. What is given is held back until a chunk is full, marks behind it as well. */
	uint32_t (*held)(void *socket); /* samples that are held back */
	void (*flush)(void *socket);    /* sends them: nothing follows for now */
};

/* ---- what comes the other way ----
 *
 * An adapter reads the carrier's messages into these. `started` once, before all others; `stopped` (the carrier ended the call) or
 * `broken` (the carrier broke its protocol; the socket should be closed) once, the last.
 */

enum { MEDIA_ID_MAX = 64, MEDIA_PARAMETERS = 8, MEDIA_NAME_MAX = 32, MEDIA_VALUE_MAX = 512 };

struct media_parameter {
	char name[MEDIA_NAME_MAX], value[MEDIA_VALUE_MAX];
};

/* Borrowed for the call of the handler. */
struct media_start {
	char stream[MEDIA_ID_MAX], account[MEDIA_ID_MAX], call[MEDIA_ID_MAX]; /* the carrier's names; "" where it has none */
	struct media_parameter parameters[MEDIA_PARAMETERS]; /* what we gave the carrier for its start; further ones are dropped */
	size_t parameter_count;
};

struct media_events {
	void (*started)(void *arg, const struct media_start *start);
	void (*audio)(void *arg, const uint8_t *ulaw, size_t samples); /* the caller's, in order */
	void (*gap)(void *arg, uint64_t samples);                      /* so many never came */
	void (*mark)(void *arg, const struct mark *mark);
	void (*digit)(void *arg, char digit);
	void (*stopped)(void *arg);
	void (*broken)(void *arg, const struct err_detail *detail);
};

#endif
