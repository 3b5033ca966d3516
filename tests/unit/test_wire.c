/* Numbered fields: what is written is read back, one value has one encoding, bad bytes end the reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

enum { ROOM = 4096 };

static void bytes_are_protocol_buffers(void **state)
{
	/* field 1 = 150: the example of the format's own specification; field 2 = "testing" likewise */
	static const uint8_t expected[] = { 0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g' };
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	wire_put_u64(&b, 1, 150);
	wire_put_text(&b, 2, "testing");
	assert_int_equal(b.len, sizeof(expected));
	assert_memory_equal(b.data, expected, sizeof(expected));
	buf_fini(&b);
}

static void numbers_come_back(void **state)
{
	static const uint64_t values[] = { 1, 127, 128, 16383, 16384, UINT32_MAX, 1ull << 62, UINT64_MAX };
	struct wire_reader r;
	struct wire_field f;
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	for (unsigned int i = 0; i < 8; i++)
		wire_put_u64(&b, i + 1, values[i]);
	wire_reader_init(&r, b.data, b.len);
	for (unsigned int i = 0; i < 8; i++) {
		assert_true(wire_next(&r, &f));
		assert_int_equal(f.number, i + 1);
		assert_false(f.is_bytes);
		assert_true(f.u64 == values[i]);
	}
	assert_false(wire_next(&r, &f));
	assert_int_equal(r.err, ERR_NONE);
	buf_fini(&b);
}

static void signed_numbers_come_back(void **state)
{
	static const int64_t values[] = { -1, 1, -64, 64, INT32_MIN, INT64_MAX, INT64_MIN };
	struct wire_reader r;
	struct wire_field f;
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	for (unsigned int i = 0; i < 7; i++)
		wire_put_i64(&b, i + 1, values[i]);
	assert_int_equal(b.data[1], 1); /* -1 is one byte, 1 */
	wire_reader_init(&r, b.data, b.len);
	for (unsigned int i = 0; i < 7; i++) {
		assert_true(wire_next(&r, &f));
		assert_true(wire_i64(&f) == values[i]);
	}
	buf_fini(&b);
}

static void zero_and_empty_are_absent(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	wire_put_u64(&b, 1, 0);
	wire_put_i64(&b, 2, 0);
	wire_put_text(&b, 3, "");
	wire_put_text(&b, 4, NULL);
	wire_put_bytes(&b, 5, "x", 0);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

static void read_nested(const struct buf *b, size_t inner_len)
{
	struct wire_reader outer, middle, inner;
	struct wire_field f;

	wire_reader_init(&outer, b->data, b->len);
	assert_true(wire_next(&outer, &f));
	assert_int_equal(f.number, 7);
	wire_reader_sub(&middle, &f);
	assert_true(wire_next(&middle, &f));
	assert_int_equal(f.number, 3);
	wire_reader_sub(&inner, &f);
	assert_true(wire_next(&inner, &f));
	assert_int_equal(f.number, 1);
	assert_int_equal(f.len, inner_len);
	assert_false(wire_next(&inner, &f));
	assert_true(wire_next(&middle, &f));
	assert_int_equal(f.number, 4);
	assert_int_equal(f.u64, 5);
	assert_false(wire_next(&middle, &f));
	assert_true(wire_next(&outer, &f));
	assert_int_equal(f.number, 8);
	assert_false(wire_next(&outer, &f));
	assert_int_equal(outer.err | middle.err | inner.err, ERR_NONE);
}

/* Around 127/128 and 16383/16384 the length prefix grows while the struct is closed. */
static void structs_nest_at_every_size_of_prefix(void **state)
{
	static const size_t sizes[] = { 1, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16370, 16379, 16380, 16383, 16384 };
	static uint8_t filler[20000];

	(void)state;
	memset(filler, 0xab, sizeof(filler));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct buf b;
		size_t outer, inner;

		buf_init(&b, 100000);
		outer = wire_open(&b, 7);
		inner = wire_open(&b, 3);
		wire_put_bytes(&b, 1, filler, sizes[i]);
		wire_close(&b, inner);
		wire_put_u64(&b, 4, 5);
		wire_close(&b, outer);
		wire_put_u64(&b, 8, 1);
		assert_int_equal(b.err, ERR_NONE);
		read_nested(&b, sizes[i]);
		buf_fini(&b);
	}
}

