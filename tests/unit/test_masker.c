/* Requests to a model: each block masked with what was said before it, once; a number cut in two; what cannot be masked; the map in the
 * call's snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voice/session/masker.h"

enum { BLOCKS_MAX = 64 };

static struct masker *m;
static struct request_block blocks[BLOCKS_MAX];
static size_t count;
static struct masked_request request;

static int setup(void **state)
{
	(void)state;
	count = 0;
	return masker_new(&m) != ERR_NONE;
}

static int teardown(void **state)
{
	(void)state;
	masker_free(&m);
	assert_null(m);
	masker_free(&m);
	return 0;
}

static struct request_block *add(enum block_type type, const char *text)
{
	struct request_block *b = &blocks[count++];

	assert_true(count <= BLOCKS_MAX);
	*b = (struct request_block){ .type = type, .turn = (uint32_t)(count / 2), .text = text, .text_len = strlen(text) };
	return b;
}

static void ask(void)
{
	assert_int_equal(masker_request(m, blocks, count, &request), ERR_NONE);
}

static const char *shown(size_t i)
{
	assert_true(i < request.count);
	return redacted_text(request.blocks[i].text);
}

/* What a call brings is shown first, in the call's own map: one number has one placeholder, wherever it stands; on another worker too. */
static void facts_come_first_and_share_the_map(void **state)
{
	const char *told = "# This call\n- number = \"[PHONE_1]\" : who is called\n";
	struct buf map;

	(void)state;
	assert_int_equal(masker_facts(m, "# This call\n- number = \"+12025550143\" : who is called\n"), ERR_NONE);
	add(BLOCK_AGENT, "Hello.");
	add(BLOCK_CALLER, "my phone number is +12025550143");
	ask();
	assert_int_equal(request.count, 3);
	assert_int_equal(request.blocks[0].type, BLOCK_EVENT);
	assert_string_equal(shown(0), told);
	assert_string_equal(shown(1), "Hello.");
	assert_string_equal(shown(2), "my phone number is [PHONE_1]");
	add(BLOCK_AGENT, "Thank you.");
	ask();
	assert_int_equal(request.count, 4);
	assert_string_equal(shown(0), told);
	assert_string_equal(shown(3), "Thank you.");
	buf_init(&map, 4096);
	masker_save(m, &map);
	assert_int_equal(masker_load(m, map.data, map.len), ERR_NONE);
	buf_fini(&map);
	ask();
	assert_string_equal(shown(0), told);
	assert_int_equal(redact_map_count(masker_map(m)), 1);
	assert_int_equal(masker_load(m, NULL, 0), ERR_NONE); /* a call whose snapshot has none yet */
	count = 0;
	ask();
	assert_string_equal(shown(0), told);
	assert_int_equal(redact_map_count(masker_map(m)), 1);
}

static void facts_that_cannot_be_masked_are_withheld(void **state)
{
	static char many[REDACT_ENTITIES * 40];
	size_t used = 0;

	(void)state;
	for (int i = 0; i <= REDACT_ENTITIES; i++)
		used += (size_t)snprintf(many + used, sizeof(many) - used, "a%d@example.com and ", i);
	assert_int_equal(masker_facts(m, many), ERR_NONE);
	ask();
	assert_string_equal(shown(0), MASKER_WITHHELD);
	assert_int_equal(request.withheld, 1);
	ask();
	assert_int_equal(request.withheld, 0); /* told once */
}

