/* One process: listening for it, spawning, adopting, watching, signalling. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <netinet/in.h>
#include <unistd.h>

#include <jansson.h>

#include "base/http_server.h"
#include "cli/plane.h"
#include "cli/supervisor_state.h"

enum { LOOK_MS = 20, CHILD_FD = 3 };

struct child *child_new(struct supervisor *s, const char *name, bool is_conductor)
{
	struct child *c = s->count < CHILDREN_MAX ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->owner = s;
	c->is_conductor = is_conductor;
	c->is_wanted = true;
	c->fd = c->pidfd = -1;
	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->listen, sizeof(c->listen), "%s", is_conductor ? s->settings.listen : s->settings.voice_listen);
	uv_timer_init(s->settings.loop, &c->timer);
	c->timer.data = c;
	c->handles = 1;
	s->children[s->count++] = c;
	return c;
}

static void handle_closed(uv_handle_t *handle)
{
	struct child *c = handle->data;

	if (handle == (uv_handle_t *)&c->watch) {
		close(c->pidfd);
		c->pidfd = -1;
	}
	if (!--c->handles)
		free(c); /* the timer is closed last, with the child */
}

void child_timer(struct child *c, uint64_t ms, uv_timer_cb handler)
{
	uv_timer_start(&c->timer, handler, ms, 0);
}

/* ------------------------------------------------------------------ adopting */

static void watch_end(struct child *c)
{
	if (!c->has_watch)
		return;
	c->has_watch = false;
	uv_close((uv_handle_t *)&c->watch, handle_closed);
}

/* A pidfd is readable once its process has ended. */
static void on_watch(uv_poll_t *handle, int status, int events)
{
	struct child *c = handle->data;

	(void)status;
	(void)events;
	watch_end(c);
	child_died(c, -1, 0);
}

/* Between the look and the pidfd the process may have died and its number been given away: whoever holds the lock afterwards is the one. */
static bool is_same(const struct child *c, pid_t pid)
{
	struct run_facts now;

	return !run_file_look(c->owner->settings.data, c->name, &now) && now.pid == pid;
}

enum err child_adopt(struct child *c, const struct run_facts *facts)
{
	c->pidfd = (int)syscall(SYS_pidfd_open, facts->pid, 0);
	if (c->pidfd < 0)
		return ERR_NOTFOUND;
	if (!is_same(c, facts->pid) || uv_poll_init(c->owner->settings.loop, &c->watch, c->pidfd)) {
		close(c->pidfd);
		c->pidfd = -1;
		return ERR_NOTFOUND;
	}
	c->watch.data = c;
	c->has_watch = c->is_adopted = true;
	c->handles++;
	uv_poll_start(&c->watch, UV_READABLE, on_watch);
	c->pid = facts->pid;
	c->state = CHILD_STARTING;
	c->started_ms = uv_now(c->owner->settings.loop);
	child_timer(c, 0, child_look);
	return ERR_NONE;
}

void child_look(uv_timer_t *timer)
{
	struct child *c = timer->data;
	struct run_facts facts;

	if (!c->is_adopted || c->state != CHILD_STARTING)
		return;
	if (run_file_look(c->owner->settings.data, c->name, &facts) || !facts.is_ready) {
		child_timer(c, LOOK_MS, child_look);
		return;
	}
	snprintf(c->url, sizeof(c->url), "%s", facts.url);
	snprintf(c->listen, sizeof(c->listen), "%s", facts.listen);
	child_is_ready(c, "");
}

/* ------------------------------------------------------------------ listening */

static unsigned int port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} a = { .room = { .ss_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len))
		return 0;
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static enum err no_address(const char *listen, struct err_detail *detail)
{
	snprintf(detail->message, sizeof(detail->message), "a process of this house listens at an address and a port");
	snprintf(detail->where, sizeof(detail->where), "%.150s", listen);
	snprintf(detail->hint, sizeof(detail->hint), "write 127.0.0.1:8080 or [::1]:8080");
	return ERR_USAGE;
}

/* From the first time on it is always the same port. */
enum err child_listen(struct child *c, struct err_detail *detail)
{
	char listen[RUN_LISTEN_MAX];
	enum err err;

	if (c->fd >= 0)
		return ERR_NONE;
	if (!strncmp(c->listen, "unix:", 5))
		return no_address(c->listen, detail);
	err = http_listen(c->listen, &c->fd, detail);
	if (err) {
		c->fd = -1;
		return err;
	}
	plane_listen(c->listen, port_of(c->fd), listen);
	memcpy(c->listen, listen, sizeof(c->listen));
	return plane_url(c->listen, port_of(c->fd), c->url) ? ERR_NONE : no_address(c->listen, detail);
}

/* ------------------------------------------------------------------ what it says */

const char *child_line(const struct child *c)
{
	return c->spawn ? c->spawn->line : "";
}

static void line_read(struct child *c, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *url = json_string_value(json_object_get(o, "url")), *link = json_string_value(json_object_get(o, "link"));

	if (url && c->state == CHILD_STARTING) {
		snprintf(c->url, sizeof(c->url), "%s", url);
		child_is_ready(c, link ? link : "");
	}
	json_decref(o);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct spawn *s = handle->data;

	(void)wanted;
	*buf = uv_buf_init(s->line + s->len, (unsigned int)(sizeof(s->line) - 1 - s->len));
}

