/* Carries out the tools that an agent asks for, over HTTP, and keeps the ledger of what was done.
 *
 * A request is named by its key (tenant, call, turn, index). Before anything is sent, the ledger has it, with its arguments; behind
 * the answer, it has the result. The same key again, from whoever, also after a restart:
 *   same tool and arguments   the first one's result, waited for when it still runs
 *   others                    TOOL_ERROR and what was already done; a look-up that was the first is simply replaced
 * So a tool that changes something is sent at most once. One whose outcome is not known (no answer, an answer that cannot be read,
 * a process that died between sending and writing down) is TOOL_UNKNOWN, now and for ever; a look-up like that is made again.
 *
 * The text of an answer is JSON for a model: the declared fields, or {"error", "message"} in words that may be spoken about: no
 * status, no address, no secret. Where the details go is the log, without arguments.
 * A built-in tool (rulebook.h) sends nothing: whoever asks has done it before, under the same key, and the ledger says so.
 * Addresses that are not service:… may only lead to the public internet. Answers: 256 KB, JSON. One loop's thread.
 */
#ifndef CONDUCTOR_TOOLS_H
#define CONDUCTOR_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <uv.h>

#include "base/err.h"
#include "base/options.h"
#include "base/tenant.h"
#include "conductor/records.h"
#include "conductor/rulebook.h"
#include "data/documents.h"
#include "data/secrets.h"
#include "providers/shapes.h"
#include "providers/tools.h"

struct toolbox;
struct toolbox_wait;

enum {
	TOOLBOX_CALL_MAX = 100,                /* of a call's id, NUL included */
	TOOLBOX_ARGUMENTS_MAX_BYTES = 32 * 1024,
	TOOLBOX_ANSWER_MAX_BYTES = 256 * 1024, /* what a service may answer */
	TOOLBOX_TEXT_MAX_BYTES = 128 * 1024,   /* what the agent gets: the other program's earlier arguments may be part of it */
	TOOLBOX_RUNS_MAX = 1000,               /* at a time */
	TOOLBOX_SERVICES_MAX = 16,
	TOOLBOX_SERVICE_NAME_MAX = 64          /* with its NUL */
};

struct toolbox_service {
	const char *name; /* "records" */
	const char *url;  /* base URL; {tenant} in it stands for the tenant's name. "" or NULL: not set up */
};

/* Whether a tool asks a service that has no address among these; its name. */
bool toolbox_service_missing(const struct toolbox_service *services, size_t count, const struct rulebook_tool *tool, char name[TOOLBOX_SERVICE_NAME_MAX]);

/* Whether the tools of a book can be carried out with these. ERR_USAGE: detail says which cannot, why, and what to set. */
enum err toolbox_services_judge(const struct toolbox_service *services, size_t count, const struct rulebook *book, struct err_detail *detail) MUST_USE;

/* What an operator may set. */
struct toolbox_options {
	bool allow_private;  /* tools.allow_private */
	const char *ca_file; /* tools.ca_file */
};

extern const struct option toolbox_options[]; /* bound to struct toolbox_options */

struct toolbox_settings {
	uv_loop_t *loop;
	struct documents *documents;  /* borrowed, all of these */
	struct secrets *secrets;
	struct records *records;      /* behind service:records; NULL when that is somebody else's */
	const struct toolbox_service *services; /* copied */
	size_t service_count;
	struct toolbox_options options;
	/* Whether other programs use this ledger. Without: what another life of this program has left open died with it. With: it may
	 * still run there, and is given its time, by a clock that all of them share (ms since 1970). */
	bool is_shared;
	uint64_t (*now_ms)(void *arg);
	void *arg;
};

/* ERR_LIMIT: services; ERR_UNAVAILABLE: the CA file; ERR_NOMEM. */
enum err toolbox_open(struct toolbox **bp, const struct toolbox_settings *settings, struct err_detail *detail) MUST_USE;

/* Nothing is answered any more; what was sent and is not answered is left open in the ledger. Before the stores; not from inside a
 * handler. Its handles close in the loop's next turns. NULL-safe. */
void toolbox_close(struct toolbox **bp);

/* toolbox_services_judge, with the services that it has. */
enum err toolbox_judge(const struct toolbox *b, const struct rulebook *book, struct err_detail *detail) MUST_USE;

/* How many run, also those that nobody waits for any more: before a good end this is 0. */
size_t toolbox_running(const struct toolbox *b);

struct toolbox_ask {
	const struct tenant *tenant;
	const char *call;
	uint32_t turn, index;
	const struct rulebook *rulebook; /* shared for as long as it is needed */
	const char *tool;
	const char *arguments;           /* JSON */
	size_t arguments_len;
	uint32_t tool_timeout_ms;        /* for a tool that names none: the call's setting; above 0 */
	const char *refused;             /* a built-in tool that cannot be done: why, for the agent; NULL: the asker has done what it does */
	const struct tool_secret *keyed; /* secret numbers that stand in the arguments as placeholders: put in when it is sent, never written down; copied */
	size_t keyed_count;              /* TOOL_SECRETS_MAX at most */
	uint32_t wait_ms;                /* for an answer here, after which it is TOOL_UNKNOWN or TOOL_ERROR and goes on alone; 0: no limit */
};

typedef void toolbox_done_h(void *arg, enum tool_status status, const char *text, size_t len);

/* Mistakes of a model (an unknown tool, arguments that do not fit) are answers. ERR_USAGE: no such call id can be; ERR_LIMIT: the
 * arguments are too large; ERR_BUSY: TOOLBOX_RUNS_MAX; ERR_NOMEM, ERR_IO: *wp is NULL and no answer comes. Otherwise one answer,
 * never from inside, *wp NULL before it; or a cancel. */
enum err toolbox_start(struct toolbox_wait **wp, struct toolbox *b, const struct toolbox_ask *ask, toolbox_done_h *h, void *arg) MUST_USE;

/* Whether a request under this key may be under way now, here or in another program (which `is_shared` does not let us see). */
bool toolbox_may_run(const struct toolbox *b, const struct toolbox_ask *ask);

/* What the ledger has under the key: documents_get, with its errors and its slot. ERR_NOTFOUND, while toolbox_may_run said no before and says no still:
 * surely nothing was ever sent. ERR_USAGE: no such call id can be. */
enum err toolbox_entry_get(struct toolbox *b, struct job **slot, const struct toolbox_ask *ask, documents_got_h *h, void *arg) MUST_USE;

/* Stops listening. What nobody waits for and was not begun in the ledger is dropped; everything else goes on and is written down. NULL-safe. */
void toolbox_cancel(struct toolbox_wait **wp);

/* ---- what was done in a call ---- */

struct toolbox_look;

/* `done`, borrowed: of each tool that changes something and was carried out well {"tool", "arguments"}, in the order of the call. `is_open`: another
 * one is still under way, and may be done yet; it ends by its time limit. One whose outcome is not known is neither. */
typedef void toolbox_look_h(void *arg, enum err err, const json_t *done, bool is_open);

/* By the ledger, whoever carried it out, and by what runs here. One answer, never from inside, *lp NULL before it; or a cancel. */
enum err toolbox_look_start(struct toolbox_look **lp, struct toolbox *b, const struct tenant *t, const char *call, toolbox_look_h *h, void *arg) MUST_USE;
void toolbox_look_cancel(struct toolbox_look **lp); /* NULL-safe */

#endif
