/* Preparing a call before its sound is there: while it rings, and while the carrier carries our answer to it.
 *
 *   a leg was placed, or a worker offered ─► the record names the worker ─► it is told, once, and nobody waits for it
 *   the worker ─► POST …/calls/CALL/pinned: what an attach would bring. Nothing is taken: no epoch, no token; the call waits as before
 *
 * The worker opens what takes time (docs/voice.md) and lets go of it by itself when the call does not come. Whoever is not told, or has no
 * room, opens it all when the call begins. Loop thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/calls_state.h"

enum { TELLS_MAX = 64, TELL_MS = 2000, BODY_MAX = 40 };

/* One worker that is being told. */
struct prepare_tell {
	struct calls *calls;
	struct prepare_tell *previous, *next;
	struct http_exchange *exchange;
};

/* ---- who ---- */

bool prepare_choose(struct calls *c, struct call_record *r)
{
	const struct call_worker *w = r->state == CALL_WAITING && !r->prepares[0] ? worker_pick(c, r) : NULL;

	if (w)
		memcpy(r->prepares, w->name, sizeof(w->name));
	return w;
}

bool prepare_is_of(const struct call_record *r, const char *worker)
{
	return r->state == CALL_WAITING && worker && r->prepares[0] && !strcmp(r->prepares, worker);
}

/* ---- telling ---- */

static void tell_free(struct prepare_tell *t)
{
	if (t->previous)
		t->previous->next = t->next;
	else
		t->calls->tells = t->next;
	if (t->next)
		t->next->previous = t->previous;
	t->calls->tell_count--;
	http_exchange_cancel(&t->exchange);
	free(t);
}

/* Who did not take it opens everything later. */
static void on_told(const struct http_answer *answer, void *arg)
{
	(void)answer;
	tell_free(arg);
}

void prepare_tell(struct calls *c, const struct tenant *tenant, const struct call_record *r, uint64_t for_ms)
{
	static const struct http_exchange_handlers handlers = { .done = on_told };
	const struct call_worker *w = r->prepares[0] ? worker_find(c, r->prepares) : NULL;
	struct prepare_tell *t = w && c->tell_count < TELLS_MAX ? calloc(1, sizeof(*t)) : NULL;
	char body[BODY_MAX];
	const struct worker_question q = { .what = "prepare", .body = body, .total_us = TELL_MS * 1000, .handlers = &handlers };

	if (!t)
		return;
	snprintf(body, sizeof(body), "{\"for_ms\":%" PRIu64 "}", for_ms);
	t->calls = c;
	t->next = c->tells;
	if (t->next)
		t->next->previous = t;
	c->tells = t;
	c->tell_count++;
	if (worker_ask(c, tenant, r->id, w, &q, &t->exchange, t))
		tell_free(t);
}

void prepares_close(struct calls *c)
{
	while (c->tells)
		tell_free(c->tells);
}

/* ---- what the worker asks ---- */

static void judge(struct ask *a)
{
	struct call_record *r = &a->record;

	if (!a->began_ms) {
		ask_error(a, 404, "not_found", "There is no such call.", NULL);
	} else if (r->state != CALL_WAITING) {
		ask_error(a, 409, "begun", "The call waits no more.", NULL);
	} else if (!prepare_is_of(r, json_string_value(json_object_get(a->body, "worker")))) {
		ask_error(a, 403, "forbidden", "Another worker prepares the call.", NULL);
	} else {
		r->epoch++; /* as it would begin; not stored */
		r->clock_ms = calls_now_ms(a->calls);
		a->then = attach_reply;
		ask_book(a);
	}
}

void calls_on_pinned(struct http_request *r, void *arg)
{
	struct ask *a = ask_begin(arg, r);

	if (!a || !ask_worker(a) || !ask_body(a))
		return;
	ask_call_id(a);
	a->judge = judge;
	ask_find(a);
}
