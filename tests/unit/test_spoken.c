/* What is said for what is written: every case of tests/vectors/spoken, the way back to the text, the dictionary, ceilings, and what holds for any
 * bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/wording.h"
#include "voice/spoken/spoken.h"

enum { LINE_MAX_BYTES = 4096, CASES_LEAST = 600, RANDOM_TEXTS = 3000, RANDOM_MAX_BYTES = 300 };

static const char *const files[] = { "en-US", "en-IN", "hi", "hi-Latn", "markup", "other", NULL };

/* ---- helpers ---- */

static bool is_utf8(const char *text, size_t len)
{
	size_t i = 0, n;

	while (i < len && (n = utf8_length((const uint8_t *)text + i, len - i)))
		i += n;
	return i == len;
}

/* No byte behind the text is ours, so that reading on is found. */
static void make(struct spoken *s, const struct spoken_how *how, const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);
	assert_int_equal(spoken_make(s, how, exact, len), ERR_NONE);
	free(exact);
}

static void said_is(const struct spoken_how *how, const char *text, const char *want)
{
	struct spoken s;

	spoken_init(&s);
	make(&s, how, text, strlen(text));
	if (strcmp(buf_str(&s.text), want) != 0)
		fail_msg("[%s] \"%s\" gave \"%s\", not \"%s\"", how->language, text, buf_str(&s.text), want);
	spoken_fini(&s);
}

static void said_in(const char *language, const char *text, const char *want)
{
	const struct spoken_how how = { .language = language };

	said_is(&how, text, want);
}

/* ---- what holds for every text ---- */

/* The map: from nothing to all, never back, and only to ends of words. */
static void map_check(const struct spoken *s, const char *text, size_t len)
{
	size_t i, meant, before = 0;

	assert_int_equal(spoken_meant(s, text, len, 0), 0);
	for (i = 1; i <= s->text.len; i++) {
		meant = spoken_meant(s, text, len, i);
		assert_true(meant >= before && meant <= len);
		assert_true(meant == len || !meant || text[meant - 1] != ' ');
		if (is_utf8(text, len))
			assert_true(is_utf8(text, meant));
		before = meant;
	}
	assert_int_equal(spoken_meant(s, text, len, s->text.len + 1), len);
	if (s->text.len)
		assert_int_equal(before, len);
}

static void text_check(const struct spoken_how *how, const char *text, size_t len)
{
	struct spoken s, again;

	spoken_init(&s);
	spoken_init(&again);
	make(&s, how, text, len);
	assert_true(s.text.len <= (len > SPOKEN_MAX_BYTES ? len : SPOKEN_MAX_BYTES));
	if (is_utf8(text, len))
		assert_true(is_utf8(buf_str(&s.text), s.text.len));
	if (s.is_same)
		assert_true(s.text.len == len && (!len || !memcmp(s.text.data, text, len)));
	map_check(&s, text, len);
	make(&again, how, buf_str(&s.text), s.text.len);
	map_check(&again, buf_str(&s.text), s.text.len);
	spoken_fini(&s);
	spoken_fini(&again);
}

/* ---- the cases ---- */

struct vector {
	char text[LINE_MAX_BYTES];
	char *language, *spoken;
	size_t len;
};

static bool vector_read(FILE *f, struct vector *v)
{
	char *line = v->text, *in, *out;

	while (fgets(line, LINE_MAX_BYTES, f)) {
		line[strcspn(line, "\n")] = 0;
		v->language = strchr(line, '\t');
		if (!v->language)
			continue;
		*v->language++ = 0;
		v->spoken = strchr(v->language, '\t');
		assert_non_null(v->spoken);
		*v->spoken++ = 0;
		for (in = out = line; *in; in++) {
			bool ends = in[0] == '\\' && in[1] == 'n';

			*out++ = ends ? '\n' : *in;
			in += ends;
		}
		*out = 0;
		v->len = (size_t)(out - line);
		for (in = out = v->spoken; *in; in++) {
			bool ends = in[0] == '\\' && in[1] == 'n';

			*out++ = ends ? '\n' : *in;
			in += ends;
		}
		*out = 0;
		return true;
	}
	return false;
}

