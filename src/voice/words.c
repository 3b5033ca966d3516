#include "voice/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct word {
	const char *at;
	size_t len;
};

struct scan {
	const char *at, *end;
};

static struct scan scan_of(const char *text, size_t len)
{
	const char *at = len ? text : "";

	return (struct scan){ at, at + len };
}

/* Letters, digits, apostrophes inside words, and every byte of a character beyond ASCII. */
static bool wordy(char c)
{
	static const bool table[256] = { ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['\''] = true, ['-'] = true,
		['@'] = true, [0x80 ... 0xff] = true };

	return table[(unsigned char)c];
}

static bool word_next(struct scan *s, struct word *w)
{
	while (s->at < s->end && !wordy(*s->at))
		s->at++;
	w->at = s->at;
	while (s->at < s->end && wordy(*s->at))
		s->at++;
	w->len = (size_t)(s->at - w->at);
	while (w->len && (w->at[w->len - 1] == '-' || w->at[w->len - 1] == '\''))
		w->len--;
	return w->len > 0 || (s->at < s->end && word_next(s, w));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool word_equal(const struct word *a, const struct word *b)
{
	size_t i;

	if (a->len != b->len)
		return false;
	for (i = 0; i < a->len; i++)
		if (lower(a->at[i]) != lower(b->at[i]))
			return false;
	return true;
}

static bool word_is(const struct word *w, const char *text)
{
	size_t i;

	for (i = 0; i < w->len; i++)
		if (!text[i] || lower(w->at[i]) != lower(text[i]))
			return false;
	return !text[i];
}

/* Its place in a list of words in small letters, whose first ones mostly differ; -1: none. */
static int word_find(const struct word *w, const char *const *list)
{
	char first = w->len ? lower(*w->at) : '\0';
	int i;

	for (i = 0; list[i]; i++)
		if (*list[i] == first && word_is(w, list[i]))
			return i;
	return -1;
}

static bool word_in(const struct word *w, const char *const *list)
{
	return word_find(w, list) >= 0;
}

size_t words_count(const char *text, size_t len)
{
	struct scan s = scan_of(text, len);
	struct word w;
	size_t n = 0;

	while (word_next(&s, &w))
		n++;
	return n;
}

bool words_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct scan sa = scan_of(a, a_len), sb = scan_of(b, b_len);
	struct word wa, wb;

	while (word_next(&sa, &wa))
		if (!word_next(&sb, &wb) || !word_equal(&wa, &wb))
			return false;
	return !word_next(&sb, &wb);
}

size_t words_behind(const char *first, size_t first_len, const char *text, size_t len)
{
	struct scan sf = scan_of(first, first_len), st = scan_of(text, len);
	struct word wf, wt;

	while (word_next(&sf, &wf))
		if (!word_next(&st, &wt) || !word_equal(&wf, &wt))
			return 0;
	return word_next(&st, &wt) ? (size_t)(wt.at - text) : len;
}

/* A word begins here, and not with what may be cut off it. */
static bool word_begins(char c)
{
	return wordy(c) && c != '-' && c != '\'';
}

/* How far `phrase` reaches when the text begins with it; NULL when it does not. */
static const char *phrase_at(const char *phrase, struct scan text)
{
	struct scan s = { phrase, phrase + strlen(phrase) };
	struct word wp, wt;

	while (word_next(&s, &wp))
		if (!word_next(&text, &wt) || !word_equal(&wp, &wt))
			return NULL;
	return text.at;
}

/* How far the longest phrase reaches when the text, whose next word is `next`, begins with one; NULL when it does not. */
static const char *list_at(const struct brief_phrases *list, struct scan text, const struct word *next)
{
	const char *best = text.at; /* a phrase without a word in it reaches nowhere */
	char first = lower(*next->at);
	unsigned int i;

	for (i = 0; i < list->count; i++) {
		const char *phrase = list->text[i], *end;

		if (word_begins(*phrase) && lower(*phrase) != first)
			continue; /* most of them: their first words differ */
		end = phrase_at(phrase, text);
		if (end > best)
			best = end;
	}
	return best > text.at ? best : NULL;
}

