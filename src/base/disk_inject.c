/* A disk that wraps another, counts its operations by kind, and at chosen counts kills the process or fails.
 *
 * Points are added before the disk is used and never change; counters are atomic, so that any thread may pass through.
 * Owns nothing of the inner disk but the files it opened there. It decides nothing about what a failure means.
 */
#include "base/disk.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum inject_kind {
	KIND_OPEN,
	KIND_READ,
	KIND_WRITE,
	KIND_FSYNC,
	KIND_RENAME,
	KIND_UNLINK,
	KIND_TRUNCATE,
	KIND_PREALLOCATE,
	KIND_LIST,
	KIND_DISPATCH,
	KIND_COUNT
};

static const char *const kind_names[KIND_COUNT] = {
	[KIND_OPEN] = "open",
	[KIND_READ] = "read",
	[KIND_WRITE] = "write",
	[KIND_FSYNC] = "fsync",
	[KIND_RENAME] = "rename",
	[KIND_UNLINK] = "unlink",
	[KIND_TRUNCATE] = "truncate",
	[KIND_PREALLOCATE] = "preallocate",
	[KIND_LIST] = "list",
	[KIND_DISPATCH] = "dispatch",
};

static const struct {
	const char *name;
	int errnum;
} fail_names[] = { { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EROFS", EROFS }, { "EACCES", EACCES } };

struct point {
	enum inject_kind kind;
	uint64_t at;
	bool onwards;  /* this one and all that follow */
	enum err fail; /* ERR_NONE: kill the process */
};

enum { POINTS_MAX = 32 };

struct disk_inject {
	struct disk inner;
	struct point points[POINTS_MAX];
	size_t count;
	_Atomic uint64_t counts[KIND_COUNT];
};

struct inject_file {
	struct disk_file file;
	struct disk_inject *inject;
	struct disk_file *inner;
};

static struct inject_file *file_of(struct disk_file *f)
{
	return (struct inject_file *)f;
}

static _Noreturn void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Counts one operation; the point that it hits, or NULL. */
static const struct point *hit(struct disk_inject *i, enum inject_kind kind)
{
	uint64_t n = atomic_fetch_add(&i->counts[kind], 1) + 1;
	size_t p;

	for (p = 0; p < i->count; p++) {
		const struct point *at = &i->points[p];

		if (at->kind == kind && (n == at->at || (at->onwards && n > at->at)))
			return at;
	}
	return NULL;
}

/* For everything but writes: dies, or says what to fail with. */
static enum err pass(struct disk_inject *i, enum inject_kind kind)
{
	const struct point *at = hit(i, kind);

	if (!at)
		return ERR_NONE;
	if (!at->fail)
		die();
	return at->fail;
}

static const struct disk_ops inject_ops;

static enum err inject_open(void *arg, struct disk_file **fp, const char *path, unsigned int flags)
{
	struct disk_inject *i = arg;
	enum err err = pass(i, KIND_OPEN);
	struct inject_file *f;

	if (err)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return ERR_NOMEM;
	f->file.ops = &inject_ops;
	f->inject = i;
	err = disk_open(&i->inner, &f->inner, path, flags);
	if (err) {
		free(f);
		return err;
	}
	*fp = &f->file;
	return ERR_NONE;
}

static void inject_close(struct disk_file *f)
{
	disk_close(&file_of(f)->inner);
	free(f);
}

/* A write that dies or fails has written its first half: that is what a torn or short write leaves. */
static enum err inject_write(struct disk_file *f, uint64_t offset, const void *data, size_t len)
{
	const struct point *at = hit(file_of(f)->inject, KIND_WRITE);
	enum err err;

	if (!at)
		return disk_write(file_of(f)->inner, offset, data, len);
	err = disk_write(file_of(f)->inner, offset, data, len / 2);
	if (!at->fail)
		die();
	return err ? err : at->fail;
}

static enum err inject_read(struct disk_file *f, uint64_t offset, void *data, size_t len, size_t *got)
{
	enum err err = pass(file_of(f)->inject, KIND_READ);

	*got = 0;
	return err ? err : disk_read(file_of(f)->inner, offset, data, len, got);
}

static enum err inject_sync(struct disk_file *f)
{
	enum err err = pass(file_of(f)->inject, KIND_FSYNC);

	return err ? err : disk_sync(file_of(f)->inner);
}

static enum err inject_size(struct disk_file *f, uint64_t *bytes)
{
	return disk_size(file_of(f)->inner, bytes);
}

static enum err inject_preallocate(struct disk_file *f, uint64_t bytes)
{
	enum err err = pass(file_of(f)->inject, KIND_PREALLOCATE);

	return err ? err : disk_preallocate(file_of(f)->inner, bytes);
}

static enum err inject_truncate(struct disk_file *f, uint64_t bytes)
{
	enum err err = pass(file_of(f)->inject, KIND_TRUNCATE);

	return err ? err : disk_truncate(file_of(f)->inner, bytes);
}

static enum err inject_lock(struct disk_file *f)
{
	return disk_lock(file_of(f)->inner);
}

static enum err inject_make_folder(void *arg, const char *path)
{
	return disk_make_folder(&((struct disk_inject *)arg)->inner, path);
}

static enum err inject_sync_folder(void *arg, const char *path)
{
	struct disk_inject *i = arg;
	enum err err = pass(i, KIND_FSYNC);

	return err ? err : disk_sync_folder(&i->inner, path);
}

static enum err inject_rename(void *arg, const char *from, const char *to)
{
	struct disk_inject *i = arg;
	enum err err = pass(i, KIND_RENAME);

	return err ? err : disk_rename(&i->inner, from, to);
}

static enum err inject_unlink(void *arg, const char *path)
{
	struct disk_inject *i = arg;
	enum err err = pass(i, KIND_UNLINK);

	return err ? err : disk_unlink(&i->inner, path);
}

static enum err inject_list(void *arg, const char *path, disk_list_h *handler, void *handler_arg)
{
	struct disk_inject *i = arg;
	enum err err = pass(i, KIND_LIST);

	return err ? err : disk_list(&i->inner, path, handler, handler_arg);
}

static const struct disk_ops inject_ops = {
	.name = "inject",
	.open = inject_open,
	.close = inject_close,
	.write = inject_write,
	.read = inject_read,
	.sync = inject_sync,
	.size = inject_size,
	.preallocate = inject_preallocate,
	.truncate = inject_truncate,
	.lock = inject_lock,
	.make_folder = inject_make_folder,
	.sync_folder = inject_sync_folder,
	.rename = inject_rename,
	.unlink = inject_unlink,
	.list = inject_list,
};

enum err disk_inject_new(struct disk_inject **ip, const struct disk *inner)
{
	*ip = calloc(1, sizeof(**ip));
	if (!*ip)
		return ERR_NOMEM;
	(*ip)->inner = *inner;
	return ERR_NONE;
}

void disk_inject_free(struct disk_inject **ip)
{
	free(*ip);
	*ip = NULL;
}

struct disk disk_inject_disk(struct disk_inject *i)
{
	return (struct disk){ .ops = &inject_ops, .arg = i };
}

static enum inject_kind kind_find(const char *name, size_t len)
{
	enum inject_kind kind;

	for (kind = KIND_OPEN; kind < KIND_COUNT; kind++)
		if (strlen(kind_names[kind]) == len && !memcmp(kind_names[kind], name, len))
			break;
	return kind;
}

static enum err fail_find(const char *name)
{
	size_t n;

	for (n = 0; n < sizeof(fail_names) / sizeof(*fail_names); n++)
		if (!strcmp(fail_names[n].name, name))
			return err_from_errno(fail_names[n].errnum);
	return ERR_NONE;
}

static enum err mistake(struct err_detail *detail, const char *spec, const char *what)
{
	if (!detail)
		return ERR_USAGE;
	snprintf(detail->message, sizeof(detail->message), "%s", what);
	snprintf(detail->where, sizeof(detail->where), "%.150s", spec);
	snprintf(detail->hint, sizeof(detail->hint),
		"write KIND:N, KIND:N=ERROR or KIND:N+=ERROR; KIND is open, read, write, fsync, rename, unlink, truncate, "
		"preallocate, list or dispatch; ERROR is EIO, ENOSPC, EROFS or EACCES");
	return ERR_USAGE;
}

/* The decimal number at *at, at least 1; 0 when there is none. Moves *at behind it. */
static uint64_t number(const char **at)
{
	uint64_t n = 0;
	int digits;

	for (digits = 0; **at >= '0' && **at <= '9' && digits < 18; digits++)
		n = n * 10 + (uint64_t)(*(*at)++ - '0');
	return n;
}

enum err disk_inject_add(struct disk_inject *i, const char *spec, struct err_detail *detail)
{
	const char *colon = strchr(spec, ':'), *at;
	struct point p = { 0 };

	if (!colon)
		return mistake(detail, spec, "no colon between what is counted and how often");
	p.kind = kind_find(spec, (size_t)(colon - spec));
	if (p.kind == KIND_COUNT)
		return mistake(detail, spec, "an operation that is not counted");
	at = colon + 1;
	p.at = number(&at);
	if (!p.at)
		return mistake(detail, spec, "the count must be a whole number from 1 on");
	p.onwards = *at == '+';
	if (p.onwards)
		at++;
	if (*at == '=') {
		p.fail = fail_find(at + 1);
		if (!p.fail)
			return mistake(detail, spec, "an error that cannot be made");
	} else if (*at || p.onwards) {
		return mistake(detail, spec, "what follows the count is not =ERROR");
	}
	if (i->count == POINTS_MAX)
		return mistake(detail, spec, "more than 32 points");
	i->points[i->count++] = p;
	return ERR_NONE;
}

enum err disk_inject_count(struct disk_inject *i, const char *kind)
{
	enum inject_kind k = kind_find(kind, strlen(kind));

	assert(k < KIND_COUNT);
	return pass(i, k);
}

uint64_t disk_inject_counted(const struct disk_inject *i, const char *kind)
{
	enum inject_kind k = kind_find(kind, strlen(kind));

	return k < KIND_COUNT ? atomic_load(&i->counts[k]) : 0;
}
