/* Calls out: asked for once, found again after a death, and ended whatever happens. The carrier's REST is a server of this test. */
#include "callskit.h"

#define TO  "+14155550199"
#define TO2 "+14155550188"

enum { LEGS_MAX = 24 };

/* What the carrier has, and how it answers. */
static struct {
	struct http_server *server;
	char url[64];
	unsigned int asked, looked, listed, ended; /* requests */
	unsigned int legs;                          /* that ring, or rang */
	char to[LEGS_MAX][32];
	const char *status;                         /* of each, now */
	unsigned int refuse;                        /* this HTTP status, without a leg, */
	unsigned int refusals;                      /* so often; */
	bool fails_after;                           /* … or with one */
	bool holds;                                 /* does not answer */
	struct http_request *held;
	char form[3000], authorization[200];
	uint64_t made_ms;
} twilio;

static char call[CALL_ID_MAX];

/* ------------------------------------------------------------------ the carrier's REST */

static void put_leg(struct buf *b, unsigned int n)
{
	time_t s = (time_t)(twilio.made_ms / 1000);
	struct tm tm;
	char date[60];

	gmtime_r(&s, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_printf(b, "{\"sid\":\"CA%032u\",\"account_sid\":\"" ACCOUNT "\",\"to\":\"%s\",\"from\":\"" NUMBER_A "\",\"status\":\"%s\","
		"\"direction\":\"outbound-api\",\"date_created\":\"%s\"}", n, twilio.to[n], twilio.status, date);
}

static void reply_leg(struct http_request *r, unsigned int status, unsigned int n)
{
	struct buf b;

	buf_init(&b, 4096);
	put_leg(&b, n);
	http_reply_json(r, status, &b);
	buf_fini(&b);
}

static void on_place(struct http_request *r, void *arg)
{
	struct http_pairs form;
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	twilio.asked++;
	snprintf(twilio.form, sizeof(twilio.form), "%.*s", (int)len, body);
	snprintf(twilio.authorization, sizeof(twilio.authorization), "%s", http_header(r, "Authorization"));
	if (twilio.refusals) {
		twilio.refusals--;
		http_reply_as(r, twilio.refuse, "application/json", "{\"code\":21211}", 14);
		return;
	}
	assert_int_equal(http_form(r, &form), ERR_NONE);
	snprintf(twilio.to[++twilio.legs], sizeof(twilio.to[0]), "%s", http_pairs_find(&form, "To"));
	http_pairs_free(&form);
	twilio.made_ms = k->now_ms;
	if (twilio.holds)
		twilio.held = r;
	else if (twilio.fails_after)
		http_reply_as(r, 500, "text/plain", "oh", 2);
	else
		reply_leg(r, 201, twilio.legs);
}

static void on_list(struct http_request *r, void *arg)
{
	struct buf b;

	(void)arg;
	twilio.listed++;
	buf_init(&b, 16384);
	buf_text(&b, "{\"calls\":[");
	for (unsigned int n = 1; n <= twilio.legs; n++) {
		if (strcmp(twilio.to[n], http_query(r, "To")) != 0)
			continue;
		if (b.data[b.len - 1] == '}')
			buf_byte(&b, ',');
		put_leg(&b, n);
	}
	buf_text(&b, "]}");
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static unsigned int leg_of(const struct http_request *r)
{
	return (unsigned int)strtoul(http_param(r, "leg") + 2, NULL, 10);
}

static void on_look(struct http_request *r, void *arg)
{
	(void)arg;
	twilio.looked++;
	if (twilio.refuse == 404)
		http_reply_as(r, 404, "application/json", "{\"code\":20404}", 14);
	else
		reply_leg(r, 200, leg_of(r));
}

static void on_end(struct http_request *r, void *arg)
{
	(void)arg;
	twilio.ended++;
	twilio.status = "completed";
	reply_leg(r, 200, leg_of(r));
}

static const struct http_route rest_routes[] = {
	{ HTTP_POST, "/2010-04-01/Accounts/" ACCOUNT "/Calls.json", on_place, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/" ACCOUNT "/Calls.json", on_list, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/" ACCOUNT "/Calls/:leg", on_look, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/2010-04-01/Accounts/" ACCOUNT "/Calls/:leg", on_end, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static int begin(void **state)
{
	kit_begin(state);
	memset(&twilio, 0, sizeof(twilio));
	twilio.status = "queued";
	twilio.server = kit_serve(&k->bearer);
	assert_int_equal(http_server_mount(twilio.server, rest_routes, NULL), ERR_NONE);
	snprintf(twilio.url, sizeof(twilio.url), "http://127.0.0.1:%u", http_server_port(twilio.server));
	k->carrier_url = twilio.url;
	kit_restart();
	shop_set_secret(&k->s, k->s.w.a, "twilio.account_sid", ACCOUNT);
	worker_has_none("w1");
	return 0;
}

static int end(void **state)
{
	if (twilio.held)
		http_reply(twilio.held, 500, NULL, NULL, 0);
	http_server_close(&twilio.server, NULL, NULL);
	return kit_end(state);
}

/* ------------------------------------------------------------------ the house */

static unsigned int post(struct got *g, const char *body, const char *key)
{
	char line[300];
	const char *headers[] = { bearer_person("acme", "operator"), "Content-Type: application/json", key ? line : NULL, NULL };

	snprintf(line, sizeof(line), "Idempotency-Key: %s", key ? key : "");
	kit_start(g, HTTP_POST, "/v1/calls", headers, body, strlen(body));
	kit_wait(g);
	return g->status;
}

#define BODY_TO(to) "{\"to\":\"" to "\",\"rulebook\":\"shop\"}"

static void idle(void) { kit_until(!k->calls->dials); }

/* The attempt is made, and the carrier has been asked as far as that goes. */
static void dial(void)
{
	struct got g = { .done = 0 };

	assert_int_equal(post(&g, BODY_TO(TO), NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	got_drop(&g);
	if (!twilio.holds)
		idle();
	else
		kit_until(twilio.held);
}

static void sweep_later(uint64_t ms)
{
	clock_pass(ms);
	worker_has_none("w1");
	kit_sweep();
	idle();
}

/* "ended busy busy": the call's state and reason, and the leg's state. */
static const char *how(void)
{
	static char text[200];
	struct got g = { .done = 0 };
	const json_t *d;

	assert_int_equal(call_get(&g, call), 200);
	d = json_object_get(g.json, "dial");
	snprintf(text, sizeof(text), "%s %s %s", got_text(&g, "state"), got_text(&g, "reason"), json_string_value(json_object_get(d, "state")));
	got_drop(&g);
	return text;
}

static const char *dial_text(const char *member)
{
	static char text[200];
	struct got g = { .done = 0 };
	const json_t *value;

	assert_int_equal(call_get(&g, call), 200);
	value = json_object_get(json_object_get(g.json, "dial"), member);
	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(value));
	else
		snprintf(text, sizeof(text), "%s", json_string_value(value));
	got_drop(&g);
	return text;
}

/* ------------------------------------------------------------------ its webhooks */

static unsigned int told_as(struct got *g, const char *hook, const char *id, unsigned int leg, const char *more, const char *secret)
{
	char path[200], body[600];

	snprintf(path, sizeof(path), "/webhooks/twilio/%s?call=%s", hook, id);
	snprintf(body, sizeof(body), "AccountSid=" ACCOUNT "&CallSid=CA%032u&%s", leg, more);
	return hook_form(g, path, body, secret);
}

static void told(const char *status)
{
	struct got g = { .done = 0 };
	char more[100];

	snprintf(more, sizeof(more), "CallStatus=%s", status);
	assert_int_equal(told_as(&g, "status", call, 1, more, SECRET_A), 200);
	got_drop(&g);
}

/* The callee answers: the token of the offer. */
static const char *answers(struct got *g)
{
	assert_int_equal(told_as(g, "voice", call, 1, "CallStatus=in-progress&Direction=outbound-api", SECRET_A), 200);
	return offer_token(g);
}

static void attach_leg(struct got *g, const char *token)
{
	assert_int_equal(attach_of(g, "w1", token, "twilio", ACCOUNT, "CA00000000000000000000000000000001"), 200);
}

/* ------------------------------------------------------------------ whole calls */

static void test_a_whole_call(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	dial();
	assert_int_equal(twilio.asked, 1);
	assert_string_equal(twilio.authorization, "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==");
	assert_non_null(strstr(twilio.form, "To=%2B14155550199&From=%2B15550100&Url=https%3A%2F%2Fcalls.example.com%2Fwebhooks%2Ftwilio%2Fvoice%3Fcall%3D"));
	assert_non_null(strstr(twilio.form, call));
	assert_non_null(strstr(twilio.form, "Timeout=25&Record=false"));
	assert_string_equal(how(), "waiting  queued");
	told("ringing");
	assert_string_equal(how(), "waiting  ringing");
	snprintf(token, sizeof(token), "%s", answers(&g));
	assert_non_null(strstr(g.body, "/webhooks/twilio/after?call="));
	assert_string_equal(how(), "waiting  answered");
	attach_leg(&g, token);
	assert_string_equal(got_text(&g, "direction"), "outbound");
	assert_string_equal(got_text(&g, "call"), call);
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	assert_int_equal(told_as(&g, "after", call, 1, "CallStatus=in-progress", SECRET_A), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	told("completed");
	assert_string_equal(how(), "ended agent completed");
	assert_string_equal(call_outcome(call), "done success");
	sweep_later(20000);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_int_equal(twilio.asked + twilio.looked + twilio.listed, 1);
	got_drop(&g);
}

/* While it rings a worker is told to prepare it, gets what it needs, and is the one that is offered, though another has less to do. */
static void test_it_is_prepared_while_it_rings(void **state)
{
	struct got g = { .done = 0 };
	char path[200], token[KIT_TOKEN_MAX];

	(void)state;
	dial();
	kit_until(k->prepares);
	assert_string_equal(k->prepare_call, call);
	assert_string_equal(k->prepare_body, "{\"for_ms\":40000}");
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/pinned", call);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"worker\":\"w1\"}"), 200);
	assert_string_equal(got_text(&g, "call"), call);
	assert_int_equal(got_number(&g, "epoch"), 1);
	assert_int_equal(got_number(&g, "began_ms_ago"), 0);
	assert_true(*got_text(&g, "brief") && json_is_null(json_object_get(g.json, "snapshot")));
	assert_string_equal(how(), "waiting  queued"); /* nothing was taken */
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"worker\":\"w2\"}"), 403);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{}"), 403);
	assert_int_equal(ask_as_person(&g, "admin", HTTP_POST, path, "{\"worker\":\"w1\"}"), 401);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, "/internal/v1/calls/00000000000000000000000000000001/pinned", "{\"worker\":\"w1\"}"), 404);
	worker_says("w1", 5, 10, "{}");
	worker_has_none("w2");
	kit_restart(); /* the record says who, not this process */
	worker_says("w1", 5, 10, "{}");
	worker_has_none("w2");
	snprintf(token, sizeof(token), "%s", answers(&g));
	worker_says("w1", 5, 10, "{}");
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"worker\":\"w1\"}"), 200);
	attach_leg(&g, token);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, path, "{\"worker\":\"w1\"}"), 409);
	assert_string_equal(got_error(&g), "begun");
	got_drop(&g);
}

