/* The keyring: see keyring.h for the contract and docs/journal.md for the bytes.
 *
 * Every record of the file is an entry of one array, in file order; two hash chains find entries by key and by call. The
 * array is the truth: the file is a prefix of it (`written`), or is about to be replaced by all of it (`rewrite`).
 * Refuses to make a second master key beside a keyring that has one.
 */
#include "voice/keyring.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER_BYTES = 96,
	RECORD_BYTES = 140,
	WRAPPED_BYTES = JOURNAL_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	KEYS_MAX_DEFAULT = 1 << 20,
	PREALLOCATE_BYTES = 64 * 1024,
	NONE = 0xffffffff /* end of a chain */
};

enum entry_type { ENTRY_TENANT = 1, ENTRY_CALL = 2, ENTRY_ERASED_CALL = 3, ENTRY_ERASED_TENANT = 4 };

struct entry {
	uint8_t type;
	bool durable;
	uint32_t epoch;
	struct id128 tenant, call, key;
	uint8_t nonce[NONCE_BYTES];
	uint8_t wrapped[WRAPPED_BYTES];
	uint32_t next_key, next_call;
};

/* Clear keys, in locked memory. */
struct secrets {
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
	struct secrets *secrets;

	struct entry *entries;
	size_t count, cap, max;
	uint32_t *by_key, *by_call; /* heads of chains */
	size_t slots;               /* of each; a power of two */
	size_t damaged_bytes;

	/* Of whoever flushes; `written` and `rewrite` under the lock. */
	struct disk_file *file;
	uint8_t header[HEADER_BYTES];
	size_t written;     /* entries durable in the file */
	uint64_t allocated; /* bytes of the file */
	bool rewrite;
	size_t waiting; /* keys of calls not durable yet */
};

static const uint8_t file_magic[8] = { 'C', 'F', 'K', 'E', 'Y', 'S', 1, 0x0a };
static const uint8_t record_magic[4] = { 'C', 'F', 'k', 0xb6 };
static const uint8_t check_text[16] = { 'c', 'a', 'l', 'l', 'f', 'u', 'n', 'n', 'e', 'l', ' ', 'k', 'e', 'y', 's', '.' };

static enum err tell(struct err_detail *detail, enum err err, const char *where, const char *message, const char *hint)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", where);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static void random_bytes(struct keyring *k, void *out, size_t len)
{
	if (k->options.random)
		k->options.random(k->options.random_arg, out, len);
	else
		randombytes_buf(out, len);
}

/* ---- entries ---- */

static size_t slot_of(const struct keyring *k, const struct id128 *id)
{
	uint64_t h = get_le64(id->bytes) ^ get_le64(id->bytes + 8) * 0x9e3779b97f4a7c15u;

	return (size_t)(h ^ h >> 29) & (k->slots - 1);
}

static void link_entry(struct keyring *k, uint32_t i)
{
	struct entry *e = &k->entries[i];
	uint32_t *key = &k->by_key[slot_of(k, &e->key)];
	uint32_t *call = &k->by_call[slot_of(k, &e->call)];

	e->next_key = *key;
	*key = i;
	e->next_call = *call;
	*call = i;
}

static void relink(struct keyring *k)
{
	size_t i;

	memset(k->by_key, 0xff, k->slots * sizeof(*k->by_key));
	memset(k->by_call, 0xff, k->slots * sizeof(*k->by_call));
	for (i = 0; i < k->count; i++)
		link_entry(k, (uint32_t)i);
}

static enum err grow(struct keyring *k)
{
	size_t cap = k->cap ? k->cap * 2 : 64;
	struct entry *entries;
	uint32_t *by_key, *by_call;

