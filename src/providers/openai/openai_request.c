#include "providers/openai/openai_request.h"

#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "providers/llm_blocks.h"
#include "redact/redact.h"

static const char mistake[] = "The tool failed: ";

/* An object of one text, its escapes included. */
enum { ARGS_MAX_BYTES = 6 * REDACT_MAX_BYTES + 64 };

enum role { ROLE_NONE = 0, ROLE_USER, ROLE_ASSISTANT, ROLE_TOOL };

struct writer {
	const struct openai_head *head;
	const struct llm_block *blocks;
	size_t count;
	struct buf *out, scratch;
	enum role role;        /* of the last message; the user's and the agent's are open inside their content's quotes */
	bool has_words;        /* there is something in them */
	bool is_open_sentence; /* the agent's words end in the middle of one */
	bool agent_spoke_last; /* of all that speak: no event */
};

/* ------------------------------------------------------------------ messages */

static void message_open(struct writer *w, enum role role, const char *name)
{
	json_open(w->out, '{');
	json_pair_string(w->out, "role", name);
	json_put_key(w->out, "content");
	buf_byte(w->out, '"');
	w->role = role;
	w->has_words = false;
}

/* The agent's words end; `next` is the first block behind them. */
static void dash_put(struct writer *w, size_t next)
{
	if (w->role == ROLE_ASSISTANT && w->has_words && w->is_open_sentence && llm_caller_is_next(w->blocks, w->count, next))
		buf_text(w->out, LLM_INTERRUPTED);
}

static void message_close(struct writer *w, size_t next)
{
	dash_put(w, next);
	if (w->role == ROLE_USER || w->role == ROLE_ASSISTANT)
		buf_text(w->out, "\"}");
}

/* The user's message, open behind what is in it. */
static void role_user(struct writer *w, size_t next)
{
	if (w->role != ROLE_USER) {
		message_close(w, next);
		message_open(w, ROLE_USER, "user");
	}
	if (w->has_words)
		buf_text(w->out, "\\n");
	w->has_words = true;
}

static void event_put(struct writer *w, size_t next, const char *text, size_t len)
{
	role_user(w, next);
	buf_text(w->out, "<event>");
	llm_words_put(w->out, text, len);
	buf_text(w->out, "</event>");
}

static void note_put(struct writer *w, const char *text)
{
	event_put(w, w->count, text, strlen(text));
}

static void role_assistant(struct writer *w, size_t next)
{
	if (w->role == ROLE_ASSISTANT)
		return;
	if (w->role == ROLE_NONE)
		note_put(w, LLM_NOTE_BEGINS);
	message_close(w, next);
	message_open(w, ROLE_ASSISTANT, "assistant");
}

/* ------------------------------------------------------------------ what was said */

static void caller_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	role_user(w, at);
	llm_words_put(w->out, text, len);
	w->agent_spoke_last = false;
}

static void event_block_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	event_put(w, at, text, len);
}

/* Neighbours are one text: they are utterances of one answer. */
static void agent_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	role_assistant(w, at);
	if (w->has_words)
		buf_byte(w->out, ' ');
	json_put_escaped(w->out, text, len);
	w->has_words = true;
	w->is_open_sentence = llm_sentence_is_open(text, len);
	w->agent_spoke_last = true;
}

/* ------------------------------------------------------------------ tools */

static void id_put(struct writer *w, const char *key, const struct llm_block *use)
{
	char id[LLM_ID_MAX_BYTES];

	llm_use_id(use, id);
	json_pair_string(w->out, key, id);
}

/* Arguments are a string that holds JSON. What a model made up in their place is sent back inside of an object. */
static void args_put(struct writer *w, const struct llm_block *use)
{
	const char *args;
	size_t len;

	llm_block_words(use, &args, &len);
	json_put_key(w->out, "arguments");
	if (json_is_whole_object(args, len, &w->scratch)) {
		json_put_text(w->out, args, len);
		return;
	}
	buf_reset(&w->scratch);
	json_open(&w->scratch, '{');
	if (len) {
		json_put_key(&w->scratch, "text");
		json_put_text(&w->scratch, args, len);
	}
	json_close(&w->scratch, '}');
	json_put_text(w->out, w->scratch.data, w->scratch.len);
}

