#include "providers/twilio/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

enum { SIGNED_MAX_BYTES = 1 << 20, BODY_HASH_CHARS = 2 * SHA256_DIGEST_LENGTH };

/* ---- which hash ---- */

enum twilio_hash twilio_hash_of(const char *settings)
{
	static const char name[] = "algorithm=";

	for (; settings && *settings; settings += strcspn(settings, ","), settings += *settings == ',') {
		size_t len;

		settings += strspn(settings, " \t");
		if (strncasecmp(settings, name, sizeof(name) - 1) != 0)
			continue;
		settings += sizeof(name) - 1;
		len = strcspn(settings, ", \t");
		if (len == 11 && !strncasecmp(settings, "HMAC_SHA256", len))
			return TWILIO_SHA256;
		return len == 9 && !strncasecmp(settings, "HMAC_SHA1", len) ? TWILIO_SHA1 : TWILIO_HASH_UNKNOWN;
	}
	return TWILIO_SHA1;
}

/* ---- the text that is signed ---- */

static int pair_order(const void *left, const void *right)
{
	const struct http_pair *const *a = left, *const *b = right;
	int by_name = strcmp((*a)->name, (*b)->name);

	return by_name ? by_name : strcmp((*a)->value, (*b)->value);
}

static void put_form(struct buf *b, const struct http_pairs *form)
{
	const struct http_pair *sorted[HTTP_PAIRS_MAX];
	size_t count = form->count < HTTP_PAIRS_MAX ? form->count : HTTP_PAIRS_MAX;

	for (size_t i = 0; i < count; i++)
		sorted[i] = &form->items[i];
	qsort(sorted, count, sizeof(sorted[0]), pair_order);
	for (size_t i = 0; i < count; i++) {
		if (i && !pair_order(&sorted[i - 1], &sorted[i]))
			continue;
		buf_text(b, sorted[i]->name);
		buf_text(b, sorted[i]->value);
	}
}

enum err twilio_sign(enum twilio_hash hash, const char *url, const struct http_pairs *form, const char *key, size_t key_len,
	char out[TWILIO_SIGNATURE_MAX])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_len = 0;
	struct buf b;
	enum err err;

	buf_init(&b, SIGNED_MAX_BYTES);
	buf_text(&b, url);
	if (form)
		put_form(&b, form);
	err = b.err;
	if (!err && !HMAC(hash == TWILIO_SHA256 ? EVP_sha256() : EVP_sha1(), key, (int)key_len, b.data, b.len, mac, &mac_len))
		err = ERR_NOMEM;
	out[0] = 0;
	if (!err)
		EVP_EncodeBlock((unsigned char *)out, mac, (int)mac_len);
	buf_fini(&b);
	return err;
}

/* ---- the URL's forms ---- */

/* Where host and port of a URL lie. False: it is none. */
static bool authority_find(const char *url, size_t *host, size_t *port, size_t *end)
{
	const char *scheme = strstr(url, "://"), *stop, *at;

	if (!scheme)
		return false;
	at = scheme + 3;
	*host = (size_t)(at - url);
	stop = at + strcspn(at, "/?#");
	*end = (size_t)(stop - url);
	*port = *end;
	while (stop > at && stop[-1] >= '0' && stop[-1] <= '9')
		stop--;
	if (stop > at && stop[-1] == ':')
		*port = (size_t)(stop - url) - 1;
	return true;
}

static bool holds(const struct carrier_webhook *w, const char *url, const char *key, size_t key_len)
{
	char mine[TWILIO_SIGNATURE_MAX];
	size_t len;

	if (twilio_sign(twilio_hash_of(w->signature_settings), url, w->form, key, key_len, mine))
		return false;
	len = strlen(mine);
	return strlen(w->signature) == len && !CRYPTO_memcmp(mine, w->signature, len);
}

/* Without port, and with the one it has or else the scheme's own. The SDKs take 80 for wss; Twilio itself signs such URLs as 443. */
static bool any_holds(const struct carrier_webhook *w, const char *key, size_t key_len)
{
	char url[TWILIO_URL_MAX + 8];
	size_t host, port, end;
	const char *standard = !strncasecmp(w->url, "https:", 6) || !strncasecmp(w->url, "wss:", 4) ? ":443" : ":80";
	bool good;

	if (strlen(w->url) >= TWILIO_URL_MAX || !authority_find(w->url, &host, &port, &end))
		return false;
	snprintf(url, sizeof(url), "%.*s%s", (int)port, w->url, w->url + end);
	good = holds(w, url, key, key_len);
	if (port == end)
		snprintf(url, sizeof(url), "%.*s%s%s", (int)port, w->url, standard, w->url + end);
	else
		snprintf(url, sizeof(url), "%s", w->url);
	return holds(w, url, key, key_len) || good;
}

/* ---- the body ---- */

static void body_hash(const void *body, size_t len, char out[BODY_HASH_CHARS + 1])
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	SHA256(len ? body : "", len, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

/* A body that is no form must be the one whose hash stands in the query. */
static bool body_fits(const struct carrier_webhook *w)
{
	static const char name[] = "bodySHA256=";
	char hash[BODY_HASH_CHARS + 1];
	const char *at = strchr(w->url, '?');

	if (w->form || !w->body_len)
		return true;
	while (at && strncmp(at + 1, name, sizeof(name) - 1) != 0)
		at = strchr(at + 1, '&');
	if (!at)
		return false;
	at += sizeof(name);
	body_hash(w->body, w->body_len, hash);
	return strcspn(at, "&#") == BODY_HASH_CHARS && !CRYPTO_memcmp(at, hash, BODY_HASH_CHARS);
}

bool twilio_is_signed(const struct carrier_webhook *w, const char *key, size_t key_len)
{
	if (!w->signature || !key_len || twilio_hash_of(w->signature_settings) == TWILIO_HASH_UNKNOWN)
		return false;
	return body_fits(w) && any_holds(w, key, key_len);
}
