/* Anthropic's Messages API behind llm.h: one of these belongs to one call and knows its prompt and tools.
 *
 * An answer is one POST and one stream of events. The prompt's bytes are made once, when the call begins. Answers run side by side up to
 * ANTHROPIC_STREAMS; more is ERR_BUSY. It translates and nothing else: it asks once, whatever comes back, and leaves trying again, another model
 * and what is said meanwhile to those above. No clock of its own; deadlines are the HTTP client's. Loop thread of the owner.
 *
 * `text` comes as it is streamed; `tool` only when the message is over and stopped for its tools; then `done` with the tokens of the answer.
 * What the call hears of the rest (enum failure): BUSY: 429, 503, 529, or the vendor says so inside a stream that began well. REFUSED:
 * the request, its key or its account is not accepted (4xx), or the model declines, maybe behind words that were told. GARBAGE: no stream
 * of this kind, one over its ceilings, one whose tools were cut by max_tokens. DIED: 5xx, no connection, a deadline, an end too early.
 * An empty answer is `done` without text; whether that is enough is for the call to say.
 *
 * Where a model thinks by default and can be told not to, it is told. Thoughts are passed over and never sent back.
 * Facts: the shared protocol notes on Anthropic, checked 2026-11-21; docs/providers.md for people.
 */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "providers/anthropic/anthropic_models.h"
#include "providers/llm.h"

#define ANTHROPIC_DEFAULT_URL "https://api.anthropic.com"

enum {
	ANTHROPIC_STREAMS = 8,
	ANTHROPIC_KEY_MAX_BYTES = 512,
	ANTHROPIC_DEFAULT_TOKENS = 300,
	ANTHROPIC_ID_MAX = 64,
	ANTHROPIC_DEFAULT_CONNECT_US = 2000000,
	ANTHROPIC_DEFAULT_IDLE_US = 10000000,
	ANTHROPIC_DEFAULT_TOTAL_US = 60000000
};

struct http_client;
struct anthropic;

/* All copied but `key` and `client`. NULL and 0: the default that stands behind. */
struct anthropic_options {
	const char *base_url;    /* ANTHROPIC_DEFAULT_URL; without "/v1" */
	const char *key;         /* borrowed until the close: it is read for each request and kept nowhere here */
	const char *api_version; /* ANTHROPIC_DEFAULT_VERSION, or 2023-06-01 */
	const char *model;       /* ANTHROPIC_DEFAULT_MODEL */
	uint32_t max_tokens;     /* ANTHROPIC_DEFAULT_TOKENS */
	const char *effort;      /* low, medium, high, xhigh, max; the model's own. Not sent to a model that knows none */
	/* The prompt, what is the same for most calls first (anthropic_request.h); NULL: none. */
	const char *fixed, *tenant, *facts;
	const char *tools;       /* JSON: [{"name", "description", "input_schema"}]; none */
	bool is_strict;          /* arguments are held to the schemas by the vendor */
	struct http_client *client; /* borrowed and outliving this, so that calls share connections; a client of its own */
	const char *ca_file;     /* for a client of its own: as in http_client.h */
	uint64_t connect_us;     /* name, connection, TLS: 2 s */
	uint64_t idle_us;        /* without a byte, the first one too: 10 s */
	uint64_t total_us;       /* of an answer: 60 s */
};

/* One bucket of the account, as the vendor last told it. */
struct anthropic_limit {
	bool is_known;
	uint64_t limit, remaining;
	int64_t reset_s; /* Unix time when it is full again; 0: not told */
};

/* What is known of the answer that was told of last, and of all of them together. Nothing of it is personal or secret. */
struct anthropic_last {
	unsigned int status;             /* 0: none came */
	char request_id[ANTHROPIC_ID_MAX]; /* for the vendor's support; "" not told */
	char error_type[48];             /* "overloaded_error"; "" there was none, or it was none of theirs */
	bool has_retry_after;
	uint64_t retry_after_ms;         /* as told with a refusal; nobody here waits for it */
	struct anthropic_limit requests, tokens, input_tokens, output_tokens;
	struct anthropic_usage usage;    /* of the answer that ended last, cancelled ones included: as far as it was told */
	struct anthropic_usage total;    /* of all that have ended */
};

/* ERR_USAGE: an option is off, ERR_FORMAT: the tools are (the detail says what); ERR_LIMIT: the prompt is too long; ERR_UNAVAILABLE:
 * the CA file; ERR_NOMEM. *ap is then NULL. */
enum err anthropic_open(struct anthropic **ap, uv_loop_t *loop, const struct anthropic_options *options, struct err_detail *detail) MUST_USE;

/* Cancels what runs: slots are emptied and nobody is told. With a client of its own, its handles close in the loop's next turns.
 * NULL-safe; not from inside an event. */
void anthropic_close(struct anthropic **ap);

const struct anthropic_last *anthropic_last(const struct anthropic *a); /* borrowed until the close */
const struct anthropic_model *anthropic_model(const struct anthropic *a);

extern const struct llm anthropic_llm; /* its vendor is a struct anthropic */

#endif
