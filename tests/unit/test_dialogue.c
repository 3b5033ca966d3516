/* History, generations and tools: what the model is asked, when, how often, and what comes of its answers and of its tools. */
#include "callkit.h"

#include "voice/call_state.h"

static const char answer[] = "One two three four five six seven eight nine ten. ";

/* The caller's turn ended 40 ms ago, the model was asked. */
static void asked(struct kit *k)
{
	begin(k);
	turn(k, "I want some tea");
	assert_int_equal(k->gen, 1);
	zero(k);
}

/* An answer of this turn was given up for a result (test_stale.c): what comes now is told next. */
static void given_up_before(struct kit *k)
{
	k->call->dialogue.stale_turn = k->twin->dialogue.stale_turn = k->call->dialogue.turn + 1;
}

static void answered(struct kit *k)
{
	asked(k);
	text(k, answer);
	done(k);
	zero(k);
}

/* ------------------------------------------------------------------ asking */

static void an_answer_is_spoken_and_stands_in_the_next_request(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure. ");
	expect(k, "0 speak u1.1 \"Sure.\"");
	text(k, "Milk or sugar");
	expect_nothing(k);
	text(k, "? ");
	expect(k, "0 speak u2.1 \"Milk or sugar?\"");
	done(k);
	expect_nothing(k);
	spoken(k, 1);
	spoken(k, 2);
	drop(k);
	turn(k, "with milk please");
	expect_request(k, "caller: I want some tea", "agent: Sure.", "agent: Milk or sugar?", "caller: with milk please");
}

/* The first clause is spoken at once, later ones only as sentences. */
static void the_first_clause_is_spoken_at_once(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Yes of course, I can");
	expect(k, "0 speak u1.1 \"Yes of course,\"");
	text(k, " do that for you, and then");
	expect_nothing(k);
	text(k, " some more. So");
	expect(k, "0 speak u2.1 \"I can do that for you, and then some more.\"");
}

static void the_end_of_an_answer_speaks_what_is_left(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure");
	expect_nothing(k);
	done(k);
	expect(k, "0 speak u1.1 \"Sure\"");
}

static void a_new_turn_cancels_the_answer_to_the_last(void **state)
{
	struct kit *k = *state;

	asked(k);
	turn(k, "or rather coffee");
	expect(k, "920 ~turn t2 i0 n600000 \"or rather coffee\"", "920 cancel g1", "920 snapshot", "920 ask g2 t2 try 1");
	expect_request(k, "caller: I want some tea", "caller: or rather coffee");
}

static void other_generations_are_not_listened_to(void **state)
{
	struct kit *k = *state;

	asked(k);
	k->gen = 0;
	text(k, answer);
	k->gen = 2;
	text(k, answer);
	use(k, "book", "{}");
	done(k);
	failed(k);
	expect_nothing(k);
}

static void nothing_is_listened_to_when_none_was_asked(void **state)
{
	struct kit *k = *state;

	begin(k);
	k->gen = 0;
	text(k, answer);
	use(k, "book", "{}");
	done(k);
	failed(k);
	expect_nothing(k);
}

static void after_its_end_a_generation_says_nothing_more(void **state)
{
	struct kit *k = *state;

	answered(k);
	text(k, answer);
	use(k, "book", "{}");
	done(k);
	failed(k);
	expect_nothing(k);
}

static void the_caller_is_heard_out_before_the_model_is_asked(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	drop(k);
	partial(k, "and another");
	result(k, 1, 0, TOOL_OK, "four");
	expect(k, "0 ~tool t1 i0 n0 \"lookup\"");
	final(k, "and another thing");
	quiet_for(k, 640);
	expect(k, "600 ~turn t2 i0 n600000 \"and another thing\"", "600 snapshot", "600 ask g2 t2 try 1");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: four", "caller: and another thing");
}

static void the_model_is_asked_when_the_voice_is_over(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	voice(k, 96);
	drop(k);
	result(k, 1, 0, TOOL_OK, "four");
	assert_false(has(k, "ask"));
	zero(k);
	quiet_for(k, 224);
	expect_nothing(k);
	quiet_for(k, 32);
	expect(k, "256 snapshot", "256 ask g2 t1 try 1");
}

static void nothing_is_asked_without_media(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	simple(k, IN_MEDIA_LOST);
	drop(k);
	result(k, 1, 0, TOOL_OK, "four");
	assert_false(has(k, "ask"));
	drop(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 snapshot", "0 ask g2 t1 try 1");
}

static void nothing_is_asked_while_saying_goodbye(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	order(k, ORDER_END, "");
	drop(k);
	result(k, 1, 0, TOOL_OK, "four");
	expect(k, "0 ~tool t1 i0 n0 \"lookup\"");
}

/* ------------------------------------------------------------------ a slow or failing model */

static void test_P12_a_filler_then_a_second_attempt(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_until(k, 1199);
	expect_nothing(k);
	quiet_until(k, 1200);
	expect(k, "1200 speak u1.1 \"Let me see.\"");
	quiet_until(k, 1499);
	expect_nothing(k);
	quiet_until(k, 1500);
	expect(k, "1500 cancel g1", "1500 ~retry t1 i0 n2", "1500 ask g2 t1 try 2");
	expect_request(k, "caller: I want some tea");
	quiet_until(k, 2999);
	assert_false(has(k, "ask"));
}

static void test_P12_the_third_attempt_is_the_last(void **state)
{
	struct kit *k = *state;

	k->brief.fillers.count = 0;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_until(k, 3000);
	expect(k, "1500 cancel g1", "1500 ~retry t1 i0 n2", "1500 ask g2 t1 try 2", "3000 cancel g2", "3000 ~retry t1 i0 n3", "3000 ask g3 t1 try 3",
		"3000 ~short t1 i2 n3000000");
	quiet_until(k, 4499);
	expect_nothing(k);
	quiet_until(k, 4500);
	expect(k,
		"4500 cancel g3",
		"4500 ~failed t1 i0 n1",
		"4500 speak u1.1 \"I'm sorry, something went wrong on my side. Could you say that again?\"");
}

static void test_P12_a_stall_after_the_first_words_goes_on_from_them(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. ");
	quiet_for(k, 64);
	spoken(k, 1);
	drop(k);
	quiet_until(k, 1399);
	expect_nothing(k);
	quiet_until(k, 1400);
	expect(k, "1400 cancel g1", "1400 ~retry t1 i0 n2", "1400 ask g2 t1 try 2 continue");
	expect_request(k, "caller: I want some tea", "agent: Sure, I do.");
}

static void test_P12_without_its_guard_nobody_looks_at_the_clock(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P12;
	begin(k);
	turn(k, "I want some tea");
	drop(k);
	quiet_for(k, 9600);
	expect_nothing(k);
}

static void test_P12_without_its_guard_a_stall_is_not_seen(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P12;
	asked(k);
	text(k, "Sure, I do. ");
	spoken(k, 1);
	drop(k);
	quiet_for(k, 9600);
	expect_nothing(k);
}

static void while_there_is_something_to_say_a_stall_does_not_matter(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, answer);
	drop(k);
	audio_all(k, 1);
	sent(k, 1);
	zero(k);
	quiet_for(k, 3200);
	expect_nothing(k);
	played(k, 1, 3200);
	zero(k);
	quiet_until(k, 299);
	expect_nothing(k);
	quiet_until(k, 300);
	expect(k, "300 cancel g1", "300 ~retry t1 i0 n2", "300 ask g2 t1 try 2 continue");
}

static void text_puts_the_stall_off(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. ");
	spoken(k, 1);
	text(k, "and");
	zero(k);
	quiet_until(k, 1399);
	expect_nothing(k);
	quiet_until(k, 1400);
	assert_true(has(k, "1400 ask g2 t1 try 2 continue"));
}

/* Some text, nothing speakable in it: the clocks of the first words go on. */
static void text_that_cannot_be_spoken_stops_no_clock(void **state)
{
	struct kit *k = *state;

	k->brief.fillers.count = 0;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	text(k, "Well");
	quiet_until(k, 1499);
	expect_nothing(k);
	quiet_until(k, 1500);
	expect(k, "1500 cancel g1", "1500 ~retry t1 i0 n2", "1500 ask g2 t1 try 2");
}

static void no_filler_is_spoken_over_the_caller(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_for(k, 992);
	voice(k, 256);
	assert_false(has(k, "Let me see"));
}

static void no_filler_is_spoken_over_the_agent(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	order(k, ORDER_SAY, answer);
	audio_all(k, 1);
	sent(k, 1);
	zero(k);
	quiet_until(k, 1400);
	expect_nothing(k);
}

static void fillers_take_turns(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	begin(k);
	for (i = 0; i < 4; i++) {
		turn(k, "I want some tea");
		drop(k);
		quiet_for(k, 1216);
		assert_true(has(k, i == 0 || i == 3 ? "Let me see." : i == 1 ? "One moment." : "Hmm, just a second."));
		text(k, "Sure. ");
		done(k);
		spoken(k, k->last - 1);
		spoken(k, k->last);
	}
}

static void a_filler_is_no_answer_to_go_on_from(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	quiet_for(k, 1600);
	expect_request(k, "caller: I want some tea");
	text(k, "Sure. ");
	done(k);
	spoken(k, 1);
	spoken(k, 2);
	turn(k, "with milk please");
	expect_request(k, "caller: I want some tea", "agent: Let me see.", "agent: Sure.", "caller: with milk please");
}

static void a_failed_answer_is_tried_again_at_once(void **state)
{
	struct kit *k = *state;

	asked(k);
	failed(k);
	expect(k, "0 ~retry t1 i0 n2", "0 ask g2 t1 try 2");
}

/* Its end may be told behind its failure: the next attempt comes all the same. */
static void the_end_of_what_failed_takes_no_attempt_away(void **state)
{
	struct kit *k = *state;

	asked(k);
	failed(k);
	zero(k);
	failed(k);
	done(k);
	expect_nothing(k);
	quiet_until(k, 400);
	expect(k, "400 ~retry t1 i0 n3", "400 ask g3 t1 try 3");
}

static void after_the_second_failure_there_is_a_breath(void **state)
{
	struct kit *k = *state;

	asked(k);
	failed(k);
	zero(k);
	failed(k);
	expect_nothing(k);
	quiet_until(k, 399);
	expect_nothing(k);
	quiet_until(k, 400);
	expect(k, "400 ~retry t1 i0 n3", "400 ask g3 t1 try 3");
}

static void the_last_failure_is_apologised_for(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 2;
	asked(k);
	failed(k);
	drop(k);
	failed(k);
	expect(k, "0 ~failed t1 i0 n1", "0 speak u1.1 \"I'm sorry, something went wrong on my side. Could you say that again?\"");
	spoken(k, 1);
	turn(k, "I want some tea");
	expect_request(k,
		"caller: I want some tea",
		"agent: I'm sorry, something went wrong on my side. Could you say that again?",
		"caller: I want some tea");
}

static void with_one_attempt_the_first_failure_is_the_last(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	asked(k);
	failed(k);
	expect(k, "0 ~failed t1 i0 n1", "0 speak u1.1 \"I'm sorry, something went wrong on my side. Could you say that again?\"");
}

static void the_second_turn_without_an_answer_ends_the_call(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	asked(k);
	failed(k);
	spoken(k, 1);
	turn(k, "I want some tea");
	drop(k);
	failed(k);
	expect(k, "5120 ~failed t2 i0 n2", "5120 ~ending t2 i6 n0", "5120 speak u2.1 \"I will let you go now. Goodbye.\"");
	spoken(k, 2);
	assert_true(has(k, "hangup failed"));
}

static void an_answer_makes_up_for_the_failure_before(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	asked(k);
	failed(k);
	spoken(k, 1);
	turn(k, "I want some tea");
	text(k, "Sure. ");
	done(k);
	spoken(k, 2);
	turn(k, "I want some tea");
	drop(k);
	failed(k);
	expect(k, "6400 ~failed t3 i0 n1", "6400 speak u3.1 \"I'm sorry, I still have trouble here. Please say that once more.\"");
}

static void a_failure_after_words_goes_on_from_them(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. And");
	drop(k);
	failed(k);
	expect(k, "0 ~retry t1 i0 n2", "0 ask g2 t1 try 2 continue");
	expect_request(k, "caller: I want some tea", "agent: Sure, I do.");
	text(k, "Milk or sugar?");
	done(k);
	assert_true(has(k, "speak u2.1 \"Milk or sugar?\""));
}

static void an_empty_answer_is_a_failure(void **state)
{
	struct kit *k = *state;

	asked(k);
	done(k);
	expect(k, "0 ~retry t1 i0 n2", "0 ask g2 t1 try 2");
	text(k, " ... ");
	zero(k);
	done(k);
	quiet_until(k, 400);
	expect(k, "400 ~retry t1 i0 n3", "400 ask g3 t1 try 3");
}

static void an_answer_takes_so_long_and_no_longer(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	k->settings.llm_total_ms = 10000;
	k->settings.llm_attempts = 1;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	text(k, "Sure, I do. ");
	quiet_for(k, 32);
	spoken(k, 1);
	for (i = 0; i < 8; i++) {
		text(k, "x");
		quiet_for(k, 1024);
	}
	drop(k);
	text(k, "x");
	quiet_until(k, 9999);
	expect_nothing(k);
	quiet_until(k, 10000);
	assert_true(has(k, "10000 cancel g1"));
	assert_true(has(k, "10000 ~failed t1 i0 n1"));
}

static void an_endless_answer_is_cut_short(void **state)
{
	static char words[12001];
	struct kit *k = *state;

	memset(words, 'a', sizeof(words) - 1);
	asked(k);
	text(k, "Sure, I do. ");
	text(k, words);
	text(k, words);
	assert_false(has(k, "cancel"));
	text(k, words);
	assert_true(has(k, "0 cancel g1"));
	drop(k);
	text(k, "more. ");
	expect_nothing(k);
}

static void fillers_come_again_while_nothing_is_said(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 10;
	k->settings.llm_second_ms = 2000;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_until(k, 1216);
	spoken(k, 1);
	drop(k);
	quiet_until(k, 3599);
	assert_false(has(k, "speak"));
	quiet_until(k, 3600);
	assert_true(has(k, "3600 speak u2.1 \"One moment.\""));
}

/* A slow model that writes is not stuck: from its first text on it has as long again to its first clause, and no longer. */
static void who_writes_has_as_long_again(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_until(k, 1400);
	text(k, "I see here");
	quiet_until(k, 2200);
	text(k, " that the kettle");
	quiet_until(k, 2899);
	assert_false(has(k, "ask g2"));
	quiet_until(k, 2901);
	assert_true(has(k, "2900 cancel g1"));
	assert_true(has(k, "2900 ask g2"));
}

static void by_older_rules_it_had_not(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 576);
	pass(k, 24);
	zero(k);
	quiet_until(k, 1400);
	text(k, "I see here");
	quiet_until(k, 1501);
	assert_true(has(k, "1500 ask g2"));
}

static void in_the_middle_of_an_answer_a_filler_comes_sooner(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. ");
	spoken(k, 1);
	failed(k);
	zero(k);
	quiet_until(k, 499);
	expect_nothing(k);
	quiet_until(k, 500);
	expect(k, "500 speak u2.1 \"Let me see.\"");
}

static void but_no_later_than_at_its_beginning(void **state)
{
	struct kit *k = *state;

	k->settings.llm_filler_ms = 400;
	asked(k);
	text(k, "Sure, I do. ");
	spoken(k, 1);
	failed(k);
	zero(k);
	quiet_until(k, 399);
	expect_nothing(k);
	quiet_until(k, 400);
	expect(k, "400 speak u2.1 \"Let me see.\"");
}

/* ------------------------------------------------------------------ results of requests without an answer */

static void failed_with_a_result(struct kit *k)
{
	k->settings.llm_attempts = 1;
	k->settings.call_failures = 3;
	begin(k);
	turn(k, "is it free today");
	use(k, "lookup", "{}");
	done(k);
	result(k, 1, 0, TOOL_OK, "it is free");
	failed(k);
	assert_true(has(k, "~failed"));
	spoken(k, k->last);
	zero(k);
}

