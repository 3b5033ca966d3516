/* Twilio's media socket, message by message: what comes becomes events, what goes is exactly what Twilio takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "deadline.h"
#include "providers/twilio/media.h"

#define SID "MZ0123456789abcdef0123456789abcdef"
#define HEAD "\"sequenceNumber\":\"2\",\"streamSid\":\"" SID "\""

static const char start[] = "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"streamSid\":\"" SID "\",\"start\":{\"streamSid\":\"" SID "\","
			    "\"accountSid\":\"AC00000000000000000000000000000001\",\"callSid\":\"CA00000000000000000000000000000002\","
			    "\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},"
			    "\"customParameters\":{\"call_id\":\"42\",\"token\":\"k\\u00e43\\/y\"}}}";

struct world {
	struct twilio_media media;
	struct media_start start;
	char events[4096]; /* a word each */
	uint8_t sound[100000];
	size_t samples;
	char pushed[16][4096];
	size_t pushes;
	bool closed;
};

static void note(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void note(struct world *w, const char *fmt, ...)
{
	size_t len = strlen(w->events);
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->events + len, sizeof(w->events) - len, fmt, args);
	va_end(args);
}

static void started(void *arg, const struct media_start *s)
{
	((struct world *)arg)->start = *s;
	note(arg, "started ");
}

static void audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct world *w = arg;

	memcpy(w->sound + w->samples, ulaw, samples);
	w->samples += samples;
	note(w, "audio%zu ", samples);
}

static void gap(void *arg, uint64_t samples) { note(arg, "gap%llu ", (unsigned long long)samples); }
static void mark(void *arg, const struct mark *m) { note(arg, "mark%u.%u:%u ", m->utterance, m->take, m->samples); }
static void digit(void *arg, char d) { note(arg, "digit%c ", d); }
static void stopped(void *arg) { note(arg, "stopped "); }

static void broke(void *arg, const struct err_detail *detail)
{
	assert_true(detail->message[0]);
	note(arg, "broken ");
}

static void push(void *arg, const char *text, size_t len)
{
	struct world *w = arg;

	assert_true(w->pushes < 16 && len < sizeof(w->pushed[0]));
	memcpy(w->pushed[w->pushes], text, len);
	w->pushed[w->pushes++][len] = '\0';
}

static void closed(void *arg) { ((struct world *)arg)->closed = true; }

static const struct media_events events = { .started = started, .audio = audio, .gap = gap, .mark = mark, .digit = digit, .stopped = stopped, .broken = broke };

static struct world *world(void)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	twilio_media_init(&w.media, &events, push, closed, &w);
	return &w;
}

static void say(struct world *w, const char *text)
{
	twilio_media_message(&w->media, true, text, strlen(text));
}

static void media(struct world *w, unsigned int at_ms, size_t samples, uint8_t code)
{
	uint8_t ulaw[4000];
	char base64[6000], text[6400];

	memset(ulaw, code, samples);
	sodium_bin2base64(base64, sizeof(base64), ulaw, samples, sodium_base64_VARIANT_ORIGINAL);
	snprintf(text, sizeof(text), "{\"event\":\"media\"," HEAD ",\"media\":{\"track\":\"inbound\",\"chunk\":\"1\",\"timestamp\":\"%u\",\"payload\":\"%s\"}}", at_ms, base64);
	say(w, text);
}

static void test_a_call_from_start_to_stop(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
	say(w, start);
	assert_string_equal(w->start.call, "CA00000000000000000000000000000002");
	assert_string_equal(w->start.account, "AC00000000000000000000000000000001");
	assert_string_equal(w->start.stream, SID);
	assert_int_equal(w->start.parameter_count, 2);
	assert_string_equal(w->start.parameters[0].name, "call_id");
	assert_string_equal(w->start.parameters[0].value, "42");
	assert_string_equal(w->start.parameters[1].value, "k\xc3\xa4" "3/y");
	media(w, 12, 160, 0x11);
	media(w, 32, 160, 0x22);
	say(w, "{\"event\":\"dtmf\"," HEAD ",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":\"5\"}}");
	say(w, "{\"event\":\"mark\"," HEAD ",\"mark\":{\"name\":\"u7.2:1600\"}}");
	say(w, "{\"event\":\"mark\"," HEAD ",\"mark\":{\"name\":\"u7.2:1600x\"}}"); /* not ours */
	say(w, "{\"event\":\"something.new\"," HEAD ",\"x\":[{\"deep\":[1,2]}]}");
	say(w, "{\"event\":\"stop\"," HEAD ",\"stop\":{\"callSid\":\"CA00000000000000000000000000000002\"}}");
	media(w, 52, 160, 0x33); /* behind the end */
	assert_string_equal(w->events, "started audio160 audio160 digit5 mark7.2:1600 stopped ");
	assert_int_equal(w->sound[0], 0x11);
	assert_int_equal(w->sound[160], 0x22);
}

