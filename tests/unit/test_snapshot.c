/* Saved and loaded: what is refused, field by field, and that no bytes at all can crash it.
 *
 * That a loaded call goes on as the saved one would have is shown by every test that uses callkit.h. Here real snapshots are
 * edited: a field is replaced, added or left out by its number, and the numbers are the format, for ever.
 */
#include "conductor/calls.h"
#include "snapkit.h"
#include "voice/call_state.h"

/* ------------------------------------------------------------------ the whole */

static void each_scene_is_saved_and_loaded_to_the_same_bytes(void **state)
{
	unsigned int i;

	for (i = 0; i < SCENES; i++) {
		struct kit *k = *state;
		struct buf one, two;
		struct call *call;

		scenes[i](k);
		buf_init(&one, BUF_MAX);
		buf_init(&two, BUF_MAX);
		call_save(k->call, &one);
		assert_int_equal(call_load(&call, one.data, one.len), ERR_NONE);
		assert_string_equal(call_check(call) ? call_check(call) : "", "");
		assert_int_equal(call_turn(call), call_turn(k->call));
		assert_int_equal(call_ended(call), call_ended(k->call));
		assert_memory_equal(call_get_settings(call), &k->settings, sizeof(k->settings));
		call_save(call, &two);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
		call_free(call);
		buf_fini(&one);
		buf_fini(&two);
		kit_teardown(state);
		kit_setup(state);
	}
}

static void foreign_bytes_are_refused(void **state)
{
	static const uint8_t other[] = { 8, 99 }, late[] = { 0x12, 0, 8, 1 }, number[] = { 8, 1, 0x10, 5 }, open[] = { 8, 1, 0x12, 5 };

	(void)state;
	assert_int_equal(load("", 0), ERR_FORMAT);
	assert_int_equal(load(other, 2), ERR_VERSION);
	assert_int_equal(load("\x08\x00", 2), ERR_VERSION); /* there was none before the first */
	assert_int_equal(load("\x0a\x01\x01", 3), ERR_FORMAT); /* a version is a number */
	assert_int_equal(load(late, 4), ERR_FORMAT);   /* the version comes first */
	assert_int_equal(load(number, 4), ERR_FORMAT); /* settings are bytes */
	assert_int_equal(load("\x08\x01\x28\x05", 4), ERR_FORMAT); /* and so are the times */
	assert_int_equal(load(open, 4), ERR_TRUNCATED);
	assert_int_equal(load("hello", 5), ERR_FORMAT);
	assert_int_equal(load("\x08\x01", 2), ERR_NONE); /* a call before its first step */
}

static void later_fields_are_passed_over(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(EDITED(k, { EAR, 0, 31, 7 }, { LISTEN, 0, 63, 7 }, { DIALOGUE, 0, 31, 7 }, { GEN, 0, 31, 7 }, { QUIET, 0, 31, 7 },
		{ UTTERANCE, 0, 63, 7 }, { CALL, 0, 31, 7 }, { ITEM, 0, 31, 7 }, { TOOL, 0, 31, 7 }), ERR_NONE);
}

static void every_truncation_is_refused_or_loads(void **state)
{
	unsigned int i;

	for (i = 0; i < SCENES; i++) {
		struct kit *k = *state;
		struct buf b;
		size_t len;

		scenes[i](k);
		buf_init(&b, BUF_MAX);
		call_save(k->call, &b);
		for (len = 0; len < b.len; len += 1 + i % 3) {
			uint8_t *copy = malloc(len ? len : 1);

			assert_non_null(copy);
			memcpy(copy, b.data, len);
			(void)load(copy, len);
			free(copy);
		}
		buf_fini(&b);
		kit_teardown(state);
		kit_setup(state);
	}
}

/* ------------------------------------------------------------------ columns and their limits */

