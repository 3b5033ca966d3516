/* The ends of Sarvam's voice: everything that a server of ours may do wrong, options that cannot be, and cancelling, closing and starting in every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sarvamttskit.h"

#define ERROR(more) "{\"type\":\"error\",\"data\":{" more ",\"details\":{\"code\":\"no\"},\"request_id\":\"r\"}}"

/* Another kit, so that the next case finds nothing of this one. */
static void again(void **state)
{
	assert_int_equal(kit_end(state), 0);
	assert_int_equal(kit_begin(state), 0);
}

static void refused_by(struct kit *k, unsigned int status, const char *events)
{
	k->refuse = status;
	k->ears[0].events[0] = '\0';
	kit_start(k, 0, "One.");
	kit_heard(k, 0, k->ears[0].count + 1);
	kit_expect(k, 0, events);
}

static void a_handshake_that_is_refused(void **state)
{
	struct kit *k = *state;

	opened(k);
	refused_by(k, 400, "failed=wrong usage ");
	refused_by(k, 401, "failed=not permitted ");
	refused_by(k, 403, "failed=not permitted ");
	refused_by(k, 404, "failed=not found ");
	refused_by(k, 429, "failed=busy ");
	refused_by(k, 503, "failed=unavailable ");
	assert_int_equal(k->refused, 6); /* nobody asks twice */
	k->refuse = 0;
	spoken(k, 1, 0, "One.");
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_heard(k, 1, 3);
	kit_expect(k, 1, "audio10 words1 done ");
}

/* A refusal is all of theirs who wait for it. */
static void all_that_wait_fail_with_the_handshake(void **state)
{
	struct kit *k = *state;

	k->refuse = 429;
	opened(k);
	k->ears[0].on = ON_FAILED;
	k->ears[0].act = ACT_AGAIN;
	kit_start(k, 0, "One.");
	kit_start(k, 1, "Two.");
	kit_heard(k, 1, 1);
	kit_heard(k, 0, 2); /* it asks again, and fails by itself */
	kit_expect(k, 0, "failed=busy failed=busy ");
	kit_expect(k, 1, "failed=busy ");
	kit_settle(k);
	assert_int_equal(k->refused, 2);
}

static void nobody_listens(void **state)
{
	struct kit *k = *state;

	snprintf(k->url, sizeof(k->url), "ws://127.0.0.1:1");
	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi"), ERR_NONE);
	kit_start(k, 0, "One.");
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=unavailable ");
}

/* One error or close; the one behind it speaks on the other socket. */
static void errors_in_mid_utterance(void **state)
{
	static const struct { const char *text; const char *events; } cases[] = {
		{ ERROR("\"message\":\"no\",\"code\":422"), "audio5 failed=wrong usage " },
		{ ERROR("\"message\":\"no\",\"code\":\"429\""), "audio5 failed=busy " },
		{ ERROR("\"message\":\"403: no\""), "audio5 failed=not permitted " },
		{ ERROR("\"message\":\"no\",\"code\":\"insufficient_quota_error\""), "audio5 failed=not permitted " },
		{ ERROR("\"message\":\"language_code\",\"code\":500"), "audio5 failed=unavailable " }, /* too late for another field */
		{ "{\"type\":\"error\"}", "audio5 failed=unavailable " },
		{ "hello", "audio5 failed=bad format " },
		{ "{\"type\":", "audio5 failed=cut short " },
		{ "[]", "audio5 failed=bad format " },
		{ "{\"data\":{}}", "audio5 failed=bad format " },
		{ "{\"type\":\"audio\",\"data\":{\"audio\":\"*\"}}", "audio5 failed=bad format " },
		{ "{\"type\":\"audio\",\"data\":{}}", "audio5 failed=bad format " },
		{ "{\"type\":\"audio\",\"data\":{\"content_type\":\"audio/mpeg\",\"audio\":\"AAAA\"}}", "audio5 failed=bad format " },
		{ "{\"type\":\"audio\",\"data\":{\"audio\":\"UklGRgAAAABXQVZFAAAA\"}}", "audio5 failed=bad format " },
	};
	struct kit *k = *state;

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		opened(k);
		spoken(k, 0, 0, "One.");
		kit_start(k, 1, "Two.");
		chunk(k, 0, 5, 1);
		say(k, 0, cases[i].text);
		kit_heard(k, 0, 2);
		kit_expect(k, 0, cases[i].events);
		kit_until(k, &k->lines[1].asked, 3);
		kit_expect(k, 1, "");
		again(state);
		k = *state;
	}
}

