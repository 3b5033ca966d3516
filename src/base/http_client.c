/* libcurl's multi interface on a libuv loop: its sockets are polls, its time is one timer. See http_client.h, http_client_parts.h. */
#include <assert.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/http_client_parts.h"

enum { EXCHANGES_MAX = 1000, CONNECTIONS_MAX = 100, PER_HOST_MAX = 32, KEPT_US = 30000000 };

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static bool global_is_ready;

/* ---- libcurl's memory: headers with keys, requests as they were sent, answers with keys; so all of it is overwritten before it is freed ---- */

static void curl_memory_free(void *memory)
{
	if (memory)
		sodium_memzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *curl_memory_resize(void *memory, size_t bytes)
{
	size_t there = memory ? malloc_usable_size(memory) : 0;
	void *more;

	if (memory && bytes && bytes <= there)
		return memory;
	more = malloc(bytes);
	if (!more)
		return NULL;
	if (memory)
		memcpy(more, memory, there < bytes ? there : bytes);
	curl_memory_free(memory);
	return more;
}

static void global_start(void)
{
	global_is_ready = sodium_init() >= 0 &&
		!curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, curl_memory_free, curl_memory_resize, strdup, calloc);
}

uint64_t http_client_now_us(void)
{
	return uv_hrtime() / 1000;
}

/* ---- the end ---- */

void http_client_unhold(struct http_client *c)
{
	if (--c->handles || !c->is_closing)
		return;
	free(c->ca_file);
	free(c->proxy);
	free(c);
}

static void on_timer_closed(uv_handle_t *handle)
{
	http_client_unhold(handle->data);
}

static void on_socket_closed(uv_handle_t *handle)
{
	struct client_socket *s = handle->data;
	struct http_client *c = s->client;

	free(s);
	http_client_unhold(c);
}

static void socket_close(struct client_socket *s)
{
	*(s->prev ? &s->prev->next : &s->client->sockets) = s->next;
	if (s->next)
		s->next->prev = s->prev;
	uv_close((uv_handle_t *)&s->poll, on_socket_closed);
}

static void client_teardown(struct http_client *c)
{
	CURLM *multi = c->multi;

	while (c->exchanges)
		exchange_release(c->exchanges);
	c->in_curl++;
	curl_multi_cleanup(multi);
	c->in_curl--;
	c->multi = NULL;
	while (c->sockets)
		socket_close(c->sockets);
	names_free(c);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

void http_client_close(struct http_client **cp)
{
	struct http_client *c = *cp;

	if (!c)
		return;
	*cp = NULL;
	c->is_closing = true;
	for (struct http_exchange *x = c->exchanges; x; x = x->next)
		exchange_silence(x);
	if (!c->in_curl)
		client_teardown(c);
}

/* ---- in and out of libcurl ---- */

void http_client_enter(struct http_client *c)
{
	c->in_curl++;
}

/* Releases what was silenced meanwhile; each release may change the list. */
static void sweep(struct http_client *c)
{
	struct http_exchange *x = c->exchanges;

	c->sweeps = false;
	while (x) {
		struct http_exchange *next = x->next;

		if (x->phase == EXCHANGE_OVER)
			exchange_release(x);
		x = next;
	}
}

void http_client_leave(struct http_client *c)
{
	assert(c->in_curl);
	if (--c->in_curl)
		return;
	if (c->is_closing && c->multi)
		client_teardown(c);
	else if (c->sweeps)
		sweep(c);
}

/* Tells what has ended. A handler may do anything: start, cancel, close. */
void http_client_drain(struct http_client *c)
{
	struct CURLMsg *m;
	int left;

	while (c->multi && (m = curl_multi_info_read(c->multi, &left))) {
		struct http_exchange *x = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
		exchange_ended(x, code);
	}
}

static void client_turn(struct http_client *c, curl_socket_t fd, int events)
{
	int running;

	http_client_enter(c);
	curl_multi_socket_action(c->multi, fd, events, &running);
	http_client_leave(c);
	http_client_drain(c);
}

/* ---- sockets and time ---- */

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct client_socket *s = handle->data;
	int what = status < 0 ? CURL_CSELECT_ERR : 0;

	what |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	what |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	client_turn(s->client, s->fd, what);
}

