/* POST /v1/chat/completions: judged by the vendor's rules, answered by a script, by the model that is lent, or plainly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sandbox/openai/openai.h"

static struct openai_state *state_of(const struct vendor *v)
{
	return v->state;
}

static void chat_free(struct chat_answer *a)
{
	*a->place = a->next;
	if (a->next)
		a->next->place = a->place;
	if (a->answer)
		a->vendor->options->agent.llm->cancel(&a->answer);
	clock_timer_stop(&a->timer);
	conversation_fini(&a->talk);
	buf_fini(&a->text);
	json_decref(a->calls);
	json_decref(a->scripted);
	json_decref(a->body);
	free(a);
}

static void on_over(void *arg)
{
	chat_free(arg);
}

/* ------------------------------------------------------------------ who answers */

static void heard_text(void *arg, const char *text, size_t len)
{
	chat_say_text(arg, text, len);
}

static void heard_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	(void)index;
	chat_say_tool(arg, name, name_len, args, args_len);
}

static void heard_done(void *arg, uint32_t tokens)
{
	(void)tokens;
	chat_say_end(arg, NULL);
}

static void heard_failed(void *arg, enum failure why)
{
	chat_say_failed(arg, why == FAILED_BUSY ? 503 : 500, "The sandbox's model failed");
}

static const struct llm_events events = { .text = heard_text, .tool = heard_tool, .done = heard_done, .failed = heard_failed };

/* A text; or {"text":…,"tools":[{"name","input"}],"finish_reason":…}. */
static void scripted_say(struct chat_answer *a)
{
	const json_t *tools = json_object_get(a->scripted, "tools"), *tool;
	const char *text = json_is_string(a->scripted) ? json_string_value(a->scripted) : json_string_value(json_object_get(a->scripted, "text"));
	size_t i;

	if (text)
		chat_say_text(a, text, strlen(text));
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool) {
		const char *name = json_string_value(json_object_get(tool, "name"));
		char *input = json_dumps(json_object_get(tool, "input"), JSON_COMPACT);

		chat_say_tool(a, name, strlen(name), input ? input : "{}", input ? strlen(input) : 2);
		free(input);
	}
	chat_say_end(a, json_string_value(json_object_get(a->scripted, "finish_reason")));
}

static void plain_say(struct chat_answer *a)
{
	static const char said[] = "You said: ";

	chat_say_text(a, said, sizeof(said) - 1);
	if (a->talk.last_words)
		chat_say_text(a, a->talk.last_words, a->talk.last_len);
	chat_say_end(a, NULL);
}

static void answer_begin(struct chat_answer *a)
{
	const struct sandbox_agent *agent = &a->vendor->options->agent;
	enum err err;

	if (a->scripted) {
		scripted_say(a);
	} else if (!agent->llm) {
		plain_say(a);
	} else {
		err = agent->llm->start(agent->llm_vendor, &a->answer, a->talk.kind, 1, a->talk.blocks, a->talk.count, &events, a);
		if (err)
			chat_say_failed(a, err == ERR_BUSY ? 503 : 500, "The sandbox's model cannot answer that");
	}
}

/* ------------------------------------------------------------------ an answer's life */

static void stream_gone(struct http_stream *s, void *arg)
{
	struct chat_answer *a = arg;

	(void)s;
	if (a->answer)
		a->vendor->options->agent.llm->cancel(&a->answer);
	a->has_ended = true;
	outlet_gone(&a->out);
}

static const struct http_stream_handlers stream_handlers = { .gone = stream_gone };

static void begin(void *arg)
{
	struct chat_answer *a = arg;
	char request_id[OPENAI_ID_MAX];
	const struct http_header headers[] = {
		{ "Content-Type", a->streams ? "text/event-stream; charset=utf-8" : "application/json" }, { "x-request-id", request_id },
		{ "openai-version", "2020-10-01" }, { "x-ratelimit-limit-requests", "10000" }, { "x-ratelimit-remaining-requests", "9999" },
		{ "x-ratelimit-reset-requests", "6ms" }, { NULL, NULL } };
	struct http_stream *stream;

	vendor_id(a->vendor, "req_", request_id, sizeof(request_id));
	stream = http_stream_open(a->request, 200, headers, &stream_handlers, a);
	a->request = NULL;
	outlet_open(&a->out, a->vendor->options->clock, stream, NULL, &a->harm, on_over, a);
	a->out.is_plain = !a->streams;
	if (stream)
		answer_begin(a);
}

static void request_gone(struct http_request *r, void *arg)
{
	(void)r;
	chat_free(arg);
}

static uint64_t prompt_tokens(const json_t *body)
{
	char *messages = json_dumps(json_object_get(body, "messages"), JSON_COMPACT), *tools = json_dumps(json_object_get(body, "tools"), JSON_COMPACT);
	uint64_t tokens = chat_tokens((messages ? strlen(messages) : 0) + (tools ? strlen(tools) : 0));

	free(messages);
	free(tools);
	return tokens;
}

static struct chat_answer *chat_new(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, json_t *body)
{
	struct chat_answer **first = &state_of(v)->chats, *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct chat_answer){ .next = *first, .place = first, .vendor = v, .harm = turn->harm, .request = r, .body = body, .calls = json_array(),
		.streams = json_is_true(json_object_get(body, "stream")), .created = (json_int_t)time(NULL), .limit = chat_limit(body),
		.tells_usage = json_is_true(json_object_get(json_object_get(body, "stream_options"), "include_usage")), .prompt_tokens = prompt_tokens(body) };
	if (a->next)
		a->next->place = &a->next;
	*first = a;
	buf_init(&a->text, CHAT_TEXT_MAX);
	vendor_id(v, "chatcmpl-", a->id, sizeof(a->id));
	return a;
}

void chat_hear(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct vendor_turn turn;
	json_t *body = vendor_take(v, r, &turn) ? openai_body(v, r, chat_judge) : NULL;
	struct chat_answer *a = body ? chat_new(v, r, &turn, body) : NULL;

	if (!body)
		return;
	if (!a || chat_read(&a->talk, json_object_get(body, "messages"))) {
		openai_refuse_with(v, r, &(struct openai_refusal){ .status = a ? 400 : 500, .message = "It is more than the sandbox takes" }, 0);
		if (a)
			chat_free(a);
		else
			json_decref(body);
		return;
	}
	a->scripted = vendor_script(v);
	http_on_gone(r, request_gone, a);
	clock_timer_set(&a->timer, v->options->clock, vendor_now_us(v) + v->options->llm_us, begin, a);
}

void chats_end(struct vendor *v)
{
	while (state_of(v)->chats) {
		struct chat_answer *a = state_of(v)->chats;

		if (a->request) /* it must be answered */
			v->kind->refuse(v, a->request, 503, 0);
		else
			outlet_cancel(&a->out);
		chat_free(a);
	}
}
