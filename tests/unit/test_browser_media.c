/* The browser's media socket, message by message: what comes becomes events, sound is resampled both ways, marks come back as the page plays. */
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "deadline.h"
#include "providers/browser.h"

#define HELLO_RATES(in, out) "{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":" #in ",\"channels\":1,\"frame_ms\":20}," \
	"\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":" #out "}}"
#define HELLO HELLO_RATES(16000, 16000)

struct world {
	struct browser_media media;
	char events[4096]; /* a word each */
	uint8_t sound[200000];
	size_t samples;
	char text[16][300];
	size_t texts;
	uint8_t bytes[400000]; /* PCM of all frames */
	size_t len, frames;
	uint8_t head[8];       /* of the last */
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
	assert_int_equal(s->parameter_count, 0);
	note(arg, "started ");
}

static void audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct world *w = arg;

	memcpy(w->sound + w->samples, ulaw, samples);
	w->samples += samples;
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

	assert_true(w->texts < 16 && len < sizeof(w->text[0]));
	memcpy(w->text[w->texts], text, len);
	w->text[w->texts++][len] = '\0';
}

static void push_bytes(void *arg, const uint8_t *data, size_t len)
{
	struct world *w = arg;

	assert_true(len > 8 && len % 2 == 0 && w->len + len <= sizeof(w->bytes));
	memcpy(w->head, data, 8);
	memcpy(w->bytes + w->len, data + 8, len - 8);
	w->len += len - 8;
	w->frames++;
}

static void closed(void *arg) { ((struct world *)arg)->closed = true; }

static const struct media_events events = { .started = started, .audio = audio, .gap = gap, .mark = mark, .digit = digit, .stopped = stopped, .broken = broke };

static struct world w;

static int begin(void **state)
{
	const struct media_pipe pipe = { .events = &events, .push = push, .push_bytes = push_bytes, .close = closed, .arg = &w };

	memset(&w, 0, sizeof(w));
	browser_media_init(&w.media, &pipe);
	return deadline_start(state);
}

static int end(void **state)
{
	browser_media_fini(&w.media);
	return deadline_stop(state);
}

static void say(const char *text)
{
	browser_media_message(&w.media, true, text, strlen(text));
}

/* A tone of 400 Hz, so that both rates can be judged by it. */
static void frame(uint32_t seq, size_t samples, unsigned int hz)
{
	static double at;
	uint8_t bytes[8 + 2 * 9600] = { 1, 0, 0, 0, (uint8_t)seq, (uint8_t)(seq >> 8), (uint8_t)(seq >> 16), (uint8_t)(seq >> 24) };
	size_t i;

	for (i = 0; i < samples; i++) {
		int16_t v = (int16_t)(8000 * sin(at));

		at += 2 * M_PI * 400 / hz;
		bytes[8 + 2 * i] = (uint8_t)((uint16_t)v & 0xff);
		bytes[9 + 2 * i] = (uint8_t)((uint16_t)v >> 8);
	}
	browser_media_message(&w.media, false, bytes, 8 + 2 * samples);
}

static size_t crossings(size_t count, int16_t (*at)(size_t i))
{
	size_t i, n = 0;

	for (i = 1; i < count; i++)
		n += at(i - 1) < 0 && at(i) >= 0;
	return n;
}

static int16_t heard_at(size_t i) { return g711_ulaw_decode(w.sound[i]); }
static int16_t sent_at(size_t i) { return (int16_t)(uint16_t)(w.bytes[2 * i] | w.bytes[2 * i + 1] << 8); }