static void a_result_of_a_failed_request_is_told_when_nobody_speaks(void **state)
{
	struct kit *k = *state;

	failed_with_a_result(k);
	quiet_until(k, 2399);
	expect_nothing(k);
	quiet_until(k, 2400);
	expect(k, "2400 snapshot", "2400 ask g3 t1 try 1");
	text(k, "It is free. ");
	done(k);
	spoken(k, k->last);
	zero(k);
	quiet_for(k, 32000);
	assert_int_equal(times(k, "ask"), 0); /* once */
}

static void by_older_rules_the_callers_next_turn_has_it(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	failed_with_a_result(k);
	quiet_for(k, 32000);
	assert_int_equal(times(k, "ask"), 0);
}

static void and_once_more_while_the_call_may_fail(void **state)
{
	struct kit *k = *state;

	failed_with_a_result(k);
	quiet_until(k, 2400);
	failed(k);
	spoken(k, k->last);
	zero(k);
	quiet_until(k, 2400);
	assert_true(has(k, "2400 ask g4 t1 try 1"));
	failed(k);
	assert_true(has(k, "~ending"));
}

/* What it had told may have been heard. */
static void not_that_of_an_answer_that_had_begun(void **state)
{
	struct kit *k = *state;

	k->settings.llm_attempts = 1;
	k->settings.call_failures = 3;
	begin(k);
	turn(k, "is it free today");
	use(k, "lookup", "{}");
	done(k);
	result(k, 1, 0, TOOL_OK, "it is free");
	text(k, "It is free. ");
	failed(k);
	spoken(k, 1);
	spoken(k, k->last);
	zero(k);
	quiet_for(k, 32000);
	assert_int_equal(times(k, "ask"), 0);
}

/* The caller took the floor when it came; his words, with which it was asked about ahead, were none. */
static void a_result_that_only_a_question_ahead_had_is_told(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	turn(k, "is it free today");
	use(k, "lookup", "{}");
	done(k);
	on_air(k, "One moment please while I look at that for you");
	voice(k, 480);
	result(k, 1, 0, TOOL_OK, "it is free");
	partial(k, "what is it?");
	assert_true(has(k, "~yield"));
	zero(k);
	quiet_until(k, 128);
	assert_true(has(k, "ahead"));
	drop(k);
	final(k, "");
	assert_true(has(k, "~discard"));
	drop(k);
	quiet_until(k, 1216);
	assert_int_equal(times(k, "ask"), 1);
	assert_false(has(k, "continue")); /* it is told, before what the agent was saying */
	assert_non_null(strstr(buf_str(&k->request), "it is free"));
}

/* ------------------------------------------------------------------ a change that is taken back in time */

static void nothing_is_changed_while_the_caller_says_more(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "book", "{}");
	voice(k, 96);
	partial(k, "no wait");
	done(k);
	assert_false(has(k, "tool 1.0"));
	final(k, "no wait");
	quiet_for(k, 640);
	assert_true(has(k, "ask g2"));
	assert_false(has(k, "tool 1.0"));
	expect_request(k, "caller: I want some tea", "caller: no wait");
}

static void a_voice_without_words_puts_it_off(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "book", "{}");
	voice(k, 288);
	done(k);
	assert_false(has(k, "tool 1.0"));
	quiet_for(k, 1600);
	assert_true(has(k, "tool 1.0 book changes"));
	assert_false(has(k, "ask g2"));
}

static void what_changes_nothing_is_not_put_off(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	voice(k, 96);
	partial(k, "and");
	done(k);
	assert_true(has(k, "tool 1.0 lookup"));
}

static void by_older_rules_a_change_was_not(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	asked(k);
	use(k, "book", "{}");
	voice(k, 96);
	partial(k, "no wait");
	done(k);
	assert_true(has(k, "tool 1.0 book changes"));
}

/* ------------------------------------------------------------------ silence before a quick tool */

/* The turn is over at 600 ms; nothing may be heard of the agent for two seconds at most. */
static void slowly_used(struct kit *k)
{
	begin(k);
	caller_says(k, "is it free today");
	zero(k);
	quiet_until(k, 1700);
	use(k, "lookup", "{}");
	done(k);
	drop(k);
}

static void the_filler_of_a_tool_counts_from_the_turn(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 1500;
	slowly_used(k);
	quiet_until(k, 2599);
	expect_nothing(k);
	quiet_until(k, 2600);
	assert_int_equal(times(k, "2600 speak u1.1"), 1);
}

static void so_does_that_of_the_request_behind_it(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 1500;
	k->brief.waits.count = 0;
	slowly_used(k);
	quiet_until(k, 2700);
	result(k, 1, 0, TOOL_OK, "it is free");
	pass(k, 1);
	assert_int_equal(times(k, "speak"), 1);
	quiet_for(k, 1216);
	assert_int_equal(times(k, "Let me see"), times(k, " speak ")); /* tried again, no other */
}

static void a_caller_who_has_heard_a_filler_waits_as_before(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 400;
	slowly_used(k);
	quiet_until(k, 2112);
	assert_int_equal(times(k, "speak"), 1);
	spoken(k, k->last);
	quiet_until(k, 4000);
	drop(k);
	result(k, 1, 0, TOOL_OK, "it is free");
	pass(k, 1199);
	assert_int_equal(times(k, "speak"), 0);
	pass(k, 1);
	assert_int_equal(times(k, "speak"), 1);
}

/* An attempt to go on that fails before it says a word is followed by one that goes on. */
static void an_attempt_to_go_on_is_followed_by_another(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. And");
	failed(k);
	drop(k);
	quiet_for(k, 1504);
	assert_true(has(k, "ask g3 t1 try 3 continue"));
}

static void a_new_turn_starts_from_the_first_attempt(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. And");
	failed(k);
	drop(k);
	turn(k, "or rather coffee please");
	assert_true(has(k, "ask g3 t2 try 1\n"));
}

/* ------------------------------------------------------------------ asking ahead */

static void ahead(struct kit *k)
{
	k->settings.turn_preempt = true;
	begin(k);
	caller_says(k, "I want some tea");
	zero(k);
	quiet_until(k, 95);
	expect_nothing(k);
	quiet_until(k, 96);
	assert_int_equal(k->gen, 1);
}

static void test_P15_a_likely_end_is_asked_ahead_and_released(void **state)
{
	struct kit *k = *state;

	ahead(k);
	expect(k, "96 ask g1 t0 try 1 ahead");
	expect_request(k, "caller: I want some tea");
	text(k, answer);
	expect(k, "96 speak u1.1 \"One two three four five six seven eight nine ten.\"");
	audio_all(k, 1);
	expect_nothing(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 ~release t1 i1 n0", "600 snapshot", "600 play u1.2 from 0");
	done(k);
	expect_nothing(k);
	sent(k, 1);
	quiet_for(k, 3200);
	drop(k);
	played(k, 1, 3200);
	assert_true(has(k, "~heard t1 i1 n0"));
	turn(k, "with milk");
	expect_request(k, "caller: I want some tea", "agent: One two three four five six seven eight nine ten.", "caller: with milk");
}

static void test_P15_other_words_throw_it_away(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "Sure. ");
	drop(k);
	quiet_for(k, 96);
	voice(k, 320);
	expect_nothing(k); /* voice alone does not */
	final(k, "with milk");
	expect(k, "512 unspeak u1", "512 ~discard t0 i1 n6", "512 cancel g1"); /* nobody heard it: no interruption */
	zero(k);
	quiet_until(k, 96);
	expect(k, "96 ask g2 t0 try 1 ahead");
	expect_request(k, "caller: I want some tea with milk");
}

static void test_P15_the_same_words_again_do_not(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	voice(k, 320);
	partial(k, "What time is it?");
	zero(k);
	quiet_until(k, 160);
	expect(k, "96 ask g1 t0 try 1 ahead", "160 finalize s1");
	final(k, "what time is it");
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"what time is it\"", "600 ~release t1 i1 n0", "600 snapshot");
}

static void test_P15_no_tool_runs_before_the_release(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "Sure. ");
	use(k, "book", "{\"a\":1}");
	done(k);
	drop(k);
	quiet_until(k, 599);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k,
		"600 ~turn t1 i0 n600000 \"I want some tea\"",
		"600 ~release t1 i1 n0",
		"600 snapshot",
		"600 snapshot",
		"600 tool 1.0 book changes 10000 \"{\"a\":1}\"");
}

static void test_P15_without_its_guard_one_does(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P15;
	ahead(k);
	use(k, "book", "{}");
	assert_true(has(k, "tool 0.0 book"));
}

static void test_P15_two_attempts_a_turn_are_enough(void **state)
{
	static const char *const words[] = { "with milk", "with sugar", "with a biscuit" };
	struct kit *k = *state;
	int i;

	ahead(k);
	for (i = 0; i < 3; i++) {
		voice(k, 64);
		final(k, words[i]);
		quiet_for(k, 320);
	}
	assert_int_equal(times(k, " ahead\n"), 2);
	assert_int_equal(times(k, "~discard"), 2);
	quiet_for(k, 640);
	assert_int_equal(times(k, "ask "), 3);
	text(k, "Sure. ");
	done(k);
	spoken(k, 1);
	drop(k);
	turn(k, "thank you so much");
	assert_int_equal(times(k, " ahead\n"), 1); /* another turn */
}

/* One turn whose question was asked ahead and thrown away `misses` times, or used. */
static void judged_turn(struct kit *k, bool hit)
{
	caller_says(k, "I want some tea");
	quiet_for(k, 320);
	if (!hit)
		final(k, "with milk");
	quiet_for(k, 1216);
	text(k, "Sure. ");
	done(k);
	spoken(k, k->last);
}

static void judged_setup(struct kit *k, int64_t floor)
{
	k->settings.turn_preempt = true;
	k->settings.turn_preempt_ms = 256;
	k->settings.turn_preempt_floor = floor;
	k->settings.turn_silence_ms = 700;
	begin(k);
}

static unsigned int aheads(struct kit *k, const char *turns)
{
	drop(k);
	for (; *turns; turns++)
		judged_turn(k, *turns == '+');
	return times(k, " ahead\n");
}

/* Each miss asks ahead twice: once with the words that changed, once with those that stayed. */
static void test_P15_asking_ahead_stops_below_the_floor_of_hits(void **state)
{
	struct kit *k = *state;

	judged_setup(k, 40);
	assert_int_equal(aheads(k, "--"), 4);   /* -+-+ */
	assert_int_equal(aheads(k, "++"), 2);
	k->settings.turn_preempt_floor = 80;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	assert_int_equal(aheads(k, "+"), 0);    /* -+-+++ is 4 of 6 */
	k->settings.turn_preempt_floor = 66;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	assert_int_equal(aheads(k, "+"), 1);
	k->settings.turn_preempt_floor = 72;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	assert_int_equal(aheads(k, "+"), 0);    /* 5 of 7 are 71 percent */
}

static void test_P15_exactly_the_floor_is_enough(void **state)
{
	struct kit *k = *state;

	judged_setup(k, 60);
	assert_int_equal(aheads(k, "--+"), 5); /* 3 of 5 */
	assert_int_equal(aheads(k, "+"), 1);
}

static void test_P15_one_in_a_hundred_below_it_is_not(void **state)
{
	struct kit *k = *state;

	judged_setup(k, 61);
	assert_int_equal(aheads(k, "--+"), 5);
	assert_int_equal(aheads(k, "+"), 0);
}

static void test_P15_four_are_too_few_to_judge(void **state)
{
	struct kit *k = *state;

	judged_setup(k, 100);
	assert_int_equal(aheads(k, "--"), 4);
	assert_int_equal(aheads(k, "+"), 1);
	assert_int_equal(aheads(k, "+"), 0);
}

/* Ten are remembered: after ten hits the misses of long ago do not count. */
static void test_P15_the_last_ten_count(void **state)
{
	struct kit *k = *state;

	judged_setup(k, 50);
	assert_int_equal(aheads(k, "--"), 4);
	assert_int_equal(aheads(k, "++++++++"), 8);
	k->settings.turn_preempt_floor = 90;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	assert_int_equal(aheads(k, "+"), 1); /* +-++++++++ became -+++++++++ */
	assert_int_equal(aheads(k, "+"), 1);
	k->settings.turn_preempt_floor = 100;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	assert_int_equal(aheads(k, "++"), 2);
}

static void it_is_not_asked_ahead_with_open_words(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	caller_says(k, "I want some tea and");
	zero(k);
	quiet_until(k, 1199);
	expect_nothing(k);
}

static void it_is_not_asked_ahead_in_the_middle_of_a_number(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	strcpy(k->brief.greeting, "What is your number?");
	begin(k);
	spoken(k, 1);
	caller_says(k, "oh one six");
	zero(k);
	quiet_until(k, 899); /* half of what it waits */
	expect_nothing(k);
}

static void it_is_not_asked_ahead_with_words_that_may_change(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 599);
	assert_false(has(k, "ask"));
}

static void it_is_not_asked_ahead_when_that_is_switched_off(void **state)
{
	struct kit *k = *state;

	begin(k);
	caller_says(k, "I want some tea");
	zero(k);
	quiet_until(k, 599);
	expect_nothing(k);
}

static void it_is_not_asked_ahead_while_the_agent_speaks(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	on_air(k, answer);
	final(k, "tea");
	quiet_for(k, 320);
	expect_nothing(k);
}

static void it_is_not_asked_ahead_while_a_tool_runs(void **state)
{
	struct kit *k = *state;

	asked(k);
	k->settings.turn_preempt = true;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	use(k, "lookup", "{}");
	done(k);
	drop(k);
	final(k, "and some milk");
	quiet_for(k, 320);
	expect_nothing(k);
}

static void it_is_not_asked_ahead_while_an_answer_is_on_its_way(void **state)
{
	struct kit *k = *state;

	asked(k);
	k->settings.turn_preempt = true;
	call_set_settings(k->call, &k->settings);
	call_set_settings(k->twin, &k->settings);
	final(k, "and some milk");
	quiet_for(k, 320);
	expect_nothing(k);
}

static void it_is_not_asked_ahead_while_an_answer_is_owed(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	k->settings.turn_preempt_ms = 200;
	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	final(k, "and another");
	drop(k);
	result(k, 1, 0, TOOL_OK, "four");
	quiet_for(k, 576);
	expect(k, "960 ~tool t1 i0 n0 \"lookup\"");
}

static void an_answer_that_is_done_before_the_release_is_whole(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "Sure. Milk or sugar?");
	done(k);
	quiet_until(k, 599);
	expect(k, "96 ask g1 t0 try 1 ahead", "96 speak u1.1 \"Sure.\"");
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 ~release t1 i1 n0", "600 snapshot", "600 speak u2.1 \"Milk or sugar?\"");
}

/* Of an answer that may be thrown away one utterance is made. */
/* The memory for items ends where the question stands. */
static void a_question_asked_ahead_fills_the_last_place(void **state)
{
	struct kit *k = *state;
	int i;

	k->settings.turn_preempt = true;
	begin(k);
	for (i = 0; i < 63; i++) {
		order(k, ORDER_SAY, "tea");
		spoken(k, k->last);
	}
	turn(k, "I want some tea");
	assert_true(has(k, " ahead"));
	assert_true(has(k, "~release t1"));
	text(k, "Here it is. ");
	done(k);
	spoken(k, k->last);
	turn(k, "thank you so much");
	assert_int_equal(kit_count(&k->request, "agent: tea"), 63);
	assert_int_equal(kit_count(&k->request, "caller: "), 2);
	assert_int_equal(kit_count(&k->request, "agent: Here it is."), 1);
}

static void ahead_one_utterance_is_made(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "One two three. Four five six. Seven eight. ");
	assert_int_equal(times(k, "speak"), 1);
	drop(k);
	quiet_until(k, 600);
	assert_int_equal(times(k, "speak"), 2);
}

static void a_failure_ahead_is_forgotten(void **state)
{
	struct kit *k = *state;

	ahead(k);
	drop(k);
	failed(k);
	expect(k, "96 ~discard t0 i1 n0", "96 cancel g1");
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 snapshot", "600 ask g2 t1 try 1");
	expect_request(k, "caller: I want some tea");
}

