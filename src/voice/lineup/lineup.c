#include "voice/lineup/lineup.h"

#include "base/log.h"

enum err lineup_add(struct lineup *l, const char *name, const void *table, void *vendor, struct lineup_health *health)
{
	if (l->count == LINEUP_MAX)
		return ERR_LIMIT;
	l->members[l->count++] = (struct lineup_member){ .name = name, .table = table, .vendor = vendor, .health = health };
	return ERR_NONE;
}

/* When it may be asked again; 0: now. */
static uint64_t rests_until(const struct lineup_member *m, uint64_t now_us)
{
	uint64_t struck = m->strikes >= LINEUP_STRIKES ? m->struck_us + LINEUP_REST_US : 0;
	uint64_t until = struck > m->health->until_us ? struck : m->health->until_us;

	return until > now_us ? until : 0;
}

/* The rest is over: whoever asks first tries for all, and if that fails too it rests again. */
static void try_again(struct lineup_member *m, uint64_t now_us)
{
	if (m->health->until_us && m->health->until_us <= now_us)
		m->health->until_us = now_us + LINEUP_REST_US;
}

struct lineup_member *lineup_next(struct lineup *l, uint32_t tried)
{
	uint64_t now_us = clock_now_us(l->clock), until, soonest = UINT64_MAX;
	struct lineup_member *found = NULL;
	size_t i;

	for (i = 0; i < l->count && soonest; i++) {
		if (tried & 1u << i)
			continue;
		until = rests_until(&l->members[i], now_us);
		if (until < soonest) {
			soonest = until;
			found = &l->members[i];
		}
	}
	if (found && !soonest)
		try_again(found, now_us);
	return found;
}

uint32_t lineup_bit(const struct lineup *l, const struct lineup_member *m)
{
	return 1u << (m - l->members);
}

void lineup_worked(struct lineup_member *m)
{
	m->strikes = 0;
	m->health->failures = 0;
	m->health->until_us = 0;
}

void lineup_failed(struct lineup *l, struct lineup_member *m, enum err why)
{
	const struct log log = { .plane = "voice", .call = l->call, .doing = "asking a provider" };
	uint64_t now_us = clock_now_us(l->clock);
	bool refused = why == ERR_DENIED || why == ERR_USAGE || why == ERR_NOTFOUND;

	m->strikes = refused ? LINEUP_STRIKES : m->strikes + 1;
	m->struck_us = now_us;
	if (++m->health->failures < LINEUP_HEALTH_FAILURES)
		return;
	m->health->until_us = now_us + LINEUP_REST_US;
	log_warn(&log, "a provider failed again and again: it rests", LOG_TEXT("provider", m->name), LOG_UINT("failures", m->health->failures));
}
