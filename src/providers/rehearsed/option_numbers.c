/* Digits, number words and spans of time become what the options' phrases have, so that all that compares words compares these too. A span is counted in
 * months or in days, and only one of the same length is the same: "a year" is twelve months, "nine months" is none of three, six and twelve. */
#include "providers/rehearsed/option_numbers.h"

#include <string.h>

#include "providers/rehearsed/understand.h"

#define MICROS INT64_C(1000000)

enum { MONTHS_OF_YEAR = 12, MONTHS_OF_QUARTER = 3, DAYS_OF_WEEK = 7, DAYS_OF_FORTNIGHT = 14, DAYS_APART = 1 << 20 /* days are never months */,
	ANSWER_WORDS = 40 /* a longer one is a story, and each number in it is looked for in all phrases */ };

/* What stands there and how many words it has; 0: none. */
typedef size_t value_at_h(const struct words *w, size_t at, int64_t *value);

/* "Two", "2", "twenty one", "350"; with a scale behind it the whole of it. */
static size_t number_value(const struct words *w, size_t at, int64_t *value)
{
	int32_t small;
	size_t n = number_small(w, at, &small);

	if (n && !number_scale(w, at + n)) {
		*value = small * MICROS;
		return n;
	}
	if (n || (at < w->count && w->at[at].kind == WORD_NUMBER))
		return number_at(w, at, value);
	return 0;
}

/* How long one of them is: months, or days. */
static int64_t unit_value(const struct words *w, size_t at)
{
	static const struct {
		const char *word;
		int64_t value;
	} units[] = { { "month", 1 }, { "quarter", MONTHS_OF_QUARTER }, { "year", MONTHS_OF_YEAR }, { "day", DAYS_APART }, { "week", (int64_t)DAYS_OF_WEEK * DAYS_APART },
		{ "fortnight", (int64_t)DAYS_OF_FORTNIGHT * DAYS_APART } };
	size_t i;

	for (i = 0; at < w->count && i < sizeof(units) / sizeof(units[0]); i++)
		if (words_stem_same(w->at[at].text, units[i].word))
			return units[i].value;
	return 0;
}

/* How many of them, in halves: "a whole", "half a", "one and a half", "6". */
static size_t count_halves(const struct words *w, size_t at, int64_t *halves)
{
	size_t n, half = 0;
	int32_t count;

	n = words_any_at(w, at, LIST("half a", "half an", "half of a", "half"));
	*halves = n ? 1 : 2;
	n = n ? n : words_any_at(w, at, LIST("a whole", "a full", "one whole", "one full", "a", "an", "the whole", "one"));
	if (n)
		return n;
	n = number_small(w, at, &count);
	if (n && words_at(w, at + n, "and a half", &half))
		n += half;
	*halves = 2 * (int64_t)count + (half != 0);
	return n;
}

/* "Six months", "a year and a half", "half a year": in half months, or half days. */
static size_t span_value(const struct words *w, size_t at, int64_t *value)
{
	size_t n = count_halves(w, at, value), half = 0;
	int64_t unit = n ? unit_value(w, at + n) : 0;

	if (!unit || words_any_at(w, at + n + 1, LIST("ago", "old")))
		return 0;
	if (words_at(w, at + n + 1, "and a half", &half))
		*value += 1;
	*value *= unit;
	return n + 1 + half;
}

/* These words stand in some phrase as they are. */
static bool options_have(const json_t *options, const struct words *w, size_t at, size_t n)
{
	const json_t *option, *text;
	struct words phrase;
	size_t i, j, k, same;

	json_array_foreach(options, i, option)
		json_array_foreach(json_object_get(option, "words"), j, text) {
			words_read(&phrase, json_string_value(text), json_string_length(text));
			for (k = 0; k + n <= phrase.count; k++) {
				for (same = 0; same < n && word_is(&phrase, k + same, w->at[at + same].text); same++)
					;
				if (same == n)
					return true;
			}
		}
	return false;
}

