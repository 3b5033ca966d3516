/* Cartesia's voice over a real socket: a server of ours plays Cartesia. Utterances, words, errors, every way to end; nothing stays open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cartesiasocket.h"

/* ---- speaking ---- */

static void one_utterance(void **state)
{
	struct kit *k = *state;
	const char *context;

	opened(k);
	context = spoken(k, 0, "Good morning.");
	assert_string_equal(asked_text(k, 0, "transcript"), "Good morning.");
	assert_string_equal(asked_text(k, 0, "language"), "en");
	assert_true(json_is_false(json_object_get(k->requests[0], "continue")));
	assert_int_equal(strspn(context, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"), strlen(context));
	chunk(k, context, 160, 0x11);
	say(k, context, times);
	chunk(k, context, 1, 0x22);
	say(k, context, done);
	kit_heard(k, 0, 4);
	kit_expect(k, 0, "audio160 words2 audio1 done ");
	assert_int_equal(k->ears[0].sound[159], 0x11);
	assert_int_equal(k->ears[0].sound[160], 0x22);
	assert_int_equal(k->ears[0].words[0].text_end, 4);
	assert_int_equal(k->ears[0].words[0].end_samples, 80);
	assert_int_equal(k->ears[0].words[1].text_end, 13);
	assert_int_equal(k->ears[0].words[1].end_samples, 160);
	assert_int_equal(k->asked, 1); /* nothing is cancelled that is over */
}

static void prepared_the_socket_is_there(void **state)
{
	struct kit *k = *state;

	opened(k);
	assert_int_equal(k->upgrades, 0);
	assert_int_equal(cartesia_prepare(k->c), ERR_NONE);
	assert_int_equal(cartesia_prepare(k->c), ERR_NONE);
	kit_until(k, &k->upgrades, 1);
	spoken(k, 0, "One.");
	spoken(k, 1, "Two.");
	assert_int_equal(k->upgrades, 1);
}

/* Requests that waited for the socket go out in the order of start. */
static void several_wait_for_the_socket(void **state)
{
	struct kit *k = *state;

	opened(k);
	kit_start(k, 2, "One.");
	kit_start(k, 0, "Two.");
	kit_start(k, 1, "Three.");
	k->tts->cancel(&k->ears[0].op); /* it is never asked for */
	assert_null(k->ears[0].op);
	kit_start(k, 0, "Four.");
	kit_until(k, &k->asked, 3);
	assert_string_equal(asked_text(k, 0, "transcript"), "One.");
	assert_string_equal(asked_text(k, 1, "transcript"), "Three.");
	assert_string_equal(asked_text(k, 2, "transcript"), "Four.");
	assert_int_equal(k->upgrades, 1);
}

static void two_contexts_interleave(void **state)
{
	struct kit *k = *state;
	const char *a, *b;

	opened(k);
	a = spoken(k, 0, "Good morning.");
	b = spoken(k, 1, "Good morning.");
	assert_string_not_equal(a, b);
	say(k, b, times); /* before any sound */
	chunk(k, a, 333, 0xaa);
	chunk(k, b, 7, 0xbb);
	say(k, a, "{\"type\":\"flush_done\",\"context_id\":\"%s\",\"done\":false,\"flush_done\":true,\"flush_id\":1,\"status_code\":206}");
	chunk(k, a, 1, 0xac);
	chunk(k, b, 1601, 0xbc);
	chunk(k, b, 0, 0);
	say(k, b, done);
	say(k, a, times); /* behind all sound */
	say(k, "nobody", done);
	chunk(k, "nobody", 9, 9);
	say(k, a, done);
	kit_heard(k, 0, 4);
	kit_expect(k, 0, "audio333 audio1 words2 done ");
	kit_expect(k, 1, "words2 audio7 audio1601 done ");
	assert_int_equal(k->ears[0].sound[332], 0xaa);
	assert_int_equal(k->ears[0].sound[333], 0xac);
	assert_int_equal(k->ears[1].sound[7], 0xbc);
}

static void words_without_times_are_estimates(void **state)
{
	struct kit *k = *state;
	const char *context;

	opened(k);
	context = spoken(k, 0, "One two.");
	chunk(k, context, 800, 1);
	say(k, context, done);
	kit_heard(k, 0, 3);
	kit_expect(k, 0, "audio800 inexact2 done ");
	assert_int_equal(k->ears[0].words[0].end_samples, 300);
	assert_int_equal(k->ears[0].words[1].end_samples, 800);
	assert_int_equal(k->ears[0].words[1].text_end, 8);
}

static void moment(uv_timer_t *timer)
{
	*(unsigned int *)timer->data = 1;
}

/* Whom nothing came for is asked for again on another socket, and so is who waits behind it; one that is cancelled sooner drops nothing. */
static void test_P13_a_socket_that_says_nothing_is_left(void **state)
{
	struct kit *k = *state;
	unsigned int over = 0;
	uv_timer_t timer;

	opened(k);
	spoken(k, 0, "One.");
	k->tts->cancel(&k->ears[0].op);
	spoken(k, 0, "One.");
	spoken(k, 1, "Two.");
	assert_int_equal(k->upgrades, 1);
	uv_timer_init(&k->loop, &timer);
	timer.data = &over;
	uv_timer_start(&timer, moment, 450, 0);
	kit_until(k, &over, 1);
	uv_close((uv_handle_t *)&timer, NULL);
	k->tts->cancel(&k->ears[0].op);
	kit_until(k, &k->upgrades, 2);
	kit_until(k, &k->asked, 5); /* one, its cancel, one, two, and two again */
	assert_string_equal(asked_text(k, 4, "transcript"), "Two.");
	say(k, asked_text(k, 4, "context_id"), done);
	kit_heard(k, 1, 1);
	kit_expect(k, 1, "done ");
}

static void tags_and_other_scripts(void **state)
{
	struct kit *k = *state;
	const char *context;

	opened(k);
	spoken(k, 0, "a <break time=\"9s\"/> & b");
	assert_string_equal(asked_text(k, 0, "transcript"), "a &lt;break time=\"9s\"/> &amp; b");
	assert_int_equal(kit_start_as(k, 1, "hi-IN", "नमस्ते, मैं आशा।"), ERR_NONE);
	kit_until(k, &k->asked, 2);
	assert_string_equal(asked_text(k, 1, "transcript"), "नमस्ते, मैं आशा।");
	assert_string_equal(asked_text(k, 1, "language"), "hi");
	context = asked_text(k, 1, "context_id");
	say(k, context, "{\"type\":\"timestamps\",\"context_id\":\"%s\",\"word_timestamps\":"
		"{\"words\":[\"\\u0928\\u092e\\u0938\\u094d\\u0924\\u0947\",\"मैं\",\"आशा\"],"
		"\"start\":[0,0.5,0.6],\"end\":[0.5,0.6,1]}}");
	say(k, context, done);
	kit_heard(k, 1, 2);
	kit_expect(k, 1, "words3 done ");
	assert_int_equal(k->ears[1].words[0].text_end, strlen("नमस्ते,"));
	assert_int_equal(k->ears[1].words[2].text_end, strlen("नमस्ते, मैं आशा।"));
	assert_int_equal(k->ears[1].words[2].end_samples, 8000);
}

static void what_start_refuses(void **state)
{
	struct kit *k = *state;
	static char long_text[CARTESIA_MAX_TEXT_BYTES + 2];
	static struct tts_utterance *ops[CARTESIA_UTTERANCES + 1];

	opened(k);
	memset(long_text, 'x', CARTESIA_MAX_TEXT_BYTES + 1);
	assert_int_equal(kit_start_as(k, 0, "en", ""), ERR_USAGE);
	assert_int_equal(k->tts->start(k->vendor, &k->ears[0].op, "en", "a\0b", 3, &kit_events, &k->ears[0]), ERR_USAGE);
	assert_int_equal(kit_start_as(k, 0, "en", long_text), ERR_LIMIT);
	assert_int_equal(kit_start_as(k, 0, "", "x"), ERR_NOTFOUND);
	assert_int_equal(kit_start_as(k, 0, "e\"n", "x"), ERR_NOTFOUND);
	assert_int_equal(kit_start_as(k, 0, "en-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd", "x"), ERR_NOTFOUND);
	assert_null(k->ears[0].op);
	for (unsigned int i = 0; i < CARTESIA_UTTERANCES; i++)
		assert_int_equal(k->tts->start(k->vendor, &ops[i], "en", "x", 1, &kit_events, &k->ears[0]), ERR_NONE);
	assert_int_equal(k->tts->start(k->vendor, &ops[CARTESIA_UTTERANCES], "en", "x", 1, &kit_events, &k->ears[0]), ERR_BUSY);
	kit_until(k, &k->asked, CARTESIA_UTTERANCES);
	kit_expect(k, 0, "");
	kit_close(k);
	for (unsigned int i = 0; i <= CARTESIA_UTTERANCES; i++)
		assert_null(ops[i]); /* closing empties the slots */
	k->tts->cancel(&ops[0]);
	k->tts->cancel(NULL);
}

/* ---- errors ---- */

static void an_error_of_one_context(void **state)
{
	struct kit *k = *state;
	const char *a, *b;

	opened(k);
	a = spoken(k, 0, "One.");
	b = spoken(k, 1, "Two.");
	say(k, a, "{\"type\":\"error\",\"context_id\":\"%s\",\"done\":true,\"status_code\":429,\"error_code\":\"concurrency_limited\",\"title\":\"t\"}");
	chunk(k, a, 8, 1);
	say(k, "nobody", "{\"type\":\"error\",\"context_id\":\"%s\",\"done\":true,\"status_code\":400}");
	chunk(k, b, 8, 1);
	kit_heard(k, 1, 1);
	kit_expect(k, 0, "failed=busy ");
	kit_expect(k, 1, "audio8 ");
	assert_int_equal(k->asked, 2);
}

/* What is failed here must not go on there. */
static void an_error_that_is_not_the_end_is_cancelled(void **state)
{
	struct kit *k = *state;
	const char *context;

	opened(k);
	context = spoken(k, 0, "One.");
	say(k, context, "{\"type\":\"error\",\"context_id\":\"%s\",\"done\":false,\"status_code\":500}");
	kit_until(k, &k->asked, 2);
	kit_expect(k, 0, "failed=unavailable ");
	assert_true(asked_cancel(k, 1, context));
}

static void an_error_without_context_is_everybodys(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, "One.");
	spoken(k, 1, "Two.");
	k->ears[1].on = ON_FAILED;
	k->ears[1].act = ACT_AGAIN; /* belongs to the next socket: it must not fail with the old one */
	say(k, "", "{\"type\":\"error\",\"done\":true,\"status_code\":402}");
	kit_until(k, &k->asked, 3);
	kit_expect(k, 0, "failed=over a limit ");
	kit_expect(k, 1, "failed=over a limit ");
	assert_int_equal(k->upgrades, 2);
	say(k, asked_text(k, 2, "context_id"), done);
	kit_heard(k, 1, 2);
	kit_expect(k, 1, "failed=over a limit done ");
}

static void a_handshake_that_is_refused(void **state)
{
	static const struct { unsigned int status; const char *events; } cases[] = { { 429, "failed=busy " }, { 401, "failed=not permitted " },
		{ 402, "failed=over a limit " }, { 404, "failed=not found " }, { 400, "failed=wrong usage " }, { 500, "failed=unavailable " } };
	struct kit *k = *state;

	opened(k);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		k->refuse = cases[i].status;
		k->ears[0].events[0] = '\0';
		kit_start(k, 0, "One.");
		kit_heard(k, 0, i + 1);
		kit_expect(k, 0, cases[i].events);
	}
	k->refuse = 0;
	k->ears[0].events[0] = '\0';
	say(k, spoken(k, 0, "One."), done);
	kit_heard(k, 0, 7);
	kit_expect(k, 0, "done ");
	assert_int_equal(k->upgrades, 7);
}

