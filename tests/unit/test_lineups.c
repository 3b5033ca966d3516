/* Who serves a call: in the order of the settings, without those who have no key or do not know the language; and what calls share. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/config.h"
#include "cli/lineups.h"
#include "cli/lineups_learned.h"
#include "cli/openai_voices.h"
#include "cli/settings.h"
#include "conductor/rulebook.h"
#include "deadline.h"
#include "providers/held.h"
#include "providers/rehearsed/rehearsed.h"
#include "voice/lineup/lineup_accounts.h"
#include "voice/lineup/lineup_tongues.h"

#define VOICE "tts.providers=cartesia,local"
#define VOICE_ID "providers.cartesia.voice=00000000-0000-4000-8000-000000000000"
#define OPENAI_FAR "providers.openai.url=https://models.example.com"
#define SPEECH_FAR "providers.openai.speech_url=https://voices.example.com"

struct world {
	uv_loop_t loop;
	struct clock *clock;
	struct config *config;
	struct lineups *shared;
	struct buf flow, fixed, facts, tools;
	const char *missing; /* the name of a key that the tenant does not have */
	struct lineups_call call;
	struct err_detail detail;
	unsigned int ears, connections, asked;
	char url[40];    /* of `vendor`, without a scheme */
	uv_tcp_t vendor;
};

/* ---- a world ---- */

static enum err ears_open(void *arg, void **vendor, const struct stt **stt, const struct lineups_call *call, struct err_detail *detail)
{
	static const struct stt ears = { .name = "ears" };
	struct world *w = arg;

	(void)call;
	(void)detail;
	w->ears++;
	*vendor = w;
	*stt = &ears;
	return ERR_NONE;
}

static void ears_close(void *arg, void **vendor)
{
	struct world *w = arg;

	w->ears--;
	*vendor = NULL;
}

static const char *key(void *arg, const char *name)
{
	struct world *w = arg;

	w->asked++;
	return w->missing && (!strcmp(w->missing, name) || !strcmp(w->missing, "all")) ? NULL : "a-key-for-a-test";
}

static void book_read(struct world *w)
{
	char path[1200];
	struct buf text;
	struct rulebook *book;
	struct rulebook_report report;
	json_t *samples;

	snprintf(path, sizeof(path), "%s/../rulebooks/appointment-reminder.yaml", getenv("CALLFUNNEL_TESTS"));
	buf_init(&text, RULEBOOK_MAX_BYTES);
	assert_int_equal(rulebook_read(path, &text, NULL), ERR_NONE);
	assert_int_equal(rulebook_load(&book, "book", text.data, text.len, &report), ERR_NONE);
	samples = rulebook_samples(book);
	assert_int_equal(rulebook_flow_json(book, "en-US", samples, &w->flow, NULL), ERR_NONE);
	assert_int_equal(rulebook_prompt(book, "en-US", samples, &w->fixed, &w->facts, NULL), ERR_NONE);
	rulebook_tools_json(book, &w->tools);
	json_decref(samples);
	rulebook_free(book);
	buf_fini(&text);
}

static int begin_at(void **state, bool skips)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	*state = w;
	assert_int_equal(uv_loop_init(&w->loop), 0);
	assert_int_equal(clock_open(&w->clock, &w->loop, skips), ERR_NONE);
	assert_int_equal(config_new(&w->config, settings_tables), ERR_NONE);
	buf_init(&w->flow, RULEBOOK_JSON_MAX);
	buf_init(&w->fixed, RULEBOOK_JSON_MAX);
	buf_init(&w->facts, RULEBOOK_JSON_MAX);
	buf_init(&w->tools, RULEBOOK_JSON_MAX);
	book_read(w);
	w->call = (struct lineups_call){ .id.bytes = { 1 }, .tenant.bytes = { 2 }, .tenant_name = "acme", .language = "en-US", .flow = buf_str(&w->flow),
		.flow_len = w->flow.len, .fixed = buf_str(&w->fixed), .tools = buf_str(&w->tools), .key = key, .key_arg = w };
	return deadline_set(60);
}

static int begin(void **state) { return begin_at(state, false); }
static int begin_skipping(void **state) { return begin_at(state, true); }

