/* A name for our output, followed to where it leads. Only its last component is followed here: the kernel follows the folders. */
#include "base/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

static enum err refuse(struct err_detail *detail, const char *path, enum err err, const char *hint, const char *message)
{
	if (!detail)
		return err;
	*detail = (struct err_detail){ 0 };
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", path);
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	return err;
}

/* Puts what the symlink `at` holds in its place; a relative one counts from its folder. */
static enum err link_follow(char at[DISK_PATH_MAX])
{
	char to[DISK_PATH_MAX];
	const char *slash = strrchr(at, '/');
	ssize_t len = readlink(at, to, sizeof(to));
	size_t folder;

	if (len < 0)
		return err_from_errno(errno);
	folder = len && to[0] != '/' && slash ? (size_t)(slash - at) + 1 : 0;
	if (!len || folder + (size_t)len >= DISK_PATH_MAX)
		return ERR_LIMIT;
	memcpy(at + folder, to, (size_t)len);
	at[folder + (size_t)len] = 0;
	return ERR_NONE;
}

/* What is there; false: nothing, or it cannot be looked at, which is left to whoever opens it. */
static bool look(const char *path, struct stat *st)
{
	return !lstat(path, st);
}

/* Root may write everything: what its owner may not write was meant to stay. */
static bool is_protected(const char *path, const struct stat *st)
{
	return !(st->st_mode & S_IWUSR) || (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) && errno == EACCES);
}

static enum err links_follow(char at[DISK_PATH_MAX])
{
	unsigned int links = 0;
	struct stat st;
	enum err err = ERR_NONE;

	while (!err && look(at, &st) && S_ISLNK(st.st_mode))
		err = links++ < LINKS_MAX ? link_follow(at) : ERR_USAGE;
	return err;
}

static const char odd_hint[] = "name a regular file, or one that is not there yet";

static enum err part_check(const char *target, const char *path, struct err_detail *detail)
{
	static const char hint[] = "remove or rename the .part beside it, which is written first";
	char part[DISK_PATH_MAX];
	struct stat st;

	if (snprintf(part, sizeof(part), "%s.part", target) >= DISK_PATH_MAX)
		return refuse(detail, path, ERR_LIMIT, "name a shorter path", "the name is too long");
	if (!look(part, &st))
		return ERR_NONE;
	if (!S_ISREG(st.st_mode))
		return refuse(detail, path, ERR_USAGE, hint, "cannot be written: the .part beside it is no regular file");
	if (st.st_nlink > 1)
		return refuse(detail, path, ERR_USAGE, hint, "cannot be written: the .part beside it is another name of some file");
	if (is_protected(part, &st))
		return refuse(detail, path, ERR_DENIED, hint, "cannot be written: the .part beside it is write-protected");
	return ERR_NONE;
}

enum err target_find(char out[DISK_PATH_MAX], const char *path, struct err_detail *detail)
{
	struct stat st;
	enum err err;

	if (snprintf(out, DISK_PATH_MAX, "%s", path) >= DISK_PATH_MAX)
		return refuse(detail, path, ERR_LIMIT, "name a shorter path", "the name is too long");
	err = links_follow(out);
	if (err)
		return refuse(detail, path, err, odd_hint,
			err == ERR_USAGE ? "cannot be written: its symlinks lead in circles" : "cannot be written: its symlink cannot be followed");
	if (look(out, &st) && !S_ISREG(st.st_mode))
		return refuse(detail, path, ERR_USAGE, odd_hint, "cannot be written: it is no regular file");
	if (look(out, &st) && is_protected(out, &st))
		return refuse(detail, path, ERR_DENIED, "name another file, or make this one writable first", "cannot be written: it is write-protected");
	return part_check(out, path, detail);
}

/* ---- what is being read ---- */

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

struct search {
	const char *folder;
	struct stat target;
	bool found;
};

static void file_seen(void *arg, const char *name)
{
	struct search *s = arg;
	char path[DISK_PATH_MAX];
	struct stat st;

	if (!disk_path(path, s->folder, name) && !stat(path, &st) && same(&st, &s->target))
		s->found = true;
}

enum err target_outside(const char *target, const char *path, const char *folder, struct err_detail *detail)
{
	static const char hint[] = "name a file in another folder";
	char own[DISK_PATH_MAX];
	struct search s = { .folder = folder };
	struct stat to, from;
	enum err err;

	disk_folder(own, target);
	if (stat(folder, &from))
		return ERR_NONE; /* whoever reads it will tell */
	if (!stat(own, &to) && same(&to, &from))
		return refuse(detail, path, ERR_USAGE, hint, "cannot be written: it lies in the folder that is being read");
	if (stat(target, &s.target))
		return ERR_NONE;
	err = disk_list(&disk_real, folder, file_seen, &s);
	if (err)
		return refuse(detail, folder, err, hint, "the folder that is read cannot be looked at");
	return s.found ? refuse(detail, path, ERR_USAGE, hint, "cannot be written: it is another name of a file that is being read") : ERR_NONE;
}

/* ---- writing ---- */

static enum err write_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return ERR_NONE;
}

static enum err write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	enum err err;

	if (fd < 0)
		return err_from_errno(errno);
	err = write_all(fd, data, len);
	if (close(fd) && !err)
		err = err_from_errno(errno);
	return err;
}

enum err target_replace(const char *target, const void *data, size_t len)
{
	char part[DISK_PATH_MAX];
	enum err err;

	if (snprintf(part, sizeof(part), "%s.part", target) >= DISK_PATH_MAX)
		return ERR_LIMIT;
	err = write_file(part, data, len);
	if (!err && rename(part, target))
		err = err_from_errno(errno);
	if (err)
		unlink(part);
	return err;
}
