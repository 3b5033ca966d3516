/* What is the same for every store of secrets: names and limits. See secrets.h. */
#include "data/secrets.h"

#include <assert.h>
#include <stddef.h>

const struct option secrets_options[] = {
	{ .name = "secrets.master_key_file", .type = OPTION_TEXT, .max = 511, .text = "",
		.help = "The 32 bytes that seal secrets; empty: systemd's credential callfunnel.master_key, else master.key beside the secrets.",
		.offset = offsetof(struct secrets_settings, master_key_file) },
	{ .name = "secrets.cache_s", .type = OPTION_INT, .min = 0, .max = SECRETS_CACHE_MAX_S, .value = SECRETS_CACHE_MAX_S, .unit = "s",
		.help = "A tenant's secrets stay in memory this long when their store cannot be read.", .offset = offsetof(struct secrets_settings, cache_s) },
	{ .name = NULL },
};

static enum err refuse(struct job **slot, enum err err)
{
	if (slot)
		*slot = NULL;
	return err;
}

void secrets_close(struct secrets **sp)
{
	struct secrets *s = *sp;

	*sp = NULL;
	if (s)
		s->backend->close(s);
}

static enum err get(struct secrets *s, struct job **slot, const uint8_t *id, const char *name, secrets_got_h *h, void *arg)
{
	assert(h);
	return secret_name_ok(name) ? s->backend->get(s, slot, id, name, h, arg) : refuse(slot, ERR_USAGE);
}

enum err secrets_get(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_got_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	tenant_id(t, id);
	return get(s, slot, id, name, h, arg);
}

enum err secrets_get_claimed(struct secrets *s, struct job **slot, const struct tenant_claim *c, const char *name, secrets_got_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	tenant_claim_id(c, id);
	return get(s, slot, id, name, h, arg);
}

static enum err set(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, const void *value, size_t len, secrets_stored_h *h,
	void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	assert(h);
	tenant_id(t, id);
	return secret_name_ok(name) ? s->backend->set(s, slot, id, name, value, len, h, arg) : refuse(slot, ERR_USAGE);
}

enum err secrets_set(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, const void *value, size_t len, secrets_stored_h *h,
	void *arg)
{
	if (!len)
		return refuse(slot, ERR_USAGE);
	return len > SECRET_MAX_BYTES ? refuse(slot, ERR_LIMIT) : set(s, slot, t, name, value, len, h, arg);
}

enum err secrets_remove(struct secrets *s, struct job **slot, const struct tenant *t, const char *name, secrets_stored_h *h, void *arg)
{
	return set(s, slot, t, name, NULL, 0, h, arg);
}

enum err secrets_list(struct secrets *s, struct job **slot, const struct tenant *t, secrets_listed_h *h, void *arg)
{
	uint8_t id[TENANT_ID_BYTES];

	assert(h);
	tenant_id(t, id);
	return s->backend->list(s, slot, id, h, arg);
}
