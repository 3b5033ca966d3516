/* What OpenAI takes of a chat's request and of a text to be spoken, and what it refuses. Facts: the shared protocol notes on OpenAI-compatible
 * servers, checked 2026-11-21, sections 1 (requests), 4 (errors), 6 (speech), 8 (traps), and the types of the vendor's SDK. Any name is a model; those
 * that begin as the vendor's reasoning models do are judged as such. Pure; borrows the body.
 */
#ifndef SANDBOX_OPENAI_RULES_H
#define SANDBOX_OPENAI_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum { CHAT_CALLS_MAX = 128 /* of one message */, CHAT_MESSAGES_MAX = 100000, AUDIO_INPUT_MAX = 4096 /* characters */ };

struct openai_refusal {
	unsigned int status;
	char param[64]; /* the member that is wrong; empty: none */
	char message[200];
};

bool chat_judge(const json_t *body, struct openai_refusal *refusal);
bool audio_judge(const json_t *body, struct openai_refusal *refusal);

/* How many tokens an answer may have; 0: any number. */
uint64_t chat_limit(const json_t *body);

/* An estimate: four bytes a token, at least one for something. */
uint64_t chat_tokens(uint64_t bytes);

#endif
