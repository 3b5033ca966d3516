/* What the caller says and when the turn is over, which recogniser stream hears it, and what comes of voice without words. */
#include "callkit.h"

static const char ten[] = "one two three four five six seven eight nine ten";

/* ------------------------------------------------------------------ the end of the turn */

static void silence_ends_the_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	zero(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 snapshot", "600 ask g1 t1 try 1");
	expect_request(k, "caller: I want some tea");
}

static void a_whole_answer_ends_it_sooner(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "What time is it?");
	zero(k);
	quiet_until(k, 199);
	expect_nothing(k);
	quiet_until(k, 200);
	expect(k, "200 ~turn t1 i1 n200000 \"What time is it?\"", "200 snapshot", "200 ask g1 t1 try 1");
}

static void open_words_get_more_time(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I would like to");
	zero(k);
	quiet_until(k, 1199);
	expect_nothing(k);
	quiet_until(k, 1200);
	expect(k, "1200 ~turn t1 i2 n1200000 \"I would like to\"", "1200 snapshot", "1200 ask g1 t1 try 1");
}

static void greet(struct kit *k, const char *question)
{
	strcpy(k->brief.greeting, question);
	begin(k);
	spoken(k, 1);
}

/* He has been silent for 1.8 s when his turn is over. */
static void number_is_said(struct kit *k)
{
	k->settings.llm_silent_ms = 2000;
	greet(k, "What is the parcel number?");
	voice(k, 320);
	final(k, "two zero two");
	zero(k);
	quiet_until(k, 3000);
	assert_true(has(k, "1800 ~turn t1 i3"));
}

static void test_P12_behind_digits_the_silence_counts_from_their_sound(void **state)
{
	struct kit *k = *state;

	number_is_said(k);
	assert_int_equal(times(k, " speak u"), 1);
	assert_true(has(k, "2600 speak u2.1"));
}

static void by_older_rules_it_counts_from_the_turns_end(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	k->settings.turn_budget_ms = 0;
	k->settings.llm_filler_ms = 1500;
	number_is_said(k);
	assert_int_equal(times(k, " speak u"), 0);
}

/* The model failed, the caller is asked to say it again: it is still a number. */
static void test_P09_digits_are_still_expected_behind_an_apology(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.llm_attempts = 1;
	k->settings.call_failures = 3;
	begin(k);
	turn(k, "I want to know");
	text(k, "Sure. What is your phone number?");
	done(k);
	spoken(k, 1);
	spoken(k, 2);
	for (i = 0; i < 2; i++) {
		voice(k, 320);
		final(k, "nine eight seven six five four three two one zero");
		quiet_for(k, 2016);
		drop(k);
		failed(k);
		assert_true(has(k, "again?\"") || has(k, "once more.\""));
		spoken(k, k->last);
	}
	voice(k, 320);
	final(k, "nine eight");
	drop(k);
	quiet_for(k, 1504);
	assert_false(has(k, "~turn"));
	voice(k, 320);
	final(k, "seven six");
	zero(k);
	quiet_until(k, 1799);
	assert_false(has(k, "~turn"));
	quiet_until(k, 1800);
	assert_true(has(k, "~turn"));
}

/* What he said behind his question asked for nothing. */
static void test_P09_digits_asked_for_before_a_statement_are_still_expected_behind_an_apology(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	k->settings.call_failures = 3;
	begin(k);
	turn(k, "I want to know");
	text(k, "What is your phone number? There is no hurry.");
	done(k);
	spoken(k, 1);
	spoken(k, 2);
	voice(k, 320);
	final(k, "nine eight seven six five four three two one zero");
	quiet_for(k, 2016);
	failed(k);
	spoken(k, k->last);
	voice(k, 320);
	final(k, "nine eight");
	zero(k);
	quiet_until(k, 1799);
	assert_false(has(k, "~turn"));
	quiet_until(k, 1800);
	assert_true(has(k, "~turn"));
}

/* The very first thing that was said may be the question. */
static void test_P09_digits_that_the_greeting_asked_for_are_still_expected_behind_an_apology(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	k->settings.call_failures = 3;
	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "nine eight seven six five four three two one zero");
	quiet_for(k, 2016);
	drop(k);
	failed(k);
	assert_true(has(k, "again?\"") || has(k, "once more.\""));
	spoken(k, k->last);
	voice(k, 320);
	final(k, "nine eight");
	zero(k);
	quiet_until(k, 1799);
	assert_false(has(k, "~turn"));
	quiet_until(k, 1800);
	assert_true(has(k, "~turn"));
}

static void test_P09_digits_that_were_asked_for_get_the_most_time(void **state)
{
	struct kit *k = *state;

	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "oh one six three two");
	zero(k);
	quiet_until(k, 1799);
	expect_nothing(k);
	quiet_until(k, 1800);
	expect(k, "1800 ~turn t1 i3 n1800000 \"oh one six three two\"", "1800 snapshot", "1800 ask g1 t1 try 1");
}

static void test_P09_what_is_no_number_does_not_wait_for_one(void **state)
{
	struct kit *k = *state;

	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "hold on");
	zero(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"hold on\"", "600 snapshot", "600 ask g1 t1 try 1");
}

static void by_older_rules_it_does(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "hold on");
	zero(k);
	quiet_until(k, 1799);
	expect_nothing(k);
}

/* A pause of half the time that digits wait makes their end likely: the answer, and what it asks of tools, is made meanwhile. */
static void digits_are_asked_about_ahead(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "oh one six three two");
	zero(k);
	quiet_until(k, 899);
	expect_nothing(k);
	quiet_until(k, 900);
	expect(k, "900 ask g1 t0 try 1 ahead");
	use(k, "lookup", "{}");
	done(k);
	expect_nothing(k);
	quiet_until(k, 1800);
	expect(k, "1800 ~turn t1 i3 n1800000 \"oh one six three two\"", "1800 ~release t1 i1 n0", "1800 snapshot", "1800 tool 1.0 lookup 10000 \"{}\"");
}

static void and_sooner_when_the_recogniser_calls_the_end(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	greet(k, "What is your number?");
	voice(k, 320);
	end(k, "oh one six three two");
	zero(k);
	quiet_until(k, 96);
	expect(k, "96 ask g1 t0 try 1 ahead");
	quiet_until(k, 1799);
	expect_nothing(k);
}

/* So long behind it the agent's answer goes out. */
static void said_and_answered(struct kit *k, const char *words, unsigned int after_ms, const char *answer)
{
	greet(k, "Am I speaking with Omar?");
	voice(k, 320);
	final(k, words);
	zero(k);
	quiet_until(k, after_ms);
	text(k, answer);
	done(k);
	audio_all(k, k->last);
	sent(k, k->last);
}

/* "Yes … speaking" is one answer, and the second half of it no interruption. */
static void said_yes(struct kit *k, const char *words)
{
	said_and_answered(k, words, 640, "Good morning I am calling about the parcel of last week. ");
	quiet_for(k, 320);
}

static void a_yes_to_who_he_is_is_whole(void **state)
{
	struct kit *k = *state;

	said_yes(k, "yes");
	assert_true(has(k, "200 ~turn t1 i1 n200000 \"yes\""));
	drop(k);
	voice(k, 480);
	assert_true(has(k, "hold"));
	partial(k, "yes speaking");
	final(k, "yes speaking");
	assert_true(has(k, "~nod t1 i0 n0 \"yes speaking\""));
	quiet_for(k, 2016);
	assert_true(has(k, "~resume"));
	assert_false(has(k, "~yield") || has(k, "~turn"));
}

/* A recogniser's first guess was another word, so it is taken for no nod: of the question that was held under it nobody had heard a word. */
static void a_word_over_a_question_nobody_heard_is_no_answer_to_it(void **state)
{
	struct kit *k = *state;

	said_and_answered(k, "yes", 640, "Would you like to keep it or cancel it? ");
	quiet_for(k, 96);
	drop(k);
	voice(k, 640);
	assert_true(has(k, "hold"));
	partial(k, "keep");
	partial(k, "speaking");
	final(k, "speaking");
	quiet_for(k, 1024);
	assert_true(has(k, "~resume"));
	sent(k, k->last);
	quiet_for(k, 3200);
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2 i8 n0 \"speaking\""));
	assert_false(has(k, "ask g2"));
}

/* What is heard so long behind a yes to who he is, while the answer is asked for. */
static void behind_yes(struct kit *k, unsigned int after_ms, const char *words)
{
	greet(k, "Am I speaking with Omar?");
	voice(k, 320);
	final(k, "yes");
	zero(k);
	quiet_until(k, after_ms);
	voice(k, 448);
	partial(k, words);
	final(k, words);
	quiet_for(k, 1024);
}

static void a_short_word_behind_it_is_its_rest(void **state)
{
	struct kit *k = *state;

	behind_yes(k, 320, "see you");
	assert_true(has(k, "~nod t1 i0 n0 \"see you\""));
	assert_false(has(k, "ask g2 t2"));
	assert_false(has(k, "~turn t2"));
}

/* On the wire, and the caller has heard nothing of it. */
static void and_so_it_is_over_an_answer_that_nobody_heard(void **state)
{
	struct kit *k = *state;

	k->settings.barge_words = 1;
	said_and_answered(k, "yes", 320, "Would you like to keep it or cancel it? ");
	quiet_for(k, 96);
	voice(k, 448);
	assert_true(has(k, "hold"));
	partial(k, "keep");
	final(k, "keep");
	quiet_for(k, 1024);
	assert_true(has(k, "~resume"));
	assert_false(has(k, "~yield") || has(k, "~turn t2"));
}

static void a_word_of_its_own_behind_it_is_none(void **state)
{
	struct kit *k = *state;

	behind_yes(k, 320, "no");
	assert_true(has(k, "~turn t2"));
	assert_true(has(k, "ask g2"));
}

