/* A call that is handed over to a person: its states, and the conductor with the carrier's REST as a server of this test, killed where it hurts. */
#include "callskit.h"

#define HUMAN     "+14155550188"
#define HUMAN_SID "CA00000000000000000000000000000077"
#define NOT_HIS   "CA00000000000000000000000000000099"

/* ------------------------------------------------------------------ the carrier's REST */

static struct {
	struct http_server *server;
	char url[64];
	unsigned int sent, placed, looked, ended; /* requests: to send the caller elsewhere, and the others */
	unsigned int refuse, refusals, code;      /* this status for that many requests to send or place */
	const char *caller;                       /* its status */
	char form[3000];
} twilio;

static char call[CALL_ID_MAX];
static struct got asking, asking_again; /* the tool: answered when it is known, or when the house is closed */

static void reply_leg(struct http_request *r, unsigned int status, const char *sid, const char *state)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_printf(&b, "{\"sid\":\"%s\",\"account_sid\":\"" ACCOUNT "\",\"status\":\"%s\",\"direction\":\"outbound-api\"}", sid, state);
	http_reply_json(r, status, &b);
	buf_fini(&b);
}

static void remember(struct http_request *r)
{
	size_t len;
	const char *body = http_body(r, &len);

	snprintf(twilio.form, sizeof(twilio.form), "%.*s", (int)len, body);
}

static bool refused(struct http_request *r)
{
	char body[40];

	if (!twilio.refusals)
		return false;
	twilio.refusals--;
	http_reply_as(r, twilio.refuse, "application/json", body, (size_t)snprintf(body, sizeof(body), "{\"code\":%u}", twilio.code));
	return true;
}

static void on_place(struct http_request *r, void *arg)
{
	(void)arg;
	twilio.placed++;
	remember(r);
	if (!refused(r))
		reply_leg(r, 201, HUMAN_SID, "queued");
}

static void on_look(struct http_request *r, void *arg)
{
	(void)arg;
	twilio.looked++;
	reply_leg(r, 200, CALL_SID, twilio.caller);
}

static void on_update(struct http_request *r, void *arg)
{
	(void)arg;
	remember(r);
	if (strstr(twilio.form, "Status=completed")) {
		assert_string_equal(http_param(r, "leg"), HUMAN_SID ".json");
		twilio.ended++;
		reply_leg(r, 200, HUMAN_SID, "completed");
		return;
	}
	twilio.sent++;
	if (!refused(r))
		reply_leg(r, 200, CALL_SID, "in-progress");
}

