/* Words become concepts (vocabulary.h), the concepts of a clause become what it means, by the first rule that fits. A rule sees a clause as a set, so
 * that the order of words does not matter; what is denied is denied in its own clause only. */
#include "providers/rehearsed/meanings.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "providers/rehearsed/polarity.h"
#include "providers/rehearsed/vocabulary.h"
#include "redact/token.h"

typedef uint64_t set;

/* ---- one clause ---- */

/* A "no" before these denies them; otherwise it is an answer, and what follows stands by itself: "no cancel it". */
static bool is_bare_no(const struct words *w, size_t at)
{
	static const char *const denied[] = { "need", "change", "changes", "money", "way", "problem", "problems", "interest", "longer", "more",
		"hurry", "rush", "time", "use", "income", "job", "plan", "plans", "pressure", "point", "chance", "cash", "funds", "idea", "loan", "such",
		"one", "tenant", "tenants", "investment", "payment", "payments", "salary", "reason", "intention", "desire", "debt", "dues", "wish",
		"account", "good", "urgency", "appointment", "question", "issue", "other", NULL };
	static const char *const nos[] = { "no", "nope", "nah", NULL };

	return word_in(w, at, nos) && !word_in(w, at + 1, denied);
}

static bool has_ending(const char *word, const char *end)
{
	size_t n = strlen(word), m = strlen(end);

	return n > m && !strcmp(word + n - m, end);
}

/* The first three letters are the same, as they are in all endings of a word: most entries fail here, at little cost. */
static bool starts_alike(const char *words, const char *text)
{
	size_t i;

	for (i = 0; i < 3 && text[i]; i++)
		if (words[i] != text[i])
			return false;
	return i == 3 || !words[i] || words[i] == ' ';
}

/* One word of the vocabulary, with its endings; a phrase stands word for word. */
static size_t entry_at(const struct words *w, size_t at, const char *words, bool *exact)
{
	size_t len;

	*exact = true;
	if (!starts_alike(words, w->at[at].text))
		return 0;
	if (words_at(w, at, words, &len))
		return len;
	*exact = false;
	return !strchr(words, ' ') && words_stem_same(w->at[at].text, words);
}

/* "Thursday", when the question named it, is the day that it was about; any other is another. */
static set day_of(const struct words *w, size_t at, size_t len, const struct words *question)
{
	static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL };
	size_t i;

	for (i = 0; question && len == 1 && i < question->count; i++)
		if (word_in(question, i, days))
			return word_is(w, at, question->at[i].text) ? C(SAME) : C(DAY) | C(OTHER_DAY);
	return C(DAY);
}

/* The vocabulary by first letter: an answer's word meets a twentieth of it. Written once, then only read. */
enum { PHRASES_MAX = 4096 };

struct phrase {
	const char *words;
	set concepts;
};

static struct {
	pthread_once_t once;
	struct phrase at[PHRASES_MAX];
	uint16_t from[UINT8_MAX + 2]; /* by first byte: from[b] to from[b + 1] */
} phrases = { .once = PTHREAD_ONCE_INIT };

static void phrases_sort(void)
{
	unsigned int letter, n = 0;
	size_t i, j;

	for (letter = 0; letter <= UINT8_MAX; letter++) {
		phrases.from[letter] = (uint16_t)n;
		for (i = 0; i < vocabulary_count; i++)
			for (j = 0; vocabulary[i].words[j]; j++)
				if ((unsigned char)*vocabulary[i].words[j] == letter) {
					assert(n < PHRASES_MAX);
					phrases.at[n++] = (struct phrase){ vocabulary[i].words[j], vocabulary[i].concepts };
				}
	}
	phrases.from[letter] = (uint16_t)n;
}

/* The concepts of the longest entry at `at`, rather of one that stands there as it is; of several as good, all. */
static size_t concepts_at(const struct words *w, size_t at, const struct words *question, set *means)
{
	unsigned char letter = (unsigned char)*w->at[at].text;
	size_t i, len, best = 0;
	bool exact;

	*means = 0;
	pthread_once(&phrases.once, phrases_sort);
	for (i = phrases.from[letter]; i < phrases.from[letter + 1]; i++) {
		if (!(len = entry_at(w, at, phrases.at[i].words, &exact)) || 2 * len + exact < best)
			continue;
		if (2 * len + exact > best)
			*means = !exact && has_ending(w->at[at].text, "ed") ? C(PAST) : 0;
		best = 2 * len + exact;
		*means |= phrases.at[i].concepts;
	}
	if (*means & C(DAY))
		*means = (*means & ~C(DAY)) | day_of(w, at, best / 2, question);
	return best > 3 ? best / 2 : 1;
}

