/* What a call tells the log: its beginning, its troubles and its end, by name; nothing of what was said, nothing for a frame. */
#include "sessionkit.h"

#include "logkit.h"
#include "voice/recording/recorder.h"

static struct kit *k;
static struct logkit l;
static char call[33];

static int setup(void **state)
{
	(void)state;
	logkit_begin(&l, LOG_LEVEL_DEBUG);
	k = kit_new();
	kit_journal(k);
	id128_print(&k->id, call);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	logkit_end(&l);
	return 0;
}

/* The caller speaks from second 4 to 5.5, then is silent. */
static uint16_t one_turn(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

/* Of that provider. */
static size_t warnings_of(struct logkit *log, const char *what)
{
	size_t i, n = 0, all = logkit_read(log);

	for (i = 0; i < all; i++) {
		const json_t *line = json_array_get(log->lines, i);

		n += logkit_is(line, "level", "warn") && logkit_is(line, "what", what);
	}
	return n;
}

static void to_the_question(const char *words)
{
	k->level = one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, words);
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, words);
	kit_run(k, 1500);
	assert_true(k->answer_count > 0);
}

static void hang_up(void)
{
	session_hangup(k->session);
	k->media_on = false;
	kit_run(k, 100);
	assert_int_equal(k->ended, 1);
}

static void a_call_tells_its_beginning_and_its_end(void **state)
{
	uint32_t turns;
	json_t *line;

	(void)state;
	kit_begin(k);
	to_the_question("What are your hours?");
	kit_model_says(k, "From nine to five.");
	kit_run(k, 3000);
	turns = call_turn(session_call(k->session));
	hang_up();
	line = logkit_line(&l, "the call is open");
	logkit_expect(line, "doing", "opening the call");
	logkit_expect(line, "direction", "inbound");
	logkit_expect(logkit_line(&l, "the call has begun"), "doing", "talking with the caller");
	line = logkit_line(&l, "the call has ended");
	logkit_expect(line, "level", "info");
	logkit_expect(line, "doing", "ending the call");
	logkit_expect(line, "reason", end_reason_name(END_CALLER));
	assert_true(turns > 0);
	assert_int_equal(logkit_number(line, "turns"), turns);
	assert_in_range(logkit_number(line, "connected_ms"), 10000, 10400);
	assert_int_equal(logkit_number(line, "model_tokens"), 7);
	assert_int_equal(logkit_number(line, "audio_lost_ms"), 0);
	assert_int_equal(logkit_count(&l, "call", call, NULL), 3); /* and the journal's own line is of no call */
	assert_int_equal(logkit_read(&l), 4);
	logkit_none(&l, "warn");
}

/* Speech, frames, marks, model text: at the most talkative level there is not a line of it. */
static void a_quiet_stretch_logs_nothing(void **state)
{
	size_t before;
	uint64_t frames;

	(void)state;
	kit_begin(k);
	before = logkit_read(&l);
	frames = k->frames;
	to_the_question("What are your hours?");
	kit_model_says(k, "From nine to five, and on Saturdays from ten to two.");
	kit_run(k, 5000);
	assert_true(k->steps > 300 && k->frames > frames + 100);
	assert_int_equal(logkit_read(&l), before);
}

static void nothing_that_was_said_is_logged(void **state)
{
	static const char *const secret[] = { "Kowalski", "5550142", "umbrella", "giraffe", "octopus", "walrus" };
	unsigned int i;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "octopus", .changes = true };
	kit_begin(k);
	to_the_question("Kowalski, 5550142");
	kit_model_tool(k, "octopus", "{\"at\":\"umbrella\"}");
	kit_tool_result(k->runs[0], TOOL_UNKNOWN, "giraffe");
	kit_run(k, 200);
	kit_model_says(k, "The walrus is here.");
	session_digit(k->session, '7');
	session_order(k->session, ORDER_SAY, "umbrella", 8);
	kit_run(k, 4000);
	hang_up();
	logkit_expect(logkit_line(&l, "a tool's outcome is not known"), "level", "warn");
	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		assert_null(strstr(l.text, secret[i]));
}

/* It may well have run: the log says what the agent was told, and no word of the rest. */
static void a_tool_that_failed_says_how(void **state)
{
	json_t *line;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "look" };
	kit_begin(k);
	to_the_question("Look it up please");
	kit_model_tool(k, "look", "{}");
	kit_tool_result(k->runs[0], TOOL_ERROR, "{\"error\":\"no_answer\",\"message\":\"walrus\"}");
	kit_run(k, 200);
	line = logkit_line(&l, "a tool failed");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "why", "no_answer");
	assert_null(strstr(l.text, "walrus"));
	hang_up();
}

