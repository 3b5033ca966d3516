/* What is not heard yet of an answer that a tool's result contradicts: given up, and the model is asked again with that result. */
#include "callkit.h"

#include "voice/call_state.h"

#define STILL "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: still running, the result will follow"
#define GREEN "event: Result of lookup: green"

static void asks_for(struct kit *k, const char *tool)
{
	k->brief.waits.count = 0;
	begin(k);
	turn(k, "I want some tea");
	use(k, tool, "{}");
	done(k);
	zero(k);
}

/* The tool was left to run, the model was asked what to say to that. */
static void left_to_run(struct kit *k)
{
	k->settings.tool_detach_ms = 500;
	asks_for(k, "lookup");
	quiet_until(k, 500);
	expect(k, "500 snapshot", "500 ask g2 t1 try 1");
}

/* The deadline of a change is over, the model was asked what to say to that. */
static void not_known(struct kit *k)
{
	k->settings.tool_detach_ms = 20000;
	asks_for(k, "book");
	quiet_until(k, 10000);
	expect(k, "10000 ~tool t1 i0 n2 \"book\"", "10000 snapshot", "10000 ask g2 t1 try 1", "10000 ~short t1 i3 n10040000");
}

/* That utterance is on the air, and so much of it was played. */
static void on_the_air(struct kit *k, uint32_t u, unsigned int ms)
{
	audio_all(k, u);
	sent(k, u);
	quiet_for(k, ms);
	played(k, u, ms);
	drop(k);
}

static void test_P14_what_nobody_has_heard_is_given_up(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "500 ~heard t1 i1 n1", "500 unspeak u1", "500 ~discard t1 i2 n17", "500 ~tool t1 i0 n0 \"lookup\"", "500 snapshot", "500 ask g3 t1 try 1");
	expect_request(k, STILL, GREEN);
	text(k, "It is green. ");
	done(k);
	spoken(k, 2);
	assert_true(has(k, "~heard t1 i2 n0 \"It is green.\""));
}

static void so_is_what_is_still_written(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. Please");
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "500 cancel g2", "500 ~heard t1 i1 n1", "500 unspeak u1", "500 ~discard t1 i2 n24", "500 ~tool t1 i0 n0 \"lookup\"", "500 snapshot",
		"500 ask g3 t1 try 1");
	expect_request(k, STILL, GREEN);
}

/* The caller waits since the first request: the filler is due by that. */
static void before_its_first_word_the_filler_keeps_its_time(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	quiet_until(k, 1500);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "1500 cancel g2", "1500 ~discard t1 i2 n0", "1500 ~tool t1 i0 n0 \"lookup\"", "1500 snapshot", "1500 ask g3 t1 try 1");
	assert_int_equal(k->call->timers[TIMER_FILLER], k->zero_us + 1700000);
}

/* What was sent is cleared at the carrier, unless a word of it may be out. */
static void sound_that_was_sent_is_cleared(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 288);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "hold"));
	assert_true(has(k, "~discard t1 i2 n17"));
	assert_true(has(k, "ask g3"));
	expect_request(k, STILL, GREEN);
}

static void what_may_be_heard_is_said_to_its_end(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	quiet_for(k, 320);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "hold"));
	assert_false(has(k, "~discard"));
	assert_true(has(k, "ask g3"));
	expect_request(k, STILL, "agent: It takes a while.", GREEN);
}

static void what_stands_behind_the_sentence_that_is_heard_is_given_up(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. What is your name? And your town? ");
	done(k);
	on_the_air(k, 1, 320);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "hold"));
	assert_true(has(k, "~discard t1 i0 n32"));
	assert_true(has(k, "~heard t1 i2 n1\n"));
	assert_true(has(k, "~heard t1 i3 n1\n"));
	assert_true(has(k, "ask g3"));
	expect_request(k, STILL, "agent: It takes a while.", GREEN);
	quiet_for(k, 960);
	played(k, 1, 1280);
	assert_true(has(k, "~heard t1 i1 n0 \"It takes a while.\""));
}

static void a_sentence_in_two_pieces_is_said_to_its_end(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a little while, I am told. What is your name? ");
	done(k);
	on_the_air(k, 1, 1600);
	assert_int_equal(k->call->speech.count, 2);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~discard t1 i0 n18"));
	expect_request(k, STILL, "agent: It takes a little while,", "agent: I am told.", GREEN);
}