/* "… not on that day", "… not for rent": it denies what follows, not what was said. */
static bool denies_ahead(const struct words *w, size_t at)
{
	static const char *const aheads[] = { "for", "to", "on", "at", NULL }, *const helpers[] = { "am", "is", "are", "was", "were", "do", "does", "did", "will", "would",
		"can", "could", "may", "have", "has", "had", "should", "be", "if", "prefer", "rather", "better", "just", "decided", "why", "or", "try", "probably", "definitely",
		"really", "still", "please", "certainly", "sorry", "absolutely", NULL };

	if (word_is(w, at, "just"))
		return word_is(w, at + 1, "not");
	return word_is(w, at, "not") && word_in(w, at + 1, aheads) && !word_in(w, at - 1, helpers);
}

/* "… scrap it": an order behind words that do not lead to it. */
static bool is_order(const struct words *w, size_t at)
{
	static const char *const leads[] = { "to", "not", "no", "never", "and", "or", "but", "just", "please", "do", "does", "did", "will", "would", "can", "could", "may",
		"might", "should", "shall", "must", "i", "we", "you", "us", "me", "him", "her", "they", "he", "she", "dare", "say", "said", "rather", "better", "gonna", "wanna", "let",
		"lets", "kindly", "have", "had", "has", "a", "the", "my", "your", "of", "on", "for", "always", "still", "definitely", "really", "simply", "that", "this",
		"want", "need", "help", "then", "ever", NULL };
	static const char *const objects[] = { "it", "that", "them", NULL };
	static const char *const ends[] = { "anymore", "more", "longer", "it", "now", "thanks", "sorry", NULL };
	bool is_last = at && at + 1 == w->count && word_in(w, at - 1, ends); /* "I don't need it anymore cancel" */
	set means;

	if ((!is_last && !word_in(w, at + 1, objects)) || word_in(w, at - 1, leads) || has_ending(w->at[at].text, "ing") || has_ending(w->at[at].text, "ed"))
		return false;
	concepts_at(w, at, NULL, &means);
	return means & (C(STOP) | C(CHANGE) | C(KEEP));
}

/* "… it's just an investment", behind a statement. */
static bool is_statement(const struct words *w, size_t at)
{
	static const char *const things[] = { "it", "that", "this", NULL };
	static const char *const leads[] = { "as", "if", "that", "what", "how", "where", "when", "who", "why", "think", "know", "hope", "believe", "guess", "suppose", "see", "say",
		"says", "said", "sure", "like", "so", "whatever", "now", "because", "than", "all", "this", "well", "yes", "oh", "of", "for", "is", "not", "unless", NULL };

	return word_in(w, at, things) && word_is(w, at + 1, "is") && !word_in(w, at - 1, leads) && at + 2 < w->count;
}

/* A new clause: a mark, a joining word, or somebody who does something ("half I can do", "can we move it"). */
static bool begins_clause(const struct words *w, size_t at)
{
	static const char *const joins[] = { "but", "and", "so", "because", "since", "if", "or", "please", "kindly", "though", "lekin", "magar", "aur", "otherwise", NULL };
	static const char *const persons[] = { "i", "we", "he", "she", NULL };
	static const char *const helpers[] = { "can", "could", "may", "will", "would", "shall", "is", NULL };
	static const char *const asked[] = { "i", "we", "you", "it", "there", NULL };
	static const char *const leads[] = { "can", "could", "may", "will", "would", "shall", "should", "do", "did", "am", "if", "that", "what", "as", "and", "but", "have",
		"not", "think", "nothing", "anything", "something", "everything", "all", "whatever", "way", "chance", NULL };

	if (w->at[at].before && w->at[at].before != '\'')
		return true;
	if (word_in(w, at, joins))
		return true;
	if (word_in(w, at, persons) && at && !word_in(w, at - 1, leads))
		return true;
	if (at && (denies_ahead(w, at) || is_order(w, at) || is_statement(w, at)))
		return true;
	return word_in(w, at, helpers) && word_in(w, at + 1, asked);
}

/* "Don't cancel it, just shift it": what is wanted instead of what was denied. */
static bool turns_over(const struct words *w, size_t at, set clause)
{
	static const char *const turns[] = { "just", "instead", "only", NULL };
	set means;

	if (!(clause & C(NOT)) || !word_in(w, at, turns) || at + 1 >= w->count || word_negates(w, at - 1))
		return false;
	concepts_at(w, at + 1, NULL, &means);
	return means & (C(STOP) | C(CHANGE) | C(KEEP));
}

/* "I am feeding the cat": whoever does something has no time; "you are breaking up" is none of his doings. */
static bool is_doing(const struct words *w, size_t at)
{
	static const char *const leads[] = { "am", "are", "just", NULL };
	static const char *const thoughts[] = { "wondering", "hoping", "thinking", "saying", "telling", "wanting", "going", "being", "trying", "guessing", "assuming", "kidding",
		"doing", "expecting", "considering", "leaning", "looking", "nothing", "anything", "something", "morning", "evening", NULL };

	if (at > 1 && word_is(w, at - 2, "you"))
		return false;
	return at && word_in(w, at - 1, leads) && has_ending(w->at[at].text, "ing") && !word_in(w, at, thoughts);
}

