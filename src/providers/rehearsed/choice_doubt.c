#include "providers/rehearsed/choice_doubt.h"

#include <string.h>

#include "providers/rehearsed/counts.h"
#include "providers/rehearsed/no_answer.h"
#include "providers/rehearsed/options.h"
#include "providers/rehearsed/polarity.h"

/* ---- what says nothing ---- */

/* "(Yes, you can) go ahead and …", "go ahead with the …": what follows is named. "Go ahead with it" names nothing, and is "go ahead" where that is listed. */
static void trim_leave(const struct expect *e, struct words *w)
{
	size_t at = 0, len;

	while (word_in(w, at, LIST("ok", "okay", "yes", "yeah", "sure", "well", "you", "can", "just", "please", "then", "may", "alright", "um", "uh")))
		at++;
	len = words_any_at(w, at, LIST("go ahead with", "go ahead and", "go right ahead and", "go right ahead with"));
	if (!len || at + len >= w->count)
		return;
	if (!word_in(w, at + len, LIST("it", "that", "this")))
		words_cut(w, (struct span){ 0, at + len });
	else if (at + len + 1 == w->count && option_of_word(e->options, LIST("go ahead")) >= 0)
		words_read(w, "go ahead", 8);
}

/* "OK that's fine, …" agrees to what was told, and the option comes behind it. */
static void trim_agreement(const struct expect *e, struct words *w)
{
	struct words rest;
	size_t at = 0, len;

	while (word_in(w, at, LIST("ok", "okay", "yes", "yeah", "alright", "well", "oh", "right")))
		at++;
	len = words_any_at(w, at, LIST("that is fine", "that is ok", "that is okay", "that is good", "that is alright", "that is all right", "fine", "good", "no problem"));
	rest = *w;
	words_cut(&rest, (struct span){ 0, at + len });
	if (len && rest.count && (rest.at[0].before || word_in(&rest, 0, LIST("just", "then", "please")))) {
		while (word_in(&rest, 0, LIST("just", "then", "please", "so")))
			words_cut(&rest, (struct span){ 0, 1 });
		if (option_of_phrase(e->options, &rest) >= 0 || (rest.count == 2 && word_in(&rest, 1, LIST("it", "that")) && option_of_root(e->options, rest.at[0].text) >= 0))
			*w = rest;
	}
}

/* "Yes, and change the oil too": what is wished besides. */
static void trim_addition(const struct expect *e, struct words *w)
{
	struct words first = *w;
	size_t at;

	if (w->count < 3 || !word_in(w, w->count - 1, LIST("too", "also", "well")))
		return;
	for (at = 1; at < w->count && !word_is(w, at, "and"); at++)
		;
	if (at == w->count)
		return;
	words_cut(&first, (struct span){ at, w->count - at });
	if (option_of_phrase(e->options, &first) >= 0)
		*w = first;
}

/* "Before lunch" is the morning, and the early evening an evening, where these are asked for. */
static void trim_day_part(const struct expect *e, struct words *w)
{
	static const char *const parts[] = { "morning", "afternoon", "evening", NULL };
	size_t at;

	for (at = 0; at + 1 < w->count; at++) {
		if (word_is(w, at, "before") && word_in(w, at + 1, LIST("lunch", "lunchtime", "noon", "midday")) && option_of_word(e->options, LIST("morning")) >= 0) {
			strcpy(w->at[at].text, "the");
			strcpy(w->at[at + 1].text, "morning");
		}
		if (word_in(w, at, LIST("early", "late")) && word_in(w, at + 1, parts) && option_of_word(e->options, LIST(w->at[at + 1].text)) >= 0)
			words_cut(w, (struct span){ at, 1 });
	}
}

/* "I'm the homeowner" owns it. */
static void trim_owner(const struct expect *e, struct words *w)
{
	size_t at, len;

	for (at = 0; at < w->count; at++) {
		len = words_any_at(w, at, LIST("i am the", "i am a", "we are the", "we are", "i am an"));
		if (len && at + len + 1 == w->count && word_in(w, at + len, LIST("homeowner", "homeowners", "owner", "owners")) && option_of_word(e->options, LIST("own")) >= 0)
			words_read(w, "own", 3);
	}
}

