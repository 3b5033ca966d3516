/* What sounds like an answer and is none, and what leaves a named option in doubt: by meaning, at questions of each kind, judged as in a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "maskkit.h"
#include "providers/rehearsed/rehearsed.h"

#define ASK(name, text, expect) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[\"" text "\"],\"expect\":{" expect "},\"tries\":3,\"unclear\":\"bye\",\"next\":[{\"go\":\"day\"}]},"

static const char flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"Hello, this is Tess of Acme. Is this Chris Day?\",\"step\":\"who\",\"asked\":true},"
	"\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":["
	ASK("who", "Is this Chris Day?", "\"kind\":\"yes_no\"")
	ASK("still", "You ordered fibre. Do you still want it connected?", "\"kind\":\"yes_no\"")
	ASK("stop", "Shall I cancel the order?", "\"kind\":\"yes_no\"")
	ASK("manager", "Would you like our manager to call you about it?", "\"kind\":\"yes_no\"")
	ASK("repair", "Shall we repair it, leave it, or would you like a cheaper offer?", "\"kind\":\"choice\",\"options\":["
		"{\"value\":\"repair\",\"words\":[\"repair\",\"fix it\",\"do it\",\"go ahead\",\"yes\"]},{\"value\":\"leave\",\"words\":[\"leave\",\"leave it\",\"no\",\"not now\"]},"
		"{\"value\":\"offer\",\"words\":[\"cheaper offer\",\"cheaper\",\"too expensive\"]}]")
	ASK("keep", "Would you like to keep it, move it, or cancel it?", "\"kind\":\"choice\",\"options\":["
		"{\"value\":\"keep\",\"words\":[\"keep it\",\"confirm\",\"yes\",\"that is fine\"]},{\"value\":\"move\",\"words\":[\"move it\",\"another day\",\"later\"]},"
		"{\"value\":\"cancel\",\"words\":[\"cancel it\"]}]")
	ASK("home", "Do you own the place, or do you rent it?", "\"kind\":\"choice\",\"options\":["
		"{\"value\":\"own\",\"words\":[\"own\",\"I own it\"]},{\"value\":\"rent\",\"words\":[\"rent\",\"I rent it\"]}]")
	ASK("part", "Would you prefer the morning, the afternoon, or the evening?", "\"kind\":\"choice\",\"options\":["
		"{\"value\":\"morning\",\"words\":[\"morning\",\"before noon\",\"early\"]},{\"value\":\"afternoon\",\"words\":[\"afternoon\",\"after lunch\"]},"
		"{\"value\":\"evening\",\"words\":[\"evening\",\"late\"]}]")
	"{\"name\":\"day\",\"kind\":\"ask\",\"text\":[\"On which day?\"],\"expect\":{\"kind\":\"date\"},\"tries\":3,\"unclear\":\"bye\",\"next\":[{\"go\":\"bye\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"Goodbye.\"],\"outcome\":\"done\"}],"
	"\"anytime\":[]}";

struct said {
	const char *question, *words, *value; /* "": it stays open */
};

static void wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static int setup(void **state)
{
	struct err_detail detail = { .message = "" };
	struct rehearsed *r;

	if (rehearsed_new(&r, flow, strlen(flow), wake, NULL, &detail) != ERR_NONE)
		fail_msg("%s", detail.message);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	rehearsed_free((struct rehearsed **)state);
	return 0;
}

static void is_taken_as(const struct rehearsed *r, const struct said *s)
{
	struct redact_context context = { .types = REDACT_TYPES_CALL };
	enum rehearsed_heard heard;
	struct redact_map *map;
	struct redacted *words;
	struct buf value;

	buf_init(&value, 256);
	assert_int_equal(redact_map_new(&map), ERR_NONE);
	assert_int_equal(redact_text(map, s->words, strlen(s->words), &context, &words), ERR_NONE);
	assert_int_equal(rehearsed_judge(r, s->question, words, &heard, &value), ERR_NONE);
	if (strcmp(heard == REHEARD_VALUE ? buf_str(&value) : "", s->value))
		fail_msg("%s: \"%s\" is \"%s\", not \"%s\"", s->question, s->words, heard == REHEARD_VALUE ? buf_str(&value) : "", s->value);
	redacted_free(&words);
	redact_map_free(&map);
	buf_fini(&value);
}

static void all_are(const struct rehearsed *r, const struct said *cases, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		is_taken_as(r, &cases[i]);
}

