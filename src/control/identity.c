/* The built-in issuer. See identity.h.
 *
 * Owns its keys and the hashes of links. Refuses to sign for a service's name, a tenant that is no name, or longer than allowed.
 */
#include "control/identity.h"

#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/tenant.h"
#include "control/identity_keys.h"

enum { DAY_S = 86400, LINK_BYTES = 32, SESSION_BYTES = 16, HASH_BYTES = crypto_hash_sha256_BYTES };

struct link {
	uint8_t hash[HASH_BYTES];
	int64_t until_s; /* 0: free */
	struct jws_claims who;
};

struct identity {
	const struct jws_policy *policy;
	struct identity_settings settings;
	struct identity_keys keys;
	struct link links[IDENTITY_LINKS_MAX];
};

const struct option identity_options[] = {
	{ .name = "identity.token_s", .type = OPTION_INT, .min = 30, .max = 3600, .value = 900, .unit = "s",
		.help = "How long a token of the built-in issuer is good.", .offset = offsetof(struct identity_settings, token_s) },
	{ .name = "identity.session_s", .type = OPTION_INT, .min = 60, .max = 604800, .value = 43200, .unit = "s",
		.help = "So long after signing in a token may be renewed.", .offset = offsetof(struct identity_settings, session_s) },
	{ .name = "identity.link_s", .type = OPTION_INT, .min = 30, .max = 86400, .value = 900, .unit = "s",
		.help = "How long a sign-in link is good; it works once.", .offset = offsetof(struct identity_settings, link_s) },
	{ .name = "identity.rotate_days", .type = OPTION_INT, .min = 1, .max = 365, .value = 30, .unit = "days",
		.help = "So long the built-in issuer signs with one key.", .offset = offsetof(struct identity_settings, rotate_days) },
	{ .name = NULL },
};

/* ---- keys ---- */

/* Everything that an old key signed has expired by then, on every clock. */
static int64_t until(const struct identity *i, int64_t now_s)
{
	return now_s + i->policy->lifetime_max_s + 2 * i->policy->skew_s + 60;
}

static enum err make_first(struct identity *i, int64_t now_s, struct err_detail *detail)
{
	struct disk_file *lock;
	enum err err = identity_keys_lock(&i->keys, &lock);

	if (!err)
		err = identity_keys_load(&i->keys, detail); /* another program may have been first */
	if (err == ERR_NOTFOUND) {
		err = identity_keys_make(&i->keys, NULL, now_s, 0);
		if (!err)
			err = identity_keys_save(&i->keys, detail);
	}
	disk_close(&lock);
	return err;
}

enum err identity_open(struct identity **ip, const char *folder, const struct jws_policy *policy, const struct identity_settings *settings, int64_t now_s,
	struct err_detail *detail)
{
	struct identity *i;
	enum err err;

	*ip = NULL;
	if (sodium_init() < 0)
		return ERR_UNAVAILABLE;
	i = calloc(1, sizeof(*i));
	if (!i)
		return ERR_NOMEM;
	i->policy = policy;
	i->settings = *settings;
	err = snprintf(i->keys.folder, sizeof(i->keys.folder), "%s", folder) < (int)sizeof(i->keys.folder) ? disk_make_folder(&disk_real, folder)
													   : ERR_LIMIT;
	if (!err)
		err = identity_keys_load(&i->keys, detail);
	if (err == ERR_NOTFOUND)
		err = make_first(i, now_s, detail);
	if (!err && !identity_keys_find(&i->keys, NULL))
		err = ERR_FORMAT;
	if (err && detail && !detail->message[0]) {
		snprintf(detail->message, sizeof(detail->message), "the issuer's keys: %s", err_name(err));
		snprintf(detail->where, sizeof(detail->where), "%.150s", folder);
		snprintf(detail->hint, sizeof(detail->hint), "check the folder, who may write there, and the disk");
	}
	if (err)
		identity_close(&i);
	*ip = i;
	return err;
}

enum err identity_look(const char *folder, struct err_detail *detail)
{
	struct identity_keys keys = { .count = 0 };
	enum err err = snprintf(keys.folder, sizeof(keys.folder), "%s", folder) < (int)sizeof(keys.folder) ? ERR_NONE : ERR_LIMIT;

	if (!err)
		err = identity_keys_load(&keys, detail);
	if (!err && !identity_keys_find(&keys, NULL))
		err = ERR_FORMAT;
	identity_keys_fini(&keys);
	return err;
}

