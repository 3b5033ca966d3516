/* The health of the accounts that a worker's calls use: one for each tenant and provider, so that one tenant's bad key keeps nobody else waiting.
 *
 * An account is known as long as a call uses it, and behind that until LINEUP_ACCOUNTS_IDLE others were left later. Loop thread.
 */
#ifndef VOICE_LINEUP_ACCOUNTS_H
#define VOICE_LINEUP_ACCOUNTS_H

#include "voice/journal/journal_format.h"
#include "voice/lineup/lineup.h"

enum { LINEUP_ACCOUNTS_IDLE = 64 };

struct lineup_account {
	struct lineup_health health;
	struct lease_account leases; /* its limit and its counts are whoever's took it to say */
	struct id128 tenant;
	const char *provider;
	unsigned int users;
	struct lineup_account *next;
};

/* Zeroed is empty. */
struct lineup_accounts {
	struct lineup_account *first; /* left last: at the front */
};

/* `provider` stays borrowed for as long as the accounts live. NULL: no memory. */
struct lineup_account *lineup_account_take(struct lineup_accounts *l, const struct id128 *tenant, const char *provider);
void lineup_account_leave(struct lineup_accounts *l, struct lineup_account **ap); /* NULL-safe */

void lineup_accounts_fini(struct lineup_accounts *l); /* nobody may use one any more */

#endif