static void values_over_their_limit_are_refused(void **state)
{
	static const struct {
		enum part part;
		unsigned int column;
		uint64_t limit; /* the first value that is too large */
	} limits[] = {
		{ CALL, 3, 2 }, { EAR, 1, 2 }, { EAR, 2, 2 }, { EAR, 3, 2 }, { EAR, 4, 2 }, { LISTEN, 1, 1ull << 32 }, { LISTEN, 3, 2 }, { LISTEN, 4, 2 },
		{ LISTEN, 5, 2 }, { LISTEN, 10, 2 }, { LISTEN, 12, 5 }, { LISTEN, 13, 1ull << 32 }, { LISTEN, 29, 2 },
		{ DIALOGUE, 1, 1ull << 32 }, { DIALOGUE, 7, 1024 }, { DIALOGUE, 8, 11 }, { DIALOGUE, 9, 2 }, { DIALOGUE, 10, 2 }, { DIALOGUE, 12, 256 }, { DIALOGUE, 13, 256 },
		{ GEN, 1, 4 }, { GEN, 2, 2 },
		{ GEN, 3, 2 }, { GEN, 9, 9 }, { ITEM, 1, 6 }, { ITEM, 2, 256 }, { ITEM, 3, 3 }, { TOOL, 1, 3 }, { TOOL, 2, 2 }, { UTTERANCE, 1, 5 },
		{ UTTERANCE, 2, 6 }, { UTTERANCE, 3, 2 }, { UTTERANCE, 4, 2 }, { UTTERANCE, 5, 2 }, { UTTERANCE, 6, 2 }, { UTTERANCE, 7, 2 }, { UTTERANCE, 8, 2 },
		{ UTTERANCE, 31, 65 }, { UTTERANCE, 40, 25 }, { SPEECH, 2, 2 }, { QUIET, 1, 2 }, { QUIET, 2, 2 }, { QUIET, 3, 2 }, { QUIET, 4, 2 },
		{ QUIET, 5, 2 }, { QUIET, 6, 2 }, { QUIET, 7, 8 }, { QUIET, 9, 256 }, { QUIET, 10, 256 }, { QUIET, 11, 256 },
	};
	struct kit *k = *state;
	unsigned int i;

	scene_tools(k);
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (EDITED(k, { limits[i].part, 0, limits[i].column, limits[i].limit }) != ERR_FORMAT)
			fail_msg("part %d, column %u takes %llu", (int)limits[i].part, limits[i].column, (unsigned long long)limits[i].limit);
		if (EDITED(k, { limits[i].part, 0, BYTES + limits[i].column, 1 }) != ERR_FORMAT)
			fail_msg("part %d, column %u takes bytes", (int)limits[i].part, limits[i].column);
	}
}

/* The largest values that a column may hold and that no invariant forbids. */
static void values_at_their_limit_are_taken(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(EDITED(k, { EAR, 0, 1, 1 }, { LISTEN, 0, 12, 3 }, { DIALOGUE, 0, 7, 1023 }, { DIALOGUE, 0, 8, 10 }, { DIALOGUE, 0, 12, 255 },
		{ ITEM, 0, 2, 15 }, { ITEM, 0, 3, 2 }, { UTTERANCE, 0, 2, 4 }, { UTTERANCE, 0, 31, 64 }, { QUIET, 0, 7, 7 }, { QUIET, 0, 9, 255 },
		{ LISTEN, 0, 1, UINT32_MAX }, { EAR, 0, 5, UINT64_MAX }, { TOOL, 0, 7, UINT64_MAX }), ERR_NONE);
}

