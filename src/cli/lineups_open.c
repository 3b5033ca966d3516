/* Each provider's opening for a call: settings and what the call brings become the adapter's options. */
#include "cli/lineups_state.h"

#include <stdio.h>
#include <string.h>

#include "base/http_client.h"
#include "base/wording.h"
#include "providers/anthropic/anthropic.h"
#include "providers/cartesia/cartesia.h"
#include "providers/espeak.h"
#include "providers/flite.h"
#include "providers/openai/openai.h"
#include "providers/openai/openai_speech.h"
#include "providers/rehearsed/rehearsed.h"
#include "providers/sarvam/sarvam_stt.h"
#include "providers/sarvam/sarvam_tts.h"

enum {
	MODEL_CONNECTIONS = 100, /* of a worker to a vendor, where HTTP/2 cannot be had */
	MODEL_KEPT_US = 120000000, /* from the ringing, and from one long turn to the next */
	CONNECT_US = 10000000,
	TERMS_MAX = 8            /* a rule-book names two */
};

/* A setting that is not set is an option that is not there. */
static const char *or_none(const char *text)
{
	return *text ? text : NULL;
}

/* ------------------------------------------------------------------ recognisers */

static enum err stt_made(struct call_lineups *c, int provider, const struct stt *stt, void *vendor, struct lineups_made *made)
{
	*made = (struct lineups_made){ .table = stt, .vendor = vendor };
	if (!clock_skips(c->shared->clock) || provider == STT_POCKETSPHINX)
		return ERR_NONE; /* the owner of a recogniser of this machine knows when that rests */
	c->held_stt[provider] = (struct held_stt){ .clock = c->shared->clock, .stt = stt, .vendor = vendor };
	*made = (struct lineups_made){ .table = &held_stt, .vendor = &c->held_stt[provider] };
	return ERR_NONE;
}

/* Where nobody else was wanted it is opened for any language: a call that has its keypad alone is better than none. */
static enum err pocketsphinx_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct lineups_ears *ears = &c->shared->ears;
	const struct stt *stt;
	int chosen[PROVIDERS_MAX];
	enum err err;

	(void)key;
	if (!language_is(call->language, "en") && (call->is_later || providers_chosen(c->shared->config, PROVIDER_STT, chosen) > 1))
		return ERR_NOTFOUND;
	err = ears->open(ears->arg, &c->ears, &stt, call, detail);
	return err ? err : stt_made(c, STT_POCKETSPHINX, stt, c->ears, made);
}

static void deepgram_fill(struct call_lineups *c, const struct lineups_call *call, const char *key, struct deepgram_options *o)
{
	const struct deepgram_settings *s = &c->shared->deepgram;

	c->deepgram_languages[0] = (struct deepgram_language){ .tag = "*", .name = s->language };
	o->clock = c->shared->clock;
	o->url = s->url;
	o->key = key;
	o->key_len = strlen(key);
	o->ca_file = or_none(s->ca_file);
	o->languages = *s->language ? c->deepgram_languages : NULL;
	o->keyterms = deepgram_takes_keyterms(o->model) ? call->keyterms : NULL;
	o->tag = or_none(s->tag);
	o->mip_opt_out = s->mip_opt_out;
	o->numerals = s->numerals;
	o->connect_ms = (uint32_t)s->connect_ms;
	o->pace_percent = (uint32_t)s->pace_percent;
	o->alive_ms = (uint32_t)s->alive_ms;
	o->endpointing_ms = (uint32_t)s->endpointing_ms;
	o->utterance_end_ms = (uint32_t)s->utterance_end_ms;
	o->smart_format = s->smart_format;
	o->no_delay = s->no_delay;
	o->eot_percent = (uint32_t)s->eot_percent;
	o->eot_timeout_ms = (uint32_t)s->eot_timeout_ms;
	o->force_after_ms = (uint32_t)s->force_after_ms;
	o->log.call = c->name;
}

static enum err deepgram_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	struct deepgram_options o;
	enum err err;

	deepgram_options_init(&o, c->shared->deepgram.model);
	deepgram_fill(c, call, key, &o);
	err = deepgram_open(&c->deepgram, c->shared->loop, &o, detail);
	return err ? err : stt_made(c, STT_DEEPGRAM, &deepgram_stt, c->deepgram, made);
}

