/* Recordings as files: folder/TENANT/XX/CALL-PART, where TENANT and CALL are 32 hex digits and XX the call's first two. See recordings.h.
 *
 * A file is written under a temporary name of its own folder, synced, renamed, and the folder synced; what a dead process left under
 * such a name is written over the next time. One thread, "files". Refuses to put what is there already.
 */
#include "data/recordings.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { PIECE_BYTES = 256 * 1024, HEX_MAX = 33, FILE_NAME_MAX = 56, TIMEOUT_MS = 60000 };

static const char *const part_names[RECORDING_PARTS] = {
	[RECORDING_TRACKS] = "tracks",
	[RECORDING_WAVEFORM] = "waveform",
	[RECORDING_MIX] = "mix",
};

struct files {
	struct recordings recordings;
	struct jobs *jobs;
	struct disk disk;
	char folder[DISK_PATH_MAX];
};

enum op_type { OP_PUT, OP_PUT_FILE, OP_READ, OP_ERASE };

struct op {
	struct job job;
	enum op_type type;
	char tenant[HEX_MAX], call[HEX_MAX];
	enum recording_part part;
	char path[DISK_PATH_MAX]; /* of a file to put */
	uint8_t *data;            /* to put, or read */
	size_t len;
	uint64_t offset, bytes;
	union {
		recordings_done_h *done;
		recordings_read_h *read;
	} handler;
	void *arg;
};

/* ---- the pool's thread ---- */

/* Where a recording lies: folders, from the outer to the inner, and its name. */
struct place {
	char tenant[DISK_PATH_MAX];
	char shelf[DISK_PATH_MAX];
	char name[FILE_NAME_MAX], temporary[FILE_NAME_MAX + 4];
	char path[DISK_PATH_MAX], temporary_path[DISK_PATH_MAX];
};

static enum err place_of(const struct files *f, const struct op *op, struct place *p)
{
	char shelf[3] = { op->call[0], op->call[1], 0 };

	snprintf(p->name, sizeof(p->name), "%s-%s", op->call, part_names[op->part]);
	snprintf(p->temporary, sizeof(p->temporary), "%s.new", p->name);
	if (disk_path(p->tenant, f->folder, op->tenant) || disk_path(p->shelf, p->tenant, shelf) || disk_path(p->path, p->shelf, p->name) ||
		disk_path(p->temporary_path, p->shelf, p->temporary))
		return ERR_LIMIT;
	return ERR_NONE;
}

/* A folder's own name is durable with its parent. */
static enum err folders_make(const struct files *f, const struct place *p)
{
	enum err err = disk_make_folder(&f->disk, p->tenant);

	if (!err)
		err = disk_sync_folder(&f->disk, f->folder);
	if (!err)
		err = disk_make_folder(&f->disk, p->shelf);
	return err ? err : disk_sync_folder(&f->disk, p->tenant);
}

static enum err copy_pieces(struct disk_file *from, struct disk_file *to, uint8_t *piece)
{
	uint64_t offset = 0;
	size_t got;
	enum err err;

	do {
		got = 0;
		err = disk_read(from, offset, piece, PIECE_BYTES, &got);
		if (!err && got)
			err = disk_write(to, offset, piece, got);
		offset += got;
		if (!err && offset > RECORDING_MAX_BYTES)
			err = ERR_LIMIT;
	} while (!err && got == PIECE_BYTES);
	return err;
}

static enum err copy_file(const struct files *f, const char *path, struct disk_file *to)
{
	struct disk_file *from;
	uint8_t *piece = malloc(PIECE_BYTES);
	enum err err = piece ? disk_open(&f->disk, &from, path, DISK_READ) : ERR_NOMEM;

	if (!err) {
		err = copy_pieces(from, to, piece);
		disk_close(&from);
	}
	free(piece);
	return err;
}

static enum err write_temporary(const struct files *f, const struct op *op, const struct place *p)
{
	struct disk_file *to;
	enum err err = disk_open(&f->disk, &to, p->temporary_path, DISK_WRITE | DISK_CREATE);

	if (err)
		return err;
	err = disk_truncate(to, 0);
	if (!err && op->type == OP_PUT_FILE)
		err = copy_file(f, op->path, to);
	else if (!err && op->len)
		err = disk_write(to, 0, op->data, op->len);
	if (!err)
		err = disk_sync(to);
	disk_close(&to);
	return err;
}

static enum err is_there(const struct files *f, const struct place *p)
{
	struct disk_file *file;
	enum err err = disk_open(&f->disk, &file, p->path, DISK_READ);

	disk_close(&file);
	return err;
}

static enum err do_put(const struct files *f, const struct op *op, const struct place *p)
{
	enum err err = is_there(f, p);

	if (err != ERR_NOTFOUND)
		return err ? err : ERR_EXISTS;
	err = folders_make(f, p);
	if (err)
		return err;
	err = write_temporary(f, op, p);
	if (!err)
		err = disk_rename(&f->disk, p->temporary_path, p->path);
	if (err) {
		(void)!disk_unlink(&f->disk, p->temporary_path); /* a leftover is written over the next time */
		return err;
	}
	return disk_sync_folder(&f->disk, p->shelf);
}

static enum err read_range(struct disk_file *file, struct op *op)
{
	size_t want;
	enum err err = disk_size(file, &op->bytes);