static void test_calls_that_come_to_nothing(void **state)
{
	static const char *const all[][2] = { { "busy", "ended busy busy" }, { "no-answer", "ended no_answer no_answer" }, { "failed", "ended failed failed" },
		{ "canceled", "ended canceled canceled" }, { "completed", "ended unanswered completed" } };
	struct got g = { .done = 0 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char more[100];

		dial();
		snprintf(more, sizeof(more), "CallStatus=%s&SipResponseCode=486", all[i][0]);
		assert_int_equal(told_as(&g, "status", call, i + 1, more, SECRET_A), 200);
		assert_string_equal(how(), all[i][1]);
		assert_string_equal(dial_text("code"), "486");
	}
	got_drop(&g);
}

static void test_who_answered_is_recorded(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	dial();
	assert_non_null(strstr(twilio.form, "&MachineDetection=Enable&AsyncAmd=true&AsyncAmdStatusCallback="));
	answers(&g);
	assert_int_equal(told_as(&g, "status", call, 1, "AnsweredBy=machine_start&MachineDetectionDuration=2900", SECRET_A), 200);
	assert_string_equal(dial_text("answered_by"), "machine_start");
	assert_string_equal(how(), "waiting  answered");
	told("completed");
	assert_int_equal(told_as(&g, "status", call, 1, "AnsweredBy=human", SECRET_A), 200);
	assert_string_equal(dial_text("answered_by"), "machine_start");
	got_drop(&g);
}

