/* Values in the agent's mouth: how they are said, a model's words with its placeholders made sound, and the way back: which of the
 * agent's own words are a value of the map. Owns nothing; knows no language but the neutral phrases it says. */
#include "redact/scan.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/wording.h"
#include "redact/phone.h"

enum { CUT_DIGITS = 3, NATIONAL_DIGITS = 10, FORMS = 3, LAST_DIGITS = 4, WORDS_LEAST = 3 };

/* Said as it is, not letter by letter. */
static bool is_words(enum redact_type type)
{
	switch (type) {
	case REDACT_EMAIL:
	case REDACT_UPI:
	case REDACT_PERSON:
	case REDACT_ADDRESS:
	case REDACT_DOB:
	case REDACT_CARD_EXPIRY:
	case REDACT_IP:
		return true;
	default:
		return false;
	}
}

/* Of these nobody hears more than the last four digits. */
static bool is_shortened(enum redact_type type)
{
	switch (type) {
	case REDACT_CARD:
	case REDACT_AADHAAR:
	case REDACT_ID_UNVERIFIED:
	case REDACT_BANK_ACCT:
	case REDACT_IBAN:
	case REDACT_SSN:
		return true;
	default:
		return false;
	}
}

size_t spoken_digits(enum redact_type type, const char *value, char digits[SPOKEN_DIGITS_MAX], bool *plus)
{
	const char *from = value;

	*plus = *value == '+';
	if (is_words(type))
		return 0;
	if (!strncmp(value, "+91", 3) && strlen(value) == 3 + NATIONAL_DIGITS)
		from = value + 3;
	else if (!strncmp(value, "+1", 2) && strlen(value) == 2 + NATIONAL_DIGITS)
		from = value + 2;
	else
		from += *plus;
	*plus = *plus && from == value + 1;
	memcpy(digits, from, strlen(from) + 1);
	return strlen(digits);
}

static const char ending_english[] = "ending in ", ending_hindi[] = "आख़िरी चार ";

/* How many bytes before the last four digits, at `at`, only say that they are these. */
static size_t ending_before(const char *text, size_t at)
{
	const char *const endings[] = { ending_english, ending_hindi };
	size_t i, n;

	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		n = strlen(endings[i]);
		if (at >= n && !memcmp(text + at - n, endings[i], n))
			return n;
	}
	return 0;
}

/* What of them is said aloud. */
static size_t aloud_digits(enum redact_type type, const char *value, char digits[SPOKEN_DIGITS_MAX], bool *plus)
{
	size_t n = spoken_digits(type, value, digits, plus);

	if (!is_shortened(type) || n <= LAST_DIGITS)
		return n;
	memmove(digits, digits + n - LAST_DIGITS, LAST_DIGITS + 1);
	return LAST_DIGITS;
}

/* A date of birth in words; as it is written where the language has none. */
static void birth_say(struct buf *out, const char *value, const char *language)
{
	int32_t day;

	if (day_parse(value, strlen(value), &day))
		wording_date_year(out, day, language);
	else
		buf_text(out, value); /* the 31st of June was said */
}

static void value_say(const struct redact_speaker *s, struct buf *out, enum redact_type type, const char *value)
{
	char digits[SPOKEN_DIGITS_MAX];
	bool plus;
	size_t n = aloud_digits(type, value, digits, &plus), i;

	if (type == REDACT_DOB)
		birth_say(out, value, s->english ? "en" : s->hindi ? "hi" : "");
	else if (!n)
		buf_text(out, value);
	if (is_shortened(type))
		buf_text(out, s->english ? ending_english : s->hindi ? ending_hindi : "");
	if (plus)
		buf_byte(out, '+');
	for (i = 0; i < n; i++) {
		if (i)
			buf_byte(out, ' ');
		buf_byte(out, (uint8_t)digits[i]);
	}
}

/* ------------------------------------------------------------------ words in pieces */