static void closes_in_mid_utterance(void **state)
{
	static const struct { uint16_t code; const char *events; } cases[] = { { 1000, "audio5 failed=closed " }, { 1001, "audio5 failed=closed " },
		{ 1003, "audio5 failed=not permitted " }, { 1011, "audio5 failed=unavailable " }, { 1013, "audio5 failed=busy " } };
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		k->ears[0].events[0] = '\0';
		spoken(k, 0, i, "One.");
		chunk(k, i, 5, 1);
		websocket_close(k->lines[i].w, cases[i].code, "bye");
		kit_heard(k, 0, 2 * i + 2);
		kit_expect(k, 0, cases[i].events);
		kit_settle(k);
		assert_int_equal(k->upgrades, i + 1); /* nobody needs it: nobody opens it */
	}
}

/* A vendor that closes every socket as soon as it is open is not asked without end. */
static void a_vendor_that_closes_at_once(void **state)
{
	struct kit *k = *state;
	uint64_t until = uv_hrtime() + 300000000;

	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi"), ERR_NONE);
	while (uv_hrtime() < until) {
		for (struct line *l = k->lines; l < k->lines + KIT_LINES; l++)
			if (l->w && l->asked)
				websocket_close(l->w, 1003, "quota");
		uv_run(&k->loop, UV_RUN_NOWAIT);
	}
	assert_in_range(k->upgrades, 1, 2);
}

static void binary_and_too_much(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	assert_int_equal(websocket_push(k->lines[0].w, WEBSOCKET_BINARY, final, sizeof(final) - 1), ERR_NONE);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=bad format ");
	kit_start(k, 1, "Two.");
	kit_until(k, &k->lines[1].asked, 3);
	for (unsigned int i = 0; i < 4; i++) {
		chunk(k, 1, 700000, 1);
		kit_heard(k, 1, i + 1);
	}
	kit_expect(k, 1, "audio700000 audio700000 audio700000 failed=over a limit ");
	kit_until(k, &k->closes, 2);
}

/* An end without sound: on a fresh socket it is the utterance's; behind another's it is passed over, once. */
static void ends_without_sound(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	say(k, 0, final);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=cut short ");
	kit_until(k, &k->upgrades, 2);
	kit_settle(k);
	spoken(k, 1, 1, "Two.");
	chunk(k, 1, 10, 1);
	say(k, 1, final);
	say(k, 1, final); /* of nobody */
	kit_heard(k, 1, 3);
	spoken(k, 2, 1, "Three.");
	say(k, 1, final); /* late */
	kit_settle(k);
	chunk(k, 1, 20, 1);
	say(k, 1, final);
	kit_heard(k, 2, 3);
	kit_expect(k, 2, "audio20 words1 done ");
	spoken(k, 3, 1, "—"); /* nothing to be heard */
	say(k, 1, final);
	kit_heard(k, 3, 1);
	kit_expect(k, 3, "done ");
}

static void a_peer_that_says_nothing(void **state)
{
	struct kit *k = *state;

	k->options.deadline_ms = 400;
	opened(k);
	spoken(k, 0, 0, "One.");
	kit_start(k, 1, "Two."); /* waiting counts */
	kit_heard(k, 0, 1);
	kit_heard(k, 1, 1);
	kit_expect(k, 0, "failed=timed out ");
	kit_expect(k, 1, "failed=timed out ");
	kit_until(k, &k->closes, 1);
}

static void a_peer_that_answers_no_ping(void **state)
{
	struct kit *k = *state;

	k->options.alive_ms = 300;
	k->options.has_no_spare = true;
	opened(k);
	spoken(k, 0, 0, "One.");
	websocket_pause(k->lines[0].w, true);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=timed out ");
}

static void a_socket_that_is_cut(void **state)
{
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	spoken(k, 0, 0, "One.");
	websocket_free(&k->lines[0].w);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=closed ");
	spoken(k, 1, 1, "Two.");
}

/* ---- options ---- */

static void refused(struct sarvam_tts_options o, const char *where)
{
	struct err_detail detail = { .message = "" };
	struct sarvam_voice *v;

	assert_int_equal(sarvam_tts_open(&v, NULL, &o, &detail), ERR_USAGE);
	assert_null(v);
	assert_string_equal(detail.where, where);
	assert_non_null(strstr(detail.message, "Sarvam's voice cannot be set up: "));
	assert_null(strstr(detail.message, "to 0"));
}

