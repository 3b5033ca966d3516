/* What a model was told, as the blocks of a call, so that an engine behind llm.h can answer it: llm_blocks.c the other way round.
 *
 * The user's words are the caller's, the assistant's the agent's; what stands in <event> tags is the call's own, and of its notes "The call has
 * begun.", that the caller says nothing, and that he has waited, are left out; "Your words broke off" makes it ASK_CONTINUE. Texts are taken as they are: here nothing
 * is masked a second time. What was added is borrowed until conversation_fini; an error keeps what was there before it. No I/O, one owner.
 */
#ifndef SANDBOX_CONVERSATION_H
#define SANDBOX_CONVERSATION_H

#include <stdbool.h>
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
	size_t last_len;
	struct redact_map *map;
	enum err err;           /* ERR_LIMIT: too many blocks or uses, a text that is too long; ERR_NOMEM */
};

void conversation_init(struct conversation *c); /* conversation_fini must follow */
void conversation_fini(struct conversation *c);

/* One text of the user's: the caller's words, or one event with its tags. */
void conversation_user(struct conversation *c, const char *text, size_t len);
void conversation_agent(struct conversation *c, const char *text);

/* `args` is JSON. */
void conversation_use(struct conversation *c, const char *id, const char *name, const char *args, size_t len);
void conversation_result(struct conversation *c, const char *id, const char *text, bool is_error);

/* Of a model's script: a text, or {"text":…,"tools":[{"name":…,"input":{…}}]} with one of the two at least. */
bool conversation_script_fits(const json_t *answer);

#endif
