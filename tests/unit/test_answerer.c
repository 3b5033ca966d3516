/* P22: who answered a call that we placed. The core by hand, in virtual time; the sounds of it are in test_tone.c and test_answered.c. */
#include "callkit.h"
#include "voice/answers.h"

#define GREETING "Good morning is this Alex"
#define MESSAGE "Please call us back"

static void words_add(struct kit *k, const char *words)
{
	snprintf(k->brief.machines[k->brief.machine_count++], BRIEF_MACHINE_MAX, "%s", words);
}

/* Our call rang and was answered just now; the greeting's sound is there. */
static void placed(struct kit *k)
{
	static const char *const machines[] = { "after the tone", "at the tone", "leave a message", "leave your message", "can't take your call", NULL };
	size_t i;

	k->settings.amd_human_ms = 500;
	k->brief.placed = true;
	k->brief.leaves = true;
	for (i = 0; machines[i]; i++)
		words_add(k, machines[i]);
	kit_open(k);
	pass(k, 1000);
	simple(k, IN_PREPARE);
	pass(k, 500);
	if (k->brief.greeting[0])
		audio_all(k, k->last);
	pass(k, 500);
	simple(k, IN_START);
	zero(k);
}

static void greeted(struct kit *k)
{
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "%s", GREETING);
	placed(k);
}

/* A tone that ends now, told 40 ms later. */
static void beep(struct kit *k, unsigned int ms)
{
	struct call_input in = { .type = IN_TONE, .number = 1000 };

	quiet_for(k, (ms + 31) / 32 * 32);
	zero(k);
	in.position2 = k->sample;
	in.position = k->sample - ms * 8;
	quiet_for(k, 32);
	pass(k, 8);
	kit_step(k, &in);
}

/* The model says the message and ends the call; the voice has made it. */
static void message_made(struct kit *k)
{
	text(k, MESSAGE ".");
	use(k, "hang_up", "{}");
	done(k);
	audio_all(k, k->last);
}

/* At what millisecond the line with this in it stands; fails when there is none. */
static unsigned int at_ms(struct kit *k, const char *part)
{
	const char *at = strstr(buf_str(&k->log), part);

	if (!at) {
		fail_msg("no \"%s\" in\n%s", part, buf_str(&k->log));
		return 0;
	}
	while (at > buf_str(&k->log) && at[-1] != '\n')
		at--;
	return (unsigned int)strtoul(at, NULL, 10);
}

/* ---- a person ---- */

/* P22: "hello?" and half a second of silence: the greeting sounds 800 ms behind the word at the latest. */
static void P22_hello_is_a_person_within_800_ms(void **state)
{
	struct kit *k = *state;

	greeted(k);
	quiet_for(k, 640);
	assert_false(has(k, "play"));
	voice(k, 320);
	partial(k, "hello");
	zero(k);
	quiet_for(k, 320);
	final(k, "hello?");
	quiet_for(k, 160);
	assert_false(has(k, "play"));
	quiet_for(k, 320);
	assert_in_range(at_ms(k, "play"), 480, 800);
	assert_true(has(k, "~answered t1 i0 n0"));
	assert_false(has(k, "ask "));
}

/* The clock starts at the answer, not while it rings. */
static void P22_nobody_says_anything(void **state)
{
	struct kit *k = *state;

	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "%s", GREETING);
	k->brief.placed = true;
	kit_open(k);
	simple(k, IN_PREPARE);
	audio_all(k, k->last);
	pass(k, 30000);
	simple(k, IN_START);
	zero(k);
	quiet_for(k, 1984);
	assert_false(has(k, "play"));
	quiet_for(k, 64);
	assert_int_equal(at_ms(k, "play"), 2000);
	assert_true(has(k, "~answered t0 i0 n1"));
}

static const char *const openings[] = { "hello", "hello?", "hi", "yes?", "yeah", "hello who is this", "good morning acme dental how can i help you",
	"alex speaking", "this is alex", "hello this is priya from the front desk", "haan bolo", "haan ji kaun bol raha hai", "हैलो", "हाँ जी बोलिए",
	"hey what's up", "yes hello can you hear me", "he is not available would you like to leave a message",
	"she can't take your call right now can i take a message", "mister sharma's residence", "hold on a second" };

