/* The JSON scanner: what it takes and refuses is what jansson takes and refuses; its pieces are the document's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "deadline.h"

/* The document again, made of the pieces. */
static enum err rewrite(const char *text, struct buf *out)
{
	struct json_scan s;
	struct json_item item;
	char *plain = malloc(strlen(text) + 1);
	size_t len;

	json_scan_init(&s, text, strlen(text));
	while (json_scan_next(&s, &item)) {
		if (item.key) {
			char key[64];

			snprintf(key, sizeof(key), "%.*s", (int)item.key_len, item.key);
			json_put_key(out, key);
		}
		switch (item.kind) {
		case JSON_SCAN_OPEN: json_open(out, item.is_array ? '[' : '{'); break;
		case JSON_SCAN_CLOSE: json_close(out, item.is_array ? ']' : '}'); break;
		case JSON_SCAN_STRING:
			assert_int_equal(json_scan_text(&item, plain, strlen(text), &len), ERR_NONE);
			json_put_text(out, plain, len);
			break;
		case JSON_SCAN_NUMBER: json_put_real(out, strtod(item.text, NULL), 3); break;
		case JSON_SCAN_TRUE: json_put_bool(out, true); break;
		case JSON_SCAN_FALSE: json_put_bool(out, false); break;
		default: json_put_null(out); break;
		}
	}
	free(plain);
	return s.err;
}

static const char *const good[] = {
	"{}", "[]", "0", "\"\"", " null ", "{\"event\":\"media\",\"media\":{\"payload\":\"//\\/A=\",\"chunk\":\"2\"},\"n\":[1,-2.5,1e2,{\"x\":[]}]}",
	"[true,false,null,[[]],{\"a\":{\"b\":{}}}]", "\"\\u00e4\\u20ac\\ud83d\\ude00\\n\\t\\\\\\\"\"", "[ 1 , 2\t,\r\n3 ]", "{\"a\":1,\"a\":2}", "-0.5e-2",
};

static const char *const bad[] = {
	"", " ", "{", "[", "\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "{,}", "{a:1}", "[1 2]", "{\"a\" 1}", "01", "+1", "1.", ".5", "1e", "-", "tru",
	"nul", "True", "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"", "\"a\nb\"", "{}{}", "[]]", "}", "]", "{]", "[}", "1 2", "\"a\" \"b\"", "'a'", "[1]x", "{\"a\":1 \"b\":2}",
	"//", "NaN", "[1,2", "{\"a\":[1}", "\"\\",
};

static void test_good_documents(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct buf once;
		json_t *a = json_loads(good[i], JSON_DECODE_ANY, NULL), *b;

		buf_init(&once, 10000);
		assert_non_null(a);
		assert_int_equal(rewrite(good[i], &once), ERR_NONE);
		b = json_loads(buf_str(&once), JSON_DECODE_ANY, NULL);
		assert_non_null(b);
		if (!strpbrk(good[i], "0123456789") || strchr(good[i], '\\')) /* to jansson 100 is no 100.0 */
			assert_true(json_is_object(a) || json_equal(a, b));
		json_decref(a);
		json_decref(b);
		buf_fini(&once);
	}
}

static void test_bad_documents(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf out;
		json_t *a = json_loads(bad[i], JSON_DECODE_ANY, NULL);

		buf_init(&out, 10000);
		assert_null(a);
		if (!rewrite(bad[i], &out))
			fail_msg("taken: %s", bad[i]);
		buf_fini(&out);
	}
}

static void test_every_cut_is_refused(void **state)
{
	static const char text[] = "{\"event\":\"start\",\"start\":{\"tracks\":[\"inbound\"],\"n\":12.5e1,\"t\":true,\"z\":null,\"u\":\"\\u00e4\"}}";
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(text) - 1; len++) {
		struct json_scan s;
		struct json_item item;

		json_scan_init(&s, text, len);
		while (json_scan_next(&s, &item))
			continue;
		assert_int_equal(s.err, ERR_TRUNCATED);
	}
}

static void test_depth_has_a_ceiling(void **state)
{
	char text[2 * JSON_SCAN_DEPTH + 8];
	struct json_scan s;
	struct json_item item;

	(void)state;
	memset(text, '[', sizeof(text));
	json_scan_init(&s, text, JSON_SCAN_DEPTH + 1);
	while (json_scan_next(&s, &item))
		continue;
	assert_int_equal(s.err, ERR_LIMIT);
	memset(text + JSON_SCAN_DEPTH, ']', JSON_SCAN_DEPTH);
	json_scan_init(&s, text, 2 * JSON_SCAN_DEPTH);
	while (json_scan_next(&s, &item))
		continue;
	assert_int_equal(s.err, ERR_NONE);
}

