#include "voice/lineup/lease.h"

#include <assert.h>
#include <stddef.h>

enum lease_reply lease_take(struct lease *lease, struct lease_account *account)
{
	assert(!lease->account);
	if (!account)
		return LEASE_GRANTED;
	if (account->limit && account->held >= account->limit) {
		if (account->counts)
			account->counts->refused++;
		return LEASE_FULL;
	}
	account->held++;
	if (account->counts) {
		account->counts->held++;
		account->counts->taken++;
	}
	lease->account = account;
	return LEASE_GRANTED;
}

void lease_give(struct lease *lease)
{
	struct lease_account *account = lease->account;

	lease->account = NULL;
	if (!account)
		return;
	assert(account->held);
	account->held--;
	if (account->counts)
		account->counts->held--;
}

const char *lease_reply_name(enum lease_reply reply)
{
	return reply == LEASE_FULL ? "full" : "granted";
}
