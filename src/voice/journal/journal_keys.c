/* The set of keys that records name: see journal_keys.h. Grows by doubling; owns its items. */
#include "voice/journal/journal_keys.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 64 };

static size_t slot_of(const struct journal_keys *k, const struct id128 *key)
{
	uint64_t h = get_le64(key->bytes) ^ get_le64(key->bytes + 8) * 0x9e3779b97f4a7c15u;
	size_t slot = (size_t)(h ^ h >> 29) & (k->slot_count - 1);

	while (k->slots[slot] && !id128_equal(&k->items[k->slots[slot] - 1].key, key))
		slot = (slot + 1) & (k->slot_count - 1);
	return slot;
}

static enum err grow(struct journal_keys *k)
{
	size_t cap = k->cap ? k->cap * 2 : FIRST_CAP;
	struct journal_key *items = realloc(k->items, cap * sizeof(*items));
	uint32_t *slots;
	size_t i;

	if (!items)
		return ERR_NOMEM;
	k->items = items;
	slots = calloc(cap * 2, sizeof(*slots));
	if (!slots)
		return ERR_NOMEM;
	free(k->slots);
	k->slots = slots;
	k->slot_count = cap * 2;
	k->cap = cap;
	for (i = 0; i < k->count; i++)
		k->slots[slot_of(k, &k->items[i].key)] = (uint32_t)i + 1;
	return ERR_NONE;
}

enum err journal_keys_add(struct journal_keys *k, const struct journal_header *h)
{
	size_t slot;

	if (id128_is_zero(&h->key))
		return ERR_NONE;
	if (k->last && id128_equal(&k->items[k->last - 1].key, &h->key)) { /* most records follow one of the same call */
		k->items[k->last - 1].records++;
		return ERR_NONE;
	}
	if (k->count == k->cap && k->count < JOURNAL_KEYS_MAX && grow(k))
		return ERR_NOMEM;
	slot = slot_of(k, &h->key);
	if (!k->slots[slot]) {
		if (k->count == JOURNAL_KEYS_MAX)
			return ERR_NONE;
		k->items[k->count] = (struct journal_key){ .tenant = h->tenant, .call = h->call, .key = h->key };
		k->slots[slot] = (uint32_t)++k->count;
	}
	k->last = k->slots[slot];
	k->items[k->last - 1].records++;
	return ERR_NONE;
}

void journal_keys_fini(struct journal_keys *k)
{
	free(k->items);
	free(k->slots);
	*k = (struct journal_keys){ .items = NULL };
}

/* A key that is there but does not fit what the record says is the record's damage, not a lost key. */
static bool is_lost(struct keyring *keyring, const struct journal_key *k)
{
	uint8_t key[JOURNAL_KEY_BYTES];
	enum err err = keyring ? keyring_find(keyring, &k->tenant, &k->call, &k->key, key) : ERR_NOTFOUND;

	sodium_memzero(key, sizeof(key));
	return err == ERR_NOTFOUND;
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct id128));
}

/* A call has a key for each worker that had it. */
enum err journal_keys_judge(const struct journal_keys *keys, struct keyring *keyring, struct journal_keys_lost *lost)
{
	struct id128 *calls = malloc((keys->count + 1) * sizeof(*calls));
	size_t count = 0, i;

	*lost = (struct journal_keys_lost){ 0 };
	if (!calls)
		return ERR_NOMEM;
	for (i = 0; i < keys->count; i++) {
		if (!is_lost(keyring, &keys->items[i]))
			continue;
		lost->records += keys->items[i].records;
		calls[count++] = keys->items[i].call;
	}
	if (count)
		lost->first = calls[0];
	qsort(calls, count, sizeof(*calls), by_id);
	for (i = 0; i < count; i++)
		lost->calls += !i || !id128_equal(&calls[i - 1], &calls[i]);
	free(calls);
	return ERR_NONE;
}