/* "After six". */
static bool is_hour(const struct words *w, size_t at)
{
	static const char *const leads[] = { "at", "after", "around", "before", NULL };

	return at && word_in(w, at - 1, leads) && (w->at[at].kind == WORD_NUMBER || w->at[at].number == WORD_DIGIT || w->at[at].number == WORD_PAIR);
}

static bool has_not(const struct words *w, size_t at, size_t len)
{
	size_t i = at;

	while (i < at + len && !word_negates(w, i))
		i++;
	return i < at + len;
}

/* What stands at `at`, and how many words it is. */
static size_t step(const struct words *w, size_t at, const struct words *question, set *means)
{
	size_t len = concepts_at(w, at, question, means);

	if (len == 1 && word_negates(w, at))
		*means |= is_bare_no(w, at) ? 0 : C(NOT);
	if (*means && !(*means & ~(C(DISPUTED) | C(BROKE))) && !has_not(w, at, len) && span_is_denied(w, (struct span){ at, len }))
		*means = 0; /* "nothing is wrong with it", "I'm not broke" */
	if (!*means && is_doing(w, at))
		*means = C(BUSY);
	if (is_hour(w, at))
		*means |= C(DAY);
	if (w->at[at].kind == WORD_NUMBER && strlen(w->at[at].text) > 2)
		*means |= C(SUM);
	return len;
}

/* The concepts from `at` to where the next clause begins, which is returned. A "no" that is an answer is a clause by itself. */
static size_t clause_read(const struct words *w, size_t at, const struct words *question, set *clause)
{
	size_t from = at;
	set means;

	*clause = 0;
	while (at < w->count && (at == from || (!begins_clause(w, at) && !turns_over(w, at, *clause)))) {
		at += step(w, at, question, &means);
		*clause |= means;
		if (at == from + 1 && !means && is_bare_no(w, from))
			break;
	}
	return at;
}

/* ---- rules ---- */

enum meaning {
	NO_MEANING = 0, M_UNSURE,
	M_KEEP, M_COMING, M_OTHER_TIME, M_STOP, M_NOT_COMING, M_CANNOT_COME, M_MAY_COME, M_NO_NEED, M_FOUND_OTHER, M_GOOD, M_NOT_GOOD, M_CANNOT, M_WILL_NOT,
	M_PAY_ALL, M_PAY, M_PART, M_NOT_SO_MUCH, M_PAID, M_PAID_PART, M_NOT_PAID, M_PAY_LATER, M_DISPUTE, M_NOT_ORDERED, M_REFUSE, M_NO_MONEY,
	M_READY, M_BUSY, M_NO_INTEREST, M_STRANGER,
	M_OWN_USE, M_RENT_OUT, M_HURRY, M_SOON, M_NO_HURRY,
	MEANINGS
};

_Static_assert(MEANINGS <= 64, "a set of meanings is one word");

#define M(meaning) (UINT64_C(1) << M_##meaning)

struct rule {
	enum meaning meaning;
	set needs, one_of, lacks; /* all of these, one of these (0: no matter), none of these */
	bool hint;
};

