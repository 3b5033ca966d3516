/* The ends of Sarvam's recogniser: everything that a vendor on loopback may do wrong, options that cannot be, and cancel everywhere. */
#include "sarvamsttkit.h"

#include <sys/socket.h>

#include "base/websocket_parts.h"
#include "logkit.h"
#include "providers/sarvam/sarvam_stt_state.h"

/* ------------------------------------------------------------------ the end */

static void http_refusals_are_told_apart(void **state)
{
	static const struct {
		unsigned int status;
		enum err why;
	} cases[] = { { 400, ERR_USAGE }, { 422, ERR_USAGE }, { 401, ERR_DENIED }, { 403, ERR_DENIED }, { 404, ERR_NOTFOUND }, { 408, ERR_TIMEOUT },
		{ 429, ERR_BUSY }, { 500, ERR_UNAVAILABLE }, { 503, ERR_UNAVAILABLE } };
	struct kit *k = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		k->v.status = cases[i].status;
		kit_start(k, "hi-IN");
		kit_push(k, 1600);
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		assert_int_equal(k->v.asked, i + 1); /* nobody asks twice */
	}
}

static void closes_are_told_apart(void **state)
{
	static const struct {
		uint16_t code;
		enum err why;
	} cases[] = { { 1003, ERR_DENIED }, { 1008, ERR_CLOSED }, { 1011, ERR_UNAVAILABLE }, { 1013, ERR_UNAVAILABLE }, { 4000, ERR_UNAVAILABLE },
		{ 1000, ERR_CLOSED }, { 1001, ERR_CLOSED }, { 1007, ERR_USAGE } };
	struct kit *k = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_open(k, "hi-IN");
		kit_talk(k, 160);
		websocket_close(k->v.ws, cases[i].code, "no");
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		kit_wait(k, &k->v.closed, i + 1);
	}
	assert_int_equal(k->told, 0);
}

#define FATAL(code, status) "{\"event\":\"error\",\"code\":\"" code "\",\"is_fatal\":true,\"message\":\"x\",\"status_code\":" status "}"

static void messages_that_end_it(void **state)
{
	static const struct {
		const char *text;
		enum err why;
	} cases[] = { { FATAL("invalid_config", "400"), ERR_USAGE }, { FATAL("auth", "401"), ERR_DENIED }, { FATAL("auth", "403"), ERR_DENIED },
		{ FATAL("t", "408"), ERR_TIMEOUT }, { FATAL("big", "413"), ERR_LIMIT }, { FATAL("x", "500"), ERR_UNAVAILABLE },
		{ FATAL("rate_limit_exceeded_error", "429"), ERR_BUSY }, { FATAL("insufficient_quota_error", "429"), ERR_DENIED },
		{ FATAL("model_unavailable", "400"), ERR_UNAVAILABLE }, { FATAL("x", "\"503\""), ERR_UNAVAILABLE },
		{ "{\"event\":\"error\"}", ERR_UNAVAILABLE }, { "{\"event\":\"session.end\",\"total_utterances\":3}", ERR_CLOSED },
		{ "{\"event\":", ERR_TRUNCATED }, { "<html>", ERR_FORMAT }, { "[]", ERR_FORMAT },
		{ "{}", ERR_FORMAT }, { "{\"event\":\"transcript.final\",\"utterance_idx\":0}", ERR_FORMAT }, { KIT_FINAL("0", "a\\u0000b"), ERR_FORMAT } };
	struct kit *k = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kit_open(k, "hi-IN");
		vendor_says(k, cases[i].text);
		kit_wait(k, &k->ended, i + 1);
		assert_int_equal(k->why, cases[i].why);
		kit_wait(k, &k->v.closed, i + 1);
	}
}

/* The error that comes before a close says more than its code. */
static void an_error_is_believed_before_the_close(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	vendor_says(k, FATAL("invalid_model", "400"));
	websocket_close(k->v.ws, 4000, "application error");
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_USAGE);
}

static void an_error_that_ends_nothing(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	vendor_says(k, "{\"event\":\"error\",\"code\":\"invalid_event\",\"is_fatal\":false,\"status_code\":400}");
	vendor_says(k, KIT_FINAL("0", "yes"));
	kit_wait(k, &k->told, 1);
	assert_int_equal(k->ended, 0);
}

static void bytes_and_floods_end_it(void **state)
{
	static char flood[SARVAM_STT_MESSAGE_MAX_BYTES + 1];
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	assert_int_equal(websocket_push(k->v.ws, WEBSOCKET_BINARY, "x", 1), ERR_NONE);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_FORMAT);
	memset(flood, ' ', sizeof(flood));
	kit_wait(k, &k->v.closed, 1);
	kit_open(k, "hi-IN");
	assert_int_equal(websocket_push(k->v.ws, WEBSOCKET_TEXT, flood, sizeof(flood)), ERR_NONE);
	kit_wait(k, &k->ended, 2);
	assert_int_equal(k->why, ERR_LIMIT);
}

