/* What is the same for every store of secrets: names, limits, and the counted blocks. See secrets.h, secret_block.h. */
#include "data/secrets.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "data/secret_block.h"

const struct option secrets_options[] = {
	{ .name = "secrets.master_key_file", .type = OPTION_TEXT, .max = 511, .text = "",
		.help = "The 32 bytes that seal secrets; empty: systemd's credential callfunnel.master_key, else master.key beside the secrets.",
		.offset = offsetof(struct secrets_settings, master_key_file) },
	{ .name = "secrets.cache_s", .type = OPTION_INT, .min = 0, .max = SECRETS_CACHE_MAX_S, .value = SECRETS_CACHE_MAX_S, .unit = "s",
		.help = "A tenant's secrets stay in memory this long when their store cannot be read.", .offset = offsetof(struct secrets_settings, cache_s) },
	{ .name = NULL },
};

bool secret_name_ok(const char *name)
{
	size_t len = strnlen(name, SECRET_NAME_MAX);

	return len && len < SECRET_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static enum err refuse(struct job **slot, enum err err)
{
	if (slot)
		*slot = NULL;
	return err;
}

void secrets_close(struct secrets **sp)
{
	struct secrets *s = *sp;

	*sp = NULL;
	if (s)
		s->backend->close(s);
}

static enum err get(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, secrets_got_h *h, void *arg)
{
	assert(h);
	return secret_name_ok(name) ? s->backend->get(s, slot, id, name, h, arg) : refuse(slot, ERR_USAGE);
}

enum err secrets_get(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_got_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	tenant_id(t, id);
	return get(s, slot, id, name, h, arg);
}

enum err secrets_get_claimed(struct secrets *s, struct job **slot, const struct tenant_claim *c, const char *name, secrets_got_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	tenant_claim_id(c, id);
	return get(s, slot, id, name, h, arg);
}

static enum err set(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, const void *value, size_t len, secrets_stored_h *h,
	void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	assert(h);
	tenant_id(t, id);
	return secret_name_ok(name) ? s->backend->set(s, slot, id, name, value, len, h, arg) : refuse(slot, ERR_USAGE);
}

enum err secrets_set(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, const void *value, size_t len, secrets_stored_h *h,
	void *arg)
{
	if (!len)
		return refuse(slot, ERR_USAGE);
	return len > SECRET_MAX_BYTES ? refuse(slot, ERR_LIMIT) : set(s, slot, t, name, value, len, h, arg);
}

enum err secrets_remove(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_stored_h *h, void *arg)
{
	return set(s, slot, t, name, NULL, 0, h, arg);
}

enum err secrets_list(struct secrets *s, struct job **slot, const struct tenant *t, secrets_listed_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	assert(h);
	tenant_id(t, id);
	return s->backend->list(s, slot, id, h, arg);
}

/* ---- blocks ---- */

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
