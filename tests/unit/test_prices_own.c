/* Prices of one's own: read from a file, before the table's, from their day on. Costs are worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/prices.h"

#define TODAY "2027-02-15"

static char path[64];

static enum err load(const char *text, struct err_detail *detail)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	return prices_load(path, TODAY, detail);
}

/* In micro-dollars; UINT64_MAX: no price. */
static uint64_t cost(const char *vendor, const char *model, enum usage_unit unit, uint64_t count, const char *version)
{
	struct usage u = { .vendor = vendor, .model = model };
	uint64_t picos;

	u.units[unit] = count;
	return prices_cost(&u, version, &picos) ? prices_micros(picos) : UINT64_MAX;
}

static void a_contract_is_priced(void **state)
{
	struct err_detail d = { .message = "" };

	(void)state;
	assert_int_equal(load("prices:\n"
		"- {vendor: deepgram, model: nova-3, since: 2026-12-01, hour_of_sound: 0.46}\n"
		"- vendor: cartesia\n  since: 2026-12-01\n  million_characters: 38\n", &d), ERR_NONE);
	assert_string_equal(prices_version(), "2026-12-01");
	assert_int_equal(cost("deepgram", "nova-3", USAGE_AUDIO_SAMPLES, 8000 * 3600, "2026-12-01"), 460000);
	assert_int_equal(cost("deepgram", "nova-3", USAGE_AUDIO_SAMPLES, 8000 * 36, "2026-12-01"), 4600);
	assert_int_equal(cost("deepgram", "nova-2", USAGE_AUDIO_SAMPLES, 8000, "2026-12-01"), UINT64_MAX);
	assert_int_equal(cost("deepgram", "nova-3", USAGE_AUDIO_SAMPLES, 8000, "2026-11-30"), UINT64_MAX); /* not yet */
	assert_int_equal(cost("deepgram", "nova-3", USAGE_AUDIO_SAMPLES, UINT64_C(8000) * 3600 * 1000, "2026-12-01"), 460000000);
	assert_int_equal(cost("deepgram", "nova-3", USAGE_AUDIO_SAMPLES, UINT64_MAX, "2026-12-01"), UINT64_MAX / 1000000 + 1);
	assert_int_equal(cost("cartesia", "sonic-3", USAGE_CHARACTERS, 1000, "2026-12-01"), 38000);
	assert_int_equal(cost("cartesia", "sonic-3", USAGE_OUTPUT_TOKENS, 1, "2026-12-01"), UINT64_MAX);
}

static void own_prices_go_before_ours(void **state)
{
	struct err_detail d = { .message = "" };

	(void)state;
	assert_int_equal(cost("anthropic", "claude-haiku-4-5", USAGE_OUTPUT_TOKENS, 1000, TODAY), 5000);
	assert_int_equal(load("prices: [{vendor: anthropic, model: claude-haiku-4-5, since: 2026-01-01, million_output_tokens: 4.5}]", &d), ERR_NONE);
	assert_string_equal(prices_version(), PRICES_VERSION); /* the table's is newer */
	assert_int_equal(cost("anthropic", "claude-haiku-4-5", USAGE_OUTPUT_TOKENS, 1000, PRICES_VERSION), 4500);
	assert_int_equal(cost("anthropic", "claude-haiku-4-5", USAGE_INPUT_TOKENS, 1, PRICES_VERSION), UINT64_MAX); /* the contract does not say */
	assert_int_equal(cost("anthropic", "claude-sonnet-5-5", USAGE_OUTPUT_TOKENS, 1000, PRICES_VERSION), 10000);
	assert_int_equal(prices_load("", TODAY, &d), ERR_NONE);
	assert_int_equal(cost("anthropic", "claude-haiku-4-5", USAGE_OUTPUT_TOKENS, 1000, PRICES_VERSION), 5000);
}

