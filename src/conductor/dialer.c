/* The dialer: asks the carrier for a leg, once, and looks up how it goes where nobody tells.
 *
 *   load ─► dial_next ─► place ──────────► key ─► the carrier ─► what it said ─► store ─► over
 *             │          look (─► end) ──►                         ▲   │
 *             │          find ───────────►      (not another's?) ──┘   └ later: wait, load
 *             └ rest: over
 *
 * A run is one such way for one call; two of one call there are never, so that a leg is not looked for while it is being asked for. Only a
 * run of dialer_place places; it is begun by whoever stored the attempt, and dies with the process: what is found again is looked up.
 * Every change is by compare-and-set, said again on a newer document. Numbers and keys are in no log. Loop thread.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "conductor/dialer_state.h"

enum { LATER_FIRST_MS = 200, LATER_MAX_MS = 3000 };

static const struct carrier_rest *rest(const struct dial_run *r)
{
	return r->line->carrier->rest;
}

static struct log log_of(const struct dial_run *r)
{
	return (struct log){ .plane = "conductor", .call = r->id, .doing = "calling out" };
}

const struct calls_line *line_find(const struct calls *c, const char *kind)
{
	for (size_t i = 0; i < CALLS_LINES_MAX; i++) {
		const struct calls_line *l = &c->settings.lines[i];

		if (l->carrier && l->client && l->carrier->rest && (!*kind || !strcmp(l->carrier->kind, kind)))
			return l;
	}
	return NULL;
}

/* ---- its end ---- */

static void run_freed(uv_handle_t *timer)
{
	free(timer->data);
}

static void run_free(struct dial_run *r)
{
	if (r->previous)
		r->previous->next = r->next;
	else
		r->calls->dials = r->next;
	if (r->next)
		r->next->previous = r->previous;
	r->calls->dial_count--;
	job_cancel(&r->job);
	http_exchange_cancel(&r->exchange);
	run_forget(r);
	sodium_memzero(r->token, sizeof(r->token));
	call_record_fini(&r->record);
	tenant_drop(&r->tenant);
	uv_close((uv_handle_t *)&r->timer, run_freed);
}

/* The sweeper leaves it alone for a while; one that is talked in has a worker who is to be seen instead. */
void run_over(struct dial_run *r)
{
	struct calls *c = r->calls;
	char id[CALL_ID_MAX];

	if (r->record.state != CALL_LIVE || transfer_is_away(&r->record))
		sight_note(r->calls, r->id, r->record.epoch);
	if (r->again) {
		r->is_new = r->again_new;
		r->again = r->again_new = false;
		r->apply = NULL;
		run_load(r);
		return;
	}
	memcpy(id, r->id, sizeof(id));
	run_free(r);
	transfer_wake(c, id);
}

void run_give_up(struct dial_run *r, enum err err)
{
	struct log log = log_of(r);

	log_warn(&log, "it cannot be done now and is looked at again", LOG_ERR(err));
	run_over(r);
}

/* ---- the document ---- */

static void ended_follows(struct dial_run *r)
{
	if (r->step == DIAL_LOOK && !r->ends && rest(r)->end && r->record.state == CALL_ENDED && dial_is_open(&r->record)) {
		r->ends = true;
		r->apply = NULL;
		run_ask(r);
	} else {
		run_over(r);
	}
}

static void taken(struct dial_run *r)
{
	r->takes = false;
	r->is_new = true;
	run_ask(r);
}

/* It rings, and a worker has that long to prepare it. */
static void stored(struct dial_run *r)
{
	if (r->step == DIAL_PLACE && r->record.state == CALL_WAITING && r->line)
		prepare_tell(r->calls, r->tenant, &r->record, (uint64_t)r->line->ring_s * 1000 + DIAL_ASK_MS);
	ended_follows(r);
}

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct dial_run *r = arg;

	r->revision = revision;
	if ((err == ERR_EXISTS || err == ERR_NOTFOUND) && ++r->stores < CALL_TRIES_MAX)
		run_load(r);
	else if (err)
		run_give_up(r, err);
	else if (r->is_transfer)
		run_transfer_stored(r);
	else if (r->takes)
		taken(r);
	else
		stored(r);
}

