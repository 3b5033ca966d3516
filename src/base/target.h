/* Where a file that somebody names for our output is to be written.
 *
 * Our writers write beside the target and rename over it. Done blindly, that replaces whatever stands there: a device, a pipe, a
 * symlink, what was protected against it, or the very file that is being read. So: a name that leads to something is followed to its
 * end, and only a regular file that may be written, or nothing, may be there.
 * target_find and target_outside look and change nothing; this machine's disk only; any thread.
 */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#include "base/disk.h"
#include "base/err.h"

/* The path to write beside and to rename over: `path` itself, or what its symlinks lead to (which need not be there yet). ERR_USAGE:
 * that, or the `.part` beside it which is written first, is no regular file, or the symlinks lead in circles, or the `.part` is the other
 * name of something; ERR_DENIED: one of the two is write-protected (for root as well); ERR_LIMIT: a name is too
 * long; what the disk says. A path in a folder that is not there is fine here: opening it will tell. On an error `detail` (may be NULL)
 * says why, with `path` as the place. */
enum err target_find(char out[DISK_PATH_MAX], const char *path, struct err_detail *detail) MUST_USE;

/* `target`, as target_find gave it, is to be neither in `folder` nor one of its files under another name (a link, a mount). ERR_USAGE: it
 * is; what the disk says when the folder is there and cannot be listed. `path` and `detail` as above. */
enum err target_outside(const char *target, const char *path, const char *folder, struct err_detail *detail) MUST_USE;

/* Writes `target`.part and renames it over `target`, which target_find gave; readable as the umask says. */
enum err target_replace(const char *target, const void *data, size_t len) MUST_USE;

#endif