/* What begins with a "no" or "without" and yet is a yes. */
static void trim_idiom(struct words *w)
{
	static const char *const idioms[] = { "without a doubt", "without doubt", "without question", "no question", "no question about it", "no doubt", "no doubt about it", NULL };
	size_t len = words_any_at(w, 0, idioms);

	if (len && len == w->count)
		words_read(w, "yes", 3);
}

void choice_trim(const struct expect *e, struct words *w)
{
	if (option_of_phrase(e->options, w) >= 0)
		return; /* the book's own words */
	trim_idiom(w);
	trim_leave(e, w);
	trim_agreement(e, w);
	trim_addition(e, w);
	trim_day_part(e, w);
	trim_owner(e, w);
}

/* ---- what leaves it in doubt ---- */

static const char *const people[] = { "mother", "father", "mom", "mum", "dad", "brother", "sister", "son", "daughter", "wife", "husband", "friend", "boss", "neighbour",
	"neighbor", "uncle", "cousin", "colleague", "mechanic", "guy", "mate", "buddy", NULL };

bool is_done_by_other(const struct words *w, const struct words *question)
{
	static const char *const offers[] = { "shall we", "should we", "shall i", "should i", "can we", "may we", "could we", "want us to", "like us to", "like me to",
		"want me to", NULL };
	size_t at;

	if (!words_have(question, offers))
		return false;
	for (at = 0; at < w->count; at++) {
		if (word_in(w, at, LIST("myself", "ourselves", "themselves", "himself", "herself")) || words_any_at(w, at, LIST("on my own", "on our own")))
			return true;
		if (word_in(w, at, people) && word_in(w, at + 1, LIST("will", "can", "could", "would", "is", "does", "has", "wants", "might", "fixes", "repairs")))
			return true;
	}
	return false;
}

static const json_t *phrases_of(const struct expect *e, const struct answer *a)
{
	const json_t *option;
	size_t i;

	json_array_foreach(e->options, i, option) {
		const json_t *value = json_object_get(option, "value");

		if (json_string_length(value) == a->len && !memcmp(json_string_value(value), a->text, a->len))
			return json_object_get(option, "words");
	}
	return NULL;
}

/* Some phrase of the option has the word. */
static bool option_has(const json_t *phrases, const char *const *list)
{
	struct words phrase;
	size_t i;

	for (i = 0; i < json_array_size(phrases); i++) {
		words_read(&phrase, json_string_value(json_array_get(phrases, i)), json_string_length(json_array_get(phrases, i)));
		if (words_have(&phrase, list))
			return true;
	}
	return false;
}

/* "I can't leave it like that": what is denied is not chosen. A "no" alone denies nothing. */
static bool is_denied(const json_t *phrases, const struct words *w)
{
	struct words phrase;
	struct span span;
	size_t i, at;
	bool denies;
	int score;

	for (i = 0; i < json_array_size(phrases); i++) {
		words_read(&phrase, json_string_value(json_array_get(phrases, i)), json_string_length(json_array_get(phrases, i)));
		for (denies = false, at = 0; at < phrase.count; at++)
			denies = denies || word_negates(&phrase, at);
		span = words_near(w, &phrase, &score);
		if (!denies && phrase.count > 1 && span.len == phrase.count && span.from > 1 && word_is(w, span.from - 1, "not") &&
			word_in(w, span.from - 2, LIST("can", "could")) && span_is_denied(w, span))
			return true;
	}
	return false;
}

/* "I used to rent it", "I rent it out", where the option is to rent: another time, another thing. */
static bool is_other_matter(const json_t *phrases, const struct words *w)
{
	struct span used = words_find(w, 0, "i used to"), rents;
	size_t at;

	if (!used.len)
		used = words_find(w, 0, "we used to");
	if (used.len && used.from + used.len < w->count && option_has(phrases, LIST(w->at[used.from + used.len].text)) && !words_have(w, LIST("but", "now")))
		return true;
	for (at = 0; at + 1 < w->count; at++) {
		rents = words_find(w, at, "rent");
		if (!rents.len || option_has(phrases, LIST("out", "let")))
			return false;
		for (at = rents.from + 1; at < w->count && at <= rents.from + 3 && !w->at[at].before; at++)
			if (word_is(w, at, "out"))
				return true;
	}
	return false;
}

