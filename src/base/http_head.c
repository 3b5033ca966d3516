#include "base/http_head.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"

enum { LENGTH_DIGITS_MAX = 15 };

static const char *const methods[HTTP_METHOD_COUNT] = {
	[HTTP_METHOD_NONE] = "?",
	[HTTP_GET] = "GET",
	[HTTP_HEAD] = "HEAD",
	[HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",
	[HTTP_PATCH] = "PATCH",
	[HTTP_DELETE] = "DELETE",
	[HTTP_OPTIONS] = "OPTIONS",
};

const char *http_method_name(enum http_method method)
{
	assert(method < HTTP_METHOD_COUNT);
	return methods[method];
}

#define FINE    ((struct http_refusal){ .status = 0 })
#define BAD(why) ((struct http_refusal){ 400, "bad_request", (why) })

static bool is_token_char(uint8_t c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

bool http_is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_token_char((uint8_t)text[i]))
			return false;
	return len > 0;
}

bool http_is_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

size_t http_head_end(const uint8_t *data, size_t len, size_t seen)
{
	size_t from = seen > 3 ? seen - 3 : 0;
	const uint8_t *end = len > from ? memmem(data + from, len - from, "\r\n\r\n", 4) : NULL;

	return end ? (size_t)(end - data) + 4 : 0;
}

/* The line that begins at `at`: its length without the end. The head ends in one, so there always is one. */
static size_t line_length(const uint8_t *data, size_t len, size_t at)
{
	const uint8_t *end = memmem(data + at, len - at, "\r\n", 2);

	assert(end);
	return (size_t)(end - data) - at;
}

static bool same(const uint8_t *data, size_t len, const char *name)
{
	return len == strlen(name) && !strncasecmp((const char *)data, name, len);
}

/* "HTTP/1.1" and "HTTP/1.0"; a later 1.x is read as 1.1. */
static struct http_refusal version_parse(const uint8_t *at, size_t len, struct http_head *h)
{
	if (len != 8 || memcmp(at, "HTTP/", 5) != 0 || at[6] != '.' || at[5] < '0' || at[5] > '9' || at[7] < '0' || at[7] > '9')
		return BAD("The first line does not name an HTTP version.");
	if (at[5] != '1')
		return (struct http_refusal){ 505, "version_not_supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here." };
	h->is_old = at[7] == '0';
	return FINE;
}

static enum http_method method_find(const uint8_t *at, size_t len)
{
	for (enum http_method m = HTTP_GET; m < HTTP_METHOD_COUNT; m++)
		if (len == strlen(methods[m]) && !memcmp(at, methods[m], len))
			return m;
	return HTTP_METHOD_NONE;
}

static bool is_target(const uint8_t *at, size_t len)
{
	if (!len || (at[0] != '/' && !(len == 1 && at[0] == '*')))
		return false;
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] >= 0x7f || at[i] == '#')
			return false;
	return true;
}

/* The absolute form, "http://host/path": what stands before the path says nothing that Host does not. */
static void target_strip(const uint8_t *data, struct http_head *h)
{
	const uint8_t *at = data + h->target;
	const uint8_t *slash;
	size_t skip = h->target_len > 8 && !strncasecmp((const char *)at, "https://", 8) ? 8
		: h->target_len > 7 && !strncasecmp((const char *)at, "http://", 7) ? 7 : 0;

	if (!skip)
		return;
	slash = memchr(at + skip, '/', h->target_len - skip);
	if (!slash || slash == at + skip)
		return;
	h->target_len = (uint16_t)(h->target_len - (slash - at));
	h->target = (uint16_t)(slash - data);
}

/* method SP target SP version */
static struct http_refusal request_line(const uint8_t *data, size_t len, struct http_head *h)
{
	const uint8_t *first = memchr(data, ' ', len);
	const uint8_t *second = first ? memchr(first + 1, ' ', len - (size_t)(first + 1 - data)) : NULL;
	struct http_refusal r;

