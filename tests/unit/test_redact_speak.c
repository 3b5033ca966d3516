/* Values on their way back: a model's words in pieces, cut anywhere; the agent's own words masked again, whole and cut short; JSON that
 * stays JSON; what one turn leaves to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redact/redact.h"

static struct redact_map *map;

static int setup(void **state)
{
	(void)state;
	return redact_map_new(&map) != ERR_NONE;
}

static int teardown(void **state)
{
	(void)state;
	redact_map_free(&map);
	return 0;
}

static const char *mask(const char *text, size_t len, const struct redact_context *context)
{
	static char out[1024];
	struct redacted *r;

	assert_int_equal(redact_text(map, text, len, context, &r), ERR_NONE);
	snprintf(out, sizeof(out), "%s", redacted_text(r));
	redacted_free(&r);
	return out;
}

static const char *ours(const char *text, size_t len)
{
	static const struct redact_context context = { .ours = true };

	return mask(text, len, &context);
}

static void caller_says(const char *text, const char *want)
{
	assert_string_equal(mask(text, strlen(text), NULL), want);
}

/* The words, in pieces that end at the bytes of `cuts`, which rise and end with SIZE_MAX. */
static const char *speak(const char *text, const size_t *cuts, const char *language)
{
	static char said[1024];
	struct redact_speaker s;
	size_t at = 0, len = strlen(text);
	struct buf out;

	buf_over(&out, said, sizeof(said) - 1);
	redact_speaker_init(&s, language);
	for (; *cuts < len; at = *cuts++)
		redact_speak(&s, map, text + at, *cuts - at, &out);
	redact_speak(&s, map, text + at, len - at, &out);
	redact_speak_end(&s, &out);
	assert_int_equal(out.err, ERR_NONE);
	said[out.len] = 0;
	return said;
}

static const char *speak_whole(const char *text, const char *language)
{
	return speak(text, (size_t[]){ SIZE_MAX }, language);
}

static void values_of_the_tests(void)
{
	caller_says("nine eight seven six five four three two one zero", "[PHONE_1]");
	caller_says("my phone number is two zero two five five five zero one four three", "my phone number is [PHONE_2]");
	caller_says("card 4111 1111 1111 1111", "card [CARD_1]");
	caller_says("a.b@example.com", "[EMAIL_1]");
	caller_says("+44 20 7946 0958", "[PHONE_3]");
}

static void a_placeholder_may_be_cut_anywhere(void **state)
{
	static const char text[] = "I have [PHONE_1], [EMAIL_1] and [ID_UNVERIFIED_7]; [sic] [[CARD_1]] [PHONE_ [NUMBER] x[PHONE_2]y [3] [";
	char want[1024];
	size_t i, j, len = strlen(text);

	(void)state;
	values_of_the_tests();
	snprintf(want, sizeof(want), "%s", speak_whole(text, "en-US"));
	assert_string_equal(want, "I have 9 8 7 6 5 4 3 2 1 0, a.b@example.com and that number; [sic] [ending in 1 1 1 1] [PHONE_ that number "
		"x 2 0 2 5 5 5 0 1 4 3 y [3] [");
	for (i = 1; i < len; i++)
		for (j = i; j < len; j++)
			assert_string_equal(speak(text, (size_t[]){ i, j, SIZE_MAX }, "en-US"), want);
	assert_string_equal(speak_whole("call [PHONE_3]", "en"), "call +4 4 2 0 7 9 4 6 0 9 5 8");
}

static void nothing_is_held_that_cannot_become_one(void **state)
{
	static const char *const plain[] = { "[s", "[PHONEX", "[EMAIL__", "[PHONE_1x", "[]", "[CARDS", "[phone_1]", "no bracket", "[ PHONE_1]" };
	struct redact_speaker s;
	char said[256];
	struct buf out;
	size_t i;

	(void)state;
	values_of_the_tests();
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		buf_over(&out, said, sizeof(said));
		redact_speaker_init(&s, "en");
		redact_speak(&s, map, plain[i], strlen(plain[i]), &out);
		assert_int_equal(s.held_len, 0);
		assert_int_equal(out.len, strlen(plain[i]));
		assert_memory_equal(said, plain[i], out.len);
	}
	redact_speaker_init(&s, "en");
	assert_true(redact_speaker_passes(&s, "plain words", 11));
	assert_false(redact_speaker_passes(&s, "words [", 7));
	buf_over(&out, said, sizeof(said));
	redact_speak(&s, map, "[PHO", 4, &out);
	assert_int_equal(out.len, 0);
	assert_false(redact_speaker_passes(&s, "plain words", 11));
}

