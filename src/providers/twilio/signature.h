/* X-Twilio-Signature: what is signed, made and judged. Facts: shared notes, section 4.
 *
 * Signed is the URL that Twilio was told, then each form parameter's name and value, sorted by bytes, equal ones once. A body that is
 * no form is covered by its SHA-256 in the URL's query (bodySHA256). HMAC-SHA1 under the account's auth token; HMAC-SHA256 under a key
 * of its own when the settings header says so. The URL is tried as Twilio may have written it: with and without its port. Compared in
 * constant time. Pure, any thread.
 */
#ifndef PROVIDERS_TWILIO_SIGNATURE_H
#define PROVIDERS_TWILIO_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/http_head.h"
#include "providers/carrier.h"

enum { TWILIO_SIGNATURE_MAX = 45, TWILIO_URL_MAX = 9000 };

enum twilio_hash { TWILIO_SHA1, TWILIO_SHA256, TWILIO_HASH_UNKNOWN };

/* Of the header X-Twilio-Webhooks-Signature-Settings; NULL is TWILIO_SHA1. */
enum twilio_hash twilio_hash_of(const char *settings);

/* The signature over exactly this URL. `form` may be NULL. ERR_NOMEM. */
enum err twilio_sign(enum twilio_hash hash, const char *url, const struct http_pairs *form, const char *key, size_t key_len,
	char out[TWILIO_SIGNATURE_MAX]) MUST_USE;

/* False for whatever does not hold, a missing signature and no memory too. */
bool twilio_is_signed(const struct carrier_webhook *w, const char *key, size_t key_len);

#endif