static int end(void **state)
{
	struct world *w = *state;

	lineups_close(&w->shared);
	clock_close(&w->clock);
	if (w->vendor.type == UV_TCP)
		uv_close((uv_handle_t *)&w->vendor, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	assert_int_equal(w->ears, 0);
	config_free(w->config);
	buf_fini(&w->flow);
	buf_fini(&w->fixed);
	buf_fini(&w->facts);
	buf_fini(&w->tools);
	free(w);
	return 0;
}

static void set(struct world *w, const char *assignment)
{
	assert_int_equal(config_set(w->config, assignment, "--set", &w->detail), ERR_NONE);
}

/* What calls share has read its settings once. */
static void set_anew(struct world *w, const char *assignment)
{
	lineups_close(&w->shared);
	set(w, assignment);
}

/* With no vendor to be reached: nothing listens on port 1. */
static enum err open_call(struct world *w, struct call_lineups **c)
{
	const struct lineups_ears ears = { .open = ears_open, .close = ears_close, .arg = w };

	if (!w->shared) {
		set(w, "providers.deepgram.url=ws://127.0.0.1:1");
		set(w, "providers.anthropic.url=http://127.0.0.1:1");
		if (w->vendor.type != UV_TCP)
			set(w, "providers.cartesia.url=http://127.0.0.1:1");
		if (w->vendor.type != UV_TCP)
			set(w, "providers.sarvam.url=ws://127.0.0.1:1");
		set(w, VOICE_ID);
		assert_int_equal(lineups_open(&w->shared, w->config, &w->loop, w->clock, &ears, NULL), ERR_NONE);
	}
	w->detail = (struct err_detail){ .message = "" };
	return call_lineups_open(c, w->shared, &w->call, &w->detail);
}

/* "deepgram pocketsphinx" */
static const char *names(const struct call_lineups *c, enum provider_role role)
{
	static char text[200];
	const struct lineup *l = call_lineups_role(c, role);
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < l->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", l->members[i].name);
	return text;
}

static void chosen(struct world *w, enum provider_role role, const char *expected)
{
	struct call_lineups *c;

	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_string_equal(names(c, role), expected);
	call_lineups_close(&c);
}

/* ---- who ---- */

static void nothing_said_is_offline_and_asks_nobody_for_a_key(void **state)
{
	struct world *w = *state;
	struct worker_call_options o = { .epoch = 1 };
	struct call_lineups *c;

	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_string_equal(names(c, PROVIDER_STT), "pocketsphinx");
	assert_string_equal(names(c, PROVIDER_LLM), "rehearsed");
	assert_string_equal(names(c, PROVIDER_TTS), "local");
	call_lineups_serve(c, &o);
	assert_string_equal(o.stt->name, "ears"); /* themselves: no lineup stands before them */
	assert_ptr_equal(o.llm, &rehearsed_llm);
	assert_string_equal(o.tts->name, "flite");
	assert_int_equal(w->asked, 0);
	call_lineups_close(&c);
}

static void they_stand_in_the_order_of_the_setting(void **state)
{
	struct world *w = *state;
	struct worker_call_options o = { .epoch = 1 };
	struct call_lineups *c;

	set(w, "stt.providers=deepgram_flux, pocketsphinx, deepgram");
	set(w, "llm.providers=anthropic, rehearsed");
	set(w, VOICE);
	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_string_equal(names(c, PROVIDER_STT), "deepgram_flux pocketsphinx deepgram");
	assert_string_equal(names(c, PROVIDER_LLM), "anthropic rehearsed");
	assert_string_equal(names(c, PROVIDER_TTS), "cartesia local");
	call_lineups_serve(c, &o);
	assert_ptr_equal(o.stt, &lineup_stt);
	assert_ptr_equal(o.llm, &lineup_llm);
	assert_ptr_equal(o.tts, &lineup_tts);
	assert_ptr_equal(o.llm_vendor, call_lineups_role(c, PROVIDER_LLM));
	call_lineups_close(&c);
}

static void a_typed_call_has_no_recogniser(void **state)
{
	struct world *w = *state;
	struct worker_call_options o = { .epoch = 1 };
	struct call_lineups *c;

	set(w, "stt.providers=deepgram");
	w->missing = "deepgram.api_key";
	w->call.is_typed = true;
	assert_int_equal(open_call(w, &c), ERR_NONE);
	call_lineups_serve(c, &o);
	assert_null(o.stt);
	assert_non_null(o.llm);
	call_lineups_close(&c);
}

/* The call's own keep what they have; the other language's have no model, and where nobody hears it the first ones do. */
static void another_language_has_its_own(void **state)
{
	struct world *w = *state;
	struct worker_call_options o = { .epoch = 1 };
	struct lineups_call hindi;
	struct call_lineups *c;

	assert_int_equal(open_call(w, &c), ERR_NONE);
	hindi = w->call;
	hindi.language = "hi-IN";
	assert_int_equal(call_lineups_add(c, &hindi), ERR_NONE);
	call_lineups_serve(c, &o);
	assert_int_equal(w->ears, 1); /* this machine hears English alone */
	assert_false(o.stt->hears(o.stt_vendor, "hi-IN"));
	assert_true(o.stt->hears(o.stt_vendor, "en-US"));
	assert_ptr_equal(o.tts, &lineup_tongues_tts);
	assert_ptr_equal(o.llm, &rehearsed_llm);
	call_lineups_close(&c);
	set_anew(w, "stt.providers=pocketsphinx, sarvam");
	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_int_equal(call_lineups_add(c, &hindi), ERR_NONE);
	call_lineups_serve(c, &o);
	assert_true(o.stt->hears(o.stt_vendor, "hi-IN"));
	call_lineups_close(&c);
}

static void there_is_an_end_to_languages(void **state)
{
	struct world *w = *state;
	struct lineups_call hindi;
	struct call_lineups *c;
	unsigned int i;

	assert_int_equal(open_call(w, &c), ERR_NONE);
	hindi = w->call;
	hindi.language = "hi-IN";
	for (i = 1; i < LINEUP_TONGUES_MAX; i++)
		assert_int_equal(call_lineups_add(c, &hindi), ERR_NONE);
	assert_int_equal(call_lineups_add(c, &hindi), ERR_LIMIT);
	call_lineups_close(&c);
}

/* ---- without a key ---- */

static void who_has_no_key_is_left_out(void **state)
{
	struct world *w = *state;

	set(w, "stt.providers=deepgram,pocketsphinx");
	set(w, "llm.providers=anthropic,rehearsed");
	set(w, VOICE);
	w->missing = "anthropic.api_key";
	chosen(w, PROVIDER_LLM, "rehearsed");
	chosen(w, PROVIDER_STT, "deepgram pocketsphinx");
	w->missing = "all";
	chosen(w, PROVIDER_STT, "pocketsphinx");
	chosen(w, PROVIDER_TTS, "local");
}

static void a_role_without_anybody_refuses_the_call(void **state)
{
	static const struct { const char *setting, *key; } roles[] = { { "stt.providers=deepgram,deepgram_flux", "deepgram.api_key" },
		{ "llm.providers=anthropic", "anthropic.api_key" }, { "tts.providers=cartesia", "cartesia.api_key" } };
	struct world *w = *state;
	struct call_lineups *c = (struct call_lineups *)w;
	char hint[100], setting[20];

	w->missing = "all";
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		set(w, "stt.providers=pocketsphinx");
		set(w, "llm.providers=rehearsed");
		set(w, roles[i].setting);
		assert_int_equal(open_call(w, &c), ERR_UNAVAILABLE);
		assert_null(c);
		snprintf(hint, sizeof(hint), "callfunnel secret set acme %s", roles[i].key);
		snprintf(setting, sizeof(setting), "%.13s", roles[i].setting);
		assert_string_equal(w->detail.hint, hint);
		assert_non_null(strstr(w->detail.message, setting));
		assert_non_null(strstr(w->detail.message, roles[i].key));
	}
}

