/* Numbers as they are said: amounts and digits. Cardinals in English and Hindi, halves ("dedh hazaar"), scales, "350k". */
#include "providers/rehearsed/understand.h"

#include <stdlib.h>
#include <string.h>

#include "base/wording.h"
#include "redact/token.h"

#define MICROS INT64_C(1000000)

enum { SCALES_MAX = 4 };

/* ---- readings ---- */

void found_put(struct found *f, int64_t value, size_t from, size_t to, bool loose)
{
	if (f->count < FOUND_MAX)
		f->at[f->count++] = (struct reading_found){ value, from, to, loose };
	else
		f->vague = true;
}

/* "Monday is no good", "five will not work", "Friday I can't": what cannot be is no answer. "Monday is not bad" can. */
static bool refused(const struct words *w, size_t at)
{
	static const char *const helpers[] = { "is", "are", "was", "will", "would", "does", "do", "can", "could", "might", NULL };
	static const char *const bad[] = { "bad", "out", "impossible", "difficult", "hard", "tough", "tricky", NULL };
	static const char *const mild[] = { "bad", "problem", "issue", "bother", "matter", "doubt", NULL }, *const small[] = { "be", "a", "too", "any", NULL };
	bool helped;

	if (at >= w->count || w->at[at].before)
		return false;
	at += word_in(w, at, LIST("i", "we"));
	helped = word_in(w, at, helpers);
	at += helped;
	if (helped && word_in(w, at, bad))
		return true;
	if (!word_negates(w, at) || (!helped && !word_is(w, at + 1, "good")))
		return false;
	for (at++; word_in(w, at, small); at++)
		;
	return !word_in(w, at, mild);
}

/* "Any day but Monday"; where `before` was denied, the "but" brings another: "not Monday but Tuesday". */
static bool denied(const struct words *w, const struct reading_found *r, const struct reading_found *before)
{
	static const char *const excluded[] = { "but", "except", "not", "never", NULL };

	if (refused(w, r->to) || (before && before->value == r->value))
		return true;
	if (!r->from || (before && word_is(w, r->from - 1, "but")))
		return false;
	if (word_in(w, r->from - 1, excluded))
		return true;
	return r->from > 1 && word_in(w, r->from - 2, excluded) && !w->at[r->from - 1].before && !w->at[r->from].before;
}

bool found_choose(const struct words *w, const struct found *f, int64_t *value, size_t *used)
{
	const struct reading_found *kept = NULL, *before = NULL;
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct reading_found *r = &f->at[i];

		if (denied(w, r, before)) {
			before = r;
			continue;
		}
		if (kept && kept->value != r->value && !words_correct(w, kept->to, r->from)) {
			if (kept->loose == r->loose || (kept->value - r->value) % 7)
				return false;
			if (!kept->loose)
				continue;
		}
		kept = r;
	}
	if (!kept)
		return false;
	*value = kept->value;
	*used = f->at[f->count - 1].to;
	return true;
}

/* Behind the last "so" or "let us say". */
static size_t conclusion(const struct words *w)
{
	size_t at, len, from = 0;

	for (at = 1; at < w->count; at++)
		if (words_at(w, at, "so", &len) || words_at(w, at, "let us say", &len))
			from = at + len;
	return from < w->count ? from : 0;
}

enum understood understand_conclusion(enum understood (*read)(const struct expect *e, const struct words *w, struct answer *out), const struct expect *e,
	const struct words *w, struct answer *out)
{
	size_t from = conclusion(w), i;
	struct words rest = { .count = 0 };
	enum understood u;

	for (i = from; from && i < w->count; i++)
		rest.at[rest.count++] = w->at[i];
	u = from ? read(e, &rest, out) : UNDERSTOOD_NOT;
	if (u == UNDERSTOOD_NOT)
		return read(e, w, out);
	out->used += from;
	return u;
}

/* ---- numbers ---- */

struct scale {
	const char *word;
	int64_t value;
};

static int64_t scale_at(const struct words *w, size_t at)
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
	*micros = n ? whole * MICROS + part : 0;
	return n ? n + 1 : 0;
}

