#include "base/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err tell(struct err_detail *detail, enum err err, const char *path, const char *message, const char *hint)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", path);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static enum err check(int fd, const char *path, size_t *bytes, struct err_detail *detail)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return tell(detail, ERR_DENIED, path, "what should hold a key is no file", "put the file there");
	if ((st.st_mode & 077) || (st.st_uid != geteuid() && st.st_uid != 0))
		return tell(detail, ERR_DENIED, path, "others may read this key", "chown it to the program's user and chmod it 0600");
	*bytes = (size_t)st.st_size;
	return ERR_NONE;
}

static enum err take(int fd, size_t bytes, struct buf *out)
{
	uint8_t *at = bytes ? buf_reserve(out, bytes) : NULL;
	ssize_t got;

	if (!at)
		return bytes ? out->err : ERR_NONE;
	got = read(fd, at, bytes);
	if (got < 0)
		return err_from_errno(errno);
	out->len += (size_t)got;
	return (size_t)got == bytes ? ERR_NONE : ERR_TRUNCATED;
}

enum err private_file_load(const char *path, struct buf *out, struct err_detail *detail)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	enum err err;

	if (fd < 0 && errno == ENOENT)
		return ERR_NOTFOUND;
	if (fd < 0)
		return tell(detail, err_from_errno(errno), path, "the key cannot be read", "check who may read it");
	err = check(fd, path, &bytes, detail);
	if (!err) {
		err = take(fd, bytes, out);
		if (err)
			tell(detail, err, path, "the key cannot be read", "look at the file and the disk");
	}
	close(fd);
	return err;
}

enum err private_folder_check(const char *path, struct err_detail *detail)
{
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode) || !(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX))
		return ERR_NONE;
	return tell(detail, ERR_DENIED, path, "everybody may write to this folder, which keeps keys and calls", "chmod it 0700, or give another folder");
}

void private_buf_fini(struct buf *b)
{
	if (b->data)
		sodium_memzero(b->data, b->cap);
	buf_fini(b);
}
