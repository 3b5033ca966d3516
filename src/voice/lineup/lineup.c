#include "voice/lineup/lineup.h"

#include <string.h>

#include "base/log.h"
#include "base/num.h"

enum err lineup_add(struct lineup *l, const struct lineup_member *member)
{
	struct lineup_member *m = &l->members[l->count];

	if (l->count == LINEUP_MAX)
		return ERR_LIMIT;
	*m = *member;
	m->strikes = 0;
	m->struck_us = 0;
	l->count++;
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

bool lineup_rests(const struct lineup *l, const struct lineup_member *m)
{
	return rests_until(m, clock_now_us(l->clock)) != 0;
}

/* ------------------------------------------------------------------ starting */

static enum err member_start(struct lineup *l, struct lineup_member *m, struct lease *lease, lineup_open_h *open, void *arg)
{
	const struct log log = { .plane = "voice", .call = l->call, .doing = "asking a provider" };
	enum lease_reply reply = lease_take(lease, m->account);
	enum err err;

	if (reply) {
		log_warn(&log, "a provider gets no further stream: the next one is asked", LOG_TEXT("provider", m->name),
			LOG_TEXT("why", lease_reply_name(reply)), LOG_UINT("streams", m->account->held));
		return ERR_BUSY;
	}
	err = open(arg, m);
	if (!err)
		return ERR_NONE;
	lease_give(lease);
	lineup_failed(l, m, err);
	return err;
}

enum err lineup_start(struct lineup *l, uint32_t tried, struct lineup_member **mp, struct lease *lease, lineup_open_h *open, void *arg)
{
	enum err err = ERR_UNAVAILABLE;

	while (err && (*mp = lineup_next(l, tried))) {
		tried |= lineup_bit(l, *mp);
		err = member_start(l, *mp, lease, open, arg);
	}
	return err;
}

/* ------------------------------------------------------------------ how it went */

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

void lineup_left(struct lineup *l, uint32_t bits, const char *text, size_t len, bool begun)
{
	l->left = bits;
	l->left_us = clock_now_us(l->clock);
	l->left_begun = begun;
	l->left_len = num_min(len, sizeof(l->left_text));
	if (l->left_len)
		memcpy(l->left_text, text + len - l->left_len, l->left_len);
}

/* Whether this is how that text ended. */
static bool is_rest(const struct lineup *l, const char *text, size_t len)
{
	size_t same = num_min(len, l->left_len);

	if (!len || !l->left_len)
		return len == l->left_len;
	if (l->left_begun && len >= l->left_len)
		return false;
	return !memcmp(text + len - same, l->left_text + l->left_len - same, same);
}

uint32_t lineup_stalled(struct lineup *l, const char *text, size_t len, uint64_t within_us)
{
	uint32_t bits = l->left;

	l->left = 0;
	if (!bits || clock_now_us(l->clock) - l->left_us >= within_us || !is_rest(l, text, len))
		return 0;
	for (size_t i = 0; i < l->count; i++)
		if (bits & 1u << i)
			lineup_failed(l, &l->members[i], ERR_TIMEOUT);
	return bits;
}