static size_t vectors_each(const char *name, void (*each)(const struct vector *v))
{
	static struct vector v;
	char path[1024];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/spoken/%s.tsv", getenv("CALLFUNNEL_TESTS"), name);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; vector_read(f, &v); count++)
		each(&v);
	fclose(f);
	return count;
}

static void vector_holds(const struct vector *v)
{
	said_in(v->language, v->text, v->spoken);
}

static void every_case_is_said_as_its_vector_says(void **state)
{
	size_t count = 0, i;

	(void)state;
	for (i = 0; files[i]; i++)
		count += vectors_each(files[i], vector_holds);
	assert_true(count >= CASES_LEAST);
}

static void vector_is_settled(const struct vector *v)
{
	said_in(v->language, v->spoken, v->spoken);
}

static void what_is_said_says_itself(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; files[i]; i++)
		vectors_each(files[i], vector_is_settled);
}

static void vector_maps(const struct vector *v)
{
	const struct spoken_how how = { .language = v->language };

	text_check(&how, v->text, v->len);
}

static void every_case_has_a_map(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; files[i]; i++)
		vectors_each(files[i], vector_maps);
}

/* ---- numbers, all of them ---- */

/* The words of every number below a hundred are different, in both languages, and a hundred more of it begins with "one hundred". */
static void numbers_have_words_of_their_own(void **state)
{
	static const char *const languages[] = { "en-US", "hi-IN" }, *const hundreds[] = { "one hundred ", "एक सौ " };
	static char said[100][80];
	char text[8], want[120];
	struct spoken s;
	size_t l, n, k;

	(void)state;
	spoken_init(&s);
	for (l = 0; l < 2; l++) {
		const struct spoken_how how = { .language = languages[l] };

		for (n = 0; n < 100; n++) {
			make(&s, &how, text, (size_t)snprintf(text, sizeof(text), "%zu", n));
			snprintf(said[n], sizeof(said[n]), "%s", buf_str(&s.text));
			for (k = 0; k < n; k++)
				assert_string_not_equal(said[n], said[k]);
			snprintf(text, sizeof(text), "1%02zu", n);
			snprintf(want, sizeof(want), "%s%.99s", hundreds[l], n ? said[n] : "");
			want[strlen(want) - !n] = 0;
			said_is(&how, text, want);
		}
	}
	spoken_fini(&s);
}

/* ---- the way back ---- */

static size_t meant_after(const struct spoken_how *how, const char *text, const char *said)
{
	struct spoken s;
	const char *at;
	size_t meant;

	spoken_init(&s);
	make(&s, how, text, strlen(text));
	at = strstr(buf_str(&s.text), said);
	assert_non_null(at);
	meant = spoken_meant(&s, text, strlen(text), (size_t)(at - buf_str(&s.text)) + strlen(said));
	spoken_fini(&s);
	return meant;
}

