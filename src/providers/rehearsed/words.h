/* What a person said as words that can be compared: small letters, contractions written out ("don't" is "do not"), Devanagari
 * without its dots below, numbers in ASCII, "p.m." as one word. Placeholders of the redaction ([NUMBER_1]) stay one word.
 *
 * Any bytes are taken; what is over the ceilings is left out. No state, any thread.
 */
#ifndef PROVIDERS_REHEARSED_WORDS_H
#define PROVIDERS_REHEARSED_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORDS_MAX = 160, WORD_BYTES = 48 };

/* A list as it stands in an expression or a table. */
#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

enum word_kind { WORD_LETTERS = 0, WORD_NUMBER, WORD_HELD };

struct word {
	char text[WORD_BYTES]; /* ends in NUL; a longer word is cut */
	enum word_kind kind;   /* NUMBER: digits, perhaps with a point; HELD: a placeholder */
	char before;           /* the mark before it: ',' '.' '?' ':' '/' '-', or 0 */
	uint8_t number;        /* enum word_class of redact/token.h, for letters */
	uint8_t value;
	uint8_t least, most;   /* HELD: how many digits its value has; most 0: not known */
	uint8_t day;           /* HELD: enum redacted_day of redact/redact.h, by what the open question accepts */
};

struct words {
	size_t count;
	struct word at[WORDS_MAX];
};

struct span {
	size_t from, len; /* len 0: not found */
};

void words_read(struct words *w, const char *text, size_t len);

bool word_is(const struct words *w, size_t at, const char *text); /* false behind the end */
bool word_in(const struct words *w, size_t at, const char *const *list); /* list ends with NULL */

/* The phrase, word for word, at or behind `from`. */
struct span words_find(const struct words *w, size_t from, const char *phrase);
bool words_at(const struct words *w, size_t at, const char *phrase, size_t *len);
bool words_have(const struct words *w, const char *const *phrases);
size_t words_any_at(const struct words *w, size_t at, const char *const *phrases); /* how many words the longest that stands there has; 0: none does */

void words_cut(struct words *w, struct span s); /* takes them out */

/* The phrase with at most two other words in each of its gaps, and endings that may differ ("cancelling" is "cancel"); the closest
 * match. *score grows with the words that match and falls with those between; 0: not found. */
struct span words_near(const struct words *w, const struct words *phrase, int *score);

bool words_stem_same(const char *a, const char *b);
bool word_negates(const struct words *w, size_t at); /* no, not, never, nahi */
bool word_corrects(const struct words *w, size_t at); /* sorry, actually, I mean: what comes counts */
bool words_correct(const struct words *w, size_t from, size_t to); /* one of from … to-1 does */

#endif
