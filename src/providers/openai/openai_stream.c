#include "providers/openai/openai_stream.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

void openai_stream_init(struct openai_stream *s, openai_text_h text, void *arg)
{
	size_t i;

	*s = (struct openai_stream){ .text = text };
	sse_init(&s->sse, OPENAI_EVENT_MAX_BYTES);
	buf_init(&s->scratch, OPENAI_EVENT_MAX_BYTES);
	buf_init(&s->words, OPENAI_EVENT_MAX_BYTES + OPENAI_TAG_MAX);
	for (i = 0; i < OPENAI_TOOLS_MAX; i++)
		buf_init(&s->tools[i].args, OPENAI_TOOL_MAX_BYTES);
	openai_stream_reset(s, arg);
}

void openai_stream_fini(struct openai_stream *s)
{
	size_t i;

	sse_fini(&s->sse);
	buf_fini(&s->scratch);
	buf_fini(&s->words);
	for (i = 0; i < OPENAI_TOOLS_MAX; i++)
		buf_fini(&s->tools[i].args);
}

void openai_stream_reset(struct openai_stream *s, void *arg)
{
	s->state = OPENAI_FRESH;
	s->why = FAILED_DIED;
	s->error_name[0] = '\0';
	s->usage = (struct openai_usage){ .input = 0 };
	s->tool_count = 0;
	s->arg = arg;
	sse_reset(&s->sse);
	s->think = (struct openai_think){ .is_inside = false };
	s->has_bytes = false;
	s->text_bytes = 0;
}

static void broken(struct openai_stream *s, enum failure why)
{
	s->state = OPENAI_BROKEN;
	s->why = why;
	s->tool_count = 0;
}

void openai_stream_stop(struct openai_stream *s)
{
	s->state = OPENAI_STOPPED;
	s->tool_count = 0;
}

static bool is_over(const struct openai_stream *s)
{
	return s->state >= OPENAI_COMPLETE;
}

static bool is_text(const struct json_item *item)
{
	return item->kind == JSON_SCAN_STRING && item->len;
}

/* Neither there nor null. */
static bool is_said(const struct json_item *item)
{
	return item->kind != JSON_SCAN_END && item->kind != JSON_SCAN_NULL;
}

/* ------------------------------------------------------------------ errors and counts */

static void error_read(struct openai_stream *s, const struct openai_chunk *c)
{
	const struct json_item *name = openai_chunk_error_name(c, sizeof(s->error_name));

	if (name)
		snprintf(s->error_name, sizeof(s->error_name), "%.*s", (int)name->len, name->text);
	broken(s, openai_failure_of(c, FAILED_DIED));
}

/* Counts are totals of the answer: the last one that is there holds. */
static void usage_read(struct openai_stream *s, const struct openai_chunk *c)
{
	uint64_t prompt;

	(void)json_item_number(&c->fields[CHUNK_OUTPUT], &s->usage.output);
	if (!json_item_number(&c->fields[CHUNK_PROMPT], &prompt))
		return;
	s->usage.cached = 0;
	(void)json_item_number(&c->fields[CHUNK_CACHED], &s->usage.cached);
	s->usage.input = num_over(prompt, s->usage.cached);
}

/* ------------------------------------------------------------------ words */

/* Whoever is told them may stop the stream. */
static void words_say(struct openai_stream *s, const char *text, size_t len)
{
	char *room;
	size_t n;

	buf_reset(&s->words);
	room = (char *)buf_reserve(&s->words, len + OPENAI_TAG_MAX);
	if (!room) {
		broken(s, FAILED_DIED);
		return;
	}
	n = openai_think_read(&s->think, text, len, room);
	if (n)
		s->text(s->arg, room, n);
}

static void words_read(struct openai_stream *s, const struct json_item *item)
{
	const char *text;
	size_t len;

	if (!is_said(item) || (item->kind == JSON_SCAN_STRING && !item->len))
		return;
	if (s->state == OPENAI_FINISHED || !json_item_text(item, &s->scratch, &text, &len) || s->text_bytes + len > OPENAI_TEXT_MAX_BYTES) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	s->text_bytes += len;
	words_say(s, text, len);
}

/* ------------------------------------------------------------------ tools */

static bool args_are_whole(struct openai_stream *s, const struct openai_tool *t)
{
	return json_is_whole_object(t->args.data, t->args.len, &s->scratch);
}

static bool id_is(const struct openai_tool *t, const struct json_item *id)
{
	size_t len = id->len < sizeof(t->id) - 1 ? id->len : sizeof(t->id) - 1;

	return is_text(id) && strlen(t->id) == len && !memcmp(t->id, id->text, len);
}

/* Does a piece that could go on with `t` begin another tool? Some servers give all tools the index 0, or none; others say name and id again, or a new
 * id, with every piece of the same one. So it does when it has a name, is not known by its id, and `t` needs no more of it. */
static bool is_another(struct openai_stream *s, const struct openai_tool *t, const struct openai_piece *p)
{
	const struct json_item *name = &p->fields[PIECE_NAME];
	bool is_same = is_text(name) && name->len == t->name_len && !memcmp(name->text, t->name, t->name_len);

	if (!is_text(name) || id_is(t, &p->fields[PIECE_ID]))
		return false;
	if (is_same && !is_text(&p->fields[PIECE_ARGS]))
		return false;
	if (!t->args.len)
		return !is_same && p->fields[PIECE_INDEX].kind != JSON_SCAN_NUMBER;
	return args_are_whole(s, t);
}

/* The tool that a piece goes on with, or NULL: the last one of its index, or the last one of all. */
static struct openai_tool *tool_find(struct openai_stream *s, const struct openai_piece *p)
{
	uint64_t index;
	bool has_index = json_item_number(&p->fields[PIECE_INDEX], &index);
	size_t i = s->tool_count;

