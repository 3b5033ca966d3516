/* One attempt of an exchange: what libcurl is told, what its callbacks tell us, what its result means. See http_client_parts.h.
 *
 * libcurl by itself sends a request again when a kept connection turns out to be dead, a POST as well; on_ready, which runs before each
 * sending, counts that as an attempt, and says no where it may not be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_client_parts.h"
#include "base/num.h"

static size_t refuse(struct http_exchange *x, enum err err, const char *why)
{
	x->own_err = err;
	x->own_why = why;
	return 0;
}

/* ---- what libcurl tells ---- */

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http_exchange *x = arg;
	const struct http_client_settings *s = &x->client->settings;

	(void)purpose;
	if (s->allows && !s->allows(&a->addr, s->allows_arg)) {
		x->was_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
}

static int on_ready(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http_exchange *x = arg;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	if (x->is_connected && (!x->ask.is_repeatable || x->answer.attempts > x->ask.retries_max)) {
		refuse(x, ERR_CLOSED, "the connection ended before an answer");
		return CURL_PREREQFUNC_ABORT;
	}
	x->answer.attempts += x->is_connected;
	x->is_connected = true;
	x->moved_us = http_client_now_us();
	x->answer.was_sent = true;
	if (!x->answer.connected_us)
		x->answer.connected_us = num_max(x->moved_us - x->started_us, 1);
	exchange_kick(x); /* another deadline holds now */
	return CURL_PREREQFUNC_OK;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t got, curl_off_t send_total, curl_off_t sent)
{
	struct http_exchange *x = arg;

	(void)total;
	(void)send_total;
	if (got != x->got_bytes || sent != x->sent_bytes)
		x->moved_us = http_client_now_us();
	x->got_bytes = got;
	x->sent_bytes = sent;
	return 0;
}

/* "Name: value" without its line's end; what is no header is stepped over. */
static void field_take(struct http_exchange *x, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value = colon ? colon + 1 : line, *end = line + len;

	if (!colon || !http_is_token(line, (size_t)(colon - line)) || !http_is_value(value, (size_t)(end - value)))
		return;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	buf_append(&x->fields, line, (size_t)(colon - line));
	buf_byte(&x->fields, 0);
	buf_append(&x->fields, value, (size_t)(end - value));
	buf_byte(&x->fields, 0);
}

static bool head_ends(struct http_exchange *x)
{
	long status = 0, version = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(x->easy, CURLINFO_HTTP_VERSION, &version);
	if (status == 101 || status < 100 || status > 999)
		return refuse(x, ERR_FORMAT, "the answer's status is none for this request");
	if (status < 200)
		return true; /* more heads follow */
	if (x->fields.err)
		return refuse(x, x->fields.err, "no memory for the answer's head");
	x->has_head = true;
	x->answer.status = (unsigned int)status;
	x->answer.is_http2 = version == CURL_HTTP_VERSION_2_0;
	if (x->handlers->head)
		x->handlers->head(&x->answer, x->arg);
	return x->handlers;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct http_exchange *x = arg;
	size_t bytes = size * count, len = bytes;

	if (!x->handlers)
		return 0;
	x->moved_us = http_client_now_us();
	if (!x->answer.first_us)
		x->answer.first_us = num_max(x->moved_us - x->started_us, 1);
	x->field_lines += bytes;
	if (x->field_lines > x->head_max_bytes)
		return refuse(x, ERR_LIMIT, "the answer's head is too large");
	while (len && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	if (x->has_head)
		return bytes; /* trailers say nothing to us */
	if (!len)
		return head_ends(x) ? bytes : 0;
	if (len >= 5 && !memcmp(data, "HTTP/", 5))
		buf_reset(&x->fields);
	else
		field_take(x, data, len);
	return bytes;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_exchange *x = arg;
	size_t len = size * count;

	if (!x->handlers)
		return 0;
	if (x->is_paused) {
		x->is_held = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	x->moved_us = http_client_now_us();
	if (len > x->ask.body_max_bytes - x->answer.len)
		return refuse(x, ERR_LIMIT, "the answer's body is too large");
	x->answer.len += len;
	if (x->handlers->piece) {
		x->handlers->piece((const uint8_t *)data, len, x->arg);
		return x->handlers ? len : 0;
	}
	buf_append(&x->body, data, len);
	return x->body.err ? refuse(x, x->body.err, "no memory for the answer's body") : len;
}

/* ---- what libcurl is told ---- */

static void set_method(struct http_exchange *x)
{
	CURL *e = x->easy;
	bool has_body = x->ask.len || x->ask.method == HTTP_POST || x->ask.method == HTTP_PUT || x->ask.method == HTTP_PATCH;

	if (x->ask.method == HTTP_HEAD)
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	if (has_body) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->ask.len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->ask.len ? (const char *)x->ask.body : "");
	}
	if (x->ask.method != HTTP_HEAD)
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, http_method_name(x->ask.method));
}

