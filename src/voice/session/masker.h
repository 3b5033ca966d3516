/* Requests to the model without personal data: the only way from the core's blocks, which hold what was truly said, to a model's.
 *
 * One of these belongs to one call, with the map of its values (redact/redact.h). Each block is masked with what was said before it: a
 * caller's words with the agent's question, with what the agent asked before and got no number for, and the caller's earlier words; the
 * agent's with the values that it has said. A block that
 * was in the request before is not looked at again: a request costs what is new in it, and what the model was shown of a block stays
 * as it was shown.
 * A text that cannot be masked as a whole (redact.h: ERR_LIMIT) is withheld: the model gets words that say so in its place.
 * The caller's thread; no I/O.
 */
#ifndef VOICE_MASKER_H
#define VOICE_MASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/llm.h"
#include "redact/redact.h"

#define MASKER_WITHHELD "withheld: there is more personal data in it than can be masked"

enum { MASKER_BLOCKS_MAX = 8192 }; /* of a request; more is ERR_LIMIT */

struct masker;

enum err masker_new(struct masker **mp) MUST_USE;
void masker_free(struct masker **mp); /* wipes the map; NULL-safe */

/* The call's, BCP 47, before the first request: from it follows the country of a telephone number said without one. */
void masker_language(struct masker *m, const char *language);

/* The brief's types that the model sees, likewise; none at first. */
void masker_clear(struct masker *m, uint64_t clear);

/* What the model is told of this call before all that is said: masked like an event, the first block of every request from now on. Copied; NULL or
 * "": none. ERR_LIMIT: over REDACT_MAX_BYTES; ERR_NOMEM. */
enum err masker_facts(struct masker *m, const char *facts) MUST_USE;

struct masked_request {
	const struct llm_block *blocks; /* the masker's, until the next request; names are the caller's */
	size_t count;                   /* a number said in two of the agent's blocks makes one of them */
	size_t withheld;                /* texts that were not in the request before */
};

/* ERR_NOMEM, ERR_LIMIT: then nothing may be asked. */
enum err masker_request(struct masker *m, const struct request_block *blocks, size_t count, struct masked_request *request) MUST_USE;

const struct redact_map *masker_map(const struct masker *m);

/* The map as it stands in a call's snapshot; none is an empty one. What was kept of requests is forgotten. An error leaves an
 * empty map. */
void masker_save(const struct masker *m, struct buf *out);
enum err masker_load(struct masker *m, const void *data, size_t len) MUST_USE;

/* For the simulator: nothing is masked any more, so that the promise must break. */
void masker_sabotage(struct masker *m);

#endif
