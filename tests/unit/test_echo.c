/* P07: the echo guard. Our own words, come back through every delay, level, law and room, are no voice; whoever talks over them is, at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "echokit.h"

#define SOUNDS "/usr/share/asterisk/sounds/en_US_f_Allison/"
#define WORDS "Hello, this is the clinic. I am calling about your appointment on Monday at ten."

enum { BEGIN = 4000, LONG = 12 * 8000, HOLD_CHUNKS = 3 /* barge.hold_ms is 96 ms: so many in a row hold the agent */, EDGE_MS = 60, YIELD_MS = 1000 /* barge.yield_ms */,
	PROOF_MS = 900, WORD_STEPS = 8 };

static const char *const ours[] = { "flite:" WORDS, SOUNDS "conf-adminmenu.wav" };

static struct scene *scene_new(const char *said, unsigned int delay_ms, double db)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->delay_ms = delay_ms;
	s->db = db;
	s->samples = sound_put(s->ours, BEGIN, said) + 12000;
	s->samples = (s->samples < LONG ? s->samples : LONG) / 1280 * 1280;
	return s;
}

static unsigned int voice_row(const struct scene *s, size_t from)
{
	unsigned int row = 0, most = 0;

	for (size_t i = from / CHUNK; i < s->samples / CHUNK; i++) {
		row = s->is_voice[i] ? row + 1 : 0;
		most = row > most ? row : most;
	}
	return most;
}

static unsigned int loud_steps(const struct scene *s)
{
	unsigned int count = 0;

	for (size_t i = 0; i < s->samples / STEP; i++) {
		bool is_loud = false;

		for (size_t k = 0; k < STEP; k++)
			is_loud = is_loud || abs(g711_ulaw_decode(s->left[i * STEP + k])) > 500;
		count += is_loud;
	}
	return count;
}

/* Until the echo is proven the agent may be held; never long enough to yield, of which too little is left for a word. */
static void is_no_voice(struct scene *s, const struct silero_model *m)
{
	size_t onset = BEGIN + s->delay_ms * 8;

	scene_run(s, m);
	if (voice_row(s, onset + PROOF_MS * 8) >= HOLD_CHUNKS || voice_chunks(s, 0, s->samples) * CHUNK >= YIELD_MS * 8)
		fail_msg("%u ms, %g dB, room %d, law %d: %u chunks of voice, %u of them in a row once it is proven", s->delay_ms, s->db, s->has_room, s->law,
			voice_chunks(s, 0, s->samples), voice_row(s, onset + PROOF_MS * 8));
	if (loud_steps(s) > WORD_STEPS)
		fail_msg("%u ms, %g dB, room %d, law %d: %u steps of words", s->delay_ms, s->db, s->has_room, s->law, loud_steps(s));
	assert_true(abs(s->lag - (int)(s->delay_ms + s->jump_ms) * 8) <= 40);
	s->no_guard = true;
	scene_guard(s);
	scene_detect(s, m);
	assert_true(voice_row(s, 0) * CHUNK >= YIELD_MS * 8); /* else this proved nothing */
	free(s);
}

static void P07_our_own_words_are_no_voice(void **state)
{
	static const unsigned int delays[] = { 80, 150, 250, 400 };
	static const double levels[] = { -6, -12, -20 };

	for (size_t w = 0; w < 2; w++)
		for (size_t d = 0; d < 4; d++)
			for (size_t l = 0; l < 3; l++) {
				struct scene *s = scene_new(ours[w], delays[d], levels[l]);

				s->law = (d + l) % 2 ? G711_ALAW : G711_ULAW;
				is_no_voice(s, *state);
			}
}

static void P07_through_a_room(void **state)
{
	static const unsigned int delays[] = { 80, 250, 400 };

	for (size_t w = 0; w < 2; w++)
		for (size_t d = 0; d < 3; d++) {
			struct scene *s = scene_new(ours[w], delays[d], d ? -10 : -6);

			s->has_room = true;
			is_no_voice(s, *state);
		}
}

