/* Cards, Aadhaar numbers, phone numbers and what a word names: which parts of a run of digits (run.h) are one (guess.h).
 *
 * Checksums decide first, then length and prefix, then the words around it and the agent's question. A run is judged as a whole, then cut
 * where that makes whole numbers of all of it. What is next to a number and may belong to it is masked with it: no digit of a value is
 * left in clear. docs/redaction.md has the order and its reasons.
 */
#include "redact/scan.h"

#include <string.h>

#include "redact/again.h"
#include "redact/cue.h"
#include "redact/guess.h"
#include "redact/named.h"
#include "redact/phone.h"
#include "redact/run.h"

enum { OVERLAP = 24, CONTEXT_TOKENS = 8, HELD_DIGITS = 3, AGAIN_LEAST = 3 };

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
	r->cue = named_cue(s, r);
}

/* "x22", "ext. 22" from token i, behind a telephone number. */
static void report_extension(struct scan *s, size_t i)
{
	enum { EXTENSION_MOST = 6 };
	static const char *const names[] = { "x", "ext", "extn", "extension" };
	char digits[EXTENSION_MOST];
	size_t k = 0, n;

	while (k < sizeof(names) / sizeof(names[0]) && !scan_is_word(s, i, names[k]))
		k++;
	if (k == sizeof(names) / sizeof(names[0]))
		return;
	i += i + 1 < s->count && s->tokens[i + 1].mark == '.' ? 2 : 1;
	if (i >= s->count || s->tokens[i].kind != TOKEN_DIGITS)
		return;
	n = token_digits(&s->tokens[i], s->text, digits, sizeof(digits));
	if (n <= sizeof(digits))
		scan_report(s, REDACT_NUMBER, i, i, digits, n, s->partial && i + 1 == s->count);
}

/* "07911123456" where a customer number was asked for: as it was said, without a country that is none of it. */
static bool is_other_number(struct scan *s, const struct run *r, size_t first, const struct guess *g)
{
	return g->type == REDACT_PHONE && r->about != WORD_ABOUT_PHONE && r->items[first].plus != PLUS_COUNTRY && scan_other_number(s);
}

static void report(struct scan *s, const struct run *r, size_t first, size_t last, const struct guess *g, bool held)
{
	size_t from = r->items[first].first;

	if (from > 0 && (r->items[first].plus == PLUS_COUNTRY || (s->tokens[from - 1].mark == '(' && s->tokens[from].glued)))
		from--;
	if (is_other_number(s, r, first, g)) {
		scan_report(s, REDACT_NUMBER, from, r->items[last].last, r->digits + r->items[first].digit, run_span(r, first, last), held);
		return;
	}
	scan_report(s, g->type, from, r->items[last].last, g->value, g->len, held);
	if (g->type == REDACT_PHONE)
		report_extension(s, r->items[last].last + 1);
}

/* More of these items may come. */
static bool is_open(const struct scan *s, const struct run *r, size_t last)
{
	return s->partial && r->open && last == r->count - 1;
}

/* A telephone number that may go on is held, and what is only known by a word, for that word may have more digits. */
static void report_whole(struct scan *s, const struct run *r, size_t first, size_t last, const struct guess *g)
{
	char value[sizeof(g->value) + 1];

	memcpy(value, g->value, g->len);
	value[g->len] = 0;
	report(s, r, first, last, g, is_open(s, r, last) && (g->type == REDACT_PHONE ? !phone_whole(value) : r->cue != CUE_NONE));
}

/* Digits that are no whole number, as they were said. More than any identifier has cannot be given back. */
static void report_said(struct scan *s, const struct run *r, size_t first, size_t last, bool phone)
{
	size_t n = run_span(r, first, last);
	bool held = n > ID_DIGITS || is_open(s, r, last);
	struct guess g;

	guess_set(&g, phone && !held && n >= PHONE_LEAST && n <= PHONE_MOST ? REDACT_PHONE : REDACT_NUMBER, "", r->digits + r->items[first].digit, n);
	report(s, r, first, last, &g, held);
}

