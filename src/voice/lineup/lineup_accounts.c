#include "voice/lineup/lineup_accounts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct lineup_account *lineup_account_take(struct lineup_accounts *l, const struct id128 *tenant, const char *provider)
{
	struct lineup_account *a;

	for (a = l->first; a; a = a->next)
		if (id128_equal(&a->tenant, tenant) && !strcmp(a->provider, provider))
			break;
	if (!a) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return NULL;
		*a = (struct lineup_account){ .tenant = *tenant, .provider = provider, .next = l->first };
		l->first = a;
	}
	a->users++;
	return a;
}

static void unlink_from(struct lineup_accounts *l, const struct lineup_account *a)
{
	struct lineup_account **at = &l->first;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
}

/* Those that were left longest ago are last. */
static void idle_drop(struct lineup_accounts *l)
{
	struct lineup_account *a, *next;
	unsigned int idle = 0;

	for (a = l->first; a; a = next) {
		next = a->next;
		if (a->users || a->leases.held || ++idle <= LINEUP_ACCOUNTS_IDLE)
			continue;
		unlink_from(l, a);
		free(a);
	}
}

void lineup_account_leave(struct lineup_accounts *l, struct lineup_account **ap)
{
	struct lineup_account *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	a->users--;
	unlink_from(l, a);
	a->next = l->first;
	l->first = a;
	idle_drop(l);
}

void lineup_accounts_fini(struct lineup_accounts *l)
{
	while (l->first) {
		struct lineup_account *a = l->first;

		assert(!a->users && !a->leases.held);
		l->first = a->next;
		free(a);
	}
}
