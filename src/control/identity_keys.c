/* The issuer's keys: keys.json and service-NAME.json. See identity_keys.h, identity.h.
 *
 * Private parts pass through buffers that are wiped. Refuses files that others may read, and any file it does not understand: it
 * never makes new keys over something that is there.
 */
#include "control/identity_keys.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/private_file.h"

enum { FILE_MAX_BYTES = 256 * 1024, FILE_VERSION = 1 };

static enum err tell(struct err_detail *detail, enum err err, const char *where, const char *message, const char *hint)
{
	if (detail && !detail->message[0]) {
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->where, sizeof(detail->where), "%.150s", where);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

enum err identity_keys_lock(const struct identity_keys *k, struct disk_file **lock)
{
	char path[DISK_PATH_MAX];
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	enum err err = disk_path(path, k->folder, "lock");

	*lock = NULL;
	if (!err)
		err = disk_open(&disk_real, lock, path, DISK_WRITE | DISK_CREATE);
	if (!err)
		err = disk_lock(*lock);
	for (int tries = 0; err == ERR_BUSY && tries < 100; tries++) {
		nanosleep(&pause, NULL);
		err = disk_lock(*lock);
	}
	if (err)
		disk_close(lock);
	return err == ERR_BUSY ? ERR_TIMEOUT : err;
}

static void key_fini(struct identity_key *key)
{
	jws_key_free(&key->key);
	free(key->public_jwk);
	*key = (struct identity_key){ .key = NULL };
}

static void keys_fini(struct identity_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		key_fini(&keys[i]);
}

void identity_keys_fini(struct identity_keys *k)
{
	keys_fini(k->keys, k->count);
	k->count = 0;
}

static enum err key_public(struct identity_key *e, const struct jws_key *key)
{
	struct buf b;
	enum err err;

