/* Who is asking: reads "Authorization: Bearer", verifies the token, keeps it with the request. For every plane's HTTP server.
 *
 * bearer_authorise is an http_settings.authorise. A request to a path below "/internal/" must carry a token for `policy_inside`
 * and be one of our services; every other one a token for `policy`. What does not hold is answered: 401, 403, or 503 while keys are
 * being fetched. The token lives with the request; handlers ask for it by bearer_token and see to roles and tenant themselves.
 * One loop's thread. Never logs a token.
 */
#ifndef BASE_BEARER_H
#define BASE_BEARER_H

#include <stdbool.h>

#include "base/http_server.h"
#include "base/jws.h"

struct bearer {
	struct jwks *keys;                      /* borrowed, all of these */
	struct jwks *keys_inside;               /* of our services, when people's tokens are somebody else's; NULL: `keys` */
	const struct jws_policy *policy;
	const struct jws_policy *policy_inside;
	struct jws_now (*now)(void *arg);
	void *arg;
};

bool bearer_authorise(struct http_request *r, void *bearer);

/* Of a request that was let in; NULL for others. Borrowed until the request ends. */
const struct jws_token *bearer_token(const struct http_request *r);

#endif
