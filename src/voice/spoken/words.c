/* What numbers are called: tables of words, and the rules by which languages put them together. */
#include "voice/spoken/parts.h"

#include <string.h>

#include "base/wording.h"

static const char *const english_small[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
	"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };

static const char *const english_tens[] = { "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety" };

static const char *const hindi_small[] = {
	"शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ",
	"दस", "ग्यारह", "बारह", "तेरह", "चौदह", "पंद्रह", "सोलह", "सत्रह", "अठारह", "उन्नीस",
	"बीस", "इक्कीस", "बाईस", "तेईस", "चौबीस", "पच्चीस", "छब्बीस", "सत्ताईस", "अट्ठाईस", "उनतीस",
	"तीस", "इकतीस", "बत्तीस", "तैंतीस", "चौंतीस", "पैंतीस", "छत्तीस", "सैंतीस", "अड़तीस", "उनतालीस",
	"चालीस", "इकतालीस", "बयालीस", "तैंतालीस", "चौवालीस", "पैंतालीस", "छियालीस", "सैंतालीस", "अड़तालीस", "उनचास",
	"पचास", "इक्यावन", "बावन", "तिरेपन", "चौवन", "पचपन", "छप्पन", "सत्तावन", "अट्ठावन", "उनसठ",
	"साठ", "इकसठ", "बासठ", "तिरेसठ", "चौंसठ", "पैंसठ", "छियासठ", "सड़सठ", "अड़सठ", "उनहत्तर",
	"सत्तर", "इकहत्तर", "बहत्तर", "तिहत्तर", "चौहत्तर", "पचहत्तर", "छिहत्तर", "सतहत्तर", "अठहत्तर", "उन्यासी",
	"अस्सी", "इक्यासी", "बयासी", "तिरासी", "चौरासी", "पचासी", "छियासी", "सत्तासी", "अट्ठासी", "नवासी",
	"नब्बे", "इक्यानवे", "बानवे", "तिरानवे", "चौरानवे", "पंचानवे", "छियानवे", "सत्तानवे", "अट्ठानवे", "निन्यानवे",
};

static const char *const terms[2][TERM_COUNT] = {
	{ [TERM_MINUS] = "minus", [TERM_POINT] = "point", [TERM_PERCENT] = "percent", [TERM_TO] = "to", [TERM_AND] = "and", [TERM_AT] = "at",
		[TERM_DOT] = "dot", [TERM_SLASH] = "slash", [TERM_DASH] = "dash", [TERM_UNDERSCORE] = "underscore", [TERM_PLUS] = "plus",
		[TERM_NUMBER] = "number", [TERM_PER] = "per", [TERM_TIMES] = "times", [TERM_EQUALS] = "equals", [TERM_ABOUT] = "about",
		[TERM_LAKH] = "lakh", [TERM_CRORE] = "crore", [TERM_THOUSAND] = "thousand", [TERM_MILLION] = "million", [TERM_BILLION] = "billion",
		[TERM_TRILLION] = "trillion", [TERM_HALF] = "half" },
	{ [TERM_MINUS] = "माइनस", [TERM_POINT] = "दशमलव", [TERM_PERCENT] = "प्रतिशत", [TERM_TO] = "से", [TERM_AND] = "और", [TERM_AT] = "ऐट",
		[TERM_DOT] = "डॉट", [TERM_SLASH] = "स्लैश", [TERM_DASH] = "डैश", [TERM_UNDERSCORE] = "अंडरस्कोर", [TERM_PLUS] = "प्लस",
		[TERM_NUMBER] = "नंबर", [TERM_PER] = "प्रति", [TERM_TIMES] = "गुणा", [TERM_EQUALS] = "बराबर", [TERM_ABOUT] = "लगभग",
		[TERM_LAKH] = "लाख", [TERM_CRORE] = "करोड़", [TERM_THOUSAND] = "हज़ार", [TERM_MILLION] = "मिलियन", [TERM_BILLION] = "बिलियन",
		[TERM_TRILLION] = "ट्रिलियन", [TERM_HALF] = "आधा" },
};

const struct tongue *tongue_of(const char *language)
{
	static const struct tongue english = { .hindi = false }, abroad = { .day_first = true }, indian = { .lakh = true, .day_first = true },
		hindi = { .hindi = true, .lakh = true, .day_first = true };
	const char *region = language + strcspn(language, "-_"), *next;

	if (language_is(language, "hi"))
		return language_is(language, "hi-Latn") ? &indian : &hindi;
	if (!language_is(language, "en"))
		return NULL;
	for (next = region; *next; next += strcspn(next, "-_")) /* the last part: "en-Latn-IN" */
		region = ++next;
	if (!*region || language_is(region, "US"))
		return &english;
	return language_is(region, "IN") ? &indian : &abroad;
}

const char *term_of(const struct tongue *t, enum term term)
{
	return terms[t->hindi][term];
}

void word_put(struct buf *b, const char *word)
{
	if (b->len)
		buf_byte(b, ' ');
	buf_text(b, word);
}

void term_put(struct buf *b, const struct tongue *t, enum term term)
{
	word_put(b, term_of(t, term));
}

/* ---- cardinals ---- */

static void hundred_put(struct buf *b, const struct tongue *t, unsigned int n)
{
	if (t->hindi) {
		word_put(b, hindi_small[n]);
	} else if (n < 20) {
		word_put(b, english_small[n]);
	} else {
		word_put(b, english_tens[n / 10]);
		if (n % 10)
			word_put(b, english_small[n % 10]);
	}
}

static void thousand_put(struct buf *b, const struct tongue *t, unsigned int n)
{
	if (n >= 100) {
		hundred_put(b, t, n / 100);
		word_put(b, t->hindi ? "सौ" : "hundred");
	}
	if (n % 100)
		hundred_put(b, t, n % 100);
}

struct scale {
	uint64_t size;
	enum term term;
};

static const struct scale indian_scales[] = { { 10000000, TERM_CRORE }, { 100000, TERM_LAKH }, { 1000, TERM_THOUSAND }, { 0, TERM_COUNT } };
static const struct scale western_scales[] = { { 1000000000000, TERM_TRILLION }, { 1000000000, TERM_BILLION }, { 1000000, TERM_MILLION },
	{ 1000, TERM_THOUSAND }, { 0, TERM_COUNT } };

void cardinal_put(struct buf *b, const struct tongue *t, uint64_t n)
{
	const struct scale *s;

	if (!n)
		hundred_put(b, t, 0);
	for (s = t->lakh ? indian_scales : western_scales; s->size; s++)
		if (n >= s->size) {
			cardinal_put(b, t, n / s->size);
			term_put(b, t, s->term);
			n %= s->size;
		}
	thousand_put(b, t, (unsigned int)n);
}

/* ---- ordinals and years ---- */

/* Makes the last word one of order: "twenty one" → "twenty first". */
static void last_order(struct buf *b)
{
	static const char *const odd[][2] = { { "one", "first" }, { "two", "second" }, { "three", "third" }, { "five", "fifth" }, { "eight", "eighth" },
		{ "nine", "ninth" }, { "twelve", "twelfth" } };
	size_t from = b->len, i;

	while (from && b->data[from - 1] != ' ')
		from--;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (strlen(odd[i][0]) == b->len - from && !memcmp(odd[i][0], b->data + from, b->len - from)) {
			b->len = from;
			buf_text(b, odd[i][1]);
			return;
		}
	if (b->len && b->data[b->len - 1] == 'y') {
		b->len--;
		buf_text(b, "ie");
	}
	buf_text(b, "th");
}

void ordinal_put(struct buf *b, const struct tongue *t, uint64_t n)
{
	cardinal_put(b, t, n);
	if (!t->hindi && !b->err)
		last_order(b);
}

void year_put(struct buf *b, const struct tongue *t, unsigned int year)
{
	unsigned int rest = year % 100;

	if (year < 1100 || year > 2099 || (year >= 2000 && (t->hindi || rest < 10))) {
		cardinal_put(b, t, year);
		return;
	}
	hundred_put(b, t, year / 100);
	if (t->hindi || !rest)
		word_put(b, t->hindi ? "सौ" : "hundred");
	else if (rest < 10)
		word_put(b, "oh");
	if (rest)
		hundred_put(b, t, rest);
}

/* ---- digits ---- */

void digits_put(struct buf *b, const struct tongue *t, const char *digits, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		hundred_put(b, t, (unsigned int)(digits[i] - '0'));
}

/* Ten digits are a telephone number: five and five in India, three, three and four elsewhere. Up to five need no pause. Groups of four where they
 * come out even; else of three, the last of which may have four. */
bool group_ends(const struct tongue *t, size_t count, size_t index)
{
	size_t size = count == 10 && t->lakh ? 5 : count % 4 == 0 ? 4 : 3, done = index + 1;

	return count > 5 && done < count && done % size == 0 && !(size == 3 && count - done == 1);
}

void digits_grouped_put(struct buf *b, const struct tongue *t, const char *digits, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		digits_put(b, t, digits + i, 1);
		if (group_ends(t, count, i))
			buf_byte(b, ',');
	}
}
