/* The built-in issuer: makes keys, publishes them, signs short-lived tokens of Keycloak's shape.
 *
 * Its folder (mode 0700) holds keys.json (mode 0600: private keys; refused when others may read it) and service-NAME.json, the key of
 * each plane. All of it is made at the first start. Rotation: a new key signs at once (verifiers fetch a key they do not know), the
 * old one stays published until the last token it signed has expired. Changes are made under the folder's lock and synced before they
 * are used; another program's change is seen by identity_tick.
 * Sign-in links are kept in memory, as hashes: they do not survive a restart, which prints a new one.
 * One thread. Opening, rotating and ticking block (a key takes a tenth of a second to make).
 */
#ifndef CONTROL_IDENTITY_H
#define CONTROL_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/jws.h"
#include "base/options.h"

enum { IDENTITY_LINK_MAX = 44, IDENTITY_LINKS_MAX = 16 };

struct identity_settings {
	int64_t token_s;     /* a token's life */
	int64_t session_s;   /* from sign-in to the last renewal */
	int64_t link_s;      /* a sign-in link's life */
	int64_t rotate_days; /* a key's time of signing */
};

extern const struct option identity_options[]; /* bound to struct identity_settings */

struct identity;

/* `policy` (issuer, audience, tenant claim) and its texts outlive the identity. */
enum err identity_open(struct identity **ip, const char *folder, const struct jws_policy *policy, const struct identity_settings *settings, int64_t now_s,
	struct err_detail *detail) MUST_USE;
void identity_close(struct identity **ip);

/* Whether identity_open would take the keys that lie in the folder. Nothing is made, locked or changed; ERR_NOTFOUND: there are none yet. */
enum err identity_look(const char *folder, struct err_detail *detail) MUST_USE;

/* Appends the key set as JSON: what is served as JWKS, and what jwks_load takes. */
enum err identity_jwks(const struct identity *i, struct buf *out) MUST_USE;
const char *identity_key_id(const struct identity *i); /* of the key that signs */

/* Appends a token for `who` (subject, name, tenant, roles, session, signed_in_s are used; a session is made when there is none).
 * `ttl_s` 0: token_s; never more than the policy allows. ERR_LIMIT: too much in it. */
enum err identity_token(const struct identity *i, const struct jws_claims *who, int64_t ttl_s, int64_t now_s, struct buf *out) MUST_USE;

/* A new token for somebody whose token is good still; ERR_DENIED when the session is over, or it is a service's. */
enum err identity_renew(const struct identity *i, const struct jws_token *token, int64_t now_s, struct buf *out) MUST_USE;

/* The public part of that plane's key is published; its file is made when it is not there. `service`: a-z and '-'. */
enum err identity_service(struct identity *i, const char *service, int64_t now_s, struct err_detail *detail) MUST_USE;

/* New keys now, the issuer's and the services'. */
enum err identity_rotate(struct identity *i, int64_t now_s, struct err_detail *detail) MUST_USE;

/* To be called every minute or so: sees what other programs changed, rotates when it is time, drops keys nobody needs. *changed: the
 * key set is another one. */
enum err identity_tick(struct identity *i, int64_t now_s, bool *changed, struct err_detail *detail) MUST_USE;

/* A link's secret part: 256 random bits, good once, for link_s. Of more than IDENTITY_LINKS_MAX the oldest goes. */
void identity_link_make(struct identity *i, const struct jws_claims *who, int64_t now_s, char out[IDENTITY_LINK_MAX]);

/* ERR_DENIED: there is none like it, it was used, or it is too old. Appends the token. */
enum err identity_link_use(struct identity *i, const char *link, int64_t now_s, struct buf *out) MUST_USE;

#endif
