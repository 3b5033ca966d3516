/* What is not sure about Exotel's media socket, as settings. The defaults are those of the shared notes on Exotel, section 2. */
#ifndef PROVIDERS_EXOTEL_OPTIONS_H
#define PROVIDERS_EXOTEL_OPTIONS_H

#include <stdint.h>

/* How keys are spelt in what we send: stream_sid or streamSid. */
enum exotel_keys { EXOTEL_KEYS_AUTO /* as in the start, stream_sid when it has both */, EXOTEL_KEYS_SNAKE, EXOTEL_KEYS_CAMEL };

/* What a media message of ours has beside its payload. */
enum exotel_fields { EXOTEL_FIELDS_FULL /* its number, its chunk's and its time */, EXOTEL_FIELDS_MINIMAL };

enum {
	EXOTEL_CHUNK_STEP_BYTES = 320,  /* a chunk is a multiple of it; what is not is heard as a gap */
	EXOTEL_CHUNK_BYTES = 3200,      /* at 8000 and 16000 Hz; at 24000 Hz half as much again */
	EXOTEL_CHUNK_MAX_MS = 200       /* the session gives no more ahead than one such chunk leaves room for */
};

struct exotel_options {
	int keys;             /* enum exotel_keys */
	int fields;           /* enum exotel_fields */
	uint32_t rate_hz;     /* that we ask for: 8000, 16000 or 24000; it stands for a start that says none */
	uint32_t chunk_bytes; /* of PCM in one message; 0: by the rate. Rounded up to EXOTEL_CHUNK_STEP_BYTES, cut to EXOTEL_CHUNK_MAX_MS */
};

#endif