/* "Before noon would be a problem", "I work in the morning": the part of the day is named because it does not suit. */
static bool is_hindered(const json_t *phrases, const struct words *w)
{
	static const char *const hindrances[] = { "be a problem", "is a problem", "be difficult", "is difficult", "be hard", "is hard", "is tricky", "be tricky", "is bad", "be bad",
		"i work", "we work", "i am working", "i am at work", "i have work", "i am busy", "i sleep", "we sleep", "not work", "does not suit", NULL };

	if (!option_has(phrases, LIST("morning", "afternoon", "evening")) || words_have(w, LIST("but", "so", "not a problem", "not be a problem", "no problem")))
		return false;
	return words_have(w, hindrances) && !option_has(phrases, hindrances);
}

/* "Call me back later please", where no option is a call. */
static bool wants_call(const struct expect *e, const struct words *w)
{
	size_t at = 0, i;

	while (word_in(w, at, LIST("can", "could", "will", "would", "you", "please", "just", "ok", "okay", "well", "sorry", "no", "yes", "um", "uh")))
		at++;
	if (!words_any_at(w, at, LIST("call me", "ring me", "phone me", "call back", "call us", "call again")))
		return false;
	for (i = 0; i < json_array_size(e->options); i++)
		if (option_has(json_object_get(json_array_get(e->options, i), "words"), LIST("call me", "call back", "call again", "call you", "ring me", "phone me")))
			return false;
	return true;
}

/* Its first phrase says that all stays as it is: "keep it", "I'll be there". Where that is an option, whoever denies another one means it. */
static bool leaves_as_it_is(const json_t *phrases)
{
	struct words first;

	words_read(&first, json_string_value(json_array_get(phrases, 0)), json_string_length(json_array_get(phrases, 0)));
	return words_have(&first, LIST("keep", "stay", "leave", "remain", "confirm", "will be there", "coming", "still on"));
}

/* It ends the matter: of what goes on there may be several ways. What "I'm not busy" leaves is one. */
static bool is_an_end(const json_t *phrases)
{
	return option_has(phrases, LIST("cancel", "end", "stop", "quit", "close", "terminate", "drop", "give up", "delete", "remove", "return"));
}

/* "Don't cancel it" where two other ways are left: which of them, it does not say. */
static bool leaves_several(const struct expect *e, const struct words *w, const struct answer *a)
{
	static const char *const small[] = { "please", "just", "to", "want", "wish", "like", "need", "do", "not", "no", "it", "that", "this", "the", "my",
		"i", "we", "would", "oh", "well",
		"ok", "okay", "now", "yet", "going", "am", "us", "let", "sorry", "but", "and", "wait", NULL };
	const json_t *chosen = phrases_of(e, a), *other;
	int denied = -1, option;
	bool denies = false;
	size_t at;

	for (at = 0; at < w->count; at++) {
		denies = denies || (word_negates(w, at) && !word_is(w, at, "no"));
		if (word_in(w, at, small) || word_negates(w, at))
			continue;
		option = option_of_root(e->options, w->at[at].text);
		if (option < 0 || !denies || (denied >= 0 && option != denied))
			return false;
		denied = option;
	}
	if (denied < 0 || json_array_size(e->options) < 3)
		return false;
	other = json_object_get(json_array_get(e->options, (size_t)denied), "words");
	return other != chosen && is_an_end(other) && !leaves_as_it_is(chosen);
}

static bool option_has_count(const json_t *phrases)
{
	struct words phrase;
	size_t i, at;
	int32_t count;

	for (i = 0; i < json_array_size(phrases); i++) {
		words_read(&phrase, json_string_value(json_array_get(phrases, i)), json_string_length(json_array_get(phrases, i)));
		for (at = 0; at < phrase.count; at++)
			if (number_small(&phrase, at, &count))
				return true;
	}
	return false;
}

