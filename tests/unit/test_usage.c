/* What providers were used for: told, recorded, priced, summed; and what of it turns out to have been for nothing. Expected costs are worked out by
 * hand from the list in docs/providers.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/prices.h"
#include "cli/costs.h"
#include "voice/journal/steps.h"
#include "voice/session/ledger.h"

enum { ROOM = 4096, TOLD_MAX = 64 };

/* What a ledger put, in order; a journal that is full refuses. */
static struct kit {
	struct record_usage told[TOLD_MAX];
	unsigned int count;
	bool is_full;
	uint32_t lives; /* the first utterance that is not over */
	struct ledger ledger;
} kit;

static bool put_h(void *arg, const struct record_usage *record)
{
	struct kit *k = arg;

	if (k->is_full)
		return false;
	assert_true(k->count < TOLD_MAX);
	k->told[k->count++] = *record;
	return true;
}

static bool lives_h(void *arg, uint32_t utterance)
{
	const struct kit *k = arg;

	return utterance >= k->lives;
}

static int begin(void **state)
{
	(void)state;
	kit = (struct kit){ .lives = 1, .ledger = { .put = put_h, .lives = lives_h, .arg = &kit } };
	return 0;
}

static struct record_usage answer(uint32_t gen, uint64_t input, uint64_t output)
{
	return (struct record_usage){ .what = USAGE_ANSWER, .index = gen, .turn = 1, .vendor = "anthropic", .model = "claude-haiku-5-5", .prices = PRICES_VERSION,
		.units = { [USAGE_REQUESTS] = 1, [USAGE_INPUT_TOKENS] = input, [USAGE_OUTPUT_TOKENS] = output } };
}

static struct record_usage utterance(uint32_t id, uint64_t characters)
{
	return (struct record_usage){ .what = USAGE_UTTERANCE, .index = id, .vendor = "cartesia", .model = "sonic", .prices = PRICES_VERSION,
		.units = { [USAGE_CHARACTERS] = characters } };
}

/* The sum of what was put of one unit. */
static uint64_t sum(bool wasted, enum usage_unit unit)
{
	uint64_t amount = 0;
	unsigned int i;

	for (i = 0; i < kit.count; i++)
		if (kit.told[i].is_wasted == wasted)
			amount += kit.told[i].units[unit];
	return amount;
}

/* ---- telling ---- */

static void keep_h(void *arg, const struct usage *u)
{
	*(struct usage *)arg = *u;
}

static void a_text_is_counted_in_characters_and_bytes(void **state)
{
	struct usage u = { .vendor = NULL };

	(void)state;
	usage_tell_text(keep_h, &u, "cartesia", "sonic", "caf\xc3\xa9 \xe2\x82\xb9", 9);
	assert_int_equal(u.units[USAGE_CHARACTERS], 6);
	assert_int_equal(u.units[USAGE_TEXT_BYTES], 9);
	assert_int_equal(u.units[USAGE_REQUESTS], 1);
	usage_tell_text(NULL, NULL, "cartesia", "sonic", "x", 1); /* nobody counts */
	usage_tell_as(keep_h, &u, &u, "second");
	assert_string_equal(u.member, "second");
}

static void sound_is_told_in_stretches_and_to_its_end_once(void **state)
{
	struct usage u = { .vendor = NULL };
	uint64_t told = 0;

	(void)state;
	usage_tell_audio(keep_h, &u, "deepgram", "nova-3", USAGE_TELL_SAMPLES - 1, &told, false);
	assert_null(u.vendor);
	usage_tell_audio(keep_h, &u, "deepgram", "nova-3", USAGE_TELL_SAMPLES + 100, &told, false);
	assert_int_equal(u.units[USAGE_AUDIO_SAMPLES], USAGE_TELL_SAMPLES + 100);
	usage_tell_audio(keep_h, &u, "deepgram", "nova-3", USAGE_TELL_SAMPLES + 101, &told, true);
	assert_int_equal(u.units[USAGE_AUDIO_SAMPLES], 1);
	u.vendor = NULL;
	usage_tell_audio(keep_h, &u, "deepgram", "nova-3", USAGE_TELL_SAMPLES + 101, &told, true);
	assert_null(u.vendor);
}

/* ---- records ---- */

