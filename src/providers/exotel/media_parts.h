/* What media.c (Exotel's messages to us) and media_send.c (ours to Exotel) share. */
#ifndef PROVIDERS_EXOTEL_MEDIA_PARTS_H
#define PROVIDERS_EXOTEL_MEDIA_PARTS_H

#include "providers/exotel/media.h"

enum { EXOTEL_FRAME_SAMPLES = 160 /* 20 ms at 8000 Hz */ };

/* Once, when the start has said its rate: how much a chunk has. */
void exotel_chunk_begin(struct exotel_media *m);

#endif
