/* A tool's request made of its template and arguments, and its answer judged. Pure; see tools_parts.h. */
#include "conductor/tools_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* ---- the address ---- */

/* RFC 3986: everything but the unreserved characters. */
static void put_escaped(struct buf *out, const char *text)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";

	for (; *text; text++)
		if (strchr(unreserved, *text))
			buf_byte(out, (uint8_t)*text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}

/* A value as the text that stands in an address. */
static void put_value(struct buf *out, const json_t *value)
{
	char *text = NULL;

	if (json_is_string(value)) {
		put_escaped(out, json_string_value(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	if (text)
		put_escaped(out, text);
	else if (!out->err)
		out->err = ERR_NOMEM;
	free(text);
}

/* What would end or climb a path is no name in one. */
static bool stands_in_path(const json_t *value)
{
	const char *text = json_string_value(value);

	return !text || (*text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0);
}

bool tool_service(const char *url, char name[TOOLBOX_SERVICE_NAME_MAX])
{
	if (strncmp(url, "service:", 8) != 0)
		return false;
	snprintf(name, TOOLBOX_SERVICE_NAME_MAX, "%.*s", (int)strcspn(url + 8, "/"), url + 8);
	return true;
}

const char *service_url(const struct toolbox_service *services, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(services[i].name, name) && services[i].url && *services[i].url)
			return services[i].url;
	return NULL;
}

bool toolbox_service_missing(const struct toolbox_service *services, size_t count, const struct rulebook_tool *tool, char name[TOOLBOX_SERVICE_NAME_MAX])
{
	return tool_service(tool->url, name) && !service_url(services, count, name);
}

enum err toolbox_services_judge(const struct toolbox_service *services, size_t count, const struct rulebook *book, struct err_detail *detail)
{
	char name[TOOLBOX_SERVICE_NAME_MAX];
	struct rulebook_tool tool;

	for (size_t i = 0; i < rulebook_tool_count(book); i++) {
		rulebook_tool_at(book, i, &tool);
		if (!toolbox_service_missing(services, count, &tool, name))
			continue;
		snprintf(detail->message, sizeof(detail->message), "the rule-book's tool %.60s asks service:%s, which has no address here", tool.name, name);
		snprintf(detail->where, sizeof(detail->where), "tools.%.60s.url", tool.name);
		snprintf(detail->hint, sizeof(detail->hint), "set services.%s to its base URL, or write the address itself into the rule-book", name);
		return ERR_USAGE;
	}
	return ERR_NONE;
}

static void put_base(struct buf *out, const char *base, const char *tenant)
{
	const char *at;

	for (; (at = strstr(base, "{tenant}")); base = at + 8) {
		buf_append(out, base, (size_t)(at - base));
		put_escaped(out, tenant);
	}
	buf_text(out, base);
	while (out->len && !out->err && out->data[out->len - 1] == '/')
		out->len--;
}

/* The argument named at `at` ("{id}/x"), or NULL; *end is behind it. */
static const json_t *argument_at(const char *at, const json_t *arguments, const char **end)
{
	char name[64];
	size_t len = strspn(at + 1, letters);

	snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : 0), at + 1);
	*end = at + 1 + len + (at[1 + len] == '}');
	return json_object_get(arguments, name);
}

static bool argument_in_address(const char *url, const char *name)
{
	char braced[80];

	snprintf(braced, sizeof(braced), "{%.70s}", name);
	return strstr(url, braced) != NULL;
}

static bool has_query(const struct rulebook_tool *tool)
{
	return !strcmp(tool->method, "GET") || !strcmp(tool->method, "DELETE");
}

bool tool_in_address(const struct rulebook_tool *tool, const char *name)
{
	return has_query(tool) || argument_in_address(tool->url, name);
}

/* Absent optional arguments are absent; a null cannot be here (rulebook_tool_check). */
static void put_query(const struct rulebook_tool *tool, const json_t *arguments, struct buf *url)
{
	const char *name;
	json_t *value;
	char mark = strchr(tool->url, '?') ? '&' : '?';

	json_object_foreach((json_t *)arguments, name, value) {
		if (argument_in_address(tool->url, name))
			continue;
		buf_byte(url, (uint8_t)mark);
		put_escaped(url, name);
		buf_byte(url, '=');
		put_value(url, value);
		mark = '&';
	}
}

bool tool_address(const struct rulebook_tool *tool, const char *base, const char *tenant, const json_t *arguments, struct buf *url, const char **why)
{
	const char *at = tool->url, *end;
	bool in_path = true;

	if (base) {
		put_base(url, base, tenant);
		at += strcspn(at, "/");
	}
	for (; *at; at = end) {
		const json_t *value = *at == '{' ? argument_at(at, arguments, &end) : NULL;

		if (*at == '{' && (!value || (in_path && !stands_in_path(value)))) {
			*why = "An argument is empty, or no name of anything.";
			return false;
		}
		if (value) {
			put_value(url, value);
			continue;
		}
		in_path = in_path && *at != '?';
		buf_byte(url, (uint8_t)*at);
		end = at + 1;
	}
	if (has_query(tool))
		put_query(tool, arguments, url);
	return true;
}

