/* OpenAI as a server: chats and speech at one address. */
#include "sandbox/openai/openai.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT = 24 };

/* ------------------------------------------------------------------ errors */

static const struct error_name {
	unsigned int status;
	const char *type, *code;
} error_names[] = {
	{ 400, "invalid_request_error", NULL }, { 401, "invalid_request_error", "invalid_api_key" }, { 403, "invalid_request_error", NULL },
	{ 404, "invalid_request_error", "model_not_found" }, { 429, "requests", "rate_limit_exceeded" }, { 503, "service_unavailable_error", NULL },
	{ 0, "server_error", NULL },
};

json_t *openai_error(const struct openai_refusal *refusal)
{
	const struct error_name *e = error_names;

	while (e->status && e->status != refusal->status)
		e++;
	return json_pack("{s:{s:s, s:s, s:s?, s:s?}}", "error", "message", refusal->message, "type", e->type, "param", *refusal->param ? refusal->param : NULL,
		"code", e->code);
}

void openai_refuse_with(struct vendor *v, struct http_request *r, const struct openai_refusal *refusal, uint64_t retry_after_ms)
{
	char id[OPENAI_ID_MAX], wait[NUMBER_TEXT];
	const struct http_header headers[] = {
		{ "Content-Type", "application/json" }, { "x-request-id", id }, { retry_after_ms ? "retry-after-ms" : NULL, wait }, { NULL, NULL } };
	json_t *error = openai_error(refusal);
	char *text = error ? json_dumps(error, JSON_COMPACT) : NULL;

	vendor_id(v, "req_", id, sizeof(id));
	snprintf(wait, sizeof(wait), "%llu", (unsigned long long)retry_after_ms);
	http_reply(r, refusal->status, headers, text ? text : "", text ? strlen(text) : 0);
	free(text);
	json_decref(error);
}

static void openai_refuse(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms)
{
	struct openai_refusal refusal = { .status = status, .message = "Scripted by the sandbox" };

	openai_refuse_with(v, r, &refusal, retry_after_ms);
}

json_t *openai_body(struct vendor *v, struct http_request *r, bool (*judge)(const json_t *body, struct openai_refusal *refusal))
{
	const char *bearer = http_header(r, "authorization");
	struct openai_refusal refusal = { .status = 401, .message = "You didn't provide an API key." };
	size_t len;
	const void *data = http_body(r, &len);
	json_t *body;

	if (!bearer || strncmp(bearer, "Bearer ", 7) != 0 || !bearer[7]) {
		openai_refuse_with(v, r, &refusal, 0);
		return NULL;
	}
	body = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (judge(body, &refusal))
		return body;
	openai_refuse_with(v, r, &refusal, 0);
	json_decref(body);
	return NULL;
}

/* ------------------------------------------------------------------ the vendor */

static enum err openai_begin(struct vendor *v)
{
	v->state = calloc(1, sizeof(struct openai_state));
	return v->state ? ERR_NONE : ERR_NOMEM;
}

static void openai_end(struct vendor *v)
{
	if (!v->state)
		return;
	chats_end(v);
	audios_end(v);
	free(v->state);
	v->state = NULL;
}

static const struct http_route routes[] = {
	{ HTTP_POST, "/v1/chat/completions", chat_hear, ROUTE_OPEN, OPENAI_BODY_MAX_BYTES },
	{ HTTP_POST, "/v1/audio/speech", audio_hear, ROUTE_OPEN, OPENAI_BODY_MAX_BYTES },
	{ .method = HTTP_METHOD_NONE },
};

const struct vendor_kind openai_vendor = {
	.name = "openai", .scheme = "http", .routes = routes, .open = openai_begin, .close = openai_end, .refuse = openai_refuse,
	.other_url = "speech_url", .settings = "    model: sandbox\n    speech_model: sandbox\n    voice: sandbox\n", /* any name is one */
	.script_fits = conversation_script_fits, .script_hint = "a text, or {\"text\":…,\"tools\":[{\"name\":…,\"input\":{…}}],\"finish_reason\":…}"
};
