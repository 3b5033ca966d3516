/* Secrets in sealed files: one a tenant, XChaCha20-Poly1305 under a key made of the master key and the tenant's id. See secrets.h.
 *
 * A file: magic, version, id of the master key, nonce, sealed block; all before the seal is bound to it, and so is the tenant, so that
 * files cannot be swapped. One thread, "secrets", owns master key and cache. Several programs may write: they lock the folder's lock
 * file and read again first. Refuses a master key that others may read, and one that did not seal what lies here.
 */
#include "data/secrets.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/private_file.h"

enum {
	MASTER_BYTES = 32,
	KEY_ID_BYTES = 8,
	HEAD_BYTES = 16, /* magic, version, id of the master key */
	NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	SEAL_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	FILE_MAX_BYTES = HEAD_BYTES + NONCE_BYTES + SECRET_BLOCK_MAX_BYTES + SEAL_BYTES,
	CACHE_MAX = 64,
	NAME_MAX_BYTES = 48
};

static const uint8_t magic[7] = { 'C', 'F', 'S', 'E', 'C', 'R', 1 };

/* What a file looked like when it was read: another look means that it was written again. */
struct look {
	struct timespec changed;
	ino_t inode;
	off_t bytes;
};

struct cached {
	uint8_t id[TENANT_ID_BYTES];
	struct secret_block *block; /* NULL: a free place */
	struct look look;
	int64_t read_s; /* monotonic */
};

struct sealed_secrets {
	struct secrets secrets;
	struct jobs *jobs;
	char folder[DISK_PATH_MAX];
	int64_t cache_s;
	uint8_t *master; /* locked */
	uint8_t key_id[KEY_ID_BYTES];
	struct cached cache[CACHE_MAX];
};

enum op_type { OP_GET, OP_SET, OP_LIST };

struct op {
	struct job job;
	enum op_type type;
	uint8_t id[TENANT_ID_BYTES];
	char name[SECRET_NAME_MAX];
	uint8_t *value; /* locked; NULL of a set: remove */
	size_t len;
	struct secret secret;
	struct secret_names *names;
	union {
		secrets_got_h *got;
		secrets_stored_h *stored;
		secrets_listed_h *listed;
	} handler;
	void *arg;
};

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec;
}

/* ---- the seal ---- */

static void tenant_key(const struct sealed_secrets *s, const uint8_t *id, uint8_t out[MASTER_BYTES])
{
	static const char context[] = "callfunnel secrets of tenant";
	crypto_generichash_state state;

	crypto_generichash_init(&state, s->master, MASTER_BYTES, MASTER_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)context, sizeof(context));
	crypto_generichash_update(&state, id, TENANT_ID_BYTES);
	crypto_generichash_final(&state, out, MASTER_BYTES);
	sodium_memzero(&state, sizeof(state));
}

static void head_make(const struct sealed_secrets *s, const uint8_t *id, uint8_t out[HEAD_BYTES + TENANT_ID_BYTES])
{
	memset(out, 0, HEAD_BYTES);
	memcpy(out, magic, sizeof(magic));
	memcpy(out + 8, s->key_id, KEY_ID_BYTES);
	memcpy(out + HEAD_BYTES, id, TENANT_ID_BYTES);
}

static void seal(const struct sealed_secrets *s, const uint8_t *id, struct secret_block *b, uint8_t *out)
{
	uint8_t head[HEAD_BYTES + TENANT_ID_BYTES], key[MASTER_BYTES];

	head_make(s, id, head);
	memcpy(out, head, HEAD_BYTES);
	randombytes_buf(out + HEAD_BYTES, NONCE_BYTES);
	tenant_key(s, id, key);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + HEAD_BYTES + NONCE_BYTES, NULL, secret_block_bytes(b), secret_block_len(b), head, sizeof(head), NULL,
		out + HEAD_BYTES, key);
	sodium_memzero(key, sizeof(key));
}

static enum err unseal(const struct sealed_secrets *s, const uint8_t *id, const uint8_t *data, size_t len, struct secret_block **bp)
{
	uint8_t head[HEAD_BYTES + TENANT_ID_BYTES], key[MASTER_BYTES];
	const uint8_t *sealed = data + HEAD_BYTES + NONCE_BYTES;
	enum err err;

