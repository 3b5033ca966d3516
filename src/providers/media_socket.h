/* A carrier's media socket as the voice plane opens it: where it comes in, how its token travels, how its messages become events.
 *
 * An adapter is one const table; the owner of the WebSocket gives it each message and sends what it pushes. `media` (media.h) is
 * what the session is given, with the same `socket`. Loop thread; only open and close allocate.
 */
#ifndef PROVIDERS_MEDIA_SOCKET_H
#define PROVIDERS_MEDIA_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "providers/media.h"

/* What an adapter is given; borrowed for the socket's life. `arg` is for these and for the events. */
struct media_pipe {
	const struct media_events *events;
	void (*push)(void *arg, const char *text, size_t len);        /* one text message; borrowed for the call */
	void (*push_bytes)(void *arg, const uint8_t *data, size_t len); /* one binary message */
	void (*close)(void *arg);                                     /* we hang up; what was pushed is sent before */
	void *arg;
	const void *settings; /* the adapter's, as its table has them */
};

struct media_adapter {
	const char *kind; /* "twilio": the carrier's kind when the conductor is asked */
	const char *path; /* "/media/twilio" */
	const struct media *media;
	bool is_browser;         /* a page, whose Origin is checked, and which must bring its token in the address */
	const char *token_query; /* … or may, by this name: "session"; else, or NULL, it comes as the start's parameter "token" */
	const void *settings;    /* as the adapter says; borrowed. May be NULL */
	size_t message_max_bytes;
	uint32_t silent_ms; /* it sends all the time: after so long without a message it is dead. 0: pings tell */

	enum err (*open)(void **socket, const struct media_pipe *pipe) MUST_USE;
	void (*message)(void *socket, bool is_text, const void *data, size_t len); /* events come inside */
	void (*ready)(void *socket, const char *call); /* the call is there, sound counts from now on. May be NULL */
	void (*close)(void **socket); /* frees. NULL-safe; not from inside an event */
};

#endif
