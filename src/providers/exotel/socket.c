#include "providers/exotel/socket.h"

#include <stdlib.h>

#include "providers/exotel/media.h"

enum { SILENT_MS = 5000 /* ten chunks come a second; whether in silence, too, is not said: shared notes on Exotel, 2.1 */ };

static enum err socket_open(void **socket, const struct media_pipe *pipe)
{
	static const struct exotel_options usual = { .rate_hz = 8000 };
	struct exotel_media *m = malloc(sizeof(*m));

	*socket = m;
	if (!m)
		return ERR_NOMEM;
	exotel_media_init(m, pipe, pipe->settings ? pipe->settings : &usual);
	return ERR_NONE;
}

static void socket_message(void *socket, bool is_text, const void *data, size_t len)
{
	exotel_media_message(socket, is_text, data, len);
}

static void socket_close(void **socket)
{
	if (*socket)
		exotel_media_fini(*socket);
	free(*socket);
	*socket = NULL;
}

const struct media_adapter exotel_adapter = { .kind = "exotel", .path = "/media/exotel", .media = &exotel_media, .token_query = "token",
	.message_max_bytes = EXOTEL_MESSAGE_MAX_BYTES, .silent_ms = SILENT_MS, .open = socket_open, .message = socket_message, .close = socket_close };