static void test_lost_sound_is_a_gap(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, start);
	media(w, 12, 160, 1);
	media(w, 62, 160, 1);   /* 30 ms late by its stamp: jitter */
	media(w, 152, 160, 1);  /* 100 ms behind what was due: lost */
	media(w, 172, 160, 1);
	media(w, 90000, 160, 1); /* a clock that was set */
	media(w, 90020, 160, 1);
	media(w, 10, 160, 1);    /* and set back */
	assert_string_equal(w->events, "started audio160 audio160 gap800 audio160 audio160 audio160 audio160 audio160 ");
}

static void test_frames_of_any_length(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, start);
	media(w, 0, 1, 1);
	media(w, 0, 3999, 1);
	media(w, 500, 160, 1);
	assert_string_equal(w->events, "started audio1 audio3999 audio160 ");
}

static void test_what_is_broken(void **state)
{
	static const char *const messages[] = {
		"", "x", "[]", "{}", "{\"event\":5}", "{\"event\":\"media\"", "{\"event\":\"media\"," HEAD ",\"media\":{\"payload\":\"*\"}}",
		"{\"event\":\"media\"," HEAD ",\"media\":{}}", "{\"event\":\"media\",\"streamSid\":\"MZother\",\"media\":{\"payload\":\"//8=\"}}",
		"{\"event\":\"mark\",\"mark\":{\"name\":\"u1.1:1\"}}", start,
	};
	static const char *const starts[] = {
		"{\"event\":\"start\",\"streamSid\":\"\",\"start\":{\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1}}}",
		"{\"event\":\"start\",\"streamSid\":\"a\\\"b\",\"start\":{\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1}}}",
		"{\"event\":\"start\",\"streamSid\":\"" SID "\",\"start\":{\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":16000,\"channels\":1}}}",
		"{\"event\":\"start\",\"streamSid\":\"" SID "\",\"start\":{\"mediaFormat\":{\"encoding\":\"audio/l16\",\"sampleRate\":8000,\"channels\":1}}}",
		"{\"event\":\"start\",\"streamSid\":\"" SID "\",\"start\":{}}",
		"{\"event\":\"media\"," HEAD ",\"media\":{\"payload\":\"//8=\"}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct world *w = world();

		say(w, start);
		say(w, messages[i]);
		say(w, messages[i]); /* told once */
		assert_string_equal(w->events, "started broken ");
	}
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct world *w = world();

		say(w, starts[i]);
		assert_string_equal(w->events, "broken ");
	}
}

static void test_a_binary_frame_and_a_large_one(void **state)
{
	static char large[TWILIO_MESSAGE_MAX_BYTES + 2];
	struct world *w = world();

	(void)state;
	twilio_media_message(&w->media, false, "x", 1);
	assert_string_equal(w->events, "broken ");
	w = world();
	memset(large, ' ', sizeof(large));
	twilio_media_message(&w->media, true, large, sizeof(large));
	assert_string_equal(w->events, "broken ");
}

/* Exactly these fields: Twilio ignores a message with any other. */
static void test_what_we_send(void **state)
{
	struct world *w = world();
	const struct mark m = { .utterance = 7, .take = 2, .samples = 1600 };
	uint8_t ulaw[3300];

	(void)state;
	memset(ulaw, 0xff, sizeof(ulaw));
	twilio_media.send(&w->media, ulaw, 160);
	twilio_media.clear(&w->media);
	assert_int_equal(w->pushes, 0); /* there is no stream yet */
	say(w, start);
	twilio_media.send(&w->media, ulaw, 3);
	assert_string_equal(w->pushed[0], "{\"event\":\"media\",\"streamSid\":\"" SID "\",\"media\":{\"payload\":\"////\"}}");
	twilio_media.mark(&w->media, &m);
	assert_string_equal(w->pushed[1], "{\"event\":\"mark\",\"streamSid\":\"" SID "\",\"mark\":{\"name\":\"u7.2:1600\"}}");
	twilio_media.clear(&w->media);
	assert_string_equal(w->pushed[2], "{\"event\":\"clear\",\"streamSid\":\"" SID "\"}");
	twilio_media.send(&w->media, ulaw, 3300); /* in pieces of 200 ms */
	assert_int_equal(w->pushes, 6);
	twilio_media.end(&w->media);
	assert_true(w->closed);
}

static void test_the_outbound_track_is_not_the_caller(void **state)
{
	struct world *w = world();

	(void)state;
	say(w, start);
	say(w, "{\"event\":\"media\"," HEAD ",\"media\":{\"track\":\"outbound\",\"timestamp\":\"5\",\"payload\":\"//8=\"}}");
	assert_string_equal(w->events, "started ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_from_start_to_stop),
		cmocka_unit_test(test_lost_sound_is_a_gap),
		cmocka_unit_test(test_frames_of_any_length),
		cmocka_unit_test(test_what_is_broken),
		cmocka_unit_test(test_a_binary_frame_and_a_large_one),
		cmocka_unit_test(test_what_we_send),
		cmocka_unit_test(test_the_outbound_track_is_not_the_caller),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
