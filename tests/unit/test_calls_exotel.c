/* Exotel's webhooks: who is let in without a signature, an address for each socket, whether a call goes on behind it, what status callbacks say. */
#include "callskit.h"

#define KEY "a-secret-in-an-address"
#define SID "c0ffee00112233445566778899aabb01"
#define OURS "CallFrom=5550199&Direction=incoming&flow_id=1"
#define ASKED "CallSid=" SID "&CallTo=%2B15550100&" OURS

static int exotel_begin(void **state)
{
	kit_begin(state);
	shop_set_secret(&k->s, k->s.w.a, "exotel.webhook_key", KEY);
	shop_set_secret(&k->s, k->s.w.b, "exotel.webhook_key", "another-secret");
	return 0;
}

/* A GET of /webhooks/exotel/`what`; `basic` NULL: without the header. */
static unsigned int asks(struct got *g, const char *what, const char *query, const char *basic)
{
	char path[600], line[200];
	const char *const headers[] = { basic ? line : NULL, NULL };

	snprintf(path, sizeof(path), "/webhooks/exotel/%s?%s", what, query);
	snprintf(line, sizeof(line), "Authorization: %s", basic ? basic : "");
	kit_start(g, HTTP_GET, path, headers, NULL, 0);
	kit_wait(g);
	return g->status;
}

static unsigned int voice(struct got *g) { return asks(g, "voice", "key=" KEY "&account=acme1&" ASKED, NULL); }
static unsigned int after(struct got *g) { return asks(g, "after", "key=" KEY "&account=acme1&" ASKED "&Stream%5BStatus%5D=completed", NULL); }

static const char *token_of(const struct got *g)
{
	const char *url = got_text(g, "url"), *at = url ? strstr(url, "&token=") : NULL;

	return at ? at + 7 : "";
}

static unsigned int joins(struct got *g, const char *worker, const char *token)
{
	char copy[KIT_TOKEN_MAX];

	snprintf(copy, sizeof(copy), "%s", token);
	return attach_of(g, worker, copy, "exotel", "acme1", SID);
}

static void live(char call[CALL_ID_MAX])
{
	struct got g = { .done = 0 };

	assert_int_equal(voice(&g), 200);
	assert_int_equal(joins(&g, "w1", token_of(&g)), 200);
	snprintf(call, CALL_ID_MAX, "%s", got_text(&g, "call"));
	got_drop(&g);
}

/* ------------------------------------------------------------------ who is let in */

static void test_refusals_are_all_alike(void **state)
{
	static const struct {
		const char *query, *basic;
	} all[] = {
		{ ASKED, NULL }, { "key=&" ASKED, NULL }, { "key=" KEY "x&" ASKED, NULL }, { "key=a-secret-in-an-addres&" ASKED, NULL },
		{ "key=another-secret&" ASKED, NULL },                            /* another tenant's */
		{ "key=" KEY "&CallSid=" SID "&CallTo=%2B15550101&" OURS, NULL }, /* that tenant's number */
		{ "key=" KEY "&CallSid=" SID "&CallTo=%2B15550122&" OURS, NULL }, /* nobody's */
		{ "key=" KEY "&CallSid=" SID "&" OURS, NULL }, { "key=" KEY "&CallTo=%2B15550100&" OURS, NULL },
		{ "key=" KEY "&CallSid=a%2Fb&CallTo=%2B15550100", NULL }, { "key=" KEY "&account=a%20b&" ASKED, NULL },
		{ ASKED, "Basic dTphbm90aGVyLXNlY3JldA==" }, { ASKED, "Basic !" }, { ASKED, "Basic " }, { ASKED, "Bearer " KEY },
		{ ASKED, "Basic YS1zZWNyZXQtaW4tYW4tYWRkcmVzcw==" },                                   /* the secret, but no password */
		{ "key=wrong&" ASKED, "Basic bmFtZTphLXNlY3JldC1pbi1hbi1hZGRyZXNz" },                  /* two, and they differ */
	};
	struct got first = { .done = 0 }, g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	assert_int_equal(asks(&first, "voice", all[0].query, all[0].basic), 403);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(asks(&g, i % 2 ? "voice" : "after", all[i].query, all[i].basic), 403);
		assert_string_equal(g.body, first.body);
	}
	assert_int_equal(documents_of(k->s.w.a, "call/") + documents_of(k->s.w.b, "call/") + documents_of(tenant_house(), "media-token/"), 0);
	got_drop(&first);
	got_drop(&g);
}

