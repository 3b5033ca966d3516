#include "sandbox/callback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One on its way, or waiting for its time. */
struct callback {
	struct callback *next, **place;
	struct callbacks *all;
	struct http_exchange *exchange;
	struct clock_timer timer;
	char url[REACH_MAX];
	char headers[CALLBACK_HEADERS_MAX][CALLBACK_HEADER_MAX];
	struct buf body;
};

void callback_reach(const char *via, const char *url, char out[REACH_MAX])
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	if (*via && host)
		snprintf(out, REACH_MAX, "%s%s", via, path ? path : "");
	else
		snprintf(out, REACH_MAX, "%s", url);
}

void callback_put_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._", c))
			buf_byte(b, c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

/* ------------------------------------------------------------------ one of them */

static void one_free(struct callback *c)
{
	*c->place = c->next;
	if (c->next)
		c->next->place = c->place;
	clock_timer_stop(&c->timer);
	buf_fini(&c->body);
	free(c);
}

static void one_done(const struct http_answer *answer, void *arg)
{
	(void)answer; /* a carrier writes it into its log and goes on */
	one_free(arg);
}

static const struct http_exchange_handlers handlers = { .done = one_done };

static void one_send(void *arg)
{
	struct callback *c = arg;
	const char *headers[CALLBACK_HEADERS_MAX + 1] = { NULL };
	const struct http_ask what = { .method = HTTP_POST, .url = c->url, .headers = headers, .body = c->body.data, .len = c->body.len,
		.total_us = CALLBACK_TOTAL_US, .body_max_bytes = CALLBACK_ANSWER_MAX };
	struct err_detail detail;

	for (size_t i = 0; i < CALLBACK_HEADERS_MAX && c->headers[i][0]; i++)
		headers[i] = c->headers[i];
	if (http_exchange_start(&c->exchange, c->all->client, &what, &handlers, c, &detail))
		one_free(c);
}

static bool headers_take(struct callback *c, const char *const *headers)
{
	for (size_t i = 0; headers[i]; i++) {
		if (i == CALLBACK_HEADERS_MAX || strlen(headers[i]) >= CALLBACK_HEADER_MAX)
			return false;
		snprintf(c->headers[i], CALLBACK_HEADER_MAX, "%s", headers[i]);
	}
	return true;
}

static void begin(struct callbacks *all, const struct callback_words *words, uint64_t late_us)
{
	struct callback *c = calloc(1, sizeof(*c));

	if (!c)
		return;
	c->all = all;
	c->next = all->list;
	c->place = &all->list;
	if (c->next)
		c->next->place = &c->next;
	all->list = c;
	snprintf(c->url, sizeof(c->url), "%s", words->url);
	buf_init(&c->body, CALLBACK_BODY_MAX);
	buf_append(&c->body, words->body, words->len);
	if (c->body.err || !headers_take(c, words->headers))
		one_free(c);
	else
		clock_timer_set(&c->timer, all->vendor->options->clock, vendor_now_us(all->vendor) + late_us, one_send, c);
}

/* ------------------------------------------------------------------ all of them */

void callback_tell(struct callbacks *all, const char *event, const struct callback_words *words)
{
	char path[HARM_PATH_MAX];
	struct harm harm;

	snprintf(path, sizeof(path), "/callback/%s", event);
	harm = harms_take(all->vendor->harms, all->vendor->kind->name, path);
	if (harm.kind == HARM_RESET)
		return;
	begin(all, words, harm.kind == HARM_STALL ? harm.hold_us : 0);
	if (harm.kind == HARM_DUPLICATE)
		begin(all, words, 0);
}

void callbacks_end(struct callbacks *all)
{
	while (all->list) {
		http_exchange_cancel(&all->list->exchange);
		one_free(all->list);
	}
}