/* A provider that fails again and again is a warning once, and well again once. */
static void a_recogniser_that_is_away_is_told_once(void **state)
{
	json_t *line;

	(void)state;
	k->stt_err = ERR_UNAVAILABLE;
	kit_begin(k);
	kit_run(k, 10000);
	assert_true(kit_logged(k, "out listen", 0) > 3);
	assert_int_equal(logkit_count(&l, "level", "warn", &line), 1);
	logkit_expect(line, "message", "a provider failed");
	logkit_expect(line, "what", "recogniser");
	logkit_expect(line, "error", err_name(ERR_UNAVAILABLE));
	logkit_expect(line, "doing", "listening to the caller");
	logkit_expect(line, "call", call);
	k->stt_err = ERR_NONE;
	kit_run(k, 3000);
	assert_int_equal(logkit_count(&l, "message", "a provider is well again", NULL), 0); /* it opened; it has not heard yet */
	kit_hears(k, TRANSCRIPT_PARTIAL, "hello");
	line = logkit_line(&l, "a provider is well again");
	assert_true(logkit_number(line, "failures") > 6);
	kit_hears(k, TRANSCRIPT_PARTIAL, "hello there");
	assert_int_equal(logkit_count(&l, "message", "a provider is well again", NULL), 1);
	assert_int_equal(logkit_count(&l, "level", "warn", NULL), 1);
}

static void a_recogniser_that_hangs_up(void **state)
{
	struct stt_stream *stream;
	json_t *line;

	(void)state;
	kit_begin(k);
	kit_run(k, 500);
	stream = kit_stream(k);
	*stream->slot = NULL;
	stream->cancelled = true;
	stream->events->ended(stream->arg, ERR_CLOSED);
	line = logkit_line(&l, "a provider failed");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "what", "recogniser");
	logkit_expect(line, "error", err_name(ERR_CLOSED));
	logkit_expect(logkit_line(&l, "another attempt is made"), "level", "debug"); /* what comes of it is no news */
}

static void a_model_that_dies_and_one_that_is_given_up(void **state)
{
	json_t *line;

	(void)state;
	kit_begin(k);
	k->llm_err = ERR_BUSY;
	k->level = one_turn;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_FINAL, "What are your hours?");
	kit_run(k, 6000);
	assert_int_equal(k->answer_count, 0);
	assert_true(logkit_count(&l, "message", "a provider failed", &line) > 1);
	line = logkit_line(&l, "it was given up: the caller hears an apology, or less than was meant");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "what", "model");
	assert_int_equal(warnings_of(&l, "model"), 2);
}

static void a_voice_that_dies_is_told(void **state)
{
	json_t *line;

	(void)state;
	k->tts_err = ERR_CLOSED;
	kit_begin(k);
	kit_run(k, 100);
	assert_int_equal(warnings_of(&l, "voice"), 3); /* given up while it rang, and once more when somebody answered */
	logkit_count(&l, "error", err_name(ERR_CLOSED), &line);
	logkit_expect(line, "message", "a provider failed");
	logkit_expect(line, "doing", "making the agent's voice");
	assert_int_equal(logkit_count(&l, "message", "it was given up: the caller hears an apology, or less than was meant", &line), 2);
	logkit_expect(line, "what", "voice");
	k->tts_err = ERR_NONE;
	session_order(k->session, ORDER_SAY, "Hello again", 11);
	kit_run(k, 6000);
	logkit_expect(logkit_line(&l, "a provider is well again"), "what", "voice");
}

static void media_lost_and_back(void **state)
{
	json_t *line;

	(void)state;
	kit_begin(k);
	kit_run(k, 300);
	session_media_lost(k->session);
	session_media_lost(k->session); /* told twice by the carrier: one line */
	k->media_on = false;
	line = logkit_line(&l, "the media is lost");
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "doing", "waiting for the media to come back");
	kit_run(k, 1500);
	session_media_back(k->session, &kit_media, k);
	line = logkit_line(&l, "the media is back");
	logkit_expect(line, "level", "info");
	assert_in_range(logkit_number(line, "missed_ms"), 1400, 1600);
	assert_int_equal(logkit_count(&l, "doing", "talking with the caller", NULL), 2);
}

static void a_socket_that_goes_deaf_and_is_heard_again(void **state)
{
	static const char deaf[] = "nothing comes from the carrier: the media is taken for lost";
	json_t *line;

	(void)state;
	kit_begin(k);
	kit_run(k, 300);
	k->frames_held = true;
	kit_run(k, 5000);
	session_media_lost(k->session); /* and then it closes: nothing new */
	assert_int_equal(logkit_count(&l, "message", deaf, NULL), 1);
	assert_int_equal(logkit_count(&l, "message", "the media is lost", NULL), 0);
	line = logkit_line(&l, deaf);
	logkit_expect(line, "level", "warn");
	logkit_expect(line, "doing", "waiting for the media to come back");
	assert_int_equal(logkit_number(line, "at_ms"), 600);
	session_media_back(k->session, &kit_media, k);
	k->chunk = session_caller_position(k->session);
	kit_run(k, 5000);
	assert_int_equal(logkit_count(&l, "message", deaf, NULL), 2);
	session_caller_gap(k->session, 40000);
	line = logkit_line(&l, "the media is heard again");
	logkit_expect(line, "level", "info");
	assert_int_equal(logkit_number(line, "missed_ms"), 5000);
}

