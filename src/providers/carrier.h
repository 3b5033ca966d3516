/* What the conductor asks of a carrier: read its webhooks, judge their signature, and answer in its own words.
 *
 * A kind: one const table a vendor, for the conductor (the media socket is media.h, for voice). Translates and nothing else: whose call it
 * is, which worker gets it and whether it has ended are the conductor's. Pure, any thread; texts are borrowed.
 */
#ifndef PROVIDERS_CARRIER_H
#define PROVIDERS_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_head.h"

enum { CARRIER_ID_MAX = 65, CARRIER_NUMBER_MAX = 65, CARRIER_WORD_MAX = 32, CARRIER_WHY_MAX = 200, CARRIER_LEGS_MAX = 50 };

/* A request as it came. `url` is what the carrier was told to ask: our public address with the request's own path and query. */
struct carrier_webhook {
	const char *url;
	const char *signature;          /* the carrier's header, or NULL */
	const char *signature_settings; /* a second header that says how it was made, or NULL */
	const struct http_pairs *query; /* of the URL; NULL: it has none */
	const struct http_pairs *form;  /* NULL: the body is no form. Of a GET it is the query */
	const void *body;
	size_t body_len;
};

/* Who calls whom, in the carrier's own words; nothing of it is believed before the signature was checked. */
struct carrier_call {
	char account[CARRIER_ID_MAX];
	char call[CARRIER_ID_MAX];
	char number[CARRIER_NUMBER_MAX]; /* ours */
	bool is_outbound;                /* we called */
	bool is_over;                    /* it has ended, or came to nothing */
};

struct carrier_offer {
	const char *media_url;  /* where the sound is to go */
	const char *token;      /* for that socket */
	const char *after_url;  /* where to ask when the socket has closed */
	unsigned int pause_s;   /* wait so long before */
	unsigned int rate_hz;   /* of the sound, for carriers that can be asked for one; 0: theirs */
};

/* ---- calls out: what the carrier is asked over its own HTTP interface, and what it says of a leg ---- */

/* How far a leg has come. Up to LEG_ANSWERED each is past the one before it; those behind it are ends, and none is past another. */
enum leg_state { LEG_ASKED, LEG_QUEUED, LEG_RINGING, LEG_ANSWERED, LEG_COMPLETED, LEG_BUSY, LEG_NO_ANSWER, LEG_FAILED, LEG_CANCELED, LEG_STATES };

/* What somebody said of a leg: a reply, or a signed webhook. "" and 0: it says nothing of that. */
struct carrier_leg {
	char account[CARRIER_ID_MAX];
	char call[CARRIER_ID_MAX];
	char to[CARRIER_NUMBER_MAX], from[CARRIER_NUMBER_MAX];
	enum leg_state state;               /* LEG_ASKED: it says nothing of that */
	bool is_outbound;
	char name[CARRIER_ID_MAX];          /* that we gave it when it was asked for */
	char answered_by[CARRIER_WORD_MAX]; /* "human", "machine_start", … in the carrier's words */
	unsigned int code;                  /* SIP's, of a call that came to nothing */
	uint64_t made_ms;                   /* since 1970 */
};

struct carrier_place {
	const char *to, *from;
	const char *voice_url, *status_url; /* asked when it is answered; told how far it has come */
	const char *machine_url;            /* told whether a machine answered; NULL: nobody looks */
	const char *hook_key;               /* to stand in these as `key` (struct carrier); NULL: it does not */
	const char *name;                   /* ours for the leg; it may come back with whatever is said of it */
	const char *flow;                   /* what it does when it is answered, where that has a name at the carrier (struct carrier, `flow`) … */
	const char *media_url, *token;      /* … or else where the sound is to go: as in struct carrier_offer. NULL: neither is wanted */
	unsigned int rate_hz;               /* of that sound; 0: the carrier's */
	unsigned int ring_s;
	unsigned int limit_s;               /* no call is longer */
	const void *settings;               /* the carrier's own kind's; NULL: the defaults */
};

/* A request to be sent: method, whole URL, and a form (empty with GET). The owner inits the buffers and gives them back. */
struct carrier_request {
	enum http_method method;
	struct buf url, form;
};

/* What came back over HTTP. */
struct carrier_answer {
	unsigned int status;
	const char *retry_after; /* the header, or NULL */
	const void *body;
	size_t len;
	const void *settings;    /* as in struct carrier_place */
};

enum carrier_verdict {
	CARRIER_DONE,    /* carried out, or found */
	CARRIER_REFUSED, /* surely not carried out, nor would it be if asked again */
	CARRIER_LATER,   /* surely not carried out: there is too much to do now */
	CARRIER_GONE,    /* there is no such leg, or it is over */
	CARRIER_UNKNOWN  /* it may have been carried out */
};

struct carrier_reply {
	enum carrier_verdict verdict;
	unsigned int code;          /* the carrier's, else the HTTP status; 0: it is done */
	char why[CARRIER_WHY_MAX];  /* the carrier's words, plain ASCII; they may name a number: not for logs */
	unsigned int wait_s;        /* LATER: so long, as it wishes; 0: it does not say */
	size_t leg_count;
	struct carrier_leg legs[CARRIER_LEGS_MAX];
};

