/* The key set: public keys by id, how old they may be and how often they are asked for. See jws.h.
 *
 * Owns its keys. Only n, e, the id and the service's name are taken from outside; whatever else a key says is left there.
 * Refuses to make do with no keys: an issuer that is away means 401 for unknown keys and, after a day, for all.
 */
#include "base/jws_parts.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000u

static const uint64_t fresh_us = UINT64_C(300) * SECOND_US;
static const uint64_t usable_us = UINT64_C(86400) * SECOND_US;
static const uint64_t fetch_gap_us = UINT64_C(60) * SECOND_US;
static const uint64_t fetch_wait_us = UINT64_C(10) * SECOND_US;

struct jwks {
	struct jwks_key keys[JWKS_KEYS_MAX];
	size_t count;
	bool loaded;
	uint64_t loaded_us;
	bool asked;   /* ever */
	bool waiting; /* for an answer */
	uint64_t asked_us;
	jwks_fetch_h *fetch;
	void *arg;
};

static void keys_release(struct jwks_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cjose_jwk_release(keys[i].jwk);
}

enum err jwks_new(struct jwks **kp, jwks_fetch_h *fetch, void *arg)
{
	struct jwks *k = calloc(1, sizeof(*k));

	*kp = k;
	if (!k)
		return ERR_NOMEM;
	k->fetch = fetch;
	k->arg = arg;
	return ERR_NONE;
}

void jwks_free(struct jwks **kp)
{
	if (!*kp)
		return;
	keys_release((*kp)->keys, (*kp)->count);
	free(*kp);
	*kp = NULL;
}

size_t jwks_count(const struct jwks *k)
{
	return k->count;
}

void jwks_failed(struct jwks *k)
{
	k->waiting = false;
}

