/* Calls out by Exotel: by an account's flow and straight to a socket, asked for once, found again, and ended whatever happens though nothing can end
 * a leg there. Exotel's REST is a server of this test; its list has only legs that have ended. */
#include "callskit.h"

#include "conductor/dialer_state.h"

#define TO        "+919800000001"
#define FROM      "+918040000002"
#define KEY       "a secret&in=an address"
#define KEY_QUERY "a%20secret%26in%3Dan%20address"
#define SID       "c0ffee%026u"
#define CALLS     "/v1/Accounts/acme1/Calls"

enum { RING_S = 25 };

static struct {
	struct http_server *server;
	char url[64];
	unsigned int asked, looked, listed, others; /* requests */
	unsigned int legs;
	const char *status;      /* of each, now */
	unsigned int refuse;     /* this HTTP status, without a leg, */
	unsigned int refusals;   /* so often; */
	bool fails_after;        /* … or with one */
	bool is_named;           /* the list says by which name it was asked for */
	char form[4000], name[100], stream[700], callback[700], authorization[200];
	uint64_t made_ms;
} exotel;

static char call[CALL_ID_MAX];

/* ------------------------------------------------------------------ Exotel's REST */

static void put_leg(struct buf *b, unsigned int n)
{
	time_t s = (time_t)(exotel.made_ms / 1000) + 330 * 60;
	struct tm tm;
	char date[60];

	gmtime_r(&s, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	buf_printf(b, "{\"Sid\":\"" SID "\",\"AccountSid\":\"acme1\",\"From\":\"09800000001\",\"To\":\"08040000002\",\"PhoneNumberSid\":\"08040000002\","
		"\"Status\":\"%s\",\"Direction\":\"outbound-api\",\"DateCreated\":\"%s\"", n, exotel.status, date);
	if (exotel.is_named)
		buf_printf(b, ",\"CustomField\":\"%s\"", exotel.name);
	buf_byte(b, '}');
}

static void reply_leg(struct http_request *r)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_text(&b, "{\"Call\":");
	put_leg(&b, 1);
	buf_byte(&b, '}');
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static void keep(const struct http_pairs *form, const char *name, char *out, size_t size)
{
	const char *value = http_pairs_find(form, name);

	snprintf(out, size, "%s", value ? value : "");
}

static void on_place(struct http_request *r, void *arg)
{
	struct http_pairs form;
	size_t len;
	const char *body = http_body(r, &len);

	(void)arg;
	exotel.asked++;
	snprintf(exotel.form, sizeof(exotel.form), "%.*s", (int)len, body);
	snprintf(exotel.authorization, sizeof(exotel.authorization), "%s", http_header(r, "Authorization"));
	if (exotel.refusals) {
		exotel.refusals--;
		http_reply_as(r, exotel.refuse, "application/json", "{\"RestException\":{\"Code\":34001}}", 32);
		return;
	}
	assert_int_equal(http_form(r, &form), ERR_NONE);
	keep(&form, "CustomField", exotel.name, sizeof(exotel.name));
	keep(&form, "StreamUrl", exotel.stream, sizeof(exotel.stream));
	keep(&form, "StatusCallback", exotel.callback, sizeof(exotel.callback));
	http_pairs_free(&form);
	exotel.legs++;
	exotel.made_ms = k->now_ms;
	if (exotel.fails_after)
		http_reply_as(r, 502, "text/plain", "oh", 2);
	else
		reply_leg(r);
}

static bool has_ended(void)
{
	return strcmp(exotel.status, "in-progress") != 0 && strcmp(exotel.status, "ringing") != 0;
}

static void on_list(struct http_request *r, void *arg)
{
	struct buf b;

	(void)arg;
	exotel.listed++;
	assert_string_equal(http_query(r, "From"), TO);
	buf_init(&b, 4096);
	buf_text(&b, "{\"Metadata\":{},\"Calls\":[");
	if (exotel.legs && has_ended())
		put_leg(&b, 1);
	buf_text(&b, "]}");
	http_reply_json(r, 200, &b);
	buf_fini(&b);
}

static void on_look(struct http_request *r, void *arg)
{
	(void)arg;
	exotel.looked++;
	reply_leg(r);
}

/* Nothing that the shared notes do not know. */
static void on_other(struct http_request *r, void *arg)
{
	(void)arg;
	exotel.others++;
	http_reply(r, 405, NULL, NULL, 0);
}

static const struct http_route rest_routes[] = {
	{ HTTP_POST, CALLS "/connect.json", on_place, ROUTE_OPEN, 0 },
	{ HTTP_GET, CALLS ".json", on_list, ROUTE_OPEN, 0 },
	{ HTTP_GET, CALLS "/:leg", on_look, ROUTE_OPEN, 0 },
	{ HTTP_POST, CALLS "/:leg", on_other, ROUTE_OPEN, 0 },
	{ .method = HTTP_METHOD_NONE },
};

static int begin(void **state)
{
	kit_begin(state);
	memset(&exotel, 0, sizeof(exotel));
	exotel.status = "in-progress";
	exotel.server = kit_serve(&k->bearer);
	assert_int_equal(http_server_mount(exotel.server, rest_routes, NULL), ERR_NONE);
	snprintf(exotel.url, sizeof(exotel.url), "http://127.0.0.1:%u", http_server_port(exotel.server));
	k->exotel_url = exotel.url;
	k->carrier_url = "http://127.0.0.1:1"; /* Twilio is set up as well, and never asked */
	k->route_carrier = "exotel";
	kit_restart();
	kit_route(FROM, "acme1", "acme", "shop");
	shop_set_secret(&k->s, k->s.w.a, "exotel.api_key", "key");
	shop_set_secret(&k->s, k->s.w.a, "exotel.api_token", "token");
	shop_set_secret(&k->s, k->s.w.a, "exotel.webhook_key", KEY);
	worker_has_none("w1");
	return 0;
}

static int begin_flow(void **state)
{
	begin(state);
	shop_set_secret(&k->s, k->s.w.a, "exotel.app_id", "9001");
	return 0;
}

static int end(void **state)
{
	http_server_close(&exotel.server, NULL, NULL);
	return kit_end(state);
}

/* ------------------------------------------------------------------ the house */

static unsigned int post(struct got *g, const char *from)
{
	const char *headers[] = { bearer_person("acme", "operator"), "Content-Type: application/json", NULL };
	char body[200];

	snprintf(body, sizeof(body), "{\"to\":\"" TO "\",\"from\":\"%s\",\"rulebook\":\"shop\"}", from);
	kit_start(g, HTTP_POST, "/v1/calls", headers, body, strlen(body));
	kit_wait(g);
	return g->status;
}

static void idle(void) { kit_until(!k->calls->dials); }

static void dial(void)
{
	struct got g = { .done = 0 };

	assert_int_equal(post(&g, FROM), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	got_drop(&g);
	idle();
}

static void sweep_later(uint64_t ms)
{
	clock_pass(ms);
	worker_has_none("w1");
	kit_sweep();
	idle();
}

static const char *dial_text(const char *member)
{
	static char text[200];
	struct got g = { .done = 0 };

	assert_int_equal(call_get(&g, call), 200);
	snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(json_object_get(g.json, "dial"), member)));
	got_drop(&g);
	return text;
}