static const struct http_route rest_routes[] = {
	{ HTTP_POST, "/2010-04-01/Accounts/" ACCOUNT "/Calls.json", on_place, ROUTE_OPEN, 0 },
	{ HTTP_GET, "/2010-04-01/Accounts/" ACCOUNT "/Calls/:leg", on_look, ROUTE_OPEN, 0 },
	{ HTTP_POST, "/2010-04-01/Accounts/" ACCOUNT "/Calls/:leg", on_update, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

/* The shop's book with two people in it. */
static void book_write(void)
{
	static const char may[] = "may: {record_outcome: true, ";
	const char *at = strstr(shop_book, may), *odd = strstr(shop_book, "  unset: ");
	char text[sizeof(shop_book) + 400];

	assert_true(at && odd);
	snprintf(text, sizeof(text), "%.*smay: {transfer: {desk: {to: \"" HUMAN "\", how: cold, ring_s: 20, outcome: told}, "
		"boss: {to: \"" HUMAN "\", how: warm, ring_s: 20, briefing: \"A call for {company} <1>.\", outcome: told}}, record_outcome: true, %.*s%s",
		(int)(at - shop_book), shop_book, (int)(odd - at) - (int)strlen(may), at + strlen(may), strchr(odd, '\n') + 1);
	kit_book_write("shop", text);
}

static int begin(void **state)
{
	kit_begin(state);
	memset(&twilio, 0, sizeof(twilio));
	memset(&asking, 0, sizeof(asking));
	memset(&asking_again, 0, sizeof(asking_again));
	twilio.code = 21205;
	twilio.caller = "in-progress";
	twilio.server = kit_serve(&k->bearer);
	assert_int_equal(http_server_mount(twilio.server, rest_routes, NULL), ERR_NONE);
	snprintf(twilio.url, sizeof(twilio.url), "http://127.0.0.1:%u", http_server_port(twilio.server));
	k->carrier_url = twilio.url;
	book_write();
	kit_restart();
	worker_has_none("w1");
	kit_live("w1", call);
	return 0;
}

static int end(void **state)
{
	int failed;

	http_server_close(&twilio.server, NULL, NULL);
	failed = kit_end(state);
	got_drop(&asking);
	got_drop(&asking_again);
	return failed;
}

/* ------------------------------------------------------------------ what is asked */

/* A parked request that was woken is on its way, too: it notes that the call was seen when it is through. */
static bool is_idle(void)
{
	const struct ask *a = k->calls->asks;

	while (a && a->is_parked)
		a = a->next;
	return !a && !k->calls->dials;
}

static void idle(void) { kit_until(is_idle()); }

static void asks_as(struct got *g, unsigned int epoch, unsigned int turn, const char *arguments)
{
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	json_t *json = json_pack("{s:i, s:i, s:i, s:s, s:s}", "epoch", (int)epoch, "turn", (int)turn, "index", 0, "tool", "transfer", "arguments", arguments);
	char *body = json_dumps(json, 0), path[200];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/tools", call);
	kit_start(g, HTTP_POST, path, headers, body, strlen(body));
	free(body);
	json_decref(json);
}

#define DESK "{\"target\":\"desk\"}"
#define BOSS "{\"target\":\"boss\",\"note\":\"It's about <tea> & \\\"cake\\\".\"}"

/* Until the carrier was asked to send the caller on. */
static void asks(struct got *g, const char *arguments)
{
	unsigned int before = twilio.sent;

	asks_as(g, 1, 1, arguments);
	kit_until(twilio.sent > before);
	idle();
}

static unsigned int step_as(struct got *g, const char *step, const char *sid, const char *more, const char *secret)
{
	char path[200], body[600];

	snprintf(path, sizeof(path), "/webhooks/twilio/transfer?call=%s&step=%s", call, step);
	snprintf(body, sizeof(body), "AccountSid=" ACCOUNT "&CallSid=%s&%s", sid, more);
	return hook_form(g, path, body, secret);
}

/* The answer's text; borrowed until the next one. */
static const char *step(const char *step_name, const char *sid, const char *more)
{
	static struct got g;

	assert_int_equal(step_as(&g, step_name, sid, more, SECRET_A), 200);
	return g.body;
}

static const char *caller(const char *name, const char *more) { return step(name, CALL_SID, more); }
static const char *human(const char *name, const char *more) { return step(name, HUMAN_SID, more); }

#define HERE "CallStatus=in-progress"
#define OVER "CallStatus=completed"
#define HANGS_UP(answer) assert_non_null(strstr(answer, "<Response><Hangup/></Response>"))

static void sweep_later(uint64_t ms)
{
	clock_pass(ms);
	worker_has_none("w1");
	kit_sweep();
	idle();
}

/* "live  ringing": the call's state, its reason, the transfer's state. */
static const char *how(void)
{
	static char text[200];
	struct got g = { .done = 0 };

	assert_int_equal(call_get(&g, call), 200);
	assert_null(strstr(g.body, "4155550188"));
	snprintf(text, sizeof(text), "%s %s %s", got_text(&g, "state"), got_text(&g, "reason"),
		json_string_value(json_object_get(json_object_get(g.json, "transfer"), "state")));
	got_drop(&g);
	return text;
}

/* The caller is with the agent again: another worker's socket, and the tool's answer. */
static void is_back(const char *answer, const char *told)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	assert_non_null(strstr(answer, "<Connect><Stream"));
	assert_non_null(strstr(answer, "/webhooks/twilio/after?visit="));
	snprintf(g.body, sizeof(g.body), "%s", answer);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", token), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	asks_as(&g, 2, 1, told[0] == 'B' ? BOSS : DESK);
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	assert_string_equal(got_text(&g, "status"), "error");
	assert_non_null(strstr(got_text(&g, "text"), told + 1));
	got_drop(&g);
}

/* ------------------------------------------------------------------ cold */

static void test_cold_is_joined_and_ends(void **state)
{
	const char *said;

	(void)state;
	asks(&asking, DESK);
	assert_non_null(strstr(twilio.form, "step%3Dtake"));
	assert_string_equal(how(), "live  asked");
	said = caller("take", HERE);
	assert_non_null(strstr(said, "<Dial callerId=\"" NUMBER_A "\" timeout=\"20\" answerOnBridge=\"true\" action=\"" PUBLIC_URL "/webhooks/twilio/transfer?call="));
	assert_non_null(strstr(said, ">" HUMAN "</Number></Dial></Response>"));
	assert_non_null(strstr(caller("take", HERE), HUMAN)); /* its answer was lost */
	assert_string_equal(how(), "live  ringing");
	human("leg", HERE);
	assert_string_equal(how(), "live  joined");
	for (unsigned int i = 0; i < 3; i++)
		sweep_later(20000);
	assert_string_equal(how(), "live  joined"); /* nobody has it, and it is not lost */
	assert_true(twilio.looked >= 2);
	HANGS_UP(caller("take", HERE));
	HANGS_UP(caller("done", HERE "&DialCallStatus=completed&DialCallDuration=61"));
	sweep_later(1);
	assert_string_equal(how(), "ended transferred done");
	assert_string_equal(call_outcome(call), "told neutral");
	sweep_later(1);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_int_equal(twilio.sent, 1);
}

static void test_cold_and_back_once(void **state)
{
	static const char *const all[][3] = { { "busy", "live  busy", "Dline is busy" }, { "no-answer", "live  no_answer", "Dnobody answered" },
		{ "failed", "live  failed", "Dcould not be put through" }, { "nonesuch", "live  no_answer", "Dnobody answered" } };
	char more[100];

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (i) {
			end(state);
			begin(state);
		}
		asks(&asking, DESK);
		caller("take", HERE);
		snprintf(more, sizeof(more), HERE "&DialCallStatus=%s", all[i][0]);
		caller("done", more);
		is_back(caller("done", more), all[i][2]); /* said again before anybody came: the same */
		assert_string_equal(how(), all[i][1]);
		HANGS_UP(caller("done", more));
		HANGS_UP(caller("take", HERE));
		HANGS_UP(caller("back", HERE));
		}
}

