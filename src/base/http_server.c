/* Listening, accepting, and the end of it all. */
#include "base/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/http_parts.h"

enum { BACKLOG = 511, ACCEPTS_A_TURN = 32, REST_MS = 100 };

/* ---- addresses ---- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage room;
};

static bool port_parse(const char *text, in_port_t *port)
{
	unsigned long value = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned long)(*text - '0');
	}
	*port = htons((uint16_t)value);
	return value <= 65535;
}

/* "ADDR:PORT", "[ADDR]:PORT", "localhost:PORT" */
static socklen_t inet_parse(const char *text, union address *a)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!len || len >= sizeof(host))
		return 0;
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		a->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) == 1 && port_parse(colon + 1, &a->v6.sin6_port) ? sizeof(a->v6) : 0;
	}
	a->v4.sin_family = AF_INET;
	return inet_pton(AF_INET, strcmp(host, "localhost") != 0 ? host : "127.0.0.1", &a->v4.sin_addr) == 1 &&
		port_parse(colon + 1, &a->v4.sin_port) ? sizeof(a->v4) : 0;
}

static socklen_t address_parse(const char *text, union address *a)
{
	*a = (union address){ .room = { .ss_family = AF_UNSPEC } };
	if (strncmp(text, "unix:", 5) != 0)
		return inet_parse(text, a);
	if (!text[5] || strlen(text + 5) >= sizeof(a->local.sun_path))
		return 0;
	a->local.sun_family = AF_UNIX;
	memcpy(a->local.sun_path, text + 5, strlen(text + 5) + 1);
	return sizeof(a->local);
}

/* A socket file that nobody listens on is left from a process that died. */
static void stale_remove(const union address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &a->any, sizeof(a->local)) && errno == ECONNREFUSED)
		unlink(a->local.sun_path);
	if (fd >= 0)
		close(fd);
}

static enum err listen_failed(int fd, const char *address, struct err_detail *detail)
{
	int number = errno;

	snprintf(detail->message, sizeof(detail->message), "cannot listen: %s", strerror(number));
	snprintf(detail->where, sizeof(detail->where), "%s", address);
	if (number == EADDRINUSE)
		snprintf(detail->hint, sizeof(detail->hint), "another program listens there; stop it or choose another port (0 picks one)");
	if (fd >= 0)
		close(fd);
	return number == EADDRINUSE ? ERR_BUSY : number == EMFILE || number == ENFILE ? ERR_LIMIT : err_from_errno(number);
}

bool http_is_address(const char *address)
{
	union address a;

	return address_parse(address, &a) != 0;
}

enum err http_listen(const char *address, int *fdp, struct err_detail *detail)
{
	union address a;
	socklen_t len = address_parse(address, &a);
	int fd, yes = 1;

	if (!len) {
		snprintf(detail->message, sizeof(detail->message), "this is no address to listen on");
		snprintf(detail->where, sizeof(detail->where), "%s", address);
		snprintf(detail->hint, sizeof(detail->hint), "write 127.0.0.1:8080, [::1]:8080 or unix:/path");
		return ERR_USAGE;
	}
	if (a.any.sa_family == AF_UNIX)
		stale_remove(&a);
	fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) || bind(fd, &a.any, len) ||
		(a.any.sa_family == AF_UNIX && chmod(a.local.sun_path, 0600)) || listen(fd, BACKLOG))
		return listen_failed(fd, address, detail);
	*fdp = fd;
	return ERR_NONE;
}

static void address_text(const union address *a, char *text, size_t size)
{
	const struct in6_addr *six = &a->v6.sin6_addr;

	text[0] = '\0';
	if (a->any.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->v4.sin_addr, text, (socklen_t)size);
	else if (a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six))
		inet_ntop(AF_INET, six->s6_addr + 12, text, (socklen_t)size);
	else if (a->any.sa_family == AF_INET6)
		inet_ntop(AF_INET6, six, text, (socklen_t)size);
}

/* ---- accepting ---- */

