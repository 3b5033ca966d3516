/* A call's texts over hours: what nobody refers to is given back, the oldest turns are forgotten, and saving changes nothing of it. */
#include "callkit.h"
#include "voice/call_state.h"

static char found[INPUT_TEXT_MAX + 1];

static void fill(struct kit *k)
{
	memset(found, 'r', sizeof(found) - 1);
	k->settings.call_max_ms = 14400000;
	deadline_set(120);
}

static void answer(struct kit *k)
{
	text(k, "It is there.");
	done(k);
	spoken(k, k->last);
	drop(k);
}

/* One tool, and the answer. */
static void look_up(struct kit *k)
{
	use(k, "lookup", "{}");
	done(k);
	result(k, call_turn(k->call), 0, TOOL_OK, found);
	answer(k);
}

/* A turn with so many results, of a page each. */
static void look_up_much(struct kit *k, unsigned int results)
{
	unsigned int i, at = 0;

	turn(k, "Look all of it up please.");
	while (results && !k->err) {
		unsigned int count = results < GEN_TOOLS_MAX ? results : GEN_TOOLS_MAX;

		for (i = 0; i < count; i++)
			use(k, "lookup", "{}");
		done(k);
		for (i = 0; i < count && !k->err; i++)
			result(k, call_turn(k->call), at++, TOOL_OK, found);
		results -= count;
	}
}

/* Whole turns: the first block is the caller's (the call's first knowledge stands in front of it), and each use has its result. */
static void request_is_whole(struct kit *k)
{
	const char *first = buf_str(&k->request);

	assert_true(!strncmp(first, "caller: ", 8) || !strncmp(first, "event: ", 7));
	assert_int_equal(kit_count(&k->request, "\nuse "), kit_count(&k->request, "\nresult "));
}

static void large_results_and_knowledge_last_to_the_longest_call(void **state)
{
	struct kit *k = *state;
	unsigned int turns = 0, forgot = 0;
	size_t before = 0;
	char words[64];

	fill(k);
	k->brief.knowledge = true;
	k->settings.quiet_after_ms = 120000;
	k->seldom = 200;
	begin(k);
	while (!call_ended(k->call)) {
		snprintf(words, sizeof(words), "please tell me about number %u", ++turns);
		caller_says(k, words);
		knowledge(k, turns, found);
		knowledge(k, turns, found); /* in the first one's place */
		quiet_for(k, 640);
		look_up(k);
		assert_int_equal(k->err, ERR_NONE);
		request_is_whole(k);
		assert_non_null(strstr(buf_str(&k->request), words));
		if (k->request.len < before) {
			forgot++;
			assert_in_range(k->request.len, TEXTS_KEPT - 3 * INPUT_TEXT_MAX, TEXTS_KEPT + 3 * INPUT_TEXT_MAX);
		}
		before = k->request.len;
		pass(k, 90000);
	}
	assert_int_equal(call_end_reason(k->call), END_MAX);
	assert_true(k->now_us - k->zero_us >= 14390000000u);
	assert_true(forgot >= 2);
}

static void a_tool_under_way_is_not_forgotten(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	fill(k);
	k->alone = true;
	k->brief.tools[1].timeout_ms = 600000;
	begin(k);
	turn(k, "This is the first.");
	look_up(k);
	turn(k, "Book it please.");
	use(k, "book", "{}");
	done(k);
	pass(k, 6000); /* the agent goes on without it */
	answer(k);
	for (i = 0; i < 25; i++) {
		look_up_much(k, 8);
		answer(k);
		assert_int_equal(k->err, ERR_NONE);
	}
	request_is_whole(k);
	assert_null(strstr(buf_str(&k->request), "This is the first."));
	assert_non_null(strstr(buf_str(&k->request), "use 2.0 book"));
	result(k, 2, 0, TOOL_OK, "booked");
	answer(k);
	look_up_much(k, 8);
	assert_int_equal(k->err, ERR_NONE);
	request_is_whole(k);
	assert_null(strstr(buf_str(&k->request), "use 2.0 book"));
	assert_non_null(strstr(buf_str(&k->request), "Result of book: booked"));
}

static void a_turn_without_end_has_its_ceiling(void **state)
{
	struct kit *k = *state;

	fill(k);
	k->alone = true;
	begin(k);
	look_up_much(k, 207); /* and a few bytes for their uses */
	assert_int_equal(k->err, ERR_NONE);
	answer(k);
	assert_int_equal(k->err, ERR_NONE);
	look_up_much(k, 300);
	assert_int_equal(k->err, ERR_LIMIT);
}

/* It is work to give texts back: when none can be forgotten, it is done from a sixteenth of the ceiling on. */
static void what_nobody_refers_to_is_given_back_from_a_sixteenth_on(void **state)
{
	struct kit *k = *state;
	uint32_t live, kept;

	fill(k);
	k->alone = true;
	begin(k);
	look_up_much(k, 181);
	live = texts_live(k->call);
	kept = live + TEXTS_MAX / 16;
	assert_in_range(kept, TEXTS_MAX + 2, TEXTS_CEILING);
	k->call->texts.kept = kept - 1;
	simple(k, IN_TIMER);
	assert_int_equal(k->call->texts.kept, kept - 1);
	k->call->texts.kept = kept;
	simple(k, IN_TIMER);
	assert_int_equal(k->call->texts.kept, live);
	assert_int_equal(texts_live(k->call), live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(large_results_and_knowledge_last_to_the_longest_call),
		KIT_TEST(a_tool_under_way_is_not_forgotten),
		KIT_TEST(a_turn_without_end_has_its_ceiling),
		KIT_TEST(what_nobody_refers_to_is_given_back_from_a_sixteenth_on),
	};

	return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
