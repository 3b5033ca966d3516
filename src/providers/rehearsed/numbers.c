/* Numbers as they are said, and amounts. Cardinals in English and Hindi, halves ("dedh hazaar"), scales, "350k". Digits one by one are in digits.c. */
#include "providers/rehearsed/understand.h"

#include <stdlib.h>
#include <string.h>

#include "base/wording.h"
#include "redact/token.h"

#define MICROS INT64_C(1000000)

enum { SCALES_MAX = 4 };

/* ---- numbers ---- */

struct scale {
	const char *word;
	int64_t value;
};

int64_t number_scale(const struct words *w, size_t at)
{
	static const struct scale scales[] = {
		{ "hundred", 100 }, { "sau", 100 }, { "सौ", 100 }, { "thousand", 1000 }, { "grand", 1000 }, { "k", 1000 }, { "hazaar", 1000 },
		{ "hazar", 1000 }, { "hajar", 1000 }, { "hajaar", 1000 }, { "हजार", 1000 }, { "lakh", 100000 }, { "lakhs", 100000 }, { "lac", 100000 },
		{ "लाख", 100000 }, { "million", 1000000 }, { "crore", 10000000 }, { "करोड", 10000000 },
	};
	size_t i;

	for (i = 0; i < sizeof(scales) / sizeof(scales[0]); i++)
		if (word_is(w, at, scales[i].word))
			return scales[i].value;
	return 0;
}

size_t number_small(const struct words *w, size_t at, int32_t *value)
{
	if (at >= w->count)
		return 0;
	if (w->at[at].kind == WORD_NUMBER) {
		*value = (int32_t)strtol(w->at[at].text, NULL, 10);
		return strlen(w->at[at].text) <= 2 ? 1 : 0;
	}
	*value = w->at[at].value;
	if (w->at[at].number == WORD_TENS && at + 1 < w->count && w->at[at + 1].number == WORD_DIGIT && w->at[at + 1].value) {
		*value += w->at[at + 1].value;
		return 2;
	}
	return w->at[at].number == WORD_DIGIT || w->at[at].number == WORD_TENS || w->at[at].number == WORD_PAIR ? 1 : 0;
}

/* "dedh", "saadhe teen": a number with its fraction. */
static size_t half_at(const struct words *w, size_t at, int64_t *micros)
{
	static const char *const one_half[] = { "dedh", "derh", "डेढ", NULL }, *const two_half[] = { "dhai", "dhaai", "adhai", "ढाई", NULL };
	static const char *const plus_half[] = { "saadhe", "sadhe", "साढे", NULL }, *const plus_quarter[] = { "sava", "sawa", "सवा", NULL };
	static const char *const less_quarter[] = { "paune", "पौने", NULL };
	int64_t part = word_in(w, at, plus_half) ? MICROS / 2 : word_in(w, at, plus_quarter) ? MICROS / 4 :
		word_in(w, at, less_quarter) ? -MICROS / 4 : 0;
	int32_t whole;
	size_t n;

	if (word_in(w, at, one_half) || word_in(w, at, two_half)) {
		*micros = word_in(w, at, one_half) ? MICROS * 3 / 2 : MICROS * 5 / 2;
		return 1;
	}
	n = part ? number_small(w, at + 1, &whole) : 0;
	if (part && !n && word_is(w, at + 1, "do")) { /* two, in Hindi */
		whole = 2;
		n = 1;
	} else if (part > 0 && !n && part < MICROS / 2 && number_scale(w, at + 1)) {
		*micros = MICROS + part; /* "sava hazaar" */
		return 1;
	}
	*micros = n ? whole * MICROS + part : 0;
	return n ? n + 1 : 0;
}

