/* `callfunnel voice`: a worker's process: media sockets, calls, a journal of its own in DATA/journal/NAME, and the conductor's client.
 *
 * It is ready when the conductor has heard of it. Told to stop it takes no new call and moves those it has to other workers with room, each at a
 * turn's boundary; where there is none it waits voice.drain_s, then hands all over to whoever attaches next; told again it does so at once.
 * Recogniser and voices are loaded with the first call that needs them. One loop, the main thread; the media thread is the worker's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "cli/commands.h"
#include "cli/health.h"
#include "cli/live_agent.h"
#include "cli/live_ears.h"
#include "cli/media_adapters.h"
#include "cli/plane.h"
#include "cli/plane_keys.h"
#include "cli/stores.h"
#include "voice/journal/journal_settings.h"
#include "voice/shipping/shipping.h"
#include "voice/worker/sockets.h"
#include "voice/worker/worker.h"

enum { REFRESH_MS = 60000, LOOK_MS = 50, TELL_MS = 2000, HAND_MS = 2500, SHIP_MS = 2000, FOLDER_MAX = STORES_PATH_MAX + RUN_NAME_MAX + 32, ORIGINS_MAX = 2000 };
enum { TRY_MS = 1000, TRY_BYTES = 4096 };

enum voice_phase { VOICE_SERVES, VOICE_DRAINS, VOICE_HANDS, VOICE_TELLS, VOICE_OVER };

/* A small write beside the journal, in a thread of its own: an idle journal writes nothing, and a slow disk must not keep sound waiting. */
struct disk_try {
	uv_work_t work;
	struct health_answer *answer; /* the first one's who asked */
	uint64_t at_ms;
	bool is_running;
	enum err result; /* the thread's, while it runs */
	enum err err;
};

struct voice_process {
	struct cli *cli;
	const char *data, *name, *listen;
	const char *dir; /* the data folder, whoever named it */
	int64_t fd;
	struct voice_settings settings;
	struct plane plane;
	uv_loop_t loop;
	struct clock *clock;
	struct plane_keys keys;
	struct worker *worker;
	struct http_server *server;
	struct conductor *conductor;
	struct shipping *shipping;
	struct service_key *shipping_key; /* for its thread alone */
	struct live_agents *agents;
	struct media_adapters adapters;
	struct sockets *sockets;
	struct health health;
	struct disk_try disk;
	uv_timer_t refresh, look; /* keys; how far the end has come */
	bool has_timers, is_told; /* the ready line */
	bool needs_journal;       /* one that can hold a new call, or no start */
	enum voice_phase phase;
	uint64_t until_ms;        /* of this phase */
	char folder[FOLDER_MAX], journals[FOLDER_MAX], spool[FOLDER_MAX], identity[FOLDER_MAX], url[PLANE_URL_MAX], origins[ORIGINS_MAX];
	struct log log;
};

static int fail(struct voice_process *p, enum err err, const struct err_detail *detail)
{
	return plane_fail(p->cli, err, detail, "the worker cannot start");
}

/* ------------------------------------------------------------------ health, numbers */

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void disk_work(uv_work_t *work)
{
	static const uint8_t bytes[TRY_BYTES];
	struct voice_process *p = work->data;
	struct disk_file *file = NULL;
	char path[DISK_PATH_MAX];
	enum err err = disk_path(path, p->folder, "health.tmp"), gone;

	if (!err)
		err = disk_open(&disk_real, &file, path, DISK_WRITE | DISK_CREATE);
	if (!err)
		err = disk_write(file, 0, bytes, sizeof(bytes));
	if (file) {
		disk_close(&file);
		gone = disk_unlink(&disk_real, path);
		err = err ? err : gone;
	}
	p->disk.result = err;
}

static void disk_said(struct voice_process *p, struct health_answer *a)
{
	health_say(a, "disk", !p->disk.err, err_name(p->disk.err));
	health_done(a);
}

static void disk_worked(uv_work_t *work, int status)
{
	struct voice_process *p = work->data;

	p->disk.is_running = false;
	if (!status)
		p->disk.err = p->disk.result;
	disk_said(p, p->disk.answer);
}

