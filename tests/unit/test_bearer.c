/* Tokens on requests: who is let in to which path, what is said to the others, and that the token lives as long as its request. The attacks on
 * tokens themselves are in test_jws.c; here they come as a header of a real request. */
#include "askkit.h"

#include <sodium.h>
#include <time.h>

#include "base/bearer.h"
#include "base/http_server.h"
#include "base/roles.h"
#include "base/service_key.h"
#include "control/identity.h"

enum { LINE_MAX_BYTES = 12000 };

struct gate {
	struct world w;
	struct identity *identity, *other; /* `other` is an issuer of the same name that is not ours */
	struct service_key *key;
	struct jwks *keys, *keys_inside;
	struct bearer bearer;
	struct http_server *server;
	struct asking a;
	unsigned int handled, gone, closed;
	char subject[JWS_NAME_MAX], service[JWS_SERVICE_MAX];
	bool had_token;
	int64_t wall_s;
	uint64_t mono_us;
	struct http_request *held;
};

static struct gate *g;
static char keys_dir[64], other_dir[64];

static const struct jws_policy people = { .issuer = "callfunnel", .audience = "callfunnel", .tenant_claim = "tenant", .roles_claims = "realm_access.roles",
	.skew_s = 30, .lifetime_max_s = 86400 };
static const struct jws_policy inside = { .issuer = "callfunnel", .audience = "conductor", .tenant_claim = "tenant", .roles_claims = "realm_access.roles",
	.skew_s = 30, .lifetime_max_s = 86400 };
static const struct identity_settings settings = { .token_s = 900, .session_s = 43200, .link_s = 600, .rotate_days = 30 };

/* ------------------------------------------------------------------ the world */

static struct jws_now now(void *arg)
{
	(void)arg;
	return (struct jws_now){ .wall_s = g->wall_s, .mono_us = g->mono_us };
}

static void note(struct http_request *r)
{
	const struct jws_token *t = bearer_token(r);

	g->handled++;
	g->had_token = t != NULL;
	snprintf(g->subject, sizeof(g->subject), "%s", t ? jws_token_claims(t)->subject : "");
	snprintf(g->service, sizeof(g->service), "%s", t ? jws_token_claims(t)->service : "");
}

static void on_any(struct http_request *r, void *arg)
{
	(void)arg;
	note(r);
	http_reply(r, 204, NULL, NULL, 0);
}

static void on_gone(struct http_request *r, void *arg)
{
	(void)arg;
	note(r); /* the token is there still */
	g->held = NULL;
	g->gone++;
}