static void P22_twenty_openings_are_no_machine(void **state)
{
	struct kit *k = *state;
	size_t i;

	for (i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		if (i) {
			kit_teardown(state);
			kit_setup(state);
			k = *state;
		}
		greeted(k);
		quiet_for(k, 320);
		voice(k, 320 + 320 * (unsigned int)(i % 6));
		partial(k, openings[i]);
		quiet_for(k, 160);
		final(k, openings[i]);
		quiet_for(k, 640);
		if (!has(k, "play") || has(k, "i1 n") || has(k, "hangup"))
			fail_msg("\"%s\" was no person:\n%s", openings[i], buf_str(&k->log));
	}
	assert_int_equal(i, 20);
}

/* A receptionist's opening is as long as a machine's; what she asks makes her a person. */
static void P22_a_long_opening_that_asks_is_a_person(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 3200);
	assert_true(has(k, "~answered t0 i1 n2"));
	zero(k);
	final(k, "good morning acme dental this is priya speaking how may I help you today");
	quiet_for(k, 704);
	assert_true(has(k, "~answered t0 i0 n3"));
	assert_true(has(k, "speak u2.1 \"" GREETING "\""));
	audio_all(k, k->last);
	assert_in_range(at_ms(k, "play u2"), 0, 800);
}

/* What was over before the agent began is no interruption of it, however late the recogniser says it, and wants no answer but the greeting. */
static void P22_a_late_transcript_does_not_stop_the_greeting(void **state)
{
	struct kit *k = *state;

	greeted(k);
	quiet_for(k, 320);
	voice(k, 640);
	quiet_for(k, 576);
	assert_true(has(k, "play"));
	sent(k, k->last);
	zero(k);
	transcript(k, TRANSCRIPT_PARTIAL, "hello who");
	quiet_for(k, 64);
	transcript_from(k, TRANSCRIPT_FINAL, "hello who is there", 0);
	assert_true(has(k, "yield") || times(k, "hold") == 0);
	quiet_for(k, 96);
	assert_false(has(k, "hangup"));
}

/* Where nothing of the greeting may be cut, the word that it answers does not wait for its end, to have the question asked a second time. */
static void hello_before(struct kit *k, unsigned int late_ms)
{
	k->brief.greeting_whole = true;
	greeted(k);
	quiet_for(k, 320);
	voice(k, 320);
	quiet_for(k, 320);
	if (!late_ms)
		final(k, "hello");
	quiet_for(k, 640);
	assert_true(has(k, "~answered t1 i0 n0") || has(k, "~answered t0 i0 n0"));
	sent(k, k->last);
	if (late_ms)
		quiet_for(k, late_ms);
	if (late_ms)
		final(k, "hello");
	drop(k);
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, 6016);
	assert_false(has(k, "ask "));
	assert_false(call_ended(k->call));
}

static void P22_a_greeting_that_is_said_whole_asks_once(void **state)
{
	hello_before(*state, 0);
}

static void P22_so_it_does_when_the_word_is_known_late(void **state)
{
	hello_before(*state, 320);
}

/* A greeting that can be cut is on the air, and 640 ms of it were heard. */
static void over_greeting(struct kit *k)
{
	greeted(k);
	quiet_for(k, 2048);
	assert_true(has(k, "play u1"));
	sent(k, k->last);
	quiet_for(k, 640);
	played(k, k->last, 640);
	zero(k);
}

/* The rest of it is played, and nobody says anything. */
static void greeting_ends(struct kit *k, unsigned int quiet_ms)
{
	quiet_for(k, 1600);
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, quiet_ms);
}

/* Whoever says "hello" over the greeting hears the rest of it, and its question once. */
static void P22_hello_over_the_greeting_is_a_nod(void **state)
{
	struct kit *k = *state;

	over_greeting(k);
	voice(k, 352);
	partial(k, "hello");
	quiet_for(k, 192);
	final(k, "Hello?");
	assert_true(has(k, "~nod") && has(k, "hold"));
	quiet_for(k, 704);
	assert_true(has(k, "play u1"));
	greeting_ends(k, 5024);
	assert_false(has(k, "yield") || has(k, "ask ") || has(k, "~turn") || has(k, "speak u2"));
	turn(k, "yes this is he");
	assert_true(has(k, "ask g1"));
}

static void P22_also_twice_and_when_it_is_known_late(void **state)
{
	struct kit *k = *state;

	over_greeting(k);
	voice(k, 640);
	partial(k, "hello hello");
	greeting_ends(k, 320);
	final(k, "hello hello");
	quiet_for(k, 4992);
	assert_false(has(k, "yield") || has(k, "ask ") || has(k, "speak u2"));
}