static void set_callbacks(struct http_exchange *x)
{
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, x);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
}

/* False: this libcurl cannot do what must be. */
static bool set_safety(struct http_exchange *x)
{
	const struct http_client *c = x->client;
	CURL *e = x->easy;
	CURLcode code = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");

	if (!code)
		code = curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!code)
		code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	if (!code)
		code = curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	if (!code && c->ca_file)
		code = curl_easy_setopt(e, CURLOPT_CAINFO, c->ca_file);
	if (!code && c->ca_file)
		code = curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (!code)
		code = curl_easy_setopt(e, CURLOPT_PROXY, c->proxy ? c->proxy : ""); /* "": not the environment's */
	if (!code)
		code = curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	if (!code)
		code = curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	return !code;
}

static void set_rest(struct http_exchange *x)
{
	CURL *e = x->easy;
	uint64_t kept_s = x->client->settings.kept_us / 1000000;

	curl_easy_setopt(e, CURLOPT_URL, x->ask.url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->ask.headers);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* A burst waits to see whether one connection will do for all. Without TLS the first answer would be waited for, for nothing. */
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, strncmp(x->ask.where, "https:", 6) ? 0L : 1L);
	curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)num_max(kept_s, 1));
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)num_min(x->ask.connect_us / 1000 + 1, 1000000));
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 1000L); /* ours is the one that counts; it gives each attempt its addresses */
	curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 600L);
	if (x->ask.method != HTTP_HEAD && x->ask.body_max_bytes < INT64_MAX)
		curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->ask.body_max_bytes);
}

static bool set_addresses(struct http_exchange *x, const char *addresses)
{
	const struct http_client *c = x->client;
	char line[HTTP_HOST_MAX + HTTP_ADDRESSES_TEXT + 16];

	if (!addresses)
		return true;
	snprintf(line, sizeof(line), "+%s:%s:%s", c->proxy ? c->proxy_host : x->ask.host, c->proxy ? c->proxy_port : x->ask.port, addresses);
	x->resolve = curl_slist_append(NULL, line);
	return x->resolve && !curl_easy_setopt(x->easy, CURLOPT_RESOLVE, x->resolve);
}

enum err attempt_begin(struct http_exchange *x, const char *addresses)
{
	CURLMcode code;

	x->easy = curl_easy_init();
	if (!x->easy)
		return ERR_NOMEM;
	set_callbacks(x);
	set_method(x);
	set_rest(x);
	if (!set_safety(x) || !set_addresses(x, addresses)) {
		attempt_end(x);
		return ERR_NOMEM;
	}
	http_client_enter(x->client);
	code = curl_multi_add_handle(x->client->multi, x->easy);
	http_client_leave(x->client);
	return code ? ERR_NOMEM : ERR_NONE;
}

void attempt_end(struct http_exchange *x)
{
	struct http_client *c = x->client;

	if (x->easy) {
		c->in_curl++; /* nothing is put off by this */
		curl_multi_remove_handle(c->multi, x->easy);
		curl_easy_cleanup(x->easy);
		c->in_curl--;
	}
	x->easy = NULL;
	curl_slist_free_all(x->resolve);
	x->resolve = NULL;
}

/* ---- what its result means ---- */

struct meaning {
	CURLcode code;
	enum err err;
	const char *message, *hint;
};

