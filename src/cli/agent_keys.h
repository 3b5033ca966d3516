/* The keys of a call in one process: those of its tenant that the chosen providers need, out of the store, held in locked memory as
 * long as the call. Main thread, the stores' loop.
 */
#ifndef CLI_AGENT_KEYS_H
#define CLI_AGENT_KEYS_H

#include "cli/provider_settings.h"
#include "cli/stores.h"

/* Zeroed is empty. */
struct agent_keys {
	const char *names[PROVIDER_KEYS_MAX];
	struct secret secrets[PROVIDER_KEYS_MAX]; /* empty: the tenant has none of that name */
	size_t count;
};

/* Waits for the store. What it refuses but a name that it does not have is told; CLI_FINE, or that exit status. */
int agent_keys_open(struct agent_keys *k, struct stores *s, const struct tenant *t) MUST_USE;
void agent_keys_close(struct agent_keys *k);

/* As lineups_call's `key`; `arg` is the struct agent_keys. */
const char *agent_key(void *arg, const char *name);

#endif