/* One of before the greeting that the recogniser tells with one over it: the greeting answers both. */
static void P22_also_behind_one_of_before(void **state)
{
	struct kit *k = *state;

	greeted(k);
	quiet_for(k, 320);
	voice(k, 320);
	partial(k, "hello");
	quiet_for(k, 704);
	assert_true(has(k, "play u1"));
	sent(k, k->last);
	voice(k, 320);
	quiet_for(k, 128);
	transcript_from(k, TRANSCRIPT_FINAL, "hello hello", 0);
	quiet_for(k, 704);
	greeting_ends(k, 5024);
	assert_false(has(k, "yield") || has(k, "ask ") || has(k, "speak u2"));
}

static void P22_more_than_a_hello_takes_the_floor(void **state)
{
	struct kit *k = *state;

	over_greeting(k);
	voice(k, 640);
	partial(k, "hello who is this");
	assert_true(has(k, "~yield"));
	final(k, "hello who is this");
	quiet_for(k, 704);
	assert_true(has(k, "ask g1"));
}

/* The same word over another thing that the agent says is an answer to it. */
static void P22_hello_to_are_you_still_there_is_an_answer(void **state)
{
	struct kit *k = *state;

	k->settings.quiet_after_ms = 6000;
	over_greeting(k);
	greeting_ends(k, 6016);
	assert_true(has(k, "speak u2"));
	audio_all(k, k->last);
	sent(k, k->last);
	quiet_for(k, 320);
	voice(k, 320);
	final(k, "hello");
	quiet_for(k, 704);
	played(k, k->last, length_ms(k, k->last));
	quiet_for(k, 704);
	assert_true(has(k, "ask g1"));
}

static void by_older_rules_hello_over_the_greeting_was_a_turn(void **state)
{
	struct kit *k = *state;

	k->settings.call_rules = 3;
	over_greeting(k);
	voice(k, 352);
	final(k, "hello");
	quiet_for(k, 704);
	greeting_ends(k, 2048);
	assert_true(has(k, "ask g1"));
}

/* A book that lets the other one begin: the words are a turn. */
static void P22_without_a_greeting_the_first_words_are_a_turn(void **state)
{
	struct kit *k = *state;

	placed(k);
	quiet_for(k, 320);
	turn(k, "hello?");
	assert_true(has(k, "ask g1 t1"));
}

/* ---- a machine ---- */

/* P22: thirty seconds of greeting and a beep: the message sounds 300 ms behind its end at the latest, and nothing before. */
static void P22_the_message_begins_behind_the_beep(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	greeted(k);
	quiet_for(k, 320);
	for (i = 0; i < 9; i++) {
		voice(k, 2880);
		if (i == 4)
			final(k, "you have reached bob I can't take your call");
		if (!i)
			message_made(k);
		quiet_for(k, 448);
	}
	assert_false(has(k, "play"));
	assert_true(has(k, "ask g"));
	beep(k, 400);
	assert_in_range(at_ms(k, "play"), 0, 300);
	assert_true(has(k, " i3 n4"));
	spoken(k, k->last);
	assert_true(has(k, "hangup agent"));
	expect_request(k, "event: " EVENT_MACHINE " Say what is to be left on it, and nothing else; then end the call.");
}

/* A recogniser that is behind tells of the greeting when the message is said already: nobody interrupts it. */
static void P22_late_words_of_the_greeting_do_not_stop_the_message(void **state)
{
	static const char late[] = "press one to leave a number and what is it about";
	struct call_input in = { .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .text = late, .text_len = sizeof(late) - 1 };
	struct kit *k = *state;

	greeted(k);
	quiet_for(k, 320);
	voice(k, 2880);
	final(k, "please leave a message after the tone");
	message_made(k);
	voice(k, 1920);
	in.position2 = k->sample;
	beep(k, 400);
	quiet_for(k, 320);
	zero(k);
	in.stream = k->stream;
	kit_step(k, &in);
	quiet_for(k, 192);
	assert_false(has(k, "hold") || has(k, "unspeak") || has(k, "~answered"));
	spoken(k, k->last);
	assert_true(has(k, "hangup agent"));
}

static void P22_a_machine_that_does_not_beep_records_when_it_is_quiet(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	zero(k);
	quiet_for(k, 2432);
	assert_false(has(k, "play"));
	quiet_for(k, 128);
	assert_in_range(at_ms(k, "play"), 2432, 2560);
}

