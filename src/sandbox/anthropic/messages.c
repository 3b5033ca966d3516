/* Anthropic's Messages API as a server: requests judged by the vendor's rules, answered by a script, by the model that is lent, or plainly. */
#include "sandbox/anthropic/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"

enum { LIMIT_REQUESTS = 1000, LIMIT_TOKENS = 400000, TIME_TEXT = 32, NUMBER_TEXT = 24 };

static void message_free(struct saying_message *m)
{
	*m->place = m->next;
	if (m->next)
		m->next->place = m->place;
	if (m->answer)
		m->vendor->options->agent.llm->cancel(&m->answer);
	clock_timer_stop(&m->timer);
	conversation_fini(&m->talk);
	buf_fini(&m->text);
	json_decref(m->content);
	json_decref(m->scripted);
	json_decref(m->body);
	free(m);
}

static void on_over(void *arg)
{
	message_free(arg);
}

/* ------------------------------------------------------------------ errors */

static void refuse_with(struct vendor *v, struct http_request *r, unsigned int status, const char *message, uint64_t retry_after_ms)
{
	char id[SAY_ID_MAX], wait[NUMBER_TEXT];
	const struct http_header headers[] = {
		{ "Content-Type", "application/json" }, { "request-id", id }, { retry_after_ms ? "retry-after" : NULL, wait }, { NULL, NULL } };
	struct buf b;

	vendor_id(v, "req_", id, sizeof(id));
	snprintf(wait, sizeof(wait), "%llu", (unsigned long long)(retry_after_ms + 999) / 1000);
	buf_init(&b, SAY_TEXT_MAX);
	error_put(&b, status, message, id);
	http_reply(r, status, headers, buf_str(&b), b.len);
	buf_fini(&b);
}

static void anthropic_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	refuse_with(v, r, status, status == 529 ? "Overloaded" : "Scripted by the sandbox", retry_after_ms);
}

/* Exactly one of the two kinds of key. What it is does not matter. */
static bool headers_judge(struct vendor *v, struct http_request *r, enum api_version *version)
{
	const char *key = http_header(r, "x-api-key"), *bearer = http_header(r, "authorization"), *said = http_header(r, "anthropic-version");

	*version = api_version_find(said);
	if (!key && !bearer)
		refuse_with(v, r, 401, "x-api-key header is required", 0);
	else if ((key && bearer) || (bearer && strncmp(bearer, "Bearer ", 7) != 0))
		refuse_with(v, r, 401, "exactly one of x-api-key and authorization: Bearer is taken", 0);
	else if (!*version)
		refuse_with(v, r, 400, said ? "anthropic-version: no version of that name" : "anthropic-version: header is required", 0);
	else
		return true;
	return false;
}

static json_t *body_judge(struct vendor *v, struct http_request *r, bool counts)
{
	struct message_refusal refusal;
	enum api_version version;
	json_t *body;
	size_t len;
	const void *data = http_body(r, &len);

	if (!headers_judge(v, r, &version))
		return NULL;
	body = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (message_judge(body, version, counts, &refusal))
		return body;
	refuse_with(v, r, refusal.status, refusal.message, 0);
	json_decref(body);
	return NULL;
}

/* ------------------------------------------------------------------ who answers */

static void heard_text(void *arg, const char *text, size_t len)
{
	say_text(arg, text, len);
}

static void heard_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	(void)index;
	say_tool(arg, name, name_len, args, args_len);
}

static void heard_done(void *arg, uint32_t tokens)
{
	(void)tokens;
	say_end(arg, NULL);
}

static void heard_failed(void *arg, enum failure why)
{
	say_failed(arg, why == FAILED_BUSY ? 529 : 500, "The sandbox's model failed");
}

static const struct llm_events events = { .text = heard_text, .tool = heard_tool, .done = heard_done, .failed = heard_failed };