/* At every question. */
static void test_no_before_an_aside(void **state)
{
	static const char *const asides[] = { "No sorry, I didn't hear you", "no wait, who is calling?", "no sorry, who is this?", "Sorry no, can you repeat that?",
		"no wait a moment", "sorry, no idea who you are", "No wait, how much does it cost?", "nope, sorry, one second", "no, say that again please", NULL };
	static const char *const questions[] = { "who", "still", "manager", "repair", "keep", NULL };
	static const struct said refusals[] = {
		{ "who", "no", "no" }, { "who", "no, I'm his wife", "no" }, { "who", "no, wrong number", "no" }, { "still", "no thanks, who is this?", "no" },
		{ "stop", "no wait", "no" }, { "repair", "no, not now", "leave" }, { "repair", "no", "leave" }, { "still", "no, I don't want it", "no" },
		{ "who", "no one else, it's me", "yes" },
	};
	size_t i, j;

	for (i = 0; asides[i]; i++)
		for (j = 0; questions[j]; j++)
			is_taken_as(*state, &(struct said){ questions[j], asides[i], "" });
	all_are(*state, refusals, sizeof(refusals) / sizeof(refusals[0]));
}

static void test_duties_are_questions(void **state)
{
	static const struct said cases[] = {
		{ "keep", "Should I confirm?", "" }, { "keep", "do I have to confirm?", "" }, { "keep", "do I need to keep it?", "" }, { "keep", "must I confirm now?", "" },
		{ "repair", "Can you do it for less?", "" }, { "repair", "Can you do it cheaper?", "" }, { "repair", "Could you fix it for 300?", "" },
		{ "repair", "do you really have to do it?", "" }, { "repair", "can you call me back tomorrow?", "" }, { "repair", "call me back later please", "" },
		{ "keep", "can you move it?", "move" }, { "keep", "could you cancel it please", "cancel" }, { "repair", "do I have to come in? just fix it", "repair" },
	};

	all_are(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_yes_behind_a_no(void **state)
{
	static const struct said cases[] = {
		{ "still", "without a doubt", "yes" }, { "still", "no question", "yes" }, { "repair", "without a doubt", "repair" }, { "still", "no, go on", "" },
		{ "still", "no, still interested", "" }, { "still", "no, nothing has changed, I'm interested", "" }, { "still", "not only interested, I'm desperate", "" },
		{ "who", "no, I can hear you fine", "" }, { "still", "no, no, I do want it", "" }, { "keep", "no it's fine, go on", "" },
		{ "stop", "no, I want it", "no" }, { "still", "no, I am not", "no" }, { "still", "yes, absolutely, it can't come soon enough", "yes" },
	};

	all_are(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_somebody_else_does_it(void **state)
{
	static const struct said cases[] = {
		{ "repair", "I can fix it myself", "" }, { "repair", "my brother will fix it", "" }, { "repair", "I'd rather do it myself", "" },
		{ "repair", "no, just leave it, I'll do it myself", "leave" }, { "repair", "I can't leave it like that can I", "" },
		{ "repair", "go ahead with the cheaper one", "offer" }, { "repair", "go ahead with it", "repair" }, { "repair", "you can go ahead and leave it", "leave" },
		{ "repair", "ok that's fine, repair it", "repair" }, { "repair", "yes, and change the oil too", "repair" },
	};

	all_are(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_wishes_and_beliefs(void **state)
{
	static const struct said cases[] = {
		{ "still", "I thought it was already connected", "" }, { "stop", "yes I want it", "" }, { "stop", "yes I want it cancelled", "yes" }, { "stop", "yes", "yes" },
		{ "manager", "yes please have him call me", "yes" }, { "manager", "please call me", "yes" }, { "manager", "don't call me", "no" },
	};

	all_are(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_parts_of_the_day_and_homes(void **state)
{
	static const struct said cases[] = {
		{ "part", "before lunch", "morning" }, { "part", "before noon", "morning" }, { "part", "early evening", "evening" }, { "part", "late", "evening" },
		{ "part", "before noon would be a problem", "" }, { "part", "I work in the morning", "" }, { "home", "I used to rent it", "" }, { "home", "I rent it out", "" },
		{ "home", "I rent it", "rent" }, { "home", "I'm the homeowner", "own" },
	};

	all_are(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_before_an_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_duties_are_questions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_yes_behind_a_no, setup, teardown),
		cmocka_unit_test_setup_teardown(test_somebody_else_does_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wishes_and_beliefs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_of_the_day_and_homes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
