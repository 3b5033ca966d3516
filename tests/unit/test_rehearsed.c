/* The rehearsed engine: where it stands in its flow, whatever the history holds; its streams; a flow that is none. What people mean by
 * their answers is in test_rehearsed_kinds.c and test_rehearsed_paraphrases.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "maskkit.h"
#include "providers/rehearsed/rehearsed.h"

#define ASK(name, text, kind, rest) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[" text "],\"expect\":{" kind "},\"unclear\":\"lost\"," rest "}"

static const char flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"Hello, this is Maya of Acme. Are you Alex?\",\"step\":\"me\",\"asked\":true},"
	"\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":["
	ASK("me", "\"Are you Alex?\"", "\"kind\":\"yes_no\"", "\"tries\":2,\"again\":[\"Is that you, Alex?\"],\"next\":["
		"{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"me\"},{\"text\":\"yes\"}]},\"go\":\"how\"},{\"go\":\"lost\"}]") ","
	ASK("how", "\"Would you like to keep it or move it?\"", "\"kind\":\"choice\",\"options\":[{\"value\":\"keep\",\"words\":[\"keep it\",\"yes\"]},"
		"{\"value\":\"move\",\"words\":[\"move it\",\"another day\"]}]", "\"next\":["
		"{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"how\"},{\"text\":\"move\"}]},\"go\":\"day\"},{\"go\":\"bye\"}]") ","
	ASK("day", "\"On which day would you like to come?\"", "\"kind\":\"date\",\"from_days\":1,\"to_days\":30", "\"next\":[{\"go\":\"hour\"}]") ","
	ASK("hour", "\"And at what time would that be?\"", "\"kind\":\"time\",\"from\":\"09:00\",\"to\":\"17:00\"",
		"\"confirm\":[\"So \",{\"ref\":\"day\",\"kind\":\"date\"},\" at \",{\"ref\":\"hour\",\"kind\":\"time\"},\". Is that right?\"],\"next\":[{\"go\":\"look\"}]") ","
	"{\"name\":\"look\",\"kind\":\"tool\",\"text\":[\"Let me see.\"],\"tool\":\"find_slot\",\"changes\":false,\"arguments\":{\"date\":{\"ref\":\"day\",\"kind\":\"date\",\"as\":\"string\"},"
	"\"count\":2},\"fields\":[{\"name\":\"free\",\"kind\":\"truth\",\"optional\":false},{\"name\":\"fee\",\"kind\":\"amount\",\"currency\":\"USD\",\"optional\":true}],"
	"\"failed\":\"broken\",\"next\":[{\"when\":{\"op\":\"==\",\"of\":[{\"ref\":\"look.free\"},{\"truth\":true}]},\"go\":\"note\"},{\"go\":\"day\"}]},"
	"{\"name\":\"note\",\"kind\":\"say\",\"text\":[\"It costs \",{\"ref\":\"look.fee\",\"kind\":\"amount\",\"currency\":\"USD\"},\".\"],\"next\":[{\"go\":\"bye\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"Thank you, goodbye.\"],\"outcome\":\"done\"},"
	"{\"name\":\"broken\",\"kind\":\"goodbye\",\"text\":[\"That did not work. Goodbye.\"],\"outcome\":\"failed\"},"
	"{\"name\":\"person\",\"kind\":\"goodbye\",\"text\":[\"A colleague will call.\"],\"outcome\":\"human\"},"
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"I am lost. Goodbye.\"],\"outcome\":\"lost\"},"
	"{\"name\":\"machine\",\"kind\":\"goodbye\",\"text\":[\"Acme will call again.\"],\"outcome\":\"machine\"}],"
	"\"anytime\":[{\"name\":\"human\",\"words\":[\"a real person\"],\"go\":\"person\"}],"
	"\"voicemail\":{\"words\":[\"after the tone\",\"leave a message\",\"can't take your call\"],\"go\":\"machine\"}}";

enum { BLOCKS_MAX = 64 };

struct talk {
	struct rehearsed *engine;
	struct request_block blocks[BLOCKS_MAX];
	size_t count;
	struct masker *masker; /* of the last request */
	struct rehearsed_reply reply;
};

static struct llm_answer *running;
static uint64_t woken;

static void wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
	woken++;
}

static struct rehearsed *engine_new(void)
{
	struct err_detail detail = { .message = "" };
	struct rehearsed *r;

	assert_int_equal(rehearsed_new(&r, flow, strlen(flow), wake, NULL, &detail), ERR_NONE);
	return r;
}

static int setup(void **state)
{
	struct talk *t = calloc(1, sizeof(*t));

	t->engine = engine_new();
	rehearsed_reply_init(&t->reply);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct talk *t = *state;

	rehearsed_reply_fini(&t->reply);
	rehearsed_free(&t->engine);
	masker_free(&t->masker);
	free(t);
	return 0;
}

static void add(struct talk *t, enum block_type type, const char *text)
{
	assert_true(t->count < BLOCKS_MAX);
	t->blocks[t->count++] = (struct request_block){ .type = type, .turn = 1, .text = text, .text_len = strlen(text) };
}

static void tool(struct talk *t, const char *name, enum tool_status status, const char *result)
{
	add(t, BLOCK_TOOL_USE, "{}");
	t->blocks[t->count - 1].name = name;
	t->blocks[t->count - 1].name_len = strlen(name);
	add(t, BLOCK_TOOL_RESULT, result);
	t->blocks[t->count - 1].status = status;
}

/* As the engine gets them. */
static struct masked_request masked(struct talk *t)
{
	masker_free(&t->masker);
	return maskkit_blocks(&t->masker, t->blocks, t->count);
}

static const char *says(struct talk *t)
{
	struct masked_request request = masked(t);

	rehearsed_reply_fini(&t->reply);
	rehearsed_reply_init(&t->reply);
	assert_int_equal(rehearsed_plan(t->engine, request.blocks, request.count, &t->reply), ERR_NONE);
	return buf_str(&t->reply.text);
}

