/* A disk in memory that knows what was synced, for the simulator: its table of operations and its knobs.
 *
 * The disk owns nodes and names (disk_virtual_state.h); a file handle holds its node. Appending costs a memcpy. One thread.
 * It refuses to know about folders: every path may be used.
 */
#include "base/disk_virtual_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct virtual_file {
	struct disk_file file;
	struct disk_virtual *disk;
	struct virtual_node *node;
	unsigned int lives;
	bool holds_lock;
};

static struct virtual_file *file_of(struct disk_file *f)
{
	return (struct virtual_file *)f;
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

/* May this change happen? The one that disk_virtual_stop chose is the last that begins. */
static bool stops(struct disk_virtual *v)
{
	if (v->stop && !--v->stop)
		v->stopped = true;
	return v->stopped;
}

/* For changes of names. */
static enum err may_change(struct disk_virtual *v)
{
	if (v->stopped || stops(v))
		return ERR_CLOSED;
	return v->read_only ? ERR_DENIED : ERR_NONE;
}

static void name_seen(struct disk_virtual *v, struct virtual_node *n, int by)
{
	bool before = virtual_node_counts(n);

	n->names = (unsigned int)((int)n->names + by);
	if (before && !virtual_node_counts(n))
		v->used -= n->len;
}

static enum err create(struct disk_virtual *v, const char *path, struct virtual_node **np)
{
	struct virtual_node *n;
	enum err err = may_change(v);

	if (err)
		return err;
	n = virtual_node_new(v);
	if (!n)
		return ERR_NOMEM;
	n->refs++; /* held until both are in */
	err = virtual_change_add(v, CHANGE_CREATE, path, NULL, n);
	if (!err)
		err = virtual_names_add(&v->seen, path, n);
	if (!err)
		name_seen(v, n, 1);
	*np = err ? NULL : n;
	virtual_node_release(v, n);
	return err;
}

static const struct disk_ops virtual_ops;

static enum err virtual_open(void *arg, struct disk_file **fp, const char *path, unsigned int flags)
{
	struct disk_virtual *v = arg;
	struct virtual_name *name = virtual_names_find(&v->seen, path);
	struct virtual_node *n = name ? name->node : NULL;
	struct virtual_file *f;
	enum err err;

	if (v->stopped)
		return ERR_CLOSED;
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
	*f = (struct virtual_file){ .file.ops = &virtual_ops, .disk = v, .node = n, .lives = v->lives };
	n->opens++;
	n->refs++;
	*fp = &f->file;
	return ERR_NONE;
}

static void virtual_close(struct disk_file *file)
{
	struct virtual_file *f = file_of(file);
	struct virtual_node *n = f->node;

	if (f->lives == f->disk->lives) {
		n->opens--;
		if (!virtual_node_counts(n))
			f->disk->used -= n->len;
		if (f->holds_lock)
			n->locked = false;
	}
	virtual_node_release(f->disk, n);
	free(f);
}

static enum err alive(const struct virtual_file *f, bool writes)
{
	if (f->lives != f->disk->lives || f->disk->stopped)
		return ERR_CLOSED;
	return writes && f->disk->read_only ? ERR_DENIED : ERR_NONE;
}

/* How far a file that wants to reach `end` may reach; ERR_FULL when that is less. */
static enum err room(struct disk_virtual *v, const struct virtual_node *n, size_t *end)
{
	uint64_t left = v->limit > v->used ? v->limit - v->used : 0;

	if (!v->limit || *end <= n->len || *end - n->len <= left)
		return ERR_NONE;
	*end = n->len + (size_t)left;
	return ERR_FULL;
}

static enum err extend(struct disk_virtual *v, struct virtual_node *n, size_t end)
{
	enum err err;

	if (end <= n->len)
		return ERR_NONE;
	err = virtual_node_grow(n, end);
	if (!err) {
		v->used += end - n->len;
		n->len = end;
	}
	return err;
}

static enum err virtual_write(struct disk_file *file, uint64_t offset, const void *data, size_t len)
{
	struct virtual_file *f = file_of(file);
	struct virtual_node *n = f->node;
	enum err err = alive(f, true);
	enum err full;
	size_t end;
	size_t before = n->len;
	bool stopped;

