/* The seam to the disk: one const table of blocking operations, so that faults can be put in.
 *
 * Three disks: disk_real (this machine's), disk_virtual (memory, for the simulator: knows what was synced and can lose the
 * rest as a power cut would), disk_inject (wraps another: counts, then kills the process or fails at a chosen point).
 * Every operation blocks and may be called from any thread, but one file belongs to one thread at a time; a virtual disk
 * as a whole belongs to one thread. Paths are whole paths. Files are made readable by their owner alone (0600).
 * Nothing here is durable before the sync of the file, and no name before the sync of its folder.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum disk_open {
	DISK_READ = 1,
	DISK_WRITE = 2,  /* with DISK_READ or alone; reading is always allowed as well */
	DISK_CREATE = 4, /* make it when it is not there */
	DISK_NEW = 8     /* with DISK_CREATE: ERR_EXISTS when it is there */
};

enum { DISK_PATH_MAX = 512 };

struct disk_ops;

/* The head of every implementation's own file struct. */
struct disk_file {
	const struct disk_ops *ops;
};

/* Called for each name of a folder, in no order; borrowed for the call. */
typedef void disk_list_h(void *arg, const char *name);

struct disk_ops {
	const char *name;
	enum err (*open)(void *arg, struct disk_file **fp, const char *path, unsigned int flags);
	void (*close)(struct disk_file *f);
	enum err (*write)(struct disk_file *f, uint64_t offset, const void *data, size_t len);
	enum err (*read)(struct disk_file *f, uint64_t offset, void *data, size_t len, size_t *got);
	enum err (*sync)(struct disk_file *f);
	enum err (*size)(struct disk_file *f, uint64_t *bytes);
	enum err (*preallocate)(struct disk_file *f, uint64_t bytes);
	enum err (*truncate)(struct disk_file *f, uint64_t bytes);
	enum err (*lock)(struct disk_file *f);
	enum err (*make_folder)(void *arg, const char *path);
	enum err (*sync_folder)(void *arg, const char *path);
	enum err (*rename)(void *arg, const char *from, const char *to);
	enum err (*unlink)(void *arg, const char *path);
	enum err (*list)(void *arg, const char *path, disk_list_h *handler, void *handler_arg);
	enum err (*written)(struct disk_file *f, uint64_t from, uint64_t *at); /* NULL: it cannot tell */
};

struct disk {
	const struct disk_ops *ops;
	void *arg;
};

/* This machine's disk. */
extern const struct disk disk_real;

/* Opens; on an error *fp is NULL. ERR_NOTFOUND, ERR_EXISTS, ERR_DENIED, ERR_FULL, ERR_IO; ERR_FORMAT: a folder. */
enum err disk_open(const struct disk *d, struct disk_file **fp, const char *path, unsigned int flags) MUST_USE;
void disk_close(struct disk_file **fp); /* NULL-safe; syncs nothing */

/* Writes all of it at `offset` or fails; a failed write may have written a part. */
enum err disk_write(struct disk_file *f, uint64_t offset, const void *data, size_t len) MUST_USE;

/* Reads up to `len` bytes; *got is less only at the end of the file. */
enum err disk_read(struct disk_file *f, uint64_t offset, void *data, size_t len, size_t *got) MUST_USE;

/* The contents (and the size) survive a power cut afterwards. After an error nothing written since the last good sync may
 * be trusted, and a later success on the same file says nothing about it. */
enum err disk_sync(struct disk_file *f) MUST_USE;

enum err disk_size(struct disk_file *f, uint64_t *bytes) MUST_USE;

/* Gives the file at least `bytes` bytes of room that later writes cannot be refused for; new bytes read as zero. On an
 * error the size is what it was. */
enum err disk_preallocate(struct disk_file *f, uint64_t bytes) MUST_USE;

/* Where at or behind `from` somebody may have written; before it all reads as zero. ERR_NOTFOUND: nowhere. A disk that cannot tell says
 * `from`. For preallocated files, which are long to read. */
enum err disk_written(struct disk_file *f, uint64_t from, uint64_t *at) MUST_USE;

enum err disk_truncate(struct disk_file *f, uint64_t bytes) MUST_USE;

/* An exclusive lock until the file is closed or the process dies; ERR_BUSY when another holds it. */
enum err disk_lock(struct disk_file *f) MUST_USE;

