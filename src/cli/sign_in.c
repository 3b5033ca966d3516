/* `callfunnel sign-in`: a fresh sign-in link of the conductor that runs on this data folder.
 *
 * Who may read the data folder may sign as anybody; this asks the running conductor over HTTP, with a token made here, so that the link is
 * known where it will be used. Main thread.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/config.h"
#include "base/http_client.h"
#include "base/json.h"
#include "base/roles.h"
#include "cli/commands.h"
#include "cli/plane_settings.h"
#include "cli/run_file.h"
#include "cli/stores.h"

enum { ASK_US = 5000000, BODY_MAX_BYTES = 4096 };

struct asking {
	struct cli *cli;
	struct stores stores;
	struct run_facts conductor;
	struct jws_claims who;
	struct http_exchange *exchange;
	struct buf link;
	bool is_done;
	enum err err;
	unsigned int status;
};

static void on_done(const struct http_answer *answer, void *arg)
{
	struct asking *a = arg;
	json_t *o = answer->err ? NULL : json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
	const char *link = json_string_value(json_object_get(o, "link"));

	a->err = answer->err;
	a->status = answer->status;
	if (answer->status == 200 && link)
		buf_text(&a->link, link);
	json_decref(o);
	a->is_done = true;
}

static void body_make(const struct asking *a, struct buf *b)
{
	json_open(b, '{');
	json_pair_string(b, "name", a->who.name);
	json_put_key(b, "roles");
	json_open(b, '[');
	for (size_t i = 0; i < a->who.role_count; i++)
		json_put_string(b, a->who.roles[i]);
	json_close(b, ']');
	json_close(b, '}');
}

static enum err ask(struct asking *a, struct http_client *client, struct err_detail *detail)
{
	static const struct http_exchange_handlers handlers = { .done = on_done };
	const char *headers[] = { NULL, "Content-Type: application/json", NULL };
	char url[PLANE_URL_MAX + 40];
	struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .total_us = ASK_US };
	struct jws_claims asker = a->who;
	struct buf bearer, body;
	enum err err;

	snprintf(asker.roles[asker.role_count++], JWS_ROLE_MAX, "admin"); /* who makes links for others */
	snprintf(url, sizeof(url), "%s/v1/sign-in-links", a->conductor.url);
	buf_init(&bearer, JWS_MAX_BYTES + 64);
	buf_init(&body, BODY_MAX_BYTES);
	body_make(a, &body);
	buf_text(&bearer, "Authorization: Bearer ");
	err = identity_token(a->stores.identity, &asker, 60, (int64_t)time(NULL), &bearer);
	headers[0] = buf_str(&bearer);
	ask.body = body.data;
	ask.len = body.len;
	if (!err)
		err = body.err ? body.err : http_exchange_start(&a->exchange, client, &ask, &handlers, a, detail);
	buf_fini(&bearer);
	buf_fini(&body);
	if (!err)
		stores_wait(&a->stores, &a->is_done);
	return err ? err : a->err;
}

static int tell(struct asking *a)
{
	const char *link = buf_str(&a->link);

	if (!*link)
		return cli_fail(a->cli, CLI_MISSING, ERR_DENIED, a->conductor.url, NULL, "the conductor gives no link (status %u)", a->status);
	if (a->cli->json)
		printf("{\"link\":\"%s\",\"url\":\"%s/sign-in#%s\"}\n", link, a->conductor.url, link);
	else
		printf("%s/sign-in#%s\n", a->conductor.url, link);
	return CLI_FINE;
}

static int run(struct asking *a)
{
	const struct http_client_settings settings = { .ca_file = NULL };
	struct err_detail detail = { .message = "" };
	struct http_client *client = NULL;
	enum err err = http_client_open(&client, &a->stores.loop, &settings, &detail);

	if (!err)
		err = ask(a, client, &detail);
	http_client_close(&client);
	return err ? cli_fail(a->cli, CLI_MISSING, err, a->conductor.url, NULL, "the conductor does not answer: %s", err_name(err)) : tell(a);
}

static int who_make(struct asking *a, const char *tenant, const char *name, const struct flag_list *roles)
{
	static const char *const usual[] = { "admin", "reveal" };

	snprintf(a->who.tenant, sizeof(a->who.tenant), "%s", tenant);
	snprintf(a->who.name, sizeof(a->who.name), "%s", name);
	snprintf(a->who.subject, sizeof(a->who.subject), "%s", name);
	for (size_t i = 0; i < (roles->count ? roles->count : 2); i++) {
		const char *role = roles->count ? roles->items[i] : usual[i];
		const struct role_info *info = role_find(role);

		if (!info || info->role == ROLE_SERVICE || a->who.role_count == JWS_ROLES_MAX - 1)
			return cli_fail(a->cli, CLI_USAGE, ERR_USAGE, "--role", "viewer operator approver author reveal admin", "no such role: %s", role);
		snprintf(a->who.roles[a->who.role_count++], JWS_ROLE_MAX, "%s", role);
	}
	return CLI_FINE;
}

/* Whoever may not look cannot be told that nobody is there. */
static int conductor_find(struct asking *a, const char *data)
{
	enum err err = run_file_look(data, "conductor", &a->conductor);

	if (err == ERR_DENIED)
		return cli_fail(a->cli, CLI_MISSING, err, data, "run it as the user that `callfunnel serve` runs as", "you may not look into this data folder");
	if (err || !a->conductor.is_ready)
		return cli_fail(a->cli, CLI_MISSING, ERR_UNAVAILABLE, data, "start it by `callfunnel serve`", "no conductor runs on this data folder");
	return CLI_FINE;
}

int cmd_sign_in(struct cli *cli, int argc, char **argv)
{
	struct asking a = { .cli = cli };
	const char *data = NULL, *tenant = NULL, *name = "operator";
	struct flag_list roles = { .count = 0 };
	struct tenant *t = NULL;
	const struct flag flags[] = {
		{ .name = "tenant", .type = FLAG_STRING, .value = &tenant, .arg = "T", .help = "Whose (default: server.tenant)." },
		{ .name = "role", .type = FLAG_LIST, .value = &roles, .arg = "R", .help = "What the person may do; may repeat (admin and reveal)." },
		{ .name = "name", .type = FLAG_STRING, .value = &name, .arg = "NAME", .help = "Who it is (operator)." },
		STORES_FLAG(&data),
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "sign-in", "it takes flags only", "found \"%s\"", argv[1]);
	tenant = tenant ? tenant : config_text(cli->config, "server.tenant");
	if (!status)
		status = who_make(&a, tenant, name, &roles);
	if (status)
		return status;
	data = data ? data : config_text(cli->config, "data.dir");
	status = conductor_find(&a, data);
	if (!status)
		status = stores_open(cli, &a.stores, data, STORES_DOCUMENTS | STORES_IDENTITY);
	if (status)
		return status;
	buf_init(&a.link, 256);
	status = stores_tenant(&a.stores, tenant, &t);
	tenant_drop(&t);
	if (!status)
		status = run(&a);
	buf_fini(&a.link);
	stores_close(&a.stores);
	return status;
}