/* ------------------------------------------------------------------ all of it */

/* "432, sorry, 433": what was said again takes the place of as many digits as make a number of the whole. */
static bool guess_corrected(const struct scan *s, const struct run *r, size_t first, size_t last, struct guess *g)
{
	char d[RUN_DIGITS];
	size_t before, after, drop;

	if (r->corrected <= first || r->corrected > last)
		return false;
	before = r->items[r->corrected].digit - r->items[first].digit;
	after = run_span(r, r->corrected, last);
	if (r->cue && after >= before && guess_digits(s, r, r->digits + r->items[r->corrected].digit, after, r->corrected, last, g))
		return true; /* all of it was said again */
	for (drop = 1; drop <= before && drop <= 12; drop++) {
		memcpy(d, r->digits + r->items[first].digit, before - drop);
		memcpy(d + before - drop, r->digits + r->items[r->corrected].digit, after);
		if (guess_digits(s, r, d, before - drop + after, first, last, g))
			return true;
	}
	return false;
}

/* "oh" right beside another digit is one; "for" and "to" may be words. */
static bool is_oh(const struct run *r, size_t i, size_t next)
{
	const struct item *it = &r->items[i];

	return it->maybe && r->digits[it->digit] == '0' && r->items[i > next ? i : next].join == JOIN_NONE;
}

/* Without the words at both ends that may be no digits; `oh`: those that likely are stay. False: fewer than three digits are certain. */
static bool run_trim(const struct run *r, size_t *first, size_t *last, bool oh)
{
	size_t sure = 0, i;

	for (i = *first; i <= *last; i++)
		if (!r->items[i].maybe || (oh && i < *last && !r->items[i + 1].maybe && is_oh(r, i, i + 1)))
			sure += r->items[i].count;
	if (sure < 3)
		return false;
	while (r->items[*first].maybe && !(oh && is_oh(r, *first, *first + 1)))
		++*first;
	while (r->items[*last].maybe && !(oh && is_oh(r, *last, *last - 1)))
		--*last;
	return true;
}

/* With an "oh" before them: it is a telephone number's 0, unless the ten digits behind it have a country and with it they have none. */
static bool judge_oh(struct scan *s, const struct run *r, size_t first, size_t sure, size_t last)
{
	struct guess with, without;
	bool whole = guess_span(s, r, first, last, &with);

	if (whole && (with.type != REDACT_PHONE || with.value[0] == '+')) {
		report_whole(s, r, first, last, &with);
		return true;
	}
	if (guess_span(s, r, sure, last, &without) && (without.type != REDACT_PHONE || run_span(r, sure, last) == PHONE_NATIONAL_DIGITS) &&
		(!whole || without.value[0] == '+')) {
		report_whole(s, r, without.type == REDACT_PHONE ? first : sure, last, &without);
		return true;
	}
	if (whole)
		report_whole(s, r, first, last, &with);
	return whole;
}

/* Of two turns, the first of which was a whole number already: the digits of the second belong to it only when they answer to phones. */
static bool is_another(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t i = first;
	struct guess g;

	if (!run_over_turns(s, r, first, last) || scan_asked(s) == WORD_ABOUT_PHONE)
		return false;
	while (i < last && s->tokens[r->items[i + 1].first].start < s->skip)
		i++;
	return i < last && (guess_span(s, r, first, i, &g) || (r->about == WORD_ABOUT_PHONE && run_span(r, first, i) >= PHONE_LEAST));
}

/* "do", "oh", "saath" beside digits that were said; not "for" and "to", which stand before what was written too. */
static bool is_small_digit(const struct scan *s, const struct run *r, size_t i, size_t next)
{
	return !r->items[next].written && r->items[i > next ? i : next].join == JOIN_NONE && !scan_is_word(s, r->items[i].first, "for") &&
		!scan_is_word(s, r->items[i].first, "to");
}

