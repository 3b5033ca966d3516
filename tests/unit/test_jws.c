/* Tokens: the whole list of attacks, the key set's age and manners (F25), and what a good token says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>

#include "base/jws.h"
#include "base/roles.h"

#define NOW     INT64_C(1800000000)
#define SECOND  UINT64_C(1000000)
#define HEADER  "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}"
#define PAYLOAD "\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300"
#define URLSAFE sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const struct jws_policy policy = {
	.issuer = "house",
	.audience = "callfunnel",
	.tenant_claim = "tenant",
	.roles_claims = "realm_access.roles resource_access.my.app.roles",
	.skew_s = 30,
	.lifetime_max_s = 3600,
};

/* Keys are dear to make: two for the whole run. */
static struct jws_key *ours, *foreign;
static struct jwks *keys;
static struct err_detail detail;

static void key_set(const struct jws_key *k, const char *service, struct buf *out)
{
	buf_text(out, "{\"keys\":[");
	assert_int_equal(jws_key_public(k, service, out), ERR_NONE);
	buf_text(out, "]}");
}

static void load(struct jwks *k, const struct jws_key *key, const char *service, uint64_t mono_us)
{
	struct buf b;

	buf_init(&b, JWKS_MAX_BYTES);
	key_set(key, service, &b);
	assert_int_equal(jwks_load(k, b.data, b.len, mono_us, NULL), ERR_NONE);
	buf_fini(&b);
}

static int group_begin(void **state)
{
	(void)state;
	if (sodium_init() < 0 || jws_key_make(&ours) || jws_key_make(&foreign) || jwks_new(&keys, NULL, NULL))
		return -1;
	load(keys, ours, NULL, 0);
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	jws_key_free(&ours);
	jws_key_free(&foreign);
	jwks_free(&keys);
	return 0;
}

static enum err verify_in(struct jwks *k, const char *token, size_t len, struct jws_claims *claims)
{
	const struct jws_now now = { .wall_s = NOW, .mono_us = 0 };
	struct jws_token *t = NULL;
	enum err err;

	detail = (struct err_detail){ .message = "" };
	err = jws_verify(&t, k, &policy, token, len, &now, &detail);
	if (!err && claims)
		*claims = *jws_token_claims(t);
	if (err) {
		assert_null(t);
		assert_string_not_equal(detail.message, "");
	}
	jws_token_free(&t);
	return err;
}

static enum err verify(const char *token)
{
	return verify_in(keys, token, strlen(token), NULL);
}

/* base64url(header) "." base64url(payload) "." */
static void put_part(struct buf *b, const void *data, size_t len)
{
	char *at = (char *)buf_reserve(b, sodium_base64_encoded_len(len, URLSAFE));

	assert_non_null(at);
	sodium_bin2base64(at, sodium_base64_encoded_len(len, URLSAFE), data, len, URLSAFE);
	b->len += strlen(at);
}

/* jws_sign makes the header itself; a header of our own is signed with OpenSSL. */
static BIGNUM *number(const json_t *jwk, const char *name)
{
	const char *text = json_string_value(json_object_get(jwk, name));
	uint8_t bytes[600];
	size_t len;

	assert_non_null(text);
	assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), text, strlen(text), NULL, &len, NULL, URLSAFE), 0);
	return BN_bin2bn(bytes, (int)len, NULL);
}

static EVP_PKEY *openssl_key(const struct jws_key *k)
{
	static const char *const names[][2] = { { "n", OSSL_PKEY_PARAM_RSA_N }, { "e", OSSL_PKEY_PARAM_RSA_E }, { "d", OSSL_PKEY_PARAM_RSA_D } };
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;
	BIGNUM *numbers[3];
	OSSL_PARAM *params;
	struct buf b;
	json_t *jwk;

	buf_init(&b, JWS_MAX_BYTES);
	assert_int_equal(jws_key_save(k, &b), ERR_NONE);
	jwk = json_loadb((const char *)b.data, b.len, 0, NULL);
	for (size_t i = 0; i < 3; i++) {
		numbers[i] = number(jwk, names[i][0]);
		OSSL_PARAM_BLD_push_BN(build, names[i][1], numbers[i]);
	}
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	for (size_t i = 0; i < 3; i++)
		BN_free(numbers[i]);
	json_decref(jwk);
	buf_fini(&b);
	return pkey;
}

