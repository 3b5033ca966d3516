/* Blocks as a model gets them, from blocks as they were said: for tests of whoever plays a model. */
#ifndef MASKKIT_H
#define MASKKIT_H

#include "voice/session/masker.h"

/* Masked with an empty map; the masker is yours and owns the blocks. */
static inline struct masked_request maskkit_blocks(struct masker **mp, const struct request_block *blocks, size_t count)
{
	struct masked_request request;

	assert_int_equal(masker_new(mp), ERR_NONE);
	assert_int_equal(masker_request(*mp, blocks, count, &request), ERR_NONE);
	assert_int_equal(request.withheld, 0);
	return request;
}

#endif
