/* Control's requests: the published keys, signing in by a link, the next token, new links (docs/identity.md).
 *
 *   GET  /.well-known/jwks.json   open
 *   POST /v1/sign-in              open: {"link"} → {"token", "expires_s", "name", "tenant", "roles"}; a link works once
 *   POST /v1/token/renew          a person's good token → the same
 *   POST /v1/sign-in-links        a tenant's admin: {"name", "roles"} → {"link", "expires_s"}; nobody gives what he does not have
 *
 * expires_s is from now on. One loop's thread. Verifies no tokens itself: `token` gives the one that was verified for a request. Never logs a link or a token.
 */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include <stdint.h>

#include "base/err.h"
#include "base/http_server.h"
#include "base/jws.h"
#include "control/identity.h"

#define CONTROL_JWKS_PATH "/.well-known/jwks.json"

struct control_api;
struct http_client;

struct control_api_settings {
	struct identity *identity;         /* borrowed, both */
	const struct jws_policy *policy;   /* that its tokens are judged by: to say what is in one that was just made */
	int64_t link_s;                    /* a link's life, for the answer */
	const struct jws_token *(*token)(const struct http_request *r);
	int64_t (*now_s)(void *arg);       /* since 1970 */
	void *arg;
	const char *url;                   /* where control is, when it is another process: all is passed on to it, and of the above nothing is used; */
	struct http_client *client;        /* borrowed, both. NULL: it is here */
};

/* ERR_NOMEM. */
enum err control_api_open(struct control_api **ap, const struct control_api_settings *settings) MUST_USE;
enum err control_api_mount(struct control_api *a, struct http_server *server) MUST_USE; /* ERR_LIMIT as http_server_mount */
void control_api_close(struct control_api **ap); /* behind http_server_close. NULL-safe */

#endif