void redact_speaker_init(struct redact_speaker *s, const char *language)
{
	*s = (struct redact_speaker){ .english = language_is(language, "en"), .hindi = language_is(language, "hi") };
}

bool redact_speaker_passes(const struct redact_speaker *s, const char *text, size_t len)
{
	return !s->held_len && !s->value_before && !memchr(text, '[', len);
}

static void put(struct redact_speaker *s, const char *text, size_t len, struct buf *out)
{
	if (!len)
		return;
	if (s->value_before && isalnum((unsigned char)*text))
		buf_byte(out, ' ');
	s->value_before = false;
	s->before = text[len - 1];
	buf_append(out, text, len);
}

/* The type whose name stands behind the '[', the longest ("SSN_LAST4", not "SSN"), and where the name ends; 0: none. */
static size_t name_read(const char *text, size_t len, enum redact_type *type)
{
	size_t best = 0;
	unsigned int i;

	for (i = REDACT_EMAIL; i < REDACT_TYPE_COUNT; i++) {
		const char *name = redact_type_name((enum redact_type)i);
		size_t n = strlen(name);

		if (len > n && n >= best && !memcmp(text + 1, name, n) && (len == n + 1 || text[n + 1] == '_' || text[n + 1] == ']')) {
			*type = (enum redact_type)i;
			best = n + 1;
		}
	}
	return best;
}

/* Is what is held, which begins with '[', the beginning of some placeholder? */
static bool may_become(const char *text, size_t len)
{
	enum redact_type type;
	size_t at = name_read(text, len, &type);
	unsigned int i;

	for (i = REDACT_EMAIL; i < REDACT_TYPE_COUNT; i++) {
		const char *name = redact_type_name((enum redact_type)i);

		if (len - 1 <= strlen(name) && !memcmp(text + 1, name, len - 1))
			return true;
	}
	if (at && at + 1 < len && text[at] == '_' && text[at + 1] == 'K')
		at++; /* a keyed one */
	if (at && at < len && (text[at] == '_' || text[at] == 'K'))
		while (++at < len && isdigit((unsigned char)text[at]))
			;
	return at && (at == len || (at + 1 == len && text[at] == ']'));
}

/* What a value is called that cannot be said. */
static const char *neutral_words(enum redact_type type, bool hindi)
{
	switch (type) {
	case REDACT_EMAIL:
	case REDACT_UPI:
	case REDACT_IP:
	case REDACT_ADDRESS:
		return hindi ? "वह पता" : "that address";
	case REDACT_PERSON:
		return hindi ? "वह नाम" : "that name";
	case REDACT_DOB:
	case REDACT_CARD_EXPIRY:
		return hindi ? "वह तारीख़" : "that date";
	case REDACT_OTP:
	case REDACT_CVV:
	case REDACT_PIN:
		return hindi ? "वह कोड" : "that code";
	default:
		return hindi ? "वह नंबर" : "that number";
	}
}

static void say_neutral(struct redact_speaker *s, enum redact_type type, struct buf *out)
{
	const char *words = neutral_words(type, s->hindi);

	if (!s->english && !s->hindi)
		return;
	if (isalnum((unsigned char)s->before))
		buf_byte(out, ' ');
	put(s, words, strlen(words), out);
	s->value_before = true;
}

/* A whole placeholder is held. */
static void say_held(struct redact_speaker *s, const struct redact_map *m, struct buf *out)
{
	enum redact_type type = REDACT_NUMBER;
	size_t took;
	const char *value = map_find(m, s->held, s->held_len, &type, &took);

	if (!value) {
		(void)name_read(s->held, s->held_len, &type);
		say_neutral(s, type, out);
	} else {
		if (isalnum((unsigned char)s->before))
			buf_byte(out, ' ');
		value_say(s, out, type, value);
		s->before = value[strlen(value) - 1];
		s->value_before = true;
	}
	s->held_len = 0;
}