static void what_was_heard_is_rounded_down_to_whole_words(void **state)
{
	static const struct {
		const char *text, *said, *meant;
	} cases[] = {
		{ "I owe 1,50,000 now.", "I", "I" },
		{ "I owe 1,50,000 now.", "owe", "I owe" },
		{ "I owe 1,50,000 now.", "one lakh", "I owe" },
		{ "I owe 1,50,000 now.", "fifty", "I owe" },
		{ "I owe 1,50,000 now.", "thousand", "I owe 1,50,000" },
		{ "I owe 1,50,000 now.", "now", "I owe 1,50,000 now" },
		{ "I owe 1,50,000 now.", "now.", "I owe 1,50,000 now." },
		{ "I owe 1,50,000 now.", "I ow", "I" },
		{ "1,50,000 it is", "one lakh", "" },
		{ "1,50,000 it is", "thousand", "1,50,000" },
		{ "**Hello** there", "Hello", "**Hello**" },
		{ "Hi \xf0\x9f\x98\x80 there", "Hi", "Hi \xf0\x9f\x98\x80" },
		{ "Hi \xf0\x9f\x98\x80", "Hi", "Hi \xf0\x9f\x98\x80" },
		{ "9 8 7 6 5 4 3 2 1 0", "nine eight seven", "9 8 7" },
		{ "9 8 7 6 5 4 3 2 1 0", "seven six five", "9 8 7 6 5" },
		{ "₹500/month, yes", "rupees", "₹500" },
		{ "₹500/month, yes", "per", "₹500" },
		{ "₹500/month, yes", "per month", "₹500/month" },
		{ "See [our page](https://example.com) now", "our", "See [our" },
		{ "See [our page](https://example.com) now", "page", "See [our page](https://example.com)" },
		{ "a  b", "a", "a" },
	};
	const struct spoken_how how = { .language = "en-IN" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (meant_after(&how, cases[i].text, cases[i].said) != strlen(cases[i].meant))
			fail_msg("after \"%s\" of \"%s\": %zu", cases[i].said, cases[i].text, meant_after(&how, cases[i].text, cases[i].said));
}

static void a_text_without_anything_to_change_is_the_same(void **state)
{
	const struct spoken_how how = { .language = "en-US" };
	struct spoken s;

	(void)state;
	spoken_init(&s);
	make(&s, &how, "Hello, how are you?", 19);
	assert_true(s.is_same);
	make(&s, &how, "Hello, 5 of you?", 16);
	assert_false(s.is_same);
	make(&s, &how, "", 0);
	assert_true(s.is_same && !s.text.len);
	assert_int_equal(spoken_meant(&s, "", 0, 0), 0);
	spoken_fini(&s);
}

/* ---- what was said before ---- */

static void the_words_before_a_text_say_what_its_digits_are(void **state)
{
	struct spoken_how how = { .language = "en-US" };

	(void)state;
	said_is(&how, "1234 it is.", "one thousand two hundred thirty four it is.");
	how.before = "Sure, your code is:";
	how.before_len = strlen(how.before);
	said_is(&how, "1234 it is.", "one two three four it is.");
	said_is(&how, "is 1234.", "is one two three four.");
	said_is(&how, "We sold 1234.", "We sold one thousand two hundred thirty four.");
	how.before = "That was your code.";
	how.before_len = strlen(how.before);
	said_is(&how, "1234 it is.", "one thousand two hundred thirty four it is.");
}

/* ---- the dictionary ---- */

static const struct spoken_saying sayings[] = {
	{ .word = "SBI", .say = "S B I" },
	{ .word = "SBI Card", .say = "S B I card", .ipa = "kɑːd" },
	{ .word = "Kolkata", .say = "Coal kata", .ipa = "koːlkata" },
	{ .word = "C++", .say = "C plus plus" },
	{ .word = "500", .say = "five oh oh" },
	{ .word = "नेहा", .say = "ने हा" },
};

static void words_of_the_dictionary_are_said_as_it_says(void **state)
{
	static const char *const cases[][2] = {
		{ "Your SBI branch", "Your S B I branch" }, { "Your SBI card", "Your S B I card" }, { "your sbi", "your S B I" },
		{ "SBIs and XSBI", "SBIs and XSBI" }, { "Kolkata.", "Coal kata." }, { "**Kolkata**", "Coal kata" }, { "(kolkata)", "(Coal kata)" }, { "I write C++ now", "I write C plus plus now" },
		{ "500 is 500.", "five oh oh is five oh oh." }, { "5000 left", "five thousand left" }, { "नेहा जी", "ने हा जी" }, { "स्नेहा जी", "स्नेहा जी" },
		{ "SBI-Kolkata", "S B I-Coal kata" },
	};
	struct spoken_how how = { .language = "en-US", .sayings = sayings, .saying_count = sizeof(sayings) / sizeof(sayings[0]) };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		said_is(&how, cases[i][0], cases[i][1]);
	how.language = "ta-IN";
	said_is(&how, "Kolkata 5", "Coal kata 5");
	how.ipa_before = "<<";
	how.ipa_after = ">>";
	said_is(&how, "Kolkata, SBI card, SBI", "<<koːlkata>>, <<kɑːd>>, S B I");
}

/* ---- ceilings and any bytes ---- */

static void a_text_that_grows_too_long_is_left_as_it_is_written(void **state)
{
	const struct spoken_how how = { .language = "hi-IN" };
	static char text[SPOKEN_TEXT_MAX_BYTES + 1];
	struct spoken s;
	size_t len;

	(void)state;
	memset(text, '7', sizeof(text));
	for (len = 1; len < sizeof(text); len += 2)
		text[len] = ' ';
	for (len = 1; len < 4000; len += 37)
		text_check(&how, text, len);
	spoken_init(&s);
	assert_int_equal(spoken_make(&s, &how, text, 1500), ERR_NONE);
	assert_true(s.text.len <= SPOKEN_MAX_BYTES && !memcmp(s.text.data + s.text.len - 3, "7 7", 3));
	assert_int_equal(spoken_make(&s, &how, text, SPOKEN_TEXT_MAX_BYTES), ERR_NONE);
	assert_true(s.text.len <= SPOKEN_TEXT_MAX_BYTES);
	assert_int_equal(spoken_make(&s, &how, text, sizeof(text)), ERR_LIMIT);
	spoken_fini(&s);
}

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Pieces of what readers look for, put together as chance has it. */
static size_t text_draw(char *text, uint32_t *seed)
{
	static const char *const parts[] = { "1", "5", "0", "22", "2026", ",", ".", "-", "/", ":", " ", " ", "  ", "\n", "₹", "$", "Rs.", "€", "%", "am", "pm",
		"a.m.", "Nov", "May ", "Mon", "lakh", "cr", "k", "kg", "km/h", "st", "th", "+", "(", ")", "[", "](", "](x)", "**", "_", "`", "```", "<", ">",
		"<b>", "&amp;", "&", "#", "@", "Dr.", "St.", "no.", "OTP is", "A", "b", "AB", "x", "a@b.co", "www.", "https://", "e.g.", "नेहा",
		"5वीं", "१", "½", "बजे", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "\xef\xb8\x8f", "–", "\xff", "\xc3", "\xe0\xa5", "\xf0\x9f", "।", "|", "---", "SBI", "C++" };
	size_t len = 0, want = dice(seed) % 120;

	while (len < want) {
		const char *part = parts[dice(seed) % (sizeof(parts) / sizeof(parts[0]))];

		memcpy(text + len, part, strlen(part));
		len += strlen(part);
	}
	return len;
}

static void any_bytes_are_taken(void **state)
{
	static const char *const languages[] = { "en-US", "en-IN", "hi-IN", "hi-Latn", "fr-FR", "" };
	char text[RANDOM_MAX_BYTES];
	uint32_t seed = 20261122;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < RANDOM_TEXTS; i++) {
		const struct spoken_how how = { .language = languages[i % 6], .sayings = sayings, .saying_count = i % 7 };

		len = text_draw(text, &seed);
		for (k = 0; i % 4 == 0 && k < len; k += 1 + dice(&seed) % 9)
			text[k] = (char)dice(&seed);
		text_check(&how, text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_said_as_its_vector_says),
		cmocka_unit_test(what_is_said_says_itself),
		cmocka_unit_test(every_case_has_a_map),
		cmocka_unit_test(numbers_have_words_of_their_own),
		cmocka_unit_test(what_was_heard_is_rounded_down_to_whole_words),
		cmocka_unit_test(a_text_without_anything_to_change_is_the_same),
		cmocka_unit_test(the_words_before_a_text_say_what_its_digits_are),
		cmocka_unit_test(words_of_the_dictionary_are_said_as_it_says),
		cmocka_unit_test(a_text_that_grows_too_long_is_left_as_it_is_written),
		cmocka_unit_test(any_bytes_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