static void openai_model_and_voice(struct world *w)
{
	set(w, "llm.providers=openai,rehearsed");
	set(w, "tts.providers=openai,local");
	set(w, "providers.openai.model=qwen3");
	set(w, "providers.openai.speech_model=kokoro");
	set(w, "providers.openai.voice=af_heart");
}

/* A server of one's own wants no key; one that is far does. */
static void a_server_of_this_machine_goes_without_a_key(void **state)
{
	struct world *w = *state;

	openai_model_and_voice(w);
	w->missing = "all";
	chosen(w, PROVIDER_LLM, "openai rehearsed");
	chosen(w, PROVIDER_TTS, "openai local");
	set_anew(w, OPENAI_FAR);
	chosen(w, PROVIDER_LLM, "rehearsed");
	chosen(w, PROVIDER_TTS, "openai local");
	set_anew(w, SPEECH_FAR);
	chosen(w, PROVIDER_TTS, "local");
	w->missing = NULL;
	chosen(w, PROVIDER_LLM, "openai rehearsed");
	chosen(w, PROVIDER_TTS, "openai local");
}

static void a_far_server_alone_without_a_key_refuses_the_call(void **state)
{
	struct world *w = *state;
	struct call_lineups *c;

	openai_model_and_voice(w);
	set(w, "llm.providers=openai");
	set(w, OPENAI_FAR);
	w->missing = "openai.api_key";
	assert_int_equal(open_call(w, &c), ERR_UNAVAILABLE);
	assert_string_equal(w->detail.hint, "callfunnel secret set acme openai.api_key");
	set_anew(w, "providers.openai.url=https://localhost:8080");
	assert_int_equal(open_call(w, &c), ERR_NONE);
	call_lineups_close(&c);
}

