#include "providers/rehearsed/words.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "redact/token.h"

/* ---- reading ---- */

struct reading {
	struct words *w;
	char word[WORD_BYTES * 2];
	size_t len;
	size_t apostrophe; /* where in `word` one stood; 0: none */
	char mark;
};

static void word_put(struct words *w, const char *text, size_t len, enum word_kind kind, char mark)
{
	struct word *word;

	if (w->count == WORDS_MAX || !len)
		return;
	word = &w->at[w->count++];
	if (len >= WORD_BYTES)
		len = WORD_BYTES - 1;
	memcpy(word->text, text, len);
	word->text[len] = 0;
	word->kind = kind;
	word->before = mark;
	word->number = word->value = word->least = word->most = 0;
	if (kind == WORD_LETTERS)
		word->number = (uint8_t)word_find(word->text, len, &word->value);
}

static void put(struct reading *r, const char *text)
{
	word_put(r->w, text, strlen(text), WORD_LETTERS, r->mark);
	r->mark = 0;
}

struct short_form {
	const char *word, *first, *second;
};

/* Written without an apostrophe, as recognisers do. */
static bool put_short(struct reading *r)
{
	static const struct short_form forms[] = {
		{ "dont", "do", "not" }, { "cant", "can", "not" }, { "cannot", "can", "not" }, { "wont", "will", "not" }, { "didnt", "did", "not" },
		{ "doesnt", "does", "not" }, { "isnt", "is", "not" }, { "wasnt", "was", "not" }, { "havent", "have", "not" }, { "im", "i", "am" },
		{ "ive", "i", "have" }, { "thats", "that", "is" }, { "whats", "what", "is" }, { "whos", "who", "is" }, { "oclock", "oclock", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strlen(forms[i].word) != r->len || memcmp(forms[i].word, r->word, r->len) != 0)
			continue;
		put(r, forms[i].first);
		if (forms[i].second)
			put(r, forms[i].second);
		return true;
	}
	return false;
}

/* "wo|n't", "i|'ll": the apostrophe stood at r->apostrophe. */
static bool put_contracted(struct reading *r)
{
	static const struct short_form ends[] = { { "m", "am", NULL }, { "ll", "will", NULL }, { "ve", "have", NULL }, { "re", "are", NULL },
		{ "s", "is", NULL }, { "d", "would", NULL } };
	const char *tail = r->word + r->apostrophe;
	size_t i;

	if (!r->apostrophe)
		return false;
	if (!strcmp(r->word, "lets")) {
		put(r, "let");
		put(r, "us");
		return true;
	}
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(ends[i].word, tail))
			continue;
		word_put(r->w, r->word, r->apostrophe, WORD_LETTERS, r->mark);
		r->mark = 0;
		put(r, ends[i].first);
		return true;
	}
	if (strcmp(tail, "t") || r->apostrophe < 3)
		return false;
	if (!strcmp(r->word, "cant"))
		put(r, "can");
	else if (!strcmp(r->word, "wont"))
		put(r, "will");
	else
		word_put(r->w, r->word, r->apostrophe - 1, WORD_LETTERS, r->mark);
	r->mark = 0;
	put(r, "not");
	return true;
}

static void word_end(struct reading *r)
{
	r->word[r->len] = 0;
	if (r->len && !put_contracted(r) && !put_short(r))
		put(r, r->word);
	r->len = 0;
	r->apostrophe = 0;
}

static void letter(struct reading *r, const uint8_t *at, size_t n)
{
	if (r->len + n < sizeof(r->word)) {
		memcpy(r->word + r->len, at, n);
		r->len += n;
	}
}

/* Three bytes of Devanagari: digits become ASCII, dots below go. */
static void devanagari(struct reading *r, const uint8_t *at)
{
	static const uint8_t plain[8] = { 0x95, 0x96, 0x97, 0x9c, 0xa1, 0xa2, 0xab, 0xaf };
	uint8_t folded[3] = { at[0], at[1], at[2] };

	if (at[1] == 0xa4 && at[2] == 0xbc)
		return;
	if (at[1] == 0xa5 && at[2] >= 0x98 && at[2] <= 0x9f) {
		folded[1] = 0xa4;
		folded[2] = plain[at[2] - 0x98];
	} else if (at[1] == 0xa4 && at[2] == 0x81) {
		folded[2] = 0x82;
	}
	letter(r, folded, 3);
}

static bool is_nagari_digit(const uint8_t *at, size_t len)
{
	return len >= 3 && at[0] == 0xe0 && at[1] == 0xa5 && at[2] >= 0xa6 && at[2] <= 0xaf;
}

static size_t digit_at(const uint8_t *at, size_t len, char *digit)
{
	if (len && isdigit(*at)) {
		*digit = (char)*at;
		return 1;
	}
	if (!is_nagari_digit(at, len))
		return 0;
	*digit = (char)('0' + at[2] - 0xa6);
	return 3;
}