/* It went on behind a pause: what was said over it is said again, from the beginning. */
static void P22_a_machine_that_goes_on_hears_the_message_again(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	quiet_for(k, 2560);
	sent(k, k->last);
	zero(k);
	beep(k, 320);
	assert_true(has(k, "ask g2"));
	zero(k);
	message_made(k);
	assert_true(has(k, "play"));
	assert_true(has(k, "speak u3"));
}

static void P22_a_beep_alone_is_a_machine(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 320);
	quiet_for(k, 640);
	assert_true(has(k, "play u1"));
	sent(k, k->last);
	beep(k, 500);
	assert_true(has(k, "hold") && has(k, "ask g1"));
	message_made(k);
	assert_in_range(at_ms(k, "play u2"), 0, 300);
}

static void P22_a_short_tone_is_no_beep(void **state)
{
	struct kit *k = *state;

	greeted(k);
	beep(k, 90);
	assert_false(has(k, "answered"));
}

static void P22_a_network_announcement_ends_the_call(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_TONE, .kind = TONE_NETWORK, .number = 1777, .position2 = 8000 };

	greeted(k);
	quiet_for(k, 1024);
	kit_step(k, &in);
	assert_true(has(k, "hangup voicemail"));
}

static void P22_nothing_to_leave_ends_the_call(void **state)
{
	struct kit *k = *state;

	k->settings.amd_leave = false;
	greeted(k);
	voice(k, 320);
	partial(k, "please leave a message");
	assert_true(has(k, "hangup voicemail"));
	assert_false(has(k, "play") || has(k, "ask"));
}

/* The wait for a machine has an end. */
static void P22_a_machine_that_is_never_done(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	for (i = 0; i < 59; i++)
		voice(k, 992);
	assert_false(has(k, "hangup"));
	voice(k, 1984);
	assert_true(has(k, "hangup voicemail"));
	assert_false(has(k, "play"));
}

/* A model that has nothing to say does not keep the line. */
static void P22_a_message_without_an_end_ends_the_call(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	text(k, MESSAGE ".");
	done(k);
	beep(k, 320);
	spoken(k, k->last);
	assert_true(has(k, "hangup voicemail"));
}

/* ---- who picks up late ---- */

static void P22_a_late_person_while_the_machine_speaks(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 2560);
	quiet_for(k, 320);
	message_made(k);
	zero(k);
	voice(k, 960);
	final(k, "hello? hello, I'm here");
	quiet_for(k, 704);
	assert_true(has(k, " i0 n3"));
	audio_all(k, k->last);
	assert_true(has(k, "speak u3.1 \"" GREETING "\""));
	assert_true(has(k, "play u3"));
	assert_false(has(k, "hangup"));
	zero(k);
	spoken(k, k->last);
	turn(k, "yes this is alex");
	assert_true(has(k, "ask g"));
}

static void P22_a_late_person_over_the_message(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	beep(k, 320);
	sent(k, k->last);
	quiet_for(k, 320);
	zero(k);
	voice(k, 320);
	partial(k, "hello hello I'm here");
	assert_true(has(k, " i0 n3"));
	assert_true(has(k, "\"" GREETING "\""));
	quiet_for(k, 640);
	assert_false(has(k, "hangup"));
}

/* The machine's own words are none of the person's: neither those that no silence has made a turn yet, nor those that are told late. */
static void a_late_person_behind(struct kit *k, const char *before, const char *late)
{
	struct call_input in = { .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .text = late, .text_len = strlen(late) };

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	voice(k, 640);
	final(k, before);
	in.position2 = k->sample;
	beep(k, 320);
	sent(k, k->last);
	in.stream = k->stream;
	if (late[0])
		kit_step(k, &in);
	quiet_for(k, 320);
	zero(k);
	voice(k, 320);
	partial(k, "hello hello I'm here");
	assert_true(has(k, " i0 n3"));
	assert_true(has(k, "\"" GREETING "\""));
}

static void P22_a_late_person_behind_the_machines_last_words(void **state)
{
	a_late_person_behind(*state, "please leave your message after the tone", "");
}

static void P22_a_late_person_behind_late_words_of_the_machine(void **state)
{
	a_late_person_behind(*state, "please leave your message", "after the tone");
}

/* ---- who asks for our name ---- */