static void use_put(struct writer *w, const struct llm_block *use)
{
	char name[LLM_NAME_MAX_BYTES + 1];

	llm_use_name(use, name);
	json_open(w->out, '{');
	id_put(w, "id", use);
	json_pair_string(w->out, "type", "function");
	json_put_key(w->out, "function");
	json_open(w->out, '{');
	json_pair_string(w->out, "name", name);
	args_put(w, use);
	json_close(w->out, '}');
	json_close(w->out, '}');
}

/* For a use that has none, one is made up. */
static void result_put(struct writer *w, const struct llm_block *use, const struct llm_block *result)
{
	bool is_unknown = result && result->status == TOOL_UNKNOWN, is_mistake = !result || result->status == TOOL_ERROR;
	bool is_empty = !result || llm_block_is_blank(result);

	json_open(w->out, '{');
	json_pair_string(w->out, "role", "tool");
	id_put(w, "tool_call_id", use);
	json_put_key(w->out, "content");
	buf_byte(w->out, '"');
	if (is_mistake)
		buf_text(w->out, mistake);
	if (is_unknown)
		buf_text(w->out, LLM_RESULT_UNKNOWN);
	if (!is_empty)
		llm_words_put(w->out, redacted_text(result->text), redacted_len(result->text));
	else if (is_mistake)
		buf_text(w->out, LLM_NO_RESULT);
	buf_text(w->out, "\"}");
}

/* The uses from `at` to `end`, but those that were told before, as one message; how many they are. */
static size_t uses_put(struct writer *w, size_t at, size_t end)
{
	size_t i, count = 0;

	for (i = at; i < end; i++) {
		if (llm_use_is_known(w->blocks, i))
			continue;
		if (!count++) {
			role_assistant(w, i);
			buf_byte(w->out, '"');
			json_put_key(w->out, "tool_calls");
			json_open(w->out, '[');
		}
		use_put(w, &w->blocks[i]);
	}
	if (count)
		buf_text(w->out, "]}");
	return count;
}

/* All uses that stand together, and all their results; the first block behind them. */
static size_t tools_put(struct writer *w, size_t at)
{
	size_t end = at, i;

	while (end < w->count && w->blocks[end].type == BLOCK_TOOL_USE)
		end++;
	if (!uses_put(w, at, end))
		return end;
	for (i = at; i < end; i++)
		if (!llm_use_is_known(w->blocks, i))
			result_put(w, &w->blocks[i], llm_result_find(w->blocks, w->count, end, &w->blocks[i]));
	w->role = ROLE_TOOL;
	w->agent_spoke_last = false;
	return end;
}

/* ------------------------------------------------------------------ the whole */

/* One block, or several; the first behind them. A result was told with its use. */
static size_t block_put(struct writer *w, size_t at)
{
	const struct llm_block *b = &w->blocks[at];

	if (b->type == BLOCK_TOOL_USE && w->head->has_tools)
		return tools_put(w, at);
	if (llm_block_is_blank(b))
		return at + 1;
	if (b->type == BLOCK_CALLER)
		caller_put(w, at);
	else if (b->type == BLOCK_AGENT)
		agent_put(w, at);
	else if (b->type == BLOCK_EVENT)
		event_block_put(w, at);
	return at + 1;
}

static void end_put(struct writer *w, enum ask_kind kind)
{
	bool is_agents = w->role == ROLE_ASSISTANT;

	if (w->role == ROLE_NONE)
		note_put(w, LLM_NOTE_BEGINS);
	if (w->agent_spoke_last && (kind == ASK_CONTINUE || is_agents))
		note_put(w, kind == ASK_CONTINUE ? LLM_NOTE_CONTINUE : LLM_NOTE_SILENT);
	if (kind == ASK_SHORT)
		note_put(w, LLM_NOTE_SHORT);
	message_close(w, w->count);
	json_close(w->out, ']');
	json_close(w->out, '}');
}

enum err openai_request_make(const struct openai_head *h, enum ask_kind kind, const struct llm_block *blocks, size_t count, struct buf *out)
{
	struct writer w = { .head = h, .blocks = blocks, .count = count, .out = out };
	size_t i;

	if (count > OPENAI_BLOCKS_MAX)
		return ERR_LIMIT;
	buf_reset(out);
	buf_init(&w.scratch, ARGS_MAX_BYTES);
	buf_append(out, h->text.data, h->text.len);
	for (i = 0; i < count && !out->err;)
		i = block_put(&w, i);
	if (!out->err)
		end_put(&w, kind);
	if (!out->err)
		out->err = w.scratch.err == ERR_NOMEM ? ERR_NOMEM : ERR_NONE;
	buf_fini(&w.scratch);
	return out->err;
}
