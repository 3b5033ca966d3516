/* Sarvam's recogniser against a vendor on loopback: what is asked for, what is sent, and when; what is told, and where it lies. */
#include "sarvamsttkit.h"

#include "audio/g711.h"

/* ------------------------------------------------------------------ what is asked for */

static void asked_by_its_address(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	assert_string_equal(k->v.target, "/speech-to-text-realtime/ws?encoding=mulaw&sample_rate=8000&endpointing=vad&model=saaras%3Av3-realtime"
		"&stream_type=balanced&mode=transcribe&return_timestamps=true&language_code=hi-IN");
	assert_string_equal(k->v.key, KIT_KEY);
}

static void everything_that_can_be_asked_for(void **state)
{
	static const char *const terms[] = { "Aarogya \"Plus\"", "ईएमआई", NULL };
	struct kit *k = *state;

	k->options.model = "saaras:v4";
	k->options.codec = SARVAM_LINEAR16;
	k->options.stream_type = "fast";
	k->options.mode = "codemix";
	k->options.prompt = "a & b";
	k->options.keyterms = terms;
	k->options.has_times = false;
	k->options.threshold_percent = 45;
	k->options.prefix_padding_ms = 200;
	k->options.silence_duration_ms = 400;
	k->options.min_speech_duration_ms = 100;
	kit_open(k, "ta-IN");
	assert_string_equal(k->v.target, "/speech-to-text-realtime/ws?encoding=linear16&sample_rate=8000&endpointing=vad&model=saaras%3Av4&stream_type=fast"
		"&mode=codemix&threshold=0.45&prefix_padding_ms=200&silence_duration_ms=400&min_speech_duration_ms=100&prompt=a%20%26%20b"
		"&keyterms=%5B%22Aarogya%20%5C%22Plus%5C%22%22%2C%22%E0%A4%88%E0%A4%8F%E0%A4%AE%E0%A4%86%E0%A4%88%22%5D&language_code=ta-IN");
}

static void language_must_be(struct kit *k, const char *tag, const char *name)
{
	const char *at;

	kit_open(k, tag);
	at = strstr(k->v.target, "&language_code=");
	assert_non_null(at);
	assert_string_equal(at + strlen("&language_code="), name);
	sarvam_stt.cancel(&k->s);
}

static void languages_are_what_the_vendor_calls_them(void **state)
{
	static const struct sarvam_language table[] = { { "hi-IN", "auto", NULL }, { "en", "hi-IN", NULL }, { "*", "ta-IN", NULL }, { NULL, NULL, NULL } };
	struct kit *k = *state;
	struct stt_stream *s = NULL;

	language_must_be(k, "hi", "hi-IN");
	language_must_be(k, "HI_in", "hi-IN");
	language_must_be(k, "en-US", "en-IN");
	language_must_be(k, "od-IN", "or-IN");
	language_must_be(k, "or", "or-IN");
	assert_int_equal(sarvam_stt.start(k->d, &s, "fr-FR", &kit_events, k), ERR_NOTFOUND);
	assert_int_equal(sarvam_stt.start(k->d, &s, "", &kit_events, k), ERR_NOTFOUND);
	assert_null(s);
	assert_true(sarvam_speaks("te") && !sarvam_speaks("ten"));
	sarvam_stt_close(&k->d);
	k->options.languages = table;
	language_must_be(k, "hi-in", "auto");
	language_must_be(k, "en-GB", "hi-IN");
	language_must_be(k, "fr-FR", "ta-IN");
}

/* ------------------------------------------------------------------ sound */

static void sound_goes_out_as_it_comes(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	kit_talk(k, 50 * 160);
	kit_wait_sound(k, 50 * 160);
	assert_int_equal(k->v.frame_count, 50);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(k->v.frames[i].len, 160);
	for (size_t i = 1; i < k->v.len; i++)
		assert_int_equal(k->v.sound[i], (k->v.sound[i - 1] + 1) & 0x7f);
	assert_int_equal(k->v.text_count, 0);
}

static void linear_sound_is_the_same_sound(void **state)
{
	struct kit *k = *state;
	uint8_t ulaw[800];

	for (size_t i = 0; i < sizeof(ulaw); i++)
		ulaw[i] = (uint8_t)i;
	k->options.codec = SARVAM_LINEAR16;
	kit_open(k, "hi-IN");
	sarvam_stt.push(k->s, ulaw, sizeof(ulaw));
	kit_wait_sound(k, 1600);
	assert_int_equal(k->v.frame_count, 1);
	for (size_t i = 0; i < sizeof(ulaw); i++)
		assert_int_equal((int16_t)(k->v.sound[2 * i] | k->v.sound[2 * i + 1] << 8), g711_ulaw_decode(ulaw[i]));
}