/* Canonical base64url of at most `size` bytes; the length, or 0. */
static size_t decode_number(const json_t *jwk, const char *name, uint8_t *out, size_t size)
{
	const char *text = json_string_value(json_object_get(jwk, name));
	size_t len = 0;

	if (!text || sodium_base642bin(out, size, text, strlen(text), NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return 0;
	return len;
}

static size_t bits_of(const uint8_t *number, size_t len)
{
	size_t bits = len * 8;

	for (size_t i = 0; i < len && !number[i]; i++)
		bits -= 8;
	for (uint8_t top = bits ? number[len - bits / 8] : 0; top && !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* An exponent is odd, at least 3 and at most 32 bits. */
static bool good_exponent(const uint8_t *e, size_t len)
{
	return len && (e[len - 1] & 1) && bits_of(e, len) >= 2 && bits_of(e, len) <= 32;
}

static bool says(const json_t *jwk, const char *name, const char *wanted)
{
	const json_t *value = json_object_get(jwk, name);

	return !value || (json_is_string(value) && !strcmp(json_string_value(value), wanted));
}

static bool service_name(const json_t *jwk, char out[JWS_SERVICE_MAX])
{
	out[0] = 0;
	if (!json_object_get(jwk, "cf_service"))
		return true;
	if (!jws_text(jwk, "cf_service", out, JWS_SERVICE_MAX))
		return false;
	for (const char *c = out; *c; c++)
		if (!islower((unsigned char)*c) && *c != '-')
			return false;
	return true;
}

/* Whether this is a key for our signatures; then `key` has it, made of nothing but its two numbers. */
static bool key_take(const json_t *jwk, struct jwks_key *key)
{
	uint8_t n[JWS_BITS_MAX / 8 + 1], e[8];
	cjose_jwk_rsa_keyspec spec = { .n = n, .e = e };
	const char *type = json_string_value(json_object_get(jwk, "kty"));

	if (!type || strcmp(type, "RSA") != 0 || !says(jwk, "use", "sig") || !says(jwk, "alg", "RS256"))
		return false;
	if (!jws_text(jwk, "kid", key->id, sizeof(key->id)) || !service_name(jwk, key->service))
		return false;
	spec.nlen = decode_number(jwk, "n", n, sizeof(n));
	spec.elen = decode_number(jwk, "e", e, sizeof(e));
	if (!spec.nlen || bits_of(n, spec.nlen) < JWS_BITS_MIN || bits_of(n, spec.nlen) > JWS_BITS_MAX || !(n[spec.nlen - 1] & 1) ||
		!good_exponent(e, spec.elen))
		return false;
	key->jwk = cjose_jwk_create_RSA_spec(&spec, NULL);
	return key->jwk;
}

static bool has_id(const struct jwks_key *keys, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(keys[i].id, id))
			return true;
	return false;
}

static enum err keys_take(const json_t *list, struct jwks_key *keys, size_t *count, struct err_detail *detail)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct jwks_key key = { .id = "" };

		if (!key_take(json_array_get(list, i), &key))
			continue;
		if (*count == JWKS_KEYS_MAX || has_id(keys, *count, key.id)) {
			cjose_jwk_release(key.jwk);
			return *count == JWKS_KEYS_MAX ? jws_tell(detail, ERR_LIMIT, "more than 32 keys", "retire old ones")
						       : jws_tell(detail, ERR_FORMAT, "two keys have the same id", "mend the issuer");
		}
		keys[(*count)++] = key;
	}
	return *count ? ERR_NONE : jws_tell(detail, ERR_FORMAT, "no key for RS256 signatures of 2048 bits or more", "look at the issuer's keys");
}

enum err jwks_load(struct jwks *k, const void *json, size_t len, uint64_t mono_us, struct err_detail *detail)
{
	struct jwks_key keys[JWKS_KEYS_MAX];
	size_t count = 0;
	json_t *set;
	enum err err;

	k->waiting = false;
	if (len > JWKS_MAX_BYTES)
		return jws_tell(detail, ERR_LIMIT, "a key set of more than 64 KB", "look at the issuer's address");
	set = jws_object(json, len);
	if (!json_is_array(json_object_get(set, "keys")))
		err = jws_tell(detail, ERR_FORMAT, "no key set", "it should be {\"keys\": [...]}");
	else
		err = keys_take(json_object_get(set, "keys"), keys, &count, detail);
	json_decref(set);
	if (err) {
		keys_release(keys, count);
		return err;
	}
	keys_release(k->keys, k->count);
	memcpy(k->keys, keys, count * sizeof(*keys));
	k->count = count;
	k->loaded = true;
	k->loaded_us = mono_us;
	return ERR_NONE;
}

static uint64_t since(uint64_t then_us, uint64_t now_us)
{
	return now_us > then_us ? now_us - then_us : 0;
}

static void ask(struct jwks *k, uint64_t now_us)
{
	if (!k->fetch || (k->asked && since(k->asked_us, now_us) < fetch_gap_us))
		return;
	k->asked = true;
	k->asked_us = now_us;
	k->waiting = true;
	k->fetch(k->arg);
}

static const struct jwks_key *look_up(const struct jwks *k, const char *id)
{
	for (size_t i = 0; i < k->count; i++)
		if (!strcmp(k->keys[i].id, id))
			return &k->keys[i];
	return NULL;
}

static bool usable(const struct jwks *k, uint64_t now_us)
{
	return k->loaded && since(k->loaded_us, now_us) <= usable_us;
}

enum err jwks_find(struct jwks *k, const char *id, uint64_t mono_us, const struct jwks_key **key, struct err_detail *detail)
{
	*key = NULL;
	if (!k->loaded || since(k->loaded_us, mono_us) > fresh_us)
		ask(k, mono_us);
	if (usable(k, mono_us))
		*key = look_up(k, id);
	if (!*key) {
		ask(k, mono_us);
		if (usable(k, mono_us))
			*key = look_up(k, id);
	}
	if (*key)
		return ERR_NONE;
	if (k->waiting && since(k->asked_us, mono_us) < fetch_wait_us)
		return jws_tell(detail, ERR_BUSY, "the key is not known yet", "the issuer's keys are being fetched");
	if (!usable(k, mono_us))
		return jws_tell(detail, ERR_UNAVAILABLE, "no keys of the issuer that may be trusted", "is its key address reachable?");
	return jws_tell(detail, ERR_DENIED, "no key of the issuer has this id", "get a new token");
}
