/* The built-in issuer: keys made once and guarded, rotation, tokens that a verifier takes, sign-in links, services. */
#include "datakit.h"

#include <jansson.h>
#include <sodium.h>

#include "base/jws.h"
#include "base/roles.h"
#include "base/service_key.h"
#include "control/identity.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

static const struct jws_policy policy = {
	.issuer = "callfunnel",
	.audience = "callfunnel",
	.tenant_claim = "tenant",
	.roles_claims = "realm_access.roles",
	.skew_s = 30,
	.lifetime_max_s = 86400,
};
static const struct identity_settings settings = { .token_s = 900, .session_s = 43200, .link_s = 600, .rotate_days = 30 };

/* A folder with keys in it, made once and copied: keys are dear under the sanitizers. */
static char model[64];

static struct identity *open_at(const char *folder)
{
	struct err_detail detail = { .message = "" };
	struct identity *i;

	if (identity_open(&i, folder, &policy, &settings, NOW, &detail))
		fail_msg("%s: %s", detail.where, detail.message);
	return i;
}

static void copy(const char *from, const char *to)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	assert_int_equal(disk_load(&disk_real, from, &b), ERR_NONE);
	assert_int_equal(disk_replace(&disk_real, to, strrchr(from, '/') + 1, b.data, b.len), ERR_NONE);
	buf_fini(&b);
}

static void begin(struct world *w)
{
	char path[256];

	world_begin(w);
	snprintf(path, sizeof(path), "%s/keys.json", model);
	copy(path, w->dir);
	snprintf(path, sizeof(path), "%s/service-voice.json", model);
	copy(path, w->dir);
}

