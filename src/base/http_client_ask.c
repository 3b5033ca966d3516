/* What an exchange asks for, judged and copied: the URL as libcurl will read it, headers that stay one line, a body with a ceiling. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/http_client_parts.h"

enum { HEADERS_MAX = 64, HEADER_BYTES_MAX = 16384 };

static enum err wrong(struct err_detail *detail, enum err err, const char *message, const char *hint)
{
	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return err;
}

/* ---- the URL ---- */

static bool host_is_good(const char *host)
{
	struct in6_addr address;
	size_t len = strlen(host);
	char inner[HTTP_HOST_MAX];

	if (!len || len >= HTTP_HOST_MAX || host[len - 1] == '.')
		return false;
	if (host[0] != '[')
		return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == len;
	snprintf(inner, sizeof(inner), "%.*s", (int)len - 2, host + 1);
	return inet_pton(AF_INET6, inner, &address) == 1;
}

static bool has_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool has = !curl_url_get(u, part, &text, 0);

	curl_free(text);
	return has;
}

static enum err parts_read(CURLU *u, const char *url, char host[HTTP_HOST_MAX], char port[6])
{
	char *h = NULL, *p = NULL;
	enum err err = ERR_USAGE;
	CURLUcode code = curl_url_set(u, CURLUPART_URL, url, 0);

	if (!code)
		code = curl_url_get(u, CURLUPART_HOST, &h, 0);
	if (!code)
		code = curl_url_get(u, CURLUPART_PORT, &p, CURLU_DEFAULT_PORT);
	if (code == CURLUE_OUT_OF_MEMORY)
		err = ERR_NOMEM;
	else if (!code && host_is_good(h) && strlen(p) < 6 && strtoul(p, NULL, 10) && !has_part(u, CURLUPART_USER) && !has_part(u, CURLUPART_PASSWORD) &&
		!has_part(u, CURLUPART_ZONEID)) {
		snprintf(host, HTTP_HOST_MAX, "%s", h);
		snprintf(port, 6, "%s", p);
		err = ERR_NONE;
	}
	curl_free(h);
	curl_free(p);
	return err;
}

enum err url_split(const char *url, char host[HTTP_HOST_MAX], char port[6], bool *is_secure)
{
	CURLU *u;
	enum err err;

	*is_secure = !strncasecmp(url, "https://", 8);
	if (!*is_secure && strncasecmp(url, "http://", 7) != 0)
		return ERR_USAGE;
	if (strlen(url) >= HTTP_URL_MAX)
		return ERR_USAGE;
	for (const char *at = url; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || *at == '#' || *at == '\\')
			return ERR_USAGE;
	u = curl_url();
	if (!u)
		return ERR_NOMEM;
	err = parts_read(u, url, host, port);
	curl_url_cleanup(u);
	return err;
}

bool http_is_url(const char *text)
{
	size_t scheme = !strncasecmp(text, "https://", 8) ? 8 : !strncasecmp(text, "http://", 7) ? 7 : 0;

	return scheme && text[scheme] && text[scheme] != '/' && !strpbrk(text, " \t\n#\\");
}

static enum err url_copy(struct exchange_ask *a, const char *url, struct err_detail *detail)
{
	bool is_secure = false;
	enum err err = url ? url_split(url, a->host, a->port, &is_secure) : ERR_USAGE;

	if (err == ERR_USAGE)
		return wrong(detail, err, "this is no URL that can be asked", "write https://host/path, without a name, a password or a fragment in it");
	a->url = err ? NULL : strdup(url);
	if (!a->url)
		return wrong(detail, ERR_NOMEM, "no memory", "");
	snprintf(a->where, sizeof(a->where), "%s://%s:%s", is_secure ? "https" : "http", a->host, a->port);
	return ERR_NONE;
}

/* ---- headers ---- */

static bool is_ours(const char *name, size_t len)
{
	static const char *const ours[] = { "Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE", "Trailer" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == len && !strncasecmp(ours[i], name, len))
			return true;
	return false;
}

static bool header_append(struct exchange_ask *a, const char *line)
{
	struct curl_slist *more = curl_slist_append(a->headers, line);

	if (more)
		a->headers = more;
	return more;
}