static void texts_over_their_limit_are_refused(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 20, 8192 }), ERR_NONE);
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 20, 8193 }), ERR_LIMIT);
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 21, 8193 }), ERR_LIMIT);
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 22, 8193 }), ERR_LIMIT);
	assert_int_equal(EDITED(k, { DIALOGUE, 0, BYTES + 30, 8193 }), ERR_LIMIT);
	assert_int_equal(EDITED(k, { GEN, 0, BYTES + 21, 8193 }), ERR_LIMIT);
	assert_int_equal(EDITED(k, { LISTEN, 0, 20, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { LISTEN, 0, 21, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { LISTEN, 0, 22, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { LISTEN, 0, 35, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 35, 4 }), ERR_FORMAT);  /* words that do not stand there */
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 35, 20 }), ERR_FORMAT); /* more than there is room for */
	assert_int_equal(EDITED(k, { LISTEN, 0, BYTES + 35, 3 }), ERR_TRUNCATED);
	assert_int_equal(EDITED(k, { DIALOGUE, 0, 30, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { GEN, 0, 20, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { GEN, 0, 21, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { QUIET, 0, BYTES + 20, 31 }), ERR_NONE);
	assert_int_equal(EDITED(k, { QUIET, 0, BYTES + 20, 32 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { QUIET, 0, 20, 1 }), ERR_FORMAT);
}

static void lists_of_numbers_have_their_length(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_COUNT - 1, 5 }), ERR_NONE);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_COUNT, 5 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { MILES, 0, LIST + 7, 5 }), ERR_NONE);
	assert_int_equal(EDITED(k, { MILES, 0, LIST + 8, 5 }), ERR_FORMAT);
}

/* ------------------------------------------------------------------ references */

static void counts_agree(void **state)
{
	struct kit *k = *state;

	scene_thinking(k);
	assert_int_equal(EDITED(k, { GEN, 0, 9, 2 }), ERR_NONE);
	assert_int_equal(EDITED(k, { GEN, 0, 9, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { GEN, 0, 9, 3 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { GEN, 0, 8, 9 }), ERR_NONE);  /* "Sure. And" */
	assert_int_equal(EDITED(k, { GEN, 0, 8, 10 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { GEN, 0, 7, 2 }), ERR_NONE);  /* two blocks of history */
	assert_int_equal(EDITED(k, { GEN, 0, 7, 3 }), ERR_FORMAT);
}

static void parts_have_their_ceilings(void **state)
{
	struct kit *k = *state;
	struct buf b;
	int i;

	scene_tools(k); /* two run */
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	for (i = 0; i < 15; i++) {
		size_t opened = wire_open(&b, TOOL);

		wire_put_u64(&b, 1, 1);
		wire_put_u64(&b, 5, 5); /* a result's place */
		wire_close(&b, opened);
		assert_int_equal(load(b.data, b.len), i < 14 ? ERR_NONE : ERR_LIMIT);
	}
	buf_reset(&b);
	wire_put_u64(&b, 1, 1);
	for (i = 0; i < 9; i++)
		wire_close(&b, wire_open(&b, GEN_TOOL));
	assert_int_equal(load(b.data, b.len), ERR_LIMIT);
	buf_fini(&b);
}

static enum err items(unsigned int count)
{
	struct buf b;
	enum err err;

	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, 1);
	while (count--) {
		size_t opened = wire_open(&b, ITEM);

		wire_put_u64(&b, 1, BLOCK_CALLER);
		wire_close(&b, opened);
	}
	err = load(b.data, b.len);
	buf_fini(&b);
	return err;
}

static void history_has_its_ceiling(void **state)
{
	struct kit *k = *state;

	assert_int_equal(items(0), ERR_NONE);
	assert_int_equal(items(64), ERR_NONE);
	assert_int_equal(items(65), ERR_NONE);
	assert_int_equal(items(4096), ERR_NONE);
	assert_int_equal(items(8192), ERR_NONE);
	assert_int_equal(items(8193), ERR_FORMAT);
	scene_tools(k);
	assert_int_equal(EDITED(k, { ITEM, 0, 1, 0 }), ERR_FORMAT); /* of no type */
}

/* The linker puts it in malloc's place (CMakeLists.txt). */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool no_pages; /* there is no memory for another page of texts */

void *__wrap_malloc(size_t size)
{
	return no_pages && size == PAGE_BYTES ? NULL : __real_malloc(size);
}

/* Each a page long: what the pages hold is loaded, not a text more. */
static enum err texts(unsigned int count)
{
	static const char page[PAGE_BYTES];
	struct buf b;
	enum err err;

	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, 2);
	while (count--) {
		size_t opened = wire_open(&b, ITEM);

		wire_put_u64(&b, 1, BLOCK_CALLER);
		wire_put_bytes(&b, 8, page, sizeof(page));
		wire_close(&b, opened);
	}
	err = load(b.data, b.len);
	buf_fini(&b);
	return err;
}

static void texts_have_their_ceiling(void **state)
{
	(void)state;
	assert_int_equal(texts(512), ERR_NONE);
	assert_int_equal(texts(513), ERR_NOMEM);
}

static void a_text_needs_its_memory(void **state)
{
	enum err err;

	(void)state;
	no_pages = true;
	err = texts(1);
	no_pages = false;
	assert_int_equal(err, ERR_NOMEM);
}

/* ------------------------------------------------------------------ utterances */

static void the_last_item_is_the_last_an_utterance_can_be(void **state)
{
	struct kit *k = *state;
	unsigned int i;

	begin(k);
	for (i = 0; i < 63; i++) {
		order(k, ORDER_SAY, "tea");
		spoken(k, k->last);
	}
	on_air(k, ten);
	partial(k, "stop");
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 12, 63 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 12, 64 }), ERR_FORMAT); /* where the memory for items ends */
}