/* Whoever asks may ask often: what was found a moment ago is said again. */
static void disk_try(struct voice_process *p, struct health_answer *a)
{
	struct disk_try *t = &p->disk;

	if (t->is_running || (t->at_ms && now_ms() - t->at_ms < TRY_MS)) {
		disk_said(p, a);
		return;
	}
	t->work.data = p;
	t->answer = a;
	t->at_ms = now_ms();
	t->is_running = !uv_queue_work(&p->loop, &t->work, disk_work, disk_worked);
	if (!t->is_running)
		disk_said(p, a);
}

static void ready(void *arg, struct health_answer *a)
{
	struct voice_process *p = arg;
	enum journal_health health = journal_health(worker_journal(p->worker));

	health_say(a, "journal", health == JOURNAL_OK, journal_health_name(health));
	health_say(a, "conductor", conductor_answers(p->conductor), "the conductor does not answer");
	health_say(a, "serving", p->phase == VOICE_SERVES, "it was told to stop");
	disk_try(p, a);
}

static void put_calls(const struct voice_process *p, struct buf *b)
{
	const struct sockets_counts *c = sockets_counts(p->sockets);

	metric_one(b, "callfunnel_voice_calls", METRIC_GAUGE, "Calls that are here now.", (double)worker_calls(p->worker));
	metric_one(b, "callfunnel_voice_calls_begun_total", METRIC_COUNTER, "Calls that began here.", (double)c->begun);
	metric_one(b, "callfunnel_voice_calls_continued_total", METRIC_COUNTER, "Calls that had another worker, or another socket, before.", (double)c->continued);
	metric_one(b, "callfunnel_voice_calls_left_total", METRIC_COUNTER, "Calls whose socket was lost before they had ended.", (double)c->left);
	metric_one(b, "callfunnel_voice_calls_moved_total", METRIC_COUNTER, "Calls handed over to another worker because this one was told to stop.", (double)c->moved);
	metric_one(b, "callfunnel_voice_sockets_refused_total", METRIC_COUNTER, "Media sockets that were refused at once.", (double)c->refused);
	metric_begin(b, "callfunnel_voice_calls_ended_total", METRIC_COUNTER, "Calls that ended here, by what ended them.");
	for (int i = END_CALLER; i < END_REASONS; i++)
		metric_put(b, "callfunnel_voice_calls_ended_total", "reason", conductor_end_name((enum end_reason)i), (double)c->ended[i]);
	metric_one(b, "callfunnel_voice_calls_prepared_total", METRIC_COUNTER, "Calls that were prepared while they rang.", (double)c->prepared);
	metric_one(b, "callfunnel_voice_calls_unused_total", METRIC_COUNTER, "Calls that were prepared here and did not come.", (double)c->unused);
	histogram_put(b, "callfunnel_voice_turn_seconds", "From the end of the caller's speech to the first sample of the answer played.", &c->turns);
	histogram_put(b, "callfunnel_voice_lateness_seconds", "How late the calls' wake-ups came: what sound waited for the loop.", worker_lateness(p->worker));
}

static void put_journal(const struct voice_process *p, struct buf *b)
{
	const struct journal *j = worker_journal(p->worker);
	struct journal_counts c = journal_counts(j);
	enum journal_health health = journal_health(j);

	metric_begin(b, "callfunnel_journal_health", METRIC_GAUGE, "1 for the state that the journal is in.");
	for (int i = JOURNAL_OK; i <= JOURNAL_STOPPED; i++)
		metric_put(b, "callfunnel_journal_health", "state", journal_health_name((enum journal_health)i), (int)health == i);
	metric_one(b, "callfunnel_journal_records_total", METRIC_COUNTER, "Records appended.", (double)c.records);
	metric_one(b, "callfunnel_journal_bytes_total", METRIC_COUNTER, "Bytes made durable.", (double)c.bytes);
	metric_one(b, "callfunnel_journal_batches_total", METRIC_COUNTER, "Commits.", (double)c.batches);
	metric_one(b, "callfunnel_journal_gaps_total", METRIC_COUNTER, "Gaps marked, because something found no room.", (double)c.gaps);
	metric_one(b, "callfunnel_journal_waiting_bytes", METRIC_GAUGE, "Bytes that are not durable yet.", (double)c.waiting_bytes);
}

