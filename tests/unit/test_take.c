/* Secret numbers by keypad: the core's part. It is told that keys are pressed and never which, waits for them and for nobody else. */
#include "callkit.h"

#include "voice/take.h"

#define CARD "{\"what\":\"card\"}"

static void key(struct kit *k, unsigned int count)
{
	while (count--) {
		digit(k, KEY_HIDDEN);
		quiet_for(k, 192);
	}
}

/* The agent asks for it, and is heard to the end. */
static void asks(struct kit *k, const char *args)
{
	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "take_keys", .takes = true };
	brief_takes(&k->brief);
	begin(k);
	turn(k, "i would like to pay");
	text(k, "Please key in your card number.");
	use(k, "take_keys", args);
	zero(k);
	done(k);
	assert_true(call_takes(k->call));
	audio_all(k, 1);
	sent(k, 1);
}

static void heard(struct kit *k)
{
	played(k, 1, length_ms(k, 1));
	drop(k);
}

static void a_hash_ends_an_entry_of_which_only_the_count_is_known(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 16);
	assert_false(has(k, " tool 1.0"));
	digit(k, '#');
	assert_true(has(k, " tool 1.0"));
	assert_true(has(k, "keys"));
	assert_false(call_takes(k->call));
	assert_false(has(k, "turn 2"));
	drop(k);
	result(k, 1, 0, TOOL_OK, "{\"taken\":true,\"value\":\"[CARD_K1]\"}");
	expect_request(k, "caller: i would like to pay", "agent: Please key in your card number.", "use 1.0 take_keys: " CARD,
		"result 1.0: {\"taken\":true,\"value\":\"[CARD_K1]\"}");
}

static void the_most_digits_need_no_hash(void **state)
{
	struct kit *k = *state;

	asks(k, "{\"what\":\"pin\",\"least\":4,\"most\":4}");
	heard(k);
	key(k, 3);
	assert_true(call_takes(k->call));
	key(k, 1);
	assert_false(call_takes(k->call));
	assert_true(has(k, " tool 1.0"));
}

static void the_first_key_cuts_what_the_agent_says(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	played(k, 1, WORD_MS);
	drop(k);
	key(k, 1);
	assert_true(has(k, "unspeak"));
	assert_true(call_takes(k->call));
}

static void a_star_begins_anew(void **state)
{
	struct kit *k = *state;

	asks(k, "{\"what\":\"cvv\",\"least\":3,\"most\":3}");
	heard(k);
	key(k, 2);
	digit(k, '*');
	key(k, 2);
	assert_true(call_takes(k->call));
	key(k, 1);
	assert_true(has(k, " tool 1.0"));
}

/* The agent is told why there is no number, and nothing is asked of who holds the digits. */
static void expect_given_up(struct kit *k, const char *why)
{
	assert_false(call_takes(k->call));
	assert_false(has(k, " tool 1.0"));
	assert_non_null(strstr(buf_str(&k->request), why));
}

static void too_few_keys_are_none(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 11);
	digit(k, '#');
	expect_given_up(k, "too_few");
}

/* The agent asks once more, and is heard. */
static void reminds(struct kit *k)
{
	assert_true(has(k, "speak u2.1 \"Please key in the number now, then press the hash key.\""));
	audio_all(k, 2);
	sent(k, 2);
	played(k, 2, length_ms(k, 2));
	drop(k);
}

static void nobody_presses_a_key(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	quiet_for(k, 1600); /* the agent speaks: no time for keys runs */
	assert_true(call_takes(k->call));
	heard(k);
	quiet_for(k, 6976);
	assert_false(has(k, "speak"));
	quiet_for(k, 64);
	reminds(k);
	quiet_for(k, 7968);
	assert_true(call_takes(k->call));
	assert_false(has(k, "speak")); /* once is enough */
	quiet_for(k, 64);
	expect_given_up(k, "no_keys");
}

