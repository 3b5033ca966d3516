/* Digits as they are said: one by one, in pairs, doubled, as a cardinal, or held back by the redaction. */
#include "providers/rehearsed/understand.h"

#include <string.h>

#include "redact/token.h"

#define MICROS INT64_C(1000000)

/* ---- runs ---- */

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

/* Words that count as a digit only beside others, through any number of their kind: "oh oh seven". */
static bool is_maybe(const struct words *w, size_t at)
{
	static const char *const list[] = { "o", "oh", "do", NULL };

	return at < w->count && w->at[at].number == WORD_MAYBE && word_in(w, at, list);
}

static bool maybe_digit(const struct words *w, size_t at)
{
	size_t from = at, to = at;

	if (!is_maybe(w, at))
		return false;
	while (is_maybe(w, to))
		to++;
	while (from && is_maybe(w, from - 1))
		from--;
	return is_digits(w, to) || (from && is_digits(w, from - 1));
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
	} kinds[] = {
		{ "[PHONE_", 7, 15 }, { "[CARD_", 13, 19 }, { "[AADHAAR_", 12, 12 }, { "[ID_UNVERIFIED_", 12, 19 }, { "[NUMBER_", 3, 19 }, { "[OTP_", 4, 8 },
		{ "[SSN_", 9, 9 }, { "[SSN_LAST4_", 4, 4 }, { "[CARD_LAST4_", 4, 4 }, { "[ABA_", 9, 9 }, { "[BANK_ACCT_", 8, 18 },
	};
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

/* "Minus one", "not one three", "quarter to eight", "between four and five". */
static bool is_no_value(const struct words *w, size_t at)
{
	static const char *const leads[] = { "minus", "negative", "not", "except", "between", "past", "quarter", NULL };
	static const char *const halves[] = { "am", "pm", "oclock", "in the morning", "in the afternoon", "in the evening", "at night",
		"baje", "बजे", NULL };

	if (words_any_at(w, at + 1, halves))
		return true; /* "at two in the afternoon" */
	return at && (word_in(w, at - 1, leads) || (at > 1 && word_is(w, at - 1, "to") && word_is(w, at - 2, "quarter")));
}

/* "It was [NUMBER_1] on the old card, now it's 5033". */
static bool has_other_digits(const struct words *w, size_t held)
{
	size_t at, run = 0;

	for (at = held + 1; at < w->count && run < 3; at++)
		run = w->at[at].kind == WORD_NUMBER && strlen(w->at[at].text) > 2 ? 3 : w->at[at].number == WORD_DIGIT || w->at[at].kind == WORD_NUMBER ? run + 1 : 0;
	return run >= 3;
}

/* A number that we may not see. Two of them are none, unless the second takes the place of the first. */
static enum understood held_digits(const struct expect *e, const struct words *w, struct answer *out)
{
	size_t i, held = w->count;
	int64_t least, most;

	for (i = 0; i < w->count; i++) {
		if (w->at[i].kind != WORD_HELD || !held_count(&w->at[i], &least, &most))
			continue;
		if ((held < w->count && !words_correct(w, held + 1, i)) || is_no_value(w, i))
			return UNDERSTOOD_NOT;
		held = i;
	}
	if (held < w->count && has_other_digits(w, held))
		return UNDERSTOOD_NOT;
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
		if (number_scale(w, i))
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
		if ((w->at[i].before && strchr(apart, w->at[i].before)) || (i < at && !word_in(w, i, small) && !(number_skip_and(w, i) && d->parts > 1)))
			return false;
	return true;
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

/* ---- "oh" ---- */

/* "Oh, two one", "oh, oh two one": only said. In "oh, two, one" the mark stands between all of them. */
static bool is_apart_oh(const struct words *w, size_t at)
{
	char mark = at + 1 < w->count ? w->at[at + 1].before : 0;
	bool is_first = !at || (!is_digits(w, at - 1) && !is_maybe(w, at - 1));

	if (!word_in(w, at, LIST("o", "oh")) || !is_first || !mark || !strchr(",.!;", mark) || !(is_digits(w, at + 1) || is_maybe(w, at + 1)))
		return false;
	return !((is_digits(w, at + 2) || is_maybe(w, at + 2)) && w->at[at + 2].before == mark);
}

static void drop_apart_ohs(struct words *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (is_apart_oh(w, i))
			words_cut(w, (struct span){ i, 1 });
}

/* ---- the answer ---- */

/* "5033 was my old card". */
static bool is_of_old(const struct words *w)
{
	return words_have(w, LIST("old card", "old one", "old account", "old number", "previous", "expired"));
}

static enum understood digits_read(const struct expect *e, const struct words *w, struct answer *out)
{
	struct digits_said said = { .parts = 0 };
	size_t i, n;

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

/* An "oh" at the beginning is a zero unless a mark parts it from the digits; where only with it as many were said as were asked for, it is one too. */
enum understood understand_digits(const struct expect *e, const struct words *w, struct answer *out)
{
	enum understood u = held_digits(e, w, out);
	struct words heard = *w;

	if (is_of_old(w))
		return UNDERSTOOD_NOT;
	if (u != UNDERSTOOD_NOT)
		return u;
	if (has_scale(w))
		return spelled_number(e, w, out);
	drop_apart_ohs(&heard);
	u = digits_read(e, &heard, out);
	if (u == UNDERSTOOD_RANGE && heard.count < w->count)
		u = digits_read(e, w, out);
	out->used = w->count;
	return u;
}
