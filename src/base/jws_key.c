/* Private keys: made, kept as JWK, used to sign. See jws.h.
 *
 * Owns the cjose key. Every text that holds the private part is wiped before it is freed. Any thread, one at a time a key.
 */
#include "base/jws_parts.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct jws_key {
	cjose_jwk_t *jwk;
	char id[JWS_KEY_ID_MAX];
	char *n, *e; /* base64url */
};

void jws_key_free(struct jws_key **kp)
{
	struct jws_key *k = *kp;

	if (!k)
		return;
	if (k->jwk)
		cjose_jwk_release(k->jwk);
	free(k->n);
	free(k->e);
	free(k);
	*kp = NULL;
}

static void wipe(char *text)
{
	if (text)
		sodium_memzero(text, strlen(text));
	free(text);
}

/* RFC 7638: the hash of the three members, in order, without blanks. */
static enum err name_by_thumbprint(struct jws_key *k)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct buf b;
	enum err err;

	buf_init(&b, JWS_MAX_BYTES);
	buf_printf(&b, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", k->e, k->n);
	err = b.err;
	if (!err) {
		crypto_hash_sha256(hash, b.data, b.len);
		sodium_bin2base64(k->id, sizeof(k->id), hash, sizeof(hash), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	}
	buf_fini(&b);
	return err || cjose_jwk_set_kid(k->jwk, k->id, strlen(k->id), NULL) ? err : ERR_NOMEM;
}

/* The public numbers, as texts. */
static enum err take_numbers(struct jws_key *k)
{
	char *text = cjose_jwk_to_json(k->jwk, false, NULL);
	json_t *jwk = text ? jws_object(text, strlen(text)) : NULL;
	const char *n = json_string_value(json_object_get(jwk, "n"));
	const char *e = json_string_value(json_object_get(jwk, "e"));

	k->n = n ? strdup(n) : NULL;
	k->e = e ? strdup(e) : NULL;
	json_decref(jwk);
	free(text);
	return k->n && k->e ? name_by_thumbprint(k) : ERR_NOMEM;
}

static enum err finish(struct jws_key **kp, struct jws_key *k)
{
	enum err err = take_numbers(k);

	if (err)
		jws_key_free(&k);
	*kp = k;
	return err;
}

static enum err key_make(struct jws_key **kp)
{
	static const uint8_t exponent[] = { 1, 0, 1 };
	struct jws_key *k = calloc(1, sizeof(*k));

	*kp = NULL;
	if (!k)
		return ERR_NOMEM;
	k->jwk = cjose_jwk_create_RSA_random(JWS_BITS_MIN, exponent, sizeof(exponent), NULL);
	if (!k->jwk) {
		free(k);
		return ERR_UNAVAILABLE;
	}
	return finish(kp, k);
}

/* ---- ahead ---- */

struct ahead {
	pthread_t thread;
	struct jws_key *key;
	enum err err;
};

static struct ahead aheads[JWS_AHEAD_MAX];
static unsigned int ahead_count;

static void *ahead_run(void *arg)
{
	struct ahead *a = arg;

	a->err = key_make(&a->key);
	return NULL;
}

static enum err ahead_take(struct jws_key **kp)
{
	struct ahead *a = &aheads[--ahead_count];

	pthread_join(a->thread, NULL);
	*kp = a->key;
	return a->err;
}

void jws_keys_ahead(unsigned int count)
{
	struct jws_key *left;

	while (!count && ahead_count)
		if (!ahead_take(&left))
			jws_key_free(&left);
	for (; count && ahead_count < JWS_AHEAD_MAX; count--) {
		aheads[ahead_count] = (struct ahead){ .key = NULL };
		if (pthread_create(&aheads[ahead_count].thread, NULL, ahead_run, &aheads[ahead_count]))
			return;
		ahead_count++;
	}
}

enum err jws_key_make(struct jws_key **kp)
{
	return ahead_count && !ahead_take(kp) ? ERR_NONE : key_make(kp);
}

/* The numbers of a private RSA key, and room for them. */
struct numbers {
	cjose_jwk_rsa_keyspec spec;
	uint8_t bytes[8][JWS_BITS_MAX / 8 + 1];
};

/* We read the JWK ourselves: cjose's own reader aborts the program on a number that is no base64url. */
static bool take_private(struct numbers *n, const json_t *jwk)
{
	static const char *const names[] = { "n", "e", "d", "p", "q", "dp", "dq", "qi" };
	size_t *const lens[] = { &n->spec.nlen, &n->spec.elen, &n->spec.dlen, &n->spec.plen, &n->spec.qlen, &n->spec.dplen, &n->spec.dqlen, &n->spec.qilen };
	uint8_t **const at[] = { &n->spec.n, &n->spec.e, &n->spec.d, &n->spec.p, &n->spec.q, &n->spec.dp, &n->spec.dq, &n->spec.qi };
	const char *type = json_string_value(json_object_get(jwk, "kty"));

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *text = json_string_value(json_object_get(jwk, names[i]));

		*at[i] = n->bytes[i];
		if (!text || !*text || sodium_base642bin(n->bytes[i], sizeof(n->bytes[i]), text, strlen(text), NULL, lens[i], NULL,
				     sodium_base64_VARIANT_URLSAFE_NO_PADDING))
			return false;
	}
	return type && !strcmp(type, "RSA");
}

