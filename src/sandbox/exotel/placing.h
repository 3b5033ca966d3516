/* A request for a call ("Calls/connect"), judged as Exotel's pages have it: to a flow (Url), or straight to a socket (StreamUrl). Pure, any thread.
 * Facts: the shared protocol notes on Exotel, section 4. Two numbers (To) are not there. */
#ifndef SANDBOX_EXOTEL_PLACING_H
#define SANDBOX_EXOTEL_PLACING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/http_head.h"
#include "sandbox/phone.h"

enum {
	PLACING_SID_MAX = 40,
	PLACING_FIELD_MAX = 129,    /* CustomField: 128 characters */
	PLACING_STREAM_MAX = 600,   /* StreamUrl: fewer than 600 */
	PLACING_NAME_MAX = 32,      /* StreamName */
	PLACING_LIMIT_MAX_S = 14400,
	PLACING_RING_S = 60         /* that it rings when nobody says: not documented */
};

enum placing_event { PLACING_RINGING, PLACING_ANSWERED, PLACING_TERMINAL };

struct placing {
	char from[PHONE_NUMBER_MAX], caller_id[PHONE_NUMBER_MAX]; /* whom it dials first; our number */
	char app_id[PLACING_SID_MAX];         /* of the flow; empty: */
	char stream_url[PLACING_STREAM_MAX];  /* … straight there */
	char field[PLACING_FIELD_MAX];
	char status_url[PHONE_URL_MAX];       /* empty: nothing is told */
	char status_type[64];                 /* StatusCallbackContentType; empty: not said */
	unsigned int events;                  /* 1 << enum placing_event; 0: none were named, then the end alone is told, in fewer words */
	uint32_t ring_s, limit_s;
};

/* False: *message says what does not fit; a refusal is 400. `account` is the one of the path. */
bool placing_read(struct placing *p, const struct http_pairs *form, const char *account, const char **message);

#endif
