#include "providers/rehearsed/no_answer.h"

#include "providers/rehearsed/understand.h"

enum { THING_WORDS = 8 };

static const char *const fillers[] = { "sorry", "oh", "um", "uh", "well", "hmm", "hi", "hello", "ok", "okay", "please", "but", "and", "so", "excuse", "me", NULL };
static const char *const nos[] = { "no", "nope", "nah", "nahi", "nahin", "नहीं", NULL };

/* Behind the "no" that the words begin with, or 0. */
static size_t behind_no(const struct words *w, size_t *from)
{
	size_t at = 0;

	while (word_in(w, at, fillers))
		at++;
	*from = at;
	while (word_in(w, at, nos))
		at++;
	return at > *from ? at : 0;
}

static struct words rest_of(const struct words *w, size_t from)
{
	struct words rest = { .count = 0 };

	while (from < w->count)
		rest.at[rest.count++] = w->at[from++];
	return rest;
}

/* "No wait, how much does it cost": where a question begins behind the wish to wait; 0: nowhere. */
static size_t question_behind(const struct words *w)
{
	size_t at = 0, len;
	struct words rest;

	while (at < w->count && ((len = words_any_at(w, at, LIST("wait", "hold on", "hang on", "one second", "one moment", "just a second", "a moment", "a minute"))) ||
		(len = word_in(w, at, fillers))))
		at += len;
	rest = rest_of(w, at);
	return understand_asks_back(&rest) || words_any_at(&rest, 0, LIST("is there", "is it", "are you", "do you", "will it", "does it")) ? at : 0;
}

/* "Shall I cancel it?" "No wait": who stops somebody has refused. */
static bool stops(const struct words *w, const struct words *question)
{
	return w->count <= 2 && words_any_at(w, 0, LIST("wait", "hold on", "hang on")) &&
		words_have(question, LIST("shall i", "shall we", "should i", "should we", "want me to", "like me to", "want to", "want us to"));
}

/* "No thanks, who is this" has refused. "Why" alone may be scorn: "no, why should I". */
static bool is_aside(const struct words *w)
{
	if (words_have(w, LIST("thanks", "thank", "why")))
		return false;
	return understand_aside_alone(w, NULL);
}

void no_answer_drop_no(struct words *w, const struct words *question)
{
	static const char *const strangers[] = { "idea who you are", "idea who this is", "idea who is calling", "idea who i am speaking", NULL };
	static const char *const others[] = { "one else", "body else", NULL }, *const me[] = { "it is me", "just me", "only me", "i am", "speaking", "this is", NULL };
	size_t from, at = behind_no(w, &from), len;
	struct words rest;

	if (words_any_at(w, from, LIST("nobody else")) && words_have(w, me)) {
		words_cut(w, (struct span){ from, 2 });
		return;
	}
	if (!at || at == w->count)
		return;
	rest = rest_of(w, at);
	if (words_any_at(&rest, 0, strangers))
		words_cut(w, (struct span){ from, at + 1 - from });
	else if ((len = words_any_at(&rest, 0, others)) && words_have(&rest, me))
		words_cut(w, (struct span){ from, at + len - from });
	else if (!words_have(&rest, LIST("thanks", "thank")) && (len = question_behind(&rest)))
		words_cut(w, (struct span){ 0, at + len });
	else if (is_aside(&rest) && !stops(&rest, question))
		words_cut(w, (struct span){ from, at - from });
}

/* "Can you do it for less", "could you fix it for 300": whoever asks for another price has not agreed to this one. */
static bool asks_price(const struct words *w, size_t at, size_t end)
{
	int64_t sum;

	if (!words_any_at(w, at, LIST("can you", "could you", "would you", "will you", "can it", "could it")))
		return false;
	for (at += 2; at < end; at++)
		if (word_in(w, at, LIST("cheaper", "less", "discount")) || (word_is(w, at, "for") && number_at(w, at + 1, &sum) && sum >= INT64_C(100000000)))
			return true;
	return false;
}