/* P22: the carrier's verdict goes to the worker that has the call, once; one that attaches later is told then. */
static void test_P22_who_answered_reaches_the_worker(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	dial();
	snprintf(token, sizeof(token), "%s", answers(&g));
	attach_leg(&g, token);
	assert_null(strstr(g.body, "answered_by"));
	k->orders = 0;
	k->order_status = 204;
	assert_int_equal(told_as(&g, "status", call, 1, "AnsweredBy=machine_start", SECRET_A), 200);
	assert_int_equal(k->orders, 1);
	assert_string_equal(k->order_body, "{\"order\":\"answered\",\"text\":\"machine_start\"}");
	assert_string_equal(k->order_call, call);
	assert_int_equal(told_as(&g, "status", call, 1, "AnsweredBy=machine_start", SECRET_A), 200);
	assert_int_equal(k->orders, 1);
	dial();
	assert_int_equal(told_as(&g, "voice", call, 2, "CallStatus=in-progress&Direction=outbound-api", SECRET_A), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(told_as(&g, "status", call, 2, "AnsweredBy=human", SECRET_A), 200);
	assert_int_equal(k->orders, 1);
	assert_int_equal(attach_of(&g, "w1", token, "twilio", ACCOUNT, "CA00000000000000000000000000000002"), 200);
	assert_string_equal(got_text(&g, "answered_by"), "human");
	got_drop(&g);
}

/* A worker that does not know the call, or is gone, keeps no carrier waiting for its answer. */
static void test_P22_a_worker_that_is_gone_is_not_told(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	dial();
	snprintf(token, sizeof(token), "%s", answers(&g));
	attach_leg(&g, token);
	k->order_status = 404;
	assert_int_equal(told_as(&g, "status", call, 1, "AnsweredBy=machine_start", SECRET_A), 200);
	assert_string_equal(dial_text("answered_by"), "machine_start");
	k->order_status = 204;
	got_drop(&g);
}

/* ------------------------------------------------------------------ webhooks: repeated, out of order, forged */

static void test_F22_F23_in_any_order(void **state)
{
	static const char *const names[] = { "initiated", "ringing", "in-progress", "completed" };
	static const unsigned char orders[][6] = { { 0, 1, 2, 3, 3, 0 }, { 3, 2, 1, 0, 3, 3 }, { 2, 3, 0, 1, 2, 3 }, { 1, 1, 3, 2, 2, 0 } };
	struct got g = { .done = 0 };

	(void)state;
	for (unsigned int o = 0; o < 4; o++) {
		unsigned int highest = 0;

		dial();
		for (size_t i = 0; i < 6; i++) {
			static const char *const seen[] = { "waiting  queued", "waiting  ringing", "waiting  answered", "ended unanswered completed" };
			char more[100];

			snprintf(more, sizeof(more), "CallStatus=%s", names[orders[o][i]]);
			assert_int_equal(told_as(&g, "status", call, o + 1, more, SECRET_A), 200);
			highest = orders[o][i] > highest ? orders[o][i] : highest;
			assert_string_equal(how(), seen[highest]);
		}
	}
	got_drop(&g);
}

static void test_F23_an_end_stays(void **state)
{
	(void)state;
	dial();
	told("no-answer");
	told("completed");
	told("busy");
	assert_string_equal(how(), "ended no_answer no_answer");
}

static void test_F22_forged(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	dial();
	assert_int_equal(told_as(&g, "status", call, 1, "CallStatus=busy", "another secret"), 403);
	assert_int_equal(told_as(&g, "status", call, 1, "CallStatus=busy", SECRET_B), 403);
	assert_int_equal(told_as(&g, "status", "0123456789abcdef0123456789abcdef", 1, "CallStatus=busy", SECRET_A), 403);
	assert_int_equal(told_as(&g, "status", "..", 1, "CallStatus=busy", SECRET_A), 403);
	assert_int_equal(told_as(&g, "voice", call, 1, "CallStatus=in-progress", SECRET_B), 403);
	assert_string_equal(how(), "waiting  queued");
	got_drop(&g);
}

/* The attempt has one leg. Another one under its name is given nothing, whatever it tells. */
static void test_N2_another_leg(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	dial();
	assert_int_equal(told_as(&g, "voice", call, 2, "CallStatus=in-progress", SECRET_A), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_int_equal(told_as(&g, "status", call, 2, "CallStatus=busy", SECRET_A), 200);
	assert_string_equal(how(), "waiting  queued");
	got_drop(&g);
}

/* ------------------------------------------------------------------ once, whatever dies (F03, N2) */

static void test_F03_killed_between_request_and_record(void **state)
{
	(void)state;
	twilio.holds = true;
	dial();
	kit_restart();
	twilio.holds = false;
	assert_string_equal(how(), "waiting  asked");
	sweep_later(1000);
	assert_int_equal(twilio.listed, 0); /* the carrier may still be at it */
	twilio.status = "ringing";
	sweep_later(20000);
	assert_string_equal(how(), "waiting  ringing");
	assert_int_equal(twilio.asked, 1);
	assert_int_equal(twilio.legs, 1);
	told("busy");
	assert_string_equal(how(), "ended busy busy");
}

/* … and before the carrier got it: then nobody's phone rings at all. */
static void test_F03_killed_before_the_request(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	twilio.holds = true;
	dial();
	twilio.legs = 0;
	kit_restart();
	sweep_later(20000);
	assert_string_equal(how(), "waiting  asked");
	sweep_later(DIAL_UNKNOWN_MS);
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "not_placed");
	assert_int_equal(twilio.asked, 1);
	assert_int_equal(told_as(&g, "voice", call, 1, "CallStatus=in-progress", SECRET_A), 200); /* it was there after all */
	assert_non_null(strstr(g.body, "<Hangup/>"));
	got_drop(&g);
}

/* The leg answers before anybody has found it: its webhook names the attempt. */
static void test_F03_the_leg_comes_by_itself(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	twilio.holds = true;
	dial();
	kit_restart();
	worker_has_none("w1");
	attach_leg(&g, answers(&g));
	assert_string_equal(how(), "live  answered");
	assert_int_equal(twilio.asked, 1);
	got_drop(&g);
}

static void test_N2_an_unknown_outcome_is_looked_up(void **state)
{
	(void)state;
	twilio.fails_after = true;
	dial();
	assert_string_equal(how(), "waiting  asked");
	twilio.status = "no-answer";
	sweep_later(20000);
	assert_string_equal(how(), "ended no_answer no_answer");
	assert_int_equal(twilio.asked, 1);
}

/* The only leg to that number is the one of another attempt. */
static void test_N2_the_leg_of_another_attempt(void **state)
{
	char first[CALL_ID_MAX];

	(void)state;
	twilio.refuse = 503;
	twilio.refusals = 1;
	dial();
	memcpy(first, call, sizeof(first));
	clock_pass(1000);
	dial();
	assert_string_equal(how(), "waiting  queued");
	memcpy(call, first, sizeof(call));
	sweep_later(20000);
	assert_string_equal(how(), "waiting  asked");
	assert_int_equal(twilio.listed, 1);
	sweep_later(DIAL_UNKNOWN_MS);
	assert_string_equal(how(), "ended failed failed");
}

/* Two attempts to one number of which nobody knows the leg: it is not guessed. */
static void test_N2_two_that_are_not_known(void **state)
{
	char first[CALL_ID_MAX];
	struct got g = { .done = 0 };

	(void)state;
	twilio.fails_after = true;
	dial();
	memcpy(first, call, sizeof(first));
	twilio.refuse = 503;
	twilio.refusals = 1;
	dial();
	sweep_later(20000);
	assert_string_equal(how(), "waiting  asked");
	memcpy(call, first, sizeof(call));
	assert_string_equal(how(), "waiting  asked");
	assert_int_equal(told_as(&g, "status", call, 1, "CallStatus=ringing", SECRET_A), 200); /* the carrier says whose it is */
	assert_string_equal(how(), "waiting  ringing");
	got_drop(&g);
}

static void test_the_same_request_twice(void **state)
{
	struct got g = { .done = 0 };
	char first[CALL_ID_MAX];

	(void)state;
	assert_int_equal(post(&g, BODY_TO(TO), "order-7"), 202);
	snprintf(first, sizeof(first), "%s", got_text(&g, "call"));
	idle();
	assert_int_equal(post(&g, BODY_TO(TO), "order-7"), 202);
	assert_string_equal(got_text(&g, "call"), first);
	kit_restart();
	worker_has_none("w1");
	assert_int_equal(post(&g, BODY_TO(TO), "order-7"), 202);
	assert_string_equal(got_text(&g, "call"), first);
	assert_string_equal(got_text(&g, "state"), "queued");
	assert_int_equal(post(&g, BODY_TO(TO2), "order-7"), 422);
	assert_string_equal(got_error(&g), "key_used");
	assert_int_equal(post(&g, BODY_TO(TO), "order-8"), 202);
	assert_string_not_equal(got_text(&g, "call"), first);
	idle();
	assert_int_equal(twilio.asked, 2);
	got_drop(&g);
}

/* ------------------------------------------------------------------ what the carrier says */

static void test_too_much_to_do(void **state)
{
	(void)state;
	twilio.refuse = 429;
	twilio.refusals = 2;
	dial();
	assert_int_equal(twilio.asked, 3);
	assert_int_equal(twilio.legs, 1);
	assert_string_equal(how(), "waiting  queued");
}

/* It stays so, and the attempt ends before anybody else may take it for lost. */
static void test_too_much_to_do_for_too_long(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	twilio.refuse = 429;
	twilio.refusals = 1000;
	assert_int_equal(post(&g, BODY_TO(TO), NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	kit_until(twilio.asked);
	clock_pass(DIAL_PLACE_MS + 1);
	idle();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "busy_carrier");
	got_drop(&g);
}

/* A person ends it before the carrier has taken it. */
static void test_ended_before_it_rings(void **state)
{
	struct got g = { .done = 0 };
	char path[100];

	(void)state;
	twilio.refuse = 429;
	twilio.refusals = 1000;
	assert_int_equal(post(&g, BODY_TO(TO), NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	kit_until(twilio.asked);
	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, path, NULL), 204);
	idle();
	assert_string_equal(how(), "ended order canceled");
	assert_int_equal(twilio.legs, 0);
	got_drop(&g);
}

/* Nothing was sent: nobody needs to be looked for. */
static void test_a_carrier_that_is_not_there(void **state)
{
	(void)state;
	k->carrier_url = "http://127.0.0.1:1";
	kit_restart();
	worker_has_none("w1");
	dial();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "unreachable");
}

static void test_refused(void **state)
{
	(void)state;
	twilio.refuse = 400;
	twilio.refusals = 1;
	dial();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("code"), "21211");
	assert_string_equal(dial_text("why"), "refused");
	sweep_later(20000);
	assert_int_equal(twilio.asked, 1);
	assert_int_equal(twilio.listed, 0);
}

