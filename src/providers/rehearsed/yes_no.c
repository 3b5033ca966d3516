/* Yes and no: what the signals in a text (signals.c) and what its words mean come to, to the question. Who is spoken of is in persons.c, what a yes is worth
 * in plain_yes.c. */
#include <string.h>

#include "providers/rehearsed/choice_doubt.h"
#include "providers/rehearsed/no_answer.h"
#include "providers/rehearsed/signals.h"
#include "providers/rehearsed/understand.h"
#include "providers/rehearsed/wishes.h"

/* "…, isn't it": a question at the end that denies nothing. */
static size_t without_tag(const struct words *w)
{
	static const char *const helpers[] = { "is", "are", "am", "was", "do", "does", "did", "can", "could", "will", "would", "have", "has", NULL };
	static const char *const persons[] = { "it", "i", "we", "you", "he", "she", "they", "that", NULL };
	size_t n = w->count;

	return n > 3 && word_in(w, n - 3, helpers) && word_is(w, n - 2, "not") && word_in(w, n - 1, persons) ? n - 3 : n;
}

/* A "not" stands right before it. */
static bool denied(const struct words *w, size_t at)
{
	return at && word_negates(w, at - 1) && !w->at[at].before && !word_is(w, at - 1, "no");
}

/* "not right", "I am not", "that is not me": a yes beside a "not" is a no. */
static bool turned(const struct words *w, size_t at, size_t len)
{
	static const char *const nots[] = { "nahi", "nahin", "nhi", "नहीं", NULL }; /* "bilkul nahi" */

	if (at + len >= w->count || w->at[at + len].before)
		return denied(w, at);
	return denied(w, at) || word_is(w, at + len, "not") || (word_in(w, at + len, nots) && signal_ends_at(w, at + len + 1));
}

/* "Would I have picked up if I wasn't": what is denied in an "if" is not the answer. */
static bool is_supposed(const struct words *w, size_t at)
{
	static const char *const ifs[] = { "if", "whether", "agar", "अगर", NULL };
	size_t back;

	for (back = 0; back < 4 && at && !w->at[at].before && !word_is(w, at, "no"); back++)
		if (word_in(w, --at, ifs))
			return true;
	return false;
}

/* "You never sent it": what the other one does not do. "You haven't got the right one" may be his answer. */
static bool is_reproach(const struct words *w, size_t at)
{
	while (at && !w->at[at].before && word_in(w, at - 1, LIST("do", "did", "have", "had", "people", "guys", "just", "still")))
		at--;
	return at && !w->at[at].before && word_is(w, at - 1, "you") && !word_in(w, at - 2, LIST("can", "could", "would", "if", "to", "with")) && !words_have(w, LIST("right", "the wrong"));
}

/* "He's not here", "that doesn't work", but not "I can't hear you", "I couldn't tell you", "not until we sell ours": a "not" that is not the first thing said is a
 * "no" only to what is known, a word of the question or what people want, have or do. */
static bool denies_known(const struct words *w, size_t at, const struct words *question)
{
	static const char *const small[] = { "really", "even", "quite", "too", "so", "be", "a", "an", "any", "the", "to", "going", "you", "your", "i", "able", "all", "that",
		"this", "very", "just", "my", NULL };
	static const char *const known[] = { "here", "home", "in", "around", "there", "him", "her", "he", "she", "me", "at", "it", "one", "today", "yet", "anymore", "more",
		"for", "on", "is", "and", "but", "because", "what", "do", "name", "happen", NULL };
	bool is_said;
	size_t i;

	if (is_reproach(w, at))
		return false;
	if (!at && !word_is(w, 0, "never") && !word_in(w, 1, LIST("until", "unless", "before")))
		return true;
	if (word_in(w, at - 1, LIST("better", "rather")))
		return true;
	for (at++; !signal_ends_at(w, at) && (word_in(w, at, small) || (word_is(w, at, "think") && !word_in(w, at + 1, LIST("of", "about")))); at++)
		;
	is_said = word_in(w, at, LIST("say", "said", "mean")); /* "I didn't say cancel" */
	at += is_said;
	if (is_said && word_in(w, at, LIST("that", "so", "it")))
		return true;
	if (!is_said && (signal_ends_at(w, at) || word_in(w, at, known) || words_any_at(w, at, LIST("make that", "make it", "make one")) || meanings_wish(w, at)))
		return true;
	for (i = 0; at < w->count && question && i < question->count; i++)
		if (words_stem_same(w->at[at].text, question->at[i].text))
			return true;
	return false;
}

