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

static const char *const opens[] = { "not sure", "do not know", "not know", "depends", "maybe", "perhaps", "i am good thanks", "i am good thank", "i am fine thanks",
	"i am fine thank", "let me think", "let me see", "have to ask",
	"need to ask", "need to check", "i will think", "pata nahi", "pata nahin", "पता नहीं", "सोचता हूं", "सोचना पडेगा", "let me ask", "still thinking",
	"still deciding", "shayad", "शायद", "awaaz nahi",
	"आवाज नहीं", NULL };
static const char *const hedges[] = { "maybe", "perhaps", "shayad", "शायद", NULL };
static const char *const yes_against_no[] = { "not mind", "no harm", "not a bad idea", "not bad", "could not agree more", "do not worry", "no problem", "no problems", "no issue",
	"no worries", "not a problem", "why not", "no objection",
	"no doubt", "no matter", "could not be more", "i could not be more",
	"we could not be more", "could not be better", "could not be happier", "can not wait", "koi baat nahi", "कोई बात नहीं", "क्यों नहीं", "kyon nahi", NULL };
static const char *const no_phrases[] = { "wrong number", "wrong person", "wrong guy", "changed my mind", "galat", "गलत", "रॉन्ग", "incorrect", "wrong",
	"impossible", "no way", "no chance", "no longer", NULL };
static const char *const no_weak[] = { "too early", "too late", "prefer another", "another day", "leave it", "nobody", "never heard", "mushkil", "मुश्किल",
	"something else", "nothing", "too soon", "done with", "lost interest", "gave up", "given up", "off the table", "moved on", "found something", "too expensive",
	"against it", "on hold", "is over", "dropped", "rather keep", "will pass", "count me out",
	NULL };
/* Answers when they stand alone: "I am", but not "I am in a meeting". */
static const char *const yes_ending[] = { "i am", "i do", "it is", "you are", "we are", "yes i am", "i could", "we could", "i would", "i guess so", "i suppose so", "i can",
	"we can", "i will", "we will", NULL };
static const char *const yes_phrases[] = { "yes", "yeah", "yep", "yup", "yah", "ya", "yea", "yes yes", "haan", "han", "haa", "haanji", "hanji", "ji haan",
	"bilkul", "हां", "हांजी", "जी हां", "बिल्कुल", "sure", "correct", "absolutely", "definitely", "certainly", "indeed", "affirmative", "exactly",
	"of course", "go ahead", "please do", "do it", "go for it", "sounds good", "that is me", "would be me", "confirmed", "ji", "जी", "sahi", "सही",
	"theek hai", "thik hai", "ठीक है", NULL };
static const char *const yes_weak[] = { "okay", "ok", "fine", "alright", "all right", "perfect", "great", "good", "works", "right", "speaking",
	"still interested", "very interested", "very much", "works for me", "that will work", "that will do", "i will take it",
	"take it", "done", "bol raha", "bol rahi", "बोल रहा", "बोल रही", "बोलिए", "बोलो", "बताइए", "कहिए", "boliye", "bolo", "bataiye", "tell me", "kar dunga",
	"kar dungi", "कर दूंगा", "कर दूंगी", "दे दूंगा", "दे दूंगी", "de dunga", "main hi", "मैं ही", "can try", "can manage", "can do", "could do", "can pay", "can give",
	"could pay", "could give", "would like that", "lovely", "wonderful", "excellent", "brilliant", "super",
	"got him", "got her", "it is me", "talking to him", "talking to her", "speaking to him", "speaking to her", "speaking with him", "speaking with her", "this is him",
	"this is her", "take that", "say so", "doable", "appreciate that", "appreciate it", "hundred percent", "sort of", "kind of", "should be able", "more than ever",
	"the one and only", "let us do", "possible", "book it",
	"mm hmm", "uh huh", "uhhuh", "mhm", "this is he", "this is she", "i think so", "sounds", "suits me", "suits us", "would suit me", "would suit us", "all for it", "will try",
	"could work", "might work", "keen", "would love", "by all means", "naturally", "totally", "obviously", "gladly", "you bet", NULL };

