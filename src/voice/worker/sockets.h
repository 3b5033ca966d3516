/* The media sockets of a worker: carriers and browsers come in here, and each becomes a call's media or is closed.
 *
 *   upgrade ─► waits (5 s for a valid start) ─► asks (the conductor: whose is this token?) ─► live ─► over
 *                 └─ no start, broken: 1008        └─ no: 1008, ended: 1000, no answer: 1011   └─ socket dies: the call is left
 *
 * A later epoch's call goes on from what is left of it here (sockets_left.c); else it is looked for in this host's journals before it is live (recovery.h).
 *
 * A call is here exactly as long as its socket. Its end is told to the conductor, then the socket closes, so that the carrier, who asks what to
 * do next, is told to hang up. A socket that dies leaves its call to whoever attaches next. Before the conductor
 * has said yes, nothing of a call is made, and no vendor is touched but for a call that it told to prepare (sockets_ahead.c). Carriers are tables
 * (providers/media_socket.h), the agent is the owner's.
 * While draining, calls are moved (sockets_move.c). Loop thread. Nothing is allocated a frame. Refuses: more than `calls_max`, all when draining, pages of another origin.
 */
#ifndef VOICE_SOCKETS_H
#define VOICE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/http_server.h"
#include "base/metrics.h"
#include "providers/media_socket.h"
#include "voice/worker/conductor.h"
#include "voice/worker/worker.h"

struct sockets;

enum {
	SOCKETS_ADAPTERS_MAX = 8,
	SOCKETS_TOKEN_MAX = 256,
	SOCKETS_START_MS = 5000,
	SOCKETS_SEND_BYTES_MAX = 128 << 10, /* that wait for a peer; 400 ms of sound have a tenth of it */
	SOCKETS_SEND_AGE_MS = 3000,
	SOCKETS_PING_MS = 5000,             /* for carriers that may be silent */
	SOCKETS_ALIVE_MS = 10000,
	SOCKETS_AHEAD_MS = 120000,          /* a call that is prepared has begun by then, or is given up */
	SOCKETS_DOUBT_MS = 1000,            /* a carrier that was silent for so long is given up once somebody asks for its call */
	SOCKETS_SETTLE_MS = 1000,           /* draining: others that are told to stop at the same time have said so by then */
	SOCKETS_STILL_MS = 3000,            /* draining: nobody was heard for so long, so that it is unlikely that somebody begins just now */
	SOCKETS_PARK_MS = 2000              /* … for the conductor to take the snapshot */
};

/* Who talks: recogniser, model, voice of one call. */
struct sockets_agents {
	/* Puts stt, llm, tts and their vendors into `o`; *agent is given back to close. `call` is borrowed for this call, but its keys, which stay until
	 * close has run. */
	enum err (*open)(void *arg, void **agent, const struct conductor_attached *call, struct worker_call_options *o, struct err_detail *detail);
	/* The phone rings still: what would take time at the call's begin is opened now, as far as `o`, which `open` has filled, goes through it; the
	 * session is opened with what stands there then. What fails is opened again when it is needed. NULL: there is nothing. */
	void (*prepare)(void *arg, void *agent, const struct conductor_attached *call, struct worker_call_options *o);
	/* What it knows by now, for the outcome of a call that nobody finished: an object of answers and results, borrowed until the agent is asked
	 * again or closed, or NULL. */
	const json_t *(*known)(void *arg, void *agent);
	void (*met)(void *arg, void *agent); /* a person took the call from a machine: what was known of the machine counts no more */
	void (*close)(void *arg, void **agent); /* the session is closed already; not from inside a vendor's event. NULL-safe */
};

/* All borrowed, for the life of the sockets, but `origins`, which is copied. */
struct sockets_settings {
	struct clock *clock;
	struct worker *worker;
	struct conductor *conductor;
	uv_loop_t *loop;      /* these two for what a dead worker left in its journal (recovery.h); `journals` NULL: nobody looks */
	const char *journals; /* the folder of all journals of this host */
	const struct media_adapter *const *adapters; /* NULL-ended */
	const struct sockets_agents *agents;
	void *agents_arg;
	const char *origins; /* of pages that may talk: "https://calls.example.com http://127.0.0.1:8080"; none: no browser may */
	size_t calls_max;    /* 0: 100 */
	size_t ahead_max;    /* calls that are prepared at a time; 0: none is */
};

/* Mounts the adapters' paths, and orders to calls and questions about their sockets (docs/planes.md, "Conductor to worker"; the server's `authorise`
 * guards them) on `server`, which must be closed before the sockets are. ERR_LIMIT: too many adapters or tables. */
enum err sockets_open(struct sockets **sp, const struct sockets_settings *settings, struct http_server *server) MUST_USE;

/* Leaves all calls: they go on elsewhere. NULL-safe. */
void sockets_close(struct sockets **sp);

/* No new socket from now on (503). Calls that are there go on; while another worker has room, each goes there at the next boundary of a turn, when
 * nobody is heard: its snapshot is given to the conductor, then its socket is closed by 1001, and whoever comes back is sent elsewhere. */
void sockets_drain(struct sockets *s);

/* All that are left go now, wherever they find a place: as they are this moment. */
void sockets_hand_over(struct sockets *s);

struct sockets_counts {
	uint64_t refused;            /* upgrades */
	uint64_t begun, continued;   /* calls that got here: a first epoch, a later one */
	uint64_t ended[END_REASONS];
	uint64_t prepared, unused;   /* calls that found their agent open; agents that were opened for a call which did not come */
	uint64_t left, moved;        /* to whoever attaches next; because this worker drains, and is that of them */
	struct histogram turns;      /* from the end of the caller's speech to the first sample of the answer played */
};
const struct sockets_counts *sockets_counts(const struct sockets *s);

size_t sockets_open_count(const struct sockets *s); /* sockets that are not gone yet */

/* For conductor_settings.facts. */
void sockets_facts(const struct sockets *s, struct conductor_facts *facts);

#endif