static const char *how(void)
{
	static char text[300];

	snprintf(text, sizeof(text), "%s ", call_state(call));
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s", dial_text("state"));
	return text;
}

static void sid(char out[40]) { snprintf(out, 40, SID, 1); }

/* What the flow's applets ask, of a leg whose name comes back as Exotel was given it. */
static unsigned int applet(struct got *g, const char *what, const char *name)
{
	char path[400], leg[40];

	sid(leg);
	snprintf(path, sizeof(path), "/webhooks/exotel/%s?key=%s&CallSid=%s&CallTo=08040000002&Direction=outbound-api&CustomField=%s", what, KEY_QUERY, leg, name);
	kit_start(g, HTTP_GET, path, NULL, NULL, 0);
	kit_wait(g);
	return g->status;
}

/* A status callback, to where Exotel was told. */
static unsigned int tells_as(const char *url, const char *event, const char *status)
{
	const char *headers[] = { "Content-Type: application/json", NULL };
	struct got g = { .done = 0 };
	char body[300], leg[40];
	unsigned int got;

	sid(leg);
	assert_int_equal(strncmp(url, PUBLIC_URL, strlen(PUBLIC_URL)), 0);
	snprintf(body, sizeof(body), "{\"CallSid\":\"%s\",\"EventType\":\"%s\",\"Status\":\"%s\"}", leg, event, status);
	kit_start(&g, HTTP_POST, url + strlen(PUBLIC_URL), headers, body, strlen(body));
	kit_wait(&g);
	got = g.status;
	got_drop(&g);
	return got;
}

