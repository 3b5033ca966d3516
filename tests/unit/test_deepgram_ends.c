/* The Deepgram recogniser's ends: everything that a vendor on loopback may do wrong, and cancel everywhere. */
#include "deepgramkit.h"

#include <sys/socket.h>

#include "base/websocket_parts.h"
#include "logkit.h"
#include "providers/deepgram/deepgram_state.h"

/* ------------------------------------------------------------------ the end */

static void http_refusals_are_told_apart(void **state)
{
	struct kit *k = *state;
	static const struct {
		unsigned int status;
		enum err why;
	} cases[] = { { 400, ERR_USAGE }, { 401, ERR_DENIED }, { 402, ERR_DENIED }, { 403, ERR_DENIED }, { 429, ERR_BUSY }, { 500, ERR_UNAVAILABLE },
		{ 503, ERR_UNAVAILABLE }, { 302, ERR_UNAVAILABLE } };

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		k->v.status = cases[i].status;
		kit_start(k, "en-IN");
		kit_push(k, 1600);
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		assert_int_equal(k->v.asked, i + 1); /* nobody asks twice */
	}
}

static void closes_are_told_apart(void **state)
{
	struct kit *k = *state;
	static const struct {
		uint16_t code;
		const char *reason;
		enum err why;
	} cases[] = { { 1011, "NET-0001: no audio or KeepAlive", ERR_TIMEOUT }, { 1011, "NET-0000", ERR_UNAVAILABLE }, { 1011, "", ERR_UNAVAILABLE },
		{ 1008, "DATA-0000", ERR_USAGE }, { 1002, "DATA-0000", ERR_USAGE }, { 1008, "", ERR_USAGE }, { 1000, "", ERR_CLOSED }, { 1001, "", ERR_CLOSED },
		{ 1013, "", ERR_UNAVAILABLE } };

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_open(k, "en-IN");
		kit_talk(k, 160);
		websocket_close(k->v.ws, cases[i].code, cases[i].reason);
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		kit_wait(k, &k->v.closed, i + 1);
	}
	assert_int_equal(k->told, 0);
}

static void messages_that_end_it(void **state)
{
	struct kit *k = *state;
	static const struct {
		const char *text;
		enum err why;
	} cases[] = { { "{\"type\":\"Error\",\"variant\":\"SchemaError\",\"description\":\"no\",\"message\":\"x\"}", ERR_UNAVAILABLE },
		{ "{\"type\":\"Error\",\"sequence_id\":11,\"code\":\"INTERNAL_SERVER_ERROR\",\"description\":\"no\"}", ERR_UNAVAILABLE },
		{ "{\"type\":", ERR_TRUNCATED }, { "<html>", ERR_FORMAT }, { "{}", ERR_FORMAT } };

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_open(k, "en-IN");
		vendor_says(k, cases[i].text);
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		kit_wait(k, &k->v.closed, i + 1);
	}
}

static void bytes_and_floods_end_it(void **state)
{
	struct kit *k = *state;
	static char flood[DEEPGRAM_MESSAGE_MAX_BYTES + 1];

	kit_open(k, "en-IN");
	assert_int_equal(websocket_push(k->v.ws, WEBSOCKET_BINARY, "x", 1), ERR_NONE);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_FORMAT);
	memset(flood, ' ', sizeof(flood));
	kit_wait(k, &k->v.closed, 1);
	kit_open(k, "en-IN");
	assert_int_equal(websocket_push(k->v.ws, WEBSOCKET_TEXT, flood, sizeof(flood)), ERR_NONE);
	kit_wait(k, &k->ended, 2);
	assert_int_equal(k->why, ERR_LIMIT);
}

static void nobody_there(void **state)
{
	struct kit *k = *state;

	k->options.url = "ws://127.0.0.1:1";
	kit_start(k, "en-IN");
	kit_push(k, 1600);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_UNAVAILABLE);
}

static void the_socket_is_cut(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	kit_talk(k, 160);
	websocket_free(&k->v.ws);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_CLOSED);
}

/* F10: a message comes byte by byte, and is a message. */
static void a_drip_is_a_message_at_last(void **state)
{
	static const char text[] = KIT_RESULTS("true", "true", "0.0", "0.1", "yes");
	struct kit *k = *state;
	uint8_t head[4] = { 0x81, 126, (uint8_t)((sizeof(text) - 1) >> 8), (uint8_t)(sizeof(text) - 1) };
	size_t i;

	kit_open(k, "en-IN");
	kit_talk(k, 800);
	for (i = 0; i < sizeof(head) + sizeof(text) - 1; i++) {
		const void *byte = i < sizeof(head) ? (const void *)&head[i] : (const void *)&text[i - sizeof(head)];

		assert_int_equal(k->told, 0);
		assert_int_equal(send(k->v.ws->fd, byte, 1, MSG_NOSIGNAL), 1);
		uv_run(&k->loop, UV_RUN_NOWAIT);
	}
	kit_wait(k, &k->told, 1);
	assert_string_equal(k->lines[0], "end 0-800 yes");
}