static void test_leaving_passes_over_what_is_inside(void **state)
{
	static const char text[] = "{\"a\":{\"x\":[1,{\"y\":2}],\"z\":{}},\"b\":7}";
	struct json_scan s;
	struct json_item item;

	(void)state;
	json_scan_init(&s, text, sizeof(text) - 1);
	assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_OPEN);
	assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_OPEN);
	assert_true(json_item_is(&item, "a"));
	assert_false(json_item_is(&item, "aa"));
	json_scan_leave(&s);
	assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_NUMBER);
	assert_true(json_item_is(&item, "b"));
	assert_int_equal(item.depth, 1);
	assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_CLOSE);
	assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_END);
	assert_int_equal(s.err, ERR_NONE);
}

static void test_escapes(void **state)
{
	static const struct {
		const char *text, *plain; /* NULL: half a pair */
	} cases[] = {
		{ "\"a\\/b\"", "a/b" }, { "\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!" }, { "\"\\ud83d\"", NULL }, { "\"\\ude00\\ud83d\"", NULL },
		{ "\"\\ud83d\\u0041\"", NULL }, { "\"\\ud83dx\"", NULL }, { "\"\\b\\f\\n\\r\\t\\\"\\\\\"", "\b\f\n\r\t\"\\" }, { "\"\\u20AC\"", "\xe2\x82\xac" },
	};
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_scan s;
		struct json_item item;
		char out[32];

		json_scan_init(&s, cases[i].text, strlen(cases[i].text));
		assert_int_equal(json_scan_next(&s, &item), JSON_SCAN_STRING);
		assert_true(item.has_escapes);
		assert_int_equal(json_scan_text(&item, out, item.len - 1, &len), ERR_LIMIT);
		assert_int_equal(json_scan_text(&item, out, item.len, &len), cases[i].plain ? ERR_NONE : ERR_FORMAT);
		if (cases[i].plain) {
			assert_int_equal(len, strlen(cases[i].plain));
			assert_memory_equal(out, cases[i].plain, len);
		}
	}
}

static struct json_item first_of(const char *text)
{
	struct json_scan s;
	struct json_item item;

	json_scan_init(&s, text, strlen(text));
	(void)json_scan_next(&s, &item);
	return item;
}

static void test_numbers_are_whole_and_short(void **state)
{
	static const char *const others[] = { "-1", "1.5", "1e3", "1234567890", "\"7\"", "null", "[7]" };
	struct json_item item = first_of("123456789");
	uint64_t number = 7;
	size_t i;

	(void)state;
	assert_true(json_item_number(&item, &number));
	assert_int_equal(number, 123456789);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		item = first_of(others[i]);
		assert_false(json_item_number(&item, &number));
		assert_int_equal(number, 123456789); /* as it was */
	}
}

static void test_texts_come_without_their_escapes(void **state)
{
	struct json_item plain = first_of("\"plain\""), escaped = first_of("\"a\\nb\""), half = first_of("\"\\ud83d\""), number = first_of("7");
	struct buf scratch;
	const char *text;
	size_t len;

	(void)state;
	buf_init(&scratch, 100);
	assert_true(json_item_text(&plain, &scratch, &text, &len));
	assert_ptr_equal(text, plain.text); /* no copy */
	assert_true(json_item_text(&escaped, &scratch, &text, &len));
	assert_int_equal(len, 3);
	assert_memory_equal(text, "a\nb", 3);
	assert_false(json_item_text(&half, &scratch, &text, &len));
	assert_false(json_item_text(&number, &scratch, &text, &len));
	buf_fini(&scratch);
}

static void test_what_is_handed_on_is_one_whole_object(void **state)
{
	static const char *const others[] = { "", "7", "[]", "{", "{} {}", "{\"a\":\"\xff\"}", "{\"a\":[\"\\ud83d\"]}", "{\"a\":01}",
		"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]" };
	static const char whole[] = " {\"a\":[\"\\ud83d\\ude00\",null]} ";
	struct buf scratch;
	size_t i;

	(void)state;
	buf_init(&scratch, 100);
	assert_true(json_is_whole_object(whole, strlen(whole), &scratch));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(json_is_whole_object(others[i], strlen(others[i]), &scratch));
	buf_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_documents),
		cmocka_unit_test(test_bad_documents),
		cmocka_unit_test(test_every_cut_is_refused),
		cmocka_unit_test(test_depth_has_a_ceiling),
		cmocka_unit_test(test_leaving_passes_over_what_is_inside),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_numbers_are_whole_and_short),
		cmocka_unit_test(test_texts_come_without_their_escapes),
		cmocka_unit_test(test_what_is_handed_on_is_one_whole_object),
	};

	return cmocka_run_group_tests(tests, deadline_start, deadline_stop);
}