/* There is no connection to answer on yet: one packet, and it is closed. */
static void turn_away(int fd)
{
	static const char body[] =
		"{\"error\":{\"code\":\"too_many_connections\",\"message\":\"Too many connections are open.\",\"where\":null,\"hint\":null}}";
	char text[512];
	int len = snprintf(text, sizeof(text), "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", sizeof(body) - 1, body);

	(void)!send(fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static bool is_over(const struct http_server *s, const char *remote)
{
	unsigned int same = 0;

	if (s->conn_count >= s->settings.connections_max)
		return true;
	for (const struct http_conn *c = remote[0] ? s->conns : NULL; c; c = c->next)
		same += !strcmp(c->remote, remote);
	return same >= s->settings.per_address_max;
}

static void on_accept(uv_poll_t *poll, int status, int events);

static void on_rest(uv_timer_t *timer)
{
	struct http_server *s = timer->data;

	if (!s->is_draining)
		uv_poll_start(&s->listener, UV_READABLE, on_accept);
}

static void accepted(struct http_server *s, int fd, const union address *a)
{
	char remote[REMOTE_TEXT];

	address_text(a, remote, sizeof(remote));
	if (remote[0])
		outbox_socket(fd);
	if (is_over(s, remote))
		turn_away(fd);
	else
		(void)!conn_new(s, fd, remote);
}

/* Out of descriptors: a socket that stays ready would keep the loop spinning. */
static void accept_failed(struct http_server *s)
{
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
		return;
	uv_poll_stop(&s->listener);
	uv_timer_start(&s->rest, on_rest, REST_MS, 0);
}

static void on_accept(uv_poll_t *poll, int status, int events)
{
	struct http_server *s = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		union address a = { .room = { .ss_family = AF_UNSPEC } };
		socklen_t len = sizeof(a);
		int fd = accept4(s->fd, &a.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			accept_failed(s);
			return;
		}
		accepted(s, fd, &a);
	}
}

/* ---- its life ---- */

static void settings_fill(struct http_settings *s)
{
	if (!s->request_us)
		s->request_us = 10000000;
	if (!s->idle_us)
		s->idle_us = 60000000;
	if (!s->send_us)
		s->send_us = 30000000;
	if (!s->linger_us)
		s->linger_us = 2000000;
	if (!s->connections_max)
		s->connections_max = 1000;
	if (!s->per_address_max)
		s->per_address_max = 100;
	if (!s->reply_max_bytes)
		s->reply_max_bytes = 16 << 20;
	if (!s->stream_max_bytes)
		s->stream_max_bytes = 1 << 20;
}

static void server_release(struct http_server *s)
{
	void (*closed)(void *) = s->closed;
	void *arg = s->closed_arg;

	if (s->handles || s->conn_count || !s->is_closing)
		return;
	free(s->policy);
	free(s);
	if (closed)
		closed(arg);
}

void server_forget(struct http_conn *c)
{
	struct http_server *s = c->server;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->conn_count--;
	free(c);
	server_release(s);
}

static void server_handle_closed(uv_handle_t *handle)
{
	struct http_server *s = handle->data;

	s->handles--;
	server_release(s);
}

static enum err server_watch(struct http_server *s, uv_loop_t *loop)
{
	if (uv_poll_init(loop, &s->listener, s->fd))
		return ERR_IO;
	uv_timer_init(loop, &s->rest);
	s->listener.data = s;
	s->rest.data = s;
	s->handles = 2;
	uv_poll_start(&s->listener, UV_READABLE, on_accept);
	return ERR_NONE;
}

static enum err server_new(struct http_server **sp, const struct http_settings *settings)
{
	static const char policy[] = "default-src 'none'; frame-ancestors 'none'";
	struct http_server *s = calloc(1, sizeof(*s));

	if (!s)
		return ERR_NOMEM;
	s->settings = *settings;
	settings_fill(&s->settings);
	s->policy = strdup(settings->policy ? settings->policy : policy);
	if (!s->policy) {
		free(s);
		return ERR_NOMEM;
	}
	*sp = s;
	return ERR_NONE;
}

enum err http_server_open(struct http_server **sp, uv_loop_t *loop, const struct http_settings *settings, struct err_detail *detail)
{
	struct http_server *s = NULL;
	int fd = settings->has_fd ? settings->fd : -1;
	enum err err = settings->has_fd ? ERR_NONE : http_listen(settings->listen, &fd, detail);

	*sp = NULL;
	if (!err)
		err = server_new(&s, settings);
	if (!err) {
		s->fd = fd;
		s->loop = loop;
		err = server_watch(s, loop);
	}
	if (err && s) {
		free(s->policy);
		free(s);
	}
	if (err && fd >= 0)
		close(fd);
	if (!err)
		*sp = s;
	return err;
}

enum err http_server_mount(struct http_server *s, const struct http_route *routes, void *arg)
{
	if (s->mount_count == TABLES_MAX)
		return ERR_LIMIT;
	for (const struct http_route *r = routes; r->method; r++)
		assert(r->path[0] == '/' && r->handler);
	s->mounts[s->mount_count++] = (struct http_mount){ routes, arg };
	return ERR_NONE;
}

enum err http_server_files(struct http_server *s, const struct http_file *files)
{
	if (s->files_count == TABLES_MAX)
		return ERR_LIMIT;
	s->files[s->files_count++] = files;
	return ERR_NONE;
}

unsigned int http_server_port(const struct http_server *s)
{
	union address a = { .room = { .ss_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);

	if (getsockname(s->fd, &a.any, &len))
		return 0;
	return a.any.sa_family == AF_INET ? ntohs(a.v4.sin_port) : a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

int http_server_fd(const struct http_server *s)
{
	return s->fd;
}

uint64_t http_server_replies(const struct http_server *s, unsigned int status)
{
	return status <= HTTP_STATUS_MAX ? s->replies[status] : 0;
}

unsigned int http_server_connections(const struct http_server *s)
{
	return s->conn_count;
}

void http_server_drain(struct http_server *s)
{
	struct http_conn *c, *next;

	if (s->is_draining)
		return;
	s->is_draining = true;
	uv_close((uv_handle_t *)&s->listener, server_handle_closed);
	uv_close((uv_handle_t *)&s->rest, server_handle_closed);
	close(s->fd);
	s->fd = -1;
	for (c = s->conns; c; c = next) {
		next = c->next;
		if (c->phase == CONN_IDLE && !c->in_len)
			conn_close(c);
	}
}

void http_server_close(struct http_server **sp, void (*closed)(void *arg), void *arg)
{
	struct http_server *s = *sp;
	struct http_conn *c, *next;

	if (!s)
		return;
	*sp = NULL;
	http_server_drain(s);
	for (c = s->conns; c; c = next) {
		next = c->next;
		conn_end(c);
	}
	s->closed = closed;
	s->closed_arg = arg;
	s->is_closing = true;
	if (!s->handles)
		server_release(s); /* drained long ago, and nobody is left */
}