void identity_close(struct identity **ip)
{
	struct identity *i = *ip;

	if (!i)
		return;
	identity_keys_fini(&i->keys);
	sodium_memzero(i->links, sizeof(i->links));
	free(i);
	*ip = NULL;
}

enum err identity_jwks(const struct identity *i, struct buf *out)
{
	buf_text(out, "{\"keys\":[");
	for (size_t n = 0; n < i->keys.count; n++) {
		buf_text(out, n ? "," : "");
		buf_text(out, i->keys.keys[n].public_jwk);
	}
	buf_text(out, "]}");
	return out->err;
}

const char *identity_key_id(const struct identity *i)
{
	return identity_keys_find(&i->keys, NULL)->id;
}

static bool service_ok(const char *service)
{
	size_t len = strnlen(service, JWS_SERVICE_MAX);

	return len && len < JWS_SERVICE_MAX && strspn(service, "abcdefghijklmnopqrstuvwxyz-") == len;
}

/* A change of the keys: under the lock, over what is on disk now, durable before it is used. */
struct change {
	struct disk_file *lock;
	enum err err;
};

static struct change change_begin(struct identity *i, struct err_detail *detail)
{
	struct change c = { .lock = NULL };

	c.err = identity_keys_lock(&i->keys, &c.lock);
	if (!c.err)
		c.err = identity_keys_load(&i->keys, detail);
	return c;
}

/* What could not be saved is not used either: back to what is on disk. */
static enum err change_end(struct identity *i, struct change *c, struct err_detail *detail)
{
	enum err ignored;

	if (!c->err)
		c->err = identity_keys_save(&i->keys, detail);
	if (c->err && c->lock) {
		ignored = identity_keys_load(&i->keys, NULL);
		(void)ignored;
	}
	disk_close(&c->lock);
	return c->err;
}

enum err identity_service(struct identity *i, const char *service, int64_t now_s, struct err_detail *detail)
{
	struct change c;

	assert(service_ok(service));
	if (identity_keys_service_whole(&i->keys, service))
		return ERR_NONE;
	c = change_begin(i, detail);
	if (!c.err && !identity_keys_service_whole(&i->keys, service))
		c.err = identity_keys_make(&i->keys, service, now_s, until(i, now_s));
	return change_end(i, &c, detail);
}

static enum err rotate_all(struct identity *i, int64_t now_s)
{
	size_t count = i->keys.count;
	enum err err = ERR_NONE;

	for (size_t n = 0; !err && n < count; n++) {
		char service[JWS_SERVICE_MAX];

		if (i->keys.keys[n].until_s)
			continue;
		memcpy(service, i->keys.keys[n].service, sizeof(service));
		err = identity_keys_make(&i->keys, service[0] ? service : NULL, now_s, until(i, now_s));
	}
	return err;
}

enum err identity_rotate(struct identity *i, int64_t now_s, struct err_detail *detail)
{
	struct change c = change_begin(i, detail);

	identity_keys_expire(&i->keys, now_s);
	if (!c.err)
		c.err = rotate_all(i, now_s);
	return change_end(i, &c, detail);
}

static bool is_due(const struct identity *i, int64_t now_s)
{
	return now_s - identity_keys_find(&i->keys, NULL)->made_s >= i->settings.rotate_days * DAY_S;
}

static bool any_expired(const struct identity *i, int64_t now_s)
{
	for (size_t n = 0; n < i->keys.count; n++)
		if (i->keys.keys[n].until_s && i->keys.keys[n].until_s <= now_s)
			return true;
	return false;
}

enum err identity_tick(struct identity *i, int64_t now_s, bool *changed, struct err_detail *detail)
{
	struct change c;
	enum err err = ERR_NONE;

	*changed = identity_keys_moved(&i->keys);
	if (*changed)
		err = identity_keys_load(&i->keys, detail);
	if (err || (!is_due(i, now_s) && !any_expired(i, now_s)))
		return err;
	c = change_begin(i, detail);
	identity_keys_expire(&i->keys, now_s);
	if (!c.err && is_due(i, now_s))
		c.err = rotate_all(i, now_s);
	*changed = true;
	return change_end(i, &c, detail);
}

/* ---- tokens ---- */

