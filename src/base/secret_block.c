#include "base/secret_block.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

bool secret_name_ok(const char *name)
{
	size_t len = strnlen(name, SECRET_NAME_MAX);

	return len && len < SECRET_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

struct secret_block {
	atomic_uint owners;
	size_t len;
	uint8_t bytes[];
};

enum err secret_block_new(struct secret_block **bp, size_t len)
{
	struct secret_block *b;

	*bp = NULL;
	if (len > SECRET_BLOCK_MAX_BYTES)
		return ERR_LIMIT;
	/* A multiple of eight, so that the struct is aligned: sodium puts the end of it at a guarded page. */
	b = sodium_malloc((sizeof(*b) + len + 7) & ~(size_t)7);
	if (!b)
		return ERR_NOMEM;
	atomic_init(&b->owners, 1);
	b->len = len;
	*bp = b;
	return ERR_NONE;
}

uint8_t *secret_block_bytes(struct secret_block *b)
{
	return b->bytes;
}

size_t secret_block_len(const struct secret_block *b)
{
	return b->len;
}

struct secret_block *secret_block_share(struct secret_block *b)
{
	atomic_fetch_add(&b->owners, 1);
	return b;
}

void secret_block_drop(struct secret_block **bp)
{
	struct secret_block *b = *bp;

	*bp = NULL;
	if (b && atomic_fetch_sub(&b->owners, 1) == 1)
		sodium_free(b); /* wipes */
}

void secret_release(struct secret *secret)
{
	secret_block_drop(&secret->block);
	*secret = (struct secret){ .value = NULL };
}

/* One secret of a block; `next` is where the one behind it begins. */
struct item {
	const char *name, *value;
	size_t len, next;
};

static bool item_at(const struct secret_block *b, size_t at, struct item *item)
{
	size_t name_len, left = b->len - at;
	const uint8_t *p = b->bytes + at;

	if (left < 4 || (name_len = p[0]) >= SECRET_NAME_MAX || left < name_len + 4 || p[1 + name_len])
		return false;
	item->name = (const char *)p + 1;
	p += name_len + 2;
	item->len = (size_t)(p[0] | p[1] << 8);
	item->value = (const char *)p + 2;
	item->next = at + name_len + 4 + item->len + 1;
	return item->next <= b->len && !item->value[item->len] && item->len && item->len <= SECRET_MAX_BYTES && secret_name_ok(item->name) &&
		strlen(item->name) == name_len;
}

enum err secret_block_check(const struct secret_block *b)
{
	struct item item;
	size_t at, count = 0;

	for (at = 0; at < b->len; at = item.next)
		if (++count > SECRETS_PER_TENANT_MAX || !item_at(b, at, &item))
			return ERR_CORRUPT;
	return ERR_NONE;
}

static bool find(const struct secret_block *b, const char *name, size_t *at, struct item *item)
{
	size_t next;

	for (*at = 0; *at < b->len; *at = next) {
		bool good = item_at(b, *at, item);

		assert(good); /* it was checked */
		if (!strcmp(item->name, name))
			return true;
		next = item->next;
	}
	return false;
}

enum err secret_block_find(struct secret_block *b, const char *name, struct secret *secret)
{
	struct item item;
	size_t at;

	*secret = (struct secret){ .value = NULL };
	if (!find(b, name, &at, &item))
		return ERR_NOTFOUND;
	*secret = (struct secret){ .value = item.value, .len = item.len, .block = secret_block_share(b) };
	return ERR_NONE;
}

const char *secret_block_value(const struct secret_block *b, const char *name)
{
	struct item item;
	size_t at;

	return find(b, name, &at, &item) ? item.value : NULL;
}

void secret_block_names(const struct secret_block *b, struct secret_names *names)
{
	struct item item;

	names->count = 0;
	for (size_t at = 0; at < b->len && item_at(b, at, &item); at = item.next)
		snprintf(names->names[names->count++], SECRET_NAME_MAX, "%s", item.name);
}

static size_t count_of(const struct secret_block *b)
{
	struct item item;
	size_t count = 0;

	for (size_t at = 0; b && at < b->len && item_at(b, at, &item); at = item.next)
		count++;
	return count;
}

static void put_item(uint8_t *p, const char *name, const void *value, size_t len)
{
	size_t name_len = strlen(name);

	*p++ = (uint8_t)name_len;
	memcpy(p, name, name_len + 1);
	p += name_len + 1;
	*p++ = (uint8_t)len;
	*p++ = (uint8_t)(len >> 8);
	memcpy(p, value, len);
	p[len] = 0;
}

enum err secret_block_with(struct secret_block **bp, const struct secret_block *old, const char *name, const void *value, size_t len)
{
	size_t old_len = old ? old->len : 0, from = old_len, to = old_len, added = value ? strlen(name) + len + 5 : 0;
	struct item item;
	bool there = old && find(old, name, &from, &item);
	enum err err;

	*bp = NULL;
	if (!there && !value)
		return ERR_NOTFOUND;
	if (!there && count_of(old) == SECRETS_PER_TENANT_MAX)
		return ERR_LIMIT;
	if (there)
		to = item.next;
	err = secret_block_new(bp, old_len - (to - from) + added);
	if (err)
		return err;
	if (old) {
		memcpy((*bp)->bytes, old->bytes, from);
		memcpy((*bp)->bytes + from, old->bytes + to, old_len - to);
	}
	if (value)
		put_item((*bp)->bytes + old_len - (to - from), name, value, len);
	return ERR_NONE;
}
