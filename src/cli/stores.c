#include "cli/stores.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/config.h"
#include "base/private_file.h"
#include "base/private_process.h"

static int fail_detail(struct stores *s, enum err err, const struct err_detail *detail)
{
	return cli_fail(s->cli, CLI_MISSING, err, detail->where[0] ? detail->where : s->dir, detail->hint, "%s",
		detail->message[0] ? detail->message : err_name(err));
}

static enum err open_documents(struct stores *s, struct err_detail *detail)
{
	char path[STORES_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/documents.db", s->dir);
	return sqlite_documents_open(&s->documents, &s->loop, path, detail);
}

static enum err open_secrets(struct stores *s, struct err_detail *detail)
{
	struct secrets_settings settings;
	char path[STORES_PATH_MAX + 32];

	config_bind(s->cli->config, secrets_options, &settings);
	snprintf(path, sizeof(path), "%s/secrets", s->dir);
	return sealed_secrets_open(&s->secrets, &s->loop, path, &settings, detail);
}

static enum err open_identity(struct stores *s, struct err_detail *detail)
{
	struct identity_settings settings;
	char path[STORES_PATH_MAX + 32];

	config_bind(s->cli->config, jws_options, &s->policy);
	config_bind(s->cli->config, identity_options, &settings);
	snprintf(path, sizeof(path), "%s/identity", s->dir);
	return identity_open(&s->identity, path, &s->policy, &settings, (int64_t)time(NULL), detail);
}

static int make_folder(struct stores *s)
{
	struct err_detail detail = { .message = "" };

	if (!mkdir(s->dir, 0700) || errno == EEXIST)
		return private_folder_check(s->dir, &detail) ? fail_detail(s, ERR_DENIED, &detail) : CLI_FINE;
	return cli_fail(s->cli, CLI_MISSING, err_from_errno(errno), s->dir, "make the folder that it is to be in, or give --data DIR",
		"the data folder cannot be made: %s", strerror(errno));
}

int stores_open(struct cli *cli, struct stores *s, const char *data, unsigned int which)
{
	struct err_detail detail = { .message = "" };
	enum err err = ERR_NONE;

	*s = (struct stores){ .cli = cli };
	if (which & (STORES_SECRETS | STORES_IDENTITY))
		private_process_begin();
	data = data ? data : config_text(cli->config, "data.dir");
	if (!*data || snprintf(s->dir, sizeof(s->dir), "%s", data) >= (int)sizeof(s->dir))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--data", NULL, "no name of a folder");
	if (make_folder(s))
		return CLI_MISSING;
	if (uv_loop_init(&s->loop))
		return cli_fail(cli, CLI_MISSING, ERR_UNAVAILABLE, NULL, NULL, "no event loop can be had");
	s->is_open = true;
	if (which & STORES_DOCUMENTS)
		err = open_documents(s, &detail);
	if (!err && (which & STORES_SECRETS))
		err = open_secrets(s, &detail);
	if (!err && (which & STORES_IDENTITY))
		err = open_identity(s, &detail);
	if (!err)
		return CLI_FINE;
	stores_close(s);
	return fail_detail(s, err, &detail);
}

void stores_close(struct stores *s)
{
	int left;

	if (!s->is_open)
		return;
	identity_close(&s->identity);
	secrets_close(&s->secrets);
	documents_close(&s->documents);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	left = uv_loop_close(&s->loop);
	assert(!left);
	(void)left;
	s->is_open = false;
}

void stores_wait(struct stores *s, const bool *done)
{
	while (!*done)
		uv_run(&s->loop, UV_RUN_ONCE);
}

int stores_fail(struct stores *s, enum err err, const char *doing)
{
	const char *hint = err == ERR_BUSY || err == ERR_TIMEOUT ? "another program holds the store; try again" : err == ERR_FULL ? "make room on this disk" : NULL;

	return cli_fail(s->cli, CLI_MISSING, err, s->dir, hint, "%s: %s", doing, err_name(err));
}

/* ---- one question at a time ---- */

struct stored {
	bool done;
	enum err err;
};

static void on_stored(void *arg, enum err err, uint64_t revision)
{
	struct stored *a = arg;

	(void)revision;
	*a = (struct stored){ .done = true, .err = err };
}

enum err stores_put(struct stores *s, const struct tenant *t, const char *key, const struct buf *value, uint64_t expected)
{
	const struct documents_put put = { .key = key, .value = value->data, .len = value->len, .expected = expected };
	struct stored a = { .done = false };
	enum err err = documents_put(s->documents, NULL, t, &put, on_stored, &a);