void run_store(struct dial_run *r)
{
	char key[DOCUMENT_KEY_MAX];
	struct documents_put put = { .key = key, .expected = r->revision };
	struct buf b;
	enum err err;

	buf_init(&b, CALL_RECORD_MAX_BYTES);
	call_key(r->began_ms, r->id, key);
	err = call_record_encode(&r->record, &b);
	put.value = b.data;
	put.len = b.len;
	if (!err)
		err = documents_put(r->calls->settings.documents, &r->job, r->tenant, &put, on_stored, r);
	buf_fini(&b);
	if (err)
		run_give_up(r, err);
}

static void apply_leg(struct dial_run *r)
{
	enum dial_news news = dial_hear(&r->record, &r->leg, calls_now_ms(r->calls));
	bool prepares = news != DIAL_FOREIGN && r->step == DIAL_PLACE && prepare_choose(r->calls, &r->record);
	struct log log = log_of(r);

	if (news == DIAL_FOREIGN)
		log_warn(&log, "the carrier tells of a leg that is not this attempt's", LOG_TEXT("leg", r->leg.call));
	if (news == DIAL_NEWS || prepares)
		run_store(r);
	else
		ended_follows(r);
}

void run_hear(struct dial_run *r, const struct carrier_leg *leg)
{
	r->leg = *leg;
	r->apply = apply_leg;
	apply_leg(r);
}

static void apply_end(struct dial_run *r)
{
	if (!dial_is_open(&r->record)) {
		run_over(r);
		return;
	}
	dial_end(&r->record, r->end, r->why, r->code, calls_now_ms(r->calls));
	run_store(r);
}

void run_fail(struct dial_run *r, enum leg_state end, const char *why, unsigned int code)
{
	struct log log = log_of(r);

	log_warn(&log, "an attempt ends without a call", LOG_TEXT("why", why), LOG_UINT("code", code));
	r->end = end;
	r->code = code;
	snprintf(r->why, sizeof(r->why), "%s", why);
	r->apply = apply_end;
	apply_end(r);
}

/* From now on nobody else asks for it. */
static void place(struct dial_run *r)
{
	r->takes = r->record.dial.place_by_ms;
	if (!r->takes) {
		run_ask(r);
		return;
	}
	r->record.dial.place_by_ms = 0;
	r->record.dial.asked_ms = calls_now_ms(r->calls);
	run_store(r);
}

static void judge(struct dial_run *r)
{
	if (r->is_transfer) {
		run_transfer_judge(r);
		return;
	}
	r->takes = false;
	r->step = dial_next(&r->record, r->is_new, calls_now_ms(r->calls));
	if (!r->line && (r->step == DIAL_LOOK || r->step == DIAL_FIND))
		run_give_up(r, ERR_UNAVAILABLE); /* it was placed by a carrier that is set up no more */
	else if (r->step == DIAL_REST)
		run_over(r);
	else if (r->step == DIAL_DROP)
		run_fail(r, LEG_CANCELED, "order", 0);
	else if (r->step == DIAL_PLACE)
		place(r);
	else if (r->step == DIAL_LATE)
		run_fail(r, LEG_FAILED, "not_placed", 0);
	else if (r->step == DIAL_GIVE_UP)
		run_fail(r, LEG_FAILED, "unknown", 0);
	else
		run_ask(r);
}

static void on_loaded(void *arg, enum err err, const struct document *d)
{
	struct dial_run *r = arg;

	r->revision = d ? d->revision : DOCUMENT_NONE;
	if (!err)
		err = call_record_decode(&r->record, d->value, d->len);
	if (!err)
		r->line = line_find(r->calls, r->record.kind);
	if (err)
		run_give_up(r, err);
	else if (r->apply)
		r->apply(r);
	else
		judge(r);
}

void run_load(struct dial_run *r)
{
	char key[DOCUMENT_KEY_MAX];
	enum err err;

	call_key(r->began_ms, r->id, key);
	err = documents_get(r->calls->settings.documents, &r->job, r->tenant, key, on_loaded, r);
	if (err)
		run_give_up(r, err);
}

/* ---- what the carrier said ---- */

static void on_later(uv_timer_t *timer)
{
	run_load(timer->data); /* it may have been ended meanwhile */
}

void run_later(struct dial_run *r, uint64_t in_ms)
{
	r->apply = NULL;
	uv_timer_start(&r->timer, on_later, in_ms, 0);
}

/* As long as it wishes, else a random time that doubles: others were told the same. */
static void place_later(struct dial_run *r)
{
	uint64_t now = calls_now_ms(r->calls), most = num_min(LATER_MAX_MS, (uint64_t)LATER_FIRST_MS << num_min32(r->tries, 8));
	uint64_t wait = r->reply.wait_s ? (uint64_t)r->reply.wait_s * 1000 : 1 + randombytes_uniform((uint32_t)most);

	r->tries++;
	if (now + wait > r->record.dial.asked_ms + DIAL_PLACE_MS)
		run_fail(r, LEG_FAILED, "busy_carrier", r->reply.code);
	else
		uv_timer_start(&r->timer, on_later, wait, 0);
}

