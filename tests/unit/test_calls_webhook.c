/* Carriers' webhooks: who is let in, what is done, what is answered when there is no worker. */
#include "callskit.h"

/* The house's and both tenants' documents of calls. */
static size_t anything_done(void)
{
	return documents_of(k->s.w.a, "") + documents_of(k->s.w.b, "") + documents_of(tenant_house(), "call/") + documents_of(tenant_house(), "open/") +
		documents_of(tenant_house(), "media-token/");
}

/* ------------------------------------------------------------------ the signature */

/* Forged, unsigned, another tenant's, unknown: all the same answer, and nothing is done. */
static void test_refusals_are_all_alike(void **state)
{
	struct hook all[11];
	struct got first = { .done = 0 }, g = { .done = 0 };
	size_t before = anything_done();

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		all[i] = hook_voice;
	all[0].secret = NULL;                                   /* not signed */
	all[1].secret = "another secret";                       /* forged */
	all[2].secret = SECRET_B;                               /* by another tenant */
	all[3].number = NUMBER_B;                               /* for another tenant */
	all[4].number = "+15550122";                            /* no such route */
	all[5].signature = "";
	all[6].signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	all[7].sid = "not-a-sid!";
	all[8].number = "+1";
	all[9].hash = TWILIO_SHA256;                            /* there is no such secret */
	all[10].path = "/webhooks/twilio/after";
	all[10].secret = "another secret";
	assert_int_equal(hook(&first, &all[0]), 403);
	for (size_t i = 1; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(hook(&g, &all[i]), 403);
		assert_string_equal(g.body, first.body);
	}
	assert_int_equal(anything_done(), before);
	got_drop(&first);
	got_drop(&g);
}

/* What is signed is the whole of it. */
static void test_another_body_or_path(void **state)
{
	static const char type[] = "Content-Type: application/x-www-form-urlencoded";
	static const char body[] = "CallSid=" CALL_SID "&AccountSid=" ACCOUNT "&To=%2B15550100";
	static const char *const bodies[] = { body, "CallSid=" OTHER_SID "&AccountSid=" ACCOUNT "&To=%2B15550100",
		"CallSid=" CALL_SID "&AccountSid=" ACCOUNT "&To=%2B15550100&More=1", "%zz", "", "CallSid=" CALL_SID };
	static const char *const paths[] = { "/webhooks/twilio/voice", "/webhooks/twilio/voice?a=1", "/webhooks/twilio/after" };
	char line[100], signature[TWILIO_SIGNATURE_MAX];
	const char *const headers[] = { type, line, NULL };
	struct got g = { .done = 0 };
	struct http_pairs form;

	(void)state;
	worker_has_none("w1");
	assert_int_equal(http_pairs_parse(&form, body, strlen(body)), ERR_NONE);
	assert_int_equal(twilio_sign(TWILIO_SHA1, PUBLIC_URL "/webhooks/twilio/voice", &form, SECRET_A, strlen(SECRET_A), signature), ERR_NONE);
	http_pairs_free(&form);
	snprintf(line, sizeof(line), "X-Twilio-Signature: %s", signature);
	for (size_t p = 0; p < 3; p++)
		for (size_t b = 0; b < 6; b++) {
			kit_start(&g, HTTP_POST, paths[p], headers, bodies[b], strlen(bodies[b]));
			kit_wait(&g);
			assert_int_equal(g.status, p || b ? 403 : 200);
		}
	got_drop(&g);
}

/* HMAC-SHA256 has a secret of its own: the other one does not open it. */
static void test_the_other_signature(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	shop_set_secret(&k->s, k->s.w.a, "twilio.webhook_key", "a key of its own");
	h.hash = TWILIO_SHA256;
	assert_int_equal(hook(&g, &h), 403);
	h.secret = "a key of its own";
	assert_int_equal(hook(&g, &h), 200);
	h.hash = TWILIO_SHA1;
	assert_int_equal(hook(&g, &h), 403);
	got_drop(&g);
}

