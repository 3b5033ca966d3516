/* Cards, Aadhaar numbers, phone numbers: maximal runs of digits, written or said, then what a run or a part of it can be.
 *
 * A run goes on over marks, fillers and corrections, never over other words. Checksums decide first, then length and prefix,
 * then the words around it and the agent's question. docs/redaction.md has the order and its reasons.
 */
#include "redact/scan.h"

#include <string.h>

#include "redact/checksum.h"
#include "redact/phone.h"

enum { RUN_ITEMS = 96, RUN_DIGITS = 192, OVERLAP = 24, GAP_TOKENS = 7, CONTEXT_TOKENS = 8, ID_DIGITS = 19, HELD_DIGITS = 3 };

/* One number of a run: "9", "98765", "double nine". */
struct item {
	size_t first, last; /* its tokens */
	size_t digit;       /* where its digits start */
	size_t count;
	bool maybe;         /* "for", "oh" */
	bool written;
};

struct run {
	struct item items[RUN_ITEMS];
	char digits[RUN_DIGITS];
	size_t count, digit_count;
	size_t next;        /* the first token behind it */
	size_t corrected;   /* the item behind a "no, sorry", or 0 */
	size_t dots;
	bool plus;          /* right before its first item */
	bool open;          /* it reaches the end of the text */
	enum word_class about;
};

struct guess {
	enum redact_type type; /* 0: nothing */
	char value[RUN_DIGITS + 4];
	size_t len;
};

static size_t item_put(struct run *r, size_t first, size_t last, size_t count)
{
	r->items[r->count++] = (struct item){ .first = first, .last = last, .digit = r->digit_count, .count = count };
	r->digit_count += count;
	return last - first + 1;
}

static size_t item_written(const struct scan *s, struct run *r, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t room = RUN_DIGITS - r->digit_count, count = token_digits(t, s->text, r->digits + r->digit_count, room);
	bool inside = (t->glued && t[-1].kind == TOKEN_WORD) || (i + 1 < s->count && t[1].glued && t[1].kind == TOKEN_WORD);

	if (count > room || (inside && count < 10))
		return 0;
	item_put(r, i, i, count);
	r->items[r->count - 1].written = true;
	return 1;
}

static size_t item_value(struct run *r, size_t first, size_t last, unsigned int value, size_t width)
{
	if (width == 2)
		r->digits[r->digit_count] = (char)('0' + value / 10);
	r->digits[r->digit_count + width - 1] = (char)('0' + value % 10);
	return item_put(r, first, last, width);
}

static bool is_digit(const struct scan *s, size_t i)
{
	return i < s->count && s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_DIGIT;
}

/* "double nine", "triple 5" */
static size_t item_times(const struct scan *s, struct run *r, size_t i)
{
	size_t times = s->tokens[i].value;
	char digit = 0;

	if (i + 1 >= s->count)
		return 0;
	if (is_digit(s, i + 1) || (s->tokens[i + 1].kind == TOKEN_WORD && s->tokens[i + 1].word == WORD_MAYBE))
		digit = (char)('0' + s->tokens[i + 1].value);
	else if (s->tokens[i + 1].kind != TOKEN_DIGITS || token_digits(&s->tokens[i + 1], s->text, &digit, 1) != 1)
		return 0;
	memset(r->digits + r->digit_count, digit, times);
	return item_put(r, i, i + 1, times);
}

/* Reads one item at token i into the run; how many tokens it took, 0 when there is none. */
static size_t item_read(const struct scan *s, struct run *r, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t unit = i + 1;

	if (r->count == RUN_ITEMS || r->digit_count + 4 > RUN_DIGITS)
		return 0;
	if (t->kind == TOKEN_DIGITS)
		return item_written(s, r, i);
	if (t->kind != TOKEN_WORD)
		return 0;
	switch ((enum word_class)t->word) {
	case WORD_DIGIT:
		return item_value(r, i, i, t->value, 1);
	case WORD_PAIR:
		return item_value(r, i, i, t->value, 2);
	case WORD_MAYBE:
		item_value(r, i, i, t->value, 1);
		r->items[r->count - 1].maybe = true;
		return 1;
	case WORD_TENS:
		if (unit < s->count && s->tokens[unit].mark == '-' && s->tokens[unit].glued)
			unit++;
		if (is_digit(s, unit) && s->tokens[unit].value)
			return item_value(r, i, unit, t->value + 0u + s->tokens[unit].value, 2);
		return item_value(r, i, i, t->value, 2);
	case WORD_TIMES:
		return item_times(s, r, i);
	default:
		return 0;
	}
}

