/* Tokens and key sets from outside: whole tokens against a fixed key, the parts past the signature, key sets, private keys. What is
 * taken keeps its promises: names end, roles have their ceiling, times their order. The first byte picks what the rest is.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jws.h"
#include "base/roles.h"
#include "base/tenant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its private half was thrown away when the corpus was made. */
static const char key_set[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"ABMtZgaGi8uJUdDkhcv2_PfYj5Xo"
	"D0wC8tw9qqWGExQ\",\"n\":\"s8jCTLGgawc7wkUHfvrQO8hh7Xtp36OQNuStlmv66s89o7j_MUcwyqNgPqskaAR6yeeqsKLS7v"
	"9BE-0mbksTwP9qf7hUJZWvu4JcxcSFaZgUi_m1DU_KGvcV-kuKMF7-JTbOHXm2-kQh_vJS6PetPTwyIMbGGxgEUqnS2DG3I-b87n"
	"VhgFwCwUwqPVscNiCfecBsn2TX0g20gTGEkdRiELVAfYe0ut0FMGHZQbbw-chX_MNucMpxMrNw1-du2NkPUT1O6qK5AJ7gLdw4ME"
	"RdlLrJjHGq8pUKCua88m7wE3QiJR9YCmel7STb0KB8Ymq3zXGS10zTbXV12LqTHs9Wrw\",\"e\":\"AQAB\"}]}";

static const int64_t now_s = 1800000000;

static const struct jws_policy policy = {
	.issuer = "callfunnel",
	.audience = "callfunnel",
	.tenant_claim = "tenant",
	.roles_claims = "realm_access.roles resource_access.callfunnel.roles",
	.skew_s = 30,
	.lifetime_max_s = 86400,
};

static void claims_check(const struct jws_claims *c)
{
	assert(memchr(c->subject, 0, sizeof(c->subject)) && c->subject[0]);
	assert(!strcmp(c->issuer, policy.issuer));
	assert(!c->tenant[0] || tenant_name_ok(c->tenant));
	assert(c->role_count <= JWS_ROLES_MAX);
	for (size_t i = 0; i < c->role_count; i++)
		assert(c->roles[i][0] && memchr(c->roles[i], 0, sizeof(c->roles[i])));
	assert(c->issued_s < c->expires_s && now_s < c->expires_s + policy.skew_s);
	(void)roles_of(c);
}

static void token_try(const char *text, size_t len)
{
	static struct jwks *keys;
	const struct jws_now now = { .wall_s = now_s };
	struct jws_token *token;
	struct err_detail detail;
	struct tenant *tenant;
	enum err err;

	if (!keys && (jwks_new(&keys, NULL, NULL) || jwks_load(keys, key_set, strlen(key_set), 0, NULL)))
		abort();
	err = jws_verify(&token, keys, &policy, text, len, &now, &detail);
	assert(!err == !!token);
	if (err)
		return;
	claims_check(jws_token_claims(token));
	if (!tenant_from_token(&tenant, token, NULL, NULL))
		tenant_drop(&tenant);
	jws_token_free(&token);
}

static void payload_try(const char *text, size_t len)
{
	struct jws_claims c;

	if (!jws_read_payload(&c, &policy, text, len, now_s, NULL))
		claims_check(&c);
}

static void key_set_try(const char *text, size_t len)
{
	struct jwks *keys;

	if (jwks_new(&keys, NULL, NULL))
		return;
	if (!jwks_load(keys, text, len, 0, NULL))
		assert(jwks_count(keys) && jwks_count(keys) <= JWKS_KEYS_MAX);
	jwks_free(&keys);
}

static void private_key_try(const char *text, size_t len)
{
	struct jws_key *key;

	if (jws_key_load(&key, text, len))
		return;
	assert(strlen(jws_key_id(key)) == 43);
	jws_key_free(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char key_id[JWS_KEY_ID_MAX];
	char *text;

	if (!size)
		return 0;
	text = malloc(size - 1 ? size - 1 : 1); /* no NUL behind it: reading on is found */
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	switch (*data % 5) {
	case 0: token_try(text, size - 1); break;
	case 1:
		if (!jws_read_header(text, size - 1, key_id, NULL))
			assert(key_id[0] && memchr(key_id, 0, sizeof(key_id)));
		break;
	case 2: payload_try(text, size - 1); break;
	case 3: key_set_try(text, size - 1); break;
	default: private_key_try(text, size - 1); break;
	}
	free(text);
	return 0;
}
