/* Inputs, outputs, settings and briefs as bytes: there and back, and what is refused; and what every step obeys. */
#include "callkit.h"

/* ------------------------------------------------------------------ inputs */

static struct call_input full_input(enum input_type type)
{
	struct call_input in = { .type = type, .at_us = 1, .kind = 2, .stream = 3, .gen = 4, .utterance = 5, .take = 6, .turn = 7, .index = 8, .number = 9,
		.position = 10, .position2 = 11, .exact = true, .name = "a name", .name_len = 6, .text = "a text", .text_len = 6, .word_count = 2 };

	in.words[0] = (struct speech_word){ 100, 3 };
	in.words[1] = (struct speech_word){ 300, 7 };
	return in;
}

static void inputs_are_the_same(const struct call_input *a, const struct call_input *b)
{
	assert_int_equal(a->type, b->type);
	assert_true(a->at_us == b->at_us && a->kind == b->kind && a->stream == b->stream && a->gen == b->gen);
	assert_true(a->utterance == b->utterance && a->take == b->take && a->turn == b->turn && a->index == b->index);
	assert_true(a->number == b->number && a->position == b->position && a->position2 == b->position2 && a->exact == b->exact);
	assert_int_equal(a->name_len, b->name_len);
	assert_memory_equal(a->name, b->name, a->name_len);
	assert_int_equal(a->text_len, b->text_len);
	assert_memory_equal(a->text, b->text, a->text_len);
	assert_int_equal(a->word_count, b->word_count);
	assert_memory_equal(a->words, b->words, a->word_count * sizeof(a->words[0]));
}

static void inputs_of_every_type_come_back(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 1; type < IN_TYPES; type++) {
		struct call_input in = full_input((enum input_type)type), back;
		struct buf b;

		buf_init(&b, 1000);
		input_encode(&in, &b);
		assert_int_equal(input_decode(&back, b.data, b.len), ERR_NONE);
		inputs_are_the_same(&in, &back);
		assert_string_not_equal(input_name(in.type), "unknown");
		buf_fini(&b);
	}
}

static void large_numbers_come_back(void **state)
{
	struct call_input in = { .type = IN_SPEECH, .at_us = UINT64_MAX, .number = UINT64_MAX, .position = UINT64_MAX, .position2 = UINT64_MAX,
		.kind = UINT32_MAX, .stream = UINT32_MAX, .gen = UINT32_MAX, .utterance = UINT32_MAX, .take = UINT32_MAX, .turn = UINT32_MAX,
		.index = UINT32_MAX, .word_count = 1, .name = "", .text = "" }, back;
	struct buf b;

	(void)state;
	in.words[0] = (struct speech_word){ UINT32_MAX, UINT16_MAX };
	buf_init(&b, 1000);
	input_encode(&in, &b);
	assert_int_equal(input_decode(&back, b.data, b.len), ERR_NONE);
	back.name = back.text = "";
	inputs_are_the_same(&in, &back);
	buf_fini(&b);
}

static void an_input_is_decoded_from_nothing_but_its_bytes(void **state)
{
	static const uint8_t voice_only[] = { 8, IN_VOICE };
	struct call_input in = full_input(IN_SPEECH), none = { .type = IN_VOICE };

	(void)state;
	assert_int_equal(input_decode(&in, voice_only, 2), ERR_NONE);
	none.name = in.name = none.text = in.text = "";
	inputs_are_the_same(&in, &none);
}

static enum err input_of(const void *bytes, size_t len)
{
	struct call_input in;

	return input_decode(&in, bytes, len);
}

