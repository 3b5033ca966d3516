/* Twilio's REST: requests byte by byte, and what answers of every kind mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "providers/twilio/rest.h"

#define BASE    "https://api.example.com"
#define ACCOUNT "AC00000000000000000000000000000001"
#define LEG     "CA00000000000000000000000000000002"
#define CALLS   BASE "/2010-04-01/Accounts/" ACCOUNT "/Calls"

static struct carrier_request request;
static struct carrier_reply reply;

static int begin(void **state)
{
	(void)state;
	request = (struct carrier_request){ .method = HTTP_METHOD_NONE };
	buf_init(&request.url, 4096);
	buf_init(&request.form, 4096);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_fini(&request.url);
	buf_fini(&request.form);
	return 0;
}

static enum carrier_verdict read_as(unsigned int status, const char *retry_after, const char *body, bool wants_leg)
{
	const struct carrier_answer answer = { .status = status, .retry_after = retry_after, .body = body, .len = strlen(body) };

	twilio_rest.read(&answer, wants_leg, &reply);
	return reply.verdict;
}

/* ------------------------------------------------------------------ requests */

static void test_a_call_is_placed(void **state)
{
	const struct carrier_place place = { .to = "+14155550199", .from = "+14155550123", .voice_url = "https://x.example.com/v?call=1&b=\xc3\xa9",
		.status_url = "https://x.example.com/s?call=1", .ring_s = 25 };

	(void)state;
	twilio_rest.place(&request, BASE "/", ACCOUNT, &place);
	assert_int_equal(request.method, HTTP_POST);
	assert_string_equal(buf_str(&request.url), CALLS ".json");
	assert_string_equal(buf_str(&request.form), "To=%2B14155550199&From=%2B14155550123&Url=https%3A%2F%2Fx.example.com%2Fv%3Fcall%3D1%26b%3D%C3%A9"
		"&StatusCallback=https%3A%2F%2Fx.example.com%2Fs%3Fcall%3D1&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing"
		"&StatusCallbackEvent=answered&StatusCallbackEvent=completed&Timeout=25&Record=false");
}

static void test_machines_are_looked_for_beside_the_call(void **state)
{
	const struct carrier_place place = { .to = "1", .from = "2", .voice_url = "v", .status_url = "s", .machine_url = "m", .ring_s = 5 };

	(void)state;
	twilio_rest.place(&request, BASE, ACCOUNT, &place);
	assert_non_null(strstr(buf_str(&request.form), "&MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback=m"));
}

static void test_the_other_requests(void **state)
{
	(void)state;
	twilio_rest.end(&request, BASE, ACCOUNT, LEG);
	assert_string_equal(buf_str(&request.url), CALLS "/" LEG ".json");
	assert_string_equal(buf_str(&request.form), "Status=completed");
	end(NULL);
	begin(NULL);
	twilio_rest.redirect(&request, BASE, ACCOUNT, LEG, "https://a/b");
	assert_string_equal(buf_str(&request.url), CALLS "/" LEG ".json");
	assert_string_equal(buf_str(&request.form), "Url=https%3A%2F%2Fa%2Fb");
	end(NULL);
	begin(NULL);
	twilio_rest.look(&request, BASE, ACCOUNT, LEG);
	assert_int_equal(request.method, HTTP_GET);
	assert_string_equal(buf_str(&request.url), CALLS "/" LEG ".json");
	end(NULL);
	begin(NULL);
	twilio_rest.find(&request, BASE, ACCOUNT, "+14155550199", "+14155550123");
	assert_string_equal(buf_str(&request.url), CALLS ".json?To=%2B14155550199&From=%2B14155550123&PageSize=50");
	assert_int_equal(request.form.len, 0);
}

