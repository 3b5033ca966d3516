/* A voice's PCM as the telephone's sound, and the words that share it: pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "providers/openai/openai_sound.h"

static void sound_is_the_same_wherever_it_is_cut(void **state)
{
	static const uint32_t rates[] = { 8000, 16000, 22050, 24000, 44100, 48000 };
	uint8_t pcm[2000];
	size_t i, r, step, at;

	(void)state;
	for (i = 0; i < sizeof(pcm); i++)
		pcm[i] = (uint8_t)(i * 37 % 251);
	for (r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct openai_sound s;
		struct buf whole, cut;

		buf_init(&whole, 10000);
		buf_init(&cut, 10000);
		assert_int_equal(openai_sound_init(&s, rates[r]), ERR_NONE);
		openai_sound_push(&s, pcm, sizeof(pcm), &whole);
		assert_int_equal(openai_sound_end(&s, &whole), ERR_NONE);
		assert_int_equal(whole.len, (1000 * 8000 + rates[r] - 1) / rates[r]);
		for (step = 1; step < 1100; step = step * 2 + 1) {
			openai_sound_reset(&s);
			buf_reset(&cut);
			for (at = 0; at < sizeof(pcm); at += step)
				openai_sound_push(&s, pcm + at, step < sizeof(pcm) - at ? step : sizeof(pcm) - at, &cut);
			assert_int_equal(openai_sound_end(&s, &cut), ERR_NONE);
			assert_int_equal(cut.len, whole.len);
			assert_memory_equal(cut.data, whole.data, whole.len);
		}
		openai_sound_fini(&s);
		buf_fini(&whole);
		buf_fini(&cut);
	}
}

static void words_share_the_sound_by_their_letters(void **state)
{
	struct speech_word w[4];

	(void)state;
	assert_int_equal(openai_words("  ab नम  c ", 14, 800, w, 4), 3);
	assert_int_equal(w[0].text_end, 4);
	assert_int_equal(w[0].end_samples, 320);
	assert_int_equal(w[1].text_end, 11);
	assert_int_equal(w[1].end_samples, 640);
	assert_int_equal(w[2].text_end, 14);
	assert_int_equal(w[2].end_samples, 800);
	assert_int_equal(openai_words("a b c", 5, 300, w, 2), 2);
	assert_int_equal(openai_words(" \n", 2, 300, w, 4), 0);
	assert_int_equal(openai_words("\x80", 1, 300, w, 4), 1); /* no character begins */
	assert_int_equal(w[0].end_samples, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_is_the_same_wherever_it_is_cut),
		cmocka_unit_test(words_share_the_sound_by_their_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