static void test_the_carrier_will_not(void **state)
{
	(void)state;
	twilio.refuse = 400;
	twilio.refusals = 1;
	asks_as(&asking, 1, 1, DESK);
	kit_wait(&asking);
	assert_non_null(strstr(got_text(&asking, "text"), "could not be put through"));
	assert_string_equal(how(), "live  failed");
	is_back(caller("take", HERE), "Dcould not be put through"); /* it did all the same */
}

static void test_the_caller_has_hung_up_a_moment_ago(void **state)
{
	(void)state;
	twilio.refuse = 400;
	twilio.refusals = 1;
	twilio.code = 21220;
	asks_as(&asking, 1, 1, DESK);
	kit_wait(&asking);
	assert_int_equal(asking.status, 409);
	assert_string_equal(how(), "ended caller gone");
	HANGS_UP(caller("take", HERE));
}

static void test_nothing_can_be_asked_and_it_is_given_up(void **state)
{
	(void)state;
	twilio.refuse = 503;
	twilio.refusals = 100;
	asks_as(&asking, 1, 1, DESK);
	kit_until(twilio.sent);
	for (unsigned int i = 0; i < 12 && !asking.done; i++) {
		clock_pass(2000);
		worker_has("w1", call, 1);
		kit_sweep();
		idle();
	}
	kit_wait(&asking);
	assert_string_equal(how(), "live  failed");
	assert_non_null(strstr(got_text(&asking, "text"), "could not be put through"));
}

static void test_what_cannot_be_asked_for(void **state)
{
	static const char *const all[][2] = { { "{\"target\":\"me\"}", "bad_arguments" }, { "{}", "bad_arguments" }, { "[]", "bad_arguments" },
		{ "nothing", "bad_arguments" }, { "{\"target\":\"desk\",\"note\":7}", "bad_arguments" } };
	struct got g = { .done = 0 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		asks_as(&g, 1, i + 1, all[i][0]);
		kit_wait(&g);
		assert_int_equal(g.status, 200);
		assert_non_null(strstr(got_text(&g, "text"), all[i][1]));
	}
	k->carrier_url = NULL;
	kit_restart();
	worker_has("w1", call, 1);
	asks_as(&g, 1, 9, DESK);
	kit_wait(&g);
	assert_non_null(strstr(got_text(&g, "text"), "cannot be handed over on this line"));
	assert_int_equal(twilio.sent, 0);
	got_drop(&g);
}

