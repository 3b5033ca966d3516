/* What the model sees of a caller's numbers, and who has the true ones: the tool, the voice, the journal, the next worker. The core is the
 * real one; so is the journal. */
#include "sessionkit.h"

#include "logkit.h"
#include "voice/session/masker.h"

static struct kit *k;
static struct logkit l;

static int setup(void **state)
{
	(void)state;
	logkit_begin(&l, LOG_LEVEL_DEBUG);
	k = kit_new();
	kit_journal(k);
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "Hello. What is your phone number?");
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "find", .changes = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kit_free(k);
	logkit_end(&l);
	return 0;
}

/* The caller speaks from second 4 to 5.5, and again from second 12. */
static uint16_t turns(uint64_t position)
{
	return (position >= 32000 && position < 44000) || (position >= 96000 && position < 108000) ? 60000 : 0;
}

/* Again from second 14: digits take longer to say than to write. */
static uint16_t late_turns(uint64_t position)
{
	return (position >= 32000 && position < 44000) || (position >= 112000 && position < 124000) ? 60000 : 0;
}

static void caller_says(const char *words)
{
	unsigned int asked = k->answer_count;

	kit_hears(k, TRANSCRIPT_PARTIAL, words);
	kit_run(k, 500);
	kit_hears(k, TRANSCRIPT_FINAL, words);
	kit_run(k, 2500); /* digits that were asked for may go on for a while */
	assert_true(k->answer_count > asked);
}

static void to_the_answer(const char *words)
{
	k->level = turns;
	kit_begin(k);
	kit_run(k, 5200);
	caller_says(words);
}

static bool shown(const char *text)
{
	return strstr(kit_answer(k)->shown, text) != NULL;
}

/* The newest voice's text. */
static const char *spoken(void)
{
	assert_true(k->voice_count > 0);
	return k->voices[k->voice_count - 1]->text;
}

static void text(const char *piece)
{
	kit_answer(k)->events->text(kit_answer(k)->arg, piece, strlen(piece));
}

static void PII_the_model_sees_a_placeholder_and_the_tool_the_value(void **state)
{
	(void)state;
	to_the_answer("it is two zero two five five five zero one four three");
	assert_true(shown("2 Hello. What is your phone number?\n"));
	assert_true(shown("1 it is [PHONE_1]\n"));
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_1]\",\"as\":\"[PHONE_7]\"}");
	kit_run(k, 100);
	assert_int_equal(k->run_count, 1);
	assert_int_equal(k->runs[0]->request.args_len, strlen("{\"to\":\"+12025550143\",\"as\":\"[PHONE_7]\"}"));
	assert_memory_equal(k->runs[0]->request.args, "{\"to\":\"+12025550143\",\"as\":\"[PHONE_7]\"}", k->runs[0]->request.args_len);
	kit_tool_result(k->runs[0], TOOL_OK, "{\"mail\":\"anna@example.com\",\"phone\":2025550143}");
	kit_run(k, 200);
	assert_true(shown("3 {\"to\":\"[PHONE_1]\",\"as\":\"[PHONE_7]\"}\n"));
	assert_true(shown("4 {\"mail\":\"[EMAIL_1]\",\"phone\":\"[PHONE_1]\"}\n"));
	assert_null(strstr(kit_answer(k)->shown, "2025550143"));
	assert_null(strstr(kit_answer(k)->shown, "example.com"));
}

struct journalled {
	unsigned int arguments, words;
};

static enum err journal_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	struct journalled *j = arg;
	struct record_event e;

	(void)payload_err;
	if (item->record.header.kind != JOURNAL_EVENT)
		return ERR_NONE;
	assert_int_equal(record_event_decode(&e, payload, len), ERR_NONE);
	j->arguments += e.kind == EVENT_TOOL && e.text_len == strlen("{\"to\":\"+12025550143\"}") && !memcmp(e.text, "{\"to\":\"+12025550143\"}", e.text_len);
	j->words += e.kind == EVENT_FINAL && memmem(e.text, e.text_len, "zero one four three", 19);
	return ERR_NONE;
}

static void the_journal_has_what_was_truly_said(void **state)
{
	struct journalled j = { 0 };

	(void)state;
	to_the_answer("two zero two five five five zero one four three");
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_1]\"}");
	kit_run(k, 500);
	session_hangup(k->session);
	kit_run(k, 20000);
	kit_journal_close(k);
	kit_read(k, journal_h, &j);
	assert_int_equal(j.arguments, 1);
	assert_int_equal(j.words, 1);
}

