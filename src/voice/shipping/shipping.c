/* The thread: its loop, the ship's steps, tokens, open and close. See shipping_state.h for the parts. */
#include "voice/shipping/shipping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/service_key.h"
#include "voice/shipping/shipping_state.h"

enum { IDLE_MS = 1000, STEPS_MAX = 64 };

/* ------------------------------------------------------------------ asking */

static enum err bearer_fresh(struct shipping *s)
{
	int64_t now_s = (int64_t)time(NULL);
	struct err_detail detail = { .message = "" };
	enum err err;

	if (s->bearer_s && now_s >= s->bearer_s && now_s - s->bearer_s < SHIPPING_TOKEN_S)
		return ERR_NONE;
	(void)!service_key_reload(s->settings.key, &detail); /* the issuer may have made a new one; else the old one serves on */
	buf_reset(&s->bearer);
	buf_text(&s->bearer, "Authorization: Bearer ");
	err = service_key_assert(s->settings.key, s->settings.policy, NULL, now_s, &s->bearer);
	if (!err)
		err = s->bearer.err;
	s->bearer_s = err ? 0 : now_s;
	return err;
}

void shipping_refused(struct shipping *s, unsigned int status)
{
	if (status == 401)
		s->bearer_s = 0;
}

enum err shipping_ask(struct shipping *s, struct http_exchange **xp, struct http_ask *ask, const char *path, const char *type,
	const struct http_exchange_handlers *handlers, void *arg)
{
	char url[SHIPPING_TEXT_MAX + 400], content[80];
	const char *headers[] = { NULL, type ? content : NULL, NULL };
	struct err_detail detail;
	enum err err = bearer_fresh(s);

	*xp = NULL;
	if (err)
		return err;
	headers[0] = buf_str(&s->bearer);
	snprintf(url, sizeof(url), "%s%s", s->url, path);
	snprintf(content, sizeof(content), "Content-Type: %s", type ? type : "");
	ask->url = url;
	ask->headers = headers;
	return http_exchange_start(xp, s->client, ask, handlers, arg, &detail);
}

/* ------------------------------------------------------------------ steps */

static uint64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void step(struct shipping *s);

static void on_timer(uv_timer_t *timer)
{
	step(timer->data);
}

void shipping_soon(struct shipping *s, uint64_t ms)
{
	if (s->is_over || (uv_is_active((uv_handle_t *)&s->timer) && uv_timer_get_due_in(&s->timer) <= ms))
		return;
	uv_timer_start(&s->timer, on_timer, ms, 0);
}

/* The ship reads, the sink makes lines, and a batch without any is acknowledged: round and round, so far as there is something. */
static uint64_t ship_go(struct shipping *s)
{
	uint64_t next_us = 0, now_us, lines_ms = UINT64_MAX;

	ship_keep(s->ship, shipping_recordings_keep(s));
	ship_short(s->ship, journal_health(s->settings.journal) != JOURNAL_OK);
	for (unsigned int i = 0; i < STEPS_MAX; i++) {
		uint64_t batch;

		now_us = uv_hrtime() / 1000;
		if (ship_step(s->ship, now_us, wall_us(), &next_us))
			return IDLE_MS;
		batch = s->batch;
		lines_ms = shipping_lines_step(s);
		if (!batch || s->batch == batch)
			break; /* nothing to do, or it is on its way */
	}
	next_us = next_us > now_us ? (next_us - now_us) / 1000 + 1 : 1;
	return lines_ms < next_us ? lines_ms : next_us;
}

static void counts_tell(struct shipping *s)
{
	const struct ship_counts c = ship_counts(s->ship);

	pthread_mutex_lock(&s->lock);
	s->counts = (struct shipping_counts){ .records = c.acked_records, .lines = s->lines, .refused = s->refused, .failures = s->failures,
		.recordings = s->recordings, .recordings_waiting = shipping_recordings_waiting(s),
		.all_shipped = c.all_shipped && s->limit.order == s->seen.order && s->limit.offset == s->seen.offset };
	pthread_mutex_unlock(&s->lock);
}

static void thread_end(struct shipping *s)
{
	s->is_over = true;
	ship_close(&s->ship);
	http_exchange_cancel(&s->post);
	shipping_recordings_close(s);
	http_client_close(&s->client);
	uv_close((uv_handle_t *)&s->timer, NULL);
	uv_close((uv_handle_t *)&s->wake, NULL);
}

/* What the loop thread said meanwhile. */
static bool news_take(struct shipping *s, uint64_t *close_ms)
{
	bool is_closing;

	pthread_mutex_lock(&s->lock);
	s->seen = s->limit;
	is_closing = s->is_closing;
	*close_ms = s->close_ms;
	pthread_mutex_unlock(&s->lock);
	ship_limit(s->ship, s->seen);
	return is_closing;
}

static void step(struct shipping *s)
{
	uint64_t close_ms, next_ms, recordings_ms;
	bool is_closing;

	if (s->is_over)
		return;
	uv_update_time(&s->loop);
	is_closing = news_take(s, &close_ms);
	next_ms = ship_go(s);
	recordings_ms = shipping_recordings_step(s);
	counts_tell(s);
	if (is_closing && (uv_hrtime() / 1000000 >= close_ms || (ship_counts(s->ship).all_shipped && !shipping_recordings_waiting(s)))) {
		thread_end(s);
		return;
	}
	next_ms = recordings_ms < next_ms ? recordings_ms : next_ms;
	next_ms = next_ms < IDLE_MS ? next_ms : IDLE_MS;
	shipping_soon(s, is_closing && next_ms > 20 ? 20 : next_ms);
}

