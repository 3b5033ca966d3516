/* Redaction: the checksums, what is found and what is not, one placeholder a value, the way back, the saved map, the time it takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "redact/checksum.h"
#include "redact/numerals.h"
#include "redact/phone.h"
#include "redact/redact.h"
#include "redact/token.h"

static const struct redact_context indian = { .language = "en-IN" };

static void find(const char *text, const struct redact_context *context, struct redact_found *found)
{
	assert_int_equal(redact_find(text, strlen(text), context, found), ERR_NONE);
}

/* The masked text in `out`. */
static void mask(struct redact_map *m, const char *text, const struct redact_context *context, char *out, size_t room)
{
	struct redacted *r;

	assert_int_equal(redact_text(m, text, strlen(text), context, &r), ERR_NONE);
	assert_int_equal(redacted_len(r), strlen(redacted_text(r)));
	snprintf(out, room, "%s", redacted_text(r));
	redacted_free(&r);
	assert_null(r);
}

static void expect_masked(struct redact_map *m, const char *text, const char *want)
{
	char out[512];

	mask(m, text, &indian, out, sizeof(out));
	assert_string_equal(out, want);
}

static void checksums_hold(void **state)
{
	char digits[] = "4111111111111111", uid[] = "999941057058";
	size_t i, k, slips = 0;

	(void)state;
	assert_true(checksum_luhn(digits, 16));
	assert_true(checksum_verhoeff(uid, 12));
	assert_true(checksum_verhoeff("2363", 4));
	assert_false(checksum_luhn("", 0));
	assert_false(checksum_verhoeff("", 0));
	for (i = 0; i < 12; i++) /* every single slip and every swap of neighbours that differ */
		for (k = 1; k < 10; k++) {
			char slip[13];

			memcpy(slip, uid, sizeof(slip));
			slip[i] = (char)('0' + (uid[i] - '0' + (int)k) % 10);
			slips += checksum_verhoeff(slip, 12);
			memcpy(slip, uid, sizeof(slip));
			if (i < 11 && uid[i] != uid[i + 1]) {
				slip[i] = uid[i + 1];
				slip[i + 1] = uid[i];
				slips += checksum_verhoeff(slip, 12);
			}
		}
	assert_int_equal(slips, 0);
	digits[15] = '2';
	assert_false(checksum_luhn(digits, 16));
}

static void words_are_sorted_and_found(void **state)
{
	uint8_t value;
	size_t i;

	(void)state;
	for (i = 0; i < numerals_count; i++) {
		assert_true(!i || strcmp(numerals[i - 1].word, numerals[i].word) < 0);
		assert_int_equal(word_find(numerals[i].word, strlen(numerals[i].word), &value), numerals[i].word_class);
		assert_int_equal(value, numerals[i].value);
	}
	assert_int_equal(word_find("THREE", 5, &value), WORD_DIGIT);
	assert_int_equal(value, 3);
	assert_int_equal(word_find("attaanve", 8, &value), WORD_PAIR);
	assert_int_equal(value, 98);
	assert_int_equal(word_find("ज़ीरो", strlen("ज़ीरो"), &value), WORD_DIGIT);
	assert_int_equal(value, 0);
	assert_int_equal(word_find("zer", 3, &value), WORD_OTHER);
	assert_int_equal(word_find("zeros", 5, &value), WORD_OTHER);
}

static void one_value_has_one_placeholder(void **state)
{
	struct redact_map *m;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	expect_masked(m, "call nine eight seven six five four three two one zero", "call [PHONE_1]");
	expect_masked(m, "or 87654 32109, not 98765-43210.", "or [PHONE_2], not [PHONE_1].");
	expect_masked(m, "card 4111 1111 1111 1111", "card [CARD_1]");
	expect_masked(m, "write to a.b@example.com", "write to [EMAIL_1]");
	expect_masked(m, "a dot b at example dot com", "[EMAIL_1]");
	expect_masked(m, "you said [PHONE_2] and [CARD_1]", "you said [PHONE_2] and [CARD_1]");
	assert_int_equal(redact_map_count(m), 4);
	redact_map_free(&m);
	assert_null(m);
	redact_map_free(&m);
}

