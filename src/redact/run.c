#include "redact/run.h"

#include <string.h>

enum { GAP_TOKENS = 7 };

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

	if (run_full(r))
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
	size_t n = i < s->count && s->tokens[i].kind == TOKEN_DIGITS ? token_digits(&s->tokens[i], s->text, NULL, 0) : 0;

	return n < RUN_WHOLE_DIGITS ? n : 0;
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

/* A plus before token i: glued to it alone, or behind no number, it is a country's. */
static enum plus plus_before(const struct scan *s, size_t i)
{
	const struct token *before;

	if (!i || !is_plus(s, i - 1))
		return PLUS_NONE;
	before = i > 1 ? &s->tokens[i - 2] : NULL;
	if (!before || (s->tokens[i].glued && !s->tokens[i - 1].glued))
		return PLUS_COUNTRY;
	return before->kind == TOKEN_TAKEN || before->kind == TOKEN_DIGITS || before->word == WORD_DIGIT ? PLUS_BETWEEN : PLUS_COUNTRY;
}

/* "one eight hundred five five five …": what is said so with six digits behind it is no amount. */
static size_t item_hundred(const struct scan *s, struct run *r, size_t i)
{
	enum { BEHIND = 6, PARTIAL_BEHIND = 3 };
	const struct item *before = &r->items[r->count - 1];
	size_t k, digits = 0;

	if (run_full(r) || before->count != 1 || before->maybe || r->digits[before->digit] == '0' ||
		!scan_is_word(s, i, "hundred"))
		return 0;
	for (k = i + 1; k < s->count && digits < BEHIND && (token_digits_most(&s->tokens[k]) || number_gap(&s->tokens[k])); k++)
		digits += token_digits_most(&s->tokens[k]);
	if (digits < BEHIND && !(s->partial && k == s->count && digits >= PARTIAL_BEHIND))
		return 0;
	memset(r->digits + r->digit_count, '0', 2);
	r->hundred = true;
	return item_put(r, i, i, 2);
}

/* What token i, which a run goes on over, does to it. */
static enum join gap_join(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (t->kind == TOKEN_WORD)
		return t->word == WORD_FILLER && t->value ? JOIN_STRONG : JOIN_NONE;
	if (t->mark == ',')
		return JOIN_COMMA;
	if (t->mark == '.')
		return t->glued && i + 1 < s->count && s->tokens[i + 1].glued ? JOIN_NONE : JOIN_STRONG;
	return t->mark && strchr("+;!?", t->mark) ? JOIN_STRONG : JOIN_NONE;
}

/* The item that was just read: what parts it from the one before. */
static void item_join(const struct scan *s, struct run *r, enum join join)
{
	struct item *it = &r->items[r->count - 1];

	it->plus = (uint8_t)plus_before(s, it->first);
	if (r->count > 1 && (it->plus || (s->skip && s->tokens[it[-1].last].end <= s->skip && s->tokens[it->first].start >= s->skip)))
		join = JOIN_STRONG;
	it->join = (uint8_t)join;
	r->plus = r->plus || (r->count > 1 && it->plus);
}

bool run_read(const struct scan *s, struct run *r, size_t i)
{
	size_t gap = 0, took;
	enum join join = JOIN_NONE, here;
	bool correction = false;

	r->count = r->digit_count = r->corrected = r->dots = 0;
	r->hundred = r->plus = false;
	for (; i < s->count; i += took) {
		took = item_read(s, r, i);
		if (!took && r->count && !gap)
			took = item_hundred(s, r, i);
		if (took) {
			item_join(s, r, join);
			if (correction && r->count > 1)
				r->corrected = r->count - 1;
			correction = false;
			join = JOIN_NONE;
			gap = 0;
			r->next = i + took;
			continue;
		}
		if (!r->count || !(number_gap(&s->tokens[i]) || slash_joins(s, i)) || ++gap > GAP_TOKENS)
			break;
		here = gap_join(s, i);
		join = here > join ? here : join;
		correction = correction || s->tokens[i].word == WORD_CORRECTION;
		r->dots += s->tokens[i].mark == '.' && s->tokens[i].glued && i + 1 < s->count && s->tokens[i + 1].glued;
		took = 1;
	}
	r->open = i >= s->count;
	return r->count > 0;
}

bool run_full(const struct run *r)
{
	return r->count == RUN_ITEMS || r->digit_count + 4 > RUN_DIGITS;
}
