#include "sandbox/anthropic/rules.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "sandbox/lookup.h"

enum { MESSAGES_MAX = 100000, TOOL_NAME_MAX = 64, THINKING_MIN = 1024 };

#define EFFORTS { "low", "medium", "high", "xhigh", "max", NULL }

static const struct message_model models[] = {
	{ "claude-haiku-4-5", { "enabled", "disabled", NULL }, { NULL }, false, true, true, true, false, 4096, 64000, 100 },
	{ "claude-haiku-5-5", { "adaptive", "disabled", NULL }, EFFORTS, true, false, false, true, true, 512, 128000, 130 },
	{ "claude-sonnet-5-5", { "adaptive", "between_tools", NULL }, EFFORTS, true, false, false, false, true, 512, 128000, 130 },
	{ "claude-opus-5-5", { "adaptive", NULL }, EFFORTS, true, false, false, false, true, 512, 128000, 130 },
	{ .id = NULL },
};

struct judging {
	const json_t *body;
	const struct message_model *model;
	enum api_version version;
	struct message_refusal *refusal;
};

static bool refuse(struct judging *j, unsigned int status, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool refuse(struct judging *j, unsigned int status, const char *fmt, ...)
{
	va_list args;

	j->refusal->status = status;
	j->refusal->type = message_error_type(status);
	va_start(args, fmt);
	vsnprintf(j->refusal->message, sizeof(j->refusal->message), fmt, args);
	va_end(args);
	return false;
}

const char *message_error_type(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *type;
	} types[] = { { 400, "invalid_request_error" }, { 401, "authentication_error" }, { 402, "billing_error" }, { 403, "permission_error" },
		{ 404, "not_found_error" }, { 409, "conflict_error" }, { 413, "request_too_large" }, { 429, "rate_limit_error" }, { 504, "timeout_error" },
		{ 529, "overloaded_error" } };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].status == status)
			return types[i].type;
	return "api_error";
}

enum api_version api_version_find(const char *text)
{
	if (text && !strcmp(text, "2023-06-01"))
		return API_2023_06_01;
	return text && !strcmp(text, "2026-10-21") ? API_2026_10_21 : API_NONE;
}

/* With or without a date behind it: "-20251001". */
const struct message_model *message_model_find(const char *id)
{
	const struct message_model *m;

	for (m = models; m->id; m++) {
		const char *rest = id + strlen(m->id);

		if (strncmp(id, m->id, strlen(m->id)) != 0)
			continue;
		if (!*rest || (*rest == '-' && strlen(rest) == 9 && strspn(rest + 1, "0123456789") == 8))
			return m;
	}
	return NULL;
}

static bool is_blank(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return !*text;
}

/* ------------------------------------------------------------------ fields */

static bool keys_judge(struct judging *j)
{
	static const char *const known[] = { "model", "max_tokens", "messages", "system", "stream", "tools", "tool_choice", "stop_sequences", "thinking",
		"output_config", "cache_control", "metadata", "service_tier", "speed", "inference_geo", "temperature", "top_p", "top_k", "diagnostics",
		"container", NULL };
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)j->body, key, value)
		if (!list_has(known, key))
			return refuse(j, 400, "%.60s: Extra inputs are not permitted", key);
	return true;
}

static bool sampling_judge(struct judging *j)
{
	static const char *const names[] = { "temperature", "top_p", "top_k" };
	unsigned int count = 0;

	for (size_t i = 0; i < 3; i++) {
		const json_t *value = json_object_get(j->body, names[i]);

		if (!value)
			continue;
		count += i < 2;
		if (j->version == API_2026_10_21)
			return refuse(j, 400, "%s: Extra inputs are not permitted", names[i]);
		if (!j->model->takes_sampling && !(i == 0 && json_number_value(value) == 1.0))
			return refuse(j, 400, "`%s` is not supported by this model", names[i]);
	}
	return count < 2 || refuse(j, 400, "`temperature` and `top_p` cannot both be specified for this model");
}

static bool effort_is_hard(const struct judging *j)
{
	const char *effort = text_of(json_object_get(j->body, "output_config"), "effort");

	return effort && (!strcmp(effort, "xhigh") || !strcmp(effort, "max"));
}

