/* What an answer's words do not say, by the question that they stand behind: the day of a call that he wants is no day to pay, "not more than a
 * thousand" promises no thousand, and a mere yes to a question that he never heard is none. All are asked again. What the recogniser is not sure of is read
 * back before something is changed by it. */
#include "providers/rehearsed/mind.h"

#include <string.h>

/* Some wording of the question speaks of it. */
static bool step_speaks_of(const struct mind *m, int step, const char *const *list)
{
	const struct flow_step *s = &m->f->steps[step];
	const json_t *const texts[] = { s->text, s->again, s->confirm };
	struct words words;
	struct buf text;
	bool found = false;
	size_t i;

	for (i = 0; !found && i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!texts[i])
			continue;
		buf_init(&text, MIND_TEXT_MAX);
		mind_text(m, texts[i], &text);
		words_read(&words, (const char *)text.data, text.len);
		found = words_have(&words, list);
		buf_fini(&text);
	}
	return found;
}

/* "Can you call me on Friday". */
static bool wants_call(const struct mind *m, int step, const struct words *w)
{
	static const char *const calls[] = { "call me", "call back", "ring me", "phone me", "call you", "ring you", "call my",
		"ring my", "phone my", "call him", "call her",
		"call karna", "call kijiye", "phone karna",
		"phone kijiye", "फोन करना", "फोन कीजिए", "फोन करिए", "कॉल करना", "कॉल कीजिए", NULL };
	static const char *const asked[] = { "call", "calls", "ring", "phone", "speak", "talk", "contact", "फोन", "कॉल", "बात", NULL };

	return words_have(w, calls) && !step_speaks_of(m, step, asked);
}

/* "I can't pay more than a thousand": it may be less. Where a rough sum is wanted it is one. */
static bool tells_limit(const struct mind *m, int step, const struct words *w)
{
	static const char *const rough[] = { "roughly", "about", "around", "approximately", "budget", "at most", "maximum", "most", "limit", NULL };
	size_t at, back;

	for (at = 1; at + 1 < w->count; at++) {
		if (!word_in(w, at, LIST("more", "above", "over")) || (word_is(w, at, "more") && !word_is(w, at + 1, "than")))
			continue;
		for (back = 1; back <= 4 && back <= at && !word_negates(w, at - back) && !word_is(w, at - back, "nothing"); back++)
			;
		if (back <= 4 && back <= at)
			return !step_speaks_of(m, step, rough);
	}
	return false;
}

/* "Nowhere near 500", "half of 500", "it used to be 500", "a few thousand": the sum is another one, wherever a sum is asked for. */
static bool is_other_sum(const struct words *w, size_t at, size_t n)
{
	static const char *const turns[] = { "nowhere near", "not near", "not quite", "not even", "far from", "half of", "half", "third of", "quarter of",
		"part of", "fraction of", "twice",
		"double", "triple", "times", "used to be", "used to", "few", "several", "many", "kuch", "kai", "कुछ", "कई", NULL };
	size_t back, len;

	if (word_in(w, at + n, LIST("times", "twice")))
		return true;
	for (back = 1; back <= 3 && back <= at && !w->at[at - back + 1].before; back++) {
		len = words_any_at(w, at - back, turns);
		if (len && len >= back - (size_t)(back > 1 && word_in(w, at - 1, LIST("of", "the", "a", "be", "my", "your"))))
			return true;
	}
	return words_find(w, 0, "it was").len && words_have(w, LIST("before", "earlier", "previously", "originally", "last year", "last month", "last time"));
}

/* "Less than a thousand", "at least 300": it is more or less than that. */
static bool is_bound(const struct words *w, size_t at)
{
	static const char *const bounds[] = { "less than", "lower than", "under", "below", "beneath", "more than", "over", "above", "at least",
		"upwards of", "minimum of",
		"se kam", "se zyada", NULL };
	size_t back;

	for (back = 1; back <= 2 && back <= at; back++)
		if (words_any_at(w, at - back, bounds) == back)
			return true;
	return words_any_at(w, at + 1, LIST("se kam", "se zyada", "से कम", "से ज्यादा"));
}

/* What limits a sum is not the sum; "a couple hundred" is one that has to be read back. */
static bool is_limited(const struct mind *m, int step, const struct words *w)
{
	static const char *const rough[] = { "roughly", "about", "around", "approximately", "budget", "at most", "maximum", "most", "limit", "least",
		"minimum", NULL };
	size_t at, n;
	int64_t sum;

	for (at = 0; at < w->count; at += n) {
		n = number_at(w, at, &sum);
		if (n && (is_other_sum(w, at, n) || (is_bound(w, at) && !step_speaks_of(m, step, rough))))
			return true;
		n += !n;
	}
	return words_have(w, LIST("couple")) && !m->f->steps[step].confirm;
}

bool mind_answer_strays(const struct mind *m, int step, const struct words *w)
{
	switch (m->f->steps[step].expect.kind) {
	case EXPECT_DATE:
	case EXPECT_TIME:
		return wants_call(m, step, w);
	case EXPECT_AMOUNT:
		return tells_limit(m, step, w) || is_limited(m, step, w);
	default:
		return false;
	}
}

bool mind_words_are_unsure(const char *text, size_t len)
{
	return len && memmem(text, len, HEARD_UNSURE, sizeof(HEARD_UNSURE) - 1);
}

/* "See you then" and "yeah I am" are yeses too, but those of somebody who said "move it" and "get rid of": heard so once, they are heard so again. */
bool mind_words_are_short_yes(const struct words *w)
{
	static const char *const yes[] = { "yes", "yeah", "yep", "please", "right", "correct", "exactly", "certainly", "definitely", "absolutely", NULL };
	size_t at;

	for (at = 0; at < w->count && word_in(w, at, yes); at++)
		;
	return at == w->count;
}

/* Who has cut a question short again and again is taken at his word when it says something by itself ("wrong number", "keep it"). */
bool mind_answer_is_blind(const struct mind *m, const struct words *w)
{
	size_t at, len;

	if (!m->unheard)
		return false;
	for (at = 0; at < w->count; at += len)
		if (!(len = yes_is_plain_at(w, at, NULL)) && !(len = word_negates(w, at)))
			return false;
	return true;
}
