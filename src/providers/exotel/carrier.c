#include "providers/exotel/carrier.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <sodium.h>

#include "base/json.h"
#include "providers/exotel/rest.h"

enum { INDIA_DIGITS = 10, PASSWORD_MAX = 512, URL_MAX_BYTES = 1200 };

/* ------------------------------------------------------------------ what is asked */

bool exotel_take_id(const char *text, char out[CARRIER_ID_MAX])
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = text ? strnlen(text, CARRIER_ID_MAX) : 0;

	out[0] = 0;
	if (!len || len >= CARRIER_ID_MAX || strspn(text, allowed) != len)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

void exotel_number_put(const char *text, char out[CARRIER_NUMBER_MAX])
{
	size_t digits = strspn(text, "0123456789"), skip = 0;
	bool is_plain = !text[digits];

	if (is_plain && digits == INDIA_DIGITS + 1 && text[0] == '0')
		skip = 1;
	else if (is_plain && digits == INDIA_DIGITS + 2 && !strncmp(text, "91", 2))
		skip = 2;
	else if (!is_plain || digits != INDIA_DIGITS)
		is_plain = false;
	if (snprintf(out, CARRIER_NUMBER_MAX, "%s%s", is_plain ? "+91" : "", text + skip) >= CARRIER_NUMBER_MAX)
		out[0] = 0;
}

static const char *either(const struct http_pairs *p, const char *one, const char *other)
{
	const char *text = p ? http_pairs_find(p, one) : NULL;

	return text && *text ? text : p ? http_pairs_find(p, other) : NULL;
}

/* Called out or called, our number is the one that the call went to: of a call out Exotel dials the customer as the one it is from. */
static enum err exotel_read_call(const struct carrier_webhook *w, struct carrier_call *call)
{
	const char *account = either(w->query, "AccountSid", "account"), *number = either(w->form, "CallTo", "To"), *direction;

	*call = (struct carrier_call){ .is_outbound = false };
	if (!w->form || !exotel_take_id(http_pairs_find(w->form, "CallSid"), call->call) || !number)
		return ERR_FORMAT;
	if (account && *account && !exotel_take_id(account, call->account))
		return ERR_FORMAT;
	direction = http_pairs_find(w->form, "Direction");
	call->is_outbound = direction && !strncmp(direction, "outbound", 8);
	exotel_number_put(number, call->number);
	return call->number[0] ? ERR_NONE : ERR_FORMAT;
}

/* ------------------------------------------------------------------ who asks */

static const char *exotel_secret(const struct carrier_webhook *w)
{
	(void)w;
	return "exotel.webhook_key";
}

static bool is_same(const char *text, size_t text_len, const char *secret, size_t len)
{
	return len && text_len == len && !sodium_memcmp(text, secret, len);
}

/* The password of "Basic base64(NAME:PASSWORD)". */
static bool holds_basic(const char *header, const char *secret, size_t len)
{
	char plain[PASSWORD_MAX];
	const char *password;
	size_t plain_len;
	bool holds;

	if (!header || strncasecmp(header, "Basic ", 6) != 0)
		return false;
	if (sodium_base642bin((unsigned char *)plain, sizeof(plain), header + 6, strlen(header + 6), NULL, &plain_len, NULL, sodium_base64_VARIANT_ORIGINAL))
		return false;
	password = memchr(plain, ':', plain_len);
	holds = password && is_same(password + 1, plain_len - (size_t)(password + 1 - plain), secret, len);
	sodium_memzero(plain, sizeof(plain));
	return holds;
}

static bool exotel_is_signed(const struct carrier_webhook *w, const char *secret, size_t len)
{
	const char *key = w->query ? http_pairs_find(w->query, "key") : NULL;

	return key ? is_same(key, strlen(key), secret, len) : holds_basic(w->signature, secret, len);
}

/* ------------------------------------------------------------------ what a leg has come to */

struct said {
	const struct http_pairs *form;
	const json_t *object;
};

