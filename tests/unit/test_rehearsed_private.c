/* The rehearsed engine without the caller's numbers: whole conversations as a session has them. What it says is said with the values in
 * place, what is in the history is masked again, and it goes on as if nothing had been taken away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "providers/rehearsed/rehearsed.h"
#include "voice/session/masker.h"

#define ASK(name, text, kind, rest) "{\"name\":\"" name "\",\"kind\":\"ask\",\"text\":[" text "],\"expect\":{" kind "},\"unclear\":\"lost\"," rest "}"
#define OPENING "Hello, this is Acme, 555 0100 for you, or help@acme.example. What is your phone number?"

static const char flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"" OPENING "\",\"step\":\"phone\",\"asked\":true},\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":["
	ASK("phone", "\"What is your phone number?\"", "\"kind\":\"digits\",\"min\":7,\"max\":15",
		"\"confirm\":[\"I have \",{\"ref\":\"phone\",\"kind\":\"digits\"},\". Is that right?\"],\"next\":[{\"go\":\"note\"}]") ","
	ASK("note", "\"Where may we write to? You can call us back at 212 555 0199 as well, on any day of the week.\"", "\"kind\":\"free\"", "\"next\":[{\"go\":\"save\"}]") ","
	"{\"name\":\"save\",\"kind\":\"tool\",\"text\":[\"One moment.\"],\"tool\":\"save\",\"changes\":true,\"arguments\":{"
	"\"phone\":{\"ref\":\"phone\",\"kind\":\"digits\",\"as\":\"string\"},\"note\":{\"ref\":\"note\",\"kind\":\"text\",\"as\":\"string\"}},"
	"\"fields\":[{\"name\":\"desk\",\"kind\":\"text\",\"optional\":false}],\"failed\":\"lost\",\"next\":[{\"go\":\"bye\"}]},"
	"{\"name\":\"bye\",\"kind\":\"goodbye\",\"text\":[\"The desk is \",{\"ref\":\"save.desk\",\"kind\":\"text\"},\". Goodbye.\"],\"outcome\":\"done\"},"
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"I am lost. Goodbye.\"],\"outcome\":\"lost\"}],\"anytime\":[]}";

enum { BLOCKS_MAX = 32, TEXTS_MAX = 16 * 1024 };

static struct rehearsed *engine;
static struct masker *masker;
static struct request_block blocks[BLOCKS_MAX];
static size_t count;
static char texts[TEXTS_MAX];
static size_t texts_len;
static struct rehearsed_reply reply;
static char arguments[1024];

static void no_wake(void *arg, uint64_t delay_us)
{
	(void)arg;
	(void)delay_us;
}

static int setup(void **state)
{
	struct err_detail detail = { .message = "" };

	(void)state;
	count = texts_len = 0;
	assert_int_equal(rehearsed_new(&engine, flow, strlen(flow), no_wake, NULL, &detail), ERR_NONE);
	rehearsed_reply_init(&reply);
	if (masker_new(&masker))
		return 1;
	masker_language(masker, "en-US");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rehearsed_reply_fini(&reply);
	rehearsed_free(&engine);
	masker_free(&masker);
	return 0;
}

static struct request_block *add(enum block_type type, const char *text)
{
	size_t len = strlen(text);

	assert_true(count < BLOCKS_MAX && texts_len + len < TEXTS_MAX);
	memcpy(texts + texts_len, text, len + 1);
	blocks[count++] = (struct request_block){ .type = type, .turn = 1, .name = "save", .name_len = 4, .text = texts + texts_len, .text_len = len };
	texts_len += len + 1;
	return &blocks[count - 1];
}

/* What the agent says now, as the caller hears it. */
static const char *says(void)
{
	static char said[1024];
	struct masked_request request;
	struct redact_speaker speaker;
	struct buf out;

	rehearsed_reply_fini(&reply);
	rehearsed_reply_init(&reply);
	assert_int_equal(masker_request(masker, blocks, count, &request), ERR_NONE);
	assert_int_equal(rehearsed_plan(engine, request.blocks, request.count, &reply), ERR_NONE);
	buf_over(&out, said, sizeof(said) - 1);
	redact_speaker_init(&speaker, "en-US");
	redact_speak(&speaker, masker_map(masker), buf_str(&reply.text), reply.text.len, &out);
	redact_speak_end(&speaker, &out);
	said[out.len] = 0;
	buf_over(&out, arguments, sizeof(arguments) - 1);
	redact_restore(masker_map(masker), buf_str(&reply.arguments), reply.arguments.len, &out);
	arguments[out.len] = 0;
	return said;
}

