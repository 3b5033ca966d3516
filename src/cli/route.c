/* `callfunnel route add NUMBER TENANT RULEBOOK | remove NUMBER | list`: whose call it is, and what is said. Main thread. */
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/json.h"
#include "cli/book.h"
#include "cli/commands.h"
#include "cli/stores.h"
#include "conductor/rulebook.h"
#include "data/routes.h"

enum { OUT_BYTES_MAX = 16 << 20, NAMES_BYTES_MAX = 8192 };

static void put_route(struct buf *b, bool json, const struct route *r)
{
	if (!json) {
		buf_printf(b, "%-18s %-24s %-24s %s%s%s\n", r->number, r->tenant, r->rulebook, r->account[0] ? r->account : "any account", r->carrier[0] ? "  " : "",
			r->carrier);
		return;
	}
	json_open(b, '{');
	json_pair_string(b, "number", r->number);
	json_pair_string(b, "account", r->account[0] ? r->account : NULL);
	json_pair_string(b, "tenant", r->tenant);
	json_pair_string(b, "rulebook", r->rulebook);
	if (r->carrier[0])
		json_pair_string(b, "carrier", r->carrier);
	json_close(b, '}');
}

static bool put_name(void *arg, const char *name)
{
	struct buf *b = arg;

	buf_printf(b, "%s%s", b->len ? ", " : "there are ", name);
	return !b->err;
}

static int book_missing(struct cli *cli, const char *name)
{
	const char *dir = config_text(cli->config, "rulebooks.dir");
	struct buf b;
	int status;

	buf_init(&b, NAMES_BYTES_MAX);
	if (!rulebook_list(dir, put_name, &b)) /* what does not fit is not told */
		buf_printf(&b, "%s--set rulebooks.dir=DIR names another folder", b.len ? "; " : "there is none; ");
	status = cli_fail(cli, CLI_MISSING, ERR_NOTFOUND, *dir ? dir : "rulebooks beside the program and /usr/share/callfunnel/rulebooks", buf_str(&b),
		"there is no rule-book %s", name);
	buf_fini(&b);
	return status;
}

/* A route to a book that does not serve would be an apology to whoever calls. */
static int book_judge(struct cli *cli, const char *name)
{
	char path[RULEBOOK_PATH_MAX];
	struct rulebook *book = NULL;
	int status;

	if (rulebook_find(name, config_text(cli->config, "rulebooks.dir"), path, NULL))
		return book_missing(cli, name);
	status = book_load(cli, name, path, &book);
	rulebook_free(book);
	return status;
}

/* Which route it is. A new one has its number as carriers write it: another would never be found. */
static int take_number(struct cli *cli, struct route *r, const char *number, const char *account, bool is_new)
{
	*r = (struct route){ .number = "" };
	if (route_number(number, r->number) || (is_new && !route_number_whole(r->number)))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "route", "write it with + and its country, as the carrier names it: +15550100",
			"no phone number with its country: %s", number);
	if (account && !route_account_ok(account))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--account", "letters, digits, '-' and '_', at most 64", "no name of an account: %s", account);
	snprintf(r->account, sizeof(r->account), "%s", account ? account : "");
	return CLI_FINE;
}

static int take_carrier(struct cli *cli, struct route *r, const char *carrier)
{
	static const char *const known[] = { "twilio", "exotel" };

	for (size_t i = 0; carrier && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(carrier, known[i])) {
			snprintf(r->carrier, sizeof(r->carrier), "%s", carrier);
			return CLI_FINE;
		}
	return carrier ? cli_fail(cli, CLI_USAGE, ERR_USAGE, "--carrier", "twilio or exotel", "no carrier of calls out: %s", carrier) : CLI_FINE;
}

/* The words of the command line as a route. */
static int take(struct cli *cli, struct route *r, char **words, const char *account, const char *carrier)
{
	int status = take_number(cli, r, words[0], account, true);

	if (!status)
		status = take_carrier(cli, r, carrier);
	if (status)
		return status;
	if (!route_rulebook_ok(words[2]))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "route", "a-z, 0-9, '.', '_' and '-', at most 63, without .yaml", "no name of a rule-book: %s", words[2]);
	snprintf(r->rulebook, sizeof(r->rulebook), "%s", words[2]);
	return book_judge(cli, r->rulebook);
}

