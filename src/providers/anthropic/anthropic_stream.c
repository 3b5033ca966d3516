#include "providers/anthropic/anthropic_stream.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

enum { ARGS_MAX_BYTES = ANTHROPIC_TOOLS_MAX * (ANTHROPIC_TOOL_MAX_BYTES + 3) };

void anthropic_stream_init(struct anthropic_stream *s, anthropic_text_h text, void *arg)
{
	*s = (struct anthropic_stream){ .text = text };
	sse_init(&s->sse, ANTHROPIC_EVENT_MAX_BYTES);
	buf_init(&s->scratch, ANTHROPIC_EVENT_MAX_BYTES);
	buf_init(&s->args, ARGS_MAX_BYTES);
	anthropic_stream_reset(s, arg);
}

void anthropic_stream_fini(struct anthropic_stream *s)
{
	sse_fini(&s->sse);
	buf_fini(&s->scratch);
	buf_fini(&s->args);
}

void anthropic_stream_reset(struct anthropic_stream *s, void *arg)
{
	struct buf scratch = s->scratch, args = s->args;
	struct sse sse = s->sse;

	*s = (struct anthropic_stream){ .text = s->text, .arg = arg, .sse = sse, .scratch = scratch, .args = args };
	sse_reset(&s->sse);
	buf_reset(&s->args);
}

static void broken(struct anthropic_stream *s, enum failure why)
{
	s->state = STREAM_BROKEN;
	s->why = why;
	s->tool_count = 0;
}

void anthropic_stream_stop(struct anthropic_stream *s)
{
	s->state = STREAM_STOPPED;
	s->tool_count = 0;
}

static bool is_over(const struct anthropic_stream *s)
{
	return s->state >= STREAM_COMPLETE;
}

/* ------------------------------------------------------------------ errors and counts */

enum failure anthropic_failure_of(const char *error_type, enum failure fallback)
{
	static const struct {
		const char *type;
		enum failure failure;
	} known[] = {
		{ "rate_limit_error", FAILED_BUSY },        { "overloaded_error", FAILED_BUSY },     { "api_error", FAILED_DIED },
		{ "timeout_error", FAILED_DIED },           { "conflict_error", FAILED_DIED },       { "invalid_request_error", FAILED_REFUSED },
		{ "authentication_error", FAILED_REFUSED }, { "billing_error", FAILED_REFUSED },     { "permission_error", FAILED_REFUSED },
		{ "not_found_error", FAILED_REFUSED },      { "request_too_large", FAILED_REFUSED },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].type, error_type))
			return known[i].failure;
	return fallback;
}

static void error_read(struct anthropic_stream *s, const struct anthropic_event *e)
{
	const struct json_item *type = &e->fields[FIELD_ERROR_TYPE];

	if (type->kind == JSON_SCAN_STRING && type->len < sizeof(s->error_type))
		snprintf(s->error_type, sizeof(s->error_type), "%.*s", (int)type->len, type->text);
	broken(s, anthropic_failure_of(s->error_type, FAILED_DIED));
}

/* Counts are totals of the message: the last one that is there holds. Written to the cache, nobody says for how long: for five minutes. */
static void usage_read(struct anthropic_stream *s, const struct anthropic_event *e)
{
	struct anthropic_usage *u = &s->usage;
	uint64_t written;
	bool split;

	(void)anthropic_event_number(e, FIELD_INPUT, &u->input);
	(void)anthropic_event_number(e, FIELD_READ, &u->cache_read);
	(void)anthropic_event_number(e, FIELD_OUTPUT, &u->output);
	split = anthropic_event_number(e, FIELD_WRITTEN_5M, &u->cache_write_5m);
	split |= anthropic_event_number(e, FIELD_WRITTEN_1H, &u->cache_write_1h);
	if (!split && anthropic_event_number(e, FIELD_WRITTEN, &written))
		u->cache_write_5m = num_over(written, u->cache_write_1h);
}