static enum err flux_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct deepgram_settings *s = &c->shared->deepgram;
	struct deepgram_options o;
	enum err err;

	if (!deepgram_speaks(s->flux_model, *s->language ? s->language : call->language))
		return ERR_NOTFOUND;
	deepgram_options_init(&o, s->flux_model);
	deepgram_fill(c, call, key, &o);
	err = deepgram_open(&c->flux, c->shared->loop, &o, detail);
	return err ? err : stt_made(c, STT_DEEPGRAM_FLUX, &deepgram_flux_stt, c->flux, made);
}

static void sarvam_fill(struct call_lineups *c, const char *key, struct sarvam_stt_options *o)
{
	const struct sarvam_settings *s = &c->shared->sarvam;

	c->sarvam_languages[0] = (struct sarvam_language){ .tag = "*", .language = s->stt_language };
	o->clock = c->shared->clock;
	o->url = s->url;
	o->key = key;
	o->key_len = strlen(key);
	o->ca_file = or_none(s->ca_file);
	o->model = s->stt_model;
	o->languages = *s->stt_language ? c->sarvam_languages : NULL;
	o->codec = (enum sarvam_codec)s->codec;
	o->stream_type = sarvam_stream_types[s->stream_type];
	o->mode = sarvam_modes[s->mode];
	o->prompt = or_none(s->prompt);
	o->has_times = s->has_times;
	o->flushes = s->flushes;
	o->threshold_percent = (uint32_t)s->threshold_percent;
	o->prefix_padding_ms = (uint32_t)s->prefix_padding_ms;
	o->silence_duration_ms = (uint32_t)s->silence_duration_ms;
	o->min_speech_duration_ms = (uint32_t)s->min_speech_duration_ms;
	o->connect_ms = (uint32_t)s->stt_connect_ms;
	o->frame_ms = (uint32_t)s->frame_ms;
	o->pace_percent = (uint32_t)s->stt_pace_percent;
	o->ping_ms = (uint32_t)s->ping_ms;
	o->alive_ms = (uint32_t)s->alive_ms;
	o->log.call = c->name;
}

/* Those that the model takes: a name that is too long for it is no reason to be deaf. */
static void terms_pick(const char *model, const char *const *terms, const char *picked[TERMS_MAX + 1])
{
	size_t count = 0;

	for (; terms && *terms && count < TERMS_MAX; terms++)
		if (sarvam_stt_takes_keyterm(model, *terms))
			picked[count++] = *terms;
	picked[count] = NULL;
}

static enum err sarvam_stt_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const char *terms[TERMS_MAX + 1];
	struct sarvam_stt_options o;
	enum err err;

	if (!*c->shared->sarvam.stt_language && !sarvam_speaks(call->language))
		return ERR_NOTFOUND;
	sarvam_stt_options_init(&o);
	sarvam_fill(c, key, &o);
	terms_pick(o.model, call->keyterms, terms);
	o.keyterms = terms;
	err = sarvam_stt_open(&c->sarvam_ears, c->shared->loop, &o, detail);
	return err ? err : stt_made(c, STT_SARVAM, &sarvam_stt, c->sarvam_ears, made);
}

/* ------------------------------------------------------------------ models */

static void rehearsed_due(void *arg)
{
	struct call_lineups *c = arg;

	rehearsed_step(c->rehearsed);
}

static void rehearsed_wake(void *arg, uint64_t delay_us)
{
	struct call_lineups *c = arg;
	struct clock *clock = c->shared->clock;

	clock_timer_set(&c->rehearsed_timer, clock, clock_now_us(clock) + delay_us, rehearsed_due, c);
}

/* Its waits are the clock's, so it never holds it. */
static enum err rehearsed_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	enum err err = rehearsed_new(&c->rehearsed, call->flow, call->flow_len, rehearsed_wake, c, detail);

	(void)key;
	*made = (struct lineups_made){ .table = &rehearsed_llm, .vendor = c->rehearsed };
	return err;
}

