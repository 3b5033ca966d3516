/* What words tell: counting, comparing, nods and stop words, digits, what a question asks for, how finished an answer sounds. */
#include "callkit.h"

#include "voice/words.h"

enum { TAILS = 6 };

/* A copy with something behind it that must not be looked at; the last kind has nothing there, for the sanitizer. */
static char *copied(const char *text, size_t tail)
{
	static const char tails[TAILS] = { 'a', '7', ' ', '-', ',', 0 };
	size_t len = strlen(text), room = len + (tails[tail] ? 8 : 0);
	char *copy = malloc(room ? room : 1);

	assert_non_null(copy);
	memset(copy, tails[tail], room);
	memcpy(copy, text, len);
	return copy;
}

static void words_are_counted(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} cases[] = {
		{ "", 0 }, { " ", 0 }, { "a", 1 }, { "a b", 2 }, { " a, b. ", 2 }, { "don't", 1 }, { "twenty-five", 1 }, { "a@b.example", 2 }, { "-", 0 },
		{ "- -", 0 }, { "- a", 1 }, { "a - b", 2 }, { "a -", 1 }, { "' ", 0 }, { "...", 0 }, { "4 5", 2 }, { "\xe0\xa4\xb9\xe0\xa4\xbe\xe0\xa4\x81", 1 },
		{ "\xc2\x80", 1 }, { "a\xc2\x80z", 1 }, { "x_y", 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TAILS * sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = copied(cases[i / TAILS].text, i % TAILS);

		if (words_count(text, strlen(cases[i / TAILS].text)) != cases[i / TAILS].count)
			fail_msg("\"%s\"", cases[i / TAILS].text);
		free(text);
	}
}