/* Before the address is known that carriers sign for, nobody is let in. */
static void test_no_public_url(void **state)
{
	struct calls_settings settings;
	struct err_detail detail = { .message = "" };
	struct calls *c;

	(void)state;
	settings = (struct calls_settings){ .loop = &k->s.w.loop, .documents = k->s.documents, .options = { .server_url = "calls.example.com", .voice_url = "" } };
	assert_int_equal(calls_open(&c, &settings, &detail), ERR_USAGE);
	assert_string_equal(detail.where, "server.public_url");
	settings.options = (struct calls_options){ .server_url = "https://calls.example.com/", .voice_url = "" };
	assert_int_equal(calls_open(&c, &settings, &detail), ERR_USAGE);
	settings.options = (struct calls_options){ .server_url = "", .voice_url = "https://a b" };
	assert_int_equal(calls_open(&c, &settings, &detail), ERR_USAGE);
	assert_string_equal(detail.where, "voice.public_url");
	assert_null(c);
}

/* ------------------------------------------------------------------ routes and tenants (N8) */

/* Two tenants whose carriers give the same ids: two calls, each seen by its own people alone. */
static void test_N8_two_tenants_with_the_same_call(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };
	char token_a[KIT_TOKEN_MAX], token_b[KIT_TOKEN_MAX], a[CALL_ID_MAX], b[CALL_ID_MAX], path[100];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &h), 200);
	snprintf(token_a, sizeof(token_a), "%s", offer_token(&g));
	h.number = NUMBER_B;
	h.secret = SECRET_B;
	assert_int_equal(hook(&g, &h), 200);
	snprintf(token_b, sizeof(token_b), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", token_a), 200);
	assert_string_equal(got_text(&g, "tenant"), "acme");
	snprintf(a, sizeof(a), "%s", got_text(&g, "call"));
	assert_int_equal(attach(&g, "w1", token_b), 200);
	assert_string_equal(got_text(&g, "tenant"), "globex");
	snprintf(b, sizeof(b), "%s", got_text(&g, "call"));
	assert_string_not_equal(a, b);

	assert_int_equal(snapshot(&g, a, "1", "of a"), 204);
	assert_int_equal(documents_of(k->s.w.b, "snapshot/"), 0);
	assert_int_equal(tool(&g, b, 1, 1, "save", "5"), 200);
	assert_string_equal(k->s.authorization, "Bearer the-token-of-b");
	assert_int_equal(documents_of(k->s.w.a, "tools/"), 0);
	assert_int_equal(call_get(&g, a), 200);
	assert_int_equal(call_get(&g, b), 404);
	snprintf(path, sizeof(path), "/v1/calls/%s/end", b);
	assert_int_equal(ask_as_person(&g, "admin", HTTP_POST, path, NULL), 404);
	assert_int_equal(k->orders, 0);
	snprintf(path, sizeof(path), "/v1/calls/%s", b);
	assert_int_equal(ask_as(&g, bearer_person("globex", "viewer"), HTTP_GET, path, NULL), 200);
	assert_int_equal(ask_as(&g, bearer_person("globex", "viewer"), HTTP_GET, "/v1/calls", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(g.json, "calls")), 1);
	got_drop(&g);
}

/* The account's own route before the one for any account. */
static void test_an_accounts_own_route(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	kit_route(NUMBER_A, ACCOUNT, "globex", "shop");
	assert_int_equal(hook(&g, &h), 403); /* globex's now */
	h.secret = SECRET_B;
	assert_int_equal(hook(&g, &h), 200);
	h.account = "AC00000000000000000000000000000007";
	assert_int_equal(hook(&g, &h), 403);
	h.secret = SECRET_A;
	assert_int_equal(hook(&g, &h), 200);
	got_drop(&g);
}

/* We called: our number is the other one. */
static void test_an_outbound_call(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	h.is_outbound = true;
	assert_int_equal(hook(&g, &h), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_string_equal(got_text(&g, "direction"), "outbound");
	got_drop(&g);
}

/* ------------------------------------------------------------------ the same webhook again (F22) */

static void test_F22_the_same_webhook_five_times(void **state)
{
	struct got all[5] = { { .done = 0 } }, g = { .done = 0 };
	struct hook after = hook_after();
	char token[KIT_TOKEN_MAX], call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < 5; i++)
		hook_start(&all[i], &hook_voice); /* at once */
	for (size_t i = 0; i < 5; i++) {
		kit_wait(&all[i]);
		assert_int_equal(all[i].status, 200);
		assert_int_equal(strlen(offer_token(&all[i])), 43);
		assert_string_equal(all[i].body, all[0].body);
	}
	assert_int_equal(documents_of(k->s.w.a, "call/"), 1);
	assert_int_equal(documents_of(tenant_house(), "call/"), 1);
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	assert_int_equal(k->calls->workers[0].calls, 1); /* counted once */
	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w1", token), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_int_equal(ended(&g, call, 1, "agent", "done"), 204);
	clock_pass(UINT64_C(24) * 3600 * 1000);
	worker_has_none("w1");
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(hook(&g, i & 1 ? &after : &hook_voice), 200);
		assert_non_null(strstr(g.body, "<Hangup/>"));
	}
	assert_string_equal(call_state(call), "ended agent");
	for (size_t i = 0; i < 5; i++)
		got_drop(&all[i]);
	got_drop(&g);
}