	head_make(s, id, head);
	if (len < HEAD_BYTES + NONCE_BYTES + SEAL_BYTES || memcmp(data, magic, sizeof(magic) - 1) != 0)
		return ERR_CORRUPT;
	if (data[sizeof(magic) - 1] != magic[sizeof(magic) - 1])
		return ERR_VERSION;
	if (memcmp(data, head, HEAD_BYTES) != 0)
		return ERR_DENIED;
	err = secret_block_new(bp, len - HEAD_BYTES - NONCE_BYTES - SEAL_BYTES);
	if (err)
		return err;
	tenant_key(s, id, key);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(secret_block_bytes(*bp), NULL, NULL, sealed, len - HEAD_BYTES - NONCE_BYTES, head, sizeof(head),
		    data + HEAD_BYTES, key))
		err = ERR_CORRUPT;
	sodium_memzero(key, sizeof(key));
	if (!err)
		err = secret_block_check(*bp);
	if (err)
		secret_block_drop(bp);
	return err;
}

/* ---- files ---- */

static void file_name(const uint8_t *id, char out[NAME_MAX_BYTES])
{
	char hex[2 * TENANT_ID_BYTES + 1];

	sodium_bin2hex(hex, sizeof(hex), id, TENANT_ID_BYTES);
	snprintf(out, NAME_MAX_BYTES, "%s.sealed", hex);
}

static enum err file_path(const struct sealed_secrets *s, const uint8_t *id, char out[DISK_PATH_MAX])
{
	char name[NAME_MAX_BYTES];

	file_name(id, name);
	return disk_path(out, s->folder, name);
}

static enum err file_look(const struct sealed_secrets *s, const uint8_t *id, struct look *look)
{
	char path[DISK_PATH_MAX];
	struct stat st;

	if (file_path(s, id, path))
		return ERR_LIMIT;
	if (stat(path, &st))
		return err_from_errno(errno);
	*look = (struct look){ .changed = st.st_ctim, .inode = st.st_ino, .bytes = st.st_size };
	return ERR_NONE;
}

static bool same_look(const struct look *a, const struct look *b)
{
	return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec && a->inode == b->inode && a->bytes == b->bytes;
}

static enum err file_read(const struct sealed_secrets *s, const uint8_t *id, struct secret_block **bp)
{
	char path[DISK_PATH_MAX];
	struct buf b;
	enum err err = file_path(s, id, path);

	*bp = NULL;
	if (err)
		return err;
	buf_init(&b, FILE_MAX_BYTES);
	err = disk_load(&disk_real, path, &b);
	if (!err)
		err = unseal(s, id, b.data, b.len, bp);
	buf_fini(&b);
	return err;
}

static enum err file_write(const struct sealed_secrets *s, const uint8_t *id, struct secret_block *b)
{
	size_t len = HEAD_BYTES + NONCE_BYTES + secret_block_len(b) + SEAL_BYTES;
	uint8_t *bytes = malloc(len);
	char name[NAME_MAX_BYTES];
	enum err err;

	if (!bytes)
		return ERR_NOMEM;
	seal(s, id, b, bytes);
	file_name(id, name);
	err = disk_replace(&disk_real, s->folder, name, bytes, len);
	free(bytes);
	return err;
}

/* ---- the cache; on the pool's thread ---- */

static void cache_empty(struct cached *c)
{
	secret_block_drop(&c->block);
	*c = (struct cached){ .block = NULL };
}

static void cache_age(struct sealed_secrets *s)
{
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (s->cache[i].block && now_s() - s->cache[i].read_s >= s->cache_s)
			cache_empty(&s->cache[i]);
}

static struct cached *cache_find(struct sealed_secrets *s, const uint8_t *id)
{
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (s->cache[i].block && !memcmp(s->cache[i].id, id, TENANT_ID_BYTES))
			return &s->cache[i];
	return NULL;
}

/* A free place, or the one that was read longest ago. */
static struct cached *cache_place(struct sealed_secrets *s)
{
	struct cached *oldest = &s->cache[0];

	for (size_t i = 0; i < CACHE_MAX; i++) {
		if (!s->cache[i].block)
			return &s->cache[i];
		if (s->cache[i].read_s < oldest->read_s)
			oldest = &s->cache[i];
	}
	cache_empty(oldest);
	return oldest;
}