	while (i && has_index && s->tools[i - 1].index != index)
		i--;
	return i && !is_another(s, &s->tools[i - 1], p) ? &s->tools[i - 1] : NULL;
}

static struct openai_tool *tool_begin(struct openai_stream *s, const struct openai_piece *p)
{
	struct openai_tool *t = &s->tools[s->tool_count];
	const struct json_item *id = &p->fields[PIECE_ID];
	const char *name;
	size_t len;

	if (s->tool_count == OPENAI_TOOLS_MAX || !json_item_text(&p->fields[PIECE_NAME], &s->scratch, &name, &len) || !len || len >= sizeof(t->name))
		return NULL;
	buf_reset(&t->args);
	memcpy(t->name, name, len);
	t->name[len] = '\0';
	t->name_len = len;
	snprintf(t->id, sizeof(t->id), "%.*s", is_text(id) ? (int)num_min(id->len, sizeof(t->id) - 1) : 0, is_text(id) ? id->text : "");
	t->index = s->tool_count;
	(void)json_item_number(&p->fields[PIECE_INDEX], &t->index);
	s->tool_count++;
	return t;
}

static void piece_read(struct openai_stream *s, const struct openai_piece *p)
{
	const struct json_item *args = &p->fields[PIECE_ARGS];
	struct openai_tool *t = s->state == OPENAI_MESSAGE ? tool_find(s, p) : NULL;
	const char *json;
	size_t len;

	if (!t && s->state == OPENAI_MESSAGE)
		t = tool_begin(s, p);
	if (!t) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	if (!is_said(args))
		return;
	if (!json_item_text(args, &s->scratch, &json, &len))
		broken(s, FAILED_GARBAGE);
	else
		buf_append(&t->args, json, len);
	if (t->args.err)
		broken(s, t->args.err == ERR_NOMEM ? FAILED_DIED : FAILED_GARBAGE);
}

/* No arguments at all are an empty object. */
static bool tools_are_whole(struct openai_stream *s)
{
	size_t i;

	for (i = 0; i < s->tool_count; i++) {
		struct openai_tool *t = &s->tools[i];

		if (!t->args.len)
			buf_text(&t->args, "{}");
		if (!args_are_whole(s, t))
			return false;
		(void)buf_str(&t->args);
	}
	return true;
}

/* ------------------------------------------------------------------ the message */

/* Tools of a message that was cut, or that ended for a reason that we do not know, are not run; nor is a message for tools without one. */
static bool finish_fits(const struct openai_stream *s, const struct json_item *why)
{
	bool for_tools = openai_item_is(why, "tool_calls") || openai_item_is(why, "function_call");

	return s->tool_count ? for_tools || openai_item_is(why, "stop") : !for_tools;
}

static void finish_read(struct openai_stream *s, const struct openai_chunk *c)
{
	const struct json_item *why = &c->fields[CHUNK_FINISH];

	if (!is_text(why) || s->state != OPENAI_MESSAGE)
		return;
	s->state = OPENAI_FINISHED;
	if (openai_item_is(why, "content_filter"))
		broken(s, FAILED_REFUSED);
	else if (!finish_fits(s, why) || !tools_are_whole(s))
		broken(s, FAILED_GARBAGE);
}

/* A model that declines says so in a text of its own, which is not for the caller. */
static void choices_read(struct openai_stream *s, const struct openai_chunk *c)
{
	size_t i;

	if (s->state == OPENAI_FRESH)
		s->state = OPENAI_MESSAGE;
	words_read(s, &c->fields[CHUNK_CONTENT]);
	if (!is_over(s) && is_text(&c->fields[CHUNK_REFUSAL]))
		broken(s, FAILED_REFUSED);
	for (i = 0; i < c->piece_count && !is_over(s); i++)
		piece_read(s, &c->pieces[i]);
	if (!is_over(s))
		finish_read(s, c);
}

static void complete(struct openai_stream *s)
{
	char rest[OPENAI_TAG_MAX];
	size_t len = openai_think_end(&s->think, rest);

	if (len)
		s->text(s->arg, rest, len);
	if (!is_over(s))
		s->state = OPENAI_COMPLETE;
}

static void event_read(struct openai_stream *s)
{
	const struct buf *data = &s->sse.data;
	struct openai_chunk c;

	if (data->len == 6 && !memcmp(data->data, "[DONE]", 6)) {
		if (s->state == OPENAI_FINISHED)
			complete(s);
		else
			broken(s, FAILED_GARBAGE);
		return;
	}
	if (openai_chunk_read(&c, data->data, data->len)) {
		broken(s, FAILED_GARBAGE);
		return;
	}
	usage_read(s, &c);
	if (openai_chunk_is_error(&c))
		error_read(s, &c);
	else if (c.has_choice)
		choices_read(s, &c);
}

enum openai_state openai_stream_read(struct openai_stream *s, const void *data, size_t len)
{
	const char *at = data, *end = at + len;

	s->has_bytes |= len > 0;
	while (at < end && !is_over(s)) {
		at += sse_read(&s->sse, at, (size_t)(end - at));
		if (s->sse.is_event)
			event_read(s);
		if (!is_over(s) && sse_err(&s->sse))
			broken(s, sse_err(&s->sse) == ERR_NOMEM ? FAILED_DIED : FAILED_GARBAGE);
	}
	return s->state;
}

/* Bytes without a message among them are no stream of ours. */
enum openai_state openai_stream_end(struct openai_stream *s)
{
	if (s->state == OPENAI_FINISHED)
		complete(s);
	else if (!is_over(s))
		broken(s, s->state == OPENAI_FRESH && s->has_bytes ? FAILED_GARBAGE : FAILED_DIED);
	return s->state;
}
