/* What the conductor asks of a carrier: read its webhooks, judge their signature, and answer in its own words.
 *
 * A kind: one const table a vendor, for the conductor (the media socket is media.h, for voice). Translates and nothing else: whose call it
 * is, which worker gets it and whether it has ended are the conductor's. Pure, any thread; texts are borrowed.
 */
#ifndef PROVIDERS_CARRIER_H
#define PROVIDERS_CARRIER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http_head.h"

enum { CARRIER_ID_MAX = 65, CARRIER_NUMBER_MAX = 65 };

/* A request as it came. `url` is what the carrier was told to ask: our public address with the request's own path and query. */
struct carrier_webhook {
	const char *url;
	const char *signature;          /* the carrier's header, or NULL */
	const char *signature_settings; /* a second header that says how it was made, or NULL */
	const struct http_pairs *form;  /* NULL: the body is no form */
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
};

struct carrier {
	const char *kind;             /* "twilio" */
	const char *media_path;       /* of a worker: "/media/twilio" */
	const char *signature_header; /* for who reads the request */
	const char *settings_header;  /* or NULL */
	const char *answer_type;      /* Content-Type of the answers */

	/* ERR_FORMAT: it is no webhook of a call. */
	enum err (*read)(const struct carrier_webhook *w, struct carrier_call *call);
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
