/* A language model: a request in, text and tool calls out, streamed. Loop thread of the session.
 *
 * Whatever was said or looked up reaches a model as `struct redacted` and as nothing else: personal data is masked, by type
 * (redact/redact.h). What a model says of a value is its placeholder, in words as in a tool's arguments; whoever asked puts the value
 * back. How many digits it has may be told (redacted_digits). A tool's name is the rule-book's.
 * Shapes as in stt.h. `tool` comes only with complete, parsed arguments; `done` or `failed` is the last callback, the slot
 * is NULL before it. `used` tells once what the answer took: just before the last callback, or from inside the cancel; of one that the
 * adapter's own close silences too. What the vendor did not say is estimated and marked.
 */
#ifndef PROVIDERS_LLM_H
#define PROVIDERS_LLM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/usage.h"
#include "providers/shapes.h"

struct redacted; /* redact/redact.h */
struct llm_answer;

/* One block of a request, in order. Adapters merge neighbours of one role. All borrowed. */
struct llm_block {
	enum block_type type;
	uint32_t turn, index; /* TOOL_USE and TOOL_RESULT: its key */
	uint32_t status;      /* TOOL_RESULT: enum tool_status */
	const char *name;     /* TOOL_USE */
	size_t name_len;
	const struct redacted *text; /* never NULL: words; TOOL_USE: arguments (JSON); TOOL_RESULT: the result; EVENT: knowledge, late results */
};

struct llm_events {
	void (*text)(void *arg, const char *text, size_t len);
	void (*tool)(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len);
	void (*done)(void *arg, uint32_t tokens);
	void (*failed)(void *arg, enum failure why);
	usage_h *used; /* NULL: nobody counts */
};

struct llm {
	const char *name;
	/* `vendor` knows the call's prompt and tools. What is passed in is borrowed for the call. `attempt` counts from 1, for choosing an alternative above. */
	enum err (*start)(void *vendor, struct llm_answer **ap, enum ask_kind kind, uint32_t attempt,
		const struct llm_block *blocks, size_t count, const struct llm_events *events, void *arg);
	void (*cancel)(struct llm_answer **ap);
};

#endif