bool words_all_in(const struct brief_phrases *list, const char *text, size_t len)
{
	struct scan s = scan_of(text, len);
	struct word w;
	bool any = false;

	for (;;) {
		struct scan rest = s;

		if (!word_next(&rest, &w))
			return any;
		s.at = list_at(list, s, &w);
		if (!s.at)
			return false;
		any = true;
	}
}

bool words_any_in(const struct brief_phrases *list, const char *text, size_t len)
{
	struct scan s = scan_of(text, len);
	struct word w;

	for (;;) {
		struct scan here = s;

		if (!word_next(&s, &w))
			return false;
		if (list_at(list, here, &w))
			return true;
	}
}

bool words_has(const char *phrase, const char *text, size_t len)
{
	struct scan s = scan_of(text, len);
	struct word w;

	for (;;) {
		struct scan here = s;

		if (!word_next(&s, &w))
			return false;
		if (phrase_at(phrase, here))
			return true;
	}
}

static const char *const digit_words[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "shunya", "ek",
	"teen", "char", "chaar", "paanch", "panch", "chhe", "chhah", "saat", "aath", "nau", NULL };
static const char *const tens_words[] = { "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", NULL };

/* Words that are digits only beside others: "do" is two in Hindi, and a verb in English. */
static const char *const doubtful_words[] = { "do", "oh", "sat", "to", "for", NULL };

/* Digits that this word surely is; numbers count two because "ninety eight" is spoken for two digits or one. */
static uint32_t digits_of(const struct word *w)
{
	uint32_t n = 0;
	size_t i;

	if (word_in(w, digit_words))
		return 1;
	if (word_in(w, tens_words))
		return 2;
	for (i = 0; i < w->len; i++)
		n += isdigit((unsigned char)w->at[i]) ? 1 : 0;
	return n;
}

static bool digit_follows(struct scan s)
{
	struct word w;

	return word_next(&s, &w) && digits_of(&w) > 0;
}

uint32_t words_digits(const char *text, size_t len)
{
	struct scan s = scan_of(text, len);
	struct word w;
	uint32_t digits = 0, times = 1;
	bool before = false; /* the word before was a digit */

	while (word_next(&s, &w)) {
		uint32_t here = digits_of(&w);

		if (word_is(&w, "double") || word_is(&w, "triple")) {
			times = word_is(&w, "double") ? 2 : 3;
			continue;
		}
		if (word_in(&w, doubtful_words))
			here = before || digit_follows(s) ? 1 : 0;
		before = here > 0;
		digits += here * times;
		times = 1;
	}
	return digits;
}

static const char *const count_words[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
	"thirteen", "fourteen", "fifteen", "sixteen", NULL };

/* "ten", "10" or "10-digit" → 10; 0 when it is no count. */
static uint32_t count_of(const struct word *w)
{
	int named = word_find(w, count_words);
	uint32_t n = 0;
	size_t i;

	if (named >= 0)
		return (uint32_t)named;
	for (i = 0; i < w->len && isdigit((unsigned char)w->at[i]) && n < 100; i++)
		n = n * 10 + (uint32_t)(w->at[i] - '0');
	return n;
}

static size_t last_sentence(const char *text, size_t len)
{
	size_t i, start = 0;

	for (i = 0; i + 1 < len; i++)
		if ((text[i] == '.' || text[i] == '?' || text[i] == '!') && text[i + 1] == ' ')
			start = i + 1;
	return start;
}

static bool word_ends(const struct word *w, const char *end)
{
	size_t len = strlen(end);

	return w->len >= len && !strncasecmp(w->at + w->len - len, end, len);
}

struct words_expect words_expect(const char *question, size_t len)
{
	static const char *const digits[] = { "number", "digit", "digits", "pin", "otp", "code", "mobile", "phone", "pincode", "zip", NULL };
	static const char *const spelled[] = { "e-mail", "email", "spell", "spelling", "spelled", "address", NULL };
	static const char *const yes_no[] = { "is", "are", "do", "does", "did", "can", "could", "would", "will", "shall", "should", "have", "has",
		"kya", NULL };
	struct scan s = scan_of(question, len);
	struct words_expect e = { EXPECT_ANY, 0 };
	struct word w;
	uint32_t count = 0;
	bool first = true, polar = false;

