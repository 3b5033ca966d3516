/* Yes and no, choices, free words, and what is no answer at all. */
#include "providers/rehearsed/understand.h"

#include <string.h>

#include "redact/token.h"

/* ---- yes and no ---- */

/* Signals in the order of the text; phrases are looked for longest first, so that "not a problem" is no "not". */
enum signal { SIGNAL_NONE = 0, SIGNAL_YES, SIGNAL_YES_WEAK, SIGNAL_NO, SIGNAL_NO_WEAK, SIGNAL_OPEN };

struct signal_phrase {
	enum signal signal;
	const char *const *phrases;
};

static const char *const opens[] = { "not sure", "do not know", "not know", "depends", "maybe", "perhaps", "let me think", "let me see", "have to ask",
	"need to ask", "need to check", "i will think", "pata nahi", "pata nahin", "पता नहीं", "सोचता हूं", "सोचना पडेगा", "let me ask", "still thinking",
	"still deciding", "shayad", "शायद", "awaaz nahi",
	"आवाज नहीं", NULL };
static const char *const yes_against_no[] = { "no problem", "no problems", "no issue", "no worries", "not a problem", "why not", "no objection",
	"no doubt", "no matter", "could not be more", "i could not be more",
	"we could not be more", "could not be better", "could not be happier", "can not wait", "koi baat nahi", "कोई बात नहीं", "क्यों नहीं", "kyon nahi", NULL };
static const char *const no_phrases[] = { "wrong number", "wrong person", "wrong guy", "changed my mind", "galat", "गलत", "रॉन्ग", "incorrect", "wrong",
	"impossible", "no way", "no chance", "no longer", NULL };
static const char *const no_weak[] = { "too early", "too late", "prefer another", "another day", "leave it", "nobody", "never heard", "mushkil", "मुश्किल",
	"something else", "nothing", "too soon", "done with", "lost interest", "gave up", "given up", "off the table", "moved on", "found something", "too expensive",
	NULL };
/* Answers when they stand alone: "I am", but not "I am in a meeting". */
static const char *const yes_ending[] = { "i am", "i do", "it is", "you are", "we are", "yes i am", "i could", "we could", "i would", NULL };
static const char *const yes_phrases[] = { "yes", "yeah", "yep", "yup", "yah", "ya", "yea", "yes yes", "haan", "han", "haa", "haanji", "hanji", "ji haan",
	"bilkul", "हां", "हांजी", "जी हां", "बिल्कुल", "sure", "correct", "absolutely", "definitely", "certainly", "indeed", "affirmative", "exactly",
	"of course", "go ahead", "please do", "do it", "go for it", "sounds good", "that is me", "would be me", "confirmed", "ji", "जी", "sahi", "सही",
	"theek hai", "thik hai", "ठीक है", NULL };
static const char *const yes_weak[] = { "okay", "ok", "fine", "alright", "all right", "perfect", "great", "good", "works", "right", "speaking",
	"still interested", "very interested", "very much", "works for me", "that will work", "that will do", "i will take it",
	"take it", "done", "bol raha", "bol rahi", "बोल रहा", "बोल रही", "बोलिए", "बोलो", "बताइए", "कहिए", "boliye", "bolo", "bataiye", "tell me", "kar dunga",
	"kar dungi", "कर दूंगा", "कर दूंगी", "दे दूंगा", "दे दूंगी", "de dunga", "main hi", "मैं ही", "can try", "can manage", "let us do", "possible", "book it",
	"mm hmm", "uh huh", "uhhuh", "mhm", "this is he", "this is she", "i think so", "sounds", "suits me", "suits us", "will try",
	"could work", "might work", "keen", "would love", "by all means", "naturally", "totally", "obviously", "gladly", "you bet", NULL };

static const struct signal_phrase signals[] = {
	{ SIGNAL_OPEN, opens }, { SIGNAL_YES, yes_against_no }, { SIGNAL_NO, no_phrases }, { SIGNAL_YES, yes_phrases }, { SIGNAL_YES_WEAK, yes_weak },
	{ SIGNAL_NO_WEAK, no_weak },
};

static enum signal signal_at(const struct words *w, size_t at, size_t *len)
{
	enum signal best = SIGNAL_NONE;
	size_t i, j, n;