void tool_body(const struct rulebook_tool *tool, const json_t *arguments, struct buf *body)
{
	json_t *rest = json_object();
	const char *name;
	json_t *value;
	char *text;

	if (!has_query(tool)) {
		json_object_foreach((json_t *)arguments, name, value)
			if (!argument_in_address(tool->url, name))
				json_object_set(rest, name, value);
		text = rest ? json_dumps(rest, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;
		if (text)
			buf_text(body, text);
		else if (!body->err)
			body->err = ERR_NOMEM;
		free(text);
	}
	json_decref(rest);
}

/* ---- headers ---- */

bool tool_secret_next(const char **at, size_t *plain, char name[SECRET_NAME_MAX])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	const char *found = strstr(*at, "secret:");
	size_t len = found ? strspn(found + 7, allowed) : 0;

	if (!found || !len || len >= SECRET_NAME_MAX)
		return false;
	memcpy(name, found + 7, len);
	name[len] = 0;
	*plain = (size_t)(found - *at);
	*at = found + 7 + len;
	return true;
}

void tool_idempotency_key(const struct tenant *t, const struct tool_key *key, char out[TOOL_HASH_MAX])
{
	char text[DOCUMENT_KEY_MAX + 2 * TENANT_ID_BYTES + 2], id[2 * TENANT_ID_BYTES + 1], path[DOCUMENT_KEY_MAX];
	uint8_t hash[crypto_hash_sha256_BYTES];

	tenant_id_text(t, id);
	tool_key_print(key, path);
	snprintf(text, sizeof(text), "%s/%s", id, path);
	crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
	sodium_bin2hex(out, TOOL_HASH_MAX, hash, sizeof(hash));
}

/* ---- answers ---- */

static enum tool_status not_known(const struct rulebook_tool *tool, struct buf *out)
{
	if (tool->changes) {
		tool_say(out, "outcome_unknown", "It was asked for, but whether it was done is not known. It must not be asked for again; a person has to look.");
		return TOOL_UNKNOWN;
	}
	tool_say(out, "no_answer", "The service gave no answer that can be used.");
	return TOOL_ERROR;
}

static enum tool_status refused(unsigned int status, struct buf *out)
{
	static const struct {
		unsigned int status;
		const char *code, *message;
	} words[] = {
		{ 400, "refused", "The service did not accept these arguments." },
		{ 401, "not_permitted", "The service does not let this agent in." },
		{ 403, "not_permitted", "The service does not permit this." },
		{ 404, "not_found", "The service does not know it." },
		{ 409, "conflict", "It cannot be done as things stand." },
		{ 410, "not_found", "It is not there any more." },
		{ 422, "refused", "The service did not accept these arguments." },
		{ 429, "busy", "The service is too busy now." },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status) {
			tool_say(out, words[i].code, words[i].message);
			return TOOL_ERROR;
		}
	tool_say(out, "failed", "The service did not do it.");
	return TOOL_ERROR;
}

static bool says_json(const struct http_answer *answer)
{
	const char *type = http_answer_header(answer, "Content-Type");

	return !type || strcasestr(type, "json");
}

static enum tool_status accepted(const struct rulebook *book, const struct rulebook_tool *tool, const struct http_answer *answer, struct buf *out,
	struct err_detail *why)
{
	bool is_json = says_json(answer);
	json_t *json = answer->len && is_json ? json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL) : NULL;
	bool fits = (json || !answer->len) && !rulebook_tool_result(book, tool->name, json, out, why);

	if (!json && answer->len)
		snprintf(why->message, sizeof(why->message), "%s: the answer is no JSON%s", tool->name, is_json ? "" : " by its Content-Type");
	json_decref(json);
	if (fits)
		return TOOL_OK;
	buf_reset(out);
	return not_known(tool, out);
}

/* A time-out at the other side (408), or a failure inside it (5xx), may come after the change; a redirect is how many say that it is done. */
enum tool_status tool_judge(const struct rulebook *book, const struct rulebook_tool *tool, const struct http_answer *answer, struct buf *out,
	struct err_detail *why)
{
	buf_reset(out);
	*why = (struct err_detail){ .message = "" };
	if (answer->err && !answer->was_sent) {
		tool_say(out, "unreachable", "The service cannot be reached now. Nothing was done.");
		return TOOL_ERROR;
	}
	if (answer->err || answer->status == 408 || answer->status >= 500 || answer->status / 100 == 3)
		return not_known(tool, out);
	if (answer->status >= 200 && answer->status < 300)
		return accepted(book, tool, answer, out, why);
	return refused(answer->status, out);
}
