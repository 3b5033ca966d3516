/* The JSON writer: commas, escapes, and valid UTF-8 whatever comes in; judged by jansson's strict reader. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/json.h"

static void commas_come_by_themselves(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_open(&b, '{');
	json_pair_string(&b, "a", "x:");
	json_pair_i64(&b, "b", -3);
	json_put_key(&b, "c");
	json_open(&b, '[');
	json_put_u64(&b, UINT64_MAX);
	json_put_bool(&b, true);
	json_put_null(&b);
	json_put_string(&b, "[");
	json_put_string(&b, NULL);
	json_open(&b, '{');
	json_close(&b, '}');
	json_put_real(&b, 1.5, 3);
	json_put_real(&b, (double)NAN, 3);
	json_close(&b, ']');
	json_pair_bool(&b, "d", false);
	json_close(&b, '}');
	assert_string_equal(buf_str(&b),
		"{\"a\":\"x:\",\"b\":-3,\"c\":[18446744073709551615,true,null,\"[\",null,{},1.500,null],\"d\":false}");
	buf_byte(&b, '\n');
	json_open(&b, '[');
	json_close(&b, ']');
	assert_non_null(strstr(buf_str(&b), "}\n[]"));
	buf_fini(&b);
}

static void escapes_what_must_be(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_put_text(&b, "a\"b\\c\n\r\t\0\x1b\x7f/", 12);
	assert_string_equal(buf_str(&b), "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001b\\u007f/\"");
	buf_fini(&b);
}

static void keeps_good_utf8_and_replaces_bad(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} cases[] = {
		{ "\xc3\xa4\xe0\xa4\xb9\xf0\x9f\x98\x80", "\"\xc3\xa4\xe0\xa4\xb9\xf0\x9f\x98\x80\"" },
		{ "a\xff" "b", "\"a\xef\xbf\xbd" "b\"" },
		{ "\xc3", "\"\xef\xbf\xbd\"" },                                     /* cut short */
		{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },                     /* overlong */
		{ "\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },     /* overlong */
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },     /* surrogate */
		{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* past U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b;

		buf_init(&b, 1000);
		json_put_string(&b, cases[i].in);
		assert_string_equal(buf_str(&b), cases[i].out);
		buf_fini(&b);
	}
}

static void any_bytes_make_valid_json(void **state)
{
	uint32_t seed = 12345;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[40];
		struct buf b;
		json_t *read;
		size_t len;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (uint8_t)(seed >> 24);
		}
		len = bytes[0] % sizeof(bytes);
		buf_init(&b, 4000);
		json_put_text(&b, bytes, len);
		read = json_loadb((const char *)b.data, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(read);
		json_decref(read);
		buf_fini(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_come_by_themselves),
		cmocka_unit_test(escapes_what_must_be),
		cmocka_unit_test(keeps_good_utf8_and_replaces_bad),
		cmocka_unit_test(any_bytes_make_valid_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