/* The first that fits is what a clause means: what says more stands before what says less. */
static const struct rule rules[] = {
	{ M_UNSURE, .needs = C(UNSURE) },
	{ M_DISPUTE, .needs = C(STRANGER), .one_of = C(PAY) | C(MONEY) | C(LOAN) | C(MY) },
	{ M_STRANGER, .needs = C(STRANGER) },
	{ M_NO_HURRY, .needs = C(AT_EASE) },
	{ M_NO_HURRY, .needs = C(NOT), .one_of = C(HURRY) | C(SOON), .lacks = C(NEED) | C(PAY) | C(CAN) | C(TALK) | C(MONEY) | C(BROKE) | C(HAVE) | C(GOOD) | C(COME) },
	{ M_NO_HURRY, .needs = C(NOT) | C(HURRY) },
	{ M_READY, .needs = C(READY), .lacks = C(NOT) | C(SUM) | C(PAY) | C(LATER) | C(OTHER) | C(DAY) | C(INTEREST) },

	/* money */
	{ M_DISPUTE, .needs = C(DISPUTED) },
	{ M_DISPUTE, .needs = C(GIVEN_BACK), .lacks = C(NOT) },
	{ M_DISPUTE, .needs = C(NOT), .one_of = C(OWE) | C(AGREE), .lacks = C(CAN), .hint = true },
	{ M_DISPUTE, .needs = C(NOT) | C(MY), .lacks = C(PAY) | C(HAVE) | C(GOOD) | C(CAN) | C(OWN) },
	{ M_DISPUTE, .needs = C(NOT) | C(LOAN) | C(HAVE), .lacks = C(PAY) },
	{ M_DISPUTE, .needs = C(NOT) | C(RECEIVE) | C(PAST), .lacks = C(MONEY) | C(WILL) | C(BROKE) | C(NEED) | C(WOULD) },
	{ M_DISPUTE, .needs = C(STOP) | C(PAST), .lacks = C(WILL) | C(CAN) | C(NEED) | C(NOT) },
	{ M_PAID, .needs = C(PROOF), .lacks = C(NOT) | C(WILL), .hint = true },
	{ M_PAID, .needs = C(PAY) | C(PAST), .lacks = C(NOT) | C(WILL) | C(PART) | C(QUESTION) },
	{ M_PAID_PART, .needs = C(PAY) | C(PAST) | C(PART), .lacks = C(NOT) | C(WILL) | C(CAN) | C(QUESTION) },
	{ M_PAID, .needs = C(ALREADY) | C(DO), .lacks = C(NOT) | C(PART) },
	{ M_PART, .needs = C(BROKE) | C(PART), .one_of = C(PAY) | C(CAN), .lacks = C(EVEN) },
	{ M_NO_MONEY, .needs = C(BROKE), .hint = true },
	{ M_NO_MONEY, .needs = C(NOT) | C(HAVE), .one_of = C(MONEY) | C(EVEN), .lacks = C(MUCH) | C(ALL) | C(PAY) | C(ORDER), .hint = true },
	{ M_NO_MONEY, .needs = C(NOT) | C(MONEY) | C(EVEN) },
	{ M_REFUSE, .needs = C(NOT) | C(PART) | C(EVEN) },
	{ M_PART, .needs = C(NOT) | C(ALL), .lacks = C(EVEN) | C(LATER) | C(CHANGE) | C(COME) | C(PAST) },
	{ M_NOT_SO_MUCH, .needs = C(NOT) | C(MUCH) },
	{ M_DISPUTE, .needs = C(NOT) | C(MONEY), .lacks = C(HAVE) | C(PAY) | C(CAN) | C(ALL) | C(PART) | C(NEED) | C(EVEN), .hint = true },
	{ M_NOT_PAID, .needs = C(NOT) | C(PAY) | C(PAST), .lacks = C(CAN) | C(WILL) },
	{ M_PAY_LATER, .needs = C(PAY) | C(LATER), .lacks = C(PART) },
	{ M_REFUSE, .needs = C(NOT) | C(PAY), .lacks = C(PART), .hint = true },
	{ M_REFUSE, .needs = C(REFUSE), .lacks = C(KEEP) },

	/* an appointment */
	{ M_KEEP, .needs = C(NOT), .one_of = C(CHANGE) | C(STOP), .lacks = C(CAN) | C(LET) },
	{ M_STOP, .needs = C(STOP), .lacks = C(NOT) },
	{ M_STOP, .needs = C(NOT) | C(LET), .lacks = C(CHANGE) },
	{ M_FOUND_OTHER, .needs = C(FOUND), .lacks = C(NOT), .hint = true },
	{ M_NO_NEED, .needs = C(WELL), .lacks = C(NOT), .hint = true },
	{ M_OTHER_TIME, .needs = C(CHANGE), .lacks = C(NOT) | C(PAST) },
	{ M_OTHER_TIME, .needs = C(CALL), .one_of = C(OTHER) | C(DAY) | C(TIME) | C(LATER), .lacks = C(NOT) },
	{ M_BUSY, .needs = C(BUSY), .lacks = C(THEN) | C(NOT), .hint = true },
	{ M_READY, .needs = C(BUSY) | C(NOT), .lacks = C(CAN), .hint = true },
	{ M_OTHER_TIME, .needs = C(READY) | C(DAY), .lacks = C(NOT) | C(PAY), .hint = true },
	{ M_BUSY, .needs = C(NOT) | C(HAVE) | C(TIME), .lacks = C(OTHER) },
	{ M_OTHER_TIME, .needs = C(BUSY) | C(THEN), .lacks = C(NOT), .hint = true },
	{ M_OTHER_TIME, .needs = C(NOT) | C(COME), .one_of = C(THEN) | C(DAY) | C(SAME), .lacks = C(EVEN), .hint = true },
	{ M_CANNOT_COME, .needs = C(NOT) | C(COME) | C(CAN), .lacks = C(EVEN) },
	{ M_NOT_COMING, .needs = C(NOT) | C(COME) },
	{ M_OTHER_TIME, .needs = C(OTHER), .one_of = C(TIME) | C(DAY) | C(COME) | C(ANY), .lacks = C(NOT) | C(PAY) | C(PART) | C(ALL) },
	{ M_OTHER_TIME, .needs = C(OTHER_DAY), .one_of = C(CAN) | C(WOULD) | C(NEED), .lacks = C(NOT) | C(KEEP) | C(PAY) | C(PART) | C(ALL) },
	{ M_OTHER_TIME, .needs = C(DAY), .one_of = C(ANY) | C(LET), .lacks = C(NOT) | C(KEEP) },
	{ M_OTHER_TIME, .needs = C(DAY) | C(WOULD), .lacks = C(NOT) | C(KEEP) | C(PAY) | C(PART) | C(ALL), .hint = true },
	{ M_OTHER_TIME, .needs = C(DAY) | C(CAN), .lacks = C(NOT) | C(COME) | C(KEEP) | C(PAY) | C(PART), .hint = true },
	{ M_NOT_GOOD, .needs = C(NOT) | C(GOOD), .lacks = C(QUESTION) },
	{ M_NOT_GOOD, .needs = C(BAD), .lacks = C(NOT), .hint = true },
	{ M_BUSY, .needs = C(NOT), .one_of = C(TALK) | C(READY) | C(MINUTES), .lacks = C(NEED) },
	{ M_NO_INTEREST, .needs = C(NOT) | C(INTEREST) },
	{ M_NOT_ORDERED, .needs = C(NOT) | C(ORDER), .one_of = C(PAST) | C(HAVE), .lacks = C(NEED) },
	{ M_NO_NEED, .needs = C(NOT) | C(NEED), .lacks = C(TALK) | C(CALL) | C(RENT) | C(OWN) | C(KEEP) },

	{ M_KEEP, .needs = C(KEEP), .lacks = C(NOT) | C(OTHER_DAY) | C(OTHER) },
	{ M_MAY_COME, .needs = C(COME) | C(CAN) | C(DAY), .lacks = C(NOT) },
	{ M_COMING, .needs = C(COME), .lacks = C(OTHER_DAY) | C(NOT) | C(OTHER) | C(QUESTION) },
	{ M_KEEP, .needs = C(SAME), .lacks = C(NOT) | C(OTHER) },

	/* plain wishes */
	{ M_OWN_USE, .needs = C(NOT) | C(RENT), .lacks = C(PAY) | C(CAN) | C(HAVE) },
	{ M_RENT_OUT, .needs = C(RENT), .lacks = C(NOT) },
	{ M_RENT_OUT, .needs = C(NOT) | C(OWN), .one_of = C(WILL) | C(WOULD), .lacks = C(PAY) | C(GOOD) | C(HAVE) | C(CAN) | C(NEED), .hint = true },
	{ M_READY, .needs = C(MINUTES), .one_of = C(HAVE) | C(CAN), .lacks = C(NOT) | C(LATER) },
	{ M_OWN_USE, .needs = C(OWN) | C(PART), .lacks = C(NOT) | C(GOOD) | C(PAY) | C(SUM) | C(CAN) | C(WILL) | C(WOULD) | C(DO) | C(TIME) | C(BROKE) },
	{ M_PART, .needs = C(PART), .lacks = C(NOT) | C(PAST) | C(QUESTION) },
	{ M_PART, .needs = C(SUM), .one_of = C(CAN) | C(WILL) | C(PAY) | C(PART), .lacks = C(NOT) | C(PAST) | C(ALL) },
	{ M_PART, .needs = C(SUM), .lacks = C(NOT) | C(PAST) | C(ALL) | C(DAY) | C(QUESTION) | C(OWE), .hint = true },
	{ M_PAY_ALL, .needs = C(ALL), .lacks = C(NOT) | C(PAST) | C(QUESTION) },
	{ M_PAY, .needs = C(PAY), .lacks = C(NOT) | C(QUESTION), .hint = true },
	{ M_OWN_USE, .needs = C(OWN), .lacks = C(NOT) | C(RENT) | C(GOOD) },
	{ M_READY, .needs = C(TALK), .one_of = C(CAN) | C(LET), .lacks = C(NOT) | C(LATER) | C(DAY) },
	{ M_HURRY, .needs = C(HURRY), .lacks = C(NOT) },
	{ M_SOON, .needs = C(SOON), .lacks = C(NOT) },
	{ M_OTHER_TIME, .needs = C(OTHER) | C(NEED), .lacks = C(NOT) | C(PAY) | C(PART) | C(ALL), .hint = true },
	{ M_OTHER_TIME, .needs = C(HAVE) | C(THEN), .lacks = C(NOT) | C(PAY), .hint = true },
	{ M_PAID, .needs = C(DO) | C(HAVE) | C(PAST), .lacks = C(NOT) | C(WILL) | C(CAN) | C(PART), .hint = true },
	{ M_OTHER_TIME, .needs = C(LATER), .lacks = C(NOT) | C(PAY) | C(PART) | C(ALL) | C(MONEY) | C(KEEP), .hint = true },
	{ M_OTHER_TIME, .needs = C(NOT), .one_of = C(THEN) | C(DAY) | C(SAME), .lacks = C(PAY) | C(GOOD) | C(KEEP) | C(MONEY) | C(HAVE), .hint = true },
	{ M_GOOD, .needs = C(GOOD), .lacks = C(OTHER_DAY) | C(NOT) | C(OTHER), .hint = true },
	{ M_CANNOT, .needs = C(NOT) | C(CAN), .lacks = C(NEED) | C(GOOD), .hint = true },
	{ M_WILL_NOT, .needs = C(NOT) | C(WILL), .hint = true },
};

