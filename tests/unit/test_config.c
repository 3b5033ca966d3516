/* The settings file: values and origins, every refusal with its place, and the little YAML underneath. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/settings.h"
#include "base/yaml.h"

struct sample {
	bool loud;
	int64_t wait_ms;
	int colour;
	const char *title;
	const char *token;
};

static const char *const colours[] = { "red", "green", NULL };

static const struct option first[] = {
	{ .name = "a.loud", .type = OPTION_BOOL, .help = "Loud.", .offset = offsetof(struct sample, loud) },
	{ .name = "a.deep.wait_ms", .type = OPTION_INT, .min = 0, .max = 5000, .value = 300, .unit = "ms", .help = "Wait.",
		.offset = offsetof(struct sample, wait_ms) },
	{ .name = "b.colour", .type = OPTION_CHOICE, .choices = colours, .help = "Colour.", .offset = offsetof(struct sample, colour) },
	{ .name = NULL },
};
static const struct option second[] = {
	{ .name = "b.title", .type = OPTION_TEXT, .text = "hello", .help = "Title.", .offset = offsetof(struct sample, title) },
	{ .name = "b.token", .type = OPTION_TEXT, .secret = true, .help = "Token.", .offset = offsetof(struct sample, token) },
	{ .name = NULL },
};
static const struct option third[] = {
	{ .name = "c.who", .type = OPTION_LIST, .text = "red", .choices = colours, .help = "Who.", .offset = 0 },
	{ .name = NULL },
};
static const struct option *const tables[] = { first, second, third, NULL };

static int setup(void **state)
{
	struct config *c;

	if (config_new(&c, tables))
		return 1;
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	config_free(*state);
	return 0;
}

static enum err load(struct config *c, const char *text, struct err_detail *d)
{
	*d = (struct err_detail){ .message = "" };
	return config_load(c, "f.yaml", text, strlen(text), d);
}

static const char *origin(const struct config *c, const char *name)
{
	for (size_t i = 0; i < config_count(c); i++)
		if (!strcmp(config_at(c, i).option->name, name))
			return config_at(c, i).origin;
	fail_msg("no setting %s", name);
	return NULL;
}

static void starts_with_defaults(void **state)
{
	const struct config *c = *state;

	assert_int_equal(config_count(c), 6);
	assert_false(config_bool(c, "a.loud"));
	assert_int_equal(config_int(c, "a.deep.wait_ms"), 300);
	assert_int_equal(config_choice(c, "b.colour"), 0);
	assert_string_equal(config_text(c, "b.title"), "hello");
	assert_string_equal(origin(c, "b.title"), "default");
	assert_false(config_at(c, 0).is_set);
}

static void file_then_set_with_origins(void **state)
{
	struct config *c = *state;
	struct err_detail d;

	assert_int_equal(load(c, "# mine\na:\n  loud: true\n  deep: {wait_ms: 500}\nb.title: \"42\"\n", &d), ERR_NONE);
	assert_true(config_bool(c, "a.loud"));
	assert_int_equal(config_int(c, "a.deep.wait_ms"), 500);
	assert_string_equal(config_text(c, "b.title"), "42");
	assert_string_equal(origin(c, "a.loud"), "f.yaml:3");
	assert_string_equal(origin(c, "a.deep.wait_ms"), "f.yaml:4");
	assert_string_equal(origin(c, "b.colour"), "default");
	assert_int_equal(config_set(c, "a.deep.wait_ms=7", "--set", &d), ERR_NONE);
	assert_int_equal(config_int(c, "a.deep.wait_ms"), 7);
	assert_string_equal(origin(c, "a.deep.wait_ms"), "--set");
	assert_int_equal(config_set(c, "b.title=a=b", "--set", &d), ERR_NONE);
	assert_string_equal(config_text(c, "b.title"), "a=b");
}

static void a_later_file_wins_over_an_earlier(void **state)
{
	struct config *c = *state;
	struct err_detail d;

	assert_int_equal(load(c, "a: {loud: true}", &d), ERR_NONE);
	assert_int_equal(load(c, "a: {loud: false}", &d), ERR_NONE);
	assert_false(config_bool(c, "a.loud"));
}

static void binding_fills_the_struct(void **state)
{
	struct config *c = *state;
	struct err_detail d;
	struct sample s;

	memset(&s, 0x5a, sizeof(s));
	assert_int_equal(load(c, "b: {colour: green, title: x}\na: {deep: {wait_ms: 9}}", &d), ERR_NONE);
	config_bind(c, first, &s);
	config_bind(c, second, &s);
	assert_false(s.loud);
	assert_int_equal(s.wait_ms, 9);
	assert_int_equal(s.colour, 1);
	assert_string_equal(s.title, "x");
	assert_string_equal(s.token, "");
}

static void a_list_comes_as_a_list_or_as_text(void **state)
{
	struct config *c = *state;
	struct err_detail d;
	const char *bound;

	assert_string_equal(config_list(c, "c.who"), "red");
	assert_int_equal(load(c, "c:\n  who:\n    - green\n    - \"red\"\n", &d), ERR_NONE);
	assert_string_equal(config_list(c, "c.who"), "green, red");
	assert_string_equal(config_origin(c, "c.who"), "f.yaml:3");
	assert_int_equal(load(c, "c: {who: [red]}", &d), ERR_NONE);
	config_bind(c, third, &bound);
	assert_string_equal(bound, "red");
	assert_int_equal(load(c, "c.who: green, red", &d), ERR_NONE);
	assert_string_equal(config_list(c, "c.who"), "green, red");
	assert_int_equal(config_set(c, "c.who=green", "--set", &d), ERR_NONE);
	assert_string_equal(config_list(c, "c.who"), "green");
}

static void nothing_is_fine(void **state)
{
	struct config *c = *state;
	struct err_detail d;

	assert_int_equal(load(c, "", &d), ERR_NONE);
	assert_int_equal(load(c, "# only a comment\n", &d), ERR_NONE);
	assert_int_equal(load(c, "---\n", &d), ERR_NONE);
	assert_int_equal(load(c, "{}", &d), ERR_NONE);
	assert_int_equal(load(c, "a: {}", &d), ERR_NONE);
}

/* text, error, where, part of the message, part of the hint */
static const struct {
	const char *text;
	enum err err;
	const char *where;
	const char *message;
	const char *hint;
} mistakes[] = {
	{ "a:\n  loud: maybe\n", ERR_USAGE, "f.yaml:2:9", "a.loud: found \"maybe\"", "allowed: true or false" },
	{ "a:\n  deep:\n    wait_ms: 5001", ERR_USAGE, "f.yaml:3:14", "a.deep.wait_ms: found \"5001\"", "from 0 to 5000 ms" },
	{ "a: {deep: {wait_ms: \"5\"}}", ERR_USAGE, "f.yaml:1:21", "found text", "a whole number from 0 to 5000 ms" },
	{ "a: {deep: {wait_ms: [5]}}", ERR_USAGE, "f.yaml:1:21", "found a list", "a whole number from 0 to 5000 ms" },
	{ "a: {deep: {wait_ms: {x: 5}}}", ERR_USAGE, "f.yaml:1:21", "found a map", "a whole number from 0 to 5000 ms" },
	{ "a: {deep: {wait_ms: }}", ERR_USAGE, "f.yaml:1:21", "found nothing", "a whole number from 0 to 5000 ms" },
	{ "c: {who: [red, blue]}", ERR_USAGE, "f.yaml:1:10", "c.who: found \"red, blue\"", "one or several of red, green, none twice" },
	{ "c:\n  who: [red, red]", ERR_USAGE, "f.yaml:2:8", "c.who: found \"red, red\"", "none twice" },
	{ "c: {who: []}", ERR_USAGE, "f.yaml:1:10", "c.who: found \"\"", "one or several" },
	{ "c: {who: [[red]]}", ERR_USAGE, "f.yaml:1:10", "c.who: found a list", "one or several" },
	{ "c: {who: [\"red, green\"]}", ERR_USAGE, "f.yaml:1:10", "c.who: found a list", "one or several" },
	{ "c: {who: {red: green}}", ERR_USAGE, "f.yaml:1:10", "c.who: found a map", "one or several" },
	{ "b: {title: ~}", ERR_USAGE, "f.yaml:1:12", "b.title: found nothing", "text" },
	{ "b: {colour: blue}", ERR_USAGE, "f.yaml:1:13", "b.colour: found \"blue\"", "red, green" },
	{ "a: {deep: 3}", ERR_USAGE, "f.yaml:1:11", "a.deep: found a number", "a map of settings" },
	{ "a: [1]", ERR_USAGE, "f.yaml:1:4", "a: found a list", "a map of settings" },
	{ "a:\n  loud: true\n  luod: true\n", ERR_USAGE, "f.yaml:3:3", "a.luod: no such setting", "did you mean a.loud?" },
	{ "wait_ms: 3", ERR_USAGE, "f.yaml:1:1", "wait_ms: no such setting", "did you mean a.deep.wait_ms?" },
	{ "a: {de: {}}", ERR_USAGE, "f.yaml:1:5", "a.de: no such setting", "" },
	{ "a: {deep: {wait_ms: 1}, wait_ms: 2}", ERR_USAGE, "f.yaml:1:25", "a.wait_ms: no such setting", "did you mean a.deep.wait_ms?" },
	{ "completely: {other: 1}", ERR_USAGE, "f.yaml:1:1", "completely: no such setting", "callfunnel config" },
	{ "a: {loud: true}\na.loud: false", ERR_USAGE, "f.yaml:2:1", "a.loud: set twice, first at f.yaml:1", "keep one" },
	{ "a: {loud: true}\nb: {title: x}\na: {loud: true}", ERR_FORMAT, "f.yaml:3:1", "\"a\" stands here twice, first in line 1", "keep one" },
	{ "a: &x {loud: true}", ERR_FORMAT, "f.yaml:1:4", "anchors", "" },
	{ "a: *x", ERR_FORMAT, "f.yaml:1:4", "aliases", "" },
	{ "a: !!map {}", ERR_FORMAT, "f.yaml:1:4", "tags", "" },
	{ "a:\n\tloud: true\n", ERR_FORMAT, "f.yaml:2:1", "not YAML", "never with tabs" },
	{ "a: {loud: true", ERR_FORMAT, "f.yaml:2:1", "not YAML: while parsing a flow mapping", "" },
	{ "a: {loud: true}\n---\na: {}\n", ERR_FORMAT, "f.yaml:2:1", "second document", "" },
	{ "? [a]\n: b\n", ERR_FORMAT, "f.yaml:1:3", "a key that is a list", "" },
	{ "- a\n- b\n", ERR_USAGE, "f.yaml:1:1", "the file: found a list", "a map of settings" },
	{ "just words", ERR_USAGE, "f.yaml:1:1", "the file: found text", "a map of settings" },
	{ "b: {title: \"a\\0b\"}", ERR_FORMAT, "f.yaml:1:12", "NUL", "" },
	{ "b: {title: \"a\\e[2J\"}", ERR_USAGE, "f.yaml:1:12", "b.title: found \"a?[2J\"", "without control" },
	{ "b: {title: \xff\xfe}", ERR_FORMAT, "f.yaml:1:1", "UTF-8", "save the file as UTF-8" },
	{ "a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}}}}}}}", ERR_LIMIT, "f.yaml:1:64", "too deep", "16" },
};

