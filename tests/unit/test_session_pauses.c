/* What a recogniser that begins anew is given of the caller's past: all of his words, in order and once, of his silences a natural gap; and where in the
 * call its own words lie. */
#include "sessionkit.h"
#include "voice/session/pauses.h"

enum {
	CHUNK = VOICE_CHUNK_SAMPLES,
	WORD = 10 * CHUNK,
	PAUSE = 47 * CHUNK, /* 1.5 s */
	DIGIT = WORD + PAUSE,
	FIRST = 120 * CHUNK,
	DIGITS = 4,
	BACK = 4000         /* so long before the first word the core has it begin */
};

static struct kit *k;
static struct span heard; /* where the core was told that words lie */

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

static void stepped(void *arg, const struct call_input *in, const struct call_outputs *outputs)
{
	(void)arg;
	(void)outputs;
	if (in->type == IN_TRANSCRIPT)
		heard = (struct span){ in->position, in->position2 };
}

/* A number, digit by digit, a second and a half between them. */
static uint16_t slow_number(uint64_t position)
{
	return position >= FIRST && position < FIRST + DIGITS * DIGIT && (position - FIRST) % DIGIT < WORD ? 60000 : 0;
}

static void asked_for_a_number(void)
{
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "What is your telephone number?");
	kit_io(k);
	k->io.stepped = stepped;
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	session_prepare(k->session);
	kit_run(k, 300);
	kit_media_begins(k);
	k->level = slow_number;
}

/* To that place of the caller's, who is understood as he goes on. */
static void goes_on_to(uint64_t sample)
{
	static const char words[] = "four zero five one";
	uint64_t at, said = 0;

	while ((at = session_caller_position(k->session)) < sample) {
		kit_run(k, 20);
		if (at < FIRST + said * DIGIT + WORD)
			continue;
		said++;
		kit_stream(k)->events->transcript(kit_stream(k)->arg, TRANSCRIPT_PARTIAL, words, said * 5 - 1, FIRST, at);
	}
}

/* The recogniser dies; the next one is open. */
static void dies(void)
{
	struct stt_stream *s = kit_stream(k);
	unsigned int streams = k->stream_count;

	*s->slot = NULL;
	s->cancelled = true;
	s->events->ended(s->arg, ERR_CLOSED);
	kit_run(k, 400);
	assert_int_equal(k->stream_count, streams + 1);
}

static uint64_t base_is(void)
{
	uint64_t base;

	(void)session_given(k->session, 0, &base);
	return base;
}

static uint64_t given_at(uint64_t position)
{
	uint64_t base;

	return session_given(k->session, position, &base);
}