	if (k->count >= k->max)
		return ERR_LIMIT;
	entries = realloc(k->entries, cap * sizeof(*entries));
	if (!entries)
		return ERR_NOMEM;
	k->entries = entries;
	by_key = malloc(cap * sizeof(*by_key));
	by_call = malloc(cap * sizeof(*by_call));
	if (!by_key || !by_call) {
		free(by_key);
		free(by_call);
		return ERR_NOMEM;
	}
	free(k->by_key);
	free(k->by_call);
	k->by_key = by_key;
	k->by_call = by_call;
	k->cap = k->slots = cap;
	relink(k);
	return ERR_NONE;
}

static enum err entry_add(struct keyring *k, const struct entry *e)
{
	enum err err = k->count == k->cap || k->count >= k->max ? grow(k) : ERR_NONE;

	if (err)
		return err;
	k->entries[k->count] = *e;
	link_entry(k, (uint32_t)k->count++);
	return ERR_NONE;
}

/* Entries of a tenant have a zero call: they are found by it. */
static struct entry *find_of_call(struct keyring *k, const struct id128 *tenant, const struct id128 *call, uint8_t type)
{
	uint32_t i = k->slots ? k->by_call[slot_of(k, call)] : NONE;

	for (; i != NONE; i = k->entries[i].next_call) {
		struct entry *e = &k->entries[i];

		if (e->type == type && id128_equal(&e->call, call) && (!tenant || id128_equal(&e->tenant, tenant)))
			return e;
	}
	return NULL;
}

static const struct id128 no_call;

static bool erased(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	return find_of_call(k, tenant, call, ENTRY_ERASED_CALL) || find_of_call(k, tenant, &no_call, ENTRY_ERASED_TENANT);
}

/* ---- bytes ---- */

/* The first part of a record is what the wrapping is bound to. */
enum { AT_TYPE = 5, AT_EPOCH = 8, AT_TENANT = 16, AT_CALL = 32, AT_KEY = 48, AT_NONCE = 64, AT_WRAPPED = 88, AT_CRC = 136 };

static void entry_encode(uint8_t out[RECORD_BYTES], const struct entry *e)
{
	memset(out, 0, RECORD_BYTES);
	memcpy(out, record_magic, sizeof(record_magic));
	out[4] = 1;
	out[AT_TYPE] = e->type;
	put_le32(out + AT_EPOCH, e->epoch);
	memcpy(out + AT_TENANT, e->tenant.bytes, 16);
	memcpy(out + AT_CALL, e->call.bytes, 16);
	memcpy(out + AT_KEY, e->key.bytes, 16);
	memcpy(out + AT_NONCE, e->nonce, NONCE_BYTES);
	memcpy(out + AT_WRAPPED, e->wrapped, WRAPPED_BYTES);
	put_le32(out + AT_CRC, journal_checksum(out, AT_CRC));
}

static bool entry_decode(struct entry *e, const uint8_t *data, size_t len)
{
	if (len < RECORD_BYTES || memcmp(data, record_magic, sizeof(record_magic)) != 0 || data[4] != 1 ||
		get_le32(data + AT_CRC) != journal_checksum(data, AT_CRC))
		return false;
	if (data[AT_TYPE] < ENTRY_TENANT || data[AT_TYPE] > ENTRY_ERASED_TENANT)
		return false;
	*e = (struct entry){ .type = data[AT_TYPE], .epoch = get_le32(data + AT_EPOCH) };
	memcpy(e->tenant.bytes, data + AT_TENANT, 16);
	memcpy(e->call.bytes, data + AT_CALL, 16);
	memcpy(e->key.bytes, data + AT_KEY, 16);
	memcpy(e->nonce, data + AT_NONCE, NONCE_BYTES);
	memcpy(e->wrapped, data + AT_WRAPPED, WRAPPED_BYTES);
	return true;
}

static void wrap(struct keyring *k, struct entry *e, const uint8_t *key, const uint8_t *by)
{
	uint8_t bytes[RECORD_BYTES];

	random_bytes(k, e->nonce, sizeof(e->nonce));
	entry_encode(bytes, e);
	crypto_aead_xchacha20poly1305_ietf_encrypt(e->wrapped, NULL, key, JOURNAL_KEY_BYTES, bytes, AT_NONCE, NULL, e->nonce, by);
}

