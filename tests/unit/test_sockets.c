/* The worker as a server: media sockets against a conductor that is a real HTTP server, real voices, a real journal, real time. */
#include "socketkit.h"

#include "base/http_client.h"

#ifdef __SANITIZE_ADDRESS__
enum { FIRST_WORK_US = 600000 };
#else
enum { FIRST_WORK_US = 200000 };
#endif

/* P08 and the first words: the greeting comes at once (by the time that all our work takes, on a machine that has nothing else to do),
 * never more than 400 ms ahead; its marks come back, and so on to the caller's hanging up. */
static void test_P08_the_greeting_and_a_hangup(void **state)
{
	uint64_t work_us;

	(void)state;
	kit_wait(&k->c.reports, 1); /* as it is by the time a call comes */
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 1);
	work_us = k->phone.first_work_us - k->phone.started_work_us;
	print_message("after start: asked %u, answered %u, sound %u ms; of that work %u ms\n", (unsigned int)(k->phone.asked_us - k->phone.started_us) / 1000,
		(unsigned int)(k->phone.opened_us - k->phone.started_us) / 1000, (unsigned int)(k->phone.first_us - k->phone.started_us) / 1000,
		(unsigned int)work_us / 1000);
	assert_true(work_us < FIRST_WORK_US);
	assert_string_equal(k->c.carrier, "twilio CA00000000000000000000000000000002");
	kit_wait(&k->phone.marks_seen, 2);
	assert_true(k->phone.most_ahead <= 400000 + 20000);
	kit_wait(&k->c.here, 1); /* the conductor is told which calls are here, under which epoch */
	phone_hangup();
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_NORMAL);
	assert_int_equal(k->c.ended, 1);
	assert_int_equal(k->phone.ended_before, 1); /* the conductor knew before the carrier asks what is next */
	assert_string_equal(k->c.reason, "caller");
	assert_true(k->c.connected_ms > 0 && k->c.connected_ms < 60000);
	kit_wait_calls(0);
	assert_int_equal(k->agent_opens, 1);
}

static void test_speech_over_the_agent_clears(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 20);
	assert_int_equal(k->phone.clears, 0);
	k->phone.speaks = true;
	kit_wait(&k->phone.clears, 1);
}

/* P25: nothing is made, nobody is asked but the conductor. */
static void test_P25_a_token_that_is_not_good(void **state)
{
	const char *token = kit_token_new();

	(void)state;
	phone_call("0123456789abcdef");
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.refused, 1);
	phone_call("");
	kit_wait(&k->phone.closed, 2);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.refused, 1); /* not even asked */
	assert_int_equal(k->agent_opens, 0);
	assert_int_equal(k->ears.opens, 0);
	phone_call(token);
	kit_wait(&k->phone.media, 1);
	phone_hangup();
	kit_wait(&k->phone.closed, 3);
	phone_call(token); /* replayed */
	kit_wait(&k->phone.closed, 4);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.refused, 2);
	assert_int_equal(k->agent_opens, 1);
	k->c.has_ended = true;
	phone_call(kit_token_new());
	kit_wait(&k->phone.closed, 5);
	assert_int_equal(k->phone.code, WEBSOCKET_NORMAL); /* so that the carrier asks, and is told to hang up */
	assert_int_equal(k->phone.media, 0);
}