static void utterances_have_their_place(void **state)
{
	struct kit *k = *state;

	scene_speaking(k);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 40, 1 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 40, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 1, 0 }), ERR_FORMAT);  /* free ones are not saved */
	assert_int_equal(EDITED(k, { UTTERANCE, 4, 40, 24 }), ERR_FORMAT); /* what is queued is not there */
	assert_int_equal(EDITED(k, { UTTERANCE, 4, 0, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 4, 1, 4 }), ERR_FORMAT);   /* cut ones are not queued */
	assert_int_equal(EDITED(k, { ORDER, 0, 0, 0 }), ERR_FORMAT);       /* others are */
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 4, 3 }), ERR_FORMAT); /* once */
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 4, 24 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 4, 23 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 5, 4 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 5, 24 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ORDER, 0, LIST + 5, 36 }), ERR_FORMAT);
}

static void the_order_is_bytes_of_so_many(void **state)
{
	static const uint8_t number[] = { 8, 1, 0x88, 1, 5 };
	uint8_t many[64] = { 8, 1, 0x8a, 1, 25 };
	unsigned int i;

	(void)state;
	assert_int_equal(load(number, sizeof(number)), ERR_FORMAT);
	for (i = 0; i < 25; i++)
		many[5 + i] = (uint8_t)i;
	assert_int_equal(load(many, 30), ERR_FORMAT);
}

static void a_cut_utterance_stands_in_the_history_as_well(void **state)
{
	struct kit *k = *state;

	scene_cut(k);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 12, 0 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 1, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 40, 24 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 40, 25 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 12, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ITEM, 0, 1, BLOCK_CALLER }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 18, 25600 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 18, 25601 }), ERR_FORMAT); /* more played than there is */
}

static void words_of_an_utterance_have_their_limits(void **state)
{
	static const struct {
		uint64_t samples, text;
		unsigned int count;
		enum err err;
	} cases[] = { { 1, 1, 0, ERR_NONE }, { UINT32_MAX, UINT16_MAX, 64, ERR_NONE }, { UINT32_MAX, UINT16_MAX, 65, ERR_FORMAT },
		{ 1ull << 32, 1, 1, ERR_FORMAT }, { 1, 1 << 16, 1, ERR_FORMAT } };
	struct kit *k = *state;
	unsigned int i, j;

	scene_speaking(k);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_reader r;
		struct wire_field f;
		struct buf b, out;
		bool first = true;

		buf_init(&b, BUF_MAX);
		buf_init(&out, BUF_MAX);
		call_save(k->call, &b);
		wire_reader_init(&r, b.data, b.len);
		while (wire_next(&r, &f)) {
			size_t opened, list;

			if (f.number != UTTERANCE || !first) {
				f.is_bytes ? wire_put_bytes(&out, f.number, f.bytes, f.len) : wire_put_u64(&out, f.number, f.u64);
				continue;
			}
			first = false;
			opened = wire_open(&out, UTTERANCE);
			buf_append(&out, f.bytes, f.len);
			list = wire_open(&out, 41);
			for (j = 0; j < cases[i].count; j++) {
				wire_put_varint(&out, cases[i].samples);
				wire_put_varint(&out, cases[i].text);
			}
			wire_close(&out, list);
			wire_close(&out, opened);
		}
		assert_int_equal(load(out.data, out.len), cases[i].err);
		buf_fini(&b);
		buf_fini(&out);
	}
}

