/* Whose word a process takes, and by which key it speaks for itself.
 *
 * Three policies of one configuration differ in their audience: people's (identity.audience), this plane's for the others' assertions, and that of
 * whom it asks. The planes' own keys come from the identity in this process or from the address of whoever has it; people's from there too,
 * or, where identity.keys_url is set, from their issuer. Loop thread; the bearer is for http_settings.authorise.
 */
#ifndef CLI_PLANE_KEYS_H
#define CLI_PLANE_KEYS_H

#include <uv.h>

#include "base/bearer.h"
#include "base/jwks_fetch.h"
#include "base/service_key.h"
#include "cli/cli.h"
#include "control/identity.h"

struct plane_keys {
	struct jws_policy people, inside, peer;
	struct bearer bearer;
	struct service_key *key; /* NULL: it never asks others */
	struct jwks *own;
	struct jwks_fetch *fetch, *outside;
};

struct plane_keys_settings {
	struct cli *cli;
	uv_loop_t *loop;
	const char *plane;         /* "conductor": its audience, its key, its log lines */
	const char *peer;          /* the audience it asks for: "voice"; NULL: it asks nobody */
	const char *folder;        /* DATA/identity */
	struct identity *identity; /* in this process, or NULL and: */
	const char *keys_base;     /* "http://127.0.0.1:8080": whoever publishes the planes' keys */
};

/* CLI_FINE, or what cli_fail returned; to be ended either way. */
int plane_keys_begin(struct plane_keys *k, const struct plane_keys_settings *settings) MUST_USE;

/* To be called every minute or so: the identity's keys as they are now, and this plane's own. */
void plane_keys_refresh(struct plane_keys *k, struct identity *identity);

/* A person's way in: all of the tenant, and what was truly said. */
void plane_keys_link(struct identity *identity, const char *tenant, char link[IDENTITY_LINK_MAX]);

/* Its handles close in the loop's next turns. Zeroed is fine. */
void plane_keys_end(struct plane_keys *k);

#endif
