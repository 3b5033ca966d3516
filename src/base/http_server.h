/* The HTTP/1.1 server of every plane: routes, requests, replies now or later, streams, files, WebSockets.
 *
 * One server belongs to one loop and its thread; everything here is called, and every handler runs, on that thread. A request is
 * read whole (its body up to the route's ceiling) before a handler sees it. Then exactly one of these ends it: http_reply and its
 * like, http_stream_open, http_upgrade, at once or in any later callback; or its `gone` handler runs, when one was set. No handler
 * runs from inside these calls. Requests of one connection are handled one after the other, in order.
 *
 * Ceilings: head 16 KB and 100 headers (431), target 8,000 bytes (414), body (413), time for head and body (408), connections in all
 * and per address (503), bytes and time on the way out. What two programs could read differently is refused (http_head.h).
 * Errors are {"error":{"code","message","where","hint"}}. A connection that made a mistake is answered once, then closed without
 * cutting the answer off. It speaks no TLS: a proxy before it does.
 */
#ifndef BASE_HTTP_SERVER_H
#define BASE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/http_head.h"
#include "base/websocket.h"

struct http_server;
struct http_request;
struct http_stream;

typedef void http_request_h(struct http_request *request, void *arg);

/* ---- routes ---- */

enum {
	ROUTE_OPEN = 1,    /* `authorise` is not asked */
	ROUTE_UPGRADE = 2, /* for WebSockets: what does not ask for one gets 426 */
	ROUTE_NO_BODY = 4, /* needs none: a request without length and coding has an empty one (RFC 9112, 6.3), and gets no 411 */
};

enum { HTTP_BODY_DEFAULT = 65536 };

/* A GET route answers HEAD too. */
struct http_route {
	enum http_method method; /* HTTP_METHOD_NONE ends a table */
	const char *path;        /* "/calls/:id/turns"; a last part "*" stands for one part or more */
	http_request_h *handler;
	unsigned int flags;
	size_t body_max_bytes;   /* 0: HTTP_BODY_DEFAULT */
};

/* Files built into the program: GET and HEAD, without a token, with their ETag. A table ends with a NULL path. */
struct http_file {
	const char *path; /* "/console/app.js" */
	const void *data;
	size_t len;
	const char *type; /* Content-Type */
	const char *etag; /* with its quotes */
};

/* ---- the server ---- */

struct http_settings {
	const char *listen;      /* "127.0.0.1:8080", "[::1]:0", "unix:/run/x.sock"; port 0 picks one */
	bool has_fd;             /* … or a socket that listens already, which the server then owns; */
	int fd;                  /* it is taken even when opening fails */
	const char *policy;      /* Content-Security-Policy; NULL: "default-src 'none'; frame-ancestors 'none'" */
	/* Runs before the handler of every route without ROUTE_OPEN. True: go on. False: it has replied, or will, or will go on by
	 * http_proceed. NULL refuses them all. */
	bool (*authorise)(struct http_request *request, void *arg);
	void *authorise_arg;
	/* 0: the default that stands behind */
	uint64_t request_us;     /* for the head and body of a request, from its first byte: 10 s */
	uint64_t idle_us;        /* between requests: 60 s */
	uint64_t send_us;        /* without the other side taking a byte of what waits for it: 30 s */
	uint64_t linger_us;      /* for the other side to read why its connection is closed: 2 s */
	unsigned int connections_max;  /* 1,000; WebSockets count too */
	unsigned int per_address_max;  /* 100; a Unix-domain socket counts as one address, without this ceiling */
	size_t reply_max_bytes;  /* of one reply: 16 MB */
	size_t stream_max_bytes; /* that wait in one stream: 1 MB */
};

/* Settings and what they point to are read before this returns; `authorise_arg` stays borrowed. Nothing is accepted before the loop
 * runs. ERR_USAGE: `listen` is no address; ERR_BUSY: it is taken; ERR_DENIED, ERR_LIMIT, ERR_IO: the system said no. */
enum err http_server_open(struct http_server **sp, uv_loop_t *loop, const struct http_settings *settings, struct err_detail *detail) MUST_USE;

/* Is it one: 127.0.0.1:8080, [::1]:8080, unix:/path? */
bool http_is_address(const char *address);
#define HTTP_ADDRESS_FITTING "an address to listen on: 127.0.0.1:8080, [::1]:8080 or unix:/path"

/* The listening socket of such an address, for a server that is opened later, maybe by another process (has_fd). The same errors. */
enum err http_listen(const char *address, int *fdp, struct err_detail *detail) MUST_USE;

/* Tables live as long as the server; the first route that fits is taken, in the order of mounting. ERR_LIMIT: 16 tables of a kind. */
enum err http_server_mount(struct http_server *s, const struct http_route *routes, void *arg) MUST_USE;
enum err http_server_files(struct http_server *s, const struct http_file *files) MUST_USE;

/* The real port; 0 for a Unix-domain socket. */
unsigned int http_server_port(const struct http_server *s);

/* The listening socket, borrowed: to be handed to a successor. */
int http_server_fd(const struct http_server *s);

unsigned int http_server_connections(const struct http_server *s);