static void what_cannot_be_given_back_is_said_neutrally(void **state)
{
	(void)state;
	values_of_the_tests();
	assert_string_equal(speak_whole("I wrote down [PHONE_9].", "en-IN"), "I wrote down that number.");
	assert_string_equal(speak_whole("I wrote to [EMAIL_2] and[UPI]now", "en"), "I wrote to that address and that address now");
	assert_string_equal(speak_whole("मैंने [CARD_5] लिखा, [EMAIL]", "hi-IN"), "मैंने वह नंबर लिखा, वह पता");
	assert_string_equal(speak_whole("ja [PHONE_9] ok", "de-DE"), "ja  ok");
	assert_string_equal(speak_whole("it broke off at [PHONE", "en-US"), "it broke off at that number");
	assert_string_equal(speak_whole("it broke off at [PHONE_1", "en-US"), "it broke off at that number");
	assert_string_equal(speak_whole("or at [PHON", "en-US"), "or at [PHON");
}

/* What was said of a value is its placeholder again. */
static void the_agents_words_are_masked_again(void **state)
{
	static const char *const texts[] = { "I have [PHONE_1]. Is that right?", "[PHONE_2]", "so [PHONE_2], and [EMAIL_1].", "card [CARD_1] and [PHONE_3] here",
		"4 0 2 1 and [PHONE_1] at 10:30" };
	char said[1024];
	size_t i;

	(void)state;
	values_of_the_tests();
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(said, sizeof(said), "%s", speak_whole(texts[i], "en-US"));
		assert_string_not_equal(said, texts[i]);
		assert_string_equal(ours(said, strlen(said)), texts[i]);
	}
	assert_string_equal(ours("2 0 2 6 is a year", 17), "2 0 2 6 is a year");
	assert_string_equal(ours("2 0 2 5 is one", 14), "2 0 2 5 is one"); /* the beginning of a value, but not broken off */
}

/* The caller cut in: of a number that was being read back, three digits and more are masked. */
static void a_number_that_was_cut_short_is_masked(void **state)
{
	static const char text[] = "So [PHONE_2] it is";
	char said[1024], want[1024];
	size_t digits;

	(void)state;
	values_of_the_tests();
	snprintf(said, sizeof(said), "%s", speak_whole(text, "en-US"));
	for (digits = 1; digits <= 10; digits++) {
		size_t len = 3 + 2 * digits - 1;

		snprintf(want, sizeof(want), "So %s", digits == 10 ? "[PHONE_2]" : "[PHONE]");
		if (digits < 3)
			snprintf(want, sizeof(want), "%.*s", (int)len, said);
		assert_string_equal(ours(said, len), want);
	}
}

/* ---- JSON ---- */

static void expect_data(const char *text, const char *want)
{
	struct redacted *r;

	assert_int_equal(redact_data(map, text, strlen(text), NULL, &r), ERR_NONE);
	assert_string_equal(redacted_text(r), want);
	redacted_free(&r);
}