/* "Should I", "do we really have to", "am I supposed": who wants to know what he has to do has not done it. "Shall we", "could we" propose something. */
static bool asks_duty(const struct words *w, size_t at)
{
	static const char *const small[] = { "really", "still", "always", "even", "actually", "just", "all", NULL };
	static const char *const duties[] = { "have to", "has to", "need to", "got to", "need", "supposed", "required", "obliged", "obligated", "forced",
		"expected", NULL };

	if (words_any_at(w, at, LIST("should i", "must i", "must we", "ought i")))
		return true;
	if (!word_in(w, at, LIST("do", "does", "did", "would", "will", "have", "am", "are")) || !word_in(w, at + 1, LIST("i", "we", "you", "they", "he", "she")))
		return false;
	for (at += 2; word_in(w, at, small); at++)
		;
	return words_any_at(w, at, duties);
}

void no_answer_drop_duties(struct words *w)
{
	size_t from, at, end;

	for (from = 0; from < w->count; from = end) {
		for (end = from + 1; end < w->count && !w->at[end].before; end++)
			;
		for (at = from; at < end && word_in(w, at, LIST("sorry", "oh", "um", "uh", "well", "hmm", "ok", "okay", "but", "and", "so", "wait", "yes", "yeah", "no")); at++)
			;
		if (!asks_duty(w, at) && !asks_price(w, at, end))
			continue;
		words_cut(w, (struct span){ from, end - from });
		end = from;
	}
}

bool no_is_against_itself(const struct words *w)
{
	static const char *const wishes[] = { "go on", "go ahead", "carry on", "keep going", "continue", "can hear you", "can hear you fine", "i can hear you well", "still interested",
		"i am interested", "am still interested", "i want it", "do want it", "do want that", "still want it", "i do", "i am", "very interested", NULL };
	size_t from, at = behind_no(w, &from), len;

	if (!at)
		return false;
	for (; at < w->count; at++) {
		len = words_any_at(w, at, wishes);
		if (len && !word_in(w, at - 1, LIST("not", "never")) && (at + len == w->count || w->at[at + len].before || word_in(w, at + len, LIST("but", "and", "please"))))
			return true;
	}
	return false;
}

bool no_is_of_thing(const struct words *w, const struct words *question)
{
	static const char *const asks[] = { "any", "anything", "something", NULL }, *const leads[] = { "um", "uh", "oh", "well", "hmm", "please", "so", "and", "sorry", NULL };
	static const char *const empty[] = { "thanks", "thank", "problem", "problems", "need", "needs", "wish", "wishes", "request", "requests", "preference", "preferences",
		"requirement", "requirements", "restriction", "restrictions", "special", "particular", "dietary", "thing", "things", "more", "other", "others", "extra", "extras",
		"idea", "worry", "issue", "issues", "complaints", "chance", "way", "question", "questions", "change", "changes", "longer", "reason", "further", "additional", "nothing",
		"none", "just", "only", "but", "because", "if", "when", "since", "not", "never", "he", "she", "they", "there", "nobody", "nope", "sir", "everything", "everybody",
		"all", "our", "his", "her", "their", "these", "those", "has", "had", "were", "did", "unless", "maybe", "actually", "wait", "bother", "interest", NULL };
	int64_t number;
	size_t at = 0, i;

	if (!question || !words_have(question, asks))
		return false;
	while (word_in(w, at, leads))
		at++;
	if (!word_is(w, at, "no") || at + 1 >= w->count || w->at[at + 1].before || w->count - at > THING_WORDS)
		return false;
	for (i = at + 1; i < w->count && !w->at[i].before && !word_in(w, i, LIST("for", "in", "with", "on", "and", "or", "please")); i++)
		if (word_in(w, i, empty) || yes_is_plain_at(w, i, question) || number_at(w, i, &number) || date_names_day(w, i))
			return false;
	return i > at + 1;
}
