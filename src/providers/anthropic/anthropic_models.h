/* What is known of each of Anthropic's models, as data: what a request to it may say, what it caches. What it costs stands in base/prices.c.
 *
 * Adding a model is a row in anthropic_models.c and nothing else. One that is not known gets the row that is never refused: nothing
 * optional is sent. Facts: the shared protocol notes on Anthropic, "Model facts" and sections 2, 5 and 6, checked
 * 2026-11-21. No state, any thread.
 */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_MODELS_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANTHROPIC_DEFAULT_MODEL "claude-haiku-5-5"
#define ANTHROPIC_DEFAULT_VERSION "2026-10-21"

/* Versions of the API, as bits. */
enum { ANTHROPIC_2023_06_01 = 1, ANTHROPIC_2026_10_21 = 2 };

/* How hard a model is told to try, as bits; 0: nothing is said and the model's own counts. */
enum { EFFORT_LOW = 1, EFFORT_MEDIUM = 2, EFFORT_HIGH = 4, EFFORT_XHIGH = 8, EFFORT_MAX = 16 };

/* Ways of thinking that may be asked for, as bits. ENABLED is the old one, with a budget of tokens. */
enum { THINKING_DISABLED = 1, THINKING_ADAPTIVE = 2, THINKING_BETWEEN_TOOLS = 4, THINKING_ENABLED = 8 };

struct anthropic_model {
	const char *id;                /* without a date; NULL: the row of those that are not known */
	unsigned int versions;         /* of the API that it is served under */
	unsigned int thinking;         /* the ways that it knows */
	const char *thinking_off;      /* the way to be sent so that it thinks least; NULL: nothing is sent */
	unsigned int thinking_off_efforts; /* the efforts that this goes with; it goes with none said */
	unsigned int efforts;          /* that it knows; 0: it does not know the word */
	unsigned int sampling;         /* versions under which temperature and its like are no mistake */
	bool takes_prefill;            /* the last message may be the assistant's: a fact only, requests here never end so */
	bool takes_forced_tool;        /* tool_choice "any" or "tool": a fact only, no request here forces one */
	bool takes_system_messages;    /* role "system" among the messages */
	uint32_t cache_min_tokens;     /* a shorter prefix is not cached, and nobody says so */
	uint32_t context_tokens, answer_max_tokens;
};

/* Tokens of an answer, or of several together. */
struct anthropic_usage {
	uint64_t input; /* neither read from the cache nor written to it */
	uint64_t cache_write_5m, cache_write_1h, cache_read;
	uint64_t output;
};

/* By its id, with or without a date behind it ("-20251001"); never NULL. */
const struct anthropic_model *anthropic_model_find(const char *id);

/* The bit of a version ("2026-10-21") or of an effort ("low"); 0: there is none of that name. */
unsigned int anthropic_version_find(const char *version);
unsigned int anthropic_effort_find(const char *effort);

#endif
