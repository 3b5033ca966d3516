/* The file of a keyring: its bytes, opening it and the master key, making it durable. docs/journal.md draws the bytes.
 *
 * One thread at a time opens, flushes or closes; the disk is never touched under the lock. Refuses to make a second master key beside
 * a keyring that has one, and to trust a file whose sync failed. */
#include "voice/journal/keyring_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX_DEFAULT = 1 << 20, PREALLOCATE_BYTES = 64 * 1024 };

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

/* ---- bytes ---- */

enum { AT_TYPE = 5, AT_EPOCH = 8, AT_TENANT = 16, AT_CALL = 32, AT_KEY = 48, AT_NONCE = KEYRING_BOUND_BYTES, AT_WRAPPED = 88, AT_CRC = 136 };

void keyring_entry_encode(uint8_t out[KEYRING_RECORD_BYTES], const struct keyring_entry *e)
{
	memset(out, 0, KEYRING_RECORD_BYTES);
	memcpy(out, record_magic, sizeof(record_magic));
	out[4] = 1;
	out[AT_TYPE] = e->type;
	put_le32(out + AT_EPOCH, e->epoch);
	memcpy(out + AT_TENANT, e->tenant.bytes, 16);
	memcpy(out + AT_CALL, e->call.bytes, 16);
	memcpy(out + AT_KEY, e->key.bytes, 16);
	memcpy(out + AT_NONCE, e->nonce, KEYRING_NONCE_BYTES);
	memcpy(out + AT_WRAPPED, e->wrapped, KEYRING_WRAPPED_BYTES);
	put_le32(out + AT_CRC, journal_checksum(out, AT_CRC));
}

static bool entry_decode(struct keyring_entry *e, const uint8_t *data, size_t len)
{
	if (len < KEYRING_RECORD_BYTES || memcmp(data, record_magic, sizeof(record_magic)) != 0 || data[4] != 1 ||
		get_le32(data + AT_CRC) != journal_checksum(data, AT_CRC))
		return false;
	if (data[AT_TYPE] < ENTRY_TENANT || data[AT_TYPE] > ENTRY_ERASED_TENANT)
		return false;
	*e = (struct keyring_entry){ .type = data[AT_TYPE], .epoch = get_le32(data + AT_EPOCH) };
	memcpy(e->tenant.bytes, data + AT_TENANT, 16);
	memcpy(e->call.bytes, data + AT_CALL, 16);
	memcpy(e->key.bytes, data + AT_KEY, 16);
	memcpy(e->nonce, data + AT_NONCE, KEYRING_NONCE_BYTES);
	memcpy(e->wrapped, data + AT_WRAPPED, KEYRING_WRAPPED_BYTES);
	return true;
}

/* ---- opening ---- */

static enum err master_make(struct keyring *k, const char *path, struct err_detail *detail)
{
	const char *slash = strrchr(path, '/');
	char folder[DISK_PATH_MAX];
	enum err err;

	keyring_random(k, k->secrets->master, JOURNAL_KEY_BYTES);
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
	memset(k->header, 0, KEYRING_HEADER_BYTES);
	memcpy(k->header, file_magic, sizeof(file_magic));
	keyring_random(k, k->header + 16, KEYRING_NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(k->header + 40, NULL, check_text, sizeof(check_text), k->header, 16, NULL,
		k->header + 16, k->secrets->master);
	put_le32(k->header + 92, journal_checksum(k->header, 92));
}

static enum err header_check(struct keyring *k, const uint8_t *data, size_t len, struct err_detail *detail)
{
	uint8_t text[sizeof(check_text)];

	if (memcmp(data, file_magic, len < 6 ? len : 6) != 0)
		return tell(detail, ERR_FORMAT, k->path, "this is no keyring", "look at what lies there");
	if (len < KEYRING_HEADER_BYTES)
		return tell(detail, ERR_TRUNCATED, k->path, "the keyring is cut short: not even its head is whole", "restore it from a copy");
	if (memcmp(data, file_magic, sizeof(file_magic)) != 0)
		return tell(detail, ERR_VERSION, k->path, "a keyring of another version", "use the release that wrote it");
	if (get_le32(data + 92) != journal_checksum(data, 92))
		return tell(detail, ERR_CORRUPT, k->path, "the head of the keyring is damaged", "restore it from a copy");
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, data + 40, sizeof(text) + 16, data, 16, data + 16,
		    k->secrets->master))
		return tell(detail, ERR_DENIED, k->path, "another master key made this keyring", "give the right master key");
	memcpy(k->header, data, KEYRING_HEADER_BYTES);
	return ERR_NONE;
}

