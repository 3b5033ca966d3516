/* Options: what stands where nothing was said, what is refused, and the address that they make. */
#include <stdio.h>
#include <string.h>

#include "base/wording.h"
#include "providers/deepgram/deepgram_state.h"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool options_is_flux(const struct deepgram_options *o)
{
	return begins(o->model, "flux");
}

void deepgram_options_init(struct deepgram_options *o, const char *model)
{
	*o = (struct deepgram_options){
		.url = "wss://api.deepgram.com",
		.model = model,
		.mip_opt_out = true,
		.connect_ms = 5000,
		.pace_percent = 125,
		.endpointing_ms = 300,
		.utterance_end_ms = 1000,
		.eot_percent = 70,
		.eot_timeout_ms = 5000,
		.force_after_ms = 400,
		.log = { .plane = "voice", .doing = "listening to the caller" },
	};
	o->frame_ms = options_is_flux(o) ? 80 : 20;
}

/* ------------------------------------------------------------------ judging */

static enum err refuse(struct err_detail *detail, enum err err, const char *where, const char *what)
{
	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "Deepgram's recogniser cannot be set up: %s", what);
	snprintf(detail->where, sizeof(detail->where), "%s", where);
	return err;
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

bool deepgram_is_url(const char *url)
{
	const char *host = begins(url, "wss://") ? url + 6 : url + 5;

	return (begins(url, "wss://") || is_loopback(url)) && *host && !strpbrk(host, "/?#@ ");
}

static bool is_key(const void *key, size_t len)
{
	const unsigned char *at = key;

	for (size_t i = 0; i < len; i++)
		if (at[i] <= ' ' || at[i] > '~')
			return false;
	return len && len <= DEEPGRAM_KEY_MAX;
}

size_t deepgram_tokens(const char *text)
{
	size_t tokens = 0, letters = 0;

	for (; *text; text++) {
		bool is_plain = (*text >= '0' && *text <= '9') || ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z');

		letters = is_plain ? letters + 1 : 0;
		tokens += !is_plain || letters % 2;
	}
	return tokens;
}

bool deepgram_takes_keyterms(const char *model)
{
	return begins(model, "flux") || begins(model, "nova-3");
}

static enum err keyterms_check(const struct deepgram_options *o, struct err_detail *detail)
{
	size_t tokens = 0;

	for (const char *const *term = o->keyterms; term && *term; term++) {
		if (!**term)
			return refuse(detail, ERR_USAGE, "keyterms", "a term is empty");
		tokens += deepgram_tokens(*term);
	}
	if (tokens && !deepgram_takes_keyterms(o->model))
		return refuse(detail, ERR_USAGE, "keyterms", "the model takes none (Nova-3 and Flux do)");
	if (tokens > DEEPGRAM_TOKENS_MAX)
		return refuse(detail, ERR_LIMIT, "keyterms", "they are more than 500 tokens together: the vendor would fall silent without an error");
	return ERR_NONE;
}

static enum err numbers_check(const struct deepgram_options *o, struct err_detail *detail)
{
	const struct {
		const char *name;
		uint32_t value, least, most;
		bool may_be_none;
	} numbers[] = {
		{ "connect_ms", o->connect_ms, 100, 30000, false },
		{ "frame_ms", o->frame_ms, 20, DEEPGRAM_FRAME_MAX_MS, false },
		{ "pace_percent", o->pace_percent, 101, 1000, false },
		{ "alive_ms", o->alive_ms, 500, 60000, true },
		{ "endpointing_ms", o->endpointing_ms, 10, 5000, true },
		{ "utterance_end_ms", o->utterance_end_ms, 1000, 5000, true },
		{ "eot_percent", o->eot_percent, 50, 100, false },
		{ "eager_percent", o->eager_percent, 30, o->eot_percent < 90 ? o->eot_percent : 90, true },
		{ "eot_timeout_ms", o->eot_timeout_ms, 500, 60000, false },
	};
	char what[80];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if ((numbers[i].may_be_none && !numbers[i].value) || (numbers[i].value >= numbers[i].least && numbers[i].value <= numbers[i].most))
			continue;
		snprintf(what, sizeof(what), "it must be %u to %u%s", numbers[i].least, numbers[i].most, numbers[i].may_be_none ? ", or 0" : "");
		return refuse(detail, ERR_USAGE, numbers[i].name, what);
	}
	return ERR_NONE;
}

enum err options_check(const struct deepgram_options *o, struct err_detail *detail)
{
	enum err err;

	if (!o->model || !*o->model || strlen(o->model) > NAME_MAX_BYTES)
		return refuse(detail, ERR_USAGE, "model", "there is none, or its name is too long");
	if (!o->url || !deepgram_is_url(o->url))
		return refuse(detail, ERR_USAGE, "url", "it must be wss://HOST or wss://HOST:PORT");
	if (!is_key(o->key, o->key_len))
		return refuse(detail, ERR_USAGE, "key", "there is none, or there are other bytes in it than a key has");
	if (o->tag && strlen(o->tag) > DEEPGRAM_TAG_MAX)
		return refuse(detail, ERR_USAGE, "tag", "it is longer than 128 bytes");
	err = numbers_check(o, detail);
	return err ? err : keyterms_check(o, detail);
}