/* "300,000" and "2,00,000" are one number, "1.5" too. */
static size_t number(struct reading *r, const uint8_t *at, size_t len)
{
	char text[WORD_BYTES], digit;
	size_t i = 0, n = 0, step;
	bool point = false;

	while (i < len) {
		step = digit_at(at + i, len - i, &digit);
		if (!step && (at[i] == ',' || (at[i] == '.' && !point)) && i + 1 < len && digit_at(at + i + 1, len - i - 1, &digit) &&
			(at[i] == '.' || (i + 2 < len && digit_at(at + i + 2, len - i - 2, &digit)))) {
			point = point || at[i] == '.';
			if (at[i] == '.' && n < sizeof(text))
				text[n++] = '.';
			i++;
			continue;
		}
		if (!step)
			break;
		if (n < sizeof(text))
			text[n++] = digit;
		i += step;
	}
	word_put(r->w, text, n < sizeof(text) ? n : sizeof(text) - 1, WORD_NUMBER, r->mark);
	r->mark = 0;
	return i;
}

/* "[NUMBER_1]", or 0. */
static size_t held(struct reading *r, const uint8_t *at, size_t len)
{
	size_t n = 1;

	while (n < len && n < WORD_BYTES - 1 && (isupper(at[n]) || isdigit(at[n]) || at[n] == '_'))
		n++;
	if (n < 4 || n >= len || at[n] != ']')
		return 0;
	word_put(r->w, (const char *)at, n + 1, WORD_HELD, r->mark);
	r->mark = 0;
	return n + 1;
}

static bool is_apostrophe(const uint8_t *at, size_t n)
{
	return (n == 1 && *at == '\'') || (n == 3 && !memcmp(at, "\xe2\x80\x99", 3));
}

static void mark(struct reading *r, const uint8_t *at, size_t n)
{
	word_end(r);
	if (n == 1 && !isspace(*at) && !(*at == '$' && r->mark == '-')) /* "-$50" */
		r->mark = (char)*at;
	else if (n == 3 && !memcmp(at, "\xe2\x88\x92", 3)) /* a minus of its own */
		r->mark = '-';
	else if (n == 3 && !memcmp(at, "\xe0\xa5\xa4", 3))
		r->mark = '.';
}

static size_t character(struct reading *r, const uint8_t *at, size_t len)
{
	size_t n = utf8_length(at, len);
	char digit;

	if (!n)
		n = 1;
	if (digit_at(at, len, &digit)) {
		word_end(r);
		return number(r, at, len);
	}
	if (is_apostrophe(at, n) && r->len) {
		r->apostrophe = r->len;
	} else if (n == 1 && isalpha(*at)) {
		uint8_t low = (uint8_t)tolower(*at);

		letter(r, &low, 1);
	} else if (n == 3 && at[0] == 0xe0 && (at[1] == 0xa4 || (at[1] == 0xa5 && at[2] != 0xa4))) {
		devanagari(r, at);
	} else if (n > 1 && !is_apostrophe(at, n) && at[0] != 0xe2 && at[0] != 0xe0 && at[0] != 0xef && at[0] != 0xc2) {
		letter(r, at, n); /* another script: compared as it is */
	} else if (n == 3 && !memcmp(at, "\xe2\x80\x8d", 3)) {
		return n; /* a joiner inside a word */
	} else {
		mark(r, at, n);
		if (*at == '[') {
			size_t whole = held(r, at, len);

			return whole ? whole : n;
		}
	}
	return n;
}

/* "p.m." became two words. */
static void join_halves(struct words *w)
{
	size_t i;

	for (i = 0; i + 1 < w->count; i++) {
		struct word *a = &w->at[i], *b = &w->at[i + 1];
		bool clock = (!strcmp(a->text, "o") && !strcmp(b->text, "clock")) || ((!strcmp(a->text, "a") || !strcmp(a->text, "p")) &&
			!strcmp(b->text, "m") && i && w->at[i - 1].kind != WORD_HELD);

		if (!clock)
			continue;
		memcpy(a->text + 1, b->text[0] == 'm' ? "m" : "clock", b->text[0] == 'm' ? 2 : 6); /* one letter was there */
		a->number = 0;
		memmove(b, b + 1, (w->count - i - 2) * sizeof(*b));
		w->count--;
	}
}

void words_read(struct words *w, const char *text, size_t len)
{
	struct reading r = { .w = w };
	size_t i = 0;

	w->count = 0;
	while (i < len && w->count < WORDS_MAX)
		i += character(&r, (const uint8_t *)text + i, len - i);
	word_end(&r);
	join_halves(w);
}

/* ---- comparing ---- */

bool word_is(const struct words *w, size_t at, const char *text)
{
	return at < w->count && !strcmp(w->at[at].text, text);
}

bool word_in(const struct words *w, size_t at, const char *const *list)
{
	for (; at < w->count && *list; list++)
		if (!strcmp(w->at[at].text, *list))
			return true;
	return false;
}