static void an_empty_answer_ahead_fails_when_it_is_released(void **state)
{
	struct kit *k = *state;

	ahead(k);
	drop(k);
	done(k);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 ~release t1 i1 n0", "600 snapshot", "600 ~retry t1 i0 n2", "600 ask g2 t1 try 2");
}

static void an_answer_ahead_that_takes_too_long_is_thrown_away(void **state)
{
	struct kit *k = *state;

	k->settings.turn_silence_ms = 5000;
	k->settings.llm_total_ms = 1000;
	ahead(k);
	text(k, "Sure");
	drop(k);
	quiet_until(k, 1095);
	expect_nothing(k);
	quiet_until(k, 1096);
	expect(k, "1096 ~discard t0 i1 n4", "1096 cancel g1");
}

static void an_endless_answer_ahead_can_be_released(void **state)
{
	static char words[12001];
	struct kit *k = *state;
	int i;

	memset(words, 'a', sizeof(words) - 1);
	ahead(k);
	text(k, "Sure, I do. ");
	drop(k);
	for (i = 0; i < 3; i++)
		text(k, words);
	expect(k, "96 cancel g1");
	quiet_until(k, 600);
	assert_true(has(k, "~release t1 i1"));
}

static void an_answer_ahead_that_stalls_is_thrown_away(void **state)
{
	struct kit *k = *state;

	k->settings.turn_silence_ms = 5000;
	ahead(k);
	text(k, "Sure. ");
	audio_all(k, 1);
	drop(k);
	quiet_until(k, 1495);
	expect_nothing(k);
	quiet_until(k, 1496);
	expect(k, "1496 unspeak u1", "1496 ~discard t0 i1 n6", "1496 cancel g1");
}

static void after_its_end_an_answer_ahead_says_nothing_more(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "Sure. ");
	done(k);
	drop(k);
	text(k, "More. ");
	use(k, "book", "{}");
	done(k);
	failed(k);
	expect_nothing(k);
	quiet_until(k, 600);
	expect(k, "600 ~turn t1 i0 n600000 \"I want some tea\"", "600 ~release t1 i1 n0", "600 snapshot");
}

/* What was ordered meanwhile is not of the answer that is thrown away, and keeps its place in the history. */
static void what_was_ordered_behind_it_stays(void **state)
{
	struct kit *k = *state;

	ahead(k);
	quiet_until(k, 320);
	text(k, "Sure. ");
	order(k, ORDER_SAY, "One moment please");
	drop(k);
	final(k, "with milk");
	expect(k, "320 unspeak u1", "320 ~discard t0 i1 n6", "320 cancel g1");
	audio_all(k, 2);
	sent(k, 2);
	quiet_for(k, 960);
	played(k, 2, 960);
	quiet_for(k, 960);
	expect_request(k, "agent: One moment please", "caller: I want some tea with milk");
}

/* Something ordered is held over the caller's voice: throwing an answer away does not let it begin. */
static void what_is_held_stays_held(void **state)
{
	struct kit *k = *state;

	ahead(k);
	order(k, ORDER_SAY, "One moment please");
	audio_all(k, 1);
	drop(k);
	failed(k);
	expect(k, "96 ~discard t0 i1 n0", "96 cancel g1");
	quiet_until(k, 499);
	assert_false(has(k, "play"));
	quiet_until(k, 500);
	assert_true(has(k, "500 play u1.2 from 0"));
}

/* The order is being said, the answer asked ahead has no words yet. */
static void a_key_over_an_order_throws_it_away_as_well(void **state)
{
	struct kit *k = *state;

	ahead(k);
	quiet_until(k, 320);
	on_air(k, "One moment please");
	digit(k, '1');
	expect(k, "0 ~yield t0 i3 n0", "0 hold", "0 ~heard t0 i1 n1", "0 unspeak u1", "0 ~discard t0 i1 n0", "0 cancel g1");
}

static void knowledge_is_released_with_its_question(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	k->brief.knowledge = true;
	begin(k);
	final(k, "I want some tea");
	knowledge(k, 1, "Tea is 2 euros.");
	quiet_until(k, 640);
	text(k, "Two euros. ");
	done(k);
	spoken(k, 1);
	turn(k, "thank you so much");
	expect_request(k, "event: Tea is 2 euros.", "caller: I want some tea", "agent: Two euros.", "caller: thank you so much");
}

static void the_keypad_throws_it_away(void **state)
{
	struct kit *k = *state;

	ahead(k);
	text(k, "Sure. ");
	drop(k);
	digit(k, '1');
	expect(k, "96 unspeak u1", "96 ~discard t0 i1 n6", "96 cancel g1");
	digit(k, '#');
	expect_request(k, "caller: I want some tea [keypad] 1");
}

static void the_end_throws_it_away(void **state)
{
	struct kit *k = *state;

	ahead(k);
	drop(k);
	order(k, ORDER_END, "");
	expect(k, "96 ~ending t0 i4 n0", "96 ~discard t0 i1 n0", "96 cancel g1", "96 speak u1.1 \"I will let you go now. Goodbye.\"");
}

static void how_long_the_caller_waits_counts_from_the_release(void **state)
{
	struct kit *k = *state;

	ahead(k);
	quiet_until(k, 600);
	drop(k);
	quiet_until(k, 1799);
	expect_nothing(k);
	quiet_until(k, 1800);
	assert_true(has(k, "1800 speak u1.1 \"Let me see.\""));
	quiet_until(k, 2099);
	assert_false(has(k, "ask"));
	quiet_until(k, 2100);
	assert_true(has(k, "2100 ask g2 t1 try 2"));
}

/* ------------------------------------------------------------------ tools */

static void tools_run(struct kit *k, const char *name, const char *args)
{
	asked(k);
	use(k, name, args);
	done(k);
}

static void a_tool_runs_when_its_message_is_complete(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Let me look. ");
	drop(k);
	use(k, "lookup", "{\"name\":\"tea\"}");
	expect_nothing(k);
	done(k);
	expect(k, "0 tool 1.0 lookup 10000 \"{\"name\":\"tea\"}\"");
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "0 ~tool t1 i0 n0 \"lookup\"", "0 snapshot", "0 ask g2 t1 try 1");
	expect_request(k, "caller: I want some tea", "agent: Let me look.", "use 1.0 lookup: {\"name\":\"tea\"}", "result 1.0: green");
}

static void the_state_is_pushed_before_a_tool_that_changes_something(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	expect(k, "0 tool 1.0 lookup 10000 \"{}\"", "0 snapshot", "0 tool 1.1 book changes 10000 \"{}\"");
}

static void all_uses_stand_together_and_all_results_behind_them(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{\"a\":1}");
	use(k, "lookup", "{\"a\":2}");
	use(k, "lookup", "{\"a\":3}");
	done(k);
	drop(k);
	result(k, 1, 2, TOOL_OK, "third");
	result(k, 1, 0, TOOL_ERROR, "first");
	expect(k, "0 ~tool t1 i2 n0 \"lookup\"", "0 ~tool t1 i0 n1 \"lookup\"");
	result(k, 1, 1, TOOL_UNKNOWN, "second");
	expect(k, "0 ~tool t1 i1 n2 \"lookup\"", "0 snapshot", "0 ask g2 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {\"a\":1}",
		"use 1.1 lookup: {\"a\":2}",
		"use 1.2 lookup: {\"a\":3}",
		"result 1.0 error: first",
		"result 1.1 unknown: second",
		"result 1.2: third");
}

static void each_turn_counts_its_tools_from_zero(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	use(k, "lookup", "{}");
	drop(k);
	done(k);
	expect(k, "0 tool 1.1 lookup 10000 \"{}\"");
	result(k, 1, 1, TOOL_OK, "green");
	text(k, "Green. ");
	done(k);
	spoken(k, 1);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	drop(k);
	done(k);
	expect(k, "1280 tool 2.0 lookup 10000 \"{}\"");
}

static void results_without_their_tool_are_late(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	drop(k);
	result(k, 1, 1, TOOL_OK, "green");
	result(k, 2, 0, TOOL_OK, "green");
	result(k, 0, 0, TOOL_ERROR, "green");
	expect(k, "0 ~tool_late t1 i1 n0", "0 ~tool_late t2 i0 n0", "0 ~tool_late t0 i0 n1");
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	result(k, 1, 0, TOOL_OK, "blue");
	expect(k, "0 ~tool_late t1 i0 n0");
	turn(k, "I want some tea");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: green", "caller: I want some tea");
}

static void a_result_of_no_known_status_is_an_error(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	drop(k);
	result(k, 1, 0, 3, "green");
	expect(k, "0 ~tool t1 i0 n1 \"lookup\"", "0 snapshot", "0 ask g2 t1 try 1");
}

static void an_unknown_tool_is_refused(void **state)
{
	struct kit *k = *state;

	tools_run(k, "destroy", "{}");
	expect(k, "0 snapshot", "0 ask g2 t1 try 1");
	expect_request(k, "caller: I want some tea", "use 1.0 destroy: {}", "result 1.0 error: there is no such tool");
}

static void a_message_holds_at_most_eight_tools(void **state)
{
	struct kit *k = *state;
	int i;

	asked(k);
	for (i = 0; i < 9; i++)
		use(k, "lookup", "{}");
	done(k);
	assert_int_equal(times(k, "tool 1."), 8);
	assert_true(has(k, "tool 1.7 lookup"));
}

static void at_most_sixteen_run_at_once(void **state)
{
	struct kit *k = *state;
	int i, j;

	k->settings.tool_detach_ms = 500;
	k->settings.tool_filler_ms = 20000;
	k->settings.tool_timeout_ms = 60000;
	asked(k);
	for (j = 0; j < 3; j++) {
		for (i = 0; i < 8; i++)
			use(k, "lookup", "{}");
		drop(k);
		done(k);
		assert_int_equal(times(k, "tool 1."), j < 2 ? 8 : 0);
		pass(k, 500);
	}
	assert_int_equal(times(k, "too many"), 0);
	assert_non_null(strstr(buf_str(&k->request), "result 1.23 error: too many tools at once, ask again later"));
}

static void test_P01_P02_a_result_is_kept_when_the_caller_speaks(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Let me book that for you now. ");
	use(k, "book", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	voice(k, 64);
	final(k, "wait a moment please");
	assert_true(has(k, "~yield"));
	drop(k);
	quiet_for(k, 640);
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}", "result 1.0: number 7", "caller: wait a moment please");
}

static void test_P01_without_its_guard_a_result_is_dropped(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P01;
	asked(k);
	text(k, "Let me book that for you now. ");
	use(k, "book", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	result(k, 1, 0, TOOL_OK, "number 7");
	voice(k, 64);
	final(k, "wait a moment please");
	quiet_for(k, 640);
	expect_request(k, "caller: I want some tea", "caller: wait a moment please");
}

static void test_P02_P03_speech_does_not_cancel_a_tool(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Let me look that up for you now. ");
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	final(k, "please wait a moment");
	expect(k, "0 ~yield t1 i1 n0", "0 hold", "0 ~heard t1 i1 n1", "0 unspeak u1");
	quiet_for(k, 640);
	expect(k, "600 ~turn t2 i0 n600000 \"please wait a moment\"");
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "640 ~tool t1 i0 n0 \"lookup\"");
	result(k, 1, 1, TOOL_OK, "number 7");
	expect(k, "640 ~tool t1 i1 n0 \"book\"", "640 snapshot", "640 ask g2 t2 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"use 1.1 book: {}",
		"result 1.0: green",
		"result 1.1: number 7",
		"caller: please wait a moment");
}

static void test_P03_without_its_guard_reads_are_dropped(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P03;
	asked(k);
	text(k, "Let me look that up for you now. ");
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	final(k, "please wait a moment");
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	result(k, 1, 1, TOOL_OK, "number 7");
	expect(k, "0 ~tool_late t1 i0 n0", "0 ~tool t1 i1 n0 \"book\"");
}

static void test_P02_without_its_guard_results_are_missing(void **state)
{
	struct kit *k = *state;
	int i;

	k->sabotage = GUARD_P02;
	tools_run(k, "lookup", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	text(k, "Green. ");
	done(k);
	spoken(k, 1);
	for (i = 0; i < 2; i++) {
		turn(k, "thank you so much");
		text(k, "Sure. ");
		done(k);
		spoken(k, k->last);
	}
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"agent: Green.",
		"caller: thank you so much",
		"agent: Sure.",
		"caller: thank you so much");
}

