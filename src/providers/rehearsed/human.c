/* A wish is a verb, who is wanted, and the small words that may stand between them: anything else between, and it is none ("I have to talk to my wife"). */
#include "providers/rehearsed/human.h"

enum { BETWEEN_MAX = 7 };

/* Whoever may answer for the company; who is anybody's ("somebody") only where one speaks with him. */
static const char *const staff[] = { "human", "humans", "human being", "operator", "representative", "receptionist", "officer", "manager", "supervisor", "agent",
	"customer care", "customer service", "customer support", "front desk", "reception", "live agent", "real person", "actual person", "live person", "senior person",
	"proper person", "senior", "staff", "colleague", "call center", "call centre", "help desk", "helpline", NULL };
static const char *const anybody[] = { "person", "people", "somebody", "someone", "real one", NULL };
static const char *const machines[] = { "machine", "machines", "robot", "robots", "computer", "computers", "bot", "bots", "recording", "recordings", NULL };

static const char *const talks[] = { "speak", "talk", "chat", "discuss", NULL };
static const char *const hands_over[] = { "connect", "transfer", "put", "pass", "hand", "give", "get", "patch", "forward", "switch", "bring", NULL };
static const char *const wishes[] = { "want", "need", "like", "prefer", "have", NULL };

static const char *const small[] = { "to", "with", "a", "an", "the", "some", "your", "one", "of", "any", "there", "this", "call", "phone", "line", "on", "it", "me", "us",
	"over", "through", "please", "directly", "instead", "actual", "real", "live", "human", "proper", "senior", "bank", "office", "clinic", "company", "customer", "about",
	"matter", "in", "at", NULL };

/* The word from which one of these stands, only small ones before it; 0: none does. */
static size_t governed(const struct words *w, size_t at, const char *const *whom)
{
	size_t i;

	for (i = at; i < w->count && i < at + BETWEEN_MAX && !w->at[i].before; i++) {
		if (words_any_at(w, i, whom) && !word_is(w, i + 1, "else"))
			return i;
		if (!word_in(w, i, small))
			break;
	}
	return 0;
}

/* "I have to talk to somebody at work first": he puts it off, and wants nobody here. */
static bool is_own_errand(const struct words *w, size_t at)
{
	if (at && word_is(w, at - 1, "you") && word_in(w, at, talks))
		return true; /* "did you speak to someone at my office" */
	return (at > 1 && word_is(w, at - 1, "to") && word_in(w, at - 2, LIST("have", "had", "got"))) || words_find(w, at, "first").len;
}

static bool is_denied(const struct words *w, size_t at)
{
	size_t back;

	for (back = 0; at && back < 4 && !w->at[at].before; back++)
		if (word_negates(w, --at))
			return true;
	return false;
}

/* "Connect me", "put the call through": without a name of whom. */
static bool is_through(const struct words *w, size_t at)
{
	static const char *const through[] = { "connect me", "connect us", "transfer me", "transfer my call", "transfer the call", "transfer this call", "put me through",
		"put us through", "patch me through", NULL };

	return words_any_at(w, at, through);
}

static bool is_wish(const struct words *w, size_t at)
{
	static const char *const me[] = { "me", "us", "the call", "this call", "my call", "the phone", "the line", "it", NULL };
	size_t whom;

	if (words_any_at(w, at, LIST("is there", "are there", "do you have")))
		return governed(w, at + 1 + word_is(w, at, "do"), LIST("human", "human being", "real person", "actual person", "live person", "live agent"));
	if (word_in(w, at, talks))
		return governed(w, at + 1, staff) || governed(w, at + 1, anybody);
	if (word_in(w, at, hands_over) && words_any_at(w, at + 1, me))
		return governed(w, at + 1, staff) || is_through(w, at);
	whom = word_in(w, at, wishes) && at && word_in(w, at - 1, LIST("i", "we", "would", "can", "could")) ? governed(w, at + 1, staff) : 0;
	return whom && word_in(w, whom - 1, LIST("a", "an", "the", "real", "actual", "live", "human", "your", "proper"));
}

bool human_wanted(const struct words *w)
{
	size_t at;

	for (at = 0; at < w->count; at++) {
		if (word_in(w, at, talks) && is_denied(w, at) && governed(w, at + 1, machines))
			return true;
		if (is_wish(w, at) && !is_denied(w, at) && !is_own_errand(w, at))
			return true;
	}
	return false;
}

bool human_named(const struct words *w)
{
	static const char *const hindi[] = { "insaan se", "aadmi se", "manager se", "इंसान से", "आदमी से", "मैनेजर से", NULL };

	return human_wanted(w) || words_have(w, hindi);
}

/* "A human? No thanks", "insaan se baat nahi karni"; but "a person, not a machine". */
static bool is_refused_behind(const struct words *w, size_t at)
{
	size_t i;

	if (words_any_at(w, at, LIST("no thanks", "no thank you", "no need", "not needed", "not necessary", "is not needed", "is not necessary")))
		return true;
	for (i = at; i < w->count && i < at + 2 && !w->at[i].before; i++)
		if (word_negates(w, i) && !governed(w, i + 1, machines) && !word_is(w, i + 1, "you"))
			return true;
	return false;
}

/* "You don't sound like a human", "is this a real person", "I already had to speak to someone". */
static bool is_named_by_the_way(const struct words *w, size_t at)
{
	static const char *const leads[] = { "is this", "is that", "are you", "am i", "sound like", "sounds like", "have to", "had to", "used to", "i will",
		"not want", "not need", "not wish", "not like", "not have", "not speak", "not talk", "no need", "already", NULL };
	static const char *const begins[] = { "please", "can", "could", "connect", "transfer", "put", "just", "instead", NULL };
	size_t back;

	for (back = 0; at && back < 6 && !w->at[at].before && !word_in(w, at, begins); back++)
		if (words_any_at(w, --at, leads))
			return true;
	return false;
}

/* "Your manager promised me", "I was talking to a human just now", "I am an agent myself": more is told than a wish for one. */
static bool is_told_of(const struct words *w, struct span phrase)
{
	static const char *const tells[] = { "was", "were", "am", "did", "said", "told", "promised", "called", "knows", "has", "had",
		"spoke", "talked", "did you", "just now", "before",
		"yesterday", "last", "myself", "already", NULL };
	size_t at;

	for (at = phrase.from; at && !w->at[at].before && !word_in(w, at - 1, LIST("but", "so", "and")); at--)
		;
	for (; at < w->count && (at <= phrase.from || !w->at[at].before); at++)
		if ((at < phrase.from || at >= phrase.from + phrase.len) && words_any_at(w, at, tells))
			return !human_wanted(w);
	return false;
}

bool human_only_named(const struct words *w, struct span phrase)
{
	return is_told_of(w, phrase) || is_named_by_the_way(w, phrase.from) || is_refused_behind(w, phrase.from + phrase.len);
}
