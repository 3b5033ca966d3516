/* Judging tokens: structure, header, signature, claims, in that order. See jws.h for what must hold.
 *
 * Pure but for the key set, which may start a fetch. Refuses to look at a claim before the signature held.
 */
#include "base/jws_parts.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/tenant.h"

struct jws_token {
	struct jws_claims claims;
};

/* One token, taken apart. */
struct parts {
	uint8_t header[JWS_MAX_BYTES], payload[JWS_MAX_BYTES];
	size_t header_len, payload_len;
};

const struct option jws_options[] = {
	{ .name = "identity.issuer", .type = OPTION_TEXT, .min = 1, .max = 255, .text = "callfunnel",
		.help = "Who issues tokens (iss); the built-in issuer signs with this name.", .offset = offsetof(struct jws_policy, issuer) },
	{ .name = "identity.audience", .type = OPTION_TEXT, .min = 1, .max = 255, .text = "callfunnel",
		.help = "Whom a token must be meant for (aud).", .offset = offsetof(struct jws_policy, audience) },
	{ .name = "identity.tenant_claim", .type = OPTION_TEXT, .min = 1, .max = 100, .text = "tenant",
		.help = "The claim that names the tenant: a text, or a list of one.", .offset = offsetof(struct jws_policy, tenant_claim) },
	{ .name = "identity.roles_claims", .type = OPTION_TEXT, .min = 1, .max = 400,
		.text = "realm_access.roles resource_access.callfunnel.roles",
		.help = "Where the lists of roles stand, folders joined by dots, blanks between.", .offset = offsetof(struct jws_policy, roles_claims) },
	{ .name = "identity.skew_s", .type = OPTION_INT, .min = 0, .max = 300, .value = 30, .unit = "s",
		.help = "By this much the clocks of issuer and verifier may differ.", .offset = offsetof(struct jws_policy, skew_s) },
	{ .name = "identity.lifetime_max_s", .type = OPTION_INT, .min = 60, .max = 2592000, .value = 86400, .unit = "s",
		.help = "Tokens made to live longer are refused.", .offset = offsetof(struct jws_policy, lifetime_max_s) },
	{ .name = NULL },
};

enum err jws_tell(struct err_detail *detail, enum err err, const char *message, const char *hint)
{
	if (detail) {
		*detail = (struct err_detail){ .where = "" };
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return err;
}

static enum err refuse(struct err_detail *detail, const char *message)
{
	return jws_tell(detail, ERR_DENIED, message, "get a new token from the issuer");
}

json_t *jws_object(const void *json, size_t len)
{
	json_t *value = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

static bool take_text(const json_t *value, char *out, size_t size)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text || !len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	memcpy(out, text, len + 1);
	return true;
}

bool jws_text(const json_t *object, const char *name, char *out, size_t size)
{
	return take_text(json_object_get(object, name), out, size);
}

/* ---- structure ---- */

static bool decode(const char *text, size_t len, uint8_t *out, size_t size, size_t *got)
{
	return len && !sodium_base642bin(out, size, text, len, NULL, got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Exactly three parts, each canonical: one token has one spelling. */
static enum err take_apart(struct parts *p, const char *compact, size_t len, struct err_detail *detail)
{
	uint8_t signature[JWS_BITS_MAX / 8];
	size_t signature_len;
	const char *dot, *second;

	if (len > JWS_MAX_BYTES)
		return jws_tell(detail, ERR_LIMIT, "the token is longer than 8 KB", "ask the issuer for fewer claims");
	dot = memchr(compact, '.', len);
	second = dot ? memchr(dot + 1, '.', len - (size_t)(dot + 1 - compact)) : NULL;
	if (!second || !decode(compact, (size_t)(dot - compact), p->header, sizeof(p->header), &p->header_len) ||
		!decode(dot + 1, (size_t)(second - dot - 1), p->payload, sizeof(p->payload), &p->payload_len) ||
		!decode(second + 1, len - (size_t)(second + 1 - compact), signature, sizeof(signature), &signature_len))
		return jws_tell(detail, ERR_FORMAT, "no token: not three parts of base64url", "send it as the issuer gave it");
	return ERR_NONE;
}

/* ---- header ---- */

/* A key, or where to find one, chosen by the sender; and what changes how the token is to be read. */
static const char *forbidden_in(const json_t *header)
{
	static const char *const names[] = { "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (json_object_get(header, names[i]))
			return names[i];
	return NULL;
}

static bool type_fits(const json_t *header)
{
	const json_t *type = json_object_get(header, "typ");
	const char *text = json_string_value(type);

	return !type || (text && (!strcasecmp(text, "JWT") || !strcasecmp(text, "at+jwt")));
}

static enum err judge_header(const json_t *header, char key_id[JWS_KEY_ID_MAX], struct err_detail *detail)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));
	const char *forbidden = forbidden_in(header);
	char message[80];

	if (!header)
		return jws_tell(detail, ERR_FORMAT, "the token's header is no JSON object, or has a member twice", "get a new token");
	if (!alg || strcmp(alg, "RS256") != 0)
		return refuse(detail, "the token is not signed by RS256");
	if (forbidden) {
		snprintf(message, sizeof(message), "the token's header has \"%s\"", forbidden);
		return refuse(detail, message);
	}
	if (!type_fits(header))
		return refuse(detail, "the token is of another type");
	if (!jws_text(header, "kid", key_id, JWS_KEY_ID_MAX))
		return refuse(detail, "the token names no key");
	return ERR_NONE;
}

enum err jws_read_header(const void *json, size_t len, char key_id[JWS_KEY_ID_MAX], struct err_detail *detail)
{
	json_t *header = jws_object(json, len);
	enum err err = judge_header(header, key_id, detail);