static void an_empty_struct_is_written(void **state)
{
	static const uint8_t expected[] = { 0x0a, 0x00 };
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	wire_close(&b, wire_open(&b, 1));
	assert_int_equal(b.len, 2);
	assert_memory_equal(b.data, expected, 2);
	buf_fini(&b);
}

static enum err read_all(const uint8_t *data, size_t len)
{
	struct wire_reader r;
	struct wire_field f;

	wire_reader_init(&r, data, len);
	while (wire_next(&r, &f))
		continue;
	return r.err;
}

static void bad_bytes_are_refused(void **state)
{
	static const uint8_t cut_number[] = { 0x08, 0x96 };
	static const uint8_t cut_bytes[] = { 0x12, 0x07, 't' };
	static const uint8_t huge_length[] = { 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 };
	static const uint8_t too_long_number[] = { 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 };
	static const uint8_t field_zero[] = { 0x00, 0x01 };
	static const uint8_t fixed_width[] = { 0x0d, 0, 0, 0, 0 };
	static const uint8_t number_too_big[] = { 0x80, 0x80, 0x20, 0x01 };

	(void)state;
	assert_int_equal(read_all(cut_number, sizeof(cut_number)), ERR_TRUNCATED);
	assert_int_equal(read_all(cut_bytes, sizeof(cut_bytes)), ERR_TRUNCATED);
	assert_int_equal(read_all(huge_length, sizeof(huge_length)), ERR_TRUNCATED);
	assert_int_equal(read_all(too_long_number, sizeof(too_long_number)), ERR_FORMAT);
	assert_int_equal(read_all(field_zero, sizeof(field_zero)), ERR_FORMAT);
	assert_int_equal(read_all(fixed_width, sizeof(fixed_width)), ERR_FORMAT);
	assert_int_equal(read_all(number_too_big, sizeof(number_too_big)), ERR_FORMAT);
	assert_int_equal(read_all(NULL, 0), ERR_NONE);
}

static void every_cut_is_noticed_or_clean(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, ROOM);
	wire_put_u64(&b, 1, 300);
	wire_put_text(&b, 2, "hello");
	for (size_t len = 0; len <= b.len; len++) {
		bool clean = len == 0 || len == 3 || len == b.len;

		assert_int_equal(read_all(b.data, len), clean ? ERR_NONE : ERR_TRUNCATED);
	}
	buf_fini(&b);
}

static void a_number_is_no_struct_and_u32_saturates(void **state)
{
	struct wire_field number = { .number = 1, .u64 = UINT64_MAX };
	struct wire_reader r;
	struct wire_field f;

	(void)state;
	wire_reader_sub(&r, &number);
	assert_int_equal(r.err, ERR_FORMAT);
	assert_false(wire_next(&r, &f));
	assert_int_equal(wire_u32(&number), UINT32_MAX);
	number.u64 = 7;
	assert_int_equal(wire_u32(&number), 7);
}

static void a_text_is_whole_or_left_alone(void **state)
{
	const struct wire_field five = { .number = 1, .is_bytes = true, .bytes = (const uint8_t *)"hello", .len = 5 };
	const struct wire_field holed = { .number = 1, .is_bytes = true, .bytes = (const uint8_t *)"a\0b", .len = 3 };
	const struct wire_field empty = { .number = 1, .is_bytes = true, .bytes = (const uint8_t *)"" };
	const struct wire_field number = { .number = 1, .u64 = 7 };
	char out[6] = "old";

	(void)state;
	assert_false(wire_text(&five, out, 5));
	assert_false(wire_text(&holed, out, sizeof(out)));
	assert_false(wire_text(&number, out, sizeof(out)));
	assert_string_equal(out, "old");
	assert_true(wire_text(&five, out, sizeof(out)));
	assert_string_equal(out, "hello");
	assert_true(wire_text(&empty, out, sizeof(out)));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_protocol_buffers),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(signed_numbers_come_back),
		cmocka_unit_test(zero_and_empty_are_absent),
		cmocka_unit_test(structs_nest_at_every_size_of_prefix),
		cmocka_unit_test(an_empty_struct_is_written),
		cmocka_unit_test(bad_bytes_are_refused),
		cmocka_unit_test(every_cut_is_noticed_or_clean),
		cmocka_unit_test(a_number_is_no_struct_and_u32_saturates),
		cmocka_unit_test(a_text_is_whole_or_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
