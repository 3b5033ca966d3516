#include "providers/rehearsed/agreement.h"

#include <string.h>

#include "providers/rehearsed/understand.h"

enum { TELLING_BYTES = 4 };

static const char *const yeses[] = { "yes", "yeah", "yep", "yup", NULL };
static const char *const nos[] = { "no", "nope", "nah", NULL };
static const char *const fillers[] = { "oh", "um", "uh", "well", "so", "ok", "okay", "thankfully", "luckily", "fortunately", "thank", "god", "goodness", NULL };

/* Where a question begins that is answered with a yes or a no: behind a mark, "is everybody safe". */
static bool asks_whether(const struct words *question, size_t *from)
{
	static const char *const helpers[] = { "is", "are", "was", "were", "have", "has", "did", "do", "does", NULL };
	size_t at;

	for (at = question->count; at--;)
		if ((!at || question->at[at].before) && word_in(question, at, helpers)) {
			*from = at;
			return !words_find(question, at, "or").len && !person_asked(question);
		}
	return false;
}

/* How everybody is, where that was asked. */
static bool is_state(const struct words *w, size_t at)
{
	return word_in(w, at, LIST("safe", "fine", "ok", "okay", "alright", "well", "good", "unharmed", "unhurt", "uninjured"));
}

static bool in_question(const struct words *w, size_t at, const struct words *question, size_t from)
{
	for (; from < question->count; from++)
		if (words_stem_same(w->at[at].text, question->at[from].text))
			return true;
	return false;
}

static bool asks_state(const struct words *question, size_t from)
{
	for (; from < question->count; from++)
		if (is_state(question, from))
			return true;
	return false;
}

/* From `at` on there is nothing but who, when, and what the question itself says. */
static bool says_it_again(const struct words *w, size_t at, const struct words *question, size_t from)
{
	static const char *const small[] = { "i", "we", "us", "all", "everyone", "everybody", "is", "are", "am", "was", "were", "been", "have", "has",
		"had", "did", "do", "it",
		"that", "a", "an", "the", "of", "to", "with", "at", "in", "on", "already", "just", "here", "now", "too", "please", NULL };
	static const char *const done[] = { "filed", "made", "gave", "given", "sent", "lodged", "submitted", "yesterday", "today", "morning", "this",
		"last", "night", NULL };
	bool is_perfect = word_in(question, from, LIST("have", "has", "did")), state = asks_state(question, from), is_told;
	size_t told = 0;

	for (; at < w->count; at++) {
		is_told = state && is_state(w, at);
		if (!is_told && (word_in(w, at, small) || word_in(w, at, fillers) || (is_perfect && word_in(w, at, done))))
			continue;
		if (!is_told && !in_question(w, at, question, from))
			return false;
		told += is_told || strlen(w->at[at].text) >= TELLING_BYTES; /* "no, thank you" says nothing again */
	}
	return told > 0;
}

static size_t behind_any(const struct words *w, const char *const *list)
{
	size_t at = 0, n;

	while (word_in(w, at, fillers))
		at++;
	for (n = at; word_in(w, n, list); n++)
		;
	return n > at ? n : 0;
}

/* "Nobody is hurt", "no injuries": who or what there is not. It answers where the question has the word, and a "no" alone does. */
static bool tells_of_none(const struct words *w, const struct words *question, size_t from)
{
	static const char *const harms[] = { "injury", "injuries", "casualties", "harm", "wounds", "deaths", "fatalities", "victims", "damage", NULL };
	static const char *const small[] = { "is", "are", "was", "were", "got", "has", "been", "at", "all", "of", "us", "here", "any", "really", NULL };
	size_t at = behind_any(w, yeses), no = behind_any(w, nos), len;

	if (words_any_at(w, no, LIST("nobody", "no one", "none of us")))
		at = no; /* "no, nobody is hurt" */
	while (word_in(w, at, fillers))
		at++;
	if (word_is(w, at, "no") && word_in(w, at + 1, harms))
		return !in_question(w, at + 1, question, from);
	len = words_any_at(w, at, LIST("nobody", "no one", "none of us"));
	for (at += len; len && at < w->count; at++)
		if (!word_in(w, at, small))
			return !in_question(w, at, question, from);
	return false;
}

/* "I don't have it on me", "we weren't there": of something else than was asked. */
static bool tells_of_other(const struct words *w, const struct words *question, size_t from)
{
	static const char *const places[] = { "home", "there", "at home", "in", "around", NULL };
	size_t at = behind_any(w, nos), len;

	while (word_in(w, at, fillers))
		at++;
	if (!word_in(w, at, LIST("i", "we")))
		return false;
	len = words_any_at(w, at + 1, LIST("do not have", "have not got", "did not have", "have not"));
	if (len && word_in(w, at + 1 + len, LIST("it", "that", "them")) &&
		words_any_at(w, at + 2 + len, LIST("on me", "with me", "with us", "here", "to hand", "at hand", "handy")))
		return !words_any_at(question, from, LIST("do you have", "have you got"));
	if (!words_any_at(w, at + 1, LIST("was not", "were not", "am not", "are not")) || !words_any_at(w, at + 3, places))
		return false;
	return !in_question(w, at + 3, question, from) && !words_any_at(question, from, LIST("were you", "are you"));
}

/* "Everyone is safe", "we're all okay": the yes itself. */
static bool tells_of_all(const struct words *w, const struct words *question, size_t from)
{
	return asks_state(question, from) && words_any_at(w, 0, LIST("everyone", "everybody", "we are")) && says_it_again(w, 0, question, from);
}

void agreement_trim(struct words *w, const struct words *question)
{
	size_t from, yes, no;

	if (!asks_whether(question, &from))
		return;
	yes = behind_any(w, yeses);
	no = behind_any(w, nos);
	if (yes && yes < w->count && says_it_again(w, yes, question, from))
		words_cut(w, (struct span){ yes, w->count - yes });
	else if (tells_of_all(w, question, from))
		words_read(w, "yes", 3);
	else if (tells_of_none(w, question, from) || tells_of_other(w, question, from) || (no && no < w->count && says_it_again(w, no, question, from)))
		w->count = 0; /* "no, everybody is safe" says both */
}
