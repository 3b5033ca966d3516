/* A worker asks for a call's provider keys: it gets those of the call's own tenant, out of the fixed list, and nobody else gets any. What was
 * handed out is nowhere in the conductor's memory behind it. */
#include "callskit.h"

#include "base/provider_names.h"
#include "memorykit.h"

static char *of_a, *of_b; /* planted */
static char tenant_a[2 * TENANT_ID_BYTES + 1], tenant_b[2 * TENANT_ID_BYTES + 1];

static int begin(void **state)
{
	int failed = kit_begin(state);

	of_a = memory_plant();
	of_b = memory_plant();
	shop_set_secret(&k->s, k->s.w.a, PROVIDER_KEY_DEEPGRAM, of_a);
	shop_set_secret(&k->s, k->s.w.b, PROVIDER_KEY_DEEPGRAM, of_b);
	tenant_id_text(k->s.w.a, tenant_a);
	tenant_id_text(k->s.w.b, tenant_b);
	worker_has_none("w1");
	return failed;
}

static int end(void **state)
{
	sodium_free(of_a);
	sodium_free(of_b);
	return kit_end(state);
}

static unsigned int ask_keys(struct got *g, const char *call, unsigned int epoch, const char *worker, const char *tenant)
{
	char path[200], body[300];

	snprintf(path, sizeof(path), "/internal/v1/calls/%s/keys", call);
	snprintf(body, sizeof(body), "{\"epoch\":%u,\"worker\":\"%s\",\"tenant_id\":\"%s\"}", epoch, worker, tenant);
	return ask_as_worker(g, HTTP_POST, path, body);
}

static const char *key_of(const struct got *g, const char *name)
{
	return json_string_value(json_object_get(json_object_get(g->json, "keys"), name));
}

static void test_the_keys_of_the_list_alone(void **state)
{
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX];

	(void)state;
	shop_set_secret(&k->s, k->s.w.a, PROVIDER_KEY_OPENAI, "with \"quotes\" and \\");
	shop_set_secret(&k->s, k->s.w.a, PROVIDER_KEY_SARVAM, "in\ntwo lines");
	kit_live("w1", call);
	assert_int_equal(ask_keys(&g, call, 1, "w1", tenant_a), 200);
	assert_string_equal(got_text(&g, "tenant_id"), tenant_a);
	assert_int_equal(json_object_size(json_object_get(g.json, "keys")), 2); /* not twilio.auth_token, not odd.token */
	assert_string_equal(key_of(&g, PROVIDER_KEY_DEEPGRAM), of_a);
	assert_string_equal(key_of(&g, PROVIDER_KEY_OPENAI), "with \"quotes\" and \\");
	assert_null(key_of(&g, PROVIDER_KEY_SARVAM)); /* no header takes it */
	got_drop(&g);
}

static void test_a_tenant_that_has_none(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };
	unsigned int done = 0;
	char call[CALL_ID_MAX];

	(void)state;
	assert_int_equal(secrets_remove(k->s.secrets, NULL, k->s.w.b, PROVIDER_KEY_DEEPGRAM, shop_stored, &done), ERR_NONE);
	world_wait(&k->s.w, &done, 1);
	h.number = NUMBER_B;
	h.secret = SECRET_B;
	assert_int_equal(hook(&g, &h), 200);
	assert_int_equal(attach(&g, "w1", offer_token(&g)), 200);
	snprintf(call, sizeof(call), "%s", got_text(&g, "call"));
	assert_int_equal(ask_keys(&g, call, 1, "w1", tenant_b), 200);
	assert_int_equal(json_object_size(json_object_get(g.json, "keys")), 0);
	assert_true(json_is_object(json_object_get(g.json, "keys")));
	got_drop(&g);
}

static void refused(struct got *g, unsigned int status, const char *code)
{
	assert_int_equal(g->status, status);
	assert_string_equal(got_error(g), code);
	assert_null(strstr(g->body, of_a));
}

