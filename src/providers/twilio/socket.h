/* Twilio's media socket (media.h) behind the table that the voice plane opens sockets by. Loop thread. */
#ifndef PROVIDERS_TWILIO_SOCKET_H
#define PROVIDERS_TWILIO_SOCKET_H

#include "providers/media_socket.h"

extern const struct media_adapter twilio_adapter; /* the socket is a struct twilio_media */

#endif
