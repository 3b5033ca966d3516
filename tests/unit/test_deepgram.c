/* The Deepgram recogniser against a vendor on loopback: what is asked for, what is sent, and when. */
#include "deepgramkit.h"

/* ------------------------------------------------------------------ what is asked for */

static void nova_is_asked_by_its_address(void **state)
{
	struct kit *k = *state;
	static const char *const terms[] = { "Aarogya Plus", "ईएमआई", NULL };

	k->options.keyterms = terms;
	k->options.tag = "tenant 42";
	k->options.numerals = true;
	kit_open(k, "en-IN");
	assert_string_equal(k->v.target, "/v1/listen?model=nova-3&encoding=mulaw&sample_rate=8000&channels=1&interim_results=true&endpointing=300"
		"&utterance_end_ms=1000&numerals=true&mip_opt_out=true&tag=tenant%2042&keyterm=Aarogya%20Plus"
		"&keyterm=%E0%A4%88%E0%A4%8F%E0%A4%AE%E0%A4%86%E0%A4%88&language=en-IN");
	assert_string_equal(k->v.key, "Token " KIT_KEY);
}

static void flux_is_asked_by_its_address(void **state)
{
	struct kit *k = *state;

	kit_model(k, "flux-general-multi");
	k->options.is_token = true;
	k->options.eager_percent = 45;
	k->options.mip_opt_out = false;
	kit_open(k, "hi-IN");
	assert_string_equal(k->v.target, "/v2/listen?model=flux-general-multi&encoding=mulaw&sample_rate=8000&eot_threshold=0.70&eager_eot_threshold=0.45"
		"&eot_timeout_ms=5000&language_hint=hi");
	assert_string_equal(k->v.key, "Bearer " KIT_KEY);
}

static void language_must_be(struct kit *k, const char *tag, const char *query)
{
	const char *at;

	kit_open(k, tag);
	at = strstr(k->v.target, "&language");
	assert_string_equal(at ? at : "", query);
	k->stt->cancel(&k->s);
}

static void languages_are_what_the_vendor_calls_them(void **state)
{
	struct kit *k = *state;
	static const struct deepgram_language table[] = { { "hi-IN", "multi" }, { "*", "ta" }, { NULL, NULL } };

	language_must_be(k, "hi-IN", "&language=hi");
	language_must_be(k, "hi-Latn", "&language=hi");
	language_must_be(k, "en-in", "&language=en-IN");
	language_must_be(k, "en-ZA", "&language=en");
	deepgram_close(&k->d);
	k->options.languages = table;
	language_must_be(k, "hi-in", "&language=multi");
	language_must_be(k, "en-IN", "&language=ta");
}

static void flux_knows_few_languages(void **state)
{
	struct kit *k = *state;
	static const char *const hints[] = { "hi", "en", NULL };
	struct stt_stream *s = NULL;

	kit_model(k, "flux-general-multi");
	k->options.hints = hints;
	k->options.mip_opt_out = false;
	language_must_be(k, "en-GB", "&language_hint=hi&language_hint=en");
	assert_int_equal(deepgram_flux_stt.start(k->d, &s, "ta-IN", &kit_events, k), ERR_NOTFOUND);
	assert_int_equal(deepgram_stt.start(k->d, &s, "en-GB", &kit_events, k), ERR_USAGE);
	deepgram_close(&k->d);
	kit_model(k, "flux-general-en");
	k->options.mip_opt_out = false;
	language_must_be(k, "en-IN", "");
	assert_int_equal(deepgram_flux_stt.start(k->d, &s, "hi-IN", &kit_events, k), ERR_NOTFOUND);
	assert_null(s);
}

/* ------------------------------------------------------------------ sound */

static void sound_goes_out_as_it_comes(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	kit_talk(k, 50 * 160);
	kit_wait_sound(k, 50 * 160);
	assert_int_equal(k->v.frame_count, 50);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(k->v.frames[i].len, 160);
	assert_int_equal(k->v.text_count, 0);
}

/* Less than a frame is not kept for ever, and Flux gets larger ones. */
static void the_rest_of_a_frame_goes_too(void **state)
{
	struct kit *k = *state;

	kit_model(k, "flux-general-en");
	kit_open(k, "en");
	kit_talk(k, 5 * 160);
	assert_int_equal(k->v.frame_count, 1);
	assert_int_equal(k->v.len, 640);
	kit_skip(k, 150000);
	assert_int_equal(k->v.frame_count, 2);
	assert_int_equal(k->v.len, 800);
}

