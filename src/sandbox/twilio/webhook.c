/* What the sandbox's Twilio asks the product by HTTP: forms, signed with the account's token. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/twilio/twilio.h"

enum { SIGNED_MAX = 128 << 10, HEADER_MAX = 96 };

#define FORM_HEADER "Content-Type: application/x-www-form-urlencoded; charset=utf-8"
#define AGENT_HEADER "User-Agent: TwilioProxy/1.1"

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

static void form_put(struct buf *b, const struct webhook_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		buf_printf(b, "%s%s=", i ? "&" : "", pairs->items[i].name);
		callback_put_escaped(b, pairs->items[i].value);
	}
}

/* The header over `url` as we were told it. */
static bool header_make(const char *url, const struct webhook_pairs *pairs, const char *token, char out[HEADER_MAX])
{
	char signature[32];
	bool fine = webhook_sign(url, pairs, token, signature);

	snprintf(out, HEADER_MAX, "X-Twilio-Signature: %s", signature);
	return fine;
}

enum err webhook_ask(struct line *l, const char *url, const struct webhook_pairs *pairs, const struct http_exchange_handlers *handlers)
{
	char signature[HEADER_MAX], real[REACH_MAX];
	const char *const headers[] = { FORM_HEADER, signature, AGENT_HEADER, NULL };
	struct http_ask what = { .method = HTTP_POST, .url = real, .headers = headers, .total_us = WEBHOOK_TOTAL_US, .body_max_bytes = TWIML_BYTES_MAX };
	struct err_detail detail;
	struct buf form;
	enum err err;

	if (!header_make(url, pairs, l->token, signature))
		return ERR_NOMEM;
	callback_reach(l->phone.via, url, real);
	buf_init(&form, CALLBACK_BODY_MAX);
	form_put(&form, pairs);
	what.body = form.data;
	what.len = form.len;
	err = form.err ? form.err : http_exchange_start(&l->fetch, l->all->client, &what, handlers, l, &detail);
	buf_fini(&form);
	return err;
}

void webhook_tell(struct line *l, const char *url, const char *event, const struct webhook_pairs *pairs)
{
	char signature[HEADER_MAX], real[REACH_MAX];
	const char *const headers[] = { FORM_HEADER, signature, AGENT_HEADER, NULL };
	struct buf form;

	callback_reach(l->phone.via, url, real);
	buf_init(&form, CALLBACK_BODY_MAX);
	form_put(&form, pairs);
	if (!form.err && header_make(url, pairs, l->token, signature))
		callback_tell(&l->all->callbacks, event, &(struct callback_words){ .url = real, .headers = headers, .body = form.data, .len = form.len });
	buf_fini(&form);
}
