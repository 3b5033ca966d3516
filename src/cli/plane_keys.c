#include "cli/plane_keys.h"

#include <stdio.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "cli/plane.h"
#include "control/api.h"

static const struct log log_here = { .plane = "identity", .doing = "refreshing keys" };

static struct jws_now now(void *arg)
{
	(void)arg;
	return (struct jws_now){ .wall_s = (int64_t)time(NULL), .mono_us = jwks_fetch_mono_us() };
}

static enum err own_load(struct plane_keys *k, const struct identity *identity, struct err_detail *detail)
{
	struct buf b;
	enum err err;

	buf_init(&b, JWKS_MAX_BYTES);
	err = identity_jwks(identity, &b);
	if (!err)
		err = jwks_load(k->own, b.data, b.len, jwks_fetch_mono_us(), detail);
	buf_fini(&b);
	return err;
}

static enum err inside_begin(struct plane_keys *k, const struct plane_keys_settings *s, struct err_detail *detail)
{
	struct jwks_fetch_settings fetch = { .ca_file = config_text(s->cli->config, "voice.ca_file") };
	char url[PLANE_URL_MAX + 40];
	enum err err;

	if (s->identity) {
		err = jwks_new(&k->own, NULL, NULL);
		return err ? err : own_load(k, s->identity, detail);
	}
	snprintf(url, sizeof(url), "%s" CONTROL_JWKS_PATH, s->keys_base);
	fetch.url = url;
	return jwks_fetch_open(&k->fetch, s->loop, s->plane, &fetch, NULL, NULL, detail);
}

static enum err outside_begin(struct plane_keys *k, const struct plane_keys_settings *s, struct err_detail *detail)
{
	struct jwks_fetch_settings fetch;

	config_bind(s->cli->config, jwks_fetch_options, &fetch);
	return *fetch.url ? jwks_fetch_open(&k->outside, s->loop, s->plane, &fetch, NULL, NULL, detail) : ERR_NONE;
}

int plane_keys_begin(struct plane_keys *k, const struct plane_keys_settings *s)
{
	struct err_detail detail = { .message = "" };
	enum err err;

	*k = (struct plane_keys){ .own = NULL };
	config_bind(s->cli->config, jws_options, &k->people);
	k->inside = k->peer = k->people;
	k->inside.audience = s->plane;
	k->peer.audience = s->peer;
	err = inside_begin(k, s, &detail);
	if (!err)
		err = outside_begin(k, s, &detail);
	if (err)
		return plane_fail(s->cli, err, &detail, "the keys that tokens are judged by");
	k->bearer = (struct bearer){ .keys_inside = k->own ? k->own : jwks_fetch_keys(k->fetch), .policy = &k->people, .policy_inside = &k->inside, .now = now };
	k->bearer.keys = k->outside ? jwks_fetch_keys(k->outside) : k->bearer.keys_inside;
	if (s->peer)
		err = service_key_open(&k->key, s->folder, s->plane, &detail);
	return err ? plane_fail(s->cli, err, &detail, "this plane's own key") : CLI_FINE;
}

void plane_keys_refresh(struct plane_keys *k, struct identity *identity)
{
	struct err_detail detail = { .message = "" };
	enum err err = ERR_NONE;
	bool changed;

	if (identity) {
		err = identity_tick(identity, (int64_t)time(NULL), &changed, &detail);
		if (!err)
			err = own_load(k, identity, &detail);
	}
	if (!err && k->key)
		err = service_key_reload(k->key, &detail); /* behind the tick, which may have made a new one */
	if (err)
		log_warn(&log_here, "the keys cannot be read; those at hand serve on", LOG_ERR(err), LOG_TEXT("what", detail.message), LOG_TEXT("where", detail.where));
}

void plane_keys_link(struct identity *identity, const char *tenant, char link[IDENTITY_LINK_MAX])
{
	struct jws_claims who = { .subject = "operator", .name = "operator", .roles = { "admin", "reveal" }, .role_count = 2 };

	snprintf(who.tenant, sizeof(who.tenant), "%s", tenant);
	identity_link_make(identity, &who, (int64_t)time(NULL), link);
}

void plane_keys_end(struct plane_keys *k)
{
	jwks_fetch_close(&k->outside);
	jwks_fetch_close(&k->fetch);
	jwks_free(&k->own);
	service_key_close(&k->key);
}
