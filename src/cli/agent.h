/* The agent of one call in one process: recogniser, model and voice as the settings choose them (lineups.h), the rule-book's tools with the built-in
 * record service behind them. Whatever is at work in real time holds the call's clock. Main thread, the stores' loop.
 */
#ifndef CLI_AGENT_H
#define CLI_AGENT_H

#include <jansson.h>

#include "base/clock.h"
#include "base/http_server.h"
#include "cli/agent_keys.h"
#include "cli/agreed.h"
#include "cli/cli.h"
#include "cli/lineups.h"
#include "cli/stores.h"
#include "conductor/records.h"
#include "conductor/rulebook.h"
#include "conductor/tools.h"
#include "providers/held.h"
#include "voice/worker/worker.h"

struct agent_options {
	struct cli *cli;
	struct stores *stores; /* documents and secrets, open */
	struct clock *clock;
	const struct rulebook *book;
	const char *language;
	const json_t *variables;
	const struct tenant *tenant;
	struct id128 call;
	bool listens; /* the caller speaks: a recogniser is needed */
};

/* All borrowed but what is opened here. */
struct agent {
	struct agent_options options;
	char call[33];
	struct agent_keys keys;
	struct lineups *shared;
	struct call_lineups *lineups;
	struct buf facts;      /* what a model is told of this call */
	bool recogniser_holds; /* the clock */
	struct http_server *server;
	struct records *records;
	struct toolbox *toolbox;
	struct held_tools tools;
	struct agreed agreed;
};

/* CLI_FINE, or what cli_fail returned. Closed either way. */
int agent_open(struct agent *a, const struct agent_options *options) MUST_USE;
void agent_close(struct agent *a); /* zeroed is fine */

/* What was carried out in the call, as rulebook_settle takes it, once all that is under way is over: at the latest by its tool's time limit. NULL: the
 * ledger cannot be read (said). The caller's to decref. */
json_t *agent_done(struct agent *a);

void agent_met(struct agent *a); /* as call_lineups_met */

/* What it knew at the call's end, for the outcome of one that nobody finished; NULL: nobody here does. Borrowed. */
const json_t *agent_known(const struct agent *a);

/* Puts voice, model, tools and, when the caller speaks, the recogniser into what a call is opened with. */
void agent_serves(struct agent *a, struct worker_call_options *o);

#endif