static void test_the_callers_sound_at_any_rate(void **state)
{
	static const struct { const char *hello; unsigned int hz; } pages[] = { { HELLO, 16000 }, { HELLO_RATES(48000, 48000), 48000 },
		{ HELLO_RATES(44100, 16000), 44100 }, { HELLO_RATES(8000, 8000), 8000 } };
	size_t i;
	uint32_t seq;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		end(state);
		begin(state);
		say(pages[i].hello);
		frame(1, pages[i].hz / 50, pages[i].hz); /* before ready: dropped */
		assert_int_equal(w.samples, 0);
		browser_media_ready(&w.media, "c0ffee");
		for (seq = 2; seq < 52; seq++)
			frame(seq, pages[i].hz / 50, pages[i].hz);
		assert_in_range(w.samples, 7950, 8000); /* a second, less what the filter holds back */
		assert_in_range(crossings(w.samples, heard_at), 396, 401);
		assert_string_equal(w.events, "started ");
	}
}

static void test_what_we_say(void **state)
{
	uint8_t ulaw[8000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ulaw); i++)
		ulaw[i] = g711_ulaw_encode((int16_t)(8000 * sin(2 * M_PI * 400 * (double)i / 8000)));
	browser_media.send(&w.media, ulaw, 160);
	say(HELLO);
	browser_media.send(&w.media, ulaw, 160);
	assert_int_equal(w.frames, 0); /* nobody is ready */
	browser_media_ready(&w.media, "c0ffee");
	assert_string_equal(w.text[0], "{\"type\":\"ready\",\"call_id\":\"c0ffee\",\"in_rate\":16000,\"out_rate\":16000,\"gen\":0}");
	browser_media.send(&w.media, ulaw, sizeof(ulaw));
	assert_int_equal(w.frames, 50);
	assert_in_range(w.len / 2, 15900, 16000);
	assert_in_range(crossings(w.len / 2, sent_at), 396, 401);
	assert_int_equal(w.head[0], 1);
	assert_int_equal(w.head[4], 49);
	browser_media.clear(&w.media);
	assert_string_equal(w.text[1], "{\"type\":\"clear\",\"gen\":1}");
	browser_media.send(&w.media, ulaw, 160);
	assert_int_equal(w.head[2], 1); /* of the new gen */
	browser_media.end(&w.media);
	assert_string_equal(w.text[2], "{\"type\":\"end\",\"reason\":\"agent_hangup\"}");
	assert_true(w.closed);
}

static void test_marks_come_back_as_it_is_played(void **state)
{
	const struct mark one = { 1, 1, 160 }, two = { 1, 1, 320 }, three = { 2, 1, 160 };
	uint8_t ulaw[160];

	(void)state;
	memset(ulaw, 0xff, sizeof(ulaw));
	say(HELLO);
	browser_media_ready(&w.media, "c");
	browser_media.send(&w.media, ulaw, 160);
	browser_media.mark(&w.media, &one);
	browser_media.send(&w.media, ulaw, 160);
	browser_media.mark(&w.media, &two);
	say("{\"type\":\"played\",\"gen\":0,\"samples\":10}");
	assert_string_equal(w.events, "started ");
	say("{\"type\":\"played\",\"gen\":0,\"samples\":320}");
	assert_string_equal(w.events, "started mark1.1:160 ");
	say("{\"type\":\"played\",\"gen\":5,\"samples\":9999}"); /* of no gen of ours */
	assert_string_equal(w.events, "started mark1.1:160 ");
	browser_media.clear(&w.media); /* at once */
	assert_string_equal(w.events, "started mark1.1:160 mark1.1:320 ");
	browser_media.send(&w.media, ulaw, 160);
	browser_media.mark(&w.media, &three);
	say("{\"type\":\"played\",\"gen\":0,\"samples\":640}"); /* what was on its way when we cleared */
	assert_string_equal(w.events, "started mark1.1:160 mark1.1:320 ");
	say("{\"type\":\"played\",\"gen\":1,\"samples\":999999}");
	assert_string_equal(w.events, "started mark1.1:160 mark1.1:320 mark2.1:160 ");
}

static void test_marks_have_a_ceiling(void **state)
{
	struct mark m = { 1, 1, 0 };
	uint8_t ulaw[160];
	unsigned int i;

	(void)state;
	memset(ulaw, 0xff, sizeof(ulaw));
	say(HELLO);
	browser_media_ready(&w.media, "c");
	browser_media.send(&w.media, ulaw, 160);
	for (i = 0; i <= BROWSER_MARKS; i++) {
		m.samples = i;
		browser_media.mark(&w.media, &m);
	}
	assert_string_equal(w.events, "started mark1.1:0 "); /* the oldest, early */
}

