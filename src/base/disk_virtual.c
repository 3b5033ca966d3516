/* A disk in memory that knows what was synced, for the simulator.
 *
 * A node holds a file's bytes as readers see them, and what a power cut would bring back: `durable_len`, plus the old
 * contents of each durable sector written over since the last sync. Names live twice, as seen and as durable, with a log
 * of what happened between. Appending costs a memcpy. The disk owns nodes and names; a file handle holds its node.
 * One thread. It refuses to know about folders: every path may be used.
 */
#include "base/disk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR_BYTES = 512, NAMES_MAX = 65536, FILE_MAX_BYTES = 1 << 30 };

struct node {
	struct node *next;
	uint8_t *data;
	size_t len, cap;
	size_t durable_len;
	uint8_t *undo;         /* undo_count sectors of old contents */
	uint32_t *undo_sector; /* which sector each one is */
	size_t undo_count, undo_cap;
	uint8_t *saved;        /* one bit a sector: is in undo */
	size_t saved_bytes;
	unsigned int names;    /* as seen */
	unsigned int opens;
	unsigned int refs;     /* names of both kinds, log entries, handles */
	bool poisoned;         /* a sync failed: nothing later becomes durable */
	bool locked;
};

struct name {
	char *path;
	struct node *node;
};

struct names {
	struct name *items;
	size_t count, cap;
};

enum change_kind { CHANGE_CREATE, CHANGE_RENAME, CHANGE_UNLINK };

struct change {
	enum change_kind kind;
	char *path, *to;
	struct node *node; /* CHANGE_CREATE */
};

struct disk_virtual {
	struct node *nodes;
	struct names seen, durable;
	struct change *log;
	size_t log_count, log_cap;
	uint64_t limit, used;
	unsigned int fail_sync; /* counts down; 0: none */
	unsigned int crashes;   /* handles of an earlier life are closed */
	bool read_only;
};

struct virtual_file {
	struct disk_file file;
	struct disk_virtual *disk;
	struct node *node;
	unsigned int crashes;
	bool holds_lock;
};

static struct virtual_file *file_of(struct disk_file *f)
{
	return (struct virtual_file *)f;
}

/* ---- nodes ---- */

static bool node_counts(const struct node *n)
{
	return n->names || n->opens;
}

static void node_release(struct disk_virtual *v, struct node *n)
{
	struct node **at = &v->nodes;

	assert(n->refs);
	if (--n->refs)
		return;
	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	free(n->data);
	free(n->undo);
	free(n->undo_sector);
	free(n->saved);
	free(n);
}

static struct node *node_new(struct disk_virtual *v)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->next = v->nodes;
	v->nodes = n;
	return n;
}

static enum err node_grow(struct node *n, size_t need)
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

static enum err undo_grow(struct node *n)
{
	size_t cap = n->undo_cap ? n->undo_cap * 2 : 16;
	uint8_t *bytes = realloc(n->undo, cap * SECTOR_BYTES);
	uint32_t *sectors;

	if (!bytes)
		return ERR_NOMEM;
	n->undo = bytes;
	sectors = realloc(n->undo_sector, cap * sizeof(*sectors));
	if (!sectors)
		return ERR_NOMEM;
	n->undo_sector = sectors;
	n->undo_cap = cap;
	return ERR_NONE;
}

static enum err saved_grow(struct node *n, size_t sector)
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

/* Keeps the durable contents of [from, to) before they are written over. */
static enum err undo_save(struct node *n, size_t from, size_t to)
{
	size_t sector;

	if (to > n->durable_len)
		to = n->durable_len;
	for (sector = from / SECTOR_BYTES; sector * SECTOR_BYTES < to; sector++) {
		size_t at = sector * SECTOR_BYTES;
		size_t len = n->durable_len - at < SECTOR_BYTES ? n->durable_len - at : SECTOR_BYTES;

		if (saved_grow(n, sector) || (n->undo_count == n->undo_cap && undo_grow(n)))
			return ERR_NOMEM;
		if (n->saved[sector / 8] & (1u << sector % 8))
			continue;
		n->saved[sector / 8] = (uint8_t)(n->saved[sector / 8] | 1u << sector % 8);
		memcpy(n->undo + n->undo_count * SECTOR_BYTES, n->data + at, len);
		n->undo_sector[n->undo_count++] = (uint32_t)sector;
	}
	return ERR_NONE;
}