/* The model is at it: what it writes behind it is not said. */
static void and_when_the_rest_of_it_is_not_written_yet(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a little while, I am");
	on_the_air(k, 1, 320);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "820 ~tool t1 i0 n0 \"lookup\"");
	text(k, " told. What is");
	assert_true(has(k, "cancel g2"));
	assert_true(has(k, "~discard t1 i0 n8"));
	assert_true(has(k, "ask g3"));
	expect_request(k, STILL, "agent: It takes a little while,", "agent: I am told.", GREEN);
}

static void what_is_unknown_is_not_told_when_it_is_known(void **state)
{
	struct kit *k = *state;

	not_known(k);
	text(k, "Somebody will look. ");
	done(k);
	drop(k);
	result(k, 1, 0, TOOL_OK, "number 7");
	assert_true(has(k, "~discard t1 i2 n19"));
	assert_true(has(k, "ask g3 t1 try 1"));
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}", "result 1.0: still running, the result will follow", "event: Result of book: number 7");
	text(k, "Number 7. ");
	done(k);
	spoken(k, k->last);
	turn(k, "fine");
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}", "result 1.0: still running, the result will follow", "event: Result of book: number 7",
		"agent: Number 7.", "caller: fine");
}

/* It was left to run, and that was said; then its deadline came, which is told by an event. */
static void the_event_that_says_so_is_taken_back(void **state)
{
	struct kit *k = *state;

	k->settings.tool_detach_ms = 500;
	asks_for(k, "book");
	quiet_until(k, 500);
	text(k, "It takes a while. ");
	done(k);
	spoken(k, 1);
	quiet_until(k, 10000);
	assert_non_null(strstr(buf_str(&k->request), "event: Result of book, whose outcome nobody knows"));
	text(k, "Somebody will look. ");
	result(k, 1, 0, TOOL_OK, "number 7");
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}", "result 1.0: still running, the result will follow", "agent: It takes a while.",
		"event: Result of book: number 7");
}

static void what_was_told_as_unknown_is_told_next(void **state)
{
	struct kit *k = *state;

	not_known(k);
	text(k, "Somebody will look. What is your name? ");
	done(k);
	on_the_air(k, 1, 320);
	result(k, 1, 0, TOOL_OK, "number 7");
	assert_true(has(k, "~discard t1 i0 n18"));
	assert_true(has(k, "ask g3 t1 try 1"));
	expect_request(k, "caller: I want some tea", "use 1.0 book: {}",
		"result 1.0 unknown: no answer in time: it may or may not have been done; do not try again", "agent: Somebody will look.",
		"event: Result of book, which was not known in time: number 7");
}

/* The second result of a turn is told behind the answer that has the first. */
static void a_turn_has_its_answer_given_up_once(void **state)
{
	struct kit *k = *state;

	k->settings.tool_detach_ms = 500;
	k->brief.waits.count = 0;
	begin(k);
	turn(k, "I want some tea");
	use(k, "lookup", "{}");
	use(k, "book", "{}");
	done(k);
	quiet_for(k, 512);
	text(k, "It takes a while. ");
	result(k, 1, 0, TOOL_OK, "green");
	assert_int_equal(k->gen, 3);
	text(k, "It is green. ");
	drop(k);
	result(k, 1, 1, TOOL_OK, "number 7");
	assert_false(has(k, "~discard"));
	done(k);
	assert_int_equal(k->gen, 4);
	assert_non_null(strstr(buf_str(&k->request), "event: Result of lookup: green\nagent: It is green.\nevent: Result of book: number 7"));
}

static void the_next_turn_may_have_it_again(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	k->call->dialogue.stale_turn = k->twin->dialogue.stale_turn = 1; /* of the turn before */
	text(k, "It takes a while. ");
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~discard"));
}

static void what_the_answer_has_dispatched_keeps_it(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "I will book it meanwhile. ");
	use(k, "book", "{}");
	done(k);
	assert_true(has(k, "tool 1.1 book changes"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "~discard"));
	result(k, 1, 1, TOOL_OK, "number 7");
	assert_non_null(strstr(buf_str(&k->request), "agent: I will book it meanwhile."));
	assert_int_equal(times(k, "tool 1.1"), 0);
}