	*len = 1;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		for (j = 0; signals[i].phrases[j]; j++)
			if (words_at(w, at, signals[i].phrases[j], &n) && (best == SIGNAL_NONE || n > *len)) {
				best = signals[i].signal;
				*len = n;
			}
	for (j = 0; best == SIGNAL_NONE && yes_ending[j]; j++)
		if (words_at(w, at, yes_ending[j], &n) && (at + n == w->count || w->at[at + n].before || word_negates(w, at + n))) {
			best = SIGNAL_YES_WEAK;
			*len = n;
		}
	if (best == SIGNAL_NONE && word_negates(w, at))
		best = SIGNAL_NO;
	return best;
}

/* A "not" stands right before it. */
static bool denied(const struct words *w, size_t at)
{
	return at && word_negates(w, at - 1) && !w->at[at].before && !word_is(w, at - 1, "no");
}

/* "not right", "I am not", "that is not me": a yes beside a "not" is a no. */
static bool turned(const struct words *w, size_t at, size_t len)
{
	return denied(w, at) || (at + len < w->count && word_is(w, at + len, "not") && !w->at[at + len].before);
}

struct signs {
	unsigned int yes, yes_weak, no, no_weak, open;
	enum signal first;
	bool begins; /* the first one is the first thing said */
	size_t last_no;
};

static void signs_read(struct signs *s, const struct words *w)
{
	static const char *const fillers[] = { "um", "uh", "oh", "well", "hmm", "hm", "mm", "er", "ah", "so", "and", "please", "hi", "hello", "sorry", "kind",
		"of", NULL };
	size_t at, len, i;

	*s = (struct signs){ .first = SIGNAL_NONE };
	for (at = 0; at < w->count; at += len) {
		enum signal signal = signal_at(w, at, &len);

		if ((signal == SIGNAL_YES || signal == SIGNAL_YES_WEAK) && turned(w, at, len))
			signal = SIGNAL_NO;
		s->yes += signal == SIGNAL_YES;
		s->yes_weak += signal == SIGNAL_YES_WEAK;
		s->no += signal == SIGNAL_NO;
		s->no_weak += signal == SIGNAL_NO_WEAK;
		s->open += signal == SIGNAL_OPEN;
		if (signal == SIGNAL_NO)
			s->last_no = at;
		if (s->first == SIGNAL_NONE && signal != SIGNAL_NONE) {
			s->first = signal;
			s->begins = true;
			for (i = 0; i < at; i++)
				s->begins = s->begins && word_in(w, i, fillers);
		}
	}
}

/* "Alex here", "this is Alex": the name stands in the question with a capital letter; here all is small, so any word of the question
 * will do that is none of its own ordinary ones. */
static bool says_name(const struct words *w, const struct words *question)
{
	static const char *const ordinary[] = { "am", "i", "is", "you", "with", "to", "the", "it", "that", "this", "speaking", "looking", "for", "need",
		"speak", "your", "do", "would", "like", "shall", "in", "at", "a", "of", "what", "when", NULL };
	size_t i, j, len;

	for (i = 0; question && i < w->count; i++) {
		bool named = false;

		if (words_at(w, i, "this is", &len) || words_at(w, i, "i am", &len) || words_at(w, i, "myself", &len) || words_at(w, i, "it is", &len))
			named = i + len < w->count;
		else if (i + 1 < w->count && (word_is(w, i + 1, "here") || word_is(w, i + 1, "speaking")))
			named = !(len = 0);
		for (j = 0; named && j < question->count; j++)
			if (!word_in(question, j, ordinary) && word_is(w, i + len, question->at[j].text))
				return true;
	}
	return false;
}

/* "Yes, I'll get him." */
static const char *const fetches[] = { "get him", "get her", "fetch him", "fetch her", "will call him", "will call her", "put him on", "put her on", "pass you",
	"hand you", NULL };

static bool somebody_else(const struct words *w)
{
	static const char *const list[] = { "his wife", "her husband", "his son", "her son", "his brother", "his mother", "his father", "her mother", "her father",
		"is my father", "is my husband", "is my wife", "went out", "gone out", "out of station", "not here", "not at home", "ghar pe nahi", NULL };

	return words_have(w, list);
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
	static const char *const still[] = { "still", NULL }, *const over[] = { "already", NULL };

	if (!question || !words_have(question, still) || words_find(w, 0, "you").len || understand_hello(w))
		return;
	s->yes_weak += words_have(w, still);
	s->no_weak += words_have(w, over);
}