	if (err || !len)
		return err;
	if (offset > FILE_MAX_BYTES || len > FILE_MAX_BYTES - offset)
		return ERR_FULL;
	stopped = stops(f->disk);
	end = (size_t)offset + (stopped ? len / 2 : len);
	full = room(f->disk, n, &end);
	if (full && end <= offset)
		return full;
	if (offset < n->durable_len || n->lost)
		err = virtual_undo_save(n, (size_t)offset, end);
	if (!err)
		err = extend(f->disk, n, end);
	if (err)
		return err;
	if (offset > before)
		memset(n->data + before, 0, (size_t)offset - before);
	memcpy(n->data + offset, data, end - (size_t)offset);
	return stopped ? ERR_CLOSED : full;
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
	struct virtual_node *n = f->node;
	enum err err = alive(f, false);

	if (err || stops(f->disk))
		return err ? err : ERR_CLOSED;
	if (f->disk->fail_sync && !--f->disk->fail_sync) {
		err = virtual_undo_lose(n);
		return err ? err : ERR_IO;
	}
	n->durable_len = n->len;
	virtual_undo_clear(n, false);
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
	struct virtual_node *n = f->node;
	size_t end = (size_t)bytes;
	size_t before = n->len;
	bool lazy = !n->data;
	enum err err = alive(f, true);

	if (!err && stops(f->disk))
		err = ERR_CLOSED;
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
	struct virtual_node *n = f->node;
	enum err err = alive(f, true);

	if (err || bytes >= n->len)
		return err ? err : virtual_preallocate(file, bytes);
	if (stops(f->disk))
		return ERR_CLOSED;
	if (bytes < n->durable_len)
		err = virtual_undo_save(n, (size_t)bytes, n->durable_len);
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
	const struct disk_virtual *v = arg;
	(void)path;

	if (v->stopped)
		return ERR_CLOSED;
	return v->read_only ? ERR_DENIED : ERR_NONE;
}

/* Everything logged for that folder becomes durable; the order inside the log is kept. */
static enum err virtual_sync_folder(void *arg, const char *path)
{
	struct disk_virtual *v = arg;
	size_t kept = 0;
	size_t i;

	if (v->stopped || stops(v))
		return ERR_CLOSED;
	for (i = 0; i < v->log_count; i++) {
		const char *name;

		if (!in_folder(v->log[i].path, path, &name)) {
			v->log[kept++] = v->log[i];
			continue;
		}
		virtual_change_apply(v, &v->durable, &v->log[i]);
		virtual_change_free(v, &v->log[i]);
	}
	v->log_count = kept;
	return ERR_NONE;
}

static enum err virtual_rename(void *arg, const char *from, const char *to)
{
	struct disk_virtual *v = arg;
	struct virtual_name *source = virtual_names_find(&v->seen, from);
	struct virtual_name *target = virtual_names_find(&v->seen, to);
	enum err err = may_change(v);

	if (err)
		return err;
	if (!source)
		return ERR_NOTFOUND;
	if (source == target)
		return ERR_NONE;
	err = virtual_change_add(v, CHANGE_RENAME, from, to, NULL);
	if (err)
		return err;
	if (target)
		name_seen(v, target->node, -1);
	virtual_rename_apply(v, &v->seen, from, to);
	return ERR_NONE;
}

static enum err virtual_unlink(void *arg, const char *path)
{
	struct disk_virtual *v = arg;
	struct virtual_name *name = virtual_names_find(&v->seen, path);
	enum err err = may_change(v);

	if (err)
		return err;
	if (!name)
		return ERR_NOTFOUND;
	err = virtual_change_add(v, CHANGE_UNLINK, path, NULL, NULL);
	if (err)
		return err;
	name_seen(v, name->node, -1);
	virtual_names_remove(v, &v->seen, name);
	return ERR_NONE;
}

static enum err virtual_list(void *arg, const char *path, disk_list_h *handler, void *handler_arg)
{
	struct disk_virtual *v = arg;
	size_t i;

	if (v->stopped)
		return ERR_CLOSED;
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
		virtual_change_free(v, &v->log[i]);
	virtual_names_clear(v, &v->seen);
	virtual_names_clear(v, &v->durable);
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

void disk_virtual_stop(struct disk_virtual *v, unsigned int nth)
{
	v->stop = nth;
}
