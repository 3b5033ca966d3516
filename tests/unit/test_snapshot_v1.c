/* Snapshots of version 1 are loaded for ever: texts were places in pages then. Their bytes come from today's snapshots, written
 * in the old form (snapkit.h), and from calls that were recorded when version 1 was the newest.
 */
#include "snapkit.h"

#include <glob.h>
#include <stdio.h>

#include "base/disk.h"
#include "voice/call_state.h"
#include "voice/journal/journal_format.h"
#include "voice/journal/steps.h"

/* ------------------------------------------------------------------ the same state */

static void each_scene_is_the_same_in_both_forms(void **state)
{
	unsigned int i;

	for (i = 0; i < SCENES; i++) {
		struct kit *k = *state;
		struct buf now, old, again;
		struct call *call;

		scenes[i](k);
		buf_init(&now, BUF_MAX);
		buf_init(&old, BUF_MAX);
		buf_init(&again, BUF_MAX);
		call_save(k->call, &now);
		call_save(k->call, &old);
		downgrade(&old);
		assert_int_equal(old.data[1], 1);
		assert_int_equal(call_load(&call, old.data, old.len), ERR_NONE);
		call_save(call, &again);
		assert_int_equal(again.data[1], 2);
		downgrade(&again); /* leaves texts.kept out, which version 1 does not know */
		assert_int_equal(again.len, old.len);
		assert_memory_equal(again.data, old.data, old.len);
		call_free(call);
		buf_fini(&now);
		buf_fini(&old);
		buf_fini(&again);
		kit_teardown(state);
		kit_setup(state);
	}
}

static void what_nobody_refers_to_is_left_out(void **state)
{
	struct kit *k = *state;
	struct call *call;
	struct buf b;

	begin(k);
	order(k, ORDER_SAY, "A sentence that is dropped before a word of it is heard.");
	simple(k, IN_HANGUP);
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	assert_null(memmem(b.data, b.len, "is dropped", 10));
	assert_int_equal(call_load(&call, b.data, b.len), ERR_NONE);
	call_free(call);
	buf_fini(&b);
}

static void a_text_is_bytes_now_and_no_longer_than_a_page(void **state)
{
	struct kit *k = *state;

	scene_thinking(k);
	assert_int_equal(EDITED(k, { ITEM, 0, BYTES + 8, PAGE_BYTES }), ERR_NONE);
	assert_int_equal(EDITED(k, { ITEM, 0, BYTES + 8, PAGE_BYTES + 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ITEM, 0, 8, 1 }), ERR_FORMAT);
	assert_int_equal(EDITED(k, { ITEM, 0, 9, 1 }), ERR_NONE); /* not a field of this version */
	assert_int_equal(OLD(k, { ITEM, 0, BYTES + 8, 10 }), ERR_FORMAT);
	assert_int_equal(OLD(k, { ITEM, 0, BYTES + 9, 10 }), ERR_FORMAT);
}

/* What was kept is counted over a save: a call that was loaded gives texts back when it would have. */
static void the_count_of_texts_outlives_a_save(void **state)
{
	struct kit *k = *state;
	struct call_input in = { .type = IN_TIMER };
	struct edit edit = { CALL, 0, 4, TEXTS_CEILING + 1 };
	struct call_outputs out;
	struct call *call;
	struct buf b;

	scene_thinking(k);
	assert_int_equal(edited(k, false, &edit, 1), ERR_FORMAT);
	edit.value--;
	in.at_us = k->now_us;
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	snapshot_edit(&b, &edit);
	assert_int_equal(call_load(&call, b.data, b.len), ERR_NONE);
	assert_int_equal(call->texts.kept, TEXTS_CEILING);
	assert_int_equal(call_step(call, &in, &out), ERR_NONE);
	assert_in_range(call->texts.kept, 1, 100);
	call_free(call);
	buf_fini(&b);
}

/* ------------------------------------------------------------------ references */

