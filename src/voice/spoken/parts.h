/* The inside of the spoken form, for the files of this folder only.
 *
 * Each concern has readers: a reader looks at one place of the text, and either knows what stands there, puts its words and returns how many bytes
 * they stand for, or returns 0. It never looks before the text's beginning or behind its end, and no further than some hundred bytes from its place.
 */
#ifndef VOICE_SPOKEN_PARTS_H
#define VOICE_SPOKEN_PARTS_H

#include "voice/spoken/spoken.h"

enum { WORDS_MAX_BYTES = 1024, FIGURE_DIGITS_MAX = 15 };

/* ---- words.c: a language's words ---- */

enum term {
	TERM_MINUS, TERM_POINT, TERM_PERCENT, TERM_TO, TERM_AND, TERM_AT, TERM_DOT, TERM_SLASH, TERM_DASH, TERM_UNDERSCORE, TERM_PLUS, TERM_NUMBER,
	TERM_PER, TERM_TIMES, TERM_EQUALS, TERM_ABOUT, TERM_LAKH, TERM_CRORE, TERM_THOUSAND, TERM_MILLION, TERM_BILLION, TERM_TRILLION, TERM_HALF,
	TERM_COUNT
};

struct tongue {
	bool hindi;     /* its words; else English */
	bool lakh;      /* counts in lakh and crore */
	bool day_first; /* 3/4 is in April */
};

const struct tongue *tongue_of(const char *language); /* NULL: a language that we do not know */
const char *term_of(const struct tongue *t, enum term term);

void word_put(struct buf *b, const char *word); /* a blank before it, unless it is the first */
void term_put(struct buf *b, const struct tongue *t, enum term term);
void cardinal_put(struct buf *b, const struct tongue *t, uint64_t n);
void ordinal_put(struct buf *b, const struct tongue *t, uint64_t n); /* Hindi has the cardinal: dates want it */
void year_put(struct buf *b, const struct tongue *t, unsigned int year);
void digits_put(struct buf *b, const struct tongue *t, const char *digits, size_t count);         /* one by one */
void digits_grouped_put(struct buf *b, const struct tongue *t, const char *digits, size_t count); /* the same with a comma between groups */
bool group_ends(const struct tongue *t, size_t count, size_t index); /* a group of so many digits ends with this one, and it is not the last */

/* ---- the text at one place ---- */

struct reading {
	const char *text;
	size_t len, at;
	const struct tongue *tongue; /* NULL: none */
	const struct spoken_how *how;
	size_t number_end; /* where the last number, of whatever kind, ends; SIZE_MAX: there was none */
};

static inline char byte_at(const struct reading *r, size_t i)
{
	return i < r->len ? r->text[i] : 0;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static inline bool is_alnum(char c)
{
	return is_letter(c) || is_digit(c);
}

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- scan.c ---- */

size_t char_read(const char *text, size_t len, uint32_t *code); /* bytes of the UTF-8 character; 0: none */
bool is_wordy(uint32_t code);                                   /* a letter or a digit, of any script; marks of its letters count */
bool wordy_before(const struct reading *r, size_t at);          /* the character that ends there is one of those */
bool wordy_at(const struct reading *r, size_t at);
bool text_at(const struct reading *r, size_t at, const char *text);   /* exactly this */
bool folded_at(const struct reading *r, size_t at, const char *text); /* ASCII letters without regard to case */
bool word_at(const struct reading *r, size_t at, const char *word);   /* folded, and no letter or digit behind it */
size_t blanks_at(const struct reading *r, size_t at);                 /* 1 when one blank stands there, else 0 */
size_t dash_at(const struct reading *r, size_t at);                   /* bytes of '-' or an en dash */
size_t digits_at(const struct reading *r, size_t at);                 /* how many stand there in a row */
unsigned int small_at(const struct reading *r, size_t at, size_t digits); /* at most six of them as a number */

bool sentence_ends(const struct reading *r, size_t dot); /* with that dot: the text ends, or a capital letter follows */
bool is_chain(const struct reading *r, size_t at, size_t digits); /* three numbers with one mark between, as a date's, from `at` on */

/* The word that ends before `at` but for blanks and ':' between: its place and length; 0: none there, or a sentence's end is between. */
size_t word_before(const struct reading *r, size_t at, size_t *from);
bool word_among(const struct reading *r, size_t from, size_t len, const char *const *list); /* one of a NULL-ended list, folded */

/* A number as it is written: 1,50,000.25. */
struct figure {
	uint64_t whole;
	size_t digits;        /* of the whole part */
	size_t taken;         /* bytes */
	const char *fraction; /* its digits, */
	size_t fraction_len;  /* 0: none */
	bool grouped;         /* by commas */
	bool zero_first;      /* 0 and more digits behind it */
};

bool figure_read(const struct reading *r, size_t at, struct figure *f);
void figure_put(struct buf *b, const struct tongue *t, const struct figure *f);

/* ---- readers ---- */

typedef size_t reader_h(const struct reading *r, struct buf *words);

reader_h saying_read, address_read, money_read, date_read, weekday_read, time_read, phone_read, single_read, code_read, fraction_read, number_read,
	native_read, abbreviation_read, symbol_read;

bool code_before(const struct reading *r); /* the words before say that digits are a code: "your OTP is" */

/* ---- markup.c ---- */

/* Bytes that are not said: of Markdown, of a tag, an emoji; 0: none. `blank`: they part words. */
size_t markup_read(const struct reading *r, bool *blank);

#endif