/* ------------------------------------------------------------------ blocks */

/* A field's text without its escapes; false: it is not there, or is no text. */
static bool field_text(struct anthropic_stream *s, const struct anthropic_event *e, enum anthropic_field field, const char **text, size_t *len)
{
	return json_item_text(&e->fields[field], &s->scratch, text, len);
}

/* A message's words end somewhere. The last thing done for an event: whoever is told them may stop the stream. */
static void words_read(struct anthropic_stream *s, const struct anthropic_event *e, enum anthropic_field field)
{
	const char *text;
	size_t len;

	if (!field_text(s, e, field, &text, &len)) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	s->text_bytes += len;
	if (s->text_bytes > ANTHROPIC_TEXT_MAX_BYTES)
		broken(s, FAILED_GARBAGE);
	else if (len)
		s->text(s->arg, text, len);
}

static void tool_begins(struct anthropic_stream *s, const struct anthropic_event *e)
{
	struct anthropic_tool *t = &s->tools[s->tool_count];
	const char *name;
	size_t len;

	s->has_tools = true;
	if (s->tool_count == ANTHROPIC_TOOLS_MAX || !field_text(s, e, FIELD_BLOCK_NAME, &name, &len) || !len || len >= sizeof(t->name)) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	*t = (struct anthropic_tool){ .name_len = len, .from = s->args.len };
	memcpy(t->name, name, len);
	s->tool_count++;
}

static void block_starts(struct anthropic_stream *s, const struct anthropic_event *e)
{
	uint64_t index;

	if (s->state != STREAM_MESSAGE || !anthropic_event_number(e, FIELD_INDEX, &index) || index != s->block_next) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	s->state = STREAM_BLOCK;
	s->block_index = index;
	s->block_next = index + 1;
	s->block = BLOCK_IS_OTHER;
	if (anthropic_event_is(e, FIELD_BLOCK_TYPE, "text")) {
		s->block = BLOCK_IS_TEXT;
		if (e->fields[FIELD_BLOCK_TEXT].kind == JSON_SCAN_STRING)
			words_read(s, e, FIELD_BLOCK_TEXT);
	} else if (anthropic_event_is(e, FIELD_BLOCK_TYPE, "tool_use")) {
		s->block = BLOCK_IS_TOOL;
		tool_begins(s, e);
	}
}

/* Is there an open block, and does the event mean it? */
static bool block_is_meant(const struct anthropic_stream *s, const struct anthropic_event *e)
{
	uint64_t index;

	return s->state == STREAM_BLOCK && anthropic_event_number(e, FIELD_INDEX, &index) && index == s->block_index;
}

static void args_read(struct anthropic_stream *s, const struct anthropic_event *e)
{
	const char *json;
	size_t len, have = s->args.len - s->tools[s->tool_count - 1].from;

	if (!field_text(s, e, FIELD_DELTA_JSON, &json, &len) || len > ANTHROPIC_TOOL_MAX_BYTES - have)
		broken(s, FAILED_GARBAGE);
	else
		buf_append(&s->args, json, len);
}

static void block_goes_on(struct anthropic_stream *s, const struct anthropic_event *e)
{
	bool is_text = anthropic_event_is(e, FIELD_DELTA_TYPE, "text_delta"), is_args = anthropic_event_is(e, FIELD_DELTA_TYPE, "input_json_delta");

	if (!block_is_meant(s, e) || (is_text && s->block == BLOCK_IS_TOOL) || (is_args && s->block == BLOCK_IS_TEXT))
		broken(s, FAILED_GARBAGE);
	else if (is_text && s->block == BLOCK_IS_TEXT)
		words_read(s, e, FIELD_DELTA_TEXT);
	else if (is_args && s->block == BLOCK_IS_TOOL)
		args_read(s, e);
}