bool number_gap(const struct token *t)
{
	if (t->kind == TOKEN_MARK)
		return t->mark && strchr("-.,()+;!?", t->mark);
	return t->kind == TOKEN_WORD && (t->word == WORD_FILLER || t->word == WORD_CORRECTION || t->word == WORD_DASH);
}

static bool is_slash(const struct scan *s, size_t i)
{
	return i < s->count && s->tokens[i].kind == TOKEN_MARK && s->tokens[i].mark && strchr("/\\|_", s->tokens[i].mark);
}

/* How many written digits stand at token i; 0 where they are a number by themselves: "9876543210/11" names two. */
static size_t group_digits(const struct scan *s, size_t i)
{
	enum { WHOLE = 10 };
	size_t n = i < s->count && s->tokens[i].kind == TOKEN_DIGITS ? token_digits(&s->tokens[i], s->text, NULL, 0) : 0;

	return n < WHOLE ? n : 0;
}

/* A slash or its like between the groups of a number. Not in a date or a fraction, which have three parts at most, and more than two
 * digits only in a year. */
static bool slash_joins(const struct scan *s, size_t i)
{
	enum { DATE_PARTS = 3, DAY_DIGITS = 2, YEAR_DIGITS = 4 };
	size_t first = i, parts = 0, years = 0, n;

	if (!i || !is_slash(s, i) || !group_digits(s, i - 1) || !group_digits(s, i + 1))
		return false;
	while (first > 2 && i - first < 2 * DATE_PARTS && is_slash(s, first - 2) && group_digits(s, first - 3))
		first -= 2;
	do {
		n = group_digits(s, first - 1);
		years += n > DAY_DIGITS;
		parts += n > 0;
		if (parts > DATE_PARTS || years > 1 || n > YEAR_DIGITS)
			return true;
		first += 2;
	} while (n && is_slash(s, first - 2));
	return false;
}

static bool is_plus(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return (t->kind == TOKEN_MARK && t->mark == '+') || (t->kind == TOKEN_WORD && t->word == WORD_PLUS);
}

/* Reads the run that starts at token i; false when none does. */
static bool run_read(const struct scan *s, struct run *r, size_t i)
{
	size_t gap = 0, took;
	bool correction = false;

	r->count = r->digit_count = r->corrected = r->dots = 0;
	r->plus = i > 0 && is_plus(s, i - 1);
	for (; i < s->count; i += took) {
		took = item_read(s, r, i);
		if (took) {
			if (correction && r->count > 1)
				r->corrected = r->count - 1;
			correction = false;
			gap = 0;
			r->next = i + took;
			continue;
		}
		if (!r->count || !(number_gap(&s->tokens[i]) || slash_joins(s, i)) || ++gap > GAP_TOKENS)
			break;
		correction = correction || s->tokens[i].word == WORD_CORRECTION;
		r->dots += s->tokens[i].mark == '.' && s->tokens[i].glued && i + 1 < s->count && s->tokens[i + 1].glued;
		took = 1;
	}
	r->open = i >= s->count;
	return r->count > 0;
}

static enum word_class about_here(const struct scan *s, size_t first)
{
	size_t k, seen = 0;

	for (k = first; k > 0 && seen < CONTEXT_TOKENS; k--) {
		const struct token *t = &s->tokens[k - 1];

		if (t->kind != TOKEN_WORD)
			continue;
		seen++;
		if (token_about(s->tokens, s->count, k - 1))
			return (enum word_class)t->word;
	}
	return WORD_OTHER;
}

/* "…, that is my phone": right behind the run. */
static enum word_class about_behind(const struct scan *s, size_t next)
{
	size_t k;

