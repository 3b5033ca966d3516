/* `callfunnel dial`: a call out by the house that runs on this data folder, followed to its end.
 *
 * As `callfunnel sign-in` does, it asks the running conductor over HTTP with a token made here. The call is the conductor's as soon as it was
 * accepted: this program only looks, finds a conductor that was started anew, and may be stopped without consequences. Main thread.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/config.h"
#include "base/http_client.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/plane_settings.h"
#include "cli/run_file.h"
#include "cli/stores.h"
#include "conductor/dial.h"
#include "data/routes.h"

enum { ASK_US = 15000000, BODY_MAX_BYTES = 64 << 10, CALL_MAX = 64, STATE_MAX = 32, LOOK_MS = 500, AWAY_MS = 60000, WAIT_S = 18300 };

struct dialing {
	struct cli *cli;
	struct stores stores;
	const char *data;
	struct jws_claims who;
	const char *to, *from, *rulebook, *language;
	struct flag_list variables;
	int64_t wait_s;
	struct http_client *client;
	struct http_exchange *exchange;
	uv_timer_t timer;
	bool is_done;
	enum err err;
	unsigned int status;
	json_t *answer;
	char call[CALL_MAX], state[STATE_MAX];
};

/* ---- one question ---- */

static void on_done(const struct http_answer *answer, void *arg)
{
	struct dialing *d = arg;

	d->err = answer->err;
	d->status = answer->status;
	d->answer = answer->err || !answer->len ? NULL : json_loadb((const char *)answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
	d->is_done = true;
}

/* The conductor as it is now: it may be another one than before. */
static enum err ask(struct dialing *d, struct http_ask *asked, const char *path, const char *key)
{
	static const struct http_exchange_handlers handlers = { .done = on_done };
	const char *headers[] = { NULL, "Content-Type: application/json", key, NULL };
	char url[PLANE_URL_MAX + 160];
	struct run_facts conductor;
	struct err_detail detail;
	struct buf bearer;
	enum err err = run_file_look(d->data, "conductor", &conductor);

	if (err || !conductor.is_ready)
		return err == ERR_DENIED ? err : ERR_UNAVAILABLE;
	json_decref(d->answer);
	d->answer = NULL;
	d->is_done = false;
	snprintf(url, sizeof(url), "%s%s", conductor.url, path);
	buf_init(&bearer, JWS_MAX_BYTES + 64);
	buf_text(&bearer, "Authorization: Bearer ");
	err = identity_token(d->stores.identity, &d->who, 60, (int64_t)time(NULL), &bearer);
	headers[0] = buf_str(&bearer);
	asked->url = url;
	asked->headers = headers;
	asked->total_us = ASK_US;
	if (!err)
		err = http_exchange_start(&d->exchange, d->client, asked, &handlers, d, &detail);
	buf_fini(&bearer);
	if (!err)
		stores_wait(&d->stores, &d->is_done);
	return err ? err : d->err;
}

static void on_time(uv_timer_t *timer)
{
	((struct dialing *)timer->data)->is_done = true;
}

static void sleep_ms(struct dialing *d, uint64_t ms)
{
	d->is_done = false;
	uv_timer_start(&d->timer, on_time, ms, 0);
	stores_wait(&d->stores, &d->is_done);
}

/* ---- the call ---- */

static json_t *body_of(const struct dialing *d)
{
	json_t *o = json_pack("{s:s, s:s, s:s*, s:s*}", "to", d->to, "rulebook", d->rulebook, "from", d->from, "language", d->language);
	json_t *variables = d->variables.count ? json_object() : NULL;

	for (size_t i = 0; variables && i < d->variables.count; i++) {
		const char *item = d->variables.items[i], *equals = strchr(item, '=');

		json_object_setn_new(variables, item, (size_t)(equals - item), json_string(equals + 1));
	}
	if (variables)
		json_object_set_new(o, "variables", variables);
	return o;
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

/* The conductor's own words; what is wrong with the request is wrong with the command. */
static int refused(struct dialing *d)
{
	const json_t *error = json_object_get(d->answer, "error");
	const char *message = text_of(error, "message"), *hint = text_of(error, "hint");
	bool is_ours = d->status == 400 || d->status == 422;

	return cli_fail(d->cli, is_ours ? CLI_USAGE : CLI_MISSING, is_ours ? ERR_USAGE : ERR_UNAVAILABLE, "dial", *hint ? hint : NULL, "%s",
		*message ? message : "the conductor does not take the call");
}

/* By a key of its own, so that a question whose answer was lost may be asked again and is the same call. */
static int place(struct dialing *d)
{
	struct http_ask asked = { .method = HTTP_POST, .retries_max = 3, .is_repeatable = true };
	json_t *o = body_of(d);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL, key[80], hex[33];
	uint8_t random[16];
	enum err err = text ? ERR_NONE : ERR_NOMEM;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(hex, sizeof(hex), random, sizeof(random));
	snprintf(key, sizeof(key), "Idempotency-Key: dial-%s", hex);
	asked.body = text;
	asked.len = text ? strlen(text) : 0;
	if (!err)
		err = ask(d, &asked, "/v1/calls", key);
	free(text);
	json_decref(o);
	if (err)
		return cli_fail(d->cli, CLI_MISSING, err, d->data, "`callfunnel serve` runs the house", "the conductor cannot be asked: %s", err_name(err));
	snprintf(d->call, sizeof(d->call), "%s", text_of(d->answer, "call"));
	return d->status == 202 && d->call[0] ? CLI_FINE : refused(d);
}

static void tell_state(struct dialing *d)
{
	const char *state = text_of(json_object_get(d->answer, "dial"), "state");

	if (!d->cli->json && strcmp(state, d->state) != 0) {
		printf("%s\n", state);
		fflush(stdout);
	}
	snprintf(d->state, sizeof(d->state), "%s", state);
}

/* Both ends: the leg's at the carrier, and the call's. */
static bool is_over(const struct dialing *d)
{
	static const char *const going[] = { "", "asked", "queued", "ringing", "answered" };

	for (size_t i = 0; i < sizeof(going) / sizeof(going[0]); i++)
		if (!strcmp(d->state, going[i]))
			return false;
	return !strcmp(text_of(d->answer, "state"), "ended") && !json_is_true(json_object_get(d->answer, "settling"));
}

static int tell(struct dialing *d)
{
	const json_t *o = d->answer, *dial = json_object_get(o, "dial");
	char *text = d->cli->json ? json_dumps(o, JSON_COMPACT) : NULL;
	bool is_good = !strcmp(d->state, "completed") && json_integer_value(json_object_get(o, "connected_ms")) > 0 && strcmp(text_of(o, "result"), "failure") != 0;

	if (d->cli->json)
		printf("%s\n", text ? text : "{}");
	else
		printf("call %s: ended by %s%s%s%s%s%s%s\n", d->call, text_of(o, "reason"), *text_of(o, "outcome") ? ", outcome " : "", text_of(o, "outcome"),
			*text_of(dial, "answered_by") ? ", answered by " : "", text_of(dial, "answered_by"), *text_of(dial, "why") ? ", " : "", text_of(dial, "why"));
	free(text);
	return is_good ? CLI_FINE : CLI_NOT_SO;
}

static int follow(struct dialing *d)
{
	uint64_t began = uv_hrtime() / 1000000, answered = began, now = began;
	char path[CALL_MAX + 20];

	snprintf(path, sizeof(path), "/v1/calls/%s", d->call);
	while (now - began < (uint64_t)d->wait_s * 1000 && now - answered < AWAY_MS) {
		struct http_ask asked = { .method = HTTP_GET };
		enum err err = ask(d, &asked, path, NULL);

		now = uv_hrtime() / 1000000;
		if (!err && d->status == 200) {
			answered = now;
			tell_state(d);
			if (is_over(d))
				return tell(d);
		}
		sleep_ms(d, LOOK_MS);
	}
	return cli_fail(d->cli, CLI_MISSING, ERR_TIMEOUT, d->call, "the call is the conductor's and goes on; GET /v1/calls/CALL shows it",
		now - answered < AWAY_MS ? "it has not ended in time" : "the conductor does not answer any more");
}

static int run(struct dialing *d)
{
	const struct http_client_settings settings = { .ca_file = NULL };
	struct err_detail detail = { .message = "" };
	int status;

	if (http_client_open(&d->client, &d->stores.loop, &settings, &detail))
		return cli_fail(d->cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	uv_timer_init(&d->stores.loop, &d->timer);
	d->timer.data = d;
	status = place(d);
	if (!status)
		status = follow(d);
	json_decref(d->answer);
	uv_close((uv_handle_t *)&d->timer, NULL);
	http_client_close(&d->client);
	return status;
}

/* Before anything of the folder is opened, which would make what is not there. */
static int house_find(struct dialing *d)
{
	struct run_facts conductor;
	enum err err = run_file_look(d->data, "conductor", &conductor);

	if (err == ERR_DENIED)
		return cli_fail(d->cli, CLI_MISSING, err, d->data, "run it as the user that `callfunnel serve` runs as", "you may not look into this data folder");
	if (err && err != ERR_BUSY)
		return cli_fail(d->cli, CLI_MISSING, ERR_UNAVAILABLE, d->data, "start it by `callfunnel serve`", "no conductor runs on this data folder");
	return CLI_FINE;
}

static int judge(struct dialing *d)
{
	char number[ROUTE_NUMBER_MAX];
	struct err_detail detail;

	if (!d->to || !d->rulebook)
		return cli_fail_words(d->cli, "dial", d->to ? "which rule-book?" : "who is to be called?");
	if (dial_number(d->to, number, &detail))
		return cli_fail(d->cli, CLI_USAGE, ERR_USAGE, "--to", detail.hint, "%s: %s", detail.message, d->to);
	if (d->from && (route_number(d->from, number) || !route_number_whole(number)))
		return cli_fail(d->cli, CLI_USAGE, ERR_USAGE, "--from", "write it with + and its country: +15550100", "no phone number with its country: %s", d->from);
	for (size_t i = 0; i < d->variables.count; i++)
		if (!strchr(d->variables.items[i], '='))
			return cli_fail(d->cli, CLI_USAGE, ERR_USAGE, "--variable", "write it as callee_name=Asha", "no NAME=VALUE");
	return CLI_FINE;
}

int cmd_dial(struct cli *cli, int argc, char **argv)
{
	struct dialing d = { .cli = cli, .wait_s = WAIT_S, .who = { .subject = "dial", .name = "dial", .roles = { "operator" }, .role_count = 1 } };
	const char *tenant = NULL;
	struct tenant *t = NULL;
	const struct flag flags[] = {
		{ .name = "to", .type = FLAG_STRING, .value = &d.to, .arg = "NUMBER", .help = "Who is called, with the country: +14155550123." },
		{ .name = "rulebook", .type = FLAG_STRING, .value = &d.rulebook, .arg = "NAME", .help = "What the agent is told." },
		{ .name = "from", .type = FLAG_STRING, .value = &d.from, .arg = "NUMBER", .help = "The number that is shown, by its route the tenant's (default: the rule-book's, or any)." },
		{ .name = "language", .type = FLAG_STRING, .value = &d.language, .arg = "L", .help = "One of the rule-book's (default: its first)." },
		{ .name = "variable", .type = FLAG_LIST, .value = &d.variables, .arg = "N=V", .help = "What the rule-book must be told; may repeat." },
		{ .name = "tenant", .type = FLAG_STRING, .value = &tenant, .arg = "T", .help = "Whose call (default: server.tenant)." },
		{ .name = "wait", .type = FLAG_INT, .value = &d.wait_s, .arg = "S", .min = 1, .max = 86400, .help = "It is followed for so long (five hours)." },
		STORES_FLAG(&d.data),
		{ .name = NULL },
	};
	int status = cli_flags(cli, flags, &argc, argv);

	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "dial", "it takes flags only", "found \"%s\"", argv[1]);
	if (!status)
		status = judge(&d);
	if (status)
		return status;
	d.data = d.data ? d.data : config_text(cli->config, "data.dir");
	tenant = tenant ? tenant : config_text(cli->config, "server.tenant");
	snprintf(d.who.tenant, sizeof(d.who.tenant), "%s", tenant);
	status = house_find(&d);
	if (!status)
		status = stores_open(cli, &d.stores, d.data, STORES_DOCUMENTS | STORES_IDENTITY);
	if (status)
		return status;
	status = stores_tenant(&d.stores, tenant, &t);
	tenant_drop(&t);
	if (!status)
		status = run(&d);
	stores_close(&d.stores);
	return status;
}