/* `base` is the carrier's address. */
struct carrier_rest {
	bool lists_ended; /* `find` lists legs that have ended and no others: one that is not there may be under way */
	/* Appends a header line with the key in it: `line` is private. `user`: the secret that goes with it, else the account. */
	void (*authorise)(struct buf *line, const char *user, const char *secret, size_t len);
	void (*place)(struct carrier_request *r, const char *base, const char *account, const struct carrier_place *p);
	/* NULL: it can do neither; a leg ends with its sound, and by ring_s and limit_s. */
	void (*end)(struct carrier_request *r, const char *base, const char *account, const char *call);
	void (*redirect)(struct carrier_request *r, const char *base, const char *account, const char *call, const char *url);
	void (*look)(struct carrier_request *r, const char *base, const char *account, const char *call);
	/* The newest legs from one number to another. */
	void (*find)(struct carrier_request *r, const char *base, const char *account, const char *to, const char *from);
	/* `wants_leg`: what is asked for is one leg, and a good answer without one leaves open whether it was carried out. */
	void (*read)(const struct carrier_answer *answer, bool wants_leg, struct carrier_reply *reply);
};

/* ---- handing a call over to a person: what is answered to the legs of the caller and of the human, and what their webhooks say ---- */

struct carrier_dial {
	const char *to;       /* a number, or "sip:…" */
	const char *from;     /* that is shown there; "": the carrier's choice */
	unsigned int ring_s;
	const char *done_url; /* asked what is next when it is over */
	const char *leg_url;  /* told how far the human's leg has come */
};

struct carrier_room {
	const char *name;
	bool waits;            /* with music, until somebody comes who does not; else he is who the others wait for. Whoever leaves ends it */
	const char *music_url; /* "": the carrier's own */
	const char *done_url;  /* as in carrier_dial, or NULL: the leg ends with it */
};

struct carrier_brief {
	const char *language, *text;
	const char *key_url; /* asked what is next, with the key that was pressed, if any */
	bool wants_key;      /* else it is asked as soon as the text was said */
	unsigned int key_s;  /* for so long a key is waited for */
};

struct carrier_turn {
	enum leg_state dialled; /* how a leg that was dialled ended; LEG_ASKED: it does not say */
	uint32_t seconds;       /* for how long a leg was there; 0: it does not say */
	char key;               /* that was pressed, or 0 */
	bool is_over;           /* the leg that this is said of has ended */
};

struct carrier_transfer {
	void (*hear)(const struct carrier_webhook *w, struct carrier_turn *turn);
	void (*dial)(struct buf *out, const struct carrier_dial *d);
	void (*room)(struct buf *out, const struct carrier_room *r);
	void (*brief)(struct buf *out, const struct carrier_brief *b);
};

struct carrier {
	const char *kind;             /* "twilio" */
	const char *media_path;       /* of a worker: "/media/twilio" */
	const char *signature_header; /* for who reads the request */
	const char *settings_header;  /* or NULL */
	const char *answer_type;      /* Content-Type of the answers */
	const char *key;              /* the tenant's secret that REST is asked with */
	const char *account;          /* … and the one that names the account, for numbers whose route does not */
	const char *user;             /* … and the one that goes with the key as a user's name; NULL: the account does */
	const char *hook_key;         /* … and the one that stands in the addresses it is given, as `key`; NULL: it signs what it sends */
	const char *flow;             /* … and the one that names what it does with a call out; the tenant may have none. NULL: it is told by voice_url */
	const struct carrier_rest *rest; /* NULL: it places no calls */
	const struct carrier_transfer *transfer; /* NULL: it hands none over; it needs rest */
	/* It asks by GET where the sound is to go, and again whenever it wants any: `connect` answers that. Behind a socket it asks only whether the
	 * call goes on. It needs no signature_header, is told "later" and "it is over" by a status, and nothing is said to whoever is on the line. */
	bool is_resolver;
	unsigned int retry_status, end_status; /* of `retry` and `apologise`, of `hang_up`; 0: 200 */

	/* ERR_FORMAT: it is no webhook of a call. */
	enum err (*read)(const struct carrier_webhook *w, struct carrier_call *call);
	/* The name that we gave a leg, out of a query, where the address has none; NULL: none of ours. May be NULL itself. */
	const char *(*named)(const struct http_pairs *query);
	/* A webhook that tells of a leg. ERR_FORMAT: it does not. */
	enum err (*hear)(const struct carrier_webhook *w, struct carrier_leg *leg);
	/* The name of the tenant's secret that the signature was made with; NULL: made in a way nobody knows. */
	const char *(*secret)(const struct carrier_webhook *w);
	bool (*is_signed)(const struct carrier_webhook *w, const char *secret, size_t len);

	/* Append the answer. */
	void (*connect)(struct buf *out, const struct carrier_offer *offer);
	void (*retry)(struct buf *out, const char *after_url, unsigned int pause_s);
	void (*apologise)(struct buf *out, const char *language, const char *text); /* and hang up */
	void (*hang_up)(struct buf *out);
	void (*acknowledge)(struct buf *out); /* there is nothing to be done */
};

#endif