/* "Yes, but not before noon" is no plain yes. */
static bool takes_back(const struct words *w)
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

enum understood understand_yes_no(const struct words *w, const struct words *question, struct answer *out)
{
	bool yes = false, no = false;
	struct signs s;

	signs_read(&s, w);
	if (says_name(w, question) && !s.no)
		s.yes++;
	if (question && somebody_else(w))
		s.no_weak++;
	signs_of_still(&s, w, question);
	if (question && (words_have(w, fetches) || ((s.yes || s.yes_weak) && takes_back(w))))
		return UNDERSTOOD_NOT;
	if (s.open && !(s.yes && !s.no && s.first == SIGNAL_YES))
		return UNDERSTOOD_NOT;
	if (asks_aside(w) && !s.begins)
		return UNDERSTOOD_NOT; /* "sorry, I did not hear you" */
	if (!s.no && !s.no_weak && !s.yes && question && only_repeats(w, question))
		s.yes++;
	if (!s.no && !s.no_weak)
		yes = s.yes || (s.yes_weak && w->count <= 8);
	else if (!s.yes && !s.yes_weak)
		no = s.no || w->count <= 8;
	else if (!s.no)
		yes = s.yes && s.first == SIGNAL_YES && !somebody_else(w);
	else if (!s.yes)
		no = s.first == SIGNAL_NO || s.last_no + 2 >= w->count;
	if (!yes && !no)
		return UNDERSTOOD_NOT;
	out->number = yes;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* ---- choices ---- */

struct choice_hit {
	int option;
	int score;
	struct span span;
};

enum { HITS_MAX = 64, EXACT_WORD = 10, LOOSE_WORDS = 10, LENDING_WORDS = 3 };

struct hits {
	size_t count;
	struct choice_hit at[HITS_MAX];
};

static bool phrase_denied(const struct words *w, const struct words *phrase, struct span span)
{
	static const char *const small[] = { "to", "it", "the", "want", "do", "a", "need", "is", "will", "can", "be", "that", "so", "very", NULL };
	size_t i = span.from, back;

	for (back = 0; i && back < 4; back++, i--) {
		if (word_negates(w, i - 1) && !(word_is(w, i - 1, "no") && w->at[i].before))
			return !word_negates(phrase, 0) && !word_is(w, i - 1, "no");
		if (!word_in(w, i - 1, small))
			break;
	}
	return false;
}

static void hit_put(struct hits *h, int option, int score, struct span span)
{
	if (h->count < HITS_MAX)
		h->at[h->count++] = (struct choice_hit){ option, score, span };
}

static void hits_find(struct hits *h, const json_t *options, const struct words *w)
{
	struct words phrase;
	struct span span;
	size_t i, j;
	int score;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *words = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(words); j++) {
			const json_t *text = json_array_get(words, j);

			words_read(&phrase, json_string_value(text), json_string_length(text));
			span = words_near(w, &phrase, &score);
			if (span.len && !phrase_denied(w, &phrase, span) && !(phrase.count == 1 && score < EXACT_WORD - 2))
				hit_put(h, (int)i, score, span);
		}
	}
}

static bool overlaps(struct span a, struct span b)
{
	return a.from < b.from + b.len && b.from < a.from + a.len;
}

/* "keep it or cancel" */
static bool either(const struct words *w, struct span a, struct span b)
{
	static const char *const list[] = { "or", "ya", "या", NULL };

	return b.from == a.from + a.len + 1 && word_in(w, a.from + a.len, list);
}

