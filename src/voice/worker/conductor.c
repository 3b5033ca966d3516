#include "voice/worker/conductor_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/service_key.h"

enum { REPORT_BYTES_MAX = 256 << 10 };

static const char *const end_names[END_REASONS] = { [END_CALLER] = "caller", [END_AGENT] = "agent", [END_QUIET] = "quiet", [END_MAX] = "time",
	[END_ORDER] = "order", [END_LOST] = "lost", [END_FAILED] = "failed", [END_MACHINE] = "voicemail" };

const char *conductor_end_name(enum end_reason reason)
{
	return (unsigned int)reason < END_REASONS ? end_names[reason] : "failed";
}

/* ------------------------------------------------------------------ tokens */

/* Signing takes a millisecond, so a token serves for many requests; it is good for much longer than CONDUCTOR_TOKEN_S. */
static enum err bearer_fresh(struct conductor *c)
{
	int64_t now_s = (int64_t)time(NULL);
	struct buf b;
	enum err err;

	if (c->bearer_s && now_s >= c->bearer_s && now_s - c->bearer_s < CONDUCTOR_TOKEN_S)
		return ERR_NONE;
	buf_init(&b, CONDUCTOR_HEADER_MAX - 1);
	buf_text(&b, "Authorization: Bearer ");
	err = service_key_assert(c->settings.key, c->settings.policy, NULL, now_s, &b);
	if (!err)
		err = b.err;
	if (!err) {
		memcpy(c->bearer, buf_str(&b), b.len + 1);
		c->bearer_s = now_s;
	}
	buf_fini(&b);
	return err;
}

void conductor_refused(struct conductor *c, unsigned int status)
{
	if (status == 401)
		c->bearer_s = 0;
}

enum err conductor_judge(const struct http_answer *answer)
{
	if (answer->err)
		return answer->err;
	switch (answer->status) {
	case 200: return ERR_NONE;
	case 403:
	case 404: return ERR_DENIED;
	case 409: return ERR_CLOSED;
	default: return ERR_UNAVAILABLE;
	}
}

enum err conductor_ask(struct conductor *c, struct http_exchange **xp, const struct http_ask *ask, const char *path, const char *type,
	const struct http_exchange_handlers *handlers, void *arg)
{
	char url[CONDUCTOR_URL_MAX + CONDUCTOR_PATH_MAX], content[80];
	const char *headers[] = { c->bearer, content, NULL };
	struct http_ask whole = *ask;
	struct err_detail detail;
	enum err err = bearer_fresh(c);

	*xp = NULL;
	if (err)
		return err;
	snprintf(url, sizeof(url), "%s%s", c->url, path);
	snprintf(content, sizeof(content), "Content-Type: %s", type ? type : "application/json");
	whole.url = url;
	whole.headers = headers;
	return http_exchange_start(xp, c->client, &whole, handlers, arg, &detail);
}

/* ------------------------------------------------------------------ the report */

static void report_due(void *arg);

/* A conductor that has just been started knows nobody: it is not kept waiting. */
static void report_next(struct conductor *c, bool taken)
{
	uint64_t pause_ms = taken ? CONDUCTOR_REPORT_MS : CONDUCTOR_AGAIN_MS;

	clock_timer_set(&c->due, c->clock, clock_now_us(c->clock) + pause_ms * 1000, report_due, c);
}

static void report_told(struct conductor *c, bool taken, enum err err, unsigned int status)
{
	bool is_news = !c->is_known || taken == c->is_away;

	if (!taken && !c->is_away)
		log_warn(&c->log, "the conductor does not answer; calls go on", LOG_ERR(err), LOG_UINT("status", status));
	else if (taken && c->is_away)
		log_info(&c->log, "the conductor answers again");
	c->is_away = !taken;
	c->is_known = true;
	c->reports += taken;
	if (is_news && c->settings.answers)
		c->settings.answers(c->settings.arg, taken);
}

