#include "voice/lineup/lineup_hedge.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/num.h"

void lineup_paced(struct lineup_pace *p, uint64_t us)
{
	p->ms[p->count++ % LINEUP_PACE_MAX] = (uint16_t)num_min(us / 1000, UINT16_MAX);
}

static int shorter(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Within it nineteen of twenty began. */
static uint64_t pace_tail_ms(const struct lineup_pace *p)
{
	uint16_t sorted[LINEUP_PACE_MAX];
	size_t count = p->count < LINEUP_PACE_MAX ? p->count : LINEUP_PACE_MAX;

	if (count < HEDGE_KNOWN)
		return HEDGE_UNKNOWN_MS;
	for (size_t i = 0; i < count; i++)
		sorted[i] = p->ms[i];
	qsort(sorted, count, sizeof(sorted[0]), shorter);
	return num_min(num_max(sorted[(count * 19 + 19) / 20 - 1], HEDGE_LEAST_MS), HEDGE_MOST_MS);
}

uint32_t lineup_hedge_unfit(const struct lineup *l, const struct lineup_member *m)
{
	uint32_t bits = lineup_bit(l, m);

	for (size_t i = 0; i < l->count; i++)
		if (!l->members[i].is_far || lineup_rests(l, &l->members[i]))
			bits |= 1u << i;
	return bits;
}

uint64_t lineup_hedge_us(const struct lineup *l, const struct lineup_member *m, const struct lineup_pace *p)
{
	if (!l->hedge_ms || !m->is_far || lineup_hedge_unfit(l, m) + 1 == 1u << l->count)
		return 0;
	return (l->hedge_ms > 0 ? (uint64_t)l->hedge_ms : pace_tail_ms(p)) * 1000;
}

void lineup_hedge_begun(struct lineup *l, const struct lineup_member *first, const struct lineup_member *second)
{
	const struct log log = { .plane = "voice", .call = l->call, .doing = "waiting for a provider" };

	if (l->hedges)
		l->hedges->begun++;
	log_debug(&log, "a provider is late: another one is asked beside it", LOG_TEXT("provider", first->name), LOG_TEXT("beside", second->name));
}

void lineup_hedge_won(struct lineup *l)
{
	if (l->hedges)
		l->hedges->won++;
}
