/* What an answer is worth that something hangs on: a tool that changes something, an outcome. All that stands beside it must be known to be harmless,
 * else it is asked back ("keep it, my leg is broken"). And what takes back any answer, whatever follows: "keep it, no wait", "in full? no chance". Pure. */
#include "providers/rehearsed/understand.h"

#include <string.h>

struct beside {
	const struct expect *e; /* NULL: something was read back */
	const struct words *w, *question;
	const json_t *option; /* choice: the one that was answered, or NULL */
	size_t place;         /* its place among them */
	int side;             /* yes or no: 1 or 0 */
};

/* ---- one clause ---- */

/* Words that a yes to the line has beside it, or a question of his own: to the line they are harmless, to what is changed they are not. */
static const char *const asks[] = { "what", "why", "how", "who", "know", "tell", "happened", "help", "matter", "calling", "see", "क्या", "कौन", "kya",
	"kaun", NULL };
static const char *const asks_nothing[] = { "that is what", "just what", "exactly what", "see you", "you know", "why not", "what i want",
	"what i said", "help you", "see her then", "see him then", "see them then", "what i asked for", "thanks for your help",
	"thank you for your help", "thanks for calling", "thank you for calling", "for letting me know", "for telling me", "for the call", NULL };
/* Courtesies of more than a word, and what is said of the reminder itself. */
static const char *const courtesies[] = { "for reminding me", "for the reminder", "nearly forgot", "almost forgot", "forgot about",
	"put that in my calendar", "put it in my calendar", "put that in my diary", "put it in my diary", "that is better", "better for me",
	"even better", "even better than", "much appreciated", "thank", "thanks", "please", "kindly", "appreciate", "cheers", "lovely", "now", "just",
	"actually", "then", "also", "with", "time", "day", "date", "slot", "appointment", "doctor", "reminder", "reaching",
	"anyway", "no no", "ko", "को", "दीजिए", "दीजिये", "दीजिएगा", "देना", "दें", "दो", "ले", "लाना", "आना", "आइए", "कीजिए", "करो", "dijiye",
	"dijiyega", "dena", "dein", "le", "lana", "aana", "kijiye", "karo", "any more", "anymore", "any longer", "not change anything",
	"no reason to change", "the way it is", "where it is", "from my end",
	"my booking", "booking", "everything", "agreed", "noted", "written down", "mark me", "all good", "no problem at all",
	"somebody else can have", "someone else can have", "in my calendar",
	"in my diary", NULL };
static const char *const limits[] = { "but", "only", "if", "unless", "until", "till", "except", "though", "although", "however", "depends",
	"depending", "provided", "instead", "maybe", "perhaps", "wait", "hold on", "hang on", "let me think", "let me see", "let me check",
	"let me ask", "let me get", "let me look", "let me find", "let me talk", "let me speak", "let me call", "might", "or",
	"not sure", "may", "will try", "can try", "try my best", "do my best", "hopefully", "hope", "think i can",
	"not want it", "wish i", "lekin",
	"magar", "agar", "shayad", "लेकिन", "मगर", "अगर", "शायद", "पर", NULL };
static const char *const conditions[] = { "if", "unless", "until", "till", "only", "except", "provided", "depends", "depending",
	"or", "wait", "hope", "may", "might", "agar",
	"अगर", NULL };
static const char *const limits_nothing[] = { "but thank", "but thanks", "no if", "ifs or buts", "if you can", "if you do not mind", "if possible",
	"if you please", "if you like", "if that is ok", "if that is okay", "if that is fine", "if it is free", "if it is available", "or anything",
	"or so", "only that", "may i", "not want it anymore", "not want it any more", NULL };

/* How many words of one of the option's own phrases stand there as they are; 0: none does. */
static size_t option_says_at(const json_t *option, const struct words *w, size_t at)
{
	const json_t *list = json_object_get(option, "words");
	struct words phrase;
	size_t i, n, best = 0;

	for (i = 0; i < json_array_size(list); i++) {
		words_read(&phrase, json_string_value(json_array_get(list, i)), json_string_length(json_array_get(list, i)));
		for (n = 0; n < phrase.count && at + n < w->count && words_stem_same(phrase.at[n].text, w->at[at + n].text); n++)
			;
		if (n == phrase.count && n > best)
			best = n;
	}
	return best;
}

static size_t harmless_at(const struct beside *b, size_t at)
{
	size_t len = words_any_at(b->w, at, asks_nothing);

	if (len || (len = words_any_at(b->w, at, limits_nothing)))
		return len;
	if (b->option && (len = option_says_at(b->option, b->w, at)))
		return len;
	if (words_any_at(b->w, at, limits) > 1)
		return 0; /* "let me think", of harmless words */
	if (word_in(b->w, at, asks) && !(at && word_is(b->w, at - 1, "that")))
		return 0;
	if ((len = words_any_at(b->w, at, courtesies)) || (len = yes_is_plain_at(b->w, at, b->question)))
		return len;
	return word_is(b->w, at, "only") && at && (at + 1 == b->w->count || b->w->at[at + 1].before); /* "I will come only" */
}