/* A text; or {"text":…,"tools":[{"name","input"}],"stop_reason":…}. */
static void scripted_say(struct saying_message *m)
{
	const json_t *tools = json_object_get(m->scripted, "tools"), *tool;
	const char *text = json_is_string(m->scripted) ? json_string_value(m->scripted) : json_string_value(json_object_get(m->scripted, "text"));
	size_t i;

	if (text)
		say_text(m, text, strlen(text));
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool) {
		const char *name = json_string_value(json_object_get(tool, "name"));
		char *input = json_dumps(json_object_get(tool, "input"), JSON_COMPACT);

		say_tool(m, name, strlen(name), input ? input : "{}", input ? strlen(input) : 2);
		free(input);
	}
	say_end(m, json_string_value(json_object_get(m->scripted, "stop_reason")));
}

static void plain_say(struct saying_message *m)
{
	static const char said[] = "You said: ";

	say_text(m, said, sizeof(said) - 1);
	if (m->talk.last_words)
		say_text(m, m->talk.last_words, m->talk.last_len);
	say_end(m, NULL);
}

static void answer_begin(struct saying_message *m)
{
	const struct sandbox_agent *agent = &m->vendor->options->agent;
	enum err err;

	say_begin(m);
	if (!m->max_tokens) {
		say_end(m, "max_tokens");
	} else if (m->scripted) {
		scripted_say(m);
	} else if (!agent->llm) {
		plain_say(m);
	} else {
		err = agent->llm->start(agent->llm_vendor, &m->answer, m->talk.kind, 1, m->talk.blocks, m->talk.count, &events, m);
		if (err)
			say_failed(m, err == ERR_BUSY ? 529 : 500, "The sandbox's model cannot answer that");
	}
}

/* ------------------------------------------------------------------ an answer's life */

static void stream_gone(struct http_stream *s, void *arg)
{
	struct saying_message *m = arg;

	(void)s;
	if (m->answer)
		m->vendor->options->agent.llm->cancel(&m->answer);
	m->has_ended = true;
	outlet_gone(&m->out);
}

static const struct http_stream_handlers stream_handlers = { .gone = stream_gone };

static void time_put(char out[TIME_TEXT])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void begin(void *arg)
{
	struct saying_message *m = arg;
	char now[TIME_TEXT], requests[NUMBER_TEXT], tokens[NUMBER_TEXT];
	const struct http_header headers[] = {
		{ "Content-Type", m->streams ? "text/event-stream; charset=utf-8" : "application/json" }, { "request-id", m->request_id },
		{ "anthropic-organization-id", "00000000-0000-4000-8000-000000000000" },
		{ "anthropic-ratelimit-requests-limit", "1000" }, { "anthropic-ratelimit-requests-remaining", requests },
		{ "anthropic-ratelimit-requests-reset", now }, { "anthropic-ratelimit-tokens-limit", "400000" },
		{ "anthropic-ratelimit-tokens-remaining", tokens }, { "anthropic-ratelimit-tokens-reset", now }, { NULL, NULL } };
	uint64_t used = m->usage.input + m->usage.write_5m + m->usage.write_1h;
	struct http_stream *stream;

	time_put(now);
	snprintf(requests, sizeof(requests), "%d", LIMIT_REQUESTS - 1);
	snprintf(tokens, sizeof(tokens), "%llu", (unsigned long long)(used < LIMIT_TOKENS ? LIMIT_TOKENS - used : 0));
	stream = http_stream_open(m->request, 200, headers, &stream_handlers, m);
	m->request = NULL;
	outlet_open(&m->out, m->vendor->options->clock, stream, NULL, &m->harm, on_over, m);
	m->out.is_plain = !m->streams;
	m->is_open = true;
	if (stream)
		answer_begin(m);
}

static void request_gone(struct http_request *r, void *arg)
{
	(void)r;
	message_free(arg);
}

