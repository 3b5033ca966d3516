/* Lines from records: whole calls through a real session and journal, then records by hand. */
#include "sessionkit.h"

#include <jansson.h>

#include "base/prices.h"
#include "voice/journal/usage_record.h"
#include "voice/shipping/timeline.h"

static struct kit *k;

struct told {
	struct call_lines lines;
	uint32_t epoch;
	struct buf out;
	json_t *all; /* every line, in order */
};

static struct told told;

static int setup(void **state)
{
	(void)state;
	k = kit_new();
	kit_journal(k);
	memset(&told, 0, sizeof(told));
	buf_init(&told.out, 4 << 20);
	told.all = json_array();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(told.all);
	buf_fini(&told.out);
	kit_free(k);
	return 0;
}

/* ------------------------------------------------------------------ reading */

static const char *text_of(const json_t *line, const char *member)
{
	const char *text = json_string_value(json_object_get(line, member));

	return text ? text : "";
}

static double number_of(const json_t *line, const char *member)
{
	const json_t *n = json_object_get(line, member);

	assert_true(json_is_number(n));
	return json_number_value(n);
}

/* Whole lines with their names right, parts from 0 on. */
static void lines_keep(const struct journal_header *h, size_t from, unsigned int count)
{
	const char *at = (const char *)told.out.data + from, *end = (const char *)told.out.data + told.out.len;
	char id[33];

	id128_print(&h->call, id);
	for (unsigned int part = 0; part < count; part++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		json_t *line;

		assert_non_null(feed);
		line = json_loadb(at, (size_t)(feed - at), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(line);
		assert_string_equal(text_of(line, "call"), id);
		assert_int_equal((int)number_of(line, "epoch"), h->epoch);
		assert_int_equal((int)number_of(line, "sequence"), h->sequence);
		assert_int_equal((int)number_of(line, "part"), part);
		assert_true(number_of(line, "at_ms") >= 0);
		assert_true(text_of(line, "type")[0]);
		json_array_append_new(told.all, line);
		at = feed + 1;
	}
	assert_ptr_equal(at, end);
}

static void record_put(const struct journal_header *h, const void *payload, size_t len)
{
	size_t from = told.out.len;
	unsigned int count;

	if (h->epoch != told.epoch)
		call_lines_init(&told.lines);
	told.epoch = h->epoch;
	count = call_lines_put(&told.lines, h, payload, len, &told.out);
	assert_int_equal(told.out.err, ERR_NONE);
	assert_true(!count || call_lines_wants(h->kind));
	lines_keep(h, from, count);
}

static enum err item_h(void *arg, const struct journal_item *item, const uint8_t *payload, size_t len, enum err payload_err)
{
	(void)arg;
	assert_int_equal(payload_err, ERR_NONE);
	record_put(&item->record.header, payload, len);
	return ERR_NONE;
}

static void read_all(void)
{
	kit_journal_close(k);
	kit_read(k, item_h, NULL);
}

/* The next line of a type from *at on; fails when there is none. */
static const json_t *next(size_t *at, const char *type)
{
	while (*at < json_array_size(told.all)) {
		const json_t *line = json_array_get(told.all, (*at)++);

		if (!strcmp(text_of(line, "type"), type))
			return line;
	}
	fail_msg("no line %s", type);
	return NULL;
}

static unsigned int count_of(const char *type, const char *member, const char *value)
{
	unsigned int count = 0;
	const json_t *line;
	size_t i;

	json_array_foreach(told.all, i, line)
		count += !strcmp(text_of(line, "type"), type) && (!member || !strcmp(text_of(line, member), value));
	return count;
}

/* ------------------------------------------------------------------ calls */

static uint16_t talk(uint64_t position)
{
	return position >= 32000 && position < 44000 ? 60000 : 0;
}

static uint16_t talk_twice(uint64_t position)
{
	return talk(position) || (position >= 74000 && position < 90000) ? 60000 : 0;
}

static void to_the_question(const char *words)
{
	if (!k->level)
		k->level = talk;
	kit_run(k, 5200);
	kit_hears(k, TRANSCRIPT_PARTIAL, "When do");
	kit_run(k, 300);
	kit_hears(k, TRANSCRIPT_PARTIAL, "When do");
	kit_hears(k, TRANSCRIPT_PARTIAL, words);
	kit_run(k, 200);
	kit_hears(k, TRANSCRIPT_FINAL, words);
	kit_run(k, 1500);
}

static void hang_up(void)
{
	session_hangup(k->session);
	k->media_on = false;
	kit_run(k, 10);
	assert_int_equal(k->ended, 1);
}

static void a_call_from_its_start_to_its_end(void **state)
{
	const json_t *line, *parts;
	double sum = 0, at_ms = 0;
	const char *name;
	json_t *part;
	size_t at = 0, i;

	(void)state;
	snprintf(k->brief.language, sizeof(k->brief.language), "en-IN");
	snprintf(k->brief.rulebook, sizeof(k->brief.rulebook), "reminder@3");
	kit_begin(k);
	to_the_question("When do you open?");
	kit_model_says(k, "We open at nine.");
	kit_run(k, 5000);
	hang_up();
	read_all();
	line = next(&at, "start");
	assert_int_equal(at, 1);
	assert_string_equal(text_of(line, "direction"), "inbound");
	assert_string_equal(text_of(line, "language"), "en-IN");
	assert_string_equal(text_of(line, "rulebook"), "reminder@3");
	assert_true(number_of(line, "wall_ms") == 1700000000000.0);
	assert_true(json_is_true(json_object_get(line, "recorded")));
	line = next(&at, "partial");
	assert_string_equal(text_of(line, "text"), "When do");
	assert_string_equal(text_of(next(&at, "partial"), "text"), "When do you open?"); /* the same words are told once */
	line = next(&at, "final");
	assert_string_equal(text_of(line, "text"), "When do you open?");
	assert_true(number_of(line, "to_ms") > number_of(line, "from_ms"));
	line = next(&at, "note");
	assert_string_equal(text_of(line, "code"), "turn");
	assert_true(text_of(line, "why")[0] && text_of(line, "text")[0]);
	assert_string_equal(text_of(line, "words"), "When do you open?");
	do /* a filler comes first: the model is slow */
		line = next(&at, "speak");
	while (strcmp(text_of(line, "text"), "We open at nine.") != 0);
	i = at;
	line = next(&at, "turn");
	parts = json_object_get(line, "parts_ms");
	assert_int_equal(json_object_size(parts), LATENCY_PARTS);
	json_object_foreach((json_t *)parts, name, part)
		sum += json_number_value(part);
	assert_true(sum > number_of(line, "total_ms") - 0.01 && sum < number_of(line, "total_ms") + 0.01);
	assert_non_null(json_object_get(parts, "first_text"));
	at = i;
	do
		line = next(&at, "heard");
	while (strcmp(text_of(line, "text"), "We open at nine.") != 0);
	line = next(&at, "end");
	assert_int_equal(at, json_array_size(told.all));
	assert_string_equal(text_of(line, "reason"), "caller");
	assert_int_equal((int)number_of(line, "turns"), 1);
	assert_true(number_of(line, "connected_ms") > 10000);
	for (i = 0; i < json_array_size(told.all); i++) { /* what happened first stands first */
		line = json_array_get(told.all, i);
		if (strcmp(text_of(line, "code"), "media") != 0 && strcmp(text_of(line, "type"), "outcome") != 0) {
			assert_true(number_of(line, "at_ms") >= at_ms);
			at_ms = number_of(line, "at_ms");
		}
	}
	assert_int_equal(count_of("note", "code", "media"), 1);
}

/* agent, nobody, caller, nobody, agent …: never the same twice running. */
static void who_speaks(void **state)
{
	const char *last = "", *all = "";
	char said[200] = "";
	const json_t *line;
	size_t i;

	(void)state;
	snprintf(k->brief.greeting, sizeof(k->brief.greeting), "Hello.");
	kit_begin(k);
	to_the_question("When do you open?");
	kit_model_says(k, "We open at nine.");
	kit_run(k, 6000);
	hang_up();
	read_all();
	json_array_foreach(told.all, i, line) {
		if (strcmp(text_of(line, "type"), "floor") != 0)
			continue;
		assert_string_not_equal(text_of(line, "who"), last);
		last = text_of(line, "who");
		snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s ", last);
	}
	all = "nobody agent nobody caller nobody agent nobody ";
	assert_string_equal(said, all);
}

static void an_interruption(void **state)
{
	const json_t *line;
	size_t at = 0;
	double held;

	(void)state;
	k->level = talk_twice;
	kit_begin(k);
	to_the_question("When do you open?");
	kit_model_says(k, "We are open every day of the week from nine in the morning to six at night.");
	kit_run(k, 3300);
	kit_hears(k, TRANSCRIPT_PARTIAL, "no wait please stop");
	kit_run(k, 500);
	hang_up();
	read_all();
	line = next(&at, "hold");
	held = number_of(line, "at_ms");
	assert_true(number_of(line, "voice_ms") >= 90);
	line = next(&at, "yield");
	assert_true(number_of(line, "at_ms") >= held);
	assert_true(!strcmp(text_of(line, "why"), "words") || !strcmp(text_of(line, "why"), "stop_word") || !strcmp(text_of(line, "why"), "length"));
	assert_true(count_of("heard", NULL, NULL) >= 1);
	at = 0;
	do
		line = next(&at, "heard");
	while (!json_is_true(json_object_get(line, "cut")));
	assert_true(strlen(text_of(line, "text")) < 75);
	assert_int_equal(count_of("floor", "who", "both"), 1);
}

static void a_tool_and_a_key(void **state)
{
	const json_t *line;
	size_t at = 0;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "book", .changes = true };
	kit_begin(k);
	to_the_question("Book it for nine please.");
	kit_model_tool(k, "book", "{\"at\":9}");
	kit_run(k, 300);
	kit_tool_result(k->runs[0], TOOL_OK, "{\"ok\":true}");
	kit_run(k, 100);
	kit_model_says(k, "It is booked for nine.");
	kit_run(k, 4000);
	session_digit(k->session, '7');
	kit_run(k, 200);
	hang_up();
	read_all();
	line = next(&at, "tool");
	assert_string_equal(text_of(line, "name"), "book");
	assert_string_equal(text_of(line, "arguments"), "{\"at\":9}");
	assert_true(json_is_true(json_object_get(line, "changes")));
	assert_int_equal((int)number_of(line, "turn"), 1);
	line = next(&at, "tool_result");
	assert_string_equal(text_of(line, "status"), "ok");
	assert_string_equal(text_of(line, "text"), "{\"ok\":true}");
	assert_string_equal(text_of(next(&at, "digit"), "digit"), "7");
	assert_int_equal(count_of("tool", NULL, NULL), 1);
	assert_int_equal(count_of("tool_result", NULL, NULL), 1);
}

