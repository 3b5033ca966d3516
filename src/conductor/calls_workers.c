/* Which workers there are, by their own word, and which one gets the next call. */
#include <stdlib.h>
#include <string.h>

#include "conductor/calls_state.h"

static bool is_heard(const struct calls *c, const struct call_worker *w)
{
	return w->heard_ms + CALLS_HEARD_MS >= c->settings.mono_ms(c->settings.arg);
}

const struct call_worker *worker_find(const struct calls *c, const char *name)
{
	for (size_t i = 0; i < c->worker_count; i++)
		if (!strcmp(c->workers[i].name, name) && is_heard(c, &c->workers[i]))
			return &c->workers[i];
	return NULL;
}

struct call_worker *worker_pick(struct calls *c, const char *not)
{
	struct call_worker *best = NULL;

	for (size_t i = 0; i < c->worker_count; i++) {
		struct call_worker *w = &c->workers[i];
		bool is_last = !strcmp(w->name, not), best_is_last = best && !strcmp(best->name, not);

		if (!is_heard(c, w) || w->is_draining || w->calls >= w->calls_max)
			continue;
		if (!best || (best_is_last && !is_last) || (best_is_last == is_last && w->calls < best->calls))
			best = w;
	}
	if (best)
		best->calls++; /* until it speaks for itself again */
	return best;
}

enum err worker_media_url(const struct calls *c, const struct call_worker *w, const char *path, char out[CALL_URL_MAX])
{
	const char *base = *c->settings.options.voice_url ? c->settings.options.voice_url : w->url, *mark;
	struct buf b;

	buf_over(&b, out, CALL_URL_MAX - 1);
	if (!strncmp(base, "http", 4)) {
		buf_text(&b, "ws");
		base += 4;
	}
	while ((mark = strstr(base, "{worker}"))) {
		buf_append(&b, base, (size_t)(mark - base));
		buf_text(&b, w->name);
		base = mark + strlen("{worker}");
	}
	buf_text(&b, base);
	if (!b.err && b.len && b.data[b.len - 1] == '/')
		b.len--;
	buf_text(&b, path);
	out[b.err ? 0 : b.len] = 0;
	return b.err;
}

/* ---- registering ---- */

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len && len < CALL_WORD_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

static bool url_ok(const char *url)
{
	return (!strncmp(url, "http://", 7) || !strncmp(url, "https://", 8)) && strlen(url) < CALL_WORKER_URL_MAX && http_is_value(url, strlen(url)) &&
		!strpbrk(url, " \t?#");
}

/* Its own row, or a new one, or that of one who is not heard of any more. */
static struct call_worker *row_for(struct calls *c, const char *name)
{
	for (size_t i = 0; i < c->worker_count; i++)
		if (!strcmp(c->workers[i].name, name))
			return &c->workers[i];
	if (c->worker_count < CALLS_WORKERS_MAX)
		return &c->workers[c->worker_count++];
	for (size_t i = 0; i < c->worker_count; i++)
		if (!is_heard(c, &c->workers[i]))
			return &c->workers[i];
	return NULL;
}

static bool registration_read(struct call_worker *w, const json_t *body)
{
	const char *name = json_string_value(json_object_get(body, "worker")), *url = json_string_value(json_object_get(body, "url"));
	json_int_t calls = json_integer_value(json_object_get(body, "calls")), calls_max = json_integer_value(json_object_get(body, "calls_max"));

	if (!name || !url || !name_ok(name) || !url_ok(url) || calls < 0 || calls_max < 0)
		return false;
	memcpy(w->name, name, strlen(name) + 1);
	memcpy(w->url, url, strlen(url) + 1);
	w->calls = (uint64_t)calls;
	w->calls_max = (uint64_t)calls_max;
	w->is_draining = json_is_true(json_object_get(body, "draining"));
	return true;
}

void calls_on_register(struct http_request *r, void *arg)
{
	struct calls *c = arg;
	struct ask *a = ask_begin(c, r);
	struct call_worker said = { .name = "" }, *row;

	if (!a || !ask_worker(a) || !ask_body(a))
		return;
	if (!registration_read(&said, a->body)) {
		ask_error(a, 400, "bad_request", "This is no worker's registration.", "worker, url, calls and calls_max are needed");
		return;
	}
	row = row_for(c, said.name);
	if (!row) {
		ask_error(a, 503, "busy", "There are too many workers.", NULL);
		return;
	}
	said.heard_ms = c->settings.mono_ms(c->settings.arg);
	*row = said;
	ask_done(a);
}