static void every_mistake_says_where_and_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config *c;
		struct err_detail d;
		enum err err;

		assert_int_equal(config_new(&c, tables), ERR_NONE);
		err = load(c, mistakes[i].text, &d);
		if (err != mistakes[i].err || strcmp(d.where, mistakes[i].where) || !strstr(d.message, mistakes[i].message) ||
			!strstr(d.hint, mistakes[i].hint))
			fail_msg("%s\n  gave %s | %s | %s | %s", mistakes[i].text, err_name(err), d.where, d.message, d.hint);
		assert_int_equal(config_load(c, "f.yaml", mistakes[i].text, strlen(mistakes[i].text), NULL), mistakes[i].err);
		config_free(c);
	}
}

static void a_mistake_leaves_the_setting_alone(void **state)
{
	struct config *c = *state;
	struct err_detail d;

	assert_int_equal(config_set(c, "a.deep.wait_ms=12", "--set", &d), ERR_NONE);
	assert_int_equal(config_set(c, "a.deep.wait_ms=x", "--set", &d), ERR_USAGE);
	assert_int_equal(config_int(c, "a.deep.wait_ms"), 12);
	assert_string_equal(d.where, "--set");
	assert_int_equal(config_set(c, "a.deep.wait_ms", "--set", &d), ERR_USAGE);
	assert_non_null(strstr(d.hint, "NAME=VALUE"));
	assert_int_equal(config_set(c, "=3", "--set", &d), ERR_USAGE);
	assert_int_equal(config_set(c, "a.deep.wait=3", "--set", &d), ERR_USAGE);
	assert_non_null(strstr(d.hint, "a.deep.wait_ms"));
}