static const char *answered(const char *agent, const char *caller)
{
	add(BLOCK_AGENT, agent);
	add(BLOCK_CALLER, caller);
	return says();
}

#define READ_BACK "I have 2 0 2 5 5 5 0 1 4 3. Is that right?"
#define NOTE "Where may we write to? You can call us back at 212 555 0199 as well, on any day of the week."

static void a_whole_call_in_placeholders(void **state)
{
	(void)state;
	assert_string_equal(answered(OPENING, "two zero two five five five zero one four three"), READ_BACK);
	assert_string_equal(buf_str(&reply.value), "[PHONE_1]");
	assert_non_null(strstr(buf_str(&reply.text), "[PHONE_1]"));
	assert_string_equal(answered(READ_BACK, "yes"), NOTE);
	assert_string_equal(answered(NOTE, "anna at example dot com"), "One moment.");
	assert_string_equal(reply.tool, "save");
	assert_string_equal(arguments, "{\"phone\":\"+12025550143\",\"note\":\"anna@example.com\"}");
	assert_null(strstr(buf_str(&reply.arguments), "2025550143"));
	add(BLOCK_AGENT, "One moment.");
	add(BLOCK_TOOL_USE, arguments);
	add(BLOCK_TOOL_RESULT, "{\"desk\":\"+1 212 555 0177\"}");
	assert_string_equal(says(), "The desk is 2 1 2 5 5 5 0 1 7 7. Goodbye.");
	assert_string_equal(reply.outcome, "done");
	add(BLOCK_AGENT, "The desk is 2 1 2 5"); /* its voice broke off: it goes on with the whole number */
	assert_string_equal(says(), "2 1 2 5 5 5 0 1 7 7. Goodbye.");
}

/* The number that was read back was not heard to its end: a yes says nothing to half of it. */
static void a_cut_number_is_read_back_again(void **state)
{
	(void)state;
	answered(OPENING, "2025550143");
	assert_string_equal(answered("I have 2 0 2 5 5", "yes"), READ_BACK);
	assert_int_equal(reply.heard, REHEARD_CUT);
	add(BLOCK_AGENT, "I have 2 0 2 5 5 5 0 1"); /* and the second time in two pieces */
	add(BLOCK_AGENT, "4 3. Is that right?");
	add(BLOCK_CALLER, "yes");
	assert_string_equal(says(), NOTE);
}

static void another_number_takes_its_place(void **state)
{
	(void)state;
	answered(OPENING, "2025550143");
	assert_string_equal(answered(READ_BACK, "no, my number is 202 555 0178"), "I have 2 0 2 5 5 5 0 1 7 8. Is that right?");
	assert_string_equal(answered("I have 2 0 2 5 5 5 0 1 7 8. Is that right?", "my number is 202 555 0178"), NOTE); /* the same again is a yes */
}

/* The rule-book's own numbers are masked on their way back, and known for what they are. */
static void the_books_own_numbers_are_heard(void **state)
{
	(void)state;
	add(BLOCK_AGENT, OPENING);
	add(BLOCK_CALLER, "hello");
	says();
	assert_int_equal(reply.heard, REHEARD_ASIDE); /* not a cut: the question was heard */
	count = 0;
	answered(OPENING, "2025550143");
	answered(READ_BACK, "yes");
	assert_string_equal(answered("Where may we write to? You can call us back at 212 555 0199", "anna at example dot com"), NOTE); /* cut: free words */
	assert_int_equal(reply.heard, REHEARD_CUT);
	add(BLOCK_AGENT, NOTE);
	add(BLOCK_CALLER, "anna at example dot com");
	assert_string_equal(says(), "One moment.");
}

/* What was masked and cannot be given back is no answer to a question for digits. */
static void what_nobody_has_is_asked_again(void **state)
{
	(void)state;
	assert_string_equal(answered(OPENING, "[PHONE] I said"), "Sorry, I did not understand that. What is your phone number?");
	assert_int_equal(reply.heard, REHEARD_NOT);
}

