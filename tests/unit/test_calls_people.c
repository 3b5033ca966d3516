/* What people see and do: the list, one call, ending one, calls from the browser, rule-books; and who may. */
#include "callskit.h"

/* Calls of other moments, of this tenant: as the carrier makes them. */
static void calls_ring(unsigned int count)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };
	char sid[CARRIER_ID_MAX];

	h.sid = sid;
	for (unsigned int i = 1; i <= count; i++) {
		clock_pass(1000);
		worker_has_none("w1");
		snprintf(sid, sizeof(sid), "CA%032u", i);
		assert_int_equal(hook(&g, &h), 200);
	}
	got_drop(&g);
}

/* ------------------------------------------------------------------ the list */

static void test_the_list_newest_first(void **state)
{
	struct got g = { .done = 0 };
	char path[200] = "/v1/calls?limit=3";
	json_int_t last = INT64_MAX;
	size_t seen = 0, pages = 0;

	(void)state;
	calls_ring(7);
	do {
		const json_t *list, *one;
		size_t i;

		assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, path, NULL), 200);
		list = json_object_get(g.json, "calls");
		json_array_foreach(list, i, one) {
			json_int_t began = json_integer_value(json_object_get(one, "began_ms"));

			assert_true(began < last);
			assert_string_equal(json_string_value(json_object_get(one, "state")), "waiting");
			assert_string_equal(json_string_value(json_object_get(one, "kind")), "twilio");
			assert_string_equal(json_string_value(json_object_get(one, "rulebook")), "shop");
			last = began;
			seen++;
		}
		pages++;
		snprintf(path, sizeof(path), "/v1/calls?limit=3&before=%s", got_text(&g, "before"));
	} while (*got_text(&g, "before") && pages < 10);
	assert_int_equal(seen, 7);
	assert_int_equal(pages, 3);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(g.json, "calls")), 7);
	assert_true(json_is_null(json_object_get(g.json, "before")));
	got_drop(&g);
}

static void test_pages_that_are_none(void **state)
{
	static const char *const paths[] = { "/v1/calls?limit=0", "/v1/calls?limit=x", "/v1/calls?limit=-1", "/v1/calls?before=", "/v1/calls?before=../secret",
		"/v1/calls?before=0123456789abcdef", "/v1/calls?before=0123456789abcdef-0123456789abcdef0123456789abcdeX",
		"/v1/calls?state=ended", "/v1/calls?limit=3&state=bad", "/v1/calls?limit=3&x", "/v1/calls?Limit=3" };
	struct got g = { .done = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, paths[i], NULL), 400);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls?limit=100000000", NULL), 400);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls?limit=1000", NULL), 200);
	got_drop(&g);
}

static void test_one_call(void **state)
{
	static const char *const paths[] = { "/v1/calls/00000000000000000000000000000001", "/v1/calls/x", "/v1/calls/..%2fx" };
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[100];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(call_get(&g, call), 200);
	assert_string_equal(got_text(&g, "call"), call);
	assert_string_equal(got_text(&g, "state"), "live");
	assert_string_equal(got_text(&g, "direction"), "inbound");
	assert_string_equal(got_text(&g, "version"), "1");
	assert_string_equal(got_text(&g, "language"), "en-US");
	assert_string_equal(got_text(&g, "worker"), "w1");
	assert_int_equal((uint64_t)got_number(&g, "began_ms"), k->now_ms);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, paths[i], NULL), 404);
	snprintf(path, sizeof(path), "/v1/calls/%s0", call);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, path, NULL), 404);
	got_drop(&g);
}

/* ------------------------------------------------------------------ who may */