/* Said again before the carrier came: the very same answer, so that who overheard the question gets no token of his own. */
static void test_the_same_answer(void **state)
{
	struct got first = { .done = 0 }, g = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&first, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&first));
	clock_pass(CALLS_TOKEN_MS / 2 - 1);
	worker_says("w1", 10, 10, "{}"); /* that it is full now changes nothing */
	worker_has_none("w2");
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_string_equal(g.body, first.body);
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 1);
	clock_pass(1); /* too late for a carrier that comes only now */
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_string_not_equal(offer_token(&g), "");
	assert_string_not_equal(offer_token(&g), token);
	assert_int_equal(attach(&g, "w1", token), 200);
	assert_int_equal(attach(&g, "w1", token), 403);
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_string_equal(offer_token(&g), "");
	got_drop(&first);
	got_drop(&g);
}

/* A call that is over at the carrier is none to be answered: nothing is begun, nothing is handed out; unsigned it is refused as ever. */
static void test_a_call_that_is_over(void **state)
{
	static const char *const statuses[] = { "completed", "busy", "failed", "no-answer", "canceled" };
	struct hook over = hook_voice, after = hook_after();
	struct got g = { .done = 0 };
	size_t before = anything_done();
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < 5; i++) {
		over.status = statuses[i];
		assert_int_equal(hook(&g, &over), 200);
		assert_non_null(strstr(g.body, "<Response/>"));
	}
	over.secret = "another secret";
	assert_int_equal(hook(&g, &over), 403);
	assert_int_equal(anything_done(), before);
	over = hook_voice;
	over.status = "in-progress"; /* it is being talked in */
	assert_int_equal(hook(&g, &over), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	while (documents_of(tenant_house(), "media-token/")) /* it goes behind the answer */
		;
	before = anything_done();
	after.status = "completed";
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Response/>"));
	assert_int_equal(anything_done(), before);
	assert_string_equal(call_state(call), "live ");
	got_drop(&g);
}

/* The carrier asks what is next of a call that nobody knows. */
static void test_after_a_call_that_never_was(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_int_equal(documents_of(k->s.w.a, "call/"), 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ placement */

static void assert_sorry(const struct got *g)
{
	assert_int_equal(g->status, 200);
	assert_non_null(strstr(g->body, "<Say"));
	assert_non_null(strstr(g->body, "<Hangup/>"));
}

static const char *only_call(void)
{
	static char id[CALL_ID_MAX];
	struct got g = { .done = 0 };

	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(g.json, "calls")), 1);
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(json_array_get(json_object_get(g.json, "calls"), 0), "call")));
	got_drop(&g);
	return id;
}

/* Nobody has room: an apology, also when it is asked again, and it is written down. */
static void test_no_worker_for_a_new_call(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	worker_says("w1", 10, 10, "{}");
	for (size_t i = 0; i < 2; i++) {
		hook(&g, &hook_voice);
		assert_sorry(&g);
		assert_string_equal(call_state(only_call()), "ended no_worker");
	}
	got_drop(&g);
}

/* The carrier did not get the apology and asks again: whoever has room by now takes the call, and it is swept as any other. */
static void test_an_apology_that_was_not_heard(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	hook(&g, &hook_voice);
	assert_sorry(&g);
	kit_restart();
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	clock_pass(CALLS_AGAIN_MS - 1);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_string_not_equal(offer_token(&g), "");
	assert_string_equal(call_state(only_call()), "waiting ");
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_string_equal(call_state(only_call()), "live ");
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	clock_pass(CALLS_REATTACH_MS + 1);
	kit_sweep();
	assert_string_equal(call_state(only_call()), "ended lost");
	got_drop(&g);
}

