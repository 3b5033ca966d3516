/* Anthropic's messages as a conversation: anthropic_request.c the other way round. The messages must be judged ones (rules.h) and are borrowed
 * until conversation_fini. Pure.
 */
#ifndef SANDBOX_ANTHROPIC_MESSAGES_READ_H
#define SANDBOX_ANTHROPIC_MESSAGES_READ_H

#include <jansson.h>

#include "sandbox/conversation.h"

/* The conversation's error. Either way conversation_fini must follow. */
enum err messages_read(struct conversation *c, const json_t *messages) MUST_USE;

#endif
