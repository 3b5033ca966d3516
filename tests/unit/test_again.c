/* What is said again behind "I did not catch that": the sentence that a voice without words cut, and what stood behind it; and how a call ends of whose last
 * words it was. */
#include "callkit.h"

/* He speaks over the agent, and no recogniser makes words of it. */
static void noise(struct kit *k)
{
	voice(k, 1120);
	assert_true(has(k, "~yield"));
	drop(k);
	quiet_for(k, 2016);
	assert_true(has(k, "~noise"));
	assert_true(has(k, "\"Sorry, I did not catch that.\"") || has(k, "\"Pardon? I did not get that.\""));
	audio_all(k, k->last - 1);
	audio_all(k, k->last);
}

/* Ordered to be said, once. */
static void says(struct kit *k, const char *words)
{
	char want[128];

	snprintf(want, sizeof(want), ".1 \"%s\"", words);
	if (times(k, want) != 1)
		fail_msg("not once %s, but %s", words, buf_str(&k->log));
}

static void answer(struct kit *k, const char *first, const char *second)
{
	turn(k, "hello there you");
	text(k, first);
	text(k, second);
	done(k);
	audio_all(k, k->last - 1);
	audio_all(k, k->last);
	zero(k);
}

/* That utterance is on the air, and so much of it was played. */
static void on_the_air(struct kit *k, uint32_t u, unsigned int ms)
{
	sent(k, u);
	quiet_for(k, ms);
	played(k, u, ms);
}

static void heard(struct kit *k, uint32_t u)
{
	on_the_air(k, u, length_ms(k, u));
}

static void the_question_that_was_cut_is_said_again_whole(void **state)
{
	struct kit *k = *state;

	begin(k);
	answer(k, "You have two seats booked here. ", "Which one do you want?");
	heard(k, k->last - 1);
	on_the_air(k, k->last, 416);
	noise(k);
	says(k, "Which one do you want?");
	assert_false(has(k, "You have two"));
	assert_false(has(k, "ask"));
}

/* He was all but done: a mark that was on its way tells that the caller had it all. */
static void what_was_heard_after_all_is_not_said_again(void **state)
{
	struct kit *k = *state;
	uint32_t u;

	begin(k);
	answer(k, "You have two seats booked here. ", "Which one do you want?");
	u = k->last;
	heard(k, u - 1);
	sent(k, u);
	quiet_for(k, length_ms(k, u) - 96);
	played(k, u, length_ms(k, u) - 160);
	voice(k, 1120);
	assert_true(has(k, "~yield"));
	assert_true(has(k, "\"Which one do you\""));
	played(k, u, length_ms(k, u));
	assert_true(has(k, "\"Which one do you want?\""));
	drop(k);
	quiet_for(k, 2016);
	assert_true(has(k, "~noise"));
	assert_false(has(k, "Which one"));
	assert_int_equal(times(k, "ask g"), 0);
}

static void and_what_stood_behind_the_sentence(void **state)
{
	struct kit *k = *state;

	begin(k);
	answer(k, "You have two seats booked here. ", "Which one do you want?");
	on_the_air(k, k->last - 1, 416);
	noise(k);
	heard(k, k->last - 1);
	audio_all(k, k->last);
	says(k, "You have two seats booked here.");
	heard(k, k->last);
	says(k, "Which one do you want?");
	assert_false(has(k, "ask"));
}

static void a_sentence_of_two_utterances_too(void **state)
{
	struct kit *k = *state;

	begin(k);
	answer(k, "Would you like to move your appointment, or cancel it?", "");
	heard(k, k->last - 1);
	on_the_air(k, k->last, 96);
	noise(k);
	says(k, "Would you like to move your appointment, or cancel it?");
}

static void the_greeting_too(void **state)
{
	struct kit *k = *state;

	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "This is the post. What is your question?");
	begin(k);
	audio_all(k, k->last);
	on_the_air(k, k->last, 1920);
	noise(k);
	says(k, "What is your question?");
	assert_false(has(k, "This is"));
	assert_false(has(k, "ask"));
}

static void of_an_answer_that_was_still_written_the_model_has_the_rest(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "hello there you");
	text(k, "You have two seats booked here. ");
	audio_all(k, k->last);
	on_the_air(k, k->last, 416);
	noise(k);
	says(k, "You have two seats booked here.");
	assert_true(has(k, "ask g2 t1 try 1 continue"));
}

static void the_history_keeps_what_was_heard(void **state)
{
	struct kit *k = *state;

	begin(k);
	answer(k, "Which one do you want?", "");
	on_the_air(k, k->last, 608);
	noise(k);
	heard(k, k->last - 1);
	heard(k, k->last);
	turn(k, "the first one");
	expect_request(k, "caller: hello there you", "agent: Which", "agent: Sorry, I did not catch that.", "agent: Which one do you want?",
		"caller: the first one");
}