static void test_the_key_is_a_header(void **state)
{
	struct buf line;

	(void)state;
	buf_init_private(&line, 1000);
	twilio_rest.authorise(&line, "AC1", "secret", 6);
	assert_string_equal(buf_str(&line), "Authorization: Basic QUMxOnNlY3JldA==");
	buf_fini(&line);
	buf_init_private(&line, 30);
	twilio_rest.authorise(&line, "AC1", "a secret that has no room", 25);
	assert_int_equal(line.err, ERR_LIMIT);
	buf_fini(&line);
}

/* ------------------------------------------------------------------ answers */

static void test_a_leg(void **state)
{
	(void)state;
	assert_int_equal(read_as(201, NULL, "{\"sid\":\"" LEG "\",\"account_sid\":\"" ACCOUNT "\",\"to\":\"+14155550199\",\"from\":\"+14155550123\",\"status\":\"queued\","
		"\"direction\":\"outbound-api\",\"date_created\":\"Tue, 31 Aug 2010 20:36:28 +0000\",\"answered_by\":null,\"price\":null}", true), CARRIER_DONE);
	assert_int_equal(reply.leg_count, 1);
	assert_string_equal(reply.legs[0].call, LEG);
	assert_string_equal(reply.legs[0].account, ACCOUNT);
	assert_string_equal(reply.legs[0].to, "+14155550199");
	assert_int_equal(reply.legs[0].state, LEG_QUEUED);
	assert_true(reply.legs[0].is_outbound);
	assert_int_equal(reply.legs[0].made_ms, 1283286988000);
	assert_string_equal(reply.legs[0].answered_by, "");
}

static void test_states(void **state)
{
	static const struct {
		const char *name;
		enum leg_state state;
	} all[] = { { "queued", LEG_QUEUED }, { "initiated", LEG_QUEUED }, { "ringing", LEG_RINGING }, { "in-progress", LEG_ANSWERED },
		{ "completed", LEG_COMPLETED }, { "busy", LEG_BUSY }, { "no-answer", LEG_NO_ANSWER }, { "failed", LEG_FAILED }, { "canceled", LEG_CANCELED },
		{ "something new", LEG_ASKED } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char body[200];

		snprintf(body, sizeof(body), "{\"sid\":\"CA1\",\"status\":\"%s\"}", all[i].name);
		assert_int_equal(read_as(200, NULL, body, true), CARRIER_DONE);
		assert_int_equal(reply.legs[0].state, all[i].state);
	}
}

static void test_a_list(void **state)
{
	char body[6000] = "{\"calls\":[";

	(void)state;
	for (int i = 0; i < 60; i++) /* a page has 50: what is more is not kept */
		snprintf(body + strlen(body), sizeof(body) - strlen(body), "%s{\"sid\":\"%s\",\"answered_by\":\"human\"}", i ? "," : "", i == 3 ? "no sid!" : "CA7");
	strcat(body, "],\"next_page_uri\":null}");
	assert_int_equal(read_as(200, NULL, body, false), CARRIER_DONE);
	assert_int_equal(reply.leg_count, CARRIER_LEGS_MAX);
	assert_string_equal(reply.legs[0].answered_by, "human");
	assert_int_equal(read_as(200, NULL, "{\"calls\":[]}", false), CARRIER_DONE);
	assert_int_equal(reply.leg_count, 0);
	assert_int_equal(read_as(200, NULL, "{\"sid\":\"CA1\"}", false), CARRIER_UNKNOWN);
}