static void foreign_inputs_are_refused(void **state)
{
	static const uint8_t unknown[] = { 8, IN_TYPES }, last[] = { 8, IN_TYPES - 1 }, text_number[] = { 8, 3, 0x78, 1 }, name_number[] = { 8, 3, 0x70, 1 },
		at_bytes[] = { 8, 3, 0x12, 0 }, words_number[] = { 8, 3, 0x80, 1, 1 }, later_bytes[] = { 8, 3, 0x8a, 1, 0 }, later[] = { 8, 3, 0x88, 1, 1 },
		cut[] = { 8, 3, 0x7a, 5, 'a' }, exact_bytes[] = { 8, 3, 0x6a, 0 };

	(void)state;
	assert_int_equal(input_of("", 0), ERR_FORMAT);
	assert_int_equal(input_of(unknown, 2), ERR_FORMAT);
	assert_int_equal(input_of(last, 2), ERR_NONE);
	assert_int_equal(input_of(text_number, 4), ERR_FORMAT);
	assert_int_equal(input_of(name_number, 4), ERR_FORMAT);
	assert_int_equal(input_of(at_bytes, 4), ERR_FORMAT);
	assert_int_equal(input_of(exact_bytes, 4), ERR_FORMAT);
	assert_int_equal(input_of(cut, 5), ERR_TRUNCATED);
	assert_int_equal(input_of(later_bytes, 5), ERR_NONE);
	assert_int_equal(input_of(later, 5), ERR_NONE);
	assert_int_not_equal(input_of(words_number, 5), ERR_NONE);
}

static enum err input_with(unsigned int field, size_t len)
{
	static const char bytes[INPUT_TEXT_MAX + 1];
	struct buf b;
	enum err err;

	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, IN_MODEL_TOOL);
	wire_put_bytes(&b, field, bytes, len);
	err = input_of(b.data, b.len);
	buf_fini(&b);
	return err;
}

static void texts_have_their_ceiling(void **state)
{
	(void)state;
	assert_int_equal(input_with(15, INPUT_TEXT_MAX), ERR_NONE);
	assert_int_equal(input_with(15, INPUT_TEXT_MAX + 1), ERR_LIMIT);
	assert_int_equal(input_with(14, INPUT_TEXT_MAX), ERR_NONE);
	assert_int_equal(input_with(14, INPUT_TEXT_MAX + 1), ERR_LIMIT);
}

/* A fault is not forgotten when what follows it is fine. */
static void the_first_fault_counts(void **state)
{
	static const char bytes[INPUT_TEXT_MAX + 1];
	struct buf b;

	(void)state;
	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, IN_MODEL_TOOL);
	wire_put_bytes(&b, 14, bytes, sizeof(bytes));
	wire_put_bytes(&b, 15, bytes, 1);
	assert_int_equal(input_of(b.data, b.len), ERR_LIMIT);
	buf_fini(&b);
}

static void what_is_zero_is_not_written(void **state)
{
	struct call_input in = { .type = IN_START, .at_us = 5 };
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	input_encode(&in, &b);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "\x08\x02\x10\x05", 4);
	buf_fini(&b);
}

static enum err words_of(unsigned int count, uint64_t samples, uint64_t text, bool half)
{
	struct buf b;
	enum err err;
	size_t opened;
	unsigned int i;

	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, IN_SPEECH);
	opened = wire_open(&b, 16);
	for (i = 0; i < count; i++) {
		wire_put_varint(&b, samples);
		if (!half || i + 1 < count)
			wire_put_varint(&b, text);
	}
	wire_close(&b, opened);
	err = input_of(b.data, b.len);
	buf_fini(&b);
	return err;
}

static void words_have_their_limits(void **state)
{
	(void)state;
	assert_int_equal(words_of(64, 1, 1, false), ERR_NONE);
	assert_int_equal(words_of(65, 1, 1, false), ERR_LIMIT);
	assert_int_equal(words_of(1, UINT32_MAX, UINT16_MAX, false), ERR_NONE);
	assert_int_equal(words_of(1, 1ull << 32, 1, false), ERR_FORMAT);
	assert_int_equal(words_of(1, 1, 1 << 16, false), ERR_FORMAT);
	assert_int_equal(words_of(2, 1, 1 << 15, false), ERR_FORMAT); /* each rises from the one before */
	assert_int_equal(words_of(2, 1, 1, true), ERR_TRUNCATED);
}

/* ------------------------------------------------------------------ outputs */

static struct call_output full_output(enum output_type type)
{
	return (struct call_output){ .type = type, .kind = 1, .stream = 2, .gen = 3, .utterance = 4, .take = 5, .turn = 6, .index = 7, .number = 8,
		.position = UINT64_MAX, .name = "a name", .name_len = 6, .text = "a text", .text_len = 6 };
}

