/* What sockets.c (the WebSockets), sockets_call.c (their calls), and what stands beside them share. */
#ifndef VOICE_SOCKETS_STATE_H
#define VOICE_SOCKETS_STATE_H

#include "base/buf.h"
#include "base/log.h"
#include "base/websocket.h"
#include "voice/worker/provider_keys.h"
#include "voice/worker/recovery.h"
#include "voice/worker/sockets.h"

enum {
	SOCKETS_ORIGINS_MAX = 2000,
	SOCKETS_END_MS = 3000,
	SOCKETS_EARLY_SAMPLES = 8000,  /* of the caller's, before the call is there; more: only the newest count */
	SOCKETS_EARLY_KEYS = 32,
	SOCKETS_LEFT_MS = 30000,       /* a carrier comes back within a second, or asks for 15 */
	SOCKETS_LEFT_MAX = 128,
	SOCKETS_LEFT_BYTES_MAX = 64 << 20 /* of their snapshots; one alone may have more */
};

/* What came before the call was there (sockets_early.c). Zeroed after init and fini. */
struct socket_early {
	struct buf sound;      /* µ-law, without a hole, up to now */
	uint64_t lost_samples; /* before that */
	char keys[SOCKETS_EARLY_KEYS];
	size_t key_count;
};

/* A call that no socket has (sockets_left.c). */
struct left_call {
	struct sockets *owner;
	struct left_call *previous, *next;
	char name[33];
	uint32_t epoch;        /* it had here */
	uint64_t began_us;     /* zero of the call's clock, in ours */
	char outcome[RECORD_OUTCOME_MAX];
	struct buf snapshot;
	uint8_t past[SESSION_CALLER_RING_MS * 8];
	size_t past_samples;
	struct clock_timer due;
};

/* How far a call has come on its way to another worker (sockets_move.c). */
enum socket_move { SOCKET_STAYS, SOCKET_PARKS, SOCKET_MAY_GO, SOCKET_MUST_STAY };

struct ahead; /* sockets_ahead.c */

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
	uint64_t started_us;            /* the carrier's start */
	uint64_t began_us;              /* zero of the call's clock */
	struct socket_early early;
	struct left_call *left;         /* while the call is opened: what it goes on from */
	struct left_call *leaving;      /* while the session is parked: who wants its snapshot */
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
	struct jobs *pool;            /* for recovery.h; NULL: nobody looks */
	char origins[SOCKETS_ORIGINS_MAX];
	struct http_route routes[SOCKETS_ADAPTERS_MAX + 4];
	struct media_socket *first;
	size_t count;
	struct left_call *left;       /* the newest first */
	size_t left_count, left_bytes;
	struct ahead *ahead;          /* calls that are prepared, the newest first */
	size_t ahead_count;
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

/* ---- sockets_early.c ---- */

void socket_early_init(struct socket_early *e);
void socket_early_fini(struct socket_early *e);
void socket_early_audio(struct socket_early *e, const uint8_t *ulaw, size_t samples);
void socket_early_gap(struct socket_early *e, uint64_t samples);
void socket_early_key(struct socket_early *e, char key);
void socket_early_forget(struct socket_early *e); /* the sound, which then counts as lost */
void socket_early_give(struct socket_early *e, struct worker_call *call); /* once, to a call whose next sample is the first of `sound` */

/* ---- sockets_ahead.c ---- */

/* The agent that was opened for this socket's call, with its keys: then it is the socket's, and what it serves with stands in `o`. False: there is
 * none. What was being prepared is over in any case. */
bool ahead_take(struct media_socket *m, struct worker_call_options *o);
void ahead_on_order(struct http_request *r, void *arg); /* "prepare"; its arg is the sockets */
void ahead_drop_all(struct sockets *s);

/* ---- sockets_left.c ---- */

/* Before the call is closed, not from inside its session, which is parked. One that cannot be kept is not. */
void left_keep(struct media_socket *m);

/* What the epoch before this one was left with here, yours to free; NULL: nothing, or others may have had the call since. */
struct left_call *left_take(struct sockets *s, const char *call, uint32_t epoch);
void left_free(struct left_call *l); /* NULL-safe */
void left_drop_all(struct sockets *s);

/* ---- sockets_move.c ---- */

void socket_move_watch(struct media_socket *m);       /* looks from now on whether the call may go elsewhere; none when nobody drains */
void socket_move_at_snapshot(struct media_socket *m); /* a snapshot is made, inside the session, and not sent yet: a turn's boundary */
void socket_move_kept(struct media_socket *m, bool room); /* the conductor has it, and a place for the call */
void socket_stay(struct media_socket *m);             /* something happens to the call: it does not go now. Not from inside the session */

#endif