/* In the address, as https://NAME:PASSWORD@host or as `key`; the number in any of the ways that India's are written. */
static void test_who_is_let_in(void **state)
{
	static const char *const numbers[] = { "%2B918055550100", "08055550100", "8055550100", "918055550100", "%2B91-80-5555-0100" };
	struct got g = { .done = 0 };
	char query[300];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(asks(&g, "voice", ASKED, "Basic bmFtZTphLXNlY3JldC1pbi1hbi1hZGRyZXNz"), 200);
	kit_route("+918055550100", "", "acme", "shop");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(query, sizeof(query), "key=" KEY "&CallSid=%s%zu&CallTo=%s&" OURS, SID, i, numbers[i]);
		assert_int_equal(asks(&g, "voice", query, NULL), 200);
		assert_string_not_equal(token_of(&g), "");
	}
	got_drop(&g);
}

/* ------------------------------------------------------------------ a call */

static void test_an_address_for_a_socket(void **state)
{
	struct got g = { .done = 0 };
	char url[CALL_URL_MAX], call[CALL_ID_MAX], token[KIT_TOKEN_MAX];
	const char *at;

	(void)state;
	worker_has_none("w1");
	assert_int_equal(voice(&g), 200);
	snprintf(url, sizeof(url), "%s", got_text(&g, "url"));
	at = strstr(url, "/media/exotel?sample-rate=8000&token=");
	assert_non_null(at);
	assert_int_equal(strncmp(url, "ws://127.0.0.1:", 15), 0);
	assert_int_equal(strlen(strstr(url, "&token=") + 7), 43);
	assert_true(strlen(url) < 600);
	snprintf(token, sizeof(token), "%s", token_of(&g));
	assert_int_equal(voice(&g), 200); /* it asks again when a handshake failed: the same */
	assert_string_equal(token_of(&g), token);
	assert_int_equal(attach_of(&g, "w1", token, "twilio", "acme1", SID), 403);
	assert_int_equal(attach_of(&g, "w1", token, "exotel", "acme2", SID), 403);
	assert_int_equal(attach_of(&g, "w1", token, "exotel", "acme1", "another"), 403);
	assert_int_equal(joins(&g, "w1", token), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_string_equal(got_text(&g, "direction"), "inbound");
	assert_int_equal(joins(&g, "w1", token), 403); /* it was good once */
	assert_int_equal(call_get(&g, call), 200);
	assert_string_equal(got_text(&g, "kind"), "exotel");
	got_drop(&g);
}

/* The line broke: it goes on behind the socket, and is given an address for the same call; none while the socket is well. */
static void test_a_broken_line(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	live(call);
	k->socket_status = 204;
	assert_int_equal(voice(&g), 503);
	assert_string_equal(token_of(&g), "");
	assert_int_equal(after(&g), 200);
	k->socket_status = 404;
	for (uint32_t epoch = 2; epoch < 5; epoch++) {
		assert_int_equal(snapshot(&g, call, epoch == 2 ? "1" : epoch == 3 ? "2" : "3", "x"), 204);
		assert_int_equal(after(&g), 200);
		assert_int_equal(voice(&g), 200);
		assert_int_equal(joins(&g, epoch % 2 ? "w1" : "w2", token_of(&g)), 200);
		assert_string_equal(got_text(&g, "call"), call);
		assert_int_equal(got_number(&g, "epoch"), epoch);
	}
	assert_string_equal(call_state(call), "live ");
	got_drop(&g);
}

/* Whoever is offered does not come: in the end the call is given up, and Exotel is told so. */
static void test_nobody_comes_for_a_broken_line(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];
	unsigned int offers = 0;

	(void)state;
	worker_has_none("w1");
	live(call);
	while (voice(&g) == 200 && offers < 100) {
		assert_int_equal(after(&g), 200);
		worker_has_none("w1"); /* what it was offered did not come */
		offers++;
	}
	assert_int_equal(offers, CALLS_OFFERS_MAX);
	assert_string_equal(call_state(call), "ended lost");
	assert_int_equal(after(&g), 302);
	got_drop(&g);
}

static void test_behind_the_end(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(after(&g), 302); /* nobody knows it */
	live(call);
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	assert_int_equal(after(&g), 302);
	assert_int_equal(voice(&g), 302);
	assert_string_equal(token_of(&g), "");
	got_drop(&g);
}

/* Nobody has room: its next applet is taken, and there is nothing to go on with. */
static void test_no_worker(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	assert_int_equal(voice(&g), 503);
	assert_int_equal(after(&g), 302);
	got_drop(&g);
}

/* Without the account it is another call; a status is told by POST. */
static void test_what_is_asked_in_another_way(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	live(call);
	assert_int_equal(asks(&g, "after", "key=" KEY "&" ASKED, NULL), 302); /* without its account it is another call */
	assert_int_equal(after(&g), 200);
	assert_int_equal(asks(&g, "status", "key=" KEY "&" ASKED, NULL), 405);
	got_drop(&g);
}