static bool is_harmless(const struct beside *b, struct span clause)
{
	size_t at = clause.from, len;

	while (at < clause.from + clause.len && (len = harmless_at(b, at)))
		at += len;
	return at >= clause.from + clause.len;
}

static struct words part_of(const struct words *w, struct span span)
{
	struct words part = { .count = 0 };
	size_t i;

	for (i = span.from; i < span.from + span.len; i++)
		part.at[part.count++] = w->at[i];
	return part;
}

static bool has_any(const struct words *w, const char *const *list)
{
	size_t at;

	for (at = 0; at < w->count; at++)
		if (words_any_at(w, at, list) && !words_any_at(w, at, limits_nothing) && !words_any_at(w, at, asks_nothing))
			return true;
	return false;
}

/* The clause by itself means what was answered: "I'll be there". *outright: it is no mere hint. */
static bool means_the_same(const struct beside *b, const struct words *part, bool *outright)
{
	struct meanings said;
	int option, side;

	*outright = false;
	if (!b->e)
		return false; /* "half of it" is no yes to what is read back */
	if (!b->option) {
		side = b->question ? meanings_side(part, b->question, outright) : 0;
		return b->side ? side > 0 : side < 0;
	}
	meanings_read(&said, part, b->question);
	option = meanings_choose(b->e->meanings, &said);
	*outright = said.plain != 0;
	return option >= 0 && json_array_get(b->e->options, (size_t)option) == b->option;
}

static const char *const because[] = { "because", "since", "kyunki", "kyonki", "क्योंकि", NULL };

/* "… because my knee still hurts". */
static bool is_reason(const struct words *part)
{
	return word_in(part, 0, because);
}

/* "Can you send me a text": a favour, whatever was answered. */
static bool is_favour(const struct words *part)
{
	static const char *const helpers[] = { "can you", "could you", "will you", "would you", NULL };
	static const char *const deeds[] = { "send", "text", "email", "mail", "remind", "give", NULL };
	size_t at = word_in(part, 0, LIST("and", "also", "please")), len = words_any_at(part, at, helpers);

	return len && word_in(part, at + len + word_is(part, at + len, "please"), deeds);
}

/* "No, keep it": the first "no" is to what he feared. */
static size_t leading_nos(const struct beside *b)
{
	size_t at = 0;

	while (b->option && word_in(b->w, at, LIST("no", "nope", "nah", "oh", "nahi", "नहीं")))
		at++;
	return at;
}

/* Every word of a clause that means what was answered is harmless, or belongs to what it means: in "I'll be there on Friday" the day is left over. */
static bool is_explained(const struct beside *b, struct span clause, const struct words *part)
{
	size_t at = 0, len;

	while (at < clause.len && ((len = harmless_at(b, clause.from + at)) || (len = meanings_explained_at(part, at, b->question))))
		at += len;
	return at >= clause.len;
}

enum worth { WORTH_NOTHING = 0, WORTH_HARMLESS, WORTH_WISH /* the answer itself, in words that need no yes */ };

static enum worth clause_worth(const struct beside *b, struct span clause)
{
	struct words part = part_of(b->w, clause);
	bool outright, is_same = means_the_same(b, &part, &outright);

	if (is_harmless(b, clause))
		return is_same && outright ? WORTH_WISH : WORTH_HARMLESS;
	if (word_is(&part, 0, "but") && outright && is_same) { /* "I was worried, but keep it" */
		words_cut(&part, (struct span){ 0, 1 });
		clause = (struct span){ clause.from + 1, clause.len - 1 };
	}
	if (has_any(&part, limits))
		return WORTH_NOTHING;
	if (is_same && is_explained(b, clause, &part))
		return outright ? WORTH_WISH : WORTH_HARMLESS;
	return is_reason(&part) || is_favour(&part) ? WORTH_HARMLESS : WORTH_NOTHING;
}

/* What stands before a wish that is said outright was weighed ("my boss gave me the time off, so keep it"), but for conditions; what stands
 * behind it was not. */