static struct saying_message *message_new(struct vendor *v, struct http_request *r, const struct vendor_turn *turn, json_t *body)
{
	struct messages *all = v->state;
	struct saying_message *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	*m = (struct saying_message){ .all = all, .next = all->first, .place = &all->first, .vendor = v, .number = turn->number,
		.harm = turn->harm, .request = r, .body = body,
		.model = message_model_find(json_string_value(json_object_get(body, "model"))), .streams = json_is_true(json_object_get(body, "stream")),
		.content = json_array(), .max_tokens = (uint64_t)json_integer_value(json_object_get(body, "max_tokens")) };
	if (m->next)
		m->next->place = &m->next;
	all->first = m;
	buf_init(&m->text, SAY_TEXT_MAX);
	vendor_id(v, "msg_", m->id, sizeof(m->id));
	vendor_id(v, "req_", m->request_id, sizeof(m->request_id));
	return m;
}

static void on_messages(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct vendor_turn turn;
	struct saying_message *m;
	json_t *body = vendor_take(v, r, &turn) ? body_judge(v, r, false) : NULL;
	enum err err;

	if (!body)
		return;
	m = message_new(v, r, &turn, body);
	if (!m) {
		json_decref(body);
		refuse_with(v, r, 500, "no memory", 0);
		return;
	}
	err = messages_read(&m->talk, json_object_get(body, "messages"));
	if (!err)
		err = prompt_cache_use(m->all->cache, m->model, body, vendor_now_us(v), &m->usage);
	if (err) {
		refuse_with(v, r, err == ERR_LIMIT ? 413 : 500, err == ERR_LIMIT ? "it is more than the sandbox takes" : "no memory", 0);
		message_free(m);
		return;
	}
	m->scripted = vendor_script(v);
	http_on_gone(r, request_gone, m);
	clock_timer_set(&m->timer, v->options->clock, vendor_now_us(v) + v->options->llm_us, begin, m);
}

static void on_count(struct http_request *r, void *arg)
{
	struct vendor *v = arg;
	struct vendor_turn turn;
	json_t *body = vendor_take(v, r, &turn) ? body_judge(v, r, true) : NULL;
	uint8_t memory[64];
	uint64_t tokens;
	struct buf b;

	if (!body)
		return;
	buf_over(&b, memory, sizeof(memory));
	if (message_count(message_model_find(json_string_value(json_object_get(body, "model"))), body, &tokens)) {
		refuse_with(v, r, 500, "no memory", 0);
	} else {
		json_open(&b, '{');
		json_pair_u64(&b, "input_tokens", tokens);
		json_close(&b, '}');
		http_reply_json(r, 200, &b);
	}
	json_decref(body);
}

/* ------------------------------------------------------------------ the vendor */

static enum err anthropic_begin(struct vendor *v)
{
	struct messages *all = calloc(1, sizeof(*all));

	v->state = all;
	return all ? prompt_cache_new(&all->cache) : ERR_NOMEM;
}

static void anthropic_end(struct vendor *v)
{
	struct messages *all = v->state;

	while (all && all->first) {
		struct saying_message *m = all->first;

		if (m->request) /* it must be answered */
			refuse_with(v, m->request, 503, "the sandbox ends", 0);
		else
			outlet_cancel(&m->out);
		message_free(m);
	}
	if (all)
		prompt_cache_free(&all->cache);
	free(all);
	v->state = NULL;
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/v1/messages", on_messages, ROUTE_OPEN, MESSAGE_BODY_MAX_BYTES },
	{ HTTP_POST, "/v1/messages/count_tokens", on_count, ROUTE_OPEN, MESSAGE_BODY_MAX_BYTES },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind anthropic_vendor = {
	.name = "anthropic", .scheme = "http", .routes = routes, .open = anthropic_begin, .close = anthropic_end, .refuse = anthropic_refuse,
	.script_fits = conversation_script_fits, .script_hint = "a text, or {\"text\":…,\"tools\":[{\"name\":…,\"input\":{…}}],\"stop_reason\":…}"
};
