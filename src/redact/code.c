/* Identifiers of letters and digits: PAN, GSTIN, IFSC, IBAN, voter's and passport numbers, number plates; written, or said letter by letter
 * ("A for apple", "alpha", "ए").
 *
 * A run is read as in run.c, with letters; then each form is tried from each of its items on. One that proves itself (a checksum, a form that
 * nothing else has) needs no word that says what it is; others do, and so does one of letters that may be a word of the sentence. A letter said
 * as O is a zero where the form has a digit. Sources: the forms' issuers; IBAN lengths as in ISO 13616's registry.
 */
#include "redact/scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "redact/checksum.h"
#include "redact/cue.h"
#include "redact/run.h"

enum { WORD_LETTERS = 5, GAP_TOKENS = 4, CODE_MOST = 34, HELD_LEAST = 3, ASKED_LEAST = 5, LETTERS_LEAST = 2 };

/* ------------------------------------------------------------------ a run */

static size_t code_put(struct run *r, size_t first, size_t last, const char *letters, size_t count, bool maybe)
{
	size_t i;

	for (i = 0; i < count; i++)
		r->digits[r->digit_count + i] = (char)toupper((unsigned char)letters[i]);
	r->items[r->count++] = (struct item){ .first = first, .last = last, .digit = r->digit_count, .count = count, .maybe = maybe };
	r->digit_count += count;
	return last - first + 1;
}

static bool is_latin(const struct scan *s, size_t i)
{
	size_t k;

	for (k = s->tokens[i].start; k < s->tokens[i].end; k++)
		if (!isalpha((unsigned char)s->text[k]))
			return false;
	return true;
}

static size_t letters_of(const struct scan *s, size_t i)
{
	return s->tokens[i].end - s->tokens[i].start;
}

static bool touches_digits(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	return (t->glued && t[-1].kind == TOKEN_DIGITS) || (i + 1 < s->count && t[1].glued && t[1].kind == TOKEN_DIGITS);
}

/* What an apostrophe or a number has left of a word: "it's", "24th". */
static bool is_tail(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (!i || !t->glued)
		return false;
	return t[-1].mark == '\'' || (t[-1].kind == TOKEN_DIGITS && (scan_is_word(s, i, "st") || scan_is_word(s, i, "nd") || scan_is_word(s, i, "rd") ||
		scan_is_word(s, i, "th")) &&
		!(i + 1 < s->count && t[1].glued && t[1].kind == TOKEN_DIGITS));
}

/* One letter by itself or by its name; 0: the token is none. */
static char letter_of(const struct scan *s, size_t i)
{
	const struct token *t = &s->tokens[i];

	if (i >= s->count || t->kind != TOKEN_WORD || is_tail(s, i))
		return 0;
	if (letters_of(s, i) == 1 && isalpha((unsigned char)s->text[t->start]))
		return t->cue == CUE_NONE || t->cue > CUE_SPELT ? (char)toupper((unsigned char)s->text[t->start]) : 0;
	if (t->cue == CUE_LETTER && !touches_digits(s, i)) /* "2zi" is no "zee" */
		return (char)t->cue_value;
	return scan_is_word(s, i, "november") ? 'N' : 0;
}

/* "A for apple", "B as in boy", "C se cat": the tokens behind the letter that only say which one it is. */
static size_t letter_example(const struct scan *s, size_t i, char letter)
{
	size_t n = scan_is_word(s, i + 1, "as") || scan_is_word(s, i + 1, "like") ? 1 : 0;
	const struct token *word;

	if (letter == 'X' && i + 2 < s->count && s->tokens[i + 1].mark == '-' && scan_is_word(s, i + 2, "ray"))
		return 2;
	if (n && scan_is_word(s, i + 2, "in"))
		n = 2;
	else if (!n)
		n = scan_is_word(s, i + 1, "for") || scan_is_word(s, i + 1, "se") || scan_is_word(s, i + 1, "फॉर") || scan_is_word(s, i + 1, "से");
	if (!n || i + n + 1 >= s->count || (s->tokens[i].cue == CUE_LETTER && !(s->text[s->tokens[i].start] & 0x80)))
		return 0;
	word = &s->tokens[i + n + 1];
	if (word->kind != TOKEN_WORD || word->cue == CUE_STOP || word->cue == CUE_INTRO || letters_of(s, i + n + 1) < 2)
		return 0;
	return ((uint8_t)s->text[word->start] & 0x80) || toupper((unsigned char)s->text[word->start]) == letter ? n + 1 : 0;
}

