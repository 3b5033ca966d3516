/* The insides of the conductor's calls, for its own files.
 *
 * Every request is an `ask`: it finds its call (house index, then the tenant's document), is judged, stores what it changed and is
 * answered. A change that meets another revision is judged again on the newer document: `judge` may run more than once and must
 * then say the same of the same. An ask lives until it is answered, also when its client has gone.
 */
#ifndef CONDUCTOR_CALLS_STATE_H
#define CONDUCTOR_CALLS_STATE_H

#include <jansson.h>

#include "conductor/calls.h"
#include "conductor/dial.h"
#include "conductor/rulebook.h"
#include "conductor/transfer.h"
#include "data/routes.h"

enum {
	CALL_ID_MAX = 33,        /* 32 hex digits */
	CALL_WORD_MAX = 64,      /* worker, reason, outcome, kind */
	CALL_WORKER_URL_MAX = 256,
	CALL_URL_MAX = 1024,
	CALL_TOKENS_MAX = 4,     /* Twilio repeats its webhooks: each answer has a token of its own */
	CALL_TOKEN_HASH_BYTES = 32,
	CALL_TOKEN_TEXT_MAX = 44,
	CALL_TRIES_MAX = 8,
	CALL_KNOWN_MAX_BYTES = 64 * 1024,
	CALL_RECORD_MAX_BYTES = 256 * 1024
};

/* ---- the document (calls_document.c) ---- */

/* WAITING until a worker attached first, then LIVE until somebody says that it has ended. Nothing leads back, but from an apology (ENDED,
 * "no_worker") to WAITING, when the carrier did not get it. */
enum call_state { CALL_WAITING, CALL_LIVE, CALL_ENDED };

struct call_token {
	uint8_t hash[CALL_TOKEN_HASH_BYTES];
	uint64_t until_ms; /* 0: free */
};

/* What the conductor's own tools were asked for in a call. */
struct call_asked {
	char outcome[CALL_WORD_MAX]; /* the last that was recorded, */
	uint64_t outcome_key;        /* under this request's key; 0: none was */
	uint64_t due_ms;             /* a call-back: when, since 1970, */
	uint64_t due_key;            /* 0: none */
	char to[ROUTE_NUMBER_MAX];
	char next[CALL_ID_MAX];      /* the call that came of it, CALL_BACK_REFUSED when none can; "": not yet */
};

#define CALL_BACK_REFUSED "refused"

struct call_record {
	char id[CALL_ID_MAX];
	char rulebook[ROUTE_RULEBOOK_MAX], version[24], hash[RULEBOOK_HASH_BYTES];
	char language[16];
	bool is_outbound;
	char kind[CALL_WORD_MAX], account[CARRIER_ID_MAX], carrier_call[CARRIER_ID_MAX];
	enum call_state state;
	uint32_t epoch;
	char worker[CALL_WORD_MAX];
	uint32_t offers;       /* since a worker last attached */
	char offered[CALL_WORD_MAX]; /* the worker that was last offered, "" when it attached */
	char prepares[CALL_WORD_MAX]; /* the worker that was told to prepare it, while it waits; "": none */
	uint32_t visits;       /* of the URLs that the carrier was told to come back by, the last that was good for an offer: none up to it is any more */
	uint64_t began_ms;     /* it was made; all times since 1970 */
	uint64_t clock_ms;     /* zero of the call's clock: the first attach */
	uint64_t ended_ms, connected_ms;
	uint32_t turns, tools; /* tools: that change something, and were asked for */
	bool is_told;          /* the worker itself said that it has ended */
	bool is_settling;      /* it has ended, and what it came to hangs on a tool that is not over: the sweeper settles it */
	char reason[CALL_WORD_MAX];
	char outcome[CALL_WORD_MAX], result[CALL_WORD_MAX]; /* the book's name for how it went, and whether that is a "success", "neutral" or a "failure" */
	struct call_token tokens[CALL_TOKENS_MAX];
	struct call_dial dial; /* we called */
	struct call_asked asked;
	struct call_transfer transfer; /* the last; state TRANSFER_NONE: there was none */
	char number[ROUTE_NUMBER_MAX]; /* of ours that was called; "": not known, or we called */
	struct buf variables;  /* JSON, as the flow was filled in with */
	struct buf brief, settings;
	struct buf known;      /* while it is settling: JSON, what the agent knew, or nothing */
};