static void references_point_at_texts_that_are_there(void **state)
{
	static const struct {
		enum part part;
		unsigned int column; /* of `at`; the length is the next */
	} texts[] = { { DIALOGUE, 14 }, { GEN_TOOL, 1 }, { GEN_TOOL, 3 }, { ITEM, 6 }, { ITEM, 8 }, { UTTERANCE, 29 } };
	struct kit *k = *state;
	unsigned int i;

	scene_thinking(k);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(OLD(k, { texts[i].part, 0, texts[i].column, 0 }, { texts[i].part, 0, texts[i].column + 1, 10 }), ERR_NONE);
		assert_int_equal(OLD(k, { texts[i].part, 0, texts[i].column, 5000 }, { texts[i].part, 0, texts[i].column + 1, 1 }), ERR_FORMAT);
		assert_int_equal(OLD(k, { texts[i].part, 0, texts[i].column, 5000 }, { texts[i].part, 0, texts[i].column + 1, 0 }), ERR_NONE);
		assert_int_equal(OLD(k, { texts[i].part, 0, texts[i].column, UINT32_MAX }, { texts[i].part, 0, texts[i].column + 1, 5 }), ERR_FORMAT);
	}
}

static void so_do_those_of_tools(void **state)
{
	struct kit *k = *state;

	scene_tools(k);
	assert_int_equal(OLD(k, { TOOL, 0, 9, 5000 }), ERR_FORMAT);
	assert_int_equal(OLD(k, { TOOL, 0, 11, 5000 }), ERR_FORMAT);
	assert_int_equal(OLD(k, { TOOL, 1, 9, 5000 }), ERR_FORMAT);
	assert_int_equal(OLD(k, { TOOL, 1, 11, 5000 }), ERR_FORMAT);
}

static void the_last_byte_is_there_the_next_is_not(void **state)
{
	struct kit *k = *state;
	struct edit edits[] = { { DIALOGUE, 0, 14, 0 }, { DIALOGUE, 0, 15, 0 } };
	struct buf b;
	struct wire_reader r;
	struct wire_field f;

	scene_thinking(k);
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	downgrade(&b);
	wire_reader_init(&r, b.data, b.len);
	while (wire_next(&r, &f))
		if (f.number == PAGE)
			edits[1].value = f.len;
	assert_int_equal(edited(k, true, edits, 2), ERR_NONE);
	edits[0].value = 1;
	assert_int_equal(edited(k, true, edits, 2), ERR_FORMAT);
	buf_fini(&b);
}

/* Two pages: a text may end at the first one's end, and begin at the second one's start, but not cross. */
static void texts_do_not_cross_pages(void **state)
{
	static char words[4001];
	struct kit *k = *state;
	int i;

	memset(words, 'a', sizeof(words) - 1);
	begin(k);
	for (i = 0; i < 5; i++)
		order(k, ORDER_SAY, words);
	assert_int_equal(OLD(k, { ITEM, 0, 8, 16 * 1024 - 100 }, { ITEM, 0, 9, 100 }), ERR_NONE);
	assert_int_equal(OLD(k, { ITEM, 0, 8, 16 * 1024 }, { ITEM, 0, 9, 100 }), ERR_NONE);
	assert_int_equal(OLD(k, { ITEM, 0, 8, 16 * 1024 - 100 }, { ITEM, 0, 9, 101 }), ERR_FORMAT);
}

static void pages_come_whole_and_in_order(void **state)
{
	struct kit *k = *state;
	struct buf b;

	scene_thinking(k);
	buf_init(&b, BUF_MAX);
	call_save(k->call, &b);
	downgrade(&b);
	wire_put_bytes(&b, PAGE, "more", 4); /* the page before is not full */
	assert_int_equal(load(b.data, b.len), ERR_FORMAT);
	buf_fini(&b);
}

static enum err pages(unsigned int full, size_t last, bool number)
{
	static const char page[16 * 1024 + 1];
	struct buf b;
	enum err err;

	buf_init(&b, BUF_MAX);
	wire_put_u64(&b, 1, 1);
	for (; full; full--)
		wire_put_bytes(&b, PAGE, page, 16 * 1024);
	if (last)
		wire_put_bytes(&b, PAGE, page, last);
	if (number)
		wire_put_u64(&b, PAGE, 5);
	err = load(b.data, b.len);
	buf_fini(&b);
	return err;
}

static void pages_have_their_size_and_number(void **state)
{
	(void)state;
	assert_int_equal(pages(1, 16 * 1024, false), ERR_NONE);
	assert_int_equal(pages(1, 16 * 1024 + 1, false), ERR_FORMAT);
	assert_int_equal(pages(2, 100, false), ERR_NONE);
	assert_int_equal(pages(0, 0, true), ERR_FORMAT);
	assert_int_equal(pages(512, 0, false), ERR_NONE);
	assert_int_equal(pages(512, 1, false), ERR_FORMAT);
}

static void an_empty_page_is_none(void **state)
{
	static const uint8_t empty[] = { 8, 1, 0x9a, 1, 0 };

	(void)state;
	assert_int_equal(load(empty, sizeof(empty)), ERR_FORMAT);
}