static void outputs_of_every_type_come_back(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 1; type < OUT_TYPES; type++) {
		struct call_output out = full_output((enum output_type)type), back;
		struct buf b, again;

		buf_init(&b, 1000);
		buf_init(&again, 1000);
		output_encode(&out, &b);
		assert_int_equal(output_decode(&back, b.data, b.len), ERR_NONE);
		assert_int_equal(back.type, type);
		assert_true(back.kind == 1 && back.stream == 2 && back.gen == 3 && back.utterance == 4 && back.take == 5 && back.turn == 6 && back.index == 7);
		assert_true(back.number == 8 && back.position == UINT64_MAX && back.name_len == 6 && back.text_len == 6);
		assert_memory_equal(back.name, "a name", 6);
		assert_memory_equal(back.text, "a text", 6);
		output_encode(&back, &again);
		assert_int_equal(b.len, again.len);
		assert_memory_equal(b.data, again.data, b.len);
		assert_string_not_equal(output_name(out.type), "unknown");
		buf_fini(&b);
		buf_fini(&again);
	}
}

static enum err output_of(const void *bytes, size_t len)
{
	struct call_output out;

	return output_decode(&out, bytes, len);
}

static void foreign_outputs_are_refused(void **state)
{
	static const uint8_t unknown[] = { 8, OUT_TYPES }, last[] = { 8, OUT_TYPES - 1 }, text_number[] = { 8, 3, 0x60, 1 }, name_number[] = { 8, 3, 0x58, 1 },
		kind_bytes[] = { 8, 3, 0x12, 0 }, later[] = { 8, 3, 0x6a, 0 }, later_number[] = { 8, 3, 0x68, 5 }, cut[] = { 8, 3, 0x62, 5, 'a' };

	(void)state;
	assert_int_equal(output_of("", 0), ERR_FORMAT);
	assert_int_equal(output_of(unknown, 2), ERR_FORMAT);
	assert_int_equal(output_of(last, 2), ERR_NONE);
	assert_int_equal(output_of(text_number, 4), ERR_FORMAT);
	assert_int_equal(output_of(name_number, 4), ERR_FORMAT);
	assert_int_equal(output_of(kind_bytes, 4), ERR_FORMAT);
	assert_int_equal(output_of(later, 4), ERR_NONE);
	assert_int_equal(output_of(later_number, 4), ERR_NONE);
	assert_int_equal(output_of(cut, 5), ERR_TRUNCATED);
}

/* ------------------------------------------------------------------ for people */

static void names_are_known_and_others_unknown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 1; i < NOTE_KINDS; i++)
		assert_string_not_equal(note_name((enum note)i), "unknown");
	for (i = 0; i < END_REASONS; i++)
		assert_string_not_equal(end_reason_name((enum end_reason)i), "unknown");
	for (i = 0; i < TURN_WHYS; i++)
		assert_string_not_equal(turn_why_name((enum turn_why)i), "unknown");
	assert_string_equal(input_name((enum input_type)0), "unknown");
	assert_string_equal(input_name(IN_TYPES), "unknown");
	assert_string_equal(output_name((enum output_type)0), "unknown");
	assert_string_equal(output_name(OUT_TYPES), "unknown");
	assert_string_equal(note_name((enum note)0), "unknown");
	assert_string_equal(note_name(NOTE_KINDS), "unknown");
	assert_string_equal(end_reason_name(END_REASONS), "unknown");
	assert_string_equal(turn_why_name(TURN_WHYS), "unknown");
	assert_string_equal(input_name(IN_VOICE), "voice");
	assert_string_equal(output_name(OUT_HOLD), "hold");
	assert_string_equal(note_name(NOTE_NOD), "nod");
	assert_string_equal(end_reason_name(END_MAX), "max_duration");
	assert_string_equal(turn_why_name(TURN_FINAL_LATE), "final_late");
}

static void printed_is(struct buf *b, const char *want)
{
	assert_string_equal(buf_str(b), want);
	buf_reset(b);
}