	if (err)
		return err;
	stores_wait(s, &a.done);
	return a.err;
}

enum err stores_delete(struct stores *s, const struct tenant *t, const char *key)
{
	struct stored a = { .done = false };
	enum err err = documents_delete(s->documents, NULL, t, key, DOCUMENT_ANY, on_stored, &a);

	if (err)
		return err;
	stores_wait(s, &a.done);
	return a.err;
}

struct each {
	bool done, more;
	enum err err;
	char after[DOCUMENT_KEY_MAX];
	stores_each_h *each;
	void *arg;
};

static void on_page(void *arg, enum err err, const struct documents_page *page)
{
	struct each *e = arg;
	bool on = true;

	e->done = true;
	e->err = err;
	e->more = false;
	for (size_t i = 0; !err && on && i < page->count; i++) {
		on = e->each(e->arg, &page->items[i]);
		snprintf(e->after, sizeof(e->after), "%s", page->items[i].key);
	}
	e->more = !err && on && page->more;
}

enum err stores_each(struct stores *s, const struct tenant *t, const char *prefix, stores_each_h *each, void *arg)
{
	struct each e = { .each = each, .arg = arg, .more = true };

	while (e.more && !e.err) {
		const struct documents_range range = { .prefix = prefix, .after = e.after, .limit = 200 };
		enum err err = documents_list(s->documents, NULL, t, &range, on_page, &e);

		if (err)
			return err;
		e.done = false;
		stores_wait(s, &e.done);
	}
	return e.err;
}

struct got {
	bool done;
	enum err err;
	struct tenant *tenant;
};

static void on_got(void *arg, enum err err, const struct document *d)
{
	struct got *a = arg;
	struct tenant_info info;

	a->done = true;
	a->err = err ? err : tenant_info_decode(&info, d);
	if (!a->err)
		a->err = tenant_info_tenant(&info, &a->tenant);
}

enum { TENANT_DOCUMENT_MAX_BYTES = 4096 };

static enum err tenant_read(struct stores *s, const char *name, struct tenant **tp)
{
	char key[DOCUMENT_KEY_MAX];
	struct got a = { .done = false };
	enum err err;

	tenant_info_key(name, key);
	err = documents_get(s->documents, NULL, tenant_house(), key, on_got, &a);
	if (!err)
		stores_wait(s, &a.done);
	*tp = a.tenant;
	return err ? err : a.err;
}

enum err stores_tenant_add(struct stores *s, const char *name, struct tenant_info *info)
{
	char key[DOCUMENT_KEY_MAX];
	struct buf b;
	enum err err;

	tenant_info_begin(info, name, (int64_t)time(NULL));
	tenant_info_key(name, key);
	buf_init(&b, TENANT_DOCUMENT_MAX_BYTES);
	err = tenant_info_encode(info, &b);
	if (!err)
		err = stores_put(s, tenant_house(), key, &b, DOCUMENT_NONE);
	buf_fini(&b);
	return err;
}

static int tenant_find(struct stores *s, const char *name, bool make, struct tenant **tp)
{
	enum err err;

	*tp = NULL;
	if (!tenant_name_ok(name))
		return cli_fail(s->cli, CLI_USAGE, ERR_USAGE, NULL, "1 to 63 of a-z, 0-9 and -, not at either end", "no name of a tenant: %s", name);
	err = tenant_read(s, name, tp);
	if (err == ERR_NOTFOUND && (make || !strcmp(name, config_text(s->cli->config, "server.tenant")))) {
		struct tenant_info info;

		err = stores_tenant_add(s, name, &info);
		err = err && err != ERR_EXISTS ? err : tenant_read(s, name, tp); /* somebody else may have made it meanwhile */
	}
	if (err == ERR_NOTFOUND)
		return cli_fail(s->cli, CLI_MISSING, err, s->dir, "`callfunnel tenant list` shows them, `callfunnel tenant add` makes one",
			"there is no tenant %s", name);
	return err ? stores_fail(s, err, "reading the tenant") : CLI_FINE;
}

int stores_tenant(struct stores *s, const char *name, struct tenant **tp)
{
	return tenant_find(s, name, false, tp);
}

int stores_tenant_made(struct stores *s, const char *name, struct tenant **tp)
{
	return tenant_find(s, name, true, tp);
}
