#include "control/api.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/json.h"
#include "base/log.h"
#include "base/roles.h"
#include "control/api_pass.h"

enum { BODY_MAX_BYTES = 4096, ANSWER_MAX_BYTES = 2 * JWS_MAX_BYTES };

struct control_api {
	struct control_api_settings settings;
};

static const struct log log_here = { .plane = "control", .doing = "answering a request" };

/* ---- answers ---- */

/* The claims of a token that was signed a moment ago. */
static enum err claims_of(const struct control_api *a, struct buf *token, struct jws_claims *claims)
{
	const char *text = buf_str(token), *from = strchr(text, '.'), *to = from ? strchr(from + 1, '.') : NULL;
	uint8_t payload[JWS_MAX_BYTES];
	size_t len;

	if (!to || sodium_base642bin(payload, sizeof(payload), from + 1, (size_t)(to - from - 1), NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING))
		return ERR_FORMAT;
	return jws_read_payload(claims, a->settings.policy, payload, len, a->settings.now_s(a->settings.arg), NULL);
}

static void put_token(struct buf *b, const char *token, const struct jws_claims *who, int64_t now_s)
{
	json_open(b, '{');
	json_pair_string(b, "token", token);
	json_pair_i64(b, "expires_s", who->expires_s - now_s);
	json_pair_string(b, "name", who->name[0] ? who->name : who->subject);
	json_pair_string(b, "tenant", who->tenant[0] ? who->tenant : NULL);
	json_put_key(b, "roles");
	json_open(b, '[');
	for (size_t i = 0; i < who->role_count; i++)
		json_put_string(b, who->roles[i]);
	json_close(b, ']');
	json_close(b, '}');
}

/* `err` is what came of making the token. */
static void reply_token(struct control_api *a, struct http_request *r, enum err err, struct buf *token)
{
	struct jws_claims who;
	struct buf b;

	buf_init(&b, ANSWER_MAX_BYTES);
	if (!err)
		err = claims_of(a, token, &who);
	if (!err)
		put_token(&b, buf_str(token), &who, a->settings.now_s(a->settings.arg));
	if (!err && !b.err) {
		http_reply_json(r, 200, &b);
	} else if (err == ERR_DENIED) {
		http_reply_error(r, 403, "forbidden", "The sign-in is not good any more.", NULL, "Ask for a new link: callfunnel sign-in");
	} else {
		log_warn(&log_here, "no token can be made", LOG_ERR(err));
		http_reply_error(r, 503, "unavailable", "No token can be made now.", NULL, "Try again in a moment.");
	}
	if (b.data)
		sodium_memzero(b.data, b.len);
	buf_fini(&b);
}

static json_t *body_of(const struct http_request *r)
{
	size_t len;
	const void *body = http_body(r, &len);
	json_t *o = len ? json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static bool passed(const struct control_api *a, struct http_request *r)
{
	if (a->settings.url)
		control_pass(r, a->settings.client, a->settings.url);
	return a->settings.url;
}

/* ---- keys ---- */

static void on_jwks(struct http_request *r, void *arg)
{
	struct control_api *a = arg;
	static const struct http_header headers[] = { { "Content-Type", "application/json" }, { "Cache-Control", "public, max-age=60" }, { NULL, NULL } };
	struct buf b;

	if (passed(a, r))
		return;
	buf_init(&b, JWKS_MAX_BYTES);
	if (identity_jwks(a->settings.identity, &b))
		http_reply_error(r, 503, "unavailable", "The keys cannot be told now.", NULL, NULL);
	else
		http_reply(r, 200, headers, b.data, b.len);
	buf_fini(&b);
}

/* ---- signing in ---- */

static void on_sign_in(struct http_request *r, void *arg)
{
	struct control_api *a = arg;
	const char *link;
	struct buf token;
	json_t *body;

	if (passed(a, r))
		return;
	body = body_of(r);
	link = json_string_value(json_object_get(body, "link"));
	if (!link) {
		http_reply_error(r, 400, "bad_request", "A link is needed: {\"link\": …}.", NULL, NULL);
		json_decref(body);
		return;
	}
	buf_init(&token, JWS_MAX_BYTES + 1);
	reply_token(a, r, identity_link_use(a->settings.identity, link, a->settings.now_s(a->settings.arg), &token), &token);
	if (token.data)
		sodium_memzero(token.data, token.len);
	buf_fini(&token);
	json_decref(body);
}

static void on_renew(struct http_request *r, void *arg)
{
	struct control_api *a = arg;
	const struct jws_token *mine = a->settings.url ? NULL : a->settings.token(r);
	struct buf token;

	if (passed(a, r))
		return;
	buf_init(&token, JWS_MAX_BYTES + 1);
	reply_token(a, r, mine ? identity_renew(a->settings.identity, mine, a->settings.now_s(a->settings.arg), &token) : ERR_DENIED, &token);
	if (token.data)
		sodium_memzero(token.data, token.len);
	buf_fini(&token);
}

/* ---- links for others ---- */

/* The asked-for roles into `who`: each must be one that the asker has. */
static bool roles_take(const json_t *roles, unsigned int has, struct jws_claims *who)
{
	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *name = json_string_value(json_array_get(roles, i));
		const struct role_info *role = name ? role_find(name) : NULL;

		if (!role || role->role == ROLE_SERVICE || !(role->role & has) || who->role_count == JWS_ROLES_MAX)
			return false;
		memcpy(who->roles[who->role_count++], role->name, strlen(role->name) + 1);
	}
	return who->role_count;
}

