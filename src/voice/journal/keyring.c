/* The keys of a keyring and who may have them: see keyring.h for the contract, keyring_state.h for the state.
 *
 * Makes, wraps, finds and erases keys, all in memory; keyring_file.c makes them durable. Refuses a key to whoever names another
 * tenant or call than it was made for, and a second key for an epoch. Any thread, under the lock. */
#include "voice/journal/keyring_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = 0xffffffff /* end of a chain */ };

void keyring_random(struct keyring *k, void *out, size_t len)
{
	if (k->options.random)
		k->options.random(k->options.random_arg, out, len);
	else
		randombytes_buf(out, len);
}

/* ---- entries ---- */

static size_t slot_of(const struct keyring *k, const struct id128 *id)
{
	uint64_t h = get_le64(id->bytes) ^ get_le64(id->bytes + 8) * 0x9e3779b97f4a7c15u;

	return (size_t)(h ^ h >> 29) & (k->slots - 1);
}

static void link_entry(struct keyring *k, uint32_t i)
{
	struct keyring_entry *e = &k->entries[i];
	uint32_t *key = &k->by_key[slot_of(k, &e->key)];
	uint32_t *call = &k->by_call[slot_of(k, &e->call)];

	e->next_key = *key;
	*key = i;
	e->next_call = *call;
	*call = i;
}

static void relink(struct keyring *k)
{
	size_t i;

	memset(k->by_key, 0xff, k->slots * sizeof(*k->by_key));
	memset(k->by_call, 0xff, k->slots * sizeof(*k->by_call));
	for (i = 0; i < k->count; i++)
		link_entry(k, (uint32_t)i);
}

static enum err grow(struct keyring *k)
{
	size_t cap = k->cap ? k->cap * 2 : 64;
	struct keyring_entry *entries;
	uint32_t *by_key, *by_call;

	if (k->count >= k->max)
		return ERR_LIMIT;
	entries = realloc(k->entries, cap * sizeof(*entries));
	if (!entries)
		return ERR_NOMEM;
	k->entries = entries;
	by_key = malloc(cap * sizeof(*by_key));
	by_call = malloc(cap * sizeof(*by_call));
	if (!by_key || !by_call) {
		free(by_key);
		free(by_call);
		return ERR_NOMEM;
	}
	free(k->by_key);
	free(k->by_call);
	k->by_key = by_key;
	k->by_call = by_call;
	k->cap = k->slots = cap;
	relink(k);
	return ERR_NONE;
}

enum err keyring_entry_add(struct keyring *k, const struct keyring_entry *e)
{
	enum err err = k->count == k->cap || k->count >= k->max ? grow(k) : ERR_NONE;

	if (err)
		return err;
	k->entries[k->count] = *e;
	link_entry(k, (uint32_t)k->count++);
	return ERR_NONE;
}

/* Entries of a tenant have a zero call: they are found by it. */
static struct keyring_entry *find_of_call(struct keyring *k, const struct id128 *tenant, const struct id128 *call, uint8_t type)
{
	uint32_t i = k->slots ? k->by_call[slot_of(k, call)] : NONE;

	for (; i != NONE; i = k->entries[i].next_call) {
		struct keyring_entry *e = &k->entries[i];

		if (e->type == type && id128_equal(&e->call, call) && (!tenant || id128_equal(&e->tenant, tenant)))
			return e;
	}
	return NULL;
}

static const struct id128 no_call;

static bool erased(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	return find_of_call(k, tenant, call, ENTRY_ERASED_CALL) || find_of_call(k, tenant, &no_call, ENTRY_ERASED_TENANT);
}

/* ---- wrapping ---- */

static void wrap(struct keyring *k, struct keyring_entry *e, const uint8_t *key, const uint8_t *by)
{
	uint8_t bytes[KEYRING_RECORD_BYTES];

	keyring_random(k, e->nonce, sizeof(e->nonce));
	keyring_entry_encode(bytes, e);
	crypto_aead_xchacha20poly1305_ietf_encrypt(e->wrapped, NULL, key, JOURNAL_KEY_BYTES, bytes, KEYRING_BOUND_BYTES, NULL, e->nonce, by);
}

static enum err unwrap(const struct keyring_entry *e, uint8_t *key, const uint8_t *by)
{
	uint8_t bytes[KEYRING_RECORD_BYTES];

