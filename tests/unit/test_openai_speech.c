/* Voices of OpenAI-compatible servers behind tts.h: a server of ours speaks. Sound as it comes, refusals, every way to end; nothing stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "base/http_server.h"
#include "deadline.h"
#include "providers/openai/openai_speech.h"

enum on { ON_NOTHING = 0, ON_AUDIO, ON_WORDS, ON_DONE, ON_FAILED };
enum act { ACT_CANCEL, ACT_CLOSE, ACT_AGAIN };

static struct {
	uv_loop_t loop;
	uv_timer_t guard;
	struct http_server *server;
	bool server_closed;
	char url[64];
	struct openai_speech_options options;
	struct openai_speech *speech;
	/* the server */
	struct http_request *post; /* to be answered */
	unsigned int posts, gone;
	char body[4000], authorization[100];
	/* the ear */
	struct tts_utterance *op;
	char events[400];          /* pieces of sound in a row are one */
	unsigned int count, ends;
	uint8_t sound[20000];
	size_t samples;
	struct speech_word words[8];
	enum on on;
	enum act act;
} k;

/* ---- the ear ---- */

static const struct tts_events events;

static void start(const char *text)
{
	assert_int_equal(openai_tts.start(k.speech, &k.op, "en-IN", text, strlen(text), &events, NULL), ERR_NONE);
	assert_non_null(k.op);
}

static void act(enum on on)
{
	if (k.on != on)
		return;
	k.on = ON_NOTHING;
	if (k.act == ACT_CLOSE)
		openai_speech_close(&k.speech);
	else
		openai_tts.cancel(&k.op);
	if (k.act == ACT_AGAIN)
		start("again");
}

static void note(const char *what)
{
	size_t len = strlen(k.events), n = strlen(what);

	k.count++;
	if (len < n || strcmp(k.events + len - n, what) != 0)
		snprintf(k.events + len, sizeof(k.events) - len, "%s", what);
}

static void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	(void)arg;
	assert_true(samples > 0);
	if (k.samples + samples <= sizeof(k.sound))
		memcpy(k.sound + k.samples, ulaw, samples);
	k.samples += samples;
	note("audio ");
	act(ON_AUDIO);
}

static void on_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	(void)arg;
	assert_true(!exact && count && count <= 8);
	memcpy(k.words, words, count * sizeof(words[0]));
	note("words ");
	act(ON_WORDS);
}

static void on_done(void *arg)
{
	(void)arg;
	assert_null(k.op);
	k.ends++;
	note("done ");
	act(ON_DONE);
}

static void on_failed(void *arg, enum err why)
{
	char text[60];

	(void)arg;
	assert_null(k.op);
	k.ends++;
	snprintf(text, sizeof(text), "failed=%s ", err_name(why));
	note(text);
	act(ON_FAILED);
}

static const struct tts_events events = { .audio = on_audio, .words = on_words, .done = on_done, .failed = on_failed };

/* ---- the server ---- */

static void post_gone(struct http_request *r, void *arg)
{
	(void)r;
	(void)arg;
	k.post = NULL;
	k.gone++;
}

static void on_post(struct http_request *r, void *arg)
{
	const char *authorization = http_header(r, "Authorization");
	size_t len;
	const void *body = http_body(r, &len);

	(void)arg;
	snprintf(k.body, sizeof(k.body), "%.*s", (int)len, (const char *)body);
	snprintf(k.authorization, sizeof(k.authorization), "%s", authorization ? authorization : "-");
	k.posts++;
	k.post = r;
	http_on_gone(r, post_gone, NULL);
}

static const struct http_route routes[] = { { HTTP_POST, "/v1/audio/speech", on_post, ROUTE_OPEN, 0 }, { .method = HTTP_METHOD_NONE } };

static void stream_gone(struct http_stream *s, void *arg)
{
	(void)s;
	(void)arg;
	k.gone++;
}

static const struct http_stream_handlers stream_handlers = { .gone = stream_gone };

static struct http_stream *answered(unsigned int status, const char *type)
{
	const struct http_header headers[] = { { "Content-Type", type }, { NULL, NULL } };
	struct http_stream *s = http_stream_open(k.post, status, type ? headers : NULL, &stream_handlers, NULL);

