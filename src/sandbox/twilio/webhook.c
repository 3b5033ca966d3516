/* What the sandbox's Twilio asks the product by HTTP: forms, signed with the account's token. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/twilio/twilio.h"

enum { FORM_MAX = 64 << 10, SIGNED_MAX = 128 << 10, REACH_MAX = 2 * LINE_URL_MAX };

/* One status callback on its way, or waiting for its time. */
struct telling_webhook {
	struct telling_webhook *next, **place;
	struct vendor *vendor;
	struct http_exchange *exchange;
	struct clock_timer timer;
	char url[REACH_MAX], signature[64];
	struct buf form;
};

void webhook_put(struct webhook_pairs *pairs, const char *name, const char *value)
{
	if (pairs->count < WEBHOOK_PAIRS_MAX)
		pairs->items[pairs->count++] = (struct webhook_pair){ name, value };
}

static int pair_order(const void *left, const void *right)
{
	const struct webhook_pair *a = left, *b = right;

	return strcmp(a->name, b->name);
}

bool webhook_sign(const char *url, const struct webhook_pairs *pairs, const char *token, char out[32])
{
	struct webhook_pairs sorted = *pairs;
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	struct buf b;
	bool fine;

	qsort(sorted.items, sorted.count, sizeof(sorted.items[0]), pair_order);
	buf_init(&b, SIGNED_MAX);
	buf_text(&b, url);
	for (size_t i = 0; i < sorted.count; i++) {
		buf_text(&b, sorted.items[i].name);
		buf_text(&b, sorted.items[i].value);
	}
	fine = !b.err && HMAC(EVP_sha1(), token, (int)strlen(token), b.data, b.len, mac, &len);
	out[0] = 0;
	if (fine)
		EVP_EncodeBlock((unsigned char *)out, mac, (int)len);
	buf_fini(&b);
	return fine;
}

static void escaped_put(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr("-._", c))
			buf_byte(b, c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static void form_put(struct buf *b, const struct webhook_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		buf_printf(b, "%s%s=", i ? "&" : "", pairs->items[i].name);
		escaped_put(b, pairs->items[i].value);
	}
}

/* Where that address really is. */
static void reach(const struct line *l, const char *url, char out[REACH_MAX])
{
	const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

	if (*l->phone.via && host)
		snprintf(out, REACH_MAX, "%s%s", l->phone.via, path ? path : "");
	else
		snprintf(out, REACH_MAX, "%s", url);
}

static enum err ask(struct http_exchange **slot, struct http_client *client, const char *url, const char *signature, const struct buf *form,
	const struct http_exchange_handlers *handlers, void *arg)
{
	char line[96];
	const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded; charset=utf-8", line, "User-Agent: TwilioProxy/1.1", NULL };
	const struct http_ask what = { .method = HTTP_POST, .url = url, .headers = headers, .body = form->data, .len = form->len,
		.total_us = WEBHOOK_TOTAL_US, .body_max_bytes = TWIML_BYTES_MAX };
	struct err_detail detail;

	snprintf(line, sizeof(line), "X-Twilio-Signature: %s", signature);
	return http_exchange_start(slot, client, &what, handlers, arg, &detail);
}

enum err webhook_ask(struct line *l, const char *url, const struct webhook_pairs *pairs, const struct http_exchange_handlers *handlers)
{
	char signature[32], real[REACH_MAX];
	struct buf form;
	enum err err;

	if (!webhook_sign(url, pairs, l->token, signature))
		return ERR_NOMEM;
	reach(l, url, real);
	buf_init(&form, FORM_MAX);
	form_put(&form, pairs);
	err = form.err ? form.err : ask(&l->fetch, l->all->client, real, signature, &form, handlers, l);
	buf_fini(&form);
	return err;
}

/* ------------------------------------------------------------------ status callbacks */

static void telling_free(struct telling_webhook *t)
{
	*t->place = t->next;
	if (t->next)
		t->next->place = t->place;
	clock_timer_stop(&t->timer);
	buf_fini(&t->form);
	free(t);
}

static void telling_done(const struct http_answer *answer, void *arg)
{
	(void)answer; /* Twilio says it in its debugger and goes on */
	telling_free(arg);
}

static const struct http_exchange_handlers telling_handlers = { .done = telling_done };

static void telling_send(void *arg)
{
	struct telling_webhook *t = arg;
	struct twilio_state *all = t->vendor->state;

	if (ask(&t->exchange, all->client, t->url, t->signature, &t->form, &telling_handlers, t))
		telling_free(t);
}

static void telling_begin(struct line *l, const char *url, const struct webhook_pairs *pairs, uint64_t late_us)
{
	struct telling_webhook *t = calloc(1, sizeof(*t));

	if (!t)
		return;
	t->vendor = l->vendor;
	t->next = l->all->tellings;
	t->place = &l->all->tellings;
	if (t->next)
		t->next->place = &t->next;
	l->all->tellings = t;
	buf_init(&t->form, FORM_MAX);
	form_put(&t->form, pairs);
	reach(l, url, t->url);
	if (t->form.err || !webhook_sign(url, pairs, l->token, t->signature))
		telling_free(t);
	else
		clock_timer_set(&t->timer, l->vendor->options->clock, vendor_now_us(l->vendor) + late_us, telling_send, t);
}

void webhook_tell(struct line *l, const char *url, const char *event, const struct webhook_pairs *pairs)
{
	struct harm harm;
	char path[HARM_PATH_MAX];

	snprintf(path, sizeof(path), "/callback/%s", event);
	harm = harms_take(l->vendor->harms, l->vendor->kind->name, path);
	if (harm.kind == HARM_RESET)
		return;
	telling_begin(l, url, pairs, harm.kind == HARM_STALL ? harm.hold_us : 0);
	if (harm.kind == HARM_DUPLICATE)
		telling_begin(l, url, pairs, 0);
}

void webhooks_end(struct twilio_state *all)
{
	while (all->tellings) {
		http_exchange_cancel(&all->tellings->exchange);
		telling_free(all->tellings);
	}
}