static enum err unwrap(const struct entry *e, uint8_t *key, const uint8_t *by)
{
	uint8_t bytes[RECORD_BYTES];

	entry_encode(bytes, e);
	return crypto_aead_xchacha20poly1305_ietf_decrypt(key, NULL, NULL, e->wrapped, WRAPPED_BYTES, bytes, AT_NONCE, e->nonce,
		       by)
		? ERR_CORRUPT
		: ERR_NONE;
}

/* ---- opening ---- */

static enum err master_make(struct keyring *k, const char *path, struct err_detail *detail)
{
	const char *slash = strrchr(path, '/');
	char folder[DISK_PATH_MAX];
	enum err err;

	random_bytes(k, k->secrets->master, JOURNAL_KEY_BYTES);
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	err = disk_replace(&k->disk, folder, slash ? slash + 1 : path, k->secrets->master, JOURNAL_KEY_BYTES);
	return err ? tell(detail, err, path, "the master key could not be written", "make the folder writable, with free space")
		   : ERR_NONE;
}

static enum err master_load(struct keyring *k, const char *path, bool may_make, struct err_detail *detail)
{
	struct disk_file *f;
	uint8_t extra;
	size_t got = 0, more = 0;
	enum err err = disk_open(&k->disk, &f, path, DISK_READ);

	if (err == ERR_NOTFOUND && may_make)
		return master_make(k, path, detail);
	if (err == ERR_NOTFOUND)
		return tell(detail, err, path, "the master key is missing", "put it back, or say where it is");
	if (err)
		return tell(detail, err, path, "the master key cannot be read", "check who may read it");
	err = disk_read(f, 0, k->secrets->master, JOURNAL_KEY_BYTES, &got);
	if (!err)
		err = disk_read(f, JOURNAL_KEY_BYTES, &extra, 1, &more);
	disk_close(&f);
	if (!err && (got != JOURNAL_KEY_BYTES || more))
		return tell(detail, ERR_FORMAT, path, "a master key has exactly 32 bytes", "put the right file there");
	return err;
}

static void header_make(struct keyring *k)
{
	memset(k->header, 0, HEADER_BYTES);
	memcpy(k->header, file_magic, sizeof(file_magic));
	random_bytes(k, k->header + 16, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(k->header + 40, NULL, check_text, sizeof(check_text), k->header, 16, NULL,
		k->header + 16, k->secrets->master);
	put_le32(k->header + 92, journal_checksum(k->header, 92));
}

static enum err header_check(struct keyring *k, const uint8_t *data, size_t len, struct err_detail *detail)
{
	uint8_t text[sizeof(check_text)];

	if (len < HEADER_BYTES || memcmp(data, file_magic, 6) != 0)
		return tell(detail, ERR_FORMAT, k->path, "this is no keyring", "look at what lies there");
	if (memcmp(data, file_magic, sizeof(file_magic)) != 0)
		return tell(detail, ERR_VERSION, k->path, "a keyring of another version", "use the release that wrote it");
	if (get_le32(data + 92) != journal_checksum(data, 92))
		return tell(detail, ERR_CORRUPT, k->path, "the head of the keyring is damaged", "restore it from a copy");
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, data + 40, sizeof(text) + 16, data, 16, data + 16,
		    k->secrets->master))
		return tell(detail, ERR_DENIED, k->path, "another master key made this keyring", "give the right master key");
	memcpy(k->header, data, HEADER_BYTES);
	return ERR_NONE;
}

/* Entries behind the header; damage is stepped over, zeros at the end are free room. */
static enum err entries_load(struct keyring *k, const uint8_t *data, size_t len)
{
	size_t at = HEADER_BYTES;
	size_t good = HEADER_BYTES; /* everything before it was understood */
	struct entry e;

