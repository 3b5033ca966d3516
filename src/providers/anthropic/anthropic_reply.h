/* What the head and the status of Anthropic's reply say beside its stream. Pure; the vendor's object alone uses it.
 * Facts: the shared protocol notes on Anthropic, sections 1 and 7. */
#ifndef PROVIDERS_ANTHROPIC_ANTHROPIC_REPLY_H
#define PROVIDERS_ANTHROPIC_ANTHROPIC_REPLY_H

#include "base/http_client.h"
#include "providers/anthropic/anthropic.h"
#include "providers/shapes.h"

/* Status, request id, retry-after and limits; a limit that is not told stays as it was. */
void anthropic_reply_head(struct anthropic_last *last, const struct http_answer *answer);

/* Why an answer other than 200 failed. `body` is an error's JSON, or anything. */
enum failure anthropic_reply_failed(struct anthropic_last *last, unsigned int status, const void *body, size_t len);

/* Why an exchange without an answer, or without its end, failed. */
enum failure anthropic_reply_lost(enum err err);

#endif