static struct client_socket *socket_open(struct http_client *c, curl_socket_t fd)
{
	struct client_socket *s = calloc(1, sizeof(*s));

	if (!s || uv_poll_init(c->loop, &s->poll, fd)) {
		free(s);
		return NULL;
	}
	s->poll.data = s;
	s->client = c;
	s->fd = fd;
	s->next = c->sockets;
	if (s->next)
		s->next->prev = s;
	c->sockets = s;
	c->handles++;
	return s;
}

/* Without memory a socket is not watched; its exchange then meets its deadline. An error from here would end all of them. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
	struct http_client *c = arg;
	struct client_socket *s = assigned;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(c->multi, fd, NULL);
		if (s)
			socket_close(s);
		return 0;
	}
	if (!s) {
		s = socket_open(c, fd);
		curl_multi_assign(c->multi, fd, s);
	}
	if (s)
		uv_poll_start(&s->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0), on_poll);
	return 0;
}

static void on_timer(uv_timer_t *timer)
{
	client_turn(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	if (c->is_closing)
		return 0;
	uv_update_time(c->loop);
	if (ms < 0)
		uv_timer_stop(&c->timer);
	else
		uv_timer_start(&c->timer, on_timer, (uint64_t)ms, 0);
	return 0;
}

/* ---- the beginning ---- */

static enum err open_failed(struct http_client *c, enum err err, struct err_detail *detail, const char *message, const char *where, const char *hint)
{
	snprintf(detail->message, sizeof(detail->message), "%s", message);
	snprintf(detail->where, sizeof(detail->where), "%s", where ? where : "");
	snprintf(detail->hint, sizeof(detail->hint), "%s", hint);
	if (c) {
		free(c->ca_file);
		free(c->proxy);
		free(c);
	}
	return err;
}

static void settings_take(struct http_client *c, const struct http_client_settings *s)
{
	c->settings = *s;
	c->settings.exchanges_max = s->exchanges_max ? s->exchanges_max : EXCHANGES_MAX;
	c->settings.connections_max = s->connections_max ? s->connections_max : CONNECTIONS_MAX;
	c->settings.per_host_max = s->per_host_max ? s->per_host_max : PER_HOST_MAX;
	c->settings.kept_us = s->kept_us ? s->kept_us : KEPT_US;
	c->ca_file = s->ca_file ? strdup(s->ca_file) : NULL;
	c->proxy = s->proxy ? strdup(s->proxy) : NULL;
}

static bool proxy_is_good(struct http_client *c)
{
	bool is_secure;

	return !url_split(c->proxy, c->proxy_host, c->proxy_port, &is_secure) && !is_secure && !c->settings.allows;
}

static void multi_set(struct http_client *c)
{
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)c->settings.connections_max);
	curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)c->settings.per_host_max);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->settings.connections_max);
}

enum err http_client_open(struct http_client **cp, uv_loop_t *loop, const struct http_client_settings *settings, struct err_detail *detail)
{
	struct http_client *c = calloc(1, sizeof(*c));

	*cp = NULL;
	pthread_once(&global_once, global_start);
	if (!c || !global_is_ready)
		return open_failed(c, ERR_NOMEM, detail, "no memory for an HTTP client", NULL, "");
	settings_take(c, settings);
	if ((settings->ca_file && !c->ca_file) || (settings->proxy && !c->proxy))
		return open_failed(c, ERR_NOMEM, detail, "no memory for an HTTP client", NULL, "");
	if (c->ca_file && access(c->ca_file, R_OK))
		return open_failed(c, ERR_UNAVAILABLE, detail, "the file of trusted certificates cannot be read", settings->ca_file, "check its name and who may read it");
	if (c->proxy && !proxy_is_good(c))
		return open_failed(c, ERR_USAGE, detail, "this is no proxy, or not one for addresses that are to be judged", settings->proxy,
			"write http://host:port");
	c->multi = curl_multi_init();
	if (!c->multi)
		return open_failed(c, ERR_NOMEM, detail, "no memory for an HTTP client", NULL, "");
	c->loop = loop;
	uv_timer_init(loop, &c->timer);
	c->timer.data = c;
	c->handles = 1;
	multi_set(c);
	*cp = c;
	return ERR_NONE;
}

unsigned int http_client_exchanges(const struct http_client *c)
{
	return c->exchange_count;
}
