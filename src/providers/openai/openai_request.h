/* The body of a request: a call's prompt, written once, and its blocks as messages of a chat completion.
 *
 * Same blocks, same bytes; one block more, and all but the tail stays: servers keep what they have read by its prefix. Rules of the messages, which the
 * templates behind such servers set: one system message, the first; then the user's; neighbours of one role are one message; contents are plain
 * strings; a message with tool calls stands right before the results of all of them, and `content` is "" there and not null; the last is the user's
 * or a result. The agent's words that were cut short end in a dash. What the call's own machinery says (events, notes) stands in <event>
 * tags in the user's messages; nobody else can write one (providers/llm_blocks.h). A result has no mark of its own for a mistake: it says so.
 * Facts: the shared protocol notes on OpenAI-compatible servers, sections 1 and 8. No I/O, no clock, one owner.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_REQUEST_H
#define PROVIDERS_OPENAI_OPENAI_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/llm.h"

enum {
	OPENAI_BODY_MAX_BYTES = 8 << 20,
	OPENAI_PROMPT_MAX_BYTES = 2 << 20, /* all of the prompt and the tools */
	OPENAI_BLOCKS_MAX = 8192           /* of a request; more is ERR_LIMIT */
};

/* What a call says in every request. Texts may be NULL, which leaves out what they stand for; borrowed while they are read. */
struct openai_prompt {
	const char *model;
	uint32_t max_tokens;
	const char *limit_name;      /* "max_tokens", "max_completion_tokens"; never NULL */
	const char *temperature;     /* a number as it is sent: "0.3" */
	bool has_usage;              /* stream_options: the tokens are asked for */
	const char *system_role;     /* never NULL */
	const char *tool_choice;     /* "auto" */
	const char *parallel_tools;  /* "true", "false" */
	const char *fixed, *tenant, *facts;
	const char *tools;           /* JSON, see providers/llm_tools.h */
	bool is_strict;
};

/* The bytes before the messages behind the prompt. */
struct openai_head {
	struct buf text;
	bool has_tools;
};

/* `h->text` is yours to end by buf_fini, also after an error. ERR_FORMAT: the tools; ERR_LIMIT: too long; ERR_NOMEM. */
enum err openai_head_make(struct openai_head *h, const struct openai_prompt *prompt, struct err_detail *detail) MUST_USE;

/* The whole body, into `out`, which is emptied before. ERR_LIMIT: too long; ERR_NOMEM. */
enum err openai_request_make(const struct openai_head *h, enum ask_kind kind, const struct llm_block *blocks, size_t count, struct buf *out) MUST_USE;

#endif