/* ---- families ---- */

static const struct option open_ended[] = {
	{ .name = "s.known", .type = OPTION_TEXT, .text = "", .max = 20, .help = "Known." },
	{ .name = "s.NAME", .type = OPTION_TEXT, .text = "none", .max = 20, .is_family = true, .help = "Any." },
	{ .name = NULL },
};
static const struct option *const open_tables[] = { first, open_ended, NULL };

static int setup_open(void **state)
{
	struct config *c;

	if (config_new(&c, open_tables))
		return 1;
	*state = c;
	return 0;
}

static void any_name_of_a_family_can_be_set(void **state)
{
	struct config *c = *state;
	size_t before = config_count(c);
	struct err_detail d;

	assert_int_equal(load(c, "s: {known: k, tables: t}\ns.my_shop: m", &d), ERR_NONE);
	assert_int_equal(config_set(c, "s.tables=http://a=b", "--set", &d), ERR_NONE);
	assert_int_equal(config_count(c), before + 2); /* a name is one setting, however often it is set */
	assert_string_equal(config_text(c, "s.known"), "k");
	assert_string_equal(config_text(c, "s.tables"), "http://a=b");
	assert_string_equal(origin(c, "s.tables"), "--set");
	assert_string_equal(config_text(c, "s.my_shop"), "m");
	assert_string_equal(origin(c, "s.my_shop"), "f.yaml:2");
	assert_false(config_find(c, "s.tables")->is_family);
	assert_string_equal(config_text(c, "s.NAME"), "none"); /* what a new one begins with */
	assert_int_equal(load(c, "s: {tables: a}\ns.tables: b", &d), ERR_USAGE);
	assert_non_null(strstr(d.message, "set twice"));
	assert_int_equal(load(c, "s:\n  other: {x: y}", &d), ERR_USAGE);
	assert_string_equal(d.where, "f.yaml:2:10");
	assert_int_equal(config_set(c, "s.tables=a text of more than twenty bytes", "--set", &d), ERR_USAGE);
	assert_string_equal(config_text(c, "s.tables"), "a");
}

