/* A chat's messages as a conversation: openai_request.c the other way round. Each line of a user's message is words of the caller or an event. What
 * the system says is passed over: the engine that is lent has its own. The messages must be judged ones (rules.h) and are borrowed until
 * conversation_fini. Pure.
 */
#ifndef SANDBOX_OPENAI_CHAT_READ_H
#define SANDBOX_OPENAI_CHAT_READ_H

#include <jansson.h>

#include "sandbox/conversation.h"

/* The conversation's error. Either way conversation_fini must follow. */
enum err chat_read(struct conversation *c, const json_t *messages) MUST_USE;

#endif