static void digits_behind_it_are_none(void **state)
{
	struct kit *k = *state;

	behind_yes(k, 320, "six");
	quiet_for(k, 1024);
	assert_true(has(k, "~turn t2"));
}

static void nor_is_a_word_that_comes_later(void **state)
{
	struct kit *k = *state;

	behind_yes(k, 640, "keep");
	assert_true(has(k, "~turn t2"));
}

static void nor_is_one_to_what_was_heard(void **state)
{
	struct kit *k = *state;

	k->settings.barge_words = 1;
	said_and_answered(k, "yes", 224, "Keep it or cancel it? ");
	quiet_for(k, 96);
	played(k, k->last, 64);
	quiet_for(k, 96);
	voice(k, 448);
	partial(k, "keep");
	assert_true(has(k, "~yield"));
}

static void speaking_is_an_interruption_else(void **state)
{
	struct kit *k = *state;

	said_yes(k, "no");
	drop(k);
	voice(k, 480);
	partial(k, "speaking of that");
	assert_true(has(k, "~yield"));
}

static void test_P09_pauses_in_a_number_do_not_end_the_turn(void **state)
{
	struct kit *k = *state;
	int i;

	greet(k, "What is your ten digit number?");
	zero(k);
	for (i = 0; i < 4; i++) {
		voice(k, 320);
		final(k, "oh one");
		quiet_for(k, 1504);
		expect_nothing(k);
	}
	voice(k, 320);
	final(k, "six seven");
	zero(k);
	quiet_until(k, 200);
	expect(k, "200 ~turn t1 i1 n200000 \"oh one oh one oh one oh one six seven\"", "200 snapshot", "200 ask g1 t1 try 1");
}

/* Each piece stands alone in the silence behind it, the words before it in finals. Ends with the turn of them all. */
static void spells_unasked(struct kit *k, const char *question, const char *const *pieces)
{
	greet(k, question);
	zero(k);
	for (; *pieces; pieces++) {
		voice(k, 320);
		partial(k, *pieces);
		final(k, *pieces);
		if (pieces[1])
			quiet_for(k, 1504);
		expect_nothing(k);
	}
	zero(k);
	quiet_until(k, 1799);
	expect_nothing(k);
	quiet_until(k, 1800);
	assert_true(has(k, "1800 ~turn t1 i3"));
}

static void test_P09_who_spells_unasked_is_waited_for(void **state)
{
	spells_unasked(*state, "What is your name?", (const char *const[]){ "it's A, L, E, X.", "M, O, R.", NULL });
}

static void test_P09_so_is_a_code_or_an_address(void **state)
{
	spells_unasked(*state, "What shall we write down?", (const char *const[]){ "b 7 k", "two l", "alex dot mor", "at example dot", NULL });
}

static void test_P09_letters_to_a_question_for_a_code_are_as_good_as_digits(void **state)
{
	spells_unasked(*state, "What is your booking code?", (const char *const[]){ "it is A L E X", "M O", NULL });
}

static void letters_that_may_change_are_waited_for(void **state)
{
	struct kit *k = *state;

	k->settings.turn_finalize_ms = 2000;
	greet(k, "What is your name?");
	voice(k, 320);
	partial(k, "it's a l e x");
	zero(k);
	quiet_until(k, 1799);
	expect_nothing(k);
}

/* What follows the letters is a sentence again, and what is no letter never was any. */
static void who_has_spelled_is_not_waited_for(void **state)
{
	struct kit *k = *state;

	greet(k, "What is your name?");
	voice(k, 320);
	final(k, "A L E X that is all");
	zero(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t1 i0"));
}

static void by_the_rules_of_before_letters_are_words(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	greet(k, "What is your name?");
	voice(k, 320);
	final(k, "A L E X");
	zero(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t1 i0"));
}

static void test_P09_yes_ends_the_turn_at_once_when_it_was_asked_for(void **state)
{
	struct kit *k = *state;

	greet(k, "Is that right?");
	voice(k, 320);
	final(k, "yes");
	zero(k);
	quiet_until(k, 199);
	expect_nothing(k);
	quiet_until(k, 200);
	expect(k, "200 ~turn t1 i1 n200000 \"yes\"", "200 snapshot", "200 ask g1 t1 try 1");
}

static void test_P09_so_does_a_yes_with_courtesy(void **state)
{
	struct kit *k = *state;

	greet(k, "Is that right?");
	voice(k, 320);
	final(k, "yes please");
	zero(k);
	quiet_until(k, 199);
	expect_nothing(k);
	quiet_until(k, 200);
	expect(k, "200 ~turn t1 i1 n200000 \"yes please\"", "200 snapshot", "200 ask g1 t1 try 1");
}

static void by_the_rules_of_before_it_was_an_answer_like_others(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 2;
	greet(k, "Is that right?");
	voice(k, 320);
	end(k, "yes please");
	zero(k);
	quiet_until(k, 320);
	expect(k, "320 ~turn t1 i4 n320000 \"yes please\"", "320 snapshot", "320 ask g1 t1 try 1");
}

/* Whoever says more than a yes or no, and no more than people say behind one, has answered; the recogniser may think otherwise. */
static void test_P09_so_does_a_longer_answer_that_is_whole(void **state)
{
	static const char *const words[] = { "yes that is all thank you", "no not really", "no I'm fine", "haan bilkul theek hai", "हाँ बिल्कुल ठीक है" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct kit *k = *state;

		greet(k, i % 2 ? "Is your number two zero two?" : "Is that right?");
		voice(k, 320);
		final(k, words[i]);
		zero(k);
		quiet_until(k, 199);
		expect_nothing(k);
		quiet_until(k, 200);
		assert_true(has(k, "200 ~turn t1 i1 n200000"));
		kit_teardown(state);
		kit_setup(state);
	}
}

static void by_older_rules_it_was_no_shorter_than_others(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	greet(k, "Is that right?");
	voice(k, 320);
	final(k, "no not really");
	zero(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t1 i0"));
}

/* "okay" is a nod while the agent speaks; here it answers, and the agent has prepared what it will say to that. */
static void okay_answered_ahead(struct kit *k)
{
	k->settings.turn_preempt = true;
	greet(k, "Is that right?");
	voice(k, 320);
	partial(k, "okay");
	zero(k);
	quiet_until(k, 200);
	assert_int_equal(k->gen, 1);
	text(k, "Very good. Then let us go on with the next one.");
	audio_all(k, 1);
	drop(k);
	final(k, "okay");
}

static void test_P15_an_answer_ahead_makes_no_nod_of_its_question(void **state)
{
	struct kit *k = *state;

	okay_answered_ahead(k);
	expect_nothing(k);
	quiet_until(k, 1200);
	assert_true(has(k, "\"okay\""));
	assert_true(has(k, "~release t1 i1"));
	assert_false(has(k, "~nod"));
}

static void by_the_rules_of_before_it_did(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	okay_answered_ahead(k);
	assert_true(has(k, "~nod"));
}

/* Neither does what the agent begins to say before the final: the words were no nod when they came. */
static void a_partial_that_was_no_nod_stays_none(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "okay");
	quiet_for(k, 96);
	order(k, ORDER_SAY, "One moment please, I will look that up for you in the list of all the parcels that we had today.");
	drop(k);
	final(k, "okay");
	assert_false(has(k, "~nod"));
}

/* The longest of the times counts for what is open, the recogniser's end of turn or not. */
static void test_P09_a_yes_that_goes_on_is_waited_for(void **state)
{
	static const struct {
		const char *words, *turn;
	} cases[] = { { "yes please the", "1200 ~turn t1 i2" }, { "no thank you but", "1200 ~turn t1 i2" }, { "no thank you,", "1200 ~turn t1 i2" },
		{ "yes please one two", "320 ~turn t1 i4" }, { "yes that", "320 ~turn t1 i4" }, { "no I", "1200 ~turn t1 i2" }, { "no because", "1200 ~turn t1 i2" } };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kit *k = *state;

		greet(k, "Is that right?");
		voice(k, 320);
		end(k, cases[i].words);
		zero(k);
		quiet_until(k, 1200);
		assert_true(has(k, cases[i].turn));
		if (i + 1 < sizeof(cases) / sizeof(cases[0])) {
			kit_teardown(state);
			kit_setup(state);
		}
	}
}

/* Behind another question "please" is no answer's end. */
static void courtesy_counts_behind_a_yes_or_no_that_was_asked_for(void **state)
{
	struct kit *k = *state;

	greet(k, "How are you?");
	voice(k, 320);
	end(k, "yes please");
	zero(k);
	quiet_until(k, 320);
	assert_true(has(k, "320 ~turn t1 i4"));
}

static void test_P09_without_its_guard_a_number_is_cut_off(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P09;
	greet(k, "What is your number?");
	voice(k, 320);
	final(k, "oh one six three two");
	zero(k);
	quiet_until(k, 200);
	assert_true(has(k, "200 ~turn t1 i1"));
}

static void what_was_asked_for_holds_for_one_turn(void **state)
{
	struct kit *k = *state;

	greet(k, "What is your number?");
	turn(k, "oh one six three two");
	quiet_for(k, 1280);
	text(k, "Thank you. ");
	done(k);
	spoken(k, k->last);
	turn(k, "and that was all");
	assert_true(has(k, "~turn t2 i0"));
}

/* Only what the agent asks of its own accord counts, and what asks for nothing takes nothing back. */
static void an_ordered_question_asks_for_nothing(void **state)
{
	struct kit *k = *state;

	greet(k, "What is your number?");
	order(k, ORDER_SAY, "Is that right?");
	spoken(k, k->last);
	caller_says(k, "oh one six three two");
	zero(k);
	quiet_until(k, 1800);
	assert_true(has(k, "1800 ~turn t1 i3"));
}

static void words_behind_a_question_take_nothing_back(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	text(k, "What is your number? You have all the time. ");
	done(k);
	spoken(k, 1);
	audio_all(k, 2);
	sent(k, 2);
	quiet_for(k, 1920);
	played(k, 2, 1920);
	caller_says(k, "oh one six three two");
	zero(k);
	quiet_until(k, 1800);
	assert_true(has(k, "1800 ~turn t2 i3"));
}

/* A question, a statement behind it in the same breath, and digits for an answer. */
static void digits_behind_a_statement(struct kit *k, int64_t rules)
{
	k->settings.call_rules = rules;
	greet(k, "What is your number? You have all the time.");
	caller_says(k, "oh one six three two");
	zero(k);
	quiet_until(k, 1800);
}

static void a_statement_leaves_what_the_sentence_before_asked_for(void **state)
{
	digits_behind_a_statement(*state, 2);
	assert_true(has(*state, "1800 ~turn t1 i3"));
}

static void by_the_rules_of_before_the_last_sentence_decided(void **state)
{
	digits_behind_a_statement(*state, 1);
	assert_true(has(*state, "600 ~turn t1 i0"));
}

static void the_recognisers_own_end_counts(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	end(k, "I want some tea");
	zero(k);
	quiet_until(k, 319);
	expect_nothing(k);
	quiet_until(k, 320);
	expect(k, "320 ~turn t1 i4 n320000 \"I want some tea\"", "320 snapshot", "320 ask g1 t1 try 1");
}

static void an_end_without_words_holds_for_those_before(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	end(k, "");
	zero(k);
	quiet_until(k, 320);
	assert_true(has(k, "320 ~turn t1 i4"));
}

static void an_end_is_forgotten_when_words_follow(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	end(k, "I want some tea");
	final(k, "really");
	zero(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t1 i0"));
}

static void an_end_is_forgotten_when_the_turn_is_over(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	end(k, "I want some tea");
	quiet_for(k, 640);
	text(k, "Sure. ");
	done(k);
	spoken(k, k->last);
	voice(k, 320);
	final(k, "thank you so much");
	zero(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t2 i0"));
}

static void an_empty_final_does_not_forget_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	end(k, "I want some tea");
	final(k, "");
	zero(k);
	quiet_until(k, 320);
	assert_true(has(k, "320 ~turn t1 i4"));
}

static void an_end_that_would_come_later_than_silence_does_not_count(void **state)
{
	struct kit *k = *state;

	k->settings.turn_endpoint_ms = 600;
	begin(k);
	voice(k, 320);
	end(k, "I want some tea");
	zero(k);
	quiet_until(k, 600);
	assert_true(has(k, "600 ~turn t1 i0"));
}

static void voice_stops_the_clock_and_keeps_the_words(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 544);
	voice(k, 320);
	quiet_for(k, 96);
	final(k, "with milk");
	expect_nothing(k);
	zero(k);
	quiet_until(k, 503);
	expect_nothing(k);
	quiet_until(k, 504);
	expect(k, "504 ~turn t1 i0 n600000 \"I want some tea with milk\"", "504 snapshot", "504 ask g1 t1 try 1");
}

static void without_voice_the_words_themselves_start_the_clock(void **state)
{
	struct kit *k = *state;

	begin(k);
	final(k, "I want some tea");
	quiet_until(k, 300);
	final(k, "with milk");
	quiet_until(k, 899);
	expect_nothing(k);
	quiet_until(k, 900);
	expect(k, "900 ~turn t1 i0 n600000 \"I want some tea with milk\"", "900 snapshot", "900 ask g1 t1 try 1");
}

/* Voice of the turn before says nothing about this one. */
static void words_after_a_turn_count_from_their_own_time(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	zero(k);
	quiet_until(k, 320);
	final(k, "with milk");
	quiet_until(k, 919);
	expect_nothing(k);
	quiet_until(k, 920);
	expect(k, "920 ~turn t2 i0 n600000 \"with milk\"", "920 cancel g1", "920 snapshot", "920 ask g2 t2 try 1");
	expect_request(k, "caller: I want some tea", "caller: with milk");
}

static void the_same_partial_again_is_no_news(void **state)
{
	struct kit *k = *state;

	begin(k);
	partial(k, "I want");
	quiet_until(k, 100);
	partial(k, "I want");
	quiet_until(k, 159);
	expect_nothing(k);
	quiet_until(k, 160);
	expect(k, "160 finalize s1");
}

static void another_partial_is(void **state)
{
	struct kit *k = *state;

	begin(k);
	partial(k, "I want");
	quiet_until(k, 100);
	partial(k, "I want tea");
	quiet_until(k, 259);
	expect_nothing(k);
	quiet_until(k, 260);
	expect(k, "260 finalize s1");
}

/* ------------------------------------------------------------------ missing finals */

static void a_partial_is_finalized_and_its_final_ends_the_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some");
	zero(k);
	quiet_until(k, 159);
	expect_nothing(k);
	quiet_until(k, 160);
	expect(k, "160 finalize s1");
	quiet_until(k, 400);
	final(k, "I want some tea");
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 snapshot", "600 ask g1 t1 try 1");
}