/* Exotel's comes in the address; what is wrong with it is seen before anything is made. */
static void test_P25_a_token_in_the_address(void **state)
{
	static const char start[] = "{\"event\":\"start\",\"stream_sid\":\"" STREAM "\",\"start\":{\"call_sid\":\"c0ffee01\",\"account_sid\":\"acme1\","
				    "\"custom_parameters\":{%s},\"media_format\":{\"encoding\":\"raw/slin\",\"sample_rate\":\"8000\"}}}";
	char path[279], text[500], token[48];
	unsigned int closed;

	(void)state;
	snprintf(path, sizeof(path), "/media/exotel?token=%0256u", 1);
	phone_connect(path, NULL);
	assert_int_equal(k->phone.status, 403); /* longer than any */
	phone_connect("/media/exotel?token=", NULL);
	assert_int_equal(k->phone.status, 403);
	closed = k->phone.closed;
	phone_connect("/media/exotel?sample-rate=8000", NULL);
	phone_push(text, (size_t)snprintf(text, sizeof(text), start, ""));
	kit_wait(&k->phone.closed, closed + 1);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.refused, 0); /* not even asked */
	phone_connect("/media/exotel?token=0123456789abcdef", NULL);
	phone_push(text, (size_t)snprintf(text, sizeof(text), start, ""));
	kit_wait(&k->phone.closed, closed + 2);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.refused, 1);
	snprintf(token, sizeof(token), "%s", kit_token_new()); /* one in the address is the one that counts */
	phone_connect("/media/exotel?token=0123456789abcdef", NULL);
	snprintf(path, sizeof(path), "\"token\":\"%s\"", token);
	phone_push(text, (size_t)snprintf(text, sizeof(text), start, path));
	kit_wait(&k->phone.closed, closed + 3);
	assert_int_equal(k->c.refused, 2);
	assert_int_equal(k->agent_opens + k->ears.opens, 0);
	phone_connect("/media/exotel?sample-rate=8000", NULL); /* as a parameter alone */
	phone_push(text, (size_t)snprintf(text, sizeof(text), start, path));
	kit_wait(&k->phone.media, 1);
	assert_string_equal(k->c.carrier, "exotel c0ffee01");
	assert_int_equal(k->agent_opens, 1);
}

static void test_broken_before_the_start(void **state)
{
	(void)state;
	phone_connect("/media/twilio", NULL);
	phone_push("{\"event\":\"media\"}", 17);
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_int_equal(k->c.attaches + k->c.refused, 0);
}

static void test_no_start(void **state)
{
	(void)state;
	phone_connect("/media/twilio", NULL);
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_POLICY);
	assert_true(clock_skipped_us(k->clock) + 100000 < 60000000);
	assert_int_equal(k->agent_opens, 0);
}

/* A turn of the caller's makes a snapshot; then the line is cut; another socket goes on from there. */
static void test_another_socket_goes_on(void **state)
{
	unsigned int puts, marks, greeting;

	(void)state;
	k->ears.says = "yes it is";
	k->ears.after_samples = 4000;
	phone_call(kit_token_new());
	kit_wait(&k->phone.marks_seen, 1);
	greeting = k->phone.utterance;
	k->phone.speaks = true;
	kit_wait(&k->c.snapshots, 1);
	kit_wait_calls(1);
	phone_cut();
	kit_wait_calls(0);
	assert_int_equal(k->ears.opens, k->ears.closes);
	assert_int_equal(k->c.ended, 0);
	puts = k->c.snapshots;
	marks = k->phone.marks_seen;
	phone_call(kit_token_new());
	kit_wait(&k->phone.marks_seen, marks + 1);
	assert_int_equal(k->c.epoch, 2);
	assert_int_equal(k->c.resumed, 1);
	assert_true(k->phone.utterance > greeting); /* behind what was said, not from the beginning */
	assert_true(k->c.snapshots >= puts);
	kit_wait_calls(1);
	phone_hangup();
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.reason, "caller");
}

/* Before the conductor had a snapshot: the greeting goes on behind what was heard of it. */
static void test_cut_in_the_greeting(void **state)
{
	unsigned int greeting;

	(void)state;
	k->c.put_status = 503;
	phone_call(kit_token_new());
	kit_wait(&k->phone.marks_seen, 1);
	greeting = k->phone.utterance;
	phone_cut();
	kit_wait_calls(0);
	phone_call(kit_token_new());
	kit_wait(&k->phone.marks_seen, 2);
	assert_int_equal(k->c.epoch, 2);
	assert_int_equal(k->c.resumed, 0);
	assert_true(k->phone.utterance >= greeting);
}

/* The old socket looks alive still: the call moves all the same. */
static void test_the_same_call_on_two_sockets(void **state)
{
	struct websocket *old;

	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 3);
	old = k->phone.ws;
	phone_call(kit_token_new());
	kit_wait(&k->agent_opens, 2);
	assert_int_equal(worker_calls(k->worker), 1); /* at once, not when silence tells */
	assert_int_equal(k->c.epoch, 2);
	assert_ptr_not_equal(old, k->phone.ws);
	kit_wait(&k->phone.closed, 1); /* the old one; phone_closed forgets the pointer of the new one */
	sockets_close(&k->sockets);
	assert_int_equal(worker_calls(k->worker), 0);
}

