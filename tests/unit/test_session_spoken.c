/* What a session gives its voice: the words of the text, and what comes back is told of the text as it is written. */
#include "sessionkit.h"

static struct kit *k;

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	return 0;
}

static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

static void to_the_question(void)
{
	k->level = one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_FINAL, "what do I owe");
	kit_run(k, 2000);
	assert_true(k->answer_count > 0);
}

static void given_is(unsigned int voice, const char *text)
{
	assert_true(voice < k->voice_count);
	if (k->voices[voice]->len != strlen(text) || memcmp(k->voices[voice]->text, text, strlen(text)) != 0)
		fail_msg("the voice got \"%.*s\", not \"%s\"", (int)k->voices[voice]->len, k->voices[voice]->text, text);
}

/* The ends of words that the core was last told of an utterance. */
static struct call_input told;

static void stepped(void *arg, const struct call_input *in, const struct call_outputs *outputs)
{
	kit_stepped(arg, in, outputs);
	if (in->type == IN_SPEECH && in->word_count)
		told = *in;
}

static void greet(const char *language, const char *greeting)
{
	snprintf(k->brief.language, sizeof(k->brief.language), "%s", language);
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "%s", greeting);
	memset(&told, 0, sizeof(told));
	kit_io(k);
	k->io.stepped = stepped;
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	session_prepare(k->session);
	kit_run(k, 300);
	kit_media_begins(k);
}

static void a_voice_gets_words_and_the_core_hears_of_the_text(void **state)
{
	static const char text[] = "You owe 1,50,000 since Nov 22.";
	static const size_t ends[] = { 3, 7, 16, 22, sizeof(text) - 1 };
	struct session_usage usage;
	size_t i;

	(void)state;
	greet("en-IN", text);
	kit_run(k, 2000);
	given_is(0, "You owe one lakh fifty thousand since November twenty second.");
	assert_int_equal(told.word_count, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(told.words[i].text_end, ends[i]);
	assert_int_equal(told.words[2].end_samples, strlen("You owe one lakh fifty thousand") * SAMPLES_A_BYTE); /* the number is heard with its last word */
	session_usage(k->session, &usage);
	assert_int_equal(usage.tts_characters, k->voices[0]->len); /* what the vendor bills */
}

static void a_text_that_says_itself_is_given_as_it_is(void **state)
{
	(void)state;
	greet("en-US", "Hello, how can I help you?");
	kit_run(k, 2000);
	given_is(0, "Hello, how can I help you?");
	assert_int_equal(told.word_count, 6);
	assert_int_equal(told.words[0].text_end, 6);
}

static void a_verbatim_voice_gets_the_text(void **state)
{
	static struct tts verbatim;

	(void)state;
	verbatim = kit_tts;
	verbatim.verbatim = true;
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "You owe $5.");
	kit_io(k);
	k->io.tts = &verbatim;
	k->began_us = k->now_us;
	assert_int_equal(session_open(&k->session, &k->io, &k->settings, &k->brief, k->began_us), ERR_NONE);
	session_prepare(k->session);
	kit_run(k, 300);
	given_is(0, "You owe $5.");
}

/* No voice is asked, and none is waited for: what comes next is said. */
static void an_emoji_is_silence(void **state)
{
	(void)state;
	greet("en-US", "\xf0\x9f\x98\x80");
	assert_int_equal(k->voice_count, 0);
	assert_int_equal(told.word_count, 1); /* all of it is one word */
	assert_int_equal(told.words[0].text_end, 4);
	to_the_question();
	kit_model_says(k, "You owe $5.");
	kit_run(k, 500);
	given_is(0, "You owe five dollars.");
}

static void digits_go_on_from_the_piece_before(void **state)
{
	(void)state;
	greet("en-US", "Hello.");
	to_the_question();
	kit_model_says(k, "Sure, your code is: 4021. We sold 4021 of them.");
	kit_run(k, 3000);
	given_is(1, "Sure, your code is:");
	given_is(2, "four zero two one.");
	kit_run(k, 20000);
	given_is(3, "We sold four thousand twenty one of them.");
}

static void words_of_the_brief_are_said_as_it_says(void **state)
{
	(void)state;
	k->brief.saying_count = 1;
	k->brief.sayings[0] = (struct brief_saying){ .word = "Acme", .say = "Ack me", .ipa = "ækmi" };
	greet("en-US", "This is ACME.");
	kit_run(k, 2000);
	given_is(0, "This is Ack me.");
	assert_int_equal(told.words[told.word_count - 1].text_end, strlen("This is ACME."));
}

/* Another try at the same words gets them in the same form. */
static void a_second_try_gets_the_same(void **state)
{
	(void)state;
	k->voice_silent = true;
	greet("en-US", "Your code is 4021.");
	given_is(0, "Your code is four zero two one.");
	k->voices[0]->next_us = UINT64_MAX;
	kit_run(k, 8000);
	assert_true(k->voice_count > 1);
	given_is(1, "Your code is four zero two one.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define UNIT(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		UNIT(a_voice_gets_words_and_the_core_hears_of_the_text),
		UNIT(a_text_that_says_itself_is_given_as_it_is),
		UNIT(a_verbatim_voice_gets_the_text),
		UNIT(an_emoji_is_silence),
		UNIT(digits_go_on_from_the_piece_before),
		UNIT(words_of_the_brief_are_said_as_it_says),
		UNIT(a_second_try_gets_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
