/* The keys that the sealed records of a journal name, each once: whoever asks whether all of them are still there.
 *
 * A key is made durable before the first record that it seals, so a record whose key is nowhere, and was not erased, has lost it. Has a
 * ceiling: keys behind it are not asked for. One thread.
 */
#ifndef VOICE_JOURNAL_KEYS_H
#define VOICE_JOURNAL_KEYS_H

#include "voice/journal/journal_format.h"
#include "voice/journal/keyring.h"

struct journal_key {
	struct id128 tenant, call, key;
	uint64_t records;
};

struct journal_keys {
	struct journal_key *items; /* in the order they were met */
	size_t count, cap;
	uint32_t *slots; /* index + 1; open addressing */
	size_t slot_count;
	size_t last;     /* + 1 */
};

enum { JOURNAL_KEYS_MAX = 1 << 20 };

/* One more record; a clear one, or one behind the ceiling, is passed over. ERR_NOMEM. */
enum err journal_keys_add(struct journal_keys *keys, const struct journal_header *h) MUST_USE;
void journal_keys_fini(struct journal_keys *keys);

/* Those that neither a keyring has nor an erasure explains. */
struct journal_keys_lost {
	uint64_t calls, records;
	struct id128 first; /* the call that was met first */
};

/* NULL keyring: none can be had, so all are. ERR_NOMEM. */
enum err journal_keys_judge(const struct journal_keys *keys, struct keyring *keyring, struct journal_keys_lost *lost) MUST_USE;

#endif