	if (!second || !http_is_token((const char *)data, (size_t)(first - data)))
		return BAD("The first line is not a method, a target and a version.");
	r = version_parse(second + 1, len - (size_t)(second + 1 - data), h);
	if (r.status)
		return r;
	if (second - first - 1 > HTTP_TARGET_MAX)
		return (struct http_refusal){ 414, "target_too_long", "The target of the request is too long." };
	h->target = (uint16_t)(first + 1 - data);
	h->target_len = (uint16_t)(second - first - 1);
	target_strip(data, h);
	if (!is_target(data + h->target, h->target_len))
		return BAD("The target is not a path, or holds characters that must be escaped.");
	h->method = method_find(data, (size_t)(first - data));
	if (h->method == HTTP_METHOD_NONE)
		return (struct http_refusal){ 501, "method_not_known", "This method is not known here." };
	return FINE;
}

/* version SP status SP reason */
static struct http_refusal status_line(const uint8_t *data, size_t len, struct http_head *h)
{
	struct http_refusal r;

	if (len < 12 || data[8] != ' ' || (len > 12 && data[12] != ' '))
		return BAD("The first line is not a version and a status.");
	r = version_parse(data, 8, h);
	if (r.status)
		return r;
	for (size_t i = 9; i < 12; i++) {
		if (data[i] < '0' || data[i] > '9')
			return BAD("The status is not a number.");
		h->status = h->status * 10 + (unsigned int)(data[i] - '0');
	}
	if (h->status < 100 || h->status > 599 || !http_is_value((const char *)data, len))
		return BAD("The status is out of range.");
	return FINE;
}

/* name ":" OWS value OWS */
static struct http_refusal field_parse(const uint8_t *data, size_t at, size_t len, struct http_head *h)
{
	const uint8_t *colon = memchr(data + at, ':', len);
	size_t name_len = colon ? (size_t)(colon - data) - at : 0;
	size_t value = at + name_len + 1, end = at + len;

	if (!colon || !http_is_token((const char *)data + at, name_len))
		return BAD("A header line is not a name, a colon and a value.");
	while (value < end && (data[value] == ' ' || data[value] == '\t'))
		value++;
	while (end > value && (data[end - 1] == ' ' || data[end - 1] == '\t'))
		end--;
	if (!http_is_value((const char *)data + value, end - value))
		return BAD("A header's value holds control characters.");
	if (h->field_count == HTTP_HEADERS_MAX)
		return (struct http_refusal){ 431, "headers_too_large", "There are too many headers." };
	h->fields[h->field_count++] = (struct http_field){ (uint16_t)at, (uint16_t)name_len, (uint16_t)value, (uint16_t)(end - value) };
	return FINE;
}

static struct http_refusal fields_parse(const uint8_t *data, size_t len, size_t at, struct http_head *h)
{
	for (;;) {
		size_t line = line_length(data, len, at);
		struct http_refusal r;

		if (!line)
			return FINE;
		r = field_parse(data, at, line, h);
		if (r.status)
			return r;
		at += line + 2;
	}
}

const struct http_field *http_field_find(const struct http_head *h, const uint8_t *data, const char *name, unsigned int from)
{
	for (unsigned int i = from; i < h->field_count; i++)
		if (same(data + h->fields[i].name, h->fields[i].name_len, name))
			return &h->fields[i];
	return NULL;
}

/* The next field of that name behind `f`. */
static const struct http_field *field_next(const struct http_head *h, const uint8_t *data, const char *name, const struct http_field *f)
{
	return http_field_find(h, data, name, f ? (unsigned int)(f - h->fields) + 1 : 0);
}

static bool list_has(const uint8_t *at, size_t len, const char *token)
{
	while (len) {
		const uint8_t *comma = memchr(at, ',', len);
		size_t part = comma ? (size_t)(comma - at) : len, from = 0, to = part;

		while (from < to && (at[from] == ' ' || at[from] == '\t'))
			from++;
		while (to > from && (at[to - 1] == ' ' || at[to - 1] == '\t'))
			to--;
		if (same(at + from, to - from, token))
			return true;
		part += comma ? 1 : 0;
		at += part;
		len -= part;
	}
	return false;
}

