/* Which option of the rule-book has a word among its phrases. */
#include "providers/rehearsed/options.h"

#include <string.h>
#include <strings.h>

#include "providers/rehearsed/meanings.h"
#include "providers/rehearsed/option_numbers.h"
#include "providers/rehearsed/sounds.h"
#include "providers/rehearsed/understand.h"

enum { LENDING_WORDS = 3, ROOT_BYTES = 5, ROOT_ENDING = 3, SOUNDS_LEAST = 3 };

static const char *const common_words[] = { "i", "it", "a", "the", "to", "is", "my", "of", "do", "not", "that", "this", "will",
	"can", "am", "have", "in", "me",
	"you", "we", "be", "for", "another", "want", "need", "pay", "yes", "no", "then", "than", "some", "there", "on", "or", "us",
	"had", "was", "did", "are",
	"so", "as", "at", "hai", "है", "मैं", "दे", "कर", "में", "हैं", "नहीं", "nahi", "dunga", "दूंगा", "दूंगी", "भर", "just", "now",
	"money", "पैसे", "यह",
	"मेरा", "sent", "amount", "रकम", "time", "day", "make", "next", "week", "year", "number", "never", "work",
	"works", "looking", "forget", "about", "give", "something", "somebody", "after", "before", "off", "out", "up", "from", "what",
	"else", "by", "with", NULL };

bool option_word_is_common(const struct words *w, size_t at)
{
	return word_in(w, at, common_words);
}

static bool phrase_lends(const struct words *phrase)
{
	size_t i;

	for (i = 0; i < phrase->count; i++)
		if (word_negates(phrase, i))
			return false;
	return phrase->count <= LENDING_WORDS;
}

static bool option_has(const json_t *option, const char *word, bool lends)
{
	const json_t *words = json_object_get(option, "words");
	struct words phrase;
	size_t i, j;

	for (i = 0; i < json_array_size(words); i++) {
		const json_t *text = json_array_get(words, i);

		words_read(&phrase, json_string_value(text), json_string_length(text));
		for (j = 0; j < phrase.count && (!lends || phrase_lends(&phrase)); j++)
			if (words_stem_same(phrase.at[j].text, word))
				return true;
	}
	return false;
}

int option_of_own_word(const json_t *options, const char *word)
{
	int found = -1;
	size_t i;

	for (i = 0; i < json_array_size(options); i++) {
		if (!option_has(json_array_get(options, i), word, false))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found >= 0 && option_has(json_array_get(options, (size_t)found), word, true) ? found : -1;
}

static bool same_root(const char *a, const char *b)
{
	size_t n = 0, longer;

	while (a[n] && a[n] == b[n])
		n++;
	longer = strlen(a) > strlen(b) ? strlen(a) : strlen(b);
	return words_stem_same(a, b) || (n >= ROOT_BYTES && longer - n <= ROOT_ENDING);
}

int option_of_root(const json_t *options, const char *root)
{
	struct words phrase;
	int found = -1;
	size_t i, j, k;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *words = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(words); j++) {
			words_read(&phrase, json_string_value(json_array_get(words, j)), json_string_length(json_array_get(words, j)));
			for (k = 0; k < phrase.count && !same_root(phrase.at[k].text, root); k++)
				;
			if (k == phrase.count)
				continue;
			if ((found >= 0 && found != (int)i) || !phrase_lends(&phrase))
				return -1;
			found = (int)i;
		}
	}
	return found;
}

static bool words_same(const struct words *a, const struct words *b)
{
	size_t i;

	for (i = 0; a->count == b->count && i < a->count; i++)
		if (!word_is(a, i, b->at[i].text))
			return false;
	return a->count == b->count;
}

int option_of_phrase(const json_t *options, const struct words *w)
{
	struct words phrase;
	int found = -1;
	size_t i, j;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *list = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(list); j++) {
			words_read(&phrase, json_string_value(json_array_get(list, j)), json_string_length(json_array_get(list, j)));
			if (!words_same(&phrase, w))
				continue;
			if (found >= 0 && found != (int)i)
				return -1;
			found = (int)i;
		}
	}
	return w->count ? found : -1;
}

bool option_has_word(const json_t *options, const char *word)
{
	size_t i;

	for (i = 0; i < json_array_size(options); i++)
		if (option_has(json_array_get(options, i), word, false))
			return true;
	return false;
}

static bool is_number(const char *phrase)
{
	struct words w;
	size_t at, n;
	int64_t value;

	words_read(&w, phrase, strlen(phrase));
	for (at = 0; at < w.count && (n = number_at(&w, at, &value)); at += n)
		;
	return at == w.count;
}

bool option_is_named(const json_t *options, const struct words *w)
{
	size_t i, j;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *words = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(words); j++) {
			const char *phrase = json_string_value(json_array_get(words, j));

			if (!is_number(phrase) && understand_phrase(w, phrase).len)
				return true;
		}
	}
	return false;
}

int option_of_word(const json_t *options, const char *const *words)
{
	size_t i, j;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *list = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(list); j++) {
			const char *const *word;

			for (word = words; *word; word++)
				if (!strcasecmp(json_string_value(json_array_get(list, j)), *word))
					return (int)i;
		}
	}
	return -1;
}

/* It becomes the word of the options' phrases that it is in the other script. */
static void option_word_find(const json_t *options, struct word *word)
{
	struct words phrase;
	size_t i, j, k;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *list = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(list); j++) {
			words_read(&phrase, json_string_value(json_array_get(list, j)), json_string_length(json_array_get(list, j)));
			for (k = 0; k < phrase.count; k++)
				if (sounds_same(word->text, phrase.at[k].text, SOUNDS_LEAST)) {
					memcpy(word->text, phrase.at[k].text, sizeof(word->text));
					return;
				}
		}
	}
}

void options_in_script(const json_t *options, struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if ((unsigned char)*w->at[i].text < 0x80 && !meanings_know(w, i) && option_of_own_word(options, w->at[i].text) < 0)
			option_word_find(options, &w->at[i]);
	options_in_numbers(options, w);
}