static void test_dropped_frames_are_a_gap(void **state)
{
	(void)state;
	say(HELLO);
	browser_media_ready(&w.media, "c");
	frame(7, 320, 16000);
	frame(8, 320, 16000);
	frame(11, 320, 16000);
	frame(10000000, 320, 16000); /* starts anew */
	frame(10000001, 320, 16000);
	assert_string_equal(w.events, "started gap320 ");
	frame(10000001, 320, 16000);
	assert_string_equal(w.events, "started gap320 broken ");
}

static void test_digits_and_the_end(void **state)
{
	(void)state;
	say(HELLO);
	say("{\"type\":\"dtmf\",\"digit\":\"5\"}");
	say("{\"type\":\"something-new\",\"x\":[{\"type\":\"bye\"}]}");
	say("{\"type\":\"bye\"}");
	say("{\"type\":\"dtmf\",\"digit\":\"6\"}");
	assert_string_equal(w.events, "started digit5 stopped ");
}

static void test_what_is_broken(void **state)
{
	static const char *const hellos[] = { "", "x", "[]", "{}", "{\"type\":1}", "{\"type\":\"dtmf\",\"digit\":\"5\"}", "{\"type\":\"hello\"}",
		"{\"type\":\"hello\",\"v\":2,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":16000},\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}",
		"{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"opus\",\"rate\":16000},\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}",
		"{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}",
		"{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":16000,\"channels\":2},\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}",
		"{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":16000,\"frame_ms\":900},\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}",
		HELLO_RATES(7999, 16000), HELLO_RATES(16000, 96000), HELLO_RATES(-1, 16000) };
	static const char *const later[] = { HELLO, "{\"type\":\"played\"}", "{\"type\":\"played\",\"gen\":0}", "{\"type\":\"dtmf\",\"digit\":\"55\"}",
		"{\"type\":\"dtmf\"}", "nonsense" };
	static const struct { uint8_t bytes[16]; size_t len; } frames[] = { { { 0 }, 0 }, { { 1 }, 8 }, { { 1 }, 9 }, { { 2 }, 10 } };
	size_t i;

	for (i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++, end(state), begin(state)) {
		say(hellos[i]);
		say(HELLO); /* told once, nothing behind it */
		assert_string_equal(w.events, "broken ");
	}
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++, end(state), begin(state)) {
		say(HELLO);
		say(later[i]);
		assert_string_equal(w.events, "started broken ");
	}
	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++, end(state), begin(state)) {
		say(HELLO);
		browser_media_message(&w.media, false, frames[i].bytes, frames[i].len);
		assert_string_equal(w.events, "started broken ");
	}
	frame(1, 320, 16000); /* before hello */
	assert_string_equal(w.events, "broken ");
}

static void test_too_much_in_one_message(void **state)
{
	static char large[BROWSER_MESSAGE_MAX_BYTES + 2];

	say(HELLO);
	frame(1, 3201, 16000);
	assert_string_equal(w.events, "started broken ");
	end(state);
	begin(state);
	memset(large, ' ', sizeof(large));
	browser_media_message(&w.media, true, large, sizeof(large));
	assert_string_equal(w.events, "broken ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_callers_sound_at_any_rate, begin, end),
		cmocka_unit_test_setup_teardown(test_what_we_say, begin, end),
		cmocka_unit_test_setup_teardown(test_marks_come_back_as_it_is_played, begin, end),
		cmocka_unit_test_setup_teardown(test_marks_have_a_ceiling, begin, end),
		cmocka_unit_test_setup_teardown(test_dropped_frames_are_a_gap, begin, end),
		cmocka_unit_test_setup_teardown(test_digits_and_the_end, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_broken, begin, end),
		cmocka_unit_test_setup_teardown(test_too_much_in_one_message, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
