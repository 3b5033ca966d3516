/* The media sockets that a worker has, each told what this house's settings say of it. One thread; stays where it is once it was begun. */
#ifndef CLI_MEDIA_ADAPTERS_H
#define CLI_MEDIA_ADAPTERS_H

#include "base/config.h"
#include "providers/exotel/options.h"
#include "providers/media_socket.h"

enum { MEDIA_ADAPTERS = 3 };

struct media_adapters {
	struct exotel_options exotel_options;
	struct media_adapter exotel;
	const struct media_adapter *all[MEDIA_ADAPTERS + 1]; /* NULL-ended, as sockets.h wants them */
};

void media_adapters_init(struct media_adapters *a, const struct config *c);

#endif
