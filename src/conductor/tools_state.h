/* The insides of the toolbox, for tools.c (who asks and waits) and tools_run.c (one run from the ledger to the answer).
 *
 *   LOOKING ──────────► done before: answered ─────────────────────────────► ENDED
 *     │ ▲ └─ open elsewhere ─► WAITING (it may still run) ── 200 ms ─► LOOKING │
 *     │ └── another was quicker ─────────────────────┐                         │
 *     ├─ behind a restart, it changes something ─► CLOSING (as unknown) ───────┤
 *     ▼                                              │                         │
 *   READYING (token, secrets) ─────────────────► RECORDING ─► SENT ─► CLOSING ─┘
 *
 * RUN_BEHIND: another run has the same key with other arguments; it begins at LOOKING when that one has ended.
 * Up to READYING nothing has happened: a run that nobody waits for any more is dropped. From RECORDING on it goes on alone.
 */
#ifndef CONDUCTOR_TOOLS_STATE_H
#define CONDUCTOR_TOOLS_STATE_H

#include "conductor/tools_parts.h"

enum { RUN_SECRETS_MAX = 8, RUN_WRITES_MAX = 3, RUN_LOOK_AGAIN_MS = 200 };

enum run_state { RUN_BEHIND, RUN_LOOKING, RUN_WAITING, RUN_READYING, RUN_RECORDING, RUN_SENT, RUN_CLOSING, RUN_ENDED };

struct run_secret {
	char name[SECRET_NAME_MAX];
	struct secret secret;
};

struct toolbox_run {
	struct toolbox *box;
	struct toolbox_run *previous, *next; /* of the box; the newest first */
	struct toolbox_wait *waits;
	enum run_state state;
	uv_timer_t timer;
	struct job *job;
	struct records_waiter admission;
	struct http_exchange *exchange;

	struct tenant *tenant;
	struct tool_key key;
	struct rulebook *book;
	struct rulebook_tool tool; /* tool.name is the copy below, also when the book has no such tool */
	char name[BRIEF_NAME_MAX];
	json_t *arguments;         /* NULL: not JSON */
	char hash[TOOL_HASH_MAX];
	bool is_fit;               /* else `text` says why it cannot be done */

	uint64_t revision;         /* of the entry that is there */
	bool is_sent;              /* by this run */
	unsigned int writes;       /* attempts to write the result that failed */
	struct run_secret secrets[RUN_SECRETS_MAX];
	size_t secret_count, secrets_got;
	struct tool_keyed keyed;
	struct buf url;
	enum tool_status status;
	struct buf text;           /* the answer */
};

struct toolbox_wait {
	struct toolbox_run *run;
	struct toolbox_wait *next;
	struct toolbox_wait **slot;
	toolbox_done_h *handler;
	void *arg;
	uv_timer_t timer;
};

struct toolbox {
	struct toolbox_settings settings;
	struct toolbox_service services[TOOLBOX_SERVICES_MAX]; /* the box's own copies */
	struct http_client *inside;  /* for services: wherever the operator says */
	struct http_client *outside; /* for addresses of rule-books */
	struct toolbox_run *runs;
	size_t run_count;
	char instance[TOOL_INSTANCE_MAX];
};

/* From LOOKING on, in the loop's next turn; ends by itself. */
void run_begin(struct toolbox_run *r);

/* An answer that found no memory, or no room, becomes one that says so. */
void run_settle(struct toolbox_run *r);

/* Answers all who wait with its status and text, lets the next one behind it begin, and frees it. */
void run_end(struct toolbox_run *r);

/* Silently: nothing of it was begun, or all ends. */
void run_drop(struct toolbox_run *r);

#endif