	s.at += last_sentence(question, len);
	while (word_next(&s, &w)) {
		if (first)
			polar = word_in(&w, yes_no);
		first = false;
		if (word_ends(&w, "-digit") || word_ends(&w, "-digits"))
			return (struct words_expect){ EXPECT_DIGITS, count_of(&w) };
		if (word_in(&w, spelled))
			e.kind = EXPECT_SPELLED;
		if (word_in(&w, digits) && e.kind != EXPECT_SPELLED) {
			e.kind = EXPECT_DIGITS;
			if (word_is(&w, "digit") || word_is(&w, "digits"))
				e.digits = count;
		}
		count = count_of(&w);
	}
	if (e.kind == EXPECT_ANY && polar)
		e.kind = EXPECT_YES_NO;
	return e;
}

/* An order to say something. */
static bool orders(const char *text, size_t len)
{
	static const char *const list[] = { "tell", "say", "give", "enter", "spell", "type", "repeat", "kya", NULL };
	struct scan s = scan_of(text, len);
	bool needs = false;
	struct word w;

	while (word_next(&s, &w)) {
		if (word_in(&w, list) || (needs && (word_is(&w, "the") || word_is(&w, "your"))))
			return true;
		needs = word_is(&w, "need");
	}
	return false;
}

static bool requests(const char *text, size_t len)
{
	static const struct brief_phrases list = { { "please", "kripya" }, 2 };

	return words_any_in(&list, text, len);
}

/* A question, an order, or a request. */
static bool asks(const char *text, size_t len)
{
	return memchr(text, '?', len) || orders(text, len) || requests(text, len);
}

struct words_expect words_asked(const char *text, size_t len)
{
	struct words_expect e = { EXPECT_ANY, 0 };
	size_t start;

	for (; len && e.kind == EXPECT_ANY; len = start) {
		start = last_sentence(text, len);
		if (asks(text + start, len - start))
			e = words_expect(text + start, len - start);
		if (memchr(text + start, '?', len - start))
			break; /* an open question is one; "please take your time" is none */
	}
	return e;
}

/* Does it ask whether something is so? With `may_want` also what may as well be a request ("may I have your number?"). */
static bool is_polar(const char *question, size_t len, bool may_want)
{
	static const char *const before[] = { "and", "so", "but", "ok", "okay", "well", "then", "now", "alright", "hello", "hi", NULL };
	static const char *const so[] = { "am", "is", "are", "was", "were", "did", "does", "has", "had", "shall", "should", "isn't", "aren't", "wasn't", NULL };
	static const char *const wants[] = { "can", "could", "would", "will", "may", "might", "do", "have", "kya", NULL };
	struct scan s = scan_of(question, len);
	struct word w;

	while (word_next(&s, &w))
		if (!word_in(&w, before))
			return word_in(&w, so) || (may_want && word_in(&w, wants));
	return false;
}

struct words_expect words_wanted(const char *text, size_t len)
{
	struct words_expect e = words_asked(text, len);
	size_t start = words_question(text, len);
	bool is_value = e.kind >= EXPECT_DIGITS;

	if (!memchr(text + start, '?', len - start) || !is_polar(text + start, len - start, !is_value))
		return e;
	return (struct words_expect){ is_value ? EXPECT_CHECKED : EXPECT_YES_NO, 0 };
}

size_t words_sentence(const char *text, size_t len, bool *over)
{
	static const char danda[] = "\xe0\xa5\xa4";
	size_t start = 0, i;

	*over = false;
	for (i = 0; i < len; i++) {
		bool ends = text[i] == '.' || text[i] == '?' || text[i] == '!' || (i >= 2 && !memcmp(text + i - 2, danda, 3));

		if (ends && i + 1 < len && text[i + 1] == ' ')
			start = i + 2;
		if (text[i] != ' ')
			*over = ends;
	}
	return start;
}

