/* `callfunnel serve`: the whole house on one machine: a supervisor (supervisor.h), its conductor with control, its voice workers.
 *
 * It says one ready line when everything answers, then watches. Ctrl-C or SIGTERM stop it in good order; killed, it leaves its children as they
 * are, and the next serve on the same data folder adopts them. Under systemd it tells its manager (NOTIFY_SOCKET). Main thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#include "base/config.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/plane.h"
#include "cli/stores.h"
#include "cli/supervisor.h"

enum { COMMON_MAX = 2 * FLAG_LIST_MAX + 16, LINK_MAX = 512, LINE_MAX_BYTES = 64 * 1024 };

struct serving {
	struct cli *cli;
	const char *data, *listen;
	const char *common[COMMON_MAX]; /* --config and --set as they were given */
	size_t common_count;
	struct plane plane;
	uv_loop_t loop;
	struct supervisor *supervisor;
	char link[LINK_MAX];            /* what stands behind /sign-in#, or "" */
	bool is_ready, is_over;
	int status;
	uv_process_t asking;            /* callfunnel sign-in, for an adopted conductor */
	uv_pipe_t answer;
	char said[LINK_MAX * 2];
	size_t said_len;
	bool asks;
};

/* ------------------------------------------------------------------ the service manager */

static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(a.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, len);
	if (path[0] == '@')
		a.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

/* ------------------------------------------------------------------ the ready line */