/* ------------------------------------------------------------------ pure */

static void test_what_is_read(void **state)
{
	static const struct {
		const char *query;
		bool is_good, is_outbound;
		const char *account, *number;
	} cases[] = {
		{ "CallSid=abc&CallTo=08055550100&Direction=incoming", true, false, "", "+918055550100" },
		{ "CallSid=abc&To=8055550100&Direction=outbound-dial&AccountSid=acme1", true, true, "acme1", "+918055550100" },
		{ "CallSid=abc&CallTo=&To=%2B6531555010&account=acme1", true, false, "acme1", "+6531555010" },
		{ "CallSid=abc&CallTo=1800123&Direction=incoming", true, false, "", "1800123" },
		{ "CallSid=abc", false, false, "", "" }, { "CallTo=08055550100", false, false, "", "" }, { "CallSid=a.b&CallTo=1", false, false, "", "" },
		{ "CallSid=abc&CallTo=0123456789012345678901234567890123456789012345678901234567890123456789", false, false, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct carrier_webhook w = { .url = "" };
		struct http_pairs query;
		struct carrier_call call;

		assert_int_equal(http_pairs_parse(&query, cases[i].query, strlen(cases[i].query)), ERR_NONE);
		w.query = w.form = &query;
		assert_int_equal(exotel_carrier.read(&w, &call) == ERR_NONE, cases[i].is_good);
		if (cases[i].is_good) {
			assert_string_equal(call.account, cases[i].account);
			assert_string_equal(call.number, cases[i].number);
			assert_int_equal(call.is_outbound, cases[i].is_outbound);
		}
		http_pairs_free(&query);
	}
}

static enum err heard(const char *body, bool is_form, struct carrier_leg *leg)
{
	struct carrier_webhook w = { .url = "", .body = body, .body_len = strlen(body) };
	struct http_pairs form = { .count = 0 };
	enum err err;

	if (is_form)
		assert_int_equal(http_pairs_parse(&form, body, strlen(body)), ERR_NONE);
	w.form = is_form ? &form : NULL;
	err = exotel_carrier.hear(&w, leg);
	http_pairs_free(&form);
	return err;
}

/* As a form and as JSON. "in-progress" says nothing. */
static void test_what_status_callbacks_say(void **state)
{
	static const struct {
		const char *event, *status;
		enum leg_state state;
	} cases[] = { { "answered", "in-progress", LEG_ANSWERED }, { "terminal", "completed", LEG_COMPLETED }, { "terminal", "busy", LEG_BUSY },
		{ "terminal", "no-answer", LEG_NO_ANSWER }, { "terminal", "failed", LEG_FAILED }, { "terminal", "canceled", LEG_CANCELED }, { "", "completed", LEG_COMPLETED },
		{ "ringing", "in-progress", LEG_RINGING }, { "", "in-progress", LEG_ASKED }, { "", "", LEG_ASKED }, { "something", "new", LEG_ASKED } };
	struct carrier_leg leg;
	char body[300];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "CallSid=abc&EventType=%s&Status=%s&Legs%%5B0%%5D%%5BStatus%%5D=busy&AnsweredBy=human", cases[i].event, cases[i].status);
		assert_int_equal(heard(body, true, &leg), ERR_NONE);
		assert_int_equal(leg.state, cases[i].state);
		assert_string_equal(leg.answered_by, "human");
		snprintf(body, sizeof(body), "{\"CallSid\":\"abc\",\"EventType\":\"%s\",\"Status\":\"%s\",\"Legs\":[{\"Status\":\"busy\"}],\"AnsweredBy\":null}", cases[i].event,
			cases[i].status);
		assert_int_equal(heard(body, false, &leg), ERR_NONE);
		assert_int_equal(leg.state, cases[i].state);
		assert_string_equal(leg.call, "abc");
		assert_string_equal(leg.answered_by, "");
	}
	assert_int_equal(heard("", false, &leg), ERR_FORMAT);
	assert_int_equal(heard("[]", false, &leg), ERR_FORMAT);
	assert_int_equal(heard("{\"CallSid\":5}", false, &leg), ERR_FORMAT);
	assert_int_equal(heard("CallSid=", true, &leg), ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refusals_are_all_alike, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_who_is_let_in, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_address_for_a_socket, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_broken_line, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_nobody_comes_for_a_broken_line, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_behind_the_end, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_worker, exotel_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_is_asked_in_another_way, exotel_begin, kit_end),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_what_status_callbacks_say),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
