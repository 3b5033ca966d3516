/* Keys that were begun ahead are taken, each once; those that nobody takes are dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/jws.h"

static void test_each_is_another_one(void **state)
{
	struct jws_key *keys[4];

	(void)state;
	jws_keys_ahead(3);
	for (size_t i = 0; i < 4; i++) { /* the fourth is made when it is asked for */
		assert_int_equal(jws_key_make(&keys[i]), ERR_NONE);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(jws_key_id(keys[i]), jws_key_id(keys[j]));
	}
	for (size_t i = 0; i < 4; i++)
		jws_key_free(&keys[i]);
}

/* A leak is found by the sanitizer. */
static void test_nobody_takes_them(void **state)
{
	struct jws_key *key;

	(void)state;
	jws_keys_ahead(JWS_AHEAD_MAX + 3);
	assert_int_equal(jws_key_make(&key), ERR_NONE);
	jws_key_free(&key);
	jws_keys_ahead(0);
	jws_keys_ahead(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_another_one),
		cmocka_unit_test(test_nobody_takes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