static void put_processes(const struct serving *s, struct buf *b)
{
	json_put_key(b, "processes");
	json_open(b, '[');
	for (size_t i = 0; i < supervisor_count(s->supervisor); i++) {
		struct supervisor_child c = supervisor_at(s->supervisor, i);

		if (!c.pid)
			continue;
		json_open(b, '{');
		json_pair_string(b, "name", c.name);
		json_pair_i64(b, "pid", c.pid);
		json_pair_string(b, "url", c.url);
		json_pair_bool(b, "adopted", c.is_adopted);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void tell_json(const struct serving *s, const char *url, const char *sign_in)
{
	struct buf b;

	buf_init(&b, LINE_MAX_BYTES);
	json_open(&b, '{');
	json_pair_bool(&b, "ready", true);
	json_pair_string(&b, "url", url);
	json_pair_string(&b, "sign_in", sign_in);
	json_pair_i64(&b, "pid", getpid());
	json_pair_string(&b, "data", s->data);
	put_processes(s, &b);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

static void tell_human(const struct serving *s, const char *url, const char *sign_in)
{
	printf("callfunnel is ready: %s\n", url);
	if (sign_in)
		printf("  sign in    %s\n             (works once; `callfunnel sign-in --data %s` prints another)\n", sign_in, s->data);
	printf("  processes  serve %d", (int)getpid());
	for (size_t i = 0; i < supervisor_count(s->supervisor); i++) {
		struct supervisor_child c = supervisor_at(s->supervisor, i);

		if (c.pid)
			printf(", %s %d%s", c.name, (int)c.pid, c.is_adopted ? " (of before)" : "");
	}
	printf("\n  data       %s\n  Ctrl-C stops it.\n", s->data);
}

static void tell(struct serving *s)
{
	const char *url = supervisor_at(s->supervisor, 0).url;
	char sign_in[LINK_MAX + PLANE_URL_MAX];
	bool has_link = s->link[0];

	snprintf(sign_in, sizeof(sign_in), "%s/sign-in#%s", url, s->link);
	s->is_ready = true;
	(s->cli->json ? tell_json : tell_human)(s, url, has_link ? sign_in : NULL);
	fflush(stdout);
	memset(s->link, 0, sizeof(s->link));
	notify("READY=1\n");
}

/* ------------------------------------------------------------------ a link from a conductor that was there before */

static void asking_closed(uv_handle_t *handle)
{
	(void)handle;
}

static void answered(struct serving *s)
{
	json_t *o = json_loads(s->said, 0, NULL);
	const char *link = json_string_value(json_object_get(o, "link"));

	snprintf(s->link, sizeof(s->link), "%s", link ? link : "");
	json_decref(o);
	memset(s->said, 0, sizeof(s->said));
	if (!s->is_over)
		tell(s);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct serving *s = handle->data;

	(void)wanted;
	*buf = uv_buf_init(s->said + s->said_len, (unsigned int)(sizeof(s->said) - 1 - s->said_len));
}

static void on_said(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct serving *s = stream->data;

	(void)buf;
	if (got > 0) {
		s->said_len += (size_t)got;
		return;
	}
	uv_close((uv_handle_t *)stream, asking_closed);
	answered(s);
}

static void on_asked(uv_process_t *process, int64_t status, int number)
{
	(void)status;
	(void)number;
	uv_close((uv_handle_t *)process, asking_closed);
}

/* Another process: it opens keys and speaks HTTP, and this one stays small. Without an answer there is no link in the line. */
static void link_ask(struct serving *s)
{
	const char *words[COMMON_MAX + 8] = { "callfunnel", "sign-in", "--json", "--data", s->data };
	uv_stdio_container_t stdio[] = { { .flags = UV_IGNORE }, { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->answer },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 } };
	uv_process_options_t options = { .exit_cb = on_asked, .file = "/proc/self/exe", .args = (char **)(uintptr_t)words, .stdio = stdio, .stdio_count = 3 };

	memcpy(words + 5, s->common, s->common_count * sizeof(words[0]));
	s->asks = true;
	uv_pipe_init(&s->loop, &s->answer, 0);
	s->asking.data = s->answer.data = s;
	if (!uv_spawn(&s->loop, &s->asking, &options)) {
		uv_read_start((uv_stream_t *)&s->answer, on_alloc, on_said);
		return;
	}
	uv_close((uv_handle_t *)&s->asking, asking_closed);
	uv_close((uv_handle_t *)&s->answer, asking_closed);
	tell(s);
}

/* ------------------------------------------------------------------ what the supervisor tells */

static void on_ready(void *arg)
{
	struct serving *s = arg;
	static const struct log log_here = { .plane = "serve", .doing = "starting" };

	if (supervisor_moved(s->supervisor))
		log_warn(&log_here, "the conductor stays at the address that the workers of before know", LOG_TEXT("asked", s->listen),
			LOG_TEXT("is", supervisor_at(s->supervisor, 0).url));
	if (s->link[0] || s->asks)
		tell(s);
	else
		link_ask(s);
}

/* A conductor that was started again knows no old links. */
static void on_link(void *arg, const char *link)
{
	struct serving *s = arg;

	if (!s->is_ready)
		snprintf(s->link, sizeof(s->link), "%s", link);
	else if (!s->cli->json) {
		printf("sign in: %s/sign-in#%s\n", supervisor_at(s->supervisor, 0).url, link);
		fflush(stdout);
	}
}

/* What a child said of its mistake is said again as this command's. */
static void on_failed(void *arg, const char *name, int status, const char *line)
{
	struct serving *s = arg;
	json_t *o = json_loads(line, 0, NULL);
	const json_t *e = json_object_get(o, "error");
	const char *message = json_string_value(json_object_get(e, "message"));

	s->status = status == CLI_USAGE ? CLI_USAGE : CLI_MISSING;
	if (s->cli->json && message)
		puts(line);
	else
		(void)cli_fail(s->cli, (enum cli_status)s->status, ERR_UNAVAILABLE, json_string_value(json_object_get(e, "where")),
			json_string_value(json_object_get(e, "hint")), "%s: %s", name, message ? message : "it ended before it was ready");
	json_decref(o);
	supervisor_stop(s->supervisor);
}

static void on_gone(void *arg)
{
	struct serving *s = arg;

	s->is_over = true;
	uv_stop(&s->loop);
}

static void stop(void *arg, unsigned int times)
{
	struct serving *s = arg;

	notify("STOPPING=1\n");
	if (times == 1 && !s->cli->json && s->is_ready && isatty(2))
		fprintf(stderr, "\nstopping: calls may end first; again leaves them at once\n");
	supervisor_stop(s->supervisor);
}

/* ------------------------------------------------------------------ life */

static int serve_open(struct serving *s)
{
	const struct config *config = s->cli->config;
	struct err_detail detail = { .message = "" };
	const struct supervisor_settings settings = { .loop = &s->loop, .data = s->data, .program = "/proc/self/exe", .common = s->common, .listen = s->listen,
		.voice_listen = config_text(config, "voice.listen"), .workers = (unsigned int)config_int(config, "voice.workers"),
		.drain_s = (unsigned int)config_int(config, "voice.drain_s"), .ready = on_ready, .failed = on_failed, .gone = on_gone, .link = on_link, .arg = s };
	enum err err = supervisor_open(&s->supervisor, &settings);

	plane_begin(&s->plane, &s->loop, stop, s);
	if (!err)
		err = supervisor_start(s->supervisor, &detail);
	return err ? plane_fail(s->cli, err, &detail, "cannot serve") : CLI_FINE;
}

static int serve(struct serving *s)
{
	int status;

	if (uv_loop_init(&s->loop))
		return cli_fail(s->cli, CLI_MISSING, ERR_UNAVAILABLE, NULL, NULL, "no event loop can be had");
	status = serve_open(s);
	while (!status && !s->is_over)
		uv_run(&s->loop, UV_RUN_DEFAULT);
	plane_end(&s->plane);
	supervisor_close(&s->supervisor);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&s->loop);
	return status ? status : s->status;
}

/* Before the flags are read, which takes them apart. */
static void common_take(struct serving *s, int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		bool alone = !strcmp(argv[i], "--config") || !strcmp(argv[i], "--set");

		if (s->common_count + 3 > COMMON_MAX || (!alone && strncmp(argv[i], "--config=", 9) != 0 && strncmp(argv[i], "--set=", 6) != 0))
			continue;
		s->common[s->common_count++] = argv[i];
		if (alone && i + 1 < argc)
			s->common[s->common_count++] = argv[++i];
	}
}

int cmd_serve(struct cli *cli, int argc, char **argv)
{
	static struct serving s;
	const struct flag flags[] = {
		{ .name = "listen", .type = FLAG_STRING, .value = &s.listen, .arg = "ADDR:PORT", .help = "Where people and carriers reach it (default: server.listen); port 0 picks one." },
		STORES_FLAG(&s.data),
		{ .name = NULL },
	};
	int status;

	s = (struct serving){ .cli = cli };
	common_take(&s, argc, argv);
	status = cli_flags(cli, flags, &argc, argv);
	if (!status && argc != 1)
		status = cli_fail(cli, CLI_USAGE, ERR_USAGE, "serve", "it takes flags only", "found \"%s\"", argv[1]);
	if (status)
		return status;
	s.data = s.data ? s.data : config_text(cli->config, "data.dir");
	s.listen = s.listen ? s.listen : config_text(cli->config, "server.listen");
	if (!*s.data)
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--data", NULL, "no name of a folder");
	status = plane_take(&s.plane, cli, "serve", "serve", s.data);
	if (!status)
		status = serve(&s);
	plane_leave(&s.plane);
	return status;
}
