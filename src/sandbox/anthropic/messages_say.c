#include <string.h>

#include "base/json.h"
#include "sandbox/asked.h"
#include "sandbox/anthropic/messages.h"

enum { EVENT_MAX = SAY_TEXT_MAX + 4096, SIGNATURE_BYTES = 64, PIECE_BYTES = 24 };

void error_put(struct buf *out, unsigned int status, const char *message, const char *request_id)
{
	json_open(out, '{');
	json_pair_string(out, "type", "error");
	json_put_key(out, "error");
	json_open(out, '{');
	json_pair_string(out, "type", message_error_type(status));
	json_pair_string(out, "message", message);
	json_close(out, '}');
	json_pair_string(out, "request_id", request_id);
	json_close(out, '}');
}

/* ------------------------------------------------------------------ events */

static void event_begin(struct buf *b, const char *type)
{
	buf_init(b, EVENT_MAX);
	json_open(b, '{');
	json_pair_string(b, "type", type);
}

static void event_end(struct saying_message *m, struct buf *b, const char *type)
{
	json_close(b, '}');
	if (m->streams && !b->err)
		outlet_json(&m->out, type, buf_str(b), b->len);
	buf_fini(b);
}

static void ping(struct saying_message *m)
{
	struct buf b;

	event_begin(&b, "ping");
	event_end(m, &b, "ping");
}

static size_t index_of(const struct saying_message *m)
{
	return json_array_size(m->content);
}

/* `block` is JSON of the block as it is before anything of it was said. */
static void block_start(struct saying_message *m, const char *block)
{
	struct buf b;

	event_begin(&b, "content_block_start");
	json_pair_u64(&b, "index", index_of(m));
	buf_printf(&b, ",\"content_block\":%s", block);
	event_end(m, &b, "content_block_start");
}

static void block_delta(struct saying_message *m, const char *type, const char *key, const char *text, size_t len)
{
	struct buf b;

	event_begin(&b, "content_block_delta");
	json_pair_u64(&b, "index", index_of(m));
	json_put_key(&b, "delta");
	json_open(&b, '{');
	json_pair_string(&b, "type", type);
	json_put_key(&b, key);
	json_put_text(&b, text, len);
	json_close(&b, '}');
	event_end(m, &b, "content_block_delta");
}

/* The block is over and stands in the message. */
static void block_stop(struct saying_message *m, json_t *block)
{
	struct buf b;

	event_begin(&b, "content_block_stop");
	json_pair_u64(&b, "index", index_of(m));
	event_end(m, &b, "content_block_stop");
	json_array_append_new(m->content, block);
}

static void text_stop(struct saying_message *m)
{
	if (!m->text_is_open)
		return;
	m->text_is_open = false;
	block_stop(m, json_pack("{s:s, s:s%}", "type", "text", "text", buf_str(&m->text), m->text.len));
	buf_reset(&m->text);
}

/* ------------------------------------------------------------------ the message */

static json_t *usage_of(const struct saying_message *m, uint64_t output)
{
	const struct prompt_usage *u = &m->usage;

	return json_pack("{s:I, s:I, s:I, s:{s:I, s:I}, s:I, s:s}", "input_tokens", (json_int_t)u->input, "cache_creation_input_tokens",
		(json_int_t)(u->write_5m + u->write_1h), "cache_read_input_tokens", (json_int_t)u->read, "cache_creation", "ephemeral_5m_input_tokens",
		(json_int_t)u->write_5m, "ephemeral_1h_input_tokens", (json_int_t)u->write_1h, "output_tokens", (json_int_t)output, "service_tier", "standard");
}

static json_t *message_of(const struct saying_message *m, json_t *content, const char *stop_reason, uint64_t output)
{
	return json_pack("{s:s, s:s, s:s, s:O, s:o, s:s?, s:n, s:o}", "id", m->id, "type", "message", "role", "assistant", "model",
		json_object_get(m->body, "model"), "content", content, "stop_reason", stop_reason, "stop_sequence", "usage", usage_of(m, output));
}

