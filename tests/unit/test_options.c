/* One option at a time: what is read, what is refused and how it is said, what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/options.h"

struct sample {
	char before; /* so that no field lies at offset 0 by luck */
	bool loud;
	int64_t wait_ms;
	int colour;
	const char *title;
	const char *token;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct option table[] = {
	{ .name = "a.loud", .type = OPTION_BOOL, .value = 1, .help = "Loud.", .offset = offsetof(struct sample, loud) },
	{ .name = "a.wait_ms", .type = OPTION_INT, .min = -10, .max = 5000, .value = 300, .unit = "ms", .help = "Wait.",
		.offset = offsetof(struct sample, wait_ms) },
	{ .name = "b.colour", .type = OPTION_CHOICE, .choices = colours, .value = 2, .help = "Colour.",
		.offset = offsetof(struct sample, colour) },
	{ .name = "b.title", .type = OPTION_TEXT, .max = 8, .text = "hello", .help = "Title.", .offset = offsetof(struct sample, title) },
	{ .name = "b.token", .type = OPTION_TEXT, .secret = true, .help = "Token.", .offset = offsetof(struct sample, token) },
	{ .name = NULL },
};

static enum err parse(const char *name, const char *value, struct sample *s, struct err_detail *detail)
{
	const struct option *o = option_find(table, name);

	assert_non_null(o);
	*detail = (struct err_detail){ .message = "" };
	return option_parse(o, value, s, detail);
}

static void defaults_fill_every_field(void **state)
{
	struct sample s;

	(void)state;
	memset(&s, 0x5a, sizeof(s));
	options_defaults(table, &s);
	assert_true(s.loud);
	assert_int_equal(s.wait_ms, 300);
	assert_int_equal(s.colour, 2);
	assert_string_equal(s.title, "hello");
	assert_string_equal(s.token, "");
	assert_int_equal(s.before, 0x5a);
}

static void good_values_are_stored(void **state)
{
	struct err_detail d;
	struct sample s;

	(void)state;
	options_defaults(table, &s);
	assert_int_equal(parse("a.loud", "false", &s, &d), ERR_NONE);
	assert_false(s.loud);
	assert_int_equal(parse("a.wait_ms", "-10", &s, &d), ERR_NONE);
	assert_int_equal(s.wait_ms, -10);
	assert_int_equal(parse("a.wait_ms", "5000", &s, &d), ERR_NONE);
	assert_int_equal(s.wait_ms, 5000);
	assert_int_equal(parse("b.colour", "red", &s, &d), ERR_NONE);
	assert_int_equal(s.colour, 0);
	assert_int_equal(parse("b.title", "12345678", &s, &d), ERR_NONE);
	assert_string_equal(s.title, "12345678");
}

