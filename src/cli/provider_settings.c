#include "cli/provider_settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/http_client.h"
#include "cli/openai_voices.h"
#include "providers/anthropic/anthropic.h"
#include "providers/cartesia/cartesia.h"
#include "providers/deepgram/deepgram.h"
#include "providers/exotel/options.h"
#include "providers/exotel/rest.h"
#include "providers/openai/openai.h"
#include "providers/sarvam/sarvam_stt.h"
#include "providers/sarvam/sarvam_tts.h"
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

static bool is_loopback_url(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]", "http://localhost", "https://127.0.0.1", "https://[::1]",
		"https://localhost" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (!strncmp(url, hosts[i], strlen(hosts[i])) && strchr(":/", url[strlen(hosts[i])]))
			return true;
	return false;
}

/* In the clear a key goes to this machine only. */
static bool is_safe_url(const char *url)
{
	if (!http_is_url(url) || strpbrk(url, "?#{"))
		return false;
	return !strncmp(url, "https://", 8) || is_loopback_url(url);
}

/* A name that is sent; nobody goes there. */
static bool is_flow_url(const char *url)
{
	return http_is_url(url) && !strpbrk(url, "?#{");
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

static bool is_path(const char *path)
{
	return *path == '/' && is_word(path) && !strpbrk(path, "?#%\\");
}

/* ------------------------------------------------------------------ who */

static const char *const stt_names[] = { [STT_POCKETSPHINX] = "pocketsphinx", [STT_DEEPGRAM] = "deepgram", [STT_DEEPGRAM_FLUX] = "deepgram_flux",
	[STT_SARVAM] = "sarvam", NULL };
static const char *const llm_names[] = { [LLM_REHEARSED] = "rehearsed", [LLM_ANTHROPIC] = "anthropic", [LLM_OPENAI] = "openai", NULL };
static const char *const tts_names[] = { [TTS_LOCAL] = "local", [TTS_CARTESIA] = "cartesia", [TTS_OPENAI] = "openai", [TTS_SARVAM] = "sarvam", NULL };

static const char *const stt_keys[STT_PROVIDERS] = { [STT_DEEPGRAM] = PROVIDER_KEY_DEEPGRAM, [STT_DEEPGRAM_FLUX] = PROVIDER_KEY_DEEPGRAM,
	[STT_SARVAM] = PROVIDER_KEY_SARVAM };
static const char *const llm_keys[LLM_PROVIDERS] = { [LLM_ANTHROPIC] = PROVIDER_KEY_ANTHROPIC, [LLM_OPENAI] = PROVIDER_KEY_OPENAI };
static const char *const tts_keys[TTS_PROVIDERS] = { [TTS_CARTESIA] = PROVIDER_KEY_CARTESIA, [TTS_OPENAI] = PROVIDER_KEY_OPENAI,
	[TTS_SARVAM] = PROVIDER_KEY_SARVAM };

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

const char *const openai_roles[] = { "system", "developer", NULL };
const char *const openai_tool_choices[] = { "auto", "none", "required", "not_said", NULL };
static const char *const limit_names[] = { [OPENAI_MAX_TOKENS] = "max_tokens", [OPENAI_MAX_COMPLETION_TOKENS] = "max_completion_tokens", NULL };
static const char *const parallels[] = { [OPENAI_PARALLEL_NO] = "no", [OPENAI_PARALLEL_YES] = "yes", [OPENAI_PARALLEL_NOT_SAID] = "not_said", NULL };

const struct option openai_options[] = {
	FITTED(openai, url, 500, OPENAI_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING,
		"Where the model's server is, without /v1: OpenAI's, or llama.cpp, Ollama, vLLM. One of this machine is asked without a key, too."),
	TEXT(openai, ca_file, 1000, "", CA_HELP),
	FITTED(openai, model, OPENAI_MODEL_MAX_BYTES, "", is_word, "a model's name, as the server calls it", "The model; there is no default."),
	NUMBER(openai, max_tokens, OPENAI_DEFAULT_TOKENS, 16, 8192, "tokens", "The longest answer."),
	CHOICE(openai, limit_name, limit_names, "What that is called in a request; OpenAI's reasoning models want max_completion_tokens."),
	NUMBER(openai, temperature_percent, 30, -1, 200, "%", "The temperature, 30 for 0.3; -1: not sent, because reasoning models refuse it."),
	SWITCH(openai, without_usage, 0, "The server is not asked how many tokens it read and wrote: for one that refuses stream_options."),
	CHOICE(openai, system_role, openai_roles, "Whose message the prompt is; developer on OpenAI itself."),
	CHOICE(openai, tool_choice, openai_tool_choices, "What a request says of the use of tools."),
	CHOICE(openai, parallel, parallels, "What a request says of several tools in one answer."),
	SWITCH(openai, is_strict, 0,
		"The server holds a tool's arguments to its schema, which then loses its sizes; the conductor looks at them in any case."),
	NUMBER(openai, connect_ms, 2000, 100, 30000, "ms", "Name, connection and TLS take at most this long."),
	NUMBER(openai, idle_ms, 10000, 500, 120000, "ms",
		"Without a byte for this long, the first one too, an answer has failed; a server that loads its model first may need 60000."),
	NUMBER(openai, total_ms, 60000, 1000, 120000, "ms", "An answer as a whole takes at most this long."),
	FITTED(openai, speech_url, 500, OPENAI_SPEECH_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING,
		"Where the voice's server is, without /v1. One of this machine is asked without a key, too."),
	FITTED(openai, speech_model, OPENAI_SPEECH_NAME_MAX, "", is_word, "a model's name, as the server calls it: kokoro",
		"The voice's model; there is no default."),
	FITTED(openai, voice, OPENAI_SPEECH_NAME_MAX, "", is_word, "a voice's name, as the server calls it: af_heart",
		"The voice of all languages that voices does not name; empty: they are not spoken."),
	FITTED(openai, voices, OPENAI_VOICES_MAX_BYTES, "", openai_voices_fit, OPENAI_VOICES_FITTING,
		"A voice by language: en-IN for that alone, en for all that begin with it."),
	NUMBER(openai, rate_hz, OPENAI_SPEECH_RATE_HZ, 8000, 48000, "Hz", "The rate of the server's sound, which does not say it."),
	NUMBER(openai, speed_percent, 100, 25, 400, "%", "How fast it speaks where the rule-book says nothing; 100: as the voice does."),
	NUMBER(openai, speech_connect_ms, 3000, 100, 30000, "ms", "The voice: name, connection and TLS take at most this long."),
	NUMBER(openai, silent_ms, 5000, 500, 60000, "ms", "The voice: without a byte for this long, the first one too, an utterance has failed."),
	NUMBER(openai, deadline_ms, 60000, 1000, 120000, "ms", "The voice: one utterance takes at most this long."),
	{ .name = NULL },
};

static const char *const codecs[] = { [SARVAM_MULAW] = "mulaw", [SARVAM_LINEAR16] = "linear16", NULL };
static const char *const fields[] = { [SARVAM_LANGUAGE_CODE] = "language_code", [SARVAM_TARGET_LANGUAGE_CODE] = "target_language_code", NULL };
const char *const sarvam_stream_types[] = { "balanced", "fast", "simulated", NULL };
const char *const sarvam_modes[] = { "transcribe", "translate", "verbatim", "translit", "codemix", NULL };

const struct option sarvam_options[] = {
	FITTED(sarvam, url, SARVAM_URL_MAX, "wss://api.sarvam.ai", sarvam_is_url, "wss://host; ws:// to this machine alone, because a key goes there",
		"Where Sarvam is."),
	TEXT(sarvam, ca_file, 1000, "", CA_HELP),
	CHOICE(sarvam, codec, codecs, "How sound goes over the wire, both ways."),
	NUMBER(sarvam, ping_ms, SARVAM_PING_MS, 1000, 30000, "ms", "So long without a message, then a ping keeps the socket."),
	NUMBER(sarvam, alive_ms, 0, 0, 60000, "ms",
		"The socket is pinged, and dead after this long without a byte, from 500 on; 0: no pings. Whether Sarvam answers them is not documented."),
	FITTED(sarvam, stt_model, SARVAM_NAME_MAX, "saaras:v3-realtime", is_word, "a model's name: saaras:v3-realtime, saaras:v4", "The recogniser's model."),
	FITTED(sarvam, stt_language, 15, "", is_word, "a language's name: hi-IN, auto",
		"What the recogniser is told for every call's language; empty: the call's own. auto is for callers who change theirs."),
	CHOICE(sarvam, stream_type, sarvam_stream_types, "How soon the recogniser says something; simulated has no partials."),
	CHOICE(sarvam, mode, sarvam_modes, "What the recogniser makes of what it hears; codemix has no partials."),
	TEXT(sarvam, prompt, SARVAM_PROMPT_MAX, "", "What the recogniser is told of the subject; empty: nothing."),
	SWITCH(sarvam, has_times, 1, "The recogniser is asked for times."),
	SWITCH(sarvam, flushes, 1, "The recogniser is told when the words are wanted."),
	NUMBER(sarvam, threshold_percent, 0, 0, 100, "%", "From how sure a voice on the recogniser hears one; 0: not said."),
	NUMBER(sarvam, prefix_padding_ms, 0, 0, 10000, "ms", "So much before a voice belongs to it; 0: not said."),
	NUMBER(sarvam, silence_duration_ms, 0, 0, 10000, "ms", "So much silence ends what was said; 0: not said."),
	NUMBER(sarvam, min_speech_duration_ms, 0, 0, 10000, "ms", "What is shorter is no voice; 0: not said."),
	NUMBER(sarvam, frame_ms, 20, 20, SARVAM_FRAME_MAX_MS, "ms", "So much sound goes out at once, at least."),
	NUMBER(sarvam, stt_connect_ms, 5000, 100, 30000, "ms", "The recogniser: name, connection, TLS and handshake together take at most this long."),
	NUMBER(sarvam, stt_pace_percent, 125, 101, 1000, "%", "How fast sound that has waited goes out, of the speed of speech."),
	FITTED(sarvam, tts_model, SARVAM_NAME_MAX, "bulbul:v3", is_word, "a model's name: bulbul:v3, bulbul:v2, bulbul:v4-flash", "The voice's model."),
	FITTED(sarvam, speaker, SARVAM_NAME_MAX, "", is_word, "a speaker's name: shubh",
		"Who speaks; empty: shubh of bulbul:v3, anushka of bulbul:v2; bulbul:v4-flash has none."),
	FITTED(sarvam, path, SARVAM_NAME_MAX, "", is_path, "a path: /text-to-speech/ws", "Where the voice is at its host; empty: as the model has it."),
	CHOICE(sarvam, field, fields, "What the voice calls a language; the other one is tried once."),
	FITTED(sarvam, dict_id, SARVAM_NAME_MAX, "", is_word, "the id of a dictionary", "The id of a pronunciation dictionary; empty: none."),
	NUMBER(sarvam, tts_pace_percent, 100, 50, 200, "%", "How fast it speaks where the rule-book says nothing; 100: as the voice does."),
	NUMBER(sarvam, temperature_percent, 0, 0, 100, "%", "How much the voice varies; 0: not said. bulbul:v2 takes none."),
	NUMBER(sarvam, pitch_percent, 0, -75, 75, "%", "How high it speaks; 0: not said. bulbul:v3 takes none, bulbul:v4-flash -50 to 50."),
	NUMBER(sarvam, loudness_percent, 0, 0, 300, "%", "How loud it speaks; 0: not said. bulbul:v3 takes none, bulbul:v4-flash 10 to 250."),
	NUMBER(sarvam, min_buffer_size, 50, 30, 200, "characters", "So much text the voice waits for; texts come whole."),
	NUMBER(sarvam, max_chunk_length, 150, 50, 500, "characters", "So much text is spoken in one go."),
	SWITCH(sarvam, has_no_spare, 0, "One socket a call for the voice, where an account has few: a barge-in then costs a handshake."),
	NUMBER(sarvam, recycle_after, 0, 0, 10000, "utterances", "So many are spoken on one socket; 0: any number."),
	NUMBER(sarvam, tts_connect_ms, 3000, 100, 30000, "ms", "The voice: a socket's opening takes at most this long."),
	NUMBER(sarvam, deadline_ms, 60000, 1000, 120000, "ms", "The voice: one utterance takes at most this long, waiting included."),
	{ .name = NULL },
};

const struct option twilio_options[] = {
	FITTED(twilio, url, 500, TWILIO_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING,
		"Where Twilio is asked for calls out; https://api.dublin.ie1.twilio.com is in Ireland."),
	TEXT(twilio, ca_file, 1000, "", CA_HELP),
	NUMBER(twilio, ring_s, 30, 5, 600, "s", "A call out rings for so long; Twilio may add five seconds."),
	TEXT(twilio, hold_music_url, 500, "", "What a caller hears who waits for a person: a sound, or TwiML, at this address; empty: Twilio's own music."),
	SWITCH(twilio, detects_machines, 1, "Twilio says whether a person or a machine answered a call out, beside the call."),
	{ .name = NULL },
};

static const char *const exotel_keys[] = { [EXOTEL_KEYS_AUTO] = "auto", [EXOTEL_KEYS_SNAKE] = "snake", [EXOTEL_KEYS_CAMEL] = "camel", NULL };
static const char *const exotel_fields[] = { [EXOTEL_FIELDS_FULL] = "full", [EXOTEL_FIELDS_MINIMAL] = "minimal", NULL };
static const char *const exotel_caller_ids[] = { [EXOTEL_CALLER_NATIONAL] = "national", [EXOTEL_CALLER_E164] = "e164", NULL };
const char *const exotel_rates[] = { "8000", "16000", "24000", NULL };

const struct option exotel_options[] = {
	CHOICE(exotel, key_case, exotel_keys, "How keys are spelt in what Exotel is sent: as in its start, stream_sid, or streamSid."),
	CHOICE(exotel, media_fields, exotel_fields, "Whether sound goes out with its number and time, or as a payload alone."),
	CHOICE(exotel, rate_hz, exotel_rates, "The sound's rate in Hz that Exotel is asked for; a chunk has 200 ms at 8000 and 100 ms at the others."),
	NUMBER(exotel, chunk_bytes, 0, 0, 9600, "bytes", "So much sound in one message, in steps of 320 and at most 200 ms; 0: 3200, at 24000 Hz 4800."),
	FITTED(exotel, url, 500, EXOTEL_DEFAULT_URL, is_safe_url, SAFE_URL_FITTING,
		"Where Exotel is asked for calls out: India's accounts; https://api.exotel.com is Singapore's."),
	TEXT(exotel, ca_file, 1000, "", CA_HELP),
	FITTED(exotel, flow_url, 200, EXOTEL_DEFAULT_FLOW_URL, is_flow_url, "http://host or https://host", "What a flow's name begins with that a call out is told to run."),
	NUMBER(exotel, ring_s, 30, 5, 600, "s", "A call out rings for so long."),
	NUMBER(exotel, zone_min, 330, -720, 840, "min", "The account's clock, ahead of UTC; Exotel's times name no zone."),
	CHOICE(exotel, caller_id, exotel_caller_ids, "How our number is written when a call out is asked for: India's as 080…, or each with + and its country."),
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

bool provider_needs_key(const struct config *c, enum provider_role role, int provider)
{
	if (role == PROVIDER_LLM && provider == LLM_OPENAI)
		return !is_loopback_url(config_text(c, "providers.openai.url"));
	if (role == PROVIDER_TTS && provider == TTS_OPENAI)
		return !is_loopback_url(config_text(c, "providers.openai.speech_url"));
	return provider_key_name(role, provider);
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
	return is_chosen(c, PROVIDER_LLM, LLM_ANTHROPIC) || is_chosen(c, PROVIDER_LLM, LLM_OPENAI);
}

/* What a provider cannot do without; `other` would do as well. */
struct wanted {
	enum provider_role role;
	int provider;
	const char *setting, *other, *what;
};

static const struct wanted wanted[] = {
	{ .role = PROVIDER_TTS, .provider = TTS_CARTESIA, .setting = "providers.cartesia.voice", .what = "the id of a voice" },
	{ .role = PROVIDER_LLM, .provider = LLM_OPENAI, .setting = "providers.openai.model", .what = "a model's name, as the server calls it," },
	{ .role = PROVIDER_TTS, .provider = TTS_OPENAI, .setting = "providers.openai.speech_model", .what = "a model's name, as the server calls it," },
	{ .role = PROVIDER_TTS, .provider = TTS_OPENAI, .setting = "providers.openai.voice", .other = "providers.openai.voices",
		.what = "a voice's name, as the server calls it," },
};

static bool is_missing(const struct config *c, const struct wanted *w)
{
	return is_chosen(c, w->role, w->provider) && !*config_text(c, w->setting) && !(w->other && *config_text(c, w->other));
}

static enum err wanted_tell(const struct config *c, const struct wanted *w, struct err_detail *detail)
{
	const char *list = provider_options[w->role].name;

	*detail = (struct err_detail){ .message = "" };
	snprintf(detail->message, sizeof(detail->message), "%s: empty, and %s names %s", w->setting, list, provider_name(w->role, w->provider));
	snprintf(detail->hint, sizeof(detail->hint), "write %s to %s", w->what, w->setting);
	snprintf(detail->where, sizeof(detail->where), "%s", config_origin(c, list));
	return ERR_USAGE;
}

enum err providers_judge(const struct config *c, struct err_detail *detail)
{
	static const struct wanted speaker = { .role = PROVIDER_TTS, .provider = TTS_SARVAM, .setting = "providers.sarvam.speaker",
		.what = "a speaker's name, which bulbul:v4-flash wants," };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (is_missing(c, &wanted[i]))
			return wanted_tell(c, &wanted[i], detail);
	if (!strcmp(config_text(c, "providers.sarvam.tts_model"), "bulbul:v4-flash") && is_missing(c, &speaker))
		return wanted_tell(c, &speaker, detail);
	return ERR_NONE;
}
