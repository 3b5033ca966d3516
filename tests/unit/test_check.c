/* The invariants, each by a state that breaks it and by its neighbours that do not: a real call in the middle of its work, one
 * field of it damaged at a time. */
#include "callkit.h"

#include "voice/call_state.h"

/* With this value in that place; the place is as before afterwards. */
#define KEPT(name, place, value, wanted) \
	do { \
		__typeof__(place) name = (place); \
		(place) = (value); \
		wanted; \
		(place) = name; \
	} while (0)

#define WITH(place, value, wanted) KEPT(outer_, place, value, wanted)
#define FINE(call) says(call, NULL, __LINE__)
#define SAYS(call, sentence) says(call, sentence, __LINE__)
#define BREAKS(call, place, value, sentence) KEPT(inner_, place, value, SAYS(call, sentence))
#define HOLDS(call, place, value) KEPT(inner_, place, value, FINE(call))

static void says(const struct call *call, const char *sentence, int line)
{
	const char *broken = call_check(call);

	if (!sentence != !broken || (broken && strcmp(broken, sentence)))
		fail_msg("line %d: \"%s\", not \"%s\"", line, broken ? broken : "all holds", sentence ? sentence : "all holds");
}

static struct utterance *queued(struct call *call, unsigned int i)
{
	return &call->speech.slots[call->speech.order[i]];
}

/* One plays, one is made, one waits. */
static struct call *speaking(struct kit *k)
{
	k->settings.tts_ahead = 1;
	begin(k);
	on_air(k, "one two three");
	order(k, ORDER_SAY, "four five");
	order(k, ORDER_SAY, "six");
	assert_int_equal(queued(k->call, 0)->state, UTTERANCE_PLAYS);
	assert_int_equal(queued(k->call, 1)->state, UTTERANCE_MADE);
	assert_int_equal(queued(k->call, 2)->state, UTTERANCE_WAITS);
	FINE(k->call);
	return k->call;
}

static void only_one_with_something_to_say_is_held(void **state)
{
	struct kit *k = *state;
	struct call *c;

	begin(k);
	c = k->call;
	timer_in(c, TIMER_RESUME, 500);
	BREAKS(c, c->speech.held, true, "an agent with nothing to say is not held");
	FINE(c);
}

static void held_in_the_middle_it_is(void **state)
{
	struct kit *k = *state;
	struct call *c = speaking(k);

	timer_in(c, TIMER_RESUME, 500);
	HOLDS(c, c->speech.held, true);
}

static void the_queue_holds_only_what_is_not_over(void **state)
{
	struct call *c = speaking(*state);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		BREAKS(c, queued(c, i)->state, UTTERANCE_FREE, "what is over is not in the queue");
		BREAKS(c, queued(c, i)->state, UTTERANCE_CUT, "what is over is not in the queue");
	}
	queued(c, 2)->state = UTTERANCE_FREE;
	HOLDS(c, c->speech.count, 2);
}

static void an_utterance_stands_in_the_history(void **state)
{
	struct call *c = speaking(*state);
	struct dialogue *d = &c->dialogue;
	unsigned int i;

	assert_true(d->item_count < d->item_cap);
	d->items[d->item_count].type = BLOCK_AGENT; /* as a removed item stays behind the last one */
	for (i = 0; i < 3; i++) {
		BREAKS(c, queued(c, i)->item, d->item_count, "an utterance stands in the history");
		BREAKS(c, queued(c, i)->item, UINT32_MAX, "an utterance stands in the history");
		HOLDS(c, queued(c, i)->item, d->item_count - 1);
		BREAKS(c, d->items[queued(c, i)->item].type, BLOCK_CALLER, "an utterance stands in the history");
		BREAKS(c, d->items[queued(c, i)->item].type, BLOCK_EVENT, "an utterance stands in the history");
	}
}

static void they_play_in_their_order(void **state)
{
	struct call *c = speaking(*state);

	BREAKS(c, queued(c, 2)->state, UTTERANCE_PLAYS, "nothing plays behind what does not play yet");
	HOLDS(c, queued(c, 1)->state, UTTERANCE_PLAYS);
	HOLDS(c, queued(c, 0)->state, UTTERANCE_MADE);
	HOLDS(c, queued(c, 0)->state, UTTERANCE_WAITS);
	queued(c, 1)->state = UTTERANCE_PLAYS;
	HOLDS(c, queued(c, 2)->state, UTTERANCE_PLAYS);
	BREAKS(c, queued(c, 0)->state, UTTERANCE_WAITS, "nothing plays behind what does not play yet");
}

