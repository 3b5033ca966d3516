/* Which calls were seen where: by the reports of workers, and by what they ask; and what was offered to their carriers. In memory, by a clock
 * that never falls.
 *
 * After a restart nothing is known; the sweeper then counts from its own first look. Bounded: SIGHT_MAX.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conductor/calls_state.h"

/* Ids are random hex digits. */
static struct sighting **bucket(const struct calls *c, const char *id)
{
	char head[4] = { id[0], id[1], id[2], 0 };

	return (struct sighting **)&c->sights.buckets[strtoul(head, NULL, 16)];
}

const struct sighting *sight_find(const struct calls *c, const char *id)
{
	for (struct sighting *s = *bucket(c, id); s; s = s->next)
		if (!memcmp(s->id, id, CALL_ID_MAX))
			return s;
	return NULL;
}

static struct sighting *sight_new(struct calls *c, const char *id)
{
	struct sighting *s = c->sights.count < SIGHT_MAX ? calloc(1, sizeof(*s)) : NULL, **at = bucket(c, id);

	if (!s)
		return NULL;
	memcpy(s->id, id, CALL_ID_MAX);
	s->next = *at;
	*at = s;
	c->sights.count++;
	return s;
}

bool sight_note(struct calls *c, const char *id, uint32_t epoch)
{
	struct sighting *s = (struct sighting *)sight_find(c, id);

	if (!s)
		s = sight_new(c, id);
	if (!s)
		return false;
	if (epoch < s->epoch)
		return true;
	s->epoch = epoch;
	s->seen_ms = calls_mono_ms(c);
	return true;
}

void sight_offer(struct calls *c, const char *id, const char *token)
{
	struct sighting *s = (struct sighting *)sight_find(c, id);

	if (s)
		snprintf(s->token, sizeof(s->token), "%s", token);
}

void sight_settles(struct calls *c, const char *id, uint32_t epoch)
{
	if (sight_note(c, id, epoch))
		((struct sighting *)sight_find(c, id))->is_settling = true;
}

static void drop(struct calls *c, struct sighting **at)
{
	struct sighting *s = *at;

	*at = s->next;
	c->sights.count--;
	free(s);
}

void sight_forget(struct calls *c, const char *id)
{
	for (struct sighting **at = bucket(c, id); *at; at = &(*at)->next)
		if (!memcmp((*at)->id, id, CALL_ID_MAX)) {
			drop(c, at);
			return;
		}
}

void sights_purge(struct calls *c, uint64_t kept_ms)
{
	uint64_t now = kept_ms ? calls_mono_ms(c) : 0;

	for (size_t i = 0; i < SIGHT_BUCKETS; i++)
		for (struct sighting **at = &c->sights.buckets[i]; *at;)
			if (!kept_ms || now - (*at)->seen_ms > kept_ms)
				drop(c, at);
			else
				at = &(*at)->next;
}
