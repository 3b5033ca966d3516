/* What a client of Cartesia asks to be said, and what is refused. Facts: the shared protocol notes on Cartesia, checked 2026-11-21, section 0
 * (versions, models, voices), 1 (fields), 2 (errors). Pure; borrows the request.
 */
#ifndef SANDBOX_CARTESIA_ASKING_H
#define SANDBOX_CARTESIA_ASKING_H

#include <jansson.h>

#include "base/http_server.h"
#include "sandbox/speech.h"

enum { ASKING_CONTEXT_MAX = 128, ASKING_DELAY_DEFAULT_MS = 3000, ASKING_DELAY_MAX_MS = 5000 };

struct asking {
	const char *context;      /* sockets alone */
	const char *transcript;
	struct speech_format format;
	bool continues, flushes, wants_words;
	unsigned int delay_ms;
};

struct asking_refusal {
	unsigned int status;      /* 0: none */
	const char *code;         /* "model_not_found"; NULL: none */
	const char *title;
	char message[200];
};

/* The version that is said in a header or in the query; NULL: none, or none of that name. */
const char *asking_version(const struct http_request *r);

/* False: *refusal. `version` as above. */
bool asking_read(struct asking *a, const json_t *request, const char *version, bool is_socket, struct asking_refusal *refusal);

/* What must be the same in all requests of a context, as one text; the caller's to free(). */
char *asking_sameness(const json_t *request);

#endif