	while (at < len) {
		const uint8_t *next;

		if (entry_decode(&e, data + at, len - at)) {
			enum err err;

			e.durable = true;
			err = entry_add(k, &e);
			if (err)
				return err;
			k->damaged_bytes += at - good;
			at += RECORD_BYTES;
			good = at;
			continue;
		}
		next = memmem(data + at + 1, len - at - 1, record_magic, sizeof(record_magic));
		at = next ? (size_t)(next - data) : len;
	}
	while (len > good && !data[len - 1])
		len--;
	k->damaged_bytes += len > good ? len - good : 0;
	k->written = k->count;
	return ERR_NONE;
}

/* A dead process may have left entries that no sync covered, or that a failed one lost: the machine still shows them, and a
 * power cut would take them away. Writing the same bytes again, which wants no room, makes a sync mean what it says. */
static void make_durable(struct keyring *k, const struct buf *b)
{
	enum err err = disk_open(&k->disk, &k->file, k->path, DISK_WRITE);

	if (!err)
		err = disk_write(k->file, 0, b->data, b->len);
	if (!err)
		err = disk_sync(k->file);
	if (err)
		k->rewrite = true;
}

static enum err load_or_begin(struct keyring *k, const struct keyring_options *options, struct err_detail *detail)
{
	struct buf b;
	char master[DISK_PATH_MAX];
	bool there;
	enum err err;

	if (disk_path(k->path, k->dir, "keyring") || disk_path(master, k->dir, "master.key"))
		return tell(detail, ERR_LIMIT, k->dir, "the path is too long", "use a shorter one");
	buf_init(&b, k->max * RECORD_BYTES + HEADER_BYTES + PREALLOCATE_BYTES * 2);
	err = disk_load(&k->disk, k->path, &b);
	there = !err && b.len && !sodium_is_zero(b.data, b.len);
	if (err == ERR_NOTFOUND && !options->read_only)
		err = ERR_NONE;
	if (err)
		tell(detail, err, k->path, "the keyring cannot be read", "check the folder and who may read it");
	else
		err = master_load(k, options->master_path ? options->master_path : master, !there && !options->read_only, detail);
	if (!err && there)
		err = header_check(k, b.data, b.len, detail);
	else if (!err)
		header_make(k);
	if (!err && there)
		err = entries_load(k, b.data, b.len);
	k->allocated = b.len;
	k->rewrite = !there || k->damaged_bytes;
	if (!err && !options->read_only && !k->rewrite)
		make_durable(k, &b);
	buf_fini(&b);
	return err;
}

enum err keyring_open(struct keyring **kp, const struct disk *d, const char *dir, const struct keyring_options *options,
	struct err_detail *detail)
{
	static const struct keyring_options defaults;
	struct keyring *k;
	enum err err;

	*kp = NULL;
	if (sodium_init() < 0)
		return tell(detail, ERR_UNAVAILABLE, dir, "the system gives no randomness", "check /dev/urandom");
	k = calloc(1, sizeof(*k));
	if (!k)
		return ERR_NOMEM;
	pthread_mutex_init(&k->lock, NULL);
	k->disk = *d;
	k->options = options ? *options : defaults;
	k->max = k->options.keys_max ? k->options.keys_max : KEYS_MAX_DEFAULT;
	snprintf(k->dir, sizeof(k->dir), "%s", dir);
	k->secrets = sodium_malloc(sizeof(*k->secrets));
	if (k->secrets)
		sodium_memzero(k->secrets, sizeof(*k->secrets));
	err = k->secrets ? load_or_begin(k, &k->options, detail) : ERR_NOMEM;
	if (!err && !k->options.read_only)
		err = keyring_flush(k);
	if (err) {
		keyring_close(&k);
		return err;
	}
	*kp = k;
	return ERR_NONE;
}