static unsigned int tells(const char *event, const char *status) { return tells_as(exotel.callback, event, status); }

static void token_of(const char *url, char out[KIT_TOKEN_MAX])
{
	const char *at = url ? strstr(url, "&token=") : NULL;

	snprintf(out, KIT_TOKEN_MAX, "%s", at ? at + 7 : "");
}

static unsigned int joins(struct got *g, const char *token)
{
	char leg[40];

	sid(leg);
	return attach_of(g, "w1", token, "exotel", "acme1", leg);
}

/* ------------------------------------------------------------------ whole calls */

static void test_a_whole_call_by_a_flow(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX], limit[40];

	(void)state;
	dial();
	assert_string_equal(exotel.authorization, "Basic a2V5OnRva2Vu");
	assert_non_null(strstr(exotel.form, "From=%2B919800000001&CallerId=08040000002&Url=http%3A%2F%2Fmy.exotel.com%2Facme1%2Fexoml%2Fstart_voice%2F9001&"));
	assert_string_equal(exotel.name + strlen("callfunnel:"), call);
	assert_non_null(strstr(exotel.form, "&Record=false"));
	snprintf(limit, sizeof(limit), "&TimeLimit=%u&", (unsigned int)((k->defaults.call_max_ms + k->defaults.call_end_ms) / 1000 + RING_S + 30));
	assert_non_null(strstr(exotel.form, limit)); /* P20 */
	assert_string_equal(exotel.stream, "");
	assert_string_equal(how(), "waiting  queued"); /* though Exotel says in-progress */
	assert_int_equal(applet(&g, "voice", exotel.name), 200);
	token_of(got_text(&g, "url"), token);
	assert_string_equal(how(), "waiting  answered");
	assert_int_equal(joins(&g, token), 200);
	assert_string_equal(got_text(&g, "call"), call);
	assert_string_equal(got_text(&g, "direction"), "outbound");
	assert_int_equal(tells("answered", "in-progress"), 200);
	assert_int_equal(applet(&g, "after", exotel.name), 200); /* it is not over */
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	assert_int_equal(applet(&g, "after", exotel.name), 302);
	assert_int_equal(tells("terminal", "completed"), 200);
	assert_string_equal(how(), "ended agent completed");
	sweep_later(20000);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	assert_int_equal(exotel.asked + exotel.looked + exotel.listed + exotel.others, 1);
	assert_int_equal(documents_of(k->s.w.a, "call/"), 1); /* its leg made no call of its own */
	got_drop(&g);
}

/* No flow: the socket's address goes out with the request, and is good as long as it may ring. No callback ever comes. */
static void test_a_whole_call_straight_to_a_socket(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	dial();
	assert_non_null(strstr(exotel.form, "&StreamType=bidirectional&"));
	assert_null(strstr(exotel.form, "&Url="));
	assert_non_null(strstr(exotel.stream, "/media/exotel?sample-rate=8000&token="));
	token_of(exotel.stream, token);
	sweep_later(CALLS_TOKEN_MS + 10000);
	assert_string_equal(how(), "waiting  queued");
	assert_int_equal(joins(&g, token), 200);
	assert_string_equal(got_text(&g, "call"), call);
	assert_int_equal(joins(&g, token), 403); /* it was good once */
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	sweep_later(20000);
	assert_string_equal(how(), "ended agent queued");
	exotel.status = "completed";
	sweep_later(20000);
	assert_string_equal(how(), "ended agent completed");
	assert_int_equal(exotel.asked, 1);
	assert_int_equal(exotel.others, 0);
	got_drop(&g);
}