static void test_who_gets_none(void **state)
{
	struct hook after = hook_after();
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX], path[200], body[200];

	(void)state;
	kit_live("w1", call);
	ask_keys(&g, call, 1, "w2", tenant_a);
	refused(&g, 403, "forbidden"); /* another worker's */
	ask_keys(&g, call, 1, "w1", tenant_b);
	refused(&g, 404, "not_found"); /* another tenant's */
	ask_keys(&g, "00000000000000000000000000000001", 1, "w1", tenant_a);
	refused(&g, 404, "not_found");
	ask_keys(&g, call, 2, "w1", tenant_a);
	refused(&g, 409, "stale"); /* no epoch yet */
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/keys", call);
	snprintf(body, sizeof(body), "{\"epoch\":1,\"worker\":\"w1\",\"tenant_id\":\"%s\"}", tenant_a);
	assert_int_equal(ask_as(&g, "X-Nothing: 1", HTTP_POST, path, body), 401);
	assert_int_equal(ask_as_person(&g, "admin", HTTP_POST, path, body), 401); /* of another audience */
	assert_int_equal(ask_as(&g, bearer_service(k->conductor_key, &kit_inside), HTTP_POST, path, body), 403);

	clock_pass(6500);
	worker_has_none("w2");
	assert_int_equal(hook(&g, &after), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	assert_int_equal(attach(&g, "w2", token), 200);
	ask_keys(&g, call, 1, "w1", tenant_a);
	refused(&g, 409, "stale"); /* the call is the second's now */
	assert_int_equal(ask_keys(&g, call, 2, "w2", tenant_a), 200);
	assert_int_equal(ended(&g, call, 2, "agent", "done"), 204);
	ask_keys(&g, call, 2, "w2", tenant_a);
	refused(&g, 409, "ended");
	got_drop(&g);
}

/* A call that rings: whoever is to prepare it has the keys for the epoch that it will begin with, nobody else, and no other epoch's. */
static void test_the_keys_of_a_call_that_is_prepared(void **state)
{
	struct hook h = hook_voice;
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], token[KIT_TOKEN_MAX];

	(void)state;
	assert_int_equal(hook(&g, &h), 200);
	snprintf(token, sizeof(token), "%s", offer_token(&g));
	kit_until(k->prepares);
	snprintf(call, sizeof(call), "%s", k->prepare_call);
	assert_int_equal(ask_keys(&g, call, 1, "w1", tenant_a), 200);
	assert_string_equal(key_of(&g, PROVIDER_KEY_DEEPGRAM), of_a);
	ask_keys(&g, call, 1, "w2", tenant_a);
	refused(&g, 409, "stale");
	ask_keys(&g, call, 2, "w1", tenant_a);
	refused(&g, 409, "stale");
	ask_keys(&g, call, 1, "w1", tenant_b);
	refused(&g, 404, "not_found");
	assert_int_equal(attach(&g, "w1", token), 200);
	ask_keys(&g, call, 2, "w1", tenant_a);
	refused(&g, 409, "stale"); /* it has begun */
	assert_int_equal(ask_keys(&g, call, 1, "w1", tenant_a), 200);
	got_drop(&g);
}

static void test_what_is_no_request(void **state)
{
	static const char *const bodies[] = { "", "[]", "{}", "{\"epoch\":1}", "{\"epoch\":0,\"worker\":\"w1\",\"tenant_id\":\"x\"}",
		"{\"epoch\":1,\"worker\":\"w1\"}",
		"{\"epoch\":1,\"worker\":1,\"tenant_id\":\"x\"}", "{\"epoch\":1,\"worker\":\"w1\",\"tenant_id\":[]}" };
	struct got g = { .done = 0 };
	char call[CALL_ID_MAX], path[200];

	(void)state;
	kit_live("w1", call);
	snprintf(path, sizeof(path), "/internal/v1/calls/%s/keys", call);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		ask_as_worker(&g, HTTP_POST, path, bodies[i]);
		refused(&g, 400, "bad_request");
	}
	got_drop(&g);
}

/* ------------------------------------------------------------------ what is left of them */

struct seen {
	unsigned int done, status;
	bool has_key, is_not_stored;
};

/* Looks where it lies. */
static void seen_done(const struct http_answer *answer, void *arg)
{
	struct seen *s = arg;
	const char *control = http_answer_header(answer, "Cache-Control");

	s->status = answer->status;
	s->has_key = answer->len && memmem(answer->body, answer->len, of_a, MEMORY_NEEDLE);
	s->is_not_stored = control && !strcmp(control, "no-store");
	s->done = 1;
}

static void see(struct seen *s, const char *call)
{
	static const struct http_exchange_handlers handlers = { .done = seen_done };
	const char *headers[] = { bearer_service(k->voice_key, &kit_inside), "Content-Type: application/json", NULL };
	char url[300], body[200];
	const struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .body = body,
		.len = (size_t)snprintf(body, sizeof(body), "{\"epoch\":1,\"worker\":\"w1\",\"tenant_id\":\"%s\"}", tenant_a) };
	struct http_exchange *x;
	struct err_detail detail;

	*s = (struct seen){ .done = 0 };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/internal/v1/calls/%s/keys", http_server_port(k->server), call);
	assert_int_equal(http_exchange_start(&x, k->client, &ask, &handlers, s, &detail), ERR_NONE);
	kit_until(s->done);
}

