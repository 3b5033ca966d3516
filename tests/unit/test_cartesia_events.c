/* Cartesia's voice over a real socket: cancelling, closing and starting, in every event of an utterance; nothing stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cartesiasocket.h"

static void cancelled_there_and_dropped_here(void **state)
{
	struct kit *k = *state;
	const char *a, *b;

	opened(k);
	a = spoken(k, 0, "One.");
	b = spoken(k, 1, "Two.");
	chunk(k, a, 10, 1);
	kit_heard(k, 0, 1);
	k->tts->cancel(&k->ears[0].op);
	assert_null(k->ears[0].op);
	kit_until(k, &k->asked, 3);
	assert_true(asked_cancel(k, 2, a));
	chunk(k, a, 10, 1); /* was on its way */
	say(k, a, times);
	say(k, a, done);
	say(k, a, "{\"type\":\"error\",\"context_id\":\"%s\",\"done\":true}");
	say(k, b, done);
	kit_heard(k, 1, 1);
	kit_expect(k, 0, "audio10 ");
}

/* One utterance up to `on`, with another one beside it, and there something is done. */
static void until_event(struct kit *k, enum kit_event on, enum kit_act act)
{
	unsigned int events = k->ears[0].count + 1;
	const char *a, *b;

	opened(k);
	a = spoken(k, 0, "Good morning.");
	b = spoken(k, 1, "Two.");
	k->ears[0].on = on;
	k->ears[0].act = act;
	k->ears[0].events[0] = k->ears[1].events[0] = '\0';
	if (on == ON_AUDIO)
		chunk(k, a, 10, 1);
	else
		say(k, a, on == ON_WORDS ? times : on == ON_DONE ? done : failed);
	chunk(k, a, 10, 1);
	say(k, a, done);
	chunk(k, b, 3, 1);
	kit_heard(k, 0, events);
}

static const char *const alone[] = { [ON_AUDIO] = "audio10 ", [ON_WORDS] = "words2 ", [ON_DONE] = "done ", [ON_FAILED] = "failed=unavailable " };

static void cancel_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		unsigned int events = k->ears[1].count + 1;

		until_event(k, on, ACT_CANCEL);
		kit_heard(k, 1, events);
		kit_expect(k, 0, alone[on]);
		kit_expect(k, 1, "audio3 ");
		kit_close(k);
	}
}

static void cancel_another_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CANCEL_OTHER);
		assert_null(k->ears[1].op);
		say(k, spoken(k, 2, "Three."), done);
		kit_heard(k, 2, on);
		kit_expect(k, 1, "");
		kit_close(k);
	}
}

static void close_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CLOSE);
		assert_null(k->ears[0].op);
		assert_null(k->ears[1].op);
		kit_until(k, &k->closes, on);
		kit_expect(k, 0, alone[on]);
		kit_expect(k, 1, "");
	}
}

static void start_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		unsigned int events;

		until_event(k, on, ACT_AGAIN);
		assert_non_null(k->ears[0].op);
		while (strcmp(json_string_value(json_object_get(k->requests[k->asked - 1], "transcript")) ?: "", "again") != 0)
			uv_run(&k->loop, UV_RUN_ONCE);
		events = k->ears[0].count;
		assert_null(strchr(strchr(k->ears[0].events, ' ') + 1, ' ')); /* what came of the first is not the second's */
		say(k, asked_text(k, k->asked - 1, "context_id"), done);
		kit_heard(k, 0, events + 1);
		kit_close(k);
	}
}

/* The end tells of words first; whoever cancels there is not told of the end. */
static void an_estimate_that_is_the_last_that_is_heard(void **state)
{
	struct kit *k = *state;

	for (enum kit_act act = ACT_CANCEL; act <= ACT_AGAIN; act++) {
		unsigned int events = k->ears[0].count + 2, others = k->ears[2].count + 1;
		const char *context, *other;

		opened(k);
		k->ears[0].events[0] = '\0';
		context = spoken(k, 0, "One two.");
		other = spoken(k, 2, "Three.");
		k->ears[0].on = ON_WORDS;
		k->ears[0].act = act;
		chunk(k, context, 800, 1);
		say(k, context, done);
		say(k, other, done);
		kit_heard(k, 0, events);
		if (act != ACT_CLOSE)
			kit_heard(k, 2, others);
		kit_expect(k, 0, act == ACT_CANCEL_OTHER ? "audio800 inexact2 done " : "audio800 inexact2 ");
		kit_close(k);
	}
}

/* Whoever closes everything when the first of several fails is not told of the others. */
static void closed_while_all_fail(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, "One.");
	spoken(k, 1, "Two.");
	kit_start(k, 2, "Three.");
	k->ears[0].on = ON_FAILED;
	k->ears[0].act = ACT_CLOSE;
	say(k, "", "{\"type\":\"error\",\"done\":true,\"status_code\":401}");
	kit_heard(k, 0, 1);
	kit_until(k, &k->closes, 1);
	kit_expect(k, 0, "failed=not permitted ");
	kit_expect(k, 1, "");
	kit_expect(k, 2, "");
	assert_null(k->ears[2].op);
}

static void close_while_it_connects(void **state)
{
	struct kit *k = *state;

	opened(k);
	kit_start(k, 0, "One.");
	kit_close(k);
	assert_null(k->ears[0].op);
	kit_close(k);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	const struct CMUnitTest tests[] = {
		TEST(cancelled_there_and_dropped_here),
		TEST(cancel_in_every_event),
		TEST(cancel_another_in_every_event),
		TEST(close_in_every_event),
		TEST(start_in_every_event),
		TEST(an_estimate_that_is_the_last_that_is_heard),
		TEST(closed_while_all_fail),
		TEST(close_while_it_connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
