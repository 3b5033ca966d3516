#include "providers/rehearsed/questions.h"

#include "base/num.h"
#include "providers/rehearsed/understand.h"

/* What may stand before a question and after it, and says nothing beside it. */
static const char *const beside[] = { "and", "but", "so", "or", "oh", "ok", "okay", "well", "um", "uh", "er", "hmm", "hm", "sorry", "wait", "then", "first", "actually", "also",
	"please", "hi", "hello", "hey", "excuse", "me", "just", "again", "though", "now", "right", "alright", "sure", "fine", "because", "thanks", "thank", "you", "sir", "madam",
	"ji", "lekin", "par", "aur", "achha", "accha", "theek", "hai", "जी", "लेकिन", "पर", "और", "अच्छा", "ठीक", "है", NULL };
static const char *const answers[] = { "yes", "yeah", "yep", "no", "nope", "haan", "nahi", "हां", "नहीं", NULL };

static const char *const whats[] = { "what", "when", "where", "who", "why", "how", "which", "whose", NULL };
static const char *const helpers[] = { "can", "could", "may", "shall", "should", "must", "will", "would", "do", "does", "did", "is", "are", "am", "was", "were", "has",
	"have", "had", NULL };
static const char *const subjects[] = { "i", "we", "you", "it", "this", "that", "there", "they", "he", "she", "the", "my", "your", "anybody", "anyone", "somebody",
	"someone", "interest", NULL };
static const char *const hindi[] = { "kitna", "kitne", "kitni", "kab", "kaise", "kahan", "kyon", "kyun", "kya", "kaun", "kaunsa", "कितना", "कितने", "कितनी", "कब", "कैसे", "कहां",
	"क्यों", "क्या", "कौन", NULL };
/* Requests, and what leads to a question: these ask only for what the book has an answer to. */
static const char *const requests[] = { "tell me", "send me", "send it", "text me", "email me", "e mail me", "mail me", "give me", "let me know", "want to know", "like to know",
	"need to know", "wanted to know", "wondering", "want to ask", "like to ask", "wanted to ask", "remind me", "explain", "any", "is there", "are there", "if i", "if we", "since when", NULL };

/* "What I can do is", "how about Friday", "when my salary comes": none. */
static bool is_relative(const struct words *w, size_t at)
{
	if (word_is(w, at, "how"))
		return word_is(w, at + 1, "about");
	return word_in(w, at, LIST("what", "when", "where", "who")) && word_in(w, at + 1, LIST("i", "we", "my", "he", "she", "they"));
}

/* "I can that is", "all I can you": the subject stands before the helper, and nobody asks. */
static bool is_stated(const struct words *w, size_t at)
{
	static const char *const leads[] = { "i", "we", "you", "he", "she", "they", "it", "that", "this", "there", "who", "not", "to", "as", "if", "than", "all", "think", "know", NULL };

	return at && !w->at[at].before && word_in(w, at - 1, leads);
}

static bool asks_at(const struct words *w, size_t at)
{
	if (word_in(w, at, whats))
		return !is_relative(w, at) && !(at && word_in(w, at - 1, LIST("know", "sure", "matter", "that", "person", "care")));
	return word_in(w, at, helpers) && word_in(w, at + 1 + word_is(w, at + 1, "not"), subjects) && !is_stated(w, at);
}

static bool requests_at(const struct words *w, size_t at)
{
	return words_any_at(w, at, requests) && !(at && word_negates(w, at - 1));
}

static bool has_hindi(const struct words *w, size_t from, size_t end)
{
	for (; from < end; from++)
		if (word_in(w, from, hindi))
			return true;
	return false;
}

/* Where what begins at `from` ends: at a mark, or where something else is said. */
static size_t clause_end(const struct words *w, size_t from)
{
	size_t at = from + 1;

	while (at < w->count && !(w->at[at].before && w->at[at].before != '\'' && w->at[at].before != '-') && !word_in(w, at, LIST("but", "because", "lekin", "लेकिन")))
		at++;
	return at;
}

