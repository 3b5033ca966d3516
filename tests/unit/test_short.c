/* A short answer: when one is asked for because another would come behind the turn's budget, why, and what is remembered of model and voice for it. */
#include "callkit.h"

#include "voice/call_state.h"

#define SHORT(turn, why, us) " ~short t" #turn " i" #why " n" #us

/* The caller's turn ended 40 ms ago, the model was asked. */
static void asked(struct kit *k)
{
	begin(k);
	turn(k, "I want some tea");
	assert_int_equal(k->gen, 1);
	zero(k);
}

/* It is said `words_ms` behind the request, and its sound is there `voice_ms` behind that. */
static void answer_takes(struct kit *k, unsigned int words_ms, unsigned int voice_ms)
{
	quiet_for(k, words_ms);
	text(k, "Sure. ");
	done(k);
	quiet_for(k, voice_ms);
	spoken(k, k->last);
}

/* Neither another attempt nor a filler comes before the budget is over. */
static void slow_is_fine(struct kit *k)
{
	k->settings.llm_second_ms = 5000;
	k->settings.llm_filler_ms = 5000;
	k->settings.llm_silent_ms = 0;
}

/* ------------------------------------------------------------------ why */

static void an_answer_in_time_may_be_long(void **state)
{
	struct kit *k = *state;

	begin(k);
	turn(k, "I want some tea");
	assert_true(has(k, " ask g1 t1 try 1\n"));
	assert_false(has(k, "~short"));
}

/* The final is waited for, in vain; the next turn's is there. */
static void words_that_come_late_ask_for_a_short_one(void **state)
{
	struct kit *k = *state;

	k->settings.turn_budget_ms = 1000;
	k->settings.turn_final_wait_ms = 1200;
	begin(k);
	voice(k, 320);
	partial(k, "I want some tea");
	zero(k);
	quiet_until(k, 1800);
	assert_true(has(k, " ask g1 t1 try 1\n1800" SHORT(1, 1, 1200000) "\n"));
	answer_takes(k, 32, 32);
	drop(k);
	turn(k, "with milk please");
	assert_true(has(k, " ask g2 t2 try 1\n"));
	assert_false(has(k, "~short"));
}

/* The second attempt has 700 ms left, the third has none. A filler is no answer. */
static void so_does_a_late_attempt(void **state)
{
	struct kit *k = *state;

	asked(k);
	quiet_until(k, 1460);
	assert_true(has(k, "1460 ask g2 t1 try 2\n"));
	assert_false(has(k, "~short"));
	quiet_until(k, 2960);
	assert_true(has(k, "\"Let me see.\"") && has(k, "2960 ask g3 t1 try 3\n2960" SHORT(1, 2, 3000000) "\n"));
}

/* An attempt that failed leaves the next one as much time as is left. */
static void an_attempt_is_late_by_what_model_and_voice_lately_took(void **state)
{
	struct kit *k = *state;

	asked(k);
	answer_takes(k, 960, 320);
	turn(k, "with milk please");
	zero(k);
	quiet_until(k, 960);
	failed(k);
	assert_true(has(k, " try 2\n960" SHORT(2, 2, 2320000) "\n")); /* 1000 each, and 320 */
}

static void so_does_a_tool_that_took_long(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	quiet_until(k, 2300);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "2300 ask g2 t1 try 1\n2300" SHORT(1, 3, 2340000) "\n"));
	expect_request(k, "caller: I want some tea", "use 1.0 lookup: {}", "result 1.0: green"); /* nothing of it is kept */
}

static void a_quick_tool_does_not(void **state)
{
	struct kit *k = *state;

	asked(k);
	use(k, "lookup", "{}");
	done(k);
	quiet_until(k, 1000);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "1000 ask g2 t1 try 1\n"));
	assert_false(has(k, "~short"));
}

/* The slowest counts at once, then a quarter less with each that is quicker. */
static void so_do_model_and_voice_that_were_slow_lately(void **state)
{
	struct kit *k = *state;

	slow_is_fine(k);
	asked(k);
	answer_takes(k, 1984, 320);
	drop(k);
	turn(k, "with milk please");
	assert_true(has(k, " try 1\n") && has(k, SHORT(2, 4, 2344000)));
	answer_takes(k, 320, 320);
	drop(k);
	turn(k, "and sugar please"); /* 1518 and 320 */
	assert_true(has(k, " try 1\n"));
	assert_false(has(k, "~short"));
}

