/* `callfunnel conductor`: the conductor's process: calls, tools, timeline, the page; with --control (as `callfunnel serve` starts it) control
 * as well. Without it control's requests are passed on to where it is.
 *
 * Opens the stores of data.dir and everything that stands on them, in the order of who needs whom, and closes in the opposite one. The record
 * service of the shipped rule-books has a port of its own on loopback. One loop, the main thread; one conductor a data folder.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cli/book.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/health.h"
#include "cli/plane.h"
#include "cli/plane_keys.h"
#include "cli/provider_settings.h"
#include "cli/services.h"
#include "cli/stores.h"
#include "conductor/calls.h"
#include "conductor/records.h"
#include "conductor/timeline.h"
#include "conductor/tools.h"
#include "control/api.h"
#include "data/recordings.h"
#include "providers/exotel/carrier.h"
#include "providers/exotel/rest.h"
#include "providers/twilio/carrier.h"

enum { REFRESH_MS = 60000, CLOSE_MS = 1000, TRY_MS = 1000, TRY_BYTES = 64 << 10 };

struct conductor_process {
	struct cli *cli;
	const char *data, *listen;
	int64_t fd; /* a socket that listens already; 0: none */
	bool has_control;
	struct plane plane;
	struct stores stores;
	struct plane_keys keys;
	struct tenant *tenant;
	struct recordings *recordings;
	struct http_client *client, *twilio_client, *exotel_client;
	struct exotel_rest_options exotel;
	struct http_server *server, *records_server;
	struct records *records;
	struct toolbox *toolbox;
	struct timeline *timeline;
	struct calls *calls;
	struct call_settings defaults;
	struct control_api *api;
	struct health health;
	uint64_t tried_ms; /* when the store was last written to see whether that can be done */
	uv_timer_t refresh, last; /* keys; how long open requests may take when it is told to stop */
	bool has_timers, is_over;
	char url[PLANE_URL_MAX];
	struct buf replay; /* words of a shell */
};

/* ------------------------------------------------------------------ time */