static void lines_are_json(void **state)
{
	struct call_input in = full_input(IN_SPEECH);
	struct call_input sparse = { .type = IN_START };
	struct call_output out = full_output(OUT_ASK);
	struct call_output note = { .type = OUT_NOTE, .kind = NOTE_LATENCY, .text = "\x01\x02\x03\x04\x05\x06\x80\x01", .text_len = 8 };
	struct call_output plain = { .type = OUT_HOLD };
	struct buf b;

	(void)state;
	buf_init(&b, 4000);
	input_print(&in, &b);
	printed_is(&b, "{\"in\":\"speech\",\"at_us\":1,\"kind\":2,\"stream\":3,\"gen\":4,\"utterance\":5,\"take\":6,\"turn\":7,\"index\":8,\"number\":9,"
		"\"position\":10,\"position2\":11,\"name\":\"a name\",\"text\":\"a text\",\"exact\":true,\"words\":[[100,3],[300,7]]}");
	in.exact = false;
	in.word_count = 1;
	in.text_len = in.name_len = 0;
	input_print(&in, &b);
	assert_non_null(strstr(buf_str(&b), "\"position2\":11,\"exact\":false,\"words\":[[100,3]]}"));
	buf_reset(&b);
	input_print(&sparse, &b);
	printed_is(&b, "{\"in\":\"start\",\"at_us\":0}");
	output_print(&out, &b);
	printed_is(&b, "{\"out\":\"ask\",\"kind\":1,\"stream\":2,\"gen\":3,\"utterance\":4,\"take\":5,\"turn\":6,\"index\":7,\"number\":8,"
		"\"position\":18446744073709551615,\"name\":\"a name\",\"text\":\"a text\"}");
	output_print(&note, &b);
	printed_is(&b, "{\"out\":\"note\",\"note\":\"latency\",\"parts_us\":[1,2,3,4,5,6,128]}");
	note.kind = NOTE_NOD;
	note.text = "\"hm\"";
	note.text_len = 4;
	output_print(&note, &b);
	printed_is(&b, "{\"out\":\"note\",\"note\":\"nod\",\"text\":\"\\\"hm\\\"\"}");
	output_print(&plain, &b);
	printed_is(&b, "{\"out\":\"hold\"}");
	plain.kind = NOTE_LATENCY;
	plain.text = "x";
	plain.text_len = 1;
	output_print(&plain, &b);
	assert_null(strstr(buf_str(&b), "parts_us"));
	buf_fini(&b);
}

/* ------------------------------------------------------------------ settings */

static void settings_come_back(void **state)
{
	struct call_settings s, back;
	const struct option *o;
	struct buf b;

	(void)state;
	buf_init(&b, 4000);
	call_settings_init(&s);
	s.turn_preempt = !s.turn_preempt;
	s.turn_heard = !s.turn_heard;
	s.turn_late_apart = !s.turn_late_apart;
	for (o = call_options; o->name; o++)
		if (o->type == OPTION_INT)
			*(int64_t *)(void *)((char *)&s + o->offset) = o->max;
	call_settings_encode(&s, &b);
	assert_int_equal(call_settings_decode(&back, b.data, b.len), ERR_NONE);
	assert_memory_equal(&s, &back, sizeof(s));
	buf_reset(&b);
	for (o = call_options; o->name; o++)
		if (o->type == OPTION_INT)
			*(int64_t *)(void *)((char *)&s + o->offset) = o->min;
	s.turn_preempt = !s.turn_preempt;
	s.turn_heard = !s.turn_heard;
	s.turn_late_apart = !s.turn_late_apart;
	call_settings_encode(&s, &b);
	assert_int_equal(call_settings_decode(&back, b.data, b.len), ERR_NONE);
	assert_memory_equal(&s, &back, sizeof(s));
	buf_fini(&b);
}

static enum err setting(unsigned int field, uint64_t coded)
{
	struct call_settings s;
	struct buf b;
	enum err err;

	buf_init(&b, 100);
	wire_put_u64(&b, field, coded);
	err = call_settings_decode(&s, b.data, b.len);
	buf_fini(&b);
	return err;
}