/* "half a million", "a quarter of a million", "a couple of thousand", "a thousand": what stands before a scale. */
static size_t article_at(const struct words *w, size_t at, int64_t *micros)
{
	static const char *const halves[] = { "half a", "half", "a half", NULL }, *const quarters[] = { "a quarter of a", "quarter of a", "quarter", NULL };
	static const char *const ones[] = { "a", "an", NULL }, *const pairs[] = { "a couple of", "a couple", "couple of", "couple", NULL };
	const struct {
		const char *const *list;
		int64_t value;
	} forms[] = { { halves, MICROS / 2 }, { quarters, MICROS / 4 }, { pairs, 2 * MICROS }, { ones, MICROS } };
	size_t i, n, j;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (j = 0; forms[i].list[j]; j++)
			if (words_at(w, at, forms[i].list[j], &n) && number_scale(w, at + n)) {
				*micros = forms[i].value;
				return n;
			}
	return 0;
}

static size_t point_at(const struct words *w, size_t at, int64_t *micros)
{
	static const char *const points[] = { "point", "दशमलव", NULL };
	int64_t unit = MICROS / 10;
	size_t n = 1;

	if (!word_in(w, at, points))
		return 0;
	for (; at + n < w->count && w->at[at + n].number == WORD_DIGIT && unit; n++, unit /= 10)
		*micros += w->at[at + n].value * unit;
	return n > 1 ? n : 0;
}

/* Up to a scale word: "three", "three fifty", "two and a half", "1.2". */
static size_t part_at(const struct words *w, size_t at, int64_t *micros)
{
	size_t n, more, len;
	int32_t small, next;

	if (at >= w->count)
		return 0;
	if (w->at[at].kind == WORD_NUMBER)
		return micros_parse(w->at[at].text, strlen(w->at[at].text), micros) ? 1 : 0;
	if (word_is(w, at, "do") && number_scale(w, at + 1)) { /* two, in Hindi */
		*micros = 2 * MICROS;
		return 1;
	}
	n = half_at(w, at, micros);
	if (!n)
		n = article_at(w, at, micros);
	if (n)
		return n;
	n = number_small(w, at, &small);
	if (!n && number_scale(w, at) && !word_is(w, at, "k")) {
		*micros = MICROS; /* "hazaar" alone */
		return SIZE_MAX;
	}
	if (!n)
		return 0;
	*micros = small * MICROS;
	more = number_small(w, at + n, &next);
	if (more && small > 0 && small < 10 && next > 9 && w->at[at].kind == WORD_LETTERS && !w->at[at + n].before) {
		*micros = (small * 100 + next) * MICROS;
		return n + more;
	}
	if (words_at(w, at + n, "and a half", &len)) {
		*micros += MICROS / 2;
		return n + len;
	}
	return n + point_at(w, at + n, micros);
}

static bool add(int64_t *total, int64_t part, int64_t scale)
{
	return !__builtin_mul_overflow(part, scale, &part) && !__builtin_add_overflow(*total, part, total);
}

size_t number_skip_and(const struct words *w, size_t at)
{
	static const char *const ands[] = { "and", "aur", "और", NULL };

	return word_in(w, at, ands) ? 1 : 0;
}

/* "one million two hundred thousand": parts with scales that grow smaller; "five hundred thousand" has two at one part. */
size_t number_at(const struct words *w, size_t at, int64_t *micros)
{
	int64_t total = 0, part = 0, last = INT64_MAX, scale, next;
	size_t n = 0, len, joined = 0;
	unsigned int parts;

	for (parts = 0; parts < SCALES_MAX; parts++) {
		len = part_at(w, at + n + joined, &part);
		if (!len || (parts && w->at[at + n + joined].before == ','))
			break;
		len = len == SIZE_MAX ? 0 : len;
		scale = number_scale(w, at + n + joined + len);
		next = scale ? number_scale(w, at + n + joined + len + 1) : 0;
		if (scale && next > scale) {
			scale *= next;
			len++;
		} else if (scale == 100 && !next) { /* "two hundred and fifty thousand" */
			int32_t rest;
			size_t and = number_skip_and(w, at + n + joined + len + 1), more = number_small(w, at + n + joined + len + 1 + and, &rest);

			if (more && (next = number_scale(w, at + n + joined + len + 1 + and + more)) > 100 && next < last) {
				if (!add(&part, part, 99) || !add(&part, rest, MICROS))
					return 0;
				len += and + more + 1;
				scale = next;
			}
		}
		if ((scale ? scale : 1) >= last || (parts && !scale && part >= last * MICROS))
			break;
		if (!add(&total, part, scale ? scale : 1))
			return 0;
		n += joined + len + (scale != 0);
		if (!scale)
			break;
		if (words_at(w, at + n, "and a half", &len) && !number_scale(w, at + n + len)) /* "a million and a half" */
			return add(&total, scale / 2, MICROS) ? (*micros = total, n + len) : 0;
		last = scale;
		joined = number_skip_and(w, at + n);
	}
	*micros = total;
	return n;
}