static void test_P14_without_its_guard_the_line_is_asked_for_again(void **state)
{
	struct kit *k = *state;

	k->sabotage = GUARD_P14;
	asked(k);
	text(k, "Let me look. ");
	use(k, "lookup", "{}");
	done(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: green");
}

static void test_P14_a_fast_tool_does_not_ask_again_for_what_is_being_said(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Let me look. ");
	use(k, "lookup", "{}");
	done(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect_request(k, "caller: I want some tea", "agent: Let me look.", "use 1.0 lookup: {}", "result 1.0: green");
	text(k, "It is green. ");
	done(k);
	assert_int_equal(times(k, "speak u1"), 1);
	assert_int_equal(times(k, "speak u2"), 1);
	assert_int_equal(times(k, "ask"), 1);
}

static void a_tool_gets_a_filler_after_a_moment_and_again_after_four_seconds(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 799);
	expect_nothing(k);
	quiet_until(k, 800);
	expect(k, "800 speak u1.1 \"I am looking that up for you.\"");
	spoken(k, 1);
	drop(k);
	quiet_until(k, 4799);
	expect_nothing(k);
	quiet_until(k, 4800);
	expect(k, "4800 speak u2.1 \"Still checking, thank you for waiting.\"");
}

static void no_filler_over_the_agent(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, answer);
	use(k, "lookup", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	quiet_for(k, 1600);
	expect_nothing(k);
}

/* Ten words, 3.2 s of them, behind which the tool runs. */
static void tool_behind_words(struct kit *k)
{
	k->settings.tool_detach_ms = 20000;
	k->settings.tool_timeout_ms = 30000;
	asked(k);
	text(k, answer);
	use(k, "lookup", "{}");
	zero(k);
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	drop(k);
	quiet_for(k, 3200);
}

static void test_P12_a_filler_that_was_due_is_said_when_the_agent_is_done(void **state)
{
	struct kit *k = *state;

	tool_behind_words(k);
	expect_nothing(k);
	played(k, 1, 3199);
	assert_false(has(k, "speak"));
	played(k, 1, 3200);
	assert_true(has(k, "3200 speak u2.1 \"I am looking that up for you.\""));
	spoken(k, 2);
	drop(k);
	quiet_until(k, 7199);
	expect_nothing(k);
	quiet_until(k, 7200);
	expect(k, "7200 speak u3.1 \"Still checking, thank you for waiting.\"");
}

static void by_the_rules_of_before_it_was_said_five_seconds_later(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	tool_behind_words(k);
	played(k, 1, 3200);
	drop(k);
	quiet_until(k, 5799);
	expect_nothing(k);
	quiet_until(k, 5800);
	expect(k, "5800 speak u2.1 \"I am looking that up for you.\"");
}

static void no_filler_that_was_due_when_the_tool_has_ended(void **state)
{
	struct kit *k = *state;

	tool_behind_words(k);
	result(k, 1, 0, TOOL_OK, "green");
	played(k, 1, 3200);
	drop(k);
	quiet_for(k, 960);
	expect_nothing(k);
}

/* Who takes the floor hears it behind his turn. */
static void no_filler_that_was_due_over_the_caller(void **state)
{
	struct kit *k = *state;

	tool_behind_words(k);
	voice(k, 320);
	final(k, "no not that one");
	assert_true(has(k, "3520 ~yield"));
	quiet_until(k, 4119);
	assert_false(has(k, " speak u"));
	quiet_until(k, 4120);
	assert_true(has(k, "~turn t2"));
	assert_true(has(k, "4120 speak u2.1 \"I am looking that up for you.\""));
}

/* His voice is over when his words come, and his turn is not. */
static void no_filler_that_was_due_into_the_callers_turn(void **state)
{
	struct kit *k = *state;

	tool_behind_words(k);
	voice(k, 320);
	quiet_for(k, 320);
	final(k, "no not that one");
	assert_true(has(k, "3840 ~yield"));
	quiet_until(k, 4119);
	assert_false(has(k, " speak u"));
	quiet_until(k, 4120);
	assert_true(has(k, "4120 speak u2.1 \"I am looking that up for you.\""));
}

static void no_filler_that_was_due_behind_a_goodbye(void **state)
{
	struct kit *k = *state;

	tool_behind_words(k);
	order(k, ORDER_END, "");
	played(k, 1, 3200);
	audio_all(k, 2);
	sent(k, 2);
	quiet_for(k, length_ms(k, 2));
	drop(k);
	played(k, 2, length_ms(k, 2));
	assert_false(has(k, " speak u"));
	assert_true(has(k, "hangup order"));
}

static void no_filler_over_the_caller(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	drop(k);
	quiet_for(k, 640);
	voice(k, 192);
	expect_nothing(k);
	quiet_for(k, 224);
	expect_nothing(k);
	quiet_for(k, 32); /* a pause no longer */
	assert_true(has(k, " speak u1.1 \"I am looking that up for you.\""));
}

/* Neither the model nor the tool is slow by itself; together they would leave three seconds of dead air. */
static void test_P12_silence_over_a_tool_counts_from_the_end_of_the_turn(void **state)
{
	struct kit *k = *state;

	asked(k); /* 40 ms after the end of the turn */
	quiet_until(k, 1100);
	use(k, "lookup", "{}");
	done(k);
	quiet_until(k, 1600);
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	quiet_until(k, 1959);
	expect_nothing(k);
	quiet_until(k, 1960);
	expect(k, "1960 speak u1.1 \"Let me see.\"");
}

/* Another turn, behind one whose voice took `voice_ms` to begin; a tool is in it, so that the model's own filler would come late. */
static void looks_up_behind_a_voice_of(struct kit *k, unsigned int voice_ms)
{
	asked(k);
	text(k, "Sure. ");
	done(k);
	quiet_for(k, voice_ms);
	spoken(k, 1);
	turn(k, "look it up please");
	zero(k);
	quiet_until(k, 1100);
	use(k, "lookup", "{}");
	done(k);
	quiet_until(k, 1200);
	result(k, 2, 0, TOOL_OK, "green");
	drop(k);
}

/* The filler is made by the same voice: asked for at two seconds it would be heard at 2.9. */
static void test_P12_a_filler_is_given_to_a_slow_voice_sooner(void **state)
{
	struct kit *k = *state;

	looks_up_behind_a_voice_of(k, 896);
	quiet_until(k, 1263);
	expect_nothing(k);
	quiet_until(k, 1264); /* the turn's 2200 without 896, 40 ms of which were over */
	expect(k, "1264 speak u2.1 \"Let me see.\"");
}

static void without_a_budget_the_voice_does_not_count(void **state)
{
	struct kit *k = *state;

	k->settings.turn_budget_ms = 0;
	looks_up_behind_a_voice_of(k, 896);
	quiet_until(k, 1959);
	expect_nothing(k);
	quiet_until(k, 1960);
	expect(k, "1960 speak u2.1 \"Let me see.\"");
}

/* In a call of before each request counts anew. */
static void a_call_of_before_counts_each_request_anew(void **state)
{
	struct kit *k = *state;

	k->settings.llm_silent_ms = 0;
	k->settings.turn_budget_ms = 0;
	asked(k);
	quiet_until(k, 1100);
	use(k, "lookup", "{}");
	done(k);
	quiet_until(k, 1600);
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	quiet_until(k, 2799);
	assert_false(has(k, "speak"));
	quiet_until(k, 2800);
	assert_true(has(k, "2800 speak u1.1 \"Let me see.\""));
}

static void after_the_result_there_is_no_filler(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	quiet_for(k, 1024);
	expect_nothing(k);
}

static void a_slow_tool_is_left_to_run_and_the_conversation_goes_on(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 5999);
	expect_nothing(k);
	quiet_until(k, 6000);
	expect(k, "6000 snapshot", "6000 ask g2 t1 try 1", "6000 ~short t1 i3 n6040000");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: still running, the result will follow");
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	drop(k);
	quiet_until(k, 9500);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "9500 ~tool t1 i0 n0 \"lookup\"", "9500 snapshot", "9500 ask g3 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"event: Result of lookup: green");
}

/* Its result comes while the model is at the answer that it is slow: that is said first. */
static void a_slow_tools_result_waits_for_the_answer_in_work(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 6000);
	assert_true(has(k, "6000 ask g2 t1 try 1"));
	given_up_before(k);
	text(k, "It takes a while. ");
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "6000 ~tool t1 i0 n0 \"lookup\"");
	text(k, "Please wait. ");
	done(k);
	assert_true(has(k, "\"Please wait.\""));
	assert_true(has(k, "6000 ask g3 t1 try 1"));
}

/* A model that stops behind a tool while something else is said is looked at when that is said. */
static void test_P12_a_stall_behind_a_tool_is_seen_when_it_is_silent(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	order(k, ORDER_SAY, "one two three four five six seven eight nine ten");
	audio_all(k, 1);
	sent(k, 1);
	use(k, "lookup", "{}");
	zero(k);
	quiet_for(k, 3200);
	played(k, 1, 3200);
	drop(k);
	quiet_until(k, 3499);
	expect_nothing(k);
	quiet_until(k, 3500);
	assert_true(has(k, "3500 ~retry t1 i0 n2"));
	assert_true(has(k, "3500 ask g2 t1 try 2"));
}

/* Two changes whose names begin alike are two. */
static void a_change_with_a_longer_name_is_another(void **state)
{
	struct kit *k = *state;

	tool_add(k, "book_table", true, false, 0);
	begin(k);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	use(k, "book_table", "{}");
	drop(k);
	done(k);
	assert_true(has(k, " tool 1.0 book changes"));
	assert_true(has(k, " tool 1.1 book_table changes"));
}

/* Behind more text than there is room for at once. */
static void a_tool_is_called_when_all_before_it_is_cut(void **state)
{
	struct kit *k = *state;
	uint32_t u;
	int i;

	begin(k);
	turn(k, "tell me a story");
	for (i = 0; i < 30; i++)
		text(k, "So it goes. ");
	use(k, "lookup", "{}");
	done(k);
	assert_false(has(k, " tool "));
	for (u = 1; u < 9; u++)
		spoken(k, u);
	assert_true(has(k, " tool 1.0 lookup"));
}

/* A tool's end is looked at when it comes; the others' filler does not come with it. */
static void a_filler_comes_at_its_time_whatever_else_is_due(void **state)
{
	struct kit *k = *state;

	k->brief.tools[0].timeout_ms = 300;
	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	zero(k);
	done(k);
	drop(k);
	quiet_until(k, 300);
	expect(k, "300 ~tool t1 i0 n1 \"lookup\"");
	quiet_until(k, 799);
	expect_nothing(k);
	quiet_until(k, 800);
	expect(k, "800 speak u1.1 \"I am looking that up for you.\"");
}

static void test_P13_a_tool_that_never_answers_has_failed(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 9999);
	expect_nothing(k);
	quiet_until(k, 10000);
	expect(k, "10000 ~tool t1 i0 n1 \"lookup\"", "10000 snapshot", "10000 ask g2 t1 try 1", "10000 ~short t1 i3 n10040000");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0 error: no answer in time");
	given_up_before(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "10000 ~tool_late t1 i0 n0");
}

static void a_change_that_never_answers_is_of_unknown_outcome(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "book", "{}");
	zero(k);
	quiet_until(k, 10000);
	expect(k, "10000 ~tool t1 i0 n2 \"book\"", "10000 snapshot", "10000 ask g2 t1 try 1", "10000 ~short t1 i3 n10040000");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0 unknown: no answer in time: it may or may not have been done; do not try again");
}

/* A change whose time is over; the model has told the caller what it knows. */
static void booked_too_late(struct kit *k)
{
	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "book", "{}");
	zero(k);
	quiet_until(k, 10000);
	text(k, "Somebody will look. ");
	done(k);
	spoken(k, k->last);
	drop(k);
}

#define BOOKED_TOO_LATE "caller: I want some tea", "use 1.0 book: {}", \
	"result 1.0 unknown: no answer in time: it may or may not have been done; do not try again", "agent: Somebody will look."

static void what_came_of_it_behind_its_deadline_is_told_once(void **state)
{
	struct kit *k = *state;

	booked_too_late(k);
	result(k, 1, 0, TOOL_OK, "booked for three");
	assert_true(has(k, "~tool_late t1 i0 n0"));
	quiet_for(k, 9600);
	assert_false(has(k, "ask"));
	result(k, 1, 0, TOOL_OK, "booked for three");
	turn(k, "and now");
	expect_request(k, BOOKED_TOO_LATE, "event: Result of book, which was not known in time: booked for three", "caller: and now");
	text(k, "Booked for three. ");
	done(k);
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 9600);
	assert_false(has(k, "ask"));
	turn(k, "thank you");
	expect_request(k, BOOKED_TOO_LATE, "event: Result of book, which was not known in time: booked for three", "caller: and now",
		"agent: Booked for three.", "caller: thank you");
}

/* Into an answer that does not know of it. */
static void what_came_of_it_stands_behind_the_answer_under_way(void **state)
{
	struct kit *k = *state;

	booked_too_late(k);
	turn(k, "and now");
	given_up_before(k);
	text(k, "I do not know. ");
	result(k, 1, 0, TOOL_ERROR, "the day is full");
	drop(k);
	done(k);
	assert_true(has(k, "ask g4 t2 try 1"));
	expect_request(k, BOOKED_TOO_LATE, "caller: and now", "agent: I do not know.", "event: Result of book, which was not known in time and failed: the day is full");
}

static void the_rest_of_that_answer_does_not_have_it(void **state)
{
	struct kit *k = *state;

	booked_too_late(k);
	turn(k, "and now");
	given_up_before(k);
	text(k, "I do not know it yet. ");
	result(k, 1, 0, TOOL_OK, "booked for three");
	failed(k);
	assert_true(has(k, "continue"));
	expect_request(k, BOOKED_TOO_LATE, "caller: and now", "agent: I do not know it yet.");
	text(k, "Sorry. ");
	drop(k);
	done(k);
	assert_true(has(k, "ask g5 t2 try 1"));
	assert_non_null(strstr(buf_str(&k->request), "agent: Sorry.\nevent: Result of book, which was not known in time: booked for three"));
}

/* Asked for again while nobody knows, and again when it is known. */
static void booked_again(struct kit *k, enum tool_status status, const char *words)
{
	booked_too_late(k);
	turn(k, "once more");
	use(k, "book", "{}");
	done(k);
	assert_true(has(k, "~tool_repeat t2"));
	result(k, 1, 0, status, words);
	text(k, "It is not known. ");
	done(k);
	spoken(k, k->last);
	turn(k, "once more now");
	drop(k);
	use(k, "book", "{}");
	done(k);
}

static void a_change_that_was_not_done_may_be_asked_for_again(void **state)
{
	struct kit *k = *state;

	booked_again(k, TOOL_ERROR, "the day is full");
	assert_true(has(k, "tool 3.0 book"));
}

static void a_change_that_was_done_may_not(void **state)
{
	struct kit *k = *state;

	booked_again(k, TOOL_OK, "booked for three");
	assert_true(has(k, "~tool_repeat t3"));
	assert_false(has(k, "tool 3.0 book"));
}

static void but_not_by_who_has_not_seen_it(void **state)
{
	struct kit *k = *state;

	booked_too_late(k);
	turn(k, "once more");
	given_up_before(k);
	use(k, "book", "{}");
	result(k, 1, 0, TOOL_OK, "booked for three");
	drop(k);
	done(k);
	assert_true(has(k, "~tool_repeat t2"));
	expect_request(k, BOOKED_TOO_LATE, "caller: once more", "use 2.0 book: {}",
		"result 2.0: asked for before; its result has come meanwhile, not done again",
		"event: Result of book, which was not known in time: booked for three");
}

/* His words cut it, and he waits again. */
static void behind_a_filler_that_was_cut_the_next_is_due_by_his_turn(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 800;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 832);
	assert_int_equal(times(k, "speak u1"), 1);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 96);
	voice(k, 320);
	final(k, "what about my tea");
	assert_true(has(k, "~yield"));
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2"));
	drop(k);
	quiet_for(k, 2016);
	assert_int_equal(times(k, " speak u"), 1);
}

/* A read that was not there in time; the model has said so. */
static void looked_up_too_late(struct kit *k)
{
	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 10000);
	text(k, "It does not work now. ");
	done(k);
	spoken(k, k->last);
	drop(k);
}

#define LOOKED_UP_TOO_LATE "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0 error: no answer in time", "agent: It does not work now."

static void what_was_read_behind_its_deadline_is_told_once(void **state)
{
	struct kit *k = *state;

	looked_up_too_late(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~tool_late t1 i0 n0"));
	quiet_for(k, 3200);
	assert_false(has(k, "ask"));
	result(k, 1, 0, TOOL_OK, "green");
	turn(k, "and now");
	expect_request(k, LOOKED_UP_TOO_LATE, "event: Result of lookup, which was not known in time: green", "caller: and now");
}

/* Nor is what it was told already, or of a read that was in time. */
static void a_read_that_fails_behind_its_deadline_is_not_told(void **state)
{
	struct kit *k = *state;

	looked_up_too_late(k);
	result(k, 1, 0, TOOL_ERROR, "no");
	turn(k, "and now");
	expect_request(k, LOOKED_UP_TOO_LATE, "caller: and now");
	use(k, "lookup", "{}");
	done(k);
	result(k, 2, 0, TOOL_ERROR, "no");
	result(k, 2, 0, TOOL_OK, "green");
	text(k, "It does not work. ");
	done(k);
	spoken(k, k->last);
	turn(k, "well");
	expect_request(k, LOOKED_UP_TOO_LATE, "caller: and now", "use 2.0 lookup: {}", "result 2.0 error: no", "agent: It does not work.", "caller: well");
}

static void by_older_rules_a_read_behind_its_deadline_is_forgotten(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	looked_up_too_late(k);
	result(k, 1, 0, TOOL_OK, "green");
	turn(k, "and now");
	expect_request(k, LOOKED_UP_TOO_LATE, "caller: and now");
}

static void nothing_new_is_not_told(void **state)
{
	struct kit *k = *state;

	booked_too_late(k);
	result(k, 1, 0, TOOL_UNKNOWN, "nobody knows");
	result(k, 1, 1, TOOL_OK, "never asked for");
	result(k, 9, 0, TOOL_OK, "never asked for");
	turn(k, "and now");
	expect_request(k, BOOKED_TOO_LATE, "caller: and now");
}

static void a_call_of_before_is_not_told(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	booked_too_late(k);
	result(k, 1, 0, TOOL_OK, "booked for three");
	turn(k, "and now");
	expect_request(k, BOOKED_TOO_LATE, "caller: and now");
}

static void a_detached_tool_that_never_answers_is_told_as_an_event(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "book", "{}");
	quiet_for(k, 6016);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	zero(k);
	drop(k);
	quiet_for(k, 3200);
	expect(k, "2704 ~tool t1 i0 n2 \"book\"", "2704 snapshot", "2704 ask g3 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"event: Result of book, whose outcome nobody knows: no answer in time: it may or may not have been done; do not try again");
}

/* That it failed is said once, and by the event: by older rules by the place that says "still running". */
static void late_error(struct kit *k, const char *place, const char *event)
{
	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 500;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 512);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	result(k, 1, 0, TOOL_ERROR, "the service is not available");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", place, "agent: It takes a while.", event);
}

static void test_P14_a_late_failure_is_told_by_its_event_alone(void **state)
{
	late_error(*state, "result 1.0: still running, the result will follow", "event: Result of lookup, which failed: the service is not available");
}

static void by_older_rules_the_place_says_so_too(void **state)
{
	((struct kit *)*state)->settings.call_rules = 3;
	late_error(*state, "result 1.0 error: still running, the result will follow", "event: Result of lookup: the service is not available");
}