static void a_call_that_is_taken_over(void **state)
{
	struct session_io io;
	struct session *next;
	json_t *line;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please");
	kit_model_tool(k, "book", "{}");
	assert_true(k->snapshots > 0);
	io = k->io;
	io.log_call = "here/2";
	session_drop(&k->session); /* the worker is dead: it says nothing */
	k->now_us += 2000000;
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 0);
	assert_int_equal(session_attach(&next, &io, "no snapshot", 11, k->began_us), ERR_FORMAT);
	line = logkit_line(&l, "the snapshot does not load: the call cannot be taken over");
	logkit_expect(line, "level", "error");
	logkit_expect(line, "call", "here/2"); /* its owner's name for it goes before the id */
	logkit_expect(line, "doing", "taking the call over");
	assert_int_equal(session_attach(&next, &io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	assert_in_range(logkit_number(logkit_line(&l, "the call is taken over"), "missed_ms"), 1900, 2200);
	session_close(&next);
	logkit_expect(logkit_line(&l, "the call is left to another worker"), "level", "info");
}

static void F07_a_journal_that_is_stopped_alerts_once(void **state)
{
	(void)state;
	disk_virtual_read_only(k->v, true);
	kit_open(k);
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 0); /* it waits for the disk */
	session_prepare(k->session);
	kit_run(k, 300);
	(void)!journal_batch_write(k->journal, journal_batch_take(k->journal, k->now_us), k->now_us); /* stopped */
	assert_int_equal(journal_health(k->journal), JOURNAL_STOPPED);
	session_start(k->session);
	kit_run(k, 200);
	hang_up();
	assert_int_equal(logkit_count(&l, "level", "error", NULL), 1); /* the journal's own alert: the call's end waits for room */
	assert_int_equal(logkit_count(&l, "health", "stopped", NULL), 1);
}

/* ---- the recorder ---- */

static enum err block_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)arg;
	(void)caller;
	(void)agent;
	(void)samples;
	return ERR_NONE;
}

static enum err full_h(void *arg, const int16_t *caller, const int16_t *agent, size_t samples)
{
	(void)block_h(arg, caller, agent, samples);
	return ERR_FULL;
}

static enum err gap_h(void *arg, const struct tracks_gap *gap)
{
	(void)arg;
	(void)gap;
	return ERR_NONE;
}

static void a_recording_that_is_cut_and_one_that_is_not(void **state)
{
	struct kit_records records;
	json_t *line;

	(void)state;
	kit_begin(k);
	kit_run(k, 3000);
	hang_up();
	kit_journal_close(k);
	kit_records_open(k, &records);
	assert_int_equal(recorder_cut(&k->disk, KIT_DIR, &records.options, block_h, gap_h, NULL, NULL, NULL), ERR_NONE);
	line = logkit_line(&l, "the recording is cut");
	logkit_expect(line, "call", call);
	logkit_expect(line, "doing", "cutting the recording");
	assert_in_range(logkit_number(line, "ms"), 2900, 3200);
	assert_int_equal(recorder_cut(&k->disk, KIT_DIR, &records.options, full_h, gap_h, NULL, NULL, NULL), ERR_FULL);
	line = logkit_line(&l, "the recording could not be cut");
	logkit_expect(line, "level", "error");
	logkit_expect(line, "error", err_name(ERR_FULL));
	disk_virtual_read_only(k->v, true);
	assert_int_equal(recorder_to_tracks(&k->disk, KIT_DIR, &records.options, "/v/journal/call.flac", NULL, NULL), ERR_DENIED);
	logkit_expect(logkit_line(&l, "the recording could not be written"), "doing", "writing the recording");
	keyring_close(&records.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_tells_its_beginning_and_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_quiet_stretch_logs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_that_was_said_is_logged, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tool_that_failed_says_how, setup, teardown),
		cmocka_unit_test_setup_teardown(a_recogniser_that_is_away_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_recogniser_that_hangs_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_model_that_dies_and_one_that_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_voice_that_dies_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(media_lost_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_that_goes_deaf_and_is_heard_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_that_is_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(F07_a_journal_that_is_stopped_alerts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_recording_that_is_cut_and_one_that_is_not, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