static void put_shipping(const struct voice_process *p, struct buf *b)
{
	const struct shipping_counts c = shipping_counts(p->shipping);

	metric_one(b, "callfunnel_shipping_records_total", METRIC_COUNTER, "Records of the journal that the conductor has.", (double)c.records);
	metric_one(b, "callfunnel_shipping_lines_total", METRIC_COUNTER, "Lines of the timeline that it has.", (double)c.lines);
	metric_one(b, "callfunnel_shipping_refused_total", METRIC_COUNTER, "Lines that it has no use for.", (double)c.refused);
	metric_one(b, "callfunnel_shipping_failures_total", METRIC_COUNTER, "Requests that were not answered well.", (double)c.failures);
	metric_one(b, "callfunnel_shipping_recordings_total", METRIC_COUNTER, "Recordings that were sent up.", (double)c.recordings);
	metric_one(b, "callfunnel_shipping_recordings_waiting", METRIC_GAUGE, "Recordings that are still to be sent up.", (double)c.recordings_waiting);
	metric_one(b, "callfunnel_shipping_all_shipped", METRIC_GAUGE, "1 while everything durable has been shipped.", c.all_shipped);
}

static void metrics(void *arg, struct buf *b)
{
	const struct voice_process *p = arg;

	put_calls(p, b);
	put_journal(p, b);
	put_shipping(p, b);
	live_agents_metrics(p->agents, b);
	metric_one(b, "callfunnel_conductor_answers", METRIC_GAUGE, "1 while the conductor takes this worker's reports.", conductor_answers(p->conductor));
	metric_one(b, "callfunnel_conductor_telling", METRIC_GAUGE, "Calls gone from here of which the conductor is still to be told something.",
		(double)conductor_telling(p->conductor));
}

/* ------------------------------------------------------------------ stopping */

static void phase_set(struct voice_process *p, enum voice_phase phase, uint64_t at_most_ms)
{
	p->phase = phase;
	p->until_ms = now_ms() + at_most_ms;
}

/* Calls that are left are told by their last snapshots; the conductor's client lives on until they are sent. */
static void calls_leave(struct voice_process *p)
{
	if (worker_calls(p->worker))
		log_warn(&p->log, "calls are left to another worker", LOG_UINT("calls", worker_calls(p->worker)));
	http_server_close(&p->server, NULL, NULL);
	sockets_close(&p->sockets);
	phase_set(p, VOICE_TELLS, TELL_MS);
}

static void on_look(uv_timer_t *timer)
{
	struct voice_process *p = timer->data;

	if (p->phase == VOICE_DRAINS && now_ms() >= p->until_ms) {
		sockets_hand_over(p->sockets);
		phase_set(p, VOICE_HANDS, HAND_MS);
	}
	if ((p->phase == VOICE_DRAINS || p->phase == VOICE_HANDS) && (!sockets_open_count(p->sockets) || now_ms() >= p->until_ms))
		calls_leave(p);
	if (p->phase == VOICE_TELLS && (!conductor_telling(p->conductor) || now_ms() >= p->until_ms)) {
		p->phase = VOICE_OVER;
		uv_stop(&p->loop);
	}
}

static void stop(void *arg, unsigned int times)
{
	struct voice_process *p = arg;

	if (p->phase == VOICE_SERVES) {
		sockets_drain(p->sockets);
		conductor_report(p->conductor);
		if (sockets_open_count(p->sockets))
			log_info(&p->log, "told to stop: no new calls", LOG_UINT("calls", sockets_open_count(p->sockets)), LOG_INT("at_most_s", p->settings.drain_s));
		phase_set(p, VOICE_DRAINS, (uint64_t)p->settings.drain_s * 1000);
		uv_timer_start(&p->look, on_look, 0, LOOK_MS);
	}
	if (times > 1 && p->phase == VOICE_DRAINS)
		p->until_ms = 0;
}

/* ------------------------------------------------------------------ opening */

