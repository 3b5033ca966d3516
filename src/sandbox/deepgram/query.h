/* What a client of Deepgram asks for by the query of its handshake, and what is refused there. Facts: the shared protocol notes on Deepgram,
 * checked 2026-11-21, part 1 (v1) and 2 (Flux), and "Traps". Pure.
 */
#ifndef SANDBOX_DEEPGRAM_QUERY_H
#define SANDBOX_DEEPGRAM_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http_server.h"
#include "sandbox/hearing.h"

enum { LISTEN_NAME_MAX = 64, LISTEN_ENDPOINTING_MS = 10, LISTEN_EOT_TIMEOUT_MS = 5000 };

struct listen_query {
	bool is_flux;
	char model[LISTEN_NAME_MAX], language[LISTEN_NAME_MAX];
	enum hearing_encoding encoding;
	uint32_t rate_hz;
	uint32_t channels;
	/* v1 */
	bool interim, vad_events, punctuates;
	uint32_t endpointing_ms;     /* UINT32_MAX: never */
	uint32_t utterance_end_ms;   /* 0: not told */
	/* Flux; thresholds in thousandths */
	uint32_t eot, eager, eot_timeout_ms; /* eager 0: off */
};

/* False: `why` says what is wrong. */
bool listen_query_read(struct listen_query *q, const struct http_request *r, bool is_flux, char *why, size_t size);

/* "0.7" as thousandths between two bounds. False: it is no such number. */
bool listen_thousandths(const char *text, uint32_t min, uint32_t max, uint32_t *out);

#endif
