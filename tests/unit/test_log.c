/* Log lines: what stands in them, that nothing in them can pretend to be another line, and that threads do not mix. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"

enum { OUTPUT_MAX = 1024 * 1024 };

static char output[OUTPUT_MAX];
static int file;

static uint64_t fixed_clock(void *arg)
{
	return *(uint64_t *)arg;
}

static uint64_t now_us = 1700000000123456;

static int setup(void **state)
{
	(void)state;
	file = memfd_create("log", 0);
	log_set_fd(file);
	log_set_clock(fixed_clock, &now_us);
	return file < 0;
}

static int teardown(void **state)
{
	(void)state;
	log_set_fd(STDERR_FILENO);
	log_set_clock(NULL, NULL);
	return close(file);
}

static void use(enum log_format format, enum log_level level)
{
	struct log_settings settings = { .format = (int)format, .level = (int)level };

	log_setup(&settings);
}

/* Everything written so far. */
static const char *written(void)
{
	ssize_t n = pread(file, output, sizeof(output) - 1, 0);

	assert_true(n >= 0);
	output[n] = 0;
	return output;
}

/* The first test of all: log_setup was not called yet. */
static void who_was_not_told_how_to_talk_is_silent(void **state)
{
	(void)state;
	log_error(NULL, "hello");
	assert_false(log_is_on(LOG_LEVEL_ERROR));
	assert_string_equal(written(), "");
}

static int asked;

static int64_t costly(void)
{
	return ++asked;
}

static void where_the_level_is_off_nothing_is_evaluated(void **state)
{
	(void)state;
	asked = 0;
	use(LOG_FORMAT_JSON, LOG_LEVEL_ERROR);
	log_warn(NULL, "m", LOG_INT("n", costly()));
	assert_int_equal(asked, 0);
	log_error(NULL, "m", LOG_INT("n", costly()));
	assert_int_equal(asked, 1);
	assert_non_null(strstr(written(), "\"n\":1"));
}