static void other_names_are_of_no_family(void **state)
{
	static const char *const bad[] = { "s.NAME=x", "s.=x", "s.Tables=x", "s.a1=x", "s.a-b=x", "s.a.b=x", "s=x", "t.tables=x", "a.tables=x",
		"s.abcdefghijklmnopqrstuvwxyzabcdefghijklmno=x" };
	struct config *c = *state;
	size_t before = config_count(c);
	struct err_detail d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(config_set(c, bad[i], "--set", &d), ERR_USAGE);
	assert_int_equal(config_count(c), before);
	assert_int_equal(config_set(c, "s.abcdefghijklmnopqrstuvwxyzabcdefghijklmn=x", "--set", &d), ERR_NONE);
	assert_int_equal(config_set(c, "s.Tables=x", "--set", &d), ERR_USAGE);
	assert_string_equal(d.message, "s.Tables: no such setting");
	assert_non_null(strstr(d.hint, "s.NAME"));
}

static void families_have_a_ceiling(void **state)
{
	struct config *c = *state;
	struct err_detail d;
	char text[20];

	for (int i = 0; i < CONFIG_MEMBERS_MAX; i++) {
		snprintf(text, sizeof(text), "s.n%c=%d", 'a' + i, i);
		assert_int_equal(config_set(c, text, "--set", &d), ERR_NONE);
	}
	assert_int_equal(config_set(c, "s.more=x", "--set", &d), ERR_LIMIT);
	assert_non_null(strstr(d.message, "s.more"));
	assert_int_equal(load(c, "s: {more: x}", &d), ERR_LIMIT);
	assert_string_equal(d.where, "f.yaml:1:5");
	assert_int_equal(config_set(c, "s.na=again", "--set", &d), ERR_NONE);
	assert_string_equal(config_text(c, "s.na"), "again");
	assert_string_equal(config_text(c, "s.nb"), "1");
}

