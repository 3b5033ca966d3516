/* A text as tokens that remember where they stood: words, written digits, single marks. And what each word means for a number.
 *
 * Tokens are the map from the normalised text to the original: whatever is made of them has its bytes in the original.
 */
#ifndef REDACT_TOKEN_H
#define REDACT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind { TOKEN_WORD = 1, TOKEN_DIGITS, TOKEN_MARK };

/* What a word means. */
enum word_class {
	WORD_OTHER = 0,
	WORD_DIGIT,     /* value 0 to 9 */
	WORD_TENS,      /* twenty, thirty: a digit word may complete it */
	WORD_PAIR,      /* 10 to 99 in one word */
	WORD_MAYBE,     /* oh, for, do: a digit among digits only */
	WORD_TIMES,     /* double, triple */
	WORD_FILLER,    /* um, ji, yes. value 1: it may stand between two numbers ("and") */
	WORD_CORRECTION,
	WORD_PLUS,
	WORD_DOT,
	WORD_UNDERSCORE,
	WORD_DASH,
	WORD_AT,
	WORD_ABOUT_PHONE,
	WORD_ABOUT_CARD,
	WORD_ABOUT_AADHAAR,
	WORD_ABOUT_NUMBER, /* "number": of what, another word says */
	WORD_ABOUT_ELSE    /* order, ticket, account: not a phone number. value 1: of a number only beside one or its name ("in that case") */
};

struct token {
	uint32_t start, end; /* bytes of the text */
	uint8_t kind;        /* enum token_kind */
	uint8_t word;        /* enum word_class; a word only */
	uint8_t value;
	uint8_t cue;         /* enum cue (cues.h); a word only */
	uint8_t cue_value;
	bool glued;          /* nothing between it and the token before */
	char mark;           /* a mark only: its ASCII form, '-' for every dash, '\'' for every apostrophe, 0 for one that has none */
};

/* Fills `tokens`, which has room for `len` of them; how many there are. White space and what is no UTF-8 only separates. */
size_t tokens_read(struct token *tokens, const char *text, size_t len);

/* The decimal digits of a written token, ASCII, full-width or Devanagari: at most `room` are written, the count of all is returned. */
size_t token_digits(const struct token *t, const char *text, char *out, size_t room);

size_t token_digits_most(const struct token *t); /* written or said, it is no more digits than these */

/* Whether word i says what a number is, of what it is ("phone", "order"), and is not only a word of talk. */
bool token_about(const struct token *tokens, size_t count, size_t i);

/* What the word means, by its folded spelling (see token.c). */
enum word_class word_find(const char *word, size_t len, uint8_t *value);

/* What it says of the thing beside it (enum cue), 0 for nothing. */
uint8_t cue_find(const char *word, size_t len, uint8_t *value);

#endif