static void a_missing_final_is_waited_for_and_no_longer(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 1299);
	expect(k, "160 finalize s1");
	quiet_until(k, 1300);
	expect(k, "1300 ~turn t1 i5 n1300000 \"I want some tea\"", "1300 snapshot", "1300 ask g1 t1 try 1");
	expect_request(k, "caller: I want some tea");
}

static void a_final_that_comes_in_that_wait_ends_the_turn_at_once(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 800);
	drop(k);
	final(k, "I want some tea");
	expect_nothing(k);
	quiet_until(k, 801);
	expect(k, "800 ~turn t1 i5 n800000 \"I want some tea\"", "800 snapshot", "800 ask g1 t1 try 1");
}

static void a_late_finalize_is_made_up_for_at_the_turns_end(void **state)
{
	struct kit *k = *state;

	k->settings.turn_finalize_ms = 700;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 600);
	expect(k, "600 finalize s1");
	quiet_until(k, 1200);
	expect_nothing(k);
	quiet_until(k, 1300);
	assert_true(has(k, "1300 ~turn t1 i5 n1300000"));
}

static void a_final_with_the_turns_words_brings_nothing_new(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	zero(k);
	final(k, "I want some tea.");
	quiet_for(k, 1024);
	expect_nothing(k);
	final(k, "I want some tea."); /* said once more */
	quiet_until(k, 1624);
	expect(k,
		"1188 speak u1.1 \"Let me see.\"",
		"1224 ~turn t2 i1 n200000 \"I want some tea.\"",
		"1224 ~heard t1 i1 n1",
		"1224 unspeak u1",
		"1224 cancel g1",
		"1224 snapshot",
		"1224 ask g2 t2 try 1");
}

/* The final that is owed comes late: what the caller has begun to say since then stays. */
static void an_owed_final_takes_no_newer_words_away(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	voice(k, 320);
	partial(k, "and two biscuits");
	final(k, "I want some tea");
	quiet_for(k, 1312);
	assert_true(has(k, "~turn t2 i5 n1300000 \"and two biscuits\""));
}

/* The recogniser forgot the final of digits: it goes on with what came behind them, by position. */
static void digits_without_a_final(struct kit *k, uint64_t *from)
{
	greet(k, "What is the parcel number?");
	voice(k, 320);
	final(k, "nine one four");
	quiet_for(k, 640);
	*from = k->sample;
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_PARTIAL, "seven three eight", *from);
	quiet_for(k, 1120);
	voice(k, 320);
	drop(k);
}

static void a_partial_behind_another_leaves_its_words(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	digits_without_a_final(k, &from);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five", k->sample - 1600);
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five six", k->sample - 4000);
	quiet_for(k, 3008);
	assert_true(has(k, "\"nine one four seven three eight five six\""));
}

static void so_does_a_final_behind_it(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	digits_without_a_final(k, &from);
	transcript_from(k, TRANSCRIPT_FINAL, "five six", k->sample - 1600);
	quiet_for(k, 3008);
	assert_true(has(k, "\"nine one four seven three eight five six\""));
}

/* The same word, said again further on. */
static void the_same_digit_behind_itself_is_two(void **state)
{
	struct kit *k = *state;

	greet(k, "What is the parcel number?");
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five", k->sample - 1600);
	quiet_for(k, 1120);
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five", k->sample - 1600);
	quiet_for(k, 3008);
	assert_true(has(k, "\"five five\""));
}

static void a_final_of_words_that_were_kept_counts_once(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	digits_without_a_final(k, &from);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five six", k->sample - 1600);
	transcript_from(k, TRANSCRIPT_FINAL, "seven three eight", from);
	quiet_for(k, 3008);
	assert_true(has(k, "\"nine one four seven three eight five six\""));
}

/* It comes when the turn is over. */
static void nor_is_it_the_next_turn(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	digits_without_a_final(k, &from);
	transcript_from(k, TRANSCRIPT_PARTIAL, "five", k->sample - 1600);
	transcript_from(k, TRANSCRIPT_PARTIAL, "", k->sample - 1600);
	quiet_for(k, 3008);
	assert_true(has(k, "\"nine one four seven three eight\""));
	drop(k);
	transcript_from(k, TRANSCRIPT_FINAL, "seven three eight", from);
	quiet_for(k, 3008);
	assert_false(has(k, "~turn"));
}

static void heard(struct kit *k, enum transcript_kind kind, const char *words, uint64_t from, uint64_t to)
{
	struct call_input in = { .type = IN_TRANSCRIPT, .kind = kind, .stream = k->stream, .text = words, .text_len = strlen(words), .position = from,
		.position2 = to };

	kit_step(k, &in);
}

