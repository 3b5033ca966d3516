/* What a power cut leaves of a disk in memory, and what a death of the process leaves: see disk.h.
 *
 * A cut is decided by its seed and by what was done to the disk, and by nothing else: a simulated call is the same each time.
 */
#include "base/disk_virtual_state.h"

#include <assert.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u); /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void sector_restore(struct virtual_node *n, size_t i)
{
	size_t at = (size_t)n->undo_of[i].sector * SECTOR_BYTES;
	size_t len = n->durable_len - at < SECTOR_BYTES ? n->durable_len - at : SECTOR_BYTES;

	memcpy(n->data + at, n->undo + i * SECTOR_BYTES, len);
}

/* What a failed sync lost is gone, whatever the luck. */
static void lose_lost(struct virtual_node *n)
{
	size_t i;

	for (i = 0; i < n->undo_count && n->lost; i++)
		if (n->undo_of[i].lost)
			sector_restore(n, i);
}

static void lose_all(struct virtual_node *n)
{
	size_t i;

	for (i = 0; i < n->undo_count; i++)
		sector_restore(n, i);
	n->len = n->durable_len;
}

/* Each sector written since the last sync is kept, lost or (behind the durable end) torn; the size is somewhere between. */
static void lose_some(struct virtual_node *n, uint64_t *random)
{
	size_t i;
	size_t at;

	if (n->len > n->durable_len)
		n->len = n->durable_len + next_random(random) % (n->len - n->durable_len + 1);
	else if (next_random(random) & 1)
		n->len = n->durable_len;
	for (i = 0; i < n->undo_count; i++)
		if (next_random(random) & 1)
			sector_restore(n, i);
	for (at = n->durable_len; at < n->len;) {
		size_t end = (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
		uint64_t luck = next_random(random) % 8;

		end = end < n->len ? end : n->len;
		if (luck == 0)
			memset(n->data + at, 0, end - at);
		else if (luck == 1)
			memset(n->data + (at + end) / 2, 0, end - (at + end) / 2);
		at = end;
	}
}

static void node_crash(struct virtual_node *n, uint64_t seed, uint64_t *random)
{
	size_t longest = n->len > n->durable_len ? n->len : n->durable_len;

	if (!n->data)
		return;
	if (seed % 3 == 0)
		lose_all(n);
	else if (seed % 3 == 2)
		lose_some(n, random);
	lose_lost(n);
	if (n->len < longest)
		memset(n->data + n->len, 0, longest - n->len);
	n->durable_len = n->len;
	virtual_undo_clear(n, true);
}

static void names_crash(struct disk_virtual *v, uint64_t seed, uint64_t *random)
{
	size_t keep = seed % 3 == 0 ? 0 : seed % 3 == 1 ? v->log_count : next_random(random) % (v->log_count + 1);
	size_t i;

	for (i = 0; i < v->log_count; i++) {
		if (i < keep)
			virtual_change_apply(v, &v->durable, &v->log[i]);
		virtual_change_free(v, &v->log[i]);
	}
	v->log_count = 0;
	virtual_names_clear(v, &v->seen);
	for (i = 0; i < v->durable.count; i++) {
		enum err err = virtual_names_add(&v->seen, v->durable.items[i].path, v->durable.items[i].node);

		assert(!err);
		(void)err;
	}
}

/* Whoever had files open is gone. */
static void life_ends(struct disk_virtual *v)
{
	struct virtual_node *n;

	v->lives++;
	v->stop = 0;
	v->stopped = false;
	for (n = v->nodes; n; n = n->next) {
		if (n->opens && !n->names)
			v->used -= n->len;
		n->opens = 0;
		n->locked = false;
	}
}

void disk_virtual_kill(struct disk_virtual *v)
{
	life_ends(v);
}

void disk_virtual_crash(struct disk_virtual *v, uint64_t seed)
{
	uint64_t random = seed;
	struct virtual_node *n;
	size_t i;

	life_ends(v);
	for (n = v->nodes; n; n = n->next) {
		node_crash(n, seed, &random);
		n->names = 0;
	}
	names_crash(v, seed, &random);
	v->used = 0;
	for (i = 0; i < v->seen.count; i++) {
		v->seen.items[i].node->names++;
		v->used += v->seen.items[i].node->len;
	}
}
