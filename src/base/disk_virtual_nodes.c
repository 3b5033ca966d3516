/* The contents and the names of a disk in memory: see disk_virtual_state.h.
 *
 * A node's contents grow as they are written; the durable contents of a sector are saved the first time it is written over
 * behind a sync. A node lives as long as a name of either kind, an entry of the log, or a handle holds it.
 */
#include "base/disk_virtual_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */

bool virtual_node_counts(const struct virtual_node *n)
{
	return n->names || n->opens;
}

void virtual_node_release(struct disk_virtual *v, struct virtual_node *n)
{
	struct virtual_node **at = &v->nodes;

	assert(n->refs);
	if (--n->refs)
		return;
	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	free(n->data);
	free(n->undo);
	free(n->undo_of);
	free(n->saved);
	free(n);
}

struct virtual_node *virtual_node_new(struct disk_virtual *v)
{
	struct virtual_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->next = v->nodes;
	v->nodes = n;
	return n;
}

enum err virtual_node_grow(struct virtual_node *n, size_t need)
{
	size_t cap = n->cap < 4096 ? 4096 : n->cap;
	uint8_t *data;

	if (need <= n->cap)
		return ERR_NONE;
	while (cap < need)
		cap *= 2;
	if (!n->data) {
		cap = need < 4096 ? 4096 : need; /* a preallocated file stays lazy zero pages */
		data = calloc(1, cap);
	} else {
		data = realloc(n->data, cap);
	}
	if (!data)
		return ERR_NOMEM;
	n->data = data;
	n->cap = cap;
	return ERR_NONE;
}

static enum err undo_grow(struct virtual_node *n)
{
	size_t cap = n->undo_cap ? n->undo_cap * 2 : 16;
	uint8_t *bytes = realloc(n->undo, cap * SECTOR_BYTES);
	struct virtual_undo *of;

	if (!bytes)
		return ERR_NOMEM;
	n->undo = bytes;
	of = realloc(n->undo_of, cap * sizeof(*of));
	if (!of)
		return ERR_NOMEM;
	n->undo_of = of;
	n->undo_cap = cap;
	return ERR_NONE;
}

static enum err saved_grow(struct virtual_node *n, size_t sector)
{
	size_t need = sector / 8 + 1;
	uint8_t *saved;

	if (need <= n->saved_bytes)
		return ERR_NONE;
	need = need * 2;
	saved = realloc(n->saved, need);
	if (!saved)
		return ERR_NOMEM;
	memset(saved + n->saved_bytes, 0, need - n->saved_bytes);
	n->saved = saved;
	n->saved_bytes = need;
	return ERR_NONE;
}

static bool is_saved(const struct virtual_node *n, size_t sector)
{
	return sector / 8 < n->saved_bytes && n->saved[sector / 8] & (1u << sector % 8);
}

/* Its contents, as far as they are durable; zeros behind. */
static enum err sector_save(struct virtual_node *n, size_t sector)
{
	size_t at = sector * SECTOR_BYTES;
	size_t len = at < n->durable_len ? n->durable_len - at : 0;
	uint8_t *to;

	if (saved_grow(n, sector) || (n->undo_count == n->undo_cap && undo_grow(n)))
		return ERR_NOMEM;
	n->saved[sector / 8] = (uint8_t)(n->saved[sector / 8] | 1u << sector % 8);
	to = n->undo + n->undo_count * SECTOR_BYTES;
	memset(to, 0, SECTOR_BYTES);
	memcpy(to, n->data + at, len < SECTOR_BYTES ? len : SECTOR_BYTES);
	n->undo_of[n->undo_count++] = (struct virtual_undo){ .sector = (uint32_t)sector };
	return ERR_NONE;
}

/* What was lost is written again: the next sync saves it. */
static void sector_found(struct virtual_node *n, size_t sector)
{
	size_t i;

	for (i = 0; i < n->undo_count; i++)
		if (n->undo_of[i].sector == sector) {
			n->lost -= n->undo_of[i].lost;
			n->undo_of[i].lost = false;
			return;
		}
}

enum err virtual_undo_save(struct virtual_node *n, size_t from, size_t to)
{
	size_t sector;
	enum err err = ERR_NONE;

	if (to > n->durable_len)
		to = n->durable_len;
	for (sector = from / SECTOR_BYTES; sector * SECTOR_BYTES < to && !err; sector++) {
		if (!is_saved(n, sector))
			err = sector_save(n, sector);
		else if (n->lost)
			sector_found(n, sector);
	}
	return err;
}

enum err virtual_undo_lose(struct virtual_node *n)
{
	size_t sector;
	size_t i;
	enum err err = ERR_NONE;

