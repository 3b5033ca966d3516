/* TwiML of a call that is handed over, to the byte, and what its webhooks tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "providers/twilio/transfer.h"

#define PROLOG "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"

static struct buf b;

static int begin(void **state)
{
	(void)state;
	buf_init(&b, 65536);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_fini(&b);
	return 0;
}

static void is(const char *twiml)
{
	assert_string_equal(buf_str(&b), twiml);
	buf_reset(&b);
}

static void test_a_number_is_dialled(void **state)
{
	struct carrier_dial d = { .to = "+14155550188", .from = "+15550100", .ring_s = 20, .done_url = "https://x/d?a=1&b=2", .leg_url = "https://x/l" };

	(void)state;
	twilio_transfer.dial(&b, &d);
	is(PROLOG "<Dial callerId=\"+15550100\" timeout=\"20\" answerOnBridge=\"true\" action=\"https://x/d?a=1&amp;b=2\"><Number statusCallback=\"https://x/l\" "
		"statusCallbackEvent=\"answered completed\">+14155550188</Number></Dial></Response>");
	d.to = "sip:desk@example.com";
	d.from = "";
	twilio_transfer.dial(&b, &d);
	is(PROLOG "<Dial timeout=\"20\" answerOnBridge=\"true\" action=\"https://x/d?a=1&amp;b=2\"><Sip statusCallback=\"https://x/l\" "
		"statusCallbackEvent=\"answered completed\">sip:desk@example.com</Sip></Dial></Response>");
}

static void test_rooms(void **state)
{
	const struct carrier_room waits = { .name = "a-1", .waits = true, .music_url = "https://m/<x>", .done_url = "https://x/d" };
	const struct carrier_room comes = { .name = "a-1", .music_url = "https://m" };

	(void)state;
	twilio_transfer.room(&b, &waits);
	is(PROLOG "<Dial action=\"https://x/d\"><Conference beep=\"false\" endConferenceOnExit=\"true\" maxParticipants=\"2\" startConferenceOnEnter=\"false\" "
		"waitUrl=\"https://m/&lt;x&gt;\">a-1</Conference></Dial></Response>");
	twilio_transfer.room(&b, &comes);
	is(PROLOG "<Dial><Conference beep=\"false\" endConferenceOnExit=\"true\" maxParticipants=\"2\" startConferenceOnEnter=\"true\">a-1</Conference></Dial></Response>");
}

static void test_the_briefing(void **state)
{
	struct carrier_brief s = { .language = "en-US", .text = "Ann & Bob", .key_url = "https://x/k", .wants_key = true, .key_s = 10 };

	(void)state;
	twilio_transfer.brief(&b, &s);
	is(PROLOG "<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"10\" action=\"https://x/k\"><Say language=\"en-US\">Ann &amp; Bob</Say></Gather>"
		"<Redirect method=\"POST\">https://x/k</Redirect></Response>");
	s.wants_key = false;
	twilio_transfer.brief(&b, &s);
	is(PROLOG "<Say language=\"en-US\">Ann &amp; Bob</Say><Redirect method=\"POST\">https://x/k</Redirect></Response>");
}

static struct carrier_turn told(const char *form)
{
	struct carrier_webhook w = { .url = "" };
	struct carrier_turn turn;
	struct http_pairs pairs;

	assert_int_equal(http_pairs_parse(&pairs, form, strlen(form)), ERR_NONE);
	w.form = &pairs;
	twilio_transfer.hear(&w, &turn);
	http_pairs_free(&pairs);
	return turn;
}

static void test_what_is_told(void **state)
{
	struct carrier_turn t = told("CallStatus=in-progress&DialCallStatus=no-answer&DialCallDuration=0");

	(void)state;
	assert_true(t.dialled == LEG_NO_ANSWER && !t.seconds && !t.key && !t.is_over);
	t = told("CallStatus=completed&DialCallStatus=answered&DialCallDuration=61&CallDuration=90");
	assert_true(t.dialled == LEG_ANSWERED && t.seconds == 61 && t.is_over);
	t = told("CallDuration=90&Digits=1");
	assert_true(t.dialled == LEG_ASKED && t.seconds == 90 && t.key == '1');
	t = told("CallDuration=-5&Digits=11&DialCallStatus=nonesuch");
	assert_true(!t.seconds && !t.key && t.dialled == LEG_ASKED);
	t = told("CallDuration=99999999&Digits=&DialCallStatus=");
	assert_true(t.seconds == 86400 && !t.key);
	t = told("");
	assert_true(!t.is_over && t.dialled == LEG_ASKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_number_is_dialled, begin, end),
		cmocka_unit_test_setup_teardown(test_rooms, begin, end),
		cmocka_unit_test_setup_teardown(test_the_briefing, begin, end),
		cmocka_unit_test(test_what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