	json_decref(header);
	return err;
}

/* ---- claims ---- */

static bool audience_has(const json_t *aud, const char *wanted)
{
	if (json_is_string(aud))
		return !strcmp(json_string_value(aud), wanted);
	for (size_t i = 0; i < json_array_size(aud); i++) {
		const char *one = json_string_value(json_array_get(aud, i));

		if (one && !strcmp(one, wanted))
			return true;
	}
	return false;
}

/* Seconds since 1970, whole ones, up to the year 9999. */
static bool take_time(const json_t *payload, const char *name, int64_t *out)
{
	const json_t *value = json_object_get(payload, name);

	if (!json_is_integer(value))
		return false;
	*out = json_integer_value(value);
	return *out >= 0 && *out <= INT64_C(253402300799);
}

static enum err judge_times(struct jws_claims *c, const struct jws_policy *p, const json_t *payload, int64_t now_s, struct err_detail *detail)
{
	int64_t not_before_s = 0;

	if (!take_time(payload, "exp", &c->expires_s) || !take_time(payload, "iat", &c->issued_s))
		return refuse(detail, "the token does not say when it was issued and when it expires");
	if (json_object_get(payload, "nbf") && !take_time(payload, "nbf", &not_before_s))
		return refuse(detail, "the token's times are no numbers");
	c->signed_in_s = c->issued_s;
	if (json_object_get(payload, "auth_time") && !take_time(payload, "auth_time", &c->signed_in_s))
		return refuse(detail, "the token's times are no numbers");
	if (now_s >= c->expires_s + p->skew_s)
		return refuse(detail, "the token has expired");
	if (now_s < not_before_s - p->skew_s || now_s < c->issued_s - p->skew_s)
		return refuse(detail, "the token is not valid yet");
	if (c->expires_s <= c->issued_s || c->expires_s - c->issued_s > p->lifetime_max_s)
		return refuse(detail, "the token lives too long, or not at all");
	return ERR_NONE;
}

static enum err judge_tenant(struct jws_claims *c, const struct jws_policy *p, const json_t *payload, struct err_detail *detail)
{
	const json_t *claim = json_object_get(payload, p->tenant_claim);

	if (!claim || json_is_null(claim))
		return ERR_NONE;
	if (json_is_array(claim) && json_array_size(claim) == 1)
		claim = json_array_get(claim, 0);
	if (!take_text(claim, c->tenant, sizeof(c->tenant)) || !tenant_name_ok(c->tenant))
		return refuse(detail, "the token's tenant is no name of one tenant");
	return ERR_NONE;
}

static void add_role(struct jws_claims *c, const json_t *value)
{
	char role[JWS_ROLE_MAX];

	if (c->role_count == JWS_ROLES_MAX || !take_text(value, role, sizeof(role)))
		return;
	for (size_t i = 0; i < c->role_count; i++)
		if (!strcmp(c->roles[i], role))
			return;
	memcpy(c->roles[c->role_count++], role, sizeof(role));
}

/* What stands at "a.b.c"; a name may itself have dots (clients' names do), the shorter one is tried first. Depth is bounded by
 * the path's own length. */
static const json_t *at_path(const json_t *object, const char *path, size_t len)
{
	char name[JWS_NAME_MAX];

	for (size_t i = 1; i <= len && i < sizeof(name) && json_is_object(object); i++) {
		const json_t *inside;

		if (i < len && path[i] != '.')
			continue;
		memcpy(name, path, i);
		name[i] = 0;
		inside = json_object_get(object, name);
		if (inside && i == len)
			return inside;
		inside = inside ? at_path(inside, path + i + 1, len - i - 1) : NULL;
		if (inside)
			return inside;
	}
	return NULL;
}

static void take_roles(struct jws_claims *c, const struct jws_policy *p, const json_t *payload)
{
	const char *path = p->roles_claims;

	while (*path) {
		size_t len = strcspn(path, " ");
		const json_t *list = at_path(payload, path, len);

		for (size_t i = 0; i < json_array_size(list); i++)
			add_role(c, json_array_get(list, i));
		path += len;
		path += strspn(path, " ");
	}
}

static enum err judge_payload(struct jws_claims *c, const struct jws_policy *p, const json_t *payload, int64_t now_s, struct err_detail *detail)
{
	enum err err;