static void test_calls_that_come_to_nothing(void **state)
{
	static const char *const all[][2] = { { "busy", "ended busy busy" }, { "no-answer", "ended no_answer no_answer" }, { "failed", "ended failed failed" },
		{ "canceled", "ended canceled canceled" }, { "completed", "ended unanswered completed" } };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		dial();
		assert_int_equal(tells("terminal", all[i][0]), 200);
		assert_string_equal(how(), all[i][1]);
		assert_int_equal(tells("answered", "in-progress"), 200); /* late: an end stays */
		assert_string_equal(how(), all[i][1]);
	}
}

/* ------------------------------------------------------------------ once (F03) */

/* What Exotel answered got lost; when the leg has ended the list has it, by its numbers and time or by our name. */
static void found_in_the_list(bool is_named)
{
	exotel.fails_after = true;
	exotel.is_named = is_named;
	dial();
	sweep_later(20000);
	assert_string_equal(how(), "waiting  asked"); /* under way: it is not in the list */
	assert_int_equal(exotel.listed, 1);
	if (is_named)
		exotel.made_ms -= 86400000; /* what the account's clock says does not matter */
	exotel.status = "no-answer";
	sweep_later(20000);
	assert_string_equal(how(), "ended no_answer no_answer");
	assert_int_equal(exotel.asked, 1);
}

static void test_F03_found_by_its_numbers(void **state)
{
	(void)state;
	found_in_the_list(false);
}

static void test_F03_found_by_its_name(void **state)
{
	(void)state;
	found_in_the_list(true);
}

/* … by somebody else's name it is not ours, whatever its numbers and time. */
static void test_F03_another_name_is_another_call(void **state)
{
	(void)state;
	exotel.fails_after = exotel.is_named = true;
	dial();
	snprintf(exotel.name, sizeof(exotel.name), "callfunnel:%032u", 7);
	exotel.status = "completed";
	sweep_later(20000);
	assert_string_equal(how(), "waiting  asked");
}

/* … or it says so itself. */
static void test_F03_the_leg_comes_by_itself(void **state)
{
	struct got g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	exotel.fails_after = true;
	dial();
	kit_restart();
	worker_has_none("w1");
	assert_int_equal(applet(&g, "voice", exotel.name), 200);
	token_of(got_text(&g, "url"), token);
	assert_int_equal(joins(&g, token), 200);
	assert_string_equal(how(), "live  answered");
	assert_int_equal(exotel.asked, 1);
	got_drop(&g);
}

/* Nothing is ever heard of it: never asked for again, and told to be unknown once it cannot ring any more. */
static void test_F03_an_outcome_that_nobody_knows(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	exotel.fails_after = true;
	dial();
	sweep_later(DIAL_UNKNOWN_MS + RING_S * 1000 - 1000);
	assert_string_equal(how(), "waiting  asked");
	sweep_later(20000);
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "unknown");
	assert_int_equal(exotel.asked, 1);
	assert_int_equal(applet(&g, "voice", exotel.name), 302); /* it was there after all */
	got_drop(&g);
}

/* ------------------------------------------------------------------ what Exotel says */

static void test_refused(void **state)
{
	(void)state;
	exotel.refuse = 403;
	exotel.refusals = 1;
	dial();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "refused");
	assert_int_equal(exotel.asked, 1);
}

/* 429 wants 30 seconds: there is room for one such wait. */
static void test_too_much_to_do(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	exotel.refuse = 429;
	exotel.refusals = 1000;
	assert_int_equal(post(&g, FROM), 202);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	kit_until(exotel.asked && uv_is_active((uv_handle_t *)&k->calls->dials->timer));
	assert_in_range(uv_timer_get_due_in(&k->calls->dials->timer), 25000, 30000);
	assert_string_equal(how(), "waiting  asked");
	exotel.refusals = 0;
	assert_int_equal(uv_timer_start(&k->calls->dials->timer, k->calls->dials->timer.timer_cb, 0, 0), 0); /* the time is over */
	idle();
	assert_string_equal(how(), "waiting  queued");
	assert_int_equal(exotel.asked, 2);
	assert_int_equal(exotel.legs, 1);
	got_drop(&g);
}