#define OPENING "Hello, this is Maya of Acme. Are you Alex?"
#define HOW "Would you like to keep it or move it?"
#define DAY "On which day would you like to come?"
#define HOUR "And at what time would that be?"

static void to_day(struct talk *t)
{
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, HOW);
	add(t, BLOCK_CALLER, "move it");
}

static void to_confirm(struct talk *t)
{
	to_day(t);
	add(t, BLOCK_AGENT, DAY);
	add(t, BLOCK_CALLER, "Friday");
	add(t, BLOCK_AGENT, HOUR);
	add(t, BLOCK_CALLER, "ten");
}

static void to_tool(struct talk *t)
{
	to_confirm(t);
	add(t, BLOCK_AGENT, "So Friday, 27 November at 10 AM. Is that right?");
	add(t, BLOCK_CALLER, "that's right");
}

static void test_whole_call(void **state)
{
	struct talk *t = *state;

	to_confirm(t);
	assert_string_equal(says(t), "So Friday, 27 November at 10 AM. Is that right?");
	assert_true(t->reply.confirms);
	to_tool((t->count = 0, t));
	assert_string_equal(says(t), "Let me see.");
	assert_string_equal(t->reply.tool, "find_slot");
	assert_string_equal(buf_str(&t->reply.arguments), "{\"date\":\"2026-11-27\",\"count\":2}");
	add(t, BLOCK_AGENT, "Let me see.");
	tool(t, "find_slot", TOOL_OK, "{\"free\": true, \"fee\": 12.5}");
	assert_string_equal(says(t), "It costs 12.5 dollars. Thank you, goodbye.");
	assert_string_equal(t->reply.tool, "end_call");
	assert_string_equal(buf_str(&t->reply.arguments), "{\"outcome\":\"done\"}");
}

static void test_same_blocks_same_reply(void **state)
{
	struct talk *t = *state, other = { .engine = engine_new() };
	char first[200];

	to_tool(t);
	snprintf(first, sizeof(first), "%s", says(t));
	assert_string_equal(says(t), first);
	rehearsed_reply_init(&other.reply);
	to_tool(&other);
	assert_string_equal(says(&other), first); /* in another process */
	rehearsed_reply_fini(&other.reply);
	masker_free(&other.masker);
	rehearsed_free(&other.engine);
}

static void test_cut_question_is_asked_again(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, "Hello, this is Maya");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), OPENING);
	assert_int_equal(t->reply.heard, REHEARD_CUT);
	t->count = 0;
	add(t, BLOCK_AGENT, "Hello, this is Maya of Acme. Are you");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), HOW); /* one word short of it is heard well enough */
	t->count = 0;
	to_day(t);
	add(t, BLOCK_AGENT, "On which");
	add(t, BLOCK_CALLER, "yes yes");
	assert_string_equal(says(t), DAY);
}

/* The hour's question without bounds, in that language; its second try. */
static void hour_unbounded(struct talk *t, const char *language)
{
	static const char bounds[] = ",\"from\":\"09:00\",\"to\":\"17:00\"", english[] = "en-US";
	const char *at = strstr(flow, bounds), *said = strstr(flow, english);
	static char open[sizeof(flow)];
	struct err_detail detail = { .message = "" };

	assert_true(said && at);
	snprintf(open, sizeof(open), "%.*s%s%.*s%s", (int)(said - flow), flow, language, (int)(at - said - (ptrdiff_t)strlen(english)), said + strlen(english),
		at + strlen(bounds));
	rehearsed_free(&t->engine);
	assert_int_equal(rehearsed_new(&t->engine, open, strlen(open), wake, NULL, &detail), ERR_NONE);
}

static void to_hour(struct talk *t)
{
	to_day(t);
	add(t, BLOCK_AGENT, DAY);
	add(t, BLOCK_CALLER, "Friday");
	assert_string_equal(says(t), HOUR);
	add(t, BLOCK_AGENT, HOUR);
}

#define WHICH_HALF "Is that in the morning or in the afternoon?"

/* Of a time on twelve hours the half is asked for, and only that is wanted then. */
static void test_half_of_the_day_is_asked_for(void **state)
{
	static const struct {
		const char *said, *then, *reads;
	} talks[] = {
		{ "nine", "in the morning", "9 AM" }, { "nine", "the morning one", "9 AM" }, { "nine", "no, in the evening", "9 PM" }, { "ten thirty", "morning", "10:30 AM" },
		{ "about three", "the afternoon please", "3 PM" }, { "five o'clock", "six in the evening", "6 PM" },
		{ "five o'clock", "five", "5 PM" }, { "nine", "ten", "10 AM" }, /* twice left open: the plausible one */
	};
	struct talk *t = *state;
	char wanted[100];
	size_t i;

	for (i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		t->count = 0;
		hour_unbounded(t, "en-US");
		to_hour(t);
		add(t, BLOCK_CALLER, talks[i].said);
		assert_string_equal(says(t), WHICH_HALF);
		assert_int_equal(t->reply.heard, REHEARD_HALF);
		add(t, BLOCK_AGENT, WHICH_HALF);
		add(t, BLOCK_CALLER, talks[i].then);
		snprintf(wanted, sizeof(wanted), "So Friday, 27 November at %s. Is that right?", talks[i].reads);
		assert_string_equal(says(t), wanted);
		assert_int_equal(t->reply.heard, REHEARD_VALUE);
	}
}

