/* Whoever executes the agent's tools: the conductor, over HTTP, with its ledger. Loop thread of the session.
 *
 * A request is named by its key (call, turn, index). The same key again, after a worker was lost, gets the first one's
 * result; nothing that changes something runs twice. `result` is the last callback, the slot is NULL before it.
 */
#ifndef PROVIDERS_TOOLS_H
#define PROVIDERS_TOOLS_H

#include <stdbool.h>

#include "base/err.h"
#include "providers/shapes.h"

struct tool_run;

/* A secret number that stands in the arguments as `name`; nobody keeps it or writes it down. Both end in NUL. */
struct tool_secret {
	const char *name;  /* a keyed placeholder (redact/redact.h) */
	const char *value; /* needs no escaping in JSON */
};

enum { TOOL_SECRETS_MAX = 8 };

struct tool_request {
	uint32_t turn, index;
	const char *name;
	size_t name_len;
	const char *args; /* JSON */
	size_t args_len;
	bool changes;
	uint32_t timeout_ms;
	const struct tool_secret *secrets; /* borrowed for the call of start, as all of this */
	size_t secret_count;
};

struct tool_events {
	void (*result)(void *arg, enum tool_status status, const char *text, size_t len);
};

struct tools {
	const char *name;
	enum err (*start)(void *conductor, struct tool_run **rp, const struct tool_request *request, const struct tool_events *events, void *arg);
	void (*cancel)(struct tool_run **rp); /* stops listening; what was dispatched goes on */
	/* Retrieved knowledge: answered later through session_knowledge (session.h). */
	void (*retrieve)(void *conductor, uint64_t query, const char *text, size_t len);
};

#endif
