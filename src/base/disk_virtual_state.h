/* The state of a disk in memory. Private to disk_virtual*.c.
 *
 * A node holds a file's bytes as readers see them, and what a power cut would bring back: `durable_len`, plus the old
 * contents of each durable sector written over since the last sync. Names live twice, as seen and as durable, with a log
 * of what happened between. One thread.
 */
#ifndef BASE_DISK_VIRTUAL_STATE_H
#define BASE_DISK_VIRTUAL_STATE_H

#include "base/disk.h"

enum { SECTOR_BYTES = 512, NAMES_MAX = 65536, FILE_MAX_BYTES = 1 << 30 };

struct virtual_undo {
	uint32_t sector;
	bool lost; /* a sync failed: no later one saves what was written here, unless it is written again */
};

struct virtual_node {
	struct virtual_node *next;
	uint8_t *data;
	size_t len, cap;
	size_t durable_len;
	uint8_t *undo;         /* undo_count sectors of old contents */
	struct virtual_undo *undo_of;
	size_t undo_count, undo_cap;
	size_t lost;           /* … how many of them are */
	uint8_t *saved;        /* one bit a sector: is in undo */
	size_t saved_bytes;
	unsigned int names;    /* as seen */
	unsigned int opens;
	unsigned int refs;     /* names of both kinds, log entries, handles */
	bool locked;
};

struct virtual_name {
	char *path;
	struct virtual_node *node;
};

struct virtual_names {
	struct virtual_name *items;
	size_t count, cap;
};

enum change_kind { CHANGE_CREATE, CHANGE_RENAME, CHANGE_UNLINK };

struct virtual_change {
	enum change_kind kind;
	char *path, *to;
	struct virtual_node *node; /* CHANGE_CREATE */
};

struct disk_virtual {
	struct virtual_node *nodes;
	struct virtual_names seen, durable;
	struct virtual_change *log;
	size_t log_count, log_cap;
	uint64_t limit, used;
	unsigned int fail_sync; /* counts down; 0: none */
	unsigned int stop;      /* counts down; 0: none */
	bool stopped;           /* nothing happens any more, until the process is dead */
	unsigned int lives;     /* handles of an earlier life are closed */
	bool read_only;
};

/* ---- contents ---- */

/* Does it take room? */
bool virtual_node_counts(const struct virtual_node *n);

struct virtual_node *virtual_node_new(struct disk_virtual *v); /* with no reference; NULL: no memory */
void virtual_node_release(struct disk_virtual *v, struct virtual_node *n);
enum err virtual_node_grow(struct virtual_node *n, size_t need) MUST_USE; /* of memory, not of the file */

/* Keeps the durable contents of [from, to) before they are written over. */
enum err virtual_undo_save(struct virtual_node *n, size_t from, size_t to) MUST_USE;

/* Nothing of it is needed any more; `all`: not even what was lost. */
void virtual_undo_clear(struct virtual_node *n, bool all);

/* A sync failed: what was written since the last good one is seen, and lost. */
enum err virtual_undo_lose(struct virtual_node *n) MUST_USE;

/* ---- names ---- */

struct virtual_name *virtual_names_find(struct virtual_names *names, const char *path);
enum err virtual_names_add(struct virtual_names *names, const char *path, struct virtual_node *node) MUST_USE;
void virtual_names_remove(struct disk_virtual *v, struct virtual_names *names, struct virtual_name *name);
void virtual_names_clear(struct disk_virtual *v, struct virtual_names *names);
void virtual_rename_apply(struct disk_virtual *v, struct virtual_names *names, const char *from, const char *to);

/* The log of what no folder sync has covered yet. */
enum err virtual_change_add(struct disk_virtual *v, enum change_kind kind, const char *path, const char *to,
	struct virtual_node *node) MUST_USE;
void virtual_change_apply(struct disk_virtual *v, struct virtual_names *names, const struct virtual_change *c);
void virtual_change_free(struct disk_virtual *v, struct virtual_change *c);

#endif