static void sarvam_without_its_key_is_left_out(void **state)
{
	struct world *w = *state;

	set(w, "stt.providers=sarvam,pocketsphinx");
	set(w, "tts.providers=sarvam,local");
	chosen(w, PROVIDER_STT, "sarvam pocketsphinx");
	chosen(w, PROVIDER_TTS, "sarvam local");
	w->missing = "sarvam.api_key";
	chosen(w, PROVIDER_STT, "pocketsphinx");
	chosen(w, PROVIDER_TTS, "local");
}

/* ---- languages ---- */

static void sarvam_knows_the_languages_of_india(void **state)
{
	struct world *w = *state;

	set(w, "stt.providers=sarvam,deepgram");
	set(w, "tts.providers=sarvam,local");
	w->call.language = "ta-IN";
	chosen(w, PROVIDER_STT, "sarvam deepgram");
	chosen(w, PROVIDER_TTS, "sarvam local");
	w->call.language = "de-DE";
	chosen(w, PROVIDER_STT, "deepgram");
	chosen(w, PROVIDER_TTS, "local");
}

static void a_recogniser_that_is_told_one_language_hears_any(void **state)
{
	struct world *w = *state;

	set(w, "stt.providers=sarvam,deepgram");
	set(w, "providers.sarvam.stt_language=auto");
	w->call.language = "de-DE";
	chosen(w, PROVIDER_STT, "sarvam deepgram");
}

static void a_voice_speaks_the_languages_that_were_named(void **state)
{
	struct world *w = *state;

	openai_model_and_voice(w);
	set(w, "providers.openai.voice=");
	set(w, "providers.openai.voices=en-US=af_heart, hi=hf_alpha");
	chosen(w, PROVIDER_TTS, "openai local");
	w->call.language = "hi-IN";
	chosen(w, PROVIDER_TTS, "openai local");
	w->call.language = "en-IN";
	chosen(w, PROVIDER_TTS, "local");
}

static void who_does_not_know_the_language_is_left_out(void **state)
{
	struct world *w = *state;
	struct call_lineups *c;

	set(w, "stt.providers=deepgram_flux,deepgram,pocketsphinx");
	w->call.language = "hi-IN";
	chosen(w, PROVIDER_STT, "deepgram_flux deepgram");
	w->call.language = "ta-IN";
	chosen(w, PROVIDER_STT, "deepgram");
	set(w, "stt.providers=deepgram_flux,pocketsphinx");
	assert_int_equal(open_call(w, &c), ERR_UNAVAILABLE);
	assert_non_null(strstr(w->detail.message, "ta-IN"));
	assert_non_null(strstr(w->detail.hint, "stt.providers"));
}

static void a_model_of_one_language_hears_no_other(void **state)
{
	struct world *w = *state;

	set(w, "providers.deepgram.flux_model=flux-general-en");
	set(w, "stt.providers=deepgram_flux,deepgram");
	chosen(w, PROVIDER_STT, "deepgram_flux deepgram");
	w->call.language = "hi-IN";
	chosen(w, PROVIDER_STT, "deepgram");
}