/* The best hit of all; a hit of another option beside it (not under it) makes the answer two. */
static int hits_choose(const struct hits *h, const struct words *w)
{
	const struct choice_hit *best = NULL, *last = NULL;
	size_t i;

	for (i = 0; i < h->count; i++)
		if (!best || h->at[i].score > best->score || (h->at[i].score == best->score && h->at[i].span.len < best->span.len))
			best = &h->at[i];
	for (i = 0; i < h->count; i++) {
		const struct choice_hit *o = &h->at[i];

		if (o->option == best->option)
			continue;
		if (overlaps(o->span, best->span)) {
			if (o->score == best->score)
				return -1;
			continue;
		}
		if (either(w, o->span, best->span) || either(w, best->span, o->span))
			return -1;
		if (o->span.from > best->span.from && words_correct(w, best->span.from + best->span.len, o->span.from)) {
			if (!last || o->score > last->score)
				last = o;
		} else if (o->span.from > best->span.from || !words_correct(w, o->span.from + o->span.len, best->span.from)) {
			if (o->score * 2 >= best->score)
				return -1;
		}
	}
	return !best ? -1 : last ? last->option : best->option;
}

/* Words that only one option's phrases have, and a short one without a "not" among them: in others a word stands by the way. */
static const char *const common_words[] = { "i", "it", "a", "the", "to", "is", "my", "of", "do", "not", "that", "this", "will", "can", "am", "have", "in", "me",
	"you", "we", "be", "for", "another", "want", "need", "pay", "yes", "no", "then", "than", "some", "there", "on", "or", "us", "had", "was", "did", "are",
	"so", "as", "at", "hai", "है", "मैं", "दे", "कर", "में", "हैं", "नहीं", "nahi", "dunga", "दूंगा", "दूंगी", "भर", "just", "now", "money", "पैसे", "यह",
	"मेरा", "sent", "amount", "रकम", "time", "day", "make", "next", "week", "year", "number", "never", "work",
	"works", "looking", "forget", "after", "before", "off", "out", "up", "from", "what", "else", "by", "with", NULL };

static bool phrase_lends(const struct words *phrase)
{
	size_t i;

	for (i = 0; i < phrase->count; i++)
		if (word_negates(phrase, i))
			return false;
	return phrase->count <= LENDING_WORDS;
}

static bool option_has(const json_t *option, const char *word, bool lends)
{
	const json_t *words = json_object_get(option, "words");
	struct words phrase;
	size_t i, j;

	for (i = 0; i < json_array_size(words); i++) {
		const json_t *text = json_array_get(words, i);

		words_read(&phrase, json_string_value(text), json_string_length(text));
		for (j = 0; j < phrase.count && (!lends || phrase_lends(&phrase)); j++)
			if (words_stem_same(phrase.at[j].text, word))
				return true;
	}
	return false;
}