static void each_block_is_masked_as_what_it_is(void **state)
{
	(void)state;
	add(BLOCK_AGENT, "Hello. What is your phone number?");
	add(BLOCK_CALLER, "two zero two five five five zero one four three");
	*add(BLOCK_TOOL_USE, "{\"to\": \"+12025550143\"}") = (struct request_block){ .type = BLOCK_TOOL_USE, .turn = 7, .index = 3, .name = "find", .name_len = 4,
		.text = "{\"to\": \"+12025550143\"}", .text_len = 22 };
	add(BLOCK_TOOL_RESULT, "{\"mail\": \"anna@example.com\"}")->status = TOOL_UNKNOWN;
	add(BLOCK_EVENT, "Result of find: {\"phone\": 2025550143}");
	add(BLOCK_AGENT, "I have 2 0 2 5 5 5 0 1 4 3, and anna@example.com.");
	ask();
	assert_int_equal(request.count, 6);
	assert_string_equal(shown(0), "Hello. What is your phone number?");
	assert_string_equal(shown(1), "[PHONE_1]");
	assert_string_equal(shown(2), "{\"to\":\"[PHONE_1]\"}");
	assert_string_equal(shown(3), "{\"mail\":\"[EMAIL_1]\"}");
	assert_string_equal(shown(4), "Result of find: {\"phone\":\"[PHONE_1]\"}");
	assert_string_equal(shown(5), "I have [PHONE_1], and [EMAIL_1].");
	assert_int_equal(request.blocks[2].turn, 7);
	assert_int_equal(request.blocks[2].index, 3);
	assert_ptr_equal(request.blocks[2].name, blocks[2].name);
	assert_int_equal(request.blocks[2].name_len, 4);
	assert_int_equal(request.blocks[3].status, TOOL_UNKNOWN);
	assert_int_equal(request.blocks[3].type, BLOCK_TOOL_RESULT);
	assert_int_equal(redact_map_count(masker_map(m)), 2);
}

/* The question is the agent's words since the caller's last ones; when there are none, those before them. */
static void the_question_counts_and_no_older_one(void **state)
{
	(void)state;
	add(BLOCK_AGENT, "What is your phone number?");
	add(BLOCK_AGENT, "Take your time.");
	add(BLOCK_CALLER, "98765");
	add(BLOCK_CALLER, "um 4321");
	add(BLOCK_AGENT, "How much would you like to pay?");
	add(BLOCK_CALLER, "4500");
	ask();
	assert_string_equal(shown(2), "[NUMBER_1]");
	assert_non_null(strstr(shown(3), "[")); /* goes on with the number */
	assert_string_equal(shown(5), "4500");
}

/* The agent's block before grows with what was heard of it: then the answer is looked at again. */
static void a_question_that_was_heard_later_counts(void **state)
{
	struct request_block *question;

	(void)state;
	question = add(BLOCK_AGENT, "What is");
	add(BLOCK_CALLER, "98765");
	ask();
	assert_string_equal(shown(1), "98765");
	question->text = "What is your phone number?";
	question->text_len = strlen(question->text);
	ask();
	assert_string_equal(shown(1), "[NUMBER_1]");
}

/* He answers what was asked before: until he has given a number, ten digits are the one that was asked for. */
static void a_late_answer_is_one(void **state)
{
	static const char number[] = "wait, two zero two five five five zero one four three";

	(void)state;
	add(BLOCK_AGENT, "What is your phone number?");
	add(BLOCK_CALLER, "right");
	add(BLOCK_AGENT, "And how much would you like to pay?");
	add(BLOCK_CALLER, number);
	add(BLOCK_AGENT, "And your order number?");
	add(BLOCK_CALLER, "it is 2345678901");
	ask();
	assert_string_equal(shown(3), "wait, [PHONE_1]");
	assert_string_equal(shown(5), "it is 2345678901");
	blocks[3].text = "4500";
	blocks[3].text_len = 4;
	ask();
	assert_string_equal(shown(3), "4500"); /* what was asked just now counts for parts */
	blocks[0].text = "What is your name?  Tell me";
	blocks[3].text = "wait, three one zero five five five zero one four three";
	blocks[3].text_len = strlen(blocks[3].text);
	ask();
	assert_string_equal(shown(3), "wait, [NUMBER_1]"); /* nobody has asked for a telephone number */
}

static void a_number_may_begin_a_turn_ago(void **state)
{
	(void)state;
	add(BLOCK_AGENT, "Your mobile number, please.");
	add(BLOCK_CALLER, "nine eight seven six five");
	add(BLOCK_AGENT, "Go on.");
	add(BLOCK_CALLER, "four three two one zero");
	ask();
	assert_string_equal(shown(1), "[NUMBER_1]");
	assert_string_equal(shown(3), "[PHONE_1]");
}

