/* The conductor's calls: how they come in, which worker gets them, what workers ask for, what people see of them (docs/conductor.md).
 *
 * Mounted on a base/http_server: carriers' webhooks, the worker side and the people's side of docs/planes.md. A call is a document of
 * its tenant, changed by compare-and-set alone; its epoch is the fencing number of whoever has it. Rule-book, language, brief and
 * settings are pinned when it is made. In memory are only the requests under way, and what workers say every two seconds: that they are
 * there, and which calls they have. By that a sweeper ends, in the documents, what nobody has any more.
 * One loop's thread. Verifies no tokens itself: `token` gives the one that was verified for a request; roles and tenant are judged here.
 */
#ifndef CONDUCTOR_CALLS_H
#define CONDUCTOR_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_client.h"
#include "base/http_server.h"
#include "base/jws.h"
#include "base/options.h"
#include "base/settings.h"
#include "base/tenant.h"
#include "conductor/tools.h"
#include "data/documents.h"
#include "data/secrets.h"
#include "providers/carrier.h"

struct calls;

enum {
	CALLS_WORKERS_MAX = 1000,
	CALLS_LINES_MAX = 4,
	CALLS_HEARD_MS = 6000,       /* a worker that was silent for longer gets no new calls; for so long after its start a conductor waits for them */
	CALLS_WAIT_MS = 100,         /* how often it is looked whether that time is over */
	CALLS_AGAIN_MS = 15000,      /* as long as a carrier waits for an answer: one that did not get ours has asked again by then */
	CALLS_TOKEN_MS = 60000,      /* a media token that is not used dies */
	CALLS_REATTACH_MS = 15000,   /* a live call that no worker has had for so long is lost */
	CALLS_SOCKET_MS = 500,       /* for a worker to say whether a call's media socket is well */
	CALLS_SWEEP_MS = 2000,
	CALLS_SWEEP_PAGE = 500,      /* calls and tokens that one sweep looks at */
	CALLS_OFFERS_MAX = 15,       /* offers in a row that no worker took, then the call is given up */
	CALLS_SNAPSHOT_MAX_BYTES = DOCUMENT_MAX_BYTES - 64,
	CALLS_VARIABLES_MAX_BYTES = 16 * 1024,
	CALLS_REPLAY_MAX = 8192
};

/* A carrier that calls out go by, and how its own HTTP interface is asked. */
struct calls_line {
	const struct carrier *carrier;
	struct http_client *client; /* borrowed; NULL: it is never asked, and no calls go out by it */
	const char *url;            /* … and is here */
	unsigned int ring_s;        /* a call out rings for so long */
	bool detects_machines;      /* the carrier says whether a machine answered */
	const void *settings;       /* the carrier's own kind's (struct carrier_place); NULL: the defaults */
};

/* What an operator may set. */
struct calls_options {
	const char *server_url; /* server.public_url */
	const char *voice_url;  /* voice.public_url */
	bool samples;           /* calls.samples */
};

extern const struct option calls_options[]; /* bound to struct calls_options */

struct calls_settings {
	uv_loop_t *loop;
	struct documents *documents; /* borrowed, all of these */
	struct secrets *secrets;
	struct toolbox *tools;
	struct http_client *client;  /* for orders to workers */
	const struct carrier *const *carriers; /* behind /webhooks/KIND/, NULL-ended; NULL: none */
	unsigned int media_hz;         /* what a carrier that can be asked for a rate is asked for; 0: its own */
	struct calls_line lines[CALLS_LINES_MAX]; /* that calls out go by; the first is that of routes which name none. Unused: without a carrier */
	const char *hold_music_url;  /* what a caller hears who waits for a person; NULL, "": the carrier's own */
	const char *rulebooks_dir;   /* rulebooks.dir */
	const char *replay;          /* the words of a shell that replay a call of this house, when its id is put behind them; NULL: nobody knows */
	const struct call_settings *defaults; /* the config's, which rule-books override */
	uint64_t clear;              /* redact.clear, likewise */
	struct calls_options options;
	/* The token that was verified for this request (bearer_token). */
	const struct jws_token *(*token)(const struct http_request *r);
	/* Appends an assertion of our own for audience "voice", about a call of that tenant. */
	enum err (*assertion)(void *arg, const struct tenant *t, struct buf *out);
	uint64_t (*now_ms)(void *arg);  /* since 1970 */
	uint64_t (*mono_ms)(void *arg); /* never falls */
	int32_t (*today)(void *arg);    /* days since 1970-01-01 where the offices are */
	uint64_t (*moment_ms)(void *arg, int32_t day, int32_t minute); /* since 1970, of a minute of a day there */
	void *arg;
	uint64_t sweep_ms;              /* 0: CALLS_SWEEP_MS */
};

/* Settings are copied; what they point to is borrowed. ERR_USAGE: a public URL that is none; ERR_NOMEM. */
enum err calls_open(struct calls **cp, const struct calls_settings *settings, struct err_detail *detail) MUST_USE;

/* Requests under way get 503. Before the toolbox, the client and the stores; behind http_server_close, which then waits for these
 * answers. Its timer closes in the loop's next turns. NULL-safe. */
void calls_close(struct calls **cp);

/* ERR_LIMIT as http_server_mount. */
enum err calls_mount(struct calls *c, struct http_server *server) MUST_USE;

/* What workers that were heard of lately say of themselves: for health and numbers. */
struct calls_facts {
	size_t workers;
	size_t open;   /* that take a new call */
	size_t unwell; /* whose journal is not well */
	uint64_t calls;
};
void calls_facts(const struct calls *c, struct calls_facts *facts);

/* One sweep, which otherwise begins by itself every sweep_ms: at most CALLS_SWEEP_PAGE calls that have not ended, and as many media
 * tokens; the next one goes on behind them. Calls that were live and that no worker has had for CALLS_REATTACH_MS end as "lost", those
 * that waited and whose tokens expired as "unanswered"; expired tokens, and snapshots of calls that have ended, are deleted. Nothing
 * happens while one is under way. */
void calls_sweep(struct calls *c);
bool calls_sweeping(const struct calls *c);

#endif