static void P22_screening_is_told_our_purpose(void **state)
{
	struct kit *k = *state;

	snprintf(k->brief.purpose, sizeof(k->brief.purpose), "%s", "Acme Dental about an appointment");
	greeted(k);
	voice(k, 1920);
	final(k, "please say your name and why you are calling");
	quiet_for(k, 704);
	assert_true(has(k, " i2 n3"));
	assert_true(has(k, "speak u2.1 \"Acme Dental about an appointment\""));
	audio_all(k, k->last);
	assert_true(has(k, "play u2"));
	sent(k, k->last);
	spoken(k, k->last);
	turn(k, "thank you please hold on");
	quiet_for(k, 9984);
	zero(k);
	turn(k, "hello this is alex");
	assert_true(has(k, " i0 n3"));
	assert_true(has(k, "\"" GREETING "\""));
}

static void P22_screening_that_brings_nobody_ends(void **state)
{
	struct kit *k = *state;

	snprintf(k->brief.purpose, sizeof(k->brief.purpose), "%s", "Acme Dental");
	greeted(k);
	turn(k, "please state your name");
	spoken(k, k->last);
	quiet_for(k, 60000);
	assert_true(has(k, "hangup voicemail"));
}

/* ---- the carrier's word ---- */

static void P22_the_carrier_says_machine(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 320);
	quiet_for(k, 640);
	sent(k, k->last);
	zero(k);
	order(k, ORDER_ANSWERED, "machine_start");
	assert_true(has(k, " i1 n5") && has(k, "hold") && has(k, "ask g1"));
	message_made(k);
	assert_false(has(k, "play"));
	order(k, ORDER_ANSWERED, "machine_end_beep");
	assert_true(has(k, "play u2"));
}

static void P22_the_carrier_says_fax_or_nothing(void **state)
{
	struct kit *k = *state;

	greeted(k);
	order(k, ORDER_ANSWERED, "unknown");
	order(k, ORDER_ANSWERED, "something else \xff");
	order(k, ORDER_ANSWERED, "");
	expect_nothing(k);
	order(k, ORDER_ANSWERED, "fax");
	assert_true(has(k, "hangup voicemail"));
}

static void P22_the_carrier_says_human(void **state)
{
	struct kit *k = *state;

	greeted(k);
	order(k, ORDER_ANSWERED, "human");
	assert_true(has(k, "play u1"));
}

/* Behind a person's answer neither carrier nor words make him a machine. */
static void P22_a_person_who_answered_stays_one(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 320);
	quiet_for(k, 640);
	spoken(k, k->last);
	turn(k, "yes it is me");
	assert_true(has(k, "ask g1"));
	zero(k);
	order(k, ORDER_ANSWERED, "machine_start");
	beep(k, 400);
	turn(k, "can I leave a message");
	assert_false(has(k, "answered"));
}

/* ---- calls that others placed, and ones recorded before ---- */

static void others_hear_nothing_of_it(void **state)
{
	struct kit *k = *state;

	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "%s", GREETING);
	begin(k);
	audio_all(k, k->last);
	assert_true(has(k, "play"));
	beep(k, 400);
	order(k, ORDER_ANSWERED, "machine_start");
	assert_false(has(k, "answered"));
}

static void a_lost_line_waits(void **state)
{
	struct kit *k = *state;

	greeted(k);
	voice(k, 640);
	partial(k, "please leave your message");
	message_made(k);
	simple(k, IN_MEDIA_LOST);
	pass(k, 5000);
	assert_false(has(k, " i3 "));
	simple(k, IN_ATTACHED);
	audio_all(k, k->last);
	zero(k);
	quiet_for(k, 2432);
	assert_false(has(k, " i3 "));
	quiet_for(k, 128);
	assert_true(has(k, " i3 n6"));
}