/* A question from `from` on, before `end`: where it begins; `end`: there is none. */
static size_t question_begin(const struct words *w, size_t from, size_t end)
{
	size_t at;

	if (has_hindi(w, from, end))
		return from;
	for (at = from; at < end; at++)
		if (asks_at(w, at) || requests_at(w, at))
			return at;
	return end;
}

static struct words part_of(const struct words *w, size_t from, size_t end)
{
	struct words part = { .count = 0 };

	while (from < end)
		part.at[part.count++] = w->at[from++];
	return part;
}

/* The one whose phrase has the most words of all that stand there, less what stands between them; -1: none has one. */
static int question_of(const json_t *questions, const struct words *w)
{
	size_t i, j, best = 0, score;
	int found = -1;

	for (i = 0; i < json_array_size(questions); i++) {
		const json_t *phrases = json_object_get(json_array_get(questions, i), "words");

		for (j = 0; j < json_array_size(phrases); j++) {
			const char *text = json_string_value(json_array_get(phrases, j));
			struct words phrase;
			struct span said;

			words_read(&phrase, text, json_string_length(json_array_get(phrases, j)));
			said = understand_phrase(w, text);
			score = said.len ? 2 * phrase.count - num_min(said.len, 2 * phrase.count - 1) : 0;
			if (score > best) {
				best = score;
				found = (int)i;
			}
		}
	}
	return found;
}

static void found_put_question(struct questions_asked *out, int question)
{
	size_t i;

	for (i = 0; i < out->count; i++)
		if (out->at[i] == question)
			return;
	if (out->count < QUESTIONS_AT_ONCE)
		out->at[out->count++] = question;
}

static void keep(struct words *rest, const struct words *w, size_t from, size_t end)
{
	while (from < end)
		rest->at[rest->count++] = w->at[from++];
}

/* "Yes but", with nothing behind it any more; and "ok but", which answers nothing where a question follows. */
static void rest_trim(struct words *rest)
{
	size_t at = 0;

	while (word_in(rest, at, beside))
		at++;
	if (at == rest->count)
		rest->count = 0;
	while (rest->count && word_in(rest, rest->count - 1, LIST("but", "and", "so", "or", "because", "lekin", "aur", "लेकिन", "और")))
		rest->count--;
}

bool questions_find(const json_t *questions, const struct words *w, struct questions_asked *out)
{
	size_t from, end, begin;

	*out = (struct questions_asked){ .count = 0 };
	for (from = 0; json_array_size(questions) && from < w->count; from = end) {
		struct words part;
		int question = -1;

		end = clause_end(w, from);
		begin = question_begin(w, from, end);
		if (begin < end) {
			part = part_of(w, begin, end);
			question = question_of(questions, &part);
		}
		keep(&out->rest, w, from, question < 0 ? end : begin);
		if (question < 0)
			continue;
		out->wishes = out->wishes || (word_in(&part, 0, LIST("can", "could", "may", "shall")) && word_in(&part, 1, LIST("i", "we", "you")));
		found_put_question(out, question);
	}
	rest_trim(&out->rest);
	return out->count > 0;
}

/* Behind what says nothing beside a question. */
static size_t head_end(const struct words *w, size_t at)
{
	while (word_in(w, at, beside) || word_in(w, at, answers))
		at++;
	return at;
}

bool question_is_asked(const struct words *w)
{
	size_t from, at;

	for (from = 0; from < w->count; from = clause_end(w, from)) {
		at = head_end(w, from);
		if (at < w->count && (asks_at(w, at) || has_hindi(w, at, w->count) || words_any_at(w, at, LIST("is there", "are there", "if i", "if we"))))
			return true;
	}
	return false;
}

