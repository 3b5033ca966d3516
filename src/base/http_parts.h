/* Inside the HTTP server: what http_server.c (listening, accepting, closing), http_conn.c (one connection), http_request.c (what came,
 * and where it goes), http_reply.c, http_stream.c and http_upgrade.c share. Nobody else includes this.
 *
 *   idle ─byte─► head ─whole─► body ─whole─► busy ─http_reply─► sending ─sent─► idle
 *    │            │ mistake     │ mistake     ├─http_stream_open─► stream ─http_stream_end─► sending
 *    │            └──────┬──────┘             └─http_upgrade─► upgraded (the socket has gone to a WebSocket)
 *    └─time─► closed     └─► sending ─sent, and nothing more is wanted─► linger ─end, or time─► closed
 *
 * A connection and its request are one allocation. It outlives its socket as long as a handler still holds the request (`busy`,
 * closed: the reply is thrown away), and is freed when its handles are closed and nobody holds it.
 */
#ifndef BASE_HTTP_PARTS_H
#define BASE_HTTP_PARTS_H

#include "base/http_outbox.h"
#include "base/http_server.h"

enum {
	TABLES_MAX = 16,
	PARAMS_MAX = 8,
	SEGMENTS_MAX = 32,
	REMOTE_TEXT = 48,
	CONN_IN_BYTES = HTTP_HEAD_MAX + 4096,
	REPLY_HEAD_MAX = 8192,
	LINGER_MAX_BYTES = 4 << 20,
};

enum conn_phase { CONN_IDLE, CONN_HEAD, CONN_BODY, CONN_BUSY, CONN_SENDING, CONN_STREAM, CONN_UPGRADED, CONN_LINGER, CONN_CLOSED };

struct http_param {
	const char *name; /* in the route's path, not ended */
	size_t name_len;
	const char *value;
};

struct http_conn;

struct http_request {
	struct http_conn *conn;
	struct http_head head;
	char *memory;       /* of the four texts below */
	const char *target;
	const char *path;
	const char *segments[SEGMENTS_MAX];
	unsigned int segment_count; /* SEGMENTS_MAX + 1: too many for any route */
	struct http_param params[PARAMS_MAX];
	unsigned int param_count;
	char *rest;         /* room for what "*" stands for */
	struct http_pairs query;
	const struct http_route *route; /* NULL: a file, or nothing */
	const struct http_file *file;
	void *route_arg;
	bool other_method;  /* the path is known with other methods */
	struct buf body;
	struct http_chunks chunks;
	bool is_live;       /* a handler has it, and has not replied */
	bool proceeds;
	void *context;
	void (*free_context)(void *context);
	void (*gone)(struct http_request *r, void *arg);
	void *gone_arg;
};

struct http_stream {
	struct http_conn *conn;
	const struct http_stream_handlers *handlers;
	void *arg;
	bool is_chunked, has_no_body, refused;
};

struct http_conn {
	struct http_server *server;
	struct http_conn *prev, *next;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned int handles; /* not yet closed */
	int fd;               /* -1: closed, or given away */
	int events;           /* that poll was asked for */
	char remote[REMOTE_TEXT];
	enum conn_phase phase;
	uint8_t *in;          /* [0, head.len) is the head of the request in hand */
	size_t in_len, in_seen;
	size_t lingered;
	struct http_outbox out;
	const uint8_t *after; /* sent behind `out`: a file's bytes, for ever there */
	size_t after_len;
	bool is_last;         /* closes behind the reply */
	bool has_ended;       /* the other side sends no more */
	bool is_broken;       /* … or is gone */
	bool steps;           /* inside conn_advance */
	bool kick;            /* come back in a later turn of the loop */
	struct http_request request;
	struct http_stream stream;
	struct websocket *websocket;
};

struct http_mount {
	const struct http_route *routes;
	void *arg;
};

struct http_server {
	uv_loop_t *loop;
	struct http_settings settings; /* texts of it are not kept, but for policy */
	char *policy;
	uv_poll_t listener;
	uv_timer_t rest;       /* after the system said that there are no more descriptors */
	int fd;
	unsigned int handles;
	bool is_draining, is_closing;
	struct http_mount mounts[TABLES_MAX];
	size_t mount_count;
	const struct http_file *files[TABLES_MAX];
	size_t files_count;
	struct http_conn *conns;
	unsigned int conn_count;
	void (*closed)(void *arg);
	void *closed_arg;
	uint64_t replies[HTTP_STATUS_MAX + 1];
};

/* http_server.c */
void server_forget(struct http_conn *c); /* frees it, and the server behind the last */

/* http_conn.c */
enum err conn_new(struct http_server *s, int fd, const char *remote) MUST_USE; /* ERR: the descriptor is closed */
void conn_close(struct http_conn *c);
void conn_lose(struct http_conn *c);    /* the other side is gone */
void conn_end(struct http_conn *c);     /* the server closes */
void conn_send(struct http_conn *c);    /* something stands in `out`: now, or in a later turn */
void conn_refuse(struct http_conn *c, struct http_refusal why);
void conn_unhold(struct http_conn *c);  /* the request was ended: a closed connection can go */
void conn_give_away(struct http_conn *c); /* its handles are closed, its descriptor is not */
uint64_t conn_now_us(void);

/* http_request.c */
struct http_conn *request_conn(const struct http_request *r);
struct http_refusal request_prepare(struct http_conn *c); /* texts and route, from the parsed head */
void request_dispatch(struct http_conn *c);
void request_end(struct http_request *r);   /* frees what it owns */

/* http_upgrade.c: replies when it is none */
bool request_is_upgrade(struct http_request *r);

/* http_reply.c: a reply's head and body into `out`; ERR_LIMIT, ERR_NOMEM: nothing was put */
enum err reply_put(struct http_conn *c, unsigned int status, const struct http_header *headers, const void *body, size_t len) MUST_USE;
enum err reply_head(struct http_conn *c, unsigned int status, const struct http_header *headers, const char *framing) MUST_USE;
enum err reply_error_put(struct http_conn *c, unsigned int status, const char *code, const char *message, const char *where, const char *hint) MUST_USE;
const char *http_status_text(unsigned int status);

#endif