struct signs {
	unsigned int yes, yes_weak, no, no_weak, open;
	unsigned int no_unknown; /* of `no`, those that deny what is not known: no yes stands beside them, but they are no "no" */
	enum signal first;
	bool begins;  /* the first one is the first thing said */
	bool bare_no; /* a "no" itself, not only a "not" */
	size_t last_no;
};

static void signs_read(struct signs *s, const struct words *w, const struct words *question)
{
	static const char *const bare[] = { "no", "nope", "nah", "nahi", "nahin", "नहीं", NULL };
	static const char *const nots[] = { "not", "never", NULL }; /* in Hindi what is denied stands before it */
	static const char *const fillers[] = { "um", "uh", "oh", "well", "hmm", "hm", "mm", "er", "ah", "so", "and", "please", "hi", "hello", "sorry", "kind",
		"of", NULL };
	size_t at, len, i, end = without_tag(w);

	*s = (struct signs){ .first = SIGNAL_NONE };
	for (at = 0; at < end; at += len) {
		enum signal signal = signal_at(w, at, &len);

		if ((signal == SIGNAL_YES || signal == SIGNAL_YES_WEAK) && turned(w, at, len))
			signal = SIGNAL_NO;
		if (signal == SIGNAL_NO && len == 1 && is_supposed(w, at))
			signal = SIGNAL_OPEN;
		s->yes += signal == SIGNAL_YES;
		s->yes_weak += signal == SIGNAL_YES_WEAK;
		s->no += signal == SIGNAL_NO;
		s->no_weak += signal == SIGNAL_NO_WEAK;
		s->open += signal == SIGNAL_OPEN;
		s->no_unknown += signal == SIGNAL_NO && len == 1 && word_in(w, at, nots) && !denies_known(w, at, question);
		if (signal == SIGNAL_NO)
			s->last_no = at;
		s->bare_no = s->bare_no || (signal == SIGNAL_NO && len == 1 && word_in(w, at, bare));
		if (s->first == SIGNAL_NONE && signal != SIGNAL_NONE) {
			s->first = signal;
			s->begins = true;
			for (i = 0; i < at; i++)
				s->begins = s->begins && word_in(w, i, fillers);
		}
	}
}

/* "Cancel it", when that was the question: its own words, and none of refusal. */
static bool only_repeats(const struct words *w, const struct words *question)
{
	static const char *const small[] = { "please", "it", "that", "the", "yes", "just", "do", NULL };
	size_t i, j, own = 0;

	for (i = 0; i < w->count; i++) {
		if (word_in(w, i, small))
			continue;
		for (j = 0; j < question->count && strcmp(question->at[j].text, w->at[i].text); j++)
			;
		if (j == question->count || strlen(w->at[i].text) < 4)
			return false;
		own++;
	}
	return own == 1;
}

/* "Are you still interested?" "We still want it." "We already have one." Only what the question asks about may be told so shortly. */
static void signs_of_still(struct signs *s, const struct words *w, const struct words *question)
{
	static const char *const still[] = { "still", NULL }, *const over[] = { "already", "bought", "purchased", "has sailed", NULL };

	if (!question || !words_have(question, still) || words_find(w, 0, "you").len || understand_hello(w))
		return;
	s->yes_weak += words_have(w, still);
	s->no_weak += words_have(w, over);
}

/* "Yes, but not before noon" is no plain yes. */
bool yes_no_taken_back(const struct words *w)
{
	static const char *const conditions[] = { "if", "before", "after", "unless", NULL };
	struct span but = words_find(w, 0, "but");
	size_t at;

	if (words_find(w, 0, "but only").len)
		return true;
	for (at = but.from; but.len && at < w->count; at++)
		if (word_negates(w, at) || word_in(w, at, conditions))
			return true;
	return false;
}