/* libcurl takes "Name:" for "leave it out"; an empty value is written "Name;". */
static enum err header_copy(struct exchange_ask *a, const char *line)
{
	const char *colon = strchr(line, ':');
	size_t len = colon ? (size_t)(colon - line) : 0, value_len = colon ? strlen(colon + 1) : 0;
	char empty[128];

	if (!colon || !http_is_token(line, len) || !http_is_value(colon + 1, value_len) || is_ours(line, len))
		return ERR_USAGE;
	if (strspn(colon + 1, " \t") < value_len)
		return header_append(a, line) ? ERR_NONE : ERR_NOMEM;
	if (len + 2 > sizeof(empty))
		return ERR_USAGE;
	snprintf(empty, sizeof(empty), "%.*s;", (int)len, line);
	return header_append(a, empty) ? ERR_NONE : ERR_NOMEM;
}

static bool names_header(const char *const *headers, const char *name)
{
	size_t len = strlen(name);

	for (; headers && *headers; headers++)
		if (!strncasecmp(*headers, name, len) && (*headers)[len] == ':')
			return true;
	return false;
}

/* What libcurl would add by itself is taken away: it waits for "100 Continue", and calls every body a form. */
static enum err headers_copy(struct exchange_ask *a, const char *const *headers, struct err_detail *detail)
{
	size_t count = 0, bytes = 0;
	enum err err = header_append(a, "Expect:") ? ERR_NONE : ERR_NOMEM;

	if (!err && !names_header(headers, "Content-Type") && !header_append(a, "Content-Type:"))
		err = ERR_NOMEM;
	if (!err && !names_header(headers, "User-Agent") && !header_append(a, "User-Agent: callfunnel/" CALLFUNNEL_VERSION))
		err = ERR_NOMEM;
	for (; !err && headers && *headers; headers++) {
		bytes += strlen(*headers);
		err = ++count > HEADERS_MAX || bytes > HEADER_BYTES_MAX ? ERR_USAGE : header_copy(a, *headers);
	}
	if (err == ERR_USAGE)
		return wrong(detail, err, "a header cannot be sent", "at most 64, as \"Name: value\"; those that frame the message are ours");
	return err ? wrong(detail, err, "no memory", "") : ERR_NONE;
}

/* ---- all of it ---- */

static bool is_repeatable(const struct http_ask *ask)
{
	return ask->is_repeatable || (ask->method != HTTP_POST && ask->method != HTTP_PATCH);
}

static enum err body_copy(struct exchange_ask *a, const struct http_ask *ask, struct err_detail *detail)
{
	if (ask->len > HTTP_ASK_BODY_MAX)
		return wrong(detail, ERR_LIMIT, "the body is too large to be sent", "at most 16 MB");
	a->len = ask->len;
	a->body = ask->len ? malloc(ask->len) : NULL;
	if (ask->len && !a->body)
		return wrong(detail, ERR_NOMEM, "no memory", "");
	if (ask->len)
		memcpy(a->body, ask->body, ask->len);
	return ERR_NONE;
}

enum err ask_copy(struct exchange_ask *a, const struct http_ask *ask, struct err_detail *detail)
{
	enum err err;

	assert(ask->method > HTTP_METHOD_NONE && ask->method < HTTP_METHOD_COUNT);
	assert(ask->body_max_bytes < INT64_MAX);
	*a = (struct exchange_ask){ .method = ask->method };
	a->body_max_bytes = ask->body_max_bytes ? ask->body_max_bytes : 1 << 20;
	a->connect_us = ask->connect_us ? ask->connect_us : 10000000;
	a->idle_us = ask->idle_us ? ask->idle_us : 30000000;
	a->total_us = ask->total_us ? ask->total_us : 60000000;
	a->retries_max = ask->retries_max;
	a->is_repeatable = is_repeatable(ask);
	err = url_copy(a, ask->url, detail);
	if (!err)
		err = headers_copy(a, ask->headers, detail);
	return err ? err : body_copy(a, ask, detail);
}

/* Keys travel in headers, and in some vendors' URLs. libcurl's own memory, which the list of headers is, is overwritten by http_client.c. */
void ask_free(struct exchange_ask *a)
{
	if (a->url)
		sodium_memzero(a->url, strlen(a->url));
	if (a->body)
		sodium_memzero(a->body, a->len);
	free(a->url);
	free(a->body);
	curl_slist_free_all(a->headers);
	*a = (struct exchange_ask){ .method = HTTP_METHOD_NONE };
}
