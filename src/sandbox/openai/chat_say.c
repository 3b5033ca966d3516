#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "sandbox/openai/openai.h"

enum { PIECE_BYTES = 24 };

static void json_say(struct chat_answer *a, json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	json_decref(message);
	if (text)
		outlet_json(&a->out, NULL, text, strlen(text));
	free(text);
}

static json_t *usage_of(const struct chat_answer *a)
{
	uint64_t output = chat_tokens(a->said_bytes);

	return json_pack("{s:I, s:I, s:I, s:{s:i, s:i}, s:{s:i, s:i, s:i, s:i}}", "prompt_tokens", (json_int_t)a->prompt_tokens, "completion_tokens",
		(json_int_t)output, "total_tokens", (json_int_t)(a->prompt_tokens + output), "prompt_tokens_details", "cached_tokens", 0, "audio_tokens", 0,
		"completion_tokens_details", "reasoning_tokens", 0, "audio_tokens", 0, "accepted_prediction_tokens", 0, "rejected_prediction_tokens", 0);
}

/* What all chunks have; `choices` is taken. */
static json_t *head_of(const struct chat_answer *a, const char *object, json_t *choices)
{
	return json_pack("{s:s, s:s, s:I, s:O, s:s, s:o}", "id", a->id, "object", object, "created", a->created, "model", json_object_get(a->body, "model"),
		"service_tier", "default", "choices", choices);
}

/* ------------------------------------------------------------------ chunks */

/* `delta` is taken. */
static void chunk_say(struct chat_answer *a, json_t *delta, const char *finish_reason)
{
	json_t *chunk;

	if (!a->streams) {
		json_decref(delta);
		return;
	}
	chunk = head_of(a, "chat.completion.chunk", json_pack("[{s:i, s:o, s:n, s:s?}]", "index", 0, "delta", delta, "logprobs", "finish_reason", finish_reason));
	if (a->tells_usage)
		json_object_set_new(chunk, "usage", json_null());
	json_say(a, chunk);
}

static void begin_say(struct chat_answer *a)
{
	if (a->has_begun)
		return;
	a->has_begun = true;
	chunk_say(a, json_pack("{s:s, s:s, s:n}", "role", "assistant", "content", "", "refusal"), NULL);
}

static void piece_say(struct chat_answer *a, const char *text, size_t len)
{
	buf_append(&a->text, text, len);
	a->said_bytes += len;
	chunk_say(a, json_pack("{s:s%}", "content", text, len), NULL);
}

/* So many bytes of these may still be said. */
static size_t room_of(const struct chat_answer *a, const char *text, size_t len)
{
	size_t room = len;

	while (a->limit && room && chat_tokens(a->said_bytes + room) > a->limit)
		room--;
	return utf8_cut(text, len, room);
}

/* A few words at a time, as a model writes. */
void chat_say_text(struct chat_answer *a, const char *text, size_t len)
{
	size_t room = a->has_ended ? 0 : room_of(a, text, len);
	bool is_cut = room < len;

	if (a->has_ended)
		return;
	begin_say(a);
	for (size_t n; room; text += n, room -= n) {
		n = vendor_piece(a->vendor, text, room);
		if (a->said_bytes && a->streams)
			outlet_wait(&a->out, a->vendor->options->word_us);
		piece_say(a, text, n);
	}
	if (is_cut)
		chat_say_end(a, "length");
}

/* Name and id come with the first piece alone. */
static void arguments_say(struct chat_answer *a, size_t index, const char *args, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < PIECE_BYTES ? len - at : PIECE_BYTES;
		while (at + n < len && ((uint8_t)args[at + n] & 0xc0) == 0x80)
			n++;
		chunk_say(a, json_pack("{s:[{s:I, s:{s:s%}}]}", "tool_calls", "index", (json_int_t)index, "function", "arguments", args + at, n), NULL);
	}
}

void chat_say_tool(struct chat_answer *a, const char *name, size_t name_len, const char *args, size_t len)
{
	size_t index = json_array_size(a->calls);
	char id[OPENAI_ID_MAX];

	if (a->has_ended)
		return;
	begin_say(a);
	vendor_id(a->vendor, "call_", id, sizeof(id));
	chunk_say(a, json_pack("{s:[{s:I, s:s, s:s, s:{s:s%, s:s}}]}", "tool_calls", "index", (json_int_t)index, "id", id, "type", "function", "function", "name",
		name, name_len, "arguments", ""), NULL);
	arguments_say(a, index, args, len);
	a->said_bytes += len;
	json_array_append_new(a->calls, json_pack("{s:s, s:s, s:{s:s%, s:s%}}", "id", id, "type", "function", "function", "name", name, name_len, "arguments", args,
		len));
}

/* ------------------------------------------------------------------ the end */

static void chunks_end(struct chat_answer *a, const char *finish_reason)
{
	static const char done[] = "[DONE]";
	json_t *last;

	chunk_say(a, json_object(), finish_reason);
	if (a->tells_usage) {
		last = head_of(a, "chat.completion.chunk", json_array());
		json_object_set_new(last, "usage", usage_of(a));
		json_say(a, last);
	}
	outlet_json(&a->out, NULL, done, sizeof(done) - 1);
}

static void whole_say(struct chat_answer *a, const char *finish_reason)
{
	json_t *content = a->text.len ? json_stringn(buf_str(&a->text), a->text.len) : json_null();
	json_t *message = json_pack("{s:s, s:o, s:n, s:[]}", "role", "assistant", "content", content, "refusal", "annotations"), *whole;

	if (json_array_size(a->calls))
		json_object_set(message, "tool_calls", a->calls);
	whole = head_of(a, "chat.completion", json_pack("[{s:i, s:o, s:n, s:s}]", "index", 0, "message", message, "logprobs", "finish_reason", finish_reason));
	json_object_set_new(whole, "usage", usage_of(a));
	json_say(a, whole);
}

void chat_say_end(struct chat_answer *a, const char *finish_reason)
{
	if (a->has_ended)
		return;
	begin_say(a);
	a->has_ended = true;
	if (!finish_reason)
		finish_reason = json_array_size(a->calls) ? "tool_calls" : "stop";
	if (a->streams)
		chunks_end(a, finish_reason);
	else
		whole_say(a, finish_reason);
	outlet_end(&a->out, 0, NULL);
}

void chat_say_failed(struct chat_answer *a, unsigned int status, const char *message)
{
	struct openai_refusal refusal = { .status = status };

	if (a->has_ended)
		return;
	a->has_ended = true;
	strncat(refusal.message, message, sizeof(refusal.message) - 1);
	json_say(a, openai_error(&refusal));
	outlet_end(&a->out, 0, NULL);
}