static void tools_get_the_value_back(void **state)
{
	static const char args[] = "{\"to\":\"[PHONE_1]\",\"b\":[1],\"c\":\"[PHONE_10] [PHONE_1\",\"d\":\"[CARD_1]\"}";
	struct redact_map *m, *again;
	struct buf saved, out;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	expect_masked(m, "9876543210", "[PHONE_1]");
	buf_init(&saved, 4096);
	buf_init(&out, 4096);
	redact_map_encode(m, &saved);
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len), ERR_NONE);
	redact_restore(again, args, strlen(args), &out);
	assert_string_equal(buf_str(&out), "{\"to\":\"+919876543210\",\"b\":[1],\"c\":\"[PHONE_10] [PHONE_1\",\"d\":\"[CARD_1]\"}");
	expect_masked(again, "8765432109 9876543210", "[PHONE_2] [PHONE_1]");
	buf_reset(&out);
	redact_restore(again, "[PHONE_2]", 9, &out);
	assert_string_equal(buf_str(&out), "+918765432109");
	redact_map_free(&again);
	saved.data[saved.len - 1] = '"';
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len), ERR_FORMAT);
	assert_null(again);
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len - 1), ERR_TRUNCATED);
	redact_map_free(&m);
	buf_fini(&saved);
	buf_fini(&out);
}

static void a_full_map_still_masks(void **state)
{
	struct redact_map *m;
	char text[64], want[64];
	unsigned int i;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	for (i = 0; i < REDACT_MAP_ENTRIES + 3; i++) {
		snprintf(text, sizeof(text), "u%u@example.com", i);
		snprintf(want, sizeof(want), i < REDACT_MAP_ENTRIES ? "[EMAIL_%u]" : "[EMAIL]", i + 1);
		expect_masked(m, text, want);
	}
	expect_masked(m, "u7@example.com", "[EMAIL_8]");
	assert_int_equal(redact_map_count(m), REDACT_MAP_ENTRIES);
	redact_map_free(&m);
}

static void partials_hold_an_open_run(void **state)
{
	struct redact_context partial = { .partial = true };
	static const char whole[] = "my number is 9 8 7 6 5 4 3 2 1 0";
	struct redact_map *m;
	char part[64], out[256];
	size_t digits;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	for (digits = 3; digits <= 10; digits++) {
		snprintf(part, sizeof(part), "%.*s", (int)(12 + 2 * digits), whole);
		mask(m, part, &partial, out, sizeof(out));
		assert_string_equal(out, digits < 10 ? "my number is [NUMBER]" : "my number is [PHONE_1]");
	}
	assert_int_equal(redact_map_count(m), 1);
	mask(m, "in room 421 please", &partial, out, sizeof(out));
	assert_string_equal(out, "in room 421 please");
	redact_map_free(&m);
}

static void a_number_may_begin_a_turn_ago(void **state)
{
	struct redact_context context = { .earlier = "four two four two four two four two", .earlier_len = 35 };
	struct redact_found found;

	(void)state;
	find("yes four two four two four two four two, right", &context, &found);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.entities[0].type, REDACT_CARD);
	assert_string_equal(found.entities[0].value, "4242424242424242");
	assert_int_equal(found.entities[0].start, 0);
	assert_int_equal(found.entities[0].end, 39);
	context.earlier = "my number is 98765 43210";
	context.earlier_len = strlen(context.earlier);
	find("and that is all", &context, &found);
	assert_int_equal(found.count, 0);
}