static void random_text(char *out, size_t size, size_t bytes)
{
	uint8_t random[LINK_BYTES];

	assert(bytes <= sizeof(random));
	randombytes_buf(random, bytes);
	sodium_bin2base64(out, size, random, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(random, sizeof(random));
}

static void put_roles(struct buf *b, const struct jws_claims *who)
{
	json_put_key(b, "realm_access");
	json_open(b, '{');
	json_put_key(b, "roles");
	json_open(b, '[');
	for (size_t n = 0; n < who->role_count; n++)
		json_put_string(b, who->roles[n]);
	json_close(b, ']');
	json_close(b, '}');
}

static void put_payload(const struct identity *i, struct buf *b, const struct jws_claims *who, int64_t ttl_s, int64_t now_s)
{
	char id[IDENTITY_LINK_MAX], session[IDENTITY_LINK_MAX];

	random_text(id, sizeof(id), SESSION_BYTES);
	random_text(session, sizeof(session), SESSION_BYTES);
	json_open(b, '{');
	json_pair_i64(b, "exp", now_s + ttl_s);
	json_pair_i64(b, "iat", now_s);
	json_pair_i64(b, "auth_time", who->signed_in_s ? who->signed_in_s : now_s);
	json_pair_string(b, "jti", id);
	json_pair_string(b, "iss", i->policy->issuer);
	json_pair_string(b, "aud", i->policy->audience);
	json_pair_string(b, "sub", who->subject);
	json_pair_string(b, "typ", "Bearer");
	json_pair_string(b, "azp", "callfunnel");
	json_pair_string(b, "sid", who->session[0] ? who->session : session);
	put_roles(b, who);
	json_pair_string(b, "preferred_username", who->name[0] ? who->name : who->subject);
	if (who->tenant[0])
		json_pair_string(b, i->policy->tenant_claim, who->tenant);
	json_close(b, '}');
}

enum err identity_token(const struct identity *i, const struct jws_claims *who, int64_t ttl_s, int64_t now_s, struct buf *out)
{
	struct buf b;
	enum err err;

	if (!who->subject[0] || !strncmp(who->subject, "service-account-", 16) || (who->tenant[0] && !tenant_name_ok(who->tenant)))
		return ERR_USAGE;
	ttl_s = ttl_s ? ttl_s : i->settings.token_s;
	ttl_s = ttl_s < i->policy->lifetime_max_s ? ttl_s : i->policy->lifetime_max_s;
	buf_init(&b, JWS_MAX_BYTES);
	put_payload(i, &b, who, ttl_s, now_s);
	err = b.err ? b.err : jws_sign(identity_keys_find(&i->keys, NULL)->key, (const char *)b.data, b.len, out);
	buf_fini(&b);
	return err;
}

enum err identity_renew(const struct identity *i, const struct jws_token *token, int64_t now_s, struct buf *out)
{
	const struct jws_claims *who = jws_token_claims(token);

	if (who->service[0] || now_s - who->signed_in_s >= i->settings.session_s)
		return ERR_DENIED;
	return identity_token(i, who, 0, now_s, out);
}

/* ---- links ---- */

static struct link *link_place(struct identity *i)
{
	struct link *oldest = &i->links[0];

	for (size_t n = 0; n < IDENTITY_LINKS_MAX; n++)
		if (i->links[n].until_s < oldest->until_s)
			oldest = &i->links[n];
	return oldest;
}

void identity_link_make(struct identity *i, const struct jws_claims *who, int64_t now_s, char out[IDENTITY_LINK_MAX])
{
	struct link *l = link_place(i);

	random_text(out, IDENTITY_LINK_MAX, LINK_BYTES);
	crypto_hash_sha256(l->hash, (const uint8_t *)out, strlen(out));
	l->until_s = now_s + i->settings.link_s;
	l->who = *who;
	l->who.session[0] = 0;
	l->who.signed_in_s = 0;
}

static struct link *link_find(struct identity *i, const char *link)
{
	uint8_t hash[HASH_BYTES];
	size_t len = strnlen(link, IDENTITY_LINK_MAX);

	crypto_hash_sha256(hash, (const uint8_t *)link, len);
	for (size_t n = 0; n < IDENTITY_LINKS_MAX; n++)
		if (i->links[n].until_s && !sodium_memcmp(hash, i->links[n].hash, sizeof(hash)))
			return &i->links[n];
	return NULL;
}

enum err identity_link_use(struct identity *i, const char *link, int64_t now_s, struct buf *out)
{
	struct link *found = link_find(i, link);
	struct link l;

	if (!found)
		return ERR_DENIED;
	l = *found;
	sodium_memzero(found, sizeof(*found)); /* first: it works once, whatever comes of it */
	return now_s >= l.until_s ? ERR_DENIED : identity_token(i, &l.who, 0, now_s, out);
}
