/* `callfunnel tenant add NAME | list`: the tenants of a data folder. Main thread. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/stores.h"

enum { OUT_BYTES_MAX = 16 << 20 };

static void put_tenant(struct buf *b, bool json, const struct tenant_info *info, const struct tenant *t)
{
	char id[2 * TENANT_ID_BYTES + 1];

	tenant_id_text(t, id);
	if (!json) {
		buf_printf(b, "%-32s %s\n", info->name, id);
		return;
	}
	json_open(b, '{');
	json_pair_string(b, "name", info->name);
	json_pair_string(b, "id", id);
	json_pair_i64(b, "made_s", info->made_s);
	json_close(b, '}');
}

static int add(struct stores *s, const char *name)
{
	struct tenant_info info;
	struct tenant *t;
	struct buf b;
	enum err err;

	if (!tenant_name_ok(name))
		return cli_fail(s->cli, CLI_USAGE, ERR_USAGE, "tenant", "1 to 63 of a-z, 0-9 and -, not at either end", "no name of a tenant: %s", name);
	err = stores_tenant_add(s, name, &info);
	if (!err)
		err = tenant_info_tenant(&info, &t);
	if (!err) {
		buf_init(&b, OUT_BYTES_MAX);
		put_tenant(&b, s->cli->json, &info, t);
		tenant_drop(&t);
		printf("%s%s", buf_str(&b), s->cli->json ? "\n" : "");
		buf_fini(&b);
	}
	if (err == ERR_EXISTS)
		return cli_fail(s->cli, CLI_NOT_SO, err, s->dir, "names are never given twice", "there is a tenant %s already", name);
	return err ? stores_fail(s, err, "storing the tenant") : CLI_FINE;
}

struct listing {
	struct buf b;
	bool json;
	enum err err;
};

static bool list_one(void *arg, const struct document *d)
{
	struct listing *l = arg;
	struct tenant_info info;
	struct tenant *t = NULL;

	l->err = tenant_info_decode(&info, d);
	if (!l->err)
		l->err = tenant_info_tenant(&info, &t);
	if (!l->err)
		put_tenant(&l->b, l->json, &info, t);
	tenant_drop(&t);
	return !l->err;
}

static int list(struct stores *s)
{
	struct listing l = { .json = s->cli->json };
	enum err err;

	buf_init(&l.b, OUT_BYTES_MAX);
	if (l.json)
		buf_text(&l.b, "{\"tenants\":[");
	err = stores_each(s, tenant_house(), TENANTS_PREFIX, list_one, &l);
	err = err ? err : l.err ? l.err : l.b.err;
	if (l.json)
		buf_text(&l.b, "]}\n");
	if (!err)
		fputs(buf_str(&l.b), stdout);
	buf_fini(&l.b);
	return err ? stores_fail(s, err, "listing tenants") : CLI_FINE;
}

int cmd_tenant(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL;
	const struct flag flags[] = { STORES_FLAG(&data), { .name = NULL } };
	struct stores s;
	int status = cli_flags(cli, flags, &argc, argv);
	bool adds = argc == 3 && !strcmp(argv[1], "add");

	if (status)
		return status;
	if (!adds && !(argc == 2 && !strcmp(argv[1], "list")))
		return cli_fail_words(cli, "tenant", "add with one name, or list");
	status = stores_open(cli, &s, data, STORES_DOCUMENTS);
	if (status)
		return status;
	status = adds ? add(&s, argv[2]) : list(&s);
	stores_close(&s);
	return status;
}
