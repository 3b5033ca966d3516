/* Moving calls to another worker: while this one is told to stop and another has room.
 *
 *   STAYS ─► a turn's boundary, or nobody was heard for 3 s ─► PARKS ─► kept, and there is a place: MAY_GO ─► left, closed by 1001
 *     ▲                                                          │  └──► kept, and there is none: MUST_STAY ─┐
 *     └──────── hang-up, key, order; not kept in time ───────────┴───────────────────────────────────────────┘
 *
 * The best moment is between the caller's turn and the answer: nobody waits to speak. A snapshot is made there anyhow, and the session is parked
 * before anything that follows from it is done. The socket closes only when the conductor has the snapshot, so that whoever attaches has it, too.
 */
#include "voice/worker/sockets_state.h"

enum { LOOK_US = 100000 };

static void look(void *arg);

static void look_at(struct media_socket *m, uint64_t in_us)
{
	clock_timer_set(&m->move, m->owner->settings.clock, clock_now_us(m->owner->settings.clock) + in_us, look, m);
}

void socket_move_watch(struct media_socket *m)
{
	if (m->owner->is_draining && m->state == SOCKET_LIVE && m->moves == SOCKET_STAYS)
		look_at(m, 0);
}

static void leave(struct media_socket *m)
{
	log_info(&m->log, "this worker is told to stop: the call goes on elsewhere");
	m->owner->counts.moved++;
	socket_leave(m);
	if (m->ws)
		socket_shut(m, WEBSOCKET_GOING_AWAY, "the call goes on elsewhere");
	else
		socket_drop(m);
}

/* The snapshot is on its way, or will be in a moment. */
static void park(struct media_socket *m)
{
	m->moves = SOCKET_PARKS;
	m->still_us = 0;
	conductor_call_leaves(m->desk, !m->owner->is_leaving);
	look_at(m, SOCKETS_PARK_MS * 1000);
	if (session_park(worker_call_session(m->call)))
		return;
	m->moves = SOCKET_STAYS;
	look_at(m, LOOK_US);
}

void socket_stay(struct media_socket *m)
{
	if (m->moves == SOCKET_STAYS || !m->call)
		return;
	m->moves = SOCKET_MUST_STAY; /* what waited may make a snapshot, too */
	conductor_call_leaves(m->desk, false);
	look_at(m, LOOK_US);
	session_unpark(worker_call_session(m->call));
	m->moves = SOCKET_STAYS;
}

/* Once others that are told to stop, too, have said so. */
static bool may_move(const struct media_socket *m)
{
	const struct sockets *s = m->owner;

	return s->is_draining && clock_now_us(s->settings.clock) - s->drain_us >= SOCKETS_SETTLE_MS * 1000;
}

static bool has_been_still(struct media_socket *m)
{
	uint64_t now = clock_now_us(m->owner->settings.clock);

	if (!session_still(worker_call_session(m->call))) {
		m->still_us = 0;
		return false;
	}
	m->still_us = m->still_us ? m->still_us : now;
	return now - m->still_us >= SOCKETS_STILL_MS * 1000;
}

static void look(void *arg)
{
	struct media_socket *m = arg;

	if (m->state != SOCKET_LIVE)
		return;
	if (m->moves == SOCKET_MAY_GO || (m->moves == SOCKET_PARKS && m->owner->is_leaving)) {
		leave(m);
	} else if (m->moves == SOCKET_PARKS || m->moves == SOCKET_MUST_STAY) {
		if (m->moves == SOCKET_PARKS)
			log_warn(&m->log, "the conductor did not take the snapshot in time: the call stays");
		socket_stay(m);
	} else {
		look_at(m, LOOK_US);
		if (m->owner->is_leaving || (has_been_still(m) && may_move(m)))
			park(m);
	}
}

void socket_move_at_snapshot(struct media_socket *m)
{
	if (!may_move(m) || m->state != SOCKET_LIVE || m->moves != SOCKET_STAYS || !m->call)
		return; /* without a call: inside its opening */
	if (session_still(worker_call_session(m->call)))
		park(m);
}

void socket_move_kept(struct media_socket *m, bool room)
{
	if (m->moves != SOCKET_PARKS)
		return;
	m->moves = room || m->owner->is_leaving ? SOCKET_MAY_GO : SOCKET_MUST_STAY;
	look_at(m, 0); /* not from inside the conductor's client */
}

void sockets_hand_over(struct sockets *s)
{
	struct media_socket *m;

	s->is_leaving = true;
	for (m = s->first; m; m = m->next)
		if (m->state == SOCKET_LIVE && m->moves == SOCKET_STAYS && m->call)
			park(m);
}
