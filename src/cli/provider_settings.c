#include "cli/provider_settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/http_client.h"
#include "base/provider_names.h"
#include "providers/anthropic/anthropic.h"
#include "providers/cartesia/cartesia.h"
#include "providers/deepgram/deepgram.h"
#include "providers/twilio/rest.h"

/* "providers.VENDOR.FIELD", bound to that field of struct VENDOR_settings. */
#define NAMED(vendor, field) .name = "providers." #vendor "." #field, .offset = offsetof(struct vendor##_settings, field)
#define TEXT(vendor, field, max_bytes, default_text, text_help) \
	{ NAMED(vendor, field), .type = OPTION_TEXT, .max = max_bytes, .text = default_text, .help = text_help }
#define FITTED(vendor, field, max_bytes, default_text, fits_h, fitting_text, text_help) \
	{ NAMED(vendor, field), .type = OPTION_TEXT, .max = max_bytes, .text = default_text, .fits = fits_h, .fitting = fitting_text, .help = text_help }
#define NUMBER(vendor, field, default_value, low, high, unit_text, text_help) \
	{ NAMED(vendor, field), .type = OPTION_INT, .min = low, .max = high, .value = default_value, .unit = unit_text, .help = text_help }
#define SWITCH(vendor, field, default_value, text_help) \
	{ NAMED(vendor, field), .type = OPTION_BOOL, .value = default_value, .help = text_help }
#define CHOICE(vendor, field, names, text_help) { NAMED(vendor, field), .type = OPTION_CHOICE, .choices = names, .help = text_help }

#define SAFE_URL_FITTING "https://host; http:// to this machine alone, because a key goes there"
#define CA_HELP "Certificates (PEM) that it is judged by; empty: the system's."

/* ------------------------------------------------------------------ what fits */

/* In the clear a key goes to this machine only. */
static bool is_safe_url(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]", "http://localhost" };

	if (!http_is_url(url) || strpbrk(url, "?#{"))
		return false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (!strncmp(url, hosts[i], strlen(hosts[i])) && strchr(":/", url[strlen(hosts[i])]))
			return true;
	return !strncmp(url, "https://", 8);
}