/* … within the time that a carrier waits for an answer. Later it was heard, the call is over, and who asks says what he has overheard. */
static void test_an_apology_that_was_heard(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	hook(&g, &hook_voice);
	assert_sorry(&g);
	clock_pass(CALLS_AGAIN_MS);
	worker_has_none("w1");
	hook(&g, &hook_voice);
	assert_sorry(&g);
	assert_string_equal(call_state(only_call()), "ended no_worker");
	assert_int_equal(documents_of(tenant_house(), "media-token/"), 0);
	got_drop(&g);
}

/* The sweeper does not take away what such a call needs, and two that ask at once get one call and one token. */
static void test_an_apology_that_is_asked_for_twice(void **state)
{
	struct got g = { .done = 0 }, other = { .done = 0 };

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	hook(&g, &hook_voice);
	assert_sorry(&g);
	kit_sweep();
	assert_int_equal(documents_of(tenant_house(), "open/"), 1);
	worker_has_none("w1");
	hook_start(&g, &hook_voice);
	hook_start(&other, &hook_voice);
	kit_wait(&g);
	kit_wait(&other);
	assert_string_equal(g.body, other.body);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	got_drop(&g);
	got_drop(&other);
}

/* We were started a moment ago, and no worker has said yet that it is there: it rings until one has. */
static void test_a_new_call_just_behind_a_restart(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	hook_start(&g, &hook_voice);
	kit_wait_held();
	worker_says("w1", 10, 10, "{}");
	kit_wait_held(); /* it has no room, another one may */
	assert_false(g.done);
	worker_has_none("w2");
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	got_drop(&g);
}

/* … and none comes: an apology, when that time is over. One that was apologised to before waits as well, and so does one that is held twice. */
static void test_nobody_comes_behind_a_restart(void **state)
{
	struct got g = { .done = 0 }, other = { .done = 0 };

	(void)state;
	hook_start(&g, &hook_voice);
	kit_wait_held();
	hook_start(&other, &hook_voice);
	kit_until(k->calls->asks->next && k->calls->asks->woken && k->calls->asks->next->woken);
	clock_pass(CALLS_HEARD_MS);
	kit_wait(&g);
	kit_wait(&other);
	assert_sorry(&g);
	assert_sorry(&other);
	assert_string_equal(call_state(only_call()), "ended no_worker");
	kit_restart();
	hook_start(&g, &hook_voice);
	kit_wait_held();
	worker_has_none("w1");
	kit_wait(&g);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	got_drop(&g);
	got_drop(&other);
}

/* It is told to stop while it rings: refused, and nothing is left of who waited. */
static void test_stopped_while_a_call_waits(void **state)
{
	struct got g = { .done = 0 };

	(void)state;
	hook_start(&g, &hook_voice);
	kit_wait_held();
	kit_restart();
	kit_wait(&g);
	assert_int_equal(g.status, 503);
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	got_drop(&g);
}

/* One that is under way waits, a second at a time, and is given up at last. */
static void test_no_worker_for_a_call_under_way(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];
	unsigned int asked = 0;

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	clock_pass(CALLS_HEARD_MS + 1);
	do {
		clock_pass(1000);
		assert_int_equal(hook(&g, &after), 200);
		asked++;
	} while (strstr(g.body, "<Pause length=\"1\"/><Redirect") && asked < 100);
	assert_int_equal(asked, CALLS_OFFERS_MAX + 1);
	assert_non_null(strstr(g.body, "<Say"));
	assert_string_equal(call_state(call), "ended lost");
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	got_drop(&g);
}

/* A call that is under way comes back, and nobody has room: that ends nothing. */
static void test_no_worker_for_a_repeat(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	worker_says("w1", 10, 10, "{}");
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Pause length=\"1\"/><Redirect"));
	assert_string_equal(call_state(call), "live ");
	got_drop(&g);
}

/* The first question once more, of a call that is talked in: it was overheard. */
static void test_a_replay_gets_no_stream(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_string_equal(offer_token(&g), "");
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(snapshot(&g, call, "1", "x"), 204); /* its worker has it still */
	got_drop(&g);
}

