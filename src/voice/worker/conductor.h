/* The conductor as a voice worker sees it: a client of docs/planes.md ("Worker to conductor") over HTTP, with the worker's own tokens.
 *
 *   struct conductor       one a worker: tells it every two seconds that the worker is there, and five times a second while that is not taken;
 *                          asks whose a media token is, and, where it is told to, for the keys of that tenant's providers (provider_keys.h)
 *   struct conductor_call  one a call here: its tools, its snapshots, its end; the vendor of conductor_tools
 *
 * Nothing here waits and nothing is asked twice that changes something without its key. Whatever is answered by "a later epoch has the
 * call" (409) is told once by `fenced`: this worker must let go of the call. Snapshots: the newest alone is sent, one at a time, again
 * until it is taken or surely never will be (413); a tool that changes something is asked for behind the snapshot that was made before it, or when that one failed.
 * Ended calls are told until the conductor has taken it, so far as CONDUCTOR_ENDED_MAX and CONDUCTOR_ENDED_TRIES go.
 * Loop thread. Answers are outside bytes: ceilings, then refused (ERR_FORMAT). Tokens, words and results are never logged.
 */
#ifndef VOICE_CONDUCTOR_H
#define VOICE_CONDUCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <uv.h>

#include "base/brief.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/settings.h"
#include "providers/tools.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/steps.h"
#include "voice/session/session.h"

struct conductor;
struct conductor_call;
struct conductor_attach;
struct jws_policy;
struct provider_keys;
struct service_key;

enum {
	CONDUCTOR_REPORT_MS = 2000,
	CONDUCTOR_AGAIN_MS = 200,        /* from a report that was not taken to the next one */
	CONDUCTOR_ATTACH_MS = 4000,      /* for the answer to an attach */
	CONDUCTOR_PUT_MS = 5000,
	CONDUCTOR_ENDED_MS = 2000,
	CONDUCTOR_RETRY_MS = 500,
	CONDUCTOR_TOOL_MARGIN_MS = 2000, /* on top of the tool's own time */
	CONDUCTOR_ENDED_MAX = 1024,      /* that wait to be told */
	CONDUCTOR_ENDED_TRIES = 600,
	CONDUCTOR_LEFT_TRIES = 4,        /* for the snapshot of a call that was left */
	CONDUCTOR_SNAPSHOT_MAX_BYTES = 8 << 20,
	CONDUCTOR_ANSWER_MAX_BYTES = 14 << 20 /* a brief, a flow and a snapshot */
};

/* What the conductor is told of this worker. */
struct conductor_facts {
	size_t calls, calls_max;
	bool draining;
	bool unwell; /* the journal does not hold what it should: no new call */
};

/* Texts are copied; `key` and `policy` are borrowed and outlive it. */
struct conductor_settings {
	struct clock *clock;
	const char *url;                 /* "http://127.0.0.1:8080", no slash behind */
	const char *ca_file;             /* NULL: the system's */
	const char *worker;              /* its name */
	const char *worker_url;          /* where the conductor reaches it */
	const struct service_key *key;   /* "voice" */
	const struct jws_policy *policy; /* its audience is the conductor's */
	bool wants_prompt;               /* each attach asks for what a model is told */
	void (*facts)(void *arg, struct conductor_facts *facts);
	void (*answers)(void *arg, bool does); /* it took a report, and when that changes; may be NULL */
	void *arg;
	bool wants_keys;                 /* a provider that is asked over the network may serve a call: attaches bring their tenants' keys */
};

/* Begins to report in the loop's next turn. ERR_LIMIT: a text that is too long; and http_client_open's errors. */
enum err conductor_open(struct conductor **cp, uv_loop_t *loop, const struct conductor_settings *settings, struct err_detail *detail) MUST_USE;

/* Attaches and calls must be over. What waits to be told is given up. NULL-safe. */
void conductor_close(struct conductor **cp);

void conductor_report(struct conductor *c); /* at once, because something changed (draining) */
uint64_t conductor_reports(const struct conductor *c); /* that were taken */
bool conductor_answers(const struct conductor *c);     /* it took the last one */
size_t conductor_telling(const struct conductor *c);   /* closed calls that still have something to tell */

/* ---- attach ---- */

struct conductor_carrier {
	const char *kind, *account, *call, *stream; /* "" where it has none */
};

enum { CONDUCTOR_NAME_MAX = 64, CONDUCTOR_KEYTERM_MAX = 120, CONDUCTOR_KEYTERMS_MAX = 4, CONDUCTOR_ANSWERED_MAX = 32,
	CONDUCTOR_OTHERS_MAX = 7 };

/* What a model is told of its rule-book; NULL where it was not asked for. */
struct conductor_prompt {
	const char *fixed; /* the same for all calls of that rule-book and language */
	const char *facts; /* this call's */
	const char *tools; /* JSON: [{"name", "description", "input_schema", "changes"}] */
};

