/* Anthropic's prompt cache, counted as the vendor counts: what of a request was read, written, or neither.
 *
 * A prefix ends at a marker; its key is the model and every byte before, in the order tools, system, messages, markers themselves left out. Each
 * marker looks back CACHE_LOOK_BACK blocks for a prefix that is kept; the longest that is found is read, and what stands between it and the last
 * marker is written, for an hour up to the last marker that says so. Shorter prefixes than the model's minimum are neither. A prefix lives
 * five minutes or an hour from its last use. Tokens are an estimate: a quarter of the bytes, and more where the model's tokenizer makes more.
 * Facts: the shared protocol notes on Anthropic, section 6. No clock of its own; one owner, one thread.
 */
#ifndef SANDBOX_ANTHROPIC_PROMPT_CACHE_H
#define SANDBOX_ANTHROPIC_PROMPT_CACHE_H

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"
#include "sandbox/anthropic/rules.h"

enum { CACHE_LOOK_BACK = 20, CACHE_ENTRIES_MAX = 4096 };

struct prompt_usage {
	uint64_t input; /* neither read nor written */
	uint64_t write_5m, write_1h, read;
};

struct prompt_cache;

enum err prompt_cache_new(struct prompt_cache **cp) MUST_USE;
void prompt_cache_free(struct prompt_cache **cp);

/* A judged request (rules.h) is made: what it used, and what is kept from now on. ERR_NOMEM. */
enum err prompt_cache_use(struct prompt_cache *c, const struct message_model *model, const json_t *body, uint64_t now_us, struct prompt_usage *usage) MUST_USE;

/* So many tokens a text of a model has. */
uint64_t message_tokens(const struct message_model *model, size_t bytes);

/* All tokens of a request, whatever is kept. ERR_NOMEM. */
enum err message_count(const struct message_model *model, const json_t *body, uint64_t *tokens) MUST_USE;

#endif