static void other_numbers_stay(void **state)
{
	static const char *const texts[] = {
		"", " ", "see you at ten thirty on the fourteenth", "it costs 12,34,567 rupees", "order 9876543210 has shipped", "14/08/2031 10:30",
		"no no no", "at the rate of four percent", "meet me at the dot", "@ . @", "a@b", "one two three four five six", "2024-01-15 2024-02-20",
		"ticket number nine eight seven six five four three two one zero", "1700000000", "for for for for to to to too oh oh oh oh",
	};
	struct redact_found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		find(texts[i], NULL, &found);
		if (found.count)
			fail_msg("\"%s\": %s %s", texts[i], redact_type_name(found.entities[0].type), found.entities[0].value);
	}
}

/* A text with one entity: its place and its value. */
struct sighting {
	const char *before, *span, *after, *value;
};

static void expect_sighting(const struct sighting *want)
{
	struct redact_found found;
	char text[256];

	snprintf(text, sizeof(text), "%s%s%s", want->before, want->span, want->after);
	find(text, &indian, &found);
	if (found.count != 1)
		fail_msg("\"%s\": %zu found", text, found.count);
	if (strcmp(found.entities[0].value, want->value) != 0 || found.entities[0].held)
		fail_msg("\"%s\": %s%s", text, found.entities[0].value, found.entities[0].held ? ", held" : "");
	assert_int_equal(found.entities[0].start, strlen(want->before));
	assert_int_equal(found.entities[0].end, strlen(want->before) + strlen(want->span));
}

