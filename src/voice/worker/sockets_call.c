/* A socket's call: attach, open, leave, end. The conductor has said whose it is before anything is made. */
#include "voice/worker/sockets_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/num.h"
#include "voice/journal/steps.h"

enum { AWAY_MORE_US = 10000000 }; /* until a worker is missed, and for the one after it to have the call */

struct media_socket *sockets_find(struct sockets *s, const char *call)
{
	struct media_socket *m;

	for (m = s->first; m; m = m->next)
		if (m->call && !strcmp(m->name, call))
			return m;
	return NULL;
}

static void agent_close(struct media_socket *m)
{
	if (m->agent)
		m->owner->settings.agents->close(m->owner->settings.agents_arg, &m->agent);
	provider_keys_release(&m->keys);
}

void socket_leave(struct media_socket *m)
{
	m->state = SOCKET_OVER;
	clock_timer_stop(&m->move);
	m->owner->counts.left += m->call != NULL;
	if (m->call) {
		session_media_lost(worker_call_session(m->call));
		left_keep(m);
	}
	worker_call_close(&m->call);
	agent_close(m);
	conductor_call_close(&m->desk);
}

/* ------------------------------------------------------------------ what the session tells */

static void on_snapshot(void *arg, const void *data, size_t len)
{
	struct media_socket *m = arg;

	if (m->leaving)
		buf_append(&m->leaving->snapshot, data, len);
	socket_move_at_snapshot(m);
	conductor_call_snapshot(m->desk, data, len);
}

/* Numbers; and the arguments of the agent's end tool say how it went. They are taken back when a person comes to a machine's call, who is greeted without
 * the agent being asked. */
static void on_event(void *arg, const struct record_event *event)
{
	struct media_socket *m = arg;
	const struct sockets_settings *s = &m->owner->settings;

	if (event->kind == EVENT_NOTE && event->code == NOTE_LATENCY)
		histogram_observe(&m->owner->counts.turns, event->number);
	if (record_event_outcome(event, m->outcome, sizeof(m->outcome)) && !m->outcome[0] && m->agent)
		s->agents->met(s->agents_arg, m->agent);
}

static void tell_end(struct media_socket *m, enum end_reason reason, const struct session_usage *usage)
{
	struct sockets_settings *s = &m->owner->settings;
	const struct conductor_end end = { .reason = reason, .outcome = m->outcome, .connected_ms = usage->connected_ms, .turns = m->turns,
		.known = m->agent ? s->agents->known(s->agents_arg, m->agent) : NULL };

	m->outcome_told = m->outcome[0];
	conductor_call_ended(m->desk, &end);
}

/* Inside the session. The carrier asks what to do next as soon as the socket closes, so the conductor is told first; its answer,
 * or that there is none, closes the socket. */
void socket_ends(struct media_socket *m)
{
	struct session_usage usage;
	const struct call *call;

	if (!m->call || m->state != SOCKET_LIVE)
		return;
	m->state = SOCKET_OVER;
	call = session_call(worker_call_session(m->call));
	session_usage(worker_call_session(m->call), &usage);
	m->turns = call_turn(call);
	tell_end(m, call_end_reason(call), &usage);
	socket_watch(m, clock_now_us(m->owner->settings.clock) + SOCKETS_END_MS * 1000);
}

static void on_told(void *arg, bool taken)
{
	struct media_socket *m = arg;

	(void)taken;
	m->is_told = true;
	socket_shut(m, WEBSOCKET_NORMAL, NULL);
}

/* Closed by the worker already. The desk stays open until the socket is closed, which waits for on_told. */
static void on_ended(void *arg, enum end_reason reason, const struct session_usage *usage)
{
	struct media_socket *m = arg;
	bool is_news = m->state == SOCKET_LIVE || (m->outcome[0] && !m->outcome_told);

	m->call = NULL;
	m->state = SOCKET_OVER;
	m->owner->counts.ended[reason]++;
	if (is_news)
		tell_end(m, reason, usage);
	agent_close(m);
	if (!m->ws)
		socket_drop(m);
	else if (m->is_told)
		socket_shut(m, WEBSOCKET_NORMAL, NULL);
	else if (!m->timer.is_set)
		socket_watch(m, clock_now_us(m->owner->settings.clock) + SOCKETS_END_MS * 1000);
}

/* Another worker has it. */
static void on_fenced(void *arg)
{
	struct media_socket *m = arg;

	log_warn(&m->log, "another worker has this call: it is left");
	socket_leave(m);
	if (m->ws)
		socket_shut(m, WEBSOCKET_GOING_AWAY, NULL);
	else
		socket_drop(m);
}

