/* A key set that fetches itself: the issuer's public keys from its address (`identity.keys_url`), for verifiers of any plane.
 *
 * When to ask is the key set's own rule (jws.h: at most once a minute, keys serve for a day); here it is done: one GET, at most
 * JWKS_MAX_BYTES, eight seconds, certificates verified, redirects not followed. What is no key set leaves the old one. One loop, its
 * thread. The answer's address is the operator's word: nothing of a token chooses where to ask.
 */
#ifndef BASE_JWKS_FETCH_H
#define BASE_JWKS_FETCH_H

#include <uv.h>

#include "base/jws.h"
#include "base/options.h"

struct jwks_fetch;

struct jwks_fetch_settings {
	const char *url;     /* "https://…"; "" is refused: there is nobody to ask */
	const char *ca_file; /* "" : the system's */
};

extern const struct option jwks_fetch_options[]; /* bound to struct jwks_fetch_settings */

/* After every fetch: ERR_NONE, there are new keys; otherwise what it came to. Those who were told ERR_BUSY by
 * jws_verify may ask again now. */
typedef void jwks_fetched_h(void *arg, enum err err);

/* Begins with a fetch, so that the first request need not wait. `plane` is for the log and borrowed; `fetched` may be NULL; settings are
 * copied. ERR_USAGE: the URL; ERR_UNAVAILABLE: the CA file; ERR_NOMEM. */
enum err jwks_fetch_open(struct jwks_fetch **fp, uv_loop_t *loop, const char *plane, const struct jwks_fetch_settings *settings,
	jwks_fetched_h *fetched, void *arg, struct err_detail *detail) MUST_USE;

/* Its handles close in the loop's next turns. NULL-safe. */
void jwks_fetch_close(struct jwks_fetch **fp);

/* For jws_verify, with jws_now.mono_us of jwks_fetch_mono_us. Borrowed. */
struct jwks *jwks_fetch_keys(struct jwks_fetch *f);
uint64_t jwks_fetch_mono_us(void);

#endif