/* "It's john at …": the s is not the address's. The second half of a name is. */
static void a_contractions_tail_is_no_part_of_an_address(void **state)
{
	static const struct sighting said[] = {
		{ "it's ", "john at gmail dot com", "", "john@gmail.com" },
		{ "it\u2019s ", "john at gmail dot com", "", "john@gmail.com" },
		{ "I'm ", "john at gmail dot com", "", "john@gmail.com" },
		{ "I\u2019ll say ", "john at gmail dot com", "", "john@gmail.com" },
		{ "that's ", "john dot doe at gmail dot com", ", ok", "john.doe@gmail.com" },
		{ "okay so it's ", "john one two at gmail dot com", "", "john12@gmail.com" },
		{ "yes it's ", "r a h u l at gmail dot com", "", "rahul@gmail.com" },
		{ "mail ", "anna at example dot", "", "anna@example." }, /* the rest is still being said */
		{ "mail ", "john (at) gmail.com", " please", "john@gmail.com" },
		{ "mail ", "john [at] gmail [dot] com", "", "john@gmail.com" },
		{ "", "john(at)gmail(dot)com", "", "john@gmail.com" },
		{ "it's ", "alex dot morgan, at, gmail, dot, com", ", ok", "alex.morgan@gmail.com" },
		{ "it's ", "alex-dash-morgan at proton dot me", "", "alex-morgan@proton.me" },
		{ "", "alex-underscore-morgan, at, proton dot me", "", "alex_morgan@proton.me" },
		{ "", "at example dot com", "", "@example.com" }, /* its beginning was not heard */
		{ "it's ", "anna dot at example dot com", "", "anna.@example.com" }, /* nor here its middle */
		{ "we're ", "one two at example dot com", "", "12@example.com" },
		{ "they've ", "a dot b at example dot com", "", "a.b@example.com" },
		{ "so ", "r a h u l at gmail dot com", "", "rahul@gmail.com" },
		{ "mail ", "o'brien at gmail dot com", "", "obrien@gmail.com" },
		{ "mail ", "d\u2019souza dot maria at gmail dot com", "", "dsouza.maria@gmail.com" },
		{ "mail ", "o'brien@example.com", "", "o'brien@example.com" },
		{ "mail ", "o\u2019brien@example.com", "", "o'brien@example.com" },
		{ "it's '", "john@example.com", "'", "john@example.com" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		expect_sighting(&said[i]);
}

/* What is said before "at" and the name of a site is not always a mailbox. */
static void talk_of_a_site_is_no_address(void **state)
{
	static const char *const talk[] = {
		"let's meet at lakeside dot com", "look at lakeside dot com", "I am at lakeside dot com", "I'm at lakeside dot com", "what's at lakeside dot com",
		"it is at lakeside dot com", "we arrive at lakeside dot com", "I work at lakeside dot com", "you can order at lakeside dot com",
		"find me at lakeside dot com", "I meet at lakeside dot com", "can I order at lakeside dot com", "should I look at lakeside dot com",
	};
	static const struct sighting said[] = {
		{ "it's ", "me at lakeside dot com", "", "me@lakeside.com" },
		{ "my email is ", "work at lakeside dot com", "", "work@lakeside.com" },
		{ "write to ", "order at lakeside dot com", "", "order@lakeside.com" },
		{ "let's ", "meet at the rate lakeside dot com", "", "meet@lakeside.com" },
		{ "", "meet two at lakeside dot com", "", "meet2@lakeside.com" },
		{ "", "r meet at lakeside dot com", "", "rmeet@lakeside.com" },
		{ "", "look dot meet at lakeside dot com", "", "look.meet@lakeside.com" },
		{ "", "m e e t at lakeside dot com", "", "meet@lakeside.com" },
		{ "", "i smith at lakeside dot com", "", "ismith@lakeside.com" },
		{ "let's ", "meet@lakeside.com", "", "meet@lakeside.com" },
	};
	struct redact_found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(talk) / sizeof(talk[0]); i++) {
		find(talk[i], NULL, &found);
		if (found.count)
			fail_msg("\"%s\": %s", talk[i], found.entities[0].value);
	}
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		expect_sighting(&said[i]);
}

static void slashes_and_wide_digits_hide_no_number(void **state)
{
	static const struct sighting written[] = {
		{ "card ", "4539/1488/0343/6467", "", "4539148803436467" },
		{ "card ", "4539 / 1488 / 0343 / 6467", ".", "4539148803436467" },
		{ "card ", "4539|1488|0343|6467", "", "4539148803436467" },
		{ "", "9876/543210", " is mine", "+919876543210" },
		{ "", "98/76/54/32/10", "", "+919876543210" },
		{ "", "+91/98765/43210", "", "+919876543210" },
		{ "", "415/555/0132", "", "+14155550132" },
		{ "", "9876543210", "/11", "+919876543210" },
		{ "", "9876543210", "/14/08/2031", "+919876543210" },
		{ "since 12/11/2026: ", "9876/543210", "", "+919876543210" },
		{ "card ", "４５３９ １４８８ ０３４３ ６４６７", "", "4539148803436467" },
		{ "card ", "４５３９／１４８８／０３４３／６４６７", "", "4539148803436467" },
		{ "call ", "９８７６５４３２１０", " now", "+919876543210" },
		{ "call ", "＋９１－９８７６５－４３２１０", "", "+919876543210" },
		{ "mail ", "a.9９＠example．com", "", "a.99@example.com" },
	};
	static const char *const stay[] = {
		"14/08/2031", "on 12/11 or 13/11", "14/08/2031 12/11 08/29", "12/11/2026 13/11/2026 14/11/2026", "2031/08/14, 2031/08/15", "24/7", "１４／０８／２０３１",
		"my phone is from 14/08/2031", "the card ends 08/2029 or 09/2029", "4111/1111/1111/1112", "14/08/2031 - 14/08/2032",
	};
	struct redact_found found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(written) / sizeof(written[0]); i++)
		expect_sighting(&written[i]);
	for (i = 0; i < sizeof(stay) / sizeof(stay[0]); i++) {
		find(stay[i], NULL, &found);
		if (found.count)
			fail_msg("\"%s\": %s", stay[i], found.entities[0].value);
	}
}