/* ------------------------------------------------------------------ invariants */

static void an_agent_with_nothing_to_say_is_not_held(void **state)
{
	struct kit *k = *state;

	scene_idle(k);
	assert_int_equal(EDITED(k, { SPEECH, 0, 2, 1 }, { TIMES, 0, LIST + T_RESUME, 5 }), ERR_FORMAT);
}

static void nothing_plays_behind_what_does_not_play_yet(void **state)
{
	struct kit *k = *state;

	scene_speaking(k); /* plays, plays, made, waits … */
	assert_int_equal(EDITED(k, { UTTERANCE, 1, 1, 2 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 1, 2 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 1, 1 }), ERR_FORMAT);
}

static void only_audio_that_is_there_can_be_played(void **state)
{
	struct kit *k = *state;

	scene_speaking(k);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 19, 25600 }), ERR_NONE);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 19, 25601 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { UTTERANCE, 0, 18, 25601 }), ERR_FORMAT);
}

static void a_running_tool_has_its_results_place_and_a_deadline(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(EDITED(k, { TOOL, 0, 5, 6 }), ERR_NONE);
	assert_int_equal(EDITED(k, { TOOL, 0, 5, 7 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TOOL, 0, 5, 4 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TOOL, 0, 5, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_TOOL, 0 }), ERR_FORMAT);
}

static void an_answer_has_a_deadline(void **state)
{
	struct kit *k = *state;

	scene_thinking(k);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_TOTAL, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_TOTAL, 0 }, { GEN, 0, 1, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_TOTAL, 0 }, { GEN, 0, 1, 3 }), ERR_NONE);
}

static void an_answer_asked_ahead_has_its_question_in_the_history(void **state)
{
	struct kit *k = *state;

	scene_ahead(k); /* knowledge, question, answer */
	assert_int_equal(EDITED(k, { GEN, 0, 7, 2 }), ERR_FORMAT); /* the agent's own words are no question */
	assert_int_equal(EDITED(k, { GEN, 0, 7, 3 }), ERR_FORMAT);
}

/* The room for items is as large as there are items (64): what lies behind the last one is not ours. */
static void a_question_is_not_looked_for_behind_the_history(void **state)
{
	static const struct item filling = { .type = BLOCK_CALLER };
	struct kit *k = *state;
	struct dialogue *d;

	k->settings.turn_preempt = true;
	k->brief.knowledge = true;
	begin(k);
	voice(k, 320);
	final(k, "I want some tea");
	knowledge(k, 1, "Tea is 2 euros.");
	quiet_for(k, 128);
	d = &k->call->dialogue;
	while (d->item_count < 65)
		history_insert(k->call, 0, &filling);
	assert_true(d->gen.ahead && d->gen.base_items == 63 && d->items[63].type == BLOCK_EVENT);
	assert_int_equal(EDITED(k, { GEN, 0, 7, 63 }), ERR_NONE);
	assert_int_equal(EDITED(k, { ITEM, 64, 0, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ITEM, 64, 0, 0 }, { GEN, 0, 7, 64 }), ERR_FORMAT);
}

