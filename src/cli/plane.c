#include "cli/plane.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/private_process.h"

enum { LINE_MAX_BYTES = 4096 };

static const int asked_by[] = { SIGTERM, SIGINT, SIGHUP };

int plane_fail(struct cli *cli, enum err err, const struct err_detail *detail, const char *what)
{
	return cli_fail(cli, err == ERR_USAGE ? CLI_USAGE : CLI_MISSING, err, detail->where[0] ? detail->where : NULL, detail->hint[0] ? detail->hint : NULL,
		"%s: %s", what, detail->message[0] ? detail->message : err_name(err));
}

int plane_take(struct plane *p, struct cli *cli, const char *kind, const char *name, const char *data)
{
	struct err_detail detail = { .message = "" };
	enum err err;

	private_process_begin();
	*p = (struct plane){ .cli = cli, .kind = kind, .run = { .fd = -1 } };
	snprintf(p->name, sizeof(p->name), "%s", name);
	signal(SIGPIPE, SIG_IGN); /* whoever reads our lines may be gone */
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is a full disk */
	err = run_file_take(&p->run, data, name, &detail);
	if (err == ERR_BUSY)
		return plane_fail(cli, err, &detail, "it runs here already");
	return err ? plane_fail(cli, err, &detail, "the data folder") : CLI_FINE;
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct plane *p = handle->data;

	(void)number;
	p->stop(p->arg, ++p->asked);
}

void plane_begin(struct plane *p, uv_loop_t *loop, void (*stop)(void *arg, unsigned int times), void *arg)
{
	p->loop = loop;
	p->stop = stop;
	p->arg = arg;
	for (size_t i = 0; i < sizeof(asked_by) / sizeof(asked_by[0]); i++) {
		struct sigaction before;

		uv_signal_init(loop, &p->signals[i]);
		p->signals[i].data = p;
		if (!sigaction(asked_by[i], NULL, &before) && before.sa_handler == SIG_IGN)
			continue; /* nohup, or the background of a script: so it shall be */
		uv_signal_start(&p->signals[i], on_signal, asked_by[i]);
		uv_unref((uv_handle_t *)&p->signals[i]);
	}
}

static void tell_json(const struct plane *p, const char *url, const char *link)
{
	struct buf b;

	buf_init(&b, LINE_MAX_BYTES);
	json_open(&b, '{');
	json_pair_string(&b, "plane", p->kind);
	json_pair_string(&b, "name", p->name);
	json_pair_i64(&b, "pid", getpid());
	json_pair_string(&b, "url", url);
	if (link)
		json_pair_string(&b, "link", link);
	json_close(&b, '}');
	puts(buf_str(&b));
	buf_fini(&b);
}

void plane_ready(struct plane *p, const char *url, const char *listen, unsigned int port, const char *link)
{
	struct run_facts facts = { .pid = getpid(), .is_ready = true };
	const char *page = p->page ? p->page : url;

	snprintf(facts.url, sizeof(facts.url), "%s", url);
	plane_listen(listen, port, facts.listen);
	(void)!run_file_tell(&p->run, &facts);
	if (p->cli->json) {
		tell_json(p, url, link);
	} else {
		printf("%s: %s (process %d)\n", p->name, url, (int)getpid());
		if (link)
			printf("sign in: %s/sign-in#%s%s\n", page, link, *page ? "" : " at the conductor's address");
	}
	fflush(stdout);
}

void plane_end(struct plane *p)
{
	for (size_t i = 0; p->loop && i < sizeof(asked_by) / sizeof(asked_by[0]); i++)
		uv_close((uv_handle_t *)&p->signals[i], NULL);
	p->loop = NULL;
}

void plane_leave(struct plane *p)
{
	run_file_drop(&p->run);
}

void plane_listen(const char *listen, unsigned int port, char out[RUN_LISTEN_MAX])
{
	const char *colon = strrchr(listen, ':');

	snprintf(out, RUN_LISTEN_MAX, "%.*s:%u", colon ? (int)(colon - listen) : (int)strlen(listen), listen, port);
}

int plane_fd_take(struct cli *cli, int64_t fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	if (!fd)
		return CLI_FINE;
	if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) || !yes || fcntl((int)fd, F_SETFD, FD_CLOEXEC) ||
		fcntl((int)fd, F_SETFL, O_RDWR | O_NONBLOCK))
		return cli_fail(cli, CLI_USAGE, ERR_USAGE, "--listen-fd", "whoever starts the process opens it", "no socket that listens is open there");
	return CLI_FINE;
}

bool plane_url(const char *listen, unsigned int port, char out[PLANE_URL_MAX])
{
	const char *colon = strrchr(listen, ':');
	size_t len = colon ? (size_t)(colon - listen) : 0;
	const char *host = listen;

	if (!len || !port || !strncmp(listen, "unix:", 5))
		return false;
	if (len == 7 && !strncmp(listen, "0.0.0.0", len)) {
		host = "127.0.0.1";
		len = strlen(host);
	} else if (len == 4 && !strncmp(listen, "[::]", len)) {
		host = "[::1]";
		len = strlen(host);
	}
	return snprintf(out, PLANE_URL_MAX, "http://%.*s:%u", (int)len, host, port) < PLANE_URL_MAX;
}