/* What was said to go with that tool stays; what its own answer says, unheard yet, is another matter. */
static void what_was_asked_behind_it_does_not(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "I will book it meanwhile. ");
	use(k, "book", "{}");
	done(k);
	result(k, 1, 1, TOOL_OK, "number 7");
	assert_true(has(k, "ask g3"));
	text(k, "It is booked, the search still runs. ");
	done(k);
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~discard t1 i3"));
	assert_true(has(k, "ask g4"));
	assert_false(has(k, "unspeak u1"));
	assert_non_null(strstr(buf_str(&k->request), "agent: I will book it meanwhile."));
	assert_null(strstr(buf_str(&k->request), "It is booked"));
}

static void what_it_has_only_asked_for_is_not_done(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	use(k, "book", "{}");
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "cancel g2"));
	model_gen(k, IN_MODEL_DONE, 2, "", "");
	assert_false(has(k, "tool 1.1"));
	assert_true(has(k, "ask g3"));
}

/* A cough holds it before a word was heard; the result comes meanwhile. */
static void what_is_held_is_given_up_when_it_would_go_on(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	audio_all(k, 1);
	sent(k, 1);
	voice(k, 128);
	assert_true(has(k, "~hold"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "~discard"));
	quiet_for(k, 640);
	assert_true(has(k, "~resume"));
	assert_true(has(k, "~discard"));
	assert_false(has(k, "play"));
	assert_true(has(k, "ask g3"));
}

/* One request, without what is given up: of two the second would have the model say its answer anew. */
static void held_in_a_sentence_it_is_asked_once(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. What else can I do? ");
	done(k);
	on_the_air(k, 1, 320);
	voice(k, 128);
	assert_true(has(k, "~hold"));
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "ask g3"));
	quiet_for(k, 640);
	assert_true(has(k, "~discard"));
	assert_true(has(k, "ask g3"));
	assert_null(strstr(buf_str(&k->request), "What else"));
	text(k, "It is green. ");
	done(k);
	assert_false(has(k, "ask g4"));
}

static void it_is_asked_again_when_the_caller_is_done(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	voice(k, 320);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "cancel g2"));
	assert_false(has(k, "ask"));
	final(k, "and some milk");
	quiet_for(k, 640);
	assert_int_equal(times(k, "ask"), 1);
	assert_non_null(strstr(buf_str(&k->request), GREEN "\ncaller: and some milk"));
	assert_int_equal(times(k, "speak"), 0);
}

static void what_another_worker_would_say_again_is_given_up(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	simple(k, IN_ATTACHED);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "~discard"));
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: green");
}

static void last_words_of_the_call_stay(void **state)
{
	struct kit *k = *state;

	left_to_run(k);
	text(k, "It takes a while. ");
	done(k);
	order(k, ORDER_END, "");
	assert_true(has(k, "~ending"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	assert_false(has(k, "~discard"));
}

static void by_older_rules_it_was_said(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	left_to_run(k);
	text(k, "It takes a while. ");
	drop(k);
	result(k, 1, 0, TOOL_OK, "green");
	expect(k, "500 ~tool t1 i0 n0 \"lookup\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_P14_what_nobody_has_heard_is_given_up),
		KIT_TEST(so_is_what_is_still_written),
		KIT_TEST(before_its_first_word_the_filler_keeps_its_time),
		KIT_TEST(sound_that_was_sent_is_cleared),
		KIT_TEST(what_may_be_heard_is_said_to_its_end),
		KIT_TEST(what_stands_behind_the_sentence_that_is_heard_is_given_up),
		KIT_TEST(a_sentence_in_two_pieces_is_said_to_its_end),
		KIT_TEST(and_when_the_rest_of_it_is_not_written_yet),
		KIT_TEST(what_is_unknown_is_not_told_when_it_is_known),
		KIT_TEST(the_event_that_says_so_is_taken_back),
		KIT_TEST(what_was_told_as_unknown_is_told_next),
		KIT_TEST(a_turn_has_its_answer_given_up_once),
		KIT_TEST(the_next_turn_may_have_it_again),
		KIT_TEST(what_the_answer_has_dispatched_keeps_it),
		KIT_TEST(what_was_asked_behind_it_does_not),
		KIT_TEST(what_it_has_only_asked_for_is_not_done),
		KIT_TEST(what_is_held_is_given_up_when_it_would_go_on),
		KIT_TEST(held_in_a_sentence_it_is_asked_once),
		KIT_TEST(it_is_asked_again_when_the_caller_is_done),
		KIT_TEST(what_another_worker_would_say_again_is_given_up),
		KIT_TEST(last_words_of_the_call_stay),
		KIT_TEST(by_older_rules_it_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