/* The recogniser forgets two finals in one turn, and is in the middle of a third piece. from[i] is where each begins. */
static void two_finals_missing(struct kit *k, uint64_t *from)
{
	static const char *const pieces[] = { "seven three eight", "four two", "five six" };
	unsigned int i;

	greet(k, "What is the parcel number?");
	for (i = 0; i < 3; i++) {
		quiet_for(k, 640);
		from[i] = k->sample;
		voice(k, 320);
		heard(k, TRANSCRIPT_PARTIAL, pieces[i], from[i], k->sample);
	}
	from[3] = k->sample;
	drop(k);
}

static void turns_into(struct kit *k, const char *words)
{
	quiet_for(k, 3008);
	if (!has(k, words) || times(k, "~turn") != 1)
		fail_msg("not %s, but %s", words, buf_str(&k->log));
	drop(k);
}

static void a_final_that_revises_kept_words_takes_their_place(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "seven three nine", from[0], from[0] + 2560);
	turns_into(k, "\"seven three nine four two five six\"");
	heard(k, TRANSCRIPT_FINAL, "four two", from[1], from[1] + 2560);
	heard(k, TRANSCRIPT_FINAL, "five six", from[2], from[3]);
	quiet_for(k, 3008);
	assert_false(has(k, "~turn"));
}

static void so_does_one_of_the_second_words_kept(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "forty two", from[1], from[1] + 2560);
	heard(k, TRANSCRIPT_FINAL, "seven three", from[0], from[0] + 2560);
	heard(k, TRANSCRIPT_FINAL, "five six", from[2], from[3]);
	turns_into(k, "\"seven three forty two five six\"");
}

static void and_one_of_them_both(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "Seven three eight, four three.", from[0], from[1] + 2560);
	turns_into(k, "\"Seven three eight, four three. five six\"");
}

static void words_between_are_put_where_they_were_said(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "seven three eight one", from[0], from[1] - 800);
	turns_into(k, "\"seven three eight one four two five six\"");
}

static void kept_words_may_have_two_finals(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "seven", from[0], from[0] + 800);
	heard(k, TRANSCRIPT_FINAL, "three nine", from[0] + 800, from[0] + 2560);
	turns_into(k, "\"seven three nine four two five six\"");
}

static void two_finals_that_come_late_are_both_known(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	turns_into(k, "\"seven three eight four two five six\"");
	heard(k, TRANSCRIPT_FINAL, "seven three eight", from[0], from[0] + 2560);
	heard(k, TRANSCRIPT_FINAL, "four two", from[1], from[1] + 2560);
	heard(k, TRANSCRIPT_FINAL, "five six", from[2], from[3]);
	quiet_for(k, 3008);
	assert_false(has(k, "~turn"));
}

static void so_are_all_three_in_one(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	turns_into(k, "\"seven three eight four two five six\"");
	heard(k, TRANSCRIPT_FINAL, "seven three eight four two five six nine", from[0], from[3] + 2560);
	turns_into(k, "\"nine\"");
}

static void a_late_empty_final_leaves_the_words_behind_it(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "", from[1], from[1] + 2560);
	turns_into(k, "\"seven three eight four two five six\"");
}

static void an_empty_final_of_the_same_words_takes_them_back(void **state)
{
	struct kit *k = *state;
	uint64_t from[4];

	two_finals_missing(k, from);
	heard(k, TRANSCRIPT_FINAL, "", from[2], from[3]);
	turns_into(k, "\"seven three eight four two\"");
}

/* Of more than there is room for the oldest is forgotten: its final is new words, and the newest is known. */
static void no_more_than_four_finals_are_waited_for(void **state)
{
	static const char *const words[] = { "one", "two", "three", "four", "five", "six" };
	struct kit *k = *state;
	uint64_t from[6];
	unsigned int i;

	greet(k, "What is the parcel number?");
	for (i = 0; i < 6; i++) {
		quiet_for(k, 640);
		from[i] = k->sample;
		voice(k, 320);
		heard(k, TRANSCRIPT_PARTIAL, words[i], from[i], k->sample);
	}
	for (i = 1; i < 6; i++)
		heard(k, TRANSCRIPT_FINAL, words[i], from[i], from[i] + 2560);
	heard(k, TRANSCRIPT_FINAL, "nine", from[0], from[0] + 2560);
	turns_into(k, "\"one two three four five six nine\"");
}

/* It is said otherwise, from the same place on; a place that is not known is none behind it. */
static void a_partial_from_the_same_place_takes_the_others(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	digits_without_a_final(k, &from);
	transcript_from(k, TRANSCRIPT_PARTIAL, "seventy three eight five", from);
	transcript_from(k, TRANSCRIPT_PARTIAL, "seventy three eighty five", 0);
	quiet_for(k, 3008);
	assert_true(has(k, "\"nine one four seventy three eighty five\""));
}

/* Of the final of a partial that a key made a turn of, what stands behind it is new. */
static void digits_of_a_turn_stand_in_one(void **state)
{
	struct kit *k = *state;
	uint64_t from;

	begin(k);
	pass(k, 500);
	from = k->sample;
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_PARTIAL, "four seven", from);
	digit(k, '1');
	digit(k, '#');
	assert_true(has(k, "four seven\""));
	drop(k);
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_FINAL, "Four seven, two nine.", from);
	quiet_for(k, 3008);
	assert_true(has(k, "\"two nine.\""));
}

/* The same words, but of audio that came after the turn. */
static void the_same_words_said_again_are_a_turn(void **state)
{
	struct kit *k = *state;
	uint64_t at;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1280);
	pass(k, 20);
	at = k->sample;
	assert_true(has(k, "~turn t1"));
	drop(k);
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_FINAL, "I want some tea", at);
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2"));
}

static void one_sample_earlier_they_are_of_that_turn(void **state)
{
	struct kit *k = *state;
	uint64_t at;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1280);
	pass(k, 20);
	at = k->sample;
	drop(k);
	voice(k, 320);
	transcript_from(k, TRANSCRIPT_FINAL, "I want some tea", at - 1);
	quiet_for(k, 640);
	expect_nothing(k);
}

/* Late words of a turn that is being answered do not interrupt the answer; they are a turn when it is said. */
static void late_words_of_a_turn_do_not_interrupt_its_answer(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	final(k, "I want some tea and biscuits");
	expect_nothing(k);
	quiet_for(k, 3200);
	played(k, 1, 3200);
	quiet_for(k, 32);
	assert_true(has(k, "~turn t2"));
}

static void new_words_do(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	transcript_from(k, TRANSCRIPT_FINAL, "no rather biscuits", k->sample);
	assert_true(has(k, "~yield t1 i0"));
}

/* Nothing of the turn is owed: what comes is new, though its audio began before the turn was over. */
static void new_words_that_began_before_the_turns_end_do_too(void **state)
{
	struct kit *k = *state;
	uint64_t at;

	begin(k);
	turn(k, "I want some tea");
	at = k->sample;
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	transcript_from(k, TRANSCRIPT_FINAL, "no rather biscuits", at - 800);
	assert_true(has(k, "~yield t1 i0"));
}

static void so_do_words_that_begin_where_the_turn_ended(void **state)
{
	struct kit *k = *state;
	uint64_t at;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1280);
	pass(k, 20);
	at = k->sample;
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	transcript_from(k, TRANSCRIPT_FINAL, "no rather biscuits", at);
	assert_true(has(k, "~yield t1 i0"));
}

static void of_a_final_with_more_words_those_are_a_turn_of_its_own(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	zero(k);
	final(k, "I want some tea and biscuits");
	quiet_until(k, 600);
	expect(k, "600 ~turn t2 i0 n600000 \"and biscuits\"", "600 cancel g1", "600 snapshot", "600 ask g2 t2 try 1");
}

static void by_older_rules_they_come_again(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	final(k, "I want some tea and biscuits");
	quiet_for(k, 640);
	assert_true(has(k, "\"I want some tea and biscuits\""));
}

static void a_final_with_other_words_is_a_turn_of_its_own(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	quiet_for(k, 1312);
	final(k, "I want some toffee");
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2 i0 n600000 \"I want some toffee\""));
}

static void an_empty_final_takes_the_partial_away(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 64);
	partial(k, "hm hm hm");
	final(k, "");
	zero(k);
	quiet_for(k, 1600);
	assert_false(has(k, "~turn"));
}

static void a_final_of_punctuation_is_empty(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 64);
	final(k, "...");
	zero(k);
	quiet_for(k, 1600);
	expect_nothing(k);
}

static void finals_and_a_partial_are_one_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want");
	final(k, "some");
	partial(k, "tea");
	zero(k);
	quiet_until(k, 1300);
	assert_true(has(k, "\"I want some tea\""));
}

static void test_N5_without_its_guard_finals_are_lost(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_N5;
	begin(k);
	turn(k, "I want some tea");
	expect_nothing(k);
}

static void a_turn_holds_at_most_eight_thousand_bytes(void **state)
{
	static char words[4000];
	struct kit *k = *state;
	int i;

	memset(words, 'a', sizeof(words) - 1);
	begin(k);
	for (i = 0; i < 4; i++)
		final(k, words);
	final(k, "b");
	quiet_for(k, 640);
	assert_true(has(k, "~turn t1 i0"));
	assert_in_range(k->request.len, 2 * 3999, 8192 + strlen("caller: "));
	assert_int_equal(buf_str(&k->request)[k->request.len - 1], 'b');
}

/* ------------------------------------------------------------------ stalls of the line */

static void silence_that_nobody_heard_is_not_counted(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 448);
	zero(k);
	pass(k, 251); /* the turn's end is 152 ms away: the last chunk is too old then */
	expect_nothing(k);
	pass(k, 1);
	expect_nothing(k);
	pass(k, 2600);
	expect_nothing(k);
	pass(k, 199);
	expect_nothing(k);
	pass(k, 1); /* by then the session has said that the media is lost; there is a deadline all the same */
	expect(k, "3052 ~turn t1 i0 n3500000 \"I want some tea\"", "3052 snapshot", "3052 ask g1 t1 try 1");
}