/* What says nothing to it is asked again, for the half; in Hindi too. An aside leaves it open. */
static void test_half_of_the_day_stays_open(void **state)
{
	struct talk *t = *state;

	hour_unbounded(t, "en-US");
	to_hour(t);
	add(t, BLOCK_CALLER, "nine");
	assert_string_equal(says(t), WHICH_HALF);
	add(t, BLOCK_AGENT, WHICH_HALF);
	add(t, BLOCK_CALLER, "the blue one");
	assert_string_equal(says(t), "Sorry, I did not understand that. " WHICH_HALF);
	add(t, BLOCK_AGENT, "Sorry, I did not understand that. " WHICH_HALF);
	add(t, BLOCK_CALLER, "can you repeat that");
	assert_string_equal(says(t), WHICH_HALF);
	add(t, BLOCK_AGENT, WHICH_HALF);
	add(t, BLOCK_CALLER, "in the morning");
	assert_string_equal(says(t), "So Friday, 27 November at 9 AM. Is that right?");
	t->count = 0;
	hour_unbounded(t, "hi-IN");
	to_hour(t);
	add(t, BLOCK_CALLER, "नौ बजे");
	assert_string_equal(says(t), "यह सुबह का समय है या शाम का?");
	add(t, BLOCK_AGENT, "यह सुबह का समय है या शाम का?");
	add(t, BLOCK_CALLER, "शाम को");
	assert_non_null(strstr(says(t), "9"));
	assert_string_equal(buf_str(&t->reply.value), "21:00");
}

static void test_cut_confirmation_is_no_yes(void **state)
{
	struct talk *t = *state;

	to_confirm(t);
	add(t, BLOCK_AGENT, "So Friday, 27");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), "So Friday, 27 November at 10 AM. Is that right?");
	assert_null(t->reply.tool);
	t->count -= 2;
	add(t, BLOCK_AGENT, "So Friday, 27 November at 10 AM.");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), "So Friday, 27 November at 10 AM. Is that right?"); /* more than half of it was heard: still no yes */
}

/* Whoever cuts a question short each time is listened to in the end, but a mere yes still says nothing to it. */
static void test_cut_again_and_again_is_no_yes(void **state)
{
	struct talk *t = *state;
	int i;

	to_confirm(t);
	for (i = 0; i < 3; i++) {
		add(t, BLOCK_AGENT, "So Friday");
		add(t, BLOCK_CALLER, "yes");
		assert_string_equal(says(t), "So Friday, 27 November at 10 AM. Is that right?");
		assert_int_equal(t->reply.heard, REHEARD_CUT);
	}
	add(t, BLOCK_AGENT, "So Friday");
	add(t, BLOCK_CALLER, "yes yes okay");
	assert_string_equal(says(t), "Just to be sure: So Friday, 27 November at 10 AM. Is that right?");
	assert_null(t->reply.tool);
	assert_int_equal(t->reply.heard, REHEARD_NOT);
	t->count--;
	add(t, BLOCK_CALLER, "no, at eleven"); /* says something by itself */
	assert_string_equal(says(t), "So Friday, 27 November at 11 AM. Is that right?");
}

static void test_cut_goes_on_from_its_sentence(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, "Hello, this is Maya of Acme. Are");
	add(t, BLOCK_CALLER, "okay");
	assert_string_equal(says(t), "Are you Alex?");
}

#define TOLD "You have an appointment with Doctor Adams on Friday at ten."
#define ORDER "Now please say whether you keep it."

/* The question begins with what it is about. */
static void tell_first(struct talk *t, const char *asked)
{
	static char told[sizeof(flow) + sizeof(TOLD) + sizeof(ORDER)];
	const char *at = strstr(flow, HOW);
	struct err_detail detail = { .message = "" };

	assert_non_null(at);
	snprintf(told, sizeof(told), "%.*s" TOLD " %s%s", (int)(at - flow), flow, asked, at + strlen(HOW));
	rehearsed_free(&t->engine);
	assert_int_equal(rehearsed_new(&t->engine, told, strlen(told), wake, NULL, &detail), ERR_NONE);
}

/* The call core puts words that the agent talked over in front of his question. */
static void test_words_before_the_question_answer_nothing(void **state)
{
	struct talk *t = *state;

	tell_first(t, HOW);
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, TOLD);
	add(t, BLOCK_CALLER, "another day");
	assert_string_equal(says(t), TOLD " " HOW);
	assert_int_equal(t->reply.heard, REHEARD_CUT);
	add(t, BLOCK_AGENT, HOW);
	assert_string_equal(says(t), TOLD " " HOW);
	add(t, BLOCK_CALLER, "keep it");
	assert_string_equal(says(t), "Thank you, goodbye.");
	t->blocks[t->count - 1].text = "move it";
	t->blocks[t->count - 1].text_len = 7;
	assert_string_equal(says(t), DAY);
}

static void test_words_before_an_order_answer_nothing(void **state)
{
	struct talk *t = *state;

	tell_first(t, ORDER);
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, TOLD);
	add(t, BLOCK_CALLER, "another day");
	assert_string_equal(says(t), TOLD " " ORDER);
	add(t, BLOCK_AGENT, ORDER);
	add(t, BLOCK_CALLER, "keep it");
	assert_string_equal(says(t), "Thank you, goodbye.");
}

/* Of what is read back too, where the number of words alone would do. */
static void test_words_before_is_that_right(void **state)
{
	struct talk *t = *state;

	to_confirm(t);
	add(t, BLOCK_AGENT, "So Friday, 27 November at 10 AM.");
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, "Is that right?");
	add(t, BLOCK_CALLER, "no");
	assert_string_equal(says(t), HOUR);
	t->blocks[t->count - 1].text = "yes";
	t->blocks[t->count - 1].text_len = 3;
	assert_string_equal(says(t), "Let me see.");
}

/* Half of the question itself is enough for an option. */
static void test_half_of_the_question_is_heard(void **state)
{
	struct talk *t = *state;

	tell_first(t, HOW);
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, TOLD " Would you like to keep");
	add(t, BLOCK_CALLER, "keep it");
	assert_string_equal(says(t), "Thank you, goodbye.");
	t->blocks[t->count - 2].text_len -= strlen(" to keep");
	assert_string_equal(says(t), TOLD " " HOW);
}