static void P07_both_laws(void **state)
{
	for (size_t law = 0; law < 2; law++) {
		struct scene *s = scene_new(ours[0], 150, -10);

		s->law = law ? G711_ALAW : G711_ULAW;
		is_no_voice(s, *state);
	}
}

static void P07_a_clock_that_drifts(void **state)
{
	struct scene *s = scene_new(ours[1], 150, -10);

	s->drift_ppm = 50;
	is_no_voice(s, *state);
}

static void P07_noise_on_the_line(void **state)
{
	struct scene *s = scene_new(ours[1], 150, -6);

	s->noise_db = loudness(s->ours + BEGIN, 24000) > 0 ? 20 * log10(loudness(s->ours + BEGIN, 24000) / 32768) - 40 : 0; /* 40 dB below our voice */
	is_no_voice(s, *state);
}

/* The jump itself may hold the agent for a moment; half a second behind it there is no voice again. */
static void P07_a_delay_that_jumps(void **state)
{
	struct scene *s = scene_new(ours[1], 150, -10);

	s->jump_ms = 60;
	scene_run(s, *state);
	assert_int_equal(s->lag, 210 * 8);
	assert_true(voice_row(s, BEGIN + PROOF_MS * 8) <= 5);
	assert_true(voice_row(s, s->samples / 2 + 4000) < HOLD_CHUNKS);
	free(s);
}

/* As loud as what comes back, from `at` on; returns where it ends. */
static size_t caller_put(struct scene *s, size_t at, const char *said)
{
	size_t end = sound_put(s->caller, at, said);
	double gain = loudness(s->ours + BEGIN, 32000) / loudness(s->caller + at, end - at) * pow(10, s->db / 20);

	for (size_t i = at; i < end; i++)
		s->caller[i] = (int16_t)fmax(fmin(s->caller[i] * gain, 32767), -32768);
	return end;
}

static unsigned int steps_between(const struct scene *s, size_t from, size_t to)
{
	unsigned int count = 0;

	for (size_t i = from / STEP; i < to / STEP; i++)
		count += s->is_echo[i];
	return count;
}

/* How often what is heard breaks off. */
static unsigned int pieces(const struct scene *s, size_t from, size_t to)
{
	unsigned int count = 0;

	for (size_t i = from / STEP + 1; i < to / STEP; i++)
		count += s->is_echo[i] && !s->is_echo[i - 1];
	return count;
}

static void P07_who_talks_over_it_is_heard_at_once(void **state)
{
	static const char *const callers[] = { "flite:No, wait a moment please, I want another day.", SOUNDS "agent-incorrect.wav" };

	for (size_t w = 0; w < 2; w++)
		for (size_t r = 0; r < 2; r++)
			for (size_t place = 0; place < 4; place++) {
				struct scene *s = scene_new(ours[w], 150, -10);
				size_t at = 16000 + place * 1700, end = caller_put(s, at, callers[!w]), until = at + (EDGE_MS + 250) * 8;

				s->has_room = r;
				end = end < s->samples ? end : s->samples;
				scene_run(s, *state);
				if (voice_chunks(s, at, until) < HOLD_CHUNKS)
					fail_msg("voice %zu, room %zu, place %zu: %u chunks", w, r, place, voice_chunks(s, at, until));
				assert_true(voice_chunks(s, at, end) * CHUNK * 2 > end - at); /* most of it is heard, */
				assert_true(pieces(s, at, end) <= 4);                 /* and it is not cut into pieces */
				free(s);
			}
}

static unsigned int steps_swallowed(const struct scene *s)
{
	return steps_between(s, 0, s->samples);
}

