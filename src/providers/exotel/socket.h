/* Exotel's media socket (media.h) behind the table that the voice plane opens sockets by. Loop thread. */
#ifndef PROVIDERS_EXOTEL_SOCKET_H
#define PROVIDERS_EXOTEL_SOCKET_H

#include "providers/media_socket.h"

extern const struct media_adapter exotel_adapter; /* the socket is a struct exotel_media; `settings`: struct exotel_options, NULL for the defaults */

#endif
