#include "sandbox/exotel/placing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client.h"

static bool number_fits(const char *number)
{
	size_t len = number ? strlen(number) : 0, plus = len && number[0] == '+';

	return len >= 6 + plus && len <= 15 + plus && strspn(number + plus, "0123456789") == len - plus;
}

/* A whole number of seconds up to `most`; NULL: `usual`. */
static bool seconds_take(const char *text, uint32_t usual, uint32_t most, uint32_t *out)
{
	size_t len = text ? strspn(text, "0123456789") : 0;

	*out = text ? (uint32_t)strtoul(text, NULL, 10) : usual;
	return !text || (len && len <= 6 && !text[len] && *out && *out <= most);
}

static bool text_take(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text ? text : "");
	return !text || strlen(text) < size;
}

/* "http://my.exotel.com/ACCOUNT/exoml/start_voice/APP"; other addresses Exotel does not fetch. */
static bool flow_take(const char *url, const char *account, struct placing *p)
{
	static const char host[] = "://my.exotel.com/", middle[] = "/exoml/start_voice/";
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	const char *at = strstr(url, host);
	size_t account_len = strlen(account);

	if (!at || (at != url + 4 && at != url + 5) || strncmp(url, "http", 4) != 0 || (at == url + 5 && url[4] != 's'))
		return false;
	at += sizeof(host) - 1;
	if (strncmp(at, account, account_len) != 0 || strncmp(at + account_len, middle, sizeof(middle) - 1) != 0)
		return false;
	at += account_len + sizeof(middle) - 1;
	return *at && text_take(at, p->app_id, sizeof(p->app_id)) && strspn(at, plain) == strlen(at);
}

static bool stream_take(const struct http_pairs *form, struct placing *p, const char **message)
{
	const char *url = http_pairs_find(form, "StreamUrl"), *type = http_pairs_find(form, "StreamType"), *name = http_pairs_find(form, "StreamName");

	*message = "StreamType must be bidirectional";
	if (!type || strcmp(type, "bidirectional") != 0)
		return false;
	*message = "StreamName is longer than 32 characters";
	if (name && strlen(name) > PLACING_NAME_MAX)
		return false;
	*message = "StreamUrl must be ws or wss, and shorter than 600 characters";
	return (!strncmp(url, "ws://", 5) || !strncmp(url, "wss://", 6)) && text_take(url, p->stream_url, sizeof(p->stream_url));
}

/* Where the call goes: one way and not two. */
static bool way_take(const struct http_pairs *form, const char *account, struct placing *p, const char **message)
{
	const char *url = http_pairs_find(form, "Url");
	bool has_stream = http_pairs_find(form, "StreamUrl");

	*message = "Two numbers are not connected by the sandbox";
	if (http_pairs_find(form, "To"))
		return false;
	*message = "Mandatory Parameter missing: either Url or StreamUrl";
	if (!url == !has_stream)
		return false;
	if (has_stream)
		return stream_take(form, p, message);
	*message = "Url must name a flow of this account";
	return flow_take(url, account, p);
}

static unsigned int events_read(const struct http_pairs *form)
{
	static const char *const names[] = { [PLACING_RINGING] = "ringing", [PLACING_ANSWERED] = "answered", [PLACING_TERMINAL] = "terminal" };
	unsigned int events = 0;

	for (size_t i = 0; i < form->count; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]) && !strncmp(form->items[i].name, "StatusCallbackEvents[", 21); k++)
			if (!strcmp(form->items[i].value, names[k]))
				events |= 1U << k;
	return events;
}

static bool type_fits(const char *type)
{
	return !type || !strcmp(type, "application/json") || !strcmp(type, "multipart/form-data");
}

static bool status_take(const struct http_pairs *form, struct placing *p, const char **message)
{
	const char *url = http_pairs_find(form, "StatusCallback"), *type = http_pairs_find(form, "StatusCallbackContentType");

	*message = "StatusCallback is no address";
	if (!text_take(url, p->status_url, sizeof(p->status_url)) || (url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
		return false;
	*message = "StatusCallbackContentType must be application/json or multipart/form-data";
	if (!text_take(type, p->status_type, sizeof(p->status_type)) || !type_fits(type))
		return false;
	p->events = events_read(form);
	return true;
}

bool placing_read(struct placing *p, const struct http_pairs *form, const char *account, const char **message)
{
	const char *from = http_pairs_find(form, "From"), *caller_id = http_pairs_find(form, "CallerId"), *record = http_pairs_find(form, "Record");

	*p = (struct placing){ .ring_s = PLACING_RING_S };
	*message = "Mandatory Parameter missing: From";
	if (!number_fits(from) || !text_take(from, p->from, sizeof(p->from)))
		return false;
	*message = "Mandatory Parameter missing: CallerId";
	if (!number_fits(caller_id) || !text_take(caller_id, p->caller_id, sizeof(p->caller_id)))
		return false;
	if (!way_take(form, account, p, message) || !status_take(form, p, message))
		return false;
	*message = "CustomField is longer than 128 characters";
	if (!text_take(http_pairs_find(form, "CustomField"), p->field, sizeof(p->field)))
		return false;
	*message = "TimeLimit must be seconds, at most 14400, and TimeOut seconds";
	if (!seconds_take(http_pairs_find(form, "TimeLimit"), PLACING_LIMIT_MAX_S, PLACING_LIMIT_MAX_S, &p->limit_s) ||
		!seconds_take(http_pairs_find(form, "TimeOut"), PLACING_RING_S, PLACING_LIMIT_MAX_S, &p->ring_s))
		return false;
	*message = "Record must be true or false";
	return !record || !strcmp(record, "true") || !strcmp(record, "false");
}