/* The keypad of a call is better than no call. */
static void the_recogniser_of_this_machine_alone_is_there_in_any_language(void **state)
{
	struct world *w = *state;

	w->call.language = "hi-IN";
	chosen(w, PROVIDER_STT, "pocketsphinx");
}

/* ---- what they are given ---- */

static void a_model_that_is_told_nothing_is_left_out(void **state)
{
	struct world *w = *state;

	set(w, "llm.providers=anthropic,rehearsed");
	w->call.fixed = NULL;
	chosen(w, PROVIDER_LLM, "rehearsed");
}

/* A clinic's name may be longer than a vendor takes: it is left away, nobody is left out. */
static void a_name_that_is_too_long_leaves_nobody_out(void **state)
{
	static const char *const terms[] = { "Lakeside Clinic", "A name that is very long and longer than sixty-four characters, as some are", "", NULL };
	struct world *w = *state;

	set(w, "stt.providers=sarvam,pocketsphinx");
	w->call.keyterms = terms;
	chosen(w, PROVIDER_STT, "sarvam pocketsphinx");
	set_anew(w, "providers.sarvam.stt_model=saaras:v4");
	chosen(w, PROVIDER_STT, "sarvam pocketsphinx");
}

static void an_option_that_the_vendor_refuses_is_told(void **state)
{
	struct world *w = *state;
	struct call_lineups *c;

	set(w, "stt.providers=deepgram");
	set(w, "providers.deepgram.utterance_end_ms=7"); /* 0, or from 1000 on */
	assert_int_equal(open_call(w, &c), ERR_USAGE);
	assert_non_null(strstr(w->detail.message, "deepgram"));
	assert_non_null(strstr(w->detail.message, "1000 to 5000"));
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct world *w = stream->data;

	assert_int_equal(status, 0);
	w->connections++;
}

static void vendor_begin(struct world *w)
{
	struct sockaddr_in address;
	int len = sizeof(address);

	assert_int_equal(uv_tcp_init(&w->loop, &w->vendor), 0);
	w->vendor.data = w;
	assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
	assert_int_equal(uv_tcp_bind(&w->vendor, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&w->vendor, 4, on_connection), 0);
	assert_int_equal(uv_tcp_getsockname(&w->vendor, (struct sockaddr *)&address, &len), 0);
	snprintf(w->url, sizeof(w->url), "127.0.0.1:%u", ntohs(address.sin_port));
}

static void is_called(struct world *w, const char *setting, const char *voice)
{
	struct call_lineups *c;
	char url[80];

	vendor_begin(w);
	snprintf(url, sizeof(url), "%s%s", setting, w->url);
	set(w, url);
	set(w, voice);
	assert_int_equal(open_call(w, &c), ERR_NONE);
	for (uint64_t until = uv_hrtime() + 5000000000; !w->connections && uv_hrtime() < until;)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_int_equal(w->connections, 1);
	call_lineups_close(&c);
}

static void a_vendors_socket_is_opened_while_the_phone_rings(void **state)
{
	is_called(*state, "providers.cartesia.url=http://", VOICE);
}

static void sarvams_socket_is_opened_while_the_phone_rings(void **state)
{
	is_called(*state, "providers.sarvam.url=ws://", "tts.providers=sarvam,local");
}

static void on_a_clock_that_skips_vendors_and_voices_hold_it(void **state)
{
	struct world *w = *state;
	struct call_lineups *c;

	set(w, "stt.providers=deepgram,pocketsphinx");
	set(w, "llm.providers=anthropic,rehearsed");
	set(w, VOICE);
	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_STT)->members[0].table, &held_stt);
	assert_ptr_not_equal(call_lineups_role(c, PROVIDER_STT)->members[1].table, &held_stt); /* its owner's matter */
	assert_ptr_equal(call_lineups_role(c, PROVIDER_LLM)->members[0].table, &held_llm);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_LLM)->members[1].table, &rehearsed_llm); /* waits by the clock alone */
	assert_ptr_equal(call_lineups_role(c, PROVIDER_TTS)->members[0].table, &held_tts);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_TTS)->members[1].table, &held_tts);
	call_lineups_close(&c);
}