/* Not even one frame behind the start. */
static void test_nothing_comes(void **state)
{
	(void)state;
	k->phone.is_dumb = true;
	phone_call(kit_token_new());
	kit_wait(&k->phone.closed, 1);
	assert_true(k->phone.media > 0);
	assert_int_equal(worker_calls(k->worker), 0);
}

static void test_nothing_comes_any_more(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 1);
	k->phone.is_dumb = true;
	kit_wait(&k->phone.closed, 1);
	assert_true(kit_now() - k->phone.started_us >= 2000000);
	assert_int_equal(worker_calls(k->worker), 0);
	assert_int_equal(k->c.ended, 0);
}

/* Another worker has taken the call. */
static void test_fenced(void **state)
{
	(void)state;
	k->ears.says = "yes it is";
	k->ears.after_samples = 4000;
	k->c.fences = true;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 20);
	k->phone.speaks = true;
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_GOING_AWAY);
	assert_int_equal(worker_calls(k->worker), 0);
	assert_int_equal(k->c.puts_seen, 1);
	assert_int_equal(k->c.ended, 0);
}

/* ------------------------------------------------------------------ orders */

static unsigned int order_status, orders;

static void order_done(const struct http_answer *answer, void *arg)
{
	(void)arg;
	order_status = answer->status;
	orders++;
}

static void ask_of(const char *call, const char *what, const char *body, const char *bearer)
{
	static const struct http_exchange_handlers handlers = { .done = order_done };
	const char *headers[] = { bearer, "Content-Type: application/json", NULL };
	char url[200];
	const struct http_ask ask = { .method = HTTP_POST, .url = url, .headers = headers, .body = body, .len = strlen(body) };
	struct http_client *client;
	struct http_exchange *x;
	struct err_detail detail;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/internal/v1/calls/%s/%s", http_server_port(k->server), call, what);
	assert_int_equal(http_client_open(&client, &k->w.loop, &(struct http_client_settings){ .ca_file = NULL }, &detail), ERR_NONE);
	assert_int_equal(http_exchange_start(&x, client, &ask, &handlers, NULL, &detail), ERR_NONE);
	kit_wait(&orders, orders + 1);
	http_client_close(&client);
}

static void order(const char *call, const char *body, const char *bearer)
{
	ask_of(call, "orders", body, bearer);
}

static void test_orders(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 1);
	order(k->c.name, "{\"order\":\"end\"}", "Authorization: Bearer bad");
	assert_int_equal(order_status, 401);
	order("00000000000000000000000000000001", "{\"order\":\"end\"}", "Authorization: Bearer good");
	assert_int_equal(order_status, 404);
	order(k->c.name, "{\"order\":\"dance\"}", "Authorization: Bearer good");
	assert_int_equal(order_status, 400);
	order(k->c.name, "{\"order\":\"answered\"}", "Authorization: Bearer good");
	assert_int_equal(order_status, 400);
	order(k->c.name, "{\"order\":\"answered\",\"text\":\"machine_start\"}", "Authorization: Bearer good");
	assert_int_equal(order_status, 204);
	order(k->c.name, "{\"order\":\"end\"}", "Authorization: Bearer good");
	assert_int_equal(order_status, 204);
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_NORMAL);
	assert_int_equal(k->phone.ended_before, 1);
	assert_string_equal(k->c.reason, "order");
}

/* ------------------------------------------------------------------ is it well? */

static unsigned int question(const char *call, const char *body)
{
	ask_of(call, "socket", body, "Authorization: Bearer good");
	return order_status;
}

/* While it talks it is well; of another epoch, or of another call, there is none. */
static void test_a_socket_that_is_well(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 5);
	ask_of(k->c.name, "socket", "{\"epoch\":1}", "Authorization: Bearer bad");
	assert_int_equal(order_status, 401);
	assert_int_equal(question(k->c.name, "{\"epoch\":2}"), 404);
	assert_int_equal(question(k->c.name, "{}"), 404);
	assert_int_equal(question("00000000000000000000000000000001", "{\"epoch\":1}"), 404);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 204);
	kit_wait(&k->phone.media, 10);
	assert_int_equal(worker_calls(k->worker), 1);
	phone_cut();
	kit_wait_calls(0);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 404);
}