/* Nothing comes back, and the caller speaks with our own voice, over us: nothing of it is taken. */
static void P07_our_own_voice_on_the_other_side(void **state)
{
	static const char *const theirs[] = { "flite:No, wait a moment please, I want another day.", "flite:yes, speaking. keep it. cancel it, cancel it.",
		"flite:Oh no no no no, oh we are all away now. Ooh, aaah, we will.", SOUNDS "agent-incorrect.wav", SOUNDS "conf-usermenu.wav" };

	(void)state;
	for (size_t w = 0; w < 2; w++)
		for (size_t t = 0; t < 5; t++)
			for (size_t place = 0; place < 3; place++) {
				struct scene *s = scene_new(ours[w], 0, -200);

				for (size_t at = BEGIN + place * 3333, n = 0; n < 4 && at < s->samples; n++)
					at = sound_put(s->caller, at, theirs[t]);
				scene_mix(s);
				scene_guard(s);
				if (steps_swallowed(s))
					fail_msg("voice %zu, caller %zu, place %zu: %u steps", w, t, place, steps_swallowed(s));
				free(s);
			}
}

/* The caller takes up the receiver: our sound does not come back for seconds. When he puts it down again, it has to be proven anew. */
static void P07_a_proof_lapses(void **state)
{
	struct scene *s = scene_new(ours[1], 150, -10);

	(void)state;
	s->gone_from = 24000;
	s->gone_to = 72000;
	scene_mix(s);
	scene_guard(s);
	assert_int_equal(s->proofs, 2);
	assert_true(steps_between(s, 0, s->gone_from) > 20 && steps_between(s, s->gone_to, s->samples) > 20);
	free(s);
}

/* Who answered us is done, and we go on: what comes back then is no talk of his. */
static void P07_our_next_words_after_an_answer(void **state)
{
	struct scene *s = scene_new(ours[0], 150, -10);
	size_t end = sound_put(s->ours, BEGIN, ours[0]), next = end + 16000;

	sound_put(s->caller, end + 3000, "flite:yes, speaking.");
	memset(s->caller + end + 9000, 0, (SCENE_SAMPLES - end - 9000) * sizeof(*s->caller));
	s->samples = (sound_put(s->ours, next, ours[0]) + 8000) / 1280 * 1280;
	scene_run(s, *state);
	assert_true(voice_row(s, end) >= HOLD_CHUNKS);
	assert_true(voice_row(s, next) < HOLD_CHUNKS);
	free(s);
}

/* Our echo is over: somebody who answers softly is not measured by how loud it was. */
static void P07_a_soft_answer(void **state)
{
	struct scene *s = scene_new(ours[0], 150, -6);
	size_t at = sound_put(s->ours, BEGIN, ours[0]) + 4800, end = sound_put(s->caller, at, "flite:keep it.");
	double gain = 200 / loudness(s->caller + at, end - at);

	(void)state;
	for (size_t i = at; i < end; i++)
		s->caller[i] = (int16_t)(s->caller[i] * gain);
	s->samples = (end + 4000) / 1280 * 1280;
	scene_mix(s);
	scene_guard(s);
	for (size_t i = at; i < end; i++)
		assert_true(s->left[i] == s->heard[i] || abs(g711_ulaw_decode(s->heard[i])) < 100);
	free(s);
}

/* flite's own voice, higher and slower. */
static size_t other_voice_put(int16_t *where, size_t at, const char *words)
{
	cst_voice *voice = register_cmu_us_slt(NULL);
	struct resampler *r;
	cst_wave *wave;
	int16_t *narrow;
	size_t n;

	feat_set_float(voice->features, "int_f0_target_mean", 120);
	feat_set_float(voice->features, "duration_stretch", 1.15f);
	wave = flite_text_to_wave(words, voice);
	feat_set_float(voice->features, "int_f0_target_mean", 170);
	feat_set_float(voice->features, "duration_stretch", 1);
	assert_non_null(wave);
	assert_int_equal(resampler_new(&r, (uint32_t)wave->sample_rate, 8000), ERR_NONE);
	narrow = calloc(resampler_room(r, (size_t)wave->num_samples) + 1, sizeof(*narrow));
	assert_non_null(narrow);
	n = resampler_push(r, wave->samples, (size_t)wave->num_samples, narrow);
	n = n < SCENE_SAMPLES - at ? n : SCENE_SAMPLES - at;
	memcpy(where + at, narrow, n * sizeof(*where));
	free(narrow);
	resampler_free(&r);
	delete_wave(wave);
	return at + n;
}