	k.post = NULL;
	assert_non_null(s);
	return s;
}

static void piece(struct http_stream *s, size_t bytes, uint8_t byte)
{
	uint8_t *pcm = malloc(bytes);

	assert_non_null(pcm);
	memset(pcm, byte, bytes);
	assert_int_equal(http_stream_write(s, pcm, bytes), ERR_NONE);
	free(pcm);
}

/* ---- begin, wait, end ---- */

static void too_long(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happens any more");
}

static void until(const unsigned int *count, unsigned int wanted)
{
	uv_timer_start(&k.guard, too_long, 8000, 0);
	while (*count < wanted)
		uv_run(&k.loop, UV_RUN_ONCE);
	uv_timer_stop(&k.guard);
}

static void opened(void)
{
	struct err_detail detail;

	openai_speech_close(&k.speech);
	assert_int_equal(openai_speech_open(&k.speech, &k.loop, &k.options, &detail), ERR_NONE);
	k.events[0] = '\0';
	k.samples = k.count = k.ends = 0;
}

/* An utterance whose request has come to the server. */
static void spoken(const char *text)
{
	unsigned int posts = k.posts + 1;

	start(text);
	until(&k.posts, posts);
}

static int begin(void **state)
{
	const struct http_settings settings = { .listen = "127.0.0.1:0" };
	struct err_detail detail;

	memset(&k, 0, sizeof(k));
	if (uv_loop_init(&k.loop) || http_server_open(&k.server, &k.loop, &settings, &detail) || http_server_mount(k.server, routes, NULL))
		return -1;
	uv_timer_init(&k.loop, &k.guard);
	snprintf(k.url, sizeof(k.url), "http://127.0.0.1:%u/", http_server_port(k.server));
	k.options = (struct openai_speech_options){ .base_url = k.url, .model = "kokoro", .voice = "af_heart" };
	return deadline_start(state);
}

static void server_closed(void *arg)
{
	(void)arg;
	k.server_closed = true;
}

/* Nothing is left open, on either side. */
static int end(void **state)
{
	openai_speech_close(&k.speech);
	if (k.post)
		http_reply_error(k.post, 503, "no", "no", NULL, NULL);
	uv_close((uv_handle_t *)&k.guard, NULL);
	http_server_close(&k.server, server_closed, NULL);
	uv_run(&k.loop, UV_RUN_DEFAULT);
	assert_true(k.server_closed);
	assert_int_equal(uv_loop_close(&k.loop), 0);
	return deadline_stop(state);
}

/* ---- what is sent, what is heard ---- */

static void sound_comes_at_the_telephones_rate(void **state)
{
	struct http_stream *s;

	(void)state;
	opened();
	spoken("One \"two\".");
	assert_string_equal(k.body, "{\"model\":\"kokoro\",\"voice\":\"af_heart\",\"input\":\"One \\\"two\\\".\",\"response_format\":\"pcm\"}");
	assert_string_equal(k.authorization, "-");
	s = answered(200, "audio/pcm");
	piece(s, 4801, 0x10); /* the last sample is cut in two */
	until(&k.count, 1);
	assert_true(k.samples > 700 && !k.ends); /* the rest is not there yet */
	piece(s, 4799, 0x10);
	http_stream_end(s);
	until(&k.ends, 1);
	assert_string_equal(k.events, "audio words done ");
	assert_int_equal(k.samples, 1600); /* 0.2 s */
	assert_int_equal(k.sound[800], g711_ulaw_encode(0x1010));
	assert_int_equal(k.words[0].text_end, 3);
	assert_int_equal(k.words[0].end_samples, 533);
	assert_int_equal(k.words[1].text_end, 10);
	assert_int_equal(k.words[1].end_samples, 1600);
}

static void options_are_sent(void **state)
{
	static const struct openai_voice voices[] = { { "en", "e" }, { "en-IN", "i" }, { "hi", "h" }, { NULL, NULL } };

	(void)state;
	k.options.key = "key-of-the-test";
	k.options.speed_percent = 110;
	k.options.voices = voices;
	k.options.rate_hz = 8000;
	opened();
	spoken("One.");
	assert_string_equal(k.body, "{\"model\":\"kokoro\",\"voice\":\"i\",\"input\":\"One.\",\"response_format\":\"pcm\",\"speed\":1.10}");
	assert_string_equal(k.authorization, "Bearer key-of-the-test");
	piece(answered(200, NULL), 200, 0);
	until(&k.count, 1);
	assert_int_equal(k.samples, 100); /* as it is */
}

