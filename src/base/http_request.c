/* What a request says, where it goes, and who may have it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_parts.h"

struct http_conn *request_conn(const struct http_request *r)
{
	return r->conn;
}

/* ---- texts ---- */

/* A header's value becomes a C string where it stands: what follows it (a carriage return or white space) was read already. */
static void fields_end(struct http_conn *c)
{
	const struct http_head *h = &c->request.head;

	for (unsigned int i = 0; i < h->field_count; i++)
		c->in[h->fields[i].value + h->fields[i].value_len] = '\0';
}

/* Cuts the path at its slashes; each part is decoded into `room`, ended by a NUL. False: a bad escape. */
static bool segments_cut(struct http_request *r, const char *path, size_t len, char *room)
{
	const char *at = path + 1, *end = path + len;

	r->segment_count = 0;
	for (;;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t part = (size_t)((slash ? slash : end) - at);

		if (!http_unescape(at, part, false, room))
			return false;
		if (r->segment_count < SEGMENTS_MAX)
			r->segments[r->segment_count] = room;
		r->segment_count += r->segment_count <= SEGMENTS_MAX;
		room += strlen(room) + 1;
		if (!slash)
			return true;
		at = slash + 1;
	}
}

static struct http_refusal bad_target(void)
{
	return (struct http_refusal){ 400, "bad_request", "The target holds an escape that is none, or too many parameters." };
}

/* target, decoded path, segments, the rest: one allocation, each at most as long as the target. */
static struct http_refusal texts_make(struct http_conn *c)
{
	struct http_request *r = &c->request;
	const char *target = (const char *)c->in + r->head.target;
	size_t len = r->head.target_len;
	const char *mark = memchr(target, '?', len);
	size_t path_len = mark ? (size_t)(mark - target) : len;
	char *at = malloc(4 * (len + 2));

	if (!at)
		return (struct http_refusal){ 503, "no_memory", "There is no memory for the request." };
	r->memory = at;
	memcpy(at, target, len);
	at[len] = '\0';
	r->target = at;
	r->path = at + len + 2;
	r->rest = at + 3 * (len + 2);
	if (target[0] != '/' || !http_unescape(target, path_len, false, at + len + 2) ||
		!segments_cut(r, target, path_len, at + 2 * (len + 2)) ||
		(mark && http_pairs_parse(&r->query, mark + 1, len - path_len - 1)))
		return bad_target();
	return (struct http_refusal){ .status = 0 };
}

/* ---- routes ---- */

static bool segment_fits(struct http_request *r, const char *part, size_t len, const char *segment)
{
	if (len > 1 && part[0] == ':') {
		assert(r->param_count < PARAMS_MAX);
		r->params[r->param_count++] = (struct http_param){ part + 1, len - 1, segment };
		return segment[0] != '\0';
	}
	return strlen(segment) == len && !memcmp(segment, part, len);
}

static void rest_join(struct http_request *r, unsigned int from)
{
	char *at = r->rest;

	for (unsigned int i = from; i < r->segment_count; i++)
		at = stpcpy(stpcpy(at, i > from ? "/" : ""), r->segments[i]);
	assert(r->param_count < PARAMS_MAX);
	r->params[r->param_count++] = (struct http_param){ "*", 1, r->rest };
}

static bool path_fits(struct http_request *r, const char *pattern)
{
	unsigned int i = 0;

	r->param_count = 0;
	for (const char *at = pattern + 1;; i++) {
		size_t len = strcspn(at, "/");

		if (i >= r->segment_count)
			return false;
		if (len == 1 && at[0] == '*') {
			rest_join(r, i);
			return true;
		}
		if (!segment_fits(r, at, len, r->segments[i]))
			return false;
		if (!at[len])
			return i + 1 == r->segment_count;
		at += len + 1;
	}
}

static bool method_fits(enum http_method asked, enum http_method route)
{
	return asked == route || (asked == HTTP_HEAD && route == HTTP_GET);
}

static bool mount_find(struct http_request *r, const struct http_mount *m)
{
	for (const struct http_route *route = m->routes; route->method; route++) {
		if (!path_fits(r, route->path))
			continue;
		if (method_fits(r->head.method, route->method)) {
			r->route = route;
			r->route_arg = m->arg;
			return true;
		}
		r->other_method = true;
	}
	return false;
}

static void file_find(struct http_request *r, const struct http_server *s)
{
	for (size_t i = 0; i < s->files_count; i++)
		for (const struct http_file *f = s->files[i]; f->path; f++)
			if (!strcmp(f->path, r->path)) {
				r->file = method_fits(r->head.method, HTTP_GET) ? f : NULL;
				r->other_method = !r->file;
				return;
			}
}

static void route_find(struct http_request *r, const struct http_server *s)
{
	if (r->segment_count <= SEGMENTS_MAX)
		for (size_t i = 0; i < s->mount_count; i++)
			if (mount_find(r, &s->mounts[i]))
				return;
	r->param_count = 0;
	file_find(r, s);
}

struct http_refusal request_prepare(struct http_conn *c)
{
	struct http_request *r = &c->request;
	struct http_refusal why;

	fields_end(c);
	c->is_last = r->head.wants_close;
	why = texts_make(c);
	if (why.status)
		return why;
	route_find(r, c->server);
	buf_init_private(&r->body, r->route && r->route->body_max_bytes ? r->route->body_max_bytes : HTTP_BODY_DEFAULT);
	return why;
}