static void test_unheard_reply_and_filler(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_AGENT, "One moment."); /* a filler: nothing of the question was heard */
	add(t, BLOCK_CALLER, "hello?");
	assert_string_equal(says(t), DAY);
}

static void test_two_blocks_are_one_turn(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_CALLER, "to Friday");
	assert_string_equal(says(t), HOUR);
}

static void test_yes_to_a_prompt_is_no_answer(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_AGENT, "Are you still there?");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), "Are you Alex?");
	add(t, BLOCK_AGENT, "Are you Alex?");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), HOW);
}

/* Behind words that came too early the core asks for an answer, and gets the question once more. */
static void test_question_asked_again_is_the_question(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, "Hello, this is Maya of Acme.");
	add(t, BLOCK_CALLER, "yes the fifteenth");
	add(t, BLOCK_AGENT, "Are you Alex?");
	assert_string_equal(says(t), "Are you Alex?");
	add(t, BLOCK_AGENT, "Are you Alex?");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), HOW);
	add(t, BLOCK_AGENT, HOW);
	add(t, BLOCK_AGENT, HOW);
	add(t, BLOCK_AGENT, "Are you still there?"); /* another's question, all the same */
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), HOW);
}

static void test_goes_on_behind_what_was_said(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_AGENT, "On which day");
	assert_string_equal(says(t), "would you like to come?");
	add(t, BLOCK_AGENT, "would you like to come?");
	assert_string_equal(says(t), DAY); /* never an empty answer */
}

/* Behind "I did not catch that" the call core says it from the beginning of the sentence. */
static void test_said_again_it_was_heard(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_AGENT, "On which");
	add(t, BLOCK_AGENT, "Sorry, I did not catch that.");
	add(t, BLOCK_AGENT, DAY);
	assert_string_equal(says(t), DAY); /* never an empty answer */
	add(t, BLOCK_CALLER, "tomorrow");
	assert_null(strstr(says(t), DAY));
}

static void test_again_then_unclear(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "purple");
	assert_string_equal(says(t), "Sorry, I did not understand that. Is that you, Alex?");
	add(t, BLOCK_AGENT, "Sorry, I did not understand that. Is that you, Alex?");
	add(t, BLOCK_CALLER, "purple");
	assert_string_equal(says(t), "I am lost. Goodbye.");
	assert_string_equal(t->reply.outcome, "lost");
}

static void test_asides_cost_no_try(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "who is this?");
	assert_string_equal(says(t), OPENING);
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "can you repeat that");
	assert_string_equal(says(t), "Are you Alex?");
	add(t, BLOCK_AGENT, "Are you Alex?");
	add(t, BLOCK_CALLER, "hold on");
	assert_string_equal(says(t), "Of course, take your time.");
	add(t, BLOCK_AGENT, "Of course, take your time.");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), HOW); /* it stayed open */
}

static void test_asides_have_an_end(void **state)
{
	struct talk *t = *state;
	char said[12][100];
	unsigned int i;

	add(t, BLOCK_AGENT, OPENING);
	for (i = 0; i < 12 && !t->reply.outcome; i++) {
		add(t, BLOCK_CALLER, "what?");
		snprintf(said[i], sizeof(said[i]), "%s", says(t));
		add(t, BLOCK_AGENT, said[i]);
	}
	assert_string_equal(t->reply.outcome ? t->reply.outcome : "", "lost");
	assert_true(i > 6);
}

static void test_anytime(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_CALLER, "no, get me a real person"); /* also before the question was heard */
	assert_string_equal(says(t), "A colleague will call.");
	assert_string_equal(t->reply.outcome, "human");
}

static void test_machine(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, "Hello, this is"); /* it does not wait for the question */
	add(t, BLOCK_CALLER, "You've reached Alex. For a real person press 1, or leave a message.");
	assert_string_equal(says(t), "Acme will call again.");
	assert_int_equal(t->reply.heard, REHEARD_VOICEMAIL);
	assert_string_equal(t->reply.outcome, "machine");
	add(t, BLOCK_AGENT, "Acme will");
	add(t, BLOCK_CALLER, "when you are done, hang up"); /* it talks on, over the message */
	assert_string_equal(says(t), "Acme will call again.");
	assert_string_equal(t->reply.outcome, "machine");
}

/* Answers may be missed before a machine is known for one; an answer that was understood was a person's. */
static void test_machine_or_person(void **state)
{
	static const char *const machines[] = { "Please speak after the tone.", "sorry I cant take your call", "No. Leave a message", NULL };
	static const char *const people[] = { "would you like to leave a message?", "no, can I leave a message for him", "the tone is odd, after that the",
		"take your call", "leave me a message", "stop it and don't leave a message",
		NULL };
	struct talk *t = *state;
	size_t i;

	for (i = 0; machines[i]; i++) {
		t->count = 0;
		add(t, BLOCK_AGENT, OPENING);
		add(t, BLOCK_CALLER, "mumble");
		add(t, BLOCK_AGENT, "Sorry, I did not understand that. Is that you, Alex?");
		add(t, BLOCK_CALLER, machines[i]);
		(void)says(t);
		assert_int_equal(t->reply.heard, REHEARD_VOICEMAIL);
	}
	for (i = 0; people[i]; i++) {
		t->count = 0;
		add(t, BLOCK_AGENT, OPENING);
		add(t, BLOCK_CALLER, people[i]);
		(void)says(t);
		assert_int_not_equal(t->reply.heard, REHEARD_VOICEMAIL);
	}
	t->count = 0;
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, HOW);
	add(t, BLOCK_CALLER, "leave a message after the tone");
	assert_string_equal(says(t), "Sorry, I did not understand that. " HOW);
}