static void report_done(const struct http_answer *answer, void *arg)
{
	struct conductor *c = arg;
	bool taken = !answer->err && answer->status == 204;

	conductor_refused(c, answer->status);
	report_told(c, taken, answer->err, answer->status);
	report_next(c, taken);
}

static const struct http_exchange_handlers report_handlers = { .done = report_done };

static void report_write(const struct conductor *c, struct buf *b)
{
	struct conductor_facts facts = { .calls = 0 };

	if (c->settings.facts)
		c->settings.facts(c->settings.arg, &facts);
	json_open(b, '{');
	json_pair_string(b, "worker", c->worker);
	json_pair_string(b, "url", c->worker_url);
	json_pair_u64(b, "pid", (uint64_t)uv_os_getpid());
	json_pair_u64(b, "calls", facts.calls);
	json_pair_u64(b, "calls_max", facts.calls_max);
	json_pair_bool(b, "draining", facts.draining);
	json_pair_bool(b, "journal", !facts.unwell);
	conductor_calls_write(c, b);
	json_close(b, '}');
}

void conductor_report(struct conductor *c)
{
	struct buf b;
	struct http_ask ask = { .method = HTTP_POST, .total_us = CONDUCTOR_REPORT_MS * 1000, .is_repeatable = true };
	enum err err;

	http_exchange_cancel(&c->report);
	clock_timer_stop(&c->due); /* the answer sets it, or that there is none */
	buf_init(&b, REPORT_BYTES_MAX);
	report_write(c, &b);
	ask.body = b.data;
	ask.len = b.len;
	err = b.err ? b.err : conductor_ask(c, &c->report, &ask, "/internal/v1/workers", NULL, &report_handlers, c);
	buf_fini(&b);
	if (err) {
		report_told(c, false, err, 0);
		report_next(c, false);
	}
}

static void report_due(void *arg)
{
	conductor_report(arg);
}

uint64_t conductor_reports(const struct conductor *c)
{
	return c->reports;
}

bool conductor_answers(const struct conductor *c)
{
	return c->is_known && !c->is_away;
}

size_t conductor_telling(const struct conductor *c)
{
	return c->closed_calls;
}

/* ------------------------------------------------------------------ open, close */

static bool texts_fit(const struct conductor_settings *s)
{
	return strlen(s->url) < CONDUCTOR_URL_MAX && strlen(s->worker) < CONDUCTOR_NAME_MAX && strlen(s->worker_url) < CONDUCTOR_URL_MAX;
}

enum err conductor_open(struct conductor **cp, uv_loop_t *loop, const struct conductor_settings *settings, struct err_detail *detail)
{
	const struct http_client_settings http = { .ca_file = settings->ca_file };
	struct conductor *c = texts_fit(settings) ? calloc(1, sizeof(*c)) : NULL;
	enum err err;

	*cp = NULL;
	if (!c)
		return texts_fit(settings) ? ERR_NOMEM : ERR_LIMIT;
	c->clock = settings->clock;
	c->settings = *settings;
	snprintf(c->url, sizeof(c->url), "%s", settings->url);
	snprintf(c->worker, sizeof(c->worker), "%s", settings->worker);
	snprintf(c->worker_url, sizeof(c->worker_url), "%s", settings->worker_url);
	c->settings.url = c->settings.worker = c->settings.worker_url = c->settings.ca_file = NULL;
	c->log = (struct log){ .plane = "voice", .doing = "talking to the conductor" };
	err = http_client_open(&c->client, loop, &http, detail);
	if (!err && settings->wants_keys)
		err = provider_keys_open(&c->keys, c);
	if (err) {
		http_client_close(&c->client);
		free(c);
		return err;
	}
	clock_timer_set(&c->due, c->clock, clock_now_us(c->clock), report_due, c);
	*cp = c;
	return ERR_NONE;
}

void conductor_close(struct conductor **cp)
{
	struct conductor *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	clock_timer_stop(&c->due);
	conductor_calls_drop(c);
	provider_keys_close(&c->keys);
	http_client_close(&c->client);
	free(c);
}
