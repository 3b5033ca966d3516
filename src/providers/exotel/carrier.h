/* Exotel as a carrier: it asks by GET where the sound is to go and, behind the socket, whether the call goes on; it tells by POST how a leg has
 * come along. Facts: shared notes on Exotel, sections 3, 5 and 7.
 *
 * Nothing of Exotel's is signed. What stands for it is a secret of the tenant, `exotel.webhook_key`, which the operator writes into each address:
 * as `key` in its query, or as the password of https://NAME:PASSWORD@host. Compared in constant time. The account, which Exotel does not name,
 * is written there too (`account`), where a number's route wants one. Pure, any thread.
 */
#ifndef PROVIDERS_EXOTEL_CARRIER_H
#define PROVIDERS_EXOTEL_CARRIER_H

#include "providers/carrier.h"

extern const struct carrier exotel_carrier;

/* A call's id or an account's name: what is plain enough to be one. NULL is none; false: `out` is "". */
bool exotel_take_id(const char *text, char out[CARRIER_ID_MAX]);

/* Appends the address of a socket: where it is, the rate, and the token. */
void exotel_stream_url(struct buf *out, const struct carrier_offer *offer);

/* Our number as routes have it: India's without their country ("080…", "80…", "9180…") get it, others stay as they are. Too long: "". */
void exotel_number_put(const char *text, char out[CARRIER_NUMBER_MAX]);

#endif