static bool all_certain(const struct beside *b)
{
	struct span clause = { leading_nos(b), 0 };
	bool is_certain = true, reasoned = false;
	struct words before;
	enum worth worth;

	for (; clause.from < b->w->count; clause.from += clause.len) {
		size_t from = clause.from;

		clause = meanings_clause(b->w, from);
		clause.len -= from - clause.from;
		clause.from = from;
		if (reasoned && clause.from && !b->w->at[clause.from].before && !word_is(b->w, clause.from, "but"))
			continue; /* "because | I'm off that day" */
		worth = clause_worth(b, clause);
		reasoned = word_in(b->w, clause.from, because);
		before = part_of(b->w, (struct span){ 0, from });
		if (worth == WORTH_WISH && !is_certain)
			is_certain = !has_any(&before, conditions);
		else
			is_certain = is_certain && worth != WORTH_NOTHING;
	}
	return is_certain;
}

/* ---- the whole ---- */

/* "Not in that one, but in others", "no, wait". A no needs no reason, and gives many: only what turns it counts against it. */
static bool no_is_turned(const struct words *w)
{
	static const char *const turns[] = { "others", "show me", "rather see", "see another", "ask me", "wait", "hold on", "hang on", "actually yes", "unless", "maybe", "perhaps", "agar",
		"अगर", NULL };
	static const char *const reasons[] = { "bought", "found", "already", "signed", "decided", "stay", "gone", "too", "thank", "thanks", "no",
		"sorry", NULL };
	struct span but = words_find(w, 0, "but");
	struct words part;
	size_t i;

	if (has_any(w, turns))
		return true;
	if (!but.len || (but.from && word_in(w, but.from - 1, LIST("was", "were"))))
		return false;
	part = part_of(w, (struct span){ but.from + 1, w->count - but.from - 1 });
	for (i = 0; i < part.count; i++)
		if (word_negates(&part, i))
			return false;
	return !words_have(&part, reasons);
}

static void option_find(struct beside *b, const struct answer *a)
{
	for (b->place = 0; b->place < json_array_size(b->e->options) && b->place < MEANINGS_OPTIONS_MAX; b->place++) {
		const json_t *option = json_array_get(b->e->options, b->place), *value = json_object_get(option, "value");

		if (json_string_length(value) == a->len && !memcmp(json_string_value(value), a->text, a->len)) {
			b->option = option;
			return;
		}
	}
}

bool answer_is_certain(const struct expect *e, const struct words *w, const struct words *question, const struct answer *a)
{
	struct beside b = { .e = e, .w = w, .question = question };

	if (e && e->kind == EXPECT_CHOICE) {
		option_find(&b, a);
		if (b.option && meanings_refuses(e->meanings[b.place]))
			return !no_is_turned(w);
		return b.option && (yes_is_weighed(w, question) || all_certain(&b));
	}
	if (e && e->kind != EXPECT_YES_NO)
		return true;
	b.side = a->number == 1;
	return b.side ? yes_is_weighed(w, question) || all_certain(&b) : !no_is_turned(w);
}

/* ---- taken back ---- */

static bool has_negation(const struct words *w)
{
	size_t i = 0;

	while (i < w->count && !word_negates(w, i))
		i++;
	return i < w->count;
}

/* Something stands before one of these, and nothing behind it; *from: where it begins. */
static bool ends_with(const struct words *w, const char *const *list, size_t *from)
{
	size_t len;

	for (*from = 1; *from < w->count; ++*from)
		if ((len = words_any_at(w, *from, list)) && *from + len == w->count)
			return true;
	return false;
}

/* "Keep it, no wait", "cancel it, actually no". */
static bool ends_taken_back(const struct words *w)
{
	static const char *const ends[] = { "wait", "no wait", "wait no", "actually no", "no actually", "hang on", "hold on", "or not",
		"just kidding", "just joking", "i take it back", "take that back", "on second thought", "on second thoughts", "not really",
		"or maybe not", "maybe not", "ruko", "ruko zara", "nahi ruko", "रुको", "नहीं रुको", NULL };
	size_t from;

	return ends_with(w, ends, &from) && from && !word_in(w, from - 1, LIST("can", "not", "to", "will", "please", "should"));
}

/* "In full? No chance", "aadha? mazaak hai kya": the option is said only to be refused. With a "not" before it, the scorn is of a piece with the
 * refusal. */
static bool ends_in_scorn(const struct words *w)
{
	static const char *const scorn[] = { "no chance", "not a chance", "no way", "are you kidding", "are you kidding me", "you kidding",
		"are you joking", "are you serious", "god no", "hell no", "never", "kabhi nahi", "kabhi nahin", "कभी नहीं", "as if", "yeah right",
		"in your dreams", "you must be joking", "you must be kidding", "why would i", "why should i", "mazaak hai kya", "mazak hai kya",
		"mazaak hai", "mazak hai", "sawaal hi nahi", "sawal hi nahi", "सवाल ही नहीं", "मजाक है क्या", "मजाक है", NULL };
	static const char *const how[] = { "kaise", "कैसे", "kaise du", "kahan se", "कहां से", NULL };
	struct words before;
	size_t from;

	if (words_have(w, how))
		return !has_negation(w);
	if (!ends_with(w, scorn, &from))
		return false;
	before = part_of(w, (struct span){ 0, from });
	return !has_negation(&before);
}