/* A token over exactly these bytes, rightly signed. */
static char *forge(const struct jws_key *k, const char *header, const char *payload, size_t payload_len)
{
	EVP_PKEY *pkey = openssl_key(k);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[512];
	size_t len = sizeof(signature);
	struct buf b;
	char *text;

	buf_init(&b, 64 * 1024);
	put_part(&b, header, strlen(header));
	buf_byte(&b, '.');
	put_part(&b, payload, payload_len);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len, b.data, b.len), 1);
	buf_byte(&b, '.');
	put_part(&b, signature, len);
	text = strdup(buf_str(&b));
	buf_fini(&b);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return text;
}

static char *with_header(const char *format)
{
	char header[1024];

	snprintf(header, sizeof(header), format, jws_key_id(ours));
	return forge(ours, header, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
}

static char *with_payload(const char *payload)
{
	char header[256];

	snprintf(header, sizeof(header), HEADER, jws_key_id(ours));
	return forge(ours, header, payload, strlen(payload));
}

static enum err header_says(const char *format)
{
	char *token = with_header(format);
	enum err err = verify(token);

	free(token);
	return err;
}

static enum err payload_says(const char *payload)
{
	char *token = with_payload(payload);
	enum err err = verify(token);

	free(token);
	return err;
}

/* ---- what is good ---- */

static void a_good_token_says_what_it_says(void **state)
{
	char *token = with_payload("{" PAYLOAD ",\"tenant\":\"acme\",\"preferred_username\":\"Ana\",\"sid\":\"s1\",\"auth_time\":1799999000,"
				   "\"realm_access\":{\"roles\":[\"viewer\",\"offline_access\",\"viewer\",7]},"
				   "\"resource_access\":{\"my.app\":{\"roles\":[\"approver\"]},\"other\":{\"roles\":[\"admin\"]}}}");
	struct jws_claims c;

	(void)state;
	assert_int_equal(verify_in(keys, token, strlen(token), &c), ERR_NONE);
	assert_string_equal(c.issuer, "house");
	assert_string_equal(c.subject, "ana");
	assert_string_equal(c.name, "Ana");
	assert_string_equal(c.tenant, "acme");
	assert_string_equal(c.service, "");
	assert_string_equal(c.session, "s1");
	assert_string_equal(c.key_id, jws_key_id(ours));
	assert_int_equal(c.issued_s, 1799999990);
	assert_int_equal(c.expires_s, 1800000300);
	assert_int_equal(c.signed_in_s, 1799999000);
	assert_int_equal(c.role_count, 3);
	assert_string_equal(c.roles[0], "viewer");
	assert_string_equal(c.roles[1], "offline_access");
	assert_string_equal(c.roles[2], "approver");
	assert_int_equal(roles_of(&c), ROLE_VIEWER | ROLE_APPROVER);
	free(token);
}

static void jws_sign_makes_what_verify_takes(void **state)
{
	struct jws_key *again;
	struct buf b, saved;
	char *at;

	(void)state;
	buf_init(&b, JWS_MAX_BYTES + 1);
	buf_init(&saved, JWS_MAX_BYTES);
	assert_int_equal(jws_sign(ours, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"), &b), ERR_NONE);
	assert_int_equal(verify(buf_str(&b)), ERR_NONE);
	assert_int_equal(jws_key_save(ours, &saved), ERR_NONE);
	assert_int_equal(jws_key_load(&again, saved.data, saved.len), ERR_NONE);
	assert_string_equal(jws_key_id(again), jws_key_id(ours));
	buf_reset(&b);
	assert_int_equal(jws_sign(again, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"), &b), ERR_NONE);
	assert_int_equal(verify(buf_str(&b)), ERR_NONE);
	jws_key_free(&again);
	buf_reset(&b);
	assert_int_equal(jws_key_public(ours, NULL, &b), ERR_NONE);
	assert_int_equal(jws_key_load(&again, b.data, b.len), ERR_FORMAT); /* a public key signs nothing */
	assert_null(again);
	/* Numbers that are no base64url: cjose's own reader would end the program. */
	assert_int_equal(jws_key_load(&again, "{\"kty\":\"RSA\",\"n\":\"AQA\",\"e\":\"AQAB\",\"d\":\"A=Q\",\"p\":\"AQ\",\"q\":\"AQ\"}", 68), ERR_FORMAT);
	at = memmem(saved.data, saved.len, "\"d\":\"", 5);
	assert_non_null(at);
	at[8] = '=';
	assert_int_equal(jws_key_load(&again, saved.data, saved.len), ERR_FORMAT);
	buf_fini(&b);
	buf_fini(&saved);
}

static void audience_and_tenant_may_be_lists(void **state)
{
	struct jws_claims c;
	char *token = with_payload("{\"iss\":\"house\",\"aud\":[\"account\",\"callfunnel\"],\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300,\"tenant\":[\"acme\"]}");

	(void)state;
	assert_int_equal(verify_in(keys, token, strlen(token), &c), ERR_NONE);
	assert_string_equal(c.tenant, "acme");
	free(token);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":[\"acme\",\"other\"]}"), ERR_DENIED);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":\"Acme Ltd\"}"), ERR_DENIED);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":\"\"}"), ERR_DENIED);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":7}"), ERR_DENIED);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":null}"), ERR_NONE);
}

