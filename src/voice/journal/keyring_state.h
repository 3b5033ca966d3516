/* The state of a keyring. Private to keyring.c (keys and who may have them) and keyring_file.c (the file they lie in).
 *
 * Every record of the file is an entry of one array, in file order; two hash chains find entries by key and by call. The
 * array is the truth: the file is a prefix of it (`written`), or is about to be replaced by all of it (`rewrite`).
 */
#ifndef VOICE_KEYRING_STATE_H
#define VOICE_KEYRING_STATE_H

#include <pthread.h>
#include <sodium.h>

#include "voice/journal/keyring.h"

enum {
	KEYRING_HEADER_BYTES = 96,
	KEYRING_RECORD_BYTES = 140,
	KEYRING_WRAPPED_BYTES = JOURNAL_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	KEYRING_NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	KEYRING_BOUND_BYTES = 64 /* the first part of a record, which the wrapping of its key is bound to */
};

enum keyring_entry_type { ENTRY_TENANT = 1, ENTRY_CALL = 2, ENTRY_ERASED_CALL = 3, ENTRY_ERASED_TENANT = 4 };

struct keyring_entry {
	uint8_t type;
	bool durable;
	uint32_t epoch;
	struct id128 tenant, call, key;
	uint8_t nonce[KEYRING_NONCE_BYTES];
	uint8_t wrapped[KEYRING_WRAPPED_BYTES];
	uint32_t next_key, next_call;
};

/* Clear keys, in locked memory. */
struct keyring_secrets {
	uint8_t master[JOURNAL_KEY_BYTES];
	uint8_t tenant[JOURNAL_KEY_BYTES];
	struct id128 recent_id; /* the key that was asked for last: whoever reads a call asks for it at every record */
	uint8_t recent[JOURNAL_KEY_BYTES];
};

struct keyring {
	struct disk disk;
	char dir[DISK_PATH_MAX];
	char path[DISK_PATH_MAX];
	struct keyring_options options;
	pthread_mutex_t lock;
	struct keyring_secrets *secrets;

	struct keyring_entry *entries;
	size_t count, cap, max;
	uint32_t *by_key, *by_call; /* heads of chains */
	size_t slots;               /* of each; a power of two */
	size_t damaged_bytes;

	/* Of whoever flushes; `written` and `rewrite` under the lock. */
	struct disk_file *file;
	uint8_t header[KEYRING_HEADER_BYTES];
	size_t written;     /* entries durable in the file */
	uint64_t allocated; /* bytes of the file */
	bool rewrite;
	size_t waiting; /* keys of calls not durable yet */
};

void keyring_random(struct keyring *k, void *out, size_t len);

/* Copies it to the array's end and links it; ERR_NOMEM, ERR_LIMIT. */
enum err keyring_entry_add(struct keyring *k, const struct keyring_entry *e) MUST_USE;

/* As it lies in the file. */
void keyring_entry_encode(uint8_t out[KEYRING_RECORD_BYTES], const struct keyring_entry *e);

#endif
