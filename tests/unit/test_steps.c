/* A call's steps as records carry them: levels packed, everything else as it is; what is written is read, garbage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "voice/journal/steps.h"

static const struct call_outputs nothing = { NULL, 0 };

static void voice_put(struct steps_writer *w, uint64_t at_us, uint64_t position, uint64_t level)
{
	struct call_input in = { .type = IN_VOICE, .at_us = at_us, .position = position, .number = level };

	steps_put(w, &in, &nothing);
}

static void timer_put(struct steps_writer *w, uint64_t at_us, size_t outputs)
{
	static struct call_output out[2] = { { .type = OUT_HOLD }, { .type = OUT_WAKE, .number = 7 } };
	struct call_input in = { .type = IN_TIMER, .at_us = at_us };
	struct call_outputs o = { out, outputs };

	steps_put(w, &in, &o);
}

static void voice_is(struct steps_reader *r, uint64_t at_us, uint64_t position, uint64_t level)
{
	static struct call_input in, want;
	struct step step;
	struct buf a, b;

	want = (struct call_input){ .type = IN_VOICE, .at_us = at_us, .position = position, .number = level };
	memset(&in, 0xff, sizeof(in)); /* what was in it before is gone */
	assert_int_equal(steps_next(r, &step), ERR_NONE);
	assert_int_equal(step.count, 0);
	assert_int_equal(step_input(&step, &in), ERR_NONE);
	assert_int_equal(in.type, IN_VOICE);
	assert_true(in.at_us == at_us && in.position == position && in.number == level);
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	input_encode(&in, &a);
	input_encode(&want, &b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, b.len);
	buf_fini(&a);
	buf_fini(&b);
}

static void timer_is(struct steps_reader *r, uint64_t at_us, size_t outputs)
{
	static struct call_input in;
	struct step step;

	assert_int_equal(steps_next(r, &step), ERR_NONE);
	assert_int_equal(step.count, outputs);
	assert_int_equal(step_input(&step, &in), ERR_NONE);
	assert_int_equal(in.type, IN_TIMER);
	assert_true(in.at_us == at_us);
}

static void steps_are_read_as_they_were_written(void **state)
{
	struct steps_writer w;
	struct steps_reader r;
	struct step step;

	(void)state;
	steps_writer_init(&w);
	timer_put(&w, 1000, 2);
	voice_put(&w, 40000, 0, 0);
	voice_put(&w, 72000, 256, 65535);
	voice_put(&w, 109000, 512, 1);
	timer_put(&w, 110000, 0);
	voice_put(&w, 141000, 1024, 3); /* a chunk is missing, */
	voice_put(&w, 141000, 768, 4);  /* and comes later */
	timer_put(&w, 150000, 1);
	timer_put(&w, 150000, 0);
	steps_reader_init(&r, w.bytes.data, w.bytes.len);
	timer_is(&r, 1000, 2);
	voice_is(&r, 40000, 0, 0);
	voice_is(&r, 72000, 256, 65535);
	voice_is(&r, 109000, 512, 1);
	timer_is(&r, 110000, 0);
	voice_is(&r, 141000, 1024, 3);
	voice_is(&r, 141000, 768, 4);
	timer_is(&r, 150000, 1);
	timer_is(&r, 150000, 0);
	assert_int_equal(steps_next(&r, &step), ERR_NOTFOUND);
	assert_int_equal(steps_next(&r, &step), ERR_NOTFOUND);
	steps_writer_fini(&w);
}

static void any_numbers_come_back(void **state)
{
	static const uint64_t odd[] = { 0, 1, 255, 256, 257, 32000, UINT32_MAX, INT64_MAX, UINT64_MAX - 1, UINT64_MAX };
	enum { N = sizeof(odd) / sizeof(odd[0]) };
	struct steps_writer w;
	struct steps_reader r;
	size_t i;

	(void)state;
	steps_writer_init(&w);
	for (i = 0; i < 10 * N * N; i++)
		voice_put(&w, odd[i % N], odd[i / N % N], odd[(i / 7) % N]);
	steps_reader_init(&r, w.bytes.data, w.bytes.len);
	for (i = 0; i < 10 * N * N; i++)
		voice_is(&r, odd[i % N], odd[i / N % N], odd[(i / 7) % N]);
	steps_writer_fini(&w);
}