/* ---- the attacks ---- */

static void none_is_refused(void **state)
{
	static const char *const names[] = { "none", "None", "NONE", "nOnE", "" };
	char header[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct buf b;

		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}", names[i], jws_key_id(ours));
		buf_init(&b, JWS_MAX_BYTES);
		put_part(&b, header, strlen(header));
		buf_byte(&b, '.');
		put_part(&b, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
		buf_byte(&b, '.');
		assert_int_equal(verify(buf_str(&b)), ERR_FORMAT); /* no signature: not three parts */
		put_part(&b, "x", 1);
		assert_int_equal(verify(buf_str(&b)), ERR_DENIED);
		buf_fini(&b);
	}
}

/* HS256 "signed" with the text of our public key, in every spelling a library may have of it. */
static void algorithm_confusion_is_refused(void **state)
{
	crypto_auth_hmacsha256_state hmac;
	uint8_t tag[crypto_auth_hmacsha256_BYTES];
	struct buf secret, b;
	char header[256];

	(void)state;
	buf_init(&secret, JWKS_MAX_BYTES);
	buf_init(&b, JWS_MAX_BYTES);
	key_set(ours, NULL, &secret);
	snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", jws_key_id(ours));
	put_part(&b, header, strlen(header));
	buf_byte(&b, '.');
	put_part(&b, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
	crypto_auth_hmacsha256_init(&hmac, secret.data, secret.len);
	crypto_auth_hmacsha256_update(&hmac, b.data, b.len);
	crypto_auth_hmacsha256_final(&hmac, tag);
	buf_byte(&b, '.');
	put_part(&b, tag, sizeof(tag));
	assert_int_equal(verify(buf_str(&b)), ERR_DENIED);
	assert_string_equal(detail.message, "the token is not signed by RS256");
	buf_fini(&b);
	buf_fini(&secret);
	assert_int_equal(header_says("{\"alg\":\"RS512\",\"kid\":\"%s\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"PS256\",\"kid\":\"%s\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"rs256\",\"kid\":\"%s\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":[\"RS256\"],\"kid\":\"%s\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"kid\":\"%s\"}"), ERR_DENIED);
}

static void a_foreign_key_is_refused(void **state)
{
	char header[256];
	char *token;

	(void)state;
	snprintf(header, sizeof(header), HEADER, jws_key_id(ours)); /* under our key's name */
	token = forge(foreign, header, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
	assert_int_equal(verify(token), ERR_DENIED);
	assert_string_equal(detail.message, "the token's signature does not hold");
	free(token);
	snprintf(header, sizeof(header), HEADER, jws_key_id(foreign)); /* under its own */
	token = forge(foreign, header, "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
	assert_int_equal(verify(token), ERR_DENIED);
	assert_string_equal(detail.message, "no key of the issuer has this id");
	free(token);
	assert_int_equal(header_says("{\"alg\":\"RS256\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":7}"), ERR_DENIED);
}

static void a_key_in_the_header_is_refused(void **state)
{
	struct buf b, header;
	char *token;

	(void)state;
	buf_init(&b, JWS_MAX_BYTES);
	buf_init(&header, JWS_MAX_BYTES);
	assert_int_equal(jws_key_public(foreign, NULL, &b), ERR_NONE);
	buf_printf(&header, "{\"alg\":\"RS256\",\"kid\":\"%s\",\"jwk\":", jws_key_id(ours));
	buf_append(&header, b.data, b.len);
	buf_byte(&header, '}');
	token = forge(foreign, buf_str(&header), "{" PAYLOAD "}", strlen("{" PAYLOAD "}"));
	assert_int_equal(verify(token), ERR_DENIED);
	assert_string_equal(detail.message, "the token's header has \"jwk\"");
	free(token);
	buf_fini(&b);
	buf_fini(&header);
	/* Rightly signed, and refused all the same. */
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"jwk\":{}}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"jku\":\"https://example.com/keys\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"x5u\":\"https://example.com/c\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"x5c\":[\"MIIB\"]}"), ERR_DENIED);
}

static void unknown_critical_headers_are_refused(void **state)
{
	(void)state;
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"crit\":[\"exp\"],\"exp\":1}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"crit\":[]}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"b64\":false}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"secevent+jwt\"}"), ERR_DENIED);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"typ\":\"at+jwt\"}"), ERR_NONE);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\",\"x5t\":\"abc\"}"), ERR_NONE); /* says nothing to us */
}