static bool is_word(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static bool is_nova(const char *model)
{
	return is_word(model) && strncmp(model, "flux", 4) != 0;
}

static bool is_flux(const char *model)
{
	return is_word(model) && !strncmp(model, "flux", 4);
}

/* ------------------------------------------------------------------ who */

static const char *const stt_names[] = { [STT_POCKETSPHINX] = "pocketsphinx", [STT_DEEPGRAM] = "deepgram", [STT_DEEPGRAM_FLUX] = "deepgram_flux", NULL };
static const char *const llm_names[] = { [LLM_REHEARSED] = "rehearsed", [LLM_ANTHROPIC] = "anthropic", NULL };
static const char *const tts_names[] = { [TTS_LOCAL] = "local", [TTS_CARTESIA] = "cartesia", NULL };

static const char *const stt_keys[STT_PROVIDERS] = { [STT_DEEPGRAM] = PROVIDER_KEY_DEEPGRAM, [STT_DEEPGRAM_FLUX] = PROVIDER_KEY_DEEPGRAM };
static const char *const llm_keys[LLM_PROVIDERS] = { [LLM_ANTHROPIC] = PROVIDER_KEY_ANTHROPIC };
static const char *const tts_keys[TTS_PROVIDERS] = { [TTS_CARTESIA] = PROVIDER_KEY_CARTESIA };

const struct option provider_options[] = {
	[PROVIDER_STT] = { .name = "stt.providers", .type = OPTION_LIST, .max = PROVIDERS_MAX, .text = "pocketsphinx", .choices = stt_names,
		.help = "Who hears the caller: the first that is well; the next one when it fails. pocketsphinx is of this machine and knows English." },
	[PROVIDER_LLM] = { .name = "llm.providers", .type = OPTION_LIST, .max = PROVIDERS_MAX, .text = "rehearsed", .choices = llm_names,
		.help = "Who thinks: the first that is well; the next one when it fails. rehearsed is of this machine and plays the rule-book's flow." },
	[PROVIDER_TTS] = { .name = "tts.providers", .type = OPTION_LIST, .max = PROVIDERS_MAX, .text = "local", .choices = tts_names,
		.help = "Who speaks: the first that is well; the next one when it fails. local is flite for English and espeak-ng for all else." },
	[PROVIDER_ROLES] = { .name = NULL },
};

static const char *const *const keys[PROVIDER_ROLES] = { stt_keys, llm_keys, tts_keys };

/* ------------------------------------------------------------------ how */

const struct option deepgram_options[] = {
	FITTED(deepgram, url, 500, "wss://api.deepgram.com", deepgram_is_url, "wss://host; ws:// to this machine alone, because a key goes there",
		"Where Deepgram is; wss://api.in.deepgram.com is in India."),
	TEXT(deepgram, ca_file, 1000, "", CA_HELP),
	FITTED(deepgram, model, 100, "nova-3", is_nova, "a model of /v1/listen: nova-3", "The model of deepgram."),
	FITTED(deepgram, flux_model, 100, "flux-general-multi", is_flux, "a model of /v2/listen: flux-general-multi, flux-general-en",
		"The model of deepgram_flux: English alone, or ten languages."),
	FITTED(deepgram, language, 40, "", is_word, "a language's name: hi, multi",
		"What is said for every call's language; empty: the call's own. multi is for callers who change theirs."),
	TEXT(deepgram, tag, DEEPGRAM_TAG_MAX, "", "Shows in Deepgram's reports; empty: none."),
	SWITCH(deepgram, mip_opt_out, 1, "What is said is kept out of Deepgram's improvement programme."),
	SWITCH(deepgram, numerals, 0, "Numbers come as digits."),
	SWITCH(deepgram, smart_format, 0, "deepgram alone: numbers, dates and names are formatted, which may delay the words."),
	SWITCH(deepgram, no_delay, 0, "deepgram alone: against that delay; Deepgram does not document it."),
	NUMBER(deepgram, connect_ms, 5000, 100, 30000, "ms", "Name, connection, TLS and handshake together take at most this long."),
	NUMBER(deepgram, pace_percent, 125, 101, 1000, "%", "How fast sound that has waited goes out, of the speed of speech."),
	NUMBER(deepgram, alive_ms, 0, 0, 60000, "ms",
		"The socket is pinged, and dead after this long without a byte; 0: no pings. Whether Deepgram answers them is not documented."),
	NUMBER(deepgram, endpointing_ms, 300, 0, 5000, "ms", "deepgram alone: silence after which it calls the end of what was said; 0: it does not."),
	NUMBER(deepgram, utterance_end_ms, 1000, 0, 5000, "ms",
		"deepgram alone: a gap between words that ends what was said where noise hides the silence, from 1000 on; 0: none."),
	NUMBER(deepgram, eot_percent, 70, 50, 100, "%", "deepgram_flux alone: how sure it is of the end of a turn."),
	NUMBER(deepgram, eot_timeout_ms, 5000, 500, 60000, "ms", "deepgram_flux alone: after this long a turn has ended anyway."),
	NUMBER(deepgram, force_after_ms, 400, 0, 60000, "ms",
		"deepgram_flux alone: so long it may look for the end of a turn when the words are wanted; then it is told to end it."),
	{ .name = NULL },
};

const char *const anthropic_versions[] = { ANTHROPIC_DEFAULT_VERSION, "2023-06-01", NULL };
const char *const anthropic_efforts[] = { "own", "low", "medium", "high", "xhigh", "max", NULL };

const struct option anthropic_options[] = {
	FITTED(anthropic, url, 500, ANTHROPIC_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING, "Where Anthropic is, without /v1."),
	TEXT(anthropic, ca_file, 1000, "", CA_HELP),
	FITTED(anthropic, model, 100, ANTHROPIC_DEFAULT_MODEL, is_word, "a model's name: " ANTHROPIC_DEFAULT_MODEL,
		"The model; one that docs/providers.md does not list is sent nothing optional and has no price."),
	CHOICE(anthropic, api_version, anthropic_versions, "What is sent as anthropic-version."),
	NUMBER(anthropic, max_tokens, ANTHROPIC_DEFAULT_TOKENS, 16, 8192, "tokens",
		"The longest answer; thoughts count in it where a model cannot be told not to think."),
	CHOICE(anthropic, effort, anthropic_efforts, "How hard the model tries; own: nothing is said, nor to a model that does not know it."),
	SWITCH(anthropic, is_strict, 0,
		"Anthropic holds a tool's arguments to its schema, which then loses its sizes; the conductor looks at them in any case."),
	NUMBER(anthropic, connect_ms, 2000, 100, 30000, "ms", "Name, connection and TLS take at most this long."),
	NUMBER(anthropic, idle_ms, 10000, 500, 60000, "ms", "Without a byte for this long, the first one too, an answer has failed."),
	NUMBER(anthropic, total_ms, 60000, 1000, 120000, "ms", "An answer as a whole takes at most this long."),
	{ .name = NULL },
};

static const char *const voice_forms[] = { [CARTESIA_VOICE_BY_VERSION] = "by_version", [CARTESIA_VOICE_MODE] = "mode", [CARTESIA_VOICE_ID] = "id", NULL };

const struct option cartesia_options[] = {
	FITTED(cartesia, url, CARTESIA_URL_MAX, "https://api.cartesia.ai", is_safe_url, SAFE_URL_FITTING, "Where Cartesia is; its socket is the same host's."),
	TEXT(cartesia, ca_file, 1000, "", CA_HELP),
	FITTED(cartesia, model, CARTESIA_NAME_MAX, "sonic-3.5-2026-05-04", is_word, "a model's name: sonic-3.5-2026-05-04",
		"The model; a dated name, because an alias changes its meaning."),
	FITTED(cartesia, voice, CARTESIA_NAME_MAX, "", is_word, "the id of a voice", "The id of the voice; there is no default."),
	CHOICE(cartesia, voice_form, voice_forms, "How a request names the voice: by_version as api_version wants it."),
	FITTED(cartesia, api_version, CARTESIA_NAME_MAX, "2026-03-01", is_word, "a date: 2026-03-01", "What is sent as Cartesia-Version."),
	NUMBER(cartesia, speed_percent, 100, 60, 150, "%", "How fast it speaks where the rule-book says nothing; 100: as the voice does."),
	NUMBER(cartesia, max_buffer_delay_ms, 0, 0, 5000, "ms", "So long Cartesia may wait for more text; texts come whole."),
	FITTED(cartesia, pronunciation_dict_id, CARTESIA_NAME_MAX, "", is_word, "the id of a dictionary",
		"The id of a pronunciation dictionary; empty: none."),
	NUMBER(cartesia, connect_ms, 3000, 100, 30000, "ms", "The socket's opening takes at most this long."),
	NUMBER(cartesia, silent_ms, 5000, 500, 60000, "ms", "A peer that gives no sign of life for this long is gone; it is sent pings."),
	NUMBER(cartesia, deadline_ms, 60000, 1000, 120000, "ms", "One utterance takes at most this long."),
	{ .name = NULL },
};

const struct option twilio_options[] = {
	FITTED(twilio, url, 500, TWILIO_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING,
		"Where Twilio is asked for calls out; https://api.dublin.ie1.twilio.com is in Ireland."),
	TEXT(twilio, ca_file, 1000, "", CA_HELP),
	NUMBER(twilio, ring_s, 30, 5, 600, "s", "A call out rings for so long; Twilio may add five seconds."),
	SWITCH(twilio, detects_machines, 1, "Twilio says whether a person or a machine answered a call out, beside the call."),
	{ .name = NULL },
};

/* ------------------------------------------------------------------ chosen */

size_t providers_chosen(const struct config *c, enum provider_role role, int chosen[PROVIDERS_MAX])
{
	const struct option *o = &provider_options[role];
	const char *at = config_list(c, o->name);
	size_t count = 0;
	int i;

	while ((i = option_list_next(o, &at)) >= 0) {
		assert(count < PROVIDERS_MAX);
		chosen[count++] = i;
	}
	return count;
}

const char *provider_name(enum provider_role role, int provider)
{
	return provider_options[role].choices[provider];
}

const char *provider_key_name(enum provider_role role, int provider)
{
	return keys[role][provider];
}

static bool has_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

size_t providers_keys(const struct config *c, const char *names[PROVIDER_KEYS_MAX])
{
	int chosen[PROVIDERS_MAX];
	size_t count = 0;

	for (enum provider_role role = PROVIDER_STT; role < PROVIDER_ROLES; role++) {
		size_t n = providers_chosen(c, role, chosen);

		for (size_t i = 0; i < n; i++) {
			const char *name = provider_key_name(role, chosen[i]);

			if (!name || has_name(names, count, name))
				continue;
			assert(count < PROVIDER_KEYS_MAX);
			names[count++] = name;
		}
	}
	return count;
}

static bool is_chosen(const struct config *c, enum provider_role role, int provider)
{
	int chosen[PROVIDERS_MAX];
	size_t count = providers_chosen(c, role, chosen);

	for (size_t i = 0; i < count; i++)
		if (chosen[i] == provider)
			return true;
	return false;
}

bool providers_want_prompt(const struct config *c)
{
	return is_chosen(c, PROVIDER_LLM, LLM_ANTHROPIC);
}

enum err providers_judge(const struct config *c, struct err_detail *detail)
{
	const char *list = provider_options[PROVIDER_TTS].name;

	if (!is_chosen(c, PROVIDER_TTS, TTS_CARTESIA) || *config_text(c, "providers.cartesia.voice"))
		return ERR_NONE;
	*detail = (struct err_detail){ .message = "providers.cartesia.voice: empty, and tts.providers names cartesia",
		.hint = "write the id of a voice to providers.cartesia.voice" };
	snprintf(detail->where, sizeof(detail->where), "%s", config_origin(c, list));
	return ERR_USAGE;
}
