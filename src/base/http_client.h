/* The HTTP client of every plane: HTTP/1.1, and HTTP/2 where the other side speaks it over TLS. libcurl behind a libuv loop.
 *
 * A client belongs to one loop and its thread; everything here is called, and every handler runs, on that thread. It keeps connections
 * and reuses them. An exchange is one request and its answer: started into its owner's slot; then `done` exactly once, never from
 * inside start, the slot empty before it; or a cancel, after which nothing arrives. An error from start: the slot is NULL and no
 * handler ever runs. In every handler all functions here are legal.
 *
 * An answer with any status is an answer: 404 and 500 are no errors here. Redirects are never followed (3xx is an answer; who wants to
 * go there asks anew). Certificates and names are always verified, TLS 1.2 or later; the environment's proxies and files of passwords
 * are not looked at; nothing compressed is asked for. Names are looked up beside the loop and remembered; where the name server is away
 * an old answer serves for a day. No request goes out twice unless `retries_max` says so, and one that changes something only when
 * surely nothing of it was sent.
 *
 * Ceilings: exchanges at a time, connections, head and body of an answer, and time: to connect, between bytes, in all.
 * Refuses URLs that hold a name or password, a fragment, or a host in other than ASCII letters.
 */
#ifndef BASE_HTTP_CLIENT_H
#define BASE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/err.h"
#include "base/http_head.h"

struct http_client;
struct http_exchange;

/* Whether a setting looks like one that can be asked: http or https and a host; {names} in it, which are filled in later, are fine. */
bool http_is_url(const char *text);
#define HTTP_URL_FITTING "a URL: https://host/path"

enum { HTTP_ASK_BODY_MAX = 16 << 20 };

#define HTTP_NO_LIMIT UINT64_MAX

/* ---- a client ---- */

struct http_client_settings {
	const char *ca_file; /* PEM, trusted instead of the system's; NULL: the system's */
	const char *proxy;   /* "http://host:port"; NULL: none. Not together with `allows`, which could see the proxy alone */
	/* Asked for each address before a socket is opened to it, whatever the URL and the name server say. NULL: all are allowed.
	 * For URLs that a customer may write: http_address_is_public. */
	bool (*allows)(const struct sockaddr *address, void *arg);
	void *allows_arg;
	/* 0: the default that stands behind */
	unsigned int exchanges_max;   /* at a time: 1,000 */
	unsigned int connections_max; /* 100; what does not fit waits */
	unsigned int per_host_max;    /* 32 */
	uint64_t kept_us;             /* that a connection is kept unused: 30 s */
};

/* Settings are read before this returns; `allows_arg` stays borrowed. ERR_USAGE: the proxy; ERR_UNAVAILABLE: the CA file cannot be
 * read; ERR_NOMEM. */
enum err http_client_open(struct http_client **cp, uv_loop_t *loop, const struct http_client_settings *settings, struct err_detail *detail) MUST_USE;

/* Cancels all exchanges (their slots are emptied), closes all connections. Its handles close in the loop's next turns, a name look-up
 * when it ends; until then the loop must not be closed. NULL-safe. */
void http_client_close(struct http_client **cp);

unsigned int http_client_exchanges(const struct http_client *c);

/* False for what is not on the public internet: loopback, private, link-local, shared, multicast, reserved, documentation, and IPv6
 * addresses that carry such an IPv4 address. An `allows`; `arg` is not looked at. */
bool http_address_is_public(const struct sockaddr *address, void *arg);

/* ---- an exchange ---- */

struct http_ask {
	enum http_method method;
	const char *url;            /* "https://host:port/path?query", at most 8,000 bytes */
	const char *const *headers; /* "Name: value", NULL-ended; NULL: none. Not Host, Content-Length, Transfer-Encoding, Connection, Expect */
	const void *body;
	size_t len;                 /* at most HTTP_ASK_BODY_MAX */
	/* 0: the default that stands behind; HTTP_NO_LIMIT where that is said */
	size_t head_max_bytes;      /* of the answer: 16 KB; a single line that does not end is noticed at 100 KB */
	size_t body_max_bytes;      /* of the answer, also in pieces: 1 MB */
	uint64_t connect_us;        /* look-up, a place among the connections, TLS: 10 s */
	uint64_t idle_us;           /* without a byte in either direction, once connected: 30 s; not while paused */
	uint64_t total_us;          /* with all attempts: 60 s; HTTP_NO_LIMIT: none */
	/* Attempts after the first one, when the network failed and nothing of an answer came. A request that may change something (POST,
	 * PATCH; not GET, HEAD, OPTIONS, PUT, DELETE) is repeated only when surely nothing was sent, or when `is_repeatable`. */
	unsigned int retries_max;
	bool is_repeatable;         /* the other side knows it again (an idempotency key) */
};

/* Borrowed for the call of a handler. */
struct http_answer {
	enum err err;           /* see below; ERR_NONE in `head` */
	struct err_detail detail; /* with an error: what, where (without path and query), what to do */
	unsigned int status;    /* 0: no answer came */
	const uint8_t *body;    /* collected; a NUL stands behind it. NULL with `piece` */
	size_t len;             /* of the body, all pieces together */
	bool was_sent;          /* the other side may have got the request, and done what it says */
	bool is_http2;
	bool is_open_ended;     /* it said no length and ended with the connection: nobody knows whether it is whole, not even by TLS */
	unsigned int attempts;
	uint64_t connected_us, first_us, total_us; /* since the start: ready to send, first byte of the answer, now; 0: it did not come to that */
	const struct buf *fields; /* for http_answer_header */
};

/* `err` of an answer: ERR_UNAVAILABLE: the name is not known, or nobody takes the connection; ERR_DENIED: the certificate is not good,
 * or no address is allowed; ERR_TIMEOUT; ERR_CLOSED, ERR_TRUNCATED: the connection ended before the answer, or inside it; ERR_FORMAT:
 * what came is not HTTP; ERR_LIMIT: head or body over its ceiling; ERR_NOMEM, ERR_IO. */
struct http_exchange_handlers {
	void (*head)(const struct http_answer *answer, void *arg);         /* may be NULL */
	void (*piece)(const uint8_t *data, size_t len, void *arg);         /* NULL: the body is collected */
	void (*done)(const struct http_answer *answer, void *arg);
};

/* All of `ask` is copied; `handlers` and `arg` stay borrowed. ERR_USAGE: the URL or a header, see the detail; ERR_LIMIT: a body over
 * HTTP_ASK_BODY_MAX; ERR_BUSY: exchanges_max; ERR_NOMEM. */
enum err http_exchange_start(struct http_exchange **xp, struct http_client *c, const struct http_ask *ask, const struct http_exchange_handlers *handlers,
	void *arg, struct err_detail *detail) MUST_USE;

/* NULL-safe: *xp may be empty. The request may have been sent and may be carried out. */
void http_exchange_cancel(struct http_exchange **xp);

/* No more pieces until it is taken back, beyond the one in hand; the other side then feels it. The memory that waits is bounded. */
void http_exchange_pause(struct http_exchange *x, bool paused);

/* The value of the answer's first header of that name, without regard to case; NULL: none. */
const char *http_answer_header(const struct http_answer *answer, const char *name);

#endif
