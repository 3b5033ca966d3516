/* Which of the carrier's legs is an attempt's, of which nothing but its numbers is known. It is one that no other call of the tenant has; where
 * another attempt to the same number has none yet either, it may be that one's, and nothing is said before the carrier has told which (the
 * webhooks name the attempt). Loop thread. */
#include <stdio.h>
#include <string.h>

#include "conductor/dialer_state.h"

static void found(struct dial_run *r)
{
	if (r->candidates == 1)
		run_hear(r, &r->reply.legs[r->at]);
	else if (!r->candidates && dial_is_absent(&r->record, r->line->carrier->rest->lists_ended ? r->line->ring_s : 0, calls_now_ms(r->calls)))
		run_fail(r, LEG_FAILED, r->line->carrier->rest->lists_ended ? "unknown" : "not_placed", 0);
	else
		run_over(r);
}

static void count(struct dial_run *r)
{
	r->candidates = 0;
	for (size_t i = 0; i < r->reply.leg_count; i++)
		if (dial_fits(&r->record, &r->reply.legs[i])) {
			r->candidates++;
			r->at = i;
		}
}

/* False: nothing can be said now. */
static bool weigh(struct dial_run *r, const struct call_record *other)
{
	if (!strcmp(other->id, r->id))
		return true;
	for (size_t i = 0; i < r->reply.leg_count; i++)
		if (other->carrier_call[0] && !strcmp(r->reply.legs[i].call, other->carrier_call))
			r->reply.legs[i].is_outbound = false; /* dial_fits no more */
	return !(dial_is_open(other) && !other->carrier_call[0] && !strcmp(other->dial.to, r->record.dial.to));
}

static void look_at_others(struct dial_run *r);

static void on_others(void *arg, enum err err, const struct documents_page *page)
{
	struct dial_run *r = arg;
	struct call_record other;
	bool goes_on = !err && page->more && page->count, is_clear = true;

	call_record_init(&other);
	for (size_t i = 0; !err && is_clear && i < page->count; i++) {
		err = call_record_decode(&other, page->items[i].value, page->items[i].len);
		is_clear = err || weigh(r, &other);
		goes_on = goes_on && other.began_ms + DIAL_GIVE_UP_MS > r->began_ms;
	}
	call_record_fini(&other);
	if (goes_on)
		snprintf(r->after, sizeof(r->after), "%s", page->items[page->count - 1].key);
	count(r);
	if (err)
		run_give_up(r, err);
	else if (!is_clear && r->candidates)
		run_over(r);
	else if (goes_on)
		look_at_others(r);
	else
		found(r);
}

static void look_at_others(struct dial_run *r)
{
	const struct documents_range range = { .prefix = "call/", .after = r->after, .limit = DOCUMENTS_PAGE_MAX };
	enum err err = documents_list(r->calls->settings.documents, &r->job, r->tenant, &range, on_others, r);

	if (err)
		run_give_up(r, err);
}

/* The leg that says by its name whose it is; no other can be meant. */
static const struct carrier_leg *named(const struct dial_run *r)
{
	for (size_t i = 0; i < r->reply.leg_count; i++)
		if (!strcmp(r->reply.legs[i].name, r->id))
			return &r->reply.legs[i];
	return NULL;
}

void run_listed(struct dial_run *r)
{
	const struct carrier_leg *leg = named(r);

	count(r);
	r->after[0] = 0;
	if (r->reply.verdict != CARRIER_DONE)
		run_over(r);
	else if (leg)
		run_hear(r, leg);
	else if (r->candidates)
		look_at_others(r);
	else
		found(r);
}
