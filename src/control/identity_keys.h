/* The issuer's keys as they lie on disk. For identity.c alone. */
#ifndef CONTROL_IDENTITY_KEYS_H
#define CONTROL_IDENTITY_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/disk.h"
#include "base/jws.h"

struct identity_key {
	struct jws_key *key;            /* the issuer's; NULL of a service's, whose private part is the service's own */
	char service[JWS_SERVICE_MAX];  /* "" for the issuer's */
	char id[JWS_KEY_ID_MAX];
	char *public_jwk;
	int64_t made_s;
	int64_t until_s;                /* published until then; 0: it is in force */
};

struct identity_keys {
	char folder[DISK_PATH_MAX];
	struct identity_key keys[JWKS_KEYS_MAX];
	size_t count;
	struct stat seen; /* of the file, when it was read or written */
};

/* Between lock and unlock no other program changes them. ERR_TIMEOUT: somebody holds the lock for two seconds. */
enum err identity_keys_lock(const struct identity_keys *k, struct disk_file **lock) MUST_USE;

/* Reads the file; ERR_NOTFOUND: there is none yet. On an error the keys are as they were. */
enum err identity_keys_load(struct identity_keys *k, struct err_detail *detail) MUST_USE;
enum err identity_keys_save(struct identity_keys *k, struct err_detail *detail) MUST_USE;
bool identity_keys_moved(const struct identity_keys *k); /* the file is not what was seen */

/* Makes a key (service NULL: the issuer's) that comes into force; the one before is published until `until_s`. A service's private
 * part is written to its own file. */
enum err identity_keys_make(struct identity_keys *k, const char *service, int64_t now_s, int64_t until_s) MUST_USE;
const struct identity_key *identity_keys_find(const struct identity_keys *k, const char *service); /* in force, or NULL */

/* Whether that service's key file is there and is the key that is published: a death between the two writes makes them differ. */
bool identity_keys_service_whole(const struct identity_keys *k, const char *service);

/* Drops what is published too long; whether there was any. */
bool identity_keys_expire(struct identity_keys *k, int64_t now_s);
void identity_keys_fini(struct identity_keys *k);

#endif