static void test_corrections(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_AGENT, DAY);
	add(t, BLOCK_CALLER, "Friday");
	add(t, BLOCK_AGENT, HOUR);
	add(t, BLOCK_CALLER, "no, the seventeenth");
	assert_string_equal(says(t), "All right, Thursday, 17 December. " HOUR);
	assert_int_equal(t->reply.heard, REHEARD_CORRECTED);
	t->count = 0;
	to_confirm(t);
	add(t, BLOCK_AGENT, "So Friday, 27 November at 10 AM. Is that right?");
	add(t, BLOCK_CALLER, "no, at eleven");
	assert_string_equal(says(t), "So Friday, 27 November at 11 AM. Is that right?");
	add(t, BLOCK_AGENT, "So Friday, 27 November at 11 AM. Is that right?");
	add(t, BLOCK_CALLER, "no");
	assert_string_equal(says(t), HOUR);
}

/* What stands beside a yes: what was read back and courtesies leave it one; another value of what was read back corrects it, anything else is asked again. */
static void test_limited_yes(void **state)
{
	static const char read_back[] = "So Friday, 27 November at 10 AM. Is that right?", again[] = "Just to be sure: So Friday, 27 November at 10 AM. Is that right?";
	static const struct {
		const char *words, *reply;
	} cases[] = {
		{ "yes", "Let me see." },
		{ "yes, that's right, thank you", "Let me see." },
		{ "yes, Friday at ten", "Let me see." },
		{ "yes, but at eleven", "So Friday, 27 November at 11 AM. Is that right?" },
		{ "yes, but on Thursday", "So Thursday, 26 November at 10 AM. Is that right?" },
		{ "sure, but on the thirtieth please", "So Monday, 30 November at 10 AM. Is that right?" },
		{ "yes, but only half an hour", again },
		{ "yes at ten, but only if it is free", again },
		{ "yes no", again },
		{ "yes, in the other building", again },
	};
	struct talk *t = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t->count = 0;
		to_confirm(t);
		add(t, BLOCK_AGENT, read_back);
		add(t, BLOCK_CALLER, cases[i].words);
		assert_string_equal(says(t), cases[i].reply);
	}
}

/* "Keep it" ends this call: what is not known to be harmless beside it, and behind it, makes it asked back. To move it asks more questions, and is not. */
static void test_doubtful_answer(void **state)
{
	static const struct {
		const char *words, *reply;
	} cases[] = {
		{ "keep it please, thank you", "Thank you, goodbye." },
		{ "no, keep it", "Thank you, goodbye." },
		{ "my boss gave me the morning off, so keep it", "Thank you, goodbye." },
		{ "yes because I need it", "Thank you, goodbye." },
		{ "yes but I broke my leg", "Just to be sure: " HOW },
		{ "keep it, my leg is broken", "Just to be sure: " HOW },
		{ "yes I know about it", "Just to be sure: " HOW },
		{ "sure, and then what", "Just to be sure: " HOW },
		{ "if I can walk, keep it", "Just to be sure: " HOW },
		{ "my mother wants to keep hers", "Just to be sure: " HOW },
		{ "keep it, no wait", "Of course, take your time." },
		{ "keep me posted", "Just to be sure: " HOW },
		{ "keep talking", "Just to be sure: " HOW },
		{ "keep it for nine", "Just to be sure: " HOW },
		{ "keep it on Friday", "Just to be sure: " HOW },
		{ "move it, my leg is broken", DAY },
	};
	struct talk *t = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t->count = 0;
		add(t, BLOCK_AGENT, OPENING);
		add(t, BLOCK_CALLER, "yes");
		add(t, BLOCK_AGENT, HOW);
		add(t, BLOCK_CALLER, cases[i].words);
		assert_string_equal(says(t), cases[i].reply);
	}
}

/* What was asked back is answered like the question itself, and counts as a try. */
static void test_asked_back(void **state)
{
	struct talk *t = *state;
	int i;

	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, HOW);
	for (i = 0; i < 2; i++) {
		add(t, BLOCK_CALLER, "yes but I broke my leg");
		assert_string_equal(says(t), "Just to be sure: " HOW);
		add(t, BLOCK_AGENT, "Just to be sure: " HOW);
	}
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), "Thank you, goodbye.");
	t->count--;
	add(t, BLOCK_CALLER, "yes but I broke my leg");
	assert_string_equal(says(t), "I am lost. Goodbye.");
}

static void test_more_than_was_asked(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, HOW);
	add(t, BLOCK_CALLER, "move it to Friday at three");
	assert_string_equal(says(t), "So Friday, 27 November at 3 PM. Is that right?");
}

static void test_out_of_range(void **state)
{
	struct talk *t = *state;

	to_day(t);
	add(t, BLOCK_AGENT, DAY);
	add(t, BLOCK_CALLER, "the first of March");
	assert_string_equal(says(t), "I am sorry, that is not possible. " DAY);
	assert_int_equal(t->reply.heard, REHEARD_RANGE);
}

static void result_leads_to(struct talk *t, enum tool_status status, const char *result, const char *outcome)
{
	t->count = 0;
	to_tool(t);
	tool(t, "find_slot", status, result);
	says(t);
	assert_string_equal(t->reply.outcome ? t->reply.outcome : "", outcome);
}

static void test_tool_results(void **state)
{
	struct talk *t = *state;

	result_leads_to(t, TOOL_OK, "{\"free\": true}", "done");
	result_leads_to(t, TOOL_OK, "{\"free\": false}", "");
	assert_string_equal(t->reply.asks, "day");
	result_leads_to(t, TOOL_ERROR, "{\"free\": true}", "failed");
	result_leads_to(t, TOOL_UNKNOWN, "{\"free\": true}", "failed");
	result_leads_to(t, TOOL_OK, "{}", "failed");
	result_leads_to(t, TOOL_OK, "{\"free\": \"yes\"}", "failed");
	result_leads_to(t, TOOL_OK, "not JSON", "failed");
	result_leads_to(t, TOOL_OK, "{\"free\": true, \"fee\": \"much\"}", "failed");
}