static void on_kept(void *arg, bool room)
{
	socket_move_kept(arg, room);
}

static const struct conductor_call_handlers desk_handlers = { .fenced = on_fenced, .told = on_told, .kept = on_kept };

/* ------------------------------------------------------------------ opening */

/* The same call's socket before this one, which may look alive still: its epoch is over. */
static void older_drop(struct media_socket *m, const char *call)
{
	struct media_socket *old = sockets_find(m->owner, call);

	if (!old || old == m)
		return;
	socket_leave(old);
	socket_drop(old);
}

/* A later epoch without a snapshot: the worker before died before it had made one. */
static enum err snapshot_first(const struct media_socket *m, const struct conductor_attached *a, struct buf *out)
{
	if (a->epoch == 1 || a->snapshot || m->left)
		return ERR_NONE;
	return session_first_snapshot(out, &a->settings, &a->brief, 0);
}

/* Zero of the call's clock: what it was, where the call was left here. Others go by the conductor's time of day, which may have been set meanwhile:
 * a call is never younger than its state, and was not without a worker for longer than it may be. Then nobody knows how long; it was not long. */
static uint64_t began_us(const struct media_socket *m, const struct conductor_attached *a)
{
	uint64_t now_us = clock_now_us(m->owner->settings.clock);
	struct record_snapshot r;

	if (m->left)
		return m->left->began_us;
	if (!a->snapshot || record_snapshot_decode(&r, a->snapshot, a->snapshot_len))
		return now_us - a->began_us_ago;
	if (a->is_newest && a->began_us_ago > r.at_us + (uint64_t)a->settings.call_attach_ms * 1000 + AWAY_MORE_US)
		return now_us - r.at_us;
	return now_us - num_max(a->began_us_ago, r.at_us);
}

/* Its media has not begun, as far as is known. */
static bool has_no_media(const struct media_socket *m, const struct conductor_attached *a)
{
	const void *snapshot = m->left ? m->left->snapshot.data : a->snapshot;
	struct record_snapshot r;

	return !snapshot || record_snapshot_decode(&r, snapshot, m->left ? m->left->snapshot.len : a->snapshot_len) || !r.media;
}

static void options_make(struct media_socket *m, const struct conductor_attached *a, const struct buf *first, struct worker_call_options *o)
{
	*o = (struct worker_call_options){ .tenant = a->tenant, .call = a->call, .epoch = a->epoch, .settings = &a->settings, .brief = &a->brief,
		.snapshot = a->snapshot, .snapshot_len = a->snapshot_len, .started_us = began_us(m, a),
		.direction = a->direction, .past = a->past, .past_samples = a->past_samples, .outcome = m->outcome, .record_audio = a->records_audio,
		.media = m->adapter->media, .socket = m->socket,
		.caller_us = m->adapter->is_browser ? 0 : m->started_us + m->early.lost_samples * 1000000 / CALL_RATE_HZ, /* a page sends none before `ready` */
		.facts = a->prompt.facts, .tools = &conductor_tools, .conductor = m->desk, .arg = m, .snapshot_made = on_snapshot, .event = on_event, .ended = on_ended };
	if (first->len) {
		o->snapshot = first->data;
		o->snapshot_len = first->len;
	}
	if (m->left) {
		o->snapshot = m->left->snapshot.data;
		o->snapshot_len = m->left->snapshot.len;
		o->past = m->left->past;
		o->past_samples = m->left->past_samples;
	}
}

static enum err call_begin(struct media_socket *m, const struct conductor_attached *a, const struct buf *first, struct err_detail *detail)
{
	const struct sockets_settings *s = &m->owner->settings;
	struct worker_call_options o;
	enum err err = conductor_call_open(&m->desk, s->conductor, &a->call, a->epoch, &desk_handlers, m);

	if (err)
		return err;
	if (has_no_media(m, a))
		socket_early_forget(&m->early); /* the call's sound begins with its media */
	options_make(m, a, first, &o);
	err = ahead_take(m, &o) ? ERR_NONE : s->agents->open(s->agents_arg, &m->agent, a, &o, detail);
	if (err)
		return err;
	if (m->adapter->ready)
		m->adapter->ready(m->socket, m->name);
	m->state = SOCKET_LIVE;
	m->began_us = o.started_us;
	err = worker_call_open(s->worker, &m->call, &o);
	if (!err && session_awaits_start(worker_call_session(m->call)))
		session_start(worker_call_session(m->call));
	if (!err && a->answered_by[0])
		session_order(worker_call_session(m->call), ORDER_ANSWERED, a->answered_by, strlen(a->answered_by));
	return err;
}