static void on_answers(void *arg, bool does)
{
	struct voice_process *p = arg;

	if (!does || p->is_told)
		return;
	p->is_told = true;
	plane_ready(&p->plane, p->url, p->listen, http_server_port(p->server), NULL);
}

static void facts(void *arg, struct conductor_facts *f)
{
	const struct voice_process *p = arg;

	if (p->sockets)
		sockets_facts(p->sockets, f);
}

static int folders_make(struct voice_process *p, const char *data)
{
	snprintf(p->journals, sizeof(p->journals), "%s/journal", data);
	snprintf(p->folder, sizeof(p->folder), "%s/journal/%s", data, p->name);
	snprintf(p->spool, sizeof(p->spool), "%s/spool/%s", data, p->name);
	snprintf(p->identity, sizeof(p->identity), "%s/identity", data);
	if (mkdir(p->journals, 0700) && errno != EEXIST)
		return cli_fail(p->cli, CLI_MISSING, err_from_errno(errno), p->journals, NULL, "the folder cannot be made: %s", strerror(errno));
	return CLI_FINE;
}

static void on_durable(void *arg, struct journal_position position)
{
	const struct voice_process *p = arg;

	if (p->shipping)
		shipping_durable(p->shipping, position);
}

/* Calls of before go on without a reserve; where there are none, whoever starts it learns here that no call would be taken. */
static enum err journal_look(const struct voice_process *p, const struct journal_sizes *sizes, struct err_detail *detail)
{
	if (!p->needs_journal || journal_health(worker_journal(p->worker)) == JOURNAL_OK)
		return ERR_NONE;
	snprintf(detail->message, sizeof(detail->message), "no room for a journal: %" PRId64 " MB are kept for what happens while the disk is full",
		sizes->reserve_mb + sizes->ring_mb);
	snprintf(detail->where, sizeof(detail->where), "%.150s", p->folder);
	snprintf(detail->hint, sizeof(detail->hint), "free some space, raise a limit on files (ulimit -f), choose another data folder, or keep less (journal.reserve_mb is %" PRId64
		", journal.ring_mb %" PRId64 ")", sizes->reserve_mb, sizes->ring_mb);
	return ERR_FULL;
}

static enum err worker_begin(struct voice_process *p, struct err_detail *detail)
{
	struct worker_options options = { .clock = p->clock, .disk = &disk_real, .journal_dir = p->folder,
		.model_file = config_text(p->cli->config, "vad.model_file"), .echo_guard = config_bool(p->cli->config, "echo.guard"), .durable = on_durable, .durable_arg = p };
	struct journal_sizes sizes;
	enum err err;

	journal_options_defaults(&options.journal);
	config_bind(p->cli->config, journal_settings, &sizes);
	journal_sizes_apply(&options.journal, &sizes);
	err = worker_start(&p->worker, &p->loop, &options, detail);
	return err ? err : journal_look(p, &sizes, detail);
}

static enum err server_begin(struct voice_process *p, struct err_detail *detail)
{
	const struct http_settings http = { .listen = p->listen, .has_fd = p->fd > 0, .fd = (int)p->fd, .authorise = bearer_authorise,
		.authorise_arg = &p->keys.bearer };
	enum err err = http_server_open(&p->server, &p->loop, &http, detail);

	if (err || plane_url(p->listen, http_server_port(p->server), p->url))
		return err;
	snprintf(detail->message, sizeof(detail->message), "a worker is reached by an address and a port");
	snprintf(detail->where, sizeof(detail->where), "%.150s", p->listen);
	snprintf(detail->hint, sizeof(detail->hint), "write 127.0.0.1:0 or [::1]:0");
	return ERR_USAGE;
}

static enum err conductor_begin(struct voice_process *p, struct err_detail *detail)
{
	const char *keys[PROVIDER_KEYS_MAX];
	const struct conductor_settings settings = { .clock = p->clock, .url = p->settings.conductor_url,
		.ca_file = *p->settings.ca_file ? p->settings.ca_file : NULL, .worker = p->name, .worker_url = p->url, .key = p->keys.key,
		.policy = &p->keys.peer, .wants_prompt = providers_want_prompt(p->cli->config),
		.wants_keys = providers_keys(p->cli->config, keys) > 0, .facts = facts, .answers = on_answers, .arg = p };

