#include "sandbox/conversation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "redact/redact.h"

enum { BLOCKS_STEP = 64 };

static const char event_open[] = "<event>", event_close[] = "</event>", interrupted[] = " \xe2\x80\x94";

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A text that is taken as it is: nothing was found in it. */
static struct redacted *text_make(struct conversation *c, const char *text, size_t len)
{
	static const struct redact_found nothing;
	struct redacted *r = NULL;

	if (!c->err)
		c->err = len > CONVERSATION_TEXT_MAX ? ERR_LIMIT : redact_apply(c->map, text, len, &nothing, &r);
	return r;
}

static struct llm_block *block_add(struct conversation *c, enum block_type type, const char *text, size_t len)
{
	struct redacted *words = text_make(c, text, len);
	struct llm_block *list;

	if (!words)
		return NULL;
	if (c->count == c->room) {
		list = c->count == CONVERSATION_BLOCKS_MAX ? NULL : realloc(c->blocks, (c->room + BLOCKS_STEP) * sizeof(*list));
		if (!list) {
			c->err = c->count == CONVERSATION_BLOCKS_MAX ? ERR_LIMIT : ERR_NOMEM;
			redacted_free(&words);
			return NULL;
		}
		c->blocks = list;
		c->room += BLOCKS_STEP;
	}
	c->blocks[c->count] = (struct llm_block){ .type = type, .text = words };
	return &c->blocks[c->count++];
}

/* What was written "&lt;" so that it could be no tag. */
static void words_add(struct conversation *c, enum block_type type, const char *text, size_t len)
{
	struct buf b;

	buf_init(&b, CONVERSATION_TEXT_MAX);
	while (len) {
		const char *at = memmem(text, len, "&lt;", 4);
		size_t n = at ? (size_t)(at - text) : len;

		buf_append(&b, text, n);
		if (at)
			buf_byte(&b, '<');
		n += at ? 4 : 0;
		text += n;
		len -= n;
	}
	if (b.err && !c->err)
		c->err = b.err;
	else
		(void)!block_add(c, type, buf_str(&b), b.len);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ who said what */

static void event_add(struct conversation *c, const char *text, size_t len)
{
	static const char begun[] = "The call has begun.", silent[] = "The caller has said nothing since.", broke[] = "Your words broke off there.";
	static const char waited[] = "The caller has waited for longer than usual.";

	if (begins(text, broke))
		c->kind = ASK_CONTINUE;
	else if (!begins(text, begun) && !begins(text, silent) && !begins(text, waited))
		words_add(c, BLOCK_EVENT, text, len);
}

void conversation_user(struct conversation *c, const char *text, size_t len)
{
	size_t tags = sizeof(event_open) - 1 + sizeof(event_close) - 1;

	if (len >= tags && begins(text, event_open) && !memcmp(text + len - (sizeof(event_close) - 1), event_close, sizeof(event_close) - 1)) {
		event_add(c, text + sizeof(event_open) - 1, len - tags);
		return;
	}
	c->last_words = text;
	c->last_len = len;
	words_add(c, BLOCK_CALLER, text, len);
}

void conversation_agent(struct conversation *c, const char *text)
{
	size_t len = strlen(text), dash = sizeof(interrupted) - 1;

	if (len > dash && !strcmp(text + len - dash, interrupted))
		len -= dash;
	(void)!block_add(c, BLOCK_AGENT, text, len);
}

void conversation_use(struct conversation *c, const char *id, const char *name, const char *args, size_t len)
{
	struct llm_block *at = block_add(c, BLOCK_TOOL_USE, args, len);

	if (!at)
		return;
	if (c->use_count == CONVERSATION_USES_MAX) {
		c->err = ERR_LIMIT;
		return;
	}
	c->uses[c->use_count] = id;
	at->turn = (uint32_t)++c->use_count;
	at->name = name;
	at->name_len = strlen(name);
}

void conversation_result(struct conversation *c, const char *id, const char *text, bool is_error)
{
	struct llm_block *at = block_add(c, BLOCK_TOOL_RESULT, text, strlen(text));
	size_t i;

	for (i = 0; i < c->use_count && strcmp(c->uses[i], id) != 0; i++) {
	}
	if (!at)
		return;
	at->turn = (uint32_t)i + 1;
	at->status = is_error ? TOOL_ERROR : TOOL_OK;
}

void conversation_init(struct conversation *c)
{
	*c = (struct conversation){ .kind = ASK_PLAIN };
	c->err = redact_map_new(&c->map);
}

void conversation_fini(struct conversation *c)
{
	for (size_t i = 0; i < c->count; i++)
		redacted_free((struct redacted **)(uintptr_t)&c->blocks[i].text);
	free(c->blocks);
	redact_map_free(&c->map);
	c->blocks = NULL;
	c->count = 0;
}

bool conversation_script_fits(const json_t *answer)
{
	const json_t *tools = json_object_get(answer, "tools"), *tool;
	size_t i;

	if (json_is_string(answer))
		return true;
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool)
		if (!json_is_string(json_object_get(tool, "name")) || !json_is_object(json_object_get(tool, "input")))
			return false;
	return json_is_string(json_object_get(answer, "text")) || json_array_size(tools);
}