static void only_audio_that_is_there_is_played(void **state)
{
	struct call *c = speaking(*state);
	unsigned int i;

	queued(c, 1)->samples = 2560;
	for (i = 0; i < 2; i++) {
		struct utterance *u = queued(c, i);

		HOLDS(c, u->played, u->samples);
		BREAKS(c, u->played, u->samples + 1, "only audio that is there can be played");
		HOLDS(c, u->from, u->samples);
		BREAKS(c, u->from, u->samples + 1, "only audio that is there can be played");
	}
}

/* ------------------------------------------------------------------ tools */

/* A tool runs, in the last of the places. */
static struct tool *running(struct kit *k)
{
	struct call *c;

	begin(k);
	turn(k, "I want some tea");
	use(k, "book", "{}");
	done(k);
	c = k->call;
	c->dialogue.tools[TOOLS_MAX - 1] = c->dialogue.tools[0];
	c->dialogue.tools[0].state = TOOL_FREE;
	FINE(c);
	return &c->dialogue.tools[TOOLS_MAX - 1];
}

static void a_tool_has_its_place_in_the_history(void **state)
{
	struct kit *k = *state;
	struct tool *t = running(k);
	struct call *c = k->call;
	struct dialogue *d = &c->dialogue;

	assert_int_equal(t->item, d->item_count - 1);
	assert_true(d->item_count < d->item_cap);
	d->items[d->item_count].type = BLOCK_TOOL_RESULT; /* as a removed item stays behind the last one */
	BREAKS(c, t->item, d->item_count, "a running tool has its result's place in the history");
	BREAKS(c, t->item, UINT32_MAX, "a running tool has its result's place in the history");
	BREAKS(c, d->items[t->item].type, BLOCK_TOOL_USE, "a running tool has its result's place in the history");
	BREAKS(c, d->items[t->item].type, BLOCK_EVENT, "a running tool has its result's place in the history");
	BREAKS(c, t->item, t->item - 1, "a running tool has its result's place in the history"); /* its use */
	t->state = TOOL_DETACHED;
	FINE(c);
	BREAKS(c, t->item, d->item_count, "a running tool has its result's place in the history");
	t->state = TOOL_FREE;
	HOLDS(c, t->item, d->item_count); /* nobody is there */
}

static void a_tool_has_a_deadline(void **state)
{
	struct kit *k = *state;
	struct tool *t = running(k);
	struct call *c = k->call;

	BREAKS(c, c->timers[TIMER_TOOL], 0, "a running tool has a deadline");
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_TOOL], 0)); /* nobody waits for it any more */
	t->state = TOOL_DETACHED;
	BREAKS(c, c->timers[TIMER_TOOL], 0, "a running tool has a deadline");
	t->state = TOOL_FREE;
	HOLDS(c, c->timers[TIMER_TOOL], 0);
}

/* ------------------------------------------------------------------ waits */

static void an_answer_has_a_deadline(void **state)
{
	struct kit *k = *state;
	struct call *c;
	struct gen *g;

	begin(k);
	turn(k, "I want some tea");
	c = k->call;
	g = &c->dialogue.gen;
	assert_int_equal(g->state, GEN_ASKED);
	BREAKS(c, c->timers[TIMER_TOTAL], 0, "an answer has a deadline");
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_TOTAL], 0));
	g->state = GEN_TEXT;
	FINE(c);
	BREAKS(c, c->timers[TIMER_TOTAL], 0, "an answer has a deadline");
	g->state = GEN_DONE;
	HOLDS(c, c->timers[TIMER_TOTAL], 0);
	g->state = GEN_NONE;
	HOLDS(c, c->timers[TIMER_TOTAL], 0);
}

static void an_answer_asked_ahead_has_its_question(void **state)
{
	static const char *const says_so = "an answer asked ahead has its question in the history";
	struct kit *k = *state;
	struct call *c;
	struct gen *g;

	k->settings.turn_preempt = true;
	begin(k);
	caller_says(k, "I want some tea");
	quiet_for(k, 128);
	c = k->call;
	g = &c->dialogue.gen;
	assert_true(g->ahead && g->state == GEN_ASKED);
	assert_int_equal(g->base_items, c->dialogue.item_count - 1);
	FINE(c);
	BREAKS(c, g->base_items, c->dialogue.item_count, says_so);
	BREAKS(c, g->base_items, UINT32_MAX, says_so);
	WITH(c->quiet.ended, true, HOLDS(c, g->base_items, UINT32_MAX));
	WITH(g->ahead, false, HOLDS(c, g->base_items, c->dialogue.item_count));
	WITH(g->state, GEN_DONE, BREAKS(c, g->base_items, c->dialogue.item_count, says_so));
}