static void a_record_comes_back(void **state)
{
	struct record_usage in = { .at_us = 7, .what = USAGE_STREAM, .turn = 3, .index = 9, .is_wasted = true, .vendor = "v", .model = "m", .member = "first",
		.is_estimated = true, .prices = "2026-11-21" }, out;
	struct record_meter m;
	struct buf b;
	size_t cut;

	(void)state;
	for (unsigned int i = 0; i < USAGE_UNITS; i++)
		in.units[i] = UINT64_C(1) << (7 * i);
	buf_init(&b, ROOM);
	record_usage_encode(&in, &b);
	assert_int_equal(record_usage_decode(&out, b.data, b.len), ERR_NONE);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(record_meter_decode(&m, b.data, b.len), ERR_NONE); /* whoever knows meters alone sees one that he does not know */
	assert_true(m.meter == METER_USAGE && !m.amount && m.at_us == 7);
	for (cut = 0; cut < b.len; cut++)
		(void)!record_usage_decode(&out, b.data, cut);
	buf_reset(&b);
	record_meter_encode(&(struct record_meter){ .meter = METER_STT_MS, .amount = 5 }, &b);
	assert_int_equal(record_usage_decode(&out, b.data, b.len), ERR_NOTFOUND);
	buf_fini(&b);
}

static void names_that_are_too_long_are_cut(void **state)
{
	char name[200];
	struct record_usage r;
	struct buf b;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	r = (struct record_usage){ .what = USAGE_ANSWER };
	record_usage_take(&r, &(struct usage){ .vendor = name, .model = name, .member = name });
	assert_int_equal(strlen(r.vendor), USAGE_NAME_MAX - 1);
	buf_init(&b, ROOM);
	wire_put_u64(&b, 2, METER_USAGE);
	wire_put_u64(&b, 4, USAGE_ANSWER);
	wire_put_text(&b, 8, name);
	assert_int_equal(record_usage_decode(&r, b.data, b.len), ERR_NONE);
	assert_int_equal(strlen(r.vendor), USAGE_NAME_MAX - 1);
	buf_fini(&b);
}

/* ---- prices ---- */

static uint64_t micros(const char *model, struct usage u)
{
	uint64_t picos;

	u.vendor = "anthropic";
	u.model = model;
	assert_true(prices_cost(&u, PRICES_VERSION, &picos));
	return prices_micros(picos);
}

static void answers_cost_what_the_list_says(void **state)
{
	struct usage u = { .units = { [USAGE_INPUT_TOKENS] = 1000, [USAGE_CACHE_READ_TOKENS] = 99000, [USAGE_OUTPUT_TOKENS] = 100 } };

	(void)state;
	assert_int_equal(micros("claude-haiku-5-5", u), 100 + 990 + 50);
	u.units[USAGE_CACHE_READ_TOKENS]++; /* one token over the first 100,000 */
	assert_int_equal(micros("claude-haiku-5-5-20261001", u), 500 + 4951 + 250);
	u = (struct usage){ .units = { [USAGE_CACHE_WRITE_5M_TOKENS] = 1000, [USAGE_CACHE_WRITE_1H_TOKENS] = 1000, [USAGE_CACHE_READ_TOKENS] = 1000 } };
	assert_int_equal(micros("claude-opus-5-5", u), 5000 + 8000 + 200);
	u = (struct usage){ .units = { [USAGE_OUTPUT_TOKENS] = 1 } };
	assert_int_equal(micros("claude-haiku-5-5", u), 1); /* rounded up */
	u = (struct usage){ .units = { [USAGE_OUTPUT_TOKENS] = UINT64_MAX } };
	assert_int_equal(micros("claude-opus-5-5", u), UINT64_MAX / 1000000 + 1); /* no wrap */
}