static void on_held(struct http_request *r, void *arg)
{
	(void)arg;
	note(r);
	g->held = r;
	http_on_gone(r, on_gone, NULL);
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/v1/thing", on_any, 0, 0 },
	{ HTTP_GET, "/v1/open", on_any, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/v1/held", on_held, 0, 0 },
	{ HTTP_GET, "/internal/v1/thing", on_any, 0, 0 },
	{ HTTP_GET, "/internalish", on_any, 0, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static void keys_load(struct jwks *k, const struct identity *i)
{
	struct buf b;

	buf_init(&b, JWKS_MAX_BYTES);
	assert_int_equal(identity_jwks(i, &b), ERR_NONE);
	assert_int_equal(jwks_load(k, b.data, b.len, g->mono_us, NULL), ERR_NONE);
	buf_fini(&b);
}

static int begin(void **state)
{
	struct http_settings http = { .listen = "127.0.0.1:0", .authorise = bearer_authorise };

	g = calloc(1, sizeof(*g));
	*state = g;
	world_begin(&g->w);
	g->wall_s = (int64_t)time(NULL);
	g->mono_us = 1000000;
	assert_int_equal(identity_open(&g->identity, keys_dir, &people, &settings, g->wall_s, NULL), ERR_NONE);
	assert_int_equal(identity_open(&g->other, other_dir, &people, &settings, g->wall_s, NULL), ERR_NONE);
	assert_int_equal(service_key_open(&g->key, keys_dir, "voice", NULL), ERR_NONE);
	assert_int_equal(jwks_new(&g->keys, NULL, NULL), ERR_NONE);
	keys_load(g->keys, g->identity);
	g->bearer = (struct bearer){ .keys = g->keys, .policy = &people, .policy_inside = &inside, .now = now };
	http.authorise_arg = &g->bearer;
	assert_int_equal(http_server_open(&g->server, &g->w.loop, &http, NULL), ERR_NONE);
	assert_int_equal(http_server_mount(g->server, routes, g), ERR_NONE);
	return 0;
}

static void on_closed(void *arg) { ((struct gate *)arg)->closed++; }

static int end(void **state)
{
	(void)state;
	json_decref(g->a.json);
	http_server_close(&g->server, on_closed, g);
	service_key_close(&g->key);
	identity_close(&g->identity);
	identity_close(&g->other);
	jwks_free(&g->keys);
	jwks_free(&g->keys_inside);
	world_end(&g->w);
	assert_int_equal(g->closed, 1);
	free(g);
	return 0;
}

static int dirs_make(void **state)
{
	struct identity *i;

	(void)state;
	snprintf(keys_dir, sizeof(keys_dir), "/tmp/callfunnel-keys-XXXXXX");
	snprintf(other_dir, sizeof(other_dir), "/tmp/callfunnel-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(keys_dir) || !mkdtemp(other_dir) ||
		identity_open(&i, keys_dir, &people, &settings, (int64_t)time(NULL), NULL) || identity_service(i, "voice", (int64_t)time(NULL), NULL))
		return -1;
	identity_close(&i);
	if (identity_open(&i, other_dir, &people, &settings, (int64_t)time(NULL), NULL))
		return -1;
	identity_close(&i);
	return 0;
}

static int dirs_drop(void **state)
{
	(void)state;
	return nftw(keys_dir, world_remove, 16, FTW_DEPTH | FTW_PHYS) || nftw(other_dir, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------------------------ tokens and requests */

static const char *person(const struct identity *i, const char *role)
{
	static char token[LINE_MAX_BYTES];
	struct jws_claims who = { .subject = "u-1", .name = "Asha", .tenant = "acme", .role_count = 1 };
	struct buf b;

	snprintf(who.roles[0], sizeof(who.roles[0]), "%s", role);
	buf_init(&b, sizeof(token) - 1);
	assert_int_equal(identity_token(i, &who, 0, g->wall_s, &b), ERR_NONE);
	snprintf(token, sizeof(token), "%s", buf_str(&b));
	buf_fini(&b);
	return token;
}

static const char *service(const struct jws_policy *policy)
{
	static char token[LINE_MAX_BYTES];
	struct buf b;

	buf_init(&b, sizeof(token) - 1);
	assert_int_equal(service_key_assert(g->key, policy, NULL, g->wall_s, &b), ERR_NONE);
	snprintf(token, sizeof(token), "%s", buf_str(&b));
	buf_fini(&b);
	return token;
}

/* The status of GET `path` with this header's value; NULL: without one. */
static unsigned int get(const char *path, const char *scheme, const char *token)
{
	char line[100], header[LINE_MAX_BYTES + 100] = "";

	json_decref(g->a.json);
	snprintf(line, sizeof(line), "GET %s", path);
	if (scheme)
		snprintf(header, sizeof(header), "Authorization: %s%s\r\n", scheme, token);
	asking_start(&g->a, &g->w, http_server_port(g->server), line, header, "");
	world_wait(&g->w, &g->a.done, 1);
	return g->a.status;
}

static unsigned int bearer(const char *path, const char *token)
{
	return get(path, "Bearer ", token);
}

static const char *error_code(void)
{
	const char *code = json_string_value(json_object_get(json_object_get(g->a.json, "error"), "code"));

	return code ? code : "";
}

/* ------------------------------------------------------------------ tests */

static void test_a_person_is_let_in(void **state)
{
	static const char *const schemes[] = { "Bearer ", "bearer ", "BEARER " };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		g->had_token = false;
		assert_int_equal(get("/v1/thing", schemes[i], person(g->identity, "viewer")), 204);
		assert_true(g->had_token);
		assert_string_equal(g->subject, "u-1");
		assert_string_equal(g->service, "");
	}
}

/* Nothing of a refused request reaches a handler; the answer says what is wrong and repeats nothing of the token. */
static void test_no_good_token(void **state)
{
	char cut[LINE_MAX_BYTES], changed[LINE_MAX_BYTES];
	static char huge[9000];
	const char *good = person(g->identity, "viewer");

	(void)state;
	assert_int_equal(get("/v1/thing", NULL, NULL), 401);
	assert_non_null(strstr(g->a.answer, "WWW-Authenticate: Bearer"));
	assert_string_equal(error_code(), "unauthorised");
	assert_int_equal(get("/v1/thing", "Basic ", "dTpw"), 401);
	assert_int_equal(get("/v1/thing", "Bearer", ""), 401);
	assert_int_equal(bearer("/v1/thing", ""), 401);
	assert_int_equal(bearer("/v1/thing", "x"), 401);
	snprintf(cut, sizeof(cut), "%.*s", (int)strlen(good) - 1, good);
	assert_int_equal(bearer("/v1/thing", cut), 401);
	snprintf(changed, sizeof(changed), "%s", good);
	changed[strlen(changed) / 2] ^= 1;
	assert_int_equal(bearer("/v1/thing", changed), 401);
	assert_int_equal(get("/v1/thing", "Bearer  ", good), 401);
	memset(huge, 'a', sizeof(huge) - 1);
	assert_int_equal(bearer("/v1/thing", huge), 401);
	assert_null(strstr(g->a.answer, "aaaa"));
	assert_int_equal(bearer("/v1/thing", person(g->other, "admin")), 401); /* another's key */
	assert_int_equal(g->handled, 0);
}

static void test_a_token_has_its_time(void **state)
{
	char token[LINE_MAX_BYTES];

	(void)state;
	snprintf(token, sizeof(token), "%s", person(g->identity, "viewer"));
	g->wall_s += 900 + 30 - 1;
	assert_int_equal(bearer("/v1/thing", token), 204);
	g->wall_s += 1;
	assert_int_equal(bearer("/v1/thing", token), 401);
	assert_int_equal(g->handled, 1);
}

static void test_an_open_route_has_no_token(void **state)
{
	(void)state;
	assert_int_equal(get("/v1/open", NULL, NULL), 204);
	assert_int_equal(bearer("/v1/open", person(g->identity, "viewer")), 204);
	assert_false(g->had_token); /* it was not verified, so it is none */
}

/* Below /internal/: our services alone, with tokens for this plane alone. */
static void test_inside(void **state)
{
	(void)state;
	assert_int_equal(bearer("/internal/v1/thing", service(&inside)), 204);
	assert_string_equal(g->service, "voice");
	assert_string_equal(g->subject, "service-account-voice");
	assert_int_equal(bearer("/internal/v1/thing", service(&people)), 401); /* for another audience */
	assert_int_equal(bearer("/internal/v1/thing", person(g->identity, "admin")), 401);
	assert_int_equal(bearer("/internal/v1/thing", ""), 401);
	assert_int_equal(bearer("/v1/thing", service(&inside)), 401);
	assert_int_equal(g->handled, 1);
	assert_int_equal(bearer("/v1/thing", service(&people)), 204); /* the handler sees to roles */
	assert_int_equal(bearer("/internalish", person(g->identity, "viewer")), 204);
}

/* The same by another spelling of the path. */
static void test_inside_spelled_otherwise(void **state)
{
	static const char *const paths[] = { "/%69nternal/v1/thing", "/internal%2fv1%2fthing", "//internal/v1/thing", "/v1/../internal/v1/thing", "/Internal/v1/thing" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_true(bearer(paths[i], person(g->identity, "admin")) >= 400);
	assert_int_equal(g->handled, 0);
}

/* A person's token for this plane's audience, as an outside issuer could be made to sign it: no service, 403. */
static void test_a_person_for_the_inside(void **state)
{
	struct identity *i;

	(void)state;
	identity_close(&g->identity);
	assert_int_equal(identity_open(&i, keys_dir, &inside, &settings, g->wall_s, NULL), ERR_NONE);
	g->identity = i;
	assert_int_equal(bearer("/internal/v1/thing", person(i, "admin")), 403);
	assert_string_equal(error_code(), "forbidden");
	assert_int_equal(g->handled, 0);
}

/* People's tokens from one set of keys, services' from another: neither opens the other's door. */
static void test_two_sets_of_keys(void **state)
{
	(void)state;
	assert_int_equal(jwks_new(&g->keys_inside, NULL, NULL), ERR_NONE);
	keys_load(g->keys_inside, g->identity);
	g->bearer.keys_inside = g->keys_inside;
	keys_load(g->keys, g->other);
	assert_int_equal(bearer("/v1/thing", person(g->other, "viewer")), 204);
	assert_int_equal(bearer("/v1/thing", person(g->identity, "viewer")), 401);
	assert_int_equal(bearer("/internal/v1/thing", service(&inside)), 204);
	g->bearer.keys_inside = NULL;
	assert_int_equal(bearer("/internal/v1/thing", service(&inside)), 401);
}

/* F25: no keys, keys that are a day old: 503, which says "again", and never a yes. */
static void test_F25_no_keys(void **state)
{
	(void)state;
	g->mono_us += UINT64_C(24) * 3600 * 1000000 + 1000000;
	assert_int_equal(bearer("/v1/thing", person(g->identity, "viewer")), 503);
	assert_string_equal(error_code(), "unavailable");
	keys_load(g->keys, g->identity);
	assert_int_equal(bearer("/v1/thing", person(g->identity, "viewer")), 204);
	assert_int_equal(g->handled, 1);
}

/* The token lives with its request, also when that is answered late, or its client goes away. */
static void test_the_token_lives_with_the_request(void **state)
{
	char header[LINE_MAX_BYTES + 100];

	(void)state;
	snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", person(g->identity, "viewer"));
	asking_start(&g->a, &g->w, http_server_port(g->server), "GET /v1/held", header, "");
	world_wait(&g->w, &g->handled, 1);
	assert_string_equal(jws_token_claims(bearer_token(g->held))->subject, "u-1");
	http_reply(g->held, 204, NULL, NULL, 0);
	world_wait(&g->w, &g->a.done, 1);
	assert_int_equal(g->a.status, 204);
	asking_start(&g->a, &g->w, http_server_port(g->server), "GET /v1/held", header, "");
	world_wait(&g->w, &g->handled, 2);
	uv_close((uv_handle_t *)&g->a.tcp, asking_closed);
	world_wait(&g->w, &g->gone, 1);
	assert_true(g->had_token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_person_is_let_in, begin, end),
		cmocka_unit_test_setup_teardown(test_no_good_token, begin, end),
		cmocka_unit_test_setup_teardown(test_a_token_has_its_time, begin, end),
		cmocka_unit_test_setup_teardown(test_an_open_route_has_no_token, begin, end),
		cmocka_unit_test_setup_teardown(test_inside, begin, end),
		cmocka_unit_test_setup_teardown(test_inside_spelled_otherwise, begin, end),
		cmocka_unit_test_setup_teardown(test_a_person_for_the_inside, begin, end),
		cmocka_unit_test_setup_teardown(test_two_sets_of_keys, begin, end),
		cmocka_unit_test_setup_teardown(test_F25_no_keys, begin, end),
		cmocka_unit_test_setup_teardown(test_the_token_lives_with_the_request, begin, end),
	};

	return cmocka_run_group_tests(tests, dirs_make, dirs_drop);
}
