/* The text that Prometheus reads: families, labels, histograms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/metrics.h"

static void expect(struct buf *b, const char *text)
{
	assert_int_equal(b->err, ERR_NONE);
	assert_string_equal(buf_str(b), text);
	buf_reset(b);
}

static void test_families(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	metric_one(&b, "calls", METRIC_GAUGE, "Calls now.", 3);
	expect(&b, "# HELP calls Calls now.\n# TYPE calls gauge\ncalls 3\n");
	metric_begin(&b, "ends_total", METRIC_COUNTER, "Ends.");
	metric_put(&b, "ends_total", "why", "agent", 12);
	metric_put(&b, "ends_total", "why", "a \"b\" \\ c\nd", 0.25);
	expect(&b, "# HELP ends_total Ends.\n# TYPE ends_total counter\nends_total{why=\"agent\"} 12\nends_total{why=\"a \\\"b\\\" \\\\ c\\nd\"} 0.25\n");
	metric_put(&b, "big", NULL, NULL, 123456789012345.0);
	metric_put(&b, "bigger", NULL, NULL, 1e18);
	expect(&b, "big 123456789012345\nbigger 1e+18\n");
	buf_fini(&b);
}

static const uint32_t bounds_ms[] = { 10, 100, 1000, 0 };

static void test_a_histogram_counts_what_lies_below(void **state)
{
	struct histogram h;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	histogram_init(&h, bounds_ms);
	histogram_put(&b, "turn_seconds", "Turns.", &h);
	expect(&b, "# HELP turn_seconds Turns.\n# TYPE turn_seconds histogram\nturn_seconds_bucket{le=\"0.01\"} 0\nturn_seconds_bucket{le=\"0.1\"} 0\n"
		"turn_seconds_bucket{le=\"1\"} 0\nturn_seconds_bucket{le=\"+Inf\"} 0\nturn_seconds_sum 0\nturn_seconds_count 0\n");
	histogram_observe(&h, 0);
	histogram_observe(&h, 10000);  /* a bound belongs to its bucket */
	histogram_observe(&h, 10001);
	histogram_observe(&h, 1000000);
	histogram_observe(&h, 5000000); /* above all bounds */
	histogram_put(&b, "turn_seconds", "Turns.", &h);
	expect(&b, "# HELP turn_seconds Turns.\n# TYPE turn_seconds histogram\nturn_seconds_bucket{le=\"0.01\"} 2\nturn_seconds_bucket{le=\"0.1\"} 3\n"
		"turn_seconds_bucket{le=\"1\"} 4\nturn_seconds_bucket{le=\"+Inf\"} 5\nturn_seconds_sum 6.020001\nturn_seconds_count 5\n");
	buf_fini(&b);
}

static void test_as_many_bounds_as_there_is_room_for(void **state)
{
	static const uint32_t full[HISTOGRAM_BOUNDS_MAX] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	struct histogram h;

	(void)state;
	histogram_init(&h, full);
	histogram_observe(&h, 16000);
	histogram_observe(&h, 16001);
	assert_int_equal(h.counts[HISTOGRAM_BOUNDS_MAX - 1], 1);
	assert_int_equal(h.counts[HISTOGRAM_BOUNDS_MAX], 1);
}

static void test_the_process(void **state)
{
	static const char *const names[] = { "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds" };
	struct buf b;

	(void)state;
	buf_init(&b, 8192);
	metrics_process(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[80];

		snprintf(line, sizeof(line), "\n%s ", names[i]);
		assert_non_null(strstr(buf_str(&b), line));
		snprintf(line, sizeof(line), "\n%s 0\n", names[i]);
		assert_true(i == 0 || !strstr(buf_str(&b), line));
	}
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_a_histogram_counts_what_lies_below),
		cmocka_unit_test(test_as_many_bounds_as_there_is_room_for),
		cmocka_unit_test(test_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