static const struct rule *rule_for(set clause)
{
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!(rules[i].needs & ~clause) && !(rules[i].lacks & clause) && (!rules[i].one_of || (rules[i].one_of & clause)))
			return &rules[i];
	return NULL;
}

static void meaning_drop(struct meanings *m, uint64_t which)
{
	m->plain &= ~which;
	m->hinted &= ~which;
}

void meanings_read(struct meanings *m, const struct words *w, const struct words *question)
{
	uint64_t last = 0; /* what the clause before means */
	const struct rule *r;
	bool changes = false; /* a clause speaks of a change itself */
	set clause = 0;
	size_t at = 0;

	*m = (struct meanings){ .plain = 0 };
	while (at < w->count) {
		bool concludes = at && word_is(w, at, "so"), excepts = at && (denies_ahead(w, at) || (word_is(w, at, "but") && word_negates(w, at + 1)));
		uint64_t before = last;

		if (at && turns_over(w, at, clause))
			meaning_drop(m, last);
		at = clause_read(w, at, question, &clause);
		last = 0;
		m->asks = m->asks || (clause & C(QUESTION));
		m->depends = m->depends || (clause & C(IF));
		changes = changes || (clause & (C(CHANGE) | C(CALL)));
		if (clause & C(IF))
			continue; /* a condition tells nothing of what is wanted */
		if (clause & (C(NOT) | C(BAD) | C(BUSY)))
			m->denied_to = at;
		r = rule_for(clause);
		if (!r)
			continue;
		last = UINT64_C(1) << r->meaning;
		if (excepts && r->meaning == M_OTHER_TIME)
			meaning_drop(m, before); /* "I want to come, but not on that day" */
		if (concludes)
			m->hinted = 0; /* "I'm at lunch so it's fine" */
		*(r->hint ? &m->hinted : &m->plain) |= last;
	}
	m->mere_time = (m->plain | m->hinted) == M(OTHER_TIME) && !changes;
}