static void nobody_recorded_is_silence(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en");
	k->stt->push(k->s, NULL, 160);
	k->stt->push(k->s, NULL, 0);
	kit_wait_sound(k, 160);
	assert_int_equal(k->v.sound[0], 0xff);
	assert_int_equal(k->v.sound[159], 0xff);
}

/* No window of time has more in it than 1.25 times its length and what a carrier may deliver at once. */
static void pace_must_hold(const struct kit *k)
{
	const struct kit_vendor *v = &k->v;

	for (unsigned int from = 0; from < v->frame_count; from++)
		for (unsigned int to = from; to < v->frame_count; to++) {
			uint64_t samples = v->frames[to].total - v->frames[from].total + v->frames[from].len;
			uint64_t us = v->frames[to].at_us - v->frames[from].at_us;

			assert_true(samples <= us / 100 + 3200);
			assert_true(v->frames[to].len <= 800);
		}
}

static void what_waited_is_paced(void **state)
{
	struct kit *k = *state;
	uint64_t from_us;

	kit_start(k, "en-IN");
	kit_push(k, 8 * 8000); /* the past of a new stream */
	kit_wait(k, &k->v.asked, 1);
	kit_wait_sound(k, 1);
	from_us = clock_now_us(k->clock);
	kit_talk(k, 8000); /* and the caller goes on */
	while (k->v.len < 9 * 8000)
		kit_skip(k, 100000);
	assert_true(clock_now_us(k->clock) - from_us < 7600000);
	pace_must_hold(k);
	for (size_t i = 1; i < k->v.len; i++)
		assert_int_equal(k->v.sound[i], (k->v.sound[i - 1] + 1) & 0x7f); /* all of it, in order */
}

static void more_than_can_wait_ends_the_stream(void **state)
{
	struct kit *k = *state;

	kit_start(k, "en-IN");
	kit_push(k, DEEPGRAM_WAITING_MAX_SAMPLES);
	assert_int_equal(k->ended, 0);
	kit_push(k, 1); /* told later, not in here */
	kit_push(k, 1);
	kit_finalize(k);
	assert_non_null(k->s);
	kit_skip(k, 1);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->why, ERR_LIMIT);
}

/* ------------------------------------------------------------------ silence */

static void silence_is_kept_alive_by_text(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	kit_talk(k, 1600);
	kit_skip(k, 3900000);
	assert_int_equal(k->v.text_count, 0);
	kit_skip(k, 200000);
	assert_int_equal(k->v.text_count, 1);
	assert_string_equal(k->v.texts[0], "{\"type\":\"KeepAlive\"}");
	kit_skip(k, 8000000);
	assert_int_equal(k->v.text_count, 3);
	kit_talk(k, 1600);
	kit_skip(k, 3900000);
	assert_int_equal(k->v.text_count, 3);
	assert_int_equal(k->v.len, 3200);
}

/* A socket that waits for the call: KeepAlive does not count before there was sound. Positions do not know of the silence. */
static void before_any_sound_silence_is_sent(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	kit_skip(k, 4100000);
	assert_int_equal(k->v.len, 800);
	assert_int_equal(k->v.sound[400], 0xff);
	assert_int_equal(k->v.text_count, 0);
	kit_skip(k, 4100000);
	assert_int_equal(k->v.text_count, 1);
	kit_talk(k, 1600);
	vendor_says(k, KIT_RESULTS("true", "false", "0.0", "0.3", "hello"));
	kit_wait(k, &k->told, 1);
	assert_string_equal(k->lines[0], "final 0-1600 hello");
}

/* ------------------------------------------------------------------ finalize */

static void finalize_follows_the_sound_before_it(void **state)
{
	struct kit *k = *state;

	kit_start(k, "en-IN");
	kit_push(k, 4000);
	kit_finalize(k);
	kit_push(k, 4000);
	kit_wait_sound(k, 1);
	kit_skip(k, 1500000);
	assert_int_equal(k->v.len, 8000);
	assert_int_equal(k->v.text_count, 1);
	assert_string_equal(k->v.texts[0], "{\"type\":\"Finalize\"}");
	for (size_t i = 0; i < k->v.frame_count; i++)
		assert_int_equal(k->v.frames[i].texts, k->v.frames[i].total > 4000);
}

/* Nobody answers it: sound goes on all the same, and so does the next one. */
static void finalize_without_an_answer_holds_nothing_up(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	kit_finalize(k); /* there is nothing to finalize */
	kit_talk(k, 1600);
	kit_finalize(k);
	kit_talk(k, 1600);
	kit_finalize(k);
	kit_talk(k, 1600);
	assert_int_equal(k->v.len, 4800);
	assert_int_equal(k->v.text_count, 2);
	assert_int_equal(k->ended + k->told, 0);
}

