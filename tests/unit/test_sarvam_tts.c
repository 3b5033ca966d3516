/* Sarvam's voice over real sockets: a server of ours plays Sarvam. What is sent, one utterance after the other, barge-in, the spare, pings, and the two
 * facts that are open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "audio/g711.h"
#include "sarvamttskit.h"

/* ---- speaking ---- */

static void one_utterance(void **state)
{
	struct kit *k = *state;

	opened(k);
	assert_int_equal(k->upgrades, 0);
	spoken(k, 0, 0, "Namaste ji.");
	assert_string_equal(k->target, "/text-to-speech/ws?send_completion_event=true&model=bulbul%3Av3");
	kit_got(k, 0, "config text flush ");
	assert_string_equal(data_text(k, 0, 0, "model"), "bulbul:v3");
	assert_string_equal(data_text(k, 0, 0, "language_code"), "hi-IN");
	assert_string_equal(data_text(k, 0, 0, "speaker"), "shubh");
	assert_string_equal(data_text(k, 0, 0, "output_audio_codec"), "mulaw");
	assert_string_equal(data_text(k, 0, 1, "text"), "Namaste ji.");
	chunk(k, 0, 160, 0x11);
	say(k, 0, "{\"type\":\"event\",\"data\":{\"event_type\":\"started\"}}"); /* what is not known is passed over */
	say(k, 0, "{\"type\":\"pong\"}");
	chunk(k, 0, 60, 0x22);
	say(k, 0, final);
	kit_heard(k, 0, 4);
	kit_expect(k, 0, "audio160 audio60 words2 done ");
	assert_int_equal(k->ears[0].sound[159], 0x11);
	assert_int_equal(k->ears[0].sound[160], 0x22);
	assert_int_equal(k->ears[0].words[0].text_end, 7);
	assert_int_equal(k->ears[0].words[0].end_samples, 140);
	assert_int_equal(k->ears[0].words[1].text_end, 11);
	assert_int_equal(k->ears[0].words[1].end_samples, 220);
}

static void config_must_be(struct kit *k, const char *wanted)
{
	char *got;

	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "or-IN"), ERR_NONE);
	kit_until(k, &k->asked, k->asked + 1);
	got = json_dumps(json_object_get(k->lines[k->upgrades - 1].got[0], "data"), JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(3));
	assert_string_equal(got, wanted);
	free(got);
	sarvam_tts_close(&k->v);
}

static void everything_that_can_be_said_of_a_voice(void **state)
{
	static const struct sarvam_language table[] = { { "or", NULL, "simran_hi_sales" }, { NULL, NULL, NULL } };
	struct kit *k = *state;

	k->options.has_no_spare = true;
	config_must_be(k, "{\"language_code\":\"od-IN\",\"max_chunk_length\":150,\"min_buffer_size\":50,\"model\":\"bulbul:v3\","
		"\"output_audio_codec\":\"mulaw\",\"speaker\":\"shubh\",\"speech_sample_rate\":8000}");
	k->options.pace_percent = 110;
	k->options.temperature_percent = 60;
	k->options.dict_id = "d1";
	k->options.languages = table;
	k->options.model = "bulbul:v4-flash";
	k->options.pitch_percent = -50;
	k->options.loudness_percent = 150;
	k->options.codec = SARVAM_LINEAR16;
	k->options.field = SARVAM_TARGET_LANGUAGE_CODE;
	config_must_be(k, "{\"dict_id\":\"d1\",\"loudness\":1.5,\"max_chunk_length\":150,\"min_buffer_size\":50,\"model\":\"bulbul:v4-flash\","
		"\"output_audio_codec\":\"linear16\",\"pace\":1.1,\"pitch\":-0.5,\"speaker\":\"simran_hi_sales\",\"speech_sample_rate\":8000,"
		"\"target_language_code\":\"od-IN\",\"temperature\":0.6}");
	assert_string_equal(k->target, "/text-to-speech/ws/v2?send_completion_event=true&model=bulbul%3Av4-flash");
}