static const char *const kin[] = { "mother", "father", "mom", "mum", "dad", "brother", "sister", "son", "daughter", "wife", "husband", "friend",
	"boss", "neighbour", "neighbor", "uncle", "aunt", "cousin", "colleague", NULL };

/* "My mother wants to cancel hers", "my brother has five hundred thousand". */
static bool is_of_other(const struct expect *e, const struct words *w)
{
	if (!word_in(w, 0, LIST("my", "his", "her", "our")) || !word_in(w, 1, kin))
		return false;
	return word_in(w, w->count - 1, LIST("hers", "his", "theirs")) ||
		(e->kind == EXPECT_AMOUNT && word_in(w, 2, LIST("has", "had", "earns", "makes", "spent", "paid", "pays", "got")));
}

bool answer_is_taken_back(const struct expect *e, const struct words *w)
{
	return w->count > 1 && (ends_taken_back(w) || ends_in_scorn(w) || is_of_other(e, w));
}

/* "Is it still on?", "will that be with the doctor": who asks has not chosen; in "is there another day" and "is it possible to move it" he has. */
bool answer_asks_back(const struct words *w)
{
	static const char *const fillers[] = { "hmm", "um", "uh", "oh", "well", "and", "but", "so", "wait", "sorry", "ok", "okay", "yes", "yeah", NULL };
	static const char *const wishes[] = { "possible", "another", "other", "different", "earlier", "later", "sooner", "any", "okay if", "ok if",
		"all right if", "alright if", "fine if", "too late", "can i", "could i", "free", "available", NULL };
	size_t i = 0, at;

	if (w->count > 1 && word_in(w, w->count - 1, LIST("what", "who", "whom", "which", "why", "kya", "क्या")))
		return true; /* "a part of what", "bhar diya hai kya" */
	if (word_in(w, 0, LIST("kisne", "किसने")))
		return true;
	if (word_in(w, 0, LIST("kya", "क्या")) && word_in(w, 1, LIST("maine", "humne", "usne", "unhone", "मैंने", "हमने", "उसने", "उन्होंने")))
		return true; /* "have I paid it?" */
	while (word_in(w, i, fillers))
		i++;
	if (word_in(w, i, LIST("is", "are", "does")) && word_in(w, w->count - 1, LIST("allowed", "permitted", "included", "required",
		"necessary", "legal")))
		return true; /* "is renting it out allowed" */
	if (!word_in(w, i, LIST("is", "are", "was", "will", "does")) || !word_in(w, i + 1, LIST("it", "that", "this", "he", "she", "they", "my", "the", "i")))
		return false;
	for (at = i + 2; at < w->count; at++)
		if (w->at[at].before && w->at[at].before != '\'')
			return false; /* he goes on */
	return !words_have(w, wishes) && !has_negation(w);
}

/* "Yes, my brother is": it is another one who is or does. */
bool yes_is_of_kin(const struct words *w)
{
	static const char *const helpers[] = { "is", "does", "will", "would", "can", "has", "might", "was", "wants", NULL };
	size_t n = w->count;

	return n > 2 && word_in(w, n - 3, LIST("my", "his", "her", "our")) && word_in(w, n - 2, kin) && word_in(w, n - 1, helpers);
}

/* Where another part of the answer begins that may undo the first: a "but", a "just not", or what follows a question mark. 0: nowhere. */
static size_t turn_at(const struct words *w)
{
	struct span but = words_find(w, 0, words_find(w, 0, "just not").len ? "just" : "but");
	size_t at;

	if (but.len && word_negates(w, but.from + 1))
		return but.from;
	for (at = w->count; at-- > 1;)
		if (w->at[at].before == '?')
			return at;
	return 0;
}

/* "I can pay, but not this month", "not interested? who says so": what was chosen before is not said again behind. */
bool choice_is_limited(const struct expect *e, const struct words *w, const struct answer *a)
{
	static const char *const rest[] = { "all", "more", "full", "whole", "everything", "much", "sure", NULL };
	size_t at = turn_at(w);
	struct words before, behind;
	struct answer first, last;

	if (!at)
		return false;
	before = part_of(w, (struct span){ 0, at });
	behind = part_of(w, (struct span){ at, w->count - at });
	if (w->at[at].before == '?' ? yes_is_certain(&behind, NULL) : words_have(&behind, rest))
		return false;
	if (understand_choice(e, &before, NULL, &first) != UNDERSTOOD_VALUE || first.text != a->text)
		return false;
	return understand_choice(e, &behind, NULL, &last) != UNDERSTOOD_VALUE || last.text != a->text;
}