	if (err)
		return err;
	want = op->offset >= op->bytes ? 0 : op->bytes - op->offset < op->len ? (size_t)(op->bytes - op->offset) : op->len;
	op->len = 0;
	if (!want)
		return ERR_NONE;
	op->data = malloc(want);
	return op->data ? disk_read(file, op->offset, op->data, want, &op->len) : ERR_NOMEM;
}

static enum err do_read(const struct files *f, struct op *op, const struct place *p)
{
	struct disk_file *file;
	enum err err = disk_open(&f->disk, &file, p->path, DISK_READ);

	if (err)
		return err;
	err = read_range(file, op);
	disk_close(&file);
	return err;
}

static enum err do_erase(const struct files *f, const struct place *p)
{
	enum err err = disk_unlink(&f->disk, p->path);

	return err ? err : disk_sync_folder(&f->disk, p->shelf);
}

static enum err do_op(const struct files *f, struct op *op)
{
	struct place p = { .name = "" };
	enum err err = place_of(f, op, &p);

	if (err)
		return err;
	switch (op->type) {
	case OP_PUT:
	case OP_PUT_FILE: return do_put(f, op, &p);
	case OP_READ: return do_read(f, op, &p);
	case OP_ERASE: return do_erase(f, &p);
	}
	assert(0 && "type of operation");
	return ERR_USAGE;
}

static void run(void *arg, struct job *first)
{
	const struct log log = { .plane = "data", .doing = "keeping recordings" };
	struct op *op = (struct op *)first;
	enum err err = do_op(arg, op);
	const struct log_field fields[] = { LOG_ERR(err), { .key = NULL } };

	op->job.err = err;
	if (err && err != ERR_NOTFOUND && err != ERR_EXISTS)
		log_write(&log, LOG_LEVEL_ERROR, "the store of recordings failed", fields);
}

/* ---- the loop's thread ---- */

static void op_release(struct job *job)
{
	struct op *op = (struct op *)job;

	free(op->data);
	free(op);
}

static void answer_done(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;

	op->handler.done(op->arg, err);
}

static void answer_read(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;
	struct recording_range range = { .data = NULL };

	if (!err)
		range = (struct recording_range){ .data = op->data, .len = op->len, .bytes = op->bytes };
	op->handler.read(op->arg, err, err ? NULL : &range);
}

static struct op *op_new(struct job **slot, enum op_type type, const struct tenant *t, const struct recording_name *name, job_answer_h *answer, void *arg)
{
	struct op *op = calloc(1, sizeof(*op));

	if (slot)
		*slot = NULL;
	if (!op)
		return NULL;
	op->job.answer = answer;
	op->job.release = op_release;
	op->type = type;
	op->part = name->part;
	op->arg = arg;
	tenant_id_text(t, op->tenant);
	sodium_bin2hex(op->call, sizeof(op->call), name->call, RECORDING_ID_BYTES);
	return op;
}

static struct files *of(struct recordings *r)
{
	return (struct files *)r;
}

static enum err files_put(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const void *data, size_t len,
	recordings_done_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_PUT, t, name, answer_done, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.done = h;
	op->len = len;
	op->data = malloc(len ? len : 1);
	if (!op->data) {
		op_release(&op->job);
		return ERR_NOMEM;
	}
	if (len)
		memcpy(op->data, data, len);
	return jobs_start(of(r)->jobs, slot, &op->job);
}

static enum err files_put_file(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, const char *path,
	recordings_done_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_PUT_FILE, t, name, answer_done, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.done = h;
	snprintf(op->path, sizeof(op->path), "%s", path);
	return jobs_start(of(r)->jobs, slot, &op->job);
}

static enum err files_read(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, uint64_t offset, size_t len,
	recordings_read_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_READ, t, name, answer_read, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.read = h;
	op->offset = offset;
	op->len = len;
	return jobs_start(of(r)->jobs, slot, &op->job);
}

static enum err files_erase(struct recordings *r, struct job **slot, const struct tenant *t, const struct recording_name *name, recordings_done_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_ERASE, t, name, answer_done, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.done = h;
	return jobs_start(of(r)->jobs, slot, &op->job);
}

static void files_close(struct recordings *r)
{
	jobs_close(&of(r)->jobs);
	free(r);
}

static const struct recordings_backend files_backend = {
	.name = "files",
	.close = files_close,
	.put = files_put,
	.put_file = files_put_file,
	.read = files_read,
	.erase = files_erase,
};

enum err files_recordings_open(struct recordings **rp, uv_loop_t *loop, const struct disk *disk, const char *folder, struct err_detail *detail)
{
	struct files *f = calloc(1, sizeof(*f));
	const struct jobs_options options = { .name = "files", .threads = 1, .timeout_ms = TIMEOUT_MS, .run = run, .arg = f };
	enum err err;

	*rp = NULL;
	if (!f)
		return ERR_NOMEM;
	f->recordings.backend = &files_backend;
	f->disk = *disk;
	err = snprintf(f->folder, sizeof(f->folder), "%s", folder) < (int)sizeof(f->folder) ? disk_make_folder(disk, folder) : ERR_LIMIT;
	if (err && detail) {
		snprintf(detail->message, sizeof(detail->message), "the folder of recordings cannot be made: %s", err_name(err));
		snprintf(detail->where, sizeof(detail->where), "%.150s", folder);
		snprintf(detail->hint, sizeof(detail->hint), "check the folder that it is to be in");
	}
	if (!err)
		err = jobs_open(&f->jobs, loop, &options);
	if (err)
		files_close(&f->recordings);
	else
		*rp = &f->recordings;
	return err;
}
