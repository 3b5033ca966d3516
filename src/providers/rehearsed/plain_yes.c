/* Whether a yes is a plain one: what stands beside it must be known to be harmless, that is fillers, courtesies, agreement, and what was asked or read back.
 * Anything else may be a limit, a condition or another value ("yes, but Wednesday", "haan par 2000 hi"). A word that nobody has thought of so costs a
 * question, never a wrong outcome. Only a long answer to a question, which gives reasons ("yes, my daughter can drive me that day"), is judged by
 * what is known to limit it. Pure. */
#include "providers/rehearsed/understand.h"

#include "redact/token.h"

enum { SHORT_WORDS = 7, SHORT_PERSON = 5 };

#define LEAST_SUM INT64_C(100000000) /* a hundred, in micro-units: no day of a month, and no hour */

/* Who says nothing but these beside a yes has said yes. None of them names a person, a thing, an amount or a time. */
static const char *const harmless[] = { "a", "about", "approximately", "book", "confirm", "deal", "give", "looking", "maam", "roughly", "them",
	"too", "absolutely", "ah", "already", "alright", "am", "and", "are", "as", "at", "be", "been", "bet", "bye", "by", "can", "completely",
	"could", "course", "dear", "definitely", "do", "does", "done", "else", "enough", "er", "erm", "excellent", "fantastic", "fine", "for",
	"from", "go", "good", "goodbye", "great", "guess", "have", "hello", "help", "here", "hey", "hi", "hm", "hmm", "how", "i", "in", "indeed",
	"is", "it", "kindly", "know", "let", "like", "lot", "love", "ma", "madam", "man", "me", "mm", "mmm", "much", "my", "myself", "name", "need",
	"needful", "of", "oh", "ok", "okay", "on", "one", "perfectly", "person", "please", "quite", "really", "right", "said", "same", "say", "see",
	"should", "side", "sir", "so", "sorry", "sounds", "speaking", "still", "suppose", "sure", "tell", "thank", "thanks", "that", "the", "then",
	"there", "thing", "think", "this", "to", "told", "totally", "true", "trouble", "uh", "uhm", "um", "up", "us", "very", "want", "was", "we",
	"well", "what", "who", "why", "will", "wish", "with", "wonderful", "work", "works", "would", "you", "your", "course", "calling", "happened",
	"matter", "mr", "ms", "mrs", "unfortunately", "nicely", "हां", "जी", "है", "हूं", "मैं", "मुझे", "यह", "ये", "ही", "तो", "भी", "आप", "हम",
	"ठीक", "सही", "अच्छा", "अच्छी", "बात", "बिल्कुल", "बिलकुल", "भाई", "साहब", "सर", "मैडम", "नमस्ते", "नमस्कार", "धन्यवाद", "शुक्रिया",
	"पक्का", "जरूर", "ओके", "हैलो", "कर", "दूंगा", "दूंगी", "देंगे", "करूंगा", "करूंगी", "दे", "सकता", "सकती", "रहा", "रही", "बोल", "हैं", "सच",
	"कौन", "क्या", "खुद", "hai", "hoon", "hun", "hu", "main", "mai", "mujhe", "yeh", "ye", "toh", "to", "bhi", "aap", "hum", "theek", "thik",
	"sahi", "achha", "acha", "accha", "baat", "bilkul", "bhai", "sahab", "saab", "namaste", "namaskar", "dhanyavaad", "dhanyawad", "shukriya",
	"pakka", "zaroor", "jaroor", "zarur", "kar", "dunga", "dungi", "denge", "karunga", "karungi", "de", "sakta", "sakti", "raha", "rahi", "bol",
	"hain", "sach", "kaun", "kya", "khud", "kahiye", NULL };
static const char *const harmless_phrases[] = { "good morning", "good afternoon", "good evening", "good day", "all good", "all correct", "all ears",
	"all yours", "all right", "if you can", "if possible", "if you do not mind", "if you like", "if that is ok", "if that is okay",
	"if that is fine", "like to hear more", "love to hear more", "tell me more", "know more", "hear more", "put me down", "put me in",
	"book me in", "lock it in", "no problem", "no worries", "even better", "much better", "fine by me", "go on", "for the best", "that only",
	"me only", "it only", "more or less", "if that is the", "if that is all", "if it is free", "if it is available", "before somebody else",
	"before someone else", "is not it", "no doubt", "without a doubt", "without doubt",
	"no question", "without question", "not come soon enough", "not mind", "do not worry", "can not wait", "no better", "not ideal", NULL };

/* What makes of a yes something else, however long the answer is. */
static const char *const limits[] = { "but", "only", "if", "unless", "until", "till", "except", "excluding", "apart", "provided", "providing",
	"though", "although", "however", "assuming", "depending", "depends", "as long as", "so long as", "on condition", "subject to", "in case",
	"minus", "less", "instead", "dekhte hain", "dekhenge", "sochte hain", "देखते हैं", "देखेंगे", "सोचते हैं", "let us see",
	"once i find", "when i find", "get a job", "once i have", "ask me", "call me",
	"hang on", "hold on", "make it", "make that", "par", "lekin", "magar", "agar", "sirf", "bas", "bashart",
	"balki", "पर", "लेकिन", "मगर", "अगर", "सिर्फ", "बस", "बशर्ते", "बल्कि", NULL };
static const char *const doubts[] = { "once", "without", "rather", "maybe", "perhaps", "might", "half", "most", "part", "some", "partly", "other",
	"another", "different", "earlier", "later", "sooner", "before", "after", "not", "never", "no", "or", "wait", "first", "aadha", "kam",
	"baad", "shayad", "jab", "आधा", "कम", "बाद", "शायद", "जब", "नहीं", "nahi", "nahin", NULL };

