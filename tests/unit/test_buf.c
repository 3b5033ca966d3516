/* The byte buffer: growth, its ceiling, the error that sticks, cutting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void appends_in_order(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_text(&b, "one");
	buf_byte(&b, ' ');
	buf_append(&b, "two!", 3);
	buf_printf(&b, " %d", 3);
	assert_string_equal(buf_str(&b), "one two 3");
	assert_int_equal(b.len, 9);
	assert_int_equal(b.err, ERR_NONE);
	buf_fini(&b);
}

static void grows_over_many_appends(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100000; i++)
		buf_byte(&b, (uint8_t)i);
	assert_int_equal(b.err, ERR_NONE);
	assert_int_equal(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], (uint8_t)i);
	buf_fini(&b);
}

static void stops_at_its_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	buf_append(&b, "12345678", 8);
	assert_int_equal(b.err, ERR_NONE);
	buf_byte(&b, '9');
	assert_int_equal(b.err, ERR_LIMIT);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "12345678", 8);
	buf_fini(&b);
}

static void a_length_that_wraps_is_over_the_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	buf_byte(&b, 'x');
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_int_equal(b.err, ERR_LIMIT);
	buf_fini(&b);
}

static void an_error_sticks_until_reset(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_text(&b, "too long");
	assert_int_equal(b.err, ERR_LIMIT);
	buf_byte(&b, 'a');
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	buf_reset(&b);
	buf_text(&b, "abc");
	assert_int_equal(b.err, ERR_NONE);
	assert_string_equal(buf_str(&b), "abc");
	buf_fini(&b);
}

static void long_printf_is_whole(void **state)
{
	char text[1001];
	struct buf b;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = 0;
	buf_init(&b, 4000);
	buf_printf(&b, "<%s>", text);
	assert_int_equal(b.len, 1002);
	assert_int_equal(b.data[0], '<');
	assert_int_equal(b.data[1001], '>');
	assert_memory_equal(b.data + 1, text, 1000);
	buf_fini(&b);
}

static void cuts_front_middle_and_end(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_text(&b, "abcdefgh");
	buf_cut(&b, 0, 2);
	assert_string_equal(buf_str(&b), "cdefgh");
	buf_cut(&b, 2, 2);
	assert_string_equal(buf_str(&b), "cdgh");
	buf_cut(&b, 2, 2);
	assert_string_equal(buf_str(&b), "cd");
	buf_cut(&b, 1, 0);
	assert_string_equal(buf_str(&b), "cd");
	buf_fini(&b);
}

static void empty_is_an_empty_string(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_str(&b), "");
	buf_append(&b, NULL, 0);
	assert_int_equal(b.err, ERR_NONE);
	buf_fini(&b);
	buf_fini(&b);
}

static void lent_memory_is_never_outgrown(void **state)
{
	uint8_t room[16];
	struct buf b = { .data = room, .cap = sizeof(room), .max = sizeof(room) };

	(void)state;
	buf_text(&b, "0123456789abcdef");
	assert_int_equal(b.err, ERR_NONE);
	assert_ptr_equal(b.data, room);
	buf_byte(&b, 'x');
	assert_int_equal(b.err, ERR_LIMIT);
	assert_ptr_equal(b.data, room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_in_order),
		cmocka_unit_test(grows_over_many_appends),
		cmocka_unit_test(stops_at_its_ceiling),
		cmocka_unit_test(a_length_that_wraps_is_over_the_ceiling),
		cmocka_unit_test(an_error_sticks_until_reset),
		cmocka_unit_test(long_printf_is_whole),
		cmocka_unit_test(cuts_front_middle_and_end),
		cmocka_unit_test(empty_is_an_empty_string),
		cmocka_unit_test(lent_memory_is_never_outgrown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
