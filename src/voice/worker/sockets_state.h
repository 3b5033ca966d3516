/* What sockets.c (the WebSockets) and sockets_call.c (their calls) share. */
#ifndef VOICE_SOCKETS_STATE_H
#define VOICE_SOCKETS_STATE_H

#include "base/log.h"
#include "base/websocket.h"
#include "voice/worker/provider_keys.h"
#include "voice/worker/recovery.h"
#include "voice/worker/sockets.h"

enum { SOCKETS_ORIGINS_MAX = 2000, SOCKETS_END_MS = 3000 };

/* How far a call has come on its way to another worker (sockets_move.c). */
enum socket_move { SOCKET_STAYS, SOCKET_PARKS, SOCKET_MAY_GO, SOCKET_MUST_STAY };

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
	struct recovery *recovery;      /* a later epoch: what the worker before left behind is read */
	struct worker_call *call;
	struct conductor_call *desk;
	void *agent;
	struct provider_keys *keys;     /* the agent's to use, as long as the call is here; NULL: none */
	char name[33];
	uint32_t epoch;
	uint64_t started_us, early_samples; /* the carrier's start; sound that came before the call was there */
	char outcome[RECORD_OUTCOME_MAX];
	uint32_t turns;
	bool outcome_told, is_told;     /* with the outcome; the conductor has heard of the end */
	struct clock_timer move;        /* draining: when to look again whether the call may go */
	uint64_t still_us;              /* since when nobody was heard; 0: somebody is */
	enum socket_move moves;
	struct log log;
};

struct sockets {
	struct sockets_settings settings;
	char origins[SOCKETS_ORIGINS_MAX];
	struct http_route routes[SOCKETS_ADAPTERS_MAX + 3];
	struct media_socket *first;
	size_t count;
	bool is_draining, is_leaving; /* the calls that can; all of them now */
	uint64_t drain_us;            /* when that began */
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

/* ---- sockets_move.c ---- */

void socket_move_watch(struct media_socket *m);       /* looks from now on whether the call may go elsewhere; none when nobody drains */
void socket_move_at_snapshot(struct media_socket *m); /* a snapshot is made, inside the session, and not sent yet: a turn's boundary */
void socket_move_kept(struct media_socket *m, bool room); /* the conductor has it, and a place for the call */
void socket_stay(struct media_socket *m);             /* something happens to the call: it does not go now. Not from inside the session */

#endif
