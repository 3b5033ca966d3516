/* Calls that are prepared before they have a socket: their agent is opened while the phone rings, so that its vendors' connections are there.
 *
 *   order "prepare" ─► asks (the conductor: what such a call needs) ─► ready ─► the call's socket: ahead_take ─► the agent is its own
 *                          └─ no, or the call came sooner: dropped        └─ its time is over, or the worker drains: closed
 *
 * Nothing of the call itself is made: no session, no journal, no epoch. Another worker may get the call; then the time that the conductor named
 * ends it here. Loop thread. Refuses: more than SOCKETS_AHEAD_MAX, more than there is room for as calls, all when draining.
 */
#include "voice/worker/sockets_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/num.h"

enum { AHEAD_MIN_MS = 1000 };

struct ahead {
	struct sockets *owner;
	struct ahead *previous, *next;
	char name[33];
	struct conductor_attach *asking;
	struct provider_keys *keys;
	void *agent;                       /* NULL: it is not there yet */
	struct worker_call_options served; /* what it has put in */
	struct clock_timer due;
};

static void ahead_drop(struct ahead *h)
{
	struct sockets *s = h->owner;

	if (h->previous)
		h->previous->next = h->next;
	else
		s->ahead = h->next;
	if (h->next)
		h->next->previous = h->previous;
	s->ahead_count--;
	clock_timer_stop(&h->due);
	conductor_attach_cancel(&h->asking);
	if (h->agent)
		s->settings.agents->close(s->settings.agents_arg, &h->agent);
	provider_keys_release(&h->keys);
	free(h);
}

static void ahead_due(void *arg)
{
	struct ahead *h = arg;

	h->owner->counts.unused += h->agent != NULL;
	ahead_drop(h);
}

void ahead_drop_all(struct sockets *s)
{
	while (s->ahead)
		ahead_drop(s->ahead);
}

static struct ahead *ahead_find(const struct sockets *s, const char *call)
{
	struct ahead *h = s->ahead;

	while (h && strcmp(h->name, call) != 0)
		h = h->next;
	return h;
}

bool ahead_take(struct media_socket *m, struct worker_call_options *o)
{
	struct ahead *h = ahead_find(m->owner, m->name);
	bool is_there = h && h->agent;

	if (!h)
		return false;
	if (is_there) {
		m->agent = h->agent;
		h->agent = NULL;
		provider_keys_release(&m->keys);
		m->keys = h->keys; /* the agent's are those that it was opened with */
		h->keys = NULL;
		o->stt = h->served.stt;
		o->stt_vendor = h->served.stt_vendor;
		o->llm = h->served.llm;
		o->llm_vendor = h->served.llm_vendor;
		o->tts = h->served.tts;
		o->tts_vendor = h->served.tts_vendor;
		m->owner->counts.prepared++;
	}
	ahead_drop(h);
	return is_there;
}

/* ------------------------------------------------------------------ preparing */

static void on_pinned(void *arg, enum err err, const struct conductor_attached *a)
{
	struct ahead *h = arg;
	const struct sockets_settings *s = &h->owner->settings;
	const struct log log = { .plane = "voice", .call = h->name, .doing = "preparing a call while the phone rings" };
	struct err_detail detail = { .message = "" };

	if (!err) {
		h->keys = provider_keys_share(a->keys);
		err = s->agents->open(s->agents_arg, &h->agent, a, &h->served, &detail);
	}
	if (err) {
		log_warn(&log, "the call cannot be prepared: all is opened when it begins", LOG_ERR(err), LOG_TEXT("what", detail.message));
		ahead_drop(h);
		return;
	}
	if (s->agents->prepare)
		s->agents->prepare(s->agents_arg, h->agent, a, &h->served);
}

static enum err ahead_begin(struct sockets *s, const char *call, uint64_t for_ms)
{
	struct ahead *h = calloc(1, sizeof(*h));
	enum err err;

	if (!h)
		return ERR_NOMEM;
	h->owner = s;
	snprintf(h->name, sizeof(h->name), "%s", call);
	err = conductor_prepare_start(&h->asking, s->settings.conductor, h->name, on_pinned, h);
	if (err) {
		free(h);
		return err;
	}
	h->next = s->ahead;
	if (h->next)
		h->next->previous = h;
	s->ahead = h;
	s->ahead_count++;
	clock_timer_set(&h->due, s->settings.clock, clock_now_us(s->settings.clock) + for_ms * 1000, ahead_due, h);
	return ERR_NONE;
}

static bool has_room(const struct sockets *s)
{
	return !s->is_draining && s->ahead_count < s->settings.ahead_max && s->count + s->ahead_count < s->settings.calls_max;
}

void ahead_on_order(struct http_request *r, void *arg)
{
	struct sockets *s = arg;
	const char *call = http_param(r, "call");
	size_t len;
	const void *body = http_body(r, &len);
	json_t *o = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	json_int_t for_ms = json_integer_value(json_object_get(o, "for_ms"));
	struct id128 id;

	json_decref(o);
	if (for_ms < AHEAD_MIN_MS || id128_parse(&id, call))
		http_reply_error(r, 400, "format", "for_ms is needed, a number from 1000, and a call's id", "for_ms", NULL);
	else if (ahead_find(s, call) || sockets_find(s, call))
		http_reply(r, 204, NULL, NULL, 0); /* told before, or it is here */
	else if (!has_room(s) || ahead_begin(s, call, num_min((uint64_t)for_ms, SOCKETS_AHEAD_MS)))
		http_reply_error(r, 503, "busy", "this worker prepares no call now", NULL, NULL);
	else
		http_reply(r, 204, NULL, NULL, 0);
}