/* ------------------------------------------------------------------ Flux */

static unsigned int texts_like(const struct kit *k, const char *text)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < k->v.text_count; i++)
		count += !strcmp(k->v.texts[i], text);
	return count;
}

static void flux_hears_silence_in_a_turn(void **state)
{
	struct kit *k = *state;

	kit_flux(k);
	vendor_says(k, KIT_TURN("StartOfTurn", "0.0", "0.8", "I would"));
	kit_wait(k, &k->told, 1);
	kit_skip(k, 450000);
	assert_int_equal(k->v.len, 6400);
	kit_skip(k, 1000000);
	vendor_says(k, KIT_TURN("Update", "0.0", "1.5", "I would")); /* an answer to silence changes nothing */
	kit_wait(k, &k->told, 2);
	kit_skip(k, 1000000);
	assert_in_range(k->v.len, 6400 + 8 * 1800, 6400 + 8 * 2200);
	pace_must_hold(k);
	kit_talk(k, 1600);
	vendor_says(k, KIT_TURN("EndOfTurn", "0.0", "60.0", "I would like that")); /* whatever it says, not beyond what was pushed */
	kit_wait(k, &k->told, 3);
	assert_string_equal(k->lines[2], "end 0-8000 I would like that");
	kit_skip(k, 3000000);
	assert_true(k->v.len < 6400 + 8 * 2200 + 1600 + 800); /* outside a turn it is fed only now and then */
	assert_int_equal(texts_like(k, "{\"type\":\"KeepAlive\"}"), 0);
}

static void a_turn_without_an_end_is_given_up(void **state)
{
	struct kit *k = *state;

	kit_flux(k);
	vendor_says(k, KIT_TURN("StartOfTurn", "0.0", "0.8", "I would"));
	kit_wait(k, &k->told, 1);
	kit_skip(k, 9000000);
	kit_talk(k, 1600); /* somebody speaks: the time begins anew, */
	vendor_says(k, KIT_TURN("Update", "0.0", "0.8", "I would"));
	kit_wait(k, &k->told, 2);
	kit_skip(k, 5000000);
	vendor_says(k, KIT_TURN("Update", "0.0", "0.8", "I would")); /* but not for the vendor's saying so */
	kit_wait(k, &k->told, 3);
	kit_skip(k, 4000000);
	assert_int_equal(k->ended, 0);
	kit_skip(k, 3000000);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
}

static void finalize_forces_the_turn_in_time(void **state)
{
	struct kit *k = *state;
	static const char force[] = "{\"type\":\"ForceEndTurn\"}";

	kit_flux(k);
	kit_finalize(k); /* no turn is open */
	kit_skip(k, 450000);
	assert_int_equal(k->v.text_count, 0);
	vendor_says(k, KIT_TURN("StartOfTurn", "0.0", "0.8", "Yes"));
	kit_wait(k, &k->told, 1);
	kit_finalize(k);
	kit_skip(k, 350000);
	assert_int_equal(texts_like(k, force), 0);
	vendor_says(k, KIT_TURN("EndOfTurn", "0.0", "0.8", "Yes")); /* by itself */
	kit_wait(k, &k->told, 2);
	vendor_says(k, KIT_TURN("StartOfTurn", "0.8", "1.0", "Please")); /* another turn, which nobody asked to end */
	kit_wait(k, &k->told, 3);
	kit_skip(k, 500000);
	assert_int_equal(texts_like(k, force), 0);
	kit_finalize(k);
	kit_skip(k, 450000);
	assert_int_equal(texts_like(k, force), 1);
	assert_int_equal(texts_like(k, "{\"type\":\"Finalize\"}"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nova_is_asked_by_its_address),
		CASE(flux_is_asked_by_its_address),
		CASE(languages_are_what_the_vendor_calls_them),
		CASE(flux_knows_few_languages),
		CASE(sound_goes_out_as_it_comes),
		CASE(the_rest_of_a_frame_goes_too),
		CASE(nobody_recorded_is_silence),
		CASE(what_waited_is_paced),
		CASE(more_than_can_wait_ends_the_stream),
		CASE(silence_is_kept_alive_by_text),
		CASE(before_any_sound_silence_is_sent),
		CASE(finalize_follows_the_sound_before_it),
		CASE(finalize_without_an_answer_holds_nothing_up),
		CASE(flux_hears_silence_in_a_turn),
		CASE(a_turn_without_an_end_is_given_up),
		CASE(finalize_forces_the_turn_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