static void nobody_recorded_is_silence(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi");
	sarvam_stt.push(k->s, NULL, 160);
	sarvam_stt.push(k->s, NULL, 0);
	kit_wait_sound(k, 160);
	assert_int_equal(k->v.sound[0], 0xff);
	assert_int_equal(k->v.sound[159], 0xff);
}

static void the_rest_of_a_frame_goes_too(void **state)
{
	struct kit *k = *state;

	k->options.frame_ms = 60;
	kit_open(k, "hi");
	kit_talk(k, 4 * 160);
	assert_int_equal(k->v.frame_count, 1);
	kit_skip(k, 150000);
	assert_int_equal(k->v.frame_count, 2);
	assert_int_equal(k->v.len, 640);
}

/* No window of time has more in it than 1.25 times its length and what a carrier may deliver at once. */
static void pace_must_hold(const struct kit *k)
{
	const struct kit_vendor *v = &k->v;

	for (unsigned int from = 0; from < v->frame_count; from++)
		for (unsigned int to = from; to < v->frame_count; to++) {
			uint64_t samples = v->frames[to].total - v->frames[from].total + v->frames[from].len;

			assert_true(samples <= (v->frames[to].at_us - v->frames[from].at_us) / 100 + 3200);
		}
}

static void what_waited_is_paced(void **state)
{
	struct kit *k = *state;
	uint64_t from_us;

	kit_start(k, "hi-IN");
	kit_push(k, 8 * 8000); /* the past of a new stream */
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

	kit_start(k, "hi-IN");
	kit_push(k, SARVAM_WAITING_MAX_SAMPLES);
	assert_int_equal(k->ended, 0);
	kit_push(k, 1); /* told later, not in here */
	kit_push(k, 1);
	kit_finalize(k);
	assert_non_null(k->s);
	kit_skip(k, 1);
	assert_int_equal(k->ended, 1);
	assert_int_equal(k->why, ERR_LIMIT);
}

/* ------------------------------------------------------------------ silence, and finalize */

static void silence_is_kept_alive_by_pings(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN"); /* a socket that waits for its call */
	kit_skip(k, 19900000);
	assert_int_equal(k->v.text_count, 0);
	kit_skip(k, 200000);
	assert_int_equal(k->v.text_count, 1);
	assert_string_equal(k->v.texts[0], KIT_PING);
	vendor_says(k, "{\"event\":\"pong\"}");
	kit_talk(k, 1600);
	kit_skip(k, 19700000);
	assert_int_equal(k->v.text_count, 1);
	kit_skip(k, 40500000);
	assert_int_equal(k->v.text_count, 4);
	assert_int_equal(k->v.len, 1600);
	assert_int_equal(k->ended, 0);
}

static void finalize_flushes_an_utterance(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	kit_talk(k, 1600);
	kit_finalize(k); /* nobody has spoken */
	kit_skip(k, 100000);
	assert_int_equal(k->v.text_count, 0);
	vendor_says(k, "{\"event\":\"vad.speech_start\",\"utterance_idx\":0,\"confidence\":0.9}");
	vendor_says(k, KIT_PARTIAL("0", "haan"));
	kit_wait(k, &k->told, 1);
	kit_push(k, 4000);
	kit_finalize(k);
	kit_push(k, 4000);
	kit_skip(k, 1500000);
	assert_int_equal(k->v.text_count, 1);
	assert_string_equal(k->v.texts[0], KIT_FLUSH);
	for (size_t i = 0; i < k->v.frame_count; i++)
		assert_int_equal(k->v.frames[i].texts, k->v.frames[i].total > 1600 + 4000); /* behind the sound before it */
	vendor_says(k, KIT_FINAL("0", "haan"));
	kit_wait(k, &k->told, 2);
	kit_finalize(k); /* it is over */
	kit_skip(k, 100000);
	assert_int_equal(k->v.text_count, 1);
}

static void finalize_asks_for_nothing_where_it_is_off(void **state)
{
	struct kit *k = *state;

	k->options.flushes = false;
	kit_open(k, "hi-IN");
	kit_talk(k, 1600);
	vendor_says(k, KIT_PARTIAL("0", "haan"));
	kit_wait(k, &k->told, 1);
	kit_finalize(k);
	kit_talk(k, 1600);
	assert_int_equal(k->v.text_count, 0);
	assert_int_equal(k->v.len, 3200);
}