static bool is_of_question(const struct words *w, size_t at, const struct words *question)
{
	size_t i;

	for (i = 0; question && i < question->count; i++)
		if (words_stem_same(question->at[i].text, w->at[at].text) && !word_negates(w, at) && !word_is(w, at, "or"))
			return true;
	return false;
}

/* "Ten" is not "10:30". */
static bool minutes_are_same(const struct words *w, size_t at, const struct words *question, size_t behind)
{
	int32_t asked, said;

	if (behind >= question->count || question->at[behind].before != ':' || !number_small(question, behind, &asked) || !asked)
		return true;
	return number_small(w, at, &said) && said == asked;
}

/* A number that was read back, in words or digits. */
static size_t number_of_question(const struct words *w, size_t at, const struct words *question)
{
	int64_t said, asked;
	size_t len = number_at(w, at, &said), i, n;

	for (i = 0; len && question && i < question->count; i++)
		if ((n = number_at(question, i, &asked)) && said == asked && minutes_are_same(w, at + len, question, i + n))
			return len;
	return 0;
}

/* Says yes itself, or what the question asks for. */
static size_t agrees_at(const struct words *w, size_t at, const struct words *question)
{
	size_t len = words_any_at(w, at, harmless_phrases);

	if (len || (len = yes_no_yes_at(w, at)) || !question)
		return len;
	if (meanings_binds_little(question) && (len = words_any_at(w, at, LIST("if it", "if that"))))
		return len;
	return meanings_asked_at(w, at, question);
}

size_t yes_is_plain_at(const struct words *w, size_t at, const struct words *question)
{
	size_t len = agrees_at(w, at, question);
	int64_t number;

	if (len)
		return len;
	if (number_at(w, at, &number) && !word_is(w, at, "a") && !word_is(w, at, "one"))
		return number_of_question(w, at, question);
	if (question && person_asked(question) && (word_is(w, at, "only") || person_is_named(w, at, question)))
		return 1;
	return is_of_question(w, at, question) || word_in(w, at, harmless);
}

bool yes_is_certain(const struct words *w, const struct words *question)
{
	size_t at = 0, len;

	while (at < w->count && (len = yes_is_plain_at(w, at, question)))
		at += len;
	return at == w->count;
}

static int unit_at(const struct words *w, size_t at)
{
	static const char *const units[][8] = {
		{ "day", "days", "din", "दिन", "दिनों", NULL }, { "week", "weeks", "hafte", "hafton", "हफ्ते", "हफ्तों", "हफ्ता", NULL },
		{ "month", "months", "mahine", "mahina", "महीने", "महीनों", NULL }, { "year", "years", "saal", "साल", "वर्ष", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (word_in(w, at, units[i]))
			return (int)i + 1;
	return 0;
}

/* "Next month", "in three weeks", where it was to be within two weeks; "by the end of the month" may be. */
static bool names_longer_term(const struct words *w, const struct words *question)
{
	int32_t said, asked;
	size_t at, i = 0;

	while (i < question->count && !unit_at(question, i))
		i++;
	if (!i || i == question->count || !number_small(question, i - 1, &asked))
		return false;
	for (at = 1; at < w->count; at++) {
		if (!unit_at(w, at) || word_in(w, at - 1, LIST("the", "this", "is", "इस", "इसी")))
			continue;
		if (unit_at(w, at) > unit_at(question, i) || (unit_at(w, at) == unit_at(question, i) && number_small(w, at - 1, &said) && said > asked))
			return true;
	}
	return false;
}

/* A condition or a limit; and, unless the words mean a yes by themselves, a "not" or a value that was not in the question. */
static bool is_limited(const struct words *w, const struct words *question, bool is_meant)
{
	size_t at, len;
	int64_t number;

	for (at = 0; at < w->count; at += len) {
		if ((len = agrees_at(w, at, question)))
			continue;
		if (words_any_at(w, at, limits) || (!is_meant && words_any_at(w, at, doubts)))
			return true;
		if ((len = yes_is_plain_at(w, at, question)))
			continue;
		if (!is_meant && (number_at(w, at, &number) || date_names_day(w, at)))
			return true;
		len = 1;
	}
	return false;
}

bool yes_is_plain(const struct words *w, const struct words *question, bool is_meant)
{
	if (question && names_longer_term(w, question))
		return false;
	if (question && person_asked(question))
		return person_is_plain(w, question) && (w->count > SHORT_PERSON || yes_is_certain(w, question));
	return is_meant || w->count > SHORT_WORDS ? !is_limited(w, question, is_meant) : yes_is_certain(w, question);
}

bool yes_is_free(const struct words *w, const struct words *question)
{
	return !names_longer_term(w, question) && !is_limited(w, question, false);
}

/* "Yes, on Monday", when Monday was read back; in "Monday, but only half" and "two thousand on Monday" more is said. */
bool yes_repeats(const struct words *w, const struct words *question)
{
	size_t at, len;
	int64_t number;

	for (at = 0; at < w->count; at += len) {
		if ((len = agrees_at(w, at, question)))
			continue;
		if (words_any_at(w, at, limits) || (words_any_at(w, at, doubts) && !word_is(w, at, "first")))
			return false;
		len = number_at(w, at, &number);
		if (len && number >= LEAST_SUM && !number_of_question(w, at, question))
			return false;
		len += !len;
	}
	return true;
}