/* With a "do" or an "oh" at its ends it is a number that proves itself; without them it would only look like a telephone's. */
static bool judge_proven(struct scan *s, const struct run *r, size_t first, size_t last, size_t a, size_t b)
{
	struct guess g;
	size_t i;

	if (a == first && b == last)
		return false;
	for (i = first; i < a; i++)
		if (!is_small_digit(s, r, i, i + 1))
			return false;
	for (i = last; i > b; i--)
		if (!is_small_digit(s, r, i, i - 1))
			return false;
	if (r->about == WORD_ABOUT_PHONE || !guess_span(s, r, first, last, &g) || g.type == REDACT_PHONE)
		return false;
	report_whole(s, r, first, last, &g);
	return true;
}

/* Are these items one number? */
static bool judge_whole(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t a = first, b = last, i;
	struct guess g;

	(void)run_trim(r, &a, &b, false);
	if (is_another(s, r, a, b))
		return false;
	if (guess_corrected(s, r, a, b, &g)) {
		report_whole(s, r, a, b, &g);
		return true;
	}
	if (judge_proven(s, r, first, last, a, b))
		return true;
	if (a > first && is_oh(r, a - 1, a))
		return judge_oh(s, r, a - 1, a, b);
	for (i = 0; i < 3; i++) { /* then with the words at the ends that may be digits */
		size_t from = i == 1 ? first : a, to = i ? last : b;

		if (!guess_span(s, r, from, to, &g))
			continue;
		report_whole(s, r, i && g.type == REDACT_PHONE ? first : from, to, &g);
		return true;
	}
	return false;
}

/* "… three two one zero, three two one zero": without what comes a second time, once or more, it is one number. Not where what comes again is
 * one by itself. */