/* Replies have no names: the second is asked for when the first has ended. */
static void one_after_the_other(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	kit_start(k, 2, "Two.");
	kit_start(k, 1, "Three.");
	kit_settle(k);
	kit_got(k, 0, "config text flush ");
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_until(k, &k->lines[0].asked, 5);
	chunk(k, 0, 20, 2);
	say(k, 0, final);
	kit_until(k, &k->lines[0].asked, 7);
	chunk(k, 0, 30, 3);
	say(k, 0, final);
	kit_heard(k, 1, 3);
	kit_expect(k, 0, "audio10 words1 done ");
	kit_expect(k, 2, "audio20 words1 done ");
	kit_expect(k, 1, "audio30 words1 done ");
	assert_string_equal(data_text(k, 0, 5, "text"), "Three.");
	kit_until(k, &k->lines[1].asked, 1); /* the spare */
	kit_got(k, 1, "config ");
}

static void another_language_is_told_first(void **state)
{
	static const struct sarvam_language table[] = { { "ta-IN", NULL, "kavitha" }, { NULL, NULL, NULL } };
	struct kit *k = *state;

	k->options.languages = table;
	opened(k);
	spoken(k, 0, 0, "One.");
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_heard(k, 0, 3);
	assert_int_equal(kit_start_as(k, 1, "ta", "வணக்கம்"), ERR_NONE); /* the entry is for ta-IN alone */
	kit_until(k, &k->lines[0].asked, 6);
	kit_got(k, 0, "config text flush config text flush ");
	assert_string_equal(data_text(k, 0, 3, "language_code"), "ta-IN");
	assert_string_equal(data_text(k, 0, 3, "speaker"), "shubh");
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_heard(k, 1, 3);
	assert_int_equal(kit_start_as(k, 2, "ta-IN", "வணக்கம்"), ERR_NONE);
	kit_until(k, &k->lines[0].asked, 9);
	assert_string_equal(data_text(k, 0, 6, "speaker"), "kavitha");
}

/* Samples cut in half between two messages are whole samples. */
static void linear_sound_becomes_ours(void **state)
{
	struct kit *k = *state;
	uint8_t bytes[512];

	for (unsigned int i = 0; i < 256; i++) {
		uint16_t sample = (uint16_t)g711_ulaw_decode((uint8_t)i);

		bytes[2 * i] = (uint8_t)(sample & 0xff);
		bytes[2 * i + 1] = (uint8_t)(sample >> 8);
	}
	k->options.codec = SARVAM_LINEAR16;
	opened(k);
	spoken(k, 0, 0, "One.");
	say_bytes(k, 0, "audio/linear16", bytes, 101);
	say_bytes(k, 0, "audio/linear16", bytes + 101, 1);
	say_bytes(k, 0, "audio/linear16", bytes + 102, 1);
	say_bytes(k, 0, "audio/linear16", bytes + 103, 409);
	say(k, 0, final);
	kit_heard(k, 0, 5);
	kit_expect(k, 0, "audio50 audio1 audio205 words1 done ");
	for (unsigned int i = 0; i < 256; i++)
		assert_int_equal(k->ears[0].sound[i], i == 0x7f ? 0xff : i);
}

static void what_start_refuses(void **state)
{
	static char long_text[SARVAM_MAX_TEXT_BYTES + 2];
	static struct tts_utterance *ops[SARVAM_UTTERANCES + 1];
	struct kit *k = *state;

	opened(k);
	memset(long_text, 'x', SARVAM_MAX_TEXT_BYTES + 1);
	assert_int_equal(kit_start_as(k, 0, "hi", ""), ERR_USAGE);
	assert_int_equal(kit_start_as(k, 0, "hi", " \n\t"), ERR_USAGE);
	assert_int_equal(sarvam_tts.start(k->v, &k->ears[0].op, "hi", "a\0b", 3, &kit_events, &k->ears[0]), ERR_USAGE);
	assert_int_equal(kit_start_as(k, 0, "hi", long_text), ERR_LIMIT);
	assert_int_equal(kit_start_as(k, 0, "fr-FR", "x"), ERR_NOTFOUND);
	assert_int_equal(sarvam_tts_prepare(k->v, "fr"), ERR_NOTFOUND);
	assert_null(k->ears[0].op);
	for (unsigned int i = 0; i < SARVAM_UTTERANCES; i++)
		assert_int_equal(sarvam_tts.start(k->v, &ops[i], "hi", "x", 1, &kit_events, &k->ears[0]), ERR_NONE);
	assert_int_equal(sarvam_tts.start(k->v, &ops[SARVAM_UTTERANCES], "hi", "x", 1, &kit_events, &k->ears[0]), ERR_BUSY);
	kit_until(k, &k->lines[0].asked, 3);
	kit_expect(k, 0, "");
	sarvam_tts_close(&k->v);
	for (unsigned int i = 0; i <= SARVAM_UTTERANCES; i++)
		assert_null(ops[i]); /* closing empties the slots */
	sarvam_tts.cancel(&ops[0]);
	sarvam_tts.cancel(NULL);
}