/* The longest silence that the stream was given of what came before `end`. */
static uint64_t longest_quiet(uint64_t end)
{
	uint64_t pos, run = 0, longest = 0;

	for (pos = base_is(); pos < end; pos++) {
		run = slow_number(pos) ? 0 : run + given_at(pos + 1) - given_at(pos);
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void P11_a_slow_number_is_given_again_without_its_pauses(void **state)
{
	uint64_t last = FIRST + 3 * DIGIT;

	(void)state;
	asked_for_a_number();
	goes_on_to(last + WORD / 2); /* in the middle of the fourth digit */
	dies();
	assert_int_equal(base_is(), FIRST - BACK);
	assert_int_equal(kit_given(k), 3 * (PAUSE - PAUSE_KEPT_SAMPLES) + BACK - PAUSE_BEFORE_SAMPLES);
	assert_int_equal(longest_quiet(last), PAUSE_KEPT_SAMPLES);
	kit_run(k, 3000);
	assert_int_equal(kit_given(k), 3 * (PAUSE - PAUSE_KEPT_SAMPLES) + BACK - PAUSE_BEFORE_SAMPLES); /* what comes live is given as it comes */
}

static void one_that_dies_while_it_catches_up_is_followed_by_one_that_has_all_of_it(void **state)
{
	uint64_t left;

	(void)state;
	asked_for_a_number();
	goes_on_to(FIRST + 2 * DIGIT + WORD);
	dies();
	left = kit_given(k);
	dies();
	assert_int_equal(base_is(), FIRST - BACK);
	assert_true(kit_given(k) >= left);
}

/* As the vendor tells of them, by the sound that it had. */
static void words_lie_where_they_were_said(void **state)
{
	struct stt_stream *s;
	uint64_t i, from;

	(void)state;
	asked_for_a_number();
	goes_on_to(FIRST + 3 * DIGIT + WORD);
	dies();
	s = kit_stream(k);
	for (i = 0; i < DIGITS; i++) {
		from = FIRST + i * DIGIT;
		s->events->transcript(s->arg, TRANSCRIPT_PARTIAL, "four", 4, given_at(from), given_at(from + WORD));
		assert_int_equal(heard.from, from);
		assert_int_equal(heard.to, from + WORD);
	}
	s->events->transcript(s->arg, TRANSCRIPT_PARTIAL, "four", 4, s->pushed, s->pushed);
	assert_int_equal(heard.to, session_caller_position(k->session));
}

/* ------------------------------------------------------------------ the parts alone */

static void quiet(struct pauses *p, uint64_t from, uint64_t to)
{
	for (; from < to; from += CHUNK)
		pauses_hear(p, from, CHUNK, true);
}

static void is_span(struct span s, uint64_t from, uint64_t to)
{
	assert_int_equal(s.from, from);
	assert_int_equal(s.to, to);
}

static void a_silence_that_is_no_longer_than_a_gap_stays(void **state)
{
	struct pauses p = { .quiet = { .count = 0 } };

	(void)state;
	is_span(pauses_cut(&p, 0), UINT64_MAX, UINT64_MAX);
	quiet(&p, 0, PAUSE_KEPT_SAMPLES);
	is_span(pauses_cut(&p, 0), UINT64_MAX, UINT64_MAX);
	pauses_hear(&p, PAUSE_KEPT_SAMPLES, CHUNK, true);
	is_span(pauses_cut(&p, 0), PAUSE_AFTER_SAMPLES, PAUSE_AFTER_SAMPLES + CHUNK);
	pauses_hear(&p, 0, CHUNK, true); /* told before */
	pauses_hear(&p, PAUSE_KEPT_SAMPLES + CHUNK, CHUNK, false);
	quiet(&p, 100 * CHUNK, 120 * CHUNK);
	is_span(pauses_cut(&p, PAUSE_AFTER_SAMPLES + CHUNK), 103 * CHUNK, 116 * CHUNK);
	is_span(pauses_cut(&p, 110 * CHUNK), 110 * CHUNK, 116 * CHUNK); /* whoever begins in it */
	is_span(pauses_cut(&p, 116 * CHUNK), UINT64_MAX, UINT64_MAX);
}

/* What the line lost in the middle of a silence is silence, too. */
static void a_gap_beside_a_silence_is_one_with_it(void **state)
{
	struct pauses p = { .quiet = { .count = 0 } };

	(void)state;
	quiet(&p, 0, 10 * CHUNK);
	pauses_gap(&p, 10 * CHUNK + 100, 8000);
	pauses_gap(&p, 8000, 8100);
	quiet(&p, 8200, 8200 + 4 * CHUNK);
	is_span(pauses_cut(&p, 0), PAUSE_AFTER_SAMPLES, 8200 + 4 * CHUNK - PAUSE_BEFORE_SAMPLES);
	is_span(pauses_gap_near(&p, 5000), 10 * CHUNK + 100, 8100);
}

/* A voice that comes and goes with each chunk leaves the long silences known. */
static void short_silences_take_no_room(void **state)
{
	struct pauses p = { .quiet = { .count = 0 } };
	uint64_t at = 20 * CHUNK;

	(void)state;
	quiet(&p, 0, at);
	for (unsigned int i = 0; i < 4 * SPANS_MAX; i++, at += 2 * CHUNK)
		pauses_hear(&p, at + CHUNK, CHUNK, true);
	is_span(pauses_cut(&p, 0), PAUSE_AFTER_SAMPLES, 20 * CHUNK - PAUSE_BEFORE_SAMPLES);
	assert_int_equal(p.quiet.count, 2);
}

static void what_was_given_and_where_it_lies_are_one_map(void **state)
{
	struct given g = { .base = 1000 };
	uint64_t at, i;

	(void)state;
	for (i = 0; i < SPANS_MAX; i++) {
		g.samples += 100;
		assert_true(given_cut(&g, 50));
	}
	assert_false(given_cut(&g, 50));
	g.samples += 100;
	for (at = 0; at < g.samples; at++)
		assert_int_equal(given_sample(&g, given_from(&g, at)), at);
	assert_int_equal(given_from(&g, 100), 1150);
	assert_int_equal(given_to(&g, 100), 1100);
	assert_int_equal(given_to(&g, 0), 1000);
	assert_int_equal(given_sample(&g, 1120), 100);
	assert_int_equal(given_sample(&g, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		UNIT(P11_a_slow_number_is_given_again_without_its_pauses),
		UNIT(one_that_dies_while_it_catches_up_is_followed_by_one_that_has_all_of_it),
		UNIT(words_lie_where_they_were_said),
		cmocka_unit_test(a_silence_that_is_no_longer_than_a_gap_stays),
		cmocka_unit_test(a_gap_beside_a_silence_is_one_with_it),
		cmocka_unit_test(short_silences_take_no_room),
		cmocka_unit_test(what_was_given_and_where_it_lies_are_one_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
