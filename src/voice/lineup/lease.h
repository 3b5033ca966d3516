/* Admission: whoever opens a stream at a vendor's account takes a lease of it first, and gives it back when the stream is over.
 *
 * A stream is what a vendor counts as one at a time: a recogniser's, an answer under way, an utterance under way. So a lease is taken for the
 * first of them as for one that follows a failure, for one that is asked ahead, and for a second one beside the first. An account is a tenant
 * at a vendor, whatever its roles: its limit (providers.VENDOR.max_streams) counts them together, in all processes that share a lease_host.h;
 * without one in this process alone. 0 is none, and they are counted all the same. What a dead process held is free at once.
 *
 * Where the system cannot say what others hold, this process's own count decides: a stream too many is the vendor's to refuse, and another
 * provider's to say instead; a call that nobody serves is lost.
 *
 * Loop thread; nothing waits. An account is its owner's and must outlive its leases; a lease is embedded in its owner and stays where it is, zeroed is
 * none.
 */
#ifndef VOICE_LEASE_H
#define VOICE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lease_host;

enum lease_reply {
	LEASE_GRANTED = 0,
	LEASE_FULL,        /* the account has as many streams as it may */
	LEASE_REPLIES
};

/* Of all accounts at one vendor, for the metrics. */
struct lease_counts {
	uint64_t held, taken, refused;
};

struct lease_account {
	uint32_t limit;              /* 0: none; at most LEASE_HOST_SLOTS */
	uint32_t held;               /* in this process */
	struct lease_counts *counts; /* the vendor's; NULL: nobody adds up */
	const struct lease_host *host; /* NULL: this process alone */
	uint64_t place;              /* of the account there */
	struct lease *first;         /* those of this process that have a slot there, the lowest first */
};

struct lease {
	struct lease_account *account; /* NULL: none is held */
	struct lease *next;            /* of the account, with a higher slot */
	uint32_t slot;
	bool has_slot;
};

/* `lease` must hold none. An `account` that is NULL, of an engine of this machine, grants all and counts nothing. */
enum lease_reply lease_take(struct lease *lease, struct lease_account *account) MUST_USE;

void lease_give(struct lease *lease); /* back; one that holds none is fine */

const char *lease_reply_name(enum lease_reply reply); /* "full" */

#endif