static void a_tenth_of_a_second_is_no_stall(void **state)
{
	struct kit *k = *state;

	k->settings.turn_silence_ms = 548;
	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 448);
	zero(k);
	pass(k, 100);
	expect(k, "100 ~turn t1 i0 n548000 \"I want some tea\"", "100 snapshot", "100 ask g1 t1 try 1");
}

/* In a call of before. */
static void a_stall_of_a_second_is_silence_after_all(void **state)
{
	struct kit *k = *state;

	k->settings.turn_heard = k->settings.turn_late_apart = false;
	k->settings.turn_silence_ms = 1032;
	begin(k);
	voice(k, 320);
	quiet_for(k, 32);
	final(k, "I want some tea");
	zero(k);
	pass(k, 999);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "1000 ~turn t1 i0 n1032000 \"I want some tea\"", "1000 snapshot", "1000 ask g1 t1 try 1");
}

static void a_stall_of_less_is_not(void **state)
{
	struct kit *k = *state;

	k->settings.turn_heard = k->settings.turn_late_apart = false;
	k->settings.turn_silence_ms = 1031;
	begin(k);
	voice(k, 320);
	quiet_for(k, 32);
	final(k, "I want some tea");
	zero(k);
	pass(k, 1098);
	expect_nothing(k);
	pass(k, 1);
	expect(k, "1099 ~turn t1 i5 n1131000 \"I want some tea\"", "1099 snapshot", "1099 ask g1 t1 try 1");
}

static void after_a_stall_the_silence_goes_on_counting(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	zero(k);
	quiet_for(k, 448);
	pass(k, 200);
	expect_nothing(k);
	quiet_for(k, 64);
	expect(k, "700 ~turn t1 i0 n700000 \"I want some tea\"", "700 snapshot", "700 ask g1 t1 try 1");
}

/* The call is younger than a stall is long, and no chunk has come yet. */
static void the_first_words_of_a_call_may_come_before_its_first_chunk(void **state)
{
	struct kit *k = *state;

	kit_open(k);
	pass(k, 1);
	simple(k, IN_START);
	pass(k, 49);
	final(k, "Is anybody there?");
	drop(k);
	pass(k, 199);
	expect_nothing(k);
	pass(k, 1);
	assert_true(has(k, "250 ~turn t1 i1 n200000"));
}

/* ------------------------------------------------------------------ recogniser streams */

static void a_stream_is_open_while_it_rings(void **state)
{
	struct kit *k = *state;

	kit_open(k);
	pass(k, 1);
	simple(k, IN_PREPARE);
	expect(k, "1 listen s1 from 0");
	pass(k, 999);
	simple(k, IN_START);
	expect_nothing(k);
}

static void test_P24_without_its_guard_nothing_is_open_before_the_answer(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P24;
	kit_open(k);
	pass(k, 1);
	simple(k, IN_PREPARE);
	expect_nothing(k);
	simple(k, IN_START);
	expect(k, "1 listen s1 from 0");
}

static void other_streams_are_not_listened_to(void **state)
{
	struct kit *k = *state;

	begin(k);
	k->stream = 2;
	final(k, "I want some tea");
	quiet_for(k, 640);
	expect_nothing(k);
	stt_down(k, 2);
	stt_down(k, 0);
	expect_nothing(k);
}

static void a_dead_stream_is_replaced_after_a_breath(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 96);
	zero(k);
	stt_down(k, 1);
	expect(k, "0 ~retry t0 i2 n1");
	stt_down(k, 1);
	expect_nothing(k);
	quiet_until(k, 199);
	expect_nothing(k);
	quiet_until(k, 200);
	expect(k, "200 listen s2 from 2304");
	quiet_for(k, 1600);
	expect_nothing(k);
}

static void the_breath_doubles_up_to_two_seconds(void **state)
{
	static const unsigned int waits[] = { 200, 400, 800, 1600, 2000, 2000 };
	char line[80];
	struct kit *k = *state;
	unsigned int i;

	begin(k);
	for (i = 0; i < 6; i++) {
		zero(k);
		stt_down(k, k->stream);
		snprintf(line, sizeof(line), "0 ~retry t0 i2 n%u", i + 1);
		expect(k, line);
		pass(k, waits[i] - 1);
		expect_nothing(k);
		pass(k, 1);
		assert_int_equal(k->stream, i + 2);
	}
	partial(k, "hello");
	zero(k);
	stt_down(k, k->stream);
	expect(k, "0 ~retry t0 i2 n1");
	pass(k, 200);
	assert_int_equal(k->stream, 8);
}

static void an_odd_breath_never_exceeds_two_seconds(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.stt_retry_ms = 1999;
	begin(k);
	for (i = 0; i < 2; i++) {
		stt_down(k, k->stream);
		pass(k, 1998 + (unsigned int)i);
		zero(k);
		pass(k, 1);
		assert_true(has(k, "1 listen"));
	}
	k->settings.stt_retry_ms = 3000;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	stt_down(k, k->stream);
	pass(k, 1999);
	zero(k);
	pass(k, 1);
	assert_true(has(k, "1 listen"));
}

/* Nobody spoke since the last final: the new stream needs nothing of the past. */
static void a_new_stream_begins_where_the_audio_is_when_nothing_is_owed(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 640);
	zero(k);
	stt_down(k, 1);
	quiet_for(k, 224);
	expect(k, "0 ~retry t1 i2 n1", "200 listen s2 from 9216");
}

static void a_new_stream_begins_before_the_voice_that_is_owed(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 960);
	voice(k, 320);
	zero(k);
	stt_down(k, 1);
	voice(k, 224);
	expect(k, "0 ~retry t0 i2 n1", "200 listen s2 from 3680");
}

static void a_new_stream_begins_no_earlier_than_the_last_final(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 960);
	caller_says(k, "I want");
	quiet_for(k, 320);
	voice(k, 64);
	zero(k);
	stt_down(k, 1);
	voice(k, 224);
	expect(k, "0 ~retry t0 i2 n1", "200 listen s2 from 10240");
}

static void a_new_stream_begins_no_earlier_than_the_call(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 480);
	voice(k, 320);
	zero(k);
	stt_down(k, 1);
	voice(k, 224);
	expect(k, "0 ~retry t0 i2 n1", "200 listen s2 from 0");
}

/* The final came in the middle of the voice: what goes on is owed from there. */
static void voice_that_goes_on_behind_a_final_is_owed(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 960);
	caller_says(k, "I want");
	voice(k, 64);
	zero(k);
	stt_down(k, 1);
	voice(k, 224);
	expect(k, "0 ~retry t0 i2 n1", "200 listen s2 from 10240");
}

static void a_new_stream_takes_the_partial_of_the_old_one_away(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I want some");
	stt_down(k, 1);
	quiet_for(k, 224);
	drop(k);
	quiet_for(k, 640);
	expect_nothing(k);
	final(k, "I want some tea");
	quiet_for(k, 32);
	assert_true(has(k, "~turn t1 i5"));
	assert_true(has(k, "\"I want some tea\""));
}

static void a_dead_stream_is_not_asked_to_finish(void **state)
{
	struct kit *k = *state;

	k->settings.stt_retry_ms = 5000;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	stt_down(k, 1);
	drop(k);
	quiet_for(k, 320);
	expect_nothing(k);
}

static void a_stream_that_says_nothing_to_much_voice_is_dead(void **state)
{
	struct kit *k = *state;

	k->settings.turn_noise_ms = 10000;
	begin(k);
	voice(k, 480);
	quiet_until(k, 1999);
	expect_nothing(k);
	quiet_until(k, 2000);
	expect(k, "2000 ~retry t0 i2 n1");
	quiet_until(k, 2200);
	expect(k, "2200 listen s2 from 0");
}

/* Half a second of voice that arrives in one moment is long overdue for words; since the call's very first moment, here. */
static void voice_that_comes_at_once_is_found_overdue_at_once(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.stt_stall_ms = 300;
	kit_open(k);
	simple(k, IN_START);
	k->now_us = 180000;
	for (i = 0; i < 15; i++) {
		struct call_input in = { .type = IN_VOICE, .number = LOUD, .position = k->sample };

		kit_step(k, &in);
		k->sample += VOICE_CHUNK_SAMPLES;
	}
	drop(k);
	pass(k, 0);
	expect(k, "180 ~retry t0 i2 n1");
}

/* N5: what it says before the next one is opened is the caller's word all the same. */
static void N5_a_stream_that_was_given_up_is_heard_until_the_next_is_opened(void **state)
{
	struct kit *k = *state;

	k->settings.turn_noise_ms = 10000;
	begin(k);
	voice(k, 480);
	quiet_until(k, 2100);
	assert_true(has(k, "~retry t0 i2 n1"));
	drop(k);
	final(k, "an appointment please");
	quiet_until(k, 4000);
	assert_true(has(k, "~turn t1"));
	assert_true(has(k, "\"an appointment please\""));
	assert_false(has(k, "listen s2"));
}

/* A turn of two parts: the first is final, the words of the second were a partial of a stream that died. At 200 the next one is opened. */
static void half_is_taken_along(struct kit *k)
{
	begin(k);
	voice(k, 640);
	final(k, "my son has a bad tooth");
	voice(k, 640);
	partial(k, "can somebody look at");
	zero(k);
	stt_down(k, 1);
	quiet_until(k, 200);
	assert_true(has(k, "200 listen s2"));
	drop(k);
}

