/* Calls that are prepared while they ring: the agent is there when the socket comes, and gone when it does not. */
#include "base/http_client.h"
#include "socketkit.h"

static unsigned int told, told_status;

static void on_told(const struct http_answer *answer, void *arg)
{
	(void)arg;
	told_status = answer->status;
	told++;
}

static unsigned int prepare_as(const char *call, const char *body, const char *bearer)
{
	static const struct http_exchange_handlers handlers = { .done = on_told };
	const char *headers[] = { bearer, "Content-Type: application/json", NULL };
	char url[200];
	const struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .body = body, .len = strlen(body) };
	struct http_client *client;
	struct http_exchange *x;
	struct err_detail detail;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/internal/v1/calls/%s/prepare", http_server_port(k->server), call);
	assert_int_equal(http_client_open(&client, &k->w.loop, &(struct http_client_settings){ .ca_file = NULL }, &detail), ERR_NONE);
	assert_int_equal(http_exchange_start(&x, client, &ask, &handlers, NULL, &detail), ERR_NONE);
	kit_wait(&told, told + 1);
	http_client_close(&client);
	return told_status;
}

static unsigned int prepare(const char *body)
{
	return prepare_as(k->c.name, body, "Authorization: Bearer good");
}

static void greeted_and_hung_up(void)
{
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 5);
	phone_hangup();
	kit_wait(&k->phone.closed, 1);
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.reason, "caller");
}

static void test_the_agent_is_there_when_the_call_comes(void **state)
{
	(void)state;
	assert_int_equal(prepare("{\"for_ms\":30000}"), 204);
	kit_wait(&k->agent_prepares, 1);
	assert_int_equal(worker_calls(k->worker), 0);
	assert_int_equal(k->c.epoch, 0);
	assert_int_equal(prepare("{\"for_ms\":30000}"), 204); /* told again */
	kit_pass(50);
	assert_int_equal(k->c.prepares, 1);
	greeted_and_hung_up();
	assert_int_equal(k->agent_opens, 1);
	assert_int_equal(k->c.attaches, 1);
	assert_int_equal(sockets_counts(k->sockets)->prepared, 1);
	assert_int_equal(sockets_counts(k->sockets)->unused, 0);
}

/* What the conductor named is over: nothing is left open. */
static void test_a_call_that_does_not_come(void **state)
{
	(void)state;
	assert_int_equal(prepare("{\"for_ms\":1000}"), 204);
	kit_wait(&k->agent_prepares, 1);
	assert_int_equal(k->ears.opens, 1);
	assert_int_equal(k->ears.closes, 0);
	kit_wait(&k->ears.closes, 1);
	assert_int_equal(sockets_counts(k->sockets)->unused, 1);
	greeted_and_hung_up(); /* late, and all the same */
	assert_int_equal(k->agent_opens, 2);
}

/* The socket is quicker than the answer: it waits for nobody. */
static void test_a_call_that_comes_while_it_is_prepared(void **state)
{
	(void)state;
	k->c.holds_prepare = true;
	assert_int_equal(prepare("{\"for_ms\":30000}"), 204);
	kit_wait(&k->c.prepares, 1);
	greeted_and_hung_up();
	assert_int_equal(k->agent_opens, 1);
	assert_int_equal(k->agent_prepares, 0);
}

static void test_a_conductor_that_refuses(void **state)
{
	(void)state;
	k->c.prepare_status = 409;
	assert_int_equal(prepare("{\"for_ms\":30000}"), 204);
	kit_wait(&k->c.prepares, 1);
	kit_pass(50);
	assert_int_equal(k->agent_opens, 0);
	greeted_and_hung_up();
	assert_int_equal(k->agent_opens, 1);
}

static void test_no_more_than_fit(void **state)
{
	char one[33] = "00000000000000000000000000000001", *last = one + 31;

	(void)state;
	k->c.holds_prepare = true;
	for (*last = '1'; *last < '3'; ++*last)
		assert_int_equal(prepare_as(one, "{\"for_ms\":30000}", "Authorization: Bearer good"), 204);
	assert_int_equal(prepare("{\"for_ms\":30000}"), 503);
	kit_wait(&k->c.prepares, 2);
	sockets_drain(k->sockets);
	assert_int_equal(prepare("{\"for_ms\":30000}"), 503);
}

static void test_what_is_no_order(void **state)
{
	static const char *const bodies[] = { "", "[]", "{}", "{\"for_ms\":0}", "{\"for_ms\":-5}", "{\"for_ms\":\"1000\"}", "{\"for_ms\":999}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_int_equal(prepare(bodies[i]), 400);
	assert_int_equal(prepare_as("nothing", "{\"for_ms\":30000}", "Authorization: Bearer good"), 400);
	assert_int_equal(prepare_as(k->c.name, "{\"for_ms\":30000}", "Authorization: Bearer bad"), 401);
	assert_int_equal(k->c.prepares, 0);
	assert_int_equal(prepare("{\"for_ms\":9000000000000000000}"), 204); /* no longer than the ceiling */
	kit_wait(&k->c.prepares, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_agent_is_there_when_the_call_comes, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_does_not_come, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_that_comes_while_it_is_prepared, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_conductor_that_refuses, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_more_than_fit, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_is_no_order, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
