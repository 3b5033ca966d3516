/* What Anthropic's Messages API refuses, by version and model: a request judged as the vendor would, in its words' sense.
 *
 * The table of models is this file's own, read from the sheet a second time and not taken from the adapter: what one of the two has wrong, a
 * test shows. Facts: the shared protocol notes on Anthropic, checked 2026-11-21: section 0 (versions), 1 (headers), 2 (fields, models), 4 (tools), 5
 * (history), 6 (markers), 7 (errors). Pure, any thread.
 */
#ifndef SANDBOX_ANTHROPIC_RULES_H
#define SANDBOX_ANTHROPIC_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum { MARKERS_MAX = 4, MESSAGE_BODY_MAX_BYTES = 32 << 20 };

enum api_version { API_NONE = 0, API_2023_06_01, API_2026_10_21 };

struct message_model {
	const char *id;              /* without a date */
	const char *thinking[4];     /* types that it takes, NULL-ended */
	const char *efforts[6];      /* of output_config, NULL-ended */
	bool thinks_by_itself;
	bool takes_sampling;         /* under 2023-06-01 */
	bool takes_prefill, takes_forced_tool, takes_system_messages;
	uint32_t cache_min_tokens;
	uint32_t answer_max_tokens;
	uint32_t percent_tokens;     /* of those that Haiku 4.5's tokenizer makes of a text */
};

/* What is wrong: a status, one of the vendor's types of error, a sentence. Status 0: nothing. */
struct message_refusal {
	unsigned int status;
	const char *type;
	char message[240];
};

/* "invalid_request_error" of 400, and so on; "api_error" of what has no name. */
const char *message_error_type(unsigned int status);

enum api_version api_version_find(const char *text);        /* NULL is API_NONE */
const struct message_model *message_model_find(const char *id); /* NULL: there is none */

/* The whole body. `counts`: for count_tokens, which needs no max_tokens. False: *refusal says why. */
bool message_judge(const json_t *body, enum api_version version, bool counts, struct message_refusal *refusal);

#endif