static void another_language(void **state)
{
	const json_t *line;
	size_t at = 0;

	(void)state;
	assert_int_equal(brief_tongue_add(&k->brief, &k->brief, ""), ERR_NONE);
	snprintf(k->brief.language, sizeof(k->brief.language), "ta-IN"); /* which the kit's recogniser does not serve */
	assert_int_equal(brief_tongue_add(&k->brief, &k->brief, ""), ERR_NONE);
	snprintf(k->brief.language, sizeof(k->brief.language), "en-US");
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "switch_language", .speaks = true };
	kit_begin(k);
	to_the_question("Tamil please.");
	kit_model_tool(k, "switch_language", "{\"language\":\"ta-IN\"}");
	kit_model_done(k, 1);
	kit_run(k, 500);
	hang_up();
	read_all();
	line = next(&at, "language");
	assert_string_equal(text_of(line, "language"), "ta-IN");
	assert_int_equal((int)number_of(line, "turn"), 1);
	assert_int_equal(count_of("language", NULL, NULL), 1);
	assert_int_equal(count_of("note", "code", "unheard"), 1);
	assert_int_equal(count_of("tool", NULL, NULL), 0); /* it is the call's own */
}

static void how_the_call_went(void **state)
{
	const json_t *line;
	size_t at = 0;

	(void)state;
	k->brief.tool_count = 1;
	k->brief.tools[0] = (struct brief_tool){ .name = "finish", .ends = true };
	kit_begin(k);
	to_the_question("Yes please.");
	kit_model_tool(k, "finish", "{\"outcome\":\"confirmed\",\"day\":\"monday\"}");
	kit_run(k, 8000);
	read_all();
	line = next(&at, "outcome");
	assert_string_equal(text_of(line, "name"), "confirmed");
	assert_string_equal(text_of(line, "arguments"), "{\"outcome\":\"confirmed\",\"day\":\"monday\"}");
	line = next(&at, "end");
	assert_string_equal(text_of(line, "reason"), "agent");
	assert_string_equal(text_of(line, "outcome"), "confirmed");
}