/* ---- barge-in, and the spare ---- */

static void prepared_both_sockets_are_there(void **state)
{
	struct kit *k = *state;

	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi-IN"), ERR_NONE);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi-IN"), ERR_NONE);
	kit_until(k, &k->asked, 2);
	kit_settle(k);
	assert_int_equal(k->upgrades, 2);
	kit_got(k, 0, "config ");
	kit_got(k, 1, "config ");
}

/* All that is spoken and waits is cancelled: one socket goes, the spare speaks at once, and another spare is opened. */
static void barge_in_drops_one_socket(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	kit_start(k, 1, "Two.");
	kit_start(k, 2, "Three.");
	kit_until(k, &k->upgrades, 2);
	kit_settle(k);
	chunk(k, 0, 10, 1);
	kit_heard(k, 0, 1);
	chunk(k, 0, 10, 1); /* on its way */
	for (unsigned int i = 0; i < 3; i++) {
		sarvam_tts.cancel(&k->ears[i].op);
		assert_null(k->ears[i].op);
	}
	kit_start(k, 3, "What I meant:");
	kit_until(k, &k->lines[1].asked, 3); /* it was told how to speak before */
	kit_got(k, 1, "config text flush ");
	kit_until(k, &k->upgrades, 3);
	kit_until(k, &k->closes, 1);
	assert_null(k->lines[0].w);
	chunk(k, 1, 7, 2);
	say(k, 1, final);
	kit_heard(k, 3, 3);
	kit_expect(k, 3, "audio7 words3 done ");
	kit_expect(k, 0, "audio10 ");
	kit_expect(k, 1, "");
	kit_settle(k);
	assert_int_equal(k->upgrades, 3);
	assert_int_equal(k->closes, 1);
	kit_got(k, 2, "config ");
}

static void one_that_waits_is_cancelled_for_nothing(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	kit_start(k, 1, "Two.");
	kit_start(k, 2, "Three.");
	sarvam_tts.cancel(&k->ears[1].op);
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_until(k, &k->lines[0].asked, 5);
	assert_string_equal(data_text(k, 0, 3, "text"), "Three.");
	assert_int_equal(k->closes, 0);
}

/* Cancelled alone: who waits goes on with the spare by itself. */
static void the_next_one_goes_to_the_spare(void **state)
{
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	kit_until(k, &k->upgrades, 2);
	kit_settle(k);
	kit_start(k, 1, "Two.");
	sarvam_tts.cancel(&k->ears[0].op);
	kit_until(k, &k->lines[1].asked, 3);
	assert_string_equal(data_text(k, 1, 1, "text"), "Two.");
}

static void without_a_spare_a_cancel_costs_a_handshake(void **state)
{
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	spoken(k, 0, 0, "One.");
	kit_settle(k);
	assert_int_equal(k->upgrades, 1);
	sarvam_tts.cancel(&k->ears[0].op);
	kit_start(k, 1, "Two.");
	kit_until(k, &k->lines[1].asked, 3);
	kit_settle(k);
	assert_int_equal(k->upgrades, 2);
}

static void a_socket_is_recycled(void **state)
{
	struct kit *k = *state;

	k->options.recycle_after = 2;
	opened(k);
	for (unsigned int i = 0; i < 2; i++) {
		spoken(k, 0, 0, "One.");
		chunk(k, 0, 10, 1);
		say(k, 0, final);
		kit_heard(k, 0, 3 * i + 3);
	}
	kit_until(k, &k->upgrades, 3);
	spoken(k, 0, 1, "Two.");
	assert_null(k->lines[0].w);
}

/* ---- silence ---- */

static void both_sockets_are_kept_alive(void **state)
{
	struct kit *k = *state;

	k->options.ping_ms = 200;
	opened(k);
	spoken(k, 0, 0, "One.");
	kit_until(k, &k->lines[0].pings, 2);
	kit_until(k, &k->lines[1].pings, 2);
	assert_in_range(k->lines[0].pings, 2, 20); /* not with every turn of the loop */
	chunk(k, 0, 10, 1);
	say(k, 0, final);
	kit_heard(k, 0, 3);
	kit_until(k, &k->pings, k->pings + 2);
	assert_int_equal(k->closes, 0);
}