/* Before its end a turn has its whole budget; a slow model has used it up by then. */
static void an_answer_asked_ahead_is_short_for_a_slow_model_alone(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	slow_is_fine(k);
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 128);
	assert_true(has(k, " ask g1 t0 try 1 ahead\n"));
	assert_false(has(k, "~short"));
	quiet_for(k, 512);
	answer_takes(k, 1984, 320);
	drop(k);
	caller_says(k, "with milk please");
	quiet_for(k, 128);
	assert_true(has(k, " ahead\n") && has(k, "~short t1 i4 n"));
}

/* However long ago the turn before it was. */
static void an_answer_asked_ahead_has_its_whole_budget(void **state)
{
	struct kit *k = *state;

	k->settings.turn_preempt = true;
	begin(k);
	turn(k, "I want some tea");
	answer_takes(k, 32, 32);
	quiet_for(k, 3200);
	drop(k);
	caller_says(k, "with milk please");
	quiet_for(k, 128);
	assert_true(has(k, " ahead\n"));
	assert_false(has(k, "~short"));
}

/* ------------------------------------------------------------------ why not */

static void who_has_heard_words_already_may_hear_many(void **state)
{
	struct kit *k = *state;

	asked(k);
	text(k, "Let me look. ");
	use(k, "lookup", "{}");
	done(k);
	spoken(k, 1);
	quiet_until(k, 2900);
	result(k, 1, 0, TOOL_OK, "green");
	assert_true(has(k, "2900 ask g2 t1 try 1\n"));
	assert_false(has(k, "~short"));
}

static void who_is_asked_to_go_on_is_not_told_to_be_short(void **state)
{
	struct kit *k = *state;

	asked(k);
	quiet_until(k, 1100);
	text(k, "One two three four. And then ");
	spoken(k, 1);
	drop(k);
	quiet_until(k, 4400);
	assert_true(has(k, " try 2 continue\n"));
	assert_false(has(k, "~short"));
}

/* The time in which a secret number is keyed in is the caller's own. */
static void keys_take_their_time(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "take_keys", .takes = true };
	brief_takes(&k->brief);
	asked(k);
	use(k, "take_keys", "{\"what\":\"pin\",\"least\":4,\"most\":4}");
	done(k);
	quiet_until(k, 3000);
	for (i = 0; i < 4; i++) {
		digit(k, KEY_HIDDEN);
		quiet_for(k, 320);
	}
	result(k, 1, 0, TOOL_OK, "{\"taken\":true}");
	assert_true(has(k, " ask g2 t1 try 1\n"));
	assert_false(has(k, "~short"));
}

static void by_older_rules_no_answer_is_short(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	asked(k);
	quiet_until(k, 2960);
	assert_true(has(k, "2960 ask g3 t1 try 3\n"));
	assert_false(has(k, "~short"));
	text(k, "Sure. ");
	assert_true(k->call->dialogue.words_us == 0 && k->call->dialogue.gen.asked_us == 0);
}

static void nor_without_a_budget(void **state)
{
	struct kit *k = *state;

	k->settings.turn_budget_ms = 0;
	asked(k);
	quiet_until(k, 2960);
	assert_true(has(k, "2960 ask g3 t1 try 3\n"));
	assert_false(has(k, "~short"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(an_answer_in_time_may_be_long),
		KIT_TEST(words_that_come_late_ask_for_a_short_one),
		KIT_TEST(so_does_a_late_attempt),
		KIT_TEST(an_attempt_is_late_by_what_model_and_voice_lately_took),
		KIT_TEST(so_does_a_tool_that_took_long),
		KIT_TEST(a_quick_tool_does_not),
		KIT_TEST(so_do_model_and_voice_that_were_slow_lately),
		KIT_TEST(an_answer_asked_ahead_is_short_for_a_slow_model_alone),
		KIT_TEST(an_answer_asked_ahead_has_its_whole_budget),
		KIT_TEST(who_has_heard_words_already_may_hear_many),
		KIT_TEST(who_is_asked_to_go_on_is_not_told_to_be_short),
		KIT_TEST(keys_take_their_time),
		KIT_TEST(by_older_rules_no_answer_is_short),
		KIT_TEST(nor_without_a_budget),
	};

	return cmocka_run_group_tests_name("short", tests, NULL, NULL);
}
