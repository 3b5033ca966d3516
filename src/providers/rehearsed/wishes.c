#include "providers/rehearsed/wishes.h"

#include "providers/rehearsed/understand.h"

bool wish_would_end(const struct words *question)
{
	static const char *const ends[] = { "cancel", "stop", "end", "delete", "close", "remove", "terminate", "withdraw", NULL };
	static const char *const asks[] = { "shall i", "shall we", "should i", "should we", "may i", "do you want", "would you like", NULL };

	return words_have(question, ends) && words_have(question, asks);
}

bool wish_is_against_end(const struct words *w, const struct words *question)
{
	static const char *const wants[] = { "want it", "need it", "want this", "need this", "want that", "want them", "need them", "want one", NULL };
	size_t at, len;

	if (!wish_would_end(question))
		return false;
	for (at = 1; at < w->count; at++) {
		len = words_any_at(w, at, wants);
		if (len && !word_negates(w, at - 1) && (at + len == w->count || w->at[at + len].before || word_in(w, at + len, LIST("please", "now", "still", "very", "and", "badly"))))
			return true;
	}
	return false;
}

bool wish_is_offered_call(const struct words *w, const struct words *question)
{
	static const char *const offers[] = { "call you", "ring you", "phone you", "calls you", NULL }, *const calls[] = { "call me", "ring me", "phone me", NULL };
	static const char *const small[] = { "have", "him", "her", "them", "let", "ask", "tell", "to", "he", "she", "they", "should", "may", "can", "could", "back", "just", "do",
		"i", "would", "like", "love", "want", "somebody", "someone", "us", NULL };
	size_t at, len;

	if (!words_have(question, offers) || !words_have(w, calls))
		return false;
	for (at = 0; at < w->count; at += len)
		if (!(len = words_any_at(w, at, calls)) && !(len = yes_is_plain_at(w, at, question)) && !(len = word_in(w, at, small)))
			return false;
	return true;
}