static cjose_jwk_t *private_jwk(const void *json, size_t len)
{
	struct numbers n = { .spec = { .n = NULL } };
	json_t *jwk = len <= JWS_MAX_BYTES ? jws_object(json, len) : NULL;
	cjose_jwk_t *made = take_private(&n, jwk) ? cjose_jwk_create_RSA_spec(&n.spec, NULL) : NULL;

	sodium_memzero(&n, sizeof(n));
	json_decref(jwk);
	return made;
}

enum err jws_key_load(struct jws_key **kp, const void *json, size_t len)
{
	struct jws_key *k = calloc(1, sizeof(*k));

	*kp = NULL;
	if (!k)
		return ERR_NOMEM;
	k->jwk = private_jwk(json, len);
	if (!k->jwk || cjose_jwk_get_keysize(k->jwk, NULL) < JWS_BITS_MIN) {
		jws_key_free(&k);
		return ERR_FORMAT;
	}
	return finish(kp, k);
}

const char *jws_key_id(const struct jws_key *k)
{
	return k->id;
}

enum err jws_key_save(const struct jws_key *k, struct buf *out)
{
	char *text = cjose_jwk_to_json(k->jwk, true, NULL);

	if (!text)
		return ERR_NOMEM;
	buf_text(out, text);
	wipe(text);
	return out->err;
}

enum err jws_key_public(const struct jws_key *k, const char *service, struct buf *out)
{
	buf_printf(out, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",", k->id);
	if (service)
		buf_printf(out, "\"cf_service\":\"%s\",", service);
	buf_printf(out, "\"n\":\"%s\",\"e\":\"%s\"}", k->n, k->e);
	return out->err;
}

static cjose_header_t *header_make(const struct jws_key *k)
{
	cjose_header_t *h = cjose_header_new(NULL);

	if (h && cjose_header_set(h, CJOSE_HDR_ALG, CJOSE_HDR_ALG_RS256, NULL) && cjose_header_set(h, "typ", "JWT", NULL) &&
		cjose_header_set(h, CJOSE_HDR_KID, k->id, NULL))
		return h;
	if (h)
		cjose_header_release(h);
	return NULL;
}

enum err jws_sign(const struct jws_key *k, const char *payload, size_t len, struct buf *out)
{
	cjose_header_t *header = header_make(k);
	const char *text = NULL; /* of the jws */
	cjose_jws_t *jws = header ? cjose_jws_sign(k->jwk, header, (const uint8_t *)payload, len, NULL) : NULL;
	enum err err = ERR_NOMEM;

	if (jws && cjose_jws_export(jws, &text, NULL)) {
		err = strlen(text) > JWS_MAX_BYTES ? ERR_LIMIT : ERR_NONE;
		if (!err)
			buf_text(out, text);
		err = err ? err : out->err;
	}
	if (jws)
		cjose_jws_release(jws);
	if (header)
		cjose_header_release(header);
	return err;
}