static void json_stays_json(void **state)
{
	(void)state;
	values_of_the_tests();
	expect_data("{\"to\": \"+919876543210\",  \"n\": 4}", "{\"to\":\"[PHONE_1]\",\"n\":4}");
	expect_data("{\"free\": true,  \"date\": \"2026-11-26\"}", "{\"free\": true,  \"date\": \"2026-11-26\"}"); /* nothing in it: byte for byte */
	expect_data("{\"phone\":9876543210,\"amount\":4500}", "{\"phone\":\"[PHONE_1]\",\"amount\":4500}");
	expect_data("{\"phone\":\"2025550178\"}", "{\"phone\":\"[PHONE_4]\"}"); /* the member's name says what it is */
	expect_data("{\"order_id\":\"9876543210\"}", "{\"order_id\":\"[PHONE_1]\"}"); /* a value that is known is one everywhere */
	expect_data("{\"order_id\":\"9876543219\",\"call_date\":\"2026-11-26\",\"text\":\"2026-11-26T10:30:00Z\"}",
		"{\"order_id\":\"9876543219\",\"call_date\":\"2026-11-26\",\"text\":\"2026-11-26T10:30:00Z\"}");
	expect_data("{\"text\":\"I paid in 2025 with 4111 1111 1111 1111\"}", "{\"text\":\"I paid in 2025 with [CARD_1]\"}");
	expect_data("[{\"9876543210\":{\"e\":[\"a.b@example.com\",1.5,null]}}]", "[{\"[PHONE_1]\":{\"e\":[\"[EMAIL_1]\",1.5,null]}}]");
	expect_data("{\"a\":\"\\u0039876543210\\n\"}", "{\"a\":\"[PHONE_1]\\n\"}"); /* escapes hide nothing */
	expect_data("Result of find: {\"phone\":9876543210}", "Result of find: {\"phone\":\"[PHONE_1]\"}");
	expect_data("of 9876543210: {\"free\":true}", "of [PHONE_1]: {\"free\":true}");
	expect_data("no {record of 9876543210", "no {record of [PHONE_1]");
	expect_data("", "");
}

static void a_part_that_was_asked_for_is_known_in_json(void **state)
{
	static const char question[] = "What is your phone number?";
	const struct redact_context context = { .question = question, .question_len = sizeof(question) - 1 };

	(void)state;
	assert_string_equal(mask("98765", 5, &context), "[NUMBER_1]");
	assert_string_equal(mask("my phone is 98765", 17, &context), "my phone is [NUMBER_1]");
	expect_data("{\"part\":\"98765\"}", "{\"part\":\"[NUMBER_1]\"}");
	expect_data("{\"amount\":98765}", "{\"amount\":98765}");
	assert_string_equal(ours("I have 9 8 7 6 5 so far", 23), "I have [NUMBER_1] so far");
	caller_says("9876543210", "[PHONE_1]");
	caller_says("98765 43219 or so", "[PHONE_2] or so");
	assert_string_equal(mask("9876", 4, &context), "[NUMBER_2]");
	assert_string_equal(ours("so 9 8 7 6 5 4 3 2 1 0 it is", 28), "so [PHONE_1] it is"); /* the longest that it can be */
}

static void a_list_of_many_numbers_is_masked_one_by_one(void **state)
{
	struct redacted *r;
	struct buf b;
	unsigned int i;

	(void)state;
	buf_init(&b, 64 * 1024);
	for (i = 0; i < 100; i++)
		buf_printf(&b, "%s\"98765%05u\"", i ? "," : "[", 43210 + i);
	assert_int_equal(redact_text(map, buf_str(&b), b.len, NULL, &r), ERR_LIMIT);
	buf_text(&b, "]");
	assert_int_equal(redact_data(map, buf_str(&b), b.len, NULL, &r), ERR_NONE);
	assert_null(strstr(redacted_text(r), "98765"));
	assert_non_null(strstr(redacted_text(r), "[PHONE_100]"));
	redacted_free(&r);
	buf_fini(&b);
}

/* ---- one turn and the next ---- */

static const char *after(const char *earlier, const char *text, const char *question)
{
	const struct redact_context context = { .earlier = earlier, .earlier_len = strlen(earlier), .question = question, .question_len = strlen(question) };

	return mask(text, strlen(text), &context);
}