static uint64_t real_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* P11: nobody reads, no error comes; found within two seconds of real time, whatever the clock of the call says. */
static void a_vendor_that_stops_reading_is_found(void **state)
{
	struct kit *k = *state;
	int little = 4096;
	uint64_t since;

	kit_open(k, "en-IN");
	kit_talk(k, 160);
	websocket_pause(k->v.ws, true);
	assert_int_equal(setsockopt(k->v.ws->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
	while (!websocket_waiting(k->s->ws)) { /* until his window is full */
		kit_push(k, 800);
		kit_skip(k, 100000);
	}
	since = real_ms();
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
	assert_in_range(real_ms() - since, 0, 2000);
}

/* He reads again in time: nothing is lost, and the timers run again. */
static void a_vendor_that_reads_late_gets_everything(void **state)
{
	struct kit *k = *state;
	uint64_t pushed = 160;

	kit_open(k, "en-IN");
	kit_talk(k, 160);
	websocket_pause(k->v.ws, true);
	for (; !k->s->is_refused; pushed += 800) {
		kit_push(k, 800);
		kit_skip(k, 100000);
	}
	assert_int_equal(k->ended, 0);
	websocket_pause(k->v.ws, false);
	while (k->v.len < pushed)
		kit_skip(k, 10000);
	kit_skip(k, 4100000);
	assert_string_equal(k->v.texts[0], "{\"type\":\"KeepAlive\"}");
	assert_int_equal(k->v.len, pushed);
	for (size_t i = 1; i < k->v.len; i++)
		assert_int_equal(k->v.sound[i], (k->v.sound[i - 1] + 1) & 0x7f);
}

/* Only where it was asked for: nobody has said that the vendor answers pings. */
static void a_vendor_that_answers_no_ping_is_found(void **state)
{
	struct kit *k = *state;

	k->options.alive_ms = 500;
	kit_open(k, "en-IN");
	websocket_pause(k->v.ws, true);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
}

static void a_vendor_that_does_not_answer_the_handshake(void **state)
{
	struct kit *k = *state;

	k->options.connect_ms = 200;
	k->v.is_mute = true;
	kit_start(k, "en-IN");
	kit_push(k, 1600);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
	kit_wait(k, &k->v.closed, 1);
}

/* ------------------------------------------------------------------ the log */

static void ended_with(struct kit *k, struct logkit *l, size_t lines, const char *level, const char *code)
{
	json_t *line;

	assert_int_equal(logkit_read(l), lines);
	line = json_array_get(l->lines, lines - 1);
	logkit_expect(line, "message", "the recogniser's stream has ended");
	logkit_expect(line, "level", level);
	logkit_expect(line, "code", code);
	assert_int_equal(logkit_number(line, "pushed_ms"), 200);
	assert_null(strstr(l->text, "0142"));
	assert_null(strstr(l->text, k->options.key));
}

/* Codes and figures; nothing that was said, and no key. */
static void the_log_knows_codes_and_no_words(void **state)
{
	static const char warning[] = "{\"type\":\"Warning\",\"request_id\":\"ab-1\",\"code\":\"SLOW\",\"description\":\"555-0142\"}";
	static struct logkit l;
	struct kit *k = *state;

	logkit_begin(&l, LOG_LEVEL_DEBUG);
	kit_open(k, "en-IN");
	kit_talk(k, 1600);
	vendor_says(k, warning);
	vendor_says(k, warning);
	vendor_says(k, KIT_RESULTS("true", "true", "0.0", "0.1", "my number is 555-0142"));
	vendor_says(k, "{\"type\":\"Error\",\"code\":\"INTERNAL_SERVER_ERROR\",\"description\":\"555-0142\",\"message\":\"555-0142\"}");
	kit_wait(k, &k->ended, 1);
	logkit_expect(logkit_line(&l, "the recogniser warns"), "code", "SLOW");
	ended_with(k, &l, 2, "warn", "INTERNAL_SERVER_ERROR");
	logkit_expect(logkit_line(&l, "the recogniser's stream has ended"), "request", "ab-1");
	kit_wait(k, &k->v.closed, 1);
	kit_open(k, "en-IN");
	kit_talk(k, 1600);
	websocket_close(k->v.ws, 1011, "NET-0001: 555-0142");
	kit_wait(k, &k->ended, 2);
	ended_with(k, &l, 3, "debug", "NET-0001");
	k->v.status = 429;
	kit_start(k, "en-IN");
	kit_push(k, 1600);
	kit_wait(k, &k->ended, 3);
	ended_with(k, &l, 4, "debug", "HTTP 429");
	logkit_end(&l);
}

/* ------------------------------------------------------------------ cancel */

static void cancelled(struct kit *k)
{
	k->stt->cancel(&k->s);
	assert_null(k->s);
}

static void closed_all(struct kit *k)
{
	deepgram_close(&k->d);
	assert_null(k->s);
}

static void opened_again(struct kit *k)
{
	k->on_ended = NULL;
	assert_int_equal(k->stt->start(k->d, &k->s, "en-IN", &kit_events, k), ERR_NONE);
}

static void cancel_in_each_transcript(void **state)
{
	struct kit *k = *state;
	static const char *const says[] = { KIT_RESULTS("false", "false", "0.0", "0.1", "a"), KIT_RESULTS("true", "false", "0.0", "0.1", "a"),
		KIT_RESULTS("true", "true", "0.0", "0.1", "a") };
	unsigned int i;

	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		kit_open(k, "en-IN");
		kit_talk(k, 800);
		k->on_told = cancelled;
		vendor_says(k, says[i]);
		vendor_says(k, says[i]); /* for nobody */
		kit_wait(k, &k->v.closed, i + 1);
		assert_int_equal(k->told, i + 1);
	}
	kit_open(k, "en-IN");
	k->on_told = closed_all;
	vendor_says(k, says[0]);
	vendor_says(k, says[0]);
	kit_wait(k, &k->v.closed, i + 1);
	assert_int_equal(k->told, i + 1);
	assert_int_equal(k->ended, 0);
}

static void flux_is_cancelled_in_a_turn(void **state)
{
	struct kit *k = *state;

	kit_flux(k);
	k->on_told = cancelled;
	vendor_says(k, KIT_TURN("StartOfTurn", "0.0", "0.8", "I"));
	vendor_says(k, KIT_TURN("EndOfTurn", "0.0", "0.8", "I"));
	kit_wait(k, &k->v.closed, 1);
	assert_int_equal(k->told, 1);
	kit_skip(k, 20000000); /* no timer is left */
}

static void what_may_be_done_when_it_ended(void **state)
{
	struct kit *k = *state;

	kit_open(k, "en-IN");
	k->on_ended = opened_again;
	vendor_says(k, "garbage");
	kit_wait(k, &k->v.asked, 2);
	k->on_ended = closed_all;
	kit_skip(k, 1);
	kit_wait(k, &k->v.closed, 1);
	websocket_close(k->v.ws, 1011, "NET-0000");
	kit_wait(k, &k->ended, 2);
	assert_null(k->d);
}

static void cancel_at_any_other_time(void **state)
{
	struct kit *k = *state;
	struct stt_stream *none = NULL;

	k->stt->cancel(&none);
	kit_start(k, "en-IN"); /* while it connects */
	kit_push(k, 1600);
	cancelled(k);
	kit_start(k, "en-IN"); /* failed, and not told yet */
	kit_push(k, DEEPGRAM_WAITING_MAX_SAMPLES);
	kit_push(k, 800);
	cancelled(k);
	kit_open(k, "en-IN"); /* open: the vendor is told that there is no more */
	kit_talk(k, 160);
	cancelled(k);
	kit_wait(k, &k->v.closed, 1);
	assert_string_equal(k->v.texts[k->v.text_count - 1], "{\"type\":\"CloseStream\"}");
	assert_int_equal(k->ended, 0);
	kit_start(k, "en-IN"); /* left to kit_end */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(http_refusals_are_told_apart),
		CASE(closes_are_told_apart),
		CASE(messages_that_end_it),
		CASE(bytes_and_floods_end_it),
		CASE(nobody_there),
		CASE(the_socket_is_cut),
		CASE(a_drip_is_a_message_at_last),
		CASE(a_vendor_that_stops_reading_is_found),
		CASE(a_vendor_that_reads_late_gets_everything),
		CASE(a_vendor_that_answers_no_ping_is_found),
		CASE(a_vendor_that_does_not_answer_the_handshake),
		CASE(the_log_knows_codes_and_no_words),
		CASE(cancel_in_each_transcript),
		CASE(flux_is_cancelled_in_a_turn),
		CASE(what_may_be_done_when_it_ended),
		CASE(cancel_at_any_other_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
