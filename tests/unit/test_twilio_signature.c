/* X-Twilio-Signature: the vectors that the vendor's own code made, and what must not hold; TwiML's escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "providers/twilio/carrier.h"
#include "providers/twilio/signature.h"
#include "providers/twilio/twiml.h"

#define KEY "12345678901234567890123456789012"
#define SHA256_SETTINGS "key=k1,algorithm=hmac_sha256"

static const char form_body[] =
	"AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01&CallSid=CA00000000000000000000000000000002&CallStatus=ringing"
	"&Called=%2B14155550123&Caller=%2B14155550199&CallerCity=SAN+FRANCISCO&CallerName=O%27Brien+%26+S%C3%B6ns&Direction=inbound"
	"&From=%2B14155550199&To=%2B14155550123&Digits=";
static const char v1[] = "https://voice.example.com/twilio/inbound?tenant=acme&flow=7";
static const char v1_port[] = "https://voice.example.com:443/twilio/inbound?tenant=acme&flow=7";

static bool holds(const char *url, const char *form, const char *settings, const char *signature)
{
	struct carrier_webhook w = { .url = url, .signature = signature, .signature_settings = settings };
	struct http_pairs pairs = { .count = 0 };
	bool good;

	if (form)
		assert_int_equal(http_pairs_parse(&pairs, form, strlen(form)), ERR_NONE);
	w.form = form ? &pairs : NULL;
	good = twilio_is_signed(&w, KEY, strlen(KEY));
	http_pairs_free(&pairs);
	return good;
}

static void forms(void **state)
{
	(void)state;
	assert_true(holds(v1, form_body, NULL, "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
	assert_true(holds(v1, form_body, NULL, "64PUksmd8Gpa0AJSQB1URDEMbhY="));
	assert_true(holds(v1_port, form_body, NULL, "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
	assert_true(holds(v1_port, form_body, NULL, "64PUksmd8Gpa0AJSQB1URDEMbhY="));
	assert_true(holds("https://voice.example.com/dup", "Tag=b&Tag=a&Tag=b&X=1", NULL, "WaTQdDg2pPcSHf2GJ69LBaZB48g="));
	assert_true(holds("https://voice.example.com/case", "b=2&B=1&a=3&A_1=4", NULL, "qDmu0HwedTJDKZEzsJ1Fpo+XK74="));
}

static void sha256(void **state)
{
	(void)state;
	assert_true(holds(v1, form_body, SHA256_SETTINGS, "4cUyxRaNIsbAVXq6VFvb7rfPC8NhEF/oxIqOtNTbL4Y="));
	assert_false(holds(v1, form_body, NULL, "4cUyxRaNIsbAVXq6VFvb7rfPC8NhEF/oxIqOtNTbL4Y="));
	assert_false(holds(v1, form_body, SHA256_SETTINGS, "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
	assert_false(holds(v1, form_body, "algorithm=MD5", "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
}

static void sockets(void **state)
{
	static const char url[] = "wss://voice.example.com/twilio/media";

	(void)state;
	assert_true(holds(url, NULL, NULL, "fhjjjkV1F9lPmcYCG6YdDwerOY0="));
	assert_true(holds(url, NULL, NULL, "kXobrCa1GQM4v+WE6N4nBOaQ2n0="));
	assert_true(holds("wss://voice.example.com/twilio/media?call=42", NULL, NULL, "3FozUpI1epPPj1AqlWAK4v3tVhY="));
	assert_false(holds(url, NULL, NULL, "optsbm+WFjCGi1P9M3zlDrGUSlI="));
}

static void json_bodies(void **state)
{
	static const char body[] = "{\"CallSid\":\"CA00000000000000000000000000000002\",\"event\":\"x\"}";
	struct carrier_webhook w = { .url = "https://voice.example.com/twilio/json?bodySHA256=2dd1f03bbf5c8258623d1e12d798a75fada6303cecd2ea00cecfe41096ed6f67",
		.signature = "xT+EAAtdAcxU+LjT3ZoCFm32NVE=", .body = body, .body_len = sizeof(body) - 1 };

	(void)state;
	assert_true(twilio_is_signed(&w, KEY, strlen(KEY)));
	w.body_len--;
	assert_false(twilio_is_signed(&w, KEY, strlen(KEY)));
}

static void what_is_off(void **state)
{
	(void)state;
	assert_false(holds(v1, form_body, NULL, NULL));
	assert_false(holds(v1, form_body, NULL, ""));
	assert_false(holds(v1, form_body, NULL, "E+JpCxt37m8Mcqxt1rXXqqMqmg5="));
	assert_false(holds(v1, "a=b", NULL, "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
	assert_false(holds("no url", form_body, NULL, "E+JpCxt37m8Mcqxt1rXXqqMqmg4="));
}

static void twiml_is_escaped(void **state)
{
	const struct carrier_offer offer = { .media_url = "wss://a/?x=1&y=\"2\"", .token = "<t>", .after_url = "https://a/after?b&c" };
	struct buf b;

	(void)state;
	buf_init(&b, TWIML_MAX_BYTES);
	twilio_carrier.connect(&b, &offer);
	assert_string_equal(buf_str(&b),
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Connect><Stream url=\"wss://a/?x=1&amp;y=&quot;2&quot;\">"
		"<Parameter name=\"token\" value=\"&lt;t&gt;\"/></Stream></Connect><Redirect method=\"POST\">https://a/after?b&amp;c</Redirect></Response>");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(sha256),
		cmocka_unit_test(sockets),
		cmocka_unit_test(json_bodies),
		cmocka_unit_test(what_is_off),
		cmocka_unit_test(twiml_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
