/* Server-sent events as a client reads them: the same wherever the bytes are cut, and nothing without a ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sse.h"

enum { CEILING = 40 };

static struct sse s;

/* The data of all events, each behind a '|', read in pieces of `step` bytes. */
static const char *events_of(const char *text, size_t step)
{
	static char told[400];
	size_t len = strlen(text), at = 0;

	told[0] = '\0';
	sse_reset(&s);
	while (at < len) {
		size_t n = step < len - at ? step : len - at, end = at + n;

		while (at < end) {
			at += sse_read(&s, text + at, end - at);
			if (s.is_event)
				snprintf(told + strlen(told), sizeof(told) - strlen(told), "|%.*s", (int)s.data.len, (const char *)s.data.data);
		}
	}
	return told;
}

static void are_told(const char *text, const char *wanted)
{
	size_t step;

	for (step = 1; step <= strlen(text); step++) {
		assert_string_equal(events_of(text, step), wanted);
		assert_int_equal(sse_err(&s), ERR_NONE);
	}
}

static void an_event_ends_at_an_empty_line(void **state)
{
	(void)state;
	are_told("data: one\n\ndata: two\r\n\r\ndata:three\n\n", "|one|two|three");
	are_told("data: one\n\ndata: two\n", "|one"); /* not over */
	are_told("\n\n\ndata:\n\n\n", "|");
	are_told("data:  two blanks\n\n", "| two blanks");
}

static void lines_of_one_event_are_joined(void **state)
{
	(void)state;
	are_told("data: a\ndata: b\n: note\ndata: c\nid: 7\ndata: d\n\n", "|a\nb\nc\nd");
}

static void what_is_no_data_is_passed_over(void **state)
{
	(void)state;
	are_told(": note\n\nevent: x\nid: 1\nretry: 7\n\nDATA: no\ndat: no\ndata\n\n", "");
}

static void a_line_and_an_event_have_a_ceiling(void **state)
{
	static const char line[] = "data: 0123456789012345678901234567890123456789\n\n", lines[] = "data: 01234567890123456789\ndata: 01234567890123456789\n\n";
	size_t step;

	(void)state;
	for (step = 1; step < sizeof(line); step++) {
		(void)events_of(line, step);
		assert_int_equal(sse_err(&s), ERR_LIMIT);
		(void)events_of(lines, step);
		assert_int_equal(sse_err(&s), ERR_LIMIT);
	}
	are_told("data: 012345678901234567890123456789\n\n", "|012345678901234567890123456789"); /* fine again after the reset */
}

static int begin(void **state)
{
	(void)state;
	sse_init(&s, CEILING);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sse_fini(&s);
	return 0;
}

#define UNIT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(an_event_ends_at_an_empty_line),
		UNIT(lines_of_one_event_are_joined),
		UNIT(what_is_no_data_is_passed_over),
		UNIT(a_line_and_an_event_have_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