#define REFUSED(field, ...) \
	do { \
		struct sarvam_tts_options o = k->options; \
		o.field = __VA_ARGS__; \
		refused(o, #field); \
	} while (0)

static void options_that_cannot_be(void **state)
{
	struct kit *k = *state;

	REFUSED(url, "https://api.example.org");
	REFUSED(key, NULL);
	REFUSED(model, "a b");
	REFUSED(path, "/ws?model=x");
	REFUSED(speaker, "");
	REFUSED(pitch_percent, 10); /* v3 answers with an error */
	REFUSED(loudness_percent, 100);
	REFUSED(pace_percent, 201);
	REFUSED(min_buffer_size, 10);
	REFUSED(ping_ms, 60000);
	k->options.model = "bulbul:v2";
	REFUSED(temperature_percent, 60);
	REFUSED(dict_id, "d");
	REFUSED(pitch_percent, -76);
	k->options.model = NULL;
	REFUSED(model, "bulbul:v3\n");
	k->options.model = "bulbul:v4-flash";
	REFUSED(speaker, NULL);
}

/* ---- in every event ---- */

/* One utterance up to `on`, with another one behind it, and there something is done. */
static void until_event(struct kit *k, enum kit_event on, enum kit_act act)
{
	opened(k);
	spoken(k, 0, 0, "Good morning.");
	kit_start(k, 1, "Two.");
	k->ears[0].on = on;
	k->ears[0].act = act;
	chunk(k, 0, 10, 1);
	if (on == ON_FAILED)
		say(k, 0, ERROR("\"code\":500"));
	else
		say(k, 0, final);
	kit_heard(k, 0, on == ON_DONE ? 3 : on == ON_AUDIO ? 1 : 2);
	kit_settle(k);
}

static const char *const so_far[] = { [ON_AUDIO] = "audio10 ", [ON_WORDS] = "audio10 words2 ", [ON_DONE] = "audio10 words2 done ",
	[ON_FAILED] = "audio10 failed=unavailable " };

/* The one behind it is asked for in every case. */
static void cancel_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CANCEL);
		kit_expect(k, 0, so_far[on]);
		kit_expect(k, 1, "");
		if (on == ON_DONE)
			assert_int_equal(k->lines[0].asked, 5);
		else
			kit_until(k, &k->lines[1].asked, 3);
		again(state);
		k = *state;
	}
}

static void cancel_the_other_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CANCEL_OTHER);
		assert_null(k->ears[1].op);
		kit_expect(k, 0, on == ON_FAILED ? so_far[on] : "audio10 words2 done ");
		assert_int_equal(k->lines[0].asked, 3);
		again(state);
		k = *state;
	}
}

static void close_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		until_event(k, on, ACT_CLOSE);
		kit_expect(k, 0, so_far[on]);
		kit_expect(k, 1, "");
		assert_null(k->ears[1].op);
		again(state);
		k = *state;
	}
}

/* Started anew in an event it stands behind the one that waited. */
static void start_in_every_event(void **state)
{
	struct kit *k = *state;

	for (enum kit_event on = ON_AUDIO; on <= ON_FAILED; on++) {
		unsigned int line = on != ON_DONE, at = line ? 1 : 3;

		until_event(k, on, ACT_AGAIN);
		kit_until(k, &k->lines[line].asked, at + 2);
		assert_string_equal(data_text(k, line, at, "text"), "Two.");
		chunk(k, line, 10, 1);
		say(k, line, final);
		kit_until(k, &k->lines[line].asked, at + 4);
		assert_string_equal(data_text(k, line, at + 2, "text"), "again");
		again(state);
		k = *state;
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	const struct CMUnitTest tests[] = {
		TEST(a_handshake_that_is_refused),
		TEST(all_that_wait_fail_with_the_handshake),
		TEST(nobody_listens),
		TEST(errors_in_mid_utterance),
		TEST(closes_in_mid_utterance),
		TEST(a_vendor_that_closes_at_once),
		TEST(binary_and_too_much),
		TEST(ends_without_sound),
		TEST(a_peer_that_says_nothing),
		TEST(a_peer_that_answers_no_ping),
		TEST(a_socket_that_is_cut),
		TEST(options_that_cannot_be),
		TEST(cancel_in_every_event),
		TEST(cancel_the_other_in_every_event),
		TEST(close_in_every_event),
		TEST(start_in_every_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
