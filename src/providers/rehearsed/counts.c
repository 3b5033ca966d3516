/* The words around a number that say what it counts. */
#include "providers/rehearsed/counts.h"

#include <string.h>

#include "providers/rehearsed/options.h"
#include "providers/rehearsed/understand.h"

static const char *const persons[] = { "people", "persons", "person", "guests", "adults", "folks", "diners", "heads", "pax", NULL };

/* What is counted: the word behind its "how many"; w->count: nothing is. */
static size_t counted_at(const struct words *question)
{
	struct span how = words_find(question, 0, "how many");

	return how.len && how.from + how.len < question->count ? how.from + how.len : question->count;
}

bool count_is_asked(const struct words *question)
{
	return counted_at(question) < question->count;
}

static bool persons_are_asked(const struct words *question)
{
	size_t at = counted_at(question);

	return word_in(question, at, persons) || words_at(question, at, "of you", &(size_t){ 0 });
}

static bool word_is_of(const struct words *w, size_t at, const struct words *others)
{
	size_t i;

	for (i = 0; others && i < others->count; i++)
		if (words_stem_same(w->at[at].text, others->at[i].text))
			return true;
	return false;
}

/* A number that counts: the "one" of "that one" and "the two bedroom one" does not. */
static size_t count_at(const struct words *w, size_t at, int32_t *count)
{
	static const char *const leads[] = { "and", "plus", "for", "just", "only", "or", "to", "are", "be", NULL };
	bool is_pronoun = word_is(w, at, "one") && at && !w->at[at].before && !word_in(w, at - 1, leads);

	return is_pronoun ? 0 : number_small(w, at, count);
}

/* "We are", "there will be" before it, and nothing that makes of it a time or a part of a longer number. */
static bool stands_for_us(const struct words *w, size_t at, size_t n)
{
	static const char *const leads[] = { "we are", "we will be", "we would be", "there are", "there will be", "there is", NULL };
	static const char *const ends[] = { "now", "actually", "in", "altogether", "instead", "then", "not", "people", "sorry", "please", "today", "tonight", NULL };
	size_t from, len;

	if (at + n < w->count && !w->at[at + n].before && !word_in(w, at + n, ends))
		return false;
	from = at - (at && word_in(w, at - 1, LIST("only", "now", "just", "actually", "going")));
	for (len = 2; len <= 3 && len <= from; len++)
		if (words_any_at(w, from - len, leads) == len)
			return true;
	return false;
}

struct span count_said(const struct words *w, const struct words *question, struct words *number)
{
	struct span said = { 0, 0 };
	size_t at, n, noun, asked = counted_at(question);
	int32_t count;

	for (at = 0; at < w->count; at += n ? n : 1) {
		n = count_at(w, at, &count);
		if (!n || (at && word_negates(w, at - 1) && !w->at[at].before))
			continue;
		noun = at + n < w->count && !w->at[at + n].before;
		noun = noun && ((asked < question->count && words_stem_same(w->at[at + n].text, question->at[asked].text)) ||
			(persons_are_asked(question) && (word_in(w, at + n, persons) || words_any_at(w, at + n, LIST("of us")))));
		if (!noun && !(persons_are_asked(question) && stands_for_us(w, at, n)))
			continue;
		if (said.len && !words_correct(w, said.from + said.len, at))
			return (struct span){ 0, 0 };
		number->count = n;
		memcpy(number->at, w->at + at, n * sizeof(w->at[0]));
		said = (struct span){ at, n + noun };
	}
	return said.len && (word_in(w, said.from + said.len, LIST("and", "plus")) || (said.from && word_in(w, said.from - 1, LIST("and", "plus")))) ?
		(struct span){ 0, 0 } : said;
}

/* ---- more than one thing is counted ---- */

static bool option_has_number(const json_t *options)
{
	const json_t *option, *text;
	struct words phrase;
	size_t i, j, k;
	int32_t count;

	json_array_foreach(options, i, option)
		json_array_foreach(json_object_get(option, "words"), j, text) {
			words_read(&phrase, json_string_value(text), json_string_length(text));
			for (k = 0; k < phrase.count; k++)
				if (count_at(&phrase, k, &count))
					return true;
		}
	return false;
}

/* "Couples", "kids", where people are counted. */
static bool is_other_thing(const json_t *options, const struct words *w, size_t at, const struct words *question)
{
	static const char *const several[] = { "children", "men", "women", "child", "baby", "couple", "pair", "dozen", NULL };
	static const char *const no_things[] = { "this", "thanks", "yes", "always", "perhaps", "does", "guess", "lets", "sometimes", "maths", NULL };
	size_t len = at < w->count ? strlen(w->at[at].text) : 0;

	if (len < 3 || w->at[at].before || w->at[at].kind != WORD_LETTERS)
		return false;
	if (!word_in(w, at, several) && (len < 4 || w->at[at].text[len - 1] != 's' || w->at[at].text[len - 2] == 's' || word_in(w, at, no_things)))
		return false;
	if (question && persons_are_asked(question) && word_in(w, at, persons))
		return false;
	return option_of_own_word(options, w->at[at].text) < 0 && !option_has_word(options, w->at[at].text) && !word_is_of(w, at, question);
}

/* A sum or a time of day beside it is another matter: "twelve months, and forty dollars". */
static bool is_other_matter(const struct words *w, size_t to)
{
	static const char *const units[] = { "dollar", "dollars", "cent", "cents", "rupee", "rupees", "pound", "pounds", "euro", "euros", "am", "pm", "oclock", NULL };

	return word_in(w, to, units);
}

/* "Me and three friends", "four and a baby", "two adults plus my son". */
static bool is_added(const struct words *w, size_t from, size_t to)
{
	static const char *const adds[] = { "and", "plus", NULL };
	int32_t count;
	size_t n;

	if (from > 1 && word_in(w, from - 1, adds) && !word_in(w, from - 2, LIST("yes", "ok", "okay", "well", "um", "uh")))
		return true;
	if (!word_in(w, to, adds))
		return false;
	n = count_at(w, to + 1, &count);
	return n ? !is_other_matter(w, to + 1 + n) : word_in(w, to + 1, LIST("a", "an", "my", "our", "some"));
}

bool count_is_mixed(const json_t *options, const struct words *w, const struct words *question)
{
	size_t at, n, to, behind = 0;
	int32_t count, before = -1;

	if (distances_asked(options) || !option_has_number(options))
		return false;
	for (at = 0; at < w->count; at += n ? n : 1) {
		n = count_at(w, at, &count);
		if (!n || is_other_matter(w, at + n))
			continue;
		to = at + n + (at + n < w->count && !w->at[at + n].before && (word_in(w, at + n, persons) || word_is_of(w, at + n, question) || is_other_thing(options, w, at + n, question)));
		if (is_other_thing(options, w, at + n, question) || is_added(w, at, to))
			return true;
		if (before >= 0 && before != count && !words_correct(w, behind, at) && !(at && word_negates(w, at - 1)))
			return true;
		before = count;
		behind = to;
	}
	return false;
}