static void on_a_clock_that_skips_openai_and_sarvam_hold_it(void **state)
{
	struct world *w = *state;
	struct call_lineups *c;

	openai_model_and_voice(w);
	set(w, "stt.providers=sarvam,pocketsphinx");
	set(w, "tts.providers=openai,sarvam");
	assert_int_equal(open_call(w, &c), ERR_NONE);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_STT)->members[0].table, &held_stt);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_LLM)->members[0].table, &held_llm);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_TTS)->members[0].table, &held_tts);
	assert_ptr_equal(call_lineups_role(c, PROVIDER_TTS)->members[1].table, &held_tts);
	call_lineups_close(&c);
}

/* ---- what calls share ---- */

static const struct lineup_health *health_of(const struct call_lineups *c)
{
	return call_lineups_role(c, PROVIDER_LLM)->members[0].health;
}

static void calls_of_a_tenant_share_an_accounts_health(void **state)
{
	struct world *w = *state;
	struct call_lineups *one, *two, *other;

	set(w, "llm.providers=anthropic,rehearsed");
	assert_int_equal(open_call(w, &one), ERR_NONE);
	assert_int_equal(open_call(w, &two), ERR_NONE);
	w->call.tenant.bytes[0] = 3;
	assert_int_equal(open_call(w, &other), ERR_NONE);
	assert_ptr_equal(health_of(one), health_of(two));
	assert_ptr_not_equal(health_of(one), health_of(other));
	assert_ptr_equal(call_lineups_role(one, PROVIDER_LLM)->members[1].health, call_lineups_role(other, PROVIDER_LLM)->members[1].health);
	call_lineups_close(&one);
	call_lineups_close(&two);
	call_lineups_close(&other);
}

/* A call that begins when another one has ended knows what that found out. */
static void health_outlives_its_call_but_not_for_ever(void **state)
{
	struct lineup_accounts accounts = { .first = NULL };
	struct id128 tenant = { .bytes = { 1 } };
	struct lineup_account *a = lineup_account_take(&accounts, &tenant, "anthropic"), *b;

	(void)state;
	a->health.failures = 4;
	lineup_account_leave(&accounts, &a);
	assert_null(a);
	a = lineup_account_take(&accounts, &tenant, "anthropic");
	assert_int_equal(a->health.failures, 4);
	for (unsigned int i = 0; i < 2 * LINEUP_ACCOUNTS_IDLE; i++) {
		tenant.bytes[1] = (uint8_t)(i + 1);
		b = lineup_account_take(&accounts, &tenant, "anthropic");
		lineup_account_leave(&accounts, &b);
	}
	assert_int_equal(a->health.failures, 4); /* in use: never dropped */
	lineup_account_leave(&accounts, &a);
	tenant.bytes[1] = 1;
	b = lineup_account_take(&accounts, &tenant, "anthropic");
	assert_int_equal(b->users, 1);
	lineup_account_leave(&accounts, &b);
	unsigned int count = 0;
	for (b = accounts.first; b; b = b->next)
		count++;
	assert_int_equal(count, LINEUP_ACCOUNTS_IDLE);
	lineup_accounts_fini(&accounts);
}

/* ---- settings ---- */

static void a_voice_without_its_id_is_a_mistake(void **state)
{
	struct world *w = *state;

	assert_int_equal(providers_judge(w->config, &w->detail), ERR_NONE);
	set(w, VOICE);
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_USAGE);
	assert_string_equal(w->detail.where, "--set");
	assert_non_null(strstr(w->detail.message, "providers.cartesia.voice"));
	set(w, VOICE_ID);
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_NONE);
}

/* The first thing that is missing, until nothing is. */
static void openai_wants_its_names(void **state)
{
	static const struct { const char *missing, *assignment; } steps[] = { { "providers.openai.model", "providers.openai.model=qwen3" },
		{ "providers.openai.speech_model", "providers.openai.speech_model=kokoro" }, { "providers.openai.voice", "providers.openai.voices=en=af_heart" } };
	struct world *w = *state;

	set(w, "llm.providers=rehearsed,openai");
	set(w, "tts.providers=openai");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_int_equal(providers_judge(w->config, &w->detail), ERR_USAGE);
		assert_memory_equal(w->detail.message, steps[i].missing, strlen(steps[i].missing));
		assert_int_equal(w->detail.message[strlen(steps[i].missing)], ':');
		assert_string_equal(w->detail.where, "--set");
		set(w, steps[i].assignment);
	}
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_NONE);
}