	for (sector = n->durable_len / SECTOR_BYTES; sector * SECTOR_BYTES < n->len && !err; sector++)
		if (!is_saved(n, sector))
			err = sector_save(n, sector);
	if (err)
		return err;
	if (n->len > n->durable_len)
		n->durable_len = n->len; /* of the size alone */
	for (i = 0; i < n->undo_count; i++)
		n->undo_of[i].lost = true;
	n->lost = n->undo_count;
	return ERR_NONE;
}

void virtual_undo_clear(struct virtual_node *n, bool all)
{
	size_t kept = 0;
	size_t i;

	for (i = 0; i < n->undo_count; i++) {
		uint32_t sector = n->undo_of[i].sector;

		if (!all && n->undo_of[i].lost && (size_t)sector * SECTOR_BYTES < n->durable_len) {
			memmove(n->undo + kept * SECTOR_BYTES, n->undo + i * SECTOR_BYTES, SECTOR_BYTES);
			n->undo_of[kept++] = n->undo_of[i];
		} else {
			n->saved[sector / 8] = (uint8_t)(n->saved[sector / 8] & ~(1u << sector % 8));
		}
	}
	n->undo_count = n->lost = kept;
}

/* ---- names ---- */

struct virtual_name *virtual_names_find(struct virtual_names *names, const char *path)
{
	size_t i;

	for (i = names->count; i-- > 0;)
		if (!strcmp(names->items[i].path, path))
			return &names->items[i];
	return NULL;
}

static enum err names_room(struct virtual_names *names)
{
	size_t cap = names->cap ? names->cap * 2 : 16;
	struct virtual_name *items;

	if (names->count < names->cap)
		return ERR_NONE;
	if (cap > NAMES_MAX)
		return ERR_LIMIT;
	items = realloc(names->items, cap * sizeof(*items));
	if (!items)
		return ERR_NOMEM;
	names->items = items;
	names->cap = cap;
	return ERR_NONE;
}

/* Room was made before: cannot fail but for memory. */
enum err virtual_names_add(struct virtual_names *names, const char *path, struct virtual_node *node)
{
	enum err err = names_room(names);
	char *copy = err ? NULL : strdup(path);

	if (err || !copy)
		return err ? err : ERR_NOMEM;
	names->items[names->count++] = (struct virtual_name){ .path = copy, .node = node };
	node->refs++;
	return ERR_NONE;
}

void virtual_names_remove(struct disk_virtual *v, struct virtual_names *names, struct virtual_name *name)
{
	virtual_node_release(v, name->node);
	free(name->path);
	*name = names->items[--names->count];
}

void virtual_names_clear(struct disk_virtual *v, struct virtual_names *names)
{
	while (names->count)
		virtual_names_remove(v, names, &names->items[names->count - 1]);
}

void virtual_change_free(struct disk_virtual *v, struct virtual_change *c)
{
	if (c->node)
		virtual_node_release(v, c->node);
	free(c->path);
	free(c->to);
}

enum err virtual_change_add(struct disk_virtual *v, enum change_kind kind, const char *path, const char *to,
	struct virtual_node *node)
{
	struct virtual_change c = { .kind = kind, .path = strdup(path), .to = to ? strdup(to) : NULL, .node = node };

	if (v->log_count == v->log_cap) {
		size_t cap = v->log_cap ? v->log_cap * 2 : 16;
		struct virtual_change *log = cap > NAMES_MAX ? NULL : realloc(v->log, cap * sizeof(*log));

		if (log) {
			v->log = log;
			v->log_cap = cap;
		}
	}
	if (!c.path || (to && !c.to) || v->log_count == v->log_cap) {
		free(c.path);
		free(c.to);
		return ERR_NOMEM;
	}
	if (node)
		node->refs++;
	v->log[v->log_count++] = c;
	return ERR_NONE;
}

void virtual_rename_apply(struct disk_virtual *v, struct virtual_names *names, const char *from, const char *to)
{
	struct virtual_name *source = virtual_names_find(names, from);
	struct virtual_name *target;
	char *path;

	if (!source)
		return;
	path = strdup(to);
	assert(path);
	target = virtual_names_find(names, to);
	if (target)
		virtual_names_remove(v, names, target);
	source = virtual_names_find(names, from);
	free(source->path);
	source->path = path;
}

void virtual_change_apply(struct disk_virtual *v, struct virtual_names *names, const struct virtual_change *c)
{
	struct virtual_name *name;
	enum err err = ERR_NONE;

	switch (c->kind) {
	case CHANGE_CREATE:
		if (!virtual_names_find(names, c->path))
			err = virtual_names_add(names, c->path, c->node);
		assert(!err);
		(void)err;
		break;
	case CHANGE_RENAME: virtual_rename_apply(v, names, c->path, c->to); break;
	case CHANGE_UNLINK:
		name = virtual_names_find(names, c->path);
		if (name)
			virtual_names_remove(v, names, name);
		break;
	}
}