/* A change, or a read, was settled by its deadline into the caller's voice; what it came to is there before anybody was asked. */
static void known_before_the_request(struct kit *k, const char *tool)
{
	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 500;
	tools_run(k, tool, "{}");
	zero(k);
	quiet_until(k, 500);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	quiet_until(k, 9700);
	drop(k);
	voice(k, 512);
	assert_true(has(k, "~tool t1"));
	assert_false(has(k, "ask"));
	result(k, 1, 0, TOOL_OK, "number 7");
	final(k, "are you there");
	quiet_for(k, 640);
}

#define NUMBER_7(tool) "caller: I want some tea", "use 1.0 " tool ": {}", "result 1.0: still running, the result will follow", \
	"agent: It takes a while.", "event: Result of " tool ": number 7", "caller: are you there"

static void what_is_known_takes_the_place_of_what_was_not(void **state)
{
	struct kit *k = *state;

	known_before_the_request(k, "book");
	expect_request(k, NUMBER_7("book"));
	text(k, "Number 7. ");
	use(k, "book", "{}");
	done(k);
	assert_false(has(k, "~tool_repeat")); /* another turn's wish */
}

static void so_does_what_was_read(void **state)
{
	known_before_the_request(*state, "lookup");
	expect_request((struct kit *)*state, NUMBER_7("lookup"));
}

/* In its place, where the agent has said nothing since. */
static void in_its_own_place_too(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "book", "{}");
	zero(k);
	quiet_until(k, 9700);
	voice(k, 512);
	result(k, 1, 0, TOOL_ERROR, "the day is full");
	final(k, "are you there");
	quiet_for(k, 640);
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}", "result 1.0 error: the day is full", "caller: are you there");
}

static void a_tools_own_time_limit_counts(void **state)
{
	struct kit *k = *state;

	tool_add(k, "slow", false, false, 3000);
	k->brief.waits.count = 0;
	tools_run(k, "slow", "{}");
	expect(k, "0 tool 1.0 slow 3000 \"{}\"");
	zero(k);
	quiet_until(k, 2999);
	expect_nothing(k);
	quiet_until(k, 3000);
	expect(k, "3000 ~tool t1 i0 n1 \"slow\"", "3000 snapshot", "3000 ask g2 t1 try 1", "3000 ~short t1 i3 n3040000");
}

/* A tool that was left to run, and a question asked ahead while it does; its result comes before the turn's end. */
static void result_behind_a_question_ahead(struct kit *k)
{
	k->settings.turn_preempt = true;
	k->settings.tool_detach_ms = 500;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 512);
	text(k, "It takes a while.");
	done(k);
	spoken(k, k->last);
	drop(k);
	caller_says(k, "and some milk");
	zero(k);
	quiet_until(k, 96);
	assert_true(has(k, " try 1 ahead"));
	result(k, 1, 0, TOOL_OK, "green");
	quiet_until(k, 600);
	assert_true(has(k, k->settings.call_rules < 4 ? "~release t2" : "~discard"));
	text(k, "With milk. ");
	drop(k);
}

static void test_P02_a_result_that_came_behind_a_question_ahead_is_told_in_the_answer(void **state)
{
	struct kit *k = *state;

	result_behind_a_question_ahead(k);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"event: Result of lookup: green",
		"caller: and some milk");
	done(k);
	expect_nothing(k);
}

static void by_the_rules_of_before_it_waited_for_the_next_request(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	result_behind_a_question_ahead(k);
	done(k);
	expect_nothing(k);
	quiet_for(k, 960);
	assert_false(has(k, "ask"));
}

/* ------------------------------------------------------------------ a result that comes while an answer is under way */

/* The tool was left to run, the model was asked what to say to that. */
static void still_running(struct kit *k, const char *name)
{
	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 500;
	tools_run(k, name, "{}");
	zero(k);
	quiet_until(k, 500);
	expect(k, "500 snapshot", "500 ask g2 t1 try 1");
	given_up_before(k);
}

static void test_P01_a_result_stands_behind_an_answer_that_was_asked_for_without_it(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "It takes a while. ");
	result(k, 1, 0, TOOL_OK, "green");
	text(k, "Just a moment. ");
	assert_int_equal(k->gen, 2);
	drop(k);
	done(k);
	expect(k, "500 snapshot", "500 ask g3 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"agent: Just a moment.",
		"event: Result of lookup: green");
	text(k, "It is green. ");
	drop(k);
	done(k);
	expect_nothing(k);
}

static void before_its_first_word_too(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	result(k, 1, 0, TOOL_OK, "green");
	text(k, "It takes a while. ");
	done(k);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"event: Result of lookup: green");
}

static void by_the_rules_of_before_its_words_stood_behind_it(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	still_running(k, "lookup");
	result(k, 1, 0, TOOL_OK, "green");
	text(k, "It takes a while. ");
	done(k);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"event: Result of lookup: green",
		"agent: It takes a while.");
}

/* Knowledge comes with the caller's words, in front of them; of two results the first stands first. */
static void two_results_and_knowledge_have_their_places(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->brief.knowledge = true;
	k->settings.tool_detach_ms = 500;
	asked(k);
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	quiet_for(k, 512);
	result(k, 1, 1, TOOL_OK, "number 7");
	knowledge(k, 1, "we close at six");
	text(k, "It takes a while. ");
	result(k, 1, 0, TOOL_OK, "green");
	turn(k, "are you still there now");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"use 1.1 book: {}",
		"result 1.0: still running, the result will follow",
		"result 1.1: still running, the result will follow",
		"event: Result of book: number 7",
		"event: Result of lookup: green",
		"event: we close at six",
		"caller: are you still there now");
}

static void the_answers_own_tools_stand_before_it(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "I will book it meanwhile. ");
	use(k, "book", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	done(k);
	assert_true(has(k, "tool 1.1 book changes"));
	result(k, 1, 1, TOOL_OK, "number 7");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: I will book it meanwhile.",
		"use 1.1 book: {}",
		"result 1.1: number 7",
		"event: Result of lookup: green");
}

static void words_that_are_cut_stand_before_it(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	result(k, 1, 0, TOOL_OK, "green");
	text(k, answer);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 640);
	played(k, 1, 640);
	voice(k, 96);
	final(k, "wait a moment please");
	assert_true(has(k, "~yield"));
	quiet_for(k, 640);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: One two",
		"event: Result of lookup: green",
		"caller: wait a moment please");
}

/* Nothing was said of it: the second attempt has the result, and no other request is needed. */
static void an_answer_that_dies_before_its_first_word_is_asked_for_with_it(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	failed(k);
	expect(k, "500 ~retry t1 i0 n2", "500 ask g3 t1 try 2");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"event: Result of lookup: green");
	text(k, "It is green. ");
	drop(k);
	done(k);
	expect_nothing(k);
}

/* Voice without words takes the floor, and the result comes in it: that is what the model is asked about, and not the rest of what was said before. */
static void a_result_that_comes_while_the_floor_is_taken_is_asked_about(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, answer);
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 640);
	played(k, 1, 640);
	voice(k, 512);
	result(k, 1, 0, TOOL_OK, "green");
	voice(k, 512);
	assert_true(has(k, "~yield"));
	drop(k);
	quiet_until(k, 3363);
	assert_false(has(k, "ask"));
	quiet_until(k, 3364);
	assert_true(has(k, "3364 ask g3 t1 try 1\n3364 speak u2.1 \"Sorry, I did not catch that.\""));
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: One two",
		"event: Result of lookup: green");
}

/* Another worker asks for it again while the rest of an answer comes that said that it runs. */
static void a_result_behind_a_takeover_is_an_event_too(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "It takes a while. And");
	simple(k, IN_ATTACHED);
	assert_true(has(k, "continue"));
	result(k, 1, 0, TOOL_OK, "green");
	text(k, " it will be done. ");
	done(k);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"agent: it will be done.",
		"event: Result of lookup: green");
}

/* ------------------------------------------------------------------ a tool's filler, and its result */

/* The first filler is said: six words of it, of which two are heard when a cough holds it. */
static void filler_held(struct kit *k)
{
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 1500);
	while (!k->last)
		quiet_for(k, 32);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 640);
	played(k, 1, 640);
	voice(k, 128);
	assert_true(has(k, "~hold"));
	drop(k);
}

static void test_P12_a_held_filler_is_not_said_on_when_the_result_is_there(void **state)
{
	struct kit *k = *state;

	filler_held(k);
	result(k, 1, 0, TOOL_OK, "green");
	quiet_for(k, 640);
	assert_true(has(k, "~resume"));
	assert_true(has(k, "~heard t1 i1 n1 \"I am\""));
	assert_false(has(k, "play"));
	assert_true(has(k, "ask g2 t1 try 1"));
	text(k, "It is green. ");
	audio_all(k, 2);
	assert_true(has(k, "play u2.2 from 0"));
}

static void it_is_when_a_tool_still_runs(void **state)
{
	struct kit *k = *state;

	filler_held(k);
	quiet_for(k, 640);
	assert_true(has(k, "play u1.3 from 5120"));
}

static void by_the_rules_of_before_it_was_said_on(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	filler_held(k);
	result(k, 1, 0, TOOL_OK, "green");
	quiet_for(k, 640);
	assert_true(has(k, "play u1.3 from 5120"));
}

static void what_a_dead_voice_left_of_it_is_not_said_either(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	while (!k->last)
		quiet_for(k, 32);
	audio(k, 1, 960);
	sent(k, 1);
	voice_dies(k, 1);
	assert_true(has(k, "speak u2.1 \"that up for you.\""));
	quiet_for(k, 320);
	played(k, 1, 320);
	voice(k, 128);
	result(k, 1, 0, TOOL_OK, "green");
	audio_all(k, 2);
	drop(k);
	quiet_for(k, 640);
	assert_true(has(k, "~resume"));
	assert_false(has(k, "play"));
}

static void another_worker_does_not_say_it_again(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	while (!k->last)
		quiet_for(k, 32);
	audio_all(k, 1);
	sent(k, 1);
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	simple(k, IN_ATTACHED);
	assert_false(has(k, " speak u1"));
	assert_true(has(k, "ask g3 t1 try 1"));
}

static void a_filler_that_has_not_begun_is_not_said_when_the_result_is_there(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	while (!k->last)
		quiet_for(k, 32);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "unspeak u1"));
	audio_all(k, 1);
	assert_false(has(k, "play"));
}

static void detached_tools_get_no_filler(void **state)
{
	struct kit *k = *state;

	k->settings.tool_detach_ms = 500;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 512);
	text(k, "Well. ");
	done(k);
	spoken(k, 1);
	drop(k);
	quiet_for(k, 1600);
	expect_nothing(k);
}

/* ------------------------------------------------------------------ at most once */

static void the_same_change_in_one_turn_is_answered_from_the_first(void **state)
{
	struct kit *k = *state;

	tools_run(k, "book", "{\"a\":1}");
	result(k, 1, 0, TOOL_OK, "number 7");
	use(k, "book", "{\"a\":1}");
	drop(k);
	done(k);
	expect(k, "0 ~tool_repeat t1 i1 n0 \"book\"", "0 snapshot", "0 ask g3 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {\"a\":1}",
		"result 1.0: number 7",
		"use 1.1 book: {\"a\":1}",
		"result 1.1: number 7");
}

static void a_refused_change_is_answered_from_the_first_as_well(void **state)
{
	struct kit *k = *state;

	tools_run(k, "book", "{\"a\":1}");
	result(k, 1, 0, TOOL_ERROR, "full");
	use(k, "book", "{\"a\":1}");
	drop(k);
	done(k);
	expect(k, "0 ~tool_repeat t1 i1 n0 \"book\"", "0 snapshot", "0 ask g3 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {\"a\":1}",
		"result 1.0 error: full",
		"use 1.1 book: {\"a\":1}",
		"result 1.1 error: full");
}

static void other_arguments_are_another_change(void **state)
{
	struct kit *k = *state;

	tools_run(k, "book", "{\"a\":1}");
	result(k, 1, 0, TOOL_OK, "number 7");
	use(k, "book", "{\"a\":2}");
	use(k, "book", "{\"a\":11}");
	drop(k);
	done(k);
	expect(k, "0 snapshot", "0 tool 1.1 book changes 10000 \"{\"a\":2}\"", "0 snapshot", "0 tool 1.2 book changes 10000 \"{\"a\":11}\"");
}

static void another_tool_with_the_same_arguments_is_another_change(void **state)
{
	struct kit *k = *state;

	tool_add(k, "look", true, false, 0);
	tools_run(k, "book", "{\"a\":1}");
	result(k, 1, 0, TOOL_OK, "number 7");
	use(k, "look", "{\"a\":1}");
	drop(k);
	done(k);
	expect(k, "0 snapshot", "0 tool 1.1 look changes 10000 \"{\"a\":1}\"");
}

static void the_same_change_twice_in_one_message_runs_once(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "book", "{}");
	use(k, "book", "{}");
	done(k);
	expect(k, "0 snapshot", "0 tool 1.0 book changes 10000 \"{}\"", "0 ~tool_repeat t1 i1 n0 \"book\"");
	result(k, 1, 0, TOOL_OK, "number 7");
	expect(k, "0 ~tool t1 i0 n0 \"book\"", "0 snapshot", "0 ask g2 t1 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"use 1.1 book: {}",
		"result 1.0: number 7",
		"result 1.1: already under way, the result will follow");
}

static void of_several_changes_each_is_answered_from_its_own(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "book", "{\"a\":1}");
	use(k, "book", "{\"a\":2}");
	done(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	result(k, 1, 1, TOOL_ERROR, "number 8");
	use(k, "book", "{\"a\":1}");
	use(k, "book", "{\"a\":2}");
	drop(k);
	done(k);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {\"a\":1}",
		"use 1.1 book: {\"a\":2}",
		"result 1.0: number 7",
		"result 1.1 error: number 8",
		"use 1.2 book: {\"a\":1}",
		"use 1.3 book: {\"a\":2}",
		"result 1.2: number 7",
		"result 1.3 error: number 8");
}

static void the_same_change_in_a_later_turn_runs_again(void **state)
{
	struct kit *k = *state;

	tools_run(k, "book", "{}");
	result(k, 1, 0, TOOL_OK, "number 7");
	text(k, "Done. ");
	done(k);
	spoken(k, 1);
	turn(k, "once more please");
	use(k, "book", "{}");
	drop(k);
	done(k);
	expect(k, "1280 snapshot", "1280 tool 2.0 book changes 10000 \"{}\"");
}

static void a_change_of_unknown_outcome_is_never_done_again(void **state)
{
	struct kit *k = *state;

	tools_run(k, "book", "{}");
	result(k, 1, 0, TOOL_UNKNOWN, "it may have worked");
	text(k, "Well. ");
	done(k);
	spoken(k, 1);
	turn(k, "once more please");
	use(k, "book", "{}");
	drop(k);
	done(k);
	expect(k, "1280 ~tool_repeat t2 i0 n0 \"book\"", "1280 snapshot", "1280 ask g4 t2 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0 unknown: it may have worked",
		"agent: Well.",
		"caller: once more please",
		"use 2.0 book: {}",
		"result 2.0 unknown: asked for before, the outcome is not known; not done again");
}

static void a_change_that_still_runs_is_not_done_again_in_a_later_turn(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "book", "{}");
	quiet_for(k, 6016);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	turn(k, "once more please");
	use(k, "book", "{}");
	drop(k);
	done(k);
	expect(k, "8256 ~tool_repeat t2 i0 n0 \"book\"", "8256 snapshot", "8256 ask g4 t2 try 1");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"caller: once more please",
		"use 2.0 book: {}",
		"result 2.0: already under way, the result will follow");
}

/* The model asked again because it saw it running; meanwhile it was done. */
static void ended_behind_the_models_back(struct kit *k, enum tool_status status, const char *words)
{
	k->brief.waits.count = 0;
	tools_run(k, "book", "{}");
	quiet_for(k, 6016);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	turn(k, "and now");
	given_up_before(k);
	result(k, 1, 0, status, words);
	use(k, "book", "{}");
	drop(k);
	done(k);
}