static void test_slow_tool(void **state)
{
	struct talk *t = *state;

	to_tool(t);
	tool(t, "find_slot", TOOL_OK, "still running, the result will follow");
	assert_non_null(strstr(says(t), "waiting"));
	assert_null(t->reply.tool); /* not a second time */
	add(t, BLOCK_CALLER, "hello?");
	assert_non_null(strstr(says(t), "waiting"));
	add(t, BLOCK_EVENT, "Result of another: {\"free\": true}");
	assert_non_null(strstr(says(t), "waiting"));
	add(t, BLOCK_EVENT, "Result of find_slot: {\"free\": true}");
	says(t);
	assert_string_equal(t->reply.outcome, "done");
	t->count--;
	add(t, BLOCK_EVENT, "Result of find_slot: no answer in time");
	says(t);
	assert_string_equal(t->reply.outcome, "failed");
	t->count--;
	add(t, BLOCK_EVENT, "Result of find_slot" EVENT_FAILED "{\"free\": true}");
	says(t);
	assert_string_equal(t->reply.outcome, "failed");
	t->count--;
	add(t, BLOCK_EVENT, "Result of find_slot" EVENT_UNKNOWN "no answer in time");
	says(t);
	assert_string_equal(t->reply.outcome, "failed");
}

/* The caller spoke before the tool was asked for: it is asked for again, with what was corrected. */
static void test_tool_not_asked_for_yet(void **state)
{
	struct talk *t = *state;

	to_tool(t);
	add(t, BLOCK_AGENT, "Let me");
	add(t, BLOCK_CALLER, "sure");
	says(t);
	assert_string_equal(t->reply.tool, "find_slot");
}

static void test_visits_end(void **state)
{
	struct talk *t = *state;
	unsigned int i;

	to_tool(t);
	for (i = 0; i < 2; i++) {
		tool(t, "find_slot", TOOL_OK, "{\"free\": false}");
		says(t);
		if (i)
			break;
		assert_string_equal(t->reply.asks, "day");
		add(t, BLOCK_AGENT, DAY);
		add(t, BLOCK_CALLER, "Thursday");
		add(t, BLOCK_AGENT, HOUR);
		add(t, BLOCK_CALLER, "noon");
		add(t, BLOCK_AGENT, "So Thursday, 26 November at 12 PM. Is that right?");
		add(t, BLOCK_CALLER, "yes");
		says(t);
		assert_string_equal(t->reply.tool, "find_slot");
	}
	assert_string_equal(t->reply.outcome, "lost");
}

/* ---- a flow that is none ---- */

static void refused(const char *json, enum err wanted, const char *where)
{
	struct err_detail detail = { .message = "" };
	struct rehearsed *r;

	assert_int_equal(rehearsed_new(&r, json, strlen(json), wake, NULL, &detail), wanted);
	assert_null(r);
	assert_true(detail.message[0]);
	assert_non_null(strstr(detail.where, where));
}

static void replaced(const char *what, const char *with, const char *where)
{
	char json[sizeof(flow) + 200];
	const char *at = strstr(flow, what);

	assert_non_null(at);
	snprintf(json, sizeof(json), "%.*s%s%s", (int)(at - flow), flow, with, at + strlen(what));
	refused(json, ERR_FORMAT, where);
}

static void test_garbage_flow(void **state)
{
	(void)state;
	refused("", ERR_FORMAT, "JSON");
	refused("{\"format\":", ERR_FORMAT, "JSON");
	refused("[]", ERR_VERSION, "format");
	refused("{\"format\":2}", ERR_VERSION, "format");
	refused("{\"format\":1}", ERR_FORMAT, "language");
	replaced("\"go\":\"hour\"", "\"go\":\"nowhere\"", "day.go");
	replaced("{\"ref\":\"look.fee\"", "{\"ref\":\"look.price\"", "note.text");
	replaced("\"kind\":\"date\",\"from_days\"", "\"kind\":\"datum\",\"from_days\"", "day.expect");
	replaced("\"op\":\"==\"", "\"op\":\"~\"", "me.when");
	replaced("\"name\":\"hour\"", "\"name\":\"day\"", "day");
	replaced("[{\"ref\":\"me\"},{\"text\":\"yes\"}]", "[{\"ref\":\"me\"}]", "me.when");
	replaced("\"outcome\":\"done\"", "\"outcome\":5", "bye.outcome");
	replaced("\"step\":\"me\"", "\"step\":\"bye\"", "opening.step");
}

/* ---- streams ---- */

struct stream {
	struct llm_answer *answer;
	char text[300];
	char args[100];
	unsigned int pieces, tools, done, failed;
	bool cancel_at_first;
};

static void on_text(void *arg, const char *text, size_t len)
{
	struct stream *s = arg;

	s->pieces++;
	if (s->cancel_at_first)
		rehearsed_llm.cancel(&s->answer);
	strncat(s->text, text, len); /* readable after the cancel */
}

static void on_tool(void *arg, uint32_t index, const char *name, size_t name_len, const char *args, size_t args_len)
{
	struct stream *s = arg;

	assert_int_equal(index, 0);
	assert_int_equal(name_len, strlen(name));
	s->tools++;
	snprintf(s->args, sizeof(s->args), "%.*s", (int)args_len, args);
}

static void on_done(void *arg, uint32_t tokens)
{
	struct stream *s = arg;

	assert_true(tokens > 0);
	assert_null(s->answer); /* the slot is free before */
	s->done++;
}

static void on_failed(void *arg, enum failure why)
{
	(void)why;
	((struct stream *)arg)->failed++;
}

static const struct llm_events events = { .text = on_text, .tool = on_tool, .done = on_done, .failed = on_failed };

static void start(struct talk *t, struct stream *s)
{
	struct masked_request request = masked(t);

	assert_int_equal(rehearsed_llm.start(t->engine, &s->answer, ASK_PLAIN, 1, request.blocks, request.count, &events, s), ERR_NONE);
	assert_non_null(s->answer);
}

