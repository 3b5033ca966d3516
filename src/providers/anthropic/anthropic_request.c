#include "providers/anthropic/anthropic_request.h"

#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "providers/llm_blocks.h"
#include "redact/redact.h"

enum {
	MILESTONE_BLOCKS = 10, /* and a message's blocks: fewer than the 20 that the vendor looks back */
	ARGS_MAX_BYTES = REDACT_MAX_BYTES
};

enum role { ROLE_NONE = 0, ROLE_USER, ROLE_ASSISTANT };

/* Places in the body where a user block ends, inside its bracket. */
struct place {
	size_t at;
	size_t number; /* of the block, from 1 */
};

struct writer {
	const struct anthropic_head *head;
	const struct llm_block *blocks;
	size_t count;
	struct buf *out, scratch;
	enum role role;          /* of the message that is open */
	bool text_is_open;       /* the agent's text: its block and its quotes */
	bool is_open_sentence;   /* it ends in the middle of one */
	bool agent_spoke_last;   /* of all that speak: no event */
	size_t events_from;      /* the first event that waits for the user's words to end; `count`: none */
	size_t numbers;          /* of content blocks */
	struct place last_user, milestone, milestone_before;
};

/* ------------------------------------------------------------------ messages */

static void message_open(struct writer *w, const char *role)
{
	json_open(w->out, '{');
	json_pair_string(w->out, "role", role);
	json_put_key(w->out, "content");
	json_open(w->out, '[');
}

static void message_close(struct writer *w)
{
	json_close(w->out, ']');
	json_close(w->out, '}');
}

static void block_open(struct writer *w, const char *type)
{
	w->numbers++;
	json_open(w->out, '{');
	json_pair_string(w->out, "type", type);
}

/* Remembers where a marker could stand. Milestones are counted from the first block, so that they stay where they are. */
static void user_block_close(struct writer *w)
{
	w->last_user = (struct place){ w->out->len, w->numbers };
	if (w->numbers >= w->milestone.number + MILESTONE_BLOCKS) {
		w->milestone_before = w->milestone;
		w->milestone = w->last_user;
	}
	json_close(w->out, '}');
}

static void text_open(struct writer *w)
{
	block_open(w, "text");
	json_put_key(w->out, "text");
	buf_byte(w->out, '"');
}

static void event_put(struct writer *w, const char *text, size_t len)
{
	text_open(w);
	buf_text(w->out, "<event>");
	llm_words_put(w->out, text, len);
	buf_text(w->out, "</event>\"");
}

/* ------------------------------------------------------------------ roles */

/* The agent's text ends; `next` is the first block behind it. */
static void text_close(struct writer *w, size_t next)
{
	if (!w->text_is_open)
		return;
	if (llm_caller_is_next(w->blocks, w->count, next) && !w->out->err && w->is_open_sentence)
		buf_text(w->out, LLM_INTERRUPTED);
	buf_text(w->out, "\"}");
	w->text_is_open = false;
}

static void role_user(struct writer *w, size_t next)
{
	if (w->role == ROLE_USER)
		return;
	if (w->role == ROLE_ASSISTANT) {
		text_close(w, next);
		message_close(w);
	}
	message_open(w, "user");
	w->role = ROLE_USER;
}

static void note_put(struct writer *w, const char *text)
{
	role_user(w, w->count);
	event_put(w, text, strlen(text));
	user_block_close(w);
}

/* Of this request alone: no marker may stand behind it, the next request has it no more. */
static void short_put(struct writer *w)
{
	role_user(w, w->count);
	event_put(w, LLM_NOTE_SHORT, strlen(LLM_NOTE_SHORT));
	json_close(w->out, '}');
}

static void event_block_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	event_put(w, text, len);
}

static void event_of_user_put(struct writer *w, size_t at)
{
	role_user(w, at);
	event_block_put(w, at);
	user_block_close(w);
}

/* Those that waited, up to block `next`: as a system message, which only a user's may stand before, else as the user's text. */
static void events_put(struct writer *w, size_t next)
{
	bool is_system = w->role == ROLE_USER;
	size_t i;

	if (w->events_from == w->count)
		return;
	if (is_system) {
		message_close(w);
		message_open(w, "system");
	}
	for (i = w->events_from; i < next; i++) {
		if (w->blocks[i].type != BLOCK_EVENT || llm_block_is_blank(&w->blocks[i]))
			continue;
		if (is_system) {
			event_block_put(w, i);
			json_close(w->out, '}');
		} else {
			event_of_user_put(w, i);
		}
	}
	w->events_from = w->count;
}

static void role_assistant(struct writer *w, size_t next)
{
	if (w->role == ROLE_ASSISTANT && w->events_from == w->count)
		return;
	if (w->role == ROLE_ASSISTANT)
		text_close(w, next);
	events_put(w, next);
	if (w->role == ROLE_NONE)
		note_put(w, LLM_NOTE_BEGINS);
	message_close(w);
	message_open(w, "assistant");
	w->role = ROLE_ASSISTANT;
}

/* ------------------------------------------------------------------ what was said */

static void caller_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	role_user(w, at);
	text_open(w);
	llm_words_put(w->out, text, len);
	buf_byte(w->out, '"');
	user_block_close(w);
	w->agent_spoke_last = false;
}

/* Neighbours are one text: they are utterances of one answer. */
static void agent_put(struct writer *w, size_t at)
{
	const char *text;
	size_t len;

	llm_block_words(&w->blocks[at], &text, &len);
	role_assistant(w, at);
	if (w->text_is_open)
		buf_byte(w->out, ' ');
	else
		text_open(w);
	json_put_escaped(w->out, text, len);
	w->text_is_open = true;
	w->is_open_sentence = llm_sentence_is_open(text, len);
	w->agent_spoke_last = true;
}

