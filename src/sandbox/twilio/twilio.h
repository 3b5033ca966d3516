/* Inside the sandbox's Twilio: the carrier's side of a call that really lives. What its files share:
 *   twilio.c    the vendor: REST of one call, refusals                         line.c   one call, from ringing to its end
 *   listing.c   lists, the control port's routes                               media.c  its media socket
 *   webhook.c   what it asks us by HTTP, signed                               twiml.c  our answers
 * Who is called and what he plays is phone.h's and person.h's.
 *
 * A line: inbound:  ringing ─Url─► in progress          outbound: queued ─► ringing ─the phone answers─► in progress ─Url─►
 *         in progress: TwiML, verb by verb ─<Redirect>, update─► another Url
 *                      └─<Hangup>, no verb left, the caller hangs up, Status=completed─► completed
 * A line that ended stays to be fetched until there are LINES_MAX.
 *
 * Faults (harm.h) strike REST by its path, status callbacks by "/callback/ringing", sockets by "/media". A callback meets `duplicate` (it is sent
 * twice), `stall` (so late as hold_ms has it, behind later ones) and `reset` (it is lost); a socket `half_open`, `stall` and `reset`.
 * Loop thread. Facts: the shared protocol notes on Twilio, sections 1 to 5 and 9, checked 2026-11-21.
 */
#ifndef SANDBOX_TWILIO_TWILIO_H
#define SANDBOX_TWILIO_TWILIO_H

#include <time.h>

#include "base/http_client.h"
#include "base/websocket.h"
#include "sandbox/callback.h"
#include "sandbox/person.h"
#include "sandbox/vendor.h"

enum {
	LINES_MAX = 2000,
	LINE_SID_MAX = 40,
	LINE_NUMBER_MAX = 64,
	LINE_TOKEN_MAX = 128,
	LINE_URL_MAX = 1024,
	TWIML_VERBS_MAX = 8,
	TWIML_PARAMS_MAX = 4,
	TWIML_NAME_MAX = 64,
	TWIML_VALUE_MAX = 512,
	TWIML_BYTES_MAX = 64 << 10,
	WEBHOOK_PAIRS_MAX = 24,
	WEBHOOK_TOTAL_US = 15000000 /* so long Twilio waits for TwiML */
};

/* ---- twiml.c ---- */

enum verb_kind { VERB_PAUSE, VERB_SAY, VERB_CONNECT, VERB_REDIRECT, VERB_HANGUP, VERB_DIAL, VERB_REJECT };

struct verb {
	enum verb_kind kind;
	char url[LINE_URL_MAX];   /* of CONNECT's stream, of REDIRECT; DIAL's and CONNECT's action stands in `action` */
	char action[LINE_URL_MAX];
	unsigned int seconds;     /* PAUSE; SAY by its letters; DIAL */
	struct {
		char name[TWIML_NAME_MAX], value[TWIML_VALUE_MAX];
	} params[TWIML_PARAMS_MAX];
	size_t param_count;
};

struct twiml {
	struct verb verbs[TWIML_VERBS_MAX];
	size_t count;
};

/* ERR_FORMAT: no TwiML, or a verb that we never send; ERR_LIMIT: more than the above. */
enum err twiml_read(const char *text, size_t len, struct twiml *out) MUST_USE;

struct twilio_state;

/* ---- line.c ---- */

enum line_status { LINE_QUEUED, LINE_RINGING, LINE_IN_PROGRESS, LINE_COMPLETED, LINE_BUSY, LINE_NO_ANSWER, LINE_FAILED, LINE_CANCELED, LINE_STATUSES };

struct line {
	struct twilio_state *all;
	struct line *next; /* the newer ones first */
	struct vendor *vendor;
	char sid[LINE_SID_MAX], account[LINE_SID_MAX], token[LINE_TOKEN_MAX];
	char from[LINE_NUMBER_MAX], to[LINE_NUMBER_MAX];
	bool is_inbound, is_here; /* the one who called or was called is still there */
	enum line_status status;
	char url[LINE_URL_MAX], status_url[LINE_URL_MAX];
	unsigned int events; /* 1 << enum line_status: of those a callback is sent; LINE_QUEUED stands for "initiated" */
	uint64_t callbacks;  /* sent */
	uint64_t time_limit_us;
	time_t made, answered, ended;
	struct phone phone;
	size_t step;         /* of the phone's script */
	struct http_exchange *fetch;
	struct twiml *twiml; /* being done, or NULL */
	size_t verb;
	struct media *media;
	unsigned int streams;
	struct clock_timer timer;
};

const char *line_status_name(enum line_status status);
bool line_is_over(const struct line *l);

/* A call that comes in, or one that we placed: `l` is filled in but for what line.c owns. */
void line_begin(struct line *l);
void line_redirect(struct line *l, const char *url);        /* Url: the TwiML that is being done is left */
bool line_inline(struct line *l, const char *text, size_t len); /* Twiml: the same; false: it is none */
bool line_prepare(struct line *l, const char *text, size_t len); /* the same for one that is not answered yet: done then */
void line_end(struct line *l, enum line_status status);
void line_caller_left(struct line *l);
void line_media_closed(struct line *l);                     /* from media.c; l->media is NULL */
void line_free(struct line *l);                             /* at once */

/* ---- webhook.c ---- */

struct webhook_pair {
	const char *name, *value;
};

struct webhook_pairs {
	struct webhook_pair items[WEBHOOK_PAIRS_MAX];
	size_t count;
};

void webhook_put(struct webhook_pairs *pairs, const char *name, const char *value);

/* X-Twilio-Signature over `url` as we were told it. `out` has room for 32 characters. */
bool webhook_sign(const char *url, const struct webhook_pairs *pairs, const char *token, char out[32]);

/* TwiML from `url`, into l->fetch; then `done`. */
enum err webhook_ask(struct line *l, const char *url, const struct webhook_pairs *pairs, const struct http_exchange_handlers *handlers) MUST_USE;

/* A status callback: sent and forgotten. */
void webhook_tell(struct line *l, const char *url, const char *event, const struct webhook_pairs *pairs);

/* ---- media.c ---- */

/* False: it cannot be. Otherwise line_media_closed comes, in a later turn of the loop. */
bool media_open(struct line *l, const struct verb *verb);
void media_end(struct line *l, bool tells); /* `tells`: "stop", and a close; else it just closes */
void media_free(struct line *l);

/* ---- the vendor ---- */

struct twilio_state {
	struct vendor *vendor;
	uv_loop_t *loop;
	struct http_client *client;
	struct line *lines;
	size_t line_count;
	struct phones phones;
	struct callbacks callbacks;
};

extern const struct http_route twilio_control_routes[];

/* Which account asks, by whose token. Any account and any token are fine; both must be there, and the account the one of the path. False: replied. */
bool twilio_authorised(struct http_request *r, char token[LINE_TOKEN_MAX]);

void twilio_list(struct http_request *r, void *arg);            /* GET Calls.json */
void twilio_line_put(struct buf *b, const struct line *l);      /* a call as JSON */
struct line *twilio_line_new(struct vendor *v);                 /* NULL: there are too many, or no memory */

#endif