static void members_twice_are_refused(void **state)
{
	(void)state;
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"%s\"}"), ERR_FORMAT);
	assert_int_equal(header_says("{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"%s\"}"), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD ",\"sub\":\"admin\"}"), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD ",\"tenant\":\"acme\",\"tenant\":\"other\"}"), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD ",\"x\":{\"a\":1,\"a\":2}}"), ERR_FORMAT);
}

static void issuer_audience_and_subject_must_fit(void **state)
{
	(void)state;
	assert_int_equal(payload_says("{\"iss\":\"other\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house \",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"other\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":[\"a\",7],\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"callfunnel\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"a\\nb\",\"iat\":1799999990,\"exp\":1800000300}"), ERR_DENIED);
}

static enum err times_say(long long issued, long long expires, const char *more)
{
	char payload[400];

	snprintf(payload, sizeof(payload), "{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":%lld,\"exp\":%lld%s}", issued, expires, more);
	return payload_says(payload);
}

/* The skew is 30 s and the longest life an hour: each edge from both sides. */
static void times_must_fit(void **state)
{
	(void)state;
	assert_int_equal(times_say(NOW - 100, NOW - 29, ""), ERR_NONE);
	assert_int_equal(times_say(NOW - 100, NOW - 30, ""), ERR_DENIED);
	assert_string_equal(detail.message, "the token has expired");
	assert_int_equal(times_say(NOW + 30, NOW + 300, ""), ERR_NONE);
	assert_int_equal(times_say(NOW + 31, NOW + 300, ""), ERR_DENIED);
	assert_string_equal(detail.message, "the token is not valid yet");
	assert_int_equal(times_say(NOW, NOW + 300, ",\"nbf\":1800000030"), ERR_NONE);
	assert_int_equal(times_say(NOW, NOW + 300, ",\"nbf\":1800000031"), ERR_DENIED);
	assert_int_equal(times_say(NOW, NOW + 3600, ""), ERR_NONE);
	assert_int_equal(times_say(NOW, NOW + 3601, ""), ERR_DENIED);
	assert_int_equal(times_say(NOW, NOW, ""), ERR_DENIED);
	assert_int_equal(times_say(NOW, NOW + 300, ",\"nbf\":\"soon\""), ERR_DENIED);
	assert_int_equal(times_say(NOW, NOW + 300, ",\"nbf\":1800000000.5"), ERR_DENIED);
	assert_int_equal(times_say(NOW, NOW + 300, ",\"auth_time\":-1"), ERR_DENIED);
	assert_int_equal(times_say(-5, 300, ""), ERR_DENIED);
	assert_int_equal(times_say(NOW, 9223372036854775807LL, ""), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"exp\":1800000300}"), ERR_DENIED);
	assert_int_equal(payload_says("{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":1799999990,\"exp\":\"1800000300\"}"), ERR_DENIED);
}