static void test_no_key(void **state)
{
	unsigned int done = 0;

	(void)state;
	assert_int_equal(secrets_remove(k->s.secrets, NULL, k->s.w.a, "twilio.auth_token", shop_stored, &done), ERR_NONE);
	kit_until(done);
	dial();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "no_key");
	assert_int_equal(twilio.asked, 0);
}

/* ------------------------------------------------------------------ a final state, whatever happens */

static void test_webhooks_that_never_come(void **state)
{
	(void)state;
	dial();
	twilio.status = "ringing";
	sweep_later(20000);
	assert_string_equal(how(), "waiting  ringing");
	assert_int_equal(twilio.looked, 1);
	twilio.status = "busy";
	sweep_later(20000);
	assert_string_equal(how(), "ended busy busy");
	sweep_later(20000);
	assert_int_equal(twilio.looked, 2);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
}

static void test_a_leg_that_the_carrier_forgot(void **state)
{
	(void)state;
	dial();
	twilio.refuse = 404;
	sweep_later(20000);
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "unknown");
}

static void test_a_carrier_that_is_away_for_hours(void **state)
{
	(void)state;
	dial();
	k->carrier_url = "http://127.0.0.1:1";
	kit_restart();
	sweep_later(20000);
	assert_string_equal(how(), "waiting  queued");
	sweep_later(DIAL_GIVE_UP_MS);
	assert_string_equal(how(), "ended failed failed");
}