static void undo_clear(struct node *n)
{
	size_t i;

	for (i = 0; i < n->undo_count; i++)
		n->saved[n->undo_sector[i] / 8] = 0;
	n->undo_count = 0;
}

/* ---- names ---- */

static struct name *names_find(struct names *names, const char *path)
{
	size_t i;

	for (i = names->count; i-- > 0;)
		if (!strcmp(names->items[i].path, path))
			return &names->items[i];
	return NULL;
}

static enum err names_room(struct names *names)
{
	size_t cap = names->cap ? names->cap * 2 : 16;
	struct name *items;

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
static enum err names_add(struct names *names, const char *path, struct node *node)
{
	enum err err = names_room(names);
	char *copy = err ? NULL : strdup(path);

	if (err || !copy)
		return err ? err : ERR_NOMEM;
	names->items[names->count++] = (struct name){ .path = copy, .node = node };
	node->refs++;
	return ERR_NONE;
}

static void names_remove(struct disk_virtual *v, struct names *names, struct name *name)
{
	node_release(v, name->node);
	free(name->path);
	*name = names->items[--names->count];
}

static void names_clear(struct disk_virtual *v, struct names *names)
{
	while (names->count)
		names_remove(v, names, &names->items[names->count - 1]);
}

static void change_free(struct disk_virtual *v, struct change *c)
{
	if (c->node)
		node_release(v, c->node);
	free(c->path);
	free(c->to);
}

static enum err change_add(struct disk_virtual *v, enum change_kind kind, const char *path, const char *to,
	struct node *node)
{
	struct change c = { .kind = kind, .path = strdup(path), .to = to ? strdup(to) : NULL, .node = node };