static void idle_sockets_that_close_are_opened_by_who_needs_them(void **state)
{
	struct kit *k = *state;

	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi"), ERR_NONE);
	kit_until(k, &k->asked, 2);
	websocket_close(k->lines[0].w, 1000, "idle");
	websocket_close(k->lines[1].w, 1000, "idle");
	kit_until(k, &k->closes, 2);
	kit_settle(k);
	assert_int_equal(k->upgrades, 2);
	spoken(k, 0, 2, "One.");
	kit_until(k, &k->upgrades, 4);
	kit_expect(k, 0, "");
}

/* ---- the open facts ---- */

/* The language's field is named in an error: once the other name, on new sockets, and remembered. */
static void the_other_field_is_tried_once(void **state)
{
	static const char wrong[] = "{\"type\":\"error\",\"data\":{\"message\":\"400: body.target_language_code : Field required\"}}";
	struct kit *k = *state;

	opened(k);
	spoken(k, 0, 0, "One.");
	kit_start(k, 1, "Two.");
	kit_until(k, &k->upgrades, 2);
	say(k, 0, wrong);
	kit_until(k, &k->lines[2].asked, 3);
	kit_got(k, 2, "config text flush ");
	assert_string_equal(data_text(k, 2, 0, "language_code"), "");
	assert_string_equal(data_text(k, 2, 0, "target_language_code"), "hi-IN");
	assert_string_equal(data_text(k, 2, 1, "text"), "One.");
	kit_until(k, &k->lines[3].asked, 1);
	assert_string_equal(data_text(k, 3, 0, "target_language_code"), "hi-IN");
	chunk(k, 2, 10, 1);
	say(k, 2, final);
	kit_heard(k, 0, 3);
	kit_expect(k, 0, "audio10 words1 done ");
	kit_until(k, &k->lines[2].asked, 5);
	say(k, 2, wrong); /* not a second time */
	kit_heard(k, 1, 1);
	kit_expect(k, 1, "failed=wrong usage ");
}

/* It was not the name: the first one is in force again, and nothing is tried any more. */
static void the_field_goes_back_when_neither_is_taken(void **state)
{
	static const char wrong[] = "{\"type\":\"error\",\"data\":{\"message\":\"language_code: no such language\",\"code\":422}}";
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	spoken(k, 0, 0, "One.");
	say(k, 0, wrong);
	kit_until(k, &k->lines[1].asked, 3);
	say(k, 1, wrong);
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=wrong usage ");
	spoken(k, 1, 2, "Two.");
	assert_string_equal(data_text(k, 2, 0, "language_code"), "hi-IN");
	say(k, 2, wrong);
	kit_heard(k, 1, 1);
	kit_settle(k);
	assert_int_equal(k->upgrades, 3);
}

/* Nobody has started: the sockets that are prepared are told anew. */
static void the_field_is_found_before_anybody_speaks(void **state)
{
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	assert_int_equal(sarvam_tts_prepare(k->v, "hi"), ERR_NONE);
	kit_until(k, &k->asked, 1);
	say(k, 0, "{\"type\":\"error\",\"data\":{\"message\":\"unknown field language_code\",\"code\":422}}");
	kit_until(k, &k->lines[1].asked, 1);
	assert_string_equal(data_text(k, 1, 0, "target_language_code"), "hi-IN");
	assert_int_equal(k->upgrades, 2);
}

/* What one voice found out is where the next one begins; only what was heard counts as found out. */
static void what_was_learned_outlives_the_call(void **state)
{
	static struct sarvam_learned learned;
	struct kit *k = *state;

	k->options.has_no_spare = true;
	opened(k);
	sarvam_tts_learned(k->v, &learned);
	assert_false(learned.has_field || learned.has_path);
	kit_start(k, 0, "One.");
	kit_until(k, &k->lines[0].asked, 3);
	say(k, 0, "{\"type\":\"error\",\"data\":{\"message\":\"unknown field language_code\",\"code\":422}}");
	kit_until(k, &k->lines[1].asked, 3);
	sarvam_tts_learned(k->v, &learned);
	assert_true(learned.has_path && !learned.has_field && !learned.is_other_path);
	chunk(k, 1, 10, 1);
	say(k, 1, final);
	kit_heard(k, 0, 3);
	sarvam_tts_learned(k->v, &learned);
	assert_true(learned.has_field && learned.field == SARVAM_TARGET_LANGUAGE_CODE);
	sarvam_tts_close(&k->v);
	k->options.learned = &learned;
	opened(k);
	kit_start(k, 1, "Two.");
	kit_until(k, &k->lines[2].asked, 3);
	assert_string_equal(data_text(k, 2, 0, "target_language_code"), "hi-IN");
}