void call_record_init(struct call_record *r);
void call_record_fini(struct call_record *r);
enum err call_record_encode(const struct call_record *r, struct buf *out) MUST_USE;
enum err call_record_decode(struct call_record *r, const void *data, size_t len) MUST_USE; /* into an initialised one; ERR_CORRUPT, ERR_NOMEM */
const char *call_state_name(enum call_state state);

/* The document's key sorts the newest first. */
void call_key(uint64_t began_ms, const char *id, char out[DOCUMENT_KEY_MAX]);
bool call_id_ok(const char *id);
void call_id_random(char out[CALL_ID_MAX]);

/* Whoever says so. */
void call_record_end(struct call_record *r, const char *reason, uint64_t now_ms);
/* It ended because nobody had room: as if that had not happened. */
void call_record_reopen(struct call_record *r);
/* The outcome that the agent named stays when the book has it; else the book says what a call came to that ended so. `known`: what the agent knew
 * (rulebook_unfinished), or NULL; `done`: what was carried out (toolbox_look_start), or NULL. */
void call_record_settle(struct call_record *r, const struct rulebook *book, const json_t *known, const json_t *done);
void call_record_recorded(struct call_record *r); /* an outcome that was written down in the call stands in where the end has none */
/* When a tool that changes something is still under way. False: no room for what is known; it is to be settled by what is done now. */
bool call_record_settle_later(struct call_record *r, const json_t *known) MUST_USE;
void call_record_settled(struct call_record *r); /* there is nothing to wait for any more */
/* The same carrier's call is always the same call of ours. */
void call_id_of_carrier(const struct tenant *t, const char *kind, const struct carrier_call *c, char out[CALL_ID_MAX]);

/* What the house keeps of a call, and of a media token: whose it is and where it lies. */
struct call_index {
	struct tenant *tenant; /* made by decode; the caller's to drop */
	char id[CALL_ID_MAX];
	uint64_t began_ms;
	uint64_t until_ms; /* of a token: when it dies */
};

enum err call_index_encode(const struct tenant *t, const char *id, uint64_t began_ms, struct buf *out) MUST_USE;
enum err call_token_encode(const struct tenant *t, const char *id, uint64_t began_ms, uint64_t until_ms, struct buf *out) MUST_USE;
enum err call_index_decode(struct call_index *i, const void *data, size_t len) MUST_USE; /* ERR_CORRUPT, ERR_NOMEM */
void call_index_key(const char *id, char out[DOCUMENT_KEY_MAX]);

/* There from before the call's document is made until the sweeper has seen that it has ended: what the sweeper goes by. */
#define CALL_OPEN_PREFIX "open/"
void call_open_key(const char *id, char out[DOCUMENT_KEY_MAX]);

/* A fresh token: its text, and its hash noted in the record. When all places are taken it takes the newest one's: what was handed out first stays
 * good, however often a webhook is repeated. */
void call_token_make(struct call_record *r, uint64_t now_ms, uint64_t life_ms, char text[CALL_TOKEN_TEXT_MAX], uint8_t hash[CALL_TOKEN_HASH_BYTES]);
bool call_token_hash(const char *text, uint8_t hash[CALL_TOKEN_HASH_BYTES]); /* false: it cannot be one */
bool call_token_holds(const struct call_record *r, uint64_t now_ms, const uint8_t hash[CALL_TOKEN_HASH_BYTES]);
bool call_token_any(const struct call_record *r, uint64_t now_ms); /* whether one is still good */
#define CALL_TOKEN_PREFIX "media-token/"
void call_token_key(const uint8_t hash[CALL_TOKEN_HASH_BYTES], char out[DOCUMENT_KEY_MAX]);

/* ---- workers (calls_workers.c) ---- */

struct call_worker {
	char name[CALL_WORD_MAX];
	char url[CALL_WORKER_URL_MAX];
	uint64_t heard_ms; /* mono */
	uint64_t calls, calls_max;
	bool is_draining, is_unwell; /* its journal does not hold what it should: it takes no new call */
	bool names_calls;  /* its reports say which calls it has */
};

bool worker_name_ok(const char *name);

/* The one with the fewest calls that may get one; who had this call last, or did not take it when it was offered, is taken only when
 * there is no other. It is counted as one more at once. NULL: none. */