static int only_option(const json_t *options, const char *word)
{
	int found = -1;
	size_t i;

	for (i = 0; i < json_array_size(options); i++) {
		if (!option_has(json_array_get(options, i), word, false))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found >= 0 && option_has(json_array_get(options, (size_t)found), word, true) ? found : -1;
}

static int choose_by_words(const json_t *options, const struct words *w)
{
	int chosen = -1, option;
	size_t i;

	for (i = 0; i < w->count; i++)
		if (word_negates(w, i) && !w->at[i].before)
			return -1;
	for (i = 0; i < w->count && w->count < 20; i++) {
		if (word_in(w, i, common_words) || strlen(w->at[i].text) < 3 || w->at[i].number == WORD_DIGIT || w->at[i].number == WORD_PAIR)
			continue;
		option = only_option(options, w->at[i].text);
		if (option < 0 || option == chosen)
			continue;
		if (chosen >= 0)
			return -1;
		chosen = option;
	}
	return chosen;
}

static int option_of_word(const json_t *options, const char *const *words)
{
	size_t i, j;

	for (i = 0; i < json_array_size(options); i++) {
		const json_t *list = json_object_get(json_array_get(options, i), "words");

		for (j = 0; j < json_array_size(list); j++) {
			const char *const *word;

			for (word = words; *word; word++)
				if (!strcasecmp(json_string_value(json_array_get(list, j)), *word))
					return (int)i;
		}
	}
	return -1;
}

static const char *const plain_yes[] = { "yes", "हाँ", "haan", NULL }, *const plain_no[] = { "no", "नहीं", "nahi", NULL };

/* An option that "yes" stands for takes every kind of yes. */
static int choose_by_yes_no(const json_t *options, const struct words *w)
{
	struct signs s;
	struct answer a;

	signs_read(&s, w);
	if (w->count > 12 || !s.begins || understand_yes_no(w, NULL, &a) != UNDERSTOOD_VALUE)
		return -1;
	return option_of_word(options, a.number ? plain_yes : plain_no);
}

/* "no" alone stands under every "no, …": as a hit it is worth less than any other. */
static void hits_weigh(struct hits *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		if (h->at[i].span.len == 1)
			h->at[i].score -= 6;
}

static bool only_negated(const struct hits *h, const struct words *w)
{
	return h->count == 1 && h->at[0].span.len == 1 && word_negates(w, h->at[0].span.from);
}

static enum understood chosen(const json_t *options, int option, size_t used, struct answer *out)
{
	const json_t *value;

	if (option < 0)
		return UNDERSTOOD_NOT;
	value = json_object_get(json_array_get(options, (size_t)option), "value");
	out->text = json_string_value(value);
	out->len = json_string_length(value);
	out->used = used;
	return UNDERSTOOD_VALUE;
}

enum understood understand_choice(const json_t *options, const struct words *w, struct answer *out)
{
	struct hits h = { .count = 0 };
	int option = -1;

	if (words_have(w, opens) && w->count < 7 && !distances_asked(options))
		return UNDERSTOOD_NOT; /* "how soon" is answered with a "maybe" */
	if (understand_distance(options, w, &option) == UNDERSTOOD_VALUE)
		return chosen(options, option, w->count, out);
	hits_find(&h, options, w);
	hits_weigh(&h);
	if (h.count && !only_negated(&h, w))
		option = hits_choose(&h, w);
	else
		option = choose_by_yes_no(options, w);
	if (option < 0 && !h.count)
		option = choose_by_words(options, w);
	if (option >= 0 && option == option_of_word(options, plain_yes) && takes_back(w))
		return UNDERSTOOD_NOT;
	return chosen(options, option, h.count ? h.at[0].span.from + h.at[0].span.len : 0, out);
}

/* ---- free words ---- */

static enum understood understand_free(const struct words *w, const char *text, size_t len, struct answer *out)
{
	static const char *const nothing[] = { "hmm", "hm", "um", "uh", "hello", "hi", "yes", "yeah", "no", "ok", "okay", "well", "so", "हैलो", "हम्म", "हां",
		"नहीं", "जी", "haan", "ji", "nahi", "what", "huh", "sorry", NULL };
	size_t i, told = 0;

	for (i = 0; i < w->count; i++)
		told += w->at[i].kind == WORD_HELD ? 2 : !word_in(w, i, nothing); /* a number or an address says something by itself */
	if (told < 2)
		return UNDERSTOOD_NOT;
	out->text = text;
	out->len = len;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* ---- asides ---- */

static const char *const who[] = { "who is this", "who is calling", "who are you", "who am i speaking", "who is it", "who is there", "what company", "which company",
	"where are you calling from", "are you a robot", "is this a robot", "is this a computer", "are you a computer", "are you human", "are you real", "how did you get my number",
	"kaun bol raha", "kaun bol rahe", "kahan se bol", "kahan se", "who s this", "कौन बोल", "कौन है", "कहां से", "kaun", "कौन", NULL };
static const char *const why[] = { "what is this about", "what is it regarding", "what is it about", "why are you calling", "why do you ask", "why do you need", "why do you want",
	"what do you want", "what is this for", "kya kaam", "क्या काम", "kis baare", "किस बारे", "क्यों", "why", "kyon", NULL };
static const char *const repeat[] = { "repeat", "say that again", "say it again", "say again", "again please", "pardon", "did not hear", "did not catch", "did not get that",
	"come again", "what did you say", "once more", "what was the", "what were the", "when was it", "what day did", "how much was", "did not understand", "what do you mean", "phir se",
	"fir se", "dobara", "फिर से", "दोबारा", "क्या कहा", "sorry what", NULL };
static const char *const waits[] = { "wait", "hold on", "hang on", "one second", "one moment", "one minute", "a moment", "a minute", "just a second", "one sec", "a second",
	"hold the line", "let me look", "let me check", "let me find", "ek minute", "ruko", "rukiye", "एक मिनट", "रुकिए", "रुको", NULL };

enum aside understand_aside(const struct words *w)
{
	static const struct {
		enum aside aside;
		const char *const *phrases;
	} asides[] = { { ASIDE_WHO, who }, { ASIDE_REPEAT, repeat }, { ASIDE_WHY, why }, { ASIDE_WAIT, waits } };
	static const char *const whats[] = { "what", "sorry", "huh", "pardon", "kya", "क्या", NULL };
	size_t i;

	for (i = 0; i < sizeof(asides) / sizeof(asides[0]); i++)
		if (words_have(w, asides[i].phrases))
			return asides[i].aside;
	if (words_have(w, fetches))
		return ASIDE_WAIT;
	if (w->count && w->count <= 2 && word_in(w, 0, whats))
		return ASIDE_REPEAT;
	return understand_hello(w) ? ASIDE_HELLO : ASIDE_NONE;
}

bool understand_hello(const struct words *w)
{
	static const char *const list[] = { "hello", "hi", "hey", "yes", "yeah", "i", "am", "here", "still", "there", "haan", "ji", "हैलो", "हां", "जी", "can",
		"hear", "you", "me", "sun", "raha", "hoon", "बोलिए", NULL };
	size_t i;

	for (i = 0; i < w->count; i++)
		if (!word_in(w, i, list))
			return false;
	return w->count > 0;
}

bool understand_asks_back(const struct words *w)
{
	static const char *const fillers[] = { "sorry", "um", "uh", "and", "but", "so", "oh", "okay", "well", "hmm", "excuse", "me", NULL };
	static const char *const asks[] = { "what", "which", "when", "who", "where", "why", "whose", "कौन", "कब", "कितने", "kaun", "kab", NULL };
	static const char *const hows[] = { "much", "many", "do", "can", "did", "long", "is", NULL };
	size_t i = 0, len;

	while (word_in(w, i, fillers))
		i++;
	if (words_at(w, i, "why not", &len) || words_at(w, i, "what about", &len))
		return false;
	return word_in(w, i, asks) || (word_is(w, i, "how") && word_in(w, i + 1, hows));
}

bool understand_offer(const struct words *w)
{
	static const char *const list[] = { "would you like", "do you want", "should i", "shall i", "can i", "could i", "may i", "क्या आप", "क्या मैं", "kya aap",
		"kya main", NULL };

	return words_have(w, list);
}

bool understand_words(const struct words *w, const char *words)
{
	struct words phrase;
	size_t at, n;

	words_read(&phrase, words, strlen(words));
	for (at = 0; phrase.count && at + phrase.count <= w->count; at++) {
		for (n = 0; n < phrase.count && !strcmp(w->at[at + n].text, phrase.at[n].text); n++)
			;
		if (n == phrase.count && !denied(w, at))
			return true;
	}
	return false;
}

struct span understand_phrase(const struct words *w, const char *phrase)
{
	struct words words;
	struct span span;
	int score;

	words_read(&words, phrase, strlen(phrase));
	span = words_near(w, &words, &score);
	if (span.len > words.count + (w->count <= LOOSE_WORDS))
		span.len = 0;
	return span;
}

/* ---- all kinds ---- */

enum understood understand(const struct expect *e, const struct words *w, const struct words *question, const char *text, size_t len,
	struct answer *out)
{
	*out = (struct answer){ .number = 0 };
	switch (e->kind) {
	case EXPECT_YES_NO:
		return understand_yes_no(w, question, out);
	case EXPECT_DIGITS:
		return understand_digits(e, w, out);
	case EXPECT_AMOUNT:
		return understand_asks_back(w) ? UNDERSTOOD_NOT : understand_amount(e, w, out);
	case EXPECT_DATE:
		return understand_asks_back(w) ? UNDERSTOOD_NOT : understand_date(e, w, out);
	case EXPECT_TIME:
		return understand_asks_back(w) ? UNDERSTOOD_NOT : understand_time(e, w, out);
	case EXPECT_CHOICE:
		return understand_asks_back(w) ? UNDERSTOOD_NOT : understand_choice(e->options, w, out);
	case EXPECT_FREE:
		break;
	}
	return understand_aside(w) == ASIDE_NONE || w->count > 8 ? understand_free(w, text, len, out) : UNDERSTOOD_NOT;
}