static void waits_have_a_deadline(void **state)
{
	struct kit *k = *state;

	scene_held(k);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_RESUME, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_MAX, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_RESUME, 0 }, { QUIET, 0, 3, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_RESUME, 0 }, { QUIET, 0, 3, 1 }, { TIMES, 0, LIST + T_MEDIA, 5 }), ERR_NONE);
}

static void the_end_has_a_deadline(void **state)
{
	struct kit *k = *state;

	scene_ending(k);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_END, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_MEDIA, 0 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_MAX, 0 }), ERR_NONE);
	assert_int_equal(EDITED(k, { TIMES, 0, LIST + T_MAX, 0 }, { QUIET, 0, 5, 0 }), ERR_FORMAT);
}

static void what_has_ended_waits_for_nothing(void **state)
{
	struct kit *k = *state;

	scene_ended(k);
	assert_int_equal(EDITED(k, { GEN, 0, 1, 1 }), ERR_NONE);
	assert_int_equal(EDITED(k, { GEN, 0, 1, 1 }, { QUIET, 0, 6, 0 }), ERR_FORMAT);
}

/* ------------------------------------------------------------------ damage */

/* A damaged snapshot that loads all the same must at least take inputs without looking outside its memory. */
static void go_on(struct call *call)
{
	struct call_outputs out;
	struct call_input ins[] = { { .type = IN_TIMER }, { .type = IN_VOICE, .number = LOUD, .position = 1 << 20 }, { .type = IN_ATTACHED },
		{ .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .stream = 2, .text = "hello there you", .text_len = 15 }, { .type = IN_HANGUP } };
	size_t i;

	for (i = 0; i < sizeof(ins) / sizeof(ins[0]); i++) {
		ins[i].at_us = (i + 1) * 10000000;
		if (call_step(call, &ins[i], &out))
			return;
	}
}

static void every_damaged_byte_is_refused_or_loads(void **state)
{
	unsigned int i, loaded = 0;

	for (i = 0; i < SCENES; i++) {
		struct kit *k = *state;
		struct buf b;
		size_t at;

		scenes[i](k);
		buf_init(&b, BUF_MAX);
		call_save(k->call, &b);
		for (at = 0; at < b.len; at++) {
			struct call *call;
			uint8_t was = b.data[at];

			b.data[at] = (uint8_t)(at % 3 ? was ^ 1 << at % 8 : 0xff);
			if (call_load(&call, b.data, b.len) == ERR_NONE) {
				go_on(call);
				loaded++;
			}
			call_free(call);
			b.data[at] = was;
		}
		buf_fini(&b);
		kit_teardown(state);
		kit_setup(state);
	}
	assert_true(loaded > 0);
}