/* ------------------------------------------------------------------ tools */

static void id_put(struct writer *w, const char *key, const struct llm_block *b)
{
	char id[LLM_ID_MAX_BYTES];

	llm_use_id(b, id);
	json_pair_string(w->out, key, id);
}

static void name_put(struct writer *w, const struct llm_block *b)
{
	char name[LLM_NAME_MAX_BYTES + 1];

	llm_use_name(b, name);
	json_pair_string(w->out, "name", name);
}

static void use_put(struct writer *w, const struct llm_block *b)
{
	const char *args;
	size_t len;

	block_open(w, "tool_use");
	id_put(w, "id", b);
	name_put(w, b);
	json_put_key(w->out, "input");
	llm_block_words(b, &args, &len);
	if (json_is_whole_object(args, len, &w->scratch)) {
		buf_append(w->out, args, len);
	} else {
		json_open(w->out, '{');
		if (len) {
			json_put_key(w->out, "text");
			json_put_text(w->out, args, len);
		}
		json_close(w->out, '}');
	}
	json_close(w->out, '}');
}

/* An empty result is fine, an empty mistake is not. */
static void result_put(struct writer *w, const struct llm_block *use, const struct llm_block *result)
{
	bool is_error = !result || result->status != TOOL_OK, is_unknown = result && result->status == TOOL_UNKNOWN;
	bool is_empty = !result || llm_block_is_blank(result);

	block_open(w, "tool_result");
	id_put(w, "tool_use_id", use);
	if (!is_empty || is_error) {
		json_put_key(w->out, "content");
		buf_byte(w->out, '"');
		if (is_unknown)
			buf_text(w->out, LLM_RESULT_UNKNOWN);
		if (!is_empty)
			llm_words_put(w->out, redacted_text(result->text), redacted_len(result->text));
		else if (!is_unknown)
			buf_text(w->out, LLM_NO_RESULT);
		buf_byte(w->out, '"');
	}
	if (is_error)
		json_pair_bool(w->out, "is_error", true);
	user_block_close(w);
}

/* All uses that stand together, and all their results; the first block behind them. */
static size_t tools_put(struct writer *w, size_t at)
{
	size_t end = at, i;

	while (end < w->count && w->blocks[end].type == BLOCK_TOOL_USE)
		end++;
	for (i = at; i < end; i++) {
		if (llm_use_is_known(w->blocks, i))
			continue;
		role_assistant(w, i);
		text_close(w, w->count);
		use_put(w, &w->blocks[i]);
	}
	for (i = at; i < end; i++) {
		if (llm_use_is_known(w->blocks, i))
			continue;
		role_user(w, end);
		result_put(w, &w->blocks[i], llm_result_find(w->blocks, w->count, end, &w->blocks[i]));
		w->agent_spoke_last = false;
	}
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
	else if (b->type == BLOCK_EVENT && !w->head->model->takes_system_messages)
		event_of_user_put(w, at);
	else if (b->type == BLOCK_EVENT && w->events_from == w->count)
		w->events_from = at;
	return at + 1;
}

static void end_put(struct writer *w, enum ask_kind kind)
{
	if (w->role == ROLE_ASSISTANT)
		text_close(w, w->count);
	events_put(w, w->count);
	if (w->role == ROLE_NONE)
		note_put(w, LLM_NOTE_BEGINS);
	if (w->agent_spoke_last && (kind == ASK_CONTINUE || w->role == ROLE_ASSISTANT))
		note_put(w, kind == ASK_CONTINUE ? LLM_NOTE_CONTINUE : LLM_NOTE_SILENT);
	if (kind == ASK_SHORT)
		short_put(w);
	message_close(w);
	json_close(w->out, ']');
	json_close(w->out, '}');
}

static void marker_put(struct buf *out, size_t at)
{
	size_t len = strlen(ANTHROPIC_MARKER), rest = out->len - at;
	uint8_t *room = buf_reserve(out, len);

	if (!room)
		return;
	memmove(out->data + at + len, out->data + at, rest);
	memcpy(out->data + at, ANTHROPIC_MARKER, len);
	out->len += len;
}

/* The later one first: the earlier one's place stays right. That one is the milestone before the last: some ten blocks back at least, so that
 * it sees the markers of the request before where the last block does not, behind a turn of up to thirty. */
static void markers_put(struct writer *w)
{
	struct place way = w->milestone_before;

	if (w->out->err || !anthropic_cache_pays(w->head->model, w->last_user.at))
		return;
	marker_put(w->out, w->last_user.at);
	if (way.number && anthropic_cache_pays(w->head->model, way.at))
		marker_put(w->out, way.at);
}

enum err anthropic_request_make(const struct anthropic_head *h, enum ask_kind kind, const struct llm_block *blocks, size_t count, struct buf *out)
{
	struct writer w = { .head = h, .blocks = blocks, .count = count, .out = out, .events_from = count };
	size_t i;

	if (count > ANTHROPIC_BLOCKS_MAX)
		return ERR_LIMIT;
	buf_reset(out);
	buf_init(&w.scratch, ARGS_MAX_BYTES);
	buf_append(out, h->text.data, h->text.len);
	for (i = 0; i < count && !out->err;)
		i = block_put(&w, i);
	if (!out->err)
		end_put(&w, kind);
	markers_put(&w);
	buf_fini(&w.scratch);
	return out->err;
}