/* As many as there may be: the list has no end mark then. */
static void all_fields_of_a_full_list_are_written(void **state)
{
	(void)state;
	use(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	assert_int_equal(LOG_FIELDS_MAX, 20);
	log_info(NULL, "m", LOG_INT("a", 1), LOG_INT("b", 2), LOG_INT("c", 3), LOG_INT("d", 4), LOG_INT("e", 5), LOG_INT("f", 6), LOG_INT("g", 7),
		LOG_INT("h", 8), LOG_INT("i", 9), LOG_INT("j", 10), LOG_INT("k", 11), LOG_INT("l", 12), LOG_INT("n", 13), LOG_INT("o", 14),
		LOG_INT("p", 15), LOG_INT("q", 16), LOG_INT("r", 17), LOG_INT("s", 18), LOG_INT("t", 19), LOG_INT("u", 20));
	assert_non_null(strstr(written(), ",\"a\":1,"));
	assert_non_null(strstr(written(), ",\"t\":19,\"u\":20}\n"));
}

static void human_line(void **state)
{
	struct log log = { .plane = "voice", .call = "c-17", .doing = "opening the journal" };

	(void)state;
	use(LOG_FORMAT_HUMAN, LOG_LEVEL_INFO);
	log_warn(&log, "cannot sync", LOG_ERR(ERR_FULL), LOG_INT("file", -7), LOG_UINT("bytes", 9), LOG_BOOL("retried", true),
		LOG_TEXT("name", "seg"), LOG_TEXT("none", NULL));
	assert_string_equal(written(), "2023-11-14T22:13:20.123456Z warn  voice [c-17] cannot sync (opening the journal) "
				       "error=\"disk full\" file=-7 bytes=9 retried=true name=seg none=-\n");
}

static void human_line_without_context(void **state)
{
	(void)state;
	use(LOG_FORMAT_HUMAN, LOG_LEVEL_INFO);
	log_info(NULL, "hello");
	assert_string_equal(written(), "2023-11-14T22:13:20.123456Z info  - [-] hello\n");
}

static void json_line(void **state)
{
	struct log log = { .plane = "voice", .doing = "x" };

	(void)state;
	use(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_error(&log, "m", LOG_INT("n", 3), LOG_TEXT("t", NULL));
	assert_string_equal(written(), "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"level\":\"error\",\"plane\":\"voice\",\"call\":null,"
				       "\"doing\":\"x\",\"message\":\"m\",\"n\":3,\"t\":null}\n");
}

static void lower_levels_are_dropped(void **state)
{
	(void)state;
	use(LOG_FORMAT_HUMAN, LOG_LEVEL_WARN);
	assert_false(log_is_on(LOG_LEVEL_INFO));
	assert_true(log_is_on(LOG_LEVEL_WARN));
	log_info(NULL, "no");
	log_debug(NULL, "no");
	assert_string_equal(written(), "");
	log_error(NULL, "yes");
	assert_non_null(strstr(written(), "yes"));
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* A caller's name must not become a line of its own, nor steer the terminal that shows it. */
static void values_cannot_forge_lines(void **state)
{
	static const char evil[] = "x\n2023 error - [-] forged\r\x1b[2J\xff\" fake=1";
	struct log log = { .plane = evil, .call = evil, .doing = evil };

	(void)state;
	for (int format = LOG_FORMAT_HUMAN; format <= LOG_FORMAT_JSON; format++) {
		use((enum log_format)format, LOG_LEVEL_INFO);
		log_info(&log, evil, LOG_TEXT("name", evil));
		assert_int_equal(count_lines(written()), (size_t)format + 1);
		assert_null(strchr(output, 0x1b));
		assert_null(strchr(output, '\r'));
		assert_null(strchr(output, '\xff'));
	}
	assert_non_null(strstr(output, "name=\"x\\n2023"));
}

static void long_lines_are_cut_and_stay_whole_json(void **state)
{
	static char big[5000];
	struct log log = { .plane = "voice" };
	const char *line;

	(void)state;
	for (int filler = 0; filler < 3; filler++) {
		memset(big, "x\"\x01"[filler], sizeof(big) - 1);
		use(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
		log_info(&log, filler ? big : "m", LOG_TEXT("a", big), LOG_TEXT("b", big), LOG_TEXT("c", big), LOG_TEXT("d", big), LOG_INT("n", 1));
	}
	line = written();
	for (int i = 0; i < 3; i++) {
		const char *end = strchr(line, '\n');
		json_t *read;

		assert_non_null(end);
		assert_true(end - line < LOG_LINE_MAX);
		read = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(read);
		assert_true(json_is_true(json_object_get(read, "cut")));
		assert_int_equal(json_integer_value(json_object_get(read, "n")), 1);
		json_decref(read);
		line = end + 1;
	}
	assert_int_equal(*line, 0);
}

static void long_human_lines_end_in_a_line_feed(void **state)
{
	static char big[5000];
	struct log log = { .plane = big, .call = big, .doing = big };

	(void)state;
	memset(big, 7, sizeof(big) - 1);
	use(LOG_FORMAT_HUMAN, LOG_LEVEL_INFO);
	log_info(&log, big, LOG_TEXT("a", big));
	assert_true(strlen(written()) <= LOG_LINE_MAX);
	assert_int_equal(count_lines(output), 1);
	assert_non_null(strstr(output, " cut=true\n"));
}

enum { THREADS = 4, LINES = 500 };

static void *write_many(void *arg)
{
	struct log log = { .plane = "voice", .call = arg };

	for (int i = 0; i < LINES; i++)
		log_info(&log, "line", LOG_INT("i", i), LOG_TEXT("who", arg));
	return NULL;
}

static void threads_do_not_mix(void **state)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS];
	const char *line;
	int lines = 0;

	(void)state;
	assert_int_equal(fcntl(file, F_SETFL, O_APPEND), 0);
	use(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (line = written(); *line; lines++) {
		const char *end = strchr(line, '\n');
		json_t *read = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(read);
		assert_string_equal(json_string_value(json_object_get(read, "who")), json_string_value(json_object_get(read, "call")));
		json_decref(read);
		line = end + 1;
	}
	assert_int_equal(lines, THREADS * LINES);
}

static void the_system_clock_is_the_default(void **state)
{
	(void)state;
	log_set_clock(NULL, NULL);
	use(LOG_FORMAT_HUMAN, LOG_LEVEL_INFO);
	log_info(NULL, "now");
	assert_true(strncmp(written(), "2024", 4) > 0);
}

enum { PILE = 3000 };

static void *pile(void *arg)
{
	static const struct log log = { .plane = "voice", .doing = "piling up" };
	int i;

	(void)arg;
	for (i = 0; i < PILE; i++)
		log_info(&log, "a line", LOG_INT("number", i));
	return NULL;
}

/* What a pipe holds, as lines; adds up what they say is missing. */
static size_t drain(int fd, uint64_t *missing)
{
	size_t lines = 0, len = 0;
	char *line, *rest = output;
	ssize_t n;

	while ((n = read(fd, output + len, sizeof(output) - 1 - len)) > 0)
		len += (size_t)n;
	output[len] = 0;
	assert_true(len && output[len - 1] == '\n');
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *j = json_loads(line, 0, NULL);
		bool tells = j && !strcmp(json_string_value(json_object_get(j, "plane")), "log");

		assert_non_null(j);
		*missing += tells ? (uint64_t)json_integer_value(json_object_get(j, "lines")) : 0;
		lines += !tells;
		json_decref(j);
	}
	return lines;
}

/* The last of all: it cannot be taken back. */
static void a_reader_that_stops_costs_lines_and_no_time(void **state)
{
	static const struct log log = { .plane = "voice" };
	uint64_t missing = 0;
	pthread_t other;
	size_t lines;
	int ends[2];

	(void)state;
	log_never_wait();
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	use(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_set_fd(ends[1]);
	assert_int_equal(pthread_create(&other, NULL, pile, NULL), 0);
	pile(NULL);
	pthread_join(other, NULL);
	lines = drain(ends[0], &missing);
	assert_true(lines > 100 && lines < 2 * PILE && !missing);
	log_info(&log, "read again");
	assert_int_equal(drain(ends[0], &missing), 1);
	assert_int_equal(lines + missing, 2 * PILE);
	log_info(&log, "and from then on as ever");
	assert_int_equal(drain(ends[0], &missing), 1);
	assert_int_equal(lines + missing, 2 * PILE);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_was_not_told_how_to_talk_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(where_the_level_is_off_nothing_is_evaluated, setup, teardown),
		cmocka_unit_test_setup_teardown(all_fields_of_a_full_list_are_written, setup, teardown),
		cmocka_unit_test_setup_teardown(human_line, setup, teardown),
		cmocka_unit_test_setup_teardown(human_line_without_context, setup, teardown),
		cmocka_unit_test_setup_teardown(json_line, setup, teardown),
		cmocka_unit_test_setup_teardown(lower_levels_are_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(values_cannot_forge_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines_are_cut_and_stay_whole_json, setup, teardown),
		cmocka_unit_test_setup_teardown(long_human_lines_end_in_a_line_feed, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_do_not_mix, setup, teardown),
		cmocka_unit_test_setup_teardown(the_system_clock_is_the_default, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_that_stops_costs_lines_and_no_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