/* A number said in calls of these languages. NULL: as in the call before it in the row. */
static void a_country_follows_from_the_call_then_from_the_shape(void **state)
{
	static const char *const languages[] = { "en-US", "en-IN", "hi", "en-GB", "en", "de-DE" };
	static const struct {
		const char *text, *values[6];
	} said[] = {
		{ "617 555 0143", { "+16175550143", "+916175550143", NULL, "+16175550143", NULL, "6175550143" } },
		{ "six one seven five five five zero one four three", { "+16175550143", "+916175550143", NULL, "6175550143", NULL, NULL } },
		{ "702 555 0143", { "+17025550143", "+917025550143", NULL, "+447025550143", "+17025550143", "7025550143" } },
		{ "(702) 555-0143", { "+17025550143", NULL, NULL, NULL, NULL, "7025550143" } },
		{ "98765 43210", { "+19876543210", "+919876543210", NULL, NULL, NULL, "9876543210" } },
		{ "98710 23456", { "+919871023456", NULL, NULL, NULL, NULL, "9871023456" } }, /* no American one: 102 is no exchange */
		{ "9871023456", { "9871023456", "+919871023456", NULL, "9871023456", NULL, NULL } },
		{ "098765 43210", { "+919876543210", NULL, NULL, "+449876543210", "+919876543210", "09876543210" } },
		{ "07700 900123", { "07700900123", "+917700900123", NULL, "+447700900123", "07700900123", NULL } },
		{ "oh seven seven double zero nine double zero one two three", { "07700900123", "+917700900123", NULL, "+447700900123", "07700900123", NULL } },
		{ "my phone is 020 7946 0958", { "02079460958", "+912079460958", NULL, "+442079460958", "02079460958", NULL } },
		{ "my phone is 2025550143", { "+12025550143", "2025550143", NULL, NULL, NULL, NULL } },
		{ "my phone is 202 555 0143", { "+12025550143", NULL, NULL, NULL, NULL, "2025550143" } },
		{ "my phone is 1 202 555 0143", { "+12025550143", NULL, NULL, NULL, NULL, NULL } }, /* said with its country: so it is */
		{ "plus one six one seven five five five zero one four three", { "+16175550143", NULL, NULL, NULL, NULL, NULL } },
		{ "+44 7700 900123", { "+447700900123", NULL, NULL, NULL, NULL, NULL } },
		{ "91 98765 43210", { "+919876543210", NULL, NULL, NULL, NULL, NULL } },
		{ "my phone is 555 0143", { "5550143", NULL, NULL, NULL, NULL, NULL } },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const char *want = NULL;
		struct redact_found first;

		for (k = 0; k < sizeof(languages) / sizeof(languages[0]); k++) {
			struct redact_context context = { .language = languages[k] };
			struct redact_found found;

			want = said[i].values[k] ? said[i].values[k] : want;
			find(said[i].text, &context, &found);
			first = k ? first : found;
			if (found.count != 1 || strcmp(found.entities[0].value, want) != 0)
				fail_msg("\"%s\" in %s: %s", said[i].text, languages[k], found.count ? found.entities[0].value : "nothing");
			assert_int_equal(found.entities[0].type, REDACT_PHONE); /* what is masked is the same everywhere */
			assert_int_equal(found.entities[0].start, first.entities[0].start);
			assert_int_equal(found.entities[0].end, first.entities[0].end);
		}
	}
}