static void a_model_without_a_speaker_of_its_own_wants_one(void **state)
{
	struct world *w = *state;

	set(w, "tts.providers=sarvam");
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_NONE);
	set(w, "providers.sarvam.tts_model=bulbul:v4-flash");
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_USAGE);
	assert_non_null(strstr(w->detail.message, "providers.sarvam.speaker"));
	set(w, "providers.sarvam.speaker=priya");
	assert_int_equal(providers_judge(w->config, &w->detail), ERR_NONE);
}

static void voices_are_read_and_mistakes_refused(void **state)
{
	static const char *const bad[] = { "af_heart", "=af_heart", "en=", "en=a, hi", "e n=a", "en_US=a", "en=a\x01", " ,", "" };
	char many[400] = "";
	struct openai_voices v;

	(void)state;
	assert_true(openai_voices_read(&v, "en-IN=bf_emma,hi=hf_alpha , en=af_heart"));
	assert_string_equal(v.list[0].tag, "en-IN");
	assert_string_equal(v.list[1].voice, "hf_alpha");
	assert_string_equal(v.list[2].voice, "af_heart");
	assert_null(v.list[3].tag);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(openai_voices_fit(bad[i]));
	for (size_t i = 0; i < OPENAI_VOICES_MAX; i++)
		strcat(many, "en=a,");
	assert_true(openai_voices_fit(many));
	strcat(many, "en=a");
	assert_false(openai_voices_fit(many));
	assert_false(openai_voices_read(&v, many));
	assert_null(v.list[0].tag);
}

static void keys_are_asked_for_once_and_only_for_the_chosen(void **state)
{
	struct world *w = *state;
	const char *keys[PROVIDER_KEYS_MAX];

	assert_int_equal(providers_keys(w->config, keys), 0);
	assert_false(providers_want_prompt(w->config));
	set(w, "stt.providers=deepgram,deepgram_flux,pocketsphinx");
	set(w, "llm.providers=rehearsed,anthropic");
	assert_int_equal(providers_keys(w->config, keys), 2);
	assert_string_equal(keys[0], "deepgram.api_key");
	assert_string_equal(keys[1], "anthropic.api_key");
	assert_true(providers_want_prompt(w->config));
	set(w, "stt.providers=deepgram,sarvam");
	set(w, "llm.providers=openai,anthropic");
	set(w, "tts.providers=cartesia,openai,sarvam");
	assert_int_equal(providers_keys(w->config, keys), PROVIDER_KEYS_MAX);
	set(w, "llm.providers=openai");
	assert_true(providers_want_prompt(w->config));
}