static void N5_words_that_a_dead_stream_took_along_are_waited_for(void **state)
{
	struct kit *k = *state;

	half_is_taken_along(k);
	quiet_until(k, 700); /* silence enough for what is left, long ago */
	assert_false(has(k, "~turn"));
	partial(k, "can somebody");
	quiet_until(k, 800);
	assert_false(has(k, "~turn"));
	final(k, "can somebody look at it");
	pass(k, 0);
	assert_true(has(k, "~turn t1 i5"));
	assert_true(has(k, "\"my son has a bad tooth can somebody look at it\""));
}

static void words_that_nobody_hears_again_are_not_waited_for_for_ever(void **state)
{
	struct kit *k = *state;

	half_is_taken_along(k);
	quiet_until(k, 1299); /* the turn was due at 600, a late final gets 700 */
	assert_false(has(k, "~turn"));
	quiet_until(k, 1300);
	assert_true(has(k, "1300 ~turn t1 i5"));
	assert_true(has(k, "\"my son has a bad tooth\""));
}

/* A call that was recorded before does what it did. */
static void by_the_rules_of_before_they_were_not_waited_for(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 0;
	half_is_taken_along(k);
	quiet_until(k, 700);
	assert_true(has(k, "~turn t1 i0"));
	assert_true(has(k, "\"my son has a bad tooth\""));
}

static void a_stream_that_says_nothing_to_little_voice_may_be_right(void **state)
{
	struct kit *k = *state;

	k->settings.turn_noise_ms = 10000;
	begin(k);
	voice(k, 448);
	quiet_until(k, 4000);
	expect_nothing(k);
}

static void more_voice_does_not_put_it_off(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 1984);
	expect_nothing(k);
	voice(k, 32);
	assert_true(has(k, "2000 ~retry t0 i2 n1"));
}

static void a_transcript_proves_that_it_lives(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 960);
	partial(k, "I");
	voice(k, 1472);
	assert_false(has(k, "~retry"));
	zero(k);
	voice(k, 96);
	assert_true(has(k, "80 ~retry t0 i2 n1"));
}

static void a_stream_that_is_down_is_not_found_dead_again(void **state)
{
	struct kit *k = *state;

	k->settings.stt_retry_ms = 5000;
	begin(k);
	voice(k, 640);
	stt_down(k, 1);
	drop(k);
	voice(k, 1920);
	expect_nothing(k);
}

/* ------------------------------------------------------------------ voice without words */

static void test_P10_voice_without_words_is_asked_about(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 96);
	zero(k);
	quiet_until(k, 1199);
	expect_nothing(k);
	quiet_until(k, 1200);
	expect(k, "1200 ~retry t0 i2 n1", "1200 listen s2 from 0", "1200 ~noise t0 i0 n96000", "1200 speak u1.1 \"Sorry, I did not catch that.\"");
	quiet_for(k, 1600);
	assert_false(has(k, "~noise"));
}

/* A short word into a recogniser that died without a sign: up to the moment in which the agent says that he did not catch it. */
static void unheard_yes(struct kit *k)
{
	begin(k);
	turn(k, "hello");
	text(k, "Shall we bring it tomorrow? ");
	done(k);
	spoken(k, k->last);
	quiet_for(k, 960);
	voice(k, 320);
	zero(k);
	quiet_until(k, 1200);
}

static void a_word_that_a_dead_stream_took_is_heard_by_the_next(void **state)
{
	struct kit *k = *state;

	unheard_yes(k);
	expect(k, "1200 ~retry t1 i2 n1", "1200 listen s2 from 24160", "1200 ~noise t1 i0 n320000", "1200 speak u2.1 \"Sorry, I did not catch that.\"");
	quiet_until(k, 1400);
	final(k, "yes");
	assert_true(has(k, "unspeak u2"));
	quiet_until(k, 1440);
	assert_true(has(k, "~turn t2"));
	assert_true(has(k, "ask g2 t2"));
	expect_request(k, "caller: hello", "agent: Shall we bring it tomorrow?", "caller: yes");
}

static void what_is_ready_to_be_said_of_it_is_not_said(void **state)
{
	struct kit *k = *state;

	unheard_yes(k);
	audio_all(k, k->last);
	assert_true(has(k, "play u2.2 from 0"));
	final(k, "yes");
	quiet_until(k, 1440);
	assert_true(has(k, "hold"));
	assert_true(has(k, "~turn t2"));
	assert_int_equal(times(k, "~noise"), 1);
}

static void what_is_begun_of_it_is_interrupted_as_ever(void **state)
{
	struct kit *k = *state;

	unheard_yes(k);
	audio_all(k, k->last);
	sent(k, k->last);
	quiet_until(k, 1400);
	final(k, "yes");
	assert_false(has(k, "~yield"));
	final(k, "tomorrow");
	assert_true(has(k, "~yield"));
}

static void an_empty_final_is_a_sign_of_life(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	quiet_for(k, 96);
	final(k, "");
	quiet_for(k, 1600);
	assert_true(has(k, "~noise"));
	assert_false(has(k, "listen s2"));
}

/* A click behind it is no voice that anything is owed to. */
static void a_click_behind_an_empty_final_is_none(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	quiet_for(k, 320);
	final(k, "");
	voice(k, 32);
	quiet_for(k, 1600);
	assert_true(has(k, "~noise"));
	assert_false(has(k, "listen s2"));
}

static void each_cough_opens_no_stream(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	begin(k);
	for (i = 0; i < 4; i++) {
		voice(k, 320);
		quiet_for(k, 1248);
		spoken(k, k->last);
		quiet_for(k, 640);
	}
	assert_int_equal(times(k, "~noise"), 4);
	assert_int_equal(times(k, "listen s"), 1);
	turn(k, "hello");
	text(k, "Hello. ");
	done(k);
	spoken(k, k->last);
	voice(k, 320);
	quiet_for(k, 1248);
	assert_int_equal(times(k, "~noise"), 5);
	assert_int_equal(times(k, "listen s"), 2);
}

/* It was opened behind the voice, and was given all of it. */
static void a_stream_that_just_began_is_waited_for(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	zero(k);
	stt_down(k, k->stream);
	quiet_until(k, 1200);
	assert_true(has(k, "~noise"));
	assert_int_equal(times(k, "listen s"), 1);
}

static void a_call_of_before_forgets_a_word_that_a_dead_stream_took(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	unheard_yes(k);
	assert_true(has(k, "~noise"));
	assert_false(has(k, "listen"));
}

/* The recogniser takes its words back, were they a letter, and has no others. */
static void test_P10_words_that_are_taken_back_are_asked_about(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I");
	zero(k);
	quiet_until(k, 128);
	final(k, "");
	quiet_until(k, 1199);
	assert_false(has(k, "~noise"));
	quiet_until(k, 1200);
	assert_true(has(k, "1200 ~noise t0 i0 n320000"));
	assert_true(has(k, "\"Sorry, I did not catch that.\""));
}

static void test_P10_words_that_died_with_their_stream_are_asked_about(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	partial(k, "I");
	zero(k);
	stt_down(k, 1);
	quiet_until(k, 1199);
	assert_true(has(k, "listen s2"));
	assert_false(has(k, "~noise"));
	quiet_until(k, 1200);
	assert_true(has(k, "1200 ~noise t0 i0 n320000"));
}

/* Some of the words stay: they are the turn. */
static void words_that_stay_are_a_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "two of them");
	partial(k, "please");
	final(k, "");
	quiet_until(k, 2000);
	assert_false(has(k, "~noise"));
	assert_true(has(k, "\"two of them\""));
}

/* The words an answer was asked ahead with died with their stream, and the next one hears none: the answer is to nothing. */
static void test_P10_an_answer_to_words_that_are_gone_does_not_hang_the_turn(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	voice(k, 320);
	partial(k, "that is fine.");
	quiet_for(k, 128);
	assert_true(has(k, "ask g1"));
	text(k, "Fine, thanks. And then?");
	done(k);
	stt_down(k, 1);
	drop(k);
	quiet_until(k, 1400);
	quiet_for(k, 320);
	assert_true(has(k, "~discard"));
	assert_true(has(k, "~noise"));
	assert_true(has(k, "\"Sorry, I did not catch that.\""));
}

static void test_P10_the_second_time_in_other_words(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	for (i = 0; i < 3; i++) {
		voice(k, 96);
		quiet_for(k, 1216);
		spoken(k, k->last);
	}
	assert_int_equal(times(k, "\"Sorry, I did not catch that.\"\n"), 4);
	assert_int_equal(times(k, "\"Pardon? I did not get that.\"\n"), 2);
}

static void test_P10_without_its_guard_nothing_is_said(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P10;
	begin(k);
	voice(k, 96);
	quiet_for(k, 1600);
	expect_nothing(k);
}

static void two_chunks_of_voice_are_not_asked_about(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 64);
	quiet_for(k, 1600);
	expect_nothing(k);
}

static void more_voice_puts_it_off(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 96);
	quiet_for(k, 1152);
	voice(k, 32);
	zero(k);
	quiet_until(k, 1199);
	expect_nothing(k);
	quiet_until(k, 1200);
	assert_true(has(k, "1200 ~noise t0 i0 n32000"));
}

static void words_are_an_answer_to_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 96);
	partial(k, "tea");
	quiet_for(k, 320);
	final(k, "tea");
	quiet_for(k, 1600);
	assert_true(has(k, "~turn"));
	assert_false(has(k, "~noise"));
}

static void punctuation_is_none(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 96);
	partial(k, "");
	final(k, "...");
	quiet_for(k, 1216);
	assert_true(has(k, "1296 ~noise"));
}

static void nothing_is_asked_while_the_agent_speaks_or_thinks(void **state)
{
	struct kit *k = *state;

	k->settings.llm_filler_ms = k->settings.llm_second_ms = 20000;
	begin(k);
	turn(k, "I want some tea");
	voice(k, 96);
	drop(k);
	quiet_for(k, 1600);
	expect_nothing(k);
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, k->last);
	sent(k, k->last);
	drop(k);
	voice(k, 64);
	quiet_for(k, 2048);
	expect_nothing(k);
}

