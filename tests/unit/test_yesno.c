/* Which answers to a question for a yes or no are whole. Each text is read from memory of its own length: nothing may be read behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "voice/yesno.h"

static bool judged(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	bool whole;

	assert_non_null(copy);
	memcpy(copy, text, len);
	whole = yesno_whole(copy, len);
	free(copy);
	return whole;
}

static void all(const char *const *texts, bool whole)
{
	for (; *texts; texts++)
		if (judged(*texts, strlen(*texts)) != whole)
			fail_msg("\"%s\" is %staken for whole", *texts, whole ? "not " : "");
}

static void test_P09_a_yes_with_more_behind_it_is_whole(void **state)
{
	static const char *const texts[] = {
		"yes", "Yes.", "yes that is all", "yes that's all thank you", "yes that's right thank you", "Yes, that's right. Thank you.", "yes thats right",
		"yes that\xe2\x80\x99s right", "yes of course", "yes of course please do", "yes please go ahead", "yes please do that", "yes I am", "yes I do",
		"yes it does thank you", "yes it is thank you very much", "yes that works for me", "yes that would be great thanks", "yes sounds good thank you",
		"yes I think so", "yeah sure no problem", "yeah that's me", "oh yes absolutely", "um yes that's correct", "well yes I think so", "okay that's fine",
		"okay sounds good bye", "sure go ahead", "that's right yes", "that is correct thank you sir", "of course", "right exactly", "yes yes that's fine",
		"yes very much so", "yes this is he", "yes it's all right", "yes that's all for now", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_so_is_a_no(void **state)
{
	static const char *const texts[] = {
		"no", "no not really", "No, not really.", "no not at all thank you", "not really", "not yet", "no not yet", "no I'm fine", "no I\xe2\x80\x99m fine thanks",
		"no Im fine", "no I am good thank you", "no that's all", "no that is all thank you very much", "no that was all", "no thank you that's all", "no thanks bye",
		"no that will be all", "nope all good", "no nothing else", "nothing else thank you", "no no that's fine", "no it's okay", "no I don't think so",
		"of course not", "no definitely not", "no we're good", "well no not today", "no that won't be necessary", "oh no no problem", "no not now please", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_and_both_in_hindi(void **state)
{
	static const char *const texts[] = {
		"haan", "haan ji", "haan bilkul theek hai", "haan ji bilkul", "ji haan theek hai shukriya", "haan theek hai", "haan main bol raha hoon", "haan kar dijiye",
		"bilkul sahi", "nahi", "ji nahi shukriya", "nahi bas itna hi", "nahi aur kuch nahi", "bilkul nahi", "nahin koi baat nahin", "nahi abhi nahi",
		"nahi zaroorat nahi hai", "haan thank you", "achha theek hai", "हाँ", "हां जी", "जी हाँ", "हाँ बिल्कुल ठीक है", "हाँ, बिलकुल।", "हाँ। ठीक है। धन्यवाद।",
		"जी हां मैं बोल रहा हूँ", "हाँ कर दीजिए", "नहीं", "जी नहीं धन्यवाद", "नहीं। बस इतना ही।", "नहीं और कुछ नहीं", "बिल्कुल नहीं", "नहीं कोई बात नहीं शुक्रिया",
		"नहीं अभी नहीं", "अच्छा ठीक है", "हाँ ज़रूर", "हाँ जरूर सर", "यस थैंक यू", NULL
	};

	(void)state;
	all(texts, true);
}

static void test_P09_what_wants_more_is_open(void **state)
{
	static const char *const texts[] = {
		"", " ", "...", "yes but", "yes and", "yes that", "yes that's", "yes that is", "yes that would", "yes I", "yes I have", "yes I can", "yes I will",
		"yes I would like", "yes because", "yes please the", "yes it", "yes for", "yes,", "yes that's all,", "yes please -", "yes, thank", "yes of", "yes go",
		"yes I am calling", "yes that's right but", "no I", "no I'm", "no I don't", "no because", "no but", "no not", "no the", "no it's not", "no that", "no that's",
		"no that's wrong", "no sorry", "no sorry it's", "no wait", "no never", "no nothing", "no that's all right but", "not", "not really because",
		"I don't think", "thank you", "please", "that's all", "I'm fine", "I am", "it is", "yes no", "no yes please", "no okay but", "yes nine eight", "yes please one",
		"tea please", "yessir", "yes@example.com", "noon", "nobody", "\xe2\x89\x88yes", "yes\xe2\x80\xa6", NULL
	};

	(void)state;
	all(texts, false);
}

static void test_P09_in_hindi_too(void **state)
{
	static const char *const texts[] = {
		"haan lekin", "haan aur", "haan main", "haan wo", "haan ya", "haan toh", "haan bas", "haan magar theek hai", "nahi main", "nahi kyunki", "nahi lekin", "nahi wo",
		"nahi mera", "ji boliye", "ji kaun", "bas", "theek", "shukriya", "हाँ लेकिन", "हाँ और", "हाँ मैं", "हाँ वो", "हाँ बस", "हाँ मगर ठीक है", "नहीं मैं",
		"नहीं क्योंकि", "नहीं लेकिन", "नहीं मेरा", "जी कौन", "धन्यवाद", "हाँ,", "हाँ ठीक", "नहीं नौ आठ", "सही नहीं", NULL
	};

	(void)state;
	all(texts, false);
}

/* A whole answer is not whole while it is being said, unless what there is of it is whole itself. */
static void test_P09_word_by_word(void **state)
{
	static const char text[] = "no that is all thank you very much";
	static const char *const whole[] = { "no", "no that is all", "no that is all thank you", text, NULL };
	size_t len, i;

	(void)state;
	for (len = 1; len < sizeof(text); len++) {
		bool expected = false;

		for (i = 0; whole[i]; i++)
			expected = expected || strlen(whole[i]) == len || (strlen(whole[i]) == len - 1 && text[len - 1] == ' ');
		if (judged(text, len) != expected)
			fail_msg("\"%.*s\" is %staken for whole", (int)len, text, expected ? "not " : "");
	}
}

/* Words that may come as bytes: nothing is read outside them, and nothing crashes. */
static void any_bytes_are_read(void **state)
{
	static const char parts[] = "yes, that's\xe2\x80\x99 \xe0\xa5\xa4 no\0 \xff\x80 \xe0\xa4\xb9\xe0\xa4\xbe\xe0\xa4\x81 ji ''' thank you\xe0";
	size_t from, len;

	(void)state;
	assert_false(yesno_whole(NULL, 0));
	for (from = 0; from < sizeof(parts); from++)
		for (len = 0; from + len <= sizeof(parts); len++)
			(void)judged(parts + from, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_P09_a_yes_with_more_behind_it_is_whole),
		cmocka_unit_test(test_P09_so_is_a_no),
		cmocka_unit_test(test_P09_and_both_in_hindi),
		cmocka_unit_test(test_P09_what_wants_more_is_open),
		cmocka_unit_test(test_P09_in_hindi_too),
		cmocka_unit_test(test_P09_word_by_word),
		cmocka_unit_test(any_bytes_are_read),
	};

	return cmocka_run_group_tests_name("yesno", tests, deadline_start, deadline_stop);
}
