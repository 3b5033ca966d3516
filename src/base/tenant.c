/* The one file that makes tenants. See tenant.h.
 *
 * Owns nothing but the counts. Refuses names that are none, tokens without a tenant, webhooks whose check fails, records whose
 * checksum does not hold (it finds damage; it is no signature: records come from our own stores alone).
 */
#include "base/tenant.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jws.h"

struct tenant {
	atomic_uint owners;
	char name[TENANT_NAME_MAX];
	uint8_t id[TENANT_ID_BYTES];
};

struct tenant_claim {
	char name[TENANT_NAME_MAX];
	uint8_t id[TENANT_ID_BYTES];
};

/* A record: version, length of the name, name, checksum of all before it. */
enum { RECORD_VERSION = 1, RECORD_SUM_BYTES = 16 };

static struct tenant house = { .owners = 1 };

bool tenant_name_ok(const char *name)
{
	size_t len = strnlen(name, TENANT_NAME_MAX);

	if (!len || len == TENANT_NAME_MAX || name[0] == '-' || name[len - 1] == '-')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static void id_make(const char *name, uint8_t out[TENANT_ID_BYTES])
{
	static const char context[] = "callfunnel tenant";

	crypto_generichash(out, TENANT_ID_BYTES, (const uint8_t *)name, strlen(name), (const uint8_t *)context, sizeof(context) - 1);
}

static enum err make(struct tenant **tp, const char *name)
{
	struct tenant *t = calloc(1, sizeof(*t));

	*tp = t;
	if (!t)
		return ERR_NOMEM;
	atomic_init(&t->owners, 1);
	snprintf(t->name, sizeof(t->name), "%s", name);
	id_make(name, t->id);
	return ERR_NONE;
}

static enum err refuse(struct err_detail *detail, const char *message, const char *hint)
{
	if (detail) {
		*detail = (struct err_detail){ .where = "" };
		snprintf(detail->message, sizeof(detail->message), "%s", message);
		snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	}
	return ERR_DENIED;
}

enum err tenant_from_token(struct tenant **tp, const struct jws_token *token, const char *wanted, struct err_detail *detail)
{
	const char *name = jws_token_claims(token)->tenant;

	*tp = NULL;
	if (!tenant_name_ok(name))
		return refuse(detail, "the token names no tenant", "get a token for one");
	if (wanted && strcmp(name, wanted) != 0)
		return refuse(detail, "the token is of another tenant", "get a token for this one");
	return make(tp, name);
}

enum err tenant_claim_from_route(struct tenant_claim **cp, const char *name)
{
	struct tenant_claim *c;

	*cp = NULL;
	if (!tenant_name_ok(name))
		return ERR_FORMAT;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_NOMEM;
	snprintf(c->name, sizeof(c->name), "%s", name);
	id_make(name, c->id);
	*cp = c;
	return ERR_NONE;
}

void tenant_claim_free(struct tenant_claim **cp)
{
	free(*cp);
	*cp = NULL;
}

enum err tenant_from_webhook(struct tenant **tp, const struct tenant_claim *claim, tenant_check_h *check, void *arg)
{
	*tp = NULL;
	return check(arg) ? make(tp, claim->name) : ERR_DENIED;
}

static void record_sum(const uint8_t *record, size_t len, uint8_t out[RECORD_SUM_BYTES])
{
	crypto_generichash(out, RECORD_SUM_BYTES, record, len, NULL, 0);
}

size_t tenant_record_begin(const char *name, uint8_t out[TENANT_RECORD_MAX_BYTES])
{
	size_t len = strlen(name);

	static_assert(2 + TENANT_NAME_MAX + RECORD_SUM_BYTES <= TENANT_RECORD_MAX_BYTES, "a record fits");
	assert(tenant_name_ok(name));
	out[0] = RECORD_VERSION;
	out[1] = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		out[2 + i] = (uint8_t)name[i];
	record_sum(out, 2 + len, out + 2 + len);
	return 2 + len + RECORD_SUM_BYTES;
}

size_t tenant_save(const struct tenant *t, uint8_t out[TENANT_RECORD_MAX_BYTES])
{
	return tenant_record_begin(t->name, out);
}

enum err tenant_from_record(struct tenant **tp, const void *record, size_t len)
{
	const uint8_t *bytes = record;
	uint8_t sum[RECORD_SUM_BYTES];
	char name[TENANT_NAME_MAX];

	*tp = NULL;
	if (len < 2 + RECORD_SUM_BYTES || bytes[0] != RECORD_VERSION || bytes[1] >= sizeof(name) || len != 2u + bytes[1] + RECORD_SUM_BYTES)
		return ERR_CORRUPT;
	record_sum(bytes, len - RECORD_SUM_BYTES, sum);
	memcpy(name, bytes + 2, bytes[1]);
	name[bytes[1]] = 0;
	if (memcmp(sum, bytes + len - RECORD_SUM_BYTES, sizeof(sum)) != 0 || strlen(name) != bytes[1] || !tenant_name_ok(name))
		return ERR_CORRUPT;
	return make(tp, name);
}

const struct tenant *tenant_house(void)
{
	return &house;
}

struct tenant *tenant_share(const struct tenant *t)
{
	union {
		const struct tenant *shared;
		struct tenant *owned;
	} both = { .shared = t }; /* the count is not part of what is constant */

	atomic_fetch_add(&both.owned->owners, 1);
	return both.owned;
}

void tenant_drop(struct tenant **tp)
{
	struct tenant *t = *tp;

	*tp = NULL;
	if (t && atomic_fetch_sub(&t->owners, 1) == 1) {
		assert(t != &house);
		free(t);
	}
}

const char *tenant_name(const struct tenant *t)
{
	return t->name;
}

void tenant_id(const struct tenant *t, uint8_t out[TENANT_ID_BYTES])
{
	memcpy(out, t->id, TENANT_ID_BYTES);
}

void tenant_id_text(const struct tenant *t, char out[2 * TENANT_ID_BYTES + 1])
{
	sodium_bin2hex(out, 2 * TENANT_ID_BYTES + 1, t->id, TENANT_ID_BYTES);
}

bool tenant_same(const struct tenant *a, const struct tenant *b)
{
	return !strcmp(a->name, b->name);
}

void tenant_claim_id(const struct tenant_claim *c, uint8_t out[TENANT_ID_BYTES])
{
	memcpy(out, c->id, TENANT_ID_BYTES);
}

const char *tenant_claim_name(const struct tenant_claim *c)
{
	return c->name;
}
