/* What sockets.c (the WebSockets) and sockets_call.c (their calls) share. */
#ifndef VOICE_SOCKETS_STATE_H
#define VOICE_SOCKETS_STATE_H

#include "base/log.h"
#include "base/websocket.h"
#include "voice/sockets.h"

enum { SOCKETS_ORIGINS_MAX = 2000, SOCKETS_OUTCOME_MAX = 64, SOCKETS_END_MS = 3000 };

enum socket_state { SOCKET_WAITS, SOCKET_ASKS, SOCKET_LIVE, SOCKET_OVER };

struct media_socket {
	struct sockets *owner;
	struct media_socket *previous, *next;
	const struct media_adapter *adapter;
	struct websocket *ws;           /* NULL: closed */
	void *socket;                   /* the adapter's */
	enum socket_state state;
	char token[SOCKETS_TOKEN_MAX];  /* wiped once it was asked with */
	struct clock_timer timer;       /* for the start; for signs of life; for the conductor to hear of the end */
	uint64_t heard_us;
	bool is_stuck;                  /* it does not take what we send */

	struct conductor_attach *attach;
	struct worker_call *call;
	struct conductor_call *desk;
	void *agent;
	struct id128 id;
	char name[33];
	char outcome[SOCKETS_OUTCOME_MAX];
	uint32_t turns;
	bool outcome_told, is_told;     /* with the outcome; the conductor has heard of the end */
	struct log log;
};

struct sockets {
	struct sockets_settings settings;
	char origins[SOCKETS_ORIGINS_MAX];
	struct http_route routes[SOCKETS_ADAPTERS_MAX + 2];
	struct media_socket *first;
	size_t count;
	bool is_draining;
	struct sockets_counts counts;
};

/* ---- sockets.c ---- */

/* Closes it politely; its calls and the rest go when it is closed. */
void socket_shut(struct media_socket *m, uint16_t code, const char *reason);

/* So late, watch_due looks at it again. */
void socket_watch(struct media_socket *m, uint64_t at_us);

/* A sign of life. */
void socket_heard(struct media_socket *m);

/* Dead, or nobody's any more: without a word. `m` is gone when it has no call. */
void socket_drop(struct media_socket *m);

/* ---- sockets_call.c ---- */

/* The carrier said its start: the conductor is asked. */
void socket_attach(struct media_socket *m, const struct media_start *start);

/* The socket is gone, the call is not: it is left to whoever attaches. Not from inside the session. One without a call is fine. */
void socket_leave(struct media_socket *m);

/* The carrier is to hang up, says the session. */
void socket_ends(struct media_socket *m);

/* By 32 hex digits; NULL: not here. */
struct media_socket *sockets_find(struct sockets *s, const char *call);

#endif