struct call_worker *worker_pick(struct calls *c, const struct call_record *r);
void worker_unpick(struct calls *c, const char *name); /* nothing came of it; "" is fine */
/* Whether another one than the call's can have it, which is then counted there: so many calls may go at once as there are places. */
bool worker_elsewhere(struct calls *c, const struct call_record *r);
bool worker_any(const struct calls *c); /* whether worker_pick would find one */
const struct call_worker *worker_find(const struct calls *c, const char *name); /* heard of lately, or NULL */
/* ERR_LIMIT: too long. */
enum err worker_media_url(const struct calls *c, const struct call_worker *w, const char *path, char out[CALL_URL_MAX]) MUST_USE;

/* ---- who has a call (calls_sight.c): in memory, monotonic ---- */

struct sighting {
	struct sighting *next;
	char id[CALL_ID_MAX];
	uint32_t epoch;
	uint64_t seen_ms;
	char token[CALL_TOKEN_TEXT_MAX]; /* that was offered last, "" for none: who asks the same again is told the same */
	bool is_settling; /* the sweeper waits for its tools, whoever still has it */
};

enum { SIGHT_BUCKETS = 4096 /* three hex digits */, SIGHT_MAX = 100000, SIGHT_KEPT_MS = 120000 };

struct sights {
	struct sighting *buckets[SIGHT_BUCKETS];
	size_t count;
};

/* The call was seen now, under that epoch; an older epoch than the one that is known says nothing. False: no memory for it. */
bool sight_note(struct calls *c, const char *id, uint32_t epoch);
void sight_settles(struct calls *c, const char *id, uint32_t epoch); /* noted, and looked at by every sweep */
const struct sighting *sight_find(const struct calls *c, const char *id); /* or NULL */
void sight_offer(struct calls *c, const char *id, const char *token); /* was offered for it */
void sight_forget(struct calls *c, const char *id);
void sights_purge(struct calls *c, uint64_t kept_ms); /* what was not seen for longer; 0: all */

/* ---- rule-books (calls_books.c) ---- */

enum { CALL_BOOKS_MAX = 32 };

struct call_book {
	struct rulebook *book; /* NULL: unused */
	struct buf bytes;
	uint64_t used;
};

/* The book of that name as it lies on the disk now; borrowed until the next call of these. ERR_NOTFOUND, ERR_FORMAT and what
 * rulebook_read says. */
enum err book_current(struct calls *c, const char *name, struct call_book **bp, struct err_detail *detail) MUST_USE;
struct rulebook *book_held(struct calls *c, const char *hash); /* borrowed, or NULL */
enum err book_learn(struct calls *c, const void *bytes, size_t len, const char *hash, struct rulebook **bp) MUST_USE;
bool book_is_gone(enum err err); /* asking again would not help */
void book_key(const char *hash, char out[DOCUMENT_KEY_MAX]);

/* The book's file as it lies there. What is wrong is told in `detail` (may be NULL) without a path: people elsewhere see it; the log has the path. */
enum err book_bytes(struct calls *c, const char *name, struct buf *bytes, struct err_detail *detail) MUST_USE;

/* ---- asks (calls_ask.c) ---- */

struct ask;
typedef void ask_step(struct ask *a);