/* ------------------------------------------------------------------ the address */

static void encoded_put(struct buf *b, const char *text)
{
	for (; *text; text++) {
		bool is_plain = (*text >= '0' && *text <= '9') || ((*text | 0x20) >= 'a' && (*text | 0x20) <= 'z') || strchr("-._~", *text);

		if (is_plain)
			buf_byte(b, (uint8_t)*text);
		else
			buf_printf(b, "%%%02X", (unsigned int)(unsigned char)*text);
	}
}

static void text_put(struct buf *b, const char *key, const char *value)
{
	buf_printf(b, "&%s=", key);
	encoded_put(b, value);
}

static void texts_put(struct buf *b, const char *key, const char *const *values)
{
	for (; values && *values; values++)
		text_put(b, key, *values);
}

static void percent_put(struct buf *b, const char *key, uint32_t percent)
{
	buf_printf(b, "&%s=%u.%02u", key, percent / 100, percent % 100);
}

static void nova_put(struct buf *b, const struct deepgram_options *o)
{
	buf_text(b, "&channels=1&interim_results=true");
	if (o->endpointing_ms)
		buf_printf(b, "&endpointing=%u", o->endpointing_ms);
	else
		buf_text(b, "&endpointing=false");
	if (o->utterance_end_ms)
		buf_printf(b, "&utterance_end_ms=%u", o->utterance_end_ms);
	if (o->smart_format)
		buf_text(b, "&smart_format=true");
	if (o->no_delay)
		buf_text(b, "&no_delay=true");
}

static void flux_put(struct buf *b, const struct deepgram_options *o)
{
	percent_put(b, "eot_threshold", o->eot_percent);
	if (o->eager_percent)
		percent_put(b, "eager_eot_threshold", o->eager_percent);
	buf_printf(b, "&eot_timeout_ms=%u", o->eot_timeout_ms);
	texts_put(b, "language_hint", o->hints);
}

void options_url(struct buf *b, const struct deepgram_options *o)
{
	buf_printf(b, "%s/%s/listen?model=", o->url, options_is_flux(o) ? "v2" : "v1");
	encoded_put(b, o->model);
	buf_text(b, "&encoding=mulaw&sample_rate=8000");
	(options_is_flux(o) ? flux_put : nova_put)(b, o);
	if (o->numerals)
		buf_text(b, "&numerals=true");
	if (o->mip_opt_out)
		buf_text(b, "&mip_opt_out=true");
	if (o->tag)
		text_put(b, "tag", o->tag);
	texts_put(b, "keyterm", o->keyterms);
}

/* ------------------------------------------------------------------ the language */

static const char *chosen(const struct deepgram_options *o, const char *language)
{
	for (const struct deepgram_language *l = o->languages; l && l->tag; l++)
		if (!strcmp(l->tag, "*") || !strcasecmp(l->tag, language))
			return l->name;
	return NULL;
}

/* Regions that the vendor tells apart are kept, of all others the language alone is said. */
static void nova_language(struct buf *url, const char *language)
{
	static const char *const regions[] = { "en-US", "en-GB", "en-IN", "en-AU", "en-NZ" };
	char name[NAME_MAX_BYTES + 1];

	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
		if (!strcasecmp(language, regions[i])) {
			text_put(url, "language", regions[i]);
			return;
		}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(language, "-_"), language);
	text_put(url, "language", name);
}

/* What the multilingual Flux calls it; NULL: it lacks it. */
static const char *flux_hint(const char *language)
{
	static const char *const known[] = { "en", "hi", "es", "fr", "de", "ru", "pt", "ja", "it", "nl" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (language_is(language, known[i]))
			return known[i];
	return NULL;
}

bool deepgram_speaks(const char *model, const char *language)
{
	return !begins(model, "flux") || (strcmp(model, "flux-general-en") ? flux_hint(language) != NULL : language_is(language, "en"));
}

/* Flux takes hints, and only its multilingual model does. */
static enum err flux_language(struct buf *url, const struct deepgram *d, const char *language)
{
	const char *hint = flux_hint(language);

	if (d->is_one_language)
		return language_is(language, "en") ? ERR_NONE : ERR_NOTFOUND;
	if (!hint)
		return ERR_NOTFOUND;
	if (!d->has_hints)
		text_put(url, "language_hint", hint);
	return ERR_NONE;
}

enum err language_put(struct buf *url, const struct deepgram *d, const char *language)
{
	const char *name = chosen(&d->options, language);

	if (strlen(language) > NAME_MAX_BYTES)
		return ERR_NOTFOUND;
	if (d->is_flux)
		return flux_language(url, d, name ? name : language);
	if (name)
		text_put(url, "language", name);
	else
		nova_language(url, language);
	return ERR_NONE;
}