/* What calls of callfunnel 0.1.0 can have been recorded with: it was narrowed since, they are read for ever. */
static struct range {
	const char *name;
	int64_t min, max;
} range_of(const struct option *o)
{
	static const struct range wider[] = {
		{ "call.rules", 0, 4 },
		{ "vad.on", 1, 65535 },
		{ "vad.off", 0, 65535 },
		{ "vad.gap_ms", 0, 2000 },
		{ "stt.stall_ms", 300, 20000 },
		{ "call.attach_ms", 1000, 120000 },
		{ "turn.silence_ms", 60, 5000 },
		{ "turn.complete_ms", 60, 5000 },
		{ "turn.open_ms", 60, 8000 },
		{ "turn.spelled_ms", 60, 8000 },
		{ "turn.endpoint_ms", 60, 5000 },
		{ "turn.noise_ms", 300, 10000 },
		{ "barge.yield_ms", 200, 10000 },
		{ "barge.resume_ms", 100, 5000 },
		{ "turn.budget_ms", 0, 2500 },
		{ "llm.filler_ms", 100, 20000 },
		{ "llm.silent_ms", 0, 2000 },
		{ "llm.second_ms", 100, 20000 },
		{ "llm.stall_ms", 100, 20000 },
		{ "tts.first_ms", 100, 20000 },
		{ "tts.gap_ms", 100, 20000 },
		{ "tts.margin_ms", 0, 2000 },
		{ "key.gap_ms", 200, 20000 },
		{ "play.mark_ms", 200, 20000 },
	};
	size_t i;

	for (i = 0; i < sizeof(wider) / sizeof(wider[0]); i++)
		if (!strcmp(wider[i].name, o->name)) {
			assert_true(wider[i].min < o->min || wider[i].max > o->max);
			return wider[i];
		}
	return (struct range){ o->name, o->min, o->max };
}

/* A value is written one higher, because a zero would not be written. */
static void settings_out_of_their_range_are_refused(void **state)
{
	static const uint8_t zero[] = { 8, 0 }, bytes[] = { 0x0a, 0 }, cut[] = { 8 };
	struct call_settings s, defaults;
	const struct option *o;
	unsigned int i;

	(void)state;
	for (i = 1, o = call_options; o->name; o++, i++) {
		struct range r = range_of(o);

		if (o->type == OPTION_BOOL) {
			assert_int_equal(setting(i, 1), ERR_NONE);
			assert_int_equal(setting(i, 2), ERR_NONE);
			assert_int_equal(setting(i, 3), ERR_LIMIT);
			continue;
		}
		assert_int_equal(setting(i, (uint64_t)r.min + 1), ERR_NONE);
		assert_int_equal(setting(i, (uint64_t)r.max + 1), ERR_NONE);
		assert_int_equal(setting(i, (uint64_t)r.max + 2), ERR_LIMIT);
		if (r.min)
			assert_int_equal(setting(i, (uint64_t)r.min), ERR_LIMIT);
	}
	assert_int_equal(setting(i, 5), ERR_NONE); /* a later release's */
	assert_int_equal(call_settings_decode(&s, zero, 2), ERR_FORMAT);
	assert_int_equal(call_settings_decode(&s, bytes, 2), ERR_FORMAT);
	assert_int_equal(call_settings_decode(&s, cut, 1), ERR_TRUNCATED);
	assert_int_equal(call_settings_decode(&s, "", 0), ERR_NONE);
	call_settings_init(&defaults);
	assert_true(defaults.turn_heard);
	defaults.turn_heard = false; /* a call recorded before there was this does what it did */
	defaults.llm_silent_ms = 0;
	defaults.turn_late_apart = false;
	defaults.call_rules = 0;
	defaults.amd_detect = false;
	defaults.turn_budget_ms = 0;
	assert_memory_equal(&s, &defaults, sizeof(s));
}

static void defaults_lie_in_their_ranges(void **state)
{
	const struct option *o;
	struct call_settings s;

	(void)state;
	call_settings_init(&s);
	for (o = call_options; o->name; o++) {
		int64_t value = o->type == OPTION_BOOL ? 0 : *(const int64_t *)(const void *)((const char *)&s + o->offset);

		assert_true(o->type == OPTION_BOOL || (value >= o->min && value <= o->max && value == o->value));
	}
	assert_true(s.turn_preempt);
}

/* ------------------------------------------------------------------ briefs */

static struct brief full_brief(void)
{
	struct brief b;

	brief_init(&b);
	strcpy(b.rulebook, "tea@3");
	b.greeting_whole = b.knowledge = true;
	b.tool_count = 2;
	strcpy(b.tools[0].name, "lookup");
	b.tools[0].timeout_ms = 7;
	strcpy(b.tools[1].name, "book");
	b.tools[1].changes = b.tools[1].ends = true;
	b.clear = UINT64_C(1) << 23;
	b.saying_count = 2;
	b.sayings[0] = (struct brief_saying){ .word = "Acme", .say = "Ack me", .ipa = "ækmi" };
	b.sayings[1] = (struct brief_saying){ .word = "SBI", .say = "S B I" };
	return b;
}

