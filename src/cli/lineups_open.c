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
#include "providers/rehearsed/rehearsed.h"

enum { ANTHROPIC_CONNECTIONS = 100 }; /* of a worker, where HTTP/2 cannot be had */

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
	if (!language_is(call->language, "en") && providers_chosen(c->shared->config, PROVIDER_STT, chosen) > 1)
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

/* All calls share it, so that they share connections. */
static enum err anthropic_client_make(struct lineups *s, struct err_detail *detail)
{
	const struct http_client_settings settings = { .ca_file = or_none(s->anthropic.ca_file), .connections_max = ANTHROPIC_CONNECTIONS,
		.per_host_max = ANTHROPIC_CONNECTIONS };

	return s->anthropic_client ? ERR_NONE : http_client_open(&s->anthropic_client, s->loop, &settings, detail);
}

static enum err anthropic_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct anthropic_settings *s = &c->shared->anthropic;
	struct anthropic_options o = { .base_url = s->url, .key = key, .api_version = anthropic_versions[s->api_version], .model = s->model,
		.max_tokens = (uint32_t)s->max_tokens, .effort = s->effort ? anthropic_efforts[s->effort] : NULL, .fixed = call->fixed,
		.tools = call->tools, .is_strict = s->is_strict, .connect_us = (uint64_t)s->connect_ms * 1000,
		.idle_us = (uint64_t)s->idle_ms * 1000, .total_us = (uint64_t)s->total_ms * 1000 };
	enum err err = anthropic_client_make(c->shared, detail);

	if (!err && !call->fixed) {
		snprintf(detail->message, sizeof(detail->message), "nothing is known of what a model is to be told");
		return ERR_UNAVAILABLE;
	}
	o.client = c->shared->anthropic_client;
	if (!err)
		err = anthropic_open(&c->anthropic, c->shared->loop, &o, detail);
	*made = (struct lineups_made){ .table = &anthropic_llm, .vendor = c->anthropic };
	if (err || !clock_skips(c->shared->clock))
		return err;
	c->held_llm[LLM_ANTHROPIC] = (struct held_llm){ .clock = c->shared->clock, .llm = &anthropic_llm, .vendor = c->anthropic };
	*made = (struct lineups_made){ .table = &held_llm, .vendor = &c->held_llm[LLM_ANTHROPIC] };
	return ERR_NONE;
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

/* The rule-book's, when it says one, as far as the vendor goes; 0: not said. */
static unsigned int cartesia_speed(const struct cartesia_settings *s, unsigned int of_book)
{
	int64_t percent = of_book && of_book != 100 ? of_book : s->speed_percent;

	return percent == 100 ? 0 : (unsigned int)(percent < 60 ? 60 : percent > 150 ? 150 : percent);
}

static enum err cartesia_make(struct call_lineups *c, const struct lineups_call *call, const char *key, struct lineups_made *made,
	struct err_detail *detail)
{
	const struct cartesia_settings *s = &c->shared->cartesia;
	const struct cartesia_options o = { .base_url = s->url, .key = key, .api_version = s->api_version, .model = s->model, .voice = s->voice,
		.voice_form = (enum cartesia_voice_form)s->voice_form, .speed_percent = cartesia_speed(s, call->speed_percent),
		.max_buffer_delay_ms = (unsigned int)s->max_buffer_delay_ms, .pronunciation_dict_id = or_none(s->pronunciation_dict_id),
		.ca_file = or_none(s->ca_file), .connect_ms = (unsigned int)s->connect_ms, .silent_ms = (unsigned int)s->silent_ms,
		.deadline_ms = (unsigned int)s->deadline_ms };
	enum err err = cartesia_open(&c->cartesia, c->shared->loop, &o, detail);

	if (!err)
		err = cartesia_prepare(c->cartesia);
	return err ? err : tts_made(c, TTS_CARTESIA, &cartesia_tts, c->cartesia, made);
}

/* ------------------------------------------------------------------ all of them */

lineups_open_h *lineups_opener(enum provider_role role, int provider)
{
	static lineups_open_h *const stt[] = { [STT_POCKETSPHINX] = pocketsphinx_make, [STT_DEEPGRAM] = deepgram_make, [STT_DEEPGRAM_FLUX] = flux_make };
	static lineups_open_h *const llm[] = { [LLM_REHEARSED] = rehearsed_make, [LLM_ANTHROPIC] = anthropic_make };
	static lineups_open_h *const tts[] = { [TTS_LOCAL] = local_make, [TTS_CARTESIA] = cartesia_make };

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
}