static void nobody_listens(void **state)
{
	struct kit *k = *state;

	snprintf(k->url, sizeof(k->url), "http://127.0.0.1:1");
	opened(k);
	assert_int_equal(cartesia_prepare(k->c), ERR_NONE);
	kit_start(k, 0, "One.");
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=unavailable ");
}

static void a_socket_that_closes_in_mid_utterance(void **state)
{
	static const struct { uint16_t code; const char *events; } cases[] = { { 1000, "audio5 failed=closed " }, { 1001, "audio5 failed=closed " },
		{ 1011, "audio5 failed=unavailable " }, { 1013, "audio5 failed=busy " }, { 1008, "audio5 failed=not permitted " } };
	struct kit *k = *state;

	opened(k);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		k->ears[0].events[0] = '\0';
		chunk(k, spoken(k, 0, "One."), 5, 1);
		websocket_close(k->there, cases[i].code, "bye");
		kit_heard(k, 0, 2 * i + 2);
		kit_expect(k, 0, cases[i].events);
		assert_int_equal(k->upgrades, i + 1); /* nobody needs it: nobody opens it */
	}
}

static void a_socket_that_just_closes(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, "One.");
	websocket_free(&k->there);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=closed ");
	say(k, spoken(k, 0, "Two."), done);
	kit_heard(k, 0, 2);
	kit_expect(k, 0, "failed=closed done ");
	assert_int_equal(k->upgrades, 2);
}

