/* What the model says of the results and events that it is shown: each in a sentence of its own, once, and again when what it said of it was not
 * heard to its end. Pure functions of the blocks; the judge knows the sentences by the same words (promises_told.c). */
#include <stdio.h>
#include <string.h>

#include "redact/redact.h"
#include "simulate/model.h"

enum { TELLING = 320, TOLD_TEXT_MAX = 160, SAID_TEXT = 8192 };

static const char event_lead[] = EVENT_RESULT;

void model_say(struct model_reply *r, const char *text)
{
	size_t len = strlen(text), space = r->len ? 1 : 0;

	if (r->len + space + len >= MODEL_TEXT)
		return;
	if (space)
		r->text[r->len++] = ' ';
	memcpy(r->text + r->len, text, len);
	r->len += (uint32_t)len;
}

/* A name as it is said: "find_patient" is "find patient". */
static void name_say(char *to, size_t size, const char *name, size_t len)
{
	size_t i;

	snprintf(to, size, "%.*s", (int)len, name);
	for (i = 0; to[i]; i++)
		if (to[i] == '_')
			to[i] = ' ';
}

void model_result_words(char *words, size_t size, const char *name, size_t name_len, enum tool_status status, const char *text, size_t len)
{
	char said[64];

	name_say(said, sizeof(said), name, name_len);
	*words = 0;
	if (status == TOOL_ERROR)
		snprintf(words, size, "%s did not work just now", said);
	else if (status == TOOL_UNKNOWN)
		snprintf(words, size, "whether %s went through", said);
	else if (len && len < TOLD_TEXT_MAX)
		snprintf(words, size, "%s gave %.*s", said, (int)len, text);
}

/* Worth a word only when there is nothing newer: that a result is not there yet, that the call ends, what was looked up. */
static bool is_passing(const struct llm_block *b)
{
	static const char follows[] = "the result will follow", ends[] = "the call ends when this is said";
	const char *text = redacted_text(b->text);
	size_t len = redacted_len(b->text), lead = sizeof(event_lead) - 1;

	if (b->type == BLOCK_EVENT)
		return len < lead || memcmp(text, event_lead, lead) != 0;
	return memmem(text, len, follows, sizeof(follows) - 1) || memmem(text, len, ends, sizeof(ends) - 1);
}

/* An event's, or a result's. `name_len`: of the tool's name behind the lead. */
static enum tool_status told_status(const struct llm_block *b, size_t *name_len)
{
	static const char *const heads[] = { EVENT_FAILED, EVENT_UNKNOWN };
	static const enum tool_status stati[] = { TOOL_ERROR, TOOL_UNKNOWN };
	const char *text = redacted_text(b->text), *found;
	size_t len = redacted_len(b->text), lead = sizeof(event_lead) - 1;
	unsigned int i;

	for (i = 0; i < 2 && b->type == BLOCK_EVENT && len > lead && !memcmp(text, event_lead, lead); i++) {
		found = memmem(text, len, heads[i], strlen(heads[i]));
		if (!found)
			continue;
		*name_len = (size_t)(found - text) - lead;
		return stati[i];
	}
	return b->type == BLOCK_TOOL_RESULT ? (enum tool_status)b->status : TOOL_OK;
}

/* "Result of find_patient: patient found" is told as that tool's; of other events the text. */
static void event_words(char *words, size_t size, const struct llm_block *b)
{
	const char *text = redacted_text(b->text);
	size_t len = redacted_len(b->text), lead = sizeof(event_lead) - 1, name_len = 0;
	const char *colon = len > lead && !memcmp(text, event_lead, lead) ? memmem(text, len, ": ", 2) : NULL;
	enum tool_status status = told_status(b, &name_len);

	*words = 0;
	if (colon)
		model_result_words(words, size, text + lead, name_len ? name_len : (size_t)(colon - text) - lead, status, colon + 2,
			len - (size_t)(colon + 2 - text));
	else if (len && len < TOLD_TEXT_MAX)
		snprintf(words, size, "%.*s", (int)len, text);
}

static const struct llm_block *use_of(const struct llm_block *blocks, size_t result)
{
	const struct llm_block *b = &blocks[result];

	while (result-- > 0)
		if (blocks[result].type == BLOCK_TOOL_USE && blocks[result].turn == b->turn && blocks[result].index == b->index)
			return &blocks[result];
	return NULL;
}

static void block_words(char *words, size_t size, const struct llm_block *blocks, size_t at)
{
	const struct llm_block *b = &blocks[at], *use = b->type == BLOCK_TOOL_RESULT ? use_of(blocks, at) : NULL;

	*words = 0;
	if (b->type == BLOCK_EVENT)
		event_words(words, size, b);
	else if (b->type == BLOCK_TOOL_RESULT)
		model_result_words(words, size, use ? use->name : "", use ? use->name_len : 0, b->status, redacted_text(b->text), redacted_len(b->text));
}

/* The agent's words behind that block tell it whole; a voice that died has cut them anywhere. */
static bool is_told(const struct llm_block *blocks, size_t count, size_t at, const char *words)
{
	char said[SAID_TEXT];
	size_t len = 0, i;

	for (i = at + 1; i < count; i++) {
		size_t n = redacted_len(blocks[i].text);

		if (blocks[i].type != BLOCK_AGENT || n + 1 >= SAID_TEXT - len)
			continue;
		memcpy(said + len, redacted_text(blocks[i].text), n);
		len += n;
		said[len++] = ' ';
	}
	return memmem(said, len, words, strlen(words)) != NULL;
}

/* A tool that was asked the same twice answers the same, in time or not: that is one result to speak of, the last. So is a failure, however it is told. */
static bool comes_again(const struct llm_block *blocks, size_t count, size_t at, const char *words)
{
	char other[TELLING];
	size_t name_len, i;
	bool once = blocks[at].type == BLOCK_TOOL_RESULT || told_status(&blocks[at], &name_len) != TOOL_OK;

	for (i = at + 1; i < count && once; i++) {
		if (blocks[i].type != BLOCK_TOOL_RESULT && blocks[i].type != BLOCK_EVENT)
			continue;
		block_words(other, sizeof(other), blocks, i);
		if (!strcmp(other, words))
			return true;
	}
	return false;
}

static void result_say(struct model_reply *r, const struct llm_block *b, const char *words)
{
	char text[TELLING + 64];
	size_t name_len = 0;
	enum tool_status status = told_status(b, &name_len);

	if (status == TOOL_ERROR)
		snprintf(text, sizeof(text), "I am sorry that %s.", words);
	else if (status == TOOL_UNKNOWN)
		snprintf(text, sizeof(text), "I could not see %s, a colleague will check it.", words);
	else
		snprintf(text, sizeof(text), "I see here for %s.", words);
	model_say(r, text);
}

bool model_results_say(struct model_reply *r, const struct llm_block *blocks, size_t count, const struct llm_block *last)
{
	uint32_t len = r->len;
	char words[TELLING];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct llm_block *b = &blocks[i];

		block_words(words, sizeof(words), blocks, i);
		if (!*words || (b != last && is_passing(b)))
			continue;
		if (!is_told(blocks, count, i, words) && !comes_again(blocks, count, i, words))
			result_say(r, b, words);
	}
	return r->len > len;
}
