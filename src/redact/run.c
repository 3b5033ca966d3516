#include "redact/run.h"

#include <string.h>

enum { GAP_TOKENS = 7, EXTENDED_LEAST = 7, PHONE_DOTS = 2 };

static size_t item_put(struct run *r, size_t first, size_t last, size_t count)
{
	r->items[r->count++] = (struct item){ .first = first, .last = last, .digit = r->digit_count, .count = count };
	r->digit_count += count;
	return last - first + 1;
}

/* "415-555-0132x22": an extension behind token i. */
static bool has_extension(const struct scan *s, size_t i)
{
	return i + 2 < s->count && s->tokens[i + 1].glued && (scan_is_word(s, i + 1, "x") || scan_is_word(s, i + 1, "ext")) &&
		s->tokens[i + 2].glued && s->tokens[i + 2].kind == TOKEN_DIGITS;
}

static size_t item_written(const struct scan *s, struct run *r, size_t i)
{
	const struct token *t = &s->tokens[i];
	size_t room = RUN_DIGITS - r->digit_count, count = token_digits(t, s->text, r->digits + r->digit_count, room);
	bool inside = (t->glued && t[-1].kind == TOKEN_WORD) || (i + 1 < s->count && t[1].glued && t[1].kind == TOKEN_WORD);

	if (count > room || (inside && count < RUN_WHOLE_DIGITS && !(r->digit_count + count >= EXTENDED_LEAST && has_extension(s, i))))
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
	item_put(r, first, last, width);
	r->items[r->count - 1].pair = width == 2;
	return last - first + 1;
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

static size_t zeros_of(const struct scan *s, size_t i)
{
	return scan_is_word(s, i, "hundred") ? 2 : scan_is_word(s, i, "thousand") ? 3 : 0;
}

/* The "a" of "a hundred". */
static bool is_one(const struct scan *s, size_t i)
{
	return scan_is_word(s, i, "a") && zeros_of(s, i + 1);
}

size_t run_item(const struct scan *s, struct run *r, size_t i)
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
	default: /* "five five five a hundred" */
		return is_one(s, i) && r->count && !r->items[r->count - 1].written ? item_value(r, i, i, 1, 1) : 0;
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

/* "nine hundred" is 900, "fifty five hundred" 5500, "nine hundred thousand" 900000: the zeros. Whether they are a number's is judged when
 * all of the run is read. */
static size_t item_zeros(const struct scan *s, struct run *r, size_t i)
{
	const struct item *before = &r->items[r->count - 1];
	size_t zeros = zeros_of(s, i);

	if (!zeros || run_full(r) || before->count > 2 || before->maybe || (before->zeros ? zeros == 2 : r->digits[before->digit] == '0'))
		return 0;
	memset(r->digits + r->digit_count, '0', zeros);
	item_put(r, i, i, zeros);
	r->items[r->count - 1].zeros = r->zeros = true;
	return 1;
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

/* A glued dot parts item i from the one before. */
static bool is_dotted(const struct scan *s, const struct run *r, size_t i)
{
	size_t dot = r->items[i].first - 1;

	return dot == r->items[i - 1].last + 1 && s->tokens[dot].mark == '.' && s->tokens[dot].glued && s->tokens[dot + 1].glued;
}

/* Items first to last, with dots between them, are more than a number is written with. Not one with its country ("+1.415.555.0132",
 * "1.415.555.0132"), nor a card's groups of four. */
static bool is_version(const struct run *r, size_t first, size_t last)
{
	static const uint8_t american[] = { 1, 3, 3, 4 };
	bool fours = true, shape = last - first + 1 == sizeof(american) && r->digits[r->items[first].digit] == '1';
	size_t i;

	if (last - first <= PHONE_DOTS || r->items[first].plus == PLUS_COUNTRY)
		return false;
	for (i = first; i <= last; i++) {
		fours = fours && r->items[i].count == 4;
		shape = shape && r->items[i].count == american[i - first];
	}
	return !fours && !shape;
}

static bool has_version(const struct scan *s, const struct run *r)
{
	size_t first, last;

	for (first = 0; first < r->count; first = last + 1) {
		for (last = first; last + 1 < r->count && is_dotted(s, r, last + 1);)
			last++;
		if (is_version(r, first, last))
			return true;
	}
	return false;
}

bool run_read(const struct scan *s, struct run *r, size_t i)
{
	size_t gap = 0, dots = 0, took;
	enum join join = JOIN_NONE, here;
	bool correction = false;

	r->count = r->digit_count = r->corrected = 0;
	r->zeros = r->plus = false;
	for (; i < s->count; i += took) {
		took = run_item(s, r, i);
		if (!took && r->count && !gap)
			took = item_zeros(s, r, i);
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
		dots += s->tokens[i].mark == '.' && s->tokens[i].glued && i + 1 < s->count && s->tokens[i + 1].glued;
		took = 1;
	}
	r->open = i >= s->count;
	r->version = dots > PHONE_DOTS && has_version(s, r);
	return r->count > 0;
}

bool run_full(const struct run *r)
{
	return r->count == RUN_ITEMS || r->digit_count + 4 > RUN_DIGITS;
}

/* How many items an amount has from item i on: "five", "five hundred", "five hundred thousand"; its digits in *count. */
static size_t amount_items(const struct run *r, size_t i, size_t *count)
{
	size_t n = 1;

	*count = r->items[i].count;
	for (; i + n < r->count && r->items[i + n].zeros; n++)
		*count += r->items[i + n].count;
	return n;
}

/* Item i is added to the amount that ends before it. */
static bool is_added(const struct scan *s, const struct run *r, size_t i, bool bare)
{
	const struct item *it = &r->items[i];

	if (it->written || it->maybe || it->plus || (s->tokens[it[-1].last].end <= s->skip && s->tokens[it->first].start >= s->skip) || r->digits[it->digit] == '0' || i == r->corrected)
		return false;
	return scan_is_word(s, it->first - 1, "and") ? it->first == it[-1].last + 2 : bare && it->join == JOIN_NONE;
}

bool run_added(const struct scan *s, const struct run *r, bool bare, struct run *added)
{
	size_t room = 0, i, n, count; /* room: how many zeros at the end may still be filled */
	bool any = false;

	*added = *r;
	added->count = added->digit_count = added->corrected = 0;
	for (i = 0; i < r->count; i += n) {
		const struct item *it = &r->items[i];
		struct item *to;

		n = amount_items(r, i, &count);
		if (i && i == r->corrected)
			added->corrected = added->count;
		if (room >= count && is_added(s, r, i, bare)) {
			to = &added->items[added->count - 1];
			memcpy(added->digits + added->digit_count - count, r->digits + it->digit, count);
			any = true;
		} else {
			to = &added->items[added->count++];
			*to = *it;
			to->digit = added->digit_count;
			to->count = count;
			memcpy(added->digits + added->digit_count, r->digits + it->digit, count);
			added->digit_count += count;
		}
		to->last = it[n - 1].last;
		to->amount = to->amount || n > 1;
		room = n > 1 ? it[n - 1].count : 0;
	}
	return any;
}

/* Of the amounts of a stretch that nothing parts: whether they are digits of a number. Four digits beside them that were said one by one, or
 * where such a number is talked of, three and seven in all, amounts counted as short as they can be read. */
static bool amounts_hold(const struct scan *s, const struct run *r, const struct run *added, size_t first, size_t last)
{
	enum { SINGLE_LEAST = 4, PLAIN_LEAST = 3, ALL_LEAST = 7 };
	size_t single = 0, plain = 0, all = 0, i;
	bool open = s->partial && r->open && last + 1 == added->count;

	for (i = first; i <= last; i++) {
		const struct item *it = &added->items[i];

		all += it->count;
		plain += it->amount ? 0 : it->count;
		single += it->amount || it->pair ? 0 : it->count;
	}
	if (single >= SINGLE_LEAST || (open && plain >= PLAIN_LEAST))
		return true;
	return r->about >= WORD_ABOUT_PHONE && r->about <= WORD_ABOUT_AADHAAR && plain >= PLAIN_LEAST && all >= ALL_LEAST;
}

/* The amount that begins with token `token` ends the run: what it counts is the last item, unless that is no digit ("a"). */
static void run_end(const struct scan *s, struct run *r, size_t token)
{
	size_t i = 0;

	while (r->items[i].first < token || !r->items[i + 1].zeros)
		i++;
	i -= is_one(s, r->items[i].first);
	r->count = i + 1;
	r->digit_count = r->items[i].digit + r->items[i].count;
	r->corrected = r->corrected > i ? 0 : r->corrected;
	r->next = r->items[i].last + 1;
	r->open = r->zeros = false;
	for (; i > 0; i--)
		r->zeros = r->zeros || r->items[i].zeros;
}

/* The last item of the stretch that begins with `first`. It goes on over a turn's end while what was said before that is no number yet. */
static size_t stretch_end(const struct scan *s, const struct run *r, size_t first)
{
	enum { NUMBER_LEAST = 7 };
	size_t last = first, digits = r->items[first].count;

	while (last + 1 < r->count && (r->items[last + 1].join < JOIN_STRONG || (digits < NUMBER_LEAST && scan_turns(s, r->items[last + 1].first))))
		digits += r->items[++last].count;
	return last;
}

bool run_end_at_amount(const struct scan *s, struct run *r)
{
	struct run added;
	size_t first, last, i;

	(void)run_added(s, r, true, &added);
	for (first = 0; first < added.count; first = last + 1) {
		last = stretch_end(s, &added, first);
		for (i = first; i <= last && !added.items[i].amount;)
			i++;
		if (i > last || amounts_hold(s, r, &added, first, last))
			continue;
		run_end(s, r, added.items[i].first);
		return true;
	}
	return false;
}
