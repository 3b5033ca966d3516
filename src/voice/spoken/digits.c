/* Digits that are said one by one: telephone and card numbers in their groups, single digits with blanks between (as redact_speak says a value), and
 * codes of letters and digits. */
#include "voice/spoken/parts.h"

#include <string.h>

enum { PHONE_LEAST = 7, PHONE_MOST = 19, PHONE_GROUPS = 8, MOBILE_DIGITS = 10, ROUND = 50, RUN_MOST = 24, CODE_LEAST = 5,
	CODE_LETTERS = 3, CODE_DIGITS_MANY = 4, CODE_LETTERS_MANY = 5, CODE_MOST = 32 };

/* ---- telephone numbers ---- */

struct phone {
	char digits[PHONE_MOST];
	size_t count;
	size_t ends[PHONE_GROUPS]; /* the count at each group's end */
	size_t groups;
	bool plus, dots, dashes;
};

static bool is_mark(char c)
{
	return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')';
}

/* Marks between two groups, at most two ("1 (415) 555", ") "), with a digit behind them; 0: the number ends. */
static size_t marks_at(const struct reading *r, size_t at, struct phone *p)
{
	size_t n = 0;

	while (n < 3 && is_mark(byte_at(r, at + n)))
		n++;
	if (!n || n > 2 || !is_digit(byte_at(r, at + n)) || (n == 2 && byte_at(r, at) == byte_at(r, at + 1)))
		return 0;
	p->dots = p->dots || byte_at(r, at) == '.';
	p->dashes = p->dashes || byte_at(r, at) == '-';
	return n;
}

static size_t phone_scan(const struct reading *r, struct phone *p)
{
	size_t at = r->at, n, marks;

	*p = (struct phone){ .plus = byte_at(r, at) == '+' };
	at += p->plus;
	at += byte_at(r, at) == '(';
	do {
		n = digits_at(r, at);
		if (!n || p->count + n > PHONE_MOST || p->groups == PHONE_GROUPS)
			return 0;
		memcpy(p->digits + p->count, r->text + at, n);
		p->count += n;
		p->ends[p->groups++] = p->count;
		at += n;
		marks = marks_at(r, at, p);
		at += marks;
	} while (marks);
	return wordy_at(r, at) || ((byte_at(r, at) == ',' || byte_at(r, at) == '/' || byte_at(r, at) == ':') && is_digit(byte_at(r, at + 1))) ? 0 : at - r->at;
}

static size_t group_size(const struct phone *p, size_t i)
{
	return p->ends[i] - (i ? p->ends[i - 1] : 0);
}

static unsigned int group_value(const struct phone *p, size_t i)
{
	size_t at = i ? p->ends[i - 1] : 0;
	unsigned int n = 0;

	for (; at < p->ends[i]; at++)
		n = n * 10 + (unsigned int)(p->digits[at] - '0');
	return n;
}

/* "98765-43210", "555-0199": two groups that are no range of numbers. */
static bool is_pair(const struct phone *p)
{
	size_t first = group_size(p, 0), second = group_size(p, 1);

	if (first == 5 && second == 5)
		return p->digits[0] >= '6';
	return first == 3 && second == 4 && p->dashes && (group_value(p, 0) % ROUND || group_value(p, 1) % ROUND || p->digits[3] == '0');
}

/* Groups as a telephone or card number has them: but for a country or trunk code none has less than three digits, but two where it is an Indian one's
 * first. */
static bool is_grouped_phone(const struct phone *p)
{
	size_t i;

	for (i = 0; i < p->groups; i++)
		if (group_size(p, i) < (i < 2 ? 2 : 3) && !(i == 0 && (p->plus || p->digits[0] <= '1')))
			return false;
	if (p->dots && p->count != MOBILE_DIGITS)
		return false;
	return p->plus || p->count >= MOBILE_DIGITS;
}

static bool phone_is(const struct phone *p)
{
	if (p->count < PHONE_LEAST || (p->groups == 1 && !p->plus))
		return false;
	return p->groups == 2 && !p->plus ? is_pair(p) || (p->count > MOBILE_DIGITS && group_size(p, 0) <= 4 && p->digits[0] <= '1') : is_grouped_phone(p);
}

/* Ten digits behind a country's code that nothing parts from them. */
static size_t country_digits(const struct phone *p)
{
	return p->plus && p->groups == 1 && p->count > MOBILE_DIGITS && p->count <= MOBILE_DIGITS + 3 ? p->count - MOBILE_DIGITS : 0;
}

