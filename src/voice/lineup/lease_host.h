/* Leases across the processes of one host: one file that all of them open, in which a lease is the lock of one byte.
 *
 *   the file ─┬─ an account's place ─┬─ byte 0: locked by worker 1
 *             │                      ├─ byte 1: locked by worker 2
 *             │                      └─ byte limit - 1: free
 *             └─ another account's place
 *
 * Nothing is ever written. The kernel alone keeps who holds what, so two processes never get the same byte, and it gives back what a process held
 * the moment that it is gone, however it died: there is no clean-up, no clock and nobody who must be asked. Nothing here waits: a lock is got or
 * it is not. Locks are of the open file (F_OFD_SETLK, fcntl(2)): a second opening in one process is another holder. Not for folders of a network.
 *
 * A place is made of tenant and vendor, 40 bits of it: two accounts that share one by chance share their limit. Owner's thread.
 */
#ifndef VOICE_LEASE_HOST_H
#define VOICE_LEASE_HOST_H

#include <stdint.h>

#include "base/err.h"
#include "voice/journal/journal_format.h"

enum { LEASE_HOST_SLOTS = 1 << 20 /* of an account */ };

struct lease_host {
	int fd; /* -1: not open */
};

/* Makes the file, for its owner alone, where there is none. What open(2) says, with a detail; then fd is -1. */
enum err lease_host_open(struct lease_host *h, const char *path, struct err_detail *detail) MUST_USE;

void lease_host_close(struct lease_host *h); /* gives all back. One that is not open is fine */

uint64_t lease_host_place(const struct id128 *tenant, const char *provider);

enum lease_slot { LEASE_SLOT_TAKEN = 0, LEASE_SLOT_HELD, LEASE_SLOT_UNKNOWN };

/* A byte of a place. Held: another one has it, and all up to *next. Unknown: the system cannot say. One that this opening holds already is taken again:
 * who calls knows his own. */
enum lease_slot lease_host_take(const struct lease_host *h, uint64_t place, uint32_t slot, uint32_t *next) MUST_USE;
void lease_host_give(const struct lease_host *h, uint64_t place, uint32_t slot);

#endif
