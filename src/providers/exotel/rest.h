/* Exotel's REST (voice v1): what is asked of it for a call out, and what its answers mean. Facts: shared notes on Exotel, sections 4, 6, 7 and 9,
 * and Exotel's page "Bulk Call Details".
 *
 * Forms in, JSON out (by ".json"; without it XML), below BASE/v1/Accounts/SID. `From` is whom Exotel dials first: the one we call. Two ways: an
 * account's flow (struct carrier_place, `flow`), which asks us for a socket's address, or the sound's address itself. Nothing ends a call: it
 * ends with its socket, by TimeOut and by TimeLimit. "in-progress" is said before anybody has answered, and is never read as an answer.
 * The list has only calls that have ended, and does not say for certain by which name of ours: a name that it does say is believed, else
 * numbers and time. Its dates have no zone: struct exotel_rest_options. Exotel is never asked to record.
 * Pure, any thread; answers are outside bytes and judged as such.
 */
#ifndef PROVIDERS_EXOTEL_REST_H
#define PROVIDERS_EXOTEL_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/carrier.h"

#define EXOTEL_DEFAULT_URL      "https://api.in.exotel.com"
#define EXOTEL_DEFAULT_FLOW_URL "http://my.exotel.com"

enum {
	EXOTEL_LIMIT_MAX_S = 14400,
	EXOTEL_LATER_S = 30,        /* 429 that does not say for how long */
	EXOTEL_STREAM_URL_MAX = 600 /* bytes, this one no more */
};

/* How our number is written in CallerId. */
enum exotel_caller_id { EXOTEL_CALLER_NATIONAL /* India's as 080…, others with their country */, EXOTEL_CALLER_E164 };

struct exotel_rest_options {
	int caller_id;        /* enum exotel_caller_id */
	int zone_min;         /* the account's clock, ahead of UTC */
	const char *flow_url; /* what a flow's name begins with */
};

extern const struct carrier_rest exotel_rest; /* `settings` is struct exotel_rest_options */

/* Out of the query of a question about a call: the name that we gave it when we asked for it; NULL: none. */
const char *exotel_named(const struct http_pairs *query);

/* "2026-05-01 10:00:00" where the clock is `zone_min` ahead, as ms since 1970; 0: it is none, or NULL. */
uint64_t exotel_date_ms(const char *text, int zone_min);

#endif
