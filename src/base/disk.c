/* The disk of this machine, and what is the same for every disk: dispatch to the table, whole-file reads, atomic
 * replacement. A real file owns its descriptor. Any thread. Refuses to retry what the kernel refused, except EINTR. */
#include "base/disk.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct real_file {
	struct disk_file file;
	int fd;
};

static struct real_file *real_of(struct disk_file *f)
{
	return (struct real_file *)f;
}

static enum err last_error(void)
{
	return err_from_errno(errno);
}

static int real_flags(unsigned int flags)
{
	int out = flags & DISK_WRITE ? O_RDWR : O_RDONLY;

	if (flags & DISK_CREATE)
		out |= O_CREAT;
	if (flags & DISK_NEW)
		out |= O_EXCL;
	return out | O_CLOEXEC | O_NONBLOCK; /* a pipe nobody writes to must not keep us; a file knows no such flag */
}

static const struct disk_ops disk_real_ops;

static void real_close(struct disk_file *f)
{
	close(real_of(f)->fd);
	free(f);
}

/* A folder, a pipe, a socket: nothing that has offsets. */
static bool is_no_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (S_ISDIR(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static enum err real_open(void *arg, struct disk_file **fp, const char *path, unsigned int flags)
{
	struct real_file *f = calloc(1, sizeof(*f));

	(void)arg;
	if (!f)
		return ERR_NOMEM;
	f->file.ops = &disk_real_ops;
	do
		f->fd = open(path, real_flags(flags), 0600);
	while (f->fd < 0 && errno == EINTR);
	if (f->fd < 0) {
		enum err err = last_error();

		free(f);
		return err;
	}
	if (is_no_file(f->fd)) {
		real_close(&f->file);
		return ERR_FORMAT;
	}
	*fp = &f->file;
	return ERR_NONE;
}

static enum err real_write(struct disk_file *f, uint64_t offset, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		ssize_t n = pwrite(real_of(f)->fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return last_error();
		if (!n)
			return ERR_IO;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return ERR_NONE;
}

static enum err real_read(struct disk_file *f, uint64_t offset, void *data, size_t len, size_t *got)
{
	uint8_t *at = data;

	*got = 0;
	while (*got < len) {
		ssize_t n = pread(real_of(f)->fd, at + *got, len - *got, (off_t)(offset + *got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return last_error();
		if (!n)
			break;
		*got += (size_t)n;
	}
	return ERR_NONE;
}

static enum err real_sync(struct disk_file *f)
{
	return fdatasync(real_of(f)->fd) ? last_error() : ERR_NONE;
}

static enum err real_size(struct disk_file *f, uint64_t *bytes)
{
	struct stat st;

	if (fstat(real_of(f)->fd, &st))
		return last_error();
	*bytes = (uint64_t)st.st_size;
	return ERR_NONE;
}

static enum err write_zeros(struct disk_file *f, uint64_t from, uint64_t to)
{
	static const uint8_t zeros[65536];

	while (from < to) {
		size_t len = to - from < sizeof(zeros) ? (size_t)(to - from) : sizeof(zeros);
		enum err err = real_write(f, from, zeros, len);

		if (err)
			return err;
		from += len;
	}
	return ERR_NONE;
}

static enum err real_preallocate(struct disk_file *f, uint64_t bytes)
{
	uint64_t before = 0;
	enum err err = real_size(f, &before);

	if (err || bytes <= before)
		return err;
	if (!fallocate(real_of(f)->fd, 0, 0, (off_t)bytes))
		return ERR_NONE;
	err = last_error();
	if (errno == EOPNOTSUPP || errno == ENOSYS)
		err = write_zeros(f, before, bytes);
	if (err && ftruncate(real_of(f)->fd, (off_t)before))
		return ERR_IO;
	return err;
}

static enum err real_truncate(struct disk_file *f, uint64_t bytes)
{
	return ftruncate(real_of(f)->fd, (off_t)bytes) ? last_error() : ERR_NONE;
}

static enum err real_lock(struct disk_file *f)
{
	return flock(real_of(f)->fd, LOCK_EX | LOCK_NB) ? last_error() : ERR_NONE;
}

static enum err real_make_folder(void *arg, const char *path)
{
	(void)arg;
	return mkdir(path, 0700) && errno != EEXIST ? last_error() : ERR_NONE;
}

static enum err real_sync_folder(void *arg, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	(void)arg;
	if (fd < 0)
		return last_error();
	err = fsync(fd) ? last_error() : ERR_NONE;
	close(fd);
	return err;
}

static enum err real_rename(void *arg, const char *from, const char *to)
{
	(void)arg;
	return rename(from, to) ? last_error() : ERR_NONE;
}

static enum err real_unlink(void *arg, const char *path)
{
	(void)arg;
	return unlink(path) ? last_error() : ERR_NONE;
}

static enum err real_list(void *arg, const char *path, disk_list_h *handler, void *handler_arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	(void)arg;
	if (!dir)
		return last_error();
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			handler(handler_arg, entry->d_name);
	closedir(dir);
	return ERR_NONE;
}

/* Preallocated room that nobody wrote to is a hole to the file system, once what was only read, or read ahead, is out of the cache. A file
 * system that knows no holes calls everything data. */
static enum err real_written(struct disk_file *f, uint64_t from, uint64_t *at)
{
	off_t found;

	(void)posix_fadvise(real_of(f)->fd, (off_t)from, 0, POSIX_FADV_RANDOM);
	(void)posix_fadvise(real_of(f)->fd, (off_t)from, 0, POSIX_FADV_DONTNEED);
	found = lseek(real_of(f)->fd, (off_t)from, SEEK_DATA);
	*at = from;
	if (found >= 0)
		*at = (uint64_t)found;
	return found < 0 && errno == ENXIO ? ERR_NOTFOUND : ERR_NONE;
}

static const struct disk_ops disk_real_ops = {
	.name = "real",
	.open = real_open,
	.close = real_close,
	.write = real_write,
	.read = real_read,
	.sync = real_sync,
	.size = real_size,
	.preallocate = real_preallocate,
	.truncate = real_truncate,
	.lock = real_lock,
	.make_folder = real_make_folder,
	.sync_folder = real_sync_folder,
	.rename = real_rename,
	.unlink = real_unlink,
	.list = real_list,
	.written = real_written,
};

const struct disk disk_real = { .ops = &disk_real_ops };

enum err disk_open(const struct disk *d, struct disk_file **fp, const char *path, unsigned int flags)
{
	*fp = NULL;
	return d->ops->open(d->arg, fp, path, flags);
}

void disk_close(struct disk_file **fp)
{
	if (*fp)
		(*fp)->ops->close(*fp);
	*fp = NULL;
}

enum err disk_write(struct disk_file *f, uint64_t offset, const void *data, size_t len)
{
	return f->ops->write(f, offset, data, len);
}

enum err disk_read(struct disk_file *f, uint64_t offset, void *data, size_t len, size_t *got)
{
	return f->ops->read(f, offset, data, len, got);
}

enum err disk_sync(struct disk_file *f)
{
	return f->ops->sync(f);
}

enum err disk_size(struct disk_file *f, uint64_t *bytes)
{
	return f->ops->size(f, bytes);
}

enum err disk_preallocate(struct disk_file *f, uint64_t bytes)
{
	return f->ops->preallocate(f, bytes);
}

enum err disk_written(struct disk_file *f, uint64_t from, uint64_t *at)
{
	*at = from;
	return f->ops->written ? f->ops->written(f, from, at) : ERR_NONE;
}

enum err disk_truncate(struct disk_file *f, uint64_t bytes)
{
	return f->ops->truncate(f, bytes);
}

enum err disk_lock(struct disk_file *f)
{
	return f->ops->lock(f);
}

enum err disk_make_folder(const struct disk *d, const char *path)
{
	return d->ops->make_folder(d->arg, path);
}

enum err disk_sync_folder(const struct disk *d, const char *path)
{
	return d->ops->sync_folder(d->arg, path);
}

enum err disk_rename(const struct disk *d, const char *from, const char *to)
{
	return d->ops->rename(d->arg, from, to);
}

enum err disk_unlink(const struct disk *d, const char *path)
{
	return d->ops->unlink(d->arg, path);
}

enum err disk_list(const struct disk *d, const char *path, disk_list_h *handler, void *arg)
{
	return d->ops->list(d->arg, path, handler, arg);
}

enum err disk_path(char out[DISK_PATH_MAX], const char *folder, const char *name)
{
	size_t folder_len = strlen(folder), name_len = strlen(name);

	*out = 0;
	if (folder_len + 1 + name_len >= DISK_PATH_MAX)
		return ERR_LIMIT;
	memcpy(out, folder, folder_len);
	out[folder_len] = '/';
	memcpy(out + folder_len + 1, name, name_len + 1);
	return ERR_NONE;
}

static enum err load_open(struct disk_file *f, struct buf *out)
{
	uint64_t size;
	size_t got = 0;
	uint8_t *at;
	enum err err = disk_size(f, &size);

	if (err)
		return err;
	if (size > out->max)
		return ERR_LIMIT;
	if (!size)
		return ERR_NONE;
	at = buf_reserve(out, (size_t)size);
	if (!at)
		return out->err;
	err = disk_read(f, 0, at, (size_t)size, &got);
	if (!err)
		out->len += got;
	return err;
}

enum err disk_load(const struct disk *d, const char *path, struct buf *out)
{
	struct disk_file *f;
	enum err err = disk_open(d, &f, path, DISK_READ);

	if (err)
		return err;
	err = load_open(f, out);
	disk_close(&f);
	return err;
}

static enum err write_temporary(const struct disk *d, const char *path, const void *data, size_t len)
{
	struct disk_file *f;
	enum err err = disk_open(d, &f, path, DISK_WRITE | DISK_CREATE);

	if (err)
		return err;
	err = disk_truncate(f, 0);
	if (!err)
		err = disk_write(f, 0, data, len);
	if (!err)
		err = disk_sync(f);
	disk_close(&f);
	return err;
}

enum err disk_replace(const struct disk *d, const char *folder, const char *name, const void *data, size_t len)
{
	char path[DISK_PATH_MAX];
	char temporary[DISK_PATH_MAX];
	char temporary_name[DISK_PATH_MAX];
	int n = snprintf(temporary_name, sizeof(temporary_name), "%s.new", name);

	if (n < 0 || n >= (int)sizeof(temporary_name) || disk_path(path, folder, name) ||
		disk_path(temporary, folder, temporary_name))
		return ERR_LIMIT;
	enum err err = write_temporary(d, temporary, data, len);
	if (!err)
		err = disk_rename(d, temporary, path);
	if (err) {
		enum err ignored = disk_unlink(d, temporary);

		(void)ignored; /* a leftover is overwritten the next time */
		return err;
	}
	return disk_sync_folder(d, folder);
}

void disk_folder(char out[DISK_PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(out, DISK_PATH_MAX, ".");
	else
		snprintf(out, DISK_PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}
