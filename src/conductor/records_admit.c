/* Who the record service lets in: the tenants that were admitted, each with a token of its own among its secrets. See records.h. */
#include "conductor/records_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 32, TOKEN_TEXT_MAX = 2 * TOKEN_BYTES + 1 };

struct records_tenant *records_tenant_find(const struct records *r, const char *name)
{
	for (struct records_tenant *t = r->tenants; t; t = t->next)
		if (!strcmp(tenant_name(t->tenant), name))
			return t;
	return NULL;
}

bool records_admits(const struct records *r, const struct tenant *t)
{
	const struct records_tenant *known = records_tenant_find(r, tenant_name(t));

	return known && known->is_in;
}

static void answer_all(struct records_tenant *t, enum err err)
{
	struct records_waiter *w;

	t->is_in = !err;
	while ((w = t->waiting)) {
		t->waiting = w->next;
		w->of = NULL;
		w->handler(w->arg, err);
	}
}

static void on_made(void *arg, enum err err)
{
	answer_all(arg, err);
}

static enum err token_make(struct records_tenant *t)
{
	uint8_t bytes[TOKEN_BYTES];
	char text[TOKEN_TEXT_MAX];
	enum err err;

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(text, sizeof(text), bytes, sizeof(bytes));
	err = secrets_set(t->records->settings.secrets, &t->job, t->tenant, RECORDS_TOKEN_SECRET, text, sizeof(text) - 1, on_made, t);
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(text, sizeof(text));
	return err;
}

static void on_looked(void *arg, enum err err, struct secret secret)
{
	struct records_tenant *t = arg;

	secret_release(&secret);
	if (err == ERR_NOTFOUND)
		err = token_make(t);
	if (err || !t->job)
		answer_all(t, err);
}

static struct records_tenant *tenant_add(struct records *r, const struct tenant *tenant)
{
	struct records_tenant *t = r->tenant_count < RECORDS_TENANTS_MAX ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return NULL;
	t->records = r;
	t->tenant = tenant_share(tenant);
	t->next = r->tenants;
	r->tenants = t;
	r->tenant_count++;
	return t;
}

enum err records_admit(struct records *r, struct records_waiter *w, const struct tenant *tenant, void (*handler)(void *arg, enum err err), void *arg)
{
	struct records_tenant *t = records_tenant_find(r, tenant_name(tenant));
	enum err err = ERR_NONE;

	if (!t)
		t = tenant_add(r, tenant);
	if (!t)
		return r->tenant_count < RECORDS_TENANTS_MAX ? ERR_NOMEM : ERR_LIMIT;
	if (!t->job)
		err = secrets_get(r->settings.secrets, &t->job, tenant, RECORDS_TOKEN_SECRET, on_looked, t);
	if (err)
		return err;
	*w = (struct records_waiter){ .next = t->waiting, .of = t, .handler = handler, .arg = arg };
	t->waiting = w;
	return ERR_NONE;
}

void records_waiter_cancel(struct records_waiter *w)
{
	struct records_waiter **at = w->of ? &w->of->waiting : NULL;

	while (at && *at != w)
		at = &(*at)->next;
	if (at)
		*at = w->next;
	w->of = NULL;
}

void records_tenants_free(struct records *r)
{
	struct records_tenant *t;

	while ((t = r->tenants)) {
		r->tenants = t->next;
		job_cancel(&t->job);
		while (t->waiting)
			records_waiter_cancel(t->waiting);
		tenant_drop(&t->tenant);
		free(t);
	}
}
