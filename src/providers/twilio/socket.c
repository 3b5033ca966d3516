#include "providers/twilio/socket.h"

#include <stdlib.h>

#include "providers/twilio/media.h"

enum { SILENT_MS = 2000 /* fifty frames come a second; shared notes, section 1 */ };

static enum err socket_open(void **socket, const struct media_pipe *pipe)
{
	struct twilio_media *m = malloc(sizeof(*m));

	*socket = m;
	if (!m)
		return ERR_NOMEM;
	twilio_media_init(m, pipe->events, pipe->push, pipe->close, pipe->arg);
	return ERR_NONE;
}

static void socket_message(void *socket, bool is_text, const void *data, size_t len)
{
	twilio_media_message(socket, is_text, data, len);
}

static void socket_close(void **socket)
{
	free(*socket);
	*socket = NULL;
}

const struct media_adapter twilio_adapter = { .kind = "twilio", .path = "/media/twilio", .media = &twilio_media,
	.message_max_bytes = TWILIO_MESSAGE_MAX_BYTES, .silent_ms = SILENT_MS, .open = socket_open, .message = socket_message, .close = socket_close };