static void words_want_an_answer_of_their_own(void **state)
{
	struct kit *k = *state;

	begin(k);
	k->brief.fillers.count = 0;
	answer(k, "Which one do you want?", "");
	on_the_air(k, k->last, 416);
	voice(k, 320);
	partial(k, "the first one");
	assert_true(has(k, "~yield"));
	final(k, "the first one");
	drop(k);
	quiet_for(k, 2016);
	assert_true(has(k, "ask g2 t2 try 1"));
	assert_false(has(k, "Which one"));
}

/* And what it was to be followed by. */
static void an_apology_that_is_cut_is_not_said_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	answer(k, "Which one do you want?", "");
	on_the_air(k, k->last, 416);
	noise(k);
	on_the_air(k, k->last - 1, 416);
	drop(k);
	noise(k);
	says(k, "Which one do you want?");
	assert_false(has(k, "\"Sorry, I did not catch that.\""));
}

/* Whoever makes noise all the time is talked over: else nothing would be said to its end. His words stop the agent as before. */
static void three_times_and_then_over_the_noise(void **state)
{
	struct kit *k = *state;
	int i;

	begin(k);
	answer(k, "Which one do you want?", "");
	for (i = 0; i < 3; i++) {
		if (i)
			heard(k, k->last - 1);
		on_the_air(k, k->last, 416);
		drop(k);
		noise(k);
		assert_int_equal(times(k, "\"Which one do you want?\""), 1);
	}
	heard(k, k->last - 1);
	on_the_air(k, k->last, 416);
	drop(k);
	voice(k, 1120);
	assert_false(has(k, "hold"));
	assert_false(has(k, "~yield"));
	partial(k, "the one that was yours before");
	assert_true(has(k, "~yield"));
}

/* The agent ends the call by his tool, and both sentences are made. */
static void parts(struct kit *k)
{
	begin(k);
	turn(k, "hello there you");
	text(k, "That is all I wanted to say. Goodbye and take care.");
	use(k, "hang_up", "{}");
	done(k);
	assert_true(has(k, "~ending"));
	audio_all(k, k->last - 1);
	audio_all(k, k->last);
	zero(k);
}

/* Behind his last words the call ends, also when they are said again; nobody is asked for either. */
static void last_words_too_and_then_the_call_ends(void **state)
{
	struct kit *k = *state;

	parts(k);
	on_the_air(k, k->last - 1, 416);
	drop(k);
	noise(k);
	says(k, "That is all I wanted to say.");
	says(k, "Goodbye and take care.");
	assert_true(has(k, "~ending t1 i1"));
	audio_all(k, k->last - 2);
	heard(k, k->last - 2);
	heard(k, k->last - 1);
	assert_false(call_ended(k->call));
	heard(k, k->last);
	assert_true(has(k, "hangup agent"));
	assert_false(has(k, "ask"));
}

static void of_last_words_only_the_sentence_that_was_cut(void **state)
{
	struct kit *k = *state;

	parts(k);
	heard(k, k->last - 1);
	on_the_air(k, k->last, 608);
	drop(k);
	noise(k);
	says(k, "Goodbye and take care.");
	assert_false(has(k, "That is all"));
	heard(k, k->last - 1);
	heard(k, k->last);
	assert_true(has(k, "hangup agent"));
}

/* The caller's words want an answer, and what comes of the end is the model's to say. */
static void words_take_the_end_back(void **state)
{
	struct kit *k = *state;

	parts(k);
	on_the_air(k, k->last - 1, 416);
	noise(k);
	drop(k);
	turn(k, "one more thing please");
	assert_true(has(k, "ask g2 t2 try 1"));
	text(k, "What is it?");
	done(k);
	audio_all(k, k->last);
	heard(k, k->last);
	quiet_for(k, 12000);
	assert_false(call_ended(k->call));
}

/* A mark that comes late tells so: then nothing is left to be said, and nobody is asked what he said. */
static void a_goodbye_that_was_heard_is_not_said_twice(void **state)
{
	struct kit *k = *state;
	unsigned int ms;

	parts(k);
	heard(k, k->last - 1);
	ms = length_ms(k, k->last);
	on_the_air(k, k->last, ms - 96);
	drop(k);
	voice(k, 1120);
	assert_true(has(k, "~yield"));
	played(k, k->last, ms);
	assert_false(call_ended(k->call));
	quiet_for(k, 2016);
	assert_true(has(k, "hangup agent"));
	assert_false(has(k, ".1 \""));
	assert_false(has(k, "ask"));
}

/* As often as anything else is said again; then the noise takes the floor no more. */
static void no_noise_keeps_the_call_open(void **state)
{
	struct kit *k = *state;
	int i;

	parts(k);
	heard(k, k->last - 1);
	for (i = 0; i < 3; i++) {
		if (i)
			heard(k, k->last - 1);
		on_the_air(k, k->last, 416);
		drop(k);
		noise(k);
		says(k, "Goodbye and take care.");
	}
	heard(k, k->last - 1);
	on_the_air(k, k->last, 416);
	voice(k, 1120);
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, 1024);
	assert_true(has(k, "hangup agent"));
}