static void cache_put(struct sealed_secrets *s, const uint8_t *id, struct secret_block *b, const struct look *look)
{
	struct cached *c = cache_find(s, id);

	if (c)
		cache_empty(c);
	c = cache_place(s);
	memcpy(c->id, id, TENANT_ID_BYTES);
	c->block = secret_block_share(b);
	c->look = *look;
	c->read_s = now_s();
}

/* The tenant's block, yours to drop: the cached one when its file looks the same, or when the disk fails us. A file that is gone, or
 * no longer opens, ends what was cached. */
static enum err block_get(struct sealed_secrets *s, const uint8_t *id, struct secret_block **bp)
{
	struct cached *c;
	struct look look = { .bytes = 0 };
	enum err err;

	cache_age(s);
	c = cache_find(s, id);
	err = file_look(s, id, &look);
	if (c && !err && same_look(&look, &c->look)) {
		*bp = secret_block_share(c->block);
		return ERR_NONE;
	}
	if (!err)
		err = file_read(s, id, bp);
	if (!err)
		cache_put(s, id, *bp, &look);
	if (!err || !c)
		return err;
	if (err == ERR_NOTFOUND || err == ERR_CORRUPT || err == ERR_DENIED) {
		cache_empty(c);
		return err;
	}
	*bp = secret_block_share(c->block);
	return ERR_NONE;
}

static enum err folder_lock(const struct sealed_secrets *s, struct disk_file **lock)
{
	char path[DISK_PATH_MAX];
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	enum err err = disk_path(path, s->folder, "lock");

	*lock = NULL;
	if (!err)
		err = disk_open(&disk_real, lock, path, DISK_WRITE | DISK_CREATE);
	if (!err)
		err = disk_lock(*lock);
	for (int tries = 0; err == ERR_BUSY && tries < 100; tries++) {
		nanosleep(&pause, NULL);
		err = disk_lock(*lock);
	}
	return err;
}

static enum err set_locked(struct sealed_secrets *s, const struct op *op)
{
	struct secret_block *old = NULL, *changed = NULL;
	struct cached *c;
	enum err err = file_read(s, op->id, &old);

	if (!err || err == ERR_NOTFOUND)
		err = secret_block_with(&changed, old, op->name, op->value, op->len);
	if (!err)
		err = file_write(s, op->id, changed);
	c = cache_find(s, op->id);
	if (c)
		cache_empty(c);
	secret_block_drop(&old);
	secret_block_drop(&changed);
	return err;
}

static enum err do_set(struct sealed_secrets *s, const struct op *op)
{
	struct disk_file *lock;
	enum err err = folder_lock(s, &lock);

	if (!err)
		err = set_locked(s, op);
	disk_close(&lock);
	return err;
}

static enum err do_read(struct sealed_secrets *s, struct op *op)
{
	struct secret_block *b = NULL;
	enum err err = block_get(s, op->id, &b);

	if (err == ERR_NOTFOUND && op->type == OP_LIST)
		return ERR_NONE; /* no file: no secrets */
	if (!err && op->type == OP_LIST)
		secret_block_names(b, op->names);
	else if (!err)
		err = secret_block_find(b, op->name, &op->secret);
	secret_block_drop(&b);
	return err;
}

static void run(void *arg, struct job *first)
{
	const struct log log = { .plane = "data", .doing = "reading or writing secrets" };
	struct op *op = (struct op *)first;
	enum err err = op->type == OP_SET ? do_set(arg, op) : do_read(arg, op);
	const struct log_field fields[] = { LOG_ERR(err), { .key = NULL } };

	op->job.err = err;
	if (err && err != ERR_NOTFOUND)
		log_write(&log, LOG_LEVEL_ERROR, "the store of secrets failed", fields);
}

/* ---- the loop's thread ---- */

static void op_release(struct job *job)
{
	struct op *op = (struct op *)job;

	secret_release(&op->secret);
	if (op->value)
		sodium_free(op->value);
	free(op->names);
	free(op);
}

static void answer_got(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;
	struct secret secret = { .value = NULL };

	if (!err) {
		secret = op->secret;
		op->secret = (struct secret){ .value = NULL };
	}
	op->handler.got(op->arg, err, secret);
}

static void answer_stored(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;

	op->handler.stored(op->arg, err);
}

static void answer_listed(struct job *job, enum err err)
{
	struct op *op = (struct op *)job;

	op->handler.listed(op->arg, err, err ? NULL : op->names);
}

static struct op *op_new(struct job **slot, enum op_type type, const uint8_t *id, const char *name, job_answer_h *answer, void *arg)
{
	struct op *op = calloc(1, sizeof(*op));