static void a_language_tag_has_a_country(void **state)
{
	static const struct {
		const char *tag, *code;
	} tags[] = {
		{ "en-US", "+1" }, { "es_us", "+1" }, { "en-CA", "+1" }, { "hi", "+91" }, { "hi-Latn", "+91" }, { "hi-Latn-IN", "+91" }, { "TA-in", "+91" }, { "mr", "+91" },
		{ "hi-US", "+1" }, { "en", "" }, { "", "" }, { "bn", "" }, { "bn-BD", "" }, { "es-MX", "" }, { "en-Latn", "" }, { "en-", "" }, { "en-U", "" }, { "en-419", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strcmp(phone_judge(tags[i].tag, "9876543210", 10, "").code, tags[i].code) != 0)
			fail_msg("%s: %s", tags[i].tag, phone_judge(tags[i].tag, "9876543210", 10, "").code);
	assert_string_equal(phone_judge(NULL, "9876543210", 10, "").code, "");
}

static void expect_restored(const struct redact_map *m, const char *text, const char *want)
{
	struct buf out;

	buf_init(&out, 1024);
	redact_restore(m, text, strlen(text), &out);
	assert_string_equal(buf_str(&out), want);
	buf_fini(&out);
}

static void expect_digits(const char *text, bool partial, const char *name, size_t want_least, size_t want_most)
{
	const struct redact_context context = { .language = "en-GB", .question = "Your phone number?", .question_len = 18, .caller = true, .partial = partial };
	size_t least = 0, most = 0;
	struct redact_map *m;
	struct redacted *first, *r;

	assert_int_equal(redact_map_new(&m), ERR_NONE);
	assert_int_equal(redact_text(m, text, strlen(text), &context, &first), ERR_NONE);
	assert_int_equal(redacted_again(first, &r), ERR_NONE); /* the same, and it knows the same */
	assert_string_equal(redacted_text(r), redacted_text(first));
	assert_int_equal(redacted_len(r), redacted_len(first));
	redacted_free(&first);
	assert_non_null(strstr(redacted_text(r), name));
	assert_int_equal(redacted_digits(r, name, &least, &most), want_most > 0);
	assert_int_equal(least, want_least);
	assert_int_equal(most, want_most);
	redacted_free(&r);
	redact_map_free(&m);
}

/* How many digits there are is all that is told of a value, and nothing where nobody knows. */
static void a_placeholder_knows_how_many_digits(void **state)
{
	(void)state;
	expect_digits("one one one one", false, "[NUMBER_1]", 4, 4);
	expect_digits("555 0143", false, "[PHONE_1]", 7, 7);
	expect_digits("07700 900123", false, "[PHONE_1]", 10, 12);
	expect_digits("+33 1 99 00 12 34", false, "[PHONE_1]", 11, 11);
	expect_digits("card 4111 1111 1111 1111 or call 555 0143", false, "[CARD_1]", 16, 16);
	expect_digits("card 4111 1111 1111 1111 or call 555 0143", false, "[PHONE_1]", 7, 7);
	expect_digits("one one one one", true, "[NUMBER]", 0, 0); /* more may come */
	expect_digits("a.1234@example.com", false, "[EMAIL_1]", 0, 0);
	expect_digits("you said [PHONE_7]", false, "[PHONE_7]", 0, 0);
}

static void expect_in(struct redact_map *m, const char *language, const char *text, const char *want)
{
	const struct redact_context context = { .language = language };
	char out[512];

	mask(m, text, &context, out, sizeof(out));
	assert_string_equal(out, want);
}

/* One person, one placeholder: with the country and without, however it is said; what the tool gets learns the country. */
static void a_number_is_one_with_its_country_and_without(void **state)
{
	struct redact_map *m, *again;
	struct buf saved;

	(void)state;
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	expect_in(m, "en-US", "617 555 0143", "[PHONE_1]");
	expect_in(m, "en-US", "plus one six one seven five five five zero one four three or 1-617-555-0143", "[PHONE_1] or [PHONE_1]");
	expect_in(m, "en-US", "6175550143 or +91 61755 50143", "[PHONE_1] or [PHONE_2]"); /* the same digits in another country */
	expect_restored(m, "[PHONE_1] [PHONE_2]", "+16175550143 +916175550143");
	redact_map_free(&m);

	assert_int_equal(redact_map_new(&m), ERR_NONE);
	expect_in(m, "en-GB", "07700 900123 or 7700 900123 or +44 7700 900123", "[PHONE_1] or [PHONE_1] or [PHONE_1]");
	expect_restored(m, "[PHONE_1]", "+447700900123");
	redact_map_free(&m);

	assert_int_equal(redact_map_new(&m), ERR_NONE);
	expect_in(m, "en", "6175550143", "[PHONE_1]");
	expect_restored(m, "[PHONE_1]", "6175550143");
	expect_in(m, "en", "07700900123", "[PHONE_2]");
	expect_in(m, "en", "+44 7700 900123 or +1 617 555 0143", "[PHONE_2] or [PHONE_1]");
	expect_in(m, "en", "07700 900123 or 617 555 0143 or 6175550143", "[PHONE_2] or [PHONE_1] or [PHONE_1]");
	expect_restored(m, "[PHONE_1] [PHONE_2]", "+16175550143 +447700900123");
	expect_in(m, "en", "+91 61755 50143", "[PHONE_3]");
	assert_int_equal(redact_map_count(m), 3);

	buf_init(&saved, 4096);
	redact_map_encode(m, &saved);
	assert_int_equal(redact_map_decode(&again, saved.data, saved.len), ERR_NONE);
	expect_in(again, "en", "6175550143 or 07700 900123 or +91 61755 50143", "[PHONE_1] or [PHONE_2] or [PHONE_3]");
	buf_fini(&saved);
	redact_map_free(&again);
	redact_map_free(&m);
}

/* What the agent has read back stays masked when the country comes to be known, also where nothing but the map says what it is. */
static void what_was_read_back_stays_masked(void **state)
{
	static const char *const numbers[][3] = { /* said, read back, said with its country */
		{ "my phone is 020 7146 0958", "I have 0 2 0 7 1 4 6 0 9 5 8.", "+44 20 7146 0958" },
		{ "my phone is 3071460958", "I have 3 0 7 1 4 6 0 9 5 8.", "+44 307 146 0958" },
		{ "my phone is 022 7146 0958", "I have 0 2 2 7 1 4 6 0 9 5 8.", "+91 22 7146 0958" },
	};
	const struct redact_context ours = { .language = "en", .ours = true };
	char out[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct redact_map *m;

		assert_int_equal(redact_map_new(&m), ERR_NONE);
		expect_in(m, "en", numbers[i][0], "my phone is [PHONE_1]");
		mask(m, numbers[i][1], &ours, out, sizeof(out));
		assert_string_equal(out, "I have [PHONE_1].");
		expect_in(m, "en", numbers[i][2], "[PHONE_1]");
		mask(m, numbers[i][1], &ours, out, sizeof(out));
		assert_string_equal(out, "I have [PHONE_1].");
		redact_map_free(&m);
	}
}

/* A map that was saved when a number without a country and one with it were two. */
static void a_map_with_both_is_taken(void **state)
{
	static const char *const values[] = { "2025550143", "+12025550143" };
	struct redact_map *m, *again;
	struct buf saved, once;
	size_t i;

	(void)state;
	buf_init(&saved, 4096);
	buf_init(&once, 4096);
	for (i = 0; i < 2; i++) {
		const struct redact_found found = { .count = 1, .entities = { { .type = REDACT_PHONE, .end = 1 } } };
		struct redact_found one = found;
		struct redacted *r;

		snprintf(one.entities[0].value, sizeof(one.entities[0].value), "%s", values[i]);
		assert_int_equal(redact_map_new(&m), ERR_NONE);
		assert_int_equal(redact_apply(m, "x", 1, &one, &r), ERR_NONE);
		redacted_free(&r);
		redact_map_encode(m, &saved);
		redact_map_free(&m);
	}
	assert_int_equal(redact_map_decode(&m, saved.data, saved.len), ERR_NONE);
	assert_int_equal(redact_map_count(m), 2);
	expect_in(m, "en-US", "my phone is 202 555 0143", "my phone is [PHONE_2]");
	expect_restored(m, "[PHONE_1] [PHONE_2]", "2025550143 +12025550143");
	redact_map_encode(m, &once);
	assert_int_equal(redact_map_decode(&again, once.data, once.len), ERR_NONE);
	redact_map_free(&again);
	redact_map_free(&m);
	buf_fini(&saved);
	buf_fini(&once);
}

static void ceilings_refuse(void **state)
{
	static char text[REDACT_MAX_BYTES + 1];
	struct redact_map *m;
	struct redacted *r;
	size_t i;

	(void)state;
	memset(text, '7', sizeof(text));
	assert_int_equal(redact_map_new(&m), ERR_NONE);
	assert_int_equal(redact_text(m, text, sizeof(text), NULL, &r), ERR_LIMIT);
	assert_null(r);
	assert_int_equal(redact_text(m, text, sizeof(text) - 1, NULL, &r), ERR_NONE);
	redacted_free(&r);
	for (i = 0; i + 8 < sizeof(text); i += 8)
		memcpy(text + i, "a@b.com ", 8);
	assert_int_equal(redact_text(m, text, 8 * REDACT_ENTITIES, NULL, &r), ERR_NONE);
	redacted_free(&r);
	assert_int_equal(redact_text(m, text, 8 * (REDACT_ENTITIES + 1), NULL, &r), ERR_LIMIT);
	assert_null(r);
	redact_map_free(&m);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The bound itself is for a release build (docs/redaction.md); this holds that time grows with the length only. */
static void time_is_bounded(void **state)
{
	static const char *const turns[] = {
		"yes so my number is nine eight seven six five four three two one zero and the card is four two four two four two four two four two four "
		"two four two four two and you can write to rahul dot verma at gmail com",
		"9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
		"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
		"well I was thinking that we could perhaps meet on a Tuesday afternoon because my daughter has her school play in the morning and then I "
		"must drive to my mother, who lives at the other end of the town, ok",
		"five hundred, six thousand, five hundred, six thousand, five hundred, six thousand, five hundred, six thousand, five hundred, six thousand, "
		"five hundred, six thousand, five hundred, six thousand, five",
		"call one two nine hundred one two nine hundred one two nine hundred one two nine hundred one two nine hundred one two nine hundred one two "
		"nine hundred one two nine hundred one two nine hundred one two nine",
	};
	struct redact_found found;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		double start = seconds(), each;

		for (k = 0; k < 200; k++)
			find(turns[i], NULL, &found);
		each = (seconds() - start) / 200;
		print_message("%zu bytes: %.1f us\n", strlen(turns[i]), each * 1e6);
		assert_true(each < 2e-3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_hold),
		cmocka_unit_test(words_are_sorted_and_found),
		cmocka_unit_test(one_value_has_one_placeholder),
		cmocka_unit_test(tools_get_the_value_back),
		cmocka_unit_test(a_full_map_still_masks),
		cmocka_unit_test(partials_hold_an_open_run),
		cmocka_unit_test(a_number_may_begin_a_turn_ago),
		cmocka_unit_test(other_numbers_stay),
		cmocka_unit_test(a_contractions_tail_is_no_part_of_an_address),
		cmocka_unit_test(talk_of_a_site_is_no_address),
		cmocka_unit_test(slashes_and_wide_digits_hide_no_number),
		cmocka_unit_test(a_country_follows_from_the_call_then_from_the_shape),
		cmocka_unit_test(a_language_tag_has_a_country),
		cmocka_unit_test(a_number_is_one_with_its_country_and_without),
		cmocka_unit_test(a_placeholder_knows_how_many_digits),
		cmocka_unit_test(what_was_read_back_stays_masked),
		cmocka_unit_test(a_map_with_both_is_taken),
		cmocka_unit_test(ceilings_refuse),
		cmocka_unit_test(time_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
