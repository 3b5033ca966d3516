/* Every parser of outside bytes behind one shape: what `callfunnel parse` runs and what the fuzzers call. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PARSE_MAX_BYTES = 64 * 1024 * 1024 };

struct parse_kind {
	const char *name;
	const char *help;
	enum err (*run)(const uint8_t *data, size_t len, struct err_detail *detail); /* keeps nothing; any bytes, any length */
};

extern const struct parse_kind parse_kinds[]; /* ends with a NULL name */

/* NULL when there is none of that name. */
const struct parse_kind *parse_find(const char *name);

#endif