/* One token has one spelling: the last letter of the signature carries bits that must be zero. */
static void base64url_must_be_canonical(void **state)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *token = with_payload("{" PAYLOAD "}");
	size_t len = strlen(token);
	char *spelled = malloc(len + 2);
	const char *last = strchr(letters, token[len - 1]);

	(void)state;
	assert_int_equal(verify(token), ERR_NONE);
	/* 256 bytes of signature are 342 letters, the last with four free bits. */
	assert_int_equal((last - letters) & 15, 0);
	memcpy(spelled, token, len + 1);
	spelled[len - 1] = letters[(last - letters) | 1];
	assert_int_equal(verify(spelled), ERR_FORMAT);
	memcpy(spelled, token, len + 1);
	for (size_t i = 0; i < 4; i++) {
		spelled[len] = "=.A\n"[i];
		spelled[len + 1] = 0;
		assert_int_equal(verify_in(keys, spelled, len + 1, NULL), spelled[len] == 'A' ? ERR_DENIED : ERR_FORMAT);
	}
	spelled[len] = 0;
	assert_int_equal(verify_in(keys, spelled, len + 1, NULL), ERR_FORMAT); /* a NUL is a byte more */
	free(spelled);
	free(token);
	assert_int_equal(verify(""), ERR_FORMAT);
	assert_int_equal(verify("."), ERR_FORMAT);
	assert_int_equal(verify(".."), ERR_FORMAT);
	assert_int_equal(verify("a.b.c"), ERR_FORMAT);
	assert_int_equal(verify("e30.e30.e30.e30"), ERR_FORMAT);
	assert_int_equal(verify(" e30.e30.e30"), ERR_FORMAT);
	assert_int_equal(verify("e30=.e30.e30"), ERR_FORMAT);
	assert_int_equal(verify("e3+.e30.e30"), ERR_FORMAT);
}

static void trailing_bytes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\"} x"), ERR_FORMAT);
	assert_int_equal(header_says("{\"alg\":\"RS256\",\"kid\":\"%s\"}{}"), ERR_FORMAT);
	assert_int_equal(header_says("[{\"alg\":\"RS256\",\"kid\":\"%s\"}]"), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD "}{}"), ERR_FORMAT);
	assert_int_equal(payload_says("\"text\""), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD ",\"x\":\"\\u0000\"}"), ERR_FORMAT);
	assert_int_equal(payload_says("{" PAYLOAD ",\"x\":\"\xff\"}"), ERR_FORMAT);
}

static void oversize_is_refused_before_anything_is_read(void **state)
{
	struct buf b;
	char *token;

	(void)state;
	buf_init(&b, 32 * 1024);
	buf_text(&b, "{" PAYLOAD ",\"x\":\"");
	for (size_t i = 0; i < 7000; i++)
		buf_byte(&b, 'x');
	buf_text(&b, "\"}");
	token = with_payload(buf_str(&b));
	assert_true(strlen(token) > JWS_MAX_BYTES);
	assert_int_equal(verify(token), ERR_LIMIT);
	free(token);
	assert_int_equal(jws_sign(ours, (const char *)b.data, b.len, &b), ERR_LIMIT);
	buf_fini(&b);
}

