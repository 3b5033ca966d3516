/* Secrets of tenants: a vendor's key, a carrier's token. Kept sealed, handed out in locked memory, never printed.
 *
 * All secrets of a tenant are one block in locked memory, counted: the store keeps it while it is fresh, whoever got a secret keeps
 * it until secret_release; with the last owner it is wiped. The store opens a block again when what it lies in has changed, and lets
 * it go after at most an hour (F26); what it cannot read again it serves out of the block for that hour, and a tenant it has no
 * block of is refused. Asynchronous as jobs.h says. Names and values are those of secret_block.h.
 */
#ifndef DATA_SECRETS_H
#define DATA_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/jobs.h"
#include "base/options.h"
#include "base/secret_block.h"
#include "base/tenant.h"

enum { SECRETS_CACHE_MAX_S = 3600 };

/* On ERR_NONE the secret is yours until secret_release. ERR_NOTFOUND: the tenant has none of that name; ERR_CORRUPT, ERR_DENIED
 * (another master key sealed it), ERR_IO, ERR_TIMEOUT. */
typedef void secrets_got_h(void *arg, enum err err, struct secret secret);
typedef void secrets_stored_h(void *arg, enum err err);
typedef void secrets_listed_h(void *arg, enum err err, const struct secret_names *names);

struct secrets_backend;

struct secrets {
	const struct secrets_backend *backend;
};

/* `id` is the tenant's; the front makes it of a tenant or of a webhook's claim. A NULL value of set removes. */
struct secrets_backend {
	const char *name;
	void (*close)(struct secrets *s);
	enum err (*get)(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, secrets_got_h *h, void *arg);
	enum err (*set)(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, const void *value, size_t len, secrets_stored_h *h,
		void *arg);
	enum err (*list)(struct secrets *s, struct job **slot, const uint8_t *id, secrets_listed_h *h, void *arg);
};

struct secrets_settings {
	const char *master_key_file; /* "": $CREDENTIALS_DIRECTORY/callfunnel.master_key, else master.key in the store's folder */
	int64_t cache_s;
};

extern const struct option secrets_options[]; /* bound to struct secrets_settings */

/* A file a tenant in `folder` (made, with a new master key, when it is not there), sealed by libsodium under the master key: 32 bytes,
 * readable by its owner alone, or refused. A master key is never made beside sealed files. Blocks. */
enum err sealed_secrets_open(struct secrets **sp, uv_loop_t *loop, const char *folder, const struct secrets_settings *settings,
	struct err_detail *detail) MUST_USE;
void secrets_close(struct secrets **sp); /* NULL-safe; as documents_close */

/* Whether sealed_secrets_open would take the folder. Nothing is made, locked or changed; a folder or a key that is still to be made is fine. */
enum err sealed_secrets_look(const char *folder, const struct secrets_settings *settings, struct err_detail *detail) MUST_USE;

enum err secrets_get(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_got_h *h, void *arg) MUST_USE;

/* For a webhook whose signature is still to be checked: the one thing a claim opens. */
enum err secrets_get_claimed(struct secrets *s, struct job **slot, const struct tenant_claim *c, const char *name, secrets_got_h *h, void *arg) MUST_USE;

/* Stored is durable. ERR_LIMIT: too large or too many. The value is copied into locked memory. */
enum err secrets_set(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, const void *value, size_t len,
	secrets_stored_h *h, void *arg) MUST_USE;
enum err secrets_remove(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_stored_h *h, void *arg) MUST_USE;
enum err secrets_list(struct secrets *s, struct job **slot, const struct tenant *t, secrets_listed_h *h, void *arg) MUST_USE;

#endif
