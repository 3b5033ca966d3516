/* The body of a request: a call's prompt, written once, and its blocks as Anthropic's messages.
 *
 * Same blocks, same bytes; one block more, and all but the tail and the cache's markers stays: the vendor caches by prefix. Rules of the
 * messages: the first is the user's and so is the last spoken one; neighbours of one role are one message; each use of a tool is
 * answered by the user message behind it, results first; empty texts are left out. The agent's words that were cut short end in a dash,
 * which a voice passes over should the model copy it. What the call's own machinery says (events, notes) stands in <event> tags; nobody
 * else can write one: '<' in a caller's words and in results is written "&lt;". Where the model takes them, events are system messages
 * behind the user's words. Cache markers, at most four: the static prompt (one hour), the tenant's (five minutes), the last user block, and
 * one on the way there, because the vendor looks back 20 blocks only; each where the prefix may be long enough to be cached at all. That an answer is to be short stands
 * behind all of them, as the last block: the next request has it no more.
 * Facts: the shared protocol notes on Anthropic, sections 2, 4, 5, 6 and 9. No I/O, no clock, one owner.
 */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_REQUEST_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "providers/anthropic/anthropic_models.h"
#include "providers/llm.h"

enum {
	ANTHROPIC_BODY_MAX_BYTES = 8 << 20,
	ANTHROPIC_PROMPT_MAX_BYTES = 2 << 20, /* all of the prompt and the tools */
	ANTHROPIC_BLOCKS_MAX = 8192           /* of a request; more is ERR_LIMIT */
};

/* What a call says in every request. Texts may be NULL; borrowed while they are read. */
struct anthropic_prompt {
	const char *model;          /* its id, as it is sent */
	uint32_t max_tokens;
	const char *effort;         /* "low" …; NULL: the model's own. Left out for a model that knows none */
	const char *fixed;          /* the same for all calls of a rule-book and language: cached for an hour */
	const char *tenant;         /* the same for all of a tenant's or campaign's calls: cached for five minutes */
	const char *facts;          /* this call's: behind what is cached for others */
	const char *tools;          /* JSON: [{"name", "description", "input_schema"}], other members are left out; NULL: none */
	bool is_strict;             /* the vendor holds the model to the schemas; what it cannot hold it to is left out of them */
};

/* The bytes before the messages. */
struct anthropic_head {
	struct buf text;
	const struct anthropic_model *model;
	bool has_tools;
};

/* `h->text` is yours to end by buf_fini, also after an error. ERR_FORMAT: the tools; ERR_LIMIT: too long; ERR_NOMEM. */
enum err anthropic_head_make(struct anthropic_head *h, const struct anthropic_prompt *prompt, struct err_detail *detail) MUST_USE;

/* The whole body, into `out`, which is emptied before. ERR_LIMIT: too long; ERR_NOMEM. */
enum err anthropic_request_make(const struct anthropic_head *h, enum ask_kind kind, const struct llm_block *blocks, size_t count, struct buf *out) MUST_USE;

/* For both halves of this file's .c: a marker that the cache may keep what is before it, and whether so many bytes may be enough. */
bool anthropic_cache_pays(const struct anthropic_model *model, size_t bytes);
#define ANTHROPIC_MARKER ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define ANTHROPIC_MARKER_1H ",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"

#endif