static void P07_who_repeats_our_words_is_no_echo(void **state)
{
	for (size_t later_ms = 300; later_ms <= 900; later_ms += 200) {
		struct scene *s = scene_new(ours[0], 0, -200);

		other_voice_put(s->caller, BEGIN + later_ms * 8, WORDS);
		scene_run(s, *state);
		assert_int_equal(steps_swallowed(s), 0);
		free(s);
	}
}

static void P07_music_on_hold_is_no_echo(void **state)
{
	static const double notes[] = { 392, 523.25, 659.25, 783.99, 587.33 };
	struct scene *s = scene_new(ours[1], 0, -200);

	for (size_t i = BEGIN; i < s->samples; i++)
		for (size_t k = 0; k < 3; k++)
			s->caller[i] = (int16_t)(s->caller[i] + 2000 * sin(2 * M_PI * notes[(i / 2400 + 2 * k) % 5] * (double)i / 8000));
	scene_run(s, *state);
	assert_int_equal(steps_swallowed(s), 0);
	free(s);
}

/* ------------------------------------------------------------------ edges */

static void cleared_sound_does_not_count(void **state)
{
	struct scene *s = scene_new(ours[0], 150, -10);
	struct echo *e;
	size_t at = 16000, echoes = 0;

	(void)state;
	scene_mix(s);
	assert_int_equal(echo_new(&e), ERR_NONE);
	echo_sent(e, 0, s->sent, 3200);
	echo_cleared(e, 0);
	for (size_t i = 0; i + STEP <= at; i += STEP)
		echoes += echo_heard(e, i, s->heard + i, STEP);
	assert_int_equal(echoes, 0);
	echo_free(&e);
	assert_null(e);
	free(s);
}

/* Whatever positions, counts and bytes come, nothing breaks. */
static void any_positions_and_bytes(void **state)
{
	uint32_t random = 3;
	uint8_t bytes[4000];
	struct echo *e;
	int lag;

	(void)state;
	assert_int_equal(echo_new(&e), ERR_NONE);
	assert_false(echo_lag(e, &lag));
	for (unsigned int i = 0; i < 3000; i++) {
		uint64_t at = i % 50 ? (uint64_t)i * 100 + echokit_random(&random) % 5000 : (uint64_t)echokit_random(&random) << (echokit_random(&random) % 38);

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)echokit_random(&random);
		echo_sent(e, at, bytes, echokit_random(&random) % sizeof(bytes));
		if (i % 7 == 0)
			echo_cleared(e, at / 2);
		(void)!echo_heard(e, i % 3 ? (uint64_t)i * 100 : at, bytes, echokit_random(&random) % (ECHO_STEP_SAMPLES + 1));
	}
	echo_free(&e);
	echo_free(&e);
}

static int begin(void **state)
{
	struct silero_model *m;
	char path[600];

	snprintf(path, sizeof(path), "%s/silero_vad.onnx", getenv("CALLFUNNEL_MODELS"));
	assert_int_equal(silero_model_open(&m, path, SILERO_BEST, NULL), ERR_NONE);
	*state = m;
	return 0;
}

static int end(void **state)
{
	struct silero_model *m = *state;

	silero_model_close(&m);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P07_our_own_words_are_no_voice),
		cmocka_unit_test(P07_through_a_room),
		cmocka_unit_test(P07_both_laws),
		cmocka_unit_test(P07_a_clock_that_drifts),
		cmocka_unit_test(P07_noise_on_the_line),
		cmocka_unit_test(P07_a_delay_that_jumps),
		cmocka_unit_test(P07_who_talks_over_it_is_heard_at_once),
		cmocka_unit_test(P07_our_own_voice_on_the_other_side),
		cmocka_unit_test(P07_a_proof_lapses),
		cmocka_unit_test(P07_our_next_words_after_an_answer),
		cmocka_unit_test(P07_a_soft_answer),
		cmocka_unit_test(P07_who_repeats_our_words_is_no_echo),
		cmocka_unit_test(P07_music_on_hold_is_no_echo),
		cmocka_unit_test(cleared_sound_does_not_count),
		cmocka_unit_test(any_positions_and_bytes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
