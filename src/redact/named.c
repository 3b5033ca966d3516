#include "redact/named.h"

#include <stdio.h>
#include <string.h>

#include "redact/checksum.h"
#include "redact/cue.h"
#include "redact/dates.h"
#include "redact/words.h"

enum { SSN_DIGITS = 9, ACCOUNT_LEAST = 9, ACCOUNT_NUMBER_LEAST = 8, ACCOUNT_MOST = 18, LAST_DIGITS = 4 };

bool ssn_fits(const char *d)
{
	return memcmp(d, "000", 3) != 0 && memcmp(d, "666", 3) != 0 && d[0] != '9' && memcmp(d + 3, "00", 2) != 0 && memcmp(d + 5, "0000", 4) != 0;
}

/* An amount: "5000 rupees", "rs 5000". */
static bool is_money(const struct scan *s, const struct run *r)
{
	size_t first = r->items[0].first;

	return (r->next < s->count && s->tokens[r->next].kind == TOKEN_WORD && s->tokens[r->next].cue == CUE_MONEY) ||
		(first > 0 && s->tokens[first - 1].kind == TOKEN_WORD && s->tokens[first - 1].cue == CUE_MONEY);
}

/* The card's number is meant where a card is named too: "credit card account". */
static bool has_card(const struct scan *s, const struct run *r)
{
	size_t i = r->items[0].first, seen;

	for (seen = 0; i > 0 && seen < 8; i--, seen++)
		if (s->tokens[i - 1].kind == TOKEN_WORD && s->tokens[i - 1].word == WORD_ABOUT_CARD)
			return true;
	return false;
}

/* "08/2029" */
static bool is_date_part(const struct scan *s, const struct run *r)
{
	size_t i = r->items[0].first;

	return (i > 1 && s->tokens[i - 1].mark == '/') || (r->next < s->count && s->tokens[r->next].mark == '/');
}

/* "The last four of my card are …", "my card ends in …", or four digits to such a question. The agent may say them: they are what tells two cards apart. */
static bool is_card_end(struct scan *s, const struct run *r)
{
	static const char *const ends[] = { "ends", "ending", "end", NULL };
	bool card = has_card(s, r), last = false;
	size_t i = r->items[0].first, seen;

	if (r->digit_count != LAST_DIGITS || is_date_part(s, r) || (s->context && s->context->ours))
		return false;
	for (seen = 0; i > 0 && seen < 8; i--, seen++)
		last = last || (s->tokens[i - 1].kind == TOKEN_WORD && s->tokens[i - 1].cue == CUE_LAST) || scan_word_among(s, i - 1, ends);
	if (last && card)
		return true;
	if (!s->context || scan_asked(s) != WORD_ABOUT_CARD)
		return false;
	return last || memmem(s->context->question, s->context->question_len, "last four", 9) || memmem(s->context->question, s->context->question_len,
		"last 4", 6);
}

enum cue named_cue(struct scan *s, const struct run *r)
{
	enum cue cue = is_money(s, r) ? CUE_NONE : cue_about(s, r->items[0].first, r->next);

	switch (cue) {
	case CUE_ACCOUNT:
		return has_card(s, r) ? CUE_NONE : cue;
	case CUE_EXPIRY:
		return card_talked_of(s) ? cue : CUE_NONE;
	case CUE_OTP:
	case CUE_CVV:
	case CUE_PIN:
	case CUE_SSN:
	case CUE_ROUTING:
	case CUE_BIRTH:
	case CUE_PASSPORT:
		return cue;
	default:
		return is_card_end(s, r) ? CUE_LAST : CUE_NONE;
	}
}

static unsigned int number(const char *digits, size_t n)
{
	unsigned int value = 0;
	size_t i;

	for (i = 0; i < n; i++)
		value = value * 10 + (unsigned int)(digits[i] - '0');
	return value;
}

static bool named_set(struct named *named, enum redact_type type, const char *digits, size_t n)
{
	named->type = type;
	memcpy(named->value, digits, n);
	named->value[n] = 0;
	return true;
}

/* "14081991", "140891" */
static bool birth_set(const struct scan *s, const char *digits, size_t n, struct named *named)
{
	unsigned int year;
	struct date d;

	if (n != 6 && n != 8)
		return false;
	year = number(digits + 4, n - 4);
	if (n == 6)
		year += year < 30 ? 2000 : 1900;
	if (!date_order(s, number(digits, 2), number(digits + 2, 2), year, &d))
		return false;
	named->type = REDACT_DOB;
	snprintf(named->value, sizeof(named->value), "%04u-%02u-%02u", d.year, d.month, d.day);
	return true;
}

/* "0829", "082029" */
static bool expiry_set(const char *digits, size_t n, struct named *named)
{
	unsigned int month;

	if (n != 4 && (n != 6 || memcmp(digits + 2, "20", 2) != 0))
		return false;
	month = number(digits, 2);
	if (month < 1 || month > 12)
		return false;
	named->type = REDACT_CARD_EXPIRY;
	snprintf(named->value, sizeof(named->value), "%.2s/%.2s", digits, digits + n - 2);
	return true;
}

/* "Account number", not only "account". */
static bool called_number(const struct scan *s, const struct run *r)
{
	size_t i = r->items[0].first, seen;

	for (seen = 0; i > 0 && seen < 3; i--, seen++)
		if (s->tokens[i - 1].kind == TOKEN_WORD && s->tokens[i - 1].word == WORD_ABOUT_NUMBER)
			return true;
	return false;
}

bool named_judge(const struct scan *s, const struct run *r, const char *digits, size_t n, struct named *named)
{
	switch (r->cue) {
	case CUE_OTP:
		return n >= 4 && n <= 8 && named_set(named, REDACT_OTP, digits, n);
	case CUE_CVV:
		return (n == 3 || n == 4) && named_set(named, REDACT_CVV, digits, n);
	case CUE_PIN:
		return (n == 4 || n == 6) && named_set(named, REDACT_PIN, digits, n);
	case CUE_SSN:
		if (n == 4)
			return named_set(named, REDACT_SSN_LAST4, digits, n);
		return n == SSN_DIGITS && named_set(named, ssn_fits(digits) ? REDACT_SSN : REDACT_ID_UNVERIFIED, digits, n);
	case CUE_LAST:
		return n == LAST_DIGITS && named_set(named, REDACT_CARD_LAST4, digits, n);
	case CUE_ROUTING:
		return n == SSN_DIGITS && named_set(named, checksum_aba(digits) ? REDACT_ABA : REDACT_ID_UNVERIFIED, digits, n);
	case CUE_ACCOUNT:
		return n >= (called_number(s, r) ? ACCOUNT_NUMBER_LEAST : ACCOUNT_LEAST) && n <= ACCOUNT_MOST && named_set(named, REDACT_BANK_ACCT, digits, n);
	case CUE_PASSPORT: /* of the United States */
		return n == SSN_DIGITS && named_set(named, REDACT_PASSPORT, digits, n);
	case CUE_BIRTH:
		return birth_set(s, digits, n, named);
	case CUE_EXPIRY:
		return expiry_set(digits, n, named);
	default:
		return false;
	}
}