static void test_P01_a_change_that_ended_behind_the_models_back_is_not_done_again(void **state)
{
	struct kit *k = *state;

	ended_behind_the_models_back(k, TOOL_OK, "number 7");
	assert_true(has(k, "~tool_repeat t2 i0 n0 \"book\""));
	assert_false(has(k, "tool 2.0 book changes"));
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while.",
		"caller: and now",
		"use 2.0 book: {}",
		"result 2.0: asked for before; its result has come meanwhile, not done again",
		"event: Result of book: number 7");
}

static void by_the_rules_of_before_it_was(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	ended_behind_the_models_back(k, TOOL_OK, "number 7");
	assert_true(has(k, "tool 2.0 book changes"));
}

/* Asked for, asked for again while it ran, and once more when nobody knew. */
static void what_is_said_of_a_repeat_is_what_is_true_of_the_first(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "book", "{}");
	quiet_for(k, 6016);
	use(k, "book", "{}");
	done(k);
	result(k, 1, 0, TOOL_UNKNOWN, "it may have worked");
	use(k, "book", "{}");
	drop(k);
	done(k);
	assert_true(has(k, "~tool_repeat t1 i2 n0 \"book\""));
	assert_non_null(strstr(buf_str(&k->request), "result 1.2 unknown: asked for before, the outcome is not known; not done again"));
}

static void a_read_may_be_done_again(void **state)
{
	struct kit *k = *state;

	tools_run(k, "lookup", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	use(k, "lookup", "{}");
	drop(k);
	done(k);
	expect(k, "0 tool 1.1 lookup 10000 \"{}\"");
}

/* ------------------------------------------------------------------ the tool that ends the call */

static void the_agent_ends_the_call_when_its_last_words_are_said(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Thank you, goodbye. ");
	use(k, "hang_up", "{}");
	drop(k);
	done(k);
	expect(k, "0 ~ending t1 i1 n0");
	spoken(k, 1);
	assert_true(has(k, "hangup agent"));
}

static void without_words_of_its_own_it_says_goodbye(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "hang_up", "{}");
	done(k);
	expect(k, "0 ~ending t1 i1 n0", "0 speak u1.1 \"I will let you go now. Goodbye.\"");
}

static void the_caller_may_go_on(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Thank you, goodbye. ");
	use(k, "hang_up", "{}");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 320);
	drop(k);
	voice(k, 64);
	final(k, "wait one more thing");
	quiet_for(k, 640);
	assert_true(has(k, "~turn t2"));
	assert_false(has(k, "hangup"));
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 hang_up: {}",
		"result 1.0: the call ends when this is said",
		"caller: wait one more thing");
	quiet_for(k, 12800);
	assert_false(has(k, "hangup"));
}

/* The agent says goodbye, and asks for the end; what followed at once is in the log. */
static void goodbye(struct kit *k, const char *words)
{
	text(k, words);
	use(k, "hang_up", "{}");
	drop(k);
	done(k);
}

/* The book's result comes while the goodbye is behind the caller, or is told as an event: either way it is told before the end. */
static void test_P01_a_goodbye_waits_for_a_change_that_is_open(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	goodbye(k, "It takes a while, goodbye. ");
	assert_false(has(k, "~ending"));
	assert_false(has(k, "ask"));
	spoken(k, 1);
	spoken(k, 2);
	quiet_for(k, 960);
	assert_false(has(k, "hangup"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	assert_true(has(k, "ask g3"));
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 book: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while,",
		"agent: goodbye.",
		"use 1.1 hang_up: {}",
		"result 1.1: not yet, the result will follow: tell it, then end the call, without the same goodbye again",
		"event: Result of book: number 7");
	goodbye(k, "It is number 7, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
	spoken(k, 3);
	spoken(k, 4);
	assert_true(has(k, "hangup agent"));
}

static void end_beside_a_change(struct kit *k, const char *first, const char *second, uint32_t book)
{
	asked(k);
	text(k, "I book it, goodbye. ");
	use(k, first, "{}");
	use(k, second, "{}");
	drop(k);
	done(k);
	assert_false(has(k, "~ending"));
	spoken(k, 1);
	drop(k);
	result(k, 1, book, TOOL_OK, "number 7");
	assert_true(has(k, "ask g2"));
	goodbye(k, "It is number 7, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

static void a_change_of_the_same_answer_is_waited_for(void **state)
{
	end_beside_a_change(*state, "book", "hang_up", 0);
}

static void behind_the_end_too(void **state)
{
	end_beside_a_change(*state, "hang_up", "book", 1);
}

static void a_result_that_is_there_is_asked_about_before_the_end(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	text(k, "It takes a while, goodbye. ");
	audio_all(k, 1);
	sent(k, 1);
	result(k, 1, 0, TOOL_OK, "number 7");
	goodbye(k, "");
	assert_false(has(k, "~ending"));
	assert_true(has(k, "ask g3"));
	goodbye(k, "It is number 7, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

/* It asks for the end whatever it is told: each result holds that up once, until its deadline. */
static void a_model_that_always_ends_still_ends(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	goodbye(k, "Goodbye. ");
	spoken(k, 1);
	quiet_for(k, 9600);
	assert_true(has(k, "~tool t1 i0 n2 \"book\""));
	assert_int_equal(k->gen, 3);
	use(k, "hang_up", "{}");
	done(k);
	assert_true(has(k, "~ending t1 i1 n0"));
}

static void nor_is_what_became_known_behind_the_deadline_lost(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	quiet_for(k, 9600); /* "it may or may not have been done", and the model is at it */
	assert_int_equal(k->gen, 3);
	result(k, 1, 0, TOOL_OK, "number 7");
	goodbye(k, "I do not know, goodbye. ");
	assert_false(has(k, "~ending"));
	assert_true(has(k, "ask g4"));
	goodbye(k, "It is number 7, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

static void nor_while_the_last_words_are_said(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	quiet_for(k, 9600); /* the second utterance is a filler */
	goodbye(k, "Goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	assert_true(has(k, "ask g4"));
	spoken(k, 2);
	spoken(k, 3);
	assert_false(has(k, "hangup"));
	goodbye(k, "It is number 7. ");
	assert_true(has(k, "~ending t1 i1 n0"));
	spoken(k, 4);
	assert_true(has(k, "hangup agent"));
}

static void a_repeat_of_the_open_change_asks_nobody(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	use(k, "book", "{}");
	goodbye(k, "Goodbye. ");
	assert_false(has(k, "~ending"));
	assert_false(has(k, "ask"));
}

/* That utterance and the one behind it, whose audio is there in time. */
static void both_spoken(struct kit *k, uint32_t first)
{
	audio_all(k, first + 1);
	spoken(k, first);
	spoken(k, first + 1);
}

/* The tool was left to run before the first filler. */
static void still_running_with_fillers(struct kit *k)
{
	k->settings.tool_detach_ms = 500;
	tools_run(k, "lookup", "{}");
	zero(k);
	quiet_until(k, 500);
	assert_true(has(k, "ask g2"));
}

/* Nor does the caller hear nothing meanwhile, and he is not asked whether he is there. */
static void test_P03_a_goodbye_waits_for_a_read_that_is_open(void **state)
{
	struct kit *k = *state;

	k->settings.quiet_after_ms = 2000;
	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	k->brief.waits.count = 1;
	quiet_for(k, 6016);
	goodbye(k, "It takes a while, goodbye. ");
	assert_false(has(k, "~ending"));
	both_spoken(k, 1);
	drop(k);
	quiet_for(k, 992);
	assert_false(has(k, "ask"));
	assert_false(has(k, "~quiet"));
	assert_false(has(k, "hangup"));
	result(k, 1, 0, TOOL_OK, "green");
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: It takes a while,",
		"agent: goodbye.",
		"use 1.1 hang_up: {}",
		"result 1.1: not yet, the result will follow: tell it, then end the call, without the same goodbye again",
		"event: Result of lookup: green");
	goodbye(k, "It is green. ");
	assert_true(has(k, "~ending t1 i1 n0"));
	spoken(k, k->last);
	assert_true(has(k, "hangup agent"));
}

/* The tool was left to run; when the agent wants to end the call it is waited for with fillers again. */
static void test_P12_who_waits_for_the_end_hears_fillers(void **state)
{
	struct kit *k = *state;

	still_running_with_fillers(k);
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	assert_true(has(k, "\"I am looking that up for you.\""));
	spoken(k, k->last);
	drop(k);
	quiet_for(k, 2496);
	assert_int_equal(times(k, " speak u"), 1);
}

/* Each holds it up once, to its deadline: then it has failed, which is told, and the call ends. */
static void test_P03_a_read_holds_the_end_up_to_its_deadline(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	quiet_until(k, 9999);
	assert_false(has(k, "ask"));
	quiet_until(k, 10000);
	assert_true(has(k, "ask g3"));
	assert_non_null(strstr(buf_str(&k->request), "result 1.0: still running, the result will follow"));
	assert_non_null(strstr(buf_str(&k->request), "event: Result of lookup, which failed: no answer in time"));
	goodbye(k, "It cannot be found. ");
	assert_true(has(k, "~ending t1 i1 n0"));
	spoken(k, k->last);
	assert_true(has(k, "hangup agent"));
}

/* What he says is answered as if nothing were held up, and the end waits again. */
static void a_turn_behind_an_end_that_waits_is_answered(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	drop(k);
	turn(k, "and my wife too");
	assert_true(has(k, "ask g3 t2"));
	goodbye(k, "She too, goodbye. ");
	assert_false(has(k, "~ending"));
	both_spoken(k, 3);
	result(k, 1, 0, TOOL_OK, "green");
	goodbye(k, "It is green. ");
	assert_true(has(k, "~ending t2 i1 n0"));
}

static void a_caller_who_hangs_up_ends_it_as_ever(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	simple(k, IN_HANGUP);
	assert_true(has(k, "hangup caller"));
}

static void two_reads_are_told_together(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 500;
	asked(k);
	use(k, "lookup", "{}");
	use(k, "lookup", "{\"a\":1}");
	done(k);
	quiet_for(k, 512);
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "ask"));
	result(k, 1, 1, TOOL_OK, "blue");
	assert_true(has(k, "ask g3"));
	goodbye(k, "Green and blue. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

static void by_older_rules_an_open_read_holds_no_end_up(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

static void what_was_read_is_told_while_nothing_of_the_goodbye_is_on_its_way(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "It takes a while, goodbye. ");
	result(k, 1, 0, TOOL_OK, "green");
	goodbye(k, "");
	assert_false(has(k, "~ending"));
	assert_true(has(k, "ask g3"));
}

static void test_P03_so_is_a_read_that_failed_behind_its_beginning(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "It takes a while, goodbye. ");
	audio_all(k, 1);
	sent(k, 1);
	result(k, 1, 0, TOOL_ERROR, "no");
	goodbye(k, "");
	assert_false(has(k, "~ending"));
	assert_true(has(k, "ask g3"));
	assert_non_null(strstr(buf_str(&k->request), "result 1.0: still running, the result will follow"));
	assert_non_null(strstr(buf_str(&k->request), "event: Result of lookup, which failed: no"));
}

/* What was read is there behind the goodbye: it is told, and then the call ends. */
static void who_has_said_goodbye_says_no_other(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 320);
	result(k, 1, 0, TOOL_OK, "green");
	both_spoken(k, 1);
	assert_true(has(k, "ask g3"));
	goodbye(k, "");
	assert_true(has(k, "~ending t1 i1 n0"));
	assert_true(has(k, "hangup agent"));
	assert_false(has(k, "speak"));
}

static void nor_behind_an_end_that_was_postponed(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	result(k, 1, 0, TOOL_OK, "number 7");
	goodbye(k, "");
	assert_true(has(k, "~ending t1 i1 n0"));
	assert_true(has(k, "hangup agent"));
	assert_false(has(k, "speak"));
}

/* What he said since was no goodbye. */
static void but_behind_other_words_he_does(void **state)
{
	struct kit *k = *state;

	still_running(k, "book");
	goodbye(k, "It takes a while, goodbye. ");
	both_spoken(k, 1);
	result(k, 1, 0, TOOL_OK, "number 7");
	text(k, "It is number 7. ");
	done(k);
	spoken(k, 3);
	turn(k, "I see");
	goodbye(k, "");
	assert_true(has(k, "Goodbye.\""));
}

static void by_older_rules_what_was_read_behind_the_end_is_not(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	still_running(k, "lookup");
	goodbye(k, "It takes a while, goodbye. ");
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "ask"));
}

static void what_was_read_behind_its_deadline_takes_the_last_words_back(void **state)
{
	struct kit *k = *state;

	looked_up_too_late(k);
	turn(k, "thank you");
	goodbye(k, "Goodbye. ");
	assert_true(has(k, "~ending"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "ask g4"));
}

/* What was found is worth a word more. */
static void what_was_found_is_told_behind_its_beginning_too(void **state)
{
	struct kit *k = *state;

	still_running(k, "lookup");
	text(k, "It takes a while, goodbye. ");
	audio_all(k, 1);
	sent(k, 1);
	result(k, 1, 0, TOOL_OK, "green");
	goodbye(k, "");
	assert_false(has(k, "~ending"));
	assert_true(has(k, "ask g3"));
}

/* "One moment" is no goodbye. */
static void a_filler_is_no_beginning_of_the_goodbye(void **state)
{
	struct kit *k = *state;

	k->settings.tool_filler_ms = 300;
	k->settings.tool_detach_ms = 500;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 480);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 160);
	assert_true(speech_begun(k->call));
	given_up_before(k);
	result(k, 1, 0, TOOL_ERROR, "no");
	goodbye(k, "It takes a while, goodbye. ");
	assert_false(has(k, "~ending"));
}

static void by_the_rules_of_before_the_end_waited_for_nothing(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	still_running(k, "book");
	goodbye(k, "It takes a while, goodbye. ");
	assert_true(has(k, "~ending t1 i1 n0"));
}

/* ------------------------------------------------------------------ knowledge */

static void it_is_looked_up_while_the_caller_speaks(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	begin(k);
	final(k, "some tea");
	partial(k, "and");
	expect_nothing(k);
	final(k, "please");
	expect(k, "0 retrieve q1 \"some tea please\"");
	final(k, "");
	expect_nothing(k);
	knowledge(k, 1, "Tea is 2 euros.");
	quiet_until(k, 640);
	expect_request(k, "event: Tea is 2 euros.", "caller: some tea please");
	text(k, "Two. ");
	done(k);
	spoken(k, 1);
	turn(k, "thank you");
	expect_request(k, "event: Tea is 2 euros.", "caller: some tea please", "agent: Two.", "caller: thank you");
}

static void words_that_may_change_are_not_looked_up(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	begin(k);
	partial(k, "I want some tea");
	expect_nothing(k);
	final(k, "I want some");
	expect(k, "0 retrieve q1 \"I want some\"");
	final(k, "tea");
	expect(k, "0 retrieve q2 \"I want some tea\"");
}

static void only_the_last_query_counts(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	begin(k);
	final(k, "I want some tea");
	final(k, "with milk");
	knowledge(k, 2, "");
	knowledge(k, 1, "Tea is 2 euros.");
	knowledge(k, 3, "Beer is 3 euros.");
	quiet_until(k, 640);
	expect_request(k, "caller: I want some tea with milk");
}

static void an_empty_find_takes_nothing_back(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	begin(k);
	final(k, "I want some tea");
	knowledge(k, 1, "Tea is 2 euros.");
	knowledge(k, 1, "");
	quiet_until(k, 640);
	expect_request(k, "event: Tea is 2 euros.", "caller: I want some tea");
}

static void without_knowledge_nothing_is_looked_up(void **state)
{
	struct kit *k = *state;

	begin(k);
	final(k, "I want some tea");
	expect_nothing(k);
}

static void the_same_words_are_looked_up_once(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	begin(k);
	turn(k, "I want some tea");
	assert_int_equal(times(k, "retrieve"), 1);
	turn(k, "I want some tea");
	assert_int_equal(times(k, "retrieve"), 1);
	turn(k, "I want some coffee");
	assert_int_equal(times(k, "retrieve"), 2);
}

static void knowledge_of_an_answer_thrown_away_is_for_the_next(void **state)
{
	struct kit *k = *state;

	k->brief.knowledge = true;
	k->settings.turn_preempt = true;
	begin(k);
	caller_says(k, "I want some tea");
	knowledge(k, 1, "Tea is 2 euros.");
	quiet_for(k, 96);
	expect_request(k, "event: Tea is 2 euros.", "caller: I want some tea");
	final(k, "with milk");
	quiet_for(k, 640);
	expect_request(k, "event: Tea is 2 euros.", "caller: I want some tea with milk");
}

/* ------------------------------------------------------------------ another worker takes over */

static void a_question_in_flight_is_asked_again(void **state)
{
	struct kit *k = *state;

	asked(k);
	quiet_for(k, 320);
	simple(k, IN_ATTACHED);
	expect(k, "320 listen s2 from 2560", "320 cancel g1", "320 ~retry t1 i0 n1", "320 snapshot", "320 ask g2 t1 try 1");
}

static void an_answer_broken_off_goes_on(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Sure, I do. And");
	drop(k);
	simple(k, IN_ATTACHED);
	expect(k,
		"0 listen s2 from 2560",
		"0 unspeak u1",
		"0 cancel g1",
		"0 ~retry t1 i0 n1",
		"0 ask g2 t1 try 1 continue",
		"0 speak u1.2 \"Sure, I do.\"");
	expect_request(k, "caller: I want some tea", "agent: Sure, I do.");
}

/* A key in a disclosure asks with all of it, for it is said to its end. When the worker dies in it, the ear had but its beginning. */
static void key_in_a_disclosure(struct kit *k)
{
	strcpy(k->brief.greeting, "one two three four five six seven eight");
	k->brief.greeting_whole = true;
	begin(k);
	audio_all(k, 1);
	sent(k, 1);
	digit(k, '#');
	digit(k, '1');
	digit(k, '#');
	played(k, 1, 960);
	drop(k);
	simple(k, IN_ATTACHED);
}

static void test_P04_after_a_takeover_what_was_heard_is_settled_first(void **state)
{
	struct kit *k = *state;

	key_in_a_disclosure(k);
	expect_request(k, "agent: one two three", "agent: four five six seven eight", "caller: [keypad] 1"); /* the rest is said again */
}

static void by_the_rules_of_before_it_was_settled_behind_the_request(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 2;
	key_in_a_disclosure(k);
	expect_request(k, "agent: one two three four five six seven eight", "caller: [keypad] 1");
}

static void a_question_asked_ahead_is_thrown_away(void **state)
{
	struct kit *k = *state;

	ahead(k);
	drop(k);
	simple(k, IN_ATTACHED);
	expect(k, "96 listen s2 from 2560", "96 ~discard t0 i1 n0", "96 cancel g1");
}

static void tools_in_flight_are_sent_again_under_their_key(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	result(k, 1, 0, TOOL_OK, "green");
	drop(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 snapshot", "0 tool 1.1 book changes 10000 \"{}\"");
}

static void a_failed_answer_is_asked_again_at_once(void **state)
{
	struct kit *k = *state;

	asked(k);
	failed(k);
	failed(k);
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 ~retry t1 i0 n3", "0 ask g3 t1 try 3");
	quiet_until(k, 400);
	expect_nothing(k);
}

static void a_question_waits_for_results_that_are_asked_for_again(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 6016); /* it is left to run, the model was asked */
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 cancel g2", "0 tool 1.0 lookup 10000 \"{}\"");
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "0 ~tool t1 i0 n0 \"lookup\"", "0 snapshot", "0 ask g3 t1 try 1", "0 ~short t1 i3 n6056000");
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: green");
}