static void secrets_are_never_printed(void **state)
{
	struct config *c = *state;
	struct err_detail d;
	char out[64];
	struct config_setting s;

	assert_int_equal(load(c, "b: {token: hunter2}", &d), ERR_NONE);
	assert_string_equal(config_text(c, "b.token"), "hunter2");
	s = config_at(c, 4);
	assert_string_equal(s.option->name, "b.token");
	config_print(&s, out, sizeof(out));
	assert_string_equal(out, "***");
	assert_int_equal(load(c, "b: {token: \"hunter2\\x01\"}", &d), ERR_USAGE);
	assert_null(strstr(d.message, "hunter2"));
}

static void files_are_read_and_missed(void **state)
{
	char path[] = P_tmpdir "/callfunnel-config-XXXXXX";
	struct config *c = *state;
	struct err_detail d = { .message = "" };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a: {loud: true}\n", 16), 16);
	close(fd);
	assert_int_equal(config_load_file(c, path, &d), ERR_NONE);
	assert_true(config_bool(c, "a.loud"));
	unlink(path);
	assert_int_equal(config_load_file(c, path, &d), ERR_NOTFOUND);
	assert_string_equal(d.where, path);
	assert_int_equal(config_load_file(c, "/", &d), ERR_IO);
}

static void ceilings_hold(void **state)
{
	struct config *c = *state;
	struct err_detail d;
	struct yaml_doc *doc;
	struct buf b;

	buf_init(&b, 4 * 1024 * 1024);
	for (int i = 0; i < 12000; i++)
		buf_printf(&b, "k%d: 1\n", i);
	assert_int_equal(yaml_doc_parse(&doc, "f", b.data, b.len, &d), ERR_LIMIT);
	assert_null(doc);
	assert_non_null(strstr(d.message, "too many"));
	buf_reset(&b);
	while (b.len <= YAML_DOC_MAX_BYTES)
		buf_text(&b, "# filler filler filler\n");
	assert_int_equal(config_load(c, "f", b.data, b.len, &d), ERR_LIMIT);
	assert_non_null(strstr(d.message, "too large"));
	assert_int_equal(config_load(c, "f", b.data, YAML_DOC_MAX_BYTES, &d), ERR_NONE);
	buf_fini(&b);
}

