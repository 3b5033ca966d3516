/* A name for our output, followed to where it leads. Only its last component is followed here: the kernel follows the folders. */
#include "base/target.h"

#include <errno.h>
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

/* Is something there that is neither a regular file nor a symlink? What cannot be looked at is left to whoever opens it. */
static bool is_odd(const char *path, bool *link)
{
	struct stat st;

	*link = false;
	if (lstat(path, &st))
		return false;
	*link = S_ISLNK(st.st_mode);
	return !*link && !S_ISREG(st.st_mode);
}

enum err target_find(char out[DISK_PATH_MAX], const char *path, struct err_detail *detail)
{
	static const char hint[] = "name a regular file, or one that is not there yet";
	char part[DISK_PATH_MAX];
	unsigned int links = 0;
	enum err err = ERR_NONE;
	bool link;

	if (snprintf(out, DISK_PATH_MAX, "%s", path) >= DISK_PATH_MAX)
		return refuse(detail, path, ERR_LIMIT, "name a shorter path", "the name is too long");
	while (!is_odd(out, &link) && link && !err)
		err = links++ < LINKS_MAX ? link_follow(out) : ERR_USAGE;
	if (err == ERR_USAGE)
		return refuse(detail, path, err, hint, "cannot be written: its symlinks lead in circles");
	if (err)
		return refuse(detail, path, err, hint, "cannot be written: its symlink cannot be followed");
	if (is_odd(out, &link))
		return refuse(detail, path, ERR_USAGE, hint, "cannot be written: it is no regular file");
	if (snprintf(part, sizeof(part), "%s.part", out) >= DISK_PATH_MAX)
		return refuse(detail, path, ERR_LIMIT, "name a shorter path", "the name is too long");
	if (is_odd(part, &link) || link)
		return refuse(detail, path, ERR_USAGE, "remove or rename the .part beside it, which is written first",
			"cannot be written: the .part beside it is no regular file");
	return ERR_NONE;
}