/* For handles that close in later turns. */
static void kit_turns(void)
{
	for (int i = 0; i < 20; i++)
		uv_run(&k->s.w.loop, UV_RUN_NOWAIT);
}

static void client_again(void)
{
	struct err_detail detail;

	http_client_close(&k->client);
	assert_int_equal(http_client_open(&k->client, &k->s.w.loop, &(struct http_client_settings){ .ca_file = NULL }, &detail), ERR_NONE);
	kit_turns();
}

/* While the conductor's connection is kept, and behind it: its reply, what it was made of, and what the client read. */
static void test_nothing_is_left_in_memory(void **state)
{
	struct seen s;
	char call[CALL_ID_MAX];
	char *copy = malloc(MEMORY_NEEDLE + 1);

	(void)state;
	memcpy(copy, of_a, MEMORY_NEEDLE + 1);
	assert_true(memory_holds(of_a) >= 1); /* it would be found */
	sodium_memzero(copy, MEMORY_NEEDLE + 1);
	free(copy);
	kit_live("w1", call);
	see(&s, call);
	assert_int_equal(s.status, 200);
	assert_true(s.has_key);
	assert_true(s.is_not_stored);
	kit_turns();
	assert_int_equal(http_server_connections(k->server), 1);
	assert_int_equal(memory_holds(of_a), 0);
	client_again();
	assert_int_equal(memory_holds(of_a), 0);
	assert_int_equal(memory_holds(of_b), 0);
}

/* A key that travels in a header, as adapters send them. */
static void test_nothing_is_left_of_a_header(void **state)
{
	static const struct http_exchange_handlers handlers = { .done = seen_done };
	const char *headers[2] = { NULL };
	char url[100], *line = sodium_malloc(100);
	const struct http_ask ask = { .method = HTTP_GET, .url = url, .headers = headers };
	struct seen s = { .done = 0 };
	struct http_exchange *x;
	struct err_detail detail;

	(void)state;
	memcpy(line, "X-Key: ", 7);
	memcpy(line + 7, of_a, MEMORY_NEEDLE + 1);
	headers[0] = line;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/v1/calls", http_server_port(k->worker_server)); /* answers 404 or 401, whatever */
	assert_int_equal(http_exchange_start(&x, k->client, &ask, &handlers, &s, &detail), ERR_NONE);
	kit_until(s.done);
	http_server_close(&k->worker_server, kit_server_closed, k); /* it keeps what it read as long as the connection */
	kit_until(k->closed);
	k->worker_server = kit_serve(&k->worker_bearer);
	client_again();
	sodium_free(line);
	assert_int_equal(memory_holds(of_a), 0);
}

/* Nor of a URL and a body, when nobody takes the connection. */
static void test_nothing_is_left_of_a_request(void **state)
{
	static const struct http_exchange_handlers handlers = { .done = seen_done };
	char *url = sodium_malloc(200), *body = sodium_malloc(200);
	const struct http_ask ask = { .method = HTTP_POST, .url = url, .body = body, .len = 200 };
	struct seen s = { .done = 0 };
	struct http_exchange *x;
	struct err_detail detail;

	(void)state;
	strcpy(url, "http://127.0.0.1:1/a/long/enough/way?key=");
	strcat(url, of_a);
	memset(body, 'a', 200);
	memcpy(body + 100, of_a, MEMORY_NEEDLE);
	assert_int_equal(http_exchange_start(&x, k->client, &ask, &handlers, &s, &detail), ERR_NONE);
	assert_true(memory_holds(of_a) >= 2);
	kit_until(s.done);
	assert_int_equal(s.status, 0);
	client_again();
	sodium_free(url);
	sodium_free(body);
	assert_int_equal(memory_holds(of_a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_keys_of_the_list_alone, begin, end),
		cmocka_unit_test_setup_teardown(test_a_tenant_that_has_none, begin, end),
		cmocka_unit_test_setup_teardown(test_who_gets_none, begin, end),
		cmocka_unit_test_setup_teardown(test_the_keys_of_a_call_that_is_prepared, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_no_request, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_left_in_memory, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_left_of_a_header, begin, end),
		cmocka_unit_test_setup_teardown(test_nothing_is_left_of_a_request, begin, end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