static bool thinking_judge(struct judging *j)
{
	const json_t *thinking = json_object_get(j->body, "thinking");
	const char *type = text_of(thinking, "type"), *effort = text_of(json_object_get(j->body, "output_config"), "effort");

	if (effort && !list_has(j->model->efforts, effort))
		return refuse(j, 400, "output_config.effort: not supported by this model");
	if (!thinking)
		return true;
	if (!type || !list_has(j->model->thinking, type))
		return refuse(j, 400, "thinking.type: \"%.20s\" is not supported by this model", type ? type : "");
	if (effort_is_hard(j) && (!strcmp(type, "disabled") || !strcmp(type, "between_tools")))
		return refuse(j, 400, "thinking.type: \"%s\" is not supported with effort \"%s\"", type, effort);
	if (!strcmp(type, "enabled") && json_integer_value(json_object_get(thinking, "budget_tokens")) < THINKING_MIN)
		return refuse(j, 400, "thinking.enabled.budget_tokens: Input should be greater than or equal to %d", THINKING_MIN);
	return true;
}

static bool name_is_fine(const char *name)
{
	size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") : 0;

	return len && len <= TOOL_NAME_MAX && !name[len];
}

static bool tools_judge(struct judging *j)
{
	const json_t *tools = json_object_get(j->body, "tools"), *tool, *choice = json_object_get(j->body, "tool_choice");
	const char *type = text_of(choice, "type");
	size_t i;

	if (tools && !json_is_array(tools))
		return refuse(j, 400, "tools: Input should be a valid list");
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool) {
		if (!name_is_fine(text_of(tool, "name")))
			return refuse(j, 400, "tools.%zu.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'", i);
		if (!json_is_object(json_object_get(tool, "input_schema")))
			return refuse(j, 400, "tools.%zu.custom.input_schema: Field required", i);
	}
	if (!choice)
		return true;
	if (!type || (strcmp(type, "auto") && strcmp(type, "none") && strcmp(type, "any") && strcmp(type, "tool")))
		return refuse(j, 400, "tool_choice.type: Input should be 'auto', 'any', 'none' or 'tool'");
	if ((!strcmp(type, "any") || !strcmp(type, "tool")) && !j->model->takes_forced_tool)
		return refuse(j, 400, "tool_choice.type: \"%s\" is not supported by this model", type);
	return true;
}

static bool tokens_judge(struct judging *j, bool counts)
{
	const json_t *max = json_object_get(j->body, "max_tokens");
	json_int_t n = json_integer_value(max);
	const char *choice = text_of(json_object_get(j->body, "tool_choice"), "type");

	if (counts)
		return true;
	if (!max)
		return refuse(j, 400, "max_tokens: Field required");
	if (!json_is_integer(max) || n < 0)
		return refuse(j, 400, "max_tokens: Input should be greater than or equal to 0");
	if (n > (json_int_t)j->model->answer_max_tokens)
		return refuse(j, 400, "max_tokens: %lld > %u, which is the maximum allowed number of output tokens", (long long)n, j->model->answer_max_tokens);
	if (!n && (json_is_true(json_object_get(j->body, "stream")) || (choice && (!strcmp(choice, "any") || !strcmp(choice, "tool")))))
		return refuse(j, 400, "max_tokens: 0 cannot be combined with this request");
	return true;
}

/* ------------------------------------------------------------------ messages */

static bool role_is(const json_t *message, const char *role)
{
	const char *is = text_of(message, "role");

	return is && !strcmp(is, role);
}

static bool type_is(const json_t *block, const char *type)
{
	const char *is = text_of(block, "type");

	return is && !strcmp(is, type);
}