	return conductor_open(&p->conductor, &p->loop, &settings, detail);
}

static enum err shipping_begin(struct voice_process *p, struct err_detail *detail)
{
	struct shipping_settings settings = { .disk = &disk_real, .journal = worker_journal(p->worker), .dir = p->folder, .journals = p->journals, .spool = p->spool,
		.worker = p->name, .url = p->settings.conductor_url, .ca_file = *p->settings.ca_file ? p->settings.ca_file : NULL, .policy = &p->keys.peer };
	enum err err = service_key_open(&p->shipping_key, p->identity, "voice", detail);

	settings.key = p->shipping_key;
	return err ? err : shipping_open(&p->shipping, &settings, detail);
}

/* The origin of a URL is what stands before its path. */
static void origin_put(struct buf *b, const char *url)
{
	const char *host = strstr(url, "://");
	size_t len = host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : 0;

	if (b->len && len)
		buf_byte(b, ' ');
	buf_append(b, url, len);
}

/* Pages come from the conductor: by its address here, by "localhost", or by the one that the world has. */
static void origins_make(struct voice_process *p)
{
	const char *loopback = "http://127.0.0.1:", *url = p->settings.conductor_url;
	struct buf b;

	buf_over(&b, p->origins, sizeof(p->origins) - 1);
	origin_put(&b, url);
	if (!strncmp(url, loopback, strlen(loopback)))
		buf_printf(&b, " http://localhost:%.*s", (int)strcspn(url + strlen(loopback), "/"), url + strlen(loopback));
	origin_put(&b, config_text(p->cli->config, "server.public_url"));
	if (*p->settings.origins)
		buf_printf(&b, " %s", p->settings.origins);
	p->origins[b.err ? 0 : b.len] = 0;
}

static enum err sockets_begin(struct voice_process *p)
{
	const struct lineups_ears ears = live_ears(&p->loop);
	struct sockets_settings settings = { .clock = p->clock, .worker = p->worker, .conductor = p->conductor, .loop = &p->loop,
		.journals = p->journals, .adapters = p->adapters.all, .agents = &live_agents, .origins = p->origins, .calls_max = (size_t)p->settings.calls_max,
		.ahead_max = (size_t)p->settings.ahead_max };
	enum err err = live_agents_open(&p->agents, p->cli->config, &p->loop, p->clock, &ears, p->dir);

	origins_make(p);
	media_adapters_init(&p->adapters, p->cli->config);
	settings.agents_arg = p->agents;
	p->health = (struct health){ .ready = ready, .metrics = metrics, .token = bearer_token, .arg = p };
	if (!err)
		err = sockets_open(&p->sockets, &settings, p->server);
	return err ? err : health_mount(&p->health, p->server);
}

static int keys_begin(struct voice_process *p)
{
	const char *control = config_text(p->cli->config, "control.url");
	const struct plane_keys_settings settings = { .cli = p->cli, .loop = &p->loop, .plane = "voice", .peer = "conductor",
		.folder = p->identity, .keys_base = *control ? control : p->settings.conductor_url };

	return plane_keys_begin(&p->keys, &settings);
}

static int voice_open(struct voice_process *p, const char *data)
{
	struct err_detail detail = { .message = "" };
	int status = folders_make(p, data);
	enum err err;

	if (!status)
		status = keys_begin(p);
	if (status)
		return status;
	err = worker_begin(p, &detail);
	if (!err)
		err = server_begin(p, &detail);
	if (!err)
		err = shipping_begin(p, &detail);
	if (!err)
		err = conductor_begin(p, &detail);
	if (!err)
		err = sockets_begin(p);
	return err ? fail(p, err, &detail) : CLI_FINE;
}

/* ------------------------------------------------------------------ running */

static void on_refresh(uv_timer_t *timer)
{
	struct voice_process *p = timer->data;

	plane_keys_refresh(&p->keys, NULL);
}