static void test_roles(void **state)
{
	static const struct {
		const char *role;
		bool sees, acts;
	} roles[] = { { "viewer", true, false }, { "operator", true, true }, { "approver", true, false }, { "author", true, false }, { "reveal", true, false },
		{ "admin", true, true }, { "house", false, false }, { "service", false, false }, { "nobody", false, false } };
	static const char browser[] = "{\"rulebook\":\"shop\"}";
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[100], again[100];

	(void)state;
	worker_says("w1", 0, 1000, "{}");
	kit_live("w1", call);
	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	snprintf(again, sizeof(again), "/v1/calls/%s/browser", call);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const char *role = roles[i].role;
		unsigned int sees = roles[i].sees ? 200 : 403;

		assert_int_equal(ask_as_person(&g, role, HTTP_GET, "/v1/calls", NULL), sees);
		assert_int_equal(ask_as_person(&g, role, HTTP_GET, "/v1/rulebooks", NULL), sees);
		assert_int_equal(ask_as_person(&g, role, HTTP_GET, "/v1/rulebooks/shop", NULL), sees);
		assert_int_equal(ask_as_person(&g, role, HTTP_POST, "/v1/rulebooks/check", "x"), sees);
		assert_int_equal(ask_as_person(&g, role, HTTP_POST, "/v1/calls/browser", browser), roles[i].acts ? 200 : 403);
		assert_int_equal(ask_as_person(&g, role, HTTP_POST, again, NULL), roles[i].acts ? 404 : 403); /* it is a carrier's */
		assert_int_equal(ask_as_person(&g, role, HTTP_POST, path, NULL), roles[i].acts ? 204 : 403);
	}
	assert_int_equal(k->orders, 2);
	assert_int_equal(ask_as(&g, bearer_person("", "admin"), HTTP_GET, "/v1/calls", NULL), 403); /* of no tenant */
	assert_int_equal(ask_as(&g, "X-Nothing: 1", HTTP_GET, "/v1/calls", NULL), 401);
	assert_int_equal(ask_as(&g, bearer_service(k->voice_key, &kit_people), HTTP_GET, "/v1/calls", NULL), 403);
	got_drop(&g);
}

/* ------------------------------------------------------------------ ending */

static unsigned int end_call(struct got *g, const char *call)
{
	char path[100];

	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	return ask_as_person(g, "operator", HTTP_POST, path, NULL);
}

/* A live one's worker is told, under a token for voice that names the tenant; the end is the worker's to say. */
static void test_an_order_to_the_worker(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(end_call(&g, call), 204);
	assert_int_equal(k->orders, 1);
	assert_string_equal(k->order_call, call);
	assert_string_equal(k->order_body, "{\"order\":\"end\"}");
	assert_string_equal(k->order_tenant, "conductor acme");
	assert_string_equal(call_state(call), "live ");
	k->order_status = 500;
	assert_int_equal(end_call(&g, call), 502);
	assert_string_equal(call_state(call), "live ");
	assert_int_equal(ended(&g, call, 1, "order", ""), 204);
	assert_int_equal(end_call(&g, call), 204);
	assert_int_equal(k->orders, 2);
	got_drop(&g);
}

/* No worker is heard of, or it says that the call is not there: the document; whoever comes for the call later is told. */
static void test_an_end_without_a_worker(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	clock_pass(CALLS_HEARD_MS + 1);
	assert_int_equal(end_call(&g, call), 204);
	assert_int_equal(k->orders, 0);
	assert_string_equal(call_state(call), "ended order");
	worker_has_none("w1");
	assert_int_equal(attach(&g, "w1", token), 409);
	assert_int_equal(snapshot(&g, call, "1", "x"), 409); /* so that a worker that lives after all lets go */
	assert_int_equal(tool(&g, call, 1, 1, "save", "5"), 409);
	assert_int_equal(k->s.effects, 0);
	assert_int_equal(hook(&g, &after), 200);
	assert_non_null(strstr(g.body, "<Hangup/>"));
	assert_int_equal(ended(&g, call, 1, "caller", "done"), 204); /* it knows better how it was */
	assert_string_equal(call_state(call), "ended caller");
	assert_int_equal(snapshot(&g, call, "1", "x"), 204);
	got_drop(&g);
}