static bool option_has_single(const json_t *phrases, const struct words *w, size_t at)
{
	struct words one;
	size_t i;

	for (i = 0; i < json_array_size(phrases); i++) {
		words_read(&one, json_string_value(json_array_get(phrases, i)), json_string_length(json_array_get(phrases, i)));
		if (one.count == 1 && word_is(w, at, one.at[0].text))
			return true;
	}
	return false;
}

static bool option_has_several(const json_t *phrases, const struct words *w)
{
	const char *phrase;
	size_t i;

	for (i = 0; i < json_array_size(phrases); i++) {
		phrase = json_string_value(json_array_get(phrases, i));
		if (strchr(phrase, ' ') && understand_phrase(w, phrase).len)
			return true;
	}
	return false;
}

/* "Leave me on the same plan", "switch me to e-mail", where the option is to leave: a single word of it, which here does something else. */
static bool is_done_to_me(const json_t *phrases, const struct words *w)
{
	static const char *const to[] = { "on", "to", "as", "with", "at", "where", "alone", NULL }, *const as[] = { "as", "where", "how", "like", "the way", NULL };
	int64_t number;
	size_t at;

	for (at = 0; at + 2 < w->count; at++) {
		if (!option_has_single(phrases, w, at))
			continue;
		if (word_in(w, at + 1, LIST("me", "us")) && word_in(w, at + 2, to) && !number_at(w, at + 3, &number) && !date_names_day(w, at + 3))
			return !option_has_several(phrases, w);
		if (word_in(w, at + 1, LIST("it", "that", "everything", "things")) && words_any_at(w, at + 2, as))
			return !option_has_several(phrases, w);
	}
	return false;
}

/* Some word there is one that only this option has. */
static bool has_own_word(const struct expect *e, const struct words *w, const struct answer *a)
{
	const json_t *value;
	size_t at;
	int option;

	for (at = 0; at < w->count; at++) {
		option = option_word_is_common(w, at) ? -1 : option_of_own_word(e->options, w->at[at].text);
		value = option < 0 ? NULL : json_object_get(json_array_get(e->options, (size_t)option), "value");
		if (value && json_string_length(value) == a->len && !memcmp(json_string_value(value), a->text, a->len))
			return true;
	}
	return false;
}

bool choice_is_mere_day(const struct expect *e, const struct words *w, const struct answer *a)
{
	static const char *const days[] = { "week", "weeks", "weekend", "month", "months", NULL };
	static const char *const others[] = { "later", "another", "other", "different", "instead", "rather", "until", "better", "busy", "after", NULL };
	static const char *const own[] = { "day", "time", "week", "date", "slot", "moment", "call", "talk", "speak", NULL };
	const json_t *phrases = phrases_of(e, a);
	struct meanings said;
	bool has_day = false;
	size_t i;

	meanings_read(&said, w, NULL);
	if (!said.mere_time || words_have(w, others) || option_has(phrases, own) || has_own_word(e, w, a))
		return false;
	for (i = 0; i < w->count; i++) {
		has_day = has_day || date_names_day(w, i) || word_in(w, i, days);
		if (word_negates(w, i))
			return false;
	}
	return has_day;
}

bool choice_is_in_doubt(const struct expect *e, const struct words *w, const struct words *question, const struct answer *a)
{
	const json_t *phrases = phrases_of(e, a);
	bool is_no = option_has(phrases, LIST("no"));

	if (no_is_against_itself(w) && !option_has(phrases, LIST("go on", "go ahead", "continue", "i do", "i want it", "i am interested", "still interested")))
		return true;
	if (!is_no && question && !option_has(phrases, people) && is_done_by_other(w, question))
		return true;
	if (option_has_count(phrases) && count_is_mixed(e->options, w, question))
		return true;
	return wants_call(e, w) || is_done_to_me(phrases, w) || leaves_several(e, w, a) || is_denied(phrases, w) || is_other_matter(phrases, w) || is_hindered(phrases, w);
}