static bool link_for(const struct jws_claims *asker, const json_t *body, struct jws_claims *who)
{
	const char *name = json_string_value(json_object_get(body, "name"));

	*who = (struct jws_claims){ .role_count = 0 };
	if (!name || !*name || strlen(name) >= sizeof(who->name) || !strncmp(name, "service-account-", 16))
		return false;
	memcpy(who->name, name, strlen(name) + 1);
	memcpy(who->subject, name, strlen(name) + 1);
	memcpy(who->tenant, asker->tenant, sizeof(who->tenant));
	return roles_take(json_object_get(body, "roles"), roles_of(asker), who);
}

static void reply_link(struct control_api *a, struct http_request *r, const struct jws_claims *who)
{
	int64_t now_s = a->settings.now_s(a->settings.arg);
	char link[IDENTITY_LINK_MAX];
	struct buf b;

	identity_link_make(a->settings.identity, who, now_s, link);
	buf_init(&b, 1024);
	json_open(&b, '{');
	json_pair_string(&b, "link", link);
	json_pair_i64(&b, "expires_s", a->settings.link_s);
	json_close(&b, '}');
	http_reply_json(r, 200, &b);
	sodium_memzero(link, sizeof(link));
	buf_fini(&b);
}

static void on_link(struct http_request *r, void *arg)
{
	struct control_api *a = arg;
	const struct jws_token *mine = a->settings.url ? NULL : a->settings.token(r);
	const struct jws_claims *asker = mine ? jws_token_claims(mine) : NULL;
	struct jws_claims who;
	json_t *body;

	if (passed(a, r))
		return;
	if (!asker || asker->service[0] || !(roles_of(asker) & ROLE_ADMIN)) {
		http_reply_error(r, 403, "forbidden", "Your role does not allow this.", NULL, NULL);
		return;
	}
	body = body_of(r);
	if (link_for(asker, body, &who))
		reply_link(a, r, &who);
	else
		http_reply_error(r, 400, "bad_request", "A name and roles that are yours too are needed.", NULL, NULL);
	json_decref(body);
}

/* ---- open, close ---- */

static const struct http_route routes[] = {
	{ HTTP_GET, CONTROL_JWKS_PATH, on_jwks, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/v1/sign-in", on_sign_in, ROUTE_OPEN, BODY_MAX_BYTES },
	{ HTTP_POST, "/v1/token/renew", on_renew, ROUTE_NO_BODY, BODY_MAX_BYTES },
	{ HTTP_POST, "/v1/sign-in-links", on_link, 0, BODY_MAX_BYTES },
	{ .method = HTTP_METHOD_NONE },
};

enum err control_api_open(struct control_api **ap, const struct control_api_settings *settings)
{
	struct control_api *a = calloc(1, sizeof(*a));

	*ap = a;
	if (!a)
		return ERR_NOMEM;
	a->settings = *settings;
	return ERR_NONE;
}

enum err control_api_mount(struct control_api *a, struct http_server *server)
{
	return http_server_mount(server, routes, a);
}

void control_api_close(struct control_api **ap)
{
	free(*ap);
	*ap = NULL;
}
