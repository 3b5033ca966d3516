/* Anthropic's messages as the blocks of a call, so that an engine behind llm.h can answer them: anthropic_request.c the other way round.
 *
 * The user's words are the caller's, the assistant's the agent's; what stands in <event> tags is the call's own, and of its notes "The call has
 * begun." and that the caller says nothing are left out, "Your words broke off" makes it ASK_CONTINUE. Texts are taken as they are: here nothing
 * is masked a second time. Borrows the messages, which must be judged ones (rules.h). No I/O, one owner.
 */
#ifndef SANDBOX_ANTHROPIC_CONVERSATION_H
#define SANDBOX_ANTHROPIC_CONVERSATION_H

#include <stddef.h>

#include <jansson.h>

#include "base/err.h"
#include "providers/llm.h"

enum { CONVERSATION_BLOCKS_MAX = 8192, CONVERSATION_USES_MAX = 1024, CONVERSATION_TEXT_MAX = 60000 };

struct redact_map;

struct conversation {
	struct llm_block *blocks;
	size_t count, room;
	enum ask_kind kind;
	const char *uses[CONVERSATION_USES_MAX]; /* ids; a use's place is its key */
	size_t use_count;
	const char *last_words; /* of the user, as they came; NULL: none */
	struct redact_map *map;
	enum err err;
};

/* ERR_LIMIT: too many blocks or uses, a text that is too long; ERR_NOMEM. Either way conversation_fini must follow. */
enum err conversation_read(struct conversation *c, const json_t *messages) MUST_USE;
void conversation_fini(struct conversation *c);

#endif