static void test_stream(void **state)
{
	struct talk *t = *state;
	struct stream s = { .pieces = 0 };
	unsigned int steps;

	to_tool(t);
	woken = 0;
	start(t, &s);
	assert_int_equal(woken, 1);
	assert_int_equal(s.pieces, 0); /* never from inside start */
	for (steps = 0; steps < 20 && !s.done; steps++)
		rehearsed_step(t->engine);
	assert_int_equal(s.done, 1);
	assert_string_equal(s.text, "Let me see.");
	assert_string_equal(s.args, "{\"date\":\"2026-11-27\",\"count\":2}");
	assert_int_equal(s.tools, 1);
	assert_int_equal(woken, steps); /* and not again when nothing runs */
}

static const char *end_known(struct talk *t)
{
	struct stream s = { .pieces = 0 };

	start(t, &s);
	rehearsed_llm.cancel(&s.answer);
	return json_string_value(json_object_get(rehearsed_known(t->engine), "end"));
}

/* P22: the call's core says who answered: the message at once, and the call from its beginning once a person is there. */
static void test_P22_who_answered_is_told(void **state)
{
	struct talk *t = *state;

	add(t, BLOCK_CALLER, "hi I am out in the garden");
	add(t, BLOCK_EVENT, EVENT_MACHINE " Say what is to be left on it.");
	assert_string_equal(says(t), "Acme will call again.");
	assert_string_equal(t->reply.outcome, "machine");
	assert_string_equal(end_known(t), "voicemail");
	add(t, BLOCK_EVENT, EVENT_MACHINE " Once more.");
	assert_string_equal(says(t), "Acme will call again.");
	add(t, BLOCK_EVENT, EVENT_PERSON " Greet.");
	assert_null(end_known(t));
	add(t, BLOCK_CALLER, "hello hello");
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	(void)says(t);
	assert_int_not_equal(t->reply.heard, REHEARD_VOICEMAIL);
	assert_null(t->reply.outcome);
	assert_null(end_known(t));
}

/* Greeted by the core, a person who then says nothing was spoken to: the engine, which is not asked again, has to be told. */
static void test_P22_a_person_who_was_met_is_no_machine(void **state)
{
	struct talk *t = *state;

	rehearsed_met(t->engine); /* before it was ever asked */
	add(t, BLOCK_CALLER, "hi I am out in the garden");
	add(t, BLOCK_EVENT, EVENT_MACHINE " Say what is to be left on it.");
	assert_string_equal(end_known(t), "voicemail");
	rehearsed_met(t->engine);
	assert_null(json_object_get(rehearsed_known(t->engine), "end"));
	add(t, BLOCK_EVENT, EVENT_MACHINE " Once more.");
	assert_string_equal(end_known(t), "voicemail");
}

/* What the recogniser is not sure of is read back where something hangs on it, and nowhere else. */
static void asked_how(struct talk *t)
{
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "yes");
	add(t, BLOCK_AGENT, "Would you like to keep it or move it?");
}

static void test_an_unsure_option_is_read_back(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "keep it please");
	assert_string_equal(says(t), "Just to be sure: Did you say \"keep it\"?");
	assert_true(t->reply.confirms);
	assert_null(t->reply.outcome);
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_CALLER, HEARD_UNSURE "yes");
	assert_string_equal(says(t), "Thank you, goodbye.");
	assert_string_equal(t->reply.outcome, "done");
}

static void test_an_unsure_option_is_not_confirmed_by_the_same(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "keep it");
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_CALLER, HEARD_UNSURE "keep it");
	assert_string_equal(says(t), "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_CALLER, "keep it");
	assert_string_equal(says(t), "Thank you, goodbye.");
}

/* "Get rid of" was heard so, twice. */
static void test_an_unsure_option_is_not_confirmed_by_any_yes(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "yeah i am");
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_CALLER, HEARD_UNSURE "yeah i am");
	assert_non_null(strstr(says(t), "Did you say \"keep it\"?"));
	assert_null(t->reply.outcome);
}

static void test_an_unsure_option_is_refused(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "keep it");
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"keep it\"?");
	add(t, BLOCK_CALLER, "no");
	assert_string_equal(says(t), "Would you like to keep it or move it?");
	add(t, BLOCK_AGENT, "Would you like to keep it or move it?");
	add(t, BLOCK_CALLER, "move it");
	assert_string_equal(says(t), "On which day would you like to come?");
}

static void test_an_unsure_option_that_changes_nothing_is_taken(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "move it");
	assert_string_equal(says(t), "On which day would you like to come?");
}

/* A way out that ends the call is read back as an option is. */
static void test_an_unsure_way_out_is_read_back(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "a real person");
	assert_string_equal(says(t), "Just to be sure: Did you say \"a real person\"?");
	assert_null(t->reply.outcome);
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"a real person\"?");
	assert_string_equal(says(t), "Did you say \"a real person\"?"); /* words are wanted again: it is still open */
	add(t, BLOCK_CALLER, HEARD_UNSURE "yes");
	assert_string_equal(says(t), "A colleague will call.");
	assert_string_equal(t->reply.outcome, "human");
}

static void test_an_unsure_way_out_is_refused(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "a real person");
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"a real person\"?");
	add(t, BLOCK_CALLER, "no");
	assert_string_equal(says(t), "Would you like to keep it or move it?");
	add(t, BLOCK_AGENT, "Would you like to keep it or move it?");
	add(t, BLOCK_CALLER, "move it");
	assert_string_equal(says(t), "On which day would you like to come?");
}

/* Half of "Did you say …" is no question that a yes may answer, and another answer is one to the question that is open. */
static void test_an_unsure_way_out_that_was_not_heard(void **state)
{
	struct talk *t = *state;

	asked_how(t);
	add(t, BLOCK_CALLER, HEARD_UNSURE "a real person");
	add(t, BLOCK_AGENT, "Just to be sure: Did");
	add(t, BLOCK_CALLER, "yes");
	assert_string_equal(says(t), "Just to be sure: Did you say \"a real person\"?");
	assert_null(t->reply.outcome);
	add(t, BLOCK_AGENT, "Just to be sure: Did you say \"a real person\"?");
	add(t, BLOCK_CALLER, "move it");
	assert_string_equal(says(t), "On which day would you like to come?");
}

