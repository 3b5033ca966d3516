/* Placeholders of numbers that were keyed in: known by their form, left alone by redaction, put into a tool's body, and out of its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conductor/tools_parts.h"
#include "redact/redact.h"

static const struct tool_secret secrets[] = { { "[CARD_K1]", "4000056655665556" }, { "[CVV_K12]", "948" }, { "[CARD_EXPIRY_K3]", "07/31" } };

static void a_placeholder_is_known_by_its_form(void **state)
{
	static const char *const fine[] = { "[CARD_K1]", "[CARD_EXPIRY_K12]", "[NUMBER_K999]" };
	static const char *const others[] = { "", "[", "[]", "[CARD_1]", "[CARD_K]", "[CARD_K1", "CARD_K1]", "[_K1]x", "[K1]", "[card_K1]", "[CARD_K1 ]", "[CARDK1]",
		"[CARD_K11111111111111111111111111111111111111]" };
	char name[REDACT_NAME_BYTES];
	size_t took;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(redact_keyed(fine[i], strlen(fine[i])), strlen(fine[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_true(redact_keyed(others[i], strlen(others[i])) == 0 || !strcmp(others[i], "[_K1]x"));
	redact_keyed_name(REDACT_CARD, UINT32_MAX, name);
	assert_int_equal(redact_keyed(name, strlen(name)), strlen(name));
	assert_string_equal(redact_keyed_find("a [b] [CARD_K1] c", 17, &took), "[CARD_K1] c");
	assert_int_equal(took, 9);
	assert_null(redact_keyed_find("a [b] c", 7, &took));
}

/* As a model gets it, as a tool does, and as the caller hears it. */
static void redaction_leaves_it_and_nobody_hears_it(void **state)
{
	static const char text[] = "{\"value\":\"[CARD_K1]\",\"pin\":\"[PIN_K2]\",\"cvv\":\"[CVV_K3]\"}", said[] = "I have [CARD_K1] and [CVV_K12].";
	struct redact_speaker speaker;
	struct redact_map *map;
	struct redacted *r;
	struct buf b;

	(void)state;
	assert_int_equal(redact_map_new(&map), ERR_NONE);
	assert_int_equal(redact_data(map, text, sizeof(text) - 1, NULL, &r), ERR_NONE);
	assert_string_equal(redacted_text(r), text);
	redacted_free(&r);
	buf_init(&b, 1000);
	redact_restore(map, text, sizeof(text) - 1, &b);
	assert_string_equal(buf_str(&b), text);
	buf_reset(&b);
	redact_speaker_init(&speaker, "en-US");
	for (size_t i = 0; i < sizeof(said) - 1; i++)
		redact_speak(&speaker, map, said + i, 1, &b);
	redact_speak_end(&speaker, &b);
	assert_string_equal(buf_str(&b), "I have that number and that code.");
	buf_fini(&b);
	redact_map_free(&map);
}

static void only_what_fits_is_copied(void **state)
{
	static const struct tool_secret wrong[] = { { "[CARD_1]", "1" }, { "[CARD_K1]", "" }, { "[CARD_K1]", "1\",\"x\":\"2" }, { "[CARD_K1] ", "1" },
		{ "[CARD_K1]", "1234567890123456789012345678901234567890" } };
	struct tool_keyed k;

	(void)state;
	tool_keyed_copy(&k, wrong, sizeof(wrong) / sizeof(wrong[0]));
	assert_int_equal(k.count, 0);
	tool_keyed_copy(&k, secrets, 3);
	assert_int_equal(k.count, 3);
	tool_keyed_wipe(&k);
	assert_int_equal(k.count, 0);
}

static void numbers_go_into_the_body_and_out_of_the_answer(void **state)
{
	struct tool_keyed k;
	struct buf b;

	(void)state;
	tool_keyed_copy(&k, secrets, 3);
	buf_init_private(&b, 1000);
	buf_text(&b, "{\"card\":\"[CARD_K1]\",\"cvv\":\"[CVV_K12]\",\"till\":\"[CARD_EXPIRY_K3]\",\"other\":\"[CVV_K1]\"}");
	tool_keyed_put(&k, &b);
	assert_string_equal(buf_str(&b), "{\"card\":\"4000056655665556\",\"cvv\":\"948\",\"till\":\"07/31\",\"other\":\"[CVV_K1]\"}");
	buf_reset(&b);
	buf_text(&b, "{\"said\":\"card 4000056655665556 x\",\"cvv\":\"948\",\"amount\":94800}");
	tool_keyed_hide(&k, &b);
	assert_string_equal(buf_str(&b), "{\"said\":\"card [CARD_K1] x\",\"cvv\":\"[CVV_K12]\",\"amount\":94800}");
	buf_fini(&b);
}

static const char *judged(const struct rulebook_tool *tool, const char *arguments)
{
	static const char fine[] = "";
	struct tool_keyed k;
	const char *code = fine, *why;
	json_t *json = json_loads(arguments, 0, NULL);

	tool_keyed_copy(&k, secrets, 3);
	if (tool_keyed_judge(&k, tool, json, &code, &why))
		code = fine;
	json_decref(json);
	return code;
}

static void what_cannot_become_a_number_is_not_sent(void **state)
{
	const struct rulebook_tool post = { .method = "POST", .url = "service:pay/charge/{id}" }, get = { .method = "GET", .url = "service:pay/charge" };

	(void)state;
	assert_string_equal(judged(&post, "{\"id\":\"7\",\"card\":\"[CARD_K1]\",\"n\":1}"), "");
	assert_string_equal(judged(&post, "{\"id\":\"7\",\"card\":\"[CARD_K2]\"}"), "keys_lost");
	assert_string_equal(judged(&post, "{\"id\":\"7\",\"card\":\"it is [CARD_K1]\"}"), "bad_arguments");
	assert_string_equal(judged(&post, "{\"id\":\"[CARD_K1]\"}"), "bad_arguments");
	assert_string_equal(judged(&get, "{\"card\":\"[CARD_K1]\"}"), "bad_arguments");
	assert_string_equal(judged(&get, "{\"card\":\"[CARD_1]\"}"), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_placeholder_is_known_by_its_form),
		cmocka_unit_test(redaction_leaves_it_and_nobody_hears_it),
		cmocka_unit_test(only_what_fits_is_copied),
		cmocka_unit_test(numbers_go_into_the_body_and_out_of_the_answer),
		cmocka_unit_test(what_cannot_become_a_number_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