void keyring_close(struct keyring **kp)
{
	struct keyring *k = *kp;

	if (!k)
		return;
	disk_close(&k->file);
	if (k->secrets)
		sodium_free(k->secrets);
	pthread_mutex_destroy(&k->lock);
	free(k->entries);
	free(k->by_key);
	free(k->by_call);
	free(k);
	*kp = NULL;
}

/* ---- keys ---- */

/* The tenant's key into secrets->tenant; made when it is new. */
static enum err tenant_key(struct keyring *k, const struct id128 *tenant, bool may_make)
{
	struct entry *found = find_of_call(k, tenant, &no_call, ENTRY_TENANT);
	struct entry e = { .type = ENTRY_TENANT, .tenant = *tenant };

	if (found)
		return unwrap(found, k->secrets->tenant, k->secrets->master);
	if (!may_make)
		return ERR_NOTFOUND;
	random_bytes(k, e.key.bytes, sizeof(e.key.bytes));
	random_bytes(k, k->secrets->tenant, JOURNAL_KEY_BYTES);
	wrap(k, &e, k->secrets->tenant, k->secrets->master);
	return entry_add(k, &e);
}

static uint32_t highest_epoch(struct keyring *k, const struct id128 *call)
{
	uint32_t i = k->slots ? k->by_call[slot_of(k, call)] : NONE;
	uint32_t epoch = 0;

	for (; i != NONE; i = k->entries[i].next_call)
		if (k->entries[i].type == ENTRY_CALL && id128_equal(&k->entries[i].call, call) && k->entries[i].epoch > epoch)
			epoch = k->entries[i].epoch;
	return epoch;
}

static enum err add_locked(struct keyring *k, struct entry *e, uint8_t key[JOURNAL_KEY_BYTES])
{
	enum err err;

	if (erased(k, &e->tenant, &e->call))
		return ERR_DENIED;
	if (e->epoch <= highest_epoch(k, &e->call))
		return ERR_EXISTS;
	err = tenant_key(k, &e->tenant, true);
	if (!err) {
		random_bytes(k, e->key.bytes, sizeof(e->key.bytes));
		random_bytes(k, key, JOURNAL_KEY_BYTES);
		wrap(k, e, key, k->secrets->tenant);
		err = entry_add(k, e);
		k->waiting += !err;
	}
	sodium_memzero(k->secrets->tenant, JOURNAL_KEY_BYTES);
	return err;
}

enum err keyring_add(struct keyring *k, const struct id128 *tenant, const struct id128 *call, uint32_t epoch,
	struct id128 *key_id, uint8_t key[JOURNAL_KEY_BYTES])
{
	struct entry e = { .type = ENTRY_CALL, .epoch = epoch, .tenant = *tenant, .call = *call };
	enum err err;

