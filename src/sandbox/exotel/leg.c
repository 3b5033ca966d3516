#include <stdlib.h>

#include "sandbox/exotel/exotel.h"

enum { DIAL_US = 100000, THOUSAND = 1000, MILLION = 1000000 };

static void status_set(struct leg *l, enum leg_status status);

/* Nobody has answered yet, and still it is in progress. */
const char *leg_status_name(const struct leg *l)
{
	static const char *const names[LEG_STATUSES] = { "in-progress", "in-progress", "completed", "busy", "no-answer", "failed" };

	return names[l->status];
}

bool leg_is_over(const struct leg *l)
{
	return l->status > LEG_IN_PROGRESS;
}

static void after(struct leg *l, struct clock_timer *timer, uint64_t us, void (*handler)(void *arg))
{
	clock_timer_set(timer, l->vendor->options->clock, vendor_now_us(l->vendor) + us, handler, l);
}

static void leave(struct leg *l)
{
	clock_timer_stop(&l->timer);
	clock_timer_stop(&l->limit);
	http_exchange_cancel(&l->fetch);
}

void leg_end(struct leg *l, enum leg_status status)
{
	if (leg_is_over(l))
		return;
	leave(l);
	status_set(l, status);
	if (l->bot)
		voicebot_end(l);
}

static void status_set(struct leg *l, enum leg_status status)
{
	l->status = status;
	if (status == LEG_IN_PROGRESS)
		l->answered = time(NULL);
	if (leg_is_over(l)) {
		l->ended = time(NULL);
		l->ended_us = vendor_now_us(l->vendor);
	}
	tell_status(l, leg_is_over(l) ? PLACING_TERMINAL : status == LEG_IN_PROGRESS ? PLACING_ANSWERED : PLACING_RINGING);
}

/* ------------------------------------------------------------------ a call's way */

static void over_limit(void *arg)
{
	leg_end(arg, LEG_COMPLETED);
}

static void talk(struct leg *l)
{
	status_set(l, LEG_IN_PROGRESS);
	if (l->p.limit_s)
		after(l, &l->limit, (uint64_t)l->p.limit_s * MILLION, over_limit);
	if (!*l->p.stream_url)
		flow_run(l);
	else if (!voicebot_open(l, l->p.stream_url))
		leg_end(l, LEG_FAILED);
}

void leg_bot_closed(struct leg *l)
{
	voicebot_free(l);
	if (leg_is_over(l))
		return;
	if (*l->p.stream_url)
		leg_end(l, l->last.has_failed ? LEG_FAILED : LEG_COMPLETED);
	else
		flow_go_on(l);
}

/* ------------------------------------------------------------------ ringing */

static void nobody(void *arg)
{
	leg_end(arg, LEG_NO_ANSWER);
}

static void answered(void *arg)
{
	struct leg *l = arg;
	static const enum leg_status ends[] = { [PHONE_BUSY] = LEG_BUSY, [PHONE_NO_ANSWER] = LEG_NO_ANSWER, [PHONE_FAILED] = LEG_FAILED };

	if (l->phone.outcome == PHONE_ANSWERS)
		talk(l);
	else
		leg_end(l, ends[l->phone.outcome]);
}

static void rings(void *arg)
{
	struct leg *l = arg;
	uint64_t limit_us = (uint64_t)l->p.ring_s * MILLION, ring_us = l->phone.ring_ms * THOUSAND;

	status_set(l, LEG_RINGING);
	if (ring_us > limit_us)
		after(l, &l->timer, limit_us, nobody);
	else
		after(l, &l->timer, ring_us, answered);
}

void leg_begin(struct leg *l)
{
	l->made = time(NULL);
	if (l->is_inbound)
		talk(l);
	else
		after(l, &l->timer, DIAL_US, rings);
}

void leg_free(struct leg *l)
{
	leave(l);
	voicebot_free(l);
	phone_fini(&l->phone);
	free(l);
}
