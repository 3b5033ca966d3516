/* A plane's own key: signs short assertions by which planes know each other, also while the issuer is away.
 *
 * The built-in issuer makes the key file (control/identity.h) and publishes its public part under the service's name. An assertion
 * says subject "service-account-NAME" and may name a tenant. One thread at a time. Loading blocks.
 */
#ifndef BASE_SERVICE_KEY_H
#define BASE_SERVICE_KEY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct jws_policy;
struct tenant;
struct service_key;

enum { SERVICE_ASSERTION_S = 300 }; /* what one is good for */

/* `folder` is the issuer's; the file is folder/service-NAME.json, mode 0600. ERR_NOTFOUND, ERR_DENIED, ERR_FORMAT; the detail's hint says what to
 * do about a file that is damaged. */
enum err service_key_open(struct service_key **kp, const char *folder, const char *service, struct err_detail *detail) MUST_USE;
void service_key_close(struct service_key **kp);

/* Reads the file again: the issuer may have made a new key. On an error the old one stays. */
enum err service_key_reload(struct service_key *k, struct err_detail *detail) MUST_USE;

/* Appends an assertion for this policy's issuer and audience; `tenant` may be NULL. */
enum err service_key_assert(const struct service_key *k, const struct jws_policy *policy, const struct tenant *tenant, int64_t now_s,
	struct buf *out) MUST_USE;

#endif
