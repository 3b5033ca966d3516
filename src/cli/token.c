/* `callfunnel token --tenant T --role R [--ttl S]`: a token of the built-in issuer, for scripts and for trying things. Main thread.
 *
 * It needs the issuer's private key: whoever may read the data folder may be anybody. Refuses the role "service": planes sign for
 * themselves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "base/json.h"
#include "base/roles.h"
#include "cli/commands.h"
#include "cli/stores.h"

static void list_roles(char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "roles:");

	for (const struct role_info *r = role_list; r->name && used < size; r++)
		if (r->role != ROLE_SERVICE)
			used += (size_t)snprintf(out + used, size - used, " %s", r->name);
}

/* The roles into the claims; *house: they are all about the house, and need no tenant. */
static int take_roles(struct cli *cli, const struct flag_list *roles, struct jws_claims *who, bool *house)
{
	char hint[160];

	list_roles(hint, sizeof(hint));
	*house = roles->count > 0;
	for (size_t i = 0; i < roles->count; i++) {
		const struct role_info *r = role_find(roles->items[i]);

		if (!r || r->role == ROLE_SERVICE || who->role_count == JWS_ROLES_MAX)
			return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--role", hint, "no such role: %s", roles->items[i]);
		*house = *house && r->role == ROLE_HOUSE;
		snprintf(who->roles[who->role_count++], JWS_ROLE_MAX, "%s", r->name);
	}
	return roles->count ? CLI_FINE : cli_fail(cli, CLI_USAGE, ERR_USAGE, "token", hint, "give at least one --role");
}

static void print_token(struct cli *cli, const struct stores *s, const struct jws_claims *who, const char *token, int64_t expires_s)
{
	struct buf b;

	if (!cli->json) {
		puts(token);
		return;
	}
	buf_init(&b, 2 * JWS_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "token", token);
	json_pair_string(&b, "tenant", who->tenant[0] ? who->tenant : NULL);
	json_pair_string(&b, "subject", who->subject);
	json_put_key(&b, "roles");
	json_open(&b, '[');
	for (size_t i = 0; i < who->role_count; i++)
		json_put_string(&b, who->roles[i]);
	json_close(&b, ']');
	json_pair_i64(&b, "expires_s", expires_s);
	json_pair_string(&b, "key", identity_key_id(s->identity));
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static int make(struct stores *s, struct jws_claims *who, int64_t ttl_s)
{
	int64_t now_s = (int64_t)time(NULL);
	struct tenant *t = NULL;
	struct buf token;
	int status = who->tenant[0] ? stores_tenant(s, who->tenant, &t) : CLI_FINE;
	enum err err;

	if (status)
		return status;
	tenant_drop(&t);
	buf_init(&token, JWS_MAX_BYTES + 1);
	err = identity_token(s->identity, who, ttl_s, now_s, &token);
	if (err)
		status = cli_fail(s->cli, CLI_USAGE, err, "token", NULL, "the token cannot be made: %s", err_name(err));
	else
		print_token(s->cli, s, who, buf_str(&token), now_s + ttl_s);
	buf_fini(&token);
	return status;
}

static int ttl_check(struct stores *s, int64_t *ttl_s)
{
	struct identity_settings settings;

	config_bind(s->cli->config, identity_options, &settings);
	*ttl_s = *ttl_s ? *ttl_s : settings.token_s;
	if (*ttl_s <= s->policy.lifetime_max_s)
		return CLI_FINE;
	return cli_fail(s->cli, CLI_USAGE, ERR_USAGE, "--ttl", "identity.lifetime_max_s says how long", "no verifier would take a token that lives %" PRId64 " s", *ttl_s);
}

int cmd_token(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL, *tenant = NULL, *subject = "operator";
	struct flag_list roles = { .count = 0 };
	int64_t ttl_s = 0;
	const struct flag flags[] = {
		{ .name = "tenant", .type = FLAG_STRING, .value = &tenant, .arg = "T", .help = "Whose data it opens; the role house needs none." },
		{ .name = "role", .type = FLAG_LIST, .value = &roles, .arg = "R", .help = "What it may do; may repeat." },
		{ .name = "ttl", .type = FLAG_INT, .value = &ttl_s, .arg = "S", .help = "Seconds it is good for (default: identity.token_s).", .min = 1, .max = 2592000 },
		{ .name = "subject", .type = FLAG_STRING, .value = &subject, .arg = "NAME", .help = "Who it says it is (default: operator)." },
		STORES_FLAG(&data),
		{ .name = NULL },
	};
	struct jws_claims who = { .role_count = 0 };
	struct stores s;
	bool house;
	int status = cli_flags(cli, flags, &argc, argv);

	if (status)
		return status;
	if (argc != 1)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "token", "it takes flags only", "found \"%s\"", argv[1]);
	status = take_roles(cli, &roles, &who, &house);
	if (status)
		return status;
	if (!tenant && !house)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "token", "callfunnel token --tenant T --role R", "give --tenant");
	if (tenant && (snprintf(who.tenant, sizeof(who.tenant), "%s", tenant) >= (int)sizeof(who.tenant) || !tenant_name_ok(who.tenant)))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--tenant", "1 to 63 of a-z, 0-9 and -, not at either end", "no name of a tenant");
	snprintf(who.subject, sizeof(who.subject), "%s", subject);
	status = stores_open(cli, &s, data, STORES_DOCUMENTS | STORES_IDENTITY);
	if (status)
		return status;
	status = ttl_check(&s, &ttl_s);
	if (!status)
		status = make(&s, &who, ttl_s);
	stores_close(&s);
	return status;
}