static void briefs_come_back(void **state)
{
	struct brief b = full_brief(), back;
	struct buf bytes, again;

	(void)state;
	buf_init(&bytes, BRIEF_BYTES_MAX);
	buf_init(&again, BRIEF_BYTES_MAX);
	brief_encode(&b, &bytes);
	assert_int_equal(brief_decode(&back, bytes.data, bytes.len), ERR_NONE);
	brief_encode(&back, &again);
	assert_int_equal(bytes.len, again.len);
	assert_memory_equal(bytes.data, again.data, bytes.len);
	assert_string_equal(back.language, "en-US");
	assert_string_equal(back.rulebook, "tea@3");
	assert_string_equal(back.greeting, b.greeting);
	assert_true(back.greeting_whole && back.knowledge);
	assert_int_equal(back.tool_count, 2);
	assert_true(!back.tools[0].changes && !back.tools[0].ends && back.tools[0].timeout_ms == 7);
	assert_true(back.tools[1].changes && back.tools[1].ends && !back.tools[1].timeout_ms);
	assert_int_equal(back.saying_count, 2);
	assert_memory_equal(&back.sayings, &b.sayings, sizeof(b.sayings));
	assert_int_equal(back.nods.count, b.nods.count);
	assert_memory_equal(&back.stops, &b.stops, sizeof(b.stops));
	assert_memory_equal(&back.goodbye, &b.goodbye, sizeof(b.goodbye));
	buf_fini(&bytes);
	buf_fini(&again);
}

static enum err brief_with(unsigned int field, size_t len, unsigned int count, char fill)
{
	static char text[BRIEF_BYTES_MAX];
	struct brief *b = malloc(sizeof(*b));
	struct buf bytes;
	enum err err;

	assert_non_null(b);
	memset(text, fill, sizeof(text));
	buf_init(&bytes, BUF_MAX);
	while (count--)
		wire_put_bytes(&bytes, field, text, len);
	err = brief_decode(b, bytes.data, bytes.len);
	buf_fini(&bytes);
	free(b);
	return err;
}