static bool block_judge(struct judging *j, const json_t *block, const char *role, size_t at, size_t k)
{
	const char *type = text_of(block, "type"), *text = text_of(block, "text");
	bool user = !strcmp(role, "user"), assistant = !strcmp(role, "assistant");

	if (!type)
		return refuse(j, 400, "messages.%zu.content.%zu.type: Field required", at, k);
	if (!strcmp(type, "text"))
		return (text && !is_blank(text)) || refuse(j, 400, "messages.%zu: text content blocks must contain non-whitespace text", at);
	if (!strcmp(type, "tool_use"))
		return (assistant && text_of(block, "id") && text_of(block, "name") && json_is_object(json_object_get(block, "input"))) ||
			refuse(j, 400, "messages.%zu.content.%zu: `tool_use` needs id, name and input, and stands in assistant messages", at, k);
	if (!strcmp(type, "tool_result"))
		return (user && text_of(block, "tool_use_id")) ||
			refuse(j, 400, "messages.%zu.content.%zu: `tool_result` needs tool_use_id, and stands in user messages", at, k);
	if (assistant && (!strcmp(type, "thinking") || !strcmp(type, "redacted_thinking")))
		return true;
	if (user && (!strcmp(type, "image") || !strcmp(type, "document")))
		return true;
	return refuse(j, 400, "messages.%zu.content.%zu.type: \"%.30s\" does not stand in a message of this role", at, k, type);
}

static bool content_judge(struct judging *j, const json_t *message, size_t at)
{
	const json_t *content = json_object_get(message, "content"), *block;
	const char *role = text_of(message, "role");
	size_t k;

	if (json_is_string(content))
		return !is_blank(json_string_value(content)) || refuse(j, 400, "messages.%zu: text content must be non-empty", at);
	if (!json_is_array(content) || !json_array_size(content))
		return refuse(j, 400, "messages.%zu.content: Input should be a non-empty list or a string", at);
	json_array_foreach((json_t *)(uintptr_t)content, k, block)
		if (!block_judge(j, block, role, at, k))
			return false;
	return true;
}

/* Behind a user's, and last or before an assistant's; text alone. */
static bool system_judge(struct judging *j, const json_t *messages, size_t at)
{
	const json_t *next = json_array_get(messages, at + 1), *content = json_object_get(json_array_get(messages, at), "content"), *block;
	size_t k;

	if (!j->model->takes_system_messages)
		return refuse(j, 400, "messages.%zu: role 'system' is not supported on this model", at);
	if (!at || !role_is(json_array_get(messages, at - 1), "user") || (next && !role_is(next, "assistant")))
		return refuse(j, 400, "messages.%zu: role 'system' must follow a user message, and be last or before an assistant message", at);
	json_array_foreach((json_t *)(uintptr_t)content, k, block)
		if (!type_is(block, "text"))
			return refuse(j, 400, "messages.%zu.content.%zu: role 'system' takes text alone", at, k);
	return true;
}

/* A result of that use stands in this user message, before all that is no result. */
static bool result_stands(const json_t *message, const char *id)
{
	const json_t *block;
	size_t k;

	json_array_foreach(json_object_get(message, "content"), k, block) {
		const char *of = text_of(block, "tool_use_id");

		if (!type_is(block, "tool_result"))
			return false;
		if (of && !strcmp(of, id))
			return true;
	}
	return false;
}

static bool use_stands(const json_t *message, const char *id)
{
	const json_t *block;
	size_t k;

	json_array_foreach(json_object_get(message, "content"), k, block)
		if (type_is(block, "tool_use") && !strcmp(text_of(block, "id"), id))
			return true;
	return false;
}

static bool pairs_judge(struct judging *j, const json_t *messages, size_t at)
{
	const json_t *message = json_array_get(messages, at), *block;
	size_t k;

	json_array_foreach(json_object_get(message, "content"), k, block) {
		if (type_is(block, "tool_use") && !result_stands(json_array_get(messages, at + 1), text_of(block, "id")))
			return refuse(j, 400, "messages.%zu: `tool_use` ids were found without `tool_result` blocks immediately after: %.60s", at, text_of(block, "id"));
		if (type_is(block, "tool_result") && (!at || !use_stands(json_array_get(messages, at - 1), text_of(block, "tool_use_id"))))
			return refuse(j, 400, "messages.%zu: unexpected `tool_use_id` found in `tool_result` blocks: %.60s", at, text_of(block, "tool_use_id"));
	}
	return true;
}