/* Idle sockets are closed: nobody is told, the next utterance opens one. */
static void a_socket_that_closes_without_work(void **state)
{
	struct kit *k = *state;

	opened(k);
	say(k, spoken(k, 0, "One."), done);
	kit_heard(k, 0, 1);
	websocket_close(k->there, 1000, "idle");
	kit_until(k, &k->closes, 1);
	spoken(k, 1, "Two.");
	kit_expect(k, 0, "done ");
	assert_int_equal(k->upgrades, 2);
}

/* The socket is gone, which is seen by sending: what surely was not sent goes to the next one. */
static void a_socket_that_is_gone_and_has_not_said_so(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, "One.");
	websocket_free(&k->there);
	kit_start(k, 1, "Into nothing.");
	kit_start(k, 2, "Into nothing, too.");
	kit_start(k, 3, "Not sent.");
	kit_until(k, &k->asked, 2);
	assert_string_equal(asked_text(k, 1, "transcript"), "Not sent.");
	kit_expect(k, 0, "failed=closed ");
	kit_expect(k, 1, "failed=closed ");
	kit_expect(k, 2, "failed=closed ");
	say(k, asked_text(k, 1, "context_id"), done);
	kit_heard(k, 3, 1);
	kit_expect(k, 3, "done ");
}