	if (v->log_count == v->log_cap) {
		size_t cap = v->log_cap ? v->log_cap * 2 : 16;
		struct change *log = cap > NAMES_MAX ? NULL : realloc(v->log, cap * sizeof(*log));

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

static void apply_rename(struct disk_virtual *v, struct names *names, const char *from, const char *to)
{
	struct name *source = names_find(names, from);
	struct name *target;
	char *path;

	if (!source)
		return;
	path = strdup(to);
	assert(path);
	target = names_find(names, to);
	if (target)
		names_remove(v, names, target);
	source = names_find(names, from);
	free(source->path);
	source->path = path;
}

static void apply(struct disk_virtual *v, struct names *names, const struct change *c)
{
	struct name *name;
	enum err err = ERR_NONE;

	switch (c->kind) {
	case CHANGE_CREATE:
		if (!names_find(names, c->path))
			err = names_add(names, c->path, c->node);
		assert(!err);
		break;
	case CHANGE_RENAME: apply_rename(v, names, c->path, c->to); break;
	case CHANGE_UNLINK:
		name = names_find(names, c->path);
		if (name)
			names_remove(v, names, name);
		break;
	}
}

static bool in_folder(const char *path, const char *folder, const char **name)
{
	size_t len = strlen(folder);

	while (len && folder[len - 1] == '/')
		len--;
	if (strncmp(path, folder, len) != 0 || path[len] != '/' || strchr(path + len + 1, '/'))
		return false;
	*name = path + len + 1;
	return true;
}

/* ---- the table ---- */

static void name_seen(struct disk_virtual *v, struct node *n, int by)
{
	bool before = node_counts(n);

	n->names = (unsigned int)((int)n->names + by);
	if (before && !node_counts(n))
		v->used -= n->len;
}

static enum err create(struct disk_virtual *v, const char *path, struct node **np)
{
	struct node *n;
	enum err err;

	if (v->read_only)
		return ERR_DENIED;
	n = node_new(v);
	if (!n)
		return ERR_NOMEM;
	n->refs++; /* held until both are in */
	err = change_add(v, CHANGE_CREATE, path, NULL, n);
	if (!err)
		err = names_add(&v->seen, path, n);
	if (!err)
		name_seen(v, n, 1);
	*np = err ? NULL : n;
	node_release(v, n);
	return err;
}

static const struct disk_ops virtual_ops;

static enum err virtual_open(void *arg, struct disk_file **fp, const char *path, unsigned int flags)
{
	struct disk_virtual *v = arg;
	struct name *name = names_find(&v->seen, path);
	struct node *n = name ? name->node : NULL;
	struct virtual_file *f;
	enum err err;

	if (!n && !(flags & DISK_CREATE))
		return ERR_NOTFOUND;
	if (n && flags & DISK_NEW)
		return ERR_EXISTS;
	if (v->read_only && flags & DISK_WRITE)
		return ERR_DENIED;
	err = n ? ERR_NONE : create(v, path, &n);
	if (err)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return ERR_NOMEM;
	*f = (struct virtual_file){ .file.ops = &virtual_ops, .disk = v, .node = n, .crashes = v->crashes };
	n->opens++;
	n->refs++;
	*fp = &f->file;
	return ERR_NONE;
}

static void virtual_close(struct disk_file *file)
{
	struct virtual_file *f = file_of(file);
	struct node *n = f->node;

	if (f->crashes == f->disk->crashes) {
		n->opens--;
		if (!node_counts(n))
			f->disk->used -= n->len;
		if (f->holds_lock)
			n->locked = false;
	}
	node_release(f->disk, n);
	free(f);
}

static enum err alive(const struct virtual_file *f, bool writes)
{
	if (f->crashes != f->disk->crashes)
		return ERR_CLOSED;
	return writes && f->disk->read_only ? ERR_DENIED : ERR_NONE;
}

/* How far a file that wants to reach `end` may reach; ERR_FULL when that is less. */
static enum err room(struct disk_virtual *v, const struct node *n, size_t *end)
{
	uint64_t left = v->limit > v->used ? v->limit - v->used : 0;

	if (!v->limit || *end <= n->len || *end - n->len <= left)
		return ERR_NONE;
	*end = n->len + (size_t)left;
	return ERR_FULL;
}

static enum err extend(struct disk_virtual *v, struct node *n, size_t end)
{
	enum err err;

	if (end <= n->len)
		return ERR_NONE;
	err = node_grow(n, end);
	if (!err) {
		v->used += end - n->len;
		n->len = end;
	}
	return err;
}

static enum err virtual_write(struct disk_file *file, uint64_t offset, const void *data, size_t len)
{
	struct virtual_file *f = file_of(file);
	struct node *n = f->node;
	enum err err = alive(f, true);
	enum err full;
	size_t end;
	size_t before = n->len;

	if (err || !len)
		return err;
	if (offset > FILE_MAX_BYTES || len > FILE_MAX_BYTES - offset)
		return ERR_FULL;
	end = (size_t)offset + len;
	full = room(f->disk, n, &end);
	if (full && end <= offset)
		return full;
	if (offset < n->durable_len)
		err = undo_save(n, (size_t)offset, end);
	if (!err)
		err = extend(f->disk, n, end);
	if (err)
		return err;
	if (offset > before)
		memset(n->data + before, 0, (size_t)offset - before);
	memcpy(n->data + offset, data, end - (size_t)offset);
	return full;
}

static enum err virtual_read(struct disk_file *file, uint64_t offset, void *data, size_t len, size_t *got)
{
	struct virtual_file *f = file_of(file);
	enum err err = alive(f, false);

	*got = 0;
	if (err || offset >= f->node->len)
		return err;
	*got = f->node->len - (size_t)offset < len ? f->node->len - (size_t)offset : len;
	memcpy(data, f->node->data + offset, *got);
	return ERR_NONE;
}

static enum err virtual_sync(struct disk_file *file)
{
	struct virtual_file *f = file_of(file);
	struct node *n = f->node;
	enum err err = alive(f, false);

	if (err)
		return err;
	if (f->disk->fail_sync && !--f->disk->fail_sync) {
		n->poisoned = true;
		return ERR_IO;
	}
	if (n->poisoned)
		return ERR_NONE;
	n->durable_len = n->len;
	undo_clear(n);
	return ERR_NONE;
}

static enum err virtual_size(struct disk_file *file, uint64_t *bytes)
{
	*bytes = file_of(file)->node->len;
	return alive(file_of(file), false);
}

static enum err virtual_preallocate(struct disk_file *file, uint64_t bytes)
{
	struct virtual_file *f = file_of(file);
	struct node *n = f->node;
	size_t end = (size_t)bytes;
	size_t before = n->len;
	bool lazy = !n->data;
	enum err err = alive(f, true);

	if (!err && bytes > FILE_MAX_BYTES)
		err = ERR_FULL;
	if (!err)
		err = room(f->disk, n, &end);
	if (!err)
		err = extend(f->disk, n, end);
	if (!err && end > before && !lazy)
		memset(n->data + before, 0, end - before);
	return err;
}

static enum err virtual_truncate(struct disk_file *file, uint64_t bytes)
{
	struct virtual_file *f = file_of(file);
	struct node *n = f->node;
	enum err err = alive(f, true);

	if (err || bytes >= n->len)
		return err ? err : virtual_preallocate(file, bytes);
	if (bytes < n->durable_len)
		err = undo_save(n, (size_t)bytes, n->durable_len);
	if (err)
		return err;
	memset(n->data + bytes, 0, n->len - (size_t)bytes);
	f->disk->used -= n->len - (size_t)bytes;
	n->len = (size_t)bytes;
	return ERR_NONE;
}

static enum err virtual_lock(struct disk_file *file)
{
	struct virtual_file *f = file_of(file);
	enum err err = alive(f, false);

	if (err || f->holds_lock)
		return err;
	if (f->node->locked)
		return ERR_BUSY;
	f->node->locked = f->holds_lock = true;
	return ERR_NONE;
}

static enum err virtual_make_folder(void *arg, const char *path)
{
	(void)path;
	return ((struct disk_virtual *)arg)->read_only ? ERR_DENIED : ERR_NONE;
}

/* Everything logged for that folder becomes durable; the order inside the log is kept. */
static enum err virtual_sync_folder(void *arg, const char *path)
{
	struct disk_virtual *v = arg;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < v->log_count; i++) {
		const char *name;

		if (!in_folder(v->log[i].path, path, &name)) {
			v->log[kept++] = v->log[i];
			continue;
		}
		apply(v, &v->durable, &v->log[i]);
		change_free(v, &v->log[i]);
	}
	v->log_count = kept;
	return ERR_NONE;
}

static enum err virtual_rename(void *arg, const char *from, const char *to)
{
	struct disk_virtual *v = arg;
	struct name *source = names_find(&v->seen, from);
	struct name *target = names_find(&v->seen, to);
	enum err err;

