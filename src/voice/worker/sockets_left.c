/* Calls whose line broke while this worker lives: the state and the caller's last sound of each, until it goes on here.
 *
 *   socket_leave: left_keep (parked: nothing happens to it any more) ─► the same call's next socket: left_take ─► exactly from there
 *                      └─ SOCKETS_LEFT_MS over, no room, or others had the call meanwhile: dropped; the journal has the rest (recovery.h)
 *
 * The conductor gets the same state as a snapshot, for when another worker is asked.
 */
#include "voice/worker/sockets_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void left_unlink(struct left_call *l)
{
	struct sockets *s = l->owner;

	if (l->previous)
		l->previous->next = l->next;
	else
		s->left = l->next;
	if (l->next)
		l->next->previous = l->previous;
	s->left_count--;
	s->left_bytes -= l->snapshot.len;
	clock_timer_stop(&l->due);
}

void left_free(struct left_call *l)
{
	if (!l)
		return;
	buf_fini(&l->snapshot);
	free(l);
}

static void left_drop(struct left_call *l)
{
	left_unlink(l);
	left_free(l);
}

void left_drop_all(struct sockets *s)
{
	while (s->left)
		left_drop(s->left);
}

static void left_due(void *arg)
{
	left_drop(arg);
}

static struct left_call *left_oldest(struct sockets *s)
{
	struct left_call *l = s->left;

	while (l && l->next)
		l = l->next;
	return l;
}

/* The newest comes first. */
static void left_link(struct left_call *l)
{
	struct sockets *s = l->owner;

	while (s->left_count >= SOCKETS_LEFT_MAX || (s->left && s->left_bytes + l->snapshot.len > SOCKETS_LEFT_BYTES_MAX))
		left_drop(left_oldest(s));
	l->next = s->left;
	if (l->next)
		l->next->previous = l;
	s->left = l;
	s->left_count++;
	s->left_bytes += l->snapshot.len;
	clock_timer_set(&l->due, s->settings.clock, clock_now_us(s->settings.clock) + SOCKETS_LEFT_MS * 1000, left_due, l);
}

void left_keep(struct media_socket *m)
{
	struct session *session = worker_call_session(m->call);
	struct left_call *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	l->owner = m->owner;
	l->epoch = m->epoch;
	l->began_us = m->began_us;
	memcpy(l->name, m->name, sizeof(l->name));
	memcpy(l->outcome, m->outcome, sizeof(l->outcome));
	buf_init(&l->snapshot, CONDUCTOR_SNAPSHOT_MAX_BYTES);
	m->leaving = l;
	if (!session_park(session))
		buf_reset(&l->snapshot); /* it has ended, or goes elsewhere */
	m->leaving = NULL;
	l->past_samples = session_caller_past(session, l->past);
	if (l->snapshot.err || !l->snapshot.len)
		left_free(l);
	else
		left_link(l);
}

struct left_call *left_take(struct sockets *s, const char *call, uint32_t epoch)
{
	struct left_call *l = s->left;

	while (l && strcmp(l->name, call) != 0)
		l = l->next;
	if (!l || l->epoch >= epoch)
		return NULL;
	if (l->epoch + 1 < epoch) {
		left_drop(l); /* somebody may have had it in between */
		return NULL;
	}
	left_unlink(l);
	return l;
}