static void who_is_asked_once_more_keys_it_in(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	quiet_for(k, 7040);
	assert_true(has(k, "speak u2.1"));
	audio_all(k, 2);
	sent(k, 2);
	played(k, 2, WORD_MS);
	drop(k);
	key(k, 16);
	assert_true(has(k, "unspeak"));
	digit(k, '#');
	assert_true(has(k, " tool 1.0"));
	result(k, 1, 0, TOOL_OK, "{}");
	assert_non_null(strstr(buf_str(&k->request), "result 1.0: {}")); /* in its place: what was said meanwhile answers nothing */
}

static void without_its_time_nobody_is_asked_once_more(void **state)
{
	struct kit *k = *state;

	k->settings.take_remind_ms = k->settings.take_key_ms;
	asks(k, CARD);
	heard(k);
	quiet_for(k, 14976);
	assert_true(call_takes(k->call));
	assert_false(has(k, "speak"));
	quiet_for(k, 64);
	expect_given_up(k, "no_keys");
}

static void a_key_now_and_then_does_not_last_for_ever(void **state)
{
	struct kit *k = *state;

	asks(k, "{\"what\":\"digits\",\"least\":32}");
	heard(k);
	for (unsigned int i = 0; i < 31 && call_takes(k->call); i++) {
		key(k, 1);
		quiet_for(k, 4512);
	}
	expect_given_up(k, "too_few");
	assert_in_range(k->now_us - k->zero_us, 119000000, 125000000);
}

static void a_gap_between_two_keys_is_shorter(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 8);
	quiet_for(k, 4736);
	assert_true(call_takes(k->call));
	quiet_for(k, 160);
	expect_given_up(k, "too_few");
	assert_false(has(k, "speak"));
}

/* Enough digits and no hash: the time of a key is over, and they are it. */
static void who_forgets_the_hash_has_keyed_it_in(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 16);
	quiet_for(k, 5056);
	assert_true(has(k, " tool 1.0"));
}

static void who_talks_on_instead_gives_up(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	voice(k, 1600);
	quiet_for(k, 800); /* he paused */
	assert_true(call_takes(k->call));
	voice(k, 448);
	expect_given_up(k, "spoke");
}

/* "What do you mean": short, and nobody has to wait for the end of the time. */
static void a_word_and_a_second_of_silence_give_up(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	quiet_for(k, 480);
	voice(k, 320);
	quiet_for(k, 320);
	voice(k, 320);
	quiet_for(k, 960);
	assert_true(call_takes(k->call));
	quiet_for(k, 96);
	expect_given_up(k, "\"heard\":false");
}

static void so_does_a_word_behind_some_keys(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 8);
	quiet_for(k, 2976);
	voice(k, 1504);
	quiet_for(k, 1056);
	expect_given_up(k, "spoke");
}

/* Whose words begin just before the time is over is let finish them. */
static void the_time_is_not_over_in_the_middle_of_words(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 8);
	quiet_for(k, 4480);
	voice(k, 1280);
	assert_true(call_takes(k->call));
	quiet_for(k, 1056);
	expect_given_up(k, "spoke");
}

static void a_cough_and_words_in_front_of_keys_do_not(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	quiet_for(k, 480);
	voice(k, 320);
	quiet_for(k, 2016);
	assert_true(call_takes(k->call));
	voice(k, 960); /* "OK, just a second" */
	quiet_for(k, 800);
	key(k, 16);
	quiet_for(k, 2016);
	assert_true(call_takes(k->call));
	digit(k, '#');
	assert_true(has(k, " tool 1.0"));
}

/* The agent's own words from a loudspeaker, and what is said into the middle of them: he goes on, and the caller with him. */
static void nor_does_what_is_over_with_the_agents_words(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	played(k, 1, WORD_MS);
	voice(k, 960);
	heard(k);
	voice(k, 256);
	quiet_for(k, 3008);
	assert_true(call_takes(k->call));
}

/* A key that is held down for long. */
static void nor_does_a_long_tone(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	key(k, 3);
	digit(k, KEY_HIDDEN);
	voice(k, 1184);
	quiet_for(k, 2016);
	assert_true(call_takes(k->call));
}

