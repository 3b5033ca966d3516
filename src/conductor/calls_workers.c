/* Which workers there are, by their own word, and which one gets the next call. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conductor/calls_state.h"

static const struct log log_here = { .plane = "conductor", .doing = "reading a worker's report" };

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

static bool is_open(const struct calls *c, const struct call_worker *w)
{
	return is_heard(c, w) && !w->is_draining && !w->is_unwell && w->calls < w->calls_max;
}

void calls_facts(const struct calls *c, struct calls_facts *facts)
{
	*facts = (struct calls_facts){ .workers = 0 };
	for (size_t i = 0; i < c->worker_count; i++) {
		const struct call_worker *w = &c->workers[i];

		if (!is_heard(c, w))
			continue;
		facts->workers++;
		facts->open += is_open(c, w);
		facts->unwell += w->is_unwell;
		facts->calls += w->calls;
	}
}

bool worker_any(const struct calls *c)
{
	for (size_t i = 0; i < c->worker_count; i++)
		if (is_open(c, &c->workers[i]))
			return true;
	return false;
}

/* Who did not take the call is worse than who has lost it; who has prepared it is the best. */
static int badness(const struct call_worker *w, const struct call_record *r)
{
	if (!strcmp(w->name, r->prepares) && strcmp(w->name, r->offered) != 0)
		return -1;
	return !strcmp(w->name, r->offered) ? 2 : !strcmp(w->name, r->worker);
}

struct call_worker *worker_pick(struct calls *c, const struct call_record *r)
{
	struct call_worker *best = NULL;
	int best_bad = 0;

	for (size_t i = 0; i < c->worker_count; i++) {
		struct call_worker *w = &c->workers[i];
		int bad = badness(w, r);

		if (!is_open(c, w))
			continue;
		if (best && (bad > best_bad || (bad == best_bad && w->calls >= best->calls)))
			continue;
		best = w;
		best_bad = bad;
	}
	if (best)
		best->calls++; /* until it speaks for itself again */
	return best;
}

bool worker_elsewhere(struct calls *c, const struct call_record *r)
{
	const struct call_worker *w = worker_pick(c, r);
	bool is_other = w && strcmp(w->name, r->worker) != 0;

	if (w && !is_other)
		worker_unpick(c, w->name);
	return is_other;
}

void worker_unpick(struct calls *c, const char *name)
{
	for (size_t i = 0; *name && i < c->worker_count; i++)
		if (!strcmp(c->workers[i].name, name) && c->workers[i].calls)
			c->workers[i].calls--;
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

bool worker_name_ok(const char *name)
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

	if (!name || !url || !worker_name_ok(name) || !url_ok(url) || calls < 0 || calls_max < 0)
		return false;
	memcpy(w->name, name, strlen(name) + 1);
	memcpy(w->url, url, strlen(url) + 1);
	w->calls = (uint64_t)calls;
	w->calls_max = (uint64_t)calls_max;
	w->is_draining = json_is_true(json_object_get(body, "draining"));
	w->is_unwell = json_is_false(json_object_get(body, "journal"));
	w->names_calls = json_is_object(json_object_get(body, "here"));
	return true;
}

/* What is no call, or no epoch, says nothing. */
static void note_calls(struct calls *c, const json_t *here)
{
	const char *id;
	json_t *epoch;

	json_object_foreach((json_t *)(uintptr_t)here, id, epoch) {
		json_int_t n = json_integer_value(epoch);

		if (call_id_ok(id) && n > 0 && n <= UINT32_MAX && !sight_note(c, id, (uint32_t)n))
			log_error(&log_here, "too many calls to keep an eye on", LOG_TEXT("id", id));
	}
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
	note_calls(c, json_object_get(a->body, "here"));
	ask_done(a);
	calls_wake(c);
}
