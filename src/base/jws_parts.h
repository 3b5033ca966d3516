/* What jws.c, jwks.c and jws_key.c share. Nobody else includes it. */
#ifndef BASE_JWS_PARTS_H
#define BASE_JWS_PARTS_H

#include <cjose/cjose.h>
#include <jansson.h>

#include "base/jws.h"

enum { JWS_BITS_MIN = 2048, JWS_BITS_MAX = 8192 };

/* Fills the detail (which may be NULL) and returns `err`. */
enum err jws_tell(struct err_detail *detail, enum err err, const char *message, const char *hint);

/* A JSON object without a member twice, and not a byte more; NULL when it is something else. */
json_t *jws_object(const void *json, size_t len);

/* Copies a string member that fits, without control characters; false when it is missing, empty, too long or something else. */
bool jws_text(const json_t *object, const char *name, char *out, size_t size);

/* A key of the set: borrowed until the set changes. */
struct jwks_key {
	char id[JWS_KEY_ID_MAX];
	char service[JWS_SERVICE_MAX]; /* "" for the issuer's own */
	cjose_jwk_t *jwk;
};

/* The key of that id, by the rules of jwks_new. */
enum err jwks_find(struct jwks *k, const char *id, uint64_t mono_us, const struct jwks_key **key, struct err_detail *detail) MUST_USE;

#endif
