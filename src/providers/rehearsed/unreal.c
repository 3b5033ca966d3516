#include "providers/rehearsed/unreal.h"

enum { CONTRAST_MAX = 16 };

/* Up to and with the first of these that is near; 0: none. */
static size_t behind(const struct words *w, size_t from, const char *const *phrases)
{
	size_t at, len;

	for (at = from; at < w->count && at < from + CONTRAST_MAX; at++) {
		len = words_any_at(w, at, phrases);
		if (len)
			return at + len;
	}
	return 0;
}

static size_t clause_end(const struct words *w, size_t at)
{
	for (at++; at < w->count && !w->at[at].before && !word_in(w, at, LIST("but", "so", "and", "because")); at++)
		;
	return at;
}

/* "I would have come" is unreal by itself, "I would have to come" is not. */
static size_t past(const struct words *w, size_t at)
{
	size_t len = words_any_at(w, at, LIST("would have", "could have", "should have", "might have"));

	if (!len || word_in(w, at + len, LIST("to", "a", "an", "the", "no", "some", "time", "my")))
		return 0;
	return len;
}

/* A wish, until a "but" comes. */
static size_t wish(const struct words *w, size_t at)
{
	static const char *const wishes[] = { "was going to", "were going to", "was about to", "were about to", "was planning", "were planning", "was hoping",
		"were hoping", "was meaning to", "was supposed to", "were supposed to", "had planned", "had hoped", "wanted to", "meant to", "thought i could",
		"thought i would", "thought we could", "thought we would", "thought i can", "i would", "we would", NULL };

	return words_any_at(w, at, wishes);
}

/* "If I could", "if it were in the afternoon": not "if you could". */
static size_t unmet(const struct words *w, size_t from)
{
	struct span s = words_find(w, from, "if");
	size_t at, end;

	if (!s.len || s.from > from + CONTRAST_MAX || !word_in(w, s.from + 1, LIST("i", "we", "it", "my", "only", "the", "they")))
		return 0;
	end = clause_end(w, s.from + 1);
	for (at = s.from + 2; at < end && at < s.from + 6; at++)
		if (word_in(w, at, LIST("could", "had", "were", "was", "did", "would")))
			return end;
	return 0;
}

/* "You said I paid last time", "my wife says she paid": another one's words tell nothing of one's own wish. */
static size_t report(const struct words *w, size_t at)
{
	static const char *const others[] = { "you", "they", "he", "she", "wife", "husband", "son", "daughter", "brother", "sister",
		"mother", "father", "bank", "somebody",
		"someone", "colleague", NULL };
	static const char *const says[] = { "said", "says", "say", "told me", "tells me", "tell me", "thinks", "think", "claims", "claim", NULL };
	static const char *const persons[] = { "i", "we", "he", "she", "it", "they", "that", NULL };
	size_t len = word_in(w, at, others) ? words_any_at(w, at + 1, says) : 0;

	if (!len || !word_in(w, at + 1 + len, persons) || word_in(w, at + 2 + len, LIST("should", "have", "need", "can", "could",
	"must", "would", "will")))
		return 0;
	return clause_end(w, at + 1 + len);
}

/* "I never said I can't pay", "it's not that I don't want to". */
static size_t disclaimed(const struct words *w, size_t at)
{
	static const char *const leads[] = { "never said i", "not say i", "not saying i", "never said that i", "not say that i",
		"it is not that", "not that i", "not as if i", "not like i", NULL };
	size_t len = words_any_at(w, at, leads);

	return len ? clause_end(w, at + len - 1) : 0;
}

/* "Thanks for calling back": what the other one did is no wish. The yes before it is his own. */
static size_t thanks(const struct words *w, size_t at)
{
	size_t len = words_any_at(w, at, LIST("thanks for", "thank you for", "thanks so much for", "thank you so much for", "thanks very much for",
		"thank you very much for", "thanks a lot for", "appreciate you")), end = at + len, n;

	n = len ? words_any_at(w, end, LIST("calling", "ringing", "phoning", "getting", "reaching", "trying", "following", "the call",
		"your call", "the reminder")) : 0;
	if (!n)
		return 0;
	for (end += n; word_in(w, end, LIST("me", "us", "back", "again", "up", "out", "to")) && !w->at[end].before; end++)
		;
	return end;
}

/* "I thought it was already connected": what was believed. "I thought so" and "I thought about it" agree, or weigh. */
static size_t belief(const struct words *w, size_t at)
{
	size_t len = words_any_at(w, at, LIST("i thought", "we thought", "i thought that", "i believed", "i was told"));

	return len && word_in(w, at + len, LIST("it", "you", "they", "this", "he", "she", "the", "that", "we", "i", "my")) ? clause_end(w, at + len) : 0;
}

/* Behind what is unreal from here on; 0: nothing is. */
static size_t unreal_end(const struct words *w, size_t at)
{
	static const char *const contrasts[] = { "but", "turns out", "turned out", "however", "except", "unfortunately", "lekin", "magar", NULL };
	size_t len = past(w, at), end;

	if (len) {
		end = behind(w, at + len, contrasts);
		return end ? end : clause_end(w, at + len);
	}
	if ((end = report(w, at)) || (end = disclaimed(w, at)))
		return end;
	if ((end = belief(w, at)) && !wish(w, at + 1))
		return end;
	len = wish(w, at);
	end = len ? behind(w, at + len, contrasts) : 0;
	if (!end && words_any_at(w, at, LIST("i would", "we would", "i could", "we could")) &&
		!word_in(w, at + 2, LIST("like", "love", "prefer", "rather", "appreciate", "be")))
		end = unmet(w, at + 2);
	return end;
}

/* "Maine de diya hota",
"he will have paid it" (bhar diya hoga), "it is not so" (aisa nahi hai): it makes all before it unreal. How many words, or 0. */
static size_t undone_at(const struct words *w, size_t at)
{
	static const char *const done[] = { "diya", "diye", "dee", "kiya", "chuka", "chuki", "gaya", "दिया", "दिए", "दी", "किया",
		"चुका", "चुकी", "गया", NULL };
	static const char *const may_be[] = { "hoga", "hogi", "honge", "होगा", "होगी", "होंगे", "होता", "होती", "होते", NULL };
	static const char *const not_so[] = { "aisa nahi hai", "aisa nahi", "ऐसा नहीं है", "ऐसा नहीं", NULL };

	if (words_any_at(w, at, LIST("hota", "hoti", "hote")) || (at && word_in(w, at - 1, done) && word_in(w, at, may_be)))
		return 1;
	return words_any_at(w, at, not_so);
}

static size_t unreal_start(const struct words *w, size_t at, size_t *end)
{
	static const char *const leads[] = { "i", "we", "well", "yes", "yeah", "oh", "so", "my", "the", "it", "do", NULL };
	size_t len;

	if ((*end = thanks(w, at)))
		return at;
	if ((len = undone_at(w, at))) {
		*end = behind(w, at + len, LIST("par", "lekin", "magar", "but", "पर", "लेकिन", "मगर"));
		*end = *end ? *end : clause_end(w, at + len - 1);
		return 0;
	}
	*end = unreal_end(w, at);
	while (at && !w->at[at].before && word_in(w, at - 1, leads))
		at--;
	return at;
}

void unreal_drop(struct words *w)
{
	size_t at, from, end;

	for (at = 0; at < w->count; at++) {
		from = unreal_start(w, at, &end);
		if (!end)
			continue;
		words_cut(w, (struct span){ from, end - from });
		at = from - 1; /* what follows stands there now (of 0 the ++ makes 0 again) */
	}
}