static const char *said_of(const struct said *s, const char *name)
{
	const char *text = s->form ? http_pairs_find(s->form, name) : json_string_value(json_object_get(s->object, name));

	return text ? text : "";
}

/* "in-progress" stands there before anybody has answered: only the event says that somebody did. */
static enum leg_state state_of(const char *event, const char *status)
{
	static const struct {
		const char *word;
		enum leg_state state;
	} words[] = { { "queued", LEG_QUEUED }, { "ringing", LEG_RINGING }, { "completed", LEG_COMPLETED }, { "busy", LEG_BUSY }, { "no-answer", LEG_NO_ANSWER },
		{ "failed", LEG_FAILED }, { "canceled", LEG_CANCELED } };

	if (!strcmp(event, "answered"))
		return LEG_ANSWERED;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(status, words[i].word) || (!strcmp(event, words[i].word) && words[i].state == LEG_RINGING))
			return words[i].state;
	return LEG_ASKED;
}

static enum err leg_take(const struct said *s, struct carrier_leg *leg)
{
	const char *by = said_of(s, "AnsweredBy");

	if (!exotel_take_id(said_of(s, "CallSid"), leg->call))
		return ERR_FORMAT;
	leg->state = state_of(said_of(s, "EventType"), said_of(s, "Status"));
	if (!strcmp(by, "human") || !strcmp(by, "machine"))
		memcpy(leg->answered_by, by, strlen(by) + 1);
	return ERR_NONE;
}

/* A status callback, as a form or as JSON; or a question about a call of ours. */
static enum err exotel_hear(const struct carrier_webhook *w, struct carrier_leg *leg)
{
	struct said said = { .form = w->form };
	json_t *object = w->form ? NULL : json_loadb(w->body_len ? w->body : "", w->body_len, JSON_REJECT_DUPLICATES, NULL);
	enum err err;

	*leg = (struct carrier_leg){ .is_outbound = true };
	said.object = object;
	err = w->form || object ? leg_take(&said, leg) : ERR_FORMAT;
	json_decref(object);
	return err;
}

/* ------------------------------------------------------------------ what is answered */

void exotel_stream_url(struct buf *out, const struct carrier_offer *offer)
{
	buf_printf(out, "%s?sample-rate=%u&token=%s", offer->media_url, offer->rate_hz ? offer->rate_hz : 8000, offer->token);
}

static void exotel_connect(struct buf *out, const struct carrier_offer *offer)
{
	struct buf url;

	buf_init_private(&url, URL_MAX_BYTES);
	exotel_stream_url(&url, offer);
	json_open(out, '{');
	json_pair_string(out, "url", buf_str(&url));
	json_close(out, '}');
	if (url.err)
		out->err = url.err;
	buf_fini(&url);
}

/* The status says it all; there is nothing that Exotel could be told to say or to wait for. */
static void answer_nothing(struct buf *out)
{
	buf_text(out, "{}");
}

static void exotel_retry(struct buf *out, const char *after_url, unsigned int pause_s)
{
	(void)after_url;
	(void)pause_s;
	answer_nothing(out);
}

static void exotel_apologise(struct buf *out, const char *language, const char *text)
{
	(void)language;
	(void)text;
	answer_nothing(out);
}

const struct carrier exotel_carrier = {
	.kind = "exotel",
	.media_path = "/media/exotel",
	.signature_header = "Authorization",
	.answer_type = "application/json",
	.key = "exotel.api_token",
	.account = "exotel.account_sid",
	.user = "exotel.api_key",
	.hook_key = "exotel.webhook_key",
	.flow = "exotel.app_id",
	.rest = &exotel_rest,
	.is_resolver = true,
	.retry_status = 503,
	.end_status = 302,
	.read = exotel_read_call,
	.named = exotel_named,
	.hear = exotel_hear,
	.secret = exotel_secret,
	.is_signed = exotel_is_signed,
	.connect = exotel_connect,
	.retry = exotel_retry,
	.apologise = exotel_apologise,
	.hang_up = answer_nothing,
	.acknowledge = answer_nothing,
};
