#include "voice/lineup/lease.h"

#include <assert.h>
#include <stddef.h>

#include "voice/lineup/lease_host.h"

/* ------------------------------------------------------------------ slots */

/* The lowest that nobody has, of those that this process does not have itself; so ranges stay whole, and few are asked about. */
static enum lease_reply slot_take(struct lease *lease, struct lease_account *a)
{
	struct lease **at = &a->first;
	uint32_t slot = 0, next = 0;
	enum lease_slot reply = LEASE_SLOT_HELD;

	while (slot < a->limit && reply == LEASE_SLOT_HELD) {
		if (*at && (*at)->slot <= slot) {
			slot = (*at)->slot == slot ? slot + 1 : slot;
			at = &(*at)->next;
			continue;
		}
		reply = lease_host_take(a->host, a->place, slot, &next);
		if (reply == LEASE_SLOT_HELD)
			slot = next;
	}
	if (reply == LEASE_SLOT_HELD)
		return LEASE_FULL;
	if (reply == LEASE_SLOT_UNKNOWN)
		return LEASE_GRANTED;
	lease->slot = slot;
	lease->has_slot = true;
	lease->next = *at;
	*at = lease;
	return LEASE_GRANTED;
}

static void slot_give(struct lease *lease)
{
	struct lease **at = &lease->account->first;

	while (*at != lease)
		at = &(*at)->next;
	*at = lease->next;
	lease_host_give(lease->account->host, lease->account->place, lease->slot);
}

/* ------------------------------------------------------------------ leases */

static enum lease_reply account_admits(struct lease *lease, struct lease_account *a)
{
	if (!a->limit)
		return LEASE_GRANTED;
	if (a->held >= a->limit)
		return LEASE_FULL;
	return a->host ? slot_take(lease, a) : LEASE_GRANTED;
}

enum lease_reply lease_take(struct lease *lease, struct lease_account *account)
{
	assert(!lease->account);
	if (!account)
		return LEASE_GRANTED;
	if (account_admits(lease, account)) {
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

	if (!account)
		return;
	if (lease->has_slot)
		slot_give(lease);
	*lease = (struct lease){ .account = NULL };
	assert(account->held);
	account->held--;
	if (account->counts)
		account->counts->held--;
}

const char *lease_reply_name(enum lease_reply reply)
{
	return reply == LEASE_FULL ? "full" : "granted";
}