/* "What is next" once more, while the call is talked in: its worker is asked, and nobody gets a stream. The call does not notice. */
static void test_an_after_of_a_call_that_is_well(void **state)
{
	char path[200] = "/webhooks/twilio/after", call[CALL_ID_MAX];
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	unsigned int asked = 0;

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	kit_live("w1", call);
	k->socket_status = 204;
	after.path = path;
	do {
		assert_int_equal(hook(&g, &after), 200);
		assert_string_equal(offer_token(&g), "");
		assert_non_null(strstr(g.body, asked < CALLS_OFFERS_MAX ? "<Pause length=\"1\"/><Redirect" : "<Say"));
		redirect_path(&g, path);
		asked++;
	} while (path[0] && asked < 100);
	assert_int_equal(asked, CALLS_OFFERS_MAX + 1);
	assert_int_equal(k->sockets_asked, asked);
	assert_string_equal(k->order_call, call);
	assert_string_equal(k->order_body, "{\"epoch\":1}");
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(snapshot(&g, call, "1", "x"), 204);
	k->socket_status = 404; /* now it is gone: at once, and none of that counts */
	after.path = "/webhooks/twilio/after";
	assert_int_equal(hook(&g, &after), 200);
	assert_null(strstr(g.body, "<Pause"));
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	got_drop(&g);
}

/* Overheard, and sent again while the line is broken: no stream comes of it, the call is not lost by it, and the carrier's own next question is answered. */
static void test_an_after_is_good_for_one_offer(void **state)
{
	char call[CALL_ID_MAX], first[200], second[200], third[200];
	struct hook after = hook_after();
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	redirect_path(&g, first);
	assert_string_equal(first, "/webhooks/twilio/after?visit=1");
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	after.path = first; /* the line breaks */
	assert_int_equal(hook(&g, &after), 200);
	redirect_path(&g, second);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	for (unsigned int i = 0; i < 2 * CALLS_OFFERS_MAX; i++) { /* it breaks again, and the carrier is slow */
		assert_int_equal(hook(&g, &after), 200);
		assert_string_equal(offer_token(&g), "");
		redirect_path(&g, third);
		assert_string_equal(third, second); /* where a carrier goes that did not get the answer */
	}
	assert_string_equal(call_state(call), "live ");
	after.path = second;
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_int_equal(got_number(&g, "epoch"), 3);
	got_drop(&g);
}

/* Its worker hangs, or is being started again: the caller is not kept waiting for it. */
static void test_a_worker_that_does_not_say(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	k->socket_status = 0;
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(k->sockets_asked, 1);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	got_drop(&g);
}

/* We were started a moment ago, and the call's worker has not said yet that it is there: it may have the call. */
static void test_an_after_just_behind_a_restart(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	kit_restart();
	worker_has_none("w2");
	assert_int_equal(hook(&g, &after), 200);
	assert_string_equal(offer_token(&g), "");
	assert_non_null(strstr(g.body, "<Pause length=\"1\"/><Redirect"));
	clock_pass(CALLS_HEARD_MS);
	worker_has_none("w2");
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	assert_int_equal(k->sockets_asked, 0);
	got_drop(&g);
}

/* Said again before the carrier came, more often than there are places: the carrier's own offer stays good, and none of it is counted. */
static void test_repeats_do_not_harm_the_first(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 }, other = { .done = 0 };
	char token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(hook(&g, &hook_voice), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	for (size_t i = 0; i < 2 * CALLS_OFFERS_MAX; i++) {
		clock_pass(1);
		assert_int_equal(hook(&other, &hook_voice), 200);
	}
	assert_int_equal(hook(&other, &after), 200); /* the stream could not connect: it is offered again, not given up */
	assert_string_not_equal(offer_token(&other), "");
	assert_int_equal(attach(&g, "w1", token), 200);
	got_drop(&other);
	got_drop(&g);
}

/* One comes back in time. */
static void test_a_worker_comes_back(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	clock_pass(CALLS_HEARD_MS + 1);
	assert_int_equal(hook(&g, &after), 200);
	assert_string_equal(offer_token(&g), "");
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Pause length=\"1\"/><Connect>"));
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	got_drop(&g);
}