struct ask {
	struct calls *calls;
	struct ask *previous, *next;
	struct http_request *request; /* NULL: a call-back, which nobody asks for by HTTP */
	struct job *job;
	struct toolbox_wait *tool;
	struct toolbox_look *look;
	struct http_exchange *exchange;
	struct tenant_claim *claim;
	struct tenant *tenant;
	char id[CALL_ID_MAX];
	uint64_t began_ms;          /* 0: the house does not know the call */
	bool is_known;              /* the house's index is there already */
	struct call_record record;
	uint64_t revision;          /* DOCUMENT_NONE: there is no such document */
	unsigned int tries;
	ask_step *judge, *then;     /* on the loaded record; when it was stored */
	ask_step *woken;            /* it waits for workers' reports; NULL: it does not */
	ask_step *offered;          /* when an offer was stored */
	ask_step *failed;           /* what to say when a store says no; NULL: 503 */
	ask_step *alive;            /* … when the call's media socket is well */
	uint32_t gone_epoch;        /* whose socket is gone, for certain */
	json_t *body;
	struct rulebook *book;      /* shared */
	bool without_book;          /* ask_book: when there is none any more that can be read, a->then comes all the same */
	bool is_swept;              /* it had ended for good: the sweeper looks at it no more */
	uint32_t epoch;             /* that the worker says it has */
	struct buf keys;            /* of providers: the answer so far, private */
	size_t keys_looked;         /* for so many of provider_names */
	const char *refused;        /* why a tool of our own cannot be done */
	bool is_parked;             /* a tool that waits for what becomes of a transfer, */
	uint64_t parked_ms;         /* since then; monotonic */
	/* a call-back: the call that it was agreed on in, and what came of it */
	char back[CALL_ID_MAX], came[CALL_ID_MAX];
	uint64_t back_ms;
	/* a call out: what it goes by, and what the carrier calls what it is to do when it is answered ("": it is given the sound's address) */
	const struct calls_line *line;
	char flow[CARRIER_ID_MAX];
	/* a carrier's webhook */
	const struct carrier *carrier;
	struct http_pairs form;
	char url[CALL_URL_MAX + HTTP_TARGET_MAX];
	struct carrier_webhook webhook;
	struct carrier_call call;
	char rulebook[ROUTE_RULEBOOK_MAX];
	bool is_after;
	uint32_t visit;             /* that the URL names, from 1; 0: none, as an earlier release wrote it */
	bool is_named;              /* the URL names a call of ours: it stands in a->id */
	bool is_status;             /* it tells how far that has come, and asks nothing */
	bool is_onward;             /* it asks only whether the call goes on */
	bool is_transfer;           /* it is about a call that is handed over, */
	char step[8];               /* … at this point of it, as the URL says */
	struct carrier_leg leg;     /* what it says of it */
	unsigned int attempt;       /* of asking again because a store failed */
	/* an offer: the worker and the token that an answer will name */
	char picked[CALL_WORD_MAX];  /* a worker that counts this call already; "" when none does because of us */
	bool is_repeat;              /* the same question again, not a call that came back */
	char media_url[CALL_URL_MAX];
	uint64_t token_ms;           /* it lives so long; 0: CALLS_TOKEN_MS */
	char token[CALL_TOKEN_TEXT_MAX];
	uint8_t hash[CALL_TOKEN_HASH_BYTES];
	struct buf snapshot;        /* that was found */
	uint64_t snapshot_revision;
	uint32_t snapshot_epoch;
};

/* NULL: replied to (no memory). */
struct ask *ask_begin(struct calls *c, struct http_request *r);
void ask_over(struct ask *a);

/* All of these end the ask. */
void ask_error(struct ask *a, unsigned int status, const char *code, const char *message, const char *hint);
void ask_failed(struct ask *a, enum err err); /* a store said no: 503 */
void ask_json(struct ask *a, unsigned int status, struct buf *json);
void ask_done(struct ask *a); /* 204 */

/* The route's ":call" into a->id, which stays "" when it can be none. */
void ask_call_id(struct ask *a);

/* Whether the asker has one of these roles and a tenant, which becomes the ask's. False: it has ended. */
bool ask_person(struct ask *a, unsigned int roles);
/* Whether it is a voice worker. */
bool ask_worker(struct ask *a);
/* The body as an object. False: it has ended. */
bool ask_body(struct ask *a);

/* Finds a->id and runs a->judge: with began_ms 0 when nobody knows it. With a->tenant set, another tenant's call is not found; otherwise
 * the tenant becomes the call's. */
void ask_find(struct ask *a);
/* Loads the document again and judges again. */
void ask_load(struct ask *a);
/* Stores a->record over a->revision, then a->then. */
void ask_store(struct ask *a);
/* Gets the book that the record is pinned to into a->book, then a->then. */
void ask_book(struct ask *a);
/* Makes a token for the record's next worker and puts it into the house, then a->then; the record is still to be stored. */
void ask_token(struct ask *a);
/* Picks a worker for the record, makes a token and stores the record, then a->then with media_url and token. False: there is none now,
 * and nothing has happened. */
bool ask_offer(struct ask *a, const char *path, ask_step *then);

/* ---- who waits for a worker (calls_wait.c) ---- */

struct waits;
enum err waits_open(struct calls *c) MUST_USE;
void waits_close(struct calls *c); /* NULL-safe */

/* We were started a moment ago, and workers may not have said yet that they are there: `woken` runs when one reports, and when that time is
 * over. False: it is over, and nothing has happened. */
bool ask_wait(struct ask *a, ask_step *woken) MUST_USE;
void calls_wake(struct calls *c);
bool calls_is_new(const struct calls *c);

/* ---- what workers are asked (calls_orders.c) ---- */