static void garbage(void **state)
{
	static const char *const texts[] = { "hello", "{\"type\":", "[]", "{\"context_id\":\"%s\",\"done\":true}",
		"{\"type\":\"chunk\",\"context_id\":\"%s\",\"data\":\"*\"}" };
	struct kit *k = *state;
	unsigned int i;
	char binary[200];

	opened(k);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		say(k, spoken(k, 0, "One."), texts[i]);
		kit_heard(k, 0, i + 1);
	}
	snprintf(binary, sizeof(binary), "{\"type\":\"done\",\"context_id\":\"%s\",\"done\":true}", spoken(k, 0, "One."));
	assert_int_equal(websocket_push(k->there, WEBSOCKET_BINARY, binary, strlen(binary)), ERR_NONE);
	kit_heard(k, 0, i + 1);
	kit_expect(k, 0, "failed=bad format failed=cut short failed=bad format failed=bad format failed=bad format failed=bad format ");
	assert_int_equal(k->upgrades, i + 1);
}

static void too_much_sound(void **state)
{
	struct kit *k = *state;
	const char *context;

	opened(k);
	context = spoken(k, 0, "One.");
	for (unsigned int i = 0; i < 4; i++) {
		chunk(k, context, 700000, 1);
		kit_heard(k, 0, i + 1);
	}
	kit_expect(k, 0, "audio700000 audio700000 audio700000 failed=over a limit ");
	kit_until(k, &k->asked, 2);
	assert_true(asked_cancel(k, 1, context));
}

static void a_peer_that_reads_nothing(void **state)
{
	struct kit *k = *state;

	k->options.silent_ms = 300;
	opened(k);
	spoken(k, 0, "One.");
	websocket_pause(k->there, true);
	kit_start(k, 1, "Two.");
	kit_heard(k, 1, 1);
	kit_expect(k, 0, "failed=timed out ");
	kit_expect(k, 1, "failed=timed out ");
}

static void a_peer_that_is_alive_and_says_nothing(void **state)
{
	struct kit *k = *state;
	const char *context;

	k->options.silent_ms = 400;
	k->options.deadline_ms = 700;
	opened(k);
	context = spoken(k, 0, "One.");
	k->ears[0].on = ON_FAILED;
	k->ears[0].act = ACT_AGAIN;
	kit_heard(k, 0, 2); /* the second has a deadline of its own */
	kit_expect(k, 0, "failed=timed out failed=timed out ");
	assert_true(asked_cancel(k, 1, context));
	assert_int_equal(k->upgrades, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	const struct CMUnitTest tests[] = {
		TEST(one_utterance),
		TEST(prepared_the_socket_is_there),
		TEST(several_wait_for_the_socket),
		TEST(two_contexts_interleave),
		TEST(words_without_times_are_estimates),
		TEST(tags_and_other_scripts),
		TEST(what_start_refuses),
		TEST(an_error_of_one_context),
		TEST(an_error_that_is_not_the_end_is_cancelled),
		TEST(an_error_without_context_is_everybodys),
		TEST(a_handshake_that_is_refused),
		TEST(nobody_listens),
		TEST(a_socket_that_closes_in_mid_utterance),
		TEST(a_socket_that_just_closes),
		TEST(a_socket_that_closes_without_work),
		TEST(a_socket_that_is_gone_and_has_not_said_so),
		TEST(garbage),
		TEST(too_much_sound),
		TEST(a_peer_that_reads_nothing),
		TEST(a_peer_that_is_alive_and_says_nothing),
		TEST(test_P13_a_socket_that_says_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
