/* All secrets of one tenant in one piece of locked memory, counted. What a backend of secrets.h is made of.
 *
 * A block is constant once it is shared. Its bytes are the plain form that gets sealed: for each secret a byte with the length of the
 * name, the name, NUL, two bytes with the length of the value (little endian), the value, NUL. Counting is for any thread.
 */
#ifndef DATA_SECRET_BLOCK_H
#define DATA_SECRET_BLOCK_H

#include "data/secrets.h"

enum { SECRET_BLOCK_MAX_BYTES = 256 * 1024 };

struct secret_block;

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
void secret_block_names(const struct secret_block *b, struct secret_names *names);

struct secret_block *secret_block_share(struct secret_block *b);
void secret_block_drop(struct secret_block **bp); /* NULL-safe; wipes with the last owner */

#endif