void request_end(struct http_request *r)
{
	void (*free_context)(void *) = r->free_context;
	void *context = r->context;

	free(r->memory);
	http_pairs_free(&r->query);
	buf_fini(&r->body);
	*r = (struct http_request){ .conn = r->conn };
	if (free_context)
		free_context(context);
}

/* ---- to its handler ---- */

static void allowed_list(const struct http_request *r, const struct http_server *s, struct buf *list)
{
	struct http_request probe = *r;

	for (size_t i = 0; i < s->mount_count; i++)
		for (const struct http_route *route = s->mounts[i].routes; route->method; route++)
			if (path_fits(&probe, route->path))
				buf_printf(list, "%s%s", list->len ? ", " : "", http_method_name(route->method));
	if (!list->len)
		buf_text(list, "GET, HEAD");
}

static void reply_not_here(struct http_request *r)
{
	static const char body[] =
		"{\"error\":{\"code\":\"method_not_allowed\",\"message\":\"This path is not for that method.\",\"where\":null,\"hint\":null}}";
	struct http_header headers[] = { { "Allow", NULL }, { "Content-Type", "application/json" }, { NULL, NULL } };
	char memory[128];
	struct buf list;

	if (!r->other_method) {
		http_reply_error(r, 404, "not_found", "There is nothing at this path.", NULL, NULL);
		return;
	}
	buf_over(&list, memory, sizeof(memory));
	if (r->segment_count <= SEGMENTS_MAX)
		allowed_list(r, request_conn(r)->server, &list);
	headers[0].value = buf_str(&list);
	http_reply(r, 405, headers, body, sizeof(body) - 1);
}

static bool authorised(struct http_request *r, const struct http_settings *settings)
{
	if (r->route->flags & ROUTE_OPEN)
		return true;
	if (settings->authorise)
		return settings->authorise(r, settings->authorise_arg);
	http_reply_error(r, 401, "unauthorised", "This path needs a token.", NULL, NULL);
	return false;
}

void request_dispatch(struct http_conn *c)
{
	struct http_request *r = &c->request;

	if (r->file)
		http_reply_file(r, r->file);
	else if (!r->route)
		reply_not_here(r);
	else if ((r->route->flags & ROUTE_UPGRADE) && !request_is_upgrade(r))
		return;
	else if (authorised(r, &c->server->settings))
		r->route->handler(r, r->route_arg);
}

void http_proceed(struct http_request *r)
{
	struct http_conn *c = request_conn(r);

	assert(r->is_live && r->route);
	if (c->phase == CONN_CLOSED) { /* nobody is there to hear it */
		http_reply_error(r, 503, "gone", "The client is gone.", NULL, NULL);
		return;
	}
	r->proceeds = true;
	conn_send(c);
}

/* ---- what handlers ask ---- */

enum http_method http_method(const struct http_request *r)
{
	return r->head.method;
}

const char *http_target(const struct http_request *r)
{
	return r->target;
}

const char *http_path(const struct http_request *r)
{
	return r->path;
}

const char *http_param(const struct http_request *r, const char *name)
{
	for (unsigned int i = 0; i < r->param_count; i++)
		if (strlen(name) == r->params[i].name_len && !memcmp(name, r->params[i].name, r->params[i].name_len))
			return r->params[i].value;
	return NULL;
}

const char *http_query(const struct http_request *r, const char *name)
{
	return http_pairs_find(&r->query, name);
}

const struct http_pairs *http_query_all(const struct http_request *r)
{
	return &r->query;
}

const char *http_header(const struct http_request *r, const char *name)
{
	const uint8_t *data = request_conn(r)->in;
	const struct http_field *f = http_field_find(&r->head, data, name, 0);

	return f ? (const char *)data + f->value : NULL;
}

bool http_header_at(const struct http_request *r, unsigned int index, const char **name, size_t *name_len, const char **value)
{
	const char *data = (const char *)request_conn(r)->in;
	const struct http_field *f = &r->head.fields[index];

	if (index >= r->head.field_count)
		return false;
	*name = data + f->name;
	*name_len = f->name_len;
	*value = data + f->value;
	return true;
}

const void *http_body(const struct http_request *r, size_t *len)
{
	*len = r->body.len;
	return r->body.len ? (const void *)r->body.data : "";
}

const char *http_remote(const struct http_request *r)
{
	return request_conn(r)->remote;
}

struct http_server *http_request_server(const struct http_request *r)
{
	return request_conn(r)->server;
}

enum err http_form(const struct http_request *r, struct http_pairs *form)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *given = http_header(r, "Content-Type");

	*form = (struct http_pairs){ .count = 0 };
	if (!given || strncasecmp(given, type, sizeof(type) - 1) != 0 || !strchr("; \t", given[sizeof(type) - 1]))
		return ERR_FORMAT;
	return http_pairs_parse(form, r->body.data, r->body.len);
}

void http_set_context(struct http_request *r, void *context, void (*free_context)(void *context))
{
	assert(!r->context);
	r->context = context;
	r->free_context = free_context;
}

void *http_context(const struct http_request *r)
{
	return r->context;
}

void http_on_gone(struct http_request *r, void (*gone)(struct http_request *r, void *arg), void *arg)
{
	struct http_conn *c = request_conn(r);

	assert(r->is_live);
	r->gone = gone;
	r->gone_arg = arg;
	if (c->phase == CONN_BUSY && c->has_ended)
		conn_send(c); /* the next turn of the loop tells it */
}