bool http_field_has(const struct http_head *h, const uint8_t *data, const char *name, const char *token)
{
	const struct http_field *f = NULL;

	while ((f = field_next(h, data, name, f)))
		if (list_has(data + f->value, f->value_len, token))
			return true;
	return false;
}

static struct http_refusal length_parse(const uint8_t *data, struct http_head *h)
{
	const struct http_field *f = field_next(h, data, "Content-Length", NULL);

	if (!f)
		return FINE;
	if (field_next(h, data, "Content-Length", f))
		return BAD("Content-Length stands there more than once.");
	if (!f->value_len || f->value_len > LENGTH_DIGITS_MAX)
		return BAD("Content-Length is not a length.");
	for (unsigned int i = 0; i < f->value_len; i++) {
		uint8_t c = data[f->value + i];

		if (c < '0' || c > '9')
			return BAD("Content-Length is not a length.");
		h->length = h->length * 10 + (uint64_t)(c - '0');
	}
	h->has_length = true;
	return FINE;
}

/* RFC 9112 section 6.1: how long the body is must be beyond doubt. */
static struct http_refusal coding_parse(const uint8_t *data, struct http_head *h)
{
	const struct http_field *f = field_next(h, data, "Transfer-Encoding", NULL);

	if (!f)
		return FINE;
	if (h->has_length)
		return BAD("Content-Length and Transfer-Encoding stand side by side.");
	if (h->is_old || field_next(h, data, "Transfer-Encoding", f))
		return BAD("Transfer-Encoding must not stand here.");
	if (!same(data + f->value, f->value_len, "chunked"))
		return BAD("No transfer coding but chunked is known here.");
	h->is_chunked = true;
	return FINE;
}

static bool is_host(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] >= 0x7f || strchr("/?#@\\,<>\"{}|^`", at[i]))
			return false;
	return true;
}

static struct http_refusal host_check(const uint8_t *data, const struct http_head *h)
{
	const struct http_field *f = field_next(h, data, "Host", NULL);

	if (!f)
		return h->is_old ? FINE : BAD("There is no Host header.");
	if (field_next(h, data, "Host", f))
		return BAD("Host stands there more than once.");
	return is_host(data + f->value, f->value_len) ? FINE : BAD("Host is not a host.");
}

static struct http_refusal expect_parse(const uint8_t *data, struct http_head *h)
{
	const struct http_field *f = field_next(h, data, "Expect", NULL);

	if (!f || h->is_old)
		return FINE;
	if (!same(data + f->value, f->value_len, "100-continue"))
		return (struct http_refusal){ 417, "expectation_failed", "Only 100-continue can be expected here." };
	h->wants_continue = true;
	return FINE;
}

static void connection_parse(const uint8_t *data, struct http_head *h)
{
	h->wants_close = http_field_has(h, data, "Connection", "close") ||
		(h->is_old && !http_field_has(h, data, "Connection", "keep-alive"));
	h->wants_upgrade = http_field_has(h, data, "Connection", "upgrade");
}

struct http_refusal http_request_parse(const uint8_t *data, size_t len, struct http_head *h)
{
	struct http_refusal r;
	size_t line;

	assert(len >= 4 && len <= HTTP_HEAD_MAX);
	*h = (struct http_head){ .len = len };
	line = line_length(data, len, 0);
	if ((r = request_line(data, line, h)).status || (r = fields_parse(data, len, line + 2, h)).status ||
		(r = length_parse(data, h)).status || (r = coding_parse(data, h)).status || (r = host_check(data, h)).status ||
		(r = expect_parse(data, h)).status)
		return r;
	connection_parse(data, h);
	return FINE;
}

struct http_refusal http_response_parse(const uint8_t *data, size_t len, struct http_head *h)
{
	struct http_refusal r;
	size_t line;

	assert(len >= 4 && len <= HTTP_HEAD_MAX);
	*h = (struct http_head){ .len = len };
	line = line_length(data, len, 0);
	if ((r = status_line(data, line, h)).status || (r = fields_parse(data, len, line + 2, h)).status ||
		(r = length_parse(data, h)).status || (r = coding_parse(data, h)).status)
		return r;
	connection_parse(data, h);
	return FINE;
}