/* Whether a call may be asked for again hangs on this. */
static void test_verdicts(void **state)
{
	(void)state;
	assert_int_equal(read_as(400, NULL, "{\"code\":21211,\"message\":\"The 'To' number\\u0007 is no number.\",\"status\":400}", true), CARRIER_REFUSED);
	assert_int_equal(reply.code, 21211);
	assert_string_equal(reply.why, "The 'To' number is no number.");
	assert_int_equal(read_as(401, NULL, "{\"code\":20003}", true), CARRIER_REFUSED);
	assert_int_equal(read_as(403, NULL, "forbidden", true), CARRIER_REFUSED);
	assert_int_equal(reply.code, 403); /* no code: the status */
	assert_int_equal(read_as(429, "7", "{\"code\":20429}", true), CARRIER_LATER);
	assert_int_equal(reply.wait_s, 7);
	assert_int_equal(read_as(429, "Wed, 21 Oct 2015 07:28:00 GMT", "", true), CARRIER_LATER);
	assert_int_equal(reply.wait_s, 0);
	assert_int_equal(read_as(429, "99999999", "", true), CARRIER_LATER);
	assert_int_equal(reply.wait_s, 3600);
	assert_int_equal(read_as(404, NULL, "{\"code\":20404}", true), CARRIER_GONE);
	assert_int_equal(read_as(400, NULL, "{\"code\":21220}", true), CARRIER_GONE);
	assert_int_equal(read_as(500, NULL, "", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(500, NULL, "{\"code\":20404}", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(503, "1", "{\"code\":20429}", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(408, NULL, "", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(302, NULL, "", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(201, NULL, "", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(201, NULL, "[1]", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(201, NULL, "{\"sid\":\"\"}", true), CARRIER_UNKNOWN);
	assert_int_equal(read_as(201, NULL, "{\"sid\":\"CA1\",\"sid\":\"CA2\"}", true), CARRIER_UNKNOWN);
}

static void test_dates(void **state)
{
	(void)state;
	assert_int_equal(twilio_date_ms("Thu, 01 Jan 2026 00:00:00 +0000"), 1767225600000);
	assert_int_equal(twilio_date_ms(NULL), 0);
	assert_int_equal(twilio_date_ms(""), 0);
	assert_int_equal(twilio_date_ms("2026-01-01T00:00:00Z"), 0);
	assert_int_equal(twilio_date_ms("Thu, 01 anF 2026 00:00:00 +0000"), 0);
	assert_int_equal(twilio_date_ms("Thu, 99 Jan 2026 00:00:00 +0000"), 0);
}

/* ------------------------------------------------------------------ webhooks */

static enum err hear(const char *body, struct carrier_leg *leg)
{
	struct http_pairs form;
	const struct carrier_webhook w = { .form = &form };
	enum err err;

	assert_int_equal(http_pairs_parse(&form, body, strlen(body)), ERR_NONE);
	err = twilio_hear(&w, leg);
	http_pairs_free(&form);
	return err;
}

static void test_what_webhooks_tell(void **state)
{
	struct carrier_leg leg;

	(void)state;
	assert_int_equal(hear("CallSid=" LEG "&AccountSid=" ACCOUNT "&CallStatus=busy&SipResponseCode=486&SequenceNumber=2", &leg), ERR_NONE);
	assert_int_equal(leg.state, LEG_BUSY);
	assert_int_equal(leg.code, 486);
	assert_string_equal(leg.call, LEG);
	assert_int_equal(hear("CallSid=" LEG "&AccountSid=" ACCOUNT "&AnsweredBy=machine_start&MachineDetectionDuration=3000", &leg), ERR_NONE);
	assert_int_equal(leg.state, LEG_ASKED);
	assert_string_equal(leg.answered_by, "machine_start");
	assert_int_equal(hear("CallSid=" LEG "&AccountSid=" ACCOUNT "&AnsweredBy=%3Cb%3E", &leg), ERR_NONE);
	assert_string_equal(leg.answered_by, "");
	assert_int_equal(hear("CallSid=" LEG, &leg), ERR_FORMAT);
	assert_int_equal(hear("AccountSid=" ACCOUNT "&CallSid=a%2Fb", &leg), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_call_is_placed, begin, end),
		cmocka_unit_test_setup_teardown(test_machines_are_looked_for_beside_the_call, begin, end),
		cmocka_unit_test_setup_teardown(test_the_other_requests, begin, end),
		cmocka_unit_test(test_the_key_is_a_header),
		cmocka_unit_test(test_a_leg),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_a_list),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_what_webhooks_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