enum err disk_make_folder(const struct disk *d, const char *path) MUST_USE; /* fine when it is there; not its parents */
enum err disk_sync_folder(const struct disk *d, const char *path) MUST_USE;
enum err disk_rename(const struct disk *d, const char *from, const char *to) MUST_USE;
enum err disk_unlink(const struct disk *d, const char *path) MUST_USE;
enum err disk_list(const struct disk *d, const char *path, disk_list_h *handler, void *arg) MUST_USE;

/* Reads a whole file to the end of `out`, whose ceiling holds (ERR_LIMIT). */
enum err disk_load(const struct disk *d, const char *path, struct buf *out) MUST_USE;

/* Replaces `folder`/`name` by these bytes, whole or not at all: a temporary name, sync, rename, sync of the folder. */
enum err disk_replace(const struct disk *d, const char *folder, const char *name, const void *data, size_t len) MUST_USE;

/* "folder/name" into `out`; ERR_LIMIT when it does not fit. */
enum err disk_path(char out[DISK_PATH_MAX], const char *folder, const char *name) MUST_USE;

/* The folder that a path's last part lies in: "." or "/" where it names none. Cut when it does not fit. */
void disk_folder(char out[DISK_PATH_MAX], const char *path);

/* ---- a disk in memory; one thread ---- */

struct disk_virtual;

enum err disk_virtual_new(struct disk_virtual **vp) MUST_USE;
void disk_virtual_free(struct disk_virtual **vp); /* NULL-safe; every file must be closed */
struct disk disk_virtual_disk(struct disk_virtual *v);

/* A power cut. Of what was not synced, `seed` decides what is there afterwards: sectors of 512 bytes are kept, lost or
 * torn, names not synced with their folder are kept up to some point in time. Seeds divisible by 3 lose all of it, those
 * with remainder 1 keep all of it. Files open now answer ERR_CLOSED to everything but close. */
void disk_virtual_crash(struct disk_virtual *v, uint64_t seed);

/* The process dies, and nothing else: its files answer ERR_CLOSED as above, but all that was written is seen by the next
 * life, and what was not synced is still at the mercy of a power cut. */
void disk_virtual_kill(struct disk_virtual *v);

/* The `nth` change from now on (1: the next write, sync, preallocation, truncation, creation, rename, removal or sync of a
 * folder) is where the process stands still: a write gets half-way, anything else does not happen, and from there on every
 * operation answers ERR_CLOSED, until a crash or a kill. 0: takes it back. */
void disk_virtual_stop(struct disk_virtual *v, unsigned int nth);

void disk_virtual_limit(struct disk_virtual *v, uint64_t bytes); /* room for all files; 0: no limit */
uint64_t disk_virtual_used(const struct disk_virtual *v);        /* bytes */

/* The `nth` sync of a file from now on (1: the next) fails once, and what that file held unsynced is seen as before but lost
 * at the next crash, even if later syncs of it succeed, unless it is written again: that is what kernels do. */
void disk_virtual_fail_sync(struct disk_virtual *v, unsigned int nth);

void disk_virtual_read_only(struct disk_virtual *v, bool read_only);

/* ---- a disk that fails where it is told to ---- */

struct disk_inject;

/* Wraps `inner`, which must outlive it. */
enum err disk_inject_new(struct disk_inject **ip, const struct disk *inner) MUST_USE;
void disk_inject_free(struct disk_inject **ip); /* NULL-safe; every file must be closed */
struct disk disk_inject_disk(struct disk_inject *i);

/* One more point, at most 32: "fsync:17" kills the process with SIGKILL at the 17th sync (of a file or folder), half-way
 * through when it is a write; "fsync:3=EIO" fails that one; "write:9+=ENOSPC" fails it and all that follow. Kinds: open,
 * read, write, fsync, rename, unlink, truncate, preallocate, list, dispatch. Errors: EIO, ENOSPC, EROFS, EACCES. On a
 * mistake ERR_USAGE, and `detail` says what was found and what is allowed. */
enum err disk_inject_add(struct disk_inject *i, const char *spec, struct err_detail *detail) MUST_USE;

/* Counts one operation of a kind that others own ("dispatch"): may kill the process; the error to report, or 0. Any thread. */
enum err disk_inject_count(struct disk_inject *i, const char *kind) MUST_USE;

/* How often `kind` happened so far; 0 for an unknown kind. */
uint64_t disk_inject_counted(const struct disk_inject *i, const char *kind);

#endif