static void what_has_no_price_is_not_free(void **state)
{
	struct usage u = { .vendor = "anthropic", .model = "claude-haiku-5-55", .units = { [USAGE_OUTPUT_TOKENS] = 1 } };
	uint64_t picos = 1;

	(void)state;
	assert_false(prices_cost(&u, PRICES_VERSION, &picos));
	assert_int_equal(picos, 0);
	u.model = "claude-haiku-5-5";
	assert_true(prices_cost(&u, PRICES_VERSION, &picos));
	assert_false(prices_cost(&u, "2026-01-01", &picos)); /* before the row was there */
	u.units[USAGE_CHARACTERS] = 1;
	assert_false(prices_cost(&u, PRICES_VERSION, &picos)); /* a part of it has none */
	u = (struct usage){ .vendor = "local", .model = "flite", .units = { [USAGE_CHARACTERS] = 100, [USAGE_AUDIO_SAMPLES] = 100 } };
	assert_true(prices_cost(&u, PRICES_VERSION, &picos));
	assert_int_equal(picos, 0);
}

/* ---- the ledger ---- */

static void an_answer_counts_once_and_is_wasted_when_thrown_away(void **state)
{
	struct record_usage kept = answer(1, 100, 10), thrown = answer(2, 200, 20), late = answer(3, 300, 30), mute = answer(4, 400, 0);

	(void)state;
	ledger_answer(&kit.ledger, &kept, true);
	ledger_answer(&kit.ledger, &thrown, true); /* told to its end, then thrown away */
	ledger_discard(&kit.ledger, 2);
	ledger_discard(&kit.ledger, 2);
	ledger_discard(&kit.ledger, 3);            /* thrown away while it is told */
	ledger_answer(&kit.ledger, &late, true);
	ledger_answer(&kit.ledger, &mute, false);  /* another attempt was faster */
	assert_int_equal(sum(false, USAGE_INPUT_TOKENS), 1000);
	assert_int_equal(sum(true, USAGE_INPUT_TOKENS), 200 + 300 + 400);
	assert_int_equal(sum(true, USAGE_OUTPUT_TOKENS), 50);
}

/* Two voices had the same text, and one was slower: what is heard of the utterance says nothing of that one. */
static void who_was_slower_is_wasted_at_once(void **state)
{
	struct record_usage slow = utterance(1, 40), quick = utterance(1, 40);

	(void)state;
	ledger_said(&kit.ledger, 1, 40);
	ledger_lost(&kit.ledger, &slow);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 40);
	ledger_utterance(&kit.ledger, &quick);
	ledger_heard(&kit.ledger, 1, 40);
	ledger_settle(&kit.ledger, true);
	assert_int_equal(sum(false, USAGE_CHARACTERS), 80);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 40);
}

static void words_that_nobody_heard_are_wasted(void **state)
{
	struct record_usage whole = utterance(1, 80), half = utterance(2, 100), none = utterance(3, 40);

	(void)state;
	ledger_said(&kit.ledger, 1, 40);
	ledger_utterance(&kit.ledger, &whole);
	ledger_heard(&kit.ledger, 1, 40);
	ledger_said(&kit.ledger, 2, 50);
	ledger_heard(&kit.ledger, 2, 10);
	ledger_utterance(&kit.ledger, &half); /* cut: told behind that */
	ledger_heard(&kit.ledger, 2, 25);     /* a mark that came late */
	ledger_said(&kit.ledger, 3, 20);
	ledger_utterance(&kit.ledger, &none);
	ledger_settle(&kit.ledger, false);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 0); /* none of them is over */
	kit.lives = 3;
	ledger_settle(&kit.ledger, false);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 50);
	assert_true(kit.told[kit.count - 1].is_estimated);
	ledger_settle(&kit.ledger, true);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 90);
	assert_int_equal(sum(false, USAGE_CHARACTERS), 220);
	ledger_settle(&kit.ledger, true);
	assert_int_equal(kit.count, 5);
}

static void what_a_voice_says_again_was_said_in_vain_before(void **state)
{
	struct record_usage died = utterance(1, 30), again = utterance(1, 30);

	(void)state;
	ledger_said(&kit.ledger, 1, 30);
	ledger_utterance(&kit.ledger, &died);
	ledger_said(&kit.ledger, 1, 30);
	ledger_utterance(&kit.ledger, &again);
	ledger_heard(&kit.ledger, 1, 30);
	ledger_settle(&kit.ledger, true);
	assert_int_equal(sum(false, USAGE_CHARACTERS), 60);
	assert_int_equal(sum(true, USAGE_CHARACTERS), 30);
}

