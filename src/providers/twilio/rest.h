/* Twilio's REST: what is asked of it for a call out, and what its answers and status webhooks mean. Facts: shared notes, sections 3, 5, 6 and 9.
 *
 * Forms in, JSON out, below BASE/2010-04-01/Accounts/SID. Whether a call may be asked for again hangs on one question: can Twilio have
 * carried it out? 429 says that it never looked at the request; other answers from 400 to 499 that it refused; everything else (5xx, a good
 * status with a body that is no call) leaves it open, and the leg has to be looked for. Twilio is never asked to record.
 * Pure, any thread; answers are outside bytes and judged as such.
 */
#ifndef PROVIDERS_TWILIO_REST_H
#define PROVIDERS_TWILIO_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "providers/carrier.h"

#define TWILIO_DEFAULT_URL "https://api.twilio.com"

extern const struct carrier_rest twilio_rest;

/* For struct carrier: a status callback. */
enum err twilio_hear(const struct carrier_webhook *w, struct carrier_leg *leg) MUST_USE;

/* CallStatus and what is spelt like it; LEG_ASKED: it says nothing. NULL is fine. */
enum leg_state twilio_leg_state(const char *status);

/* A SID, or what else is plain enough to be one. NULL is none. */
bool twilio_take_id(const char *text, char out[CARRIER_ID_MAX]);

/* "Tue, 31 Aug 2010 20:36:28 +0000", as ms since 1970; 0: it is none, or NULL. */
uint64_t twilio_date_ms(const char *text);

#endif
