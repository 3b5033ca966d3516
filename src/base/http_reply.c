/* Replies: their heads, their errors, files. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/http_parts.h"
#include "base/json.h"

static const struct {
	unsigned int status;
	const char *text;
} statuses[] = {
	{ 101, "Switching Protocols" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 206, "Partial Content" }, { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
	{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 402, "Payment Required" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" },
	{ 412, "Precondition Failed" }, { 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" }, { 422, "Unprocessable Content" }, { 426, "Upgrade Required" },
	{ 428, "Precondition Required" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" }, { 507, "Insufficient Storage" },
};

const char *http_status_text(unsigned int status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Status";
}

/* ---- the head ---- */

/* The date changes once a second, and costs more than the rest. One thread per loop, hence a text for each. */
static const char *date_text(void)
{
	static _Thread_local char text[40];
	static _Thread_local time_t made;
	time_t now = time(NULL);
	struct tm tm;

	if (now == made)
		return text;
	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	made = now;
	return text;
}

static const char *connection_text(const struct http_conn *c, unsigned int status)
{
	if (status == 426)
		return "Connection: Upgrade, close\r\n";
	if (c->is_last || c->has_ended || c->server->is_draining)
		return "Connection: close\r\n";
	return c->request.head.is_old ? "Connection: keep-alive\r\n" : "";
}

static bool headers_put(struct buf *b, const struct http_header *headers)
{
	bool cached = false;

	for (; headers && headers->name; headers++) {
		if (!http_is_token(headers->name, strlen(headers->name)) || !http_is_value(headers->value, strlen(headers->value)))
			b->err = ERR_FORMAT;
		buf_printf(b, "%s: %s\r\n", headers->name, headers->value);
		cached |= !strcasecmp(headers->name, "Cache-Control");
	}
	return cached;
}

enum err reply_head(struct http_conn *c, unsigned int status, const struct http_header *headers, const char *framing)
{
	char memory[REPLY_HEAD_MAX];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	buf_printf(&b, "HTTP/1.1 %u %s\r\nDate: %s\r\n%s%s", status, http_status_text(status), date_text(), connection_text(c, status), framing);
	if (!headers_put(&b, headers))
		buf_text(&b, "Cache-Control: no-store\r\n");
	buf_printf(&b, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: %s\r\n\r\n", c->server->policy);
	if (b.err)
		return b.err;
	c->server->replies[status]++;
	return outbox_put(&c->out, b.data, b.len, conn_now_us());
}

static bool has_body(const struct http_conn *c, unsigned int status)
{
	return c->request.head.method != HTTP_HEAD && status != 204 && status != 304;
}

enum err reply_put(struct http_conn *c, unsigned int status, const struct http_header *headers, const void *body, size_t len)
{
	char framing[64] = "";
	enum err err;

	if (len > c->server->settings.reply_max_bytes)
		return ERR_LIMIT;
	if (status != 204 && status != 304)
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", len);
	if (!outbox_room(&c->out, len + REPLY_HEAD_MAX))
		return ERR_NOMEM;
	err = reply_head(c, status, headers, framing);
	if (!err && has_body(c, status))
		err = outbox_put(&c->out, body, len, conn_now_us());
	return err;
}

static void error_json(struct buf *b, const char *code, const char *message, const char *where, const char *hint)
{
	json_open(b, '{');
	json_put_key(b, "error");
	json_open(b, '{');
	json_pair_string(b, "code", code);
	json_pair_string(b, "message", message);
	json_pair_string(b, "where", where);
	json_pair_string(b, "hint", hint);
	json_close(b, '}');
	json_close(b, '}');
}

enum err reply_error_put(struct http_conn *c, unsigned int status, const char *code, const char *message, const char *where, const char *hint)
{
	static const struct http_header headers[] = { { "Content-Type", "application/json" }, { NULL, NULL } };
	char memory[4096];
	struct buf b;

	buf_over(&b, memory, sizeof(memory));
	error_json(&b, code, message, where, hint);
	if (b.err)
		return b.err;
	return reply_put(c, status, headers, b.data, b.len);
}

/* ---- what handlers call ---- */

/* The request is over for its handler. False: its connection is gone, there is nobody to tell. */
static bool reply_begin(struct http_request *r)
{
	struct http_conn *c = request_conn(r);

	assert(r->is_live && "a request is replied to once");
	r->is_live = false;
	r->gone = NULL;
	if (c->phase == CONN_CLOSED) {
		conn_unhold(c);
		return false;
	}
	assert(c->phase == CONN_BUSY);
	c->phase = CONN_SENDING;
	return true;
}

static void reply_end(struct http_conn *c, enum err err)
{
	if (err && reply_error_put(c, 500, "internal", "The reply could not be made.", NULL, NULL))
		c->is_broken = true;
	conn_send(c);
}

void http_reply(struct http_request *r, unsigned int status, const struct http_header *headers, const void *body, size_t len)
{
	struct http_conn *c = request_conn(r);

	assert(status >= 200 && status <= 599);
	if (reply_begin(r))
		reply_end(c, reply_put(c, status, headers, body, len));
}

void http_reply_as(struct http_request *r, unsigned int status, const char *type, const void *body, size_t len)
{
	struct http_header headers[] = { { "Content-Type", type }, { NULL, NULL } };

	http_reply(r, status, headers, body, len);
}

void http_reply_json(struct http_request *r, unsigned int status, struct buf *json)
{
	if (json->err)
		http_reply_error(r, 500, "internal", "The reply could not be made.", NULL, NULL);
	else
		http_reply_as(r, status, "application/json", json->data, json->len);
}

void http_reply_error(struct http_request *r, unsigned int status, const char *code, const char *message, const char *where, const char *hint)
{
	struct http_conn *c = request_conn(r);

	assert(status >= 400 && status <= 599);
	if (reply_begin(r))
		reply_end(c, reply_error_put(c, status, code, message, where, hint));
}

static bool is_fresh(const struct http_request *r, const struct http_file *file)
{
	const char *known = http_header(r, "If-None-Match");

	return known && (!strcmp(known, "*") || strstr(known, file->etag));
}

void http_reply_file(struct http_request *r, const struct http_file *file)
{
	struct http_header headers[] = { { "Content-Type", file->type }, { "ETag", file->etag }, { "Cache-Control", "no-cache" }, { NULL, NULL } };
	struct http_conn *c = request_conn(r);
	bool fresh = is_fresh(r, file);
	char framing[64] = "";
	enum err err;

	if (!reply_begin(r))
		return;
	if (!fresh)
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", file->len);
	err = reply_head(c, fresh ? 304 : 200, headers, framing);
	if (!err && has_body(c, fresh ? 304 : 200)) {
		c->after = file->data;
		c->after_len = file->len;
	}
	reply_end(c, err);
}