struct worker_question {
	const char *what, *body; /* the path's last part; JSON */
	uint64_t total_us;
	bool is_repeatable;
	const struct http_exchange_handlers *handlers; /* with the ask */
};

/* Asks it about that call of the tenant's, as http_exchange_start. */
enum err worker_ask(const struct calls *c, const struct tenant *t, const char *id, const struct call_worker *w, const struct worker_question *q,
	struct http_exchange **xp, void *arg) MUST_USE;

/* Asks it about a->id into a->exchange. When it cannot be sent, the ask has ended. */
void ask_of_worker(struct ask *a, const struct call_worker *w, const struct worker_question *q);

/* Whether the media socket of the record's epoch is well: `alive`; or it is gone, and will not be again: a->gone_epoch is that epoch and
 * a->judge runs once more. */
void ask_socket(struct ask *a, ask_step *alive);

/* Tells the worker that has the call who answered, in the carrier's word; `then` in any case. */
void ask_answered(struct ask *a, ask_step *then);

/* ---- what a call is made of (calls_make.c) ---- */

/* Fills in the record from a->book: language, brief, settings. `variables` may be NULL; `samples`: the book's own stand in for what is
 * missing. Errors as rulebook_brief; ERR_USAGE also for a variable that the book does not know. */
enum err call_make(struct ask *a, const char *language, const json_t *variables, bool samples, struct err_detail *detail) MUST_USE;
/* Writes rule-book, index (unless `is_known`: the house has it) and open entry of a call, then a->then, which stores the document; when
 * somebody made it before, a->judge on theirs. */
void call_begin(struct ask *a, bool is_known);
/* Writes the open entry alone, for a call that comes back, then a->then. */
void call_reopen(struct ask *a);

/* ---- what a webhook is answered (calls_webhook_judge.c): judges of a found call, and answers that end the ask ---- */

void webhook_judge(struct ask *a);        /* a call that came in */
void webhook_judge_named(struct ask *a);  /* one of ours, named by the URL: how it goes on */
void webhook_judge_status(struct ask *a); /* … how far it has come */
void webhook_judge_transfer(struct ask *a); /* … a call that is handed over (calls_transfer.c) */
void webhook_offer(struct ask *a);        /* a worker for a caller who comes back */
void webhook_hang_up(struct ask *a);
void webhook_answer(struct ask *a, struct buf *b); /* the answer itself, which is given back */
void webhook_nothing(struct ask *a);      /* there is nothing to be done; a resolver's call goes on */
void webhook_failed(struct ask *a);       /* a store said no: ask again, or an apology */

/* ---- handlers ---- */

extern const struct http_route calls_webhook_routes[]; /* calls_webhook.c */
extern const struct http_route calls_worker_routes[];  /* calls_worker.c */
extern const struct http_route calls_people_routes[];  /* calls_people.c */

void calls_on_register(struct http_request *r, void *arg); /* calls_workers.c */
void calls_on_attach(struct http_request *r, void *arg);   /* calls_attach.c */
void attach_reply(struct ask *a); /* all that a worker needs for a->record as it is, with its book */

/* ---- before a call begins (calls_prepare.c) ---- */

/* Picks the worker that is to have a waiting call, unless it has one, into the record, which is still to be stored. True: it did. */
bool prepare_choose(struct calls *c, struct call_record *r);
bool prepare_is_of(const struct call_record *r, const char *worker); /* it waits, and that worker (may be NULL) is to prepare it */
/* Tells the record's worker, once; nobody waits for it. What it opened it keeps for so long. */
void prepare_tell(struct calls *c, const struct tenant *tenant, const struct call_record *r, uint64_t for_ms);
void calls_on_pinned(struct http_request *r, void *arg); /* what that worker is given */
void prepares_close(struct calls *c);
void calls_on_rulebooks(struct http_request *r, void *arg);      /* calls_rulebooks.c */
void calls_on_rulebook(struct http_request *r, void *arg);
void calls_on_rulebook_check(struct http_request *r, void *arg);

/* A snapshot's document: the epoch, then the worker's bytes. */
enum { SNAPSHOT_HEAD_BYTES = 4 };
void snapshot_key(const char *id, char out[DOCUMENT_KEY_MAX]);
/* Reads the snapshot, "" when there is none, then a->then. */
void ask_snapshot(struct ask *a);
/* Puts `len` bytes over the one that was read, under that epoch, then `h`. */
enum err snapshot_put(struct ask *a, uint32_t epoch, const void *data, size_t len, documents_stored_h *h) MUST_USE;