static bool is_upper(const struct scan *s, size_t i)
{
	size_t k;

	for (k = s->tokens[i].start; k < s->tokens[i].end; k++)
		if (!isupper((unsigned char)s->text[k]))
			return false;
	return true;
}

/* Letters that stand together: "ABCPE", "mh". */
static size_t group_item(const struct scan *s, struct run *r, size_t i)
{
	size_t n = letters_of(s, i);

	if (s->tokens[i].kind != TOKEN_WORD || n > WORD_LETTERS || s->tokens[i].cue == CUE_SPELT || !is_latin(s, i) || is_tail(s, i))
		return 0;
	return code_put(r, i, i, s->text + s->tokens[i].start, n, n > 1 && !is_upper(s, i) && !touches_digits(s, i));
}

static size_t letter_item(const struct scan *s, struct run *r, size_t i)
{
	bool times = s->tokens[i].kind == TOKEN_WORD && s->tokens[i].word == WORD_TIMES;
	size_t at = i + times, n, k;
	char letter = letter_of(s, at), many[4];

	if (!letter || (times && s->tokens[i].value > sizeof(many)))
		return 0;
	n = times ? s->tokens[i].value : 1;
	for (k = 0; k < n; k++)
		many[k] = letter;
	return code_put(r, i, at + letter_example(s, at, letter), many, n, false);
}

static size_t code_item(const struct scan *s, struct run *r, size_t i)
{
	const struct token *t = &s->tokens[i];
	char digits[CODE_MOST];
	size_t n;

	if (run_full(r) || r->digit_count + CODE_MOST > RUN_DIGITS)
		return 0;
	if (t->kind == TOKEN_DIGITS) {
		n = token_digits(t, s->text, digits, sizeof(digits));
		return n <= sizeof(digits) ? code_put(r, i, i, digits, n, false) : 0;
	}
	if (t->kind != TOKEN_WORD || scan_is_word(s, i, "sorry"))
		return 0;
	if ((n = letter_item(s, r, i)) || (n = touches_digits(s, i) ? group_item(s, r, i) : run_item(s, r, i)))
		return n;
	return group_item(s, r, i);
}

static bool is_gap(const struct token *t)
{
	return number_gap(t) || (t->kind == TOKEN_MARK && (t->mark == '/' || t->mark == ':'));
}

static bool code_read(const struct scan *s, struct run *r, size_t i)
{
	size_t gap = 0, took;

	*r = (struct run){ .count = 0, .next = i };
	for (; i < s->count && gap <= GAP_TOKENS; i += took) {
		took = code_item(s, r, i);
		if (took) {
			gap = 0;
			r->next = i + took;
		} else if (r->count && is_gap(&s->tokens[i])) {
			gap++;
			took = 1;
		} else {
			break;
		}
	}
	r->open = i >= s->count;
	return r->count > 0;
}

/* ------------------------------------------------------------------ the forms */

/* What a character of a form may be: L a letter, D a digit, X either; what else stands for itself. */
static bool fits(const char *form, const char *code, char *out)
{
	size_t i;

	for (i = 0; form[i]; i++) {
		char c = code[i];

		if (c == 'O' && (form[i] == 'D' || form[i] == '0'))
			c = '0';
		if (form[i] == 'D' ? !isdigit((unsigned char)c) : form[i] == 'L' ? !isupper((unsigned char)c) : form[i] != 'X' && form[i] != c)
			return false;
		out[i] = c;
	}
	out[i] = 0;
	return true;
}

struct form {
	enum redact_type type;
	enum cue cue;
	const char *shape;
	bool (*proves)(const char *code); /* NULL: the shape alone proves nothing */
	bool (*holds)(const char *code);  /* what else it must be; NULL: nothing */
	bool checked;                     /* called so, but without its checksum, it is REDACT_ID_UNVERIFIED */
};

static bool is_pan(const char *code)
{
	return strchr("ABCFGHJLPT", code[3]) != NULL;
}

static bool any_code(const char *code)
{
	return *code != 0;
}

static bool is_state(const char *code)
{
	static const char states[] = "AN AP AR AS BR CG CH DD DL DN GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TG TN TR TS UK UP WB ";
	size_t i;

	for (i = 0; states[i]; i += 3)
		if (states[i] == code[0] && states[i + 1] == code[1])
			return true;
	return false;
}