static const struct signal_phrase signals[] = {
	{ SIGNAL_OPEN, opens }, { SIGNAL_YES, yes_against_no }, { SIGNAL_NO, no_phrases }, { SIGNAL_YES, yes_phrases }, { SIGNAL_YES_WEAK, yes_weak },
	{ SIGNAL_NO_WEAK, no_weak },
};

static bool ends_at(const struct words *w, size_t at)
{
	return at >= w->count || w->at[at].before;
}

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
		if (words_at(w, at, yes_ending[j], &n) && (at + n == w->count || w->at[at + n].before || (word_negates(w, at + n) && ends_at(w, at + n + 1)))) {
			best = SIGNAL_YES_WEAK;
			*len = n;
		}
	if (best == SIGNAL_NONE && word_negates(w, at))
		best = SIGNAL_NO;
	return best;
}

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
	return denied(w, at) || word_is(w, at + len, "not") || (word_in(w, at + len, nots) && ends_at(w, at + len + 1));
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
	size_t at, len, i, end = without_tag(w);

	*s = (struct signs){ .first = SIGNAL_NONE };
	for (at = 0; at < end; at += len) {
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

/* What it comes to is said last: "we have not found anything yet, so yes", "let me see, yes". */
static bool concludes_yes(const struct words *w, const struct signs *s)
{
	static const char *const list[] = { "yes", "yeah", "yep", "haan", "हां", NULL }, *const so[] = { "so", "then", NULL };
	size_t last = w->count - 1;

	return w->count > 2 && word_in(w, last, list) && (word_in(w, last - 1, so) || (w->at[last].before == ',' && !s->no && !s->no_weak));
}

enum understood understand_yes_no(const struct words *w, const struct words *question, struct answer *out)
{
	bool yes = false, no = false;
	struct signs s;

	signs_read(&s, w);
	if (concludes_yes(w, &s))
		s = (struct signs){ .yes = 1, .first = SIGNAL_YES, .begins = true };
	if (w->count == 1 && word_is(w, 0, "please"))
		s.yes++;
	if (says_name(w, question) && !s.no)
		s.yes++;
	if (question && somebody_else(w))
		s.no_weak++;
	signs_of_still(&s, w, question);
	if (question && (words_have(w, fetches) || ((s.yes || s.yes_weak) && yes_no_taken_back(w))))
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

/* What a choice needs to know of it. */

bool yes_no_begins(const struct words *w)
{
	struct signs s;

	signs_read(&s, w);
	return s.begins;
}

bool yes_no_open(const struct words *w)
{
	return words_have(w, opens) && !words_have(w, hedges);
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
	"where are you calling from", "are you a robot", "is this a robot", "is this a computer", "are you a computer", "are you human", "are you real",
	"how did you get my number",
	"kaun bol raha", "kaun bol rahe", "kahan se bol", "kahan se", "who s this", "कौन बोल", "कौन है", "कहां से", "kaun", "कौन", NULL };
static const char *const why[] = { "what is this about", "what is it regarding", "what is it about", "why are you calling", "why do you ask", "why do you need", "why do you want",
	"what do you want", "what is this for", "kya kaam", "क्या काम", "kis baare", "किस बारे", "क्यों", "why", "kyon", NULL };
static const char *const repeat[] = { "repeat", "say that again", "say it again", "say again", "again please", "pardon", "did not hear", "did not catch", "did not get that",
	"come again", "what did you say", "once more", "what was the", "what were the", "when was it", "what day did", "how much was", "did not understand", "what do you mean",
	"phir se",
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

enum { LOOSE_WORDS = 10 };

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

/* "Why am I charged, I cancelled it": more than the question back. */
static bool goes_on(const struct words *w)
{
	size_t i;

	for (i = 3; i + 2 < w->count; i++)
		if (w->at[i].before == ',' || w->at[i].before == '.' || w->at[i].before == '?')
			return true;
	return false;
}

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
		return understand_asks_back(w) && !goes_on(w) ? UNDERSTOOD_NOT : understand_choice(e, w, question, out);
	case EXPECT_FREE:
		break;
	}
	return understand_aside(w) == ASIDE_NONE || w->count > 8 ? understand_free(w, text, len, out) : UNDERSTOOD_NOT;
}