static void a_path_that_was_learned_is_tried_first(void **state)
{
	static const struct sarvam_learned learned = { .has_path = true, .is_other_path = true };
	struct kit *k = *state;

	k->options.model = "bulbul:v4-flash";
	k->options.speaker = "simran_hi_sales";
	k->options.has_no_spare = true;
	k->options.learned = &learned;
	opened(k);
	spoken(k, 0, 0, "One.");
	assert_string_equal(k->target, "/text-to-speech/ws?send_completion_event=true&model=bulbul%3Av4-flash");
	sarvam_tts_close(&k->v);
	k->refuse = 404;
	k->refuse_path = "/text-to-speech/ws?"; /* it was moved meanwhile */
	opened(k);
	spoken(k, 1, 1, "Two.");
	assert_string_equal(k->target, "/text-to-speech/ws/v2?send_completion_event=true&model=bulbul%3Av4-flash");
}

static void the_other_path_is_tried_once(void **state)
{
	struct kit *k = *state;

	k->options.model = "bulbul:v4-flash";
	k->options.speaker = "simran_hi_sales";
	k->refuse = 404;
	k->refuse_path = "/text-to-speech/ws/v2";
	opened(k);
	spoken(k, 0, 0, "One.");
	kit_until(k, &k->upgrades, 2);
	assert_int_equal(k->refused, 1); /* remembered for the spare */
	assert_string_equal(k->target, "/text-to-speech/ws?send_completion_event=true&model=bulbul%3Av4-flash");
	sarvam_tts_close(&k->v);
	k->refuse_path = NULL;
	opened(k);
	kit_start(k, 1, "Two.");
	kit_heard(k, 1, 1);
	kit_expect(k, 1, "failed=not found ");
	assert_int_equal(k->refused, 3);
}

/* Not where the key is wrong, where the path was said, or where the model has one path. */
static void the_other_path_is_not_for_everything(void **state)
{
	struct kit *k = *state;

	k->options.model = "bulbul:v4-flash";
	k->options.speaker = "simran_hi_sales";
	k->refuse = 403;
	opened(k);
	kit_start(k, 0, "One.");
	kit_heard(k, 0, 1);
	kit_expect(k, 0, "failed=not permitted ");
	assert_int_equal(k->refused, 1);
	sarvam_tts_close(&k->v);
	k->refuse = 404;
	k->options.path = "/text-to-speech/ws";
	opened(k);
	kit_start(k, 1, "One.");
	kit_heard(k, 1, 1);
	assert_int_equal(k->refused, 2);
	sarvam_tts_close(&k->v);
	k->options.path = k->options.model = k->options.speaker = NULL;
	opened(k);
	kit_start(k, 2, "One.");
	kit_heard(k, 2, 1);
	assert_int_equal(k->refused, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_begin, kit_end)
	const struct CMUnitTest tests[] = {
		TEST(one_utterance),
		TEST(everything_that_can_be_said_of_a_voice),
		TEST(one_after_the_other),
		TEST(another_language_is_told_first),
		TEST(linear_sound_becomes_ours),
		TEST(what_start_refuses),
		TEST(prepared_both_sockets_are_there),
		TEST(barge_in_drops_one_socket),
		TEST(one_that_waits_is_cancelled_for_nothing),
		TEST(the_next_one_goes_to_the_spare),
		TEST(without_a_spare_a_cancel_costs_a_handshake),
		TEST(a_socket_is_recycled),
		TEST(both_sockets_are_kept_alive),
		TEST(idle_sockets_that_close_are_opened_by_who_needs_them),
		TEST(the_other_field_is_tried_once),
		TEST(the_field_goes_back_when_neither_is_taken),
		TEST(the_field_is_found_before_anybody_speaks),
		TEST(what_was_learned_outlives_the_call),
		TEST(a_path_that_was_learned_is_tried_first),
		TEST(the_other_path_is_tried_once),
		TEST(the_other_path_is_not_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