/* A tool's result came into the noise: it is answered when the noise is over, and nobody asks what was said. */
static void nothing_is_asked_when_an_answer_is_owed(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	voice(k, 96);
	result(k, 1, 0, TOOL_OK, "green");
	quiet_for(k, 32);
	drop(k);
	pass(k, 1300); /* the line stalls: nobody knows yet that the noise is over */
	expect_nothing(k);
	quiet_for(k, 256);
	assert_true(has(k, "ask g2 t1 try 1"));
}

static void nothing_is_asked_over_a_disclosure(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.greeting, ten);
	k->brief.greeting_whole = true;
	begin(k);
	audio_all(k, 1);
	sent(k, 1);
	voice(k, 320);
	drop(k);
	quiet_for(k, 1600);
	expect_nothing(k);
}

/* Its voice is slow: what the caller says meanwhile is answered behind it. */
static void words_before_a_disclosure_wait_for_its_end(void **state)
{
	struct kit *k = *state;

	k->settings.tts_first_ms = 20000;
	strcpy(k->brief.greeting, "This call is recorded.");
	k->brief.greeting_whole = true;
	begin(k);
	turn(k, "I want some tea");
	assert_false(has(k, "~turn"));
	spoken(k, 1);
	quiet_for(k, 32);
	assert_true(has(k, "~turn t1"));
}

/* Silence while the line is away was heard by nobody: the turn waits, and what was still to be waited for is waited for then. */
static void no_turn_ends_while_the_line_is_away(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	zero(k);
	quiet_until(k, 320);
	simple(k, IN_MEDIA_LOST);
	pass(k, 4000);
	assert_false(has(k, "~turn"));
	simple(k, IN_ATTACHED);
	assert_false(has(k, "~turn"));
	quiet_for(k, 256);
	assert_false(has(k, "~turn"));
	quiet_for(k, 64);
	assert_true(has(k, "~turn t1 i0 n600000 \"I want some tea\""));
}

/* What is said on the new line belongs to the same turn. */
static void a_turn_goes_on_over_a_line_that_broke(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 320);
	simple(k, IN_MEDIA_LOST);
	pass(k, 4000);
	simple(k, IN_ATTACHED);
	voice(k, 320);
	final(k, "and some cake");
	quiet_for(k, 608);
	assert_true(has(k, "\"I want some tea and some cake\""));
	assert_false(has(k, "~turn t2"));
}

/* The line breaks in the middle of the second word; the final of the first comes meanwhile, and the new stream is refused. */
static void refused_behind_a_takeover(struct kit *k)
{
	begin(k);
	voice(k, 320);
	quiet_for(k, 64);
	voice(k, 96);
	simple(k, IN_MEDIA_LOST);
	k->sample -= 768;
	final(k, "I want");
	k->sample += 768;
	pass(k, 1000);
	zero(k);
	simple(k, IN_ATTACHED);
	stt_down(k, k->stream);
	quiet_for(k, 224);
}

static void test_N5_a_stream_refused_behind_a_takeover_leaves_its_start_to_the_next(void **state)
{
	struct kit *k = *state;

	refused_behind_a_takeover(k);
	expect(k, "0 listen s2 from 3072", "0 ~retry t0 i2 n1", "200 listen s3 from 3072");
	final(k, "some tea");
	quiet_for(k, 960);
	drop(k);
	stt_down(k, 3);
	quiet_for(k, 224);
	assert_true(has(k, "listen s4 from 14848")); /* what it heard is not heard twice */
}

static void by_the_rules_of_before_the_next_began_at_the_silence(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	refused_behind_a_takeover(k);
	expect(k, "0 listen s2 from 3072", "0 ~retry t0 i2 n1", "200 listen s3 from 5376");
}

/* A turn that ends, and voice that comes, before the next is opened say nothing of what came while the line was away. */
static void test_N5_nor_do_a_turn_or_voice_behind_the_takeover_move_it(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	simple(k, IN_ATTACHED);
	zero(k);
	stt_down(k, k->stream);
	quiet_for(k, 64);
	voice(k, 160);
	assert_true(has(k, "~turn t1"));
	assert_true(has(k, "200 listen s3 from 2560"));
}

/* Who is asked to say it again is not heard twice. */
static void a_noise_behind_a_takeover_is_not_owed_to_the_next_stream(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 960);
	simple(k, IN_ATTACHED);
	voice(k, 96);
	quiet_for(k, 1216);
	zero(k);
	stt_down(k, k->stream);
	quiet_for(k, 448);
	assert_true(has(k, "400 listen s4 from 21248"));
}

static void a_call_of_before_ends_turns_without_the_line(void **state)
{
	struct kit *k = *state;

	k->settings.turn_heard = false;
	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 320);
	simple(k, IN_MEDIA_LOST);
	pass(k, 2000);
	assert_true(has(k, "~turn t1"));
}

static void nothing_is_asked_without_media(void **state)
{
	struct kit *k = *state;

	begin(k);
	voice(k, 96);
	quiet_for(k, 32);
	simple(k, IN_MEDIA_LOST);
	drop(k);
	pass(k, 5000);
	expect_nothing(k);
}

static void a_noise_is_not_owed_to_a_new_stream(void **state)
{
	struct kit *k = *state;

	begin(k);
	quiet_for(k, 960);
	voice(k, 96);
	quiet_for(k, 1216);
	zero(k);
	stt_down(k, k->stream);
	quiet_for(k, 448);
	assert_true(has(k, "400 listen s3 from 21248"));
}

/* ------------------------------------------------------------------ nods */

static void a_nod_while_nobody_speaks_is_a_turn(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "okay");
	assert_true(has(k, "~turn t1 i0 n600000 \"okay\""));
}

static void a_nod_while_the_agent_thinks_is_noted_and_forgotten(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	zero(k);
	final(k, "okay");
	quiet_for(k, 960);
	expect(k, "0 ~nod t1 i0 n0 \"okay\"");
}

static void a_nod_while_a_tool_runs_is_noted_and_forgotten(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	zero(k);
	final(k, "okay");
	quiet_until(k, 700);
	expect(k, "0 ~nod t1 i0 n0 \"okay\"");
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "700 ask g2 t1 try 1"));
}

static void a_nod_while_the_agent_waits_to_speak_is_one(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	text(k, "Sure, here it comes. ");
	done(k);
	zero(k);
	final(k, "okay");
	quiet_for(k, 640);
	expect(k, "0 ~nod t1 i0 n0 \"okay\"");
}

static void words_behind_words_are_no_nod(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	final(k, "well");
	final(k, "okay");
	expect(k, "0 ~yield t0 i0 n0", "0 hold", "0 ~heard t0 i1 n1", "0 unspeak u1");
}

static void a_nod_that_is_a_stop_word_is_none(void **state)
{
	struct kit *k = *state;

	strcpy(k->brief.stops.text[0], "okay");
	begin(k);
	on_air(k, ten);
	final(k, "okay");
	assert_true(has(k, "~yield t0 i1"));
	assert_false(has(k, "~nod"));
}