/* A step with outputs, and one that says more than a level can, is written out. */
static void what_is_no_mere_level_is_not_packed(void **state)
{
	struct call_output out = { .type = OUT_HOLD };
	struct call_outputs one = { &out, 1 };
	struct call_input in = { .type = IN_VOICE, .at_us = 5000, .position = 256, .number = 40000 };
	struct steps_writer w;
	struct steps_reader r;
	struct step step;

	(void)state;
	steps_writer_init(&w);
	voice_put(&w, 4000, 0, 1);
	steps_put(&w, &in, &one);
	voice_put(&w, 6000, 512, 2);
	steps_reader_init(&r, w.bytes.data, w.bytes.len);
	voice_is(&r, 4000, 0, 1);
	assert_int_equal(steps_next(&r, &step), ERR_NONE);
	assert_int_equal(step.count, 1);
	voice_is(&r, 6000, 512, 2);
	steps_writer_fini(&w);
}

static void levels_take_little_room(void **state)
{
	struct steps_writer w;
	uint64_t i;

	(void)state;
	steps_writer_init(&w);
	for (i = 0; i < 1000; i++)
		voice_put(&w, 1000000 + i * 32000, i * 256, i % 128);
	assert_int_equal(w.count, 1000);
	assert_in_range(w.bytes.len, 3000, 3100);
	steps_clear(&w);
	assert_int_equal(w.count, 0);
	assert_int_equal(w.bytes.len, 0);
	steps_writer_fini(&w);
}

/* Each record stands alone: what came before it is not needed to read it. */
static void a_record_needs_no_other(void **state)
{
	struct steps_writer w;
	struct steps_reader r;

	(void)state;
	steps_writer_init(&w);
	voice_put(&w, 1000000, 4096, 9);
	steps_clear(&w);
	voice_put(&w, 1032000, 4352, 8);
	voice_put(&w, 1064000, 4608, 7);
	steps_reader_init(&r, w.bytes.data, w.bytes.len);
	voice_is(&r, 1032000, 4352, 8);
	voice_is(&r, 1064000, 4608, 7);
	steps_writer_fini(&w);
}

static void the_oldest_step_says_when_they_are_due(void **state)
{
	struct steps_writer w;

	(void)state;
	steps_writer_init(&w);
	assert_false(steps_due(&w, UINT64_MAX));
	voice_put(&w, 1000, 0, 0);
	assert_false(steps_due(&w, 1000 + STEPS_FLUSH_US - 1));
	assert_true(steps_due(&w, 1000 + STEPS_FLUSH_US));
	timer_put(&w, 2000, 0); /* the oldest decides */
	assert_false(steps_due(&w, 1000 + STEPS_FLUSH_US - 1));
	assert_true(steps_due(&w, 1000 + STEPS_FLUSH_US));
	steps_clear(&w);
	assert_false(steps_due(&w, UINT64_MAX));
	timer_put(&w, 5000000, 0);
	assert_false(steps_due(&w, 5000000 + STEPS_FLUSH_US - 1));
	while (w.bytes.len < STEPS_FLUSH_BYTES)
		timer_put(&w, 5000000, 2);
	assert_true(steps_due(&w, 5000000));
	steps_writer_fini(&w);
}

