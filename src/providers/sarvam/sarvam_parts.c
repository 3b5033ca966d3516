#include "providers/sarvam/sarvam_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/wording.h"

enum { NUMBER_MAX = 32 };

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* ------------------------------------------------------------------ options */

enum err sarvam_refuse(struct err_detail *detail, enum err err, const char *who, const char *where, const char *what)
{
	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "%s cannot be set up: %s", who, what);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
	return err;
}

enum err sarvam_numbers_check(const struct sarvam_number *numbers, size_t count, const char *who, struct err_detail *detail)
{
	char what[80];

	for (const struct sarvam_number *n = numbers; n < numbers + count; n++) {
		if ((n->may_be_none && !n->value) || (n->value >= n->least && n->value <= n->most))
			continue;
		if (n->most)
			snprintf(what, sizeof(what), "it must be %u to %u%s", n->least, n->most, n->may_be_none ? ", or 0" : "");
		else
			snprintf(what, sizeof(what), "the model takes none");
		return sarvam_refuse(detail, ERR_USAGE, who, n->name, what);
	}
	return ERR_NONE;
}

/* Where a key may go without TLS: to this machine. */
static bool is_loopback(const char *url)
{
	static const char *const hosts[] = { "ws://127.0.0.1", "ws://[::1]", "ws://localhost" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (begins(url, hosts[i]) && (url[strlen(hosts[i])] == ':' || !url[strlen(hosts[i])]))
			return true;
	return false;
}

bool sarvam_is_url(const char *url)
{
	const char *host = begins(url, "wss://") ? url + 6 : url + 5;

	if (!begins(url, "wss://") && !is_loopback(url))
		return false;
	return *host && !strpbrk(host, "/?#@ ") && strlen(url) <= SARVAM_URL_MAX;
}

static bool is_key(const void *key, size_t len)
{
	const unsigned char *at = key;

	if (!at || !len || len > SARVAM_KEY_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] > '~')
			return false;
	return true;
}

bool sarvam_is_name(const char *text)
{
	size_t len = strnlen(text, SARVAM_NAME_MAX + 1);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len && len <= SARVAM_NAME_MAX;
}

static bool is_language(const struct sarvam_language *l)
{
	if (l->language && (!sarvam_is_name(l->language) || strlen(l->language) >= SARVAM_LANGUAGE_MAX))
		return false;
	return !l->speaker || sarvam_is_name(l->speaker);
}

enum err sarvam_account_check(const char *url, const void *key, size_t key_len, const struct sarvam_language *languages, const char *who,
	struct err_detail *detail)
{
	if (!url || !sarvam_is_url(url))
		return sarvam_refuse(detail, ERR_USAGE, who, "url", "it must be wss://HOST or wss://HOST:PORT");
	if (!is_key(key, key_len))
		return sarvam_refuse(detail, ERR_USAGE, who, "key", "there is none, or there are other bytes in it than a key has");
	for (const struct sarvam_language *l = languages; l && l->tag; l++)
		if (!is_language(l))
			return sarvam_refuse(detail, ERR_USAGE, who, "languages", "a language's name or speaker is none");
	return ERR_NONE;
}

/* ------------------------------------------------------------------ what is sent */

void sarvam_header_make(char out[SARVAM_HEADER_MAX], const void *key, size_t key_len)
{
	snprintf(out, SARVAM_HEADER_MAX, "Api-Subscription-Key: %.*s", (int)key_len, (const char *)key);
}

void sarvam_query_put(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "&%s=", key);
	for (; *value; value++) {
		if (is_letter_or_digit(*value) || strchr("-._~", *value))
			buf_byte(b, (uint8_t)*value);
		else
			buf_printf(b, "%%%02X", (unsigned int)(unsigned char)*value);
	}
}

const struct sarvam_language *sarvam_language_find(const struct sarvam_language *list, const char *tag)
{
	const struct sarvam_language *part = NULL, *any = NULL;

	for (; list && list->tag; list++) {
		if (!strcasecmp(list->tag, tag))
			return list;
		if (!strcmp(list->tag, "*"))
			any = list;
		else if (!strpbrk(list->tag, "-_") && language_is(tag, list->tag))
			part = list;
	}
	return part ? part : any;
}

/* The language alone: "hi" for "hi-Latn". Odia has two names; NULL: Sarvam lacks it. */
static const char *language_known(const char *tag, const char *odia)
{
	static const char *const known[] = { "en", "hi", "bn", "gu", "kn", "ml", "mr", "pa", "ta", "te" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (language_is(tag, known[i]))
			return known[i];
	return language_is(tag, "or") || language_is(tag, "od") ? odia : NULL;
}

enum err sarvam_language_name(char out[SARVAM_LANGUAGE_MAX], const struct sarvam_language *list, const char *tag, const char *odia)
{
	const struct sarvam_language *l = sarvam_language_find(list, tag);
	const char *known = language_known(tag, odia);

	out[0] = '\0';
	if (l && l->language)
		snprintf(out, SARVAM_LANGUAGE_MAX, "%s", l->language);
	else if (known)
		snprintf(out, SARVAM_LANGUAGE_MAX, "%s-IN", known);
	return out[0] ? ERR_NONE : ERR_NOTFOUND;
}

bool sarvam_speaks(const char *language)
{
	return language_known(language, "od") != NULL;
}

/* ------------------------------------------------------------------ what comes */

bool sarvam_text_is(const struct json_item *item, const char *text)
{
	return item->kind == JSON_SCAN_STRING && item->len == strlen(text) && !memcmp(item->text, text, item->len);
}

bool sarvam_number(const struct json_item *item, double *number)
{
	char text[NUMBER_MAX], *end;

	if ((item->kind != JSON_SCAN_NUMBER && item->kind != JSON_SCAN_STRING) || !item->len || item->len >= sizeof(text))
		return false;
	memcpy(text, item->text, item->len);
	text[item->len] = '\0';
	*number = strtod(text, &end);
	return !*end && isfinite(*number);
}

void sarvam_id_take(char out[SARVAM_ID_MAX], const struct json_item *item)
{
	if (item->kind != JSON_SCAN_STRING || item->len >= SARVAM_ID_MAX)
		return;
	for (size_t i = 0; i < item->len; i++)
		if (!is_letter_or_digit(item->text[i]) && item->text[i] != '_' && item->text[i] != '-')
			return;
	memcpy(out, item->text, item->len);
	out[item->len] = '\0';
}

enum err sarvam_status_err(unsigned int status)
{
	switch (status) {
	case 400:
	case 422: return ERR_USAGE;
	case 401:
	case 402:
	case 403: return ERR_DENIED;
	case 404: return ERR_NOTFOUND;
	case 408:
	case 504: return ERR_TIMEOUT;
	case 413: return ERR_LIMIT;
	case 429: return ERR_BUSY;
	default: return ERR_UNAVAILABLE;
	}
}

enum err sarvam_code_err(const char *code, unsigned int status)
{
	static const struct {
		const char *code;
		enum err err;
	} codes[] = { { "model_unavailable", ERR_UNAVAILABLE }, { "insufficient_quota_error", ERR_DENIED }, { "invalid_api_key_error", ERR_DENIED },
		{ "authentication_error", ERR_DENIED }, { "rate_limit_exceeded_error", ERR_BUSY }, { "invalid_request_error", ERR_USAGE },
		{ "unprocessable_entity_error", ERR_USAGE }, { "not_found_error", ERR_NOTFOUND }, { "gateway_timeout_error", ERR_TIMEOUT } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!strcmp(code, codes[i].code))
			return codes[i].err;
	return sarvam_status_err(status);
}
