#include "sandbox/openai/rules.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "sandbox/lookup.h"

enum { NAME_MAX_BYTES = 64, TOKEN_BYTES = 4, TOKENS_MAX = 1000000 };

static bool refuse(struct openai_refusal *r, const char *param, const char *fmt, ...) PRINTF_LIKE(3, 4);

static bool refuse(struct openai_refusal *r, const char *param, const char *fmt, ...)
{
	va_list args;

	*r = (struct openai_refusal){ .status = 400 };
	snprintf(r->param, sizeof(r->param), "%.60s", param);
	va_start(args, fmt);
	vsnprintf(r->message, sizeof(r->message), fmt, args);
	va_end(args);
	return false;
}

static bool keys_judge(const json_t *body, const char *const *known, struct openai_refusal *r)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)body, key, value)
		if (!list_has(known, key))
			return refuse(r, key, "Unrecognized request argument supplied: %.60s", key);
	return true;
}

static bool number_judge(const json_t *body, const char *key, double min, double max, struct openai_refusal *r)
{
	const json_t *value = json_object_get(body, key);
	double number = json_number_value(value);

	if (value && (!json_is_number(value) || !(number >= min && number <= max)))
		return refuse(r, key, "Invalid '%s': it must be between %g and %g", key, min, max);
	return true;
}

/* ------------------------------------------------------------------ messages */

struct calls {
	const char *ids[CHAT_CALLS_MAX]; /* that wait for their results; NULL: answered */
	size_t count;
};

static bool are_answered(const struct calls *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->ids[i])
			return false;
	return true;
}

/* A text, or a list of texts. */
static bool content_fits(const json_t *content)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content))
		return true;
	if (!json_array_size(content))
		return false;
	json_array_foreach((json_t *)(uintptr_t)content, i, part)
		if (!text_of(part, "type") || strcmp(text_of(part, "type"), "text") != 0 || !text_of(part, "text"))
			return false;
	return true;
}

static bool call_judge(const json_t *call, struct calls *c, struct openai_refusal *r)
{
	const json_t *function = json_object_get(call, "function");
	const char *type = text_of(call, "type"), *id = text_of(call, "id");

	if (!id || !type || strcmp(type, "function") != 0 || !text_of(function, "name"))
		return refuse(r, "messages", "Invalid 'tool_calls': each has an id, a type \"function\" and a function with a name");
	if (!text_of(function, "arguments"))
		return refuse(r, "messages", "Invalid type for 'function.arguments': expected a string");
	if (c->count == CHAT_CALLS_MAX)
		return refuse(r, "messages", "Invalid 'tool_calls': array too long");
	c->ids[c->count++] = id;
	return true;
}

static bool assistant_judge(const json_t *message, struct calls *c, struct openai_refusal *r)
{
	const json_t *calls = json_object_get(message, "tool_calls"), *content = json_object_get(message, "content"), *call;
	size_t i;

	if (calls && !json_array_size(calls))
		return refuse(r, "messages", "Invalid 'tool_calls': empty array");
	if (!content_fits(content) && !(calls && (!content || json_is_null(content))))
		return refuse(r, "messages", "Invalid value for 'content': expected a string");
	c->count = 0;
	json_array_foreach((json_t *)(uintptr_t)calls, i, call)
		if (!call_judge(call, c, r))
			return false;
	return true;
}

