/* A carrier's webhook as outside bytes: query, settings header and body of a request. Whatever comes, it is read into plain ids or refused,
 * its signature holds for exactly these bytes under exactly one key, and the answers stay well-formed whatever is put into them. */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/http_head.h"
#include "conductor/calls_state.h"
#include "data/routes.h"
#include "providers/twilio/carrier.h"
#include "providers/twilio/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESS "https://calls.example.com/webhooks/twilio/voice"

enum { LINE_BYTES_MAX = 4000 };

static const char key[] = "0123456789abcdef0123456789abcdef", other_key[] = "0123456789abcdef0123456789abcdeF";

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The next line as a text; what is too long is cut. */
static size_t line(const uint8_t *data, size_t size, char out[LINE_BYTES_MAX])
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - data) : size;

	snprintf(out, LINE_BYTES_MAX, "%.*s", (int)(len < LINE_BYTES_MAX ? len : LINE_BYTES_MAX - 1), (const char *)data);
	return end ? len + 1 : len;
}

static bool is_plain(const char *text, size_t max)
{
	size_t len = strlen(text);

	return len && len < max && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == len;
}

/* ---- what is read of it ---- */

static void check_route(const struct carrier_call *call)
{
	char number[ROUTE_NUMBER_MAX], again[ROUTE_NUMBER_MAX], prefix[DOCUMENT_KEY_MAX];

	if (route_number(call->number, number))
		return;
	must(!route_number(number, again) && !strcmp(number, again));
	route_prefix(number, prefix);
	must(document_key_ok(prefix) && strspn(number + (number[0] == '+'), "0123456789") == strlen(number) - (number[0] == '+'));
}

static struct tenant *tenant_called(const char *name)
{
	uint8_t record[TENANT_RECORD_MAX_BYTES];
	struct tenant *t;

	must(!tenant_from_record(&t, record, tenant_record_begin(name, record)));
	return t;
}

static void check_call(const struct carrier_webhook *w)
{
	struct tenant *a = tenant_called("acme"), *b = tenant_called("globex");
	char one[CALL_ID_MAX], again[CALL_ID_MAX], other[CALL_ID_MAX];
	struct carrier_call call;

	if (!twilio_carrier.read(w, &call)) {
		must(is_plain(call.account, sizeof(call.account)) && is_plain(call.call, sizeof(call.call)));
		check_route(&call);
		call_id_of_carrier(a, "twilio", &call, one);
		call_id_of_carrier(a, "twilio", &call, again);
		call_id_of_carrier(b, "twilio", &call, other);
		must(call_id_ok(one) && !strcmp(one, again) && strcmp(one, other) != 0);
	}
	tenant_drop(&a);
	tenant_drop(&b);
}

/* ---- the signature ---- */

static void check_signature(struct carrier_webhook *w)
{
	const char *secret = twilio_carrier.secret(w);
	enum twilio_hash hash = twilio_hash_of(w->signature_settings);
	char right[TWILIO_SIGNATURE_MAX];

	must((secret != NULL) == (hash != TWILIO_HASH_UNKNOWN));
	w->signature = NULL;
	must(!twilio_carrier.is_signed(w, key, sizeof(key) - 1));
	if (twilio_sign(hash == TWILIO_HASH_UNKNOWN ? TWILIO_SHA1 : hash, w->url, w->form, key, sizeof(key) - 1, right))
		return; /* too long to be signed */
	w->signature = right;
	must(twilio_carrier.is_signed(w, key, sizeof(key) - 1) == (hash != TWILIO_HASH_UNKNOWN));
	must(!twilio_carrier.is_signed(w, other_key, sizeof(other_key) - 1));
	must(!twilio_carrier.is_signed(w, key, 0));
	right[5] = right[5] == 'A' ? 'B' : 'A';
	must(!twilio_carrier.is_signed(w, key, sizeof(key) - 1));
}

/* ---- the answers ---- */

static size_t count(const struct buf *b, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == (uint8_t)c;
	return n;
}

static void check_answer(struct buf *b, size_t tags)
{
	must(b->err || (count(b, '<') == tags && count(b, '>') == tags));
	for (size_t i = 0; i < b->len; i++)
		must(b->data[i] >= ' ' || b->data[i] == '\t' || b->data[i] == '\n');
	buf_reset(b);
}

static void check_answers(const char *one, const char *other)
{
	const struct carrier_offer offer = { .media_url = one, .token = other, .after_url = one, .pause_s = 1 };
	struct buf b;

	buf_init(&b, 65536);
	twilio_carrier.connect(&b, &offer);
	check_answer(&b, 11); /* xml, Response ×2, Pause, Connect ×2, Stream ×2, Parameter, Redirect ×2 */
	twilio_carrier.retry(&b, one, 0);
	check_answer(&b, 5);
	twilio_carrier.apologise(&b, other, one);
	check_answer(&b, 6);
	twilio_carrier.hang_up(&b);
	check_answer(&b, 4);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char query[LINE_BYTES_MAX], settings[LINE_BYTES_MAX], url[2 * LINE_BYTES_MAX];
	struct carrier_webhook w = { .url = url };
	struct http_pairs form;
	size_t used;

	must(sodium_init() >= 0);
	used = line(data, size, query);
	data += used;
	size -= used;
	used = line(data, size, settings);
	w.signature_settings = settings[0] ? settings : NULL;
	w.body = data + used;
	w.body_len = size - used;
	snprintf(url, sizeof(url), ADDRESS "%s%s", query[0] ? "?" : "", query);
	check_answers(query, settings);
	if (http_pairs_parse(&form, w.body, w.body_len))
		return 0;
	w.form = &form;
	check_call(&w);
	check_signature(&w);
	http_pairs_free(&form);
	return 0;
}
