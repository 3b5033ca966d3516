#include "sandbox/body.h"

#include <stdio.h>
#include <string.h>

void body_refuse(struct http_request *r, const char *where, const char *message)
{
	http_reply_error(r, 400, "bad_call", message, where, NULL);
}

json_t *body_read(struct http_request *r)
{
	size_t len;
	const void *data = http_body(r, &len);
	json_t *body = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(body))
		return body;
	json_decref(body);
	body_refuse(r, "body", "This is no JSON object.");
	return NULL;
}

bool body_text(const json_t *body, const char *name, const char *usual, char *out, size_t size)
{
	const json_t *member = json_object_get(body, name);
	const char *text = member ? json_string_value(member) : usual;

	snprintf(out, size, "%s", text ? text : "");
	return text && strlen(text) < size;
}