/* The number is over for us, and not for the caller: nobody is told what he presses, or hears it, until he says something. */
static void what_is_keyed_in_all_the_same_stays_hidden(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	assert_true(call_hides(k->call));
	voice(k, 960);
	quiet_for(k, 1056);
	expect_given_up(k, "spoke");
	assert_true(call_hides(k->call));
	text(k, "Can you key it in?");
	done(k);
	audio_all(k, 2);
	sent(k, 2);
	played(k, 2, length_ms(k, 2));
	quiet_for(k, 992);
	digit(k, KEY_HIDDEN);
	drop(k);
	voice(k, 256);
	quiet_for(k, 64);
	digit(k, KEY_HIDDEN);
	voice(k, 256);
	quiet_for(k, 5024);
	assert_true(has(k, "\"[keypad] xx\""));
	assert_true(call_hides(k->call));
	turn(k, "i can key it in");
	quiet_for(k, 2016);
	assert_false(call_hides(k->call));
}

static void a_number_that_was_taken_hides_no_more_keys(void **state)
{
	struct kit *k = *state;

	asks(k, "{\"what\":\"pin\",\"least\":4,\"most\":4}");
	heard(k);
	key(k, 4);
	assert_true(has(k, " tool 1.0"));
	assert_false(call_hides(k->call));
}

/* Tones in the line are voice to whoever cannot tell them apart. */
static void tones_of_keys_are_no_talk(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	for (unsigned int i = 0; i < 16; i++) {
		digit(k, KEY_HIDDEN);
		voice(k, 256);
	}
	digit(k, '#');
	assert_true(has(k, " tool 1.0"));
	result(k, 1, 0, TOOL_OK, "{}");
	text(k, "Thank you.");
	done(k);
	voice(k, 256); /* of the last one, behind its message */
	drop(k);
	audio_all(k, 2);
	assert_true(has(k, " play u2")); /* nobody is in its way */
	assert_false(has(k, "hold"));
}

static void voice_does_not_interrupt_the_request(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	played(k, 1, WORD_MS);
	drop(k);
	voice(k, 960);
	assert_false(has(k, "hold"));
	assert_true(call_takes(k->call));
	quiet_for(k, 1600); /* he speaks on */
	assert_true(call_takes(k->call));
}

static void words_of_before_end_it(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	heard(k);
	final(k, "oh wait i have another question");
	quiet_for(k, 2976);
	expect_given_up(k, "before he pressed");
	assert_non_null(strstr(buf_str(&k->request), "caller: oh wait"));
}

/* The digits were the other worker's: what comes now is no number of its own, nor words. */
static void another_worker_begins_anew(void **state)
{
	struct kit *k = *state;

	asks(k, "{\"what\":\"pin\",\"least\":4,\"most\":4}");
	heard(k);
	key(k, 3);
	simple(k, IN_MEDIA_LOST);
	simple(k, IN_ATTACHED);
	assert_false(has(k, " tool 1.0"));
	key(k, 3);
	assert_true(call_takes(k->call));
	key(k, 1);
	assert_true(has(k, " tool 1.0"));
}

static void one_at_a_time_and_only_what_makes_sense(void **state)
{
	static const char *const args[] = { "{}", "{\"what\":\"iban\"}", "{\"what\":7}", "{\"what\":\"pin\",\"least\":0}", "{\"what\":\"pin\",\"most\":33}",
		"{\"what\":\"pin\",\"least\":9,\"most\":3}", "{\"what\":\"pin\"", "" };
	struct kit *k = *state;

	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "take_keys", .takes = true };
	begin(k);
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		turn(k, "i would like to pay");
		use(k, "take_keys", args[i]);
		done(k);
		assert_false(call_takes(k->call));
		assert_non_null(strstr(buf_str(&k->request), "what is card, expiry, cvv, pin or digits"));
	}
	turn(k, "i would like to pay");
	use(k, "take_keys", CARD);
	use(k, "take_keys", "{\"what\":\"cvv\"}");
	done(k);
	assert_true(call_takes(k->call));
	key(k, 16);
	drop(k);
	digit(k, '#');
	result(k, 9, 0, TOOL_OK, "{}");
	assert_non_null(strstr(buf_str(&k->request), "another number is being keyed in"));
}