/* The model thought, unless it was told not to; what it thought is not shown. */
static void thinking_say(struct saying_message *m)
{
	const char *type = json_string_value(json_object_get(json_object_get(m->body, "thinking"), "type"));
	char signature[SIGNATURE_BYTES + 1];

	if (type ? strcmp(type, "adaptive") && strcmp(type, "enabled") : !m->model->thinks_by_itself)
		return;
	memset(signature, 'S', SIGNATURE_BYTES);
	signature[SIGNATURE_BYTES] = 0;
	block_start(m, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
	block_delta(m, "signature_delta", "signature", signature, SIGNATURE_BYTES);
	block_stop(m, json_pack("{s:s, s:s, s:s}", "type", "thinking", "thinking", "", "signature", signature));
}

void say_begin(struct saying_message *m)
{
	json_t *message = message_of(m, json_array(), NULL, 1);
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	struct buf b;

	event_begin(&b, "message_start");
	buf_printf(&b, ",\"message\":%s", text ? text : "{}");
	event_end(m, &b, "message_start");
	asked_usage(m->vendor->asked, m->number, usage_of(m, 1));
	free(text);
	json_decref(message);
	thinking_say(m);
	ping(m);
}

/* So many bytes of these may still be said; the rest is what max_tokens cuts off. */
static size_t room_of(const struct saying_message *m, const char *text, size_t len)
{
	size_t room = len;

	while (room && message_tokens(m->model, m->said_bytes + room) > m->max_tokens)
		room--;
	return utf8_cut(text, len, room);
}

static void piece_say(struct saying_message *m, const char *text, size_t len)
{
	if (!m->text_is_open)
		block_start(m, "{\"type\":\"text\",\"text\":\"\"}");
	m->text_is_open = true;
	buf_append(&m->text, text, len);
	m->said_bytes += len;
	block_delta(m, "text_delta", "text", text, len);
}

/* A few words at a time, as a model writes. */
void say_text(struct saying_message *m, const char *text, size_t len)
{
	size_t room = m->has_ended ? 0 : room_of(m, text, len);
	bool is_cut = room < len;

	while (room) {
		size_t n = vendor_piece(m->vendor, text, room);

		if (m->said_bytes && m->streams)
			outlet_wait(&m->out, m->vendor->options->word_us);
		piece_say(m, text, n);
		text += n;
		room -= n;
	}
	if (is_cut && !m->has_ended)
		say_end(m, "max_tokens");
}

static json_t *tool_of(const char *id, const char *name, size_t name_len, const char *input, size_t len)
{
	json_t *value = json_loadb(input, len, 0, NULL);

	return json_pack("{s:s, s:s, s:s%, s:o}", "type", "tool_use", "id", id, "name", name, name_len, "input", value ? value : json_object());
}

void say_tool(struct saying_message *m, const char *name, size_t name_len, const char *input, size_t len)
{
	char id[SAY_ID_MAX];
	struct buf b;

	if (m->has_ended)
		return;
	text_stop(m);
	vendor_id(m->vendor, "toolu_", id, sizeof(id));
	buf_init(&b, EVENT_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "type", "tool_use");
	json_pair_string(&b, "id", id);
	json_put_key(&b, "name");
	json_put_text(&b, name, name_len);
	buf_text(&b, ",\"input\":{}}");
	block_start(m, buf_str(&b));
	buf_fini(&b);
	block_delta(m, "input_json_delta", "partial_json", "", 0);
	for (size_t at = 0, n; at < len; at += n) {
		n = len - at < PIECE_BYTES ? len - at : PIECE_BYTES;
		while (at + n < len && ((uint8_t)input[at + n] & 0xc0) == 0x80)
			n++;
		block_delta(m, "input_json_delta", "partial_json", input + at, n);
	}
	m->said_bytes += len;
	m->has_tools = true;
	block_stop(m, tool_of(id, name, name_len, input, len));
}

static void events_end(struct saying_message *m, const char *stop_reason, uint64_t output)
{
	struct buf b;

	event_begin(&b, "message_delta");
	json_put_key(&b, "delta");
	json_open(&b, '{');
	json_pair_string(&b, "stop_reason", stop_reason);
	json_pair_string(&b, "stop_sequence", NULL);
	json_close(&b, '}');
	json_put_key(&b, "usage");
	json_open(&b, '{');
	json_pair_u64(&b, "output_tokens", output);
	json_close(&b, '}');
	event_end(m, &b, "message_delta");
	event_begin(&b, "message_stop");
	event_end(m, &b, "message_stop");
}

static void whole_end(struct saying_message *m, const char *stop_reason, uint64_t output)
{
	json_t *message = message_of(m, json_incref(m->content), stop_reason, output);
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;

	if (text)
		outlet_json(&m->out, NULL, text, strlen(text));
	free(text);
	json_decref(message);
}

void say_end(struct saying_message *m, const char *stop_reason)
{
	uint64_t output = message_tokens(m->model, m->said_bytes);

	if (m->has_ended)
		return;
	m->has_ended = true;
	text_stop(m);
	asked_usage(m->vendor->asked, m->number, usage_of(m, output));
	if (!stop_reason)
		stop_reason = m->has_tools ? "tool_use" : "end_turn";
	if (m->streams)
		events_end(m, stop_reason, output);
	else
		whole_end(m, stop_reason, output);
	outlet_end(&m->out, 0, NULL);
}

void say_failed(struct saying_message *m, unsigned int status, const char *message)
{
	struct buf b;

	if (m->has_ended)
		return;
	m->has_ended = true;
	buf_init(&b, EVENT_MAX);
	error_put(&b, status, message, m->request_id);
	outlet_json(&m->out, "error", buf_str(&b), b.len);
	buf_fini(&b);
	outlet_end(&m->out, 0, NULL);
}