/* What is thrown away stands in front of the question, where no call puts it. */
static void an_answer_in_front_of_its_question_does_no_harm(void **state)
{
	struct call_input more = { .type = IN_TRANSCRIPT, .kind = TRANSCRIPT_FINAL, .stream = 1, .text = "and milk", .text_len = 8 };
	struct edit first = { UTTERANCE, 0, 12, 0 };
	struct call_outputs out;
	struct kit *k = *state;
	struct call *call;
	struct buf b;

	k->settings.turn_preempt = true;
	begin(k);
	spoken(k, on_air(k, ten));
	voice(k, 320);
	final(k, "I want some tea");
	quiet_for(k, 128);
	text(k, "Sure. ");
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	snapshot_edit(&b, &first);
	assert_int_equal(call_load(&call, b.data, b.len), ERR_NONE);
	more.at_us = k->now_us;
	assert_int_equal(call_step(call, &more, &out), ERR_NONE);
	assert_true(out.count > 1 && out.items[1].type == OUT_NOTE && out.items[1].kind == NOTE_DISCARD);
	go_on(call);
	assert_true(call_ended(call));
	call_free(call);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ how large it gets */

static size_t saved_bytes(const struct kit *k)
{
	struct buf b;
	size_t len;

	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	assert_int_equal(b.err, ERR_NONE);
	len = b.len;
	buf_fini(&b);
	return len;
}

enum { TURN_TOOLS = 8 };

/* A turn: the caller and the agent speak for a quarter of a minute each, and tools say `found`. False: the call is over. */
static bool long_turn(struct kit *k, const char *found)
{
	static char words[240];
	uint32_t u = k->last;

	for (size_t i = 0; i < sizeof(words) - 1; i++)
		words[i] = "words "[i % 6];
	words[sizeof(words) - 2] = '.';
	turn(k, words);
	for (unsigned int i = 0; i < TURN_TOOLS; i++)
		use(k, "lookup", "{}");
	done(k);
	for (unsigned int i = 0; i < TURN_TOOLS; i++)
		result(k, call_turn(k->call), i, TOOL_OK, found);
	text(k, words);
	done(k);
	while (!k->err && u++ < k->last)
		spoken(k, u);
	drop(k);
	return !k->err;
}

/* A call grows by its texts and little else, until older turns are forgotten; what the conductor takes has room for that. */
static void a_call_that_is_full_has_a_snapshot_of_little_more_than_its_texts(void **state)
{
	static char found[INPUT_TEXT_MAX + 1];
	struct kit *k = *state;
	size_t turns, bytes, most = 0;

	memset(found, 'r', sizeof(found) - 1);
	k->alone = true;
	k->settings.call_max_ms = 14400000;
	begin(k);
	for (turns = 1; turns <= 60; turns++) {
		assert_true(long_turn(k, found));
		bytes = saved_bytes(k);
		assert_true(bytes < turns * (TURN_TOOLS * (INPUT_TEXT_MAX + 100) + 700) + 16384);
		most = bytes > most ? bytes : most;
	}
	assert_in_range(most, TEXTS_MAX - (TURN_TOOLS + 1) * INPUT_TEXT_MAX, TEXTS_MAX + 65536);
	assert_true(TEXTS_CEILING + 65536 < CALLS_SNAPSHOT_MAX_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(a_call_that_is_full_has_a_snapshot_of_little_more_than_its_texts),
		KIT_TEST(each_scene_is_saved_and_loaded_to_the_same_bytes),
		KIT_TEST(foreign_bytes_are_refused),
		KIT_TEST(later_fields_are_passed_over),
		KIT_TEST(every_truncation_is_refused_or_loads),
		KIT_TEST(values_over_their_limit_are_refused),
		KIT_TEST(values_at_their_limit_are_taken),
		KIT_TEST(texts_over_their_limit_are_refused),
		KIT_TEST(lists_of_numbers_have_their_length),
		KIT_TEST(counts_agree),
		KIT_TEST(parts_have_their_ceilings),
		KIT_TEST(history_has_its_ceiling),
		KIT_TEST(texts_have_their_ceiling),
		KIT_TEST(a_text_needs_its_memory),
		KIT_TEST(the_last_item_is_the_last_an_utterance_can_be),
		KIT_TEST(utterances_have_their_place),
		KIT_TEST(the_order_is_bytes_of_so_many),
		KIT_TEST(a_cut_utterance_stands_in_the_history_as_well),
		KIT_TEST(words_of_an_utterance_have_their_limits),
		KIT_TEST(an_agent_with_nothing_to_say_is_not_held),
		KIT_TEST(nothing_plays_behind_what_does_not_play_yet),
		KIT_TEST(only_audio_that_is_there_can_be_played),
		KIT_TEST(a_running_tool_has_its_results_place_and_a_deadline),
		KIT_TEST(an_answer_has_a_deadline),
		KIT_TEST(an_answer_asked_ahead_has_its_question_in_the_history),
		KIT_TEST(a_question_is_not_looked_for_behind_the_history),
		KIT_TEST(waits_have_a_deadline),
		KIT_TEST(the_end_has_a_deadline),
		KIT_TEST(what_has_ended_waits_for_nothing),
		KIT_TEST(every_damaged_byte_is_refused_or_loads),
		KIT_TEST(an_answer_in_front_of_its_question_does_no_harm),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