static void what_was_shown_is_not_looked_at_again(void **state)
{
	const struct redacted *before[BLOCKS_MAX];
	char words[20][32];
	size_t i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(words[i], sizeof(words[i]), i % 2 ? "yes I am %zu" : "And then %zu?", i);
		add(i % 2 ? BLOCK_CALLER : BLOCK_AGENT, words[i]);
	}
	ask();
	for (i = 0; i < 20; i++)
		before[i] = request.blocks[i].text;
	add(BLOCK_AGENT, "Good.");
	for (i = 0; i < 20; i++)
		blocks[i].turn += 1; /* released */
	ask();
	assert_int_equal(request.count, 21);
	for (i = 0; i < 20; i++)
		assert_ptr_equal(request.blocks[i].text, before[i]);
	memmove(blocks + 4, blocks + 6, (count - 6) * sizeof(blocks[0])); /* two are gone; the words behind answer the same question */
	count -= 2;
	ask();
	assert_ptr_equal(request.blocks[3].text, before[3]);
	for (i = 4; i < 18; i++)
		assert_ptr_equal(request.blocks[i].text, before[i + 2]);
	count = 1;
	ask();
	count = 18;
	ask(); /* what was not in the last request is made anew */
	assert_ptr_equal(request.blocks[0].text, before[0]);
	assert_string_equal(shown(17), "yes I am 19");
}

static void other_words_are_another_block(void **state)
{
	(void)state;
	add(BLOCK_AGENT, "Yes?");
	add(BLOCK_CALLER, "it is 9876543210");
	ask();
	assert_string_equal(shown(1), "it is [PHONE_1]");
	blocks[1].text = "it is 9876543211";
	ask();
	assert_string_equal(shown(1), "it is [PHONE_2]");
	blocks[1].type = BLOCK_EVENT;
	blocks[1].text = "it is {\"a\": 9876543210}";
	blocks[1].text_len = strlen(blocks[1].text);
	ask();
	assert_string_equal(shown(1), "it is {\"a\":\"[PHONE_1]\"}");
}

/* A voice died in the middle of a number, and another said the rest: two blocks of the history. */
static void a_number_in_two_blocks_is_one(void **state)
{
	(void)state;
	add(BLOCK_AGENT, "Your phone number?");
	add(BLOCK_CALLER, "2025550143");
	add(BLOCK_AGENT, "I have 2 0 2 5");
	add(BLOCK_AGENT, "5 5 0");
	add(BLOCK_AGENT, "1 4 3. Is that right?");
	add(BLOCK_CALLER, "yes");
	ask();
	assert_int_equal(request.count, 4);
	assert_string_equal(shown(2), "I have [PHONE_1]. Is that right?");
	assert_string_equal(shown(3), "yes");
	count = 3; /* the caller spoke into it */
	add(BLOCK_CALLER, "no");
	ask();
	assert_int_equal(request.count, 4);
	assert_string_equal(shown(2), "I have [PHONE]");
}

static void what_cannot_be_masked_is_withheld(void **state)
{
	struct buf b;
	unsigned int i;

	(void)state;
	buf_init(&b, 64 * 1024);
	for (i = 0; i <= REDACT_ENTITIES; i++)
		buf_printf(&b, "call 98765%05u ", 43210 + i);
	add(BLOCK_AGENT, "Yes?");
	add(BLOCK_CALLER, buf_str(&b));
	add(BLOCK_AGENT, "Oh.");
	ask();
	assert_int_equal(request.withheld, 1);
	assert_string_equal(shown(1), MASKER_WITHHELD);
	assert_string_equal(shown(2), "Oh.");
	ask();
	assert_int_equal(request.withheld, 0); /* told once */
	assert_string_equal(shown(1), MASKER_WITHHELD);
	buf_fini(&b);
}