/* ---- whatever comes ---- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void something_happens(struct kit *k, uint32_t *seed)
{
	static const char *const words[] = { "hello", "please leave a message", "say your name and why you are calling", "hello hello I'm here", "how may I help you",
		"thank you hold on", "yes it is", "stop", "" };
	static const char *const verdicts[] = { "human", "machine_start", "machine_end_beep", "unknown", "fax" };
	const char *said = words[next_random(seed) % 9];

	switch (next_random(seed) % 16) {
	case 0: quiet_for(k, 32 * (1 + next_random(seed) % 100)); break;
	case 1:
	case 2: voice(k, 32 * (1 + next_random(seed) % 60)); break;
	case 3: quiet_for(k, 32 * (1 + next_random(seed) % 20)); break;
	case 4:
	case 5: partial(k, said); break;
	case 6:
	case 7: final(k, said); break;
	case 8: beep(k, 100 + next_random(seed) % 400); break;
	case 9: order(k, next_random(seed) % 20 ? ORDER_ANSWERED : ORDER_END, verdicts[next_random(seed) % 5 % (next_random(seed) % 8 ? 4 : 5)]); break;
	case 10: message_made(k); break;
	case 11: audio_all(k, k->last); break;
	case 12: sent(k, k->last); break;
	case 13: played(k, k->last, length_ms(k, k->last)); break;
	case 14: simple(k, next_random(seed) % 2 ? IN_MEDIA_LOST : IN_ATTACHED); break;
	default: next_random(seed) % 4 ? failed(k) : digit(k, '5'); break;
	}
}

/* The core's invariants hold after each step (call_step sees to that), a saved call goes the same way, and each call ends. */
static void P22_whatever_comes_it_ends(void **state)
{
	uint32_t seed = 22;
	struct kit *k;
	int i, j;

	for (i = 0; i < 60; i++) {
		if (i) {
			kit_teardown(state);
			kit_setup(state);
		}
		k = *state;
		k->seldom = 7;
		k->settings.call_max_ms = 120000;
		if (i % 3)
			snprintf(k->brief.purpose, sizeof(k->brief.purpose), "%s", "Acme Dental");
		if (i % 4)
			greeted(k);
		else
			placed(k);
		for (j = 0; j < 60 && !call_ended(k->call); j++)
			something_happens(k, &seed);
		pass(k, 200000);
		assert_true(call_ended(k->call));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(P22_hello_is_a_person_within_800_ms),
		KIT_TEST(P22_nobody_says_anything),
		KIT_TEST(P22_twenty_openings_are_no_machine),
		KIT_TEST(P22_a_long_opening_that_asks_is_a_person),
		KIT_TEST(P22_a_late_transcript_does_not_stop_the_greeting),
		KIT_TEST(P22_a_greeting_that_is_said_whole_asks_once),
		KIT_TEST(P22_so_it_does_when_the_word_is_known_late),
		KIT_TEST(P22_hello_over_the_greeting_is_a_nod),
		KIT_TEST(P22_also_twice_and_when_it_is_known_late),
		KIT_TEST(P22_also_behind_one_of_before),
		KIT_TEST(P22_more_than_a_hello_takes_the_floor),
		KIT_TEST(P22_hello_to_are_you_still_there_is_an_answer),
		KIT_TEST(by_older_rules_hello_over_the_greeting_was_a_turn),
		KIT_TEST(P22_without_a_greeting_the_first_words_are_a_turn),
		KIT_TEST(P22_the_message_begins_behind_the_beep),
		KIT_TEST(P22_late_words_of_the_greeting_do_not_stop_the_message),
		KIT_TEST(P22_a_machine_that_does_not_beep_records_when_it_is_quiet),
		KIT_TEST(P22_a_machine_that_goes_on_hears_the_message_again),
		KIT_TEST(P22_a_beep_alone_is_a_machine),
		KIT_TEST(P22_a_short_tone_is_no_beep),
		KIT_TEST(P22_a_network_announcement_ends_the_call),
		KIT_TEST(P22_nothing_to_leave_ends_the_call),
		KIT_TEST(P22_a_machine_that_is_never_done),
		KIT_TEST(P22_a_message_without_an_end_ends_the_call),
		KIT_TEST(P22_a_late_person_while_the_machine_speaks),
		KIT_TEST(P22_a_late_person_over_the_message),
		KIT_TEST(P22_a_late_person_behind_the_machines_last_words),
		KIT_TEST(P22_a_late_person_behind_late_words_of_the_machine),
		KIT_TEST(P22_screening_is_told_our_purpose),
		KIT_TEST(P22_screening_that_brings_nobody_ends),
		KIT_TEST(P22_the_carrier_says_machine),
		KIT_TEST(P22_the_carrier_says_fax_or_nothing),
		KIT_TEST(P22_the_carrier_says_human),
		KIT_TEST(P22_a_person_who_answered_stays_one),
		KIT_TEST(others_hear_nothing_of_it),
		KIT_TEST(a_lost_line_waits),
		KIT_TEST(P22_whatever_comes_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