static bool judge_again(struct scan *s, const struct run *r, size_t first, size_t last)
{
	struct again a = { .at = 0 };
	struct run once, rest;

	if (first || last + 1 < r->count || (r->about == WORD_ABOUT_ELSE && !r->cue) || (s->skip && s->tokens[r->items[0].first].start < s->skip))
		return false;
	while (again_next(r, r->cue ? 1 : AGAIN_LEAST, &a)) {
		struct again more = { .at = 0 };

		if (run_span(r, a.at, a.at + a.count - 1) >= RUN_WHOLE_DIGITS)
			continue;
		again_drop(r, &a, &once);
		if (judge_whole(s, &once, 0, once.count - 1))
			return true;
		if (again_next(&once, AGAIN_LEAST, &more)) {
			again_drop(&once, &more, &rest);
			if (judge_whole(s, &rest, 0, rest.count - 1))
				return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------ all of it, cut */

/* What a cut before item i costs. */
static size_t cut_cost(const struct run *r, size_t i)
{
	static const uint8_t costs[] = { [JOIN_NONE] = 20, [JOIN_COMMA] = 4, [JOIN_STRONG] = 1 };

	return costs[r->items[i].join];
}

/* Numbers that are together all of the items, cut where they part best; from[b]: where the one that ends before b begins. */
static bool cover_find(const struct scan *s, const struct run *r, size_t first, size_t last, size_t from[RUN_ITEMS + 1])
{
	size_t cost[RUN_ITEMS + 1], a, b, n;
	struct guess g;

	cost[first] = 0;
	for (b = first + 1; b <= last + 1; b++) {
		cost[b] = SIZE_MAX;
		for (a = b; a-- > first && (n = run_span(r, a, b - 1)) <= ID_DIGITS;) {
			size_t sum = cost[a] == SIZE_MAX ? SIZE_MAX : cost[a] + cut_cost(r, a);

			if (sum >= cost[b] || (n < RUN_WHOLE_DIGITS && !r->items[a].plus) || run_over_turns(s, r, a, b - 1) || !guess_span(s, r, a, b - 1, &g))
				continue;
			cost[b] = sum;
			from[b] = a;
		}
	}
	return cost[last + 1] != SIZE_MAX;
}

static bool judge_cover(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t from[RUN_ITEMS + 1], starts[RUN_ITEMS], count = 0, i;
	struct guess g;

	if (run_span(r, first, last) < RUN_WHOLE_DIGITS + PHONE_LEAST || !cover_find(s, r, first, last, from))
		return false;
	for (i = last + 1; i > first; i = from[i])
		starts[count++] = from[i];
	for (; count; count--) {
		i = count > 1 ? starts[count - 2] - 1 : last;
		if (guess_span(s, r, starts[count - 1], i, &g))
			report_whole(s, r, starts[count - 1], i, &g);
	}
	return true;
}

/* ------------------------------------------------------------------ in pieces */

/* The last item of the piece that begins with `first`: pieces are parted by joins of this strength. */
static size_t piece_end(const struct run *r, size_t first, size_t last, enum join join)
{
	size_t end = first;

	while (end < last && r->items[end + 1].join < join)
		end++;
	return end;
}

static void run_judge(struct scan *s, const struct run *r, size_t first, size_t last, bool beside);

static bool piece_holds(const struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t a = first, b = last;
	struct guess g;

	return run_trim(r, &a, &b, true) && (guess_span(s, r, a, b, &g) || (run_trim(r, &a, &b, false) && guess_span(s, r, a, b, &g)));
}

/* "… and …": when one of them is a number, each is judged by itself. */
static bool judge_pieces(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t at, end;
	bool holds = false;

	if (piece_end(r, first, last, JOIN_STRONG) == last)
		return false;
	for (at = first; at <= last && !holds; at = end + 1) {
		end = piece_end(r, at, last, JOIN_STRONG);
		holds = piece_holds(s, r, at, end);
	}
	for (at = first; at <= last && holds; at = end + 1) {
		end = piece_end(r, at, last, JOIN_STRONG);
		run_judge(s, r, at, end, true);
	}
	return holds;
}

/* A telephone number of a country that nobody knows. */
static bool is_named_phone(struct scan *s, const struct run *r, size_t first, size_t last, bool beside)
{
	size_t n = run_span(r, first, last);

	bool named = r->about == WORD_ABOUT_PHONE || (r->zeros && r->about == WORD_ABOUT_NUMBER) || (beside && r->about != WORD_ABOUT_ELSE);

	return n >= PHONE_LEAST && n <= PHONE_MOST && !r->version && named && !is_another(s, r, first, last);
}

/* "555 0132 and 555 0143": every piece has the digits of one. */
static bool judge_named_pieces(struct scan *s, const struct run *r, size_t first, size_t last, bool beside)
{
	size_t at, end;
	enum join join;

	for (join = JOIN_STRONG; join > JOIN_NONE; join--) {
		for (at = first; at <= last && is_named_phone(s, r, at, end = piece_end(r, at, last, join), beside); at = end + 1)
			;
		if (at <= last || piece_end(r, first, last, join) == last)
			continue;
		for (at = first; at <= last; at = end + 1) {
			end = piece_end(r, at, last, join);
			report_said(s, r, at, end, true);
		}
		return true;
	}
	return false;
}

/* The best part of items first to last, or false: a checksum before a phone number, long before short. */
static bool guess_part(const struct scan *s, const struct run *r, size_t *first, size_t *last, struct guess *g)
{
	struct guess try;
	size_t a, b, best = 0, from = *first, to = *last;

	g->type = 0;
	for (a = from; a <= to; a++)
		for (b = a; b <= to && run_span(r, a, b) <= ID_DIGITS; b++) {
			size_t n = run_span(r, a, b);

			if (r->items[a].maybe || r->items[b].maybe || n < RUN_WHOLE_DIGITS || run_over_turns(s, r, a, b) || !guess_span(s, r, a, b, &try))
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

static bool is_written_whole(const struct item *it)
{
	return it->written && it->count >= RUN_WHOLE_DIGITS;
}

/* Item i is none of the number that ends before it: something parts them, or one is written whole and the other is not said on to it. */
static bool parts(const struct run *r, size_t i)
{
	const struct item *it = &r->items[i], *before = it - 1;

	if (it->join == JOIN_STRONG)
		return true;
	return (is_written_whole(it) || is_written_whole(before)) && (it->join || it->written == before->written);
}

/* A number with digits right beside it that may be its own. Of a card or an Aadhaar number, which prove themselves, they are masked apart; a
 * telephone number is then not certain: all of it is masked as it was said. So is what only looks like an Aadhaar number (one in ten does)
 * where a telephone number is meant. */
static bool judge_part(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t a = first, b = last, from, to;
	struct guess g;

	if (!guess_part(s, r, &a, &b, &g))
		return false;
	for (from = a; from > first && !parts(r, from);)
		from--;
	for (to = b; to < last && !parts(r, to + 1);)
		to++;
	if (from > first)
		run_judge(s, r, first, from - 1, true);
	if (from == a && to == b) {
		report_whole(s, r, a, b, &g);
	} else if (g.type == REDACT_PHONE || (g.type == REDACT_AADHAAR && r->about == WORD_ABOUT_PHONE)) {
		report_said(s, r, from, to, true);
	} else {
		if (from < a)
			report_said(s, r, from, a - 1, false);
		report(s, r, a, b, &g, false);
		if (to > b)
			report_said(s, r, b + 1, to, false);
	}
	if (to < last)
		run_judge(s, r, to + 1, last, true);
	return true;
}

/* ------------------------------------------------------------------ by what it is called */

/* Nobody has named it, but the caller says it as one says a number that is private: a telephone number of some country. */
static bool is_private(const struct scan *s, const struct run *r, const char *d, size_t n, bool pieces)
{
	if (r->about == WORD_ABOUT_ELSE)
		return false;
	if (n == 10 && (pieces || guess_callers(s)) && d[0] >= '2' && d[3] >= '2')
		return true;
	return (guess_callers(s) || r->zeros) && n >= 10 && n <= 13 && d[0] == '0' && d[1] > '0';
}

/* "9876543210, 601": digits written behind a number, with nothing said of them. */
static bool is_beside(const struct scan *s, const struct run *r, size_t first, size_t last)
{
	const struct item *it = &r->items[first];
	size_t next = r->items[last].last + 1;

	return first == last && it->written && it->join == JOIN_COMMA && it->count >= HELD_DIGITS && (next >= s->count || s->tokens[next].kind == TOKEN_MARK);
}

/* The first part of what the caller calls an Aadhaar or a card number. */
static bool is_begun(const struct scan *s, const struct run *r, size_t first, size_t n)
{
	enum { AADHAAR_PART = 4, CARD_PART = 8 };
	enum word_class about = r->cue ? WORD_OTHER : about_here(s, r->items[first].first);

	return (about == WORD_ABOUT_AADHAAR && n >= AADHAAR_PART && n < 12) || (about == WORD_ABOUT_CARD && n >= CARD_PART && n < ID_DIGITS);
}

/* "At ten thirty": the hour of the day. */
static bool is_hour(const struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t before = r->items[first].first;

	return last == first + 1 && r->items[first].pair && r->items[last].pair && before > 0 && s->tokens[before - 1].word == WORD_AT;
}

/* Nothing holds, but the words say what it is, or that more is to come. */
static void judge_named(struct scan *s, const struct run *r, size_t first, size_t last, bool beside)
{
	const char *d = r->digits + r->items[first].digit;
	size_t n = run_span(r, first, last);
	bool open = is_open(s, r, last), named = r->about >= WORD_ABOUT_PHONE && r->about <= WORD_ABOUT_AADHAAR;
	struct guess g;

	if ((r->about == WORD_ABOUT_AADHAAR && n == 12) || (r->about == WORD_ABOUT_CARD && n >= 13 && n <= ID_DIGITS)) {
		guess_set(&g, REDACT_ID_UNVERIFIED, "", d, n);
		report(s, r, first, last, &g, false);
	} else if (open && n >= HELD_DIGITS) {
		report_said(s, r, first, last, false);
	} else if (is_named_phone(s, r, first, last, beside)) {
		report_said(s, r, first, last, true);
	} else if (r->cue && cue_asked(s) == r->cue && r->cue != CUE_EXPIRY && r->cue != CUE_BIRTH && n >= HELD_DIGITS) { /* a part of what was asked for */
		report_said(s, r, first, last, false);
	} else if ((beside && is_beside(s, r, first, last)) || (r->about == WORD_ABOUT_PHONE && n > PHONE_MOST) || is_begun(s, r, first, n)) {
		report_said(s, r, first, last, false);
	} else if ((named && n >= 4 && scan_asked(s) == r->about && !is_hour(s, r, first, last)) || (named && r->zeros && n >= PHONE_LEAST && !is_another(s,
		r, first, last)) ||
		is_private(s, r, d, n, first < last)) {
		report_said(s, r, first, last, false);
	}
}

/* Where words say what it is, words at its ends that may be digits are, if with them it has the digits that it should have. */
static bool judge_told(struct scan *s, const struct run *r, size_t first, size_t last)
{
	size_t sure = 0, i;
	struct guess g;

	if (!r->cue || is_another(s, r, first, last))
		return false;
	while (first < last && r->items[first].maybe && !is_small_digit(s, r, first, first + 1))
		first++;
	while (last > first && r->items[last].maybe && !is_small_digit(s, r, last, last - 1))
		last--;
	for (i = first; i <= last; i++)
		sure += !r->items[i].maybe;
	if (2 * sure < last - first + 1 || !(guess_corrected(s, r, first, last, &g) || guess_span(s, r, first, last, &g)) || g.type == REDACT_PHONE)
		return false;
	report_whole(s, r, first, last, &g);
	return true;
}

/* Judges these items; `beside`: next to a number. */
static void run_judge(struct scan *s, const struct run *r, size_t first, size_t last, bool beside)
{
	size_t a = first, b = last;

	if (judge_told(s, r, first, last))
		return;
	if (!run_trim(r, &a, &b, true))
		return;
	if (judge_whole(s, r, first, last) || judge_again(s, r, first, last) || judge_cover(s, r, a, b) || judge_pieces(s, r, a, b) ||
		judge_named_pieces(s, r, a, b, beside) || judge_part(s, r, a, b))
		return;
	judge_named(s, r, a, b, beside);
}

/* A run with "hundred" or "thousand" in it: the first of its readings that is one number, else as it was said. */
static void amounts_judge(struct scan *s, const struct run *r)
{
	struct run said, bare;
	bool with_and = run_added(s, r, false, &said);

	if ((with_and && judge_whole(s, &said, 0, said.count - 1)) || judge_whole(s, r, 0, r->count - 1) ||
		(run_added(s, r, true, &bare) && judge_whole(s, &bare, 0, bare.count - 1)))
		return;
	run_judge(s, &said, 0, said.count - 1, false);
}

/* The token to go on with. */
static size_t run_work(struct scan *s, const struct run *r)
{
	size_t last = r->count - 1;

	if (r->zeros)
		amounts_judge(s, r);
	else
		run_judge(s, r, 0, last, false);
	if (!run_full(r) || last < OVERLAP || !s->tokens[r->items[last - OVERLAP].first].kind)
		return r->next;
	return r->items[r->count - OVERLAP].first;
}

void numbers_find(struct scan *s)
{
	struct run r;
	size_t i = 0;

	while (i < s->count)
		if (run_read(s, &r, i)) {
			run_about(s, &r);
			while (r.zeros && run_end_at_amount(s, &r))
				run_about(s, &r);
			i = run_work(s, &r);
		} else {
			i++;
		}
}