bool number_of_other(const struct words *w, size_t to)
{
	static const char *const others[] = { "people", "persons", "person", "guests", "adults", "kids", "children", "rupees", "rupee",
		"rs", "dollars", "dollar", "bucks",
		"euros", "euro", "pounds", "percent", "per", "cents", "hours", "hour", "miles", "km", "times", "pieces", "log", "logon",
		"ghante", "ghanta", "रुपये",
		"रुपए", "रुपया", "लोग", "लोगों", "घंटे", "घंटा", NULL };

	return number_scale(w, to) || word_in(w, to, others);
}

bool number_of_thing(const struct words *w, size_t to)
{
	static const char *const things[] = { "second", "seconds", "sec", "minute", "minutes", "min", "moment", "time", "day", "days", "week", "weeks",
		"month", "months", "year", "years", "of", "din", "hafte", "hafton", "mahine", "saal", "baar", "baje", "मिनट", "क्षण", "दिन", "हफ्ते", "महीने",
		"साल", "बार", "बजे", "st", "nd", "rd", "th", "tarikh", "तारीख", NULL };

	return word_in(w, to, things);
}

/* ---- amounts ---- */

static bool alternatives(const struct words *w)
{
	static const char *const list[] = { "between", "or", "ya", "या", "to", NULL };
	size_t i, n;
	int64_t unused;

	for (i = 1; i + 1 < w->count; i++)
		if (word_in(w, i, list) && number_at(w, i + 1, &unused) && (word_is(w, i, "between") || number_at(w, i - 1, &unused)))
			return true;
	return words_at(w, 0, "between", &n);
}

static bool coin_at(const struct words *w, size_t at)
{
	static const char *const coins[] = { "paise", "paisa", "cent", "cents", "pence", "penny", "पैसे", "पैसा", NULL };

	return word_in(w, at, coins);
}

static bool has_hundredths(const char *currency)
{
	static const char *const others[] = { "JPY", "KRW", "VND", "CLP", "ISK", "PYG", "UGX", "RWF", "XAF", "XOF", "XPF", "KMF", "GNF",
		"DJF", "BIF", "VUV", "BHD", "KWD", "OMR", "TND", "JOD", "IQD", "LYD", NULL };
	const char *const *other = others;

	while (*other && currency && strcmp(*other, currency) != 0)
		other++;
	return currency && !*other;
}

/* Hundredths behind whole units, without a name of their own: "fifty" of "eighty five pounds fifty". A single digit may be tenths or hundredths, and what goes
 * on may count something else. How many words, or 0. */
static size_t hundredths_at(const struct expect *e, const struct words *w, size_t at, int32_t *value)
{
	static const char *const ends[] = { "please", "thanks", "thank", "then", "total", "altogether", "exactly", "only", NULL };
	size_t n = number_small(w, at, value), to = at + n;

	if (!n || *value < 10 || w->at[at].before || !has_hundredths(e->currency))
		return 0;
	return to == w->count || w->at[to].before || word_in(w, to, ends) ? n : 0;
}

/* Behind a number: "rupees and fifty paise", "and 50 cents", "pounds fifty". How many words; *micros grows by it. */
static size_t coins_behind(const struct expect *e, const struct words *w, size_t at, int64_t *micros)
{
	static const char *const units[] = { "rupee", "rupees", "rupay", "rupaye", "rupaya", "rs", "dollar", "dollars", "buck", "bucks", "euro", "euros",
		"pound", "pounds", "quid", "रुपये", "रुपए", "रुपया", NULL };
	size_t unit = word_in(w, at, units) ? 1 : 0, n = unit + number_skip_and(w, at + unit), more;
	int32_t small;

	more = n ? number_small(w, at + n, &small) : 0;
	if (more && coin_at(w, at + n + more))
		return add(micros, small, MICROS / 100) ? n + more + 1 : 0;
	more = n == 1 && unit && *micros % MICROS == 0 ? hundredths_at(e, w, at + n, &small) : 0;
	return more && add(micros, small, MICROS / 100) ? n + more : 0;
}