/* All calls share a vendor's, so that they share connections. */
static enum err client_make(struct http_client **client, const struct lineups *s, const char *ca_file, struct err_detail *detail)
{
	const struct http_client_settings settings = { .ca_file = or_none(ca_file), .connections_max = MODEL_CONNECTIONS,
		.per_host_max = MODEL_CONNECTIONS, .kept_us = MODEL_KEPT_US };

	return *client ? ERR_NONE : http_client_open(client, s->loop, &settings, detail);
}

/* What every model of the network wants first: a client, and something to be told. */
static enum err model_prepare(struct http_client **client, struct call_lineups *c, const struct lineups_call *call, const char *ca_file,
	struct err_detail *detail)
{
	if (call->fixed)
		return client_make(client, c->shared, ca_file, detail);
	snprintf(detail->message, sizeof(detail->message), "nothing is known of what a model is to be told");
	return ERR_UNAVAILABLE;
}

static void on_connected(const struct http_answer *answer, void *arg)
{
	(void)answer; /* whatever it says: there is a connection, or there will be one when a model is asked */
	(void)arg;
}

/* Without a key: nothing is asked. One at a time is enough for all calls. */
static void connect_to(struct http_exchange **xp, struct http_client *client, const char *url, int64_t connect_ms)
{
	static const struct http_exchange_handlers handlers = { .done = on_connected };
	const struct http_ask ask = { .method = HTTP_HEAD, .url = url, .connect_us = (uint64_t)connect_ms * 1000, .total_us = CONNECT_US };
	struct err_detail detail;

	if (client && !*xp)
		(void)!http_exchange_start(xp, client, &ask, &handlers, NULL, &detail);
}

void lineups_models_connect(struct call_lineups *c)
{
	struct lineups *s = c->shared;

	if (c->anthropic)
		connect_to(&s->anthropic_call, s->anthropic_client, s->anthropic.url, s->anthropic.connect_ms);
	if (c->openai)
		connect_to(&s->openai_call, s->openai_client, s->openai.url, s->openai.connect_ms);
}

static enum err llm_made(struct call_lineups *c, int provider, const struct llm *llm, void *vendor, struct lineups_made *made)
{
	*made = (struct lineups_made){ .table = llm, .vendor = vendor };
	if (!clock_skips(c->shared->clock))
		return ERR_NONE;
	c->held_llm[provider] = (struct held_llm){ .clock = c->shared->clock, .llm = llm, .vendor = vendor };
	*made = (struct lineups_made){ .table = &held_llm, .vendor = &c->held_llm[provider] };
	return ERR_NONE;
}

static enum err anthropic_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct anthropic_settings *s = &c->shared->anthropic;
	struct anthropic_options o = { .base_url = s->url, .key = key, .api_version = anthropic_versions[s->api_version], .model = s->model,
		.max_tokens = (uint32_t)s->max_tokens, .effort = s->effort ? anthropic_efforts[s->effort] : NULL, .fixed = call->fixed,
		.tools = call->tools, .is_strict = s->is_strict, .connect_us = (uint64_t)s->connect_ms * 1000,
		.idle_us = (uint64_t)s->idle_ms * 1000, .total_us = (uint64_t)s->total_ms * 1000 };
	enum err err = model_prepare(&c->shared->anthropic_client, c, call, s->ca_file, detail);

	o.client = c->shared->anthropic_client;
	if (!err)
		err = anthropic_open(&c->anthropic, c->shared->loop, &o, detail);
	return err ? err : llm_made(c, LLM_ANTHROPIC, &anthropic_llm, c->anthropic, made);
}

/* "0.30"; nothing where it is not to be sent. */
static void temperature_print(int64_t percent, char out[8])
{
	out[0] = '\0';
	if (percent >= 0)
		snprintf(out, 8, "%u.%02u", (unsigned int)percent / 100 % 10, (unsigned int)percent % 100);
}