static void a_key_goes_in_the_clear_to_this_machine_alone(void **state)
{
	static const char *const good[] = { "providers.anthropic.url=http://localhost:1/x", "providers.anthropic.url=http://[::1]:1",
		"providers.cartesia.url=https://voices.example.com", "providers.deepgram.url=ws://127.0.0.1:9",
		"providers.openai.url=http://127.0.0.1:11434", OPENAI_FAR, SPEECH_FAR, "providers.openai.speech_url=https://localhost/x",
		"providers.sarvam.url=ws://localhost:9", "providers.sarvam.url=wss://api.example.com" };
	static const char *const bad[] = { "providers.anthropic.url=http://127.0.0.1.example.com", "providers.anthropic.url=http://example.com",
		"providers.cartesia.url=http://10.0.0.1", "providers.deepgram.url=ws://example.com", "providers.deepgram.url=https://example.com",
		"providers.openai.url=http://models.example.com", "providers.openai.speech_url=http://10.0.0.1:8880", "providers.sarvam.url=ws://example.com" };
	struct world *w = *state;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		set(w, good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(config_set(w->config, bad[i], "--set", &w->detail), ERR_USAGE);
}

/* ---- what was learned ---- */

/* By tenant and address; what a call does not know takes nothing away, and the oldest makes room. */
static void test_what_was_learned_is_kept_by_account(void **state)
{
	static struct lineups_learned l;
	const struct id128 one = { { 1 } };
	const struct sarvam_learned field = { .has_field = true, .field = SARVAM_TARGET_LANGUAGE_CODE }, path = { .has_path = true, .is_other_path = true },
		nothing = { .has_field = false };
	const struct sarvam_learned *found;

	(void)state;
	lineups_learned_keep(&l, &one, "wss://a", &nothing);
	assert_null(lineups_learned_find(&l, &one, "wss://a"));
	lineups_learned_keep(&l, &one, "wss://a", &field);
	lineups_learned_keep(&l, &one, "wss://a", &path);
	lineups_learned_keep(&l, &one, "wss://a", &nothing);
	found = lineups_learned_find(&l, &one, "wss://a");
	assert_true(found && found->has_field && found->field == SARVAM_TARGET_LANGUAGE_CODE && found->has_path && found->is_other_path);
	assert_null(lineups_learned_find(&l, &one, "wss://b"));
	for (uint8_t i = 2; i < LEARNED_MAX + 1; i++) {
		assert_null(lineups_learned_find(&l, &(struct id128){ { i } }, "wss://a"));
		lineups_learned_keep(&l, &(struct id128){ { i } }, "wss://a", &path);
	}
	assert_non_null(lineups_learned_find(&l, &one, "wss://a"));
	lineups_learned_keep(&l, &(struct id128){ { LEARNED_MAX + 1 } }, "wss://a", &path);
	assert_null(lineups_learned_find(&l, &one, "wss://a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_learned_is_kept_by_account),
		cmocka_unit_test_setup_teardown(nothing_said_is_offline_and_asks_nobody_for_a_key, begin, end),
		cmocka_unit_test_setup_teardown(they_stand_in_the_order_of_the_setting, begin, end),
		cmocka_unit_test_setup_teardown(a_typed_call_has_no_recogniser, begin, end),
		cmocka_unit_test_setup_teardown(another_language_has_its_own, begin, end),
		cmocka_unit_test_setup_teardown(there_is_an_end_to_languages, begin, end),
		cmocka_unit_test_setup_teardown(who_has_no_key_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_role_without_anybody_refuses_the_call, begin, end),
		cmocka_unit_test_setup_teardown(a_server_of_this_machine_goes_without_a_key, begin, end),
		cmocka_unit_test_setup_teardown(a_far_server_alone_without_a_key_refuses_the_call, begin, end),
		cmocka_unit_test_setup_teardown(sarvam_without_its_key_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(sarvam_knows_the_languages_of_india, begin, end),
		cmocka_unit_test_setup_teardown(a_recogniser_that_is_told_one_language_hears_any, begin, end),
		cmocka_unit_test_setup_teardown(a_voice_speaks_the_languages_that_were_named, begin, end),
		cmocka_unit_test_setup_teardown(who_does_not_know_the_language_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_model_of_one_language_hears_no_other, begin, end),
		cmocka_unit_test_setup_teardown(the_recogniser_of_this_machine_alone_is_there_in_any_language, begin, end),
		cmocka_unit_test_setup_teardown(a_model_that_is_told_nothing_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(a_name_that_is_too_long_leaves_nobody_out, begin, end),
		cmocka_unit_test_setup_teardown(an_option_that_the_vendor_refuses_is_told, begin, end),
		cmocka_unit_test_setup_teardown(a_vendors_socket_is_opened_while_the_phone_rings, begin, end),
		cmocka_unit_test_setup_teardown(sarvams_socket_is_opened_while_the_phone_rings, begin, end),
		cmocka_unit_test_setup_teardown(on_a_clock_that_skips_vendors_and_voices_hold_it, begin_skipping, end),
		cmocka_unit_test_setup_teardown(on_a_clock_that_skips_openai_and_sarvam_hold_it, begin_skipping, end),
		cmocka_unit_test_setup_teardown(calls_of_a_tenant_share_an_accounts_health, begin, end),
		cmocka_unit_test(health_outlives_its_call_but_not_for_ever),
		cmocka_unit_test_setup_teardown(a_voice_without_its_id_is_a_mistake, begin, end),
		cmocka_unit_test_setup_teardown(openai_wants_its_names, begin, end),
		cmocka_unit_test_setup_teardown(a_model_without_a_speaker_of_its_own_wants_one, begin, end),
		cmocka_unit_test(voices_are_read_and_mistakes_refused),
		cmocka_unit_test_setup_teardown(keys_are_asked_for_once_and_only_for_the_chosen, begin, end),
		cmocka_unit_test_setup_teardown(a_key_goes_in_the_clear_to_this_machine_alone, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