static void the_tree_has_order_marks_and_kinds(void **state)
{
	static const char text[] = "list:\n  - one\n  - 'two'\n  - {x: 3}\nlast: |\n  a\n  b\n";
	const struct yaml_item *root, *list;
	struct yaml_doc *doc;

	(void)state;
	assert_int_equal(yaml_doc_parse(&doc, "f", text, sizeof(text) - 1, NULL), ERR_NONE);
	root = yaml_doc_root(doc);
	assert_int_equal(root->kind, YAML_KIND_MAP);
	assert_int_equal(root->count, 2);
	list = yaml_find(root, "list");
	assert_ptr_equal(list, root->first);
	assert_int_equal(list->kind, YAML_KIND_LIST);
	assert_int_equal(list->count, 3);
	assert_string_equal(list->first->text, "one");
	assert_false(list->first->is_quoted);
	assert_int_equal(list->first->next->at.line, 3);
	assert_int_equal(list->first->next->at.column, 5);
	assert_true(list->first->next->is_quoted);
	assert_string_equal(yaml_find(list->last, "x")->text, "3");
	assert_string_equal(yaml_describe(yaml_find(list->last, "x")), "a number");
	assert_string_equal(yaml_find(root, "last")->text, "a\nb\n");
	assert_int_equal(yaml_find(root, "last")->key_at.line, 5);
	assert_null(yaml_find(root, "none"));
	yaml_doc_free(doc);
}

static bool all_new(const void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return true;
}

static bool is_named(const void *arg, const char *name)
{
	return !strcmp(arg, name);
}

/* The defaults contradict nothing, equal values are fine, and every pair is found in both directions of change. */
static void settings_of_a_call_have_orders(void **state)
{
	const struct option_order *o, *found;
	struct call_settings s;

	(void)state;
	call_settings_init(&s);
	assert_null(options_contradiction(call_options, call_orders, &s, all_new, NULL));
	for (o = call_orders; o->low; o++) {
		const struct option *low = option_find(call_options, o->low), *high = option_find(call_options, o->high);
		int64_t *at = (int64_t *)(void *)((char *)&s + low->offset), *above = (int64_t *)(void *)((char *)&s + high->offset);
		const struct option_order one[] = { *o, { .low = NULL } };

		call_settings_init(&s);
		*at = *above;
		assert_null(options_contradiction(call_options, one, &s, all_new, NULL));
		++*at;
		found = options_contradiction(call_options, one, &s, all_new, NULL);
		assert_ptr_equal(found, &one[0]);
		assert_ptr_equal(options_contradiction(call_options, one, &s, is_named, o->low), found);
		assert_ptr_equal(options_contradiction(call_options, one, &s, is_named, o->high), found);
		assert_null(options_contradiction(call_options, one, &s, is_named, "another"));
		call_settings_init(&s);
		*above = *at - 1;
		assert_non_null(options_contradiction(call_options, one, &s, all_new, NULL));
	}
}

static void config_of_calls(struct config **c)
{
	static const struct option *const calls[] = { call_options, NULL };

	assert_int_equal(config_new(c, calls), ERR_NONE);
	assert_int_equal(config_judge(*c, call_orders, NULL), ERR_NONE);
}

