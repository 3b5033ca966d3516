/* The words that matter for numbers and addresses, with their folded spelling (token.c), sorted by its bytes. */
#ifndef REDACT_NUMERALS_H
#define REDACT_NUMERALS_H

#include <stddef.h>
#include <stdint.h>

struct numeral {
	const char *word;
	uint8_t word_class; /* enum word_class */
	uint8_t value;
};

extern const struct numeral numerals[];
extern const size_t numerals_count;

/* Where the words that begin with 'a', 'b', … 'z' begin, then those of other scripts, then their end. */
enum { NUMERALS_LETTERS = 27 };
extern const uint16_t numerals_from[NUMERALS_LETTERS + 1];

#endif
