/* Documents: small records of a tenant, by key, changed by compare-and-set. One header, an embedded backend, later a server one.
 *
 * Every call takes the tenant first: two tenants with the same key have two documents and no way to each other's (N8). No joins, no
 * queries but by prefix. Every change has a revision, never used twice in a store; a change says which revision it replaces.
 * Asynchronous as jobs.h says: an error from a start means no answer; otherwise one answer on the loop's thread, the slot emptied
 * before it, or a job_cancel. "Stored" is answered only when it would survive the power (N1). A timed-out change may have happened.
 * Keys: 1 to 255 bytes of UTF-8 without control characters; values at most DOCUMENT_MAX_BYTES of anything.
 */
#ifndef DATA_DOCUMENTS_H
#define DATA_DOCUMENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/jobs.h"
#include "base/tenant.h"

enum {
	DOCUMENT_KEY_MAX = 256, /* NUL included */
	DOCUMENT_MAX_BYTES = 4 << 20, /* the snapshot of a call that is full of text, with what was masked in it */
	DOCUMENTS_PAGE_MAX = 500,
	DOCUMENTS_PAGE_MAX_BYTES = 4 << 20 /* beyond it one document at a time */
};

#define DOCUMENT_NONE UINT64_C(0)  /* as an expected revision: there must be none */
#define DOCUMENT_ANY  UINT64_MAX   /* whatever is there, or nothing */

struct document {
	const char *key;
	const uint8_t *value; /* a NUL stands behind it */
	size_t len;
	uint64_t revision;
};

/* A page of a listing, in the order of the keys' bytes. When `more`, the next page begins after items[count - 1].key. */
struct documents_page {
	const struct document *items;
	size_t count;
	bool more;
};

/* ERR_EXISTS: another revision is there; ERR_NOTFOUND: none is, though one was expected; ERR_FULL, ERR_IO, ERR_CORRUPT, ERR_BUSY
 * (another program holds the store), ERR_TIMEOUT. `revision` is the new one; 0 when it was deleted. */
typedef void documents_stored_h(void *arg, enum err err, uint64_t revision);

/* ERR_NOTFOUND: `d` is NULL. Everything is borrowed for the call. */
typedef void documents_got_h(void *arg, enum err err, const struct document *d);
typedef void documents_page_h(void *arg, enum err err, const struct documents_page *page);

struct documents_backend;

/* The head of every backend's own struct. */
struct documents {
	const struct documents_backend *backend;
	atomic_uint_fast64_t changes; /* made durable */
	atomic_uint_fast64_t commits; /* that took */
	atomic_int failing;           /* enum err: of the last changes that were to be made durable; ERR_NONE when they were */
	atomic_bool damaged;          /* something could not be read as it was written: the store wants to be restored from a copy */
};

struct documents_put {
	const char *key;
	const void *value;
	size_t len;
	uint64_t expected;
};

struct documents_range {
	const char *prefix; /* "" for all */
	const char *after;  /* only keys behind this one; "" from the start */
	size_t limit;       /* 1 to DOCUMENTS_PAGE_MAX */
};

struct documents_backend {
	const char *name;
	void (*close)(struct documents *d);
	enum err (*put)(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h, void *arg);
	enum err (*erase)(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected, documents_stored_h *h,
		void *arg);
	enum err (*get)(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg);
	enum err (*list)(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h, void *arg);
};

/* The embedded backend: one SQLite file, made when it is not there (mode 0600). Blocks; on a mistake the detail says what to do.
 * ERR_CORRUPT, ERR_VERSION (a newer release wrote it), ERR_BUSY (locked by another program), ERR_DENIED, ERR_FULL. */
enum err sqlite_documents_open(struct documents **dp, uv_loop_t *loop, const char *path, struct err_detail *detail) MUST_USE;

/* Whether sqlite_documents_open would take the file, as far as can be seen while others use it. Nothing is made, locked or changed, and
 * nobody needs to stop; ERR_NOTFOUND: there is none yet, which is fine. Blocks. */
enum err sqlite_documents_look(const char *path, struct err_detail *detail) MUST_USE;

/* Waits for what was accepted; answers no more. NULL-safe. The loop turns once more before it may be closed. */
void documents_close(struct documents **dp);

/* Creates or replaces. ERR_USAGE: no such key can be; ERR_LIMIT: too large; ERR_BUSY: too much waits already. The value is copied. */
enum err documents_put(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_put *put, documents_stored_h *h,
	void *arg) MUST_USE;
enum err documents_delete(struct documents *d, struct job **slot, const struct tenant *t, const char *key, uint64_t expected, documents_stored_h *h,
	void *arg) MUST_USE;
enum err documents_get(struct documents *d, struct job **slot, const struct tenant *t, const char *key, documents_got_h *h, void *arg) MUST_USE;
enum err documents_list(struct documents *d, struct job **slot, const struct tenant *t, const struct documents_range *r, documents_page_h *h,
	void *arg) MUST_USE;

bool document_key_ok(const char *key);

#endif