/* However the model's words are cut; and they come back masked. */
static void the_caller_hears_the_value(void **state)
{
	static const char answer[] = "I have [PHONE_1] here.";
	size_t cut;

	(void)state;
	for (cut = 1; cut < sizeof(answer) - 1; cut++) {
		char first[sizeof(answer)];

		to_the_answer("two zero two five five five zero one four three");
		snprintf(first, sizeof(first), "%.*s", (int)cut, answer);
		text(first);
		text(answer + cut);
		kit_model_done(k, 5);
		kit_run(k, 300);
		assert_string_equal(spoken(), "I have two zero two, five five five, zero one four three here.");
		if (cut == 10)
			break;
		teardown(state);
		setup(state);
	}
	k->level = late_turns;
	kit_run(k, 6600); /* it is said, and he answers */
	caller_says("yes");
	assert_true(shown("1 [PHONE_1]\n2 Let me see.\n2 I have [PHONE_1] here.\n1 yes\n"));
}

static void words_that_end_inside_a_placeholder(void **state)
{
	size_t from;

	(void)state;
	to_the_answer("two zero two five five five zero one four three");
	text("I have noted [PHO");
	kit_model_done(k, 5);
	kit_run(k, 300);
	assert_string_equal(spoken(), "I have noted [PHO");
	k->level = turns;
	kit_run(k, 4000);
	caller_says("and my mail is anna at example dot com");
	text("So [EMAIL");
	from = k->log_count;
	kit_model_tool(k, "find", "{\"to\":\"[EMAIL_1]\"}");
	kit_run(k, 300);
	assert_string_equal(spoken(), "So that address");
	assert_string_equal(k->log[from], "in model_text"); /* in the order in which the model said it */
	assert_int_equal(k->run_count, 1);
	assert_memory_equal(k->runs[0]->request.args, "{\"to\":\"anna@example.com\"}", k->runs[0]->request.args_len);
}

/* ---- another worker ---- */

static void attach(const void *snapshot, size_t len, enum err want)
{
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	k->now_us += 500 * MS;
	k->wake_us = UINT64_MAX;
	k->epoch++;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, k->epoch, k->now_us), ERR_NONE);
	kit_io(k);
	assert_int_equal(session_attach(&k->session, &k->io, snapshot, len, k->began_us), want);
	if (want)
		return;
	k->chunk = session_caller_position(k->session);
	k->frame_us = k->now_us + 20 * MS;
	kit_run(k, 100);
}

/* The model was asked ahead, with words that the recogniser then took back: nothing in the history has the first number. The country of
 * a number follows from the call's language here, too. */
static void after_a_takeover_a_value_has_the_placeholder_it_had(void **state)
{
	(void)state;
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "Hello. How can I help you today?");
	snprintf(k->brief.language, sizeof(k->brief.language), "en-IN");
	k->level = turns;
	kit_begin(k);
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, "my number is 8765432109.");
	kit_run(k, 600);
	assert_int_equal(kit_answer(k)->kind, ASK_AHEAD);
	assert_true(shown("my number is [PHONE_1]."));
	kit_hears(k, TRANSCRIPT_FINAL, "my number is 9876543210.");
	kit_run(k, 1500);
	assert_int_equal(kit_answer(k)->kind, ASK_PLAIN);
	assert_true(shown("my number is [PHONE_2]."));
	assert_false(shown("[PHONE_1]"));
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_2]\"}");
	kit_run(k, 200);
	attach(k->snapshot.data, k->snapshot.len, ERR_NONE);
	assert_int_equal(k->run_count, 2);
	kit_tool_result(k->runs[1], TOOL_OK, "{\"phone\":\"+919876543210\",\"desk\":9811100022}");
	kit_run(k, 200);
	assert_true(shown("4 {\"phone\":\"[PHONE_2]\",\"desk\":\"[PHONE_3]\"}\n"));
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_3]\"}");
	kit_run(k, 200);
	assert_int_equal(k->run_count, 3);
	assert_int_equal(k->runs[2]->request.args_len, strlen("{\"to\":\"+919811100022\"}"));
	assert_memory_equal(k->runs[2]->request.args, "{\"to\":\"+919811100022\"}", k->runs[2]->request.args_len);
	kit_tool_result(k->runs[2], TOOL_OK, "{}");
	kit_run(k, 200);
	text("I have [PHONE_2].");
	kit_model_done(k, 5);
	kit_run(k, 300);
	assert_string_equal(spoken(), "I have nine eight seven six five, four three two one zero.");
}