static void test_who_may_say_so(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	HANGS_UP(caller("take", HERE)); /* nobody was asked */
	asks(&asking, DESK);
	assert_int_equal(step_as(&g, "take", CALL_SID, HERE, "another secret"), 403);
	assert_int_equal(step_as(&g, "done", CALL_SID, HERE "&DialCallStatus=completed", SECRET_B), 403);
	HANGS_UP(step("take", NOT_HIS, HERE));
	HANGS_UP(caller("done", HERE "&DialCallStatus=completed")); /* he has not left yet */
	assert_string_equal(how(), "live  asked");
	assert_non_null(strstr(caller("take", HERE), HUMAN));
	HANGS_UP(step("brief", HUMAN_SID, HERE)); /* a cold one has no briefing, */
	HANGS_UP(step("key", HUMAN_SID, HERE "&Digits=1"));
	HANGS_UP(step("nonesuch", CALL_SID, HERE)); /* and this is no step */
	assert_string_equal(how(), "live  ringing");
	got_drop(&g);
}

/* The conductor dies before the carrier is asked, and behind it: the caller is sent on, and the person is dialled by one answer. */
static void test_killed_while_the_caller_is_taken(void **state)
{
	(void)state;
	twilio.refuse = 500;
	twilio.refusals = 1;
	asks(&asking, DESK);
	kit_restart();
	worker_has("w1", call, 1);
	asks_as(&asking_again, 1, 1, DESK); /* the worker, under the same key */
	kit_until(k->calls->asks && k->calls->asks->is_parked);
	assert_int_equal(twilio.sent, 1);
	clock_pass(TRANSFER_AGAIN_MS);
	worker_has("w1", call, 1);
	kit_sweep();
	kit_until(twilio.sent == 2);
	idle();
	caller("take", HERE);
	kit_restart();
	worker_has_none("w1");
	sweep_later(20000);
	assert_string_equal(how(), "live  ringing");
	is_back(caller("done", HERE "&DialCallStatus=busy"), "Dline is busy");
}

/* ------------------------------------------------------------------ warm */

static void held(struct got *g)
{
	asks(g, BOSS);
	assert_non_null(strstr(caller("take", HERE), "startConferenceOnEnter=\"false\""));
	kit_until(twilio.placed);
	idle();
}

static void test_warm_is_joined(void **state)
{
	struct got g = { .done = 0 };
	const char *said;

	(void)state;
	held(&asking);
	assert_non_null(strstr(twilio.form, "To=%2B14155550188&From=%2B15550100&Url="));
	assert_non_null(strstr(twilio.form, "step%3Dbrief"));
	assert_non_null(strstr(twilio.form, "Timeout=20"));
	human("leg", "CallStatus=ringing");
	assert_string_equal(how(), "live  ringing");
	HANGS_UP(step("brief", NOT_HIS, HERE));
	said = human("brief", HERE);
	assert_non_null(strstr(said, "A call for Acme &lt;1&gt;. It&apos;s about &lt;tea&gt; &amp; &quot;cake&quot;. Press 1 to take the call.</Say></Gather>"));
	human("leg", HERE);
	assert_string_equal(how(), "live  briefed");
	HANGS_UP(step("key", NOT_HIS, HERE "&Digits=1"));
	assert_non_null(strstr(human("key", HERE "&Digits=1"), "startConferenceOnEnter=\"true\""));
	assert_non_null(strstr(human("key", HERE "&Digits=1"), "<Conference")); /* its answer was lost */
	assert_string_equal(how(), "live  joined");
	human("leg", OVER "&CallDuration=45");
	HANGS_UP(caller("done", HERE));
	sweep_later(1);
	assert_string_equal(how(), "ended transferred done");
	assert_string_equal(call_outcome(call), "told neutral");
	HANGS_UP(human("key", HERE "&Digits=1"));
	assert_int_equal(twilio.placed, 1);
	assert_int_equal(twilio.ended, 0);
	got_drop(&g);
}