	assert(epoch && !id128_is_zero(call) && !id128_is_zero(tenant) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = add_locked(k, &e, key);
	pthread_mutex_unlock(&k->lock);
	*key_id = e.key;
	return err;
}

static enum err find_locked(struct keyring *k, const struct id128 *tenant, const struct id128 *call,
	const struct id128 *key_id, uint8_t key[JOURNAL_KEY_BYTES])
{
	uint32_t i = k->slots ? k->by_key[slot_of(k, key_id)] : NONE;
	struct entry *e;
	enum err err;

	while (i != NONE && !(k->entries[i].type == ENTRY_CALL && id128_equal(&k->entries[i].key, key_id)))
		i = k->entries[i].next_key;
	if (i == NONE)
		return erased(k, tenant, call) ? ERR_DENIED : ERR_NOTFOUND;
	e = &k->entries[i];
	if (!id128_equal(&e->tenant, tenant) || !id128_equal(&e->call, call))
		return ERR_CORRUPT;
	if (id128_equal(&k->secrets->recent_id, key_id)) {
		memcpy(key, k->secrets->recent, JOURNAL_KEY_BYTES);
		return ERR_NONE;
	}
	err = tenant_key(k, tenant, false);
	if (!err)
		err = unwrap(e, key, k->secrets->tenant);
	sodium_memzero(k->secrets->tenant, JOURNAL_KEY_BYTES);
	if (!err) {
		memcpy(k->secrets->recent, key, JOURNAL_KEY_BYTES);
		k->secrets->recent_id = *key_id;
	}
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

enum err keyring_find(struct keyring *k, const struct id128 *tenant, const struct id128 *call, const struct id128 *key_id,
	uint8_t key[JOURNAL_KEY_BYTES])
{
	enum err err;

	pthread_mutex_lock(&k->lock);
	err = find_locked(k, tenant, call, key_id, key);
	pthread_mutex_unlock(&k->lock);
	return err;
}

uint32_t keyring_epoch(struct keyring *k, const struct id128 *call)
{
	uint32_t epoch;

	pthread_mutex_lock(&k->lock);
	epoch = highest_epoch(k, call);
	pthread_mutex_unlock(&k->lock);
	return epoch;
}

/* Leaves the tombstone, drops every key of the call (or, with a zero call, of the tenant). */
static enum err erase(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	bool whole = id128_is_zero(call);
	struct entry tombstone = { .type = whole ? ENTRY_ERASED_TENANT : ENTRY_ERASED_CALL, .tenant = *tenant, .call = *call };
	size_t kept = 0;
	size_t i;

	sodium_memzero(&k->secrets->recent_id, sizeof(k->secrets->recent_id));
	sodium_memzero(k->secrets->recent, JOURNAL_KEY_BYTES);
	for (i = 0; i < k->count; i++) {
		struct entry *e = &k->entries[i];
		bool goes = id128_equal(&e->tenant, tenant) &&
			(whole ? e->type != ENTRY_ERASED_TENANT : e->type == ENTRY_CALL && id128_equal(&e->call, call));

		if (goes && e->type == ENTRY_CALL && !e->durable)
			k->waiting--;
		if (!goes)
			k->entries[kept++] = *e;
	}
	if (k->cap)
		sodium_memzero(k->entries + kept, (k->count - kept) * sizeof(*k->entries));
	k->count = kept;
	k->rewrite = true;
	if (k->cap)
		relink(k);
	return find_of_call(k, tenant, call, tombstone.type) ? ERR_NONE : entry_add(k, &tombstone);
}

enum err keyring_erase_call(struct keyring *k, const struct id128 *tenant, const struct id128 *call)
{
	enum err err;

	assert(!id128_is_zero(call) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = erase(k, tenant, call);
	pthread_mutex_unlock(&k->lock);
	return err;
}

enum err keyring_erase_tenant(struct keyring *k, const struct id128 *tenant)
{
	enum err err;

	assert(!id128_is_zero(tenant) && !k->options.read_only);
	pthread_mutex_lock(&k->lock);
	err = erase(k, tenant, &no_call);
	pthread_mutex_unlock(&k->lock);
	return err;
}

/* ---- flushing ---- */

/* What has to be written, copied under the lock. */
struct flush {
	uint8_t *bytes;
	size_t len;
	size_t from, to; /* entries */
	bool rewrite;
};

static enum err flush_take(struct keyring *k, struct flush *f)
{
	size_t i;
	uint8_t *at;

	f->rewrite = k->rewrite;
	f->from = f->rewrite ? 0 : k->written;
	f->to = k->count;
	f->len = (f->to - f->from) * RECORD_BYTES + (f->rewrite ? HEADER_BYTES : 0);
	if (!f->len)
		return ERR_NONE;
	f->bytes = malloc(f->len);
	if (!f->bytes)
		return ERR_NOMEM;
	at = f->bytes;
	if (f->rewrite) {
		memcpy(at, k->header, HEADER_BYTES);
		at += HEADER_BYTES;
	}
	for (i = f->from; i < f->to; i++, at += RECORD_BYTES)
		entry_encode(at, &k->entries[i]);
	k->rewrite = false; /* what is erased from here on wants another round */
	return ERR_NONE;
}

/* The file that was replaced has no name any more; its keys are written over as far as the disk lets us. */
static void shred(struct keyring *k)
{
	static const uint8_t zeros[4096];
	uint64_t size, at;

	if (!k->file || disk_size(k->file, &size))
		return;
	for (at = 0; at < size; at += sizeof(zeros))
		if (disk_write(k->file, at, zeros, size - at < sizeof(zeros) ? (size_t)(size - at) : sizeof(zeros)))
			return;
	if (disk_sync(k->file))
		return;
}

static enum err flush_rewrite(struct keyring *k, const struct flush *f)
{
	enum err err;

	if (!k->file && disk_open(&k->disk, &k->file, k->path, DISK_WRITE))
		k->file = NULL; /* the first time there is none */
	err = disk_replace(&k->disk, k->dir, "keyring", f->bytes, f->len);
	if (err)
		return err;
	shred(k);
	disk_close(&k->file);
	k->allocated = f->len;
	return disk_open(&k->disk, &k->file, k->path, DISK_WRITE);
}

/* Room ahead of need, so that a call may still begin when the disk is full. */
static void preallocate(struct keyring *k, uint64_t end)
{
	uint64_t want = end + PREALLOCATE_BYTES;

	if (k->allocated >= end + PREALLOCATE_BYTES / 2)
		return;
	if (!disk_preallocate(k->file, want))
		k->allocated = want;
}

static enum err flush_append(struct keyring *k, const struct flush *f)
{
	uint64_t at = HEADER_BYTES + (uint64_t)f->from * RECORD_BYTES;
	enum err err = k->file ? ERR_NONE : disk_open(&k->disk, &k->file, k->path, DISK_WRITE);

	if (err)
		return err;
	preallocate(k, at + f->len);
	err = disk_write(k->file, at, f->bytes, f->len);
	return err ? err : disk_sync(k->file);
}

static enum err flush_write(struct keyring *k, struct flush *f)
{
	enum err err;

	if (f->rewrite)
		return flush_rewrite(k, f);
	err = flush_append(k, f);
	if (err && err != ERR_FULL)
		f->rewrite = true; /* this file cannot be trusted any more: next time a new one */
	return err;
}

static void flushed(struct keyring *k, const struct flush *f)
{
	size_t i;

	for (i = f->from; i < f->to; i++) {
		k->waiting -= k->entries[i].type == ENTRY_CALL && !k->entries[i].durable;
		k->entries[i].durable = true;
	}
	k->written = f->to;
}

enum err keyring_flush(struct keyring *k)
{
	struct flush f = { 0 };
	enum err err;

	pthread_mutex_lock(&k->lock);
	err = flush_take(k, &f);
	pthread_mutex_unlock(&k->lock);
	if (err || !f.len)
		return err;
	err = flush_write(k, &f);
	pthread_mutex_lock(&k->lock);
	if (err)
		k->rewrite |= f.rewrite;
	else if (!k->rewrite)
		flushed(k, &f);
	pthread_mutex_unlock(&k->lock);
	sodium_memzero(f.bytes, f.len);
	free(f.bytes);
	return err;
}

struct keyring_counts keyring_counts(struct keyring *k)
{
	struct keyring_counts c = { .damaged_bytes = k->damaged_bytes };
	size_t i;

	pthread_mutex_lock(&k->lock);
	c.waiting = k->waiting;
	c.dirty = k->rewrite || k->written < k->count;
	for (i = 0; i < k->count; i++) {
		c.calls += k->entries[i].type == ENTRY_CALL;
		c.tenants += k->entries[i].type == ENTRY_TENANT;
		c.erased += k->entries[i].type >= ENTRY_ERASED_CALL;
	}
	pthread_mutex_unlock(&k->lock);
	return c;
}