/* The choice of types stands in the brief, so the next worker has it. */
static void what_is_left_in_clear_is_so_after_a_takeover(void **state)
{
	(void)state;
	k->brief.clear = UINT64_C(1) << REDACT_PHONE;
	to_the_answer("it is two zero two five five five zero one four three");
	assert_true(shown("it is two zero two five five five zero one four three"));
	kit_model_tool(k, "find", "{}");
	kit_run(k, 200);
	attach(k->snapshot.data, k->snapshot.len, ERR_NONE);
	kit_tool_result(k->runs[1], TOOL_OK, "{\"phone\":\"2025550143\",\"mail\":\"a@example.com\"}");
	kit_run(k, 200);
	assert_true(shown("{\"phone\":\"2025550143\",\"mail\":\"[EMAIL_1]\"}"));
}

/* The same bytes with another map, or with none. */
static void snapshot_with(struct buf *out, const void *map, size_t len)
{
	struct record_snapshot r;

	assert_int_equal(record_snapshot_decode(&r, k->snapshot.data, k->snapshot.len), ERR_NONE);
	assert_true(r.map_len > 10);
	r.map = map;
	r.map_len = len;
	buf_init(out, 8 << 20);
	record_snapshot_encode(&r, out);
	assert_int_equal(out->err, ERR_NONE);
}

static void a_snapshot_without_a_map_begins_an_empty_one(void **state)
{
	struct buf old;

	(void)state;
	to_the_answer("it is two zero two five five five zero one four three");
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_1]\"}");
	kit_run(k, 200);
	snapshot_with(&old, NULL, 0);
	attach(old.data, old.len, ERR_NONE);
	kit_tool_result(k->runs[1], TOOL_OK, "{}");
	kit_run(k, 200);
	assert_true(shown("1 it is [PHONE_1]\n")); /* from the history */
	buf_fini(&old);
}

static void a_snapshot_with_foreign_bytes_for_a_map_is_refused(void **state)
{
	struct buf bad;

	(void)state;
	to_the_answer("two zero two five five five zero one four three");
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_1]\"}");
	kit_run(k, 200);
	snapshot_with(&bad, "\x0a\x04\x08\x63\x12\x00 a map", 12);
	attach(bad.data, bad.len, ERR_FORMAT);
	assert_null(k->session);
	buf_fini(&bad);
}

/* ---- what cannot be masked ---- */

static void what_cannot_be_masked_does_not_reach_the_model(void **state)
{
	struct buf b;
	unsigned int i;
	json_t *line;

	(void)state;
	to_the_answer("two zero two five five five zero one four three");
	kit_model_tool(k, "find", "{\"to\":\"[PHONE_1]\"}");
	kit_run(k, 100);
	buf_init(&b, 16 * 1024);
	for (i = 0; i <= REDACT_ENTITIES; i++)
		buf_printf(&b, "call 98765%05u ", 43210 + i);
	kit_tool_result(k->runs[0], TOOL_OK, buf_str(&b));
	buf_fini(&b);
	kit_run(k, 200);
	assert_true(shown("4 " MASKER_WITHHELD "\n"));
	assert_null(strstr(kit_answer(k)->shown, "98765"));
	line = logkit_line(&l, "there is more personal data in a text than can be masked: the model does not see it");
	logkit_expect(line, "level", "warn");
	kit_model_says(k, "I could not read that."); /* the call goes on */
	kit_run(k, 300);
	assert_string_equal(spoken(), "I could not read that.");
}

static void the_log_counts_values_and_has_none(void **state)
{
	(void)state;
	to_the_answer("two zero two five five five zero one four three");
	session_hangup(k->session);
	kit_run(k, 100);
	assert_int_equal(json_integer_value(json_object_get(logkit_line(&l, "the call has ended"), "masked_values")), 1);
	assert_null(strstr(l.text, "2025550143"));
}

static void PII_a_guard_that_is_off_shows_the_number(void **state)
{
	(void)state;
	k->level = turns;
	kit_begin(k);
	session_sabotage(k->session, SESSION_GUARD_PII);
	kit_run(k, 5200);
	caller_says("two zero two five five five zero one four three");
	assert_true(shown("two zero two five five five zero one four three"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(PII_the_model_sees_a_placeholder_and_the_tool_the_value),
		CASE(the_journal_has_what_was_truly_said),
		CASE(the_caller_hears_the_value),
		CASE(words_that_end_inside_a_placeholder),
		CASE(after_a_takeover_a_value_has_the_placeholder_it_had),
		CASE(what_is_left_in_clear_is_so_after_a_takeover),
		CASE(a_snapshot_without_a_map_begins_an_empty_one),
		CASE(a_snapshot_with_foreign_bytes_for_a_map_is_refused),
		CASE(what_cannot_be_masked_does_not_reach_the_model),
		CASE(the_log_counts_values_and_has_none),
		CASE(PII_a_guard_that_is_off_shows_the_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