	keyring_entry_encode(bytes, e);
	return crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, e->wrapped, KEYRING_WRAPPED_BYTES, bytes, KEYRING_BOUND_BYTES, e->nonce,
		       by)
		? ERR_CORRUPT
		: ERR_NONE;
}

/* ---- keys ---- */

/* The tenant's key into secrets->tenant; made when it is new. */
static enum err tenant_key(struct keyring *k, const struct id128 *tenant, bool may_make)
{
	struct keyring_entry *found = find_of_call(k, tenant, &no_call, ENTRY_TENANT);
	struct keyring_entry e = { .type = ENTRY_TENANT, .tenant = *tenant };

	if (found)
		return unwrap(found, k->secrets->tenant, k->secrets->master);
	if (!may_make)
		return ERR_NOTFOUND;
	keyring_random(k, e.key.bytes, sizeof(e.key.bytes));
	keyring_random(k, k->secrets->tenant, JOURNAL_KEY_BYTES);
	wrap(k, &e, k->secrets->tenant, k->secrets->master);
	return keyring_entry_add(k, &e);
}

static uint32_t highest_epoch(struct keyring *k, const struct id128 *call)
{
	uint32_t i = k->slots ? k->by_call[slot_of(k, call)] : NONE;
	uint32_t epoch = 0;

	for (; i != NONE; i = k->entries[i].next_call)
		if (k->entries[i].type == ENTRY_CALL && id128_equal(&k->entries[i].call, call) && k->entries[i].epoch > epoch)
			epoch = k->entries[i].epoch;
	return epoch;
}

static enum err add_locked(struct keyring *k, struct keyring_entry *e, uint8_t key[JOURNAL_KEY_BYTES])
{
	enum err err;

	if (erased(k, &e->tenant, &e->call))
		return ERR_DENIED;
	if (e->epoch <= highest_epoch(k, &e->call))
		return ERR_EXISTS;
	err = tenant_key(k, &e->tenant, true);
	if (!err) {
		keyring_random(k, e->key.bytes, sizeof(e->key.bytes));
		keyring_random(k, key, JOURNAL_KEY_BYTES);
		wrap(k, e, key, k->secrets->tenant);
		err = keyring_entry_add(k, e);
		k->waiting += !err;
	}
	sodium_memzero(k->secrets->tenant, JOURNAL_KEY_BYTES);
	return err;
}

enum err keyring_add(struct keyring *k, const struct id128 *tenant, const struct id128 *call, uint32_t epoch,
	struct id128 *key_id, uint8_t key[JOURNAL_KEY_BYTES])
{
	struct keyring_entry e = { .type = ENTRY_CALL, .epoch = epoch, .tenant = *tenant, .call = *call };
	enum err err;