static void words_behind_others_are_found(void **state)
{
	static const struct {
		const char *first, *text;
		size_t behind;
	} cases[] = {
		{ "four seven", "Four seven, two nine", 12 }, { "four seven", "four seven.", 11 }, { "four seven", "four", 0 }, { "four seven", "four seventy", 0 },
		{ "four", "for", 0 }, { "", "four", 0 }, { "four", "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (words_behind(cases[i].first, strlen(cases[i].first), cases[i].text, strlen(cases[i].text)) != cases[i].behind)
			fail_msg("\"%s\" \"%s\"", cases[i].first, cases[i].text);
}

static void farewells_want_no_answer(void **state)
{
	static const char *const yes[] = { "Bye!", "okay thank you bye", "thanks", "See you then.", "Namaste", "good bye", "okay", "alright then", "okay thank you so much bye bye",
		"theek hai dhanyavaad", "ठीक है धन्यवाद", "great, have a good day" };
	static const char *const no[] = { "", "no", "tuesday", "bye wait", "thank you but no", "five", "okay but how much", "fine by Tuesday", "have you" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(words_farewell(yes[i], strlen(yes[i])));
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(words_farewell(no[i], strlen(no[i])));
}

static void same_words_are_the_same_whatever_surrounds_them(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "", "", true }, { "", ".", true }, { "Yes, please.", "yes please", true }, { "yes", "yes please", false }, { "yes please", "yes", false },
		{ "yes", "", false }, { "", "yes", false }, { "yes", "yet", false }, { "ab", "abc", false }, { "abc", "ab", false }, { "a b", "ab", false },
		{ "twenty-", "twenty", true }, { "it'", "it", true }, { "it's", "its", false }, { "-a", "a", false }, { "one two", "one too", false },
		{ "Zoe", "zoE", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (words_same(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b)) != cases[i].same)
			fail_msg("\"%s\" \"%s\"", cases[i].a, cases[i].b);
}

static bool all_in(const struct brief_phrases *list, const char *text)
{
	return words_all_in(list, text, strlen(text));
}

static bool any_in(const struct brief_phrases *list, const char *text)
{
	return words_any_in(list, text, strlen(text));
}

static void nods_are_nothing_but_phrases_of_the_list(void **state)
{
	static const struct brief_phrases none;
	struct brief b;

	(void)state;
	brief_init(&b);
	assert_true(all_in(&b.nods, "mhm"));
	assert_true(all_in(&b.nods, "Okay. Right, okay!"));
	assert_true(all_in(&b.nods, "uh huh"));
	assert_true(all_in(&b.nods, "ok uh huh ok"));
	assert_false(all_in(&b.nods, ""));
	assert_false(all_in(&b.nods, " . "));
	assert_false(all_in(&b.nods, "uh"));
	assert_false(all_in(&b.nods, "ok uh"));
	assert_false(all_in(&b.nods, "okay but"));
	assert_false(all_in(&b.nods, "but okay"));
	assert_false(all_in(&b.nods, "okays"));
	assert_false(all_in(&none, "okay"));
	assert_false(all_in(&none, ""));
}

static void of_two_phrases_the_longer_one_is_meant(void **state)
{
	static const struct brief_phrases rising = { { "no", "no way" }, 2 }, falling = { { "no way", "no" }, 2 };

	(void)state;
	assert_true(all_in(&rising, "no way no"));
	assert_true(all_in(&falling, "no way no"));
	assert_true(all_in(&rising, "no no way"));
	assert_false(all_in(&rising, "no way way"));
}

/* A phrase is its words, whatever it was written with. */
static void marks_around_a_phrase_do_not_count(void **state)
{
	static const struct brief_phrases marked = { { " mhm", "- okay", "' right", "\"sure\"", "-ish" }, 5 };

	(void)state;
	assert_true(all_in(&marked, "mhm"));
	assert_true(all_in(&marked, "Okay, right!"));
	assert_true(all_in(&marked, "- okay"));
	assert_true(all_in(&marked, "sure"));
	assert_true(all_in(&marked, "-ish"));
	assert_false(all_in(&marked, "ish"));
	assert_true(any_in(&marked, "well - mhm"));
	assert_true(any_in(&marked, "and right"));
	assert_false(any_in(&marked, "well -"));
}

/* Nor does it find itself everywhere, or go round for ever. */
static void a_phrase_without_a_word_is_nothing(void **state)
{
	static const struct brief_phrases empty = { { "", "...", " - ", "!" }, 4 }, some = { { "...", "mhm", "" }, 3 };

	(void)state;
	assert_false(all_in(&empty, "hello there"));
	assert_false(any_in(&empty, "hello there"));
	assert_false(all_in(&empty, "..."));
	assert_true(all_in(&some, "... mhm, mhm"));
	assert_false(all_in(&some, "mhm there"));
	assert_true(any_in(&some, "well, mhm"));
}

static void stop_words_count_anywhere_as_whole_words(void **state)
{
	struct brief b;

	(void)state;
	brief_init(&b);
	assert_true(any_in(&b.stops, "stop"));
	assert_true(any_in(&b.stops, "please STOP now"));
	assert_true(any_in(&b.stops, "please hold on"));
	assert_true(any_in(&b.stops, "hold on please"));
	assert_true(any_in(&b.stops, "no, no!"));
	assert_false(any_in(&b.stops, "hold the line on"));
	assert_false(any_in(&b.stops, "please hold"));
	assert_false(any_in(&b.stops, "stopping"));
	assert_false(any_in(&b.stops, "nonstop"));
	assert_false(any_in(&b.stops, "no"));
	assert_false(any_in(&b.stops, ""));
}

static void digits_are_counted_written_and_spoken(void **state)
{
	static const struct {
		const char *text;
		uint32_t digits;
	} cases[] = {
		{ "", 0 }, { "hello", 0 }, { "12", 2 }, { "1 2 3", 3 }, { "one two", 2 }, { "double nine", 2 }, { "triple five", 3 }, { "double 55", 4 },
		{ "Double nine one", 3 }, { "double foo nine", 1 }, { "twenty five", 3 }, { "ten", 2 }, { "ninety", 2 }, { "nineteen", 2 }, { "oh", 0 }, { "oh one", 2 },
		{ "one oh", 2 }, { "I do not know", 0 }, { "do ek", 2 },
		{ "shunya ek do nau", 4 }, { "a1b2", 2 }, { "eleven twelve", 4 }, { "double", 0 }, { "zero", 1 }, { "98-76", 4 }, { "eightyish", 0 },
		{ "triple double one", 2 }, { "twice nine", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TAILS * sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = copied(cases[i / TAILS].text, i % TAILS);
		uint32_t digits = words_digits(text, strlen(cases[i / TAILS].text));

		free(text);
		if (digits != cases[i / TAILS].digits)
			fail_msg("\"%s\" gave %u", cases[i / TAILS].text, digits);
	}
}

static void a_question_says_what_answer_it_wants(void **state)
{
	static const struct {
		const char *question;
		enum expect_kind kind;
		uint32_t digits;
	} cases[] = {
		{ "", EXPECT_ANY, 0 },
		{ "How are you?", EXPECT_ANY, 0 },
		{ "Is that right?", EXPECT_YES_NO, 0 },
		{ "that is right", EXPECT_ANY, 0 },
		{ "kya aap sun rahe hain", EXPECT_YES_NO, 0 },
		{ "Who is it? Shall we go on?", EXPECT_YES_NO, 0 },
		{ "Shall we? I think so.", EXPECT_ANY, 0 },
		{ "Shall we! I think so.", EXPECT_ANY, 0 },
		{ "Do so. I think so.", EXPECT_ANY, 0 },
		{ "Shall we?I think so.", EXPECT_YES_NO, 0 },
		{ "What is your phone number?", EXPECT_DIGITS, 0 },
		{ "Could you tell me the pin?", EXPECT_DIGITS, 0 },
		{ "Your number. Is that right?", EXPECT_YES_NO, 0 },
		{ "Your ten digit number, please.", EXPECT_DIGITS, 10 },
		{ "The six digits of the code?", EXPECT_DIGITS, 6 },
		{ "The 6 digits?", EXPECT_DIGITS, 6 },
		{ "The sixteen digits?", EXPECT_DIGITS, 16 },
		{ "The few digits?", EXPECT_DIGITS, 0 },
		{ "The ten last digits?", EXPECT_DIGITS, 0 },
		{ "Give me four numbers or the code", EXPECT_DIGITS, 0 },
		{ "Your 10-digit number?", EXPECT_DIGITS, 10 },
		{ "Your ten-digit number?", EXPECT_DIGITS, 0 },
		{ "The 4-digits then?", EXPECT_DIGITS, 4 },
		{ "The 4-DIGIT pin, spell it?", EXPECT_DIGITS, 4 },
		{ "A 4-digital clock?", EXPECT_ANY, 0 },
		{ "A 4-dig clock?", EXPECT_ANY, 0 },
		{ "The 1234-digit thing?", EXPECT_DIGITS, 123 },
		{ "The 1004-digit thing?", EXPECT_DIGITS, 100 },
		{ "The 994-digit thing?", EXPECT_DIGITS, 994 },
		{ "What is your e-mail?", EXPECT_SPELLED, 0 },
		{ "Can you spell your name?", EXPECT_SPELLED, 0 },
		{ "Spell the street of the number", EXPECT_SPELLED, 0 },
		{ "The number, and the address?", EXPECT_SPELLED, 0 },
		{ "x-d", EXPECT_ANY, 0 },
		{ "5-digi", EXPECT_ANY, 0 },
		{ "The code 55", EXPECT_DIGITS, 0 }, { "5-digit", EXPECT_DIGITS, 5 }, { "-digit", EXPECT_DIGITS, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TAILS * sizeof(cases) / sizeof(cases[0]); i++) {
		char *question = copied(cases[i / TAILS].question, i % TAILS);
		struct words_expect e = words_expect(question, strlen(cases[i / TAILS].question));

		free(question);
		if (e.kind != cases[i / TAILS].kind || e.digits != cases[i / TAILS].digits)
			fail_msg("\"%s\" gave %d, %u", cases[i / TAILS].question, (int)e.kind, e.digits);
	}
}

/* Where what is to be answered begins: the judge of what was said before it goes by that. */
static void the_question_begins_where_it_asks(void **state)
{
	static const struct {
		const char *text;
		size_t from;
	} cases[] = {
		{ "This call is recorded. Does it work now? Please take your time.", 23 },
		{ "Does it work now? Please hold the line. Please.", 0 },
		{ "Does it work now? Please tell me the colour.", 18 },
		{ "Thank you. Please take your time.", 11 },
		{ "Thank you. All is done.", 23 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(words_question(cases[i].text, strlen(cases[i].text)), cases[i].from);
}

static void greetings_are_no_answer(void **state)
{
	static const char *const yes[] = { "hello hello", "Hello? Hi there", "yes, speaking", "good morning", "haan ji hello" };
	static const char *const no[] = { "", "hello who is this", "yes tomorrow", "hello I have a question" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(words_greet(yes[i], strlen(yes[i])));
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(words_greet(no[i], strlen(no[i])));
}

static void a_hello_alone_is_told_from_an_answer(void **state)
{
	static const char *const yes[] = { "hello", "Hello?", "hello, hello!", "hi there", "Good morning.", "namaste", "हैलो", "हेलो हेलो" };
	static const char *const no[] = { "", "yes", "yes hello", "hello yes", "hello who is this", "hello there is", "haan ji hello", "speaking", "okay" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(words_hello(yes[i], strlen(yes[i])));
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(words_hello(no[i], strlen(no[i])));
}

static void what_was_asked_is_the_last_sentence_that_asks(void **state)
{
	static const struct {
		const char *text;
		enum expect_kind kind;
		uint32_t digits;
	} cases[] = {
		{ "What is your phone number?", EXPECT_DIGITS, 0 },
		{ "What is your phone number? Please take your time.", EXPECT_DIGITS, 0 },
		{ "I have your number. Which day suits you?", EXPECT_ANY, 0 },
		{ "What is your number? Which day suits you?", EXPECT_ANY, 0 },
		{ "What is your phone number? Take your time.", EXPECT_DIGITS, 0 },
		{ "What is your phone number? Thank you.", EXPECT_DIGITS, 0 },
		{ "I need the last four digits of the account number, one by one. You can also use the keypad.", EXPECT_DIGITS, 4 },
		{ "I need the account number.", EXPECT_DIGITS, 0 },
		{ "I need a moment to find that number.", EXPECT_ANY, 0 },
		{ "Result number 65 found.", EXPECT_ANY, 0 },
		{ "Your mobile is on file.", EXPECT_ANY, 0 },
		{ "Is that your number? How is your name spelled?", EXPECT_SPELLED, 0 },
		{ "How is your name spelled? I have your number.", EXPECT_SPELLED, 0 },
		{ "Is that right? Good.", EXPECT_YES_NO, 0 },
		{ "Please say the code.", EXPECT_DIGITS, 0 },
		{ "Hello.", EXPECT_ANY, 0 },
		{ "", EXPECT_ANY, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct words_expect e = words_asked(cases[i].text, strlen(cases[i].text));

		if (e.kind != cases[i].kind || e.digits != cases[i].digits)
			fail_msg("\"%s\" gave %d, %u", cases[i].text, (int)e.kind, e.digits);
	}
}

/* Since call.rules 4. */
static void a_question_whether_something_is_so_wants_a_yes_or_no(void **state)
{
	static const struct {
		const char *text;
		enum expect_kind kind;
	} cases[] = {
		{ "Is that number correct?", EXPECT_CHECKED },
		{ "Thank you. And was that your e-mail address?", EXPECT_CHECKED },
		{ "Shall I use this phone number?", EXPECT_CHECKED },
		{ "Am I speaking with Alex Morgan?", EXPECT_YES_NO },
		{ "And is that right?", EXPECT_YES_NO },
		{ "So, was it you?", EXPECT_YES_NO },
		{ "Hello, am I speaking with Omar?", EXPECT_YES_NO },
		{ "May I book it?", EXPECT_YES_NO },
		{ "Can you hear me?", EXPECT_YES_NO },
		{ "May I have your number?", EXPECT_DIGITS },
		{ "Can you spell your name?", EXPECT_SPELLED },
		{ "Do you have your policy number?", EXPECT_DIGITS },
		{ "What is your number?", EXPECT_DIGITS },
		{ "And how are you?", EXPECT_ANY },
		{ "Please say the code.", EXPECT_DIGITS },
		{ "So", EXPECT_ANY },
		{ "And?", EXPECT_ANY },
		{ "", EXPECT_ANY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct words_expect e = words_wanted(cases[i].text, strlen(cases[i].text));

		if (e.kind != cases[i].kind)
			fail_msg("\"%s\" gave %d", cases[i].text, (int)e.kind);
	}
}

static void what_answers_no_question_is_told_apart(void **state)
{
	static const char *const beside[] = { "wait", "Hold on.", "help me", "Sorry, what did you say?", "I don't know", "Can you repeat that?", "ek minute", "Hindi please",
		"in English", "हिन्दी में" };
	static const char *const answers[] = { "", "wait it is four", "one", "help me with four two", "a", "oh one", "I don't know nine" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		assert_true(words_beside(beside[i], strlen(beside[i])));
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_false(words_beside(answers[i], strlen(answers[i])));
}

static void who_he_is_is_asked_and_said(void **state)
{
	static const char asks[] = "Good morning. Am I speaking with Omar?", says[] = "I am speaking with Omar.", other[] = "Am I speaking with Omar? Is it late?";

	(void)state;
	assert_true(words_who(asks, strlen(asks)));
	assert_false(words_who(says, strlen(says)));
	assert_false(words_who(other, strlen(other)));
	assert_true(words_speaking("Yes, speaking.", 14));
	assert_true(words_speaking("this is he", 10));
	assert_false(words_speaking("speaking of that", 16));
	assert_false(words_speaking("", 0));
}

static void a_short_word_may_be_another_one_misheard(void **state)
{
	static const char *const may[] = { "keep", "see you", "picking", "Speaking." };
	static const char *const is_its_own[] = { "", "no", "No, no.", "wait", "stop", "six", "4", "who", "keep?", "keep it on", "the appointment", "hello" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		assert_true(words_short(may[i], strlen(may[i])));
	for (i = 0; i < sizeof(is_its_own) / sizeof(is_its_own[0]); i++)
		assert_false(words_short(is_its_own[i], strlen(is_its_own[i])));
}

static void an_answer_sounds_finished_or_not(void **state)
{
	static const struct {
		struct words_expect expect;
		const char *text;
		enum words_finish finish;
	} cases[] = {
		{ { EXPECT_ANY, 0 }, "", FINISH_UNKNOWN },
		{ { EXPECT_DIGITS, 0 }, "", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "...", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "hello there", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "yes", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "my number is", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "I want to go and", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "And I want tea", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "hello,", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "hello, ", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "hello -", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "lekin", FINISH_OPEN },
		{ { EXPECT_YES_NO, 0 }, "yes but", FINISH_OPEN },
		{ { EXPECT_ANY, 0 }, "what now?", FINISH_COMPLETE },
		{ { EXPECT_ANY, 0 }, "what now? ", FINISH_COMPLETE },
		{ { EXPECT_ANY, 0 }, "go on!", FINISH_COMPLETE },
		{ { EXPECT_ANY, 0 }, "I am here.", FINISH_COMPLETE },
		{ { EXPECT_ANY, 0 }, "I am very happy here.", FINISH_COMPLETE },
		{ { EXPECT_ANY, 0 }, "am here.", FINISH_UNKNOWN },
		{ { EXPECT_ANY, 0 }, "I am here", FINISH_UNKNOWN },
		{ { EXPECT_YES_NO, 0 }, "yes", FINISH_COMPLETE },
		{ { EXPECT_YES_NO, 0 }, "Nahi.", FINISH_COMPLETE },
		{ { EXPECT_YES_NO, 0 }, "oh well yes", FINISH_COMPLETE },
		{ { EXPECT_YES_NO, 0 }, "oh well now yes", FINISH_UNKNOWN },
		{ { EXPECT_YES_NO, 0 }, "yes please", FINISH_UNKNOWN },
		{ { EXPECT_YES_NO, 0 }, "why?", FINISH_COMPLETE },
		{ { EXPECT_DIGITS, 0 }, "nine eight", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 0 }, "nine eight seven six five four three two one oh", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 4 }, "1 2 3", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 4 }, "1 2 3 4", FINISH_COMPLETE },
		{ { EXPECT_DIGITS, 4 }, "1 2 3 4 5", FINISH_COMPLETE },
		{ { EXPECT_DIGITS, 4 }, "1 2 3 4 and", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 4 }, "it is double two", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 0 }, "what?", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 0 }, "I don't know", FINISH_SPELLED },
		{ { EXPECT_DIGITS, 0 }, "I do not know", FINISH_UNKNOWN },
		{ { EXPECT_DIGITS, 4 }, "I do not know", FINISH_UNKNOWN },
		{ { EXPECT_DIGITS, 0 }, "well it starts with 5", FINISH_SPELLED },
		{ { EXPECT_SPELLED, 0 }, "jay oh aitch enn", FINISH_SPELLED },
		{ { EXPECT_SPELLED, 0 }, "I am here.", FINISH_SPELLED },
		{ { EXPECT_SPELLED, 0 }, "john at", FINISH_SPELLED },
		{ { EXPECT_SPELLED, 2 }, "1 2", FINISH_SPELLED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < TAILS * sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = copied(cases[i / TAILS].text, i % TAILS);
		enum words_finish finish = words_finish(cases[i / TAILS].expect, text, strlen(cases[i / TAILS].text));

		free(text);
		if (finish != cases[i / TAILS].finish)
			fail_msg("\"%s\" gave %d", cases[i / TAILS].text, (int)finish);
	}
}

static void a_yes_or_no_is_whole_with_courtesy_behind_it(void **state)
{
	static const char *const whole[] = { "yes", "yes please", "Yes, please.", "no thank you", "No. Thank you very much", "no thanks", "yes that's right", "yes that is right",
		"yes, that is correct, thank you", "oh well yes please", "yes sir", "yes speaking", "haan ji", "nahi shukriya", "ji haan theek hai", "sure of course",
		"that's right thank you", "yes it is", "yes it is, thank you", "no it is." };
	static const char *const more[] = { "", "...", "please", "thank you", "thank you very much", "of course", "yes but", "yes but please", "no I", "no I please", "yes the", "yes that's",
		"yes thank", "yes please do", "yes please one", "yes nine eight", "yes nine eight please", "no thank you I want tea", "oh well now yes please", "yessir", "tea please",
		"yes is", "yes it", "it is", "yes it is the", "yes,", "yes please,", "yes it is -" };
	size_t i;

	(void)state;
	for (i = 0; i < TAILS * sizeof(whole) / sizeof(whole[0]); i++) {
		char *text = copied(whole[i / TAILS], i % TAILS);

		if (!words_answered(text, strlen(whole[i / TAILS])))
			fail_msg("\"%s\" is not whole", whole[i / TAILS]);
		free(text);
	}
	for (i = 0; i < TAILS * sizeof(more) / sizeof(more[0]); i++) {
		char *text = copied(more[i / TAILS], i % TAILS);

		if (words_answered(text, strlen(more[i / TAILS])))
			fail_msg("\"%s\" is whole", more[i / TAILS]);
		free(text);
	}
}

/* A number that is asked for in words stays open until its last digit (the corpus of P09 in small). */
static void test_P09_a_number_is_finished_at_its_last_digit(void **state)
{
	static const char *const number = "oh one six three two nine six oh nine nine";
	static const char question[] = "What is your ten digit number?";
	struct words_expect e = words_expect(question, strlen(question));
	size_t i;

	(void)state;
	for (i = 1; number[i]; i++)
		if (number[i] == ' ')
			assert_int_equal(words_finish(e, number, i), FINISH_SPELLED);
	assert_int_equal(words_finish(e, number, i), FINISH_COMPLETE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_counted),
		cmocka_unit_test(words_behind_others_are_found),
		cmocka_unit_test(farewells_want_no_answer),
		cmocka_unit_test(same_words_are_the_same_whatever_surrounds_them),
		cmocka_unit_test(nods_are_nothing_but_phrases_of_the_list),
		cmocka_unit_test(of_two_phrases_the_longer_one_is_meant),
		cmocka_unit_test(marks_around_a_phrase_do_not_count),
		cmocka_unit_test(a_phrase_without_a_word_is_nothing),
		cmocka_unit_test(stop_words_count_anywhere_as_whole_words),
		cmocka_unit_test(digits_are_counted_written_and_spoken),
		cmocka_unit_test(a_question_says_what_answer_it_wants),
		cmocka_unit_test(the_question_begins_where_it_asks),
		cmocka_unit_test(greetings_are_no_answer),
		cmocka_unit_test(a_hello_alone_is_told_from_an_answer),
		cmocka_unit_test(what_was_asked_is_the_last_sentence_that_asks), cmocka_unit_test(a_question_whether_something_is_so_wants_a_yes_or_no),
		cmocka_unit_test(what_answers_no_question_is_told_apart),
		cmocka_unit_test(who_he_is_is_asked_and_said),
		cmocka_unit_test(a_short_word_may_be_another_one_misheard),
		cmocka_unit_test(an_answer_sounds_finished_or_not),
		cmocka_unit_test(a_yes_or_no_is_whole_with_courtesy_behind_it),
		cmocka_unit_test(test_P09_a_number_is_finished_at_its_last_digit),
	};

	return cmocka_run_group_tests_name("words", tests, deadline_start, deadline_stop);
}