/* The line is dead, and nobody here knows it yet: what is answered holds. */
static void test_a_socket_that_was_silent_is_given_up_when_asked(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 5);
	k->phone.is_dumb = true;
	kit_pass(SOCKETS_DOUBT_MS / 2);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 204);
	kit_pass(SOCKETS_DOUBT_MS / 2 + 100);
	assert_int_equal(worker_calls(k->worker), 1);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 404);
	assert_int_equal(worker_calls(k->worker), 0);
	assert_int_equal(k->c.ended, 0);
}

/* The end is being told: no stream for whoever asks just now. */
static void test_a_socket_whose_end_is_not_told_yet(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 1);
	k->c.holds_end = true;
	phone_hangup();
	kit_wait(&k->c.ended, 1);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 204);
	assert_int_equal(k->phone.closed, 0);
	http_reply(k->c.held_end, 204, NULL, NULL, 0);
	k->c.held_end = NULL;
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(question(k->c.name, "{\"epoch\":1}"), 404);
}

/* ------------------------------------------------------------------ told to stop */

static void drain(bool room)
{
	k->c.has_no_room = !room;
	sockets_drain(k->sockets);
	kit_pass(SOCKETS_SETTLE_MS + 20);
}

/* Speaks, once the greeting has begun. */
static void say_yes(void)
{
	k->ears.says = "yes it is";
	k->ears.after_samples = 4000;
	phone_call(kit_token_new());
	kit_wait(&k->phone.marks_seen, 1);
}

/* Behind the caller's turn, and no sooner than the conductor has the snapshot: the agent is silent meanwhile. */
static void test_a_call_is_moved_at_a_turns_boundary(void **state)
{
	unsigned int media;

	(void)state;
	say_yes();
	drain(true);
	k->c.holds_puts = true;
	k->phone.speaks = true;
	kit_wait(&k->c.puts_seen, 1);
	media = k->phone.media;
	kit_pass(500);
	assert_int_equal(k->phone.closed, 0);
	assert_int_equal(k->phone.media, media);
	assert_int_equal(k->c.tools, 0);
	http_reply(k->c.held_put, 204, NULL, NULL, 0);
	k->c.held_put = NULL;
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_GOING_AWAY);
	assert_true(k->c.snapshot_len > 0);
	assert_int_equal(worker_calls(k->worker), 0);
	assert_int_equal(k->c.ended, 0);
	assert_int_equal(sockets_counts(k->sockets)->moved, 1);
	assert_int_equal(k->c.puts_seen, 1);
}

/* Nobody else has room: it stays, and is answered. */
static void test_a_call_stays_where_nobody_has_room(void **state)
{
	unsigned int marks;

	(void)state;
	say_yes();
	drain(false);
	k->phone.speaks = true;
	kit_wait(&k->c.snapshots, 1);
	marks = k->phone.marks_seen;
	kit_wait(&k->phone.marks_seen, marks + 2);
	assert_int_equal(k->phone.closed, 0);
	assert_int_equal(worker_calls(k->worker), 1);
}

/* While it is on its way the caller hangs up: it ends here, as it would have. */
static void test_a_hangup_while_the_call_is_moved(void **state)
{
	(void)state;
	say_yes();
	drain(true);
	k->c.holds_puts = true;
	k->phone.speaks = true;
	kit_wait(&k->c.puts_seen, 1);
	phone_hangup();
	kit_wait(&k->c.ended, 1);
	assert_string_equal(k->c.reason, "caller");
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_NORMAL);
	assert_int_equal(sockets_counts(k->sockets)->moved, 0);
}

/* The conductor does not take the snapshot: the agent goes on. */
static void test_a_snapshot_that_is_not_taken_moves_nothing(void **state)
{
	unsigned int media;

	(void)state;
	say_yes();
	drain(true);
	k->c.holds_puts = true;
	k->phone.speaks = true;
	kit_wait(&k->c.puts_seen, 1);
	media = k->phone.media;
	kit_wait(&k->phone.media, media + 5);
	assert_int_equal(k->phone.closed, 0);
	assert_int_equal(sockets_counts(k->sockets)->moved, 0);
}

