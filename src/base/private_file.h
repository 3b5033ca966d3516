/* Files that hold keys: a regular file of ours (or root's) that nobody else may read, or it is not read at all; and the folder that they lie
 * in. Blocks; any thread. */
#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the file to `out`, whose ceiling holds; the caller wipes it. ERR_NOTFOUND leaves the detail alone; ERR_DENIED: others may
 * read it, or we may not; ERR_LIMIT. */
enum err private_file_load(const char *path, struct buf *out, struct err_detail *detail) MUST_USE;

/* ERR_DENIED: everybody may write to this folder, and so put other files in the place of its own (a sticky one, as /tmp, does not let
 * them). A folder that is not there is fine. */
enum err private_folder_check(const char *path, struct err_detail *detail) MUST_USE;

/* Overwrites the contents, then frees them. */
void private_buf_fini(struct buf *b);

#endif
