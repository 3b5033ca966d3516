/* What a client of Sarvam's recogniser asks for by the query of its handshake, what it may change later, and what is refused. Facts: the shared
 * protocol notes on Sarvam, checked 2026-11-21, section 3, and the types of the vendor's SDK. Pure.
 */
#ifndef SANDBOX_SARVAM_QUERY_H
#define SANDBOX_SARVAM_QUERY_H

#include <jansson.h>

#include "base/http_server.h"
#include "sandbox/hearing.h"

enum { REALTIME_NAME_MAX = 64, REALTIME_SILENCE_MS = 500, REALTIME_KEYTERMS_MAX = 50, REALTIME_KEYTERM_MAX = 64 };

struct realtime_query {
	char model[REALTIME_NAME_MAX], language[REALTIME_NAME_MAX], stream_type[REALTIME_NAME_MAX], mode[REALTIME_NAME_MAX], encoding_name[REALTIME_NAME_MAX];
	enum hearing_encoding encoding;
	uint32_t rate_hz;
	uint32_t silence_ms;
	bool is_manual;   /* the client says where an utterance begins and ends */
	bool wants_times;
};

/* False: `why` says what is wrong. */
bool realtime_query_read(struct realtime_query *q, const struct http_request *r, char *why, size_t size);

/* A config.update: the keys that were applied, a list that is the caller's; NULL: nothing was, and `why` says what is wrong. */
json_t *realtime_query_update(struct realtime_query *q, const json_t *message, char *why, size_t size);

#endif
