/* What the head and the status of a reply say beside its stream. Pure; the vendor's object alone uses it.
 * Facts: the shared protocol notes on OpenAI-compatible servers, section 4. */
#ifndef PROVIDERS_OPENAI_OPENAI_REPLY_H
#define PROVIDERS_OPENAI_OPENAI_REPLY_H

#include "base/http_client.h"
#include "providers/openai/openai.h"
#include "providers/shapes.h"

/* Status, request id, retry-after and limits; a limit that is not told stays as it was. */
void openai_reply_head(struct openai_last *last, const struct http_answer *answer);

/* Why an answer other than 200 failed. `body` is an error's JSON, or anything. */
enum failure openai_reply_failed(struct openai_last *last, unsigned int status, const void *body, size_t len);

/* Why an exchange without an answer, or without its end, failed. */
enum failure openai_reply_lost(enum err err);

#endif