/* A person ends it while it rings: so does the carrier. */
static void test_ended_while_it_rings(void **state)
{
	struct got g = { .done = 0 };
	char path[100];

	(void)state;
	dial();
	twilio.status = "ringing";
	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, path, NULL), 204);
	idle();
	assert_int_equal(twilio.ended, 1);
	assert_string_equal(how(), "ended order completed");
	got_drop(&g);
}

/* A store that is full behind the carrier's answer: what it said is found out again. */
static void test_a_store_that_fails_behind_the_answer(void **state)
{
	(void)state;
	twilio.holds = true;
	dial();
	k->gate.refuse_puts = ERR_FULL;
	reply_leg(twilio.held, 201, 1);
	twilio.held = NULL;
	idle();
	k->gate.refuse_puts = ERR_NONE;
	twilio.holds = false;
	assert_string_equal(how(), "waiting  asked");
	sweep_later(20000);
	assert_string_equal(how(), "waiting  queued");
	assert_int_equal(twilio.asked, 1);
}

/* ------------------------------------------------------------------ who may, and what is refused */

static void test_refusals(void **state)
{
	static const struct {
		const char *body;
		unsigned int status;
		const char *code;
	} all[] = {
		{ "{}", 400, "bad_request" },
		{ "{\"to\":7,\"rulebook\":\"shop\"}", 400, "bad_request" },
		{ "{\"to\":\"" TO "\",\"rulebook\":\"shop\",\"variables\":[]}", 400, "bad_request" },
		{ BODY_TO("911"), 422, "bad_number" },
		{ BODY_TO("4155550199"), 422, "bad_number" },
		{ BODY_TO("+1415555019"), 422, "bad_number" },
		{ BODY_TO("+19115550199"), 422, "bad_number" },
		{ BODY_TO("+14159110199"), 422, "bad_number" },
		{ BODY_TO("+0155501990"), 422, "bad_number" },
		{ BODY_TO("+1415555019x"), 422, "bad_number" },
		{ BODY_TO("+14155550199000000"), 422, "bad_number" },
		{ BODY_TO("sip:a@example.com"), 422, "bad_number" },
		{ "{\"to\":\"" TO "\",\"rulebook\":\"none\"}", 422, "unfit" },
		{ "{\"to\":\"" TO "\",\"rulebook\":\"shop\",\"variables\":{\"no\":\"1\"}}", 422, "unfit" },
		{ "{\"to\":\"" TO "\",\"rulebook\":\"shop\",\"from\":\"" NUMBER_B "\"}", 422, "no_number" }, /* another tenant's */
		{ "{\"to\":\"" TO "\",\"rulebook\":\"shop\",\"from\":\"x\"}", 422, "bad_number" },
	};
	struct got g = { .done = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(post(&g, all[i].body, NULL), all[i].status);
		assert_string_equal(got_error(&g), all[i].code);
	}
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_POST, "/v1/calls", BODY_TO(TO)), 403);
	assert_int_equal(documents_of(tenant_house(), "call/"), 0);
	assert_int_equal(twilio.asked, 0);
	got_drop(&g);
}

