/* What a server's errors mean to a call. */
#include "providers/openai/openai_stream.h"

static const struct {
	const char *name;
	enum failure failure;
} names[] = {
	{ "insufficient_quota", FAILED_REFUSED }, /* a 429 that does not pass */
	{ "rate_limit_exceeded", FAILED_BUSY },
	{ "rate_limit_error", FAILED_BUSY },
	{ "overloaded_error", FAILED_BUSY },
	{ "unavailable_error", FAILED_BUSY },
	{ "server_error", FAILED_DIED },
	{ "internal_server_error", FAILED_DIED },
	{ "timeout_error", FAILED_DIED },
	{ "invalid_request_error", FAILED_REFUSED },
	{ "authentication_error", FAILED_REFUSED },
	{ "permission_error", FAILED_REFUSED },
	{ "not_found_error", FAILED_REFUSED },
	{ "exceed_context_size_error", FAILED_REFUSED },
	{ "context_length_exceeded", FAILED_REFUSED },
	{ "invalid_api_key", FAILED_REFUSED },
	{ "model_not_found", FAILED_REFUSED },
};

enum failure openai_failure_of_status(uint64_t status)
{
	switch (status) {
	case 408: /* they waited too long for us */
	case 409: return FAILED_DIED;
	case 429:
	case 503: /* the model is being loaded, or the queue is full */
	case 529: return FAILED_BUSY;
	default: break;
	}
	return status >= 500 ? FAILED_DIED : status >= 400 ? FAILED_REFUSED : FAILED_GARBAGE;
}

/* Code and type may both be names, or the code a status; the table's order says which counts. */
enum failure openai_failure_of(const struct openai_chunk *c, enum failure fallback)
{
	static const enum openai_field fields[] = { CHUNK_ERROR_CODE, CHUNK_ERROR_TYPE, CHUNK_CODE, CHUNK_TYPE };
	uint64_t status;
	size_t i, n;

	for (n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (openai_item_is(&c->fields[fields[i]], names[n].name))
				return names[n].failure;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (json_item_number(&c->fields[fields[i]], &status) && status >= 400 && status < 600)
			return openai_failure_of_status(status);
	return fallback;
}