/* The first line counts; what comes behind it, or does not fit, is not looked at. */
static void on_said(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct spawn *s = stream->data;
	char *end;

	(void)buf;
	if (got < 0) {
		uv_read_stop(stream);
		return;
	}
	s->len += (size_t)got;
	s->line[s->len] = 0;
	end = strchr(s->line, '\n');
	if (!end)
		return;
	*end = 0;
	uv_read_stop(stream);
	if (s->child)
		line_read(s->child, s->line);
	memset(s->line, 0, s->child && s->child->state == CHILD_READY ? s->len : 0); /* a link is nobody's any more */
}

/* ------------------------------------------------------------------ spawning */

static void spawn_closed(uv_handle_t *handle)
{
	struct spawn *s = handle->data;

	if (!--s->handles)
		free(s);
}

static void spawn_drop(struct spawn *s)
{
	if (s->child)
		s->child->spawn = NULL;
	s->child = NULL;
	uv_close((uv_handle_t *)&s->process, spawn_closed);
	uv_close((uv_handle_t *)&s->out, spawn_closed);
}

/* What it said before it died may still lie in the pipe. */
static void said_rest(struct spawn *s)
{
	uv_os_fd_t fd;
	ssize_t got;

	if (strchr(s->line, '\n') || uv_fileno((uv_handle_t *)&s->out, &fd))
		return;
	while (s->len < sizeof(s->line) - 1 && (got = read(fd, s->line + s->len, sizeof(s->line) - 1 - s->len)) > 0)
		s->len += (size_t)got;
	s->line[s->len] = 0;
	s->line[strcspn(s->line, "\n")] = 0;
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct spawn *s = process->data;
	struct child *c = s->child;

	if (!c)
		return; /* closed by then */
	if (c->state == CHILD_STARTING)
		said_rest(s);
	child_died(c, (int)status, signal);
	spawn_drop(s);
}

struct words {
	const char *list[CHILD_WORDS_MAX];
	size_t count;
};

static void word(struct words *w, const char *text)
{
	if (w->count < CHILD_WORDS_MAX - 1)
		w->list[w->count++] = text;
}

static void words_make(const struct child *c, struct words *w)
{
	const struct supervisor_settings *s = &c->owner->settings;
	static char fd[8];

	snprintf(fd, sizeof(fd), "%d", CHILD_FD);
	word(w, "callfunnel");
	word(w, c->is_conductor ? "conductor" : "voice");
	for (size_t i = 0; s->common[i]; i++)
		word(w, s->common[i]);
	word(w, "--json");
	word(w, "--data");
	word(w, s->data);
	word(w, "--listen");
	word(w, c->listen);
	word(w, "--listen-fd");
	word(w, fd);
	if (c->is_conductor) {
		word(w, "--control");
	} else {
		word(w, "--name");
		word(w, c->name);
		word(w, "--conductor");
		word(w, c->owner->children[0]->url);
		if (!c->owner->was_ready && !c->owner->has_adopted)
			word(w, "--needs-journal");
	}
}

static int spawn_run(struct spawn *s, const struct child *c)
{
	struct words words = { .count = 0 };
	uv_stdio_container_t stdio[CHILD_FD + 1] = { { .flags = UV_IGNORE }, { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&s->out },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 }, { .flags = UV_INHERIT_FD, .data.fd = c->fd } };
	uv_process_options_t options = { .exit_cb = on_ended, .file = c->owner->settings.program, .flags = UV_PROCESS_DETACHED, .stdio = stdio,
		.stdio_count = CHILD_FD + 1 };

	words_make(c, &words);
	options.args = (char **)(uintptr_t)words.list;
	return uv_spawn(c->owner->settings.loop, &s->process, &options);
}

enum err child_start(struct child *c, struct err_detail *detail)
{
	struct spawn *s = calloc(1, sizeof(*s));
	int failed;

	if (!s)
		return ERR_NOMEM;
	uv_pipe_init(c->owner->settings.loop, &s->out, 0);
	s->process.data = s->out.data = s;
	s->handles = 2;
	failed = spawn_run(s, c);
	if (failed) {
		snprintf(detail->message, sizeof(detail->message), "the process cannot be started: %s", uv_strerror(failed));
		spawn_drop(s);
		return ERR_UNAVAILABLE;
	}
	s->child = c;
	c->spawn = s;
	c->pid = s->process.pid;
	c->state = CHILD_STARTING;
	c->is_adopted = false;
	c->starts++;
	c->started_ms = uv_now(c->owner->settings.loop);
	uv_read_start((uv_stream_t *)&s->out, on_alloc, on_said);
	return ERR_NONE;
}

/* ------------------------------------------------------------------ ending */

void child_signal(struct child *c, int number)
{
	if (!c->pid)
		return;
	if (c->spawn)
		(void)uv_process_kill(&c->spawn->process, number);
	else if (c->has_watch)
		(void)syscall(SYS_pidfd_send_signal, c->pidfd, number, NULL, 0);
}

void child_close(struct child *c)
{
	if (c->spawn)
		spawn_drop(c->spawn);
	watch_end(c);
	if (c->fd >= 0)
		close(c->fd);
	uv_close((uv_handle_t *)&c->timer, handle_closed);
}