static void more_than_a_history_is_refused(void **state)
{
	struct request_block *many = calloc(MASKER_BLOCKS_MAX + 1, sizeof(*many));
	size_t i;

	(void)state;
	assert_non_null(many);
	for (i = 0; i <= MASKER_BLOCKS_MAX; i++)
		many[i] = (struct request_block){ .type = BLOCK_CALLER, .turn = (uint32_t)i, .text = "yes", .text_len = 3 };
	assert_int_equal(masker_request(m, many, MASKER_BLOCKS_MAX + 1, &request), ERR_LIMIT);
	assert_null(request.blocks);
	assert_int_equal(masker_request(m, many, 300, &request), ERR_NONE);
	assert_int_equal(request.count, 300);
	assert_int_equal(masker_request(m, many, 0, &request), ERR_NONE);
	assert_int_equal(request.count, 0);
	free(many);
}

/* In another process, with no more of the conversation than its last turn. */
static void the_same_value_has_the_same_placeholder_elsewhere(void **state)
{
	struct masker *other;
	struct buf saved;

	(void)state;
	add(BLOCK_CALLER, "9876543210");
	add(BLOCK_CALLER, "or 8765432109");
	ask();
	buf_init(&saved, 4096);
	masker_save(m, &saved);
	assert_int_equal(masker_new(&other), ERR_NONE);
	assert_int_equal(masker_load(other, saved.data, saved.len), ERR_NONE);
	assert_int_equal(masker_request(other, blocks + 1, 1, &request), ERR_NONE);
	assert_string_equal(shown(0), "or [PHONE_2]");
	assert_int_equal(masker_load(other, saved.data, saved.len - 1), ERR_TRUNCATED);
	assert_int_equal(redact_map_count(masker_map(other)), 0);
	assert_int_equal(masker_request(other, blocks + 1, 1, &request), ERR_NONE); /* nothing is kept of the map before */
	assert_string_equal(shown(0), "or [PHONE_1]");
	assert_int_equal(masker_load(other, NULL, 0), ERR_NONE); /* an old snapshot */
	assert_int_equal(redact_map_count(masker_map(other)), 0);
	masker_free(&other);
	buf_fini(&saved);
}

/* What a tenant leaves in clear, in every kind of block; what is always masked is, whatever a brief says. */
static void what_is_left_in_clear_is_shown(void **state)
{
	(void)state;
	masker_clear(m, UINT64_C(1) << REDACT_PHONE | UINT64_C(1) << REDACT_VEHICLE);
	add(BLOCK_CALLER, "9876543210, plate MH12AB1234, mail a@example.com");
	add(BLOCK_TOOL_RESULT, "{\"phone\":\"9876543210\",\"card\":\"4111111111111111\"}");
	ask();
	assert_string_equal(shown(0), "9876543210, plate MH12AB1234, mail [EMAIL_1]");
	assert_string_equal(shown(1), "{\"phone\":\"9876543210\",\"card\":\"[CARD_1]\"}");
	masker_clear(m, ~UINT64_C(0));
	add(BLOCK_CALLER, "card 4111 1111 1111 1111, aadhaar 2341 2341 2346, my otp is 4829, cvv 123");
	ask();
	assert_string_equal(shown(2), "card [CARD_1], aadhaar [AADHAAR_1], my otp is [OTP_1], cvv [CVV]");
}

static void a_guard_that_is_off_masks_nothing(void **state)
{
	(void)state;
	masker_sabotage(m);
	add(BLOCK_CALLER, "9876543210");
	ask();
	assert_string_equal(shown(0), "9876543210");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(facts_come_first_and_share_the_map),
		CASE(facts_that_cannot_be_masked_are_withheld),
		CASE(each_block_is_masked_as_what_it_is),
		CASE(the_question_counts_and_no_older_one),
		CASE(a_question_that_was_heard_later_counts),
		CASE(a_late_answer_is_one),
		CASE(a_number_may_begin_a_turn_ago),
		CASE(what_was_shown_is_not_looked_at_again),
		CASE(other_words_are_another_block),
		CASE(a_number_in_two_blocks_is_one),
		CASE(what_cannot_be_masked_is_withheld),
		CASE(more_than_a_history_is_refused),
		CASE(the_same_value_has_the_same_placeholder_elsewhere),
		CASE(what_is_left_in_clear_is_shown),
		CASE(a_guard_that_is_off_masks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
