/* Tokens: compact JWS, RS256 and nothing else, judged as outside bytes; and the keys that sign them.
 *
 * A token is good when everything holds: at most JWS_MAX_BYTES, three canonical base64url parts and no byte more, header and
 * payload JSON objects without a member twice, alg RS256, a key id of the key set, no key or address of a key in the header, no
 * `crit`, the signature, issuer, audience, issued, not before, expiry, subject, tenant. What went wrong is told in the detail,
 * never a part of the token. cjose does the arithmetic; every decision is ours.
 * `struct jws_token` is made by jws_verify alone: whoever holds one holds proof. A key set belongs to one thread; tokens are
 * constant and any thread reads them. Refuses HS256, none, PS256, encrypted tokens, keys under 2048 bits.
 */
#ifndef BASE_JWS_H
#define BASE_JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/options.h"

enum {
	JWS_MAX_BYTES = 8192,
	JWS_NAME_MAX = 256,  /* issuer, subject; NUL included */
	JWS_KEY_ID_MAX = 128,
	JWS_TENANT_MAX = 64,
	JWS_ROLE_MAX = 64,
	JWS_ROLES_MAX = 32,
	JWS_SERVICE_MAX = 32,
	JWKS_MAX_BYTES = 64 * 1024,
	JWKS_KEYS_MAX = 32
};

/* What a verifier insists on; texts are borrowed. */
struct jws_policy {
	const char *issuer;
	const char *audience;
	const char *tenant_claim; /* "tenant"; a string, or a list of exactly one */
	const char *roles_claims; /* paths with a blank between: "realm_access.roles resource_access.callfunnel.roles" */
	int64_t skew_s;           /* clocks may differ by this */
	int64_t lifetime_max_s;   /* from iat to exp; a longer one is refused */
};

extern const struct option jws_options[]; /* bound to struct jws_policy */

/* Both clocks: claims are judged by the wall, the age of keys by the monotonic clock. */
struct jws_now {
	int64_t wall_s;
	uint64_t mono_us;
};

struct jws_claims {
	char issuer[JWS_NAME_MAX];
	char subject[JWS_NAME_MAX];
	char name[JWS_NAME_MAX];        /* preferred_username, or "" */
	char tenant[JWS_TENANT_MAX];    /* "" when it names none */
	char service[JWS_SERVICE_MAX];  /* "voice" when that service signed it with its own key, else "" */
	char session[JWS_KEY_ID_MAX];   /* sid, or "" */
	char key_id[JWS_KEY_ID_MAX];
	char roles[JWS_ROLES_MAX][JWS_ROLE_MAX];
	size_t role_count;
	int64_t issued_s, expires_s;
	int64_t signed_in_s;            /* auth_time, or issued_s */
};

/* ---- the key set ---- */

struct jwks;

/* Start fetching the key set; the answer goes to jwks_load or jwks_failed, from inside or later. */
typedef void jwks_fetch_h(void *arg);

/* An empty set. It asks for keys (fetch may be NULL: never) when it has none, when they are older than five minutes, or when a
 * token names one it does not know; at most once a minute. Keys serve for 24 hours after they were loaded, then every token is
 * refused until they come again (F25). */
enum err jwks_new(struct jwks **kp, jwks_fetch_h *fetch, void *arg) MUST_USE;
void jwks_free(struct jwks **kp);

/* Takes the place of all keys. A set that is none (no JSON, a usable key twice, no usable key) leaves the old ones as they are:
 * ERR_FORMAT, ERR_LIMIT. Keys for encryption, other algorithms and short ones are stepped over. */
enum err jwks_load(struct jwks *k, const void *json, size_t len, uint64_t mono_us, struct err_detail *detail) MUST_USE;

/* The fetch came to nothing; the next one waits for its minute. */
void jwks_failed(struct jwks *k);

size_t jwks_count(const struct jwks *k);

/* ---- verifying ---- */

struct jws_token;

/* ERR_LIMIT, ERR_FORMAT: it is no token; ERR_DENIED: it is not good; ERR_BUSY: its key is not known and a fetch is under way, try
 * again when that is over; ERR_UNAVAILABLE: there are no keys that may be trusted; ERR_NOMEM. */
enum err jws_verify(struct jws_token **tp, struct jwks *k, const struct jws_policy *policy, const char *compact, size_t len,
	const struct jws_now *now, struct err_detail *detail) MUST_USE;
void jws_token_free(struct jws_token **tp); /* NULL-safe */
const struct jws_claims *jws_token_claims(const struct jws_token *t);

/* The judgement of the parts, without a signature: for the fuzzer and `callfunnel parse`. Gives claims, which prove nothing. */
enum err jws_read_header(const void *json, size_t len, char key_id[JWS_KEY_ID_MAX], struct err_detail *detail) MUST_USE;
enum err jws_read_payload(struct jws_claims *c, const struct jws_policy *policy, const void *json, size_t len, int64_t wall_s,
	struct err_detail *detail) MUST_USE;

/* ---- signing ---- */

struct jws_key;

/* A new RSA-2048 key; takes a tenth of a second or more. Its id is its thumbprint (RFC 7638). */
enum err jws_key_make(struct jws_key **kp) MUST_USE;

/* Where several are needed at once (a first start): begins to make them, each on a thread, and the next calls of jws_key_make take them. Those
 * that nobody took are dropped by a count of 0, which waits for them. One thread; at most JWS_AHEAD_MAX. */
enum { JWS_AHEAD_MAX = 4 };
void jws_keys_ahead(unsigned int count);

/* The private JWK as jws_key_save wrote it. ERR_FORMAT. */
enum err jws_key_load(struct jws_key **kp, const void *json, size_t len) MUST_USE;
void jws_key_free(struct jws_key **kp);
const char *jws_key_id(const struct jws_key *k);

/* Appends the private JWK: whoever has these bytes can sign. The caller wipes them. */
enum err jws_key_save(const struct jws_key *k, struct buf *out) MUST_USE;

/* Appends the public JWK. With `service` the key is that service's own: a verifier then takes from its tokens the subject
 * "service-account-NAME" and the role "service", and nothing else. */
enum err jws_key_public(const struct jws_key *k, const char *service, struct buf *out) MUST_USE;

/* Appends the compact token over `payload` (JSON). ERR_LIMIT when it would be too long to be verified. */
enum err jws_sign(const struct jws_key *k, const char *payload, size_t len, struct buf *out) MUST_USE;

#endif