static void if_they_do_not_come_it_is_asked_after_a_moment(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 6016);
	text(k, "Well"); /* nothing of it was spoken */
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k, "0 listen s2 from 2560", "0 cancel g2", "0 tool 1.0 lookup 10000 \"{}\"");
	quiet_until(k, 799);
	expect_nothing(k);
	quiet_until(k, 800);
	expect(k, "800 snapshot", "800 ask g3 t1 try 1", "800 ~short t1 i3 n6856000");
}

static void an_answer_that_had_begun_does_not_wait(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 6016);
	text(k, "It takes a while. And");
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k,
		"0 listen s2 from 2560",
		"0 unspeak u1",
		"0 cancel g2",
		"0 ~retry t1 i0 n1",
		"0 ask g3 t1 try 1 continue",
		"0 tool 1.0 lookup 10000 \"{}\"",
		"0 speak u1.2 \"It takes a while.\"");
}

static void nor_does_one_that_goes_on(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	tools_run(k, "lookup", "{}");
	quiet_for(k, 6016);
	text(k, "It takes a while. And");
	failed(k);
	zero(k);
	simple(k, IN_ATTACHED);
	expect(k,
		"0 listen s2 from 2560",
		"0 unspeak u1",
		"0 cancel g3",
		"0 ~retry t1 i0 n2",
		"0 ask g4 t1 try 2 continue",
		"0 tool 1.0 lookup 10000 \"{}\"",
		"0 speak u1.2 \"It takes a while.\"");
}

static void after_an_attach_a_tool_has_its_whole_time_again(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.tool_detach_ms = 20000;
	tools_run(k, "book", "{}");
	quiet_for(k, 9024);
	zero(k);
	simple(k, IN_ATTACHED);
	quiet_until(k, 9999);
	assert_false(has(k, "~tool"));
	quiet_until(k, 10000);
	assert_true(has(k, "10000 ~tool t1 i0 n2"));
}

/* ------------------------------------------------------------------ items that move */

/* An utterance is split in the middle of the history: what stands behind it moves along. */
static void a_split_moves_what_stands_behind(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "One two three four. Five six. ");
	use(k, "book", "{}");
	done(k);
	audio(k, 1, 640);
	sent(k, 1);
	voice_dies(k, 1);
	result(k, 1, 0, TOOL_OK, "number 7");
	expect_request(k,
		"caller: I want some tea",
		"agent: One two",
		"agent: three four.",
		"agent: Five six.",
		"use 1.0 book: {}",
		"result 1.0: number 7");
	audio_all(k, 2);
	audio_all(k, 3);
	pass(k, 640);
	played(k, 1, 640);
	sent(k, 3);
	pass(k, 640);
	played(k, 3, 640);
	sent(k, 2);
	pass(k, 640);
	played(k, 2, 640);
	turn(k, "thank you so much");
	expect_request(k,
		"caller: I want some tea",
		"agent: One two",
		"agent: three four.",
		"agent: Five six.",
		"use 1.0 book: {}",
		"result 1.0: number 7",
		"caller: thank you so much");
}

/* A question asked ahead is thrown away behind a cut utterance and a tool that was left to run: both stay in their place. */
static void a_discard_moves_nothing_that_stands_before(void **state)
{
	struct kit *k = *state;

	k->brief.waits.count = 0;
	k->settings.turn_preempt = true;
	asked(k);
	k->settings.turn_preempt_ms = 96;
	use(k, "lookup", "{}");
	done(k);
	quiet_for(k, 6016);
	text(k, "One two three four five six seven eight nine ten. ");
	done(k);
	audio_all(k, k->last);
	sent(k, k->last);
	quiet_for(k, 352);
	played(k, k->last, 320);
	quiet_for(k, 160);
	partial(k, "stop");
	final(k, "stop it now");
	quiet_for(k, 128);
	assert_true(has(k, " ahead\n"));
	final(k, "please");
	assert_true(has(k, "~discard"));
	drop(k);
	quiet_for(k, 64);
	played(k, k->last, 640);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "6720 ~heard t1 i1 n1 \"One two\"", "6720 ~tool t1 i0 n0 \"lookup\"");
	quiet_for(k, 640);
	expect_request(k,
		"caller: I want some tea",
		"use 1.0 lookup: {}",
		"result 1.0: still running, the result will follow",
		"agent: One two",
		"event: Result of lookup: green",
		"caller: stop it now please");
}

/* What is spoken before a question that was asked ahead may still be split: the question's place moves along. The agent does not
 * speak when it asks ahead, but a snapshot may say so. */
static void a_split_before_it_moves_a_question_asked_ahead(void **state)
{
	struct kit *k = *state;
	struct dialogue *d;
	struct item first;
	uint32_t u;

	k->alone = true;
	k->settings.turn_preempt = true;
	begin(k);
	final(k, "I want some tea");
	quiet_for(k, 128);
	assert_true(has(k, " ask g1 t0 try 1 ahead"));
	order(k, ORDER_SAY, "one two three");
	u = k->last;
	audio(k, u, 640);
	sent(k, u);
	d = &k->call->dialogue;
	first = d->items[0];
	d->items[0] = d->items[1];
	d->items[1] = first;
	k->call->speech.slots[k->call->speech.order[0]].item = 0;
	d->gen.base_items = 1;
	voice_dies(k, u);
	assert_int_equal(d->gen.base_items, 2);
	partial(k, "please");
	assert_true(has(k, "~discard"));
}

/* Nor does a tool run behind such a question, but a snapshot may say so: its place moves as well. */
static void a_question_thrown_away_moves_a_tool_behind_it(void **state)
{
	struct kit *k = *state;
	struct dialogue *d;
	struct item question;

	k->alone = true;
	k->settings.turn_preempt = true;
	k->settings.tool_detach_ms = 500;
	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	done(k);
	quiet_for(k, 512);
	text(k, "It takes a while.");
	done(k);
	spoken(k, 1);
	final(k, "and some milk");
	quiet_for(k, 128);
	assert_true(has(k, " try 1 ahead"));
	d = &k->call->dialogue;
	question = d->items[d->gen.base_items];
	memmove(d->items + 1, d->items, d->gen.base_items * sizeof(question));
	d->items[0] = question;
	d->gen.base_items = 0;
	d->tools[0].item++;
	partial(k, "please");
	assert_true(has(k, "~discard"));
	assert_int_equal(d->items[d->tools[0].item].type, BLOCK_TOOL_RESULT);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~tool t1 i0 n0"));
}

/* ------------------------------------------------------------------ the history's ceiling */

/* Agent's lines that nobody heard. */
static void lines(struct kit *k, int count)
{
	for (; count > 0; count -= 23) {
		int i;

		for (i = 0; i < count && i < 23; i++)
			order(k, ORDER_SAY, "tea");
		audio_all(k, k->last - (k->last > 2 ? 2 : 0));
		voice(k, 32);
		partial(k, "please stop");
		partial(k, "");
		drop(k);
	}
}

/* So many turns, each of twenty lines and the caller's words, which number it. */
static void long_talk(struct kit *k, int from, int to)
{
	char words[40];

	for (; from < to; from++) {
		lines(k, 20);
		snprintf(words, sizeof(words), "this is number %d", from);
		final(k, words);
		digit(k, '#'); /* no entry: nothing */
		quiet_for(k, 928);
		drop(k);
	}
}

static void begins_with(struct kit *k, const char *words)
{
	if (strncmp(buf_str(&k->request), words, strlen(words)))
		fail_msg("%.60s", buf_str(&k->request));
}

/* 39 lines, then 21 items a turn: of 4096 the first 1024 are too many; turn 45's words are item 1004, turn 46's 1025. They are
 * forgotten at the step that follows the 4096th. */
static void the_oldest_turns_are_forgotten_whole(void **state)
{
	struct kit *k = *state;

	k->alone = true;
	begin(k);
	lines(k, 39);
	long_talk(k, 0, 193); /* 4092 */
	lines(k, 3);
	turn(k, "and on and on we talk"); /* the 4096th */
	begins_with(k, "caller: this is number 0\n");
	turn(k, "and on and on we talk");
	begins_with(k, "caller: this is number 45\n");
}

static void up_to_the_ceiling_nothing_is_forgotten(void **state)
{
	struct kit *k = *state;

	k->alone = true;
	begin(k);
	lines(k, 39);
	long_talk(k, 0, 193);
	lines(k, 2);
	turn(k, "and on and on we talk"); /* the 4095th */
	turn(k, "and on and on we talk");
	begins_with(k, "caller: this is number 0\n");
	turn(k, "and on and on we talk");
	begins_with(k, "caller: this is number 45\n");
}

static void what_a_tool_waits_for_is_not_forgotten(void **state)
{
	struct kit *k = *state;

	k->alone = true;
	k->settings.tool_detach_ms = 500;
	k->settings.tool_timeout_ms = 600000;
	k->settings.call_max_ms = 14400000;
	begin(k);
	long_talk(k, 0, 20);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	done(k);
	quiet_for(k, 512);
	long_talk(k, 20, 197);
	begins_with(k, "caller: I want some tea\nuse 21.0 book: {}\nresult 21.0: still running, the result will follow\ncaller: this is number 20\n");
	result(k, 21, 0, TOOL_OK, "number 7");
	turn(k, "and on and on we talk");
	begins_with(k, "caller: I want some tea\n");
	assert_non_null(strstr(buf_str(&k->request), "event: Result of book: number 7\ncaller: and on and on we talk"));
	long_talk(k, 197, 230);
	begins_with(k, "caller: this is number ");
}

/* A tool of late in the history keeps its place when the beginning is forgotten. */
static void what_remains_moves_to_the_front(void **state)
{
	struct kit *k = *state;

	k->alone = true;
	k->settings.tool_detach_ms = 20000;
	k->settings.tool_filler_ms = 20000;
	k->settings.tool_timeout_ms = 600000;
	begin(k);
	long_talk(k, 0, 194);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	done(k);
	lines(k, 23);
	result(k, 195, 0, TOOL_OK, "number 7");
	assert_non_null(strstr(buf_str(&k->request), "use 195.0 book: {}\nresult 195.0: number 7"));
	begins_with(k, "caller: this is number ");
}

/* What nobody asked for takes up texts before there is any history to forget. */
static void knowledge_before_anything_was_said_is_given_back(void **state)
{
	static char words[16000];
	struct kit *k = *state;
	int i;

	k->alone = true;
	begin(k);
	memset(words, 'a', sizeof(words) - 1);
	for (i = 0; i < 250 && k->err == ERR_NONE; i++)
		knowledge(k, 0, words);
	assert_int_equal(k->err, ERR_NONE);
	assert_int_equal(i, 250);
}