static uint64_t now_ms(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t mono_ms(void *arg)
{
	(void)arg;
	return uv_hrtime() / 1000000;
}

static int64_t now_s(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static int32_t today(void *arg)
{
	(void)arg;
	return book_today();
}

static uint64_t moment_ms(void *arg, int32_t day, int32_t minute)
{
	(void)arg;
	return (uint64_t)book_moment(day, minute) * 1000;
}

/* ------------------------------------------------------------------ health, numbers */

static void stores_said(struct health_answer *a, enum err err)
{
	health_say(a, "stores", !err, err_name(err));
	health_done(a);
}

static void stores_written(void *arg, enum err err, uint64_t revision)
{
	(void)revision;
	stores_said(arg, err);
}

/* Whoever asks may ask often: the store is not written for each. A little shows enough, but behind a write that failed it must take as much as a
 * call does, or it would be ready and refuse the next one. */
static bool stores_try(struct conductor_process *p, struct health_answer *a, enum err failing)
{
	static const uint8_t room[TRY_BYTES];
	const struct documents_put put = { .key = "health", .value = room, .len = failing ? sizeof(room) : 1, .expected = DOCUMENT_ANY };
	enum err err;

	if (p->tried_ms && mono_ms(NULL) - p->tried_ms < TRY_MS)
		return false;
	p->tried_ms = mono_ms(NULL);
	err = documents_put(p->stores.documents, NULL, tenant_house(), &put, stores_written, a);
	if (err)
		stores_said(a, err);
	return true;
}

static void ready(void *arg, struct health_answer *a)
{
	struct conductor_process *p = arg;
	struct documents *documents = p->stores.documents;
	enum err failing = atomic_load(&documents->damaged) ? ERR_CORRUPT : (enum err)atomic_load(&documents->failing);
	struct calls_facts facts;

	calls_facts(p->calls, &facts);
	health_say(a, "workers", facts.workers > 0, "no voice worker was heard of lately");
	health_say(a, "journals", facts.workers == 0 || facts.unwell < facts.workers, "no worker can keep its journal: look at its disk");
	health_say(a, "room", facts.workers == 0 || facts.open > 0, "every worker is full, draining or without a journal");
	if (failing == ERR_CORRUPT || !stores_try(p, a, failing))
		stores_said(a, failing);
}

static void metrics(void *arg, struct buf *b)
{
	struct conductor_process *p = arg;
	struct calls_facts facts;

	calls_facts(p->calls, &facts);
	metric_one(b, "callfunnel_workers", METRIC_GAUGE, "Voice workers that were heard of lately.", (double)facts.workers);
	metric_one(b, "callfunnel_workers_open", METRIC_GAUGE, "Those of them that take a new call.", (double)facts.open);
	metric_one(b, "callfunnel_workers_unwell", METRIC_GAUGE, "Those of them whose journal is not well.", (double)facts.unwell);
	metric_one(b, "callfunnel_calls", METRIC_GAUGE, "Calls that workers have now, by their own word.", (double)facts.calls);
	metric_one(b, "callfunnel_tools_running", METRIC_GAUGE, "Tools that were asked for and have no outcome yet.", (double)toolbox_running(p->toolbox));
	metric_one(b, "callfunnel_documents_changes_total", METRIC_COUNTER, "Changes of documents that were made durable.",
		(double)atomic_load(&p->stores.documents->changes));
	metric_one(b, "callfunnel_documents_commits_total", METRIC_COUNTER, "Commits that took.", (double)atomic_load(&p->stores.documents->commits));
}

/* ------------------------------------------------------------------ opening */

static int keys_begin(struct conductor_process *p)
{
	struct err_detail detail = { .message = "" };
	char folder[STORES_PATH_MAX + 16];
	struct plane_keys_settings settings = { .cli = p->cli, .loop = &p->stores.loop, .plane = "conductor", .peer = "voice", .folder = folder,
		.identity = p->has_control ? p->stores.identity : NULL, .keys_base = config_text(p->cli->config, "control.url") };
	enum err err = ERR_NONE;

	snprintf(folder, sizeof(folder), "%s/identity", p->stores.dir);
	if (!p->has_control && !*settings.keys_base)
		return cli_fail(p->cli, CLI_USAGE, ERR_USAGE, "control.url", "say where `callfunnel control` is, or give --control to have it in this process",
			"whose tokens are good?");
	if (p->has_control)
		err = identity_service(p->stores.identity, "conductor", now_s(NULL), &detail);
	if (!err && p->has_control)
		err = identity_service(p->stores.identity, "voice", now_s(NULL), &detail);
	return err ? plane_fail(p->cli, err, &detail, "the planes' keys") : plane_keys_begin(&p->keys, &settings);
}

static enum err recordings_begin(struct conductor_process *p, struct err_detail *detail)
{
	char folder[STORES_PATH_MAX + 32], spool[STORES_PATH_MAX + 48];
	struct timeline_settings settings = { .loop = &p->stores.loop, .documents = p->stores.documents, .disk = &disk_real, .spool = spool, .token = bearer_token };
	enum err err;

	snprintf(folder, sizeof(folder), "%s/recordings", p->stores.dir);
	snprintf(spool, sizeof(spool), "%s/incoming", folder);
	err = files_recordings_open(&p->recordings, &p->stores.loop, &disk_real, folder, detail);
	settings.recordings = p->recordings;
	return err ? err : timeline_open(&p->timeline, &settings, detail);
}

static enum err servers_begin(struct conductor_process *p, struct err_detail *detail)
{
	const struct http_settings inner = { .listen = "127.0.0.1:0" };
	const struct http_settings http = { .listen = p->listen, .has_fd = p->fd > 0, .fd = (int)p->fd, .policy = CONSOLE_POLICY, .authorise = bearer_authorise,
		.authorise_arg = &p->keys.bearer };
	enum err err = http_server_open(&p->records_server, &p->stores.loop, &inner, detail);

	if (!err)
		err = http_server_open(&p->server, &p->stores.loop, &http, detail);
	if (!err && !plane_url(p->listen, http_server_port(p->server), p->url)) {
		snprintf(detail->message, sizeof(detail->message), "the conductor is reached by an address and a port");
		snprintf(detail->where, sizeof(detail->where), "%.150s", p->listen);
		snprintf(detail->hint, sizeof(detail->hint), "write 127.0.0.1:8080 or [::1]:8080");
		err = ERR_USAGE;
	}
	return err;
}

static enum err tools_begin(struct conductor_process *p, struct err_detail *detail)
{
	const struct records_settings records = { .documents = p->stores.documents, .secrets = p->stores.secrets, .today = today };
	const char *outside = config_text(p->cli->config, "services.records");
	char url[PLANE_URL_MAX];
	struct toolbox_service services[TOOLBOX_SERVICES_MAX];
	struct toolbox_settings settings = { .loop = &p->stores.loop, .documents = p->stores.documents, .secrets = p->stores.secrets, .services = services,
		.service_count = services_list(p->cli->config, url, services), .now_ms = now_ms };
	enum err err = records_open(&p->records, &records);

	if (!err)
		err = records_mount(p->records, p->records_server);
	settings.records = *outside ? NULL : p->records;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u" RECORDS_BASE_PATH, http_server_port(p->records_server));
	config_bind(p->cli->config, toolbox_options, &settings.options);
	return err ? err : toolbox_open(&p->toolbox, &settings, detail);
}

static enum err assertion(void *arg, const struct tenant *t, struct buf *out)
{
	struct conductor_process *p = arg;

	return service_key_assert(p->keys.key, &p->keys.peer, t, now_s(NULL), out);
}

/* As a word of a shell: in quotes, when it has what a shell would not leave alone. */
static void put_word(struct buf *b, const char *word)
{
	if (*word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,=@%") == strlen(word)) {
		buf_text(b, word);
		return;
	}
	buf_byte(b, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_text(b, "'\\''");
		else
			buf_byte(b, (uint8_t)*word);
	buf_byte(b, '\'');
}

/* This program and this house's journals by their whole paths, so that it works in any folder. Where the workers are elsewhere, so are the journals. */
static const char *replay_words(struct conductor_process *p)
{
	char program[STORES_PATH_MAX], folder[PATH_MAX], journals[PATH_MAX + 16];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (!p->has_control || !realpath(p->stores.dir, folder))
		return NULL;
	program[len > 0 ? len : 0] = 0;
	buf_init(&p->replay, CALLS_REPLAY_MAX);
	put_word(&p->replay, len > 0 && !access(program, X_OK) ? program : "callfunnel"); /* it was replaced meanwhile */
	snprintf(journals, sizeof(journals), "%s/journal", folder);
	buf_text(&p->replay, " replay --dir ");
	put_word(&p->replay, journals);
	return p->replay.err ? NULL : buf_str(&p->replay);
}

static const struct carrier *const carriers[] = { &twilio_carrier, &exotel_carrier, NULL };

/* Each has certificates of its own to be judged by. */
static enum err carrier_client_begin(struct conductor_process *p, struct http_client **cp, const char *ca_file, struct err_detail *detail)
{
	const struct http_client_settings http = { .ca_file = *ca_file ? ca_file : NULL };

	return http_client_open(cp, &p->stores.loop, &http, detail);
}

static enum err twilio_begin(struct conductor_process *p, struct calls_line *line, struct err_detail *detail)
{
	struct twilio_settings twilio;
	enum err err;

	config_bind(p->cli->config, twilio_options, &twilio);
	err = carrier_client_begin(p, &p->twilio_client, twilio.ca_file, detail);
	*line = (struct calls_line){ .carrier = &twilio_carrier, .client = p->twilio_client, .url = twilio.url, .ring_s = (unsigned int)twilio.ring_s,
		.detects_machines = twilio.detects_machines };
	return err;
}

static enum err exotel_begin(struct conductor_process *p, struct calls_line *line, unsigned int *media_hz, struct err_detail *detail)
{
	struct exotel_settings exotel;
	enum err err;

	config_bind(p->cli->config, exotel_options, &exotel);
	err = carrier_client_begin(p, &p->exotel_client, exotel.ca_file, detail);
	p->exotel = (struct exotel_rest_options){ .caller_id = exotel.caller_id, .zone_min = (int)exotel.zone_min, .flow_url = exotel.flow_url };
	*line = (struct calls_line){ .carrier = &exotel_carrier, .client = p->exotel_client, .url = exotel.url, .ring_s = (unsigned int)exotel.ring_s,
		.settings = &p->exotel };
	*media_hz = (unsigned int)strtoul(exotel_rates[exotel.rate_hz], NULL, 10);
	return err;
}

/* Who brings calls, and how those are asked that calls out go by; Twilio's are those of routes that name no carrier. */
static enum err carriers_begin(struct conductor_process *p, struct calls_settings *settings, struct err_detail *detail)
{
	enum err err = twilio_begin(p, &settings->lines[0], detail);

	settings->carriers = carriers;
	settings->hold_music_url = config_text(p->cli->config, "providers.twilio.hold_music_url");
	return err ? err : exotel_begin(p, &settings->lines[1], &settings->media_hz, detail);
}

static enum err calls_begin(struct conductor_process *p, struct err_detail *detail)
{
	struct calls_settings settings = { .loop = &p->stores.loop, .documents = p->stores.documents, .secrets = p->stores.secrets, .tools = p->toolbox,
		.rulebooks_dir = config_text(p->cli->config, "rulebooks.dir"), .replay = replay_words(p), .defaults = &p->defaults,
		.token = bearer_token, .assertion = assertion, .now_ms = now_ms, .mono_ms = mono_ms, .today = today,
		.moment_ms = moment_ms, .arg = p };
	const struct http_client_settings http = { .ca_file = NULL };
	enum err err = http_client_open(&p->client, &p->stores.loop, &http, detail);

	settings.client = p->client;
	config_bind(p->cli->config, call_options, &p->defaults);
	config_bind(p->cli->config, calls_options, &settings.options);
	settings.clear = book_clear_default(p->cli);
	if (!*settings.options.server_url)
		settings.options.server_url = p->url; /* enough for carriers on this machine: tests, a tunnel that keeps the address */
	if (!err)
		err = carriers_begin(p, &settings, detail);
	return err ? err : calls_open(&p->calls, &settings, detail);
}

static enum err control_begin(struct conductor_process *p)
{
	const struct control_api_settings here = { .identity = p->stores.identity, .policy = &p->keys.people,
		.link_s = config_int(p->cli->config, "identity.link_s"), .token = bearer_token, .now_s = now_s };
	const struct control_api_settings away = { .url = config_text(p->cli->config, "control.url"), .client = p->client };
	enum err err = control_api_open(&p->api, p->has_control ? &here : &away);

	return err ? err : control_api_mount(p->api, p->server);
}

static enum err mounts_make(struct conductor_process *p)
{
	enum err err;

	p->health = (struct health){ .ready = ready, .metrics = metrics, .token = bearer_token, .arg = p };
	err = health_mount(&p->health, p->server);
	if (!err)
		err = calls_mount(p->calls, p->server);
	if (!err)
		err = timeline_mount(p->timeline, p->server);
	if (!err)
		err = control_begin(p);
	return err ? err : http_server_files(p->server, console_files);
}

static int house_open(struct conductor_process *p)
{
	struct err_detail detail = { .message = "" };
	int status = keys_begin(p);
	enum err err;

	if (!status)
		status = stores_tenant_made(&p->stores, config_text(p->cli->config, "server.tenant"), &p->tenant);
	if (status)
		return status;
	err = recordings_begin(p, &detail);
	if (!err)
		err = servers_begin(p, &detail);
	if (!err)
		err = tools_begin(p, &detail);
	if (!err)
		err = calls_begin(p, &detail);
	if (!err)
		err = mounts_make(p);
	return err ? plane_fail(p->cli, err, &detail, "the conductor cannot start") : CLI_FINE;
}

/* ------------------------------------------------------------------ running */

static void on_refresh(uv_timer_t *timer)
{
	struct conductor_process *p = timer->data;

	plane_keys_refresh(&p->keys, p->has_control ? p->stores.identity : NULL);
}

static void on_last(uv_timer_t *timer)
{
	struct conductor_process *p = timer->data;

	p->is_over = true;
	uv_stop(&p->stores.loop);
}

/* What was asked is still answered, for a moment. */
static void stop(void *arg, unsigned int times)
{
	struct conductor_process *p = arg;

	http_server_drain(p->server);
	uv_timer_start(&p->last, on_last, times == 1 && http_server_connections(p->server) ? CLOSE_MS : 0, 0);
}

static void timers_begin(struct conductor_process *p)
{
	uv_timer_init(&p->stores.loop, &p->refresh);
	uv_timer_init(&p->stores.loop, &p->last);
	p->refresh.data = p->last.data = p;
	p->has_timers = true;
	uv_timer_start(&p->refresh, on_refresh, REFRESH_MS, REFRESH_MS);
}

static void run(struct conductor_process *p)
{
	char link[IDENTITY_LINK_MAX];

	timers_begin(p);
	plane_begin(&p->plane, &p->stores.loop, stop, p);
	if (p->has_control)
		plane_keys_link(p->stores.identity, tenant_name(p->tenant), link);
	plane_ready(&p->plane, p->url, p->listen, http_server_port(p->server), p->has_control ? link : NULL);
	while (!p->is_over)
		uv_run(&p->stores.loop, UV_RUN_DEFAULT);
}

static void house_close(struct conductor_process *p)
{
	if (p->has_timers) {
		uv_close((uv_handle_t *)&p->refresh, NULL);
		uv_close((uv_handle_t *)&p->last, NULL);
	}
	plane_end(&p->plane);
	if (p->server)
		http_server_close(&p->server, NULL, NULL);
	calls_close(&p->calls);
	buf_fini(&p->replay);
	timeline_close(&p->timeline);
	control_api_close(&p->api);
	toolbox_close(&p->toolbox);
	if (p->records_server)
		http_server_close(&p->records_server, NULL, NULL);
	records_close(&p->records);
	http_client_close(&p->client);
	http_client_close(&p->twilio_client);
	http_client_close(&p->exotel_client);
	recordings_close(&p->recordings);
	tenant_drop(&p->tenant);
	plane_keys_end(&p->keys);
}

/* The first start makes three keys: the issuer's, the conductor's, the workers'. */
static void keys_ahead(const struct conductor_process *p, const char *data)
{
	char path[STORES_PATH_MAX + 32];

	if (p->has_control && snprintf(path, sizeof(path), "%s/identity/keys.json", data) < (int)sizeof(path) && access(path, F_OK))
		jws_keys_ahead(3);
}

static int hold(struct conductor_process *p, const char *data)
{
	unsigned int which = STORES_DOCUMENTS | STORES_SECRETS | (p->has_control ? STORES_IDENTITY : 0);
	int status = plane_take(&p->plane, p->cli, "conductor", "conductor", data);

	if (status)
		return status;
	keys_ahead(p, data);
	status = stores_open(p->cli, &p->stores, p->data, which);
	if (!status) {
		status = house_open(p);
		jws_keys_ahead(0);
		if (!status)
			run(p);
		house_close(p);
		stores_close(&p->stores);
	}
	plane_leave(&p->plane);
	return status;
}

int cmd_conductor(struct cli *cli, int argc, char **argv)
{
	struct conductor_process *p = calloc(1, sizeof(*p));
	const struct flag flags[] = {
		{ .name = "listen", .type = FLAG_STRING, .value = &p->listen, .arg = "ADDR:PORT", .help = "Where it listens (default: server.listen)." },
		{ .name = "control", .type = FLAG_BOOL, .value = &p->has_control, .help = "Control's requests too: signing in, the planes' keys." },
		PLANE_FD_FLAG(&p->fd),
		STORES_FLAG(&p->data),
		{ .name = NULL },
	};
	int status;

	if (!p)
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	p->cli = cli;
	status = cli_flags(cli, flags, &argc, argv);
	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "conductor", "it takes flags only", "found \"%s\"", argv[1]);
	p->listen = p->listen ? p->listen : config_text(cli->config, "server.listen");
	if (!status)
		status = plane_fd_take(cli, p->fd);
	if (!status)
		status = hold(p, p->data ? p->data : config_text(cli->config, "data.dir"));
	free(p);
	return status;
}