bool question_is_request(const struct words *w)
{
	size_t at = head_end(w, 0);

	at += word_in(w, at, LIST("who", "where", "when"));
	return word_in(w, at, LIST("can", "could", "may", "shall", "should")) && word_in(w, at + 1, LIST("i", "we", "you", "my", "our"));
}

/* ---- questions of no book's ---- */

/* Stricter than asks_at: no phrase of a book's stands there that could tell. "When the salary comes", "do it then", "May the third" ask nothing. */
static bool asks_surely_at(const struct words *w, size_t at)
{
	if (word_in(w, at, LIST("when", "where", "who")))
		return word_in(w, at + 1, helpers);
	if (word_in(w, at, LIST("do", "have", "had", "may", "must")))
		return word_in(w, at + 1 + word_is(w, at + 1, "not"), LIST("i", "we", "you", "they"));
	return asks_at(w, at) || words_any_at(w, at, LIST("is there", "are there"));
}

/* Behind a mark, of whatever thing: "is parking free there", but not "is best for me". */
static bool asks_of_thing_at(const struct words *w, size_t at, size_t end)
{
	static const char *const states[] = { "best", "better", "great", "perfect", "good", "fine", "ok", "okay", "easier", "what", "when", "do", "not", NULL };

	return at && w->at[at].before && word_in(w, at, LIST("is", "are", "does", "will")) && at + 3 <= end && !word_in(w, at + 1, states);
}

/* The words of a clause that begins with a question, or has one behind its first words: where that begins, or `end`. */
static size_t asked_begin(const struct words *w, size_t from, size_t end)
{
	static const char *const leads[] = { "and", "so", "but", "or", NULL }, *const things[] = { "i", "we", "you", "it", "that", "this", "there", "they", NULL };
	static const char *const verbs[] = { "have", "had", "say", "said", "is", "was", "do", "can", "what", NULL };
	size_t at = head_end(w, from);

	if (at < end && (asks_surely_at(w, at) || asks_of_thing_at(w, at, end)))
		return from;
	for (at = from; at < end; at++) {
		if (word_in(w, at, LIST("kya", "क्या")))
			return at;
		if (at == from)
			continue;
		if (word_in(w, at, whats) && word_in(w, at - 1, leads) && asks_surely_at(w, at))
			return at - 1;
		if (word_in(w, at, helpers) && word_in(w, at + 1, things) && asks_surely_at(w, at) && !word_in(w, at - 1, verbs))
			return at;
	}
	return has_hindi(w, from, end) ? from : end;
}

/* "Is that okay?", "can you do that?", "isn't it?": the answer itself is what is asked about. */
static bool asks_leave(const struct words *w)
{
	static const char *const small[] = { "is", "are", "was", "were", "will", "would", "does", "do", "did", "can", "could", "has", "have", "be", "not",
		"that", "it", "this", "you", "i",
		"we", "they", "right", "all", "good", "possible", "work", "works", "for", "with", "too", "late", "soon", "early", "ok", "okay", "fine", "correct",
		"know", "see", "take", "accept", "kya", "theek", "hai", "chalega", "क्या", "ठीक", "है", "चलेगा", NULL };
	const size_t begin = head_end(w, 0);
	size_t at = begin;

	while (word_in(w, at, small) || word_in(w, at, beside))
		at++;
	return at == w->count || w->count < begin + 3;
}

/* "A month? Are you kidding", "move it? why would I": the answer is thrown back. */
static bool throws_back(const struct words *w)
{
	return words_have(w, LIST("why would", "why should", "why on earth", "how could", "how can i", "how can we", "how am i", "kidding", "joking", "serious",
		"crazy", "mad",
		"dreaming", "who do you think", "what do you think", "what makes you", "are you sure", "am i supposed", "pagal", "mazak", "पागल", "मजाक"));
}