/* ---- options ---- */

/* What no option means by itself goes to one that means something wider; the first line whose wider one an option has. */
static const struct {
	enum meaning meaning, wider;
} widening[] = {
	{ M_COMING, M_KEEP }, { M_GOOD, M_KEEP }, { M_GOOD, M_READY }, { M_NOT_GOOD, M_OTHER_TIME }, { M_NOT_GOOD, M_BUSY }, { M_OTHER_TIME, M_BUSY }, { M_CANNOT, M_BUSY },
	{ M_NOT_COMING, M_STOP }, { M_NO_NEED, M_STOP }, { M_FOUND_OTHER, M_STOP }, { M_NO_INTEREST, M_STOP }, { M_NO_NEED, M_NO_INTEREST },
	{ M_FOUND_OTHER, M_NO_INTEREST }, { M_STOP, M_NO_INTEREST }, { M_PAY, M_PAY_ALL }, { M_PAY_ALL, M_PAY }, { M_NO_MONEY, M_REFUSE }, { M_CANNOT, M_REFUSE },
	{ M_WILL_NOT, M_REFUSE }, { M_NOT_ORDERED, M_DISPUTE }, { M_NOT_ORDERED, M_STRANGER }, { M_HURRY, M_SOON }, { M_HURRY, M_BUSY },
};

static uint64_t text_means(const char *text, size_t len)
{
	struct meanings m;
	struct words w;

	words_read(&w, text, len);
	meanings_read(&m, &w, NULL);
	return m.plain | m.hinted;
}

/* What tells options apart only beside its opposite: elsewhere "home" is a place, "myself" says who, "transfer" is one way to pay, and "today" one day.
 * `which` counts where an option means one of `beside`. */
static const struct {
	uint64_t which, beside;
} opposites[] = {
	{ M(OWN_USE), M(RENT_OUT) },
	{ M(RENT_OUT), M(OWN_USE) },
	{ M(HURRY) | M(SOON), M(NO_HURRY) },
	{ M(PAY) | M(PAY_ALL), M(PART) | M(PAID) | M(NOT_PAID) | M(PAY_LATER) | M(OTHER_TIME) | M(DISPUTE) | M(REFUSE) | M(NO_MONEY) |
		M(CANNOT) | M(WILL_NOT) },
	{ M(PART) | M(PAID) | M(DISPUTE), M(PAY) | M(PAY_ALL) | M(REFUSE) | M(NO_MONEY) },
	{ M(READY), M(BUSY) | M(NO_INTEREST) | M(OTHER_TIME) },
	{ M(BUSY), M(READY) | M(GOOD) | M(NO_INTEREST) },
	{ M(KEEP) | M(COMING), M(OTHER_TIME) | M(STOP) | M(NOT_COMING) | M(CANNOT_COME) | M(NO_NEED) },
	{ M(STOP), M(KEEP) | M(COMING) | M(OTHER_TIME) | M(READY) | M(NO_INTEREST) },
};