static const struct meaning meanings[] = {
	{ CURLE_COULDNT_CONNECT, ERR_UNAVAILABLE, "nobody takes the connection", "is the server up, and the port right?" },
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_UNAVAILABLE, "the name is not known", "check the host's name, and the name server" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_UNAVAILABLE, "the proxy's name is not known", "check the proxy's name" },
	{ CURLE_PROXY, ERR_UNAVAILABLE, "the proxy does not let it through", "look at the proxy" },
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "the connection took too long", "is the server up, and may it be reached from here?" },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_DENIED, "the server's certificate is not good", "renew it, or trust its issuer by a CA file" },
	{ CURLE_SSL_INVALIDCERTSTATUS, ERR_DENIED, "the server's certificate is not good", "renew it, or trust its issuer by a CA file" },
	{ CURLE_SSL_CACERT_BADFILE, ERR_UNAVAILABLE, "the file of trusted certificates cannot be read", "check the file" },
	{ CURLE_SSL_CONNECT_ERROR, ERR_UNAVAILABLE, "no TLS connection could be made", "does this port speak TLS 1.2 or later?" },
	{ CURLE_SSL_CIPHER, ERR_UNAVAILABLE, "no TLS connection could be made", "does this port speak TLS 1.2 or later?" },
	{ CURLE_GOT_NOTHING, ERR_CLOSED, "the connection ended before an answer", "try again; look at the server" },
	{ CURLE_SEND_ERROR, ERR_CLOSED, "the connection ended while we sent", "try again; look at the server" },
	{ CURLE_SEND_FAIL_REWIND, ERR_CLOSED, "the connection ended while we sent", "try again; look at the server" },
	{ CURLE_RECV_ERROR, ERR_CLOSED, "the connection ended before the answer was whole", "try again; look at the server" },
	{ CURLE_PARTIAL_FILE, ERR_TRUNCATED, "the answer is shorter than it says", "try again; look at the server" },
	{ CURLE_HTTP2, ERR_CLOSED, "the server broke off the HTTP/2 connection", "try again; look at the server" },
	{ CURLE_HTTP2_STREAM, ERR_CLOSED, "the server broke off the answer", "try again; look at the server" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_FORMAT, "the answer is not HTTP", "is this an HTTP server's port?" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_FORMAT, "the answer is not HTTP", "is this an HTTP server's port?" },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_FORMAT, "the answer's coding is not right", "look at the server" },
	{ CURLE_FILESIZE_EXCEEDED, ERR_LIMIT, "the answer's body is too large", "ask for less" },
#if LIBCURL_VERSION_NUM >= 0x080600
	{ CURLE_TOO_LARGE, ERR_LIMIT, "the answer's head is too large", "look at the server" },
#endif
	{ CURLE_OUT_OF_MEMORY, ERR_NOMEM, "no memory", "" },
	{ CURLE_OK, ERR_IO, "the network failed", "try again" }, /* any other */
};

static const struct meaning *meaning_of(CURLcode code)
{
	const struct meaning *m = meanings;

	while (m->code != CURLE_OK && m->code != code)
		m++;
	return m;
}

enum err attempt_judge(struct http_exchange *x, CURLcode code, struct err_detail *detail)
{
	const struct meaning *m = meaning_of(code);
	const char *message = m->message, *hint = m->hint;
	enum err err = m->err;

	if (code == CURLE_OK && !x->own_err)
		return ERR_NONE;
	if (x->own_err) {
		err = x->own_err;
		message = x->own_why;
		hint = err == ERR_LIMIT ? "ask for less, or raise the ceiling" : err == ERR_NOMEM ? "" : "look at the server";
	} else if (code == CURLE_COULDNT_CONNECT && x->was_refused) {
		err = ERR_DENIED;
		message = "the address is not one that may be asked";
		hint = "use a host on the public internet";
	} else if (err == ERR_CLOSED && x->has_head) {
		err = ERR_TRUNCATED;
	} else if (code == CURLE_OUT_OF_MEMORY && x->is_connected && !x->has_head) {
		err = ERR_LIMIT; /* a line of the head that is longer than libcurl's own ceiling, 100 KB; later releases say so themselves */
		message = "the answer's head is too large";
		hint = "look at the server";
	}
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%.*s", (int)sizeof(detail->where) - 1, x->ask.where);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return err;
}