static void a_history_that_cannot_be_forgotten_ends_the_call(void **state)
{
	struct kit *k = *state;
	int i;

	k->alone = true;
	k->settings.tool_detach_ms = 500;
	k->settings.tool_timeout_ms = 600000;
	begin(k);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	done(k);
	for (i = 0; i < 400 && k->err == ERR_NONE; i++)
		lines(k, 23);
	assert_int_equal(k->err, ERR_NOMEM);
	assert_in_range(i, 355, 358); /* 8192 items */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(an_answer_is_spoken_and_stands_in_the_next_request),
		KIT_TEST(the_first_clause_is_spoken_at_once),
		KIT_TEST(the_end_of_an_answer_speaks_what_is_left),
		KIT_TEST(a_new_turn_cancels_the_answer_to_the_last),
		KIT_TEST(other_generations_are_not_listened_to),
		KIT_TEST(nothing_is_listened_to_when_none_was_asked),
		KIT_TEST(after_its_end_a_generation_says_nothing_more),
		KIT_TEST(the_caller_is_heard_out_before_the_model_is_asked),
		KIT_TEST(the_model_is_asked_when_the_voice_is_over),
		KIT_TEST(nothing_is_asked_without_media),
		KIT_TEST(nothing_is_asked_while_saying_goodbye),
		KIT_TEST(test_P12_a_filler_then_a_second_attempt),
		KIT_TEST(test_P12_the_third_attempt_is_the_last),
		KIT_TEST(test_P12_a_stall_after_the_first_words_goes_on_from_them),
		KIT_TEST(test_P12_without_its_guard_nobody_looks_at_the_clock),
		KIT_TEST(test_P12_without_its_guard_a_stall_is_not_seen),
		KIT_TEST(while_there_is_something_to_say_a_stall_does_not_matter),
		KIT_TEST(text_puts_the_stall_off),
		KIT_TEST(text_that_cannot_be_spoken_stops_no_clock),
		KIT_TEST(no_filler_is_spoken_over_the_caller),
		KIT_TEST(no_filler_is_spoken_over_the_agent),
		KIT_TEST(fillers_take_turns),
		KIT_TEST(a_filler_is_no_answer_to_go_on_from),
		KIT_TEST(a_failed_answer_is_tried_again_at_once),
		KIT_TEST(after_the_second_failure_there_is_a_breath),
		KIT_TEST(the_end_of_what_failed_takes_no_attempt_away),
		KIT_TEST(the_last_failure_is_apologised_for),
		KIT_TEST(with_one_attempt_the_first_failure_is_the_last),
		KIT_TEST(the_second_turn_without_an_answer_ends_the_call),
		KIT_TEST(an_answer_makes_up_for_the_failure_before),
		KIT_TEST(a_failure_after_words_goes_on_from_them),
		KIT_TEST(an_empty_answer_is_a_failure),
		KIT_TEST(an_answer_takes_so_long_and_no_longer),
		KIT_TEST(an_endless_answer_is_cut_short),
		KIT_TEST(fillers_come_again_while_nothing_is_said),
		KIT_TEST(nothing_is_changed_while_the_caller_says_more),
		KIT_TEST(a_voice_without_words_puts_it_off),
		KIT_TEST(what_changes_nothing_is_not_put_off),
		KIT_TEST(by_older_rules_a_change_was_not),
		KIT_TEST(who_writes_has_as_long_again),
		KIT_TEST(by_older_rules_it_had_not),
		KIT_TEST(in_the_middle_of_an_answer_a_filler_comes_sooner),
		KIT_TEST(but_no_later_than_at_its_beginning),
		KIT_TEST(a_result_of_a_failed_request_is_told_when_nobody_speaks),
		KIT_TEST(by_older_rules_the_callers_next_turn_has_it),
		KIT_TEST(and_once_more_while_the_call_may_fail),
		KIT_TEST(not_that_of_an_answer_that_had_begun),
		KIT_TEST(a_result_that_only_a_question_ahead_had_is_told),
		KIT_TEST(the_filler_of_a_tool_counts_from_the_turn),
		KIT_TEST(so_does_that_of_the_request_behind_it),
		KIT_TEST(a_caller_who_has_heard_a_filler_waits_as_before),
		KIT_TEST(an_attempt_to_go_on_is_followed_by_another),
		KIT_TEST(a_new_turn_starts_from_the_first_attempt),
		KIT_TEST(test_P15_a_likely_end_is_asked_ahead_and_released),
		KIT_TEST(test_P15_other_words_throw_it_away),
		KIT_TEST(test_P15_the_same_words_again_do_not),
		KIT_TEST(test_P15_no_tool_runs_before_the_release),
		KIT_TEST(test_P15_without_its_guard_one_does),
		KIT_TEST(test_P15_two_attempts_a_turn_are_enough),
		KIT_TEST(test_P15_asking_ahead_stops_below_the_floor_of_hits),
		KIT_TEST(test_P15_exactly_the_floor_is_enough),
		KIT_TEST(test_P15_one_in_a_hundred_below_it_is_not),
		KIT_TEST(test_P15_four_are_too_few_to_judge),
		KIT_TEST(test_P15_the_last_ten_count),
		KIT_TEST(it_is_not_asked_ahead_with_open_words),
		KIT_TEST(it_is_not_asked_ahead_in_the_middle_of_a_number),
		KIT_TEST(it_is_not_asked_ahead_with_words_that_may_change),
		KIT_TEST(it_is_not_asked_ahead_when_that_is_switched_off),
		KIT_TEST(it_is_not_asked_ahead_while_the_agent_speaks),
		KIT_TEST(it_is_not_asked_ahead_while_a_tool_runs),
		KIT_TEST(it_is_not_asked_ahead_while_an_answer_is_on_its_way),
		KIT_TEST(it_is_not_asked_ahead_while_an_answer_is_owed),
		KIT_TEST(an_answer_that_is_done_before_the_release_is_whole),
		KIT_TEST(a_question_asked_ahead_fills_the_last_place),
		KIT_TEST(ahead_one_utterance_is_made),
		KIT_TEST(a_failure_ahead_is_forgotten),
		KIT_TEST(an_empty_answer_ahead_fails_when_it_is_released),
		KIT_TEST(an_answer_ahead_that_takes_too_long_is_thrown_away),
		KIT_TEST(an_endless_answer_ahead_can_be_released),
		KIT_TEST(an_answer_ahead_that_stalls_is_thrown_away),
		KIT_TEST(after_its_end_an_answer_ahead_says_nothing_more),
		KIT_TEST(what_was_ordered_behind_it_stays),
		KIT_TEST(what_is_held_stays_held),
		KIT_TEST(a_key_over_an_order_throws_it_away_as_well),
		KIT_TEST(knowledge_is_released_with_its_question),
		KIT_TEST(the_keypad_throws_it_away),
		KIT_TEST(the_end_throws_it_away),
		KIT_TEST(how_long_the_caller_waits_counts_from_the_release),
		KIT_TEST(a_tool_runs_when_its_message_is_complete),
		KIT_TEST(the_state_is_pushed_before_a_tool_that_changes_something),
		KIT_TEST(all_uses_stand_together_and_all_results_behind_them),
		KIT_TEST(each_turn_counts_its_tools_from_zero),
		KIT_TEST(results_without_their_tool_are_late),
		KIT_TEST(a_result_of_no_known_status_is_an_error),
		KIT_TEST(an_unknown_tool_is_refused),
		KIT_TEST(a_message_holds_at_most_eight_tools),
		KIT_TEST(at_most_sixteen_run_at_once),
		KIT_TEST(test_P01_P02_a_result_is_kept_when_the_caller_speaks),
		KIT_TEST(test_P01_without_its_guard_a_result_is_dropped),
		KIT_TEST(test_P02_P03_speech_does_not_cancel_a_tool),
		KIT_TEST(test_P03_without_its_guard_reads_are_dropped),
		KIT_TEST(test_P02_without_its_guard_results_are_missing),
		KIT_TEST(test_P14_without_its_guard_the_line_is_asked_for_again),
		KIT_TEST(test_P14_a_fast_tool_does_not_ask_again_for_what_is_being_said),
		KIT_TEST(a_tool_gets_a_filler_after_a_moment_and_again_after_four_seconds),
		KIT_TEST(no_filler_over_the_agent),
		KIT_TEST(test_P12_a_filler_that_was_due_is_said_when_the_agent_is_done),
		KIT_TEST(by_the_rules_of_before_it_was_said_five_seconds_later),
		KIT_TEST(no_filler_that_was_due_when_the_tool_has_ended),
		KIT_TEST(no_filler_that_was_due_over_the_caller),
		KIT_TEST(no_filler_that_was_due_into_the_callers_turn),
		KIT_TEST(no_filler_that_was_due_behind_a_goodbye),
		KIT_TEST(no_filler_over_the_caller),
		KIT_TEST(test_P12_silence_over_a_tool_counts_from_the_end_of_the_turn),
		KIT_TEST(test_P12_a_filler_is_given_to_a_slow_voice_sooner),
		KIT_TEST(without_a_budget_the_voice_does_not_count),
		KIT_TEST(a_call_of_before_counts_each_request_anew),
		KIT_TEST(after_the_result_there_is_no_filler),
		KIT_TEST(a_slow_tool_is_left_to_run_and_the_conversation_goes_on),
		KIT_TEST(a_slow_tools_result_waits_for_the_answer_in_work),
		KIT_TEST(test_P12_a_stall_behind_a_tool_is_seen_when_it_is_silent),
		KIT_TEST(a_change_with_a_longer_name_is_another),
		KIT_TEST(a_tool_is_called_when_all_before_it_is_cut),
		KIT_TEST(a_filler_comes_at_its_time_whatever_else_is_due),
		KIT_TEST(test_P13_a_tool_that_never_answers_has_failed),
		KIT_TEST(a_change_that_never_answers_is_of_unknown_outcome),
		KIT_TEST(what_came_of_it_behind_its_deadline_is_told_once),
		KIT_TEST(what_came_of_it_stands_behind_the_answer_under_way),
		KIT_TEST(the_rest_of_that_answer_does_not_have_it),
		KIT_TEST(a_change_that_was_not_done_may_be_asked_for_again),
		KIT_TEST(a_change_that_was_done_may_not),
		KIT_TEST(but_not_by_who_has_not_seen_it),
		KIT_TEST(behind_a_filler_that_was_cut_the_next_is_due_by_his_turn),
		KIT_TEST(what_was_read_behind_its_deadline_is_told_once),
		KIT_TEST(a_read_that_fails_behind_its_deadline_is_not_told),
		KIT_TEST(by_older_rules_a_read_behind_its_deadline_is_forgotten),
		KIT_TEST(nothing_new_is_not_told),
		KIT_TEST(a_call_of_before_is_not_told),
		KIT_TEST(a_detached_tool_that_never_answers_is_told_as_an_event),
		KIT_TEST(test_P14_a_late_failure_is_told_by_its_event_alone),
		KIT_TEST(by_older_rules_the_place_says_so_too),
		KIT_TEST(what_is_known_takes_the_place_of_what_was_not),
		KIT_TEST(so_does_what_was_read),
		KIT_TEST(in_its_own_place_too),
		KIT_TEST(a_tools_own_time_limit_counts),
		KIT_TEST(test_P02_a_result_that_came_behind_a_question_ahead_is_told_in_the_answer),
		KIT_TEST(by_the_rules_of_before_it_waited_for_the_next_request),
		KIT_TEST(test_P01_a_result_stands_behind_an_answer_that_was_asked_for_without_it),
		KIT_TEST(before_its_first_word_too),
		KIT_TEST(by_the_rules_of_before_its_words_stood_behind_it),
		KIT_TEST(two_results_and_knowledge_have_their_places),
		KIT_TEST(the_answers_own_tools_stand_before_it),
		KIT_TEST(words_that_are_cut_stand_before_it),
		KIT_TEST(an_answer_that_dies_before_its_first_word_is_asked_for_with_it),
		KIT_TEST(a_result_that_comes_while_the_floor_is_taken_is_asked_about),
		KIT_TEST(a_result_behind_a_takeover_is_an_event_too),
		KIT_TEST(test_P12_a_held_filler_is_not_said_on_when_the_result_is_there),
		KIT_TEST(it_is_when_a_tool_still_runs),
		KIT_TEST(by_the_rules_of_before_it_was_said_on),
		KIT_TEST(what_a_dead_voice_left_of_it_is_not_said_either),
		KIT_TEST(another_worker_does_not_say_it_again),
		KIT_TEST(a_filler_that_has_not_begun_is_not_said_when_the_result_is_there),
		KIT_TEST(detached_tools_get_no_filler),
		KIT_TEST(the_same_change_in_one_turn_is_answered_from_the_first),
		KIT_TEST(a_refused_change_is_answered_from_the_first_as_well),
		KIT_TEST(other_arguments_are_another_change),
		KIT_TEST(another_tool_with_the_same_arguments_is_another_change),
		KIT_TEST(the_same_change_twice_in_one_message_runs_once),
		KIT_TEST(of_several_changes_each_is_answered_from_its_own),
		KIT_TEST(the_same_change_in_a_later_turn_runs_again),
		KIT_TEST(test_P01_a_change_that_ended_behind_the_models_back_is_not_done_again),
		KIT_TEST(by_the_rules_of_before_it_was),
		KIT_TEST(what_is_said_of_a_repeat_is_what_is_true_of_the_first),
		KIT_TEST(a_change_of_unknown_outcome_is_never_done_again),
		KIT_TEST(a_change_that_still_runs_is_not_done_again_in_a_later_turn),
		KIT_TEST(a_read_may_be_done_again),
		KIT_TEST(the_agent_ends_the_call_when_its_last_words_are_said),
		KIT_TEST(without_words_of_its_own_it_says_goodbye),
		KIT_TEST(the_caller_may_go_on),
		KIT_TEST(test_P01_a_goodbye_waits_for_a_change_that_is_open),
		KIT_TEST(a_change_of_the_same_answer_is_waited_for),
		KIT_TEST(behind_the_end_too),
		KIT_TEST(a_result_that_is_there_is_asked_about_before_the_end),
		KIT_TEST(a_model_that_always_ends_still_ends),
		KIT_TEST(nor_is_what_became_known_behind_the_deadline_lost),
		KIT_TEST(nor_while_the_last_words_are_said),
		KIT_TEST(a_repeat_of_the_open_change_asks_nobody),
		KIT_TEST(test_P03_a_goodbye_waits_for_a_read_that_is_open),
		KIT_TEST(test_P12_who_waits_for_the_end_hears_fillers),
		KIT_TEST(test_P03_a_read_holds_the_end_up_to_its_deadline),
		KIT_TEST(a_turn_behind_an_end_that_waits_is_answered),
		KIT_TEST(a_caller_who_hangs_up_ends_it_as_ever),
		KIT_TEST(two_reads_are_told_together),
		KIT_TEST(by_older_rules_an_open_read_holds_no_end_up),
		KIT_TEST(what_was_read_is_told_while_nothing_of_the_goodbye_is_on_its_way),
		KIT_TEST(test_P03_so_is_a_read_that_failed_behind_its_beginning),
		KIT_TEST(who_has_said_goodbye_says_no_other),
		KIT_TEST(nor_behind_an_end_that_was_postponed),
		KIT_TEST(but_behind_other_words_he_does),
		KIT_TEST(by_older_rules_what_was_read_behind_the_end_is_not),
		KIT_TEST(what_was_found_is_told_behind_its_beginning_too),
		KIT_TEST(what_was_read_behind_its_deadline_takes_the_last_words_back),
		KIT_TEST(a_filler_is_no_beginning_of_the_goodbye),
		KIT_TEST(by_the_rules_of_before_the_end_waited_for_nothing),
		KIT_TEST(it_is_looked_up_while_the_caller_speaks),
		KIT_TEST(words_that_may_change_are_not_looked_up),
		KIT_TEST(only_the_last_query_counts),
		KIT_TEST(an_empty_find_takes_nothing_back),
		KIT_TEST(without_knowledge_nothing_is_looked_up),
		KIT_TEST(the_same_words_are_looked_up_once),
		KIT_TEST(knowledge_of_an_answer_thrown_away_is_for_the_next),
		KIT_TEST(a_question_in_flight_is_asked_again),
		KIT_TEST(an_answer_broken_off_goes_on),
		KIT_TEST(test_P04_after_a_takeover_what_was_heard_is_settled_first), KIT_TEST(by_the_rules_of_before_it_was_settled_behind_the_request),
		KIT_TEST(a_question_asked_ahead_is_thrown_away),
		KIT_TEST(tools_in_flight_are_sent_again_under_their_key),
		KIT_TEST(a_failed_answer_is_asked_again_at_once),
		KIT_TEST(a_question_waits_for_results_that_are_asked_for_again),
		KIT_TEST(if_they_do_not_come_it_is_asked_after_a_moment),
		KIT_TEST(an_answer_that_had_begun_does_not_wait),
		KIT_TEST(nor_does_one_that_goes_on),
		KIT_TEST(after_an_attach_a_tool_has_its_whole_time_again),
		KIT_TEST(a_split_moves_what_stands_behind),
		KIT_TEST(a_discard_moves_nothing_that_stands_before),
		KIT_TEST(a_split_before_it_moves_a_question_asked_ahead),
		KIT_TEST(a_question_thrown_away_moves_a_tool_behind_it),
		KIT_TEST(the_oldest_turns_are_forgotten_whole),
		KIT_TEST(up_to_the_ceiling_nothing_is_forgotten),
		KIT_TEST(what_a_tool_waits_for_is_not_forgotten),
		KIT_TEST(what_remains_moves_to_the_front),
		KIT_TEST(knowledge_before_anything_was_said_is_given_back),
		KIT_TEST(a_history_that_cannot_be_forgotten_ends_the_call),
	};

	return cmocka_run_group_tests_name("dialogue", tests, NULL, NULL);
}