static void on_wake(uv_async_t *async)
{
	step(async->data);
}

static void *thread_run(void *arg)
{
	struct shipping *s = arg;

	shipping_soon(s, 0);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	return NULL;
}

/* ------------------------------------------------------------------ open */

static bool name_ok(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == strlen(name);
}

static bool take(char *to, size_t size, const char **text, size_t spare)
{
	if (!*text)
		return true;
	if (strlen(*text) + spare >= size)
		return false;
	snprintf(to, size, "%s", *text);
	*text = to;
	return true;
}

static enum err texts_take(struct shipping *s)
{
	struct shipping_settings *o = &s->settings;

	if (!name_ok(o->worker))
		return ERR_USAGE;
	if (!take(s->dir, sizeof(s->dir), &o->dir, 96) || !take(s->journals, sizeof(s->journals), &o->journals, 96) ||
		!take(s->master, sizeof(s->master), &o->master_path, 0) || !take(s->spool, sizeof(s->spool), &o->spool, 96) ||
		!take(s->ca_file, sizeof(s->ca_file), &o->ca_file, 0) || !take(s->url, sizeof(s->url), &o->url, 0) ||
		!take(s->worker, sizeof(s->worker), &o->worker, 0))
		return ERR_LIMIT;
	return ERR_NONE;
}

static enum err spool_make(struct shipping *s)
{
	char parent[DISK_PATH_MAX];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", s->spool);
	slash = strrchr(parent, '/');
	if (slash && slash > parent) {
		*slash = 0;
		(void)!disk_make_folder(s->settings.disk, parent);
	}
	return disk_make_folder(s->settings.disk, s->spool);
}

static enum err ship_begin(struct shipping *s, struct err_detail *detail)
{
	struct ship_options o;

	ship_options_defaults(&o);
	o.batch_bytes = SHIPPING_BATCH_BYTES;
	o.batches_max = 1;
	o.ack_timeout_us = UINT64_C(1000) * (SHIPPING_POST_MS * 2);
	o.backoff_max_us = 2000000;
	if (s->settings.keep_us)
		o.keep_us = s->settings.keep_us;
	return ship_open(&s->ship, s->settings.disk, s->dir, &shipping_sink, s, &o, detail);
}

static enum err parts_open(struct shipping *s, struct err_detail *detail)
{
	const struct http_client_settings http = { .ca_file = s->settings.ca_file, .connections_max = 4 };
	enum err err = spool_make(s);

	if (!err)
		err = shipping_lines_open(s);
	if (!err)
		err = shipping_recordings_open(s);
	if (!err)
		err = ship_begin(s, detail);
	if (!err)
		err = http_client_open(&s->client, &s->loop, &http, detail);
	if (err)
		return err;
	s->limit = journal_durable_position(s->settings.journal);
	ship_limit(s->ship, s->limit);
	return pthread_create(&s->thread, NULL, thread_run, s) ? ERR_NOMEM : ERR_NONE;
}

static void memory_free(struct shipping *s)
{
	shipping_lines_close(s);
	buf_fini(&s->bearer);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

enum err shipping_open(struct shipping **sp, const struct shipping_settings *settings, struct err_detail *detail)
{
	struct shipping *s = calloc(1, sizeof(*s));
	enum err err;

	*sp = NULL;
	if (!s)
		return ERR_NOMEM;
	s->settings = *settings;
	s->log = (struct log){ .plane = "voice", .doing = "shipping the journal" };
	err = texts_take(s);
	if (!err && uv_loop_init(&s->loop))
		err = ERR_NOMEM;
	if (err) {
		free(s);
		return err;
	}
	pthread_mutex_init(&s->lock, NULL);
	buf_init(&s->bearer, JWS_MAX_BYTES + 64);
	uv_async_init(&s->loop, &s->wake, on_wake);
	uv_timer_init(&s->loop, &s->timer);
	s->wake.data = s->timer.data = s;
	err = parts_open(s, detail);
	if (err) {
		thread_end(s);
		uv_run(&s->loop, UV_RUN_DEFAULT);
		uv_loop_close(&s->loop);
		memory_free(s);
		return err;
	}
	(void)pthread_setname_np(s->thread, "shipping");
	*sp = s;
	return ERR_NONE;
}

/* ------------------------------------------------------------------ from the loop thread */

void shipping_durable(struct shipping *s, struct journal_position durable)
{
	pthread_mutex_lock(&s->lock);
	s->limit = durable;
	s->counts.all_shipped = false;
	pthread_mutex_unlock(&s->lock);
	(void)uv_async_send(&s->wake);
}

struct shipping_counts shipping_counts(struct shipping *s)
{
	struct shipping_counts counts;

	pthread_mutex_lock(&s->lock);
	counts = s->counts;
	pthread_mutex_unlock(&s->lock);
	return counts;
}

void shipping_close(struct shipping **sp, uint64_t wait_us)
{
	struct shipping *s = *sp;

	*sp = NULL;
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_closing = true;
	s->close_ms = (uv_hrtime() / 1000 + wait_us) / 1000;
	pthread_mutex_unlock(&s->lock);
	(void)uv_async_send(&s->wake);
	pthread_join(s->thread, NULL);
	(void)uv_loop_close(&s->loop);
	memory_free(s);
}