static bool lists_yes_or_no(const json_t *option)
{
	const json_t *words = json_object_get(option, "words");
	size_t i;

	for (i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		if (word && (!strcasecmp(word, "yes") || !strcasecmp(word, "no")))
			return true;
	}
	return false;
}

/* An option that is the question's yes or no keeps what it means, but for whose home it is. */
static void drop_unopposed(const json_t *options, uint64_t of[MEANINGS_OPTIONS_MAX])
{
	uint64_t all = 0, dropped = 0;
	size_t i;

	for (i = 0; i < MEANINGS_OPTIONS_MAX; i++)
		all |= of[i];
	for (i = 0; i < sizeof(opposites) / sizeof(opposites[0]); i++)
		dropped |= all & opposites[i].beside ? 0 : opposites[i].which;
	for (i = 0; i < json_array_size(options) && i < MEANINGS_OPTIONS_MAX; i++)
		of[i] &= ~(lists_yes_or_no(json_array_get(options, i)) ? dropped & (M(OWN_USE) | M(RENT_OUT)) : dropped);
}

void meanings_of_options(const json_t *options, uint64_t of[MEANINGS_OPTIONS_MAX])
{
	size_t i, j;

	memset(of, 0, MEANINGS_OPTIONS_MAX * sizeof(*of));
	for (i = 0; i < json_array_size(options) && i < MEANINGS_OPTIONS_MAX; i++) {
		const json_t *option = json_array_get(options, i), *value = json_object_get(option, "value"), *words = json_object_get(option, "words");

		of[i] = text_means(json_string_value(value), json_string_length(value));
		for (j = 0; j < json_array_size(words); j++)
			of[i] |= text_means(json_string_value(json_array_get(words, j)), json_string_length(json_array_get(words, j)));
		of[i] &= ~M(UNSURE);
	}
	drop_unopposed(options, of);
}

/* The options that mean it, as a set. */
static uint32_t options_with(const uint64_t of[MEANINGS_OPTIONS_MAX], enum meaning meaning)
{
	uint32_t options = 0;
	size_t i;

	for (i = 0; i < MEANINGS_OPTIONS_MAX; i++)
		options |= (uint32_t)((of[i] >> meaning) & 1) << i;
	return options;
}

static uint32_t options_meant(const uint64_t of[MEANINGS_OPTIONS_MAX], uint64_t said)
{
	uint32_t all = 0, one;
	unsigned int meaning;
	size_t i;

	for (meaning = 0; meaning < MEANINGS; meaning++) {
		if (!((said >> meaning) & 1))
			continue;
		one = options_with(of, (enum meaning)meaning);
		for (i = 0; !one && i < sizeof(widening) / sizeof(widening[0]); i++)
			if (widening[i].meaning == (enum meaning)meaning)
				one = options_with(of, widening[i].wider);
		all |= one & (one - 1) ? 0 : one; /* what two options mean tells nothing */
	}
	return all;
}

/* What leaves a question open although it speaks of it: "I can't come", "I can come at five", "I haven't paid", "I paid half", "I have to ask
 * my wife". */
static const uint64_t open_meanings = M(UNSURE) | M(CANNOT_COME) | M(MAY_COME) | M(NOT_SO_MUCH) | M(NOT_PAID) | M(PAID_PART) | M(PAY_LATER);

int meanings_choose(const uint64_t of[MEANINGS_OPTIONS_MAX], const struct meanings *m)
{
	uint32_t meant = options_meant(of, m->plain);

	if ((m->plain & M(UNSURE)) || (!meant && (m->plain & open_meanings)))
		return MEANT_OPEN;
	if (!meant && !m->asks)
		meant = options_meant(of, m->hinted);
	if (!meant)
		return MEANT_NOTHING;
	return meant & (meant - 1) ? MEANT_SEVERAL : __builtin_ctz(meant);
}

bool meanings_refuses(uint64_t of)
{
	return (of & (M(NO_INTEREST) | M(STRANGER) | M(NOT_ORDERED))) && !(of & (M(KEEP) | M(COMING) | M(OTHER_TIME)));
}

bool meanings_promise(uint64_t of)
{
	return (of & (M(PAY) | M(PAY_ALL))) && !(of & M(PART));
}

/* ---- yes or no ---- */