	if (slot)
		*slot = NULL;
	if (!op)
		return NULL;
	op->job.answer = answer;
	op->job.release = op_release;
	op->type = type;
	op->arg = arg;
	memcpy(op->id, id, TENANT_ID_BYTES);
	snprintf(op->name, sizeof(op->name), "%s", name);
	return op;
}

static struct sealed_secrets *of(struct secrets *s)
{
	return (struct sealed_secrets *)s;
}

static enum err sealed_get(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, secrets_got_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_GET, id, name, answer_got, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.got = h;
	return jobs_start(of(s)->jobs, slot, &op->job);
}

static enum err sealed_set(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, const void *value, size_t len, secrets_stored_h *h,
	void *arg)
{
	struct op *op = op_new(slot, OP_SET, id, name, answer_stored, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.stored = h;
	op->len = len;
	if (value) {
		op->value = sodium_malloc(len);
		if (!op->value) {
			op_release(&op->job);
			return ERR_NOMEM;
		}
		memcpy(op->value, value, len);
	}
	return jobs_start(of(s)->jobs, slot, &op->job);
}

static enum err sealed_list(struct secrets *s, struct job **slot, const uint8_t *id, secrets_listed_h *h, void *arg)
{
	struct op *op = op_new(slot, OP_LIST, id, "", answer_listed, arg);

	if (!op)
		return ERR_NOMEM;
	op->handler.listed = h;
	op->names = calloc(1, sizeof(*op->names));
	if (!op->names) {
		op_release(&op->job);
		return ERR_NOMEM;
	}
	return jobs_start(of(s)->jobs, slot, &op->job);
}

static void sealed_close(struct secrets *secrets)
{
	struct sealed_secrets *s = of(secrets);

	jobs_close(&s->jobs);
	for (size_t i = 0; i < CACHE_MAX; i++)
		secret_block_drop(&s->cache[i].block);
	if (s->master)
		sodium_free(s->master);
	free(s);
}

static const struct secrets_backend sealed_backend = {
	.name = "sealed",
	.close = sealed_close,
	.get = sealed_get,
	.set = sealed_set,
	.list = sealed_list,
};

/* ---- the master key ---- */

static enum err tell(struct err_detail *detail, enum err err, const char *where, const char *message, const char *hint)
{
	if (detail) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", where);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static enum err master_read(struct sealed_secrets *s, const char *path, struct err_detail *detail)
{
	struct buf b;
	enum err err;

	buf_init(&b, 4096);
	err = private_file_load(path, &b, detail);
	if (err == ERR_LIMIT || (!err && b.len != MASTER_BYTES))
		err = tell(detail, ERR_FORMAT, path, "a master key has exactly 32 bytes", "put the right file there");
	if (!err)
		memcpy(s->master, b.data, MASTER_BYTES);
	private_buf_fini(&b);
	return err;
}

static void note_sealed(void *arg, const char *name)
{
	size_t len = strlen(name);

	*(bool *)arg |= len > 7 && !strcmp(name + len - 7, ".sealed");
}

/* A key may be made where nothing is sealed yet. */
static enum err master_missing(const struct sealed_secrets *s, const char *path, struct err_detail *detail)
{
	bool sealed = false;
	enum err err = disk_list(&disk_real, s->folder, note_sealed, &sealed);

	if (!err && sealed)
		return tell(detail, ERR_NOTFOUND, path, "the master key is missing, and there are secrets that it sealed", "put it back");
	return err;
}

/* Under the folder's lock: two programs that start at once make one key. */
static enum err master_make(struct sealed_secrets *s, const char *path, struct err_detail *detail)
{
	enum err err = master_missing(s, path, detail);

	if (err == ERR_NOTFOUND)
		return err;
	randombytes_buf(s->master, MASTER_BYTES);
	if (!err)
		err = disk_replace(&disk_real, s->folder, "master.key", s->master, MASTER_BYTES);
	return err ? tell(detail, err, path, "the master key cannot be written", "make the folder writable, with free space") : ERR_NONE;
}

/* Where the key is, and whether it is ours to make. */
static enum err master_path(const struct sealed_secrets *s, const struct secrets_settings *settings, char out[DISK_PATH_MAX], bool *ours)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	*ours = false;
	if (settings->master_key_file[0])
		return snprintf(out, DISK_PATH_MAX, "%s", settings->master_key_file) < DISK_PATH_MAX ? ERR_NONE : ERR_LIMIT;
	if (credentials && !disk_path(out, credentials, "callfunnel.master_key") && !access(out, F_OK))
		return ERR_NONE;
	*ours = true;
	return disk_path(out, s->folder, "master.key");
}

static void key_id_make(struct sealed_secrets *s)
{
	static const char text[] = "callfunnel master key id";
	uint8_t hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, sizeof(text), s->master, MASTER_BYTES);
	memcpy(s->key_id, hash, KEY_ID_BYTES);
}

