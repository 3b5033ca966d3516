#include "base/jwks_fetch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/http_client.h"
#include "base/log.h"

enum { FETCH_US = 8000000, CONNECT_US = 4000000 };

const struct option jwks_fetch_options[] = {
	{ .name = "identity.keys_url", .type = OPTION_TEXT, .min = 0, .max = 2000, .text = "", .fits = http_is_url, .fitting = HTTP_URL_FITTING,
		.help = "Where an outside issuer publishes its keys (JWKS); empty: the built-in issuer's.", .offset = offsetof(struct jwks_fetch_settings, url) },
	{ .name = "identity.keys_ca_file", .type = OPTION_TEXT, .min = 0, .max = 1000, .text = "",
		.help = "Certificates (PEM) that are trusted at that address instead of the system's.", .offset = offsetof(struct jwks_fetch_settings, ca_file) },
	{ .name = NULL },
};

struct jwks_fetch {
	struct jwks *keys;
	struct http_client *client;
	struct http_exchange *exchange;
	char *url;
	struct log log;
	jwks_fetched_h *fetched;
	void *arg;
};

uint64_t jwks_fetch_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static enum err judge(struct jwks_fetch *f, const struct http_answer *a, struct err_detail *detail)
{
	if (a->err) {
		*detail = a->detail;
		return a->err;
	}
	if (a->status != 200)
		return ERR_UNAVAILABLE;
	return jwks_load(f->keys, a->body, a->len, jwks_fetch_mono_us(), detail);
}

static void on_done(const struct http_answer *a, void *arg)
{
	struct jwks_fetch *f = arg;
	struct err_detail detail = { .message = "the address answers with another status than 200" };
	enum err err = judge(f, a, &detail);

	if (err) {
		jwks_failed(f->keys);
		log_warn(&f->log, "the issuer's keys did not come", LOG_ERR(err), LOG_TEXT("why", detail.message), LOG_UINT("status", a->status));
	}
	if (f->fetched)
		f->fetched(f->arg, err);
}

static const struct http_exchange_handlers handlers = { .done = on_done };

static enum err fetch_start(struct jwks_fetch *f, struct err_detail *detail)
{
	static const char *const headers[] = { "Accept: application/json", NULL };
	const struct http_ask ask = { .method = HTTP_GET, .url = f->url, .headers = headers, .body_max_bytes = JWKS_MAX_BYTES, .connect_us = CONNECT_US,
		.total_us = FETCH_US, .retries_max = 1 };

	return http_exchange_start(&f->exchange, f->client, &ask, &handlers, f, detail);
}

static void fetch(void *arg)
{
	struct jwks_fetch *f = arg;
	struct err_detail detail;

	if (f->exchange)
		return;
	if (fetch_start(f, &detail)) {
		jwks_failed(f->keys);
		log_warn(&f->log, "the issuer's keys cannot be asked for", LOG_TEXT("why", detail.message));
	}
}

static enum err parts_open(struct jwks_fetch *f, uv_loop_t *loop, const struct jwks_fetch_settings *s, struct err_detail *detail)
{
	const struct http_client_settings client = { .ca_file = *s->ca_file ? s->ca_file : NULL, .exchanges_max = 1, .connections_max = 1 };
	enum err err = jwks_new(&f->keys, fetch, f);

	f->url = strdup(s->url);
	if (err || !f->url)
		return ERR_NOMEM;
	err = http_client_open(&f->client, loop, &client, detail);
	if (!err)
		err = fetch_start(f, detail); /* judges the URL as well */
	return err;
}

enum err jwks_fetch_open(struct jwks_fetch **fp, uv_loop_t *loop, const char *plane, const struct jwks_fetch_settings *settings,
	jwks_fetched_h *fetched, void *arg, struct err_detail *detail)
{
	struct jwks_fetch *f = calloc(1, sizeof(*f));
	enum err err;

	*fp = NULL;
	if (!f)
		return ERR_NOMEM;
	f->log = (struct log){ .plane = plane, .doing = "fetching the issuer's keys" };
	f->fetched = fetched;
	f->arg = arg;
	err = parts_open(f, loop, settings, detail);
	if (err)
		jwks_fetch_close(&f);
	*fp = f;
	return err;
}

void jwks_fetch_close(struct jwks_fetch **fp)
{
	struct jwks_fetch *f = *fp;

	if (!f)
		return;
	*fp = NULL;
	http_client_close(&f->client);
	jwks_free(&f->keys);
	free(f->url);
	free(f);
}

struct jwks *jwks_fetch_keys(struct jwks_fetch *f)
{
	return f->keys;
}