/* As older builds wrote them, and as a later one may. */
static void levels_that_were_written_out_and_unknown_fields_are_read(void **state)
{
	static const uint8_t record[] = { 0x22, 1, 'x', 0x0a, 6, 8, 3, 16, 9, 88, 5, 0x22, 0, 0x1a, 3, 0, 0, 7, 0x28, 1, 0x0a, 4, 8, 21, 16, 9, 0x22, 1, 'x' };
	struct steps_reader r;
	struct step step;

	(void)state;
	steps_reader_init(&r, record, sizeof(record));
	voice_is(&r, 9, 5, 0);
	voice_is(&r, 32000, 256, 7);
	timer_is(&r, 9, 0);
	assert_int_equal(steps_next(&r, &step), ERR_NOTFOUND);
}

static enum err last(const void *data, size_t len)
{
	struct steps_reader r;
	struct step step;
	enum err err;

	steps_reader_init(&r, data, len);
	do
		err = steps_next(&r, &step);
	while (!err);
	return err;
}

static void what_is_no_step_is_refused(void **state)
{
	(void)state;
	assert_int_equal(last("", 0), ERR_NOTFOUND);
	assert_int_equal(last("\x12\x00", 2), ERR_FORMAT);             /* an output without its input */
	assert_int_equal(last("\x1a\x03\x00\x00\x07\x12\x00", 7), ERR_FORMAT); /* one behind a level */
	assert_int_equal(last("\x1a\x00", 2), ERR_FORMAT);             /* levels, but none */
	assert_int_equal(last("\x08\x05", 2), ERR_FORMAT);             /* a number where bytes belong */
	assert_int_equal(last("\x18\x05", 2), ERR_FORMAT);
	assert_int_equal(last("\x0a\x00\x10\x05", 4), ERR_FORMAT);
	assert_int_equal(last("\x1a\x02\x00\x00", 4), ERR_TRUNCATED);  /* two numbers of three */
	assert_int_equal(last("\x1a\x05\x00", 3), ERR_TRUNCATED);
}

static void too_many_outputs_are_refused(void **state)
{
	uint8_t bytes[2 + 2 * (OUTPUT_MAX + 1)] = { 0x0a, 0 };
	size_t i;

	(void)state;
	for (i = 2; i < sizeof(bytes); i += 2)
		bytes[i] = 0x12;
	assert_int_equal(last(bytes, sizeof(bytes) - 2), ERR_NOTFOUND);
	assert_int_equal(last(bytes, sizeof(bytes)), ERR_LIMIT);
}

static void no_bytes_can_hurt(void **state)
{
	struct steps_writer w;
	size_t cut, i;

	(void)state;
	steps_writer_init(&w);
	for (i = 0; i < 60; i++) {
		voice_put(&w, i * 32000, i * 256, i * 1000);
		if (i % 7 == 0)
			timer_put(&w, i * 32000, i % 3);
	}
	for (cut = 0; cut <= w.bytes.len; cut++) {
		uint8_t *copy = malloc(cut + 1);

		assert_non_null(copy);
		memcpy(copy, w.bytes.data, cut);
		(void)last(copy, cut);
		memcpy(copy, w.bytes.data + w.bytes.len - cut, cut);
		(void)last(copy, cut);
		free(copy);
	}
	for (i = 0; i < w.bytes.len; i++) {
		w.bytes.data[i] ^= (uint8_t)(1u << i % 8);
		(void)last(w.bytes.data, w.bytes.len);
		w.bytes.data[i] ^= (uint8_t)(1u << i % 8);
	}
	steps_writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_read_as_they_were_written),
		cmocka_unit_test(any_numbers_come_back),
		cmocka_unit_test(what_is_no_mere_level_is_not_packed),
		cmocka_unit_test(levels_take_little_room),
		cmocka_unit_test(a_record_needs_no_other),
		cmocka_unit_test(the_oldest_step_says_when_they_are_due),
		cmocka_unit_test(levels_that_were_written_out_and_unknown_fields_are_read),
		cmocka_unit_test(what_is_no_step_is_refused),
		cmocka_unit_test(too_many_outputs_are_refused),
		cmocka_unit_test(no_bytes_can_hurt),
	};

	return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
