#include "sandbox/anthropic/conversation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "redact/redact.h"

enum { BLOCKS_STEP = 64 };

static const char event_open[] = "<event>", event_close[] = "</event>", interrupted[] = " \xe2\x80\x94";

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

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

	if (begins(text, broke))
		c->kind = ASK_CONTINUE;
	else if (!begins(text, begun) && !begins(text, silent))
		words_add(c, BLOCK_EVENT, text, len);
}

static void user_text_add(struct conversation *c, const char *text)
{
	size_t len = strlen(text), tags = sizeof(event_open) - 1 + sizeof(event_close) - 1;

	if (begins(text, event_open) && len >= tags && !strcmp(text + len - (sizeof(event_close) - 1), event_close)) {
		event_add(c, text + sizeof(event_open) - 1, len - tags);
		return;
	}
	c->last_words = text;
	words_add(c, BLOCK_CALLER, text, len);
}

static void agent_text_add(struct conversation *c, const char *text)
{
	size_t len = strlen(text), dash = sizeof(interrupted) - 1;

	if (len > dash && !strcmp(text + len - dash, interrupted))
		len -= dash;
	(void)!block_add(c, BLOCK_AGENT, text, len);
}

static void use_add(struct conversation *c, const json_t *block)
{
	char *input = json_dumps(json_object_get(block, "input"), JSON_COMPACT);
	const char *name = text_of(block, "name");
	struct llm_block *at = input ? block_add(c, BLOCK_TOOL_USE, input, strlen(input)) : NULL;

	free(input);
	if (!at)
		return;
	if (c->use_count == CONVERSATION_USES_MAX) {
		c->err = ERR_LIMIT;
		return;
	}
	c->uses[c->use_count] = text_of(block, "id");
	at->turn = (uint32_t)++c->use_count;
	at->name = name;
	at->name_len = strlen(name);
}

/* A result is a text, or a list of texts: the first counts. */
static void result_add(struct conversation *c, const json_t *block)
{
	const json_t *content = json_object_get(block, "content");
	const char *text = json_is_array(content) ? text_of(json_array_get(content, 0), "text") : json_string_value(content);
	const char *id = text_of(block, "tool_use_id");
	struct llm_block *at;
	size_t i;

	for (i = 0; i < c->use_count && strcmp(c->uses[i], id) != 0; i++) {
	}
	at = block_add(c, BLOCK_TOOL_RESULT, text ? text : "", text ? strlen(text) : 0);
	if (!at)
		return;
	at->turn = (uint32_t)i + 1;
	at->status = json_is_true(json_object_get(block, "is_error")) ? TOOL_ERROR : TOOL_OK;
}

static void block_read(struct conversation *c, const char *role, const json_t *block)
{
	const char *type = text_of(block, "type"), *text = text_of(block, "text");

	if (!strcmp(type, "tool_use"))
		use_add(c, block);
	else if (!strcmp(type, "tool_result"))
		result_add(c, block);
	else if (text && !strcmp(role, "assistant"))
		agent_text_add(c, text);
	else if (text)
		user_text_add(c, text);
}

enum err conversation_read(struct conversation *c, const json_t *messages)
{
	const json_t *message, *block;
	size_t i, k;

	*c = (struct conversation){ .kind = ASK_PLAIN };
	c->err = redact_map_new(&c->map);
	json_array_foreach((json_t *)(uintptr_t)messages, i, message) {
		const char *role = text_of(message, "role");
		const json_t *content = json_object_get(message, "content");

		if (json_is_string(content) && !strcmp(role, "assistant"))
			agent_text_add(c, json_string_value(content));
		else if (json_is_string(content))
			user_text_add(c, json_string_value(content));
		json_array_foreach((json_t *)(uintptr_t)content, k, block)
			block_read(c, role, block);
	}
	return c->err;
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