/* A person ends it while it rings. Nothing ends a leg at Exotel: whoever picks up is given no socket, and its end is looked up. */
static void test_ended_while_it_rings(void **state)
{
	struct got g = { .done = 0 };
	char path[100];

	(void)state;
	dial();
	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, path, NULL), 204);
	idle();
	assert_string_equal(how(), "ended order queued");
	assert_int_equal(applet(&g, "voice", exotel.name), 302);
	exotel.status = "completed";
	sweep_later(20000);
	assert_string_equal(how(), "ended order completed");
	assert_int_equal(exotel.others, 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ who may not, and what is missing */

static void test_F22_forged(void **state)
{
	struct got g = { .done = 0 };
	char url[300];

	(void)state;
	dial();
	snprintf(url, sizeof(url), PUBLIC_URL "/webhooks/exotel/status?call=%s", call);
	assert_int_equal(tells_as(url, "terminal", "failed"), 403);
	snprintf(url, sizeof(url), PUBLIC_URL "/webhooks/exotel/status?call=%s&key=another", call);
	assert_int_equal(tells_as(url, "terminal", "failed"), 403);
	assert_string_equal(how(), "waiting  queued");
	assert_int_equal(applet(&g, "voice", "callfunnel:00000000000000000000000000000000"), 403);
	assert_int_equal(applet(&g, "voice", "callfunnel:..%2F"), 403);
	got_drop(&g);
}

static void test_what_is_missing(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	kit_route("+918040000003", "", "acme", "shop");
	assert_int_equal(post(&g, "+918040000003"), 422);
	assert_string_equal(got_error(&g), "no_account");
	assert_non_null(strstr(g.body, "exotel.account_sid"));
	shop_set_secret(&k->s, k->s.w.a, "exotel.app_id", "no id");
	assert_int_equal(post(&g, FROM), 422);
	assert_string_equal(got_error(&g), "no_flow");
	k->exotel_url = NULL;
	kit_restart();
	worker_has_none("w1");
	assert_int_equal(post(&g, FROM), 422);
	assert_string_equal(got_error(&g), "no_carrier");
	assert_int_equal(exotel.asked, 0);
	got_drop(&g);
}

static int begin_keyless(void **state)
{
	kit_begin(state);
	memset(&exotel, 0, sizeof(exotel));
	k->exotel_url = "http://127.0.0.1:1";
	k->route_carrier = "exotel";
	kit_restart();
	kit_route(FROM, "acme1", "acme", "shop");
	shop_set_secret(&k->s, k->s.w.a, "exotel.api_token", "token");
	shop_set_secret(&k->s, k->s.w.a, "exotel.webhook_key", KEY);
	worker_has_none("w1");
	return 0;
}

/* Half a key is none; with the other half, nobody is there. */
static void test_half_a_key(void **state)
{
	(void)state;
	dial();
	assert_string_equal(how(), "ended failed failed");
	assert_string_equal(dial_text("why"), "no_key");
	shop_set_secret(&k->s, k->s.w.a, "exotel.api_key", "key");
	dial();
	assert_string_equal(dial_text("why"), "unreachable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_whole_call_by_a_flow, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_a_whole_call_straight_to_a_socket, begin, end),
		cmocka_unit_test_setup_teardown(test_calls_that_come_to_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_F03_found_by_its_numbers, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_F03_found_by_its_name, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_F03_another_name_is_another_call, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_F03_the_leg_comes_by_itself, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_F03_an_outcome_that_nobody_knows, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_refused, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_too_much_to_do, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_ended_while_it_rings, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_F22_forged, begin_flow, end),
		cmocka_unit_test_setup_teardown(test_what_is_missing, begin, end),
		cmocka_unit_test_setup_teardown(test_half_a_key, begin_keyless, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