static void test_warm_and_back(void **state)
{
	static const struct {
		const char *step, *more, *state, *told;
		unsigned int ended;
	} all[] = {
		{ "leg", "CallStatus=busy", "live  busy", "Bline is busy", 0 },
		{ "leg", "CallStatus=no-answer", "live  no_answer", "Bnobody answered", 0 },
		{ "leg", "CallStatus=completed", "live  no_answer", "Bnobody answered", 0 },
		{ "key", HERE, "live  refused", "Bnobody took the call", 1 },
		{ "key", HERE "&Digits=2", "live  refused", "Bnobody took the call", 1 },
		{ "key", HERE "&Digits=11", "live  refused", "Bnobody took the call", 1 },
	};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (i) {
			end(state);
			begin(state);
		}
		held(&asking);
		human(all[i].step, all[i].more);
		idle();
		assert_int_equal(twilio.sent, 2);
		assert_int_equal(twilio.ended, all[i].ended);
		assert_string_equal(how(), all[i].state);
		is_back(caller("back", HERE), all[i].told);
		HANGS_UP(human("brief", HERE));
		HANGS_UP(human("key", HERE "&Digits=1"));
		human("leg", HERE);
		assert_string_equal(how(), all[i].state);
		}
}

static void test_warm_nobody_says_anything(void **state)
{
	(void)state;
	held(&asking);
	sweep_later(TRANSFER_LATE_MS);
	assert_int_equal(twilio.sent, 1);
	sweep_later(21000);
	assert_string_equal(how(), "live  no_answer");
	assert_int_equal(twilio.sent, 2);
	assert_int_equal(twilio.ended, 1);
	for (unsigned int i = 0; i < 5; i++)
		sweep_later(16000); /* and he is nowhere to be fetched */
	sweep_later(1);
	assert_string_equal(how(), "ended caller no_answer");
}

static void test_warm_and_the_caller_is_gone(void **state)
{
	(void)state;
	held(&asking);
	human("leg", "CallStatus=ringing");
	HANGS_UP(caller("done", OVER "&DialCallStatus=no-answer"));
	idle();
	assert_int_equal(twilio.ended, 1);
	sweep_later(1);
	assert_string_equal(how(), "ended caller gone");
	HANGS_UP(human("brief", HERE));
}

/* No webhook says that he hung up: the carrier is asked. */
static void test_warm_and_the_caller_is_gone_unheard(void **state)
{
	(void)state;
	held(&asking);
	twilio.caller = "completed";
	kit_restart();
	sweep_later(16000);
	assert_int_equal(twilio.ended, 1);
	sweep_later(1);
	assert_string_equal(how(), "ended caller gone");
	assert_int_equal(twilio.placed, 1);
}

/* Whether his telephone rings is not known, and the conductor dies: nobody calls him again, and he may still turn up by himself. */
static void test_killed_while_the_person_is_called(void **state)
{
	(void)state;
	asks(&asking, BOSS);
	twilio.refuse = 500;
	twilio.refusals = 1;
	caller("take", HERE);
	kit_until(twilio.placed);
	idle();
	kit_restart();
	for (unsigned int i = 0; i < 3; i++)
		sweep_later(16000);
	assert_int_equal(twilio.placed, 1);
	assert_string_equal(how(), "live  held");
	assert_non_null(strstr(human("brief", HERE), "<Gather"));
	assert_non_null(strstr(human("key", HERE "&Digits=1"), "<Conference"));
	assert_string_equal(how(), "live  joined");
}

/* A caller who is fetched twice would lose the stream that the first time gave him. */
static void test_he_is_fetched_once(void **state)
{
	(void)state;
	held(&asking);
	human("leg", "CallStatus=busy");
	human("leg", "CallStatus=busy&CallDuration=3");
	idle();
	assert_int_equal(twilio.sent, 2);
	sweep_later(16000); /* and he did not come */
	assert_int_equal(twilio.sent, 3);
	is_back(caller("back", HERE), "Bline is busy");
	worker_has("w1", call, 2);
	sweep_later(16000);
	assert_int_equal(twilio.sent, 3);
}