/* ---- a birth, and a name ---- */

#define BORN_TEXT "What is your date of birth?"

static const char birth_flow[] =
	"{\"format\":1,\"id\":\"t\",\"version\":\"1\",\"sha256\":\"\",\"language\":\"en-US\",\"today\":\"2026-11-23\","
	"\"opening\":{\"text\":\"" BORN_TEXT "\",\"step\":\"born\",\"asked\":true},\"visits_max\":2,\"end_tool\":\"end_call\",\"steps\":["
	"{\"name\":\"born\",\"kind\":\"ask\",\"text\":[\"" BORN_TEXT "\"],\"tries\":9,\"expect\":{%s},\"unclear\":\"lost\","
	"\"confirm\":[{\"ref\":\"born\",\"kind\":\"date\"},\", right?\"],\"next\":[{\"go\":\"who\"}]},"
	ASK("who", "\"And your name?\"", "\"kind\":\"name\"", "\"confirm\":[\"I have \",{\"ref\":\"who\",\"kind\":\"text\"},\". Right?\"],\"next\":[{\"go\":\"save\"}]") ","
	"{\"name\":\"save\",\"kind\":\"tool\",\"text\":[\"One moment.\"],\"tool\":\"save\",\"changes\":true,\"arguments\":{"
	"\"born\":{\"ref\":\"born\",\"kind\":\"date\",\"as\":\"string\"},\"who\":{\"ref\":\"who\",\"kind\":\"text\",\"as\":\"string\"}},"
	"\"fields\":[],\"failed\":\"lost\",\"next\":[{\"go\":\"lost\"}]},"
	"{\"name\":\"lost\",\"kind\":\"goodbye\",\"text\":[\"Goodbye.\"],\"outcome\":\"lost\"}],\"anytime\":[]}";

static void ask_birth(const char *expect)
{
	struct err_detail detail = { .message = "" };
	static char text[4096];

	snprintf(text, sizeof(text), birth_flow, expect);
	rehearsed_free(&engine);
	assert_int_equal(rehearsed_new(&engine, text, strlen(text), no_wake, NULL, &detail), ERR_NONE);
}

/* The ear gets the day in words, the tool its date. */
static void a_birth_is_said_in_words(void **state)
{
	(void)state;
	ask_birth("\"kind\":\"free\"");
	assert_string_equal(answered(BORN_TEXT, "I was born on the fourteenth of August nineteen ninety one"), "I was born on the 14 August 1991, right?");
	assert_string_equal(answered("I was born on the 14 August 1991, right?", "yes"), "And your name?");
}

static void a_birth_may_be_a_date(void **state)
{
	static const char not_heard[] = "Sorry, I did not understand that. " BORN_TEXT, refused[] = "I am sorry, that is not possible. " BORN_TEXT;

	(void)state;
	ask_birth("\"kind\":\"date\",\"from_days\":-45000,\"to_days\":-6570");
	assert_string_equal(answered(BORN_TEXT, "on the fourteenth of August"), not_heard);
	assert_string_equal(answered(not_heard, "the first of May twenty twenty"), refused);
	assert_string_equal(answered(refused, "sorry, the fourteenth of August nineteen ninety one"), "14 August 1991, right?");
	assert_string_equal(answered("14 August 1991, right?", "no, the fifteenth of August nineteen ninety one"), "15 August 1991, right?");
	assert_string_equal(answered("15 August 1991, right?", "yes"), "And your name?");
	assert_string_equal(answered("And your name?", "My name is John O'Neal"), "I have John O'Neal. Right?");
	assert_string_equal(answered("I have John O'Neal. Right?", "no, it's John O'Neill"), "I have John O'Neill. Right?");
	assert_string_equal(answered("I have John O'Neill. Right?", "yes that's right"), "One moment.");
	assert_string_equal(arguments, "{\"born\":\"1991-08-15\",\"who\":\"John O'Neill\"}");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_whole_call_in_placeholders),
		CASE(a_cut_number_is_read_back_again),
		CASE(another_number_takes_its_place),
		CASE(the_books_own_numbers_are_heard),
		CASE(what_nobody_has_is_asked_again),
		CASE(a_birth_is_said_in_words),
		CASE(a_birth_may_be_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
