#include "sandbox/asked.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/lookup.h"

enum { NAME_MAX_BYTES = 128 };

static const char *const secret_headers[] = { "x-api-key", "api-subscription-key", "sec-websocket-protocol", "cookie", "proxy-authorization", NULL };
static const char *const secret_queries[] = { "api_key", "access_token", "token", NULL };

/* ------------------------------------------------------------------ one request */

/* "Bearer ***" */
static json_t *scheme_alone(const char *value)
{
	size_t len = strcspn(value, " ");

	return value[len] ? json_sprintf("%.*s ***", (int)(len < 32 ? len : 32), value) : json_string("***");
}

static void name_lower(char out[NAME_MAX_BYTES], const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < NAME_MAX_BYTES; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[i] = 0;
}

/* A text of the outside: what is no UTF-8 is told so, not repeated. */
static json_t *text_or_bytes(const char *text)
{
	json_t *value = json_string(text);

	return value ? value : json_pack("{s:I}", "bytes", (json_int_t)strlen(text));
}

/* Another value of a name makes a list of both. */
static void put_again(json_t *object, const char *name, json_t *value)
{
	json_t *before = json_object_get(object, name);

	if (!before) {
		json_object_set_new(object, name, value);
	} else if (json_is_array(before)) {
		json_array_append_new(before, value);
	} else {
		json_t *both = json_array();

		json_array_append(both, before);
		json_array_append_new(both, value);
		json_object_set_new(object, name, both);
	}
}

static json_t *headers_of(const struct http_request *r)
{
	json_t *headers = json_object();
	char lower[NAME_MAX_BYTES];
	const char *name, *value;
	size_t len;

	for (unsigned int i = 0; http_header_at(r, i, &name, &len, &value); i++) {
		name_lower(lower, name, len);
		if (!strcmp(lower, "authorization"))
			put_again(headers, lower, scheme_alone(value));
		else
			put_again(headers, lower, list_has(secret_headers, lower) ? json_string("***") : text_or_bytes(value));
	}
	return headers;
}

static json_t *pairs_of(const struct http_pairs *pairs)
{
	json_t *query = json_object();

	for (size_t i = 0; i < pairs->count; i++) {
		const struct http_pair *p = &pairs->items[i];

		put_again(query, p->name, list_has(secret_queries, p->name) ? json_string("***") : text_or_bytes(p->value));
	}
	return query;
}

static json_t *body_of(const struct http_request *r)
{
	size_t len;
	const void *data = http_body(r, &len);
	json_t *body = len ? json_loadb(data, len, JSON_DECODE_ANY, NULL) : json_null();
	struct http_pairs form;

	if (!body && !http_form(r, &form)) {
		body = pairs_of(&form);
		http_pairs_free(&form);
	}
	return body ? body : json_pack("{s:I}", "bytes", (json_int_t)len);
}

static size_t body_bytes(const struct http_request *r)
{
	size_t len;

	(void)http_body(r, &len);
	return len;
}

/* ------------------------------------------------------------------ the list */

static json_t *slot(const struct asked *a, uint64_t number)
{
	return number && number >= a->first && number <= a->count ? a->list[number % ASKED_MAX] : NULL;
}

static void forget_first(struct asked *a)
{
	size_t at = a->first++ % ASKED_MAX;

	json_decref(a->list[at]);
	a->list[at] = NULL;
	a->total_bytes -= a->bytes[at];
	a->bytes[at] = 0;
}

static void weigh(struct asked *a, uint64_t number, size_t bytes)
{
	a->bytes[number % ASKED_MAX] += bytes;
	a->total_bytes += bytes;
	while (a->total_bytes > ASKED_BYTES_MAX && a->first <= a->count)
		forget_first(a);
}

uint64_t asked_add(struct asked *a, const char *vendor, const struct http_request *r)
{
	uint64_t number = ++a->count;
	json_t *one = json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:[]}", "n", (json_int_t)number, "vendor", vendor, "method", http_method_name(http_method(r)),
		"path", http_path(r), "query", pairs_of(http_query_all(r)), "headers", headers_of(r), "body", body_of(r), "messages");

	if (!a->first)
		a->first = 1;
	while (a->count - a->first >= ASKED_MAX)
		forget_first(a);
	a->list[number % ASKED_MAX] = one;
	weigh(a, number, body_bytes(r));
	return number;
}

static json_t *messages_of(struct asked *a, uint64_t number)
{
	json_t *one = slot(a, number), *messages = json_object_get(one, "messages");

	if (json_array_size(messages) < ASKED_MESSAGES_MAX)
		return messages;
	json_object_set_new(one, "left_out", json_integer(json_integer_value(json_object_get(one, "left_out")) + 1));
	return NULL;
}

void asked_text(struct asked *a, uint64_t number, const void *data, size_t len)
{
	json_t *messages = messages_of(a, number), *message;

	if (!messages)
		return;
	message = json_loadb(data, len, JSON_DECODE_ANY, NULL);
	json_array_append_new(messages, message ? message : json_pack("{s:I}", "text_bytes", (json_int_t)len));
	weigh(a, number, len);
}

/* Sound comes in many pieces; how they are cut is told by their number alone. */
void asked_sound(struct asked *a, uint64_t number, const char *kind, size_t len)
{
	json_t *messages = json_object_get(slot(a, number), "messages");
	json_t *last = json_array_get(messages, json_array_size(messages) - 1), *pieces = json_object_get(last, kind);

	if (pieces) {
		json_integer_set(pieces, json_integer_value(pieces) + 1);
		json_integer_set(json_object_get(last, "bytes"), json_integer_value(json_object_get(last, "bytes")) + (json_int_t)len);
		return;
	}
	messages = messages_of(a, number);
	if (messages)
		json_array_append_new(messages, json_pack("{s:i, s:I}", kind, 1, "bytes", (json_int_t)len));
}

void asked_binary(struct asked *a, uint64_t number, size_t len)
{
	asked_sound(a, number, "binary_frames", len);
}

void asked_usage(struct asked *a, uint64_t number, json_t *usage_take)
{
	json_t *one = slot(a, number);

	if (one)
		json_object_set_new(one, "usage", usage_take);
	else
		json_decref(usage_take);
}

const json_t *asked_at(const struct asked *a, uint64_t number)
{
	return slot(a, number);
}

char *asked_print(const struct asked *a, const char *vendor)
{
	json_t *list = json_array(), *all;
	char *text;

	for (uint64_t n = a->first; n && n <= a->count; n++) {
		json_t *one = slot(a, n);
		const char *of = json_string_value(json_object_get(one, "vendor"));

		if (one && (!vendor || (of && !strcmp(of, vendor))))
			json_array_append(list, one);
	}
	all = json_pack("{s:o}", "requests", list);
	text = all ? json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(all);
	return text;
}

void asked_clear(struct asked *a)
{
	while (a->first && a->first <= a->count)
		forget_first(a);
}
