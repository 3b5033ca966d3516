/* Which words say that more letters are to come. Each text is read from memory of its own length: nothing may be read behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "voice/spelling.h"

static bool opened(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	bool open;

	assert_non_null(copy);
	memcpy(copy, text, len);
	open = spelling_open(copy, len);
	free(copy);
	return open;
}

static void all(const char *const *texts, bool open)
{
	for (; *texts; texts++)
		if (opened(*texts, strlen(*texts)) != open)
			fail_msg("\"%s\" is %staken for spelling", *texts, open ? "not " : "");
}

static void test_P09_letters_in_a_row_are_spelling(void **state)
{
	static const char *const texts[] = {
		"A L", "it's A, L", "it's A, L, E, X", "A L E X", "A-L-E-X", "A-L-E-X.", "a. l. e. x.", "a.l.e.x.", "a l e x ", "It's a l",
		"my name is Alex, A-L-", "Alex. A. L.", "m i l", "It\xe2\x80\x99s M, O, R.", "A L um", "it is A I D A", "B 7 K", "B seven K two",
		"the code is b 7 k 2", "yes, R A", "a m i t", "it's P M", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_doubled_letters_and_examples_are_spelling(void **state)
{
	static const char *const texts[] = {
		"double L", "it's M I double L", "M I double", "triple E", "N as in November", "it's N as in", "N as in November, O as in",
		"M for Mumbai", "A for Agra", "M for Mumbai A for Agra", "A L for", "M O as", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_the_middle_of_an_address_is_spelling(void **state)
{
	static const char *const texts[] = {
		"alex dot", "alex dot mor", "it's alex dot mor at", "alex dot mor at example", "alex dot mor at example dot", "alex underscore",
		"my email is alex at", "my e-mail is alex at", "A L E X at", "a l e x at example", "alex at the rate", "alex at the rate example",
		"alex dot mor at example dot co", "alex@", "alex.mor@example", "it's alex@example.", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_sentences_are_none(void **state)
{
	static const char *const texts[] = {
		"", " ", "...", "yes", "no", "ok", "OK.", "O K", "o. k.", "okay", "I", "a", "it's a", "I, I", "I a", "I have a", "vitamin C",
		"plan B", "plan B for now", "I like Indian", "I like it", "so do I", "Alex Mor", "Alex", "triple A", "make it a double", "a double",
		"I double", "at five p.m.", "5 p.m.", "at 10 a m", "half past ten a.m.", "in the U.S.", "I am from the U.S.A.", "U.S.",
		"I did not get the O T P", "my I D", "A L E X is my name", "A L E X that is all", "A, L, E, X, thanks", "is it A L E X?", "A L E X!",
		"gate B 7", "B 7", "nine eight", "double nine", "look at", "I am looking at", "at five on the dot", "polka dot dress",
		"alex dot mor at example dot com", "alex@example.com", "alex@example.com.", "write to alex@example.com please",
		"my email is wrong at the moment", "you can email me at home", "T-shirt", "e-mail", "it's A's", "haan ji", "N as usual",
		"K for sure", NULL
	};

	(void)state;
	all(texts, false);
}

/* Words that may come as bytes: nothing is read outside them, and nothing crashes. */
static void any_bytes_are_read(void **state)
{
	static const char parts[] = "A. @'-\x80\xff" "dot at the rate double as in for 7?";
	size_t from, len;

	(void)state;
	assert_false(spelling_open(NULL, 0));
	for (from = 0; from < sizeof(parts); from++)
		for (len = 0; from + len <= sizeof(parts); len++)
			(void)opened(parts + from, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_P09_letters_in_a_row_are_spelling),
		cmocka_unit_test(test_P09_doubled_letters_and_examples_are_spelling),
		cmocka_unit_test(test_P09_the_middle_of_an_address_is_spelling),
		cmocka_unit_test(test_P09_sentences_are_none),
		cmocka_unit_test(any_bytes_are_read),
	};

	return cmocka_run_group_tests_name("spelling", tests, deadline_start, deadline_stop);
}