static void another_worker(void **state)
{
	uint64_t died;
	const json_t *line;
	size_t at = 0;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open?");
	kit_model_says(k, "We open at nine.");
	kit_run(k, 5000);
	assert_true(k->snapshots);
	session_drop(&k->session);
	journal_call_close(&k->call, k->now_us);
	kit_commit(k);
	died = k->now_us;
	k->now_us += 2000 * MS;
	k->wake_us = UINT64_MAX;
	assert_int_equal(journal_call_open(k->journal, &k->call, &k->tenant, &k->id, 2, k->now_us), ERR_NONE);
	kit_io(k);
	k->io.outcome = "call_back"; /* the one who died had named it */
	assert_int_equal(session_attach(&k->session, &k->io, k->snapshot.data, k->snapshot.len, k->began_us), ERR_NONE);
	k->frame_us = k->now_us + 20 * MS;
	k->chunk = session_caller_position(k->session);
	k->level = talk_twice;
	kit_run(k, 1000);
	kit_hears(k, TRANSCRIPT_FINAL, "And on Sunday?");
	kit_run(k, 100);
	hang_up();
	read_all();
	line = next(&at, "attach");
	assert_int_equal((int)number_of(line, "epoch"), 2);
	assert_true(number_of(line, "gap_ms") >= 2000);
	assert_true(number_of(line, "at_ms") * 1000 >= (double)(died - k->began_us));
	line = next(&at, "final");
	assert_int_equal((int)number_of(line, "turn"), 1); /* it knows of the turns before */
	assert_int_equal(count_of("start", NULL, NULL), 1);
	assert_int_equal(count_of("end", NULL, NULL), 1);
	assert_string_equal(text_of(next(&at, "end"), "outcome"), "call_back");
	assert_true(count_of("gap", "track", "caller") >= 1);
}

