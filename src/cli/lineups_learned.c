#include "cli/lineups_learned.h"

#include <stdio.h>
#include <string.h>

/* Its place; LEARNED_MAX: it has none. */
static size_t place_of(const struct lineups_learned *l, const struct id128 *tenant, const char *url)
{
	for (size_t i = 0; i < LEARNED_MAX && i < l->count; i++)
		if (id128_equal(&l->list[i].tenant, tenant) && !strcmp(l->list[i].url, url))
			return i;
	return LEARNED_MAX;
}

const struct sarvam_learned *lineups_learned_find(const struct lineups_learned *l, const struct id128 *tenant, const char *url)
{
	size_t at = place_of(l, tenant, url);

	return at < LEARNED_MAX ? &l->list[at].learned : NULL;
}

void lineups_learned_keep(struct lineups_learned *l, const struct id128 *tenant, const char *url, const struct sarvam_learned *now)
{
	size_t at = place_of(l, tenant, url);
	struct sarvam_learned *kept;

	if (!now->has_field && !now->has_path)
		return;
	if (at == LEARNED_MAX) {
		at = l->count++ % LEARNED_MAX;
		l->list[at].tenant = *tenant;
		snprintf(l->list[at].url, sizeof(l->list[at].url), "%s", url);
		l->list[at].learned = (struct sarvam_learned){ .has_field = false };
	}
	kept = &l->list[at].learned;
	if (now->has_field)
		kept->field = now->field;
	if (now->has_path)
		kept->is_other_path = now->is_other_path;
	kept->has_field |= now->has_field;
	kept->has_path |= now->has_path;
}
