/* The tools of a call, read once and written into a request's head in the words of a vendor: names looked at, sorted, no two alike.
 *
 * Sorted, because the order in a rule-book may change and the bytes that a vendor keeps must not. Pure.
 */
#ifndef PROVIDERS_LLM_TOOLS_H
#define PROVIDERS_LLM_TOOLS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/llm_blocks.h"

enum {
	LLM_TOOLS_MAX_BYTES = 2 << 20,
	LLM_TOOLS_DEPTH = 32 /* of a strict tool's schema */
};

/* Writes one tool, an object, into `out`. `about` may be NULL; `schema` is the JSON of its arguments' schema. */
typedef void (*llm_tool_h)(struct buf *out, const char *name, const char *about, const char *schema, bool is_strict);

/* `tools`: JSON: [{"name", "description", "input_schema"}], other members are left out; NULL or "": none. Writes "tools":[…] when there is one at
 * least, and says so in *has_tools. A strict schema knows shapes and no sizes (maxLength, minimum …), which are left out of it: vendors
 * refuse them there, and whoever runs the tool looks at them again. ERR_FORMAT: the tools are off, see the detail; ERR_LIMIT; ERR_NOMEM. */
enum err llm_tools_put(struct buf *out, const char *tools, bool is_strict, llm_tool_h put, bool *has_tools, struct err_detail *detail) MUST_USE;

#endif