static void test_an_end_between_two_workers(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	kit_live("w1", call);
	k->order_status = 404;
	assert_int_equal(end_call(&g, call), 204);
	assert_int_equal(k->orders, 1);
	assert_string_equal(call_state(call), "ended order");
	got_drop(&g);
}

/* Another worker attached while the first one was asked: that one gets the order. */
static void test_an_end_while_it_moves(void **state)
{
	struct hook after = hook_after();
	const char *headers[2] = { NULL };
	struct got g = { .done = 0 }, ending = { .done = 0 };
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX], path[100];

	(void)state;
	worker_has_none("w1");
	worker_has_none("w2");
	kit_live("w1", call);
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	k->order_status = 404;
	k->gate.hold = "call/";
	snprintf(path, sizeof(path), "/v1/calls/%s/end", call);
	headers[0] = bearer_person("acme", "operator");
	kit_start(&ending, HTTP_POST, path, headers, NULL, 0);
	kit_until(k->gate.is_held);
	assert_int_equal(attach(&g, "w2", token), 200);
	k->order_status = 204;
	gate_release(&k->gate);
	kit_wait(&ending);
	assert_int_equal(ending.status, 204);
	assert_int_equal(k->orders, 2);
	assert_string_equal(call_state(call), "live ");
	got_drop(&ending);
	got_drop(&g);
}

static void test_an_end_of_one_that_waits(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\"}"), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_int_equal(end_call(&g, call), 204);
	assert_string_equal(call_state(call), "ended order");
	assert_int_equal(end_call(&g, "00000000000000000000000000000001"), 404);
	got_drop(&g);
}

/* ------------------------------------------------------------------ from the browser */

static void test_a_browser_call(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], first[KIT_TOKEN_MAX], second[KIT_TOKEN_MAX], url[100], again[100];

	(void)state;
	worker_has_none("w1");
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\",\"language\":\"en-US\",\"variables\":{}}"), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	snprintf(first, sizeof(first), "%s", got_text(&g, "token"));
	snprintf(url, sizeof(url), "ws://%s/media/browser", k->worker_url + strlen("http://"));
	assert_string_equal(got_text(&g, "url"), url);
	assert_int_equal(attach(&g, "w1", first), 403); /* it is no carrier's call */
	assert_int_equal(attach_of(&g, "w1", first, "browser", "", ""), 200);
	assert_string_equal(got_text(&g, "call"), call);
	assert_int_equal(snapshot(&g, call, "1", "so far"), 204);

	snprintf(again, sizeof(again), "/v1/calls/%s/browser", call); /* its socket died */
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, again, NULL), 200);
	assert_string_equal(got_text(&g, "call"), call);
	snprintf(second, sizeof(second), "%s", got_text(&g, "token"));
	assert_string_not_equal(first, second);
	assert_int_equal(attach_of(&g, "w1", first, "browser", "", ""), 403);
	assert_int_equal(attach_of(&g, "w1", second, "browser", "", ""), 200);
	assert_int_equal(got_number(&g, "epoch"), 2);
	assert_true(json_is_string(json_object_get(g.json, "snapshot")));
	assert_int_equal(ask_as(&g, bearer_person("globex", "operator"), HTTP_POST, again, NULL), 404);
	assert_int_equal(ended(&g, call, 2, "caller", ""), 204);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, again, NULL), 409);
	got_drop(&g);
}