static void half_a_sample_is_no_end(void **state)
{
	struct http_stream *s;

	(void)state;
	opened();
	spoken("One.");
	s = answered(200, NULL);
	piece(s, 4801, 1);
	http_stream_end(s);
	until(&k.ends, 1);
	assert_string_equal(k.events, "audio failed=cut short ");
}

static void refusals(void **state)
{
	static const struct { unsigned int status; const char *events; } cases[] = { { 400, "failed=wrong usage " }, { 401, "failed=not permitted " },
		{ 402, "failed=over a limit " }, { 404, "failed=not found " }, { 422, "failed=wrong usage " }, { 429, "failed=busy " }, { 503, "failed=busy " },
		{ 500, "failed=unavailable " }, { 302, "failed=unavailable " } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct http_stream *s;

		opened();
		spoken("One.");
		s = answered(cases[i].status, "application/json");
		piece(s, 100, '{');
		http_stream_end(s);
		until(&k.ends, 1);
		assert_string_equal(k.events, cases[i].events);
	}
}

/* A page of some proxy, or a file with a head, would be noise in the caller's ear. */
static void what_is_no_sound_is_not_played(void **state)
{
	static const char *const types[] = { "text/html; charset=utf-8", "Application/JSON", "audio/wav", "audio/mpeg" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct http_stream *s;

		opened();
		spoken("One.");
		s = answered(200, types[i]);
		piece(s, 100, '{');
		http_stream_end(s);
		until(&k.ends, 1);
		assert_string_equal(k.events, "failed=bad format ");
	}
}

static void answers_that_break_off_or_stop(void **state)
{
	struct http_stream *s;

	(void)state;
	opened();
	spoken("One.");
	s = answered(200, NULL);
	piece(s, 4800, 1);
	until(&k.count, 1);
	http_stream_cut(s);
	until(&k.ends, 1);
	assert_string_equal(k.events, "audio failed=cut short ");
	k.options.silent_ms = 200;
	opened();
	spoken("One.");
	piece(answered(200, NULL), 4800, 1);
	until(&k.ends, 1);
	assert_string_equal(k.events, "audio failed=timed out ");
	snprintf(k.url, sizeof(k.url), "http://127.0.0.1:1");
	opened();
	start("One.");
	until(&k.ends, 1);
	assert_string_equal(k.events, "failed=unavailable ");
}

static void what_start_refuses(void **state)
{
	static const struct openai_voice voices[] = { { "hi", "h" }, { NULL, NULL } };
	static struct tts_utterance *ops[OPENAI_UTTERANCES + 1];
	static char text[OPENAI_SPEECH_TEXT_BYTES + 1];
	size_t i;

	(void)state;
	memset(text, 'x', sizeof(text));
	k.options.voice = NULL;
	k.options.voices = voices;
	opened();
	assert_int_equal(openai_tts.start(k.speech, &ops[0], "hi", "", 0, &events, NULL), ERR_USAGE);
	assert_int_equal(openai_tts.start(k.speech, &ops[0], "hi", "\xff", 1, &events, NULL), ERR_USAGE);
	assert_int_equal(openai_tts.start(k.speech, &ops[0], "hi", text, sizeof(text), &events, NULL), ERR_LIMIT);
	assert_int_equal(openai_tts.start(k.speech, &ops[0], "en", "x", 1, &events, NULL), ERR_NOTFOUND);
	assert_int_equal(openai_tts.start(k.speech, &ops[0], "hill", "x", 1, &events, NULL), ERR_NOTFOUND);
	for (i = 0; i < OPENAI_UTTERANCES; i++)
		assert_int_equal(openai_tts.start(k.speech, &ops[i], "hi-IN", "x", 1, &events, NULL), ERR_NONE);
	assert_int_equal(openai_tts.start(k.speech, &ops[i], "hi-IN", "x", 1, &events, NULL), ERR_BUSY);
	openai_speech_close(&k.speech);
	for (i = 0; i <= OPENAI_UTTERANCES; i++)
		assert_null(ops[i]);
	assert_string_equal(k.events, "");
}

