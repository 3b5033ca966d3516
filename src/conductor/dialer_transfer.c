/* What a call's transfer needs of the carrier: that the caller is taken from the agent, that the human is called, whether the caller is there still, that
 * he is fetched back, that the human's leg ends. One run a call, on the dialer's ways (dialer.c): loaded, judged by transfer_next, asked, what was heard
 * stored by compare-and-set. What may have been done is not done again but where that changes nothing: a caller is sent to the same address, which is
 * answered by the document; a human is called once, by whoever wrote that he is to be. Numbers are in no log. Loop thread.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conductor/dialer_state.h"

enum { AGAIN_MS = 2000, AGAIN_TRIES = 5 };

enum says { SAYS_NOTHING, SAYS_LEG, SAYS_FAILED, SAYS_GONE, SAYS_LATE, SAYS_FETCH, SAYS_HUNG_UP };

static struct log log_of(const struct dial_run *r)
{
	return (struct log){ .plane = "conductor", .call = r->id, .doing = "handing a call over" };
}

/* ---- news ---- */

static bool hung_up(struct call_record *c)
{
	bool news = !c->transfer.leg_over;

	c->transfer.leg_over = true;
	return news;
}

static bool is_news(struct dial_run *r)
{
	uint64_t now = calls_now_ms(r->calls);

	switch ((enum says)r->says) {
	case SAYS_LEG: return transfer_leg(&r->record, &r->leg, 0, now);
	case SAYS_FAILED: return transfer_fail(&r->record, r->code, now);
	case SAYS_GONE: return transfer_gone(&r->record, now);
	case SAYS_LATE: return transfer_late(&r->record, now);
	case SAYS_FETCH: return transfer_fetch(&r->record, now);
	case SAYS_HUNG_UP: return hung_up(&r->record);
	default: return false;
	}
}

/* Also on a newer document, when another one was quicker. */
static void apply(struct dial_run *r)
{
	if (is_news(r))
		run_store(r);
	else
		run_over(r);
}

static void say(struct dial_run *r, enum says says)
{
	r->says = says;
	r->apply = apply;
	apply(r);
}

/* ---- what is next ---- */

static void act(struct dial_run *r, enum transfer_step step)
{
	r->does = step;
	if (step == TRANSFER_FETCH)
		say(r, SAYS_FETCH); /* written first: of two who find it, one asks */
	else if (step == TRANSFER_REST)
		run_over(r);
	else
		run_ask(r);
}

void run_transfer_judge(struct dial_run *r)
{
	r->says = SAYS_LATE;
	if (!r->is_new && is_news(r)) {
		r->apply = apply;
		run_store(r);
	} else {
		act(r, transfer_next(&r->record, r->is_new, calls_now_ms(r->calls)));
	}
}

/* What was heard may ask for something at once: nobody is left waiting for the next sweep. */
void run_transfer_stored(struct dial_run *r)
{
	enum transfer_step step = transfer_next(&r->record, false, calls_now_ms(r->calls));

	r->is_new = false;
	r->apply = NULL;
	if (r->says == SAYS_FETCH) {
		run_ask(r);
		return;
	}
	r->tries = 0;
	if (r->record.state == CALL_ENDED && r->record.is_settling)
		sight_settles(r->calls, r->id, r->record.epoch);
	act(r, (step == TRANSFER_FETCH || step == TRANSFER_HANG_UP) && step != r->does ? step : TRANSFER_REST);
}

/* ---- what the carrier said ---- */

static void fail(struct dial_run *r, unsigned int code)
{
	struct log log = log_of(r);

	log_warn(&log, "the carrier does not hand the call over", LOG_UINT("code", code));
	r->code = code;
	say(r, SAYS_FAILED);
}

static void again(struct dial_run *r)
{
	if (++r->tries > AGAIN_TRIES)
		run_over(r); /* the sweeper comes again */
	else
		run_later(r, r->does == TRANSFER_FETCH ? TRANSFER_AGAIN_MS : AGAIN_MS);
}