static void nothing_is_lost_in_a_journal_that_is_full_for_a_while(void **state)
{
	struct record_usage r = answer(1, 100, 10), other = utterance(1, 5);
	uint32_t gen;

	(void)state;
	kit.is_full = true;
	ledger_stream(&kit.ledger, &other);
	for (gen = 1; gen <= 3 * LEDGER_OWED; gen++) {
		r.index = gen;
		ledger_answer(&kit.ledger, &r, true);
	}
	other.what = USAGE_STREAM;
	ledger_stream(&kit.ledger, &other); /* the first of its kind, behind many of another */
	assert_int_equal(kit.ledger.lost, 0);
	kit.is_full = false;
	ledger_settle(&kit.ledger, true);
	assert_int_equal(sum(false, USAGE_INPUT_TOKENS), 100 * 3 * LEDGER_OWED);
	assert_int_equal(sum(false, USAGE_CHARACTERS), 10);
	assert_int_equal(kit.count, LEDGER_OWED / 4 + 1);
}

static void more_utterances_than_there_is_room_for_are_settled_from_the_oldest(void **state)
{
	uint32_t id;

	(void)state;
	for (id = 1; id <= LEDGER_UTTERANCES + 4; id++) {
		struct record_usage r = utterance(id, 10);

		ledger_said(&kit.ledger, id, 10);
		ledger_utterance(&kit.ledger, &r);
	}
	assert_int_equal(sum(true, USAGE_CHARACTERS), 40);
	assert_int_equal(kit.told[kit.count - 2].index, 4);
}

/* ---- costs ---- */

static void costs_are_summed_by_vendor_and_model(void **state)
{
	struct record_usage kept = answer(1, 1000000, 0), thrown = answer(2, 15, 0), voice = utterance(1, 100);
	uint64_t all, wasted;
	struct costs c = { .count = 0 };
	struct buf b;

	(void)state;
	costs_add(&c, &kept); /* over 100,000: 0.5 a million */
	costs_add(&c, &thrown);
	thrown.is_wasted = true;
	costs_add(&c, &thrown);
	assert_true(costs_total(&c, &all, &wasted));
	assert_int_equal(all, 500000 + 2); /* 1.5, rounded up once */
	assert_int_equal(wasted, 2);
	costs_add(&c, &voice);
	assert_false(costs_total(&c, &all, &wasted));
	assert_int_equal(all, 500000 + 2);
	assert_int_equal(c.count, 2);
	buf_init(&b, 1 << 16);
	costs_text(&b, &c);
	assert_non_null(strstr(buf_str(&b), "cartesia sonic: 100 characters; price unknown\n"));
	assert_non_null(strstr(buf_str(&b), "total: $0.500002, of which wasted: $0.000002; what has no price is not in it"));
	buf_reset(&b);
	costs_json(&b, &c);
	assert_non_null(strstr(buf_str(&b), "\"micros\":null"));
	buf_fini(&b);
}

static void more_providers_than_rows_are_told(void **state)
{
	struct costs c = { .count = 0 };
	uint64_t all, wasted;
	unsigned int i;

	(void)state;
	for (i = 0; i <= COSTS_ROWS_MAX; i++) {
		struct record_usage r = { .what = USAGE_STREAM, .vendor = "local", .prices = PRICES_VERSION };

		r.model[0] = (char)('A' + i);
		costs_add(&c, &r);
	}
	assert_int_equal(c.passed_over, 1);
	assert_false(costs_total(&c, &all, &wasted));
}

#define UNIT(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(a_text_is_counted_in_characters_and_bytes),
		UNIT(sound_is_told_in_stretches_and_to_its_end_once),
		UNIT(a_record_comes_back),
		UNIT(names_that_are_too_long_are_cut),
		UNIT(answers_cost_what_the_list_says),
		UNIT(what_has_no_price_is_not_free),
		UNIT(an_answer_counts_once_and_is_wasted_when_thrown_away),
		UNIT(who_was_slower_is_wasted_at_once),
		UNIT(words_that_nobody_heard_are_wasted),
		UNIT(what_a_voice_says_again_was_said_in_vain_before),
		UNIT(nothing_is_lost_in_a_journal_that_is_full_for_a_while),
		UNIT(more_utterances_than_there_is_room_for_are_settled_from_the_oldest),
		UNIT(costs_are_summed_by_vendor_and_model),
		UNIT(more_providers_than_rows_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
