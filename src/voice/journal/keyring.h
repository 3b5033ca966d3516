/* The keys of a journal: one for each call and epoch, wrapped by its tenant's key, those wrapped by the master key.
 *
 * One append-only file, DIR/keyring, of checksummed records; a torn end is survived. Erasing a call or a tenant leaves a
 * tombstone and writes the file anew without the keys (temporary name, sync, rename, sync of the folder); the old file's
 * bytes are written over. From then on the records they sealed are noise.
 *
 * Any thread: a lock inside guards the tables, and no disk operation runs under it, but keyring_flush, which blocks, is
 * for one thread at a time. Nothing added is durable before keyring_flush said so. Master and tenant keys in the clear
 * live in locked memory (as far as the system lets us) and are wiped. Keys never appear in an error text.
 */
#ifndef VOICE_KEYRING_H
#define VOICE_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "voice/journal/journal_format.h"

struct keyring;

/* Where randomness comes from; NULL in the options: the system's. */
typedef void keyring_random_h(void *arg, void *out, size_t len);

/* Looks at a keyring that was read (or at an empty one, where there is none) before anything is made or written: an error ends the
 * opening, and `detail` (may be NULL) says why. */
typedef enum err keyring_judge_h(void *arg, struct keyring *k, struct err_detail *detail);

struct keyring_options {
	const char *master_path; /* 32 bytes; NULL: DIR/master.key, made on first use */
	bool read_only;          /* makes and writes nothing */
	size_t keys_max;         /* 0: 1,048,576 */
	keyring_judge_h *judge;  /* NULL: nobody */
	void *judge_arg;
	keyring_random_h *random;
	void *random_arg;
};

/* ERR_NOTFOUND: read_only and no keyring there, or the master key is missing though the keyring is not; ERR_DENIED: another
 * master key, or a folder that cannot be written; ERR_TRUNCATED, ERR_CORRUPT, ERR_FORMAT, ERR_VERSION, ERR_LIMIT, ERR_IO; the judge's.
 * `detail` may be NULL. */
enum err keyring_open(struct keyring **kp, const struct disk *d, const char *dir, const struct keyring_options *options,
	struct err_detail *detail) MUST_USE;

/* Wipes and frees; what was not flushed is gone. NULL-safe. */
void keyring_close(struct keyring **kp);

/* A fresh key for this call and epoch, in memory. ERR_EXISTS: this epoch or a later one was opened before (take the next);
 * ERR_DENIED: the call or the tenant was erased; ERR_LIMIT. */
enum err keyring_add(struct keyring *k, const struct id128 *tenant, const struct id128 *call, uint32_t epoch,
	struct id128 *key_id, uint8_t key[JOURNAL_KEY_BYTES]) MUST_USE;

/* The key a record names. ERR_DENIED: erased; ERR_NOTFOUND: it, or its tenant's key, is not here; ERR_CORRUPT: its wrapping does not
 * hold, or it belongs to another tenant or call. */
enum err keyring_find(struct keyring *k, const struct id128 *tenant, const struct id128 *call, const struct id128 *key_id,
	uint8_t key[JOURNAL_KEY_BYTES]) MUST_USE;

/* The highest epoch a key was ever made for; 0: none. */
uint32_t keyring_epoch(struct keyring *k, const struct id128 *call);

/* Gone from memory at once, from the disk after the next keyring_flush. Idempotent. ERR_NOMEM, ERR_LIMIT. */
enum err keyring_erase_call(struct keyring *k, const struct id128 *tenant, const struct id128 *call) MUST_USE;
enum err keyring_erase_tenant(struct keyring *k, const struct id128 *tenant) MUST_USE;

/* Makes everything before this call durable. Blocks. On an error nothing is lost: the next flush tries again, after a
 * failed sync with a new file. */
enum err keyring_flush(struct keyring *k) MUST_USE;

struct keyring_counts {
	size_t calls, tenants, erased;
	size_t waiting;       /* keys of calls that no flush has made durable yet */
	bool dirty;           /* a flush has something to do */
	size_t damaged_bytes; /* found when it was opened: a torn end, or worse */
};

struct keyring_counts keyring_counts(struct keyring *k);

/* Why a payload does not open, in words for people: `err` is what keyring_find (or the seal) said. NULL keyring: there is none. */
void keyring_explain(struct keyring *k, enum err err, struct err_detail *detail);

#endif