/* What is a yes or a no to a question that speaks of this; the first line that fits. */
static const struct {
	set asks;
	uint64_t yes, no;
} sides[] = {
	{ C(STOP), M(STOP) | M(NO_NEED) | M(NOT_COMING) | M(CANNOT_COME) | M(FOUND_OTHER), M(KEEP) | M(COMING) | M(OTHER_TIME) },
	{ C(PAY), M(PART) | M(PAY) | M(PAY_ALL), M(NO_MONEY) | M(REFUSE) | M(NOT_SO_MUCH) },
	{ C(INTEREST), 0, M(NO_INTEREST) | M(FOUND_OTHER) | M(NO_NEED) },
	{ C(CHANGE), M(COMING) | M(GOOD) | M(READY), M(NOT_GOOD) | M(BUSY) | M(CANNOT_COME) | M(NOT_COMING) },
	{ C(THEN), M(COMING) | M(GOOD) | M(READY), M(OTHER_TIME) | M(NOT_GOOD) | M(BUSY) | M(CANNOT_COME) | M(NOT_COMING) },
};

/* All concepts of a question. */
static set question_set(const struct words *question)
{
	set asked = 0, clause;
	size_t from = 0;

	while (from < question->count) {
		from = clause_read(question, from, NULL, &clause);
		asked |= clause;
	}
	return asked;
}

int meanings_side(const struct words *w, const struct words *question, bool *outright)
{
	static const char *const searches[] = { "is there", "are there", "do you have", "have you got", NULL };
	struct meanings m;
	uint64_t said;
	set asked = question_set(question);
	size_t i;

	meanings_read(&m, w, question);
	if (m.depends || m.asks || words_have(w, searches) || (m.plain & M(UNSURE)))
		return 0;
	for (i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
		if (!(sides[i].asks & asked))
			continue;
		*outright = m.plain & (sides[i].yes | sides[i].no);
		said = *outright ? m.plain : m.hinted;
		return !(said & sides[i].no) - !(said & sides[i].yes);
	}
	return 0;
}

bool meanings_know(const struct words *w, size_t at)
{
	set means;

	return concepts_at(w, at, NULL, &means) > 1 || means != 0;
}

bool meanings_says_nothing(const struct words *w, size_t at)
{
	set means;

	return concepts_at(w, at, NULL, &means) > 1 && !means;
}

bool meanings_wish(const struct words *w, size_t at)
{
	static const set wishes = C(CAN) | C(NEED) | C(HAVE) | C(SAME) | C(THEN) | C(COME) | C(KEEP) | C(CHANGE) | C(STOP) | C(PAY) | C(MONEY) | C(READY) | C(BUSY) | C(GOOD) |
		C(INTEREST);
	set means;

	concepts_at(w, at, NULL, &means);
	return (means & wishes) && !(means & C(UNSURE));
}

bool meanings_binds_little(const struct words *question)
{
	return question_set(question) & (C(INTEREST) | C(PART));
}

size_t meanings_asked_at(const struct words *w, size_t at, const struct words *question)
{
	static const set deeds = C(COME) | C(KEEP) | C(CHANGE) | C(STOP) | C(PAY) | C(PART) | C(INTEREST) | C(GOOD);
	static const set small = C(CAN) | C(WILL) | C(WOULD) | C(DO) | C(NEED) | C(HAVE) | C(LET);
	set asked = question_set(question), allowed = (asked & deeds) | small, means;
	size_t len;

	if (asked & C(PART))
		allowed |= C(SUM) | C(MUCH) | C(MONEY);
	len = step(w, at, NULL, &means);
	return means && !(means & ~allowed) ? len : 0;
}

struct span meanings_clause(const struct words *w, size_t at)
{
	size_t from = 0, next;
	set clause;

	while ((next = clause_read(w, from, NULL, &clause)) <= at && next < w->count)
		from = next;
	return (struct span){ from, next - from };
}

size_t meanings_explained_at(const struct words *w, size_t at, const struct words *question)
{
	static const set helpers = C(CAN) | C(WILL) | C(WOULD) | C(DO) | C(NEED) | C(HAVE) | C(LET) | C(MY) | C(LOAN) | C(MONEY) |
		C(GOOD) | C(SAME) | C(ALREADY) | C(PAST);
	struct span clause = meanings_clause(w, at);
	const struct rule *r;
	set all, means;
	size_t len;

	clause_read(w, clause.from, question, &all);
	r = rule_for(all);
	len = step(w, at, question, &means);
	return r && means && !(means & ~(r->needs | r->one_of | helpers)) ? len : 0;
}

bool meanings_doubted(const struct words *w, size_t at)
{
	struct span clause = meanings_clause(w, at);
	size_t i = clause.from;
	set means;

	clause_read(w, clause.from, NULL, &means);
	if (means & C(IF))
		return true;
	while (i < at) {
		i += step(w, i, NULL, &means);
		if (means & C(NOT))
			return true;
	}
	return false;
}