static void test_the_number_is_masked(void **state)
{
	struct got g = { .done = 0 };
	char path[100];

	(void)state;
	assert_int_equal(post(&g, "{\"to\":\"+1 (415) 555-0199\",\"rulebook\":\"shop\",\"from\":\"+1 555 0100\"}", NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	idle();
	assert_string_equal(dial_text("to"), "+*******0199");
	snprintf(path, sizeof(path), "/v1/calls/%s", call);
	assert_int_equal(ask_as_person(&g, "reveal", HTTP_GET, path, NULL), 200);
	assert_string_equal(json_string_value(json_object_get(json_object_get(g.json, "dial"), "to")), TO);
	got_drop(&g);
}

static void test_nobody_could_take_it(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS + 1);
	assert_int_equal(post(&g, BODY_TO(TO), NULL), 503);
	assert_string_equal(got_error(&g), "no_worker");
	assert_int_equal(twilio.asked, 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ call-backs */

static void schedules(struct got *g, unsigned int turn, const char *arguments)
{
	assert_int_equal(tool_built_in(g, call, turn, "schedule_callback", arguments), 200);
}

/* A call out in which one is agreed on for tomorrow at ten, and which has ended. */
static void agreed(unsigned int leg)
{
	struct got g = { .done = 0 };
	char sid[CARRIER_ID_MAX];

	dial();
	snprintf(sid, sizeof(sid), "CA%032u", leg);
	assert_int_equal(told_as(&g, "voice", call, leg, "CallStatus=in-progress&Direction=outbound-api", SECRET_A), 200);
	assert_int_equal(attach_of(&g, "w1", offer_token(&g), "twilio", ACCOUNT, sid), 200);
	schedules(&g, 1, "{\"day\":\"2026-11-24\",\"time\":\"10:00\"}");
	assert_string_equal(got_text(&g, "text"), "{\"done\":true}");
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	assert_int_equal(told_as(&g, "status", call, leg, "CallStatus=completed", SECRET_A), 200);
	got_drop(&g);
}

static uint64_t until_due(void) { return k->midnight_ms + 34 * 3600000ull - k->now_ms; }

static void test_a_call_back_is_placed_once_when_it_is_due(void **state)
{
	(void)state;
	agreed(1);
	sweep_later(20000);
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	sweep_later(until_due() - 1);
	assert_int_equal(twilio.asked, 1);
	kit_restart();
	sweep_later(1);
	kit_until(!k->calls->asks);
	idle();
	assert_int_equal(twilio.asked, 2);
	assert_string_equal(twilio.to[2], TO);
	for (unsigned int i = 0; i < 3; i++)
		sweep_later(1000);
	assert_int_equal(twilio.asked, 2);
	assert_int_equal(documents_of(k->s.w.a, "call/"), 2);
	assert_int_equal(documents_of(tenant_house(), "open/"), 1); /* the new one's */
}

/* However often it is asked for under one key; another request is another time. */
static void test_the_last_time_agreed_on_counts(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	dial();
	attach_leg(&g, answers(&g));
	schedules(&g, 1, "{\"day\":\"2026-11-24\",\"time\":\"10:00\"}");
	schedules(&g, 1, "{\"day\":\"2026-11-24\",\"time\":\"10:00\"}");
	schedules(&g, 1, "{\"day\":\"2026-11-23\",\"time\":\"10:00\"}");
	assert_string_equal(got_text(&g, "status"), "error"); /* something else under the same key */
	schedules(&g, 2, "{\"day\":\"2026-11-24\",\"time\":\"12:00\",\"number\":\"" TO2 "\"}");
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	told("completed");
	sweep_later(until_due());
	assert_int_equal(twilio.asked, 1);
	sweep_later(2 * 3600000);
	kit_until(!k->calls->asks);
	idle();
	assert_int_equal(twilio.asked, 2);
	assert_string_equal(twilio.to[2], TO2);
	got_drop(&g);
}

/* Another time under the key of the first, and the first once more behind another, are none. */
static void test_a_time_is_agreed_on_once_under_a_key(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	dial();
	attach_leg(&g, answers(&g));
	schedules(&g, 1, "{\"day\":\"2026-11-24\",\"time\":\"09:00\"}");
	schedules(&g, 2, "{\"day\":\"2026-11-24\",\"time\":\"10:00\"}");
	schedules(&g, 1, "{\"day\":\"2026-11-24\",\"time\":\"09:00\"}");
	kit_restart();
	worker_has("w1", call, 1);
	schedules(&g, 2, "{\"day\":\"2026-11-25\",\"time\":\"10:00\",\"number\":\"" TO2 "\"}");
	assert_string_equal(got_text(&g, "status"), "error");
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	told("completed");
	sweep_later(until_due() - 1);
	kit_until(!k->calls->asks);
	idle();
	assert_int_equal(twilio.asked, 1);
	sweep_later(1);
	kit_until(!k->calls->asks);
	idle();
	assert_int_equal(twilio.asked, 2);
	assert_string_equal(twilio.to[2], TO);
	got_drop(&g);
}

static void test_times_that_cannot_be(void **state)
{
	static const char *const all[][2] = {
		{ "{\"day\":\"2026-11-22\",\"time\":\"10:00\"}", "is over" },
		{ "{\"day\":\"2026-12-04\",\"time\":\"10:00\"}", "too far ahead" },
		{ "{\"day\":\"tomorrow\",\"time\":\"10:00\"}", "is to be written" },
		{ "{\"day\":\"2026-11-24\",\"time\":\"25:00\"}", "is to be written" },
		{ "{\"day\":\"2026-11-24\",\"time\":\"10:00\",\"number\":\"911\"}", "no phone number" },
		{ "{\"day\":\"2026-11-24\"}", "is missing" },
		{ "{\"day\":7,\"time\":\"10:00\"}", "bad_arguments" },
		{ "[]", "bad_arguments" },
		{ "nothing", "bad_arguments" },
	};
	struct got g = { .done = 0 };

	(void)state;
	dial();
	attach_leg(&g, answers(&g));
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		schedules(&g, i + 1, all[i][0]);
		assert_string_equal(got_text(&g, "status"), "error");
		assert_non_null(strstr(got_text(&g, "text"), all[i][1]));
	}
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	told("completed");
	sweep_later(20000);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	got_drop(&g);
}

/* The store says no after any number of changes, and the conductor dies with it: there is one call all the same, asked for at most once. */
static void test_F03_a_call_back_that_fails_at_any_change(void **state)
{
	for (unsigned int spares = 0; spares < 9; spares++) {
		if (spares) { /* another house: what was left open there would make changes, too */
			end(state);
			begin(state);
		}
		agreed(1);
		k->gate.answers = true;
		clock_pass(34 * 3600000ull);
		worker_has_none("w1");
		k->gate.refuse_puts = ERR_IO;
		k->gate.spares = spares;
		kit_sweep();
		kit_until(!k->calls->asks && !k->calls->dials);
		kit_restart();
		k->gate.refuse_puts = ERR_NONE;
		sweep_later(1000);
		kit_until(!k->calls->asks && !k->calls->dials);
		sweep_later(1000);
		kit_until(!k->calls->asks && !k->calls->dials);
		assert_int_equal(documents_of(k->s.w.a, "call/"), 2);
		assert_int_equal(twilio.asked, 2);
	}
}

/* Its conductor dies behind the stored attempt, when the carrier has not been asked: the next one asks, once. */
static void test_F03_killed_before_anybody_asked(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	k->gate.answers = true;
	k->gate.refuse_puts = ERR_IO;
	k->gate.spares = 4; /* rule-book, index, open entry, document: not the taking of it */
	assert_int_equal(post(&g, BODY_TO(TO), NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	idle();
	assert_int_equal(twilio.asked, 0);
	kit_restart();
	k->gate.refuse_puts = ERR_NONE;
	sweep_later(1000);
	assert_int_equal(twilio.asked, 1);
	assert_string_equal(how(), "waiting  queued");
	kit_restart();
	sweep_later(20000);
	assert_int_equal(twilio.asked, 1);
	got_drop(&g);
}

/* … but not when nobody reckons with it any more. */
static void test_F03_nobody_asked_in_time(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	k->gate.answers = true;
	k->gate.refuse_puts = ERR_IO;
	k->gate.spares = 4;
	assert_int_equal(post(&g, BODY_TO(TO), NULL), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	idle();
	kit_restart();
	k->gate.refuse_puts = ERR_NONE;
	sweep_later(DIAL_PLACE_MS + 1);
	assert_int_equal(twilio.asked, 0);
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "not_placed");
	got_drop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_call, begin, end),
		cmocka_unit_test_setup_teardown(test_it_is_prepared_while_it_rings, begin, end),
		cmocka_unit_test_setup_teardown(test_calls_that_come_to_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_who_answered_is_recorded, begin, end),
		cmocka_unit_test_setup_teardown(test_P22_who_answered_reaches_the_worker, begin, end),
		cmocka_unit_test_setup_teardown(test_P22_a_worker_that_is_gone_is_not_told, begin, end),
		cmocka_unit_test_setup_teardown(test_F22_F23_in_any_order, begin, end),
		cmocka_unit_test_setup_teardown(test_F23_an_end_stays, begin, end),
		cmocka_unit_test_setup_teardown(test_F22_forged, begin, end),
		cmocka_unit_test_setup_teardown(test_N2_another_leg, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_killed_between_request_and_record, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_killed_before_the_request, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_killed_before_anybody_asked, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_nobody_asked_in_time, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_the_leg_comes_by_itself, begin, end),
		cmocka_unit_test_setup_teardown(test_N2_an_unknown_outcome_is_looked_up, begin, end),
		cmocka_unit_test_setup_teardown(test_N2_the_leg_of_another_attempt, begin, end),
		cmocka_unit_test_setup_teardown(test_N2_two_that_are_not_known, begin, end),
		cmocka_unit_test_setup_teardown(test_the_same_request_twice, begin, end),
		cmocka_unit_test_setup_teardown(test_too_much_to_do, begin, end),
		cmocka_unit_test_setup_teardown(test_too_much_to_do_for_too_long, begin, end),
		cmocka_unit_test_setup_teardown(test_ended_before_it_rings, begin, end),
		cmocka_unit_test_setup_teardown(test_a_carrier_that_is_not_there, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_no_key, begin, end),
		cmocka_unit_test_setup_teardown(test_webhooks_that_never_come, begin, end),
		cmocka_unit_test_setup_teardown(test_a_leg_that_the_carrier_forgot, begin, end),
		cmocka_unit_test_setup_teardown(test_a_carrier_that_is_away_for_hours, begin, end),
		cmocka_unit_test_setup_teardown(test_ended_while_it_rings, begin, end),
		cmocka_unit_test_setup_teardown(test_a_store_that_fails_behind_the_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_refusals, begin, end),
		cmocka_unit_test_setup_teardown(test_the_number_is_masked, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_could_take_it, begin, end),
		cmocka_unit_test_setup_teardown(test_a_call_back_is_placed_once_when_it_is_due, begin, end),
		cmocka_unit_test_setup_teardown(test_the_last_time_agreed_on_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_a_time_is_agreed_on_once_under_a_key, begin, end),
		cmocka_unit_test_setup_teardown(test_times_that_cannot_be, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_a_call_back_that_fails_at_any_change, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
