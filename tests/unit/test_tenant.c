/* Tenants: names, the three ways to one, and what is refused on each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/jws.h"
#include "base/tenant.h"

static const struct jws_policy policy = {
	.issuer = "house", .audience = "callfunnel", .tenant_claim = "tenant", .roles_claims = "realm_access.roles", .skew_s = 0, .lifetime_max_s = 3600,
};
static struct jws_key *key;
static struct jwks *keys;

static int begin(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, JWKS_MAX_BYTES);
	if (jws_key_make(&key) || jwks_new(&keys, NULL, NULL))
		return -1;
	buf_text(&b, "{\"keys\":[");
	if (jws_key_public(key, NULL, &b))
		return -1;
	buf_text(&b, "]}");
	if (jwks_load(keys, b.data, b.len, 0, NULL))
		return -1;
	buf_fini(&b);
	return 0;
}

static int end(void **state)
{
	(void)state;
	jws_key_free(&key);
	jwks_free(&keys);
	return 0;
}

static struct jws_token *token_of(const char *tenant)
{
	const struct jws_now now = { .wall_s = 1000 };
	struct jws_token *t;
	char payload[300];
	struct buf b;

	buf_init(&b, JWS_MAX_BYTES + 1);
	snprintf(payload, sizeof(payload), "{\"iss\":\"house\",\"aud\":\"callfunnel\",\"sub\":\"ana\",\"iat\":990,\"exp\":1300%s%s%s}",
		tenant ? ",\"tenant\":\"" : "", tenant ? tenant : "", tenant ? "\"" : "");
	assert_int_equal(jws_sign(key, payload, strlen(payload), &b), ERR_NONE);
	assert_int_equal(jws_verify(&t, keys, &policy, (const char *)b.data, b.len, &now, NULL), ERR_NONE);
	buf_fini(&b);
	return t;
}

static void names_are_narrow(void **state)
{
	static const char *const good[] = { "a", "acme", "a-b", "0", "123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const bad[] = { "", "-a", "a-", "A", "a_b", "a.b", "a/b", "..", "a b", "\xc3\xa9", "a\n",
		"1234567890123456789012345678901234567890123456789012345678901234" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(tenant_name_ok(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(tenant_name_ok(bad[i]));
}

static void a_verified_token_makes_its_tenant(void **state)
{
	struct jws_token *token = token_of("acme");
	struct err_detail detail = { .message = "" };
	struct tenant *t, *shared;
	char id[2 * TENANT_ID_BYTES + 1];

	(void)state;
	assert_int_equal(tenant_from_token(&t, token, NULL, NULL), ERR_NONE);
	assert_string_equal(tenant_name(t), "acme");
	tenant_id_text(t, id);
	assert_string_equal(id, "4694d3000da090644b85ed5e902595a9"); /* the same on every machine, for ever: journals and paths have it */
	shared = tenant_share(t);
	tenant_drop(&t);
	assert_null(t);
	assert_string_equal(tenant_name(shared), "acme");
	tenant_drop(&shared);
	assert_int_equal(tenant_from_token(&t, token, "acme", NULL), ERR_NONE);
	tenant_drop(&t);
	/* tenant mismatch */
	assert_int_equal(tenant_from_token(&t, token, "other", &detail), ERR_DENIED);
	assert_null(t);
	assert_string_equal(detail.message, "the token is of another tenant");
	jws_token_free(&token);
}

static void a_token_without_a_tenant_makes_none(void **state)
{
	struct jws_token *token = token_of(NULL);
	struct tenant *t;

	(void)state;
	assert_int_equal(tenant_from_token(&t, token, NULL, NULL), ERR_DENIED);
	assert_null(t);
	assert_int_equal(tenant_from_token(&t, token, "acme", NULL), ERR_DENIED);
	assert_int_equal(tenant_from_token(&t, token, "", NULL), ERR_DENIED); /* nor the house */
	jws_token_free(&token);
}

struct check {
	bool holds;
	unsigned int asked;
};

static bool check_signature(void *arg)
{
	struct check *c = arg;

	c->asked++;
	return c->holds;
}

static void a_webhook_makes_one_when_its_check_holds(void **state)
{
	struct check c = { .holds = false };
	struct tenant_claim *claim;
	struct tenant *t;

	(void)state;
	assert_int_equal(tenant_claim_from_route(&claim, "No Name"), ERR_FORMAT);
	assert_null(claim);
	assert_int_equal(tenant_claim_from_route(&claim, ""), ERR_FORMAT);
	assert_int_equal(tenant_claim_from_route(&claim, "acme"), ERR_NONE);
	assert_int_equal(tenant_from_webhook(&t, claim, check_signature, &c), ERR_DENIED);
	assert_null(t);
	assert_int_equal(c.asked, 1);
	c.holds = true;
	assert_int_equal(tenant_from_webhook(&t, claim, check_signature, &c), ERR_NONE);
	assert_int_equal(c.asked, 2);
	assert_string_equal(tenant_name(t), "acme");
	tenant_drop(&t);
	tenant_claim_free(&claim);
	assert_null(claim);
}

static void a_record_comes_back_and_damage_does_not(void **state)
{
	uint8_t record[TENANT_RECORD_MAX_BYTES], again[TENANT_RECORD_MAX_BYTES];
	size_t len = tenant_record_begin("acme", record);
	struct tenant *t, *other;

	(void)state;
	assert_int_equal(tenant_from_record(&t, record, len), ERR_NONE);
	assert_string_equal(tenant_name(t), "acme");
	assert_int_equal(tenant_save(t, again), len);
	assert_memory_equal(record, again, len);
	assert_int_equal(tenant_from_record(&other, again, len), ERR_NONE);
	assert_true(tenant_same(t, other));
	tenant_drop(&other);
	for (size_t i = 0; i < len; i++) {
		record[i] ^= 1;
		assert_int_equal(tenant_from_record(&other, record, len), ERR_CORRUPT);
		assert_null(other);
		assert_int_equal(tenant_from_record(&other, again, i), ERR_CORRUPT);
		record[i] ^= 1;
	}
	assert_int_equal(tenant_from_record(&other, record, len + 1), ERR_CORRUPT);
	tenant_drop(&t);
}

static void tenants_differ(void **state)
{
	uint8_t record[TENANT_RECORD_MAX_BYTES], a_id[TENANT_ID_BYTES], b_id[TENANT_ID_BYTES];
	struct tenant *a, *b;

	(void)state;
	assert_int_equal(tenant_from_record(&a, record, tenant_record_begin("a", record)), ERR_NONE);
	assert_int_equal(tenant_from_record(&b, record, tenant_record_begin("b", record)), ERR_NONE);
	tenant_id(a, a_id);
	tenant_id(b, b_id);
	assert_memory_not_equal(a_id, b_id, sizeof(a_id));
	assert_false(tenant_same(a, b));
	assert_false(tenant_same(a, tenant_house()));
	assert_string_equal(tenant_name(tenant_house()), "");
	tenant_drop(&a);
	tenant_drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_narrow),
		cmocka_unit_test(a_verified_token_makes_its_tenant),
		cmocka_unit_test(a_token_without_a_tenant_makes_none),
		cmocka_unit_test(a_webhook_makes_one_when_its_check_holds),
		cmocka_unit_test(a_record_comes_back_and_damage_does_not),
		cmocka_unit_test(tenants_differ),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