static void a_held_agent_resumes_or_yields(void **state)
{
	struct kit *k = *state;
	struct call *c = speaking(k);

	voice(k, 128);
	assert_true(c->speech.held);
	FINE(c);
	BREAKS(c, c->timers[TIMER_RESUME], 0, "a held agent resumes or yields");
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_RESUME], 0));
	WITH(c->speech.held, false, HOLDS(c, c->timers[TIMER_RESUME], 0));
	timer_in(c, TIMER_MEDIA, 500);
	WITH(c->quiet.lost, true, HOLDS(c, c->timers[TIMER_RESUME], 0)); /* to nobody */
}

static void an_ending_call_has_a_deadline(void **state)
{
	struct kit *k = *state;
	struct call *c;

	k->brief.goodbye.count = 1;
	snprintf(k->brief.goodbye.text[0], sizeof(k->brief.goodbye.text[0]), "Goodbye");
	begin(k);
	order(k, ORDER_END, "");
	c = k->call;
	assert_true(c->quiet.ending && c->quiet.final);
	FINE(c);
	BREAKS(c, c->timers[TIMER_END], 0, "an ending call has a deadline");
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_END], 0));
	WITH(c->quiet.ending, false, HOLDS(c, c->timers[TIMER_END], 0));
}

static void a_call_without_media_has_a_deadline(void **state)
{
	struct kit *k = *state;
	struct call *c;

	begin(k);
	simple(k, IN_MEDIA_LOST);
	c = k->call;
	FINE(c);
	BREAKS(c, c->timers[TIMER_MEDIA], 0, "a call without media has a deadline");
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_MEDIA], 0));
	WITH(c->quiet.lost, false, HOLDS(c, c->timers[TIMER_MEDIA], 0));
}

static void a_call_has_a_longest_time(void **state)
{
	static const char *const says_so = "a call has a longest time";
	struct kit *k = *state;
	struct call *c;

	begin(k);
	c = k->call;
	FINE(c);
	BREAKS(c, c->timers[TIMER_MAX], 0, says_so);
	WITH(c->quiet.ended, true, HOLDS(c, c->timers[TIMER_MAX], 0));
	WITH(c->quiet.prepared, false, HOLDS(c, c->timers[TIMER_MAX], 0));
	timer_in(c, TIMER_END, 500);
	WITH(c->quiet.ending, true, BREAKS(c, c->timers[TIMER_MAX], 0, says_so)); /* it may go on */
	WITH(c->quiet.final, true, BREAKS(c, c->timers[TIMER_MAX], 0, says_so));
	c->quiet.final = true;
	WITH(c->quiet.ending, true, HOLDS(c, c->timers[TIMER_MAX], 0));
}

/* Of two that are broken the first is named; the later kinds are looked at when the earlier ones hold. */
static void the_first_broken_one_is_named(void **state)
{
	struct kit *k = *state;
	struct tool *t = running(k);
	struct call *c = k->call;

	c->timers[TIMER_MAX] = 0;
	SAYS(c, "a call has a longest time");
	t->item = UINT32_MAX;
	SAYS(c, "a running tool has its result's place in the history");
	c->speech.held = true;
	SAYS(c, "an agent with nothing to say is not held");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(only_one_with_something_to_say_is_held),
		KIT_TEST(held_in_the_middle_it_is),
		KIT_TEST(the_queue_holds_only_what_is_not_over),
		KIT_TEST(an_utterance_stands_in_the_history),
		KIT_TEST(they_play_in_their_order),
		KIT_TEST(only_audio_that_is_there_is_played),
		KIT_TEST(a_tool_has_its_place_in_the_history),
		KIT_TEST(a_tool_has_a_deadline),
		KIT_TEST(an_answer_has_a_deadline),
		KIT_TEST(an_answer_asked_ahead_has_its_question),
		KIT_TEST(a_held_agent_resumes_or_yields),
		KIT_TEST(an_ending_call_has_a_deadline),
		KIT_TEST(a_call_without_media_has_a_deadline),
		KIT_TEST(a_call_has_a_longest_time),
		KIT_TEST(the_first_broken_one_is_named),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
