/* An answer by its kind, free words, and what is no answer at all. */
#include "providers/rehearsed/understand.h"

#include <string.h>

#include "providers/rehearsed/choice_doubt.h"
#include "redact/token.h"

/* ---- free words ---- */

/* What tells nothing by itself: nods, greetings, hesitations, what recognisers write for noise. */
static const char *const nothing[] = { "hmm", "hm", "um", "uh", "hello", "hi", "yes", "yeah", "no", "ok", "okay", "well", "so",
	"हैलो", "हेलो", "हलो", "हम्म", "हां",
	"नहीं", "जी", "haan", "ji", "nahi", "what", "huh", "sorry", "yep", "yup", "ya", "aye", "nope", "nah", "mhm", "mm", "mmm", "er", "erm", "uhm",
	"ah", "eh", "oh", "hey", "alright", "thanks", "pardon", "bye", "goodbye", "namaste", "नमस्ते", "नमस्कार", "धन्यवाद", "shukriya", "theek",
	"thik", "ठीक", "अच्छा", "acha", "achha", "speaking", "noise", "silence", "inaudible", "unintelligible", "cough", "coughing", "laughter",
	"laughs", "music", "static", "beep", "breathing", "[NOISE]", "[SILENCE]", "[INAUDIBLE]", "[UNINTELLIGIBLE]", "[COUGH]", "[LAUGHTER]",
	"[MUSIC]", "[BEEP]", "[BLANK_AUDIO]", NULL };

/* What makes no answer of these in two or three words: "thank you", "oh yes please", "my name?"; and orders to whoever asks. */
static const char *const small[] = { "please", "you", "thank", "good", "morning", "afternoon", "evening", "right", "correct", "sure", "fine", "great",
	"true", "really", "exactly", "absolutely", "of", "course", "that", "is", "it", "i", "am", "me", "my", "name", "the", "a", "an", "do", "not",
	"and", "but", "then", "there", "here", "are", "this", "which", "who", "when", "where", "why", "how", "excuse", "see", "maybe", "perhaps",
	"hold", "on", "wait", "stop", "again", "help", "nothing", "none", "nobody", "else", "hai", "hoon", "है", "हूं", NULL };

enum { SMALL_ANSWER = 3 };

static bool tells(const struct words *w, size_t at, bool is_small)
{
	return !word_in(w, at, nothing) && !(is_small && (word_in(w, at, small) || strlen(w->at[at].text) < 2));
}

/* "Yes, outside please" names nobody, and nor does "I don't know". */
static bool is_no_name(const struct words *w, const struct words *question)
{
	if (!question || !words_have(question, LIST("name", "names", "surname", "naam", "नाम")))
		return false;
	return (w->count <= 6 && yes_no_open(w)) || (yes_no_begins(w) && words_have(w, LIST("please")));
}

/* One word that tells something is an answer ("Smith"); of a long one two must. */
static enum understood understand_free(const struct words *w, const struct words *question, const char *text, size_t len, struct answer *out)
{
	bool is_small = w->count <= (yes_no_begins(w) ? SMALL_ANSWER + 1 : SMALL_ANSWER);
	size_t i, told = 0;

	for (i = 0; i < w->count; i++)
		told += tells(w, i, is_small) ? (w->at[i].kind == WORD_HELD ? 2 : 1) : 0; /* a number or an address says something by itself */
	if (told < (is_small ? 1 : 2) || is_no_name(w, question))
		return UNDERSTOOD_NOT;
	out->text = text;
	out->len = len;
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* ---- asides ---- */

static const char *const who[] = { "who is this", "who is calling", "who are you", "who am i speaking", "who is it", "who is there", "who you are", "who this is",
	"what company", "which company",
	"where are you calling from", "are you a robot", "is this a robot", "is this a computer", "are you a computer", "are you human", "are you real",
	"are you a human", "is this a human", "are you a person", "is this a person", "is this a real person", "are you a real person", "sound like a human",
	"how did you get my number",
	"kaun bol raha", "kaun bol rahe", "kahan se bol", "kahan se", "who s this", "कौन बोल", "कौन है", "कहां से", "kaun", "कौन", NULL };
static const char *const why[] = { "what is this about", "what is it regarding", "what is it about", "why are you calling",
	"why do you ask", "why do you need", "why do you want",
	"what do you want", "what is this for", "kya kaam", "क्या काम", "kis baare", "किस बारे", "क्यों", "why", "kyon", NULL };
static const char *const repeat[] = { "repeat", "say that again", "say it again", "say again", "again please", "pardon", "did not hear",
	"did not catch", "did not get that",
	"can not hear you", "could not hear", "voice is not", "line is not", "connection is not", "voice not clear", "not audible",
	"voice is breaking", "breaking up", "cutting out", "come again", "what did you say", "once more", "what was the", "what were the", "when was it",
	"what day did", "how much was", "did not understand", "what do you mean", "are my options", "are the options", "are my choices",
	"phir se",
	"fir se", "dobara", "फिर से", "दोबारा", "क्या कहा", "sorry what", NULL };
static const char *const waits[] = { "wait", "hold on", "hang on", "one second", "one moment", "one minute", "a moment", "a minute",
	"just a second", "one sec", "a second",
	"hold the line", "bear with me", "let me look", "let me check", "let me find", "let me get", "let me see", "ek minute", "ruko", "rukiye", "एक मिनट", "रुकिए", "रुको", NULL };

/* "I've got a minute" is no wish to wait, and who says that he will wait wishes nobody to. */
static size_t waits_at(const struct words *w, size_t at)
{
	size_t back;

	if (at && word_in(w, at - 1, LIST("have", "got", "spare", "has")))
		return 0;
	for (back = 1; word_is(w, at, "wait") && back <= 4 && back <= at && !w->at[at - back + 1].before; back++)
		if (word_in(w, at - back, LIST("i", "we")))
			return 0;
	return words_any_at(w, at, waits);
}

static bool wishes_wait(const struct words *w)
{
	size_t at = 0;

	while (at < w->count && !waits_at(w, at))
		at++;
	return at < w->count;
}

enum aside understand_aside(const struct words *w)
{
	static const struct {
		enum aside aside;
		const char *const *phrases;
	} asides[] = { { ASIDE_WHO, who }, { ASIDE_REPEAT, repeat }, { ASIDE_WHY, why } };
	static const char *const whats[] = { "what", "sorry", "huh", "pardon", "kya", "क्या", NULL };
	size_t i;