/* The same value as some phrase has it; false: none has. */
static bool option_value_find(const json_t *options, value_at_h *value_at, int64_t wanted, struct words *found)
{
	const json_t *option, *text;
	struct words phrase;
	int64_t value;
	size_t i, j, k, n;

	json_array_foreach(options, i, option)
		json_array_foreach(json_object_get(option, "words"), j, text) {
			words_read(&phrase, json_string_value(text), json_string_length(text));
			for (k = 0; k < phrase.count; k++) {
				n = value_at(&phrase, k, &value);
				if (!n || value != wanted)
					continue;
				found->count = n;
				memcpy(found->at, phrase.at + k, n * sizeof(phrase.at[0]));
				return true;
			}
		}
	return false;
}

/* `words` take the place of n words at `at`. */
static void words_replace(struct words *w, size_t at, size_t n, const struct words *words)
{
	size_t behind = w->count - at - n;
	char mark = w->at[at].before;

	if (at + words->count + behind > WORDS_MAX)
		return;
	memmove(&w->at[at + words->count], &w->at[at + n], behind * sizeof(w->at[0]));
	memcpy(&w->at[at], words->at, words->count * sizeof(w->at[0]));
	w->at[at].before = mark;
	w->count = at + words->count + behind;
}

static void write_alike(const json_t *options, struct words *w, value_at_h *value_at)
{
	struct words as_listed;
	int64_t value;
	size_t at, n;

	for (at = 0; at < w->count; at += n) {
		n = value_at(w, at, &value);
		if (n && !options_have(options, w, at, n) && option_value_find(options, value_at, value, &as_listed)) {
			words_replace(w, at, n, &as_listed);
			n = as_listed.count;
		}
		n += !n;
	}
}

/* Where a number begins that counts or names something: the "one" of "another one" does not. */
static bool has_number(const struct words *phrase, int64_t wanted)
{
	int64_t value;
	size_t k;

	for (k = 0; k < phrase->count; k++)
		if (number_value(phrase, k, &value) && value == wanted && !(k && k + 1 == phrase->count && word_is(phrase, k, "one")))
			return true;
	return false;
}

/* The phrase with the number; NULL: no option has one, or two do. */
static const json_t *phrase_of_number(const json_t *options, int64_t wanted)
{
	const json_t *option, *text, *only = NULL, *of = NULL;
	struct words phrase;
	size_t i, j;

	json_array_foreach(options, i, option)
		json_array_foreach(json_object_get(option, "words"), j, text) {
			words_read(&phrase, json_string_value(text), json_string_length(text));
			if (!has_number(&phrase, wanted))
				continue;
			if (of && of != option)
				return NULL;
			only = of ? only : text;
			of = option;
		}
	return only;
}

/* "9", "at 11 please": nothing but a number that one option has is that option. */
static void write_whole(const json_t *options, struct words *w)
{
	static const char *const small[] = { "at", "for", "the", "a", "just", "please", "um", "uh", "well", "ok", "okay", "yes", "so", "say", "about", "i",
		"would", "like", "take",
		"want", "need", "with", "of", "them", "make", "it", "then", "thanks", NULL };
	const json_t *only;
	int64_t said = 0, value;
	size_t at, n, numbers = 0;

	for (at = 0; at < w->count; at += n) {
		n = number_value(w, at, &value);
		said = n ? value : said;
		numbers += n > 0;
		if (!n && !(n = word_in(w, at, small)))
			return;
	}
	only = numbers == 1 && !distances_asked(options) ? phrase_of_number(options, said) : NULL;
	if (only)
		words_read(w, json_string_value(only), json_string_length(only));
}

void options_in_numbers(const json_t *options, struct words *w)
{
	if (w->count > ANSWER_WORDS)
		return;
	write_alike(options, w, span_value);
	write_alike(options, w, number_value);
	write_whole(options, w);
}

size_t options_number_used(const json_t *options, const struct words *w)
{
	struct words same;
	size_t at, n, used = 0;
	int64_t value;

	for (at = 0; at < w->count && w->count <= ANSWER_WORDS; at += n ? n : 1) {
		n = number_value(w, at, &value);
		if (n && option_value_find(options, number_value, value, &same))
			used = at + n;
	}
	return used;
}