static void brief_texts_have_their_ceilings(void **state)
{
	(void)state;
	assert_int_equal(brief_with(1, 15, 1, 'x'), ERR_NONE);
	assert_int_equal(brief_with(1, 16, 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(2, BRIEF_NAME_MAX - 1, 1, 'x'), ERR_NONE);
	assert_int_equal(brief_with(2, BRIEF_NAME_MAX, 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(3, BRIEF_GREETING_MAX - 1, 1, 'x'), ERR_NONE);
	assert_int_equal(brief_with(3, BRIEF_GREETING_MAX, 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(1, 3, 1, 0), ERR_FORMAT); /* a NUL */
	assert_int_equal(brief_with(16, BRIEF_TEXT_MAX - 1, BRIEF_PHRASES_MAX, 'x'), ERR_NONE);
	assert_int_equal(brief_with(16, BRIEF_TEXT_MAX, 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(23, 3, BRIEF_PHRASES_MAX, 'x'), ERR_NONE);
	assert_int_equal(brief_with(23, 3, BRIEF_PHRASES_MAX + 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(24, 3, BRIEF_PHRASES_MAX + 1, 'x'), ERR_LIMIT);
	assert_int_equal(brief_with(25, 3, BRIEF_PHRASES_MAX + 1, 'x'), ERR_NONE); /* a later release's list */
	assert_int_equal(brief_with(15, 3, 1, 'x'), ERR_NONE);
	assert_int_equal(brief_with(40, BRIEF_BYTES_MAX - 5, 1, 'x'), ERR_NONE);
	assert_int_equal(brief_with(40, BRIEF_BYTES_MAX - 4, 1, 'x'), ERR_LIMIT);
}

static void the_first_fault_of_a_brief_counts(void **state)
{
	static char text[500];
	struct brief b;
	struct buf bytes;
	size_t opened;

	(void)state;
	memset(text, 'x', sizeof(text));
	buf_init(&bytes, BUF_MAX);
	wire_put_bytes(&bytes, 16, text, sizeof(text));
	wire_put_bytes(&bytes, 17, text, 5);
	assert_int_equal(brief_decode(&b, bytes.data, bytes.len), ERR_LIMIT);
	buf_reset(&bytes);
	opened = wire_open(&bytes, 6);
	wire_put_bytes(&bytes, 1, text, sizeof(text));
	wire_put_bytes(&bytes, 1, text, 5);
	wire_close(&bytes, opened);
	assert_int_equal(brief_decode(&b, bytes.data, bytes.len), ERR_LIMIT);
	buf_fini(&bytes);
}

static enum err tools_of(unsigned int count, unsigned int field, size_t len)
{
	static const char name[BRIEF_NAME_MAX + 1] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct brief *b = malloc(sizeof(*b));
	struct buf bytes;
	enum err err;

	assert_non_null(b);
	buf_init(&bytes, BUF_MAX);
	while (count--) {
		size_t opened = wire_open(&bytes, 6);

		wire_put_bytes(&bytes, field, name, len);
		wire_close(&bytes, opened);
	}
	err = brief_decode(b, bytes.data, bytes.len);
	buf_fini(&bytes);
	free(b);
	return err;
}

static void brief_tools_have_their_ceilings(void **state)
{
	static const uint8_t number[] = { 8, 5 }, cut[] = { 0x32, 2, 0x0a, 5 };
	struct brief b;

	(void)state;
	assert_int_equal(tools_of(BRIEF_TOOLS_MAX, 1, 3), ERR_NONE);
	assert_int_equal(tools_of(BRIEF_TOOLS_MAX + 1, 1, 3), ERR_LIMIT);
	assert_int_equal(tools_of(1, 1, BRIEF_NAME_MAX - 1), ERR_NONE);
	assert_int_equal(tools_of(1, 1, BRIEF_NAME_MAX), ERR_LIMIT);
	assert_int_equal(tools_of(1, 9, 3), ERR_NONE);
	assert_int_equal(brief_decode(&b, number, 2), ERR_FORMAT);
	assert_int_equal(brief_decode(&b, cut, 4), ERR_TRUNCATED);
}

static void tools_are_found_by_their_whole_name(void **state)
{
	struct brief b = full_brief();

	(void)state;
	assert_int_equal(brief_tool_find(&b, "lookup", 6), 0);
	assert_int_equal(brief_tool_find(&b, "booking", 4), 1);
	assert_int_equal(brief_tool_find(&b, "book", 3), -1);
	assert_int_equal(brief_tool_find(&b, "booking", 7), -1);
	assert_int_equal(brief_tool_find(&b, "boot", 4), -1);
	assert_int_equal(brief_tool_find(&b, "", 0), -1);
}

/* ------------------------------------------------------------------ every step */

static uint64_t step_at(struct call *call, uint64_t at_us, enum input_type type, const char *say)
{
	struct call_input in = { .type = type, .at_us = at_us, .kind = ORDER_SAY, .text = say, .text_len = strlen(say) };
	struct call_outputs out;
	uint64_t wake = UINT64_MAX;
	size_t i;

	assert_int_equal(call_step(call, &in, &out), ERR_NONE);
	for (i = 0; i < out.count; i++)
		if (out.items[i].type == OUT_WAKE) {
			assert_int_equal(i, out.count - 1);
			wake = out.items[i].number;
		}
	return wake;
}

static void the_earliest_timer_is_told_once(void **state)
{
	struct kit *k = *state;

	k->settings.tts_first_ms = 1000;
	kit_open(k);
	assert_true(step_at(k->call, 5000, IN_TIMER, "") == UINT64_MAX);
	assert_true(step_at(k->call, 5000, IN_PREPARE, "") == 1800005000);
	assert_true(step_at(k->call, 6000, IN_START, "") == 60006000);
	assert_true(step_at(k->call, 7000, IN_TIMER, "") == UINT64_MAX);
	assert_true(step_at(k->call, 8000, IN_ORDER, "tea") == 1008000);
	assert_true(step_at(k->call, 9000, IN_ORDER, "tea") == UINT64_MAX);
	assert_true(step_at(k->call, 10000, IN_HANGUP, "") == 0);
	assert_true(step_at(k->call, 20000, IN_TIMER, "") == UINT64_MAX);
}

static void time_never_goes_back(void **state)
{
	struct kit *k = *state;

	k->settings.tts_first_ms = 1000;
	kit_open(k);
	(void)step_at(k->call, 50000, IN_START, "");
	assert_true(step_at(k->call, 10000, IN_ORDER, "tea") == 1050000);
}

static void a_timer_fires_at_its_time_and_not_before(void **state)
{
	struct kit *k = *state;

	begin(k);
	order(k, ORDER_SAY, "tea");
	drop(k);
	kit_until(k, k->zero_us + 999999);
	simple(k, IN_TIMER);
	expect_nothing(k);
	k->now_us++;
	simple(k, IN_TIMER);
	assert_true(has(k, "~retry"));
}

/* More than four times what a call may hold: what the caller cut off before a word of it was heard is given back. (test_texts.c: what is not.) */
static void texts_that_nobody_heard_never_fill_a_call(void **state)
{
	static char words[INPUT_TEXT_MAX + 1];
	struct kit *k = *state;
	unsigned int i;

	memset(words, 'a', sizeof(words) - 1);
	k->alone = true;
	begin(k);
	for (i = 0; i < 1000; i++) {
		order(k, ORDER_SAY, words);
		assert_int_equal(k->err, ERR_NONE);
		voice(k, 32);
		partial(k, "please stop");
		partial(k, "");
	}
}

static void settings_can_be_changed(void **state)
{
	struct kit *k = *state;
	struct call_settings s = k->settings;

	begin(k);
	s.turn_silence_ms = 700;
	call_set_settings(k->call, &s);
	call_set_settings(k->twin, &s);
	assert_int_equal(call_get_settings(k->call)->turn_silence_ms, 700);
	caller_says(k, "I want some tea");
	zero(k);
	quiet_until(k, 699);
	expect_nothing(k);
	quiet_until(k, 700);
	assert_true(has(k, "700 ~turn"));
}

static void no_call_is_freed_quietly(void **state)
{
	(void)state;
	call_free(NULL);
}

static void senseless_inputs_change_nothing(void **state)
{
	struct kit *k = *state;
	unsigned int type;

	begin(k);
	for (type = 0; type <= IN_TYPES; type++) {
		struct call_input in = { .type = (enum input_type)type, .stream = 99, .gen = 99, .utterance = 99, .take = 99, .turn = 99, .index = 99, .kind = 99,
			.number = 0x1ff, .position = UINT64_MAX - 1000, .name = "", .text = "" };

		if (type == 0 || type == IN_TYPES || type == IN_TRANSCRIPT || (type >= IN_STT_DOWN && type <= IN_PLAYED) || type == IN_DIGIT ||
			type == IN_ORDER || type == IN_KNOWLEDGE || type == IN_TIMER) {
			k->alone = type == 0 || type == IN_TYPES; /* these have no encoding */
			kit_step(k, &in);
		}
	}
	expect_nothing(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_of_every_type_come_back),
		cmocka_unit_test(large_numbers_come_back),
		cmocka_unit_test(an_input_is_decoded_from_nothing_but_its_bytes),
		cmocka_unit_test(foreign_inputs_are_refused),
		cmocka_unit_test(texts_have_their_ceiling),
		cmocka_unit_test(the_first_fault_counts),
		cmocka_unit_test(what_is_zero_is_not_written),
		cmocka_unit_test(words_have_their_limits),
		cmocka_unit_test(outputs_of_every_type_come_back),
		cmocka_unit_test(foreign_outputs_are_refused),
		cmocka_unit_test(names_are_known_and_others_unknown),
		cmocka_unit_test(lines_are_json),
		cmocka_unit_test(settings_come_back),
		cmocka_unit_test(settings_out_of_their_range_are_refused),
		cmocka_unit_test(defaults_lie_in_their_ranges),
		cmocka_unit_test(briefs_come_back),
		cmocka_unit_test(brief_texts_have_their_ceilings),
		cmocka_unit_test(the_first_fault_of_a_brief_counts),
		cmocka_unit_test(brief_tools_have_their_ceilings),
		cmocka_unit_test(tools_are_found_by_their_whole_name),
		KIT_TEST(the_earliest_timer_is_told_once),
		KIT_TEST(time_never_goes_back),
		KIT_TEST(a_timer_fires_at_its_time_and_not_before),
		KIT_TEST(texts_that_nobody_heard_never_fill_a_call),
		KIT_TEST(settings_can_be_changed),
		cmocka_unit_test(no_call_is_freed_quietly),
		KIT_TEST(senseless_inputs_change_nothing),
	};

	return cmocka_run_group_tests_name("call codec", tests, NULL, NULL);
}