/* It cannot become one: plain text after all. */
static void give_held(struct redact_speaker *s, struct buf *out)
{
	size_t len = s->held_len;

	s->held_len = 0;
	put(s, s->held, len, out);
}

static void take_byte(struct redact_speaker *s, const struct redact_map *m, char c, struct buf *out)
{
	s->held[s->held_len++] = c;
	if (!may_become(s->held, s->held_len)) {
		s->held_len--;
		give_held(s, out);
		if (c == '[')
			s->held[s->held_len++] = c;
		else
			put(s, &c, 1, out);
	} else if (c == ']') {
		say_held(s, m, out);
	} else if (s->held_len == sizeof(s->held)) {
		give_held(s, out);
	}
}

void redact_speak(struct redact_speaker *s, const struct redact_map *m, const char *text, size_t len, struct buf *out)
{
	size_t i = 0, plain;

	while (i < len) {
		if (s->held_len || text[i] == '[') {
			take_byte(s, m, text[i++], out);
			continue;
		}
		for (plain = i; i < len && text[i] != '['; i++)
			;
		put(s, text + plain, i - plain, out);
	}
}

void redact_speak_end(struct redact_speaker *s, struct buf *out)
{
	enum redact_type type;
	bool named = s->held_len && name_read(s->held, s->held_len, &type);

	if (named)
		say_neutral(s, type, out); /* it broke off inside a placeholder */
	else
		give_held(s, out);
	s->held_len = 0;
}

/* ------------------------------------------------------------------ and back */

/* Digits and letters with a blank between each two, as value_say writes them. */
struct said_run {
	size_t from, count; /* digit i stands at from + 2 i */
	bool ends;          /* the text ends with it */
};

static bool is_single(const char *text, size_t len, size_t i)
{
	return i < len && isalnum((unsigned char)text[i]) && (!i || !isalnum((unsigned char)text[i - 1])) &&
		(i + 1 == len || !isalnum((unsigned char)text[i + 1]));
}

static bool run_next(const char *text, size_t len, size_t from, struct said_run *r)
{
	for (; from < len; from++) {
		if (!is_single(text, len, from))
			continue;
		*r = (struct said_run){ .from = from, .count = 1 };
		while (from + 2 * r->count < len && text[from + 2 * r->count - 1] == ' ' && is_single(text, len, from + 2 * r->count))
			r->count++;
		r->ends = from + 2 * r->count - 1 == len;
		if (r->count >= CUT_DIGITS)
			return true;
		from += 2 * r->count - 2;
	}
	return false;
}

/* How many of the run's digits, from digit `at` on, are those of `digits`. */
static size_t run_same(const char *text, const struct said_run *r, size_t at, const char *digits, size_t n)
{
	size_t k = 0;

	while (k < n && at + k < r->count && text[r->from + 2 * (at + k)] == digits[k])
		k++;
	return k;
}

/* The ways in which the agent may have said a value: as it is said now, and, of a telephone number, as it was before its country was
 * known. 0: there is no such way. */
static size_t form_digits(unsigned int form, enum redact_type type, const char *value, char digits[SPOKEN_DIGITS_MAX], bool *plus)
{
	const char *national;
	size_t code;

	if (!form)
		return aloud_digits(type, value, digits, plus);
	*plus = false;
	national = type == REDACT_PHONE && *value == '+' ? phone_national(value, &code) : NULL;
	if (!national)
		return 0;
	return (size_t)snprintf(digits, SPOKEN_DIGITS_MAX, "%s%s", form == 1 ? "0" : "", national);
}

