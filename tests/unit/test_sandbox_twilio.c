/* The sandbox's Twilio: the TwiML that it understands, and what it signs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "providers/twilio/twiml.h"
#include "sandbox/twilio/twilio.h"

#define TOKEN "12345678901234567890123456789012" /* of the shared notes, section 4.3 */

static enum err read_text(const char *text, struct twiml *t)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1); /* no byte behind it: a sanitizer sees who reads on */
	enum err err;

	assert_non_null(copy);
	memcpy(copy, text, len);
	err = twiml_read(copy, len, t);
	free(copy);
	return err;
}

static void test_what_our_product_answers(void **state)
{
	const struct carrier_offer offer = { .media_url = "wss://w1.example.com/media/twilio", .token = "a&b\"<c>'", .after_url = "https://x.example.com/after?a=1&b=2",
		.pause_s = 3 };
	static struct twiml t;
	uint8_t memory[4096];
	struct buf b;

	(void)state;
	buf_over(&b, memory, sizeof(memory) - 1);
	twiml_connect(&b, &offer);
	assert_int_equal(read_text(buf_str(&b), &t), ERR_NONE);
	assert_int_equal(t.count, 3);
	assert_int_equal(t.verbs[0].kind, VERB_PAUSE);
	assert_int_equal(t.verbs[0].seconds, 3);
	assert_int_equal(t.verbs[1].kind, VERB_CONNECT);
	assert_string_equal(t.verbs[1].url, offer.media_url);
	assert_int_equal(t.verbs[1].param_count, 1);
	assert_string_equal(t.verbs[1].params[0].name, "token");
	assert_string_equal(t.verbs[1].params[0].value, offer.token);
	assert_int_equal(t.verbs[2].kind, VERB_REDIRECT);
	assert_string_equal(t.verbs[2].url, offer.after_url);
	buf_over(&b, memory, sizeof(memory) - 1);
	twiml_apologise(&b, "en-US", "Please call again.");
	assert_int_equal(read_text(buf_str(&b), &t), ERR_NONE);
	assert_int_equal(t.verbs[0].kind, VERB_SAY);
	assert_int_equal(t.verbs[1].kind, VERB_HANGUP);
}

static void test_what_is_no_twiml(void **state)
{
	static const char *const bad[] = { "", "x", "<", "<Response", "<Response>", "</Response>", "<Response></Response><Response/>", "<Respons/>", "<?xml",
		"<Response><Pause length=1/></Response>", "<Response><Pause length=\"1/></Response>", "<Response><Say>&x;</Say></Response>", "<Response>&",
		"<Response><Say>a</Response>", "<Response><Play>a</Play></Response>", "<Response><Hangup/ ></Response>", "<Response><Connect><Stream url=\"", "<>", "< / >" };
	static const char whole[] = "<Response><Pause length=\"2\"/><Redirect method=\"POST\">http://x.example.com/</Redirect></Response>";
	static struct twiml t;
	char part[sizeof(whole)];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(read_text(bad[i], &t), ERR_NONE);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		memcpy(part, whole, len);
		part[len] = 0;
		assert_int_not_equal(read_text(part, &t), ERR_NONE);
	}
	assert_int_equal(read_text(whole, &t), ERR_NONE);
	assert_int_equal(read_text("<Response><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/></Response>", &t), ERR_NONE);
	assert_int_equal(read_text("<Response><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/><Hangup/></Response>", &t), ERR_LIMIT);
}

static void test_signatures(void **state)
{
	struct webhook_pairs p = { .count = 0 };
	char out[32];

	(void)state;
	assert_true(webhook_sign("wss://voice.example.com/twilio/media", &p, TOKEN, out));
	assert_string_equal(out, "fhjjjkV1F9lPmcYCG6YdDwerOY0=");
	webhook_put(&p, "b", "2");
	webhook_put(&p, "B", "1");
	webhook_put(&p, "a", "3");
	webhook_put(&p, "A_1", "4");
	assert_true(webhook_sign("https://voice.example.com/case", &p, TOKEN, out));
	assert_string_equal(out, "qDmu0HwedTJDKZEzsJ1Fpo+XK74=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_our_product_answers),
		cmocka_unit_test(test_what_is_no_twiml),
		cmocka_unit_test(test_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
