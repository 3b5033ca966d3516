/* The provider keys of the tenants whose calls are here: asked of the conductor, kept in locked memory, never printed.
 *
 *   attach ─► fresh (asked for within the last minute) ──────────────────► the call has them
 *        └─► start ─► one request a tenant; who comes meanwhile joins it ─┬─ answered: all have the new ones
 *                                                                         ├─ refused: the asker's call is not its worker's (any more), it gets none;
 *                                                                         │   the next one asks for its own call
 *                                                                         └─ no answer: the old ones, if they are less than an hour old; else none
 *
 * A tenant's keys are one block, counted: the cache is an owner for at most an hour, a call as long as it is here; with the last owner it is
 * wiped. Nobody waits longer than PROVIDER_KEYS_MS. Loop thread. An answer is outside bytes: ceilings, names of base/provider_names.h alone, keys
 * that fit into a header; it is read where it lies and wiped, so that the keys are nowhere else.
 */
#ifndef VOICE_PROVIDER_KEYS_H
#define VOICE_PROVIDER_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "voice/journal/journal_format.h"

struct conductor;
struct provider_keys;       /* one tenant's, counted */
struct provider_keys_cache; /* one a worker */
struct provider_keys_wait;

enum {
	PROVIDER_KEYS_MS = 2000,
	PROVIDER_KEYS_FRESH_S = 60,  /* a key that was replaced is in use by the next call behind this */
	PROVIDER_KEYS_OLD_S = 3600,
	PROVIDER_KEYS_TENANTS_MAX = 64
};

/* ---- a tenant's ---- */

/* By its name in base/provider_names.h. NULL: has none; NULL keys are fine; valid until release */
const char *provider_key(const struct provider_keys *k, const char *name);

struct provider_keys *provider_keys_share(struct provider_keys *k); /* NULL gives NULL */
void provider_keys_release(struct provider_keys **kp);              /* NULL-safe */

/* What an answer's body says, for that tenant. ERR_FORMAT, ERR_LIMIT, ERR_NOMEM. For provider_keys.c, and for tests with outside bytes. */
enum err provider_keys_read(struct provider_keys **kp, const struct id128 *tenant, const void *body, size_t len) MUST_USE;

/* ---- a worker's ---- */

/* The conductor is borrowed and outlives it. ERR_NOMEM; ERR_UNAVAILABLE: no randomness. */
enum err provider_keys_open(struct provider_keys_cache **cp, struct conductor *conductor) MUST_USE;
void provider_keys_close(struct provider_keys_cache **cp); /* nobody may wait any more. NULL-safe */

/* The tenant's, if they are fresh, yours to release; else NULL: to be asked for. */
struct provider_keys *provider_keys_fresh(struct provider_keys_cache *c, const struct id128 *tenant);

/* On whose behalf. */
struct provider_keys_call {
	struct id128 call, tenant;
	uint32_t epoch;
};

/* `keys` are yours to release. With an error they are the old ones, or NULL. ERR_DENIED, ERR_CLOSED: the conductor refuses, the call is not ours
 * (any more); ERR_UNAVAILABLE, ERR_TIMEOUT and http_client.h's: no answer; provider_keys_read's: the answer is none. */
typedef void provider_keys_h(void *arg, enum err err, struct provider_keys *keys);

/* STYLE's start and cancel. ERR_NOMEM; ERR_BUSY: too many tenants' are being asked for; and what a request says that cannot be sent. */
enum err provider_keys_start(struct provider_keys_wait **wp, struct provider_keys_cache *c, const struct provider_keys_call *call, provider_keys_h *handler,
	void *arg) MUST_USE;
void provider_keys_cancel(struct provider_keys_wait **wp); /* NULL-safe */

#endif