static void nobody_there(void **state)
{
	struct kit *k = *state;

	k->options.url = "ws://127.0.0.1:1";
	kit_start(k, "hi-IN");
	kit_push(k, 1600);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_UNAVAILABLE);
}

static void the_socket_is_cut(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	kit_talk(k, 160);
	websocket_free(&k->v.ws);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_CLOSED);
}

/* Nobody reads, no error comes; found within two seconds of real time, whatever the clock of the call says. */
static void a_vendor_that_stops_reading_is_found(void **state)
{
	struct kit *k = *state;
	int little = 4096;
	uint64_t since;

	kit_open(k, "hi-IN");
	kit_talk(k, 160);
	websocket_pause(k->v.ws, true);
	assert_int_equal(setsockopt(k->v.ws->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
	while (!websocket_waiting(k->s->ws)) { /* until his window is full */
		kit_push(k, 800);
		kit_skip(k, 100000);
	}
	since = uv_hrtime() / 1000000;
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
	assert_in_range(uv_hrtime() / 1000000 - since, 0, 2000);
}

static void a_vendor_that_answers_no_ping_is_found(void **state)
{
	struct kit *k = *state;

	k->options.alive_ms = 500;
	kit_open(k, "hi-IN");
	websocket_pause(k->v.ws, true);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
}

static void a_vendor_that_does_not_answer_the_handshake(void **state)
{
	struct kit *k = *state;

	k->options.connect_ms = 200;
	k->v.is_mute = true;
	kit_start(k, "hi-IN");
	kit_push(k, 1600);
	kit_wait(k, &k->ended, 1);
	assert_int_equal(k->why, ERR_TIMEOUT);
	kit_wait(k, &k->v.closed, 1);
}

/* ------------------------------------------------------------------ options, and the log */

static void refused(struct kit *k, struct sarvam_stt_options o, enum err err, const char *where)
{
	struct err_detail detail = { .message = "" };

	assert_int_equal(sarvam_stt_open(&k->d, &k->loop, &o, &detail), err);
	assert_null(k->d);
	assert_string_equal(detail.where, where);
	assert_non_null(strstr(detail.message, "Sarvam's recogniser cannot be set up: "));
}

#define REFUSED(err, field, ...) \
	do { \
		struct sarvam_stt_options o = k->options; \
		o.field = __VA_ARGS__; \
		refused(k, o, err, #field); \
	} while (0)

static void options_that_cannot_be(void **state)
{
	static const char *const one[] = { "EMI", NULL }, *const empty[] = { "", NULL };
	static const char *many[SARVAM_KEYTERMS_MAX + 2];
	static const struct sarvam_language bad[] = { { "hi", "hi IN", NULL }, { NULL, NULL, NULL } };
	struct kit *k = *state;

	REFUSED(ERR_USAGE, url, "ws://example.org");
	REFUSED(ERR_USAGE, url, "wss://example.org/path");
	REFUSED(ERR_USAGE, key, "a b");
	REFUSED(ERR_USAGE, languages, bad);
	REFUSED(ERR_USAGE, model, "");
	REFUSED(ERR_USAGE, stream_type, "slow");
	REFUSED(ERR_USAGE, mode, NULL);
	REFUSED(ERR_USAGE, frame_ms, 19);
	REFUSED(ERR_USAGE, ping_ms, 60000);
	REFUSED(ERR_USAGE, threshold_percent, 101);
	REFUSED(ERR_USAGE, keyterms, one); /* the default model takes none */
	k->options.model = "saaras:v4";
	REFUSED(ERR_USAGE, keyterms, empty);
	for (size_t i = 0; i <= SARVAM_KEYTERMS_MAX; i++)
		many[i] = "EMI";
	REFUSED(ERR_LIMIT, keyterms, many);
	for (size_t i = 0; i < SARVAM_KEYTERMS_MAX; i++)
		many[i] = "ईएमआईईएमआईईएमआईईएमआईईएमआईईएमआईईएमआई";
	many[SARVAM_KEYTERMS_MAX] = NULL;
	REFUSED(ERR_LIMIT, keyterms, many); /* each may be, together they are too long an address */
}

/* Codes and figures; nothing that was said, and no key. */
static void the_log_knows_codes_and_no_words(void **state)
{
	static struct logkit l;
	struct kit *k = *state;

	logkit_begin(&l, LOG_LEVEL_DEBUG);
	kit_open(k, "hi-IN");
	kit_talk(k, 1600);
	vendor_says(k, "{\"event\":\"session.begin\",\"request_id\":\"ab-1\"}");
	vendor_says(k, "{\"event\":\"error\",\"code\":\"slow\",\"is_fatal\":false,\"message\":\"555-0142\"}");
	vendor_says(k, "{\"event\":\"error\",\"code\":\"slow\",\"is_fatal\":false,\"message\":\"555-0142\"}");
	vendor_says(k, KIT_FINAL("0", "my number is 555-0142"));
	vendor_says(k, "{\"event\":\"error\",\"code\":\"said 555-0142\",\"is_fatal\":true,\"message\":\"555-0142\",\"status_code\":500}");
	kit_wait(k, &k->ended, 1);
	assert_int_equal(logkit_read(&l), 2);
	logkit_expect(logkit_line(&l, "the recogniser warns"), "code", "slow");
	logkit_expect(logkit_line(&l, "the recogniser's stream has ended"), "request", "ab-1");
	logkit_expect(logkit_line(&l, "the recogniser's stream has ended"), "level", "warn");
	assert_null(strstr(l.text, "0142"));
	assert_null(strstr(l.text, KIT_KEY));
	k->v.status = 429;
	kit_start(k, "hi-IN");
	kit_wait(k, &k->ended, 2);
	assert_int_equal(logkit_read(&l), 3);
	logkit_expect(json_array_get(l.lines, 2), "code", "HTTP 429");
	logkit_expect(json_array_get(l.lines, 2), "level", "debug");
	logkit_end(&l);
}

/* ------------------------------------------------------------------ cancel */

static void cancelled(struct kit *k)
{
	sarvam_stt.cancel(&k->s);
	assert_null(k->s);
}

static void closed_all(struct kit *k)
{
	sarvam_stt_close(&k->d);
	assert_null(k->s);
}

static void opened_again(struct kit *k)
{
	k->on_ended = NULL;
	assert_int_equal(sarvam_stt.start(k->d, &k->s, "hi-IN", &kit_events, k), ERR_NONE);
}

static void cancel_in_each_transcript(void **state)
{
	static const char *const says[] = { KIT_PARTIAL("0", "a"), KIT_FINAL("0", "a") };
	struct kit *k = *state;
	unsigned int i;

	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		kit_open(k, "hi-IN");
		kit_talk(k, 800);
		k->on_told = cancelled;
		vendor_says(k, says[i]);
		vendor_says(k, says[i]); /* for nobody */
		kit_wait(k, &k->v.closed, i + 1);
		assert_int_equal(k->told, i + 1);
	}
	kit_open(k, "hi-IN");
	k->on_told = closed_all;
	vendor_says(k, says[0]);
	vendor_says(k, says[0]);
	kit_wait(k, &k->v.closed, i + 1);
	assert_int_equal(k->told, i + 1);
	assert_int_equal(k->ended, 0);
}

static void what_may_be_done_when_it_ended(void **state)
{
	struct kit *k = *state;

	kit_open(k, "hi-IN");
	k->on_ended = opened_again;
	vendor_says(k, "garbage");
	kit_wait(k, &k->v.asked, 2);
	k->on_ended = closed_all;
	kit_skip(k, 1);
	kit_wait(k, &k->v.closed, 1);
	websocket_close(k->v.ws, 1011, "");
	kit_wait(k, &k->ended, 2);
	assert_null(k->d);
}

static void cancel_at_any_other_time(void **state)
{
	struct kit *k = *state;
	struct stt_stream *none = NULL;

	sarvam_stt.cancel(&none);
	sarvam_stt.cancel(NULL);
	kit_start(k, "hi-IN"); /* while it connects */
	kit_push(k, 1600);
	cancelled(k);
	kit_start(k, "hi-IN"); /* failed, and not told yet */
	kit_push(k, SARVAM_WAITING_MAX_SAMPLES);
	kit_push(k, 800);
	cancelled(k);
	kit_open(k, "hi-IN"); /* open: the vendor is told that there is no more */
	kit_talk(k, 160);
	cancelled(k);
	kit_wait(k, &k->v.closed, 1);
	assert_string_equal(k->v.texts[k->v.text_count - 1], "{\"event\":\"end\"}");
	assert_int_equal(k->ended, 0);
	kit_start(k, "hi-IN"); /* left to kit_end */
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(http_refusals_are_told_apart),
		CASE(closes_are_told_apart),
		CASE(messages_that_end_it),
		CASE(an_error_is_believed_before_the_close),
		CASE(an_error_that_ends_nothing),
		CASE(bytes_and_floods_end_it),
		CASE(nobody_there),
		CASE(the_socket_is_cut),
		CASE(a_vendor_that_stops_reading_is_found),
		CASE(a_vendor_that_answers_no_ping_is_found),
		CASE(a_vendor_that_does_not_answer_the_handshake),
		CASE(options_that_cannot_be),
		CASE(the_log_knows_codes_and_no_words),
		CASE(cancel_in_each_transcript),
		CASE(what_may_be_done_when_it_ended),
		CASE(cancel_at_any_other_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