static bool asks_aside(const struct words *w)
{
	enum aside aside = understand_aside(w);

	return aside == ASIDE_WHO || aside == ASIDE_REPEAT || aside == ASIDE_WHY;
}

/* "Is there a fee if I do", "will you tell the doctor": whoever asks something has not answered. */
static bool asks_whether(const struct words *w)
{
	static const char *const helpers[] = { "is", "are", "will", "do", "does", "did", "can", "could", "would", "have", "has", NULL };
	static const char *const others[] = { "there", "you", "it", "they", "he", "she", "this", "that", "i", "we", NULL };
	static const char *const fillers[] = { "hmm", "um", "uh", "oh", "well", "and", "but", "so", "wait", "sorry", NULL };
	size_t i = 0;

	while (word_in(w, i, fillers))
		i++;
	return word_in(w, i, helpers) && word_in(w, i + 1, others);
}

/* Not what one would wish; taken all the same when a yes follows a "but". */
static const char *const grumbles[] = { "not ideal", "not perfect", "not great", "not the best", "not what i wanted", "not thrilled",
	"not happy", "not my favorite",
	"not my favourite", "not convenient", "a bit early", "a bit late", "a little early", "a little late", NULL };
/* "It's not ideal, but okay". */
static bool taken_all_the_same(const struct words *w, const struct signs *s)
{
	struct span but = words_find(w, 0, "but");
	struct words rest = { .count = 0 };
	struct signs end;
	size_t i;

	if (!but.len || s->bare_no || !words_have(w, grumbles))
		return false;
	for (i = but.from + 1; i < w->count; i++)
		rest.at[rest.count++] = w->at[i];
	signs_read(&end, &rest, NULL);
	return (end.yes || end.yes_weak) && !end.no && !end.no_weak && !end.open;
}

/* What the words mean to a question that asks for that, beside the signals in them: "I'm not going to be there" is a yes where it is to be cancelled. */
static enum understood weigh_side(const struct words *w, const struct words *question, const struct signs *s, enum understood u, struct answer *out)
{
	bool outright = false;
	int side = question ? meanings_side(w, question, &outright) : 0;

	if (!side || s->open || (u == UNDERSTOOD_VALUE && out->number == (side > 0)))
		return u;
	if (u == UNDERSTOOD_VALUE && !outright)
		return side < 0 || s->bare_no ? u : UNDERSTOOD_NOT; /* a hint against a signal: "I'm not busy then" */
	if (side > 0 ? s->bare_no : s->yes || (s->begins && s->first == SIGNAL_YES_WEAK))
		return UNDERSTOOD_NOT; /* "no, cancel it", "okay, keep it" */
	out->number = side > 0;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* What it comes to is said last: "we have not found anything yet, so yes", "let me see, yes". */
static bool concludes_yes(const struct words *w, const struct signs *s)
{
	static const char *const list[] = { "yes", "yeah", "yep", "haan", "हां", NULL }, *const so[] = { "so", "then", NULL };
	size_t last = w->count - 1;

	return w->count > 2 && word_in(w, last, list) && (word_in(w, last - 1, so) || (w->at[last].before == ',' && !s->no && !s->no_weak));
}

/* "My wife isn't, but I am." */
static bool no_is_contrasted(const struct signs *s, const struct words *w)
{
	return !s->bare_no && word_negates(w, s->last_no) && words_find(w, s->last_no, "but").len;
}

/* What the signals alone come to. */
static enum understood signs_decide(const struct signs *s, const struct words *w, struct answer *out)
{
	bool yes = false, no = false;