	for (k = next; k < s->count && k < next + CONTEXT_TOKENS / 2; k++)
		if (s->tokens[k].word >= WORD_ABOUT_PHONE && s->tokens[k].word <= WORD_ABOUT_AADHAAR)
			return (enum word_class)s->tokens[k].word;
	return WORD_OTHER;
}

static bool number_here(const struct scan *s, size_t first)
{
	size_t k, seen = 0;

	for (k = first; k > 0 && seen < CONTEXT_TOKENS; k--, seen++)
		if (s->tokens[k - 1].word == WORD_ABOUT_NUMBER)
			return true;
	return false;
}

/* What the words before the run, else behind it, else the question, say that it is. */
static void run_about(struct scan *s, struct run *r)
{
	r->about = about_here(s, r->items[0].first);
	if (r->about == WORD_OTHER)
		r->about = about_behind(s, r->next);
	if (r->about == WORD_OTHER)
		r->about = scan_asked(s);
	if (r->about == WORD_OTHER && number_here(s, r->items[0].first))
		r->about = WORD_ABOUT_NUMBER;
}

static bool card_length(const char *d, size_t n)
{
	unsigned int two = (unsigned int)(d[0] - '0') * 10 + (unsigned int)(d[1] - '0');

	switch (d[0]) {
	case '2':
		return n == 16 && two >= 22 && two <= 27;
	case '3':
		return two == 34 || two == 37 ? n == 15 : two == 30 || two == 36 || two == 38 || two == 39 ? n >= 14 && n <= 16 : two == 35 && n == 16;
	case '4':
		return n == 13 || n == 16 || n == 19;
	case '5':
	case '6':
		return n == 16 || (n == 19 && two >= 60);
	case '8':
		return n == 16 && (two == 81 || two == 82);
	default:
		return false;
	}
}

static bool all_one_digit(const char *d, size_t n)
{
	return n > 1 && !memcmp(d, d + 1, n - 1);
}

static bool is_card(const char *d, size_t n)
{
	return n >= 13 && card_length(d, n) && checksum_luhn(d, n) && !all_one_digit(d, n);
}

static bool is_aadhaar(const char *d, size_t n)
{
	size_t i, same = 0;

	if (n != 12 || d[0] < '2' || !checksum_verhoeff(d, n))
		return false;
	for (i = 0; i < 6; i++)
		same += d[i] == d[11 - i];
	return same < 6;
}

static bool guess_set(struct guess *g, enum redact_type type, const char *prefix, const char *d, size_t n)
{
	size_t before = strlen(prefix);

	g->type = type;
	memcpy(g->value, prefix, before);
	memcpy(g->value + before, d, n);
	g->len = before + n;
	return true;
}

/* Ten digits of the North American plan that are written, named or waited for as a phone number. */
static bool is_american(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last)
{
	const struct item *it = &r->items[first];
	size_t shape = n - 10;

	if (d[shape] < '2' || d[shape + 3] < '2')
		return false;
	if (r->about == WORD_ABOUT_PHONE || r->about == WORD_ABOUT_NUMBER)
		return true;
	if (last - first == 2 + shape && it[shape].written && it[shape].count == 3 && it[shape + 1].count == 3 && it[shape + 2].count == 4)
		return true;
	return r->about == WORD_OTHER && scan_phone_wanted(s);
}

static bool is_bracketed(const struct scan *s, const struct item *it)
{
	return it->written && it->count == 3 && it->first > 0 && s->tokens[it->first - 1].mark == '(' && s->tokens[it->first].glued;
}

/* How these items, which are the n digits, were written (phone.h). */
static void groups_read(const struct scan *s, const struct run *r, size_t first, size_t last, size_t n, char groups[PHONE_GROUPS_BYTES])
{
	size_t len = 0, sum = 0, i;

	if (is_bracketed(s, &r->items[first]))
		groups[len++] = '(';
	for (i = first; i <= last && len + 1 < PHONE_GROUPS_BYTES && r->items[i].written && r->items[i].count < 10; i++) {
		groups[len++] = (char)('0' + r->items[i].count);
		sum += r->items[i].count;
	}
	groups[i > last && sum == n ? len : 0] = 0;
}