void calls_on_dial(struct http_request *r, void *arg);     /* calls_dial.c */
/* Makes the call of a->id as a->body asks for it, unless it is there. For asks without a request: the end is call_back_over's. */
void dial_judge_begin(struct ask *a);

/* ---- the conductor's own tools, and call-backs (calls_built_in.c) ---- */

void call_asked_encode(const struct call_asked *a, uint32_t field, struct buf *out);
bool call_asked_decode(struct call_asked *a, const struct wire_field *f);

/* Does what the tool does to a->record, which is still to be stored: once under each key. Otherwise says why it cannot be done, in words for the
 * agent; what is wrong with the arguments by their schema is the toolbox's to say. */
const char *built_in_do(struct ask *a, const struct rulebook_tool *tool, const json_t *arguments, uint32_t turn, uint32_t index);

bool call_back_is_open(const struct call_record *r); /* one was agreed on, and has not been placed */
/* Places it. Whatever fails now is tried by a later sweep. */
void call_back_begin(struct calls *c, const struct tenant *t, const struct call_record *r, uint64_t began_ms);
void call_back_over(struct ask *a, unsigned int status); /* what was answered to it; ends the ask */

/* ---- handing over (calls_transfer.c) ---- */

/* The tool, on the loaded record, with the book: begun, and then parked until it is known what comes of it; or answered. */
void transfer_admit(struct ask *a, uint64_t key);
void ask_tool_start(struct ask *a); /* the toolbox answers (calls_worker.c) */
uint64_t tool_key(uint32_t turn, uint32_t index); /* never 0; of a later request it is greater */
void transfer_wake(struct calls *c, const char *id); /* its parked asks are judged again; NULL: everybody's, and what they wait for is looked after */
/* An address that the carrier is told to ask, or to tell, of a step of the call's transfer. */
void transfer_url(const struct calls *c, const char *kind, const char *id, const char *step, char out[CALL_URL_MAX]);
/* It is over, and a leg of it has to be told to end still: the sweeper keeps its entry. */
void transfer_follow(struct ask *a, bool is_new); /* news of it was stored: what that asks for is done, and the sweeper looks at it when it is to */
bool transfer_lingers(const struct call_record *r, uint64_t now_ms);

/* ---- calls out (dialer.c): what the carrier is asked ---- */

enum { DIALS_MAX = 500 /* that are asked about at a time */ };

/* By the carrier's kind; "": that of routes which name none. NULL: no calls go out by it. */
const struct calls_line *line_find(const struct calls *c, const char *kind);

/* What a carrier is told that asks us for nothing when a call out is answered; texts may be "", and are copied. */
struct dial_way {
	const char *flow, *media_url, *token;
};

struct dial_run;
bool dialer_has_room(const struct calls *c);
/* The carrier is asked for the leg of a call that was stored just now, once; nobody else asks for it. */
void dialer_place(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms, const struct dial_way *way);
/* Its leg is looked up, and ended when the call has; nothing when somebody is at it. */
void dialer_look(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms);
/* What a call's transfer needs now is asked of the carrier (dialer_transfer.c); `is_new` as in transfer_next. When somebody is at it, it is looked at again then. */
void dialer_transfer(struct calls *c, const struct tenant *t, const char *id, uint64_t began_ms, bool is_new);
void dialer_close(struct calls *c);

/* ---- the sweeper (calls_sweep.c) ---- */

struct sweep;
enum err sweep_open(struct calls *c) MUST_USE;
void sweep_close(struct calls *c); /* NULL-safe */

struct calls {
	struct calls_settings settings;
	struct ask *asks;
	struct call_worker *workers;
	size_t worker_count;
	struct call_book books[CALL_BOOKS_MAX];
	uint64_t book_uses;
	struct sights sights;
	struct sweep *sweep;
	struct waits *waits;
	struct dial_run *dials;
	size_t dial_count;
	struct prepare_tell *tells;
	size_t tell_count;
	uint64_t opened_ms; /* mono */
};

static inline uint64_t calls_now_ms(const struct calls *c)
{
	return c->settings.now_ms(c->settings.arg);
}

static inline uint64_t calls_mono_ms(const struct calls *c)
{
	return c->settings.mono_ms(c->settings.arg);
}

#endif