/* Nobody has said what it is, and it may be somebody's: it is masked, and given back as it was said. */
static void ten_digits_in_pieces_are_masked(void **state)
{
	static const struct redact_context callers = { .caller = true };

	(void)state;
	caller_says("wait two zero two five five five zero one four three", "wait [NUMBER_1]");
	assert_string_equal(speak_whole("[NUMBER_1]", "en"), "2 0 2 5 5 5 0 1 4 3");
	caller_says("my phone is 202 555 0178", "my phone is [PHONE_1]");
	caller_says("two zero two five five five zero one seven eight", "[PHONE_1]"); /* the value that has a name */
	assert_string_equal(mask("2025550143", 10, NULL), "2025550143"); /* in one piece, and no word about phones */
	assert_string_equal(mask("[keypad] 2025550143", 19, &callers), "[keypad] [NUMBER_1]"); /* but typed by the caller */
	assert_string_equal(mask("order 2025550143", 16, &callers), "order 2025550143");
	caller_says("my order is two zero two five five five zero one four three", "my order is two zero two five five five zero one four three");
	caller_says("one zero two five five five zero one four three", "one zero two five five five zero one four three");
}

/* "In that case" is no case: such words say what a number is only beside it or its name. */
static void words_of_talk_name_no_number(void **state)
{
	static const char digits[] = "two zero two five five five zero one four three";

	(void)state;
	assert_string_equal(after("", digits, "Thank you. That helps me a lot, it makes things quicker for both of us. What"), "[NUMBER_1]");
	assert_string_equal(after("", digits, "In that case, please go on."), "[NUMBER_1]");
	assert_string_equal(after("", digits, "What is your order number?"), digits);
	caller_says("thanks a lot, two zero two five five five zero one four three", "thanks a lot, [NUMBER_1]");
	caller_says("case number two zero two five five five zero one four three", "case number two zero two five five five zero one four three");
	caller_says("the order: 202 555 0143", "the order: 202 555 0143");
}

static void the_turn_before_makes_no_other_number(void **state)
{
	static const char phone[] = "What is your phone number?", mail[] = "What is your email address?";

	(void)state;
	assert_string_equal(after("seven zero five five zero one one nine", "nine eight seven six five four three two one zero", phone), "[PHONE_1]");
	assert_string_equal(after("my account number is 70550119", "2025550143", phone), "[PHONE_2]"); /* another answer, another name */
	assert_string_equal(after("70550", "98765 43210", ""), "[PHONE_1]");
	assert_string_equal(after("zero one zero two nineteen ninety", "four eight one two zero five", ""), "four eight one two zero five");
	assert_string_equal(after("yes please", "a n n a at example dot org", mail), "[EMAIL_1]");
	assert_string_equal(after("zero one four three", "anna at example dot com", mail), "[EMAIL_2]");
	assert_string_equal(speak_whole("[EMAIL_1] [EMAIL_2] [PHONE_2]", "en"), "anna@example.org anna@example.com 2 0 2 5 5 5 0 1 4 3");
	assert_string_equal(after("anna dot", "miller at example dot com", mail), "[EMAIL_3]");
	assert_string_equal(speak_whole("[EMAIL_3]", "en"), "anna.miller@example.com");
	assert_string_equal(after("nine eight seven six five", "four three two one zero", ""), "[PHONE_1]"); /* both together are one */
	assert_string_equal(after("nine eight seven six five four three two one", "oh", ""), "[PHONE_1]");
	assert_string_equal(after("seven zero five five zero", "nine eight seven six five four three two one", ""),
		"nine eight seven six five four three two one"); /* not a part of each */
	assert_string_equal(after("two zero two five five five zero one four three", "two zero two five five five zero one four three and thank you", ""),
		"[PHONE_2] and thank you"); /* said again: not twenty digits that are nothing */
	assert_string_equal(after("my card is", "to be sent to me for free", ""), "to be sent to me for free");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_placeholder_may_be_cut_anywhere),
		CASE(nothing_is_held_that_cannot_become_one),
		CASE(what_cannot_be_given_back_is_said_neutrally),
		CASE(the_agents_words_are_masked_again),
		CASE(a_number_that_was_cut_short_is_masked),
		CASE(json_stays_json),
		CASE(a_part_that_was_asked_for_is_known_in_json),
		CASE(a_list_of_many_numbers_is_masked_one_by_one),
		CASE(ten_digits_in_pieces_are_masked),
		CASE(words_of_talk_name_no_number),
		CASE(the_turn_before_makes_no_other_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
