/* What a worker's calls may have at a vendor at once, when a second model or voice is begun beside a late one, and the numbers of both.
 *
 * A limit counts an account's streams of all roles, in all processes of this host that have the same data folder (voice/lineup/lease.h). No label of a
 * number names a tenant. Loop thread.
 */
#ifndef CLI_LINEUPS_LIMITS_H
#define CLI_LINEUPS_LIMITS_H

#include "base/buf.h"
#include "base/config.h"
#include "base/provider_names.h"
#include "cli/provider_settings.h"
#include "voice/lineup/lease_host.h"
#include "voice/lineup/lineup_accounts.h"

struct limit_settings {
	int64_t streams[PROVIDER_NAMES]; /* as provider_names; 0: no limit */
	int64_t llm_hedge_ms, tts_hedge_ms; /* 0: never; -1: by the account's own pace */
};

extern const struct option limit_options[]; /* bound to struct limit_settings */

struct lineups_limits {
	struct limit_settings settings;
	struct lease_host host;
	struct lease_counts leases[PROVIDER_NAMES];
	struct lineup_hedge_counts hedges[PROVIDER_ROLES];
};

/* `data`: the folder whose other processes the limits are shared with; NULL, or one whose file cannot be opened (which is logged): nobody's. */
void lineups_limits_init(struct lineups_limits *l, const struct config *config, const char *data);
void lineups_limits_fini(struct lineups_limits *l); /* accounts are left by then */

/* The account of that secret's vendor, with its limit and its counts. NULL: no memory. For lineup_account_leave. */
struct lineup_account *lineups_limits_take(struct lineups_limits *l, struct lineup_accounts *accounts, const struct id128 *tenant, const char *key_name);

void lineups_limits_hedge(struct lineups_limits *l, enum provider_role role, struct lineup *lineup);

void lineups_limits_metrics(const struct lineups_limits *l, struct buf *b);

#endif
