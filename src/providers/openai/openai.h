/* Chat completions of OpenAI and of all servers that speak alike (llama.cpp, Ollama, vLLM, gateways) behind llm.h: one of these belongs to one call
 * and knows its prompt and tools.
 *
 * An answer is one POST and one stream of chunks. The prompt's bytes are made once, when the call begins. Answers run side by side up to
 * OPENAI_STREAMS; more is ERR_BUSY. It translates and nothing else: it asks once, whatever comes back, and leaves trying again, another model
 * and what is said meanwhile to those above. No clock of its own; deadlines are the HTTP client's. Loop thread of the owner.
 *
 * `text` comes as it is streamed; `tool` only when the message is over and was not cut; then `done` with the tokens of the answer.
 * What the call hears of the rest (enum failure): BUSY: 429, 503, 529, or the server says so inside a stream that began well; a model that is
 * being loaded is busy. REFUSED: the request, its key or its account is not accepted (4xx, 429 for want of money), or the model declines,
 * maybe behind words that were told. GARBAGE: no stream of this kind, one over its ceilings, one whose tools were cut. DIED: 5xx, no
 * connection, a deadline, an end too early. An empty answer is `done` without text; whether that is enough is for the call to say.
 *
 * What differs from server to server is an option; each stands at what local servers take. Thoughts are passed over and never sent back.
 * Facts: the shared protocol notes on OpenAI-compatible servers, checked 2026-11-21; docs/providers.md for people.
 */
#ifndef PROVIDERS_OPENAI_OPENAI_H
#define PROVIDERS_OPENAI_OPENAI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "providers/llm.h"
#include "providers/openai/openai_stream.h"

#define OPENAI_DEFAULT_URL "http://127.0.0.1:8080" /* llama.cpp's */
#define OPENAI_DEFAULT_TEMPERATURE "0.3"

enum {
	OPENAI_STREAMS = 8,
	OPENAI_KEY_MAX_BYTES = 512,
	OPENAI_MODEL_MAX_BYTES = 200,
	OPENAI_DEFAULT_TOKENS = 220,
	OPENAI_TOKENS_MAX = 1000000,
	OPENAI_ID_MAX = 64,
	OPENAI_DEFAULT_CONNECT_US = 2000000,
	OPENAI_DEFAULT_IDLE_US = 10000000,
	OPENAI_DEFAULT_TOTAL_US = 60000000
};

struct http_client;
struct openai;

/* What the ceiling of an answer is called. */
enum openai_limit_name { OPENAI_MAX_TOKENS = 0, OPENAI_MAX_COMPLETION_TOKENS };

/* Whether several tools may be asked for in one answer. */
enum openai_parallel { OPENAI_PARALLEL_NO = 0, OPENAI_PARALLEL_YES, OPENAI_PARALLEL_NOT_SAID };

/* All copied but `key` and `client`. NULL and 0: the default that stands behind. */
struct openai_options {
	const char *base_url;    /* OPENAI_DEFAULT_URL; without "/v1" */
	const char *key;         /* borrowed until the close: it is read for each request and kept nowhere here. NULL, "": none is sent */
	const char *model;       /* as the server calls it; there is no default */
	uint32_t max_tokens;     /* OPENAI_DEFAULT_TOKENS */
	enum openai_limit_name limit_name; /* max_tokens; OpenAI's reasoning models want max_completion_tokens */
	const char *temperature; /* OPENAI_DEFAULT_TEMPERATURE; "0" to "2"; "": not sent, for reasoning models refuse it */
	bool without_usage;      /* stream_options are not sent: for servers that refuse them. Tokens are then 0 */
	const char *system_role; /* "system"; "developer" on OpenAI itself */
	const char *tool_choice; /* "auto"; "none", "required"; "": not sent */
	enum openai_parallel parallel; /* false is sent */
	/* The prompt, what is the same for most calls first (openai_request.h); NULL: none. */
	const char *fixed, *tenant, *facts;
	const char *tools;       /* JSON: [{"name", "description", "input_schema"}]; none */
	bool is_strict;          /* arguments are held to the schemas by the server */
	struct http_client *client; /* borrowed and outliving this, so that calls share connections; a client of its own */
	const char *ca_file;     /* for a client of its own: as in http_client.h */
	uint64_t connect_us;     /* name, connection, TLS: 2 s */
	uint64_t idle_us;        /* without a byte, the first one too: 10 s. A local server that loads its model first may need 60 */
	uint64_t total_us;       /* of an answer: 60 s */
};

/* One bucket of the account, as the server last told it. */
struct openai_limit {
	bool is_known;
	uint64_t limit, remaining;
	uint64_t reset_ms; /* from the answer on, until it is full again; 0: not told */
};

/* What is known of the answer that was told of last, and of all of them together. Nothing of it is personal or secret. */
struct openai_last {
	unsigned int status;               /* 0: none came */
	char request_id[OPENAI_ID_MAX];    /* for the server's people; "" not told */
	char error_name[OPENAI_ERROR_NAME_MAX]; /* "rate_limit_exceeded"; "" there was none, or none that is a name */
	bool has_retry_after;
	uint64_t retry_after_ms;           /* as told with a refusal; nobody here waits for it */
	struct openai_limit requests, tokens;
	struct openai_usage usage;         /* of the answer that ended last, cancelled ones included: as far as it was told */
	struct openai_usage total;         /* of all that have ended */
};

/* ERR_USAGE: an option is off, ERR_FORMAT: the tools are (the detail says what); ERR_LIMIT: the prompt is too long; ERR_UNAVAILABLE:
 * the CA file; ERR_NOMEM. *ap is then NULL. */
enum err openai_open(struct openai **ap, uv_loop_t *loop, const struct openai_options *options, struct err_detail *detail) MUST_USE;

/* Cancels what runs: slots are emptied and nobody is told. With a client of its own, its handles close in the loop's next turns.
 * NULL-safe; not from inside an event. */
void openai_close(struct openai **ap);

const struct openai_last *openai_last(const struct openai *a); /* borrowed until the close */

extern const struct llm openai_llm; /* its vendor is a struct openai */

#endif
