/* espeak-ng: real speech of the real program, words in order, silence after cancel, a missing program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "providers/espeak.h"

static const char text[] = "Hello, your appointment is on Monday at ten.";

struct heard {
	struct tts_utterance *op;
	size_t samples, words, loud, ends, fails;
	struct speech_word word[32];
	bool exact, cancel_at_sound;
	uv_thread_t thread;
};

static void on_audio(void *arg, const uint8_t *ulaw, size_t samples)
{
	struct heard *h = arg;
	uv_thread_t self = uv_thread_self();

	assert_true(uv_thread_equal(&self, &h->thread));
	for (size_t i = 0; i < samples; i++)
		h->loud += g711_ulaw_decode(ulaw[i]) > 1000;
	h->samples += samples;
	if (h->cancel_at_sound) {
		espeak_tts.cancel(&h->op);
		assert_null(h->op);
	}
}

static void on_words(void *arg, const struct speech_word *words, size_t count, bool exact)
{
	struct heard *h = arg;

	assert_true(h->words + count <= 32);
	memcpy(h->word + h->words, words, count * sizeof(*words));
	h->words += count;
	h->exact = exact;
}

static void on_done(void *arg)
{
	struct heard *h = arg;

	assert_null(h->op);
	h->ends++;
}

static void on_failed(void *arg, enum err why)
{
	struct heard *h = arg;

	assert_int_not_equal(why, ERR_NONE);
	h->fails++;
}

static const struct tts_events events = { .audio = on_audio, .words = on_words, .done = on_done, .failed = on_failed };

struct fixture {
	uv_loop_t loop;
	struct espeak *f;
	struct heard h;
};

static void fixture_init(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	uv_loop_init(&x->loop);
	assert_int_equal(espeak_open(&x->f, &x->loop, NULL, NULL), ERR_NONE);
	x->h.thread = uv_thread_self();
}

static void fixture_fini(struct fixture *x)
{
	espeak_close(&x->f);
	uv_run(&x->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&x->loop), 0);
}

static void says_the_words(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en-US", text, strlen(text), &events, &x.h), ERR_NONE);
	assert_int_equal(x.h.samples, 0);
	while (!x.h.ends && !x.h.fails)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.fails, 0);
	assert_false(x.h.exact);
	assert_true(x.h.samples > 2 * 8000 && x.h.samples < 6 * 8000);
	assert_true(x.h.loud > 500);
	assert_int_equal(x.h.words, 8);
	for (size_t i = 0; i < x.h.words; i++) {
		size_t end = x.h.word[i].text_end;

		assert_true(text[end] == ' ' || text[end] == '\0');
		assert_true(x.h.word[i].end_samples <= x.h.samples);
		assert_true(i == 0 || (end > x.h.word[i - 1].text_end && x.h.word[i].end_samples > x.h.word[i - 1].end_samples));
	}
	assert_int_equal(x.h.word[0].text_end, 6);
	assert_int_equal(x.h.word[7].text_end, strlen(text));
	fixture_fini(&x);
}

static void cancel_silences(void **state)
{
	struct fixture x;
	struct heard second = { .thread = uv_thread_self() };
	size_t before;

	(void)state;
	fixture_init(&x);
	x.h.cancel_at_sound = true;
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en", text, strlen(text), &events, &x.h), ERR_NONE);
	while (!x.h.samples)
		uv_run(&x.loop, UV_RUN_ONCE);
	before = x.h.samples;
	assert_int_equal(espeak_tts.start(x.f, &second.op, "en", "Yes.", 4, &events, &second), ERR_NONE);
	while (!second.ends)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.samples, before);
	assert_int_equal(x.h.ends + x.h.fails, 0);
	fixture_fini(&x);
}

static void refuses(void **state)
{
	static char many[ESPEAK_MAX_TEXT_BYTES + 1];
	struct fixture x;

	(void)state;
	fixture_init(&x);
	memset(many, 'a', sizeof(many));
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en", "", 0, &events, &x.h), ERR_USAGE);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en", "a\0b", 3, &events, &x.h), ERR_USAGE);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en", many, sizeof(many), &events, &x.h), ERR_LIMIT);
	assert_null(x.h.op);
	fixture_fini(&x);
}

static void close_in_mid_speech(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "en", text, strlen(text), &events, &x.h), ERR_NONE);
	fixture_fini(&x);
	assert_null(x.h.op);
	assert_int_equal(x.h.ends + x.h.fails, 0);
}

static void speaks_hindi(void **state)
{
	static const char hindi[] = "नमस्ते, आपका समय सोमवार को है।";
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "hi-IN", hindi, strlen(hindi), &events, &x.h), ERR_NONE);
	while (!x.h.ends && !x.h.fails)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.fails, 0);
	assert_true(x.h.loud > 500);
	assert_int_equal(x.h.words, 6);
	assert_int_equal(x.h.word[5].text_end, strlen(hindi));
	assert_int_equal(x.h.word[5].end_samples, x.h.samples);
	fixture_fini(&x);
}

static void unknown_language_fails(void **state)
{
	struct fixture x;

	(void)state;
	fixture_init(&x);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "zz", text, strlen(text), &events, &x.h), ERR_NONE);
	while (!x.h.ends && !x.h.fails)
		uv_run(&x.loop, UV_RUN_ONCE);
	assert_int_equal(x.h.fails, 1);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "zz", text, strlen(text), &events, &x.h), ERR_NOTFOUND);
	assert_int_equal(espeak_tts.start(x.f, &x.h.op, "--help", text, strlen(text), &events, &x.h), ERR_NOTFOUND);
	fixture_fini(&x);
}

static void missing_program(void **state)
{
	struct err_detail detail;
	struct espeak *e;
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	assert_int_equal(espeak_open(&e, &loop, "no-such-program-here", &detail), ERR_UNAVAILABLE);
	assert_null(e);
	assert_non_null(strstr(detail.hint, "espeak-ng"));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_the_words),
		cmocka_unit_test(cancel_silences),
		cmocka_unit_test(refuses),
		cmocka_unit_test(close_in_mid_speech),
		cmocka_unit_test(speaks_hindi),
		cmocka_unit_test(unknown_language_fails),
		cmocka_unit_test(missing_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