/* What is agreed for a day to come changes nothing before it. */
static void a_price_holds_from_its_day_on(void **state)
{
	struct err_detail d = { .message = "" };

	(void)state;
	assert_int_equal(load("prices:\n"
		"- {vendor: sarvam, since: 2027-01-01, million_characters: 18}\n"
		"- {vendor: sarvam, since: 2027-02-16, million_characters: 15}\n"
		"- {vendor: sarvam, since: 2026-12-01, million_characters: 20.000001}\n", &d), ERR_NONE);
	assert_string_equal(prices_version(), "2027-01-01");
	assert_int_equal(cost("sarvam", "bulbul", USAGE_CHARACTERS, 1000000, prices_version()), 18000000);
	assert_int_equal(cost("sarvam", "bulbul", USAGE_CHARACTERS, 1000000, "2026-12-24"), 20000001);
	assert_int_equal(cost("sarvam", "bulbul", USAGE_CHARACTERS, 1000000, "2027-02-16"), 15000000);
}

static void a_mistake_names_its_line(void **state)
{
	static const struct {
		const char *text, *where, *message;
	} cases[] = {
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: 0,46}\n", ":2:", "a value is missing" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hours_of_sound: 1}\n", ":2:", "a price has no such entry" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: \"0,46\"}\n", ":2:", "no price in dollars" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: 0.4600001}\n", ":2:", "no price in dollars" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: -1}\n", ":2:", "no price in dollars" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: 1000001}\n", ":2:", "no price in dollars" },
		{ "prices:\n- {vendor: a, since: 2026-13-21, hour_of_sound: 1}\n", ":2:", "no day" },
		{ "prices:\n- {vendor: a, since: 2026-11-21}\n", ":2:", "wants a vendor" },
		{ "prices:\n- {since: 2026-11-21, hour_of_sound: 1}\n", ":2:", "wants a vendor" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: }\n", ":2:", "a value is missing" },
		{ "prices:\n- {vendor: a, since: 2026-11-21, hour_of_sound: 1, prompt_max_tokens: 1e5}\n", ":2:", "no number of tokens" },
		{ "prices:\n- text\n", ":2:", "a price is a map" },
		{ "- {vendor: a, since: 2026-11-21, hour_of_sound: 1}\n", ":1:", "no list of prices" },
		{ "", ":1:", "no list of prices" },
	};
	struct err_detail d;
	size_t i, count;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d = (struct err_detail){ .message = "" };
		assert_int_equal(load(cases[i].text, &d), ERR_FORMAT);
		assert_non_null(strstr(d.where, cases[i].where));
		if (!strstr(d.message, cases[i].message))
			fail_msg("case %zu: \"%s\"", i, d.message);
		assert_true(d.hint[0]);
		prices_own(&count);
		assert_int_equal(count, 0);
	}
	assert_int_equal(prices_load("/nowhere/prices.yaml", TODAY, &d), ERR_NOTFOUND);
}

static void there_is_a_ceiling(void **state)
{
	static char text[64 * (PRICES_OWN_MAX + 2)];
	struct err_detail d = { .message = "" };
	size_t len = (size_t)snprintf(text, sizeof(text), "prices:\n"), count;

	(void)state;
	for (int i = 0; i < PRICES_OWN_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "- {vendor: v%d, since: 2026-11-21, hour_of_sound: 1}\n", i);
	assert_int_equal(load(text, &d), ERR_NONE);
	assert_int_equal(cost("v199", "x", USAGE_AUDIO_SAMPLES, 8000 * 3600, PRICES_VERSION), 1000000);
	snprintf(text + len, sizeof(text) - len, "- {vendor: w, since: 2026-11-21, hour_of_sound: 1}\n");
	assert_int_equal(load(text, &d), ERR_FORMAT);
	prices_own(&count);
	assert_int_equal(count, 0);
}

static int open_file(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/callfunnel-prices-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int forget(void **state)
{
	struct err_detail d;

	(void)state;
	unlink(path);
	return prices_load("", TODAY, &d) ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_contract_is_priced, open_file, forget),
		cmocka_unit_test_setup_teardown(own_prices_go_before_ours, open_file, forget),
		cmocka_unit_test_setup_teardown(a_price_holds_from_its_day_on, open_file, forget),
		cmocka_unit_test_setup_teardown(a_mistake_names_its_line, open_file, forget),
		cmocka_unit_test_setup_teardown(there_is_a_ceiling, open_file, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