/* Nobody speaks for long: as good a moment. One without a place is not asked for again at once. */
static void test_a_silent_call_is_moved(void **state)
{
	uint64_t asked_us;

	(void)state;
	say_yes();
	k->ears.says = NULL;
	drain(false);
	kit_wait(&k->c.snapshots, 1); /* behind the greeting */
	asked_us = kit_now();
	k->c.has_no_room = false;
	kit_wait(&k->phone.closed, 1);
	assert_true(kit_now() - asked_us >= SOCKETS_STILL_MS * 1000 - 100000);
	assert_int_equal(k->phone.code, WEBSOCKET_GOING_AWAY);
	assert_int_equal(k->c.snapshots, 2);
}

/* The time is up: as it is this moment, room or not. */
static void test_what_is_left_is_handed_over(void **state)
{
	(void)state;
	say_yes();
	drain(false);
	sockets_hand_over(k->sockets);
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.code, WEBSOCKET_GOING_AWAY);
	assert_int_equal(k->c.snapshots, 1);
	assert_int_equal(worker_calls(k->worker), 0);
}

/* The conductor does not hear of the end: the carrier is let go all the same, and it is told later. */
static void test_the_end_is_told_again(void **state)
{
	(void)state;
	phone_call(kit_token_new());
	kit_wait(&k->phone.media, 1);
	k->c.failing = 2;
	phone_hangup();
	kit_wait(&k->phone.closed, 1);
	assert_int_equal(k->phone.ended_before, 0);
	kit_wait(&k->c.ended, 1);
	assert_int_equal(k->c.failing, 0);
}

/* ------------------------------------------------------------------ browsers, admission */

static void test_a_page(void **state)
{
	static const char hello[] = "{\"type\":\"hello\",\"v\":1,\"audio_in\":{\"codec\":\"pcm_s16le\",\"rate\":48000,\"channels\":1,\"frame_ms\":20},"
				    "\"audio_out\":{\"codec\":\"pcm_s16le\",\"rate\":16000}}";
	char path[100];

	(void)state;
	snprintf(path, sizeof(path), "/media/browser?session=%s", kit_token_new());
	phone_connect(path, "Origin: http://127.0.0.1:80");
	assert_int_equal(k->phone.status, 403);
	phone_connect("/media/browser", "Origin: http://127.0.0.1:8080");
	assert_int_equal(k->phone.status, 403);
	phone_connect(path, "Origin: http://127.0.0.1:8080");
	assert_int_equal(k->phone.opened, 1);
	phone_push(hello, sizeof(hello) - 1);
	kit_wait(&k->phone.binary, 5);
	assert_int_equal(k->phone.ready, 1);
	assert_string_equal(k->c.carrier, "browser ");
	phone_push("{\"type\":\"bye\"}", 14);
	kit_wait(&k->phone.closed, 3);
	assert_int_equal(k->phone.code, WEBSOCKET_NORMAL);
	assert_string_equal(k->c.reason, "caller");
}

static void test_no_more_than_fit(void **state)
{
	(void)state;
	sockets_drain(k->sockets);
	phone_connect("/media/twilio", NULL);
	assert_int_equal(k->phone.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_P08_the_greeting_and_a_hangup, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_speech_over_the_agent_clears, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_P25_a_token_that_is_not_good, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_P25_a_token_in_the_address, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_broken_before_the_start, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_start, kit_begin_skipping, kit_end),
		cmocka_unit_test_setup_teardown(test_another_socket_goes_on, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_cut_in_the_greeting, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_same_call_on_two_sockets, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_nothing_comes, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_nothing_comes_any_more, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_fenced, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_orders, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_socket_that_is_well, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_socket_that_was_silent_is_given_up_when_asked, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_socket_whose_end_is_not_told_yet, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_is_moved_at_a_turns_boundary, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_call_stays_where_nobody_has_room, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_hangup_while_the_call_is_moved, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_snapshot_that_is_not_taken_moves_nothing, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_silent_call_is_moved, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_what_is_left_is_handed_over, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_the_end_is_told_again, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_a_page, kit_begin, kit_end),
		cmocka_unit_test_setup_teardown(test_no_more_than_fit, kit_begin, kit_end),
	};

	return cmocka_run_group_tests(tests, kit_keys_make, kit_keys_drop);
}