/* Of a number without a country: with the one that phone.h gives it, or as it was said. */
static bool guess_national(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	char groups[PHONE_GROUPS_BYTES];
	struct phone p;

	groups_read(s, r, first, last, n, groups);
	p = phone_judge(s->context ? s->context->language : NULL, d, n, groups);
	return guess_set(g, REDACT_PHONE, p.code, d + p.skip, n - p.skip);
}

static bool guess_phone(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	bool named = r->about == WORD_ABOUT_PHONE;

	if (r->plus && !first)
		return n >= 7 && n <= 15 && guess_set(g, REDACT_PHONE, "+", d, n);
	if (r->about == WORD_ABOUT_ELSE)
		return false;
	if (n == 10 && ((d[0] >= '6' && !is_bracketed(s, &r->items[first]) && !all_one_digit(d, n)) || is_american(s, r, d, n, first, last)))
		return guess_national(s, r, d, n, first, last, g);
	if (n == 11 && d[0] == '1' && is_american(s, r, d, n, first, last))
		return guess_set(g, REDACT_PHONE, "+", d, n);
	if (n == 11 && d[0] == '0' && (d[1] >= '6' || named))
		return guess_national(s, r, d, n, first, last, g);
	if (n == 12 && d[0] == '9' && d[1] == '1' && d[2] >= '6')
		return guess_set(g, REDACT_PHONE, "+", d, n);
	return false;
}

static bool guess_digits(const struct scan *s, const struct run *r, const char *d, size_t n, size_t first, size_t last, struct guess *g)
{
	bool country = n == 12 && d[0] == '9' && d[1] == '1' && d[2] >= '6' && (r->plus || r->about == WORD_ABOUT_PHONE);

	g->type = 0;
	if (n < 7 || n > ID_DIGITS || r->dots > 2)
		return false;
	if (is_card(d, n))
		return guess_set(g, REDACT_CARD, "", d, n);
	if (!country && r->about != WORD_ABOUT_ELSE && is_aadhaar(d, n))
		return guess_set(g, REDACT_AADHAAR, "", d, n);
	return guess_phone(s, r, d, n, first, last, g);
}

static size_t span_digits(const struct run *r, size_t first, size_t last)
{
	return r->items[last].digit + r->items[last].count - r->items[first].digit;
}

static bool guess_span(const struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g)
{
	return guess_digits(s, r, r->digits + r->items[first].digit, span_digits(r, first, last), first, last, g);
}

static void report(struct scan *s, const struct run *r, size_t first, size_t last, const struct guess *g, bool held)
{
	size_t from = r->items[first].first;

	if (!first && from > 0 && (r->plus || (s->tokens[from - 1].mark == '(' && s->tokens[from].glued)))
		from--;
	scan_report(s, g->type, from, r->items[last].last, g->value, g->len, held);
}

/* "432, sorry, 433": what was said again takes the place of as many digits as make a number of the whole. */
static bool guess_corrected(const struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g)
{
	char d[RUN_DIGITS];
	size_t before, after, drop;

	if (r->corrected <= first || r->corrected > last)
		return false;
	before = r->items[r->corrected].digit - r->items[first].digit;
	after = span_digits(r, r->corrected, last);
	for (drop = 1; drop <= before && drop <= 12; drop++) {
		memcpy(d, r->digits + r->items[first].digit, before - drop);
		memcpy(d + before - drop, r->digits + r->items[r->corrected].digit, after);
		if (guess_digits(s, r, d, before - drop + after, first, last, g))
			return true;
	}
	return false;
}

/* Items of two turns: only all of them together are one number. */
static bool over_turns(const struct scan *s, const struct run *r, size_t a, size_t b)
{
	return s->tokens[r->items[a].first].start < s->skip && s->tokens[r->items[b].last].end > s->skip;
}