/* Phrases of our own tables are plain: small words, one blank between them. */
bool words_at(const struct words *w, size_t at, const char *phrase, size_t *len)
{
	size_t n = 0;

	while (*phrase) {
		size_t bytes = strcspn(phrase, " ");

		if (at + n >= w->count || strlen(w->at[at + n].text) != bytes || memcmp(w->at[at + n].text, phrase, bytes) != 0)
			return false;
		n++;
		phrase += bytes;
		phrase += *phrase == ' ';
	}
	*len = n;
	return n > 0;
}

struct span words_find(const struct words *w, size_t from, const char *phrase)
{
	size_t len;

	for (; from < w->count; from++)
		if (words_at(w, from, phrase, &len))
			return (struct span){ from, len };
	return (struct span){ 0, 0 };
}

bool words_have(const struct words *w, const char *const *phrases)
{
	for (; *phrases; phrases++)
		if (words_find(w, 0, *phrases).len)
			return true;
	return false;
}

size_t words_any_at(const struct words *w, size_t at, const char *const *phrases)
{
	size_t best = 0, len;

	for (; at < w->count && *phrases; phrases++)
		if (**phrases == *w->at[at].text && words_at(w, at, *phrases, &len) && len > best)
			best = len;
	return best;
}

void words_cut(struct words *w, struct span s)
{
	memmove(&w->at[s.from], &w->at[s.from + s.len], (w->count - s.from - s.len) * sizeof(w->at[0]));
	w->count -= s.len;
}

static size_t stem(const char *word)
{
	static const char *const ends[] = { "ing", "ed", "es", "s", "e" };
	size_t len = strlen(word), i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (len >= end + 3 && !strcmp(word + len - end, ends[i])) {
			len -= end;
			break;
		}
	}
	return len > 3 && word[len - 1] == word[len - 2] ? len - 1 : len;
}

bool words_stem_same(const char *a, const char *b)
{
	size_t n;

	if (!strcmp(a, b))
		return true;
	if ((unsigned char)*a >= 0x80 || (unsigned char)*b >= 0x80)
		return false;
	n = stem(a);
	return n > 2 && n == stem(b) && !memcmp(a, b, n);
}

/* "I do not want to collect it" is no "I do not want it": what is denied is another thing. `next` is the phrase's word behind the gap. */
static bool denies_other(const struct words *w, size_t at, const char *next)
{
	static const char *const no_verbs[] = { "going", "anything", "nothing", "something", "everything", NULL };
	size_t len = strlen(w->at[at].text);

	if (word_is(w, at, "to"))
		return at + 1 < w->count && !words_stem_same(w->at[at + 1].text, next);
	return len > 4 && !strcmp(w->at[at].text + len - 3, "ing") && !word_in(w, at, no_verbs);
}

static int near_from(const struct words *w, const struct words *phrase, size_t at, size_t *end)
{
	int score = 0;
	size_t i, skipped = 0;
	bool denies = false;

	for (i = 0; i < phrase->count; i++) {
		denies = denies || (i && word_negates(phrase, i - 1));
		for (skipped = 0; at < w->count && skipped <= 2 && !words_stem_same(w->at[at].text, phrase->at[i].text); skipped++, at++)
			if (!i || word_negates(w, at) || (denies && denies_other(w, at, phrase->at[i].text)))
				return 0; /* the first word stands where it was looked for; a "not" in a gap turns the sense, and so does a verb behind one */
		if (at == w->count || skipped > 2)
			return 0;
		score += 10 - 3 * (int)skipped - (strcmp(w->at[at].text, phrase->at[i].text) ? 2 : 0);
		at++;
	}
	*end = at;
	return score;
}

struct span words_near(const struct words *w, const struct words *phrase, int *score)
{
	struct span best = { 0, 0 };
	size_t at, end = 0;
	int found;

	*score = 0;
	for (at = 0; at < w->count && phrase->count; at++) {
		found = near_from(w, phrase, at, &end);
		if (found > *score) {
			*score = found;
			best = (struct span){ at, end - at };
		}
	}
	return best;
}

bool word_negates(const struct words *w, size_t at)
{
	static const char *const list[] = { "no", "not", "never", "nope", "nah", "nahi", "nahin", "nhi", "mat", "नहीं", "मत", "ना", "without", NULL };

	return word_in(w, at, list);
}

bool word_corrects(const struct words *w, size_t at)
{
	static const char *const list[] = { "no", "sorry", "actually", "wait", "rather", "mean", "meant", "correction", "instead", "nahi", "nahin",
		"matlab", "नहीं", "मतलब", "माफ", "balki", "बल्कि", NULL };

	return word_in(w, at, list) || (word_is(w, at, "make") && word_is(w, at + 1, "it"));
}

bool words_correct(const struct words *w, size_t from, size_t to)
{
	for (; from < to; from++)
		if (word_corrects(w, from))
			return true;
	return false;
}