static void a_flipped_bit_anywhere_is_refused(void **state)
{
	char *token = with_payload("{" PAYLOAD "}");
	size_t len = strlen(token);

	(void)state;
	for (size_t i = 0; i < len; i += 7) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_not_equal(verify(token), ERR_NONE);
		token[i] = was;
	}
	assert_int_equal(verify(token), ERR_NONE);
	for (size_t i = 0; i < len; i += 11)
		assert_int_not_equal(verify_in(keys, token, i, NULL), ERR_NONE);
	free(token);
}

static void roles_have_a_ceiling(void **state)
{
	struct buf b;
	struct jws_claims c;

	(void)state;
	buf_init(&b, JWS_MAX_BYTES);
	buf_text(&b, "{" PAYLOAD ",\"realm_access\":{\"roles\":[\"r\"");
	for (int i = 0; i < 100; i++)
		buf_printf(&b, ",\"r%d\"", i);
	buf_text(&b, "]}}");
	assert_int_equal(jws_read_payload(&c, &policy, b.data, b.len, NOW, NULL), ERR_NONE);
	assert_int_equal(c.role_count, JWS_ROLES_MAX);
	buf_fini(&b);
	assert_int_equal(jws_read_payload(&c, &policy, "{" PAYLOAD ",\"realm_access\":[],\"resource_access\":{\"my\":3}}",
				 strlen("{" PAYLOAD ",\"realm_access\":[],\"resource_access\":{\"my\":3}}"), NOW, NULL), ERR_NONE);
	assert_int_equal(c.role_count, 0);
	assert_int_equal(roles_of(&c), 0);
}

/* ---- services ---- */

static void a_service_speaks_for_itself_only(void **state)
{
	static const char own[] = "{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"service-account-voice\",\"iat\":1799999990,\"exp\":1800000300,"
				  "\"tenant\":\"acme\",\"realm_access\":{\"roles\":[\"admin\",\"house\"]}}";
	struct jwks *set;
	struct jws_claims c;
	char *token = with_payload(own), *other = with_payload("{" PAYLOAD ",\"realm_access\":{\"roles\":[\"admin\"]}}");

	(void)state;
	assert_int_equal(jwks_new(&set, NULL, NULL), ERR_NONE);
	load(set, ours, "voice", 0);
	assert_int_equal(verify_in(set, token, strlen(token), &c), ERR_NONE);
	assert_string_equal(c.service, "voice");
	assert_string_equal(c.tenant, "acme");
	assert_int_equal(roles_of(&c), ROLE_SERVICE);
	assert_int_equal(verify_in(set, other, strlen(other), NULL), ERR_DENIED);
	assert_string_equal(detail.message, "the token speaks for another service");
	load(set, ours, "control", 0);
	assert_int_equal(verify_in(set, token, strlen(token), NULL), ERR_DENIED);
	free(token);
	free(other);
	jwks_free(&set);
}

/* ---- the key set ---- */

struct source {
	struct jwks *set;
	unsigned int asked;
	bool answers; /* from inside */
	uint64_t mono_us;
};

static void on_fetch(void *arg)
{
	struct source *s = arg;

	s->asked++;
	if (s->answers)
		load(s->set, ours, NULL, s->mono_us);
}

static enum err verify_at(struct source *s, const char *token, uint64_t mono_us)
{
	const struct jws_now now = { .wall_s = NOW, .mono_us = mono_us };
	struct jws_token *t = NULL;
	enum err err;

	s->mono_us = mono_us;
	err = jws_verify(&t, s->set, &policy, token, strlen(token), &now, NULL);
	jws_token_free(&t);
	return err;
}