static int add(struct stores *s, struct route *r, const char *tenant, bool replace)
{
	char key[DOCUMENT_KEY_MAX];
	struct tenant *t;
	struct buf b;
	int status = stores_tenant(s, tenant, &t);
	enum err err;

	if (status)
		return status;
	snprintf(r->tenant, sizeof(r->tenant), "%s", tenant_name(t));
	tenant_drop(&t);
	route_key(r, key);
	buf_init(&b, OUT_BYTES_MAX);
	err = route_encode(r, &b);
	if (!err)
		err = stores_put(s, tenant_house(), key, &b, replace ? DOCUMENT_ANY : DOCUMENT_NONE);
	buf_reset(&b);
	put_route(&b, s->cli->json, r);
	if (!err)
		printf("%s%s", buf_str(&b), s->cli->json ? "\n" : "");
	buf_fini(&b);
	if (err == ERR_EXISTS)
		return cli_fail(s->cli, CLI_NOT_SO, err, s->dir, "--replace takes its place", "there is a route for %s already", r->number);
	return err ? stores_fail(s, err, "storing the route") : CLI_FINE;
}

/* One that an earlier release took without a plus can be removed as it stands in the list. */
static int remove_route(struct stores *s, const struct route *r)
{
	char key[DOCUMENT_KEY_MAX];
	struct buf b;
	enum err err;

	route_key(r, key);
	err = stores_delete(s, tenant_house(), key);
	if (err == ERR_NOTFOUND)
		return cli_fail(s->cli, CLI_NOT_SO, err, s->dir, "`callfunnel route list` shows them; one of an account needs --account", "there is no such route: %s", r->number);
	if (err)
		return stores_fail(s, err, "removing the route");
	if (!s->cli->json) {
		printf("%s: removed\n", r->number);
		return CLI_FINE;
	}
	buf_init(&b, OUT_BYTES_MAX);
	json_open(&b, '{');
	json_pair_string(&b, "number", r->number);
	json_pair_string(&b, "account", r->account[0] ? r->account : NULL);
	json_pair_bool(&b, "removed", true);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
	return CLI_FINE;
}

struct listing {
	struct buf b;
	bool json;
	enum err err;
};

static bool list_one(void *arg, const struct document *d)
{
	struct listing *l = arg;
	struct route r;

	l->err = route_decode(&r, d);
	if (!l->err)
		put_route(&l->b, l->json, &r);
	return !l->err;
}

static int list(struct stores *s)
{
	struct listing l = { .json = s->cli->json };
	enum err err;

	buf_init(&l.b, OUT_BYTES_MAX);
	if (l.json)
		buf_text(&l.b, "{\"routes\":[");
	err = stores_each(s, tenant_house(), "route/", list_one, &l);
	err = err ? err : l.err ? l.err : l.b.err;
	if (l.json)
		buf_text(&l.b, "]}\n");
	if (!err)
		fputs(buf_str(&l.b), stdout);
	buf_fini(&l.b);
	return err ? stores_fail(s, err, "listing routes") : CLI_FINE;
}

int cmd_route(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL, *account = NULL, *carrier = NULL;
	bool replace = false, adds, removes;
	const struct flag flags[] = {
		{ .name = "account", .type = FLAG_STRING, .value = &account, .arg = "A", .help = "Only calls of this account at the carrier (default: any)." },
		{ .name = "carrier", .type = FLAG_STRING, .value = &carrier, .arg = "C", .help = "Calls out from this number go by it: twilio (default), exotel." },
		{ .name = "replace", .type = FLAG_BOOL, .value = &replace, .help = "Take the place of the route that is there." },
		STORES_FLAG(&data),
		{ .name = NULL },
	};
	struct route r;
	struct stores s;
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	adds = argc == 5 && !strcmp(argv[1], "add");
	removes = argc == 3 && !strcmp(argv[1], "remove");
	if (!adds && !removes && !(argc == 2 && !strcmp(argv[1], "list")))
		return cli_fail_words(cli, "route", "add with a number, a tenant and a rule-book, remove with a number, or list");
	if (adds)
		status = take(cli, &r, argv + 2, account, carrier);
	else if (removes)
		status = take_number(cli, &r, argv[2], account, false);
	if (!status)
		status = stores_open(cli, &s, data, STORES_DOCUMENTS);
	if (status)
		return status;
	status = adds ? add(&s, &r, argv[3], replace) : removes ? remove_route(&s, &r) : list(&s);
	stores_close(&s);
	return status;
}