static void a_contradiction_names_both_sides(void **state)
{
	struct err_detail d = { .message = "" };
	struct config *c;

	(void)state;
	config_of_calls(&c);
	assert_int_equal(load(c, "turn:\n  complete_ms: 900\n  silence_ms: 900\n  open_ms: 800\n", &d), ERR_NONE);
	assert_int_equal(config_judge(c, call_orders, &d), ERR_USAGE);
	assert_string_equal(d.where, "f.yaml:2");
	assert_string_equal(d.message, "turn.complete_ms: found 900 (f.yaml:2), above turn.open_ms: 800 (f.yaml:4)");
	assert_string_equal(d.hint, "allowed: turn.complete_ms at most turn.open_ms; otherwise a whole answer would wait longer than words that want more to follow");
	assert_int_equal(config_set(c, "turn.open_ms=900", "--set", &d), ERR_NONE);
	assert_int_equal(config_judge(c, call_orders, &d), ERR_NONE);
	assert_int_equal(config_set(c, "vad.on=22938", "--set", &d), ERR_NONE);
	assert_int_equal(config_judge(c, call_orders, &d), ERR_NONE);
	assert_int_equal(config_set(c, "vad.off=22939", "--set", &d), ERR_NONE);
	assert_int_equal(config_judge(c, call_orders, &d), ERR_USAGE);
	assert_string_equal(d.where, "--set");
	config_free(c);
	config_of_calls(&c);
	assert_int_equal(load(c, "llm.total_ms: 1400\n", &d), ERR_NONE); /* below a default */
	assert_int_equal(config_judge(c, call_orders, &d), ERR_USAGE);
	assert_string_equal(d.where, "f.yaml:1");
	assert_string_equal(d.message, "llm.second_ms: found 1500 (default), above llm.total_ms: 1400 (f.yaml:1)");
	config_free(c);
}

/* What was once recorded is loaded as it is. */
static void recorded_contradictions_are_loaded(void **state)
{
	const struct option_order *o;
	struct call_settings s, back;
	struct buf b;

	(void)state;
	for (o = call_orders; o->low; o++) {
		const struct option *low = option_find(call_options, o->low), *high = option_find(call_options, o->high);

		call_settings_init(&s);
		*(int64_t *)(void *)((char *)&s + high->offset) = high->min;
		*(int64_t *)(void *)((char *)&s + low->offset) = low->max;
		assert_true(low->max > high->min);
		buf_init(&b, 4096);
		call_settings_encode(&s, &b);
		assert_int_equal(call_settings_decode(&back, b.data, b.len), ERR_NONE);
		assert_memory_equal(&s, &back, sizeof(s));
		buf_fini(&b);
	}
}

static void distances(void **state)
{
	(void)state;
	assert_int_equal(name_distance("", ""), 0);
	assert_int_equal(name_distance("abc", "abc"), 0);
	assert_int_equal(name_distance("abc", ""), 3);
	assert_int_equal(name_distance("abc", "abd"), 1);
	assert_int_equal(name_distance("abc", "acb"), 1);
	assert_int_equal(name_distance("abc", "xabc"), 1);
	assert_int_equal(name_distance("abcd", "bcd"), 1);
	assert_int_equal(name_distance("kitten", "sitting"), 3);
	assert_true(name_is_near("config", 2));
	assert_false(name_is_near("config", 3));
	assert_false(name_is_near("abc", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(starts_with_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(file_then_set_with_origins, setup, teardown),
		cmocka_unit_test_setup_teardown(a_later_file_wins_over_an_earlier, setup, teardown),
		cmocka_unit_test_setup_teardown(binding_fills_the_struct, setup, teardown),
		cmocka_unit_test_setup_teardown(a_list_comes_as_a_list_or_as_text, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_fine, setup, teardown),
		cmocka_unit_test(every_mistake_says_where_and_what),
		cmocka_unit_test_setup_teardown(a_mistake_leaves_the_setting_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(any_name_of_a_family_can_be_set, setup_open, teardown),
		cmocka_unit_test_setup_teardown(other_names_are_of_no_family, setup_open, teardown),
		cmocka_unit_test_setup_teardown(families_have_a_ceiling, setup_open, teardown),
		cmocka_unit_test_setup_teardown(secrets_are_never_printed, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_read_and_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(ceilings_hold, setup, teardown),
		cmocka_unit_test(the_tree_has_order_marks_and_kinds),
		cmocka_unit_test(settings_of_a_call_have_orders),
		cmocka_unit_test(a_contradiction_names_both_sides),
		cmocka_unit_test(recorded_contradictions_are_loaded),
		cmocka_unit_test(distances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