static int make_model(void **state)
{
	struct identity *i;

	(void)state;
	snprintf(model, sizeof(model), "/tmp/callfunnel-keys-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(model))
		return -1;
	i = open_at(model);
	if (identity_service(i, "voice", NOW, NULL))
		return -1;
	identity_close(&i);
	return 0;
}

static int remove_model(void **state)
{
	(void)state;
	return nftw(model, world_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static struct jwks *keys_of(const struct identity *i)
{
	struct jwks *keys;
	struct buf b;

	buf_init(&b, JWKS_MAX_BYTES);
	assert_int_equal(identity_jwks(i, &b), ERR_NONE);
	assert_int_equal(jwks_new(&keys, NULL, NULL), ERR_NONE);
	assert_int_equal(jwks_load(keys, b.data, b.len, 0, NULL), ERR_NONE);
	assert_null(memmem(b.data, b.len, "\"d\"", 3)); /* nothing private in it */
	assert_null(memmem(b.data, b.len, "\"p\"", 3));
	buf_fini(&b);
	return keys;
}

static enum err verify(const struct identity *i, const struct buf *token, int64_t now_s, struct jws_token **tp)
{
	const struct jws_now now = { .wall_s = now_s };
	struct jwks *keys = keys_of(i);
	struct jws_token *t = NULL;
	enum err err = jws_verify(&t, keys, &policy, (const char *)token->data, token->len, &now, NULL);

	jwks_free(&keys);
	if (tp)
		*tp = t;
	else
		jws_token_free(&t);
	return err;
}

static struct jws_claims person(void)
{
	struct jws_claims who = { .subject = "ana", .tenant = "acme", .role_count = 2 };

	strcpy(who.roles[0], "operator");
	strcpy(who.roles[1], "reveal");
	return who;
}

static void token_for(const struct identity *i, int64_t ttl_s, int64_t now_s, struct buf *out)
{
	struct jws_claims who = person();

	buf_init(out, JWS_MAX_BYTES + 1);
	assert_int_equal(identity_token(i, &who, ttl_s, now_s, out), ERR_NONE);
}

static void keys_are_made_once_and_guarded(void **state)
{
	char path[256], id[JWS_KEY_ID_MAX];
	struct err_detail detail = { .message = "" };
	struct identity *i;
	struct world w;
	struct stat st;

	(void)state;
	assert_int_equal(stat(model, &st), 0);
	snprintf(path, sizeof(path), "%s/keys.json", model);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/service-voice.json", model);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	begin(&w);
	i = open_at(w.dir);
	snprintf(id, sizeof(id), "%s", identity_key_id(i));
	identity_close(&i);
	i = open_at(w.dir);
	assert_string_equal(identity_key_id(i), id);
	identity_close(&i);
	assert_int_equal(chmod(world_path(&w, "keys.json"), 0644), 0);
	assert_int_equal(identity_open(&i, w.dir, &policy, &settings, NOW, &detail), ERR_DENIED);
	assert_null(i);
	assert_string_equal(detail.message, "others may read this key");
	world_end(&w);
}

static void write_keys(const struct world *w, const char *text)
{
	assert_int_equal(disk_replace(&disk_real, w->dir, "keys.json", text, strlen(text)), ERR_NONE);
}

static void damaged_keys_are_told_and_kept(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "{\"version\":1,\"keys\":[]}", "{\"version\":2,\"keys\":[]}",
		"{\"version\":1,\"keys\":[{\"made_s\":1,\"until_s\":0,\"key\":{\"kty\":\"RSA\"}}]}", "{\"version\":1,\"keys\":[7]}",
		"{\"version\":1,\"version\":1,\"keys\":[]}" };
	struct identity *i;
	struct world w;

	(void)state;
	begin(&w);
	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		struct err_detail detail = { .message = "" };
		struct buf b;

		write_keys(&w, bad[n]);
		assert_int_not_equal(identity_open(&i, w.dir, &policy, &settings, NOW, &detail), ERR_NONE);
		assert_null(i);
		assert_string_equal(detail.message, "the issuer's keys are no keys of ours");
		detail.message[0] = 0;
		assert_int_not_equal(identity_look(w.dir, &detail), ERR_NONE);
		assert_string_not_equal(detail.message, "");
		buf_init(&b, 1000);
		assert_int_equal(disk_load(&disk_real, world_path(&w, "keys.json"), &b), ERR_NONE);
		assert_string_equal(buf_str(&b), bad[n]); /* never written over */
		buf_fini(&b);
	}
	world_end(&w);
}

static void looking_makes_no_keys(void **state)
{
	struct err_detail detail = { .message = "" };
	struct service_key *key;
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(identity_look(w.dir, &detail), ERR_NONE);
	assert_int_equal(disk_replace(&disk_real, w.dir, "service-voice.json", "{}", 2), ERR_NONE);
	assert_int_equal(service_key_open(&key, w.dir, "voice", &detail), ERR_FORMAT);
	assert_non_null(strstr(detail.where, "service-voice.json"));
	assert_non_null(strstr(detail.hint, "move the file away"));
	detail = (struct err_detail){ .message = "" };
	unlink(world_path(&w, "keys.json"));
	assert_int_equal(identity_look(w.dir, &detail), ERR_NOTFOUND);
	assert_string_equal(detail.message, "");
	assert_int_not_equal(access(world_path(&w, "keys.json"), F_OK), 0);
	world_end(&w);
}

static void tokens_have_keycloaks_shape(void **state)
{
	static const char *const strings[] = { "jti", "iss", "aud", "sub", "typ", "azp", "sid", "preferred_username", "tenant" };
	uint8_t payload[JWS_MAX_BYTES];
	const char *dot, *second;
	struct jws_token *t;
	struct identity *i;
	struct world w;
	struct buf b;
	json_t *claims;
	size_t len;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	token_for(i, 0, NOW, &b);
	assert_int_equal(verify(i, &b, NOW, &t), ERR_NONE);
	assert_string_equal(jws_token_claims(t)->subject, "ana");
	assert_string_equal(jws_token_claims(t)->tenant, "acme");
	assert_string_equal(jws_token_claims(t)->key_id, identity_key_id(i));
	assert_int_equal(jws_token_claims(t)->expires_s, NOW + 900);
	assert_int_equal(roles_of(jws_token_claims(t)), ROLE_OPERATOR | ROLE_VIEWER | ROLE_REVEAL);
	jws_token_free(&t);
	dot = strchr(buf_str(&b), '.');
	second = strchr(dot + 1, '.');
	assert_int_equal(sodium_base642bin(payload, sizeof(payload), dot + 1, (size_t)(second - dot - 1), NULL, &len, NULL,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
	claims = json_loadb((const char *)payload, len, 0, NULL);
	for (size_t n = 0; n < sizeof(strings) / sizeof(*strings); n++)
		assert_true(json_is_string(json_object_get(claims, strings[n])));
	assert_true(json_is_array(json_object_get(json_object_get(claims, "realm_access"), "roles")));
	json_decref(claims);
	assert_int_equal(verify(i, &b, NOW + 929, NULL), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 930, NULL), ERR_DENIED);
	buf_fini(&b);
	token_for(i, 10 * DAY, NOW, &b); /* cut to what a verifier takes */
	assert_int_equal(verify(i, &b, NOW, &t), ERR_NONE);
	assert_int_equal(jws_token_claims(t)->expires_s, NOW + DAY);
	jws_token_free(&t);
	buf_fini(&b);
	identity_close(&i);
	world_end(&w);
}

static void nobody_gets_a_service_token_here(void **state)
{
	struct jws_claims who = person();
	struct identity *i;
	struct world w;
	struct buf b;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	buf_init(&b, JWS_MAX_BYTES + 1);
	strcpy(who.subject, "service-account-voice");
	assert_int_equal(identity_token(i, &who, 0, NOW, &b), ERR_USAGE);
	who.subject[0] = 0;
	assert_int_equal(identity_token(i, &who, 0, NOW, &b), ERR_USAGE);
	who = person();
	strcpy(who.tenant, "Acme");
	assert_int_equal(identity_token(i, &who, 0, NOW, &b), ERR_USAGE);
	who = person();
	memset(who.subject, 's', 200);
	who.role_count = JWS_ROLES_MAX;
	for (size_t n = 0; n < JWS_ROLES_MAX; n++)
		memset(who.roles[n], '\\', JWS_ROLE_MAX - 1);
	assert_int_equal(identity_token(i, &who, 0, NOW, &b), ERR_NONE); /* all that fits into claims fits into a token */
	buf_fini(&b);
	identity_close(&i);
	world_end(&w);
}

static void rotation_keeps_what_was_signed(void **state)
{
	char first[JWS_KEY_ID_MAX];
	int64_t later = NOW + 100;
	struct identity *i, *other;
	struct world w;
	struct buf before, after;
	struct jwks *keys;
	bool changed;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	other = open_at(w.dir);
	snprintf(first, sizeof(first), "%s", identity_key_id(i));
	token_for(i, DAY, NOW, &before);
	assert_int_equal(identity_tick(i, NOW + 29 * DAY, &changed, NULL), ERR_NONE);
	assert_false(changed);
	assert_int_equal(identity_rotate(i, later, NULL), ERR_NONE);
	assert_string_not_equal(identity_key_id(i), first);
	token_for(i, DAY, later, &after);
	assert_int_equal(verify(i, &after, later, NULL), ERR_NONE);
	assert_int_equal(verify(i, &before, NOW + DAY + 29, NULL), ERR_NONE); /* to its last second */
	assert_int_equal(identity_tick(other, later, &changed, NULL), ERR_NONE);
	assert_true(changed); /* another program sees it */
	assert_string_equal(identity_key_id(other), identity_key_id(i));
	keys = keys_of(i);
	assert_int_equal(jwks_count(keys), 4); /* two of the issuer, two of voice */
	jwks_free(&keys);
	assert_int_equal(identity_tick(i, later + DAY + 60, &changed, NULL), ERR_NONE);
	assert_false(changed);
	assert_int_equal(identity_tick(i, later + DAY + 200, &changed, NULL), ERR_NONE);
	assert_true(changed);
	keys = keys_of(i);
	assert_int_equal(jwks_count(keys), 2);
	jwks_free(&keys);
	assert_int_equal(verify(i, &before, later, NULL), ERR_DENIED);
	assert_int_equal(verify(i, &after, later, NULL), ERR_NONE);
	buf_fini(&before);
	buf_fini(&after);
	identity_close(&other);
	identity_close(&i);
	i = open_at(w.dir); /* it was written */
	assert_string_not_equal(identity_key_id(i), first);
	snprintf(first, sizeof(first), "%s", identity_key_id(i));
	assert_int_equal(identity_tick(i, later + 30 * DAY, &changed, NULL), ERR_NONE);
	assert_true(changed);
	assert_string_not_equal(identity_key_id(i), first); /* by itself, when it is time */
	identity_close(&i);
	world_end(&w);
}

static void a_sign_in_link_works_once(void **state)
{
	struct jws_claims who = person();
	char link[IDENTITY_LINK_MAX], late[IDENTITY_LINK_MAX], first[IDENTITY_LINK_MAX], last[IDENTITY_LINK_MAX];
	struct jws_token *t;
	struct identity *i;
	struct world w;
	struct buf b;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	buf_init(&b, JWS_MAX_BYTES + 1);
	identity_link_make(i, &who, NOW, link);
	identity_link_make(i, &who, NOW, late);
	assert_int_equal(strlen(link), 43); /* 256 bits */
	assert_string_not_equal(link, late);
	assert_int_equal(identity_link_use(i, "", NOW, &b), ERR_DENIED);
	assert_int_equal(identity_link_use(i, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", NOW, &b), ERR_DENIED);
	assert_int_equal(b.len, 0);
	assert_int_equal(identity_link_use(i, link, NOW + 599, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 599, &t), ERR_NONE);
	assert_string_equal(jws_token_claims(t)->subject, "ana");
	assert_int_equal(jws_token_claims(t)->signed_in_s, NOW + 599);
	jws_token_free(&t);
	buf_reset(&b);
	assert_int_equal(identity_link_use(i, link, NOW + 599, &b), ERR_DENIED);
	assert_int_equal(identity_link_use(i, late, NOW + 600, &b), ERR_DENIED);
	assert_int_equal(identity_link_use(i, late, NOW, &b), ERR_DENIED); /* tried too late: gone */
	identity_link_make(i, &who, NOW, first);
	for (unsigned int n = 0; n < IDENTITY_LINKS_MAX; n++)
		identity_link_make(i, &who, NOW + 1, last);
	assert_int_equal(identity_link_use(i, first, NOW + 2, &b), ERR_DENIED); /* the oldest made room */
	assert_int_equal(identity_link_use(i, last, NOW + 2, &b), ERR_NONE);
	identity_link_make(i, &who, NOW, link);
	identity_close(&i);
	i = open_at(w.dir);
	assert_int_equal(identity_link_use(i, link, NOW, &b), ERR_DENIED); /* does not survive a restart */
	buf_fini(&b);
	identity_close(&i);
	world_end(&w);
}

static void a_session_is_renewed_and_ends(void **state)
{
	struct jws_claims who = person();
	char link[IDENTITY_LINK_MAX], session[JWS_KEY_ID_MAX];
	struct jws_token *t, *renewed;
	struct identity *i;
	struct world w;
	struct buf b, again;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	buf_init(&b, JWS_MAX_BYTES + 1);
	buf_init(&again, JWS_MAX_BYTES + 1);
	identity_link_make(i, &who, NOW, link);
	assert_int_equal(identity_link_use(i, link, NOW, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW, &t), ERR_NONE);
	snprintf(session, sizeof(session), "%s", jws_token_claims(t)->session);
	assert_string_not_equal(session, "");
	assert_int_equal(identity_renew(i, t, NOW + 800, &again), ERR_NONE);
	assert_int_equal(verify(i, &again, NOW + 1600, &renewed), ERR_NONE);
	assert_string_equal(jws_token_claims(renewed)->session, session);
	assert_int_equal(jws_token_claims(renewed)->signed_in_s, NOW); /* signing in is what counts, not renewing */
	assert_int_equal(jws_token_claims(renewed)->role_count, 2);
	buf_reset(&again);
	assert_int_equal(identity_renew(i, renewed, NOW + 43199, &again), ERR_NONE);
	assert_int_equal(identity_renew(i, renewed, NOW + 43200, &again), ERR_DENIED);
	jws_token_free(&renewed);
	jws_token_free(&t);
	buf_fini(&again);
	buf_fini(&b);
	identity_close(&i);
	world_end(&w);
}

/* A service key that is none of those in keys.json. */
static void swap_service_key(const struct world *w)
{
	struct jws_key *key;
	struct buf b;

	buf_init(&b, JWS_MAX_BYTES);
	assert_int_equal(jws_key_make(&key), ERR_NONE);
	assert_int_equal(jws_key_save(key, &b), ERR_NONE);
	assert_int_equal(disk_replace(&disk_real, w->dir, "service-voice.json", b.data, b.len), ERR_NONE);
	jws_key_free(&key);
	buf_fini(&b);
}

static void services_sign_for_themselves(void **state)
{
	struct service_key *voice, *none;
	struct jws_token *t;
	struct identity *i;
	struct world w;
	struct buf b, stale;

	(void)state;
	begin(&w);
	i = open_at(w.dir);
	assert_int_equal(identity_service(i, "voice", NOW, NULL), ERR_NONE);
	assert_int_equal(service_key_open(&none, w.dir, "conductor", NULL), ERR_NOTFOUND);
	assert_int_equal(service_key_open(&voice, w.dir, "voice", NULL), ERR_NONE);
	buf_init(&b, JWS_MAX_BYTES + 1);
	buf_init(&stale, JWS_MAX_BYTES + 1);
	assert_int_equal(service_key_assert(voice, &policy, w.a, NOW, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW, &t), ERR_NONE);
	assert_string_equal(jws_token_claims(t)->service, "voice");
	assert_string_equal(jws_token_claims(t)->tenant, "acme");
	assert_int_equal(roles_of(jws_token_claims(t)), ROLE_SERVICE);
	assert_int_equal(jws_token_claims(t)->expires_s, NOW + SERVICE_ASSERTION_S);
	assert_int_equal(identity_renew(i, t, NOW, &stale), ERR_DENIED); /* no person's session out of it */
	jws_token_free(&t);
	/* Rotated: the old key still counts, the new one is read when asked to. */
	assert_int_equal(identity_rotate(i, NOW + 10, NULL), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(service_key_assert(voice, &policy, NULL, NOW + 20, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 20, NULL), ERR_NONE);
	assert_int_equal(service_key_reload(voice, NULL), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(service_key_assert(voice, &policy, NULL, NOW + 20, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 20, &t), ERR_NONE);
	assert_string_equal(jws_token_claims(t)->tenant, "");
	jws_token_free(&t);
	/* A death between its two files left another key in the service's: mended at the next start. */
	swap_service_key(&w);
	assert_int_equal(service_key_reload(voice, NULL), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(service_key_assert(voice, &policy, NULL, NOW + 30, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 30, NULL), ERR_DENIED);
	assert_int_equal(identity_service(i, "voice", NOW + 30, NULL), ERR_NONE);
	assert_int_equal(service_key_reload(voice, NULL), ERR_NONE);
	buf_reset(&b);
	assert_int_equal(service_key_assert(voice, &policy, NULL, NOW + 40, &b), ERR_NONE);
	assert_int_equal(verify(i, &b, NOW + 40, NULL), ERR_NONE);
	assert_int_equal(chmod(world_path(&w, "service-voice.json"), 0640), 0);
	assert_int_equal(service_key_reload(voice, NULL), ERR_DENIED);
	buf_fini(&stale);
	buf_fini(&b);
	service_key_close(&voice);
	identity_close(&i);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_made_once_and_guarded),
		cmocka_unit_test(damaged_keys_are_told_and_kept),
		cmocka_unit_test(looking_makes_no_keys),
		cmocka_unit_test(tokens_have_keycloaks_shape),
		cmocka_unit_test(nobody_gets_a_service_token_here),
		cmocka_unit_test(rotation_keeps_what_was_signed),
		cmocka_unit_test(a_sign_in_link_works_once),
		cmocka_unit_test(a_session_is_renewed_and_ends),
		cmocka_unit_test(services_sign_for_themselves),
	};

	return cmocka_run_group_tests(tests, make_model, remove_model);
}