/* ERR_NOTFOUND and `ours`: it is not there, and we may make it. */
static enum err master_find(struct sealed_secrets *s, const struct secrets_settings *settings, char path[DISK_PATH_MAX], bool *ours, struct err_detail *detail)
{
	enum err err = master_path(s, settings, path, ours);

	if (err)
		return tell(detail, err, s->folder, "the path is too long", "use a shorter one");
	err = master_read(s, path, detail);
	if (err == ERR_NOTFOUND && !*ours)
		return tell(detail, err, path, "the master key is missing", "put it there, or name another file in secrets.master_key_file");
	return err;
}

static enum err master_open(struct sealed_secrets *s, const struct secrets_settings *settings, struct err_detail *detail)
{
	char path[DISK_PATH_MAX];
	struct disk_file *lock;
	bool ours;
	enum err err = master_find(s, settings, path, &ours, detail);

	if (err == ERR_NOTFOUND && ours) {
		err = folder_lock(s, &lock);
		if (!err)
			err = master_read(s, path, detail);
		if (err == ERR_NOTFOUND)
			err = master_make(s, path, detail);
		disk_close(&lock);
	}
	if (!err)
		key_id_make(s);
	return err;
}

static enum err master_look(struct sealed_secrets *s, const struct secrets_settings *settings, struct err_detail *detail)
{
	char path[DISK_PATH_MAX];
	bool ours;
	enum err err = master_find(s, settings, path, &ours, detail);

	if (err != ERR_NOTFOUND || !ours)
		return err;
	return access(s->folder, F_OK) ? ERR_NONE : master_missing(s, path, detail);
}

enum err sealed_secrets_look(const char *folder, const struct secrets_settings *settings, struct err_detail *detail)
{
	uint8_t master[MASTER_BYTES];
	struct sealed_secrets *s = calloc(1, sizeof(*s));
	enum err err;

	if (!s)
		return ERR_NOMEM;
	s->master = master;
	err = snprintf(s->folder, sizeof(s->folder), "%s", folder) < (int)sizeof(s->folder) ? master_look(s, settings, detail) : ERR_LIMIT;
	sodium_memzero(master, sizeof(master));
	free(s);
	return err;
}

static enum err open_parts(struct sealed_secrets *s, uv_loop_t *loop, const struct secrets_settings *settings, struct err_detail *detail)
{
	const struct jobs_options options = { .name = "secrets", .threads = 1, .run = run, .arg = s };
	enum err err = disk_make_folder(&disk_real, s->folder);

	if (err)
		return tell(detail, err, s->folder, "the folder of secrets cannot be made", "check the folder that it is to be in");
	s->master = sodium_malloc(MASTER_BYTES);
	if (!s->master)
		return ERR_NOMEM;
	err = master_open(s, settings, detail);
	return err ? err : jobs_open(&s->jobs, loop, &options);
}

enum err sealed_secrets_open(struct secrets **sp, uv_loop_t *loop, const char *folder, const struct secrets_settings *settings, struct err_detail *detail)
{
	struct sealed_secrets *s;
	enum err err;

	*sp = NULL;
	if (sodium_init() < 0)
		return tell(detail, ERR_UNAVAILABLE, folder, "the system gives no randomness", "check /dev/urandom");
	s = calloc(1, sizeof(*s));
	if (!s)
		return ERR_NOMEM;
	s->secrets.backend = &sealed_backend;
	s->cache_s = settings->cache_s;
	err = snprintf(s->folder, sizeof(s->folder), "%s", folder) < (int)sizeof(s->folder) ? ERR_NONE : ERR_LIMIT;
	if (!err)
		err = open_parts(s, loop, settings, detail);
	if (err)
		sealed_close(&s->secrets);
	else
		*sp = &s->secrets;
	return err;
}