/* The store says no after any number of changes, and the conductor dies with it: nobody is called twice, and the call comes to an end. */
static void test_a_store_that_fails_at_any_change(void **state)
{
	for (unsigned int spares = 0; spares < 6; spares++) {
		if (spares) {
			end(state);
			begin(state);
		}
		k->gate.answers = true;
		k->gate.refuse_puts = ERR_IO;
		k->gate.spares = spares;
		asks_as(&asking, 1, 1, BOSS);
		kit_until(asking.done || twilio.sent);
		if (twilio.sent)
			(void)caller("take", HERE);
		idle();
		kit_restart();
		k->gate.refuse_puts = ERR_NONE;
		(void)caller("take", HERE);
		idle();
		if (strstr(how(), "held") || strstr(how(), "ringing"))
			(void)human("brief", HERE);
		assert_true(twilio.placed <= 1);
		HANGS_UP(caller("done", OVER));
		for (unsigned int i = 0; i < 3; i++)
			sweep_later(16000);
		assert_non_null(strstr(how(), "ended"));
	}
}

/* ------------------------------------------------------------------ the machine itself */

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void something(struct call_record *r, uint64_t now)
{
	struct carrier_leg leg = { .state = (enum leg_state)draw(LEG_STATES) };
	bool news = false;

	snprintf(leg.call, sizeof(leg.call), "%s", draw(4) ? HUMAN_SID : NOT_HIS);
	switch (draw(7)) {
	case 0: news = transfer_left(r, now); break;
	case 1: news = transfer_leg(r, &leg, draw(50), now); break;
	case 2: news = transfer_key(r, (char)(draw(2) ? '1' : draw(2) ? '2' : 0), now); break;
	case 3: news = transfer_closed(r, leg.state, draw(50), draw(2), now); break;
	case 4: news = transfer_late(r, now); break;
	case 5: news = !draw(5) && transfer_gone(r, now); break;
	default: news = !draw(5) && transfer_fail(r, 400, now); break;
	}
	(void)news;
}

/* Whatever is said in whatever order: an end stays, nobody is joined unasked, and there is always somebody who has the call, or it has ended. */
static void test_any_news_in_any_order(void **state)
{
	(void)state;
	for (unsigned int run = 0; run < 20000; run++) {
		struct call_record r;
		struct buf b;
		uint64_t now = 1000000;
		enum transfer_state before;

		call_record_init(&r);
		r.state = CALL_LIVE;
		r.epoch = 1;
		r.transfer = (struct call_transfer){ .key = 1, .state = TRANSFER_ASKED, .is_warm = draw(2), .wants_key = true, .ring_s = 20, .asked_ms = now };
		for (unsigned int i = 0; i < 12; i++) {
			before = r.transfer.state;
			now += draw(40000);
			something(&r, now);
			assert_true(r.transfer.state >= before);
			assert_true(before < TRANSFER_DONE || r.transfer.state == before);
			assert_true(r.state == CALL_ENDED || r.transfer.state != TRANSFER_DONE);
			assert_true(r.state != CALL_ENDED || transfer_next(&r, true, now) == TRANSFER_REST || transfer_next(&r, true, now) == TRANSFER_HANG_UP);
			assert_true(!transfer_is_away(&r) || transfer_next(&r, false, now) != TRANSFER_REST);
		}
		buf_init(&b, 10000);
		transfer_encode(&r.transfer, 1, &b);
		assert_int_equal(b.err, ERR_NONE);
		buf_fini(&b);
		call_record_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cold_is_joined_and_ends, begin, end),
		cmocka_unit_test_setup_teardown(test_cold_and_back_once, begin, end),
		cmocka_unit_test_setup_teardown(test_the_carrier_will_not, begin, end),
		cmocka_unit_test_setup_teardown(test_the_caller_has_hung_up_a_moment_ago, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_can_be_asked_and_it_is_given_up, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(test_who_may_say_so, begin, end),
		cmocka_unit_test_setup_teardown(test_killed_while_the_caller_is_taken, begin, end),
		cmocka_unit_test_setup_teardown(test_warm_is_joined, begin, end),
		cmocka_unit_test_setup_teardown(test_warm_and_back, begin, end),
		cmocka_unit_test_setup_teardown(test_warm_nobody_says_anything, begin, end),
		cmocka_unit_test_setup_teardown(test_warm_and_the_caller_is_gone, begin, end),
		cmocka_unit_test_setup_teardown(test_warm_and_the_caller_is_gone_unheard, begin, end),
		cmocka_unit_test_setup_teardown(test_killed_while_the_person_is_called, begin, end),
		cmocka_unit_test_setup_teardown(test_he_is_fetched_once, begin, end),
		cmocka_unit_test_setup_teardown(test_a_store_that_fails_at_any_change, begin, end),
		cmocka_unit_test(test_any_news_in_any_order),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