/* Replies begun so far with that status; 101 for WebSockets. */
enum { HTTP_STATUS_MAX = 599 };
uint64_t http_server_replies(const struct http_server *s, unsigned int status);

/* Accepts no more; each connection ends with the reply it is waiting for. WebSockets and streams go on. */
void http_server_drain(struct http_server *s);

/* Ends everything: requests and streams as when the other side goes away (their `gone` runs, here inside), WebSockets by 1001. *sp is
 * NULL when it returns; `closed` runs when the last handle is closed. A request without a `gone` handler must still be replied to,
 * and holds that up. */
void http_server_close(struct http_server **sp, void (*closed)(void *arg), void *arg);

/* ---- a request: everything is borrowed until it ends ---- */

enum http_method http_method(const struct http_request *r);
const char *http_target(const struct http_request *r);                     /* as it came: path and query, not decoded */
const char *http_path(const struct http_request *r);                       /* decoded, without query */
const char *http_param(const struct http_request *r, const char *name);    /* ":name" of the route's path, decoded; "*": the rest */
const char *http_query(const struct http_request *r, const char *name);    /* decoded, or NULL */
const struct http_pairs *http_query_all(const struct http_request *r);
const char *http_header(const struct http_request *r, const char *name);   /* the first of that name, or NULL */

/* The header at `index`, in the order they came: its name as it was written, without an end, and its value. False: there are not so many. */
bool http_header_at(const struct http_request *r, unsigned int index, const char **name, size_t *name_len, const char **value);
const void *http_body(const struct http_request *r, size_t *len);
const char *http_remote(const struct http_request *r);                     /* "192.0.2.7", without port; "" for a Unix-domain socket */
struct http_server *http_request_server(const struct http_request *r);

/* Whether the body is a form; reads it. ERR_FORMAT, ERR_LIMIT, ERR_NOMEM; the caller frees it. */
enum err http_form(const struct http_request *r, struct http_pairs *form) MUST_USE;

/* What belongs to the request for its life (who asks): `free_context` runs when it has ended. */
void http_set_context(struct http_request *r, void *context, void (*free_context)(void *context));
void *http_context(const struct http_request *r);

/* `gone` runs, once, when the other side closes before the reply; the request is then over and must not be replied to. A client that
 * closes its sending side early counts as gone. */
void http_on_gone(struct http_request *r, void (*gone)(struct http_request *r, void *arg), void *arg);

/* From an `authorise` that said false: on to the handler, in a later turn of the loop. */
void http_proceed(struct http_request *r);

/* ---- replies ---- */

struct http_header {
	const char *name; /* NULL ends a list */
	const char *value;
};

/* Copies all. Without a Cache-Control among `headers` (which may be NULL), "no-store" is said. Length, date, connection and the
 * security headers are ours. */
void http_reply(struct http_request *r, unsigned int status, const struct http_header *headers, const void *body, size_t len);

/* The same with one Content-Type. */
void http_reply_as(struct http_request *r, unsigned int status, const char *type, const void *body, size_t len);
void http_reply_json(struct http_request *r, unsigned int status, struct buf *json); /* 500 when the buffer has an error */

/* `where` and `hint` may be NULL. */
void http_reply_error(struct http_request *r, unsigned int status, const char *code, const char *message, const char *where, const char *hint);
void http_reply_file(struct http_request *r, const struct http_file *file); /* 304 when the client has it; data is not copied */

/* ---- replies in pieces (server-sent events, recordings) ---- */

struct http_stream_handlers {
	void (*drained)(struct http_stream *s, void *arg); /* after a write was refused: half the ceiling is free again; may be NULL */
	void (*gone)(struct http_stream *s, void *arg);    /* once: the other side closed or reads nothing; the stream is over */
};

/* The request is over, its stream begins. `handlers` stays borrowed. NULL: the client is gone already, no handler runs. */
struct http_stream *http_stream_open(struct http_request *r, unsigned int status, const struct http_header *headers,
	const struct http_stream_handlers *handlers, void *arg);

/* Whole or not at all. ERR_LIMIT: too much waits already (the other side reads too slowly); ERR_CLOSED: `gone` is about to come;
 * ERR_NOMEM. */
enum err http_stream_write(struct http_stream *s, const void *data, size_t len) MUST_USE;
size_t http_stream_waiting(const struct http_stream *s);

/* What was written is still sent; the stream is over, no handler runs any more. */
void http_stream_end(struct http_stream *s);

/* The same, but the client is made to see that the rest is missing. */
void http_stream_cut(struct http_stream *s);

/* The connection breaks at once, as when the machine behind it falls: TCP's reset. What waits is lost; no handler runs any more. */
void http_stream_reset(struct http_stream *s);

/* ---- WebSockets ---- */

/* Ends the request by a WebSocket, which is the caller's to push into at once (websocket.h). `subprotocol` NULL: none. ERR_USAGE: the
 * request asks for none, or not properly: it has been replied to (400, 426); ERR_NOMEM: replied to by 503. Then *wp is NULL and no
 * handler runs. */
enum err http_upgrade(struct http_request *r, const char *subprotocol, const struct websocket_settings *settings,
	const struct websocket_handlers *handlers, void *arg, struct websocket **wp) MUST_USE;

#endif
