/* Files that hold keys: a regular file of ours (or root's) that nobody else may read, or it is not read at all. Blocks; any thread. */
#ifndef BASE_PRIVATE_FILE_H
#define BASE_PRIVATE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the file to `out`, whose ceiling holds; the caller wipes it. ERR_NOTFOUND leaves the detail alone; ERR_DENIED: others may
 * read it, or we may not; ERR_LIMIT. */
enum err private_file_load(const char *path, struct buf *out, struct err_detail *detail) MUST_USE;

/* Overwrites the contents, then frees them. */
void private_buf_fini(struct buf *b);

#endif
