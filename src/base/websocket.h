/* A WebSocket (RFC 6455, no extensions): server and client side behind one struct.
 *
 * Belongs to one loop and its thread; handlers run there, never from inside a call of this file but websocket_free. Messages arrive
 * whole, up to a ceiling (1009), texts are valid UTF-8 (1007), fragments are put together, pings answered, the closing handshake
 * done with a deadline. What is pushed is sent or waits in a queue with two ceilings: bytes, and the age of its oldest byte, by which
 * a peer that is half dead is found; a peer may also be asked for signs of life. Once warm, no frame allocates anything.
 *
 * Life: `opened` (clients) → `message`, `drained`, in any number → `closed`, exactly once, the last. After it, or after
 * websocket_free, the pointer is dead; handles and socket go away by themselves in later turns of the loop.
 */
#ifndef BASE_WEBSOCKET_H
#define BASE_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct websocket;

enum websocket_kind { WEBSOCKET_TEXT = 1, WEBSOCKET_BINARY = 2 };

enum {
	WEBSOCKET_NORMAL = 1000,
	WEBSOCKET_GOING_AWAY = 1001,
	WEBSOCKET_PROTOCOL = 1002,
	WEBSOCKET_UNSUPPORTED = 1003,
	WEBSOCKET_NO_CODE = 1005,  /* the peer closed and gave none */
	WEBSOCKET_ABNORMAL = 1006, /* there was no closing handshake */
	WEBSOCKET_BAD_TEXT = 1007,
	WEBSOCKET_POLICY = 1008,
	WEBSOCKET_TOO_BIG = 1009,
	WEBSOCKET_FAILED = 1011,
};

enum { WEBSOCKET_REASON_MAX = 123 };

/* How it ended. ERR_NONE: a closing handshake; ERR_CLOSED: the socket just closed; ERR_FORMAT, ERR_LIMIT: the peer broke the protocol
 * or a ceiling; ERR_TIMEOUT: it was half dead, or a deadline passed. Clients that never opened: also ERR_UNAVAILABLE (name look-up or
 * connection), ERR_DENIED (the certificate, or an HTTP status that is not 101), ERR_FORMAT. */
struct websocket_end {
	enum err err;
	uint16_t code;            /* the peer's; when it gave none, ours; else 1005 or 1006 */
	unsigned int http_status; /* of a handshake that was refused, else 0 */
	const char *reason;       /* the peer's, or what failed; never NULL */
};

/* `message` must be there, the others may be NULL. The table stays borrowed; data is borrowed for the call. */
struct websocket_handlers {
	void (*opened)(struct websocket *w, void *arg);
	void (*message)(struct websocket *w, enum websocket_kind kind, const uint8_t *data, size_t len, void *arg);
	void (*drained)(struct websocket *w, void *arg); /* after a push was refused: half the ceiling is free again */
	void (*closed)(struct websocket *w, const struct websocket_end *end, void *arg);
};

/* 0: the default that stands behind. */
struct websocket_settings {
	size_t message_max_bytes; /* 1 MB */
	size_t send_max_bytes;    /* that wait: 1 MB */
	uint64_t send_age_us;     /* that the oldest of them may wait: 10 s */
	uint64_t ping_us;         /* from ping to ping, while nothing arrives: none */
	uint64_t alive_us;        /* without a byte from the peer, pongs included: none */
	uint64_t close_us;        /* for the closing handshake: 2 s */
};

/* ---- both sides ---- */

/* Whole or not at all. ERR_LIMIT: the queue is full (a message larger than all of it will never go); ERR_CLOSED: it is closing, or
 * not open yet (clients); ERR_NOMEM. Texts must be valid UTF-8. */
enum err websocket_push(struct websocket *w, enum websocket_kind kind, const void *data, size_t len) MUST_USE;

/* What waits, frames' heads included, and how long the oldest byte has waited to be acknowledged. */
size_t websocket_waiting(const struct websocket *w);
uint64_t websocket_age_us(struct websocket *w);

/* Starts the closing handshake; `closed` comes. Without effect when it is closing already. `reason` (may be NULL) is cut to
 * WEBSOCKET_REASON_MAX bytes. WEBSOCKET_NO_CODE: the frame has neither. */
void websocket_close(struct websocket *w, uint16_t code, const char *reason);

/* Stops and starts reading: a peer that sends too much then feels it. */
void websocket_pause(struct websocket *w, bool paused);

/* At once, in silence: no handler any more; the peer just sees the socket close. NULL-safe, legal in every handler; *wp is NULL. */
void websocket_free(struct websocket **wp);

/* The same, but the peer sees the connection break: TCP's reset. What waits is lost. */
void websocket_reset(struct websocket **wp);

/* ---- a client ---- */

struct websocket_target {
	const char *url;          /* "ws://host:port/path?query" or "wss://…" */
	const char *subprotocol;  /* offered, and demanded; NULL: none */
	const char *const *headers; /* "Name: value" …, NULL-ended; NULL: none */
	const char *ca_file;      /* trusted instead of the system's; PEM */
	uint64_t connect_us;      /* for look-up, connection, TLS and handshake together: 10 s */
};

/* All of `target` is read before this returns. An error: *wp is NULL, no handler runs. ERR_USAGE: the URL or a header; ERR_NOMEM;
 * ERR_UNAVAILABLE: the CA file. Otherwise `opened` comes, or `closed`. */
enum err websocket_connect(struct websocket **wp, uv_loop_t *loop, const struct websocket_target *target,
	const struct websocket_settings *settings, const struct websocket_handlers *handlers, void *arg, struct err_detail *detail) MUST_USE;

#endif