static void is_refused(struct openai_speech_options options, const char *says)
{
	struct openai_speech *speech;
	struct err_detail detail = { .message = "" };

	assert_int_equal(openai_speech_open(&speech, &k.loop, &options, &detail), ERR_USAGE);
	assert_null(speech);
	if (!strstr(detail.message, says))
		fail_msg("%s", detail.message);
}

static void options_that_are_off_are_refused(void **state)
{
	(void)state;
	is_refused((struct openai_speech_options){ .model = "m" }, "none");
	is_refused((struct openai_speech_options){ .voice = "v" }, "model");
	is_refused((struct openai_speech_options){ .model = "m", .voice = "two words" }, "name");
	is_refused((struct openai_speech_options){ .model = "m", .voice = "v", .key = "a\nb" }, "key");
	is_refused((struct openai_speech_options){ .model = "m", .voice = "v", .base_url = "ftp://x" }, "address");
	is_refused((struct openai_speech_options){ .model = "m", .voice = "v", .rate_hz = 7999 }, "rate");
	is_refused((struct openai_speech_options){ .model = "m", .voice = "v", .speed_percent = 401 }, "speed");
}

/* One utterance up to `on`, where something is done. */
static void until_event(enum on on, enum act what)
{
	struct http_stream *s;

	opened();
	spoken("One two.");
	k.on = on;
	k.act = what;
	s = answered(on == ON_FAILED ? 429 : 200, NULL);
	piece(s, 4800, 1);
	http_stream_end(s);
	uv_timer_start(&k.guard, too_long, 8000, 0);
	while (k.on)
		uv_run(&k.loop, UV_RUN_ONCE);
	uv_timer_stop(&k.guard);
}

static void cancel_and_close_in_every_event(void **state)
{
	static const char *const told[] = { [ON_AUDIO] = "audio ", [ON_WORDS] = "audio words ", [ON_DONE] = "audio words done ", [ON_FAILED] = "failed=busy " };

	(void)state;
	for (enum on on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(on, ACT_CANCEL);
		for (unsigned int i = 0; i < 20; i++)
			uv_run(&k.loop, UV_RUN_NOWAIT);
		assert_string_equal(k.events, told[on]);
		until_event(on, ACT_CLOSE);
		assert_null(k.op);
		assert_string_equal(k.events, told[on]);
	}
}

static void start_in_every_event(void **state)
{
	(void)state;
	for (enum on on = ON_AUDIO; on <= ON_FAILED; on++) {
		unsigned int posts = k.posts + 2;

		until_event(on, ACT_AGAIN);
		assert_non_null(k.op);
		until(&k.posts, posts);
		assert_non_null(strstr(k.body, "\"input\":\"again\""));
		http_stream_end(answered(200, NULL));
		until(&k.ends, on >= ON_DONE ? 2 : 1);
		assert_null(k.op);
	}
}

/* What the resampler has held back comes when the answer is over, with words and the end behind it. */
static void the_last_sound_may_be_cancelled_too(void **state)
{
	(void)state;
	for (enum act what = ACT_CANCEL; what <= ACT_AGAIN; what++) {
		struct http_stream *s;

		opened();
		spoken("One two.");
		s = answered(200, NULL);
		piece(s, 4800, 1);
		until(&k.count, 1);
		k.on = ON_AUDIO;
		k.act = what;
		http_stream_end(s);
		until(&k.count, 2);
		for (unsigned int i = 0; i < 20; i++)
			uv_run(&k.loop, UV_RUN_NOWAIT);
		assert_string_equal(k.events, "audio ");
		assert_int_equal(k.op != NULL, what == ACT_AGAIN);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sound_comes_at_the_telephones_rate),
		TEST(options_are_sent),
		TEST(half_a_sample_is_no_end),
		TEST(refusals),
		TEST(what_is_no_sound_is_not_played),
		TEST(answers_that_break_off_or_stop),
		TEST(what_start_refuses),
		TEST(options_that_are_off_are_refused),
		TEST(cancel_and_close_in_every_event),
		TEST(start_in_every_event),
		TEST(the_last_sound_may_be_cancelled_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