static bool message_is_fine(struct judging *j, const json_t *messages, size_t at)
{
	const json_t *message = json_array_get(messages, at);

	if (!role_is(message, "user") && !role_is(message, "assistant") && !role_is(message, "system"))
		return refuse(j, 400, "messages.%zu.role: Input should be 'user', 'assistant' or 'system'", at);
	if (!at && !role_is(message, "user"))
		return refuse(j, 400, "messages: first message must use the \"user\" role");
	return content_judge(j, message, at) && (!role_is(message, "system") || system_judge(j, messages, at)) && pairs_judge(j, messages, at);
}

static bool has_tool_block(const json_t *messages)
{
	const json_t *message, *block;
	size_t i, k;

	json_array_foreach((json_t *)(uintptr_t)messages, i, message)
		json_array_foreach(json_object_get(message, "content"), k, block)
			if (type_is(block, "tool_use") || type_is(block, "tool_result"))
				return true;
	return false;
}

static bool messages_judge(struct judging *j)
{
	const json_t *messages = json_object_get(j->body, "messages");
	size_t count = json_array_size(messages), i;

	if (!json_is_array(messages) || !count || count > MESSAGES_MAX)
		return refuse(j, 400, "messages: at least one message is required");
	for (i = 0; i < count; i++)
		if (!message_is_fine(j, messages, i))
			return false;
	if (role_is(json_array_get(messages, count - 1), "assistant") && !j->model->takes_prefill)
		return refuse(j, 400, "This model does not support assistant message prefill. The conversation must end with a user message.");
	if (has_tool_block(messages) && !json_array_size(json_object_get(j->body, "tools")))
		return refuse(j, 400, "tools: Field required: the messages hold tool blocks");
	return true;
}

/* ------------------------------------------------------------------ markers */

static bool marker_judge(struct judging *j, const json_t *block, unsigned int *count, bool *short_seen)
{
	const json_t *marker = json_object_get(block, "cache_control");
	const char *ttl = text_of(marker, "ttl");

	if (!marker || json_is_null(marker))
		return true;
	if (!type_is(marker, "ephemeral") || (ttl && strcmp(ttl, "5m") && strcmp(ttl, "1h")))
		return refuse(j, 400, "cache_control: type must be 'ephemeral' and ttl '5m' or '1h'");
	if (++*count > MARKERS_MAX)
		return refuse(j, 400, "A maximum of %d blocks with cache_control may be provided.", MARKERS_MAX);
	if (ttl && !strcmp(ttl, "1h") && *short_seen)
		return refuse(j, 400, "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block.");
	*short_seen |= !ttl || strcmp(ttl, "1h") != 0;
	return true;
}

static bool markers_of(struct judging *j, const json_t *blocks, unsigned int *count, bool *short_seen)
{
	const json_t *block;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)blocks, i, block)
		if (!marker_judge(j, block, count, short_seen))
			return false;
	return true;
}

static bool markers_judge(struct judging *j)
{
	const json_t *message;
	unsigned int count = 0;
	bool short_seen = false;
	size_t i;

	if (!markers_of(j, json_object_get(j->body, "tools"), &count, &short_seen) || !markers_of(j, json_object_get(j->body, "system"), &count, &short_seen))
		return false;
	json_array_foreach(json_object_get(j->body, "messages"), i, message)
		if (!markers_of(j, json_object_get(message, "content"), &count, &short_seen))
			return false;
	return marker_judge(j, j->body, &count, &short_seen);
}

bool message_judge(const json_t *body, enum api_version version, bool counts, struct message_refusal *refusal)
{
	struct judging j = { .body = body, .version = version, .refusal = refusal };
	const char *model = text_of(body, "model");

	*refusal = (struct message_refusal){ .status = 0 };
	if (!json_is_object(body))
		return refuse(&j, 400, "The request body is not valid JSON");
	if (!keys_judge(&j))
		return false;
	if (!model)
		return refuse(&j, 400, "model: Field required");
	j.model = message_model_find(model);
	if (!j.model)
		return refuse(&j, 404, "model: %.100s", model);
	return tokens_judge(&j, counts) && sampling_judge(&j) && thinking_judge(&j) && tools_judge(&j) && messages_judge(&j) && markers_judge(&j);
}