/* ------------------------------------------------------------------ recorded calls */

struct walk {
	const uint8_t *data;
	size_t len, at;
	unsigned int old, steps;
};

static bool next_record(struct walk *w, struct journal_record *r)
{
	if (w->at >= w->len || journal_record_decode(r, w->data + w->at, w->len - w->at))
		return false;
	w->at += r->raw_len;
	return true;
}

static void outputs_are(const struct call_outputs *got, const struct step *recorded)
{
	struct buf b;
	size_t i;

	assert_int_equal(got->count, recorded->count);
	buf_init(&b, BUF_MAX);
	for (i = 0; i < got->count; i++) {
		buf_reset(&b);
		output_encode(&got->items[i], &b);
		assert_int_equal(b.len, recorded->outputs[i].len);
		assert_memory_equal(b.data, recorded->outputs[i].data, b.len);
	}
	buf_fini(&b);
}

static void steps_go_on(struct walk *w, struct call *call, const struct journal_record *r)
{
	static struct call_input in;
	struct steps_reader reader;
	struct call_outputs out;
	struct step step;

	steps_reader_init(&reader, r->payload, r->header.payload_len);
	while (!steps_next(&reader, &step)) {
		assert_int_equal(step_input(&step, &in), ERR_NONE);
		assert_int_equal(call_step(call, &in, &out), ERR_NONE);
		outputs_are(&out, &step);
		w->steps++;
	}
}

/* From a snapshot of version 1, written anew and loaded again, the rest of the call as far as `most` records. */
static void goes_on(struct walk *w, const struct record_snapshot *s, unsigned int most)
{
	struct walk rest = *w;
	struct journal_record r;
	struct call *call;
	struct buf b;

	assert_int_equal(call_load(&call, s->core, s->core_len), ERR_NONE);
	buf_init(&b, BUF_MAX);
	call_save(call, &b);
	call_free(call);
	assert_int_equal(call_load(&call, b.data, b.len), ERR_NONE);
	while (most-- && next_record(&rest, &r) && r.header.kind != JOURNAL_ATTACH)
		if (r.header.kind == RECORD_STEPS)
			steps_go_on(&rest, call, &r);
	w->steps = rest.steps;
	call_free(call);
	buf_fini(&b);
}

static void call_walk(struct walk *w)
{
	struct record_snapshot s;
	struct journal_record r;

	while (next_record(w, &r)) {
		if (r.header.kind != JOURNAL_SNAPSHOT)
			continue;
		assert_int_equal(record_snapshot_decode(&s, r.payload, r.header.payload_len), ERR_NONE);
		if (s.core_len < 2 || s.core[1] != 1)
			continue;
		w->old++;
		goes_on(w, &s, 300);
	}
}

static void recorded_calls_go_on_from_every_snapshot_of_version_1(void **state)
{
	char pattern[1024];
	unsigned int old = 0, steps = 0;
	glob_t found;
	size_t i;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/calls/*.cfj", getenv("CALLFUNNEL_TESTS"));
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		struct walk w = { .at = JOURNAL_FILE_HEADER_BYTES };
		struct buf b;

		buf_init(&b, 64 << 20);
		assert_int_equal(disk_load(&disk_real, found.gl_pathv[i], &b), ERR_NONE);
		w.data = b.data;
		w.len = b.len;
		call_walk(&w);
		old += w.old;
		steps += w.steps;
		buf_fini(&b);
	}
	globfree(&found);
	assert_true(old >= 100);
	assert_true(steps >= 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(each_scene_is_the_same_in_both_forms),
		KIT_TEST(what_nobody_refers_to_is_left_out),
		KIT_TEST(a_text_is_bytes_now_and_no_longer_than_a_page),
		KIT_TEST(the_count_of_texts_outlives_a_save),
		KIT_TEST(references_point_at_texts_that_are_there),
		KIT_TEST(so_do_those_of_tools),
		KIT_TEST(the_last_byte_is_there_the_next_is_not),
		KIT_TEST(texts_do_not_cross_pages),
		KIT_TEST(pages_come_whole_and_in_order),
		KIT_TEST(pages_have_their_size_and_number),
		KIT_TEST(an_empty_page_is_none),
		KIT_TEST(recorded_calls_go_on_from_every_snapshot_of_version_1),
	};

	return cmocka_run_group_tests_name("snapshot of version 1", tests, NULL, NULL);
}