size_t words_question(const char *text, size_t len)
{
	size_t end = len, start, request = len;
	bool over;

	for (; end; end = start) {
		start = words_sentence(text, end, &over);
		if (memchr(text + start, '?', end - start) || orders(text + start, end - start))
			return start;
		if (request == len && requests(text + start, end - start))
			request = start; /* "please take your time" behind a question is none */
		while (start && text[start - 1] == ' ')
			start--;
	}
	return request;
}

static bool last_word(const char *text, size_t len, struct word *last)
{
	struct scan s = scan_of(text, len);
	struct word w;
	bool any = false;

	while (word_next(&s, &w)) {
		*last = w;
		any = true;
	}
	return any;
}

/* Of a text with a word in it. */
static char last_mark(const char *text, size_t len)
{
	while (isspace((unsigned char)text[len - 1]))
		len--;
	return text[len - 1];
}

static enum words_finish finish_spelled(struct words_expect expect, const char *text, size_t len)
{
	uint32_t digits = words_digits(text, len);

	if (expect.kind == EXPECT_DIGITS && expect.digits && digits >= expect.digits)
		return FINISH_COMPLETE;
	if (expect.kind == EXPECT_DIGITS && !digits && words_count(text, len) > 3)
		return FINISH_UNKNOWN; /* not an answer to the question at all */
	return FINISH_SPELLED;
}

/* Few words, and a yes or no at their end. */
static bool says_yes_no(const char *text, size_t len)
{
	static const char *const yes_no[] = { "yes", "no", "yeah", "yep", "nope", "sure", "okay", "ok", "correct", "right", "haan", "nahi", "nahin", "ji",
		"bilkul", "sahi", NULL };
	struct word last;

	return words_count(text, len) <= 3 && last_word(text, len, &last) && word_in(&last, yes_no);
}

/* What is said behind an answer and asks for nothing more is left out; what it is left out of must still end in a yes or no. */
bool words_answered(const char *text, size_t len)
{
	static const struct brief_phrases courtesy = { { "please", "thank you", "thanks", "very much", "of course", "that is right", "that's right",
		"that is correct", "that's correct", "speaking", "sir", "madam", "ma'am", "theek hai", "shukriya", "it is" }, 16 };
	struct scan s = scan_of(text, len);
	size_t answer = 0; /* where it ends */
	struct word w;

	for (;;) {
		struct scan here = s;

		if (!word_next(&s, &w))
			return says_yes_no(text, answer) && !strchr(",-", last_mark(text, len));
		here.at = list_at(&courtesy, here, &w);
		if (here.at)
			s = here;
		if (!here.at || !answer) /* "that's right, thank you" */
			answer = (size_t)(s.at - text);
	}
}

bool words_beside(const char *text, size_t len)
{
	static const struct brief_phrases waits = { { "wait", "hold on", "hang on", "one moment", "one second", "just a moment", "just a second", "a moment",
		"a second", "please", "sorry", "okay", "ruko", "rukiye", "ek minute", "ek second" }, 16 };
	static const struct brief_phrases asks = { { "help", "help me", "can you help me", "what", "pardon", "what did you say", "what was that",
		"say that again", "say it again", "can you repeat that", "repeat that", "i don't know", "i do not know", "pata nahin", "phir se boliye",
		"kya kaha" }, 16 };
	static const struct brief_phrases tongues = { { "hindi", "english", "in hindi", "in english", "speak hindi", "speak english", "hindi mein", "english mein",
		"हिन्दी", "हिंदी", "हिन्दी में", "हिंदी में", "अंग्रेज़ी में", "अंग्रेजी में" }, 14 };
	struct scan s = scan_of(text, len);
	bool any = false;
	struct word w;

	for (;;) {
		struct scan here = s;
		const char *at;

		if (!word_next(&s, &w))
			return any;
		at = list_at(&asks, here, &w);
		if (!at)
			at = list_at(&tongues, here, &w);
		s.at = at ? at : list_at(&waits, here, &w);
		if (!s.at)
			return false;
		any = true;
	}
}

bool words_who(const char *text, size_t len)
{
	static const struct brief_phrases whos = { { "am i speaking", "am i talking", "do i speak" }, 3 };
	size_t start = words_question(text, len);

	return memchr(text + start, '?', len - start) && words_any_in(&whos, text + start, len - start);
}

