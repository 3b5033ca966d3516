/* Where a file that somebody names for our output is to be written.
 *
 * Our writers write beside the target and rename over it. Done blindly, that replaces whatever stands there: a device, a pipe, a
 * symlink. So: a name that leads to something is followed to its end, and only a regular file, or nothing, may be there.
 * Looks, changes nothing; this machine's disk only; any thread.
 */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#include "base/disk.h"
#include "base/err.h"

/* The path to write beside and to rename over: `path` itself, or what its symlinks lead to (which need not be there yet). ERR_USAGE:
 * that, or the `.part` beside it which is written first, is no regular file, or the symlinks lead in circles; ERR_LIMIT: a name is too
 * long; what the disk says. A path in a folder that is not there is fine here: opening it will tell. On an error `detail` (may be NULL)
 * says why, with `path` as the place. */
enum err target_find(char out[DISK_PATH_MAX], const char *path, struct err_detail *detail) MUST_USE;

#endif
