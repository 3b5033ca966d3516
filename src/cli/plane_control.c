/* `callfunnel control`: control's process where it does not live in the conductor's: the planes' keys, signing in. Its first link is told with the
 * address of the conductor's page, which asks control through the conductor. One loop, the main thread; one a data folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/config.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/health.h"
#include "cli/plane.h"
#include "cli/plane_keys.h"
#include "cli/stores.h"
#include "control/api.h"

enum { REFRESH_MS = 60000, CLOSE_MS = 1000, PAGE_MAX = 512 };

struct control_process {
	struct cli *cli;
	const char *data, *listen;
	int64_t fd;
	struct plane plane;
	struct stores stores;
	struct plane_keys keys;
	struct http_server *server;
	struct control_api *api;
	struct health health;
	uv_timer_t refresh, last;
	bool has_timers, is_over;
	char url[PLANE_URL_MAX], page[PAGE_MAX];
};

static int64_t now_s(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static void ready(void *arg, struct health_answer *a)
{
	(void)arg;
	health_say(a, "keys", true, NULL);
	health_done(a);
}

static void metrics(void *arg, struct buf *b)
{
	(void)arg;
	(void)b;
}

static enum err services_make(struct control_process *p, struct err_detail *detail)
{
	enum err err = identity_service(p->stores.identity, "control", now_s(NULL), detail);

	if (!err)
		err = identity_service(p->stores.identity, "conductor", now_s(NULL), detail);
	return err ? err : identity_service(p->stores.identity, "voice", now_s(NULL), detail);
}

static enum err server_begin(struct control_process *p, struct err_detail *detail)
{
	const struct http_settings http = { .listen = p->listen, .has_fd = p->fd > 0, .fd = (int)p->fd, .policy = CONSOLE_POLICY, .authorise = bearer_authorise,
		.authorise_arg = &p->keys.bearer };
	const struct control_api_settings api = { .identity = p->stores.identity, .policy = &p->keys.people,
		.link_s = config_int(p->cli->config, "identity.link_s"), .token = bearer_token, .now_s = now_s };
	enum err err = http_server_open(&p->server, &p->stores.loop, &http, detail);

	if (!err && !plane_url(p->listen, http_server_port(p->server), p->url))
		err = ERR_USAGE;
	if (!err)
		err = control_api_open(&p->api, &api);
	if (!err)
		err = control_api_mount(p->api, p->server);
	p->health = (struct health){ .ready = ready, .metrics = metrics, .token = bearer_token, .arg = p };
	return err ? err : health_mount(&p->health, p->server);
}

static int control_open(struct control_process *p)
{
	struct err_detail detail = { .message = "" };
	char folder[STORES_PATH_MAX + 16];
	const struct plane_keys_settings keys = { .cli = p->cli, .loop = &p->stores.loop, .plane = "control", .folder = folder, .identity = p->stores.identity };
	enum err err = services_make(p, &detail);
	int status;

	snprintf(folder, sizeof(folder), "%s/identity", p->stores.dir);
	if (err)
		return plane_fail(p->cli, err, &detail, "the planes' keys");
	status = plane_keys_begin(&p->keys, &keys);
	if (status)
		return status;
	err = server_begin(p, &detail);
	return err ? plane_fail(p->cli, err, &detail, "control cannot start") : CLI_FINE;
}

static void on_refresh(uv_timer_t *timer)
{
	struct control_process *p = timer->data;

	plane_keys_refresh(&p->keys, p->stores.identity);
}

static void on_last(uv_timer_t *timer)
{
	struct control_process *p = timer->data;

	p->is_over = true;
	uv_stop(&p->stores.loop);
}

static void stop(void *arg, unsigned int times)
{
	struct control_process *p = arg;

	http_server_drain(p->server);
	uv_timer_start(&p->last, on_last, times == 1 && http_server_connections(p->server) ? CLOSE_MS : 0, 0);
}

/* Where people reach the conductor: what the world calls it, or where it will listen on this machine. */
static void page_find(struct control_process *p)
{
	const struct config *config = p->cli->config;
	const char *world = config_text(config, "server.public_url"), *listen = config_text(config, "server.listen"), *port = strrchr(listen, ':');

	if (*world)
		snprintf(p->page, sizeof(p->page), "%s", world);
	else if (!port || !plane_url(listen, (unsigned int)strtoul(port + 1, NULL, 10), p->page))
		p->page[0] = 0;
	p->plane.page = p->page;
}

static void run(struct control_process *p)
{
	char link[IDENTITY_LINK_MAX];

	plane_keys_link(p->stores.identity, config_text(p->cli->config, "server.tenant"), link);
	page_find(p);
	uv_timer_init(&p->stores.loop, &p->refresh);
	uv_timer_init(&p->stores.loop, &p->last);
	p->refresh.data = p->last.data = p;
	p->has_timers = true;
	uv_timer_start(&p->refresh, on_refresh, REFRESH_MS, REFRESH_MS);
	plane_begin(&p->plane, &p->stores.loop, stop, p);
	plane_ready(&p->plane, p->url, p->listen, http_server_port(p->server), link);
	while (!p->is_over)
		uv_run(&p->stores.loop, UV_RUN_DEFAULT);
}

static void control_close(struct control_process *p)
{
	if (p->has_timers) {
		uv_close((uv_handle_t *)&p->refresh, NULL);
		uv_close((uv_handle_t *)&p->last, NULL);
	}
	plane_end(&p->plane);
	if (p->server)
		http_server_close(&p->server, NULL, NULL);
	control_api_close(&p->api);
	plane_keys_end(&p->keys);
}

static int hold(struct control_process *p, const char *data)
{
	int status = plane_take(&p->plane, p->cli, "control", "control", data);

	if (status)
		return status;
	status = stores_open(p->cli, &p->stores, p->data, STORES_IDENTITY);
	if (!status) {
		status = control_open(p);
		if (!status)
			run(p);
		control_close(p);
		stores_close(&p->stores);
	}
	plane_leave(&p->plane);
	return status;
}

int cmd_control(struct cli *cli, int argc, char **argv)
{
	struct control_process *p = calloc(1, sizeof(*p));
	const struct flag flags[] = {
		{ .name = "listen", .type = FLAG_STRING, .value = &p->listen, .arg = "ADDR:PORT", .help = "Where it listens (default: control.listen)." },
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
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "control", "it takes flags only", "found \"%s\"", argv[1]);
	p->listen = p->listen ? p->listen : config_text(cli->config, "control.listen");
	if (!status)
		status = plane_fd_take(cli, p->fd);
	if (!status)
		status = hold(p, p->data ? p->data : config_text(cli->config, "data.dir"));
	free(p);
	return status;
}