static enum err openai_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct openai_settings *s = &c->shared->openai;
	bool is_last = !openai_tool_choices[s->tool_choice + 1]; /* which stands for nothing */
	char temperature[8];
	struct openai_options o = { .base_url = s->url, .key = key, .model = s->model, .max_tokens = (uint32_t)s->max_tokens,
		.limit_name = (enum openai_limit_name)s->limit_name, .temperature = temperature, .without_usage = s->without_usage,
		.system_role = openai_roles[s->system_role], .tool_choice = is_last ? "" : openai_tool_choices[s->tool_choice], .parallel = (enum openai_parallel)s->parallel,
		.fixed = call->fixed, .tools = call->tools, .is_strict = s->is_strict, .connect_us = (uint64_t)s->connect_ms * 1000,
		.idle_us = (uint64_t)s->idle_ms * 1000, .total_us = (uint64_t)s->total_ms * 1000 };
	enum err err = model_prepare(&c->shared->openai_client, c, call, s->ca_file, detail);

	temperature_print(s->temperature_percent, temperature);
	o.client = c->shared->openai_client;
	if (!err)
		err = openai_open(&c->openai, c->shared->loop, &o, detail);
	return err ? err : llm_made(c, LLM_OPENAI, &openai_llm, c->openai, made);
}

/* ------------------------------------------------------------------ voices */

static enum err tts_made(struct call_lineups *c, int provider, const struct tts *tts, void *vendor, struct lineups_made *made)
{
	*made = (struct lineups_made){ .table = tts, .vendor = vendor };
	if (!clock_skips(c->shared->clock))
		return ERR_NONE;
	c->held_tts[provider] = (struct held_tts){ .clock = c->shared->clock, .tts = tts, .vendor = vendor };
	*made = (struct lineups_made){ .table = &held_tts, .vendor = &c->held_tts[provider] };
	return ERR_NONE;
}

static enum err local_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	struct lineups *s = c->shared;
	bool english = language_is(call->language, "en");
	enum err err = ERR_NONE;

	(void)key;
	if (english && !s->flite)
		err = flite_open(&s->flite, s->loop);
	else if (!english && !s->espeak)
		err = espeak_open(&s->espeak, s->loop, NULL, detail);
	if (err)
		return err;
	return tts_made(c, TTS_LOCAL, english ? &flite_tts : &espeak_tts, english ? (void *)s->flite : (void *)s->espeak, made);
}

/* The rule-book's speed, when it says one, else the setting's, as far as the vendor goes; 0: not said. */
static unsigned int speed_pick(int64_t of_setting, unsigned int of_book, int64_t least, int64_t most)
{
	int64_t percent = of_book && of_book != 100 ? of_book : of_setting;

	return percent == 100 ? 0 : (unsigned int)(percent < least ? least : percent > most ? most : percent);
}

static enum err cartesia_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct cartesia_settings *s = &c->shared->cartesia;
	const struct cartesia_options o = { .base_url = s->url, .key = key, .api_version = s->api_version, .model = s->model, .voice = s->voice,
		.voice_form = (enum cartesia_voice_form)s->voice_form, .speed_percent = speed_pick(s->speed_percent, call->speed_percent, 60, 150),
		.max_buffer_delay_ms = (unsigned int)s->max_buffer_delay_ms, .pronunciation_dict_id = or_none(s->pronunciation_dict_id),
		.ca_file = or_none(s->ca_file), .connect_ms = (unsigned int)s->connect_ms, .silent_ms = (unsigned int)s->silent_ms,
		.deadline_ms = (unsigned int)s->deadline_ms };
	enum err err = cartesia_open(&c->cartesia, c->shared->loop, &o, detail);

	if (!err && !call->is_later)
		err = cartesia_prepare(c->cartesia);
	return err ? err : tts_made(c, TTS_CARTESIA, &cartesia_tts, c->cartesia, made);
}

static enum err speech_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct openai_settings *s = &c->shared->openai;
	const struct openai_speech_options o = { .base_url = s->speech_url, .key = key, .model = s->speech_model, .voice = or_none(s->voice),
		.voices = c->shared->openai_voices.list, .rate_hz = (uint32_t)s->rate_hz,
		.speed_percent = speed_pick(s->speed_percent, call->speed_percent, 25, 400), .ca_file = or_none(s->ca_file),
		.connect_ms = (unsigned int)s->speech_connect_ms, .silent_ms = (unsigned int)s->silent_ms, .deadline_ms = (unsigned int)s->deadline_ms };
	enum err err = openai_speech_open(&c->openai_speech, c->shared->loop, &o, detail);

	if (!err && !openai_speech_speaks(c->openai_speech, call->language))
		err = ERR_NOTFOUND;
	return err ? err : tts_made(c, TTS_OPENAI, &openai_tts, c->openai_speech, made);
}