static void begin_source(struct source *s, bool answers)
{
	*s = (struct source){ .answers = answers };
	assert_int_equal(jwks_new(&s->set, on_fetch, s), ERR_NONE);
}

static void F25_one_fetch_a_minute_whatever_comes(void **state)
{
	struct source s;
	char *token = with_payload("{" PAYLOAD "}");

	(void)state;
	begin_source(&s, false);
	assert_int_equal(verify_at(&s, token, 0), ERR_BUSY);
	assert_int_equal(s.asked, 1);
	for (uint64_t at = 1; at < 60; at++)
		assert_int_equal(verify_at(&s, token, at * SECOND), at < 10 ? ERR_BUSY : ERR_UNAVAILABLE);
	assert_int_equal(s.asked, 1);
	assert_int_equal(verify_at(&s, token, 60 * SECOND), ERR_BUSY);
	assert_int_equal(s.asked, 2);
	jwks_failed(s.set);
	assert_int_equal(verify_at(&s, token, 61 * SECOND), ERR_UNAVAILABLE);
	load(s.set, ours, NULL, 62 * SECOND);
	assert_int_equal(verify_at(&s, token, 62 * SECOND), ERR_NONE);
	assert_int_equal(s.asked, 2);
	free(token);
	jwks_free(&s.set);
}

static void F25_stale_keys_serve_a_day_and_not_longer(void **state)
{
	struct source s;
	char *token = with_payload("{" PAYLOAD "}");

	(void)state;
	begin_source(&s, false);
	load(s.set, ours, NULL, 0);
	assert_int_equal(verify_at(&s, token, 300 * SECOND), ERR_NONE);
	assert_int_equal(s.asked, 0); /* fresh for five minutes */
	assert_int_equal(verify_at(&s, token, 301 * SECOND), ERR_NONE);
	assert_int_equal(s.asked, 1); /* asks beside the work */
	jwks_failed(s.set);
	assert_int_equal(verify_at(&s, token, 86400 * SECOND), ERR_NONE);
	jwks_failed(s.set);
	assert_int_equal(verify_at(&s, token, 86401 * SECOND), ERR_UNAVAILABLE);
	s.answers = true;
	assert_int_equal(verify_at(&s, token, 90000 * SECOND), ERR_NONE);
	free(token);
	jwks_free(&s.set);
}

static void F25_a_rotated_key_is_fetched_and_the_old_one_is_gone(void **state)
{
	struct source s;
	char *token = with_payload("{" PAYLOAD "}");

	(void)state;
	begin_source(&s, true);
	load(s.set, foreign, NULL, 0);
	assert_int_equal(verify_at(&s, token, 1 * SECOND), ERR_NONE); /* unknown: fetched at once */
	assert_int_equal(s.asked, 1);
	load(s.set, foreign, NULL, 2 * SECOND);
	assert_int_equal(verify_at(&s, token, 3 * SECOND), ERR_DENIED); /* its minute is not over: no fetch, no way in */
	assert_int_equal(s.asked, 1);
	free(token);
	jwks_free(&s.set);
}

static enum err load_text(struct jwks *k, const char *text)
{
	return jwks_load(k, text, strlen(text), 0, NULL);
}