static void a_nod_in_a_partial_is_silent(void **state)
{
	struct kit *k = *state;

	begin(k);
	on_air(k, ten);
	partial(k, "okay");
	partial(k, "");
	quiet_for(k, 960);
	expect_nothing(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(silence_ends_the_turn),
		KIT_TEST(a_whole_answer_ends_it_sooner),
		KIT_TEST(open_words_get_more_time),
		KIT_TEST(test_P12_behind_digits_the_silence_counts_from_their_sound),
		KIT_TEST(by_older_rules_it_counts_from_the_turns_end),
		KIT_TEST(test_P09_digits_are_still_expected_behind_an_apology),
		KIT_TEST(test_P09_digits_asked_for_before_a_statement_are_still_expected_behind_an_apology),
		KIT_TEST(test_P09_digits_that_the_greeting_asked_for_are_still_expected_behind_an_apology),
		KIT_TEST(test_P09_digits_that_were_asked_for_get_the_most_time),
		KIT_TEST(test_P09_what_is_no_number_does_not_wait_for_one),
		KIT_TEST(by_older_rules_it_does),
		KIT_TEST(digits_are_asked_about_ahead),
		KIT_TEST(and_sooner_when_the_recogniser_calls_the_end),
		KIT_TEST(a_yes_to_who_he_is_is_whole),
		KIT_TEST(a_word_over_a_question_nobody_heard_is_no_answer_to_it),
		KIT_TEST(a_short_word_behind_it_is_its_rest),
		KIT_TEST(and_so_it_is_over_an_answer_that_nobody_heard),
		KIT_TEST(a_word_of_its_own_behind_it_is_none),
		KIT_TEST(digits_behind_it_are_none),
		KIT_TEST(nor_is_a_word_that_comes_later),
		KIT_TEST(nor_is_one_to_what_was_heard),
		KIT_TEST(speaking_is_an_interruption_else),
		KIT_TEST(test_P09_pauses_in_a_number_do_not_end_the_turn),
		KIT_TEST(test_P09_who_spells_unasked_is_waited_for),
		KIT_TEST(test_P09_so_is_a_code_or_an_address),
		KIT_TEST(test_P09_letters_to_a_question_for_a_code_are_as_good_as_digits),
		KIT_TEST(letters_that_may_change_are_waited_for),
		KIT_TEST(who_has_spelled_is_not_waited_for),
		KIT_TEST(by_the_rules_of_before_letters_are_words),
		KIT_TEST(test_P09_yes_ends_the_turn_at_once_when_it_was_asked_for),
		KIT_TEST(test_P09_so_does_a_yes_with_courtesy), KIT_TEST(by_the_rules_of_before_it_was_an_answer_like_others),
		KIT_TEST(test_P09_so_does_a_longer_answer_that_is_whole),
		KIT_TEST(by_older_rules_it_was_no_shorter_than_others),
		KIT_TEST(test_P15_an_answer_ahead_makes_no_nod_of_its_question),
		KIT_TEST(by_the_rules_of_before_it_did),
		KIT_TEST(a_partial_that_was_no_nod_stays_none),
		KIT_TEST(test_P09_a_yes_that_goes_on_is_waited_for), KIT_TEST(courtesy_counts_behind_a_yes_or_no_that_was_asked_for),
		KIT_TEST(test_P09_without_its_guard_a_number_is_cut_off),
		KIT_TEST(what_was_asked_for_holds_for_one_turn),
		KIT_TEST(an_ordered_question_asks_for_nothing),
		KIT_TEST(words_behind_a_question_take_nothing_back),
		KIT_TEST(a_statement_leaves_what_the_sentence_before_asked_for),
		KIT_TEST(by_the_rules_of_before_the_last_sentence_decided),
		KIT_TEST(the_recognisers_own_end_counts),
		KIT_TEST(an_end_without_words_holds_for_those_before),
		KIT_TEST(an_end_is_forgotten_when_words_follow),
		KIT_TEST(an_end_is_forgotten_when_the_turn_is_over),
		KIT_TEST(an_empty_final_does_not_forget_it),
		KIT_TEST(an_end_that_would_come_later_than_silence_does_not_count),
		KIT_TEST(voice_stops_the_clock_and_keeps_the_words),
		KIT_TEST(without_voice_the_words_themselves_start_the_clock),
		KIT_TEST(words_after_a_turn_count_from_their_own_time),
		KIT_TEST(the_same_partial_again_is_no_news),
		KIT_TEST(another_partial_is),
		KIT_TEST(a_partial_is_finalized_and_its_final_ends_the_turn),
		KIT_TEST(a_missing_final_is_waited_for_and_no_longer),
		KIT_TEST(a_final_that_comes_in_that_wait_ends_the_turn_at_once),
		KIT_TEST(a_late_finalize_is_made_up_for_at_the_turns_end),
		KIT_TEST(a_final_with_the_turns_words_brings_nothing_new),
		KIT_TEST(an_owed_final_takes_no_newer_words_away),
		KIT_TEST(a_partial_behind_another_leaves_its_words),
		KIT_TEST(so_does_a_final_behind_it),
		KIT_TEST(the_same_digit_behind_itself_is_two),
		KIT_TEST(a_final_of_words_that_were_kept_counts_once),
		KIT_TEST(a_final_that_revises_kept_words_takes_their_place),
		KIT_TEST(so_does_one_of_the_second_words_kept),
		KIT_TEST(and_one_of_them_both),
		KIT_TEST(words_between_are_put_where_they_were_said),
		KIT_TEST(kept_words_may_have_two_finals),
		KIT_TEST(two_finals_that_come_late_are_both_known),
		KIT_TEST(so_are_all_three_in_one),
		KIT_TEST(a_late_empty_final_leaves_the_words_behind_it),
		KIT_TEST(an_empty_final_of_the_same_words_takes_them_back),
		KIT_TEST(no_more_than_four_finals_are_waited_for),
		KIT_TEST(nor_is_it_the_next_turn),
		KIT_TEST(a_partial_from_the_same_place_takes_the_others),
		KIT_TEST(digits_of_a_turn_stand_in_one),
		KIT_TEST(the_same_words_said_again_are_a_turn),
		KIT_TEST(one_sample_earlier_they_are_of_that_turn),
		KIT_TEST(late_words_of_a_turn_do_not_interrupt_its_answer),
		KIT_TEST(new_words_do),
		KIT_TEST(so_do_words_that_begin_where_the_turn_ended),
		KIT_TEST(new_words_that_began_before_the_turns_end_do_too),
		KIT_TEST(of_a_final_with_more_words_those_are_a_turn_of_its_own),
		KIT_TEST(by_older_rules_they_come_again),
		KIT_TEST(a_final_with_other_words_is_a_turn_of_its_own),
		KIT_TEST(an_empty_final_takes_the_partial_away),
		KIT_TEST(a_final_of_punctuation_is_empty),
		KIT_TEST(finals_and_a_partial_are_one_turn),
		KIT_TEST(test_N5_without_its_guard_finals_are_lost),
		KIT_TEST(a_turn_holds_at_most_eight_thousand_bytes),
		KIT_TEST(silence_that_nobody_heard_is_not_counted),
		KIT_TEST(a_tenth_of_a_second_is_no_stall),
		KIT_TEST(a_stall_of_a_second_is_silence_after_all),
		KIT_TEST(a_stall_of_less_is_not),
		KIT_TEST(after_a_stall_the_silence_goes_on_counting),
		KIT_TEST(the_first_words_of_a_call_may_come_before_its_first_chunk),
		KIT_TEST(a_stream_is_open_while_it_rings),
		KIT_TEST(test_P24_without_its_guard_nothing_is_open_before_the_answer),
		KIT_TEST(other_streams_are_not_listened_to),
		KIT_TEST(a_dead_stream_is_replaced_after_a_breath),
		KIT_TEST(the_breath_doubles_up_to_two_seconds),
		KIT_TEST(an_odd_breath_never_exceeds_two_seconds),
		KIT_TEST(a_new_stream_begins_where_the_audio_is_when_nothing_is_owed),
		KIT_TEST(a_new_stream_begins_before_the_voice_that_is_owed),
		KIT_TEST(a_new_stream_begins_no_earlier_than_the_last_final),
		KIT_TEST(a_new_stream_begins_no_earlier_than_the_call),
		KIT_TEST(voice_that_goes_on_behind_a_final_is_owed),
		KIT_TEST(a_new_stream_takes_the_partial_of_the_old_one_away),
		KIT_TEST(a_dead_stream_is_not_asked_to_finish),
		KIT_TEST(a_stream_that_says_nothing_to_much_voice_is_dead),
		KIT_TEST(voice_that_comes_at_once_is_found_overdue_at_once),
		KIT_TEST(N5_a_stream_that_was_given_up_is_heard_until_the_next_is_opened),
		KIT_TEST(N5_words_that_a_dead_stream_took_along_are_waited_for),
		KIT_TEST(words_that_nobody_hears_again_are_not_waited_for_for_ever),
		KIT_TEST(by_the_rules_of_before_they_were_not_waited_for),
		KIT_TEST(a_stream_that_says_nothing_to_little_voice_may_be_right),
		KIT_TEST(more_voice_does_not_put_it_off),
		KIT_TEST(a_transcript_proves_that_it_lives),
		KIT_TEST(a_stream_that_is_down_is_not_found_dead_again),
		KIT_TEST(test_P10_voice_without_words_is_asked_about),
		KIT_TEST(a_word_that_a_dead_stream_took_is_heard_by_the_next),
		KIT_TEST(what_is_ready_to_be_said_of_it_is_not_said),
		KIT_TEST(what_is_begun_of_it_is_interrupted_as_ever),
		KIT_TEST(an_empty_final_is_a_sign_of_life),
		KIT_TEST(a_click_behind_an_empty_final_is_none),
		KIT_TEST(each_cough_opens_no_stream),
		KIT_TEST(a_stream_that_just_began_is_waited_for),
		KIT_TEST(a_call_of_before_forgets_a_word_that_a_dead_stream_took),
		KIT_TEST(test_P10_words_that_are_taken_back_are_asked_about),
		KIT_TEST(test_P10_words_that_died_with_their_stream_are_asked_about),
		KIT_TEST(words_that_stay_are_a_turn),
		KIT_TEST(test_P10_an_answer_to_words_that_are_gone_does_not_hang_the_turn),
		KIT_TEST(test_P10_the_second_time_in_other_words),
		KIT_TEST(test_P10_without_its_guard_nothing_is_said),
		KIT_TEST(two_chunks_of_voice_are_not_asked_about),
		KIT_TEST(more_voice_puts_it_off),
		KIT_TEST(words_are_an_answer_to_it),
		KIT_TEST(punctuation_is_none),
		KIT_TEST(nothing_is_asked_while_the_agent_speaks_or_thinks),
		KIT_TEST(nothing_is_asked_when_an_answer_is_owed),
		KIT_TEST(nothing_is_asked_over_a_disclosure),
		KIT_TEST(words_before_a_disclosure_wait_for_its_end),
		KIT_TEST(no_turn_ends_while_the_line_is_away),
		KIT_TEST(a_turn_goes_on_over_a_line_that_broke),
		KIT_TEST(test_N5_a_stream_refused_behind_a_takeover_leaves_its_start_to_the_next),
		KIT_TEST(by_the_rules_of_before_the_next_began_at_the_silence),
		KIT_TEST(test_N5_nor_do_a_turn_or_voice_behind_the_takeover_move_it),
		KIT_TEST(a_noise_behind_a_takeover_is_not_owed_to_the_next_stream),
		KIT_TEST(a_call_of_before_ends_turns_without_the_line),
		KIT_TEST(nothing_is_asked_without_media),
		KIT_TEST(a_noise_is_not_owed_to_a_new_stream),
		KIT_TEST(a_nod_while_nobody_speaks_is_a_turn),
		KIT_TEST(a_nod_while_the_agent_thinks_is_noted_and_forgotten),
		KIT_TEST(a_nod_while_a_tool_runs_is_noted_and_forgotten),
		KIT_TEST(a_nod_while_the_agent_waits_to_speak_is_one),
		KIT_TEST(words_behind_words_are_no_nod),
		KIT_TEST(a_nod_that_is_a_stop_word_is_none),
		KIT_TEST(a_nod_in_a_partial_is_silent),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