static const struct form forms[] = {
	{ .type = REDACT_GSTIN, .cue = CUE_GSTIN, .shape = "DDLLLLLDDDDLXZX", .proves = checksum_gstin, .checked = true },
	{ .type = REDACT_IFSC, .cue = CUE_IFSC, .shape = "LLLL0DDDDDD", .proves = any_code },
	{ .type = REDACT_IFSC, .cue = CUE_IFSC, .shape = "LLLL0XXXXXX" },
	{ .type = REDACT_PAN, .cue = CUE_PAN, .shape = "LLLLLDDDDL", .proves = is_pan },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDLLLDDDD", .proves = is_state, .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDLLDDDD", .proves = is_state, .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDLLLDDDD", .proves = is_state, .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDLDDDD", .proves = is_state, .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDLLDDDD", .proves = is_state, .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDLDDDD", .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDLLDDD", .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDLDDD", .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "LLDDDDDD", .holds = is_state },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "DDBHDDDDLL", .proves = any_code },
	{ .type = REDACT_VEHICLE, .cue = CUE_VEHICLE, .shape = "DDBHDDDDL", .proves = any_code },
	{ .type = REDACT_VOTER_ID, .cue = CUE_VOTER, .shape = "LLLDDDDDDD" },
	{ .type = REDACT_PASSPORT, .cue = CUE_PASSPORT, .shape = "LDDDDDDDD" },
	{ .type = REDACT_PASSPORT, .cue = CUE_PASSPORT, .shape = "LDDDDDDD" },
};

/* ------------------------------------------------------------------ one candidate */

struct candidate {
	size_t first, last; /* items */
	const char *code;
	size_t len;
	bool sure;          /* no letters in it that may be a word */
};

/* The items that are exactly `len` characters from item `first` on, with nothing of another word glued to them. */
static bool candidate_make(const struct scan *s, const struct run *r, size_t first, size_t len, struct candidate *c)
{
	size_t last = first, count = r->items[first].count, next;

	*c = (struct candidate){ .first = first, .code = r->digits + r->items[first].digit, .len = len, .sure = !r->items[first].maybe };
	while (count < len && last + 1 < r->count) {
		count += r->items[++last].count;
		c->sure = c->sure && !r->items[last].maybe;
	}
	c->last = last;
	next = r->items[last].last + 1;
	if (count != len || (s->tokens[r->items[first].first].glued && r->items[first].first > 0 && s->tokens[r->items[first].first - 1].kind != TOKEN_MARK))
		return false;
	return next >= s->count || !s->tokens[next].glued || s->tokens[next].kind == TOKEN_MARK;
}

static enum cue candidate_cue(struct scan *s, const struct run *r, const struct candidate *c)
{
	return cue_about(s, r->items[c->first].first, r->items[c->last].last + 1);
}

static size_t candidate_take(struct scan *s, const struct run *r, const struct candidate *c, enum redact_type type, const char *value)
{
	size_t n = c->last - c->first + 1;

	scan_report(s, type, r->items[c->first].first, r->items[c->last].last, value, strlen(value), false);
	return n;
}

/* The items that this form takes from `first` on, or 0. */
static size_t form_try(struct scan *s, const struct run *r, size_t first, const struct form *f)
{
	size_t len = strlen(f->shape);
	char code[CODE_MOST + 1];
	struct candidate c;
	bool proven;

	if (r->items[first].digit + len > r->digit_count || !fits(f->shape, r->digits + r->items[first].digit, code) || (f->holds && !f->holds(code)))
		return 0;
	if (!candidate_make(s, r, first, len, &c))
		return 0;
	proven = f->proves && f->proves(code);
	if ((!proven || !c.sure) && candidate_cue(s, r, &c) != f->cue)
		return 0;
	return candidate_take(s, r, &c, f->checked && !proven ? REDACT_ID_UNVERIFIED : f->type, code);
}

/* How long an account number of this country is; 0: not known. */
static size_t iban_length(const char *code)
{
	static const struct {
		char country[3];
		uint8_t length;
	} lengths[] = {
		{ "AE", 23 }, { "AT", 20 }, { "BE", 16 }, { "BG", 22 }, { "BH", 22 }, { "CH", 21 }, { "CY", 28 }, { "CZ", 24 }, { "DE", 22 }, { "DK", 18 },
		{ "EE", 20 }, { "ES", 24 }, { "FI", 18 }, { "FR", 27 }, { "GB", 22 }, { "GR", 27 }, { "HR", 21 }, { "HU", 28 }, { "IE", 22 }, { "IL", 23 },
		{ "IS", 26 }, { "IT", 27 }, { "KW", 30 }, { "LI", 21 }, { "LT", 20 }, { "LU", 20 }, { "LV", 21 }, { "MC", 27 }, { "MT", 31 }, { "NL", 18 },
		{ "NO", 15 }, { "PK", 24 }, { "PL", 28 }, { "PT", 25 }, { "QA", 29 }, { "RO", 24 }, { "RS", 22 }, { "SA", 24 }, { "SE", 24 }, { "SI", 19 },
		{ "SK", 24 }, { "TR", 26 }, { "UA", 29 },
	};
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if (!memcmp(code, lengths[i].country, 2))
			return lengths[i].length;
	return 0;
}