static void learned_keep(struct call_lineups *c)
{
	struct sarvam_learned now;

	if (!c->sarvam_voice)
		return;
	sarvam_tts_learned(c->sarvam_voice, &now);
	lineups_learned_keep(&c->shared->learned, &c->tenant, c->shared->sarvam.url, &now);
}

static enum err sarvam_tts_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct sarvam_settings *s = &c->shared->sarvam;
	const struct sarvam_tts_options o = { .url = s->url, .key = key, .key_len = strlen(key), .ca_file = or_none(s->ca_file), .model = s->tts_model,
		.path = or_none(s->path), .field = (enum sarvam_field)s->field, .learned = lineups_learned_find(&c->shared->learned, &call->tenant, s->url),
		.codec = (enum sarvam_codec)s->codec, .speaker = or_none(s->speaker),
		.dict_id = or_none(s->dict_id), .pace_percent = speed_pick(s->tts_pace_percent, call->speed_percent, 50, 200),
		.temperature_percent = (unsigned int)s->temperature_percent, .pitch_percent = (int)s->pitch_percent,
		.loudness_percent = (unsigned int)s->loudness_percent, .min_buffer_size = (unsigned int)s->min_buffer_size,
		.max_chunk_length = (unsigned int)s->max_chunk_length, .has_no_spare = s->has_no_spare, .recycle_after = (unsigned int)s->recycle_after,
		.connect_ms = (unsigned int)s->tts_connect_ms, .ping_ms = (unsigned int)s->ping_ms, .alive_ms = (unsigned int)s->alive_ms,
		.deadline_ms = (unsigned int)s->deadline_ms };
	enum err err = sarvam_tts_open(&c->sarvam_voice, c->shared->loop, &o, detail);

	c->tenant = call->tenant;
	if (!err && call->is_later)
		err = sarvam_speaks(call->language) ? ERR_NONE : ERR_NOTFOUND;
	else if (!err)
		err = sarvam_tts_prepare(c->sarvam_voice, call->language);
	return err ? err : tts_made(c, TTS_SARVAM, &sarvam_tts, c->sarvam_voice, made);
}

/* ------------------------------------------------------------------ all of them */

lineups_open_h *lineups_opener(enum provider_role role, int provider)
{
	static lineups_open_h *const stt[] = { [STT_POCKETSPHINX] = pocketsphinx_make, [STT_DEEPGRAM] = deepgram_make, [STT_DEEPGRAM_FLUX] = flux_make,
		[STT_SARVAM] = sarvam_stt_make };
	static lineups_open_h *const llm[] = { [LLM_REHEARSED] = rehearsed_make, [LLM_ANTHROPIC] = anthropic_make, [LLM_OPENAI] = openai_make };
	static lineups_open_h *const tts[] = { [TTS_LOCAL] = local_make, [TTS_CARTESIA] = cartesia_make, [TTS_OPENAI] = speech_make,
		[TTS_SARVAM] = sarvam_tts_make };

	return role == PROVIDER_STT ? stt[provider] : role == PROVIDER_LLM ? llm[provider] : tts[provider];
}

void lineups_vendors_close(struct call_lineups *c)
{
	if (c->ears)
		c->shared->ears.close(c->shared->ears.arg, &c->ears);
	deepgram_close(&c->deepgram);
	deepgram_close(&c->flux);
	clock_timer_stop(&c->rehearsed_timer);
	rehearsed_free(&c->rehearsed);
	anthropic_close(&c->anthropic);
	cartesia_close(&c->cartesia);
	openai_close(&c->openai);
	openai_speech_close(&c->openai_speech);
	learned_keep(c);
	sarvam_stt_close(&c->sarvam_ears);
	sarvam_tts_close(&c->sarvam_voice);
}