/* The one with the fewest calls; for a call that lost its worker another one, and not again who did not take it. */
static void test_who_gets_a_call(void **state)
{
	struct hook h = hook_voice, after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	kit_calls_close();
	k->voice_url = "wss://media.example.com/{worker}";
	kit_calls_open();
	worker_says("w1", 3, 10, "{}");
	worker_says("w2", 2, 10, "{}");
	worker_says("w3", 0, 0, "{}");
	assert_int_equal(hook(&g, &h), 200);
	assert_string_equal(offer_url(&g), "wss://media.example.com/w2/media/twilio");
	h.sid = OTHER_SID; /* counted as one more at once: w1 and w2 have three each */
	assert_int_equal(hook(&g, &h), 200);
	h.sid = "CA00000000000000000000000000000004";
	assert_int_equal(hook(&g, &h), 200);
	assert_string_equal(offer_url(&g), "wss://media.example.com/w2/media/twilio");
	worker_says("w1", 9, 10, "{}");
	worker_says("w2", 0, 10, "{}");
	worker_says("w3", 1, 10, "{}");
	h.sid = CALL_SID;
	assert_int_equal(hook(&g, &hook_voice), 200); /* the same again: nobody has refused it */
	assert_string_equal(offer_url(&g), "wss://media.example.com/w2/media/twilio");
	assert_int_equal(hook(&g, &after), 200); /* w2 did not take it */
	assert_string_equal(offer_url(&g), "wss://media.example.com/w3/media/twilio");
	assert_int_equal(attach(&g, "w3", offer_token(&g)), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_int_equal(hook(&g, &after), 200);
	assert_string_equal(offer_url(&g), "wss://media.example.com/w2/media/twilio");
	assert_int_equal(hook(&g, &after), 200); /* w2 did not take it: not w2, and rather not w3, who lost it */
	assert_string_equal(offer_url(&g), "wss://media.example.com/w1/media/twilio");
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_int_equal(hook(&g, &after), 200); /* w1 did take it: what was offered before counts no more */
	assert_string_equal(offer_url(&g), "wss://media.example.com/w2/media/twilio");
	got_drop(&g);
}

/* A worker that drains gets none. */
static void test_a_worker_that_drains(void **state)
{
	struct got g = { .done = 0 };
	char body[300];

	(void)state;
	clock_pass(CALLS_HEARD_MS);
	snprintf(body, sizeof(body), "{\"worker\":\"w1\",\"url\":\"%s\",\"pid\":7,\"calls\":0,\"calls_max\":10,\"draining\":true,\"here\":{}}", k->worker_url);
	assert_int_equal(ask_as_worker(&g, HTTP_POST, "/internal/v1/workers", body), 204);
	assert_int_equal(hook(&g, &hook_voice), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	got_drop(&g);
}

static unsigned int leaving_snapshot(struct got *g, const char *call)
{
	snapshot_start(g, call, "1&leaves=1", "x");
	kit_wait(g);
	return g->status;
}

/* Its call may go when another one has a place, and no more calls at once than there are places; the snapshot is kept either way. */
static void test_a_call_that_is_to_leave(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(leaving_snapshot(&g, call), 200); /* it alone is there */
	assert_true(json_is_false(json_object_get(g.json, "room")));
	worker_says("w2", 10, 10, "{}");
	assert_int_equal(leaving_snapshot(&g, call), 200);
	worker_says("w2", 9, 10, "{}");
	assert_int_equal(leaving_snapshot(&g, call), 204);
	assert_int_equal(leaving_snapshot(&g, call), 200); /* that place is taken */
	assert_int_equal(snapshot(&g, call, "1", "y"), 204);
	worker_says("w2", 9, 10, "{}");
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w2", offer_token(&g)), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	assert_int_equal(leaving_snapshot(&g, call), 409);
	got_drop(&g);
}

static void test_reports_that_are_none(void **state)
{
	static const char *const bodies[] = { "{}", "[]", "{\"worker\":\"w1\"}", "{\"worker\":\"w 1\",\"url\":\"http://h\",\"calls\":0,\"calls_max\":1}",
		"{\"worker\":\"w1\",\"url\":\"ftp://h\",\"calls\":0,\"calls_max\":1}", "{\"worker\":\"w1\",\"url\":\"http://h/?x\",\"calls\":0,\"calls_max\":1}",
		"{\"worker\":\"w1\",\"url\":\"http://h\",\"calls\":-1,\"calls_max\":1}" };
	struct got g = { .done = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(ask_as_worker(&g, HTTP_POST, "/internal/v1/workers", bodies[i]), 400);
	worker_says("w1", 0, 10, "{\"no call\":1,\"00000000000000000000000000000001\":-5,\"00000000000000000000000000000002\":\"x\"}");
	assert_int_equal(k->calls->sights.count, 0);
	got_drop(&g);
}

/* A rule-book that is not there, or has mistakes: an apology; nothing is begun. */
static void test_a_rulebook_that_does_not_serve(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };

	(void)state;
	worker_has_none("w1");
	kit_route(NUMBER_A, "", "acme", "missing");
	assert_int_equal(hook(&g, &h), 200);
	assert_non_null(strstr(g.body, "<Say"));
	kit_book_write("broken", "rulebook: 1\nid: [\n");
	kit_route(NUMBER_A, "", "acme", "broken");
	assert_int_equal(hook(&g, &h), 200);
	assert_non_null(strstr(g.body, "<Say"));
	assert_int_equal(documents_of(tenant_house(), "call/"), 0);
	got_drop(&g);
}

/* The rule-book is changed on the disk in mid-call: the call keeps its own, also over a restart. */
static void test_the_rulebook_is_pinned(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], hash[RULEBOOK_HASH_BYTES];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(call_get(&g, call), 200);
	snprintf(hash, sizeof(hash), "%s", got_text(&g, "hash"));
	kit_book_write("shop", "rulebook: 1\n");
	kit_restart();
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_true(json_is_object(json_object_get(g.json, "flow")));
	assert_int_equal(tool(&g, call, 2, 1, "save", "5"), 200);
	assert_string_equal(got_text(&g, "status"), "ok");
	assert_int_equal(call_get(&g, call), 200);
	assert_string_equal(got_text(&g, "hash"), hash);
	got_drop(&g);
}

/* The stored bytes are not those that the call is pinned to: nobody gets another book instead. */
static void test_a_pinned_rulebook_that_is_another(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], key[DOCUMENT_KEY_MAX], text[sizeof(shop_book) + 100];
	size_t len;

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(call_get(&g, call), 200);
	book_key(got_text(&g, "hash"), key);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/rulebooks/shop", NULL), 200);
	len = (size_t)snprintf(text, sizeof(text), "%s# another\n", g.body);
	kit_put(k->s.w.a, key, text, len);
	kit_restart();
	worker_has_none("w1");
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 503);
	got_drop(&g);
}

