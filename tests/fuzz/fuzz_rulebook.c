/* A rule-book: any bytes are either refused with a place and a reason, or they make a brief, a flow, a prompt and tools. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err_detail detail = { .message = "" };
	enum err err = parse_find("rulebook")->run(data, size, &detail);

	assert(!err || err == ERR_NOMEM || (detail.message[0] && detail.where[0]));
	return 0;
}
