/* The simulated conductor: executes tools with its ledger, keeps the snapshots that workers push, answers queries for knowledge, takes the records that
 * the journal ships, and sees to it that a call whose worker died is taken over or closed. One thread, virtual time.
 *
 * The ledger is the judge's witness: what was dispatched under which key, what took effect and how often.
 */
#ifndef SIMULATE_CONDUCTOR_H
#define SIMULATE_CONDUCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "providers/tools.h"
#include "simulate/script.h"
#include "simulate/world.h"

struct scene;

enum { LEDGER_MAX = 256, RUNS_MAX = 64, LEDGER_NAME = 64, LEDGER_ARGS = 200, LEDGER_TEXT = 120, KNOWN_MAX = 8 };

struct ledger_entry {
	uint32_t turn, index;
	bool changes;
	char name[LEDGER_NAME];
	char args[LEDGER_ARGS];
	char text[LEDGER_TEXT];   /* its result */
	uint32_t name_len, args_len, text_len;
	enum tool_status status;
	uint32_t effects;         /* how often it took effect */
	uint32_t dispatched;      /* how often it was asked for under this key */
	bool settled;
	uint64_t asked_us, settled_us;
	struct conductor *conductor;
	struct event done;
};

struct tool_run { /* a worker that waits for a result */
	bool used;
	bool foreign; /* asked for under a key that was dispatched, with other arguments */
	struct ledger_entry *entry;
	const struct tool_events *events;
	void *arg;
	struct tool_run **slot;
	struct event tell;
};

enum known_kind { KNOWN_FACT = 0, KNOWN_GARBAGE, KNOWN_LONG, KNOWN_NOTHING };

struct known_answer { /* what was retrieved, on its way to the worker that asked */
	bool used;
	enum known_kind kind;
	uint64_t query;
	uint32_t fact, epoch;
	struct conductor *conductor;
	struct event tell;
};

struct conductor {
	struct scene *scene;
	struct dice dice;
	struct ledger_entry ledger[LEDGER_MAX];
	uint32_t ledger_count;
	struct tool_run runs[RUNS_MAX];
	uint32_t running;         /* of them used */
	uint32_t dispatches;      /* of changes, handed to us */
	struct buf snapshot;      /* the last one pushed */
	uint64_t snapshot_us;
	uint32_t snapshots;
	uint32_t ends;            /* how often a worker said that the call is over, */
	uint64_t connected_ms;    /* and how long it lasted */
	struct dice known_dice;
	struct known_answer known[KNOWN_MAX];
	struct buf known_text;    /* of the one that is being told */
};

extern const struct tools simulated_tools; /* its conductor is a struct conductor */

void conductor_new(struct conductor *c); /* once */
void conductor_free(struct conductor *c);
void conductor_init(struct conductor *c, struct scene *scene); /* for each call; decides whether its brief has knowledge */
void conductor_stop(struct conductor *c);
void conductor_snapshot(struct conductor *c, const void *data, size_t len);
void conductor_ended(struct conductor *c, uint64_t connected_ms); /* as the worker posts it, whatever its disk does */
bool conductor_tool_runs(const struct conductor *c);
bool conductor_outlasts(const struct conductor *c, uint32_t turn, uint32_t index); /* it runs, and will when its deadline passes */

#endif