static size_t iban_try(struct scan *s, const struct run *r, size_t first)
{
	const char *from = r->digits + r->items[first].digit;
	size_t room = r->digit_count - r->items[first].digit, len = room > 4 ? iban_length(from) : 0;
	char code[CODE_MOST + 1];
	struct candidate c;
	bool proven;

	if (!len || len > room || !fits("LLDD", from, code) || !candidate_make(s, r, first, len, &c))
		return 0;
	memcpy(code, from, len);
	fits("LLDD", from, code);
	memcpy(code + 4, from + 4, len - 4);
	code[len] = 0;
	proven = checksum_iban(code, len);
	if ((!proven || !c.sure) && candidate_cue(s, r, &c) != CUE_IBAN)
		return 0;
	return candidate_take(s, r, &c, proven ? REDACT_IBAN : REDACT_ID_UNVERIFIED, code);
}

/* ------------------------------------------------------------------ what is not whole */

static bool is_lettered(enum cue cue)
{
	return (cue >= CUE_PAN && cue <= CUE_IBAN) || (cue >= CUE_VOTER && cue <= CUE_VEHICLE);
}

/* From item `first` on, letters and digits of what the agent asked for, or of what is still being said. The items it took. */
static size_t rest_take(struct scan *s, const struct run *r, size_t first)
{
	size_t last = first, count = 0, letters = 0, k;
	enum cue cue;
	bool open;

	while (last < r->count && !r->items[last].maybe) {
		for (k = 0; k < r->items[last].count; k++)
			letters += isupper((unsigned char)r->digits[r->items[last].digit + k]) != 0;
		count += r->items[last++].count;
	}
	open = s->partial && r->open && last == r->count;
	if (count < (open ? HELD_LEAST : ASKED_LEAST) || count > CODE_MOST || letters < LETTERS_LEAST)
		return 0;
	cue = open ? cue_about(s, r->items[first].first, r->items[last - 1].last + 1) : cue_asked(s);
	if (!is_lettered(cue))
		return 0;
	scan_report(s, REDACT_NUMBER, r->items[first].first, r->items[last - 1].last, r->digits + r->items[first].digit, count, open);
	return last - first;
}

static bool is_taken(const struct scan *s, const struct run *r, size_t i)
{
	return s->tokens[r->items[i].first].kind == TOKEN_TAKEN;
}

static void run_codes(struct scan *s, const struct run *r)
{
	size_t i, k, took;

	for (i = 0; i < r->count; i += took ? took : 1) {
		took = iban_try(s, r, i);
		for (k = 0; !took && k < sizeof(forms) / sizeof(forms[0]); k++)
			took = form_try(s, r, i, &forms[k]);
	}
	for (i = 0; i < r->count; i += took ? took : 1)
		took = is_taken(s, r, i) || (i && !r->items[i - 1].maybe && !is_taken(s, r, i - 1)) ? 0 : rest_take(s, r, i);
}

/* Whether it is worth reading runs: letters beside digits, letters one by one, or a word that says so. */
static bool worth_a_look(struct scan *s)
{
	static const enum cue cues[] = { CUE_PAN, CUE_GSTIN, CUE_IFSC, CUE_IBAN, CUE_VOTER, CUE_PASSPORT, CUE_VEHICLE };
	size_t i, single = 0;

	for (i = 0; i < sizeof(cues) / sizeof(cues[0]); i++)
		if (cue_seen(s, cues[i]))
			return true;
	for (i = 0; i < s->count; i++) {
		const struct token *t = &s->tokens[i];

		if (t->kind == TOKEN_WORD && (t->end - t->start == 1 || t->cue == CUE_LETTER || (is_upper(s, i) && letters_of(s, i) > 1)))
			single++;
		if (single > 1 || (t->kind == TOKEN_WORD && touches_digits(s, i)))
			return true;
	}
	return is_lettered(cue_asked(s));
}

void codes_find(struct scan *s)
{
	struct run r;
	size_t i = 0;

	if (!worth_a_look(s))
		return;
	while (i < s->count)
		if (code_read(s, &r, i)) {
			run_codes(s, &r);
			i = run_full(&r) || r.digit_count + CODE_MOST > RUN_DIGITS ? r.items[r.count / 2 + 1].first : r.next;
		} else {
			i++;
		}
}