/* ------------------------------------------------------------------ by hand */

static void by_hand(uint8_t kind, uint64_t sequence, const struct buf *b)
{
	struct journal_header h = { .kind = kind, .epoch = 1, .sequence = sequence, .time_us = 9000000, .call = { { 2 } }, .tenant = { { 1 } } };

	record_put(&h, b->data, b->len);
}

static void what_is_missing_is_told(void **state)
{
	static const uint8_t sound[1600];
	struct record_caller caller = { .at_us = 3000000, .position = 16000, .gap_samples = 8000, .gap_why = GAP_CARRIER, .ulaw = sound, .samples = 1600 };
	struct record_start start = { .at_us = 0, .wall_us = 1700000000123456 };
	struct journal_gap gap = { .why = JOURNAL_GAP_LOST, .first_us = 10000000, .last_us = 11500000, .records = 3,
		.kinds = UINT64_C(1) << JOURNAL_AUDIO_AGENT | UINT64_C(1) << JOURNAL_EVENT };
	uint8_t bytes[JOURNAL_GAP_MAX_BYTES];
	const json_t *line;
	size_t at = 0;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	record_start_encode(&start, &b);
	by_hand(JOURNAL_START, 1, &b); /* the call's time 0 is the worker's 9 s */
	buf_reset(&b);
	record_caller_encode(&caller, &b);
	by_hand(JOURNAL_AUDIO_CALLER, 2, &b);
	buf_reset(&b);
	buf_append(&b, bytes, journal_gap_encode(bytes, &gap));
	by_hand(JOURNAL_GAP, 3, &b);
	buf_reset(&b);
	caller.gap_samples = 0;
	record_caller_encode(&caller, &b);
	by_hand(JOURNAL_AUDIO_CALLER, 4, &b);
	buf_fini(&b);
	assert_true(number_of(next(&at, "start"), "wall_ms") == 1700000000123.456);
	line = next(&at, "gap");
	assert_string_equal(text_of(line, "track"), "caller");
	assert_true(number_of(line, "from_ms") == 1000 && number_of(line, "to_ms") == 2000 && number_of(line, "at_ms") == 3000);
	assert_string_equal(text_of(line, "why"), "the carrier sent nothing");
	line = next(&at, "gap");
	assert_string_equal(text_of(line, "track"), "agent");
	assert_true(number_of(line, "from_ms") == 1000 && number_of(line, "to_ms") == 2500);
	assert_string_equal(text_of(next(&at, "gap"), "track"), "timeline");
	assert_int_equal(at, json_array_size(told.all));
}