/* ------------------------------------------------------------------ what is told */

static void heard(struct kit *k, const char *message, const char *line)
{
	unsigned int told = k->told;

	vendor_says(k, message);
	if (line)
		kit_wait(k, &k->told, told + 1);
	for (int i = 0; !line && i < 10; i++)
		uv_run(&k->loop, UV_RUN_NOWAIT);
	assert_int_equal(k->told, told + (line ? 1 : 0));
	if (line)
		assert_string_equal(k->lines[told], line);
}

/* The vendor's own ends of speech are nobody's; a partial that comes behind its final would say the words twice. */
static void utterances_one_after_the_other(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	heard(k, "{\"event\":\"session.begin\",\"request_id\":\"r-1\",\"config\":{\"model\":\"saaras:v3-realtime\",\"event\":\"error\"}}", NULL);
	kit_talk(k, 8000);
	heard(k, "{\"event\":\"vad.speech_start\",\"utterance_idx\":0}", NULL);
	kit_talk(k, 8000);
	heard(k, KIT_PARTIAL("0", "mujhe"), "partial 5600-16000 mujhe"); /* 300 ms before it was first heard of */
	kit_talk(k, 1600);
	heard(k, "{\"event\":\"vad.speech_end\",\"utterance_idx\":0}", NULL);
	kit_talk(k, 1600);
	heard(k, KIT_TIMED("0", "0.75", "2.0", "मुझे कल कॉल कीजिए"), "final 6000-16000 मुझे कल कॉल कीजिए");
	heard(k, KIT_PARTIAL("0", "mujhe kal"), NULL);
	kit_talk(k, 1600);
	heard(k, KIT_PARTIAL("1", "haan"), "partial 18400-20800 haan");
	heard(k, "{\"event\":\"vad.speech_end\",\"utterance_idx\":1}", NULL);
	kit_talk(k, 1600);
	heard(k, KIT_TIMED("1", "0.1", "0.4", "हाँ"), "final 18400-20800 हाँ"); /* times of the utterance alone */
	heard(k, "{\"event\":\"config.updated\",\"applied\":[\"language_code\"]}", NULL);
	assert_int_equal(k->v.text_count, 0);
}

static void places_never_leave_the_sound(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	kit_talk(k, 1600);
	heard(k, KIT_TIMED("0", "0.1", "60", "a"), "final 800-1600 a");
	heard(k, KIT_FINAL("1", "b"), "final 1600-1600 b");
	heard(k, KIT_TIMED("2", "1e300", "2", "c"), "final 1600-1600 c");
	heard(k, "{\"event\":\"transcript.final\",\"text\":\"d\"}", "final 1600-1600 d"); /* without a number */
	heard(k, "{\"event\":\"transcript.partial\",\"text\":\"e\"}", "partial 1600-1600 e");
}

/* The final of an utterance that came late ends that one, not the one that is spoken. */
static void a_late_final(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	kit_talk(k, 1600);
	heard(k, KIT_PARTIAL("0", "a"), "partial 0-1600 a");
	kit_talk(k, 1600);
	heard(k, KIT_PARTIAL("1", "b"), "partial 800-3200 b");
	heard(k, KIT_TIMED("0", "0", "0.2", "a"), "final 0-1600 a");
	kit_finalize(k);
	kit_talk(k, 160);
	assert_string_equal(k->v.texts[0], KIT_FLUSH);
	heard(k, KIT_FINAL("1", "b"), "final 800-3360 b");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(asked_by_its_address),
		CASE(everything_that_can_be_asked_for),
		CASE(languages_are_what_the_vendor_calls_them),
		CASE(sound_goes_out_as_it_comes),
		CASE(linear_sound_is_the_same_sound),
		CASE(nobody_recorded_is_silence),
		CASE(the_rest_of_a_frame_goes_too),
		CASE(what_waited_is_paced),
		CASE(more_than_can_wait_ends_the_stream),
		CASE(silence_is_kept_alive_by_pings),
		CASE(finalize_flushes_an_utterance),
		CASE(finalize_asks_for_nothing_where_it_is_off),
		CASE(utterances_one_after_the_other),
		CASE(places_never_leave_the_sound),
		CASE(a_late_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