	for (i = 0; i < sizeof(asides) / sizeof(asides[0]); i++)
		if (words_have(w, asides[i].phrases))
			return asides[i].aside;
	if (wishes_wait(w) || yes_no_fetches(w))
		return ASIDE_WAIT;
	if (w->count && w->count <= 2 && word_in(w, 0, whats))
		return ASIDE_REPEAT;
	return understand_hello(w) ? ASIDE_HELLO : ASIDE_NONE;
}

bool understand_aside_alone(const struct words *w, const struct words *question)
{
	size_t at = 0, len, found = 0;

	while (at < w->count) {
		len = waits_at(w, at) + words_any_at(w, at, repeat) + words_any_at(w, at, who) + words_any_at(w, at, why);
		found += len > 0;
		if (!len && !(len = yes_is_plain_at(w, at, question)))
			return false;
		at += len;
	}
	return found > 0;
}

size_t understand_greets_at(const struct words *w, size_t at)
{
	static const char *const greetings[] = { "good morning", "good afternoon", "good evening", "good day", "good night", "namaste ji", "ji namaste",
		"namaskar ji", "ji namaskar", "hello ji", "ji hello", "are you there", "are you still there", "नमस्ते जी", "जी नमस्ते",
		"नमस्कार जी", "जी नमस्कार", "हैलो जी", "जी हैलो", NULL };

	return words_any_at(w, at, greetings);
}

bool understand_hello(const struct words *w)
{
	static const char *const list[] = { "hello", "hi", "hey", "yes", "yeah", "i", "am", "here", "still", "there", "haan", "ji", "हैलो", "हेलो", "हलो",
	"हां", "जी", "can",
		"hear", "you", "me", "sun", "raha", "hoon", "बोलिए", NULL };
	size_t i, len;

	for (i = 0; i < w->count; i += len)
		if (!(len = understand_greets_at(w, i)) && !(len = word_in(w, i, list)))
			return false;
	return w->count > 0;
}

bool understand_asks_back(const struct words *w)
{
	static const char *const fillers[] = { "sorry", "um", "uh", "and", "but", "so", "oh", "okay", "well", "hmm", "excuse", "me", NULL };
	static const char *const asks[] = { "what", "which", "when", "who", "where", "why", "whose", "कौन", "कब", "कितने", "kaun", "kab", NULL };
	static const char *const persons[] = { "i", "we", "my", "our", "he", "she", "they", NULL };
	size_t i = 0, len;

	while (word_in(w, i, fillers))
		i++;
	if (words_at(w, i, "why not", &len) || words_at(w, i, "what about", &len))
		return false;
	if (word_is(w, i, "when") && word_in(w, i + 1, persons))
		return false; /* "when my lease ends" */
	if (word_in(w, i, LIST("did", "does", "was", "were", "has")) && word_in(w, i + 1, LIST("you", "it", "he", "she", "they", "that", "this", "i", "we", "the", "somebody", "someone", "anybody")))
		return true;
	return word_in(w, i, asks) || (word_is(w, i, "how") && !word_is(w, i + 1, "about"));
}

bool understand_offer(const struct words *w)
{
	static const char *const list[] = { "would you like", "do you want", "should i", "shall i", "can i", "could i", "may i", "क्या आप",
	"क्या मैं", "kya aap",
		"kya main", NULL };

	return words_have(w, list);
}

/* A "not" stands right before it. */
static bool denied(const struct words *w, size_t at)
{
	return at && word_negates(w, at - 1) && !w->at[at].before && !word_is(w, at - 1, "no");
}

bool understand_words(const struct words *w, const char *words)
{
	struct words phrase;
	size_t at, n;

	words_read(&phrase, words, strlen(words));
	for (at = 0; phrase.count && at + phrase.count <= w->count; at++) {
		for (n = 0; n < phrase.count && !strcmp(w->at[at + n].text, phrase.at[n].text); n++)
			;
		if (n == phrase.count && !denied(w, at) && !word_is(w, at + n, "of")) /* "at the tone of your voice I hang up" */
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

/* "What apartments i never asked": recognisers write no marks. */
static bool tells_never(const struct words *w, size_t at)
{
	static const char *const links[] = { "if", "when", "that", "do", "did", "because", "am", "have",
	"should", NULL }, *const persons[] = { "i", "we", NULL };

	return word_in(w, at, persons) && word_is(w, at + 1, "never") && !word_in(w, at - 1, links);
}

/* "Why am I charged, I cancelled it": more than the question back. */
static bool goes_on(const struct words *w)
{
	size_t i;

	for (i = 2; i + 2 < w->count; i++)
		if ((i > 2 && (w->at[i].before == ',' || w->at[i].before == '.' || w->at[i].before == '?')) || tells_never(w, i))
			return true;
	return false;
}

/* "I'd have to see my shift plan, it comes out on Sunday": the day is another one's. "Let me see, Sunday" and "I'd have to ask, but say Sunday" name one. */
static bool waits_for(const struct words *w)
{
	size_t at;

	for (at = 0; at < w->count; at++)
		if (yes_no_puts_off(w, at) && !word_is(w, at, "let") && !words_have(w, LIST("but", "so", "say", "probably")))
			return true;
	return false;
}

static bool leaves_value_open(const struct words *w)
{
	return understand_asks_back(w) || waits_for(w);
}

/* "Five out of ten": the scale is no second number. */
static void drop_scale(const struct expect *e, struct words *w)
{
	struct span out_of = words_find(w, 0, "out of");
	int64_t scale;
	size_t len = out_of.len ? number_at(w, out_of.from + 2, &scale) : 0;

	if (len && out_of.from && e->has_high && scale == e->high)
		words_cut(w, (struct span){ out_of.from, 2 + len });
}

static enum understood understand_kind(const struct expect *e, const struct words *w, const struct words *question, const char *text, size_t len,
	struct answer *out)
{
	*out = (struct answer){ .number = 0 };
	switch (e->kind) {
	case EXPECT_YES_NO:
		return understand_yes_no(w, question, out);
	case EXPECT_DIGITS:
		return understand_digits(e, w, out);
	case EXPECT_AMOUNT:
		return leaves_value_open(w) ? UNDERSTOOD_NOT : understand_amount(e, w, out);
	case EXPECT_DATE:
		return leaves_value_open(w) ? UNDERSTOOD_NOT : understand_date(e, w, out);
	case EXPECT_TIME:
		return leaves_value_open(w) ? UNDERSTOOD_NOT : understand_time(e, w, out);
	case EXPECT_CHOICE:
		return understand_asks_back(w) && !goes_on(w) ? UNDERSTOOD_NOT : understand_choice(e, w, question, out);
	case EXPECT_NAME:
		return leaves_value_open(w) || understand_aside(w) != ASIDE_NONE ? UNDERSTOOD_NOT : understand_name(w, text, len, out);
	case EXPECT_FREE:
		break;
	}
	if (understand_asks_back(w) && words_have(w, LIST("do you", "do i", "should i", "are you", "can you")) && !(word_is(w, 0,
		"why") && words_have(w, LIST("never", "did not", "was not"))))
		return UNDERSTOOD_NOT; /* "what exactly do you want me to say"; "why was I charged twice" and "why should I pay for what never came" are reasons */
	return understand_aside(w) == ASIDE_NONE || w->count > 8 ? understand_free(w, question, text, len, out) : UNDERSTOOD_NOT;
}

/* Who takes back what he said, or asks, has answered nothing yet. A yes and a no weigh that themselves, and free words may say anything. */
enum understood understand(const struct expect *e, const struct words *w, const struct words *question, const char *text, size_t len,
	struct answer *out)
{
	struct words trimmed = *w;
	enum understood u;

	if (e->kind == EXPECT_CHOICE)
		choice_trim(e, &trimmed);
	if (e->kind == EXPECT_AMOUNT)
		drop_scale(e, &trimmed);
	u = understand_kind(e, &trimmed, question, text, len, out);
	if (e->kind == EXPECT_CHOICE && understand_listed(e, w, out))
		return UNDERSTOOD_VALUE;
	if (u != UNDERSTOOD_VALUE || e->kind == EXPECT_YES_NO || e->kind == EXPECT_DIGITS || e->kind == EXPECT_FREE)
		return u;
	if (answer_is_taken_back(e, w))
		return UNDERSTOOD_UNSURE;
	if (e->kind == EXPECT_CHOICE && (answer_asks_back(w) || choice_is_limited(e, &trimmed, out) || choice_is_in_doubt(e, w, question, out)))
		return UNDERSTOOD_UNSURE;
	return u;
}
