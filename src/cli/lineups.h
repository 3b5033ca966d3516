/* Who serves a call: its three lineups (voice/lineup), made of the settings, the call's language and its tenant's keys.
 *
 *   struct lineups       one a process: what calls share: settings, HTTP client, the accounts' health, the voices of this machine
 *   struct call_lineups  one a call: its adapters, opened, in their order
 *
 * A provider without its key, or one that does not speak the call's language or cannot be opened, is left out with a warning that says what to do;
 * a role that nobody is left in refuses the call. A vendor's socket is opened here and now where it has one of its own, while the phone rings.
 * On a clock that skips every vendor and voice holds it while it is at work (providers/held.h). Loop thread.
 */
#ifndef CLI_LINEUPS_H
#define CLI_LINEUPS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <uv.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/provider_settings.h"
#include "voice/journal/journal_format.h"
#include "voice/lineup/lineup.h"
#include "voice/worker/worker.h"

struct lineups;
struct call_lineups;

/* What a call brings. Borrowed for the opening alone, but the keys. */
struct lineups_call {
	struct id128 id, tenant;
	const char *tenant_name;      /* for the command that sets a key */
	const char *language;         /* BCP 47: "en-IN" */
	const char *flow;             /* JSON (docs/rulebooks.md) */
	size_t flow_len;
	const char *fixed, *tools;    /* what a model is told for all calls of a rule-book (rulebook_prompt), its tools (JSON); NULL: nobody asked for it.
	                                 What it is told of this one goes through the session, which masks it */
	const char *const *keyterms;  /* names that a recogniser should know, NULL-ended; NULL: none */
	unsigned int speed_percent;   /* the rule-book's for the voice; 100 or 0: it says none */
	bool is_later;                /* the call may go on in this language: no model, nothing is connected yet, and a role may have nobody */
	bool is_typed;                /* somebody else hears the caller: no recogniser is opened */
	const char *(*key)(void *arg, const char *name); /* a secret of the tenant's, valid until the call's close; NULL: it has none */
	void *key_arg;
};

/* A recogniser of this machine, by its owner; `vendor` is what its table is given. */
struct lineups_ears {
	enum err (*open)(void *arg, void **vendor, const struct stt **stt, const struct lineups_call *call, struct err_detail *detail);
	void (*close)(void *arg, void **vendor);
	void *arg;
};

/* `config` and `clock` are borrowed and outlive it, `ears` is copied. flite, espeak-ng and the HTTP client are made with the first call that needs them.
 * `data`: the folder whose other processes limits are shared with; NULL: none. */
enum err lineups_open(struct lineups **lp, const struct config *config, uv_loop_t *loop, struct clock *clock, const struct lineups_ears *ears,
	const char *data) MUST_USE;

void lineups_metrics(const struct lineups *l, struct buf *b); /* streams at vendors, and second ones beside late ones */

/* All calls must be closed. Its handles close in the loop's next turns. NULL-safe. */
void lineups_close(struct lineups **lp);

/* A role has nobody: ERR_UNAVAILABLE, or, where one alone was wanted, why that could not be opened; the detail says which role, why the first of those
 * who were wanted is not there, and what to do. ERR_NOMEM. */
enum err call_lineups_open(struct call_lineups **cp, struct lineups *shared, const struct lineups_call *call, struct err_detail *detail) MUST_USE;

/* Those of another language that the call may go on in; each once, behind call_lineups_open and before call_lineups_serve. A role that nobody
 * is in is that of the first language (lineup_tongues.h), with a warning. ERR_LIMIT: more than LINEUP_TONGUES_MAX; ERR_NOMEM. */
enum err call_lineups_add(struct call_lineups *c, const struct lineups_call *call) MUST_USE;

/* The session must be closed. Not from inside a vendor's event. NULL-safe. */
void call_lineups_close(struct call_lineups **cp);

/* Puts recogniser (where there is one), model and voice into what a call is opened with. */
void call_lineups_serve(struct call_lineups *c, struct worker_call_options *o);

/* The phone rings: opens a recogniser's stream, which is the first that the session starts, and connections to models. Behind call_lineups_serve. */
void call_lineups_prepare(struct call_lineups *c, struct worker_call_options *o, const char *language);

/* What the rehearsed engine knows by now (sockets.h); NULL where it does not serve. */
const json_t *call_lineups_known(const struct call_lineups *c);

void call_lineups_met(struct call_lineups *c); /* a person took the call from a machine, and was greeted: what is known says no machine any more */

const struct lineup *call_lineups_role(const struct call_lineups *c, enum provider_role role); /* to look at */

#endif