/* The caller is on his way; a human who is no more wanted is told so. */
static void fetched(struct dial_run *r)
{
	act(r, transfer_has_leg(&r->record) ? TRANSFER_HANG_UP : TRANSFER_REST);
}

static void took(struct dial_run *r)
{
	switch (r->reply.verdict) {
	case CARRIER_DONE: run_over(r); break; /* he comes by the address that he was given */
	case CARRIER_GONE: say(r, SAYS_GONE); break;
	case CARRIER_REFUSED: fail(r, r->reply.code); break;
	case CARRIER_LATER: again(r); break;
	default: run_over(r); /* he may be on his way; else a sweep asks once more */
	}
}

static void placed(struct dial_run *r)
{
	switch (r->reply.verdict) {
	case CARRIER_DONE:
		r->leg = r->reply.legs[0];
		r->leg.state = r->leg.state < LEG_QUEUED ? LEG_QUEUED : r->leg.state;
		say(r, SAYS_LEG);
		break;
	case CARRIER_LATER: again(r); break;
	case CARRIER_UNKNOWN: run_over(r); break; /* its own webhooks say that it is there; else its time is over some day */
	default: fail(r, r->reply.code);
	}
}

static void looked(struct dial_run *r)
{
	bool is_gone = r->reply.verdict == CARRIER_GONE || (r->reply.verdict == CARRIER_DONE && r->reply.legs[0].state >= LEG_COMPLETED);

	say(r, is_gone ? SAYS_GONE : SAYS_NOTHING);
}

void run_transfer_answered(struct dial_run *r)
{
	bool is_settled = r->reply.verdict == CARRIER_DONE || r->reply.verdict == CARRIER_GONE;

	if (r->does == TRANSFER_TAKE)
		took(r);
	else if (r->does == TRANSFER_PLACE)
		placed(r);
	else if (r->does == TRANSFER_LOOK)
		looked(r);
	else if (!is_settled && r->reply.verdict != CARRIER_REFUSED)
		again(r);
	else if (r->does == TRANSFER_HANG_UP)
		say(r, SAYS_HUNG_UP);
	else if (r->reply.verdict == CARRIER_GONE)
		say(r, SAYS_GONE);
	else
		fetched(r);
}

void run_transfer_unanswered(struct dial_run *r, bool was_sent)
{
	if (r->does == TRANSFER_PLACE && !was_sent)
		fail(r, 0);
	else if (r->does != TRANSFER_FETCH && r->does != TRANSFER_HANG_UP)
		run_over(r);
	else
		again(r);
}

/* ---- asking ---- */

static void place_make(const struct dial_run *r, struct carrier_request *q)
{
	const struct calls_line *line = r->line;
	const struct call_transfer *t = &r->record.transfer;
	char voice[CALL_URL_MAX], status[CALL_URL_MAX];
	const struct carrier_place place = { .to = t->to, .from = t->from, .voice_url = voice, .status_url = status, .ring_s = t->ring_s };

	transfer_url(r->calls, line->carrier->kind, r->id, "brief", voice);
	transfer_url(r->calls, line->carrier->kind, r->id, "leg", status);
	line->carrier->rest->place(q, line->url, r->record.account, &place);
}

void run_transfer_request(const struct dial_run *r, struct carrier_request *q)
{
	const struct calls_line *line = r->line;
	const struct carrier_rest *rest = line->carrier->rest;
	const struct call_record *c = &r->record;
	char url[CALL_URL_MAX];

	transfer_url(r->calls, line->carrier->kind, r->id, r->does == TRANSFER_TAKE ? "take" : "back", url);
	if (r->does == TRANSFER_PLACE)
		place_make(r, q);
	else if (r->does == TRANSFER_LOOK)
		rest->look(q, line->url, c->account, c->carrier_call);
	else if (r->does == TRANSFER_HANG_UP)
		rest->end(q, line->url, c->account, c->transfer.leg);
	else
		rest->redirect(q, line->url, c->account, c->carrier_call, url);
}