static void phone_put(struct buf *b, const struct tongue *t, const struct phone *p)
{
	size_t i, from, country = country_digits(p);

	if (p->plus)
		term_put(b, t, TERM_PLUS);
	digits_put(b, t, p->digits, country);
	if (country)
		buf_byte(b, ',');
	for (i = 0; i < p->groups; i++) {
		from = i ? p->ends[i - 1] : country;
		digits_grouped_put(b, t, p->digits + from, p->ends[i] - from);
		if (i + 1 < p->groups)
			buf_byte(b, ',');
	}
}

size_t phone_read(const struct reading *r, struct buf *words)
{
	struct phone p;
	size_t taken;
	char first = byte_at(r, r->at);

	if ((!is_digit(first) && first != '+' && first != '(') || wordy_before(r, r->at) || (r->at && r->text[r->at - 1] == '.'))
		return 0;
	taken = phone_scan(r, &p);
	if (!taken || !phone_is(&p))
		return 0;
	phone_put(words, r->tongue, &p);
	return taken;
}

/* ---- digits one by one ---- */

static bool is_single(const struct reading *r, size_t at)
{
	return is_digit(byte_at(r, at)) && !wordy_before(r, at) && !wordy_at(r, at + 1);
}

/* One of a row of single digits: each is a word of its own, so that the caller is known to have heard so many of them. A long row gets the pauses
 * of a telephone number. */
size_t single_read(const struct reading *r, struct buf *words)
{
	size_t before = 0, behind = 0;

	if (!is_single(r, r->at))
		return 0;
	while (before < RUN_MOST && r->at >= 2 * (before + 1) && r->text[r->at - 2 * before - 1] == ' ' && is_single(r, r->at - 2 * (before + 1)))
		before++;
	while (behind < RUN_MOST && byte_at(r, r->at + 2 * behind + 1) == ' ' && is_single(r, r->at + 2 * (behind + 1)))
		behind++;
	if (before + behind + 1 < 3)
		return 0;
	digits_put(words, r->tongue, r->text + r->at, 1);
	if (before + behind + 1 >= PHONE_LEAST && group_ends(r->tongue, before + behind + 1, before))
		buf_byte(words, ',');
	return 1;
}

/* ---- codes ---- */

struct code {
	size_t letters, digits; /* all in all */
	size_t run;             /* the longest run of letters */
};

/* Capital letters and digits, in groups with dashes between; its bytes. */
static size_t code_scan(const struct reading *r, struct code *c)
{
	size_t at = r->at, run = 0;

	for (*c = (struct code){ 0 }; at - r->at < CODE_MOST; at++) {
		char next = byte_at(r, at);

		if (is_upper(next)) {
			c->letters++;
			run++;
			c->run = run > c->run ? run : c->run;
		} else if (is_digit(next)) {
			c->digits++;
			run = 0;
		} else if (next == '-' && at > r->at && is_alnum(byte_at(r, at + 1))) {
			run = 0;
		} else {
			break;
		}
	}
	return wordy_at(r, at) || byte_at(r, at) == '_' || byte_at(r, at) == '@' || (byte_at(r, at) == '.' && is_alnum(byte_at(r, at + 1))) ? 0 : at - r->at;
}

static void code_put(struct buf *b, const struct reading *r, size_t taken)
{
	char letter[2] = { 0 };
	size_t at = r->at, n;

	while (at < r->at + taken) {
		n = digits_at(r, at);
		if (n) {
			digits_grouped_put(b, r->tongue, r->text + at, n);
			at += n;
			if (at < r->at + taken && r->text[at] != '-')
				buf_byte(b, ',');
		} else if (r->text[at] == '-') {
			buf_byte(b, ',');
			at++;
		} else {
			letter[0] = r->text[at++];
			word_put(b, letter);
		}
	}
}

size_t code_read(const struct reading *r, struct buf *words)
{
	struct code c;
	size_t taken;

	if ((!is_upper(byte_at(r, r->at)) && !is_digit(byte_at(r, r->at))) || wordy_before(r, r->at))
		return 0;
	taken = code_scan(r, &c);
	if (!taken || !c.letters || c.digits < 2 || c.letters + c.digits < CODE_LEAST || text_at(r, r->at, "FY"))
		return 0;
	if (c.run > (c.digits < CODE_DIGITS_MANY ? CODE_LETTERS : CODE_LETTERS_MANY))
		return 0;
	code_put(words, r, taken);
	return taken;
}
