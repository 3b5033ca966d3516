/* Inside the HTTP client: what http_client.c (libcurl on the loop, opening, closing), http_client_exchange.c (the life of one exchange),
 * http_client_curl.c (one attempt: what libcurl is told and what it tells), http_client_ask.c (what is asked, judged) and
 * http_client_names.c (look-up) share. Nobody else includes this.
 *
 *            ┌────────────────── pause ◄── may try again ──┐
 *            ▼                                             │
 *   start ─► lookup ─addresses─► running ─end, deadline────┴─► over (told, handles closing) ─► freed
 *            └─ no such name, deadline ───────────────────────►
 *
 * libcurl must not be called back into from its own callbacks: while `in_curl`, an exchange that is cancelled is only silenced, and a
 * client that is closed only marked; http_client_leave does the rest. All handlers but `head` and `piece` run outside of libcurl.
 */
#ifndef BASE_HTTP_CLIENT_PARTS_H
#define BASE_HTTP_CLIENT_PARTS_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/http_client.h"

enum {
	HTTP_URL_MAX = 8001,
	HTTP_HOST_MAX = 256,
	HTTP_NAMES_MAX = 64,
	HTTP_ADDRESSES_MAX = 8,
	HTTP_ADDRESSES_TEXT = HTTP_ADDRESSES_MAX * 48,
};

enum exchange_phase { EXCHANGE_PAUSE, EXCHANGE_LOOKUP, EXCHANGE_RUNNING, EXCHANGE_OVER };

/* What is asked, our own copy. */
struct exchange_ask {
	enum http_method method;
	char *url;
	char host[HTTP_HOST_MAX]; /* as in the URL; IPv6 in brackets */
	char port[6];
	char where[HTTP_HOST_MAX + 16]; /* "https://host:port", for details */
	struct curl_slist *headers;
	uint8_t *body;
	size_t len;
	size_t body_max_bytes;
	uint64_t connect_us, idle_us, total_us;
	unsigned int retries_max;
	bool is_repeatable;
};

struct http_exchange {
	struct http_client *client;
	struct http_exchange **slot;
	struct http_exchange *prev, *next; /* the client's list */
	const struct http_exchange_handlers *handlers; /* NULL: silenced */
	void *arg;
	uv_timer_t timer;
	enum exchange_phase phase;
	struct exchange_ask ask;

	/* the attempt */
	CURL *easy;
	struct curl_slist *resolve;
	uint64_t attempt_us;  /* when it began, or is to begin */
	uint64_t moved_us;    /* when a byte last went or came */
	curl_off_t sent_bytes, got_bytes;
	bool is_connected;    /* the request is going out */
	bool was_refused;     /* an address, by `allows` */
	bool has_head;        /* of the final answer */
	enum err own_err;     /* why a callback ended it */
	const char *own_why;

	bool is_paused;       /* the owner wants no pieces */
	bool is_held;         /* libcurl knows it */
	uint64_t started_us;
	size_t field_lines;   /* bytes of the head so far */
	size_t head_max_bytes;
	struct buf fields;    /* "name" NUL "value" NUL … */
	struct buf body;
	struct http_answer answer;
};

/* A socket of libcurl's, watched. */
struct client_socket {
	uv_poll_t poll;
	struct http_client *client;
	struct client_socket *prev, *next;
	curl_socket_t fd;
};

enum name_state { NAME_WAIT, NAME_FOUND, NAME_FAILED };

struct client_name {
	struct http_client *client;
	uv_getaddrinfo_t lookup;
	char host[HTTP_HOST_MAX];
	char addresses[HTTP_ADDRESSES_TEXT]; /* "192.0.2.1,[2001:db8::1]" */
	uint64_t found_us, failed_us, used_us; /* 0: never */
	int status;    /* libuv's, of the look-up that failed */
	bool is_asked;
};

struct http_client {
	uv_loop_t *loop;
	struct http_client_settings settings; /* its texts below */
	char *ca_file, *proxy;
	char proxy_host[HTTP_HOST_MAX], proxy_port[6];
	CURLM *multi;
	uv_timer_t timer;
	unsigned int handles;  /* not closed yet; look-ups count */
	unsigned int in_curl;
	bool is_closing, sweeps;
	struct http_exchange *exchanges;
	unsigned int exchange_count;
	struct client_socket *sockets;
	struct client_name *names[HTTP_NAMES_MAX];
};

uint64_t http_client_now_us(void);

/* One handle or look-up less; frees a closed client behind the last. */
void http_client_unhold(struct http_client *c);

/* Around every call of libcurl that may call back. Leaving does what was put off. Draining tells what has ended: from the loop only. */
void http_client_enter(struct http_client *c);
void http_client_leave(struct http_client *c);
void http_client_drain(struct http_client *c);

/* ---- http_client_ask.c ---- */

enum err ask_copy(struct exchange_ask *a, const struct http_ask *ask, struct err_detail *detail) MUST_USE;
void ask_free(struct exchange_ask *a);

/* The host and port of an http or https URL that libcurl would connect to. ERR_USAGE, ERR_NOMEM. */
enum err url_split(const char *url, char host[HTTP_HOST_MAX], char port[6], bool *is_secure) MUST_USE;

/* ---- http_client_names.c ---- */

/* Where a name is; starts a look-up when it must. `since_us`: a failure before it does not count. On NAME_FOUND *addresses is filled. */
enum name_state names_find(struct http_client *c, const char *host, uint64_t since_us, const char **addresses, const char **why);
bool name_is_address(const char *host);
void names_free(struct http_client *c);

/* ---- http_client_curl.c ---- */

/* Makes the easy handle of an attempt and gives it to libcurl. */
enum err attempt_begin(struct http_exchange *x, const char *addresses) MUST_USE;
void attempt_end(struct http_exchange *x);

/* What libcurl's result means; fills the detail. */
enum err attempt_judge(struct http_exchange *x, CURLcode code, struct err_detail *detail);

/* ---- http_client_exchange.c ---- */

void exchange_kick(struct http_exchange *x); /* its next step, in a later turn */
void exchange_ended(struct http_exchange *x, CURLcode code); /* libcurl says so; outside of it */
void exchange_silence(struct http_exchange *x);
void exchange_release(struct http_exchange *x); /* silenced before; outside of libcurl */

#endif
