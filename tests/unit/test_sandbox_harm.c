/* Faults of the sandbox: which request meets which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "deadline.h"
#include "sandbox/harm.h"

static const char *const vendors[] = { "ears", "voice", NULL };

static enum err add(struct harms *h, const char *script, struct err_detail *detail)
{
	json_t *json = json_loads(script, 0, NULL);
	enum err err;

	assert_non_null(json);
	err = harms_add(h, json, vendors, detail);
	json_decref(json);
	return err;
}

static void expect(struct harms *h, const char *vendor, enum harm_kind kind)
{
	assert_int_equal(harms_take(h, vendor, "/").kind, kind);
}

static void test_the_nth_request_of_its_vendor(void **state)
{
	struct harms h = { .count = 0 };
	struct err_detail detail;

	(void)state;
	assert_int_equal(add(&h, "{\"vendor\":\"ears\",\"kind\":\"stall\",\"request\":2,\"times\":2,\"after_messages\":3,\"hold_ms\":5}", &detail), ERR_NONE);
	expect(&h, "ears", HARM_NONE);
	expect(&h, "voice", HARM_NONE);
	assert_int_equal(harms_take(&h, "ears", "/").after_messages, 3);
	assert_int_equal(harms_take(&h, "ears", "/").hold_us, 5000);
	expect(&h, "ears", HARM_NONE);
	assert_int_equal(h.list[0].seen, 4);
	assert_int_equal(h.list[0].struck, 2);
}

/* The first of the list strikes; the others count the request as well. */
static void test_one_fault_a_request(void **state)
{
	struct harms h = { .count = 0 };
	struct err_detail detail;

	(void)state;
	assert_int_equal(add(&h, "{\"faults\":[{\"vendor\":\"ears\",\"kind\":\"reset\"},{\"vendor\":\"ears\",\"kind\":\"drip\",\"times\":2}]}", &detail), ERR_NONE);
	expect(&h, "ears", HARM_RESET);
	expect(&h, "ears", HARM_DRIP);
	expect(&h, "ears", HARM_NONE);
	harms_clear(&h);
	expect(&h, "ears", HARM_NONE);
}

static unsigned int row(uint64_t seed, uint64_t *bits)
{
	struct harms h = { .count = 0 };
	struct err_detail detail;
	char script[120];
	unsigned int struck = 0;

	snprintf(script, sizeof(script), "{\"vendor\":\"voice\",\"kind\":\"duplicate\",\"rate\":0.25,\"seed\":%llu}", (unsigned long long)seed);
	assert_int_equal(add(&h, script, &detail), ERR_NONE);
	*bits = 0;
	for (unsigned int i = 0; i < 400; i++) {
		bool strikes = harms_take(&h, "voice", "/").kind;

		struck += strikes;
		*bits = *bits * 31 + strikes;
	}
	return struck;
}

static void test_a_rate_is_drawn_by_its_seed(void **state)
{
	uint64_t first, again, other;

	(void)state;
	assert_in_range(row(1, &first), 70, 130);
	row(1, &again);
	row(2, &other);
	assert_int_equal(first, again);
	assert_int_not_equal(first, other);
}

static void test_all_or_none(void **state)
{
	static const char *const bad[][2] = {
		{ "{\"faults\":[{\"vendor\":\"ears\",\"kind\":\"stall\"},{\"vendor\":\"nose\",\"kind\":\"stall\"}]}", "faults[1].vendor" },
		{ "{\"faults\":[{\"vendor\":\"ears\",\"kind\":\"none\"}]}", "faults[0].kind" },
		{ "{\"faults\":[7]}", "faults[0]" },
		{ "{\"vendor\":\"ears\",\"kind\":\"oversized\",\"bytes\":99999999}", "bytes" },
		{ "{\"vendor\":\"ears\",\"kind\":\"oversized\",\"bytes\":\"many\"}", "bytes" },
		{ "{\"vendor\":\"ears\",\"kind\":\"stall\",\"rate\":0}", "rate" },
		{ "{\"faults\":{},\"more\":1}", "faults" },
	};
	struct harms h = { .count = 0 };
	struct err_detail detail;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(add(&h, bad[i][0], &detail), ERR_FORMAT);
		assert_string_equal(detail.where, bad[i][1]);
		assert_true(detail.message[0]);
		assert_int_equal(h.count, 0);
	}
}

static void test_no_more_than_there_is_room(void **state)
{
	struct harms h = { .count = 0 };
	struct err_detail detail;

	(void)state;
	for (int i = 0; i < HARMS_MAX; i++)
		assert_int_equal(add(&h, "{\"vendor\":\"ears\",\"kind\":\"stall\"}", &detail), ERR_NONE);
	assert_int_equal(add(&h, "{\"vendor\":\"ears\",\"kind\":\"stall\"}", &detail), ERR_LIMIT);
	assert_int_equal(h.count, HARMS_MAX);
}

/* A path is what the request's begins with; requests at another one are not counted. */
static void test_paths(void **state)
{
	struct harms h = { .count = 0 };
	struct err_detail detail;
	json_t *script = json_pack("{s:s, s:s, s:s, s:i}", "vendor", "ears", "kind", "stall", "path", "/v1/audio", "request", 2);

	(void)state;
	assert_int_equal(harms_add(&h, script, vendors, &detail), ERR_NONE);
	assert_int_equal(harms_take(&h, "ears", "/v1/chat").kind, HARM_NONE);
	assert_int_equal(harms_take(&h, "ears", "/v1/audio/speech").kind, HARM_NONE);
	assert_int_equal(harms_take(&h, "ears", "/v1/chat").kind, HARM_NONE);
	assert_int_equal(harms_take(&h, "ears", "/v1/audio/speech").kind, HARM_STALL);
	json_object_set_new(script, "path", json_string("v1"));
	assert_int_equal(harms_add(&h, script, vendors, &detail), ERR_FORMAT);
	assert_string_equal(detail.where, "path");
	json_decref(script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nth_request_of_its_vendor),
		cmocka_unit_test(test_one_fault_a_request),
		cmocka_unit_test(test_a_rate_is_drawn_by_its_seed),
		cmocka_unit_test(test_all_or_none),
		cmocka_unit_test(test_no_more_than_there_is_room),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