	if (!payload)
		return jws_tell(detail, ERR_FORMAT, "the token's payload is no JSON object, or has a member twice", "get a new token");
	if (!jws_text(payload, "iss", c->issuer, sizeof(c->issuer)) || strcmp(c->issuer, p->issuer) != 0)
		return refuse(detail, "the token is of another issuer");
	if (!audience_has(json_object_get(payload, "aud"), p->audience))
		return refuse(detail, "the token is meant for somebody else");
	if (!jws_text(payload, "sub", c->subject, sizeof(c->subject)))
		return refuse(detail, "the token names nobody");
	err = judge_times(c, p, payload, now_s, detail);
	if (!err)
		err = judge_tenant(c, p, payload, detail);
	if (err)
		return err;
	if (!jws_text(payload, "preferred_username", c->name, sizeof(c->name)))
		c->name[0] = 0;
	if (!jws_text(payload, "sid", c->session, sizeof(c->session)))
		c->session[0] = 0;
	take_roles(c, p, payload);
	return ERR_NONE;
}

enum err jws_read_payload(struct jws_claims *c, const struct jws_policy *policy, const void *json, size_t len, int64_t wall_s,
	struct err_detail *detail)
{
	json_t *payload = jws_object(json, len);
	enum err err;

	*c = (struct jws_claims){ .role_count = 0 };
	err = judge_payload(c, policy, payload, wall_s, detail);
	json_decref(payload);
	return err;
}

/* A service's own key speaks for that service only, whatever the token says. */
static enum err judge_service(struct jws_claims *c, const struct jwks_key *key, struct err_detail *detail)
{
	char subject[JWS_SERVICE_MAX + 20];

	if (!key->service[0])
		return ERR_NONE;
	snprintf(subject, sizeof(subject), "service-account-%s", key->service);
	if (strcmp(subject, c->subject) != 0)
		return refuse(detail, "the token speaks for another service");
	memcpy(c->service, key->service, sizeof(c->service));
	snprintf(c->roles[0], sizeof(c->roles[0]), "service");
	c->role_count = 1;
	return ERR_NONE;
}

/* ---- the whole ---- */

static bool signature_holds(const struct jwks_key *key, const char *compact, size_t len)
{
	cjose_jws_t *jws = cjose_jws_import(compact, len, NULL);
	bool holds = jws && cjose_jws_verify(jws, key->jwk, NULL);

	if (jws)
		cjose_jws_release(jws);
	return holds;
}

static enum err verify_parts(struct jws_claims *c, struct jwks *k, const struct jws_policy *policy, const char *compact, size_t len,
	const struct jws_now *now, struct err_detail *detail)
{
	struct parts p;
	char key_id[JWS_KEY_ID_MAX];
	const struct jwks_key *key;
	enum err err = take_apart(&p, compact, len, detail);

	if (!err)
		err = jws_read_header(p.header, p.header_len, key_id, detail);
	if (!err)
		err = jwks_find(k, key_id, now->mono_us, &key, detail);
	if (err)
		return err;
	if (!signature_holds(key, compact, len))
		return refuse(detail, "the token's signature does not hold");
	err = jws_read_payload(c, policy, p.payload, p.payload_len, now->wall_s, detail);
	if (err)
		return err;
	memcpy(c->key_id, key_id, sizeof(c->key_id));
	return judge_service(c, key, detail);
}

enum err jws_verify(struct jws_token **tp, struct jwks *k, const struct jws_policy *policy, const char *compact, size_t len,
	const struct jws_now *now, struct err_detail *detail)
{
	struct jws_token *t = calloc(1, sizeof(*t));
	enum err err = t ? verify_parts(&t->claims, k, policy, compact, len, now, detail) : ERR_NOMEM;

	if (err)
		jws_token_free(&t);
	*tp = t;
	return err;
}

void jws_token_free(struct jws_token **tp)
{
	free(*tp);
	*tp = NULL;
}

const struct jws_claims *jws_token_claims(const struct jws_token *t)
{
	return &t->claims;
}