static void a_bad_key_set_leaves_the_old_one(void **state)
{
	struct buf one, b;
	char *token = with_payload("{" PAYLOAD "}");
	struct jwks *set;

	(void)state;
	assert_int_equal(jwks_new(&set, NULL, NULL), ERR_NONE);
	load(set, ours, NULL, 0);
	buf_init(&one, JWKS_MAX_BYTES);
	buf_init(&b, JWKS_MAX_BYTES * 2);
	assert_int_equal(jws_key_public(foreign, NULL, &one), ERR_NONE);
	buf_printf(&b, "{\"keys\":[%s,%s]}", buf_str(&one), buf_str(&one));
	assert_int_equal(load_text(set, buf_str(&b)), ERR_FORMAT); /* the same id twice */
	assert_int_equal(load_text(set, ""), ERR_FORMAT);
	assert_int_equal(load_text(set, "{\"keys\":[]}"), ERR_FORMAT);
	assert_int_equal(load_text(set, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"x\",\"k\":\"AAAA\"}]}"), ERR_FORMAT);
	assert_int_equal(load_text(set, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"x\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"), ERR_FORMAT); /* short */
	assert_int_equal(load_text(set, "{\"keys\":{}}"), ERR_FORMAT);
	buf_reset(&b);
	for (size_t i = 0; i <= JWKS_MAX_BYTES; i++)
		buf_byte(&b, ' ');
	assert_int_equal(jwks_load(set, b.data, b.len, 0, NULL), ERR_LIMIT);
	assert_int_equal(jwks_count(set), 1);
	assert_int_equal(verify_in(set, token, strlen(token), NULL), ERR_NONE);
	buf_reset(&b);
	buf_printf(&b, "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"e\"},7,%s]}", buf_str(&one));
	assert_int_equal(load_text(set, buf_str(&b)), ERR_NONE); /* others are stepped over */
	assert_int_equal(jwks_count(set), 1);
	assert_int_equal(verify_in(set, token, strlen(token), NULL), ERR_DENIED);
	buf_fini(&b);
	buf_fini(&one);
	free(token);
	jwks_free(&set);
}

static void keys_for_other_uses_are_stepped_over(void **state)
{
	static const char *const more[] = { "\"use\":\"enc\"", "\"alg\":\"RSA-OAEP\"", "\"kid\":\"\"", "\"cf_service\":\"Voice\"", "\"cf_service\":7" };
	struct jwks *set;
	struct buf one;

	(void)state;
	assert_int_equal(jwks_new(&set, NULL, NULL), ERR_NONE);
	buf_init(&one, JWKS_MAX_BYTES);
	assert_int_equal(jws_key_public(foreign, NULL, &one), ERR_NONE);
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		json_t *jwk = json_loads(buf_str(&one), 0, NULL);
		json_t *change, *root = json_object();
		char text[64], *json;

		snprintf(text, sizeof(text), "{%s}", more[i]);
		change = json_loads(text, 0, NULL);
		json_object_update(jwk, change);
		json_object_set_new(root, "keys", json_pack("[o]", jwk));
		json = json_dumps(root, 0);
		assert_int_equal(load_text(set, json), ERR_FORMAT);
		free(json);
		json_decref(change);
		json_decref(root);
	}
	buf_fini(&one);
	jwks_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_says_what_it_says),
		cmocka_unit_test(jws_sign_makes_what_verify_takes),
		cmocka_unit_test(audience_and_tenant_may_be_lists),
		cmocka_unit_test(none_is_refused),
		cmocka_unit_test(algorithm_confusion_is_refused),
		cmocka_unit_test(a_foreign_key_is_refused),
		cmocka_unit_test(a_key_in_the_header_is_refused),
		cmocka_unit_test(unknown_critical_headers_are_refused),
		cmocka_unit_test(members_twice_are_refused),
		cmocka_unit_test(issuer_audience_and_subject_must_fit),
		cmocka_unit_test(times_must_fit),
		cmocka_unit_test(base64url_must_be_canonical),
		cmocka_unit_test(trailing_bytes_are_refused),
		cmocka_unit_test(oversize_is_refused_before_anything_is_read),
		cmocka_unit_test(a_flipped_bit_anywhere_is_refused),
		cmocka_unit_test(roles_have_a_ceiling),
		cmocka_unit_test(a_service_speaks_for_itself_only),
		cmocka_unit_test(F25_one_fetch_a_minute_whatever_comes),
		cmocka_unit_test(F25_stale_keys_serve_a_day_and_not_longer),
		cmocka_unit_test(F25_a_rotated_key_is_fetched_and_the_old_one_is_gone),
		cmocka_unit_test(a_bad_key_set_leaves_the_old_one),
		cmocka_unit_test(keys_for_other_uses_are_stepped_over),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}
