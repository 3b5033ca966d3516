/* A request to a model, kept for a second one that may be asked later. What was masked stays masked: texts are copied as `struct redacted`. At most
 * LINEUP_REQUEST_MAX bytes; a longer one is not kept, and so nobody is asked a second time. Loop thread.
 */
#ifndef VOICE_LINEUP_REQUEST_H
#define VOICE_LINEUP_REQUEST_H

#include "base/err.h"
#include "providers/llm.h"

enum { LINEUP_REQUEST_MAX = 1024 * 1024, LINEUP_REQUEST_BLOCKS = 8192 };

struct lineup_request {
	struct llm_block *blocks;
	struct redacted **texts; /* the blocks' own */
	size_t count;
	char *names; /* of tools, one behind the other */
};

/* Zeroed is empty. ERR_LIMIT: too long; ERR_NOMEM. It is empty then. */
enum err lineup_request_keep(struct lineup_request *r, const struct llm_block *blocks, size_t count) MUST_USE;
void lineup_request_drop(struct lineup_request *r);

#endif