/* What a recogniser takes for words, and takes back, is a noise; it may interrupt more than three times. */
static void nor_do_words_that_are_taken_back(void **state)
{
	struct kit *k = *state;
	int i;

	parts(k);
	heard(k, k->last - 1);
	for (i = 0; i < 4; i++) {
		if (i)
			heard(k, k->last - 1);
		on_the_air(k, k->last, 416);
		drop(k);
		voice(k, 320);
		partial(k, "the one that was");
		assert_true(has(k, "~yield"));
		final(k, "");
		quiet_for(k, 2016);
		audio_all(k, k->last - 1);
		audio_all(k, k->last);
	}
	assert_false(has(k, "take care"));
	heard(k, k->last - 1);
	heard(k, k->last);
	assert_true(has(k, "hangup agent"));
}

/* It has call.end_ms to become words. */
static void nor_does_a_noise_without_end(void **state)
{
	struct kit *k = *state;

	parts(k);
	on_the_air(k, k->last - 1, 416);
	voice(k, 10016);
	assert_false(call_ended(k->call));
	voice(k, 1120);
	assert_true(has(k, "hangup agent"));
}

/* What came of a change is told, and then the model ends the call. */
static void what_is_known_meanwhile_is_told(void **state)
{
	struct kit *k = *state;

	k->settings.tool_timeout_ms = 1000;
	begin(k);
	turn(k, "hello there you");
	use(k, "book", "{}");
	done(k);
	quiet_for(k, 1024);
	assert_true(has(k, "~tool"));
	text(k, "Somebody will look into it for you.");
	use(k, "hang_up", "{}");
	done(k);
	assert_true(has(k, "~ending"));
	audio_all(k, k->last);
	on_the_air(k, k->last, 416);
	voice(k, 1120);
	assert_true(has(k, "~yield"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "booked");
	quiet_for(k, 2016);
	assert_true(has(k, "ask g3 t1 try 1"));
	assert_false(has(k, "Somebody"));
}

static void an_order_that_is_said_meanwhile_does_not_keep_it_open(void **state)
{
	struct kit *k = *state;

	parts(k);
	on_the_air(k, k->last - 1, 416);
	voice(k, 1120);
	order(k, ORDER_SAY, "The line is bad.");
	audio_all(k, k->last);
	heard(k, k->last);
	drop(k);
	quiet_for(k, 2528);
	assert_true(has(k, "~ending t1 i1"));
	assert_false(has(k, "~quiet"));
	audio_all(k, k->last);
	heard(k, k->last);
	assert_true(has(k, "hangup agent"));
}

static void what_is_longer_than_anybody_says_is_the_models(void **state)
{
	static char words[9000];
	struct kit *k = *state;
	size_t i;

	begin(k);
	turn(k, "hello there you");
	for (i = 0; i + 5 < sizeof(words); i += 5)
		memcpy(words + i, "word ", 6);
	text(k, words);
	done(k);
	audio_all(k, 1);
	on_the_air(k, 1, 416);
	noise(k);
	assert_true(has(k, "continue"));
}

static void by_older_rules_the_model_goes_on_in_the_middle(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	begin(k);
	answer(k, "Which one do you want?", "");
	on_the_air(k, k->last, 416);
	noise(k);
	assert_false(has(k, "Which one"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(the_question_that_was_cut_is_said_again_whole),
		KIT_TEST(what_was_heard_after_all_is_not_said_again),
		KIT_TEST(and_what_stood_behind_the_sentence),
		KIT_TEST(a_sentence_of_two_utterances_too),
		KIT_TEST(the_greeting_too),
		KIT_TEST(of_an_answer_that_was_still_written_the_model_has_the_rest),
		KIT_TEST(the_history_keeps_what_was_heard),
		KIT_TEST(words_want_an_answer_of_their_own),
		KIT_TEST(an_apology_that_is_cut_is_not_said_again),
		KIT_TEST(three_times_and_then_over_the_noise),
		KIT_TEST(last_words_too_and_then_the_call_ends),
		KIT_TEST(of_last_words_only_the_sentence_that_was_cut),
		KIT_TEST(words_take_the_end_back),
		KIT_TEST(a_goodbye_that_was_heard_is_not_said_twice),
		KIT_TEST(no_noise_keeps_the_call_open),
		KIT_TEST(nor_do_words_that_are_taken_back),
		KIT_TEST(nor_does_a_noise_without_end),
		KIT_TEST(what_is_known_meanwhile_is_told),
		KIT_TEST(an_order_that_is_said_meanwhile_does_not_keep_it_open),
		KIT_TEST(what_is_longer_than_anybody_says_is_the_models),
		KIT_TEST(by_older_rules_the_model_goes_on_in_the_middle),
	};

	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