bool words_speaking(const char *text, size_t len)
{
	static const struct brief_phrases rest = { { "speaking", "yes", "yeah", "this is he", "this is she", "this is him", "this is her", "that's me",
		"that is me", "it's me", "i am", "it's speaking", "he's speaking" }, 13 };

	return words_all_in(&rest, text, len);
}

bool words_short(const char *text, size_t len)
{
	static const char *const own[] = { "no", "nope", "nah", "nahi", "nahin", "not", "never", "wait", "stop", "hold", "ruko", "bas", "who", "what", "why", "how",
		"when", "where", "which", "kaun", "kya", "busy", "later", "bye", "wrong", "sorry", "pardon", "help", "hello", NULL };
	struct scan s = scan_of(text, len);
	size_t letters = 0, words = 0;
	struct word w;

	while (word_next(&s, &w)) {
		letters += w.len;
		words++;
		if (word_in(&w, own))
			return false;
	}
	return words && words <= 2 && letters <= 8 && !words_digits(text, len) && !memchr(text, '?', len);
}

bool words_greet(const char *text, size_t len)
{
	static const struct brief_phrases greetings = { { "hello", "hi", "hey", "good morning", "good afternoon", "good evening", "namaste", "namaskar", "haan", "ji",
		"yes", "yeah", "yep", "okay", "speaking", "there" }, 16 };

	return words_all_in(&greetings, text, len);
}

bool words_hello(const char *text, size_t len)
{
	static const struct brief_phrases hellos = { { "hello", "hallo", "hi", "hey", "hello there", "hi there", "good morning", "good afternoon", "good evening",
		"namaste", "namaskar", "हैलो", "हेलो", "हलो", "नमस्ते", "नमस्कार" }, 16 };

	return words_all_in(&hellos, text, len);
}

bool words_farewell(const char *text, size_t len)
{
	static const struct brief_phrases farewells = { { "bye", "goodbye", "good", "see you", "then", "thank you", "thanks", "very much", "take care", "okay",
		"namaste", "dhanyavaad", "shukriya", "alvida", "theek hai", "you too" }, 16 };
	static const struct brief_phrases more = { { "alright", "all right", "thank", "so much", "a lot", "ok", "fine", "great", "perfect", "have a good", "have a nice",
		"day", "धन्यवाद", "शुक्रिया", "ठीक है", "नमस्ते" }, 16 };
	struct scan s = scan_of(text, len);
	bool any = false;
	struct word w;

	for (;;) {
		struct scan here = s;
		const char *at;

		if (!word_next(&s, &w))
			return any;
		at = list_at(&farewells, here, &w);
		s.at = at ? at : list_at(&more, here, &w);
		if (!s.at)
			return false;
		any = true;
	}
}

enum words_finish words_finish(struct words_expect expect, const char *text, size_t len)
{
	static const char *const open[] = { "and", "but", "or", "so", "because", "um", "uh", "er", "my", "the", "a", "an", "is", "to", "for", "with", "at",
		"on", "of", "in", "i", "if", "aur", "lekin", "magar", "kyunki", "toh", "mera", "meri", "ka", "ki", "ke", "matlab", NULL };
	struct word last = { text, 0 };
	char mark;

	if (!last_word(text, len, &last))
		return FINISH_UNKNOWN;
	mark = last_mark(text, len);
	if ((mark == '?' || mark == '!') && expect.kind < EXPECT_DIGITS)
		return FINISH_COMPLETE;
	if (word_in(&last, open) || mark == ',' || mark == '-')
		return expect.kind >= EXPECT_DIGITS ? FINISH_SPELLED : FINISH_OPEN;
	if (expect.kind >= EXPECT_DIGITS)
		return finish_spelled(expect, text, len);
	if (expect.kind == EXPECT_YES_NO && says_yes_no(text, len))
		return FINISH_COMPLETE;
	if (mark == '.' && words_count(text, len) >= 3)
		return FINISH_COMPLETE;
	return FINISH_UNKNOWN;
}