/* What the agent had named: as it was left here, by the journal of a worker before, or else by its snapshot. */
static void outcome_find(struct media_socket *m, const struct conductor_attached *a)
{
	struct record_snapshot r;

	snprintf(m->outcome, sizeof(m->outcome), "%s", m->left ? m->left->outcome : a->outcome);
	if (!m->outcome[0] && !m->left && a->snapshot && !record_snapshot_decode(&r, a->snapshot, a->snapshot_len))
		(void)record_outcome(r.outcome, r.outcome_len, m->outcome, sizeof(m->outcome));
}

static void call_open(struct media_socket *m, const struct conductor_attached *a)
{
	struct err_detail detail = { .message = "" };
	struct buf first;
	enum err err;

	id128_print(&a->call, m->name);
	m->keys = provider_keys_share(a->keys);
	m->epoch = a->epoch;
	m->log.call = m->name;
	outcome_find(m, a);
	buf_init(&first, CONDUCTOR_SNAPSHOT_MAX_BYTES);
	err = snapshot_first(m, a, &first);
	if (!err)
		err = call_begin(m, a, &first, &detail);
	buf_fini(&first);
	if (!err) {
		socket_heard(m); /* silence counts from here */
		socket_move_watch(m);
		m->owner->counts.begun += a->epoch == 1;
		m->owner->counts.continued += a->epoch > 1;
		socket_early_give(&m->early, m->call);
		return;
	}
	log_error(&m->log, "the call cannot be taken", LOG_ERR(err), LOG_TEXT("what", detail.message));
	socket_leave(m);
	socket_shut(m, WEBSOCKET_FAILED, NULL);
}

/* Another socket of the same call may have come to its end of this sooner: the later epoch has the call. */
static void on_recovered(void *arg, const struct conductor_attached *a)
{
	struct media_socket *m = arg, *other;
	char name[33];

	id128_print(&a->call, name);
	other = sockets_find(m->owner, name);
	if (other && other->epoch > a->epoch) {
		log_warn(&m->log, "another socket has this call by now: this one is closed");
		socket_shut(m, WEBSOCKET_GOING_AWAY, NULL);
		return;
	}
	older_drop(m, name);
	call_open(m, a);
}

/* Another worker had the call, perhaps one of this host that died: its journal may know more than the snapshot. False: nobody looks. */
static bool recovery_begin(struct media_socket *m, const struct conductor_attached *a)
{
	const struct sockets_settings *s = &m->owner->settings;
	const struct recovery_settings settings = { .pool = m->owner->pool, .clock = s->clock, .disk = &disk_real, .journals = s->journals };

	return a->epoch > 1 && m->owner->pool && !recovery_start(&m->recovery, &settings, a, on_recovered, m);
}

static void on_attached(void *arg, enum err err, const struct conductor_attached *a)
{
	struct media_socket *m = arg;
	char name[33];

	if (err) {
		log_warn(&m->log, "the conductor gives no call for this socket", LOG_ERR(err));
		socket_shut(m, err == ERR_DENIED ? WEBSOCKET_POLICY : err == ERR_CLOSED ? WEBSOCKET_NORMAL : WEBSOCKET_FAILED, NULL);
		return;
	}
	id128_print(&a->call, name);
	older_drop(m, name);
	m->left = left_take(m->owner, name, a->epoch);
	if (m->left || !recovery_begin(m, a))
		call_open(m, a);
	left_free(m->left);
	m->left = NULL;
}

static const char *token_of(const struct media_socket *m, const struct media_start *start)
{
	size_t i;

	for (i = 0; !m->token[0] && i < start->parameter_count; i++)
		if (!strcmp(start->parameters[i].name, "token"))
			return start->parameters[i].value;
	return m->token;
}

void socket_attach(struct media_socket *m, const struct media_start *start)
{
	const struct conductor_carrier carrier = { .kind = m->adapter->kind, .account = start->account, .call = start->call, .stream = start->stream };
	const char *token = token_of(m, start);

	if (!token[0] || strlen(token) >= SOCKETS_TOKEN_MAX) {
		socket_shut(m, WEBSOCKET_POLICY, "no token");
		return;
	}
	m->state = SOCKET_ASKS;
	if (conductor_attach_start(&m->attach, m->owner->settings.conductor, token, &carrier, on_attached, m))
		socket_shut(m, WEBSOCKET_FAILED, NULL);
	sodium_memzero(m->token, sizeof(m->token));
}