/* No arguments at all are an empty object. Whether they are any is judged at the message's end, when it is known what cut them. */
static void block_stops(struct anthropic_stream *s, const struct anthropic_event *e)
{
	struct anthropic_tool *t;

	if (!block_is_meant(s, e)) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	s->state = STREAM_MESSAGE;
	if (s->block != BLOCK_IS_TOOL)
		return;
	t = &s->tools[s->tool_count - 1];
	if (s->args.len == t->from)
		buf_text(&s->args, "{}");
	t->len = s->args.len - t->from;
	buf_byte(&s->args, '\0');
	if (!json_is_whole_object(s->args.data + t->from, t->len, &s->scratch))
		t->len = 0;
}

/* ------------------------------------------------------------------ the message */

static void message_starts(struct anthropic_stream *s, const struct anthropic_event *e)
{
	if (s->state != STREAM_FRESH) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	s->state = STREAM_MESSAGE;
	usage_read(s, e);
}

static void message_goes_on(struct anthropic_stream *s, const struct anthropic_event *e)
{
	if (s->state != STREAM_MESSAGE) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	usage_read(s, e);
	if (anthropic_event_is(e, FIELD_STOP_REASON, "refusal"))
		broken(s, FAILED_REFUSED);
	else if (e->fields[FIELD_STOP_REASON].kind == JSON_SCAN_STRING)
		s->asks_tools = anthropic_event_is(e, FIELD_STOP_REASON, "tool_use");
}

static bool tools_are_whole(const struct anthropic_stream *s)
{
	size_t i;

	for (i = 0; i < s->tool_count; i++)
		if (!s->tools[i].len)
			return false;
	return true;
}

/* Tools of a message that stopped for another reason were cut, or are not ours to run. */
static void message_stops(struct anthropic_stream *s)
{
	if (s->state != STREAM_MESSAGE || s->has_tools != s->asks_tools || !tools_are_whole(s))
		broken(s, FAILED_GARBAGE);
	else
		s->state = STREAM_COMPLETE;
}

static void event_read(struct anthropic_stream *s)
{
	struct anthropic_event e;

	if (anthropic_event_read(&e, s->sse.data.data, s->sse.data.len))
		broken(s, FAILED_GARBAGE);
	else if (anthropic_event_is(&e, FIELD_TYPE, "content_block_delta"))
		block_goes_on(s, &e);
	else if (anthropic_event_is(&e, FIELD_TYPE, "content_block_start"))
		block_starts(s, &e);
	else if (anthropic_event_is(&e, FIELD_TYPE, "content_block_stop"))
		block_stops(s, &e);
	else if (anthropic_event_is(&e, FIELD_TYPE, "message_start"))
		message_starts(s, &e);
	else if (anthropic_event_is(&e, FIELD_TYPE, "message_delta"))
		message_goes_on(s, &e);
	else if (anthropic_event_is(&e, FIELD_TYPE, "message_stop"))
		message_stops(s);
	else if (anthropic_event_is(&e, FIELD_TYPE, "error"))
		error_read(s, &e);
}

/* ------------------------------------------------------------------ bytes */

enum anthropic_state anthropic_stream_read(struct anthropic_stream *s, const void *data, size_t len)
{
	const char *at = data, *end = at + len;

	s->has_bytes |= len > 0;
	while (at < end && !is_over(s)) {
		at += sse_read(&s->sse, at, (size_t)(end - at));
		if (s->sse.is_event)
			event_read(s);
		if (!is_over(s) && (sse_err(&s->sse) || s->args.err))
			broken(s, sse_err(&s->sse) == ERR_NOMEM || s->args.err == ERR_NOMEM ? FAILED_DIED : FAILED_GARBAGE);
	}
	return s->state;
}

/* Bytes without a message among them are no stream of ours. */
enum anthropic_state anthropic_stream_end(struct anthropic_stream *s)
{
	if (!is_over(s))
		broken(s, s->state == STREAM_FRESH && s->has_bytes ? FAILED_GARBAGE : FAILED_DIED);
	return s->state;
}