bool question_parts(const struct words *w, struct words *before, struct words *asked)
{
	size_t from, end, begin;

	before->count = asked->count = 0;
	for (from = 0; from < w->count; from = end) {
		end = clause_end(w, from);
		begin = asked_begin(w, from, end);
		if (begin < end && word_is(w, begin, "or"))
			return false; /* "on Friday, or can I pay later?": two answers */
		keep(before, w, from, begin);
		keep(asked, w, begin, end);
	}
	rest_trim(before);
	return before->count && asked->count && !asks_leave(asked) && !throws_back(asked);
}

/* "Why should I pay for what never came?", "how is it due when I did not order it": the question tells what is wrong. */
static bool tells_beside(const struct words *w)
{
	size_t at;

	for (at = 2; at < w->count; at++)
		if (word_negates(w, at) && !(word_in(w, at - 1, helpers) && word_in(w, at + 1, subjects)))
			return true;
	return words_have(w, LIST("why", "kyon", "kyun", "क्यों", "i paid", "we paid", "i have paid", "already", "wrong", "twice", "broken", "damaged", "missing"));
}

bool question_is_alone(const struct words *w)
{
	size_t from, end, at;

	for (from = 0; from < w->count; from = end) {
		end = clause_end(w, from);
		for (at = from; at < end && (word_in(w, at, beside) || word_in(w, at, answers)); at++)
			;
		if (at < end && !asks_surely_at(w, at) && !(word_is(w, at, "who") && asks_at(w, at)) && !has_hindi(w, at, end))
			return false;
	}
	return question_is_asked(w) && !tells_beside(w);
}

/* ---- what was said before, read back ---- */

/* "… right?", "… isn't it?" */
static bool has_tag(const struct words *w)
{
	static const char *const ones[] = { "right", "correct", "yes", "na", "ना", "न", "sahi", "सही", NULL }, *const pronouns[] = { "i", "we", "you", "it",
		"that", "they", NULL };
	size_t n = w->count;

	while (n && word_in(w, n - 1, LIST("please", "sir", "madam", "then", "ji", "जी", "hai", "है", "tha", "था")))
		n--;
	if (n < 3)
		return false;
	if (word_in(w, n - 1, ones))
		return true;
	return word_in(w, n - 1, pronouns) && (word_in(w, n - 2, helpers) || (word_is(w, n - 2, "not") && word_in(w, n - 3, helpers)));
}

/* Behind "so" and "sorry": a "you" is passed over by head_end. */
static bool leads_with(const struct words *w, const char *const *phrases)
{
	size_t at, end = head_end(w, 0);

	for (at = 0; at <= end; at++)
		if (words_any_at(w, at, phrases))
			return true;
	return false;
}

enum read_back question_reads_back(const struct words *w, bool is_marked)
{
	static const char *const yours[] = { "you said", "you told", "you mentioned", "you noted", "you wrote", "you put", "you have", "you got",
		"you have got", "i owe", "it was", "that was", "the total was", "the amount was", "the sum was", "the bill was", "aapne", "आपने", NULL };
	static const char *const mine[] = { "i said", "i told", "i gave", "we said", "we agreed", "we had", "maine", "मैंने", NULL };
	static const char *const yours_asked[] = { "did you say", "did you note", "did you write", "did you put", "did you get", "did you take",
		"have you noted", "have you got", "do you have", "was it", "was that", "do i owe", NULL };
	static const char *const mine_asked[] = { "did i say", "did we say", "did i tell", "did we agree", NULL };
	static const char *const maybe[] = { "it is", "that is", "this is", "is it", "the total is", "the amount is", NULL };
	const bool is_asked = is_marked || has_tag(w);

	if (leads_with(w, yours_asked) || (is_asked && leads_with(w, yours)))
		return READ_BACK_YOURS;
	if (leads_with(w, mine_asked) || (is_asked && leads_with(w, mine)))
		return READ_BACK_MINE;
	return is_asked && leads_with(w, maybe) ? READ_BACK_MAYBE : READ_BACK_NOT;
}