/* Entries behind the header; damage is stepped over, zeros at the end are free room. */
static enum err entries_load(struct keyring *k, const uint8_t *data, size_t len)
{
	size_t at = KEYRING_HEADER_BYTES;
	size_t good = KEYRING_HEADER_BYTES; /* everything before it was understood */
	struct keyring_entry e;

	while (at < len) {
		const uint8_t *next;

		if (entry_decode(&e, data + at, len - at)) {
			enum err err;

			e.durable = true;
			err = keyring_entry_add(k, &e);
			if (err)
				return err;
			k->damaged_bytes += at - good;
			at += KEYRING_RECORD_BYTES;
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

static enum err judge(struct keyring *k, struct err_detail *detail)
{
	return k->options.judge ? k->options.judge(k->options.judge_arg, k, detail) : ERR_NONE;
}

static enum err load(struct keyring *k, const char *master, const struct buf *b, struct err_detail *detail)
{
	enum err err = master_load(k, master, false, detail);

	if (!err)
		err = header_check(k, b->data, b->len, detail);
	if (!err)
		err = entries_load(k, b->data, b->len);
	k->rewrite = k->damaged_bytes;
	if (!err)
		err = judge(k, detail);
	if (!err && !k->options.read_only && !k->rewrite)
		make_durable(k, b);
	return err;
}

/* There is none yet: `found` is ERR_NOTFOUND, or ERR_NONE for a blank file. */
static enum err begin(struct keyring *k, const char *master, enum err found, struct err_detail *detail)
{
	enum err err = judge(k, detail);

	if (!err && found && k->options.read_only)
		return tell(detail, found, k->path, "there is no keyring here", "name a journal's folder; if it had one, restore it from a copy with its master key");
	if (!err)
		err = master_load(k, master, !k->options.read_only, detail);
	if (!err)
		header_make(k);
	k->rewrite = true;
	return err;
}

static enum err load_or_begin(struct keyring *k, struct err_detail *detail)
{
	const char *master = k->options.master_path;
	char own[DISK_PATH_MAX];
	struct buf b;
	enum err err;

	if (disk_path(k->path, k->dir, "keyring") || disk_path(own, k->dir, "master.key"))
		return tell(detail, ERR_LIMIT, k->dir, "the path is too long", "use a shorter one");
	master = master ? master : own;
	buf_init(&b, k->max * KEYRING_RECORD_BYTES + KEYRING_HEADER_BYTES + PREALLOCATE_BYTES * 2);
	err = disk_load(&k->disk, k->path, &b);
	k->allocated = b.len;
	if (err && err != ERR_NOTFOUND)
		tell(detail, err, k->path, "the keyring cannot be read", "check the folder and who may read it");
	else if (err || !b.len || journal_is_blank(b.data, b.len))
		err = begin(k, master, err, detail);
	else
		err = load(k, master, &b, detail);
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
	err = k->secrets ? load_or_begin(k, detail) : ERR_NOMEM;
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
	f->len = (f->to - f->from) * KEYRING_RECORD_BYTES + (f->rewrite ? KEYRING_HEADER_BYTES : 0);
	if (!f->len)
		return ERR_NONE;
	f->bytes = malloc(f->len);
	if (!f->bytes)
		return ERR_NOMEM;
	at = f->bytes;
	if (f->rewrite) {
		memcpy(at, k->header, KEYRING_HEADER_BYTES);
		at += KEYRING_HEADER_BYTES;
	}
	for (i = f->from; i < f->to; i++, at += KEYRING_RECORD_BYTES)
		keyring_entry_encode(at, &k->entries[i]);
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
	uint64_t at = KEYRING_HEADER_BYTES + (uint64_t)f->from * KEYRING_RECORD_BYTES;
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