	assert(epoch && !id128_is_zero(call) && !id128_is_zero(tenant) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = add_locked(k, &e, key);
	pthread_mutex_unlock(&k->lock);
	*key_id = e.key;
	return err;
}

static enum err find_locked(struct keyring *k, const struct id128 *tenant, const struct id128 *call,
	const struct id128 *key_id, uint8_t key[JOURNAL_KEY_BYTES])
{
	uint32_t i = k->slots ? k->by_key[slot_of(k, key_id)] : NONE;
	struct keyring_entry *e;
	enum err err;

	while (i != NONE && !(k->entries[i].type == ENTRY_CALL && id128_equal(&k->entries[i].key, key_id)))
		i = k->entries[i].next_key;
	if (i == NONE)
		return erased(k, tenant, call) ? ERR_DENIED : ERR_NOTFOUND;
	e = &k->entries[i];
	if (!id128_equal(&e->tenant, tenant) || !id128_equal(&e->call, call))
		return ERR_CORRUPT;
	if (id128_equal(&k->secrets->recent_id, key_id)) {
		memcpy(key, k->secrets->recent, JOURNAL_KEY_BYTES);
		return ERR_NONE;
	}
	err = tenant_key(k, tenant, false);
	if (!err)
		err = unwrap(e, key, k->secrets->tenant);
	sodium_memzero(k->secrets->tenant, JOURNAL_KEY_BYTES);
	if (!err) {
		memcpy(k->secrets->recent, key, JOURNAL_KEY_BYTES);
		k->secrets->recent_id = *key_id;
	}
	return err;
}

enum err keyring_find(struct keyring *k, const struct id128 *tenant, const struct id128 *call, const struct id128 *key_id,
	uint8_t key[JOURNAL_KEY_BYTES])
{
	enum err err;

	pthread_mutex_lock(&k->lock);
	err = find_locked(k, tenant, call, key_id, key);
	pthread_mutex_unlock(&k->lock);
	return err;
}

uint32_t keyring_epoch(struct keyring *k, const struct id128 *call)
{
	uint32_t epoch;

	pthread_mutex_lock(&k->lock);
	epoch = highest_epoch(k, call);
	pthread_mutex_unlock(&k->lock);
	return epoch;
}

/* Leaves the tombstone, drops every key of the call (or, with a zero call, of the tenant). */
static enum err erase(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	bool whole = id128_is_zero(call);
	struct keyring_entry tombstone = { .type = whole ? ENTRY_ERASED_TENANT : ENTRY_ERASED_CALL, .tenant = *tenant, .call = *call };
	size_t kept = 0;
	size_t i;

	sodium_memzero(&k->secrets->recent_id, sizeof(k->secrets->recent_id));
	sodium_memzero(k->secrets->recent, JOURNAL_KEY_BYTES);
	for (i = 0; i < k->count; i++) {
		struct keyring_entry *e = &k->entries[i];
		bool goes = id128_equal(&e->tenant, tenant) &&
			(whole ? e->type != ENTRY_ERASED_TENANT : e->type == ENTRY_CALL && id128_equal(&e->call, call));

		if (goes && e->type == ENTRY_CALL && !e->durable)
			k->waiting--;
		if (!goes)
			k->entries[kept++] = *e;
	}
	if (k->cap)
		sodium_memzero(k->entries + kept, (k->count - kept) * sizeof(*k->entries));
	k->count = kept;
	k->rewrite = true;
	if (k->cap)
		relink(k);
	return find_of_call(k, tenant, call, tombstone.type) ? ERR_NONE : keyring_entry_add(k, &tombstone);
}

enum err keyring_erase_call(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	enum err err;

	assert(!id128_is_zero(call) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = erase(k, tenant, call);
	pthread_mutex_unlock(&k->lock);
	return err;
}

enum err keyring_erase_tenant(struct keyring *k, const struct id128 *tenant)
{
	enum err err;

	assert(!id128_is_zero(tenant) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = erase(k, tenant, &no_call);
	pthread_mutex_unlock(&k->lock);
	return err;
}

struct keyring_counts keyring_counts(struct keyring *k)
{
	struct keyring_counts c = { .damaged_bytes = k->damaged_bytes };
	size_t i;

	pthread_mutex_lock(&k->lock);
	c.waiting = k->waiting;
	c.dirty = k->rewrite || k->written < k->count;
	for (i = 0; i < k->count; i++) {
		c.calls += k->entries[i].type == ENTRY_CALL;
		c.tenants += k->entries[i].type == ENTRY_TENANT;
		c.erased += k->entries[i].type >= ENTRY_ERASED_CALL;
	}
	pthread_mutex_unlock(&k->lock);
	return c;
}

/* ---- in words ---- */

static void explain_lost(struct keyring *k, struct err_detail *detail)
{
	struct keyring_counts n = keyring_counts(k);

	snprintf(detail->where, sizeof(detail->where), "%.150s", k->path);
	snprintf(detail->hint, sizeof(detail->hint), "restore the keyring and its master key from a copy; without them nobody can open what they sealed");
	if (!n.calls && !n.tenants && !n.erased)
		snprintf(detail->message, sizeof(detail->message), "the keyring is gone, or empty");
	else if (n.damaged_bytes)
		snprintf(detail->message, sizeof(detail->message), "the keyring is damaged: %zu bytes of it do not hold", n.damaged_bytes);
	else
		snprintf(detail->message, sizeof(detail->message), "the keyring does not have the key: it was cut, or is of another time or folder");
}

void keyring_explain(struct keyring *k, enum err err, struct err_detail *detail)
{
	*detail = (struct err_detail){ .message = "" };
	if (err == ERR_DENIED)
		snprintf(detail->message, sizeof(detail->message), "the call was erased: its key is destroyed");
	else if (err == ERR_NOTFOUND && k)
		explain_lost(k, detail);
	else if (err == ERR_NOTFOUND)
		*detail = (struct err_detail){ .message = "there is no keyring here",
			.hint = "name a journal's folder; if it had one, restore it from a copy with its master key" };
	else
		*detail = (struct err_detail){ .message = "the call's seals do not hold", .hint = "callfunnel journal verify DIR says where" };
}