static void nonsense_makes_no_line(void **state)
{
	static const uint8_t kinds[] = { JOURNAL_START, JOURNAL_ATTACH, JOURNAL_INPUTS, JOURNAL_EVENT, JOURNAL_METER, JOURNAL_PLAYED, JOURNAL_AUDIO_CALLER,
		JOURNAL_GAP, JOURNAL_END, 77 };
	uint8_t bytes[64];
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 2000; round++)
		for (size_t i = 0; i < sizeof(kinds); i++) {
			struct journal_header h = { .kind = kinds[i], .epoch = 1, .sequence = round + 1, .call = { { 2 } } };

			for (size_t n = 0; n < sizeof(bytes); n++) {
				seed = seed * 1664525 + 1013904223;
				bytes[n] = (uint8_t)(seed >> 24);
			}
			record_put(&h, bytes, round % sizeof(bytes));
			if (told.out.len > 1 << 20)
				buf_reset(&told.out);
		}
	assert_int_equal(call_lines_put(&told.lines, &(struct journal_header){ .kind = JOURNAL_END }, NULL, 0, &told.out), 0);
}

static json_t *usage_line(const struct record_usage *r, uint64_t sequence)
{
	const struct journal_header h = { .kind = JOURNAL_METER, .epoch = 1, .sequence = sequence };
	struct buf b;

	buf_init(&b, 4096);
	record_usage_encode(r, &b);
	record_put(&h, b.data, b.len);
	buf_fini(&b);
	return json_array_get(told.all, json_array_size(told.all) - 1);
}

static void what_was_used_is_a_line_with_its_price(void **state)
{
	struct record_usage r = { .what = USAGE_ANSWER, .turn = 2, .index = 5, .vendor = "anthropic", .model = "claude-haiku-5-5", .member = "anthropic",
		.prices = PRICES_VERSION, .units = { [USAGE_INPUT_TOKENS] = 30, [USAGE_OUTPUT_TOKENS] = 7 } };
	const struct journal_header h = { .kind = JOURNAL_METER, .epoch = 1, .sequence = 3 };
	json_t *line, *units;
	struct buf b;

	(void)state;
	line = usage_line(&r, 1);
	units = json_object_get(line, "units");
	assert_string_equal(text_of(line, "type"), "usage");
	assert_string_equal(text_of(line, "what"), "answer");
	assert_string_equal(text_of(line, "provider"), "anthropic");
	assert_true(number_of(line, "picos") == 30 * 100000 + 7 * 500000); /* 0.10 and 0.50 a million */
	assert_true(json_object_size(units) == 2 && number_of(units, "output_tokens") == 7);
	r.model[0] = 'x';
	line = usage_line(&r, 2);
	assert_true(json_is_null(json_object_get(line, "picos")));
	buf_init(&b, 4096);
	record_meter_encode(&(struct record_meter){ .meter = METER_STT_MS, .amount = 5 }, &b);
	record_put(&h, b.data, b.len);
	buf_fini(&b);
	assert_int_equal(json_array_size(told.all), 2); /* the call's own meters make none */
}

/* The same records give the same lines. */
static void lines_are_the_same_again(void **state)
{
	struct buf first;

	(void)state;
	kit_begin(k);
	to_the_question("When do you open?");
	kit_model_says(k, "We open at nine.");
	kit_run(k, 3000);
	hang_up();
	read_all();
	buf_init(&first, 4 << 20);
	buf_append(&first, told.out.data, told.out.len);
	buf_reset(&told.out);
	told.epoch = 0;
	kit_read(k, item_h, NULL);
	assert_int_equal(first.len, told.out.len);
	assert_memory_equal(first.data, told.out.data, first.len);
	buf_fini(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_from_its_start_to_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(who_speaks, setup, teardown),
		cmocka_unit_test_setup_teardown(an_interruption, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tool_and_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(another_language, setup, teardown),
		cmocka_unit_test_setup_teardown(how_the_call_went, setup, teardown),
		cmocka_unit_test_setup_teardown(another_worker, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_makes_no_line, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_used_is_a_line_with_its_price, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_are_the_same_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