	if (!s->no && !s->no_weak)
		yes = s->yes || (s->yes_weak && w->count <= 8);
	else if (!s->yes && !s->yes_weak)
		no = s->no || w->count <= 8;
	else if (!s->no)
		yes = s->yes && s->first == SIGNAL_YES && !person_is_other(w);
	else if (!s->yes)
		no = (s->first == SIGNAL_NO && !no_is_contrasted(s, w)) || s->last_no + 2 >= w->count;
	if (s->no == s->no_unknown && !s->no_weak)
		no = false;
	if (!yes && !no)
		return UNDERSTOOD_NOT;
	out->number = yes;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* What only a question tells: names, who is spoken of, "still". */
static void signs_of_question(struct signs *s, const struct words *w, const struct words *question)
{
	if (person_is_other(w))
		s->no_weak++;
	if (person_asked(question) && person_is_absent(w, question)) {
		s->no += !s->yes;
		s->no_weak++;
		s->yes_weak = 0; /* "he's sleeping right now" */
		s->open += person_is_near(w);
	} else if (person_says_name(w, question) && !s->no) {
		s->yes++;
	}
	signs_of_still(s, w, question);
	if (!s->no && !s->no_weak && !s->yes && only_repeats(w, question))
		s->yes++;
}

bool yes_is_weighed(const struct words *w, const struct words *question)
{
	struct signs s;

	signs_read(&s, w, question);
	return (concludes_yes(w, &s) && word_is(w, w->count - 2, "so")) || taken_all_the_same(w, &s);
}

/* Whoever speaks for somebody else has weighed nothing. */
static bool yes_counts(const struct words *w, const struct words *question)
{
	bool outright = false, meant = meanings_side(w, question, &outright) > 0 && outright;

	if (yes_is_of_kin(w))
		return false;
	return (yes_is_weighed(w, question) && !person_asked(question)) || yes_is_plain(w, question, meant || meanings_binds_little(question));
}

/* A "no" to the end of a thing is one beside a wish for it: "no, I want it". */
static bool is_in_doubt(const struct words *w, const struct words *question, bool yes)
{
	if (!yes)
		return no_is_of_thing(w, question) || (no_is_against_itself(w) && !wish_would_end(question));
	return !yes_counts(w, question) || wish_is_against_end(w, question) || is_done_by_other(w, question);
}

enum understood understand_yes_no(const struct words *w, const struct words *question, struct answer *out)
{
	struct signs s;
	enum understood u;
	bool concluded;

	signs_read(&s, w, question);
	concluded = concludes_yes(w, &s) || taken_all_the_same(w, &s);
	if (concluded)
		s = (struct signs){ .yes = 1, .first = SIGNAL_YES, .begins = true };
	if (w->count == 1 && word_is(w, 0, "please"))
		s.yes++;
	if (question)
		signs_of_question(&s, w, question);
	if (question && (yes_no_fetches(w) || ((s.yes || s.yes_weak) && yes_no_taken_back(w))))
		return UNDERSTOOD_NOT;
	if (s.open && !(s.yes && !s.no && s.first == SIGNAL_YES))
		return UNDERSTOOD_NOT;
	if ((asks_aside(w) && !s.begins) || ((understand_asks_back(w) || asks_whether(w)) && !s.yes && !s.bare_no))
		return UNDERSTOOD_NOT; /* "sorry, I did not hear you", "what happens if I do" */
	if (question && wish_is_offered_call(w, question) && !s.no) {
		*out = (struct answer){ .number = 1, .used = w->count };
		return UNDERSTOOD_VALUE;
	}
	u = weigh_side(w, concluded ? NULL : question, &s, signs_decide(&s, w, out), out);
	return question && u == UNDERSTOOD_VALUE && is_in_doubt(w, question, out->number) ? UNDERSTOOD_UNSURE : u;
}

/* What others need to know of it. */

size_t yes_no_yes_at(const struct words *w, size_t at)
{
	size_t len;
	enum signal signal = signal_at(w, at, &len);

	return (signal == SIGNAL_YES || signal == SIGNAL_YES_WEAK) && !turned(w, at, len) ? len : 0;
}

bool yes_no_begins(const struct words *w)
{
	struct signs s;

	signs_read(&s, w, NULL);
	return s.begins;
}

bool yes_no_fetches(const struct words *w)
{
	static const char *const fetches[] = { "get him", "get her", "fetch him", "fetch her", "will call him", "will call her", "put him on",
		"put her on", "pass you", "hand you", "is right here", "is here", "is coming", NULL };

	return words_have(w, fetches);
}