static bool result_judge(const json_t *message, struct calls *c, struct openai_refusal *r)
{
	const char *id = text_of(message, "tool_call_id");
	size_t i;

	for (i = 0; id && i < c->count && (!c->ids[i] || strcmp(c->ids[i], id) != 0); i++) {
	}
	if (!id || i == c->count)
		return refuse(r, "messages", "messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
	c->ids[i] = NULL;
	return content_fits(json_object_get(message, "content")) || refuse(r, "messages", "Invalid value for 'content': expected a string");
}

static bool message_judge(const json_t *message, struct calls *c, struct openai_refusal *r)
{
	static const char *const roles[] = { "system", "developer", "user", NULL };
	const char *role = text_of(message, "role");

	if (!role)
		return refuse(r, "messages", "each message has a role");
	if (!strcmp(role, "tool"))
		return result_judge(message, c, r);
	if (!are_answered(c))
		return refuse(r, "messages", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'");
	c->count = 0;
	if (!strcmp(role, "assistant"))
		return assistant_judge(message, c, r);
	if (!list_has(roles, role))
		return refuse(r, "messages", "Invalid value: '%.20s'", role);
	return content_fits(json_object_get(message, "content")) || refuse(r, "messages", "Invalid value for 'content': expected a string");
}

static bool messages_judge(const json_t *body, struct openai_refusal *r)
{
	const json_t *messages = json_object_get(body, "messages"), *message;
	struct calls calls = { .count = 0 };
	size_t i;

	if (!json_array_size(messages) || json_array_size(messages) > CHAT_MESSAGES_MAX)
		return refuse(r, "messages", "Invalid 'messages': it must be a list with something in it");
	json_array_foreach((json_t *)(uintptr_t)messages, i, message)
		if (!message_judge(message, &calls, r))
			return false;
	return are_answered(&calls) ||
		refuse(r, "messages", "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'");
}

/* ------------------------------------------------------------------ tools */

static bool name_fits(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	return len && len <= NAME_MAX_BYTES;
}

static bool choice_judge(const json_t *body, struct openai_refusal *r)
{
	static const char *const choices[] = { "none", "auto", "required", NULL };
	const json_t *choice = json_object_get(body, "tool_choice");
	const char *word = json_string_value(choice);

	if (!choice || json_is_object(choice) || (word && list_has(choices, word)))
		return true;
	return refuse(r, "tool_choice", "Invalid value for 'tool_choice': none, auto, required, or a function");
}

static bool tools_judge(const json_t *body, struct openai_refusal *r)
{
	const json_t *tools = json_object_get(body, "tools"), *tool;
	size_t i;

	if (!tools && (json_object_get(body, "tool_choice") || json_object_get(body, "parallel_tool_calls")))
		return refuse(r, "tool_choice", "'tool_choice' and 'parallel_tool_calls' are only allowed when 'tools' are specified");
	if (tools && (!json_array_size(tools) || json_array_size(tools) > CHAT_CALLS_MAX))
		return refuse(r, "tools", "Invalid 'tools': 1 to %d", CHAT_CALLS_MAX);
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool) {
		const json_t *function = json_object_get(tool, "function");

		if (!text_of(tool, "type") || strcmp(text_of(tool, "type"), "function") != 0 || !name_fits(text_of(function, "name")))
			return refuse(r, "tools", "Invalid 'tools[%zu]': a type \"function\", and a function whose name has letters, digits, _ and -", i);
		if (json_object_get(function, "parameters") && !json_is_object(json_object_get(function, "parameters")))
			return refuse(r, "tools", "Invalid 'tools[%zu].function.parameters': it must be a schema", i);
	}
	return choice_judge(body, r);
}

/* ------------------------------------------------------------------ chats */

static bool is_reasoning(const char *model)
{
	return (model[0] == 'o' && isdigit((unsigned char)model[1])) || !strncmp(model, "gpt-5", 5);
}

/* Models that reason take neither a temperature nor the limit's old name. */
static bool model_judge(const json_t *body, struct openai_refusal *r)
{
	const char *model = text_of(body, "model");
	const json_t *temperature = json_object_get(body, "temperature");

	if (!model || !*model)
		return refuse(r, "model", "you must provide a model parameter");
	if (!is_reasoning(model))
		return true;
	if (json_object_get(body, "max_tokens"))
		return refuse(r, "max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.");
	if (temperature && json_number_value(temperature) != 1)
		return refuse(r, "temperature", "Unsupported value: 'temperature' does not support another value than 1 with this model.");
	return true;
}

static bool stream_judge(const json_t *body, struct openai_refusal *r)
{
	const json_t *stream = json_object_get(body, "stream"), *n = json_object_get(body, "n");

	if (stream && !json_is_boolean(stream))
		return refuse(r, "stream", "Invalid type for 'stream': expected a boolean");
	if (json_object_get(body, "stream_options") && !json_is_true(stream))
		return refuse(r, "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
	if (n && json_integer_value(n) != 1)
		return refuse(r, "n", "the sandbox gives one answer");
	return true;
}

bool chat_judge(const json_t *body, struct openai_refusal *r)
{
	/* Of the vendor's members those that the sandbox can be asked for; what it passes over stands in docs/sandbox.md. */
	static const char *const known[] = { "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n",
		"stop", "tools", "tool_choice", "parallel_tool_calls", "frequency_penalty", "presence_penalty", "seed", "user", "metadata", "store", "service_tier",
		"reasoning_effort", "verbosity", "prompt_cache_key", "safety_identifier", NULL };

	*r = (struct openai_refusal){ .status = 0 };
	if (!json_is_object(body))
		return refuse(r, "", "We could not parse the JSON body of your request.");
	return keys_judge(body, known, r) && model_judge(body, r) && stream_judge(body, r) && number_judge(body, "max_tokens", 1, TOKENS_MAX, r) &&
		number_judge(body, "max_completion_tokens", 1, TOKENS_MAX, r) && number_judge(body, "temperature", 0, 2, r) && number_judge(body, "top_p", 0, 1, r) &&
		tools_judge(body, r) && messages_judge(body, r);
}

uint64_t chat_limit(const json_t *body)
{
	const json_t *limit = json_object_get(body, "max_completion_tokens");

	return (uint64_t)json_integer_value(limit ? limit : json_object_get(body, "max_tokens"));
}

uint64_t chat_tokens(uint64_t bytes)
{
	return (bytes + TOKEN_BYTES - 1) / TOKEN_BYTES;
}

/* ------------------------------------------------------------------ speech */

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool voice_fits(const json_t *voice)
{
	const char *name = json_is_object(voice) ? text_of(voice, "id") : json_string_value(voice);

	return name && *name;
}

bool audio_judge(const json_t *body, struct openai_refusal *r)
{
	static const char *const known[] = { "model", "input", "voice", "response_format", "speed", "instructions", "stream_format", NULL };
	const char *input = text_of(body, "input"), *format = text_of(body, "response_format"), *stream = text_of(body, "stream_format");

	*r = (struct openai_refusal){ .status = 0 };
	if (!json_is_object(body))
		return refuse(r, "", "We could not parse the JSON body of your request.");
	if (!keys_judge(body, known, r))
		return false;
	if (!text_of(body, "model") || !*text_of(body, "model"))
		return refuse(r, "model", "you must provide a model parameter");
	if (!input || !input[strspn(input, " \t\r\n")] || characters(input) > AUDIO_INPUT_MAX)
		return refuse(r, "input", "Invalid 'input': 1 to %d characters", AUDIO_INPUT_MAX);
	if (!voice_fits(json_object_get(body, "voice")))
		return refuse(r, "voice", "Invalid 'voice': it must be a voice's name");
	if (!format || strcmp(format, "pcm") != 0)
		return refuse(r, "response_format", "the sandbox speaks pcm alone");
	if (stream && strcmp(stream, "audio") != 0)
		return refuse(r, "stream_format", "the sandbox streams audio alone");
	return number_judge(body, "speed", 0.25, 4, r);
}