	if (v->read_only)
		return ERR_DENIED;
	if (!source)
		return ERR_NOTFOUND;
	if (source == target)
		return ERR_NONE;
	err = change_add(v, CHANGE_RENAME, from, to, NULL);
	if (err)
		return err;
	if (target)
		name_seen(v, target->node, -1);
	apply_rename(v, &v->seen, from, to);
	return ERR_NONE;
}

static enum err virtual_unlink(void *arg, const char *path)
{
	struct disk_virtual *v = arg;
	struct name *name = names_find(&v->seen, path);
	enum err err;

	if (v->read_only)
		return ERR_DENIED;
	if (!name)
		return ERR_NOTFOUND;
	err = change_add(v, CHANGE_UNLINK, path, NULL, NULL);
	if (err)
		return err;
	name_seen(v, name->node, -1);
	names_remove(v, &v->seen, name);
	return ERR_NONE;
}

static enum err virtual_list(void *arg, const char *path, disk_list_h *handler, void *handler_arg)
{
	struct disk_virtual *v = arg;
	size_t i;

	for (i = 0; i < v->seen.count; i++) {
		const char *name;

		if (in_folder(v->seen.items[i].path, path, &name))
			handler(handler_arg, name);
	}
	return ERR_NONE;
}

static const struct disk_ops virtual_ops = {
	.name = "virtual",
	.open = virtual_open,
	.close = virtual_close,
	.write = virtual_write,
	.read = virtual_read,
	.sync = virtual_sync,
	.size = virtual_size,
	.preallocate = virtual_preallocate,
	.truncate = virtual_truncate,
	.lock = virtual_lock,
	.make_folder = virtual_make_folder,
	.sync_folder = virtual_sync_folder,
	.rename = virtual_rename,
	.unlink = virtual_unlink,
	.list = virtual_list,
};

/* ---- the power cut ---- */

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u); /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void sector_restore(struct node *n, size_t i)
{
	size_t at = (size_t)n->undo_sector[i] * SECTOR_BYTES;
	size_t len = n->durable_len - at < SECTOR_BYTES ? n->durable_len - at : SECTOR_BYTES;

	memcpy(n->data + at, n->undo + i * SECTOR_BYTES, len);
}

static void lose_all(struct node *n)
{
	size_t i;

	for (i = 0; i < n->undo_count; i++)
		sector_restore(n, i);
	n->len = n->durable_len;
}

/* Each sector written since the last sync is kept, lost or (behind the durable end) torn; the size is somewhere between. */
static void lose_some(struct node *n, uint64_t *random)
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

static void node_crash(struct node *n, uint64_t seed, uint64_t *random)
{
	size_t longest = n->len > n->durable_len ? n->len : n->durable_len;

	n->poisoned = n->locked = false;
	if (!n->data)
		return;
	if (seed % 3 == 0)
		lose_all(n);
	else if (seed % 3 == 2)
		lose_some(n, random);
	if (n->len < longest)
		memset(n->data + n->len, 0, longest - n->len);
	undo_clear(n);
	n->durable_len = n->len;
}

static void names_crash(struct disk_virtual *v, uint64_t seed, uint64_t *random)
{
	size_t keep = seed % 3 == 0 ? 0 : seed % 3 == 1 ? v->log_count : next_random(random) % (v->log_count + 1);
	size_t i;

	for (i = 0; i < v->log_count; i++) {
		if (i < keep)
			apply(v, &v->durable, &v->log[i]);
		change_free(v, &v->log[i]);
	}
	v->log_count = 0;
	names_clear(v, &v->seen);
	for (i = 0; i < v->durable.count; i++) {
		enum err err = names_add(&v->seen, v->durable.items[i].path, v->durable.items[i].node);

		assert(!err);
	}
}

void disk_virtual_crash(struct disk_virtual *v, uint64_t seed)
{
	uint64_t random = seed;
	struct node *n;
	size_t i;

	v->crashes++;
	for (n = v->nodes; n; n = n->next) {
		node_crash(n, seed, &random);
		n->opens = n->names = 0;
	}
	names_crash(v, seed, &random);
	v->used = 0;
	for (i = 0; i < v->seen.count; i++) {
		v->seen.items[i].node->names++;
		v->used += v->seen.items[i].node->len;
	}
}

/* ---- the rest ---- */

enum err disk_virtual_new(struct disk_virtual **vp)
{
	*vp = calloc(1, sizeof(**vp));
	return *vp ? ERR_NONE : ERR_NOMEM;
}

void disk_virtual_free(struct disk_virtual **vp)
{
	struct disk_virtual *v = *vp;
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->log_count; i++)
		change_free(v, &v->log[i]);
	names_clear(v, &v->seen);
	names_clear(v, &v->durable);
	assert(!v->nodes);
	free(v->log);
	free(v->seen.items);
	free(v->durable.items);
	free(v);
	*vp = NULL;
}

struct disk disk_virtual_disk(struct disk_virtual *v)
{
	return (struct disk){ .ops = &virtual_ops, .arg = v };
}

void disk_virtual_limit(struct disk_virtual *v, uint64_t bytes)
{
	v->limit = bytes;
}

uint64_t disk_virtual_used(const struct disk_virtual *v)
{
	return v->used;
}

void disk_virtual_fail_sync(struct disk_virtual *v, unsigned int nth)
{
	v->fail_sync = nth;
}

void disk_virtual_read_only(struct disk_virtual *v, bool read_only)
{
	v->read_only = read_only;
}