	buf_init(&b, JWS_MAX_BYTES);
	err = jws_key_public(key, e->service[0] ? e->service : NULL, &b);
	e->public_jwk = err ? NULL : strdup(buf_str(&b));
	buf_fini(&b);
	snprintf(e->id, sizeof(e->id), "%s", jws_key_id(key));
	return err ? err : e->public_jwk ? ERR_NONE : ERR_NOMEM;
}

/* ---- reading ---- */

static void wipe(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

static enum err issuer_key_decode(struct identity_key *e, const json_t *jwk)
{
	char *text = json_dumps(jwk, JSON_COMPACT);
	enum err err = text ? jws_key_load(&e->key, text, strlen(text)) : ERR_NOMEM;

	wipe(text);
	return err ? err : key_public(e, e->key);
}

static enum err service_key_decode(struct identity_key *e, const char *service, const json_t *jwk)
{
	const char *id = json_string_value(json_object_get(jwk, "kid"));

	if (!id || strlen(id) >= sizeof(e->id) || strlen(service) >= sizeof(e->service))
		return ERR_FORMAT;
	snprintf(e->id, sizeof(e->id), "%s", id);
	snprintf(e->service, sizeof(e->service), "%s", service);
	e->public_jwk = json_dumps(jwk, JSON_COMPACT);
	return e->public_jwk ? ERR_NONE : ERR_NOMEM;
}

static enum err key_decode(struct identity_key *e, const json_t *object)
{
	const json_t *jwk = json_object_get(object, "key");
	const char *service = json_string_value(json_object_get(object, "service"));
	const json_t *made = json_object_get(object, "made_s"), *until = json_object_get(object, "until_s");

	*e = (struct identity_key){ .key = NULL };
	if (!json_is_object(jwk) || !json_is_integer(made) || !json_is_integer(until))
		return ERR_FORMAT;
	e->made_s = json_integer_value(made);
	e->until_s = json_integer_value(until);
	return service ? service_key_decode(e, service, jwk) : issuer_key_decode(e, jwk);
}

static enum err keys_decode(struct identity_key *keys, size_t *count, const json_t *root)
{
	const json_t *list = json_object_get(root, "keys");
	enum err err = ERR_NONE;

	if (json_integer_value(json_object_get(root, "version")) != FILE_VERSION)
		return json_is_object(root) ? ERR_VERSION : ERR_FORMAT;
	if (!json_is_array(list) || !json_array_size(list) || json_array_size(list) > JWKS_KEYS_MAX)
		return ERR_FORMAT;
	for (size_t i = 0; !err && i < json_array_size(list); i++)
		err = key_decode(&keys[(*count)++], json_array_get(list, i));
	return err;
}

enum err identity_keys_load(struct identity_keys *k, struct err_detail *detail)
{
	struct identity_key keys[JWKS_KEYS_MAX];
	char path[DISK_PATH_MAX];
	size_t count = 0;
	struct stat seen;
	struct buf b;
	json_t *root;
	enum err err = disk_path(path, k->folder, "keys.json");

	if (err)
		return tell(detail, err, k->folder, "the path is too long", "use a shorter one");
	buf_init(&b, FILE_MAX_BYTES);
	memset(&seen, 0, sizeof(seen));
	(void)!stat(path, &seen); /* before reading: a later change is then seen as one */
	err = private_file_load(path, &b, detail);
	root = err ? NULL : json_loadb((const char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	if (!err)
		err = keys_decode(keys, &count, root);
	json_decref(root);
	private_buf_fini(&b);
	if (err) {
		keys_fini(keys, count);
		return err == ERR_NOTFOUND ? err : tell(detail, err, path, "the issuer's keys are no keys of ours", "restore the file from a copy");
	}
	identity_keys_fini(k);
	memcpy(k->keys, keys, count * sizeof(*keys));
	k->count = count;
	k->seen = seen;
	return ERR_NONE;
}

bool identity_keys_moved(const struct identity_keys *k)
{
	char path[DISK_PATH_MAX];
	struct stat now;

	if (disk_path(path, k->folder, "keys.json") || stat(path, &now))
		return false;
	return now.st_ino != k->seen.st_ino || now.st_size != k->seen.st_size || now.st_mtim.tv_sec != k->seen.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != k->seen.st_mtim.tv_nsec;
}

/* ---- writing ---- */

static enum err key_encode(const struct identity_key *e, struct buf *b)
{
	enum err err = ERR_NONE;

	json_open(b, '{');
	json_pair_i64(b, "made_s", e->made_s);
	json_pair_i64(b, "until_s", e->until_s);
	if (e->service[0])
		json_pair_string(b, "service", e->service);
	json_put_key(b, "key");
	if (e->key)
		err = jws_key_save(e->key, b);
	else
		buf_text(b, e->public_jwk);
	json_close(b, '}');
	return err ? err : b->err;
}

enum err identity_keys_save(struct identity_keys *k, struct err_detail *detail)
{
	char path[DISK_PATH_MAX];
	struct buf b;
	enum err err = ERR_NONE;

	buf_init(&b, FILE_MAX_BYTES);
	json_open(&b, '{');
	json_pair_i64(&b, "version", FILE_VERSION);
	json_put_key(&b, "keys");
	json_open(&b, '[');
	for (size_t i = 0; !err && i < k->count; i++)
		err = key_encode(&k->keys[i], &b);
	json_close(&b, ']');
	json_close(&b, '}');
	err = err ? err : b.err;
	if (!err)
		err = disk_replace(&disk_real, k->folder, "keys.json", b.data, b.len);
	if (!err)
		err = disk_path(path, k->folder, "keys.json");
	private_buf_fini(&b);
	if (!err)
		(void)!stat(path, &k->seen);
	return err ? tell(detail, err, k->folder, "the issuer's keys cannot be written", "make the folder writable, with free space") : ERR_NONE;
}

enum { SERVICE_FILE_MAX = JWS_SERVICE_MAX + 16 };

static void service_file_name(const char *service, char out[SERVICE_FILE_MAX])
{
	snprintf(out, SERVICE_FILE_MAX, "service-%.31s.json", service);
}

static enum err service_file_write(const struct identity_keys *k, const char *service, const struct jws_key *key)
{
	char name[SERVICE_FILE_MAX];
	struct buf b;
	enum err err;

	service_file_name(service, name);
	buf_init(&b, JWS_MAX_BYTES);
	err = jws_key_save(key, &b);
	if (!err)
		err = disk_replace(&disk_real, k->folder, name, b.data, b.len);
	private_buf_fini(&b);
	return err;
}

static enum err entry_fill(const struct identity_keys *k, struct identity_key *e, const char *service)
{
	struct jws_key *key;
	enum err err = jws_key_make(&key);

	if (err)
		return err;
	err = key_public(e, key);
	if (!err && service)
		err = service_file_write(k, service, key);
	if (service)
		jws_key_free(&key);
	e->key = key;
	return err;
}

/* The index of the key in force; the count when there is none. */
static size_t in_force(const struct identity_keys *k, const char *service)
{
	size_t i = 0;

	while (i < k->count && (k->keys[i].until_s || strcmp(k->keys[i].service, service ? service : "") != 0))
		i++;
	return i;
}

const struct identity_key *identity_keys_find(const struct identity_keys *k, const char *service)
{
	size_t i = in_force(k, service);

	return i < k->count ? &k->keys[i] : NULL;
}

enum err identity_keys_make(struct identity_keys *k, const char *service, int64_t now_s, int64_t until_s)
{
	struct identity_key e = { .made_s = now_s };
	size_t before = in_force(k, service);
	enum err err;

	if (k->count == JWKS_KEYS_MAX)
		return ERR_LIMIT;
	snprintf(e.service, sizeof(e.service), "%s", service ? service : "");
	err = entry_fill(k, &e, service);
	if (err) {
		key_fini(&e);
		return err;
	}
	if (before < k->count)
		k->keys[before].until_s = until_s;
	k->keys[k->count++] = e;
	return ERR_NONE;
}

bool identity_keys_service_whole(const struct identity_keys *k, const char *service)
{
	const struct identity_key *published = identity_keys_find(k, service);
	char name[SERVICE_FILE_MAX], path[DISK_PATH_MAX];
	struct jws_key *key = NULL;
	struct buf b;
	bool whole = false;

	service_file_name(service, name);
	if (!published || disk_path(path, k->folder, name))
		return false;
	buf_init(&b, JWS_MAX_BYTES);
	if (!private_file_load(path, &b, NULL) && !jws_key_load(&key, b.data, b.len))
		whole = !strcmp(jws_key_id(key), published->id);
	private_buf_fini(&b);
	jws_key_free(&key);
	return whole;
}

bool identity_keys_expire(struct identity_keys *k, int64_t now_s)
{
	size_t kept = 0, before = k->count;

	for (size_t i = 0; i < before; i++) {
		if (k->keys[i].until_s && k->keys[i].until_s <= now_s)
			key_fini(&k->keys[i]);
		else
			k->keys[kept++] = k->keys[i];
	}
	k->count = kept;
	return kept != before;
}