static void test_an_unsure_way_out_has_an_end(void **state)
{
	struct talk *t = *state;
	size_t i;

	asked_how(t);
	for (i = 0; i < 3; i++) {
		add(t, BLOCK_CALLER, HEARD_UNSURE "a real person");
		assert_string_equal(says(t), "Just to be sure: Did you say \"a real person\"?");
		add(t, BLOCK_AGENT, "Just to be sure: Did you say \"a real person\"?");
	}
	add(t, BLOCK_CALLER, HEARD_UNSURE "a real person");
	assert_null(strstr(says(t), "Did you say"));
}

/* For a call that ends before the goodbye is reached: a machine was spoken to, unless somebody took the call elsewhere. */
static void test_a_machine_is_known_at_the_end(void **state)
{
	struct talk *t = *state;

	assert_null(rehearsed_known(t->engine));
	add(t, BLOCK_AGENT, OPENING);
	add(t, BLOCK_CALLER, "hello");
	assert_null(end_known(t));
	add(t, BLOCK_CALLER, "please speak after the tone");
	assert_string_equal(end_known(t), "voicemail");
	add(t, BLOCK_AGENT, "Acme will");
	assert_string_equal(end_known(t), "voicemail");
	add(t, BLOCK_CALLER, "when you are done, hang up");
	assert_string_equal(end_known(t), "voicemail");
	add(t, BLOCK_CALLER, "wait, I am a real person");
	assert_null(end_known(t));
}

static void test_stream_comes_in_pieces(void **state)
{
	struct talk *t = *state;
	struct stream s = { .pieces = 0 };

	to_day(t);
	start(t, &s);
	rehearsed_step(t->engine);
	assert_string_equal(s.text, "On which day would");
	while (!s.done)
		rehearsed_step(t->engine);
	assert_string_equal(s.text, DAY);
	assert_int_equal(s.pieces, 2);
}

static void test_stream_cancel(void **state)
{
	struct talk *t = *state;
	struct stream s = { .cancel_at_first = true }, other = { .pieces = 0 };
	unsigned int i;

	to_day(t);
	start(t, &s);
	start(t, &other);
	for (i = 0; i < 10; i++)
		rehearsed_step(t->engine);
	assert_int_equal(s.pieces, 1);
	assert_int_equal(s.done + s.failed, 0);
	assert_null(s.answer);
	assert_string_equal(other.text, DAY); /* the other one goes on */
	rehearsed_llm.cancel(&running);       /* NULL-safe */
}

static void test_streams_have_a_ceiling(void **state)
{
	struct talk *t = *state;
	struct stream s[REHEARSED_STREAMS + 1] = { { .pieces = 0 } };
	unsigned int i;

	for (i = 0; i < REHEARSED_STREAMS; i++)
		start(t, &s[i]);
	assert_int_equal(rehearsed_llm.start(t->engine, &s[i].answer, ASK_PLAIN, 1, NULL, 0, &events, &s[i]), ERR_BUSY);
	rehearsed_llm.cancel(&s[3].answer);
	start(t, &s[i]);
	rehearsed_free(&t->engine); /* silences them all */
	for (i = 0; i <= REHEARSED_STREAMS; i++)
		assert_null(s[i].answer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_call),
		TEST(test_same_blocks_same_reply),
		TEST(test_cut_question_is_asked_again),
		TEST(test_half_of_the_day_is_asked_for),
		TEST(test_half_of_the_day_stays_open),
		TEST(test_cut_confirmation_is_no_yes),
		TEST(test_cut_again_and_again_is_no_yes),
		TEST(test_cut_goes_on_from_its_sentence),
		TEST(test_words_before_the_question_answer_nothing),
		TEST(test_words_before_an_order_answer_nothing),
		TEST(test_words_before_is_that_right),
		TEST(test_half_of_the_question_is_heard),
		TEST(test_unheard_reply_and_filler),
		TEST(test_two_blocks_are_one_turn),
		TEST(test_yes_to_a_prompt_is_no_answer),
		TEST(test_question_asked_again_is_the_question),
		TEST(test_goes_on_behind_what_was_said),
		TEST(test_said_again_it_was_heard),
		TEST(test_again_then_unclear),
		TEST(test_asides_cost_no_try),
		TEST(test_asides_have_an_end),
		TEST(test_anytime),
		TEST(test_machine),
		TEST(test_P22_who_answered_is_told),
		TEST(test_P22_a_person_who_was_met_is_no_machine),
		TEST(test_an_unsure_option_is_read_back),
		TEST(test_an_unsure_option_is_not_confirmed_by_the_same),
		TEST(test_an_unsure_option_is_not_confirmed_by_any_yes),
		TEST(test_an_unsure_option_is_refused),
		TEST(test_an_unsure_option_that_changes_nothing_is_taken),
		TEST(test_an_unsure_way_out_is_read_back),
		TEST(test_an_unsure_way_out_is_refused),
		TEST(test_an_unsure_way_out_that_was_not_heard),
		TEST(test_an_unsure_way_out_has_an_end),
		TEST(test_machine_or_person),
		TEST(test_corrections),
		TEST(test_limited_yes),
		TEST(test_doubtful_answer),
		TEST(test_asked_back),
		TEST(test_more_than_was_asked),
		TEST(test_out_of_range),
		TEST(test_tool_results),
		TEST(test_slow_tool),
		TEST(test_tool_not_asked_for_yet),
		TEST(test_visits_end),
		TEST(test_garbage_flow),
		TEST(test_stream),
		TEST(test_a_machine_is_known_at_the_end),
		TEST(test_stream_comes_in_pieces),
		TEST(test_stream_cancel),
		TEST(test_streams_have_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