static void test_browser_calls_that_cannot_be(void **state)
{
	static const char *const bad[] = { "{}", "[]", "", "{\"rulebook\":7}", "{\"rulebook\":\"shop\",\"language\":7}",
		"{\"rulebook\":\"shop\",\"variables\":[]}", "{\"rulebook\":\"shop\",\"variables\":\"x\"}" };
	static const char *const unfit[] = { "{\"rulebook\":\"nonesuch\"}", "{\"rulebook\":\"../shop\"}", "{\"rulebook\":\"/etc/passwd\"}",
		"{\"rulebook\":\"shop.yaml\"}", "{\"rulebook\":\"shop\",\"language\":\"xx-XX\"}", "{\"rulebook\":\"\"}" };
	struct got g = { .done = 0 };
	static char big[CALLS_VARIABLES_MAX_BYTES * 3];
	int len;

	(void)state;
	worker_has_none("w1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", bad[i]), 400);
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", unfit[i]), 422);
		assert_string_equal(got_error(&g), "unfit");
	}
	kit_book_write("unset", shop_book);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"unset\"}"), 422);
	assert_string_equal(got_error(&g), "unfit");
	assert_non_null(strstr(g.body, "the rule-book's tool unset asks service:nothing, which has no address here"));
	assert_non_null(strstr(g.body, "set services.nothing to its base URL"));
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\",\"variables\":{\"nosuch\":\"1\"}}"), 422);
	assert_non_null(strstr(g.body, "the rule-book has no variable called nosuch"));
	assert_non_null(strstr(g.body, "it has"));
	assert_non_null(strstr(g.body, "today"));
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls?limit=51", NULL), 200);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/calls?limit=0", NULL), 400);
	assert_non_null(strstr(g.body, "more than 50 gives 50"));
	len = snprintf(big, sizeof(big), "{\"rulebook\":\"shop\",\"variables\":{\"x\":\"%0*d\"}}", 2 * CALLS_VARIABLES_MAX_BYTES + 100, 0);
	assert_true(len < (int)sizeof(big));
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", big), 422);
	clock_pass(CALLS_HEARD_MS + 1);
	assert_int_equal(ask_as_person(&g, "operator", HTTP_POST, "/v1/calls/browser", "{\"rulebook\":\"shop\"}"), 503);
	assert_string_equal(got_error(&g), "no_worker");
	assert_int_equal(documents_of(k->s.w.a, ""), 0); /* nothing was begun */
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	got_drop(&g);
}

/* ------------------------------------------------------------------ rule-books */

static void test_rulebooks(void **state)
{
	struct got g = { .done = 0 };
	const json_t *list, *one;

	(void)state;
	kit_book_write("broken", "rulebook: 1\nid: [\n");
	kit_book_write(".hidden", shop_book);
	kit_book_write("Not A Name", shop_book);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/rulebooks", NULL), 200);
	list = json_object_get(g.json, "rulebooks");
	assert_int_equal(json_array_size(list), 2);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "broken");
	assert_true(json_is_false(json_object_get(one, "fine")));
	assert_true(json_array_size(json_object_get(one, "mistakes")) >= 1);
	one = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "shop");
	assert_true(json_is_true(json_object_get(one, "fine")));
	assert_string_equal(json_string_value(json_object_get(one, "title")), "Shop");
	assert_string_equal(json_string_value(json_array_get(json_object_get(one, "languages"), 0)), "en-US");
	assert_int_equal(json_integer_value(json_object_get(one, "steps")), 2);

	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/rulebooks/shop", NULL), 200);
	assert_memory_equal(g.body, "rulebook: 1\nid: shop\n", 21);
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/rulebooks/nonesuch", NULL), 404);
	got_drop(&g);
}

/* A name never leads out of the folder. */
static void test_rulebooks_of_other_folders(void **state)
{
	static const char *const names[] = { "..%2f..%2fetc%2fpasswd", "..", ".hidden", "shop.yaml", "config.yml", "Shop", "%2fetc%2fpasswd" };
	struct got g = { .done = 0 };
	char path[200], before[300];

	(void)state;
	kit_book_write(".hidden", shop_book);
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(k->books), 0); /* a name that ends in .yaml would be a path from here */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/v1/rulebooks/%s", names[i]);
		assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, path, NULL), 404);
	}
	assert_int_equal(chdir(before), 0);
	got_drop(&g);
}