/* ------------------------------------------------------------------ a store that fails */

/* Somebody is on the line: the carrier asks again, and is told to stop at last. Nothing of it is acknowledged. */
static void test_a_full_disk_while_somebody_waits(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[200] = "/webhooks/twilio/after";
	unsigned int asked = 0;

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	k->gate.answers = true;
	k->gate.refuse_puts = ERR_FULL;
	after.path = path;
	do {
		assert_int_equal(hook(&g, &after), 200);
		assert_string_equal(offer_token(&g), "");
		redirect_path(&g, path);
		asked++;
	} while (path[0] && asked < 100);
	assert_int_equal(asked, CALLS_OFFERS_MAX + 1);
	assert_non_null(strstr(g.body, "<Say"));
	k->gate.refuse_puts = ERR_NONE;
	snprintf(path, sizeof(path), "/webhooks/twilio/after?attempt=3");
	assert_int_equal(hook(&g, &after), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	got_drop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refusals_are_all_alike, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_another_body_or_path, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_other_signature, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_public_url, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_N8_two_tenants_with_the_same_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_accounts_own_route, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_outbound_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_F22_the_same_webhook_five_times, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_same_answer, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_is_over, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_after_a_call_that_never_was, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_worker_for_a_new_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_apology_that_was_not_heard, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_apology_that_was_heard, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_apology_that_is_asked_for_twice, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_new_call_just_behind_a_restart, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_nobody_comes_behind_a_restart, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_stopped_while_a_call_waits, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_worker_for_a_call_under_way, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_worker_for_a_repeat, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_replay_gets_no_stream, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_after_of_a_call_that_is_well, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_after_is_good_for_one_offer, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_worker_that_does_not_say, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_after_just_behind_a_restart, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_repeats_do_not_harm_the_first, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_worker_comes_back, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_who_gets_a_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_worker_that_drains, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_is_to_leave, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_reports_that_are_none, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_rulebook_that_does_not_serve, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_rulebook_is_pinned, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_pinned_rulebook_that_is_another, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_full_disk_while_somebody_waits, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