/* The best part of items first to last, or false: a checksum before a phone number, long before short. */
static bool guess_part(const struct scan *s, const struct run *r, size_t *first, size_t *last, struct guess *g)
{
	struct guess try;
	size_t a, b, best = 0, from = *first, to = *last;

	g->type = 0;
	for (a = from; a <= to; a++)
		for (b = a; b <= to && span_digits(r, a, b) <= ID_DIGITS; b++) {
			size_t n = span_digits(r, a, b);

			if (r->items[a].maybe || r->items[b].maybe || n < 10 || over_turns(s, r, a, b) || !guess_span(s, r, a, b, &try))
				continue;
			n += try.type == REDACT_PHONE ? 0 : 100;
			if (n <= best)
				continue;
			best = n;
			*g = try;
			*first = a;
			*last = b;
		}
	return best > 0;
}

/* Nothing holds, but the words say what it is, or that more is to come. */
static bool guess_named(struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g, bool *held)
{
	const char *d = r->digits + r->items[first].digit;
	size_t n = span_digits(r, first, last);

	*held = s->partial && r->open && last == r->count - 1;
	if ((r->about == WORD_ABOUT_AADHAAR && n == 12) || (r->about == WORD_ABOUT_CARD && n >= 13 && n <= ID_DIGITS)) {
		*held = false;
		return guess_set(g, REDACT_ID_UNVERIFIED, "", d, n);
	}
	if (r->about == WORD_ABOUT_PHONE && n >= 7 && n <= 15 && r->dots < 3 && !*held)
		return guess_set(g, REDACT_PHONE, "", d, n);
	if (*held && n >= HELD_DIGITS)
		return guess_set(g, REDACT_NUMBER, "", d, n < ID_DIGITS ? n : ID_DIGITS);
	if (r->about >= WORD_ABOUT_PHONE && r->about <= WORD_ABOUT_AADHAAR && n >= 4 && n <= ID_DIGITS && scan_asked(s) == r->about)
		return guess_set(g, REDACT_NUMBER, "", d, n);
	if (n == 10 && (first < last || (s->context && s->context->caller)) && r->about != WORD_ABOUT_ELSE && d[0] >= '2' && d[3] >= '2')
		return guess_set(g, REDACT_NUMBER, "", d, n); /* said in pieces or typed: an American number that nobody has named, or as private */
	return false;
}

/* Without the words at both ends that may be no digits. */
static bool run_trim(const struct run *r, size_t *first, size_t *last)
{
	size_t sure = 0, i;

	for (i = *first; i <= *last; i++)
		sure += r->items[i].maybe ? 0 : r->items[i].count;
	if (sure < 3)
		return false;
	while (r->items[*first].maybe)
		++*first;
	while (r->items[*last].maybe)
		--*last;
	return true;
}

/* Judges items first to last; the first item behind what was reported, or 0 when nothing was. */
static size_t run_judge(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t a = first, b = last;
	struct guess g;
	bool held = false, whole;

	if (!run_trim(r, &a, &b))
		return 0;
	if (guess_corrected(s, r, a, b, &g) || guess_span(s, r, a, b, &g)) {
		report(s, r, a, b, &g, false);
		return b + 1;
	}
	whole = guess_span(s, r, first, last, &g);
	if (whole || guess_span(s, r, a, last, &g)) {
		report(s, r, whole || g.type == REDACT_PHONE ? first : a, last, &g, false); /* an "oh" may be a telephone number's 0 */
		return last + 1;
	}
	if (guess_part(s, r, &a, &b, &g) || guess_named(s, r, a, b, &g, &held)) {
		report(s, r, a, b, &g, held);
		return b + 1;
	}
	return 0;
}

/* Judges a run; the token to go on with. */
static size_t run_work(struct scan *s, const struct run *r)
{
	size_t first = 0, done;
	bool cut = r->count == RUN_ITEMS || r->digit_count + 4 > RUN_DIGITS;

	while (first < r->count && (done = run_judge(s, r, first, r->count - 1)))
		first = done;
	if (cut && first + OVERLAP < r->count)
		return r->items[r->count - OVERLAP].first;
	return r->next;
}

void numbers_find(struct scan *s)
{
	struct run r;
	size_t i = 0;

	while (i < s->count)
		if (run_read(s, &r, i)) {
			run_about(s, &r);
			i = run_work(s, &r);
		} else {
			i++;
		}
}