/* What a language asks of those who hear and say it. */
struct conductor_language {
	char language[BRIEF_LANGUAGE_MAX];
	char voice[CONDUCTOR_NAME_MAX], recogniser[CONDUCTOR_NAME_MAX]; /* "" when it does not say */
	uint32_t speed_percent; /* 100 when it does not say */
	char keyterms[CONDUCTOR_KEYTERMS_MAX][CONDUCTOR_KEYTERM_MAX]; /* names that a recogniser should know; "" behind the last */
};

/* Borrowed for the call of the handler. */
struct conductor_attached {
	struct id128 call, tenant;
	char tenant_name[CONDUCTOR_NAME_MAX];
	uint32_t epoch;
	enum call_direction direction;
	char answered_by[CONDUCTOR_ANSWERED_MAX]; /* a call out: the carrier's word, as far as it is known; "": not yet */
	struct brief brief;
	struct call_settings settings;
	const char *flow;          /* JSON */
	size_t flow_len;
	struct conductor_prompt prompt;
	struct conductor_language own; /* that the call began in, */
	struct conductor_language others[CONDUCTOR_OTHERS_MAX]; /* and those that it may go on in */
	size_t other_count;
	bool records_audio;
	uint64_t began_us_ago;     /* since the call's clock began */
	const uint8_t *snapshot;   /* NULL: none */
	size_t snapshot_len;
	struct provider_keys *keys; /* of the tenant (provider_keys.h), the attach's; NULL: not wanted, or they could not be had. Who keeps them shares them */
	bool is_newest;            /* … it is of the moment in which its worker died, by that one's journal */
	const uint8_t *past;       /* the caller's last sound before the snapshot, by the same journal; NULL: none */
	size_t past_samples;
	char outcome[RECORD_OUTCOME_MAX]; /* that the agent has named, by the journal of a worker before (recovery.h); "": none is known */
};

/* `attached` is NULL with an error; keys that cannot be had are none. ERR_DENIED: the token is not good; ERR_CLOSED: the call has ended; ERR_FORMAT, ERR_LIMIT,
 * ERR_VERSION: the answer is none; ERR_UNAVAILABLE, ERR_TIMEOUT: no answer. */
typedef void conductor_attach_h(void *arg, enum err err, const struct conductor_attached *attached);

/* STYLE's start and cancel: an error means no callback; *ap is NULL before the handler runs. */
enum err conductor_attach_start(struct conductor_attach **ap, struct conductor *c, const char *token, const struct conductor_carrier *carrier,
	conductor_attach_h *handler, void *arg) MUST_USE;
void conductor_attach_cancel(struct conductor_attach **ap);

/* The same of a call that still rings, of which nothing is taken by it: `epoch` is the one that it would begin with. ERR_DENIED: another worker is to
 * prepare it; ERR_CLOSED: it rings no more. Cancelled as an attach. */
enum err conductor_prepare_start(struct conductor_attach **ap, struct conductor *c, const char *call, conductor_attach_h *handler, void *arg) MUST_USE;

/* Reads an answer's body: for conductor.c, and for tests with outside bytes. The answer's borrowed parts live in `reading`. */
struct conductor_reading {
	struct conductor_attached attached;
	char *flow, *fixed, *facts, *tools;
	uint8_t *snapshot;
};
enum err conductor_attached_read(struct conductor_reading *r, const void *body, size_t len) MUST_USE;
void conductor_reading_fini(struct conductor_reading *r); /* zeroed is fine */

/* ---- a call here ---- */

/* Never from inside a function here. */
struct conductor_call_handlers {
	void (*fenced)(void *arg); /* at most once: a later epoch has the call; conductor_call_close is legal in it */
	/* A try to tell the end is over: the conductor knows it, or will be told again. conductor_call_close is not legal in it. */
	void (*told)(void *arg, bool taken);
	/* The conductor has the newest snapshot; and, when that was asked, whether another worker has room. conductor_call_close is not legal in it. May
	 * be NULL. */
	void (*kept)(void *arg, bool room);
};

/* ERR_NOMEM. */
enum err conductor_call_open(struct conductor_call **cp, struct conductor *c, const struct id128 *call, uint32_t epoch,
	const struct conductor_call_handlers *handlers, void *arg) MUST_USE;

/* Its tools must be cancelled. A snapshot that waits or is on its way is still sent, CONDUCTOR_LEFT_TRIES times at most. No callback
 * after. NULL-safe. */
void conductor_call_close(struct conductor_call **cp);

void conductor_call_snapshot(struct conductor_call *c, const void *data, size_t len); /* copied */

/* From now on a snapshot is sent with the question whether another worker has room for the call: `kept` has the answer. */
void conductor_call_leaves(struct conductor_call *c, bool leaves);

/* All borrowed for the call of it. */
struct conductor_end {
	enum end_reason reason;
	const char *outcome;  /* "": the agent named none */
	const json_t *known;  /* what the agent knew then: an object of answers and results, or NULL; left out when it is very long */
	uint64_t connected_ms;
	uint32_t turns;
};

/* At the end; again when more is known. It outlives the call's closing. */
void conductor_call_ended(struct conductor_call *c, const struct conductor_end *end);

const char *conductor_end_name(enum end_reason reason); /* "caller", "agent"; never NULL */

extern const struct tools conductor_tools; /* its conductor is the struct conductor_call */

#endif