/* "Minus fifty", "-50"; in "20-50" the mark stands between two. */
static bool is_negative(const struct words *w, size_t at)
{
	static const char *const leads[] = { "minus", "negative", "माइनस", NULL };
	int32_t unused;

	if (at && word_in(w, at - 1, leads))
		return true;
	return w->at[at].kind == WORD_NUMBER && w->at[at].before == '-' && (!at || (w->at[at - 1].kind != WORD_NUMBER && !number_small(w, at - 1, &unused)));
}

static bool in_range(const struct expect *e, int64_t value)
{
	return (!e->has_low || value >= e->low) && (!e->has_high || value <= e->high);
}

struct amount {
	int64_t value;
	size_t words;
	bool has_coins;
	bool is_vague; /* two readings, or none */
};

/* "Eighty five fifty" is 85.50 or 8550: the range of the question decides, or nothing does. "Fifty fifty" may be the same said twice. */
static void pair_read(const struct expect *e, const struct words *w, size_t at, struct amount *a)
{
	int64_t whole = a->value / MICROS, joined, split;
	int32_t small;
	size_t n = a->value % MICROS == 0 && whole >= 10 && whole < 100 ? hundredths_at(e, w, at + a->words, &small) : 0;

	if (!n)
		return;
	joined = (whole * 100 + small) * MICROS;
	split = a->value + small * (MICROS / 100);
	a->is_vague = in_range(e, joined) == in_range(e, split) || whole == small || (at && word_is(w, at - 1, "at"));
	a->value = in_range(e, split) ? split : joined;
	a->has_coins = true;
	a->words += n;
}

/* One amount with its coins; `words` is 0 where none stands. */
static struct amount amount_at(const struct expect *e, const struct words *w, size_t at)
{
	struct amount a = { .value = 0 };
	size_t coins;

	a.words = number_at(w, at, &a.value);
	a.is_vague = a.words ? is_negative(w, at) : w->at[at].kind == WORD_NUMBER; /* more than can be counted */
	if (!a.words)
		return a;
	if (coin_at(w, at + a.words)) { /* "five hundred and fifty paise" may be both */
		a.is_vague = a.is_vague || a.value >= 100 * MICROS;
		a.value /= 100;
		a.has_coins = true;
		a.words++;
		return a;
	}
	coins = coins_behind(e, w, at + a.words, &a.value);
	a.has_coins = coins;
	a.words += coins;
	if (!coins)
		pair_read(e, w, at, &a);
	return a;
}

/* A "one" that counts nothing: "this one". */
static bool is_mere_one(const struct words *w, size_t at, const struct amount *a)
{
	return a->value == MICROS && a->words == 1 && w->at[at].kind == WORD_LETTERS && !number_scale(w, at);
}

enum understood understand_amount(const struct expect *e, const struct words *w, struct answer *out)
{
	struct found f = { .count = 0 };
	bool has_coins = false;
	struct amount a;
	size_t i;

	for (i = 0; i < w->count; i += a.words ? a.words : 1) {
		a = amount_at(e, w, i);
		f.vague = f.vague || a.is_vague;
		if (!a.words || number_of_thing(w, i + a.words) || is_mere_one(w, i, &a))
			continue;
		if (has_coins && !a.has_coins && i + a.words == w->count && a.value < 100 * MICROS)
			f.vague = true; /* "85.50, no, sixty" corrects which part? */
		has_coins = a.has_coins;
		found_put(&f, a.value, i, i + a.words, false);
	}
	if (f.vague || alternatives(w) || !found_choose(w, &f, &out->number, &out->used))
		return UNDERSTOOD_NOT;
	return in_range(e, out->number) ? UNDERSTOOD_VALUE : UNDERSTOOD_RANGE;
}
