/* Secrets of one tenant in one piece of locked memory, counted. What a store of secrets keeps (data/secrets.h), and a worker (voice/worker/provider_keys.h).
 *
 * Names: 1 to 63 of a-z 0-9 _ - and '.'; values: 1 to 8192 bytes.
 * A block is constant once it is shared. Its bytes are the plain form that gets sealed: for each secret a byte with the length of the
 * name, the name, NUL, two bytes with the length of the value (little endian), the value, NUL. Counting is for any thread.
 */
#ifndef BASE_SECRET_BLOCK_H
#define BASE_SECRET_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	SECRET_NAME_MAX = 64, /* NUL included */
	SECRET_MAX_BYTES = 8192,
	SECRETS_PER_TENANT_MAX = 64,
	SECRET_BLOCK_MAX_BYTES = 256 * 1024
};

struct secret_block;

/* One secret, one owner. */
struct secret {
	const char *value; /* a NUL stands behind it */
	size_t len;
	struct secret_block *block;
};

struct secret_names {
	char names[SECRETS_PER_TENANT_MAX][SECRET_NAME_MAX];
	size_t count;
};

void secret_release(struct secret *secret); /* any thread; empty is fine */

bool secret_name_ok(const char *name);

/* A block with room for `len` plain bytes, to be filled and then checked. */
enum err secret_block_new(struct secret_block **bp, size_t len) MUST_USE;
uint8_t *secret_block_bytes(struct secret_block *b);
size_t secret_block_len(const struct secret_block *b);

/* Whether the bytes are secrets, as above. ERR_CORRUPT. */
enum err secret_block_check(const struct secret_block *b) MUST_USE;

/* A block like this one (NULL: empty), with `name` set to the value, or without it when `value` is NULL. ERR_NOTFOUND: it was not
 * there to be removed; ERR_LIMIT. */
enum err secret_block_with(struct secret_block **bp, const struct secret_block *old, const char *name, const void *value, size_t len) MUST_USE;

/* ERR_NOTFOUND. The secret is an owner of the block. */
enum err secret_block_find(struct secret_block *b, const char *name, struct secret *secret) MUST_USE;

/* Borrowed from the block, with a NUL behind it; NULL: it has none of that name. */
const char *secret_block_value(const struct secret_block *b, const char *name);
void secret_block_names(const struct secret_block *b, struct secret_names *names);

struct secret_block *secret_block_share(struct secret_block *b);
void secret_block_drop(struct secret_block **bp); /* NULL-safe; wipes with the last owner */

#endif
