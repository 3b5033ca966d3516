/* Inside the sandbox: what a vendor's server is, and what all of them share. Vendors' files include this; nobody outside does.
 *
 * A vendor is one const struct vendor_kind, listed once in vendors.c. Its routes get the struct vendor as their arg. A handler first calls
 * vendor_take: the request is written down, and a fault that is a status is answered; what is left of the fault goes into the answer's outlet.
 * Loop thread.
 */
#ifndef SANDBOX_VENDOR_H
#define SANDBOX_VENDOR_H

#include <jansson.h>

#include "base/http_server.h"
#include "sandbox/asked.h"
#include "sandbox/harm.h"
#include "sandbox/outlet.h"
#include "sandbox/sandbox.h"

struct vendor;
struct front;

struct vendor_kind {
	const char *name;                 /* "anthropic": of its settings, its faults, its script */
	const char *scheme;               /* of its URL: "http" or "ws" */
	const char *other_url;            /* another setting of its that has the same address; NULL: none */
	const char *settings;             /* lines of its settings beside the address; NULL: none */
	const struct http_route *routes;
	const struct http_route *control; /* of the sandbox's own port; NULL: none */
	enum err (*open)(struct vendor *v);  /* makes v->state; may be NULL */
	void (*close)(struct vendor *v);     /* ends what is under way at once; may be NULL */
	void (*refuse)(struct vendor *v, struct http_request *r, unsigned int status, uint64_t retry_after_ms); /* in the vendor's own words */
	bool (*script_fits)(const json_t *answer); /* one entry of its script; NULL: it has none */
	const char *script_hint;
};

extern const struct vendor_kind anthropic_vendor, deepgram_vendor, cartesia_vendor, openai_vendor, sarvam_vendor, twilio_vendor, exotel_vendor;
extern const struct vendor_kind *const vendor_kinds[]; /* NULL-ended */

struct vendor {
	const struct vendor_kind *kind;
	struct sandbox *sandbox;
	uv_loop_t *loop;
	const struct sandbox_options *options;
	struct http_server *server;
	struct front *front;   /* NULL: in the clear */
	json_t *script;        /* a list: the answers to come */
	bool script_stays;     /* what was given comes again, behind the others */
	struct asked *asked;
	struct harms *harms;
	char url[SANDBOX_URL_MAX];
	uint64_t ids;          /* given out */
	uint64_t streams, streams_most; /* of its recogniser: that are open, and that ever were at once */
	void *state;
};

/* A request that a handler took. */
struct vendor_turn {
	uint64_t number;   /* of asked.h */
	struct harm harm;
};

/* False: it has been replied to. */
bool vendor_take(struct vendor *v, struct http_request *r, struct vendor_turn *turn);

/* A recogniser's stream begins, and ends. */
void vendor_stream_begin(struct vendor *v);
void vendor_stream_end(struct vendor *v);

/* The next answer of the script, the caller's to decref; NULL: there is none. */
json_t *vendor_script(struct vendor *v);

/* "req_000000000001": a name that is this sandbox's alone. */
void vendor_id(struct vendor *v, const char *prefix, char *out, size_t size);

/* How many of these bytes a model says at once: a few words; one, when each takes its time. */
size_t vendor_piece(const struct vendor *v, const char *text, size_t len);

uint64_t vendor_now_us(const struct vendor *v);

/* A name of 36 characters, as UUIDs are; counted, not drawn. */
void vendor_uuid(struct vendor *v, char out[37]);

#endif