static void test_a_check(void **state)
{
	const char *headers[] = { bearer_person("acme", "viewer"), "Content-Type: application/yaml", NULL };
	struct got g = { .done = 0 };
	const json_t *mistake;
	static char big[RULEBOOK_MAX_BYTES + 100];

	(void)state;
	kit_start(&g, HTTP_POST, "/v1/rulebooks/check", headers, "rulebook: 1\nid: x\nnonsense: 1\n", 31);
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	assert_true(json_is_false(json_object_get(g.json, "fine")));
	mistake = json_array_get(json_object_get(g.json, "mistakes"), 0);
	assert_true(json_integer_value(json_object_get(mistake, "line")) >= 1);
	assert_true(strlen(json_string_value(json_object_get(mistake, "why"))) > 0);
	kit_start(&g, HTTP_POST, "/v1/rulebooks/check", headers, shop_book, 0);
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	assert_true(json_is_false(json_object_get(g.json, "fine")));
	memset(big, '#', sizeof(big));
	kit_start(&g, HTTP_POST, "/v1/rulebooks/check", headers, big, sizeof(big));
	kit_wait(&g);
	assert_int_equal(g.status, 413);
	got_drop(&g);
}

/* What the shipped books say of themselves. */
static void test_the_shipped_rulebooks(void **state)
{
	struct got g = { .done = 0 };
	const json_t *list, *one;
	size_t i;

	(void)state;
	kit_calls_close();
	snprintf(k->books, sizeof(k->books), "%s/../rulebooks", getenv("CALLFUNNEL_TESTS"));
	kit_calls_open();
	worker_has_none("w1");
	assert_int_equal(ask_as_person(&g, "viewer", HTTP_GET, "/v1/rulebooks", NULL), 200);
	list = json_object_get(g.json, "rulebooks");
	assert_true(json_array_size(list) >= 3);
	json_array_foreach(list, i, one) {
		struct got call = { .done = 0 };
		char body[200];

		assert_true(json_is_true(json_object_get(one, "fine")));
		snprintf(body, sizeof(body), "{\"rulebook\":\"%s\"}", json_string_value(json_object_get(one, "name")));
		assert_int_equal(ask_as_person(&call, "operator", HTTP_POST, "/v1/calls/browser", body), 200);
		assert_int_equal(attach_of(&call, "w1", got_text(&call, "token"), "browser", "", ""), 200);
		got_drop(&call);
	}
	got_drop(&g);
}

/* We were started a moment ago: the page is answered by the first report that has room, and for its second way in as well. */
static void test_a_browser_call_just_behind_a_restart(void **state)
{
	static const char body[] = "{\"rulebook\":\"shop\"}";
	const char *headers[] = { bearer_person("acme", "operator"), "Content-Type: application/json", NULL };
	struct got g = { .done = 0 };
	char again[100];

	(void)state;
	kit_start(&g, HTTP_POST, "/v1/calls/browser", headers, body, strlen(body));
	kit_wait_held();
	worker_says("w1", 10, 10, "{}");
	kit_wait_held();
	assert_false(g.done);
	assert_int_equal(documents_of(tenant_house(), "open/"), 0);
	worker_has_none("w2");
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	snprintf(again, sizeof(again), "/v1/calls/%s/browser", got_text(&g, "call"));
	kit_restart();
	kit_start(&g, HTTP_POST, again, headers, "", 0);
	kit_wait_held();
	worker_has_none("w1");
	kit_wait(&g);
	assert_int_equal(g.status, 200);
	assert_int_equal(attach_of(&g, "w1", got_text(&g, "token"), "browser", "", ""), 200);
	got_drop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_list_newest_first, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_pages_that_are_none, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_one_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_roles, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_order_to_the_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_end_without_a_worker, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_end_between_two_workers, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_end_while_it_moves, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_an_end_of_one_that_waits, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_browser_call, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_browser_calls_that_cannot_be, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_browser_call_just_behind_a_restart, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_rulebooks, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_rulebooks_of_other_folders, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_check, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_shipped_rulebooks, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