static void bad_values_change_nothing(void **state)
{
	static const char *const cases[][2] = {
		{ "a.loud", "yes" }, { "a.loud", "TRUE" }, { "a.loud", "" }, { "a.wait_ms", "" }, { "a.wait_ms", "-" },
		{ "a.wait_ms", "5001" }, { "a.wait_ms", "-11" }, { "a.wait_ms", "12x" }, { "a.wait_ms", " 12" }, { "a.wait_ms", "1.5" },
		{ "a.wait_ms", "0x10" }, { "a.wait_ms", "99999999999999999999" }, { "a.wait_ms", "-9223372036854775809" },
		{ "b.colour", "Red" }, { "b.colour", "" }, { "b.colour", "red," }, { "b.title", "123456789" }, { "b.title", "a\x1b[" },
		{ "b.title", "a\x7f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sample before, after;
		struct err_detail d;

		memset(&before, 0, sizeof(before));
		options_defaults(table, &before);
		after = before;
		assert_int_equal(parse(cases[i][0], cases[i][1], &after, &d), ERR_USAGE);
		assert_memory_equal(&before, &after, sizeof(before));
		assert_non_null(strstr(d.message, cases[i][0]));
		assert_non_null(strstr(d.hint, "allowed: "));
	}
}

static void a_mistake_says_found_and_allowed(void **state)
{
	struct err_detail d;
	struct sample s;

	(void)state;
	options_defaults(table, &s);
	assert_int_equal(parse("a.wait_ms", "soon", &s, &d), ERR_USAGE);
	assert_string_equal(d.message, "a.wait_ms: found \"soon\"");
	assert_string_equal(d.hint, "allowed: a whole number from -10 to 5000 ms");
	assert_int_equal(parse("b.colour", "pink", &s, &d), ERR_USAGE);
	assert_string_equal(d.hint, "allowed: red, green, blue");
	assert_int_equal(option_parse(&table[0], "x", &s, NULL), ERR_USAGE);
}

static void a_mistake_never_shows_a_secret_or_a_terminal_code(void **state)
{
	struct err_detail d;
	struct sample s;

	(void)state;
	options_defaults(table, &s);
	assert_int_equal(parse("b.token", "hunter2\x01", &s, &d), ERR_USAGE);
	assert_null(strstr(d.message, "hunter2"));
	assert_null(strstr(d.hint, "hunter2"));
	assert_int_equal(parse("b.title", "\x1b[31m", &s, &d), ERR_USAGE);
	assert_null(strchr(d.message, 0x1b));
}

static void long_values_are_shown_short(void **state)
{
	char value[3000];
	struct err_detail d;
	struct sample s;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	options_defaults(table, &s);
	assert_int_equal(parse("a.wait_ms", value, &s, &d), ERR_USAGE);
	assert_true(strlen(d.message) < 100);
	assert_non_null(strstr(d.message, "..."));
}

static void prints_what_it_holds(void **state)
{
	char out[32];
	struct sample s;

	(void)state;
	options_defaults(table, &s);
	option_print(&table[0], &s, out, sizeof(out));
	assert_string_equal(out, "true");
	option_print(&table[1], &s, out, sizeof(out));
	assert_string_equal(out, "300");
	option_print(&table[2], &s, out, sizeof(out));
	assert_string_equal(out, "blue");
	option_print(&table[3], &s, out, 4);
	assert_string_equal(out, "hel");
	option_print(&table[4], &s, out, sizeof(out));
	assert_string_equal(out, "");
	s.token = "hunter2";
	option_print(&table[4], &s, out, sizeof(out));
	assert_string_equal(out, "***");
}

static void names_of_a_list(const struct option *o, const char *value, const int *expected)
{
	const char *text;
	struct err_detail d;
	int i;

	assert_int_equal(option_parse(o, value, &text, &d), ERR_NONE);
	while ((i = option_list_next(o, &text)) >= 0)
		assert_int_equal(i, *expected++);
	assert_int_equal(i, OPTION_LIST_END);
	assert_int_equal(*expected, -1);
}

static void a_list_has_known_names_in_their_order(void **state)
{
	static const char *const who[] = { "first", "second", "third", NULL };
	static const struct option o = { .name = "who", .type = OPTION_LIST, .max = 2, .text = "first", .choices = who, .help = "Who." };
	static const char *const bad[] = { "", " , ", "fourth", "first, fourth", "first first", "first,second,third", "firs", "firsts" };
	const char *text = "as it was";
	struct err_detail d;
	char out[32];

	(void)state;
	names_of_a_list(&o, "second", (const int[]){ 1, -1 });
	names_of_a_list(&o, "third,first", (const int[]){ 2, 0, -1 });
	names_of_a_list(&o, " second ,\n first\t", (const int[]){ 1, 0, -1 });
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(option_parse(&o, bad[i], &text, &d), ERR_USAGE);
	assert_string_equal(text, "as it was");
	assert_string_equal(d.message, "who: found \"firsts\"");
	assert_string_equal(d.hint, "allowed: one or several of first, second, third, none twice");
	options_defaults((const struct option[]){ o, { .name = NULL } }, &text);
	option_print(&o, &text, out, sizeof(out));
	assert_string_equal(out, "first");
}

static void find_wants_the_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(option_find(table, "b.title"), &table[3]);
	assert_null(option_find(table, "title"));
	assert_null(option_find(table, "b.titles"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_fill_every_field),
		cmocka_unit_test(good_values_are_stored),
		cmocka_unit_test(bad_values_change_nothing),
		cmocka_unit_test(a_mistake_says_found_and_allowed),
		cmocka_unit_test(a_mistake_never_shows_a_secret_or_a_terminal_code),
		cmocka_unit_test(long_values_are_shown_short),
		cmocka_unit_test(prints_what_it_holds),
		cmocka_unit_test(a_list_has_known_names_in_their_order),
		cmocka_unit_test(find_wants_the_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