static void by_the_rules_of_before_there_is_no_such_thing(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	k->brief.tools[k->brief.tool_count++] = (struct brief_tool){ .name = "take_keys", .takes = true };
	begin(k);
	turn(k, "i would like to pay");
	use(k, "take_keys", CARD);
	done(k);
	assert_false(call_takes(k->call));
	assert_non_null(strstr(buf_str(&k->request), "no keys can be taken in this call"));
}

static void a_hang_up_ends_it(void **state)
{
	struct kit *k = *state;

	asks(k, CARD);
	key(k, 5);
	simple(k, IN_HANGUP);
	assert_false(call_takes(k->call));
}

static void a_wish_says_how_many(void **state)
{
	static const struct {
		const char *args;
		enum take_what what;
		uint8_t least, most;
	} cases[] = {
		{ CARD, TAKE_CARD, 12, 19 }, { "{\"what\":\"expiry\"}", TAKE_EXPIRY, 4, 4 }, { "{\"what\":\"cvv\"}", TAKE_CVV, 3, 4 },
		{ "{\"least\":6,\"what\":\"pin\",\"most\":6}", TAKE_PIN, 6, 6 }, { "{\"what\":\"digits\",\"most\":6}", TAKE_DIGITS, 1, 6 },
		{ "{\"what\":\"pin\",\"most\":2}", TAKE_PIN, 2, 2 }, { "{\"what\":\"cvv\",\"least\":6}", TAKE_CVV, 6, 6 },
	};
	struct take_wish w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(take_wish_read(&w, cases[i].args, strlen(cases[i].args)));
		assert_int_equal(w.what, cases[i].what);
		assert_int_equal(w.least, cases[i].least);
		assert_int_equal(w.most, cases[i].most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_hash_ends_an_entry_of_which_only_the_count_is_known),
		KIT_TEST(the_most_digits_need_no_hash),
		KIT_TEST(the_first_key_cuts_what_the_agent_says),
		KIT_TEST(a_star_begins_anew),
		KIT_TEST(too_few_keys_are_none),
		KIT_TEST(nobody_presses_a_key),
		KIT_TEST(who_is_asked_once_more_keys_it_in),
		KIT_TEST(without_its_time_nobody_is_asked_once_more),
		KIT_TEST(a_key_now_and_then_does_not_last_for_ever),
		KIT_TEST(a_gap_between_two_keys_is_shorter),
		KIT_TEST(who_forgets_the_hash_has_keyed_it_in),
		KIT_TEST(who_talks_on_instead_gives_up),
		KIT_TEST(a_word_and_a_second_of_silence_give_up),
		KIT_TEST(so_does_a_word_behind_some_keys),
		KIT_TEST(the_time_is_not_over_in_the_middle_of_words),
		KIT_TEST(a_cough_and_words_in_front_of_keys_do_not),
		KIT_TEST(nor_does_what_is_over_with_the_agents_words),
		KIT_TEST(nor_does_a_long_tone),
		KIT_TEST(what_is_keyed_in_all_the_same_stays_hidden),
		KIT_TEST(a_number_that_was_taken_hides_no_more_keys),
		KIT_TEST(tones_of_keys_are_no_talk),
		KIT_TEST(voice_does_not_interrupt_the_request),
		KIT_TEST(words_of_before_end_it),
		KIT_TEST(another_worker_begins_anew),
		KIT_TEST(one_at_a_time_and_only_what_makes_sense),
		KIT_TEST(by_the_rules_of_before_there_is_no_such_thing),
		KIT_TEST(a_hang_up_ends_it),
		KIT_TEST(a_wish_says_how_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