/* The value that the run says from its digit `at` on: the longest there is, or, at the end of the text, one that is broken off. */
static bool claim_find(const struct redact_map *m, const char *text, const struct said_run *r, size_t at, struct scan_claim *c, size_t *took)
{
	size_t i, count = redact_map_count(m);

	*took = 0;
	for (i = 0; i < FORMS * count; i++) {
		char digits[SPOKEN_DIGITS_MAX];
		enum redact_type type;
		const char *value;
		bool plus, cut;
		size_t n, same;

		map_entry(m, i / FORMS, &type, &value);
		n = form_digits((unsigned int)(i % FORMS), type, value, digits, &plus);
		same = run_same(text, r, at, digits, n);
		cut = same < n && r->ends && at + same == r->count && same >= CUT_DIGITS;
		if (!n || same <= *took || (same < n && !cut))
			continue;
		*took = same;
		*c = (struct scan_claim){ .type = type, .value = value, .held = cut };
		c->start = r->from + 2 * at;
		c->end = c->start + 2 * same - 1;
		if (plus && c->start && text[c->start - 1] == '+')
			c->start--;
		if (is_shortened(type))
			c->start -= ending_before(text, c->start);
	}
	return *took > 0;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || (c & 0x80);
}

/* Wherever the words `said` stand by themselves, they are `value`. */
static size_t words_find(const char *text, size_t len, const char *said, const struct scan_claim *value, struct scan_claim claims[SCAN_CLAIMS], size_t count)
{
	size_t at, n = strlen(said);

	for (at = 0; n >= WORDS_LEAST && at + n <= len && count < SCAN_CLAIMS; at++)
		if (*said == text[at] && !memcmp(text + at, said, n) && (!at || !is_letter(text[at - 1])) && (at + n == len || !is_letter(text[at + n]))) {
			claims[count] = *value;
			claims[count].start = at;
			claims[count++].end = at + n;
			at += n - 1;
		}
	return count;
}

/* Values that are said in words: as they are, a date of birth also as each language says it. */
static size_t words_claim(const struct redact_map *m, const char *text, size_t len, struct scan_claim claims[SCAN_CLAIMS], size_t count)
{
	static const char *const languages[] = { "en", "hi" };
	size_t i, k, of = redact_map_count(m);
	char said[REDACT_VALUE_BYTES];
	struct buf out;

	for (i = 0; i < of; i++) {
		struct scan_claim value = { .start = 0 };

		map_entry(m, i, &value.type, &value.value);
		if (!is_words(value.type) || value.type == REDACT_EMAIL || value.type == REDACT_UPI) /* those two are found by their form */
			continue;
		count = words_find(text, len, value.value, &value, claims, count);
		for (k = 0; value.type == REDACT_DOB && k < sizeof(languages) / sizeof(languages[0]); k++) {
			buf_over(&out, said, sizeof(said) - 1);
			birth_say(&out, value.value, languages[k]);
			said[out.len] = 0;
			count = words_find(text, len, said, &value, claims, count);
		}
	}
	return count;
}

/* In order; of two that overlap the first stays. */
static size_t claims_order(struct scan_claim claims[SCAN_CLAIMS], size_t count)
{
	size_t i, k, kept = 0;

	for (i = 1; i < count; i++)
		for (k = i; k > 0 && claims[k - 1].start > claims[k].start; k--) {
			struct scan_claim c = claims[k];

			claims[k] = claims[k - 1];
			claims[k - 1] = c;
		}
	for (i = 0; i < count; i++)
		if (!kept || claims[i].start >= claims[kept - 1].end)
			claims[kept++] = claims[i];
	return kept;
}

size_t spoken_claims(const struct redact_map *m, const char *text, size_t len, struct scan_claim claims[SCAN_CLAIMS])
{
	struct said_run r = { .from = 0 };
	size_t count = 0, at, took, next = 0;

	while (count < SCAN_CLAIMS && run_next(text, len, next, &r)) {
		for (at = 0; at + 1 < r.count && count < SCAN_CLAIMS; at += took ? took : 1)
			count += claim_find(m, text, &r, at, &claims[count], &took);
		next = r.from + 2 * r.count - 1;
	}
	return claims_order(claims, words_claim(m, text, len, claims, count));
}