static void run(struct voice_process *p)
{
	uv_timer_init(&p->loop, &p->refresh);
	uv_timer_init(&p->loop, &p->look);
	p->refresh.data = p->look.data = p;
	p->has_timers = true;
	uv_timer_start(&p->refresh, on_refresh, REFRESH_MS, REFRESH_MS);
	plane_begin(&p->plane, &p->loop, stop, p);
	while (p->phase != VOICE_OVER)
		uv_run(&p->loop, UV_RUN_DEFAULT);
}

/* What was said last is made durable. */
static int voice_close(struct voice_process *p)
{
	enum err err;

	if (p->has_timers) {
		uv_close((uv_handle_t *)&p->refresh, NULL);
		uv_close((uv_handle_t *)&p->look, NULL);
	}
	plane_end(&p->plane);
	if (p->server)
		http_server_close(&p->server, NULL, NULL);
	sockets_close(&p->sockets);
	live_agents_close(&p->agents);
	shipping_close(&p->shipping, SHIP_MS);
	service_key_close(&p->shipping_key);
	err = worker_stop(&p->worker);
	conductor_close(&p->conductor);
	plane_keys_end(&p->keys);
	clock_close(&p->clock);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	return err ? cli_fail(p->cli, CLI_MISSING, err, p->folder, NULL, "the end of the journal could not be written: %s", err_name(err)) : CLI_FINE;
}

static int hold(struct voice_process *p, const char *data)
{
	int status = plane_take(&p->plane, p->cli, "voice", p->name, data), ended;

	p->dir = data;
	if (status)
		return status;
	if (uv_loop_init(&p->loop) || clock_open(&p->clock, &p->loop, false)) {
		status = cli_fail(p->cli, CLI_MISSING, ERR_UNAVAILABLE, NULL, NULL, "no event loop can be had");
	} else {
		status = voice_open(p, data);
		if (!status)
			run(p);
		ended = voice_close(p);
		status = status ? status : ended;
		(void)uv_loop_close(&p->loop);
	}
	plane_leave(&p->plane);
	return status;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len < RUN_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len && strcmp(name, "conductor") != 0 &&
		strcmp(name, "control") != 0 && strcmp(name, "serve") != 0;
}

int cmd_voice(struct cli *cli, int argc, char **argv)
{
	struct voice_process *p = calloc(1, sizeof(*p));
	const char *conductor = NULL;
	const struct flag flags[] = {
		{ .name = "name", .type = FLAG_STRING, .value = &p->name, .arg = "NAME", .help = "Its name, unlike every other worker's (default: w1)." },
		{ .name = "listen", .type = FLAG_STRING, .value = &p->listen, .arg = "ADDR:PORT", .help = "Where it listens (default: voice.listen)." },
		{ .name = "conductor", .type = FLAG_STRING, .value = &conductor, .arg = "URL", .help = "Where the conductor is (default: voice.conductor_url)." },
		{ .name = "needs-journal", .type = FLAG_BOOL, .value = &p->needs_journal, .help = "Do not start where the disk has no room for a journal." },
		PLANE_FD_FLAG(&p->fd),
		STORES_FLAG(&p->data),
		{ .name = NULL },
	};
	int status;

	if (!p)
		return cli_fail(cli, CLI_MISSING, ERR_NOMEM, NULL, NULL, "no memory");
	p->cli = cli;
	p->log = (struct log){ .plane = "voice", .doing = "stopping" };
	p->name = "w1";
	status = cli_flags(cli, flags, &argc, argv);
	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "voice", "it takes flags only", "found \"%s\"", argv[1]);
	if (!status && !name_ok(p->name))
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "--name", "a-z, 0-9, - and _, at most 63; not a plane's name", "no name of a worker: %s", p->name);
	config_bind(cli->config, voice_options, &p->settings);
	p->listen = p->listen ? p->listen : p->settings.listen;
	p->settings.conductor_url = conductor ? conductor : p->settings.conductor_url;
	if (!status)
		status = plane_fd_take(cli, p->fd);
	if (!status)
		status = hold(p, p->data ? p->data : config_text(cli->config, "data.dir"));
	free(p);
	return status;
}