/* "half a million", "a quarter of a million", "a thousand": what stands before a scale. */
static size_t article_at(const struct words *w, size_t at, int64_t *micros)
{
	static const char *const halves[] = { "half a", "half", "a half", NULL }, *const quarters[] = { "a quarter of a", "quarter of a", "quarter", NULL };
	static const char *const ones[] = { "a", "an", NULL };
	const struct {
		const char *const *list;
		int64_t value;
	} forms[] = { { halves, MICROS / 2 }, { quarters, MICROS / 4 }, { ones, MICROS } };
	size_t i, n, j;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (j = 0; forms[i].list[j]; j++)
			if (words_at(w, at, forms[i].list[j], &n) && scale_at(w, at + n)) {
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
	if (word_is(w, at, "do") && scale_at(w, at + 1)) { /* two, in Hindi */
		*micros = 2 * MICROS;
		return 1;
	}
	n = half_at(w, at, micros);
	if (!n)
		n = article_at(w, at, micros);
	if (n)
		return n;
	n = number_small(w, at, &small);
	if (!n && scale_at(w, at) && !word_is(w, at, "k")) {
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

static size_t skip_and(const struct words *w, size_t at)
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
		scale = scale_at(w, at + n + joined + len);
		next = scale ? scale_at(w, at + n + joined + len + 1) : 0;
		if (scale && next > scale) {
			scale *= next;
			len++;
		} else if (scale == 100 && !next) { /* "two hundred and fifty thousand" */
			int32_t rest;
			size_t and = skip_and(w, at + n + joined + len + 1), more = number_small(w, at + n + joined + len + 1 + and, &rest);

			if (more && (next = scale_at(w, at + n + joined + len + 1 + and + more)) > 100 && next < last) {
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
		if (words_at(w, at + n, "and a half", &len) && !scale_at(w, at + n + len)) /* "a million and a half" */
			return add(&total, scale / 2, MICROS) ? (*micros = total, n + len) : 0;
		last = scale;
		joined = skip_and(w, at + n);
	}
	*micros = total;
	return n;
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

/* Behind a number: "rupees and fifty paise", "and 50 cents". How many words; *micros grows by it. */
static size_t coins_behind(const struct words *w, size_t at, int64_t *micros)
{
	static const char *const units[] = { "rupee", "rupees", "rupay", "rupaye", "rupaya", "rs", "dollar", "dollars", "buck", "bucks", "euro", "euros", "pound",
		"pounds", "रुपये", "रुपए", "रुपया", NULL };
	size_t n = word_in(w, at, units) ? 1 : 0, more;
	int32_t small;

	n += skip_and(w, at + n);
	more = n ? number_small(w, at + n, &small) : 0;
	if (!more || !coin_at(w, at + n + more) || !add(micros, small, MICROS / 100))
		return 0;
	return n + more + 1;
}

enum understood understand_amount(const struct expect *e, const struct words *w, struct answer *out)
{
	struct found f = { .count = 0 };
	size_t i, n, coins;
	int64_t value;

	for (i = 0; i < w->count; i += n ? n : 1) {
		n = number_at(w, i, &value);
		f.vague = f.vague || (!n && w->at[i].kind == WORD_NUMBER); /* more than can be counted */
		coins = n ? coins_behind(w, i + n, &value) : 0;
		if (n && coin_at(w, i + n)) { /* "five hundred and fifty paise" may be both */
			f.vague = f.vague || value >= 100 * MICROS;
			value /= 100;
			coins = 1;
		}
		if (n && !number_of_thing(w, i + n) && !(value == MICROS && n == 1 && !coins && w->at[i].kind == WORD_LETTERS && !scale_at(w, i)))
			found_put(&f, value, i, i + n + coins, false);
		n += coins;
	}
	if (f.vague || alternatives(w) || !found_choose(w, &f, &out->number, &out->used))
		return UNDERSTOOD_NOT;
	if ((e->has_low && out->number < e->low) || (e->has_high && out->number > e->high))
		return UNDERSTOOD_RANGE;
	return UNDERSTOOD_VALUE;
}

/* ---- digits ---- */

struct run {
	char digits[ANSWER_DIGITS];
	size_t len;
	bool over;
};

static void run_put(struct run *r, const char *digits, size_t len)
{
	if (r->len + len >= sizeof(r->digits)) {
		r->over = true;
		return;
	}
	memcpy(r->digits + r->len, digits, len);
	r->len += len;
	r->digits[r->len] = 0;
}

static void run_value(struct run *r, int32_t value)
{
	char text[2] = { (char)('0' + value / 10), (char)('0' + value % 10) };

	if (value > 9)
		run_put(r, text, 2);
	else
		run_put(r, text + 1, 1);
}

static bool is_digits(const struct words *w, size_t at)
{
	uint8_t number = at < w->count ? w->at[at].number : WORD_OTHER;

	return (at < w->count && w->at[at].kind == WORD_NUMBER) || number == WORD_DIGIT || number == WORD_TENS || number == WORD_PAIR || number == WORD_TIMES;
}

/* Words that count as a digit only beside others. */
static bool maybe_digit(const struct words *w, size_t at)
{
	static const char *const always[] = { "o", "oh", "do", NULL };

	return w->at[at].number == WORD_MAYBE && word_in(w, at, always) && (is_digits(w, at + 1) || (at && is_digits(w, at - 1)));
}

static size_t digits_step(const struct words *w, size_t at, struct run *r)
{
	const struct word *word = &w->at[at];
	int32_t value;
	size_t n, i;

	if (word->kind == WORD_NUMBER) {
		const char *point = strchr(word->text, '.');

		if (!point)
			run_put(r, word->text, strlen(word->text));
		return point ? 0 : 1;
	}
	if (word->number == WORD_TIMES && at + 1 < w->count) {
		struct run one = { .len = 0 };

		n = digits_step(w, at + 1, &one);
		for (i = 0; n && one.len == 1 && i < word->value; i++)
			run_put(r, one.digits, 1);
		return n && one.len == 1 ? n + 1 : 0;
	}
	if (maybe_digit(w, at)) {
		run_value(r, word->value);
		return 1;
	}
	n = number_small(w, at, &value);
	if (n && word->number == WORD_DIGIT)
		n = 1;
	if (n)
		run_value(r, word->number == WORD_DIGIT ? word->value : value);
	return n;
}

static bool digits_fit(const struct expect *e, const struct run *r)
{
	return r->len && !r->over && (!e->has_low || (int64_t)r->len >= e->low) && (!e->has_high || (int64_t)r->len <= e->high);
}

/* "the last four digits are …": a count of digits, no digit. */
static bool counts_digits(const struct words *w, size_t to)
{
	static const char *const list[] = { "digit", "digits", "numbers", "are", "ank", "अंक", "second", "seconds", "sec", "minute", "moment", "min", "मिनट", NULL };

	return word_in(w, to, list);
}

/* How many digits the value of a placeholder has, or one of its kind may have; false for an address, and for one whose value nobody has
 * ("[NUMBER]"). */
static bool held_count(const struct word *held, int64_t *least, int64_t *most)
{
	static const struct {
		const char *name;
		uint8_t least, most;
	} kinds[] = { { "[PHONE_", 7, 15 }, { "[CARD_", 13, 19 }, { "[AADHAAR_", 12, 12 }, { "[ID_UNVERIFIED_", 12, 19 }, { "[NUMBER_", 3, 19 } };
	size_t i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i].name);
		*least = held->most ? held->least : kinds[i].least;
		*most = held->most ? held->most : kinds[i].most;
		if (!strncmp(held->text, kinds[i].name, n) && held->text[n] >= '1' && held->text[n] <= '9')
			return true;
	}
	return false;
}

/* A number that we may not see. Two of them are none, unless the second takes the place of the first. */
static enum understood held_digits(const struct expect *e, const struct words *w, struct answer *out)
{
	size_t i, held = w->count;
	int64_t least, most;

	for (i = 0; i < w->count; i++) {
		if (w->at[i].kind != WORD_HELD || !held_count(&w->at[i], &least, &most))
			continue;
		if (held < w->count && !words_correct(w, held + 1, i))
			return UNDERSTOOD_NOT;
		held = i;
	}
	if (held == w->count || strlen(w->at[held].text) >= sizeof(out->digits))
		return UNDERSTOOD_NOT;
	(void)held_count(&w->at[held], &least, &most);
	if ((e->has_high && least > e->high) || (e->has_low && most < e->low))
		return UNDERSTOOD_RANGE;
	memcpy(out->digits, w->at[held].text, strlen(w->at[held].text) + 1);
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

/* "This one", "the correct one": no digit, unless others follow. */
static bool is_pronoun(const struct words *w, size_t at)
{
	static const char *const leads[] = { "the", "this", "that", "which", "correct", "right", "other", "another", "only", "same", "new", "old", NULL };

	return at && word_is(w, at, "one") && word_in(w, at - 1, leads) && !is_digits(w, at + 1);
}

static enum understood spelled_number(const struct expect *e, const struct words *w, struct answer *out)
{
	struct run r = { .len = 0 };
	size_t i, n, to = 0;
	int64_t value = 0, next;

	for (i = 0; i < w->count; i += n ? n : 1) {
		n = number_at(w, i, &next);
		if (!n || counts_digits(w, i + n) || is_pronoun(w, i))
			continue;
		if (to && next != value && !words_correct(w, to, i))
			return UNDERSTOOD_NOT; /* "four hundred or five hundred" */
		value = next;
		to = i + n;
	}
	if (!to || value % MICROS || value < 0)
		return UNDERSTOOD_NOT;
	for (value /= MICROS, i = 1; value / 10 / (int64_t)i; i *= 10)
		;
	for (; i; i /= 10)
		run_value(&r, (int32_t)(value / (int64_t)i % 10));
	if (!digits_fit(e, &r))
		return UNDERSTOOD_NOT;
	memcpy(out->digits, r.digits, sizeof(out->digits));
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}

static bool has_scale(const struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (scale_at(w, i))
			return true;
	return false;
}

/* Digits that were said together. Others apart from them are a second reading, unless they say the same again. */
struct digits_said {
	struct run run;
	size_t parts, to; /* of how many words or numbers, and where they end */
	bool unclear;     /* another reading, or one that is none */
	struct run first; /* the one before, if there is one */
};

/* Only what people say between the digits of one number. An "and" closes a list of them, and between two numbers is no part of either. */
static bool digits_join(const struct words *w, const struct digits_said *d, size_t at)
{
	static const char *const small[] = { "uh", "um", "uhm", "er", "erm", "ah", "hm", "hmm", "then", "okay", "ok", "dash", "hyphen", "space", "phir", "fir", "ji",
		"फिर", "जी", NULL };
	static const char *const apart = ":/?";
	size_t i;

	for (i = d->to; i <= at; i++)
		if ((w->at[i].before && strchr(apart, w->at[i].before)) || (i < at && !word_in(w, i, small) && !(skip_and(w, i) && d->parts > 1)))
			return false;
	return true;
}

/* "Minus one", "not one three", "quarter to eight", "between four and five". */
static bool is_no_value(const struct words *w, size_t at)
{
	static const char *const leads[] = { "minus", "negative", "not", "except", "between", "past", "quarter", NULL };

	return at && (word_in(w, at - 1, leads) || (at > 1 && word_is(w, at - 1, "to") && word_is(w, at - 2, "quarter")));
}

static void digits_close(struct digits_said *d)
{
	d->unclear = d->unclear || (d->first.len && d->run.len && strcmp(d->first.digits, d->run.digits) != 0);
	if (d->run.len)
		d->first = d->run;
	d->run = (struct run){ .len = 0 };
	d->parts = 0;
}

static void digits_put(struct digits_said *d, const struct words *w, const struct run *r, size_t at, size_t n)
{
	if (d->parts && !digits_join(w, d, at))
		digits_close(d);
	d->unclear = d->unclear || (!d->parts && is_no_value(w, at));
	run_put(&d->run, r->digits, r->len);
	d->run.over = d->run.over || r->over;
	d->parts++;
	d->to = at + n;
}

enum understood understand_digits(const struct expect *e, const struct words *w, struct answer *out)
{
	struct digits_said said = { .parts = 0 };
	enum understood held = held_digits(e, w, out);
	size_t i, n;

	if (held != UNDERSTOOD_NOT)
		return held;
	if (has_scale(w))
		return spelled_number(e, w, out);
	for (i = 0; i < w->count; i += n ? n : 1) {
		struct run r = { .len = 0 };

		n = digits_step(w, i, &r);
		if (!n && word_corrects(w, i))
			said = (struct digits_said){ .parts = 0 }; /* what was said before does not count */
		else if (!n)
			said.unclear = said.unclear || w->at[i].kind == WORD_NUMBER; /* "4.5" */
		else if (!counts_digits(w, i + n) && !is_pronoun(w, i))
			digits_put(&said, w, &r, i, n);
	}
	digits_close(&said);
	if (!said.first.len || said.unclear)
		return UNDERSTOOD_NOT;
	if (!digits_fit(e, &said.first))
		return UNDERSTOOD_RANGE;
	memcpy(out->digits, said.first.digits, sizeof(out->digits));
	out->used = w->count;
	return UNDERSTOOD_VALUE;
}