static void placed(struct dial_run *r)
{
	struct log log = log_of(r);

	switch (r->reply.verdict) {
	case CARRIER_DONE:
		run_hear(r, &r->reply.legs[0]);
		break;
	case CARRIER_LATER:
		place_later(r);
		break;
	case CARRIER_REFUSED:
	case CARRIER_GONE: /* there is no such account */
		run_fail(r, LEG_FAILED, "refused", r->reply.code);
		break;
	default:
		log_warn(&log, "whether the carrier has placed the call is not known: it is looked for", LOG_UINT("code", r->reply.code));
		run_over(r);
	}
}

static void looked(struct dial_run *r)
{
	if (r->reply.verdict == CARRIER_DONE)
		run_hear(r, &r->reply.legs[0]);
	else if (r->reply.verdict == CARRIER_GONE && !r->ends)
		run_fail(r, LEG_FAILED, "unknown", r->reply.code);
	else
		run_over(r);
}

static void answered(struct dial_run *r)
{
	if (r->is_transfer)
		run_transfer_answered(r);
	else if (r->step == DIAL_PLACE)
		placed(r);
	else if (r->step == DIAL_FIND)
		run_listed(r);
	else
		looked(r);
}

void run_answered(const struct http_answer *answer, void *arg)
{
	struct dial_run *r = arg;
	const struct carrier_answer got = { .status = answer->status, .retry_after = answer->err ? NULL : http_answer_header(answer, "Retry-After"),
		.body = answer->body, .len = answer->len, .settings = r->line->settings };
	struct log log = log_of(r);

	if (!answer->err) {
		rest(r)->read(&got, r->step != DIAL_FIND, &r->reply);
		answered(r);
		return;
	}
	log_warn(&log, "the carrier does not answer", LOG_ERR(answer->err));
	if (r->is_transfer)
		run_transfer_unanswered(r, answer->was_sent);
	else if (r->step == DIAL_PLACE && !answer->was_sent)
		run_fail(r, LEG_FAILED, "unreachable", 0);
	else
		run_over(r);
}

/* ---- beginning ---- */

static struct dial_run *run_find(const struct calls *c, const char *id, bool is_transfer)
{
	struct dial_run *r = c->dials;

	while (r && (r->is_transfer != is_transfer || strcmp(r->id, id) != 0))
		r = r->next;
	return r;
}

bool dialer_has_room(const struct calls *c)
{
	return c->dial_count < DIALS_MAX;
}

/* `way`: it is to be placed, so. */
static void begin(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms, const struct dial_way *way, bool is_new, bool is_transfer)
{
	struct dial_run *r = line_find(c, "") && dialer_has_room(c) && !run_find(c, id, is_transfer) ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return; /* the sweeper comes again; what was never asked for is then found to be so */
	r->calls = c;
	r->tenant = tenant_share(t);
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->began_ms = began_ms;
	r->is_new = is_new;
	r->is_transfer = is_transfer;
	if (way) {
		snprintf(r->flow, sizeof(r->flow), "%s", way->flow);
		snprintf(r->media_url, sizeof(r->media_url), "%s", way->media_url);
		snprintf(r->token, sizeof(r->token), "%s", way->token);
	}
	call_record_init(&r->record);
	uv_timer_init(c->settings.loop, &r->timer);
	r->timer.data = r;
	r->next = c->dials;
	if (r->next)
		r->next->previous = r;
	c->dials = r;
	c->dial_count++;
	run_load(r);
}

void dialer_place(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms, const struct dial_way *way)
{
	begin(c, t, id, began_ms, way, true, false);
}

void dialer_look(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms)
{
	begin(c, t, id, began_ms, NULL, false, false);
}

void dialer_transfer(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms, bool is_new)
{
	struct dial_run *r = run_find(c, id, true);

	if (!r) {
		begin(c, t, id, began_ms, NULL, is_new, true);
		return;
	}
	r->again = true;
	r->again_new = r->again_new || is_new;
	if (uv_is_active((uv_handle_t *)&r->timer))
		run_later(r, 0);
}

void dialer_close(struct calls *c)
{
	while (c->dials)
		run_free(c->dials);
}
